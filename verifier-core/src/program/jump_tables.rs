//! Jump tables of an object: which instructions each names, counted as the kernel is given the program.
//!
//! A compiler puts the tables of all functions into one section, with places counted from the beginning of the section that
//! the function stands in. A loader makes a map of each table that a program refers to, and freezes it.
//!
//! In libbpf: `create_jt_map()`.

use std::sync::Arc;

use crate::kernel::MapType;
use crate::kernel::map_create::INSN_ARRAY_VALUE;

use super::error::{EINVAL, NotLoadable};
use super::request::MapSpec;

/// Where compilers put jump tables; also the name of the maps made of them.
pub(super) const SECTION: &str = ".jumptables";
/// Bytes of an entry.
const ENTRY: u64 = 8;

/// Where the code of a function that refers to a table stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    /// First instruction, in its section.
    pub start: usize,
    /// First instruction, in the program that is loaded.
    pub at: usize,
}

/// The maps made of tables for one program: two references to one table are references to one map.
#[derive(Debug)]
pub(super) struct Tables {
    /// Whether the kernel has such maps.
    exist: bool,
    /// By the offset of the table.
    made: Vec<(u64, MapSpec)>,
    /// Number that instructions will refer to the next map by.
    next_fd: i32,
}

impl Tables {
    /// Why a kernel refuses them.
    const MISSING: &str = "the kernel has no maps of jump tables (`BPF_MAP_TYPE_INSN_ARRAY`, since Linux 6.19): compile without \
         jump tables (`-fno-jump-tables`), or with `-mcpu=v3`";

    /// None yet; maps will be numbered from `next_fd`.
    pub fn new(exist: bool, next_fd: i32) -> Tables {
        Tables { exist, made: Vec::new(), next_fd }
    }

    /// The number of the map of a table, which is made where there is none yet.
    ///
    /// # Errors
    /// For a table that is none, and where the kernel has no such maps.
    pub fn map_for(&mut self, data: Option<&[u8]>, table: (u64, u64), function: Placed) -> Result<i32, NotLoadable> {
        if let Some((_, map)) = self.made.iter().find(|(at, _)| *at == table.0) {
            return Ok(map.fd);
        }
        let map = map_of(data, table, function, self.next_fd)?;
        if !self.exist || map.max_entries == 0 {
            let refused = NotLoadable { code: EINVAL, words: Vec::new(), reason: None };
            return Err(if self.exist { refused } else { refused.because(Tables::MISSING) });
        }
        self.next_fd = self.next_fd.saturating_add(1);
        let fd = map.fd;
        self.made.push((table.0, map));
        Ok(fd)
    }

    /// The maps that were made; the next program gets maps of its own.
    pub fn take(&mut self) -> Vec<MapSpec> {
        std::mem::take(&mut self.made).into_iter().map(|(_, map)| map).collect()
    }

    /// Number that instructions will refer to the next map by.
    pub fn next_fd(&self) -> i32 {
        self.next_fd
    }
}

/// The map of a table, `size` bytes at `offset` of the section's `data`.
///
/// # Errors
/// In libbpf's words, for a table that is cut off or misplaced and for a place that is none.
fn map_of(data: Option<&[u8]>, (offset, size): (u64, u64), function: Placed, fd: i32) -> Result<MapSpec, NotLoadable> {
    let fail = |words: String| Err(NotLoadable::new(EINVAL, format!("map '{SECTION}': {words}")));
    if !offset.is_multiple_of(ENTRY) {
        return fail(format!("jumptable start {offset} should be multiple of {ENTRY}"));
    }
    if !size.is_multiple_of(ENTRY) {
        return fail(format!("jumptable size {size} should be multiple of {ENTRY}"));
    }
    let Some(data) = data else { return fail("ELF file is missing jump table data".to_owned()) };
    let end = offset.saturating_add(size);
    let bytes = usize::try_from(offset).ok().zip(usize::try_from(end).ok()).and_then(|(from, to)| data.get(from..to));
    let Some(bytes) = bytes else {
        return fail(format!("jumptables_data size is {}, trying to access {end}", data.len()));
    };
    let mut targets = Vec::with_capacity(bytes.len() / 8);
    for (n, entry) in (0u64..).zip(bytes.as_chunks::<8>().0) {
        let value = u64::from_le_bytes(*entry);
        let place = (value / ENTRY).wrapping_sub(function.start as u64).wrapping_add(function.at as u64);
        let Ok(place) = u32::try_from(place) else {
            return fail(format!("invalid jump table value 0x{value:x} at offset {}", offset + n * ENTRY));
        };
        targets.push(place);
    }
    Ok(MapSpec {
        fd,
        name: SECTION.to_owned(),
        map_type: MapType::InsnArray as u32,
        key_size: 4,
        value_size: INSN_ARRAY_VALUE,
        max_entries: u32::try_from(targets.len()).unwrap_or(u32::MAX),
        frozen: true,
        jump_targets: Some(Arc::from(targets)),
        ..MapSpec::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(entries: &[u64]) -> Vec<u8> {
        entries.iter().flat_map(|e| e.to_le_bytes()).collect()
    }

    #[test]
    fn places_are_counted_in_the_program_that_is_loaded() {
        let function = Placed { start: 10, at: 3 };
        let map = map_of(Some(&data(&[0, 96, 80])), (8, 16), function, 9).expect("a table");
        assert_eq!((map.max_entries, map.fd), (2, 9));
        assert_eq!(map.jump_targets.as_deref(), Some(&[5, 3][..]));
    }

    #[test]
    fn what_is_no_table_is_refused_in_the_loaders_words() {
        let says = |table| {
            let words = map_of(Some(&data(&[0, 8])), table, Placed { start: 1, at: 0 }, 4).err().map(|e| e.words);
            words.and_then(|w| w.first().cloned()).unwrap_or_default()
        };
        assert_eq!(says((4, 8)), "map '.jumptables': jumptable start 4 should be multiple of 8");
        assert_eq!(says((0, 12)), "map '.jumptables': jumptable size 12 should be multiple of 8");
        assert_eq!(says((8, 16)), "map '.jumptables': jumptables_data size is 16, trying to access 24");
        assert_eq!(says((0, 8)), "map '.jumptables': invalid jump table value 0x0 at offset 0");
        assert_eq!(says((8, 8)), "");
    }
}
