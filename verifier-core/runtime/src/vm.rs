//! What the programs of one machine share: maps, clock, random numbers, printed lines, limits.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use verifier_core::analysis::System;
use verifier_core::btf::{Btf, BtfKind};
use verifier_core::isa::Insn;
use verifier_core::kernel::{Kernel, helpers};
use verifier_core::program::record::{KernelTypes, MapFields};
use verifier_core::program::{LoadRequest, MapSpec, map_fields};

use super::budget::{Limits, Memory};
use super::heap::Heap;
use super::map::{Map, MapError, Site};
use super::memory::Reservation;
use super::net::{self, Route, SOCK_LEN, Socket};
use super::timer::Timers;

/// What `ktime_get_ns()` and its like read.
#[derive(Debug)]
pub enum Clock {
    /// The time since the machine was made.
    Running(Instant),
    /// A number of nanoseconds, the same until it is set again.
    Fixed(AtomicU64),
    /// A time of its own, which goes on at each reading: the same run gives the same times on any machine.
    Stepping(Steps),
}

/// A clock that goes on by given steps, of which each reading takes the next and begins again behind the last.
#[derive(Debug)]
pub struct Steps {
    now: AtomicU64,
    read: AtomicUsize,
    by: Vec<u64>,
}

impl Steps {
    /// From `start` nanoseconds on.
    pub fn new(start: u64, by: Vec<u64>) -> Steps {
        Steps { now: AtomicU64::new(start), read: AtomicUsize::new(0), by }
    }

    fn next(&self) -> u64 {
        let read = self.read.fetch_add(1, Ordering::Relaxed);
        let by = read.checked_rem(self.by.len()).map_or(0, |n| self.by[n]);
        self.now.fetch_add(by, Ordering::Relaxed)
    }
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

impl Sample {
    /// What keeping one with so many bytes costs.
    pub fn cost(bytes: u64) -> u64 {
        bytes.saturating_add(128)
    }
}

/// What keeping a printed line of so many bytes costs.
pub fn line_cost(bytes: usize) -> u64 {
    bytes as u64 + 64
}

/// Printed lines and samples that are kept.
const MAX_KEPT: usize = 100_000;

/// The newest of what programs said.
#[derive(Debug)]
struct Kept<T> {
    list: VecDeque<T>,
    lost: u64,
}

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept { list: VecDeque::new(), lost: 0 }
    }
}

/// Keeps one more: what had to go for it.
fn keep<T>(kept: &Mutex<Kept<T>>, item: T) -> Option<T> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let old = if kept.list.len() == MAX_KEPT { kept.list.pop_front() } else { None };
    kept.lost += u64::from(old.is_some());
    kept.list.push_back(item);
    old
}

fn take<T>(kept: &Mutex<Kept<T>>) -> (Vec<T>, u64) {
    let kept = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    (kept.list.into(), kept.lost)
}

/// Bytes of a task: more than any kernel's `struct task_struct` has.
const TASK_LEN: usize = 1 << 15;

/// Byte offset of a member of `struct task_struct`.
fn member_of_task(btf: &Btf, name: &str) -> Option<usize> {
    let task = btf.ty(btf.find_by_name_kind("task_struct", BtfKind::Struct)?)?;
    task.members().find(|m| m.name() == name).map(|m| m.bit_offset as usize / 8)
}

/// Machines made so far.
static MADE: AtomicU64 = AtomicU64::new(0);

