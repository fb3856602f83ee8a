//! Interpreter and compiler agree on every program of the corpus that is accepted, both in checked mode.

use bpfvet_tests::corpus::cases;
use verifier_core::analysis::{Options, System, Verdict, verify};
use verifier_core::kernel::Kernel;
use verifier_runtime::interp::Interp;
use verifier_runtime::jit::Jit;
use verifier_runtime::memory::RegionKind;
use verifier_runtime::replay::{Scenario, Value};
use verifier_runtime::{Engine, Linked, Vm};

/// A context of any type: numbers, with a packet where XDP and packet programs have theirs.
fn scenario() -> Scenario {
    let mut s = Scenario::default();
    let packet = s.add(RegionKind::Packet, (0..64).collect(), true);
    let context = s.add(RegionKind::Context, vec![1; 512], true);
    let at = |off| Value::Pointer { region: packet, off };
    // `xdp_md.data`, `data_end`; `__sk_buff.data`, `data_end`.
    s.regions[context].pointers = vec![(0, 4, at(0)), (4, 4, at(64)), (76, 4, at(0)), (80, 4, at(64))];
    s.args.push(Value::Pointer { region: context, off: 0 });
    s
}

#[test]
fn engines_agree_on_the_corpus() {
    let system = System::stored(Kernel::v6_18()).expect("BTF");
    let (mut ran, mut wrong) = (0, Vec::new());
    for case in cases().expect("the cases can be read") {
        let Ok(request) = case.request(&system) else {
            continue;
        };
        let Verdict::Accepted(verified) = verify(&system, &request, &Options::default()).verdict else {
            continue;
        };
        // Each engine runs with maps of its own: what one writes must not be what the other reads.
        let play = |engine: &dyn Engine| {
            let mut vm = Vm::new(1);
            vm.limits.insns = 1 << 24;
            vm.set_system(system.clone());
            // What the runtime does not model cannot be run by either.
            vm.create_maps(&request.maps).ok()?;
            let program = Linked::new(&verified, &vm).ok()?;
            vm.seed(1);
            let played = scenario().run(engine, &vm, program.code()).expect("memory");
            Some((played.result, played.regions))
        };
        let (Some(a), Some(b)) = (play(&Interp), play(&Jit)) else {
            continue;
        };
        ran += 1;
        if a != b {
            wrong.push(format!("{}: {:?}\n  and {:?}", case.name, a.0, b.0));
        }
    }
    assert!(ran > 20, "{ran} programs ran");
    assert!(wrong.is_empty(), "{} of {ran}:\n{}", wrong.len(), wrong.join("\n"));
}
