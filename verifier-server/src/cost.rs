//! `bpfvet cost`: what programs cost the verifier, by source line, function or instruction.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use verifier_core::analysis::{Options, System, Verdict};
use verifier_core::explain::cost::{Cost, Deepest, Hindrance, Share, cost, deepest};
use verifier_core::explain::source_of;
use verifier_core::log::Unlike;
use verifier_core::program::LoadRequest;

use crate::args::{By, CostArgs, Format, glob};
use crate::ask::Question;
use crate::render::flame;
use crate::{clean, input, target};

/// Instructions that the kernel follows in one program.
const LIMIT: u64 = 1_000_000;
/// Bytes of stack that a chain of calls may take.
const STACK: u32 = 512;

/// One program under one kernel.
struct Priced {
    program: String,
    kernel: String,
    verdict: &'static str,
    insns: u64,
    states: u64,
    shares: Vec<Share>,
    request: LoadRequest,
    cost: Cost,
    stack: Option<Deepest>,
}

fn shares(by: By, cost: &Cost, request: &LoadRequest) -> Vec<Share> {
    match by {
        By::Line => cost.by_line(request),
        By::Function => cost.by_function(request),
    }
}

/// Every chosen program of an object under every kernel.
fn price(object: &Path, args: &CostArgs, systems: &[System]) -> Result<Vec<Priced>, String> {
    let (name, bytes) = (object.display().to_string(), input::read(object)?);
    let mut out = Vec::new();
    for system in systems {
        let opened = Question::default().open(&name, &bytes, system).map_err(|e| format!("{name}: {e}"))?;
        for program in opened.programs {
            if !args.prog.is_empty() && !args.prog.iter().any(|p| glob(p, &program.name)) {
                continue;
            }
            let request = match program.result {
                Ok(r) => r,
                Err(why) => {
                    eprintln!(
                        "bpfvet: {}: {}: Linux {}: {}",
                        clean::line(&name),
                        clean::line(&program.name),
                        system.kernel.name,
                        clean::line(&why.words.join(": "))
                    );
                    continue;
                }
            };
            let (report, cost) = cost(system, &request, &Options::default(), &|| false);
            let verdict = match &report.verdict {
                Verdict::Accepted(_) => "accepted",
                Verdict::Rejected(_) => "rejected",
                Verdict::Unsupported(_) | Verdict::Budget(_) => "unsupported",
            };
            out.push(Priced {
                program: program.name,
                kernel: system.kernel.name.to_string(),
                verdict,
                insns: cost.insns.iter().sum(),
                states: cost.states.iter().sum(),
                shares: shares(args.by, &cost, &request),
                stack: deepest(system, &request, &report),
                request,
                cost,
            });
        }
    }
    if out.is_empty() {
        return Err(format!("{name}: no program whose cost can be told"));
    }
    Ok(out)
}

