//! What helpers and kernel functions promise beyond the types of their results: iterators, dynptrs, clocks, numbers, and
//! what ends with what.
//!
//! A contract says what *may* happen and nothing more: whatever is not promised here is any value of its type. Objects that
//! end with something else have an [`Owner`]; when it ends they are no longer valid.

use std::rc::Rc;

use z3::ast::{BV, Bool};

use super::needs::{Kfunc, Need, Size};
use super::promises;
use super::rounds;
use super::run::{CallInput, Kind, Next, Program, Repeat, Run, Stuck};
use super::term::{Num, Ptr, Val, alu, compare};
use super::things::{Dynptr, Owner, Thing};
use super::typed::Instances;
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::kernel::helpers::{class, id};
use verifier_core::state::{RegBase, RegState};

/// Most memory of one argument that is filled byte by byte.
const MAX_FILLED: u64 = 4096;
/// Most rounds of an iterator over numbers: more of them are refused.
const MAX_NUMBERS: u64 = 1 << 23;

/// What an iterator over numbers shows.
enum Shown {
    /// This result, and what it writes for that.
    This(Val, Writes),
    /// There may be another number, or none: when there is.
    Either(Bool),
}

/// Memory that a call writes: region, offset, bytes.
type Written = (usize, Num, Vec<BV>);
/// All of it.
pub(super) type Writes = Vec<Written>;

impl Run {
    /// A call of a kernel function. `decided`: whether an iterator has more to show, where both ways are gone.
    pub(super) fn kfunc(
        &mut self,
        program: &Program<'_>,
        at: usize,
        hint: Option<&RegState>,
        decided: Option<bool>,
    ) -> Result<Next, Stuck> {
        let insn = *program.insns.get(at).ok_or("out of the program")?;
        let called = program.kfunc(insn).ok_or("a kernel function that is not known")?;
        let place = self.stack_place(1);
        let arguments = [1, 2, 3].map(|r| self.reg(r));
        let shows = matches!(called.iterator(), Some((_, "next")));
        let mut writes = if shows { Writes::new() } else { self.fill_arguments(program, &called.needs)? };
        let (mut result, mut counts) = (None, None);
        let (mut over, mut ended) = (None, None);
        match (called.name, called.iterator()) {
            (_, Some(("num", "new"))) => {
                let (v, wrote) = self.numbers_begin(place, &arguments)?;
                writes.push(wrote);
                result = Some(v);
            }
            (_, Some(("num", "next"))) => {
                // A recorded path says which way it went.
                let way = decided.or_else(|| hint.map(|r| !r.is_scalar()));
                let (shown, wrote) = match self.numbers_next(place, way)? {
                    Shown::This(shown, wrote) => (shown, wrote),
                    Shown::Either(more) => {
                        let n = program.insns.len();
                        return Ok(Next::Branch(more, rounds::iterated(n, at, true), rounds::iterated(n, at, false)));
                    }
                };
                // What lies on the stack is the iterator's own affair.
                writes = wrote;
                counts = writes.first().map(|w| w.0);
                result = Some(shown);
            }
            (_, Some((_, "next"))) => {
                writes = Writes::new();
                let next = self.iterated(program, at, hint)?;
                self.shows_bit(place, &next);
                result = Some(next);
            }
            (_, Some(("bits", "new"))) => {
                let below = self.number(&arguments[2]).and_then(|n| n.known()).map(|words| 64 * (words & 0xffff_ffff));
                place.map(|p| self.things.insert(p, Thing::Bits { below, shown: None }));
            }
            (_, Some((_, "destroy"))) => {
                // What it showed lies in the iterator, also where it was begun before the run.
                ended = place.and_then(|p| self.begun.remove(&p));
                over = match place.and_then(|p| self.things.remove(&p)) {
                    Some(Thing::Numbers { shown, .. }) => Some(shown),
                    Some(Thing::Bits { shown, .. }) => shown,
                    _ => None,
                };
            }
            ("bpf_dynptr_from_skb" | "bpf_dynptr_from_xdp" | "bpf_dynptr_from_skb_meta", _) => {
                let to = called.needs.iter().position(|n| matches!(n, Need::Memory { fills: true, .. }));
                let to = to.and_then(|n| self.stack_place(1 + n as u8));
                to.map(|p| self.things.insert(p, Dynptr::of(Owner::Packet)));
            }
            ("bpf_dynptr_clone", _) => {
                let same = self.dynptr(1);
                self.stack_place(2).map(|p| self.things.insert(p, Thing::Dynptr(same)));
            }
            _ => {}
        }
        let owner = called.name.starts_with("bpf_dynptr_slice").then(|| self.dynptr(1).owner);
        let sized = (called.name == "bpf_dynptr_size").then(|| self.dynptr(1).size).flatten();
        if called.name == "bpf_dynptr_adjust" {
            self.adjust(&arguments);
        }
        let released = self.released(&called.needs);
        let buffer = owner.and_then(|_| arguments[2].as_ptr().cloned());
        if called.void {
            result = Some(Val::Undef);
        }
        let result = match result {
            Some(v) => Some(v),
            None => self.kfunc_result(program, at, hint, &called)?,
        };
        self.finish_call(program, at, hint, writes, result)?;
        if let Some(call) = self.calls.last_mut() {
            call.counts = counts;
        }
        if let Some(shown) = over {
            self.end(shown);
        }
        if let Some(owner) = ended {
            self.end_owned(owner);
        }
        if let (Some(size), Val::Num(result)) = (sized, self.reg(0)) {
            self.assume(compare(CmpOp::Eq, false, &result, &size));
        }
        if let Some(owner) = owner {
            self.slice(owner, buffer.as_ref());
        }
        self.end_references(&released);
        Ok(Next::To(at + 1))
    }

