//! The table of helpers and kernel functions, in one calling convention for all engines.
//!
//! A helper takes the run and five registers and returns r0. One that ends the run sets [`Cx::stop`]; engines look at it
//! after calls of helpers that may.

use std::sync::LazyLock;

use verifier_core::kernel::helpers::{self, id};

use super::cx::{Cx, Halt, stop};
use super::helper::{Helper, HelperFn, Run, Table};
use super::helpers::{base, callback, csum, dynptr, iter, lookup, map, object, print, ring, skb, string, timer, xdp};

/// Body of a helper: the run, and r1 to r5.
pub type Body = fn(&mut Cx<'_>, [u64; 5]) -> Result<u64, Halt>;

/// What a helper returns to an engine.
pub(super) fn give_back(cx: &mut Cx<'_>, result: Result<u64, Halt>) -> u64 {
    match result {
        Ok(r0) => r0,
        Err(Halt) => {
            debug_assert!(cx.stop != stop::NONE, "who halts says why");
            0
        }
    }
}

/// A row: a number, a name and a body.
macro_rules! row {
    ($id:expr, $name:literal, $body:path $(, $flag:ident)*) => {{
        unsafe extern "C" fn call(run: *mut Run, a: u64, b: u64, c: u64, d: u64, e: u64) -> u64 {
            // SAFETY: engines pass the run that they were given, and use no other reference to it meanwhile.
            let cx = unsafe { &mut *run.cast::<Cx<'_>>() };
            let result = $body(cx, [a, b, c, d, e]);
            give_back(cx, result)
        }
        #[allow(unused_mut)]
        let mut helper = Helper { name: $name, id: $id, func: call, calls_back: false };
        $(helper.$flag = true;)*
        helper
    }};
}

/// The rows that are modelled.
static HELPERS: &[Helper] = &[
    row!(id::MAP_LOOKUP_ELEM, "bpf_map_lookup_elem", map::lookup),
    row!(id::MAP_UPDATE_ELEM, "bpf_map_update_elem", map::update),
    row!(id::MAP_DELETE_ELEM, "bpf_map_delete_elem", map::delete),
    row!(id::MAP_PUSH_ELEM, "bpf_map_push_elem", map::push),
    row!(id::MAP_POP_ELEM, "bpf_map_pop_elem", map::pop),
    row!(id::MAP_PEEK_ELEM, "bpf_map_peek_elem", map::peek),
    row!(id::MAP_LOOKUP_PERCPU_ELEM, "bpf_map_lookup_percpu_elem", map::lookup_percpu),
    row!(id::REDIRECT_MAP, "bpf_redirect_map", map::redirect_map),
    row!(id::SK_REDIRECT_MAP, "bpf_sk_redirect_map", map::sk_redirect_map),
    row!(id::SK_REDIRECT_HASH, "bpf_sk_redirect_hash", map::sk_redirect_hash),
    row!(id::MSG_REDIRECT_MAP, "bpf_msg_redirect_map", map::sk_redirect_map),
    row!(id::MSG_REDIRECT_HASH, "bpf_msg_redirect_hash", map::sk_redirect_hash),
    row!(id::GET_LOCAL_STORAGE, "bpf_get_local_storage", map::local_storage),
    row!(id::SK_STORAGE_GET, "bpf_sk_storage_get", map::storage_get),
    row!(id::SK_STORAGE_DELETE, "bpf_sk_storage_delete", map::storage_delete),
    row!(id::TASK_STORAGE_GET, "bpf_task_storage_get", map::storage_get),
    row!(id::TASK_STORAGE_DELETE, "bpf_task_storage_delete", map::storage_delete),
    row!(id::INODE_STORAGE_GET, "bpf_inode_storage_get", map::storage_get),
    row!(id::INODE_STORAGE_DELETE, "bpf_inode_storage_delete", map::storage_delete),
    row!(id::CGRP_STORAGE_GET, "bpf_cgrp_storage_get", map::storage_get),
    row!(id::CGRP_STORAGE_DELETE, "bpf_cgrp_storage_delete", map::storage_delete),
    row!(id::TIMER_INIT, "bpf_timer_init", timer::init),
    row!(id::TIMER_SET_CALLBACK, "bpf_timer_set_callback", timer::set_callback),
    row!(id::TIMER_START, "bpf_timer_start", timer::start),
    row!(id::TIMER_CANCEL, "bpf_timer_cancel", timer::cancel),
    row!(id::LOOP, "bpf_loop", callback::bpf_loop, calls_back),
    row!(id::FOR_EACH_MAP_ELEM, "bpf_for_each_map_elem", callback::for_each, calls_back),
    row!(id::KTIME_GET_NS, "bpf_ktime_get_ns", base::ktime),
    row!(id::KTIME_GET_BOOT_NS, "bpf_ktime_get_boot_ns", base::ktime),
    row!(id::KTIME_GET_COARSE_NS, "bpf_ktime_get_coarse_ns", base::ktime),
    row!(id::KTIME_GET_TAI_NS, "bpf_ktime_get_tai_ns", base::ktime),
    row!(id::JIFFIES64, "bpf_jiffies64", base::jiffies),
    row!(id::GET_PRANDOM_U32, "bpf_get_prandom_u32", base::random),
    row!(id::GET_SMP_PROCESSOR_ID, "bpf_get_smp_processor_id", base::cpu),
    row!(id::GET_NUMA_NODE_ID, "bpf_get_numa_node_id", base::zero),
    row!(id::GET_CURRENT_PID_TGID, "bpf_get_current_pid_tgid", base::pid_tgid),
    row!(id::GET_CURRENT_UID_GID, "bpf_get_current_uid_gid", base::uid_gid),
    row!(id::GET_CURRENT_TASK, "bpf_get_current_task", base::current_task),
    row!(id::GET_CURRENT_TASK_BTF, "bpf_get_current_task_btf", base::current_task),
    row!(id::GET_CURRENT_COMM, "bpf_get_current_comm", base::comm),
    row!(id::GET_CURRENT_CGROUP_ID, "bpf_get_current_cgroup_id", base::one),
    row!(id::GET_CGROUP_CLASSID, "bpf_get_cgroup_classid", base::zero),
    row!(id::GET_ROUTE_REALM, "bpf_get_route_realm", base::zero),
    row!(id::GET_NETNS_COOKIE, "bpf_get_netns_cookie", base::one),
    row!(id::GET_SOCKET_COOKIE, "bpf_get_socket_cookie", base::zero),
    row!(id::GET_ATTACH_COOKIE, "bpf_get_attach_cookie", base::zero),
    row!(id::PROBE_READ, "bpf_probe_read", base::probe_read),
    row!(id::PROBE_READ_USER, "bpf_probe_read_user", base::probe_read_user),
    row!(id::PROBE_READ_KERNEL, "bpf_probe_read_kernel", base::probe_read_kernel),
    row!(id::COPY_FROM_USER, "bpf_copy_from_user", base::probe_read),
    row!(id::PROBE_READ_STR, "bpf_probe_read_str", base::probe_read_str),
    row!(id::PROBE_READ_USER_STR, "bpf_probe_read_user_str", base::probe_read_str),
    row!(id::PROBE_READ_KERNEL_STR, "bpf_probe_read_kernel_str", base::probe_read_kernel_str),
    row!(id::SPIN_LOCK, "bpf_spin_lock", base::lock),
    row!(id::SPIN_UNLOCK, "bpf_spin_unlock", base::unlock),
    row!(id::KPTR_XCHG, "bpf_kptr_xchg", base::kptr_xchg),
    row!(id::THIS_CPU_PTR, "bpf_this_cpu_ptr", object::this_cpu_ptr),
    row!(id::PER_CPU_PTR, "bpf_per_cpu_ptr", object::per_cpu_ptr),
    row!(id::GET_RETVAL, "bpf_get_retval", base::get_retval),
    row!(id::SET_RETVAL, "bpf_set_retval", base::set_retval),
    row!(id::TRACE_PRINTK, "bpf_trace_printk", print::trace_printk),
    row!(id::TRACE_VPRINTK, "bpf_trace_vprintk", print::trace_vprintk),
    row!(id::SNPRINTF, "bpf_snprintf", print::snprintf),
    row!(id::STRTOL, "bpf_strtol", string::strtol),
    row!(id::STRTOUL, "bpf_strtoul", string::strtoul),
    row!(id::STRNCMP, "bpf_strncmp", string::strncmp),
    row!(id::CSUM_DIFF, "bpf_csum_diff", csum::csum_diff),
    row!(id::CSUM_UPDATE, "bpf_csum_update", skb::csum_update),
    row!(id::L3_CSUM_REPLACE, "bpf_l3_csum_replace", skb::l3_csum_replace),
    row!(id::L4_CSUM_REPLACE, "bpf_l4_csum_replace", skb::l4_csum_replace),
    row!(id::SKB_LOAD_BYTES, "bpf_skb_load_bytes", skb::load_bytes),
    row!(id::SKB_LOAD_BYTES_RELATIVE, "bpf_skb_load_bytes_relative", skb::load_bytes_relative),
    row!(id::SKB_STORE_BYTES, "bpf_skb_store_bytes", skb::store_bytes),
    row!(id::SKB_PULL_DATA, "bpf_skb_pull_data", skb::pull_data),
    row!(id::SKB_CHANGE_TAIL, "bpf_skb_change_tail", skb::change_tail),
    row!(id::SKB_CHANGE_HEAD, "bpf_skb_change_head", skb::change_head),
    row!(id::SKB_ADJUST_ROOM, "bpf_skb_adjust_room", skb::adjust_room),
    row!(id::SKB_VLAN_PUSH, "bpf_skb_vlan_push", skb::vlan_push),
    row!(id::SKB_VLAN_POP, "bpf_skb_vlan_pop", skb::vlan_pop),
    row!(id::SKB_CHANGE_TYPE, "bpf_skb_change_type", skb::change_type),
    row!(id::GET_HASH_RECALC, "bpf_get_hash_recalc", skb::hash_recalc),
    row!(id::SET_HASH, "bpf_set_hash", skb::set_hash),
    row!(id::SET_HASH_INVALID, "bpf_set_hash_invalid", skb::set_hash_invalid),
    row!(id::CLONE_REDIRECT, "bpf_clone_redirect", skb::clone_redirect),
    row!(id::REDIRECT, "bpf_redirect", xdp::redirect),
    row!(id::REDIRECT_PEER, "bpf_redirect_peer", xdp::redirect_peer),
    row!(id::REDIRECT_NEIGH, "bpf_redirect_neigh", xdp::redirect_neigh),
    row!(id::XDP_ADJUST_HEAD, "bpf_xdp_adjust_head", xdp::adjust_head),
    row!(id::XDP_ADJUST_TAIL, "bpf_xdp_adjust_tail", xdp::adjust_tail),
    row!(id::XDP_ADJUST_META, "bpf_xdp_adjust_meta", xdp::adjust_meta),
    row!(id::XDP_GET_BUFF_LEN, "bpf_xdp_get_buff_len", xdp::buff_len),
    row!(id::XDP_LOAD_BYTES, "bpf_xdp_load_bytes", xdp::load_bytes),
    row!(id::XDP_STORE_BYTES, "bpf_xdp_store_bytes", xdp::store_bytes),
    row!(id::FIB_LOOKUP, "bpf_fib_lookup", lookup::fib),
    row!(id::CHECK_MTU, "bpf_check_mtu", lookup::check_mtu),
    row!(id::SK_LOOKUP_TCP, "bpf_sk_lookup_tcp", lookup::sk_tcp),
    row!(id::SKC_LOOKUP_TCP, "bpf_skc_lookup_tcp", lookup::sk_tcp),
    row!(id::SK_LOOKUP_UDP, "bpf_sk_lookup_udp", lookup::sk_udp),
    row!(id::SK_FULLSOCK, "bpf_sk_fullsock", lookup::fullsock),
    row!(id::SK_RELEASE, "bpf_sk_release", base::zero),
    row!(id::RINGBUF_OUTPUT, "bpf_ringbuf_output", ring::output),
    row!(id::RINGBUF_RESERVE, "bpf_ringbuf_reserve", ring::reserve),
    row!(id::RINGBUF_SUBMIT, "bpf_ringbuf_submit", ring::submit),
    row!(id::RINGBUF_DISCARD, "bpf_ringbuf_discard", ring::discard),
    row!(id::RINGBUF_QUERY, "bpf_ringbuf_query", ring::query),
    row!(id::PERF_EVENT_OUTPUT, "bpf_perf_event_output", ring::perf_output),
    row!(id::DYNPTR_FROM_MEM, "bpf_dynptr_from_mem", dynptr::from_mem),
    row!(id::DYNPTR_READ, "bpf_dynptr_read", dynptr::read),
    row!(id::DYNPTR_WRITE, "bpf_dynptr_write", dynptr::write),
    row!(id::DYNPTR_DATA, "bpf_dynptr_data", dynptr::data),
    row!(id::RINGBUF_RESERVE_DYNPTR, "bpf_ringbuf_reserve_dynptr", dynptr::ring_reserve),
    row!(id::RINGBUF_SUBMIT_DYNPTR, "bpf_ringbuf_submit_dynptr", dynptr::ring_submit),
    row!(id::RINGBUF_DISCARD_DYNPTR, "bpf_ringbuf_discard_dynptr", dynptr::ring_discard),
];

/// Helpers whose result cannot be null and cannot be made up: calling them ends the run.
static ENDING: &[Helper] = &[row!(id::TASK_PT_REGS, "bpf_task_pt_regs", base::task_pt_regs)];

/// Helpers that are not modelled and return a pointer: null, as when there is nothing to be found.
const NULL: &[u32] = &[
    id::GET_LISTENER_SOCK,
    id::TCP_SOCK,
    id::SKC_TO_TCP6_SOCK,
    id::SKC_TO_TCP_SOCK,
    id::SKC_TO_TCP_TIMEWAIT_SOCK,
    id::SKC_TO_TCP_REQUEST_SOCK,
    id::SKC_TO_UDP6_SOCK,
    id::SKC_TO_UNIX_SOCK,
    id::SKC_TO_MPTCP_SOCK,
    id::SOCK_FROM_FILE,
];

/// Kernel functions by name.
static KFUNCS: &[Helper] = &[
    row!(0, "bpf_iter_num_new", iter::num_new),
    row!(0, "bpf_iter_num_next", iter::num_next),
    row!(0, "bpf_iter_num_destroy", iter::num_destroy),
    row!(0, "bpf_iter_bits_new", iter::bits_new),
    row!(0, "bpf_iter_bits_next", iter::bits_next),
    row!(0, "bpf_iter_bits_destroy", iter::bits_destroy),
    row!(0, "bpf_dynptr_from_skb", dynptr::from_packet),
    row!(0, "bpf_dynptr_from_xdp", dynptr::from_packet),
    row!(0, "bpf_dynptr_slice", dynptr::slice),
    row!(0, "bpf_dynptr_slice_rdwr", dynptr::slice_rdwr),
    row!(0, "bpf_dynptr_adjust", dynptr::adjust),
    row!(0, "bpf_dynptr_is_null", dynptr::is_null),
    row!(0, "bpf_dynptr_is_rdonly", dynptr::is_rdonly),
    row!(0, "bpf_dynptr_size", dynptr::size),
    row!(0, "bpf_dynptr_clone", dynptr::clone),
    row!(0, "bpf_rcu_read_lock", base::zero),
    row!(0, "bpf_rcu_read_unlock", base::zero),
    row!(0, "bpf_preempt_disable", base::zero),
    row!(0, "bpf_preempt_enable", base::zero),
    row!(0, "bpf_throw", base::throw),
    row!(0, "bpf_wq_init", timer::work_init),
    row!(0, "bpf_wq_set_callback_impl", timer::set_callback),
    row!(0, "bpf_wq_start", timer::work_start),
    row!(0, "bpf_task_acquire", base::task_acquire),
    row!(0, "bpf_task_release", base::zero),
    row!(0, "bpf_task_from_pid", base::task_from_pid),
    row!(0, "bpf_task_from_vpid", base::task_from_pid),
    row!(0, "bpf_rdonly_cast", base::first),
    row!(0, "bpf_local_irq_save", base::irq_save),
    row!(0, "bpf_local_irq_restore", base::zero),
    row!(0, "bpf_res_spin_lock", base::lock_checked),
    row!(0, "bpf_res_spin_unlock", base::unlock),
    row!(0, "bpf_res_spin_lock_irqsave", base::lock_checked),
    row!(0, "bpf_res_spin_unlock_irqrestore", base::unlock),
    row!(0, "bpf_map_sum_elem_count", map::sum_elem_count),
    row!(0, "bpf_obj_new_impl", object::new),
    row!(0, "bpf_obj_new", object::new),
    row!(0, "bpf_percpu_obj_new_impl", object::new_for_each_cpu),
    row!(0, "bpf_percpu_obj_new", object::new_for_each_cpu),
    row!(0, "bpf_obj_drop_impl", object::drop),
    row!(0, "bpf_obj_drop", object::drop),
    row!(0, "bpf_percpu_obj_drop_impl", object::drop),
    row!(0, "bpf_percpu_obj_drop", object::drop),
    row!(0, "bpf_refcount_acquire_impl", object::acquire),
    row!(0, "bpf_refcount_acquire", object::acquire),
    row!(0, "bpf_list_push_front_impl", object::push_front),
    row!(0, "bpf_list_push_front", object::push_front),
    row!(0, "bpf_list_push_back_impl", object::push_back),
    row!(0, "bpf_list_push_back", object::push_back),
    row!(0, "bpf_list_pop_front", object::pop_front),
    row!(0, "bpf_list_pop_back", object::pop_back),
    row!(0, "bpf_list_front", object::front),
    row!(0, "bpf_list_back", object::back),
    row!(0, "bpf_rbtree_add_impl", object::tree_add, calls_back),
    row!(0, "bpf_rbtree_add", object::tree_add, calls_back),
    row!(0, "bpf_rbtree_remove", object::tree_remove),
    row!(0, "bpf_rbtree_first", object::front),
    row!(0, "bpf_rbtree_root", object::tree_root),
    row!(0, "bpf_rbtree_left", object::tree_left),
    row!(0, "bpf_rbtree_right", object::tree_right),
    row!(0, "bpf_strcmp", string::strcmp),
    row!(0, "bpf_strcasecmp", string::strcasecmp),
    row!(0, "bpf_strlen", string::strlen),
    row!(0, "bpf_strnlen", string::strnlen),
    row!(0, "bpf_strchr", string::strchr),
    row!(0, "bpf_strchrnul", string::strchrnul),
    row!(0, "bpf_strnchr", string::strnchr),
    row!(0, "bpf_strrchr", string::strrchr),
    row!(0, "bpf_strspn", string::strspn),
    row!(0, "bpf_strcspn", string::strcspn),
    row!(0, "bpf_strstr", string::strstr),
    row!(0, "bpf_strnstr", string::strnstr),
];

/// A helper that is not modelled: an error, or null where it returns a pointer, and the machine notes that it was called.
unsafe extern "C" fn missing<const ID: usize>(run: *mut Run, _: u64, _: u64, _: u64, _: u64, _: u64) -> u64 {
    // SAFETY: engines pass the run that they were given, and use no other reference to it meanwhile.
    let cx = unsafe { &mut *run.cast::<Cx<'_>>() };
    cx.vm.note_missing(ID);
    if NULL.contains(&(ID as u32)) { 0 } else { base::unmodelled() }
}

macro_rules! sixteen {
    ($first:literal) => {
        sixteen!($first 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($first:literal $($n:literal)*) => {
        [$(missing::<{ $first * 16 + $n }>),*]
    };
}

/// [`missing`] by number.
static MISSING: [[HelperFn; 16]; 16] = [
    sixteen!(0),
    sixteen!(1),
    sixteen!(2),
    sixteen!(3),
    sixteen!(4),
    sixteen!(5),
    sixteen!(6),
    sixteen!(7),
    sixteen!(8),
    sixteen!(9),
    sixteen!(10),
    sixteen!(11),
    sixteen!(12),
    sixteen!(13),
    sixteen!(14),
    sixteen!(15),
];

/// How far a helper is modelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Model {
    /// It does what the kernel's does.
    Modelled,
    /// It returns `-EOPNOTSUPP`.
    Error,
    /// It returns null.
    Null,
    /// It ends the run.
    Ends,
}

/// Rows of helpers that the kernel has and the runtime does not model.
static OTHERS: LazyLock<Vec<Helper>> = LazyLock::new(|| {
    let known = |id: u32| HELPERS.iter().chain(ENDING).any(|h| h.id == id) || id == id::TAIL_CALL;
    let all = (1..).map_while(|id| helpers::name_of(id).map(|name| (id, name)));
    all.filter(|(id, _)| !known(*id))
        .map(|(id, name)| {
            let func = MISSING.as_flattened().get(id as usize).copied().unwrap_or(missing::<0>);
            Helper { name, id, func, calls_back: false }
        })
        .collect()
});

/// Every helper and kernel function that can be called, and how far it is modelled.
pub fn all() -> Vec<(&'static Helper, Model)> {
    let modelled = HELPERS.iter().map(|h| (h, Model::Modelled));
    let ending = ENDING.iter().map(|h| (h, Model::Ends));
    let others = OTHERS.iter().map(|h| (h, if NULL.contains(&h.id) { Model::Null } else { Model::Error }));
    let kfuncs = KFUNCS.iter().map(|h| (h, Model::Modelled));
    modelled.chain(ending).chain(others).chain(kfuncs).collect()
}

/// All helpers by number.
static BY_ID: LazyLock<Vec<Option<&'static Helper>>> = LazyLock::new(|| {
    let mut out = Vec::new();
    for h in HELPERS.iter().chain(ENDING).chain(OTHERS.iter()) {
        let at = h.id as usize;
        if out.len() <= at {
            out.resize(at + 1, None);
        }
        out[at] = Some(h);
    }
    out
});

/// The helper with this number.
pub fn helper(id: u32) -> Option<&'static Helper> {
    BY_ID.get(id as usize).copied().flatten()
}

/// All of them, for programs to be made ready.
#[derive(Clone, Copy, Default, Debug)]
pub struct Known;

impl Table for Known {
    fn helper(&self, id: u32) -> Option<&'static Helper> {
        helper(id)
    }

    fn kfunc(&self, name: &str) -> Option<&'static Helper> {
        kfunc(name)
    }
}

