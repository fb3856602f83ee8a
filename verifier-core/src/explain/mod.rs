//! Why a program was rejected: from events and the rejection to a chain of causes and to suggestions.
//!
//! ```text
//! events ──► path (what each instruction changed) ──► slice (backward from the failing operand) ──► Trace
//! ```
//!
//! [`path`] listens and keeps the path that leads to the rejection; `slice` walks it backwards over registers, spills
//! and branches; [`suggest`] (with `bounds` for numbers) recognises patterns of states and says what is wrong and what
//! helps; [`value`] words states, `label` steps, and [`names`] finds what the source calls things. The result is one typed
//! value, [`Trace`]; renderers only lay it out.

mod bounds;
mod constant;
pub mod cost;
mod edit;
mod expr;
mod handed;
pub mod invariants;
mod label;
mod lines;
pub mod log;
mod loops;
mod missing;
pub mod names;
mod packet;
pub mod path;
mod remedy;
mod rules;
mod slice;
mod step;
pub mod suggest;
pub mod tried;
pub mod value;

use crate::analysis::{Options, Report, System, Verdict, verify_with};
use crate::error::{Code, Msg, StructureMsg, WalkMsg};
use crate::program::LoadRequest;

pub use edit::{Change, Edit, Sources, applied};
pub use path::{Path, Recorder};
pub use step::{Source, Step, StepKind};
pub use suggest::{Proof, Suggestion};

/// The explanation of one rejection.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// What is wrong, in one sentence for people.
    pub problem: String,
    /// The words of the kernel.
    pub message: String,
    /// Stable code; empty where the kernel says nothing.
    pub code: &'static str,
    /// Category in words; empty where the kernel says nothing.
    pub category: &'static str,
    /// The page of the code.
    pub page: &'static str,
    /// Name of the error number.
    pub errno: String,
    /// Chain of causes, in the order of execution; the last is the failing one.
    pub steps: Vec<Step>,
    /// What to do, the most likely remedy first.
    pub suggestions: Vec<Suggestion>,
}

/// Verifies a program and explains its rejection; `None` when it is not rejected.
///
/// The report is that of the same run.
pub fn explain(system: &System, request: &LoadRequest, options: &Options) -> (Report, Option<Trace>) {
    let mut recorder = Recorder::new();
    let report = verify_with(system, request, options, &mut recorder, &|| false);
    let path = recorder.into_path();
    let trace = trace_of(system, request, options, &report, &path, &Sources::default(), &|| false);
    (report, trace)
}

/// Explains a rejection from the path that led to it, with what source files are at hand. Remedies are tried until `stop` says so.
pub fn trace_of(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    report: &Report,
    path: &Path,
    sources: &Sources,
    stop: &dyn Fn() -> bool,
) -> Option<Trace> {
    let Verdict::Rejected(rejection) = &report.verdict else { return None };
    let cause = rejection.cause.as_ref();
    let row = cause.map(Msg::row);
    let (code, category) = row.and_then(|r| r.cause).map_or((None, ""), |(code, cat)| (Some(code), cat.title()));
    // An operation that does not exist is found before any instruction is looked at in turn.
    let end = match cause {
        Some(Msg::Walk(WalkMsg::UnknownOpcode { code })) => request.insns.iter().position(|i| i.code == *code),
        _ => None,
    };
    let end = end.unwrap_or(report.insn_idx);
    let mut slice = slice::slice(path, request, cause, code, end, &|at| suggest::called(system, request, at));
    if let Some(Msg::Structure(StructureMsg::CombinedStack { .. })) = cause {
        slice.steps = label::stacks(report, request);
    }
    let lines = lines::Lines { request };
    let facts = suggest::Facts {
        sources: sources.of(lines),
        system,
        code,
        cause,
        path,
        slice: &slice,
        request,
        lines,
        reg: slice.failing,
        end,
        options,
        stop,
        spent: std::cell::Cell::new(0),
    };
    let diagnosis = facts.diagnose();
    let message = match facts.poison() {
        Some(why) => why.words(),
        None => cause.map(|c| c.text(system.kernel.style).trim_end().to_string()).unwrap_or_default(),
    };
    let steps = label::steps(&facts, &diagnosis.here);
    let first = message.lines().next().unwrap_or_default();
    let problem = if !diagnosis.problem.is_empty() {
        diagnosis.problem
    } else if !first.is_empty() {
        first.to_string()
    } else {
        "rejected without a word".into()
    };
    Some(Trace {
        problem,
        message,
        code: code.map_or("", Code::text),
        category,
        page: row.map_or("", |r| r.doc.trim()),
        errno: rejection.errno.name(),
        steps,
        suggestions: diagnosis.suggestions,
    })
}

