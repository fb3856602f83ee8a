//! The kernel's log, byte for byte, from events.
//!
//! Answers for kernel/bpf/log.c: the pieces that are put together, the state that follows its instruction on the same
//! line, source lines that are not repeated, the rewinding of level 1, and the rolling window of a full buffer.
//!
//! In the kernel: `bpf_verifier_vlog()`, `fmt_reg_mask()`, `fmt_stack_mask()`.

use std::fmt::Write;

use crate::isa::Insn;
use crate::isa::disasm::{Names, write_insn};
use crate::kernel::Reworded;
use crate::program::LineInfo;
use crate::state::BtfRef;

use super::diagnosis::{Account, Entry, LANE, wrapped};
use super::digits::{decimal, signed};
use super::event::{Context, Event, Interest, Sink};
use super::reg::{Wanted, Words, former_names};

/// The kernel formats a piece in a buffer of this size, its final zero included; longer pieces are cut.
const PIECE_MAX: usize = 1023;
/// The state behind an instruction begins at this column at the earliest, and at multiples of 8 after it.
const STATE_COLUMN: usize = 40;

/// Where the state behind an instruction of this length begins.
fn state_column(len: usize) -> usize {
    (len + 4).max(STATE_COLUMN).next_multiple_of(8)
}

/// Listens and keeps the log as the kernel would write it.
pub struct TextLog {
    level: u32,
    /// The window's capacity, as the user's buffer size; one byte of it is the final zero.
    cap: usize,
    /// What is kept; its first byte stands at logical position `start`.
    buf: Vec<u8>,
    start: u64,
    /// End of the last instruction printed, or 0.
    after_insn: u64,
    /// Length of the last instruction printed.
    insn_len: usize,
    last_line: Option<LineInfo>,
    /// Longest log that would have been kept.
    max_len: u64,
    /// The piece being put together.
    draft: String,
    /// Instructions that were printed, with their line's end: their text never changes.
    texts: Vec<Option<InsnText>>,
}

/// An instruction as printed.
struct InsnText {
    insn: Insn,
    text: Box<str>,
}

/// Names for the disassembler, from what the analysis knows.
struct CallNames<'a>(&'a Context<'a>);

impl Names for CallNames<'_> {
    fn helper(&self, id: i32) -> Option<String> {
        let named = |id: &u32| *id == 0 || crate::kernel::helpers::exists(self.0.kernel, *id);
        let id = u32::try_from(id).ok().filter(named)?;
        crate::kernel::helpers::name_of(id).map(str::to_string)
    }
    fn kfunc(&self, insn: Insn) -> Option<String> {
        let btf = match insn.off {
            0 => Some(BtfRef::VMLINUX),
            off => self.0.kfunc_btfs.iter().find(|(o, _)| *o == off).map(|(_, b)| *b),
        };
        let name = btf
            .and_then(|b| self.0.btfs.get(usize::from(b.0)))
            .and_then(|b| b.ty(insn.imm as u32))
            .map(|t| t.name().to_string());
        Some(name.unwrap_or_else(|| "<error>".into()))
    }
    fn kernel_calls(&self) -> bool {
        self.0.kernel.features.kernel_calls
    }
    fn acquire_release(&self) -> bool {
        self.0.kernel.features.narrow_atomics
    }
    fn signed_forms(&self) -> bool {
        self.0.kernel.features.v4_instructions
    }
}

impl TextLog {
    /// A log of a level (bits 1, 2 and 4 as in the system call) that keeps at most `cap` bytes, the last ones.
    pub fn new(level: u32, cap: usize) -> TextLog {
        TextLog {
            level,
            cap: cap.max(1),
            // Most logs are longer; without a level, nothing is printed.
            buf: Vec::with_capacity(if level == 0 { 0 } else { 4 << 10 }),
            start: 0,
            after_insn: 0,
            insn_len: 0,
            last_line: None,
            max_len: 0,
            draft: String::new(),
            texts: Vec::new(),
        }
    }

    fn end(&self) -> u64 {
        self.start + self.buf.len() as u64
    }

