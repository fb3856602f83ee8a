//! Packet pointers: which bytes were compared with the end, which were not, and the comparison that covers them.
//!
//! A remedy here is tried on the instructions before it is told, and is grown until it covers all that the line accesses:
//! every part of a copied struct, every round of a loop.

use std::collections::BTreeMap;

use crate::error::{MemoryMsg, Msg};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::state::{RegBase, RegState};

use super::expr;
use super::names;
use super::path::Place;
use super::remedy::*;
use super::slice::{is_branch, value_before};
use super::suggest::{Diagnosis, Facts};
use super::tried::{LEAVE, Outcome};
use super::value;

/// Most bytes by which a comparison is made to cover more.
const MOST: i32 = 0xffff;
/// Most tries of larger comparisons.
const MAX_TRIES: usize = 40;

/// A comparison of a packet pointer with the end, on the path.
struct Check {
    /// The branch.
    insn: usize,
    /// The register with the packet pointer.
    pointer: u8,
    /// Something was learnt on this path.
    gained: bool,
    /// It is about the same pointer, moved by a constant at most.
    same: bool,
}

/// What is needed, and what is known.
struct Need {
    /// Bytes from where offsets count (the packet's start, or where the pointer was moved to by a number).
    upto: i32,
    /// Bytes that were compared.
    checked: i32,
    /// Bytes of the access.
    size: i32,
}

fn bytes(n: i32) -> String {
    if n == 1 { "1 byte".to_string() } else { format!("{n} bytes") }
}

/// `p + 14` made larger by some bytes; `counts_bytes`: one more in the source is one byte more.
fn widened(side: &str, by: i32, counts_bytes: impl Fn(u64) -> bool) -> String {
    let cast = ["(void *)", "(char *)", "(__u8 *)", "(u8 *)", "(uint8_t *)", "(unsigned char *)"];
    let bytewise = cast.iter().any(|c| side.starts_with(c));
    if let Some((n, at)) = expr::last_summand(side)
        && (bytewise || counts_bytes(n))
    {
        return format!("{}{}", &side[..at.start], n + by.unsigned_abs() as u64);
    }
    if bytewise {
        return format!("{side} + {by}");
    }
    format!("(void *){} + {by}", expr::as_operand(side))
}

