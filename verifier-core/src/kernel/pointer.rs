//! What registers hold, one row for each kind: what it is called, what may be done with it, how it is compared.
//!
//! A new kind is a row here. Checks ask the row; what is special about a kind's memory stands where accesses to that
//! [`Region`] are checked, and is found there because the match over regions is complete.

/// Which kind of socket a pointer points to, for accesses through it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SockKind {
    /// `PTR_TO_SOCK_COMMON`.
    Common,
    /// `PTR_TO_SOCKET`.
    Full,
    /// `PTR_TO_TCP_SOCK`.
    Tcp,
    /// `PTR_TO_XDP_SOCK`.
    Xdp,
}

/// The memory that a pointer leads to, by how an access to it is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Region {
    /// None that programs may access.
    None,
    /// The context of the program.
    Context,
    /// A value of a map.
    MapValue,
    /// A key of a map.
    MapKey,
    /// A stack frame.
    Stack,
    /// A packet or its metadata.
    Packet,
    /// Keys of a flow dissector.
    FlowKeys,
    /// A socket, as the UAPI struct shows it.
    Socket(SockKind),
    /// What a raw tracepoint hands out to be written.
    TracepointBuffer,
    /// An object of the kernel or of the program, by its BTF.
    Object,
    /// Memory of known size.
    Memory,
    /// A buffer whose size is found when it is used.
    Buffer,
    /// An arena.
    Arena,
    /// The kernel's struct of a map.
    MapStruct,
}

/// Which modifiers a pointer may have where it is accessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Modifiers {
    /// None at all.
    None,
    /// Any but that it may be null.
    NotNull,
    /// Any; the check of the region looks at them.
    Any,
}

/// When an access must be aligned to its size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aligned {
    /// Where strict alignment is asked for.
    Asked,
    /// Always: saved registers are tracked by whole slots.
    Always,
    /// Where asked for, counting the bytes that drivers put before the Ethernet header.
    BehindHeader,
    /// Never.
    Never,
}

/// By what a pointer can be moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moves {
    /// By numbers.
    Freely,
    /// By constants.
    ByConstants,
    /// By nothing but the constant 0.
    ByZero,
    /// Not at all.
    Never,
}

/// When a value explored before covers one met now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Covers {
    /// Both are the same.
    Same,
    /// The same number, or ranges that contain those met now where the number matters.
    Number,
    /// The same object, and offsets that contain those met now.
    Within,
    /// The same packet pointer, with no more bytes proven to be there.
    Packet,
    /// The same place of the same frame.
    Frame,
    /// Always.
    Anything,
}

/// Whether a pointer is certainly not null, where its modifiers do not say that it may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotNull {
    /// Not known.
    Unknown,
    /// In every release.
    Always,
    /// In releases that know of more pointers.
    Later,
    /// In releases that also know of XDP sockets and buffers.
    Latest,
    /// As [`NotNull::Later`], unless it may be stale.
    UnlessUntrusted,
    /// As [`NotNull::Later`], where it is trusted.
    WhenTrusted,
}

/// What logs show of it besides offset and ranges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shows {
    /// Nothing.
    Nothing,
    /// The map.
    Map,
    /// Bytes that were compared with the packet's end.
    Range,
    /// Bytes of its memory.
    Size,
}

/// One kind.
#[derive(Clone, Copy, Debug)]
pub struct PointerKind {
    /// The kernel's word.
    pub word: &'static str,
    /// Words for people.
    pub people: &'static str,
    /// The word in complaints about alignment, with its blank.
    pub aligned_word: &'static str,
    /// Memory behind it.
    pub region: Region,
    /// Modifiers that an access allows.
    pub modifiers: Modifiers,
    /// When accesses must be aligned.
    pub aligned: Aligned,
    /// By what it can be moved.
    pub moves: Moves,
    /// A store to the stack keeps track of it.
    pub spillable: bool,
    /// Atomic operations may go through it.
    pub atomic: bool,
    /// The kernel rewrites accesses through it, so that one instruction cannot serve another kind as well.
    pub rewritten: bool,
    /// When it covers another.
    pub covers: Covers,
    /// When it is not null.
    pub not_null: NotNull,
    /// The kernel struct that it stands for, without BTF of its own.
    pub stands_for: Option<&'static str>,
    /// What logs show.
    pub shows: Shows,
    /// It may own a reference.
    pub owns: bool,
}

