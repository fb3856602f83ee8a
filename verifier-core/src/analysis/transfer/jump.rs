//! Conditional jumps: which ways they can go, and what each way knows.
//!
//! Answers for `check_cond_jmp_op()`, `is_branch_taken()`, `reg_set_min_max()` and `mark_ptr_or_null_regs()`.
//!
//! In the kernel: `print_insn_state()`, `mark_ptr_or_null_reg()`.

use crate::domain::Scalar;
use crate::error::{Errno, RegisterMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::isa::semantics::CmpOp;
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::kernel::{Features, Reworded};
use crate::log::Event;
use crate::state::RegState;

use super::super::Cx;
use super::super::asks::Fork;
use super::super::objects::{has_lock, is_allocated};
use super::super::refs::end_reference_quietly;
use super::super::regs::*;
use super::super::trail::{F_DST_REG_STACK, F_SRC_REG_STACK, LinkedRegs};
use super::{linked, packet, sanitize};

/// Checks one conditional jump, stores the paths that are followed later, and moves the path to where it goes on (minus
/// one: the walk adds one).
///
/// # Errors
/// Rejects malformed jumps and comparisons that leak addresses.
pub(crate) fn conditional_jump(cx: &mut Cx<'_>, insn: Insn, op: CmpOp) -> Res {
    let half = insn.class() == JMP32;
    let src = check_operands(cx, insn)?;
    let dst = *cx.reg(insn.dst);

    let here = cx.path.insn_idx;
    // One before the target, as `insn_idx` is left; a jump to the first instruction wraps around.
    let before_target = offset(here, insn.off);
    let target = before_target.wrapping_add(1);
    let itself = insn.is_reg_src() && insn.src == insn.dst && dst.is_scalar();
    let itself = itself && cx.program.kernel.features.itself_compared;
    let decided = if itself {
        dst.scalar.beside_itself(op, half)
    } else if cx.program.kernel.features.joint_bounds {
        branch_taken(&cx.program.kernel.features, &dst, &src, op, half).or_else(|| way_left(cx, &dst, &src, op, half))
    } else {
        taken_beside_constant(cx, &dst, &src, op, half)
    };
    if let Some(taken) = decided {
        // The decision rests on these values.
        if dst.is_scalar() {
            need_exactly(cx, insn.dst)?;
        }
        if insn.is_reg_src() && src.is_scalar() {
            need_exactly(cx, insn.src)?;
        }
        if !cx.program.caps.without_v1_guards {
            let mispredicted = if taken { here + 1 } else { target };
            sanitize::push_speculative(cx, insn, mispredicted, here);
        }
        announce(cx, here, taken, !taken);
        if taken {
            cx.path.insn_idx = before_target;
        }
        return Ok(());
    }

    // The history must know the linked registers before the paths part, so that both share it.
    let mut links = LinkedRegs::default();
    let joint = cx.program.kernel.features.joint_bounds;
    if joint && insn.is_reg_src() && src.is_scalar() && src.id != 0 {
        linked::collect(cx, src.id, &mut links);
    }
    if joint && dst.is_scalar() && dst.id != 0 {
        linked::collect(cx, dst.id, &mut links);
    }
    if links.entries().len() > 1 {
        cx.path.note_step(0, Some(&links));
    }
    cx.path.fork(target, here, Fork::Jump);
    if itself {
        // Nothing is learnt.
    } else if joint {
        refine_both(cx, insn, src, op, half)?
    } else {
        learn_beside_constant(cx, insn, src, op, half)
    }

    // Scalars that are linked to the operands learn the same.
    if insn.is_reg_src() {
        sync_links(cx, insn.src, &links);
    }
    sync_links(cx, insn.dst, &links);

    if !half && cx.program.kernel.features.equal_pointers_inform {
        equal_pointers(cx, insn, op);
    }
    let dst = *cx.reg(insn.dst);
    let against_null = !half && !insn.is_reg_src() && insn.imm == 0 && matches!(op, CmpOp::Eq | CmpOp::Ne);
    if against_null && dst.ty.may_be_null() {
        learn_of_null(cx, insn.dst, op == CmpOp::Ne);
        in_other(cx, |cx| learn_of_null(cx, insn.dst, op == CmpOp::Eq));
    } else if !packet::try_match(cx, insn) && would_leak(cx, insn.dst) {
        return Err(cx.reject(RegisterMsg::PointerComparison { regno: insn.dst }, Errno::EACCES));
    }
    announce(cx, here, true, true);
    Ok(())
}

/// `insn_idx` moved by a jump offset.
fn offset(idx: usize, off: i16) -> usize {
    // Targets were checked to lie in the program.
    idx.wrapping_add_signed(isize::from(off))
}

/// Tells listeners, and prints the state behind the jump.
fn announce(cx: &mut Cx<'_>, idx: usize, taken: bool, fallthrough: bool) {
    if cx.out.interest.structure {
        cx.emit(Event::Branch { idx, taken, fallthrough });
    }
    if cx.logging() {
        if cx.program.kernel.style.has(Reworded::StateBehind) {
            cx.show_changes();
        } else if taken && fallthrough {
            cx.print_state(cx.path.cur.top_frame(), true);
        }
    }
}

/// Runs `f` with the path pushed last as the current one.
fn in_other<T>(cx: &mut Cx<'_>, f: impl FnOnce(&mut Cx<'_>) -> T) -> T {
    cx.path.swap_forked();
    let out = f(cx);
    cx.path.swap_forked();
    out
}