/// Prices the programs that the command line names.
///
/// # Errors
/// In words for the user.
pub fn run(args: &CostArgs, out: &mut dyn Write) -> Result<(), String> {
    let systems = target::systems(&args.target)?;
    let priced = price(&args.object, args, &systems)?;
    let failed = |e: io::Error| e.to_string();
    if let Some(file) = &args.lcov {
        let text = lcov(&priced);
        std::fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    if let Some(file) = &args.flame {
        let stacks = priced.iter().flat_map(|p| {
            let below = move |(stack, n): (Vec<String>, u64)| {
                let whole = [format!("{} on Linux {}", p.program, p.kernel)].into_iter().chain(stack);
                (whole.map(|frame| plain(&frame)).collect(), n)
            };
            p.cost.stacks(&p.request).into_iter().map(below)
        });
        std::fs::write(file, flame::svg(stacks)).map_err(|e| format!("{}: {e}", clean::path(file)))?;
    }
    match (&args.compare, args.format) {
        (Some(other), _) => {
            let before = price(other, args, &systems)?;
            compare(&before, &priced, args.top, out).map_err(failed)
        }
        (None, Format::Json | Format::Jsonl) => {
            let rows: Vec<Value> = priced.iter().map(|p| json(p, args.why_not_pruned)).collect();
            match args.format {
                Format::Jsonl => {
                    rows.iter().try_for_each(|r| writeln!(out, "{}", clean::json(&r.to_string()))).map_err(failed)
                }
                _ => {
                    let text = serde_json::to_string_pretty(&rows).map_err(|e| e.to_string())?;
                    writeln!(out, "{}", clean::json(&text)).map_err(failed)
                }
            }
        }
        (None, Format::Text | Format::Table) => priced.iter().try_for_each(|p| text(p, args, out)).map_err(failed),
        (None, _) => Err("cost is printed as text, json or jsonl".into()),
    }
}

/// Figures in a hundred, with one digit behind the point.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

fn line_text(s: &Share) -> &str {
    s.source.as_ref().map_or("", |s| s.text.as_str())
}

/// What comes from the object, so that it takes one line, and not too much of it.
fn plain(text: &str) -> String {
    let mut out = clean::line(text);
    out.truncate(out.char_indices().nth(100).map_or(out.len(), |(at, _)| at));
    out
}

fn text(p: &Priced, args: &CostArgs, out: &mut dyn Write) -> io::Result<()> {
    let top = args.top;
    writeln!(
        out,
        "{} on Linux {}: {}, {} of {LIMIT} instructions processed ({:.1}%), {} states kept",
        plain(&p.program),
        p.kernel,
        p.verdict,
        p.insns,
        percent(p.insns, LIMIT),
        p.states
    )?;
    if let Some(stack) = &p.stack {
        writeln!(out, "{}", stack_text(stack))?;
    }
    writeln!(out, "{:>9} {:>6} {:>7} {:>7}  where", "insns", "%", "states", "pruned")?;
    for s in p.shares.iter().take(top) {
        writeln!(
            out,
            "{:>9} {:>5.1}% {:>7} {:>7}  {}  {}",
            s.insns,
            percent(s.insns, p.insns),
            s.states,
            s.pruned,
            plain(&s.place),
            plain(line_text(s))
        )?;
    }
    let rest = &p.shares[top.min(p.shares.len())..];
    if !rest.is_empty() {
        let sum = |f: fn(&Share) -> u64| rest.iter().map(f).sum::<u64>();
        let (insns, states, pruned) = (sum(|s| s.insns), sum(|s| s.states), sum(|s| s.pruned));
        writeln!(out, "{insns:>9} {:>5.1}% {states:>7} {pruned:>7}  {} others", percent(insns, p.insns), rest.len())?;
    }
    if args.why_not_pruned {
        why_not_pruned(p, top, out)?;
    }
    writeln!(out)
}

/// The deepest chain of calls, and what it leaves of the stack.
fn stack_text(stack: &Deepest) -> String {
    let one = |(name, own, taken): &(String, u32, u32)| {
        let rounded = if own == taken { String::new() } else { format!(", {taken} compiled") };
        format!("{} ({own}{rounded})", plain(name))
    };
    let chain: Vec<String> = stack.chain.iter().map(one).collect();
    format!("stack {} of {STACK} bytes: {}", stack.bytes(), chain.join(" > "))
}

/// What kept paths from ending, the most frequent first.
fn why_not_pruned(p: &Priced, top: usize, out: &mut dyn Write) -> io::Result<()> {
    let all = p.cost.hindrances(&p.request);
    let total: u64 = all.iter().map(|h| h.times).sum();
    if total == 0 {
        return writeln!(out, "no path was compared with a state and had to go on");
    }
    writeln!(out, "not covered by a state, {total} times; the first place in which path and state differ:")?;
    writeln!(out, "{:>9} {:>6}  {:<24}  where", "times", "%", "differs")?;
    for h in all.iter().take(top) {
        writeln!(
            out,
            "{:>9} {:>5.1}%  {:<24}  {}  {}{}",
            h.times,
            percent(h.times, total),
            unlike_text(h.unlike),
            plain(&h.place),
            plain(h.source.as_ref().map_or("", |s| s.text.as_str())),
            written_text(p, h)
        )?;
    }
    if all.len() > top {
        let rest: u64 = all[top..].iter().map(|h| h.times).sum();
        writeln!(out, "{rest:>9} {:>5.1}%  {} others", percent(rest, total), all.len() - top)?;
    }
    Ok(())
}

/// A place in words: `r6`, `fp-16 of the caller`.
fn unlike_text(unlike: Unlike) -> String {
    let of = |up: usize| match up {
        0 => String::new(),
        1 => " of the caller".into(),
        n => format!(" of the function {n} calls up"),
    };
    match unlike {
        Unlike::Register { up, number } => format!("r{number}{}", of(up)),
        Unlike::Slot { up, slot } => format!("fp-{}{}", (u32::from(slot) + 1) * 8, of(up)),
        Unlike::Whole => "what is held, or calls".into(),
    }
}

/// Where the value that differs was made, in the function itself.
fn written_text(p: &Priced, h: &Hindrance) -> String {
    let Some(source) = h.written.and_then(|insn| source_of(&p.request, insn)) else { return String::new() };
    if h.source.as_ref().is_some_and(|s| (&s.file, s.line) == (&source.file, source.line)) {
        return String::new();
    }
    format!("  <- line {}: {}", source.line, plain(source.text.trim()))
}

fn json(p: &Priced, why_not_pruned: bool) -> Value {
    let share = |s: &Share| {
        json!({
            "place": s.place,
            "insn": s.insn,
            "insns": s.insns,
            "states": s.states,
            "pruned": s.pruned,
            "source": s.source.as_ref().map(|s| json!({"file": s.file, "line": s.line, "text": s.text})),
        })
    };
    let frame = |(name, own, taken): &(String, u32, u32)| json!({"function": name, "bytes": own, "compiled": taken});
    let hindrance = |h: Hindrance| {
        json!({
            "place": h.place,
            "insn": h.insn,
            "differs": unlike_text(h.unlike),
            "times": h.times,
            "written": h.written,
            "source": h.source.as_ref().map(|s| json!({"file": s.file, "line": s.line, "text": s.text})),
        })
    };
    let mut row = json!({
        "schema": 1,
        "program": p.program,
        "kernel": p.kernel,
        "verdict": p.verdict,
        "insns": p.insns,
        "limit": LIMIT,
        "total_states": p.states,
        "stack": p.stack.as_ref().map(|s| s.chain.iter().map(frame).collect::<Vec<_>>()),
        "shares": p.shares.iter().map(share).collect::<Vec<_>>(),
    });
    if why_not_pruned {
        row["not_pruned"] = p.cost.hindrances(&p.request).into_iter().map(hindrance).collect();
    }
    row
}

/// Instructions processed by line, in the form of coverage tools; programs and kernels are summed.
fn lcov(priced: &[Priced]) -> String {
    let mut files: BTreeMap<String, BTreeMap<u32, u64>> = BTreeMap::new();
    for p in priced {
        for s in p.cost.by_line(&p.request) {
            if let Some(source) = s.source.filter(|s| s.line > 0) {
                *files.entry(plain(&source.file)).or_default().entry(source.line).or_default() += s.insns;
            }
        }
    }
    let mut out = String::from("TN:\n");
    for (file, lines) in files {
        out.push_str(&format!("SF:{file}\n"));
        lines.iter().for_each(|(line, n)| out.push_str(&format!("DA:{line},{n}\n")));
        out.push_str("end_of_record\n");
    }
    out
}

/// What grew from one build to another, the most first. Lines are the same when their text is: numbers move.
fn compare(before: &[Priced], after: &[Priced], top: usize, out: &mut dyn Write) -> io::Result<()> {
    for p in after {
        let Some(old) = before.iter().find(|o| o.program == p.program && o.kernel == p.kernel) else {
            writeln!(out, "{} on Linux {}: only in the new object", plain(&p.program), p.kernel)?;
            continue;
        };
        writeln!(
            out,
            "{} on Linux {}: {} -> {} instructions processed, {} -> {} states kept",
            plain(&p.program),
            p.kernel,
            old.insns,
            p.insns,
            old.states,
            p.states
        )?;
        for (grown, was, is, words) in grown(&old.shares, &p.shares).into_iter().take(top) {
            writeln!(out, "{grown:>+9}  {was:>9} -> {is:<9}  {words}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// By how much each line or function grew, what it was, what it is, and its words.
fn grown(before: &[Share], after: &[Share]) -> Vec<(i64, u64, u64, String)> {
    let key = |s: &Share| if line_text(s).is_empty() { s.place.clone() } else { line_text(s).to_string() };
    let mut all: BTreeMap<String, (u64, u64, String)> = BTreeMap::new();
    for s in before {
        let e = all.entry(key(s)).or_default();
        e.0 += s.insns;
        e.2 = format!("{}  {}", plain(&s.place), plain(line_text(s)));
    }
    for s in after {
        let e = all.entry(key(s)).or_default();
        e.1 += s.insns;
        e.2 = format!("{}  {}", plain(&s.place), plain(line_text(s)));
    }
    let mut rows: Vec<_> = all.into_values().map(|(was, is, words)| (is as i64 - was as i64, was, is, words)).collect();
    rows.retain(|r| r.0 != 0);
    rows.sort_by_key(|r| std::cmp::Reverse(r.0));
    rows
}
