//! One run of a program: its stack, its fuel, where it stopped, and how helpers reach memory.
//!
//! The fields up to `invoke` are `repr(C)` and read by compiled code; the order is part of the contract between the
//! engines and [`super::abi`].

use std::sync::Arc;

use verifier_core::isa::opcode::{MAX_CALL_FRAMES, MAX_STACK};

use super::budget::{Budget, Spent};
use super::map::Map;
use super::memory::{Region, RegionKind, Regions, Reservation};
use super::net::Redirect;
use super::packet::Packet;
use super::program::Code;
use super::replay;
use super::vm::Vm;

/// Bytes of stack of one frame.
pub const FRAME: u64 = MAX_STACK as u64;
/// Frames of one run: the kernel's call chain, and as many again for callbacks that helpers call.
pub const FRAMES: u64 = 2 * MAX_CALL_FRAMES as u64;
/// Tail calls of one run. Kernel: `MAX_TAIL_CALL_CNT`.
pub const MAX_TAIL_CALLS: u32 = 33;
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
    /// Compiled code raised this signal, which is neither a read nor a write of its own.
    Signal(i32),
}

/// A violation: what the analysis promises cannot happen in accepted programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
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
            FaultKind::Signal(n) => write!(f, "signal {n} in compiled code at {:#x}", self.address)?,
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
    /// A violation of an accepted program in a run without checks: the analysis was wrong.
    #[error("verifier bug: program `{program}`, which was accepted: {fault}")]
    VerifierBug {
        /// Name of the program.
        program: String,
        /// What it did.
        fault: Box<Fault>,
    },
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

/// How an engine runs one function of the current program to its end: `subprog` index, five arguments, result r0.
pub type Invoke = unsafe extern "C" fn(cx: *mut Cx<'_>, subprog: u32, args: *const [u64; 5]) -> u64;

/// One run.
#[repr(C)]
pub struct Cx<'v> {
    /// One of [`stop`]: not zero, and the engine returns at once.
    pub stop: u32,
    /// Tail calls so far.
    pub tail_calls: u32,
    /// Instructions left in this slice; below zero: ask [`Cx::refuel`].
    pub fuel: i64,
    /// r10 of the frame that calls: engines store it before calls of helpers that call back. The next frame's r10
    /// is [`FRAME`] below.
    pub frame: u64,
    /// Slot of the instruction that calls a helper, for reports; engines store it in checked mode.
    pub insn: u32,
    /// CPU that the program believes to run on.
    pub cpu: u32,
    /// The program that runs; a tail call changes it.
    pub code: *const Code,
    /// Set by the engine before it runs anything.
    pub invoke: Option<Invoke>,
    /// For the engine's own use.
    pub engine: *const (),
    /// What programs share.
    pub vm: &'v Vm,
    /// First argument of the program.
    pub ctx: u64,
    /// Bytes of the context.
    pub ctx_len: u64,
    regions: Option<Regions>,
    fault: Option<Box<Fault>>,
    not_modelled: &'static str,
    thrown: u64,
    budget: Budget,
    /// Bytes to give back when the run ends.
    held: u64,
    lowest_frame: u64,
    kept: Vec<Arc<Code>>,
    /// The packet, for hooks that have one.
    pub packet: Option<Packet>,
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
    pub(super) replay: Option<Box<replay::State>>,
}

/// The stack of a run, to be used again by the next.
#[derive(Debug)]
pub struct Stack(Reservation);

impl Stack {
    /// A stack of [`FRAMES`] frames.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn new() -> std::io::Result<Stack> {
        Reservation::new((FRAME * FRAMES) as usize).map(Stack)
    }

    /// r10 of the first frame.
    pub fn top(&self) -> u64 {
        self.0.address() + self.0.len() as u64
    }

    /// The memory.
    pub fn reservation(&self) -> &Reservation {
        &self.0
    }
}

impl Drop for Cx<'_> {
    fn drop(&mut self) {
        self.vm.memory.give_back(self.held);
    }
}

