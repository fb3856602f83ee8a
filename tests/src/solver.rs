//! Measures of the solver: real bugs of ours, safe programs of ours, and false rejections of others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use verifier_core::analysis::{Options, System, Verdict, verify_with};
use verifier_core::kernel::Kernel;
use verifier_core::log::Off;
use verifier_core::program::{LoadRequest, OpenOptions, open};
use verifier_solver::attack::{Attacked, attack_request};
use verifier_solver::budget::Effort;
use verifier_solver::decide::{Answer, solve};
use verifier_solver::opinion::{Opinion, second_opinion};
use verifier_solver::repair::Repair;

use verifier_server::args::RunFormat;
use verifier_server::witness;

use crate::corpus;
use crate::recordings;

/// One answer.
#[derive(Clone, Debug)]
pub struct Row {
    /// Program.
    pub name: String,
    /// The answer.
    pub answer: Option<Answer>,
    /// The rejection, and the answer in words.
    pub what: String,
    /// What was tried.
    pub notes: Vec<String>,
    /// A repair that the analysis accepts and that is proven to do nothing.
    pub repair: Option<Repair>,
    /// The witness, saved and run again as `bpfvet run --witness` does it, breaks the same rule.
    pub again: bool,
    /// Time taken.
    pub time: Duration,
    /// Work done, the same on every machine.
    pub work: u64,
}

impl Row {
    /// The answer in a word.
    pub fn word(&self) -> &'static str {
        match self.answer {
            Some(Answer::Bug(_)) => "bug",
            Some(Answer::Safe(_)) => "safe",
            Some(Answer::WithinBounds(_)) => "within",
            Some(Answer::Unknown) => "unknown",
            Some(Answer::Undecided(_)) => "undecided",
            Some(Answer::NotAboutMemory) => "other",
            None => "accepted",
        }
    }
}

/// Answers on one set.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Name of the set.
    pub set: &'static str,
    /// Answers.
    pub rows: Vec<Row>,
}

impl Measure {
    /// How many answers read so.
    pub fn count(&self, word: &str) -> usize {
        self.rows.iter().filter(|r| r.word() == word).count()
    }

    /// How many are repaired, of those that are safe, and of the others.
    pub fn repaired(&self) -> (usize, usize) {
        let of = |safe: bool| self.rows.iter().filter(|r| r.repair.is_some() && (r.word() == "safe") == safe).count();
        (of(true), of(false))
    }

    /// The time that half of the answers stay below.
    pub fn median(&self) -> Duration {
        let mut times: Vec<Duration> = self.rows.iter().map(|r| r.time).collect();
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    /// The work that half of the answers stay below.
    pub fn median_work(&self) -> u64 {
        let mut all: Vec<u64> = self.rows.iter().map(|r| r.work).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    }

    /// In one line.
    pub fn summary(&self) -> String {
        let (safe, others) = self.repaired();
        format!(
            "{}: {} rejected programs: {} bugs with a witness that replays, {} safe, {} within bounds, {} unknown, {} \
             not about memory; \
             repairs of {safe} safe and {others} others; median {} ms",
            self.set,
            self.rows.len(),
            self.count("bug"),
            self.count("safe"),
            self.count("within"),
            self.count("unknown") + self.count("undecided"),
            self.count("other"),
            self.median().as_millis()
        )
    }
}

/// As much as people get, and as long as it takes: on a busy machine the clock must not decide.
fn patient() -> Effort<'static> {
    Effort { time: Duration::from_secs(3600), ..Effort::default() }
}

/// The system that both sets are asked about.
///
/// # Errors
/// When the profile holds no BTF.
pub fn system() -> Result<System, String> {
    System::stored(Kernel::v6_18()).map_err(|e| e.to_string())
}