    /// A result of several types: a pointer that may be null.
    fn kfunc_result(
        &mut self,
        program: &Program<'_>,
        at: usize,
        hint: Option<&RegState>,
        called: &Kfunc<'_>,
    ) -> Result<Option<Val>, Stuck> {
        let all = program.facts.results.get(&at);
        if hint.is_some() || all.is_some_and(|l| l.len() == 1) {
            return Ok(None);
        }
        match all {
            None if called.name == "bpf_local_irq_save" => Ok(Some(Val::Undef)),
            None => Err(format!("a result of {} whose type is not known", called.name).into()),
            Some(_) => self.iterated(program, at, hint).map(Some),
        }
    }

    /// The place on a stack that a register points to.
    pub(super) fn stack_place(&self, regno: u8) -> Option<(usize, u64)> {
        let v = self.reg(regno);
        let p = v.as_ptr()?;
        matches!(self.regions[p.region].kind, Kind::Stack(_)).then_some(())?;
        Some((p.region, p.off.known()?))
    }

    /// Fills the memory that a call writes with whatever it likes.
    pub(super) fn fill_arguments(&mut self, program: &Program<'_>, needs: &[Need]) -> Result<Writes, Stuck> {
        let mut writes = Writes::new();
        for (i, need) in needs.iter().enumerate().take(5) {
            let Need::Memory { size, write: true, .. } = *need else { continue };
            let r = 1 + i as u8;
            let Val::Ptr(p) = self.reg(r) else { continue };
            match (self.bytes_of(program, size, r).and_then(|n| n.known()), p.off.known()) {
                (Some(size), Some(_)) if size <= MAX_FILLED => {
                    if p.null.is_some() {
                        // Nothing is written through null.
                        self.forget(&Val::Ptr(p));
                        continue;
                    }
                    writes.push(self.fill(p.region, &p.off, size));
                }
                _ => self.forget(&Val::Ptr(p)),
            }
        }
        Ok(writes)
    }

    /// Fills memory with whatever comes.
    fn fill(&mut self, region: usize, off: &Num, size: u64) -> (usize, Num, Vec<BV>) {
        let name = self.name("filled");
        let mut bytes = Vec::new();
        for b in 0..size {
            let byte = BV::new_const(format!("{name}+{b}"), 8);
            let v = Val::Num(Num::Term(byte.zero_ext(56)));
            self.store(region, &off.plus(b as i64), 1, &v);
            bytes.push(byte);
        }
        (region, off.clone(), bytes)
    }

