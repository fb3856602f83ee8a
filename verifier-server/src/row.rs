//! One answer: what a kernel says about one program, in the form that every rendering starts from.

use verifier_core::analysis::{Report, System, Verdict};
use verifier_core::error::Errno;
use verifier_core::explain::{Suggestion, Trace};
use verifier_core::isa::disasm::{NoNames, write_insn};
use verifier_core::kernel::{ProgType, helpers};
use verifier_core::program::{LoadRequest, NotLoadable};

use crate::near::did_you_mean;
use crate::solved::Solve;

/// Code of the kernel's words for a call of nothing that it knows.
const UNKNOWN_HELPER: &str = verifier_core::error::code::Call::InvalidFunc.text();

/// What an earlier run said about a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Before {
    /// `success`, `failure` or another word of the csv.
    pub verdict: String,
    /// Instructions processed, as printed; `None` where the csv has none.
    pub insns: Option<u64>,
    /// States stored.
    pub states: Option<u64>,
}

/// The verdict of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It loads.
    Accepted,
    /// The kernel rejects it.
    Rejected,
    /// It fails before the verifier sees it.
    NotLoadable,
    /// We do not model something it uses, or a budget of ours ended the analysis.
    Unsupported,
    /// The input is broken.
    Error,
    /// The baseline has it, and it is no longer there.
    Gone,
}

impl Kind {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Accepted => "accepted",
            Kind::Rejected => "rejected",
            Kind::NotLoadable => "not_loadable",
            Kind::Unsupported => "unsupported",
            Kind::Error => "error",
            Kind::Gone => "gone",
        }
    }

    /// The word of veristat.
    pub const fn veristat(self) -> &'static str {
        match self {
            Kind::Accepted => "success",
            Kind::Rejected | Kind::NotLoadable => "failure",
            Kind::Unsupported => "unsupported",
            Kind::Error => "error",
            Kind::Gone => "N/A",
        }
    }
}

/// Why there is no verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undecided {
    /// The analysis was stopped from outside.
    Stopped,
    /// The time that was asked for ran out.
    Late,
    /// States took more memory than they may.
    Memory,
    /// A fault of ours.
    Fault,
}

/// A place in the program's source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// File as the compiler was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1; 0 unknown.
    pub column: u32,
    /// The line's text.
    pub text: String,
}

/// What a contract expects of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// The verdict, with its code where one is named.
    pub words: String,
    /// Whether the answer is that.
    pub met: bool,
    /// Where it is said.
    pub place: String,
}

/// Counters of one analysis.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Instructions processed.
    pub insns: u32,
    /// States stored.
    pub total_states: u32,
    /// Most states alive.
    pub peak_states: u32,
    /// Most states at one instruction.
    pub max_states_per_insn: u32,
    /// Longest chain of read marks.
    pub mark_read: u32,
    /// Bytes of stack, all functions together.
    pub stack_depth: u32,
    /// Microseconds.
    pub time_us: u64,
}

/// One program on one kernel.
#[derive(Clone, Debug)]
pub struct Row {
    /// Object file.
    pub object: String,
    /// Program; empty for a row about the whole file.
    pub program: String,
    /// Section.
    pub section: String,
    /// Program type.
    pub prog_type: String,
    /// Kernel.
    pub kernel: String,
    /// What stands behind the answer, as [`verifier_core::kernel::Basis::word`] has it; `None`: no kernel was asked.
    pub basis: Option<&'static str>,
    /// Verdict.
    pub kind: Kind,
    /// Why there is no verdict; the kind is then [`Kind::Unsupported`].
    pub undecided: Option<Undecided>,
    /// Name of the error number.
    pub errno: Option<String>,
    /// Stable code of the rejection.
    pub code: Option<&'static str>,
    /// Category of the rejection.
    pub category: Option<&'static str>,
    /// The explanation page of the code.
    pub page: Option<&'static str>,
    /// What is wrong, in the words of the kernel, of libbpf, or ours.
    pub message: String,
    /// Why it is so and what to do, in our words, where the words of others leave that open.
    pub reason: Option<String>,
    /// Instruction where the analysis stood.
    pub insn: Option<usize>,
    /// The instruction as text.
    pub insn_text: String,
    /// Its source line.
    pub source: Option<Place>,
    /// The kernel's log.
    pub log: Option<Vec<u8>>,
    /// Counters, if verification began.
    pub counters: Option<Counters>,
    /// Limits of the command line that the program exceeds.
    pub over_budget: Vec<String>,
    /// Why it is rejected, step by step, where the output shows that.
    pub trace: Option<Trace>,
    /// Whether it is a real bug, where that was asked.
    pub solve: Option<Solve>,
    /// What an earlier run said of it, where there is one to compare with.
    pub before: Option<Before>,
    /// The variant of the object that it is about, where a contract names several.
    pub variant: Option<String>,
    /// What a contract expects.
    pub expected: Option<Expected>,
    /// No verdict counts as a failure.
    pub strict: bool,
    /// The command that asks for this answer alone.
    pub reproduce: Option<String>,
}

