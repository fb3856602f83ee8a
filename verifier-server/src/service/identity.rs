//! Who asks: bearer tokens, and what stands for a client when places are shared out.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

use super::text::{NAME, clean};

/// Most bytes of a token.
pub const TOKEN: usize = 256;

/// A token, padded: comparing two takes the same time whatever they are and however long.
#[derive(Clone)]
struct Padded([u8; TOKEN]);

impl Padded {
    /// `None`: longer than a token may be.
    fn of(token: &[u8]) -> Option<Padded> {
        let mut out = [0; TOKEN];
        out.get_mut(..token.len())?.copy_from_slice(token);
        Some(Padded(out))
    }

    fn equals(&self, other: &Padded) -> bool {
        let differing = self.0.iter().zip(&other.0).fold(0, |d, (a, b)| d | (a ^ b));
        std::hint::black_box(differing) == 0
    }
}

/// The tokens of a file.
pub struct Tokens {
    known: Vec<Padded>,
    /// Tells tokens apart without keeping them.
    names: RandomState,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.known.len())
    }
}

impl Tokens {
    /// Reads a file: a token a line.
    ///
    /// # Errors
    /// In words for the user.
    pub fn read(file: &Path) -> Result<Tokens, String> {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        let mut known = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let token = line.trim();
            if token.is_empty() || token.starts_with('#') {
                continue;
            }
            let at = || format!("{}: line {}", file.display(), i + 1);
            if !token.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(format!("{}: a token has printable ASCII characters only, without spaces", at()));
            }
            let padded = Padded::of(token.as_bytes());
            known.push(padded.ok_or_else(|| format!("{}: a token has at most {TOKEN} bytes", at()))?);
        }
        if known.is_empty() {
            return Err(format!("{}: no token in it", file.display()));
        }
        Ok(Tokens { known, names: RandomState::new() })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Who carries a token, by the value of its `authorization` header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn who(&self, header: Option<&[u8]>) -> Result<Client, &'static str> {
        let header = header.ok_or("no bearer token: send `authorization: Bearer TOKEN`")?;
        let token = header.strip_prefix(b"Bearer ").unwrap_or_default();
        let padded = Padded::of(token).unwrap_or(Padded([0; TOKEN]));
        // Every token is compared, so that the time tells nothing of which was right.
        let known = self.known.iter().fold(false, |found, t| found | t.equals(&padded));
        if known { Ok(Client::Token(self.names.hash_one(token))) } else { Err("unknown bearer token") }
    }
}

/// What stands for a client when places are shared out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Client {
    /// The bearer of a token.
    Token(u64),
    /// The owner of a certificate.
    Certificate(u64),
    /// An address; of the sixth version, its first half, which one machine may have all of.
    Address(IpAddr),
    /// It could not be told.
    Unknown,
}

impl Client {
    /// Whoever speaks from an address.
    pub fn at(address: Option<IpAddr>) -> Client {
        match address.map(|a| a.to_canonical()) {
            Some(IpAddr::V6(a)) => {
                Client::Address(IpAddr::V6(Ipv6Addr::from_bits(a.to_bits() & !u128::from(u64::MAX))))
            }
            Some(v4) => Client::Address(v4),
            None => Client::Unknown,
        }
    }
}

/// A request id: the client's own if it is one that can be printed as it is, or a new one.
pub fn request_id(header: Option<&[u8]>, number: u64) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    match header {
        Some(id) if !id.is_empty() && id.len() <= 64 && id.iter().all(plain) => {
            String::from_utf8_lossy(id).into_owned()
        }
        _ => format!("{:016x}", number_of(number)),
    }
}

/// Ids that do not repeat after a restart.
fn number_of(n: u64) -> u64 {
    static NAMES: std::sync::OnceLock<RandomState> = std::sync::OnceLock::new();
    NAMES.get_or_init(RandomState::new).hash_one(n)
}

/// A client's name for people: never the token.
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Client::Token(n) => write!(f, "token-{:08x}", n >> 32),
            Client::Certificate(n) => write!(f, "certificate-{:08x}", n >> 32),
            Client::Address(a) => f.write_str(&clean(&a.to_string(), NAME)),
            Client::Unknown => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Tokens, String> {
        let file = std::env::temp_dir().join(format!("bpfvet-tokens-{}-{}", std::process::id(), text.len()));
        std::fs::write(&file, text).expect("written");
        let tokens = Tokens::read(&file);
        std::fs::remove_file(&file).expect("removed");
        tokens
    }

    #[test]
    fn only_whole_tokens_are_known() {
        let t = tokens("# people\nsecret\n\n  other \n").expect("tokens");
        assert_eq!(t.count(), 2);
        for wrong in ["secret", "Bearer ", "Bearer secre", "Bearer secrets", "bearer secret", "Bearer  secret"] {
            assert!(t.who(Some(wrong.as_bytes())).is_err(), "{wrong}");
        }
        assert!(t.who(None).is_err() && t.who(Some(format!("Bearer {}", "x".repeat(9_000)).as_bytes())).is_err());
        let (a, b) = (t.who(Some(b"Bearer secret")), t.who(Some(b"Bearer other")));
        assert!(a.is_ok() && b.is_ok() && a != b && a == t.who(Some(b"Bearer secret")));
    }

    #[test]
    fn files_without_good_tokens_are_refused() {
        assert!(tokens("# nobody\n").is_err_and(|e| e.contains("no token")));
        assert!(tokens(&"x".repeat(257)).is_err_and(|e| e.contains("256 bytes")));
        assert!(tokens("two words\n").is_err_and(|e| e.contains("line 1")));
    }

    #[test]
    fn ids_of_clients_are_taken_when_they_are_plain() {
        assert_eq!(request_id(Some(b"ab-1.x_Y"), 1), "ab-1.x_Y");
        for odd in [&b""[..], b"a b", b"a\x1b", &[b'x'; 65]] {
            assert_eq!(request_id(Some(odd), 1), request_id(None, 1));
        }
        assert_ne!(request_id(None, 1), request_id(None, 2));
    }

    #[test]
    fn an_address_of_the_sixth_version_is_half_of_one() {
        let at = |a: &str| Client::at(a.parse().ok());
        assert_eq!(at("2001:db8::1"), at("2001:db8::2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
    }
}
