//! What holds at each instruction of an accepted program, whichever way it is reached.
//!
//! A join of its own over all states that the walk passes. The kernel's states cannot serve: it takes a path as covered
//! although numbers that were never needed exactly differ, and so they are missing from what it keeps. Here the analysis
//! runs with [`Options::exact`], so that a path is covered only when all its numbers are; and only values that the
//! instruction itself reads are told, because the others may be dead and were then not compared.

use crate::analysis::{Options, Report, System, Verdict, verify_with};
use crate::domain::{Scalar, Tnum};
use crate::isa::{Callee, Insn, Op, Regs};
use crate::kernel::call::ArgBase;
use crate::kernel::helpers::{self, HelperQuery};
use crate::kernel::{AttachType, Kernel, ProgType};
use crate::log::{Context, Event, Interest, Sink};
use crate::program::LoadRequest;
use crate::state::{Payload, RegBase, RegState, TypeFlags};

use super::{Source, source_of, value};

/// What is known of one register before an instruction that reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Register number.
    pub reg: u8,
    /// The value that covers all that were met; `None` when kinds differ (a number here, a pointer there).
    pub value: Option<RegState>,
    /// In words.
    pub words: String,
}

/// What holds before one instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// Instruction.
    pub insn: usize,
    /// Its source line.
    pub source: Option<Source>,
    /// How often the walk passed it.
    pub visits: u32,
    /// The registers it reads, in order.
    pub known: Vec<Known>,
}

/// The registers that an instruction reads, as bits; arguments of a helper as far as its prototype goes.
fn reads(insn: Insn, helper_args: impl Fn(u32) -> u32) -> Regs {
    match insn.decode() {
        Op::Call { callee: Callee::Helper(id) } => {
            let n = u32::try_from(id).map_or(0, &helper_args).min(5);
            (1..=n).fold(0, |bits, i| bits | 1 << i)
        }
        // How many arguments they take is not known here.
        Op::Call { .. } => 0,
        op => op.effect().uses,
    }
}

/// A number that covers two.
fn cover(a: &Scalar, b: &Scalar) -> Scalar {
    Scalar {
        var_off: a.var_off.union(b.var_off),
        smin: a.smin.min(b.smin),
        smax: a.smax.max(b.smax),
        umin: a.umin.min(b.umin),
        umax: a.umax.max(b.umax),
        s32_min: a.s32_min.min(b.s32_min),
        s32_max: a.s32_max.max(b.s32_max),
        u32_min: a.u32_min.min(b.u32_min),
        u32_max: a.u32_max.max(b.u32_max),
        ..Scalar::UNKNOWN
    }
}

/// A pointer's fixed offset as part of its variable one.
fn spread(r: &RegState) -> RegState {
    let off = i64::from(r.off);
    let s = &r.scalar;
    let (smin, smax) = (s.smin.saturating_add(off), s.smax.saturating_add(off));
    let umax = if smin < 0 { u64::MAX } else { smax as u64 };
    let umin = if smin < 0 { 0 } else { smin as u64 };
    let var_off = if s.is_const() { Tnum::konst(s.var_off.value.wrapping_add(off as u64)) } else { Tnum::UNKNOWN };
    let scalar = Scalar { var_off, smin, smax, umin, umax, ..Scalar::UNKNOWN };
    RegState { off: 0, scalar, ..*r }
}

/// A value that covers two; `None` when they are of different kinds.
fn join(a: &RegState, b: &RegState) -> Option<RegState> {
    let null = |r: &RegState| r.is_null();
    if a.is_scalar() && b.is_scalar() {
        return Some(RegState { scalar: cover(&a.scalar, &b.scalar), ..*a });
    }
    // Null on one path, a pointer on the other.
    if null(a) && !b.is_scalar() || null(b) && !a.is_scalar() {
        let mut p = if null(a) { *b } else { *a };
        p.ty.flags |= TypeFlags::MAYBE_NULL;
        return Some(p);
    }
    if a.ty.base != b.ty.base || a.is_scalar() || a.frame_number != b.frame_number {
        return None;
    }
    let payload = match (a.payload, b.payload) {
        (Payload::Range(x), Payload::Range(y)) => Payload::Range(x.min(y)),
        (Payload::Map { map: x, .. }, Payload::Map { map: y, .. }) if x == y => a.payload,
        (Payload::Mem { size: x, dynptr_id }, Payload::Mem { size: y, .. }) => {
            Payload::Mem { size: x.min(y), dynptr_id }
        }
        (x, y) if x == y => x,
        _ => return None,
    };
    let (x, y) = if a.off == b.off { (*a, *b) } else { (spread(a), spread(b)) };
    let mut out = RegState { payload, scalar: cover(&x.scalar, &y.scalar), ..x };
    out.ty.flags = a.ty.flags | b.ty.flags;
    if a.ref_obj_id != b.ref_obj_id {
        out.ref_obj_id = 0;
    }
    Some(out)
}

