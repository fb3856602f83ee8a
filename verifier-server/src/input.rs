//! Which files a command line means, and what each of them is before anybody is asked about it.
//!
//! A directory stands for the BPF objects below it, told by their content, in order of name; links are not followed. What
//! is no BPF object is named, with what to do: people hand over sources, bitcode and programs for other machines.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::clean;

/// Largest input that is read, in bytes: far above any object that a compiler writes.
const MAX_INPUT: u64 = 512 << 20;

/// Deepest folder that is searched.
const DEPTH: usize = 64;
/// Bytes of a file that tell what it is.
const HEAD: usize = 64;

/// What a file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A BPF object of the byte order that is answered for, or what looks most like one.
    Object,
    /// A BPF object for machines of the other byte order: what to say about it.
    OtherOrder(String),
    /// Something else: what, and what to do.
    Other(String),
}

/// Why an object of the other byte order gets no verdict.
const BIG_ENDIAN: &str = "a big-endian BPF object (bpfeb), which only big-endian machines such as s390x load; bpfvet answers \
                          for little-endian ones: build with `clang --target=bpfel`";

/// What a file is, from its first bytes.
pub fn what(bytes: &[u8]) -> What {
    let other = |words: &str| What::Other(words.to_string());
    let compile = "compile it first: `clang --target=bpf -O2 -g -c FILE.c -o FILE.o`";
    match bytes {
        [] => other("the file is empty"),
        [0x7f, b'E', b'L', b'F', ..] => elf(bytes),
        [b'B', b'C', 0xc0, 0xde, ..] | [0xde, 0xc0, 0x17, 0x0b, ..] => other(
            "LLVM bitcode, not an object: compile without `-emit-llvm` and `-flto`, or finish it with `llc -march=bpf -filetype=obj`",
        ),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => {
            other("an archive of objects: take out the object with `ar x`")
        }
        [0x1f, 0x8b, ..]
        | [0x28, 0xb5, 0x2f, 0xfd, ..]
        | [0xfd, b'7', b'z', b'X', b'Z', ..]
        | [b'P', b'K', 3, 4, ..] => other("a compressed file: unpack it first"),
        [0x9f, 0xeb, ..] | [0xeb, 0x9f, ..] => other("BTF and no object: `--btf` and `--module-btf` take BTF"),
        _ if is_text(bytes) => {
            let text = String::from_utf8_lossy(bytes.get(..4096).unwrap_or(bytes)).into_owned();
            if text.trim_start().starts_with('{') {
                other("JSON, not an object: programs as JSON lines go to `--raw`")
            } else if text.contains("target triple = ") || text.starts_with("; ModuleID") {
                other("LLVM assembly, not an object: finish it with `llc -march=bpf -filetype=obj`")
            } else if ["#include", "SEC(", "struct ", "int ", "fn ", "use ", "#![", "package "]
                .iter()
                .any(|w| text.contains(w))
            {
                What::Other(format!("a source file, not an object: {compile}"))
            } else {
                What::Other(format!("text, not an object; if it is a program's source, {compile}"))
            }
        }
        _ => What::Object,
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..4096).unwrap_or(bytes);
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character may be cut at the end of what is looked at.
        Err(e) => e.error_len().is_none() && e.valid_up_to() > 0,
    };
    valid && !head.iter().any(|b| *b < 9 || (*b > 13 && *b < 32))
}

