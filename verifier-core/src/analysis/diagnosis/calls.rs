//! Accounts of calls whose arguments do not fit.

use crate::btf::BtfKind;
use crate::cfg::flow;
use crate::error::{CallMsg, KfuncMsg, Msg};
use crate::isa::opcode::PSEUDO_CALL;
use crate::kernel::call::{RegBase, RegType};
use crate::log::diagnosis::Account;
use crate::state::BtfRef;

use super::super::story::About;
use super::{Scene, account, insn, plain};

const CALL: &str = "Call Type Safety";

/// The account of an argument that does not fit, if the message is about one.
pub(super) fn argument(cx: &Scene<'_>, msg: &Msg) -> Option<(Account, Option<About>)> {
    let (regno, why, help) = match msg {
        Msg::Call(m) => helper_contract(m)?,
        Msg::Kfunc(m) => kfunc_contract(cx, m)?,
        _ => return None,
    };
    let (account, about) = broken_contract(cx, regno, &why, help);
    Some((account, Some(about)))
}

fn broken_contract(cx: &Scene<'_>, regno: u8, why: &str, help: &'static str) -> (Account, About) {
    let what = format!("{} argument (R{regno})", nth(regno));
    let name = callee(cx);
    let reason = format!("The {what} to {name} does not satisfy the verifier contract: {why}.");
    let mut a = account(cx, CALL, "invalid call argument", reason, help);
    a.error = format!("invalid {what} for {name}");
    (a, About::Reg(regno))
}

/// The account of a register that does not lead to `size` bytes of what the current parameter points to.
pub(super) fn memory_of_type(cx: &Scene<'_>, regno: u8, size: u32) -> (Account, About) {
    let ty = cx.path.reg(regno.min(10)).ty;
    let expects = format!("the kfunc expects {size} bytes of memory for {}", pointee(cx, regno, ""));
    let (why, help) = if ty.is(RegBase::Scalar) {
        (
            format!("{expects}, but it is {} and not verifier-known memory", plain(ty)),
            "Pass stack, map, context, or other verifier-known memory of the expected type and size, not an integer cast to \
             a pointer.",
        )
    } else {
        (
            format!(
                "{expects}, but the verifier cannot prove that {} provides a readable and writable range of that size",
                plain(ty)
            ),
            "Pass memory with at least the required number of accessible bytes and suitable read and write access.",
        )
    };
    broken_contract(cx, regno, &why, help)
}

fn nth(regno: u8) -> &'static str {
    match regno {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        _ => "fifth",
    }
}

/// The name of what the current instruction calls.
fn callee(cx: &Scene<'_>) -> String {
    let call = insn(cx);
    if let Some(desc) = cx.program.kfuncs.called_by(call) {
        return desc.name.to_string();
    }
    if call.src == PSEUDO_CALL {
        let target = flow::callee(call, cx.path.insn_idx).and_then(|t| u32::try_from(t).ok());
        let found = target.and_then(|t| cx.program.subprog_starts.binary_search(&t).ok());
        return found.map(|n| cx.program.function_name(n)).unwrap_or_default();
    }
    let id = u32::try_from(call.imm).ok();
    id.and_then(crate::kernel::helpers::name_of).unwrap_or("unknown").to_string()
}

fn helper_contract(m: &CallMsg) -> Option<(u8, String, &'static str)> {
    Some(match m {
        CallMsg::ArgType { regno, ty, expected } => {
            let accepted: Vec<String> = expected.iter().map(RegType::to_string).collect();
            (
                *regno,
                format!("it has type {ty}, but this argument accepts {}", accepted.join(", ")),
                "Pass a value with one of the accepted pointer or scalar types for this call.",
            )
        }
        CallMsg::ArgMayBeNull { regno } => (
            *regno,
            "the pointer may be NULL, but this call requires a non-NULL pointer".into(),
            "Add a NULL check and make the call only on the non-NULL path.",
        ),
        CallMsg::MustBeReferenced { regno, .. } => (
            *regno,
            "release helpers require a value that owns a live resource returned by a matching acquire helper".into(),
            "Pass the resource-owning pointer returned by the matching acquire helper, and avoid calling the release \
             helper after ownership has already been transferred or released.",
        ),
        _ => return None,
    })
}

/// The type that the current kernel function's argument points to, as text: `(struct task_struct)`, or with ` *` behind the
/// name.
fn pointee(cx: &Scene<'_>, regno: u8, star: &str) -> String {
    let found = || {
        let desc = cx.program.kfuncs.called_by(insn(cx))?;
        let param = desc.params.get(usize::from(regno).checked_sub(1)?)?;
        let btf = cx.program.btf(desc.btf);
        let ptr = btf.skip_modifiers(param.type_id).filter(|t| t.kind == BtfKind::Ptr)?;
        let target = btf.skip_modifiers(ptr.size_or_type)?;
        let is_map = param.name.ends_with("__map") && target.kind == BtfKind::Void && star.is_empty();
        if is_map && cx.program.btf(BtfRef::VMLINUX).find_by_name_kind("bpf_map", BtfKind::Struct).is_some() {
            return Some("struct bpf_map".to_string());
        }
        Some(match target.kind {
            BtfKind::Void => "void".to_string(),
            BtfKind::Struct => format!("struct {}", target.name()),
            BtfKind::Union => format!("union {}", target.name()),
            _ => target.name().to_string(),
        })
    };
    format!("({}{star})", found().unwrap_or_else(|| "void".into()))
}

