//! The recordings of real kernels, beside the checkout.
//!
//! They are not part of the project: `BPFVET_SHARED`, or `../shared` beside the checkout, is where they are looked for.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;
use verifier_core::kernel::Kernel;

/// The kernel of the recordings of a release, on the machine that they were made on: what depends on the number of CPUs is
/// theirs, not that of every machine.
///
/// # Panics
/// When it was not recorded.
pub fn recorded(release: &str) -> Kernel {
    let kernel = Kernel::all().into_iter().find(|k| k.name == release).expect("a kernel that was recorded");
    let cpus = if release == "6.18" { 2 } else { 1 };
    kernel.with_cpus(cpus)
}

/// The kernel of a point release of Debian's in an emulated machine, whose configuration is the same for all.
///
/// # Errors
/// When no such kernel can be computed.
pub fn emulated(release: &str) -> Result<Kernel, String> {
    let debian = Kernel::v6_12();
    let kernel = Kernel::release(release).map_err(|e| e.to_string())?;
    Ok(Kernel { build: debian.build, machine: debian.machine, ..kernel }.with_cpus(1))
}

/// What the files of a kernel's recordings are named after.
pub fn file_name(kernel: &Kernel) -> String {
    match kernel.name {
        "6.18" => kernel.release.into(),
        _ => format!("{}-debian", kernel.release),
    }
}

/// Folder of the recordings, if they are there.
pub fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("BPFVET_SHARED").map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.parent()?;
    let shared = named.unwrap_or_else(|| root.join("shared"));
    let folder = shared.join("kernel-recordings");
    folder.is_dir().then_some(folder)
}

/// Reads a compressed file whole.
pub fn unpack(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut decoder = zstd::Decoder::new(std::fs::File::open(path)?)?;
    decoder.window_log_max(31)?;
    std::io::Read::read_to_end(&mut decoder, &mut out)?;
    Ok(out)
}

/// Reads a compressed file of JSON lines.
pub fn lines(path: &Path) -> std::io::Result<Vec<Value>> {
    let mut decoder = zstd::Decoder::new(std::fs::File::open(path)?)?;
    decoder.window_log_max(31)?;
    let mut out = Vec::new();
    for line in BufReader::new(decoder).lines() {
        out.push(serde_json::from_str(&line?)?);
    }
    Ok(out)
}

/// Counters as recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counters {
    /// Instructions processed.
    pub insns: u64,
    /// States stored.
    pub total_states: u64,
    /// Most states alive.
    pub peak_states: u64,
}

/// What a kernel said of one program.
#[derive(Clone, Debug)]
pub struct Record {
    /// The whole line.
    pub raw: Value,
    /// Object file.
    pub object: String,
    /// Program.
    pub program: String,
    /// `accepted`, `rejected`, `not_loadable`, `refused_by_host`.
    pub verdict: String,
    /// Error name.
    pub errno: Option<String>,
    /// The log at level 2; `None` when it was left out or recorded at another level.
    pub log: Option<String>,
    /// Counters; `None` when verification did not begin.
    pub counters: Option<Counters>,
}

fn string(v: &Value, field: &str) -> String {
    v.get(field).and_then(Value::as_str).unwrap_or_default().to_string()
}

/// The counters that end a log.
fn counted(log: &str) -> Option<Counters> {
    let line = log.lines().rev().find(|l| l.starts_with("processed "))?;
    let words: Vec<&str> = line.split(' ').collect();
    let number = |name: &str, step: isize| {
        let at = words.iter().position(|w| *w == name)?.checked_add_signed(step)?;
        words.get(at)?.parse().ok()
    };
    Some(Counters {
        insns: number("insns", -1)?,
        total_states: number("total_states", 1)?,
        peak_states: number("peak_states", 1)?,
    })
}

impl Record {
    /// Takes a line of `records/` or `test_verifier/` apart.
    pub fn new(raw: Value) -> Record {
        let level2 = raw.get("log_level").and_then(Value::as_u64).is_none_or(|l| l == 2);
        let number = |s: &Value, f: &str| s.get(f).and_then(Value::as_u64).unwrap_or(0);
        let counters = raw.get("stats").filter(|s| s.is_object()).map(|s| Counters {
            insns: number(s, "insns_processed"),
            total_states: number(s, "total_states"),
            peak_states: number(s, "peak_states"),
        });
        // Counters were taken from a second load. A jump table belongs to the program that was loaded first, so that load was
        // refused before anything was counted; the first one's log has the numbers.
        let accepted = raw.get("verdict").and_then(Value::as_str) == Some("accepted");
        let refused_again = accepted && counters.is_some_and(|c| c.insns == 0);
        let counters = if refused_again { raw.get("log").and_then(Value::as_str).and_then(counted) } else { counters };
        let omitted = raw.get("log_omitted").and_then(Value::as_bool).unwrap_or(false)
            || raw.get("log_overflowed_buffer").and_then(Value::as_bool).unwrap_or(false);
        let log = raw.get("log").and_then(Value::as_str).filter(|_| level2 && !omitted).map(str::to_string);
        let errno = raw.get("errno").and_then(|e| e.get("name")).and_then(Value::as_str).map(str::to_string);
        Record {
            object: string(&raw, "object"),
            program: {
                let p = string(&raw, "program");
                if p.is_empty() { string(&raw, "name") } else { p }
            },
            verdict: string(&raw, "verdict"),
            errno,
            log,
            counters,
            raw,
        }
    }

    /// `object/program`, or the program alone.
    pub fn name(&self) -> String {
        if self.object.is_empty() { self.program.clone() } else { format!("{}/{}", self.object, self.program) }
    }

    /// Modules that were loaded, in load order.
    pub fn modules(&self) -> Vec<String> {
        let names = self.raw.get("other_modules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let testmod = self.raw.get("testmod").and_then(Value::as_bool).unwrap_or(false).then_some("bpf_testmod");
        names.iter().filter_map(Value::as_str).chain(testmod).map(str::to_string).collect()
    }

    /// How long it will take, roughly.
    pub fn weight(&self) -> u64 {
        self.counters.map_or(0, |c| c.insns) + 100
    }
}

/// Records of a kernel (`6.12.117-debian`), in order.
pub fn records(folder: &Path, kernel: &str) -> std::io::Result<Vec<Record>> {
    Ok(lines(&folder.join(format!("records/{kernel}.jsonl.zst")))?.into_iter().map(Record::new).collect())
}
