//! Arithmetic on registers.
//!
//! Answers for `check_alu_op()`, `adjust_reg_min_max_vals()` and `adjust_scalar_min_max_vals()`.
//!
//! In the kernel: `BPF_ADDR_SPACE_CAST`, `bpf_alu_string`, `copy_register_state()`,
//! `is_safe_to_compute_dst_reg_range()`, `maybe_fork_scalars()`.

use crate::domain::scalar::Division;
use crate::domain::{BoundedOp, Scalar};
use crate::error::{Errno, RegisterMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::kernel::call::{RegBase, RegType};
use crate::state::RegState;
use crate::state::register::{ADD_CONST, ADD_CONST32, ADD_CONST64, live};

use super::super::Cx;
use super::super::asks::Fork;
use super::super::regs::*;
use super::{ptr, sanitize};

/// How the kernel writes an operation.
pub(super) const fn op_text(op: u8) -> &'static str {
    match op {
        ADD => "+=",
        SUB => "-=",
        MUL => "*=",
        DIV => "/=",
        OR => "|=",
        AND => "&=",
        LSH => "<<=",
        RSH => ">>=",
        NEG => "neg",
        MOD => "%=",
        XOR => "^=",
        MOV => "=",
        ARSH => "s>>=",
        _ => "endian",
    }
}

/// Checks and performs one arithmetic instruction.
///
/// # Errors
/// Rejects malformed instructions, operands that hold nothing, and pointer arithmetic that is not allowed.
pub(crate) fn do_arithmetic(cx: &mut Cx<'_>, insn: Insn) -> Res {
    match insn.op() {
        END | NEG => unary(cx, insn)?,
        MOV => mov(cx, insn)?,
        op if op > END => return Err(cx.reject(RegisterMsg::AluInvalidOpcode { op }, Errno::EINVAL)),
        _ => binary(cx, insn)?,
    }
    no_contradiction_in(cx, insn.dst, "alu")
}

/// `neg`, and byte orders.
fn unary(cx: &mut Cx<'_>, insn: Insn) -> Res {
    let is_neg = insn.op() == NEG;
    use_register(cx, insn.dst, ArgUse::Src)?;
    if would_leak(cx, insn.dst) {
        return Err(cx.reject(RegisterMsg::PointerArithmetic { regno: insn.dst }, Errno::EACCES));
    }
    let f = &cx.program.kernel.features;
    let tracked = if is_neg { f.neg_bounds } else { f.byte_swap_bits };
    // Releases that track either treat both through the scalar path, so that the register keeps its id where it may.
    if !tracked || !cx.reg(insn.dst).is_scalar() {
        return use_register(cx, insn.dst, ArgUse::Dst);
    }
    use_register(cx, insn.dst, ArgUse::DstNoMark)?;
    let src = cx.reg(insn.dst).scalar;
    adjust_scalar(cx, insn, src)
}

/// Moves: copies, sign extension, address space casts, constants.
fn mov(cx: &mut Cx<'_>, insn: Insn) -> Res {
    let wide = insn.class() == ALU64;
    if !insn.is_reg_src() {
        use_register(cx, insn.dst, ArgUse::DstNoMark)?;
        set_unknown(cx, insn.dst);
        let v = if wide { insn.imm as i64 as u64 } else { u64::from(insn.imm as u32) };
        set_known(cx.reg_mut(insn.dst), v);
        return Ok(());
    }
    if wide && insn.off == ADDR_SPACE_CAST && cx.program.kernel.features.may_goto_exists {
        if insn.imm != 1 && insn.imm != 1 << 16 {
            return Err(cx.reject(RegisterMsg::AddrSpaceCastSpaces {}, Errno::EINVAL));
        }
        if cx.program.arena.is_none() {
            return Err(cx.reject(RegisterMsg::AddrSpaceCastNoArena {}, Errno::EINVAL));
        }
    }
    use_register(cx, insn.src, ArgUse::Src)?;
    use_register(cx, insn.dst, ArgUse::DstNoMark)?;
    if !wide {
        mov_low(cx, insn)
    } else if insn.imm != 0 {
        set_unknown(cx, insn.dst);
        // To the kernel's space the result is a plain number; to the arena's, a pointer of 32 bits.
        if insn.imm == 1 {
            cx.reg_mut(insn.dst).ty = RegType::of(RegBase::PtrToArena);
        }
        Ok(())
    } else if insn.off == 0 {
        link_before_copy(cx, insn.src);
        copy_to_dst(cx, insn);
        Ok(())
    } else {
        mov_sign_extended(cx, insn)
    }
}

