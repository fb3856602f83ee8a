//! Maps as arguments, and special fields inside of map values.

use super::meta::{CallMeta, MapArg};
use crate::analysis::Env;
use crate::error::{Res, Stop};
use crate::kernel::MapType;

/// Which lock operation. Kernel (6.14): flags of `process_spin_lock()`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LockOp {
    /// Takes the lock; otherwise releases it.
    pub lock: bool,
    /// `bpf_res_spin_lock` (6.15).
    pub res: bool,
    /// Saves or restores interrupts too (6.15).
    pub irq: bool,
}

/// Type of a map by its number.
pub(crate) fn map_type(env: &Env<'_>, map: crate::state::MapIdx) -> Option<MapType> {
    MapType::from_number(env.map(map).spec.map_type)
}

/// Checks and performs a lock operation on the object in register `regno`. Kernel: `process_spin_lock()`.
pub(crate) fn process_spin_lock(_env: &mut Env<'_>, _regno: u8, _op: LockOp) -> Res {
    Err(Stop::unsupported("process_spin_lock"))
}

/// Checks a timer argument. Kernel: `process_timer_func()`.
pub(crate) fn process_timer_func(_env: &mut Env<'_>, _regno: u8, _map: &mut Option<MapArg>) -> Res {
    Err(Stop::unsupported("process_timer_func"))
}

/// Checks a workqueue argument of a kfunc. Kernel: `process_wq_func()`.
pub(crate) fn process_wq_func(_env: &mut Env<'_>, _regno: u8, _map: &mut Option<MapArg>) -> Res {
    Err(Stop::unsupported("process_wq_func"))
}

/// Checks the destination of `bpf_kptr_xchg()`. Kernel: `process_kptr_func()`.
pub(crate) fn process_kptr_func(_env: &mut Env<'_>, _regno: u8, _meta: &mut CallMeta) -> Res {
    Err(Stop::unsupported("process_kptr_func"))
}

/// Checks a task-work argument of a kfunc (6.18). Kernel: `process_task_work_func()`.
pub(crate) fn process_task_work_func(_env: &mut Env<'_>, _regno: u8, _map: &mut Option<MapArg>) -> Res {
    Err(Stop::unsupported("process_task_work_func"))
}
