//! Operators against their meaning.
//!
//! The operators are generic over words, so they are tried on words of six bits (with halves of three): small enough to
//! hold every result against every concrete operation. What is specific to 64 bits is tried on samples.

use crate::isa::semantics::{AluOp, CmpOp, byte_order, sign_extend, zero_extend};
use crate::isa::word::{Wide, Word};

use super::branch;
use super::range::Range;
use super::tiny::Tiny;
use super::tnum::TnumOf;
use super::value::{BoundedOp, Value};
use super::{DomainRules, Scalar, Tnum};

const BOTH: [DomainRules; 2] = [DomainRules::V6_12, DomainRules::V6_18];

/// A generator of numbers that are not random at all (xorshift).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }
}

fn tnums<const N: u32>() -> Vec<TnumOf<Tiny<N>>> {
    let pairs = Tiny::<N>::all().flat_map(|value| Tiny::<N>::all().map(move |mask| TnumOf { value, mask }));
    pairs.filter(|t| t.value.and(t.mask).0 == 0).collect()
}

fn members<const N: u32>(t: TnumOf<Tiny<N>>) -> Vec<Tiny<N>> {
    Tiny::<N>::all().filter(|v| v.and(t.mask.not()) == t.value).collect()
}

fn in_range<W: Word<Bool = bool>>(r: &Range<W>, v: W) -> bool {
    r.umin.ule(v) && v.ule(r.umax) && r.smin.sle(v) && v.sle(r.smax)
}

fn contains(x: &Value<Tiny<6>>, v: Tiny<6>) -> bool {
    v.and(x.bits.mask.not()) == x.bits.value && in_range(&x.full, v) && in_range(&x.low, v.low())
}

fn concretes(x: &Value<Tiny<6>>) -> Vec<Tiny<6>> {
    Tiny::<6>::all().filter(|v| contains(x, *v)).collect()
}

