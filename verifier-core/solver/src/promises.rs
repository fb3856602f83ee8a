//! What helpers promise of numbers: of what they return, and of the bytes that they write.
//!
//! Only what holds on every kernel that has the helper, or what the kernel's own data say ([`class`]). A promise is a
//! condition on what the call gave; it is added behind the call.

use z3::ast::{Ast, Bool};

use super::run::{Program, Run};
use super::term::{Num, Val, alu, compare};
use super::things::Dynptr;
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::kernel::helpers::{class, id};

/// Most rounds of `bpf_loop()`: more of them are refused.
pub(super) const MAX_LOOPS: u64 = 1 << 23;
/// What it returns then: `-E2BIG`.
pub(super) const TOO_MANY: u64 = -7i64 as u64;
/// Largest memory that a dynptr takes.
const MAX_DYNPTR: u64 = (1 << 24) - 1;

/// What `bpf_loop()` returns behind so many rounds, when it was asked for `n`.
pub(super) fn rounds_made(n: &Num, done: u64) -> Num {
    let refused = compare(CmpOp::Gt, true, n, &Num::Known(MAX_LOOPS)).simplify();
    match refused.as_bool() {
        Some(true) => Num::Known(TOO_MANY),
        Some(false) => Num::Known(done),
        None => Num::of(refused.ite(&Num::Known(TOO_MANY).term(), &Num::Known(done).term())),
    }
}

/// Whether `bpf_dynptr_from_mem()` makes a dynptr for sure.
pub(super) fn memory_is_taken(size: Option<&Num>, flags: Option<&Num>) -> bool {
    let fits = size.and_then(Num::known).is_some_and(|n| n & 0xffff_ffff <= MAX_DYNPTR && n >> 32 == 0);
    fits && flags.and_then(Num::known) == Some(0)
}

/// Either of two.
fn either(a: Bool, b: Bool) -> Bool {
    Bool::or(&[a, b])
}

impl Run {
    /// What a helper promises behind its call. `given`: R1 to R4 of it.
    pub(super) fn promise(&mut self, program: &Program<'_>, func: u32, given: &[Val; 4]) {
        let Val::Num(result) = self.reg(0) else { return };
        let zero = Num::Known(0);
        match func {
            // Clocks that are never set back.
            id::KTIME_GET_NS | id::KTIME_GET_BOOT_NS | id::KTIME_GET_COARSE_NS | id::JIFFIES64 => {
                if let Some(last) = self.clocks.insert(func, result.clone()) {
                    self.assume(compare(CmpOp::Le, true, &last, &result));
                }
            }
            id::GET_PRANDOM_U32 | id::GET_SMP_PROCESSOR_ID => {
                self.assume(compare(CmpOp::Le, true, &result, &Num::Known(u64::from(u32::MAX))));
            }
            // A name always ends.
            id::GET_CURRENT_COMM => {
                let bytes = self.written();
                if let Some(last) = bytes.last() {
                    self.assume(compare(CmpOp::Eq, true, last, &zero));
                }
            }
            _ if class::clears_what_it_cannot_read(func) => {
                self.assume(compare(CmpOp::SLe, true, &result, &zero));
                self.cleared_unless(&compare(CmpOp::Eq, true, &result, &zero));
            }
            _ if class::clears_a_number(func, program.system.kernel.version) => {
                self.cleared_unless(&compare(CmpOp::SGe, true, &result, &zero));
                // It returns how many characters the number has.
                if let Some(len) = self.number(&given[1]) {
                    self.assume(compare(CmpOp::SLe, true, &result, &len));
                }
            }
            id::DYNPTR_FROM_MEM => {
                let (size, flags) = (self.number(&given[1]), self.number(&given[2]));
                if memory_is_taken(size.as_ref(), flags.as_ref()) {
                    self.assume(compare(CmpOp::Eq, true, &result, &zero));
                }
            }
            _ => {}
        }
    }

    /// `bpf_dynptr_data()`: null for what does not lie in it, and only then.
    pub(super) fn promise_data(&mut self, dynptr: &Dynptr, given: &[Val; 4]) {
        let Val::Ptr(data) = self.reg(0) else { return };
        let (Some(null), Some(size)) = (&data.null, &dynptr.size) else { return };
        let (Some(off), Some(len)) = (self.number(&given[1]), self.number(&given[2])) else { return };
        let (Some(off), Some(len)) = (off.known(), len.known()) else { return };
        let outside = compare(CmpOp::Gt, true, &Num::Known(off.saturating_add(len)), size);
        self.assume(null.iff(&outside));
    }

    /// What helpers that call functions of the program promise, where those are not followed.
    pub(super) fn promise_rounds(&mut self, program: &Program<'_>, at: usize, given: &[Val; 4]) {
        let Val::Num(result) = self.reg(0) else { return };
        let refused = compare(CmpOp::SLt, true, &result, &Num::Known(0));
        match program.insns.get(at).map(|i| i.imm as u32) {
            Some(id::LOOP) => {
                let Some(n) = self.number(&given[0]).map(|n| n.truncated(4)) else { return };
                let many = compare(CmpOp::Gt, true, &n, &Num::Known(MAX_LOOPS));
                self.assume(either(compare(CmpOp::Le, true, &result, &n), refused.clone()));
                self.assume(either(many.not(), refused.clone()));
                if self.number(&given[3]).and_then(|flags| flags.known()) == Some(0) {
                    self.assume(either(many, refused.not()));
                }
            }
            Some(id::FOR_EACH_MAP_ELEM) => {
                let map = given[0].as_ptr().and_then(|p| self.map_in(p.region));
                let Some((map, spec)) = map.and_then(|m| Some((m, program.map(m)?))) else { return };
                let most = Num::Known(u64::from(spec.max_entries));
                self.assume(either(compare(CmpOp::Le, true, &result, &most), refused.clone()));
                if self.number(&given[3]).and_then(|flags| flags.known()) == Some(0) {
                    self.assume(refused.not());
                }
                if !program.is_percpu_or_array(map) {
                    // An element that others take out and put in again is counted twice.
                    self.read_again.insert(map);
                }
            }
            _ => {}
        }
    }

    /// The bytes that the last call wrote, where it wrote one piece.
    fn written(&self) -> Vec<Num> {
        let writes = self.calls.last().map_or(&[][..], |c| c.writes.as_slice());
        let [(_, _, bytes)] = writes else { return Vec::new() };
        bytes.iter().map(|b| Num::of(b.zero_ext(56))).collect()
    }

    /// What the last call wrote is zero unless something holds.
    fn cleared_unless(&mut self, holds: &Bool) {
        let all = self.written().into_iter().reduce(|a, b| alu(AluOp::Or, true, &a, &b));
        if let Some(any) = all {
            self.assume(either(holds.clone(), compare(CmpOp::Eq, true, &any, &Num::Known(0))));
        }
    }
}
