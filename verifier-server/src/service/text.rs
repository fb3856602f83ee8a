//! Words that came from a client, as they may stand in statuses and in the log: short, printable, on one line.

/// Most characters of a status message.
pub const MESSAGE: usize = 512;
/// Most characters of a name in the log and in error details.
pub const NAME: usize = 128;

/// At most so many characters of a text: the rest is cut off and said to be. What does not print is escaped.
pub fn clean(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut n = 0;
    for c in text.chars() {
        let hidden = c.is_control() || is_format(c);
        let width = if hidden { c.escape_unicode().len() } else { 1 };
        if n + width > most {
            out.push('…');
            return out;
        }
        n += width;
        if hidden { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Characters that print as nothing but change how others do: directions, line separators, joiners.
fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_short_lines_comes_out() {
        assert_eq!(clean("prog.o", 10), "prog.o");
        assert_eq!(clean("a\u{1b}[31m\nb\u{202e}", 100), "a\\u{1b}[31m\\u{a}b\\u{202e}");
        assert_eq!(clean(&"x".repeat(3_000_000), 4), "xxxx…");
        assert_eq!(clean("\n\n\n", 7), "\\u{a}…");
        assert_eq!(clean("", 0), "");
    }
}
