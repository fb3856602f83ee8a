//! From a question about an object or a raw program to rows: what the command line and the service have in common.
//!
//! Nothing here knows files, arguments or protobuf. Input is untrusted, and a fault of ours in one program never costs
//! the others their answers: it is a row of its own.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use verifier_core::analysis::{Options, System, Verdict, verify_with};
use verifier_core::error::Errno;
use verifier_core::explain::{Recorder, Sources, Trace, trace_of};
use verifier_core::kernel::ProgType;
use verifier_core::kernel::helpers::id::GET_SMP_PROCESSOR_ID;
use verifier_core::log::{Off, Sink};
use verifier_core::program::request::Privilege;
use verifier_core::program::{
    LoadRequest, Loaded, LoaderRules, Object, ObjectError, OpenOptions, Program, open, together,
};

use crate::args::glob;
use crate::contract::plan::Plan;
use crate::raw::{RawError, RawProgram};
use crate::row::{Kind, Row, Undecided};
use crate::solve::Wanted;

/// Most bytes of log that are kept for one program.
const MAX_LOG: usize = 64 << 20;

/// What to do about rejections besides naming them.
#[derive(Clone, Debug)]
pub struct Solving {
    /// Where to save inputs that show bugs.
    pub witness: Option<PathBuf>,
    /// Accepted programs get a second opinion.
    pub accepted: bool,
    /// Who is asked whether the answer is still wanted; `None`: it is.
    pub wanted: Option<Wanted>,
    /// Bytes that the solver may have for all answers of this process together; `None`: its own limit.
    pub memory: Option<u64>,
}

/// How to ask; the same for every program of one request.
#[derive(Clone, Debug)]
pub struct Question {
    /// Only programs whose name matches one of these; empty: all.
    pub programs: Vec<String>,
    /// Load every program as this type.
    pub prog_type: Option<ProgType>,
    /// Who loads.
    pub privilege: Privilege,
    /// The kernel's log level; 0: rows have no log.
    pub log_level: u32,
    /// Load as veristat does.
    pub as_veristat: bool,
    /// Whose rules hold before the kernel's.
    pub loader: Option<LoaderRules>,
    /// Never take a path as covered by another one.
    pub no_prune: bool,
    /// Rejected programs get a trace.
    pub explain: bool,
    /// Rejections are decided by the solver.
    pub solve: Option<Solving>,
    /// Bytes that the states of one analysis may take, about.
    pub memory: usize,
    /// Instructions that the programs of one object may have together.
    pub insns: usize,
    /// Bytes that the logs of one object may have together.
    pub logs: usize,
    /// Time for one program on one kernel.
    pub time: Option<Duration>,
    /// Source files at hand, for explanations.
    pub sources: Sources,
    /// Limits for accepted programs: name (one of [`BUDGETS`]) and largest number.
    pub budget: Vec<(String, u64)>,
    /// What a contract says of the object.
    pub plan: Arc<Plan>,
}

impl Default for Question {
    fn default() -> Question {
        Question {
            programs: Vec::new(),
            prog_type: None,
            privilege: Privilege::ROOT,
            log_level: 0,
            as_veristat: false,
            loader: None,
            no_prune: false,
            explain: false,
            solve: None,
            memory: Options::default().memory,
            insns: usize::MAX,
            logs: usize::MAX,
            time: None,
            sources: Sources::default(),
            budget: Vec::new(),
            plan: Arc::default(),
        }
    }
}

/// Why there are no rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The object is malformed.
    Malformed(ObjectError),
    /// A field of a raw program cannot be understood.
    Raw(RawError),
    /// More instructions than [`Question::insns`].
    Insns(usize),
    /// The logs take more than [`Question::logs`].
    Logs,
    /// A contract says what fits nothing in the object, in words.
    Contract(Vec<String>),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Malformed(e) => e.fmt(f),
            Refusal::Raw(e) => e.fmt(f),
            Refusal::Insns(n) => write!(f, "{n} instructions are more than one request may have"),
            Refusal::Contract(lines) => f.write_str(&lines.join("\n")),
            Refusal::Logs => f.write_str("the logs of all programs take more memory than one request may have"),
        }
    }
}

