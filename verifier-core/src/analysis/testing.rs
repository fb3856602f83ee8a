//! Small programs walked for tests: text in, the states that every instruction was reached with and the verdict out.
//!
//! ```text
//! walk("r0 = 5; r0 += 3; exit").before(2, 0) == "8"
//! ```

use std::sync::OnceLock;

use super::{Options, Report, System, Verdict, verify_with};
use crate::isa::asm::{Referent, assemble_source};
use crate::kernel::call::{RegBase, TypeFlags};
use crate::kernel::{Kernel, ProgType};
use crate::log::{Context, Event, Interest, Sink};
use crate::program::request::Privilege;
use crate::program::{LoadRequest, MapSpec};
use crate::state::{RegState, StateId, VerifierState};

/// The kernel that tests ask unless they say otherwise; unpacked once.
pub(crate) fn newest() -> &'static System {
    static SYSTEM: OnceLock<System> = OnceLock::new();
    SYSTEM.get_or_init(|| system(Kernel::v6_18()))
}

/// The kernel whose reads travel back as marks.
pub(crate) fn older() -> &'static System {
    static SYSTEM: OnceLock<System> = OnceLock::new();
    SYSTEM.get_or_init(|| system(Kernel::v6_12()))
}

fn system(kernel: Kernel) -> System {
    System::stored(kernel).expect("BTF is embedded")
}

/// What a walk showed.
pub(crate) struct Walk {
    /// The verdict and counters.
    pub report: Report,
    /// Instructions reached, with the states before them, in order.
    pub at: Vec<(usize, VerifierState)>,
    /// States that were stored, with their instructions.
    pub stored: Vec<(usize, VerifierState)>,
    /// Instructions at which a path ended against a stored state.
    pub pruned: Vec<(usize, StateId)>,
    /// Steps of walks backwards: frame, registers and slots that are wanted, instruction.
    pub wanted: Vec<(u32, u32, u64, usize)>,
    /// Conditional jumps: instruction, may be taken, may fall through.
    pub jumps: Vec<(usize, bool, bool)>,
}

#[derive(Default)]
struct Listener {
    at: Vec<(usize, VerifierState)>,
    stored: Vec<(usize, VerifierState)>,
    pruned: Vec<(usize, StateId)>,
    wanted: Vec<(u32, u32, u64, usize)>,
    jumps: Vec<(usize, bool, bool)>,
}

impl Sink for Listener {
    fn interest(&self) -> Interest {
        Interest { log_level: 0, structure: true }
    }
    fn event(&mut self, _: &Context<'_>, event: &Event<'_>) {
        match event {
            Event::At { idx, state, .. } => self.at.push((*idx, (*state).clone())),
            Event::Checkpoint { idx, state, .. } => self.stored.push((*idx, (*state).clone())),
            Event::Pruned { idx, by } => self.pruned.push((*idx, *by)),
            Event::Precise { frame, regs, slots, idx } => self.wanted.push((*frame, *regs, *slots, *idx)),
            Event::Branch { idx, taken, fallthrough } => self.jumps.push((*idx, *taken, *fallthrough)),
            _ => {}
        }
    }
    fn mark(&self) -> u64 {
        0
    }
    fn rewind(&mut self, _: u64) {}
}

/// A load of a text: a socket filter whose instructions are separated by `;`. Maps by name: `array` (8 bytes),
/// `hash` (64 bytes).
pub(crate) fn request(text: &str) -> LoadRequest {
    let source = assemble_source(&text.replace(';', "\n")).expect("the text is a program");
    let map = |fd: i32, name: &str, map_type: u32, value_size: u32| MapSpec {
        fd,
        name: name.into(),
        map_type,
        key_size: 4,
        value_size,
        max_entries: 4,
        ..MapSpec::default()
    };
    let maps = vec![map(3, "array", 2, 8), map(4, "hash", 1, 64)];
    let mut insns = source.insns;
    for r in &source.references {
        if let Referent::Map(name) | Referent::MapValue(name) = &r.to {
            insns[r.insn].imm = maps.iter().find(|m| m.name == *name).expect("a map of that name").fd;
        }
    }
    LoadRequest {
        prog_type: ProgType::SocketFilter as u32,
        insns,
        license: "GPL".into(),
        maps,
        ..LoadRequest::default()
    }
}

/// Walks a request.
pub(crate) fn walk_request(system: &System, request: &LoadRequest, privilege: Privilege) -> Walk {
    let mut l = Listener::default();
    let options = Options { log_level: 1, privilege, ..Options::default() };
    let report = verify_with(system, request, &options, &mut l, &|| false);
    Walk { report, at: l.at, stored: l.stored, pruned: l.pruned, wanted: l.wanted, jumps: l.jumps }
}

