//! A symbolic run: registers, frames and regions, and what each instruction does to them.
//!
//! Inputs are symbols: context fields, packet bytes and length, map values, what helpers return and write. What is
//! assumed of them (contracts) is collected beside. Answers for the kernel's interpreter over the instruction semantics
//! that the interpreter of programs shares ([`verifier_core::isa::semantics`]).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use z3::ast::{BV, Bool};

use super::facts::Facts;
use super::memory::Memory;
use super::needs::{self, Kfunc, Need};
use super::term::{Num, Ptr, Val, alu, compare};
pub use super::things::Kind;
use super::things::{Owner, Thing};
use verifier_core::analysis::System;
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::kernel::call::FuncProto;
use verifier_core::kernel::helpers::{HelperQuery, prototype};
use verifier_core::kernel::{AttachType, MapType, ProgType};
use verifier_core::program::{LoadRequest, MapSpec};
use verifier_core::state::RegState;

/// Bytes of one stack.
pub const STACK: u64 = MAX_STACK as u64;
/// Longest one.
pub const MAX_PACKET: u64 = 0xffff;
/// Largest object that a run gives addresses to.
const SPACING: u64 = 1 << 36;
/// First address of regions: those of the kernel's direct mapping.
const BASE: u64 = 0xffff_8881_0000_0000;

/// A region.
#[derive(Clone, Debug)]
pub struct Region {
    /// What it is.
    pub kind: Kind,
    /// Bytes; `None`: not known, every access is taken to fit.
    pub size: Option<Num>,
    /// Its address in this run.
    pub base: u64,
    /// Where that is not known: bytes that it has at least.
    pub least: u64,
    /// Contents.
    pub memory: Memory,
    /// May be written.
    pub writable: bool,
    /// No longer valid: the packet was moved, or the memory given back.
    pub dead: bool,
    /// It was there before the run began, so that another region may be the same memory.
    pub foreign: bool,
}

impl Region {
    /// Whether something is known to decide if an access leaves the region.
    pub fn holds(&self, off: &Num, size: &Num) -> bool {
        let within = |off: u64, size: u64| off.checked_add(size).is_some_and(|end| end <= self.least);
        self.size.is_some() || matches!((off.known(), size.known()), (Some(off), Some(size)) if within(off, size))
    }
}

/// A frame that waits for its callee.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Where it goes on.
    pub back: usize,
    /// R6 to R9.
    pub saved: [Val; 4],
    /// Its stack.
    pub stack: usize,
}

/// A helper that calls a function of the program again and again.
#[derive(Clone, Debug)]
pub(super) struct Rounds {
    /// Where that begins.
    pub entry: usize,
    /// Calls made.
    pub done: u64,
    /// What the helper was given: R1 to R4.
    pub args: [Val; 4],
}

/// What came from outside at one instruction, for replays.
#[derive(Clone, Debug)]
pub struct CallInput {
    /// The instruction.
    pub insn: usize,
    /// Result, as it was before anything was done with it.
    pub result: Val,
    /// Memory that was filled: region, offset, bytes as terms.
    pub writes: Vec<(usize, Num, Vec<BV>)>,
    /// Regions that are no longer valid behind it.
    pub ends: Vec<usize>,
    /// The region of an iterator's number, which is one more each time.
    pub counts: Option<usize>,
}

/// What came from outside in one round of a loop, and comes again so many times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// First of it.
    pub first: usize,
    /// First behind it.
    pub last: usize,
    /// How often it comes again.
    pub times: u64,
}

impl CallInput {
    /// A result, and nothing else.
    pub fn of(insn: usize, result: Val) -> CallInput {
        CallInput { insn, result, writes: Vec::new(), ends: Vec::new(), counts: None }
    }
}

