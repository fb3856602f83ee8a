//! Objects that programs make, what holds them, and locks that tell who would wait for himself.

use verifier_core::btf::BtfKind;
use verifier_core::isa::opcode::*;
use verifier_core::kernel::MapType;
use verifier_core::kernel::helpers::id;

use super::Gen;
use crate::program::Then::{Nothing, Number};
use crate::program::{Arg, HOLDER, IN_LIST, IN_TREE, ITEM, LIST, OF_EACH, PLAIN, TELLING, TREE, imm, mov, op, types};

/// Objects that are made, put into lists and trees, looked at, taken out and given up.
pub fn graphs(g: &mut Gen<'_>) {
    let m = typed_array(g, 40, HOLDER);
    let number = |reg| op(LDX | DW | MEM, reg, reg, -IN_TREE as i16, 0);
    // Smaller numbers first.
    let less = [number(1), number(2), imm(0, 0), op(JMP | JGE | X, 1, 2, 1, 0), imm(0, 1), op(JMP | EXIT, 0, 0, 0, 0)];
    g.b.callback(less.into());
    for _ in 0..16 {
        let key = g.key(2);
        let mut leave = Vec::new();
        looked_up(g, m, key, &mut leave);
        let what = match g.rng.below(8) {
            0..=2 => add(g, &mut leave),
            3 | 4 => pop(g, &mut leave),
            5 => peek(g, &mut leave),
            6 => shared(g, &mut leave),
            _ => remove(g, &mut leave),
        };
        kept(g, leave, &what);
    }
}

/// An array whose values have special fields: the type that describes them.
fn typed_array(g: &mut Gen<'_>, value_size: u32, value: u32) -> Arg {
    let m = g.map(MapType::Array, 4, value_size, 2);
    (g.maps[0].btf, g.maps[0].btf_key_type_id, g.maps[0].btf_value_type_id) = (Some(types()), 1, value);
    m
}

/// The value of a key in r7.
fn looked_up(g: &mut Gen<'_>, map: Arg, key: Arg, leave: &mut Vec<usize>) {
    g.b.helper(id::MAP_LOOKUP_ELEM, &[map, key], Nothing);
    g.b.raw(&[mov(7, 0)]);
    unless(g, 7, leave);
}

/// Takes or gives back the lock of the value in r7.
fn locking(g: &mut Gen<'_>, id: u32) {
    g.b.raw(&[mov(1, 7)]);
    g.b.helper(id, &[], Nothing);
}

/// The field of the value in r7, as an argument.
fn field(g: &mut Gen<'_>, reg: u8, off: i32) {
    g.b.raw(&[mov(reg, 7), op(ALU64 | ADD | K, reg, 0, 0, off)]);
}

/// Jumps to the end, with -1, where a register is null.
fn unless(g: &mut Gen<'_>, reg: u8, leave: &mut Vec<usize>) {
    g.b.raw(&[imm(0, -1)]);
    leave.push(g.b.insns.len());
    g.b.raw(&[op(JMP | JEQ | K, reg, 0, 0, 0)]);
}

/// A new object in r8, with a small number.
fn made(g: &mut Gen<'_>, leave: &mut Vec<usize>) {
    g.b.raw(&[imm(1, ITEM as i32), imm(2, 0)]);
    g.b.kfunc("bpf_obj_new_impl", &[], Nothing);
    g.b.raw(&[mov(8, 0)]);
    unless(g, 8, leave);
    let n = g.rng.below(6) as i32;
    g.b.raw(&[op(ST | DW | MEM, 8, 0, 0, n)]);
}

