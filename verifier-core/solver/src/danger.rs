//! What can go wrong at one instruction: the conditions under which it is unsafe.
//!
//! Answers for the memory and register rules of the verifier, as conditions on a symbolic run instead of on abstract
//! states: the pointer is null, the access leaves its object, the packet was moved, a register was never written, a
//! pointer is cut, memory that a helper reads was never written.

use z3::ast::Bool;

use super::run::{Kind, Program, Run};
use super::term::{Num, Ptr, Val, alu, compare};
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::kernel::call::{ArgBase, ArgType};

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
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 9] = [
        Rule::UninitialisedRegister,
        Rule::NotAPointer,
        Rule::Null,
        Rule::OutOfBounds,
        Rule::Stale,
        Rule::CutPointer,
        Rule::UninitialisedMemory,
        Rule::ReadOnly,
        Rule::Dangling,
    ];

    /// The rule with this stable word.
    pub fn from_code(code: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|r| r.code() == code)
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
    let n = insn.access_size();
    match insn.class() {
        LDX => {
            access(run, insn.src, i64::from(insn.off), &Num::Known(u64::from(n)), false, &mut out);
            stack_read(run, insn.src, i64::from(insn.off), n, rules, &mut out);
        }
        ST => access(run, insn.dst, i64::from(insn.off), &Num::Known(u64::from(n)), true, &mut out),
        STX => {
            if matches!(run.reg(insn.src), Val::Undef) {
                out.push(Danger { rule: Rule::UninitialisedRegister, regno: insn.src, when: always() });
            }
            let load = insn.mode() == ATOMIC && insn.imm == LOAD_ACQ;
            let base = if load { insn.src } else { insn.dst };
            access(run, base, i64::from(insn.off), &Num::Known(u64::from(n)), !load, &mut out);
            let to_stack =
                run.reg(insn.dst).as_ptr().is_some_and(|p| matches!(run.regions[p.region].kind, Kind::Stack(_)));
            let own = run.stack;
            let other = run.reg(insn.dst).as_ptr().is_some_and(|p| p.region != own);
            if to_stack && other && run.reg(insn.src).as_ptr().is_some_and(|p| p.region == own) {
                out.push(Danger { rule: Rule::Dangling, regno: insn.src, when: always() });
            }
            if rules.cut_pointers && to_stack && n != 8 && matches!(run.reg(insn.src), Val::Ptr(_)) {
                out.push(Danger { rule: Rule::CutPointer, regno: insn.src, when: always() });
            }
        }
        ALU | ALU64 => {
            let mov = insn.op() == MOV;
            if insn.is_reg_src() && insn.op() != END && matches!(run.reg(insn.src), Val::Undef) {
                out.push(Danger { rule: Rule::UninitialisedRegister, regno: insn.src, when: always() });
            }
            if !mov && matches!(run.reg(insn.dst), Val::Undef) {
                out.push(Danger { rule: Rule::UninitialisedRegister, regno: insn.dst, when: always() });
            }
        }
        JMP | JMP32 => match insn.op() {
            CALL if insn.src == 0 => arguments(run, program, insn, rules, &mut out),
            EXIT if matches!(run.reg(0), Val::Undef) => {
                out.push(Danger { rule: Rule::UninitialisedRegister, regno: 0, when: always() });
            }
            CALL | EXIT | JA | JCOND => {}
            _ => {
                for (used, r) in [(true, insn.dst), (insn.is_reg_src(), insn.src)] {
                    if used && matches!(run.reg(r), Val::Undef) {
                        out.push(Danger { rule: Rule::UninitialisedRegister, regno: r, when: always() });
                    }
                }
            }
        },
        _ => {}
    }
    out.retain(|d| d.when.as_bool() != Some(false));
    out
}

/// Dangers of an access of `size` bytes through a register; an access of no bytes is safe.
fn access(run: &mut Run, regno: u8, off: i64, size: &Num, write: bool, out: &mut Vec<Danger>) {
    let p = match run.reg(regno) {
        Val::Undef => {
            out.push(Danger { rule: Rule::UninitialisedRegister, regno, when: always() });
            return;
        }
        Val::Num(_) => {
            out.push(Danger { rule: Rule::NotAPointer, regno, when: always() });
            return;
        }
        Val::Ptr(p) => p,
    };
    if let Some(null) = &p.null {
        out.push(Danger { rule: Rule::Null, regno, when: null.clone() });
    }
    let region = run.regions[p.region].clone();
    if region.dead {
        out.push(Danger { rule: Rule::Stale, regno, when: always() });
    }
    if write && !region.writable {
        out.push(Danger { rule: Rule::ReadOnly, regno, when: always() });
    }
    if matches!(region.kind, Kind::MapObject(_) | Kind::Function(_)) && write {
        out.push(Danger { rule: Rule::ReadOnly, regno, when: always() });
    }
    if let Some(limit) = &region.size {
        out.push(Danger { rule: Rule::OutOfBounds, regno, when: outside(&p, off, size, limit) });
    }
}

