//! What a kernel said of a case: a few lines of `key: value`, an empty line, and its log word for word.
//!
//! Only [`crate::oracle`] answers are written: a file of this kind is never made from our own analysis.

use std::path::PathBuf;

use verifier_probe::normalise;

use crate::oracle::Answer;

use super::Case;

/// Value of `btf` where ids differ.
const OWN: &str = "its own";

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Klog {
    /// The kernel's own name for itself.
    pub kernel: String,
    /// Its BTF is not the profile's: ids of types and kernel functions are its own.
    pub own_ids: bool,
    /// `accepted`, `rejected`, or `not_loadable` when a map or BTF was refused.
    pub verdict: String,
    /// Error number, 0 when accepted.
    pub errno: i32,
    /// What was refused, when not loadable.
    pub failed: String,
    /// `stack depth`, as level 4 prints it; empty when the verifier did not begin.
    pub stack_depth: String,
    /// The log.
    pub log: String,
}

/// The file of a release.
pub fn path(case: &Case, release: &str) -> PathBuf {
    case.path.with_extension(format!("{release}.klog"))
}

impl Klog {
    /// From what a kernel answered.
    pub fn new(kernel: &str, a: &Answer) -> Klog {
        let depth = a.stats.lines().find_map(|l| l.strip_prefix("stack depth "));
        Klog {
            kernel: kernel.into(),
            own_ids: false,
            verdict: a.verdict.clone(),
            errno: a.errno,
            failed: a.failed.clone(),
            stack_depth: depth.unwrap_or_default().into(),
            log: a.log.clone(),
        }
    }

    /// Reads a file's text.
    pub fn parse(text: &str) -> Option<Klog> {
        let (head, log) = text.split_once("\n\n")?;
        let field = |key: &str| {
            head.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(": ")).unwrap_or_default().to_string()
        };
        Some(Klog {
            kernel: field("kernel"),
            own_ids: field("btf") == OWN,
            verdict: field("verdict"),
            errno: field("errno").parse().ok()?,
            failed: field("failed"),
            stack_depth: field("stack depth"),
            log: log.into(),
        })
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut out = format!("kernel: {}\nverdict: {}\nerrno: {}\n", self.kernel, self.verdict, self.errno);
        if self.own_ids {
            out.push_str(&format!("btf: {OWN}\n"));
        }
        for (key, value) in [("failed", &self.failed), ("stack depth", &self.stack_depth)] {
            if !value.is_empty() {
                out.push_str(&format!("{key}: {value}\n"));
            }
        }
        format!("{out}\n{}", self.log)
    }

    /// Whether another recording says the same, kernel addresses apart.
    pub fn same(&self, other: &Klog) -> bool {
        let plain = |k: &Klog| Klog { log: normalise::log(&k.log), ..k.clone() };
        plain(self) == plain(other)
    }
}
