//! A program ready to run: decoded once, its constants resolved against the maps of a [`Vm`].
//!
//! There are two ways in. [`Code::verified`] takes what the analysis accepted, and only that may be run by the fast
//! engines; [`Code::unverified`] takes any instructions, and the engines run it in checked mode, where every access is
//! looked up first. Answers for the rewrites at the end of `bpf_check()` as far as they decide what a program does.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use verifier_core::analysis::{KernelMemory, Verified};
use verifier_core::btf::Btf;
pub use verifier_core::isa::AtomicOp;
use verifier_core::isa::op::set_of;
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::isa::{self, Callee, Insn};
use verifier_core::kernel::{MapType, ProgType};
use verifier_core::program::record::StructMetas;
use verifier_core::program::{LoadRequest, MapSpec};

use super::context::Shape;
use super::heap::ObjectType;
use super::helper::{Helper, Table};
use super::map::{Map, Owner, Program};
use super::value::Layout;
use super::vm::Vm;

/// Register number, 0..=10.
pub type Reg = u8;

/// The register with the top of the frame.
const FRAME_POINTER: Reg = 10;
/// First of the values that stand for functions of a program: `FUNC_BASE + n` is its `n`th subprogram. No memory of
/// ours is ever there.
pub const FUNC_BASE: u64 = 0xffff_f000_0000_0000;
/// Slots that a program may have at most (the kernel's limit for one load).
pub const MAX_INSNS: usize = 1_000_000;

/// Second operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Src {
    /// A register.
    Reg(Reg),
    /// An immediate, sign-extended to 64 bits. 32-bit operations take its low half.
    Imm(i64),
}

impl From<isa::Src> for Src {
    fn from(src: isa::Src) -> Src {
        match src {
            isa::Src::Reg(r) => Src::Reg(r),
            isa::Src::Imm(n) => Src::Imm(n.into()),
        }
    }
}

/// Bytes of an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Size {
    B1 = 1,
    B2 = 2,
    B4 = 4,
    B8 = 8,
}

impl Size {
    const fn of(bytes: u8) -> Size {
        match bytes {
            1 => Size::B1,
            2 => Size::B2,
            4 => Size::B4,
            _ => Size::B8,
        }
    }

    /// Bytes.
    pub const fn bytes(self) -> u32 {
        self as u32
    }
}

/// One instruction. Targets are slot indices.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Op {
    /// `wide`: 64 bits; otherwise on low halves with a zero-extended result.
    Alu {
        op: AluOp,
        wide: bool,
        dst: Reg,
        src: Src,
    },
    /// Sign-extending move of the low `bits`.
    MovSx {
        wide: bool,
        bits: u8,
        dst: Reg,
        src: Reg,
    },
    /// `END`: with `swap` the low `bits` are reversed; without, truncated.
    ByteOrder {
        swap: bool,
        bits: u8,
        dst: Reg,
    },
    /// A 64-bit constant: a number, the address of a map or of its value, or a function ([`FUNC_BASE`]).
    Const {
        dst: Reg,
        value: u64,
    },
    Load {
        size: Size,
        signed: bool,
        dst: Reg,
        base: Reg,
        off: i16,
    },
    Store {
        size: Size,
        base: Reg,
        off: i16,
        src: Src,
    },
    /// `fetch`: the old value goes to `src`.
    Atomic {
        op: AtomicOp,
        wide: bool,
        fetch: bool,
        base: Reg,
        off: i16,
        src: Reg,
    },
    LoadAcquire {
        size: Size,
        dst: Reg,
        base: Reg,
        off: i16,
    },
    StoreRelease {
        size: Size,
        base: Reg,
        off: i16,
        src: Reg,
    },
    Jump {
        target: u32,
    },
    Branch {
        cmp: CmpOp,
        wide: bool,
        dst: Reg,
        src: Src,
        target: u32,
    },
    /// Goes to `target` when the frame has used up its loop budget, otherwise on.
    MayGoto {
        target: u32,
    },
    /// `bpf_tail_call(r1 ctx, r2 prog array, r3 index)`: on success it does not come back.
    TailCall,
    /// A load through a pointer to an object of the kernel: zero where there is no memory.
    LoadOrZero {
        size: Size,
        signed: bool,
        dst: Reg,
        base: Reg,
        off: i16,
    },
    /// A helper or a kernel function.
    Call {
        helper: &'static Helper,
    },
    /// A call of a number that names no helper we know: a fault when reached.
    CallUnknown {
        id: i32,
    },
    CallLocal {
        subprog: u32,
        target: u32,
    },
    /// `callx`: a function of the program, or the number of a helper.
    CallReg {
        reg: Reg,
    },
    /// `LD_ABS` and `LD_IND`: big-endian load from the packet of r6, at `off` plus the register. Outside of the packet
    /// the program ends with 0.
    PacketLoad {
        size: Size,
        index: Option<Reg>,
        off: i32,
    },
    Exit,
    /// Second slot of a constant: never reached.
    Pad,
}