/// Whether `size` bytes from an offset of a pointer do not all lie in a region of `limit` bytes.
pub fn outside(p: &Ptr, off: i64, size: &Num, limit: &Num) -> Bool {
    let begin = p.off.plus(off);
    let fits = Bool::and(&[
        compare(CmpOp::Le, true, size, limit),
        compare(CmpOp::Le, true, &begin, &alu(AluOp::Sub, true, limit, size)),
    ]);
    let empty = compare(CmpOp::Eq, true, size, &Num::Known(0));
    Bool::or(&[fits, empty]).not().simplify_bool()
}

trait SimplifyBool {
    fn simplify_bool(&self) -> Bool;
}

impl SimplifyBool for Bool {
    fn simplify_bool(&self) -> Bool {
        use z3::ast::Ast;
        self.simplify()
    }
}

fn stack_read(run: &Run, regno: u8, off: i64, n: u32, rules: Rules, out: &mut Vec<Danger>) {
    let Val::Ptr(p) = run.reg(regno) else { return };
    let region = &run.regions[p.region];
    if !matches!(region.kind, Kind::Stack(_)) {
        return;
    }
    let Some(at) = p.off.plus(off).known() else {
        return;
    };
    if rules.uninitialised_stack && region.memory.is_written(at, u64::from(n)) == Some(false) {
        out.push(Danger { rule: Rule::UninitialisedMemory, regno, when: always() });
    }
    if rules.cut_pointers && region.memory.cuts_pointer(at, u64::from(n)) {
        out.push(Danger { rule: Rule::CutPointer, regno, when: always() });
    }
}

/// Dangers of a helper's arguments.
fn arguments(run: &mut Run, program: &Program<'_>, insn: Insn, rules: Rules, out: &mut Vec<Danger>) {
    let Some(proto) = program.proto(insn.imm as u32) else {
        return;
    };
    for (i, arg) in proto.args.iter().enumerate() {
        let regno = 1 + i as u8;
        if arg.base == ArgBase::DontCare {
            break;
        }
        let v = run.reg(regno);
        if matches!(v, Val::Undef) {
            out.push(Danger { rule: Rule::UninitialisedRegister, regno, when: always() });
            continue;
        }
        let Some(size) = memory_size(run, program, arg, proto.args.get(i + 1), regno) else {
            pointer_argument(&v, arg, regno, out);
            continue;
        };
        let may_be_null = arg.flags.contains(verifier_core::kernel::call::TypeFlags::MAYBE_NULL);
        if may_be_null && run.number(&v).and_then(|n| n.known()) == Some(0) {
            continue;
        }
        let write = arg.flags.intersects(verifier_core::kernel::call::TypeFlags::WRITE);
        access(run, regno, 0, &size, write, out);
        let fills = arg.flags.contains(verifier_core::kernel::call::TypeFlags::UNINIT);
        if rules.uninitialised_stack
            && !fills
            && let Val::Ptr(p) = &v
            && let (Some(at), Some(n)) = (p.off.known(), size.known())
            && n > 0
            && run.regions[p.region].memory.is_written(at, n) == Some(false)
        {
            out.push(Danger { rule: Rule::UninitialisedMemory, regno, when: always() });
        }
    }
}

/// Bytes of memory that an argument stands for; `None`: it is no memory.
fn memory_size(run: &Run, program: &Program<'_>, arg: &ArgType, next: Option<&ArgType>, regno: u8) -> Option<Num> {
    let of_map = |key: bool| {
        let map = program.map(run.map_of(1)?)?;
        Some(Num::Known(u64::from(if key { map.key_size } else { map.value_size })))
    };
    match arg.base {
        ArgBase::PtrToMapKey => of_map(true),
        ArgBase::PtrToMapValue => of_map(false),
        ArgBase::PtrToMem if arg.size > 0 => Some(Num::Known(u64::from(arg.size))),
        ArgBase::PtrToMem if next.is_some_and(|n| matches!(n.base, ArgBase::ConstSize | ArgBase::ConstSizeOrZero)) => {
            // Helpers take sizes as 32-bit numbers, but the verifier holds them to 64.
            run.number(&run.reg(regno + 1))
        }
        _ => None,
    }
}

/// Arguments that must be pointers to something other than memory.
fn pointer_argument(v: &Val, arg: &ArgType, regno: u8, out: &mut Vec<Danger>) {
    let wants_pointer = matches!(
        arg.base,
        ArgBase::ConstMapPtr
            | ArgBase::PtrToCtx
            | ArgBase::PtrToSpinLock
            | ArgBase::PtrToSockCommon
            | ArgBase::PtrToSocket
            | ArgBase::PtrToBtfId
            | ArgBase::PtrToRingbufMem
            | ArgBase::PtrToBtfIdSockCommon
            | ArgBase::PtrToTimer
            | ArgBase::PtrToMem
    );
    if !wants_pointer {
        return;
    }
    let may_be_null = arg.flags.contains(verifier_core::kernel::call::TypeFlags::MAYBE_NULL);
    match v {
        Val::Num(n) if n.known() == Some(0) && may_be_null => {}
        Val::Num(_) => out.push(Danger { rule: Rule::NotAPointer, regno, when: always() }),
        Val::Ptr(p) => {
            if let Some(null) = &p.null
                && !may_be_null
            {
                out.push(Danger { rule: Rule::Null, regno, when: null.clone() });
            }
        }
        Val::Undef => {}
    }
}