impl<'v> Cx<'v> {
    /// A run over a stack. With `regions` it is checked; those of the stack are added as frames are entered.
    pub fn new(vm: &'v Vm, stack: &Stack, regions: Option<Regions>) -> Cx<'v> {
        let mut budget = Budget::new(&vm.limits);
        Cx {
            stop: stop::NONE,
            tail_calls: 0,
            fuel: budget.first(),
            frame: stack.top(),
            insn: 0,
            cpu: 0,
            code: std::ptr::null(),
            invoke: None,
            engine: std::ptr::null(),
            vm,
            ctx: 0,
            ctx_len: 0,
            regions,
            fault: None,
            not_modelled: "",
            thrown: 0,
            budget,
            held: 0,
            lowest_frame: stack.top() - FRAME * (FRAMES - 1),
            kept: Vec::new(),
            packet: None,
            redirect: None,
            clones: Vec::new(),
            retval: 0,
            bits: Vec::new(),
            stack: (stack.0.address(), stack.top()),
            replay: None,
        }
    }

    /// Fuel is used up: gives more, or ends the run. True: go on.
    pub fn refuel(&mut self) -> bool {
        match self.budget.slice(self.fuel.saturating_neg().max(1)) {
            Ok(slice) => {
                self.fuel += slice;
                true
            }
            Err(spent) => self.spent::<()>(spent).is_ok(),
        }
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
    pub fn hold(&mut self, bytes: u64) -> Result<(), Halt> {
        self.charge(bytes)?;
        self.held += bytes;
        Ok(())
    }

    /// Gives memory back before the run ends.
    pub fn let_go(&mut self, bytes: u64) {
        self.vm.memory.give_back(bytes.min(self.held));
        self.held = self.held.saturating_sub(bytes);
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

    /// The program that runs.
    pub fn code(&self) -> &'v Code {
        // SAFETY: set by the run to code that outlives it, or by a tail call to code kept in `kept`.
        unsafe { &*self.code }
    }

    /// Enters another program by a tail call.
    pub fn enter_code(&mut self, code: Arc<Code>) {
        self.code = Arc::as_ptr(&code);
        self.kept.push(code);
        self.tail_calls += 1;
    }

    /// Whether every access is looked up.
    pub fn is_checked(&self) -> bool {
        self.regions.is_some()
    }

    /// Regions of a checked run.
    pub fn regions(&mut self) -> Option<&mut Regions> {
        self.regions.as_mut()
    }

    /// Memory that a helper gives out becomes accessible. Nothing to do in a run that is not checked.
    pub fn give(&mut self, start: u64, len: u64, what: &'static str, writable: bool) {
        if let Some(r) = &mut self.regions {
            r.remove(start);
            r.add(Region { kind: RegionKind::Helper(what), start, len, objects: None, writable });
        }
    }

    /// Memory that a helper gave out is taken back.
    pub fn take_back(&mut self, start: u64) {
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
    pub fn enter_frame(&mut self, r10: u64, insn: u32) -> Result<(), Halt> {
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
            r.add(Region { kind, start: r10 - FRAME, len: FRAME, objects: None, writable: true });
        }
    }

    /// Whether there is room for the frame with this r10.
    #[inline]
    pub fn has_room(&self, r10: u64) -> bool {
        r10 >= self.lowest_frame + FRAME
    }

    /// Leaves the frame.
    pub fn leave_frame(&mut self, r10: u64) {
        if let Some(r) = &mut self.regions {
            r.remove(r10 - FRAME);
        }
    }

    /// Ends the run with a fault.
    ///
    /// # Errors
    /// Always.
    #[cold]
    pub fn halt<T>(&mut self, kind: FaultKind, insn: u32, address: u64) -> Result<T, Halt> {
        if self.stop == stop::NONE {
            let near = self.regions.as_ref().and_then(|r| r.nearest(address));
            let region = near.map(|r| (r.kind.clone(), address.wrapping_sub(r.start) as i64));
            self.fault = Some(Box::new(Fault { insn, address, kind, region }));
            self.stop = stop::FAULT;
        }
        Err(Halt)
    }

    /// Ends the run because a helper cannot be modelled.
    ///
    /// # Errors
    /// Always.
    pub fn not_modelled<T>(&mut self, name: &'static str) -> Result<T, Halt> {
        self.not_modelled = name;
        self.stop = stop::NOT_MODELLED;
        Err(Halt)
    }

    /// Throws: the engine unwinds to the entry.
    ///
    /// # Errors
    /// Always.
    pub fn throw<T>(&mut self, cookie: u64) -> Result<T, Halt> {
        self.thrown = cookie;
        self.stop = stop::THROWN;
        Err(Halt)
    }

    /// The exception that ended the run, once.
    pub fn catch(&mut self) -> Option<u64> {
        (self.stop == stop::THROWN).then(|| {
            self.stop = stop::NONE;
            self.thrown
        })
    }

    /// Why the run ended early.
    pub fn stopped(&mut self) -> Option<Stop> {
        Some(match self.stop {
            stop::NONE => return None,
            stop::FUEL => Stop::Fuel,
            stop::DEADLINE => Stop::Deadline,
            stop::MEMORY => Stop::Memory,
            stop::NOT_MODELLED => Stop::NotModelled(self.not_modelled),
            _ => {
                let none = Fault { insn: self.insn, address: 0, kind: FaultKind::FellOff, region: None };
                let fault = self.fault.take().unwrap_or_else(|| Box::new(none));
                match self.is_checked() {
                    true => Stop::Fault(fault),
                    false => Stop::VerifierBug { program: self.code().name().into(), fault },
                }
            }
        })
    }

    /// Whether a checked run may do this access; in other runs everything may be done.
    ///
    /// # Errors
    /// A fault, recorded.
    #[inline]
    pub fn check(&mut self, insn: u32, address: u64, size: u32, write: bool) -> Result<(), Halt> {
        let Some(regions) = &self.regions else { return Ok(()) };
        match regions.find(address, size.into()) {
            Some(r) if r.writable || !write => Ok(()),
            _ => self.halt(if write { FaultKind::Write(size) } else { FaultKind::Read(size) }, insn, address),
        }
    }

    /// Memory that a helper was given to read, as a pointer.
    ///
    /// # Errors
    /// In checked mode, where it does not lie in one region.
    pub fn readable(&mut self, address: u64, len: u64) -> Result<*const u8, Halt> {
        self.argument(address, len, false).map(|p| p.cast_const())
    }

    /// Memory that a helper was given to write, as a pointer.
    ///
    /// # Errors
    /// In checked mode, where it does not lie in one writable region.
    pub fn writable(&mut self, address: u64, len: u64) -> Result<*mut u8, Halt> {
        self.argument(address, len, true)
    }

    fn argument(&mut self, address: u64, len: u64, write: bool) -> Result<*mut u8, Halt> {
        if len > 0 && self.is_checked() {
            let size = u32::try_from(len).unwrap_or(u32::MAX);
            self.check(self.insn, address, size, write)?;
        }
        Ok(address as *mut u8)
    }

    /// Copies memory that a helper was given.
    ///
    /// # Errors
    /// As [`Cx::readable`].
    pub fn read_bytes(&mut self, address: u64, len: u64) -> Result<Vec<u8>, Halt> {
        let p = self.readable(address, len)?;
        let mut out = vec![0; len as usize];
        // SAFETY: accepted programs give valid memory, others were checked.
        unsafe { std::ptr::copy_nonoverlapping(p, out.as_mut_ptr(), out.len()) };
        Ok(out)
    }

    /// Fills memory that a helper was given.
    ///
    /// # Errors
    /// As [`Cx::writable`].
    pub fn write_bytes(&mut self, address: u64, bytes: &[u8]) -> Result<(), Halt> {
        let p = self.writable(address, bytes.len() as u64)?;
        // SAFETY: as in `read_bytes`.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), p, bytes.len()) };
        Ok(())
    }

    /// Memory at any address, as a kernel's fault-tolerant read would see it: where it is, and how many bytes are there
    /// from the address on. That is the stack, the packet, the context, values of maps, what a helper gave out, and
    /// memory of the user. `None`: a fault.
    pub fn find(&self, address: u64) -> Option<(*const u8, u64)> {
        if let Some(bytes) = self.vm.user_bytes(address) {
            return Some((bytes.as_ptr(), bytes.len() as u64));
        }
        let room = |start: u64, end: u64| (address >= start && address < end).then(|| end - address);
        let packet = || self.packet.as_ref().and_then(|p| room(p.region().start, p.end()));
        let context = || room(self.ctx, self.ctx + self.ctx_len);
        let region = || self.regions.as_ref()?.find(address, 1).and_then(|r| room(r.start, r.start + r.len));
        let map = |m: &Arc<Map>| m.ops().extent().and_then(|(start, len)| room(start, start + len));
        let len = room(self.stack.0, self.stack.1).or_else(packet).or_else(context).or_else(region);
        let len = len.or_else(|| self.vm.all_maps().iter().find_map(map))?;
        Some((address as *const u8, len))
    }

    /// Calls a function of the program back, in a frame of its own.
    ///
    /// # Errors
    /// The run has ended.
    pub fn call_back(&mut self, func: u64, args: [u64; 5]) -> Result<u64, Halt> {
        let (Some(subprog), Some(invoke)) = (self.code().func_at(func), self.invoke) else {
            return self.halt(FaultKind::NotAFunction, self.insn, func);
        };
        let (frame, insn) = (self.frame, self.insn);
        self.frame = frame - FRAME;
        self.enter_frame(self.frame, insn)?;
        // SAFETY: the engine that set `invoke` is running this very code.
        let r0 = unsafe { invoke(self, subprog, &args) };
        if self.stop != stop::NONE {
            return Err(Halt);
        }
        self.leave_frame(frame - FRAME);
        (self.frame, self.insn) = (frame, insn);
        Ok(r0)
    }
}
