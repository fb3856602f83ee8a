//! Symbolic words: bit-vectors of Z3 as [`Word`], so that code written over words can be asked about.
//!
//! A word is a handle into an [`Arena`], because [`Word`] is `Copy` and terms of Z3 are not. Code that branches does so
//! through [`Truth::decide`]. The arena answers from a tape; behind the end of the tape it takes the first of both ways
//! and writes down that the other is left. [`Tape::turn`] turns the tape to the next path, so that running the code until no
//! path is left visits all of them, each with its own condition.
//!
//! For tests of the proofs, an arena can carry a [`Fault`]: one primitive operation, at one place of a run, does
//! something else.

use std::cell::{Cell, RefCell};

use z3::ast::{Ast, BV, Bool};

use verifier_core::isa::word::{Truth, Wide, Word};

/// Primitive operations that a [`Fault`] can exchange.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Prim {
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    Not,
    Shl,
    Shr,
    Sar,
    Is,
    Ult,
    Slt,
    Select,
}

/// The `nth` (from 0) use of `of` in a run does `instead`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What is exchanged.
    pub of: Prim,
    /// Which use of it in a run.
    pub nth: u32,
    /// What happens in its place. [`Prim::Not`] stands for the first operand alone, or for a negated truth.
    pub instead: Prim,
}

/// The decisions of one run, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// The way taken, and whether the other is left.
    marks: Vec<(bool, bool)>,
}

impl Tape {
    /// Turns to the next path; `false` when all were visited.
    pub fn turn(&mut self) -> bool {
        while let Some((way, left)) = self.marks.pop() {
            if left {
                self.marks.push((!way, false));
                return true;
            }
        }
        false
    }
}

/// Terms of one run, its decisions and its path condition.
#[derive(Default)]
pub struct Arena {
    words: RefCell<Vec<BV>>,
    truths: RefCell<Vec<Bool>>,
    tape: RefCell<Tape>,
    at: Cell<usize>,
    path: RefCell<Vec<Bool>>,
    fault: Cell<Option<(Fault, u32)>>,
}

impl Arena {
    /// A run that follows a tape.
    pub fn following(tape: Tape) -> Arena {
        Arena { tape: RefCell::new(tape), ..Arena::default() }
    }

    /// The decisions of the run, for the next one.
    pub fn into_tape(self) -> Tape {
        self.tape.into_inner()
    }

    /// What was decided so far, as conditions.
    pub fn path(&self) -> Vec<Bool> {
        self.path.borrow().clone()
    }

    /// From here on, the fault is in force (or none).
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.fault.set(fault.map(|f| (f, 0)));
    }

    /// What to do for this use of a primitive operation.
    fn prim(&self, of: Prim) -> Prim {
        match self.fault.get() {
            Some((f, n)) if f.of == of => {
                self.fault.set(Some((f, n + 1)));
                if n == f.nth { f.instead } else { of }
            }
            _ => of,
        }
    }

    /// A word from a term of `N` bits.
    pub fn word<const N: u32>(&self, term: BV) -> Sym<'_, N> {
        let mut words = self.words.borrow_mut();
        words.push(term);
        Sym { arena: self, at: words.len() - 1 }
    }

    /// An unknown word with a name.
    pub fn unknown<const N: u32>(&self, name: &str) -> Sym<'_, N> {
        self.word(BV::new_const(name, N))
    }

    /// A constant.
    pub fn constant<const N: u32>(&self, v: u64) -> Sym<'_, N> {
        self.word(literal(v, N))
    }

    /// A truth from a term.
    pub fn truth(&self, term: Bool) -> SymBool<'_> {
        let mut truths = self.truths.borrow_mut();
        truths.push(term);
        SymBool { arena: self, at: truths.len() - 1 }
    }
}

/// A constant term; what does not fit is cut off.
pub fn literal(v: u64, bits: u32) -> BV {
    BV::from_u64(if bits < 64 { v & ((1u64 << bits) - 1) } else { v }, bits)
}

/// A symbolic word of `N` bits.
#[derive(Clone, Copy)]
pub struct Sym<'a, const N: u32> {
    arena: &'a Arena,
    at: usize,
}

/// A symbolic truth.
#[derive(Clone, Copy)]
pub struct SymBool<'a> {
    arena: &'a Arena,
    at: usize,
}

impl<const N: u32> Sym<'_, N> {
    /// The term.
    pub fn term(self) -> BV {
        self.arena.words.borrow()[self.at].clone()
    }
}

impl SymBool<'_> {
    /// The term.
    pub fn term(self) -> Bool {
        self.arena.truths.borrow()[self.at].clone()
    }
}

impl Truth for SymBool<'_> {
    fn decide(self) -> bool {
        let term = self.term().simplify();
        if let Some(known) = term.as_bool() {
            return known;
        }
        let arena = self.arena;
        let at = arena.at.get();
        arena.at.set(at + 1);
        let mut tape = arena.tape.borrow_mut();
        if at >= tape.marks.len() {
            tape.marks.push((true, true));
        }
        let way = tape.marks[at].0;
        arena.path.borrow_mut().push(if way { term } else { term.not() });
        way
    }
    fn and(self, o: Self) -> Self {
        self.arena.truth(Bool::and(&[self.term(), o.term()]))
    }
    fn or(self, o: Self) -> Self {
        self.arena.truth(Bool::or(&[self.term(), o.term()]))
    }
    fn not(self) -> Self {
        self.arena.truth(self.term().not())
    }
}