/// The destination becomes a copy of the source.
fn copy_to_dst(cx: &mut Cx<'_>, insn: Insn) {
    let src = *cx.reg(insn.src);
    let dst = cx.reg_mut(insn.dst);
    dst.copy_from(&src);
    dst.live |= live::WRITTEN;
}

/// The same, linked to the source only if the value does not change by what follows.
fn copy_linked_if(cx: &mut Cx<'_>, insn: Insn, same: bool) {
    let same = same && !cx.program.kernel.features.constants_have_links;
    if same {
        link_before_copy(cx, insn.src);
    }
    copy_to_dst(cx, insn);
    if !same {
        drop_link(cx.reg_mut(insn.dst));
    }
}

/// `rD = (s8, s16, s32)rS`.
fn mov_sign_extended(cx: &mut Cx<'_>, insn: Insn) -> Res {
    if would_leak(cx, insn.src) {
        return Err(cx.reject(RegisterMsg::PointerSignExtension { regno: insn.src }, Errno::EACCES));
    }
    let src = *cx.reg(insn.src);
    if !src.is_scalar() {
        set_unknown(cx, insn.dst);
        return Ok(());
    }
    copy_linked_if(cx, insn, sign_bit_clear(&src, insn.off));
    sign_extend_low_bytes(cx.reg_mut(insn.dst), insn.off as u32 / 8);
    Ok(())
}

/// Whether sign extension from `bits` changes nothing.
fn sign_bit_clear(reg: &RegState, bits: i16) -> bool {
    reg.scalar.umax < 1 << (bits - 1)
}

/// `wD = wS`, `wD = (s8, s16)wS`.
fn mov_low(cx: &mut Cx<'_>, insn: Insn) -> Res {
    if would_leak(cx, insn.src) {
        return Err(cx.reject(RegisterMsg::PointerPartialCopy { regno: insn.src }, Errno::EACCES));
    }
    let src = *cx.reg(insn.src);
    if !src.is_scalar() {
        set_unknown(cx, insn.dst);
    } else if insn.off == 0 {
        copy_linked_if(cx, insn, src.scalar.width() <= 32);
    } else {
        copy_linked_if(cx, insn, sign_bit_clear(&src, insn.off));
        cx.reg_mut(insn.dst).scalar.sign_extend_low(insn.off as u32 / 8);
    }
    let rules = cx.program.rules();
    let dst = cx.reg_mut(insn.dst);
    dst.scalar.zext();
    dst.scalar.sync_bounds(rules);
    Ok(())
}

/// Everything with two operands.
fn binary(cx: &mut Cx<'_>, insn: Insn) -> Res {
    let op = insn.op();
    let divides = matches!(op, DIV | MOD);
    if insn.is_reg_src() {
        use_register(cx, insn.src, ArgUse::Src)?;
    }
    use_register(cx, insn.dst, ArgUse::Src)?;
    if !insn.is_reg_src() {
        if divides && insn.imm == 0 {
            return Err(cx.reject(RegisterMsg::DivByZero {}, Errno::EINVAL));
        }
        let width = if insn.class() == ALU64 { 64 } else { 32 };
        if matches!(op, LSH | RSH | ARSH) && !(0..width).contains(&insn.imm) {
            return Err(cx.reject(RegisterMsg::InvalidShift { amount: insn.imm }, Errno::EINVAL));
        }
    }
    use_register(cx, insn.dst, ArgUse::DstNoMark)?;
    adjust_reg(cx, insn)
}