/// The kernel function with this name.
pub fn kfunc(name: &str) -> Option<&'static Helper> {
    KFUNCS.iter().find(|h| h.name == name)
}

/// For engines: fuel went below zero. Not zero: go on.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn refuel(cx: *mut Cx<'_>) -> u32 {
    // SAFETY: as required.
    u32::from(unsafe { &mut *cx }.refuel())
}

/// For engines in checked mode: zero when the access is allowed, otherwise the run has stopped.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn check(cx: *mut Cx<'_>, insn: u32, address: u64, size: u32, write: u32) -> u32 {
    // SAFETY: as required.
    let cx = unsafe { &mut *cx };
    u32::from(cx.check(insn, address, size, write != 0).is_err())
}

/// For engines: a load through a pointer to an object of the kernel. The size is 1, 2, 4 or 8; not zero: the sign is
/// extended.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn load_or_zero(cx: *mut Cx<'_>, address: u64, size: u32, signed: u32) -> u64 {
    // SAFETY: as required.
    unsafe { &*cx }.load_or_zero(address, size, signed != 0)
}

/// For engines: enters the frame with this r10. Zero: done, otherwise the run has stopped.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn enter_frame(cx: *mut Cx<'_>, insn: u32, r10: u64) -> u32 {
    // SAFETY: as required.
    u32::from(unsafe { &mut *cx }.enter_frame(r10, insn).is_err())
}

/// For engines: leaves the frame with this r10.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn leave_frame(cx: *mut Cx<'_>, r10: u64) {
    // SAFETY: as required.
    unsafe { &mut *cx }.leave_frame(r10);
}

/// For engines: `bpf_tail_call`. Not zero: [`Cx::code`] is another program now, whose entry runs in the frame of the
/// caller, with the context as r1, and whose result is the caller's.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn tail_call(cx: *mut Cx<'_>, _ctx: u64, array: u64, index: u64) -> u32 {
    // SAFETY: as required.
    let cx = unsafe { &mut *cx };
    u32::from(map::tail_call(cx, array, index as u32))
}

/// For engines: `LD_ABS` and `LD_IND` at `off` of the packet of `buffer`. Negative: outside, and the program ends with 0.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn packet_load(cx: *mut Cx<'_>, buffer: u64, off: i64, size: u32) -> i64 {
    // SAFETY: as required.
    let cx = unsafe { &*cx };
    let own = cx.packet.as_ref().is_some_and(|p| p.ctx() == buffer);
    // The kernel's offset is an `int`: what is added to it wraps.
    skb::classic_load(cx, off as i32, size.into()).filter(|_| own).map_or(-1, |v| v as i64)
}
