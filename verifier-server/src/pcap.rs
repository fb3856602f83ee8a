//! Files of captured packets: pcap and pcapng are read, also compressed ones; pcap is written.
//!
//! Programs are given Ethernet frames. Packets that were captured without that header (`tcpdump -i any`, tunnels, loopback
//! devices) get one in front, with the protocol that the capture names and made-up addresses. What was captured before a
//! file was cut off or damaged is read; what that leaves out is a note.

use std::io::Read as _;

/// A captured packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Captured {
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Bytes that were kept.
    pub bytes: Vec<u8>,
}

/// Link type of Ethernet.
pub const ETHERNET: u32 = 1;
/// Largest capture after unpacking, in bytes.
const LARGEST: u64 = 512 << 20;

/// What a file of captured packets came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Packets as Ethernet frames.
    pub capture: Capture,
    /// What was made up or left out, in words for the user.
    pub notes: Vec<String>,
}

/// A capture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capture {
    /// Link type (of the first interface).
    pub link: u32,
    /// Packets in the file's order.
    pub packets: Vec<Captured>,
}

/// A file, read from the front.
struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
    big: bool,
}

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(n).filter(|e| *e <= self.all.len());
        let end = end.ok_or_else(|| format!("the file ends within what begins at byte {}", self.at))?;
        let out = &self.all[self.at..end];
        self.at = end;
        Ok(out)
    }

    fn u16(&mut self) -> Result<u16, String> {
        let b = self.take(2)?.try_into().unwrap_or_default();
        Ok(if self.big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    }

    fn u32(&mut self) -> Result<u32, String> {
        let b = self.take(4)?.try_into().unwrap_or_default();
        Ok(if self.big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    }

    fn rest(&self) -> usize {
        self.all.len() - self.at
    }
}

/// Packets with their link types, and where and why reading ended early.
type Packets = (Vec<(u32, Captured)>, Option<String>);

/// Reads a capture.
///
/// # Errors
/// What is wrong and where, in words for the user.
pub fn read(all: &[u8]) -> Result<Reading, String> {
    let mut notes = Vec::new();
    let unpacked = unpack(all, &mut notes)?;
    let all = unpacked.as_deref().unwrap_or(all);
    let (packets, end) = match all.first_chunk::<4>() {
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => read_ng(all),
        Some([0xd4, 0xc3, 0xb2, 0xa1]) => read_classic(all, false, 1000),
        Some([0xa1, 0xb2, 0xc3, 0xd4]) => read_classic(all, true, 1000),
        Some([0x4d, 0x3c, 0xb2, 0xa1]) => read_classic(all, false, 1),
        Some([0xa1, 0xb2, 0x3c, 0x4d]) => read_classic(all, true, 1),
        _ => Err("neither pcap nor pcapng".into()),
    }?;
    if let Some(end) = end {
        if packets.is_empty() {
            return Err(end);
        }
        notes.push(format!("{end}; the {} packets before it are read", packets.len()));
    }
    let capture = frames(packets, &mut notes)?;
    Ok(Reading { capture, notes })
}

/// The bytes of a compressed file, as many as can be unpacked; `None`: it is not compressed.
fn unpack(all: &[u8], notes: &mut Vec<String>) -> Result<Option<Vec<u8>>, String> {
    let mut out = Vec::new();
    let end = match all {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(all).take(LARGEST + 1).read_to_end(&mut out),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let decoder =
                ruzstd::decoding::StreamingDecoder::new(all).map_err(|e| format!("cannot be unpacked: {e}"))?;
            decoder.take(LARGEST + 1).read_to_end(&mut out)
        }
        _ => return Ok(None),
    };
    if out.len() as u64 > LARGEST {
        return Err(format!("larger than {} MiB after unpacking", LARGEST >> 20));
    }
    match end {
        Err(e) if out.is_empty() => Err(format!("cannot be unpacked: {e}")),
        Err(e) => {
            notes.push(format!("unpacking ended early: {e}"));
            Ok(Some(out))
        }
        Ok(_) => Ok(Some(out)),
    }
}

