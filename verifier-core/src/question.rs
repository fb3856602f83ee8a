//! What a program that depends on this crate works with: open an object for a kernel, ask about its programs.
//!
//! Nothing here decides anything. An [`Object`] is opened for one kernel, because the loader fits it to the kernel's
//! types; a [`Question`] about a program of it that is put to another kernel is refused, never answered.

use std::path::Path;
use std::sync::Arc;

use crate::analysis::{Options, Report, Stats, System, Verdict, verify_with};
use crate::btf::{Btf, BtfError};
use crate::explain::{self, Recorder};
use crate::kernel::{Kernel, ProgType, UnknownRelease};
use crate::log::{Off, Sink};
use crate::program::request::Privilege;
use crate::program::{self, LoadRequest, NotLoadable, ObjectError, OpenOptions, vmlinux};

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no kernel of that name.
    #[error(transparent)]
    Release(#[from] UnknownRelease),
    /// The file cannot be read.
    #[error("{file}: {what}")]
    File {
        /// The file.
        file: String,
        /// What the system says.
        what: String,
    },
    /// The file is no object that a loader could open; says which section and offset.
    #[error("{0}")]
    Object(ObjectError),
    /// The BTF given for the kernel is damaged.
    #[error("{0}")]
    Btf(BtfError),
    /// The loader refuses the program, in its words: no kernel would be asked.
    #[error("{0}")]
    NotLoadable(NotLoadable),
    /// The object was opened for another kernel than the question is put to.
    #[error("the object was opened for Linux {opened_for}, and the question is put to Linux {asked}")]
    OtherKernel {
        /// Point release that the object was opened for.
        opened_for: &'static str,
        /// Point release asked.
        asked: &'static str,
    },
}

/// An object file, opened as libbpf would open it on a kernel.
///
/// ```
/// # fn main() -> Result<(), verifier_core::Error> {
/// use verifier_core::{Kernel, Object};
///
/// let kernel = Kernel::release("6.12")?;
/// let object = Object::open(&kernel, "../corpus/demo/accepted.bpf.o")?;
/// let names: Vec<&str> = object.programs().iter().map(|p| p.name()).collect();
/// assert_eq!(names, ["count_protocols"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Object {
    programs: Vec<Program>,
}

impl Object {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read, [`Error::Object`] when it is no object.
    pub fn open(kernel: &Kernel, file: impl AsRef<Path>) -> Result<Object, Error> {
        let file = file.as_ref();
        let failed = |e: std::io::Error| Error::File { file: file.display().to_string(), what: e.to_string() };
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Object::read(kernel, &name, &std::fs::read(file).map_err(failed)?)
    }

    /// Opens the bytes of a file; maps of global data are named after it.
    ///
    /// # Errors
    /// [`Error::Object`] when they are no object.
    pub fn read(kernel: &Kernel, name: &str, bytes: &[u8]) -> Result<Object, Error> {
        let vmlinux = vmlinux(kernel).map_err(Error::Btf)?;
        Object::read_with(kernel, vmlinux, name, bytes)
    }

    /// As [`Object::read`], for a kernel with other types than those known of its release: a custom build's
    /// `/sys/kernel/btf/vmlinux`.
    ///
    /// # Errors
    /// [`Error::Object`] when the bytes are no object.
    pub fn read_with(kernel: &Kernel, vmlinux: Arc<Btf>, name: &str, bytes: &[u8]) -> Result<Object, Error> {
        let options = OpenOptions { vmlinux: Some(vmlinux.clone()), ..OpenOptions::new(kernel, name) };
        let opened = program::open(bytes, &options).map_err(Error::Object)?;
        let program = |inner| Program { inner, opened_for: kernel.release, vmlinux: Arc::clone(&vmlinux) };
        Ok(Object { programs: opened.programs.into_iter().map(program).collect() })
    }

    /// Its programs, in order of section and offset.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// The program of a name.
    pub fn program(&self, name: &str) -> Option<&Program> {
        self.programs.iter().find(|p| p.name() == name)
    }
}

/// A program of an [`Object`], ready to load.
#[derive(Clone, Debug)]
pub struct Program {
    inner: program::Program,
    opened_for: &'static str,
    vmlinux: Arc<Btf>,
}

impl Program {
    /// Name of its function.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Section that it stands in.
    pub fn section(&self) -> &str {
        &self.inner.section
    }

    /// The type that its section stands for, where it stands for one.
    pub fn prog_type(&self) -> Option<ProgType> {
        self.inner.prog_type
    }

    /// What a kernel would be asked to load: instructions, maps, BTF.
    ///
    /// # Errors
    /// [`Error::NotLoadable`] when the loader refuses it.
    pub fn request(&self) -> Result<&LoadRequest, Error> {
        self.inner.result.as_ref().map_err(|e| Error::NotLoadable(e.clone()))
    }
}

/// What a kernel would say of a program.
///
/// ```
/// # fn main() -> Result<(), verifier_core::Error> {
/// use verifier_core::{Kernel, Object, Question, Verdict};
///
/// let kernel = Kernel::release("6.18")?;
/// let object = Object::open(&kernel, "../corpus/demo/accepted.bpf.o")?;
/// for program in object.programs() {
///     let answer = Question::new(&kernel, program).log(2).ask()?;
///     assert!(matches!(answer.verdict, Verdict::Accepted(_)));
///     assert!(answer.log.contains("processed 24 insns"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a question is answered by `ask`"]
pub struct Question<'a> {
    kernel: &'a Kernel,
    program: &'a Program,
    options: Options,
    explain: bool,
}

