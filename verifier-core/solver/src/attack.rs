//! Attacks on programs: runs in the checked interpreter over random and boundary inputs.
//!
//! An access that was proven safe is attacked before it is called so: the proof speaks of a model of the machine, the
//! interpreter *is* one. A hit means that the model is wrong, and the proof worth nothing. Inputs are made from the
//! numbers that the program names and those beside them, from powers of two, and at random; the same ones every time.

use std::collections::BTreeSet;

use super::run::Program;
use verifier_core::isa::opcode::{LD, LDX, ST, STX};
use verifier_core::kernel::map_types::flags;
use verifier_core::kernel::{MapType, ProgType};
use verifier_core::program::LoadRequest;
use verifier_runtime::hook::{Hook, HookError, Input, Mode, Runner};
use verifier_runtime::interp::Interp;
use verifier_runtime::vm::{Clock, Steps};
use verifier_runtime::{Code, Fault, Stop, Vm};

/// Instructions of one run.
const MAX_INSNS: u64 = 400_000;
/// Entries of a map that are set before a run.
const MAX_ENTRIES: u32 = 8;
/// Bytes of a map's value that are set.
const MAX_VALUE: usize = 1 << 16;
/// Addresses below are no memory of anybody: what lies there was a null pointer.
const NULL_PAGE: u64 = 4096;

/// What an attack came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Attacked {
    /// Runs made.
    pub runs: u32,
    /// Runs that passed the instruction in question.
    pub passed: u32,
    /// The run that did wrong, and at which instruction.
    pub hit: Option<(u32, usize)>,
}

/// Numbers made from a seed.
struct Numbers {
    state: u64,
    named: Vec<u64>,
}

impl Numbers {
    fn of(program: &Program<'_>, seed: u64) -> Numbers {
        let mut named: BTreeSet<u64> = [0, 1, 2, 0x7f, 0x80, 0xff, u64::MAX, 1 << 31, 1 << 63].into();
        let sizes = program.request.maps.iter().map(|m| i64::from(m.value_size));
        let immediates = program.insns.iter().map(|i| i64::from(i.imm));
        for n in immediates.chain(sizes).take(4096) {
            named.extend([n - 1, n, n + 1].map(|n| n as u64));
        }
        Numbers { state: seed, named: named.into_iter().collect() }
    }

    /// Splitmix: every state gives another number.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.random() % n.max(1)
    }

    /// A number that the program names, one beside it, or any.
    fn number(&mut self) -> u64 {
        match self.below(8) {
            0 => self.random(),
            1 => 1 << self.below(64),
            2 => self.below(256),
            _ => {
                let at = self.below(self.named.len() as u64) as usize;
                self.named.get(at).copied().unwrap_or(0)
            }
        }
    }

    /// Memory: numbers of one width, bytes alike, or zeroes.
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(len + 8);
        let width = [1, 2, 4, 8][self.below(4) as usize];
        let same = self.below(3) == 0;
        let first = self.number();
        let order = self.below(2) == 0;
        if self.below(8) > 0 {
            while out.len() < len {
                let n = if same { first } else { self.number() };
                let bytes = if order { (n as u32).to_be_bytes().to_vec() } else { n.to_le_bytes().to_vec() };
                out.extend(bytes.into_iter().take(width));
            }
        }
        out.resize(len, 0);
        out
    }

    /// A clock that moves by numbers of the program, forwards and by less than 2^40 ns at a time.
    fn clock(&mut self) -> Clock {
        let start = self.random() >> 8;
        Clock::Stepping(Steps::new(start, (0..4).map(|_| self.number() % (1 << 40)).collect()))
    }
}

