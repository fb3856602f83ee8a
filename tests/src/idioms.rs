//! Short pieces of code that use a helper or a kernel function as it wants to be used, or nearly.
//!
//! A piece may lose registers 0 to 5 and write the stack below `free`; the context is in the slot `ctx`.

use verifier_core::btf::{Btf, BtfKind};
use verifier_core::isa::opcode::*;
use verifier_core::kernel::MapType;
use verifier_core::program::MapSpec;

use crate::compose::Code;
use crate::mutate::Rng;

/// What the kernel has.
#[derive(Debug)]
pub struct Kernel<'a> {
    /// Its BTF.
    pub vmlinux: &'a Btf,
}

/// The first map of a type, made if there is none.
fn map_of(maps: &mut Vec<MapSpec>, kind: MapType, key: u32, value: u32, max: u32) -> i32 {
    if let Some(m) = maps.iter().find(|m| m.map_type == kind as u32 && m.key_size == key && m.value_size == value) {
        return m.fd;
    }
    let fd = maps.iter().map(|m| m.fd).max().unwrap_or(9) + 1;
    let spec = MapSpec {
        fd,
        name: format!("made{fd}"),
        map_type: kind as u32,
        key_size: key,
        value_size: value,
        max_entries: max,
        ..MapSpec::default()
    };
    maps.push(spec);
    fd
}

/// Zeroes `size` bytes of the stack from `at`.
fn zero(c: &mut Code, at: i16, size: i16) {
    for off in (0..size).step_by(8) {
        c.push(ST | MEM | DW, 10, 0, at + off, 0);
    }
}

/// One piece.
#[expect(clippy::too_many_arguments, reason = "one place calls it")]
pub fn one(
    c: &mut Code,
    kernel: &Kernel<'_>,
    rng: &mut Rng,
    maps: &mut Vec<MapSpec>,
    btf: Option<&Btf>,
    prog_type: u32,
    ctx: i16,
    free: i16,
) {
    match rng.below(15) {
        0 | 1 => value(c, rng, maps, free),
        2 => task(c, kernel, rng),
        3 => object(c, kernel, rng, btf),
        4 => ring(c, rng, maps, free),
        5 => ring_dynptr(c, rng, maps, free),
        6 => dynptr(c, kernel, rng, maps, free),
        7 => variable_stack(c, rng, free),
        8 => linked(c, rng, maps, free),
        9 => spills(c, rng, free),
        10 => tail_call(c, rng, maps, ctx),
        11 => packet(c, rng, prog_type, ctx),
        12 => read(c, rng, free),
        13 => iterators(c, kernel, rng, free),
        _ => cpumask(c, kernel, rng),
    }
}

/// `r0`: a value of a map of 48 bytes, checked; the label is where there is none.
fn lookup(c: &mut Code, rng: &mut Rng, maps: &mut Vec<MapSpec>, free: i16) -> usize {
    let kind = rng.pick(&[MapType::Array, MapType::Hash, MapType::PercpuArray, MapType::LruHash]);
    let fd = map_of(maps, kind, 4, 48, 4);
    let none = c.label();
    c.push(ST | MEM | W, 10, 0, free - 4, rng.pick(&[0, 1, 7]));
    c.map(1, fd);
    c.stack(2, free - 4);
    c.helper(1);
    if rng.below(40) != 0 {
        c.jump(JMP | JEQ | K, 0, 0, 0, none);
    }
    none
}

fn value(c: &mut Code, rng: &mut Rng, maps: &mut Vec<MapSpec>, free: i16) {
    let none = lookup(c, rng, maps, free);
    c.push(LDX | MEM | DW, 1, 0, 0, 0);
    let (mask, size) = rng.pick(&[(7, DW), (15, W), (31, B), (47, B), (40, DW), (63, B)]);
    match rng.below(4) {
        0 => {
            c.push(ALU64 | AND | K, 1, 0, 0, mask);
            c.copy(2, 0);
            c.push(ALU64 | ADD | X, 2, 1, 0, 0);
        }
        1 => {
            c.copy(2, 0);
            c.jump(JMP | JGT | K, 1, 0, mask, none);
            c.push(ALU64 | ADD | X, 2, 1, 0, 0);
        }
        2 => {
            c.copy(2, 0);
            c.push(ALU64 | ADD | K, 2, 0, 0, 40);
            c.push(ALU64 | AND | K, 1, 0, 0, mask);
            c.push(ALU64 | SUB | X, 2, 1, 0, 0);
        }
        _ => {
            c.copy(2, 0);
            c.jump(JMP | JSLT | K, 1, 0, 0, none);
            c.jump(JMP | JSGT | K, 1, 0, mask, none);
            c.push(ALU64 | ADD | X, 2, 1, 0, 0);
        }
    }
    match rng.below(3) {
        0 => c.push(LDX | MEM | size, 3, 2, 0, 0),
        1 => c.push(STX | MEM | size, 2, 1, 0, 0),
        _ => c.push(STX | ATOMIC | DW, 2, 1, 0, i32::from(ADD) | FETCH),
    }
    c.here(none);
}

