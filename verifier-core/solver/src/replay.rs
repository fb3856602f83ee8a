//! Runs a program on a witness and says which rule it breaks, and where.
//!
//! An interpreter of its own, over machine words: it shares what instructions do ([`verifier_core::isa::semantics`]) with the
//! symbolic run, and nothing else. Every value carries the object it points into, so that it sees what a machine would
//! not: a number used as an address, a pointer cut in two, a register that nobody wrote. What comes from outside is
//! taken from the witness, in order; a run that asks for something else has gone another way, and proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::danger::{Rule, Rules};
use super::meaning::{self, Concrete, Read, Stored, Target};
use super::needs::{Need, Size};
use super::promises::{MAX_LOOPS, TOO_MANY};
use super::run::{Kind, MapAccess};
use super::witness::{Value, Witness};
use verifier_core::cfg::flow;
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::{AluOp, byte_order, sign_extend};
use verifier_core::isa::{Insn, Op, Src};
use verifier_core::kernel::helpers::id;

/// Instructions of one replay.
const MAX_STEPS: usize = 1 << 20;
/// The same where rounds are repeated.
const MAX_REPEATED: usize = 1 << 25;
/// Calls and loads that are kept for the other replay.
const MAX_PASSED: usize = 1 << 16;
/// First address of objects, and their distance.
const BASE: u64 = 0xffff_c900_0000_0000;
const SPACING: u64 = 1 << 36;
/// Addresses below count as null.
const NULL_PAGE: u64 = 4096;

/// How a replay ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// A rule is broken.
    Broken {
        /// Where.
        insn: usize,
        /// Which.
        rule: Rule,
    },
    /// The program ended.
    Exit(u64),
    /// The run asked for something that the witness does not hold.
    Astray(String),
}

/// A call or a load of something from outside, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Passed {
    /// The instruction.
    pub insn: usize,
    /// Memory that arguments stand for: register, bytes, whether it is written. The last is wrong where the run ends
    /// there.
    pub looks: Vec<(u8, u64, bool)>,
    /// What the witness gave, by its place in it; `None`: the run ended there.
    pub given: Option<usize>,
    /// Objects that are no longer valid behind it.
    pub ended: Vec<usize>,
}

/// A value and the object that it points into.
#[derive(Clone, Copy, Debug)]
struct Cell {
    bits: u64,
    object: Option<usize>,
}

struct Memory {
    kind: Kind,
    size: Option<u64>,
    bytes: BTreeMap<u64, u8>,
    pointers: BTreeMap<u64, Cell>,
    written: Option<BTreeSet<u64>>,
    writable: bool,
    stale: bool,
}

struct Frame {
    back: usize,
    saved: [Option<Cell>; 4],
    stack: usize,
    /// The frame is of a function that a helper calls.
    rounds: Option<Rounds>,
}

/// A helper that calls a function of the program: the call, the function, how often it did, and R1 to R3 of the call.
#[derive(Clone, Copy)]
struct Rounds {
    at: usize,
    entry: usize,
    done: u64,
    args: [Option<Cell>; 3],
}

struct Machine<'a> {
    insns: &'a [Insn],
    maps: &'a dyn MapAccess,
    rules: Rules,
    regs: [Option<Cell>; 10],
    memory: Vec<Memory>,
    stack: usize,
    frames: Vec<Frame>,
    witness: &'a Witness,
    at: usize,
    given: usize,
    /// The next part that comes again, and how often it did.
    repeat: (usize, u64),
    passed: Vec<Passed>,
    looks: Vec<(u8, u64, bool)>,
}

enum Fault {
    Broken(Rule),
    Astray(String),
}

type Res<T> = Result<T, Fault>;

/// Runs a program on a witness.
pub fn replay(insns: &[Insn], maps: &dyn MapAccess, rules: Rules, witness: &Witness) -> End {
    replay_traced(insns, maps, rules, witness).0
}

