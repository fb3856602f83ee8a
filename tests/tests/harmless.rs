//! What is accepted runs without harm, one kind of harm after the other: where Linux makes an access safe, the runtime has
//! what is needed, or says before the run that it has not.

use std::sync::Arc;
use std::time::Duration;

use bpfvet_tests::corpus::Case;
use bpfvet_tests::spent::Spent;
use clap::Parser;
use verifier_core::analysis::{Options, System, Verdict, Verified, verify};
use verifier_core::kernel::{Kernel, MapType};
use verifier_runtime::budget::Limits;
use verifier_runtime::engines::EngineKind;
use verifier_runtime::hook::{HookError, Input, Mode, Output, Runner};
use verifier_runtime::program::bare_request;
use verifier_runtime::{Code, Linked, Stop, Unlinked, Vm};
use verifier_server::args::{Cli, Command, RunArgs};

fn system() -> System {
    System::stored(Kernel::v6_18()).expect("BTF")
}

fn accepted(system: &System, text: &str) -> Verified {
    let request = Case::of_text("case", text).request(system).expect(text);
    match verify(system, &request, &Options::default()).verdict {
        Verdict::Accepted(v) => *v,
        Verdict::Rejected(r) => panic!("{text}\n{:?}", r.cause.map(|c| c.text(system.kernel.style))),
        other => panic!("{text}\n{other:?}"),
    }
}

const WAYS: [(EngineKind, Mode); 4] = [
    (EngineKind::Interp, Mode::Fast),
    (EngineKind::Jit, Mode::Fast),
    (EngineKind::Interp, Mode::Checked),
    (EngineKind::Jit, Mode::Checked),
];

/// Runs a program in every way, each time in a machine of its own. Every prog array has `tail` in its first slot, or the
/// program itself.
fn play(text: &str, tail: Option<&str>, input: &Input) -> Vec<Result<Output, HookError>> {
    let system = system();
    let verified = accepted(&system, text);
    let tail = tail.map(|t| accepted(&system, t));
    let run = |(engine, mode): (EngineKind, Mode)| {
        let mut vm = Vm::new(1);
        vm.set_system(system.clone());
        vm.create_maps(&verified.request().maps).expect("maps");
        let linked = Linked::new(&verified, &vm).expect(text);
        let tail = tail.as_ref().map(|t| Linked::new(t, &vm).expect("tail"));
        for map in vm.maps().filter(|m| m.map_type() == MapType::ProgArray) {
            map.set_prog(0, tail.as_ref().unwrap_or(&linked).code().clone()).expect("the program fits");
        }
        let engine = engine.engine().expect("engine");
        Runner::new().expect("memory").run(engine.as_ref(), &vm, &linked, input, 1, mode)
    };
    WAYS.map(run).into()
}

/// Results of a program, the same in every way.
fn result(text: &str, tail: Option<&str>, input: &Input) -> i32 {
    let results: Vec<i32> = play(text, tail, input).into_iter().map(|r| r.expect(text).r0 as u32 as i32).collect();
    assert!(results.iter().all(|r| *r == results[0]), "{text}: {results:?}");
    results[0]
}

fn frame(bytes: usize) -> Input {
    Input { packet: (0..bytes).map(|n| n as u8).collect(), ..Input::default() }
}

#[test]
fn a_tracepoint_reads_zeroes_in_front_of_its_record() {
    for off in [-8, -8192, -32768] {
        let text = format!("; type: tracepoint\nr0 = *(u64 *)(r1 {off})\nr2 = *(u64 *)(r1 +8)\nr0 += r2\nexit\n");
        assert_eq!(result(&text, None, &Input { context: vec![7; 16], ..Input::default() }), 0x0707_0707);
    }
    let text = "; type: tracepoint\nr0 = *(u64 *)(r1 +8184)\nexit\n";
    assert_eq!(result(text, None, &Input::default()), 0);
}

