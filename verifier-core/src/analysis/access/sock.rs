//! Sockets, as the UAPI structs show them. Answers for `check_sock_access()`.
//!
//! In the kernel: `type_is_sk_pointer()`.

use crate::analysis::Cx;
use crate::analysis::regs::Access;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::call::{RegBase, RegType};
use crate::kernel::prog_types::{SockKind, sock_access};

fn kind(ty: RegType) -> Option<SockKind> {
    match ty.base {
        _ if !ty.flags.is_empty() => None,
        RegBase::PtrToSockCommon => Some(SockKind::Common),
        RegBase::PtrToSocket => Some(SockKind::Full),
        RegBase::PtrToTcpSock => Some(SockKind::Tcp),
        RegBase::PtrToXdpSock => Some(SockKind::Xdp),
        _ => None,
    }
}

/// Whether the pointer is to one of the socket structs that programs may read.
pub(crate) fn is_sk_pointer(ty: RegType) -> bool {
    kind(ty).is_some()
}

/// One load of a socket field; stores are rejected. `off` includes the fixed offset.
pub(super) fn load(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, t: Access) -> Res {
    let reg = *cx.reg(regno);
    let ty = reg.ty;
    if t == Access::Write {
        return Err(cx.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES));
    }
    if reg.scalar.smin < 0 {
        return Err(cx.reject(MemoryMsg::MinNegative { regno }, Errno::EACCES));
    }
    if kind(ty).is_some_and(|k| sock_access(k, off, size).allowed()) {
        return Ok(());
    }
    Err(cx.reject(MemoryMsg::Sock { regno, ty, off, size }, Errno::EACCES))
}