/// `may_goto`: an instruction that jumps when a hidden counter has run out. The loop body is the path that is stored, and
/// imprecise numbers are forgotten there, so that the loop converges.
///
/// # Errors
/// Rejects malformed ones.
pub(crate) fn may_goto(cx: &mut Cx<'_>, insn: Insn) -> Res {
    let here = cx.path.insn_idx;
    let zero_ok = cx.program.kernel.features.may_goto_zero;
    if insn.src != MAY_GOTO || insn.dst != 0 || insn.imm != 0 || (insn.off == 0 && !zero_ok) {
        return Err(cx.reject(RegisterMsg::MayGotoInvalid { off: insn.off, imm: insn.imm }, Errno::EINVAL));
    }
    cx.path.fork(here + 1, here, Fork::MayGoto);
    cx.path.forked_mut().may_goto_rounds += 1;
    cx.path.insn_idx = offset(here, insn.off);
    Ok(())
}

/// A jump to where a register says: each place that it may hold is a path, and the one that stands last is walked first.
///
/// # Errors
/// Rejects registers that hold no place of the program.
pub(crate) fn jump_by_table(cx: &mut Cx<'_>, regno: u8) -> Res {
    /// Bytes of an entry, as programs read it.
    const ENTRY: i64 = 8;
    let reg = *cx.reg(regno);
    if !reg.ty.is(RegBase::PtrToInsn) {
        return Err(cx.reject(RegisterMsg::JumpToType { regno, ty: reg.ty }, Errno::EINVAL));
    }
    let map = reg.map().ok_or_else(|| cx.broken("a place of the program without a jump table"))?;
    let entry = |var: u64| usize::try_from(i64::from(reg.off).wrapping_add(var as i64) / ENTRY).unwrap_or(usize::MAX);
    let (first, last) = (entry(reg.scalar.umin), entry(reg.scalar.umax));
    let spec = &cx.program.map(map).spec;
    // The load made sure of it.
    if first > last || last > spec.last_entry() {
        return Err(cx.broken("a place from beyond the end of a jump table"));
    }
    let places = spec.jump_places(first, last);
    let Some((behind, before)) = places.split_last() else { return Err(cx.broken("a jump table without entries")) };
    let here = cx.path.insn_idx;
    for to in before {
        cx.path.fork(*to, here, Fork::Jump);
    }
    cx.path.insn_idx = *behind;
    Ok(())
}

/// Checks both operands and yields the second one, made up for a constant.
fn check_operands(cx: &mut Cx<'_>, insn: Insn) -> Result<RegState, crate::error::Stop> {
    use_register(cx, insn.dst, ArgUse::Src)?;
    let is_stack = |r: &RegState| r.ty.is(RegBase::PtrToStack);
    let mut flags = 0;
    if insn.sets_other_operand() {
        return Err(cx.reject(RegisterMsg::JumpReservedFields {}, Errno::EINVAL));
    }
    let src = if insn.is_reg_src() {
        use_register(cx, insn.src, ArgUse::Src)?;
        let src = *cx.reg(insn.src);
        let packets = is_packet_or_end(cx.reg(insn.dst)) && is_packet_or_end(&src);
        if !packets && would_leak(cx, insn.src) {
            return Err(cx.reject(RegisterMsg::PointerComparison { regno: insn.src }, Errno::EACCES));
        }
        if is_stack(&src) {
            flags |= F_SRC_REG_STACK;
        }
        src
    } else {
        RegState::konst(insn.imm as i64 as u64)
    };
    if is_stack(cx.reg(insn.dst)) {
        flags |= F_DST_REG_STACK;
    }
    if flags != 0 {
        cx.path.note_step(flags, None);
    }
    Ok(src)
}

