//! Calls: helpers, local functions, callbacks.
//!
//! Answers for `check_helper_call()`, `check_func_call()`, `prepare_func_exit()`, `check_return_code()` and what they
//! use: [`args`] and [`mem`] check arguments, [`map`] what belongs to maps and fields in them, [`helper`] the helper call
//! itself, [`special`] what single helpers need, [`func`] frames of local functions, [`callback`] callbacks, [`global`]
//! functions verified by their BTF signature, [`signature`] how that is read, [`returns`] what programs may return.
//!
//! In the kernel: `func_id_name()`.

pub(crate) mod args;
pub(crate) mod by_register;
mod callback;
pub(crate) mod func;
pub(crate) mod global;
pub(crate) mod helper;
pub(crate) mod map;
pub(crate) mod mem;
pub(crate) mod meta;
pub(crate) mod returns;
pub(crate) mod signature;
mod special;

pub(crate) use callback::{Callback, fork_callback};
pub(crate) use func::{global_throws, local_call, return_to_caller};
pub(crate) use global::setup_entry_regs;
pub(crate) use helper::helper_call;
pub(crate) use returns::result_in_range;

use crate::error::{Errno, Stop};
use crate::kernel::helpers::name_of;

/// Name of a helper as messages show it.
fn helper_name(id: u32) -> &'static str {
    name_of(id).unwrap_or("unknown")
}

/// The same rejection with another error number (callers of the kernel's checks sometimes return their own).
pub(in crate::analysis) fn errno_as(stop: Stop, errno: Errno) -> Stop {
    match stop {
        Stop::Reject(mut r) => {
            r.errno = errno;
            Stop::Reject(r)
        }
        other => other,
    }
}
