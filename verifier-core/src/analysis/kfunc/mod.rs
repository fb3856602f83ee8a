//! Kernel functions that programs may call: finding them, and what other stages ask of a call.
//!
//! Answers for `add_kfunc_call()`, `fetch_kfunc_meta()` and the `is_*_kfunc()` questions. Arguments are in [`args`], the
//! call as a whole and its result in [`call`], lists and trees in [`graph`].
//!
//! In the kernel: `struct bpf_kfunc_desc`, `struct bpf_kfunc_desc_tab`, `struct bpf_kfunc_call_arg_meta`,
//! `find_kfunc_desc_btf()`, `disasm_kfunc_name()`, `is_iter_next_kfunc()`, `is_sync_callback_calling_kfunc()`,
//! `is_async_callback_calling_kfunc()`, `is_bpf_throw_kfunc()`, `is_bpf_graph_api_kfunc()`, `kfunc_spin_allowed()`,
//! `is_rbtree_lock_required_kfunc()`, `is_kfunc_sleepable()`, `fixup_kfunc_call()`, `kfunc_fastcall_clobber_mask()`,
//! `is_fastcall_kfunc_call()`.

mod args;
mod btf_arg;
mod by_pointer;
mod call;
pub(crate) mod graph;
mod irq;
mod meta;
mod param;
mod special;
pub(crate) mod table;

use std::rc::Rc;
use std::sync::Arc;

use super::preflight::attr::is_gpl_compatible;
use super::preflight::func_model::type_size;
use super::program::Program;
use super::{Cx, Draft};
use crate::btf::{Btf, BtfKind, Type};
use crate::error::{Errno, KfuncMsg, Res, Stop};
use crate::isa::Insn;
use crate::kernel::ProgType;
use crate::kernel::kfuncs::{self, KfuncFlags};
use crate::state::BtfRef;

pub(crate) use call::kfunc_call;
pub(crate) use meta::{IterPlace, KfuncMeta};
pub(crate) use special::Special;
use table::{KfuncDesc, KfuncParam};

/// Most kernel functions, and most modules, that one program may use.
const MAX_DESCS: usize = 256;

/// Which BTF the `off` of a call names.
fn desc_btf(cx: &mut Draft<'_>, off: i16) -> Res<BtfRef> {
    if off == 0 {
        return Ok(BtfRef::VMLINUX);
    }
    if off < 0 {
        return Err(cx.reject(KfuncMsg::NegativeOffset {}, Errno::EINVAL));
    }
    if let Some((_, btf)) = cx.program.kfunc_btfs.iter().find(|(o, _)| *o == off) {
        return Ok(*btf);
    }
    if cx.program.kfunc_btfs.len() >= MAX_DESCS {
        return Err(cx.reject(KfuncMsg::TooManyModules {}, Errno::E2BIG));
    }
    let req = cx.program.req;
    if req.fd_array.is_empty() && req.module_fds.is_empty() {
        return Err(cx.reject(KfuncMsg::NoFdArray {}, Errno::EPROTO));
    }
    let index = u32::from(off.unsigned_abs());
    let Some((_, module)) = req.module_fds.iter().find(|(n, _)| *n == index) else {
        let Some(fd) = req.fd_array.get(index as usize) else {
            return Err(Stop::unsupported("a kfunc call that reads behind the end of fd_array"));
        };
        // Maps and the loader's standard streams are open, but are no BTF.
        let open = (0..=2).contains(fd) || req.maps.iter().any(|m| m.fd == *fd);
        let errno = if open { Errno::EINVAL } else { Errno::EBADF };
        return Err(cx.reject(KfuncMsg::BadBtfFd {}, errno));
    };
    let Some(at) = cx.program.btf_names.iter().position(|n| n == module) else {
        return Err(Stop::unsupported(format!("module {module}, whose BTF is not at hand")));
    };
    let btf = BtfRef(u16::try_from(at).map_err(|_| Stop::unsupported("more than 65535 BTFs"))?);
    cx.program.kfunc_btfs.push((off, btf));
    Ok(btf)
}

