//! A witness in the interpreter that runs programs, with every access checked: the second of two replays.
//!
//! [`super::replay`] knows where every byte comes from and so sees every rule; here only memory counts, as on a machine.
//! What comes from outside is scripted: results of calls, loads of pointers, what calls write, and the memory that their
//! arguments stand for, which is checked before the call.

use std::collections::BTreeMap;

use super::danger::Rule;
use super::replay::Passed;
use super::run::{Kind, MapAccess, Program};
use super::witness::{Value, Witness};
use verifier_core::isa::opcode::{IMM, LD, PSEUDO_FUNC, PSEUDO_MAP_IDX_VALUE, PSEUDO_MAP_VALUE};
use verifier_core::kernel::helpers::id;
use verifier_runtime::interp::Interp;
use verifier_runtime::memory::RegionKind;
use verifier_runtime::replay::{Look, Scenario, Scripted, Value as Placed};
use verifier_runtime::{Code, Fault, FaultKind, Stop, Vm};

/// Bytes that stand for memory whose size is not known.
const UNKNOWN_SIZE: u64 = 1 << 16;
/// Most bytes of one region.
const MAX_SIZE: u64 = 1 << 24;
/// Longest run, in instructions: a clock would make answers depend on the machine.
const LONGEST: u64 = 1 << 26;

/// What the interpreter says of a witness.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// The same violation, in its words.
    Same(String),
    /// Something else, and what: the witness is not to be believed.
    Other(String),
    /// It cannot tell, and why.
    Nothing(&'static str),
}

/// Whether a rule is about memory as a machine knows it.
const fn visible(rule: Rule) -> bool {
    matches!(rule, Rule::OutOfBounds | Rule::Null | Rule::NotAPointer | Rule::Stale | Rule::ReadOnly)
}

/// Runs a witness; `passed` is what the other replay passed on it.
pub fn run(program: &Program<'_>, witness: &Witness, passed: &[Passed]) -> Seen {
    if !visible(witness.rule) {
        return Seen::Nothing("a machine knows no such rule: it would go on with whatever lies there");
    }
    if !witness.repeats.is_empty() {
        return Seen::Nothing("rounds that are alike are not written down one by one, as it would need");
    }
    if witness.start != 0 {
        return Seen::Nothing("the run begins in a function that is verified on its own");
    }
    if witness.rule == Rule::ReadOnly && witness.given.iter().any(|g| !g.writes.is_empty()) {
        return Seen::Nothing("memory that calls write, and the program may not, is written by the script too");
    }
    if witness.objects.iter().any(|o| o.kind == Kind::Meta) {
        return Seen::Nothing("metadata and packet lie in one piece in a machine");
    }
    let too_short = |p: &Passed| {
        let loads = program.insns.get(p.insn).is_some_and(|i| i.class() == LD && i.mode() != IMM);
        loads && p.given.is_some_and(|n| witness.given.get(n).is_some_and(|g| g.result == Value::Nothing))
    };
    if passed.iter().any(too_short) {
        return Seen::Nothing("a load behind the packet's end ends the function here otherwise than in the kernel");
    }
    let jumps =
        |p: &Passed| program.insns.get(p.insn).is_some_and(|i| i.is_helper_call() && i.imm as u32 == id::TAIL_CALL);
    if passed.iter().any(jumps) {
        return Seen::Nothing("where a tail call leads nobody knows here");
    }
    let elements = |p: &Passed| {
        let calls =
            program.insns.get(p.insn).is_some_and(|i| i.is_helper_call() && i.imm as u32 == id::FOR_EACH_MAP_ELEM);
        calls && p.given.is_some_and(|n| matches!(witness.given.get(n).map(|g| g.result), Some(Value::Pointer(..))))
    };
    if passed.iter().any(elements) {
        return Seen::Nothing("the elements that a function is called for are in no map here");
    }
    let Some(scenario) = scenario(program, witness, passed) else {
        return Seen::Nothing("an object is too large");
    };
    let mut vm = Vm::new(1);
    vm.set_system(program.system.clone());
    vm.limits.insns = LONGEST;
    if vm.create_maps(&program.request.maps).is_err() {
        return Seen::Nothing("a map cannot be made here");
    }
    let Ok(code) = Code::unverified(program.request, &vm) else {
        return Seen::Nothing("the interpreter does not know an instruction");
    };
    let Ok(played) = scenario.run(&Interp, &vm, &code) else {
        return Seen::Nothing("no memory");
    };
    match played.result {
        Err(Stop::Fault(f)) if f.insn as usize == witness.insn => Seen::Same(words(&f)),
        Err(stop) => Seen::Other(stop.to_string()),
        Ok(r0) => Seen::Other(format!("the program ends with {r0:#x}")),
    }
}

