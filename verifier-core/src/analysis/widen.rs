//! Numbers that change with every round of a loop and that nothing depends on are forgotten, or the loop would never look
//! the same twice.
//!
//! In the kernel: `widen_imprecise_scalars()`, `maybe_widen_reg()`, `check_ids()`.

use super::program::Program;
use super::refs;
use crate::state::{FuncState, RegState, VerifierState};

/// Which ids of the old state go with which of the new one.
#[derive(Default)]
struct Ids(Vec<(u32, u32)>);

impl Ids {
    fn agree(&mut self, old: u32, cur: u32) -> bool {
        if old == 0 || cur == 0 {
            return old == cur;
        }
        for (o, c) in &self.0 {
            if *o == old {
                return *c == cur;
            }
            if *c == cur {
                return false;
            }
        }
        self.0.push((old, cur));
        true
    }
}

/// Whether a scalar must be forgotten: it changed since the iteration before, and nothing depends on it so far.
fn must_widen(old: &RegState, cur: &RegState, ids: &mut Ids, how: Widening) -> bool {
    if !old.is_scalar() || !cur.is_scalar() || old.precise || cur.precise {
        return false;
    }
    // The order matters: ids are noted only once everything else is equal.
    let exact = old.off == cur.off
        && old.payload == cur.payload
        && old.scalar == cur.scalar
        && (!how.minds_links || ids.agree(old.id, cur.id) && ids.agree(old.ref_obj_id, cur.ref_obj_id));
    !exact
}

/// How numbers are forgotten.
#[derive(Clone, Copy)]
pub(crate) struct Widening {
    /// A number that is a copy of another one than before has changed.
    minds_links: bool,
    /// The mark that an unknown number gets: set for programs without CAP_BPF.
    precise: bool,
}

impl Widening {
    /// That of a program.
    pub(crate) fn of(program: &Program<'_>) -> Widening {
        Widening { minds_links: !program.kernel.features.links_are_no_change, precise: !program.caps.has_cap_bpf }
    }
}

/// Forgets numbers of `cur` that differ from those of `old`, unless either is known to matter.
pub(crate) fn widen_unneeded(old: &VerifierState, cur: &mut VerifierState, how: Widening) {
    let mut ids = Ids::default();
    for fr in (0..old.frames.len().min(cur.frames.len())).rev() {
        let fold: &FuncState = &old.frames[fr];
        for i in 0..fold.regs.len() {
            if must_widen(&fold.regs[i], &cur.frames[fr].regs[i], &mut ids, how) {
                refs::forget_reg(&mut cur.frame_at_mut(fr).regs[i], how.precise);
            }
        }
        let slots = fold.stack.len().min(cur.frames[fr].stack.len()).min(64);
        for i in 0..slots {
            let (so, sc) = (&fold.stack[i], &cur.frames[fr].stack[i]);
            if so.holds_register() && sc.holds_register() && must_widen(&so.spilled, &sc.spilled, &mut ids, how) {
                cur.frame_at_mut(fr).stack.edit(1 << i, |s| refs::forget_reg(&mut s.spilled, how.precise));
            }
        }
    }
}
