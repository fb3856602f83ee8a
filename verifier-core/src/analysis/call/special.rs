//! What single helpers need besides their prototype.
//!
//! Answers for the switch over `func_id` in `check_helper_call()`, `check_bpf_snprintf_call()`, `check_get_func_ip()` and
//! `bpf_bprintf_prepare()`.
//!
//! In the kernel: `changes_data`, `returns_cpu_specific_alloc_ptr`, `get_dynptr_arg_reg()`, `loop_flag_is_zero()`,
//! `update_loop_inline_state()`, `isspace()`, `ispunct()`.

use super::args::const_str;
use super::callback::{Callback, fork_callback};
use super::helper_name;
use super::meta::CallMeta;
use super::returns::attached_to_void;
use crate::analysis::Cx;
use crate::analysis::access::exchanged_retval;
use crate::analysis::dynptr::is_packet_dynptr;
use crate::analysis::dynptr::{dynptr_id, dynptr_kind_of, dynptr_owner};
use crate::analysis::refs::nothing_held_is_left;
use crate::analysis::regs::need_exactly;
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::isa::Insn;
use crate::kernel::call::{ArgBase, FuncProto, RegBase, TypeFlags};
use crate::kernel::helpers::id;
use crate::kernel::{AttachType, ProgType};
use crate::state::{DynptrKind, RegState};

/// What the checks of one helper found for the rest of the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Effects {
    /// Packet data may move.
    pub changes_data: bool,
    /// The per-CPU argument is an object of the program.
    pub percpu_object: bool,
}

/// The register of the only dynptr argument.
fn dynptr_arg(cx: &Cx<'_>, proto: &FuncProto) -> Res<RegState> {
    match proto.args.iter().position(|a| a.base == ArgBase::PtrToDynptr) {
        Some(i) => Ok(*cx.reg(i as u8 + 1)),
        None => Err(cx.broken("helper without a dynptr")),
    }
}

