//! Proves the abstract domain with Z3, tries it on small words, and writes the table.
//!
//! `prove [FILE [CLAIM]]` writes to a file, else to standard output; with a claim, only those whose name contains it. Answers for the claim that no operator of the domain ever
//! loses a value. Exits with 1 when a claim is refuted.

use std::fmt::Write;
use std::time::Duration;

use verifier_solver::enumerate::{self, Tried};
use verifier_solver::proof::{Outcome, Patience, goals};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let patience = Patience { question: Duration::from_secs(60), goal: Duration::from_secs(300) };
    let mut rows = String::new();
    let (mut proven, mut full, mut refuted, mut open) = (0, 0, 0, 0);
    let only = std::env::args().nth(2).unwrap_or_default();
    let all: Vec<_> = goals().into_iter().filter(|g| g.name.contains(&only)).collect();
    for (n, goal) in all.iter().enumerate() {
        let proof = goal.prove(patience);
        let (answer, width) = match &proof.outcome {
            Outcome::Proven => ("proven".to_string(), proof.width.to_string()),
            Outcome::Refuted(model) => (format!("REFUTED by {}", model.replace('\n', " ")), proof.width.to_string()),
            Outcome::Unknown(why) => (format!("open: {why}"), "-".to_string()),
        };
        match &proof.outcome {
            Outcome::Proven => proven += 1,
            Outcome::Refuted(_) => refuted += 1,
            Outcome::Unknown(_) => open += 1,
        }
        if proof.outcome == Outcome::Proven && proof.width == goal.widths[0] {
            full += 1;
        }
        let ms = proof.time.as_millis();
        eprintln!(
            "{:3}/{} {:45} {answer} at {width} bits, {} paths, {ms} ms",
            n + 1,
            all.len(),
            goal.name,
            proof.paths
        );
        writeln!(rows, "| {} | {answer} | {width} | {} | {ms} |", goal.name, proof.paths)?;
    }
    let mut text = String::from(
        "# Proofs of the abstract domain\n\nMade by `make prove`. Z3 is asked, about the code that ships, for operands and values that an operator loses\n(`verifier-core/src/solver/proof.rs`). `width` is the widest word at which every question is answered; one path is one\nquestion. An operator on values is a sequence of steps: the operation on bits and ranges alone (`value: OP`), for some what\nthe ranges learn from the bits (`sync: learns from bits`), for low halves `value: zero-extend the low half`, then the steps\nof `sync`. Each step is proven for operands in any condition, so that the sequence holds. Products of values are proven by\ntheir parts (`bits: mul`, `range: mul`).\n\n",
    );
    writeln!(
        text,
        "{} claims: {proven} proven ({full} of them at the widest word asked for), {refuted} refuted, {open} open.\n",
        all.len()
    )?;
    text.push_str("| claim | answer | width | paths | ms |\n|---|---|---:|---:|---:|\n");
    text.push_str(&rows);
    write!(
        text,
        "\n## Every operand of {} bits\n\nAll pairs of operands, against every concrete result. `optimal`: no smaller result would be sound.\n\n| operator | pairs | unsound | optimal |\n|---|---:|---:|---:|\n",
        enumerate::BITS
    )?;
    let tried = enumerate::known_bits().into_iter().chain(enumerate::ranges());
    let mut unsound = 0;
    for Tried { name, pairs, unsound: bad, optimal } in tried {
        unsound += bad;
        writeln!(text, "| {name} | {pairs} | {bad} | {:.1} % |", 100.0 * optimal as f64 / pairs.max(1) as f64)?;
    }
    match std::env::args().nth(1) {
        Some(file) => std::fs::write(file, &text)?,
        None => print!("{text}"),
    }
    eprintln!("{proven} proven, {refuted} refuted, {open} open; {unsound} unsound by enumeration");
    if refuted > 0 || unsound > 0 {
        std::process::exit(1);
    }
    Ok(())
}
