//! Bytes as hexadecimal digits, two for each, without anything between them.

/// The digits of bytes, in small letters.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes that digits stand for; `None` for anything else and for an odd number of them.
pub fn decode(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let all: Option<Vec<u8>> = pairs.iter().map(|p| Some(digit(p[0])? << 4 | digit(p[1])?)).collect();
    all.filter(|_| rest.is_empty())
}
