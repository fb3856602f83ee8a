//! What can go wrong at one instruction: the conditions under which it is unsafe.
//!
//! Answers for the memory and register rules of the verifier, as conditions on a symbolic run instead of on abstract
//! states: the pointer is null, the access leaves its object, the packet was moved, a register was never written, a
//! pointer is cut, memory that a helper reads was never written.

use z3::ast::Bool;

use super::meaning::{self, Read, Stored, Symbolic, Target};
use super::needs::Need;
use super::run::{Kind, MapAccess, Program, Run};
use super::term::{Num, Val, alu, compare};
use verifier_core::isa::op::set_of;
use verifier_core::isa::opcode::ALU64;
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::isa::{Callee, Insn, Op, Src, Touch};

/// The rule that is broken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rule {
    /// A register that was never written is read.
    UninitialisedRegister,
    /// A number is used as an address.
    NotAPointer,
    /// A null pointer is used.
    Null,
    /// An access leaves its object.
    OutOfBounds,
    /// Memory is used that is no longer valid.
    Stale,
    /// A pointer is stored or loaded in part.
    CutPointer,
    /// Memory that was never written is read.
    UninitialisedMemory,
    /// Memory is written that may only be read.
    ReadOnly,
    /// The address of a stack outlives its function.
    Dangling,
    /// A call is given an object of another kind.
    OtherObject,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 10] = [
        Rule::UninitialisedRegister,
        Rule::NotAPointer,
        Rule::Null,
        Rule::OutOfBounds,
        Rule::Stale,
        Rule::CutPointer,
        Rule::UninitialisedMemory,
        Rule::ReadOnly,
        Rule::Dangling,
        Rule::OtherObject,
    ];

    /// The rule with this stable word.
    pub fn from_code(code: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|r| r.code() == code)
    }

    /// Whether it is about memory: what a machine would do wrong, not only what the kernel forbids.
    pub const fn is_of_memory(self) -> bool {
        !matches!(self, Rule::UninitialisedRegister | Rule::CutPointer | Rule::UninitialisedMemory)
    }

    /// In words, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Rule::UninitialisedRegister => "a register is read that was never written",
            Rule::NotAPointer => "a number is used as an address",
            Rule::Null => "a null pointer is used",
            Rule::OutOfBounds => "the access leaves its object",
            Rule::Stale => "memory is used that is no longer valid",
            Rule::CutPointer => "a pointer is stored or loaded in part",
            Rule::UninitialisedMemory => "memory is read that was never written",
            Rule::ReadOnly => "memory is written that may only be read",
            Rule::Dangling => "the address of a stack outlives its function",
            Rule::OtherObject => "a call is given an object of another kind",
        }
    }

    /// Stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Rule::UninitialisedRegister => "uninitialised-register",
            Rule::NotAPointer => "not-a-pointer",
            Rule::Null => "null",
            Rule::OutOfBounds => "out-of-bounds",
            Rule::Stale => "stale",
            Rule::CutPointer => "cut-pointer",
            Rule::UninitialisedMemory => "uninitialised-memory",
            Rule::ReadOnly => "read-only",
            Rule::Dangling => "dangling",
            Rule::OtherObject => "other-object",
        }
    }
}

/// One thing that can go wrong, and when.
#[derive(Clone, Debug)]
pub struct Danger {
    /// The rule.
    pub rule: Rule,
    /// Register it is about.
    pub regno: u8,
    /// When it is broken.
    pub when: Bool,
}

/// Which rules count besides those of memory itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    /// Reading stack bytes that were never written is wrong also for plain loads (programs without CAP_PERFMON).
    pub uninitialised_stack: bool,
    /// Storing a pointer in part is wrong.
    pub cut_pointers: bool,
}

fn always() -> Bool {
    Bool::from_bool(true)
}

