//! Proves the abstract domain with Z3, tries it on small words, and writes the table.
//!
//! `prove [FILE [CLAIM]]` writes to a file, else to standard output; with a claim, only those whose name contains it.
//! Answers for the claim that no operator of the domain ever loses a value. Exits with 1 when a claim is refuted.

use std::fmt::Write;

use verifier_solver::enumerate::{self, Tried};
use verifier_solver::proof::{Outcome, Patience, goals};

/// What `--help` says; the proofs take half an hour, so that nothing else may begin them by mistake.
const USAGE: &str = "prove [FILE [CLAIM]]: proves the claims whose name contains CLAIM, and writes the table to FILE";

/// What stands above the table.
const HEAD: &str = "\
# Proofs of the abstract domain

Made by `make prove`. Z3 is asked, about the code that ships, for operands and values that an operator loses
(`verifier-core/solver/src/proof.rs`). `width` is the widest word at which every question is answered; one path is one
question. Effort is counted in steps of Z3, so that the table does not depend on the machine. An operator on values is a
sequence of steps: the operation on bits and ranges alone (`value: OP`), for some what the ranges learn from the bits
(`sync: learns from bits`), for low halves `value: zero-extend the low half`, then the steps of `sync`. Each step is proven
for operands in any condition, so that the sequence holds. Products of values are proven by their parts (`bits: mul`,
`range: mul`).

";

/// What stands above the operators that have nothing to prove.
const VACUOUS: &str = "
## Results that are not known

These operators say nothing of their result, so that there is nothing to lose: no proofs, and not counted.

| operator | answer | width | paths |
|---|---|---:|---:|
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let patience = Patience { question: 400_000_000, goal: 2_000_000_000 };
    let (mut rows, mut vacuous) = (String::new(), String::new());
    let (mut proven, mut full, mut refuted, mut open, mut claims) = (0, 0, 0, 0, 0);
    if std::env::args().skip(1).any(|a| a.starts_with('-')) {
        println!("{USAGE}");
        return Ok(());
    }
    let only = std::env::args().nth(2).unwrap_or_default();
    let all: Vec<_> = goals().into_iter().filter(|g| g.name.contains(&only)).collect();
    for (n, goal) in all.iter().enumerate() {
        let proof = goal.prove(patience);
        let (answer, width) = match &proof.outcome {
            Outcome::Proven => ("proven".to_string(), proof.width.to_string()),
            Outcome::Refuted(model) => (format!("REFUTED by {}", model.replace('\n', " ")), proof.width.to_string()),
            Outcome::Unknown(why) => (format!("open: {why}"), "-".to_string()),
        };
        refuted += usize::from(matches!(proof.outcome, Outcome::Refuted(_)));
        if !goal.vacuous {
            claims += 1;
            open += usize::from(matches!(proof.outcome, Outcome::Unknown(_)));
            proven += usize::from(proof.outcome == Outcome::Proven);
            full += usize::from(proof.outcome == Outcome::Proven && proof.width == goal.widths[0]);
        }
        let ms = proof.time.as_millis();
        eprintln!(
            "{:3}/{} {:45} {answer} at {width} bits, {} paths, {ms} ms",
            n + 1,
            all.len(),
            goal.name,
            proof.paths
        );
        let to = if goal.vacuous { &mut vacuous } else { &mut rows };
        writeln!(to, "| {} | {answer} | {width} | {} |", goal.name, proof.paths)?;
    }
    let mut text = String::from(HEAD);
    writeln!(
        text,
        "{claims} claims: {proven} proven ({full} of them at the widest word asked for), {refuted} refuted, {open} open.\n"
    )?;
    text.push_str("| claim | answer | width | paths |\n|---|---|---:|---:|\n");
    text.push_str(&rows);
    text.push_str(VACUOUS);
    text.push_str(&vacuous);
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