/// A violation in words. Where a region lies in this process is of no interest, and another time it is elsewhere.
fn words(fault: &Fault) -> String {
    match (&fault.kind, &fault.region) {
        (FaultKind::Read(n), Some((kind, off))) => {
            format!("instruction {}: read of {n} bytes at offset {off} of {kind}", fault.insn)
        }
        (FaultKind::Write(n), Some((kind, off))) => {
            format!("instruction {}: write of {n} bytes at offset {off} of {kind}", fault.insn)
        }
        (FaultKind::Argument(what), Some((kind, off))) => {
            format!("instruction {}: {what}, offset {off} of {kind}", fault.insn)
        }
        _ => fault.to_string(),
    }
}

/// The witness as memory and a script.
fn scenario(program: &Program<'_>, witness: &Witness, passed: &[Passed]) -> Option<Scenario> {
    let mut s = Scenario::default();
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for (n, o) in witness.objects.iter().enumerate() {
        let name = match o.kind {
            Kind::Stack(_) => continue,
            Kind::Ctx => "context".to_string(),
            Kind::Packet => "packet".to_string(),
            Kind::MapValue(_) => format!("value of map {}", o.map),
            Kind::MapObject(_) => format!("map {}", o.map),
            Kind::Meta | Kind::Memory | Kind::Sample | Kind::Object => format!("object {n}"),
            Kind::Function(f) => format!("function {f}"),
        };
        let size = o.size.unwrap_or(UNKNOWN_SIZE).max(u64::from(o.size.is_none()) * o.bytes.len() as u64);
        if size > MAX_SIZE {
            return None;
        }
        let mut bytes = o.bytes.clone();
        bytes.resize(size as usize, 0);
        // All of them lie above 4 GiB, so that half a pointer is none.
        let readonly = matches!(o.kind, Kind::MapObject(_) | Kind::Function(_));
        let filled = witness.given.iter().any(|g| g.writes.iter().any(|w| w.0 == n));
        places.insert(n, s.add(RegionKind::User(name), bytes, (o.writable || filled) && !readonly));
    }
    let at = |o: usize, off: i64| match witness.objects.get(o).map(|o| &o.kind) {
        Some(Kind::Stack(depth)) => Placed::Frame { depth: *depth as u32, off },
        _ => places.get(&o).map_or(Placed::Number(0), |r| Placed::Pointer { region: *r, off }),
    };
    let value = |v: Value| match v {
        Value::Number(n) => Placed::Number(n),
        Value::Null | Value::Nothing => Placed::Number(0),
        Value::Pointer(o, off) => at(o, off),
    };
    s.args = witness.registers.iter().skip(1).take(5).map(|v| value(*v)).collect();
    for (i, insn) in program.insns.iter().enumerate() {
        if insn.is_ldimm64() && matches!(insn.src, PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX_VALUE) {
            let map = program.map_at(i)?;
            let off = program.insns.get(i + 1).map_or(0, |h| i64::from(h.imm as u32));
            let object = witness.objects.iter().position(|o| o.kind == Kind::MapValue(map));
            // One that is never passed needs no value.
            s.constants.extend(object.map(|o| (i as u32, at(o, off))));
        }
    }
    for p in passed {
        let given = p.given.and_then(|n| witness.given.get(n));
        if let Some(i) = program.insns.get(p.insn).filter(|i| i.is_ldimm64()) {
            // Functions are the program's own.
            let outside = given.filter(|_| i.src != PSEUDO_FUNC);
            s.constants.extend(outside.map(|g| (p.insn as u32, value(g.result))));
            continue;
        }
        let look = |(reg, len, write): &(u8, u64, bool)| Look {
            reg: *reg,
            len: u32::try_from(*len).unwrap_or(u32::MAX),
            write: *write,
        };
        let writes = given.iter().flat_map(|g| &g.writes);
        s.calls.push(Scripted {
            insn: p.insn as u32,
            looks: p.looks.iter().map(look).collect(),
            returns: given.map(|g| value(g.result)),
            writes: writes.map(|(o, off, bytes)| (at(*o, *off as i64), bytes.clone())).collect(),
            ends: p.ended.iter().filter_map(|o| places.get(o).copied()).collect(),
        });
    }
    Some(s)
}
