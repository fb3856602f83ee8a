//! The account of a refusal that releases from 7.1 on print behind the message: what kind of mistake it is, why, where,
//! how the program came to it, and what helps.
//!
//! A row that is not here has none. The words are the kernel's; the path is told from the [`super::story`].

use crate::error::{CallMsg, KfuncMsg, LifetimeMsg, MemoryMsg, Msg, RegisterMsg, StructureMsg, WalkMsg};
use crate::isa::insn::Insn;
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::log::diagnosis::{Account, Entry, range_text, state_text, type_text};

mod calls;
mod contexts;

use super::path::Path;
use super::program::Program;
use super::story::{About, Region, Snapshot, Told, Why, whole_offset};

const REGISTER: &str = "Register Type Safety";
const MEMORY: &str = "Memory Safety";
const RESOURCE: &str = "Resource Lifetime Safety";
const CONTEXT: &str = "Execution Context Safety";
const POLICY: &str = "Policy";
const STRUCTURE: &str = "Program Structure";

/// Most events that are told; of more, the first and the last half.
const SHOWN: usize = 64;

/// Where a refusal happened.
struct Scene<'a> {
    program: &'a Program<'a>,
    path: &'a Path,
}

/// The account of a refusal, if there is one for it.
pub(super) fn account_for(program: &Program<'_>, path: &Path, msg: &Msg) -> Option<Account> {
    let scene = Scene { program, path };
    let found = account_of(&scene, msg).or_else(|| calls::argument(&scene, msg));
    let (mut account, about) = found.or_else(|| contexts::other(&scene, msg))?;
    account.path = about.map(|about| told(&scene, about));
    Some(account)
}

/// The account of an argument that is not the memory that a kernel function's parameter points to.
pub(super) fn account_for_memory(program: &Program<'_>, path: &Path, regno: u8, size: u32) -> Account {
    let scene = Scene { program, path };
    let (mut account, about) = calls::memory_of_type(&scene, regno, size);
    account.path = Some(told(&scene, about));
    account
}

fn account(
    cx: &Scene<'_>,
    category: &'static str,
    problem: &str,
    reason: String,
    suggestion: impl Into<String>,
) -> Account {
    Account {
        category,
        problem: problem.into(),
        reason,
        at: cx.path.insn_idx,
        before_lines: false,
        error: problem.into(),
        path: None,
        held: None,
        suggestion: suggestion.into(),
    }
}

/// What kind of pointer or value it is, in plain words.
fn plain(ty: RegType) -> String {
    let null = ty.may_be_null();
    match ty.base {
        RegBase::NotInit => "an uninitialized value".into(),
        RegBase::Scalar => "an integer scalar".into(),
        RegBase::PtrToCtx => "a context pointer".into(),
        RegBase::PtrToStack => "a stack pointer".into(),
        RegBase::PtrToMapValue if null => "a nullable map value pointer".into(),
        RegBase::PtrToMapValue => "a map value pointer".into(),
        RegBase::PtrToMem if null => "a nullable memory pointer".into(),
        RegBase::PtrToMem => "a memory pointer".into(),
        RegBase::PtrToBtfId if null => "a nullable kernel object pointer".into(),
        RegBase::PtrToBtfId if ty.has(TypeFlags::NON_OWN_REF) => "a borrowed allocated object pointer".into(),
        RegBase::PtrToBtfId if ty.has(TypeFlags::ALLOC) => "an owned allocated object pointer".into(),
        RegBase::PtrToBtfId if ty.has(TypeFlags::UNTRUSTED) => "an untrusted kernel object pointer".into(),
        RegBase::PtrToBtfId => "a kernel object pointer".into(),
        _ => ty.to_string(),
    }
}

