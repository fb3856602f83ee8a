//! The bytes of a blob: header, sections, where types begin, and what can be wrong with them.

use super::kind::BtfKind;

/// Id of a type within a BTF (split BTF counts on from its base).
pub type TypeId = u32;

/// Bytes of the header that every type has.
pub(super) const TYPE_HEADER: usize = 12;

/// The little-endian word at an offset.
pub(super) fn u32_at(b: &[u8], off: usize) -> Option<u32> {
    let b = b.get(off..off.checked_add(4)?)?;
    Some(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

/// What is wrong with a BTF blob: offset in bytes and reason.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("BTF offset {offset}: {what}")]
pub struct BtfError {
    /// Byte offset in the blob.
    pub offset: usize,
    /// Reason.
    pub what: String,
}

impl BtfError {
    pub(super) fn new(offset: usize, what: impl Into<String>) -> BtfError {
        BtfError { offset, what: what.into() }
    }
}

/// First two bytes of every blob.
pub(super) const MAGIC: u16 = 0xeb9f;
/// Bytes of the header.
pub(super) const HEADER_LEN: usize = 24;

/// The little-endian half word at an offset.
pub(super) fn u16_at(b: &[u8], off: usize) -> Option<u16> {
    let b = b.get(off..off.checked_add(2)?)?;
    Some(u16::from_le_bytes([b[0], b[1]]))
}

/// Where each type of a type section begins, which is the part `at` of `raw`.
pub(super) fn index_types(raw: &[u8], section: (usize, usize)) -> Result<Vec<u32>, BtfError> {
    let mut offsets = Vec::with_capacity((section.1 - section.0) / 24);
    let mut at = section.0;
    while at < section.1 {
        let info = u32_at(raw, at + 4).ok_or_else(|| BtfError::new(at, "a type is cut off"))?;
        let kind = BtfKind::from_number((info >> 24) & 0x1f)
            .filter(|k| *k != BtfKind::Void)
            .ok_or_else(|| BtfError::new(at, format!("unknown kind {}", (info >> 24) & 0x1f)))?;
        let end = at + TYPE_HEADER + kind.trailing((info & 0xffff) as usize);
        if end > section.1 {
            return Err(BtfError::new(at, "a type reaches past the end of the type section"));
        }
        offsets.push(u32::try_from(at).map_err(|_| BtfError::new(at, "the blob is larger than 4 GiB"))?);
        at = end;
    }
    Ok(offsets)
}

/// A blob of these sections, laid out as compilers and kernels do it: header, types, strings.
pub(super) fn assemble(types: &[u8], strings: &[u8]) -> Result<Vec<u8>, BtfError> {
    let too_big = |_| BtfError { offset: 0, what: "the blob is larger than 4 GiB".to_owned() };
    let type_len = u32::try_from(types.len()).map_err(too_big)?;
    let str_len = u32::try_from(strings.len()).map_err(too_big)?;
    let mut raw = Vec::with_capacity(HEADER_LEN + types.len() + strings.len());
    raw.extend_from_slice(&[0x9f, 0xeb, 1, 0]);
    for w in [HEADER_LEN as u32, 0, type_len, type_len, str_len] {
        raw.extend_from_slice(&w.to_le_bytes());
    }
    raw.extend_from_slice(types);
    raw.extend_from_slice(strings);
    Ok(raw)
}