/// Which way the jump must go, if only one way is possible.
pub(crate) fn branch_taken(f: &Features, a: &RegState, b: &RegState, op: CmpOp, half: bool) -> Option<bool> {
    if is_packet_or_end(a) && is_packet_or_end(b) && !half {
        return packet::branch_taken(a, b, op);
    }
    if a.is_scalar() && b.is_scalar() {
        return a.scalar.branch_taken(&b.scalar, op, half);
    }
    // The low half of a good pointer may be zero.
    if half && f.pointer_jmp32_undecided {
        return None;
    }
    let known = |r: &RegState| if r.is_scalar() { r.scalar.known(half) } else { None };
    let (ptr, op) = match (known(a), known(b)) {
        (_, Some(0)) => (a, op),
        (Some(0), None) => (b, op.flipped()),
        _ => return None,
    };
    match op {
        _ if !cannot_be_null(f, ptr) => None,
        CmpOp::Eq => Some(false),
        CmpOp::Ne => Some(true),
        _ => None,
    }
}

/// The way that is left where nothing is left of an operand on the other.
fn way_left(cx: &Cx<'_>, a: &RegState, b: &RegState, op: CmpOp, half: bool) -> Option<bool> {
    if !cx.program.kernel.features.impossible_ways_skipped || !a.is_scalar() || !b.is_scalar() {
        return None;
    }
    let rules = cx.program.rules();
    let impossible = |op| {
        let (mut a, mut b) = (a.scalar, b.scalar);
        Scalar::refine(&mut a, &mut b, op, half, rules);
        a.is_empty() || b.is_empty()
    };
    if impossible(op.negated()) { Some(true) } else { impossible(op).then_some(false) }
}

/// Which way the jump must go where only constants decide.
fn taken_beside_constant(cx: &Cx<'_>, a: &RegState, b: &RegState, op: CmpOp, half: bool) -> Option<bool> {
    let f = &cx.program.kernel.features;
    if !a.is_scalar() || !b.is_scalar() {
        // A pointer on the right, compared with a constant, is looked at no more than one of 32 bits.
        return if b.is_scalar() || is_packet_or_end(b) { branch_taken(f, a, b, op, half) } else { None };
    }
    let rules = cx.program.rules();
    match (a.scalar.known(half), b.scalar.known(half)) {
        (_, Some(v)) => a.scalar.taken_beside_constant(op, v, half, rules),
        (Some(v), None) if f.constant_left_decides => b.scalar.taken_beside_constant(op.flipped(), v, half, rules),
        _ => None,
    }
}

/// Both paths learn from the comparison of a number with a constant, and of two numbers whether they are equal.
fn learn_beside_constant(cx: &mut Cx<'_>, insn: Insn, src: RegState, op: CmpOp, half: bool) {
    let dst = *cx.reg(insn.dst);
    if !dst.is_scalar() || !src.is_scalar() {
        return;
    }
    let rules = cx.program.rules();
    let (learner, op_here, constant) = match (dst.scalar.known(half), src.scalar.known(half)) {
        (_, Some(v)) => (insn.dst, op, v),
        (Some(v), None) => (insn.src, op.flipped(), v),
        (None, None) => {
            if !half && matches!(op, CmpOp::Eq | CmpOp::Ne) && insn.src != insn.dst {
                let (mut a, mut b) = (src.scalar, dst.scalar);
                Scalar::learn_equal(&mut a, &mut b, rules);
                let state = if op == CmpOp::Eq { cx.path.forked_mut() } else { &mut cx.path.cur };
                state.reg_mut(insn.src).scalar = a;
                state.reg_mut(insn.dst).scalar = b;
            }
            return;
        }
    };
    cx.path.forked_mut().reg_mut(learner).scalar.learn_beside_constant(op_here, constant, half, rules);
    cx.reg_mut(learner).scalar.learn_beside_constant(op_here.negated(), constant, half, rules);
}