impl<'a> Question<'a> {
    /// As root, without a log.
    pub fn new(kernel: &'a Kernel, program: &'a Program) -> Question<'a> {
        Question { kernel, program, options: Options::default(), explain: false }
    }

    /// With the kernel's log: 1 for the failing path, 2 for everything, 4 for the counters alone; a bit mask.
    pub fn log(mut self, level: u32) -> Question<'a> {
        self.options.log_level = level;
        self
    }

    /// As somebody without capabilities.
    pub fn unprivileged(mut self) -> Question<'a> {
        self.options.privilege = Privilege::NONE;
        self
    }

    /// Stored states may take about so many bytes; the answer is [`Verdict::Budget`] where that is not enough.
    pub fn memory(mut self, bytes: usize) -> Question<'a> {
        self.options.memory = bytes;
        self
    }

    /// A rejection is explained, which takes a second walk of the program.
    pub fn explain(mut self) -> Question<'a> {
        self.explain = true;
        self
    }

    /// Asks.
    ///
    /// # Errors
    /// [`Error::NotLoadable`] when no kernel would be asked, [`Error::OtherKernel`].
    pub fn ask(self) -> Result<Answer, Error> {
        self.ask_while(&mut Off, &|| true)
    }

    /// Asks, with a listener to every step of the analysis, for as long as `go_on` says so: it is asked all the time, and
    /// the answer is [`Verdict::Budget`] when it ended the analysis.
    ///
    /// # Errors
    /// As [`Question::ask`].
    pub fn ask_while(self, listener: &mut dyn Sink, go_on: &dyn Fn() -> bool) -> Result<Answer, Error> {
        let Question { kernel, program, options, explain } = self;
        if program.opened_for != kernel.release {
            return Err(Error::OtherKernel { opened_for: program.opened_for, asked: kernel.release });
        }
        let request = program.request()?;
        let system = System { kernel: kernel.clone(), vmlinux: Arc::clone(&program.vmlinux), modules: Vec::new() };
        let stop = || !go_on();
        let report = verify_with(&system, request, &options, listener, &stop);
        let explanation = (explain && matches!(report.verdict, Verdict::Rejected(_)))
            .then(|| {
                let mut recorder = Recorder::new();
                let quiet = Options { log_level: 0, ..options };
                let again = verify_with(&system, request, &quiet, &mut recorder, &stop);
                explain::trace_of(
                    &system,
                    request,
                    &quiet,
                    &again,
                    &recorder.into_path(),
                    &explain::Sources::default(),
                    &stop,
                )
            })
            .flatten();
        Ok(Answer::new(kernel, report, explanation))
    }
}

/// What a kernel says of a program.
///
/// ```
/// # fn main() -> Result<(), verifier_core::Error> {
/// use verifier_core::{Kernel, Object, Question, Verdict};
///
/// let kernel = Kernel::release("6.12")?;
/// let object = Object::open(&kernel, "../corpus/demo/rejected.bpf.o")?;
/// let answer = Question::new(&kernel, &object.programs()[0]).explain().ask()?;
/// let Verdict::Rejected(rejection) = &answer.verdict else { panic!("it loads") };
/// assert_eq!(rejection.errno.name(), "EACCES");
/// let explanation = answer.explanation.expect("a rejection is explained");
/// assert!(!explanation.problem.is_empty() && !explanation.steps.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The verdict. What was accepted carries the program as [`Verified`](crate::Verified), which nothing else can make.
    pub verdict: Verdict,
    /// The kernel's log at the level asked, bytes that are not UTF-8 replaced.
    pub log: String,
    /// The counters that the last line of the log shows; `None` where the load is refused before the walk.
    pub counters: Option<Stats>,
    /// Bytes of stack of each function.
    pub stack_depth: Vec<u32>,
    /// Why it is rejected, where that was asked.
    pub explanation: Option<explain::Trace>,
    /// What stands behind it: `measured` or `computed`.
    pub basis: &'static str,
}

impl Answer {
    fn new(kernel: &Kernel, report: Report, explanation: Option<explain::Trace>) -> Answer {
        Answer {
            verdict: report.verdict,
            log: String::from_utf8_lossy(&report.log).into_owned(),
            counters: report.stats,
            stack_depth: report.stack_depth,
            explanation,
            basis: kernel.basis.word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_answers_for_the_kernel_it_was_opened_for() {
        let (old, new) = (Kernel::v6_12(), Kernel::v6_18());
        let bytes = include_bytes!("../../corpus/demo/accepted.bpf.o");
        let object = Object::read(&old, "accepted.bpf.o", bytes).expect("an object");
        let program = object.program("count_protocols").expect("its program");
        let refused = Question::new(&new, program).ask().err();
        assert_eq!(refused, Some(Error::OtherKernel { opened_for: "6.12.117", asked: "6.18.44" }));
        let stopped = Question::new(&old, program).ask_while(&mut Off, &|| false).expect("an answer");
        assert!(matches!(stopped.verdict, Verdict::Budget(_)));
    }
}
