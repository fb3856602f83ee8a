//! Saved interrupt flags on the stack, and resilient locks (6.14 and later).
//!
//! Answers for `process_irq_flag()`, `mark_stack_slot_irq_flag()`, `unmark_stack_slot_irq_flag()` and the lock part of
//! `check_kfunc_args()`.
//!
//! In the kernel: `IRQ_NATIVE_KFUNC`, `IRQ_LOCK_KFUNC`.

use super::{KfuncMeta, Special};
use crate::analysis::Cx;
use crate::analysis::access::{memory_access, object_slot};
use crate::analysis::call::map::{LockOp, lock_argument};
use crate::analysis::dynptr::{fail_after, is_out_of_stack, mark_slots_read};
use crate::analysis::liveness::slot_is_written;
use crate::analysis::object_slots::{slot, slot_mut};
use crate::analysis::refs;
use crate::analysis::regs::Access;
use crate::error::{Errno, KfuncMsg, Res, Stop};
use crate::isa::opcode::DW;
use crate::state::{Payload, RefKind, RegBase, RegState, RegType, SlotKind};

/// Flags saved by `bpf_local_irq_save()`.
const NATIVE: u8 = 1;
/// Flags saved by `bpf_res_spin_lock_irqsave()`.
const LOCK: u8 = 2;

fn class_name(class: u8) -> &'static str {
    if class == LOCK { "lock" } else { "native" }
}

fn slot_of(cx: &mut Cx, reg: &RegState) -> Res<usize> {
    object_slot(cx, reg, "irq_flag", 1)
}

/// Checks an argument that saves or restores interrupt flags.
pub(super) fn irq_flag_argument(cx: &mut Cx, regno: u8, insn_idx: usize, meta: &KfuncMeta) -> Res {
    let reg = *cx.reg(regno);
    let arg = u32::from(regno).saturating_sub(1);
    let (save, class) = match meta.desc.special {
        Some(Special::LocalIrqSave) => (true, NATIVE),
        Some(Special::ResSpinLockIrqsave) => (true, LOCK),
        Some(Special::LocalIrqRestore) => (false, NATIVE),
        Some(Special::ResSpinUnlockIrqrestore) => (false, LOCK),
        _ => return Err(cx.broken("unknown interrupt flags function")),
    };
    if save {
        let uninit = match slot_of(cx, &reg) {
            Err(stop) if is_out_of_stack(&stop) => Ok(()),
            Err(stop) => Err(stop),
            Ok(spi) => {
                let used = slot(cx, reg.frame_number as usize, spi)?.kind.contains(&SlotKind::IrqFlag);
                if used { Err(Stop::silent(Errno::EINVAL)) } else { Ok(()) }
            }
        };
        uninit.map_err(|s| fail_after(cx, s, KfuncMsg::IrqNotUninit { arg: arg.into() }, Errno::EINVAL))?;
        memory_access(cx, insn_idx, regno, 0, DW, Access::Write, None, false, false)?;
        return mark_slot(cx, &reg, insn_idx, class);
    }
    let init = slot_of(cx, &reg).and_then(|spi| {
        let s = *slot(cx, reg.frame_number as usize, spi)?;
        if s.spilled.ref_obj_id != 0 && s.kind.iter().all(|k| *k == SlotKind::IrqFlag) {
            Ok(spi)
        } else {
            Err(Stop::silent(Errno::EINVAL))
        }
    });
    let spi = init.map_err(|s| fail_after(cx, s, KfuncMsg::IrqNotInit { arg: arg.into() }, Errno::EINVAL))?;
    mark_slots_read(cx, reg.frame_number as usize, spi, 1)?;
    unmark_slot(cx, &reg, spi, class)
}

fn mark_slot(cx: &mut Cx, reg: &RegState, insn_idx: usize, class: u8) -> Res {
    let spi = slot_of(cx, reg)?;
    let frame = reg.frame_number as usize;
    let id = refs::hold_irq_flags(cx, insn_idx);
    let slot = slot_mut(cx, frame, spi)?;
    refs::zero_reg(&mut slot.spilled);
    slot.spilled.ty = RegType::of(RegBase::PtrToStack);
    slot.spilled.ref_obj_id = id;
    slot.spilled.payload = Payload::Irq { class };
    slot.kind = [SlotKind::IrqFlag; 8];
    slot_is_written(cx, frame, spi)?;
    cx.scratch_slot(spi);
    Ok(())
}

fn unmark_slot(cx: &mut Cx, reg: &RegState, spi: usize, class: u8) -> Res {
    let frame = reg.frame_number as usize;
    let st = slot(cx, frame, spi)?.spilled;
    let saved_by = match st.payload {
        Payload::Irq { class } => class,
        _ => 0,
    };
    if saved_by != class {
        let msg = KfuncMsg::IrqClass { acquired: class_name(saved_by), used: class_name(class) };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    if !refs::end_irq_flags(cx, st.ref_obj_id)? {
        let expected = cx.path.cur.newest_irq_flags;
        let acquired =
            cx.path.cur.refs.iter().find(|r| r.kind == RefKind::Irq && r.id == expected).map_or(0, |r| r.insn_idx);
        return Err(cx.reject(KfuncMsg::IrqOutOfOrder { acquired, expected }, Errno::EACCES));
    }
    let precise = !cx.program.caps.has_cap_bpf;
    let slot = slot_mut(cx, frame, spi)?;
    refs::clear_reg(&mut slot.spilled, precise);
    slot.kind = [SlotKind::Invalid; 8];
    slot_is_written(cx, frame, spi)?;
    cx.scratch_slot(spi);
    Ok(())
}

/// Takes or releases the resilient lock in a register.
pub(super) fn process_res_spin_lock(cx: &mut Cx, regno: u8, meta: &KfuncMeta) -> Res {
    let special = meta.desc.special;
    let op = LockOp {
        lock: matches!(special, Some(Special::ResSpinLock | Special::ResSpinLockIrqsave)),
        res: true,
        irq: matches!(special, Some(Special::ResSpinLockIrqsave | Special::ResSpinUnlockIrqrestore)),
    };
    lock_argument(cx, regno, op)
}