    /// Appends one piece.
    fn piece(&mut self, text: &[u8]) {
        let n = text.len().min(PIECE_MAX);
        self.buf.extend_from_slice(&text[..n]);
        self.max_len = self.max_len.max(self.end() + 1);
        // Dropping from the front is linear, so it is done when twice the window is full.
        if self.buf.len() > self.cap.saturating_mul(2) {
            let drop = self.buf.len() - (self.cap - 1);
            self.buf.drain(..drop);
            self.start += drop as u64;
        }
    }

    fn say(&mut self, text: &str) {
        self.piece(text.as_bytes());
    }

    /// Appends the piece that `write` puts together.
    fn draft(&mut self, write: impl FnOnce(&mut String)) {
        let mut draft = std::mem::take(&mut self.draft);
        draft.clear();
        write(&mut draft);
        self.piece(draft.as_bytes());
        self.draft = draft;
    }

    /// The log as it stands: what the kernel's buffer would hold.
    pub fn text(&self) -> Vec<u8> {
        let from = self.buf.len().saturating_sub(self.cap - 1);
        self.buf[from..].to_vec()
    }

    /// Whether the buffer was too small (the load would return `ENOSPC`).
    pub fn overflowed(&self) -> bool {
        self.max_len > self.cap as u64
    }

    /// Appends text that is not an event (the last lines with counters).
    pub fn append(&mut self, text: &str) {
        self.say(text);
    }

    fn words<'a>(cx: &Context<'a>) -> Words<'a> {
        Words { style: cx.kernel.style, btfs: cx.btfs, maps: cx.maps }
    }

    fn source_line(&mut self, cx: &Context<'_>, idx: usize, numbered: bool) {
        let Some(btf) = &cx.request.btf else { return };
        let lines = &cx.request.line_info;
        let at = lines.partition_point(|l| l.insn_off as usize <= idx);
        if lines.is_empty() || idx >= cx.insns.len() {
            return;
        }
        let line = lines[at.saturating_sub(1)];
        let once = cx.kernel.style.has(Reworded::SourceLines);
        if let Some(last) = self.last_line
            && (last == line
                || once && (last.file_name_off == line.file_name_off && last.line_col >> 10 == line.line_col >> 10))
        {
            return;
        }
        if !cx.kernel.style.has(Reworded::SourceLines) && self.last_line == Some(line) {
            return;
        }
        if numbered {
            self.number(idx)
        } else {
            self.say("; ")
        }
        let text = btf.bytes_at(line.line_off).unwrap_or_default();
        let text = text.trim_ascii_start();
        self.piece(text);
        if !cx.kernel.style.has(Reworded::SourceLines) {
            self.say("\n");
        } else {
            let path = btf.bytes_at(line.file_name_off).unwrap_or_default();
            let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
            let mut tail = b" @ ".to_vec();
            tail.extend_from_slice(name);
            tail.extend_from_slice(format!(":{}\n", line.line_col >> 10).as_bytes());
            self.piece(&tail);
        }
        self.last_line = Some(line);
    }

    /// `12: `.
    fn number(&mut self, idx: usize) {
        self.draft(|s| {
            decimal(s, idx as u64);
            s.push_str(": ");
        });
    }

    fn insn(&mut self, cx: &Context<'_>, idx: usize) {
        let Some(insn) = cx.insns.get(idx) else { return self.say("\n") };
        if self.texts.len() <= idx {
            self.texts.resize_with(cx.insns.len(), || None);
        }
        let known = self.texts[idx].take().filter(|t| t.insn == *insn);
        let text = known.unwrap_or_else(|| InsnText { insn: *insn, text: insn_text(cx, *insn, idx).into() });
        self.say(&text.text);
        self.texts[idx] = Some(text);
    }
}

/// An instruction and its line's end.
fn insn_text(cx: &Context<'_>, insn: Insn, idx: usize) -> String {
    let mut s = String::new();
    // Writing into a `String` cannot fail.
    let _ = if insn.is_ordered_access() && !cx.kernel.style.has(Reworded::OrderedAccess) {
        write!(s, "BUG_{:02x}", insn.code)
    } else {
        let next = cx.insns.get(idx + 1).copied();
        write_insn(&mut s, insn, next, &CallNames(cx), !cx.pointers_may_leak)
    };
    s.push('\n');
    s
}