fn task(c: &mut Code, kernel: &Kernel<'_>, rng: &mut Rng) {
    let none = c.label();
    c.helper(158);
    if rng.below(2) == 0 {
        c.copy(1, 0);
        c.kfunc(kernel, "bpf_task_acquire");
    } else {
        c.set(1, 1);
        c.kfunc(kernel, "bpf_task_from_pid");
    }
    c.jump(JMP | JEQ | K, 0, 0, 0, none);
    c.copy(1, 0);
    if rng.below(3) == 0 {
        c.push(LDX | MEM | DW, 2, 1, rng.pick(&[0, 8, 64, 128]), 0);
    }
    if rng.below(20) != 0 {
        c.kfunc(kernel, "bpf_task_release");
    }
    c.here(none);
}

fn object(c: &mut Code, kernel: &Kernel<'_>, rng: &mut Rng, btf: Option<&Btf>) {
    let Some(btf) = btf else { return };
    let structs: Vec<u32> = btf.own_types().filter(|t| t.kind == BtfKind::Struct).map(|t| t.id).collect();
    if structs.is_empty() {
        return;
    }
    let none = c.label();
    c.push(LD | IMM | DW, 1, 0, 0, rng.pick(&structs) as i32);
    c.push(0, 0, 0, 0, 0);
    c.set(2, 0);
    c.kfunc(kernel, "bpf_obj_new_impl");
    c.jump(JMP | JEQ | K, 0, 0, 0, none);
    c.push(ST | MEM | W, 0, 0, rng.pick(&[0, 4, 8, 16]), 5);
    c.copy(1, 0);
    c.set(2, 0);
    c.kfunc(kernel, "bpf_obj_drop_impl");
    c.here(none);
}

fn ring(c: &mut Code, rng: &mut Rng, maps: &mut Vec<MapSpec>, free: i16) {
    let fd = map_of(maps, MapType::Ringbuf, 0, 0, 4096);
    let none = c.label();
    c.map(1, fd);
    c.set(2, rng.pick(&[8, 16, 24]));
    c.set(3, 0);
    c.helper(131);
    c.spill(free - 8, 0);
    c.jump(JMP | JEQ | K, 0, 0, 0, none);
    c.push(ST | MEM | rng.pick(&[B, W, DW]), 0, 0, rng.pick(&[0, 4, 8, 16]), 1);
    if rng.below(2) == 0 {
        c.fill(1, free - 8);
    } else {
        c.copy(1, 0);
    }
    c.set(2, 0);
    if rng.below(20) != 0 {
        c.helper(rng.pick(&[132, 133]));
    }
    c.here(none);
}

fn ring_dynptr(c: &mut Code, rng: &mut Rng, maps: &mut Vec<MapSpec>, free: i16) {
    let fd = map_of(maps, MapType::Ringbuf, 0, 0, 4096);
    c.map(1, fd);
    c.set(2, 16);
    c.set(3, 0);
    c.stack(4, free - 16);
    c.helper(198);
    if rng.below(2) == 0 {
        let none = c.label();
        c.stack(1, free - 16);
        c.set(2, 0);
        c.set(3, rng.pick(&[8, 16]));
        c.helper(203);
        c.jump(JMP | JEQ | K, 0, 0, 0, none);
        c.push(ST | MEM | DW, 0, 0, rng.pick(&[0, 8]), 3);
        c.here(none);
    }
    c.stack(1, free - 16);
    c.set(2, 0);
    c.helper(rng.pick(&[199, 200]));
}

