//! Proofs of the abstract domain: Z3 is asked for operands that make a claim of [`super::claims`] false.
//!
//! Operators branch, so each is run once for every path through it; a path is one question: the path's condition, what is
//! given, and the opposite of what is claimed. A claim is proven at a width when no path of it can be refuted. Where
//! Z3 does not finish within its time at 64 bits, narrower words are asked about, and the width is part of the answer.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use z3::ast::{Ast, Bool, Dynamic};
use z3::{DeclKind, Params, SatResult, Solver};

use super::budget::steps;
use super::claims::{self, Claim, RangeOp, TnumOp, ValueOp, Values, Words};
use super::word::{Arena, Fault, Sym, SymBool, Tape};
use verifier_core::domain::DomainRules;
use verifier_core::domain::range::Range;
use verifier_core::domain::tnum::TnumOf;
use verifier_core::domain::value::{BoundedOp, Value};
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::isa::word::{Wide, Word};

/// Megabytes that one question may take.
const MAX_MEMORY: u32 = 2048;
/// Paths through one operator; more are not visited, and the claim stays open.
const MAX_PATHS: usize = 4096;

/// What a claim is about.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Tnum(TnumOp),
    Range(RangeOp, DomainRules),
    Value(ValueOp, DomainRules),
}

/// A claim to prove.
#[derive(Clone, Debug)]
pub struct Goal {
    /// What it says, short.
    pub name: String,
    /// Widths to try, widest first.
    pub widths: Vec<u32>,
    /// Takes part in the quick run.
    pub quick: bool,
    /// It claims nothing: the operator's result is not known, whatever the operands.
    pub vacuous: bool,
    subject: Subject,
}

/// How a proof ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// No operands refute it.
    Proven,
    /// These do.
    Refuted(String),
    /// Z3 does not know, and why.
    Unknown(String),
}

/// The answer for one goal.
#[derive(Clone, PartialEq, Debug)]
pub struct Proof {
    /// How it ended, at this width.
    pub outcome: Outcome,
    /// Bits of the words.
    pub width: u32,
    /// Paths through the operator.
    pub paths: usize,
    /// Time of all questions at this width.
    pub time: Duration,
}

/// How much to try, in steps of Z3, so that the answers are the same on every machine.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one question.
    pub question: u32,
    /// For all questions of a goal at one width.
    pub goal: u64,
}