/// A run so far.
#[derive(Clone, Debug)]
pub struct Run {
    /// R0 to R9; R10 is computed.
    pub regs: [Val; 10],
    /// Callers, outermost first.
    pub callers: Vec<Caller>,
    /// The current frame's stack.
    pub stack: usize,
    /// Regions.
    pub regions: Vec<Rc<Region>>,
    /// The packet that pointers from the context point into.
    pub packet: Option<usize>,
    /// What holds on this path, contracts and branches, with the instruction that it comes from.
    pub conditions: Vec<(usize, Bool)>,
    /// What came from outside, in order: results of calls, and loads of pointers from objects of the kernel.
    pub calls: Vec<CallInput>,
    /// Calls of the program's functions by helpers are followed, one after the other, and those of global functions too;
    /// otherwise they may do anything.
    pub unrolls: bool,
    /// A global function was called and not followed.
    pub by_contract: bool,
    /// Something was accessed of which nobody knows how large it is.
    pub unmeasured: bool,
    /// Helpers that are calling functions of the program, outermost first.
    pub(super) rounds: Vec<Rounds>,
    /// A value of a map was read where it had been read or written before: that nobody else writes it then matters.
    pub read_again: BTreeSet<usize>,
    /// What calls keep on the stack between them, by its place there: iterators, dynptrs.
    pub(super) things: BTreeMap<(usize, u64), Thing>,
    /// Iterators that were begun before the run, by their places, and what stands for them as an owner.
    pub(super) begun: BTreeMap<(usize, u64), Owner>,
    /// Regions that end with something else.
    pub(super) owned: Vec<(usize, Owner)>,
    /// Last reading of each clock.
    pub(super) clocks: BTreeMap<u32, Num>,
    /// Rounds of iterators that are alike are leapt over.
    pub(super) leaps: bool,
    /// Those that were.
    pub leapt: Vec<Repeat>,
    /// References made so far.
    pub(super) references: u32,
    /// The instruction executed last.
    pub(super) at: usize,
    /// Regions of map values with a known place: map and key (or `None` for the only one).
    pub(super) elements: BTreeMap<(usize, Option<u64>), usize>,
    pub(super) metas: Option<usize>,
    /// Bytes of metadata in front of the packet.
    pub(super) meta_len: Option<Num>,
    pub(super) ctx: usize,
    pub(super) fresh: u32,
    pub(super) spent: BTreeMap<usize, u32>,
}

/// What a replay asks about maps and helpers.
pub trait MapAccess {
    /// The map that the `ldimm64` at an instruction names.
    fn map_at(&self, insn: usize) -> Option<usize>;
    /// Bytes of keys and values.
    fn sizes(&self, map: usize) -> Option<(u32, u32)>;
    /// What the helper or kernel function that an instruction calls wants of its arguments.
    fn needs_of(&self, insn: Insn) -> Option<Vec<Need>>;
    /// First instruction of a local function, by its number.
    fn entry_of(&self, function: u32) -> Option<usize>;
}

impl MapAccess for Program<'_> {
    fn map_at(&self, insn: usize) -> Option<usize> {
        let i = self.insns.get(insn)?;
        let fd = match i.src {
            PSEUDO_MAP_FD | PSEUDO_MAP_VALUE => i.imm,
            PSEUDO_MAP_IDX | PSEUDO_MAP_IDX_VALUE => *self.request.fd_array.get(usize::try_from(i.imm).ok()?)?,
            _ => return None,
        };
        self.request.maps.iter().position(|m| m.fd == fd)
    }

    fn sizes(&self, map: usize) -> Option<(u32, u32)> {
        self.map(map).map(|m| (m.key_size, m.value_size))
    }

    fn needs_of(&self, insn: Insn) -> Option<Vec<Need>> {
        match insn.src {
            0 => self.proto(insn.imm as u32).map(needs::of_helper),
            PSEUDO_KFUNC_CALL => self.kfunc(insn).map(|k| k.needs),
            _ => None,
        }
    }

    fn entry_of(&self, function: u32) -> Option<usize> {
        self.function(function as usize).map(|f| f.start)
    }
}

/// Where a run goes on.
#[derive(Debug)]
pub enum Next {
    /// One way.
    To(usize),
    /// Two ways, with the condition of the first.
    Branch(Bool, usize, usize),
    /// The program ends.
    End,
}