impl Op {
    /// What it does to memory of the program: base, offset, bytes, and whether it stores.
    pub fn access(&self) -> Option<(Reg, i16, u32, bool)> {
        Some(match *self {
            Op::Load { size, base, off, .. } | Op::LoadAcquire { size, base, off, .. } => {
                (base, off, size.bytes(), false)
            }
            Op::Store { size, base, off, .. } | Op::StoreRelease { size, base, off, .. } => {
                (base, off, size.bytes(), true)
            }
            Op::Atomic { wide, base, off, .. } => (base, off, if wide { 8 } else { 4 }, true),
            _ => return None,
        })
    }
}

/// One function of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subprog {
    /// First slot.
    pub start: u32,
    /// Slot after the last.
    pub end: u32,
}

/// Why instructions cannot be made ready.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("instruction {insn}: {what}")]
pub struct LinkError {
    /// Instruction.
    pub insn: usize,
    /// Reason.
    pub what: String,
}

/// A program ready to run.
#[derive(Debug)]
pub struct Code {
    name: String,
    ops: Box<[Op]>,
    insns: Box<[Insn]>,
    subprogs: Box<[Subprog]>,
    maps: Box<[Arc<Map>]>,
    exception_cb: Option<u32>,
    throws: bool,
    vm: u64,
    owner: Owner,
    verified: bool,
    own_types: Option<OwnTypes>,
    context: Shape,
    /// Itself, where it is shared.
    shared: OnceLock<Weak<Code>>,
    compiled: [OnceLock<Box<dyn Any + Send + Sync>>; 2],
    entries: [AtomicUsize; 2],
    threaded: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Code {
    /// Prepares an accepted program for [`super::linked`]; maps are those of `vm` with the program's file descriptors.
    ///
    /// # Errors
    /// Where the program needs something that the runtime does not model.
    pub(super) fn verified(program: &Verified, vm: &Vm, table: &dyn Table, context: Shape) -> Result<Code, LinkError> {
        let req = program.request();
        same_fields(program, vm)?;
        let mut code = build(program.insns(), req, (vm, table), Some(program.subprog_starts()))?;
        code.context = context;
        code.own_types = req.btf.as_ref().map(|btf| OwnTypes {
            btf: btf.clone(),
            fields: program.own_types().clone(),
            known: Mutex::default(),
        });
        code.exception_cb =
            program.as_target().funcs.iter().position(|f| f.exception_cb).and_then(|n| u32::try_from(n).ok());
        for (insn, what) in &program.reach().kernel_memory {
            code.reach_kernel(*insn, *what)?;
        }
        Ok(code)
    }

    /// Has an instruction that accesses memory of the kernel's own do what the runtime can do in its place.
    fn reach_kernel(&mut self, insn: u32, what: KernelMemory) -> Result<(), LinkError> {
        let has = match what {
            KernelMemory::Object => "objects of the kernel that are stored to",
            KernelMemory::Map => "the kernel's side of a map",
            KernelMemory::Arena => "arenas",
        };
        let fail = LinkError { insn: insn as usize, what: format!("the runtime does not have {has}") };
        match (self.ops.get_mut(insn as usize), what) {
            (Some(op @ Op::Load { .. }), KernelMemory::Object) => {
                if let Op::Load { size, signed, dst, base, off } = *op {
                    *op = Op::LoadOrZero { size, signed, dst, base, off };
                }
                Ok(())
            }
            _ => Err(fail),
        }
    }

    /// Prepares any instructions, for checked mode only; with `believed`, for tests, as if they had been accepted.
    ///
    /// # Errors
    /// Where they are not well formed: unknown opcodes, jumps out of the program.
    pub(super) fn of_request(req: &LoadRequest, vm: &Vm, table: &dyn Table, believed: bool) -> Result<Code, LinkError> {
        build(&req.insns, req, (vm, table), believed.then_some(&[]))
    }

    /// What its context is like.
    pub(super) fn context(&self) -> &Shape {
        &self.context
    }

    /// Whether the analysis accepted it, so that it may run without checks.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// Shares it, so that what it leaves behind can hold it.
    pub(super) fn share(self) -> Arc<Code> {
        let code = Arc::new(self);
        // Nobody else has it yet.
        let _ = code.shared.set(Arc::downgrade(&code));
        code
    }

    /// Itself, where it is shared.
    pub(super) fn shared(&self) -> Option<Arc<Code>> {
        self.shared.get()?.upgrade()
    }

    /// The form of the interpreter without checks, made when it is first asked for.
    pub(super) fn threaded(&self) -> &OnceLock<Box<dyn Any + Send + Sync>> {
        &self.threaded
    }

    /// What an engine made of it, kept as long as the program: first the form without checks, then the checked one.
    pub fn compiled(&self, checked: bool) -> &OnceLock<Box<dyn Any + Send + Sync>> {
        &self.compiled[usize::from(checked)]
    }

    /// Where the first function of [`Self::compiled`] begins; 0 as long as there is none.
    pub(super) fn entry(&self, checked: bool) -> &AtomicUsize {
        &self.entries[usize::from(checked)]
    }

    /// Name of the program.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `BPF_PROG_TYPE_*` number.
    pub fn prog_type(&self) -> u32 {
        self.owner.prog_type
    }

    /// One operation for each instruction slot.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The slots that it was made from.
    pub fn insns(&self) -> &[Insn] {
        &self.insns
    }

    /// Whether it may throw an exception.
    pub fn throws(&self) -> bool {
        self.throws
    }

    /// The machine whose maps it refers to.
    pub(super) fn vm(&self) -> u64 {
        self.vm
    }

    /// Functions in order; the first is the entry.
    pub fn subprogs(&self) -> &[Subprog] {
        &self.subprogs
    }

    /// Subprogram that an uncaught exception is given to.
    pub fn exception_cb(&self) -> Option<u32> {
        self.exception_cb
    }

    /// What objects of a type of its BTF are made of, with `per_cpu` one for each of so many CPUs; `None`: no
    /// such type, or nobody checked the program with it.
    pub(super) fn object_type(&self, id: u32, per_cpu: Option<u32>) -> Option<Arc<ObjectType>> {
        self.own_types.as_ref()?.get(id, per_cpu)
    }

    /// Maps that it refers to.
    pub fn maps(&self) -> &[Arc<Map>] {
        &self.maps
    }

    /// The map whose address a constant is.
    pub fn map_at(&self, address: u64) -> Option<&Arc<Map>> {
        self.maps.iter().find(|m| m.address() == address)
    }

    /// The function that a value stands for.
    pub fn func_at(&self, value: u64) -> Option<u32> {
        let n = u32::try_from(value.checked_sub(FUNC_BASE)?).ok()?;
        ((n as usize) < self.subprogs.len()).then_some(n)
    }
}

/// The types of a program's own BTF, as far as it makes objects of them.
#[derive(Debug)]
struct OwnTypes {
    btf: Arc<Btf>,
    fields: StructMetas,
    known: Mutex<BTreeMap<(u32, Option<u32>), Option<Arc<ObjectType>>>>,
}

impl OwnTypes {
    fn get(&self, id: u32, per_cpu: Option<u32>) -> Option<Arc<ObjectType>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let size = self.btf.ty(id)?.size_or_type;
            let layout = Layout::new(size, self.fields.get(id).map(|r| &**r));
            Some(Arc::new(ObjectType { id: (self.btf.serial(), id), layout, per_cpu }))
        };
        known.entry((id, per_cpu)).or_insert_with(make).clone()
    }
}

