//! Registers, stack slots and whole frames in the kernel's words. Kernel: `print_verifier_state()` and what it calls.
//!
//! ```text
//! R1_w=scalar(id=3,smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7)) fp-8=mmmmmmmm refs=2
//! ```
//!
//! In the kernel: `dynptr_type_str()`, `iter_state_str()`, `tnum_strn()`, `print_scalar_ranges()`,
//! `print_reg_state()`.

use std::fmt::Write;

use crate::btf::Btf;
use crate::domain::{DomainRules, Scalar, Tnum};
use crate::kernel::pointer::Shows;
use crate::kernel::{Reworded, Wording};
use crate::program::MapSpec;
use crate::state::register::{ADD_CONST, live};
use crate::state::{
    BtfRef, DynptrKind, FuncState, IterState, Payload, RegBase, RegState, SlotKind, TypeFlags, VerifierState,
};
use std::sync::Arc;

use super::digits::{decimal, signed, snum, tnum, unum};

/// What the words need besides the state.
pub struct Words<'a> {
    /// Style of the release.
    pub style: Wording,
    /// BTFs by [`BtfRef`].
    pub btfs: &'a [Arc<Btf>],
    /// Maps by [`crate::state::MapIdx`], inner templates included.
    pub maps: &'a [Arc<MapSpec>],
}

/// Which parts of a frame are wanted.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// Everything.
    pub all: bool,
    /// Registers, as bits.
    pub regs: u32,
    /// Stack slots, as bits.
    pub slots: u64,
}

/// Name of a kind of dynptr in the log.
pub fn dynptr_kind(kind: DynptrKind) -> &'static str {
    match kind {
        DynptrKind::Local => "local",
        DynptrKind::Ringbuf => "ringbuf",
        DynptrKind::Skb => "skb",
        DynptrKind::Xdp => "xdp",
        DynptrKind::SkbMeta => "skb_meta",
        DynptrKind::File => "file",
        DynptrKind::Invalid => "<invalid>",
    }
}

/// Name of an iterator's progress in the log.
pub fn iter_state(state: IterState) -> &'static str {
    match state {
        IterState::Active => "active",
        IterState::Drained => "drained",
        IterState::Invalid => "<invalid>",
    }
}

fn liveness(out: &mut String, marks: u8) {
    if marks != live::NONE {
        out.push('_');
    }
    if marks & live::READ != 0 {
        out.push('r');
    }
    if marks & live::WRITTEN != 0 {
        out.push('w');
    }
    if marks & live::DONE != 0 {
        out.push('D');
    }
}

/// Ranges that say something, equal neighbours joined: `smin=umin=4,smax=9`.
fn ranges(out: &mut String, reg: &RegState, comma: &mut bool) {
    let s = &reg.scalar;
    // A 32-bit signed bound is shown sign-extended only while it prints in decimal.
    let low = |n: i32| if i16::try_from(n).is_ok() { i64::from(n) as u64 } else { u64::from(n as u32) };
    let mut bounds = [
        ("smin", s.smin as u64, s.smin != i64::MIN),
        ("smax", s.smax as u64, s.smax != i64::MAX),
        ("umin", s.umin, s.umin != 0),
        ("umax", s.umax, s.umax != u64::MAX),
        ("smin32", low(s.s32_min), s.s32_min != i32::MIN),
        ("smax32", low(s.s32_max), s.s32_max != i32::MAX),
        ("umin32", u64::from(s.u32_min), s.u32_min != 0),
        ("umax32", u64::from(s.u32_max), s.u32_max != u32::MAX),
    ];
    for i in 0..bounds.len() {
        let (name, val, shown) = bounds[i];
        if !shown {
            continue;
        }
        let negative = |n: &str, v: u64| n.starts_with('s') && (v as i64) < 0;
        separate(out, comma);
        out.push_str(name);
        out.push('=');
        for j in (i + 2..bounds.len()).step_by(2) {
            let (other, v, wanted) = bounds[j];
            if wanted && v == val && negative(other, v) == negative(name, val) {
                bounds[j].2 = false;
                out.push_str(other);
                out.push('=');
            }
        }
        if name.starts_with('s') { snum(out, val as i64) } else { unum(out, val) }
    }
}

