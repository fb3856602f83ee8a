//! Changes that make the kernel see what is true: inserted instructions that never do anything.
//!
//! A candidate is kept when the analysis then accepts the program, or gets past the rejected instruction, and when Z3
//! proves that the inserted instructions change nothing on any path that reaches them. What is tried:
//!
//! | change | inserted | does nothing because |
//! |---|---|---|
//! | bound | `if R <= K goto +1; R = 0` | R is never above K there |
//! | bounds | the same, and `if S != 0 goto +1; S = K` | S is never 0 there either |
//! | pointer made again | the same, then `P = B; P += c; P += R` | P is that already |
//! | size bound | `if S <= K goto +1; S = K` | S is never above K there |
//! | address check | `if P > 4095 goto access; skip it` | P is always an address |
//! | packet made again | `P - data` bounded, added to `data` and compared with `data_end`; skip the access | P is that, and inside |
//! | initialisation | `R = 0` behind the call that destroyed R | nothing that is safe reads what a call leaves in R1 to R5 |

use z3::ast::Bool;

use super::budget::Budget;
use super::case::{Case, decides};
use super::danger::{Danger, Rule, dangers};
use super::facts::Facts;
use super::repair_packet::{self as packet, Home};
use super::run::{Kind, Program, Run, STACK};
use super::search::follow;
use super::term::{Num, Val, alu, compare};
use verifier_core::analysis::{Options, System, Verdict, verify_assuming, verify_with};
use verifier_core::explain::path::Place;
pub use verifier_core::explain::tried::inserted;
use verifier_core::explain::{Path, Recorder, Source, source_of};
use verifier_core::isa::Insn;
use verifier_core::isa::disasm::{NoNames, write_insn};
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::kernel::call::ArgBase;
use verifier_core::log::{Off, Tee};
use verifier_core::program::LoadRequest;
use verifier_core::state::RegBase;

/// Places repaired in one program.
const MAX_ROUNDS: usize = 12;
/// Lowest number that is taken for an address.
const PAGE: i32 = 4096;

/// Instructions put in at one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// Before this instruction of the original program.
    pub before: usize,
    /// Only for those who come from the instruction before it; jumps to it pass by.
    pub falls_through_only: bool,
    /// As text, one instruction each. Jumps are relative to the inserted instructions.
    pub text: Vec<String>,
    /// What to do in the source.
    pub advice: String,
    /// The source line.
    pub source: Option<Source>,
}

/// A repair: with all edits the analysis accepts the program, and each is proven to do nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Repair {
    /// The edits, in the order of their making.
    pub edits: Vec<Edit>,
    /// The program with them.
    pub insns: Vec<Insn>,
}

/// A change to try.
pub(super) struct Candidate {
    pub at: usize,
    pub falls_through_only: bool,
    pub code: Vec<Insn>,
    pub advice: String,
    pub claim: Claim,
}

/// What must hold at a place for a change to do nothing there.
#[derive(Clone, Debug)]
pub(super) enum Claim {
    /// A register is at most this, unsigned.
    AtMost(u8, u64),
    /// A register is at least 1 and at most this.
    Within(u8, u64),
    /// A pointer is into the packet as it is now, the context is where it is looked for, and the bytes from an offset of
    /// the pointer on are in the packet, not far from its begin.
    InPacket { pointer: u8, ctx: Home, off: i64, bytes: u64, most: u64 },
    /// A pointer is base + constant + register, and the register at most this.
    Sum { pointer: u8, base: u8, constant: i64, index: u8, most: u64 },
    /// A register holds an address.
    Address(u8),
    /// Nothing needs to hold: what a call leaves in R1 to R5 is not defined.
    Destroyed,
}

/// One danger.
pub(super) fn wrong(regno: u8, when: Bool) -> Vec<Danger> {
    vec![Danger { rule: Rule::OutOfBounds, regno, when }]
}

