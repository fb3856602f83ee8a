//! A counterexample: inputs with which a program breaks a rule, taken from a model and made small.
//!
//! Everything a run takes from outside stands in it: packet, context, values of maps, and what calls returned and wrote,
//! in order. [`super::replay`] runs the program with it.

use std::collections::{BTreeMap, BTreeSet};

use z3::ast::{BV, Bool};
use z3::{Model, SatResult, Solver};

use super::budget::Budget;
use super::danger::{Danger, Rule};
use super::run::{Kind, Program, Repeat, Run};
use super::term::{Num, Val};
use verifier_core::kernel::helpers::name_of;

/// Most bytes of one region that are written down.
const MAX_BYTES: u64 = 1 << 16;
/// Bytes of an Ethernet header.
const ETHERNET: u64 = 14;
/// Questions spent on making a witness smaller.
const MAX_SHRINKS: usize = 160;

/// A value of a replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A number.
    Number(u64),
    /// Null where a pointer was expected.
    Null,
    /// A pointer: region of the witness, offset.
    Pointer(usize, i64),
    /// Nothing.
    Nothing,
}

/// Memory at the begin of a replay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Map's name, for values of maps.
    pub map: String,
    /// Bytes; `None`: not known, every access fits.
    pub size: Option<u64>,
    /// Contents as far as the run looks at them, from the begin; the rest is zero.
    pub bytes: Vec<u8>,
    /// May be written.
    pub writable: bool,
    /// Bytes that count as written at the begin, for stacks.
    pub written: BTreeSet<u64>,
}

/// What came from outside at one instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The instruction.
    pub insn: usize,
    /// What it is: a helper's name, or what is loaded.
    pub what: String,
    /// The result.
    pub result: Value,
    /// Memory that it fills: region, offset, bytes.
    pub writes: Vec<(usize, u64, Vec<u8>)>,
    /// Objects that are no longer valid behind it.
    pub ends: Vec<usize>,
    /// The object of an iterator's number: where the call is repeated, it is one more instead of what is written.
    pub counts: Option<usize>,
}

/// A counterexample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witness {
    /// Where the rule is broken.
    pub insn: usize,
    /// The rule.
    pub rule: Rule,
    /// Register that it is about.
    pub regno: u8,
    /// Where the run begins: the program, or one of its global functions.
    pub start: usize,
    /// Registers at the begin.
    pub registers: Vec<Value>,
    /// Memory at the begin; what calls give out is in it, too.
    pub objects: Vec<Object>,
    /// What came from outside, in order.
    pub given: Vec<Given>,
    /// Parts of it that come again, in order.
    pub repeats: Vec<Repeat>,
    /// Index of the entry's stack among the objects.
    pub stack: usize,
    /// What the interpreter of programs says of it; `None`: it is about something that a machine does not know.
    pub fault: Option<String>,
}

impl Witness {
    /// Bytes of the packet, where the run has one.
    pub fn packet(&self) -> Option<&[u8]> {
        self.objects.iter().find(|o| o.kind == Kind::Packet).map(|o| o.bytes.as_slice())
    }
}

/// Asserts what makes the run wrong.
fn assert_all(solver: &Solver, run: &Run, found: &[Danger]) {
    for (_, c) in &run.conditions {
        solver.assert(c);
    }
    let any: Vec<Bool> = found.iter().map(|d| d.when.clone()).collect();
    solver.assert(Bool::or(&any));
}

/// Inputs of a run, those first that people look at.
fn inputs(run: &Run) -> Vec<BV> {
    let mut out = Vec::new();
    for region in &run.regions {
        if let Some(Num::Term(size)) = &region.size {
            out.push(size.clone());
        }
    }
    for call in &run.calls {
        if let Val::Num(Num::Term(t)) = &call.result {
            out.push(t.clone());
        }
    }
    for region in &run.regions {
        for off in &region.memory.looked_at {
            if let Some(byte) = region.memory.initial.select(&off.term()).as_bv() {
                out.push(byte);
            }
        }
    }
    out
}

/// A small model of what is wrong.
///
/// # Errors
/// What Z3 says when it has none.
pub fn model(run: &Run, found: &[Danger], budget: &Budget<'_>) -> Result<Model, String> {
    let solver = budget.solver();
    assert_all(&solver, run, found);
    let get = |s: &Solver| match budget.check(s) {
        SatResult::Sat => s.get_model(),
        _ => None,
    };
    let mut best = get(&solver).ok_or("no model")?;
    // A frame has an Ethernet header, though nothing promises one.
    for region in run.regions.iter().filter(|r| r.kind == Kind::Packet) {
        if let Some(Num::Term(size)) = &region.size {
            solver.push();
            solver.assert(size.bvuge(BV::from_u64(ETHERNET, 64)));
            match get(&solver) {
                Some(m) => best = m,
                None => solver.pop(1),
            }
        }
    }
    let mut spent = 0;
    for input in inputs(run) {
        if spent >= MAX_SHRINKS || budget.spent() {
            break;
        }
        let mut value = best.eval(&input, true).and_then(|v| v.as_u64()).unwrap_or(0);
        // Halving finds the least value of what is monotone, and something small of the rest.
        let mut low = 0;
        while low < value && spent < MAX_SHRINKS {
            spent += 1;
            let middle = if low == 0 && value > 1 && input.get_size() == 64 && value > 1 << 20 {
                1 << 16
            } else {
                low + (value - low) / 2
            };
            let least = if spent % 2 == 1 && low == 0 { 0 } else { middle };
            solver.push();
            solver.assert(input.bvule(BV::from_u64(least, input.get_size())));
            let smaller = get(&solver);
            solver.pop(1);
            match smaller {
                Some(m) => {
                    value = m.eval(&input, true).and_then(|v| v.as_u64()).unwrap_or(least).min(least);
                    best = m;
                }
                None => low = least + 1,
            }
        }
        solver.assert(input.bvule(BV::from_u64(value, input.get_size())));
    }
    Ok(best)
}

