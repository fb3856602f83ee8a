//! A symbolic run: registers, frames and regions, and what each instruction does to them.
//!
//! Inputs are symbols: context fields, packet bytes and length, map values, what helpers return and write. What is
//! assumed of them (contracts) is collected beside. Answers for the kernel's interpreter over the instruction semantics
//! that the interpreter of programs shares ([`crate::isa::semantics`]).

use std::collections::BTreeMap;
use std::rc::Rc;

use z3::ast::{Ast, BV, Bool};

use super::facts::Facts;
use super::memory::Memory;
use super::term::{Num, Ptr, Val, alu, compare, swap};
use crate::analysis::System;
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::isa::semantics::{AluOp, CmpOp};
use crate::kernel::call::{ArgBase, FuncProto, RegBase, TypeFlags};
use crate::kernel::helpers::{HelperCaps, HelperQuery, class, get_func_proto, id};
use crate::kernel::prog_types::ctx_size;
use crate::kernel::{AttachType, MapType, ProgType};
use crate::program::{LoadRequest, MapSpec};
use crate::state::{FuncState, Payload, RegState, SlotKind, VerifierState};

/// Bytes of one stack.
pub const STACK: u64 = MAX_STACK as u64;
/// Longest one.
pub const MAX_PACKET: u64 = 0xffff;
/// Largest object that a run gives addresses to.
const SPACING: u64 = 1 << 36;
/// First address of regions: those of the kernel's direct mapping.
const BASE: u64 = 0xffff_8881_0000_0000;

/// What a region is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The program's context.
    Ctx,
    /// Packet bytes.
    Packet,
    /// Bytes before the packet that belong to it.
    Meta,
    /// The stack of a frame.
    Stack(usize),
    /// A map itself.
    MapObject(usize),
    /// One value of a map.
    MapValue(usize),
    /// Memory that a call gave out, or an argument of a global function.
    Memory,
    /// An object of the kernel: not looked into.
    Object,
    /// A local function.
    Function(u32),
}

/// A region.
#[derive(Clone, Debug)]
pub struct Region {
    /// What it is.
    pub kind: Kind,
    /// Bytes; `None`: not known, every access is taken to fit.
    pub size: Option<Num>,
    /// Its address in this run.
    pub base: u64,
    /// Contents.
    pub memory: Memory,
    /// May be written.
    pub writable: bool,
    /// No longer valid: the packet was moved, or the memory given back.
    pub dead: bool,
    /// Of which lookup, for values of maps.
    pub element: u32,
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

/// What came from outside at one instruction, for replays.
#[derive(Clone, Debug)]
pub struct CallInput {
    /// The instruction.
    pub insn: usize,
    /// Result, as it was before anything was done with it.
    pub result: Val,
    /// Memory that was filled: region, offset, bytes as terms.
    pub writes: Vec<(usize, Num, Vec<BV>)>,
    /// Packet pointers are invalid behind it.
    pub moves_packet: bool,
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
    /// The instruction executed last.
    at: usize,
    /// Regions of map values with a known place: map and key (or `None` for the only one).
    elements: BTreeMap<(usize, Option<u64>), usize>,
    metas: Option<usize>,
    ctx: usize,
    fresh: u32,
    spent: BTreeMap<usize, u32>,
}

/// What a replay asks about maps and helpers.
pub trait MapAccess {
    /// The map that the `ldimm64` at an instruction names.
    fn map_at(&self, insn: usize) -> Option<usize>;
    /// Bytes of keys and values.
    fn sizes(&self, map: usize) -> Option<(u32, u32)>;
    /// The prototype of a helper.
    fn proto_of(&self, func: u32) -> Option<&'static FuncProto>;
}

impl MapAccess for Program<'_> {
    fn map_at(&self, insn: usize) -> Option<usize> {
        let i = self.insns.get(insn)?;
        let fd = match i.src {
            PSEUDO_MAP_FD | PSEUDO_MAP_VALUE => i.imm,
            PSEUDO_MAP_IDX | PSEUDO_MAP_IDX_VALUE => {
                *self.request.fd_array.get(usize::try_from(i.imm).ok()?)?
            }
            _ => return None,
        };
        self.request.maps.iter().position(|m| m.fd == fd)
    }

    fn sizes(&self, map: usize) -> Option<(u32, u32)> {
        self.map(map).map(|m| (m.key_size, m.value_size))
    }

    fn proto_of(&self, func: u32) -> Option<&'static FuncProto> {
        self.proto(func)
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
fn unwritten(regno: u8) -> Stuck {
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
        Kind::Object => "object",
        Kind::Function(_) => "function",
    }
}

