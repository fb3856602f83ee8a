//! Calls that nobody verified: any helper, any kernel function, any argument, in checked runs of both engines. Each ends
//! with a result or with a report; nothing outside of the run's own memory is touched, and nothing hangs.

use std::time::Duration;

use verifier_core::analysis::System;
use verifier_core::btf::BtfKind;
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::kernel::{Kernel, MapType, ProgType};
use verifier_core::program::MapSpec;

use crate::abi;
use crate::engine::Engine;
use crate::hook::{Input, Mode, Runner};
use crate::interp::Interp;
use crate::program::bare_request;
use crate::{Code, Vm};

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 3
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// A map of each kind, from descriptor 1 on.
fn maps() -> Vec<MapSpec> {
    let kinds = [
        (MapType::Array, 4, 16, 4),
        (MapType::Hash, 4, 16, 4),
        (MapType::PercpuArray, 4, 16, 4),
        (MapType::LruHash, 4, 16, 4),
        (MapType::LpmTrie, 8, 16, 4),
        (MapType::Queue, 0, 16, 4),
        (MapType::BloomFilter, 0, 16, 4),
        (MapType::Ringbuf, 0, 0, 4096),
        (MapType::PerfEventArray, 4, 4, 2),
        (MapType::Devmap, 4, 4, 4),
        (MapType::SkStorage, 4, 16, 0),
        (MapType::ProgArray, 4, 4, 2),
        (MapType::HashOfMaps, 4, 4, 2),
        (MapType::CgroupStorageDeprecated, 12, 16, 0),
    ];
    let spec = |(fd, (t, key_size, value_size, max_entries)): (i32, (MapType, u32, u32, u32))| MapSpec {
        fd,
        name: format!("m{fd}"),
        map_type: t as u32,
        key_size,
        value_size,
        max_entries,
        ..MapSpec::default()
    };
    (1..).zip(kinds).map(spec).collect()
}

fn op(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm }
}

/// An argument: a number, a place on the stack or near it, a map, a value of one, the context, a function, or what an
/// earlier call returned.
fn argument(rng: &mut Rng, reg: u8, out: &mut Vec<Insn>) {
    const ODD: [u64; 10] = [0, 1, 7, 8, 16, 4096, 0xffff_ffff, 1 << 31, u64::MAX, u64::MAX - 7];
    let wide = |out: &mut Vec<Insn>, src: u8, n: u64| {
        out.push(op(LD | DW | IMM, reg, src, 0, n as i32));
        out.push(op(0, 0, 0, 0, (n >> 32) as i32));
    };
    match rng.below(9) {
        0 => wide(out, 0, rng.next()),
        1 | 2 => wide(out, 0, ODD[rng.below(10) as usize]),
        3 | 4 => {
            out.push(op(ALU64 | MOV | X, reg, 10, 0, 0));
            let by = [-8, -16, -32, -64, -504, -512, -520, 0, 8, -3][rng.below(10) as usize];
            out.push(op(ALU64 | ADD | K, reg, 0, 0, by));
        }
        5 => wide(out, PSEUDO_MAP_FD, 1 + rng.below(14)),
        6 => wide(out, PSEUDO_MAP_FD, 1 + rng.below(14)),
        7 => out.push(op(ALU64 | MOV | X, reg, 6 + rng.below(2) as u8, 0, 0)),
        _ => wide(out, PSEUDO_FUNC, 0),
    }
}

/// A program of a few calls over a stack of odd words, with a function that all references to functions mean.
fn program(rng: &mut Rng, functions: &[i32], helpers: &[i32]) -> Vec<Insn> {
    let mut out = vec![op(ALU64 | MOV | X, 6, 1, 0, 0), op(ALU64 | MOV | K, 7, 0, 0, 0)];
    for slot in 1..=8 {
        argument(rng, 1, &mut out);
        out.push(op(STX | DW | MEM, 10, 1, -8 * slot, 0));
    }
    for _ in 0..4 {
        (1..=5).for_each(|reg| argument(rng, reg, &mut out));
        let call = match rng.below(3) {
            0 => op(JMP | CALL, 0, PSEUDO_KFUNC_CALL, 0, functions[rng.below(functions.len() as u64) as usize]),
            _ => op(JMP | CALL, 0, 0, 0, helpers[rng.below(helpers.len() as u64) as usize]),
        };
        out.extend([call, op(ALU64 | MOV | X, 7, 0, 0, 0)]);
    }
    out.extend([op(ALU64 | MOV | K, 0, 0, 0, 0), op(JMP | EXIT, 0, 0, 0, 0)]);
    let body = out.len() as i32;
    for (at, insn) in out.iter_mut().enumerate().filter(|(_, i)| i.code == LD | DW | IMM && i.src == PSEUDO_FUNC) {
        insn.imm = body - at as i32 - 1;
    }
    out.extend([op(ALU64 | MOV | K, 0, 0, 0, 1), op(JMP | EXIT, 0, 0, 0, 0)]);
    out
}

