//! Programs as the records of the interpreter for accepted ones: one for each slot, with the handlers that are cheapest
//! from there on.

use crate::program::{Code, Op, Src};
use verifier_core::kernel::helpers::id;

use super::fast::{Fast, Handler, OPTIMISED, RECORD, look_up, look_up_array, threads};
use super::pick::{STEP, fused, single};

/// The records of a program, made when they are first asked for.
pub(super) fn records_of(code: &Code) -> &[Fast] {
    let made = code.threaded().get_or_init(|| Box::new(flatten(code)));
    // Nobody else puts anything there.
    made.downcast_ref::<Box<[Fast]>>().map_or(&[], |records| records)
}

/// Flattens a program; one record for each slot.
fn flatten(code: &Code) -> Box<[Fast]> {
    match (OPTIMISED, OPTIMISED && threads()) {
        (true, true) => records::<true>(code, fused::<OPTIMISED>),
        (true, false) => records::<false>(code, |_, _| None),
        (false, _) => records::<false>(code, fused::<OPTIMISED>),
    }
}

/// The records of a program, with handlers of one form.
pub(super) fn records<const T: bool>(code: &Code, fused: impl Fn(&Op, &Op) -> Option<(Handler, u32)>) -> Box<[Fast]> {
    let ops = code.ops();
    let mut out: Vec<Fast> = ops.iter().zip(0..).map(|(op, at)| record::<T>(op, at)).collect();
    know_maps::<T>(code, &mut out);
    // What it costs to come from a slot to where control no longer goes on behind it.
    let mut cost = vec![0; ops.len() + 3];
    for at in (0..ops.len()).rev() {
        let slots = if matches!(ops[at], Op::Const { .. }) { 2 } else { 1 };
        cost[at] = match ops[at] {
            Op::Jump { .. } | Op::Exit => STEP,
            _ => STEP + cost[at + slots],
        };
        let Some(next) = ops.get(at + slots) else { continue };
        if let Some((run, price)) = fused(&ops[at], next) {
            let behind = at + slots + if matches!(next, Op::Const { .. }) { 2 } else { 1 };
            if price + cost[behind] <= cost[at] {
                cost[at] = price + cost[behind];
                out[at].run = run;
            }
        }
    }
    out.into()
}

fn record<const T: bool>(op: &Op, at: u32) -> Fast {
    let blank = Fast { run: single::<T>(op), imm: 0, off: at as i32, dst: 0, src: 0 };
    let second = |src: Src| match src {
        Src::Reg(r) => (r, 0),
        Src::Imm(n) => (0, n),
    };
    // Bytes to a target, and the fuel that going there takes.
    let to = |target: u32| {
        let away = i64::from(target) - i64::from(at);
        ((away * RECORD) as i32, if away <= 0 { 1 - away } else { 0 } << 32)
    };
    match *op {
        Op::Alu { dst, src, .. } => {
            let (src, imm) = second(src);
            Fast { dst, src, imm, ..blank }
        }
        Op::MovSx { dst, src, .. } => Fast { dst, src, ..blank },
        Op::ByteOrder { dst, .. } => Fast { dst, ..blank },
        Op::Const { dst, value } => Fast { dst, imm: value as i64, ..blank },
        Op::Load { dst, base, off, .. } | Op::LoadAcquire { dst, base, off, .. } => {
            Fast { dst, src: base, off: off.into(), ..blank }
        }
        Op::Store { base, off, src, .. } => {
            let (src, imm) = second(src);
            Fast { dst: base, src, off: off.into(), imm, ..blank }
        }
        Op::StoreRelease { base, off, src, .. } => Fast { dst: base, src, off: off.into(), ..blank },
        Op::Atomic { fetch, base, off, src, .. } => {
            Fast { dst: base, src, off: off.into(), imm: fetch.into(), ..blank }
        }
        Op::Branch { dst, src, target, .. } => {
            let ((src, imm), (off, cost)) = (second(src), to(target));
            Fast { dst, src, off, imm: cost | i64::from(imm as u32), ..blank }
        }
        Op::Jump { target } | Op::MayGoto { target } => {
            let (off, imm) = to(target);
            Fast { off, imm, ..blank }
        }
        Op::CallLocal { target, .. } => Fast { off: to(target).0, imm: at.into(), ..blank },
        Op::Call { helper } => Fast { imm: helper.func as usize as i64, ..blank },
        Op::CallReg { .. } => Fast { imm: at.into(), ..blank },
        _ => blank,
    }
}

/// Lookups in maps that the instructions before say: they need not ask which kind of map it is.
fn know_maps<const T: bool>(code: &Code, out: &mut [Fast]) {
    let ops = code.ops();
    let is_lookup = |op: &Op| matches!(op, Op::Call { helper } if helper.id == id::MAP_LOOKUP_ELEM);
    if !ops.iter().any(is_lookup) {
        return;
    }
    let mut targets = vec![false; ops.len()];
    for op in ops {
        if let Op::Jump { target } | Op::Branch { target, .. } | Op::MayGoto { target } = *op {
            targets[target as usize] = true;
        }
    }
    code.subprogs().iter().for_each(|s| targets[s.start as usize] = true);
    // The value of r1, where control can have come from nowhere else.
    let mut r1 = None;
    for (at, op) in ops.iter().enumerate() {
        if targets[at] {
            r1 = None;
        }
        match *op {
            Op::Const { dst: 1, value } => r1 = Some(value),
            Op::Const { .. } | Op::Pad | Op::Store { .. } | Op::StoreRelease { .. } | Op::Branch { .. } => {}
            Op::Alu { dst, .. }
            | Op::MovSx { dst, .. }
            | Op::ByteOrder { dst, .. }
            | Op::Load { dst, .. }
            | Op::LoadAcquire { dst, .. }
                if dst != 1 => {}
            Op::LoadOrZero { dst, .. } if dst != 1 => {}
            Op::Atomic { src, .. } if src != 1 => {}
            _ if is_lookup(op) => {
                if let Some(map) = r1.and_then(|address| code.map_at(address)).filter(|m| m.looks_up_plainly()) {
                    out[at].imm = map.address() as i64;
                    out[at].run = if map.array_layout().is_some() { look_up_array::<T> } else { look_up::<T> };
                }
                r1 = None;
            }
            _ => r1 = None,
        }
    }
}
