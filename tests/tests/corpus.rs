//! Every case of the corpus against what real kernels said of it: the releases that it was recorded with, at least one.

use std::collections::BTreeSet;

use bpfvet_tests::corpus::judge::{Judged, judge};
use bpfvet_tests::corpus::releases::{Release, Said};
use bpfvet_tests::corpus::{Case, RELEASES, cases};
use bpfvet_tests::run::parallel;
use verifier_core::analysis::System;
use verifier_core::error::all_rows;

/// Rows that no case reaches, with the evidence why none can.
const UNREACHED: &str = include_str!("../../corpus/unreached.txt");

fn system(release: &str) -> System {
    System::stored(bpfvet_tests::recordings::recorded(release)).expect("the profile holds BTF")
}

/// Every case under every release that it was recorded with.
fn judged() -> (Vec<Case>, Vec<(Case, &'static str, Result<Judged, String>)>) {
    let systems = RELEASES.map(|r| (r, system(r)));
    let cases = cases().expect("the cases can be read");
    let of = |c: &Case| c.recorded().map(|r| (c.clone(), r)).collect::<Vec<_>>();
    let all: Vec<(Case, &'static str)> = cases.iter().flat_map(of).collect();
    let answers = parallel(all.len(), 2, |i| {
        let (case, release) = &all[i];
        let (_, system) = systems.iter().find(|(r, _)| r == release).expect("both have one");
        judge(case, release, system)
    });
    (cases, all.into_iter().zip(answers).map(|((c, r), j)| (c, r, j)).collect())
}

#[test]
fn cases_agree_with_recorded_kernels() {
    let (cases, all) = judged();
    let tables = Release::all().expect("the tables can be read");
    let in_tables = |c: &Case| tables.iter().any(|r| r.said.get(&c.name).is_some_and(Said::loaded));
    // What is for releases alone that are asked without their logs.
    let elsewhere = |c: &Case| c.releases().is_empty() || in_tables(c);
    let never = cases.iter().filter(|c| c.recorded().next().is_none() && !elsewhere(c));
    let mut wrong: Vec<String> = never.map(|c| format!("{}: no kernel was asked (make record)", c.name)).collect();
    let mut reached = BTreeSet::new();
    for (case, release, judged) in &all {
        let name = format!("{} on {release}", case.name);
        match (judged, case.known(release)) {
            (Err(e), _) => wrong.push(format!("{name}: {e}")),
            (Ok(j), None) if !j.differences.is_empty() => {
                wrong.push(format!("{name}:\n  {}", j.differences.join("\n  ")));
            }
            (Ok(j), Some(_)) if j.differences.is_empty() => {
                wrong.push(format!("{name} is known to differ and does not"))
            }
            (Ok(j), _) => reached.extend(j.rows.iter().copied()),
        }
    }
    println!("{} recordings; {} rows reached", all.len(), reached.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));

    let excused: BTreeSet<(&str, &str)> = UNREACHED
        .lines()
        .filter(|l| !l.starts_with('#') && !l.trim().is_empty())
        .map(|l| {
            let mut words = l.split_whitespace();
            (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim_end_matches(':'))
        })
        .collect();
    let rows: BTreeSet<(&str, &str)> = all_rows().iter().filter_map(|r| Some((r.cause?.0.text(), r.name))).collect();
    let list = |what: &str, set: Vec<&(&str, &str)>| {
        let lines: Vec<String> = set.iter().map(|(code, name)| format!("{code} {name}")).collect();
        assert!(lines.is_empty(), "{} {what}:\n{}", lines.len(), lines.join("\n"));
    };
    let missing = rows.iter().filter(|r| !reached.contains(r) && !excused.contains(r));
    list("rejections are reached by no case and not listed in corpus/unreached.txt", missing.collect());
    list("rejections are listed as unreached and reached", excused.intersection(&reached).collect());
    list("rejections are listed as unreached and do not exist", excused.difference(&rows).collect());
}
