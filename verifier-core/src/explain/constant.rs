//! Accesses at a constant place that is outside of the object: a literal index, the last round of a loop, a size that was
//! written down.

use crate::state::{RegBase, RegState};

use super::expr;
use super::names;
use super::remedy::*;
use super::suggest::{Diagnosis, Facts};
use super::value;

impl Facts<'_> {
    /// The offset is a constant, and outside.
    pub(super) fn constant(&self, d: &mut Diagnosis) {
        let Some((_, object)) = self.slice.object.or(self.reg.map(|r| (0, r))) else { return };
        let insn = self.slice.insn.unwrap_or_default();
        let (what, room) = (value::object(&object, self.request), value::room(&object, self.request));
        let Some(room) = room.filter(|_| object.scalar.is_const()) else { return };
        let (from, size) = match self.reg.filter(|r| insn.is_call() && r.is_scalar()) {
            Some(size) => (0, i128::from(size.scalar.umax)),
            None if insn.is_call() => return,
            None => (i128::from(insn.off), i128::from(insn.access_size())),
        };
        self.constant_words(&object, what, (room, from, size), d);
    }

    /// Words for a constant place, and for an index that is constant on this path only.
    fn constant_words(
        &self,
        object: &RegState,
        what: String,
        (room, from, size): (i128, i128, i128),
        d: &mut Diagnosis,
    ) {
        let whole = value::object_size(object, self.request).unwrap_or(room);
        let at = whole - room + from;
        let bytes = |n: i128| if n == 1 { "1 byte".to_string() } else { format!("{n} bytes") };
        let call = self.lines.insn(self.end).is_call();
        let access = match self.expression().filter(|_| !call) {
            Some(e) => format!("`{e}` accesses"),
            None if call => "the call accesses".into(),
            None => "the access is of".into(),
        };
        let only = if what.contains("bytes") { String::new() } else { format!(", which has only {}", bytes(whole)) };
        if object.ty.base == RegBase::PtrToStack {
            let left = match room - from {
                left if left > 0 => format!("and from there on {what} has only {left}"),
                _ => format!("and {what} ends before"),
            };
            d.problem = format!("{access} {} at byte {at} from the frame's end, {left}", bytes(size));
            d.here = format!("{} are accessed, {left}", bytes(size));
        } else {
            d.problem = format!("{access} {} from byte {at} on of {what}{only}", bytes(size));
            d.here = match size {
                1 => format!("byte {at} is accessed, and there are {whole}"),
                _ => format!("bytes {at} to {} are accessed, and there are {whole}", at + size - 1),
            };
        }
        let index = self.expression().filter(|_| !call).and_then(|e| {
            let variable = names::index(&e).filter(|v| names::is_name(v))?.to_string();
            Some((variable, self.array_length(&e)?))
        });
        if let Some((variable, n)) = index {
            let leave = if self.in_loop() { "break;".to_string() } else { self.leaving() };
            let check = format!("if ({variable} >= {n}) {leave}");
            let (besides, mut edits) = self.before(self.end, &check);
            let mut how = format!("check before {}{besides}: `{check}`", self.lines.place(self.end));
            if edits.is_empty()
                && let Some((header, edit)) = self.loop_bounded(&variable, n)
            {
                how = format!("bound the loop at line {}: `{header}`", edit.line);
                edits.push(edit);
            }
            let text = format!("`{variable}` may be more than {} there: {how}", n - 1);
            d.push_edits(SMALLER_BOUND, text, None, edits);
            return;
        }
        if call && self.constant_size(room, d) {
            return;
        }
        let reserved = self
            .established()
            .and_then(|s| Some((s.insn, self.lines.helper(s.insn)?)))
            .filter(|(_, c)| *c == "bpf_ringbuf_reserve");
        let text = match (room - from, reserved) {
            (_, Some((insn, call))) => format!(
                "ask {call}() at {} for at least {} bytes (`sizeof(*p)`, not the size of the pointer)",
                self.lines.place(insn),
                at + size
            ),
            (left, _) if left > 0 => format!("access at most {} here, or make the object larger", bytes(left)),
            _ => format!("the offset is outside of {what}: access an offset that is inside, or make the object larger"),
        };
        d.push(SMALLER_BOUND, text, None);
    }

    /// A size handed to a call that is a constant here, and too large: what to pass in its place.
    fn constant_size(&self, room: i128, d: &mut Diagnosis) -> bool {
        let Some(n) = self.slice.regno.filter(|_| self.reg.is_some_and(|r| r.is_scalar()) && room > 0) else {
            return false;
        };
        let (Some(size), pointer) = (self.argument(n), n.checked_sub(1).and_then(|p| self.argument(p))) else {
            return false;
        };
        let place = self.lines.place(self.end);
        if names::is_name(&size) && !size.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit()) {
            // A variable: on this path it is too large.
            let check = format!("if ({size} > {room}) {}", self.leaving());
            let (besides, edits) = self.before(self.end, &check);
            let text = format!("check before {place}{besides} that `{size}` is at most {room}: `{check}`");
            d.push_edits(SMALLER_BOUND, text, None, edits);
            return true;
        }
        let object =
            pointer.as_deref().map(expr::without_casts).and_then(|p| p.strip_prefix('&')).filter(|p| names::is_name(p));
        let new = object.map_or(room.to_string(), |o| format!("sizeof({o})"));
        let edits = self.line_with(self.end, &size, &new);
        d.push_edits(
            SMALLER_BOUND,
            format!("pass `{new}` in place of `{size}` at {place}: only {room} bytes are there"),
            Some(self.end),
            edits,
        );
        true
    }
}
