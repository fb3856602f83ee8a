//! The words in which prototype rows are written, so that a row reads like a declaration.
//!
//! Answers for the combinations of `enum bpf_arg_type` and `enum bpf_return_type` that helpers use. `MEM_IN` is memory
//! that the helper reads, `MEM_OUT` memory that it fills (it need not be initialised), `MEM_INOUT` memory that it may
//! write but that must be initialised; plain `MEM` says neither, which the kernel checks as a read.

use crate::kernel::call::{Allowed, ArgBase, ArgType, FuncProto, RetBase, RetType, TypeFlags};

/// The BTF name of an argument that only the call's other arguments determine. Kernel: `BPF_PTR_POISON`.
pub const POISON: &str = "<by call>";

/// Declares prototypes: `NAME = "kernel's variable"(arguments) -> result, facts;`.
macro_rules! protos {
    ($($Name:ident = $name:literal($($arg:expr),*) -> $ret:expr $(, $fact:ident)*;)*) => {
        $(pub(super) static $Name: $crate::kernel::call::FuncProto = proto($name, &[$($arg),*], $ret)$(.$fact())*;)*
    };
}
pub(super) use protos;

/// A row without facts.
pub(super) const fn proto(name: &'static str, args: &[ArgType], ret: RetType) -> FuncProto {
    let mut all = [arg(ArgBase::DontCare); 5];
    let mut i = 0;
    while i < args.len() {
        all[i] = args[i];
        i += 1;
    }
    FuncProto {
        name,
        gpl_only: false,
        pkt_access: false,
        can_sleep: false,
        allow_fastcall: false,
        allowed: Allowed::Always,
        ret,
        args: all,
    }
}

impl FuncProto {
    /// For GPL-compatible programs only.
    pub(super) const fn gpl(mut self) -> FuncProto {
        self.gpl_only = true;
        self
    }

    /// Memory arguments may be packet data.
    pub(super) const fn pkt(mut self) -> FuncProto {
        self.pkt_access = true;
        self
    }

    /// The call may sleep.
    pub(super) const fn sleeps(mut self) -> FuncProto {
        self.can_sleep = true;
        self
    }

    /// The call leaves registers alone that it does not need.
    pub(super) const fn fastcall(mut self) -> FuncProto {
        self.allow_fastcall = true;
        self
    }

    /// The same, with memory that is never empty.
    pub(super) const fn filled(mut self) -> FuncProto {
        let mut i = 0;
        while i < self.args.len() {
            if matches!(self.args[i].base, ArgBase::ConstSizeOrZero) {
                self.args[i].base = ArgBase::ConstSize;
            }
            i += 1;
        }
        self
    }

    /// The same, with objects of the kernel that are never null.
    pub(super) const fn never_null(mut self) -> FuncProto {
        let mut i = 0;
        while i < self.args.len() {
            if matches!(self.args[i].base, ArgBase::PtrToBtfId) {
                self.args[i].flags = self.args[i].flags.difference(TypeFlags::MAYBE_NULL);
            }
            i += 1;
        }
        self
    }

    /// Only where a path can be resolved safely.
    pub(super) const fn d_path(mut self) -> FuncProto {
        self.allowed = Allowed::DPath;
        self
    }

    /// Only in LSM hooks that may sleep.
    pub(super) const fn sleepable_hook(mut self) -> FuncProto {
        self.allowed = Allowed::SleepableLsmHook;
        self
    }

    /// Only where socket storage itself is not traced.
    pub(super) const fn sk_storage(mut self) -> FuncProto {
        self.allowed = Allowed::SkStorageTracing;
        self
    }
}

const fn arg(base: ArgBase) -> ArgType {
    ArgType { base, flags: TypeFlags::empty(), size: 0, btf: "" }
}

impl ArgType {
    const fn with(mut self, flags: TypeFlags) -> ArgType {
        self.flags = self.flags.union(flags);
        self
    }

    const fn named(mut self, btf: &'static str) -> ArgType {
        self.btf = btf;
        self
    }