fn elf(bytes: &[u8]) -> What {
    const EM_NONE: u16 = 0;
    const EM_BPF: u16 = 247;
    const ET_REL: u16 = 1;
    let big = bytes.get(5) == Some(&2);
    let half = |at: usize| {
        let b = bytes.get(at..at + 2).and_then(|b| b.try_into().ok());
        b.map(|b| if big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    };
    let (Some(kind), Some(machine)) = (half(16), half(18)) else { return What::Object };
    if machine == EM_BPF || (machine == EM_NONE && kind == ET_REL) {
        return if big { What::OtherOrder(BIG_ENDIAN.into()) } else { What::Object };
    }
    let name = match machine {
        EM_NONE => "no machine".to_string(),
        3 => "i386".to_string(),
        8 => "MIPS".to_string(),
        20 | 21 => "PowerPC".to_string(),
        22 => "s390".to_string(),
        40 => "Arm".to_string(),
        62 => "x86-64".to_string(),
        183 => "64-bit Arm".to_string(),
        243 => "RISC-V".to_string(),
        258 => "LoongArch".to_string(),
        n => format!("machine number {n}"),
    };
    What::Other(match kind {
        ET_REL => format!("an object for {name}, not for BPF: compile with `clang --target=bpf`"),
        2 | 3 => format!(
            "a program or library for {name}, not a BPF object: hand over the `.bpf.o` file that it was built with"
        ),
        _ => format!("an ELF file for {name}, not a BPF object"),
    })
}

/// The files that are meant: what is named, and the objects below named folders.
///
/// # Errors
/// A folder that cannot be read, or holds no object; in words for the user.
pub fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut out = Vec::new();
    for path in named {
        if !path.is_dir() {
            out.push(path.clone());
            continue;
        }
        let before = out.len();
        search(path, DEPTH, &mut out)?;
        if out.len() == before {
            return Err(format!("{}: no BPF object below this folder", clean::path(path)));
        }
    }
    Ok(out)
}

fn search(dir: &Path, depth: usize, out: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", clean::path(dir));
    let mut entries = std::fs::read_dir(dir).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        // The kind of the entry itself: a link is neither.
        let kind = entry.file_type().map_err(failed)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if kind.is_dir() && !hidden && depth > 0 {
            search(&entry.path(), depth - 1, out)?;
        } else if kind.is_file() && is_object(&entry.path()) {
            out.push(entry.path());
        }
    }
    Ok(())
}

fn is_object(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|f| f.take(HEAD as u64).read_to_end(&mut head));
    read.is_ok() && head.starts_with(b"\x7fELF") && !matches!(what(&head), What::Other(_))
}

/// Reads a file, or standard input for `-`.
pub fn read(file: &Path) -> Result<Vec<u8>, String> {
    let failed = |e: std::io::Error| format!("{}: {e}", clean::path(file));
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).map_err(failed)?.take(MAX_INPUT + 1).read_to_end(&mut bytes)
    };
    let n = read.map_err(failed)?;
    if n as u64 > MAX_INPUT {
        return Err(format!("{}: larger than {} MiB", clean::path(file), MAX_INPUT >> 20));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of an ELF file.
    fn head(order: u8, kind: u16, machine: u16) -> Vec<u8> {
        let half = |n: u16| if order == 2 { n.to_be_bytes() } else { n.to_le_bytes() };
        let mut out = vec![0x7f, b'E', b'L', b'F', 2, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        out.extend(half(kind));
        out.extend(half(machine));
        out
    }

    #[test]
    fn files_are_told_apart() {
        assert_eq!(what(&head(1, 1, 247)), What::Object);
        assert_eq!(what(&head(2, 1, 247)), What::OtherOrder(BIG_ENDIAN.into()));
        let words = |bytes: &[u8]| match what(bytes) {
            What::Other(words) => words,
            other => panic!("{other:?}"),
        };
        assert!(words(&head(1, 1, 62)).contains("x86-64"));
        assert!(words(&head(1, 3, 183)).contains("64-bit Arm"));
        assert!(words(b"#include <linux/bpf.h>\nint x;").contains("source file"));
        assert!(words(b"BC\xc0\xde").contains("bitcode"));
        assert!(words(b"").contains("empty"));
        assert!(words(b"{\"name\": 1}").contains("--raw"));
        assert_eq!(what(b"\x00\x01\x02"), What::Object);
    }
}
