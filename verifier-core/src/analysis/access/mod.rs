//! Loads and stores: dispatch on the kind of pointer, one file per kind.
//!
//! Answers for `check_mem_access()` and the instructions that lead to it. Every kind of pointer has the same three
//! questions in the same order: may this direction be used at all, is the memory inside of the object, and what does
//! the register hold that receives the value.
//!
//! In the kernel: `enum bpf_access_src`, `leaks addr`, `check_load_mem()`, `check_store_reg()`,
//! `!reg_type_mismatch_ok()`, `save_aux_ptr_type()`.

mod align;
mod atomic;
mod buf;
mod ctx;
mod ctx_btf;
mod dispatch;
mod helper_mem;
mod map_value;
mod mem;
mod packet;
mod region;
mod sock;
mod stack;
mod stack_range;
mod stack_read;
mod stack_write;

pub(crate) use align::access_is_aligned;
pub(crate) use atomic::atomic_operation;
pub(crate) use ctx::exchanged_retval;
pub(crate) use ctx::is_memory as ctx_is_memory;
pub(crate) use ctx_btf::{CtxInfo, SKB_PADDING, TRACE_PREFIX, ctx_access, ops_type, skb_padding_loads};
pub(crate) use dispatch::{load_value, memory_access, one_kind_of_pointer, store_value};
pub(crate) use helper_mem::memory_argument;
pub(crate) use map_value::{frozen_value, kptr_pointee, kptr_takes, map_allows, within_map_value};
pub(crate) use packet::within_packet;
pub(crate) use region::{at_object_start, offset_fits, within_region};
pub(crate) use stack::{object_slot, slot_of};
