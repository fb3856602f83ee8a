//! Which registers and stack slots are read later.

use super::Env;
use crate::error::Res;

/// A register or stack slot of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Register number.
    Reg(u8),
    /// Slot index (`spi`), 0 is fp-8.
    Slot(usize),
}

/// The place is read with `flag` (`live::READ32` or `live::READ64`): every ancestor it comes from needs it.
/// Does nothing in releases with static liveness. Kernel: `mark_reg_read()`.
pub(crate) fn mark_reg_read(env: &mut Env<'_>, frame: usize, place: Place, flag: u8) -> Res {
    let _ = (env, frame, place, flag);
    Ok(())
}

/// A stack slot is read. Kernel: `mark_reg_read()` on the slot (6.12), `bpf_mark_stack_read()` (6.18).
pub(crate) fn mark_stack_slot_read(env: &mut Env<'_>, frame: usize, spi: usize) -> Res {
    mark_reg_read(env, frame, Place::Slot(spi), crate::state::register::live::READ64)
}

/// A stack slot is overwritten as a whole. Kernel: `live |= REG_LIVE_WRITTEN` (6.12), `bpf_mark_stack_write()` (6.18).
/// The release decides where both mark; callers use it where either does.
pub(crate) fn mark_stack_slot_written(env: &mut Env<'_>, frame: usize, spi: usize) -> Res {
    let _ = (env, frame, spi);
    Ok(())
}
