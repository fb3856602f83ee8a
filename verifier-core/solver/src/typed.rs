//! Values of the types that the analysis found, and runs that begin in its states.
//!
//! Types are taken over whole: kind of object, size, offset, sharing, what an object ends with. Numbers are taken over
//! only where the state is the only one there; otherwise they are free, because the analysis takes states as covered
//! whose numbers differ where they did not matter to it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use z3::ast::Bool;

use super::run::{Caller, Kind, Program, Run, STACK};
use super::term::{Num, Ptr, Val, compare};
use super::things::{Dynptr, Owner};
use verifier_core::isa::semantics::CmpOp;
use verifier_core::kernel::call::{RegBase, TypeFlags};
use verifier_core::kernel::pointer::Region;
use verifier_core::kernel::prog_types::{ctx_size, sock_size};
use verifier_core::state::{BtfRef, DynptrKind, FuncState, Payload, RegState, SlotKind, VerifierState};

impl Run {
    /// A value of a type that the analysis found, unknown otherwise. `exact`: bounds of numbers hold too.
    pub fn of_type(&mut self, program: &Program<'_>, reg: &RegState, exact: bool, known: &mut Instances) -> Val {
        let null = reg.ty.may_be_null().then(|| {
            let name = format!("null#{}", known.null(reg.id, &mut self.fresh));
            Bool::new_const(name)
        });
        let (kind, size) = match reg.ty.base {
            RegBase::NotInit => return Val::Undef,
            RegBase::Scalar => return Val::Num(self.of_scalar(reg, exact)),
            RegBase::PtrToCtx => {
                let at = self.ctx;
                let off = self.var_off(program, reg, known, exact);
                return Val::ptr(at, off);
            }
            RegBase::PtrToPacket => {
                let at = self.packet();
                let off = self.var_off(program, reg, known, exact);
                if reg.range() > 0 && (exact || program.trusts_offsets) {
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
                let off = self.var_off(program, reg, known, exact);
                return Val::ptr(at, off);
            }
            RegBase::PtrToStack => {
                let frame = reg.frame_number as usize;
                let at = self.callers.get(frame).map_or(self.stack, |c| c.stack);
                let off = self.var_off(program, reg, known, exact).plus(STACK as i64);
                return Val::ptr(at, off);
            }
            RegBase::PtrToMapValue => {
                let map = reg.map().map_or(0, |m| m.0 as usize);
                let at = match known.elements.get(&(map, reg.id)) {
                    Some(at) if reg.id != 0 => *at,
                    _ => self.element(program, map, None),
                };
                known.elements.insert((map, reg.id), at);
                let off = self.var_off(program, reg, known, exact);
                return Val::Ptr(Rc::new(Ptr { region: at, off, null }));
            }
            RegBase::ConstPtrToMap => {
                let map = reg.map().map_or(0, |m| m.0 as usize);
                (Kind::MapObject(map), None)
            }
            RegBase::PtrToMem | RegBase::PtrToMapKey | RegBase::PtrToBuf => {
                let size = match reg.payload {
                    Payload::Mem { size, .. } => Some(Num::Known(u64::from(size))),
                    Payload::Map { map, .. } => program.map(map.0 as usize).map(|m| Num::Known(u64::from(m.key_size))),
                    _ => None,
                };
                (if reg.has(TypeFlags::RINGBUF) { Kind::Sample } else { Kind::Memory }, size)
            }
            RegBase::PtrToFunc => match reg.payload {
                Payload::Subprog(n) => (Kind::Function(n), None),
                _ => (Kind::Object, None),
            },
            _ => (Kind::Object, None),
        };
        // Pointers of one reference and type are pointers to one object.
        let same = (reg.ref_obj_id, format!("{kind:?} {:?}", reg.payload));
        let shared = known.objects.get(&same).copied().filter(|_| reg.ref_obj_id != 0);
        let at = shared.unwrap_or_else(|| {
            let (size, least) = object_size(program, reg)
                .map_or((size.clone(), 0), |(n, all)| (size.clone().or(all.then_some(Num::Known(n))), n));
            let at = self.region(kind, size);
            self.region_mut(at).least = least;
            at
        });
        if reg.ref_obj_id != 0 {
            known.objects.insert(same, at);
        }
        if shared.is_none() {
            self.own(reg, at, known);
        }
        if reg.has(TypeFlags::RDONLY) {
            self.region_mut(at).writable = false;
        }
        let off = self.var_off(program, reg, known, exact);
        Val::Ptr(Rc::new(Ptr { region: at, off, null }))
    }

    /// What a new region ends with, where the analysis knows it.
    fn own(&mut self, reg: &RegState, at: usize, known: &mut Instances) {
        if reg.ref_obj_id != 0 {
            let owner = Owner::Reference(self.reference_of(reg.ref_obj_id, known));
            self.owned.push((at, owner));
        } else if let Payload::Mem { dynptr_id, .. } = reg.payload
            && dynptr_id != 0
        {
            let owner = known.dynptrs.get(&dynptr_id).copied().unwrap_or(Owner::Unknown);
            self.owned.push((at, owner));
            self.region_mut(at).foreign = true;
        }
    }

    /// A number of ours for a reference of the analysis.
    fn reference_of(&mut self, id: u32, known: &mut Instances) -> u32 {
        if let Some(n) = known.references.get(&id) {
            return *n;
        }
        self.references += 1;
        known.references.insert(id, self.references);
        self.references
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
    fn var_off(&mut self, program: &Program<'_>, reg: &RegState, known: &mut Instances, exact: bool) -> Num {
        let s = &reg.scalar;
        let known_place = matches!(reg.ty.base, RegBase::PtrToStack | RegBase::PtrToCtx | RegBase::ConstPtrToMap);
        let free = !exact && !program.trusts_offsets && !known_place;
        if s.var_off.is_const() && !free {
            return Num::Known(s.var_off.value.wrapping_add(reg.off as i64 as u64));
        }
        let var = match known.offsets.get(&reg.id) {
            Some(v) if reg.id != 0 => v.clone(),
            _ => self.symbol("offset"),
        };
        known.offsets.insert(reg.id, var.clone());
        if free {
            return var;
        }
        // Ranges of offsets hold for every state that this one covers.
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
            unrolls: false,
            by_contract: false,
            unmeasured: false,
            rounds: Vec::new(),
            read_again: BTreeSet::new(),
            things: BTreeMap::new(),
            begun: BTreeMap::new(),
            owned: Vec::new(),
            clocks: BTreeMap::new(),
            references: 0,
            leaps: false,
            leapt: Vec::new(),
            elements: BTreeMap::new(),
            metas: None,
            meta_len: None,
            ctx: 0,
            fresh: 0,
            spent: BTreeMap::new(),
        };
        let size = ctx_size(program.prog_type);
        run.ctx = run.region(Kind::Ctx, size.map(|n| Num::Known(u64::from(n))));
        let stacks: Vec<usize> =
            (0..state.frames.len()).map(|n| run.region(Kind::Stack(n), Some(Num::Known(STACK)))).collect();
        let last = stacks.len().saturating_sub(1);
        run.stack = stacks.get(last).copied().unwrap_or(0);
        for (n, frame) in state.frames.iter().enumerate().take(last) {
            let back = state.frames.get(n + 1).map_or(0, |f| (f.called_from + 1).max(0) as usize);
            let _ = frame;
            run.callers.push(Caller { back, saved: std::array::from_fn(|_| Val::Undef), stack: stacks[n] });
        }
        let mut known = Instances::default();
        for (n, frame) in state.frames.iter().enumerate() {
            run.take_dynptrs(frame, stacks[n], &mut known);
            run.take_iterators(frame, stacks[n], &mut known);
        }
        for (n, frame) in state.frames.iter().enumerate() {
            run.take_frame(program, frame, n, stacks[n], n == last, exact, &mut known);
        }
        for region in &mut run.regions {
            let region = Rc::make_mut(region);
            region.foreign |= matches!(region.kind, Kind::Memory | Kind::Sample | Kind::MapValue(_));
        }
        run
    }

    /// The dynptrs on a stack, and what each ends with.
    fn take_dynptrs(&mut self, frame: &FuncState, stack: usize, known: &mut Instances) {
        for (i, slot) in frame.stack.iter().enumerate().filter(|(_, s)| s.kind[7] == SlotKind::Dynptr) {
            let Payload::Dynptr { kind, first_slot: true } = slot.spilled.payload else { continue };
            let owner = match kind {
                DynptrKind::Skb | DynptrKind::Xdp | DynptrKind::SkbMeta => Owner::Packet,
                DynptrKind::Local => Owner::Nobody,
                _ if slot.spilled.ref_obj_id != 0 => {
                    Owner::Reference(self.reference_of(slot.spilled.ref_obj_id, known))
                }
                _ => Owner::Unknown,
            };
            known.dynptrs.insert(slot.spilled.id, owner);
            self.things.insert((stack, STACK - 8 * (i as u64 + 1)), Dynptr::of(owner));
        }
    }

    /// The iterators on a stack: what they showed ends with them.
    fn take_iterators(&mut self, frame: &FuncState, stack: usize, known: &mut Instances) {
        for (i, slot) in frame.stack.iter().enumerate().filter(|(_, s)| s.kind[7] == SlotKind::Iter) {
            if slot.spilled.ref_obj_id != 0 {
                let owner = Owner::Reference(self.reference_of(slot.spilled.ref_obj_id, known));
                self.begun.insert((stack, STACK - 8 * (i as u64 + 1)), owner);
            }
        }
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
}

/// Bytes of an object of the kernel, as its type says, and whether those are all: what the program allocates is no larger.
fn object_size(program: &Program<'_>, reg: &RegState) -> Option<(u64, bool)> {
    if let Region::Socket(kind) = reg.ty.base.row().region {
        return Some((u64::from(sock_size(kind)), false));
    }
    match (reg.ty.base, reg.payload) {
        (RegBase::PtrToBtfId, Payload::Btf { btf, id }) => {
            let btf = match btf {
                BtfRef::VMLINUX => Some(&*program.system.vmlinux),
                BtfRef::PROG => program.request.btf.as_deref(),
                _ => None,
            }?;
            Some((u64::from(btf.resolve_size(id)?), reg.has(TypeFlags::ALLOC)))
        }
        _ => None,
    }
}

/// What registers of one state share.
#[derive(Default)]
pub struct Instances {
    objects: BTreeMap<(u32, String), usize>,
    references: BTreeMap<u32, u32>,
    dynptrs: BTreeMap<u32, Owner>,
    offsets: BTreeMap<u32, Num>,
    pub(super) elements: BTreeMap<(usize, u32), usize>,
    nulls: BTreeMap<u32, u32>,
}

impl Instances {
    fn null(&mut self, id: u32, fresh: &mut u32) -> u32 {
        let mut new = || {
            *fresh += 1;
            *fresh
        };
        if id == 0 { new() } else { *self.nulls.entry(id).or_insert_with(new) }
    }
}
