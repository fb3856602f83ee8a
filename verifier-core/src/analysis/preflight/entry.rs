//! Where local functions begin, and which kernel functions are called.
//!
//! Answers for `add_subprog_and_kfunc()`: a function begins where a call or an address load goes, at instruction 0, and
//! where the exception callback stands.
//!
//! In the kernel: `BPF_MAX_SUBPROGS`, `add_subprog()`, `bpf_find_exception_callback_insn_off()`.

use crate::analysis::cx::Draft;
use crate::analysis::kfunc;
use crate::analysis::learned::SubprogInfo;
use crate::btf::BtfKind;
use crate::error::{Errno, Res, WalkMsg};

/// Most local functions of a program.
const MAX_SUBPROGS: usize = 256;

/// Notes that a function begins at `off`.
fn note_function(cx: &mut Draft<'_>, off: i64) -> Res {
    let Some(start) = usize::try_from(off).ok().filter(|o| *o < cx.program.insns.len()) else {
        return Err(cx.reject(WalkMsg::CallDestination, Errno::EINVAL));
    };
    let start = start as u32;
    let Err(at) = cx.learned.subprogs.binary_search_by_key(&start, |s| s.start) else { return Ok(()) };
    if cx.learned.subprogs.len() >= MAX_SUBPROGS {
        return Err(cx.reject(WalkMsg::TooManySubprogs, Errno::E2BIG));
    }
    cx.learned.subprogs.insert(at, SubprogInfo { start, ..SubprogInfo::default() });
    Ok(())
}

/// Finds local functions and kernel functions.
pub(crate) fn functions_and_kfuncs(cx: &mut Draft<'_>) -> Res {
    note_function(cx, 0)?;
    let kfuncs_later = cx.program.kernel.features.kfuncs_after_functions;
    for i in 0..cx.program.insns.len() {
        let insn = cx.program.insns[i];
        let local = (insn.is_pseudo_func() && cx.program.kernel.features.function_addresses) || insn.is_pseudo_call();
        // Where there are no kernel functions, what calls one is a call of a form that does not exist.
        let of_kernel = insn.is_kfunc_call() && cx.program.kernel.features.kernel_calls;
        if !local && !of_kernel {
            continue;
        }
        if !cx.program.caps.has_cap_bpf {
            return Err(cx.reject(WalkMsg::CallsNeedCap, Errno::EPERM));
        }
        if local {
            note_function(cx, i as i64 + i64::from(insn.imm) + 1)?;
        } else if !kfuncs_later {
            kfunc::note_kfunc_call(cx, insn.imm, insn.off)?;
        }
    }
    if let Some(start) = exception_callback(cx)? {
        note_function(cx, i64::from(start))?;
        if let Ok(n) = cx.learned.subprogs.binary_search_by_key(&start, |s| s.start)
            && n > 0
        {
            cx.program.exception_function = n as u32;
            cx.learned.subprogs[n].used_as_callback = true;
            cx.learned.subprogs[n].is_later_callback = true;
            cx.learned.subprogs[n].ends_exceptions = true;
        }
    }
    cx.program.subprog_starts = cx.learned.subprogs.iter().map(|s| s.start).collect();
    if cx.logs(2) {
        for n in 0..cx.learned.subprogs.len() {
            cx.say(WalkMsg::Func { n, start: cx.learned.subprogs[n].start });
        }
    }
    if kfuncs_later {
        for i in 0..cx.program.insns.len() {
            let insn = cx.program.insns[i];
            if insn.is_kfunc_call() {
                kfunc::note_kfunc_call(cx, insn.imm, insn.off)?;
            }
        }
    }
    Ok(())
}

/// First instruction of the exception callback that a tag on the main program names.
fn exception_callback(cx: &mut Draft<'_>) -> Res<Option<u32>> {
    if !cx.program.kernel.features.exceptions {
        return Ok(None);
    }
    let req = cx.program.req;
    let (Some(main), Some(btf)) = (cx.program.func_info.first(), &req.btf) else { return Ok(None) };
    if btf.ty(main.type_id).is_none() {
        return Err(cx.reject(WalkMsg::MainBtfId, Errno::EINVAL));
    }
    let name = match btf.find_decl_tag_value(main.type_id, -1, "exception_callback:") {
        Ok(Some(name)) => name.to_string(),
        Ok(None) => return Ok(None),
        Err(()) => return Err(cx.reject(WalkMsg::ManyExceptionTags, Errno::EEXIST)),
    };
    let Some(id) = btf.find_by_name_kind(&name, BtfKind::Func) else {
        return Err(cx.reject(WalkMsg::ExceptionCbMissing { name }, Errno::ENOENT));
    };
    /// BTF linkage of a global function.
    const GLOBAL: u16 = 1;
    if btf.ty(id).is_none_or(|t| t.vlen != GLOBAL) {
        return Err(cx.reject(WalkMsg::ExceptionCbStatic { name }, Errno::EINVAL));
    }
    match req.func_info.iter().rfind(|f| f.type_id == id).map(|f| f.insn_off) {
        Some(0) => {
            let stop = cx.reject(WalkMsg::ExceptionCbOffset, Errno::EINVAL);
            Err(stop)
        }
        Some(off) => Ok(Some(off)),
        None => Err(cx.reject(WalkMsg::ExceptionCbFuncInfo, Errno::EINVAL)),
    }
}