impl<'a> Program<'a> {
    /// The prototype with which the program calls a helper.
    pub fn proto(&self, func: u32) -> Option<&'static FuncProto> {
        let query = HelperQuery {
            kernel: &self.system.kernel,
            prog_type: self.prog_type,
            resolved: self.prog_type,
            attach_type: AttachType::from_number(self.request.expected_attach_type)
                .unwrap_or(AttachType::CgroupInetIngress),
            sleepable: self.request.prog_flags & (1 << 4) != 0,
            caps: HelperCaps {
                bpf: true,
                perfmon: true,
                sys_admin: true,
            },
            attach_name: "",
            attaches_to_prog: false,
            struct_ops: "",
            member: "",
        };
        get_func_proto(&query, func)
    }

    /// A map by index, templates of inner maps behind the others.
    pub fn map(&self, map: usize) -> Option<&MapSpec> {
        if let Some(m) = self.request.maps.get(map) {
            return Some(m);
        }
        let inner = map - self.request.maps.len();
        self.request
            .maps
            .iter()
            .filter_map(|m| m.inner.as_deref())
            .nth(inner)
    }

    /// Index of the template of a map's inner maps.
    fn inner_of(&self, map: usize) -> Option<usize> {
        self.request.maps.get(map)?.inner.as_ref()?;
        let before = self
            .request
            .maps
            .iter()
            .take(map)
            .filter(|m| m.inner.is_some())
            .count();
        Some(self.request.maps.len() + before)
    }

    fn is_percpu_or_array(&self, map: usize) -> bool {
        let ty = self.map(map).and_then(|m| MapType::from_number(m.map_type));
        matches!(ty, Some(MapType::Array | MapType::PercpuArray))
    }
}

impl Run {
    fn name(&mut self, what: &str) -> String {
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
        let memory = if matches!(kind, Kind::Stack(_)) {
            Memory::uninitialised(&name)
        } else {
            Memory::unknown(&name)
        };
        let base = BASE + SPACING * at as u64;
        self.regions.push(Rc::new(Region {
            kind,
            size,
            base,
            memory,
            writable: true,
            dead: false,
            element: self.fresh,
        }));
        at
    }

