//! Accounts of sections, locks, objects on the stack, and the structure of programs.

use crate::error::{CallMsg, KfuncMsg, LifetimeMsg, MemoryMsg, Msg, RegisterMsg, StructureMsg, WalkMsg};
use crate::isa::opcode::JA;
use crate::log::diagnosis::{Account, Entry};
use crate::state::RefKind;

use super::super::story::{About, Region};
use super::{CONTEXT, MEMORY, POLICY, REGISTER, RESOURCE, STRUCTURE, Scene, account, active, still_inside};

/// The account of a refusal of these kinds, if there is one.
pub(super) fn other(cx: &Scene<'_>, msg: &Msg) -> Option<(Account, Option<About>)> {
    match msg {
        Msg::Call(m) => sleeping_helper(cx, m).or_else(|| lock(cx, m)),
        Msg::Kfunc(m) => sleeping_kfunc(cx, m).or_else(|| object(cx, m)),
        Msg::Lifetime(LifetimeMsg::InsideIrqSave { what }) => {
            let help = "Restore the saved IRQ state before this operation on every path.";
            Some(still_inside(cx, what, Region::Irq, help))
        }
        Msg::Memory(MemoryMsg::StackRead { off, at, size }) => {
            let reason = format!(
                "This rejected read uses {size} bytes at stack offset {off}, but byte {at} in that range is uninitialized \
                 on this path. Programs loaded with CAP_PERFMON can be allowed to read uninitialized stack bytes, but this \
                 program is being rejected without that allowance."
            );
            let help = "Initialize every byte in the stack range before reading it, adjust the offset and size so the \
                        read covers only initialized bytes, or load with CAP_PERFMON if uninitialized stack reads are \
                        intended.";
            Some((account(cx, MEMORY, "uninitialized stack read", reason, help), None))
        }
        Msg::Register(RegisterMsg::ScalarMinusPointer { regno }) => {
            let src = super::insn(cx).src;
            let reason = format!(
                "This operation subtracts pointer register R{src} from scalar register R{regno}. The verifier only tracks \
                 pointer-minus-scalar arithmetic for allowed pointer types."
            );
            let help = "Keep the pointer as the base; only add or subtract bounded scalars when permitted.";
            let a = account(cx, REGISTER, "pointer subtracted from scalar", reason, help);
            Some((a, Some(About::Reg(src))))
        }
        Msg::Walk(WalkMsg::CallsNeedCap) => {
            let what = "BPF-to-BPF function call";
            let reason = format!(
                "The {what} is not allowed: loading or calling other BPF functions requires CAP_BPF or CAP_SYS_ADMIN."
            );
            let help = "Load this program with the required capability, or avoid BPF-to-BPF function calls in unprivileged \
                        programs.";
            let mut a = account(cx, POLICY, "operation is not allowed", reason, help);
            a.error = format!("policy check failed for {what}");
            Some((a, None))
        }
        Msg::Structure(m) => structure(cx, m),
        _ => None,
    }
}

/// What must not sleep in a section, and where it was tried; `None`: in a program that never sleeps.
fn sleeps(cx: &Scene<'_>, what: &str, region: Option<Region>, help: &str) -> (Account, Option<About>) {
    let mut about = None;
    let (place, reason) = match region {
        None => ("non-sleepable program", format!("The operation {what} cannot be used in non-sleepable program.")),
        Some(region) => {
            let depth = region.depth(&cx.path.cur);
            about = Some(About::Section(region, depth));
            let who = match region {
                Region::Rcu => "RCU read-side critical sections",
                Region::Preempt => "preemption-disabled code",
                Region::Irq => "IRQ-disabled code",
                Region::Lock => "code that holds a lock",
            };
            let reason = format!(
                "The operation {what} cannot be used in {} because {who} cannot call operations that may sleep. This path \
                 is still inside {}.",
                region.name(),
                active(region, depth)
            );
            (region.name(), reason)
        }
    };
    let mut a = account(cx, CONTEXT, "operation is not allowed in this context", reason, help);
    a.error = format!("{what} is not allowed in {place}");
    (a, about)
}

fn sleeping_helper(cx: &Scene<'_>, m: &CallMsg) -> Option<(Account, Option<About>)> {
    const HELP: &str = "Move the helper call outside the critical section, or use a non-sleepable helper.";
    let (name, id, region) = match m {
        CallMsg::MightSleep { name, id } => (name, id, None),
        CallMsg::SleepableInRcu { name, id } => (name, id, Some(Region::Rcu)),
        CallMsg::SleepableInPreempt { name, id } => (name, id, Some(Region::Preempt)),
        CallMsg::SleepableInIrq { name, id } => (name, id, Some(Region::Irq)),
        CallMsg::GlobalMaySleep { name, .. } => {
            let st = &cx.path.cur;
            let region = [Region::Rcu, Region::Preempt, Region::Irq].into_iter().find(|r| r.depth(st) != 0);
            let help = "Move the call outside the critical section, or use a non-sleepable function.";
            return Some(sleeps(cx, &format!("sleepable global function {name}()"), region, help));
        }
        CallMsg::GlobalWhileLocked { name } => {
            let help = "Release the lock before calling the global function, or use a static function instead.";
            return Some(still_inside(cx, &format!("global function {name}()"), Region::Lock, help));
        }
        _ => return None,
    };
    Some(sleeps(cx, &format!("sleepable helper {name}#{id}"), region, HELP))
}