/// The source line of an instruction.
pub fn source_of(request: &LoadRequest, idx: usize) -> Option<Source> {
    lines::Lines { request }.line(idx).map(|l| l.source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::asm::assemble;
    use crate::isa::opcode::PSEUDO_MAP_FD;
    use crate::kernel::{Kernel, MapType, ProgType};
    use crate::program::MapSpec;

    /// Explains a program that uses one array map of 64-byte values; the map is loaded by `r1 = 0 ll`.
    fn check(prog: ProgType, text: &str) -> Trace {
        let kernel = Kernel::v6_12();
        let system = System::stored(kernel).expect("stored BTF");
        let mut insns = assemble(text).expect("assembles");
        for insn in insns.iter_mut().filter(|i| i.is_ldimm64()) {
            insn.src = PSEUDO_MAP_FD;
            insn.imm = 7;
        }
        let map = MapSpec {
            fd: 7,
            name: "counts".into(),
            map_type: MapType::Array as u32,
            key_size: 4,
            value_size: 64,
            max_entries: 4,
            ..MapSpec::default()
        };
        let request = LoadRequest {
            prog_type: prog as u32,
            insns,
            license: "GPL".into(),
            maps: vec![map],
            ..LoadRequest::default()
        };
        explain(&system, &request, &Options::default()).1.expect("rejected")
    }

    const LOOKUP: &str = "r6 = *(u32 *)(r1 +0)\n*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\nr1 = 0 ll\ncall unknown#1\n";

    #[test]
    fn a_missing_null_check_leads_to_the_lookup() {
        let t = check(ProgType::SocketFilter, &format!("{LOOKUP}r3 = r0\nr0 = *(u64 *)(r3 +0)\nexit"));
        let chain: Vec<_> = t.steps.iter().map(|s| (s.kind, s.insn)).collect();
        assert_eq!(chain, [(StepKind::Established, 6), (StepKind::Failing, 8)]);
        assert_eq!(t.suggestions[0].code, suggest::NULL_CHECK);
        assert_eq!(t.steps[0].after, "null or pointer to a value (64 bytes) of map `counts`");
    }

    #[test]
    fn a_missing_upper_bound_leads_to_the_index() {
        let t = check(
            ProgType::SocketFilter,
            &format!("{LOOKUP}if r0 == 0 goto out\nr0 += r6\nr0 = *(u8 *)(r0 +0)\nout:\nr0 = 0\nexit"),
        );
        let chain: Vec<_> = t.steps.iter().map(|s| (s.kind, s.insn)).collect();
        assert_eq!(chain, [(StepKind::Established, 0), (StepKind::Computed, 8), (StepKind::Failing, 9)]);
        assert_eq!(t.suggestions[0].code, suggest::UPPER_BOUND);
    }

    #[test]
    fn an_unchecked_packet_says_so() {
        let t = check(ProgType::Xdp, "r2 = *(u32 *)(r1 +0)\nr0 = *(u8 *)(r2 +13)\nexit");
        assert_eq!(t.suggestions[0].code, suggest::PACKET_CHECK);
        assert_eq!(t.steps[0].after, "packet, no bytes checked");
    }
}
