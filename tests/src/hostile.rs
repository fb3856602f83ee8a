//! Damaged objects, and what must be true of every format whatever an object holds.
//!
//! Damage depends on a number alone, so that any object can be made again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use verifier_core::analysis::System;
use verifier_server::args::Format;
use verifier_server::ask::{Nobody, Question};
use verifier_server::clean::is_hidden;
use verifier_server::render;
use verifier_server::row::{Kind, Row};

/// A generator of numbers.
pub struct Random(u64);

impl Random {
    /// Starts from a seed; similar seeds give sequences that have nothing in common.
    pub fn new(seed: u64) -> Random {
        // A well-mixed state that is never zero (splitmix64).
        let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Random((z ^ (z >> 27)) | 1)
    }

    /// A number below `n`; 0 for 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        if n == 0 { 0 } else { (self.0 % n as u64) as usize }
    }
}

/// The objects below a folder.
pub fn objects(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            objects(&path, out);
        } else if path.extension().is_some_and(|x| x == "o") {
            out.push(path);
        }
    }
}

fn word(bytes: &[u8], at: usize, size: usize) -> usize {
    let mut w = [0; 8];
    if let (Some(to), Some(from)) = (w.get_mut(..size), bytes.get(at..at.saturating_add(size))) {
        to.copy_from_slice(from);
    }
    usize::try_from(u64::from_le_bytes(w)).unwrap_or(usize::MAX)
}

/// A section of the undamaged file: where it is, and its size. Each has the same chance, however small.
fn section(bytes: &[u8], r: &mut Random) -> (usize, usize) {
    let (table, count) = (word(bytes, 40, 8), word(bytes, 60, 2));
    let header = table.saturating_add(r.below(count).saturating_mul(64));
    match r.below(8) {
        0 => (header, 64),
        1 => (0, 64),
        2 => (0, bytes.len()),
        _ => (word(bytes, header.saturating_add(24), 8), word(bytes, header.saturating_add(32), 8)),
    }
}

/// Damages an object in one to six places, with pieces of another one among others.
pub fn damage(bytes: &mut Vec<u8>, other: &[u8], r: &mut Random) {
    const EXTREME: [u32; 12] =
        [0, 1, 2, 0x10, 0xff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, u32::MAX - 1, u32::MAX];
    for _ in 0..1 + r.below(6) {
        let (start, size) = section(bytes, r);
        let n = bytes.len();
        let at = start.saturating_add(r.below(size)).min(n.saturating_sub(1));
        let aligned = at & !3;
        match r.below(9) {
            0 | 1 => {
                let bit = 1 << r.below(8);
                bytes[at] ^= bit;
            }
            2 => bytes[at] = r.below(256) as u8,
            3 | 4 if aligned + 4 <= n => {
                let value = EXTREME[r.below(EXTREME.len())];
                bytes[aligned..aligned + 4].copy_from_slice(&value.to_le_bytes());
            }
            5 if aligned + 4 <= n => {
                let old = word(bytes, aligned, 4) as u32;
                let new = old.wrapping_add(r.below(17) as u32).wrapping_sub(8);
                bytes[aligned..aligned + 4].copy_from_slice(&new.to_le_bytes());
            }
            6 => {
                let len = r.below(64).min(n - at);
                let from = r.below(n - len);
                bytes.copy_within(from..from + len, at);
            }
            7 => {
                let (from, size) = section(other, r);
                let len = r.below(size.min(256)).min(n - at);
                if let Some(piece) = other.get(from..from.saturating_add(len)) {
                    bytes[at..at + len].copy_from_slice(piece);
                }
            }
            _ if r.below(16) == 0 => bytes.truncate(at.max(1)),
            _ => {}
        }
    }
}

/// Pieces that do harm where they come through: to terminals, lines, XML, csv, JSON, Markdown, and CI systems.
const EVIL: [&[u8]; 12] = [
    b"\x1b[31m",
    b"\x1b]0;t\x07",
    b"\r\n::error::x",
    b"\n::set-output name=a::b",
    b"##[error]x",
    b"=1+1",
    b"</failure>",
    b"]]><x>",
    b"\",\"a\":\"",
    b"\xe2\x80\xae",
    b"\xc2\x9b1m",
    b"%0A|[a](b)",
];

