//! Programs run by every engine, and against what the analysis said of them.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, LazyLock};

use verifier_core::analysis::{Options, System, Verdict, Verified, verify_with};
use verifier_core::domain::Scalar;
use verifier_core::isa::asm::assemble;
use verifier_core::kernel::{Kernel, MapType, ProgType};
use verifier_core::log::{Context, Event, Interest, Off, Sink};
use verifier_core::program::LoadRequest;
use verifier_core::state::{RegBase, RegState, RegType, VerifierState};
use verifier_runtime::engines::EngineKind;
use verifier_runtime::hook::{Input, Mode, Output, Runner};
use verifier_runtime::vm::Clock;
use verifier_runtime::{Linked, Vm};

use crate::mutate::Rng;

/// Steps of a run that are compared with the analysis.
const STEPS: usize = 20_000;

/// The kernel that generated programs are checked for.
///
/// # Errors
/// When its BTF cannot be read.
pub fn system() -> Result<System, String> {
    let kernel = Kernel::all().into_iter().find(|k| k.name == "6.18").ok_or("no 6.18")?;
    System::stored(kernel).map_err(|e| e.to_string())
}

/// The program, if it is accepted.
pub fn accepted(system: &System, req: &LoadRequest) -> Option<Verified> {
    match verify_with(system, req, &Options::default(), &mut Off, &|| false).verdict {
        Verdict::Accepted(v) => Some(*v),
        _ => None,
    }
}

/// What a run leaves behind: result, packet, values of maps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// r0.
    pub r0: u64,
    /// The packet.
    pub packet: Vec<u8>,
    /// Values of all maps, in order.
    pub values: Vec<Vec<u8>>,
}

/// What tail calls lead to: a program of the context alone.
fn tail() -> Result<&'static Verified, String> {
    static TAIL: LazyLock<Result<Verified, String>> = LazyLock::new(|| {
        let text = "r0 = *(u32 *)(r1 +16)\nr1 = *(u32 *)(r1 +12)\nr0 += r1\nw0 ^= 85\nexit";
        let req = LoadRequest {
            name: "tail".into(),
            prog_type: ProgType::Xdp as u32,
            insns: assemble(text).map_err(|e| e.to_string())?,
            license: "GPL".into(),
            ..LoadRequest::default()
        };
        accepted(&system()?, &req).ok_or_else(|| "what tail calls lead to is not accepted".into())
    });
    TAIL.as_ref().map_err(Clone::clone)
}

/// Runs a program in a machine of its own, over a packet from a seed.
///
/// # Errors
/// When it cannot be run, or ends early.
pub fn run(v: &Verified, engine: EngineKind, mode: Mode, seed: u64) -> Result<(Left, Output), String> {
    let mut vm = Vm::new(1);
    vm.clock = Clock::Fixed(AtomicU64::new(seed ^ 0x1234_5678));
    vm.seed(seed);
    vm.create_maps(&v.request().maps).map_err(|e| e.to_string())?;
    for map in vm.maps().filter(|m| m.map_type() == MapType::ProgArray) {
        let tail = Linked::new(tail()?, &vm).map_err(|e| e.to_string())?;
        map.set_prog(1, tail.code().clone()).map_err(|e| format!("error {e}"))?;
    }
    let program = Linked::new(v, &vm).map_err(|e| e.to_string())?;
    let mut rng = Rng::new(&[seed, 1]);
    let len = 40 + rng.below(60);
    let packet = (0..len).map(|_| rng.below(256) as u8).collect();
    let input = Input { packet, ..Input::default() };
    let mut runner = Runner::new().map_err(|e| e.to_string())?;
    let engine = engine.engine()?;
    let out = runner.run(engine.as_ref(), &vm, &program, &input, 1, mode).map_err(|e| e.to_string())?;
    let values = vm.maps().flat_map(|m| m.entries(0, usize::MAX, usize::MAX).entries.into_iter().map(|(_, v)| v));
    let left = Left { r0: out.r0, packet: out.packet.clone().unwrap_or_default(), values: values.collect() };
    Ok((left, out))
}

