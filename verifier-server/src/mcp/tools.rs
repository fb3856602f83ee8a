//! The tools of `bpfvet mcp`: arguments, and what is said in a few lines.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use verifier_core::explain::{Change, Edit, Suggestion};

use crate::args::{CheckArgs, Cli, Command, CostArgs};
use crate::clean::Shown;
use crate::near::did_you_mean;
use crate::row::{Kind, Row};
use crate::{check, cost, explain, has, render};

/// Most programs that an answer names one by one.
const MOST_ROWS: usize = 40;
/// Most bytes of text in an answer.
const MOST_TEXT: usize = 16 << 10;

/// What a tool says.
pub struct Said {
    /// For the model.
    pub text: String,
    /// For programs.
    pub data: Option<Value>,
}

/// A tool.
pub struct Tool {
    name: &'static str,
    about: &'static str,
    arguments: &'static [Argument],
    call: fn(&Arguments<'_>) -> Result<Said, String>,
}

/// An argument of a tool.
struct Argument {
    name: &'static str,
    about: &'static str,
    needed: bool,
}

const fn argument(name: &'static str, about: &'static str) -> Argument {
    Argument { name, about, needed: false }
}

const OBJECT: Argument =
    Argument { name: "object", about: "Path of the object file (.bpf.o) or of a folder.", needed: true };
const KERNEL: Argument =
    argument("kernel", "Kernels, by comma: `6.12`, `6.1-`, `all`. 6.12 unless given here or in bpfvet.toml.");
const PROG: Argument = argument("program", "Only programs whose name matches; `*` and `?` are wildcards.");

/// Every tool.
const TOOLS: &[Tool] = &[
    Tool {
        name: "check",
        about: "Would these kernels load the programs of an object? A line for each, and the reason of every rejection.",
        arguments: &[OBJECT, KERNEL, PROG],
        call: run_check,
    },
    Tool {
        name: "fix",
        about: "The change of the source that makes a rejected program load, as lines to insert or to replace.",
        arguments: &[OBJECT, KERNEL, PROG],
        call: run_fix,
    },
    Tool {
        name: "explain",
        about: "All about a rejection: where values come from, where their limits were lost, what helps. Or about a code.",
        arguments: &[
            argument("object", "Path of the object file."),
            argument("code", "A code such as `mem-map-value-range`, in the place of an object."),
            KERNEL,
            PROG,
        ],
        call: run_explain,
    },
    Tool {
        name: "explain_log",
        about: "Reads the log of a kernel's verifier, as any loader prints it, and says what is wrong.",
        arguments: &[
            Argument { name: "log", about: "The log's text, or the path of a file with it.", needed: true },
            argument("object", "Path of the object that the log is of, if it is there."),
        ],
        call: run_explain_log,
    },
    Tool {
        name: "cost",
        about: "Which source lines or functions cost the verifier most.",
        arguments: &[OBJECT, KERNEL, PROG, argument("by", "`line` or `function`.")],
        call: run_cost,
    },
    Tool {
        name: "has",
        about: "Since when a helper, kernel function, map type or program type is there, and for which programs.",
        arguments: &[Argument { name: "name", about: "Such as `bpf_loop` or `ringbuf`.", needed: true }],
        call: run_has,
    },
];

/// The tools as a client lists them.
pub fn list() -> Value {
    let one = |t: &Tool| {
        let properties: Map<String, Value> = t
            .arguments
            .iter()
            .map(|a| (a.name.to_string(), json!({"type": "string", "description": a.about})))
            .collect();
        let needed: Vec<&str> = t.arguments.iter().filter(|a| a.needed).map(|a| a.name).collect();
        json!({
            "name": t.name,
            "description": t.about,
            "inputSchema": {"type": "object", "properties": properties, "required": needed, "additionalProperties": false},
            "annotations": {"readOnlyHint": true},
        })
    };
    TOOLS.iter().map(one).collect()
}

/// A tool by name.
///
/// # Errors
/// Which one may be meant.
pub fn find(name: &str) -> Result<&'static Tool, String> {
    let names: Vec<String> = TOOLS.iter().map(|t| t.name.to_string()).collect();
    TOOLS.iter().find(|t| t.name == name).ok_or_else(|| format!("no tool `{name}`{}", did_you_mean(name, &names)))
}

/// Arguments that were checked: texts with names that the tool has.
struct Arguments<'a>(&'a Map<String, Value>);

impl Arguments<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|t| !t.is_empty())
    }

    fn need(&self, name: &str) -> Result<&str, String> {
        self.get(name).ok_or_else(|| format!("`{name}` is missing"))
    }
}

