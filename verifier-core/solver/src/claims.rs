//! What is claimed of each abstract operator: whatever values the operands stand for, the result stands for the result
//! of the concrete operation.
//!
//! Claims are written over any words. Z3 proves them of symbolic words ([`super::proof`]), and enumeration of small ones
//! ([`super::enumerate`]). The concrete side is [`AluOp::apply`] and [`CmpOp::holds`], which the interpreter runs.
//!
//! `Value::apply` and `Value::sync` are sequences of steps. Each step is claimed to keep whatever its operand stood for,
//! of operands in any condition, so the sequence does, however often it repeats: `apply` is the operation on bits and
//! ranges alone (`value: OP`), then for some operations what the ranges learn from the bits (`sync: learns from bits`),
//! then for low halves zero-extension (`value: zero-extend the low half`), then `sync` (the claims by this name).

use verifier_core::domain::DomainRules;
use verifier_core::domain::branch;
use verifier_core::domain::range::Range;
use verifier_core::domain::tnum::TnumOf;
use verifier_core::domain::value::{BoundedOp, Value};
use verifier_core::isa::semantics::{AluOp, CmpOp, byte_order, sign_extend, zero_extend};
use verifier_core::isa::word::{Truth, Wide, Word};

/// Where `given` holds, `then` is claimed.
pub(crate) struct Claim<B> {
    pub given: B,
    pub then: B,
}

/// Operators on known bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TnumOp {
    Alu(AluOp),
    /// One round of long multiplication, with the sum so far; by union or by parts.
    MulStep(bool),
    /// The whole product; by union or by parts.
    Mul(bool),
    Intersect,
    Union,
    Overlaps,
    Range,
    Step,
    Masked,
    Known,
    Max,
}

/// Operators on ranges of one width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RangeOp {
    Alu(AluOp),
    DeduceSigns,
    LearnFromBits,
    SignedFromUnsigned,
    Empty,
}

/// Operators on values: known bits and ranges of both widths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ValueOp {
    /// The operation, and zero-extension where only the low halves take part.
    Alu(BoundedOp, bool),
    /// An operation that yields nothing known; of low halves only.
    Unbounded(AluOp, bool),
    LearnFromBits,
    Meet,
    LowFromFull,
    FullFromLow,
    LearnBits,
    Zext,
    Truncate(u32),
    SignExtend(u32),
    SignExtendLow(u32),
    SwapBytes(u32),
    SetLowKnown,
    /// What holds behind a comparison, of both operands; of low halves only.
    Refine(CmpOp, bool),
    /// What holds of a value behind a comparison with itself; of low halves only.
    RefineItself(CmpOp, bool),
    /// Which way a comparison goes; of low halves only.
    Taken(CmpOp, bool),
}

/// Operands of a claim about words.
#[derive(Clone, Copy)]
pub(crate) struct Words<W> {
    pub ta: TnumOf<W>,
    pub tb: TnumOf<W>,
    pub tc: TnumOf<W>,
    pub ra: Range<W>,
    pub rb: Range<W>,
    pub x: W,
    pub y: W,
    pub z: W,
}

/// Operands of a claim about values.
#[derive(Clone, Copy)]
pub(crate) struct Values<W: Wide> {
    pub a: Value<W>,
    pub b: Value<W>,
    pub x: W,
    pub y: W,
}

/// Whether a word is among those that known bits allow; the representation must be in order.
pub(crate) fn in_tnum<W: Word>(t: TnumOf<W>, x: W) -> W::Bool {
    x.and(t.mask.not()).is(t.value)
}

pub(crate) fn in_range<W: Word>(r: &Range<W>, x: W) -> W::Bool {
    r.umin.ule(x).and(x.ule(r.umax)).and(r.smin.sle(x)).and(x.sle(r.smax))
}

pub(crate) fn in_value<W: Wide>(v: &Value<W>, x: W) -> W::Bool {
    in_tnum(v.bits, x).and(in_range(&v.full, x)).and(in_range(&v.low, x.low()))
}

fn implies<B: Truth>(a: B, b: B) -> B {
    a.not().or(b)
}

