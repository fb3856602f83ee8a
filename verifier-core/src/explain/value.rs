//! Values in words for people: types by name, ranges in decimal, sizes beside them.
//!
//! ```text
//! number 0..=255            null or pointer to a value (8 bytes) of map `counts`
//! packet, offset 14, 34 bytes checked          pointer to struct task_struct (trusted)
//! ```

use std::fmt::Write;

use crate::btf::{Btf, BtfKind, TypeId};
use crate::kernel::pointer::{Moves, Shows};
use crate::program::LoadRequest;
use crate::state::{BtfRef, Payload, RegBase, RegState, TypeFlags};

/// A number or a range of numbers.
pub fn range(min: i128, max: i128) -> String {
    if min == max { min.to_string() } else { format!("{min}..={max}") }
}

/// What is known of a scalar.
pub fn scalar(reg: &RegState) -> String {
    let s = &reg.scalar;
    let (umin, umax) = (i128::from(s.umin), i128::from(s.umax));
    let (smin, smax) = (i128::from(s.smin), i128::from(s.smax));
    if s.var_off.is_const() {
        return format!("number {}", s.var_off.value as i64);
    }
    let unsigned_known = s.umin != 0 || s.umax != u64::MAX;
    let signed_known = s.smin != i64::MIN || s.smax != i64::MAX;
    let mut out = match (unsigned_known, signed_known) {
        (false, false) => "any number".to_string(),
        (true, _) if smin == umin && smax == umax => format!("number {}", range(umin, umax)),
        (true, true) => format!("number {} (signed {})", half_open(umin, umax, false), half_open(smin, smax, true)),
        (true, false) => format!("number {} (unsigned)", half_open(umin, umax, false)),
        (false, true) => format!("number {} (signed)", half_open(smin, smax, true)),
    };
    if s.umax > u64::from(u32::MAX) && s.u32_max < u32::MAX {
        let _ = write!(out, ", its low 32 bits {}", range(i128::from(s.u32_min), i128::from(s.u32_max)));
    }
    // A comparison of the low half as a signed number says nothing else.
    let signed_half = (s.s32_min != i32::MIN || s.s32_max != i32::MAX)
        && (i64::from(s.s32_min), i64::from(s.s32_max)) != (s.smin, s.smax);
    if s.umax > u64::from(u32::MAX) && s.u32_max == u32::MAX && signed_half {
        let _ = write!(out, ", its low 32 bits {} (signed)", range(i128::from(s.s32_min), i128::from(s.s32_max)));
    }
    // Alignment is what known low bits mean to people.
    let low = s.var_off.mask.trailing_zeros();
    if (1..64).contains(&low) && s.var_off.value & ((1 << low) - 1) == 0 {
        let _ = write!(out, ", multiple of {}", 1u64 << low.min(32));
    }
    out
}

fn half_open(min: i128, max: i128, signed: bool) -> String {
    let (low, high) = if signed { (i128::from(i64::MIN), i128::from(i64::MAX)) } else { (0, i128::from(u64::MAX)) };
    match (min == low && signed, max == high) {
        (true, true) => "anything".into(),
        (true, false) => format!("at most {max}"),
        (false, true) if min == 0 => "0 or more".into(),
        (false, true) => format!("at least {min}"),
        _ => range(min, max),
    }
}

/// Offset from a pointer's base: fixed part plus variable part.
pub fn offset(reg: &RegState) -> String {
    let s = &reg.scalar;
    let fixed = i128::from(reg.off);
    if s.var_off.is_const() {
        let n = fixed + i128::from(s.var_off.value as i64);
        return if n == 0 { String::new() } else { format!(", offset {n}") };
    }
    let (min, max) = (fixed + i128::from(s.smin), fixed + i128::from(s.umax));
    if s.smin == i64::MIN || s.umax == u64::MAX || max > i128::from(u32::MAX) {
        let low = if s.smin == i64::MIN { "unknown".to_string() } else { format!("{min} or more") };
        return format!(", offset {low}");
    }
    format!(", offset {}", range(min, max))
}