#[test]
fn a_socket_is_behind_a_pointer_that_is_not_null() {
    let text = "; type: cgroup_sock_addr\n; attach: cgroup_inet4_connect\nr1 = *(u64 *)(r1 +64)\nr0 = *(u32 *)(r1 +4)\n\
                r0 >>= 1\nr2 = *(u32 *)(r1 +76)\nr0 += r2\nr0 &= 1\nexit\n";
    // AF_INET is 2; an address of the user's is not followed.
    assert_eq!(result(text, None, &Input::default()), 1);
    let mut context = vec![0x41; 72];
    context[28..32].copy_from_slice(&[10, 0, 0, 0]);
    for out in play(text, None, &Input { context: context.clone(), ..Input::default() }) {
        let out = out.expect(text);
        assert_eq!((out.r0, &out.context[64..72]), (1, &[0; 8][..]));
    }
    // What may be null is.
    let text =
        "; type: sched_cls\nr1 = *(u64 *)(r1 +168)\nr0 = 1\nif r1 == 0 goto out\nr0 = *(u32 *)(r1 +4)\nout:\nexit\n";
    assert_eq!(result(text, None, &Input { context: vec![0x41; 192], ..frame(64) }), 1);
}

#[test]
fn a_writable_tracepoint_has_a_buffer_of_the_runs_own() {
    let text = "; type: raw_tracepoint_writable\nr2 = *(u64 *)(r1 +0)\nr0 = *(u64 *)(r2 +0)\nr3 = 5\n*(u64 *)(r2 +65528) = r3\n\
                r3 = *(u64 *)(r2 +65528)\nr0 += r3\nexit\n";
    // The first read would be past the end with an offset that an instruction cannot have.
    let text = text.replace("+65528", "+32760");
    assert_eq!(result(&text, None, &Input { context: vec![0x41; 96], ..Input::default() }), 5);
    let system = system();
    let far = "; type: raw_tracepoint_writable\nr2 = *(u64 *)(r1 +0)\nr2 += 100000\nr0 = *(u64 *)(r2 +0)\nexit\n";
    let why = Linked::new(&accepted(&system, far), &Vm::new(1)).expect_err("the buffer is not so long");
    assert!(matches!(&why, Unlinked::Context(w) if w.contains("100008 bytes")), "{why}");
}

/// The head of a program with functions, which have types.
fn functions(labels: &[&str]) -> String {
    let head = "; type: sched_cls\n; btf: ../btf/plain.o\n; func: 0 prog\n".to_string();
    labels.iter().fold(head, |text, label| text + &format!("; func: {label} step\n"))
}

/// Eight frames, each of which finds what it kept in its stack afterwards; the lowest goes on in the same program again.
fn deep() -> String {
    let mut text = format!(
        "{}; map: progs prog_array key=4 value=4 max=1\n",
        functions(&["f1", "f2", "f3", "f4", "f5", "f6", "f7"])
    );
    text += "r7 = 1\n";
    for n in 1..8 {
        text += &format!(
            "*(u64 *)(r10 -8) = r7\nr6 = r1\ncall f{n}\nr1 = *(u64 *)(r10 -8)\nr0 += r1\nexit\nf{n}:\nr7 = 1\n"
        );
    }
    text + "r2 = map[progs]\nr3 = 0\ncall bpf_tail_call\nr0 = 0\nexit\n"
}

#[test]
fn thirty_three_tail_calls_from_eight_frames() {
    // 34 programs, seven frames of each with a result.
    assert_eq!(result(&deep(), None, &frame(64)), 34 * 7);
}

const LOOP: &str = "; type: sched_cls\n; map: progs prog_array key=4 value=4 max=1\n; btf: ../btf/plain.o\n; func: 0 prog\n\
    ; func: round step\n; func: other step\n\
    r6 = r1\n*(u64 *)(r10 -8) = r1\nr1 = 3\nr2 = func[round]\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_loop\nr7 = r0\n\
    r1 = r6\ncall other\nr0 += r7\nexit\n\
    round:\nr1 = *(u64 *)(r2 +0)\nr2 = map[progs]\nr3 = 0\ncall bpf_tail_call\nr0 = 0\nexit\n\
    other:\nr0 = 100\nexit\n";

