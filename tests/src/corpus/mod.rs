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
//! Assembly has directives of its own ([`verifier_probe::assembly`]). What is loaded, [`verifier_probe::case`] knows: machines are
//! asked about cases as well.

pub mod computed;
pub mod judge;
pub mod klog;
pub mod releases;

use std::borrow::Cow;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use verifier_core::analysis::System;
use verifier_core::program::LoadRequest;
use verifier_probe::assembly;
use verifier_probe::case::{self, Files, Language};

/// Releases that cases are recorded with.
pub const RELEASES: [&str; 2] = ["6.12", "6.18"];

/// Keys of directives that tell how a case is recorded and what is expected of it.
const KEYS: [&str; 5] = ["kernel", "known", "cpu", "source", "step"];

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file.
    pub path: PathBuf,
    /// What is loaded.
    what: case::Case,
}

impl Deref for Case {
    type Target = case::Case;

    fn deref(&self) -> &case::Case {
        &self.what
    }
}

/// The files of the corpus.
struct Folder;

impl Files for Folder {
    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, String> {
        let path = folder().join(name);
        fs::read(&path).map(Cow::Owned).map_err(|e| format!("{}: {e}", path.display()))
    }
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

impl Case {
    fn read(path: &Path) -> Result<Option<Case>, String> {
        let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
        let topic = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_assembly = path.extension().is_some_and(|e| e == "s");
        let language = if is_assembly { Language::Assembly } else { Language::C };
        let loaded = case::Case::new(&format!("{topic}/{stem}"), &topic, language, &text);
        if loaded.one("expect").is_none() {
            return Ok(None);
        }
        for (key, _) in loaded.directives() {
            let expects = key.strip_prefix("expect").is_some_and(|k| k.is_empty() || RELEASES.contains(&&k[1..]));
            let key = key.as_str();
            let known =
                KEYS.contains(&key) || case::KEYS.contains(&key) || is_assembly && assembly::KEYS.contains(&key);
            if !expects && !known {
                return Err(format!("no directive is called `{key}`"));
            }
        }
        Ok(Some(Case { path: path.into(), what: loaded }))
    }

    /// A case in assembly that is in no file.
    pub fn of_text(name: &str, text: &str) -> Case {
        // Beside the objects whose BTF cases name.
        let path = folder().join("btf").join(name).with_extension("s");
        Case { path, what: case::Case::new(name, "btf", Language::Assembly, text) }
    }

    /// What a release is expected to say.
    pub fn expects(&self, release: &str) -> &str {
        let own = self.directives().iter().find(|(k, _)| k.strip_prefix("expect-") == Some(release));
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

    /// The load that a kernel is asked about.
    ///
    /// # Errors
    /// In words of the loader, when it would not come to a load.
    pub fn request(&self, system: &System) -> Result<LoadRequest, String> {
        self.what.request(system, &Folder)
    }

    /// The load that comes of it: a loader goes on without the BTF that the kernel refuses.
    ///
    /// # Errors
    /// In words of the loader, when it would not come to a load.
    pub fn loaded(&self, system: &System) -> Result<LoadRequest, String> {
        Ok(case::without_refused_btf(self.request(system)?, system))
    }
}