/// A machine.
#[derive(Debug)]
pub struct Vm {
    /// Tells it from every other.
    id: u64,
    broken: AtomicBool,
    maps: Vec<(i32, Arc<Map>)>,
    system: Option<System>,
    /// Limits of each run.
    pub limits: Limits,
    /// What programs made it hold, charged against [`Limits::bytes`].
    pub memory: Memory,
    /// Clock.
    pub clock: Clock,
    /// See [`Vm::cpus`].
    pub(super) cpus: u32,
    random: AtomicU64,
    /// The current task.
    pub task: Task,
    /// Routes that lookups find.
    pub routes: Vec<Route>,
    /// Memory of user space that programs may read: addresses of the user's choice.
    pub user_memory: Vec<(u64, Vec<u8>)>,
    sockets: Vec<Socket>,
    socket_memory: Option<Reservation>,
    /// What pointers to the current task lead to, made when first asked for.
    task_memory: OnceLock<Option<Reservation>>,
    /// Timers that programs made.
    pub(super) timers: Timers,
    /// Objects that programs made.
    pub(super) heap: Heap,
    printed: Mutex<Kept<String>>,
    samples: Mutex<Kept<Sample>>,
    /// Numbers of helpers that are not modelled and were called, as bits.
    missing: [AtomicU64; 4],
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
            id: MADE.fetch_add(1, Ordering::Relaxed),
            broken: AtomicBool::new(false),
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
            task_memory: OnceLock::new(),
            timers: Timers::default(),
            heap: Heap::default(),
            printed: Mutex::default(),
            samples: Mutex::default(),
            missing: Default::default(),
        }
    }

    /// The kernel that names of kernel functions are looked up in.
    pub fn set_system(&mut self, system: System) {
        self.system = Some(system);
    }

    /// Whether checksums of differences are folded, as the release of its system does it, else the newest.
    pub fn folds_checksums(&self) -> bool {
        self.system.as_ref().is_none_or(|s| s.kernel.features.csum_diff_folds)
    }

    /// What tells this machine from every other of the process.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// CPUs: values that per-CPU maps have. As many as it was made with.
    pub fn cpus(&self) -> u32 {
        self.cpus
    }

    /// Whether a fault in a helper has left it in a state that nobody knows: nothing runs on it any more.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Nothing is to run on it any more.
    pub(super) fn set_broken(&self) {
        self.broken.store(true, Ordering::Release);
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
        let mut new: Vec<MapSpec> = specs.iter().filter(|s| self.map(s.fd).is_none()).cloned().collect();
        new.dedup_by_key(|s| s.fd);
        let all_fields = self.map_fields(&new);
        for (spec, fields) in new.iter().zip(&all_fields) {
            let grow = |bytes| self.memory.charge(&self.limits, bytes).is_ok();
            let map = Map::create(spec, self.cpus, fields, &Site::new(0, &grow))?;
            self.maps.push((spec.fd, map));
        }
        Ok(())
    }

    /// Special fields of values, as the machine's kernel finds them; without one, as the newest does.
    fn map_fields(&self, specs: &[MapSpec]) -> Vec<MapFields> {
        static NEWEST: LazyLock<(Kernel, Btf)> = LazyLock::new(|| (Kernel::v6_18(), Btf::default()));
        let types = match &self.system {
            Some(s) => KernelTypes { kernel: &s.kernel, vmlinux: &s.vmlinux, modules: &s.modules },
            None => KernelTypes { kernel: &NEWEST.0, vmlinux: &NEWEST.1, modules: &[] },
        };
        map_fields(&types, specs)
    }

    /// The map with this file descriptor.
    pub fn map(&self, fd: i32) -> Option<&Arc<Map>> {
        self.maps.iter().find(|(n, _)| *n == fd).map(|(_, m)| m)
    }

    /// Maps in the order they were made.
    pub fn maps(&self) -> impl Iterator<Item = &Arc<Map>> {
        self.maps.iter().map(|(_, m)| m)
    }

    /// Whether a map is at an address: one of the machine, or one in a map of maps.
    pub fn knows_map(&self, address: u64) -> bool {
        let inside = |m: &Arc<Map>| m.outer().is_some_and(|o| o.at(address).is_some());
        self.maps().any(|m| m.address() == address || inside(m))
    }

    /// Every map that programs may reach, those in maps of maps included, each once.
    pub fn all_maps(&self) -> Vec<Arc<Map>> {
        let mut out: Vec<Arc<Map>> = self.maps().cloned().collect();
        let inner: Vec<Arc<Map>> = self.maps().filter_map(|m| m.outer()).flat_map(|o| o.all()).collect();
        for map in inner {
            if !out.iter().any(|m| Arc::ptr_eq(m, &map)) {
                out.push(map);
            }
        }
        out
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
            Clock::Stepping(steps) => steps.next(),
        }
    }

    /// A random number (SplitMix64 over a shared counter).
    pub fn random(&self) -> u64 {
        let mut z = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Keeps a printed line that was charged as [`line_cost`] says; the oldest go when there are too many.
    pub fn print(&self, line: String) {
        let old = keep(&self.printed, line);
        old.into_iter().for_each(|l| self.memory.give_back(line_cost(l.len())));
    }

    /// Takes what was printed, and the number of lines that were printed before and had to go.
    pub fn take_printed(&self) -> (Vec<String>, u64) {
        let (lines, lost) = take(&self.printed);
        lines.iter().for_each(|l| self.memory.give_back(line_cost(l.len())));
        (lines, lost)
    }

    /// Keeps a sample that was charged as [`Sample::cost`] says; the oldest go when there are too many.
    pub fn keep_sample(&self, sample: Sample) {
        let old = keep(&self.samples, sample);
        old.into_iter().for_each(|s| self.memory.give_back(Sample::cost(s.bytes.len() as u64)));
    }

    /// Takes what was sent through perf event arrays, and the number of samples that were sent before and had to go.
    pub fn take_samples(&self) -> (Vec<Sample>, u64) {
        let (samples, lost) = take(&self.samples);
        samples.iter().for_each(|s| self.memory.give_back(Sample::cost(s.bytes.len() as u64)));
        (samples, lost)
    }

    /// Notes that a program called a helper that is not modelled.
    pub(super) fn note_missing(&self, id: usize) {
        if let Some(word) = self.missing.get(id / 64) {
            word.fetch_or(1 << (id % 64), Ordering::Relaxed);
        }
    }

    /// Helpers that programs called and that are not modelled: they were answered with an error, or with null.
    pub fn missing(&self) -> Vec<&'static str> {
        let called = |id: &u32| self.missing[*id as usize / 64].load(Ordering::Relaxed) >> (id % 64) & 1 == 1;
        (0..64 * self.missing.len() as u32).filter(called).filter_map(helpers::name_of).collect()
    }

    /// Sets the sockets that lookups find.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn set_sockets(&mut self, sockets: Vec<Socket>) -> io::Result<()> {
        let mut memory = Reservation::new(sockets.len() * SOCK_LEN)?;
        sockets.iter().enumerate().for_each(|(i, s)| memory.write(i * SOCK_LEN, &s.as_bpf_sock()));
        (self.sockets, self.socket_memory) = (sockets, Some(memory));
        Ok(())
    }

    /// Address of the socket that a packet belongs to.
    pub(super) fn find_socket(&self, protocol: u8, src: (IpAddr, u16), dst: (IpAddr, u16)) -> Option<u64> {
        let n = net::socket(&self.sockets, protocol, src, dst)?;
        Some(self.socket_memory.as_ref()?.address() + (n * SOCK_LEN) as u64)
    }

    /// Where the current task lies and how many bytes it has: as the kernel's types lay it out, zero but for what is
    /// known of it. `None`: no memory for it.
    pub(super) fn task_memory(&self) -> Option<(u64, u64)> {
        let memory = self.task_memory.get_or_init(|| {
            let mut memory = Reservation::new(TASK_LEN).ok()?;
            let number = |n: u32| n.to_ne_bytes().to_vec();
            let mut comm = self.task.comm.clone().into_bytes();
            comm.truncate(15);
            for (name, bytes) in [("pid", number(self.task.pid)), ("tgid", number(self.task.tgid)), ("comm", comm)] {
                let at = self.system.as_ref().and_then(|s| member_of_task(&s.vmlinux, name));
                at.filter(|at| at + 16 <= TASK_LEN).into_iter().for_each(|at| memory.write(at, &bytes));
            }
            Some(memory)
        });
        memory.as_ref().map(|m| (m.address(), m.len() as u64))
    }

    /// Memory of user space from an address on.
    pub(super) fn user_bytes(&self, address: u64) -> Option<&[u8]> {
        self.user_memory.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(from..).filter(|rest| !rest.is_empty())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_its_own_goes_on_by_its_steps() {
        let mut vm = Vm::new(1);
        vm.clock = Clock::Stepping(Steps::new(100, vec![1, 0, 7]));
        assert_eq!([100, 101, 101, 108, 109], [(); 5].map(|()| vm.now()));
        vm.clock = Clock::Stepping(Steps::new(5, Vec::new()));
        assert_eq!((5, 5), (vm.now(), vm.now()));
    }
}
