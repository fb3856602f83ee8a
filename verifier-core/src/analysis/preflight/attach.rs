//! What a program attaches to: kernel functions, tracepoints, hooks, iterators, other programs.
//!
//! Answers for `check_attach_btf_id()`, `bpf_check_attach_target()`, `bpf_lsm_verify_prog()`,
//! `bpf_iter_prog_supported()` and `btf_check_type_match()`. The checks stand in the kernel's order, because the first
//! one that fails is the one that is told. What is found is left in `cx.program.attach` for the walk.
//!
//! In the kernel: `SECURITY_PREFIX`, `struct bpf_attach_target_info`.

use std::sync::Arc;

use super::attr::is_gpl_compatible;
use super::func_model::{check_type_match, distill_func_proto};
use super::struct_ops::struct_ops_target;
use crate::analysis::Draft;
use crate::analysis::access::TRACE_PREFIX;
use crate::analysis::program::CtxArg;
use crate::btf::{Btf, BtfKind, TypeId};
use crate::error::{Errno, PolicyMsg, Res, Stop};
use crate::kernel::Reworded;
use crate::kernel::facts::{error_injection, iterators, lsm_hooks};
use crate::kernel::prog_types::policy::may_be_sleepable;
use crate::kernel::prog_types::{AttachType, ProgType};
use crate::program::request::TargetProg;
use crate::state::BtfRef;

/// Prefix of functions whose return value every `fmod_ret` program may change.
const SECURITY_PREFIX: &str = "security_";

/// Prefix of functions that are system calls.
const SYSCALL_PREFIX: &str = "__x64_";