#[test]
fn a_tail_call_in_a_callback_leaves_the_caller_its_program() {
    let system = system();
    let request = Case::of_text("case", LOOP).request(&system).expect("text");
    // Where the kernel does not let callbacks do it, there is nothing to run.
    if let Verdict::Accepted(_) = verify(&system, &request, &Options::default()).verdict {
        let tail = "; type: sched_cls\ncall a\ncall b\nr0 = 0\nexit\na:\nr0 = 1\nexit\nb:\nr0 = 2\nexit\n";
        assert_eq!(result(LOOP, Some(tail), &frame(64)), 103);
    }
}

#[test]
fn an_exception_ends_where_its_program_was_entered() {
    let caller = functions(&["f"])
        + "; map: progs prog_array key=4 value=4 max=1\ncall f\nr0 += 1\nexit\n\
           f:\nr2 = map[progs]\nr3 = 0\ncall bpf_tail_call\nr0 = 50\nexit\n";
    let thrower = functions(&["g"]) + "call g\nr0 = 9\nexit\ng:\nr1 = 7\ncall bpf_throw\nr0 = 0\nexit\n";
    assert_eq!(result(&caller, Some(&thrower), &frame(64)), 8);
    assert_eq!(result(&thrower, None, &frame(64)), 7);
}

#[test]
fn loads_relative_to_headers_stay_in_the_buffer() {
    let load = |off: &str| format!("; type: sched_cls\nr6 = r1\nr0 = *(u8 *)skb[{off}]\nexit\n");
    // The link-layer header, the network header, and neither.
    assert_eq!(result(&load("-2097152"), None, &frame(64)), 0);
    assert_eq!(result(&load("-2097148"), None, &frame(64)), 4);
    assert_eq!(result(&load("-1048576"), None, &frame(64)), 14);
    for outside in ["-1", "-2097153", "-2147483648", "2147483647"] {
        assert_eq!(result(&load(outside), None, &frame(64)), 0, "{outside}");
    }
    // Where the header lies in front of all memory of the packet, the program ends with 0.
    let text = "; type: sched_cls\nr6 = r1\nr2 = 270\nr3 = 0\ncall bpf_skb_change_head\nif r0 != 0 goto out\n\
                r0 = *(u8 *)skb[-2097152]\nr0 += 1\nout:\nr0 &= 255\nexit\n";
    for network_layer in [false, true] {
        play(text, None, &Input { network_layer, ..frame(64) }).into_iter().for_each(|r| drop(r.expect(text)));
    }
}

#[test]
fn a_program_of_another_type_is_not_put_into_a_prog_array() {
    let system = system();
    let caller = accepted(
        &system,
        "; type: sched_cls\n; map: progs prog_array key=4 value=4 max=1\nr2 = map[progs]\nr3 = 0\ncall bpf_tail_call\n\
         r0 = 0\nexit\n",
    );
    let other = accepted(&system, "; type: cgroup_sock_addr\n; attach: cgroup_inet4_connect\nr0 = 1\nexit\n");
    let mut vm = Vm::new(1);
    vm.create_maps(&caller.request().maps).expect("maps");
    let linked = Linked::new(&caller, &vm).expect("linked");
    let other = Linked::new(&other, &vm).expect("linked");
    let map = vm.maps().next().expect("the array").clone();
    assert_eq!(map.set_prog(0, linked.code().clone()), Ok(()));
    assert_eq!(map.set_prog(0, other.code().clone()), Err(22));
}