impl Row {
    /// A row with nothing but its place.
    pub fn new(object: &str, program: &str, section: &str, kernel: &str, kind: Kind, message: String) -> Row {
        Row {
            object: object.into(),
            program: program.into(),
            section: section.into(),
            prog_type: String::new(),
            kernel: kernel.into(),
            basis: None,
            kind,
            undecided: None,
            errno: None,
            code: None,
            category: None,
            page: None,
            message,
            reason: None,
            insn: None,
            insn_text: String::new(),
            source: None,
            log: None,
            counters: None,
            over_budget: Vec::new(),
            trace: None,
            solve: None,
            before: None,
            variant: None,
            expected: None,
            strict: false,
            reproduce: None,
        }
    }

    /// The program as it is shown: with its variant, where there are several.
    pub fn title(&self) -> String {
        match (&self.variant, self.program.is_empty()) {
            (Some(v), true) => format!("[{v}]"),
            (Some(v), false) => format!("{} [{v}]", self.program),
            (None, _) => self.program.clone(),
        }
    }

    /// What helps as changes of the source that can be made as they stand, the most likely first.
    pub fn changes(&self) -> impl Iterator<Item = &Suggestion> {
        self.trace.iter().flat_map(|t| &t.suggestions).filter(|s| !s.edits.is_empty())
    }

    /// Whether it makes the job fail: it is rejected, does not load or is over budget, unless that is expected; or it is not
    /// what was expected.
    pub fn fails(&self) -> bool {
        let strict = self.strict && self.kind == Kind::Unsupported;
        let bad = strict || matches!(self.kind, Kind::Rejected | Kind::NotLoadable) || !self.over_budget.is_empty();
        self.expected.as_ref().map_or(bad, |e| !e.met)
    }

    /// It fails before the verifier sees it.
    pub fn not_loadable(object: &str, program: &str, section: &str, kernel: &str, why: &NotLoadable) -> Row {
        // The lines are libbpf's; what else ends a line came in a name.
        let words: Vec<String> = why.words.iter().map(|w| w.replace('\n', "\\n")).collect();
        let mut row = Row::new(object, program, section, kernel, Kind::NotLoadable, words.join("\n"));
        row.errno = Some(errno_name(why.code));
        row.reason.clone_from(&why.reason);
        row
    }