/// Runs a program on a witness, and says what it passed.
pub fn replay_traced(insns: &[Insn], maps: &dyn MapAccess, rules: Rules, witness: &Witness) -> (End, Vec<Passed>) {
    let memory = witness
        .objects
        .iter()
        .map(|o| Memory {
            kind: o.kind.clone(),
            size: o.size,
            bytes: o.bytes.iter().enumerate().map(|(i, b)| (i as u64, *b)).collect(),
            pointers: BTreeMap::new(),
            written: matches!(o.kind, Kind::Stack(_)).then(|| o.written.clone()),
            writable: o.writable,
            stale: false,
        })
        .collect();
    let mut m = Machine {
        insns,
        maps,
        rules,
        regs: [None; 10],
        memory,
        stack: witness.stack,
        frames: Vec::new(),
        witness,
        at: witness.start,
        given: 0,
        repeat: (0, 0),
        passed: Vec::new(),
        looks: Vec::new(),
    };
    for (n, v) in witness.registers.iter().enumerate().take(10) {
        m.regs[n] = m.cell(*v);
    }
    let end = m.finish();
    if matches!(end, End::Broken { insn, .. } if insns.get(insn).is_some_and(|i| i.is_call())) {
        let looks = std::mem::take(&mut m.looks);
        let End::Broken { insn, .. } = end else {
            return (end, m.passed);
        };
        m.passed.push(Passed { insn, looks, ..Passed::default() });
    }
    (end, m.passed)
}

/// Where a jump goes: outside of the program where it goes nowhere.
fn target(at: usize, by: i32) -> usize {
    flow::target(at, by).unwrap_or(usize::MAX)
}

