//! Values of a symbolic run: numbers, pointers into regions, or nothing.
//!
//! A number that is known stays a machine word and never becomes a term, so that most of a run costs no solver time.
//! What operations do is [`verifier_core::isa::semantics`], over machine words or over symbolic words.

use std::rc::Rc;

use z3::ast::{Ast, BV, Bool};

use super::word::{Arena, Sym};
use verifier_core::isa::semantics::{AluOp, CmpOp, byte_order, sign_extend};

/// A 64-bit number.
#[derive(Clone, Debug)]
pub enum Num {
    /// Known.
    Known(u64),
    /// A term of 64 bits.
    Term(BV),
}

impl Num {
    /// A term, made known where it is a literal.
    pub fn of(term: BV) -> Num {
        let term = term.simplify();
        match term.as_u64() {
            Some(v) => Num::Known(v),
            None => Num::Term(term),
        }
    }

    /// As a term.
    pub fn term(&self) -> BV {
        match self {
            Num::Known(v) => BV::from_u64(*v, 64),
            Num::Term(t) => t.clone(),
        }
    }

    /// The value, where it is known.
    pub fn known(&self) -> Option<u64> {
        match self {
            Num::Known(v) => Some(*v),
            Num::Term(_) => None,
        }
    }

    /// Sum with a constant.
    pub fn plus(&self, v: i64) -> Num {
        if v == 0 { self.clone() } else { alu(AluOp::Add, true, self, &Num::Known(v as u64)) }
    }

    /// The low `bytes`, zero-extended.
    pub fn truncated(&self, bytes: u32) -> Num {
        match self {
            _ if bytes >= 8 => self.clone(),
            Num::Known(v) => Num::Known(v & ((1u64 << (8 * bytes)) - 1)),
            Num::Term(t) => Num::of(t.extract(8 * bytes - 1, 0).zero_ext(64 - 8 * bytes)),
        }
    }

    /// The low `bytes`, sign-extended.
    pub fn sign_extended(&self, bytes: u32) -> Num {
        match self {
            _ if bytes >= 8 => self.clone(),
            Num::Known(v) => Num::Known(sign_extend(*v, 8 * bytes)),
            Num::Term(t) => Num::of(t.extract(8 * bytes - 1, 0).sign_ext(64 - 8 * bytes)),
        }
    }
}

/// An operation of the instruction set. 32-bit operations take low halves and zero-extend.
pub fn alu(op: AluOp, wide: bool, a: &Num, b: &Num) -> Num {
    if let (Some(x), Some(y)) = (a.known(), b.known()) {
        return Num::Known(if wide { op.apply(x, y) } else { u64::from(op.apply(x as u32, y as u32)) });
    }
    let arena = Arena::default();
    if wide {
        let (x, y): (Sym<'_, 64>, Sym<'_, 64>) = (arena.word(a.term()), arena.word(b.term()));
        return Num::of(op.apply(x, y).term());
    }
    let half = |n: &Num| n.term().extract(31, 0);
    let (x, y): (Sym<'_, 32>, Sym<'_, 32>) = (arena.word(half(a)), arena.word(half(b)));
    Num::of(op.apply(x, y).term().zero_ext(32))
}

/// `END` with this width.
pub fn swap(a: &Num, bits: u32, swap: bool) -> Num {
    if let Some(v) = a.known() {
        return Num::Known(byte_order(v, bits, swap));
    }
    let arena = Arena::default();
    let x: Sym<'_, 64> = arena.word(a.term());
    Num::of(byte_order(x, bits, swap).term())
}

/// A comparison of a conditional jump.
pub fn compare(op: CmpOp, wide: bool, a: &Num, b: &Num) -> Bool {
    if let (Some(x), Some(y)) = (a.known(), b.known()) {
        return Bool::from_bool(if wide { op.holds(x, y) } else { op.holds(x as u32, y as u32) });
    }
    let arena = Arena::default();
    let truth = if wide {
        let (x, y): (Sym<'_, 64>, Sym<'_, 64>) = (arena.word(a.term()), arena.word(b.term()));
        op.holds(x, y).term()
    } else {
        let half = |n: &Num| n.term().extract(31, 0);
        let (x, y): (Sym<'_, 32>, Sym<'_, 32>) = (arena.word(half(a)), arena.word(half(b)));
        op.holds(x, y).term()
    };
    truth.simplify()
}

/// A pointer: an offset into a region, unless it is null.
#[derive(Clone, Debug)]
pub struct Ptr {
    /// Index of the region in the run.
    pub region: usize,
    /// Bytes from the region's begin.
    pub off: Num,
    /// When it is null; `None`: never.
    pub null: Option<Bool>,
}

/// What a register or 8 bytes of memory hold.
#[derive(Clone, Debug)]
pub enum Val {
    /// Nothing was ever written.
    Undef,
    /// A number.
    Num(Num),
    /// A pointer.
    Ptr(Rc<Ptr>),
}

impl Val {
    /// A known number.
    pub fn known(v: u64) -> Val {
        Val::Num(Num::Known(v))
    }

    /// A pointer that is never null.
    pub fn ptr(region: usize, off: Num) -> Val {
        Val::Ptr(Rc::new(Ptr { region, off, null: None }))
    }

    /// The pointer, where it is one.
    pub fn as_ptr(&self) -> Option<&Ptr> {
        match self {
            Val::Ptr(p) => Some(p),
            _ => None,
        }
    }
}