    const fn sized(mut self, size: u32) -> ArgType {
        self.size = size;
        self.with(TypeFlags::FIXED_SIZE)
    }
}

const OUT: TypeFlags = TypeFlags::UNINIT.union(TypeFlags::WRITE);

pub(super) const ANY: ArgType = arg(ArgBase::Anything);
pub(super) const SCALAR: ArgType = arg(ArgBase::Scalar);
pub(super) const CTX: ArgType = arg(ArgBase::PtrToCtx);
pub(super) const CTX_OR_NULL: ArgType = CTX.with(TypeFlags::MAYBE_NULL);
pub(super) const MAP: ArgType = arg(ArgBase::ConstMapPtr);
pub(super) const KEY: ArgType = arg(ArgBase::PtrToMapKey);
pub(super) const VALUE: ArgType = arg(ArgBase::PtrToMapValue);
pub(super) const VALUE_OUT: ArgType = VALUE.with(OUT);
pub(super) const VALUE_OR_NULL: ArgType = VALUE.with(TypeFlags::MAYBE_NULL);
pub(super) const MEM: ArgType = arg(ArgBase::PtrToMem);
pub(super) const MEM_IN: ArgType = MEM.with(TypeFlags::RDONLY);
pub(super) const MEM_OUT: ArgType = MEM.with(OUT);
pub(super) const MEM_INOUT: ArgType = MEM.with(TypeFlags::WRITE);
pub(super) const MEM_OR_NULL: ArgType = MEM.with(TypeFlags::MAYBE_NULL);
pub(super) const MEM_IN_OR_NULL: ArgType = MEM_IN.with(TypeFlags::MAYBE_NULL);
pub(super) const MEM_INOUT_OR_NULL: ArgType = MEM_INOUT.with(TypeFlags::MAYBE_NULL);
pub(super) const SIZE: ArgType = arg(ArgBase::ConstSize);
pub(super) const SIZE0: ArgType = arg(ArgBase::ConstSizeOrZero);
pub(super) const ALLOC_SIZE0: ArgType = arg(ArgBase::ConstAllocSizeOrZero);
pub(super) const LOCK: ArgType = arg(ArgBase::PtrToSpinLock).named(POISON);
pub(super) const TIMER: ArgType = arg(ArgBase::PtrToTimer);
pub(super) const FUNC: ArgType = arg(ArgBase::PtrToFunc);
pub(super) const STR: ArgType = arg(ArgBase::PtrToConstStr);
pub(super) const STACK_OR_NULL: ArgType = arg(ArgBase::PtrToStack).with(TypeFlags::MAYBE_NULL);
pub(super) const PERCPU: ArgType = arg(ArgBase::PtrToPercpuBtfId);
pub(super) const RINGBUF_RELEASE: ArgType = arg(ArgBase::PtrToRingbufMem).with(TypeFlags::OBJ_RELEASE);
pub(super) const SOCK_COMMON: ArgType = arg(ArgBase::PtrToSockCommon);
pub(super) const SOCKET_OR_NULL: ArgType = arg(ArgBase::PtrToSocket).with(TypeFlags::MAYBE_NULL);
pub(super) const BTF_SOCK: ArgType = arg(ArgBase::PtrToBtfIdSockCommon);
pub(super) const BTF_SOCK_OR_NULL: ArgType = BTF_SOCK.with(TypeFlags::MAYBE_NULL);
pub(super) const BTF_SOCK_RELEASE: ArgType = BTF_SOCK.with(TypeFlags::OBJ_RELEASE);
pub(super) const KPTR_DEST: ArgType = arg(ArgBase::KptrXchgDest);
pub(super) const KPTR_RELEASE: ArgType = btf_or_null(POISON).with(TypeFlags::OBJ_RELEASE);
pub(super) const DYNPTR: ArgType = arg(ArgBase::PtrToDynptr).with(TypeFlags::RDONLY);
pub(super) const DYNPTR_LOCAL_OUT: ArgType = arg(ArgBase::PtrToDynptr).with(TypeFlags::DYNPTR_LOCAL.union(OUT));
pub(super) const DYNPTR_RINGBUF_OUT: ArgType = arg(ArgBase::PtrToDynptr).with(TypeFlags::DYNPTR_RINGBUF.union(OUT));
pub(super) const DYNPTR_RINGBUF_RELEASE: ArgType =
    arg(ArgBase::PtrToDynptr).with(TypeFlags::DYNPTR_RINGBUF.union(TypeFlags::OBJ_RELEASE));

