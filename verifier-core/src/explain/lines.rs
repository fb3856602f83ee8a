//! Source lines of instructions, and the names in them.

use std::ops::Range;

use crate::isa::Insn;
use crate::kernel::helpers::name_of;
use crate::program::{LineInfo, LoadRequest};

use super::names;
use super::step::Source;

/// Source and names of one program.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub request: &'a LoadRequest,
}

/// One line, and where in it an instruction's expression begins.
pub(super) struct Line {
    pub source: Source,
    /// Byte of the expression in the text, where the column is known.
    pub at: Option<usize>,
    /// Bytes before the text.
    pub indent: usize,
}

impl Line {
    /// The expression, as bytes of the text.
    pub fn focus(&self) -> Range<usize> {
        names::focus(&self.source.text, self.at)
    }

    /// The expression; of a `return`, the first operand of what it returns. Empty for other statements.
    pub fn expression(&self) -> &str {
        let text = &self.source.text;
        let returned = |at: usize| {
            let rest = text.get(at..)?.strip_prefix("return")?;
            Some(at + "return".len() + (rest.len() - rest.trim_start().len()))
        };
        let at = self.at.map(|at| returned(at).unwrap_or(at));
        let found = text.get(names::focus(text, at)).unwrap_or_default();
        let statement = ["if ", "if(", "while ", "while(", "for ", "for(", "switch ", "return"];
        if statement.iter().any(|s| found.starts_with(s)) { "" } else { found }
    }

    /// What the source calls the value that the instruction computes.
    pub fn value(&self) -> Option<&str> {
        names::value_name(&self.source.text, self.at)
    }

    /// The variable that the line assigns.
    pub fn assigned(&self) -> Option<&str> {
        names::assigned(&self.source.text, self.at)
    }
}

impl<'a> Lines<'a> {
    /// What one record of lines says.
    pub fn record(&self, at: usize) -> Option<Source> {
        let insn = self.request.line_info.get(at)?.insn_off;
        self.line(insn as usize).map(|l| l.source)
    }

    /// The line of an instruction.
    pub fn line(&self, insn: usize) -> Option<Line> {
        let btf = self.request.btf.as_ref()?;
        let at = self.request.line_info.partition_point(|l| l.insn_off as usize <= insn).checked_sub(1)?;
        let line = self.request.line_info.get(at)?;
        let text = |off| btf.bytes_at(off).map(|b| String::from_utf8_lossy(b).into_owned());
        let raw = text(line.line_off)?;
        let (number, column) = self.position(line, raw.len());
        let indent = raw.len() - raw.trim_start().len();
        let source = Source { file: text(line.file_name_off)?, line: number, column, text: raw.trim().to_string() };
        let at = (column > 0).then(|| (column as usize - 1).checked_sub(indent)).flatten();
        Some(Line { source, at, indent })
    }

    /// Line and column. The record has ten bits for the column, and what is more goes into the line's number: of a line
    /// that long, the record with the smallest number has the true one.
    fn position(&self, line: &LineInfo, len: usize) -> (u32, u32) {
        let (number, column) = (line.line_col >> 10, line.line_col & 0x3ff);
        if len < 0x400 {
            return (number, column);
        }
        let same = self.request.line_info.iter().filter(|l| l.line_off == line.line_off);
        let first = same.map(|l| l.line_col >> 10).min().unwrap_or(number);
        let column = (number - first).saturating_mul(0x400).saturating_add(column);
        if column as usize <= len { (first, column) } else { (number, 0) }
    }

    /// `line 15`, or `instruction 8` where the line is unknown.
    pub fn place(&self, insn: usize) -> String {
        match self.line(insn).filter(|l| l.source.line > 0) {
            Some(l) => format!("line {}", l.source.line),
            None => format!("instruction {insn}"),
        }
    }

    /// An instruction.
    pub fn insn(&self, idx: usize) -> Insn {
        self.request.insns.get(idx).copied().unwrap_or_default()
    }

    /// The helper that an instruction calls.
    pub fn helper(&self, idx: usize) -> Option<&'static str> {
        let insn = self.insn(idx);
        insn.is_helper_call().then(|| u32::try_from(insn.imm).ok().and_then(name_of)).flatten()
    }

    /// What the source passes as an argument (1 to 5) of the call of a helper at an instruction.
    pub fn argument(&self, idx: usize, n: u8) -> Option<String> {
        self.argument_of(idx, self.helper(idx)?, n)
    }

    /// The same, of a call of any function.
    pub fn argument_of(&self, idx: usize, function: &str, n: u8) -> Option<String> {
        let line = self.line(idx)?;
        let args = names::arguments(&line.source.text, function);
        let arg = args.get(usize::from(n).checked_sub(1)?)?;
        (arg.len() <= 40 && !arg.is_empty()).then(|| (*arg).to_string())
    }
}
