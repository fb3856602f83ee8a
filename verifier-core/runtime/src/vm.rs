//! What the programs of one machine share: maps, clock, random numbers, printed lines, limits.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use verifier_core::analysis::System;
use verifier_core::btf::BtfKind;
use verifier_core::isa::Insn;
use verifier_core::program::{LoadRequest, MapSpec};

use super::budget::{Limits, Memory};
use super::map::{Map, MapError};
use super::memory::Reservation;
use super::net::{self, Route, SOCK_LEN, Socket};

/// What `ktime_get_ns()` and its like read.
#[derive(Debug)]
pub enum Clock {
    /// The time since the machine was made.
    Running(Instant),
    /// A number of nanoseconds, the same until it is set again.
    Fixed(AtomicU64),
}

/// The task that programs believe to run in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// Thread.
    pub pid: u32,
    /// Process.
    pub tgid: u32,
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Name; 15 bytes count.
    pub comm: String,
}

impl Default for Task {
    fn default() -> Task {
        Task { pid: 1, tgid: 1, uid: 0, gid: 0, comm: "bpfvet".into() }
    }
}

/// What a program sent to user space through a perf event array.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sample {
    /// Name of the map.
    pub map: String,
    /// CPU whose buffer it went to.
    pub cpu: u32,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// Printed lines that are kept.
const MAX_LINES: usize = 100_000;

/// A machine.
#[derive(Debug)]
pub struct Vm {
    maps: Vec<(i32, Arc<Map>)>,
    system: Option<System>,
    /// Limits of each run.
    pub limits: Limits,
    /// What programs made it hold, charged against [`Limits::bytes`].
    pub memory: Memory,
    /// Clock.
    pub clock: Clock,
    /// CPUs: values that per-CPU maps have.
    pub cpus: u32,
    random: AtomicU64,
    /// The current task.
    pub task: Task,
    /// Routes that lookups find.
    pub routes: Vec<Route>,
    /// Memory of user space that programs may read: addresses of the user's choice.
    pub user_memory: Vec<(u64, Vec<u8>)>,
    sockets: Vec<Socket>,
    socket_memory: Option<Reservation>,
    printed: Mutex<VecDeque<String>>,
    samples: Mutex<VecDeque<Sample>>,
}

impl Default for Vm {
    fn default() -> Vm {
        Vm::new(1)
    }
}

impl Vm {
    /// A machine without maps.
    pub fn new(cpus: u32) -> Vm {
        Vm {
            maps: Vec::new(),
            system: None,
            limits: Limits::default(),
            memory: Memory::default(),
            clock: Clock::Running(Instant::now()),
            cpus: cpus.max(1),
            random: AtomicU64::new(0x9e37_79b9_7f4a_7c15),
            task: Task::default(),
            routes: Vec::new(),
            user_memory: Vec::new(),
            sockets: Vec::new(),
            socket_memory: None,
            printed: Mutex::default(),
            samples: Mutex::default(),
        }
    }

    /// The kernel that names of kernel functions are looked up in.
    pub fn set_system(&mut self, system: System) {
        self.system = Some(system);
    }

    /// Seeds random numbers: the same seed gives the same numbers.
    pub fn seed(&self, seed: u64) {
        self.random.store(seed, Ordering::Relaxed);
    }

    /// Creates the maps of a program that do not exist yet, by file descriptor.
    ///
    /// # Errors
    /// The map that cannot be made.
    pub fn create_maps(&mut self, specs: &[MapSpec]) -> Result<(), MapError> {
        for spec in specs {
            if self.map(spec.fd).is_none() {
                let map = Map::create(spec, self.cpus)?;
                self.maps.push((spec.fd, map));
            }
        }
        Ok(())
    }

    /// The map with this file descriptor.
    pub fn map(&self, fd: i32) -> Option<&Arc<Map>> {
        self.maps.iter().find(|(n, _)| *n == fd).map(|(_, m)| m)
    }

    /// Maps in the order they were made.
    pub fn maps(&self) -> impl Iterator<Item = &Arc<Map>> {
        self.maps.iter().map(|(_, m)| m)
    }

    /// The map at an address that a program holds.
    pub fn map_at(&self, address: u64) -> Option<&Arc<Map>> {
        self.maps().find(|m| m.address() == address)
    }

    /// Name of the kernel function that an instruction calls.
    pub fn kfunc_name(&self, req: &LoadRequest, insn: Insn) -> Option<String> {
        let system = self.system.as_ref()?;
        let id = u32::try_from(insn.imm).ok()?;
        let btf = if insn.off == 0 {
            &system.vmlinux
        } else {
            let slot = u32::try_from(insn.off).ok()?;
            let (_, name) = req.module_fds.iter().find(|(i, _)| *i == slot)?;
            &system.modules.iter().find(|(n, _)| n == name)?.1
        };
        btf.ty(id).filter(|t| t.kind == BtfKind::Func).map(|t| t.name().to_string())
    }

    /// Nanoseconds of the clock.
    pub fn now(&self) -> u64 {
        match &self.clock {
            Clock::Running(since) => u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX),
            Clock::Fixed(n) => n.load(Ordering::Relaxed),
        }
    }

    /// A random number (SplitMix64 over a shared counter).
    pub fn random(&self) -> u64 {
        let mut z = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Keeps a printed line; the oldest go when there are too many.
    pub fn print(&self, line: String) {
        let mut lines = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Takes what was printed.
    pub fn take_printed(&self) -> Vec<String> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    /// Keeps a sample; the oldest go when there are too many.
    pub fn keep_sample(&self, sample: Sample) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == MAX_LINES {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    /// Takes what was sent through perf event arrays.
    pub fn take_samples(&self) -> Vec<Sample> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    /// Sets the sockets that lookups find.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn set_sockets(&mut self, sockets: Vec<Socket>) -> io::Result<()> {
        let memory = Reservation::new(sockets.len() * SOCK_LEN)?;
        sockets.iter().enumerate().for_each(|(i, s)| memory.write(i * SOCK_LEN, &s.as_bpf_sock()));
        (self.sockets, self.socket_memory) = (sockets, Some(memory));
        Ok(())
    }

    /// Address of the socket that a packet belongs to.
    pub(super) fn find_socket(&self, protocol: u8, src: (IpAddr, u16), dst: (IpAddr, u16)) -> Option<u64> {
        let n = net::socket(&self.sockets, protocol, src, dst)?;
        Some(self.socket_memory.as_ref()?.address() + (n * SOCK_LEN) as u64)
    }

    /// Memory of user space.
    pub(super) fn user_bytes(&self, address: u64, len: u64) -> Option<Vec<u8>> {
        self.user_memory.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(from..from.checked_add(usize::try_from(len).ok()?)?).map(<[u8]>::to_vec)
        })
    }
}