    fn region_mut(&mut self, at: usize) -> &mut Region {
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

    fn operand(&self, insn: Insn) -> Result<Val, Stuck> {
        let v = if insn.is_reg_src() {
            self.reg(insn.src)
        } else {
            Val::known(i64::from(insn.imm) as u64)
        };
        if matches!(v, Val::Undef) {
            Err(unwritten(insn.src))
        } else {
            Ok(v)
        }
    }

    /// Loads from memory.
    pub fn load(&mut self, region: usize, off: &Num, n: u32) -> Val {
        let regions = self.regions.clone();
        let address = move |v: &Val| address_in(&regions, v);
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
    }

    /// Values of a map may have changed; all but one.
    fn forget_map(&mut self, map: usize, but: Option<usize>) {
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
    fn forget(&mut self, v: &Val) {
        let Some(p) = v.as_ptr() else { return };
        let region = p.region;
        let name = self.name(kind_word(&self.regions[region].kind.clone()));
        match self.regions[region].kind {
            Kind::MapValue(map) => self.forget_map(map, None),
            _ => self.region_mut(region).memory.forget(&name),
        }
    }

    /// The region of a map's value: shared where the place is known.
    pub fn element(&mut self, program: &Program<'_>, map: usize, key: Option<u64>) -> usize {
        let spec = program.map(map);
        let single = program.is_percpu_or_array(map) && spec.is_some_and(|m| m.max_entries == 1);
        let place = if single {
            Some(None)
        } else {
            key.filter(|_| program.is_percpu_or_array(map)).map(Some)
        };
        if let Some(place) = place
            && let Some(known) = self.elements.get(&(map, place))
        {
            return *known;
        }
        let size = spec.map(|m| Num::Known(u64::from(m.value_size)));
        let at = self.region(Kind::MapValue(map), size);
        if spec.is_some_and(|m| m.map_flags & crate::kernel::map_types::flags::RDONLY_PROG != 0) {
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
                region.memory.store(
                    &Num::Known(i as u64),
                    1,
                    &Val::known(u64::from(*b)),
                    &|_| Num::Known(0),
                );
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

    fn meta(&mut self) -> usize {
        if let Some(p) = self.metas {
            return p;
        }
        let len = self.symbol("meta-length");
        self.assume(compare(CmpOp::Le, true, &len, &Num::Known(32)));
        let at = self.region(Kind::Meta, Some(len));
        self.metas = Some(at);
        at
    }

    fn packet_len(&mut self) -> Num {
        let p = self.packet();
        self.regions[p].size.clone().unwrap_or(Num::Known(0))
    }

    /// A value of a type that the analysis found, unknown otherwise. `exact`: bounds of numbers hold too.
    pub fn of_type(
        &mut self,
        program: &Program<'_>,
        reg: &RegState,
        exact: bool,
        known: &mut Instances,
    ) -> Val {
        let null = reg.ty.may_be_null().then(|| {
            let name = format!("null#{}", known.null(reg.id, &mut self.fresh));
            Bool::new_const(name)
        });
        let (kind, size) = match reg.ty.base {
            RegBase::NotInit => return Val::Undef,
            RegBase::Scalar => return Val::Num(self.of_scalar(reg, exact)),
            RegBase::PtrToCtx => {
                let at = self.ctx;
                let off = self.var_off(reg, known, exact);
                return Val::ptr(at, off);
            }
            RegBase::PtrToPacket => {
                let at = self.packet();
                let off = self.var_off(reg, known, exact);
                if reg.range() > 0 {
                    // Bytes from the variable part on were checked.
                    let base = off.plus(-i64::from(reg.off));
                    let end = base.plus(i64::from(reg.range()));
                    let len = self.packet_len();
                    self.assume(compare(CmpOp::Le, true, &end, &len));
                    self.assume(compare(CmpOp::Le, true, &base, &len));
                }
                return Val::ptr(at, off);
            }
            RegBase::PtrToPacketEnd => {
                let len = self.packet_len();
                return Val::ptr(self.packet(), len);
            }
            RegBase::PtrToPacketMeta => {
                let at = self.meta();
                let off = self.var_off(reg, known, exact);
                return Val::ptr(at, off);
            }
            RegBase::PtrToStack => {
                let frame = reg.frameno as usize;
                let at = self.callers.get(frame).map_or(self.stack, |c| c.stack);
                let off = self.var_off(reg, known, exact).plus(STACK as i64);
                return Val::ptr(at, off);
            }
            RegBase::PtrToMapValue => {
                let map = reg.map().map_or(0, |m| m.0 as usize);
                let at = match known.elements.get(&(map, reg.id)) {
                    Some(at) if reg.id != 0 => *at,
                    _ => self.element(program, map, None),
                };
                known.elements.insert((map, reg.id), at);
                let off = self.var_off(reg, known, exact);
                return Val::Ptr(Rc::new(Ptr {
                    region: at,
                    off,
                    null,
                }));
            }
            RegBase::ConstPtrToMap => {
                let map = reg.map().map_or(0, |m| m.0 as usize);
                (Kind::MapObject(map), None)
            }
            RegBase::PtrToMem | RegBase::PtrToMapKey | RegBase::PtrToBuf => {
                let size = match reg.payload {
                    Payload::Mem { size, .. } => Some(Num::Known(u64::from(size))),
                    Payload::Map { map, .. } => program
                        .map(map.0 as usize)
                        .map(|m| Num::Known(u64::from(m.key_size))),
                    _ => None,
                };
                (Kind::Memory, size)
            }
            RegBase::PtrToFunc => match reg.payload {
                Payload::Subprog(n) => (Kind::Function(n), None),
                _ => (Kind::Object, None),
            },
            _ => (Kind::Object, None),
        };
        let at = self.region(kind, size);
        if reg.has(TypeFlags::RDONLY) {
            self.region_mut(at).writable = false;
        }
        let off = self.var_off(reg, known, exact);
        Val::Ptr(Rc::new(Ptr {
            region: at,
            off,
            null,
        }))
    }

    fn of_scalar(&mut self, reg: &RegState, exact: bool) -> Num {
        if exact && reg.scalar.var_off.is_const() {
            return Num::Known(reg.scalar.var_off.value);
        }
        let n = self.symbol("number");
        if exact {
            self.bound(&n, reg);
        }
        n
    }

    fn bound(&mut self, n: &Num, reg: &RegState) {
        let s = &reg.scalar;
        for (op, limit, free) in [
            (CmpOp::Ge, s.umin, s.umin == 0),
            (CmpOp::Le, s.umax, s.umax == u64::MAX),
            (CmpOp::SGe, s.smin as u64, s.smin == i64::MIN),
            (CmpOp::SLe, s.smax as u64, s.smax == i64::MAX),
        ] {
            if !free {
                self.assume(compare(op, true, n, &Num::Known(limit)));
            }
        }
    }

    /// Fixed plus variable offset; the variable part is shared by pointers with the same id.
    fn var_off(&mut self, reg: &RegState, known: &mut Instances, exact: bool) -> Num {
        let s = &reg.scalar;
        if s.var_off.is_const() {
            return Num::Known(s.var_off.value.wrapping_add(reg.off as i64 as u64));
        }
        let var = match known.offsets.get(&reg.id) {
            Some(v) if reg.id != 0 => v.clone(),
            _ => self.symbol("offset"),
        };
        known.offsets.insert(reg.id, var.clone());
        // Ranges of offsets hold for every state that this one covers.
        let _ = exact;
        self.bound(&var, reg);
        var.plus(i64::from(reg.off))
    }

    /// A run that begins in a state of the analysis. `exact`: it is the only state there (an entry); otherwise numbers
    /// are free, because the analysis takes states as covered whose numbers differ where they did not matter to it.
    pub fn from_state(program: &Program<'_>, state: &VerifierState, exact: bool) -> Run {
        let mut run = Run {
            regs: std::array::from_fn(|_| Val::Undef),
            callers: Vec::new(),
            stack: 0,
            regions: Vec::new(),
            packet: None,
            conditions: Vec::new(),
            calls: Vec::new(),
            at: state.insn_idx as usize,
            elements: BTreeMap::new(),
            metas: None,
            ctx: 0,
            fresh: 0,
            spent: BTreeMap::new(),
        };
        let size = ctx_size(program.prog_type);
        run.ctx = run.region(Kind::Ctx, size.map(|n| Num::Known(u64::from(n))));
        let stacks: Vec<usize> = (0..state.frames.len())
            .map(|n| run.region(Kind::Stack(n), Some(Num::Known(STACK))))
            .collect();
        let last = stacks.len().saturating_sub(1);
        run.stack = stacks.get(last).copied().unwrap_or(0);
        for (n, frame) in state.frames.iter().enumerate().take(last) {
            let back = state
                .frames
                .get(n + 1)
                .map_or(0, |f| (f.callsite + 1).max(0) as usize);
            let _ = frame;
            run.callers.push(Caller {
                back,
                saved: std::array::from_fn(|_| Val::Undef),
                stack: stacks[n],
            });
        }
        let mut known = Instances::default();
        for (n, frame) in state.frames.iter().enumerate() {
            run.take_frame(program, frame, n, stacks[n], n == last, exact, &mut known);
        }
        run
    }

    #[allow(clippy::too_many_arguments)]
    fn take_frame(
        &mut self,
        program: &Program<'_>,
        frame: &FuncState,
        n: usize,
        stack: usize,
        current: bool,
        exact: bool,
        known: &mut Instances,
    ) {
        for r in 0..10u8 {
            let reg = frame.regs[usize::from(r)];
            if !current && !(6..=9).contains(&r) {
                continue;
            }
            let v = self.of_type(program, &reg, exact, known);
            if current {
                self.set(r, v);
            } else {
                self.callers[n].saved[usize::from(r) - 6] = v;
            }
        }
        for (i, slot) in frame.stack.iter().enumerate() {
            let off = STACK - 8 * (i as u64 + 1);
            if slot.kind.iter().all(|k| *k == SlotKind::Spill) {
                let v = self.of_type(program, &slot.spilled, exact, known);
                if !matches!(v, Val::Undef) {
                    self.store(stack, &Num::Known(off), 8, &v);
                }
                continue;
            }
            for (b, kind) in slot.kind.iter().enumerate() {
                let at = off + b as u64;
                match kind {
                    SlotKind::Invalid => {}
                    SlotKind::Zero => self.store(stack, &Num::Known(at), 1, &Val::known(0)),
                    _ => self.region_mut(stack).memory.mark_written(at, 1),
                }
            }
        }
    }

    /// Executes one instruction.
    ///
    /// # Errors
    /// Why the run cannot go on: something that is not modelled, or that no safe program does.
    pub fn step(
        &mut self,
        program: &Program<'_>,
        at: usize,
        hint: Option<&RegState>,
    ) -> Result<Next, Stuck> {
        let insn = *program.insns.get(at).ok_or("out of the program")?;
        self.at = at;
        match insn.class() {
            ALU | ALU64 => self.alu(insn)?,
            LDX if matches!(insn.mode(), MEM | MEMSX) => self.ldx(program, at, insn, hint)?,
            ST | STX if insn.mode() == MEM => {
                let v = if insn.class() == ST {
                    Val::known(i64::from(insn.imm) as u64)
                } else {
                    self.reg(insn.src)
                };
                if matches!(v, Val::Undef) {
                    return Err(unwritten(insn.src));
                }
                let p = self.pointer(insn.dst)?;
                let off = p.off.plus(i64::from(insn.off));
                self.store(p.region, &off, insn.access_size(), &v);
            }
            STX => self.atomic(insn)?,
            LD if insn.mode() == IMM => {
                self.ld_imm(program, at, insn)?;
                return Ok(Next::To(at + 2));
            }
            LD => {
                for r in 0..=5 {
                    self.set(r, Val::Undef);
                }
                let n = Val::Num(self.symbol("packet-load").truncated(insn.access_size()));
                self.calls.push(CallInput {
                    insn: at,
                    result: n.clone(),
                    writes: Vec::new(),
                    moves_packet: false,
                });
                self.set(0, n);
            }
            _ => return self.jump(program, at, insn, hint),
        }
        Ok(Next::To(at + 1))
    }

    fn alu(&mut self, insn: Insn) -> Result<(), Stuck> {
        let wide = insn.class() == ALU64;
        let dst = self.reg(insn.dst);
        if insn.op() == END {
            let n = self.number(&dst).ok_or_else(|| unwritten(insn.dst))?;
            let bits = insn.imm as u32;
            self.set(
                insn.dst,
                Val::Num(swap(&n, bits, wide || insn.source() == TO_BE)),
            );
            return Ok(());
        }
        let op = AluOp::decode(insn.op(), insn.off).ok_or("unknown operation")?;
        let src = if op == AluOp::Neg {
            Val::known(0)
        } else {
            self.operand(insn)?
        };
        if op == AluOp::Mov {
            let v = match (&src, insn.is_reg_src().then_some(insn.off).unwrap_or(0)) {
                (_, 0) if wide => src,
                (_, 0) => Val::Num(
                    self.number(&src)
                        .ok_or_else(|| unwritten(insn.src))?
                        .truncated(4),
                ),
                (_, bits) => {
                    let n = self
                        .number(&src)
                        .ok_or_else(|| unwritten(insn.src))?
                        .sign_extended(bits as u32 / 8);
                    Val::Num(if wide { n } else { n.truncated(4) })
                }
            };
            self.set(insn.dst, v);
            return Ok(());
        }
        if let (true, AluOp::Add | AluOp::Sub) = (wide, op) {
            match (&dst, &src) {
                (Val::Ptr(p), Val::Num(n)) => {
                    let off = alu(op, true, &p.off, n);
                    self.set(
                        insn.dst,
                        Val::Ptr(Rc::new(Ptr {
                            off,
                            ..(**p).clone()
                        })),
                    );
                    return Ok(());
                }
                (Val::Num(n), Val::Ptr(p)) if op == AluOp::Add => {
                    let off = alu(op, true, &p.off, n);
                    self.set(
                        insn.dst,
                        Val::Ptr(Rc::new(Ptr {
                            off,
                            ..(**p).clone()
                        })),
                    );
                    return Ok(());
                }
                (Val::Ptr(p), Val::Ptr(q)) if op == AluOp::Sub && p.region == q.region => {
                    self.set(insn.dst, Val::Num(alu(op, true, &p.off, &q.off)));
                    return Ok(());
                }
                _ => {}
            }
        }
        let missing = || unwritten(insn.dst);
        let a = self.number(&dst).ok_or_else(missing)?;
        let b = self.number(&src).ok_or_else(missing)?;
        self.set(insn.dst, Val::Num(alu(op, wide, &a, &b)));
        Ok(())
    }

    /// The pointer in a register; a run does not go on through null.
    fn pointer(&mut self, regno: u8) -> Result<Ptr, Stuck> {
        match self.reg(regno) {
            Val::Ptr(p) => {
                if let Some(null) = &p.null {
                    self.assume(null.not());
                }
                Ok((*p).clone())
            }
            Val::Num(_) => Err(Stuck::Unsafe(format!("R{regno} is a number"))),
            Val::Undef => Err(unwritten(regno)),
        }
    }

    fn ldx(
        &mut self,
        program: &Program<'_>,
        at: usize,
        insn: Insn,
        hint: Option<&RegState>,
    ) -> Result<(), Stuck> {
        let p = self.pointer(insn.src)?;
        let off = p.off.plus(i64::from(insn.off));
        let n = insn.access_size();
        let typed = match self.regions[p.region].kind {
            Kind::Ctx | Kind::Object => {
                let fact = hint
                    .copied()
                    .or_else(|| single(program.facts.results.get(&at)));
                fact.filter(|r| r.ty.base != RegBase::Scalar && r.ty.base != RegBase::NotInit)
            }
            _ => None,
        };
        let v = match typed {
            Some(reg) => {
                // Kernel objects by the same field are the same object, packets are anyway.
                let v = match self.load(p.region, &off, n) {
                    kept @ Val::Ptr(_) => kept,
                    _ => {
                        let v = self.of_type(program, &reg, true, &mut Instances::default());
                        if off.known().is_some() && n == 8 {
                            self.store(p.region, &off, 8, &v);
                        }
                        v
                    }
                };
                self.calls.push(CallInput {
                    insn: at,
                    result: v.clone(),
                    writes: Vec::new(),
                    moves_packet: false,
                });
                v
            }
            None => self.load(p.region, &off, n),
        };
        let v = match v {
            Val::Num(x) if insn.mode() == MEMSX => Val::Num(x.sign_extended(n)),
            v => v,
        };
        self.set(insn.dst, v);
        Ok(())
    }

    fn atomic(&mut self, insn: Insn) -> Result<(), Stuck> {
        let n = insn.access_size();
        if insn.imm == LOAD_ACQ {
            let p = self.pointer(insn.src)?;
            let v = self.load(p.region, &p.off.plus(i64::from(insn.off)), n);
            self.set(insn.dst, v);
            return Ok(());
        }
        let p = self.pointer(insn.dst)?;
        let off = p.off.plus(i64::from(insn.off));
        let src = self.reg(insn.src);
        let operand = self.number(&src).ok_or_else(|| unwritten(insn.src))?;
        if insn.imm == STORE_REL {
            self.store(p.region, &off, n, &src);
            return Ok(());
        }
        let loaded = self.load(p.region, &off, n);
        let old = self.number(&loaded).ok_or("nothing there")?;
        let wide = n == 8;
        let new = match insn.imm {
            XCHG => operand,
            CMPXCHG => {
                let expected = self.number(&self.reg(0)).ok_or_else(|| unwritten(0))?;
                let same = compare(CmpOp::Eq, wide, &old, &expected);
                Num::of(same.ite(&operand.term(), &old.term()))
            }
            imm => {
                let op =
                    AluOp::decode((imm & !FETCH) as u8, 0).ok_or("unknown atomic operation")?;
                alu(op, wide, &old, &operand)
            }
        };
        self.store(p.region, &off, n, &Val::Num(new));
        if insn.imm == CMPXCHG {
            self.set(0, loaded);
        } else if insn.imm & FETCH != 0 {
            self.set(insn.src, loaded);
        }
        Ok(())
    }

    fn ld_imm(&mut self, program: &Program<'_>, at: usize, insn: Insn) -> Result<(), Stuck> {
        let high = program.insns.get(at + 1).map_or(0, |h| h.imm as u32);
        let map = match insn.src {
            0 => {
                self.set(
                    insn.dst,
                    Val::known(u64::from(high) << 32 | u64::from(insn.imm as u32)),
                );
                return Ok(());
            }
            PSEUDO_MAP_FD | PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX | PSEUDO_MAP_IDX_VALUE => {
                program.map_at(at)
            }
            _ => {
                let reg = single(program.facts.results.get(&at))
                    .ok_or("a symbol whose type is not known")?;
                let v = self.of_type(program, &reg, true, &mut Instances::default());
                self.calls.push(CallInput {
                    insn: at,
                    result: v.clone(),
                    writes: Vec::new(),
                    moves_packet: false,
                });
                self.set(insn.dst, v);
                return Ok(());
            }
        };
        let map = map.ok_or("no such map")?;
        let v = if matches!(insn.src, PSEUDO_MAP_FD | PSEUDO_MAP_IDX) {
            let at = self.region(Kind::MapObject(map), None);
            Val::ptr(at, Num::Known(0))
        } else {
            let at = self.element(program, map, Some(0));
            Val::ptr(at, Num::Known(u64::from(high)))
        };
        self.set(insn.dst, v);
        Ok(())
    }

    fn jump(
        &mut self,
        program: &Program<'_>,
        at: usize,
        insn: Insn,
        hint: Option<&RegState>,
    ) -> Result<Next, Stuck> {
        let target = || {
            usize::try_from(at as i64 + 1 + i64::from(insn.jump_offset()))
                .map_err(|_| "jump out of the program")
        };
        match insn.op() {
            CALL => return self.call(program, at, insn, hint),
            EXIT => {
                let Some(caller) = self.callers.pop() else {
                    return Ok(Next::End);
                };
                for (i, v) in caller.saved.into_iter().enumerate() {
                    self.regs[6 + i] = v;
                }
                for r in 1..=5 {
                    self.regs[r] = Val::Undef;
                }
                self.stack = caller.stack;
                return Ok(Next::To(caller.back));
            }
            JA => return Ok(Next::To(target()?)),
            JCOND => {
                let name = self.name("may-goto");
                let taken = Bool::new_const(name);
                let one = taken.ite(&BV::from_u64(1, 64), &BV::from_u64(0, 64));
                self.calls.push(CallInput {
                    insn: at,
                    result: Val::Num(Num::of(one)),
                    writes: Vec::new(),
                    moves_packet: false,
                });
                return Ok(Next::Branch(taken, target()?, at + 1));
            }
            _ => {}
        }
        let op = CmpOp::decode(insn.op()).ok_or("unknown jump")?;
        let wide = insn.class() == JMP;
        let (a, b) = (self.reg(insn.dst), self.operand(insn)?);
        let taken = self.comparison(op, wide, &a, &b)?;
        Ok(Next::Branch(taken, target()?, at + 1))
    }

    fn comparison(&mut self, op: CmpOp, wide: bool, a: &Val, b: &Val) -> Result<Bool, Stuck> {
        let missing = || Stuck::Unsafe("a register is compared that was never written".into());
        if let (Val::Ptr(p), Val::Ptr(q)) = (a, b)
            && p.region != q.region
        {
            let (p_meta, q_meta) = (self.is_meta(p), self.is_meta(q));
            if p_meta != q_meta && (self.is_packet(p) || self.is_packet(q)) {
                // The packet begins where the metadata end.
                let len = self
                    .metas
                    .and_then(|m| self.regions[m].size.clone())
                    .unwrap_or(Num::Known(0));
                let place = |meta: bool, off: &Num| {
                    if meta {
                        off.clone()
                    } else {
                        alu(AluOp::Add, true, off, &len)
                    }
                };
                return Ok(compare(
                    op,
                    wide,
                    &place(p_meta, &p.off),
                    &place(q_meta, &q.off),
                ));
            }
            if p.null.is_none() && q.null.is_none() {
                // Which of two objects lies higher is not known.
                let name = self.name("order");
                return Ok(match op {
                    CmpOp::Eq => Bool::from_bool(false),
                    CmpOp::Ne => Bool::from_bool(true),
                    _ => Bool::new_const(name),
                });
            }
        }
        let (x, y) = (
            self.number(a).ok_or_else(missing)?,
            self.number(b).ok_or_else(missing)?,
        );
        if let (Val::Ptr(p), Some(0)) = (a, y.known())
            && wide
        {
            let is_null = p.null.clone().unwrap_or_else(|| Bool::from_bool(false));
            match op {
                CmpOp::Eq => return Ok(is_null),
                CmpOp::Ne => return Ok(is_null.not().simplify()),
                _ => {}
            }
        }
        Ok(compare(op, wide, &x, &y))
    }

    fn is_meta(&self, p: &Ptr) -> bool {
        self.regions[p.region].kind == Kind::Meta
    }

    fn is_packet(&self, p: &Ptr) -> bool {
        self.regions[p.region].kind == Kind::Packet
    }

    fn call(
        &mut self,
        program: &Program<'_>,
        at: usize,
        insn: Insn,
        hint: Option<&RegState>,
    ) -> Result<Next, Stuck> {
        match insn.src {
            PSEUDO_CALL if single(program.facts.results.get(&at)).is_none() => {
                let target = usize::try_from(at as i64 + 1 + i64::from(insn.imm))
                    .map_err(|_| "call out of the program")?;
                if self.callers.len() + 1 >= MAX_CALL_FRAMES {
                    return Err("calls too deep".into());
                }
                let saved =
                    std::array::from_fn(|i| std::mem::replace(&mut self.regs[6 + i], Val::Undef));
                self.callers.push(Caller {
                    back: at + 1,
                    saved,
                    stack: self.stack,
                });
                self.regs[0] = Val::Undef;
                self.stack = self.region(Kind::Stack(self.callers.len()), Some(Num::Known(STACK)));
                Ok(Next::To(target))
            }
            PSEUDO_CALL => {
                // A global function is taken by its contract, as the analysis takes it.
                for r in 1..=5 {
                    let v = self.reg(r);
                    self.forget(&v);
                }
                self.finish_call(program, at, hint, Vec::new(), None)?;
                self.move_packet();
                Ok(Next::To(at + 1))
            }
            PSEUDO_KFUNC_CALL => {
                for r in 1..=5 {
                    let v = self.reg(r);
                    if v.as_ptr().is_some_and(|p| {
                        matches!(
                            self.regions[p.region].kind,
                            Kind::Stack(_) | Kind::MapValue(_) | Kind::Memory
                        )
                    }) {
                        self.forget(&v);
                    }
                }
                self.finish_call(program, at, hint, Vec::new(), None)?;
                Ok(Next::To(at + 1))
            }
            _ => self.helper(program, at, insn, hint),
        }
    }

    fn helper(
        &mut self,
        program: &Program<'_>,
        at: usize,
        insn: Insn,
        hint: Option<&RegState>,
    ) -> Result<Next, Stuck> {
        let func = insn.imm as u32;
        let proto = program
            .proto(func)
            .ok_or("a helper whose prototype is not known")?;
        if proto.args.iter().any(|a| a.base == ArgBase::PtrToFunc) {
            return Err(format!(
                "{} calls back",
                crate::kernel::helpers::func_id_name(func).unwrap_or("a helper")
            )
            .into());
        }
        let mut writes = Vec::new();
        for (i, arg) in proto.args.iter().enumerate() {
            let filled = arg
                .flags
                .intersects(TypeFlags::WRITE.union(TypeFlags::UNINIT));
            let r = 1 + i as u8;
            if !filled || !matches!(arg.base, ArgBase::PtrToMem | ArgBase::PtrToMapValue) {
                continue;
            }
            let Val::Ptr(p) = self.reg(r) else { continue };
            let size = match arg.base {
                ArgBase::PtrToMapValue => self
                    .map_of(1)
                    .and_then(|m| program.map(m))
                    .map(|m| u64::from(m.value_size)),
                _ if arg.size > 0 => Some(u64::from(arg.size)),
                _ => self.number(&self.reg(r + 1)).and_then(|n| n.known()),
            };
            match (size, p.off.known()) {
                (Some(size), Some(off)) if size <= 4096 => {
                    let name = self.name("filled");
                    let mut bytes = Vec::new();
                    for b in 0..size {
                        let byte = BV::new_const(format!("{name}+{b}"), 8);
                        let v = Val::Num(Num::Term(byte.zero_ext(56)));
                        self.store(p.region, &Num::Known(off + b), 1, &v);
                        bytes.push(byte);
                    }
                    writes.push((p.region, p.off.clone(), bytes));
                }
                _ => self.forget(&Val::Ptr(p)),
            }
        }
        let lookup = matches!(func, id::MAP_LOOKUP_ELEM | id::MAP_LOOKUP_PERCPU_ELEM)
            .then(|| self.lookup(program, func, at, hint))
            .flatten();
        if matches!(func, id::MAP_UPDATE_ELEM | id::MAP_DELETE_ELEM)
            && let Some(map) = self.map_of(1)
        {
            self.forget_map(map, None);
        }
        for (i, arg) in proto.args.iter().enumerate() {
            if arg.flags.contains(TypeFlags::OBJ_RELEASE)
                && let Some(region) = self.reg(1 + i as u8).as_ptr().map(|p| p.region)
            {
                self.region_mut(region).dead = true;
            }
        }
        self.finish_call(program, at, hint, writes, lookup)?;
        if class::changes_pkt_data(func) {
            self.move_packet();
        }
        Ok(Next::To(at + 1))
    }

    /// The map that a register names.
    pub fn map_of(&self, regno: u8) -> Option<usize> {
        match self.regions[self.reg(regno).as_ptr()?.region].kind {
            Kind::MapObject(m) => Some(m),
            _ => None,
        }
    }

    fn lookup(
        &mut self,
        program: &Program<'_>,
        func: u32,
        at: usize,
        hint: Option<&RegState>,
    ) -> Option<Val> {
        let map = self.map_of(1)?;
        if let Some(inner) = program.inner_of(map) {
            let region = self.region(Kind::MapObject(inner), None);
            let null = Some(Bool::new_const(self.name("null")));
            return Some(Val::Ptr(Rc::new(Ptr {
                region,
                off: Num::Known(0),
                null,
            })));
        }
        let ty = program
            .map(map)
            .and_then(|m| MapType::from_number(m.map_type));
        if matches!(
            ty,
            Some(MapType::Sockmap | MapType::Sockhash | MapType::Xskmap)
        ) {
            return None;
        }
        let spec = program.map(map)?;
        let (key_size, entries) = (spec.key_size, spec.max_entries);
        let mut key = None;
        if key_size == 4
            && let Some(p) = self.reg(2).as_ptr().cloned()
        {
            let loaded = self.load(p.region, &p.off, 4);
            key = self.number(&loaded);
        }
        let array = program.is_percpu_or_array(map);
        let percpu_other = func == id::MAP_LOOKUP_PERCPU_ELEM;
        let region = if percpu_other {
            let size = Some(Num::Known(u64::from(spec.value_size)));
            self.region(Kind::MapValue(map), size)
        } else {
            self.element(program, map, key.as_ref().and_then(Num::known))
        };
        let never_null = hint
            .copied()
            .or_else(|| single(program.facts.results.get(&at)))
            .is_some_and(|r| !r.ty.may_be_null());
        let null = match &key {
            _ if never_null => None,
            // An array has every element below its size.
            Some(key) if array && !percpu_other => {
                let outside = compare(CmpOp::Ge, true, key, &Num::Known(u64::from(entries)));
                Some(outside)
            }
            _ => Some(Bool::new_const(self.name("null"))),
        };
        Some(Val::Ptr(Rc::new(Ptr {
            region,
            off: Num::Known(0),
            null,
        })))
    }

    fn finish_call(
        &mut self,
        program: &Program<'_>,
        at: usize,
        hint: Option<&RegState>,
        writes: Vec<(usize, Num, Vec<BV>)>,
        result: Option<Val>,
    ) -> Result<(), Stuck> {
        let result = match result {
            Some(v) => v,
            None => {
                let fact = hint
                    .copied()
                    .or_else(|| single(program.facts.results.get(&at)));
                match fact {
                    Some(reg) => {
                        // Bounds of a result are its contract only where they say more than the path does.
                        self.of_type(program, &reg, true, &mut Instances::default())
                    }
                    None => Val::Num(self.symbol("result")),
                }
            }
        };
        for r in 1..=5 {
            self.set(r, Val::Undef);
        }
        self.calls.push(CallInput {
            insn: at,
            result: result.clone(),
            writes,
            moves_packet: false,
        });
        self.set(0, result);
        Ok(())
    }

    /// The packet may have moved: pointers into it are not valid any more.
    fn move_packet(&mut self) {
        if self.packet.is_some()
            && let Some(call) = self.calls.last_mut()
        {
            call.moves_packet = true;
        }
        for old in [self.packet.take(), self.metas.take()]
            .into_iter()
            .flatten()
        {
            self.region_mut(old).dead = true;
        }
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
fn single(list: Option<&Vec<RegState>>) -> Option<RegState> {
    match list.map(Vec::as_slice) {
        Some([only]) => Some(*only),
        _ => None,
    }
}

/// What registers of one state share.
#[derive(Default)]
pub struct Instances {
    offsets: BTreeMap<u32, Num>,
    elements: BTreeMap<(usize, u32), usize>,
    nulls: BTreeMap<u32, u32>,
}

impl Instances {
    fn null(&mut self, id: u32, fresh: &mut u32) -> u32 {
        let mut new = || {
            *fresh += 1;
            *fresh
        };
        if id == 0 {
            new()
        } else {
            *self.nulls.entry(id).or_insert_with(new)
        }
    }
}
