//! Packet data and metadata. Answers for `check_packet_access()`.
//!
//! In the kernel: `may_access_direct_pkt_data()`.

use super::region::{check_range, within_region};
use crate::analysis::Cx;
use crate::analysis::regs::Access;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::prog_types::{DirectAccess, may_touch_packets};

/// Checks that an access stays in the range that comparisons with the packet's end have proven.
///
/// The range counts from the pointer without its fixed offset, after any variable offset was added; so only the
/// fixed offset is compared. Where offsets are one value, all of it counts. `off` includes the fixed one.
pub(crate) fn within_packet(cx: &mut Cx<'_>, regno: u8, off: i32, size: i32, zero_size_allowed: bool) -> Res {
    let reg = *cx.reg(regno);
    let whole = cx.program.kernel.features.offsets_are_values;
    let beyond = MemoryMsg::PacketOutside { regno };
    if !whole && reg.scalar.smin < 0 {
        return Err(cx.reject(MemoryMsg::MinNegative { regno }, Errno::EACCES));
    }
    let Ok(range) = u32::try_from(reg.range()) else { return Err(cx.reject(beyond, Errno::EINVAL)) };
    if whole {
        within_region(cx, regno, off, size, range, zero_size_allowed)?;
    } else {
        check_range(cx, regno, off, size, range, zero_size_allowed).map_err(|stop| cx.also(stop, beyond))?;
    }
    let end = (off as u32).wrapping_add(reg.scalar.umax as u32).wrapping_add(size as u32).wrapping_sub(1);
    cx.learned.deepest_packet = cx.learned.deepest_packet.max(end);
    Ok(())
}

/// Whether the program may access packets itself (`call_pkt_access`: hand them to a call that may or may not take
/// packets).
pub(crate) fn may_access_packet(cx: &mut Cx<'_>, t: Access, call_pkt_access: Option<bool>) -> bool {
    match may_touch_packets(cx.program.resolved_prog_type(), t == Access::Write, call_pkt_access) {
        DirectAccess::Denied => false,
        DirectAccess::Allowed { writes_directly } => {
            cx.learned.writes_directly |= writes_directly;
            true
        }
    }
}

/// One load or store of a packet. `off` includes the fixed offset.
pub(super) fn load_store(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, t: Access, value: Option<u8>) -> Res {
    if t == Access::Write && !may_access_packet(cx, t, None) {
        return Err(cx.reject(MemoryMsg::CannotWritePacket, Errno::EACCES));
    }
    super::region::check_leak(cx, t, value, "packet")?;
    within_packet(cx, regno, off, size as i32, false)
}
