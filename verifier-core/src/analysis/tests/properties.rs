//! Properties that hold for all values, tried on many.

use crate::analysis::prune::compare::{Comparison, IdMap, Level};
use crate::analysis::testing::walk;
use crate::domain::tests::Dice;
use crate::domain::{BoundedOp, DomainRules, Scalar};
use crate::state::{RegState, Slot, SlotKind};

const RULES: DomainRules = DomainRules {
    mul_by_union: false,
    step_through_tnum: false,
    mixed_from_s32: true,
    wrapping_add_sub: true,
    signed_mul: true,
    ..DomainRules::V6_12
};

/// What is known of some number, made as programs make it.
fn some(n: &mut Dice) -> Scalar {
    let mut s = if n.below(3) == 0 { Scalar::konst(n.roll() >> n.below(64)) } else { Scalar::UNKNOWN };
    for _ in 0..n.below(4) {
        let ops = [BoundedOp::Add, BoundedOp::And, BoundedOp::Or, BoundedOp::Xor, BoundedOp::Sub, BoundedOp::Mul];
        let by = Scalar::konst(n.roll() >> n.below(64));
        s.apply(ops[n.below(6) as usize], &by, n.below(4) == 0, RULES);
    }
    s
}

/// A value that `s` contains, if one is found.
fn one_of(s: &Scalar, n: &mut Dice) -> Option<u64> {
    (0..16).map(|_| s.var_off.value | n.roll() & s.var_off.mask).find(|v| s.contains(*v))
}

fn comparison(ids: &mut IdMap, level: Level) -> Comparison<'_> {
    Comparison {
        ids,
        level,
        strict_scalars: false,
        unlinked_covers_distant: true,
        whole_offsets: true,
        exact_minds_frames: true,
        rounds_widen_slots: true,
        exact: false,
        reads_unset_stack: true,
        read_marks: false,
        refs_per_frame: false,
        ids_compared: true,
        number_links: true,
        numbers_in_slots: true,
    }
}

fn number(s: Scalar) -> RegState {
    RegState { scalar: s, precise: true, ..RegState::unknown() }
}

#[test]
fn what_covers_contains_every_value() {
    let (mut n, mut covered) = (Dice(7), 0);
    for _ in 0..20_000 {
        let mut old = some(&mut n);
        let cur = some(&mut n);
        if n.below(2) == 0 {
            (old.umin, old.smin) = (old.umin.min(cur.umin), old.smin.min(cur.smin));
            (old.umax, old.smax) = (old.umax.max(cur.umax), old.smax.max(cur.smax));
        }
        let mut ids = IdMap::default();
        if !comparison(&mut ids, Level::RangeWithin).reg(&number(old), &number(cur)) {
            continue;
        }
        covered += 1;
        if let Some(v) = one_of(&cur, &mut n) {
            assert!(old.contains(v), "{old:?} covers {cur:?} but not {v}");
        }
    }
    assert!(covered > 500, "{covered} pairs say too little");
}

#[test]
fn everything_covers_itself() {
    let mut n = Dice(11);
    for _ in 0..2_000 {
        let (s, mut ids) = (number(some(&mut n)), IdMap::default());
        assert!(comparison(&mut ids, Level::Exact).reg(&s, &s));
    }
}

/// The lowest slots at the end of a program that stores `what` at `fp - 16 + offset`.
fn after_store(offset: &str, before: &str, what: &str) -> [Slot; 2] {
    let text = format!("{before}; r2 = r10; r2 += -16; {offset}; r2 += r3; {what}; r0 = 0; exit");
    let w = walk(&text);
    let end = w.state(w.at.iter().map(|(i, _)| *i).max().expect("it runs"));
    [0, 1].map(|spi| end.frame().stack[spi])
}

/// The value of a byte of a slot (0 is the lowest address), where it is known.
fn exactly(slot: &Slot, byte: usize) -> Option<u8> {
    match slot.kind[7 - byte] {
        SlotKind::Zero => Some(0),
        SlotKind::Spill => slot.spilled.const_value().map(|v| v.to_le_bytes()[byte]),
        _ => None,
    }
}