fn sleeping_kfunc(cx: &Scene<'_>, m: &KfuncMsg) -> Option<(Account, Option<About>)> {
    const HELP: &str = "Move the kfunc call outside the critical section, or use a non-sleepable kfunc.";
    let needs_rcu = |name: &str, help: &str| {
        let region = Region::Rcu.name();
        let reason = format!("The operation {name} requires an active {region}, but this path is outside one.");
        let mut a = account(cx, CONTEXT, "required context is not active", reason, help);
        a.error = format!("{name} requires {region}");
        Some((a, None))
    };
    let (name, region) = match m {
        KfuncMsg::SleepableInRcu { name } => (name, Region::Rcu),
        KfuncMsg::SleepableInPreempt { name } => (name, Region::Preempt),
        KfuncMsg::SleepableInIrq { name } => (name, Region::Irq),
        KfuncMsg::NeedsRcu { name } => {
            let help = "Call this kfunc between bpf_rcu_read_lock() and bpf_rcu_read_unlock(), keeping all exit paths balanced.";
            return needs_rcu(name, help);
        }
        KfuncMsg::IterNeedsRcu { name } => {
            let help =
                "Wrap iterator use in bpf_rcu_read_lock() and bpf_rcu_read_unlock(), keeping all exit paths balanced.";
            return needs_rcu(name, help);
        }
        _ => return None,
    };
    Some(sleeps(cx, &format!("sleepable kfunc {name}"), Some(region), HELP))
}

/// Locks. The one that is held stands in place of the path.
fn lock(cx: &Scene<'_>, m: &CallMsg) -> Option<(Account, Option<About>)> {
    match m {
        CallMsg::UnlockDifferent { .. } => {
            let reason =
                "This unlock does not match any active lock with the same tracked identity on the current path.".into();
            let help = "Unlock the same lock object that was most recently acquired.";
            let mut a = account(cx, RESOURCE, "unlock of a different lock", reason, help);
            let kinds = [RefKind::Lock, RefKind::ResLock, RefKind::ResLockIrq];
            let held = cx.path.cur.refs.iter().rev().find(|r| kinds.contains(&r.kind));
            a.held = held.map(|r| {
                let what = if r.kind == RefKind::Lock { "bpf_spin_lock" } else { "bpf_res_spin_lock" };
                let text = format!("active {what} has verifier identity {}", r.id);
                Entry::Event { idx: r.insn_idx as usize, label: "acquired", text }
            });
            Some((a, None))
        }
        CallMsg::UnlockWithoutLock { .. } => {
            let reason = "This unlock operation has no matching active lock on the current path.".into();
            let help = "Take the matching lock before this unlock, or remove the unmatched unlock path.";
            Some((account(cx, RESOURCE, "unlock without lock", reason, help), None))
        }
        CallMsg::DynptrConst => {
            let reason = "This release operation was given a const dynptr. Const dynptr values are verifier-provided views \
                          and cannot be released by the program.";
            let help = "Release only mutable dynptrs that the program initialized or reserved.";
            Some((account(cx, RESOURCE, "const dynptr release", reason.into(), help), None))
        }
        _ => None,
    }
}

