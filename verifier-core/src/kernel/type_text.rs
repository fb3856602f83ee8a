//! Register types in words. Answers for `reg_type_str()`.

use std::fmt;

use super::call::{RegBase, RegType, TypeFlags};

impl RegBase {
    /// The word of the base type.
    pub const fn word(self) -> &'static str {
        match self {
            RegBase::NotInit => "?",
            RegBase::Scalar => "scalar",
            RegBase::PtrToCtx => "ctx",
            RegBase::ConstPtrToMap => "map_ptr",
            RegBase::PtrToMapValue => "map_value",
            RegBase::PtrToMapKey => "map_key",
            RegBase::PtrToStack => "fp",
            RegBase::PtrToPacketMeta => "pkt_meta",
            RegBase::PtrToPacket => "pkt",
            RegBase::PtrToPacketEnd => "pkt_end",
            RegBase::PtrToFlowKeys => "flow_keys",
            RegBase::PtrToSocket => "sock",
            RegBase::PtrToSockCommon => "sock_common",
            RegBase::PtrToTcpSock => "tcp_sock",
            RegBase::PtrToTpBuffer => "tp_buffer",
            RegBase::PtrToXdpSock => "xdp_sock",
            RegBase::PtrToBtfId => "ptr_",
            RegBase::PtrToMem => "mem",
            RegBase::PtrToArena => "arena",
            RegBase::PtrToBuf => "buf",
            RegBase::PtrToFunc => "func",
            RegBase::ConstPtrToDynptr => "dynptr_ptr",
        }
    }
}

/// Modifiers that are put before the base type, in the order they are printed.
const PREFIXES: [(TypeFlags, &str); 7] = [
    (TypeFlags::RDONLY, "rdonly_"),
    (TypeFlags::RINGBUF, "ringbuf_"),
    (TypeFlags::USER, "user_"),
    (TypeFlags::PERCPU, "percpu_"),
    (TypeFlags::RCU, "rcu_"),
    (TypeFlags::UNTRUSTED, "untrusted_"),
    (TypeFlags::TRUSTED, "trusted_"),
];

impl fmt::Display for RegType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (flag, word) in PREFIXES {
            if self.has(flag) {
                f.write_str(word)?;
            }
        }
        f.write_str(self.base.word())?;
        match (self.may_be_null(), self.base) {
            (true, RegBase::PtrToBtfId) => f.write_str("or_null_"),
            (true, _) => f.write_str("_or_null"),
            (false, _) => Ok(()),
        }
    }
}