#[test]
fn what_was_linked_elsewhere_does_not_run() {
    let system = system();
    let text = "; type: xdp\n; map: m array key=4 value=8 max=1\nr1 = map[m]\n*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\n\
                call bpf_map_lookup_elem\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 +0)\nout:\nr0 = 2\nexit\n";
    let verified = accepted(&system, text);
    let make = |change: &dyn Fn(&mut verifier_core::program::MapSpec)| {
        let mut vm = Vm::new(1);
        let mut maps = verified.request().maps.clone();
        maps.iter_mut().for_each(change);
        vm.create_maps(&maps).expect("maps");
        vm
    };
    let (one, two) = (make(&|_| {}), make(&|_| {}));
    let linked = Linked::new(&verified, &one).expect("linked");
    let engine = EngineKind::Interp.engine().expect("engine");
    let mut runner = Runner::new().expect("memory");
    assert!(runner.run(engine.as_ref(), &one, &linked, &frame(64), 1, Mode::Fast).is_ok());
    let stopped = runner.run(engine.as_ref(), &two, &linked, &frame(64), 1, Mode::Fast).expect_err("another machine");
    assert_eq!(stopped, HookError::Stop(Stop::Broken));
    for change in [
        (|m: &mut verifier_core::program::MapSpec| m.value_size = 4) as fn(&mut _),
        |m| m.max_entries = 2,
        |m| m.map_flags = 1 << 7,
        |m| m.map_type = MapType::PercpuArray as u32,
    ] {
        let why = Linked::new(&verified, &make(&change)).expect_err("another map");
        assert!(matches!(&why, Unlinked::Map { map, .. } if map == "m"), "{why}");
    }
    let none = Linked::new(&verified, &Vm::new(1)).expect_err("no map");
    assert!(none.to_string().contains("no such map"), "{none}");
}

/// What `bpfvet run` is asked by a command line.
fn run_args(args: &[&str]) -> RunArgs {
    let Command::Run(args) = Cli::parse_from([&["bpfvet", "run"], args].concat()).command else { panic!("not run") };
    *args
}

/// What `bpfvet run` says of an object of the corpus.
fn run(args: &[&str]) -> Result<u8, String> {
    verifier_server::run::run(&run_args(args), &mut Vec::new())
}

#[test]
fn the_deadline_covers_verification() {
    let object = format!("{}/../corpus/demo/accepted.bpf.o", env!("CARGO_MANIFEST_DIR"));
    // The command line refuses no time at all; here it makes the deadline pass before anything is done.
    let args = RunArgs { timeout: 0, ..run_args(&[&object]) };
    let late = verifier_server::run::run(&args, &mut Vec::new()).expect_err("no time at all");
    assert!(late.contains("not finished after 0 s"), "{late}");
}

#[test]
fn run_says_what_there_is_and_runs_for_every_kernel() {
    let object = |name: &str| format!("{}/../corpus/demo/{name}.bpf.o", env!("CARGO_MANIFEST_DIR"));
    let none = run(&[&object("accepted"), "--prog", "nobody"]).expect_err("no such program");
    assert!(none.contains("no program is called `nobody`; there are count_protocols"), "{none}");
    assert_eq!(run(&[&object("accepted"), "--kernel", "6.12,6.18"]), Ok(0));
    assert_eq!(run(&[&object("accepted"), "--kernel", "all"]), Ok(0));
    let twice = run(&[&object("accepted"), "--kernel", "all", "--pcap", "x", "--pcap-out", "y"]);
    assert!(twice.expect_err("one file for several kernels").contains("one kernel"));
}

#[test]
fn declarations_fill_maps() {
    let object = format!("{}/../corpus/map/initialised.o", env!("CARGO_MANIFEST_DIR"));
    for engine in ["interp", "jit"] {
        let mut out = Vec::new();
        let args = ["--prog", "entry", "--kernel", "6.12,6.18", "--repeat", "3", "--engine", engine];
        let args = run_args(&[&[object.as_str()][..], &args].concat());
        assert_eq!(verifier_server::run::run(&args, &mut out), Ok(0));
        let text = String::from_utf8(out).expect("text");
        // The program in the array returns XDP_DROP and counts; nothing was missing.
        assert_eq!(text.matches("XDP_DROP").count(), 2, "{text}");
        assert!(text.contains("0: 3"), "{text}");
    }
}

