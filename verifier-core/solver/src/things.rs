//! What runs keep track of besides bytes: kinds of memory, what it ends with, and what calls keep on the stack.

use super::term::Num;

/// What a region is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The program's context.
    Ctx,
    /// Packet bytes.
    Packet,
    /// Bytes before the packet that belong to it.
    Meta,
    /// The stack of a frame.
    Stack(usize),
    /// A map itself.
    MapObject(usize),
    /// One value of a map.
    MapValue(usize),
    /// Memory that a call gave out, or an argument of a global function.
    Memory,
    /// A record of a ring buffer, reserved and not yet given back.
    Sample,
    /// An object of the kernel: not looked into.
    Object,
    /// A local function.
    Function(u32),
}

/// What an object ends with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Owner {
    /// The packet, as it lies now.
    Packet,
    /// A reference that the program holds.
    Reference(u32),
    /// Nothing that a program can end.
    Nobody,
    /// Not known: anything that ends may be it.
    Unknown,
}

/// What calls keep on the stack.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    /// An iterator over numbers: the memory that shows the last one, and where it ends.
    Numbers {
        /// Region of what is shown, which the program may write.
        shown: usize,
        /// First number that is not shown.
        end: Num,
        /// The last call that showed one: the instruction, and its place among what came from outside.
        last: Option<(usize, usize)>,
    },
    /// An iterator over bits: how many there are, where that is known, and the memory that shows the last one.
    Bits {
        /// Every bit has a number below.
        below: Option<u64>,
        /// Region of what is shown.
        shown: Option<usize>,
    },
    /// A dynptr.
    Dynptr(Dynptr),
}

/// What is known of a dynptr.
#[derive(Clone, Debug)]
pub(super) struct Dynptr {
    /// What its memory ends with.
    pub owner: Owner,
    /// Bytes, where it is there for sure and they are known.
    pub size: Option<Num>,
}

impl Dynptr {
    /// Of memory of any size, or none.
    pub(super) fn of(owner: Owner) -> Thing {
        Thing::Dynptr(Dynptr { owner, size: None })
    }
}
