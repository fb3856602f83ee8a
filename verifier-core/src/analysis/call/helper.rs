//! The call of a helper. Answers for `check_helper_call()`.

use crate::analysis::Env;
use crate::error::{Res, Stop};
use crate::isa::Insn;

/// Checks and performs a helper call. Kernel: `check_helper_call()`.
pub(crate) fn check_helper_call(_env: &mut Env<'_>, _insn: Insn, _insn_idx: &mut usize) -> Res {
    Err(Stop::unsupported("check_helper_call"))
}

/// Packet data may have moved. Kernel: `clear_all_pkt_pointers()`.
pub(crate) fn clear_all_pkt_pointers(env: &mut Env<'_>) {
    use crate::state::RegBase::{PtrToPacket, PtrToPacketEnd, PtrToPacketMeta};
    crate::analysis::refs::invalidate_regs(env, |r| {
        matches!(r.ty.base, PtrToPacket | PtrToPacketMeta | PtrToPacketEnd)
    });
}
