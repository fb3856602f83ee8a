//! One run of a program: its stack, its fuel, where it stopped, and how helpers reach memory.
//!
//! The fields up to `lowest` are read by compiled code at their offsets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use verifier_core::isa::opcode::{MAX_CALL_FRAMES, MAX_STACK};

use super::budget::{Budget, Spent};
use super::fault::{self, Raised};
use super::map::{self, Map};
use super::memory::{Region, RegionKind, Regions, Reservation};
use super::net::Redirect;
use super::packet::Packet;
use super::program::Code;
use super::script;
use super::vm::Vm;

/// Bytes of stack of one frame.
pub const FRAME: u64 = MAX_STACK as u64;
/// Tail calls of one run. Kernel: `MAX_TAIL_CALL_CNT`.
pub const MAX_TAIL_CALLS: u32 = 33;
/// Frames of one run: the kernel's call chain, callbacks included, for the program that is run and for each that a tail
/// call enters from the lowest frame of the one before.
pub const FRAMES: u64 = MAX_CALL_FRAMES as u64 * (MAX_TAIL_CALLS as u64 + 1);
/// Iterations that the `may_goto`s of one frame have together. Kernel: `BPF_MAX_LOOPS`.
pub const MAX_LOOPS: u32 = 8 << 20;

/// Values of [`Cx::stop`].
pub mod stop {
    /// Go on.
    pub const NONE: u32 = 0;
    /// An access or a call that is not allowed, described in the run.
    pub const FAULT: u32 = 1;
    /// Instructions used up.
    pub const FUEL: u32 = 2;
    /// Time used up.
    pub const DEADLINE: u32 = 3;
    /// A helper that is not modelled and has no error to return.
    pub const NOT_MODELLED: u32 = 4;
    /// An exception on its way up.
    pub const THROWN: u32 = 5;
    /// Memory used up.
    pub const MEMORY: u32 = 6;
}

/// What a fault was doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// A load of so many bytes.
    Read(u32),
    /// A store of so many bytes.
    Write(u32),
    /// A helper was given memory, a map or a function that it must not have; the text names helper and argument.
    Argument(String),
    /// A call of a number that names no helper.
    UnknownHelper(i64),
    /// A call of a value that is no function.
    NotAFunction,
    /// More frames than [`FRAMES`].
    TooManyFrames,
    /// Execution ran past the last instruction.
    FellOff,
    /// This signal, which is neither a read nor a write of the program's own.
    Signal(i32),
    /// A fault in a helper, which did not see it coming. The machine is not used again.
    InHelper,
}

/// A violation: what the analysis promises cannot happen in accepted programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Name of the program that did it, which tail calls may have come to.
    pub program: String,
    /// Instruction slot.
    pub insn: u32,
    /// Address, or the value that was taken for one.
    pub address: u64,
    /// What was tried.
    pub kind: FaultKind,
    /// The region nearest to the address, and the offset from its start.
    pub region: Option<(RegionKind, i64)>,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "instruction {}: ", self.insn)?;
        match &self.kind {
            FaultKind::Read(n) => write!(f, "read of {n} bytes at {:#x}", self.address)?,
            FaultKind::Write(n) => write!(f, "write of {n} bytes at {:#x}", self.address)?,
            FaultKind::Argument(what) => write!(f, "{what} ({:#x})", self.address)?,
            FaultKind::UnknownHelper(n) => write!(f, "call of unknown helper {n}")?,
            FaultKind::NotAFunction => write!(f, "call of {:#x}, which is no function", self.address)?,
            FaultKind::TooManyFrames => write!(f, "more than {FRAMES} frames")?,
            FaultKind::FellOff => write!(f, "no instruction here")?,
            FaultKind::Signal(n) => write!(f, "signal {n} at {:#x}", self.address)?,
            FaultKind::InHelper => write!(f, "a helper came to {:#x}, where it has no memory", self.address)?,
        }
        match &self.region {
            Some((kind, off)) => write!(f, ", offset {off} of {kind}"),
            None => Ok(()),
        }
    }
}

