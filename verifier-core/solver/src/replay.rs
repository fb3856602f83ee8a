//! Runs a program on a witness and says which rule it breaks, and where.
//!
//! An interpreter of its own, over machine words: it shares what instructions do ([`verifier_core::isa::semantics`]) with the
//! symbolic run, and nothing else. Every value carries the object it points into, so that it sees what a machine would
//! not: a number used as an address, a pointer cut in two, a register that nobody wrote. What comes from outside is
//! taken from the witness, in order; a run that asks for something else has gone another way, and proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::danger::{Rule, Rules};
use super::run::{Kind, MapAccess};
use super::witness::{Value, Witness};
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::{AluOp, CmpOp, byte_order, sign_extend};
use verifier_core::kernel::call::{ArgBase, TypeFlags};
use verifier_core::kernel::helpers::id;

/// Instructions of one replay.
const MAX_STEPS: usize = 1 << 20;
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
        passed: Vec::new(),
        looks: Vec::new(),
    };
    for (n, v) in witness.registers.iter().enumerate().take(10) {
        m.regs[n] = m.cell(*v);
    }
    let end = m.to_end();
    if matches!(end, End::Broken { insn, .. } if insns.get(insn).is_some_and(|i| i.is_call())) {
        let looks = std::mem::take(&mut m.looks);
        let End::Broken { insn, .. } = end else {
            return (end, m.passed);
        };
        m.passed.push(Passed { insn, looks, ..Passed::default() });
    }
    (end, m.passed)
}

