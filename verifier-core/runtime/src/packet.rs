//! The packet of a run: its buffer with room in front and behind, and the fields of the context that point to it.
//!
//! Answers for what `struct xdp_buff` and the linear part of `struct sk_buff` are to programs, with the sizes that
//! `BPF_PROG_TEST_RUN` gives them. Buffer and context lie below 4 GiB: the fields `data`, `data_end` and `data_meta`
//! hold addresses.

use std::io;

use super::memory::{Region, RegionKind, Reservation};

/// Room before the data. Kernel: `XDP_PACKET_HEADROOM`.
pub const HEADROOM: u64 = 256;
/// Bytes at the beginning of the room that XDP keeps for itself. Kernel: `sizeof(struct xdp_frame)`.
const XDP_FRAME: u64 = 40;
/// Bytes behind the room. Kernel: `sizeof(struct skb_shared_info)`, aligned.
const SHARED_INFO: u64 = 320;
/// Bytes of a buffer for packets that fit a page.
const BUFFER: u64 = 4096;
/// Largest packet.
pub const MAX_PACKET: usize = 0xffff;
/// Bytes of an Ethernet header.
pub const ETH: u64 = 14;

/// Which context points to the packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PacketKind {
    /// `struct xdp_md`.
    Xdp,
    /// `struct __sk_buff`.
    Skb,
}

/// Memory for the largest packet, to be used for one run after the other.
///
/// # Errors
/// Those of `mmap(2)`.
pub fn buffer() -> io::Result<Reservation> {
    Reservation::low(HEADROOM as usize + 2 * (MAX_PACKET + 1) + SHARED_INFO as usize)
}

/// The packet of a run.
#[derive(Clone, Debug)]
pub struct Packet {
    kind: PacketKind,
    ctx: u64,
    ctx_len: u64,
    /// First and last address (exclusive) that data may have.
    room: (u64, u64),
    meta: u64,
    data: u64,
    end: u64,
    /// Offset of the network header from the data, for socket buffers.
    network: i64,
    /// Offset of the transport header from the data, once a program put another packet around it; else 0.
    transport: u64,
}

impl Packet {
    /// Puts a packet into a [`buffer`]; the other fields of the context at an address are the caller's. `None` when it is
    /// too large.
    pub(super) fn place(
        kind: PacketKind,
        buffer: &mut Reservation,
        (ctx, ctx_len): (u64, u64),
        bytes: &[u8],
    ) -> Option<Packet> {
        if bytes.len() > MAX_PACKET {
            return None;
        }
        let start = buffer.address();
        let len = bytes.len() as u64;
        let size = (HEADROOM + len + SHARED_INFO).max(BUFFER);
        buffer.write(HEADROOM as usize, bytes);
        let first = if kind == PacketKind::Xdp { start + XDP_FRAME } else { start };
        let data = start + HEADROOM;
        let mut packet = Packet {
            kind,
            ctx,
            ctx_len,
            room: (first, start + size - SHARED_INFO),
            meta: data,
            data,
            end: data + len,
            network: ETH as i64,
            transport: 0,
        };
        if kind == PacketKind::Skb {
            // A socket buffer gets a larger buffer when it needs one.
            packet.room.1 = start + HEADROOM + 2 * (MAX_PACKET as u64 + 1);
        }
        packet.sync();
        Some(packet)
    }

    /// Leaves the link-layer header to lie before the data, as for programs that see packets from the network header.
    pub fn pull_link_layer(&mut self) {
        let n = ETH.min(self.len());
        self.data += n;
        self.meta = self.data;
        self.network = 0;
        self.sync();
    }

    /// Makes the link-layer header part of the data again, zeroed, as `BPF_PROG_TEST_RUN` gives such packets back.
    pub fn push_link_layer(&mut self) {
        self.data -= ETH.min(self.data - self.room.0);
        self.network = ETH as i64;
        self.fill(self.data, ETH);
        self.sync();
    }

    /// Which context points to it.
    pub fn kind(&self) -> PacketKind {
        self.kind
    }

    /// Address of its context.
    pub fn ctx(&self) -> u64 {
        self.ctx
    }

    /// Address of the first byte.
    pub fn data(&self) -> u64 {
        self.data
    }