impl Claim {
    /// When it does not hold.
    fn broken(&self, run: &mut Run) -> Vec<Danger> {
        let always = |r: u8| wrong(r, Bool::from_bool(true));
        let above = |run: &Run, r: u8, most: u64| match run.reg(r) {
            Val::Num(n) => Some(compare(CmpOp::Gt, true, &n, &Num::Known(most))),
            _ => None,
        };
        match *self {
            Claim::AtMost(r, most) => above(run, r, most).map_or_else(|| always(r), |w| wrong(r, w)),
            Claim::Within(r, most) => match run.reg(r) {
                Val::Num(n) => {
                    let none = compare(CmpOp::Eq, true, &n, &Num::Known(0));
                    wrong(r, Bool::or(&[none, compare(CmpOp::Gt, true, &n, &Num::Known(most))]))
                }
                _ => always(r),
            },
            Claim::InPacket { pointer, ctx, off, bytes, most } => {
                packet::outside_packet(run, pointer, ctx, off, bytes, most)
                    .map_or_else(|| always(pointer), |w| wrong(pointer, w))
            }
            Claim::Sum { pointer, base, constant, index, most } => {
                let (Val::Ptr(p), Val::Ptr(b), Val::Num(i)) = (run.reg(pointer), run.reg(base), run.reg(index)) else {
                    return always(pointer);
                };
                if p.region != b.region || p.null.is_some() || b.null.is_some() {
                    return always(pointer);
                }
                let sum = alu(AluOp::Add, true, &b.off.plus(constant), &i);
                let differs = compare(CmpOp::Ne, true, &p.off, &sum);
                let large = compare(CmpOp::Gt, true, &i, &Num::Known(most));
                wrong(pointer, Bool::or(&[differs, large]))
            }
            Claim::Address(r) => match run.reg(r) {
                Val::Ptr(p) => wrong(r, p.null.clone().unwrap_or_else(|| Bool::from_bool(false))),
                Val::Num(n) => wrong(r, compare(CmpOp::Lt, true, &n, &Num::Known(PAGE as u64))),
                Val::Undef => always(r),
            },
            Claim::Destroyed => Vec::new(),
        }
    }
}

pub(super) const fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm }
}

/// `if R <= most goto +1; R = otherwise`.
fn bound(r: u8, most: i32, otherwise: i32) -> Vec<Insn> {
    vec![insn(JMP | JLE | K, r, 0, 1, most), insn(ALU64 | MOV | K, r, 0, 0, otherwise)]
}

/// What is known about a rejection that is to be repaired.
pub(super) struct Spot {
    pub insn: usize,
    pub path: Path,
    pub run: Run,
    pub found: Vec<Danger>,
}

/// Searches for a repair of a rejected program within a time.
pub fn repair(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    budget: Budget<'_>,
    tried: &mut Vec<String>,
) -> Option<Repair> {
    let mut current = request.clone();
    let mut edits: Vec<(usize, usize, Edit)> = Vec::new();
    if let Some((c, kept)) =
        look(system, &current, options, budget).and_then(|(case, mut p)| packet::keep_ctx(&case, &mut p))
    {
        edits.push((c.at, c.code.len(), edit(&current, &c)));
        current = kept;
    }
    for _ in 0..MAX_ROUNDS {
        let (case, mut place) = look(system, &current, options, budget)?;
        let candidates = candidates(&case, &mut place);
        let many = candidates.len();
        let mut chosen = None;
        for c in candidates {
            if budget.spent() {
                tried.push("repair: out of time".into());
                return None;
            }
            let Some(next) = inserted(&current, c.at, &c.code, c.falls_through_only) else { continue };
            let late = || budget.gave_up().is_some();
            let report = verify_with(system, &next, options, &mut Off, &late);
            // The rejected instruction moved with what was inserted; what was inserted must not be rejected either.
            let same = place.insn + if c.at <= place.insn { c.code.len() } else { 0 };
            let inside = c.at..c.at + c.code.len();
            let done = matches!(report.verdict, Verdict::Accepted(_));
            let rejected = matches!(report.verdict, Verdict::Rejected(_));
            let further = rejected && report.insn_idx != same && !inside.contains(&report.insn_idx);
            if (done || further) && proven(&case, place.insn, &c) {
                if further {
                    tried
                        .push(format!("repair: past instruction {}, then rejected at {}", place.insn, report.insn_idx));
                }
                chosen = Some((c, next, done));
                break;
            }
        }
        let Some((candidate, next, done)) = chosen else {
            tried.push(format!("repair: none of {many} changes helps at instruction {}", place.insn));
            return None;
        };
        edits.push((candidate.at, candidate.code.len(), edit(&current, &candidate)));
        current = next;
        if done {
            let mut out = Vec::new();
            for n in 0..edits.len() {
                // Back through the edits made before it.
                let mut at = edits[n].0;
                for (from, len, _) in edits[..n].iter().rev() {
                    at = if at >= from + len { at - len } else { at.min(*from) };
                }
                out.push(Edit { before: at, source: source_of(request, at), ..edits[n].2.clone() });
            }
            return Some(Repair { edits: out, insns: current.insns });
        }
    }
    None
}

