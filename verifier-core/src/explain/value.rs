//! Values in words for people: types by name, ranges in decimal, sizes beside them.
//!
//! ```text
//! number 0..=255            null or pointer to a value (8 bytes) of map `counts`
//! packet +14, 34 bytes checked          pointer to struct task_struct (trusted)
//! ```

use std::fmt::Write;

use crate::btf::Btf;
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
        return if n == 0 { String::new() } else { format!("{n:+}") };
    }
    let (min, max) = (fixed + i128::from(s.smin), fixed + i128::from(s.umax));
    if s.smin == i64::MIN || s.umax == u64::MAX || max > i128::from(u32::MAX) {
        let low = if s.smin == i64::MIN { "anything".to_string() } else { format!("{min} or more") };
        return format!(" + ({low})");
    }
    format!(" + ({})", range(min, max))
}

fn map_of<'a>(reg: &RegState, request: &'a LoadRequest) -> (String, Option<&'a crate::program::MapSpec>) {
    let spec = reg.map().and_then(|m| request.maps.get(m.0 as usize));
    let name = spec.map(|s| s.name.clone()).filter(|n| !n.is_empty());
    (name.map_or("a map".into(), |n| format!("map `{n}`")), spec)
}

/// A register in words.
pub fn words(reg: &RegState, request: &LoadRequest, vmlinux: &Btf) -> String {
    let off = offset(reg);
    let mut out = String::new();
    if reg.ty.may_be_null() {
        out.push_str("null or ");
    }
    match reg.ty.base {
        RegBase::NotInit => out.push_str("nothing (never written)"),
        RegBase::Scalar => out.push_str(&scalar(reg)),
        RegBase::PtrToCtx => {
            let _ = write!(out, "the context{off}");
        }
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
            let whose = if reg.frameno == 0 { String::new() } else { format!(" of frame {}", reg.frameno) };
            let _ = write!(out, "stack pointer fp{off}{whose}");
        }
        RegBase::PtrToPacket | RegBase::PtrToPacketMeta => {
            let what = if reg.ty.base == RegBase::PtrToPacket { "packet" } else { "packet metadata" };
            let n = reg.range().max(0);
            let checked = if n == 0 { "no bytes checked".into() } else { format!("{n} bytes checked") };
            let _ = write!(out, "{what}{off}, {checked}");
        }
        RegBase::PtrToPacketEnd => out.push_str("end of the packet"),
        RegBase::PtrToFlowKeys => {
            let _ = write!(out, "flow keys{off}");
        }
        RegBase::PtrToSocket => out.push_str("socket"),
        RegBase::PtrToSockCommon => out.push_str("socket (common part)"),
        RegBase::PtrToTcpSock => out.push_str("TCP socket"),
        RegBase::PtrToXdpSock => out.push_str("XDP socket"),
        RegBase::PtrToTpBuffer => {
            let _ = write!(out, "tracepoint buffer{off}");
        }
        RegBase::PtrToBtfId => btf_words(&mut out, reg, request, vmlinux, &off),
        RegBase::PtrToMem => {
            let _ = write!(out, "memory of {} bytes{off}", reg.mem_size());
        }
        RegBase::PtrToArena => out.push_str("arena address"),
        RegBase::PtrToBuf => {
            let _ = write!(out, "buffer{off}");
        }
        RegBase::PtrToFunc => out.push_str("function"),
        RegBase::ConstPtrToDynptr => out.push_str("dynptr"),
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