#[test]
fn known_bits_contain_every_result() {
    type Op = fn(TnumOf<Tiny<4>>, TnumOf<Tiny<4>>) -> TnumOf<Tiny<4>>;
    let ops: [(AluOp, Op); 7] = [
        (AluOp::Add, |a, b| a.add(b)),
        (AluOp::Sub, |a, b| a.sub(b)),
        (AluOp::And, |a, b| a.and(b)),
        (AluOp::Or, |a, b| a.or(b)),
        (AluOp::Xor, |a, b| a.xor(b)),
        (AluOp::Mul, |a, b| a.mul(b, false)),
        (AluOp::Mul, |a, b| a.mul(b, true)),
    ];
    let all = tnums::<4>();
    for a in &all {
        for b in &all {
            for (op, f) in ops {
                let got = f(*a, *b);
                assert_eq!(got.value.0 & got.mask.0, 0, "{op:?} {a:?} {b:?}");
                for x in members(*a) {
                    for y in members(*b) {
                        let v = op.apply(x, y);
                        assert_eq!(v.and(got.mask.not()), got.value, "{op:?} {a:?} {b:?}: {x:?} {y:?} gives {v:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn known_bits_of_ranges_and_steps() {
    for min in Tiny::<6>::all() {
        for max in Tiny::<6>::all().filter(|m| min.0 <= m.0) {
            let t = TnumOf::range(min, max);
            assert!((min.0..=max.0).all(|v| Tiny::<6>(v).and(t.mask.not()) == t.value));
        }
    }
    for t in tnums::<4>() {
        for z in Tiny::<4>::all() {
            let want = members(t).into_iter().find(|m| m.0 > z.0 || z.0 < t.value.0).unwrap_or(t.max());
            assert_eq!(t.step(z), want, "{t:?} above {z:?}");
        }
    }
}

/// Values that contain given numbers, more or less tightly, brought in step.
fn sample(dice: &mut Dice, rules: DomainRules) -> (Value<Tiny<6>>, Vec<Tiny<6>>) {
    let n = 1 + dice.below(3);
    let kept: Vec<Tiny<6>> = (0..n).map(|_| Tiny::new(dice.below(64) as i32)).collect();
    let mut v = Value::exactly(kept[0]);
    for k in &kept {
        v.bits = v.bits.union(TnumOf::exactly(*k));
        v.full.umin = v.full.umin.umin(*k);
        v.full.umax = v.full.umax.umax(*k);
        v.full.smin = v.full.smin.smin(*k);
        v.full.smax = v.full.smax.smax(*k);
        v.low.umin = v.low.umin.umin(k.low());
        v.low.umax = v.low.umax.umax(k.low());
        v.low.smin = v.low.smin.smin(k.low());
        v.low.smax = v.low.smax.smax(k.low());
    }
    if dice.below(2) == 0 {
        v.bits = TnumOf::unknown(kept[0]);
    }
    if dice.below(3) == 0 {
        v.full.forget_signed();
    }
    if dice.below(3) == 0 {
        v.full.forget_unsigned();
    }
    if dice.below(2) == 0 {
        v.low = Range::unbounded(kept[0].low());
    }
    v.sync(rules);
    (v, kept)
}

#[test]
fn bringing_in_step_loses_nothing() {
    let mut dice = Dice(7);
    for rules in BOTH {
        for _ in 0..20_000 {
            let (v, kept) = sample(&mut dice, rules);
            assert!(kept.iter().all(|k| contains(&v, *k)), "{kept:?} {v:?}");
        }
    }
}

#[test]
fn arithmetic_contains_every_result() {
    let ops = [
        (BoundedOp::Add, AluOp::Add),
        (BoundedOp::Sub, AluOp::Sub),
        (BoundedOp::Mul, AluOp::Mul),
        (BoundedOp::And, AluOp::And),
        (BoundedOp::Or, AluOp::Or),
        (BoundedOp::Xor, AluOp::Xor),
        (BoundedOp::Neg, AluOp::Neg),
        (BoundedOp::Lsh, AluOp::Lsh),
        (BoundedOp::Rsh, AluOp::Rsh),
        (BoundedOp::Arsh, AluOp::Arsh),
    ];
    let mut dice = Dice(11);
    for rules in BOTH {
        for _ in 0..1_500 {
            let (a, _) = sample(&mut dice, rules);
            let (b, _) = sample(&mut dice, rules);
            for (abs, op) in ops {
                for half in [false, true] {
                    let shift = matches!(abs, BoundedOp::Lsh | BoundedOp::Rsh | BoundedOp::Arsh);
                    let width = if half { 3 } else { 6 };
                    let b = if shift { Value::exactly(Tiny::new(dice.below(width) as i32)) } else { b };
                    let mut got = a;
                    got.apply(abs, &b, half, rules);
                    for x in concretes(&a) {
                        for y in concretes(&b) {
                            let v = if half { Tiny::zext(concrete(op, x.low(), y.low())) } else { concrete(op, x, y) };
                            assert!(
                                contains(&got, v),
                                "{abs:?} half={half} {a:?} {b:?}: {x:?} {y:?} gives {v:?}, not in {got:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// The operation on words whose width is no power of two: shift amounts are not masked.
fn concrete<W: Word>(op: AluOp, a: W, b: W) -> W {
    match op {
        AluOp::Lsh => a.shl(b),
        AluOp::Rsh => a.shr(b),
        AluOp::Arsh => a.sar(b),
        _ => op.apply(a, b),
    }
}

const CMPS: [CmpOp; 12] = [
    CmpOp::Eq,
    CmpOp::Ne,
    CmpOp::Gt,
    CmpOp::Ge,
    CmpOp::Lt,
    CmpOp::Le,
    CmpOp::SGt,
    CmpOp::SGe,
    CmpOp::SLt,
    CmpOp::SLe,
    CmpOp::Set,
    CmpOp::NotSet,
];

#[test]
fn comparisons_decide_and_refine_rightly() {
    let mut dice = Dice(13);
    for rules in BOTH {
        for _ in 0..1_500 {
            let (a, _) = sample(&mut dice, rules);
            let (b, _) = if dice.below(2) == 0 {
                sample(&mut dice, rules)
            } else {
                (Value::exactly(Tiny::new(dice.below(64) as i32)), Vec::new())
            };
            for op in CMPS {
                for half in [false, true] {
                    let taken = branch::branch_taken(&a, &b, op, half);
                    let (mut ra, mut rb) = (a, b);
                    branch::refine(&mut ra, &mut rb, op, half, rules);
                    ra.sync(rules);
                    rb.sync(rules);
                    let itself = branch::beside_itself(&a, op, half);
                    for x in concretes(&a) {
                        let holds = if half { op.holds(x.low(), x.low()) } else { op.holds(x, x) };
                        assert!(itself.is_none_or(|t| t == holds), "{op:?} half={half} {a:?} beside itself {x:?}");
                        for y in concretes(&b) {
                            let holds = if half { op.holds(x.low(), y.low()) } else { op.holds(x, y) };
                            assert!(taken.is_none_or(|t| t == holds), "{op:?} half={half} {a:?} {b:?} {x:?} {y:?}");
                            if holds && taken.is_none() {
                                assert!(
                                    contains(&ra, x) && contains(&rb, y),
                                    "{op:?} half={half} {a:?} {b:?} {x:?} {y:?}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A 64-bit scalar that contains the given number.
fn around(dice: &mut Dice, v: u64, rules: DomainRules) -> Scalar {
    let mut s = Scalar::UNKNOWN;
    let slack = dice.roll() >> dice.below(64);
    match dice.below(4) {
        0 => s = Scalar::konst(v),
        1 => s.var_off = Tnum { value: v & !slack, mask: slack },
        2 => (s.umin, s.umax) = (v.saturating_sub(slack), v.saturating_add(slack)),
        _ => {
            let (v, slack) = (v as i64, (slack >> 1) as i64);
            (s.smin, s.smax) = (v.saturating_sub(slack), v.saturating_add(slack));
        }
    }
    s.sync_bounds(rules);
    s
}

#[test]
fn widths_and_byte_orders_of_64_bits() {
    let mut dice = Dice(17);
    for rules in BOTH {
        for _ in 0..20_000 {
            let v = dice.roll() >> dice.below(64);
            let v = if dice.below(2) == 0 { v } else { v.wrapping_neg() };
            let s = around(&mut dice, v, rules);
            assert!(s.contains(v), "{s:?} {v:#x}");
            for size in [1u32, 2, 4] {
                let mut t = s;
                t.truncate(size, rules);
                assert!(t.contains(zero_extend(v, size * 8)), "truncate {size} {s:?} {v:#x}: {t:?}");
                let mut t = s;
                t.sign_extend(size);
                assert!(t.contains(sign_extend(v, size * 8)), "sign_extend {size} {s:?} {v:#x}: {t:?}");
                if size < 4 {
                    let mut t = s;
                    t.sign_extend_low(size);
                    t.zext();
                    t.sync_bounds(rules);
                    let want = u64::from(sign_extend(v as u32, size * 8));
                    assert!(t.contains(want), "sign_extend_low {size} {s:?} {v:#x}: {t:?}");
                }
            }
            for size in [2u32, 4, 8] {
                for swap in [false, true] {
                    let mut t = s;
                    t.byte_order(size, swap, rules);
                    assert!(t.contains(byte_order(v, size * 8, swap)), "byte_order {size} {swap} {s:?} {v:#x}: {t:?}");
                }
            }
        }
    }
}

#[test]
fn a_register_compared_with_itself() {
    let mut s = Scalar::UNKNOWN;
    s.refine_with_itself(CmpOp::Lt, false, DomainRules::V6_12);
    assert_eq!((s.umin, s.umax), (1, u64::MAX - 1));
}