impl Program for Code {
    fn owner(&self) -> Owner {
        self.owner.clone()
    }
}

/// Whether special fields stand where the analysis believed them to stand: everywhere else, programs and users put any
/// bytes, and a number that is taken for a pointer would be followed.
fn same_fields(program: &Verified, vm: &Vm) -> Result<(), LinkError> {
    for (spec, fields) in program.request().maps.iter().zip(program.map_fields()) {
        let Some(map) = vm.map(spec.fd) else { continue };
        let own = *map.layout() == Layout::new(spec.value_size, fields.own.as_deref());
        let inner = spec.inner.as_deref().map(|i| Layout::new(i.value_size, fields.inner.as_deref()));
        let inner = inner.is_none_or(|layout| map.inner_layout() == Some(&layout));
        if !own || !inner {
            let what = format!("the values of map `{}` have other special fields than it was checked with", map.name());
            return Err(LinkError { insn: 0, what });
        }
    }
    Ok(())
}

/// Puts a program together.
struct Builder<'a> {
    insns: &'a [Insn],
    starts: Vec<u32>,
    req: &'a LoadRequest,
    vm: &'a Vm,
    table: &'a dyn Table,
    accepted: bool,
    maps: Vec<Arc<Map>>,
}

/// `verified`: it was accepted, with functions that begin there; one that only exceptions lead to is called nowhere.
fn build(
    insns: &[Insn],
    req: &LoadRequest,
    (vm, table): (&Vm, &dyn Table),
    verified: Option<&[u32]>,
) -> Result<Code, LinkError> {
    let fail = |insn, what: &str| LinkError { insn, what: what.into() };
    if insns.is_empty() || insns.len() > MAX_INSNS {
        return Err(fail(0, "not between one and a million instructions"));
    }
    let starts = starts(insns, verified.unwrap_or_default())?;
    let mut b = Builder { insns, starts, req, vm, table, accepted: verified.is_some(), maps: Vec::new() };
    let mut ops = Vec::with_capacity(insns.len());
    while ops.len() < insns.len() {
        let i = ops.len();
        ops.push(b.decode(i)?);
        if insns[i].is_ldimm64() {
            ops.push(Op::Pad);
        }
    }
    for (i, op) in ops.iter().enumerate() {
        let target = match *op {
            Op::Jump { target } | Op::Branch { target, .. } | Op::MayGoto { target } => target,
            Op::CallLocal { target, .. } => target,
            _ => continue,
        };
        if matches!(ops.get(target as usize), None | Some(Op::Pad)) {
            return Err(fail(i, "jump out of the program"));
        }
    }
    if !matches!(ops.last(), Some(Op::Exit | Op::Jump { .. })) && verified.is_some() {
        return Err(fail(ops.len() - 1, "the program does not end"));
    }
    let owner = owner(req, &b.maps);
    for array in b.maps.iter().filter_map(|m| Some((m, m.programs()?))) {
        array.1.claim(owner.clone()).map_err(|_| {
            fail(0, &format!("prog array `{}` belongs to programs of another type or attach type", array.0.name()))
        })?;
    }
    let ends = b.starts.iter().skip(1).copied().chain([insns.len() as u32]);
    let throws = ops.iter().any(|op| matches!(op, Op::Call { helper } if helper.name == "bpf_throw"));
    let subprogs = b.starts.iter().zip(ends).map(|(s, end)| Subprog { start: *s, end }).collect();
    Ok(Code {
        name: req.name.clone(),
        ops: ops.into(),
        insns: insns.into(),
        subprogs,
        maps: b.maps.into(),
        exception_cb: None,
        throws,
        vm: vm.id(),
        owner,
        verified: verified.is_some(),
        own_types: None,
        context: Shape::of(ProgType::from_number(req.prog_type).unwrap_or(ProgType::Unspec)),
        shared: OnceLock::new(),
        compiled: Default::default(),
        entries: Default::default(),
        threaded: OnceLock::new(),
    })
}