fn kfunc_contract(cx: &Scene<'_>, m: &KfuncMsg) -> Option<(u8, String, &'static str)> {
    let held = |regno: u8| plain(cx.path.reg(regno.min(10)).ty);
    let is = |arg: u32| u8::try_from(arg).unwrap_or(0).saturating_add(1);
    Some(match m {
        KfuncMsg::MaybeNull { arg } => (
            is(arg.0),
            format!(
                "the pointer may be NULL, but this kfunc requires a non-NULL value of type {}",
                pointee(cx, is(arg.0), " *")
            ),
            "Add a NULL check and call the kfunc only on the non-NULL path.",
        ),
        KfuncMsg::NotTrusted { regno } => (
            *regno,
            format!(
                "the kfunc requires a trusted or resource-owning pointer to {}, but R{regno} is {}",
                pointee(cx, *regno, ""),
                held(*regno)
            ),
            "Pass a pointer acquired from a verifier-tracked source, or call this kfunc only inside the required \
             protection if it accepts RCU pointers.",
        ),
        KfuncMsg::NotRcu { regno } => (
            *regno,
            format!(
                "the kfunc requires an RCU-protected pointer to {}, but R{regno} is {}",
                pointee(cx, *regno, ""),
                held(*regno)
            ),
            "Use this kfunc with a pointer that is valid in an RCU read lock region.",
        ),
        KfuncMsg::ReleaseUnreferenced { regno, .. } => (
            *regno,
            format!(
                "release kfuncs require a resource-owning value of type {} returned by a matching acquire kfunc",
                pointee(cx, *regno, "")
            ),
            "Pass the resource-owning pointer returned by the matching acquire kfunc, and avoid calling the release kfunc \
             after ownership has already been transferred or released.",
        ),
        KfuncMsg::ArgIsNo { regno, ty, .. } => (
            *regno,
            format!(
                "the kfunc expects a pointer to {}, but this argument is {} and cannot be used as that kernel object \
                 pointer",
                pointee(cx, *regno, ""),
                plain(*ty)
            ),
            "Pass a verifier-tracked pointer to the expected kernel object type, not a pointer to stack storage or another \
             memory buffer.",
        ),
        KfuncMsg::DynptrNotOnStack { arg } => (
            is(arg.0),
            format!(
                "a dynptr argument must be a pointer to a dynptr stack slot or a verifier-provided const struct \
                 bpf_dynptr, but R{} is {}",
                is(arg.0),
                held(is(arg.0))
            ),
            "Pass the address of a stack dynptr object, or use a const dynptr pointer returned by the verifier-supported \
             path.",
        ),
        KfuncMsg::DynptrKind { kind, arg, held } => (
            is(arg.0),
            format!(
                "the dynptr is initialized with backing object type {held}, but this operation expects dynptr type {kind}"
            ),
            "Use a dynptr constructor that matches this operation, or call an operation that accepts the dynptr's current \
             type.",
        ),
        KfuncMsg::NotOwnedOrBorrowed { arg } => (
            is(arg.0),
            format!(
                "the kfunc expects a pointer to a BPF-managed refcounted object, but R{} is {}",
                is(arg.0),
                held(is(arg.0))
            ),
            "Pass an owning or non-owning pointer to a BPF-managed object containing a bpf_refcount field.",
        ),
        KfuncMsg::NotConstStr { arg } => (
            is(arg.0),
            format!(
                "the kfunc expects a pointer to a constant string stored in verifier-known memory, but R{} is {}",
                is(arg.0),
                held(is(arg.0))
            ),
            "Pass a constant string pointer that the verifier recognizes, such as a string stored in a read-only map \
             value.",
        ),
        KfuncMsg::IrqNotOnStack { arg } => (
            is(arg.0),
            format!("the kfunc expects a stack pointer to an IRQ flag slot, but R{} is {}", is(arg.0), held(is(arg.0))),
            "Pass the same stack slot used by bpf_local_irq_save() or bpf_res_spin_lock_irqsave().",
        ),
        KfuncMsg::MemLenPair { arg, len_arg } => (
            is(arg.0),
            format!(
                "it is the memory pointer in a memory/length pair with {len_arg:#}, but {arg:#} does not describe \
                 verifier-readable memory for the requested length"
            ),
            "Pass a stack, map, context, or other verifier-known memory pointer, and keep the paired length within that \
             object.",
        ),
        _ => return None,
    })
}
