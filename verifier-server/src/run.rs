//! `bpfvet run`: check a program, and run it over packets or a context.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use verifier_core::analysis::{Options, Report, System, Verdict, Verified, verify_with};
use verifier_core::explain::Sources;
use verifier_core::kernel::ProgType;
use verifier_core::log::Off;
use verifier_core::program::{Initial, InitialValue, LoadRequest, MapSpec, Object};
use verifier_runtime::abi::{self, Model};
use verifier_runtime::engines::{EngineKind, tiered};
use verifier_runtime::hook::{Hook, HookError, Input, Mode, Runner};
use verifier_runtime::{Engine, Linked, Vm};

use crate::args::{RunArgs, RunFormat};
use crate::ask::{self, Question};
use crate::pcap::{self, Capture, Captured};
use crate::results::{self, Tally};
use crate::row::Row;
use crate::{clean, hex, input, render, target};

/// Packets that could not be run of which each is named.
const MOST_NAMED: usize = 10;
/// CPUs of the machine: one, so that what per-CPU maps hold is what the program counted.
const CPUS: u32 = 1;

/// Runs the command; the exit code.
///
/// # Errors
/// In words for the user.
pub fn run(args: &RunArgs, out: &mut dyn Write) -> Result<u8, String> {
    if args.list_helpers {
        return list_helpers(out).map(|()| 0);
    }
    let object = args.object.as_deref().ok_or("no object file given")?;
    let systems = target::systems(&args.target)?;
    if systems.len() > 1 && args.pcap_out.is_some() {
        return Err("--pcap-out is for one kernel: each would write over what the one before wrote".into());
    }
    let deadline = Instant::now().checked_add(Duration::from_secs(args.timeout)).ok_or("--timeout is too large")?;
    let mut code = 0;
    for system in &systems {
        code = code.max(run_on(args, object, system, deadline, out)?);
    }
    Ok(code)
}

/// A program as the object names it, and what a kernel is asked to load.
struct Named {
    name: String,
    section: String,
    request: LoadRequest,
}

/// Runs the command for one kernel.
fn run_on(
    args: &RunArgs,
    object: &Path,
    system: &System,
    deadline: Instant,
    out: &mut dyn Write,
) -> Result<u8, String> {
    if let Some(file) = &args.witness {
        return on_witness(args, object, file, system, out);
    }
    let program = if args.classic { classic(object)? } else { named(args, object, system)? };
    let name = &program.name;
    let report = judge(system, &program.request, deadline);
    let verified = match report.verdict {
        Verdict::Accepted(v) => v,
        Verdict::Rejected(_) => {
            let shown = clean::line(name);
            eprintln!("bpfvet: {shown}: not run, Linux {} rejects it", system.kernel.name);
            eprint!("{}", explained(object, system, &program, report, deadline));
            return Ok(1);
        }
        Verdict::Unsupported(what) => {
            let (name, what) = (clean::line(name), clean::line(&what));
            eprintln!("bpfvet: {name}: not run, because bpfvet does not model {what}");
            return Ok(3);
        }
        Verdict::Budget(_) if Instant::now() >= deadline => return Err(format!("{name}: {}", timed_out(args))),
        Verdict::Budget(what) => return Err(format!("{name}: {what}")),
    };
    if Instant::now() >= deadline {
        return Err(format!("{name}: {}", timed_out(args)));
    }
    let prog_type = ProgType::from_number(program.request.prog_type).unwrap_or(ProgType::Unspec);
    let hook = Hook::of(prog_type).ok_or_else(|| format!("programs of type {} are not run", prog_type.name()))?;
    let (vm, linked) = machine(args, object, system, &verified, deadline)?;
    let engine = match args.engine {
        Some(name) => EngineKind::from(name).engine()?,
        None => tiered([linked.code().clone()]),
    };
    let tally = all_runs(args, engine.as_ref(), &vm, &linked, &hook)?;
    match args.format {
        RunFormat::Text => results::print_text(args, name, system, &vm, &tally, out),
        RunFormat::Json => {
            let value = results::as_json(engine.name(), name, system, &vm, &tally);
            writeln!(out, "{}", clean::json(&value.to_string())).map_err(|e| e.to_string())
        }
    }?;
    Ok(0)
}

