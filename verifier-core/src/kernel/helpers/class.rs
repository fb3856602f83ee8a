//! What the kernel knows of a helper by its number alone, beside the prototype.
//!
//! Answers for the small predicates over `enum bpf_func_id` in the verifier, and for `bpf_helper_changes_pkt_data()`.

use super::id::*;
use crate::kernel::{KernelVersion, MapType};

/// Whether the helper may move packet data, so that every packet pointer becomes invalid.
/// Kernel: `bpf_helper_changes_pkt_data()`.
pub const fn moves_packet_data(id: u32) -> bool {
    matches!(
        id,
        CLONE_REDIRECT
            | L3_CSUM_REPLACE
            | L4_CSUM_REPLACE
            | LWT_PUSH_ENCAP
            | LWT_SEG6_ACTION
            | LWT_SEG6_ADJUST_SRH
            | LWT_SEG6_STORE_BYTES
            | MSG_POP_DATA
            | MSG_PULL_DATA
            | MSG_PUSH_DATA
            | SKB_ADJUST_ROOM
            | SKB_CHANGE_HEAD
            | SKB_CHANGE_PROTO
            | SKB_CHANGE_TAIL
            | SKB_PULL_DATA
            | SKB_STORE_BYTES
            | SKB_VLAN_POP
            | SKB_VLAN_PUSH
            | STORE_HDR_OPT
            | XDP_ADJUST_HEAD
            | XDP_ADJUST_META
            | XDP_ADJUST_TAIL
            // The program that a tail call goes to could call any of these.
            | TAIL_CALL
    )
}

/// Whether the call returns something that must be released. `map` is the map argument's type, if there is one.
/// Kernel: `is_acquire_function()`.
pub const fn is_acquire(id: u32, map: Option<MapType>) -> bool {
    match id {
        SK_LOOKUP_TCP | SK_LOOKUP_UDP | SKC_LOOKUP_TCP | RINGBUF_RESERVE | KPTR_XCHG => true,
        MAP_LOOKUP_ELEM => matches!(map, Some(MapType::Sockmap | MapType::Sockhash)),
        _ => false,
    }
}

/// Whether the call returns its argument as another type, so that the result shares its reference.
/// Kernel: `is_ptr_cast_function()`.
pub const fn is_ptr_cast(id: u32) -> bool {
    matches!(
        id,
        TCP_SOCK
            | SK_FULLSOCK
            | SKC_TO_TCP_SOCK
            | SKC_TO_TCP6_SOCK
            | SKC_TO_UDP6_SOCK
            | SKC_TO_MPTCP_SOCK
            | SKC_TO_TCP_TIMEWAIT_SOCK
            | SKC_TO_TCP_REQUEST_SOCK
    )
}

/// Whether the call returns memory that lives as long as its dynptr argument. Kernel: `is_dynptr_ref_function()`.
pub const fn is_dynptr_ref(id: u32) -> bool {
    id == DYNPTR_DATA
}

/// Whether the call would need the reference of an argument for two purposes at once.
/// Kernel: `helper_multiple_ref_obj_use()`.
pub const fn multiple_ref_obj_use(id: u32, map: Option<MapType>) -> bool {
    is_ptr_cast(id) as u8 + is_acquire(id, map) as u8 + is_dynptr_ref(id) as u8 > 1
}

/// Whether the call runs a function of the program before it returns. Kernel: `is_sync_callback_calling_function()`.
pub const fn calls_sync_callback(id: u32) -> bool {
    matches!(id, FOR_EACH_MAP_ELEM | FIND_VMA | LOOP | USER_RINGBUF_DRAIN)
}

/// Whether the call stores a function of the program to be run later. Kernel: `is_async_callback_calling_function()`.
pub const fn calls_async_callback(id: u32) -> bool {
    id == TIMER_SET_CALLBACK
}

/// Kernel: `is_callback_calling_function()`.
pub const fn runs_callbacks(id: u32) -> bool {
    calls_sync_callback(id) || calls_async_callback(id)
}

/// Whether the call gets storage that belongs to an object. Kernel: `is_storage_get_function()`.
pub const fn is_storage_get(id: u32) -> bool {
    matches!(id, SK_STORAGE_GET | INODE_STORAGE_GET | TASK_STORAGE_GET | CGRP_STORAGE_GET)
}

/// Whether the call zeroes the memory that it fills where it cannot read what was asked for.
pub const fn clears_what_it_cannot_read(id: u32) -> bool {
    matches!(id, PROBE_READ | PROBE_READ_USER | PROBE_READ_KERNEL | SKB_LOAD_BYTES | SKB_LOAD_BYTES_RELATIVE)
}

/// Whether the call zeroes the number that it makes of a text where the text is none.
pub fn clears_a_number(id: u32, version: KernelVersion) -> bool {
    matches!(id, STRTOL | STRTOUL) && version >= KernelVersion::new(6, 12)
}

/// Whether the call may stand where a lock is held: it gives the lock back, or exchanges a kptr of a borrowed object where
/// the release lets kptrs be reached through one.
pub const fn works_under_lock(id: u32, kptrs_of_borrowed: bool) -> bool {
    matches!(id, SPIN_UNLOCK) || kptrs_of_borrowed && matches!(id, KPTR_XCHG)
}