fn account_of(cx: &Scene<'_>, msg: &Msg) -> Option<(Account, Option<About>)> {
    match msg {
        Msg::Register(m) => register(cx, m),
        Msg::Memory(m) => memory(cx, m),
        Msg::Lifetime(m) => lifetime(cx, m),
        Msg::Call(m) => call(cx, m),
        Msg::Kfunc(m) => kfunc(cx, m),
        Msg::Walk(WalkMsg::CallWhileLocked) => {
            let help = "Release the BPF spin lock before making this call, or move the call outside the locked region.";
            Some(still_inside(cx, "function call", Region::Lock, help))
        }
        Msg::Structure(StructureMsg::Recursion { idx, .. }) => {
            let reason = "This bpf2bpf call would make the subprogram call graph recursive. The verifier requires a \
                          finite, acyclic call graph so it can bound stack depth and analysis.";
            let help = "Rewrite the recursion as an explicit bounded loop, or split the logic so subprogram calls do \
                        not form a cycle.";
            let mut a = account(cx, STRUCTURE, "recursive subprogram call", reason.into(), help);
            a.at = *idx;
            Some((a, None))
        }
        _ => None,
    }
}

fn register(cx: &Scene<'_>, msg: &RegisterMsg) -> Option<(Account, Option<About>)> {
    let held = |regno: u8| plain(cx.path.reg(regno.min(10)).ty);
    let (problem, regno, reason, help): (&str, u8, String, String) = match msg {
        RegisterMsg::NotInit { regno } => {
            let gone = cx.path.story.was_taken_away(cx.path.cur.top_frame(), *regno);
            let (why, help) = if gone {
                let help = "Avoid using the register after it is invalidated, or initialize it again before this \
                            instruction.";
                let why = "is not readable here. A previous operation invalidated this register, so the verifier \
                           cannot use it as an input.";
                (why, help.to_string())
            } else {
                let why = "has never been initialized on this path, so the verifier cannot use it as an input.";
                (why, format!("Initialize R{regno} on every path before this instruction."))
            };
            let mut a = account(cx, REGISTER, "unreadable register", format!("R{regno} {why}"), help);
            a.error = format!("R{regno} is not readable");
            return Some((a, Some(About::Reg(*regno))));
        }
        RegisterMsg::PointerOrNull { regno, ty } => (
            "pointer arithmetic before NULL check",
            *regno,
            format!(
                "R{regno} may be NULL ({ty}). Pointer arithmetic is allowed only after the program proves the pointer \
                 is non-NULL on this path."
            ),
            "Make sure that a NULL check precedes any arithmetic performed on the pointer.".into(),
        ),
        RegisterMsg::PointerKind { regno, ty } => (
            "pointer arithmetic is not allowed",
            *regno,
            format!("R{regno} holds {ty}. This pointer kind does not allow offset arithmetic."),
            "Do not change this pointer's offset; use it only in operations accepted for its kind.".into(),
        ),
        RegisterMsg::StackMinus { regno } => (
            "subtraction from stack pointer",
            *regno,
            format!("R{regno} is a stack pointer. The verifier does not allow BPF_SUB to move stack pointers."),
            "Use addition from R10 to form stack addresses within the tracked stack frame.".into(),
        ),
        RegisterMsg::PointerBitwise { regno, op } => (
            "bitwise operation on pointer",
            *regno,
            format!(
                "R{regno} holds {}. Bitwise operator {op} would destroy the pointer value the verifier is tracking.",
                held(*regno)
            ),
            "Do bitwise operations on scalar values, not on pointer-valued registers.".into(),
        ),
        RegisterMsg::PointerOperator { regno, op } => (
            "invalid pointer arithmetic operator",
            *regno,
            format!(
                "R{regno} holds {}. Operator {op} is not one of the limited pointer arithmetic operations the \
                 verifier can track.",
                held(*regno)
            ),
            "Use only verifier-supported addition or subtraction with a bounded scalar offset, or perform this \
             operation on a scalar value."
                .into(),
        ),
        RegisterMsg::PointerAlu32 { regno } => (
            "32-bit pointer arithmetic",
            *regno,
            format!(
                "R{regno} holds {}. 32-bit ALU operations on pointers discard pointer tracking, so the verifier \
                 cannot keep the result as a safe pointer.",
                held(*regno)
            ),
            "Use a 64-bit ALU instruction with an allowed, bounded scalar offset.".into(),
        ),
        RegisterMsg::OffsetConstant { .. } | RegisterMsg::OffsetUnbounded { .. } | RegisterMsg::OffsetRange { .. } => {
            let regno = moved_pointer(cx);
            (
                "pointer offset is not safe",
                regno,
                format!(
                    "The scalar offset used with R{regno} is unbounded or outside the verifier's safe pointer-offset \
                     range [-536870912, 536870912]."
                ),
                "Clamp or bounds-check the scalar offset before applying it to the pointer.".into(),
            )
        }
        RegisterMsg::OffsetFixed { ty, .. } => {
            let (dst, regno) = (insn(cx).dst, moved_pointer(cx));
            (
                "pointer offset is not safe",
                regno,
                format!(
                    "After this arithmetic, R{dst} would be outside the verifier's safe offset range [-536870912, \
                     536870912] for {}.",
                    plain(*ty)
                ),
                "Tighten the scalar bounds before the arithmetic so the resulting pointer remains within the allowed \
                 range."
                    .into(),
            )
        }
        _ => return None,
    };
    Some((account(cx, REGISTER, problem, reason, help), Some(About::Reg(regno))))
}