/// What holds for most kinds: a fixed pointer that nothing can be accessed through.
const FIXED: PointerKind = PointerKind {
    word: "",
    people: "",
    aligned_word: "",
    region: Region::None,
    modifiers: Modifiers::None,
    aligned: Aligned::Asked,
    moves: Moves::Never,
    spillable: true,
    atomic: true,
    rewritten: false,
    covers: Covers::Same,
    not_null: NotNull::Unknown,
    stands_for: None,
    shows: Shows::Nothing,
    owns: false,
};
/// Pointers into memory that may be moved in it.
const MEMORY: PointerKind = PointerKind { moves: Moves::Freely, covers: Covers::Within, ..FIXED };
/// Pointers into packets.
const PACKET: PointerKind = PointerKind {
    region: Region::Packet,
    aligned: Aligned::BehindHeader,
    moves: Moves::Freely,
    atomic: false,
    covers: Covers::Packet,
    shows: Shows::Range,
    ..FIXED
};
/// Sockets.
const SOCKET: PointerKind = PointerKind { atomic: false, rewritten: true, not_null: NotNull::Always, ..FIXED };

macro_rules! kinds {
    ($($(#[$doc:meta])* $Kind:ident = $row:expr;)*) => {
        /// What a register holds, without modifiers. Kernel: `enum bpf_reg_type` (declaration order is the kernel's).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        #[repr(u8)]
        pub enum RegBase { $($(#[$doc])* $Kind),* }

        impl RegBase {
            /// Every kind.
            pub const ALL: &[RegBase] = &[$(RegBase::$Kind),*];

            /// What holds for the kind.
            pub const fn row(self) -> &'static PointerKind {
                static ROWS: &[PointerKind] = &[$($row),*];
                &ROWS[self as usize]
            }
        }
    };
}

kinds! {
    /// Nothing was written there.
    #[default]
    NotInit = PointerKind { word: "?", people: "nothing (never written)", spillable: false, ..FIXED };
    /// A number.
    Scalar = PointerKind { word: "scalar", people: "number", spillable: false, covers: Covers::Number, ..FIXED };
    /// The program's context.
    PtrToCtx = PointerKind {
        word: "ctx",
        people: "the context",
        aligned_word: "context ",
        region: Region::Context,
        moves: Moves::Freely,
        atomic: false,
        rewritten: true,
        ..FIXED
    };
    /// A map.
    ConstPtrToMap = PointerKind {
        word: "map_ptr",
        people: "a map",
        region: Region::MapStruct,
        moves: Moves::ByZero,
        not_null: NotNull::Later,
        stands_for: Some("bpf_map"),
        shows: Shows::Map,
        ..FIXED
    };
    /// A value of a map.
    PtrToMapValue = PointerKind {
        word: "map_value",
        people: "pointer to a value",
        aligned_word: "value ",
        region: Region::MapValue,
        not_null: NotNull::Always,
        shows: Shows::Map,
        ..MEMORY
    };
    /// A key of a map.
    PtrToMapKey = PointerKind {
        word: "map_key",
        people: "pointer to a key",
        aligned_word: "key ",
        region: Region::MapKey,
        not_null: NotNull::Always,
        shows: Shows::Map,
        ..MEMORY
    };
    /// A stack frame.
    PtrToStack = PointerKind {
        word: "fp",
        people: "pointer to the stack",
        aligned_word: "stack ",
        region: Region::Stack,
        aligned: Aligned::Always,
        moves: Moves::Freely,
        covers: Covers::Frame,
        ..FIXED
    };
    /// Metadata before a packet.
    PtrToPacketMeta = PointerKind { word: "pkt_meta", people: "packet metadata", ..PACKET };
    /// A packet.
    PtrToPacket = PointerKind { word: "pkt", people: "packet", ..PACKET };
    /// The end of a packet.
    PtrToPacketEnd = PointerKind { word: "pkt_end", people: "end of the packet", ..FIXED };
    /// Keys of a flow dissector.
    PtrToFlowKeys = PointerKind {
        word: "flow_keys",
        people: "flow keys",
        aligned_word: "flow keys ",
        region: Region::FlowKeys,
        moves: Moves::ByConstants,
        atomic: false,
        ..FIXED
    };
    /// A full socket.
    PtrToSocket = PointerKind {
        word: "sock",
        people: "socket",
        aligned_word: "sock ",
        region: Region::Socket(SockKind::Full),
        stands_for: Some("sock"),
        owns: true,
        ..SOCKET
    };
    /// The part that all sockets have.
    PtrToSockCommon = PointerKind {
        word: "sock_common",
        people: "socket (common part)",
        aligned_word: "sock_common ",
        region: Region::Socket(SockKind::Common),
        stands_for: Some("sock_common"),
        ..SOCKET
    };
    /// A TCP socket.
    PtrToTcpSock = PointerKind {
        word: "tcp_sock",
        people: "TCP socket",
        aligned_word: "tcp_sock ",
        region: Region::Socket(SockKind::Tcp),
        stands_for: Some("tcp_sock"),
        owns: true,
        ..SOCKET
    };
    /// What a writable raw tracepoint hands out.
    PtrToTpBuffer = PointerKind {
        word: "tp_buffer",
        people: "tracepoint buffer",
        region: Region::TracepointBuffer,
        spillable: false,
        ..MEMORY
    };
    /// An XDP socket.
    PtrToXdpSock = PointerKind {
        word: "xdp_sock",
        people: "XDP socket",
        aligned_word: "xdp_sock ",
        region: Region::Socket(SockKind::Xdp),
        not_null: NotNull::Latest,
        ..SOCKET
    };
    /// An object of a type that BTF describes.
    PtrToBtfId = PointerKind {
        word: "ptr_",
        people: "pointer to an object",
        region: Region::Object,
        modifiers: Modifiers::NotNull,
        moves: Moves::Freely,
        rewritten: true,
        not_null: NotNull::WhenTrusted,
        owns: true,
        ..FIXED
    };
    /// Memory of known size.
    PtrToMem = PointerKind {
        word: "mem",
        people: "memory",
        region: Region::Memory,
        modifiers: Modifiers::Any,
        not_null: NotNull::UnlessUntrusted,
        shows: Shows::Size,
        owns: true,
        ..MEMORY
    };
    /// An address in an arena.
    PtrToArena = PointerKind {
        word: "arena",
        people: "arena address",
        region: Region::Arena,
        aligned: Aligned::Never,
        rewritten: true,
        covers: Covers::Anything,
        ..FIXED
    };
    /// A buffer whose size is found when it is used.
    PtrToBuf = PointerKind {
        word: "buf",
        people: "buffer",
        region: Region::Buffer,
        modifiers: Modifiers::NotNull,
        not_null: NotNull::Latest,
        ..MEMORY
    };
    /// A function of the program.
    PtrToFunc = PointerKind { word: "func", people: "function", moves: Moves::Freely, ..FIXED };
    /// A place of the program, from a jump table.
    PtrToInsn = PointerKind {
        word: "insn",
        people: "place of the program",
        spillable: false,
        covers: Covers::Within,
        ..FIXED
    };
    /// A dynptr that a callback was given.
    ConstPtrToDynptr =
        PointerKind { word: "dynptr_ptr", people: "dynptr", moves: Moves::Freely, spillable: false, ..FIXED };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_words_of_their_own() {
        let words: std::collections::BTreeSet<_> = RegBase::ALL.iter().map(|k| k.row().word).collect();
        assert_eq!(words.len(), RegBase::ALL.len());
        assert!(RegBase::ALL.iter().all(|k| !k.row().people.is_empty()));
    }

    #[test]
    fn what_covers_more_than_itself_can_be_moved() {
        // Places are loaded from a table at an offset that may vary, and keep it.
        let loaded = |k: &RegBase| *k == RegBase::PtrToInsn;
        let moved = |k: &&RegBase| matches!(k.row().covers, Covers::Within | Covers::Packet) && !loaded(k);
        assert!(RegBase::ALL.iter().filter(moved).all(|k| k.row().moves == Moves::Freely));
    }

    #[test]
    fn the_kernel_rewrites_what_no_program_may_write_by_itself() {
        let socket = |k: &&RegBase| matches!(k.row().region, Region::Socket(_));
        assert!(RegBase::ALL.iter().filter(socket).all(|k| k.row().rewritten && !k.row().atomic));
    }
}
