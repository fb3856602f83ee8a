//! Random XDP programs that are likely to be accepted, from a seed.
//!
//! A program checks the packet's length, looks a map value up, and then computes: arithmetic of both widths, loads,
//! stores and atomics on the packet, the value and the stack, jumps forward, counted loops, accesses at masked
//! offsets, helpers, calls of a function of its own; some programs use a hash table, tail calls, `bpf_loop()` and
//! `may_goto` too. What the analysis refuses is simply not used.

use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::kernel::{MapType, ProgType};
use verifier_core::program::{LoadRequest, MapSpec};

use crate::mutate::Rng;

/// Bytes of packet that programs may access.
pub const PACKET: i16 = 48;
/// Bytes of the map value.
pub const VALUE: u32 = 64;
/// File descriptors of the map of values, of the hash table, and of the array of programs.
const FD: i32 = 10;
const TABLE: i32 = 11;
const PROGS: i32 = 12;
/// Offsets from r10, below what loops use: a key, a value of 16 bytes, the context of callbacks.
const KEY: i16 = -96;
const ENTRY: i16 = -112;
const LOOPED: i16 = -120;
/// Slots of the stack that are used, 8 bytes each, all initialised.
const SLOTS: i16 = 6;

/// Registers: r6 context, r7 packet, r8 value; the others hold numbers.
const NUMBERS: [u8; 7] = [0, 1, 2, 3, 4, 5, 9];

struct Gen {
    rng: Rng,
    out: Vec<Insn>,
    /// Registers that hold a number now.
    live: [bool; 11],
    /// Calls of the function behind the program, to be pointed there.
    calls: Vec<usize>,
    /// Addresses of the callback behind the program.
    callbacks: Vec<usize>,
    /// Everything may be used, not only what all programs use.
    all: bool,
}

const fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm }
}

/// A random program with the map that it uses.
pub fn program(seed: u64) -> LoadRequest {
    let mut g = Gen {
        rng: Rng::new(&[seed]),
        out: Vec::new(),
        live: [false; 11],
        calls: Vec::new(),
        callbacks: Vec::new(),
        all: false,
    };
    g.all = g.chance(20);
    g.prologue();
    let length = 4 + g.rng.below(40);
    g.body(length, 0);
    g.epilogue();
    let map = |fd, name: &str, map_type, value_size, max_entries| MapSpec {
        fd,
        name: name.into(),
        map_type: map_type as u32,
        key_size: 4,
        value_size,
        max_entries,
        ..MapSpec::default()
    };
    let mut maps = vec![map(FD, "values", MapType::Array, VALUE, 2)];
    if g.all {
        maps.push(map(TABLE, "table", MapType::Hash, 16, 4));
        maps.push(map(PROGS, "progs", MapType::ProgArray, 4, 2));
    }
    LoadRequest {
        name: "random".into(),
        prog_type: ProgType::Xdp as u32,
        insns: g.out,
        license: "GPL".into(),
        maps,
        ..LoadRequest::default()
    }
}

