//! What the point releases of Linux that Debian has said of the corpus: `corpus/releases/RELEASE.tsv`, one line a case.
//!
//! A line holds what tells kernels apart, so that hundreds of cases on dozens of kernels stay readable: verdict, error
//! number, counters, the words of the refusal, and a checksum of the whole log. What may differ between two machines
//! is masked as in the recordings ([`normalise`]). Only [`crate::oracle`] answers are written. What we say of the same
//! case under the same release is put into the same form.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use verifier_core::analysis::{Options, Report, System, Verdict, verify};
use verifier_core::kernel::history::PointRelease;
use verifier_probe::normalise;

use crate::oracle::Answer;

use super::{Case, folder};

/// What stands in a column that has nothing to say.
const NOTHING: &str = "-";

/// Lines of a refusal that are kept.
const WORDS: usize = 4;

/// What a kernel, or we, said of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `accepted`, `rejected`, `not_loadable`; `not_asked` where no load could be put together for that kernel; `broke`
    /// where the kernel did not survive the question.
    pub verdict: String,
    /// Error number, 0 when accepted.
    pub errno: i32,
    /// Instructions processed, states stored, and most states alive; none when the walk did not begin.
    pub counters: String,
    /// Checksum of the log.
    pub log: String,
    /// The refusal's last words, or why the case was not asked.
    pub words: String,
}

impl Said {
    /// What a kernel answered.
    pub fn by_kernel(answer: &Answer) -> Said {
        let mut said = Said::of_log(&answer.verdict, answer.errno, &answer.log);
        if !answer.failed.is_empty() {
            said.words = answer.failed.clone();
        }
        said
    }

    /// That a kernel said nothing, and why.
    pub fn nothing(verdict: &str, why: &str) -> Said {
        let none = || NOTHING.to_string();
        Said { verdict: verdict.into(), errno: 0, counters: none(), log: none(), words: plain(why) }
    }

    fn of_log(verdict: &str, errno: i32, log: &str) -> Said {
        let log = comparable(log);
        let words = if verdict == "rejected" { refusal(&log) } else { String::new() };
        Said {
            verdict: verdict.into(),
            errno,
            counters: counters(&log).unwrap_or_else(|| NOTHING.into()),
            log: format!("{:016x}", checksum(log.as_bytes())),
            words: if words.is_empty() { NOTHING.into() } else { plain(&words) },
        }
    }

    /// Whether verdict, error number and words are the same.
    pub fn agrees(&self, other: &Said) -> bool {
        (&self.verdict, self.errno, &self.words) == (&other.verdict, other.errno, &other.words)
    }

    /// Whether the case came to a load there.
    pub fn loaded(&self) -> bool {
        matches!(self.verdict.as_str(), "accepted" | "rejected")
    }

    fn line(&self, case: &str) -> String {
        let errno = self.errno.to_string();
        [case, &self.verdict, &errno, &self.counters, &self.log, &self.words].join("\t")
    }

    fn parse(line: &str) -> Option<(String, Said)> {
        let cells: Vec<&str> = line.split('\t').collect();
        let [case, verdict, errno, counters, log, words] = cells[..] else { return None };
        let own = str::to_string;
        let said = Said {
            verdict: own(verdict),
            errno: errno.parse().ok()?,
            counters: own(counters),
            log: own(log),
            words: own(words),
        };
        Some((own(case), said))
    }
}

/// A log without what may differ between two builds and boots of a kernel.
pub fn comparable(log: &str) -> String {
    attach_ids(&normalise::type_ids(&normalise::log(log)))
}

