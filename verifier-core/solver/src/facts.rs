//! What the analysis knows that a symbolic run needs: types of results, and states at chosen instructions.
//!
//! A listener. Result types of loads and calls are the contracts of helpers, context fields and kernel types; they stand
//! in the analysis, and are read from its states instead of being written down again.

use std::collections::{BTreeMap, BTreeSet};

use verifier_core::domain::Scalar;
use verifier_core::isa::Op;
use verifier_core::log::{Context, Event, Interest, Sink};
use verifier_core::state::{RegBase, RegState, VerifierState};

/// Most states kept for one instruction.
const MAX_STATES: usize = 64;
/// Most different result types kept for one instruction.
const MAX_RESULTS: usize = 4;

/// What was seen.
#[derive(Default)]
pub struct Facts {
    /// Results of loads and calls by instruction, one for each type that differs.
    pub results: BTreeMap<usize, Vec<RegState>>,
    /// States at the instructions asked for, one for each combination of types.
    pub states: BTreeMap<usize, Vec<VerifierState>>,
    /// Instructions whose states did not all fit.
    pub crowded: BTreeSet<usize>,
    /// Instruction that the walk of a rejected function began with, and its state.
    pub entry: Option<(usize, VerifierState)>,
    /// Instructions that some path reaches.
    pub reached: BTreeSet<usize>,
    /// Instructions at which some path ends.
    pub ended: BTreeSet<usize>,
    /// States at the begins of the program and of functions that are verified on their own.
    pub begins: BTreeMap<usize, VerifierState>,
    /// Instructions where states are wanted; empty: none.
    pub wanted: BTreeSet<usize>,
    last: Option<(usize, usize)>,
    begun: bool,
}

impl Facts {
    /// Listens, and keeps the states at these instructions.
    pub fn wanting(wanted: BTreeSet<usize>) -> Facts {
        Facts { wanted, ..Facts::default() }
    }

    /// State at the program's entry.
    pub fn main(&self) -> Option<&VerifierState> {
        self.begins.get(&0)
    }

    /// The register that an instruction writes and whose type is wanted.
    fn result_register(cx: &Context<'_>, idx: usize) -> Option<u8> {
        let insn = cx.insns.get(idx)?;
        match insn.decode() {
            Op::Load { dst, .. } | Op::Const { dst, .. } => Some(dst),
            Op::PacketLoad { .. } | Op::Call { .. } => Some(0),
            _ => None,
        }
    }

    fn keep_result(&mut self, idx: usize, reg: &RegState) {
        let list = self.results.entry(idx).or_default();
        if let Some(known) = list.iter_mut().find(|r| r.ty == reg.ty && r.payload == reg.payload && r.off == reg.off) {
            join(&mut known.scalar, &reg.scalar);
        } else if list.len() < MAX_RESULTS {
            list.push(*reg);
        }
    }
}

/// Everything that one of two says of a number must hold for both.
fn join(a: &mut Scalar, b: &Scalar) {
    *a = Scalar {
        var_off: a.var_off.union(b.var_off),
        smin: a.smin.min(b.smin),
        smax: a.smax.max(b.smax),
        umin: a.umin.min(b.umin),
        umax: a.umax.max(b.umax),
        s32_min: a.s32_min.min(b.s32_min),
        s32_max: a.s32_max.max(b.s32_max),
        u32_min: a.u32_min.min(b.u32_min),
        u32_max: a.u32_max.max(b.u32_max),
        ..Scalar::UNKNOWN
    };
}

/// Registers and spilled registers of a state, in a fixed order.
fn registers(state: &VerifierState) -> Vec<RegState> {
    let of_frame = |f: &verifier_core::state::FuncState| {
        let slots: Vec<RegState> = f.stack.iter().filter(|s| s.holds_register()).map(|s| s.spilled).collect();
        f.regs.into_iter().chain(slots)
    };
    state.frames.iter().map(std::rc::Rc::as_ref).flat_map(of_frame).collect()
}