impl Gen {
    fn push(&mut self, i: Insn) {
        self.out.push(i);
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.rng.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.below(of.len())]
    }

    fn imm(&mut self) -> i32 {
        match self.rng.below(6) {
            0 => self.pick(&[0, 1, -1, i32::MAX, i32::MIN, 0xff, 0x7f, 31, 63]),
            1 => self.rng.below(1 << 16) as i32,
            2 => -(self.rng.below(256) as i32),
            3 => 1 << self.rng.below(31),
            _ => self.rng.below(64) as i32,
        }
    }

    /// A register that holds a number; made if there is none.
    fn number(&mut self) -> u8 {
        let live: Vec<u8> = NUMBERS.into_iter().filter(|r| self.live[usize::from(*r)]).collect();
        if live.is_empty() || self.chance(10) { self.fresh() } else { self.pick(&live) }
    }

    fn fresh(&mut self) -> u8 {
        let r = self.pick(&NUMBERS);
        match self.rng.below(4) {
            0 => {
                let (base, off, size) = self.place(false);
                self.push(insn(LDX | MEM | size, r, base, off, 0));
            }
            1 => {
                let (low, high) = (self.imm(), self.imm());
                self.push(insn(LD | IMM | DW, r, 0, 0, low));
                self.push(insn(0, 0, 0, 0, high));
            }
            _ => {
                let n = self.imm();
                self.push(insn(ALU64 | MOV | K, r, 0, 0, n));
            }
        }
        self.live[usize::from(r)] = true;
        r
    }

    /// Somewhere to load from or store to: base, offset, size.
    fn place(&mut self, aligned: bool) -> (u8, i16, u8) {
        let (size, bytes) = self.pick(&[(B, 1i16), (H, 2), (W, 4), (DW, 8)]);
        let base = self.pick(&[7u8, 8, 10]);
        let room = match base {
            7 => PACKET,
            8 => VALUE as i16,
            _ => 8 * SLOTS,
        };
        let slots = (room - bytes) as usize + 1;
        let mut off = self.rng.below(slots) as i16;
        if aligned || base == 10 {
            off -= off % bytes;
        }
        (base, if base == 10 { off - 8 * SLOTS } else { off }, size)
    }

    fn prologue(&mut self) {
        self.push(insn(ALU64 | MOV | X, 6, 1, 0, 0));
        self.push(insn(LDX | MEM | W, 7, 6, 0, 0));
        self.push(insn(LDX | MEM | W, 3, 6, 4, 0));
        self.push(insn(ALU64 | MOV | X, 2, 7, 0, 0));
        self.push(insn(ALU64 | ADD | K, 2, 0, 0, PACKET.into()));
        self.push(insn(JMP | JLE | X, 2, 3, 2, 0));
        self.push(insn(ALU64 | MOV | K, 0, 0, 0, 1));
        self.push(insn(JMP | EXIT, 0, 0, 0, 0));
        for slot in 1..=SLOTS {
            let n = self.imm();
            self.push(insn(ST | MEM | DW, 10, 0, -8 * slot, n));
        }
        self.push(insn(ST | MEM | W, 10, 0, -8 * SLOTS - 4, 1));
        self.push(insn(LD | IMM | DW, 1, PSEUDO_MAP_FD, 0, FD));
        self.push(insn(0, 0, 0, 0, 0));
        self.push(insn(ALU64 | MOV | X, 2, 10, 0, 0));
        self.push(insn(ALU64 | ADD | K, 2, 0, 0, i32::from(-8 * SLOTS - 4)));
        self.push(insn(JMP | CALL, 0, 0, 0, 1));
        self.push(insn(JMP | JNE | K, 0, 0, 1, 0));
        self.push(insn(JMP | EXIT, 0, 0, 0, 0));
        self.push(insn(ALU64 | MOV | X, 8, 0, 0, 0));
    }

    fn body(&mut self, length: usize, depth: usize) {
        for _ in 0..length {
            match self.rng.below(if self.all { 20 } else { 16 }) {
                0..=5 => self.arithmetic(),
                6 | 7 => {
                    let (base, off, size) = self.place(false);
                    let r = self.pick(&NUMBERS);
                    let mode = if size != DW && self.chance(30) { MEMSX } else { MEM };
                    self.push(insn(LDX | mode | size, r, base, off, 0));
                    self.live[usize::from(r)] = true;
                }
                8 | 9 => {
                    let (base, off, size) = self.place(false);
                    if self.chance(30) {
                        let n = self.imm();
                        self.push(insn(ST | MEM | size, base, 0, off, n));
                    } else {
                        let r = self.number();
                        self.push(insn(STX | MEM | size, base, r, off, 0));
                    }
                }
                10 => self.atomic(),
                11 | 12 if depth < 3 => self.branch(depth),
                13 if depth < 2 => self.counted(depth),
                14 => self.masked(),
                15 => self.call(),
                16 => self.table(),
                17 => self.tail_call(),
                18 => self.looped(),
                19 if depth < 2 => self.may_goto(depth),
                _ => self.arithmetic(),
            }
        }
    }

    fn arithmetic(&mut self) {
        let class = self.pick(&[ALU64, ALU64, ALU]);
        let dst = self.number();
        match self.rng.below(12) {
            0 => self.push(insn(class | NEG, dst, 0, 0, 0)),
            1 => {
                let bits = self.pick(&[16, 32, 64]);
                let code = self.pick(&[ALU | END | TO_LE, ALU | END | TO_BE, ALU64 | END]);
                self.push(insn(code, dst, 0, 0, bits));
            }
            2 => {
                let bits = self.pick(if class == ALU64 { &[8i16, 16, 32] } else { &[8, 16] });
                let src = self.number();
                self.push(insn(class | MOV | X, dst, src, bits, 0));
            }
            _ => {
                let op = self.pick(&[ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, MOD, XOR, MOV, ARSH]);
                let off = i16::from(matches!(op, DIV | MOD) && self.chance(40));
                let width = if class == ALU64 { 64 } else { 32 };
                if self.chance(50) {
                    let src = self.number();
                    self.push(insn(class | op | X, dst, src, off, 0));
                } else {
                    let n = match op {
                        LSH | RSH | ARSH => self.rng.below(width) as i32,
                        DIV | MOD => self.imm().wrapping_mul(2) | 1,
                        _ => self.imm(),
                    };
                    self.push(insn(class | op | K, dst, 0, off, n));
                }
            }
        }
    }

    fn atomic(&mut self) {
        let (base, off, _) = self.place(true);
        let wide = self.chance(50);
        let size = if wide { DW } else { W };
        let off = off & if wide { !7 } else { !3 };
        let base = if base == 7 { 8 } else { base };
        let op = self.pick(&[
            ADD.into(),
            OR.into(),
            AND.into(),
            XOR.into(),
            i32::from(ADD) | FETCH,
            i32::from(OR) | FETCH,
            i32::from(AND) | FETCH,
            i32::from(XOR) | FETCH,
            XCHG,
            CMPXCHG,
        ]);
        if op == CMPXCHG && !self.live[0] {
            self.push(insn(ALU64 | MOV | K, 0, 0, 0, 0));
            self.live[0] = true;
        }
        let src = self.number();
        let limit = if base == 8 { VALUE as i16 - 8 } else { -8 };
        self.push(insn(STX | ATOMIC | size, base, src, off.min(limit), op));
    }

    /// What is live where two ways meet is what was live on both.
    fn branch(&mut self, depth: usize) {
        let class = self.pick(&[JMP, JMP32]);
        let op = self.pick(&[JEQ, JGT, JGE, JSET, JNE, JSGT, JSGE, JLT, JLE, JSLT, JSLE]);
        let dst = self.number();
        let (source, src, imm) = if self.chance(40) { (X, self.number(), 0) } else { (K, 0, self.imm()) };
        let at = self.out.len();
        self.push(insn(class | op | source, dst, src, 0, imm));
        let before = self.live;
        let length = 1 + self.rng.below(5);
        self.body(length, depth + 1);
        self.out[at].off = (self.out.len() - at - 1) as i16;
        self.live.iter_mut().zip(before).for_each(|(l, b)| *l &= b);
    }

    /// A loop that counts in a slot of its own of the stack.
    fn counted(&mut self, depth: usize) {
        let r = self.rounds(-8 * SLOTS - 16 - 8 * depth as i16, 6, false, depth);
        // What the loop left unset would be unset when it comes back: only those live at its beginning stay so.
        self.live[usize::from(r)] = true;
    }

    /// A loop of 1 to `most` rounds, with a number that counts down in a slot; with `ended`, one that the
    /// kernel would end if it did not end itself. Gives the register that held the count last.
    fn rounds(&mut self, slot: i16, most: usize, ended: bool, depth: usize) -> u8 {
        let times = 1 + self.rng.below(most) as i32;
        self.push(insn(ST | MEM | DW, 10, 0, slot, times));
        let at = self.out.len();
        let before = self.live;
        if ended {
            self.push(insn(JMP | JCOND, 0, MAY_GOTO, 0, 0));
        }
        let length = 1 + self.rng.below(4);
        self.body(length, depth + 1);
        self.live.iter_mut().zip(before).for_each(|(l, b)| *l &= b);
        let r = self.pick(&NUMBERS);
        self.push(insn(LDX | MEM | DW, r, 10, slot, 0));
        self.push(insn(ALU64 | SUB | K, r, 0, 0, 1));
        self.push(insn(STX | MEM | DW, 10, r, slot, 0));
        let back = at as i64 - self.out.len() as i64 - 1;
        self.push(insn(JMP | JSGT | K, r, 0, back as i16, 0));
        if ended {
            self.out[at].off = (self.out.len() - at - 1) as i16;
        }
        r
    }

    /// An access to the value or the packet at an offset that a mask bounds.
    fn masked(&mut self) {
        let n = self.number();
        let mask = self.pick(&[7, 15, 31]);
        let base = self.pick(&[8u8, 8, 7]);
        let ptr = self.pick(&[1u8, 2, 3, 4, 5]);
        if ptr == n {
            return;
        }
        self.push(insn(ALU64 | AND | K, n, 0, 0, mask));
        self.push(insn(ALU64 | MOV | X, ptr, base, 0, 0));
        self.push(insn(ALU64 | ADD | X, ptr, n, 0, 0));
        self.live[usize::from(ptr)] = false;
        let off = self.rng.below(8) as i16;
        if base == 8 && self.chance(50) {
            let r = self.number();
            if r != ptr {
                self.push(insn(STX | MEM | B, ptr, r, off, 0));
            }
        } else if base == 8 {
            self.push(insn(LDX | MEM | B, ptr, ptr, off, 0));
            self.live[usize::from(ptr)] = true;
        } else {
            // A packet pointer has to be checked again.
            let end = if ptr == 5 { 4 } else { 5 };
            self.live[end] = false;
            self.push(insn(LDX | MEM | W, end as u8, 6, 4, 0));
            self.push(insn(ALU64 | ADD | K, ptr, 0, 0, 8));
            self.push(insn(JMP | JGT | X, ptr, end as u8, 1, 0));
            self.push(insn(LDX | MEM | B, 0, ptr, -8 + off, 0));
            self.live[0] = false;
        }
    }

    fn call(&mut self) {
        if self.chance(50) {
            // The clock stands still and random numbers have a seed: results are the same in every engine.
            let id = self.pick(&[5, 7, 8]);
            self.push(insn(JMP | CALL, 0, 0, 0, id));
        } else {
            let (a, b) = (self.number(), self.number());
            if a != 1 && b != 1 {
                self.push(insn(ALU64 | MOV | X, 1, a, 0, 0));
                self.push(insn(ALU64 | MOV | X, 2, b, 0, 0));
                self.calls.push(self.out.len());
                self.push(insn(JMP | CALL, 0, PSEUDO_CALL, 0, 0));
            } else {
                self.push(insn(JMP | CALL, 0, 0, 0, 7));
            }
        }
        self.live[1..6].fill(false);
        self.live[0] = true;
    }

    /// A constant that stands for something, or a number.
    fn constant(&mut self, dst: u8, kind: u8, value: i32) {
        self.push(insn(LD | IMM | DW, dst, kind, 0, value));
        self.push(insn(0, 0, 0, 0, 0));
    }

    /// The address of a place on the stack.
    fn address(&mut self, dst: u8, off: i16) {
        self.push(insn(ALU64 | MOV | X, dst, 10, 0, 0));
        self.push(insn(ALU64 | ADD | K, dst, 0, 0, off.into()));
    }

    /// Looks an entry of the hash table up and changes it, sets one, or removes one. Most keys are few.
    fn table(&mut self) {
        if self.chance(80) {
            let key = self.rng.below(6) as i32;
            self.push(insn(ST | MEM | W, 10, 0, KEY, key));
        } else {
            let r = self.number();
            self.push(insn(STX | MEM | W, 10, r, KEY, 0));
        }
        let what = self.rng.below(4);
        if what == 0 {
            let (r, n, flags) = (self.number(), self.imm(), self.pick(&[0, 0, 1, 2]));
            self.push(insn(ST | MEM | DW, 10, 0, ENTRY, n));
            self.push(insn(STX | MEM | DW, 10, r, ENTRY + 8, 0));
            self.address(3, ENTRY);
            self.push(insn(ALU64 | MOV | K, 4, 0, 0, flags));
        }
        self.constant(1, PSEUDO_MAP_FD, TABLE);
        self.address(2, KEY);
        self.push(insn(JMP | CALL, 0, 0, 0, [2, 3, 1, 1][what]));
        if what > 1 {
            let (off, n) = (self.pick(&[0, 8]), self.imm());
            self.push(insn(JMP | JEQ | K, 0, 0, 4, 0));
            self.push(insn(LDX | MEM | DW, 1, 0, off, 0));
            self.push(insn(ALU64 | ADD | K, 1, 0, 0, n));
            self.push(insn(STX | MEM | DW, 0, 1, off, 0));
            self.push(insn(ALU64 | MOV | K, 0, 0, 0, 1));
        }
        self.live[1..6].fill(false);
        // Behind a lookup r0 is null or a number.
        self.live[0] = true;
    }

    /// Another program goes on, or none: then r0 is anything.
    fn tail_call(&mut self) {
        self.push(insn(ALU64 | MOV | X, 1, 6, 0, 0));
        self.constant(2, PSEUDO_MAP_FD, PROGS);
        let index = self.pick(&[0, 1, 1, 1, 2, 3]);
        self.push(insn(ALU64 | MOV | K, 3, 0, 0, index));
        self.push(insn(JMP | CALL, 0, 0, 0, 12));
        self.push(insn(ALU64 | MOV | K, 0, 0, 0, 3));
        self.live[1..6].fill(false);
        self.live[0] = true;
    }

    /// A callback changes a place on the stack so many times.
    fn looped(&mut self) {
        let (r, times) = (self.number(), self.rng.below(40) as i32);
        self.push(insn(STX | MEM | DW, 10, r, LOOPED, 0));
        self.push(insn(ALU64 | MOV | K, 1, 0, 0, times));
        self.callbacks.push(self.out.len());
        self.constant(2, PSEUDO_FUNC, 0);
        self.address(3, LOOPED);
        self.push(insn(ALU64 | MOV | K, 4, 0, 0, 0));
        self.push(insn(JMP | CALL, 0, 0, 0, 181));
        self.live[1..6].fill(false);
        self.live[0] = true;
        let r = self.pick(&NUMBERS);
        self.push(insn(LDX | MEM | DW, r, 10, LOOPED, 0));
        self.live[usize::from(r)] = true;
    }

    /// A loop as [`Self::counted`], which the kernel would end if it did not end itself.
    fn may_goto(&mut self, depth: usize) {
        self.rounds(LOOPED - 8 - 8 * depth as i16, 20, true, depth);
    }

    /// The callback: index, context.
    fn callback(&mut self) {
        let start = self.out.len();
        let (op, last) = (self.pick(&[ADD, SUB, MUL, XOR, OR]), self.rng.below(30) as i32);
        self.push(insn(LDX | MEM | DW, 3, 2, 0, 0));
        self.push(insn(ALU64 | op | X, 3, 1, 0, 0));
        self.push(insn(STX | MEM | DW, 2, 3, 0, 0));
        self.push(insn(ALU64 | MOV | K, 0, 0, 0, 0));
        self.push(insn(JMP | JNE | K, 1, 0, 1, last));
        self.push(insn(ALU64 | MOV | K, 0, 0, 0, 1));
        self.push(insn(JMP | EXIT, 0, 0, 0, 0));
        for at in std::mem::take(&mut self.callbacks) {
            self.out[at].imm = start as i32 - at as i32 - 1;
        }
    }

    fn epilogue(&mut self) {
        let r = self.number();
        if r != 0 {
            self.push(insn(ALU64 | MOV | X, 0, r, 0, 0));
        }
        self.push(insn(JMP | EXIT, 0, 0, 0, 0));
        if !self.callbacks.is_empty() {
            self.callback();
        }
        if self.calls.is_empty() {
            return;
        }
        // A function of two numbers.
        let start = self.out.len();
        self.push(insn(ALU64 | MOV | X, 0, 1, 0, 0));
        let op = self.pick(&[ADD, SUB, MUL, XOR, AND, OR]);
        self.push(insn(ALU64 | op | X, 0, 2, 0, 0));
        self.push(insn(STX | MEM | DW, 10, 0, -8, 0));
        self.push(insn(JMP | JGT | X, 1, 2, 1, 0));
        self.push(insn(ALU | RSH | K, 0, 0, 0, 3));
        self.push(insn(JMP | EXIT, 0, 0, 0, 0));
        for at in std::mem::take(&mut self.calls) {
            self.out[at].imm = start as i32 - at as i32 - 1;
        }
    }
}
