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

use super::event::{Context, Event, Interest, Sink};
use super::reg::{Wanted, Words};

/// The kernel formats a piece in a buffer of this size, its final zero included; longer pieces are cut.
const PIECE_MAX: usize = 1023;
/// The state behind an instruction begins at this column at the earliest, and at multiples of 8 after it.
const STATE_COLUMN: usize = 40;

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
}

/// Names for the disassembler, from what the analysis knows.
struct CallNames<'a>(&'a Context<'a>);

impl Names for CallNames<'_> {
    fn helper(&self, id: i32) -> Option<String> {
        u32::try_from(id).ok().and_then(crate::kernel::helpers::name_of).map(str::to_string)
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
    fn acquire_release(&self) -> bool {
        self.0.kernel.features.narrow_atomics
    }
}

impl TextLog {
    /// A log of a level (bits 1, 2 and 4 as in the system call) that keeps at most `cap` bytes, the last ones.
    pub fn new(level: u32, cap: usize) -> TextLog {
        TextLog {
            level,
            cap: cap.max(1),
            buf: Vec::new(),
            start: 0,
            after_insn: 0,
            insn_len: 0,
            last_line: None,
            max_len: 0,
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
        if let Some(last) = self.last_line
            && (last == line
                || (last.file_name_off == line.file_name_off && last.line_col >> 10 == line.line_col >> 10))
        {
            return;
        }
        if !cx.kernel.style.has(Reworded::SourceLines) && self.last_line == Some(line) {
            return;
        }
        if numbered {
            self.say(&format!("{idx}: "))
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

    fn insn(&mut self, cx: &Context<'_>, idx: usize) {
        let mut s = String::new();
        if let Some(insn) = cx.insns.get(idx) {
            let next = cx.insns.get(idx + 1).copied();
            // Writing into a `String` cannot fail.
            let _ = if insn.is_ordered_access() && !cx.kernel.style.has(Reworded::OrderedAccess) {
                write!(s, "BUG_{:02x}", insn.code)
            } else {
                write_insn(&mut s, *insn, next, &CallNames(cx), !cx.pointers_may_leak)
            };
        }
        s.push('\n');
        self.say(&s);
    }
}

impl Sink for TextLog {
    fn interest(&self) -> Interest {
        Interest { log_level: self.level, structure: false }
    }

    fn event(&mut self, cx: &Context<'_>, event: &Event<'_>) {
        match *event {
            Event::Line(msg) => {
                let text = msg.text(cx.kernel.style);
                self.say(&text);
            }
            Event::Begin { .. } => self.last_line = None,
            Event::SourceLine { idx, numbered } => self.source_line(cx, idx, numbered),
            Event::Insn { idx } => {
                self.source_line(cx, idx, false);
                let from = self.end();
                self.say(&format!("{idx}: "));
                self.insn(cx, idx);
                self.insn_len = (self.end() - from) as usize;
                self.after_insn = self.end();
            }
            Event::State { state, frame, all, regs, slots } => {
                let mut s = String::new();
                if let Some(f) = state.frames.get(frame) {
                    Self::words(cx).frame(&mut s, state, f, Wanted { all, regs, slots });
                }
                // A whole frame is many pieces in the kernel; none of them is long enough to be cut.
                for part in s.as_bytes().chunks(PIECE_MAX) {
                    self.piece(part);
                }
            }
            Event::InsnState { idx, state, frame, regs, slots } => {
                if self.after_insn != 0 && self.after_insn == self.end() {
                    self.rewind(self.after_insn - 1);
                    let column = (self.insn_len + 4).max(STATE_COLUMN).next_multiple_of(8);
                    let width = column - self.insn_len - 1;
                    self.say(&format!("{:width$};", " "));
                } else {
                    self.say(&format!("{idx}:"));
                }
                self.event(cx, &Event::State { state, frame, all: false, regs, slots });
            }
            Event::From { prev, to, speculative, safe } => {
                let spec = if speculative { " (speculative execution)" } else { "" };
                let safe = if safe { " safe\n" } else { "" };
                self.say(&format!("\nfrom {prev} to {to}{spec}:{safe}"));
            }
            Event::PreciseBefore { frame, regs, slots, idx } => {
                let mut s = format!("mark_precise: frame{frame}: regs=");
                bits(&mut s, "r", u64::from(regs));
                s.push_str(" stack=");
                slot_bits(&mut s, slots);
                s.push_str(" before ");
                self.say(&s);
                self.say(&format!("{idx}: "));
                self.insn(cx, idx);
            }
            Event::InsnText { idx } => self.insn(cx, idx),
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
        let _ = write!(out, "{}{prefix}{n}", if first { "" } else { "," });
        first = false;
    }
}

/// `-8,-16`.
pub fn slot_bits(out: &mut String, mask: u64) {
    let mut first = true;
    for n in (0..64i32).filter(|n| mask >> n & 1 != 0) {
        let _ = write!(out, "{}{}", if first { "" } else { "," }, -(n + 1) * 8);
        first = false;
    }
}