/// A source line around which a place is shown.
struct SourceLine {
    file: u32,
    line: i64,
    text: String,
}

impl TextLog {
    /// An account of a refusal.
    fn account(&mut self, cx: &Context<'_>, a: &Account) {
        let mut first = a.problem.chars();
        let head: String = first.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(first).collect();
        let mut out = format!("\nVerification failed: {}: {head}\n\nReason:\n", a.category);
        wrapped(&mut out, "  ", "  ", &a.reason);
        out.push_str("\nAt:\n");
        let lines: &[LineInfo] = if a.before_lines { &[] } else { &cx.request.line_info };
        place(&mut out, cx, lines, a.at, "error", &a.error);
        if let Some(path) = &a.path {
            out.push_str("\nCausal path:\n");
            if path.is_empty() {
                out.push_str("  no retained diagnostic events on this path\n");
            }
            for (i, entry) in path.iter().enumerate() {
                if i > 0 {
                    out.push('\n');
                }
                match entry {
                    Entry::Event { idx, label, text } => place(&mut out, cx, lines, *idx, label, text),
                    Entry::Omitted(n) => {
                        let _ = writeln!(out, "  {n} intermediate causal-history events omitted");
                    }
                }
            }
        }
        if let Some(Entry::Event { idx, label, text }) = &a.held {
            out.push_str("\nActive lock:\n");
            place(&mut out, cx, lines, *idx, label, text);
        }
        out.push_str("\nSuggestion:\n");
        wrapped(&mut out, "  ", "  ", &a.suggestion);
        out.push('\n');
        for part in out.as_bytes().chunks(PIECE_MAX) {
            self.piece(part);
        }
    }
}

fn source_of(cx: &Context<'_>, l: &LineInfo) -> Option<SourceLine> {
    let btf = cx.request.btf.as_ref()?;
    let text = |off| String::from_utf8_lossy(btf.bytes_at(off).unwrap_or_default()).into_owned();
    Some(SourceLine { file: l.file_name_off, line: i64::from(l.line_col >> 10), text: text(l.line_off) })
}

/// A place in source and program, with a remark.
fn place(out: &mut String, cx: &Context<'_>, lines: &[LineInfo], idx: usize, label: &str, text: &str) {
    let at = lines.partition_point(|l| l.insn_off as usize <= idx);
    let info = at.checked_sub(1).and_then(|i| lines.get(i));
    let here = info.and_then(|l| source_of(cx, l).map(|s| (l, s)));
    let remark = format!("{label}: {text}");
    let annotate = |out: &mut String, width: usize, indent: usize| {
        let indent = indent.min(LANE.saturating_sub(width + 8));
        let bar = format!("  {:w$} | {:indent$}", "", "", w = width + 4);
        wrapped(out, &format!("{bar}^-- "), &format!("{bar}    "), &remark);
    };
    let btf = cx.request.btf.as_ref();
    let file = here.as_ref().and_then(|(l, _)| btf?.bytes_at(l.file_name_off));
    let file = file.map(|f| String::from_utf8_lossy(f.rsplit(|b| *b == b'/').next().unwrap_or_default()).into_owned());
    match (here, file.filter(|f| !f.is_empty())) {
        (Some((l, s)), Some(file)) => {
            let sub = cx.subprog_starts.partition_point(|s| *s as usize <= idx).saturating_sub(1);
            let func = cx.request.func_info.get(sub).and_then(|f| btf?.ty(f.type_id)).map(|t| t.name().to_string());
            match func.filter(|f| !f.is_empty()) {
                Some(func) => {
                    let _ = writeln!(out, "  {func} @ {file}:{}:{}", s.line, l.line_col & 0x3ff);
                }
                None => {
                    let _ = writeln!(out, "  {file}:{}:{}", s.line, l.line_col & 0x3ff);
                }
            }
            if s.text.is_empty() {
                annotate(out, 0, 0);
            } else {
                source_lines(out, cx, sub, &s, annotate);
            }
        }
        _ => {
            let _ = writeln!(out, "  insn {idx}");
            annotate(out, 0, 0);
        }
    }
    let last = cx.insns.len().saturating_sub(1);
    let width = last.to_string().len();
    out.push_str("  Instruction context:\n");
    for n in idx.saturating_sub(2)..=(idx + 2).min(last) {
        if n > 0 && cx.insns[n - 1].is_ldimm64() {
            continue;
        }
        let mut s = String::new();
        let _ = write_insn(&mut s, cx.insns[n], cx.insns.get(n + 1).copied(), &CallNames(cx), !cx.pointers_may_leak);
        let mark = if n == idx { ">>> " } else { "    " };
        let _ = writeln!(out, "  {mark}{n:width$} | {}", s.trim_end_matches('\n'));
    }
}

