//! Which limit is missing, and where it was lost: patterns on the number that decides where an access goes.

use crate::code;
use crate::error::Code;
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::state::{RegBase, RegState};

use super::edit::Edit;
use super::path::Place;
use super::remedy::*;
use super::slice::{Index, RawStep, is_branch, origin, value_before};
use super::step::StepKind;
use super::suggest::{Diagnosis, Facts};
use super::value;

/// Above this, an offset is none for the kernel. Kernel: `BPF_MAX_VAR_OFF`.
const MAX_VAR_OFF: u64 = 1 << 29;
/// Above this, a comparison with the end of the packet proves nothing. Kernel: `MAX_PACKET_OFF`.
const MAX_PACKET_OFF: u64 = 0xffff;
/// Most steps behind the origin of a number that are looked at.
const MAX_STEPS: usize = 4096;
/// Most comparisons that are followed back to where their operand comes from.
const MAX_COMPARED: usize = 64;

/// The number, where it is used, and what fits.
struct Need {
    index: Index,
    /// `slot` or R3.
    name: String,
    /// The name in the source, if one is known.
    variable: Option<String>,
    /// It is a size rather than an index.
    is_size: bool,
    /// Elements (or bytes of a size) that fit; `None` where the object's size is unknown.
    fits: Option<i128>,
    /// The object in words.
    object: String,
}

impl Need {
    fn umax(&self) -> u64 {
        self.index.value.scalar.umax
    }

    /// May be below zero, as 64 or as 32 bits, and is limited above as a signed number.
    fn negative(&self) -> bool {
        let s = &self.index.value.scalar;
        let whole = s.smin < 0 && s.smax <= i64::from(i32::MAX);
        // A 32-bit number that was compared as signed: huge as unsigned, because it may be negative.
        let half = s.umax > MAX_VAR_OFF && s.s32_min < 0 && s.s32_max <= MAX_VAR_OFF as i32;
        whole || half
    }

    /// Largest number that fits.
    fn largest(&self) -> Option<i128> {
        self.fits.map(|n| if self.is_size { n } else { n - 1 })
    }

    /// `a value of map `hists` has room for 32 (8 bytes each)`.
    fn room(&self) -> String {
        match (self.fits, self.is_size, self.index.scale) {
            (Some(n), true, _) => format!("{} has room for {n} bytes", self.object),
            (Some(n), false, 1) => format!("{} has room for {n} bytes from there", self.object),
            (Some(n), false, scale) => format!("{} has room for {n} elements of {scale} bytes", self.object),
            (None, ..) => format!("nothing says how much {} can hold", self.object),
        }
    }

    /// What the source calls it, as an operand of a comparison.
    fn operand(&self) -> String {
        super::expr::as_operand(self.variable.as_deref().unwrap_or("i"))
    }

    /// The condition under which it is too large, in C.
    fn too_large(&self, v: &str) -> String {
        match (self.fits.filter(|n| *n > 0), self.is_size) {
            (Some(n), true) => format!("{v} > {n}"),
            (Some(n), false) => format!("{v} >= {n}"),
            (None, _) => format!("{v} >= SIZE"),
        }
    }

    /// The check that helps, in C.
    fn check(&self, leave: &str) -> String {
        format!("if ({}) {leave}", self.too_large(&self.operand()))
    }

    /// The mask that helps, in C, where there is one.
    fn mask(&self) -> Option<String> {
        let v = self.operand();
        let n = u64::try_from(self.fits?).ok().filter(|n| *n > 1)?;
        // A size must stay within; an index below.
        let mask = if n.is_power_of_two() {
            n - 1
        } else if self.is_size {
            n.next_power_of_two() / 2 - 1
        } else {
            return None;
        };
        Some(format!("{v} & {mask}"))
    }
}

/// A number that has limits that a person would call limits.
fn bounded(r: &RegState) -> bool {
    r.is_scalar() && r.scalar.umax <= 1 << 30
}

