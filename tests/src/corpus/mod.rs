//! The corpus: one program per file, and beside it what real kernels said of it.
//!
//! A case is `corpus/TOPIC/NAME.s` (assembly as the kernel's log prints it) or `NAME.c` with the object `NAME.o` beside
//! it. `NAME.RELEASE.klog` is what a kernel of that release answered ([`klog`]). The first comment lines of a case that
//! read `key: value` are directives:
//!
//! | key | meaning |
//! |---|---|
//! | `expect` | `accepted`, or the code of the rejection; `silent` when the kernel says no word; `-` when it is refused before |
//! | `expect-RELEASE` | the same, where a release differs |
//! | `kernel` | releases to ask; all when absent |
//! | `known` | a release and why our answer differs there: asserted to go on differing |
//! | `caps` | capabilities of the loader as words (`none`, `bpf`, `perfmon`, `net_admin`, `sys_admin`); all when absent |
//! | `flags` | load flags by name, without `BPF_F_` |
//! | `log` | log level, when not 2 |
//! | `prog` | program of the object, when it holds several |
//! | `replaces` | object whose first program is the target that it attaches to, or assembly; of several, each attaches to the one before |
//! | `cpu` | instruction set that the object is compiled for, when not `v3` |
//! | `source`, `step` | what the explanation of a rejection must say |
//!
//! Assembly has directives of its own ([`assembly`]).

pub mod assembly;
pub mod computed;
pub mod judge;
pub mod klog;
pub mod releases;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use verifier_core::analysis::{Options, System, Verdict, verify};
use verifier_core::btf::{Btf, validate};
use verifier_core::program::request::{Privilege, TargetProg};
use verifier_core::program::{LoadRequest, OpenOptions, btf_rules, open};

/// Releases that cases are recorded with.
pub const RELEASES: [&str; 2] = ["6.12", "6.18"];

/// Keys of directives that mean the same for all cases.
const KEYS: [&str; 10] = ["kernel", "known", "caps", "flags", "log", "prog", "replaces", "cpu", "source", "step"];

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file.
    pub path: PathBuf,
    /// `TOPIC/NAME`.
    pub name: String,
    /// Directives in order.
    directives: Vec<(String, String)>,
    /// Text of the file.
    text: String,
}

/// The folder of all cases.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