/// Five lines of source with the remark under the middle one.
fn source_lines(
    out: &mut String,
    cx: &Context<'_>,
    sub: usize,
    here: &SourceLine,
    annotate: impl Fn(&mut String, usize, usize),
) {
    let first = here.line - 2;
    let width = (here.line + 2).max(0).to_string().len();
    let begin = cx.subprog_starts.get(sub).map_or(0, |s| *s as usize);
    let end = cx.subprog_starts.get(sub + 1).map_or(usize::MAX, |s| *s as usize);
    let mut texts: [Option<String>; 5] = Default::default();
    for l in cx.request.line_info.iter().filter(|l| (begin..end).contains(&(l.insn_off as usize))) {
        let Some(s) = source_of(cx, l).filter(|s| s.file == here.file && !s.text.is_empty()) else { continue };
        if let Some(text) = usize::try_from(s.line - first).ok().and_then(|i| texts.get_mut(i)) {
            text.get_or_insert(s.text);
        }
    }
    out.push_str("  Source context:\n");
    for (i, text) in (0i64..).zip(&texts) {
        let line = first + i;
        let mark = if line == here.line { ">>> " } else { "    " };
        let lane = if line <= 0 {
            String::new()
        } else {
            let head = format!("{mark}{line:width$} | ");
            let room = LANE.saturating_sub(head.len());
            head + &cut_source(text.as_deref().unwrap_or("..."), room)
        };
        let _ = writeln!(out, "  {lane}");
        if line == here.line {
            annotate(out, width, indentation(&here.text));
        }
    }
}

/// A source line with its tabs as spaces, cut to a width.
fn cut_source(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.peek().copied().filter(|_| column < width) {
        rest.next();
        if c == '\t' {
            let to = (column + 1).next_multiple_of(8).min(width);
            out.extend(std::iter::repeat_n(' ', to - column));
            column = to;
        } else {
            out.push(c);
            column += c.len_utf8();
        }
    }
    if rest.peek().is_some() {
        while column > width.saturating_sub(3) {
            match out.pop() {
                Some(c) => column -= c.len_utf8(),
                None => break,
            }
        }
        out.push_str(&"..."[..width.min(3)]);
    }
    out
}

fn indentation(text: &str) -> usize {
    let mut column = 0usize;
    for b in text.bytes() {
        match b {
            b' ' => column += 1,
            b'\t' => column = (column + 1).next_multiple_of(8),
            _ => break,
        }
    }
    column
}

impl Sink for TextLog {
    fn interest(&self) -> Interest {
        Interest { log_level: self.level, structure: false }
    }