/// Can programs call a function of this prototype at all? Kernel: `btf_distill_func_proto()`.
fn proto_problem(btf: &Btf, proto: Type<'_>, name: &str, unions: bool) -> Option<KfuncMsg> {
    let n = usize::from(proto.vlen);
    let name = name.to_string();
    if n > 12 {
        return Some(KfuncMsg::ProtoTooMany { name, n });
    }
    let (size, kind) = type_size(btf, proto.size_or_type, unions);
    if size.is_none() || kind == BtfKind::Struct || kind == BtfKind::Union {
        return Some(KfuncMsg::ProtoReturn { name, kind: kind.log_word() });
    }
    for (arg, p) in proto.params().enumerate() {
        if arg + 1 == n && p.type_id == 0 {
            return Some(KfuncMsg::ProtoVarargs { name });
        }
        let (size, kind) = type_size(btf, p.type_id, unions);
        match size {
            None | Some(17..) => return Some(KfuncMsg::ProtoArg { name, arg, kind: kind.log_word() }),
            Some(0) => return Some(KfuncMsg::ProtoVoid { name }),
            Some(_) => {}
        }
    }
    None
}

/// Finds the kernel function that an instruction names.
///
/// # Errors
/// Rejects what the kernel rejects before the walk; whether this program may call the function is asked when the walk
/// reaches the call.
pub(crate) fn note_kfunc_call(cx: &mut Draft<'_>, func_id: i32, off: i16) -> Res {
    if !cx.program.kfuncs.any {
        if !is_gpl_compatible(&cx.program.req.license) {
            return Err(cx.reject(KfuncMsg::NotGpl {}, Errno::EINVAL));
        }
        cx.program.kfuncs.any = true;
    }
    if func_id == 0 && off == 0 {
        return Ok(());
    }
    let btf_ref = desc_btf(cx, off).map_err(|s| cx.also(s, KfuncMsg::NoBtf {}))?;
    let func_id = func_id.cast_unsigned();
    if cx.program.kfuncs.find(func_id, off).is_some() {
        return Ok(());
    }
    if cx.program.kfuncs.descs.len() >= MAX_DESCS {
        return Err(cx.reject(KfuncMsg::TooMany {}, Errno::E2BIG));
    }
    let btf = Arc::clone(cx.program.btf(btf_ref));
    let Some(func) = btf.ty(func_id).filter(|t| t.kind == BtfKind::Func) else {
        return Err(cx.reject(KfuncMsg::NotFunction { id: func_id }, Errno::EINVAL));
    };
    let Some(proto) = btf.ty(func.size_or_type).filter(|t| t.kind == BtfKind::FuncProto) else {
        return Err(cx.reject(KfuncMsg::NoProto { id: func_id }, Errno::EINVAL));
    };
    let name = func.name();
    let module = (btf_ref != BtfRef::VMLINUX).then(|| cx.program.btf_names[usize::from(btf_ref.0)].as_str());
    let caller = kfuncs::Caller {
        prog_type: cx.program.resolved_prog_type(),
        loaded_as: cx.program.prog_type,
        attach: cx.program.attach_type,
        implements: implemented(cx).unwrap_or_default(),
    };
    let flags = kfuncs::flags_for(cx.program.kernel, module, name, &caller);
    if module.is_none() && kfuncs::is_device_bound(name) && cx.program.req.prog_ifindex == 0 {
        return Err(cx.reject(KfuncMsg::DevBound {}, Errno::EINVAL));
    }
    if let Some(msg) = proto_problem(&btf, proto, name, cx.program.kernel.features.union_args) {
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    let desc = KfuncDesc {
        func_id,
        off,
        btf: btf_ref,
        name: name.into(),
        params: proto.params().map(|p| KfuncParam { name: p.name().into(), type_id: p.type_id }).collect(),
        passed: passed_arguments(&btf, name, proto),
        ret: proto.size_or_type,
        flags,
        special: (btf_ref == BtfRef::VMLINUX).then(|| Special::from_name(name)).flatten(),
    };
    cx.program.kfuncs.descs.push(Rc::new(desc));
    Ok(())
}

/// Arguments of the function that stands behind a name: programs see it without those that the verifier adds.
fn passed_arguments(btf: &Btf, name: &str, proto: Type<'_>) -> usize {
    let whole = btf.find_by_name_kind(&format!("{name}_impl"), BtfKind::Func).and_then(|id| btf.ty(id));
    let whole = whole.and_then(|f| btf.ty(f.size_or_type)).filter(|p| p.kind == BtfKind::FuncProto);
    usize::from(proto.vlen.max(whole.map_or(0, |p| p.vlen)))
}

/// What is known of the function that a call names, if the program may call it.
pub(crate) fn described<'e>(program: &'e Program<'_>, insn: Insn) -> Option<&'e KfuncDesc> {
    program.kfuncs.called_by(insn).map(|d| &**d).filter(|d| d.flags.is_some())
}

fn special_of(program: &Program<'_>, insn: Insn) -> Option<Special> {
    program.kfuncs.called_by(insn).and_then(|d| d.special)
}

/// The function of a call with its flags; fails silently where the call is not resolved, and with `EACCES` where this
/// program may not call it.
fn kfunc_called(cx: &mut Cx, insn: Insn) -> Res<KfuncMeta> {
    if insn.imm == 0 {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let Some(desc) = cx.program.kfuncs.called_by(insn).cloned() else {
        return Err(cx.broken("kfunc was not found before the walk"));
    };
    match desc.flags {
        Some(flags) => Ok(KfuncMeta::new(desc, flags)),
        None => {
            let name = desc.name.to_string();
            Err(cx.reject(KfuncMsg::NotAllowed { name }, Errno::EACCES))
        }
    }
}

/// The name of the kernel function that an instruction calls.
pub fn kfunc_name(program: &Program<'_>, insn: Insn) -> Option<String> {
    program.kfuncs.called_by(insn).map(|d| d.name.to_string())
}

fn flags_of(program: &Program<'_>, insn: Insn) -> KfuncFlags {
    program.kfuncs.called_by(insn).and_then(|d| d.flags).unwrap_or_default()
}

/// `bpf_iter_*_next()`.
pub(crate) fn yields_next(program: &Program<'_>, insn: Insn) -> bool {
    flags_of(program, insn).is_next_call()
}

/// Whether it calls its callback before it returns.
pub(crate) fn calls_back_at_once(program: &Program<'_>, insn: Insn) -> bool {
    special_of(program, insn) == Some(Special::RbtreeAdd)
}

/// Whether its callback runs some time later.
pub(crate) fn calls_back_later(program: &Program<'_>, insn: Insn) -> bool {
    special_of(program, insn).is_some_and(Special::is_async_callback)
}

/// Whether it throws an exception.
pub(crate) fn throws(program: &Program<'_>, insn: Insn) -> bool {
    insn.off == 0 && special_of(program, insn) == Some(Special::Throw)
}

/// May be called while a spin lock is held: list, tree and refcount functions (newer releases: iterator functions and
/// resilient locks too).
pub(crate) fn works_on_graphs(program: &Program<'_>, insn: Insn) -> bool {
    let Some(desc) = program.kfuncs.called_by(insn) else { return false };
    if desc.special.is_some_and(Special::is_graph) {
        return true;
    }
    let newer = program.kernel.features.locks_are_refs;
    newer
        && (desc.special.is_some_and(Special::is_res_spin_lock)
            || matches!(&*desc.name, "bpf_iter_num_new" | "bpf_iter_num_next" | "bpf_iter_num_destroy")
                && desc.btf == BtfRef::VMLINUX
            || program.kernel.features.kfunc_args_trusted
                && matches!(
                    &*desc.name,
                    "bpf_arena_alloc_pages"
                        | "bpf_arena_free_pages"
                        | "bpf_arena_reserve_pages"
                        | "bpf_stream_vprintk"
                        | "bpf_stream_print_stack"
                )
                && desc.btf == BtfRef::VMLINUX)
}

/// Tree functions, whose callbacks run under the lock.
pub(crate) fn needs_tree_lock(program: &Program<'_>, insn: Insn) -> bool {
    special_of(program, insn).is_some_and(Special::is_rbtree)
}

/// The function may sleep.
pub(crate) fn kfunc_may_sleep(program: &Program<'_>, insn: Insn) -> bool {
    flags_of(program, insn).is_sleepable()
}

/// A call that was never resolved is only allowed in code that the walk did not reach, because that code is removed.
pub(crate) fn check_unresolved(cx: &mut Cx) -> Res {
    let reached =
        |(insn, aux): (&Insn, &super::learned::InsnAux)| insn.is_kfunc_call() && insn.imm == 0 && aux.seen != 0;
    if cx.program.insns.iter().zip(&cx.learned.aux).any(reached) {
        return Err(cx.reject(KfuncMsg::InvalidCall {}, Errno::EINVAL));
    }
    Ok(())
}

/// Registers that a call overwrites or reads, as bits, and whether the verifier inlines it; `None` when the call may not
/// be made.
pub(crate) fn kfunc_fastcall(program: &Program<'_>, insn: Insn) -> Option<(u32, bool)> {
    let desc = program.kfuncs.called_by(insn).filter(|d| d.flags.is_some())?;
    let mut mask = u32::from(desc.ret != 0);
    for i in 0..desc.passed.min(15) {
        mask |= 2 << i;
    }
    let inlined = matches!(desc.special, Some(Special::CastToKernCtx | Special::RdonlyCast));
    Some((mask, inlined))
}

/// Struct and member that a struct_ops program implements, as the request names them: what it may call is looked up before
/// its target is checked.
fn implemented<'p>(cx: &'p Draft<'_>) -> Option<(&'p str, &'p str)> {
    if cx.program.prog_type != ProgType::StructOps {
        return None;
    }
    let attach = &cx.program.req.attach;
    let btf = attach.btf.as_deref().unwrap_or(cx.program.btf(BtfRef::VMLINUX));
    let ops = btf.ty(attach.btf_id).filter(|t| t.kind == BtfKind::Struct)?;
    let member = ops.members().nth(cx.program.req.expected_attach_type as usize)?;
    Some((ops.name(), member.name()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kernel::Kernel;

    /// Functions that programs may only change the return value of: they are tagged but stand in no table of calls.
    const MODIFY_RETURN_ONLY: [&str; 3] = ["bpf_modify_return_test", "bpf_modify_return_test2", "bpf_fentry_test1"];

    /// Names that 6.18.44's BTF tags as callable.
    fn tagged(btf: &Btf) -> BTreeSet<&str> {
        btf.own_types()
            .filter(|t| t.kind == BtfKind::DeclTag && t.name() == "bpf_kfunc")
            .map(|t| btf.type_name(t.size_or_type))
            .collect()
    }

    #[test]
    fn every_function_that_btf_tags_has_a_row_and_no_row_is_invented() {
        let kernel = Kernel::v6_18();
        let btf = crate::program::vmlinux(&kernel).expect("stored BTF");
        let tagged = tagged(&btf);
        assert!(tagged.len() > 150, "the BTF of 6.18 tags kernel functions");
        let groups = || kfuncs::GROUPS.iter();
        let rows =
            |g: &&kfuncs::Group| g.rows.iter().filter(|r| r.releases.contains(kernel.version)).collect::<Vec<_>>();
        let known: BTreeSet<&str> = groups().flat_map(&rows).map(|r| r.name).collect();
        let missing: Vec<_> =
            tagged.iter().filter(|n| !known.contains(*n) && !MODIFY_RETURN_ONLY.contains(n)).collect();
        assert!(missing.is_empty(), "no row for {missing:?}");
        // What 6.13 or later brought must be there; what depends on the configuration need not be.
        let new = |r: &&kfuncs::Kfunc| r.releases.since > Kernel::v6_12().version;
        let invented: Vec<_> = groups()
            .filter(|g| {
                use kfuncs::Filter;
                g.module.is_none() && !matches!(g.filter, Filter::Signatures | Filter::Qdisc(_))
            })
            .flat_map(rows)
            .filter(new)
            .filter(|r| !tagged.contains(r.name))
            .map(|r| r.name)
            .collect();
        assert!(invented.is_empty(), "rows without a function: {invented:?}");
    }

    #[test]
    fn endings_of_parameter_names_need_a_name_before_them() {
        assert!(param::has_suffix("mem__sz", "__sz"));
        assert!(!param::has_suffix("__sz", "__sz"));
        assert!(!param::has_suffix("mem__szk", "__sz"));
    }
}