/// Runs a program in every engine and mode.
///
/// # Errors
/// The first two that do not leave the same behind.
pub fn engines_agree(v: &Verified, seed: u64) -> Result<(), String> {
    let reference = run(v, EngineKind::Interp, Mode::Checked, seed)?.0;
    let others = [(EngineKind::Interp, Mode::Fast), (EngineKind::Jit, Mode::Fast), (EngineKind::Jit, Mode::Checked)];
    for (engine, mode) in others {
        let left = run(v, engine, mode, seed).map_err(|e| format!("{engine:?} {mode:?}: {e}"))?.0;
        if left != reference {
            return Err(format!("{engine:?} {mode:?} leaves {left:?}, the checked interpreter {reference:?}"));
        }
    }
    Ok(())
}

/// What the analysis knew of one register: that it is a number of some set, or nothing that can be compared.
type Known = Option<Scalar>;

/// States that the analysis recorded, by instruction.
struct Recorded(Vec<Vec<[Known; 11]>>);

/// States of one instruction that are kept; a program with more is not compared.
const MAX_STATES: usize = 4096;

impl Recorded {
    fn take(&mut self, idx: usize, state: &VerifierState) {
        if self.0.len() <= idx {
            self.0.resize(idx + 1, Vec::new());
        }
        let Some(frame) = state.frames.last() else { return };
        let is_number = |r: &RegState| r.ty == RegType::of(RegBase::Scalar);
        self.0[idx].push(frame.regs.each_ref().map(|r| is_number(r).then_some(r.scalar)));
    }
}

impl Sink for Recorded {
    fn interest(&self) -> Interest {
        Interest { log_level: 0, structure: true }
    }
    fn event(&mut self, _: &Context<'_>, event: &Event<'_>) {
        if let Event::At { idx, state, .. } = event {
            self.take(*idx, state);
        }
    }
    fn mark(&self) -> u64 {
        0
    }
    fn rewind(&mut self, _: u64) {}
}

/// Runs an accepted program and holds the registers before each instruction against the states that the analysis
/// recorded there without pruning: one of them must allow them all.
///
/// # Errors
/// The first step that no state allows. `Ok(0)`: too many states, or the analysis did not finish.
pub fn within_states(system: &System, v: &Verified, seed: u64) -> Result<usize, String> {
    let mut recorded = Recorded(Vec::new());
    let options = Options { no_prune: true, ..Options::default() };
    let begun = std::time::Instant::now();
    let late = || begun.elapsed().as_secs() > 2;
    let report = verify_with(system, v.request(), &options, &mut recorded, &late);
    if !matches!(report.verdict, Verdict::Accepted(_)) || recorded.0.iter().any(|s| s.len() > MAX_STATES) {
        return Ok(0);
    }
    let (_, out) = run(v, EngineKind::Interp, Mode::Traced(STEPS), seed)?;
    for (n, step) in out.steps.iter().enumerate() {
        let states = recorded.0.get(step.slot as usize).map_or(&[][..], Vec::as_slice);
        let allows = |s: &[Known; 11]| s.iter().zip(step.regs).all(|(k, v)| k.as_ref().is_none_or(|k| k.contains(v)));
        if !states.iter().any(allows) {
            return Err(format!("step {n}, instruction {}: no state allows {:x?}", step.slot, step.regs));
        }
    }
    Ok(out.steps.len())
}

/// Tries seeds until so many programs are accepted and checked: how many seeds it took, and steps compared.
///
/// # Errors
/// The first program that fails, with its seed.
pub fn campaign(first: u64, wanted: u64, states_every: u64) -> Result<(u64, usize), String> {
    let system = Arc::new(system()?);
    let (mut seed, mut done, mut steps) = (first, 0, 0);
    while done < wanted {
        let req = crate::generate::program(seed);
        if let Some(v) = accepted(&system, &req) {
            done += 1;
            engines_agree(&v, seed).map_err(|e| format!("seed {seed}: {e}"))?;
            if done % states_every == 0 {
                steps += within_states(&system, &v, seed).map_err(|e| format!("seed {seed}: {e}"))?;
            }
        }
        seed += 1;
        if done == 0 && seed - first > 1000 {
            return Err("of a thousand programs none is accepted".into());
        }
    }
    Ok((seed - first, steps))
}