/// The verdict on a program, as long as there is time.
fn judge(system: &System, request: &LoadRequest, deadline: Instant) -> Report {
    verify_with(system, request, &Options::default(), &mut Off, &|| Instant::now() >= deadline)
}

/// A rejection as `check` prints it.
fn explained(object: &Path, system: &System, program: &Named, report: Report, deadline: Instant) -> String {
    let (object, late) = (object.display().to_string(), || Instant::now() >= deadline);
    let Named { name, section, request } = program;
    let mut row = Row::verified(&object, name, section, system, request, report, false);
    row.trace = ask::trace(system, request, &Options::default(), &Sources::default(), &late);
    render::plain(&[row], false).unwrap_or_default()
}

/// What is said when there is no time left.
fn timed_out(args: &RunArgs) -> String {
    format!("not finished after {} s; --timeout gives more", args.timeout)
}

#[cfg(feature = "solver")]
fn on_witness(args: &RunArgs, object: &Path, file: &Path, system: &System, out: &mut dyn Write) -> Result<u8, String> {
    let text = input::read(file)?;
    // A witness says which program it is of.
    let saved_for = args.prog.clone().or_else(|| crate::witness::program_of(&text));
    let request = match args.classic {
        true => classic(object)?.request,
        false => named(&RunArgs { prog: saved_for, ..args.clone() }, object, system)?.request,
    };
    crate::witness::run(&text, system, &request, &Options::default(), args.format, out)
        .map_err(|e| format!("{}: {e}", file.display()))
}

#[cfg(not(feature = "solver"))]
fn on_witness(_: &RunArgs, _: &Path, _: &Path, _: &System, _: &mut dyn Write) -> Result<u8, String> {
    crate::solve::available().map(|()| 0)
}

/// The object, as every other command opens it.
fn opened(object: &Path, system: &System) -> Result<Object, String> {
    let bytes = input::read(object)?;
    let file = object.display().to_string();
    Question::default().open(&file, &bytes, system).map_err(|e| format!("{file}: {e}"))
}

/// Puts into maps what the object says that they hold, as loaders do before anything runs. Programs that are put there
/// bring maps of their own, which are filled as well.
fn fill(vm: &mut Vm, object: &Object, system: &System, deadline: Instant) -> Result<(), String> {
    let mut left: Vec<&Initial> = object.initial.iter().collect();
    loop {
        let (ready, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|slot| vm.map(slot.fd).is_some());
        if ready.is_empty() {
            return Ok(());
        }
        ready.into_iter().try_for_each(|slot| fill_slot(vm, object, slot, system, deadline))?;
        left = later;
    }
}

fn fill_slot(vm: &mut Vm, object: &Object, slot: &Initial, system: &System, deadline: Instant) -> Result<(), String> {
    let Some(map) = vm.map(slot.fd).cloned() else { return Ok(()) };
    let what = format!("map {}: slot {}", map.name(), slot.index);
    let failed = |e: i32| format!("{what} cannot be filled: error {e}");
    match &slot.value {
        InitialValue::Map(fd) => {
            let inner: Vec<MapSpec> = object.maps.iter().filter(|m| m.fd == *fd).cloned().collect();
            vm.create_maps(&inner).map_err(|e| e.to_string())?;
            let inner = vm.map(*fd).cloned().ok_or_else(|| format!("{what}: there is no such map"))?;
            map.set_map(&slot.index.to_ne_bytes(), inner, 0).map_err(failed)
        }
        InitialValue::Program(name) => {
            let what = format!("{what}: {name}");
            let program = object.programs.iter().find(|p| p.name == *name);
            let request = program.ok_or_else(|| format!("{what}: there is no such program"))?.result.clone();
            let request = request.map_err(|why| format!("{what}: {why}"))?;
            let Verdict::Accepted(other) = judge(system, &request, deadline).verdict else {
                return Err(format!("{what}: not accepted; `bpfvet check` explains"));
            };
            vm.create_maps(&other.request().maps).map_err(|e| e.to_string())?;
            let other = Linked::new(&other, vm).map_err(|e| format!("{what}: {e}"))?;
            map.set_prog(slot.index, other.code().clone()).map_err(failed)
        }
    }
}

