//! Which registers and stack slots are read later, so that states need not agree on the rest.
//!
//! Up to 6.17 reads travel back to ancestor states as they happen (`read_marks`). 6.18 computes registers before the
//! walk ([`registers`]) and stack slots from what each function instance reads and must write ([`stack`]). Callers mark
//! what they do; the release decides what comes of it.
//!
//! In the kernel: `mark_reg_read()`, `bpf_mark_stack_read()`, `live |= REG_LIVE_WRITTEN`, `bpf_mark_stack_write()`.

pub(crate) mod frames;
pub(crate) mod instances;
mod place;
mod read_marks;
pub(crate) mod registers;
mod stack;

use crate::error::Res;
use crate::state::register::live;

use super::Cx;

pub(crate) use instances::{Order, StackLiveness};
pub(crate) use place::{DeadPlaces, Place, read_marks};
pub(crate) use read_marks::{fulfil_read, pass_reads_on};
pub(crate) use stack::{
    begin_insn, calls_of, commit_insn, commit_reads, dead_places, reset_callchain, solve_live_stack,
};

/// The place is read with `flag` (`live::READ32` or `live::READ64`): every ancestor it comes from needs it.
/// Does nothing in releases with static liveness.
///
/// # Errors
/// Only when the kernel's own consistency checks fail.
pub(crate) fn register_is_read(cx: &mut Cx<'_>, frame: usize, place: Place, flag: u8) -> Res {
    if read_marks(cx) {
        read_marks::mark(cx, frame, place, flag);
    }
    Ok(())
}

/// A stack slot is read.
///
/// # Errors
/// Only when the kernel's own consistency checks fail.
pub(crate) fn slot_is_read(cx: &mut Cx<'_>, frame: usize, spi: usize) -> Res {
    if read_marks(cx) {
        read_marks::mark(cx, frame, Place::Slot(spi), live::READ64);
    } else {
        stack::mark_read(&mut cx.path, frame, spi);
    }
    Ok(())
}

/// A stack slot is overwritten as a whole.
/// The release decides where both mark; callers use it where either does.
///
/// # Errors
/// Never.
pub(crate) fn slot_is_written(cx: &mut Cx<'_>, frame: usize, spi: usize) -> Res {
    if !read_marks(cx) {
        stack::mark_written(&mut cx.path, frame, spi);
        return Ok(());
    }
    if cx.path.cur.frames.get(frame).is_some_and(|f| spi < f.stack.len().min(64)) {
        cx.path.cur.frame_at_mut(frame).stack.edit(1 << spi, |s| s.spilled.live |= live::WRITTEN);
    }
    Ok(())
}