fn map_of<'a>(reg: &RegState, request: &'a LoadRequest) -> (String, Option<&'a crate::program::MapSpec>) {
    let spec = reg.map().and_then(|m| request.maps.get(m.0 as usize));
    let name = spec.map(|s| s.name.clone()).filter(|n| !n.is_empty());
    (name.map_or("a map".into(), |n| format!("map `{n}`")), spec)
}

/// Bytes of the object that a pointer points into; the end of the stack counts as 0, since its offsets are negative.
pub fn object_size(reg: &RegState, request: &LoadRequest) -> Option<i128> {
    let spec = reg.map().and_then(|m| request.maps.get(m.0 as usize));
    match reg.ty.base {
        RegBase::PtrToMapValue => spec.map(|s| i128::from(s.value_size)),
        RegBase::PtrToMapKey => spec.map(|s| i128::from(s.key_size)),
        RegBase::PtrToMem => Some(i128::from(reg.mem_size())),
        RegBase::PtrToStack => Some(0),
        _ => None,
    }
}

/// Bytes from a pointer to the end of its object; the variable part of its offset does not count.
pub fn room(reg: &RegState, request: &LoadRequest) -> Option<i128> {
    let fixed = if reg.scalar.is_const() { i128::from(reg.scalar.var_off.value as i64) } else { 0 };
    let whole = object_size(reg, request).map(|size| size - i128::from(reg.off) - fixed)?;
    // What the source means is the array it indexes, where types tell; the kernel only knows the whole value.
    let array = reg.map().filter(|_| reg.ty.base == RegBase::PtrToMapValue).and_then(|m| {
        let spec = request.maps.get(m.0 as usize)?;
        let from = u32::try_from(i128::from(reg.off) + fixed).ok()?;
        array_end(spec.btf.as_ref()?, spec.btf_value_type_id, from).map(|end| i128::from(end) - i128::from(from))
    });
    Some(array.map_or(whole, |a| a.min(whole)))
}

/// The end of the array or variable at an offset of a type, in bytes from its start: the innermost that is known.
pub fn array_end(btf: &Btf, id: TypeId, off: u32) -> Option<u32> {
    let mut ty = btf.skip_modifiers(id)?;
    let (mut base, mut end) = (0u32, None);
    // Types nest, but not without end: every round goes into a part that begins later or is smaller.
    for _ in 0..16 {
        let inside = off.checked_sub(base)?;
        let next = match ty.kind {
            BtfKind::Datasec => ty.var_secinfos().find_map(|v| {
                let var = btf.ty(v.type_id)?;
                (v.offset..v.offset.saturating_add(v.size)).contains(&inside).then_some((
                    v.offset,
                    v.size,
                    var.size_or_type,
                ))
            }),
            BtfKind::Struct | BtfKind::Union => ty.members().find_map(|m| {
                let at = m.bit_offset / 8;
                let size = btf.resolve_size(m.type_id)?;
                (at..at.saturating_add(size)).contains(&inside).then_some((at, size, m.type_id))
            }),
            BtfKind::Array => {
                let a = ty.array()?;
                let size = btf.resolve_size(a.elem)?;
                end = Some(base.saturating_add(size.checked_mul(a.nelems)?));
                let at = inside.checked_div(size)?.checked_mul(size)?;
                Some((at, size, a.elem))
            }
            _ => None,
        };
        let Some((at, size, id)) = next else { break };
        let inner = btf.skip_modifiers(id)?;
        if ty.kind == BtfKind::Datasec && inner.kind != BtfKind::Array {
            end = Some(at.saturating_add(size));
        }
        base = base.checked_add(at)?;
        // An element at its start is indexed by what encloses it.
        if ty.kind == BtfKind::Array && !matches!(inner.kind, BtfKind::Struct | BtfKind::Union) {
            break;
        }
        ty = inner;
    }
    end
}