/// A classic program.
fn classic(object: &Path) -> Result<Named, String> {
    let request = crate::classic::request(object)?;
    Ok(Named { name: request.name.clone(), section: String::new(), request })
}

/// The program that the command line names.
fn named(args: &RunArgs, object: &Path, system: &System) -> Result<Named, String> {
    let file = object.display().to_string();
    let opened = opened(object, system)?;
    let names = opened.programs.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut programs = opened.programs.into_iter();
    let (wanted, count) = (args.prog.as_deref(), programs.len());
    let program = match wanted {
        _ if count == 0 => return Err(format!("{file}: there is no program in it")),
        None if count > 1 => return Err(format!("{file}: name one program with --prog: {names}")),
        wanted => programs.find(|p| wanted.is_none_or(|w| p.name == w)).ok_or_else(|| {
            format!("{file}: no program is called `{}`; there are {names}", wanted.unwrap_or_default())
        })?,
    };
    let request = program.result.map_err(|why| format!("{file}: {}: {why}", program.name))?;
    Ok(Named { name: program.name, section: program.section, request })
}

/// The machine with the program's maps, and the program made ready; programs for prog arrays are checked and put there.
fn machine(
    args: &RunArgs,
    object: &Path,
    system: &System,
    v: &Verified,
    deadline: Instant,
) -> Result<(Vm, Linked), String> {
    let mut vm = Vm::new(CPUS);
    vm.set_system(system.clone());
    (vm.limits.time, vm.limits.deadline) = (None, Some(deadline));
    vm.create_maps(&v.request().maps).map_err(|e| e.to_string())?;
    let program = Linked::new(v, &vm).map_err(|e| format!("{}: not run: {e}", v.request().name))?;
    if !args.classic {
        fill(&mut vm, &opened(object, system)?, system, deadline)?;
    }
    for entry in &args.tail_call {
        let parsed = entry.split_once('=').and_then(|(slot, prog)| {
            let (map, index) = slot.split_once(':')?;
            Some((map, index.parse::<u32>().ok()?, prog))
        });
        let (map, index, prog) = parsed.ok_or_else(|| format!("`{entry}` is not of the form MAP:INDEX=PROG"))?;
        let wanted = RunArgs { prog: Some(prog.to_string()), ..args.clone() };
        let other = named(&wanted, object, system)?;
        let report = judge(system, &other.request, deadline);
        let other = match report.verdict {
            Verdict::Accepted(v) => v,
            Verdict::Rejected(_) => {
                let why = explained(object, system, &other, report, deadline);
                return Err(format!("{prog}: not put into a prog array, it is not accepted\n{why}"));
            }
            _ => {
                return Err(format!("{prog}: not put into a prog array, there is no verdict; `bpfvet check` explains"));
            }
        };
        vm.create_maps(&other.request().maps).map_err(|e| e.to_string())?;
        let other = Linked::new(&other, &vm).map_err(|e| format!("{prog}: {e}"))?;
        let map = vm.maps().find(|m| m.name() == map).ok_or_else(|| format!("no map `{map}`"))?.clone();
        map.set_prog(index, other.code().clone()).map_err(|e| format!("{entry}: error {e}"))?;
    }
    Ok((vm, program))
}

