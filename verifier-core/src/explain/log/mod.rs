//! A verifier's log, from any loader and any release, read alone: where it failed, by which rule, and what helps.
//!
//! ```text
//! bytes ──► lines (unwrap) ──► instructions, source, states ──► the row of the last words (wording) ──► Trace
//! ```
//!
//! Nothing is guessed beyond the log: what it does not show (a cut beginning, no source) is missing in the answer, too.

mod unwrap;
mod wording;

use crate::code;
use crate::error::{Category, Code, Row};
use crate::program::LoadRequest;

use super::names;
use super::rules;
use super::suggest::{Proof, Suggestion};
use super::{Source, Step, StepKind, Trace};

/// Instruction lines that are kept, from the end.
const MOST_INSNS: usize = 100_000;
/// Longest chain of steps that is shown.
const MAX_CHAIN: usize = 5;

/// One instruction that the log shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logged {
    /// Its number.
    pub insn: usize,
    /// Its text, without the state behind it: `(71) r1 = *(u8 *)(r2 +0)`.
    pub text: String,
    /// What is printed behind it: `R1=scalar(…)`.
    pub state: String,
    /// The source line above it.
    pub source: Option<Source>,
}

/// What a log says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reading {
    /// The program, where a loader or the kernel names it.
    pub program: Option<String>,
    /// Error number by name, where a loader tells it.
    pub errno: Option<&'static str>,
    /// The words of the kernel.
    pub message: String,
    /// The row of those words.
    pub row: Option<&'static Row>,
    /// The category, where the words or the log tell.
    pub category: Option<Category>,
    /// The failing instruction.
    pub insn: Option<usize>,
    /// Its text.
    pub insn_text: String,
    /// Instructions in the order of the log.
    pub walked: Vec<Logged>,
    /// The kernel accepted the program: the log ends without a reason.
    pub accepted: bool,
}

/// An instruction line: bytes before the number, the number, and what follows it.
fn instruction(line: &str) -> Option<(usize, usize, &str)> {
    for (at, _) in line.match_indices(": (") {
        let digits = line[..at].bytes().rev().take_while(u8::is_ascii_digit).count();
        let rest = &line[at + 2..];
        let opcode = rest.as_bytes().get(1..3).is_some_and(|o| o.iter().all(u8::is_ascii_hexdigit));
        if digits == 0 || digits > 8 || !opcode || rest.as_bytes().get(3) != Some(&b')') {
            continue;
        }
        let prefix = &line[..at - digits];
        let word = prefix.ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
        // Walks for precision show instructions that they look at, not those that are processed.
        if word || prefix.trim_end().ends_with("before") || prefix.contains("mark_precise") {
            continue;
        }
        let number = line[at - digits..at].parse().ok()?;
        return Some((prefix.len(), number, rest));
    }
    None
}

