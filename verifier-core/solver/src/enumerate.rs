//! Operators tried on every operand of small words.
//!
//! Besides soundness, trying everything tells how precise an operator is: the share of operands for which no smaller
//! result would still be sound.

use super::claims::{concrete, in_range, in_tnum, range_alu, tnum_alu};
use verifier_core::domain::DomainRules;
use verifier_core::domain::range::Range;
use verifier_core::domain::tiny::Tiny;
use verifier_core::domain::tnum::TnumOf;
use verifier_core::isa::semantics::AluOp;
use verifier_core::isa::word::Word;

/// Bits of the words.
pub const BITS: u32 = 5;

type W = Tiny<BITS>;

/// What trying everything showed of one operator.
#[derive(Clone, PartialEq, Debug)]
pub struct Tried {
    /// The operator.
    pub name: String,
    /// Pairs of abstract operands.
    pub pairs: u64,
    /// Pairs with a concrete result outside the abstract one.
    pub unsound: u64,
    /// Pairs whose result is the smallest possible.
    pub optimal: u64,
}

const OPS: [AluOp; 9] =
    [AluOp::Add, AluOp::Sub, AluOp::Mul, AluOp::And, AluOp::Or, AluOp::Xor, AluOp::Lsh, AluOp::Rsh, AluOp::Arsh];

fn tnums() -> Vec<(TnumOf<W>, Vec<W>)> {
    let pairs = W::all().flat_map(|value| W::all().map(move |mask| TnumOf { value, mask }));
    let in_order = pairs.filter(|t| t.value.and(t.mask) == t.value.zero());
    in_order.map(|t| (t, W::all().filter(|x| in_tnum(t, *x)).collect())).collect()
}

/// Shifts take a known amount below the width.
fn is_amount(op: AluOp, members: &[W]) -> bool {
    !matches!(op, AluOp::Lsh | AluOp::Rsh | AluOp::Arsh) || (members.len() == 1 && u32::from(members[0].0) < BITS)
}

/// Known bits: every pair of operands.
pub fn known_bits() -> Vec<Tried> {
    let all = tnums();
    let mut out = Vec::new();
    for (op, by_union) in OPS.map(|op| (op, false)).into_iter().chain([(AluOp::Mul, true), (AluOp::Neg, false)]) {
        let variant = if op != AluOp::Mul {
            ""
        } else if by_union {
            " (6.18)"
        } else {
            " (6.12)"
        };
        let mut t = Tried { name: format!("bits: {op:?}{variant}").to_lowercase(), pairs: 0, unsound: 0, optimal: 0 };
        for (a, xs) in &all {
            for (b, ys) in all.iter().filter(|(_, ys)| is_amount(op, ys)) {
                let got = if op == AluOp::Mul { a.mul(*b, by_union) } else { tnum_alu(op, *a, *b, ys[0]) };
                let (mut always, mut ever, mut sound) = (W::new(-1), W::new(0), true);
                for x in xs {
                    for y in ys {
                        let v = concrete(op, *x, *y);
                        (always, ever) = (always.and(v), ever.or(v));
                        sound &= in_tnum(got, v);
                    }
                }
                t.pairs += 1;
                t.unsound += u64::from(!sound);
                t.optimal += u64::from(got.value == always && got.mask == always.xor(ever));
            }
        }
        out.push(t);
    }
    out
}

/// The smallest range that holds all of some words.
fn hull(of: impl Iterator<Item = W>) -> Option<Range<W>> {
    of.fold(None, |hull: Option<Range<W>>, v| {
        let mut r = hull.unwrap_or(Range::exactly(v));
        r.umin = r.umin.umin(v);
        r.umax = r.umax.umax(v);
        r.smin = r.smin.smin(v);
        r.smax = r.smax.smax(v);
        Some(r)
    })
}

/// Ranges: every pair out of all unsigned and all signed intervals, each with the other reading as narrow as it can be.
/// After the operation signed and unsigned bounds inform each other, as in the analysis.
pub fn ranges() -> Vec<Tried> {
    let mut all: Vec<(Range<W>, Vec<W>)> = Vec::new();
    for low in W::all() {
        for high in W::all() {
            for signed in [false, true] {
                let inside = |x: &W| if signed { low.sle(*x) && x.sle(high) } else { low.ule(*x) && x.ule(high) };
                let members: Vec<W> = W::all().filter(inside).collect();
                if let Some(r) = hull(members.iter().copied())
                    && !all.iter().any(|(known, _)| *known == r)
                {
                    all.push((r, W::all().filter(|x| in_range(&r, *x)).collect()));
                }
            }
        }
    }
    let mut out = Vec::new();
    for (release, rules) in [("6.12", DomainRules::V6_12), ("6.18", DomainRules::V6_18)] {
        for op in OPS {
            let differs = matches!(op, AluOp::Add | AluOp::Sub | AluOp::Mul);
            if release == "6.18" && !differs {
                continue;
            }
            let variant = if differs { format!(" ({release})") } else { String::new() };
            let mut t =
                Tried { name: format!("range: {op:?}{variant}").to_lowercase(), pairs: 0, unsound: 0, optimal: 0 };
            for (a, xs) in &all {
                for (b, ys) in all.iter().filter(|(_, ys)| is_amount(op, ys)) {
                    // Bitwise operators get the known bits of the result.
                    let bits_of = |r: &Range<W>| TnumOf::range(r.umin, r.umax);
                    let bits = tnum_alu(op, bits_of(a), bits_of(b), ys[0]);
                    let mut got = range_alu(op, a, b, bits, ys[0], rules);
                    got.deduce_signs();
                    let mut sound = true;
                    let mut best: Option<Range<W>> = None;
                    for x in xs {
                        let of_x = ys.iter().map(|y| concrete(op, *x, *y)).inspect(|v| sound &= in_range(&got, *v));
                        best = hull(
                            of_x.collect::<Vec<_>>()
                                .into_iter()
                                .chain(best.iter().flat_map(|r| [r.umin, r.umax, r.smin, r.smax])),
                        );
                    }
                    t.pairs += 1;
                    t.unsound += u64::from(!sound);
                    t.optimal += u64::from(best == Some(got));
                }
            }
            out.push(t);
        }
    }
    out
}