/// Puts the object in a register into the list or tree, under the lock; what that returns stays in r0.
fn put(g: &mut Gen<'_>, object: u8, tree: bool) -> &'static str {
    let (name, root, node) = match (tree, g.rng.below(2)) {
        (true, _) => ("bpf_rbtree_add_impl", TREE, IN_TREE),
        (false, 0) => ("bpf_list_push_front_impl", LIST, IN_LIST),
        (false, _) => ("bpf_list_push_back_impl", LIST, IN_LIST),
    };
    field(g, 1, root);
    g.b.raw(&[mov(2, object), op(ALU64 | ADD | K, 2, 0, 0, node)]);
    if tree {
        g.b.argument(3, Arg::Callback);
    } else {
        g.b.raw(&[imm(3, 0)]);
    }
    g.b.raw(&[imm(4, 0), imm(5, 0)]);
    g.b.kfunc(name, &[], Nothing);
    name
}

fn add(g: &mut Gen<'_>, leave: &mut Vec<usize>) -> String {
    made(g, leave);
    locking(g, id::SPIN_LOCK);
    let tree = g.rng.below(2) == 0;
    let name = put(g, 8, tree);
    g.b.raw(&[mov(8, 0)]);
    locking(g, id::SPIN_UNLOCK);
    g.b.raw(&[mov(0, 8)]);
    name.into()
}

/// An object that two hold, put into both.
fn shared(g: &mut Gen<'_>, leave: &mut Vec<usize>) -> String {
    made(g, leave);
    g.b.raw(&[mov(1, 8), imm(2, 0)]);
    g.b.kfunc("bpf_refcount_acquire_impl", &[], Nothing);
    g.b.raw(&[op(STX | DW | MEM, 10, 0, -8, 0)]);
    locking(g, id::SPIN_LOCK);
    put(g, 8, false);
    locking(g, id::SPIN_UNLOCK);
    g.b.raw(&[op(LDX | DW | MEM, 8, 10, -8, 0)]);
    locking(g, id::SPIN_LOCK);
    put(g, 8, true);
    g.b.raw(&[mov(8, 0)]);
    locking(g, id::SPIN_UNLOCK);
    g.b.raw(&[mov(0, 8)]);
    "an object in a list and a tree".into()
}

/// The number of the object whose node is in r8, which is given up.
fn number_of(g: &mut Gen<'_>, node: i32) {
    g.b.raw(&[op(ALU64 | ADD | K, 8, 0, 0, -node), op(LDX | DW | MEM, 0, 8, 0, 0)]);
    g.b.raw(&[op(STX | DW | MEM, 10, 0, -16, 0), mov(1, 8), imm(2, 0)]);
    g.b.kfunc("bpf_obj_drop_impl", &[], Nothing);
    g.b.raw(&[op(LDX | DW | MEM, 0, 10, -16, 0)]);
}

fn pop(g: &mut Gen<'_>, leave: &mut Vec<usize>) -> String {
    let name = g.rng.of(&["bpf_list_pop_front", "bpf_list_pop_back"]);
    locking(g, id::SPIN_LOCK);
    field(g, 1, LIST);
    g.b.kfunc(name, &[], Nothing);
    g.b.raw(&[mov(8, 0)]);
    locking(g, id::SPIN_UNLOCK);
    unless(g, 8, leave);
    number_of(g, IN_LIST);
    name.into()
}

/// The number of a node that stays where it is.
fn peek(g: &mut Gen<'_>, _: &mut Vec<usize>) -> String {
    let name = g.rng.of(&["bpf_list_front", "bpf_list_back", "bpf_rbtree_first"]);
    let (root, node) = if name == "bpf_rbtree_first" { (TREE, IN_TREE) } else { (LIST, IN_LIST) };
    locking(g, id::SPIN_LOCK);
    field(g, 1, root);
    g.b.kfunc(name, &[], Nothing);
    g.b.raw(&[imm(8, -1), op(JMP | JEQ | K, 0, 0, 1, 0), op(LDX | DW | MEM, 8, 0, -node as i16, 0)]);
    locking(g, id::SPIN_UNLOCK);
    g.b.raw(&[mov(0, 8)]);
    name.into()
}

/// The first of a tree, taken out.
fn remove(g: &mut Gen<'_>, leave: &mut Vec<usize>) -> String {
    locking(g, id::SPIN_LOCK);
    field(g, 1, TREE);
    g.b.kfunc("bpf_rbtree_first", &[], Nothing);
    g.b.raw(&[mov(8, 0)]);
    let none = g.b.insns.len();
    g.b.raw(&[op(JMP | JEQ | K, 8, 0, 0, 0)]);
    field(g, 1, TREE);
    g.b.raw(&[mov(2, 8)]);
    g.b.kfunc("bpf_rbtree_remove", &[], Nothing);
    g.b.raw(&[mov(8, 0)]);
    g.b.insns[none].off = (g.b.insns.len() - none - 1) as i16;
    locking(g, id::SPIN_UNLOCK);
    unless(g, 8, leave);
    number_of(g, IN_TREE);
    "bpf_rbtree_remove".into()
}

/// Ends a case: what has to leave jumps here, and r0 is kept.
fn kept(g: &mut Gen<'_>, leave: Vec<usize>, what: &str) {
    let end = g.b.insns.len();
    for at in leave {
        g.b.insns[at].off = (end - at - 1) as i16;
    }
    g.b.keep(what.into());
}

/// Objects of which each CPU has its own, which pointers in values lead to.
pub fn per_cpu(g: &mut Gen<'_>) {
    let m = typed_array(g, 8, OF_EACH);
    // Programs have types where they have functions that are told of.
    g.b.callback(vec![imm(0, 0), op(JMP | EXIT, 0, 0, 0, 0)]);
    g.b.argument(1, Arg::Callback);
    for _ in 0..8 {
        let key = g.key(2);
        let mut leave = Vec::new();
        looked_up(g, m, key, &mut leave);
        if g.rng.below(2) == 0 {
            g.b.raw(&[imm(1, PLAIN as i32), imm(2, 0)]);
            g.b.kfunc("bpf_percpu_obj_new_impl", &[], Nothing);
            g.b.raw(&[mov(2, 0)]);
            unless(g, 2, &mut leave);
            g.b.raw(&[mov(1, 7)]);
            g.b.helper(id::KPTR_XCHG, &[], Nothing);
            g.b.raw(&[mov(1, 0), op(JMP | JEQ | K, 1, 0, 2, 0), imm(2, 0)]);
            g.b.kfunc("bpf_percpu_obj_drop_impl", &[], Nothing);
        }
        g.b.raw(&[op(LDX | DW | MEM, 8, 7, 0, 0)]);
        unless(g, 8, &mut leave);
        let n = g.rng.below(1000) as i32;
        let this = g.rng.below(2) == 0;
        g.b.raw(&[mov(1, 8)]);
        if this {
            g.b.helper(id::THIS_CPU_PTR, &[], Nothing);
        } else {
            // The last is of no machine.
            let cpu = g.rng.of(&[0, 0, 100_000]);
            g.b.raw(&[imm(2, cpu)]);
            g.b.helper(id::PER_CPU_PTR, &[], Nothing);
            unless_moved(g, &mut leave);
        }
        g.b.raw(&[op(ST | W | MEM, 0, 0, 0, n), op(LDX | W | MEM, 0, 0, 0, 0)]);
        kept(g, leave, if this { "bpf_this_cpu_ptr" } else { "bpf_per_cpu_ptr" });
    }
}

/// As [`unless`], of what a call returned.
fn unless_moved(g: &mut Gen<'_>, leave: &mut Vec<usize>) {
    g.b.raw(&[mov(1, 0)]);
    unless(g, 1, leave);
    g.b.raw(&[mov(0, 1)]);
}

/// Locks that are taken and given back, and interrupts that are held off.
pub fn locks(g: &mut Gen<'_>) {
    let m = typed_array(g, 8, TELLING);
    for _ in 0..12 {
        let key = g.key(2);
        let irq = g.rng.below(2) == 0;
        let mut leave = Vec::new();
        looked_up(g, m, key, &mut leave);
        let (take, give) = if irq {
            ("bpf_res_spin_lock_irqsave", "bpf_res_spin_unlock_irqrestore")
        } else {
            ("bpf_res_spin_lock", "bpf_res_spin_unlock")
        };
        let call = |g: &mut Gen<'_>, name| {
            g.b.raw(&[mov(1, 7)]);
            if irq {
                g.b.argument(2, Arg::Stack(-24));
            }
            g.b.kfunc(name, &[], Nothing);
        };
        call(g, take);
        leave.push(g.b.insns.len());
        g.b.raw(&[op(JMP | JNE | K, 0, 0, 0, 0)]);
        call(g, give);
        g.b.raw(&[imm(0, 0)]);
        kept(g, leave, "bpf_res_spin_lock");
        g.b.argument(1, Arg::Stack(-32));
        g.b.kfunc("bpf_local_irq_save", &[], Nothing);
        g.b.argument(1, Arg::Stack(-32));
        g.b.kfunc("bpf_local_irq_restore", &[], Nothing);
    }
}