#[test]
fn timers_fire_between_runs() {
    // Each run arms the timer again; what fires adds one to the value, which the next run returns.
    let text = "; type: sched_cls\n; btf: special.o\n; func: 0 program\n; func: fired callback\n\
                ; map: m array key=4 value=24 max=1 key_type=int value_type=timed\n\
                *(u32 *)(r10 -4) = 0\nr1 = map[m]\nr2 = r10\nr2 += -4\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\n\
                r6 = r0\nr1 = r6\nr2 = map[m]\nr3 = 1\ncall bpf_timer_init\nr1 = r6\nr2 = func[fired]\n\
                call bpf_timer_set_callback\nr1 = r6\nr2 = 0\nr3 = 0\ncall bpf_timer_start\nr0 = *(u64 *)(r6 +16)\n\
                out:\nexit\nfired:\nr1 = *(u64 *)(r3 +16)\nr1 += 1\n*(u64 *)(r3 +16) = r1\nr0 = 0\nexit\n";
    let system = system();
    let verified = accepted(&system, text);
    for (engine, mode) in WAYS {
        let mut vm = Vm::new(1);
        vm.set_system(system.clone());
        vm.create_maps(&verified.request().maps).expect("maps");
        let linked = Linked::new(&verified, &vm).expect(text);
        let engine = engine.engine().expect("engine");
        let mut runner = Runner::new().expect("memory");
        let out = runner.run(engine.as_ref(), &vm, &linked, &frame(64), 5, mode).expect(text);
        assert_eq!(out.r0, 4, "{mode:?}");
        // A value that is written over has no timer any more; the program makes another.
        vm.maps().for_each(|m| m.set(&[0; 4], &[0; 24], 0).expect("it may be set"));
        let out = runner.run(engine.as_ref(), &vm, &linked, &frame(64), 2, mode).expect(text);
        assert_eq!(out.r0, 1, "{mode:?}");
    }
}

#[test]
fn a_fault_is_of_the_program_that_did_it() {
    // The second is believed by nobody: it runs where a tail call of the first leads to, checked.
    let mut vm = Vm::new(1);
    let system = system();
    let caller = "; type: xdp\n; map: progs prog_array key=4 value=4 max=1\nr2 = map[progs]\nr3 = 0\ncall bpf_tail_call\n\
                  r0 = 2\nexit\n";
    let request = Case::of_text("case", caller).request(&system).expect(caller);
    vm.create_maps(&request.maps).expect("maps");
    let first = Code::unverified(&request, &vm).expect(caller);
    let wrong = verifier_core::isa::asm::assemble("r1 = 16\nr0 = *(u8 *)(r1 +0)\nexit").expect("text");
    let mut wrong = bare_request(request.prog_type, wrong, vec![]);
    wrong.name = "wrong".into();
    let wrong = Arc::new(Code::unverified(&wrong, &vm).expect("code"));
    vm.maps().for_each(|m| m.set_prog(0, wrong.clone()).expect("it fits"));
    for engine in [EngineKind::Interp, EngineKind::Jit] {
        let engine = engine.engine().expect("engine");
        let out = Runner::new().expect("memory").run(engine.as_ref(), &vm, &first, &frame(64), 1, Mode::Checked);
        let Err(HookError::Stop(Stop::Fault(fault))) = out else { panic!("{out:?}") };
        assert_eq!((fault.program.as_str(), fault.insn), ("wrong", 1));
    }
}