fn edit(request: &LoadRequest, c: &Candidate) -> Edit {
    let text = |i: &Insn| {
        let mut out = String::new();
        // Writing into a `String` cannot fail.
        let _ = write_insn(&mut out, *i, None, &NoNames, false);
        out.split_once(") ").map_or(out.clone(), |(_, t)| t.to_string())
    };
    Edit {
        before: c.at,
        falls_through_only: c.falls_through_only,
        text: c.code.iter().map(text).collect(),
        advice: c.advice.clone(),
        source: source_of(request, c.at),
    }
}

/// The rejection of a program and the symbolic run that leads to it.
fn look<'a>(
    system: &'a System,
    request: &'a LoadRequest,
    options: &'a Options,
    budget: Budget<'a>,
) -> Option<(Case<'a>, Spot)> {
    let (mut recorder, mut facts) = (Recorder::new(), Facts::default());
    let late = || budget.gave_up().is_some();
    let report = verify_assuming(system, request, options, &mut Tee(&mut recorder, &mut facts), &late, &[]);
    let Verdict::Rejected(rejection) = &report.verdict else { return None };
    let at = report.insn_idx;
    let perfmon = options.privilege.perfmon || options.privilege.sys_admin;
    let rules = decides(rejection, Some(request.insns.get(at)?), perfmon).rules()?;
    let case = Case { system, request, options, rules, budget, trusts_offsets: true };
    let path = recorder.into_path();
    let (start, state) = facts.entry.as_ref()?;
    let program = case.program(&facts);
    let mut run = follow(&program, &path, Run::from_state(&program, state, true), *start).ok()?;
    let found = dangers(&mut run, &program, at, rules);
    Some((case, Spot { insn: at, path, run, found }))
}