/// What decides which prog arrays a program belongs to.
fn owner(req: &LoadRequest, maps: &[Arc<Map>]) -> Owner {
    const HAS_FRAGS: u32 = 1 << 5;
    let storage = [MapType::CgroupStorageDeprecated, MapType::PercpuCgroupStorageDeprecated];
    Owner {
        prog_type: req.prog_type,
        attach_type: req.expected_attach_type,
        frags: req.prog_type == ProgType::Xdp as u32 && req.prog_flags & HAS_FRAGS != 0,
        storage: storage.map(|t| maps.iter().find(|m| m.map_type() == t).map_or(0, |m| m.address())),
    }
}

/// Where functions begin: the entry, what is called, what is taken the address of, and `more`.
fn starts(insns: &[Insn], more: &[u32]) -> Result<Vec<u32>, LinkError> {
    let mut out = vec![0];
    out.extend(more.iter().filter(|s| (**s as usize) < insns.len()));
    for (i, insn) in insns.iter().enumerate() {
        if insn.is_pseudo_call() || insn.is_pseudo_func() {
            out.push(slot(insns, i, insn.imm)?);
        }
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

/// The slot `rel` after the one behind `at`.
fn slot(insns: &[Insn], at: usize, rel: i32) -> Result<u32, LinkError> {
    let to = at as i64 + 1 + i64::from(rel);
    usize::try_from(to)
        .ok()
        .filter(|t| *t < insns.len())
        .map(|t| t as u32)
        .ok_or_else(|| LinkError { insn: at, what: "jump out of the program".into() })
}

impl Builder<'_> {
    fn decode(&mut self, at: usize) -> Result<Op, LinkError> {
        let insn = self.insns[at];
        let fail = |what: &str| LinkError { insn: at, what: what.into() };
        if insn.dst >= MAX_REG || (insn.src >= MAX_REG) {
            return Err(fail("no such register"));
        }
        let op = insn.decode();
        // Engines take it for the top of a frame, and so for memory that is there. Accepted programs come to no such
        // instruction.
        if !self.accepted && op.effect().defs & set_of(FRAME_POINTER) != 0 {
            return Err(fail("the frame pointer is read-only"));
        }
        let target = |by: i32| slot(self.insns, at, by);
        Ok(match op {
            isa::Op::Alu { op, wide, dst, src } => Op::Alu { op, wide, dst, src: src.into() },
            isa::Op::MoveAs { wide, kind: bits @ (8 | 16 | 32), dst, src } => {
                Op::MovSx { wide, bits: bits as u8, dst, src }
            }
            isa::Op::ByteOrder { swap, bits: bits @ (16 | 32 | 64), dst } => {
                Op::ByteOrder { swap, bits: bits as u8, dst }
            }
            isa::Op::MoveAs { .. } | isa::Op::ByteOrder { .. } => return Err(fail("unknown operation")),
            isa::Op::Const { dst, .. } => Op::Const { dst, value: self.constant(at)? },
            isa::Op::Load { size, signed, dst, base, off } => Op::Load { size: Size::of(size), signed, dst, base, off },
            isa::Op::Store { size, base, off, src } => Op::Store { size: Size::of(size), base, off, src: src.into() },
            isa::Op::Atomic { op: Some(op), size: size @ (4 | 8), fetch, base, off, src } => {
                Op::Atomic { op, wide: size == 8, fetch, base, off, src }
            }
            isa::Op::Atomic { .. } => return Err(fail("unknown atomic operation")),
            isa::Op::LoadAcquire { size, dst, base, off } => Op::LoadAcquire { size: Size::of(size), dst, base, off },
            isa::Op::StoreRelease { size, base, off, src } => Op::StoreRelease { size: Size::of(size), base, off, src },
            isa::Op::PacketLoad { size, index } => Op::PacketLoad { size: Size::of(size), index, off: insn.imm },
            isa::Op::Jump { by } => Op::Jump { target: target(by)? },
            isa::Op::JumpTo { .. } => return Err(fail("jumps to where a register says are not run")),
            isa::Op::Branch { cmp, wide, dst, src, by } => {
                Op::Branch { cmp, wide, dst, src: src.into(), target: target(by)? }
            }
            isa::Op::MayGoto { by } if insn.is_may_goto() => Op::MayGoto { target: target(by)? },
            isa::Op::MayGoto { .. } => return Err(fail("unknown jump")),
            isa::Op::Call { callee } => self.call(at, callee)?,
            isa::Op::CallReg { reg } => Op::CallReg { reg },
            isa::Op::Exit => Op::Exit,
            isa::Op::Rest | isa::Op::Unknown => return Err(fail("unknown opcode")),
        })
    }

    fn call(&self, at: usize, callee: Callee) -> Result<Op, LinkError> {
        let insn = self.insns[at];
        let fail = |what: String| LinkError { insn: at, what };
        match callee {
            Callee::Local(by) => {
                let target = slot(self.insns, at, by)?;
                let subprog = self.starts.binary_search(&target).unwrap_or(0) as u32;
                Ok(Op::CallLocal { subprog, target })
            }
            Callee::Kernel(_) => {
                let name = self.vm.kfunc_name(self.req, insn).ok_or_else(|| fail("no such kernel function".into()))?;
                let helper =
                    self.table.kfunc(&name).ok_or_else(|| fail(format!("kernel function {name} is not modelled")))?;
                Ok(Op::Call { helper })
            }
            Callee::Helper(id) => Ok(match u32::try_from(id) {
                Ok(verifier_core::kernel::helpers::id::TAIL_CALL) => Op::TailCall,
                Ok(n) => self.table.helper(n).map_or(Op::CallUnknown { id }, |helper| Op::Call { helper }),
                Err(_) => Op::CallUnknown { id },
            }),
            // A source field that means nothing was taken for a helper's number before anybody looks at it.
            Callee::Unknown => Ok(Op::CallUnknown { id: insn.imm }),
        }
    }

    fn constant(&mut self, at: usize) -> Result<u64, LinkError> {
        let insn = self.insns[at];
        // What it is decoded from again, for its flow, must be nothing else.
        let rest = |i: &&Insn| (i.code, i.dst, i.src, i.off) == (0, 0, 0, 0);
        let high = self.insns.get(at + 1).filter(rest);
        let high = high.ok_or_else(|| LinkError { insn: at, what: "half a constant".into() })?;
        let fail = |what: &str| LinkError { insn: at, what: what.into() };
        let fd = match insn.src {
            0 => return Ok(u64::from(high.imm as u32) << 32 | u64::from(insn.imm as u32)),
            PSEUDO_FUNC => {
                let target = slot(self.insns, at, insn.imm)?;
                let n = self.starts.binary_search(&target).map_err(|_| fail("no such function"))?;
                return Ok(FUNC_BASE + n as u64);
            }
            PSEUDO_MAP_FD | PSEUDO_MAP_VALUE => insn.imm,
            PSEUDO_MAP_IDX | PSEUDO_MAP_IDX_VALUE => {
                let i = usize::try_from(insn.imm).map_err(|_| fail("no such file descriptor"))?;
                *self.req.fd_array.get(i).ok_or_else(|| fail("no such file descriptor"))?
            }
            _ => return Err(fail("addresses of kernel variables are not modelled")),
        };
        let map = self.vm.map(fd).ok_or_else(|| fail("no such map"))?.clone();
        let value = match insn.src {
            PSEUDO_MAP_FD | PSEUDO_MAP_IDX => map.address(),
            _ => map.direct_value(high.imm as u32).ok_or_else(|| fail("the map has no such address"))?,
        };
        if !self.maps.iter().any(|m| Arc::ptr_eq(m, &map)) {
            self.maps.push(map);
        }
        Ok(value)
    }
}

/// A request with nothing but instructions and maps, for tests and tools.
pub fn bare_request(prog_type: u32, insns: Vec<Insn>, maps: Vec<MapSpec>) -> LoadRequest {
    LoadRequest { prog_type, insns, maps, license: "GPL".into(), ..LoadRequest::default() }
}
