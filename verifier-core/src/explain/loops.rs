//! Loops that the analysis followed to its limit: how often they go round, and whether that has an end.

use crate::code;
use crate::error::Code;
use crate::kernel::helpers;

use super::path::Place;
use super::remedy::*;
use super::slice::{Note, RawStep, is_branch, value_before};
use super::suggest::{Diagnosis, Facts};

/// Instructions that the kernel follows in one program.
const LIMIT: u64 = 1_000_000;

/// What a loop's own comparison says about its end.
pub(super) struct Bound {
    /// Rounds that it allows at most.
    pub rounds: u64,
    /// Instructions of one round.
    pub per_round: u64,
    /// It is compared with a constant; else with a number that is at most so large.
    pub constant: bool,
}

impl Facts<'_> {
    /// The end of the loop whose last instruction is `back`, as the last rounds of the path show it: a comparison of a
    /// counter that changes by the same number every round.
    fn loop_bound(&self, back: usize) -> Option<Bound> {
        let steps = &self.path.steps;
        let mut ends = steps.iter().enumerate().rev().filter(|(_, s)| s.insn == back).map(|(i, _)| i);
        let (last, before, earlier) = (ends.next()?, ends.next()?, ends.next()?);
        let per_round = (last - before) as u64;
        let compared = |i: usize| {
            let s = steps.get(i)?;
            let insn = self.lines.insn(s.insn);
            let held = |n: u8| value_before(self.path, i, Place::Reg { frame: s.frame, n });
            let counter = held(insn.dst).filter(|r| r.is_scalar() && r.scalar.is_const())?.scalar.var_off.value as i64;
            let (limit, constant) = match insn.is_reg_src() {
                false => (i64::from(insn.imm), true),
                true => {
                    let r = held(insn.src).filter(|r| r.is_scalar())?;
                    (i64::try_from(r.scalar.umax).ok()?, r.scalar.is_const())
                }
            };
            Some((counter, limit, constant))
        };
        (before + 1..=last).find_map(|i| {
            let s = steps.get(i)?;
            if !is_branch(self.lines.insn(s.insn)) {
                return None;
            }
            let was = (earlier + 1..=before).find(|j| steps[*j].insn == s.insn)?;
            let ((old, _, _), (now, limit, constant)) = (compared(was)?, compared(i)?);
            let step = now.checked_sub(old).filter(|n| *n != 0)?;
            let left = limit.checked_sub(now)?;
            (left.signum() == step.signum() && left != 0).then(|| {
                let left = left.unsigned_abs() / step.unsigned_abs();
                Bound { rounds: self.rounds_of(back) + left, per_round: per_round.max(1), constant }
            })
        })
    }

    fn rounds_of(&self, back: usize) -> u64 {
        self.slice.steps.iter().find(|s| s.note == Note::Round && s.insn == back).map_or(0, |s| u64::from(s.times))
    }

    /// The loop that goes round most often on the path.
    fn busiest(&self) -> Option<&RawStep> {
        self.slice.steps.iter().filter(|s| s.note == Note::Round).max_by_key(|s| s.times)
    }

    /// What a loop can be made of instead in this release.
    fn instead_of_loop(&self, rounds: Option<u64>) -> String {
        let n = rounds.map_or("n".to_string(), |n| n.to_string());
        if helpers::exists(&self.system.kernel, BPF_LOOP) {
            format!("`bpf_loop({n}, body, &state, 0)`, whose body is followed once however often it runs")
        } else {
            "a smaller number of rounds, spread over several runs or tail calls".into()
        }
    }

    /// Words for loops without progress and loops that are too long.
    pub(super) fn loops(&self, d: &mut Diagnosis) {
        if self.code == Some(code!(Limit::InfiniteLoop)) {
            d.say(
                "nothing changes from round to round of this loop, so it may never end".into(),
                "the same state again: a loop without progress".into(),
            );
            let text = "count the rounds and leave after a constant number: `for (int i = 0; i < 1000 && …; i++)`";
            d.push(BOUND_LOOP, text.into(), None);
        }
        if !self.about(Code::is_too_long) {
            return;
        }
        let Some(round) = self.busiest() else { return };
        let (at, here) = (self.lines.place(round.insn), "given up here, in the middle of a loop".to_string());
        let Some(bound) = self.loop_bound(round.insn) else {
            d.say(
                "the kernel gave up: it follows loops round by round, and this one has no end that it can see".into(),
                here,
            );
            let text = format!(
                "give the loop at {at} a constant bound besides: `i < n && i < 256`, or use {}",
                self.instead_of_loop(None)
            );
            d.push(BOUND_LOOP, text, Some(round.insn));
            return;
        };
        let most = if bound.constant { "goes round" } else { "may go round" };
        d.say(
            format!(
                "the kernel gave up: it follows loops round by round, and this one {most} {} times, about {} instructions each, where {LIMIT} fit into a program",
                bound.rounds, bound.per_round
            ),
            here,
        );
        let fits = LIMIT / bound.per_round;
        let text = format!(
            "make the loop at {at} a {}, or let it go round fewer times: less than {} rounds fit, and other paths count as well",
            self.instead_of_loop(Some(bound.rounds)),
            if fits > 10 { fits * 9 / 10 } else { fits }
        );
        d.push(BOUND_LOOP, text, Some(round.insn));
    }
}

/// Number of `bpf_loop()`.
const BPF_LOOP: u32 = 181;
