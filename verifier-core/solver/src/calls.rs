//! What calls do to a symbolic run: local functions are entered, all others are taken by their contracts.

use std::rc::Rc;

use z3::ast::{BV, Bool};

use super::needs::{self, Need, Wants};
use super::run::{CallInput, Caller, Kind, Next, Program, Run, STACK, Stuck, single};
use super::term::{Num, Ptr, Val, compare};
use super::things::Owner;
use super::typed::Instances;
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::CmpOp;
use verifier_core::kernel::MapType;
use verifier_core::kernel::call::{ArgBase, RetBase};
use verifier_core::kernel::helpers::{class, id};
use verifier_core::state::RegState;

impl Run {
    pub(super) fn call(
        &mut self,
        program: &Program<'_>,
        at: usize,
        insn: Insn,
        hint: Option<&RegState>,
    ) -> Result<Next, Stuck> {
        match insn.src {
            PSEUDO_CALL if self.unrolls || single(program.facts.results.get(&at)).is_none() => {
                let target =
                    usize::try_from(at as i64 + 1 + i64::from(insn.imm)).map_err(|_| "call out of the program")?;
                if self.callers.len() + 1 >= MOST_CALL_FRAMES {
                    return Err("calls too deep".into());
                }
                let saved = std::array::from_fn(|i| std::mem::replace(&mut self.regs[6 + i], Val::Undef));
                self.callers.push(Caller { back: at + 1, saved, stack: self.stack });
                self.regs[0] = Val::Undef;
                self.stack = self.region(Kind::Stack(self.callers.len()), Some(Num::Known(STACK)));
                Ok(Next::To(target))
            }
            PSEUDO_CALL => {
                // A global function is taken by its contract, as the analysis takes it: it may return anything.
                self.by_contract = true;
                for r in 1..=5 {
                    let v = self.reg(r);
                    self.forget(&v);
                }
                self.finish_call(program, at, hint, Vec::new(), None)?;
                self.move_packet();
                Ok(Next::To(at + 1))
            }
            PSEUDO_KFUNC_CALL => self.kfunc(program, at, hint, None),
            _ => self.helper(program, at, insn, hint),
        }
    }

    pub(super) fn helper(
        &mut self,
        program: &Program<'_>,
        at: usize,
        insn: Insn,
        hint: Option<&RegState>,
    ) -> Result<Next, Stuck> {
        let func = insn.imm as u32;
        let proto = program.proto(func).ok_or("a helper whose prototype is not known")?;
        if proto.args.iter().any(|a| a.base == ArgBase::PtrToFunc) {
            if self.unrolls && matches!(func, id::LOOP | id::FOR_EACH_MAP_ELEM) {
                return self.begin_rounds(program, at);
            }
            return self.callbacks(program, at, hint);
        }
        let mut needs = needs::of_helper(proto);
        if func == id::DYNPTR_FROM_MEM {
            // The memory behind a dynptr stays what it is.
            needs[0] = Need::Object { wants: Wants::Field, null: false, released: false };
        }
        let given = [1, 2, 3, 4].map(|r| self.reg(r));
        let writes = self.fill_arguments(program, &needs)?;
        let lookup = matches!(func, id::MAP_LOOKUP_ELEM | id::MAP_LOOKUP_PERCPU_ELEM)
            .then(|| self.lookup(program, func, at, hint))
            .flatten();
        if matches!(func, id::MAP_UPDATE_ELEM | id::MAP_DELETE_ELEM)
            && let Some(map) = self.map_of(1)
        {
            self.forget_map(map, None);
        }
        let released = self.released(&needs);
        let slice = class::is_dynptr_ref(func).then(|| self.dynptr(1));
        let cast = self.cast_owner(func);
        let ended = self.dynptr_helper(func);
        self.finish_call(program, at, hint, writes, lookup)?;
        self.promise(program, func, &given);
        if let Some(dynptr) = slice {
            self.promise_data(&dynptr, &given);
            self.slice(dynptr.owner, None);
        }
        if let (Some(owner), Val::Ptr(p)) = (cast, self.reg(0)) {
            self.owned.push((p.region, owner));
        }
        self.end_references(&released);
        if let Some(owner) = ended {
            self.end_owned(owner);
        }
        if class::moves_packet_data(func) {
            self.move_packet();
        }
        Ok(Next::To(at + 1))
    }