#[derive(Clone)]
struct Seen {
    visits: u32,
    /// By register: not yet met, met with this cover, or met with different kinds.
    regs: [Option<Option<RegState>>; 11],
}

/// Listens and joins.
struct Joiner<'a> {
    kernel: &'a Kernel,
    prog_type: ProgType,
    seen: Vec<Option<Seen>>,
}

impl Joiner<'_> {
    fn helper_args(&self, id: u32) -> u32 {
        let plain = HelperQuery::plain(self.kernel, self.prog_type, AttachType::CgroupInetIngress);
        let query = HelperQuery { sleepable: true, ..plain };
        let proto = helpers::prototype(&query, id);
        proto.map_or(0, |p| p.args.iter().take_while(|a| a.base != ArgBase::DontCare).count() as u32)
    }
}

impl Sink for Joiner<'_> {
    fn interest(&self) -> Interest {
        Interest { log_level: 0, structure: true }
    }

    fn event(&mut self, cx: &Context<'_>, event: &Event<'_>) {
        let Event::At { idx, state, .. } = *event else { return };
        let Some(insn) = cx.insns.get(idx).copied() else { return };
        let bits = reads(insn, |id| self.helper_args(id));
        if self.seen.len() < cx.insns.len() {
            self.seen.resize(cx.insns.len(), None);
        }
        let Some(seen) = self.seen.get_mut(idx) else { return };
        let seen = seen.get_or_insert_with(|| Seen { visits: 0, regs: [const { None }; 11] });
        seen.visits = seen.visits.saturating_add(1);
        for n in (0..11u8).filter(|n| bits & 1 << n != 0) {
            let now = state.frame().regs[usize::from(n)];
            let met = &mut seen.regs[usize::from(n)];
            *met = Some(match met {
                None => (now.ty.base != RegBase::NotInit).then_some(now),
                Some(cover) => cover.as_ref().and_then(|c| join(c, &now)),
            });
        }
    }

    fn mark(&self) -> u64 {
        0
    }

    fn rewind(&mut self, _: u64) {}
}

/// What holds in an accepted program, per instruction that was reached; `None` when it is not accepted, or when following
/// every number exactly takes more than a program may.
pub fn invariants(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    stop: &dyn Fn() -> bool,
) -> (Report, Option<Vec<Invariant>>) {
    let options = Options { exact: true, log_level: 0, ..options.clone() };
    let prog_type = ProgType::from_number(request.prog_type).unwrap_or(ProgType::Unspec);
    let mut joiner = Joiner { kernel: &system.kernel, prog_type, seen: Vec::new() };
    let report = verify_with(system, request, &options, &mut joiner, stop);
    if !matches!(report.verdict, Verdict::Accepted(_)) {
        return (report, None);
    }
    let word = |n: usize, v: &Option<RegState>| Known {
        reg: n as u8,
        value: *v,
        words: v.map_or_else(
            || "a number on one way, a pointer on another".into(),
            |r| value::words(&r, request, &system.vmlinux),
        ),
    };
    let rows = joiner.seen.iter().enumerate().filter_map(|(insn, seen)| {
        let seen = seen.as_ref()?;
        let known = seen.regs.iter().enumerate().filter_map(|(n, v)| v.as_ref().map(|v| word(n, v)));
        Some(Invariant { insn, source: source_of(request, insn), visits: seen.visits, known: known.collect() })
    });
    let rows = rows.collect();
    (report, Some(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::asm::assemble;

    /// Words for the registers that instruction `at` of a socket filter reads.
    fn check(text: &str, at: usize) -> Vec<String> {
        let kernel = Kernel::v6_12();
        let system = System::stored(kernel).expect("stored BTF");
        let insns = assemble(text).expect("assembles");
        let prog_type = ProgType::SocketFilter as u32;
        let request = LoadRequest { prog_type, insns, license: "GPL".into(), ..LoadRequest::default() };
        let (_, rows) = invariants(&system, &request, &Options::default(), &|| false);
        let rows = rows.expect("accepted");
        let row = rows.iter().find(|r| r.insn == at).expect("reached");
        row.known.iter().map(|k| format!("R{} {}", k.reg, k.words)).collect()
    }

    #[test]
    fn both_ways_count_even_where_the_kernel_prunes() {
        // Nobody needs r2 exactly, so the kernel takes the second way as covered by the first, with r2 = 1.
        let text = "r0 = *(u32 *)(r1 +0)\nr2 = 1\nif r0 == 0 goto meet\nr2 = 7\nmeet:\nr0 = r2\nexit";
        assert_eq!(check(text, 4), ["R2 number 1..=7"]);
        assert_eq!(check(text, 0), ["R1 the context"]);
    }
}