/// Concrete meaning, with shift amounts as they are (the width of small words is no power of two).
pub(crate) fn concrete<W: Word>(op: AluOp, x: W, y: W) -> W {
    match op {
        AluOp::Lsh => x.shl(y),
        AluOp::Rsh => x.shr(y),
        AluOp::Arsh => x.sar(y),
        _ => op.apply(x, y),
    }
}

pub(crate) fn is_shift(op: AluOp) -> bool {
    matches!(op, AluOp::Lsh | AluOp::Rsh | AluOp::Arsh)
}

pub(crate) fn alu_of(op: BoundedOp) -> AluOp {
    match op {
        BoundedOp::Add => AluOp::Add,
        BoundedOp::Sub => AluOp::Sub,
        BoundedOp::Mul => AluOp::Mul,
        BoundedOp::And => AluOp::And,
        BoundedOp::Or => AluOp::Or,
        BoundedOp::Xor => AluOp::Xor,
        BoundedOp::Lsh => AluOp::Lsh,
        BoundedOp::Rsh => AluOp::Rsh,
        BoundedOp::Arsh => AluOp::Arsh,
        BoundedOp::Neg => AluOp::Neg,
    }
}

/// The abstract operator on known bits. `n` is the amount of a shift.
pub(crate) fn tnum_alu<W: Word>(op: AluOp, a: TnumOf<W>, b: TnumOf<W>, n: W) -> TnumOf<W> {
    match op {
        AluOp::Add => a.add(b),
        AluOp::Sub => a.sub(b),
        AluOp::And => a.and(b),
        AluOp::Or => a.or(b),
        AluOp::Xor => a.xor(b),
        AluOp::Lsh => a.shl(n),
        AluOp::Rsh => a.shr(n),
        AluOp::Arsh => a.sar(n),
        AluOp::Neg => a.neg(),
        _ => TnumOf::unknown(n),
    }
}

/// The abstract operator on ranges; bits as the caller of the operator would pass them. `n` is the amount of a shift.
pub(crate) fn range_alu<W: Word>(
    op: AluOp,
    a: &Range<W>,
    b: &Range<W>,
    bits: TnumOf<W>,
    n: W,
    rules: DomainRules,
) -> Range<W> {
    let mut r = *a;
    match op {
        AluOp::Add => r.add(b, rules),
        AluOp::Sub => r.sub(b, rules),
        AluOp::Mul => r.mul(b, rules),
        AluOp::And => r.and(b, bits, rules),
        AluOp::Or => r.or(b, bits, rules),
        AluOp::Xor => r.xor(b, bits, rules),
        AluOp::Lsh => {
            r.forget_signed();
            r.shl_unsigned(n);
        }
        AluOp::Rsh => r.shr(n),
        AluOp::Arsh => r.sar(n),
        _ => r = Range::unbounded(n),
    }
    r
}