/// How many entries a table has.
pub fn entries(g: &mut Gen<'_>) {
    let t = g.rng.of(&[MapType::Hash, MapType::PercpuHash, MapType::Array]);
    let m = g.map(t, 4, 8, 8);
    for _ in 0..12 {
        let (key, value) = (g.key(6), g.bytes(8));
        match g.rng.below(3) {
            0 => g.b.helper(id::MAP_UPDATE_ELEM, &[m, key, value, Arg::Imm(0)], Number),
            1 if t != MapType::Array => g.b.helper(id::MAP_DELETE_ELEM, &[m, key], Number),
            _ => g.b.kfunc("bpf_map_sum_elem_count", &[m], Number),
        }
    }
}

/// Tasks that are there and are not, and types that pointers are taken for.
pub fn tasks(g: &mut Gen<'_>) {
    for _ in 0..12 {
        let name = g.rng.of(&["bpf_task_from_pid", "bpf_task_from_vpid"]);
        let own = i64::from(std::process::id());
        let pid = if g.rng.below(2) == 0 { own } else { 0x3fff_ffff };
        let mut leave = Vec::new();
        g.b.kfunc(name, &[Arg::Imm(pid)], Nothing);
        g.b.raw(&[mov(8, 0)]);
        unless(g, 8, &mut leave);
        let id = g.b.type_of_kernel("task_struct", BtfKind::Struct);
        let at = g.b.offset_of_kernel(id, "pid");
        g.b.raw(&[mov(1, 8), imm(2, id as i32)]);
        g.b.kfunc("bpf_rdonly_cast", &[], Nothing);
        g.b.raw(&[op(LDX | W | MEM, 7, 0, at, 0), mov(1, 8)]);
        g.b.kfunc("bpf_task_release", &[], Nothing);
        g.b.raw(&[mov(0, 7)]);
        kept(g, leave, name);
    }
}
