//! What the kernel says, as values: message rows, rejections, and the ways an analysis can stop.
//!
//! Every line that a kernel can print about a program is a row in one of the area files below, worded exactly as the
//! release words it (including its line end, because some lines are printed in pieces). A row with a stable code and a
//! category can be the cause of a rejection; its doc comment is the page that `bpfvet explain CODE` shows.

use std::fmt;

/// Declares the message rows of one area.
///
/// ```text
/// rows! {
///     /// Messages about map values.
///     pub enum MapMsg, Map {
///         /// Explanation shown to users: what it means, what usually causes it, how to fix it.
///         ["mem-map-value-range", MemorySafety]
///         ValueRange { value_size: u32, off: i64, size: u32 } =>
///             "invalid access to map value, value_size={value_size} off={off} size={size}\n";
///         /// A line that is never a cause by itself.
///         [note]
///         Something { n: u32 } => "something {n}\n", VerifierBug => "other words {n}\n";
///         /// A line whose text needs code: the block gets `f: &mut Formatter` and `style: Wording`.
///         [note]
///         Mask { m: u32 } => fn |f, style| { write!(f, "regs={m:x}\n") };
///     }
/// }
/// ```
#[macro_export]
macro_rules! rows {
    (
        $(#[$em:meta])*
        pub enum $Enum:ident, $Code:ident {
            $(
                $(#[doc = $doc:literal])*
                [$($kind:tt)*]
                $Var:ident $({ $($field:ident : $fty:ty),* $(,)? })? => $($form:literal $(, $alt:ident => $altform:literal)*)? $(fn |$f:ident, $s:ident| $body:block)? ;
            )*
        }
    ) => {
        $(#[$em])*
        #[derive(Clone, PartialEq, Debug)]
        pub enum $Enum {
            $( $(#[doc = $doc])* $Var $({ $(#[allow(missing_docs)] $field: $fty),* })?, )*
        }
        /// Which row a message is. Those that can be the cause of a rejection have a text; notes have none.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum $Code { $($Var),* }
        impl $Code {
            /// The stable text that users see; empty for notes.
            pub const fn text(self) -> &'static str {
                match self { $( Self::$Var => $crate::rows!(@text $($kind)*) ),* }
            }
        }
        impl $Enum {
            /// The documented row behind this message.
            pub fn row(&self) -> &'static $crate::error::Row {
                match self { $( Self::$Var $({ $($field: _),* })? => {
                    static ROW: $crate::error::Row = $crate::error::Row {
                        name: stringify!($Var),
                        cause: $crate::rows!(@kind $Code $Var $($kind)*),
                        doc: concat!($($doc, "\n"),*),
                    };
                    &ROW
                } )* }
            }
            /// Every row of this area, in declaration order.
            pub fn rows() -> Vec<$crate::error::Row> {
                vec![$( $crate::error::Row {
                    name: stringify!($Var),
                    cause: $crate::rows!(@kind $Code $Var $($kind)*),
                    doc: concat!($($doc, "\n"),*),
                } ),*]
            }
            /// What each row is worded as, in declaration order: format strings, or the code that holds them.
            pub fn wordings() -> Vec<$crate::error::Wording> {
                vec![$( $crate::error::Wording {
                    row: $crate::error::Row {
                        name: stringify!($Var),
                        cause: $crate::rows!(@kind $Code $Var $($kind)*),
                        doc: concat!($($doc, "\n"),*),
                    },
                    formats: &[$($form $(, $altform)*)?],
                    code: concat!("", $(stringify!($body))?),
                } ),*]
            }
            /// The register that the message is about, where a field says so.
            #[allow(unused_variables, unused_mut, unused_assignments)]
            pub fn regno(&self) -> Option<u8> {
                let mut out = None;
                match self { $( Self::$Var $({ $($field),* })? => {
                    $( $( $crate::rows!(@regno out, $field, $field); )* )?
                } )* }
                out
            }
            /// The argument that the message is about, counted from 0, where a field says so.
            #[allow(unused_variables, unused_mut, unused_assignments)]
            pub fn argument(&self) -> Option<u8> {
                let mut out = None;
                match self { $( Self::$Var $({ $($field),* })? => {
                    $( $( $crate::rows!(@argument out, $field, $field); )* )?
                } )* }
                out
            }
            /// Writes the text as a release words it.
            #[allow(unused_variables)]
            pub fn write(&self, f: &mut dyn std::fmt::Write, style: $crate::kernel::Wording) -> std::fmt::Result {
                match self { $( Self::$Var $({ $($field),* })? => {
                    $(
                        $( if style.has($crate::kernel::Reworded::$alt) { return write!(f, $altform); } )*
                        write!(f, $form)
                    )?
                    $( { let $f = f; let $s = style; $body } )?
                } )* }
            }
        }
    };
    (@regno $out:ident, regno, $field:ident) => { $out = Some(*$field as u8); };
    (@regno $out:ident, $other:ident, $field:ident) => {};
    (@argument $out:ident, arg, $field:ident) => { $out = u8::try_from(*$field).ok(); };
    (@argument $out:ident, $other:ident, $field:ident) => {};
    (@kind $Code:ident $Var:ident note) => { None };
    (@kind $Code:ident $Var:ident $code:literal, $cat:ident) => {
        Some(($crate::error::Code::$Code($Code::$Var), $crate::error::Category::$cat))
    };
    (@text note) => { "" };
    (@text $code:literal, $cat:ident) => { $code };
}

/// The fixed part of a message: its name, its stable code and category if it can be a cause, its page.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Name of the variant.
    pub name: &'static str,
    /// Stable code and category, for rows that can be the cause of a rejection.
    pub cause: Option<(Code, Category)>,
    /// The explanation page.
    pub doc: &'static str,
}

/// How a row is worded, for those who read logs.
#[derive(Clone, PartialEq, Debug)]
pub struct Wording {
    /// The row.
    pub row: Row,
    /// Its format strings, one per wording; empty where code writes it.
    pub formats: &'static [&'static str],
    /// The code that writes it, as text; empty where a format string does.
    pub code: &'static str,
}

/// What kind of rule a rejection is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Category {
    /// A register holds another type than the instruction or call needs.
    RegisterTypeSafety,
    /// An access could touch memory outside of its object, or uninitialised memory.
    MemorySafety,
    /// A call with wrong arguments, or of something that may not be called here.
    CallTypeSafety,
    /// A reference, lock or other resource is leaked or used after release.
    ResourceLifetimeSafety,
    /// Something is not allowed in the context the program runs in (sleeping, locks held, RCU).
    ExecutionContextSafety,
    /// The control flow or the encoding is malformed.
    ProgramStructure,
    /// The program type, licence, capability or configuration does not allow it.
    Policy,
    /// The analysis gave up: too large, too complex, too deep.
    VerifierLimit,
}

