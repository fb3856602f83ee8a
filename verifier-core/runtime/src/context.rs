//! Contexts: as long as their layout lets programs reach, with an object of the run's own behind every pointer.
//!
//! Which fields of a context are pointers, and which of them may be null, is in the layout that the analysis asks; here
//! stands what the runtime has to put behind them. What always holds: no pointer in a context is one that the user
//! gave, and one that may not be null leads to memory of the run that is as long as the layout of what it points to.

use std::io;

use verifier_core::kernel::ProgType;
use verifier_core::kernel::call::{RegBase, RegType};
use verifier_core::kernel::prog_types::layout;

use super::memory::{Region, RegionKind, Reservation};
use super::net::SOCK_LEN;

/// Largest context.
pub const MAX_CONTEXT: usize = 0xffff;
/// Zeroes in front of a context: tracepoint programs may look there, as far as an instruction reaches.
pub const BEFORE: usize = 1 << 15;
/// Bytes of the buffer that writable raw tracepoints have.
pub const BUFFER: u32 = 1 << 16;
/// Most bytes behind a context that names their beginning and their end: the value of a socket option, a message.
pub const MAX_DATA: usize = 0xffff;
/// `struct bpf_flow_keys`.
const FLOW_KEYS: usize = 56;

/// What the runtime puts behind a pointer of a context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Behind {
    /// Nothing: null.
    Null,
    /// The packet, whose fields [`super::packet`] keeps.
    Packet,
    /// A socket.
    Socket,
    /// A buffer.
    Buffer,
    /// The beginning of bytes of the user's, and their end.
    Data,
    DataEnd,
    /// What a flow dissector fills.
    FlowKeys,
    /// An object of the kernel, of which nothing is known: what is read through the pointer is zero.
    Object,
    /// Something that it does not have.
    Missing,
}

fn behind(size: u32, ty: RegType) -> Behind {
    match ty.base {
        _ if ty.may_be_null() => Behind::Null,
        RegBase::Scalar => Behind::Packet,
        RegBase::PtrToPacket | RegBase::PtrToPacketEnd | RegBase::PtrToPacketMeta if size == 4 => Behind::Packet,
        RegBase::PtrToPacket => Behind::Data,
        RegBase::PtrToPacketEnd => Behind::DataEnd,
        RegBase::PtrToFlowKeys => Behind::FlowKeys,
        RegBase::PtrToSocket | RegBase::PtrToSockCommon => Behind::Socket,
        RegBase::PtrToTpBuffer => Behind::Buffer,
        RegBase::PtrToBtfId => Behind::Object,
        _ => Behind::Missing,
    }
}

/// Words of a context that the arguments of a function make up, at most: twelve, and what the function returned.
const MOST_WORDS: usize = 13;

/// What a context of a program is like.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Shape {
    prog_type: Option<ProgType>,
    /// Offset, bytes and what is behind it, of each pointer.
    pointers: Vec<(u32, u32, Behind)>,
}

impl Shape {
    /// That of a program type, as far as it has one.
    pub fn of(prog_type: ProgType) -> Shape {
        let fields = layout(prog_type).map(|l| l.pointers()).unwrap_or_default();
        let pointers = fields.into_iter().map(|(at, size, ty)| (at, size, behind(size, ty))).collect();
        Shape { prog_type: Some(prog_type), pointers }
    }

    /// With pointers that only the function tells that a program is attached to.
    pub fn with(mut self, pointers: &[(u32, RegType)]) -> Shape {
        self.pointers.extend(pointers.iter().map(|(at, ty)| (*at, 8, behind(8, *ty))));
        self
    }

    /// Where it holds a pointer that may not be null to something that the runtime does not have.
    pub fn missing(&self) -> Option<u32> {
        self.pointers.iter().find(|(.., behind)| *behind == Behind::Missing).map(|(at, ..)| *at)
    }
}