/// What stands for a byte of a slot.
fn letter(kind: SlotKind) -> char {
    match kind {
        SlotKind::Invalid => '?',
        SlotKind::Dead => 'p',
        SlotKind::Spill => 'r',
        SlotKind::Misc => 'm',
        SlotKind::Zero => '0',
        SlotKind::Dynptr => 'd',
        SlotKind::Iter => 'i',
        SlotKind::IrqFlag => 'f',
    }
}

/// `name` and a number, behind a comma unless they come first.
fn member(out: &mut String, comma: &mut bool, name: &str, n: u32) {
    separate(out, comma);
    out.push_str(name);
    decimal(out, u64::from(n));
}

/// Bounds that say something beside those before them, each for itself.
fn plain_ranges(parts: &mut Vec<String>, s: &Scalar, suffix: &str) {
    let mut part = |name: &str, shown: bool, value: String| {
        if shown {
            let suffix = if name == "var_off" { "" } else { suffix };
            parts.push(format!("{name}{suffix}={value}"));
        }
    };
    part("smin", s.smin as u64 != s.umin && s.smin != i64::MIN, s.smin.to_string());
    part("smax", s.smax as u64 != s.umax && s.smax != i64::MAX, s.smax.to_string());
    part("umin", s.umin != 0, s.umin.to_string());
    part("umax", s.umax != u64::MAX, s.umax.to_string());
    let bits = format!("({:#x}; {:#x})", s.var_off.value, s.var_off.mask);
    part("var_off", s.var_off != Tnum::UNKNOWN, bits);
    part("s32_min", i64::from(s.s32_min) != s.smin && s.s32_min != i32::MIN, s.s32_min.to_string());
    part("s32_max", i64::from(s.s32_max) != s.smax && s.s32_max != i32::MAX, s.s32_max.to_string());
    part("u32_min", u64::from(s.u32_min) != s.umin && s.u32_min != 0, (s.u32_min as i32).to_string());
    part("u32_max", u64::from(s.u32_max) != s.umax && s.u32_max != u32::MAX, (s.u32_max as i32).to_string());
}

/// Names of types as they were when all pointers were trusted and memory of ring buffers was but allocated.
pub(super) fn former_names(text: &str, style: Wording) -> String {
    const KEPT: &str = "\u{1}";
    let text = text.replace("untrusted_ptr_", KEPT).replace("trusted_ptr_", "ptr_").replace(KEPT, "untrusted_ptr_");
    if style.has(Reworded::ComposedTypes) {
        return text.replace("ringbuf_mem", "alloc_mem");
    }
    let text = text.replace("ringbuf_mem", "mem");
    let mut out = String::with_capacity(text.len());
    for (i, part) in text.split("buf").enumerate() {
        // Buffers that may be written had a name of their own; those that may not have it still.
        if i > 0 {
            let begins = out.is_empty() || out.ends_with([' ', '=']);
            let ends = !part.starts_with(|c: char| c.is_ascii_alphanumeric());
            out.push_str(if begins && ends { "rdwr_buf" } else { "buf" });
        }
        out.push_str(part);
    }
    out
}

/// A register saved on the stack, of which only the kind or the value was shown.
fn saved_reg(out: &mut String, reg: &RegState, style: Wording) {
    if !reg.is_scalar() {
        out.push_str(&former_names(&reg.ty.to_string(), style));
        return;
    }
    if !style.has(Reworded::Scalars) {
        out.push_str("inv");
    }
    if reg.precise {
        out.push('P');
    }
    if reg.scalar.var_off.is_const() {
        let _ = write!(out, "{}", (reg.scalar.var_off.value as i64).wrapping_add(i64::from(reg.off)));
    }
}

fn separate(out: &mut String, comma: &mut bool) {
    if *comma {
        out.push(',');
    }
    *comma = true;
}