fn saves_pointer(slot: &Slot) -> bool {
    slot.holds_register() && !slot.spilled.is_scalar()
}

#[test]
fn a_store_that_may_go_anywhere_covers_each_that_goes_somewhere() {
    let befores = ["*(u64 *)(r10 - 8) = 7; *(u64 *)(r10 - 16) = 0", "*(u32 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = r1"];
    let stores = ["*(u64 *)(r2 + 0) = 0", "*(u64 *)(r2 + 0) = 5", "*(u32 *)(r2 + 0) = 0", "*(u8 *)(r2 + 3) = 1"];
    for (before, store) in befores.iter().flat_map(|b| stores.iter().map(move |s| (b, s))) {
        let weak = after_store("r3 = *(u32 *)(r1 + 0); r3 &= 8", before, store);
        for at in ["r3 = 0", "r3 = 8"] {
            let strong = after_store(at, before, store);
            for spi in 0..2 {
                for byte in 0..8 {
                    let (w, s) = (exactly(&weak[spi], byte), exactly(&strong[spi], byte));
                    assert!(w.is_none() || s.is_none() || w == s, "{before}; {store} at {at}: {w:?} is not {s:?}");
                }
                assert!(!saves_pointer(&weak[spi]) || saves_pointer(&strong[spi]), "{before}; {store} at {at}");
            }
        }
    }
}

/// One operation of a program on R2 to R6: destination, operation, source register or constant.
type Step = (u8, &'static str, Result<u8, i32>);

fn run(steps: &[Step], mut regs: [u64; 7]) -> u64 {
    for (dst, op, src) in steps {
        let by = match src {
            Ok(r) => regs[usize::from(*r)],
            Err(k) => i64::from(*k) as u64,
        };
        let d = &mut regs[usize::from(*dst)];
        *d = match *op {
            "=" => by,
            "+=" => d.wrapping_add(by),
            "-=" => d.wrapping_sub(by),
            "&=" => *d & by,
            "|=" => *d | by,
            _ => *d ^ by,
        };
    }
    regs[2] & 7
}

#[test]
fn a_slice_backwards_contains_what_the_value_depends_on() {
    let mut n = Dice(5);
    let mut depended = 0;
    for _ in 0..150 {
        let steps: Vec<Step> = (0..1 + n.below(8))
            .map(|_| {
                let src = if n.below(3) == 0 { Err(n.below(64) as i32) } else { Ok(2 + n.below(5) as u8) };
                (2 + n.below(5) as u8, ["=", "+=", "-=", "&=", "|=", "^="][n.below(6) as usize], src)
            })
            .collect();
        let mut text = String::new();
        (2..7).for_each(|r| text.push_str(&format!("r{r} = *(u32 *)(r1 + {}); ", [0, 4, 8, 16, 20][r - 2])));
        for (dst, op, src) in &steps {
            let src = src.map_or_else(|k| k.to_string(), |r| format!("r{r}"));
            text.push_str(&format!("r{dst} {op} {src}; "));
        }
        let w = walk(&format!("{text}r2 &= 7; r3 = r10; r3 += -16; r3 += r2; r0 = *(u8 *)(r3 + 0); r0 = 0; exit"));
        assert_eq!(w.says(), "ok", "{text}");
        let wanted = w.wanted.iter().filter(|(_, _, _, at)| *at == 4).fold(0, |all, (_, regs, ..)| all | regs);
        for reg in 2..7usize {
            let differs = (0..40).any(|_| {
                let mut a = [0u64; 7];
                a.iter_mut().for_each(|v| *v = n.roll() >> 32);
                let mut b = a;
                b[reg] = n.roll() >> 32;
                run(&steps, a) != run(&steps, b)
            });
            depended += u32::from(differs);
            assert!(!differs || wanted >> reg & 1 != 0, "r{reg} decides the offset and is not wanted: {text}");
        }
    }
    assert!(depended > 100, "{depended} dependencies say too little");
}