/// Who follows the analyses of one request while they run.
pub trait Listener {
    /// A program is about to be analysed for a kernel.
    fn begin(&mut self, program: &str, section: &str, system: &System, request: &LoadRequest);
    /// Takes the events of the analysis.
    fn sink(&mut self) -> &mut dyn Sink;
    /// The solver begins, or ends: meanwhile nobody asks whether to stop.
    fn solving(&mut self, _begins: bool) {}
    /// What came of it, also of programs that are not loadable and so were never begun.
    fn end(&mut self, row: &Row);
}

/// Nobody follows.
#[derive(Default)]
pub struct Nobody(Off);

impl Listener for Nobody {
    fn begin(&mut self, _: &str, _: &str, _: &System, _: &LoadRequest) {}
    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.0
    }
    fn end(&mut self, _: &Row) {}
}

/// Names of limits for accepted programs.
pub const BUDGETS: &[&str] = &["insns", "states", "peak_states", "stack", "time_us"];

impl Question {
    /// Rows for every program wanted of an object, in order of program and kernel, and one without a program for each
    /// kernel that does not load the object as a whole though it loads every program of it. `stop` is asked all the time
    /// whether to end early; it may block while others run.
    ///
    /// # Errors
    /// What is wrong with the file, or which limit it exceeds.
    pub fn object(
        &self,
        name: &str,
        bytes: &[u8],
        systems: &[System],
        listener: &mut dyn Listener,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<Row>, Refusal> {
        let mut logs = 0usize;
        let mut by_program: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        for system in systems {
            let object = self.open(name, bytes, system).map_err(Refusal::Malformed)?;
            let misfits = self.plan.misfits(&object);
            if !misfits.is_empty() {
                return Err(Refusal::Contract(misfits));
            }
            // Comparing many names with many patterns takes time, too.
            let wanted = |p: &Program| !stop() && !p.left_out && self.wants(&p.name);
            let wanted: Vec<bool> = object.programs.iter().map(wanted).collect();
            let programs: Vec<_> = object.programs.iter().enumerate().filter(|(i, _)| wanted[*i]).collect();
            let insns = programs.iter().filter_map(|(_, p)| p.result.as_ref().ok()).map(|r| r.insns.len()).sum();
            if insns > self.insns {
                return Err(Refusal::Insns(insns));
            }
            let mut fates = vec![Loaded::No; object.programs.len()];
            for (i, p) in programs {
                let mut row = match &p.result {
                    Err(_) if stop() => break,
                    Err(why) => Row::not_loadable(name, &p.name, &p.section, system.kernel.name, why),
                    Ok(request) => self.judge(name, (&p.name, &p.section), system, request.clone(), listener, stop),
                };
                row.basis = Some(system.kernel.basis.word());
                row.variant.clone_from(&self.plan.variant);
                row.expected = self.plan.expected(&row, &system.kernel);
                listener.end(&row);
                if p.autoload {
                    fates[i] = if row.kind == Kind::Accepted { Loaded::Yes } else { Loaded::Fails };
                }
                logs = logs.saturating_add(row.log.as_ref().map_or(0, Vec::len));
                if logs > self.logs {
                    return Err(Refusal::Logs);
                }
                by_program.entry(i).or_default().push(row);
            }
            if let Some(mut row) = self.whole(name, &object, &fates, system) {
                row.basis = Some(system.kernel.basis.word());
                row.variant.clone_from(&self.plan.variant);
                listener.end(&row);
                by_program.entry(usize::MAX).or_default().push(row);
            }
        }
        Ok(by_program.into_values().flatten().collect())
    }

    /// The row of an object that does not load though its programs do. Who loads programs one by one (veristat), or as
    /// another type, has no such answer.
    fn whole(&self, name: &str, object: &Object, fates: &[Loaded], system: &System) -> Option<Row> {
        let asked = object.programs.is_empty() && self.programs.is_empty()
            || object.programs.iter().any(|p| self.wants(&p.name));
        if !asked || self.as_veristat || self.prog_type.is_some() || fates.contains(&Loaded::Fails) {
            return None;
        }
        let why = object.broken.clone().or_else(|| together(object, name, fates))?;
        Some(Row::not_loadable(name, "", "", system.kernel.name, &why))
    }

    /// Opens an object as this question is asked.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn open(&self, name: &str, bytes: &[u8], system: &System) -> Result<Object, ObjectError> {
        let options = OpenOptions {
            vmlinux: Some(system.vmlinux.clone()),
            modules: system.modules.clone(),
            as_veristat: self.as_veristat,
            loader: self.loader.or(self.plan.loader).unwrap_or_default(),
            settings: &self.plan.settings,
            nr_cpus: system.kernel.machine.cpus.unwrap_or(1),
            ..OpenOptions::new(&system.kernel, name)
        };
        open(bytes, &options)
    }