/// Why a run ended before the program did.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Stop {
    /// A violation.
    #[error("{0}")]
    Fault(Box<Fault>),
    /// A violation of an accepted program in a run without checks, which a run with checks repeats: the analysis was
    /// wrong.
    #[error("verifier bug: program `{}`, which was accepted: {fault}", fault.program)]
    VerifierBug {
        /// What it did.
        fault: Box<Fault>,
    },
    /// An accepted program came to something that Linux has and the runtime has not.
    #[error("the runtime does not provide what program `{}` comes to: {fault}", fault.program)]
    NotProvided {
        /// Where it was not.
        fault: Box<Fault>,
    },
    /// A fault of an earlier run has left the machine in a state that nobody knows.
    #[error("an earlier run has broken this machine")]
    Broken,
    /// Nothing runs without checks here.
    #[error("faults cannot be caught on this machine: programs run in checked mode only")]
    Unguarded,
    /// The limit of instructions.
    #[error("instruction limit reached")]
    Fuel,
    /// The limit of time.
    #[error("time limit reached")]
    Deadline,
    /// The limit of memory that programs may make the machine hold.
    #[error("memory limit reached")]
    Memory,
    /// A function whose result cannot be modelled, by name.
    #[error("{0} is not modelled")]
    NotModelled(&'static str),
}

/// The run has a reason to end; it stands in the run ([`Cx::stop`]). What helpers return in place of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Halt;

/// What a run holds and has to give back when it does not come to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// The lock word at this address.
    Lock(u64),
    /// The sample of a ring buffer at this address.
    Sample(u64),
    /// The object at this address, which a program made.
    Object(u64),
}

/// How an engine runs one function of the current program to its end: `subprog` index, five arguments, result r0.
pub type Invoke = unsafe extern "C" fn(cx: *mut Cx<'_>, subprog: u32, args: *const [u64; 5]) -> u64;

/// One run.
#[repr(C)]
pub struct Cx<'v> {
    /// One of [`stop`]: not zero, and the engine returns at once.
    pub(super) stop: u32,
    /// Tail calls so far.
    pub(super) tail_calls: u32,
    /// Instructions left in this slice; below zero: ask [`Cx::refuel`].
    pub(super) fuel: i64,
    /// r10 of the frame that calls: engines store it before calls of helpers that call back. The next frame's r10
    /// is [`FRAME`] below.
    pub(super) frame: u64,
    /// Slot of the instruction that calls a helper, for reports; engines store it in checked mode.
    pub(super) insn: u32,
    /// CPU that the program believes to run on; below [`Vm::cpus`].
    pub(super) cpu: u32,
    /// The program that runs; a tail call changes it.
    pub(super) code: *const Code,
    /// r10 of the lowest frame that there is room for.
    pub(super) lowest: u64,
    /// Set by the engine before it runs anything.
    pub(super) invoke: Option<Invoke>,
    /// Not zero while the interpreter is in a helper.
    pub(super) in_helper: u32,
    /// Memory for what the interpreter keeps of callers, [`CALLER`] bytes for each frame.
    pub(super) callers: *mut u8,
    /// What programs share.
    pub vm: &'v Vm,
    /// First argument of the program.
    pub(super) ctx: u64,
    /// Bytes of the context.
    pub(super) ctx_len: u64,
    regions: Option<Regions>,
    fault: Option<Box<Fault>>,
    not_modelled: &'static str,
    thrown: u64,
    budget: Budget,
    /// Bytes to give back when the run ends.
    charged: u64,
    kept: Vec<Arc<Code>>,
    held: Vec<Held>,
    /// The packet, for hooks that have one.
    pub(super) packet: Option<Packet>,
    /// Where the program wants its packet to go.
    pub redirect: Option<Redirect>,
    /// Copies that it sent.
    pub clones: Vec<(Redirect, Vec<u8>)>,
    /// What hooks with a return value besides r0 have.
    pub retval: i64,
    /// Copies that iterators over bits hold.
    pub(super) bits: Vec<Vec<u64>>,
    stack: (u64, u64),
    /// Scripted calls and the path taken.
    pub(super) replay: Option<Box<script::State>>,
}