fn dynptr(c: &mut Code, kernel: &Kernel<'_>, rng: &mut Rng, maps: &mut Vec<MapSpec>, free: i16) {
    let none = lookup(c, rng, maps, free - 16);
    c.copy(1, 0);
    c.set(2, rng.pick(&[16, 48]));
    c.set(3, 0);
    c.stack(4, free - 16);
    c.helper(197);
    match rng.below(4) {
        0 => {
            zero(c, free - 32, 16);
            c.stack(1, free - 32);
            c.set(2, rng.pick(&[8, 16]));
            c.stack(3, free - 16);
            c.set(4, 0);
            c.set(5, 0);
            c.helper(201);
        }
        1 => {
            c.stack(1, free - 16);
            c.set(2, 0);
            c.stack(3, free - 32);
            c.set(4, rng.pick(&[8, 16]));
            c.kfunc(kernel, "bpf_dynptr_slice");
            c.jump(JMP | JEQ | K, 0, 0, 0, none);
            c.push(LDX | MEM | DW, 1, 0, rng.pick(&[0, 8]), 0);
        }
        2 => {
            c.stack(1, free - 16);
            c.stack(2, free - 32);
            c.kfunc(kernel, "bpf_dynptr_clone");
            c.stack(1, free - 32);
            c.kfunc(kernel, "bpf_dynptr_size");
        }
        _ => {
            c.stack(1, free - 16);
            c.set(2, 1);
            c.set(3, 9);
            c.kfunc(kernel, "bpf_dynptr_adjust");
        }
    }
    c.here(none);
}

fn variable_stack(c: &mut Code, rng: &mut Rng, free: i16) {
    if rng.below(4) != 0 {
        zero(c, free - 64, 64);
    }
    c.helper(7);
    c.push(ALU64 | AND | K, 0, 0, 0, rng.pick(&[7, 8, 24, 31, 56]));
    c.stack(1, free - 64);
    c.push(ALU64 | ADD | X, 1, 0, 0, 0);
    match rng.below(3) {
        0 => c.push(LDX | MEM | rng.pick(&[B, W, DW]), 2, 1, 0, 0),
        1 => c.push(STX | MEM | rng.pick(&[B, W, DW]), 1, 0, 0, 0),
        _ => c.push(ST | MEM | rng.pick(&[B, DW]), 1, 0, 0, 0),
    }
    c.fill(3, free - rng.pick(&[8, 16, 64]));
}

fn linked(c: &mut Code, rng: &mut Rng, maps: &mut Vec<MapSpec>, free: i16) {
    let none = lookup(c, rng, maps, free);
    c.push(LDX | MEM | rng.pick(&[B, H, W, DW]), 1, 0, 0, 0);
    c.push(rng.pick(&[ALU64, ALU]) | MOV | X, 2, 1, rng.pick(&[0, 0, 8, 16]), 0);
    c.push(rng.pick(&[ALU64, ALU]) | ADD | K, rng.pick(&[1, 2]), 0, 0, rng.pick(&[1, 4, -1, 40]));
    c.spill(free - 16, rng.pick(&[1, 2]));
    let test = rng.pick(&[JLT, JGT, JSLT, JSGT, JLE, JEQ, JNE, JSET]);
    let out = c.label();
    c.jump(rng.pick(&[JMP, JMP32]) | test | K, rng.pick(&[1, 2]), 0, rng.pick(&[0, 8, 40, 44]), out);
    c.push(LDX | MEM | rng.pick(&[W, DW]), 3, 10, free - 16, 0);
    c.jump(JMP | JGT | K, 3, 0, 40, out);
    c.push(ALU64 | ADD | X, 0, 3, 0, 0);
    c.push(LDX | MEM | rng.pick(&[B, B, DW]), 3, 0, 0, 0);
    c.here(out);
    c.here(none);
}

fn spills(c: &mut Code, rng: &mut Rng, free: i16) {
    c.helper(rng.pick(&[7, 5, 8]));
    let at = free - 8;
    c.push(STX | MEM | rng.pick(&[W, DW]), 10, 0, at, 0);
    c.push(ST | MEM | rng.pick(&[B, H]), 10, 0, at + rng.pick(&[0, 4, 6]), rng.pick(&[0, 1]));
    c.push(LDX | rng.pick(&[MEM, MEM, MEMSX]) | rng.pick(&[B, H, W]), 1, 10, at + rng.pick(&[0, 4]), 0);
    c.push(ALU64 | AND | K, 1, 0, 0, 3);
    let out = c.label();
    c.jump(JMP | JEQ | K, 1, 0, rng.pick(&[0, 1, 2]), out);
    c.fill(2, at);
    c.here(out);
}