/// Masks ids of types that programs attach to, which every build of a kernel numbers anew.
fn attach_ids(log: &str) -> String {
    const BEFORE: &str = "attach_btf_id ";
    let mut pieces = log.split(BEFORE);
    let mut out = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        out.push_str(BEFORE);
        out.push_str("ID");
        out.push_str(piece.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// What stands in a cell: one line, and nothing that ends it.
fn plain(text: &str) -> String {
    let one = |c: char| if c.is_control() { ' ' } else { c };
    text.trim_end().chars().map(one).collect()
}

/// FNV-1a, of 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, b| (sum ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

fn counters(log: &str) -> Option<String> {
    let line = log.lines().rfind(|l| l.starts_with("processed "))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |name: &str| words.iter().position(|w| *w == name).and_then(|at| words.get(at + 1)).copied();
    Some([after("processed")?, after("total_states")?, after("peak_states")?].join("/"))
}

/// Whether a line tells how the walk went, not what was wrong.
fn is_trace(line: &str) -> bool {
    let behind = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit()).to_string();
    let begins = [";", "mark_precise", "regs=", "parent ", "propagating ", "caller:", "callee:"];
    let moves = ["returning from callee", "to caller at ", "func '", " frame"];
    // A state: `R1=ctx()`, `R1_w=1`. Refusals begin with a register, too: `R1 invalid mem access`.
    let state = line.trim_start().strip_prefix('R').is_some_and(|rest| behind(rest).starts_with(['=', '_']));
    let numbered = line.starts_with(|c: char| c.is_ascii_digit()) && behind(line).starts_with(": ");
    let jump = line.strip_prefix("from ").is_some_and(|rest| behind(rest).starts_with(" to "));
    let walk = line.strip_prefix("last_idx ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    state || numbered || jump || walk || begins.iter().chain(&moves).any(|s| line.starts_with(s))
}

/// The last words of a log before its statistics, without the account that some releases give of a refusal.
fn refusal(log: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut account = false;
    for line in log.lines() {
        let counted = line.starts_with("subprog ") && line.contains(" insns_self ");
        let counts = ["processed ", "verification time ", "stack depth "];
        if counted || counts.iter().any(|e| line.starts_with(e)) {
            continue;
        }
        if line.starts_with("Verification failed: ") {
            account = true;
            continue;
        }
        if account && (line.is_empty() || line.starts_with("  ") || line.ends_with(':')) {
            continue;
        }
        account = false;
        if is_trace(line) {
            words.clear();
        } else if !line.is_empty() {
            words.push(line);
        }
    }
    words[words.len().saturating_sub(WORDS)..].join(" | ")
}

/// What we say of a case.
///
/// # Errors
/// When it does not come to a load.
pub fn ours(case: &Case, system: &System) -> Result<Said, String> {
    let request = case.loaded(system)?;
    let options = Options { log_level: case.log_level(), privilege: case.privilege()?, ..Options::default() };
    Ok(of_report(&verify(system, &request, &options)))
}

fn of_report(report: &Report) -> Said {
    let (verdict, errno) = match &report.verdict {
        Verdict::Accepted(_) => ("accepted", 0),
        Verdict::Rejected(r) => ("rejected", r.errno as i32),
        Verdict::Unsupported(what) => return Said::nothing("unsupported", what.as_ref()),
        Verdict::Budget(what) => return Said::nothing("budget", what.as_ref()),
    };
    Said::of_log(verdict, errno, &String::from_utf8_lossy(&report.log))
}

/// What one point release said.
#[derive(Clone, Debug)]
pub struct Release {
    /// `6.19.10`.
    pub release: String,
    /// The kernel's own name for itself, and the package that it is from.
    pub kernel: String,
    /// By the name of the case.
    pub said: BTreeMap<String, Said>,
}

/// The file of a point release.
pub fn path(release: &str) -> PathBuf {
    folder().join("releases").join(format!("{release}.tsv"))
}

impl Release {
    /// The text of the file.
    pub fn text(&self) -> String {
        let mut out = format!("# {}\n# case\tverdict\terrno\tinsns/states/peak\tlog\twords\n", self.kernel);
        for (case, said) in &self.said {
            let _ = writeln!(out, "{}", said.line(case));
        }
        out
    }

    /// Reads what a release said; `None` when it was not asked yet.
    ///
    /// # Errors
    /// When the file is none of ours.
    pub fn read(release: &str) -> Result<Option<Release>, String> {
        let at = path(release);
        let Ok(text) = fs::read_to_string(&at) else { return Ok(None) };
        let kernel = text.lines().next().and_then(|l| l.strip_prefix("# ")).unwrap_or_default().to_string();
        let lines = text.lines().filter(|l| !l.starts_with('#'));
        let said = lines.map(|l| Said::parse(l).ok_or_else(|| format!("{}: {l}", at.display())));
        Ok(Some(Release { release: release.into(), kernel, said: said.collect::<Result<_, _>>()? }))
    }

    /// Every release that was asked, oldest first.
    ///
    /// # Errors
    /// When one of the files is none of ours.
    pub fn all() -> Result<Vec<Release>, String> {
        let mut releases = Vec::new();
        for file in fs::read_dir(folder().join("releases")).map_err(|e| format!("corpus/releases: {e}"))?.flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if let Some(release) = name.strip_suffix(".tsv") {
                let number = PointRelease::parse(release).ok_or_else(|| format!("{name} is no release"))?;
                releases.push((number.version, number.point, release.to_string()));
            }
        }
        releases.sort();
        releases.into_iter().filter_map(|(_, _, release)| Release::read(&release).transpose()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Said, refusal};

    #[test]
    fn a_refusal_is_what_stands_behind_the_walk() {
        let log = "0: R1=ctx() R10=fp0\n; int f(void) @ a.c:1\n0: (85) call bpf_get_retval#186\n\
                   R1 type=scalar expected=ctx\n\nVerification failed: Policy: No\n\nReason:\n  A long one.\n\nAt:\n  f @ a.c:1:1\n\
                   \nSuggestion:\n  None.\n\nand more\nprocessed 1 insns (limit 1000000) max_states_per_insn 0 \
                   total_states 0 peak_states 0 mark_read 0\n";
        assert_eq!(refusal(log), "R1 type=scalar expected=ctx | and more");
        assert_eq!(refusal("0: (95) exit\nR0 !read_ok\n"), "R0 !read_ok");
        assert_eq!(refusal("last_idx is bad\n"), "last_idx is bad");
    }

    #[test]
    fn lines_are_read_as_they_are_written() {
        let said = Said { counters: "3/1/1".into(), errno: 13, ..Said::nothing("rejected", "R0 !read_ok\t") };
        assert_eq!(Said::parse(&said.line("alu/x")), Some(("alu/x".into(), said)));
    }
}