#[test]
fn data_lies_between_the_pointers_of_a_context() {
    let bytes = Input { packet: vec![3, 4, 5, 6], ..Input::default() };
    let option = "; type: cgroup_sockopt\n; attach: cgroup_setsockopt\nr2 = *(u64 *)(r1 +8)\nr3 = *(u64 *)(r1 +16)\nr0 = 1\n\
                  r4 = r2\nr4 += 4\nif r4 > r3 goto out\nr0 = *(u8 *)(r2 +3)\nr0 &= 1\nout:\nexit\n";
    assert_eq!(result(option, None, &bytes), 0);
    assert_eq!(result(option, None, &Input::default()), 1);
    let message = option.replace("cgroup_sockopt\n; attach: cgroup_setsockopt", "sk_msg").replace("r1 +16", "r1 +8");
    assert_eq!(result(&message.replacen("r1 +8", "r1 +0", 1), None, &bytes), 0);
    let keys =
        "; type: flow_dissector\nr2 = *(u64 *)(r1 +144)\n*(u16 *)(r2 +0) = 20\nr0 = *(u16 *)(r2 +0)\nr0 -= 20\nexit\n";
    assert_eq!(result(keys, None, &frame(64)), 0);
    let lookup = "; type: sk_lookup\n; attach: sk_lookup\nr2 = *(u64 *)(r1 +0)\nr0 = 1\nif r2 == 0 goto out\nr0 = 0\nout:\nexit\n";
    assert_eq!(result(lookup, None, &Input::default()), 1);
}

#[test]
fn a_program_that_does_not_end_stops() {
    let text = "; type: sched_cls\n; btf: ../btf/plain.o\n; func: 0 prog\n; func: round step\n; func: inner step\n\
                r1 = 8388608\nr2 = func[round]\nr3 = 0\nr4 = 0\ncall bpf_loop\nr0 = 0\nexit\n\
                round:\n*(u64 *)(r10 -8) = r1\nr1 = 8388608\nr2 = func[inner]\nr3 = 0\nr4 = 0\ncall bpf_loop\nr0 = 0\nexit\n\
                inner:\nr0 = 0\nexit\n";
    let system = system();
    let verified = accepted(&system, text);
    for engine in [EngineKind::Interp, EngineKind::Jit] {
        let mut vm = Vm::new(1);
        vm.limits.insns = 1 << 22;
        let linked = Linked::new(&verified, &vm).expect("linked");
        let engine = engine.engine().expect("engine");
        let stopped = Runner::new().expect("memory").run(engine.as_ref(), &vm, &linked, &frame(64), 1, Mode::Fast);
        assert_eq!(stopped.expect_err("no end"), HookError::Stop(Stop::Fuel));
        vm.limits.deadline = Some(std::time::Instant::now());
        let linked = Arc::new(Linked::new(&verified, &vm).expect("linked"));
        let stopped = Runner::new().expect("memory").run(engine.as_ref(), &vm, &*linked, &frame(64), 1, Mode::Fast);
        assert_eq!(stopped.expect_err("no time"), HookError::Stop(Stop::Deadline));
    }
}

/// Runs a program without checks in both engines under limits of its own: why it ended early, or its result. Nothing
/// computes much longer than a second.
fn limited(text: &str, limits: Limits) -> Vec<Result<i32, HookError>> {
    let system = system();
    let verified = accepted(&system, text);
    let run = |engine: EngineKind| {
        let mut vm = Vm::new(1);
        vm.set_system(system.clone());
        vm.limits = limits;
        vm.create_maps(&verified.request().maps).expect("maps");
        let linked = Linked::new(&verified, &vm).expect(text);
        let engine = engine.engine().expect("engine");
        let spent = Spent::begin();
        let out = Runner::new().expect("memory").run(engine.as_ref(), &vm, &linked, &frame(64), 1, Mode::Fast);
        assert!(spent.so_far() < Duration::from_secs(10), "{text}: {:?}", spent.so_far());
        assert!(vm.memory.used() <= limits.bytes, "{text}: {} bytes", vm.memory.used());
        out.map(|o| o.r0 as u32 as i32)
    };
    [EngineKind::Interp, EngineKind::Jit].map(run).into()
}