fn row(system: &System, name: String, request: &LoadRequest, options: &Options) -> Row {
    let (report, solved) = solve(system, request, options, &patient());
    let Some(solved) = solved else {
        let what = format!("{:?}", report.verdict);
        return Row {
            name,
            answer: None,
            what: what.chars().take(100).collect(),
            notes: Vec::new(),
            repair: None,
            again: false,
            time: Duration::ZERO,
            work: 0,
        };
    };
    let code = match &report.verdict {
        Verdict::Rejected(r) => r.cause.as_ref().map_or("", |c| c.code().map_or("", |c| c.text())),
        _ => "",
    };
    let what = match &solved.answer {
        Answer::Bug(w) => format!("instruction {}: {}", w.insn, w.rule.words()),
        Answer::Safe(s) => {
            let (from, states, paths) = (s.proof.from(), s.proof.states(), s.proof.paths());
            format!("instruction {}: from {from:?}, {states} states, {paths} paths", s.insn)
        }
        Answer::WithinBounds(w) => {
            format!("instruction {}: {} rounds, {} paths", solved.insn, w.rounds, w.paths)
        }
        _ => format!("instruction {}", solved.insn),
    };
    let again = match &solved.answer {
        Answer::Bug(w) => {
            let saved = witness::json_of(w, &name).to_string();
            let ran = witness::run(saved.as_bytes(), system, request, options, RunFormat::Json, &mut std::io::sink());
            ran == Ok(1)
        }
        _ => false,
    };
    Row {
        name,
        answer: Some(solved.answer),
        what: format!("[{code}] {what}"),
        notes: solved.tried,
        repair: solved.repair,
        again,
        time: solved.time,
        work: solved.work,
    }
}

/// Cases of one topic of the corpus that are rejected.
fn of_corpus(set: &'static str, topic: &str, only: &str) -> Result<Measure, String> {
    let system = system()?;
    let mut rows = Vec::new();
    for case in corpus::cases()?.iter().filter(|c| c.name.starts_with(topic) && c.name.contains(only)) {
        let request = case.request(&system).map_err(|e| format!("{}: {e}", case.name))?;
        let options = Options { privilege: case.privilege()?, ..Options::default() };
        rows.push(row(&system, case.name.clone(), &request, &options));
    }
    Ok(Measure { set, rows })
}

/// Rejected programs of ours, each with a real bug.
///
/// # Errors
/// The case that cannot be read.
pub fn bugs(only: &str) -> Result<Measure, String> {
    of_corpus("real bugs", "solver/", only)
}

/// Programs of ours that do nothing wrong, and are rejected.
///
/// # Errors
/// The case that cannot be read.
pub fn safe(only: &str) -> Result<Measure, String> {
    of_corpus("safe programs of ours", "safe/", only)
}

/// The folder of false rejections, where it is at hand.
pub fn false_rejections_folder() -> Option<PathBuf> {
    let folder = recordings::folder()?.parent()?.join("false-rejections/objects");
    folder.is_dir().then_some(folder)
}

/// Programs believed safe that kernels reject; empty where they are not at hand.
///
/// # Errors
/// The object that cannot be read.
pub fn false_rejections(only: &str) -> Result<Measure, String> {
    match false_rejections_folder() {
        None => Ok(Measure { set: "false rejections", rows: Vec::new() }),
        Some(f) => objects("false rejections", &f, only),
    }
}

/// The rejected programs of the objects in a folder.
///
/// # Errors
/// The object that cannot be read.
pub fn objects(set: &'static str, folder: &Path, only: &str) -> Result<Measure, String> {
    let system = system()?;
    let mut rows = Vec::new();
    for (name, request) in requests(&system, folder)?.into_iter().filter(|(name, _)| name.contains(only)) {
        let row = row(&system, name, &request, &Options::default());
        rows.extend(Some(row).filter(|r| r.answer.is_some()));
    }
    Ok(Measure { set, rows })
}

/// Programs of ours whose names say what is true of them, `bug_…` and `safe_…`; the kernel rejects nearly all.
pub fn adversarial_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("adversarial")
}

/// What a program of the adversarial set is called, without its object: whether it goes wrong on some input.
pub fn has_bug(name: &str) -> bool {
    name.rsplit(' ').next().is_some_and(|n| n.starts_with("bug_"))
}

/// Answers on the adversarial set.
///
/// # Errors
/// The object that cannot be read.
pub fn adversarial(only: &str) -> Result<Measure, String> {
    objects("adversarial set", &adversarial_folder(), only)
}