impl<'a, const N: u32> Sym<'a, N> {
    fn make(self, of: Prim, o: Self) -> Self {
        let (a, b) = (self.term(), o.term());
        let term = match self.arena.prim(of) {
            Prim::Add => a.bvadd(&b),
            Prim::Sub => a.bvsub(&b),
            Prim::Mul => a.bvmul(&b),
            Prim::And => a.bvand(&b),
            Prim::Or => a.bvor(&b),
            Prim::Xor => a.bvxor(&b),
            Prim::Shl => a.bvshl(&b),
            Prim::Shr => a.bvlshr(&b),
            Prim::Sar => a.bvashr(&b),
            Prim::Select => b,
            _ => a,
        };
        self.arena.word(term)
    }

    fn compare(self, of: Prim, o: Self) -> SymBool<'a> {
        let (a, b) = (self.term(), o.term());
        let term = match self.arena.prim(of) {
            Prim::Is => a.eq(&b),
            Prim::Ult => a.bvult(&b),
            Prim::Slt => a.bvslt(&b),
            // As if the operands were exchanged or the bound were open where it is closed.
            Prim::Select => b.bvult(&a),
            Prim::And => Bool::from_bool(false),
            Prim::Or => Bool::from_bool(true),
            _ if of == Prim::Is => a.eq(&b).not(),
            _ if of == Prim::Ult => a.bvult(&b).not(),
            _ => a.bvslt(&b).not(),
        };
        self.arena.truth(term)
    }
}

impl<'a, const N: u32> Word for Sym<'a, N> {
    type Bool = SymBool<'a>;
    const BITS: u32 = N;

    fn lit(self, v: u64) -> Self {
        self.arena.constant(v)
    }
    fn add(self, o: Self) -> Self {
        self.make(Prim::Add, o)
    }
    fn sub(self, o: Self) -> Self {
        self.make(Prim::Sub, o)
    }
    fn mul(self, o: Self) -> Self {
        self.make(Prim::Mul, o)
    }
    fn and(self, o: Self) -> Self {
        self.make(Prim::And, o)
    }
    fn or(self, o: Self) -> Self {
        self.make(Prim::Or, o)
    }
    fn xor(self, o: Self) -> Self {
        self.make(Prim::Xor, o)
    }
    fn not(self) -> Self {
        match self.arena.prim(Prim::Not) {
            Prim::Not => self.arena.word(self.term().bvnot()),
            Prim::Sub => self.arena.word(self.term().bvneg()),
            _ => self,
        }
    }
    fn shl(self, n: Self) -> Self {
        self.make(Prim::Shl, n)
    }
    fn shr(self, n: Self) -> Self {
        self.make(Prim::Shr, n)
    }
    fn sar(self, n: Self) -> Self {
        self.make(Prim::Sar, n)
    }
    fn is(self, o: Self) -> SymBool<'a> {
        self.compare(Prim::Is, o)
    }
    fn ult(self, o: Self) -> SymBool<'a> {
        self.compare(Prim::Ult, o)
    }
    fn slt(self, o: Self) -> SymBool<'a> {
        self.compare(Prim::Slt, o)
    }
    fn select(c: SymBool<'a>, a: Self, b: Self) -> Self {
        let (a, b) = if a.arena.prim(Prim::Select) == Prim::Select { (a, b) } else { (b, a) };
        a.arena.word(c.term().ite(&a.term(), &b.term()))
    }
    fn umul_overflows(self, o: Self) -> SymBool<'a> {
        self.arena.truth(self.term().bvmul_no_overflow(&o.term(), false).not())
    }
    fn smul_overflows(self, o: Self) -> SymBool<'a> {
        let (a, b) = (self.term(), o.term());
        let fits = Bool::and(&[a.bvmul_no_overflow(&b, true), a.bvmul_no_underflow(&b)]);
        self.arena.truth(fits.not())
    }
    fn swap_bytes(self) -> Self {
        let w = self.term();
        // From the lowest byte on, each goes below those before it.
        let turned = (0..N / 8).map(|i| w.extract(i * 8 + 7, i * 8)).reduce(|high, low| high.concat(&low));
        match turned {
            Some(turned) if N.is_multiple_of(8) => self.arena.word(turned),
            _ => self,
        }
    }
    fn udiv(self, o: Self) -> Self {
        self.arena.word(self.term().bvudiv(o.term()))
    }
    fn urem(self, o: Self) -> Self {
        self.arena.word(self.term().bvurem(o.term()))
    }
    fn sdiv(self, o: Self) -> Self {
        self.arena.word(self.term().bvsdiv(o.term()))
    }
    fn srem(self, o: Self) -> Self {
        self.arena.word(self.term().bvsrem(o.term()))
    }
}

macro_rules! halves {
    ($($whole:literal: $half:literal),*) => {$(
        impl<'a> Wide for Sym<'a, $whole> {
            type Half = Sym<'a, $half>;
            fn low(self) -> Sym<'a, $half> {
                self.arena.word(self.term().extract($half - 1, 0))
            }
            fn zext(h: Sym<'a, $half>) -> Self {
                h.arena.word(h.term().zero_ext($whole - $half))
            }
            fn sext(h: Sym<'a, $half>) -> Self {
                h.arena.word(h.term().sign_ext($whole - $half))
            }
        }
    )*};
}

halves!(64: 32, 32: 16, 16: 8, 8: 4);