    fn event(&mut self, cx: &Context<'_>, event: &Event<'_>) {
        match *event {
            Event::Line(msg) => {
                if !cx.kernel.style.has(Reworded::RingbufMemory) {
                    let mut text = former_names(&msg.text(cx.kernel.style), cx.kernel.style);
                    if !cx.kernel.style.has(Reworded::Scalars) {
                        text = text
                            .replace("'scalar'", "'inv'")
                            .replace("type=scalar ", "type=inv ")
                            .replace("expected=scalar", "expected=inv");
                    }
                    return self.say(&text);
                }
                // Writing into a `String` cannot fail.
                self.draft(|s| {
                    let _ = msg.write(s, cx.kernel.style);
                });
            }
            Event::Account(account) => self.account(cx, account),
            Event::Begin { .. } => self.last_line = None,
            Event::SourceLine { idx, numbered } => self.source_line(cx, idx, numbered),
            Event::Insn { idx } => {
                self.source_line(cx, idx, false);
                let from = self.end();
                self.number(idx);
                self.insn(cx, idx);
                self.insn_len = (self.end() - from) as usize;
                self.after_insn = self.end();
            }
            Event::State { state, frame, all, regs, slots } => {
                let mut s = std::mem::take(&mut self.draft);
                s.clear();
                if let Some(f) = state.frames.get(frame) {
                    Self::words(cx).frame(&mut s, state, f, Wanted { all, regs, slots });
                }
                // A whole frame is many pieces in the kernel; none of them is long enough to be cut.
                for part in s.as_bytes().chunks(PIECE_MAX) {
                    self.piece(part);
                }
                self.draft = s;
            }
            Event::InsnState { idx, state, frame, regs, slots } => {
                if self.after_insn != 0 && self.after_insn == self.end() {
                    self.rewind(self.after_insn - 1);
                    let column = state_column(self.insn_len);
                    let width = column - self.insn_len - 1;
                    self.draft(|s| {
                        s.extend(std::iter::repeat_n(' ', width));
                        s.push(';');
                    });
                } else {
                    self.draft(|s| {
                        decimal(s, idx as u64);
                        s.push(':');
                    });
                }
                self.event(cx, &Event::State { state, frame, all: false, regs, slots });
            }
            Event::From { prev, to, speculative, safe } => {
                self.draft(|s| {
                    s.push_str("\nfrom ");
                    signed(s, i64::from(prev));
                    s.push_str(" to ");
                    decimal(s, to as u64);
                    s.push_str(if speculative { " (speculative execution):" } else { ":" });
                    s.push_str(if safe { " safe\n" } else { "" });
                });
            }
            Event::PreciseBefore { frame, regs, slots, idx } => {
                let frames = cx.kernel.style.has(Reworded::WalkedFrames);
                self.draft(|s| {
                    if frames {
                        s.push_str("mark_precise: frame");
                        decimal(s, u64::from(frame));
                        s.push_str(": regs=");
                        bits(s, "r", u64::from(regs));
                        s.push_str(" stack=");
                        slot_bits(s, slots);
                    } else {
                        // Writing into a `String` cannot fail.
                        let _ = write!(s, "regs={regs:x} stack={slots:x}");
                    }
                    s.push_str(" before ");
                });
                self.number(idx);
                self.insn(cx, idx);
            }
            Event::InsnText { idx } => self.insn(cx, idx),
            Event::Listed { idx, numbered, note, column } => {
                let from = self.end();
                if numbered {
                    self.say(&format!("{idx:3}: "));
                }
                self.insn(cx, idx);
                if !note.is_empty() {
                    self.rewind(self.end() - 1);
                    if column {
                        let len = (self.end() - from) as usize;
                        let width = state_column(len) - len - 1;
                        self.say(&format!("{:width$}", " "));
                    }
                    self.say(note);
                    self.say("\n");
                }
            }
            _ => {}
        }
    }

    fn mark(&self) -> u64 {
        self.end()
    }

    fn rewind(&mut self, mark: u64) {
        if mark < self.start {
            self.buf.clear();
            self.start = mark;
        } else {
            self.buf.truncate((mark - self.start) as usize);
        }
    }
}

/// `r1,r6`.
pub fn bits(out: &mut String, prefix: &str, mask: u64) {
    let mut first = true;
    for n in (0..64).filter(|n| mask >> n & 1 != 0) {
        out.push_str(if first { "" } else { "," });
        out.push_str(prefix);
        decimal(out, n);
        first = false;
    }
}

/// `-8,-16`.
pub fn slot_bits(out: &mut String, mask: u64) {
    let mut first = true;
    for n in (0..64i32).filter(|n| mask >> n & 1 != 0) {
        out.push_str(if first { "" } else { "," });
        signed(out, i64::from(-(n + 1) * 8));
        first = false;
    }
}