/// Decides between arithmetic on numbers and on pointers.
fn adjust_reg(cx: &mut Cx<'_>, insn: Insn) -> Res {
    let dst = *cx.reg(insn.dst);
    let src = insn.is_reg_src().then(|| *cx.reg(insn.src));

    let is_arena = |r: &RegState| r.ty.is(RegBase::PtrToArena);
    let arena = is_arena(&dst) || src.as_ref().is_some_and(is_arena);
    if cx.program.kernel.features.arena_sums_apart && insn.class() == ALU64 {
        let at = cx.path.insn_idx;
        let seen = *cx.learned.aux[at].arena_sum.get_or_insert(arena);
        if seen != arena {
            return Err(cx.reject(RegisterMsg::ArenaAndNot {}, Errno::EINVAL));
        }
    }
    if arena {
        return adjust_arena(cx, insn, src);
    }
    let src_reg = match src {
        Some(s) if !s.is_scalar() && !dst.is_scalar() => {
            // Of two pointers only the difference means something.
            if insn.op() == SUB && cx.program.caps.pointers_may_leak {
                set_unknown(cx, insn.dst);
                return Ok(());
            }
            let op = op_text(insn.op());
            return Err(cx.reject(RegisterMsg::PointerWithPointer { regno: insn.dst, op }, Errno::EACCES));
        }
        Some(s) if !s.is_scalar() => {
            // number += pointer: the result is the pointer, moved.
            need_exactly(cx, insn.dst)?;
            let off = *cx.reg(insn.dst);
            return ptr::adjust_ptr(cx, insn, s, off, false);
        }
        Some(_) if !dst.is_scalar() => {
            need_exactly(cx, insn.src)?;
            let (ptr, off) = (*cx.reg(insn.dst), *cx.reg(insn.src));
            return ptr::adjust_ptr(cx, insn, ptr, off, true);
        }
        Some(_) => {
            // What a precise value is computed from must be precise as well.
            if dst.precise {
                need_exactly(cx, insn.src)?;
            }
            *cx.reg(insn.src)
        }
        None => {
            let known = RegState::konst(insn.imm as i64 as u64);
            if !dst.is_scalar() {
                return ptr::adjust_ptr(cx, insn, dst, known, true);
            }
            known
        }
    };
    let umax_before = cx.reg(insn.dst).scalar.umax;
    adjust_scalar(cx, insn, src_reg.scalar)?;
    relink(cx, insn, &src_reg, umax_before);
    Ok(())
}

/// Any arithmetic on arena pointers is allowed: accesses are confined to the arena anyway.
fn adjust_arena(cx: &mut Cx<'_>, insn: Insn, src: Option<RegState>) -> Res {
    if let (false, Some(src)) = (cx.reg(insn.dst).ty.is(RegBase::PtrToArena), src) {
        *cx.reg_mut(insn.dst) = src;
    }
    Ok(())
}

/// After `rX += constant`, the register stays linked to its copies, at a distance. After anything else, it is another
/// value.
///
/// ```text
/// r1 = r2; r1 += 1; if r2 < 1000 goto ...    r1 is below 1001 there
/// ```
fn relink(cx: &mut Cx<'_>, insn: Insn, src: &RegState, umax_before: u64) {
    let delta = link_distance(cx, insn, src, umax_before);
    let has_cap_bpf = cx.program.caps.has_cap_bpf;
    let keeps_distance = !cx.program.kernel.features.unlinked_forgets_distance;
    let dst = cx.reg_mut(insn.dst);
    match delta {
        // A second constant cannot be remembered.
        Some((off, flag)) if has_cap_bpf && dst.id != 0 && dst.id & ADD_CONST == 0 => {
            dst.id |= flag;
            dst.off = off;
        }
        None if keeps_distance => dst.id = 0,
        _ => drop_link(dst),
    }
}

/// The constant that is added, if it can be remembered, and the mark for the width it was added in.
fn link_distance(cx: &Cx<'_>, insn: Insn, src: &RegState, umax_before: u64) -> Option<(i32, u32)> {
    let half = insn.class() != ALU64;
    let doubled;
    let mut src = src;
    if insn.is_reg_src() && insn.src == insn.dst {
        if cx.program.kernel.features.self_addition_unlinks {
            return None;
        }
        doubled = *cx.reg(insn.dst);
        src = &doubled;
    }
    if !cx.program.kernel.features.links_keep_distance {
        return None;
    }
    if !cx.program.kernel.features.links_over_sub_and_alu32 {
        let val = src.scalar.known(false).filter(|_| insn.op() == ADD && !half)?;
        return Some((i32::try_from(val).ok()?, ADD_CONST64));
    }
    let val = src.scalar.known(half)?;
    let off = if half {
        if umax_before > u64::from(u32::MAX) {
            return None;
        }
        val as u32 as i32
    } else {
        i32::try_from(val as i64).ok()?
    };
    let off = match insn.op() {
        ADD => off,
        SUB => off.checked_neg()?,
        _ => return None,
    };
    Some((off, if half { ADD_CONST32 } else { ADD_CONST64 }))
}

/// Whether bits and ranges leave one value.
fn is_one_value(src: &Scalar, half: bool) -> bool {
    let agree = if half {
        src.s32_min == src.s32_max && src.u32_min == src.u32_max
    } else {
        src.smin == src.smax && src.umin == src.umax
    };
    src.known(half).is_some() && agree
}

