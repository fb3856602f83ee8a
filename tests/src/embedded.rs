//! BPF objects within other files: programs that carry theirs in `.rodata`, as distributions ship them.

use std::path::{Path, PathBuf};

const EM_BPF: u16 = 247;
const ET_REL: u16 = 1;
const SHT_NOBITS: u64 = 8;
const HEADER: usize = 64;
/// `ELFCLASS64`, `ELFDATA2LSB` after the magic.
const MAGIC: &[u8] = b"\x7fELF\x02\x01";

fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let mut word = [0; 8];
    word.get_mut(..size)?.copy_from_slice(bytes.get(at..at.checked_add(size)?)?);
    Some(u64::from_le_bytes(word))
}

/// Whether a relocatable file for the BPF machine begins here.
fn is_bpf(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
        && number(bytes, 16, 2) == Some(u64::from(ET_REL))
        && number(bytes, 18, 2) == Some(u64::from(EM_BPF))
}

/// Length of the ELF file that begins here: where its section table and its sections end.
fn length(bytes: &[u8]) -> Option<usize> {
    let (table, size, count) = (number(bytes, 40, 8)?, number(bytes, 58, 2)?, number(bytes, 60, 2)?);
    let mut end = table.checked_add(size * count)?;
    for i in 0..count {
        let at = usize::try_from(table.checked_add(i * size)?).ok()?;
        if number(bytes, at + 4, 4)? != SHT_NOBITS {
            end = end.max(number(bytes, at + 24, 8)?.checked_add(number(bytes, at + 32, 8)?)?);
        }
    }
    usize::try_from(end).ok().filter(|end| (HEADER..=bytes.len()).contains(end))
}

/// The objects that a file is or holds.
pub fn objects(bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = bytes.get(at..).and_then(|b| b.windows(MAGIC.len()).position(|w| w == MAGIC)) {
        at += next;
        let here = &bytes[at..];
        match length(here).filter(|_| is_bpf(here)) {
            Some(n) => {
                found.push(&here[..n]);
                at += n;
            }
            None => at += MAGIC.len(),
        }
    }
    found
}

/// The files below a path, or the path itself; links are not followed.
pub fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.to_path_buf()] };
    let mut inside: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    inside.sort();
    inside.iter().filter(|p| !p.is_symlink()).flat_map(|p| files(p)).collect()
}