    /// Bytes that an argument stands for.
    pub(super) fn bytes_of(&self, program: &Program<'_>, size: Size, regno: u8) -> Option<Num> {
        let map = || self.map_of(1).and_then(|m| program.map(m));
        match size {
            Size::Bytes(n) => Some(Num::Known(n)),
            Size::Next => self.number(&self.reg(regno + 1)),
            Size::Key => map().map(|m| Num::Known(u64::from(m.key_size))),
            Size::Value => map().map(|m| Num::Known(u64::from(m.value_size))),
        }
    }

    /// `bpf_iter_num_new()`: from the second argument to below the third, both signed numbers of 32 bits.
    fn numbers_begin(&mut self, place: Option<(usize, u64)>, args: &[Val; 3]) -> Result<(Val, Written), Stuck> {
        let number = |v: &Val| self.number(v).map(|n| n.sign_extended(4));
        let (Some(start), Some(end)) = (number(&args[1]), number(&args[2])) else {
            return Err("bounds of an iterator that are not known".into());
        };
        let many = alu(AluOp::Sub, true, &end, &start);
        let refused = Bool::or(&[
            compare(CmpOp::SGt, true, &start, &end),
            compare(CmpOp::Gt, true, &many, &Num::Known(MAX_NUMBERS)),
        ]);
        let refused = z3::ast::Ast::simplify(&refused);
        let pick = |yes: Num, no: Num| match refused.as_bool() {
            Some(true) => yes,
            Some(false) => no,
            None => Num::of(refused.ite(&yes.term(), &no.term())),
        };
        // One that was refused shows nothing.
        let before = pick(Num::Known(0), start.plus(-1)).truncated(4);
        let end = pick(Num::Known(0), end);
        let place = place.ok_or("an iterator at a place that is not known")?;
        let shown = self.region(Kind::Memory, Some(Num::Known(4)));
        // Programs may only read it.
        self.region_mut(shown).writable = false;
        self.store(shown, &Num::Known(0), 4, &Val::Num(before.clone()));
        let wrote = Run::show(shown, &before);
        self.things.insert(place, Thing::Numbers { shown, end, last: None });
        let einval = i64::from(-22i32) as u64 & 0xffff_ffff;
        let result = match pick(Num::Known(einval), Num::Known(0)) {
            known @ Num::Known(0) => known,
            _ => {
                // Which of two errors it is does not matter.
                let error = self.symbol("error").truncated(4);
                self.assume(Bool::or(&[refused.clone(), compare(CmpOp::Eq, true, &error, &Num::Known(0))]));
                self.assume(Bool::or(&[refused.not(), compare(CmpOp::SLt, false, &error, &Num::Known(0))]));
                error
            }
        };
        Ok((Val::Num(result), wrote))
    }

    /// `bpf_iter_num_next()`: the next number while there is one, and null from then on.
    fn numbers_next(&mut self, place: Option<(usize, u64)>, decided: Option<bool>) -> Result<Shown, Stuck> {
        let place = place.ok_or("an iterator at a place that is not known")?;
        let (shown, end, before) = match self.things.get(&place) {
            Some(Thing::Numbers { shown, end, last }) => (*shown, end.clone(), *last),
            // One that was begun before the run: anything of 32 bits.
            _ => {
                let end = self.symbol("end").sign_extended(4);
                let shown = self.region(Kind::Memory, Some(Num::Known(4)));
                self.region_mut(shown).writable = false;
                (shown, end, None)
            }
        };
        let last = self.load(shown, &Num::Known(0), 4);
        let last = self.number(&last).ok_or("an iterator without a number")?;
        let last = self.leap(&last, &end, before);
        let next = alu(AluOp::Add, false, &last, &Num::Known(1));
        let more = compare(CmpOp::SLt, true, &next.sign_extended(4), &end);
        let shows = match (more.as_bool(), decided) {
            (Some(way), _) => way,
            (None, Some(way)) => {
                self.assume(if way { more } else { more.not() });
                way
            }
            // Both ways are gone, each on its own.
            (None, None) => {
                self.things.insert(place, Thing::Numbers { shown, end, last: before });
                return Ok(Shown::Either(more));
            }
        };
        let (number, end) = if shows { (next, end) } else { (Num::Known(0), Num::Known(0)) };
        self.store(shown, &Num::Known(0), 4, &Val::Num(number.clone()));
        let wrote = Run::show(shown, &number);
        let called = Some((self.at, self.calls.len()));
        self.things.insert(place, Thing::Numbers { shown, end, last: called });
        let result = if shows { Val::ptr(shown, Num::Known(0)) } else { Val::known(0) };
        Ok(Shown::This(result, vec![wrote]))
    }

