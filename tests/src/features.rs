//! What a program needs of a verifier, told from its instructions, maps and type: the rows of the table by feature.
//!
//! Each program counts for one feature, the furthest from plain packets and map values, so that a row answers "what
//! is gained when this works".

use serde_json::Value;
use verifier_core::kernel::helpers::{class, id};
use verifier_core::kernel::{MapType, ProgType};

/// The feature of a recorded program or of a raw test.
pub fn of(program: &Value) -> &'static str {
    let number = |f: &str| program[f]["number"].as_u64().or(program[f].as_u64()).unwrap_or(0) as u32;
    let insns = calls(program["insns"].as_str().unwrap_or_default());
    let map = |t: MapType| {
        let maps = program["maps"].as_array().map(Vec::as_slice).unwrap_or_default();
        maps.iter().any(|m| m["type"].as_u64() == Some(t as u64))
    };
    let helper = |wanted: &[u32]| insns.iter().any(|c| matches!(c, Call::Helper(n) if wanted.contains(n)));
    let prog_type = ProgType::from_number(number("prog_type"));
    if prog_type == Some(ProgType::StructOps) {
        "struct_ops"
    } else if map(MapType::Arena) {
        "arena"
    } else if insns.contains(&Call::Kfunc) || program["kfunc_refs"].as_array().is_some_and(|k| !k.is_empty()) {
        "kfuncs"
    } else if helper(DYNPTR) {
        "dynptrs"
    } else if helper(&[id::TIMER_INIT, id::TIMER_SET_CALLBACK, id::TIMER_START, id::TIMER_CANCEL]) {
        "timers"
    } else if helper(&[id::KPTR_XCHG]) {
        "kptrs"
    } else if helper(&[id::SPIN_LOCK, id::SPIN_UNLOCK]) {
        "spin locks"
    } else if insns.iter().any(|c| matches!(c, Call::Helper(n) if class::runs_callbacks(*n))) {
        "callbacks"
    } else if helper(SOCKETS) {
        "socket pointers"
    } else if matches!(prog_type, Some(ProgType::Tracing | ProgType::Lsm | ProgType::Ext)) {
        "BTF pointers"
    } else if helper(STORAGE) || helper(&[id::RINGBUF_RESERVE]) {
        "storage, ring buffers"
    } else if insns.contains(&Call::Local) {
        "local functions"
    } else if insns.iter().any(|c| matches!(c, Call::Helper(_))) {
        "helpers"
    } else {
        "plain"
    }
}

const DYNPTR: &[u32] = &[
    id::DYNPTR_FROM_MEM,
    id::DYNPTR_READ,
    id::DYNPTR_WRITE,
    id::DYNPTR_DATA,
    id::RINGBUF_RESERVE_DYNPTR,
    id::RINGBUF_SUBMIT_DYNPTR,
    id::RINGBUF_DISCARD_DYNPTR,
    id::USER_RINGBUF_DRAIN,
];

const SOCKETS: &[u32] = &[
    id::SK_LOOKUP_TCP,
    id::SK_LOOKUP_UDP,
    id::SKC_LOOKUP_TCP,
    id::SK_RELEASE,
    id::SK_FULLSOCK,
    id::TCP_SOCK,
    id::GET_LISTENER_SOCK,
    id::SKC_TO_TCP_SOCK,
    id::SKC_TO_TCP6_SOCK,
    id::SKC_TO_UDP6_SOCK,
    id::SKC_TO_UNIX_SOCK,
    id::SKC_TO_MPTCP_SOCK,
    id::SKC_TO_TCP_REQUEST_SOCK,
    id::SKC_TO_TCP_TIMEWAIT_SOCK,
];

const STORAGE: &[u32] =
    &[id::SK_STORAGE_GET, id::TASK_STORAGE_GET, id::INODE_STORAGE_GET, id::CGRP_STORAGE_GET, id::GET_LOCAL_STORAGE];

#[derive(PartialEq, Eq)]
enum Call {
    Helper(u32),
    Local,
    Kfunc,
}

/// Calls among hexadecimal instructions.
fn calls(hex: &str) -> Vec<Call> {
    let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0);
    let bytes: Vec<u32> = hex.as_bytes().as_chunks::<2>().0.iter().map(|p| digit(p[0]) << 4 | digit(p[1])).collect();
    let mut out = Vec::new();
    for insn in bytes.as_chunks::<8>().0 {
        if insn[0] == 0x85 {
            let imm = insn[4] | insn[5] << 8 | insn[6] << 16 | insn[7] << 24;
            out.push(match insn[1] >> 4 {
                1 => Call::Local,
                2 => Call::Kfunc,
                _ => Call::Helper(imm),
            });
        }
    }
    out
}