/// Whether what is inserted does nothing, on every path that comes there.
fn proven(case: &Case<'_>, rejected: usize, c: &Candidate) -> bool {
    if matches!(c.claim, Claim::Destroyed) {
        return true;
    }
    let Ok(view) = case.view(rejected, c.at) else { return false };
    view.never(case, &|run: &mut Run, _: &Program<'_>| c.claim.broken(run))
}

fn candidates(case: &Case<'_>, place: &mut Spot) -> Vec<Candidate> {
    let mut out = Vec::new();
    let Some(at) = case.request.insns.get(place.insn).copied() else { return out };
    for d in place.found.clone() {
        match d.rule {
            Rule::UninitialisedRegister => initialise(case, place, d.regno, &mut out),
            Rule::NotAPointer | Rule::Null => check_address(place, at, d.regno, &mut out),
            Rule::OutOfBounds => {
                bounds(case, place, at, d.regno, &mut out);
                packet::check_again(case, place, at, d.regno, &mut out);
            }
            _ => {}
        }
    }
    if at.is_alu() && place.found.is_empty() {
        summand(place, at, &mut out);
    }
    out
}

/// A bound of the number that is added to a pointer.
fn summand(place: &Spot, at: Insn, out: &mut Vec<Candidate>) {
    if at.class() != ALU64 || at.op() != ADD || !at.is_reg_src() {
        return;
    }
    let (p, index) = match (place.run.reg(at.dst), place.run.reg(at.src)) {
        (Val::Ptr(p), Val::Num(_)) => (p, at.src),
        (Val::Num(_), Val::Ptr(p)) => (p, at.dst),
        _ => return,
    };
    let limit = place.run.regions[p.region].size.as_ref().and_then(Num::known);
    let (Some(limit), Some(off)) = (limit, p.off.known()) else { return };
    // How many bytes are accessed there shows later; each way of it is tried.
    for bytes in [8, 4, 2, 1] {
        let Some(most) = limit.checked_sub(off + bytes).and_then(|m| i32::try_from(m).ok()) else { continue };
        out.push(Candidate {
            at: place.insn,
            falls_through_only: false,
            code: bound(index, most, 0),
            advice: format!("bound the offset right before it is used: if (offset > {most}) offset = 0;"),
            claim: Claim::AtMost(index, most as u64),
        });
    }
}

/// `R = 0` behind the call that destroyed it, or at the begin of the function.
fn initialise(case: &Case<'_>, place: &Spot, regno: u8, out: &mut Vec<Candidate>) {
    let Some(frame) = place.path.last.as_ref().map(|s| s.top_frame() as u8) else { return };
    let lost = place
        .path
        .steps
        .iter()
        .rev()
        .find(|s| s.changes.iter().any(|c| c.place == Place::Reg { frame, n: regno } && c.after.is_none()));
    let call = lost.map(|s| s.insn).filter(|i| case.request.insns.get(*i).is_some_and(|i| i.is_call()));
    let Some(call) = call.filter(|_| (1..=5).contains(&regno)) else { return };
    out.push(Candidate {
        at: call + 1,
        falls_through_only: true,
        code: vec![insn(ALU64 | MOV | K, regno, 0, 0, 0)],
        advice: "the compiler reads a variable that has no value on this path: initialise it where it is declared, or \
                 before this call returns"
            .into(),
        claim: Claim::Destroyed,
    });
}

/// The access only where the register holds an address.
fn check_address(place: &Spot, at: Insn, regno: u8, out: &mut Vec<Candidate>) {
    let nullable = place.path.last.as_ref().is_some_and(|s| s.reg(regno).ty.may_be_null());
    let mut skip = Vec::new();
    match at.class() {
        LDX => skip.push(insn(ALU64 | MOV | K, at.dst, 0, 0, 0)),
        JMP if at.is_call() => skip.push(insn(ALU64 | MOV | K, 0, 0, 0, 0)),
        _ => {}
    }
    skip.push(insn(JMP | JA, 0, 0, 1, 0));
    let over = skip.len() as i16;
    let test =
        if nullable { insn(JMP | JNE | K, regno, 0, over, 0) } else { insn(JMP | JGT | K, regno, 0, over, PAGE - 1) };
    let mut code = vec![test];
    code.extend(skip);
    out.push(Candidate {
        at: place.insn,
        falls_through_only: false,
        code,
        advice: "the compiler tests the condition twice and the kernel forgets the first: test the pointer itself for \
                 null right before this line, or keep the condition in one variable"
            .into(),
        claim: Claim::Address(regno),
    });
}

/// Changes that show the kernel a bound.
fn bounds(case: &Case<'_>, place: &mut Spot, at: Insn, regno: u8, out: &mut Vec<Candidate>) {
    let Val::Ptr(p) = place.run.reg(regno) else { return };
    let region = place.run.regions[p.region].clone();
    let Some(limit) = region.size.as_ref().and_then(Num::known) else { return };
    let (size, size_reg) = if at.is_call() {
        match argument_size(case, place, at, regno) {
            Some(found) => found,
            None => return,
        }
    } else {
        (Some(u64::from(at.access_size())), None)
    };
    let off = if at.is_call() { 0 } else { i64::from(at.off) };
    if let (Some(s), Some(known)) = (size_reg, p.off.known())
        && let Ok(most) = i32::try_from(limit.wrapping_sub(known))
        && most > 0
        && size.is_none()
    {
        out.push(Candidate {
            at: place.insn,
            falls_through_only: false,
            code: bound(s, most, most),
            advice: format!("bound the size itself right before the call: if (size > {most}) size = {most};"),
            claim: Claim::AtMost(s, most as u64),
        });
        let mut code = bound(s, most, most);
        code.extend([insn(JMP | JNE | K, s, 0, 1, 0), insn(ALU64 | MOV | K, s, 0, 0, most)]);
        out.push(Candidate {
            at: place.insn,
            falls_through_only: false,
            code,
            advice: format!(
                "bound the size itself right before the call, from below too: if (size == 0 || size > {most}) size = {most};"
            ),
            claim: Claim::Within(s, most as u64),
        });
    }
    // With a size that varies, the least that there is.
    let n = size.unwrap_or(1);
    for index in 0..10u8 {
        let Val::Num(i @ Num::Term(_)) = place.run.reg(index) else { continue };
        for base in 0..=10u8 {
            let Val::Ptr(b) = place.run.reg(base) else { continue };
            if base == regno || b.region != p.region || b.off.known().is_none() || b.null.is_some() {
                continue;
            }
            let rest = alu(AluOp::Sub, true, &alu(AluOp::Sub, true, &p.off, &b.off), &i);
            let Some(constant) = rest.known().map(|c| c as i64) else { continue };
            let first = b.off.known().unwrap_or(0) as i64 + constant + off;
            let most = limit as i64 - n as i64 - first;
            let (Ok(most), Ok(add)) = (i32::try_from(most), i32::try_from(constant)) else { continue };
            if most < 0 || first < 0 {
                continue;
            }
            let mut code = bound(index, most, 0);
            code.push(insn(ALU64 | MOV | X, regno, base, 0, 0));
            if add != 0 {
                code.push(insn(ALU64 | ADD | K, regno, 0, 0, add));
            }
            code.push(insn(ALU64 | ADD | X, regno, index, 0, 0));
            out.push(Candidate {
                at: place.insn,
                falls_through_only: false,
                code,
                advice: format!(
                    "bound the index again and form the address behind the check: if (index > {most}) index = 0;"
                ),
                claim: Claim::Sum { pointer: regno, base, constant, index, most: most as u64 },
            });
        }
    }
    let Some(state) = place.path.last.as_ref() else { return };
    let reg = state.reg(regno);
    let fixed = i64::from(reg.off) + if reg.ty.base == RegBase::PtrToStack { STACK as i64 } else { 0 };
    let most = limit as i64 - n as i64 - off - fixed;
    if let (Some((add, index)), Ok(most)) = (addition(case, place, regno), i32::try_from(most))
        && most >= 0
    {
        out.push(Candidate {
            at: add,
            falls_through_only: false,
            code: bound(index, most, 0),
            advice: format!("bound the index right before it is used: if (index > {most}) index = 0;"),
            claim: Claim::AtMost(index, most as u64),
        });
    }
}

/// Bytes that a memory argument stands for: known, or in a register.
fn argument_size(case: &Case<'_>, place: &Spot, at: Insn, regno: u8) -> Option<(Option<u64>, Option<u8>)> {
    let facts = Facts::default();
    let program = case.program(&facts);
    let proto = program.proto(at.imm as u32)?;
    let i = usize::from(regno).checked_sub(1)?;
    let arg = proto.args.get(i)?;
    let map = || {
        let p = place.run.reg(1);
        match place.run.regions.get(p.as_ptr()?.region)?.kind {
            Kind::MapObject(m) => program.map(m),
            _ => None,
        }
    };
    let size = match arg.base {
        ArgBase::PtrToMapKey => u64::from(map()?.key_size),
        ArgBase::PtrToMapValue => u64::from(map()?.value_size),
        _ if arg.size > 0 => u64::from(arg.size),
        _ => {
            return match place.run.reg(regno + 1) {
                Val::Num(Num::Known(n)) => Some((Some(n), Some(regno + 1))),
                _ => Some((None, Some(regno + 1))),
            };
        }
    };
    Some((Some(size), None))
}

/// The addition on the rejected path that made a pointer's offset vary, and the register added.
fn addition(case: &Case<'_>, place: &Spot, regno: u8) -> Option<(usize, u8)> {
    let frame = place.path.last.as_ref()?.top_frame() as u8;
    let mut q = regno;
    for step in place.path.steps.iter().rev().filter(|s| s.frame == frame) {
        let i = *case.request.insns.get(step.insn)?;
        if !i.is_alu() || i.dst != q {
            if matches!(i.class(), LDX | LD) && i.dst == q || i.is_call() && q <= 5 {
                return None;
            }
            continue;
        }
        match (i.class(), i.op(), i.is_reg_src()) {
            (ALU64, MOV, true) => q = i.src,
            (ALU64, ADD, false) => {}
            (ALU64, ADD, true) => return Some((step.insn, i.src)),
            _ => return None,
        }
    }
    None
}
