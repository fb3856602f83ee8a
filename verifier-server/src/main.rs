//! The `bpfvet` command line: parse, ask, print.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use verifier_server::args::{Cli, Colour, Command};
use verifier_server::{
    check, clean, compare, conformance, contract, cost, explain, has, kernels, lsp, manual, mcp, minimum, probe,
    render, report, service, tell, tools,
};

/// Counts what the service has, for its limits.
#[global_allocator]
static ALLOCATOR: service::alloc::Counting = service::alloc::Counting;

/// Stack of the working thread: type comparison recurses, to a bounded depth.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|e| refuse(&e));
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || run(&cli));
    let result = match worker.map(|w| w.join()) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err("internal error; please report the input".into()),
        Err(e) => Err(e.to_string()),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            eprintln!("bpfvet: {}", clean::lines(&e));
            ExitCode::from(2)
        }
    }
}

/// Says what is wrong with the arguments, or the help that was asked for, and ends. Arguments are quoted there: file names
/// that a shell put in may hold anything.
fn refuse(e: &clap::Error) -> ! {
    let text = e.render().to_string();
    let clean = clean::lines(&text);
    if clean == text {
        e.exit();
    }
    eprint!("{clean}");
    std::process::exit(e.exit_code());
}

fn run(cli: &Cli) -> Result<u8, String> {
    tell::set(cli.quiet, cli.verbose);
    // They own standard output: it is not held here, where a thread of theirs would wait for it.
    match &cli.command {
        Command::Lsp(args) => return lsp::run(args),
        Command::Mcp => return mcp::run(),
        _ => {}
    }
    let stdout = io::stdout();
    let colours = match cli.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
            cli.output.is_none() && stdout.is_terminal() && !plain
        }
    };
    let mut file = Vec::new();
    let mut lock;
    let out: &mut dyn Write = match &cli.output {
        // A file gets all of it or nothing: an error leaves what was there.
        Some(_) => &mut file,
        None => {
            lock = BufWriter::new(stdout.lock());
            &mut lock
        }
    };
    let code = match &cli.command {
        Command::Check(args) if args.minimum => minimum::run(args, out)?,
        Command::Check(args) if args.compare_running.is_some() => compare::run(args, out)?,
        Command::Check(args) => {
            let streams = render::streams(args);
            let mut printed = Ok(());
            let rows = check::run(args, &mut |row| {
                if streams && printed.is_ok() {
                    printed = render::one(args, row, colours, out);
                }
            })?;
            quiet(printed)?;
            if streams {
                quiet(render::end(args, &rows, colours, out))?;
            } else {
                quiet(render::print(args, &rows, colours, out))?;
            }
            check::exit_code(args, &rows)
        }
        Command::Run(args) => verifier_server::run::run(args, out)?,
        Command::Conformance(args) => conformance::run(args, out)?,
        Command::Serve(args) => {
            service::run(args)?;
            0
        }
        Command::Explain(args) => {
            let mut text = Vec::new();
            let code = explain::run(args, colours, &mut text)?;
            quiet(out.write_all(&text))?;
            code
        }
        Command::Cost(args) => text(out, |text| cost::run(args, text))?,
        Command::Disasm(args) => text(out, |text| tools::disasm(args, text))?,
        Command::Cfg(args) => text(out, |text| tools::cfg(args, text))?,
        Command::Has(args) => text(out, |text| has::run(args, text))?,
        Command::Probe(args) => text(out, |text| probe::run(args, text))?,
        Command::Kernels(args) => text(out, |text| kernels::run(args, text))?,
        Command::Report(args) => text(out, |text| report::run(args, text))?,
        Command::Lsp(_) | Command::Mcp => 0,
        Command::Init(args) => text(out, |text| contract::init::run(args, text))?,
        Command::Schema(args) => text(out, |text| manual::schema(args.of, text))?,
        Command::Completions { shell } => text(out, |text| manual::completions(*shell, text))?,
        Command::Man { dir } => text(out, |text| manual::man(dir.as_deref(), text))?,
    };
    quiet(out.flush())?;
    if let Some(name) = &cli.output {
        std::fs::write(name, &file).map_err(|e| format!("{}: {e}", name.display()))?;
    }
    Ok(code)
}

/// Prints what a command makes, once it has made all of it.
fn text(out: &mut dyn Write, make: impl FnOnce(&mut Vec<u8>) -> Result<(), String>) -> Result<u8, String> {
    let mut text = Vec::new();
    make(&mut text)?;
    quiet(out.write_all(&text))?;
    Ok(0)
}

/// A reader that went away (`| head`) is no error.
fn quiet(result: io::Result<()>) -> Result<(), String> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(e.to_string()),
        _ => Ok(()),
    }
}
