//! What comparisons say of values: which way a branch must go, and what is known behind it.
//!
//! Answers for `is_scalar_branch_taken()` and `regs_refine_cond_op()`.

use crate::isa::semantics::CmpOp;
use crate::isa::word::{Truth, Wide, Word};

use super::arc::Arc;
use super::range::Range;
use super::rules::DomainRules;
use super::tnum::TnumOf;
use super::value::Value;

/// Whether `a op b` must hold (or must not), comparing the low halves only with `half`; `None` if both can be.
pub fn branch_taken<W: Wide>(a: &Value<W>, b: &Value<W>, op: CmpOp, half: bool) -> Option<bool> {
    if half {
        return taken(a.bits.low(), &a.low, b.bits.low(), &b.low, op);
    }
    // Equality is also refuted by the low halves.
    let low_apart = || apart(&a.low, &b.low);
    match op {
        CmpOp::Eq | CmpOp::Ne => {
            taken(a.bits, &a.full, b.bits, &b.full, op).or_else(|| low_apart().decide().then_some(op == CmpOp::Ne))
        }
        _ => taken(a.bits, &a.full, b.bits, &b.full, op),
    }
}

/// Which way `v op v` must go: a number beside itself. Only whether it has a bit at all is not known by the operation.
pub fn beside_itself<W: Wide>(v: &Value<W>, op: CmpOp, half: bool) -> Option<bool> {
    if half { itself(v.bits.low(), &v.low, op) } else { itself(v.bits, &v.full, op) }
}

fn itself<W: Word>(bits: TnumOf<W>, range: &Range<W>, op: CmpOp) -> Option<bool> {
    let zero = bits.value.zero();
    match op {
        CmpOp::Eq | CmpOp::Ge | CmpOp::Le | CmpOp::SGe | CmpOp::SLe => Some(true),
        CmpOp::Ne | CmpOp::Gt | CmpOp::Lt | CmpOp::SGt | CmpOp::SLt => Some(false),
        CmpOp::Set | CmpOp::NotSet => {
            let set = if bits.known().decide() {
                Some(!bits.value.is(zero).decide())
            } else {
                let may_be_zero = range.smin.sle(zero).and(zero.sle(range.smax)).decide();
                (!may_be_zero).then_some(true)
            };
            set.map(|set| set == (op == CmpOp::Set))
        }
    }
}

/// Whether the ranges have no value in common.
fn apart<W: Word>(a: &Range<W>, b: &Range<W>) -> W::Bool {
    b.umax.ult(a.umin).or(a.umax.ult(b.umin)).or(b.smax.slt(a.smin)).or(a.smax.slt(b.smin))
}

pub(super) fn taken<W: Word>(ta: TnumOf<W>, a: &Range<W>, tb: TnumOf<W>, b: &Range<W>, op: CmpOp) -> Option<bool> {
    // One test that proves the comparison, one that refutes it.
    let either = |proof: W::Bool, refutation: W::Bool| {
        if proof.decide() {
            Some(true)
        } else if refutation.decide() {
            Some(false)
        } else {
            None
        }
    };
    match op {
        CmpOp::Eq | CmpOp::Ne => {
            let equal = if ta.known().and(tb.known()).decide() {
                Some(ta.value.is(tb.value).decide())
            } else if ta.overlaps(tb).not().decide() || apart(a, b).decide() {
                Some(false)
            } else {
                None
            };
            equal.map(|e| e == (op == CmpOp::Eq))
        }
        CmpOp::Set | CmpOp::NotSet => {
            let (t, mask) = if tb.known().decide() {
                (ta, tb.value)
            } else if ta.known().decide() {
                (tb, ta.value)
            } else {
                return None;
            };
            let zero = mask.zero();
            either(t.value.and(mask).is(zero).not(), t.max().and(mask).is(zero)).map(|set| set == (op == CmpOp::Set))
        }
        CmpOp::Gt => either(b.umax.ult(a.umin), a.umax.ule(b.umin)),
        CmpOp::Ge => either(b.umax.ule(a.umin), a.umax.ult(b.umin)),
        CmpOp::Lt => either(a.umax.ult(b.umin), b.umax.ule(a.umin)),
        CmpOp::Le => either(a.umax.ule(b.umin), b.umax.ult(a.umin)),
        CmpOp::SGt => either(b.smax.slt(a.smin), a.smax.sle(b.smin)),
        CmpOp::SGe => either(b.smax.sle(a.smin), a.smax.slt(b.smin)),
        CmpOp::SLt => either(a.smax.slt(b.smin), b.smax.sle(a.smin)),
        CmpOp::SLe => either(a.smax.sle(b.smin), b.smax.slt(a.smin)),
    }
}