/// Lines that say nothing about the reason.
fn is_noise(line: &str) -> bool {
    const NOISE: &[&str] = &[
        "processed ",
        "verification time",
        "stack depth",
        "from ",
        "mark_precise",
        "parent ",
        "last_idx",
        "regs=",
        "func#",
        "Live regs",
        "propagating",
        "Validating ",
        "Func#",
        "caller:",
        "callee:",
        "returning from callee",
        "to caller at",
        "topo_order",
        "subprog#",
        "stack use/def",
        "; ",
        "-- BEGIN",
        "-- END",
        "insns_processed",
        "Reason:",
        "At:",
        "Causal path:",
        "Suggestion:",
        "Source context:",
        "Instruction context:",
    ];
    let t = line.trim_start();
    let state = t.split_once(": ").is_some_and(|(n, rest)| {
        !n.is_empty()
            && n.bytes().all(|b| b.is_ascii_digit())
            && (rest.starts_with('R') || rest.starts_with("frame") || rest == "safe")
    });
    let frame = t.strip_prefix("frame").is_some_and(|f| f.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    state || frame || t == ";" || NOISE.iter().any(|w| t.starts_with(w))
}

/// The text of an instruction and the state behind it.
fn split_state(rest: &str) -> (String, String) {
    match rest.find("; ") {
        Some(i) => (rest[..i].trim_end().to_string(), rest[i + 2..].to_string()),
        None => (rest.trim_end().to_string(), String::new()),
    }
}

/// `; text @ file.c:12` or `; text`.
fn source_line(line: &str) -> Option<Source> {
    let text = line.trim_start().strip_prefix("; ")?;
    let (text, place) = text.rsplit_once(" @ ").map_or((text, ""), |(t, p)| (t, p));
    let (file, number) = place.rsplit_once(':').map_or(("", 0), |(f, n)| (f, n.parse().unwrap_or(0)));
    Some(Source { file: file.to_string(), line: number, column: 0, text: text.trim().to_string() })
}

/// The error that a line names.
fn errno_in(line: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] = &[
        ("ermission denied", "EACCES"),
        ("EACCES", "EACCES"),
        ("nvalid argument", "EINVAL"),
        ("EINVAL", "EINVAL"),
        ("rgument list too long", "E2BIG"),
        ("E2BIG", "E2BIG"),
        ("peration not permitted", "EPERM"),
        ("EPERM", "EPERM"),
        ("o space left on device", "ENOSPC"),
        ("ENOSPC", "ENOSPC"),
        ("annot allocate memory", "ENOMEM"),
        ("ad address", "EFAULT"),
        ("failed to load: -524", "ENOTSUPP"),
    ];
    let lower = line.to_ascii_lowercase();
    let about = ["load", "verif", "syscall", "bpf("].iter().any(|w| lower.contains(w));
    about.then(|| NAMES.iter().find(|(w, _)| line.contains(w)).map(|(_, n)| *n)).flatten()
}

/// The program that a loader's line names.
fn program_in(line: &str) -> Option<String> {
    let rest = line.split_once("prog '").map(|(_, r)| r);
    let name = rest.and_then(|r| r.split_once('\'')).map(|(n, _)| n);
    let go = || {
        line.split_once("program ").and_then(|(_, r)| r.split_once(':')).map(|(n, _)| n).filter(|n| names::is_name(n))
    };
    name.or_else(go).filter(|n| !n.is_empty() && n.len() <= 128).map(str::to_string)
}

/// How releases say that the verifier itself went wrong.
const OWN_FAULTS: &[&str] =
    &["verifier bug", "verifier is misconfigured", "verifier internal error", "misconfigured verifier"];

/// The category that the newest kernels print.
fn category_in(line: &str) -> Option<Category> {
    const ALL: [Category; 8] = [
        Category::RegisterTypeSafety,
        Category::MemorySafety,
        Category::CallTypeSafety,
        Category::ResourceLifetimeSafety,
        Category::ExecutionContextSafety,
        Category::ProgramStructure,
        Category::Policy,
        Category::VerifierLimit,
    ];
    let (_, rest) = line.split_once("Verification failed: ")?;
    ALL.into_iter().find(|c| rest.starts_with(c.title()))
}

/// A number behind some words of the kernel that name an instruction.
fn insn_in(message: &str) -> Option<usize> {
    const BEFORE: &[&str] =
        &["at insn ", "from insn ", "unreachable insn ", "ldimm64 insn ", "invalid insn idx ", "insn "];
    BEFORE.iter().find_map(|w| {
        let (_, rest) = message.split_once(w)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest[..digits].parse().ok()
    })
}

/// Rows that are printed behind a more exact line, and are what the kernel means.
const LATER: &[Code] =
    &[code!(Memory::CtxAccess), code!(Memory::KptrType), code!(Call::ArgStruct), code!(Call::MapFunc)];

/// Of two rows that are worded alike, the one that the place tells.
fn by_place(code: Code, message: &str, call_of_own: bool, walked: bool) -> Code {
    match code {
        code!(Call::PassScalar) if !call_of_own => code!(Kfunc::NotScalar),
        code!(Kfunc::NotScalar) if call_of_own => code!(Call::PassScalar),
        code!(Call::FieldVariable) if message.contains("bpf_list_head") || message.contains("bpf_rb_root") => {
            code!(Kfunc::GraphVarOff)
        }
        code!(Call::StrMap) if !walked => code!(Walk::DirectType),
        other => other,
    }
}

