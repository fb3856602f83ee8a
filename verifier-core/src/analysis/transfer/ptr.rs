//! Pointer plus or minus a number.
//!
//! Answers for `adjust_ptr_min_max_vals()` and `check_reg_sane_offset()`.

use crate::error::{Errno, RegisterMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::kernel::Features;
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::kernel::pointer::Moves;
use crate::state::{Payload, RegState};

use super::super::Cx;
use super::super::regs::*;
use super::super::story::whole_offset;
use super::alu::op_text;
use super::sanitize;

/// The rejection of an offset that is not sane, printed but not yet given out.
fn insane_offset(cx: &mut Cx<'_>, reg: &RegState, ty: RegType) -> Option<crate::error::Stop> {
    let out = |v: i64| v >= MAX_VAR_OFF || v <= -MAX_VAR_OFF;
    let smin = reg.scalar.smin;
    let msg = match reg.scalar.known(false) {
        Some(val) if out(val as i64) => RegisterMsg::OffsetConstant { ty, val: val as i64 },
        _ if out(i64::from(reg.off)) => RegisterMsg::OffsetFixed { ty, off: reg.off },
        _ if smin == i64::MIN => RegisterMsg::OffsetUnbounded { ty },
        _ if out(smin) => RegisterMsg::OffsetRange { val: smin, ty },
        _ => return None,
    };
    Some(cx.reject(msg, Errno::EINVAL))
}

/// Whether pointers of this kind can be moved by this offset.
fn movable(ty: RegType, off: &RegState, op: u8, features: &Features) -> bool {
    let known = off.scalar.known(false);
    match ty.base.row().moves {
        Moves::Freely => true,
        Moves::ByConstants => known.is_some() || !features.flow_keys_constant,
        Moves::ByZero => known == Some(0) && op == ADD,
        Moves::Never => false,
    }
}

/// The destination register becomes `ptr` moved by `off`; `ptr_is_dst` tells whether the pointer is the instruction's
/// destination (`pointer += number`) or its source (`number += pointer`).
///
/// # Errors
/// Rejects what is not addition or subtraction, kinds of pointers that do not move, offsets too large to be tracked,
/// and what cannot be made safe against speculative execution for unprivileged programs.
pub(super) fn adjust_ptr(cx: &mut Cx<'_>, insn: Insn, ptr: RegState, off: RegState, ptr_is_dst: bool) -> Res {
    let regno = insn.dst;
    let op = insn.op();
    let o = off.scalar;
    let known = o.is_const();
    if (known && (o.smin != o.smax || o.umin != o.umax)) || o.smin > o.smax || o.umin > o.umax {
        // Such bounds come from branches that are never taken.
        set_unknown(cx, regno);
        return Ok(());
    }
    if insn.class() != ALU64 {
        if op == SUB && cx.program.caps.pointers_may_leak {
            set_unknown(cx, regno);
            return Ok(());
        }
        return Err(cx.reject(RegisterMsg::PointerAlu32 { regno }, Errno::EACCES));
    }
    if ptr.ty.may_be_null() {
        return Err(cx.reject(RegisterMsg::PointerOrNull { regno, ty: ptr.ty }, Errno::EACCES));
    }
    // Reads through such pointers cannot fault, so where they point does not matter.
    if ptr.ty.base == RegBase::PtrToMem && ptr.has(TypeFlags::UNTRUSTED) {
        if !ptr_is_dst && cx.program.kernel.features.untrusted_mem_apart {
            *cx.reg_mut(regno) = ptr;
        }
        return Ok(());
    }
    if !movable(ptr.ty, &off, op, &cx.program.kernel.features) {
        return Err(cx.reject(RegisterMsg::PointerKind { regno, ty: ptr.ty }, Errno::EACCES));
    }
    let inherits_all = cx.program.kernel.features.moved_pointer_inherits_all;
    let stays = cx.program.kernel.features.sums_stay_in_frame;
    if !ptr_is_dst && inherits_all {
        *cx.reg_mut(regno) = ptr;
    } else if !ptr_is_dst {
        let dst = cx.reg_mut(regno);
        (dst.ty, dst.id) = (ptr.ty, ptr.id);
        if stays {
            dst.frame_number = ptr.frame_number;
        }
    }
    for reg in [&off, &ptr] {
        if let Some(stop) = insane_offset(cx, reg, ptr.ty) {
            return Err(stop);
        }
    }
    if !inherits_all {
        cx.reg_mut(regno).scalar.forget_low_ranges();
    }
    let mut window = sanitize::Window::default();
    if matches!(op, ADD | SUB) {
        sanitize::before_move(cx, insn, &ptr, &off, ptr_is_dst, &mut window)?;
    }
    let whole = cx.program.kernel.features.offsets_are_values;
    let mut dst = *cx.reg(regno);
    dst.scalar.forget_low_ranges();
    match op {
        ADD if whole => move_whole(cx, &mut dst, &ptr, &off, false),
        ADD => move_up(cx, &mut dst, &ptr, &off),
        SUB if !ptr_is_dst => return Err(cx.reject(RegisterMsg::ScalarMinusPointer { regno }, Errno::EACCES)),
        SUB if ptr.ty.is(RegBase::PtrToStack) => {
            return Err(cx.reject(RegisterMsg::StackMinus { regno }, Errno::EACCES));
        }
        SUB if whole => move_whole(cx, &mut dst, &ptr, &off, true),
        SUB => move_down(cx, &mut dst, &ptr, &off),
        AND | OR | XOR => {
            return Err(cx.reject(RegisterMsg::PointerBitwise { regno, op: op_text(op) }, Errno::EACCES));
        }
        _ => return Err(cx.reject(RegisterMsg::PointerOperator { regno, op: op_text(op) }, Errno::EACCES)),
    }
    if let Some(stop) = insane_offset(cx, &dst, ptr.ty) {
        return Err(stop);
    }
    // What an immediate or a difference makes of a variable offset into a packet is known from its bits alone in the low
    // half.
    if !whole || dst.scalar.is_const() || op == ADD && insn.is_reg_src() || !is_packet_pointer(&dst) {
        bring_in_step(cx, &mut dst);
    }
    if cx.program.kernel.features.moved_end_is_forgotten
        && matches!(dst.payload, Payload::Range(r) if r < 0)
        && is_packet_pointer(&dst)
    {
        dst.payload = Payload::None;
    }
    *cx.reg_mut(regno) = dst;
    sanitize::check_bounds(cx, insn)?;
    if matches!(op, ADD | SUB) {
        sanitize::after_move(cx, insn, !ptr_is_dst && !inherits_all, &window)?;
    }
    Ok(())
}

/// The fixed offset after a constant move, if it still fits its 32 bits.
fn fixed(ptr: &RegState, off: &RegState, sign: i64) -> Option<i32> {
    let k = off.scalar.is_const().then_some(off.scalar.smin)?;
    i32::try_from(i64::from(ptr.off).checked_add(k.checked_mul(sign)?)?).ok()
}

/// A constant goes to the fixed offset; the variable one stays.
fn keep_variable_part(dst: &mut RegState, ptr: &RegState, off: i32) {
    let (p, d) = (&ptr.scalar, &mut dst.scalar);
    (d.smin, d.smax, d.umin, d.umax, d.var_off) = (p.smin, p.smax, p.umin, p.umax, p.var_off);
    dst.off = off;
    dst.payload = ptr.payload;
}

/// `pointer += number` and `pointer -= number` where the whole offset is one value. Only what is constant altogether stays a
/// fixed offset.
fn move_whole(cx: &mut Cx<'_>, dst: &mut RegState, ptr: &RegState, off: &RegState, back: bool) {
    if let Some(fixed) = fixed(ptr, off, if back { -1 } else { 1 })
        && ptr.scalar.is_const()
    {
        dst.id = ptr.id;
        return keep_variable_part(dst, ptr, fixed);
    }
    dst.scalar = whole_offset(ptr);
    dst.scalar.move_loose(&off.scalar, back, cx.program.rules());
    (dst.off, dst.id, dst.payload) = (0, ptr.id, ptr.payload);
    if !off.scalar.is_const() {
        new_packet_base(cx, dst, ptr, !back || off.scalar.smin < 0);
    }
}

/// `pointer += number`.
fn move_up(cx: &mut Cx<'_>, dst: &mut RegState, ptr: &RegState, off: &RegState) {
    if let Some(fixed) = fixed(ptr, off, 1) {
        return keep_variable_part(dst, ptr, fixed);
    }
    let (p, o, d) = (&ptr.scalar, &off.scalar, &mut dst.scalar);
    (d.smin, d.smax) = p.smin.checked_add(o.smin).zip(p.smax.checked_add(o.smax)).unwrap_or((i64::MIN, i64::MAX));
    (d.umin, d.umax) = p.umin.checked_add(o.umin).zip(p.umax.checked_add(o.umax)).unwrap_or((0, u64::MAX));
    d.var_off = p.var_off.add(o.var_off);
    dst.off = ptr.off;
    dst.payload = ptr.payload;
    new_packet_base(cx, dst, ptr, true);
}

/// `pointer -= number`.
fn move_down(cx: &mut Cx<'_>, dst: &mut RegState, ptr: &RegState, off: &RegState) {
    if let Some(fixed) = fixed(ptr, off, -1) {
        dst.id = ptr.id;
        return keep_variable_part(dst, ptr, fixed);
    }
    let (p, o, d) = (&ptr.scalar, &off.scalar, &mut dst.scalar);
    (d.smin, d.smax) = p.smin.checked_sub(o.smax).zip(p.smax.checked_sub(o.smin)).unwrap_or((i64::MIN, i64::MAX));
    (d.umin, d.umax) = match p.umin.checked_sub(o.umax) {
        Some(min) => (min, p.umax.wrapping_sub(o.umin)),
        None => (0, u64::MAX),
    };
    d.var_off = p.var_off.sub(o.var_off);
    dst.off = ptr.off;
    dst.payload = ptr.payload;
    // Moving back by what is not negative leaves what was readable readable.
    new_packet_base(cx, dst, ptr, o.smin < 0);
}

/// A packet pointer moved by a variable amount is compared with the packet's end on its own.
fn new_packet_base(cx: &mut Cx<'_>, dst: &mut RegState, ptr: &RegState, forget_range: bool) {
    if is_packet_pointer(ptr) {
        dst.id = cx.new_id();
        if forget_range {
            dst.payload = Payload::None;
        }
    }
}
