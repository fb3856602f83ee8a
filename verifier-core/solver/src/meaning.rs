//! What it means that an access goes wrong: one definition, over numbers that are known and over numbers that are terms.
//!
//! The symbolic run asks *when* a rule is broken and gets conditions; the replay asks *whether* and gets truths. Both
//! ask here, so that they cannot come to mean different things.

use z3::ast::{Ast, Bool};

use super::danger::{Rule, Rules};
use super::term::{Num, alu, compare};
use verifier_core::isa::semantics::{AluOp, CmpOp};

/// Numbers and truths.
pub trait Logic {
    /// 64-bit numbers.
    type Num: Clone;
    /// What is true or not, or when.
    type Truth: Clone;

    /// A number that is known.
    fn number(n: u64) -> Self::Num;
    /// Sum, modulo 2^64.
    fn add(a: &Self::Num, b: &Self::Num) -> Self::Num;
    /// Difference, modulo 2^64.
    fn sub(a: &Self::Num, b: &Self::Num) -> Self::Num;
    /// At most, unsigned.
    fn at_most(a: &Self::Num, b: &Self::Num) -> Self::Truth;
    /// Something that is known.
    fn truth(known: bool) -> Self::Truth;
    /// Both.
    fn both(a: &Self::Truth, b: &Self::Truth) -> Self::Truth;
    /// At least one.
    fn either(a: &Self::Truth, b: &Self::Truth) -> Self::Truth;
    /// The opposite.
    fn not(a: &Self::Truth) -> Self::Truth;
    /// Whether it is known to be false.
    fn never(a: &Self::Truth) -> bool;
}

/// Over machine words.
pub enum Concrete {}

impl Logic for Concrete {
    type Num = u64;
    type Truth = bool;

    fn number(n: u64) -> u64 {
        n
    }
    fn add(a: &u64, b: &u64) -> u64 {
        a.wrapping_add(*b)
    }
    fn sub(a: &u64, b: &u64) -> u64 {
        a.wrapping_sub(*b)
    }
    fn at_most(a: &u64, b: &u64) -> bool {
        a <= b
    }
    fn truth(known: bool) -> bool {
        known
    }
    fn both(a: &bool, b: &bool) -> bool {
        *a && *b
    }
    fn either(a: &bool, b: &bool) -> bool {
        *a || *b
    }
    fn not(a: &bool) -> bool {
        !a
    }
    fn never(a: &bool) -> bool {
        !a
    }
}

/// Over terms.
pub enum Symbolic {}

impl Logic for Symbolic {
    type Num = Num;
    type Truth = Bool;

    fn number(n: u64) -> Num {
        Num::Known(n)
    }
    fn add(a: &Num, b: &Num) -> Num {
        alu(AluOp::Add, true, a, b)
    }
    fn sub(a: &Num, b: &Num) -> Num {
        alu(AluOp::Sub, true, a, b)
    }
    fn at_most(a: &Num, b: &Num) -> Bool {
        compare(CmpOp::Le, true, a, b)
    }
    fn truth(known: bool) -> Bool {
        Bool::from_bool(known)
    }
    fn both(a: &Bool, b: &Bool) -> Bool {
        Bool::and(&[a.clone(), b.clone()]).simplify()
    }
    fn either(a: &Bool, b: &Bool) -> Bool {
        Bool::or(&[a.clone(), b.clone()]).simplify()
    }
    fn not(a: &Bool) -> Bool {
        a.not().simplify()
    }
    fn never(a: &Bool) -> bool {
        a.as_bool() == Some(false)
    }
}

/// What a register holds that is used as an address.
pub enum Target<L: Logic> {
    /// Nothing: it was never written.
    Nothing,
    /// A number; whether it is one of the first page, so a null pointer in effect.
    Number {
        /// It is.
        null: bool,
    },
    /// An address in an object.
    Object {
        /// When it is null after all; `None`: never.
        null: Option<L::Truth>,
        /// Bytes from the object's begin.
        off: L::Num,
        /// Bytes of the object; `None`: not known, every access is taken to fit.
        size: Option<L::Num>,
        /// The object is no longer valid.
        stale: bool,
        /// It may be written.
        writable: bool,
    },
}

/// The rules that an access of `size` bytes may break, and when each is; an access of no bytes leaves no object.
pub fn access<L: Logic>(target: &Target<L>, off: i64, size: &L::Num, write: bool) -> Vec<(Rule, L::Truth)> {
    let mut out = alive(target, false);
    let Target::Object { off: at, size: limit, writable, .. } = target else { return out };
    if write && !writable {
        out.push((Rule::ReadOnly, L::truth(true)));
    }
    if let Some(limit) = limit {
        let begin = L::add(at, &L::number(off as u64));
        let fits = L::both(&L::at_most(size, limit), &L::at_most(&begin, &L::sub(limit, size)));
        let empty = L::at_most(size, &L::number(0));
        let outside = L::not(&L::either(&fits, &empty));
        out.push((Rule::OutOfBounds, outside));
    }
    out.retain(|(_, when)| !L::never(when));
    out
}

