//! Registers of the current frame: reading, writing, marking.
//!
//! Answers for `check_reg_arg()`, the `mark_reg_*()` family, `reg_bounds_sanity_check()` and the small questions that
//! every instruction asks of a register.
//!
//! In the kernel: `enum bpf_access_type`, `enum reg_arg_type`, `BPF_MAX_VAR_OFF`, `__mark_reg_unknown()`,
//! `reg_bounds_sync()`, `is_reg64()`, `mark_reg_unknown()`, `mark_reg_not_init()`, `mark_reg_known_zero()`,
//! `__mark_reg_known()`, `__mark_reg32_known()`, `mark_ptr_not_null_reg()`, `clear_scalar_id()`,
//! `assign_scalar_id_before_mov()`, `is_pointer_value()`, `coerce_reg_to_size()`, `coerce_reg_to_size_sx()`,
//! `type_is_pkt_pointer()`, `reg_is_pkt_pointer_any()`, `reg_not_null()`, `is_trusted_reg()`,
//! `bpf_for_each_reg_in_vstate()`.

use crate::domain::Scalar;
use crate::error::{Errno, LimitMsg, RegisterMsg, Res};
use crate::isa::op::set_of;
use crate::isa::opcode::MAX_REG;
use crate::isa::{Callee, Insn, Op};

use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::kernel::pointer::{NotNull, Region};
use crate::kernel::{Features, MapType};
use crate::state::register::{ADD_CONST, live};
use crate::state::{Payload, RegState, VerifierState};
use smallvec::SmallVec;

use super::Cx;
use super::asks::Needed;
use super::liveness::{self, Place};
use crate::program::record::FieldKind;

/// Whether memory is read or written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// `BPF_READ`.
    Read,
    /// `BPF_WRITE`.
    Write,
}

/// Who performs an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AccessSrc {
    /// An instruction.
    Direct,
    /// A helper or kernel function, through an argument.
    Helper,
}

/// How an instruction uses a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ArgUse {
    /// It is read.
    Src,
    /// It is overwritten, by a value that nothing is known of yet.
    Dst,
    /// It is overwritten, and the caller says by what.
    DstNoMark,
}

/// The number in a register must be known exactly: by this path, and by all that it comes from.
///
/// # Errors
/// Rejects a register that holds no number, as the kernel's own consistency check does.
pub(crate) fn need_exactly(cx: &mut Cx<'_>, regno: u8) -> Res {
    if !cx.program.caps.has_cap_bpf {
        return Ok(());
    }
    if !cx.reg(regno).is_scalar() {
        return Err(cx.reject(LimitMsg::PrecisionMisuse, Errno::EFAULT));
    }
    cx.path.ask_exact(Needed::Reg(regno));
    Ok(())
}

/// Frame pointer.
pub(crate) const FP: u8 = 10;

/// Offsets at or beyond this are refused in pointer arithmetic.
pub(crate) const MAX_VAR_OFF: i64 = 1 << 29;

/// Makes the ranges and known bits of a register agree.
pub(crate) fn bring_in_step(cx: &Cx<'_>, reg: &mut RegState) {
    reg.scalar.sync_bounds(cx.program.rules());
}

/// Whether the instruction reads the whole of a register, not its low half.
fn reads_whole_register(insn: Insn, regno: u8, is_scalar: bool) -> bool {
    let op = insn.decode();
    match op {
        Op::Call { callee: Callee::Local(_) } => false,
        Op::ByteOrder { bits, .. } => bits == 64,
        // A pointer that is stored, or stored to, counts as a whole.
        _ => op.effect().low & set_of(regno) == 0 || !is_scalar && op.touch().is_some(),
    }
}

/// Checks that a register can be used this way by the current instruction, and marks the use.
///
/// # Errors
/// Rejects unknown register numbers, reads of registers that hold nothing, writes of the frame pointer.
pub(crate) fn use_register(cx: &mut Cx<'_>, regno: u8, t: ArgUse) -> Res {
    if regno >= MAX_REG {
        return Err(cx.reject(RegisterMsg::Invalid { regno }, Errno::EINVAL));
    }
    cx.scratch_reg(regno);
    if t == ArgUse::Src {
        let ty = cx.reg(regno).ty;
        if ty.base == RegBase::NotInit {
            return Err(cx.reject(RegisterMsg::NotInit { regno }, Errno::EACCES));
        }
        // The frame pointer cannot be written, so nobody needs to know that it is read.
        if regno == FP {
            return Ok(());
        }
        if !liveness::read_marks(cx) {
            return Ok(());
        }
        let whole = reads_whole_register(cx.program.insns[cx.path.insn_idx], regno, ty.is(RegBase::Scalar));
        let frame = cx.path.cur.top_frame();
        return liveness::register_is_read(
            cx,
            frame,
            Place::Reg(regno),
            if whole { live::READ64 } else { live::READ32 },
        );
    }
    if regno == FP {
        return Err(cx.reject(RegisterMsg::FramePointerWrite {}, Errno::EACCES));
    }
    cx.reg_mut(regno).live |= live::WRITTEN;
    if t == ArgUse::Dst {
        set_unknown(cx, regno);
    }
    Ok(())
}

