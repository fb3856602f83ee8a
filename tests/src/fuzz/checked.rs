//! Checked mode with code that nobody verified: any instructions, any calls, any arguments, in contexts of every type.
//! Each program ends with a result or with a report.

use std::sync::Arc;
use std::time::Duration;

use verifier_core::analysis::System;
use verifier_core::btf::BtfKind;
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::kernel::{Kernel, MapType, ProgType};
use verifier_core::program::MapSpec;
use verifier_runtime::engines::EngineKind;
use verifier_runtime::hook::{Hook, HookError, Input, Mode, Runner};
use verifier_runtime::program::bare_request;
use verifier_runtime::{Code, Stop, Vm, abi};

use super::{Ended, in_memory, maps};
use crate::mutate::Rng;
use crate::spent::Spent;

/// Programs that one machine runs, and programs of which one is compiled.
const SHARED: u64 = 64;
const COMPILED: u64 = 64;
/// First descriptor of maps.
const FIRST: i32 = 1;
/// What a run may take: of these instructions, in this time.
const INSNS: u64 = 1 << 14;
const TIME: Duration = Duration::from_millis(50);
const LATE: Duration = Duration::from_secs(2);

const fn op(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm }
}

/// What programs are made from.
struct Gen<'a> {
    rng: Rng,
    out: Vec<Insn>,
    functions: &'a [i32],
    helpers: &'a [i32],
    maps: i32,
}

const NUMBERS: [u64; 16] =
    [0, 1, 2, 7, 8, 16, 64, 512, 4096, 0xffff, 0xffff_ffff, 1 << 31, 1 << 47, i64::MAX as u64, u64::MAX, u64::MAX - 7];
const OFFSETS: [i16; 16] = [0, 0, 1, 4, 8, 16, 76, 80, -1, -4, -8, -16, -512, -520, i16::MAX, i16::MIN];