/// Lines without what a journal or a logger writes before each of them: the prefix of the instructions' lines, whatever
/// its digits are.
fn without_prefix(lines: Vec<String>) -> Vec<String> {
    let shape = |s: &str| s.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    let prefixes = lines.iter().filter_map(|l| instruction(l).map(|(p, _, _)| &l[..p]));
    let Some(prefix) = prefixes.min_by_key(|p| p.len()).filter(|p| !p.trim().is_empty()).map(shape) else {
        return lines;
    };
    let strip = |l: String| match l.get(..prefix.len()).filter(|p| shape(p) == prefix) {
        Some(_) => l[prefix.len()..].to_string(),
        None => l,
    };
    lines.into_iter().map(strip).collect()
}

/// Reads a log.
pub fn read(bytes: &[u8]) -> Reading {
    let lines = without_prefix(unwrap::lines(bytes));
    let mut out = Reading::default();
    let found: Vec<Option<(usize, usize, &str)>> = lines.iter().map(|l| instruction(l)).collect();
    // Dumps of the program before it is walked are indented more than what is walked.
    let deep = |p: usize, line: &str| line[..p].ends_with("  ");
    let walked_plain = found.iter().zip(&lines).any(|(f, l)| f.is_some_and(|(p, _, _)| !deep(p, l)));
    let least = found.iter().flatten().map(|(p, _, _)| *p).min().unwrap_or(0);
    let (mut last, mut source): (Option<usize>, Option<Source>) = (None, None);
    for (i, line) in lines.iter().enumerate() {
        out.errno = out.errno.or_else(|| errno_in(line));
        out.program = out.program.take().or_else(|| program_in(line));
        out.category = category_in(line).or(out.category);
        match found[i] {
            Some((p, insn, rest)) if (walked_plain && !deep(p, line)) || (!walked_plain && p == least) => {
                let (text, state) = split_state(rest);
                out.walked.push(Logged { insn, text, state, source: source.clone() });
                last = Some(i);
                if out.walked.len() > 2 * MOST_INSNS {
                    out.walked.drain(..MOST_INSNS);
                }
            }
            Some(_) => {}
            None => {
                let at = line.find("; ").filter(|i| *i <= least || line[..*i].trim().is_empty());
                source = at.and_then(|i| source_line(&line[i..])).or(source);
            }
        }
    }
    out.reason(&lines, last);
    out.at();
    out
}

