//! Files that are written for people: inputs that show bugs.
//!
//! A name tells object, program and kernel, and ends in a number made of all that tells rows apart, so that objects of one
//! name in several folders never overwrite each other. A file is written beside its place and moved there whole; a link
//! that stands in that place is replaced, never followed.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::row::Row;
use crate::{hex, pcap};

/// Longest part of a file's name that comes from one name of the object.
const PART: usize = 60;

/// FNV-1a: stable, and all that telling apart needs.
pub fn hash(parts: &[&str]) -> u64 {
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    for b in parts.iter().flat_map(|p| p.bytes().chain([0])) {
        h = (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
    }
    h
}

/// The part of a name that every file system takes.
fn part(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let out: String = name.chars().take(PART).map(plain).collect();
    // Hidden files and parents begin with a dot.
    if out.starts_with('.') { format!("_{out}") } else { out }
}

/// The name of a row's files, without the ending.
fn name(row: &Row) -> String {
    let base = row.object.rsplit('/').next().unwrap_or_default();
    let apart = hash(&[&row.object, &row.section, &row.program, &row.kernel]);
    format!("{}.{}.{}.{apart:016x}", part(base), part(&row.program), part(&row.kernel))
}

/// Saves the input of a row that has one, as JSON that says what it is for, and its packet as a capture. The names are
/// noted in the row, and what went wrong.
pub fn witness(row: &mut Row, dir: &Path) {
    let about = json!({"object": row.object, "program": row.program, "section": row.section, "kernel": row.kernel});
    let base = name(row);
    let Some(solve) = &mut row.solve else { return };
    let Some(witness) = solve.witness.as_ref().and_then(Value::as_object) else { return };
    let mut all = about.as_object().cloned().unwrap_or_default();
    all.extend(witness.clone());
    let packet = witness.get("packet").and_then(Value::as_str).and_then(|p| hex::decode(p.as_bytes()));
    match write(dir, &base, &Value::Object(all), packet) {
        Ok(files) => solve.files = files.iter().map(|f| f.display().to_string()).collect(),
        Err(e) => solve.notes.push(format!("the witness was not saved: {e}")),
    }
}

fn write(dir: &Path, base: &str, witness: &Value, packet: Option<Vec<u8>>) -> Result<Vec<PathBuf>, String> {
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut files = vec![place(dir, &format!("{base}.json"), format!("{witness:#}\n").as_bytes())?];
    if let Some(bytes) = packet {
        let capture = pcap::Capture { link: pcap::ETHERNET, packets: vec![pcap::Captured { time: 0, bytes }] };
        files.push(place(dir, &format!("{base}.pcap"), &pcap::write(&capture))?);
    }
    Ok(files)
}

/// Puts a file into a folder: whole or not at all.
fn place(dir: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    let path = dir.join(name);
    let temporary = dir.join(format!(".{name}.{}", std::process::id()));
    let written = new_file(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, &path));
    if let Err(e) = written {
        // What was begun is of no use to anybody.
        let _ = std::fs::remove_file(&temporary);
        return Err(format!("{}: {e}", path.display()));
    }
    Ok(path)
}

/// Creates a file that is not there, not even as a link.
fn new_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Kind;

    #[test]
    fn names_are_plain_and_apart() {
        let row = |object: &str, program: &str| Row::new(object, program, "xdp", "6.18", Kind::Rejected, String::new());
        let a = name(&row("a/fw.o", "parse"));
        assert!(a.starts_with("fw.o.parse.6.18.") && a != name(&row("b/fw.o", "parse")), "{a}");
        let evil = name(&row("../..", "../../etc/x\u{1b}\n"));
        assert!(evil.starts_with("_.._.._etc_x__") || evil.starts_with("_..._.."), "{evil}");
        assert!(evil.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{evil}");
        assert!(name(&row("x.o", &"y".repeat(4000))).len() < 200);
    }

    #[test]
    fn links_are_replaced_and_not_followed() {
        let dir = std::env::temp_dir().join(format!("bpfvet-save-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join("precious"), "kept").expect("writes");
        std::os::unix::fs::symlink(dir.join("precious"), dir.join("w.json")).expect("a link");
        place(&dir, "w.json", b"new").expect("writes");
        assert_eq!(std::fs::read(dir.join("precious")).expect("reads"), b"kept");
        assert_eq!(std::fs::read(dir.join("w.json")).expect("reads"), b"new");
        assert_eq!(std::fs::read_dir(&dir).expect("a folder").count(), 2);
        std::fs::remove_dir_all(&dir).expect("cleans up");
    }
}