fn insn(cx: &Scene<'_>) -> Insn {
    cx.program.insns.get(cx.path.insn_idx).copied().unwrap_or_default()
}

/// Which operand of the current addition is the pointer.
fn moved_pointer(cx: &Scene<'_>) -> u8 {
    let i = insn(cx);
    let scalar = |n: u8| cx.path.reg(n.min(10)).is_scalar();
    if i.is_reg_src() && scalar(i.dst) && !scalar(i.src) { i.src } else { i.dst }
}

fn memory(cx: &Scene<'_>, msg: &MemoryMsg) -> Option<(Account, Option<About>)> {
    match msg {
        MemoryMsg::InvalidMem { regno, ty } => {
            let word = plain(*ty);
            let keep = "Preserve a pointer-valued register where needed, or reload and revalidate the pointer after \
                        scalar arithmetic, helper calls, or other operations that can invalidate it.";
            let (reason, help) = if ty.is(RegBase::Scalar) {
                (format!("R{regno} is an integer scalar here, not a pointer to memory."), keep)
            } else if ty.may_be_null() {
                let reason = format!(
                    "R{regno} may be NULL here ({word}). The program could dereference NULL on this path, so the \
                     verifier cannot prove this access is safe."
                );
                let help = "Add a NULL check before the access and dereference the pointer only on the non-NULL path.";
                (reason, help)
            } else {
                (format!("R{regno} has type {word} here, which is not valid for this memory access."), keep)
            };
            let mut a = account(cx, REGISTER, "invalid dereference", reason, help);
            a.error = format!("invalid dereference of R{regno} ({word})");
            Some((a, Some(About::Reg(*regno))))
        }
        MemoryMsg::PtrModified { ty, regno, off } => {
            let reason = format!(
                "R{regno} has offset {off} here, but this pointer type must be dereferenced in its original form."
            );
            let help = "Preserve the original pointer in another register, or use only offsets this pointer type \
                        permits before dereferencing it.";
            let mut a = account(cx, REGISTER, "invalid dereference", reason, help);
            a.error = format!("dereference requires the original {} pointer", plain(*ty));
            Some((a, Some(About::Reg(*regno))))
        }
        MemoryMsg::MinNegative { regno }
        | MemoryMsg::MinOutside { regno }
        | MemoryMsg::MaxOutside { regno }
        | MemoryMsg::Unbounded { regno } => bounds(cx, msg, *regno),
        _ => None,
    }
}