/// The claim of an operator on known bits. `at_work` is told when the operator begins and ends.
pub(crate) fn tnum<W: Word>(op: TnumOp, i: &Words<W>, at_work: &dyn Fn(bool)) -> Claim<W::Bool> {
    let (a, b, x, y, z) = (i.ta, i.tb, i.x, i.y, i.z);
    let both = in_tnum(a, x).and(in_tnum(b, y));
    let width = x.lit(u64::from(W::BITS));
    at_work(true);
    match op {
        TnumOp::Alu(alu) => {
            let got = tnum_alu(alu, a, b, y);
            at_work(false);
            // The amount of a shift is any below the width.
            let given = if is_shift(alu) { in_tnum(a, x).and(y.ult(width)) } else { both };
            Claim { given, then: in_tnum(got, concrete(alu, x, y)) }
        }
        TnumOp::Mul(by_union) => {
            let got = a.mul(b, by_union);
            at_work(false);
            Claim { given: both, then: in_tnum(got, x.mul(y)) }
        }
        TnumOp::MulStep(by_union) => {
            // The invariant of the loop. By union, the sum so far is that of the multiplicand's multiples so far. By
            // parts, the product of the known parts stands aside: a known bit of the multiplier adds the unknown part
            // of the multiplicand, an unknown bit that is set adds all of it.
            let (mut acc, mut ma, mut mb) = (i.tc, a, b);
            TnumOf::mul_step(&mut acc, &mut ma, &mut mb, by_union);
            at_work(false);
            let (zero, one) = (x.zero(), x.lit(1));
            let set = x.and(one).is(one);
            let known = a.value.and(one).is(one);
            let whole = W::select(set, y, zero);
            let parts = W::select(known, y.and(b.mask), whole);
            let sum = z.add(if by_union { whole } else { parts });
            let then = in_tnum(acc, sum).and(in_tnum(ma, x.shr(one))).and(in_tnum(mb, y.shl(one)));
            Claim { given: both.and(in_tnum(i.tc, z)), then }
        }
        TnumOp::Intersect => {
            let got = a.intersect(b);
            at_work(false);
            Claim { given: in_tnum(a, x).and(in_tnum(b, x)), then: in_tnum(got, x) }
        }
        TnumOp::Union => {
            let got = a.union(b);
            at_work(false);
            Claim { given: in_tnum(a, x).or(in_tnum(b, x)), then: in_tnum(got, x) }
        }
        TnumOp::Overlaps => {
            let then = a.overlaps(b);
            at_work(false);
            Claim { given: in_tnum(a, x).and(in_tnum(b, x)), then }
        }
        TnumOp::Range => {
            let got = TnumOf::range(y, z);
            at_work(false);
            Claim { given: y.ule(x).and(x.ule(z)), then: in_tnum(got, x) }
        }
        TnumOp::Step => {
            // No member lies between, and where there is a member above, the result is one.
            let got = a.step(z);
            at_work(false);
            Claim { given: in_tnum(a, x).and(z.ult(x)), then: z.ult(got).and(got.ule(x)).and(in_tnum(a, got)) }
        }
        TnumOp::Masked => {
            let got = a.masked(y);
            at_work(false);
            Claim { given: in_tnum(a, x), then: in_tnum(got, x.and(y)) }
        }
        TnumOp::Known => {
            let known = a.known();
            at_work(false);
            Claim { given: in_tnum(a, x).and(known), then: x.is(a.value) }
        }
        TnumOp::Max => {
            let got = a.max();
            at_work(false);
            Claim { given: in_tnum(a, x), then: x.ule(got).and(a.value.ule(x)) }
        }
    }
}

/// The claim of an operator on ranges.
pub(crate) fn range<W: Word>(op: RangeOp, rules: DomainRules, i: &Words<W>, at_work: &dyn Fn(bool)) -> Claim<W::Bool> {
    let (a, b, x, y) = (i.ra, i.rb, i.x, i.y);
    let mut r = a;
    let mut given = in_range(&a, x);
    let mut value = x;
    match op {
        RangeOp::Alu(alu) => {
            value = concrete(alu, x, y);
            // The known bits that bitwise operators get are those of the result.
            let bits = i.tc;
            given = match alu {
                AluOp::Lsh | AluOp::Rsh | AluOp::Arsh => given.and(y.ult(x.lit(u64::from(W::BITS)))),
                AluOp::And | AluOp::Or | AluOp::Xor => given.and(in_range(&b, y)).and(in_tnum(bits, value)),
                _ => given.and(in_range(&b, y)),
            };
            at_work(true);
            r = range_alu(alu, &a, &b, bits, y, rules);
        }
        RangeOp::DeduceSigns => {
            at_work(true);
            r.deduce_signs();
        }
        RangeOp::LearnFromBits => {
            given = given.and(in_tnum(i.ta, x));
            at_work(true);
            r.learn_from_bits(i.ta);
        }
        RangeOp::SignedFromUnsigned => {
            at_work(true);
            r.signed_from_unsigned();
        }
        RangeOp::Empty => {
            at_work(true);
            let empty = a.is_empty();
            at_work(false);
            return Claim { given, then: empty.not() };
        }
    }
    at_work(false);
    Claim { given, then: in_range(&r, value) }
}