/// Packets as Ethernet frames. Those of a link type that is not known are left out.
fn frames(packets: Vec<(u32, Captured)>, notes: &mut Vec<String>) -> Result<Capture, String> {
    let mut out = Vec::new();
    let (mut made, mut unknown, mut short) = (0usize, std::collections::BTreeMap::<u32, usize>::new(), 0usize);
    for (link, packet) in packets {
        match frame(link, &packet.bytes) {
            Frame::Whole => out.push(packet),
            Frame::Made(bytes) => {
                made += 1;
                out.push(Captured { bytes, ..packet });
            }
            Frame::Short => short += 1,
            Frame::Unknown => *unknown.entry(link).or_default() += 1,
        }
    }
    let left: Vec<String> = unknown.iter().map(|(link, n)| format!("{n} packets of link type {link}")).collect();
    if out.is_empty() && !left.is_empty() {
        return Err(format!(
            "{}: known are Ethernet (1), cooked (113, 276), raw IP (101, 228, 229) and loopback (0, 108) captures",
            left.join(", ")
        ));
    }
    if made > 0 {
        notes.push(format!("{made} packets were captured without an Ethernet header, and got one"));
    }
    if short > 0 {
        notes.push(format!("{short} packets are too short for their link type, and are left out"));
    }
    if !left.is_empty() {
        notes.push(format!("left out: {}", left.join(", ")));
    }
    Ok(Capture { link: ETHERNET, packets: out })
}

/// What a captured packet is to a program.
enum Frame {
    /// An Ethernet frame already.
    Whole,
    /// One with a header of ours.
    Made(Vec<u8>),
    /// Cut off within the header of its link type.
    Short,
    /// Of a link type that is not known.
    Unknown,
}

fn frame(link: u32, bytes: &[u8]) -> Frame {
    const IPV4: u16 = 0x0800;
    const IPV6: u16 = 0x86dd;
    let made = |source: &[u8], protocol: u16, payload: &[u8]| {
        let mut out = vec![0; 6];
        // A locally administered address where the capture has none of this size.
        out.extend(if source.len() == 6 { source } else { &[2, 0, 0, 0, 0, 0] });
        // Small numbers are kinds of 802.3 frames, which have their length there.
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX).min(0x5ff);
        out.extend(if protocol < 0x600 { length } else { protocol }.to_be_bytes());
        out.extend(payload);
        Frame::Made(out)
    };
    let ip = |payload: &[u8]| match payload.first().map(|b| b >> 4) {
        Some(4) => made(&[], IPV4, payload),
        Some(6) => made(&[], IPV6, payload),
        _ => Frame::Short,
    };
    match (link, bytes) {
        (ETHERNET, _) => Frame::Whole,
        // Raw IP: tun and wireguard devices.
        (12 | 14 | 101 | 228 | 229, payload) => ip(payload),
        // Loopback: the address family in the byte order of the host or of the network, which both mean IP.
        (0 | 108, [_, _, _, _, payload @ ..]) => ip(payload),
        // Cooked captures (`-i any`), first and second version.
        (113, [_, _, _, _, _, n, address @ ..]) if address.len() >= 10 => {
            let (address, rest) = address.split_at(8);
            made(&address[..usize::from(*n).min(8)], u16::from_be_bytes([rest[0], rest[1]]), &rest[2..])
        }
        (276, [p0, p1, _, _, _, _, _, _, _, _, _, n, address @ ..]) if address.len() >= 8 => {
            let (address, payload) = address.split_at(8);
            made(&address[..usize::from(*n).min(8)], u16::from_be_bytes([*p0, *p1]), payload)
        }
        (0 | 108 | 113 | 276, _) => Frame::Short,
        _ => Frame::Unknown,
    }
}

fn read_classic(all: &[u8], big: bool, unit: u64) -> Result<Packets, String> {
    let mut b = Bytes { all, at: 20, big };
    let link = b.u32()? & 0xffff;
    let mut packets = Vec::new();
    while b.rest() > 0 {
        match classic_packet(&mut b, unit) {
            Ok(packet) => packets.push((link, packet)),
            Err(e) => return Ok((packets, Some(e))),
        }
    }
    Ok((packets, None))
}

