//! Why an object cannot be read, and why one of its programs cannot be loaded.

/// The file cannot be read at all: what is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct ObjectError {
    /// Section, when it is one's fault.
    pub section: Option<String>,
    /// Byte offset in the section.
    pub offset: Option<u64>,
    /// Reason.
    pub what: String,
}

impl std::fmt::Display for ObjectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.section, self.offset) {
            (Some(s), Some(o)) => write!(f, "section '{s}', offset {o:#x}: {}", self.what),
            (Some(s), None) => write!(f, "section '{s}': {}", self.what),
            _ => f.write_str(&self.what),
        }
    }
}

impl ObjectError {
    pub(super) fn new(what: impl Into<String>) -> ObjectError {
        ObjectError { section: None, offset: None, what: what.into() }
    }

    pub(super) fn at(section: &str, offset: u64, what: impl Into<String>) -> ObjectError {
        ObjectError { section: Some(section.to_owned()), offset: Some(offset), what: what.into() }
    }
}

/// libbpf (or a system call before `BPF_PROG_LOAD`) refuses the program: the kernel never sees it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", words.join("\n"))]
pub struct NotLoadable {
    /// Negative errno that `bpf_object__load()` returns.
    pub code: i32,
    /// What libbpf prints, line by line, without its `libbpf: ` prefix; the cause first.
    pub words: Vec<String>,
    /// Why that is so and what to do, in our words, where it is known.
    pub reason: Option<String>,
}

pub(super) const ENOENT: i32 = -2;
pub(super) const ESRCH: i32 = -3;
pub(super) const E2BIG: i32 = -7;
pub(super) const EINVAL: i32 = -22;
pub(super) const ERANGE: i32 = -34;
pub(super) const EOPNOTSUPP: i32 = -95;
pub(super) const ENOTSUP: i32 = EOPNOTSUPP;
pub(super) const RELOC: i32 = -4005;
pub(super) const FORMAT: i32 = -4001;

impl NotLoadable {
    pub(super) fn new(code: i32, words: impl Into<String>) -> NotLoadable {
        NotLoadable { code, words: vec![words.into()], reason: None }
    }

    /// Adds a line that libbpf prints after the cause.
    pub(super) fn also(mut self, words: impl Into<String>) -> NotLoadable {
        self.words.push(words.into());
        self
    }

    /// Says why, unless that was said.
    pub(super) fn because(mut self, reason: impl Into<String>) -> NotLoadable {
        self.reason.get_or_insert_with(|| reason.into());
        self
    }
}