/// A symbolic word that can be made out of nothing.
trait Fresh<'a>: Word<Bool = SymBool<'a>> {
    fn fresh(arena: &'a Arena, name: &str) -> Self;
}

impl<'a, const N: u32> Fresh<'a> for Sym<'a, N>
where
    Sym<'a, N>: Word<Bool = SymBool<'a>>,
{
    fn fresh(arena: &'a Arena, name: &str) -> Self {
        arena.unknown(name)
    }
}

fn fresh_tnum<'a, W: Fresh<'a>>(arena: &'a Arena, name: &str, order: &mut Vec<SymBool<'a>>) -> TnumOf<W> {
    let t: TnumOf<W> =
        TnumOf { value: W::fresh(arena, &format!("{name}.value")), mask: W::fresh(arena, &format!("{name}.mask")) };
    // Value and mask of any representation share no bit.
    order.push(t.value.and(t.mask).is(t.value.zero()));
    t
}

fn fresh_range<'a, W: Fresh<'a>>(arena: &'a Arena, name: &str) -> Range<W> {
    let part = |p: &str| W::fresh(arena, &format!("{name}.{p}"));
    Range::of(part("umin"), part("umax"), part("smin"), part("smax"))
}

fn words<'a, W: Fresh<'a>>(arena: &'a Arena) -> (Words<W>, Vec<SymBool<'a>>) {
    let mut order = Vec::new();
    let words = Words {
        ta: fresh_tnum(arena, "a", &mut order),
        tb: fresh_tnum(arena, "b", &mut order),
        tc: fresh_tnum(arena, "c", &mut order),
        ra: fresh_range(arena, "a"),
        rb: fresh_range(arena, "b"),
        x: W::fresh(arena, "x"),
        y: W::fresh(arena, "y"),
        z: W::fresh(arena, "z"),
    };
    (words, order)
}

fn values<'a, W>(arena: &'a Arena) -> (Values<W>, Vec<SymBool<'a>>)
where
    W: Wide + Fresh<'a>,
    W::Half: Fresh<'a>,
{
    let mut order = Vec::new();
    let mut value = |name: &str| Value {
        bits: fresh_tnum(arena, name, &mut order),
        full: fresh_range(arena, name),
        low: fresh_range(arena, &format!("{name}.low")),
    };
    let (a, b) = (value("a"), value("b"));
    (Values { a, b, x: W::fresh(arena, "x"), y: W::fresh(arena, "y") }, order)
}

impl Goal {
    /// The claim, with symbolic words of a width; `None`: not a claim of that width.
    fn claim<'a>(
        &self,
        arena: &'a Arena,
        width: u32,
        fault: Option<Fault>,
    ) -> Option<(Claim<SymBool<'a>>, Vec<SymBool<'a>>)> {
        let at_work = |begins: bool| arena.set_fault(fault.filter(|_| begins));
        fn of_words<'a, W: Fresh<'a>>(
            subject: Subject,
            arena: &'a Arena,
            at_work: &dyn Fn(bool),
        ) -> Option<(Claim<SymBool<'a>>, Vec<SymBool<'a>>)> {
            let (i, order) = words::<W>(arena);
            match subject {
                Subject::Tnum(op) => Some((claims::tnum(op, &i, at_work), order)),
                Subject::Range(op, rules) => Some((claims::range(op, rules, &i, at_work), order)),
                Subject::Value(..) => None,
            }
        }
        fn of_values<'a, W>(
            subject: Subject,
            arena: &'a Arena,
            at_work: &dyn Fn(bool),
        ) -> Option<(Claim<SymBool<'a>>, Vec<SymBool<'a>>)>
        where
            W: Wide + Fresh<'a>,
            W::Half: Fresh<'a>,
        {
            let Subject::Value(op, rules) = subject else { return of_words::<W>(subject, arena, at_work) };
            let (i, order) = values::<W>(arena);
            Some((claims::value(op, rules, &i, at_work), order))
        }
        match width {
            64 => of_values::<Sym<'a, 64>>(self.subject, arena, &at_work),
            32 => of_values::<Sym<'a, 32>>(self.subject, arena, &at_work),
            16 => of_values::<Sym<'a, 16>>(self.subject, arena, &at_work),
            8 => of_values::<Sym<'a, 8>>(self.subject, arena, &at_work),
            12 => of_words::<Sym<'a, 12>>(self.subject, arena, &at_work),
            10 => of_words::<Sym<'a, 10>>(self.subject, arena, &at_work),
            6 => of_words::<Sym<'a, 6>>(self.subject, arena, &at_work),
            5 => of_words::<Sym<'a, 5>>(self.subject, arena, &at_work),
            _ => None,
        }
    }

    /// Tries to prove the goal at one width, with a fault in the operator or none.
    pub fn prove_at(&self, width: u32, patience: Patience, fault: Option<Fault>) -> Proof {
        let begun = Instant::now();
        let mut tape = Tape::default();
        let mut paths = 0;
        let mut open = None;
        let mut work = 0;
        loop {
            let arena = Arena::following(std::mem::take(&mut tape));
            let answer = match self.claim(&arena, width, fault) {
                None => Outcome::Unknown("no words of this width".into()),
                Some((claim, order)) => {
                    let mut terms = arena.path();
                    terms.extend(order.iter().map(|o| o.term()));
                    terms.push(claim.given.term());
                    refute_any(&terms, &claim.then.term(), patience.question, &mut work)
                }
            };
            paths += 1;
            let done = |outcome| Proof { outcome, width, paths, time: begun.elapsed() };
            match answer {
                Outcome::Proven => {}
                Outcome::Refuted(_) => return done(answer),
                // Another path may still refute the claim.
                Outcome::Unknown(why) => open = Some(why),
            }
            tape = arena.into_tape();
            if !tape.turn() {
                return done(open.map_or(Outcome::Proven, Outcome::Unknown));
            }
            if paths >= MAX_PATHS || work > patience.goal {
                return done(Outcome::Unknown(
                    open.unwrap_or_else(|| format!("not all paths within {} steps", patience.goal)),
                ));
            }
        }
    }

    /// Tries the widths in order, until one is decided.
    pub fn prove(&self, patience: Patience) -> Proof {
        let mut last = None;
        for width in &self.widths {
            let proof = self.prove_at(*width, patience, None);
            if !matches!(proof.outcome, Outcome::Unknown(_)) {
                return proof;
            }
            last = Some(proof);
        }
        let none = Outcome::Unknown("no width".into());
        last.unwrap_or(Proof { outcome: none, width: 0, paths: 0, time: Duration::ZERO })
    }
}