/// Walks a text with a state stored wherever one can be.
pub(crate) fn walk_storing(text: &str) -> Walk {
    walk_request(newest(), &LoadRequest { prog_flags: 1 << 3, ..request(text) }, Privilege::ROOT)
}

/// Walks a text with all capabilities on the newest kernel.
pub(crate) fn walk(text: &str) -> Walk {
    walk_request(newest(), &request(text), Privilege::ROOT)
}

/// The same without capabilities.
pub(crate) fn walk_unprivileged(text: &str) -> Walk {
    walk_request(newest(), &request(text), Privilege::NONE)
}

/// The same as another type of program.
pub(crate) fn walk_as(prog_type: ProgType, text: &str) -> Walk {
    walk_request(newest(), &LoadRequest { prog_type: prog_type as u32, ..request(text) }, Privilege::ROOT)
}

impl Walk {
    /// `ok`, or the message that says why not.
    pub fn says(&self) -> String {
        match &self.report.verdict {
            Verdict::Accepted(_) => "ok".into(),
            Verdict::Rejected(_) => {
                let log = String::from_utf8_lossy(&self.report.log).into_owned();
                let beside = ["processed ", "cur state:", "old state:"];
                let counters = |l: &&str| !beside.iter().any(|b| l.starts_with(b)) && !l.is_empty();
                log.lines().rfind(counters).unwrap_or_default().to_string()
            }
            other => format!("{other:?}"),
        }
    }

    /// The first state before an instruction.
    pub fn state(&self, at: usize) -> &VerifierState {
        &self.at.iter().find(|(i, _)| *i == at).expect("the instruction is reached").1
    }

    /// The last one.
    pub fn last_state(&self, at: usize) -> &VerifierState {
        &self.at.iter().rfind(|(i, _)| *i == at).expect("the instruction is reached").1
    }

    /// How often an instruction was reached.
    pub fn visits(&self, at: usize) -> usize {
        self.at.iter().filter(|(i, _)| *i == at).count()
    }

    /// What a register holds when an instruction is first reached.
    pub fn before(&self, at: usize, reg: u8) -> String {
        words(self.state(at).reg(reg))
    }

    /// What a register holds at the last instruction, when it is first reached.
    pub fn end(&self, reg: u8) -> String {
        let last = self.at.iter().map(|(i, _)| *i).max().expect("something is reached");
        self.before(last, reg)
    }

    /// What stands in a slot at the last instruction, byte 7 first.
    pub fn end_slot(&self, spi: usize) -> String {
        let last = self.at.iter().map(|(i, _)| *i).max().expect("something is reached");
        slot_words(self.state(last), spi)
    }
}

/// Kinds of a slot's bytes, the lowest address first; with the register where one is saved.
pub(crate) fn slot_words(state: &VerifierState, spi: usize) -> String {
    let Some(slot) = state.frame().stack.get(spi) else { return "none".into() };
    let kinds: String = slot.kind.iter().rev().map(|k| "?rm0dif".chars().nth(*k as usize).unwrap_or('x')).collect();
    if slot.holds_register() { format!("{kinds} {}", words(&slot.spilled)) } else { kinds }
}

/// A register in short: `7`, `any`, `0..255`, `-4..3`, `fp-8`, `value+4`, `value?`.
pub(crate) fn words(r: &RegState) -> String {
    let s = &r.scalar;
    let number = |known_zero: &str| match s.known(false) {
        Some(0) => known_zero.to_string(),
        Some(v) => format!("{}", v as i64),
        None if s.smin >= 0 => format!("{}..{}", s.umin, s.umax),
        None if (s.smin, s.smax) != (i64::MIN, i64::MAX) => format!("{}..{}", s.smin, s.smax),
        None if (s.umin, s.umax) != (0, u64::MAX) => format!("{}..{}", s.umin, s.umax),
        None => "any".into(),
    };
    if r.ty.base == RegBase::Scalar {
        return number("0");
    }
    let name = match r.ty.base {
        RegBase::NotInit => return "nothing".into(),
        RegBase::PtrToCtx => "ctx",
        RegBase::PtrToStack => "fp",
        RegBase::PtrToMapValue => "value",
        RegBase::ConstPtrToMap => "map",
        RegBase::PtrToPacket => "pkt",
        RegBase::PtrToPacketEnd => "end",
        RegBase::PtrToMem => "mem",
        RegBase::PtrToFunc => "func",
        _ => "pointer",
    };
    let off = if r.off == 0 { String::new() } else { format!("{:+}", r.off) };
    let var = number("");
    let var = if var.is_empty() { var } else { format!("+({var})") };
    let null = if r.ty.flags.contains(TypeFlags::MAYBE_NULL) { "?" } else { "" };
    let range = if r.range() > 0 { format!(" r={}", r.range()) } else { String::new() };
    format!("{name}{off}{var}{null}{range}")
}