impl Facts<'_> {
    fn need(&self, index: Index) -> Need {
        let insn = self.slice.insn.unwrap_or_default();
        let regno = self.slice.regno.unwrap_or(0);
        let is_size = insn.is_call() && self.reg.is_some_and(|r| r.is_scalar());
        let variable = self.index_name();
        let name = match &variable {
            Some(v) => format!("`{v}`"),
            None if self.reg.is_some_and(|r| r.is_scalar()) => format!("R{regno}"),
            None => "the index".into(),
        };
        let object = self.slice.object;
        let room = object.and_then(|(_, o)| value::room(&o, self.request));
        let length = self.expression().or_else(|| self.whole_line()).and_then(|e| self.array_length(&e));
        let fits = room.map(|room| {
            if is_size {
                return room;
            }
            let memory = matches!(insn.class(), LDX | ST | STX);
            let (off, size) = if memory {
                (i128::from(insn.off), i128::from(insn.access_size()))
            } else if let Some(size) = self.handed_size().filter(|_| insn.is_call()) {
                // A helper accesses so many bytes from there on.
                (0, i128::from(size.scalar.umax))
            } else {
                (0, i128::from(self.element(index)))
            };
            let besides = i128::from(index.besides) + i128::from(self.taken_after().max(0));
            let by_room = (room - off - size - besides).div_euclid(i128::from(index.scale)) + 1;
            // The object may be larger than the array in it.
            length.filter(|_| index.scale > 1 || size == 1).map_or(by_room, |n| by_room.min(i128::from(n)))
        });
        let object = object.map_or("the object".into(), |(_, o)| value::object(&o, self.request));
        Need { index, name, variable, is_size, fits, object }
    }

    /// The code of the failing line.
    fn whole_line(&self) -> Option<String> {
        let line = self.lines.line(self.end)?;
        let code = line.source.text.get(..super::names::code_end(&line.source.text))?;
        let end = code.rfind(']')?;
        code.get(..=end).map(str::to_string)
    }

    /// The offset of the access that follows an addition to a pointer.
    fn taken_after(&self) -> i16 {
        let insn = self.slice.insn.unwrap_or_default();
        if !matches!(insn.class(), ALU64) {
            return 0;
        }
        let follows = self.request.insns.iter().skip(self.end + 1).take(8).find(|i| {
            let base = if i.class() == LDX { i.src } else { i.dst };
            matches!(i.class(), LDX | ST | STX) && base == insn.dst
        });
        follows.map_or(0, |i| i.off)
    }

    /// The number that is handed to a call behind the failing pointer: how many bytes it may access.
    fn handed_size(&self) -> Option<RegState> {
        let n = self.slice.regno?.checked_add(1).filter(|n| *n <= 5)?;
        self.held(n).filter(|r| r.is_scalar() && r.scalar.umax <= MAX_VAR_OFF)
    }

    /// An offset that varies and a size that does, which fit one by one, but not together as far as the kernel knows.
    fn sum(&self, d: &mut Diagnosis) -> bool {
        let Some((n, object)) = self.slice.object.filter(|_| self.lines.insn(self.end).is_call()) else { return false };
        let Some(size) = self.held(n + 1).filter(|r| n < 5 && r.is_scalar() && !r.scalar.is_const()) else {
            return false;
        };
        let (Some(room), false) = (value::room(&object, self.request), object.scalar.is_const()) else { return false };
        let off = object.scalar.umax;
        let whole = room.max(0);
        if off > MAX_VAR_OFF
            || size.scalar.umax > MAX_VAR_OFF
            || i128::from(off) > whole
            || i128::from(size.scalar.umax) > whole
        {
            return false;
        }
        let (pointer, bytes) = (self.argument(n), self.argument(n + 1));
        let name = |a: &Option<String>, r: u8| a.as_ref().map_or(format!("R{r}"), |a| format!("`{a}`"));
        let (p, s) = (name(&pointer, n), name(&bytes, n + 1));
        let object = value::object(&object, self.request);
        d.say(
            format!(
                "{p} may be {off} bytes into {object}, and the size {s} as large as {}: the kernel does not relate them, and together they may reach byte {}, where {whole} are",
                size.scalar.umax,
                u128::from(off) + u128::from(size.scalar.umax)
            ),
            format!("offset 0..={off} and size {} do not fit into {whole} bytes together", value::range(i128::from(size.scalar.umin), i128::from(size.scalar.umax))),
        );
        let half = (u64::try_from(whole).unwrap_or(0) / 2).max(1);
        let offset = pointer.as_deref().and_then(|p| p.split_once('+')).map(|(_, o)| o.trim().to_string());
        let text = match offset {
            Some(o) => format!(
                "leave room for a size that is constant: `if ({} > {half}) return 0;` before {}, and pass {} in place of {s}; or make the buffer {} bytes large",
                super::expr::as_operand(&o),
                self.lines.place(self.end),
                whole - i128::from(half),
                whole + i128::from(off)
            ),
            None => format!(
                "limit the offset to {half} and pass the constant size {}, or make the buffer {} bytes large",
                whole - i128::from(half),
                whole + i128::from(off)
            ),
        };
        d.push(SUM_OF_BOUNDS, text, Some(self.end));
        true
    }

    /// Bytes of an access that has not happened yet: at least one element.
    fn element(&self, index: Index) -> u64 {
        index.scale.min(8)
    }

    /// What is wrong with the number that decides where the access goes.
    pub(super) fn bounds(&self, d: &mut Diagnosis) {
        if self.sum(d) {
            return;
        }
        let Some(index) = self.slice.index else { return self.constant(d) };
        if index.value.scalar.is_const() && !self.about(Code::is_offset) {
            return self.constant(d);
        }
        let need = self.need(index);
        let v = &need.name;
        let range = value::scalar(&need.index.value);
        if self.code == Some(code!(Call::SizeZero)) {
            d.problem = format!("the size {v} may be 0, which this helper does not take");
            d.here = format!("the size {v} is {range}");
            self.lost(&need, d);
            let size = super::expr::as_operand(need.variable.as_deref().unwrap_or("size"));
            let check = format!("if ({size} == 0) {}", self.leaving());
            let (besides, edits) = self.before(self.end, &check);
            d.push_edits(
                NONZERO_SIZE,
                format!("leave when the size is 0, right before the call{besides}: `{check}`"),
                None,
                edits,
            );
            return;
        }
        let kind = if need.is_size { "the size " } else { "" };
        let packet = self.slice.object.is_some_and(|(_, o)| o.ty.base == RegBase::PtrToPacket);
        if packet && !need.is_size {
            return self.packet_index(&need, d);
        }
        if packet {
            return self.packet_size(&need, d);
        }
        let said_negative = matches!(self.code, Some(code!(Memory::MinNegative | Call::SizeNegative)));
        if need.negative() || (said_negative && need.index.value.scalar.smin < 0 && self.limited_above(&need)) {
            d.problem = format!("{kind}{v} may be negative");
            d.here = format!("{kind}{v} is {range}; {}", need.room());
            self.lost(&need, d);
            let upper = need.largest().map_or(String::new(), |n| format!("; 0..={n} fit"));
            let (own, copy) = self.own_copy(&need);
            let condition = match self.limited_above(&need) {
                true => format!("{own} < 0"),
                // Neither end is checked: one check of one end would only lead to the next rejection.
                false => format!("{own} < 0 || {}", need.too_large(&own)),
            };
            let plain = super::names::is_name(need.variable.as_deref().unwrap_or("i"));
            let result = self.slice.steps.first().is_some_and(|s| self.lines.helper(s.insn).is_some());
            let unsigned = match (plain && !result && condition.ends_with("< 0"), copy.is_empty()) {
                (true, true) => format!(", or make `{own}` unsigned where it is declared"),
                (true, false) => format!(", or declare `{own}` as `__u64`"),
                (false, _) => String::new(),
            };
            let why = self.because_of_copy(&copy, &need);
            let check = format!("{copy}if ({condition}) {}", self.leaving());
            let (besides, edits) = self.checked_before(&need, &check, &own);
            let place = self.lines.place(self.end);
            let text = format!("exclude negative numbers before {place}{besides}: `{check}`{why}{unsigned}{upper}");
            d.push_edits(LOWER_BOUND, text, None, edits);
            return;
        }
        if need.umax() > MAX_VAR_OFF || need.fits.is_none() {
            d.problem = format!("nothing limits {kind}{v}: {}", need.room());
            d.here = format!("{kind}{v} is {range}; {}", need.room());
            self.lost(&need, d);
            let (own, copy) = self.own_copy(&need);
            // A field that is read again is not what was checked; masked in place it is.
            let mask = need.mask().map_or(String::new(), |m| format!(", or mask it: `{m}`"));
            let why = self.because_of_copy(&copy, &need);
            let place = self.lines.place(self.end);
            let check = format!("{copy}if ({}) {}", self.outside(&need, &own), self.leaving());
            let (besides, edits) = match need.fits {
                Some(_) => self.checked_before(&need, &check, &own),
                // How much fits is for the reader to say.
                None => ("", Vec::new()),
            };
            let text = format!("limit {v} before {place}{besides}: `{check}`{why}{mask}");
            d.push_edits(UPPER_BOUND, text, None, edits);
            return;
        }
        let largest = need.largest().unwrap_or(0);
        d.problem = format!("{kind}{v} may be as large as {}, but {}", need.umax(), fitting(largest));
        d.here = format!("{kind}{v} is {range}; {}", need.room());
        self.lost(&need, d);
        let (own, copy) = self.own_copy(&need);
        let check = format!("{copy}if ({}) {}", need.too_large(&own), self.leaving());
        let why = self.because_of_copy(&copy, &need);
        let place = self.lines.place(self.end);
        let (besides, edits) = match largest >= 0 {
            true => self.checked_before(&need, &check, &own),
            false => ("", Vec::new()),
        };
        let text = match self.last_check(&need) {
            Some(step) => format!(
                "the check at {} lets {v} be {}: check that it is at most {largest} before {place}{besides}: `{check}`{why}",
                self.lines.place(step.insn),
                need.umax(),
            ),
            None => format!("check before {place}{besides} that {v} is at most {largest}: `{check}`{why}"),
        };
        d.push_edits(SMALLER_BOUND, text, None, edits);
    }

    /// A check before the failing line; where it is made on a copy, the line uses that.
    fn checked_before(&self, need: &Need, check: &str, own: &str) -> (&'static str, Vec<Edit>) {
        let variable = need.variable.as_deref().unwrap_or("i");
        if super::expr::as_operand(variable) == own || variable == own {
            return self.before(self.end, check);
        }
        self.copied_before(self.end, check, variable, own)
    }

    /// Whether the source declares the number as a signed type, as far as the line that gives it its value tells.
    fn signed_in_source(&self, need: &Need) -> bool {
        let Some(name) = need.variable.as_deref().filter(|v| super::names::is_name(v)) else { return false };
        self.slice
            .steps
            .iter()
            .filter_map(|s| self.lines.line(s.insn))
            .any(|l| super::names::declared_signed(&l.source.text, name))
    }

    /// The condition under which a number is out of bounds: both ends, where it can be below zero in C.
    fn outside(&self, need: &Need, own: &str) -> String {
        let below = self.signed_in_source(need) && need.index.value.scalar.smin < 0;
        if below { format!("{own} < 0 || {}", need.too_large(own)) } else { need.too_large(own) }
    }

    /// The operand to check, and what has to be said of it: what is loaded from memory is loaded again by the next line
    /// that uses it, so the check must be on a copy.
    fn own_copy(&self, need: &Need) -> (String, String) {
        let variable = need.variable.as_deref().unwrap_or("i");
        let plain = super::names::is_name(variable);
        let loaded = !plain && (variable.contains("->") || variable.contains('*'));
        if self.compiler_moves_checks(need) && !loaded {
            let (own, copy) =
                if plain { (variable, String::new()) } else { ("n", format!("unsigned long long n = {variable}; ")) };
            return (own.into(), format!("{copy}asm volatile(\"\" : \"+r\"({own})); "));
        }
        if !loaded {
            return (need.operand(), String::new());
        }
        let loads = self.slice.steps.iter().map(|s| self.lines.insn(s.insn)).find(|i| i.class() == LDX);
        let bits = loads.map_or(32, |i| i.access_size() * 8);
        let word = if bits == 64 { "unsigned long long" } else { "unsigned int" };
        ("n".into(), format!("{word} n = {variable}; "))
    }

    /// Whether a check that a person adds would be made on something else than what is used: the number comes from an
    /// operation that the kernel does not follow, so the compiler compares what went into it; or it is a half of what was
    /// loaded, and only that half is compared.
    fn compiler_moves_checks(&self, need: &Need) -> bool {
        let unknown = self.slice.steps.iter().any(|s| {
            let gone = s.after.is_some_and(|a| a.is_scalar() && a.scalar.umax > MAX_VAR_OFF);
            s.kind == StepKind::Computed && gone && unfollowed(self.lines.insn(s.insn))
        });
        let name = need.variable.as_deref().unwrap_or_default();
        let word =
            |s: &RawStep| self.lines.line(s.insn).is_some_and(|l| super::names::declared_word(&l.source.text, name));
        let whole = |s: &RawStep| self.lines.insn(s.insn).class() == LDX && self.lines.insn(s.insn).access_size() == 8;
        unknown || self.unfollowed_on_path() || self.slice.steps.first().is_some_and(|s| whole(s) && word(s))
    }

    /// Whether the number went through an operation after which nothing is known that was not known before either: such a
    /// step changes no state, so the chain does not have it.
    fn unfollowed_on_path(&self) -> bool {
        let Some(from) = self.slice.origin() else { return false };
        let places: Vec<Place> = self.slice.steps.iter().map(|s| s.place).collect();
        self.path.steps.iter().skip(from + 1).take(MAX_STEPS).any(|s| {
            let insn = self.lines.insn(s.insn);
            unfollowed(insn) && places.contains(&Place::Reg { frame: s.frame, n: insn.dst })
        })
    }

    /// Why a copy or a barrier stands before a check, where one does.
    fn because_of_copy(&self, copy: &str, need: &Need) -> String {
        let variable = need.variable.as_deref().unwrap_or("i");
        let barrier = if copy.contains("asm volatile") {
            ": the empty assembly keeps the compiler from comparing another value than the one that is used"
        } else {
            ""
        };
        let instead = match (copy.contains(" n = "), copy.contains("asm volatile")) {
            (true, true) => format!(", and use `n` in place of `{variable}`"),
            (true, false) => format!(", and use `n` in place of `{variable}`, which is read anew each time"),
            (false, _) => String::new(),
        };
        format!("{instead}{barrier}")
    }

    /// Whether a check on the path limits the number from above already, in its whole width or as a signed half.
    fn limited_above(&self, need: &Need) -> bool {
        // The compiler may take a part of the offset into the access that follows.
        let taken = -i128::from(self.taken_after().min(0));
        let largest =
            need.largest().map(|n| n + taken / i128::from(need.index.scale)).unwrap_or(i128::from(MAX_VAR_OFF));
        let s = &need.index.value.scalar;
        if i128::from(s.smax) <= largest || i128::from(s.s32_max) <= largest {
            return true;
        }
        let checked = self.slice.steps.iter().filter(|s| s.kind == StepKind::Checked).filter_map(|s| s.after);
        let own = checked.filter(RegState::is_scalar).any(|a| i128::from(a.scalar.s32_max) <= largest);
        own || self.checked_copy(largest)
    }

    /// Whether a branch on the path limited another register with the same origin, as a signed number.
    fn checked_copy(&self, largest: i128) -> bool {
        let Some(from) = self.slice.origin() else { return false };
        let steps = self.path.steps.iter().enumerate().skip(from + 1);
        steps.filter(|(_, s)| is_branch(self.lines.insn(s.insn))).take(MAX_COMPARED).any(|(i, s)| {
            s.changes.iter().any(|c| {
                let (Some(b), Some(a)) = (c.before, c.after) else { return false };
                let limited = a.is_scalar()
                    && b.is_scalar()
                    && a.scalar.s32_max < b.scalar.s32_max
                    && i128::from(a.scalar.s32_max) <= largest;
                limited && i.checked_sub(1).and_then(|i| origin(self.path, self.request, i, c.place)) == Some(from)
            })
        })
    }

    /// A size that is handed to a helper with a pointer into the packet.
    fn packet_size(&self, need: &Need, d: &mut Diagnosis) {
        let v = &need.name;
        if need.index.value.scalar.umax <= MAX_PACKET_OFF {
            return;
        }
        d.problem = format!("nothing limits the size {v}, and the helper may access so many bytes of the packet");
        d.here = format!("the size {v} is {}", value::scalar(&need.index.value));
        self.lost(need, d);
        let (own, copy) = self.own_copy(need);
        let object = self.slice.object;
        let p = object.and_then(|(n, _)| self.argument(n)).unwrap_or("p".into());
        let end = object.map_or("data_end".into(), |(_, o)| self.partner(&o).1);
        let leave = self.leaving();
        let limit = format!("{copy}if ({own} > 1500) {leave}");
        let compare = format!("if ((void *){} + 1500 > {end}) {leave}", super::expr::as_operand(&p));
        let (besides, edits) = self.checked_before(need, &format!("{limit} {compare}"), &own);
        let text = format!(
            "limit {v} before {}{besides}: `{limit}`, and compare as many bytes with the end: `{compare}`",
            self.lines.place(self.end),
        );
        d.push_edits(UPPER_BOUND, text, None, edits);
    }

    /// An offset into a packet that is too large to be compared.
    fn packet_index(&self, need: &Need, d: &mut Diagnosis) {
        // What is added besides counts, too: 65535 and 34 more is too much.
        let insn = self.slice.insn.unwrap_or_default();
        let access = if matches!(insn.class(), LDX | ST | STX) {
            i64::from(insn.off) + i64::from(insn.access_size())
        } else {
            0
        };
        let besides = |o: &RegState| u64::try_from(i64::from(o.off) + access).unwrap_or(0);
        let fixed = self.slice.object.map_or(0, |(_, o)| besides(&o).saturating_add(o.scalar.umax));
        if need.index.bytes.scalar.umax.max(fixed) <= MAX_PACKET_OFF {
            return;
        }
        let v = &need.name;
        d.problem =
            format!("the offset ({v}) into the packet may be so large that a comparison with the end proves nothing");
        d.here =
            format!("{v} is {}; only offsets up to {MAX_PACKET_OFF} can be checked", value::scalar(&need.index.value));
        self.lost(need, d);
        let var = need.variable.as_deref().unwrap_or("off");
        if super::names::calls(var) {
            let text = format!(
                "give the number a variable of its own, unsigned, and limit that before it is added to the packet pointer: `if (n > 1500) {}`, then compare the pointer with data_end",
                self.leaving()
            );
            d.push(UPPER_BOUND, text, None);
            return;
        }
        let stands = self.slice.object.or(self.reg.map(|r| (0, r))).is_some_and(|(_, o)| self.compared_with_end(&o));
        let size = i32::try_from(insn.access_size()).unwrap_or(1);
        let compare = (!stands).then(|| self.comparison_before(size)).flatten();
        let then = match &compare {
            _ if stands => "the comparison that stands there holds then".to_string(),
            Some((check, _)) => {
                format!("then compare the pointer with the end before {}: `{check}`", self.lines.place(self.end))
            }
            None => "then compare the pointer with data_end".to_string(),
        };
        let check = format!("if ({} > 1500) {}", super::expr::as_operand(var), self.leaving());
        let known = (stands || compare.is_some()) && need.variable.is_some();
        let added = self.slice.index.as_ref().and_then(|i| i.added).filter(|_| known);
        let (besides, mut edits) = added.map_or(("", Vec::new()), |at| self.before(at, &check));
        if !edits.is_empty() {
            edits.extend(compare.map_or(Vec::new(), |(_, e)| e));
        }
        let place = added.map_or(String::new(), |at| format!(" at {}", self.lines.place(at)));
        let text = format!("limit {v} before it is added to the packet pointer{place}{besides}: `{check}`, {then}");
        d.push_edits(UPPER_BOUND, text, None, edits);
    }

    fn last_check(&self, need: &Need) -> Option<&RawStep> {
        self.slice.steps.iter().rev().find(|s| {
            s.kind == StepKind::Checked && s.after.is_some_and(|a| a.is_scalar() && a.scalar.umax == need.umax())
        })
    }

    /// Where a limit was lost, or made on another copy.
    fn lost(&self, need: &Need, d: &mut Diagnosis) {
        let v = &need.name;
        for step in &self.slice.steps {
            let Some(before) = step.before.filter(|b| bounded(b) && !b.scalar.is_const()) else { continue };
            let insn = self.lines.insn(step.insn);
            let (was, place) = (value::scalar(&before), self.lines.place(step.insn));
            let worse = step.after.is_none_or(|a| a.is_scalar() && (a.scalar.umax > 1 << 31 || a.scalar.smin < 0));
            if step.kind == StepKind::Spilled && step.after.is_none() {
                let bytes = insn.access_size();
                let text = format!(
                    "{v} was {was} and is stored at {place} as {bytes} bytes, where the kernel does not keep limits: use the \
                     variable that was checked, or check {v} again after it is read back"
                );
                d.push(BOUND_LOST, text, Some(step.insn));
            } else if step.kind == StepKind::Computed && worse && unfollowed(insn) {
                let what = if matches!(insn.op(), DIV | MOD) { "division" } else { "operation" };
                let var = need.variable.as_deref().filter(|v| super::names::is_name(v));
                let own = var.unwrap_or("i");
                let (copy, instead) = match (var, need.variable.as_deref()) {
                    (None, Some(e)) => {
                        (format!("unsigned long long i = {e}; "), format!(", and use `i` in place of `{e}`"))
                    }
                    _ => (String::new(), String::new()),
                };
                // The compiler knows the limit and would remove the check: it must not know the value.
                let check = format!(
                    "{copy}asm volatile(\"\" : \"+r\"({own})); if ({}) {}",
                    need.too_large(own),
                    self.leaving()
                );
                let (besides, edits) = match need.fits {
                    Some(_) => self.checked_before(need, &check, own),
                    None => ("", Vec::new()),
                };
                let text = format!(
                    "the kernel does not follow the {what} at {place}, so nothing is known of its result, and the compiler, which knows, removes a plain check: hide the value from it before {}{besides}: `{check}`{instead}",
                    self.lines.place(self.end)
                );
                d.push_edits(BOUND_LOST, text, Some(step.insn), edits);
            }
        }
        if let Some(fits) = need.largest()
            && let Some((check, step)) = self.computed_after_check(fits)
        {
            let after = check.after.map(|a| value::scalar(&a)).unwrap_or_default();
            let now = value::scalar(&need.index.value);
            let again = need.check(&self.leaving());
            let (besides, edits) = self.before(self.end, &again);
            let text = format!(
                "{v} is {after} after the check at {}, and then computed on at {}, which makes it {now}: check it after that, before {}{besides}: `{again}`",
                self.lines.place(check.insn),
                self.lines.place(step.insn),
                self.lines.place(self.end),
            );
            d.push_edits(BOUND_LOST, text, Some(step.insn), edits);
        }
        let halves = self.slice.steps.iter().find(|s| {
            let limit = need.largest().unwrap_or(i128::from(MAX_VAR_OFF));
            s.kind == StepKind::Checked
                && s.after.is_some_and(|a| {
                    a.is_scalar() && i128::from(a.scalar.u32_max) <= limit && a.scalar.umax > u64::from(u32::MAX)
                })
        });
        if let Some(step) = halves {
            let mask = need.mask().map_or(String::new(), |m| format!(", or mask it where it is used: `{m}`"));
            let text = format!(
                "the check at {} compares only the low 32 bits of {v}, and all 64 are used: compare {v} itself{mask}",
                self.lines.place(step.insn)
            );
            d.push(CHECKED_COPY, text, Some(step.insn));
        } else if let Some((insn, low)) = self.checked_elsewhere() {
            let place = self.lines.place(insn);
            let low = if low { ", its low 32 bits," } else { "" };
            let mask = need.mask().map_or(String::new(), |m| format!(", or mask it where it is used: `{m}`"));
            let text = format!(
                "the check at {place} is made on another copy of {v}{low} than the one used here: check the very variable \
                 that is used, in its whole width{mask}"
            );
            d.push(CHECKED_COPY, text, Some(insn));
        } else if let Some(insn) = self.checked_other_load() {
            let (own, copy) = self.own_copy(need);
            let check = format!("{copy}if ({}) {}", self.outside(need, &own), self.leaving());
            let (besides, edits) = match need.fits {
                Some(_) if !copy.is_empty() => self.checked_before(need, &check, &own),
                _ => ("", Vec::new()),
            };
            let how = match edits.is_empty() {
                true => "copy it into a local variable, check and use that one".to_string(),
                false => format!(
                    "copy it, and check and use the copy: `{check}` before {}{besides}, and `{own}` in place of {v} there",
                    self.lines.place(self.end)
                ),
            };
            let text = format!(
                "{v} is read from memory again after the check at {}, and may have changed: {how}",
                self.lines.place(insn)
            );
            d.push_edits(CHECKED_COPY, text, Some(insn), edits);
        }
    }

    /// A check that would do, and a later step that made the number too large again.
    fn computed_after_check(&self, largest: i128) -> Option<(&RawStep, &RawStep)> {
        let scalar = |r: Option<RegState>| r.filter(RegState::is_scalar);
        let at = self.slice.steps.iter().position(|s| {
            s.kind == StepKind::Checked
                && scalar(s.after).is_some_and(|a| i128::from(a.scalar.umax) <= largest && !a.scalar.is_const())
        })?;
        let (check, rest) = (&self.slice.steps[at], &self.slice.steps[at + 1..]);
        let end = self.slice.index?.value.scalar;
        // Multiplying by the size of an element is part of the access.
        let step = rest.iter().find(|s| {
            s.kind == StepKind::Computed
                && scalar(s.after).is_some_and(|a| i128::from(a.scalar.umax) > largest)
                && i128::from(end.umax) > largest
        })?;
        Some((check, step))
    }

    /// A comparison on the path that narrowed a register with the same origin, which the chain does not pass: its
    /// instruction, and whether only the low half was compared.
    fn checked_elsewhere(&self) -> Option<(usize, bool)> {
        let from = self.slice.origin()?;
        let own: Vec<(usize, Place)> = self.slice.steps.iter().filter_map(|s| Some((s.at?, s.place))).collect();
        let steps = self.path.steps.iter().enumerate().skip(from + 1);
        let compared = steps.filter(|(_, s)| is_branch(self.lines.insn(s.insn))).take(MAX_COMPARED);
        for (i, s) in compared {
            for c in &s.changes {
                let (Some(b), Some(a)) = (c.before, c.after) else { continue };
                let narrowed = b.is_scalar()
                    && a.is_scalar()
                    && (a.scalar.umax < b.scalar.umax || a.scalar.u32_max < b.scalar.u32_max)
                    && a.scalar.u32_max <= MAX_VAR_OFF as u32;
                if !narrowed || own.contains(&(i, c.place)) {
                    continue;
                }
                if origin(self.path, self.request, i.checked_sub(1)?, c.place) == Some(from) {
                    let insn = self.lines.insn(s.insn);
                    let low = insn.class() == JMP32 || self.halved(i, c.place);
                    return Some((s.insn, low));
                }
            }
        }
        None
    }

    /// Whether the newest write of a place before step `i` kept only the low half.
    fn halved(&self, i: usize, place: Place) -> bool {
        let write = self.path.steps[..i].iter().rev().find(|s| s.changes.iter().any(|c| c.place == place));
        write.is_some_and(|s| {
            let insn = self.lines.insn(s.insn);
            insn.class() == ALU || (insn.class() == ALU64 && insn.op() == RSH && insn.imm == 32)
        })
    }

    /// A comparison that narrowed what another load from the same memory gave.
    fn checked_other_load(&self) -> Option<usize> {
        let from = self.slice.origin()?;
        let key = |i: usize| {
            let s = self.path.steps.get(i)?;
            let insn = self.lines.insn(s.insn);
            if insn.class() != LDX {
                return None;
            }
            let base = value_before(self.path, i, Place::Reg { frame: s.frame, n: insn.src });
            // A register that no step wrote holds what it held at the entry.
            let what = base.map(|b| (b.ty.base, b.payload, b.scalar.var_off, b.off + i32::from(insn.off)));
            Some((what, base.is_none().then_some((insn.src, insn.off)), insn.size_bits()))
        };
        let own = key(from)?;
        let mut loaded: Option<Place> = None;
        for (i, s) in self.path.steps.iter().enumerate().take(from) {
            let insn: Insn = self.lines.insn(s.insn);
            if key(i).is_some_and(|k| k == own) {
                loaded = Some(Place::Reg { frame: s.frame, n: insn.dst });
                continue;
            }
            let Some(place) = loaded else { continue };
            let narrowed = |c: &super::path::Change| {
                c.place == place
                    && matches!((c.before, c.after), (Some(b), Some(a)) if a.is_scalar() && b.is_scalar() && a.scalar != b.scalar)
            };
            if is_branch(insn) && s.changes.iter().any(narrowed) {
                return Some(s.insn);
            }
        }
        None
    }
}

/// Operations after which the kernel knows nothing.
fn unfollowed(insn: Insn) -> bool {
    matches!(insn.class(), ALU | ALU64) && matches!(insn.op(), DIV | MOD | MUL | NEG | XOR | OR)
}

/// `only 0 fits` or `only 0..=15 fit`.
fn fitting(largest: i128) -> String {
    match largest {
        n if n < 0 => "nothing fits".into(),
        0 => "only 0 fits".into(),
        n => format!("only 0..={n} fit"),
    }
}