impl Facts<'_> {
    fn packet_need(&self, reg: &RegState) -> Need {
        if let Some(Msg::Memory(MemoryMsg::PacketRange { off, size, range, .. })) = self.cause {
            return Need { upto: off.saturating_add(*size), checked: (*range).cast_signed().max(0), size: *size };
        }
        let insn = self.slice.insn.unwrap_or_default();
        let size = if matches!(insn.class(), LDX | ST | STX) { insn.access_size() as i32 } else { 0 };
        Need { upto: reg.off + i32::from(insn.off) + size, checked: reg.range().max(0), size }
    }

    /// The kind of pointer that tells where this one's memory ends.
    fn partner_base(reg: &RegState) -> RegBase {
        if reg.ty.base == RegBase::PtrToPacketMeta { RegBase::PtrToPacket } else { RegBase::PtrToPacketEnd }
    }

    /// Field of the context that ends the memory, and how the source can write it here.
    pub(super) fn partner(&self, reg: &RegState) -> (String, String) {
        let want = Self::partner_base(reg);
        let field = match want {
            RegBase::PtrToPacket => "data",
            _ => "data_end",
        };
        // Where the pointer itself was loaded: `c->optval` ends at `c->optval_end`.
        let own = self.slice.steps.first().filter(|s| self.lines.insn(s.insn).class() == LDX);
        let loaded = own.and_then(|s| {
            let line = self.lines.line(s.insn)?;
            let e = line.source.text.get(line.focus())?;
            let (object, member) = e.rsplit_once("->")?;
            let other = match member {
                "data_meta" => "data",
                "optval" => "optval_end",
                "data" => "data_end",
                _ => return None,
            };
            Some((other, format!("(void *)(long){object}->{other}")))
        });
        let field = loaded.as_ref().map_or(field, |(f, _)| f).to_string();
        let variable = self.path.steps.iter().enumerate().rev().find_map(|(_, s)| {
            let insn = self.lines.insn(s.insn);
            let made = s.changes.iter().any(|c| {
                c.place == (Place::Reg { frame: s.frame, n: insn.dst })
                    && c.after.is_some_and(|a| a.ty.base == want && a.off == 0 && a.scalar.is_const())
            });
            let line = (insn.class() == LDX && made).then(|| self.lines.line(s.insn))??;
            let name = line.assigned().filter(|n| line.value() == Some(n))?;
            Some(name.to_string())
        });
        let written = variable.or(loaded.map(|(_, e)| e)).unwrap_or_else(|| field.clone());
        (field, written)
    }

    /// Comparisons with the end on the path, the newest first.
    fn packet_checks(&self, reg: &RegState) -> Vec<Check> {
        let want = Self::partner_base(reg);
        let mut out: Vec<Check> = Vec::new();
        // In a loop a branch is passed many times: its last passes tell.
        let mut passed: BTreeMap<usize, u32> = BTreeMap::new();
        for (i, s) in self.path.steps.iter().enumerate().rev() {
            let insn = self.lines.insn(s.insn);
            if !is_branch(insn) || !insn.is_reg_src() || out.len() >= 8 {
                continue;
            }
            let times = passed.entry(s.insn).or_default();
            *times += 1;
            if *times > 3 || out.iter().any(|c| c.insn == s.insn) {
                continue;
            }
            let held = |n: u8| value_before(self.path, i, Place::Reg { frame: s.frame, n });
            let (Some(a), Some(b)) = (held(insn.dst), held(insn.src)) else { continue };
            let (pointer, p) = match (a.ty.base == want, b.ty.base == want) {
                (true, false) if b.ty.base == reg.ty.base => (insn.src, b),
                (false, true) if a.ty.base == reg.ty.base => (insn.dst, a),
                _ => continue,
            };
            let same = if reg.scalar.is_const() { p.scalar.is_const() } else { p.id == reg.id };
            let gained = s.changes.iter().any(|c| {
                matches!((c.before, c.after), (Some(b), Some(a)) if a.ty.base == reg.ty.base && a.range() > b.range())
            });
            out.push(Check { insn: s.insn, pointer, gained, same });
        }
        out
    }

    /// Whether the path compares this pointer with the end at all.
    pub(super) fn compared_with_end(&self, reg: &RegState) -> bool {
        self.packet_checks(reg).iter().any(|c| c.same)
    }

    /// The comparison of a line that is the branch's: bytes of the packet's side, and of the operator.
    fn compared_side(
        &self,
        text: &str,
        at: Option<usize>,
        ends: &[String],
    ) -> Option<(std::ops::Range<usize>, expr::Comparison)> {
        let is_end = |side: &str| {
            let bare = expr::without_casts(side);
            ends.iter().any(|e| bare == expr::without_casts(e))
                || ["->data_end", "->optval_end", ".data_end"].iter().any(|w| bare.ends_with(w))
                || matches!(bare, "data_end" | "optval_end")
        };
        let found: Vec<_> = expr::comparisons(text)
            .into_iter()
            .filter_map(|c| {
                let (l, r) = (text.get(c.left.clone())?, text.get(c.right.clone())?);
                match (is_end(l), is_end(r)) {
                    (false, true) => Some((c.left.clone(), c)),
                    (true, false) => Some((c.right.clone(), c)),
                    _ => None,
                }
            })
            .collect();
        let near = found.iter().position(|(_, c)| at.is_some_and(|at| (c.left.start..c.right.end).contains(&at)));
        let only = if found.len() == 1 { Some(0) } else { near };
        found.into_iter().nth(only?)
    }

    /// The line of a check with the packet's side covering more.
    fn widened_line(&self, check: &Check, by: i32, ends: &[String]) -> Option<String> {
        let line = self.lines.line(check.insn)?;
        let text = line.source.text.get(..names::code_end(&line.source.text))?;
        let (side, _) = self.compared_side(text, line.at, ends)?;
        let old = text.get(side.clone())?;
        let counts_bytes = |n: u64| {
            self.path.steps.iter().rev().skip_while(|s| s.insn != check.insn).take(12).any(|s| {
                let insn = self.lines.insn(s.insn);
                let same = self.lines.line(s.insn).is_some_and(|l| l.source.line == line.source.line);
                same && insn.code == (ALU64 | ADD | K) && u64::try_from(insn.imm) == Ok(n)
            })
        };
        Some(format!("{}{}{}", &text[..side.start], widened(old, by, counts_bytes), &text[side.end..]))
    }

    /// How many bytes more the comparison has to cover for the line to pass; `None` when no number does.
    fn enough(&self, check: &Check, need: &Need) -> Option<i32> {
        let insn = self.lines.insn(check.insn);
        let end = if check.pointer == insn.dst { insn.src } else { insn.dst };
        let stronger = |by: i32| {
            let add = |imm: i32| Insn { code: ALU64 | ADD | K, dst: check.pointer, src: 0, off: 0, imm };
            let within = Insn { code: JMP | JLE | X, dst: check.pointer, src: end, off: 2, imm: 0 };
            [&[add(by), within], &LEAVE[..], &[add(-by)]].concat()
        };
        let mut by = need.upto - need.checked;
        for _ in 0..MAX_TRIES {
            if !(1..=MOST).contains(&by) {
                return None;
            }
            match self.attempt_insert(check.insn, &stronger(by)) {
                Outcome::Helps => return Some(by),
                Outcome::Unknown => return None,
                Outcome::Still(Some(Msg::Memory(MemoryMsg::PacketRange { off, size, range, .. }))) => {
                    let more = off.saturating_add(size).saturating_sub(range.cast_signed());
                    // A loop asks for a little more each round: every round of it is covered by what is found last.
                    by = by.saturating_add(more.max(1));
                }
                Outcome::Still(_) => return None,
            }
        }
        None
    }

    /// Whether the comparison the other way round would have been enough.
    fn turned_helps(&self, check: &Check) -> bool {
        let mut edited = self.request.clone();
        let Some(insn) = edited.insns.get_mut(check.insn) else { return false };
        let op = match insn.op() {
            JGT => JLT,
            JLT => JGT,
            JGE => JLE,
            JLE => JGE,
            _ => return false,
        };
        insn.code = (insn.code & 0x0f) | op;
        matches!(self.attempt(&edited, 0, 0), Outcome::Helps)
    }

    /// The comparison that covers what the failing line accesses, in C.
    fn new_packet_check(&self, size: i32, end: &str) -> Option<String> {
        let insn = self.slice.insn.unwrap_or_default();
        if insn.is_call() {
            let arg = self.argument(self.slice.regno?)?;
            return Some(format!("(void *){} + {} > {end}", expr::as_operand(&arg), size.max(1)));
        }
        if let Some(copied) = self.copied_bytes() {
            return Some(format!("{copied} > {end}"));
        }
        let e = self.expression()?;
        let e = names::swapped(expr::without_brackets(&e));
        let pointer = expr::dereferenced(e);
        Some(match e.strip_prefix('*') {
            Some(inner) if expr::operand_end(e, 0) == Some(e.len()) => {
                format!("(void *)({} + 1) > {end}", inner.trim())
            }
            _ if e.ends_with(']') => format!("(void *)(&{e} + 1) > {end}"),
            _ if e.contains("->") => format!("(void *)({} + 1) > {end}", pointer?),
            _ => return None,
        })
    }

    /// The end of what a `memcpy()` on the failing line reads or writes: `(void *)eth->h_dest + 6`.
    fn copied_bytes(&self) -> Option<String> {
        let line = self.lines.line(self.end)?;
        let args = names::arguments(&line.source.text, "memcpy");
        let [to, from, size] = args[..] else { return None };
        let insn = self.slice.insn.unwrap_or_default();
        let side = if insn.class() == LDX { from } else { to };
        let pointer = expr::without_casts(side);
        // A member: its whole object, for other members are mostly copied, too.
        if let Some(object) = expr::dereferenced(pointer).filter(|o| names::is_name(o) && pointer.contains("->")) {
            return Some(format!("(void *)({object} + 1)"));
        }
        Some(format!("(void *){} + {}", expr::as_operand(pointer), expr::as_operand(size)))
    }

    /// The line goes on in a loop: the last branch back on the path encloses it.
    pub(super) fn in_loop(&self) -> bool {
        self.path
            .steps
            .windows(2)
            .any(|w| w[1].insn <= w[0].insn && w[0].frame == w[1].frame && (w[1].insn..=w[0].insn).contains(&self.end))
    }

    /// What leaves where the packet is too short: the loop, or the function.
    fn leave_here(&self) -> String {
        if self.in_loop() { "break;".into() } else { self.leaving() }
    }

    /// The packet was never compared with its end, or not far enough.
    pub(super) fn packet(&self, reg: &RegState, d: &mut Diagnosis) {
        if let Some(index) = &self.slice.index
            && !index.value.scalar.is_const()
        {
            self.bounds(d);
            if !d.suggestions.is_empty() {
                return;
            }
        }
        let insn = self.slice.insn.unwrap_or_default();
        let need = self.packet_need(reg);
        let (field, end) = self.partner(reg);
        let what = match self.expression() {
            Some(e) if insn.is_call() || expr::dereferenced(&e).is_some() => format!("`{e}`"),
            Some(e) => format!("the access for `{e}`"),
            None if insn.is_call() => self.call(self.end).unwrap_or("the call".into()),
            None => "the access".into(),
        };
        let memory = if reg.ty.base == RegBase::PtrToPacketMeta {
            "metadata"
        } else if field == "optval_end" {
            "option"
        } else {
            "packet"
        };
        if need.upto - need.size < 0 {
            return self.before_start(&what, &need, d);
        }
        let known = match need.checked {
            0 => format!("no byte was compared with {field}"),
            n => format!("only {} were compared with {field}", bytes(n)),
        };
        let size_arg = self.size_argument().filter(|_| insn.is_call());
        let reads = match (&size_arg, insn.is_call()) {
            (Some((name, range)), _) => format!(
                "{what} may access {} from byte {} on (its size `{name}` is {range})",
                bytes(need.size),
                need.upto - need.size
            ),
            (None, true) => format!("{what} accesses {} from byte {} on", bytes(need.size), need.upto - need.size),
            (None, false) => format!("{what} needs {} from there on", bytes(need.upto)),
        };
        if reg.scalar.is_const() {
            let reach = if insn.is_call() {
                reads.clone()
            } else {
                format!("{what} reaches beyond what is known of the {memory}: it ends at byte {}", need.upto)
            };
            d.say(format!("{reach}, {known}"), format!("{reads}; {known}"));
        } else {
            let v = self.pointer_name().map_or("the pointer".into(), |p| format!("`{p}`"));
            let moved = match need.checked {
                0 => format!("{v} was moved by a number, and not compared with {field} after that"),
                n => format!(
                    "{what} needs {} from where {v} was moved by a number, and only {} from there were compared with {field}",
                    bytes(need.upto),
                    bytes(n)
                ),
            };
            d.say(moved, format!("{what} needs {} there; {known} since", bytes(need.upto)));
        }
        if need.upto > MOST && self.in_loop() {
            d.problem = format!(
                "the loop moves through the packet without an end that the verifier can see: it follows packets up to byte {MOST}"
            );
            d.push(
                BOUND_LOOP,
                "count the rounds and leave after as many as are needed: `for (int i = 0; i < 1500 && …; i++)`".into(),
                None,
            );
            return;
        }
        let checks = self.packet_checks(reg);
        let ends = [end.clone()];
        if let Some(check) = checks.iter().find(|c| c.gained && c.same).filter(|_| need.checked > 0) {
            return self.widen(check, &need, &ends, reg, d);
        }
        if let Some(check) = checks.iter().find(|c| c.same && !c.gained)
            && self.turned_helps(check)
        {
            return self.turn(check, &ends, d);
        }
        self.insert_check(&need, &end, memory, d);
    }

    /// Bytes in front of a pointer that was moved by a number: nothing says that the packet holds them.
    fn before_start(&self, what: &str, need: &Need, d: &mut Diagnosis) {
        let back = need.size - need.upto;
        let v = self.pointer_name().map_or("the pointer".into(), |p| format!("`{p}`"));
        d.say(
            format!("{what} begins {} in front of {v}, and only what follows a pointer can be compared", bytes(back)),
            format!("{what} is in front of {v}"),
        );
        let text = format!(
            "keep the pointer from before it was moved, compare that with the end, and access the {} through it",
            bytes(back)
        );
        d.push(PACKET_CHECK, text, None);
    }

    /// A comparison that covers too little: as large as it has to be, or in the loop.
    fn widen(&self, check: &Check, need: &Need, ends: &[String], reg: &RegState, d: &mut Diagnosis) {
        let at = self.lines.place(check.insn);
        if let Some(new) = self.typed_check(check, &ends[0]) {
            let check = format!("if ({new}) {}", self.leave_here());
            let (besides, edits) = self.before(self.end, &check);
            let text =
                format!("compare what follows as well, before {}{besides}: `{check}`", self.lines.place(self.end));
            d.push_edits(PACKET_CHECK, text, None, edits);
            return;
        }
        let Some(by) = self.enough(check, need) else {
            let place = self.lines.place(self.end);
            let Some(new) = self.new_packet_check(need.size, &ends[0]) else {
                d.push(PACKET_CHECK, format!("compare each time before {place}, right before the access"), None);
                return;
            };
            let check = format!("if ({new}) {}", self.leave_here());
            let (besides, edits) = self.before(self.end, &check);
            let text = if self.in_loop() {
                format!(
                    "no constant at {at} covers every round of the loop: compare in the loop, before {place}{besides}: `{check}`"
                )
            } else {
                format!("compare again before {place}{besides}: `{check}`")
            };
            d.push_edits(PACKET_CHECK, text, None, edits);
            return;
        };
        let cover = if reg.scalar.is_const() {
            format!("{} from the start", bytes(need.checked + by))
        } else {
            format!("{} more", bytes(by))
        };
        let all = if need.checked + by > need.upto { ", which is all that the line accesses" } else { "" };
        let (text, edits) = match self.widened_line(check, by, ends) {
            Some(line) => {
                (format!("make the check at {at} cover {cover}{all}: `{line}`"), self.line_as(check.insn, line))
            }
            None => (format!("make the check at {at} cover {cover}{all}"), Vec::new()),
        };
        d.push_edits(PACKET_CHECK, text, Some(check.insn), edits);
        if self.size_argument().is_some() && self.slice.insn.is_some_and(Insn::is_call) {
            let load = if self.request.prog_type == crate::kernel::ProgType::Xdp as u32 {
                "bpf_xdp_load_bytes"
            } else {
                "bpf_skb_load_bytes"
            };
            d.push(
                PACKET_COPY,
                format!(
                    "for packets that are shorter than that: copy into a buffer with `{load}()`, whose size may vary"
                ),
                None,
            );
        }
    }

    /// The access is to a member of what another pointer points to than the one compared: that object's own comparison.
    fn typed_check(&self, check: &Check, end: &str) -> Option<String> {
        let e = self.expression()?;
        let pointer = expr::dereferenced(&e).filter(|p| names::is_name(p) && e.contains("->"))?;
        let line = self.lines.line(check.insn)?;
        (!names::mentions(&line.source.text, pointer)).then(|| format!("(void *)({pointer} + 1) > {end}"))
    }

    /// A comparison the wrong way round.
    fn turn(&self, check: &Check, ends: &[String], d: &mut Diagnosis) {
        let at = self.lines.place(check.insn);
        let line = self.lines.line(check.insn).and_then(|l| {
            let text = l.source.text.get(..names::code_end(&l.source.text))?.to_string();
            let (_, c) = self.compared_side(&text, l.at, ends)?;
            let op = expr::turned(text.get(c.op.clone())?)?;
            Some(format!("{}{op}{}", &text[..c.op.start], &text[c.op.end..]))
        });
        let what = self.expression().map_or("the access".into(), |e| format!("`{e}`"));
        d.problem =
            format!("{what} is reached where the packet is too short: the check at {at} is the wrong way round");
        let (text, edits) = match line {
            Some(l) => (format!("turn the comparison at {at} round: `{l}`"), self.line_as(check.insn, l)),
            None => (format!("turn the comparison at {at} round"), Vec::new()),
        };
        d.push_edits(PACKET_CHECK, text, Some(check.insn), edits);
    }

    /// The comparison that covers an access, and the change that puts it before the failing line.
    pub(super) fn comparison_before(&self, size: i32) -> Option<(String, Vec<super::edit::Edit>)> {
        let (_, end) = self.partner(&self.reg?);
        let check = format!("if ({}) {}", self.new_packet_check(size, &end)?, self.leave_here());
        let (_, edits) = self.before(self.end, &check);
        Some((check, edits))
    }

    /// A comparison where none stands.
    fn insert_check(&self, need: &Need, end: &str, memory: &str, d: &mut Diagnosis) {
        let place = self.lines.place(self.end);
        let new = self.new_packet_check(need.size, end).or_else(|| {
            let name = self.pointer_name()?;
            Some(format!("(void *){} + {} > {end}", expr::as_operand(&name), need.size.max(1)))
        });
        let (text, edits) = match new {
            Some(new) => {
                let check = format!("if ({new}) {}", self.leave_here());
                let (besides, edits) = self.before(self.end, &check);
                (format!("compare before {place}{besides}: `{check}`"), edits)
            }
            None => (format!("before {place}, compare the end of the access with the end of the {memory}"), Vec::new()),
        };
        d.push_edits(PACKET_CHECK, text, None, edits);
    }

    /// The size that is handed to a helper beside the failing pointer, where it varies: as written, and its range.
    pub(super) fn size_argument(&self) -> Option<(String, String)> {
        let n = self.slice.regno?.checked_add(1).filter(|n| *n <= 5)?;
        let r = self.held(n).filter(|r| r.is_scalar() && !r.scalar.is_const())?;
        Some((self.argument(n).unwrap_or_else(|| format!("R{n}")), value::scalar(&r)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_made_larger_in_bytes() {
        assert_eq!(widened("d + 54", 2, |n| n == 54), "d + 56");
        assert_eq!(widened("ip + 1", 2, |_| false), "(void *)(ip + 1) + 2");
        assert_eq!(widened("(void *)(ip + 1)", 2, |_| false), "(void *)(ip + 1) + 2");
        assert_eq!(widened("(void *)p + 4", 1, |_| false), "(void *)p + 5");
    }
}
