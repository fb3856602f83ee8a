//! Calls: helpers, local functions, callbacks.
//!
//! Answers for `check_helper_call()`, `check_func_call()`, `prepare_func_exit()`, `check_return_code()` and what they
//! use: [`args`] and [`mem`] check arguments, [`map`] what belongs to maps and fields in them, [`helper`] the helper call
//! itself, [`func`] frames of local functions and callbacks, [`global`] functions verified by their BTF signature.

pub(crate) mod args;
pub(crate) mod func;
pub(crate) mod global;
pub(crate) mod helper;
pub(crate) mod map;
pub(crate) mod mem;
pub(crate) mod meta;
pub(crate) mod returns;

pub(crate) use func::{Callback, check_func_call, clear_caller_saved_regs, prepare_func_exit, push_callback_call};
pub(crate) use global::{btf_prepare_func_args, setup_entry_regs};
pub(crate) use helper::{check_helper_call, clear_all_pkt_pointers};
pub(crate) use meta::{CallMeta, MapArg};
pub(crate) use returns::check_return_code;