    /// A helper that calls functions of the program, any number of times: they may write whatever they can reach.
    pub(super) fn callbacks(
        &mut self,
        program: &Program<'_>,
        at: usize,
        hint: Option<&RegState>,
    ) -> Result<Next, Stuck> {
        let function = (1..=5).find_map(|r| match self.regions[self.reg(r).as_ptr()?.region].kind {
            Kind::Function(n) => Some(n),
            _ => None,
        });
        let range = function.and_then(|n| program.function(n as usize)).unwrap_or(0..program.insns.len());
        let body = program.insns.get(range).unwrap_or_default();
        // What it calls is not looked into.
        let moves = |i: &Insn| i.is_pseudo_call() || i.is_helper_call() && class::moves_packet_data(i.imm as u32);
        if body.iter().any(moves) {
            return Err("callbacks that may move the packet".into());
        }
        let given = [1, 2, 3, 4].map(|r| self.reg(r));
        for r in 1..=5 {
            let v = self.reg(r);
            if v.as_ptr().is_some_and(|p| !matches!(self.regions[p.region].kind, Kind::Ctx | Kind::Function(_))) {
                self.forget(&v);
            }
        }
        for i in 0..self.regions.len() {
            if matches!(self.regions[i].kind, Kind::MapValue(_) | Kind::Memory | Kind::Packet) {
                let name = self.name("callback");
                self.region_mut(i).memory.forget(&name);
            }
        }
        self.finish_call(program, at, hint, Vec::new(), None)?;
        self.promise_rounds(program, at, &given);
        Ok(Next::To(at + 1))
    }

    /// The map that a register names.
    pub fn map_of(&self, regno: u8) -> Option<usize> {
        self.map_in(self.reg(regno).as_ptr()?.region)
    }

    /// The map that a region is.
    pub(super) fn map_in(&self, region: usize) -> Option<usize> {
        match self.regions[region].kind {
            Kind::MapObject(m) => Some(m),
            _ => None,
        }
    }

    pub(super) fn lookup(
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
            return Some(Val::Ptr(Rc::new(Ptr { region, off: Num::Known(0), null })));
        }
        let ty = program.map(map).and_then(|m| MapType::from_number(m.map_type));
        if matches!(ty, Some(MapType::Sockmap | MapType::Sockhash | MapType::Xskmap)) {
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
        let never_null =
            hint.copied().or_else(|| single(program.facts.results.get(&at))).is_some_and(|r| !r.ty.may_be_null());
        let null = match &key {
            _ if never_null => None,
            // An array has every element below its size.
            Some(key) if array && !percpu_other => {
                let outside = compare(CmpOp::Ge, true, key, &Num::Known(u64::from(entries)));
                Some(outside)
            }
            _ => Some(Bool::new_const(self.name("null"))),
        };
        Some(Val::Ptr(Rc::new(Ptr { region, off: Num::Known(0), null })))
    }

    pub(super) fn finish_call(
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
                let all = program.facts.results.get(&at);
                let proto =
                    program.insns.get(at).filter(|i| i.is_helper_call()).and_then(|i| program.proto(i.imm as u32));
                let returns = proto.map(|p| p.ret.base);
                match hint.copied().or_else(|| single(all)) {
                    Some(reg) => self.of_type(program, &reg, true, &mut Instances::default()),
                    None if returns == Some(RetBase::Void) => Val::Undef,
                    None if all.is_none() && returns == Some(RetBase::Integer) => Val::Num(self.symbol("result")),
                    None => return Err("a result whose type is not known".into()),
                }
            }
        };
        for r in 1..=5 {
            self.set(r, Val::Undef);
        }
        self.calls.push(CallInput { writes, ..CallInput::of(at, result.clone()) });
        self.set(0, result);
        Ok(())
    }

    /// The packet may have moved: pointers into it are not valid any more.
    pub(super) fn move_packet(&mut self) {
        for old in [self.packet.take(), self.metas.take()].into_iter().flatten() {
            self.end(old);
        }
        self.end_owned(Owner::Packet);
        // Fields of the context speak of the packet.
        let name = self.name("ctx");
        let ctx = self.ctx;
        self.region_mut(ctx).memory.forget(&name);
    }
}
