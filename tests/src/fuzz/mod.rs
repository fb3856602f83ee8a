//! Fuzz targets of the runtime, as plain drivers with seeds: each runs a number of cases from a seed on and says what is
//! wrong. What ends the process is the parent's to see ([`in_children`]).

pub mod checked;
pub mod linked;
pub mod threads;

use std::path::Path;
use std::process::{Command, Stdio};

use verifier_core::kernel::MapType;
use verifier_core::program::MapSpec;

/// What cases of a target came to, by how they ended.
#[derive(Clone, Default, Debug)]
pub struct Ended {
    /// Cases.
    pub cases: u64,
    /// Those that came to their end.
    pub ran: u64,
    /// Those that ended with a report.
    pub stopped: u64,
    /// Those that were refused before they ran.
    pub refused: u64,
}

impl Ended {
    fn line(&self) -> String {
        format!("{} {} {} {}", self.cases, self.ran, self.stopped, self.refused)
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let n: Vec<u64> = line.split_whitespace().filter_map(|w| w.parse().ok()).collect();
        let [cases, ran, stopped, refused] = n[..] else { return None };
        self.cases += cases;
        self.ran += ran;
        self.stopped += stopped;
        self.refused += refused;
        Some(())
    }
}

/// A target: cases from a seed up to another.
pub type Target = fn(u64, u64) -> Result<Ended, String>;

/// The targets by name.
pub fn target(name: &str) -> Option<Target> {
    Some(match name {
        "checked" => checked::cases,
        "linked" => linked::cases,
        "threads" => threads::cases,
        _ => return None,
    })
}

/// A piece of a target in this process: prints what it came to.
///
/// # Errors
/// What is wrong, with the seed.
pub fn piece(name: &str, from: u64, to: u64) -> Result<(), String> {
    let ended = target(name).ok_or("no such target")?(from, to)?;
    println!("{}", ended.line());
    Ok(())
}

/// Memory that a child may have had at its largest.
const MOST: u64 = 1 << 30;

/// Runs a target in children of `program`, each a piece of so many cases.
///
/// # Errors
/// The seeds of the piece that ended by a signal, or said that something is wrong.
pub fn in_children(program: &Path, name: &str, (from, to): (u64, u64), each: u64) -> Result<Ended, String> {
    let mut all = Ended::default();
    let mut at = from;
    while at < to {
        let end = to.min(at + each);
        let args = ["piece".to_string(), name.to_string(), at.to_string(), end.to_string()];
        let child = Command::new(program).args(args).stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
        let said = String::from_utf8_lossy(&child.stdout);
        let known = said.lines().last().and_then(|line| all.add(line)).is_some();
        if !child.status.success() || !known {
            let words = String::from_utf8_lossy(&child.stderr);
            return Err(format!("{name} {at} to {end}: {}\n{said}{words}", child.status));
        }
        at = end;
        println!("{name}: {all:?}");
    }
    Ok(all)
}

/// The most memory that this process ever had is not more than it may.
///
/// # Errors
/// How much it is.
pub fn in_memory() -> Result<(), String> {
    let largest = crate::everything::largest();
    if largest > MOST { Err(format!("{} MiB", largest >> 20)) } else { Ok(()) }
}

/// Types of maps with key, value, entries and flags that every kernel makes.
const KINDS: &[(MapType, u32, u32, u32, u32)] = &[
    (MapType::Array, 4, 16, 4, 0),
    (MapType::Hash, 4, 16, 4, 0),
    (MapType::PercpuArray, 4, 16, 4, 0),
    (MapType::PercpuHash, 4, 16, 4, 0),
    (MapType::LruHash, 4, 16, 4, 0),
    (MapType::LruPercpuHash, 4, 16, 4, 0),
    (MapType::LpmTrie, 8, 16, 4, 1),
    (MapType::Queue, 0, 16, 4, 0),
    (MapType::Stack, 0, 16, 4, 0),
    (MapType::BloomFilter, 0, 16, 4, 0),
    (MapType::Ringbuf, 0, 0, 4096, 0),
    (MapType::UserRingbuf, 0, 0, 4096, 0),
    (MapType::PerfEventArray, 4, 4, 2, 0),
    (MapType::StackTrace, 4, 64, 4, 0),
    (MapType::Devmap, 4, 4, 4, 0),
    (MapType::DevmapHash, 4, 4, 4, 0),
    (MapType::Cpumap, 4, 4, 4, 0),
    (MapType::Xskmap, 4, 4, 4, 0),
    (MapType::Sockmap, 4, 4, 4, 0),
    (MapType::Sockhash, 4, 4, 4, 0),
    (MapType::CgroupArray, 4, 4, 4, 0),
    (MapType::ReuseportSockarray, 4, 8, 4, 0),
    (MapType::SkStorage, 4, 16, 0, 1),
    (MapType::TaskStorage, 4, 16, 0, 1),
    (MapType::InodeStorage, 4, 16, 0, 1),
    (MapType::CgrpStorage, 4, 16, 0, 1),
    (MapType::CgroupStorageDeprecated, 16, 16, 0, 0),
    (MapType::PercpuCgroupStorageDeprecated, 16, 16, 0, 0),
    (MapType::ProgArray, 4, 4, 2, 0),
];

/// A map of each kind, those of maps as well, from a descriptor on.
pub fn maps(first: i32) -> Vec<MapSpec> {
    let mut out: Vec<MapSpec> = Vec::new();
    for (t, key_size, value_size, max_entries, map_flags) in KINDS {
        let fd = first + out.len() as i32;
        out.push(MapSpec {
            fd,
            name: format!("m{fd}"),
            map_type: *t as u32,
            key_size: *key_size,
            value_size: *value_size,
            max_entries: *max_entries,
            map_flags: *map_flags,
            ..MapSpec::default()
        });
    }
    for t in [MapType::ArrayOfMaps, MapType::HashOfMaps] {
        let fd = first + out.len() as i32;
        let inner = Some(Box::new(MapSpec { fd: 0, name: "inner".into(), ..out[0].clone() }));
        let name = format!("m{fd}");
        let sizes = MapSpec { key_size: 4, value_size: 4, max_entries: 2, ..MapSpec::default() };
        out.push(MapSpec { fd, name, map_type: t as u32, inner, ..sizes });
    }
    out
}