fn bounds(cx: &Scene<'_>, msg: &MemoryMsg, regno: u8) -> Option<(Account, Option<About>)> {
    let (off, size, mem_size) = cx.path.story.tried?;
    let reg = cx.path.reg(regno.min(10));
    let s = whole_offset(reg);
    let low = s.smin.wrapping_add(i64::from(off));
    let high = (s.umax as i64).wrapping_add(i64::from(off));
    let proof = match msg {
        MemoryMsg::MinNegative { .. } => {
            format!("the minimal bound for a memory access is a negative value: {low}")
        }
        MemoryMsg::MinOutside { .. } => {
            format!("the minimal bound for a memory access is {low} and is outside of the object of size {mem_size}")
        }
        MemoryMsg::Unbounded { .. } => format!(
            "the maximal bound for a memory access is {} and exceeds maximum allowed offset of 536870912",
            s.umax
        ),
        _ => format!(
            "the maximal bound for a memory access is {}: start {high} + access_size {size}, beyond object_size \
             {mem_size}",
            high.wrapping_add(i64::from(size))
        ),
    };
    let offset = if let Some(v) = s.known(false) {
        format!("constant {}", (v as i64).wrapping_add(i64::from(off)))
    } else if s == crate::domain::Scalar::UNKNOWN {
        "unbounded".into()
    } else {
        let fixed = if off != 0 { format!(", plus fixed offset {off}") } else { String::new() };
        let bits = s.var_off;
        format!("variable: known bits {:#x}, unknown mask {:#x}{fixed}; {}", bits.value, bits.mask, range_text(&s))
    };
    let reason = format!(
        "The verifier cannot prove offset + access_size <= object_size. Here, {proof}. R{regno} is {}; offset is \
         {offset}; access_size is {size}; object_size is {mem_size}.",
        reg.ty
    );
    let help = "Add or adjust a bounds check that proves offset + access_size stays within the object.";
    let mut a = account(cx, MEMORY, "access outside bounds", reason, help);
    a.error = "access may be outside object bounds".into();
    Some((a, Some(About::Reg(regno))))
}

fn lifetime(cx: &Scene<'_>, msg: &LifetimeMsg) -> Option<(Account, Option<About>)> {
    let inside = |what: &str, region, help| Some(still_inside(cx, what, region, help));
    match msg {
        LifetimeMsg::UnreleasedReference { id, insn } => {
            let reason = format!(
                "Owned resource (id={id}) was acquired at instruction {insn} and still needs to be released before \
                 this exit path."
            );
            let help = "Release or transfer ownership of the acquired resource on every path before the program exits.";
            let mut a = account(cx, RESOURCE, "unreleased resource", reason, help);
            a.error = format!("owned resource (id={id}) still needs release");
            Some((a, Some(About::Resource(*id))))
        }
        LifetimeMsg::InsideRcuLock { what } => {
            inside(what, Region::Rcu, "Call bpf_rcu_read_unlock() before this operation on every path.")
        }
        LifetimeMsg::InsidePreemptDisable { what } => {
            inside(what, Region::Preempt, "Call bpf_preempt_enable() before this operation on every path.")
        }
        LifetimeMsg::InsideSpinLock { what } => {
            inside(what, Region::Lock, "Release the BPF spin lock before this operation on every path.")
        }
        _ => None,
    }
}

/// `an active lock region (depth 1)`.
fn active(region: Region, depth: u32) -> String {
    match depth {
        1 => format!("an active {} (depth 1)", region.name()),
        n => format!("{n} active {}s (depth {n})", region.name()),
    }
}

fn still_inside(cx: &Scene<'_>, what: &str, region: Region, help: &str) -> (Account, Option<About>) {
    let depth = region.depth(&cx.path.cur);
    let reason = format!(
        "The operation {what} cannot be used while this path is still inside {}. Leave the region before this \
         operation.",
        active(region, depth)
    );
    let mut a = account(cx, CONTEXT, "operation is not allowed in this context", reason, help);
    a.error = format!("{what} is not allowed before leaving {}", region.name());
    (a, Some(About::Section(region, depth)))
}

fn call(cx: &Scene<'_>, msg: &CallMsg) -> Option<(Account, Option<About>)> {
    let policy = |what: String, why: &str, help: &str| {
        let mut a = account(cx, POLICY, "operation is not allowed", format!("The {what} is not allowed: {why}."), help);
        a.error = format!("policy check failed for {what}");
        Some((a, None))
    };
    match msg {
        CallMsg::CannotUse { name, id } => policy(
            format!("helper {name}#{id}"),
            "this program type does not allow the helper",
            "Use a helper allowed for this program type, or move the logic to a compatible program type.",
        ),
        CallMsg::NotAllowedInProbe => {
            let id = insn(cx).imm;
            let name = u32::try_from(id).ok().and_then(crate::kernel::helpers::name_of).unwrap_or("unknown");
            policy(
                format!("helper {name}#{id}"),
                "the helper-specific policy callback rejected this program",
                "Use the helper only from an allowed attach point or program configuration.",
            )
        }
        _ => None,
    }
}

