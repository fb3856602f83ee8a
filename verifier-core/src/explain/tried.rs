//! Tries a remedy before it is told: the edit on the instructions, and the analysis again.
//!
//! Only what a kernel would then accept, or what gets it past the rejected line, is told as the change to make. An edit
//! here is a check that a person would write: where it does not hold, the program ends.

use crate::analysis::{Options, Verdict, verify_with};
use crate::error::Msg;
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::log::Off;
use crate::program::LoadRequest;

use super::lines::Lines;
use super::suggest::Facts;

/// Instructions that all tries of one explanation may take together.
const BUDGET: u64 = 2_000_000;

/// What the analysis says of the changed program.
pub(super) enum Outcome {
    /// It is accepted, or gets past the line that was rejected.
    Helps,
    /// The same line is rejected for the same reason, in these words.
    Still(Option<Msg>),
    /// It cannot be said.
    Unknown,
}

/// Puts instructions in before one, and lets every jump, call and record follow.
///
/// With `falls_through_only`, jumps to the instruction pass by what is inserted.
pub fn inserted(request: &LoadRequest, at: usize, code: &[Insn], falls_through_only: bool) -> Option<LoadRequest> {
    let n = code.len();
    let moved = |i: usize| if i >= at { i + n } else { i };
    let target = |t: usize| if t > at || (t == at && falls_through_only) { t + n } else { t };
    let mut out = request.clone();
    out.insns.clear();
    let mut i = 0;
    while i < request.insns.len() {
        let mut x = request.insns[i];
        if i == at {
            out.insns.extend(code);
        }
        let from = moved(i) as i64 + 1;
        let to = |by: i32| usize::try_from(i as i64 + 1 + i64::from(by)).ok();
        if x.is_pseudo_call() || x.is_pseudo_func() {
            // A function that begins there begins with what is inserted.
            let t = to(x.imm)?;
            x.imm = i32::try_from(if t > at { t + n } else { t } as i64 - from).ok()?;
        } else if x.is_jmp_class() && !matches!(x.op(), CALL | EXIT) {
            let by = target(to(x.jump_offset())?) as i64 - from;
            if x.code == (JMP32 | JA) {
                x.imm = i32::try_from(by).ok()?;
            } else {
                x.off = i16::try_from(by).ok()?;
            }
        }
        out.insns.push(x);
        if x.is_ldimm64() && i + 1 < request.insns.len() {
            i += 1;
            out.insns.push(request.insns[i]);
        }
        i += 1;
    }
    for f in &mut out.func_info {
        if f.insn_off as usize > at {
            f.insn_off += n as u32;
        }
    }
    for l in &mut out.line_info {
        if l.insn_off as usize > at {
            l.insn_off += n as u32;
        }
    }
    Some(out)
}

/// `r0 = 0; exit`: what `return 0;` becomes.
pub(super) const LEAVE: [Insn; 2] = [
    Insn { code: ALU64 | MOV | K, dst: 0, src: 0, off: 0, imm: 0 },
    Insn { code: JMP | EXIT, dst: 0, src: 0, off: 0, imm: 0 },
];

impl Facts<'_> {
    /// The analysis again, with `n` instructions inserted before `at` (or with none, changed in place).
    pub(super) fn attempt(&self, edited: &LoadRequest, at: usize, n: usize) -> Outcome {
        if self.spent.get() > BUDGET {
            return Outcome::Unknown;
        }
        let quiet = Options { log_level: 0, ..self.options.clone() };
        let report = verify_with(self.system, edited, &quiet, &mut Off, self.stop);
        let took = report.stats.as_ref().map_or(0, |s| u64::from(s.insns));
        self.spent.set(self.spent.get() + took + 1000);
        let rejection = match report.verdict {
            Verdict::Accepted(_) => return Outcome::Helps,
            Verdict::Rejected(r) => r,
            _ => return Outcome::Unknown,
        };
        let same_rule = rejection.cause.as_ref().map(|c| c.row().name) == self.cause.map(|c| c.row().name);
        let inside = (at..at + n).contains(&report.insn_idx);
        let place = |lines: Lines<'_>, i: usize| lines.line(i).map(|l| (l.source.file, l.source.line));
        let (was, is) = (place(self.lines, self.end), place(Lines { request: edited }, report.insn_idx));
        let same_place = match (was, is) {
            (Some(a), Some(b)) => a == b,
            _ => report.insn_idx == self.end + if at <= self.end { n } else { 0 },
        };
        match (inside, same_place, same_rule) {
            // Rejected in what was inserted, or on the same line for another reason: nothing is mended.
            (true, _, _) | (false, true, false) => Outcome::Unknown,
            (false, true, true) => Outcome::Still(rejection.cause),
            (false, false, _) => Outcome::Helps,
        }
    }

    /// The analysis again, with instructions inserted before one.
    pub(super) fn attempt_insert(&self, at: usize, code: &[Insn]) -> Outcome {
        match inserted(self.request, at, code, false) {
            Some(edited) => self.attempt(&edited, at, code.len()),
            None => Outcome::Unknown,
        }
    }
}