impl Machine<'_> {
    fn to_end(&mut self) -> End {
        for _ in 0..MAX_STEPS {
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

    /// Object and offset of an access that is allowed.
    fn check(&self, p: Cell, off: i64, size: u64, write: bool) -> Res<(usize, u64)> {
        let address = p.bits.wrapping_add(off as u64);
        let Some(o) = p.object else {
            return Err(Fault::Broken(if p.bits < NULL_PAGE { Rule::Null } else { Rule::NotAPointer }));
        };
        let Some(m) = self.memory.get(o) else {
            return Err(Fault::Broken(Rule::NotAPointer));
        };
        let at = address.wrapping_sub(base(o));
        if m.stale {
            return Err(Fault::Broken(Rule::Stale));
        }
        if let Some(limit) = m.size
            && (size > limit || at > limit - size)
        {
            return Err(Fault::Broken(Rule::OutOfBounds));
        }
        if write && (!m.writable || matches!(m.kind, Kind::MapObject(_) | Kind::Function(_))) {
            return Err(Fault::Broken(Rule::ReadOnly));
        }
        Ok((o, at))
    }

    fn load(&self, p: Cell, off: i64, n: u32) -> Res<Cell> {
        let (o, at) = self.check(p, off, u64::from(n), false)?;
        let m = &self.memory[o];
        if n == 8
            && let Some(cell) = m.pointers.get(&at)
        {
            return Ok(*cell);
        }
        let end = at.saturating_add(u64::from(n));
        let cut = m.pointers.range(at.saturating_sub(7)..end).next().is_some();
        if cut && self.rules.cut_pointers && matches!(m.kind, Kind::Stack(_)) {
            return Err(Fault::Broken(Rule::CutPointer));
        }
        if self.rules.uninitialised_stack
            && let Some(written) = &m.written
            && (at..end).any(|b| !written.contains(&b))
        {
            return Err(Fault::Broken(Rule::UninitialisedMemory));
        }
        let bits = (0..u64::from(n)).fold(0, |v, i| {
            let byte = m.bytes.get(&(at + i)).copied().unwrap_or(0);
            v | u64::from(byte) << (8 * i)
        });
        Ok(Cell { bits, object: None })
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
        if v.object.is_some() && n != 8 && self.rules.cut_pointers && matches!(self.memory[o].kind, Kind::Stack(_)) {
            return Err(Fault::Broken(Rule::CutPointer));
        }
        let own = v.object == Some(self.stack);
        if own && o != self.stack && matches!(self.memory[o].kind, Kind::Stack(_)) {
            return Err(Fault::Broken(Rule::Dangling));
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
        let off = i64::from(insn.off);
        match insn.class() {
            ALU | ALU64 => self.alu(insn)?,
            LDX if matches!(insn.mode(), MEM | MEMSX) => {
                let p = self.reg(insn.src)?;
                let n = insn.access_size();
                self.check(p, off, u64::from(n), false)?;
                let given = self.witness.given.get(self.given).is_some_and(|g| g.insn == at);
                let v =
                    if given { self.take(at)?.ok_or_else(|| astray("nothing loaded"))? } else { self.load(p, off, n)? };
                let bits = if insn.mode() == MEMSX { sign_extend(v.bits, 8 * n) } else { v.bits };
                self.set(insn.dst, bits, v.object);
            }
            ST | STX if insn.mode() == MEM => {
                let v = if insn.class() == ST {
                    Cell { bits: i64::from(insn.imm) as u64, object: None }
                } else {
                    self.reg(insn.src)?
                };
                let p = self.reg(insn.dst)?;
                self.store(p, off, insn.access_size(), v)?;
            }
            STX => self.atomic(insn)?,
            LD if insn.mode() == IMM => {
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
            LD => {
                let v = self.take(at)?.ok_or_else(|| astray("nothing loaded"))?;
                self.regs[1..=5].fill(None);
                self.set(0, v.bits, None);
            }
            _ => return self.jump(at, insn),
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
        let bits =
            if wide { op.apply(dst.bits, src.bits) } else { u64::from(op.apply(dst.bits as u32, src.bits as u32)) };
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

    fn jump(&mut self, at: usize, insn: Insn) -> Res<Option<u64>> {
        let target = |by: i32| usize::try_from(at as i64 + 1 + i64::from(by)).unwrap_or(usize::MAX);
        match insn.op() {
            CALL => return self.call(at, insn).map(|()| None),
            EXIT => {
                let result = match self.frames.last() {
                    None => self.reg(0)?.bits,
                    Some(_) => 0,
                };
                let Some(f) = self.frames.pop() else {
                    return Ok(Some(result));
                };
                let returned = if f.rounds.is_some() { self.reg(0)?.bits } else { 0 };
                self.regs[6..10].copy_from_slice(&f.saved);
                self.regs[1..=5].fill(None);
                (self.stack, self.at) = (f.stack, f.back);
                if let Some(r) = f.rounds {
                    self.next_round(Rounds { done: r.done + 1, ..r }, returned != 0)?;
                }
                return Ok(None);
            }
            JA => {
                self.at = target(insn.jump_offset());
                return Ok(None);
            }
            JCOND => {
                let taken = self.take(at)?.is_some_and(|c| c.bits != 0);
                if taken {
                    self.at = target(insn.jump_offset());
                }
                return Ok(None);
            }
            _ => {}
        }
        let op = CmpOp::decode(insn.op()).ok_or_else(|| Fault::Astray("unknown jump".into()))?;
        let (a, b) = (self.reg(insn.dst)?, self.source(insn)?);
        let (x, y) = self.comparable(a, b);
        let holds = if insn.class() == JMP { op.holds(x, y) } else { op.holds(x as u32, y as u32) };
        if holds {
            self.at = target(insn.jump_offset());
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
        let len = self.memory.iter().find(|m| m.kind == Kind::Meta).and_then(|m| m.size).unwrap_or(0);
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
        self.given += 1;
        for (o, off, bytes) in &g.writes {
            if *o < self.memory.len() {
                self.put(*o, *off, bytes);
            }
        }
        if g.moves_packet {
            // Objects are in order of their making: what the run gets later is a new packet.
            let packets = |(_, m): &(usize, &mut Memory)| matches!(m.kind, Kind::Packet | Kind::Meta) && !m.stale;
            if let Some((o, m)) = self.memory.iter_mut().enumerate().find(packets) {
                m.stale = true;
                passed.ended.push(o);
            }
        }
        self.passed.push(passed);
        Ok(self.cell(g.result))
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
        let mut released = Vec::new();
        if insn.src == 0 {
            self.arguments(insn)?;
            let proto = self.maps.proto_of(insn.imm as u32);
            for (i, arg) in proto.iter().flat_map(|p| p.args.iter().enumerate()) {
                if arg.flags.contains(TypeFlags::OBJ_RELEASE) {
                    released.extend(self.reg(1 + i as u8)?.object);
                }
            }
        }
        let result = self.take(at)?;
        for o in released {
            self.memory[o].stale = true;
            self.passed.last_mut().into_iter().for_each(|p| p.ended.push(o));
        }
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
        let more = if looped {
            given[0] = Some(Cell { bits: done, object: None });
            given[1] = args[2];
            !stop && done < u64::from(args[0].map_or(0, |c| c.bits as u32))
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
            self.regs[0] = Some(Cell { bits: done, object: None });
            self.at = at + 1;
        }
        Ok(())
    }

    /// The rules of a helper's arguments.
    fn arguments(&mut self, insn: Insn) -> Res<()> {
        let Some(proto) = self.maps.proto_of(insn.imm as u32) else {
            return Ok(());
        };
        for (i, arg) in proto.args.iter().enumerate() {
            let n = 1 + i as u8;
            if arg.base == ArgBase::DontCare {
                break;
            }
            let v = self.reg(n)?;
            let map = || {
                let o = self.reg(1).ok()?.object?;
                match self.memory.get(o)?.kind {
                    Kind::MapObject(m) => Some(m),
                    _ => None,
                }
            };
            let sized =
                matches!(proto.args.get(i + 1).map(|a| a.base), Some(ArgBase::ConstSize | ArgBase::ConstSizeOrZero));
            let size = match arg.base {
                ArgBase::PtrToMapKey => map().and_then(|m| self.maps.sizes(m)).map(|s| u64::from(s.0)),
                ArgBase::PtrToMapValue => map().and_then(|m| self.maps.sizes(m)).map(|s| u64::from(s.1)),
                ArgBase::PtrToMem if arg.size > 0 => Some(u64::from(arg.size)),
                ArgBase::PtrToMem if sized => Some(self.reg(n + 1)?.bits),
                _ => None,
            };
            let nullable = arg.flags.contains(TypeFlags::MAYBE_NULL);
            if nullable && v.object.is_none() && v.bits == 0 {
                continue;
            }
            if let Some(size) = size {
                let write = arg.flags.intersects(TypeFlags::WRITE);
                self.looks.push((n, size.max(u64::from(v.object.is_none())), write));
                if size == 0 {
                    if v.object.is_none() {
                        return Err(Fault::Broken(if v.bits < NULL_PAGE { Rule::Null } else { Rule::NotAPointer }));
                    }
                    continue;
                }
                let (o, at) = self.check(v, 0, size, write)?;
                let fills = arg.flags.contains(TypeFlags::UNINIT);
                if self.rules.uninitialised_stack
                    && !fills
                    && let Some(written) = &self.memory[o].written
                    && (at..at.saturating_add(size)).any(|b| !written.contains(&b))
                {
                    return Err(Fault::Broken(Rule::UninitialisedMemory));
                }
                continue;
            }
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
            if wants_pointer && v.object.is_none() {
                self.looks.push((n, 1, false));
                return Err(Fault::Broken(if v.bits < NULL_PAGE { Rule::Null } else { Rule::NotAPointer }));
            }
        }
        Ok(())
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