impl Reading {
    /// The words that say why, behind the last instruction.
    fn reason(&mut self, lines: &[String], last: Option<usize>) {
        let from = last.map_or(0, |i| i + 1);
        let behind = |from: usize| lines[from..].iter().filter(|l| !is_noise(l) && instruction(l).is_none());
        // Where the kernel explains itself, its words stand right before that.
        let block = lines.iter().rposition(|l| l.contains("Verification failed: "));
        let before_block = || {
            let i = block.filter(|i| *i >= from)?;
            lines[from..i].iter().rev().find_map(|l| {
                let (row, at) = wording::row_of(l)?;
                Some((row, l[at..].trim().to_string()))
            })
        };
        let rows = |from: usize| {
            behind(from).filter_map(|l| {
                let (row, at) = wording::row_of(l)?;
                Some((row, l[at..].trim().to_string()))
            })
        };
        let is_later = |row: &Row| row.cause.is_some_and(|(c, _)| LATER.contains(&c));
        let first = |from: usize| {
            let first = rows(from).next()?;
            Some(rows(from).find(|(row, _)| is_later(row)).unwrap_or(first))
        };
        // Where an instruction's line is cut in the middle, the words may stand on the same line.
        let on_line = || {
            let l = lines.get(from.checked_sub(1)?)?;
            let (row, at) = wording::row_of(l)?;
            Some((row, l[at..].trim().to_string()))
        };
        let anywhere = || {
            lines
                .iter()
                .rev()
                .filter(|l| !is_noise(l))
                .find_map(|l| wording::row_of(l).map(|(r, at)| (r, l[at..].trim().to_string())))
        };
        match before_block().or_else(|| first(from)).or_else(on_line).or_else(anywhere) {
            Some((row, words)) => {
                let call_of_own = self.walked.last().is_some_and(|l| l.text.contains("call pc"));
                let code = row.cause.map(|(c, _)| c);
                let exact = code.map(|c| by_place(c, &words, call_of_own, !self.walked.is_empty()));
                let row = exact.filter(|_| exact != code).and_then(wording::of_code).unwrap_or(row);
                self.row = Some(row);
                self.category = self.category.or(row.cause.map(|(_, c)| c));
                self.message = words;
            }
            None => {
                let loader = |l: &&String| {
                    !["libbpf:", "bpf:", "Error", "failed to"].iter().any(|w| l.trim_start().starts_with(w))
                };
                self.message = behind(from).find(loader).map(|l| l.trim().to_string()).unwrap_or_default();
                // No row has these words, but they say whose fault it is.
                if OWN_FAULTS.iter().any(|w| self.message.contains(w)) {
                    self.category = self.category.or(Some(Category::VerifierLimit));
                }
            }
        }
        let processed = lines.iter().any(|l| l.trim_start().starts_with("processed "));
        self.accepted = processed && self.message.is_empty() && self.errno.is_none();
    }

    /// The failing instruction: the last one, unless the words name another.
    fn at(&mut self) {
        let structure = self.category == Some(Category::ProgramStructure) || self.walked.is_empty();
        self.insn = match (structure.then(|| insn_in(&self.message)).flatten(), self.walked.last()) {
            (Some(n), _) => Some(n),
            (None, Some(l)) => Some(l.insn),
            (None, None) => None,
        };
        let own = self.walked.iter().rev().find(|l| Some(l.insn) == self.insn);
        self.insn_text = own.map(|l| l.text.clone()).unwrap_or_default();
    }

    /// The code of the row that the words are.
    fn row_code(&self) -> Option<Code> {
        self.row.and_then(|r| r.cause).map(|(c, _)| c)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.row_code().map_or("", Code::text)
    }

    /// The source line of the failing instruction.
    pub fn source(&self) -> Option<&Source> {
        self.walked.iter().rev().find(|l| Some(l.insn) == self.insn)?.source.as_ref()
    }

    /// The register that the words are about.
    fn register(&self) -> Option<u8> {
        self.message.match_indices('R').find_map(|(i, _)| {
            let alone = !self.message[..i].ends_with(|c: char| c.is_alphanumeric());
            let digits = self.message[i + 1..].bytes().take_while(u8::is_ascii_digit).count();
            self.message[i + 1..i + 1 + digits].parse().ok().filter(|n| alone && *n <= 10)
        })
    }

    /// What the log shows of a register before position `at` of the walk: the newest value, and where it stands.
    fn value(&self, reg: u8, at: usize) -> Option<(usize, &str)> {
        self.walked[..at].iter().enumerate().rev().find_map(|(i, l)| Some((i, register_value(&l.state, reg)?)))
    }

    /// How often the log shows the failing instruction.
    fn rounds(&self) -> usize {
        self.walked.iter().filter(|l| Some(l.insn) == self.insn).count()
    }