/// Reads every case, in order of name; what is not one (headers, the demo) has no `expect`.
///
/// # Errors
/// The file that cannot be read or understood.
pub fn cases() -> Result<Vec<Case>, String> {
    let mut out = Vec::new();
    let topics = fs::read_dir(folder()).map_err(|e| format!("corpus: {e}"))?;
    for topic in topics.flatten().filter(|t| t.path().is_dir()) {
        for file in fs::read_dir(topic.path()).map_err(|e| e.to_string())?.flatten() {
            let path = file.path();
            if path.extension().is_some_and(|e| e == "s" || e == "c") {
                let case = Case::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                out.extend(case);
            }
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(out)
}

/// Takes `key: value` lines off the comments that a file begins with.
fn head(text: &str) -> Vec<(String, String)> {
    let comment = |l: &str| -> Option<String> {
        let l = l.trim();
        let marks = ["//", "/*", "*/", "*", ";"];
        let mark = marks.iter().find(|m| l.starts_with(**m))?;
        Some(l[mark.len()..].trim().trim_end_matches("*/").trim().to_string())
    };
    let lines = text.lines().map_while(|l| if l.trim().is_empty() { Some(String::new()) } else { comment(l) });
    lines
        .filter_map(|l| {
            let (key, value) = l.split_once(':')?;
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
            (!key.is_empty() && key.chars().all(plain)).then(|| (key.to_string(), value.trim().to_string()))
        })
        .collect()
}

impl Case {
    fn read(path: &Path) -> Result<Option<Case>, String> {
        let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
        let directives = head(&text);
        if !directives.iter().any(|(k, _)| k == "expect") {
            return Ok(None);
        }
        for (key, _) in &directives {
            let expects = key.strip_prefix("expect").is_some_and(|k| k.is_empty() || RELEASES.contains(&&k[1..]));
            let own = path.extension().is_some_and(|e| e == "s") && assembly::KEYS.contains(&key.as_str());
            if !expects && !own && !KEYS.contains(&key.as_str()) {
                return Err(format!("no directive is called `{key}`"));
            }
        }
        let topic = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Some(Case { path: path.into(), name: format!("{topic}/{stem}"), directives, text }))
    }

    /// A case in assembly that is in no file.
    pub fn of_text(name: &str, text: &str) -> Case {
        // Beside the objects whose BTF cases name.
        let path = folder().join("btf").join(name).with_extension("s");
        Case { path, name: name.into(), directives: head(text), text: text.into() }
    }

    /// Values of a directive, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.directives.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The value of a directive that stands at most once.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.directives.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// What a release is expected to say.
    pub fn expects(&self, release: &str) -> &str {
        let own = self.directives.iter().find(|(k, _)| k.strip_prefix("expect-") == Some(release));
        own.map(|(_, v)| v.as_str()).or_else(|| self.one("expect")).unwrap_or_default()
    }

    /// Why our answer is known to differ from that of a release.
    pub fn known(&self, release: &str) -> Option<&str> {
        self.all("known").find_map(|v| Some(v.strip_prefix(release)?.trim()))
    }

    /// Releases that it is for.
    pub fn releases(&self) -> Vec<&'static str> {
        let listed = self.one("kernel");
        RELEASES.into_iter().filter(|r| listed.is_none_or(|l| l.split([',', ' ']).any(|w| w == *r))).collect()
    }

    /// Releases that it was recorded with.
    pub fn recorded(&self) -> impl Iterator<Item = &'static str> {
        RELEASES.into_iter().filter(|r| klog::path(self, r).exists())
    }

    /// Whether the case or its object is newer than a recording, or there is none.
    pub fn changed_since(&self, recording: &Path) -> bool {
        let time = |p: &Path| fs::metadata(p).and_then(|m| m.modified()).ok();
        let own = time(&self.path).max(time(&self.path.with_extension("o")));
        time(recording).is_none_or(|t| own.is_some_and(|own| own > t))
    }

    /// Who loads.
    ///
    /// # Errors
    /// A word that is no capability.
    pub fn privilege(&self) -> Result<Privilege, String> {
        let Some(list) = self.one("caps") else { return Ok(Privilege::ROOT) };
        let mut p = Privilege::NONE;
        for word in list.split([',', ' ']).filter(|w| !w.is_empty()) {
            match word {
                "none" => {}
                "bpf" => p.bpf = true,
                "perfmon" => p.perfmon = true,
                "net_admin" => p.net_admin = true,
                "sys_admin" => p.sys_admin = true,
                _ => return Err(format!("`{word}` is no capability")),
            }
        }
        Ok(p)
    }

    /// The log level that it was recorded with.
    pub fn log_level(&self) -> u32 {
        self.one("log").and_then(|l| l.parse().ok()).unwrap_or(2)
    }

    fn flags(&self) -> Result<u32, String> {
        let mut flags = 0;
        for word in self.all("flags").flat_map(|l| l.split([',', ' '])).filter(|w| !w.is_empty()) {
            let names = [
                "strict_alignment",
                "any_alignment",
                "test_rnd_hi32",
                "test_state_freq",
                "sleepable",
                "xdp_has_frags",
                "xdp_dev_bound_only",
                "test_reg_invariants",
            ];
            let bit = names.iter().position(|n| *n == word).map(|i| 1 << i);
            flags |= bit.or_else(|| number(word)).ok_or_else(|| format!("no flag is called `{word}`"))?;
        }
        Ok(flags)
    }

    /// The load that a kernel is asked about.
    ///
    /// # Errors
    /// In words of the loader, when it would not come to a load.
    pub fn request(&self, system: &System) -> Result<LoadRequest, String> {
        let flags = self.flags()?;
        if self.path.extension().is_some_and(|e| e == "s") {
            let mut request = assembly::request(self, &self.text, system)?;
            request.prog_flags |= flags;
            return Ok(request);
        }
        let target = self.replaced(system)?;
        object_program(&self.path.with_extension("o"), self.one("prog"), flags, target, system)
    }

    /// The load that comes of it: a loader goes on without the BTF that the kernel refuses.
    ///
    /// # Errors
    /// In words of the loader, when it would not come to a load.
    pub fn loaded(&self, system: &System) -> Result<LoadRequest, String> {
        let mut request = self.request(system)?;
        let rules = btf_rules(&system.kernel.features);
        let refused = |btf: &Option<Arc<Btf>>| btf.as_ref().is_some_and(|btf| validate(btf, rules).is_err());
        if refused(&request.btf) {
            request.btf = None;
            request.func_info.clear();
            request.line_info.clear();
        }
        for map in request.maps.iter_mut().filter(|map| refused(&map.btf)) {
            map.btf = None;
            (map.btf_key_type_id, map.btf_value_type_id) = (0, 0);
        }
        Ok(request)
    }

    /// The accepted program that it attaches to.
    fn replaced(&self, system: &System) -> Result<Option<Arc<TargetProg>>, String> {
        let mut target = None;
        for file in self.one("replaces").unwrap_or_default().split_whitespace() {
            let path = self.path.with_file_name(file);
            let request = if file.ends_with(".s") {
                let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                let plain = Case { name: file.into(), directives: head(&text), text, path };
                plain.request(system)?
            } else {
                object_program(&path, None, 0, target.take(), system)?
            };
            match verify(system, &request, &Options::default()).verdict {
                Verdict::Accepted(program) => target = Some(Arc::new(program.as_target())),
                _ => return Err(format!("{file} does not load")),
            }
        }
        Ok(target)
    }
}

/// The request of one program of an object: the one named, or the first.
fn object_program(
    path: &Path,
    name: Option<&str>,
    prog_flags: u32,
    target: Option<Arc<TargetProg>>,
    system: &System,
) -> Result<LoadRequest, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let options = OpenOptions {
        vmlinux: Some(system.vmlinux.clone()),
        modules: system.modules.clone(),
        prog_flags,
        target,
        ..OpenOptions::new(&system.kernel, file)
    };
    let object = open(&bytes, &options).map_err(|e| e.to_string())?;
    // Maps are created before any program is loaded.
    if let Some(broken) = &object.broken {
        return Err(broken.words.join("\n"));
    }
    let program = object.programs.iter().find(|p| name.is_none_or(|n| p.name == n)).ok_or("no such program")?;
    program.result.clone().map_err(|e| e.words.join("\n"))
}

/// Decimal or hexadecimal.
fn number<T: TryFrom<u64>>(word: &str) -> Option<T> {
    let n = match word.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => word.parse().ok()?,
    };
    T::try_from(n).ok()
}