/// What single helpers ask for besides their prototype.
pub(super) fn check(
    cx: &mut Cx<'_>,
    insn: Insn,
    insn_idx: usize,
    proto: &FuncProto,
    meta: &mut CallMeta,
    effects: &mut Effects,
) -> Res {
    match meta.func_id {
        id::TAIL_CALL => nothing_held_is_left(cx, false, true, "tail_call"),
        id::GET_LOCAL_STORAGE => {
            if !cx.reg(2).is_null() {
                return Err(cx.reject(CallMsg::LocalStorageFlags, Errno::EINVAL));
            }
            if cx.program.kernel.features.null_args_are_precise { need_exactly(cx, 2) } else { Ok(()) }
        }
        id::FOR_EACH_MAP_ELEM => fork_callback(cx, insn, insn_idx, meta.subprog, Callback::MapElem),
        id::TIMER_SET_CALLBACK => fork_callback(cx, insn, insn_idx, meta.subprog, Callback::Timer),
        id::FIND_VMA => fork_callback(cx, insn, insn_idx, meta.subprog, Callback::FindVma),
        id::USER_RINGBUF_DRAIN => fork_callback(cx, insn, insn_idx, meta.subprog, Callback::UserRingbuf),
        id::LOOP => loop_helper(cx, insn, insn_idx, meta),
        id::SNPRINTF => snprintf(cx),
        id::DYNPTR_FROM_MEM => {
            let ty = cx.reg(1).ty;
            if !ty.is(RegBase::PtrToMapValue) {
                return Err(cx.reject(CallMsg::DynptrFromMem { ty }, Errno::EACCES));
            }
            Ok(())
        }
        id::SET_RETVAL => {
            let lsm_cgroup = cx.program.resolved_prog_type() == ProgType::Lsm
                && cx.program.resolved_attach_type() == AttachType::LsmCgroup;
            if lsm_cgroup && attached_to_void(cx) {
                return Err(cx.reject(CallMsg::VoidHookRetval, Errno::EINVAL));
            }
            retval_in_range(cx)
        }
        id::DYNPTR_DATA => {
            let reg = dynptr_arg(cx, proto)?;
            if meta.dynptr_id != 0 || meta.ref_obj_id != 0 {
                return Err(cx.kernel_bug("dynptr and reference in one call"));
            }
            meta.dynptr_id = dynptr_id(cx, &reg)?;
            meta.ref_obj_id = dynptr_owner(cx, &reg)?;
            Ok(())
        }
        id::DYNPTR_WRITE => {
            let reg = dynptr_arg(cx, proto)?;
            let kind = dynptr_kind_of(cx, &reg)?;
            if kind == DynptrKind::Invalid {
                return Err(Stop::silent(Errno::EFAULT));
            }
            effects.changes_data |= is_packet_dynptr(kind);
            Ok(())
        }
        id::PER_CPU_PTR | id::THIS_CPU_PTR => {
            let reg = *cx.reg(1);
            if !reg.has(TypeFlags::RCU) {
                return Ok(());
            }
            let is_struct = reg.btf().is_some_and(|(b, t)| cx.program.btf(b).ty(t).is_some_and(|t| t.is_composite()));
            if !is_struct {
                return Err(cx.reject(CallMsg::PercpuStruct, Errno::EFAULT));
            }
            effects.percpu_object = true;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// One round of `bpf_loop()`: another visit of the callback, as long as the count allows one.
fn loop_helper(cx: &mut Cx<'_>, insn: Insn, insn_idx: usize, meta: &CallMeta) -> Res {
    update_inlining(cx, meta.subprog)?;
    // Its value decides whether the loop is done.
    if cx.program.kernel.features.callbacks_repeat {
        need_exactly(cx, 1)?;
    }
    let rounds = cx.reg(1).scalar.umax;
    if u64::from(cx.path.cur.frame().callback_round) < rounds || !cx.program.kernel.features.callbacks_repeat {
        return fork_callback(cx, insn, insn_idx, meta.subprog, Callback::Loop);
    }
    cx.path.cur.frame_mut().callback_round = 0;
    if cx.logs(2) {
        let frame = cx.path.cur.top_frame();
        cx.say(CallMsg::LoopLimit { frame });
    }
    Ok(())
}

/// Whether the flags of a loop are known to be zero, so that it can be inlined.
fn no_loop_flags(cx: &mut Cx<'_>) -> Res<bool> {
    let zero = cx.reg(4).is_null();
    if zero {
        need_exactly(cx, 4)?;
    }
    Ok(zero)
}

/// Whether the call can be inlined: always the same callback, without flags.
fn update_inlining(cx: &mut Cx<'_>, subprog: u32) -> Res {
    let at = cx.path.insn_idx;
    let fit = match cx.learned.aux.get(at).and_then(|a| a.loop_inline) {
        None => no_loop_flags(cx)?,
        Some((false, _)) => return Ok(()),
        Some((true, callback)) => {
            let fit = no_loop_flags(cx)? && callback == subprog;
            if let Some(aux) = cx.learned.aux.get_mut(at) {
                aux.loop_inline = Some((fit, callback));
            }
            return Ok(());
        }
    };
    if let Some(aux) = cx.learned.aux.get_mut(at) {
        aux.loop_inline = Some((fit, subprog));
    }
    Ok(())
}

/// The format must fit the data.
fn snprintf(cx: &mut Cx<'_>) -> Res {
    let (fmt, len) = (*cx.reg(3), cx.reg(5).scalar.var_off.value);
    if len % 8 != 0 {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let Some(text) = const_str(cx, &fmt)? else { return Err(cx.broken("format without an end")) };
    if !format_fits(&text, len / 8) {
        return Err(cx.reject(CallMsg::InvalidFormat, Errno::EINVAL));
    }
    Ok(())
}

/// Whether a format is one that BPF knows and takes no more than `args` values.
pub(crate) fn format_fits(text: &[u8], args: u64) -> bool {
    // Reading behind the end yields the final zero.
    let at = |i: usize| text.get(i).copied().unwrap_or(0);
    let ends = |c: u8| c == 0 || is_space(c) || is_punct(c);
    let mut used = 0;
    let mut i = 0;
    while i < text.len() {
        let c = at(i);
        if c.is_ascii() && !(c == b' ' || c.is_ascii_graphic()) && !is_space(c) {
            return false;
        }
        if c != b'%' {
            i += 1;
            continue;
        }
        if at(i + 1) == b'%' {
            i += 2;
            continue;
        }
        if used >= args {
            return false;
        }
        i += 1;
        if !at(i).is_ascii() {
            return false;
        }
        while matches!(at(i), b'0' | b'+' | b'-' | b' ') {
            i += 1;
        }
        if matches!(at(i), b'1'..=b'9') {
            while at(i).is_ascii_digit() {
                i += 1;
            }
        }
        match at(i) {
            b'p' => match (at(i + 1), at(i + 2)) {
                (c, _) if ends(c) => {}
                (b'k' | b'u', b's') => {
                    i += 2;
                    if !ends(at(i + 1)) {
                        return false;
                    }
                }
                (b'K' | b'x' | b's' | b'S' | b'B', _) => i += 1,
                (b'i' | b'I', b'4' | b'6') => i += 2,
                _ => return false,
            },
            b's' if !ends(at(i + 1)) => return false,
            b's' | b'c' => {}
            _ => {
                for _ in 0..2 {
                    if at(i) == b'l' {
                        i += 1;
                    }
                }
                if !matches!(at(i), b'i' | b'd' | b'u' | b'x' | b'X') {
                    return false;
                }
            }
        }
        used += 1;
        i += 1;
    }
    true
}

/// White space as the kernel sees it (Latin-1).
const fn is_space(c: u8) -> bool {
    matches!(c, 9..=13 | b' ' | 0xa0)
}

/// Punctuation as the kernel sees it (Latin-1).
const fn is_punct(c: u8) -> bool {
    c.is_ascii_punctuation() || matches!(c, 0xa1..=0xbf | 0xd7 | 0xf7)
}

/// `bpf_get_func_ip()` needs a trampoline or a kprobe.
pub(super) fn check_func_ip(cx: &mut Cx<'_>, func: u32) -> Res {
    if func != id::GET_FUNC_IP {
        return Ok(());
    }
    let (name, prog) = (helper_name(func), cx.program.resolved_prog_type());
    match prog {
        ProgType::Tracing => {
            let trampoline = cx.program.resolved_attach_type().has_trampoline();
            if trampoline { Ok(()) } else { Err(cx.reject(CallMsg::FuncIpAttach { name, id: func }, Errno::ENOTSUPP)) }
        }
        ProgType::Kprobe => Ok(()),
        _ => Err(cx.reject(CallMsg::FuncIpType { name, id: func, prog_type: prog as u32 }, Errno::ENOTSUPP)),
    }
}

/// What a program sets as the result of the hook or call that it watches (7.1).
fn retval_in_range(cx: &mut Cx<'_>) -> Res {
    let Some(range) = exchanged_retval(cx).filter(|_| cx.program.kernel.features.set_retval_in_range) else {
        return Ok(());
    };
    need_exactly(cx, 1)?;
    let r1 = *cx.reg(1);
    if !super::returns::in_range(cx, range, &r1, true) {
        let msg = super::returns::out_of_range("At bpf_set_retval", "R1", &r1, range);
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::format_fits;

    #[test]
    fn formats_as_the_kernel_reads_them() {
        for (fmt, args) in
            [("plain", 0), ("%d %llx", 2), ("%08lu|%-5d", 2), ("100%%", 0), ("%pI4 %pks, %ps", 3), ("%c", 1)]
        {
            assert!(format_fits(fmt.as_bytes(), args), "{fmt}");
        }
        for (fmt, args) in
            [("%d", 0), ("%f", 1), ("%", 1), ("%pI5", 1), ("%sx", 1), ("\u{7}", 0), ("%lld %s", 1), ("%pusx", 1)]
        {
            assert!(!format_fits(fmt.as_bytes(), args), "{fmt}");
        }
    }
}
