//! The running kernel: maps, programs and `BPF_PROG_TEST_RUN` through bpf(2). Nothing is attached.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use verifier_core::btf::Btf;
use verifier_core::program::{LoadRequest, MapSpec};

const MAP_CREATE: i32 = 0;
const MAP_LOOKUP: i32 = 1;
const MAP_UPDATE: i32 = 2;
const MAP_NEXT_KEY: i32 = 4;
const PROG_LOAD: i32 = 5;
const TEST_RUN: i32 = 10;
const BTF_LOAD: i32 = 18;
const MAP_FREEZE: i32 = 22;

/// Attributes of a command: numbers at offsets.
#[repr(C, align(8))]
struct Attr([u8; 152]);

impl Attr {
    /// Offset, value, bytes.
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

/// CPUs that per-CPU maps have values for.
pub fn cpus() -> usize {
    let cpus = std::fs::read_to_string("/sys/devices/system/cpu/possible").unwrap_or_default();
    cpus.trim().rsplit(['-', ',']).next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0) + 1
}

fn number(fd: &OwnedFd) -> u64 {
    fd.as_raw_fd() as u64
}

/// A map of the kernel.
pub struct Map {
    fd: OwnedFd,
    spec: MapSpec,
}

impl Map {
    /// Makes it, with the contents that its specification has.
    pub fn create(spec: &MapSpec, btf: Option<&OwnedFd>) -> io::Result<Map> {
        let mut fields = vec![
            (0, spec.map_type.into(), 4),
            (4, spec.key_size.into(), 4),
            (8, spec.value_size.into(), 4),
            (12, spec.max_entries.into(), 4),
            (16, spec.map_flags.into(), 4),
        ];
        if let Some(btf) = btf.filter(|_| spec.btf_value_type_id != 0) {
            let ids =
                [(48, number(btf), 4), (52, spec.btf_key_type_id.into(), 4), (56, spec.btf_value_type_id.into(), 4)];
            fields.extend(ids);
        }
        let map = Map { fd: Attr::new(&fields).fd(MAP_CREATE, 72)?, spec: spec.clone() };
        if let Some(value) = spec.value.as_ref().or(spec.initial.as_ref()) {
            map.update(&[0; 4], value, 0)?;
        }
        if spec.frozen {
            Attr::new(&[(0, number(&map.fd), 4)]).call(MAP_FREEZE, 4)?;
        }
        Ok(map)
    }

    /// Sets a value; for per-CPU maps the same on all CPUs.
    pub fn update(&self, key: &[u8], value: &[u8], flags: u64) -> io::Result<()> {
        let percpu = matches!(self.spec.map_type, 5 | 6 | 10);
        let value = if percpu { value.repeat(cpus()) } else { value.to_vec() };
        let fields =
            [(0, number(&self.fd), 4), (8, key.as_ptr() as u64, 8), (16, value.as_ptr() as u64, 8), (24, flags, 8)];
        Attr::new(&fields).call(MAP_UPDATE, 32).map(|_| ())
    }

    fn lookup(&self, key: &[u8]) -> io::Result<Vec<u8>> {
        let percpu = matches!(self.spec.map_type, 5 | 6 | 10);
        let size = self.spec.value_size as usize;
        let mut value = vec![0u8; if percpu { size.next_multiple_of(8) * cpus() } else { size }];
        let fields = [(0, number(&self.fd), 4), (8, key.as_ptr() as u64, 8), (16, value.as_mut_ptr() as u64, 8)];
        Attr::new(&fields).call(MAP_LOOKUP, 32)?;
        Ok(value)
    }

    /// All keys and values.
    pub fn entries(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut out = Vec::new();
        let mut key: Option<Vec<u8>> = None;
        loop {
            let mut next = vec![0u8; self.spec.key_size as usize];
            let from = key.as_ref().map_or(0, |k| k.as_ptr() as u64);
            let fields = [(0, number(&self.fd), 4), (8, from, 8), (16, next.as_mut_ptr() as u64, 8)];
            if Attr::new(&fields).call(MAP_NEXT_KEY, 32).is_err() || out.len() > 10_000 {
                return out;
            }
            if let Ok(value) = self.lookup(&next) {
                out.push((next.clone(), value));
            }
            key = Some(next);
        }
    }
}