impl Category {
    /// The words that newest kernels print.
    pub const fn title(self) -> &'static str {
        match self {
            Category::RegisterTypeSafety => "Register Type Safety",
            Category::MemorySafety => "Memory Safety",
            Category::CallTypeSafety => "Call Type Safety",
            Category::ResourceLifetimeSafety => "Resource Lifetime Safety",
            Category::ExecutionContextSafety => "Execution Context Safety",
            Category::ProgramStructure => "Program Structure",
            Category::Policy => "Policy",
            Category::VerifierLimit => "Verifier Limit",
        }
    }

    /// What all rejections of the kind have in common, and where to look.
    pub const fn meaning(self) -> &'static str {
        match self {
            Category::RegisterTypeSafety => {
                "The verifier knows for every register whether it holds a number, nothing, or which kind of pointer. Look \
                 for where the value got its kind: the chain of causes ends there."
            }
            Category::MemorySafety => {
                "Every access must stay inside of its object whatever the numbers turn out to be. Look at the ranges in the \
                 chain of causes: a limit is missing, too large, or was lost on the way."
            }
            Category::CallTypeSafety => {
                "Helpers, kernel functions and functions of the program take and return values of fixed kinds. Compare the \
                 arguments with the declaration of what is called."
            }
            Category::ResourceLifetimeSafety => {
                "What a program acquires it must give back exactly once, on every path, and not use after that. Look at \
                 error paths first."
            }
            Category::ExecutionContextSafety => {
                "Some things are not possible where the program runs: sleeping, or calling anything under a lock. Do them \
                 before or after, or in another type of program."
            }
            Category::ProgramStructure => {
                "The instructions or the BTF are not put together as the kernel requires. Compilers and libbpf produce sound \
                 ones; look at inline assembly, at tools that rewrite objects, or at a kernel that is older than the compiler's \
                 instruction set."
            }
            Category::Policy => {
                "The program may be sound, but its type, licence, capabilities, attach point or the configuration of the \
                 kernel do not allow it. Change how it is built or loaded."
            }
            Category::VerifierLimit => {
                "The verifier gave up before it knew. Nothing need be wrong: make loops bounded, functions global, and \
                 stacks small, so that there is less to follow."
            }
        }
    }
}

/// Error numbers that a load can return.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(i32)]
pub enum Errno {
    EPERM = 1,
    ENOENT = 2,
    ESRCH = 3,
    E2BIG = 7,
    EBADF = 9,
    EAGAIN = 11,
    ENOMEM = 12,
    EACCES = 13,
    EFAULT = 14,
    EBUSY = 16,
    EEXIST = 17,
    EINVAL = 22,
    ENOSPC = 28,
    ERANGE = 34,
    EDEADLK = 35,
    ELOOP = 40,
    EPROTO = 71,
    EBADMSG = 74,
    EOPNOTSUPP = 95,
    ENOTSUPP = 524,
}