impl Tool {
    /// Calls it.
    ///
    /// # Errors
    /// What is wrong with the arguments or the input.
    pub fn call(&self, arguments: &Value) -> Result<Said, String> {
        let none = Map::new();
        let given = match arguments {
            Value::Null => &none,
            Value::Object(map) => map,
            _ => return Err("`arguments` is no object".into()),
        };
        let known: Vec<String> = self.arguments.iter().map(|a| a.name.to_string()).collect();
        for (name, value) in given {
            if !known.contains(name) {
                let there = known.join(", ");
                return Err(format!(
                    "`{}` takes no `{name}`{}; there are {there}",
                    self.name,
                    did_you_mean(name, &known)
                ));
            }
            if !value.is_string() {
                return Err(format!("`{name}` is no text"));
            }
        }
        let arguments = Arguments(given);
        self.arguments.iter().filter(|a| a.needed).try_for_each(|a| arguments.need(a.name).map(|_| ()))?;
        let mut said = (self.call)(&arguments)?;
        if said.text.len() > MOST_TEXT {
            said.text.truncate(said.text.floor_char_boundary(MOST_TEXT));
            said.text.push_str("\n… cut off: ask about one program or kernel");
        }
        Ok(said)
    }
}

/// The arguments of a command, as the command line has them: defaults and rules stand in one place.
fn command(words: &[&str]) -> Result<Command, String> {
    use clap::Parser;
    let cli = Cli::try_parse_from(["bpfvet"].iter().chain(words)).map_err(|e| {
        let text = e.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        first.strip_prefix("error: ").unwrap_or(first).to_string()
    })?;
    Ok(cli.command)
}

/// The words for an object, kernels and programs.
fn words(name: &str, arguments: &Arguments<'_>) -> Vec<String> {
    let mut out = vec![name.to_string()];
    for (option, argument) in [("--kernel", "kernel"), ("--prog", "program")] {
        out.extend(arguments.get(argument).map(|v| format!("{option}={v}")));
    }
    out
}