/// The operation on bounds, if there is one whose result has bounds for these operands.
fn bounded_op(insn: Insn, src: &Scalar) -> Option<BoundedOp> {
    Some(match insn.op() {
        ADD => BoundedOp::Add,
        SUB => BoundedOp::Sub,
        MUL => BoundedOp::Mul,
        AND => BoundedOp::And,
        OR => BoundedOp::Or,
        XOR => BoundedOp::Xor,
        NEG => BoundedOp::Neg,
        op @ (LSH | RSH | ARSH) => {
            // A shift has bounds if its amount is known and in range; other amounts mean nothing.
            let half = insn.class() != ALU64;
            let width = if half { 32 } else { 64 };
            if !is_one_value(src, half) || src.umax >= width {
                return None;
            }
            match op {
                LSH => BoundedOp::Lsh,
                RSH => BoundedOp::Rsh,
                _ => BoundedOp::Arsh,
            }
        }
        _ => return None,
    })
}

/// Whether the bounds of an operand exclude each other, or a known value: the path cannot be taken.
fn contradicts(src: &Scalar, half: bool) -> bool {
    let known = src.known(half).is_some();
    if half {
        let one = src.s32_min == src.s32_max && src.u32_min == src.u32_max;
        known && !one || src.s32_min > src.s32_max || src.u32_min > src.u32_max
    } else {
        let one = src.smin == src.smax && src.umin == src.umax;
        known && !one || src.smin > src.smax || src.umin > src.umax
    }
}

/// Arithmetic on numbers, in the destination register.
fn adjust_scalar(cx: &mut Cx<'_>, insn: Insn, src: Scalar) -> Res {
    let half = insn.class() != ALU64;
    let rules = cx.program.rules();
    if insn.op() == END {
        // On a little-endian machine only `bswap` and `be` change the order.
        let swap = insn.class() == ALU64 || insn.source() == TO_BE;
        let dst = cx.reg_mut(insn.dst);
        if swap || insn.imm < 64 {
            dst.id = 0;
        }
        dst.scalar.byte_order(insn.imm as u32 / 8, swap, rules);
        return Ok(());
    }
    if matches!(insn.op(), DIV | MOD) && cx.program.kernel.features.division_bounds && is_one_value(&src, half) {
        let division = Division { signed: insn.off == 1, remainder: insn.op() == MOD };
        cx.reg_mut(insn.dst).scalar.divide(&src, division, half, rules);
        return Ok(());
    }
    let undecided = !rules.unknown_operands && !matches!(insn.op(), ADD | SUB | AND) && src.known(half).is_none();
    let contradicts = !rules.joint && contradicts(&src, half);
    let Some(op) = bounded_op(insn, &src).filter(|_| !undecided && !contradicts) else {
        set_unknown(cx, insn.dst);
        if half && !rules.joint && !undecided && !contradicts {
            // The result is one of 32 bits all the same.
            let dst = cx.reg_mut(insn.dst);
            dst.scalar.zext();
            dst.scalar.sync_bounds(rules);
        }
        return Ok(());
    };
    if matches!(op, BoundedOp::Add | BoundedOp::Sub) {
        sanitize::guard_sum(cx, insn)?;
    }
    if matches!(op, BoundedOp::And | BoundedOp::Or) && src.is_const() && cx.program.kernel.features.masks_fork {
        maybe_fork(cx, insn)?;
    }
    let dst = cx.reg_mut(insn.dst);
    if op == BoundedOp::Neg {
        drop_link(dst);
    }
    dst.scalar.apply(op, &src, half, rules);
    Ok(())
}

/// A value that is 0 or -1 is a mask. Masking a constant with it is followed on two paths, which keeps both results
/// exact.
fn maybe_fork(cx: &mut Cx<'_>, insn: Insn) -> Res {
    let s = cx.reg(insn.dst).scalar;
    let half = if (s.smin, s.smax) == (-1, 0) {
        false
    } else if (s.s32_min, s.s32_max) == (-1, 0) {
        true
    } else {
        return Ok(());
    };
    let here = cx.path.insn_idx;
    cx.path.fork(here, here, Fork::Jump);
    let zero = cx.path.forked_mut().reg_mut(insn.dst);
    if half {
        set_low_half_known(zero, 0)
    } else {
        set_known(zero, 0)
    }
    let ones = cx.reg_mut(insn.dst);
    if half {
        set_low_half_known(ones, u32::MAX)
    } else {
        set_known(ones, u64::MAX)
    }
    Ok(())
}