fn tail_call(c: &mut Code, rng: &mut Rng, maps: &mut Vec<MapSpec>, ctx: i16) {
    let fd = map_of(maps, MapType::ProgArray, 4, 4, 4);
    c.fill(1, ctx);
    c.map(2, fd);
    if rng.below(2) == 0 {
        c.set(3, rng.pick(&[0, 3, 9]));
    } else {
        c.push(LDX | MEM | W, 3, 1, 0, 0);
    }
    c.helper(12);
}

/// Offsets of the packet's bounds in the context.
fn packet(c: &mut Code, rng: &mut Rng, prog_type: u32, ctx: i16) {
    let (data, end) = match prog_type {
        6 => (0, 4),
        3 | 4 | 8 | 10 | 11 | 12 | 14 => (76, 80),
        _ => return,
    };
    let out = c.label();
    c.fill(1, ctx);
    c.push(LDX | MEM | W, 2, 1, data, 0);
    c.push(LDX | MEM | W, 3, 1, end, 0);
    let variable = rng.below(2) == 0;
    if variable {
        c.push(LDX | MEM | W, 4, 1, if prog_type == 6 { 16 } else { 0 }, 0);
        c.push(ALU64 | AND | K, 4, 0, 0, rng.pick(&[7, 255, 0xffff]));
        c.push(ALU64 | ADD | X, 2, 4, 0, 0);
    }
    let n = rng.pick(&[1, 8, 14]);
    c.copy(5, 2);
    c.push(ALU64 | ADD | K, 5, 0, 0, n);
    match rng.below(3) {
        0 => c.jump(JMP | JGT | X, 5, 3, 0, out),
        1 => c.jump(JMP | JGE | X, 5, 3, 0, out),
        _ => c.jump(JMP | JLT | X, 3, 5, 0, out),
    }
    c.push(LDX | MEM | rng.pick(&[B, B, W]), 0, 2, rng.pick(&[0, 0, (n - 1) as i16]), 0);
    c.here(out);
}

fn read(c: &mut Code, rng: &mut Rng, free: i16) {
    c.helper(7);
    c.copy(2, 0);
    match rng.below(3) {
        0 => c.push(ALU64 | AND | K, 2, 0, 0, rng.pick(&[7, 15, 31])),
        1 => c.set(2, rng.pick(&[0, 1, 8, 32])),
        _ => {
            let small = c.label();
            c.jump(JMP | JLT | K, 2, 0, 33, small);
            c.set(2, 32);
            c.here(small);
        }
    }
    c.stack(1, free - 32);
    c.set(3, 0);
    c.helper(rng.pick(&[113, 112, 115]));
    c.push(LDX | MEM | DW, 1, 10, free - rng.pick(&[8, 32]), 0);
}

fn iterators(c: &mut Code, kernel: &Kernel<'_>, rng: &mut Rng, free: i16) {
    let (top, out) = (c.label(), c.label());
    let kind = rng.pick(&["task", "bits", "css_task"]);
    let it = free - 24;
    let locked = kind != "bits" && rng.below(4) != 0;
    if locked {
        c.kfunc(kernel, "bpf_rcu_read_lock");
    }
    c.stack(1, it);
    if kind == "bits" {
        c.push(ST | MEM | DW, 10, 0, it - 8, 0x55);
        c.stack(2, it - 8);
        c.set(3, 1);
    } else {
        c.set(2, 0);
        c.set(3, rng.pick(&[0, 1]));
    }
    c.kfunc(kernel, &format!("bpf_iter_{kind}_new"));
    c.here(top);
    c.stack(1, it);
    c.kfunc(kernel, &format!("bpf_iter_{kind}_next"));
    c.jump(JMP | JEQ | K, 0, 0, 0, out);
    c.push(LDX | MEM | W, 1, 0, 0, 0);
    if rng.below(3) == 0 {
        c.spill(it - 16, 1);
    }
    c.jump(JMP | JA, 0, 0, 0, top);
    c.here(out);
    c.stack(1, it);
    c.kfunc(kernel, &format!("bpf_iter_{kind}_destroy"));
    if locked {
        c.kfunc(kernel, "bpf_rcu_read_unlock");
    }
}

fn cpumask(c: &mut Code, kernel: &Kernel<'_>, rng: &mut Rng) {
    let none = c.label();
    c.kfunc(kernel, "bpf_cpumask_create");
    c.jump(JMP | JEQ | K, 0, 0, 0, none);
    c.copy(1, 0);
    if rng.below(3) == 0 {
        c.kfunc(kernel, "bpf_cpumask_acquire");
        c.copy(1, 0);
    }
    c.kfunc(kernel, "bpf_cpumask_release");
    c.here(none);
}