    /// Where the register came from, as far as the log's own order tells: who wrote it, and copies of it.
    fn chain(&self) -> Vec<Step> {
        let Some(last) = self.walked.len().checked_sub(1) else { return Vec::new() };
        let mut steps = vec![self.step(last, StepKind::Failing, String::new(), self.message.clone())];
        let Some(mut reg) = self.register().or_else(|| address_register(&self.walked[last].text)) else { return steps };
        if let Some((_, value)) = self.value(reg, self.walked.len()) {
            steps[0].before = value.to_string();
            steps[0].place = format!("R{reg}");
        }
        for i in (0..last).rev() {
            if steps.len() > MAX_CHAIN {
                break;
            }
            let Some(from) = writes(&self.walked[i].text, reg) else { continue };
            let value = register_value(&self.walked[i].state, reg).unwrap_or_default().to_string();
            let (kind, word) = match from {
                Written::Copy(_) => (StepKind::Copied, "is copied"),
                Written::Changed => (StepKind::Computed, "is computed"),
                Written::New => (StepKind::Established, "gets its value"),
            };
            let known = if value.is_empty() { String::new() } else { format!(": {value}") };
            let mut step = self.step(i, kind, value, format!("R{reg} {word} here{known}"));
            step.place = format!("R{reg}");
            steps.push(step);
            match from {
                Written::Copy(other) => reg = other,
                Written::Changed => {}
                Written::New => break,
            }
        }
        steps.reverse();
        steps
    }

    fn step(&self, at: usize, kind: StepKind, after: String, label: String) -> Step {
        let l = &self.walked[at];
        let focus = 0..l.source.as_ref().map_or(l.text.len(), |s| names::code_end(&s.text));
        Step {
            kind,
            insn: l.insn,
            insn_text: l.text.clone(),
            place: String::new(),
            before: String::new(),
            after,
            source: l.source.clone(),
            times: 1,
            label,
            focus,
            column: 0,
        }
    }

    /// The explanation, as far as the log alone gives one.
    pub fn trace(&self) -> Trace {
        let code = self.row_code();
        let mut suggestions: Vec<Suggestion> = Vec::new();
        if let Some(remedy) = code.and_then(|c| rules::remedy_of(c, &self.message)) {
            suggestions.push(Suggestion {
                code: remedy,
                text: rules::page_text(remedy),
                insn: self.insn,
                edits: Vec::new(),
                proof: Proof::NotTried,
            });
        }
        let mut problem = code.map(|c| rules::problem_of(c, &self.message)).unwrap_or_default();
        if problem.is_empty() {
            problem = self.message.clone();
        }
        let rounds = self.rounds();
        if code == Some(code!(Walk::TooLarge)) && rounds > 1 {
            problem.push_str(&format!("; the log shows instruction {} {rounds} times", self.insn.unwrap_or(0)));
        }
        Trace {
            problem,
            message: self.message.clone(),
            code: self.code(),
            category: self.category.map_or("", Category::title),
            page: self.row.map_or("", |r| r.doc.trim()),
            errno: self.errno.unwrap_or_default().to_string(),
            steps: self.chain(),
            suggestions,
        }
    }

    /// How many of the instructions that the log shows are those of a program at the same place, of how many.
    pub fn fits(&self, request: &LoadRequest) -> (usize, usize) {
        let mut seen = std::collections::BTreeMap::new();
        for l in &self.walked {
            seen.entry(l.insn).or_insert(l.text.as_str());
        }
        let same = seen.iter().filter(|(i, text)| {
            let Some(insn) = request.insns.get(**i) else { return false };
            let opcode = text.get(1..3).and_then(|o| u8::from_str_radix(o, 16).ok());
            opcode == Some(insn.code) && same_operands(text, *insn)
        });
        (same.count(), seen.len())
    }
}

/// Whether the registers and numbers of a logged instruction can be those of an instruction.
fn same_operands(text: &str, insn: crate::isa::Insn) -> bool {
    let mut own = String::new();
    // Writing into a `String` cannot fail. What calls and loads of addresses are shown as depends on the kernel.
    let _ = crate::isa::disasm::write_insn(&mut own, insn, None, &crate::isa::disasm::NoNames, false);
    insn.is_call() || insn.is_ldimm64() || own.trim() == text.trim()
}

/// What an instruction does to a register that it writes.
enum Written {
    Copy(u8),
    Changed,
    New,
}

/// The register at the beginning of a text: `r3 += …`.
fn leading_register(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix(['r', 'w'])?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    Some((rest[..digits].parse().ok()?, rest[digits..].trim_start()))
}

