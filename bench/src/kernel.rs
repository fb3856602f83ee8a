//! The running kernel as an engine: maps, `BPF_PROG_LOAD` and `BPF_PROG_TEST_RUN` through bpf(2).

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use verifier_core::program::LoadRequest;

const MAP_CREATE: i32 = 0;
const MAP_UPDATE: i32 = 2;
const PROG_LOAD: i32 = 5;
const TEST_RUN: i32 = 10;
const MAP_FREEZE: i32 = 22;

/// Attributes of a command: numbers at offsets.
#[repr(C, align(8))]
struct Attr([u8; 152]);

impl Attr {
    fn new(fields: &[(usize, u64, usize)]) -> Attr {
        let mut attr = Attr([0; 152]);
        for (at, value, size) in fields {
            attr.0[*at..at + size].copy_from_slice(&value.to_le_bytes()[..*size]);
        }
        attr
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    fn call(&mut self, command: i32, size: usize) -> io::Result<i32> {
        // SAFETY: the attributes are valid for their size; pointers in them are those of the caller's live buffers.
        let n = unsafe { libc::syscall(libc::SYS_bpf, command, self.0.as_mut_ptr(), size) };
        if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n as i32) }
    }

    fn fd(&mut self, command: i32, size: usize) -> io::Result<OwnedFd> {
        // SAFETY: these commands give a new descriptor, which is ours.
        self.call(command, size).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

/// A loaded program with its maps.
pub struct Loaded {
    prog: OwnedFd,
    _maps: Vec<OwnedFd>,
}

/// Loads a program; `fill` gives keys and values of a map by its name. Per-CPU values are given once and written for
/// every CPU.
///
/// # Errors
/// What the kernel says, with its log.
pub fn load(req: &LoadRequest, fill: impl Fn(&str) -> Vec<(Vec<u8>, Vec<u8>)>) -> Result<Loaded, String> {
    let cpus = std::fs::read_to_string("/sys/devices/system/cpu/possible").unwrap_or_default();
    let cpus = cpus.trim().rsplit(['-', ',']).next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0) + 1;
    let mut maps = Vec::new();
    for m in &req.maps {
        let fields = [
            (0, u64::from(m.map_type), 4),
            (4, u64::from(m.key_size), 4),
            (8, u64::from(m.value_size), 4),
            (12, u64::from(m.max_entries), 4),
            (16, u64::from(m.map_flags), 4),
        ];
        let fd = Attr::new(&fields).fd(MAP_CREATE, 72).map_err(|e| format!("map {}: {e}", m.name))?;
        let whole = m.value.iter().map(|v| (vec![0; 4], v.to_vec()));
        for (key, value) in whole.chain(fill(&m.name)) {
            let percpu = matches!(m.map_type, 5 | 6);
            let value = if percpu { value.repeat(cpus) } else { value };
            let n = fd.as_raw_fd() as u64;
            let mut attr = Attr::new(&[(0, n, 4), (8, key.as_ptr() as u64, 8), (16, value.as_ptr() as u64, 8)]);
            attr.call(MAP_UPDATE, 32).map_err(|e| format!("map {}: {e}", m.name))?;
        }
        if m.frozen {
            Attr::new(&[(0, fd.as_raw_fd() as u64, 4)]).call(MAP_FREEZE, 4).map_err(|e| format!("freeze: {e}"))?;
        }
        maps.push((m.fd, fd));
    }
    let mut insns = req.insns.clone();
    for i in insns.iter_mut().filter(|i| i.is_ldimm64() && matches!(i.src, 1 | 2)) {
        if let Some((_, fd)) = maps.iter().find(|(n, _)| *n == i.imm) {
            i.imm = fd.as_raw_fd();
        }
    }
    let bytes: Vec<u8> = insns.iter().flat_map(|i| i.to_bytes()).collect();
    let mut log = vec![0u8; 1 << 24];
    let mut load = |level: u64| {
        let fields = [
            (0, u64::from(req.prog_type), 4),
            (4, insns.len() as u64, 4),
            (8, bytes.as_ptr() as u64, 8),
            (16, c"GPL".as_ptr() as u64, 8),
            (24, level, 4),
            (28, if level == 0 { 0 } else { log.len() as u64 }, 4),
            (32, if level == 0 { 0 } else { log.as_mut_ptr() as u64 }, 8),
        ];
        Attr::new(&fields).fd(PROG_LOAD, 72)
    };
    let prog = load(0).or_else(|_| load(1)).map_err(|e| {
        let text = String::from_utf8_lossy(&log);
        let last = text.trim_end_matches('\0').lines().rev().take(4).collect::<Vec<_>>();
        format!("{e}: {}", last.join(" | "))
    })?;
    Ok(Loaded { prog, _maps: maps.into_iter().map(|(_, fd)| fd).collect() })
}

impl Loaded {
    /// Runs it `repeat` times on a packet: the last return value, and the time of one run by the kernel's own clock.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn run(&self, packet: &[u8], repeat: u32) -> io::Result<(u64, Duration)> {
        let mut out = vec![0u8; 4096];
        let mut attr = Attr::new(&[
            (0, self.prog.as_raw_fd() as u64, 4),
            (8, packet.len() as u64, 4),
            (12, out.len() as u64, 4),
            (16, packet.as_ptr() as u64, 8),
            (24, out.as_mut_ptr() as u64, 8),
            (32, u64::from(repeat), 4),
        ]);
        attr.call(TEST_RUN, 80)?;
        Ok((attr.u32(4).into(), Duration::from_nanos(attr.u32(36).into())))
    }
}
