//! Helpers that call a function of the program for each number or each element: followed call by call.
//!
//! Between the program's instructions stand steps that are the helper's own. They have numbers behind the program's:
//!
//! ```text
//! call ──> more? ──> ENTER ──> the function ... exit ──> RETURN ──> more? ──> ENTER ...
//!              └──> LEAVE ──> behind the call                          └──> LEAVE
//! ```

use z3::ast::Bool;

use super::promises;
use super::run::{Caller, Kind, Next, Program, Rounds, Run, STACK, Stuck};
use super::term::{Num, Val, compare};
use verifier_core::isa::opcode::MOST_CALL_FRAMES;
use verifier_core::isa::semantics::CmpOp;
use verifier_core::kernel::helpers::id;

/// Steps of a helper: so many times the program's length stands before the call that they belong to.
const ENTER: usize = 1;
const LEAVE: usize = 2;
const RETURN: usize = 3;
/// Steps of a load of packet bytes by `ld_abs` and `ld_ind`: the packet is too short, or it is not.
const TOO_SHORT: usize = 4;
const LOADED: usize = 5;
/// Steps of an iterator over numbers: it shows another, or it is over.
const SHOWN: usize = 6;
const OVER: usize = 7;

/// The instruction that a step belongs to.
pub(super) fn insn_of(insns: usize, step: usize) -> usize {
    step % insns.max(1)
}

/// The step behind a load of packet bytes.
pub(super) fn packet_load(insns: usize, at: usize, fails: bool) -> usize {
    at + insns * if fails { TOO_SHORT } else { LOADED }
}

/// The step of an iterator that has more to show, or not.
pub(super) fn iterated(insns: usize, at: usize, more: bool) -> usize {
    at + insns * if more { SHOWN } else { OVER }
}

impl Run {
    /// The call.
    pub(super) fn begin_rounds(&mut self, program: &Program<'_>, at: usize) -> Result<Next, Stuck> {
        let function = match self.reg(2).as_ptr().map(|p| self.regions[p.region].kind.clone()) {
            Some(Kind::Function(n)) => n,
            _ => return Err("a callback that is not known".into()),
        };
        let entry = program.function(function as usize).map(|f| f.start).ok_or("a callback that is not known")?;
        let args = [1, 2, 3, 4].map(|r| self.reg(r));
        self.rounds.push(Rounds { entry, done: 0, args });
        self.more(program, at, Bool::from_bool(true))
    }

    /// Whether there is another call, provided that something holds.
    fn more(&mut self, program: &Program<'_>, at: usize, provided: Bool) -> Result<Next, Stuck> {
        let rounds = self.rounds.last().ok_or("no helper calls")?.clone();
        let done = Num::Known(rounds.done);
        let another = match program.insns.get(at).map(|i| i.imm as u32) {
            Some(id::LOOP) => {
                let n = self.number(&rounds.args[0]).ok_or("a number that is not known")?.truncated(4);
                Bool::and(&[
                    compare(CmpOp::Lt, true, &done, &n),
                    compare(CmpOp::Le, true, &n, &Num::Known(promises::MAX_LOOPS)),
                ])
            }
            _ => {
                let map = self.map_of_value(&rounds.args[0]).ok_or("a map that is not known")?;
                let most = program.map(map).map_or(0, |m| u64::from(m.max_entries));
                if rounds.done >= most || program.is_percpu_or_array(map) {
                    Bool::from_bool(rounds.done < most)
                } else {
                    Bool::new_const(self.name("another-element"))
                }
            }
        };
        let n = program.insns.len();
        let when = Bool::and(&[provided, another]);
        Ok(Next::Branch(z3::ast::Ast::simplify(&when), at + ENTER * n, at + LEAVE * n))
    }

    fn map_of_value(&self, v: &Val) -> Option<usize> {
        self.map_in(v.as_ptr()?.region)
    }

    /// A step of a helper.
    pub(super) fn round(&mut self, program: &Program<'_>, step: usize) -> Result<Next, Stuck> {
        let n = program.insns.len().max(1);
        let at = step % n;
        self.at = at;
        match step / n {
            which @ (SHOWN | OVER) => return self.kfunc(program, at, None, Some(which == SHOWN)),
            TOO_SHORT => {
                self.gave(at, Val::Undef);
                self.set(0, Val::known(0));
                return Ok(self.leave());
            }
            LOADED => {
                let size = program.insns.get(at).map_or(8, |i| i.access_size());
                for r in 0..=5 {
                    self.set(r, Val::Undef);
                }
                let v = Val::Num(self.symbol("packet-load").truncated(size));
                self.gave(at, v.clone());
                self.set(0, v);
                return Ok(Next::To(at + 1));
            }
            _ => {}
        }
        let looped = program.insns.get(at).is_some_and(|i| i.imm as u32 == id::LOOP);
        let rounds = self.rounds.last().ok_or("out of the program")?.clone();
        match step / n {
            ENTER => {
                if self.callers.len() + 1 >= MOST_CALL_FRAMES {
                    return Err("calls too deep".into());
                }
                let saved = std::array::from_fn(|i| std::mem::replace(&mut self.regs[6 + i], Val::Undef));
                self.callers.push(Caller { back: at + RETURN * n, saved, stack: self.stack });
                self.stack = self.region(Kind::Stack(self.callers.len()), Some(Num::Known(STACK)));
                let given = if looped {
                    [Val::known(rounds.done), rounds.args[2].clone(), Val::Undef, Val::Undef]
                } else {
                    let (key, value) = self.next_element(program, at, &rounds)?;
                    [rounds.args[0].clone(), key, value, rounds.args[2].clone()]
                };
                self.regs[0] = Val::Undef;
                self.regs[5] = Val::Undef;
                for (r, v) in given.into_iter().enumerate() {
                    self.regs[r + 1] = v;
                }
                Ok(Next::To(rounds.entry))
            }
            RETURN => {
                let result = self.reg(0);
                let r0 = self.number(&result).ok_or_else(|| super::run::unwritten(0))?;
                if let Some(r) = self.rounds.last_mut() {
                    r.done += 1;
                }
                self.more(program, at, compare(CmpOp::Eq, true, &r0, &Num::Known(0)))
            }
            _ => {
                self.rounds.pop();
                let result = match looped.then(|| self.number(&rounds.args[0])).flatten() {
                    Some(n) => Val::Num(promises::rounds_made(&n.truncated(4), rounds.done)),
                    None => Val::known(rounds.done),
                };
                if !looped {
                    self.gave(at, result.clone());
                }
                for r in 1..=5 {
                    self.set(r, Val::Undef);
                }
                self.set(0, result);
                Ok(Next::To(at + 1))
            }
        }
    }

    /// Key and value of an element of the map.
    fn next_element(&mut self, program: &Program<'_>, at: usize, rounds: &Rounds) -> Result<(Val, Val), Stuck> {
        let map = self.map_of_value(&rounds.args[0]).ok_or("a map that is not known")?;
        let size = program.map(map).map(|m| Num::Known(u64::from(m.key_size)));
        let key = self.region(Kind::Memory, size);
        let array = program.is_percpu_or_array(map);
        if array {
            self.store(key, &Num::Known(0), 4, &Val::known(rounds.done));
        }
        self.region_mut(key).writable = false;
        let element = self.element(program, map, array.then_some(rounds.done));
        let (key, value) = (Val::ptr(key, Num::Known(0)), Val::ptr(element, Num::Known(0)));
        self.gave(at, value.clone());
        self.gave(at, key.clone());
        Ok((key, value))
    }
}
