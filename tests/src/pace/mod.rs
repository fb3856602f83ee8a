//! How long the analysis takes beside the running kernel, program by program.
//!
//! Both sides are asked in turns within one run, so that what disturbs the machine disturbs both; the smallest time of
//! each counts. The kernel's time is its own: the `verification time` that a load at log level 4 prints. Ours is the
//! analysis alone, the object being parsed. Nothing is attached or run.

pub mod report;
pub mod shapes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use verifier_core::analysis::{Options, System, verify_with};
use verifier_core::log::Off;
use verifier_core::program::LoadRequest;

use crate::loader;
use crate::oracle::machine::Machine;
use crate::oracle::wire::{How, lines};
use crate::oracle::{Answer, breaks_running_kernel};
use crate::recordings::{self, Record};
use crate::run::Failure;

/// Bits of the kernel's log level that print its time.
const STATS: u32 = 4;

/// A program of the recordings that is timed.
pub struct Subject {
    /// `object/program`.
    pub name: String,
    /// Instructions that the kernel processed when it was recorded.
    pub insns: u64,
    /// The program as loaded.
    pub request: LoadRequest,
}

/// Chooses programs that the kernel accepted when it was recorded and that can be asked again: the `heavy` ones that
/// took most instructions, and `small` of the others, evenly over their names.
///
/// # Errors
/// When the recordings cannot be read.
pub fn choose(
    folder: &Path,
    system: &System,
    only: Option<&str>,
    (heavy, small): (usize, usize),
) -> Result<(Vec<Subject>, Vec<Subject>), Failure> {
    let mut all: Vec<Record> = recordings::records(folder, "6.18.44")?
        .into_iter()
        .filter(|r| r.verdict == "accepted" && r.counters.is_some() && r.modules().is_empty())
        .filter(|r| only.is_none_or(|o| r.name().contains(o)))
        .collect();
    all.sort_by_key(|r| (std::cmp::Reverse(r.weight()), r.name()));
    let rest = all.split_off(heavy.min(all.len()));
    let mut rest: Vec<Record> = rest.into_iter().filter(|r| r.weight() <= 1100).collect();
    rest.sort_by_key(Record::name);
    let wanted = small.min(rest.len());
    let picked: Vec<Record> = (0..wanted).map(|i| rest[i * rest.len() / wanted].clone()).collect();
    let mut objects = BTreeMap::new();
    let mut subjects = |records: Vec<Record>| -> Vec<Subject> {
        let subject = |r: Record| {
            let open = || loader::load(&folder.join("objects").join(&r.object), system);
            let request = loader::request(objects.entry(r.object.clone()).or_insert_with(open), &r.program).ok()?;
            let insns = r.counters.map_or(0, |c| c.insns);
            (!breaks_running_kernel(&request)).then(|| Subject { name: r.name(), insns, request })
        };
        records.into_iter().filter_map(subject).collect()
    };
    Ok((subjects(all), subjects(picked)))
}

/// What one program took; the smallest of several times.
pub struct Times {
    /// The kernel's own verification time.
    pub kernel: Duration,
    /// Our analysis.
    pub ours: Duration,
}

impl Times {
    /// Ours as a multiple of the kernel's.
    pub fn ratio(&self) -> f64 {
        // The kernel counts whole microseconds.
        self.ours.as_secs_f64() / self.kernel.max(Duration::from_micros(1)).as_secs_f64()
    }
}

/// Both sides, ready to be asked.
pub struct Pace {
    machine: Machine,
    scratch: PathBuf,
    /// The kernel as programs must be prepared for it.
    pub system: System,
}

impl Pace {
    /// The running kernel, with the loader that `tests/guest/prepare.sh` built in `folder`.
    ///
    /// # Errors
    /// When the running kernel is not 6.18, or says nothing about itself.
    pub fn new(folder: &Path) -> Result<Pace, String> {
        let machine = Machine::prepared("6.18", folder)?;
        let system = machine.system()?;
        let scratch = std::env::temp_dir().join(format!("bpfvet-pace-{}", std::process::id()));
        Ok(Pace { machine, scratch, system })
    }

    /// The kernel, as it names itself.
    ///
    /// # Errors
    /// When it does not.
    pub fn kernel(&self) -> Result<String, String> {
        self.machine.name()
    }

    /// Times a program at a log level (0 or 2), so many rounds.
    ///
    /// # Errors
    /// When the kernel cannot be asked or does not accept the program, or when we do not.
    pub fn times(&self, name: &str, request: &LoadRequest, log_level: u32, rounds: u32) -> Result<Times, String> {
        let how = How { log_level: log_level | STATS, ..How::default() };
        let text = lines(name, request, how)?;
        let mut best = Times { kernel: Duration::MAX, ours: Duration::MAX };
        for _ in 0..rounds {
            let answers = self.machine.ask(&text, &self.scratch);
            let _ = std::fs::remove_dir_all(&self.scratch);
            let answer = answers?.pop().ok_or("no answer")?;
            let mut samples = 0;
            for time in kernel_times(&answer, log_level)? {
                best.kernel = best.kernel.min(time);
                samples += 1;
            }
            for _ in 0..samples {
                best.ours = best.ours.min(self.analyse(request, log_level)?);
            }
        }
        Ok(best)
    }

    /// Time of our analysis.
    ///
    /// # Errors
    /// When it does not accept the program.
    pub fn analyse(&self, request: &LoadRequest, log_level: u32) -> Result<Duration, String> {
        let options = Options { log_level, log_size: 64 << 20, ..Options::default() };
        let begun = Instant::now();
        let report = verify_with(&self.system, request, &options, &mut Off, &|| false);
        let time = begun.elapsed();
        match report.verdict {
            verifier_core::analysis::Verdict::Accepted(_) => Ok(time),
            other => Err(format!("ours: {}", verdict_word(&other))),
        }
    }
}

fn verdict_word(verdict: &verifier_core::analysis::Verdict) -> String {
    use verifier_core::analysis::Verdict;
    match verdict {
        Verdict::Accepted(_) => "accepted".into(),
        Verdict::Rejected(r) => format!("rejected {}", r.errno.name()),
        Verdict::Unsupported(what) => format!("unsupported: {what}"),
        Verdict::Budget(what) => format!("budget: {what}"),
    }
}

/// The times of the loads at the level asked; the loader loads once more without a log, which is another sample of it.
fn kernel_times(answer: &Answer, log_level: u32) -> Result<Vec<Duration>, String> {
    if answer.verdict != "accepted" {
        return Err(format!("kernel: {} {}", answer.verdict, answer.errno));
    }
    let texts = if log_level == 0 { vec![&answer.log, &answer.stats] } else { vec![&answer.log] };
    let times: Vec<Duration> = texts.into_iter().filter_map(|t| verification_time(t)).collect();
    if times.is_empty() { Err("kernel: no time".into()) } else { Ok(times) }
}

/// `verification time N usec`.
fn verification_time(log: &str) -> Option<Duration> {
    let (_, rest) = log.rsplit_once("verification time ")?;
    rest.split(' ').next()?.parse().ok().map(Duration::from_micros)
}

/// Geometric mean of ratios.
pub fn geometric_mean(ratios: impl IntoIterator<Item = f64>) -> f64 {
    let logs: Vec<f64> = ratios.into_iter().map(f64::ln).collect();
    (logs.iter().sum::<f64>() / logs.len().max(1) as f64).exp()
}
