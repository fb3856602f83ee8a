//! A line as tokens, and the questions both dialects ask of them.

/// A piece of a line.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token<'a> {
    /// Letters, digits, `_`, `.`, `%`, `@`, beginning with none of the digits.
    Word(&'a str),
    /// A number, sign not included; kept as 64 bits.
    Number(u64),
    /// Anything else, the longest operator that fits.
    Sign(&'a str),
}

/// Operators of more than one character, longest first.
const SIGNS: [&str; 26] = [
    "s>>=", "s>=", "s<=", "s/=", "s%=", "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "==", "!=", ">=",
    "<=", "s>", "s<", "=", ">", "<", "&", "-",
];

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@' | '$')
}

/// Splits a line. `None` where a number does not fit 64 bits.
pub(super) fn tokens(line: &str) -> Option<Vec<Token<'_>>> {
    let mut out = Vec::new();
    let mut rest = line.trim_start();
    while let Some(c) = rest.chars().next() {
        // Signed operators begin with a letter, so they are looked for before words.
        let signed = SIGNS.iter().take(5).chain(&SIGNS[19..21]).find(|s| s.starts_with('s') && rest.starts_with(**s));
        let take = if let Some(s) = signed {
            out.push(Token::Sign(&rest[..s.len()]));
            s.len()
        } else if c.is_ascii_digit() {
            let n = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let digits = &rest[..n];
            let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
                Some(hex) => u64::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            out.push(Token::Number(value));
            n
        } else if is_word(c) || c == '%' && rest[1..].starts_with('r') {
            let skip = usize::from(c == '%');
            let n = rest[skip..].find(|c| !is_word(c)).map_or(rest.len(), |n| n + skip);
            out.push(Token::Word(&rest[skip..n]));
            n
        } else {
            let n = SIGNS.iter().find(|s| rest.starts_with(**s)).map_or(c.len_utf8(), |s| s.len());
            out.push(Token::Sign(&rest[..n]));
            n
        };
        rest = rest[take..].trim_start();
    }
    Some(out)
}

/// A line of tokens, read from the left.
pub(super) struct Cursor<'a, 'b> {
    tokens: &'b [Token<'a>],
}

impl<'a, 'b> Cursor<'a, 'b> {
    pub fn new(tokens: &'b [Token<'a>]) -> Cursor<'a, 'b> {
        Cursor { tokens }
    }

    pub fn done(&self) -> bool {
        self.tokens.is_empty()
    }

    pub fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.first()
    }

    pub fn next(&mut self) -> Option<&'b Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Takes a sign if it comes next.
    pub fn sign(&mut self, sign: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        if hit {
            self.next();
        }
        hit
    }

    /// Takes a word if it comes next.
    pub fn word(&mut self, word: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Word(w)) if *w == word);
        if hit {
            self.next();
        }
        hit
    }

    /// Takes any word.
    pub fn any_word(&mut self) -> Option<&'a str> {
        match self.peek() {
            Some(Token::Word(w)) => {
                let w = *w;
                self.next();
                Some(w)
            }
            _ => None,
        }
    }

    /// Takes a number with an optional sign, as its 64 bits.
    pub fn number(&mut self) -> Option<i64> {
        let before = self.tokens;
        let mut negative = false;
        while let Some(Token::Sign(s @ ("+" | "-"))) = self.peek() {
            negative ^= *s == "-";
            self.next();
        }
        if let Some(Token::Number(n)) = self.peek() {
            let n = *n as i64;
            self.next();
            return Some(if negative { n.wrapping_neg() } else { n });
        }
        self.tokens = before;
        None
    }

    /// Takes `r0` to `r10` (or `w0` to `w10`): the number, and whether it is the 32-bit form.
    pub fn reg(&mut self) -> Option<(u8, bool)> {
        let Some(Token::Word(w)) = self.peek() else { return None };
        let (narrow, digits) = match w.split_at_checked(1)? {
            ("r", d) => (false, d),
            ("w", d) => (true, d),
            _ => return None,
        };
        let n: u8 = digits.parse().ok().filter(|n| *n <= 15)?;
        self.next();
        Some((n, narrow))
    }
}