/// Objects on the stack.
fn object(cx: &Scene<'_>, m: &KfuncMsg) -> Option<(Account, Option<About>)> {
    let mut about = None;
    let (problem, reason, help) = match m {
        KfuncMsg::DynptrNotInit { .. } => (
            "uninitialized dynptr use",
            "This operation requires an initialized dynptr, but the stack slot does not currently hold a valid dynptr on \
             this path.",
            "Initialize the dynptr on every path before this call, and avoid overwriting or releasing it before this use.",
        ),
        KfuncMsg::DynptrNotUninit {} => (
            "dynptr is already initialized",
            "This kfunc constructs a dynptr and requires an uninitialized dynptr stack slot, but the selected slot already \
             holds dynptr state.",
            "Use a fresh stack dynptr slot, or release/destroy the existing dynptr before reusing the slot.",
        ),
        KfuncMsg::IterNotInit { .. } => (
            "uninitialized iterator use",
            "This iterator operation requires an initialized iterator state object, but the stack range does not contain a \
             live iterator on this path.",
            "Call the matching iterator new kfunc on every path before calling next or destroy, and do not destroy the \
             iterator before this use.",
        ),
        KfuncMsg::IterNotUninit { .. } => (
            "iterator is already initialized",
            "Iterator creation requires an uninitialized iterator stack object, but this stack range already contains \
             iterator state.",
            "Use a fresh iterator stack slot, or destroy the existing iterator before reusing the slot.",
        ),
        KfuncMsg::IrqNotUninit { .. } => (
            "IRQ flag is already initialized",
            "Saving IRQ state requires an uninitialized stack slot for the IRQ flag, but this slot already contains tracked \
             IRQ flag state.",
            "Use a fresh stack slot for this save operation, or restore the existing IRQ flag before reusing the slot.",
        ),
        KfuncMsg::IrqNotInit { .. } => (
            "uninitialized IRQ flag restore",
            "Restoring IRQ state requires a stack slot that was initialized by a matching IRQ save operation on this path.",
            "Pass the same stack slot that was previously initialized by the matching IRQ save kfunc.",
        ),
        KfuncMsg::IrqOutOfOrder { .. } => {
            about = Some(About::Section(Region::Irq, Region::Irq.depth(&cx.path.cur)));
            (
                "IRQ flag restore out of order",
                "IRQ-disabled regions must be restored in last-in, first-out order, but this restore does not match the \
                 currently active IRQ flag.",
                "Restore nested IRQ flags in the reverse order they were saved.",
            )
        }
        _ => return None,
    };
    Some((account(cx, RESOURCE, problem, reason.into(), help), about))
}

fn structure(cx: &Scene<'_>, m: &StructureMsg) -> Option<(Account, Option<About>)> {
    let starts = &cx.program.subprog_starts;
    let count = cx.program.insns.len();
    let range = |n: usize| {
        let first = starts.get(n).map_or(0, |s| *s as usize);
        let behind = starts.get(n + 1).map_or(count, |s| *s as usize);
        (first, behind.saturating_sub(1))
    };
    let (problem, at, reason, help) = match m {
        StructureMsg::JumpOutOfRange { from, to } => {
            let n = starts.partition_point(|s| *s as usize <= *from).saturating_sub(1);
            let (first, last) = range(n);
            let reason = format!(
                "Instruction {from} jumps to instruction {to}, but subprogram {n} only contains instructions {first} \
                 through {last}. A branch target must stay inside the same subprogram."
            );
            let help = "Keep branch targets within the same subprogram, or use an explicit subprogram call.";
            ("jump out of range", *from, reason, help)
        }
        StructureMsg::JumpIntoLdimm64 { idx } => {
            let begins = cx.program.insns.get(*idx).is_some_and(|i| i.is_ldimm64());
            let first = if begins { *idx } else { idx.saturating_sub(1) };
            let reason = format!(
                "Control flow reaches the second half of the ldimm64 instruction pair that starts at instruction {first}."
            );
            let help = "Target the first instruction of the ldimm64 pair, or restructure the jump target.";
            ("jump into ldimm64 immediate", *idx, reason, help)
        }
        StructureMsg::LastInsnNoExit => {
            let goes_on = |last: usize| {
                let insn = cx.program.insns.get(last).copied().unwrap_or_default();
                !(insn.is_exit() || insn.is_jmp_class() && insn.op() == JA)
            };
            let n = (0..starts.len().max(1)).find(|n| goes_on(range(*n).1))?;
            let last = range(n).1;
            let reason = format!(
                "Subprogram {n} reaches its last instruction {last} without an exit or jump, so control could continue into \
                 the next subprogram."
            );
            let help =
                "End each subprogram with an exit or an explicit jump that keeps control flow inside the subprogram.";
            ("subprogram can fall through", last, reason, help)
        }
        StructureMsg::NoJumpTable { idx, start } => {
            let reason = format!("No jump table was found for the subprogram that starts at instruction {start}.");
            let help = "Make sure subprograms containing gotox instructions are accompanied by jump tables referencing these \
                 subprograms.";
            ("missing jump table", *idx, reason, help)
        }
        StructureMsg::JumpTableOutside { idx, start, end } => {
            let reason =
                format!("The jump table for instruction {idx} points outside subprogram range [{start},{end}).");
            let help = "Keep every jump-table target inside the same subprogram.";
            ("jump table target out of range", *idx, reason, help)
        }
        StructureMsg::UnreachableInsn { idx } => {
            let reason = format!("Instruction {idx} is not reachable from the program entry point.");
            let help = "Remove the unreachable instruction or add valid control flow that reaches it.";
            ("unreachable instruction", *idx, reason, help)
        }
        _ => return None,
    };
    let mut a = account(cx, STRUCTURE, problem, reason, help);
    a.at = at;
    a.before_lines = matches!(m, StructureMsg::JumpOutOfRange { .. } | StructureMsg::LastInsnNoExit);
    Some((a, None))
}