/// The register becomes a number of which nothing is known.
pub(crate) fn set_unknown(cx: &mut Cx<'_>, regno: u8) {
    let unknown = cx.program.unknown_scalar();
    cx.reg_mut(regno).set(unknown);
}

/// The register holds nothing any more.
pub(crate) fn set_uninit(cx: &mut Cx<'_>, regno: u8) {
    let mut none = cx.program.unknown_scalar();
    none.ty = RegType::of(RegBase::NotInit);
    cx.reg_mut(regno).set(none);
}

/// The value or variable offset becomes zero; type, precision and place stay.
pub(crate) fn set_known_zero(cx: &mut Cx<'_>, regno: u8) {
    set_known(cx.reg_mut(regno), 0);
}

/// The value or variable offset becomes `v`; fixed offset, payload and ids go, type and precision stay.
pub(crate) fn set_known(reg: &mut RegState, v: u64) {
    reg.off = 0;
    reg.payload = Payload::None;
    reg.id = 0;
    reg.ref_obj_id = 0;
    reg.scalar = Scalar::konst(v);
}

/// The low half becomes `v`.
pub(crate) fn set_low_half_known(reg: &mut RegState, v: u32) {
    reg.scalar.set_low_known(v);
}

/// What a register holds once it is known not to be null.
pub(crate) fn known_not_null(cx: &Cx<'_>, reg: RegState) -> RegState {
    let mut r = reg;
    let map = match (reg.ty.base, reg.map()) {
        (RegBase::PtrToMapValue, Some(map)) => cx.program.map(map),
        _ => {
            r.ty = r.ty.minus(TypeFlags::MAYBE_NULL);
            return r;
        }
    };
    if let Some(inner) = map.inner {
        // What a map of maps yields is a map; its id tells two lookups apart where the value holds something that
        // must be used with the map it came from.
        let bound = FieldKind::TIMER.union(FieldKind::WORKQUEUE).union(FieldKind::TASK_WORK);
        let has = cx.program.map(inner).record.as_ref().is_some_and(|rec| rec.has(bound));
        let old_uid = match reg.payload {
            Payload::Map { uid, .. } => uid,
            _ => 0,
        };
        r.ty = RegType::of(RegBase::ConstPtrToMap);
        r.payload = Payload::Map { map: inner, uid: if has { reg.id } else { old_uid } };
        return r;
    }
    r.ty = RegType::of(match MapType::from_number(map.spec.map_type) {
        Some(MapType::Xskmap) => RegBase::PtrToXdpSock,
        Some(MapType::Sockmap | MapType::Sockhash) => RegBase::PtrToSocket,
        _ => RegBase::PtrToMapValue,
    });
    r
}

/// The bounds of `reg` must not contradict each other. When they do, the kernel says so and forgets them, or, asked to
/// test its invariants, rejects.
///
/// # Errors
/// Only with `BPF_F_TEST_REG_INVARIANTS`.
pub(crate) fn no_contradiction(cx: &mut Cx<'_>, reg: &mut RegState, ctx: &'static str) -> Res {
    if !cx.program.rules().joint {
        return Ok(());
    }
    let Some(what) = reg.scalar.contradiction() else { return Ok(()) };
    let msg = RegisterMsg::InvariantsViolated { ctx, what, scalar: Box::new(reg.scalar) };
    if cx.program.test_reg_invariants {
        return Err(cx.reject(msg, Errno::EFAULT));
    }
    cx.say(msg);
    reg.scalar.forget_ranges();
    Ok(())
}

/// The same for a register of the current frame.
pub(crate) fn no_contradiction_in(cx: &mut Cx<'_>, regno: u8, ctx: &'static str) -> Res {
    if cx.reg(regno).scalar.contradiction().is_none() {
        return Ok(());
    }
    let mut reg = *cx.reg(regno);
    no_contradiction(cx, &mut reg, ctx)?;
    *cx.reg_mut(regno) = reg;
    Ok(())
}

/// Drops the link to equal scalars.
pub(crate) fn drop_link(reg: &mut RegState) {
    reg.id = 0;
    reg.off = 0;
}

/// A scalar that is about to be copied gets an id, so that copies learn from each other's comparisons.
pub(crate) fn link_before_copy(cx: &mut Cx<'_>, regno: u8) {
    let reg = cx.reg(regno);
    // A number that has a link already keeps it, and a constant needs none.
    let linked_constants = cx.program.kernel.features.constants_have_links;
    let settled = if reg.id == 0 { reg.scalar.is_const() && !linked_constants } else { reg.id & ADD_CONST == 0 };
    if !reg.is_scalar() || settled {
        return;
    }
    let mut reg = *reg;
    if assign_scalar_id(cx, &mut reg) {
        *cx.reg_mut(regno) = reg;
    }
}