    /// Where a run may leap: the round that was is taken to be repeated until only few are left. That is a guess about
    /// what the other rounds do; a replay makes them all.
    fn leap(&mut self, last: &Num, end: &Num, before: Option<(usize, usize)>) -> Num {
        /// Rounds that are made one by one at the end.
        const LEFT: i64 = 4;
        let (Some(a), Some(b), Some((at, first))) = (last.known(), end.known(), before) else { return last.clone() };
        let left = b as i64 - i64::from(a as u32 as i32);
        if !self.leaps || at != self.at || left < 4 * LEFT {
            return last.clone();
        }
        let times = (left - LEFT) as u64;
        self.leapt.push(Repeat { first, last: self.calls.len(), times });
        Num::Known(a.wrapping_add(times)).truncated(4)
    }

    /// What an iterator writes to show a number, for replays.
    fn show(region: usize, number: &Num) -> Written {
        let low = number.term();
        let bytes = (0..4).map(|b| low.extract(8 * b + 7, 8 * b)).collect();
        (region, Num::Known(0), bytes)
    }

    /// The next element of any other iterator: it may end whenever it likes.
    fn iterated(&mut self, program: &Program<'_>, at: usize, hint: Option<&RegState>) -> Result<Val, Stuck> {
        let all = program.facts.results.get(&at).map_or(&[][..], Vec::as_slice);
        let mut pointers = all.iter().filter(|r| !matches!(r.ty.base, RegBase::Scalar | RegBase::NotInit));
        let reg = match (hint, pointers.next(), pointers.next()) {
            (Some(h), _, _) => *h,
            (None, Some(only), None) => *only,
            (None, None, _) if all.len() == 1 => all[0],
            _ => return Err("a result of several types".into()),
        };
        let v = self.of_type(program, &reg, true, &mut Instances::default());
        let Val::Ptr(p) = v else { return Ok(v) };
        if hint.is_some() && !reg.ty.may_be_null() {
            return Ok(Val::Ptr(p));
        }
        let null = p.null.clone().unwrap_or_else(|| Bool::new_const(self.name("over")));
        Ok(Val::Ptr(Rc::new(Ptr { null: Some(null), ..(*p).clone() })))
    }

    /// An iterator over bits shows one that there is, in memory of its own.
    fn shows_bit(&mut self, place: Option<(usize, u64)>, next: &Val) {
        let Some(Thing::Bits { below, shown }) = place.and_then(|p| self.things.get_mut(&p)) else { return };
        let (Some(p), below) = (next.as_ptr(), *below) else { return };
        *shown = Some(p.region);
        let loaded = self.load(p.region, &Num::Known(0), 4);
        if let (Some(bit), Some(below)) = (self.number(&loaded), below) {
            self.assume(compare(CmpOp::Lt, true, &bit, &Num::Known(below)));
        }
    }

    /// The dynptr that a register names.
    pub(super) fn dynptr(&self, regno: u8) -> Dynptr {
        match self.stack_place(regno).and_then(|p| self.things.get(&p)) {
            Some(Thing::Dynptr(dynptr)) => dynptr.clone(),
            _ => Dynptr { owner: Owner::Unknown, size: None },
        }
    }

    /// `bpf_dynptr_adjust()`: from the second argument to below the third; what does not lie in it changes nothing.
    fn adjust(&mut self, arguments: &[Val; 3]) {
        let known = |v: &Val| self.number(v).and_then(|n| n.known()).map(|n| n & 0xffff_ffff);
        let (start, end) = (known(&arguments[1]), known(&arguments[2]));
        let size = self.dynptr(1).size.and_then(|n| n.known());
        let Some(Thing::Dynptr(dynptr)) = self.stack_place(1).and_then(|p| self.things.get_mut(&p)) else { return };
        dynptr.size = match (start, end, size) {
            (Some(start), Some(end), Some(size)) if start <= end && end <= size => Some(Num::Known(end - start)),
            (Some(_), Some(_), Some(size)) => Some(Num::Known(size)),
            _ => None,
        };
    }

