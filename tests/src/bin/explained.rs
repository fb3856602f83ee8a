//! `explained`: rejected programs that people wrote, their explanation, and what comes of the first suggestion when it is
//! applied to the source as it is printed.
//!
//! Each program of `tests/rejections` is compiled, explained for Linux 6.18, and held against what a person expects of the
//! explanation. A first suggestion that is a change of the source is made, compiled and checked again; as root on a 6.18
//! it is loaded, too. Prints a row per program that is not as it should be, and the counts; exits 1 when a count is under
//! what `--least` names.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bpfvet_tests::oracle::machine::Machine;
use bpfvet_tests::oracle::wire::{How, lines};
use bpfvet_tests::rejections::{Compiler, Rejection, rejections};
use clap::Parser;
use verifier_core::analysis::System;
use verifier_core::explain::{Suggestion, applied};
use verifier_core::kernel::Kernel;
use verifier_core::program::request::Privilege;
use verifier_server::ask::{Nobody, Question};
use verifier_server::row::{Kind, Row};

/// Explains rejected programs and applies what is suggested.
#[derive(Parser)]
struct Args {
    /// Compiler that knows BPF.
    #[arg(long, default_value = "clang-19")]
    clang: String,
    /// Only programs whose name holds this.
    #[arg(long, default_value = "")]
    only: String,
    /// Let the explanations know the source, as `--verify-fixes` does.
    #[arg(long)]
    sources: bool,
    /// Print every explanation.
    #[arg(long)]
    all: bool,
    /// Folder with the loader program; with it, as root on a 6.18, programs are loaded.
    #[arg(long)]
    machines: Option<PathBuf>,
    /// Exit 1 when fewer sentences, spans, or first suggestions are right, in percent.
    #[arg(long, num_args = 3, default_values_t = [0, 0, 0])]
    least: Vec<usize>,
}

/// What came of one program.
#[derive(Default)]
struct Outcome {
    wrong: Vec<String>,
    sentence: bool,
    span: bool,
    edit: Option<Applied>,
    repeats: bool,
}

/// What came of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Applied {
    DoesNotCompile,
    StillRejected,
    Accepted,
}

struct Asker<'a> {
    args: &'a Args,
    compiler: Compiler,
    system: System,
    machine: Option<Machine>,
    scratch: PathBuf,
}

fn question(r: &Rejection) -> Question {
    let privilege = if r.unprivileged { Privilege::NONE } else { Privilege::ROOT };
    Question { explain: true, privilege, ..Question::default() }
}