/// For programs that end by themselves, on however busy a machine.
const PLENTY: Limits = Limits { time: Some(Duration::from_secs(600)), ..SOON };
const SOON: Limits = Limits { insns: 1 << 40, time: Some(Duration::from_millis(300)), deadline: None, bytes: 64 << 20 };

/// A program that calls `round` back 2^23 times, with the context as its second argument.
fn rounds(maps: &str, round: &str) -> String {
    format!(
        "{}{maps}*(u64 *)(r10 -8) = r1\nr1 = 8388608\nr2 = func[round]\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_loop\n\
         r0 = 0\nexit\nround:\nr6 = *(u64 *)(r2 +0)\n{round}r0 = 0\nexit\n",
        functions(&["round"])
    )
}

const VALUE: &str =
    "r1 = map[m]\n*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\n";

#[test]
fn the_time_of_helpers_counts() {
    let map = "; map: m array key=4 value=1048576 max=1\n";
    let bodies = [
        ("", "*(u64 *)(r10 -8) = 0\nr1 = 0\nr2 = 0\nr3 = r10\nr3 += -8\nr4 = 8\nr5 = 0\ncall bpf_csum_diff\n"),
        (map, "r3 = r0\nr3 += 524288\nr1 = r0\nr2 = 524288\ncall bpf_probe_read_kernel\nout:\n"),
        (
            map,
            "r3 = r0\nr3 += 524288\n*(u8 *)(r3 +0) = 1\nr1 = r0\nr2 = 524288\ncall bpf_probe_read_kernel_str\nout:\n",
        ),
        (map, "r3 = r0\nr1 = r6\nr2 = 0\nr4 = 1048576\ncall bpf_skb_load_bytes\nout:\n"),
        ("", "r1 = r6\nr2 = 64\nr3 = 0\ncall bpf_skb_change_tail\n"),
    ];
    for (map, body) in bodies {
        let text = rounds(map, &if map.is_empty() { body.to_string() } else { format!("{VALUE}{body}") });
        for out in limited(&text, SOON) {
            assert!(matches!(out, Err(HookError::Stop(Stop::Deadline))) || out == Ok(0), "{text}: {out:?}");
        }
    }
}

#[test]
fn no_number_becomes_a_pointer() {
    let text = "; type: sched_cls\n; btf: special.o\n; map: m array key=4 value=24 max=1 key_type=int value_type=pointed\n\
                *(u64 *)(r10 -24) = 4096\n*(u64 *)(r10 -16) = 4096\n*(u64 *)(r10 -8) = 7\n*(u32 *)(r10 -32) = 0\n\
                r1 = map[m]\nr2 = r10\nr2 += -32\nr3 = r10\nr3 += -24\nr4 = 0\ncall bpf_map_update_elem\n\
                r1 = map[m]\nr2 = r10\nr2 += -32\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\n\
                r1 = *(u64 *)(r0 +0)\nr0 = *(u64 *)(r0 +16)\nif r1 == 0 goto out\nr0 = *(u32 *)(r1 +0)\nout:\nexit\n";
    assert_eq!(result(text, None, &frame(64)), 7);
}