/// What runs are made for.
pub struct Program<'a> {
    /// Kernel asked.
    pub system: &'a System,
    /// The program.
    pub request: &'a LoadRequest,
    /// Its instructions.
    pub insns: &'a [Insn],
    /// Result types.
    pub facts: &'a Facts,
    /// Type of the program.
    pub prog_type: ProgType,
    /// Whether offsets of pointers are what the analysis says where a run begins amid the program; otherwise they are free,
    /// as numbers are, so that nothing rests on its arithmetic.
    pub trusts_offsets: bool,
}

/// Why a run cannot go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stuck {
    /// The instruction is unsafe: a run of the program ends there, and its checker says so.
    Unsafe(String),
    /// It is not modelled.
    Unknown(String),
}

impl From<&str> for Stuck {
    fn from(what: &str) -> Stuck {
        Stuck::Unknown(what.into())
    }
}

impl From<String> for Stuck {
    fn from(what: String) -> Stuck {
        Stuck::Unknown(what)
    }
}

impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Stuck::Unsafe(what) | Stuck::Unknown(what)) = self;
        f.write_str(what)
    }
}

/// A register that was never written is read.
pub(super) fn unwritten(regno: u8) -> Stuck {
    Stuck::Unsafe(format!("R{regno} was never written"))
}

/// The parts of a region's name that people read.
fn kind_word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Ctx => "ctx",
        Kind::Packet => "packet",
        Kind::Meta => "meta",
        Kind::Stack(_) => "stack",
        Kind::MapObject(_) => "map",
        Kind::MapValue(_) => "value",
        Kind::Memory => "memory",
        Kind::Sample => "sample",
        Kind::Object => "object",
        Kind::Function(_) => "function",
    }
}

impl<'a> Program<'a> {
    /// The prototype with which the program calls a helper.
    pub fn proto(&self, func: u32) -> Option<&'static FuncProto> {
        let attach =
            AttachType::from_number(self.request.expected_attach_type).unwrap_or(AttachType::CgroupInetIngress);
        let plain = HelperQuery::plain(&self.system.kernel, self.prog_type, attach);
        let query = HelperQuery { sleepable: self.request.prog_flags & (1 << 4) != 0, ..plain };
        prototype(&query, func)
    }

    /// The kernel function that an instruction calls.
    pub fn kfunc(&self, insn: Insn) -> Option<Kfunc<'_>> {
        needs::of_kfunc(self.system, self.request, insn)
    }

    /// A map by index, templates of inner maps behind the others.
    pub fn map(&self, map: usize) -> Option<&MapSpec> {
        if let Some(m) = self.request.maps.get(map) {
            return Some(m);
        }
        let inner = map - self.request.maps.len();
        self.request.maps.iter().filter_map(|m| m.inner.as_deref()).nth(inner)
    }

    /// Instructions of a local function, by its number.
    pub(super) fn function(&self, n: usize) -> Option<std::ops::Range<usize>> {
        let named = |i: usize| {
            let x = self.insns[i];
            let to = usize::try_from(i as i64 + 1 + i64::from(x.imm)).ok();
            to.filter(|_| x.is_pseudo_call() || x.is_pseudo_func())
        };
        let starts: std::collections::BTreeSet<usize> = (0..self.insns.len()).filter_map(named).chain([0]).collect();
        let starts: Vec<usize> = starts.into_iter().collect();
        Some(*starts.get(n)?..starts.get(n + 1).copied().unwrap_or(self.insns.len()))
    }

    /// Index of the template of a map's inner maps.
    pub(super) fn inner_of(&self, map: usize) -> Option<usize> {
        self.request.maps.get(map)?.inner.as_ref()?;
        let before = self.request.maps.iter().take(map).filter(|m| m.inner.is_some()).count();
        Some(self.request.maps.len() + before)
    }

    pub(super) fn is_percpu_or_array(&self, map: usize) -> bool {
        let ty = self.map(map).and_then(|m| MapType::from_number(m.map_type));
        matches!(ty, Some(MapType::Array | MapType::PercpuArray))
    }
}

impl Run {
    pub(super) fn name(&mut self, what: &str) -> String {
        self.fresh += 1;
        format!("{what}#{}", self.fresh)
    }