impl Asker<'_> {
    fn row(&self, r: &Rejection, object: &[u8]) -> Result<Row, String> {
        let mut asked = question(r);
        if self.args.sources {
            let file = self.scratch.join(format!("{}.bpf.c", r.name.replace('/', "-")));
            asked.sources.add(&file.display().to_string(), &r.source);
        }
        let system = match r.kernel.as_str() {
            "" => self.system.clone(),
            name => {
                let kernel = Kernel::all().into_iter().find(|k| k.name == name).ok_or("no such kernel")?;
                System::stored(kernel).map_err(|e| e.to_string())?
            }
        };
        let rows = asked.object(&r.name, object, std::slice::from_ref(&system), &mut Nobody::default(), &|| false);
        let rows = rows.map_err(|e| e.to_string())?;
        let first = rows.iter().position(|r| r.kind != Kind::Accepted).unwrap_or(0);
        rows.into_iter().nth(first).ok_or("no program".to_string())
    }

    /// What the running kernel says: the verdict, and the last words.
    fn kernel(&self, r: &Rejection, object: &[u8]) -> Option<(String, String)> {
        let machine = self.machine.as_ref().filter(|_| r.kernel.is_empty())?;
        let system = machine.system().ok()?;
        let opened = question(r).open(&r.name, object, &system).ok()?;
        let request = opened.programs.first()?.result.as_ref().ok()?;
        let how = How { privilege: question(r).privilege, log_level: 1, ..How::default() };
        let text = lines("x", request, how).ok()?;
        let answers = machine.ask(&text, &self.scratch.join("asked")).ok()?;
        let a = answers.into_iter().next()?;
        if !a.failed.is_empty() {
            return Some((a.verdict, a.failed));
        }
        let words = a.log.lines().rfind(|l| !l.starts_with("processed ") && !l.is_empty()).unwrap_or("").to_string();
        Some((a.verdict, words))
    }

    fn apply(&self, r: &Rejection, s: &Suggestion, out: &mut Outcome) -> Applied {
        let stem = r.name.replace('/', "-");
        let Some(source) = applied(&r.source, &s.edits) else {
            out.wrong.push("the change is of a line that is not there".into());
            return Applied::DoesNotCompile;
        };
        let object = match self.compiler.compile(&source, &self.scratch, &format!("{stem}-fixed")) {
            Ok(o) => o,
            Err(e) => {
                out.wrong.push(format!("does not compile: {}", e.lines().find(|l| l.contains("error")).unwrap_or("")));
                return Applied::DoesNotCompile;
            }
        };
        match self.row(r, &object) {
            Ok(row) if row.kind == Kind::Accepted => {
                if let Some((verdict, words)) =
                    self.kernel(r, &object).filter(|(v, w)| v != "accepted" && !w.is_empty())
                {
                    out.wrong.push(format!("the running kernel: {verdict}: {words}"));
                    return Applied::StillRejected;
                }
                Applied::Accepted
            }
            Ok(row) => {
                let place = row.source.as_ref().map(|s| s.text.clone()).unwrap_or_default();
                out.wrong.push(format!(
                    "still {}: {} at `{place}`",
                    row.kind.word(),
                    row.message.lines().next().unwrap_or("")
                ));
                Applied::StillRejected
            }
            Err(e) => {
                out.wrong.push(e);
                Applied::StillRejected
            }
        }
    }

    fn judge(&self, r: &Rejection) -> Outcome {
        let mut out = Outcome::default();
        let object = match self.compiler.compile(&r.source, &self.scratch, &r.name.replace('/', "-")) {
            Ok(o) => o,
            Err(e) => {
                out.wrong.push(format!("the program itself does not compile: {e}"));
                return out;
            }
        };
        let row = match self.row(r, &object) {
            Ok(row) => row,
            Err(e) => {
                out.wrong.push(e);
                return out;
            }
        };
        if let Some((verdict, words)) = self.kernel(r, &object)
            && verdict != row.kind.word()
        {
            out.wrong.push(format!("we say {}, the running kernel {verdict}: {words}", row.kind.word()));
        }
        if !r.verdicts.iter().any(|v| v == row.kind.word()) {
            out.wrong.push(format!("verdict {}: {}", row.kind.word(), row.message));
        }
        self.held_against(r, &row, &mut out);
        out
    }

    /// The explanation against what a person expects.
    fn held_against(&self, r: &Rejection, row: &Row, out: &mut Outcome) {
        let trace = row.trace.clone();
        let code = row.code.map(str::to_string).unwrap_or_default();
        if !r.codes.is_empty() && !r.codes.contains(&code) {
            out.wrong.push(format!("code {code}: {}", row.message.lines().next().unwrap_or("")));
        }
        let problem = trace.as_ref().map_or_else(|| row.message.clone(), |t| t.problem.clone());
        let has = |words: &[String], text: &str| words.is_empty() || words.iter().any(|w| text.contains(w.as_str()));
        out.sentence = has(&r.says, &problem);
        if !out.sentence {
            out.wrong.push(format!("sentence: {problem}"));
        }
        let text = row.source.as_ref().map(|s| s.text.clone()).unwrap_or_default();
        out.span = has(&r.lines, &text);
        if !out.span {
            out.wrong.push(format!("line: {text}"));
        }
        let first = trace.as_ref().and_then(|t| t.suggestions.first());
        if let Some(s) = first.filter(|s| !s.edits.is_empty()) {
            let applied = self.apply(r, s, out);
            out.edit = Some(applied);
            // A check that stands there and helps nevertheless is of another value of the same name.
            out.repeats = applied != Applied::Accepted && s.edits.iter().any(|e| repeats(&r.source, e));
            if out.repeats {
                out.wrong.push("repeats a check that stands there".into());
            }
        } else if r.edit {
            out.wrong.push("the first suggestion is no change of the source".into());
        }
        if self.args.all || !out.wrong.is_empty() {
            println!("{}\n    {problem}", r.name);
            if let Some(s) = &row.source {
                println!("    {}: {}", s.line, s.text);
            }
            for s in trace.iter().flat_map(|t| &t.suggestions) {
                println!("    {} [{}]{}", s.text, s.code, if s.edits.is_empty() { "" } else { " *" });
            }
            for w in &out.wrong {
                println!("  ! {w}");
            }
            println!();
        }
    }
}

/// Whether a change adds what the source has already.
fn repeats(source: &str, e: &verifier_core::explain::Edit) -> bool {
    let bare = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let verifier_core::explain::Change::Before(code) = &e.change else { return false };
    let condition = code.rsplit_once(") ").map_or(code.as_str(), |(c, _)| c).to_string() + ")";
    let before: String = source.lines().take(e.line.saturating_sub(1) as usize).collect();
    bare(&before).contains(&bare(&condition))
}

fn run(args: &Args) -> Result<bool, String> {
    let compiler = Compiler::found(&args.clang).ok_or_else(|| format!("{} does not compile for BPF", args.clang))?;
    let kernel = Kernel::all().into_iter().find(|k| k.name == "6.18").ok_or("no 6.18")?;
    let system = System::stored(kernel).map_err(|e| e.to_string())?;
    let scratch = std::env::temp_dir().join(format!("bpfvet-explained-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).map_err(|e| e.to_string())?;
    let machine = args.machines.as_deref().map(|m: &Path| Machine::prepared("6.18", m)).transpose()?;
    let asker = Asker { args, compiler, system, machine, scratch };
    let (mut n, mut sentences, mut spans, mut edits, mut loads, mut repeated, mut wanted) = (0, 0, 0, 0, 0, 0, 0);
    for r in rejections()?.iter().filter(|r| r.name.contains(&args.only)) {
        let out = asker.judge(r);
        n += 1;
        sentences += usize::from(out.sentence);
        spans += usize::from(out.span);
        edits += usize::from(out.edit.is_some());
        loads += usize::from(out.edit == Some(Applied::Accepted));
        repeated += usize::from(out.repeats);
        wanted += usize::from(r.edit);
        if out.edit.is_none() && !out.sentence && !out.wrong.is_empty() && !args.all {
            println!("{}: {}", r.name, out.wrong.join("; "));
        }
    }
    std::fs::remove_dir_all(&asker.scratch).map_err(|e| e.to_string())?;
    println!(
        "{n} programs: {sentences} sentences, {spans} spans; {edits} first suggestions are changes of the source ({wanted} must be), {loads} of them load, {repeated} repeat a check"
    );
    let least = |i: usize| args.least.get(i).copied().unwrap_or(0);
    Ok(sentences * 100 >= n * least(0) && spans * 100 >= n * least(1) && loads * 100 >= edits.max(wanted) * least(2))
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(e) => {
            eprintln!("explained: {e}");
            ExitCode::from(2)
        }
    }
}
