//! `.BTF.ext`: function information, line information and CO-RE relocations, by section.
//!
//! Answers for libbpf's `btf_ext__new()`. Records are found by walking, their fields are read on demand.

use super::layout::BtfError;

/// One of the three tables.
#[derive(Clone, Debug, Default)]
pub struct ExtTable {
    /// Bytes of a record.
    pub rec_size: usize,
    /// Sections in order of the file.
    pub sections: Vec<ExtSection>,
}

/// The records of one ELF section.
#[derive(Clone, Debug)]
pub struct ExtSection {
    /// Name of the ELF section, in the strings of the BTF.
    pub name_off: u32,
    /// Range of the records in the blob.
    range: (usize, usize),
}

/// A parsed `.BTF.ext`, borrowing the bytes of the section.
#[derive(Clone, Debug)]
pub struct BtfExt<'a> {
    data: &'a [u8],
    /// Instruction offset, type id.
    pub func_info: ExtTable,
    /// Instruction offset, file, line, line and column.
    pub line_info: ExtTable,
    /// Instruction offset, type id, access string, kind.
    pub core_relo: ExtTable,
}

/// Reads the first `N` words of a record.
fn words<const N: usize>(rec: &[u8]) -> [u32; N] {
    let mut w = [0; N];
    for (w, b) in w.iter_mut().zip(rec.chunks_exact(4)) {
        *w = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    }
    w
}

impl<'a> BtfExt<'a> {
    /// Checks header and tables.
    pub fn parse(data: &'a [u8]) -> Result<BtfExt<'a>, BtfError> {
        let err = |offset: usize, what: &str| BtfError { offset, what: what.to_owned() };
        if data.len() < 8 {
            return Err(err(0, "the header is cut off"));
        }
        if data[..2] != [0x9f, 0xeb] {
            return Err(err(0, "invalid magic"));
        }
        if data[2] != 1 || data[3] != 0 {
            return Err(err(2, "unsupported version or flags"));
        }
        let hdr_len = words::<2>(data)[1] as usize;
        if hdr_len < 24 || hdr_len > data.len() {
            return Err(err(4, "invalid header length"));
        }
        let table = |at: usize, min: usize| -> Result<ExtTable, BtfError> {
            if hdr_len < at + 8 {
                return Ok(ExtTable::default());
            }
            let [off, len] = words::<2>(&data[at..at + 8]).map(|w| w as usize);
            if len == 0 {
                return Ok(ExtTable::default());
            }
            let start = hdr_len.checked_add(off).filter(|s| s % 4 == 0).ok_or_else(|| err(at, "misaligned table"))?;
            let end = start.checked_add(len).filter(|e| *e <= data.len());
            let end = end.ok_or_else(|| err(at, "a table reaches past the end"))?;
            if len < 4 {
                return Err(err(start, "a table is cut off"));
            }
            let rec_size = words::<1>(&data[start..])[0] as usize;
            if rec_size < min || !rec_size.is_multiple_of(4) {
                return Err(err(start, "invalid record size"));
            }
            let mut sections = Vec::new();
            let mut pos = start + 4;
            if pos == end {
                return Err(err(start, "a table holds no records"));
            }
            while pos < end {
                if end - pos < 8 {
                    return Err(err(pos, "a section header is cut off"));
                }
                let [name_off, n] = words::<2>(&data[pos..end]);
                if n == 0 {
                    return Err(err(pos, "a section without records"));
                }
                pos += 8;
                let bytes = (n as usize).checked_mul(rec_size).filter(|b| *b <= end - pos);
                let bytes = bytes.ok_or_else(|| err(pos, "the records of a section reach past the end"))?;
                sections.push(ExtSection { name_off, range: (pos, pos + bytes) });
                pos += bytes;
            }
            Ok(ExtTable { rec_size, sections })
        };
        Ok(BtfExt { data, func_info: table(8, 8)?, line_info: table(16, 16)?, core_relo: table(24, 16)? })
    }

    /// The records of one section of a table, first `N` words each.
    pub fn records<const N: usize>(&self, table: &ExtTable, section: &ExtSection) -> Vec<[u32; N]> {
        let bytes = self.data.get(section.range.0..section.range.1).unwrap_or(&[]);
        bytes.chunks_exact(table.rec_size.max(1)).map(words::<N>).collect()
    }
}