    /// The row of a raw program on one kernel.
    ///
    /// # Errors
    /// The field that cannot be understood, or which limit the program exceeds.
    pub fn raw(
        &self,
        object: &str,
        program: &RawProgram,
        system: &System,
        listener: &mut dyn Listener,
        stop: &dyn Fn() -> bool,
    ) -> Result<Row, Refusal> {
        let request = program.request(system).map_err(Refusal::Raw)?;
        if request.insns.len() > self.insns {
            return Err(Refusal::Insns(request.insns.len()));
        }
        let mut row = self.judge(object, (&program.name, ""), system, request, listener, stop);
        row.basis = Some(system.kernel.basis.word());
        listener.end(&row);
        Ok(row)
    }

    /// Whether the question is about a program of this name.
    pub fn wants(&self, program: &str) -> bool {
        self.programs.is_empty() || self.programs.iter().any(|g| glob(g, program))
    }

    /// What the analysis is told.
    pub fn options(&self) -> Options {
        Options {
            log_level: self.log_level,
            log_size: MAX_LOG,
            privilege: self.privilege,
            no_prune: self.no_prune,
            exact: false,
            memory: self.memory,
        }
    }

    fn judge(
        &self,
        object: &str,
        (program, section): (&str, &str),
        system: &System,
        mut request: LoadRequest,
        listener: &mut dyn Listener,
        stop: &dyn Fn() -> bool,
    ) -> Row {
        if let Some(t) = self.prog_type {
            request.prog_type = t as u32;
        }
        let begun = Instant::now();
        let late = || self.time.is_some_and(|limit| begun.elapsed() > limit);
        let stopped = Cell::new(false);
        let over = || {
            stopped.set(stop() || late());
            stopped.get()
        };
        let options = self.options();
        listener.begin(program, section, system, &request);
        let report = catch_unwind(AssertUnwindSafe(|| verify_with(system, &request, &options, listener.sink(), &over)));
        let Ok(report) = report else {
            let message = "undecided: internal error of bpfvet; please report the program".to_string();
            let mut row = Row::new(object, program, section, system.kernel.name, Kind::Unsupported, message);
            row.undecided = Some(Undecided::Fault);
            return row;
        };
        let mut row = Row::verified(object, program, section, system, &request, report, self.log_level != 0);
        row.reason = (row.reason.take())
            .or_else(|| self.missing_capability(system, &request, &row))
            .or_else(|| self.by_cpus(system, &request, &row, &over));
        if row.undecided.is_some() && stopped.get() {
            row.undecided = Some(if late() { Undecided::Late } else { Undecided::Stopped });
            if let Some(limit) = self.time.filter(|_| late()) {
                row.message = format!("undecided: not finished after {} s", limit.as_secs_f32());
            }
        }
        if row.kind == Kind::Rejected && self.explain {
            // The trace is of the same program: it ends no earlier than the verdict did, but may be stopped.
            row.trace = trace(system, &request, &options, &self.sources, stop);
        }
        if self.solve.is_some() {
            listener.solving(true);
            self.decide(system, &request, &options, &mut row);
            listener.solving(false);
        }
        self.apply_budget(&mut row);
        row
    }

    /// Which capabilities are missing where the kernel refuses without a word: the fewest with which it goes on.
    fn missing_capability(&self, system: &System, request: &LoadRequest, row: &Row) -> Option<String> {
        let silent = row.kind == Kind::Rejected && row.code.is_none() && row.errno.as_deref() == Some("EPERM");
        if !silent {
            return None;
        }
        let p = self.privilege;
        let all = [
            (p.bpf, "CAP_BPF"),
            (p.perfmon, "CAP_PERFMON"),
            (p.net_admin, "CAP_NET_ADMIN"),
            (p.sys_admin, "CAP_SYS_ADMIN"),
        ];
        let mut sets: Vec<u32> = (1..16u32).filter(|set| (0..4).all(|i| set & 1 << i == 0 || !all[i].0)).collect();
        // CAP_SYS_ADMIN stands for all others: it is named only where nothing less will do.
        sets.sort_by_key(|set| (set & 8, set.count_ones()));
        let goes_on = |set: &u32| {
            let has = |i: usize| all[i].0 || set & 1 << i != 0;
            let privilege = Privilege { bpf: has(0), perfmon: has(1), net_admin: has(2), sys_admin: has(3) };
            let options = Options { privilege, log_level: 0, ..self.options() };
            // Capabilities are looked at before the first instruction; nothing more is of interest.
            let report = catch_unwind(AssertUnwindSafe(|| verify_with(system, request, &options, &mut Off, &|| true)));
            report.is_ok_and(
                |r| !matches!(&r.verdict, Verdict::Rejected(r) if r.errno == Errno::EPERM && r.cause.is_none()),
            )
        };
        let set = sets.into_iter().find(goes_on)?;
        let names: Vec<&str> = (0..4).filter(|i| set & 1 << i != 0).map(|i| all[i].1).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        Some(format!("{} {verb} missing", names.join(" and ")))
    }