/// Asks about each part of a conjunction on its own: many small questions end sooner than one large one. Each is asked
/// first with only those of the given facts that speak of nothing but what it speaks of and the concrete operands: what
/// follows from some of the facts follows from all.
fn refute_any(given: &[Bool], then: &Bool, most: u32, work: &mut u64) -> Outcome {
    let mut facts = Vec::new();
    for g in given {
        conjuncts(g, &mut facts);
    }
    let facts: Vec<(Bool, BTreeSet<String>)> = facts.into_iter().map(|f| (f.clone(), unknowns(&f))).collect();
    let mut parts = Vec::new();
    conjuncts(then, &mut parts);
    let mut open = None;
    for part in parts {
        let mut about = unknowns(&part);
        about.extend(["x", "y"].map(String::from));
        let mut near: Vec<Bool> = facts.iter().filter(|(_, u)| u.is_subset(&about)).map(|(f, _)| f.clone()).collect();
        let fewer = near.len() < facts.len();
        near.push(part.not());
        if fewer && refute(&near, most / 2, work) == Outcome::Proven {
            continue;
        }
        let mut terms = given.to_vec();
        terms.push(part.not());
        match refute(&terms, most, work) {
            Outcome::Proven => {}
            Outcome::Unknown(why) => open = Some(why),
            refuted => return refuted,
        }
    }
    open.map_or(Outcome::Proven, Outcome::Unknown)
}

/// Names of the unknown words in a term.
fn unknowns(term: &Bool) -> BTreeSet<String> {
    let mut seen: HashSet<Dynamic> = HashSet::new();
    let mut left = vec![Dynamic::from_ast(term)];
    let mut out = BTreeSet::new();
    while let Some(t) = left.pop() {
        if !t.is_app() || !seen.insert(t.clone()) {
            continue;
        }
        if t.is_const() && t.decl().kind() == DeclKind::Uninterpreted {
            out.insert(t.decl().name());
        }
        left.extend(t.children());
    }
    out
}

/// The parts of a conjunction, also of nested ones.
fn conjuncts(term: &Bool, out: &mut Vec<Bool>) {
    if term.is_app() && term.decl().kind() == DeclKind::And {
        for part in term.children() {
            if let Some(part) = part.as_bool() {
                conjuncts(&part, out);
            }
        }
    } else {
        out.push(term.clone());
    }
}

