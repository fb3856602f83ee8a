//! Saved interrupt flags on the stack, and resilient locks (6.14 and later).
//!
//! Answers for `process_irq_flag()`, `mark_stack_slot_irq_flag()`, `unmark_stack_slot_irq_flag()` and the lock part of
//! `check_kfunc_args()`.

use super::{KfuncMeta, Special};
use crate::analysis::Env;
use crate::analysis::access::{check_mem_access, stack_slot_obj_get_spi};
use crate::analysis::call::map::{LockOp, process_spin_lock};
use crate::analysis::dynptr::{fail_after, is_out_of_stack, mark_slots_read, slot, slot_mut};
use crate::analysis::liveness::mark_stack_slot_written;
use crate::analysis::refs;
use crate::analysis::regs::Access;
use crate::error::{Errno, KfuncMsg, Res, Stop};
use crate::isa::opcode::DW;
use crate::state::{Payload, RefKind, RegBase, RegState, RegType, SlotKind};

/// Flags saved by `bpf_local_irq_save()`. Kernel: `IRQ_NATIVE_KFUNC`.
const NATIVE: u8 = 1;
/// Flags saved by `bpf_res_spin_lock_irqsave()`. Kernel: `IRQ_LOCK_KFUNC`.
const LOCK: u8 = 2;

fn class_name(class: u8) -> &'static str {
    if class == LOCK { "lock" } else { "native" }
}

fn get_spi(env: &mut Env, reg: &RegState) -> Res<usize> {
    stack_slot_obj_get_spi(env, reg, "irq_flag", 1)
}

/// Checks an argument that saves or restores interrupt flags. Kernel: `process_irq_flag()`.
pub(super) fn process_irq_flag(env: &mut Env, regno: u8, insn_idx: usize, meta: &KfuncMeta) -> Res {
    let reg = *env.reg(regno);
    let arg = u32::from(regno).saturating_sub(1);
    let (save, class) = match meta.desc.special {
        Some(Special::LocalIrqSave) => (true, NATIVE),
        Some(Special::ResSpinLockIrqsave) => (true, LOCK),
        Some(Special::LocalIrqRestore) => (false, NATIVE),
        Some(Special::ResSpinUnlockIrqrestore) => (false, LOCK),
        _ => return Err(env.bug("unknown interrupt flags function")),
    };
    if save {
        let uninit = match get_spi(env, &reg) {
            Err(stop) if is_out_of_stack(&stop) => Ok(()),
            Err(stop) => Err(stop),
            Ok(spi) => {
                let used = slot(env, reg.frameno as usize, spi)?.kind.contains(&SlotKind::IrqFlag);
                if used { Err(Stop::silent(Errno::EINVAL)) } else { Ok(()) }
            }
        };
        uninit.map_err(|s| fail_after(env, s, KfuncMsg::IrqNotUninit { arg }, Errno::EINVAL))?;
        check_mem_access(env, insn_idx, regno, 0, DW, Access::Write, None, false, false)?;
        return mark_slot(env, &reg, insn_idx, class);
    }
    let init = get_spi(env, &reg).and_then(|spi| {
        let s = slot(env, reg.frameno as usize, spi)?;
        if s.spilled.ref_obj_id != 0 && s.kind.iter().all(|k| *k == SlotKind::IrqFlag) {
            Ok(spi)
        } else {
            Err(Stop::silent(Errno::EINVAL))
        }
    });
    let spi = init.map_err(|s| fail_after(env, s, KfuncMsg::IrqNotInit { arg }, Errno::EINVAL))?;
    mark_slots_read(env, reg.frameno as usize, spi, 1)?;
    unmark_slot(env, &reg, spi, class)
}

fn mark_slot(env: &mut Env, reg: &RegState, insn_idx: usize, class: u8) -> Res {
    let spi = get_spi(env, reg)?;
    let frame = reg.frameno as usize;
    let id = refs::acquire_irq_state(env, insn_idx);
    let slot = slot_mut(env, frame, spi)?;
    refs::zero_reg(&mut slot.spilled);
    slot.spilled.ty = RegType::of(RegBase::PtrToStack);
    slot.spilled.ref_obj_id = id;
    slot.spilled.payload = Payload::Irq { class };
    slot.kind = [SlotKind::IrqFlag; 8];
    mark_stack_slot_written(env, frame, spi)?;
    env.scratch_slot(spi);
    Ok(())
}

fn unmark_slot(env: &mut Env, reg: &RegState, spi: usize, class: u8) -> Res {
    let frame = reg.frameno as usize;
    let st = slot(env, frame, spi)?.spilled;
    let saved_by = match st.payload {
        Payload::Irq { class } => class,
        _ => 0,
    };
    if saved_by != class {
        let msg = KfuncMsg::IrqClass { acquired: class_name(saved_by), used: class_name(class) };
        return Err(env.reject(msg, Errno::EINVAL));
    }
    if !refs::release_irq_state(env, st.ref_obj_id)? {
        let expected = env.cur.active_irq_id;
        let acquired =
            env.cur.refs.iter().find(|r| r.kind == RefKind::Irq && r.id == expected).map_or(0, |r| r.insn_idx);
        return Err(env.reject(KfuncMsg::IrqOutOfOrder { acquired, expected }, Errno::EACCES));
    }
    let precise = !env.caps.bpf_capable;
    let slot = slot_mut(env, frame, spi)?;
    refs::clear_reg(&mut slot.spilled, precise);
    slot.kind = [SlotKind::Invalid; 8];
    mark_stack_slot_written(env, frame, spi)?;
    env.scratch_slot(spi);
    Ok(())
}

/// Takes or releases the resilient lock in a register.
pub(super) fn process_res_spin_lock(env: &mut Env, regno: u8, meta: &KfuncMeta) -> Res {
    let special = meta.desc.special;
    let op = LockOp {
        lock: matches!(special, Some(Special::ResSpinLock | Special::ResSpinLockIrqsave)),
        res: true,
        irq: matches!(special, Some(Special::ResSpinLockIrqsave | Special::ResSpinUnlockIrqrestore)),
    };
    process_spin_lock(env, regno, op)
}