/// The claim of an operator on values.
pub(crate) fn value<W: Wide>(op: ValueOp, rules: DomainRules, i: &Values<W>, at_work: &dyn Fn(bool)) -> Claim<W::Bool> {
    let (a, b, x, y) = (i.a, i.b, i.x, i.y);
    let mut v = a;
    let mut given = in_value(&a, x);
    let mut want = x;
    match op {
        ValueOp::Alu(bounded, half) => {
            let alu = alu_of(bounded);
            let width = if half { <W::Half as Word>::BITS } else { W::BITS };
            let operand = if is_shift(alu) { Value::exactly(y) } else { b };
            given = given.and(if is_shift(alu) { y.ult(y.lit(u64::from(width))) } else { in_value(&b, y) });
            want = if half { W::zext(concrete(alu, x.low(), y.low())) } else { concrete(alu, x, y) };
            at_work(true);
            let learns = v.apply_loose(bounded, &operand, half, rules);
            if learns && half {
                // The ranges learn from the bits here, which is a claim of its own, as zero-extension is. What they
                // keep is the result of whole words, and its low half is the result of low halves.
                at_work(false);
                let whole = concrete(alu, x, y);
                return Claim { given, then: in_value(&v, whole).and(W::zext(whole.low()).is(want)) };
            }
            if half {
                v.zext();
            }
        }
        ValueOp::Unbounded(alu, half) => {
            // Nothing is claimed of it, and a division by zero has a result too.
            let unknown = Value { bits: TnumOf::unknown(x), full: Range::unbounded(x), low: Range::unbounded(x.low()) };
            given = given.and(in_value(&b, y));
            want = if half { W::zext(concrete(alu, x.low(), y.low())) } else { concrete(alu, x, y) };
            at_work(true);
            v = unknown;
        }
        ValueOp::LearnFromBits => {
            at_work(true);
            v.learn_from_bits(rules);
        }
        ValueOp::Meet => {
            at_work(true);
            v.meet_in_one_value();
        }
        ValueOp::LowFromFull => {
            at_work(true);
            v.deduce_low_from_full();
        }
        ValueOp::FullFromLow => {
            at_work(true);
            v.deduce_full_from_low(rules);
        }
        ValueOp::LearnBits => {
            at_work(true);
            v.learn_bits_from_ranges();
        }
        ValueOp::Zext => {
            want = W::zext(x.low());
            at_work(true);
            v.zext();
        }
        ValueOp::Truncate(size) => {
            want = zero_extend(x, size * 8);
            at_work(true);
            v.truncate_loose(size);
            // Below 4 bytes bounds of the low half are forgotten; of 4 bytes the low half is the same as before.
        }
        ValueOp::SignExtend(size) => {
            want = sign_extend(x, size * 8);
            at_work(true);
            v.sign_extend(size);
        }
        ValueOp::SignExtendLow(size) => {
            want = W::zext(sign_extend(x.low(), size * 8));
            at_work(true);
            v.sign_extend_low(size);
            v.zext();
        }
        ValueOp::SwapBytes(size) => {
            want = byte_order(x, size * 8, true);
            at_work(true);
            v.swap_bytes(size);
        }
        ValueOp::SetLowKnown => {
            // The bounds of the whole are the caller's to forget; what the low half and the bits say is claimed.
            let h = y.low();
            let high = W::zext(h.ones()).not();
            want = x.and(high).or(W::zext(h));
            at_work(true);
            v.set_low_known(h);
            at_work(false);
            return Claim { given, then: in_tnum(v.bits, want).and(in_range(&v.low, want.low())) };
        }
        ValueOp::Refine(cmp, half) => {
            let holds = if half { cmp.holds(x.low(), y.low()) } else { cmp.holds(x, y) };
            let mut w = b;
            at_work(true);
            branch::refine(&mut v, &mut w, cmp, half, rules);
            at_work(false);
            let given = given.and(in_value(&b, y)).and(holds);
            return Claim { given, then: in_value(&v, x).and(in_value(&w, y)) };
        }
        ValueOp::RefineItself(cmp, half) => {
            let holds = if half { cmp.holds(x.low(), x.low()) } else { cmp.holds(x, x) };
            given = given.and(holds);
            at_work(true);
            branch::refine_with_itself(&mut v, cmp, half, rules);
        }
        ValueOp::Taken(cmp, half) => {
            let holds = if half { cmp.holds(x.low(), y.low()) } else { cmp.holds(x, y) };
            at_work(true);
            let taken = branch::branch_taken(&a, &b, cmp, half);
            at_work(false);
            let given = given.and(in_value(&b, y));
            let always = x.is(x);
            let then = match taken {
                None => always,
                Some(true) => implies(always, holds),
                Some(false) => holds.not(),
            };
            return Claim { given, then };
        }
    }
    at_work(false);
    Claim { given, then: in_value(&v, want) }
}