/// The rules that the use of an address breaks, whatever is done with it: it has to be one, and of something that is
/// still there.
pub fn alive<L: Logic>(target: &Target<L>, may_be_null: bool) -> Vec<(Rule, L::Truth)> {
    let mut out = match target {
        Target::Nothing => vec![(Rule::UninitialisedRegister, L::truth(true))],
        Target::Number { null: true } if may_be_null => Vec::new(),
        Target::Number { null: true } => vec![(Rule::Null, L::truth(true))],
        Target::Number { null: false } => vec![(Rule::NotAPointer, L::truth(true))],
        Target::Object { null, stale, .. } => {
            let mut out = Vec::new();
            let is_null = null.clone().unwrap_or_else(|| L::truth(false));
            if !may_be_null {
                out.push((Rule::Null, is_null.clone()));
            }
            if *stale {
                out.push((Rule::Stale, L::not(&is_null)));
            }
            out
        }
    };
    out.retain(|(_, when)| !L::never(when));
    out
}

/// The rules that giving an object to a call breaks. `fits`: it is of the kind that the call takes.
pub fn object<L: Logic>(target: &Target<L>, may_be_null: bool, fits: bool) -> Vec<(Rule, L::Truth)> {
    let mut out = alive(target, may_be_null);
    if let (false, Target::Object { null, .. }) = (fits, target) {
        let there = null.as_ref().map_or_else(|| L::truth(true), L::not);
        out.push((Rule::OtherObject, there));
    }
    out
}

/// A value that is stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// Bytes.
    pub bytes: u32,
    /// It is an address.
    pub address: bool,
    /// It is the address of something in the frame of the function that runs.
    pub of_own_frame: bool,
    /// It goes to a stack.
    pub to_stack: bool,
    /// It goes to the frame of the function that runs.
    pub to_own_frame: bool,
}

/// The rules that a store breaks besides those of its address.
pub fn stored(s: &Stored, rules: Rules) -> Option<Rule> {
    if s.to_stack && !s.to_own_frame && s.of_own_frame {
        return Some(Rule::Dangling);
    }
    (rules.cut_pointers && s.to_stack && s.bytes != 8 && s.address).then_some(Rule::CutPointer)
}

/// Bytes of a stack that are read.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// All of them were written; `None`: not known.
    pub written: Option<bool>,
    /// They are a part of an address that lies there.
    pub cuts: bool,
}

/// The rules that reading a stack breaks besides those of its address.
pub fn read(r: &Read, rules: Rules) -> Option<Rule> {
    if rules.cut_pointers && r.cuts {
        return Some(Rule::CutPointer);
    }
    (rules.uninitialised_stack && r.written == Some(false)).then_some(Rule::UninitialisedMemory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(off: u64, size: Option<u64>, by: i64, n: u64, write: bool, writable: bool) -> Vec<Rule> {
        let concrete: Target<Concrete> = Target::Object { null: None, off, size, stale: false, writable };
        let symbolic: Target<Symbolic> =
            Target::Object { null: None, off: Num::Known(off), size: size.map(Num::Known), stale: false, writable };
        let a: Vec<Rule> = access(&concrete, by, &n, write).into_iter().map(|(r, _)| r).collect();
        let b: Vec<Rule> = access(&symbolic, by, &Num::Known(n), write).into_iter().map(|(r, _)| r).collect();
        assert_eq!(a, b);
        a
    }

    #[test]
    fn accesses_fit_or_leave_their_object() {
        assert_eq!(both(0, Some(8), 0, 8, false, true), []);
        assert_eq!(both(1, Some(8), 0, 8, false, true), [Rule::OutOfBounds]);
        assert_eq!(both(0, Some(8), -1, 1, false, true), [Rule::OutOfBounds]);
        assert_eq!(both(8, Some(8), 0, 0, false, true), []);
        assert_eq!(both(u64::MAX, Some(8), 0, u64::MAX, false, true), [Rule::OutOfBounds]);
        assert_eq!(both(100, None, 0, 8, true, false), [Rule::ReadOnly]);
    }

    #[test]
    fn null_and_stale_are_told_apart() {
        let t: Target<Concrete> = Target::Object { null: Some(false), off: 0, size: None, stale: true, writable: true };
        assert_eq!(alive(&t, true), [(Rule::Stale, true)]);
        let t: Target<Concrete> = Target::Number { null: true };
        assert_eq!(alive(&t, false), [(Rule::Null, true)]);
        assert_eq!(alive(&t, true), []);
    }

    #[test]
    fn addresses_of_a_frame_stay_in_it() {
        let s = Stored { bytes: 8, address: true, of_own_frame: true, to_stack: true, to_own_frame: false };
        assert_eq!(stored(&s, Rules::default()), Some(Rule::Dangling));
        let own = Stored { to_own_frame: true, bytes: 4, ..s };
        assert_eq!(stored(&own, Rules::default()), None);
        assert_eq!(stored(&own, Rules { cut_pointers: true, ..Rules::default() }), Some(Rule::CutPointer));
    }
}