/// Whether the terms contradict each other ("proven"), or values for them.
fn refute(terms: &[Bool], most: u32, work: &mut u64) -> Outcome {
    // Bit-vectors without quantifiers have a procedure of their own.
    let solver = Solver::new_for_logic("QF_BV").unwrap_or_default();
    let mut params = Params::new();
    params.set_u32("rlimit", most);
    params.set_u32("max_memory", MAX_MEMORY);
    solver.set_params(&params);
    for t in terms {
        solver.assert(t);
    }
    let before = steps(&solver);
    let answer = solver.check();
    *work += steps(&solver).saturating_sub(before).max(1);
    match answer {
        SatResult::Unsat => Outcome::Proven,
        SatResult::Sat => Outcome::Refuted(solver.get_model().map(|m| m.to_string()).unwrap_or_default()),
        SatResult::Unknown => Outcome::Unknown(solver.get_reason_unknown().unwrap_or_default()),
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

/// Every claim, in the order of the table.
pub fn goals() -> Vec<Goal> {
    const RULES: [(&str, DomainRules); 2] = [("6.12", DomainRules::V6_12), ("6.18", DomainRules::V6_18)];
    let mut out = Vec::new();
    let mut add = |name: String, widths: &[u32], quick: bool, subject| {
        let vacuous = name.ends_with("is not known");
        out.push(Goal { name, widths: widths.to_vec(), quick, vacuous, subject });
    };
    let all: &[u32] = &[64, 32, 16, 8];
    use AluOp::*;
    for op in [Add, Sub, Neg, And, Or, Xor, Lsh, Rsh, Arsh] {
        add(format!("bits: {}", word(op)), all, true, Subject::Tnum(TnumOp::Alu(op)));
    }
    for (way, by_union) in [("by parts (6.12)", false), ("by union (6.18)", true)] {
        add(format!("bits: mul {way}, one round by induction"), all, true, Subject::Tnum(TnumOp::MulStep(by_union)));
        add(format!("bits: mul {way}, whole"), &[6, 5], false, Subject::Tnum(TnumOp::Mul(by_union)));
    }
    for (name, op) in [
        ("intersect", TnumOp::Intersect),
        ("union", TnumOp::Union),
        ("overlap", TnumOp::Overlaps),
        ("from a range", TnumOp::Range),
        ("next member", TnumOp::Step),
        ("cast (mask)", TnumOp::Masked),
        ("known", TnumOp::Known),
        ("least and largest", TnumOp::Max),
    ] {
        add(format!("bits: {name}"), all, true, Subject::Tnum(op));
    }
    for (release, rules) in RULES {
        for op in [Add, Sub, Mul, And, Or, Xor, Lsh, Rsh, Arsh] {
            if release == "6.18" && !matches!(op, Add | Sub | Mul) {
                continue;
            }
            let variant = if matches!(op, Add | Sub | Mul) { format!(" ({release})") } else { String::new() };
            let widths: &[u32] = if op == Mul { &[64, 32, 16, 12, 10, 8] } else { all };
            add(format!("range: {}{variant}", word(op)), widths, op != Mul, Subject::Range(RangeOp::Alu(op), rules));
        }
    }
    let rules = DomainRules::V6_12;
    for (name, op) in [
        ("unsigned and signed inform each other", RangeOp::DeduceSigns),
        ("learns from bits", RangeOp::LearnFromBits),
        ("signed from unsigned", RangeOp::SignedFromUnsigned),
        ("empty", RangeOp::Empty),
    ] {
        add(format!("range: {name}"), all, true, Subject::Range(op, rules));
    }
    for (release, rules) in RULES {
        for (name, op) in [
            ("sync: learns from bits", ValueOp::LearnFromBits),
            ("sync: low half from the whole", ValueOp::LowFromFull),
            ("sync: whole from the low half", ValueOp::FullFromLow),
            ("sync: bits from ranges", ValueOp::LearnBits),
            ("sync: bits and range meet in one value", ValueOp::Meet),
        ] {
            let of_612 =
                matches!(op, ValueOp::LearnFromBits | ValueOp::LowFromFull | ValueOp::FullFromLow | ValueOp::LearnBits);
            let of_618 = matches!(op, ValueOp::LearnFromBits | ValueOp::FullFromLow | ValueOp::Meet);
            if (release == "6.12" && of_612) || (release == "6.18" && of_618) {
                let variant = if of_612 && of_618 { format!(" ({release})") } else { String::new() };
                add(format!("{name}{variant}"), all, true, Subject::Value(op, rules));
            }
        }
    }
    let arithmetic = [
        BoundedOp::Add,
        BoundedOp::Sub,
        BoundedOp::Neg,
        BoundedOp::And,
        BoundedOp::Or,
        BoundedOp::Xor,
        BoundedOp::Lsh,
        BoundedOp::Rsh,
        BoundedOp::Arsh,
    ];
    for (release, rules) in RULES {
        for op in arithmetic {
            for half in [false, true] {
                let bits = if half { 32 } else { 64 };
                let name = format!("value: {op:?} {bits} ({release})");
                add(name.to_lowercase(), all, false, Subject::Value(ValueOp::Alu(op, half), rules));
            }
        }
    }
    for (name, op) in [("div", Div), ("sdiv", SDiv), ("mod", Mod), ("smod", SMod)] {
        for half in [false, true] {
            let bits = if half { 32 } else { 64 };
            add(
                format!("value: {name} {bits} is not known"),
                all,
                true,
                Subject::Value(ValueOp::Unbounded(op, half), rules),
            );
        }
    }
    let narrow: &[u32] = &[64];
    let mut sizes = vec![("value: zero-extend the low half".to_string(), ValueOp::Zext)];
    sizes.extend([1, 2, 4].map(|n| (format!("value: truncate to {n} bytes"), ValueOp::Truncate(n))));
    sizes.extend([1, 2, 4].map(|n| (format!("value: sign-extend {n} bytes"), ValueOp::SignExtend(n))));
    sizes.extend([1, 2].map(|n| (format!("value: sign-extend {n} bytes to 32 bits"), ValueOp::SignExtendLow(n))));
    sizes.extend([2, 4, 8].map(|n| (format!("value: swap {n} bytes"), ValueOp::SwapBytes(n))));
    sizes.push(("value: set the low half".to_string(), ValueOp::SetLowKnown));
    for (name, op) in sizes {
        add(name, narrow, true, Subject::Value(op, rules));
    }
    for half in [false, true] {
        let bits = if half { 32 } else { 64 };
        for cmp in CMPS {
            let name = format!("{cmp:?}").to_lowercase();
            add(format!("branch: taken {name} {bits}"), all, false, Subject::Value(ValueOp::Taken(cmp, half), rules));
            add(format!("branch: refine {name} {bits}"), all, false, Subject::Value(ValueOp::Refine(cmp, half), rules));
            let itself = Subject::Value(ValueOp::RefineItself(cmp, half), rules);
            add(format!("branch: refine {name} {bits}, with itself"), all, false, itself);
        }
    }
    out
}

fn word(op: AluOp) -> String {
    format!("{op:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Prim;

    const PATIENCE: Patience = Patience { question: 100_000_000, goal: 400_000_000 };

    #[test]
    fn known_bits_are_sound_at_64_bits() {
        for goal in goals().iter().filter(|g| g.quick && g.name.starts_with("bits:")) {
            let proof = goal.prove(PATIENCE);
            assert_eq!((&proof.outcome, proof.width), (&Outcome::Proven, 64), "{}", goal.name);
        }
    }

    /// Every kind of claim, operators on ranges, values, branches and what they learn from each other included, on words so
    /// small that there is little to try; `make prove` asks about the widest.
    #[test]
    fn every_kind_of_claim_holds_on_small_words() {
        const LITTLE: Patience = Patience { question: 2_000_000, goal: 4_000_000 };
        let goals = goals();
        let small: Vec<&Goal> = goals.iter().filter(|g| !g.vacuous && g.widths.contains(&8)).collect();
        let mut proven = 0;
        for goal in &small {
            let proof = goal.prove_at(8, LITTLE, None);
            assert!(!matches!(proof.outcome, Outcome::Refuted(_)), "{}: {:?}", goal.name, proof.outcome);
            proven += usize::from(proof.outcome == Outcome::Proven);
        }
        println!("{proven} of {} claims proven at 8 bits", small.len());
        assert!(proven * 10 >= small.len() * 8 && small.len() >= 80, "{proven} of {}", small.len());
    }

    /// The committed table is of the claims that there are, in their order, and none of those that claim nothing counts.
    #[test]
    fn the_table_is_of_these_claims() {
        let text = include_str!("../../../docs/domain-proofs.md");
        let (claims, rest) = text.split_once("## Results that are not known").expect("a part for those");
        let rows = |text: &str| -> Vec<String> {
            let cells = text.lines().filter_map(|l| l.strip_prefix("| ")?.split(" | ").next().map(str::to_string));
            cells.filter(|c| c.contains(": ")).collect()
        };
        let of = |vacuous: bool| -> Vec<String> {
            goals().into_iter().filter(|g| g.vacuous == vacuous).map(|g| g.name).collect()
        };
        assert_eq!(rows(claims), of(false));
        let rest = rest.split("## Every operand").next().unwrap_or_default();
        assert_eq!(rows(rest), of(true));
    }

    /// Seeded faults in operators: each makes the operator lose a value, and a proof must find it. Faults that only cost
    /// precision (as `range: and` with the larger of both maxima) are none in this sense.
    #[test]
    fn faults_in_operators_are_found() {
        use Prim::*;
        let faults = [
            ("bits: add", Add, 0, Sub),
            ("bits: add", Add, 2, Sub),
            ("bits: add", Or, 0, And),
            ("bits: add", Or, 1, Not),
            ("bits: sub", Sub, 0, Add),
            ("bits: sub", Add, 0, Sub),
            ("bits: sub", Or, 0, Not),
            ("bits: sub", And, 0, Or),
            ("bits: and", And, 0, Or),
            ("bits: and", Or, 0, Not),
            ("bits: and", And, 1, Xor),
            ("bits: or", Or, 0, And),
            ("bits: or", Or, 1, Not),
            ("bits: xor", Or, 0, And),
            ("bits: xor", Xor, 0, Or),
            ("bits: xor", And, 0, Not),
            ("bits: lsh", Shl, 1, Not),
            ("bits: rsh", Shr, 0, Sar),
            ("bits: arsh", Sar, 1, Shr),
            ("bits: arsh", Sar, 0, Shr),
            ("bits: intersect", Or, 0, And),
            ("bits: union", Or, 0, And),
            ("bits: from a range", Xor, 0, And),
            ("range: add (6.12)", Ult, 1, And),
            ("range: sub (6.12)", Sub, 3, Add),
            ("range: arsh", Sar, 0, Shr),
            ("range: unsigned and signed inform each other", Slt, 0, And),
            ("range: learns from bits", Or, 0, And),
            ("range: rsh", Shr, 0, Sar),
            ("range: or", Or, 0, And),
            ("value: and 64 (6.18)", And, 0, Or),
            ("value: or 32 (6.18)", Or, 0, And),
            ("value: xor 64 (6.18)", Or, 0, And),
            ("value: rsh 64 (6.18)", Shr, 0, Sar),
            ("value: arsh 64 (6.18)", Sar, 0, Shr),
            ("sync: whole from the low half (6.12)", And, 0, Or),
            ("sync: bits and range meet in one value", Ult, 0, And),
            ("branch: refine eq 64", Or, 0, And),
            ("branch: refine lt 64", Sub, 0, Add),
            ("branch: taken lt 64", Ult, 0, Or),
        ];
        let goals = goals();
        let mut missed = Vec::new();
        for (name, of, nth, instead) in faults {
            let goal = goals.iter().find(|g| g.name == name).expect(name);
            let proof = goal.prove_at(8, PATIENCE, Some(Fault { of, nth, instead }));
            if !matches!(proof.outcome, Outcome::Refuted(_)) {
                missed.push((name, of, nth, instead));
            }
        }
        println!("{} of {} faults found; missed: {missed:?}", faults.len() - missed.len(), faults.len());
        assert!(missed.len() <= 1, "missed: {missed:?}");
    }
}
