//! What is stored compressed: raw deflate, which unpacks fast in pieces of a few kilobytes and needs no C.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// As small as it gets; unpacking does not take longer for it.
const LEVEL: u8 = 10;

/// Compresses.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, LEVEL)
}

/// Unpacks what is `len` bytes long; `None` when it is not, or damaged.
pub(crate) fn inflate(packed: &[u8], len: usize) -> Option<Box<[u8]>> {
    let mut out = vec![0; len].into_boxed_slice();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, _, written) = decompress(&mut DecompressorOxide::new(), packed, &mut out, 0, flags);
    (status == TINFLStatus::Done && written == len).then_some(out)
}

/// Compresses a text so that a [`Kernel`](crate::Kernel) can carry it: its length in four bytes stands in front.
pub fn pack_text(text: &[u8]) -> Vec<u8> {
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut out = len.to_le_bytes().to_vec();
    out.extend(deflate(text));
    out
}

/// The text that [`pack_text`] was given; `None` when it is damaged.
pub(crate) fn text(packed: &[u8]) -> Option<String> {
    let (len, rest) = packed.split_first_chunk::<4>()?;
    let bytes = inflate(rest, usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
    String::from_utf8(bytes.into_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back() {
        let long = "a line of text\n".repeat(10_000);
        assert_eq!(text(&pack_text(long.as_bytes())).as_deref(), Some(long.as_str()));
        assert_eq!(text(&pack_text(b"")).as_deref(), Some(""));
    }

    #[test]
    fn damage_is_noticed() {
        let mut packed = pack_text(b"the length says more than there is");
        packed[0] += 1;
        assert_eq!(text(&packed), None);
        assert_eq!(text(&packed[..3]), None);
    }
}