/// The object that a pointer points into, for people: `a value of map `counts``.
pub fn object(reg: &RegState, request: &LoadRequest) -> String {
    match reg.ty.base {
        RegBase::PtrToMapValue => {
            let (name, spec) = map_of(reg, request);
            match spec.and_then(|s| global_section(&s.name)) {
                Some(section) => format!("section {section}"),
                None => format!("a value of {name}"),
            }
        }
        RegBase::PtrToMapKey => format!("a key of {}", map_of(reg, request).0),
        RegBase::PtrToStack => "the stack".into(),
        RegBase::PtrToPacket => "the packet".into(),
        RegBase::PtrToPacketMeta => "the metadata of the packet".into(),
        RegBase::PtrToMem => format!("memory of {} bytes", reg.mem_size()),
        _ => "the object".into(),
    }
}

/// The section of global variables that a map stands for: libbpf names them `PROGRAM.bss`.
fn global_section(map: &str) -> Option<&str> {
    let at = map.find(".bss").or_else(|| map.find(".data")).or_else(|| map.find(".rodata"))?;
    Some(&map[at..])
}

/// A register in words.
pub fn words(reg: &RegState, request: &LoadRequest, vmlinux: &Btf) -> String {
    let off = offset(reg);
    let mut out = String::new();
    if reg.ty.may_be_null() {
        out.push_str("null or ");
    }
    match reg.ty.base {
        RegBase::Scalar => out.push_str(&scalar(reg)),
        RegBase::ConstPtrToMap => {
            let _ = write!(out, "{}", map_of(reg, request).0);
        }
        RegBase::PtrToMapValue => {
            let (name, spec) = map_of(reg, request);
            let size = spec.map_or(String::new(), |s| format!(" ({} bytes)", s.value_size));
            let _ = write!(out, "pointer to a value{size} of {name}{off}");
        }
        RegBase::PtrToMapKey => {
            let _ = write!(out, "pointer to a key of {}{off}", map_of(reg, request).0);
        }
        RegBase::PtrToStack => {
            let whose = if reg.frame_number == 0 { String::new() } else { format!(" of frame {}", reg.frame_number) };
            let _ = write!(out, "pointer to the stack{whose}{off}");
        }
        RegBase::PtrToBtfId => btf_words(&mut out, reg, request, vmlinux, &off),
        RegBase::PtrToMem => {
            let _ = write!(out, "memory of {} bytes{off}", reg.mem_size());
        }
        base => {
            let row = base.row();
            out.push_str(row.people);
            if row.moves != Moves::Never {
                out.push_str(&off);
            }
            if row.shows == Shows::Range {
                let n = reg.range().max(0);
                let checked = if n == 0 { "no bytes checked".into() } else { format!("{n} bytes checked") };
                let _ = write!(out, ", {checked}");
            }
        }
    }
    if reg.ref_obj_id != 0 {
        let _ = write!(out, ", owns reference {}", reg.ref_obj_id);
    }
    if reg.has(TypeFlags::RDONLY) {
        out.push_str(", read-only");
    }
    out
}

fn btf_words(out: &mut String, reg: &RegState, request: &LoadRequest, vmlinux: &Btf, off: &str) {
    let name = match reg.payload {
        Payload::Btf { btf: BtfRef::VMLINUX, id } => vmlinux.type_name(id).to_string(),
        Payload::Btf { btf: BtfRef::PROG, id } => {
            request.btf.as_ref().map(|b| b.type_name(id).to_string()).unwrap_or_default()
        }
        _ => String::new(),
    };
    let trust = if reg.has(TypeFlags::UNTRUSTED) {
        " (untrusted)"
    } else if reg.has(TypeFlags::TRUSTED) {
        " (trusted)"
    } else if reg.has(TypeFlags::RCU) {
        " (under RCU)"
    } else if reg.has(TypeFlags::ALLOC) {
        " (allocated by the program)"
    } else {
        ""
    };
    let _ = write!(out, "pointer to struct {name}{off}{trust}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_say_them() {
        let mut r = RegState::unknown();
        assert_eq!(scalar(&r), "any number");
        r.scalar.umax = 255;
        assert_eq!(scalar(&r), "number 0..=255 (unsigned)");
        r.scalar.smin = 0;
        r.scalar.smax = 255;
        assert_eq!(scalar(&r), "number 0..=255");
        assert_eq!(scalar(&RegState::konst(u64::MAX)), "number -1");
    }
}