/// The same types, fixed offsets and sharing everywhere; numbers may differ.
fn same_types(a: &VerifierState, b: &VerifierState) -> bool {
    let frames = a.frames.len() == b.frames.len()
        && a.frames.iter().zip(&b.frames).all(|(f, g)| {
            f.called_from == g.called_from
                && f.stack.len() == g.stack.len()
                && f.stack.iter().zip(g.stack.iter()).all(|(s, t)| s.kind == t.kind)
        });
    if !frames {
        return false;
    }
    let (mut there, mut back) = (BTreeMap::new(), BTreeMap::new());
    registers(a).iter().zip(&registers(b)).all(|(x, y)| {
        let alike = x.ty == y.ty && x.off == y.off && x.payload == y.payload;
        // Ids are names: the same sharing, whatever they are called. Those of numbers do not count.
        alike
            && (x.is_scalar()
                || (*there.entry(x.id).or_insert(y.id) == y.id && *back.entry(y.id).or_insert(x.id) == x.id))
    })
}

/// Makes a state stand for another with the same types as well: offsets that differ become unknown.
fn widen(known: &mut VerifierState, other: &VerifierState) {
    let others = registers(other);
    let mut n = 0;
    for f in &mut known.frames {
        let f = std::rc::Rc::make_mut(f);
        let mut widen = |reg: &mut RegState| {
            if others.get(n).is_some_and(|o| o.scalar != reg.scalar) {
                reg.scalar = Scalar::UNKNOWN;
            }
            n += 1;
        };
        f.regs.iter_mut().for_each(&mut widen);
        let spilled = f.stack.which(|s| s.holds_register());
        f.stack.edit(spilled, |s| widen(&mut s.spilled));
    }
}

impl Sink for Facts {
    fn interest(&self) -> Interest {
        Interest { log_level: 0, structure: true }
    }

    fn event(&mut self, cx: &Context<'_>, event: &Event<'_>) {
        match *event {
            Event::Begin { .. } => {
                self.begun = true;
                self.last = None;
            }
            Event::At { idx, state, prev } => {
                if std::mem::take(&mut self.begun) {
                    self.entry = Some((idx, state.clone()));
                    self.begins.entry(idx).or_insert_with(|| state.clone());
                }
                self.reached.insert(idx);
                let depth = state.frames.len();
                // A path that begins behind a call has one of its results.
                let other = usize::try_from(prev).ok().filter(|p| *p + 1 == idx && self.last.is_none());
                let other = other.filter(|p| cx.insns.get(*p).is_some_and(|i| i.is_call() && !i.is_pseudo_call()));
                if let Some((before, frames)) = self.last.or(other.map(|p| (p, depth)))
                    && i64::from(prev) == before as i64
                    && frames == depth
                    && let Some(n) = Facts::result_register(cx, before)
                {
                    let reg = *state.reg(n);
                    if reg.ty.base != RegBase::NotInit {
                        self.keep_result(before, &reg);
                    }
                }
                self.last = Some((idx, depth));
                if self.wanted.contains(&idx) {
                    let list = self.states.entry(idx).or_default();
                    if let Some(known) = list.iter_mut().find(|s| same_types(s, state)) {
                        widen(known, state);
                    } else if list.len() < MAX_STATES {
                        list.push(state.clone());
                    } else {
                        self.crowded.insert(idx);
                    }
                }
            }
            Event::PathEnd { idx } => {
                self.ended.insert(idx);
                self.last = None;
            }
            Event::Pruned { .. } => self.last = None,
            _ => {}
        }
    }

    fn mark(&self) -> u64 {
        0
    }

    fn rewind(&mut self, _: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_two_visits_are_joined_whole() {
        let mut a = Scalar::konst(1);
        join(&mut a, &Scalar::konst(6));
        assert_eq!((a.umin, a.umax, a.s32_min, a.u32_max), (1, 6, 1, 6));
        assert!(!a.var_off.is_const());
    }
}
