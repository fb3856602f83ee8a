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

impl RegType {
    /// Hands its words to `f`, in order.
    pub fn words(self, mut f: impl FnMut(&'static str)) {
        PREFIXES.iter().filter(|(flag, _)| self.has(*flag)).for_each(|(_, word)| f(word));
        f(self.base.word());
        if self.may_be_null() {
            f(if self.base == RegBase::PtrToBtfId { "or_null_" } else { "_or_null" });
        }
    }
}

impl fmt::Display for RegType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        self.words(|word| result = result.and_then(|()| f.write_str(word)));
        result
    }
}
