//! Sockets, as the UAPI structs show them. Answers for `check_sock_access()`.
//!
//! In the kernel: `type_is_sk_pointer()`.

use crate::analysis::Cx;
use crate::analysis::regs::Access;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::prog_types::{SockKind, sock_access};

/// One load of a socket field; stores are rejected. `off` includes the fixed offset.
pub(super) fn load(cx: &mut Cx<'_>, regno: u8, kind: SockKind, off: i32, size: u32, t: Access) -> Res {
    let reg = *cx.reg(regno);
    let ty = reg.ty;
    if t == Access::Write {
        return Err(cx.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES));
    }
    if reg.scalar.smin < 0 {
        return Err(cx.reject(MemoryMsg::MinNegative { regno }, Errno::EACCES));
    }
    if sock_access(kind, off, size).allowed() {
        return Ok(());
    }
    Err(cx.reject(MemoryMsg::Sock { regno, ty, off, size }, Errno::EACCES))
}