#[test]
fn what_nobody_verified_is_reported() {
    // A dynptr that was made up, a sample that is none, and sizes of 4 GiB.
    let huge = |call: &str| format!("r1 = r10\nr2 = -1\nr3 = r10\nr4 = -1\nr5 = -1\ncall {call}\nexit");
    let mut texts = vec![
        "r3 = 0x41414141 ll\n*(u64 *)(r10 -16) = r3\n*(u64 *)(r10 -8) = 10\nr1 = r10\nr1 += -16\nr2 = 0\ncall 199\nexit".into(),
        "r2 = 0\ncall 132\nexit".to_string(),
    ];
    texts.extend(["16", "4", "112", "113", "115", "28", "105"].map(huge));
    for text in texts {
        for engine in [EngineKind::Interp, EngineKind::Jit] {
            let vm = Vm::new(1);
            let insns = verifier_core::isa::asm::assemble(&text).expect(&text);
            let code = Code::unverified(&bare_request(3, insns, vec![]), &vm).expect(&text);
            let engine = engine.engine().expect("engine");
            let out = Runner::new().expect("memory").run(engine.as_ref(), &vm, &code, &frame(64), 1, Mode::Checked);
            assert!(matches!(out, Err(HookError::Stop(Stop::Fault(_)))), "{text}: {out:?}");
        }
    }
}

#[test]
fn memory_of_the_host_is_not_used_up() {
    let each = |r0: u32| {
        format!(
            "{}; map: m array key=4 value=4 max=268435456\nr1 = map[m]\nr2 = func[round]\nr3 = 0\nr4 = 0\n\
             call bpf_for_each_map_elem\nexit\nround:\nr0 = {r0}\nexit\n",
            functions(&["round"])
        )
    };
    assert_eq!(limited(&each(1), PLENTY), [Ok(1), Ok(1)]);
    let ended = |out: &Result<i32, HookError>| matches!(out, Err(HookError::Stop(Stop::Deadline | Stop::Memory)));
    assert!(limited(&each(0), SOON).iter().all(ended));
    let events = "; map: e perf_event_array key=4 value=4 max=1\n; map: m array key=4 value=1048576 max=1\n";
    let send = format!(
        "{VALUE}r1 = r6\nr2 = map[e]\nr3 = 0xffffffff ll\nr4 = r0\nr5 = 1048576\ncall bpf_perf_event_output\nout:\n"
    );
    assert!(limited(&rounds(events, &send), SOON).iter().all(ended));
    let clone = "r1 = r6\nr2 = 1\nr3 = 0\ncall bpf_clone_redirect\n";
    assert!(limited(&rounds("", clone), SOON).iter().all(ended));
    let print = "*(u64 *)(r10 -8) = 97\nr1 = r10\nr1 += -8\nr2 = 8\ncall bpf_trace_printk\n";
    assert!(limited(&rounds("", print), SOON).iter().all(ended));
}

#[test]
fn maps_of_gigabytes_are_reserved_only() {
    let lookup = |map: &str| format!("; type: xdp\n; map: m {map}\n{VALUE}r0 = 1\nout:\nexit\n");
    for (map, found) in [
        ("array key=4 value=8 max=2147483647", 1),
        ("array key=4 value=8 max=20000000", 1),
        ("hash key=4 value=8 max=100000000", 0),
        ("percpu_hash key=4 value=8 max=10000000", 0),
    ] {
        assert_eq!(limited(&lookup(map), PLENTY), [Ok(found), Ok(found)], "{map}");
    }
    for map in ["queue value=8 max=1000000000", "stack value=8 max=1000000000", "bloom_filter value=8 max=1000000000"] {
        let text = format!(
            "; type: xdp\n; map: m {map}\n*(u64 *)(r10 -8) = 1\nr1 = map[m]\nr2 = r10\nr2 += -8\nr3 = 0\n\
             call bpf_map_push_elem\nexit\n"
        );
        assert_eq!(limited(&text, PLENTY), [Ok(0), Ok(0)], "{map}");
    }
    let sample = "; type: xdp\n; map: m ringbuf max=1073741824\nr1 = map[m]\nr2 = 1073741568\nr3 = 0\n\
                  call bpf_ringbuf_reserve\nif r0 == 0 goto out\nr1 = r0\nr2 = 0\ncall bpf_ringbuf_discard\nout:\nr0 = 2\nexit\n";
    for out in limited(sample, PLENTY) {
        assert_eq!(out, Err(HookError::Stop(Stop::Memory)));
    }
}
