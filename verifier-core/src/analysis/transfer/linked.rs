//! Scalars that are copies of each other, or a constant apart, learn from each other's comparisons.
//!
//! Answers for `collect_linked_regs()` and `sync_linked_regs()`.

use smallvec::SmallVec;

use crate::state::register::{ADD_CONST, ADD_CONST32};
use crate::state::{RegState, SlotKind, VerifierState};

use super::super::Cx;
use super::super::liveness::Place;
use super::super::regs::*;
use super::super::trail::{LinkedReg, LinkedRegs};

/// Adds the scalars of the current path that share `id`, innermost frame first. What does not fit loses its id.
pub(super) fn collect(cx: &mut Cx<'_>, id: u32, linked: &mut LinkedRegs) {
    let id = id & !ADD_CONST;
    let live_only = cx.program.kernel.features.links_live_only;
    let most = LinkedRegs::MAX - usize::from(cx.program.kernel.features.five_linked);
    let shares = |r: &RegState| r.is_scalar() && r.id & !ADD_CONST == id;
    for frame in (0..cx.path.cur.frames.len()).rev() {
        let live = if live_only { live_regs(cx, frame) } else { u16::MAX };
        let f = &cx.path.cur.frames[frame];
        let mut found: Vec<Place> = Vec::new();
        found.extend((0..FP).filter(|n| live >> n & 1 != 0 && shares(&f.regs[usize::from(*n)])).map(Place::Reg));
        found.extend(
            (0..f.stack.len())
                .filter(|n| f.stack[*n].holds_register() && shares(&f.stack[*n].spilled))
                .map(Place::Slot),
        );
        for place in found {
            let (index, is_reg) = match place {
                Place::Reg(n) => (n, true),
                Place::Slot(n) => (n as u8, false),
            };
            let full = linked.entries().len() >= most;
            if full || !linked.push(LinkedReg { frame: frame as u8, index, is_reg }) {
                drop_link(at_mut(&mut cx.path.cur, At { frame, place }));
            }
        }
    }
}

/// Registers live where a frame stands: at the current instruction, or at its call.
fn live_regs(cx: &Cx<'_>, frame: usize) -> u16 {
    let idx = match cx.path.cur.frames.get(frame + 1) {
        Some(callee) => usize::try_from(callee.called_from).unwrap_or(cx.path.insn_idx),
        None => cx.path.insn_idx,
    };
    cx.learned.aux.get(idx).map_or(u16::MAX, |a| a.live_registers_before)
}

/// What is known of register `regno` (of the innermost frame) is known of every number with the same id.
pub(super) fn copy_to_all(st: &mut VerifierState, regno: u8) {
    let known = *st.reg(regno);
    if !known.is_scalar() || known.id == 0 {
        return;
    }
    for place in places(st, |r| r.is_scalar() && r.id == known.id) {
        // What was saved in part is not reached.
        if let Place::Slot(n) = place.place
            && st.frames[place.frame].stack[n].kind[0] != SlotKind::Spill
        {
            continue;
        }
        at_mut(st, place).copy_from(&known);
    }
}

/// What is now known of register `regno` (of the innermost frame) is known of those linked to it.
pub(super) fn sync(cx: &mut Cx<'_>, other: bool, regno: u8, linked: &LinkedRegs) {
    let rules = cx.program.rules();
    let mut touched: SmallVec<[Place; 8]> = SmallVec::new();
    let shown = cx.program.kernel.features.linked_registers_shown;
    let sync_now = cx.program.kernel.features.links_over_sub_and_alu32;
    let st: &mut VerifierState = if other { cx.path.forked_mut() } else { &mut cx.path.cur };
    let top = st.top_frame();
    let known = *st.reg(regno);
    for e in linked.entries() {
        let place = if e.is_reg { Place::Reg(e.index) } else { Place::Slot(usize::from(e.index)) };
        let here = At { frame: usize::from(e.frame), place };
        let reg = *at(st, here);
        if !reg.is_scalar() || (here.frame == top && place == Place::Reg(regno)) {
            continue;
        }
        if reg.id & !ADD_CONST != known.id & !ADD_CONST {
            continue;
        }
        // A distance formed in 32 bits says nothing of one formed in 64.
        if (reg.id ^ known.id) & ADD_CONST == ADD_CONST {
            continue;
        }
        let mut new = reg;
        new.copy_from(&known);
        let apart = (reg.id | known.id) & ADD_CONST != 0 && reg.off != known.off;
        if apart {
            // Id and distance stay, or the next round would go wrong.
            (new.off, new.id) = (reg.off, reg.id);
            let delta = i64::from(reg.off).wrapping_sub(i64::from(known.off));
            new.scalar.add_loose(delta as u64, rules);
            if sync_now {
                if (reg.id | known.id) & ADD_CONST32 != 0 {
                    new.scalar.zext();
                }
                new.scalar.sync_bounds(rules);
            }
        }
        *at_mut(st, here) = new;
        touched.push(place);
    }
    for place in touched.into_iter().filter(|_| shown) {
        match place {
            Place::Reg(n) => cx.path.scratch_reg(n),
            Place::Slot(n) => cx.path.scratch_slot(n),
        }
    }
}
