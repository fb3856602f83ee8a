//! What was verified against what is run: programs that were accepted, linked to machines whose maps, programs, contexts
//! or releases are other ones. Either linking refuses, or the run does no harm.

use std::time::Duration;

use verifier_core::analysis::Verified;
use verifier_core::kernel::{MapType, ProgType};
use verifier_core::program::MapSpec;
use verifier_runtime::engines::EngineKind;
use verifier_runtime::hook::{Hook, HookError, Input, Mode, Runner};
use verifier_runtime::{Linked, Stop, Vm};

use super::{Ended, in_memory};
use crate::everything::is_harm;
use crate::hooks::Generator;
use crate::mutate::Rng;
use crate::running::accepted;
use crate::spent::Spent;

/// Programs of a piece, and cases of which one is compiled.
const PROGRAMS: usize = 400;
const COMPILED: u64 = 64;
const LATE: Duration = Duration::from_secs(2);

/// A change of a map that its programs were not verified with, and what has to notice it.
fn change(rng: &mut Rng, m: &mut MapSpec) -> &'static str {
    let by = rng.pick(&[1u32, 4, 8, 16, 4096]);
    match rng.below(10) {
        0 => {
            let all: Vec<u32> = (0..40).filter(|t| MapType::from_number(*t).is_some() && *t != m.map_type).collect();
            m.map_type = rng.pick(&all);
            "type"
        }
        1 => {
            m.key_size = m.key_size.wrapping_add(by);
            "key"
        }
        2 => {
            m.value_size = m.value_size.wrapping_add(by);
            "value"
        }
        3 => {
            m.value_size = m.value_size.wrapping_sub(by);
            "value"
        }
        4 => {
            m.max_entries = m.max_entries.wrapping_add(by);
            "entries"
        }
        5 => {
            m.max_entries = m.max_entries.wrapping_sub(by);
            "entries"
        }
        6 => {
            m.map_flags ^= 1 << rng.below(14);
            "flags"
        }
        7 => {
            m.value = Some(vec![by as u8; m.value_size.min(1 << 20) as usize].into());
            "contents"
        }
        8 => {
            (m.btf, m.btf_key_type_id, m.btf_value_type_id) = (None, 0, 0);
            "types"
        }
        _ => {
            if let Some(inner) = &mut m.inner {
                change(rng, inner);
            } else {
                m.map_extra ^= u64::from(by);
            }
            "more"
        }
    }
}

/// Whether a machine's map is another one than the program's, so that nothing may run.
fn differs(a: &MapSpec, b: &MapSpec) -> bool {
    let form = |m: &MapSpec| {
        let sizes = (m.map_type, m.key_size, m.value_size, m.max_entries, m.map_flags, m.map_extra);
        (sizes, m.btf_key_type_id, m.btf_value_type_id, m.btf.is_some(), m.value.clone())
    };
    form(a) != form(b)
        || match (&a.inner, &b.inner) {
            (Some(a), Some(b)) => differs(a, b),
            (a, b) => a.is_some() != b.is_some(),
        }
}

/// A context and a packet of any length.
fn input(rng: &mut Rng, hook: &Hook) -> Input {
    let packet = rng.pick(&[0, 13, 14, 15, 64, 1500, 0xffff, 0x10000]);
    let context = rng.pick(&[0, 1, 8, hook.context, hook.context + 8, 4096, 0xffff, 0x10000]);
    let byte = rng.pick(&[0u8, 1, 0x41, 0xff]);
    Input { packet: vec![byte; packet], context: vec![!byte; context], network_layer: rng.below(3) == 0 }
}

/// Cases from a seed up to another.
///
/// # Errors
/// Harm, or a program that was linked to maps that it was not verified with.
pub fn cases(from: u64, to: u64) -> Result<Ended, String> {
    let mut programs: Vec<Verified> = Vec::new();
    let mut system = None;
    for (n, release) in ["6.12", "6.18"].into_iter().enumerate() {
        let mut made = Generator::new(release)?;
        let mut seed = from;
        while programs.len() < PROGRAMS * (n + 1) / 2 && seed < from + 20 * PROGRAMS as u64 {
            programs.extend(made.program(seed).and_then(|req| accepted(made.system(), &req)));
            seed += 1;
        }
        system = Some(made.system().clone());
    }
    let system = system.ok_or("no system")?;
    let engines = [EngineKind::Interp.engine()?, EngineKind::Jit.engine()?];
    let mut runner = Runner::new().map_err(|e| e.to_string())?;
    let mut ended = Ended::default();
    for seed in from..to {
        ended.cases += 1;
        let mut rng = Rng::new(&[seed, 11]);
        let program = &programs[rng.below(programs.len())];
        let mut specs = program.request().maps.clone();
        let mut what = "nothing";
        if !specs.is_empty() && rng.below(3) != 0 {
            let n = rng.below(specs.len());
            what = change(&mut rng, &mut specs[n]);
        }
        let fail = |why: String| format!("seed {seed}, {}, {what} changed: {why}", program.request().name);
        let mut vm = Vm::new(1 + rng.below(3) as u32);
        vm.set_system(system.clone());
        (vm.limits.insns, vm.limits.time, vm.limits.bytes) = (1 << 16, Some(LATE), 32 << 20);
        if vm.create_maps(&specs).is_err() {
            ended.refused += 1;
            continue;
        }
        let different = specs.iter().zip(&program.request().maps).any(|(a, b)| differs(a, b));
        let linked = match Linked::new(program, &vm) {
            Err(_) => {
                ended.refused += 1;
                continue;
            }
            // A map that no instruction names decides nothing; ours all are named.
            Ok(_) if different => return Err(fail("linked to another map than it was verified with".into())),
            Ok(linked) => linked,
        };
        // Programs of any type are put into arrays, those of this one stay.
        let other = &programs[rng.below(programs.len())];
        let other = vm.create_maps(&other.request().maps).ok().and_then(|()| Linked::new(other, &vm).ok());
        for map in vm.maps().filter(|m| m.map_type() == MapType::ProgArray) {
            for (n, code) in [Some(&linked), other.as_ref()].into_iter().flatten().enumerate() {
                // Programs of another type are refused.
                let _ = map.set_prog(n as u32, code.code().clone());
            }
        }
        let prog_type = ProgType::from_number(program.request().prog_type).unwrap_or(ProgType::Unspec);
        let Some(hook) = Hook::of(prog_type) else { continue };
        let elsewhere = Vm::new(1);
        let place = if rng.below(16) == 0 { &elsewhere } else { &vm };
        let engine = &engines[usize::from(seed % COMPILED == 0)];
        let spent = Spent::begin();
        let result = runner.run(engine.as_ref(), place, &linked, &input(&mut rng, &hook), 1, Mode::Fast);
        if spent.so_far() > 2 * LATE {
            return Err(fail(format!("{} ms", spent.so_far().as_millis())));
        }
        let foreign = std::ptr::eq(place, &raw const elsewhere);
        match result {
            Ok(_) if foreign => return Err(fail("it ran on a machine that it was not linked for".into())),
            Ok(_) => ended.ran += 1,
            Err(HookError::Stop(Stop::Broken)) if foreign => ended.refused += 1,
            Err(e) if is_harm(&e) => return Err(fail(e.to_string())),
            Err(_) => ended.stopped += 1,
        }
    }
    in_memory()?;
    Ok(ended)
}