#[test]
fn no_argument_harms() {
    let kernel = Kernel::v6_18();
    let system = System::stored(kernel).expect("types");
    let id = |name: &str| system.vmlinux.find_by_name_kind(name, BtfKind::Func).and_then(|n| i32::try_from(n).ok());
    let all = abi::all();
    let functions: Vec<i32> = all.iter().filter(|(h, _)| h.id == 0).filter_map(|(h, _)| id(h.name)).collect();
    let helpers: Vec<i32> = all.iter().filter(|(h, _)| h.id != 0).map(|(h, _)| h.id as i32).collect();
    let mut runner = Runner::new().expect("memory");
    let mut ended = [0; 2];
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    let engines: [&dyn Engine; 2] = [&Interp, &crate::jit::Jit];
    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let engines: [&dyn Engine; 1] = [&Interp];
    // More of them on request: each is one program of four calls.
    let programs = std::env::var("BPFVET_HOSTILE").ok().and_then(|n| n.parse().ok()).unwrap_or(4000);
    for seed in 0..programs {
        let mut rng = Rng(seed);
        let mut vm = Vm::new(2);
        vm.set_system(system.clone());
        (vm.limits.insns, vm.limits.time) = (1 << 22, Some(Duration::from_secs(20)));
        vm.create_maps(&maps()).expect("maps");
        let t = [ProgType::Xdp, ProgType::SchedCls, ProgType::CgroupSkb, ProgType::RawTracepoint][seed as usize % 4];
        let request = bare_request(t as u32, program(&mut rng, &functions, &helpers), maps());
        let code = Code::unverified(&request, &vm).expect("code");
        let engine = engines[usize::from(seed % 16 == 0) % engines.len()];
        let input = Input { packet: (0..80).collect(), ..Input::default() };
        let result = runner.run(engine, &vm, &code, &input, 1, Mode::Checked);
        ended[usize::from(result.is_ok())] += 1;
    }
    // Both ends are common, or the calls are not what they should be.
    assert!(ended.iter().all(|n| *n > 100), "{ended:?}");
}

/// Engines take the frame pointer for the top of a frame: no instruction may change it, in whatever way it would.
#[test]
fn the_frame_pointer_is_not_written() {
    let fetch = Insn { code: STX | ATOMIC | DW, dst: 10, src: 10, off: -8, imm: 1 };
    let own = |code, src| Insn { code, dst: 10, src, off: 0, imm: 0 };
    let writes = [fetch, own(ALU64 | MOV | K, 0), own(LDX | MEM | DW, 1), own(ALU | NEG, 0)];
    for insn in writes {
        let exit = Insn { code: JMP | EXIT, dst: 0, src: 0, off: 0, imm: 0 };
        let request = bare_request(ProgType::SocketFilter as u32, vec![insn, exit], vec![]);
        let refused = Code::unverified(&request, &Vm::new(1)).expect_err("it writes r10");
        assert!(refused.to_string().contains("read-only"), "{refused}");
    }
}

/// The second slot of a constant is no instruction: what it would be is not followed.
#[test]
fn half_a_constant_is_refused() {
    let wide = Insn { code: LD | DW | IMM, dst: 1, src: 0, off: 0, imm: 7 };
    let jump = Insn { code: JMP | JEQ | K, dst: 0, src: 0, off: 5, imm: 0 };
    let exit = Insn { code: JMP | EXIT, dst: 0, src: 0, off: 0, imm: 0 };
    let request = bare_request(ProgType::SocketFilter as u32, vec![wide, jump, exit], vec![]);
    let refused = Code::unverified(&request, &Vm::new(1)).expect_err("the second slot jumps");
    assert!(refused.to_string().contains("half a constant"), "{refused}");
}