/// Whether the context of this type is made up of the arguments of a function that a program is attached to.
pub fn is_of_arguments(t: ProgType) -> bool {
    matches!(t, ProgType::Tracing | ProgType::Lsm | ProgType::StructOps)
}

/// Bytes that a context of this type has at least; accesses may begin before the end.
pub fn size(t: ProgType) -> usize {
    if is_of_arguments(t) { 8 * MOST_WORDS } else { layout(t).map_or(0, |l| l.size as usize) }
}

/// Memory for contexts and what they point to, to be used for one run after the other.
#[derive(Debug)]
pub struct Contexts {
    memory: Reservation,
    socket: Reservation,
    buffer: Reservation,
    data: Reservation,
    flow_keys: Reservation,
    object: Reservation,
    /// Bytes of the last context, and of its data.
    used: usize,
    data_len: usize,
}

impl Contexts {
    /// Room for the largest context.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn new() -> io::Result<Contexts> {
        Ok(Contexts {
            memory: Reservation::low(BEFORE + MAX_CONTEXT + 1)?,
            socket: Reservation::new(SOCK_LEN)?,
            buffer: Reservation::new(BUFFER as usize)?,
            data: Reservation::new(MAX_DATA + 1)?,
            flow_keys: Reservation::new(FLOW_KEYS)?,
            object: Reservation::new(1)?,
            used: 0,
            data_len: 0,
        })
    }

    /// Address of the context.
    pub fn address(&self) -> u64 {
        self.memory.address() + BEFORE as u64
    }

    /// Puts a context there, `len` bytes long: the user's bytes, zeroes, and pointers of the run's own. `data` is what a
    /// context without a packet names the beginning and the end of.
    pub fn place(&mut self, shape: &Shape, bytes: &[u8], len: usize, data: &[u8]) {
        self.memory.clear(BEFORE, self.used.max(len));
        self.memory.write(BEFORE, &bytes[..bytes.len().min(len)]);
        let data = &data[..data.len().min(MAX_DATA)];
        (self.used, self.data_len) = (len, data.len());
        for (at, size, behind) in shape.pointers.iter().copied() {
            let value = match behind {
                Behind::Packet => continue,
                Behind::Null | Behind::Missing => 0,
                Behind::Socket => self.socket.address(),
                Behind::Object => self.object.address(),
                Behind::Buffer => {
                    self.buffer.clear(0, BUFFER as usize);
                    self.buffer.address()
                }
                Behind::Data => {
                    self.data.write(0, data);
                    self.data.address()
                }
                Behind::DataEnd => self.data.address() + data.len() as u64,
                Behind::FlowKeys => {
                    self.flow_keys.clear(0, FLOW_KEYS);
                    self.flow_keys.address()
                }
            };
            let end = at as usize + size as usize;
            if end <= len {
                self.memory.write(BEFORE + at as usize, &value.to_ne_bytes()[..size as usize]);
            }
        }
        self.fill_socket(shape.prog_type);
    }

    /// The socket is of the family, type and protocol that the context names; without one, of IPv4.
    fn fill_socket(&mut self, prog_type: Option<ProgType>) {
        /// Offset in `struct bpf_sock_addr`, and of the same in `struct bpf_sock`: family, type, protocol.
        const NAMED: [(usize, usize); 3] = [(28, 4), (32, 8), (36, 12)];
        const INET: u32 = 2;
        self.socket.clear(0, SOCK_LEN);
        self.socket.write(4, &INET.to_ne_bytes());
        if prog_type == Some(ProgType::CgroupSockAddr) {
            for (from, to) in NAMED {
                let value = self.memory.read(BEFORE + from, 4);
                if value != [0; 4] {
                    self.socket.write(to, &value);
                }
            }
        }
    }

    /// The bytes of the context, without addresses of this process but those of the packet.
    pub fn bytes(&self, shape: &Shape) -> Vec<u8> {
        let mut out = self.memory.read(BEFORE, self.used);
        for (at, size, behind) in shape.pointers.iter().copied() {
            if behind != Behind::Packet
                && let Some(field) = out.get_mut(at as usize..at as usize + size as usize)
            {
                field.fill(0);
            }
        }
        out
    }

    /// Regions for checked mode.
    pub fn regions(&self, shape: &Shape) -> Vec<Region> {
        let region = |kind, start, len: usize, writable| Region {
            kind,
            start,
            len: len as u64,
            objects: None,
            closed: None,
            writable,
        };
        let mut out = vec![region(RegionKind::Context, self.address(), self.used, true)];
        if shape.prog_type == Some(ProgType::Tracepoint) {
            out.push(region(RegionKind::Before, self.memory.address(), BEFORE, false));
        }
        for (_, _, behind) in shape.pointers.iter().copied() {
            out.extend(match behind {
                Behind::Socket => Some(region(RegionKind::Socket, self.socket.address(), SOCK_LEN, false)),
                Behind::Buffer => Some(region(RegionKind::Buffer, self.buffer.address(), BUFFER as usize, true)),
                Behind::Data => Some(region(RegionKind::Data, self.data.address(), self.data_len, true)),
                Behind::FlowKeys => Some(region(RegionKind::FlowKeys, self.flow_keys.address(), FLOW_KEYS, true)),
                Behind::Object => Some(region(RegionKind::Object, self.object.address(), self.object.len(), false)),
                Behind::Null | Behind::Packet | Behind::DataEnd | Behind::Missing => None,
            });
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pointer_is_the_users() {
        let mut contexts = Contexts::new().expect("memory");
        for t in ProgType::ALL {
            let Some(l) = layout(*t) else { continue };
            contexts.place(&Shape::of(*t), &vec![0x41; l.size as usize], l.size as usize, &[7; 9]);
            let placed = contexts.memory.read(BEFORE, l.size as usize);
            for (at, size, ty) in l.pointers().into_iter().filter(|(_, size, ty)| behind(*size, *ty) != Behind::Packet)
            {
                let field = &placed[at as usize..(at + size) as usize];
                assert!(field.iter().any(|b| *b != 0x41), "{t:?} at {at}: {ty:?}");
            }
        }
    }

    #[test]
    fn a_shorter_context_has_nothing_of_the_one_before() {
        let mut contexts = Contexts::new().expect("memory");
        contexts.place(&Shape::of(ProgType::Syscall), &[1; 100], 100, &[]);
        contexts.place(&Shape::of(ProgType::Syscall), &[2; 4], 4, &[]);
        assert_eq!(contexts.memory.read(BEFORE - 4, 12), [0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0]);
        assert_eq!(contexts.bytes(&Shape::of(ProgType::Syscall)), [2; 4]);
    }

    #[test]
    fn data_of_the_users_lies_between_two_pointers() {
        let mut contexts = Contexts::new().expect("memory");
        let t = ProgType::CgroupSockopt;
        contexts.place(&Shape::of(t), &[], size(t), &[1, 2, 3]);
        let word = |at: usize| u64::from_ne_bytes(contexts.memory.read(BEFORE + at, 8).try_into().expect("eight"));
        assert_eq!((word(8), word(16)), (contexts.data.address(), contexts.data.address() + 3));
        assert_eq!((contexts.data.read(0, 3), contexts.regions(&Shape::of(t)).len()), (vec![1, 2, 3], 3));
    }

    #[test]
    fn sockets_are_as_the_context_says() {
        let mut contexts = Contexts::new().expect("memory");
        let mut bytes = vec![0; 72];
        bytes[28] = 10;
        contexts.place(&Shape::of(ProgType::CgroupSockAddr), &bytes, 72, &[]);
        assert_eq!(contexts.socket.read(4, 4), [10, 0, 0, 0]);
        assert_eq!(contexts.memory.read(BEFORE + 64, 8), contexts.socket.address().to_ne_bytes());
        assert_eq!(contexts.bytes(&Shape::of(ProgType::CgroupSockAddr))[64..], [0; 8]);
    }
}