/// Whether an instruction writes a register, and from what.
fn writes(text: &str, reg: u8) -> Option<Written> {
    let body = text.get(4..)?.trim_start();
    if body.starts_with("call ") {
        return (reg == 0).then_some(Written::New);
    }
    let (n, rest) = leading_register(body)?;
    if n != reg {
        return None;
    }
    let value = rest.strip_prefix("= ");
    match value {
        Some(v) => match leading_register(v) {
            Some((from, "")) => Some(Written::Copy(from)),
            _ => Some(Written::New),
        },
        None => Some(Written::Changed),
    }
}

/// The register that an access goes through: `r2` of `*(u8 *)(r2 +0)`.
fn address_register(text: &str) -> Option<u8> {
    let at = text.find(" *)(r")?;
    let digits = text[at + 5..].bytes().take_while(u8::is_ascii_digit).count();
    text[at + 5..at + 5 + digits].parse().ok()
}

/// The value of a register in a state: what stands behind `R2=`, `R2_w=`.
fn register_value(state: &str, reg: u8) -> Option<&str> {
    let name = format!("R{reg}");
    let at = state.match_indices(name.as_str()).map(|(i, _)| i).find(|i| {
        let rest = &state[i + name.len()..];
        let before = state[..*i].chars().next_back();
        before.is_none_or(|c| c == ' ') && (rest.starts_with('=') || rest.starts_with('_'))
    })?;
    let value = &state[at + state[at..].find('=')? + 1..];
    let mut depth = 0usize;
    for (i, c) in value.char_indices() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 => return Some(&value[..i]),
            _ => {}
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "libbpf: prog 'parse': BPF program load failed: Permission denied
libbpf: prog 'parse': -- BEGIN PROG LOAD LOG --
0: R1=ctx(off=0,imm=0) R10=fp0
; void *p = (void *)(long)c->data; @ parse.c:9
0: (61) r2 = *(u32 *)(r1 +0)          ; R1=ctx(off=0,imm=0) R2_w=pkt(off=0,r=0,imm=0)
; return *(char *)p; @ parse.c:11
1: (71) r0 = *(u8 *)(r2 +0)
invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0)
R2 offset is outside of the packet
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
";

    fn checked(r: &Reading) {
        assert_eq!((r.code(), r.insn), ("mem-packet-range", Some(1)), "{r:?}");
        assert_eq!(r.category, Some(Category::MemorySafety));
    }

    #[test]
    fn a_log_of_libbpf() {
        let r = read(LOG.as_bytes());
        checked(&r);
        assert_eq!((r.program.as_deref(), r.errno), (Some("parse"), Some("EACCES")));
        let t = r.trace();
        let lines: Vec<u32> = t.steps.iter().filter_map(|s| Some(s.source.as_ref()?.line)).collect();
        assert_eq!(lines, [9, 11]);
        assert_eq!(t.suggestions[0].code, super::super::suggest::PACKET_CHECK);
    }

    #[test]
    fn the_same_in_every_wrapping() {
        let indented: String = LOG.lines().map(|l| format!("\t{l}\n")).collect();
        let journal: String = LOG.lines().map(|l| format!("Jan 02 03:04:05 host agent[12]: {l}\r\n")).collect();
        let coloured: String = LOG.lines().map(|l| format!("\x1b[33m{l}\x1b[0m\n")).collect();
        let json = format!("{{\"level\":\"error\",\"log\":\"{}\"}}", LOG.replace('"', "\\\"").replace('\n', "\\n"));
        for text in [indented, journal, coloured, json] {
            checked(&read(text.as_bytes()));
        }
    }

    #[test]
    fn only_the_last_line() {
        let line = "load program: permission denied: invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0): R2 offset is outside of the packet (9 line(s) omitted)";
        let r = read(line.as_bytes());
        assert_eq!((r.code(), r.insn, r.errno), ("mem-packet-range", None, Some("EACCES")));
        assert_eq!(read(b"").code(), "");
        assert_eq!(read(&[0xff, 0x1b, b'[', b'\\']).code(), "");
    }
}
