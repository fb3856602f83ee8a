//! Files of captured packets: pcap and pcapng are read, pcap is written.

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

/// Reads a capture.
///
/// # Errors
/// What is wrong and where, in words for the user.
pub fn read(all: &[u8]) -> Result<Capture, String> {
    match all.first_chunk::<4>() {
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => read_ng(all),
        Some([0xd4, 0xc3, 0xb2, 0xa1]) => read_classic(all, false, 1000),
        Some([0xa1, 0xb2, 0xc3, 0xd4]) => read_classic(all, true, 1000),
        Some([0x4d, 0x3c, 0xb2, 0xa1]) => read_classic(all, false, 1),
        Some([0xa1, 0xb2, 0x3c, 0x4d]) => read_classic(all, true, 1),
        _ => Err("neither pcap nor pcapng".into()),
    }
}

fn read_classic(all: &[u8], big: bool, unit: u64) -> Result<Capture, String> {
    let mut b = Bytes { all, at: 20, big };
    let mut out = Capture { link: b.u32()? & 0xffff, packets: Vec::new() };
    while b.rest() > 0 {
        let (seconds, part) = (u64::from(b.u32()?), u64::from(b.u32()?));
        let len = b.u32()? as usize;
        b.u32()?;
        out.packets.push(Captured { time: seconds * 1_000_000_000 + part * unit, bytes: b.take(len)?.to_vec() });
    }
    Ok(out)
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

fn read_ng(all: &[u8]) -> Result<Capture, String> {
    const SECTION: u32 = 0x0a0d_0d0a;
    const INTERFACE: u32 = 1;
    const SIMPLE: u32 = 3;
    const ENHANCED: u32 = 6;
    let mut b = Bytes { all, at: 0, big: false };
    let mut links: Vec<(u32, u8)> = Vec::new();
    let mut first = None;
    let mut packets = Vec::new();
    while b.rest() > 0 {
        let begin = b.at;
        let kind = b.u32()?;
        if kind == SECTION || kind == SECTION.swap_bytes() {
            b.at = begin + 8;
            b.big = b.take(4)? == [0x1a, 0x2b, 0x3c, 0x4d];
            b.at = begin + 4;
            links.clear();
        }
        let len = b.u32()? as usize;
        if len < 12 || len % 4 != 0 || len > all.len() - begin {
            return Err(format!("a block of {len} bytes at byte {begin}"));
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
                links.push((link, resolution));
                first.get_or_insert(link);
            }
            ENHANCED => {
                let interface = b.u32()? as usize;
                let (high, low) = (b.u32()?, b.u32()?);
                let n = b.u32()? as usize;
                b.u32()?;
                let (_, resolution) = links.get(interface).ok_or_else(|| format!("no interface at byte {begin}"))?;
                let time = nanoseconds(u64::from(high) << 32 | u64::from(low), *resolution);
                packets.push(Captured { time, bytes: b.take(n)?.to_vec() });
            }
            SIMPLE => {
                let n = (b.u32()? as usize).min(end.saturating_sub(b.at));
                packets.push(Captured { time: 0, bytes: b.take(n)?.to_vec() });
            }
            _ => {}
        }
        b.at = begin + len;
    }
    Ok(Capture { link: first.unwrap_or(ETHERNET), packets })
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
        assert_eq!(read(&write(&capture)), Ok(capture.clone()));
        let bytes = write(&capture);
        for n in 0..bytes.len() {
            // Cut anywhere: an error or fewer packets, never a panic.
            let _ = read(&bytes[..n]);
        }
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
        assert_eq!(read(&file), Ok(Capture { link: 1, packets: vec![expected] }));
        for n in 0..file.len() {
            let _ = read(&file[..n]);
        }
        assert!(read(b"hello world").is_err());
    }
}