impl Gen<'_> {
    fn reg(&mut self) -> u8 {
        self.rng.below(11) as u8
    }

    fn word(&mut self) -> u64 {
        (self.rng.below(1 << 32) as u64) << 32 | self.rng.below(1 << 32) as u64
    }

    fn wide(&mut self, reg: u8, src: u8, n: u64) {
        self.out.push(op(LD | DW | IMM, reg, src, 0, n as i32));
        self.out.push(op(0, 0, 0, 0, (n >> 32) as i32));
    }

    /// Puts something into a register: a number, a place on the stack or near it, a map, a byte of a value, the context,
    /// a function, or what some register has.
    fn argument(&mut self, reg: u8) {
        match self.rng.below(10) {
            0 => {
                let n = self.word();
                self.wide(reg, 0, n);
            }
            1 | 2 => {
                let n = self.rng.pick(&NUMBERS);
                self.wide(reg, 0, n);
            }
            3 | 4 => {
                let by = self.rng.pick(&[-8, -16, -32, -64, -504, -512, -520, 0, 8, -3]);
                self.out.push(op(ALU64 | MOV | X, reg, 10, 0, 0));
                self.out.push(op(ALU64 | ADD | K, reg, 0, 0, by));
            }
            5 | 6 => {
                let map = FIRST + self.rng.below(self.maps as usize) as i32;
                self.wide(reg, PSEUDO_MAP_FD, map as u64);
            }
            7 => self.out.push(op(ALU64 | MOV | X, reg, 6, 0, 0)),
            // Where it leads is put there when all instructions are.
            8 => self.wide(reg, PSEUDO_FUNC, 0),
            _ => {
                let from = self.reg();
                self.out.push(op(ALU64 | MOV | X, reg, from, 0, 0));
            }
        }
    }

    fn call(&mut self) {
        if self.rng.below(4) != 0 {
            (1..=5).for_each(|reg| self.argument(reg));
        }
        let insn = match self.rng.below(8) {
            0 | 1 => op(JMP | CALL, 0, PSEUDO_KFUNC_CALL, 0, self.rng.pick(self.functions)),
            2 => op(JMP | CALL, 0, PSEUDO_CALL, 0, 0),
            3 => op(JMP | CALL, 0, 0, 0, 12),
            4 if self.rng.below(4) == 0 => op(JMP | CALL | X, self.reg(), 0, 0, 0),
            5 if self.rng.below(8) == 0 => op(JMP | CALL, 0, 0, 0, self.rng.below(300) as i32 - 10),
            _ => op(JMP | CALL, 0, 0, 0, self.rng.pick(self.helpers)),
        };
        self.out.push(insn);
        if self.rng.below(2) == 0 {
            self.out.push(op(ALU64 | MOV | X, 7 + self.rng.below(3) as u8, 0, 0, 0));
        }
    }

    fn insn(&mut self) {
        let (dst, src, off) = (self.reg(), self.reg(), self.rng.pick(&OFFSETS));
        let imm = self.rng.pick(&NUMBERS) as i32;
        let size = self.rng.pick(&[B, H, W, DW]);
        let ops = [ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR, MOV, ARSH];
        let jumps = [JEQ, JGT, JGE, JSET, JNE, JSGT, JSGE, JLT, JLE, JSLT, JSLE];
        let class = self.rng.pick(&[ALU64, ALU]);
        let made = match self.rng.below(16) {
            0 | 1 => op(class | self.rng.pick(&ops) | K, dst.min(9), 0, 0, imm),
            2 | 3 => op(class | self.rng.pick(&ops) | X, dst.min(9), src, 0, 0),
            4 | 5 => op(LDX | MEM | size, dst.min(9), src, off, 0),
            6 => op(STX | MEM | size, dst, src, off, 0),
            7 => op(ST | MEM | size, dst, 0, off, imm),
            8 => op(STX | ATOMIC | self.rng.pick(&[W, DW]), dst, src, off, self.rng.pick(&[0, 1, 0xe1, 0xf1, 0x51])),
            9 => op(LD | self.rng.pick(&[ABS, IND]) | self.rng.pick(&[B, H, W]), 0, src, 0, imm),
            10 | 11 => {
                let source = self.rng.pick(&[K, X]);
                let src = if source == X { src } else { 0 };
                op(self.rng.pick(&[JMP, JMP32]) | self.rng.pick(&jumps) | source, dst, src, self.jump(), imm)
            }
            12 => return self.argument(dst.min(9)),
            _ => return self.call(),
        };
        self.out.push(made);
    }

    /// Mostly forward, and not far.
    fn jump(&mut self) -> i16 {
        self.rng.below(12) as i16 - 3
    }

    /// A program: what instructions refer to is there, as far as they can be believed to be one.
    fn program(mut self) -> Vec<Insn> {
        self.out.extend([op(ALU64 | MOV | X, 6, 1, 0, 0), op(ALU64 | MOV | K, 7, 0, 0, 0)]);
        for slot in 1..=self.rng.below(8) as i16 {
            self.argument(1);
            self.out.push(op(STX | DW | MEM, 10, 1, -8 * slot, 0));
        }
        for _ in 0..1 + self.rng.below(24) {
            self.insn();
        }
        self.out.extend([op(ALU64 | MOV | K, 0, 0, 0, 0), op(JMP | EXIT, 0, 0, 0, 0)]);
        let function = self.out.len();
        for _ in 0..self.rng.below(6) {
            self.insn();
        }
        self.out.extend([op(ALU64 | MOV | K, 0, 0, 0, 1), op(JMP | EXIT, 0, 0, 0, 0)]);
        self.point(function);
        if self.rng.below(50) == 0 {
            let at = self.rng.below(self.out.len());
            let n = self.word();
            self.out[at] = op(n as u8, (n >> 8) as u8 & 15, (n >> 12) as u8 & 15, (n >> 16) as i16, (n >> 32) as i32);
        }
        self.out
    }

    /// Calls and addresses lead to the function, jumps somewhere within the program and not into a constant.
    fn point(&mut self, function: usize) {
        let all = self.out.len();
        let second: Vec<bool> =
            (0..all).map(|i| i > 0 && self.out[i - 1].is_ldimm64() && self.out[i].code == 0).collect();
        for at in 0..all {
            let insn = self.out[at];
            if insn.is_pseudo_call() || insn.is_pseudo_func() {
                self.out[at].imm = function as i32 - at as i32 - 1;
            } else if matches!(insn.class(), JMP | JMP32) && !matches!(insn.op(), CALL | EXIT) {
                let to = (at as i64 + 1 + i64::from(insn.off)).clamp(0, all as i64 - 1) as usize;
                let to = if second[to] { to + 1 } else { to };
                self.out[at].off = (to as i64 - at as i64 - 1) as i16;
            }
        }
    }
}