/// What a register holds that is used as an address.
fn target(run: &Run, regno: u8) -> Target<Symbolic> {
    match run.reg(regno) {
        Val::Undef => Target::Nothing,
        Val::Num(n) => Target::Number { null: n.known() == Some(0) },
        Val::Ptr(p) => {
            let region = &run.regions[p.region];
            let fixed = matches!(region.kind, Kind::MapObject(_) | Kind::Function(_));
            Target::Object {
                null: p.null.clone(),
                off: p.off.clone(),
                size: region.size.clone(),
                stale: region.dead,
                writable: region.writable && !fixed,
            }
        }
    }
}

/// Whether an instruction can break a rule at all: it accesses memory, calls, or reads registers.
pub fn may_break(insn: Insn) -> bool {
    match insn.decode() {
        Op::Load { .. } | Op::Store { .. } | Op::Atomic { .. } | Op::LoadAcquire { .. } | Op::StoreRelease { .. } => {
            true
        }
        Op::Alu { .. } | Op::MoveAs { .. } | Op::ByteOrder { .. } => true,
        Op::Branch { .. } | Op::JumpTo { .. } | Op::Exit => true,
        Op::Call { callee } => !matches!(callee, Callee::Local(_)),
        Op::CallReg { .. } => true,
        Op::Const { .. } | Op::Rest | Op::PacketLoad { .. } | Op::Jump { .. } | Op::MayGoto { .. } | Op::Unknown => {
            false
        }
    }
}

/// When a sum of pointer and number at an instruction leaves the pointer's object; nothing where it is no such sum or the
/// object's size is not known.
pub fn leaves(run: &mut Run, program: &Program<'_>, at: usize) -> Vec<Danger> {
    let Some(insn) = program.insns.get(at).filter(|i| i.is_alu()) else { return Vec::new() };
    let op = AluOp::decode(insn.op(), insn.off).filter(|op| matches!(op, AluOp::Add | AluOp::Sub));
    let (Some(op), true, true) = (op, insn.class() == ALU64, insn.is_reg_src()) else { return Vec::new() };
    let (p, n, regno) = match (run.reg(insn.dst), run.reg(insn.src)) {
        (Val::Ptr(p), Val::Num(n)) => (p, n, insn.src),
        (Val::Num(n), Val::Ptr(p)) if op == AluOp::Add => (p, n, insn.dst),
        _ => return Vec::new(),
    };
    let Some(size) = &run.regions[p.region].size else { return Vec::new() };
    let mut out = Vec::new();
    out.extend(p.null.clone().map(|when| Danger { rule: Rule::Null, regno, when }));
    let when = compare(CmpOp::Gt, true, &alu(op, true, &p.off, &n), size);
    out.push(Danger { rule: Rule::OutOfBounds, regno, when });
    out
}

/// Everything that can go wrong at an instruction, as the run stands before it.
pub fn dangers(run: &mut Run, program: &Program<'_>, at: usize, rules: Rules) -> Vec<Danger> {
    let Some(insn) = program.insns.get(at).copied() else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let op = insn.decode();
    if let Some(t) = op.touch() {
        let bytes = u64::from(t.size);
        let stored = match op {
            Op::Store { src: Src::Reg(src), .. } | Op::Atomic { src, .. } | Op::StoreRelease { src, .. } => Some(src),
            _ => None,
        };
        if let Some(src) = stored {
            unwritten(run, src, &mut out);
        }
        access(run, t.base, i64::from(t.off), &Num::Known(bytes), t.writes, &mut out);
        if matches!(op, Op::Load { .. } | Op::LoadAcquire { .. }) {
            stack_read(run, t.base, i64::from(t.off), bytes, rules, &mut out);
        }
        if let Some(src) = stored {
            leaks(run, src, t, rules, &mut out);
        }
    } else if matches!(op, Op::Call { .. } | Op::CallReg { .. }) {
        arguments(run, program, insn, rules, &mut out);
    } else if !matches!(op, Op::PacketLoad { .. }) {
        let reads = op.effect().uses;
        // Arithmetic looks at its second operand first, comparisons at the first.
        let order = if insn.is_alu() { [insn.src, insn.dst, 0] } else { [insn.dst, insn.src, 0] };
        let mut seen = 0;
        for r in order.into_iter().filter(|r| reads & set_of(*r) != 0) {
            if seen & set_of(r) == 0 {
                seen |= set_of(r);
                unwritten(run, r, &mut out);
            }
        }
    }
    out.retain(|d| d.when.as_bool() != Some(false));
    out
}