/// Narrows both values to where `a op b` holds. Bounds and bits are not yet in step.
pub fn refine<W: Wide>(a: &mut Value<W>, b: &mut Value<W>, op: CmpOp, half: bool, rules: DomainRules) {
    match op {
        CmpOp::Gt | CmpOp::Ge | CmpOp::SGt | CmpOp::SGe => return refine(b, a, op.flipped(), half, rules),
        CmpOp::Ne | CmpOp::Set | CmpOp::NotSet => {
            // One side must be known; it becomes `b`.
            let known = |v: &Value<W>| if half { v.bits.low().known() } else { v.bits.known() };
            if known(b).decide() {
                refine_by_constant(a, b, op, half, rules);
            } else if known(a).decide() {
                refine_by_constant(b, a, op, half, rules);
            }
            return;
        }
        _ => {}
    }
    if op == CmpOp::Eq {
        if half {
            let bits = a.bits.low().intersect(b.bits.low());
            (a.bits, b.bits) = (a.bits.with_low(bits), b.bits.with_low(bits));
        } else {
            let bits = a.bits.intersect(b.bits);
            (a.bits, b.bits) = (bits, bits);
        }
    }
    match (rules.circular, half) {
        (false, true) => order(&mut a.low, &mut b.low, op),
        (false, false) => order(&mut a.full, &mut b.full, op),
        (true, true) => order_arcs(&mut a.low, &mut b.low, op),
        (true, false) => order_arcs(&mut a.full, &mut b.full, op),
    }
}

/// Narrows a value to where `v op v` holds: it learns what either side learns. Bounds and bits are not yet in step.
pub fn refine_with_itself<W: Wide>(v: &mut Value<W>, op: CmpOp, half: bool, rules: DomainRules) {
    let mut other = *v;
    refine(v, &mut other, op, half, rules);
    v.full.clamp_unsigned(other.full.umin, other.full.umax);
    v.full.clamp_signed(other.full.smin, other.full.smax);
    v.low.clamp_unsigned(other.low.umin, other.low.umax);
    v.low.clamp_signed(other.low.smin, other.low.smax);
}

/// Narrows ranges to where `a op b`, for equality and the less-than family.
fn order<W: Word>(a: &mut Range<W>, b: &mut Range<W>, op: CmpOp) {
    let one = a.umin.lit(1);
    match op {
        CmpOp::Eq => {
            a.clamp_unsigned(b.umin, b.umax);
            a.clamp_signed(b.smin, b.smax);
            *b = *a;
        }
        CmpOp::Le => {
            a.umax = a.umax.umin(b.umax);
            b.umin = a.umin.umax(b.umin);
        }
        CmpOp::Lt => {
            a.umax = a.umax.umin(b.umax.sub(one));
            b.umin = a.umin.add(one).umax(b.umin);
        }
        CmpOp::SLe => {
            a.smax = a.smax.smin(b.smax);
            b.smin = a.smin.smax(b.smin);
        }
        CmpOp::SLt => {
            a.smax = a.smax.smin(b.smax.sub(one));
            b.smin = a.smin.add(one).smax(b.smin);
        }
        _ => {}
    }
}

/// The same of ranges on the circle: one side is narrowed, and what is then known of it narrows the other.
fn order_arcs<W: Word>(a: &mut Range<W>, b: &mut Range<W>, op: CmpOp) {
    let w = a.umin;
    let (one, zero, ones, least, most) = (w.lit(1), w.zero(), w.ones(), w.sign(), w.signed_max());
    match op {
        CmpOp::Eq => {
            a.meet_arc(b.arc());
            *b = *a;
        }
        CmpOp::Le => {
            a.meet_unsigned(zero, b.umax);
            b.meet_unsigned(a.umin, ones);
        }
        CmpOp::Lt => {
            a.meet_unsigned(zero, b.umax.sub(one));
            b.meet_unsigned(a.umin.add(one), ones);
        }
        CmpOp::SLe => {
            a.meet_unsigned(least, b.smax);
            b.meet_unsigned(a.smin, most);
        }
        CmpOp::SLt => {
            a.meet_unsigned(least, b.smax.sub(one));
            b.meet_unsigned(a.smin.add(one), most);
        }
        _ => {}
    }
}

/// `a` is not, or has (no) bits of, the constant `b`.
fn refine_by_constant<W: Wide>(a: &mut Value<W>, b: &Value<W>, op: CmpOp, half: bool, rules: DomainRules) {
    let mask = if half { W::zext(b.bits.value.low()) } else { b.bits.value };
    match op {
        CmpOp::Ne if half && rules.circular => a.low.meet_arc(Some(Arc::without(mask.low()))),
        CmpOp::Ne if rules.circular => a.full.meet_arc(Some(Arc::without(mask))),
        CmpOp::Ne if half => cut_edges(&mut a.low, mask.low()),
        CmpOp::Ne => cut_edges(&mut a.full, mask),
        CmpOp::Set => {
            // Only of a single bit it is certain which one is set.
            let single = mask.and(mask.sub(mask.lit(1))).is(mask.zero()).and(mask.is(mask.zero()).not());
            if single.decide() {
                a.bits = a.bits.or(TnumOf::exactly(mask));
            }
        }
        _ => {
            // On a dead branch the ranges may contradict the new bits, so they are forgotten first.
            a.forget_ranges();
            a.bits = a.bits.and(TnumOf::exactly(mask.not()));
        }
    }
}

/// A value that is not `v` is past a bound that is `v`.
fn cut_edges<W: Word>(r: &mut Range<W>, v: W) {
    let one = v.lit(1);
    r.umin = W::select(r.umin.is(v), r.umin.add(one), r.umin);
    r.umax = W::select(r.umax.is(v), r.umax.sub(one), r.umax);
    r.smin = W::select(r.smin.is(v), r.smin.add(one), r.smin);
    r.smax = W::select(r.smax.is(v), r.smax.sub(one), r.smax);
}