    /// A fresh symbol of 64 bits.
    pub fn symbol(&mut self, what: &str) -> Num {
        let name = self.name(what);
        Num::Term(BV::new_const(name, 64))
    }

    /// Something holds from here on.
    pub fn assume(&mut self, condition: Bool) {
        if condition.as_bool() != Some(true) {
            self.conditions.push((self.at, condition));
        }
    }

    /// A new region.
    pub fn region(&mut self, kind: Kind, size: Option<Num>) -> usize {
        let at = self.regions.len();
        let name = self.name(kind_word(&kind));
        let memory = if matches!(kind, Kind::Stack(_)) { Memory::uninitialised(&name) } else { Memory::unknown(&name) };
        let base = BASE + SPACING * at as u64;
        self.regions.push(Rc::new(Region {
            kind,
            size,
            least: 0,
            base,
            memory,
            writable: true,
            dead: false,
            foreign: false,
        }));
        at
    }

    pub(super) fn region_mut(&mut self, at: usize) -> &mut Region {
        Rc::make_mut(&mut self.regions[at])
    }

    /// The value as a number: of pointers, the address.
    pub fn number(&self, v: &Val) -> Option<Num> {
        match v {
            Val::Undef => None,
            Val::Num(n) => Some(n.clone()),
            Val::Ptr(p) => Some(self.address(p)),
        }
    }

    /// The address that a pointer is.
    pub fn address(&self, p: &Ptr) -> Num {
        let base = self.regions.get(p.region).map_or(BASE, |r| r.base);
        let sum = alu(AluOp::Add, true, &Num::Known(base), &p.off);
        match &p.null {
            None => sum,
            Some(null) => Num::of(null.ite(&BV::from_u64(0, 64), &sum.term())),
        }
    }

    /// A register of the current frame.
    pub fn reg(&self, n: u8) -> Val {
        match self.regs.get(usize::from(n)) {
            Some(v) => v.clone(),
            None => Val::ptr(self.stack, Num::Known(STACK)),
        }
    }

    /// Writes a register.
    pub fn set(&mut self, n: u8, v: Val) {
        if let Some(r) = self.regs.get_mut(usize::from(n)) {
            *r = v;
        }
    }

    /// Loads from memory.
    pub fn load(&mut self, region: usize, off: &Num, n: u32) -> Val {
        let regions = self.regions.clone();
        let address = move |v: &Val| address_in(&regions, v);
        if let Kind::MapValue(map) = self.regions[region].kind
            && self.regions[region].memory.knows(off, n)
        {
            self.read_again.insert(map);
        }
        self.region_mut(region).memory.load(off, n, &address)
    }

    /// Stores to memory. Other values of the same map may be the same one, so they are forgotten.
    pub fn store(&mut self, region: usize, off: &Num, n: u32, v: &Val) {
        let regions = self.regions.clone();
        let address = move |v: &Val| address_in(&regions, v);
        self.region_mut(region).memory.store(off, n, v, &address);
        if let Kind::MapValue(map) = self.regions[region].kind {
            self.forget_map(map, Some(region));
        }
        self.forget_twins(region);
    }

    /// Values of a map may have changed; all but one.
    pub(super) fn forget_map(&mut self, map: usize, but: Option<usize>) {
        let known = |r: &Run, i: usize| r.elements.iter().find(|(_, v)| **v == i).map(|(k, _)| k.1);
        for i in 0..self.regions.len() {
            if self.regions[i].kind != Kind::MapValue(map) || Some(i) == but {
                continue;
            }
            // Two places that are both known are different places.
            if let (Some(a), Some(b)) = (known(self, i), but.and_then(|b| known(self, b)))
                && a != b
            {
                continue;
            }
            let name = self.name("value");
            self.region_mut(i).memory.forget(&name);
        }
    }

    /// Anything may have happened to memory that an argument points to.
    pub(super) fn forget(&mut self, v: &Val) {
        let Some(p) = v.as_ptr() else { return };
        let region = p.region;
        let name = self.name(kind_word(&self.regions[region].kind.clone()));
        match self.regions[region].kind {
            Kind::MapValue(map) => self.forget_map(map, None),
            _ => self.region_mut(region).memory.forget(&name),
        }
        self.forget_twins(region);
    }

