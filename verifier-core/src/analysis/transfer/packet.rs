//! What comparisons with the end of the packet say of packet pointers.
//!
//! Answers for `try_match_pkt_pointers()`, `find_good_pkt_pointers()`, `mark_pkt_end()` and `is_pkt_ptr_branch_taken()`.
//!
//! ```text
//! r2 = data; r2 += 8; if r2 > data_end goto out;     8 bytes from data are readable here
//! ```
//!
//! In the kernel: `MAX_PACKET_OFF`, `AT_PKT_END`, `BEYOND_PKT_END`, `reg_is_init_pkt_pointer()`.

use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::isa::semantics::CmpOp;
use crate::kernel::call::RegBase;
use crate::state::{Payload, RegState, VerifierState};

use super::super::Cx;
use super::super::regs::*;
use super::super::story::whole_offset;

/// Largest offset in a packet.
const MAX_PACKET_OFF: u64 = 0xffff;

/// Range of a pointer at or beyond the packet's end.
const AT_PKT_END: i32 = -1;

/// Range of a pointer at least one byte beyond the packet's end.
const BEYOND_PKT_END: i32 = -2;

/// Which way a comparison of two packet pointers must go, knowing that one was compared with the end before.
pub(super) fn branch_taken(dst: &RegState, src: &RegState, op: CmpOp) -> Option<bool> {
    let is_end = |r: &RegState| r.ty.is(RegBase::PtrToPacketEnd);
    let (pkt, op) = match (is_end(src), is_end(dst)) {
        (true, _) => (dst, op),
        (_, true) => (src, op.flipped()),
        _ => return None,
    };
    match (op, pkt.range()) {
        (CmpOp::Le | CmpOp::Gt, BEYOND_PKT_END) => Some(op == CmpOp::Gt),
        (CmpOp::Lt | CmpOp::Ge, BEYOND_PKT_END | AT_PKT_END) => Some(op == CmpOp::Ge),
        _ => None,
    }
}

/// A packet pointer that was not moved since it was loaded.
fn is_packet_start(reg: &RegState) -> bool {
    reg.ty.is(RegBase::PtrToPacket) && reg.id == 0 && reg.off == 0 && reg.scalar.known(false) == Some(0)
}

/// Whether `a` is compared with the end of the area it points into: packet with its end, metadata with the packet's
/// start.
fn against_end(a: &RegState, b: &RegState) -> bool {
    (a.ty.is(RegBase::PtrToPacket) && b.ty.is(RegBase::PtrToPacketEnd))
        || (a.ty.is(RegBase::PtrToPacketMeta) && is_packet_start(b))
}

/// Learns from the comparison on both paths; whether it was one of these.
pub(super) fn try_match(cx: &mut Cx<'_>, insn: Insn) -> bool {
    if !insn.is_reg_src() || insn.class() == JMP32 {
        return false;
    }
    let (dst, src) = (*cx.reg(insn.dst), *cx.reg(insn.src));
    // Brought to the form `pointer op end`.
    let (ptr, regno, op) = if against_end(&dst, &src) {
        (dst, insn.dst, insn.op())
    } else if against_end(&src, &dst) {
        let flipped = match insn.op() {
            JGT => JLT,
            JLT => JGT,
            JGE => JLE,
            JLE => JGE,
            _ => return false,
        };
        (src, insn.src, flipped)
    } else {
        return false;
    };
    // Where the pointer is proven to be at (or, if open, below) the end; the other path is beyond it (or at it).
    let (good_is_other, right_open) = match op {
        JGT => (false, false),
        JLT => (true, true),
        JGE => (false, true),
        JLE => (true, false),
        _ => return false,
    };
    let whole = cx.program.kernel.features.offsets_are_values;
    let (cur, other) = cx.path.both_mut();
    let (good, bad) = if good_is_other { (other, cur) } else { (cur, other) };
    if let Some(range) = if whole { whole_range(&ptr, right_open) } else { fixed_range(&ptr, right_open) } {
        mark_readable(good, &ptr, range);
    }
    mark_beyond(bad, regno, !right_open);
    true
}

/// What is readable from a base, by its fixed offset: everything up to there, and one byte more if the pointer is below the
/// end.
fn fixed_range(ptr: &RegState, right_open: bool) -> Option<i32> {
    if ptr.off < 0 || (ptr.off == 0 && right_open) {
        return None;
    }
    // A variable offset that large may have wrapped around to before the packet.
    let umax = ptr.scalar.umax;
    let far = umax > MAX_PACKET_OFF || umax + ptr.off as u64 > MAX_PACKET_OFF;
    (!far).then_some(ptr.off + i32::from(right_open))
}

/// The same where the whole offset is one value (7.1): everything up to its largest.
fn whole_range(ptr: &RegState, right_open: bool) -> Option<i32> {
    let umax = whole_offset(ptr).umax;
    let known = umax <= MAX_PACKET_OFF && !(umax == 0 && right_open);
    known.then_some(umax as i32 + i32::from(right_open))
}

/// That much is readable from all pointers with the same base.
fn mark_readable(st: &mut VerifierState, ptr: &RegState, range: i32) {
    for place in places(st, |r| r.ty == ptr.ty && r.id == ptr.id) {
        if at(st, place).range() < range {
            at_mut(st, place).payload = Payload::Range(range);
        }
    }
}

/// The pointer is beyond (or, if not open, at or beyond) the end.
fn mark_beyond(st: &mut VerifierState, regno: u8, open: bool) {
    let reg = st.reg_mut(regno);
    if reg.ty.is(RegBase::PtrToPacket) {
        reg.payload = Payload::Range(if open { BEYOND_PKT_END } else { AT_PKT_END });
    }
}
