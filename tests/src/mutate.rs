//! Small changes to programs, from a seed: what a kernel says of the result has not been looked at by anybody.
//!
//! Changes keep the program a program: what is inserted or deleted moves the jumps, calls, function and line
//! information over it. Everything else about the result is the judges' matter.

use verifier_core::btf::{Btf, BtfKind, TypeId};
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::kernel::kfuncs::GROUPS;
use verifier_core::program::{LoadRequest, MapSpec};

/// Numbers from a seed. SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// From several parts of a seed.
    pub fn new(parts: &[u64]) -> Rng {
        let mut rng = Rng(0x243f_6a88_85a3_08d3);
        for p in parts {
            rng.0 ^= *p;
            rng.next();
        }
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// One of the items.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// What mutations draw from.
#[derive(Clone, Debug)]
pub struct Pool {
    /// BTF ids of the kernel functions that programs may call.
    kfuncs: Vec<TypeId>,
}

impl Pool {
    /// The functions that a kernel's BTF tags, and those that we know by name: older BTF tags none.
    pub fn new(vmlinux: &Btf) -> Pool {
        let tagged = vmlinux.own_types().filter(|t| t.kind == BtfKind::DeclTag && t.name() == "bpf_kfunc");
        let mut kfuncs: Vec<TypeId> = tagged.map(|t| t.size_or_type).collect();
        let known = GROUPS.iter().flat_map(|g| g.rows).filter_map(|r| vmlinux.find_by_name_kind(r.name, BtfKind::Func));
        kfuncs.extend(known);
        kfuncs.sort_unstable();
        kfuncs.dedup();
        Pool { kfuncs }
    }

    /// BTF ids of kernel functions that some program may call.
    pub fn kfuncs(&self) -> &[TypeId] {
        &self.kfuncs
    }
}

const REGS: &[u8] = &[0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 10, 10];
const IMMS: &[i32] = &[
    0,
    1,
    -1,
    2,
    3,
    4,
    7,
    8,
    -8,
    15,
    16,
    24,
    31,
    32,
    33,
    40,
    48,
    56,
    63,
    64,
    127,
    128,
    255,
    256,
    511,
    512,
    1000,
    4095,
    4096,
    65535,
    65536,
    0x7f_ffff,
    0x1fff_ffff,
    0x2000_0000,
    0x7fff_ffff,
    -0x8000_0000,
    -2,
    -16,
    -64,
    -512,
    -4095,
];
const OFFS: &[i16] = &[
    0, 1, -1, 2, 4, 8, 16, 24, 32, 48, 76, 80, 100, 255, -2, -4, -8, -16, -24, -32, -64, -256, -504, -512, -513, -520,
    32767, -32768,
];
const ALU_OPS: &[u8] = &[ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR, MOV, ARSH, END];
const JUMPS: &[u8] = &[JEQ, JGT, JGE, JSET, JNE, JSGT, JSGE, JLT, JLE, JSLT, JSLE];
const SIZES: &[u8] = &[B, H, W, DW];
const ATOMICS: &[i32] = &[0, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, XCHG, CMPXCHG, LOAD_ACQ, STORE_REL];

/// Changes a request in one place or some, at most `changes`.
pub fn mutate(base: &LoadRequest, changes: usize, pool: &Pool, rng: &mut Rng) -> LoadRequest {
    let mut r = base.clone();
    for _ in 0..1 + rng.below(changes) {
        one(&mut r, pool, rng);
    }
    r
}

fn one(r: &mut LoadRequest, pool: &Pool, rng: &mut Rng) {
    let n = r.insns.len();
    if n == 0 {
        return;
    }
    let at = rng.below(n);
    match rng.below(32) {
        0..=3 => r.insns[at].imm = immediate(r.insns[at].imm, rng),
        4..=6 => r.insns[at].off = offset(r.insns[at].off, rng),
        7..=8 => r.insns[at].dst = rng.pick(REGS),
        9..=10 => r.insns[at].src = rng.pick(REGS),
        11..=13 => operation(&mut r.insns[at], rng),
        14 => r.insns[at].code = rng.below(256) as u8,
        15..=16 => delete(r, at),
        17..=22 => {
            let insn = fresh(at, n, pool, rng);
            insert(r, at, insn);
        }
        23 => {
            let copy = r.insns[rng.below(n)];
            insert(r, at, copy);
        }
        24 if at + 1 < n => r.insns.swap(at, at + 1),
        25..=27 => call(r, pool, rng),
        28 => {
            r.prog_type = 1 + rng.below(32) as u32;
            if rng.below(2) == 0 {
                r.expected_attach_type = rng.below(58) as u32;
            }
        }
        29 => r.prog_flags ^= rng.pick(&[1, 1, 2, 8, 8, 16, 32, 128]),
        30 => map(r, rng),
        _ => match rng.below(4) {
            0 => r.license = String::new(),
            1 => r.func_info.clear(),
            2 => r.expected_attach_type = rng.below(58) as u32,
            _ => {
                let other = r.insns[rng.below(n)];
                r.insns[at] = other;
            }
        },
    }
}

fn immediate(old: i32, rng: &mut Rng) -> i32 {
    match rng.below(4) {
        0 => old.wrapping_add(rng.pick(&[1, -1, 2, -2, 4, -4, 8])),
        1 => old ^ (1 << rng.below(32)),
        _ => rng.pick(IMMS),
    }
}

fn offset(old: i16, rng: &mut Rng) -> i16 {
    match rng.below(3) {
        0 => rng.pick(OFFS),
        _ => old.wrapping_add(rng.pick(&[1, -1, 2, -2, 4, -4, 8, -8, 16, -16])),
    }
}

/// Another operation, size, width or source of the same kind of instruction.
fn operation(i: &mut Insn, rng: &mut Rng) {
    match i.class() {
        ALU | ALU64 => match rng.below(4) {
            0 => i.code ^= ALU ^ ALU64,
            1 => i.code ^= X,
            2 => i.off = rng.pick(&[0, 1, 8, 16, 32]),
            _ => i.code = (i.code & 0x0f) | rng.pick(ALU_OPS),
        },
        JMP | JMP32 => match rng.below(4) {
            0 => i.code ^= JMP ^ JMP32,
            1 => i.code ^= X,
            _ => i.code = (i.code & 0x0f) | rng.pick(JUMPS),
        },
        _ if i.mode() == ATOMIC && rng.below(2) == 0 => i.imm = rng.pick(ATOMICS),
        class => match rng.below(4) {
            0 => i.code = (i.code & !0x18) | rng.pick(SIZES),
            1 if class == LDX => i.code ^= MEM ^ MEMSX,
            1 => i.code = (i.code & 0x1f) | ATOMIC,
            2 => i.code = (i.code & !7) | rng.pick(&[LDX, ST, STX]),
            _ => i.code = (i.code & !0x18) | rng.pick(SIZES),
        },
    }
}

/// An instruction to put before instruction `at` of `n`.
fn fresh(at: usize, n: usize, pool: &Pool, rng: &mut Rng) -> Insn {
    let (dst, src) = (rng.pick(REGS), rng.pick(REGS));
    let base = Insn { dst, src, ..Insn::default() };
    let width = rng.pick(&[ALU, ALU64, ALU64]);
    let slot = -8 * (1 + rng.below(8) as i16);
    match rng.below(16) {
        0..=1 => Insn { code: width | MOV | X, ..base },
        2..=3 => Insn { code: width | MOV | K, src: 0, imm: rng.pick(IMMS), ..base },
        4..=5 => Insn { code: width | rng.pick(ALU_OPS) | K, src: 0, imm: rng.pick(IMMS), ..base },
        6..=7 => Insn { code: width | rng.pick(ALU_OPS) | X, ..base },
        8 => Insn { code: STX | MEM | rng.pick(SIZES), dst: 10, off: slot + rng.pick(&[0, 0, 0, 4, 1]), ..base },
        9 => Insn {
            code: LDX | rng.pick(&[MEM, MEM, MEMSX]) | rng.pick(SIZES),
            src: 10,
            off: slot + rng.pick(&[0, 0, 0, 4]),
            ..base
        },
        10 => Insn { code: LDX | MEM | rng.pick(SIZES), off: rng.pick(OFFS), ..base },
        11 => Insn { code: rng.pick(&[ST, STX]) | MEM | rng.pick(SIZES), off: rng.pick(OFFS), imm: 0, ..base },
        12..=13 => {
            let to = rng.below(n) as i64 - at as i64;
            let off = if rng.below(3) == 0 { to as i16 } else { 1 + rng.below(3) as i16 };
            let source = rng.pick(&[K, X]);
            let (src, imm) = if source == K { (0, rng.pick(IMMS)) } else { (src, 0) };
            Insn { code: rng.pick(&[JMP, JMP32]) | rng.pick(JUMPS) | source, src, imm, off, ..base }
        }
        14 => Insn { code: STX | ATOMIC | rng.pick(&[W, DW, DW]), dst: 10, off: slot, imm: rng.pick(ATOMICS), ..base },
        _ => match rng.below(5) {
            0 => Insn { code: JMP | CALL, src: 0, dst: 0, imm: 1 + rng.below(211) as i32, off: 0 },
            1 => kfunc(pool, rng),
            2 => Insn { code: JMP | JCOND, dst: 0, src: 0, off: 1, imm: 0 },
            3 => Insn { code: JMP | EXIT, dst: 0, src: 0, off: 0, imm: 0 },
            _ => Insn { code: width | MOV | X, off: rng.pick(&[8, 16, 32, 1]), imm: 0, ..base },
        },
    }
}

fn kfunc(pool: &Pool, rng: &mut Rng) -> Insn {
    let imm = pool.kfuncs[rng.below(pool.kfuncs.len())] as i32;
    Insn { code: JMP | CALL, src: PSEUDO_KFUNC_CALL, dst: 0, off: 0, imm }
}

/// Another function in the place of one that is called.
fn call(r: &mut LoadRequest, pool: &Pool, rng: &mut Rng) {
    let calls: Vec<usize> = (0..r.insns.len()).filter(|i| r.insns[*i].is_call()).collect();
    if calls.is_empty() {
        return;
    }
    let at = rng.pick(&calls);
    r.insns[at] = match rng.below(4) {
        0 if !pool.kfuncs.is_empty() => kfunc(pool, rng),
        _ => Insn { code: JMP | CALL, imm: 1 + rng.below(211) as i32, ..Insn::default() },
    };
}

fn map(r: &mut LoadRequest, rng: &mut Rng) {
    if r.maps.is_empty() {
        return;
    }
    let at = rng.below(r.maps.len());
    let m = &mut r.maps[at];
    let shape = |m: &MapSpec| (m.map_type, m.key_size, m.value_size);
    let before = shape(m);
    match rng.below(5) {
        0 => m.map_type = 1 + rng.below(33) as u32,
        1 => m.value_size = rng.pick(&[1, 4, 8, 12, 16, 48, 64, 128]),
        2 => m.key_size = rng.pick(&[0, 1, 4, 8, 16, 40]),
        3 => m.max_entries = rng.pick(&[0, 1, 2, 4096]),
        _ => m.map_flags ^= rng.pick(&[0x8, 0x80, 0x100, 0x1, 0x400]),
    }
    // Types and contents that no longer fit would be refused, and the loader does without.
    if shape(m) != before {
        (m.btf, m.btf_key_type_id, m.btf_value_type_id) = (None, 0, 0);
        (m.value, m.initial, m.frozen) = (None, None, false);
    }
}

/// Moves what refers to instructions over the place `at`, where one slot appears (`count` 1) or disappears (-1).
fn shift(r: &mut LoadRequest, at: usize, count: i64) {
    // An instruction put at `at` stands before what was there; jumps to that place now reach the new one.
    let place = |i: i64| if i >= at as i64 + i64::from(count < 0) { i + count } else { i };
    let target = |i: i64| if i > at as i64 { i + count } else { i };
    for (i, insn) in r.insns.iter_mut().enumerate() {
        let i = i as i64;
        let wide = insn.is_pseudo_call() || insn.is_pseudo_func() || insn.code == (JMP32 | JA);
        let jumps = insn.is_jmp_class() && !insn.is_call() && !insn.is_exit();
        if wide {
            insn.imm = (target(i + 1 + i64::from(insn.imm)) - place(i) - 1) as i32;
        } else if jumps {
            insn.off = (target(i + 1 + i64::from(insn.off)) - place(i) - 1) as i16;
        }
    }
    for f in r.func_info.iter_mut() {
        if f.insn_off as usize > at {
            f.insn_off = (i64::from(f.insn_off) + count) as u32;
        }
    }
    for l in r.line_info.iter_mut() {
        if l.insn_off as usize > at {
            l.insn_off = (i64::from(l.insn_off) + count) as u32;
        }
    }
}

fn insert(r: &mut LoadRequest, at: usize, insn: Insn) {
    shift(r, at, 1);
    r.insns.insert(at, insn);
}

fn delete(r: &mut LoadRequest, at: usize) {
    if r.insns.len() > 1 {
        shift(r, at, -1);
        r.insns.remove(at);
    }
}
