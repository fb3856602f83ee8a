//! Callbacks: functions of the program that a helper or kernel function calls.
//!
//! Answers for `push_callback_call()` and the `set_*_callback_state()` functions. A synchronous callback is stored as a
//! path of its own that returns to the call; the current path goes on as if the callback never ran.
//!
//! In the kernel: `map_ops::map_for_each_callback`.

use std::rc::Rc;

use super::func::{check_depth, lose_scratch_registers};
use super::global::arguments_fit_signature;
use super::map::map_type;
use crate::analysis::Cx;
use crate::analysis::asks::Fork;
use crate::analysis::dynptr::set_callback_dynptr;
use crate::analysis::objects::record_of;
use crate::analysis::refs::{clear_reg, set_borrowed};
use crate::analysis::regs::set_known;
use crate::btf::BtfKind;
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::isa::Insn;
use crate::kernel::MapType;
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::program::record::{FieldInfo, FieldKind, record_find};
use crate::state::{BtfRef, DynptrKind, FuncState, MapIdx, Payload, RegState};

/// What a callback gets, and what it may return.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Callback {
    /// `bpf_for_each_map_elem()`
    MapElem,
    /// `bpf_loop()`
    Loop,
    /// `bpf_timer_set_callback()`, workqueues
    Timer,
    /// `bpf_find_vma()`
    FindVma,
    /// `bpf_user_ringbuf_drain()`
    UserRingbuf,
    /// `bpf_rbtree_add()`
    RbtreeAdd,
    /// `bpf_task_work_schedule_*()` (6.18)
    TaskWork,
}

impl Callback {
    /// Runs later, not before the call returns.
    const fn is_async(self) -> bool {
        matches!(self, Callback::Timer | Callback::TaskWork)
    }
}

/// Stores the path into a callback.
///
/// # Errors
/// Rejects too deep calls and callbacks that this call cannot run.
pub(crate) fn fork_callback(cx: &mut Cx<'_>, insn: Insn, insn_idx: usize, subprog: u32, callback: Callback) -> Res {
    let n = subprog as usize;
    match arguments_fit_signature(cx, n) {
        Ok(()) => {}
        // That BTF does not fit makes it unreliable, no more.
        Err(Stop::Reject(r)) if r.errno != Errno::EFAULT => {}
        Err(stop) => return Err(stop),
    }
    let Some(info) = cx.learned.subprogs.get_mut(n) else { return Err(cx.kernel_bug("callback that is no function")) };
    info.used_as_callback = true;
    let start = info.start as usize;
    if callback.is_async() {
        info.is_later_callback = true;
        // Kernel functions schedule callbacks where they may sleep; timers run in interrupts.
        cx.path.fork_later(start, insn_idx, subprog, insn.is_kfunc_call());
        let caller = cx.path.cur.frame().clone();
        let mut callee = cx.path.forked_mut().frame().clone();
        callee.later_entries = caller.later_entries + 1;
        set_state(cx, callback, &caller, &mut callee, insn_idx)?;
        *cx.path.forked_mut().frame_mut() = callee;
        return Ok(());
    }
    if !cx.program.kernel.features.callbacks_repeat {
        return enter_callback(cx, insn_idx, subprog, callback);
    }
    cx.path.fork(start, insn_idx, Fork::Callback);
    let callee = new_frame(cx, insn_idx, subprog, callback)?;
    let pushed = cx.path.forked_mut();
    pushed.callback_rounds += 1;
    pushed.frame_mut().callback_round += 1;
    pushed.frames.push(Rc::new(callee));
    cx.path.cur.frame_mut().callback_round = 0;
    Ok(())
}

/// The frame above the current one that a callback begins in.
fn new_frame(cx: &mut Cx<'_>, insn_idx: usize, subprog: u32, callback: Callback) -> Res<FuncState> {
    let top_frame = cx.path.cur.top_frame();
    check_depth(cx, top_frame)?;
    let caller = cx.path.cur.frame().clone();
    cx.path.scratch_all();
    let mut callee = FuncState::entry(insn_idx as i32, top_frame as u32 + 1, subprog);
    callee.caller_refs = cx.path.cur.refs.clone();
    set_state(cx, callback, &caller, &mut callee, insn_idx)?;
    Ok(callee)
}

/// Enters a callback that is followed once: the path goes on in it, and behind the call when it returns.
fn enter_callback(cx: &mut Cx<'_>, insn_idx: usize, subprog: u32, callback: Callback) -> Res {
    let top_frame = cx.path.cur.top_frame();
    let callee = new_frame(cx, insn_idx, subprog, callback)?;
    lose_scratch_registers(cx, top_frame);
    cx.path.cur.frames.push(Rc::new(callee));
    if cx.logging() {
        cx.say(CallMsg::Caller);
        cx.print_state(top_frame, true);
        cx.say(CallMsg::Callee);
        cx.print_state(top_frame + 1, true);
    }
    Ok(())
}