    /// What the analysis said.
    pub fn verified(
        object: &str,
        program: &str,
        section: &str,
        system: &System,
        request: &LoadRequest,
        report: Report,
        keep_log: bool,
    ) -> Row {
        let kernel = system.kernel.name;
        let mut row = Row::new(object, program, section, kernel, Kind::Accepted, String::new());
        row.prog_type = type_name(request.prog_type);
        match &report.verdict {
            Verdict::Accepted(_) => {}
            Verdict::Rejected(r) => {
                row.kind = Kind::Rejected;
                row.errno = Some(r.errno.name());
                match &r.cause {
                    Some(cause) => {
                        row.message = cause.text(system.kernel.style).trim_end().to_string();
                        let fixed = cause.row();
                        row.page = Some(fixed.doc.trim());
                        if let Some((code, category)) = fixed.cause {
                            row.code = Some(code.text());
                            row.category = Some(category.title());
                        }
                    }
                    None => row.message = format!("the kernel returns {} without a word", r.errno.name()),
                }
            }
            Verdict::Unsupported(what) => {
                row.kind = Kind::Unsupported;
                row.message = what.to_string();
            }
            Verdict::Budget(what) => {
                row.kind = Kind::Unsupported;
                row.undecided = Some(Undecided::Memory);
                row.message = format!("undecided: {what}");
            }
        }
        if row.kind == Kind::Rejected && report.stats.is_some() {
            row.insn = Some(report.insn_idx);
            row.source = source(request, report.insn_idx);
            if let Some(insn) = request.insns.get(report.insn_idx) {
                let next = request.insns.get(report.insn_idx + 1).copied();
                // Writing into a `String` cannot fail.
                let _ = write_insn(&mut row.insn_text, *insn, next, &NoNames, false);
            }
        }
        row.counters = report.stats.map(|s| Counters {
            insns: s.insns,
            total_states: s.total_states,
            peak_states: s.peak_states,
            max_states_per_insn: s.max_states_per_insn,
            mark_read: s.longest_read_walk,
            stack_depth: report.stack_depth.iter().fold(0, |a, b| a.saturating_add(*b)),
            time_us: report.time_us,
        });
        row.log = keep_log.then_some(report.log);
        row.reason = missing_helper(request, &row);
        // Of what libbpf made invalid the kernel cannot know; libbpf puts its own words there.
        if let Some(why) = request.poison_at(report.insn_idx).filter(|_| row.code == Some(UNKNOWN_HELPER)) {
            row.message = why.words();
            row.log = row.log.map(|log| why.fix_log(&log, report.insn_idx));
        }
        row
    }
}

/// Since when the helper is there that the kernel does not know.
fn missing_helper(request: &LoadRequest, row: &Row) -> Option<String> {
    let call = request.insns.get(row.insn?).filter(|_| row.code == Some(UNKNOWN_HELPER))?;
    let number = u32::try_from(call.imm).ok()?;
    let (name, since) = (helpers::name_of(number)?, helpers::id::since(number)?);
    Some(format!("{name}() is there since Linux {since}"))
}

/// The name of a program type as people write it.
pub fn type_name(number: u32) -> String {
    ProgType::from_number(number).map_or_else(|| number.to_string(), |t| t.name().to_ascii_lowercase())
}

/// A program type by the name people write.
///
/// # Errors
/// Names the types known.
pub fn prog_type(name: &str) -> Result<ProgType, String> {
    let found = ProgType::ALL.iter().skip(1).find(|t| t.name().eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| {
        let known: Vec<String> = ProgType::ALL.iter().skip(1).map(|t| t.name().to_ascii_lowercase()).collect();
        let meant = did_you_mean(name, &known);
        format!("unknown program type `{name}`{meant}; known are {}", known.join(", "))
    })
}

/// The name of an error number, of either sign.
fn errno_name(code: i32) -> String {
    const KNOWN: &[Errno] = &[
        Errno::EPERM,
        Errno::ENOENT,
        Errno::ESRCH,
        Errno::E2BIG,
        Errno::EBADF,
        Errno::ENOMEM,
        Errno::EACCES,
        Errno::EINVAL,
        Errno::ENOSPC,
        Errno::ERANGE,
        Errno::EOPNOTSUPP,
        Errno::ENOTSUPP,
    ];
    let number = code.unsigned_abs();
    KNOWN.iter().find(|e| **e as u32 == number).map_or_else(|| number.to_string(), |e| e.name())
}

/// The source line of an instruction.
fn source(request: &LoadRequest, idx: usize) -> Option<Place> {
    let btf = request.btf.as_ref()?;
    let at = request.line_info.partition_point(|l| l.insn_off as usize <= idx).checked_sub(1)?;
    let line = request.line_info.get(at)?;
    let text = |off| btf.bytes_at(off).map(|b| String::from_utf8_lossy(b).into_owned());
    Some(Place {
        file: text(line.file_name_off)?,
        line: line.line_col >> 10,
        column: line.line_col & 0x3ff,
        text: text(line.line_off)?.trim().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_name() {
        assert_eq!(prog_type("xdp"), Ok(ProgType::Xdp));
        assert!(prog_type("unspec").is_err());
        assert!(prog_type("xpd").is_err_and(|e| e.contains("did you mean `xdp`?")));
    }
}