/// The same for a copy of a register; tells whether it changed.
pub(crate) fn assign_scalar_id(cx: &mut Cx<'_>, reg: &mut RegState) -> bool {
    if !reg.is_scalar() {
        return false;
    }
    let before = (reg.id, reg.off);
    if reg.id & ADD_CONST != 0 {
        drop_link(reg);
    }
    if reg.id == 0 && (!reg.scalar.is_const() || cx.program.kernel.features.constants_have_links) {
        reg.id = cx.new_id();
    }
    before != (reg.id, reg.off)
}

/// Whether the register holds an address that this load must not leak.
pub(crate) fn would_leak(cx: &Cx<'_>, regno: u8) -> bool {
    !cx.program.caps.pointers_may_leak && !cx.reg(regno).is_scalar()
}

/// Truncates to `size` < 8 bytes, zero-extending.
pub(crate) fn keep_low_bytes(cx: &Cx<'_>, reg: &mut RegState, size: u32) {
    reg.scalar.truncate(size, cx.program.rules());
}

/// Truncates to `size` < 8 bytes, sign-extending to 64 bits.
pub(crate) fn sign_extend_low_bytes(reg: &mut RegState, size: u32) {
    reg.scalar.sign_extend(size);
}

/// A pointer into a packet or its metadata.
pub(crate) fn is_packet_pointer(reg: &RegState) -> bool {
    reg.ty.base.row().region == Region::Packet
}

/// The same, or a packet's end.
pub(crate) fn is_packet_or_end(reg: &RegState) -> bool {
    is_packet_pointer(reg) || reg.ty.is(RegBase::PtrToPacketEnd)
}

/// Whether a pointer cannot be null, whatever its type says of null.
pub(crate) fn cannot_be_null(f: &Features, reg: &RegState) -> bool {
    if reg.ty.may_be_null() {
        return false;
    }
    // An offset without bounds can wrap a good address around to zero.
    let s = &reg.scalar;
    if f.not_null_checks_offset && (s.smin <= -MAX_VAR_OFF || s.smax >= MAX_VAR_OFF) {
        return false;
    }
    let more = f.more_pointers_not_null;
    match reg.ty.base.row().not_null {
        NotNull::Unknown => false,
        NotNull::Always => true,
        NotNull::Later => more,
        NotNull::Latest => more && f.not_null_xdp_sock_and_buf,
        NotNull::UnlessUntrusted => more && !reg.has(TypeFlags::UNTRUSTED),
        NotNull::WhenTrusted => more && is_trusted(reg),
    }
}

/// A pointer that is certainly valid.
pub(crate) fn is_trusted(reg: &RegState) -> bool {
    // A reference that is owned is always good.
    if reg.ref_obj_id != 0 {
        return true;
    }
    const TRUSTED: TypeFlags = TypeFlags::ALLOC.union(TypeFlags::TRUSTED).union(TypeFlags::NON_OWN_REF);
    // Types that stand for one kernel struct are as good as trusted unless a modifier takes it away.
    let stands_for_struct = reg.ty.base.row().stands_for.is_some();
    (stands_for_struct || reg.has(TRUSTED)) && reg.ty.flags.difference(TRUSTED).is_empty()
}

/// A register or spilled register: frame, and register number or stack slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct At {
    /// Frame number.
    pub frame: usize,
    /// Register or slot.
    pub place: Place,
}

/// Where the registers and spilled registers that satisfy `pred` are, in the kernel's order. Looking first and writing
/// then keeps frames shared that nothing is written to.
pub(crate) fn places(st: &VerifierState, pred: impl Fn(&RegState) -> bool) -> SmallVec<[At; 8]> {
    let mut found = SmallVec::new();
    for (frame, f) in st.frames.iter().enumerate() {
        let regs = (0u8..).zip(&f.regs).filter(|(_, r)| pred(r)).map(|(n, _)| Place::Reg(n));
        let slots = f
            .stack
            .iter()
            .enumerate()
            .filter(|(_, s)| s.holds_register() && pred(&s.spilled))
            .map(|(n, _)| Place::Slot(n));
        found.extend(regs.chain(slots).map(|place| At { frame, place }));
    }
    found
}

/// What stands at a place that [`places`] found.
pub(crate) fn at(st: &VerifierState, at: At) -> &RegState {
    match at.place {
        Place::Reg(n) => &st.frames[at.frame].regs[usize::from(n)],
        Place::Slot(n) => &st.frames[at.frame].stack[n].spilled,
    }
}

/// The same for writing.
pub(crate) fn at_mut(st: &mut VerifierState, at: At) -> &mut RegState {
    let frame = st.frame_at_mut(at.frame);
    match at.place {
        Place::Reg(n) => &mut frame.regs[usize::from(n)],
        Place::Slot(n) => match frame.stack.get_mut(n) {
            Some(slot) => &mut slot.spilled,
            None => unreachable!("the place was found in this state"),
        },
    }
}
