//! The strings of a BTF blob: texts that end in a zero, found by their offset.
//!
//! Whether they are UTF-8 is looked at once for all of them. Names are read all day, so the end of one is looked for eight
//! bytes at a time.

/// Strings, each with its final zero.
#[derive(Debug)]
pub(super) enum Text {
    /// All of them are UTF-8.
    Utf8(Box<str>),
    /// Some are not, or a character is cut at the beginning.
    Bytes(Box<[u8]>),
}

impl Default for Text {
    fn default() -> Text {
        Text::Utf8(Box::default())
    }
}

/// Where the first zero is.
fn first_zero(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::MAX / 255;
    const HIGH: u64 = LOW << 7;
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let zeros = word.wrapping_sub(LOW) & !word & HIGH;
        if zeros != 0 {
            return Some(n * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|b| *b == 0).map(|at| words.len() * 8 + at)
}

impl Text {
    /// The strings in these bytes.
    pub fn new(bytes: &[u8]) -> Text {
        match std::str::from_utf8(bytes) {
            Ok(text) => Text::Utf8(text.into()),
            Err(_) => Text::Bytes(bytes.into()),
        }
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Text::Utf8(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }

    /// The bytes of the string at an offset, without its zero.
    pub fn bytes_at(&self, at: usize) -> Option<&[u8]> {
        let from = self.bytes().get(at..)?;
        from.get(..first_zero(from)?)
    }

    /// The string at an offset, if it is UTF-8.
    pub fn str_at(&self, at: usize) -> Option<&str> {
        match self {
            Text::Utf8(text) => {
                let from = text.get(at..)?;
                from.get(..first_zero(from.as_bytes())?)
            }
            Text::Bytes(_) => std::str::from_utf8(self.bytes_at(at)?).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_at_their_zero() {
        let text = Text::new("\0name\0a longer name, of more than one word\0ü\0no end".as_bytes());
        assert_eq!(text.str_at(0), Some(""));
        assert_eq!(text.str_at(1), Some("name"));
        assert_eq!(text.str_at(3), Some("me"));
        assert_eq!(text.str_at(6), Some("a longer name, of more than one word"));
        assert_eq!((text.str_at(43), text.bytes_at(43)), (Some("ü"), Some("ü".as_bytes())));
        assert_eq!((text.str_at(44), text.bytes_at(44)), (None, Some(&"ü".as_bytes()[1..])));
        assert_eq!((text.str_at(46), text.str_at(1000)), (None, None));
    }

    #[test]
    fn one_that_is_not_utf8_does_not_hide_the_others() {
        let text = Text::new(b"\0good\0b\xffd\0");
        assert_eq!((text.str_at(1), text.str_at(6)), (Some("good"), None));
        assert_eq!(text.bytes_at(6), Some(&b"b\xffd"[..]));
    }
}