/// A pointer without offset, in a register of a fresh frame.
fn set_pointer(reg: &mut RegState, ty: RegType, payload: Payload) {
    reg.ty = ty;
    set_known(reg, 0);
    reg.payload = payload;
}

/// Key and value of an element, in R2 and R3.
fn set_element(cx: &mut Cx<'_>, callee: &mut FuncState, payload: Payload) {
    set_pointer(&mut callee.regs[2], RegType::of(RegBase::PtrToMapKey), payload);
    set_pointer(&mut callee.regs[3], RegType::of(RegBase::PtrToMapValue), payload);
    if cx.program.kernel.features.callback_values_have_ids {
        callee.regs[3].id = cx.new_id();
    }
}

/// Map types whose elements can be walked.
fn has_for_each(t: Option<MapType>) -> bool {
    matches!(
        t,
        Some(
            MapType::Array
                | MapType::PercpuArray
                | MapType::Hash
                | MapType::Rhash
                | MapType::PercpuHash
                | MapType::LruHash
                | MapType::LruPercpuHash
        )
    )
}

/// Arguments and return range of a callback.
fn set_state(cx: &mut Cx<'_>, callback: Callback, caller: &FuncState, callee: &mut FuncState, insn_idx: usize) -> Res {
    let precise = !cx.program.caps.has_cap_bpf;
    let args = match callback {
        Callback::MapElem => {
            let seen = cx.learned.aux.get(insn_idx).map(|a| a.map_ptr);
            if seen.is_some_and(|m| m.poison) && !cx.program.kernel.features.for_each_any_map {
                return Err(cx.reject(CallMsg::TailCallMixed, Errno::EINVAL));
            }
            let map: Option<MapIdx> = seen.and_then(|m| m.map);
            if !has_for_each(map.and_then(|m| map_type(cx, m))) {
                return Err(cx.reject(CallMsg::CallbackMap, Errno::ENOTSUPP));
            }
            callee.regs[1] = caller.regs[1];
            set_element(cx, callee, caller.regs[1].payload);
            callee.regs[4] = caller.regs[3];
            4
        }
        Callback::Loop => {
            callee.regs[1].ty = RegType::of(RegBase::Scalar);
            callee.regs[2] = caller.regs[3];
            2
        }
        Callback::Timer | Callback::TaskWork => {
            let from = if callback == Callback::Timer { 1 } else { 3 };
            let Payload::Map { map, uid } = caller.regs[from].payload else {
                return Err(cx.kernel_bug("asynchronous callback without a map"));
            };
            let uid = if cx.program.kernel.features.timer_callback_keeps_map_uid { uid } else { 0 };
            let payload = Payload::Map { map, uid };
            set_pointer(&mut callee.regs[1], RegType::of(RegBase::ConstPtrToMap), payload);
            set_element(cx, callee, payload);
            3
        }
        Callback::FindVma => {
            callee.regs[1] = caller.regs[1];
            let id = cx.program.btf(BtfRef::VMLINUX).find_by_name_kind("vm_area_struct", BtfKind::Struct).unwrap_or(0);
            let payload = Payload::Btf { btf: BtfRef::VMLINUX, id };
            set_pointer(&mut callee.regs[2], RegType::of(RegBase::PtrToBtfId), payload);
            callee.regs[3] = caller.regs[4];
            3
        }
        Callback::UserRingbuf => {
            clear_reg(&mut callee.regs[0], precise);
            set_callback_dynptr(cx, &mut callee.regs[1], DynptrKind::Local);
            callee.regs[2] = caller.regs[3];
            2
        }
        Callback::RbtreeAdd => {
            let root = caller.regs[1];
            let rec = record_of(cx.program, &root);
            let field = u32::try_from(root.off).ok().and_then(|o| record_find(rec.as_deref(), o, FieldKind::RB_ROOT));
            let Some(FieldInfo::Root { value_id, node_offset }) = field.map(|f| f.info.clone()) else {
                return Err(Stop::silent(Errno::EFAULT));
            };
            let btf = match (root.btf(), root.map()) {
                (Some((btf, _)), _) => Some(btf),
                (None, Some(m)) => cx.program.map(m).btf,
                (None, None) => None,
            };
            let Some(btf) = btf.filter(|_| value_id != 0) else { return Err(Stop::silent(Errno::EFAULT)) };
            for n in 1..=2 {
                let mut reg = callee.regs[n];
                let ty = RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC);
                set_pointer(&mut reg, ty, Payload::Btf { btf, id: value_id });
                reg.off = node_offset as i32;
                set_borrowed(cx, &mut reg)?;
                callee.regs[n] = reg;
            }
            2
        }
    };
    for reg in &mut callee.regs[args + 1..=5] {
        clear_reg(reg, precise);
    }
    callee.is_callback = !callback.is_async();
    callee.runs_later = callback.is_async();
    callee.callback_result = match callback {
        Callback::Timer => (0, 0),
        Callback::TaskWork => (i32::MIN, i32::MAX),
        _ => (0, 1),
    };
    Ok(())
}