/// Both paths learn from the comparison of two numbers.
fn refine_both(cx: &mut Cx<'_>, insn: Insn, src: RegState, op: CmpOp, half: bool) -> Res {
    let dst = *cx.reg(insn.dst);
    // `collect` may have taken ids away, so operands are read again.
    let src = if insn.is_reg_src() { *cx.reg(insn.src) } else { src };
    if !dst.is_scalar() || !src.is_scalar() {
        return Ok(());
    }
    let rules = cx.program.rules();
    let same = insn.is_reg_src() && insn.src == insn.dst;
    if same && cx.program.kernel.features.itself_compared {
        return Ok(());
    }
    let learn = |op| {
        let (mut a, mut b) = (dst.scalar, src.scalar);
        if same {
            a.refine_with_itself(op, half, rules);
            b = a;
        } else {
            Scalar::refine(&mut a, &mut b, op, half, rules);
        }
        (RegState { scalar: a, ..dst }, RegState { scalar: b, ..src })
    };
    let (mut false_dst, mut false_src) = learn(op.negated());
    let (mut true_dst, mut true_src) = learn(op);
    // A register that is compared with itself is checked twice: what the first check forgot, the second may miss.
    no_contradiction(cx, &mut true_dst, "true_reg1")?;
    no_contradiction(cx, if same { &mut true_dst } else { &mut true_src }, "true_reg2")?;
    no_contradiction(cx, &mut false_dst, "false_reg1")?;
    no_contradiction(cx, if same { &mut false_dst } else { &mut false_src }, "false_reg2")?;
    cx.reg_mut(insn.dst).scalar = false_dst.scalar;
    let other = cx.path.forked_mut();
    other.reg_mut(insn.dst).scalar = true_dst.scalar;
    if insn.is_reg_src() && !same {
        other.reg_mut(insn.src).scalar = true_src.scalar;
        cx.reg_mut(insn.src).scalar = false_src.scalar;
    }
    Ok(())
}

/// Scalars linked to a compared register learn the same, on both paths.
fn sync_links(cx: &mut Cx<'_>, regno: u8, links: &LinkedRegs) {
    let reg = cx.reg(regno);
    if !cx.program.kernel.features.joint_bounds {
        linked::copy_to_all(&mut cx.path.cur, regno);
        linked::copy_to_all(cx.path.forked_mut(), regno);
    } else if reg.is_scalar() && reg.id != 0 {
        linked::sync(cx, false, regno, links);
        linked::sync(cx, true, regno, links);
    }
}

/// Of two equal pointers, one of which cannot be null, neither is null. Kernel types are left out: their pointers may be
/// null without saying so.
fn equal_pointers(cx: &mut Cx<'_>, insn: Insn, op: CmpOp) {
    if !insn.is_reg_src() || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return;
    }
    let (dst, src) = (*cx.reg(insn.dst), *cx.reg(insn.src));
    let plain = |r: &RegState| !r.is_scalar() && r.ty.base != RegBase::PtrToBtfId;
    if !plain(&dst) || !plain(&src) {
        return;
    }
    for (good, other, regno) in [(&dst, &src, insn.src), (&src, &dst, insn.dst)] {
        let f = &cx.program.kernel.features;
        let sure = if f.equal_pointers_check_type { cannot_be_null(f, good) } else { !good.ty.may_be_null() };
        if sure && other.ty.may_be_null() {
            let learn = |cx: &mut Cx<'_>| {
                let reg = *cx.reg(regno);
                *cx.reg_mut(regno) = known_not_null(cx, reg);
            };
            if op == CmpOp::Eq { in_other(cx, learn) } else { learn(cx) }
        }
    }
}

/// All copies of a pointer that was compared with null become null, or pointers that are not null.
pub(crate) fn learn_of_null(cx: &mut Cx<'_>, regno: u8, is_null: bool) {
    let reg = *cx.reg(regno);
    let id = reg.id;
    if is_null && reg.ref_obj_id != 0 && reg.ref_obj_id == id {
        // Nothing was acquired if the pointer is null. The reference is certainly there, so this cannot fail.
        let _ = end_reference_quietly(cx, id);
    }
    for place in places(&cx.path.cur, |r| r.ty.may_be_null() && r.id == id) {
        let reg = *at(&cx.path.cur, place);
        if let Some(new) = null_or_not(cx, reg, is_null) {
            *at_mut(&mut cx.path.cur, place) = new;
        }
    }
}

/// What becomes of one copy; `None` where the kernel leaves it alone.
fn null_or_not(cx: &Cx<'_>, reg: RegState, is_null: bool) -> Option<RegState> {
    if reg.id == 0 && !reg.has(TypeFlags::RCU) {
        return None;
    }
    // Pointers that may be null are not moved, except that some calls return pointers into objects.
    let s = &reg.scalar;
    let moved = s.smin != 0 || s.smax != 0 || s.known(false) != Some(0);
    if moved || (!is_allocated(&reg) && reg.off != 0) {
        return None;
    }
    let mut new = reg;
    if is_null {
        new.ty = RegType::of(RegBase::Scalar);
        (new.id, new.ref_obj_id) = (0, 0);
        return Some(new);
    }
    new = known_not_null(cx, new);
    if !cx.program.kernel.features.ids_survive_null_check && !has_lock(cx.program, &new) {
        new.id = 0;
    }
    Some(new)
}
