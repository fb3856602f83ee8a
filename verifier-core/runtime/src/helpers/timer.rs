//! Timers: made in a field of a value, told what to call, armed and taken back; and work that is queued. They fire
//! between runs.

use crate::cx::{Cx, FaultKind, Halt};
use crate::timer::TimerError;

use super::map::at;
use super::{Ret, err, errno};

/// What keeping a timer costs, in bytes.
const COST: u64 = 128;

/// The field of a timer; checked runs may name anything.
fn field(cx: &mut Cx<'_>, timer: u64) -> Result<(), Halt> {
    cx.field(timer, 16)?;
    if timer.is_multiple_of(8) {
        return Ok(());
    }
    cx.halt(FaultKind::Argument("the timer is not aligned".into()), cx.insn, timer)
}

/// `bpf_timer_init(timer, map, flags)`
pub fn init(cx: &mut Cx<'_>, [timer, map, flags, ..]: [u64; 5]) -> Ret {
    /// `CLOCK_REALTIME`, `CLOCK_MONOTONIC`, `CLOCK_BOOTTIME`.
    const CLOCKS: [u64; 3] = [0, 1, 7];
    make(cx, timer, map, CLOCKS.contains(&flags))
}

/// `bpf_wq_init(work, map, flags)`: work is a timer whose time has come when it starts.
pub fn work_init(cx: &mut Cx<'_>, [work, map, flags, ..]: [u64; 5]) -> Ret {
    make(cx, work, map, flags as u32 == 0)
}

/// `bpf_wq_start(work, flags)`
pub fn work_start(cx: &mut Cx<'_>, [work, flags, ..]: [u64; 5]) -> Ret {
    field(cx, work)?;
    if flags as u32 != 0 {
        return Ok(err(errno::EINVAL));
    }
    // SAFETY: as in `set_callback`.
    let armed = unsafe { cx.vm.timers.arm(work, 0) };
    Ok(if armed { 0 } else { err(errno::EINVAL) })
}

fn make(cx: &mut Cx<'_>, timer: u64, map: u64, flags: bool) -> Ret {
    field(cx, timer)?;
    let known = at(cx, map)?.address();
    if !flags {
        return Ok(err(errno::EINVAL));
    }
    // A timer stands in a value of its map, and nowhere else.
    let map = cx.vm.all_maps().into_iter().find(|m| m.address() == known);
    let Some(map) = map.filter(|m| m.ops().entry_at(timer).is_some()) else { return Ok(err(errno::EINVAL)) };
    cx.charge(COST)?;
    // SAFETY: a field of a value of this map, aligned.
    let made = unsafe { cx.vm.timers.make(timer, map) };
    if made.is_err() {
        cx.vm.memory.give_back(COST);
    }
    Ok(match made {
        Ok(()) => 0,
        Err(TimerError::There) => err(errno::EBUSY),
        Err(TimerError::TooMany) => err(errno::ENOMEM),
    })
}

/// `bpf_timer_set_callback(timer, callback)`
pub fn set_callback(cx: &mut Cx<'_>, [timer, callback, ..]: [u64; 5]) -> Ret {
    field(cx, timer)?;
    let Some(subprog) = cx.code().func_at(callback) else {
        return cx.halt(FaultKind::NotAFunction, cx.insn, callback);
    };
    // Code that nobody verified is not kept to be run later.
    let Some(code) = cx.code().shared() else { return Ok(err(errno::EOPNOTSUPP)) };
    // SAFETY: a field, aligned; in checked runs eight bytes that may be written.
    let set = unsafe { cx.vm.timers.set(timer, code, subprog) };
    Ok(if set { 0 } else { err(errno::EINVAL) })
}

/// `bpf_timer_start(timer, nsecs, flags)`
pub fn start(cx: &mut Cx<'_>, [timer, nsecs, flags, ..]: [u64; 5]) -> Ret {
    /// The time is one of the clock, not from now on; on this CPU.
    const ABSOLUTE: u64 = 1;
    const PINNED: u64 = 2;
    field(cx, timer)?;
    if flags & !(ABSOLUTE | PINNED) != 0 {
        return Ok(err(errno::EINVAL));
    }
    let due = if flags & ABSOLUTE != 0 { nsecs } else { cx.vm.now().saturating_add(nsecs) };
    // SAFETY: as in `set_callback`.
    let armed = unsafe { cx.vm.timers.arm(timer, due) };
    Ok(if armed { 0 } else { err(errno::EINVAL) })
}

/// `bpf_timer_cancel(timer)`: whether it was armed.
pub fn cancel(cx: &mut Cx<'_>, [timer, ..]: [u64; 5]) -> Ret {
    field(cx, timer)?;
    // SAFETY: as in `set_callback`.
    let was = unsafe { cx.vm.timers.cancel(timer) };
    Ok(was.map_or(err(errno::EINVAL), u64::from))
}