/// What must not be stored at a place.
fn leaks(run: &Run, src: u8, at: Touch, rules: Rules, out: &mut Vec<Danger>) {
    let value = run.reg(src);
    let to = run.reg(at.base).as_ptr().map(|p| p.region);
    let stored = Stored {
        bytes: at.size.into(),
        address: matches!(value, Val::Ptr(_)),
        of_own_frame: value.as_ptr().is_some_and(|p| p.region == run.stack),
        to_stack: to.is_some_and(|r| matches!(run.regions[r].kind, Kind::Stack(_))),
        to_own_frame: to == Some(run.stack),
    };
    out.extend(meaning::stored(&stored, rules).map(|rule| Danger { rule, regno: src, when: always() }));
}

/// A register that is read and was never written.
fn unwritten(run: &Run, regno: u8, out: &mut Vec<Danger>) {
    if matches!(run.reg(regno), Val::Undef) {
        out.push(Danger { rule: Rule::UninitialisedRegister, regno, when: always() });
    }
}

/// Dangers of an access of `size` bytes through a register.
fn access(run: &mut Run, regno: u8, off: i64, size: &Num, write: bool, out: &mut Vec<Danger>) {
    if let Val::Ptr(p) = run.reg(regno) {
        run.unmeasured |= !run.regions[p.region].holds(&p.off.plus(off), size);
    }
    let found = meaning::access(&target(run, regno), off, size, write);
    out.extend(found.into_iter().map(|(rule, when)| Danger { rule, regno, when }));
}

fn stack_read(run: &Run, regno: u8, off: i64, n: u64, rules: Rules, out: &mut Vec<Danger>) {
    let Val::Ptr(p) = run.reg(regno) else { return };
    let region = &run.regions[p.region];
    let Some(at) = p.off.plus(off).known().filter(|_| matches!(region.kind, Kind::Stack(_))) else { return };
    let found = Read { written: region.memory.is_written(at, n), cuts: region.memory.cuts_pointer(at, n) };
    out.extend(meaning::read(&found, rules).map(|rule| Danger { rule, regno, when: always() }));
}

/// Dangers of the arguments of a helper or a kernel function.
fn arguments(run: &mut Run, program: &Program<'_>, insn: Insn, rules: Rules, out: &mut Vec<Danger>) {
    for (i, need) in program.needs_of(insn).unwrap_or_default().into_iter().enumerate().take(5) {
        let regno = 1 + i as u8;
        if matches!(run.reg(regno), Val::Undef) {
            unwritten(run, regno, out);
            continue;
        }
        match need {
            Need::Anything => {}
            Need::Object { wants, null, .. } => {
                let v = run.reg(regno);
                let fits = v.as_ptr().is_none_or(|p| wants.takes(&run.regions[p.region].kind));
                let found = meaning::object(&target(run, regno), null, fits);
                out.extend(found.into_iter().map(|(rule, when)| Danger { rule, regno, when }));
            }
            Need::Memory { size, null, write, fills } => {
                // A size that is not known is no danger of memory: it is one of the size.
                let Some(size) = run.bytes_of(program, size, regno) else { continue };
                if null && run.number(&run.reg(regno)).and_then(|n| n.known()) == Some(0) {
                    continue;
                }
                access(run, regno, 0, &size, write, out);
                let reads = Rules { cut_pointers: false, uninitialised_stack: rules.uninitialised_stack && !fills };
                if let Some(n) = size.known().filter(|n| *n > 0) {
                    stack_read(run, regno, 0, n, reads, out);
                }
            }
        }
    }
}