/// Runs a program `runs` times and looks for violations at an instruction (or anywhere). `None`: it cannot be run here.
pub fn attack(program: &Program<'_>, at: Option<usize>, runs: u32, seed: u64) -> Option<Attacked> {
    let request = program.request;
    let hook = Hook::of(program.prog_type)?;
    let packets = hook.packet.is_some();
    let mut numbers = Numbers::of(program, seed);
    let mut runner = Runner::new().ok()?;
    let mut out = Attacked::default();
    for run in 0..runs {
        let mut vm = Vm::new(1);
        vm.set_system(program.system.clone());
        vm.limits.insns = MAX_INSNS;
        vm.limits.bytes = 64 << 20;
        vm.seed(numbers.random());
        vm.clock = numbers.clock();
        vm.create_maps(&request.maps).ok()?;
        fill_maps(&vm, &mut numbers);
        let code = Code::unverified(request, &vm).ok()?;
        let len = match numbers.below(3) {
            0 => 14 + numbers.below(64),
            1 => 14 + numbers.below(8),
            _ => (14 + numbers.number() % 1500).max(14),
        };
        // A context that holds addresses must not hold any numbers.
        let context = if packets { numbers.bytes(hook.context) } else { Vec::new() };
        let packet = if packets { numbers.bytes(len as usize) } else { Vec::new() };
        let input = Input { packet, context, network_layer: false };
        let mode = Mode::Traced(if at.is_some() { 4096 } else { 0 });
        out.runs += 1;
        match runner.run(&Interp, &vm, &code, &input, 1, mode) {
            Ok(ran) => out.passed += u32::from(ran.steps.iter().any(|s| Some(s.slot as usize) == at)),
            Err(HookError::Stop(Stop::Fault(fault))) => {
                let insn = fault.insn as usize;
                let here = at.is_none_or(|at| at == insn);
                if here && tells(program, &fault, packets) {
                    out.hit = Some((run, insn));
                    return Some(out);
                }
            }
            Err(_) => {}
        }
    }
    Some(out)
}

/// Whether a fault is the program's own: where contexts hold addresses, those that are missing here are not.
fn tells(program: &Program<'_>, fault: &Fault, packets: bool) -> bool {
    let accesses = |i: &verifier_core::isa::Insn| matches!(i.class(), LD | LDX | ST | STX) || i.is_call();
    let insn = program.insns.get(fault.insn as usize).is_some_and(accesses);
    insn && (packets || fault.address >= NULL_PAGE || program.prog_type == ProgType::Syscall)
}

/// Puts numbers into the maps that programs read.
fn fill_maps(vm: &Vm, numbers: &mut Numbers) {
    for map in vm.maps() {
        let spec = map.spec().clone();
        let size = (spec.value_size as usize).next_multiple_of(8);
        let constant = spec.frozen || spec.map_flags & flags::RDONLY_PROG != 0;
        if constant || size > MAX_VALUE || numbers.below(8) == 0 {
            continue;
        }
        let plain = |t| matches!(t, MapType::Array | MapType::PercpuArray | MapType::Hash | MapType::LruHash);
        let plain = plain(map.map_type()) || map.map_type() == MapType::PercpuHash;
        for n in (0..spec.max_entries.min(MAX_ENTRIES)).filter(|_| plain) {
            let mut key = vec![0; spec.key_size as usize];
            let low = if n < 4 { u64::from(n) } else { numbers.number() };
            for (to, from) in key.iter_mut().zip(low.to_le_bytes()) {
                *to = from;
            }
            // A key that an array does not have is refused.
            let value = numbers.bytes(spec.value_size as usize);
            let _ = map.set(&key, &value, 0);
        }
    }
}

/// Of a program that is asked about, without what the analysis knows.
pub fn attack_request(
    system: &verifier_core::analysis::System,
    request: &LoadRequest,
    at: Option<usize>,
    runs: u32,
    seed: u64,
) -> Option<Attacked> {
    let facts = super::facts::Facts::default();
    let prog_type = ProgType::from_number(request.prog_type).unwrap_or(ProgType::Unspec);
    let program = Program { system, request, insns: &request.insns, facts: &facts, prog_type, trusts_offsets: true };
    attack(&program, at, runs, seed)
}