impl Machine<'_> {
    fn finish(&mut self) -> End {
        let most = if self.witness.repeats.is_empty() { MAX_STEPS } else { MAX_REPEATED };
        for _ in 0..most {
            let at = self.at;
            self.looks.clear();
            match self.step() {
                Ok(None) => {}
                Ok(Some(result)) => return End::Exit(result),
                Err(Fault::Broken(rule)) => return End::Broken { insn: at, rule },
                Err(Fault::Astray(why)) => return End::Astray(format!("instruction {at}: {why}")),
            }
        }
        End::Astray("too many instructions".into())
    }

    fn cell(&self, v: Value) -> Option<Cell> {
        match v {
            Value::Nothing => None,
            Value::Null => Some(Cell { bits: 0, object: None }),
            Value::Number(bits) => Some(Cell { bits, object: None }),
            Value::Pointer(o, off) => Some(Cell { bits: base(o).wrapping_add(off as u64), object: Some(o) }),
        }
    }

    fn reg(&self, n: u8) -> Res<Cell> {
        match self.regs.get(usize::from(n)) {
            Some(cell) => cell.ok_or(Fault::Broken(Rule::UninitialisedRegister)),
            None => Ok(Cell { bits: base(self.stack) + MAX_STACK as u64, object: Some(self.stack) }),
        }
    }

    fn set(&mut self, n: u8, bits: u64, object: Option<usize>) {
        if let Some(r) = self.regs.get_mut(usize::from(n)) {
            *r = Some(Cell { bits, object });
        }
    }

    fn source(&self, insn: Insn) -> Res<Cell> {
        if insn.is_reg_src() { self.reg(insn.src) } else { Ok(Cell { bits: i64::from(insn.imm) as u64, object: None }) }
    }

    /// What an address is, to the rules.
    fn target(&self, p: Cell) -> Target<Concrete> {
        let Some((o, m)) = p.object.and_then(|o| Some((o, self.memory.get(o)?))) else {
            return Target::Number { null: p.bits < NULL_PAGE };
        };
        Target::Object {
            null: None,
            off: p.bits.wrapping_sub(base(o)),
            size: m.size,
            stale: m.stale,
            writable: m.writable && !matches!(m.kind, Kind::MapObject(_) | Kind::Function(_)),
        }
    }

    /// Object and offset of an access that is allowed.
    fn check(&self, p: Cell, off: i64, size: u64, write: bool) -> Res<(usize, u64)> {
        broken(meaning::access(&self.target(p), off, &size, write))?;
        let o = p.object.ok_or(Fault::Broken(Rule::NotAPointer))?;
        Ok((o, p.bits.wrapping_add(off as u64).wrapping_sub(base(o))))
    }

    fn load(&self, p: Cell, off: i64, n: u32) -> Res<Cell> {
        let (o, at) = self.check(p, off, u64::from(n), false)?;
        let m = &self.memory[o];
        if n == 8
            && let Some(cell) = m.pointers.get(&at)
        {
            return Ok(*cell);
        }
        self.stack_read(o, at, u64::from(n), self.rules)?;
        let bits = (0..u64::from(n)).fold(0, |v, i| {
            let byte = m.bytes.get(&at.wrapping_add(i)).copied().unwrap_or(0);
            v | u64::from(byte) << (8 * i)
        });
        Ok(Cell { bits, object: None })
    }

    /// The rules of reading a stack.
    fn stack_read(&self, o: usize, at: u64, n: u64, rules: Rules) -> Res<()> {
        let m = &self.memory[o];
        if !matches!(m.kind, Kind::Stack(_)) {
            return Ok(());
        }
        let end = at.saturating_add(n);
        let whole = |(k, _): (&u64, &Cell)| n == 8 && *k == at;
        let cuts = m.pointers.range(at.saturating_sub(7)..end).any(|p| !whole(p));
        let written = m.written.as_ref().map(|w| (at..end).all(|b| w.contains(&b)));
        meaning::read(&Read { written, cuts }, rules).map_or(Ok(()), |rule| Err(Fault::Broken(rule)))
    }

    fn put(&mut self, o: usize, at: u64, bytes: &[u8]) {
        let m = &mut self.memory[o];
        let end = at.saturating_add(bytes.len() as u64);
        let gone: Vec<u64> = m.pointers.range(at.saturating_sub(7)..end).map(|(k, _)| *k).collect();
        for k in gone {
            m.pointers.remove(&k);
        }
        for (i, b) in bytes.iter().enumerate() {
            m.bytes.insert(at + i as u64, *b);
            if let Some(w) = &mut m.written {
                w.insert(at + i as u64);
            }
        }
    }

    fn store(&mut self, p: Cell, off: i64, n: u32, v: Cell) -> Res<()> {
        let (o, at) = self.check(p, off, u64::from(n), true)?;
        let stored = Stored {
            bytes: n,
            address: v.object.is_some(),
            of_own_frame: v.object == Some(self.stack),
            to_stack: matches!(self.memory[o].kind, Kind::Stack(_)),
            to_own_frame: o == self.stack,
        };
        if let Some(rule) = meaning::stored(&stored, self.rules) {
            return Err(Fault::Broken(rule));
        }
        self.put(o, at, &v.bits.to_le_bytes()[..n as usize]);
        if n == 8 && v.object.is_some() {
            self.memory[o].pointers.insert(at, v);
        }
        Ok(())
    }

    /// One instruction; the result when the program ends.
    fn step(&mut self) -> Res<Option<u64>> {
        let at = self.at;
        let astray = |why: &str| Fault::Astray(why.into());
        let insn = *self.insns.get(at).ok_or_else(|| astray("out of the program"))?;
        self.at = at + 1;
        match insn.decode() {
            Op::Alu { .. } | Op::MoveAs { .. } | Op::ByteOrder { .. } => self.alu(insn)?,
            Op::Load { size, signed, dst, base, off } => {
                let (p, n, off) = (self.reg(base)?, u32::from(size), i64::from(off));
                self.check(p, off, u64::from(n), false)?;
                let given = self.witness.given.get(self.given).is_some_and(|g| g.insn == at);
                let v =
                    if given { self.take(at)?.ok_or_else(|| astray("nothing loaded"))? } else { self.load(p, off, n)? };
                let bits = if signed { sign_extend(v.bits, 8 * n) } else { v.bits };
                self.set(dst, bits, v.object);
            }
            Op::Store { size, base, off, src } => {
                let v = match src {
                    Src::Imm(n) => Cell { bits: i64::from(n) as u64, object: None },
                    Src::Reg(r) => self.reg(r)?,
                };
                let p = self.reg(base)?;
                self.store(p, off.into(), size.into(), v)?;
            }
            Op::Atomic { .. } | Op::LoadAcquire { .. } | Op::StoreRelease { .. } => self.atomic(insn)?,
            Op::Const { .. } => {
                self.at = at + 2;
                let high = self.insns.get(at + 1).map_or(0, |h| h.imm as u32);
                match insn.src {
                    0 => self.set(insn.dst, u64::from(high) << 32 | u64::from(insn.imm as u32), None),
                    PSEUDO_BTF_ID | PSEUDO_FUNC => {
                        let v = self.take(at)?.ok_or_else(|| astray("no symbol"))?;
                        self.set(insn.dst, v.bits, v.object);
                    }
                    _ => {
                        let map = self.maps.map_at(at).ok_or_else(|| astray("no such map"))?;
                        let value = matches!(insn.src, PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX_VALUE);
                        let wanted = if value { Kind::MapValue(map) } else { Kind::MapObject(map) };
                        let o = self
                            .memory
                            .iter()
                            .position(|m| m.kind == wanted)
                            .ok_or_else(|| astray("no such object"))?;
                        let bits = base(o) + if value { u64::from(high) } else { 0 };
                        self.set(insn.dst, bits, Some(o));
                    }
                }
            }
            Op::PacketLoad { .. } => match self.take(at)? {
                Some(v) => {
                    self.regs[1..=5].fill(None);
                    self.set(0, v.bits, None);
                }
                // The packet is too short: the function ends with 0.
                None => {
                    self.set(0, 0, None);
                    return self.leave();
                }
            },
            Op::Call { .. } => return self.call(at, insn).map(|()| None),
            Op::Exit => return self.leave(),
            Op::Jump { by } => self.at = target(at, by),
            Op::JumpTo { .. } => return Err(astray("a jump to where a register says")),
            Op::MayGoto { by } => {
                if self.take(at)?.is_some_and(|c| c.bits != 0) {
                    self.at = target(at, by);
                }
            }
            Op::Branch { cmp, wide, dst, by, .. } => {
                let (a, b) = (self.reg(dst)?, self.source(insn)?);
                let (x, y) = self.comparable(a, b);
                if if wide { cmp.holds(x, y) } else { cmp.holds(x as u32, y as u32) } {
                    self.at = target(at, by);
                }
            }
            Op::CallReg { .. } | Op::Rest | Op::Unknown => return Err(astray("no instruction")),
        }
        Ok(None)
    }

    fn alu(&mut self, insn: Insn) -> Res<()> {
        let wide = insn.class() == ALU64;
        if insn.op() == END {
            let v = self.reg(insn.dst)?;
            let swapped = byte_order(v.bits, insn.imm as u32, wide || insn.source() == TO_BE);
            self.set(insn.dst, swapped, None);
            return Ok(());
        }
        let op = AluOp::decode(insn.op(), insn.off).ok_or_else(|| Fault::Astray("unknown operation".into()))?;
        let src = if op == AluOp::Neg { Cell { bits: 0, object: None } } else { self.source(insn)? };
        if op == AluOp::Mov {
            let extend = if insn.is_reg_src() { insn.off as u32 } else { 0 };
            let bits = if extend == 0 { src.bits } else { sign_extend(src.bits, extend) };
            let whole = wide && extend == 0;
            self.set(insn.dst, if wide { bits } else { u64::from(bits as u32) }, src.object.filter(|_| whole));
            return Ok(());
        }
        let dst = self.reg(insn.dst)?;
        let (a, b) = if op == AluOp::Sub && wide { self.comparable(dst, src) } else { (dst.bits, src.bits) };
        let bits = if wide { op.apply(a, b) } else { u64::from(op.apply(dst.bits as u32, src.bits as u32)) };
        let object = match (op, dst.object, src.object) {
            (AluOp::Add, Some(o), None) | (AluOp::Add, None, Some(o)) | (AluOp::Sub, Some(o), None) if wide => Some(o),
            _ => None,
        };
        self.set(insn.dst, bits, object);
        Ok(())
    }

    fn atomic(&mut self, insn: Insn) -> Res<()> {
        let (n, off) = (insn.access_size(), i64::from(insn.off));
        if insn.imm == LOAD_ACQ {
            let v = self.load(self.reg(insn.src)?, off, n)?;
            self.set(insn.dst, v.bits, v.object);
            return Ok(());
        }
        let (p, v) = (self.reg(insn.dst)?, self.reg(insn.src)?);
        if insn.imm == STORE_REL {
            return self.store(p, off, n, v);
        }
        self.check(p, off, u64::from(n), true)?;
        let old = self.load(p, off, n)?;
        let keep = |bits: u64| if n == 8 { bits } else { u64::from(bits as u32) };
        let new = match insn.imm {
            XCHG => v.bits,
            CMPXCHG => {
                let expected = self.reg(0)?;
                if keep(expected.bits) == keep(old.bits) { v.bits } else { old.bits }
            }
            imm => {
                let op =
                    AluOp::decode((imm & !FETCH) as u8, 0).ok_or_else(|| Fault::Astray("unknown atomic".into()))?;
                op.apply(old.bits, v.bits)
            }
        };
        self.store(p, off, n, Cell { bits: keep(new), object: None })?;
        if insn.imm == CMPXCHG {
            self.set(0, old.bits, None);
        } else if insn.imm & FETCH != 0 {
            self.set(insn.src, old.bits, None);
        }
        Ok(())
    }

    /// The function ends; the result when it was the program.
    fn leave(&mut self) -> Res<Option<u64>> {
        let Some(f) = self.frames.pop() else {
            return Ok(Some(self.reg(0)?.bits));
        };
        let returned = if f.rounds.is_some() { self.reg(0)?.bits } else { 0 };
        self.regs[6..10].copy_from_slice(&f.saved);
        self.regs[1..=5].fill(None);
        self.memory[self.stack].stale = true;
        (self.stack, self.at) = (f.stack, f.back);
        if let Some(r) = f.rounds {
            self.next_round(Rounds { done: r.done + 1, ..r }, returned != 0)?;
        }
        Ok(None)
    }

    /// Metadata end where the packet begins, though both are objects of their own.
    fn comparable(&self, a: Cell, b: Cell) -> (u64, u64) {
        let kind = |c: Cell| c.object.and_then(|o| self.memory.get(o)).map(|m| &m.kind);
        let place = |c: Cell, meta_len: u64| match (c.object, kind(c)) {
            (Some(o), Some(Kind::Packet)) => c.bits.wrapping_sub(base(o)).wrapping_add(meta_len),
            (Some(o), _) => c.bits.wrapping_sub(base(o)),
            _ => c.bits,
        };
        let mixed = matches!(
            (kind(a), kind(b)),
            (Some(Kind::Meta), Some(Kind::Packet)) | (Some(Kind::Packet), Some(Kind::Meta))
        );
        if !mixed {
            return (a.bits, b.bits);
        }
        let size = |kind: Kind| self.memory.iter().find(|m| m.kind == kind).and_then(|m| m.size).unwrap_or(0);
        // What can be reached from metadata is the packet as well.
        let len = size(Kind::Meta).wrapping_sub(size(Kind::Packet));
        (place(a, len), place(b, len))
    }

    /// What the witness gives at an instruction.
    fn take(&mut self, at: usize) -> Res<Option<Cell>> {
        let witness = self.witness;
        let Some(g) = witness.given.get(self.given).filter(|g| g.insn == at) else {
            return Err(Fault::Astray("the witness does not say what comes back".into()));
        };
        let looks = std::mem::take(&mut self.looks);
        let mut passed = Passed { insn: at, looks, given: Some(self.given), ended: Vec::new() };
        let again = self.again();
        self.given += 1;
        match g.counts.filter(|_| again) {
            Some(o) => self.count(o),
            None => {
                for (o, off, bytes) in &g.writes {
                    if *o < self.memory.len() {
                        self.put(*o, *off, bytes);
                    }
                }
            }
        }
        self.turn();
        for o in &g.ends {
            if let Some(m) = self.memory.get_mut(*o) {
                m.stale = true;
                passed.ended.push(*o);
            }
        }
        if self.passed.len() < MAX_PASSED {
            self.passed.push(passed);
        }
        Ok(self.cell(g.result))
    }

    /// Whether what is given next comes again.
    fn again(&self) -> bool {
        let (n, done) = self.repeat;
        done > 0 && self.witness.repeats.get(n).is_some_and(|r| (r.first..r.last).contains(&self.given))
    }

    /// At the end of a part that comes again: back to its begin, or on.
    fn turn(&mut self) {
        let (n, done) = self.repeat;
        let Some(r) = self.witness.repeats.get(n).filter(|r| r.last == self.given && r.first < r.last) else { return };
        if done < r.times {
            self.repeat = (n, done + 1);
            self.given = r.first;
        } else {
            self.repeat = (n + 1, 0);
        }
    }

    /// A number of four bytes becomes one more.
    fn count(&mut self, o: usize) {
        let Some(m) = self.memory.get(o) else { return };
        let byte = |i: u64| m.bytes.get(&i).copied().unwrap_or(0);
        let n = u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]).wrapping_add(1);
        self.put(o, 0, &n.to_le_bytes());
    }

    fn call(&mut self, at: usize, insn: Insn) -> Res<()> {
        if insn.src == PSEUDO_CALL && self.witness.given.get(self.given).is_none_or(|g| g.insn != at) {
            let target = usize::try_from(at as i64 + 1 + i64::from(insn.imm)).unwrap_or(usize::MAX);
            return self.enter(target, at + 1, None);
        }
        if insn.src == 0
            && let Some(rounds) = self.rounds(at, insn)?
        {
            self.arguments(insn)?;
            return self.next_round(rounds, false);
        }
        if insn.src != PSEUDO_CALL {
            self.arguments(insn)?;
        }
        let result = self.take(at)?;
        self.regs[1..=5].fill(None);
        self.regs[0] = result;
        Ok(())
    }

    /// Enters a function.
    fn enter(&mut self, target: usize, back: usize, rounds: Option<Rounds>) -> Res<()> {
        let mut saved = [None; 4];
        saved.copy_from_slice(&self.regs[6..10]);
        self.frames.push(Frame { back, saved, stack: self.stack, rounds });
        self.regs[6..10].fill(None);
        self.regs[0] = None;
        // Stacks of callees stand among the objects; each call has its own.
        let depth = self.frames.len();
        let used = self.memory.iter().position(|m| m.kind == Kind::Stack(depth) && !m.stale);
        let Some(stack) = used else {
            return Err(Fault::Astray("a call that the witness does not make".into()));
        };
        self.memory[stack].stale = true;
        self.memory.push(Memory {
            kind: Kind::Stack(depth),
            size: Some(MAX_STACK as u64),
            bytes: BTreeMap::new(),
            pointers: BTreeMap::new(),
            written: Some(BTreeSet::new()),
            writable: true,
            stale: false,
        });
        // The object of the witness stays at its index, so that pointers to it in the witness are right.
        let last = self.memory.len() - 1;
        self.memory.swap(stack, last);
        self.stack = stack;
        self.at = target;
        Ok(())
    }

    /// The rounds of a helper that calls a function of the program, where the witness follows them.
    fn rounds(&self, at: usize, insn: Insn) -> Res<Option<Rounds>> {
        let next = self.witness.given.get(self.given).filter(|g| g.insn == at).map(|g| g.result);
        let followed = match insn.imm as u32 {
            id::LOOP => next.is_none(),
            id::FOR_EACH_MAP_ELEM => matches!(next, Some(Value::Pointer(..))),
            _ => false,
        };
        if !followed {
            return Ok(None);
        }
        let function = self.reg(2)?.object.and_then(|o| self.memory.get(o)).map(|m| m.kind.clone());
        let entry = match function {
            Some(Kind::Function(n)) => self.maps.entry_of(n),
            _ => None,
        };
        let entry = entry.ok_or_else(|| Fault::Astray("no such function".into()))?;
        Ok(Some(Rounds { at, entry, done: 0, args: [self.regs[1], self.regs[2], self.regs[3]] }))
    }

    /// Calls the function once more, or goes on behind the helper.
    fn next_round(&mut self, rounds: Rounds, stop: bool) -> Res<()> {
        let Rounds { at, entry, done, args } = rounds;
        let looped = self.insns.get(at).is_some_and(|i| i.imm as u32 == id::LOOP);
        let mut given = [None; 5];
        let asked = u64::from(args[0].map_or(0, |c| c.bits as u32));
        let more = if looped {
            given[0] = Some(Cell { bits: done, object: None });
            given[1] = args[2];
            !stop && done < asked && asked <= MAX_LOOPS
        } else {
            let value = self.take(at)?;
            let more = value.is_some_and(|v| v.object.is_some());
            if more {
                let key = self.take(at)?;
                given[..4].copy_from_slice(&[args[0], key, value, args[2]]);
            }
            if more && stop {
                return Err(Fault::Astray("the function asks for no more elements".into()));
            }
            more
        };
        if more {
            self.enter(entry, at + 1, Some(rounds))?;
            self.regs[1..6].copy_from_slice(&given);
        } else {
            self.regs[1..=5].fill(None);
            let refused = looped && asked > MAX_LOOPS;
            self.regs[0] = Some(Cell { bits: if refused { TOO_MANY } else { done }, object: None });
            self.at = at + 1;
        }
        Ok(())
    }

    /// The rules of a call's arguments.
    fn arguments(&mut self, insn: Insn) -> Res<()> {
        for (i, need) in self.maps.needs_of(insn).unwrap_or_default().into_iter().enumerate().take(5) {
            let n = 1 + i as u8;
            let v = self.reg(n)?;
            match need {
                Need::Anything => {}
                Need::Object { wants, null, .. } => {
                    let fits = v.object.and_then(|o| self.memory.get(o)).is_none_or(|m| wants.takes(&m.kind));
                    let found = meaning::object(&self.target(v), null, fits);
                    if !found.is_empty() {
                        self.looks.push((n, 1, false));
                    }
                    broken(found)?;
                }
                Need::Memory { size, null, write, fills } => {
                    let Some(size) = self.bytes_of(size, n)? else { continue };
                    if null && v.object.is_none() && v.bits == 0 {
                        continue;
                    }
                    self.looks.push((n, size.max(u64::from(v.object.is_none())), write));
                    broken(meaning::access(&self.target(v), 0, &size, write))?;
                    let Some(o) = v.object.filter(|_| size > 0) else { continue };
                    let uninitialised_stack = self.rules.uninitialised_stack && !fills;
                    let rules = Rules { cut_pointers: false, uninitialised_stack };
                    self.stack_read(o, v.bits.wrapping_sub(base(o)), size, rules)?;
                }
            }
        }
        Ok(())
    }

    /// Bytes that an argument stands for.
    fn bytes_of(&self, size: Size, n: u8) -> Res<Option<u64>> {
        let map = || {
            let o = self.reg(1).ok()?.object?;
            match self.memory.get(o)?.kind {
                Kind::MapObject(m) => self.maps.sizes(m),
                _ => None,
            }
        };
        Ok(match size {
            Size::Bytes(n) => Some(n),
            Size::Next => Some(self.reg(n + 1)?.bits),
            Size::Key => map().map(|s| u64::from(s.0)),
            Size::Value => map().map(|s| u64::from(s.1)),
        })
    }
}

/// The first rule that is broken, if one is.
fn broken(found: Vec<(Rule, bool)>) -> Res<()> {
    match found.into_iter().find(|(_, when)| *when) {
        Some((rule, _)) => Err(Fault::Broken(rule)),
        None => Ok(()),
    }
}

/// Address of an object.
fn base(o: usize) -> u64 {
    BASE.wrapping_add(SPACING.wrapping_mul(o as u64))
}

/// Whether a replay broke the rule that a witness is for.
pub fn confirms(witness: &Witness, end: &End) -> bool {
    // A null pointer is a number like any other once its origin is forgotten.
    let alike = |r: Rule| {
        if r == Rule::Null { Rule::NotAPointer } else { r }
    };
    matches!(end, End::Broken { insn, rule } if *insn == witness.insn && alike(*rule) == alike(witness.rule))
}