/// Pointer to this kernel struct.
pub(super) const fn btf(name: &'static str) -> ArgType {
    arg(ArgBase::PtrToBtfId).named(name)
}

/// Pointer to this kernel struct, or null.
pub(super) const fn btf_or_null(name: &'static str) -> ArgType {
    btf(name).with(TypeFlags::MAYBE_NULL)
}

/// Memory of this many bytes.
pub(super) const fn fixed(size: u32) -> ArgType {
    MEM.sized(size)
}

/// Memory of this many bytes that the helper reads.
pub(super) const fn fixed_in(size: u32) -> ArgType {
    MEM_IN.sized(size)
}

/// Aligned memory of this many bytes that the helper fills.
pub(super) const fn fixed_out(size: u32) -> ArgType {
    MEM_OUT.sized(size).with(TypeFlags::ALIGNED)
}

/// Aligned, initialised memory of this many bytes that the helper may write.
pub(super) const fn fixed_inout(size: u32) -> ArgType {
    MEM_INOUT.sized(size).with(TypeFlags::ALIGNED)
}

const fn ret(base: RetBase, flags: TypeFlags) -> RetType {
    RetType { base, flags, btf: "" }
}

pub(super) const INT: RetType = ret(RetBase::Integer, TypeFlags::empty());
pub(super) const VOID: RetType = ret(RetBase::Void, TypeFlags::empty());
pub(super) const MAP_VALUE: RetType = ret(RetBase::PtrToMapValue, TypeFlags::empty());
pub(super) const MAP_VALUE_OR_NULL: RetType = ret(RetBase::PtrToMapValue, TypeFlags::MAYBE_NULL);
pub(super) const SOCKET_RET_OR_NULL: RetType = ret(RetBase::PtrToSocket, TypeFlags::MAYBE_NULL);
pub(super) const SOCK_COMMON_RET_OR_NULL: RetType = ret(RetBase::PtrToSockCommon, TypeFlags::MAYBE_NULL);
pub(super) const TCP_SOCK_OR_NULL: RetType = ret(RetBase::PtrToTcpSock, TypeFlags::MAYBE_NULL);
pub(super) const DYNPTR_MEM_OR_NULL: RetType = ret(RetBase::PtrToMem, TypeFlags::MAYBE_NULL);
pub(super) const RINGBUF_MEM_OR_NULL: RetType = ret(RetBase::PtrToMem, TypeFlags::MAYBE_NULL.union(TypeFlags::RINGBUF));
pub(super) const PERCPU_VALUE: RetType = ret(RetBase::PtrToMemOrBtfId, TypeFlags::RDONLY);
pub(super) const PERCPU_VALUE_OR_NULL: RetType =
    ret(RetBase::PtrToMemOrBtfId, TypeFlags::RDONLY.union(TypeFlags::MAYBE_NULL));

/// Pointer to this kernel struct.
pub(super) const fn ret_btf(name: &'static str) -> RetType {
    RetType { base: RetBase::PtrToBtfId, flags: TypeFlags::empty(), btf: name }
}

/// Pointer to this kernel struct, or null.
pub(super) const fn ret_btf_or_null(name: &'static str) -> RetType {
    RetType { base: RetBase::PtrToBtfId, flags: TypeFlags::MAYBE_NULL, btf: name }
}

/// Pointer to this kernel struct that may be passed on to kernel functions.
pub(super) const fn ret_btf_trusted(name: &'static str) -> RetType {
    RetType { base: RetBase::PtrToBtfId, flags: TypeFlags::TRUSTED, btf: name }
}