fn check_args(arguments: &Arguments<'_>) -> Result<Box<CheckArgs>, String> {
    let mut words = words("check", arguments);
    words.extend(["--".into(), arguments.need("object")?.to_string()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match command(&words)? {
        Command::Check(args) => Ok(args),
        _ => Err("internal error".into()),
    }
}

/// What is said of a row in a line or two.
fn line(row: &Row) -> String {
    let shown = Shown::of(row);
    let title = shown.title();
    let title = if title.is_empty() { "(object)" } else { &title };
    let kernel = if shown.kernel.is_empty() { String::new() } else { format!(" on Linux {}", shown.kernel) };
    let mut out = format!("{title}{kernel}: {}", shown.kind.word());
    if let Some(t) = &shown.trace {
        let at = t.steps.last().and_then(|s| s.source.as_ref()).filter(|s| s.line > 0);
        let at = at.map_or(String::new(), |s| format!(" ({}:{})", s.file, s.line));
        let code = if t.code.is_empty() { String::new() } else { format!(" [{}]", t.code) };
        out.push_str(&format!(": {}{code}{at}", t.problem));
        if let Some(s) = t.suggestions.first() {
            out.push_str(&format!("\n  helps: {} [{}]", s.text, s.code));
        }
    } else if shown.kind != Kind::Accepted {
        out.push_str(&format!(": {}", shown.message.lines().next().unwrap_or_default()));
    } else if let Some(c) = shown.counters {
        out.push_str(&format!(" ({} instructions processed)", c.insns));
    }
    if let Some(reason) = &shown.reason {
        out.push_str(&format!("\n  why: {reason}"));
    }
    for over in &shown.over_budget {
        out.push_str(&format!("\n  over budget: {over}"));
    }
    if let Some(words) = render::expectation(&shown) {
        out.push_str(&format!("\n  {words}"));
    }
    out
}

fn run_check(arguments: &Arguments<'_>) -> Result<Said, String> {
    let rows = check::run(&*check_args(arguments)?, &mut |_| ())?;
    let mut ordered: Vec<&Row> = rows.iter().collect();
    // What fails is what an agent needs, and it comes first.
    ordered.sort_by_key(|r| !r.fails());
    let mut lines: Vec<String> = ordered.iter().take(MOST_ROWS).map(|r| line(r)).collect();
    if rows.len() > MOST_ROWS {
        lines.push(format!("… and {} more", rows.len() - MOST_ROWS));
    }
    let failing = rows.iter().filter(|r| r.fails()).count();
    lines.push(format!("{} answers, {failing} failing", rows.len()));
    let data = ordered.iter().take(MOST_ROWS).map(|r| {
        let s = r.source.as_ref();
        json!({
            "object": r.object, "program": r.title(), "kernel": r.kernel, "verdict": r.kind.word(), "code": r.code,
            "fails": r.fails(), "file": s.map(|s| &s.file), "line": s.map(|s| s.line),
        })
    });
    Ok(Said { text: lines.join("\n"), data: Some(json!({"failing": failing, "rows": data.collect::<Vec<_>>()})) })
}

/// A change of the source in words.
fn told(e: &Edit) -> String {
    match &e.change {
        Change::Before(code) => format!("{}:{}: insert before this line: {code}", e.file, e.line),
        Change::Line(code) => format!("{}:{}: replace this line by: {code}", e.file, e.line),
    }
}

/// A suggestion with its changes.
fn fix(s: &Suggestion) -> Value {
    json!({"code": s.code, "text": s.text, "edits": s.edits.iter().map(render::edit).collect::<Vec<_>>()})
}

fn run_fix(arguments: &Arguments<'_>) -> Result<Said, String> {
    let rows = check::run(&*check_args(arguments)?, &mut |_| ())?;
    let (mut lines, mut data) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|r| r.kind == Kind::Rejected) {
        let shown = Shown::of(row);
        let Some(trace) = &shown.trace else { continue };
        lines.push(format!("{}: {}", shown.title(), trace.problem));
        if trace.suggestions.is_empty() {
            lines.push("  nothing is known that helps".into());
        }
        for (i, s) in trace.suggestions.iter().enumerate() {
            lines.push(format!("  {}: {} [{}]", i + 1, s.text, s.code));
        }
        // A change is made as it is, so that it is not cleaned for people.
        let fixes = row.trace.as_ref().map_or(&[][..], |t| &t.suggestions);
        fixes.iter().flat_map(|s| &s.edits).take(MOST_ROWS).for_each(|e| lines.push(format!("  edit {}", told(e))));
        data.push(json!({
            "program": row.title(), "kernel": row.kernel, "code": row.code, "problem": trace.problem,
            "fixes": fixes.iter().map(fix).collect::<Vec<_>>(),
        }));
        if lines.len() > MOST_ROWS {
            break;
        }
    }
    if lines.is_empty() {
        lines.push("nothing to fix: no program is rejected".into());
    }
    Ok(Said { text: lines.join("\n"), data: Some(json!({"programs": data})) })
}

fn run_explain(arguments: &Arguments<'_>) -> Result<Said, String> {
    let what = match (arguments.get("object"), arguments.get("code")) {
        (Some(object), None) => object,
        (None, Some(code)) => code,
        _ => return Err("one of `object` and `code` is needed".into()),
    };
    let mut words = words("explain", arguments);
    words.extend(["--".into(), what.to_string()]);
    explained(&words)
}

fn explained(words: &[String]) -> Result<Said, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Command::Explain(args) = command(&words)? else { return Err("internal error".into()) };
    let mut out = Vec::new();
    explain::run(&args, false, &mut out)?;
    Ok(Said { text: String::from_utf8_lossy(&out).into_owned(), data: None })
}

fn run_explain_log(arguments: &Arguments<'_>) -> Result<Said, String> {
    let log = arguments.need("log")?;
    let is_file = !log.contains('\n') && log.len() < 4096 && Path::new(log).is_file();
    let file = if is_file { None } else { Some(Held::new(log)?) };
    let path = file.as_ref().map_or_else(|| PathBuf::from(log), |f| f.0.clone());
    let mut words = vec!["explain".to_string(), format!("--log={}", path.display())];
    words.extend(arguments.get("object").map(|o| o.to_string()));
    explained(&words)
}

/// A text in a file of its own, gone with it.
struct Held(PathBuf);

impl Held {
    fn new(text: &str) -> Result<Held, String> {
        use std::io::Write;
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bpfvet-{}-{}.log", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let failed = |e: std::io::Error| format!("{}: {e}", path.display());
        // Nobody else's file is written over.
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        Ok(Held(path))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn run_cost(arguments: &Arguments<'_>) -> Result<Said, String> {
    let mut words = words("cost", arguments);
    words.extend(arguments.get("by").map(|by| format!("--by={by}")));
    words.extend(["--".into(), arguments.need("object")?.to_string()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Command::Cost(args) = command(&words)? else { return Err("internal error".into()) };
    let args = CostArgs { top: 8, ..*args };
    let mut out = Vec::new();
    cost::run(&args, &mut out)?;
    Ok(Said { text: String::from_utf8_lossy(&out).into_owned(), data: None })
}

fn run_has(arguments: &Arguments<'_>) -> Result<Said, String> {
    let Command::Has(args) = command(&["has", "--", arguments.need("name")?])? else {
        return Err("internal error".into());
    };
    let mut out = Vec::new();
    has::run(&args, &mut out)?;
    Ok(Said { text: String::from_utf8_lossy(&out).into_owned(), data: None })
}