impl Errno {
    /// The symbolic name, as `errno -s` prints it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// A code by area and row, also as a pattern: `code!(Memory::PacketRange | Memory::MemRange)`.
#[macro_export]
macro_rules! code {
    ($($Area:ident :: $Row:ident)|+) => { $($crate::error::Code::$Area($crate::error::code::$Area::$Row))|+ };
}

macro_rules! areas {
    ($($(#[$doc:meta])* $module:ident :: $Enum:ident as $Var:ident),* $(,)?) => {
        $(mod $module; pub use $module::$Enum;)*
        /// One line (or piece of a line) that the kernel prints.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Msg { $($(#[$doc])* $Var($Enum)),* }
        $(impl From<$Enum> for Msg { fn from(m: $Enum) -> Msg { Msg::$Var(m) } })*
        impl Msg {
            /// The documented row behind this message.
            pub fn row(&self) -> &'static Row { match self { $(Msg::$Var(m) => m.row()),* } }
            /// The register that the message is about, where a field says so.
            pub fn regno(&self) -> Option<u8> { match self { $(Msg::$Var(m) => m.regno()),* } }
            /// The argument that the message is about, counted from 0, where a field says so.
            pub fn argument(&self) -> Option<u8> { match self { $(Msg::$Var(m) => m.argument()),* } }
            /// Writes the text as a release words it.
            pub fn write(&self, f: &mut dyn fmt::Write, style: crate::kernel::Wording) -> fmt::Result {
                match self { $(Msg::$Var(m) => m.write(f, style)),* }
            }
        }
        /// Stable code of a row that can be the cause of a rejection, by area.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code { $($(#[$doc])* $Var(code::$Var)),* }
        impl Code {
            /// The text that users see, such as `mem-packet-range`.
            pub const fn text(self) -> &'static str { match self { $(Code::$Var(c) => c.text()),* } }
        }
        /// Codes of each area.
        pub mod code { $(pub use super::$module::$Var;)* }
        /// How every row of every area is worded.
        pub fn all_wordings() -> Vec<Wording> { let mut v = Vec::new(); $(v.extend($Enum::wordings());)* v }
        /// Every row of every area.
        pub fn all_rows() -> Vec<Row> { let mut v = Vec::new(); $(v.extend($Enum::rows());)* v }
    };
}

mod families;
pub mod masks;

areas! {
    /// Encoding, control flow, subprogram layout.
    structure::StructureMsg as Structure,
    /// System-call checks, program and attach types, licence, maps, capabilities.
    policy::PolicyMsg as Policy,
    /// Registers, ALU, comparisons, pointer arithmetic.
    register::RegisterMsg as Register,
    /// Loads, stores, stack, packets, maps, contexts, kernel types.
    memory::MemoryMsg as Memory,
    /// Helpers, local functions, callbacks.
    call::CallMsg as Call,
    /// Kernel functions, dynptrs, iterators, graph structures.
    kfunc::KfuncMsg as Kfunc,
    /// References, locks, RCU and preemption sections.
    lifetime::LifetimeMsg as Lifetime,
    /// The walk, and the stages that read instructions, function and line information.
    walk::WalkMsg as Walk,
    /// Limits of the analysis, loops, counters, return values at exit.
    limit::LimitMsg as Limit,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl Msg {
    /// The stable code, of messages that can be a cause.
    pub fn code(&self) -> Option<Code> {
        self.row().cause.map(|(code, _)| code)
    }

    /// The text as a release words it.
    pub fn text(&self, style: crate::kernel::Wording) -> String {
        let mut s = String::new();
        // Writing into a `String` cannot fail.
        let _ = self.write(&mut s, style);
        s
    }
}

/// Why a program was rejected: the cause, the lines printed with it, and the error the load returns.
#[derive(Clone, PartialEq, Debug)]
pub struct Rejection {
    /// The row that names the problem; `None` where the kernel returns an error without a word.
    pub cause: Option<Msg>,
    /// Lines printed after the cause, in order.
    pub also: Vec<Msg>,
    /// Error number that the load returns.
    pub errno: Errno,
}

/// The number of an argument, counted from 0. `{arg}` is that number in words, `{arg:#}` the register that it stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arg(pub u32);

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { write!(f, "R{}", self.0.saturating_add(1)) } else { self.0.fmt(f) }
    }
}

impl From<u32> for Arg {
    fn from(n: u32) -> Arg {
        Arg(n)
    }
}

impl From<usize> for Arg {
    fn from(n: usize) -> Arg {
        Arg(u32::try_from(n).unwrap_or(u32::MAX))
    }
}

impl TryFrom<Arg> for u8 {
    type Error = std::num::TryFromIntError;
    fn try_from(arg: Arg) -> Result<u8, Self::Error> {
        u8::try_from(arg.0)
    }
}

/// The ways an analysis ends before acceptance.
#[derive(Clone, PartialEq, Debug)]
pub enum Stop {
    /// The kernel rejects the program.
    Reject(Box<Rejection>),
    /// We do not model something the program uses; the text names it.
    Unsupported(Box<str>),
    /// A budget of ours (time, memory) or a cancellation ended the analysis; the text names it.
    Budget(Box<str>),
}

impl Stop {
    /// We do not model `what`.
    pub fn unsupported(what: impl Into<Box<str>>) -> Stop {
        Stop::Unsupported(what.into())
    }

    /// The kernel returns an error without printing anything.
    pub fn silent(errno: Errno) -> Stop {
        Stop::Reject(Box::new(Rejection { cause: None, also: Vec::new(), errno }))
    }
}

/// Result of an analysis step.
pub type Res<T = ()> = Result<T, Stop>;