fn kfunc(cx: &Scene<'_>, msg: &KfuncMsg) -> Option<(Account, Option<About>)> {
    match msg {
        KfuncMsg::NotAllowed { name } => {
            let reason = format!("The kfunc {name} is not allowed: this program cannot call the kfunc.");
            let help = "Use a kfunc allowed for this program type and attach point, or change the program context.";
            let mut a = account(cx, POLICY, "operation is not allowed", reason, help);
            a.error = format!("policy check failed for kfunc {name}");
            Some((a, None))
        }
        KfuncMsg::RcuUnmatched { name } => {
            let region = Region::Rcu.name();
            let reason = format!(
                "The operation {name} tries to leave {region}, but this path has no active {region} to leave. The \
                 current depth is 0."
            );
            let help = "Remove the extra bpf_rcu_read_unlock() call, or ensure this path first enters an RCU read lock \
                        region.";
            let mut a = account(cx, CONTEXT, "unmatched context exit", reason, help);
            a.error = format!("{name} has no matching enter on this path");
            Some((a, Some(About::Section(Region::Rcu, 0))))
        }
        _ => None,
    }
}

/// The events of a story in words.
fn told(cx: &Scene<'_>, about: About) -> Vec<Entry> {
    let events = cx.path.story.about(&cx.program.insns, cx.path.cur.top_frame(), about);
    let count = events.len();
    let mut out = Vec::new();
    for (i, (idx, event)) in events.into_iter().enumerate() {
        if count > SHOWN && (SHOWN / 2..count - SHOWN / 2).contains(&i) {
            if i == SHOWN / 2 {
                out.push(Entry::Omitted(count - SHOWN));
            }
            continue;
        }
        let (label, text) = words(cx, &event);
        out.push(Entry::Event { idx: idx as usize, label, text });
    }
    out
}

fn words(cx: &Scene<'_>, event: &Told) -> (&'static str, String) {
    use super::story::Spotted;
    match event {
        Told::Branch(true) => ("branch", "took the true branch of this conditional, goto followed".into()),
        Told::Branch(false) => ("branch", "took the false branch of this conditional, goto not followed".into()),
        Told::Acquired(id) => ("acquired", format!("owned resource (id={id})")),
        Told::Released(id) => ("released", format!("owned resource (id={id})")),
        Told::Section { region, enter, depth } => {
            let verb = if *enter { "entered" } else { "left" };
            ("context", format!("{verb} {}; depth is now {depth}", region.name()))
        }
        Told::Change { at, old, new, why, .. } => {
            let (name, slot) = match at.place {
                Spotted::Reg(n) => (format!("R{n}"), false),
                Spotted::Slot(spi) => (format!("stack slot fp{}", -(i64::from(spi) + 1) * 8), true),
                Spotted::Range(low, high) => {
                    let text = format!("variable-offset stack write may affect bytes fp{low} through fp{}", high - 1);
                    return ("invalidated", text);
                }
            };
            let maps = &cx.program.map_specs;
            let map = |s: &Snapshot| {
                s.map.and_then(|m| maps.get(m.0 as usize)).map(|m| m.name.clone()).filter(|n| !n.is_empty())
            };
            let btf = |s: &Snapshot| s.btf.map(|(b, id)| type_text(cx.program.btf(b), id));
            let text = |s: &Snapshot| state_text(s.ty, &s.scalar, map(s), btf(s));
            let gone = match why {
                Why::Released if slot => Some("resource release invalidated this value"),
                Why::Released => Some("resource release invalidated this pointer"),
                Why::PacketMoved => Some("packet data may have moved"),
                Why::NoLongerBorrowed => Some("leaving the protected region invalidated this borrowed pointer"),
                Why::Called => Some("call invalidated this caller-saved register"),
                Why::Written if slot => Some("a later stack write overwrote this spilled value"),
                Why::Written | Why::Spilled => None,
            };
            match gone {
                Some(why) => ("invalidated", format!("{name}: {why}; previous value was {}", text(old))),
                None => {
                    let label = if *why == Why::Spilled { "spilled" } else { "update" };
                    (label, format!("{name} changed from {} to {}", text(old), text(new)))
                }
            }
        }
    }
}