    /// Address behind the last byte.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Bytes.
    pub fn len(&self) -> u64 {
        self.end - self.data
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.end == self.data
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0; self.len() as usize];
        // SAFETY: the data lies in the buffer.
        unsafe { std::ptr::copy_nonoverlapping(self.data as *const u8, out.as_mut_ptr(), out.len()) };
        out
    }

    /// Offset of the network header from the data.
    pub fn network(&self) -> i64 {
        self.network
    }

    /// Address of the first byte that data may have.
    pub fn head(&self) -> u64 {
        self.room.0
    }

    /// Address of bytes of the packet; `None` where it has no such.
    pub fn at(&self, off: u64, len: u64) -> Option<u64> {
        (off.checked_add(len)? <= self.len()).then_some(self.data + off)
    }

    /// A region for checked mode.
    pub fn region(&self) -> Region {
        let len = self.end - self.meta;
        Region { kind: RegionKind::Packet, start: self.meta, len, objects: None, closed: None, writable: true }
    }

    fn fill(&self, at: u64, len: u64) {
        // SAFETY: callers stay within the room.
        unsafe { (at as *mut u8).write_bytes(0, len as usize) };
    }

    fn shift(&self, from: u64, len: u64, to: u64) {
        // SAFETY: callers stay within the room.
        unsafe { std::ptr::copy(from as *const u8, to as *mut u8, len as usize) };
    }

    /// A 32-bit field of the context.
    pub fn field(&self, off: u64) -> u32 {
        if off + 4 > self.ctx_len {
            return 0;
        }
        // SAFETY: within the context.
        unsafe { ((self.ctx + off) as *const u32).read_unaligned() }
    }

    /// Sets a 32-bit field of the context.
    pub fn set_field(&mut self, off: u64, value: u32) {
        if off + 4 <= self.ctx_len {
            // SAFETY: within the context.
            unsafe { ((self.ctx + off) as *mut u32).write_unaligned(value) }
        }
    }

    /// Writes the addresses into the context.
    fn sync(&mut self) {
        let (meta, data, end) = (self.meta as u32, self.data as u32, self.end as u32);
        let fields = match self.kind {
            PacketKind::Xdp => [(0, data), (4, end), (8, meta), (8, meta)],
            PacketKind::Skb => [(0, end - data), (76, data), (80, end), (140, meta)],
        };
        fields.iter().for_each(|(at, v)| self.set_field(*at, *v));
    }

    /// Moves the beginning; metadata moves along. Kernel: `bpf_xdp_adjust_head()`.
    pub fn adjust_head(&mut self, by: i64) -> bool {
        let meta_len = self.data - self.meta;
        let data = self.data.wrapping_add_signed(by);
        if data < self.room.0 + meta_len || data + ETH > self.end {
            return false;
        }
        self.shift(self.meta, meta_len, data - meta_len);
        (self.data, self.meta) = (data, data - meta_len);
        self.sync();
        true
    }

    /// Moves the end; what is new is zero. Kernel: `bpf_xdp_adjust_tail()`.
    pub fn adjust_tail(&mut self, by: i64) -> bool {
        let end = self.end.wrapping_add_signed(by);
        if end > self.room.1 || end < self.data + ETH {
            return false;
        }
        self.set_end(end);
        true
    }

    /// Gives a socket buffer another length; what is new is zero.
    pub fn set_len(&mut self, len: u64) -> bool {
        let fits = self.data + len <= self.room.1;
        if fits {
            self.set_end(self.data + len);
        }
        fits
    }

    fn set_end(&mut self, end: u64) {
        self.fill(self.end, end.saturating_sub(self.end));
        self.end = end;
        self.sync();
    }

    /// Moves the beginning of metadata: an error number. Kernel: `bpf_xdp_adjust_meta()`.
    ///
    /// # Errors
    /// The error number.
    pub fn adjust_meta(&mut self, by: i64) -> Result<(), i32> {
        let meta = self.meta.wrapping_add_signed(by);
        if meta < self.room.0 || meta > self.data {
            return Err(22);
        }
        let len = self.data - meta;
        if !len.is_multiple_of(4) || len > 255 {
            return Err(13);
        }
        self.meta = meta;
        self.sync();
        Ok(())
    }

    /// Offset of the transport header from the data, once a program put another packet around it; else 0.
    pub fn transport(&self) -> u64 {
        self.transport
    }

    /// Zero bytes in front of all headers.
    pub fn prepend(&mut self, len: u64) -> bool {
        let done = self.insert(0, len);
        if done {
            self.network += len as i64;
        }
        done
    }

    /// A program put another packet around it.
    pub fn set_transport(&mut self, off: u64) {
        self.transport = off;
    }

    /// Makes room for `len` zero bytes at an offset, by moving what is before it to the front, or what is behind it back
    /// where there is no room in front. Headers may be longer than what is left of the packet: the offset then lies
    /// behind it, in its buffer.
    pub fn insert(&mut self, off: u64, len: u64) -> bool {
        let at = self.data + off;
        if at.max(self.end).checked_add(len).is_none_or(|end| end > self.room.1) {
            return false;
        }
        if self.data < self.room.0 + len {
            return self.insert_behind(at, len);
        }
        self.shift(self.data, off, self.data - len);
        self.data -= len;
        self.meta = self.data;
        self.fill(self.data + off, len);
        self.sync();
        true
    }

    fn insert_behind(&mut self, at: u64, len: u64) -> bool {
        self.shift(at, self.end.saturating_sub(at), at + len);
        self.fill(at, len);
        self.end += len;
        self.sync();
        true
    }

    /// Takes `len` bytes out at an offset.
    pub fn remove(&mut self, off: u64, len: u64) -> bool {
        if off.checked_add(len).is_none_or(|end| end > self.len()) {
            return false;
        }
        self.shift(self.data, off, self.data + len);
        self.data += len;
        self.meta = self.data;
        self.sync();
        true
    }
}