/// Writes a model down as a witness.
pub fn witness(
    program: &Program<'_>,
    begun: &Begin,
    run: &Run,
    found: &[Danger],
    insn: usize,
    model: &Model,
) -> Option<Witness> {
    let number = |n: &Num| match n {
        Num::Known(v) => Some(*v),
        Num::Term(t) => model.eval(t, true).and_then(|v| v.as_u64()),
    };
    let truth = |b: &Bool| model.eval(b, true).and_then(|v| v.as_bool()).unwrap_or(false);
    let value = |v: &Val| {
        Some(match v {
            Val::Undef => Value::Nothing,
            Val::Num(n) => Value::Number(number(n)?),
            Val::Ptr(p) if p.null.as_ref().is_some_and(truth) => Value::Null,
            Val::Ptr(p) => Value::Pointer(p.region, number(&p.off)? as i64),
        })
    };
    let broken = found.iter().find(|d| truth(&d.when))?;
    let mut objects = Vec::new();
    for region in &run.regions {
        let size = region.size.as_ref().and_then(number);
        let mut bytes: BTreeMap<u64, u8> = BTreeMap::new();
        for off in &region.memory.looked_at {
            let at = number(off)?;
            if at < size.unwrap_or(MAX_BYTES).min(MAX_BYTES) {
                let byte = region.memory.initial.select(&BV::from_u64(at, 64)).as_bv()?;
                bytes.insert(at, model.eval(&byte, true)?.as_u64()? as u8);
            }
        }
        let end = match (region.kind.clone(), size) {
            (Kind::Packet | Kind::Meta, Some(n)) => n.min(MAX_BYTES),
            _ => bytes.last_key_value().map_or(0, |(k, _)| k + 1),
        };
        let mut whole = vec![0; end as usize];
        for (at, b) in bytes {
            if let Some(slot) = whole.get_mut(at as usize) {
                *slot = b;
            }
        }
        let map = match region.kind {
            Kind::MapValue(m) | Kind::MapObject(m) => program.map(m).map(|m| m.name.clone()).unwrap_or_default(),
            _ => String::new(),
        };
        objects.push(Object {
            kind: region.kind.clone(),
            map,
            size,
            bytes: whole,
            writable: region.writable,
            written: BTreeSet::new(),
        });
    }
    // Frozen contents are not looked at as inputs.
    for (o, region) in objects.iter_mut().zip(&run.regions) {
        if let Kind::MapValue(m) = region.kind
            && let Some(spec) = program.map(m)
            && spec.frozen
            && let Some(bytes) = &spec.value
        {
            o.bytes = bytes.to_vec();
        }
    }
    let mut given = Vec::new();
    for call in &run.calls {
        let mut writes = Vec::new();
        for (region, off, bytes) in &call.writes {
            let bytes: Option<Vec<u8>> =
                bytes.iter().map(|b| model.eval(b, true).and_then(|v| v.as_u64()).map(|v| v as u8)).collect();
            writes.push((*region, number(off)?, bytes?));
        }
        let i = program.insns.get(call.insn)?;
        let what = if i.is_helper_call() {
            u32::try_from(i.imm).ok().and_then(name_of).unwrap_or("helper").to_string()
        } else if let Some(kfunc) = program.kfunc(*i) {
            kfunc.name.to_string()
        } else if i.is_call() {
            "call".to_string()
        } else {
            "load".to_string()
        };
        given.push(Given {
            insn: call.insn,
            what,
            result: value(&call.result)?,
            writes,
            ends: call.ends.clone(),
            counts: call.counts,
        });
    }
    let registers = begun.registers.iter().map(value).collect::<Option<Vec<_>>>()?;
    if let Some(o) = objects.get_mut(begun.stack) {
        o.written = begun.written.clone();
    }
    Some(Witness {
        insn,
        rule: broken.rule,
        regno: broken.regno,
        start: begun.start,
        registers,
        objects,
        given,
        repeats: run.leapt.clone(),
        stack: begun.stack,
        fault: None,
    })
}

/// How a run began.
#[derive(Clone, Debug)]
pub struct Begin {
    /// First instruction.
    pub start: usize,
    /// R0 to R9.
    pub registers: Vec<Val>,
    /// The entry's stack.
    pub stack: usize,
    /// Bytes of it that count as written.
    pub written: BTreeSet<u64>,
}

impl Begin {
    /// Of a run that has not made a step.
    pub fn of(run: &Run, start: usize) -> Begin {
        Begin { start, registers: run.regs.to_vec(), stack: run.stack, written: BTreeSet::new() }
    }
}