    /// The result of the last call is a part of a dynptr's memory, or the buffer that it was given.
    pub(super) fn slice(&mut self, owner: Owner, buffer: Option<&Ptr>) {
        let Val::Ptr(p) = self.reg(0) else { return };
        self.owned.push((p.region, owner));
        self.region_mut(p.region).foreign = true;
        // Other slices of it, the packet itself and the buffer are the same memory.
        let same: Vec<usize> = [self.packet, buffer.map(|b| b.region)].into_iter().flatten().collect();
        for region in same {
            self.region_mut(region).foreign = true;
        }
    }

    /// Regions and references that a call gives back.
    pub(super) fn released(&self, needs: &[Need]) -> Vec<usize> {
        let of = |(i, need): (usize, &Need)| {
            let v = self.reg(1 + i as u8);
            v.as_ptr().filter(|_| need.releases()).map(|p| p.region)
        };
        needs.iter().enumerate().take(5).filter_map(of).collect()
    }

    /// The last call gave these regions back: they end, and all that ends with them.
    pub(super) fn end_references(&mut self, released: &[usize]) {
        for region in released {
            let owners: Vec<Owner> = self.owned.iter().filter(|(r, _)| r == region).map(|(_, o)| *o).collect();
            self.end(*region);
            for owner in owners {
                self.end_owned(owner);
            }
        }
    }

    /// Everything that ends with something does.
    pub(super) fn end_owned(&mut self, owner: Owner) {
        let ends = |o: Owner| o == owner || o == Owner::Unknown;
        if owner == Owner::Nobody {
            return;
        }
        let gone: Vec<usize> = self.owned.iter().filter(|(_, o)| ends(*o)).map(|(r, _)| *r).collect();
        gone.into_iter().for_each(|r| self.end(r));
    }

    /// A region is no longer valid behind the last call.
    pub(super) fn end(&mut self, region: usize) {
        if self.regions[region].dead {
            return;
        }
        self.region_mut(region).dead = true;
        if let Some(call) = self.calls.last_mut() {
            call.ends.push(region);
        }
    }

    /// What a helper does to dynptrs: before the call's registers are gone.
    pub(super) fn dynptr_helper(&mut self, func: u32) -> Option<Owner> {
        match func {
            id::DYNPTR_FROM_MEM => {
                let (v, size) = (self.reg(1), self.number(&self.reg(2)));
                let made = promises::memory_is_taken(size.as_ref(), self.number(&self.reg(3)).as_ref());
                let dynptr = Dynptr { owner: Owner::Nobody, size: size.filter(|_| made) };
                self.stack_place(4).map(|p| self.things.insert(p, Thing::Dynptr(dynptr)));
                if let Some(p) = v.as_ptr() {
                    self.region_mut(p.region).foreign = true;
                }
                None
            }
            id::RINGBUF_RESERVE_DYNPTR => {
                self.references += 1;
                let owner = Owner::Reference(self.references);
                // Whether there is room for it nobody knows, so that there may be no memory behind it.
                self.stack_place(4).map(|p| self.things.insert(p, Dynptr::of(owner)));
                None
            }
            id::RINGBUF_SUBMIT_DYNPTR | id::RINGBUF_DISCARD_DYNPTR => Some(self.dynptr(1).owner),
            _ => None,
        }
    }

    /// The reference that a result shares with the first argument.
    pub(super) fn cast_owner(&mut self, func: u32) -> Option<Owner> {
        if !class::is_ptr_cast(func) {
            return None;
        }
        let v = self.reg(1);
        let region = v.as_ptr()?.region;
        if let Some((_, owner)) = self.owned.iter().find(|(r, _)| *r == region) {
            return Some(*owner);
        }
        self.references += 1;
        let owner = Owner::Reference(self.references);
        self.owned.push((region, owner));
        Some(owner)
    }

    /// What an instruction other than a call gave: kept for replays.
    pub(super) fn gave(&mut self, insn: usize, result: Val) {
        self.calls.push(CallInput::of(insn, result));
    }
}
