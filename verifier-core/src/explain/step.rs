//! One step of a chain of causes as data: what happens to the value that is followed, and where in the source.

/// A place in the program's source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// File as the compiler was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1; 0: unknown.
    pub column: u32,
    /// The line's text, without leading and trailing space.
    pub text: String,
}

/// What a step of the chain does to the value that is followed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StepKind {
    /// The value comes into being: a constant, a load, a result of a call, an argument.
    Established,
    /// It is copied from another register.
    Copied,
    /// It is computed from other values.
    Computed,
    /// It goes to the stack.
    Spilled,
    /// It comes back from the stack.
    Filled,
    /// A comparison narrows it or tells what it is.
    Checked,
    /// What was known of it is lost, or it is no longer valid.
    Lost,
    /// Here the rule is broken.
    Failing,
}

impl StepKind {
    /// One word for people.
    pub const fn word(self) -> &'static str {
        match self {
            StepKind::Established => "established",
            StepKind::Copied => "copied",
            StepKind::Computed => "computed",
            StepKind::Spilled => "spilled",
            StepKind::Filled => "filled",
            StepKind::Checked => "checked",
            StepKind::Lost => "lost",
            StepKind::Failing => "rejected",
        }
    }
}

/// One step of the chain of causes, in the order of execution.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// What happens.
    pub kind: StepKind,
    /// Instruction.
    pub insn: usize,
    /// The instruction as text.
    pub insn_text: String,
    /// Register or slot: `R2`, `fp-16`.
    pub place: String,
    /// The value before, in words; empty when there was none.
    pub before: String,
    /// The value after, in words.
    pub after: String,
    /// Its source line.
    pub source: Option<Source>,
    /// How often this step repeats on the path (a loop), at least 1.
    pub times: u32,
    /// What happens here, in one line for people.
    pub label: String,
    /// Bytes of the source line's text that the step is about; without source, of the instruction's text.
    pub focus: std::ops::Range<usize>,
    /// Column in the file where `focus` begins, from 1; 0: unknown.
    pub column: u32,
}