/// What Linux 6.18 said of a program of the adversarial set: a line of `adversarial/6.18.tsv`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Object and program, as a row names them.
    pub name: String,
    /// It is accepted.
    pub accepted: bool,
    /// Error number, 0 for accepted ones.
    pub errno: i32,
    /// Instructions processed.
    pub insns: u32,
}

/// Programs of ours that Linux 6.18 accepts although they go wrong: those whose names begin with `bug_`.
pub fn accepted_folder() -> PathBuf {
    adversarial_folder().join("accepted")
}

/// What Linux 6.18 said of the programs in a folder (`make adversarial-record` asks it), and what we say.
///
/// # Errors
/// The object or line that cannot be read.
pub fn verdicts(folder: &Path) -> Result<(Vec<Said>, Vec<Said>), String> {
    let text = std::fs::read_to_string(folder.join("6.18.tsv")).map_err(|e| e.to_string())?;
    let mut said = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [object, program, verdict, errno, insns, _] = cells[..] else { return Err(format!("6.18.tsv: {line}")) };
        said.push(Said {
            name: format!("{object}: {program}"),
            accepted: verdict == "accepted",
            errno: errno.parse().map_err(|_| format!("6.18.tsv: {line}"))?,
            insns: insns.parse().map_err(|_| format!("6.18.tsv: {line}"))?,
        });
    }
    let system = system()?;
    let quiet = Options { log_level: 0, ..Options::default() };
    let ours = requests(&system, folder)?.into_iter().map(|(name, request)| {
        let report = verify_with(&system, &request, &quiet, &mut Off, &|| false);
        let (accepted, errno) = match &report.verdict {
            Verdict::Accepted(_) => (true, 0),
            Verdict::Rejected(r) => (false, r.errno as i32),
            _ => (false, -1),
        };
        Said { name, accepted, errno, insns: report.stats.map_or(0, |s| s.insns) }
    });
    Ok((said, ours.collect()))
}

/// Every program of the adversarial set, with what the checked interpreter came to over `runs` inputs; `None`: it does
/// not run such programs.
///
/// # Errors
/// The object that cannot be read.
pub fn truths(runs: u32, only: &str) -> Result<Vec<(String, Option<Attacked>)>, String> {
    let system = system()?;
    let mut out = Vec::new();
    for (name, request) in requests(&system, &adversarial_folder())? {
        if name.contains(only) {
            out.push((name, attack_request(&system, &request, None, runs, 7)));
        }
    }
    Ok(out)
}

/// Second opinions on the accepted programs in a folder.
///
/// # Errors
/// The object that cannot be read.
pub fn opinions(folder: &Path) -> Result<Vec<(String, Opinion)>, String> {
    let system = system()?;
    let mut out = Vec::new();
    for (name, request) in requests(&system, folder)? {
        let opinion = second_opinion(&system, &request, &Options::default(), &patient());
        out.extend(opinion.map(|o| (name, o)));
    }
    Ok(out)
}

/// The programs of the objects in a folder, in order.
fn requests(system: &System, folder: &Path) -> Result<Vec<(String, LoadRequest)>, String> {
    let all = std::fs::read_dir(folder).map_err(|e| e.to_string())?.flatten().map(|e| e.path());
    let mut files: Vec<PathBuf> = all.filter(|f| f.extension().is_some_and(|e| e == "o")).collect();
    files.sort();
    let mut out = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).map_err(|e| format!("{name}: {e}"))?;
        let options = OpenOptions { nr_cpus: 1, ..OpenOptions::new(&system.kernel, name.clone()) };
        for p in open(&bytes, &options).map_err(|e| format!("{name}: {e}"))?.programs {
            out.extend(p.result.ok().map(|request| (format!("{name}: {}", p.name), request)));
        }
    }
    Ok(out)
}

/// All sets.
///
/// # Errors
/// What cannot be read.
pub fn measure(only: &str) -> Result<Vec<Measure>, String> {
    Ok(vec![bugs(only)?, safe(only)?, false_rejections(only)?, adversarial(only)?])
}
