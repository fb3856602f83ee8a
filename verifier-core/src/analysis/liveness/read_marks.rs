//! Read marks that travel to ancestor states (up to 6.17).
//!
//! Answers for `mark_reg_read()` and `propagate_liveness()`. Each register and slot names the place in the parent state
//! that it comes from; a read marks that place, its parent, and so on, until a write screens it off or a mark is met.
//!
//! In the kernel: `propagate_liveness_reg()`.

use crate::error::Res;
use crate::state::register::live;
use crate::state::{Link, RegState, StateId};

use super::super::Cx;
use super::super::asks::Ask;
use super::super::stored::Search;
use super::place::Place;

fn cur_place<'e>(cx: &'e Cx<'_>, frame: usize, place: Place) -> Option<&'e RegState> {
    let f = cx.path.cur.frames.get(frame)?;
    match place {
        Place::Reg(n) => f.regs.get(usize::from(n)),
        Place::Slot(spi) => f.stack.get(spi).map(|s| &s.spilled),
    }
}

/// A place of the current state is read: the states it comes from are to know.
pub(super) fn mark(cx: &mut Cx<'_>, frame: usize, place: Place, flag: u8) {
    let Some(r) = cur_place(cx, frame, place) else { return };
    if let (Some(from), 0) = (r.parent, r.live & live::WRITTEN) {
        cx.path.asks.list.push(Ask::Read(from, flag));
    }
}

/// A place of a stored state is read by the current instruction.
///
/// # Errors
/// Only when the kernel's own consistency checks fail.
pub(crate) fn fulfil_read(cx: &mut Cx<'_>, search: &mut Search, from: Link, flag: u8) -> Res {
    walk(cx, search, Some(from), false, flag, 0)
}

/// Walks up from `link`; `written`: the place below was written since. `count` places were marked already.
fn walk(
    cx: &mut Cx<'_>,
    search: &mut Search,
    mut link: Option<Link>,
    mut written: bool,
    flag: u8,
    mut count: u32,
) -> Res {
    while let Some(l) = link
        && !written
    {
        let Some(r) = search.linked(l) else { break };
        if r.live & live::DONE != 0 {
            return Err(cx.kernel_bug("read mark on a finished state"));
        }
        // The chain above was marked when this mark was made.
        if r.live & live::READ == flag || r.live & live::READ64 != 0 {
            break;
        }
        let Some(r) = search.linked_mut(l) else { break };
        add(r, flag);
        link = r.parent;
        written = r.live & live::WRITTEN != 0;
        count += 1;
    }
    cx.out.stats.longest_read_walk = cx.out.stats.longest_read_walk.max(count);
    Ok(())
}

fn add(r: &mut RegState, flag: u8) {
    r.live |= flag;
    // A full read says more than a read of the low half.
    if flag == live::READ64 {
        r.live &= !live::READ32;
    }
}

/// What was read below a state that covers the current one is read below the current one, whatever was written since
/// its parent.
pub(crate) fn pass_reads_on(cx: &mut Cx<'_>, search: &mut Search, id: StateId) -> Res {
    let last = cx.path.cur.frames.len().saturating_sub(1);
    for frame in 0..=last {
        let first = if frame < last { 6 } else { 0 };
        for n in first..10u8 {
            let flag = match search.state(id).frames.get(frame) {
                Some(f) => f.regs[usize::from(n)].live & live::READ,
                None => continue,
            };
            propagate(cx, search, frame, Place::Reg(n), flag)?;
        }
        let slots = cx.path.cur.frames[frame].stack.len();
        for spi in 0..slots {
            let flag = match search.state(id).frames.get(frame).and_then(|f| f.stack.get(spi)) {
                Some(s) => s.spilled.live & live::READ,
                None => break,
            };
            propagate(cx, search, frame, Place::Slot(spi), flag)?;
        }
    }
    Ok(())
}

/// One place of [`pass_reads_on`].
fn propagate(cx: &mut Cx<'_>, search: &mut Search, frame: usize, place: Place, flag: u8) -> Res {
    let Some(&r) = cur_place(cx, frame, place) else { return Ok(()) };
    let has = r.live & live::READ;
    if flag == 0 || has == live::READ64 || has == flag {
        return Ok(());
    }
    if r.live & live::DONE != 0 {
        return Err(cx.kernel_bug("read mark on a finished state"));
    }
    if has == flag || r.live & live::READ64 != 0 {
        return walk(cx, search, None, false, flag, 0);
    }
    // The current state itself is the first place marked; its own writes count from there on.
    let f = cx.path.cur.frame_at_mut(frame);
    match place {
        Place::Reg(n) => add(&mut f.regs[usize::from(n)], flag),
        Place::Slot(spi) => {
            if let Some(s) = f.stack.get_mut(spi) {
                add(&mut s.spilled, flag);
            }
        }
    }
    walk(cx, search, r.parent, r.live & live::WRITTEN != 0, flag, 1)
}