impl Words<'_> {
    /// Name of a type; empty when the id is unknown.
    fn type_name(&self, btf: BtfRef, id: u32) -> &str {
        self.btfs.get(usize::from(btf.0)).map_or("", |b| b.type_name(id))
    }

    /// One register behind its `=`.
    pub fn reg(&self, out: &mut String, frame: &FuncState, reg: &RegState) {
        if !self.style.has(Reworded::JoinedBounds) {
            return self.plain_reg(out, reg);
        }
        let ty = reg.ty;
        let kind = ty.base.row();
        let scalar = ty.is(RegBase::Scalar);
        if scalar && reg.precise {
            out.push('P');
        }
        if scalar && reg.scalar.var_off.is_const() {
            snum(out, reg.scalar.var_off.value as i64);
            return;
        }
        ty.words(|word| out.push_str(word));
        if ty.is(RegBase::PtrToArena) {
            return;
        }
        if ty.is(RegBase::PtrToStack) {
            if frame.frame_number != reg.frame_number {
                out.push('[');
                decimal(out, u64::from(reg.frame_number));
                out.push(']');
            }
            if reg.scalar.var_off.is_const() {
                snum(out, (reg.scalar.var_off.value as i64).wrapping_add(i64::from(reg.off)));
                return;
            }
        }
        if ty.base == RegBase::PtrToBtfId
            && let Some((btf, id)) = reg.btf()
        {
            out.push_str(self.type_name(btf, id));
        }
        out.push('(');
        let mut comma = false;
        let parents = self.style.has(Reworded::ParentIds);
        let id = if parents && reg.id == 0 { reg.ref_obj_id } else { reg.id };
        if id != 0 {
            member(out, &mut comma, "id=", id & !ADD_CONST);
        }
        if reg.id & ADD_CONST != 0 {
            if reg.off >= 0 {
                out.push('+');
            }
            signed(out, i64::from(reg.off));
        }
        let parent = match reg.payload {
            // What is read through a dynptr belongs to the dynptr, and that to whatever it was made of.
            Payload::Mem { dynptr_id, .. } if parents && dynptr_id != 0 => dynptr_id,
            _ => reg.ref_obj_id,
        };
        if parent != 0 && !(parents && parent == id) {
            member(out, &mut comma, if parents { "parent_id=" } else { "ref_obj_id=" }, parent);
        }
        if ty.has(TypeFlags::NON_OWN_REF) && ty.has(TypeFlags::ALLOC) {
            separate(out, &mut comma);
            out.push_str("non_own_ref");
        }
        if kind.shows == Shows::Map
            && let Some(map) = reg.map().and_then(|m| self.maps.get(m.0 as usize))
        {
            if !map.name.is_empty() {
                separate(out, &mut comma);
                out.push_str("map=");
                out.push_str(&map.name);
            }
            separate(out, &mut comma);
            out.push_str("ks=");
            signed(out, i64::from(map.key_size as i32));
            out.push_str(",vs=");
            signed(out, i64::from(map.value_size as i32));
        }
        let whole = self.style.has(Reworded::OffsetsInValue);
        if !scalar && reg.off != 0 && !whole {
            separate(out, &mut comma);
            out.push_str("off=");
            snum(out, i64::from(reg.off));
        }
        if kind.shows == Shows::Range && ty.flags.is_empty() {
            separate(out, &mut comma);
            out.push_str("r=");
            unum(out, i64::from(reg.range()) as u64);
        }
        if kind.shows == Shows::Size {
            separate(out, &mut comma);
            out.push_str("sz=");
            unum(out, u64::from(reg.mem_size()));
        }
        if ty.is(RegBase::ConstPtrToDynptr)
            && let Payload::Dynptr { kind, .. } = reg.payload
        {
            separate(out, &mut comma);
            out.push_str("type=");
            out.push_str(dynptr_kind(kind));
        }
        let moved;
        let mut reg = reg;
        if !scalar && whole && reg.off != 0 {
            let mut new = *reg;
            new.scalar.add_loose(i64::from(reg.off) as u64, DomainRules::V7_1);
            new.scalar.sync_bounds(DomainRules::V7_1);
            moved = new;
            reg = &moved;
        }
        if reg.scalar.var_off.is_const() {
            if reg.scalar.var_off.value != 0 {
                separate(out, &mut comma);
                out.push_str("imm=");
                snum(out, reg.scalar.var_off.value as i64);
            }
        } else {
            ranges(out, reg, &mut comma);
            if reg.scalar.var_off != Tnum::UNKNOWN {
                separate(out, &mut comma);
                out.push_str("var_off=");
                tnum(out, reg.scalar.var_off);
            }
        }
        out.push(')');
    }

    /// One register behind its `=` before bounds were joined: every offset, and bounds one by one.
    fn plain_reg(&self, out: &mut String, reg: &RegState) {
        let (ty, s) = (reg.ty, &reg.scalar);
        let (scalar, named) = (ty.is(RegBase::Scalar), self.style.has(Reworded::Scalars));
        let known = s.var_off.is_const();
        let number = (s.var_off.value as i64).wrapping_add(i64::from(reg.off));
        let precise = if scalar && reg.precise { "P" } else { "" };
        let kind = if scalar && !named { "inv".into() } else { former_names(&ty.to_string(), self.style) };
        if known && scalar && named {
            let _ = write!(out, "{precise}{number}");
            return;
        }
        let _ = if named { write!(out, "{precise}{kind}") } else { write!(out, "{kind}{precise}") };
        if known && (scalar || ty.is(RegBase::PtrToStack)) {
            let _ = write!(out, "{number}");
            return;
        }
        if ty.base == RegBase::PtrToBtfId
            && let Some((btf, id)) = reg.btf()
        {
            out.push_str(self.type_name(btf, id));
        }
        let mut parts: Vec<String> = Vec::new();
        if reg.id != 0 || !named {
            parts.push(format!("id={}", reg.id));
        }
        let kind = ty.base.row();
        let shows_owner = kind.owns;
        let shows_none = !named && ty.base != RegBase::PtrToBtfId;
        if shows_owner && (reg.ref_obj_id != 0 || shows_none) {
            parts.push(format!("ref_obj_id={}", reg.ref_obj_id));
        }
        if !scalar {
            parts.push(format!("off={}", reg.off));
        }
        if kind.shows == Shows::Range {
            parts.push(format!("r={}", reg.range()));
        } else if kind.shows == Shows::Map
            && let Some(map) = reg.map().and_then(|m| self.maps.get(m.0 as usize))
        {
            parts.push(format!("ks={},vs={}", map.key_size as i32, map.value_size as i32));
        }
        if known {
            parts.push(format!("imm={:x}", s.var_off.value));
        } else {
            plain_ranges(&mut parts, s, if named { "" } else { "_value" });
        }
        let _ = write!(out, "({})", parts.join(","));
    }

    /// Name and marks of a place: ` R1_w`, ` fp-8_r`.
    fn place(&self, out: &mut String, name: &str, n: i64, marks: u8) {
        out.push_str(name);
        signed(out, n);
        if !self.style.has(Reworded::NoMarks) {
            liveness(out, marks);
        }
        out.push('=');
    }

    /// One frame with its line end.
    pub fn frame(&self, out: &mut String, state: &VerifierState, frame: &FuncState, want: Wanted) {
        if frame.frame_number != 0 {
            out.push_str(" frame");
            decimal(out, u64::from(frame.frame_number));
            out.push(':');
        }
        for (i, reg) in frame.regs.iter().enumerate() {
            if reg.ty.base == RegBase::NotInit || !(want.all || want.regs >> i & 1 != 0) {
                continue;
            }
            self.place(out, " R", i as i64, reg.live);
            self.reg(out, frame, reg);
        }
        self.slots(out, frame, want);
        // Up to 6.13 each frame has a list, and callers have what they had at the call.
        let callee =
            state.frames.get(frame.frame_number as usize + 1).filter(|_| !self.style.has(Reworded::OneReferenceList));
        let mut refs = callee.map_or(&state.refs, |c| &c.caller_refs).iter().map(|r| r.id);
        if let Some(first) = refs.next()
            && first != 0
        {
            out.push_str(" refs=");
            decimal(out, u64::from(first));
            for id in refs.filter(|id| *id != 0) {
                out.push(',');
                decimal(out, u64::from(id));
            }
        }
        if frame.is_callback {
            out.push_str(" cb");
        }
        if frame.runs_later {
            out.push_str(" async_cb");
        }
        out.push('\n');
    }

    fn slots(&self, out: &mut String, frame: &FuncState, want: Wanted) {
        let mut i = 0;
        while i < frame.stack.len() {
            let at = i;
            i += 1;
            let slot = &frame.stack[at];
            if !(want.all || want.slots >> (at & 63) & 1 != 0) || slot.kind.iter().all(|k| k.is_unset()) {
                continue;
            }
            let fp = |spi: usize| -(spi as i64 + 1) * 8;
            let reg = &slot.spilled;
            match slot.kind[7] {
                SlotKind::Spill => {
                    // Bytes below a narrow spill come first.
                    let below = slot.kind.iter().take_while(|k| **k != SlotKind::Spill).count();
                    self.place(out, " fp", fp(at), reg.live);
                    if self.style.has(Reworded::JoinedBounds) {
                        out.extend(slot.kind[..below].iter().map(|k| letter(*k)));
                        self.reg(out, frame, reg);
                    } else {
                        saved_reg(out, reg, self.style);
                    }
                }
                SlotKind::Dynptr if self.style.has(Reworded::JoinedBounds) => {
                    // The higher of the two slots is the main one.
                    let main = at + 1;
                    i = main + 1;
                    let Some(slot) = frame.stack.get(main) else { continue };
                    let reg = &slot.spilled;
                    self.place(out, " fp", fp(main), reg.live);
                    let (kind, first) = match reg.payload {
                        Payload::Dynptr { kind, first_slot } => (kind, first_slot),
                        _ => (DynptrKind::Invalid, false),
                    };
                    out.push_str("dynptr_");
                    out.push_str(dynptr_kind(kind));
                    out.push('(');
                    let mut comma = false;
                    if reg.id != 0 {
                        member(out, &mut comma, "id=", reg.id);
                    }
                    let parents = self.style.has(Reworded::ParentIds);
                    if reg.ref_obj_id != 0 {
                        member(out, &mut comma, if parents { "parent_id=" } else { "ref_id=" }, reg.ref_obj_id);
                    }
                    // The kernel reads another member of the union here, and finds the mark of the first slot.
                    if first && !parents {
                        separate(out, &mut comma);
                        out.push_str("dynptr_id=1");
                    }
                    out.push(')');
                }
                SlotKind::Iter => {
                    // Only the main slot carries the reference.
                    if reg.ref_obj_id == 0 {
                        continue;
                    }
                    self.place(out, " fp", fp(at), reg.live);
                    let (name, progress, depth) = match reg.payload {
                        Payload::Iter { btf, id, state, depth } => {
                            let name = self.type_name(btf, id);
                            (name.strip_prefix("bpf_iter_").unwrap_or("<invalid>"), state, depth)
                        }
                        _ => ("<invalid>", IterState::Invalid, 0),
                    };
                    out.push_str("iter_");
                    out.push_str(name);
                    out.push_str(if self.style.has(Reworded::ParentIds) { "(id=" } else { "(ref_id=" });
                    decimal(out, u64::from(reg.ref_obj_id));
                    out.push_str(",state=");
                    out.push_str(iter_state(progress));
                    out.push_str(",depth=");
                    decimal(out, u64::from(depth));
                    out.push(')');
                }
                _ => {
                    self.place(out, " fp", fp(at), reg.live);
                    out.extend(slot.kind.iter().map(|k| letter(*k)));
                }
            }
        }
    }
}