/// Types that there is a hook for.
fn types() -> Vec<ProgType> {
    ProgType::ALL.iter().copied().filter(|t| Hook::of(*t).is_some()).collect()
}

fn input(rng: &mut Rng) -> Input {
    let len = rng.pick(&[14, 15, 60, 64, 80, 1500, 0xffff, 0]);
    let context = rng.pick(&[0, 0, 4, 64, 192, 4096]);
    let byte = rng.below(256) as u8;
    Input { packet: vec![byte; len], context: vec![byte; context], network_layer: rng.below(4) == 0 }
}

fn machine(system: &System, specs: &[MapSpec], seed: u64) -> Result<Vm, String> {
    let mut vm = Vm::new(2);
    vm.set_system(system.clone());
    vm.seed(seed);
    (vm.limits.insns, vm.limits.time, vm.limits.bytes) = (INSNS, Some(TIME), 64 << 20);
    vm.create_maps(specs).map_err(|e| e.to_string())?;
    Ok(vm)
}

/// Programs from a seed up to another.
///
/// # Errors
/// One that takes too long, or too much memory.
pub fn cases(from: u64, to: u64) -> Result<Ended, String> {
    let kernel = Kernel::v6_18();
    let system = System::stored(kernel).map_err(|e| e.to_string())?;
    let id = |name: &str| system.vmlinux.find_by_name_kind(name, BtfKind::Func).and_then(|n| i32::try_from(n).ok());
    let all = abi::all();
    let functions: Vec<i32> = all.iter().filter(|(h, _)| h.id == 0).filter_map(|(h, _)| id(h.name)).collect();
    let helpers: Vec<i32> = all.iter().filter(|(h, _)| h.id != 0).map(|(h, _)| h.id as i32).collect();
    let (types, specs) = (types(), maps(FIRST));
    let engines = [EngineKind::Interp.engine()?, EngineKind::Jit.engine()?];
    let mut runner = Runner::new().map_err(|e| e.to_string())?;
    let mut vm = machine(&system, &specs, from)?;
    let mut ended = Ended::default();
    for seed in from..to {
        if seed % SHARED == 0 || vm.is_broken() {
            vm = machine(&system, &specs, seed)?;
        }
        let mut rng = Rng::new(&[seed, 7]);
        // Programs around one array are of one type.
        let t = types[(seed / SHARED) as usize % types.len()];
        let input = input(&mut rng);
        let made = Gen { rng, out: Vec::new(), functions: &functions, helpers: &helpers, maps: specs.len() as i32 };
        ended.cases += 1;
        let Ok(code) = Code::unverified(&bare_request(t as u32, made.program(), specs.clone()), &vm) else {
            ended.refused += 1;
            continue;
        };
        let code = Arc::new(code);
        for map in vm.maps().filter(|m| m.map_type() == MapType::ProgArray) {
            // Another program of a kind may stand there already.
            let _ = map.set_prog((seed % 2) as u32, code.clone());
        }
        let engine = &engines[usize::from(seed % COMPILED == 0)];
        let spent = Spent::begin();
        let result = runner.run(engine.as_ref(), &vm, &*code, &input, 1, Mode::Checked);
        if spent.so_far() > LATE {
            return Err(format!("seed {seed}: {} ms", spent.so_far().as_millis()));
        }
        match result {
            Ok(_) => ended.ran += 1,
            Err(HookError::Stop(Stop::Broken | Stop::Unguarded)) => return Err(format!("seed {seed}: {result:?}")),
            Err(_) => ended.stopped += 1,
        }
        vm.take_printed();
        vm.take_samples();
    }
    in_memory()?;
    Ok(ended)
}