/// Bytes that the interpreter keeps of a caller, at most.
pub(super) const CALLER: usize = 64;

/// The stack of a run, to be used again by the next.
#[derive(Debug)]
pub struct Stack {
    memory: Reservation,
    callers: Reservation,
}

impl Stack {
    /// A stack of [`FRAMES`] frames.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn new() -> std::io::Result<Stack> {
        let callers = Reservation::new(CALLER * FRAMES as usize)?;
        Ok(Stack { memory: Reservation::new((FRAME * FRAMES) as usize)?, callers })
    }

    /// r10 of the first frame.
    pub fn top(&self) -> u64 {
        self.memory.address() + FRAME * FRAMES
    }
}

impl Drop for Cx<'_> {
    fn drop(&mut self) {
        self.vm.memory.give_back(self.charged);
    }
}

impl<'v> Cx<'v> {
    /// A run over a stack, which no other run uses meanwhile. With `regions` it is checked; those of the stack are added
    /// as frames are entered.
    pub fn new(vm: &'v Vm, stack: &'v mut Stack, regions: Option<Regions>) -> Cx<'v> {
        let mut budget = Budget::new(&vm.limits);
        Cx {
            stop: stop::NONE,
            tail_calls: 0,
            fuel: budget.first(),
            frame: stack.top(),
            insn: 0,
            cpu: 0,
            code: std::ptr::null(),
            lowest: stack.memory.address() + FRAME,
            invoke: None,
            in_helper: 0,
            callers: stack.callers.at(0),
            vm,
            ctx: 0,
            ctx_len: 0,
            regions,
            fault: None,
            not_modelled: "",
            thrown: 0,
            budget,
            charged: 0,
            kept: Vec::new(),
            held: Vec::new(),
            packet: None,
            redirect: None,
            clones: Vec::new(),
            retval: 0,
            bits: Vec::new(),
            stack: (stack.memory.address(), stack.top()),
            replay: None,
        }
    }

    /// Fuel is used up: gives more, or ends the run. True: go on.
    pub(super) fn refuel(&mut self) -> bool {
        match self.budget.slice(self.fuel.saturating_neg().max(1)) {
            Ok(slice) => {
                self.fuel += slice;
                true
            }
            Err(spent) => self.spent::<()>(spent).is_ok(),
        }
    }

    /// Whether there is time left, for who waits without work to charge.
    ///
    /// # Errors
    /// There is none, and the run has stopped.
    pub(super) fn in_time(&mut self) -> Result<(), Halt> {
        self.budget.in_time().or_else(|s| self.spent(s))
    }

    /// When the run has to end.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.budget.deadline()
    }

    /// Ends the run at a limit.
    #[cold]
    fn spent<T>(&mut self, what: Spent) -> Result<T, Halt> {
        if self.stop == stop::NONE {
            self.stop = match what {
                Spent::Insns => stop::FUEL,
                Spent::Time => stop::DEADLINE,
                Spent::Bytes => stop::MEMORY,
            };
        }
        Err(Halt)
    }

    /// Charges work of a helper, in instructions, *before* it is done. For compiled code's sake helpers leave
    /// [`Cx::fuel`] alone: it may be in a register of the machine meanwhile.
    ///
    /// # Errors
    /// Time or instructions are used up, and the run has stopped.
    #[inline]
    pub fn tick(&mut self, insns: u64) -> Result<(), Halt> {
        self.budget.tick(insns).or_else(|s| self.spent(s))
    }

    /// Charges bytes that a helper reads, writes or compares, before it does.
    ///
    /// # Errors
    /// As [`Cx::tick`].
    #[inline]
    pub fn touch(&mut self, bytes: u64) -> Result<(), Halt> {
        self.budget.touch(bytes).or_else(|s| self.spent(s))
    }

    /// Charges memory that the machine is to hold, before it is made, and the work to fill it. Who drops it gives it
    /// back: [`Vm::memory`].
    ///
    /// # Errors
    /// Memory is used up, and the run has stopped.
    pub fn charge(&mut self, bytes: u64) -> Result<(), Halt> {
        self.touch(bytes)?;
        self.vm.memory.charge(&self.vm.limits, bytes).or_else(|s| self.spent(s))
    }

    /// Charges memory that lasts as long as the run.
    ///
    /// # Errors
    /// As [`Cx::charge`].
    pub(super) fn hold(&mut self, bytes: u64) -> Result<(), Halt> {
        self.charge(bytes)?;
        self.charged += bytes;
        Ok(())
    }

    /// Gives memory back before the run ends.
    pub(super) fn let_go(&mut self, bytes: u64) {
        self.vm.memory.give_back(bytes.min(self.charged));
        self.charged = self.charged.saturating_sub(bytes);
    }

    /// Ends the run because the machine may not hold more.
    ///
    /// # Errors
    /// Always.
    pub fn out_of_memory<T>(&mut self) -> Result<T, Halt> {
        self.spent(Spent::Bytes)
    }

    /// Instructions charged so far, exact in checked mode.
    pub fn used(&self) -> u64 {
        (self.vm.limits.insns - self.budget.left()).wrapping_sub(self.fuel as u64)
    }

    /// Has the program believe that it runs on a CPU. False: the machine has no such CPU.
    pub fn set_cpu(&mut self, cpu: u32) -> bool {
        let there = cpu < self.vm.cpus;
        if there {
            self.cpu = cpu;
        }
        there
    }

    /// The program that runs. Only while a run is going on.
    pub(super) fn code(&self) -> &'v Code {
        // SAFETY: set by the run to code that outlives it, or by a tail call to code kept in `kept`; nobody outside of
        // this crate asks at other times.
        unsafe { &*self.code }
    }

    /// Name of the program that runs.
    fn program(&self) -> String {
        if self.code.is_null() { String::new() } else { self.code().name().into() }
    }

    /// Begins with a program and its first argument; gives what to go back to.
    pub(super) fn begin(&mut self, code: &Code, ctx: u64) {
        self.code = code;
        self.ctx = ctx;
        self.tail_calls = 0;
        self.kept.clear();
        self.held.clear();
    }

    /// Notes what has to be given back when the run is stopped.
    pub(super) fn acquired(&mut self, what: Held) {
        self.held.push(what);
    }

    /// Whether it has to be given back.
    pub(super) fn holds(&self, what: Held) -> bool {
        self.held.contains(&what)
    }

    /// It was given back.
    pub(super) fn released(&mut self, what: Held) {
        if let Some(at) = self.held.iter().rposition(|h| *h == what) {
            self.held.swap_remove(at);
        }
    }

    /// Gives back what a run holds that did not come to its end.
    fn release(&mut self) {
        for what in std::mem::take(&mut self.held) {
            // SAFETY: the word was a lock that this run took, the sample one that it reserved, in memory that is still
            // there.
            unsafe {
                match what {
                    Held::Lock(at) => AtomicU32::from_ptr(at as *mut u32).store(0, Ordering::Release),
                    Held::Sample(at) => map::commit(at, true),
                    Held::Object(at) => self.vm.heap.release(at),
                }
            }
        }
    }

    /// Where the interpreter keeps callers, from the frame of the run on.
    pub(super) fn callers_of_frame(&self) -> *mut u8 {
        let depth = ((self.stack.1 - self.frame) / FRAME).min(FRAMES - 1);
        // SAFETY: within the reservation, which has a place for each frame.
        unsafe { self.callers.add(depth as usize * CALLER) }
    }

    /// Enters another program by a tail call.
    pub(super) fn enter_code(&mut self, code: Arc<Code>) {
        self.code = Arc::as_ptr(&code);
        self.kept.push(code);
        self.tail_calls += 1;
    }

    /// Whether every access is looked up.
    pub fn is_checked(&self) -> bool {
        self.regions.is_some()
    }

    /// Regions of a checked run.
    pub(super) fn regions(&mut self) -> Option<&mut Regions> {
        self.regions.as_mut()
    }

    /// Memory that a helper gives out becomes accessible. Nothing to do in a run that is not checked.
    pub(super) fn give(&mut self, start: u64, len: u64, what: &'static str, writable: bool) {
        if let Some(r) = &mut self.regions {
            r.remove(start);
            r.add(Region { kind: RegionKind::Helper(what), start, len, objects: None, closed: None, writable });
        }
    }

    /// Memory that a helper gave out is taken back.
    pub(super) fn take_back(&mut self, start: u64) {
        if let Some(r) = &mut self.regions {
            r.remove(start);
        }
    }

    /// Enters the frame with this r10, `FRAME` bytes below it: room is checked, and in checked mode it becomes
    /// accessible, with what frames wrote there before kept as it is.
    ///
    /// # Errors
    /// Too many frames.
    #[inline]
    pub(super) fn enter_frame(&mut self, r10: u64, insn: u32) -> Result<(), Halt> {
        if !self.has_room(r10) {
            return self.halt(FaultKind::TooManyFrames, insn, r10);
        }
        self.open_frame(r10);
        Ok(())
    }

    fn open_frame(&mut self, r10: u64) {
        if let Some(r) = &mut self.regions {
            let depth = r.all().iter().filter(|x| matches!(x.kind, RegionKind::Stack(_))).count() as u32;
            let kind = RegionKind::Stack(depth);
            r.add(Region { kind, start: r10 - FRAME, len: FRAME, objects: None, closed: None, writable: true });
        }
    }

    /// Whether there is room for the frame with this r10.
    #[inline]
    pub(super) fn has_room(&self, r10: u64) -> bool {
        r10 >= self.lowest
    }

    /// Leaves the frame.
    pub(super) fn leave_frame(&mut self, r10: u64) {
        if let Some(r) = &mut self.regions {
            r.remove(r10 - FRAME);
        }
    }

    /// Ends the run with a fault.
    ///
    /// # Errors
    /// Always.
    #[cold]
    pub(super) fn halt<T>(&mut self, kind: FaultKind, insn: u32, address: u64) -> Result<T, Halt> {
        if self.stop == stop::NONE {
            let (program, region) = (self.program(), self.place_of(address));
            self.fault = Some(Box::new(Fault { program, insn, address, kind, region }));
            self.stop = stop::FAULT;
        }
        Err(Halt)
    }

    /// The region at or near an address, and the offset from its start.
    fn place_of(&self, address: u64) -> Option<(RegionKind, i64)> {
        let own;
        let all = match &self.regions {
            Some(regions) => regions,
            None => {
                own = self.memory();
                &own
            }
        };
        all.nearest(address).map(|r| (r.kind.clone(), address.wrapping_sub(r.start) as i64))
    }

    /// What a run without checks has for memory, for reports.
    fn memory(&self) -> Regions {
        let mut all = Regions::default();
        let mut add =
            |kind, start, len| all.add(Region { kind, start, len, objects: None, closed: None, writable: true });
        for depth in 0..FRAMES {
            add(RegionKind::Stack(depth as u32), self.stack.1 - FRAME * (depth + 1), FRAME);
        }
        add(RegionKind::Context, self.ctx, self.ctx_len);
        self.packet.iter().for_each(|p| all.add(p.region()));
        self.vm.all_maps().iter().flat_map(|m| m.regions()).for_each(|r| all.add(r));
        all
    }

    /// Ends the run because of a signal.
    #[cold]
    pub(super) fn raised(&mut self, raised: Raised, kind: FaultKind, insn: u32) {
        if raised.in_helper {
            self.vm.set_broken();
        }
        let kind = if raised.in_helper { FaultKind::InHelper } else { kind };
        let _ = self.halt::<()>(kind, insn, raised.address as u64);
    }

    /// Ends the run because a helper cannot be modelled.
    ///
    /// # Errors
    /// Always.
    pub(super) fn not_modelled<T>(&mut self, name: &'static str) -> Result<T, Halt> {
        self.not_modelled = name;
        self.stop = stop::NOT_MODELLED;
        Err(Halt)
    }

    /// Throws: the engine unwinds to the entry.
    ///
    /// # Errors
    /// Always.
    pub(super) fn throw<T>(&mut self, cookie: u64) -> Result<T, Halt> {
        self.thrown = cookie;
        self.stop = stop::THROWN;
        Err(Halt)
    }

    /// The result of a program that has run in the frame with this r10, when it came to `r0`. An exception has left its
    /// frames; the handler, if there is one, runs in the first one's place. The program is [`Cx::code`] again.
    pub(super) fn settle(&mut self, r10: u64, r0: u64) -> u64 {
        if self.stop != stop::THROWN {
            return r0;
        }
        self.stop = stop::NONE;
        self.frame = r10;
        if let Some(r) = &mut self.regions {
            r.retain(|x| !matches!(x.kind, RegionKind::Stack(_)) || x.start + FRAME >= r10);
        }
        match (self.code().exception_cb(), self.invoke) {
            // SAFETY: the engine that set `invoke` has just run this very code.
            (Some(handler), Some(invoke)) => unsafe { invoke(self, handler, &[self.thrown, 0, 0, 0, 0]) },
            _ => self.thrown,
        }
    }

    /// Runs the program that a tail call has just entered in the frame with this r10, where its exceptions end: what it
    /// returns to the caller of who did the tail call.
    pub(super) fn run_entered(&mut self, r10: u64, ctx: u64) -> u64 {
        let (code, Some(invoke)) = (self.code, self.invoke) else { return 0 };
        self.frame = r10;
        // SAFETY: as in `settle`.
        let r0 = unsafe { invoke(self, 0, &[ctx, 0, 0, 0, 0]) };
        self.code = code;
        self.settle(r10, r0)
    }

    /// Why the run ended early; what it held is given back.
    pub(super) fn stopped(&mut self) -> Option<Stop> {
        if self.stop != stop::NONE {
            self.release();
        }
        Some(match self.stop {
            stop::NONE => return None,
            stop::FUEL => Stop::Fuel,
            stop::DEADLINE => Stop::Deadline,
            stop::MEMORY => Stop::Memory,
            stop::NOT_MODELLED => Stop::NotModelled(self.not_modelled),
            _ => {
                let (program, insn) = (self.program(), self.insn);
                let none = Fault { program, insn, address: 0, kind: FaultKind::FellOff, region: None };
                Stop::Fault(self.fault.take().unwrap_or_else(|| Box::new(none)))
            }
        })
    }

    /// Whether a checked run may do this access; in other runs everything may be done.
    ///
    /// # Errors
    /// A fault, recorded.
    #[inline]
    pub(super) fn check(&mut self, insn: u32, address: u64, size: u32, write: bool) -> Result<(), Halt> {
        let Some(regions) = &mut self.regions else { return Ok(()) };
        let len = u64::from(size);
        let may = |r: &Region| !write || r.may_write(address, len);
        let mut found = regions.find(address, len).map(may);
        if found.is_none()
            && let Some(object) = self.vm.heap.region(address)
        {
            // The run has not come to it before.
            found = object.holds(address, len).then(|| may(&object));
            regions.add(object);
        }
        match found {
            Some(true) => Ok(()),
            _ => self.halt(if write { FaultKind::Write(size) } else { FaultKind::Read(size) }, insn, address),
        }
    }

    /// A special field that a helper was given: in writable memory, though not to be written as bytes.
    ///
    /// # Errors
    /// In checked mode, where it does not lie in one writable region.
    pub(super) fn field(&mut self, address: u64, len: u64) -> Result<(), Halt> {
        self.argument(address, len, false)?;
        match &self.regions {
            Some(r) if !r.find(address, len).is_some_and(|r| r.writable) => {
                self.halt(FaultKind::Write(u32::try_from(len).unwrap_or(u32::MAX)), self.insn, address)
            }
            _ => Ok(()),
        }
    }

    /// Memory that a helper was given to read, as a pointer.
    ///
    /// # Errors
    /// In checked mode, where it does not lie in one region.
    pub(super) fn readable(&mut self, address: u64, len: u64) -> Result<*const u8, Halt> {
        self.argument(address, len, false).map(|p| p.cast_const())
    }

    /// Memory that a helper was given to write, as a pointer.
    ///
    /// # Errors
    /// In checked mode, where it does not lie in one writable region.
    pub(super) fn writable(&mut self, address: u64, len: u64) -> Result<*mut u8, Halt> {
        self.argument(address, len, true)
    }

    fn argument(&mut self, address: u64, len: u64, write: bool) -> Result<*mut u8, Halt> {
        if len == 0 {
            return Ok(address as *mut u8);
        }
        let size = u32::try_from(len).unwrap_or(u32::MAX);
        if self.is_checked() {
            self.check(self.insn, address, size, write)?;
        } else if !fault::readable(address, len) {
            let kind = if write { FaultKind::Write(size) } else { FaultKind::Read(size) };
            return self.halt(kind, self.insn, address);
        }
        Ok(address as *mut u8)
    }

    /// Fills memory that a helper was given.
    ///
    /// # Errors
    /// As [`Cx::writable`].
    pub(super) fn write_bytes(&mut self, address: u64, bytes: &[u8]) -> Result<(), Halt> {
        let p = self.writable(address, bytes.len() as u64)?;
        // SAFETY: accepted programs give valid memory, others were checked.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), p, bytes.len()) };
        Ok(())
    }

    /// Memory at any address, as a kernel's fault-tolerant read would see it: where it is, and how many bytes are there
    /// from the address on. That is the stack, the packet, the context, values of maps, what a helper gave out, and
    /// memory of the user. `None`: a fault.
    pub(super) fn find(&self, address: u64) -> Option<(*const u8, u64)> {
        if let Some(bytes) = self.vm.user_bytes(address) {
            return Some((bytes.as_ptr(), bytes.len() as u64));
        }
        let room = |start: u64, end: u64| (address >= start && address < end).then(|| end - address);
        let packet = || self.packet.as_ref().and_then(|p| room(p.region().start, p.end()));
        let context = || room(self.ctx, self.ctx + self.ctx_len);
        let task = || self.vm.task_memory().and_then(|(start, len)| room(start, start + len));
        let region = || self.regions.as_ref()?.find(address, 1).and_then(|r| room(r.start, r.start + r.len));
        let object = || self.vm.heap.object(address).and_then(|(start, len)| room(start, start + len));
        let map = |m: &Arc<Map>| m.ops().extent().and_then(|(start, len)| room(start, start + len));
        let len = room(self.stack.0, self.stack.1)
            .or_else(packet)
            .or_else(context)
            .or_else(task)
            .or_else(object)
            .or_else(region);
        let len = len.or_else(|| self.vm.all_maps().iter().find_map(map))?;
        Some((address as *const u8, len))
    }

    /// A load through a pointer to an object of the kernel: zero where the run has no memory, as a load of the kernel's
    /// that faults yields zero.
    pub(super) fn load_or_zero(&self, address: u64, size: u32, signed: bool) -> u64 {
        let Some((from, _)) = self.find(address).filter(|(_, there)| *there >= size.into()) else { return 0 };
        let mut bytes = [0; 8];
        // SAFETY: so many bytes are there.
        unsafe { crate::value::copy(from, bytes.as_mut_ptr(), (size as usize).min(8)) };
        let value = bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
        if signed && size < 8 { verifier_core::isa::semantics::sign_extend(value, size * 8) } else { value }
    }

    /// Calls a function of the program back, in a frame of its own. A tail call in it leaves another program, which is
    /// not the caller's.
    ///
    /// # Errors
    /// The run has ended.
    pub(super) fn call_back(&mut self, func: u64, args: [u64; 5]) -> Result<u64, Halt> {
        let (Some(subprog), Some(invoke)) = (self.code().func_at(func), self.invoke) else {
            return self.halt(FaultKind::NotAFunction, self.insn, func);
        };
        let (frame, insn, code, in_helper) = (self.frame, self.insn, self.code, self.in_helper);
        self.frame = frame - FRAME;
        self.enter_frame(self.frame, insn)?;
        // SAFETY: the engine that set `invoke` is running this very code.
        let r0 = unsafe { invoke(self, subprog, &args) };
        self.in_helper = in_helper;
        if self.stop != stop::NONE {
            return Err(Halt);
        }
        self.leave_frame(frame - FRAME);
        (self.frame, self.insn, self.code) = (frame, insn, code);
        Ok(r0)
    }
}