/// Loads types.
pub fn load_btf(btf: &Btf) -> io::Result<OwnedFd> {
    let raw = btf.raw();
    Attr::new(&[(0, raw.as_ptr() as u64, 8), (16, raw.len() as u64, 4)]).fd(BTF_LOAD, 28)
}

/// A program of the kernel.
pub struct Prog(OwnedFd);

/// What a run left.
pub struct Ran {
    /// What the program returned.
    pub retval: u32,
    /// The packet.
    pub packet: Vec<u8>,
    /// Time of one run, by the kernel's clock.
    pub time: Duration,
}

/// Loads a program with maps that exist.
///
/// # Errors
/// What the kernel says, with the end of its log.
pub fn load(req: &LoadRequest, maps: &[(i32, Map)], btf: Option<&OwnedFd>) -> Result<Prog, String> {
    let mut insns = req.insns.clone();
    for i in insns.iter_mut().filter(|i| i.is_ldimm64() && matches!(i.src, 1 | 2)) {
        if let Some((_, map)) = maps.iter().find(|(n, _)| *n == i.imm) {
            i.imm = map.fd.as_raw_fd();
        }
    }
    let bytes: Vec<u8> = insns.iter().flat_map(|i| i.to_bytes()).collect();
    let infos: Vec<u8> =
        req.func_info.iter().flat_map(|f| [f.insn_off, f.type_id]).flat_map(u32::to_le_bytes).collect();
    let mut log = vec![0u8; 1 << 20];
    let mut load = |level: u64| {
        let mut fields = vec![
            (0, u64::from(req.prog_type), 4),
            (4, insns.len() as u64, 4),
            (8, bytes.as_ptr() as u64, 8),
            (16, c"GPL".as_ptr() as u64, 8),
            (24, level, 4),
            (28, if level == 0 { 0 } else { log.len() as u64 }, 4),
            (32, if level == 0 { 0 } else { log.as_mut_ptr() as u64 }, 8),
            (44, u64::from(req.prog_flags), 4),
            (68, u64::from(req.expected_attach_type), 4),
        ];
        if let Some(btf) = btf {
            fields.extend([(72, number(btf), 4), (76, 8, 4), (80, infos.as_ptr() as u64, 8)]);
            fields.push((88, req.func_info.len() as u64, 4));
        }
        Attr::new(&fields).fd(PROG_LOAD, 144)
    };
    load(0).or_else(|_| load(1)).map(Prog).map_err(|e| {
        let text = String::from_utf8_lossy(&log);
        let last = text.trim_end_matches('\0').lines().rev().take(4).collect::<Vec<_>>();
        format!("{e}: {}", last.join(" | "))
    })
}

impl Prog {
    /// Runs it once on a packet, or on a context where there is no packet.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn run(&self, packet: Option<&[u8]>, context: &mut [u8]) -> io::Result<Ran> {
        match packet {
            Some(packet) => self.repeat(packet, 1),
            None => self.test_run(&[(40, context.len() as u64, 4), (48, context.as_mut_ptr() as u64, 8)], Vec::new()),
        }
    }

    /// Runs it so many times on a packet: what the last run left.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn repeat(&self, packet: &[u8], times: u32) -> io::Result<Ran> {
        let mut out = vec![0u8; 1 << 16];
        let fields = [
            (8, packet.len() as u64, 4),
            (12, out.len() as u64, 4),
            (16, packet.as_ptr() as u64, 8),
            (24, out.as_mut_ptr() as u64, 8),
            (32, times.into(), 4),
        ];
        self.test_run(&fields, out)
    }

    fn test_run(&self, fields: &[(usize, u64, usize)], mut out: Vec<u8>) -> io::Result<Ran> {
        let mut attr = Attr::new(&[&[(0, number(&self.0), 4)], fields].concat());
        attr.call(TEST_RUN, 80)?;
        out.truncate(attr.u32(12) as usize);
        Ok(Ran { retval: attr.u32(4), packet: out, time: Duration::from_nanos(attr.u32(36).into()) })
    }
}