/// Checks the attach target and fills in `cx.program.attach`.
///
/// Sleepability by type is checked here for every program; struct_ops programs go on in [`super::struct_ops`].
pub(crate) fn resolve_target(cx: &mut Draft<'_>) -> Res {
    if cx.program.prog_type == ProgType::Syscall {
        return if cx.program.sleepable {
            Ok(())
        } else {
            Err(cx.reject(PolicyMsg::SyscallNotSleepable, Errno::EINVAL))
        };
    }
    if cx.program.attach_type == AttachType::LsmCgroup && !cx.program.kernel.features.lsm_on_cgroups {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let uprobes = cx.program.prog_type == ProgType::Kprobe && cx.program.kernel.style.has(Reworded::SleepableProbes);
    let by_type = matches!(cx.program.prog_type, ProgType::Tracing | ProgType::Lsm) || uprobes;
    let may = if cx.program.kernel.features.sleepable_by_hook {
        may_be_sleepable(cx.program.prog_type, cx.program.attach_type)
    } else {
        by_type
    };
    let traced = cx.program.attach_type == AttachType::TraceRawTp && cx.program.prog_type == ProgType::Tracing;
    let tracepoint = traced || matches!(cx.program.prog_type, ProgType::Tracepoint | ProgType::RawTracepoint);
    let may = may || tracepoint && cx.program.kernel.features.tracepoints_may_sleep;
    let on_cgroup = cx.program.prog_type == ProgType::Lsm && cx.program.attach_type == AttachType::LsmCgroup;
    let may = may && !(on_cgroup && cx.program.kernel.features.lsm_cgroup_does_not_sleep);
    if cx.program.sleepable && !may {
        return Err(cx.reject(PolicyMsg::SleepableType, Errno::EINVAL));
    }
    let refused = on_cgroup && cx.program.kernel.features.lsm_cgroup_sleep_refused;
    if cx.program.sleepable && refused {
        return Err(cx.reject(PolicyMsg::LsmCgroupSleeps, Errno::EINVAL));
    }
    match cx.program.prog_type {
        ProgType::StructOps => return struct_ops_target(cx),
        ProgType::Tracing | ProgType::Lsm | ProgType::Ext => {}
        _ => return Ok(()),
    }
    if cx.program.prog_type == ProgType::Tracing
        && cx.program.attach_type.attaches_to_many()
        && cx.program.req.attach.btf_id == 0
    {
        // Which functions it will watch is said when it is attached: all have five words.
        cx.program.attach.btf = Some(BtfRef::VMLINUX);
        return Ok(());
    }
    let target = cx.program.req.attach.prog.clone();
    let found = check_attach_target(cx, target.as_deref())?;

    if let (Some(target), ProgType::Ext) = (&target, cx.program.prog_type) {
        // An extension is verified as its target: type, operations and attach type.
        cx.program.attach_type = AttachType::from_number(target.request.expected_attach_type)
            .ok_or_else(|| Stop::unsupported("attach type of the target program"))?;
    }
    cx.program.attach.btf = Some(found.btf);
    cx.program.attach.btf_id = cx.program.req.attach.btf_id;
    cx.program.attach.func_proto = found.proto;
    cx.program.attach.func_name = found.name.clone();
    if cx.program.sleepable && traced && cx.program.kernel.features.tracepoints_may_sleep {
        let name = found.name.trim_start_matches("btf_trace_");
        if !matches!(name, "sys_enter" | "sys_exit") {
            return Err(cx.reject(PolicyMsg::TracepointSleeps { name: name.to_string() }, Errno::EINVAL));
        }
    }

    if cx.program.attach_type == AttachType::TraceRawTp {
        cx.program.attach.btf_trace = true;
        return Ok(());
    }
    if cx.program.attach_type == AttachType::TraceIter {
        return iter_prog_supported(cx);
    }
    let vmlinux = found.btf == BtfRef::VMLINUX;
    let v = cx.program.kernel.version;
    if cx.program.prog_type == ProgType::Lsm {
        verify_lsm_prog(cx)?;
    } else if cx.program.prog_type == ProgType::Tracing && vmlinux && error_injection::is_denied(v, &found.name) {
        if !cx.program.kernel.features.denied_attach_told {
            return Err(Stop::silent(Errno::EINVAL));
        }
        return Err(cx.reject(PolicyMsg::Denied { name: found.name }, Errno::EINVAL));
    } else if cx.program.attach_type.needs_return()
        && vmlinux
        && cx.program.kernel.features.noreturn_refused
        && error_injection::is_noreturn(v, &found.name)
    {
        return Err(cx.reject(PolicyMsg::Noreturn { name: found.name }, Errno::EINVAL));
    }
    Ok(())
}

/// What the target check finds.
struct Target {
    btf: BtfRef,
    /// Prototype of the target in that BTF; 0: not trusted, five words are assumed.
    proto: TypeId,
    /// Name of the function, tracepoint, hook or iterator.
    name: String,
}

/// The BTF that the target's id belongs to, as a BTF of the environment.
///
/// A module's BTF stands there already when instructions use its functions or symbols.
pub(super) fn btf_ref(cx: &mut Draft<'_>, btf: Option<Arc<Btf>>) -> Res<BtfRef> {
    let Some(btf) = btf else { return Ok(BtfRef::VMLINUX) };
    let module = cx.program.req.attach.module.as_str();
    let named = |i: usize| !module.is_empty() && cx.program.btf_names.get(i).is_some_and(|n| n == module);
    if let Some(i) = (0..cx.program.btfs.len()).find(|&i| Arc::ptr_eq(&cx.program.btfs[i], &btf) || named(i)) {
        return u16::try_from(i).map(BtfRef).map_err(|_| Stop::unsupported("more than 65535 BTFs"));
    }
    let at = u16::try_from(cx.program.btfs.len()).map_err(|_| Stop::unsupported("more than 65535 BTFs"))?;
    cx.program.btfs.push(btf);
    cx.program.btf_names.push(cx.program.req.attach.module.clone());
    Ok(BtfRef(at))
}

/// Whether a program of this type can attach to the target, and what it then runs with.
fn check_attach_target(cx: &mut Draft<'_>, tgt: Option<&TargetProg>) -> Res<Target> {
    let id = cx.program.req.attach.btf_id;
    let extension = cx.program.prog_type == ProgType::Ext;
    let einval = Errno::EINVAL;
    if id == 0 {
        return Err(cx.reject(PolicyMsg::NoBtfId, einval));
    }
    let btf_arc = match tgt {
        Some(t) => match &t.request.btf {
            Some(b) => Some(b.clone()),
            None => return Err(cx.reject(PolicyMsg::TargetNoBtf, einval)),
        },
        None => cx.program.req.attach.btf.clone(),
    };
    let btf_ref = btf_ref(cx, btf_arc)?;
    let btf = cx.program.btf(btf_ref).clone();
    let Some(t) = btf.ty(id) else { return Err(cx.reject(PolicyMsg::BtfIdInvalid { id }, einval)) };
    if t.name_off == 0 && t.kind == BtfKind::Void {
        return Err(cx.reject(PolicyMsg::BtfIdUnnamed { id }, einval));
    }
    let name = t.name().to_string();

    let mut conservative = true;
    if let Some(tgt) = tgt {
        conservative = check_target_prog(cx, tgt, id, &name)?;
    } else if extension {
        return Err(cx.reject(PolicyMsg::ReplaceKernel, einval));
    }

    match cx.program.attach_type {
        AttachType::TraceRawTp => {
            if tgt.is_some() {
                return Err(cx.reject(PolicyMsg::OnlyFentryProg, einval));
            }
            if t.kind != BtfKind::Typedef {
                return Err(cx.reject(PolicyMsg::NotTypedef { id }, einval));
            }
            let Some(tracepoint) = name.strip_prefix(TRACE_PREFIX) else {
                return Err(cx.reject(PolicyMsg::WrongTypeName { id, name }, einval));
            };
            let proto = tracepoint_proto(&btf, t.size_or_type, tracepoint).ok_or(Stop::silent(einval))?;
            return Ok(Target { btf: btf_ref, proto, name: tracepoint.to_string() });
        }
        AttachType::TraceIter => {
            if t.kind != BtfKind::Func {
                return Err(cx.reject(PolicyMsg::NotFunction { id }, einval));
            }
            let proto = func_proto(&btf, t.size_or_type)?;
            distill_func_proto(cx, &btf, Some(proto), &name)?;
            return Ok(Target { btf: btf_ref, proto, name });
        }
        AttachType::LsmMac | AttachType::LsmCgroup => {}
        other if extension || other.has_trampoline() => {}
        _ => return Err(Stop::silent(einval)),
    }
    if t.kind != BtfKind::Func {
        return Err(cx.reject(PolicyMsg::NotFunction { id }, einval));
    }
    if extension {
        check_type_match(cx, &btf, &t)?;
    }
    let proto = func_proto(&btf, t.size_or_type)?;
    let proto = if tgt.is_some() && conservative { 0 } else { proto };
    let ret_size = distill_func_proto(cx, &btf, (proto != 0).then_some(proto), &name)?;
    if ret_size > 8 && cx.program.attach_type.needs_return() {
        return Err(cx.reject(PolicyMsg::WideReturn { func: name }, Errno::EOPNOTSUPP));
    }
    check_target_use(cx, tgt.is_some(), &name)?;
    Ok(Target { btf: btf_ref, proto, name })
}

/// Sleepable programs and `fmod_ret` programs attach to some functions only.
fn check_target_use(cx: &mut Draft<'_>, to_prog: bool, name: &str) -> Res {
    let syscall = cx.program.kernel.features.sleepable_on_syscalls && name.starts_with(SYSCALL_PREFIX);
    let built = cx.program.kernel.build.error_injection;
    let listed = if built { error_injection::is_error_injectable(name) } else { syscall };
    let injectable = !to_prog && listed;
    let by_list = !to_prog && cx.program.kernel.features.modifiable_by_list;
    let in_set = if by_list { error_injection::modify_return(name) } else { None };
    if cx.program.sleepable {
        let ok = match cx.program.prog_type {
            ProgType::Tracing => {
                (injectable && !error_injection::is_non_sleepable(name))
                    || (in_set == Some(true) && cx.program.kernel.features.sleepable_by_hook)
            }
            ProgType::Lsm => lsm_hooks::is_sleepable(cx.program.kernel, name),
            _ => false,
        };
        if !ok {
            return Err(cx.reject(PolicyMsg::NotSleepable { func: name.into() }, Errno::EINVAL));
        }
    } else if cx.program.attach_type == AttachType::ModifyReturn {
        if to_prog {
            return Err(cx.reject(PolicyMsg::FmodRetProg, Errno::EINVAL));
        }
        if in_set.is_none() && !injectable && !name.starts_with(SECURITY_PREFIX) {
            return Err(cx.reject(PolicyMsg::NotModifiable { func: name.into() }, Errno::EINVAL));
        }
    }
    Ok(())
}

/// The prototype of a function; the kernel refuses anything else without a word.
fn func_proto(btf: &Btf, id: TypeId) -> Res<TypeId> {
    match btf.ty(id) {
        Some(p) if p.kind == BtfKind::FuncProto => Ok(id),
        _ => Err(Stop::silent(Errno::EINVAL)),
    }
}

/// The prototype of a tracepoint: that of the function `__bpf_trace_<template>`, whose parameters have names.
///
/// Which template a tracepoint was made from is not in the BTF. When it is not its own, the typedef's prototype serves:
/// the same types without names, and names matter only for the suffix `__nullable`, which no shared template has.
fn tracepoint_proto(btf: &Btf, typedef_target: TypeId, tracepoint: &str) -> Option<TypeId> {
    let template = btf.find_by_name_kind(&format!("__bpf_trace_{tracepoint}"), BtfKind::Func);
    let id = match template.and_then(|f| btf.ty(f)) {
        Some(f) => f.size_or_type,
        None => btf.ty(typedef_target).filter(|p| p.kind == BtfKind::Ptr)?.size_or_type,
    };
    btf.ty(id).filter(|p| p.kind == BtfKind::FuncProto).map(|p| p.id)
}

/// Attaching to a program: which function of it, and whether the two go together. Returns whether the function's
/// prototype is not trusted (`conservative`).
fn check_target_prog(cx: &mut Draft<'_>, tgt: &TargetProg, id: TypeId, name: &str) -> Res<bool> {
    let einval = Errno::EINVAL;
    let extension = cx.program.prog_type == ProgType::Ext;
    if cx.program.req.prog_ifindex != 0 {
        return Err(Stop::unsupported("programs bound to a device"));
    }
    let Some(subprog) = tgt.request.func_info.iter().position(|f| f.type_id == id) else {
        return Err(cx.reject(PolicyMsg::NoSubprog { name: name.into() }, einval));
    };
    let Some(func) = tgt.funcs.get(subprog).copied() else {
        return Err(Stop::unsupported("attaching to a program whose functions are not known"));
    };
    if func.exception_cb {
        return Err(cx.reject(PolicyMsg::ExceptionCallback { extension }, einval));
    }
    if extension {
        if func.unreliable {
            return Err(cx.reject(PolicyMsg::ReplaceStatic, einval));
        }
        let main = cx.learned.subprogs.first();
        let (changes, sleeps) = main.map_or((false, false), |m| (m.moves_packet_data, m.can_sleep));
        if changes && !func.moves_packet_data {
            return Err(cx.reject(PolicyMsg::ExtChangesPacket, einval));
        }
        if cx.program.kernel.features.extension_might_sleep && sleeps && !func.can_sleep {
            return Err(cx.reject(PolicyMsg::ExtMaySleep, einval));
        }
    }
    let tgt_type = tgt.request.prog_type;
    let is_tracing = |n: u32| n == ProgType::Tracing as u32;
    if cx.program.prog_type == ProgType::Tracing {
        let nested =
            is_tracing(tgt_type) && tgt.request.attach.prog.as_ref().is_some_and(|t| is_tracing(t.request.prog_type));
        if nested {
            return Err(cx.reject(PolicyMsg::NestedTracing, einval));
        }
    } else if tgt_type == cx.program.prog_type as u32 {
        return Err(cx.reject(PolicyMsg::RecursiveAttach, einval));
    }
    let attach = AttachType::from_number(tgt.request.expected_attach_type);
    if is_tracing(tgt_type) && extension && attach.is_some_and(AttachType::watches_function) {
        return Err(cx.reject(PolicyMsg::ExtendFentry, einval));
    }
    Ok(func.unreliable)
}

/// Whether an LSM program may attach to the hook.
fn verify_lsm_prog(cx: &mut Draft<'_>) -> Res {
    let (id, name) = (cx.program.attach.btf_id, cx.program.attach.func_name.clone());
    if !is_gpl_compatible(&cx.program.req.license) {
        return Err(cx.reject(PolicyMsg::LsmGpl, Errno::EINVAL));
    }
    let vmlinux = cx.program.attach.btf == Some(BtfRef::VMLINUX);
    if vmlinux && cx.program.kernel.features.hooks_disabled && lsm_hooks::is_disabled(cx.program.kernel.version, &name)
    {
        return Err(cx.reject(PolicyMsg::DisabledHook { id, name }, Errno::EINVAL));
    }
    if !vmlinux || !lsm_hooks::is_hook(&name) {
        return Err(cx.reject(PolicyMsg::WrongTypeName { id, name }, Errno::EINVAL));
    }
    Ok(())
}

/// Finds the iterator and the arguments of special type that its programs get.
fn iter_prog_supported(cx: &mut Draft<'_>) -> Res {
    let target = iterators::target(cx.program.kernel.version, &cx.program.attach.func_name);
    let Some(target) = target else { return Err(Stop::silent(Errno::EINVAL)) };
    let vmlinux = cx.program.btf(BtfRef::VMLINUX).clone();
    cx.program.attach.ctx_args = target
        .args
        .iter()
        .map(|a| {
            let id = if a.btf.is_empty() { None } else { vmlinux.find_by_name_kind(a.btf, BtfKind::Struct) };
            CtxArg { offset: a.offset, ty: a.ty, btf: (BtfRef::VMLINUX, id.unwrap_or(0)), refcounted: false }
        })
        .collect();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Options, System, Verdict, verify};
    use crate::btf::BtfEdit;
    use crate::isa::{Insn, opcode};
    use crate::kernel::Kernel;
    use crate::program::request::TargetFunc;
    use crate::program::{FuncInfo, LoadRequest};

    fn system() -> System {
        System::stored(Kernel::v6_12()).expect("stored BTF")
    }

    /// `r0 = 0; exit`.
    fn program(prog_type: ProgType, attach: AttachType) -> LoadRequest {
        let mov = Insn { code: opcode::ALU64 | opcode::MOV, ..Insn::default() };
        let exit = Insn { code: opcode::JMP | opcode::EXIT, ..Insn::default() };
        LoadRequest {
            name: "x".into(),
            prog_type: prog_type as u32,
            expected_attach_type: attach as u32,
            insns: vec![mov, exit],
            license: "GPL".into(),
            ..LoadRequest::default()
        }
    }

    /// The text of the rejection, `ok`, or the error number of a silent one.
    fn says(system: &System, req: &LoadRequest) -> String {
        match verify(system, req, &Options::default()).verdict {
            Verdict::Accepted(_) => "ok".into(),
            Verdict::Rejected(r) => {
                r.cause.map_or_else(|| r.errno.name(), |c| c.text(system.kernel.style).trim_end().to_string())
            }
            other => format!("{other:?}"),
        }
    }

    fn at(system: &System, t: ProgType, a: AttachType, sleepable: bool, name: &str) -> String {
        let kind = if a == AttachType::TraceRawTp { BtfKind::Typedef } else { BtfKind::Func };
        let mut req = program(t, a);
        req.attach.btf_id = system.vmlinux.find_by_name_kind(name, kind).expect("attach target");
        req.prog_flags = if sleepable { super::super::attr::flags::SLEEPABLE } else { 0 };
        says(system, &req)
    }

    #[test]
    fn kernel_functions() {
        use AttachType as A;
        let s = system();
        let tracing = |a, sleepable, name: &str| at(&s, ProgType::Tracing, a, sleepable, name);
        assert_eq!(tracing(A::TraceFentry, false, "do_unlinkat"), "ok");
        assert_eq!(tracing(A::TraceFentry, true, "do_unlinkat"), "do_unlinkat is not sleepable");
        assert_eq!(tracing(A::TraceFentry, true, "bpf_fentry_test1"), "ok");
        assert_eq!(tracing(A::ModifyReturn, false, "security_file_open"), "ok");
        assert_eq!(tracing(A::ModifyReturn, false, "do_unlinkat"), "do_unlinkat() is not modifiable");
        assert_eq!(
            tracing(A::TraceFexit, false, "do_exit"),
            "Attaching fexit/fmod_ret to __noreturn functions is rejected."
        );
        assert_eq!(tracing(A::TraceFentry, false, "__rcu_read_lock"), "EINVAL");
        assert_eq!(tracing(A::TraceRawTp, false, "btf_trace_sched_switch"), "ok");
        assert_eq!(tracing(A::TraceIter, true, "bpf_iter_task"), "ok");
        assert_eq!(tracing(A::TraceIter, false, "bpf_iter_run_prog"), "EINVAL");
        assert_eq!(tracing(A::Xdp, false, "do_unlinkat"), "EINVAL");
    }

    #[test]
    fn hooks() {
        let s = system();
        let lsm = |sleepable, name: &str| at(&s, ProgType::Lsm, AttachType::LsmMac, sleepable, name);
        assert_eq!(lsm(false, "bpf_lsm_file_open"), "ok");
        assert_eq!(lsm(true, "bpf_lsm_file_open"), "ok");
        assert_eq!(lsm(true, "bpf_lsm_file_alloc_security"), "bpf_lsm_file_alloc_security is not sleepable");
        assert!(lsm(false, "bpf_lsm_getprocattr").ends_with("points to disabled hook bpf_lsm_getprocattr"));
        assert!(lsm(false, "do_unlinkat").ends_with("points to wrong type name do_unlinkat"));
    }

    /// Functions `main(struct xdp_md *)`, `other(void)` and a static one like the first.
    fn prog_btf() -> (Arc<Btf>, [TypeId; 3]) {
        let mut blob = vec![0x9f, 0xeb, 1, 0];
        blob.extend([24u32, 0, 0, 0, 1].iter().flat_map(|w| w.to_le_bytes()));
        blob.push(0);
        let empty = Btf::parse(blob, None).expect("empty BTF");
        let mut e = BtfEdit::new(&empty);
        let info = |kind: BtfKind, vlen: u32| ((kind as u32) << 24) | vlen;
        let named = |e: &mut BtfEdit<'_>, name: &str, info: u32, v: u32, rest: &[u32]| {
            let n = e.string(name);
            e.push(n, info, v, rest)
        };
        let int = named(&mut e, "int", info(BtfKind::Int, 0), 4, &[(1 << 24) | 32]);
        let st = named(&mut e, "xdp_md", info(BtfKind::Struct, 0), 24, &[]);
        let ptr = e.push(0, info(BtfKind::Ptr, 0), st, &[]);
        let ctx = e.string("ctx");
        let proto = e.push(0, info(BtfKind::FuncProto, 1), int, &[ctx, ptr]);
        let none = e.push(0, info(BtfKind::FuncProto, 0), int, &[]);
        let main = named(&mut e, "main", info(BtfKind::Func, 1), proto, &[]);
        let other = named(&mut e, "other", info(BtfKind::Func, 1), none, &[]);
        let hidden = named(&mut e, "hidden", info(BtfKind::Func, 0), proto, &[]);
        (Arc::new(e.finish().expect("BTF")), [main, other, hidden])
    }

    #[test]
    fn replacing_functions_of_programs() {
        let s = system();
        let (btf, [main, other, hidden]) = prog_btf();
        let with_btf = |mut req: LoadRequest, func: TypeId| {
            req.btf = Some(btf.clone());
            req.func_info = vec![FuncInfo { insn_off: 0, type_id: func }];
            req
        };
        let target = |func: TypeId, facts: TargetFunc| {
            let request = with_btf(program(ProgType::Xdp, AttachType::Xdp), func);
            Some(Arc::new(TargetProg { request, subprog_starts: vec![0], funcs: vec![facts] }))
        };
        let replace = |own: TypeId, theirs: TypeId, facts: TargetFunc| {
            let mut req = with_btf(program(ProgType::Ext, AttachType::CgroupInetIngress), own);
            req.attach.btf_id = theirs;
            req.attach.prog = target(theirs, facts);
            says(&s, &req)
        };
        let good = TargetFunc::default();
        assert_eq!(replace(main, main, good), "ok");
        assert_eq!(replace(main, other, good), "main() has 1 args while other() has 0 args");
        assert_eq!(replace(main, hidden, good), "hidden() is not a global function");
        let bad = TargetFunc { unreliable: true, ..good };
        assert_eq!(replace(main, main, bad), "Cannot replace static functions");
        let cb = TargetFunc { exception_cb: true, ..good };
        assert_eq!(replace(main, main, cb), "Extension programs cannot attach to exception callback");

        let mut req = program(ProgType::Ext, AttachType::CgroupInetIngress);
        req.attach.btf_id = 1;
        assert_eq!(says(&s, &req), "Cannot replace kernel functions");

        // Tracing a program: its arguments are those of the program's function.
        let mut req = program(ProgType::Tracing, AttachType::TraceFexit);
        req.attach.btf_id = main;
        req.attach.prog = target(main, good);
        assert_eq!(says(&s, &req), "ok");
        req.expected_attach_type = AttachType::ModifyReturn as u32;
        assert_eq!(says(&s, &req), "can't modify return codes of BPF programs");
    }
}