fn classic_packet(b: &mut Bytes<'_>, unit: u64) -> Result<Captured, String> {
    let (seconds, part) = (u64::from(b.u32()?), u64::from(b.u32()?));
    let len = b.u32()? as usize;
    b.u32()?;
    Ok(Captured { time: seconds * 1_000_000_000 + part * unit, bytes: b.take(len)?.to_vec() })
}

/// Nanoseconds of a time stamp in units of `resolution`, as an interface's option gives it.
fn nanoseconds(stamp: u64, resolution: u8) -> u64 {
    let per_second = if resolution & 0x80 == 0 {
        10u128.checked_pow(u32::from(resolution))
    } else {
        1u128.checked_shl(u32::from(resolution & 0x7f))
    };
    let n = u128::from(stamp) * 1_000_000_000 / per_second.unwrap_or(u128::MAX).max(1);
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// A pcapng file while it is read.
#[derive(Default)]
struct Blocks {
    /// Interfaces of the section: link type, resolution of time stamps.
    links: Vec<(u32, u8)>,
    packets: Vec<(u32, Captured)>,
}

fn read_ng(all: &[u8]) -> Result<Packets, String> {
    let mut b = Bytes { all, at: 0, big: false };
    let mut blocks = Blocks::default();
    while b.rest() > 0 {
        if let Err(e) = blocks.block(&mut b) {
            return Ok((blocks.packets, Some(e)));
        }
    }
    Ok((blocks.packets, None))
}

impl Blocks {
    fn block(&mut self, b: &mut Bytes<'_>) -> Result<(), String> {
        const SECTION: u32 = 0x0a0d_0d0a;
        const INTERFACE: u32 = 1;
        const SIMPLE: u32 = 3;
        const ENHANCED: u32 = 6;
        let begin = b.at;
        let kind = b.u32()?;
        if kind == SECTION {
            b.at = begin + 8;
            b.big = b.take(4)? == [0x1a, 0x2b, 0x3c, 0x4d];
            b.at = begin + 4;
            self.links.clear();
        }
        let len = b.u32()? as usize;
        if len < 12 || !len.is_multiple_of(4) {
            return Err(format!("damaged: a block of {len} bytes at byte {begin}"));
        }
        if len > b.all.len() - begin {
            return Err(format!("the file ends within what begins at byte {begin}"));
        }
        let end = begin + len - 4;
        match kind {
            INTERFACE => {
                let link = u32::from(b.u16()?);
                b.take(6)?;
                let mut resolution = 6;
                while b.at + 4 <= end {
                    let (code, n) = (b.u16()?, usize::from(b.u16()?));
                    let value = b.take(n.next_multiple_of(4))?;
                    match (code, value.first()) {
                        (0, _) => break,
                        (9, Some(v)) => resolution = *v,
                        _ => {}
                    }
                }
                self.links.push((link, resolution));
            }
            ENHANCED => {
                let interface = b.u32()? as usize;
                let (high, low) = (b.u32()?, b.u32()?);
                let n = b.u32()? as usize;
                b.u32()?;
                let found = self.links.get(interface).copied();
                let (link, resolution) = found.ok_or_else(|| format!("damaged: no interface at byte {begin}"))?;
                if n > end.saturating_sub(b.at) {
                    return Err(format!("damaged: a packet of {n} bytes in the block at byte {begin}"));
                }
                let time = nanoseconds(u64::from(high) << 32 | u64::from(low), resolution);
                self.packets.push((link, Captured { time, bytes: b.take(n)?.to_vec() }));
            }
            SIMPLE => {
                let n = (b.u32()? as usize).min(end.saturating_sub(b.at));
                let link = self.links.first().map_or(ETHERNET, |l| l.0);
                self.packets.push((link, Captured { time: 0, bytes: b.take(n)?.to_vec() }));
            }
            _ => {}
        }
        b.at = begin + len;
        Ok(())
    }
}

/// A capture as a pcap file with nanoseconds.
pub fn write(capture: &Capture) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |n: u32| out.extend(n.to_le_bytes());
    [0xa1b2_3c4d, 0x0004_0002, 0, 0, 0x0004_0000, capture.link].into_iter().for_each(&mut put);
    for p in &capture.packets {
        let (seconds, rest) = (p.time / 1_000_000_000, p.time % 1_000_000_000);
        let len = p.bytes.len() as u32;
        [seconds as u32, rest as u32, len, len].into_iter().for_each(|n| out.extend(n.to_le_bytes()));
        out.extend(&p.bytes);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let packet = |time, n: u8| Captured { time, bytes: vec![n; usize::from(n)] };
        let capture = Capture { link: ETHERNET, packets: vec![packet(5_000_000_007, 3), packet(6_000_000_000, 60)] };
        let whole = |capture| Ok(Reading { capture, notes: Vec::new() });
        assert_eq!(read(&write(&capture)), whole(capture.clone()));
        let bytes = write(&capture);
        for n in 0..bytes.len() {
            // Cut anywhere: an error or fewer packets, never a panic.
            let _ = read(&bytes[..n]);
        }
        let cut = read(&bytes[..bytes.len() - 1]).expect("the first packet is whole");
        assert_eq!((cut.capture.packets.len(), cut.notes.len()), (1, 1));
    }

    #[test]
    fn compressed_captures_are_read() {
        let packet = Captured { time: 1, bytes: vec![7; 60] };
        let capture = Capture { link: ETHERNET, packets: vec![packet.clone(), packet] };
        let bytes = write(&capture);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gz, &bytes).expect("compresses");
        let gz = gz.finish().expect("compresses");
        let zst = zstd::encode_all(&bytes[..], 1).expect("compresses");
        for packed in [&gz, &zst] {
            assert_eq!(read(packed), Ok(Reading { capture: capture.clone(), notes: Vec::new() }));
            for n in 0..packed.len() {
                let _ = read(&packed[..n]);
            }
        }
    }

    #[test]
    fn packets_without_an_ethernet_header_get_one() {
        let ip = [&[0x45, 0, 0, 20][..], &[0; 16]].concat();
        let cooked = [&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x08, 0x06][..], b"arp"].concat();
        let cooked2 = [&[0x08, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 9, 8, 7, 6, 5, 4, 0, 0][..], &ip].concat();
        let loopback = [&[2, 0, 0, 0][..], &ip].concat();
        for (link, bytes, kind, source, rest) in [
            (101, &ip, 0x0800, 2, &ip[..]),
            (113, &cooked, 0x0806, 1, b"arp"),
            (276, &cooked2, 0x0800, 9, &ip[..]),
            (0, &loopback, 0x0800, 2, &ip[..]),
        ] {
            let capture = Capture { link, packets: vec![Captured { time: 0, bytes: bytes.clone() }] };
            let read = read(&write(&capture)).expect("a capture");
            let frame = &read.capture.packets[0].bytes;
            assert_eq!((read.capture.link, read.notes.len()), (ETHERNET, 1));
            assert_eq!((frame[6], u16::from_be_bytes([frame[12], frame[13]]), &frame[14..]), (source, kind, rest));
        }
        let odd = Capture { link: 105, packets: vec![Captured { time: 0, bytes: ip }] };
        assert!(read(&write(&odd)).is_err_and(|e| e.contains("link type 105")));
    }

    #[test]
    fn next_generation() {
        let block = |kind: u32, body: &[u8]| {
            let len = (12 + body.len() as u32).to_le_bytes();
            [&kind.to_le_bytes()[..], &len, body, &len].concat()
        };
        let words = |w: &[u32]| w.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let file = [
            block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX])),
            block(1, &words(&[1, 0, 0x0001_0009, 9, 0])),
            block(6, &[words(&[0, 0, 77, 5, 5]), vec![1, 2, 3, 4, 5, 0, 0, 0]].concat()),
        ]
        .concat();
        let expected = Captured { time: 77, bytes: vec![1, 2, 3, 4, 5] };
        let capture = Capture { link: 1, packets: vec![expected] };
        assert_eq!(read(&file), Ok(Reading { capture, notes: Vec::new() }));
        for n in 0..file.len() {
            let _ = read(&file[..n]);
        }
        assert!(read(b"hello world").is_err());
    }
}