    /// Whether a rejection holds only for machines with several CPUs, where it is not known how many there are.
    fn by_cpus(&self, system: &System, request: &LoadRequest, row: &Row, stop: &dyn Fn() -> bool) -> Option<String> {
        let asks = |i: &verifier_core::isa::Insn| i.is_helper_call() && i.imm == GET_SMP_PROCESSOR_ID as i32;
        let unknown = system.kernel.machine.cpus.is_none();
        if row.kind != Kind::Rejected || !unknown || !request.insns.iter().any(asks) {
            return None;
        }
        let one = System { kernel: system.kernel.clone().with_cpus(1), ..system.clone() };
        let options = Options { log_level: 0, ..self.options() };
        let report = catch_unwind(AssertUnwindSafe(|| verify_with(&one, request, &options, &mut Off, stop)));
        let accepted = report.is_ok_and(|r| matches!(r.verdict, Verdict::Accepted(_)));
        accepted.then(|| {
            format!(
                "it depends on the number of CPUs: a machine with one accepts it, and Linux {} runs on up to {}; \
                 `--cpus N` asks about machines with N",
                system.kernel.name,
                system.kernel.most_cpus()
            )
        })
    }

    /// Is it a real bug? Is an accepted program safe indeed?
    #[cfg(feature = "solver")]
    fn decide(&self, system: &System, request: &LoadRequest, options: &Options, row: &mut Row) {
        let ask = match (&self.solve, row.kind) {
            (Some(_), Kind::Rejected) => crate::solve::about_rejection,
            (Some(s), Kind::Accepted) if s.accepted => crate::solve::about_acceptance,
            _ => return,
        };
        let wanted = self.solve.as_ref().and_then(|s| s.wanted.as_ref());
        let memory = self.solve.as_ref().and_then(|s| s.memory);
        let asked = crate::solve::Asked { program: &row.program, wanted, memory };
        let found = catch_unwind(AssertUnwindSafe(|| ask(system, request, options, &asked)));
        row.solve = found.ok().flatten();
        if let Some(dir) = self.solve.as_ref().and_then(|s| s.witness.as_deref()) {
            crate::save::witness(row, dir);
        }
    }

    #[cfg(not(feature = "solver"))]
    fn decide(&self, _: &System, _: &LoadRequest, _: &Options, _: &mut Row) {}

    /// Notes which limits an accepted program exceeds.
    fn apply_budget(&self, row: &mut Row) {
        let (Kind::Accepted, Some(c)) = (row.kind, row.counters) else { return };
        let mut limits = self.plan.limits(&row.program);
        limits.retain(|(name, _)| self.budget.iter().all(|(given, _)| given != name));
        for (name, limit) in self.budget.iter().chain(&limits) {
            let is = match name.as_str() {
                "insns" => u64::from(c.insns),
                "states" => u64::from(c.total_states),
                "peak_states" => u64::from(c.peak_states),
                "stack" => u64::from(c.stack_depth),
                _ => c.time_us,
            };
            if is > *limit {
                row.over_budget.push(format!("{name} {is} > {limit}"));
            }
        }
    }
}

/// Runs the analysis of a rejected program again, listening to its steps. A fault costs the explanation alone.
pub fn trace(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    sources: &Sources,
    stop: &dyn Fn() -> bool,
) -> Option<Trace> {
    let quiet = Options { log_level: 0, ..options.clone() };
    let run = || {
        let mut recorder = Recorder::new();
        let report = verify_with(system, request, &quiet, &mut recorder, stop);
        trace_of(system, request, &quiet, &report, &recorder.into_path(), sources, stop)
    };
    catch_unwind(AssertUnwindSafe(run)).ok().flatten()
}