/// Puts harmful pieces over bytes that are text: names and lines of source.
pub fn poison(bytes: &mut [u8], r: &mut Random) {
    for _ in 0..1 + r.below(8) {
        let piece = EVIL[r.below(EVIL.len())];
        let start = r.below(bytes.len());
        let is_text = |w: &[u8]| w.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        let found = bytes.get(start..).and_then(|rest| rest.windows(piece.len()).take(4096).position(is_text));
        if let Some(at) = found {
            bytes[start + at..start + at + piece.len()].copy_from_slice(piece);
        }
    }
}

/// Every format but the kernel's log, which is exact.
pub const FORMATS: [Format; 8] = [
    Format::Text,
    Format::Table,
    Format::Csv,
    Format::Json,
    Format::Jsonl,
    Format::Sarif,
    Format::Junit,
    Format::Github,
];

/// Asks about an object, and holds what is printed in every format against what must be true of it.
///
/// # Errors
/// The format, and what is wrong with it.
pub fn check_formats(name: &str, bytes: &[u8], system: &System, time: Duration) -> Result<usize, String> {
    let question = Question { explain: true, log_level: 1, time: Some(time), ..Question::default() };
    let found = question.object(name, bytes, std::slice::from_ref(system), &mut Nobody::default(), &|| false);
    let rows = found.unwrap_or_else(|e| vec![Row::new(name, "", "", "", Kind::Error, e.to_string())]);
    for format in FORMATS {
        let text = render::report(format, &rows).map_err(|e| format!("{format:?}: {e}"))?;
        sound(format, &text, rows.len()).map_err(|e| format!("{format:?}: {e}\n{text}"))?;
    }
    Ok(rows.len())
}

/// What must be true of printed rows.
fn sound(format: Format, text: &str, rows: usize) -> Result<(), String> {
    if let Some(c) = text.chars().find(|c| is_hidden(*c) && !matches!(c, '\n' | '\t')) {
        return Err(format!("holds {c:?}"));
    }
    if text.contains("##[") {
        return Err("holds a command".into());
    }
    // `:::` in front of a place in another file is drawn by us; a third colon makes a name that no command has.
    let command = |l: &&str| l.trim_start().starts_with("::") && !l.trim_start().starts_with("::: ");
    let commands = text.lines().filter(command).count();
    match format {
        Format::Github if commands != text.lines().count() => return Err("a line is no command".into()),
        Format::Github => {}
        _ if commands > 0 => return Err("a line is a command".into()),
        _ => {}
    }
    let parse = |t: &str| serde_json::from_str::<serde_json::Value>(t).map_err(|e| e.to_string());
    match format {
        Format::Json => parse(text).map(|v| v.as_array().map_or(0, Vec::len) == rows),
        Format::Jsonl => text.lines().try_fold(0, |n, l| parse(l).map(|_| n + 1)).map(|n| n == rows),
        Format::Sarif => parse(text).map(|v| v["runs"][0]["results"].as_array().is_some_and(|r| r.len() <= rows)),
        Format::Junit => quick_junit::Report::deserialize_from_str(text)
            .map(|r| r.test_suites.iter().map(|s| s.test_cases.len()).sum::<usize>() == rows)
            .map_err(|e| e.to_string()),
        Format::Csv => {
            let formula = |l: &str| l.trim_start_matches('"').starts_with(['=', '+', '-', '@']);
            let cells = |l: &str| l.split(",\"").chain(l.split(',')).any(|c| formula(c) && c != "-");
            Ok(text.lines().count() == rows + 1 && !text.lines().any(cells))
        }
        _ => Ok(true),
    }
    .and_then(|right| if right { Ok(()) } else { Err("rows are missing, made up or formulas".into()) })
}