    /// Regions that may be the same memory as one that was written are forgotten.
    pub(super) fn forget_twins(&mut self, region: usize) {
        if !self.regions[region].foreign {
            return;
        }
        for i in 0..self.regions.len() {
            if i != region && self.regions[i].foreign {
                let name = self.name("foreign");
                self.region_mut(i).memory.forget(&name);
            }
        }
    }

    /// The region of a map's value: shared where the place is known.
    pub fn element(&mut self, program: &Program<'_>, map: usize, key: Option<u64>) -> usize {
        let spec = program.map(map);
        let single = program.is_percpu_or_array(map) && spec.is_some_and(|m| m.max_entries == 1);
        let place = if single { Some(None) } else { key.filter(|_| program.is_percpu_or_array(map)).map(Some) };
        if let Some(place) = place
            && let Some(known) = self.elements.get(&(map, place))
        {
            return *known;
        }
        let size = spec.map(|m| Num::Known(u64::from(m.value_size)));
        let at = self.region(Kind::MapValue(map), size);
        if spec.is_some_and(|m| m.map_flags & verifier_core::kernel::map_types::flags::RDONLY_PROG != 0) {
            self.region_mut(at).writable = false;
        }
        if let Some(spec) = spec
            && spec.frozen
            && let Some(bytes) = &spec.value
        {
            // Frozen contents are constants.
            let bytes = bytes.clone();
            let region = self.region_mut(at);
            for (i, b) in bytes.iter().enumerate() {
                region.memory.store(&Num::Known(i as u64), 1, &Val::known(u64::from(*b)), &|_| Num::Known(0));
            }
        }
        if let Some(place) = place {
            self.elements.insert((map, place), at);
        }
        at
    }

    /// The packet, made when it is first asked for.
    pub fn packet(&mut self) -> usize {
        if let Some(p) = self.packet {
            return p;
        }
        let len = self.symbol("packet-length");
        self.assume(compare(CmpOp::Le, true, &len, &Num::Known(MAX_PACKET)));
        let at = self.region(Kind::Packet, Some(len));
        self.packet = Some(at);
        at
    }

    pub(super) fn meta(&mut self) -> usize {
        if let Some(p) = self.metas {
            return p;
        }
        let len = self.symbol("meta-length");
        self.assume(compare(CmpOp::Le, true, &len, &Num::Known(32)));
        // The packet lies behind it, in one piece.
        let packet = self.packet();
        let both = self.regions[packet].size.as_ref().map(|n| alu(AluOp::Add, true, &len, n));
        let at = self.region(Kind::Meta, both);
        for same in [packet, at] {
            self.region_mut(same).foreign = true;
        }
        (self.metas, self.meta_len) = (Some(at), Some(len));
        at
    }

    pub(super) fn packet_len(&mut self) -> Num {
        let p = self.packet();
        self.regions[p].size.clone().unwrap_or(Num::Known(0))
    }

    /// How often an instruction was passed, this time included.
    pub fn pass(&mut self, at: usize) -> u32 {
        let n = self.spent.entry(at).or_default();
        *n += 1;
        *n
    }

    /// The context's region.
    pub fn ctx(&self) -> usize {
        self.ctx
    }
}

/// Pointers into regions of a run, as numbers.
fn address_in(regions: &[Rc<Region>], v: &Val) -> Num {
    match v {
        Val::Undef => Num::Known(0),
        Val::Num(n) => n.clone(),
        Val::Ptr(p) => {
            let base = regions.get(p.region).map_or(BASE, |r| r.base);
            let sum = alu(AluOp::Add, true, &Num::Known(base), &p.off);
            match &p.null {
                None => sum,
                Some(null) => Num::of(null.ite(&BV::from_u64(0, 64), &sum.term())),
            }
        }
    }
}

/// The only result type of an instruction.
pub(super) fn single(list: Option<&Vec<RegState>>) -> Option<RegState> {
    match list.map(Vec::as_slice) {
        Some([only]) => Some(*only),
        _ => None,
    }
}
