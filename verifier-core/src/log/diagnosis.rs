//! The account of a refusal as text: sections, places in source and program, wrapped lines.

use crate::btf::Btf;
use crate::domain::Scalar;
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Kind of mistake.
    pub category: &'static str,
    /// What it is, in a few words that begin with a small letter.
    pub problem: String,
    /// Why.
    pub reason: String,
    /// Instruction.
    pub at: usize,
    /// It was found before lines of source were looked at.
    pub before_lines: bool,
    /// What the mark in the source says.
    pub error: String,
    /// How the program came to it, where that is told.
    pub path: Option<Vec<Entry>>,
    /// What is held, where that is told in place of the way to it.
    pub held: Option<Entry>,
    /// What helps.
    pub suggestion: String,
}

/// One entry of the way to it.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Something happened at an instruction.
    Event {
        /// Instruction.
        idx: usize,
        /// Kind of event.
        label: &'static str,
        /// What happened.
        text: String,
    },
    /// So many are left out.
    Omitted(usize),
}

/// Columns of a line.
const WIDTH: usize = 100;

/// Columns of a line of source with what stands before it.
pub(crate) const LANE: usize = 88;

/// Breaks a text at spaces; the first line begins with `first`, others with `next`.
pub(crate) fn wrapped(out: &mut String, first: &str, next: &str, text: &str) {
    let mut prefix = first;
    let mut rest = text;
    while !rest.is_empty() {
        let width = WIDTH.saturating_sub(prefix.len()).max(1);
        let bytes = rest.as_bytes();
        let mut len = bytes.iter().take(width).take_while(|b| **b != b'\n').count();
        let next_byte = bytes.get(len).copied();
        if next_byte.is_some_and(|b| b != b'\n' && b != b' ')
            && let Some(space) = bytes[..len].iter().rposition(|b| *b == b' ').filter(|s| *s > 0)
        {
            len = space;
        }
        while !rest.is_char_boundary(len) {
            len -= 1;
        }
        out.push_str(prefix);
        out.push_str(&rest[..len]);
        out.push('\n');
        rest = rest[len..].trim_start_matches(' ');
        rest = rest.strip_prefix('\n').unwrap_or(rest);
        prefix = next;
        if len == 0 {
            break;
        }
    }
}

/// `S64_MIN`, `-5`.
pub fn signed(n: i64) -> String {
    match n {
        i64::MIN => "S64_MIN".into(),
        i64::MAX => "S64_MAX".into(),
        n => n.to_string(),
    }
}

fn unsigned(n: u64) -> String {
    if n == u64::MAX { "U64_MAX".into() } else { n.to_string() }
}

/// Both ranges of a number.
pub fn range_text(s: &Scalar) -> String {
    format!(
        "signed range [{}, {}], unsigned range [{}, {}]",
        signed(s.smin),
        signed(s.smax),
        unsigned(s.umin),
        unsigned(s.umax)
    )
}

fn unknown(s: &Scalar) -> bool {
    (s.smin, s.smax, s.umin, s.umax) == (i64::MIN, i64::MAX, 0, u64::MAX) && s.var_off == crate::domain::Tnum::UNKNOWN
}

/// A type by kind and name.
pub fn type_text(btf: &Btf, id: u32) -> String {
    let Some(t) = btf.ty(id) else { return format!("BTF type ID {id}") };
    let word = match t.kind {
        crate::btf::BtfKind::Struct => "struct ",
        crate::btf::BtfKind::Union => "union ",
        _ => "",
    };
    format!("({word}{})", t.name())
}

/// What a register holds, in words.
pub fn state_text(ty: RegType, s: &Scalar, map: Option<String>, btf: Option<String>) -> String {
    if ty.is(RegBase::Scalar) {
        return match s.known(false) {
            Some(v) => format!("integer scalar value {}", v as i64),
            None if unknown(s) => "integer scalar with unknown value".into(),
            None if s.umin == s.umax => format!("integer scalar value {}", s.smin),
            None => format!("integer scalar with {}", range_text(s)),
        };
    }
    let offset = match s.known(false) {
        Some(v) => format!("at offset {}", v as i64),
        None if unknown(s) => "with unknown offset".into(),
        None => format!(
            "with variable offset: known bits {:#x}, unknown mask {:#x}, {}",
            s.var_off.value,
            s.var_off.mask,
            range_text(s)
        ),
    };
    match ty.base {
        RegBase::NotInit => "uninitialized value".into(),
        RegBase::PtrToCtx => format!("context pointer {offset}"),
        RegBase::PtrToStack => format!("stack pointer {offset}"),
        RegBase::PtrToMapValue => {
            let kind = if ty.may_be_null() { "nullable map value" } else { "map value" };
            match map {
                Some(name) => format!("{kind} from {name} {offset}"),
                None => format!("{kind} {offset}"),
            }
        }
        RegBase::ConstPtrToMap => match map {
            Some(name) => format!("map pointer for map {name}"),
            None => "map pointer".into(),
        },
        RegBase::PtrToBtfId if ty.has(TypeFlags::ALLOC) => {
            let kind = if ty.has(TypeFlags::NON_OWN_REF) { "borrowed" } else { "owned" };
            match btf {
                Some(btf) => format!("{kind} allocated object pointer type={btf}"),
                None => format!("{kind} allocated object pointer"),
            }
        }
        RegBase::PtrToBtfId => match btf {
            Some(btf) => format!("{ty} type={btf} {offset}"),
            None => format!("{ty} {offset}"),
        },
        _ => format!("{ty} {offset}"),
    }
}