fn all_runs(args: &RunArgs, engine: &dyn Engine, vm: &Vm, program: &Linked, hook: &Hook) -> Result<Tally, String> {
    let mut runner = Runner::new().map_err(|e| e.to_string())?;
    let context = args.ctx_in.as_deref().map(bytes).transpose()?.unwrap_or_default();
    let capture = match (&args.pcap, &args.data_in) {
        (Some(file), _) => {
            let name = clean::path(file);
            let read = pcap::read(&input::read(file)?).map_err(|e| format!("{name}: {e}"))?;
            read.notes.iter().for_each(|note| eprintln!("bpfvet: {name}: {note}"));
            read.capture
        }
        (None, Some(data)) => {
            Capture { link: pcap::ETHERNET, packets: vec![Captured { time: 0, bytes: bytes(data)? }] }
        }
        (None, None) => {
            // The smallest Ethernet frame.
            Capture { link: pcap::ETHERNET, packets: vec![Captured { time: 0, bytes: vec![0; 64] }] }
        }
    };
    let mode = if args.checked { Mode::Checked } else { Mode::Fast };
    let mut tally = Tally::default();
    let mut left_out = 0usize;
    for (n, p) in capture.packets.iter().enumerate() {
        let input = Input { packet: p.bytes.clone(), context: context.clone(), network_layer: args.network_layer };
        let begun = Instant::now();
        let result = runner.run(engine, vm, program, &input, args.repeat, mode);
        tally.elapsed += begun.elapsed();
        let output = match result {
            Ok(output) => output,
            // A capture may hold what a program cannot be given; that costs the packet.
            Err(e @ HookError::Packet { .. }) if args.pcap.is_some() => {
                left_out += 1;
                if left_out <= MOST_NAMED {
                    eprintln!("bpfvet: packet {}: {e}", n + 1);
                }
                if vm.limits.is_over() {
                    return Err(format!("packet {}: not finished in time", n + 1));
                }
                continue;
            }
            Err(e) => return Err(format!("packet {}: {e}", n + 1)),
        };
        let action = hook.action(output.r0);
        tally.runs += u64::from(args.repeat.max(1));
        *tally.actions.entry(action.clone()).or_default() += 1;
        if let Some(r) = &output.redirect {
            *tally.redirects.entry(results::redirect(r)).or_default() += 1;
        }
        tally.collect(vm);
        tally.changed += u64::from(output.packet.as_ref().is_some_and(|b| *b != p.bytes));
        if survives(hook, &action, output.r0) && args.pcap_out.is_some() {
            let kept = output.packet.clone().unwrap_or_default();
            tally.kept.push(Captured { time: p.time, bytes: kept });
        }
        tally.last = Some(output);
    }
    if left_out > MOST_NAMED {
        eprintln!("bpfvet: {} more packets could not be run", left_out - MOST_NAMED);
    }
    if left_out > 0 && tally.runs == 0 {
        return Err("nothing was run: no packet of the capture is one that a program can be given".into());
    }
    if let Some(file) = &args.pcap_out {
        let written = pcap::write(&Capture { link: pcap::ETHERNET, packets: std::mem::take(&mut tally.kept) });
        std::fs::write(file, written).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(tally)
}

/// Whether a packet goes on after the program: it is then part of `--pcap-out`.
fn survives(hook: &Hook, action: &str, r0: u64) -> bool {
    let dropped = ["XDP_ABORTED", "XDP_DROP", "TC_ACT_SHOT", "TC_ACT_STOLEN", "TC_ACT_QUEUED", "drop", "BPF_DROP"];
    hook.packet.is_some() && !dropped.contains(&action) && (hook.has_actions() || r0 as u32 != 0)
}

/// Bytes of a file, or written as hexadecimal.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    if Path::new(text).is_file() || text == "-" {
        return input::read(Path::new(text));
    }
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b':').collect();
    hex::decode(&digits).ok_or_else(|| format!("`{text}` is neither a file nor hexadecimal"))
}

fn list_helpers(out: &mut dyn Write) -> Result<(), String> {
    for (helper, model) in abi::all() {
        let words = match model {
            Model::Modelled => "modelled",
            Model::Error => "returns -EOPNOTSUPP",
            Model::Null => "returns null",
            Model::Ends => "ends the run",
        };
        let id = if helper.id == 0 { "kfunc".to_string() } else { helper.id.to_string() };
        writeln!(out, "{id:>5}  {:<36} {words}", helper.name).map_err(|e| e.to_string())?;
    }
    Ok(())
}
