//! Remedies, from patterns of states: never from the words of a message.
//!
//! Each pattern has a stable code and a page, so that tools can group and people can read on.

use crate::error::Rejection;
use crate::isa::opcode::*;
use crate::program::LoadRequest;
use crate::state::{RegBase, RegState, TypeFlags};

use super::StepKind;
use super::path::{Path, Place};
use super::slice::Slice;

/// A remedy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suggestion {
    /// Stable code: `fix-null-check`.
    pub code: &'static str,
    /// What to do, for this program.
    pub text: String,
    /// Instruction that it is about, where one is.
    pub insn: Option<usize>,
}

/// A pattern: its code and its page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remedy {
    /// Stable code.
    pub code: &'static str,
    /// The page.
    pub page: &'static str,
}

macro_rules! remedies {
    ($($(#[doc = $doc:literal])* $NAME:ident = $code:literal;)*) => {
        $($(#[doc = $doc])* pub const $NAME: &str = $code;)*
        /// Every remedy with its page.
        pub const REMEDIES: &[Remedy] = &[$(Remedy { code: $code, page: concat!($($doc, "\n"),*) }),*];
    };
}

remedies! {
    /// The pointer may be null on this path. Compare it with NULL right after the call that returned it, and use it only
    /// where it is not: `if (!p) return 0;`.
    NULL_CHECK = "fix-null-check";
    /// A copy of the pointer was compared with NULL, but the one used here comes from another call, so the check says
    /// nothing about it. Keep one pointer in one variable, check it, and use that one.
    NULL_CHECK_COPY = "fix-null-check-copy";
    /// Nothing limits the value from above. Compare it with the size right before the access (`if (i >= SIZE) return 0;`), or
    /// mask it (`i &= SIZE - 1;` when the size is a power of two).
    UPPER_BOUND = "fix-upper-bound";
    /// The value may be negative. Make the variable unsigned, or check `i >= 0` as well.
    LOWER_BOUND = "fix-lower-bound";
    /// The limit that was checked is larger than what the object can hold. Check against the size of the object that is
    /// accessed, minus the bytes of the access.
    SMALLER_BOUND = "fix-smaller-bound";
    /// The value was limited, and then the limit was lost: it went through the stack with another width, was cast, or
    /// was computed on again. Check it after the last computation, right before the access.
    BOUND_LOST = "fix-bound-lost";
    /// The comparison was made on another copy of the value than the one used here; compilers do that when they reload a
    /// variable. Copy the value into a local variable once, and check and use that one.
    CHECKED_COPY = "fix-checked-copy";
    /// The bytes were never compared with the end of the packet. Before the access, check that
    /// `data + offset + size <= data_end`, and return when it does not hold.
    PACKET_CHECK = "fix-packet-check";
    /// A helper may have moved the packet, so earlier checks do not hold any more. After the call, read `data` and `data_end`
    /// from the context again and repeat the check.
    PACKET_RECHECK = "fix-packet-recheck";
    /// The reference is released on other paths but not on this one. Release it before every return, error paths included.
    RELEASE = "fix-release";
    /// The register or the stack was never written on this path. Initialise the variable where it is declared, padding
    /// included: `struct key k = {};` or `__builtin_memset(&k, 0, sizeof(k));`.
    INITIALISE = "fix-initialise";
    /// This helper or kernel function is not for programs of this type, or not in this kernel. Use another one, another
    /// program type, or guard the call with `bpf_core_enum_value_exists()` and keep a fallback.
    OTHER_HELPER = "fix-other-helper";
    /// Nothing shows the kernel that the loop ends. Give it a constant bound, or use `bpf_loop()` or `bpf_for()`.
    BOUND_LOOP = "fix-bound-loop";
    /// The program is more than the kernel is willing to follow. Move parts into global functions, which are verified once, or
    /// use `bpf_loop()` for loops.
    SMALLER_PROGRAM = "fix-smaller-program";
    /// Functions that call each other share 512 bytes of stack. Move large buffers into a per-CPU array map.
    STACK = "fix-stack";
    /// The program must return a number from the range that its hook understands. Return one of the named constants on every path.
    RETURN_VALUE = "fix-return-value";
    /// The pointer has another type than the call needs. Pass the object that the call is for, as it was obtained.
    ARGUMENT_TYPE = "fix-argument-type";
    /// The memory is read-only for programs. Copy it to the stack or into a map and change the copy.
    READ_ONLY = "fix-read-only";
    /// The access is not aligned as the kernel wants it here. Access it in smaller parts, or copy it with a helper.
    ALIGN = "fix-align";
    /// Unlock on every path before the program ends, and call nothing else while the lock is held.
    UNLOCK = "fix-unlock";
    /// Set the licence of the object to one compatible with the GPL, if that is what it is under:
    /// `char _license[] SEC("license") = "GPL";`.
    LICENSE = "fix-license";
    /// A pointer must be kept whole: it cannot be changed by this operation. Compute on a number and add it to the pointer once.
    POINTER_ARITHMETIC = "fix-pointer-arithmetic";
}

/// What the path says about the failing operand.
struct Facts<'a> {
    code: &'a str,
    path: &'a Path,
    slice: &'a Slice,
    request: &'a LoadRequest,
    reg: Option<RegState>,
}

/// Remedies for a rejection, the most likely first.
pub(super) fn suggest(
    code: &str,
    rejection: &Rejection,
    path: &Path,
    slice: &Slice,
    request: &LoadRequest,
) -> Vec<Suggestion> {
    let _ = rejection;
    let facts = Facts { code, path, slice, request, reg: slice.failing };
    let mut out = Vec::new();
    facts.values(&mut out);
    facts.by_rule(&mut out);
    out
}

fn push(out: &mut Vec<Suggestion>, code: &'static str, text: String, insn: Option<usize>) {
    if !out.iter().any(|s| s.code == code) {
        out.push(Suggestion { code, text, insn });
    }
}

/// First sentence of a page.
fn first_sentence(code: &str) -> String {
    let page = REMEDIES.iter().find(|r| r.code == code).map_or("", |r| r.page);
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Facts<'_> {
    fn starts(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|p| self.code.starts_with(p))
    }

    /// Name of the failing register.
    fn name(&self) -> String {
        self.slice.regno.map_or("the value".into(), |n| format!("R{n}"))
    }

    /// Whether this is about where an access may go.
    fn is_access(&self) -> bool {
        self.starts(&["mem-", "call-arg", "call-size", "kfunc-arg-mem", "ptr-offset", "kfunc-buf"])
    }

    /// Patterns on the value of the failing operand.
    fn values(&self, out: &mut Vec<Suggestion>) {
        let Some(reg) = self.reg else { return };
        let established = self.slice.steps.iter().find(|s| s.kind == StepKind::Established).map(|s| s.insn);
        if reg.ty.may_be_null() && reg.ty.base != RegBase::Scalar {
            if self.checked_sibling(&reg) {
                let text = format!("{} may be null: the check was made on the result of another call", self.name());
                push(out, NULL_CHECK_COPY, text, established);
            }
            let text = format!("{} may be null: check it before it is used", self.name());
            push(out, NULL_CHECK, text, established);
            return;
        }
        if matches!(reg.ty.base, RegBase::PtrToPacket | RegBase::PtrToPacketMeta) && self.is_access() {
            if reg.scalar.var_off.is_const() || reg.range() == 0 {
                self.packet(&reg, out);
            }
            if !reg.scalar.var_off.is_const() {
                self.bounds(&reg, out);
            }
            return;
        }
        if reg.ty.base == RegBase::NotInit {
            push(out, INITIALISE, format!("{} was never written on this path: initialise it", self.name()), None);
            return;
        }
        let pointer = matches!(
            reg.ty.base,
            RegBase::PtrToMapValue | RegBase::PtrToMapKey | RegBase::PtrToMem | RegBase::PtrToStack | RegBase::PtrToBuf
        );
        if (pointer && self.is_access()) || (reg.ty.base == RegBase::Scalar && self.starts(&["call-size", "kfunc-buf"])) {
            self.bounds(&reg, out);
        }
    }

    /// The packet was never compared, or a call undid the comparison.
    fn packet(&self, reg: &RegState, out: &mut Vec<Suggestion>) {
        let moved = self.path.steps.iter().rev().find(|s| {
            let call = self.request.insns.get(s.insn).is_some_and(|i| i.is_call());
            call && s.changes.iter().any(|c| {
                let was_packet = c.before.is_some_and(|b| {
                    matches!(b.ty.base, RegBase::PtrToPacket | RegBase::PtrToPacketEnd) && c.after.is_none_or(|a| a.ty != b.ty)
                });
                was_packet && matches!(c.place, Place::Slot { .. } | Place::Reg { n: 6..=9, .. })
            })
        });
        if let Some(step) = moved
            && reg.range() == 0
        {
            let text = "a helper may have moved the packet: read data and data_end again and repeat the check".into();
            push(out, PACKET_RECHECK, text, Some(step.insn));
        }
        let text = match reg.range() {
            n if n > 0 => format!("only {n} bytes were compared with data_end: check that the last byte accessed is inside, too"),
            _ => "compare the pointer plus the bytes accessed with data_end before the access".into(),
        };
        push(out, PACKET_CHECK, text, None);
    }

    /// Which limit is missing, or where it was lost.
    fn bounds(&self, reg: &RegState, out: &mut Vec<Suggestion>) {
        let s = &reg.scalar;
        if s.var_off.is_const() {
            if reg.ty.base != RegBase::Scalar {
                let text = "the constant offset is outside of the object: access less, or make the object larger".into();
                push(out, SMALLER_BOUND, text, None);
            }
            return;
        }
        let narrower = |r: &RegState| r.scalar.umax < s.umax && r.scalar.smin >= s.smin && !r.scalar.var_off.is_const();
        let lost = self.slice.steps.iter().find(|step| {
            step.before.as_ref().is_some_and(|b| b.ty.base == RegBase::Scalar && narrower(b))
                && matches!(step.kind, StepKind::Computed | StepKind::Spilled | StepKind::Filled | StepKind::Lost)
                && step.after.as_ref().is_some_and(|a| a.ty.base == RegBase::Scalar && a.scalar.umax > u64::from(u32::MAX))
        });
        if let Some(step) = lost {
            let text = format!("the limit was lost at instruction {}: check the value after that", step.insn);
            push(out, BOUND_LOST, text, Some(step.insn));
        }
        if let Some(at) = self.checked_other_copy() {
            let text = "another copy of this value was checked: keep it in one local variable, check and use that".into();
            push(out, CHECKED_COPY, text, Some(at));
        }
        let unbounded = s.umax > 1 << 29;
        if s.smin < 0 && s.smax <= 1 << 29 {
            push(out, LOWER_BOUND, format!("{} may be negative: make it unsigned or check it is not", self.name()), None);
        } else if unbounded {
            push(out, UPPER_BOUND, format!("nothing limits {} from above: compare it with the size first", self.name()), None);
        } else {
            let text = format!("{} may reach {}: check against the size of the object", self.name(), s.umax);
            push(out, SMALLER_BOUND, text, None);
        }
    }

    /// A comparison on this path narrowed a register that has the origin of the failing value but is not it.
    fn checked_other_copy(&self) -> Option<usize> {
        let load = self.slice.steps.iter().find(|s| s.kind == StepKind::Established)?;
        let loads = |insn: usize| self.request.insns.get(insn).filter(|i| i.class() == LDX);
        let same_source = |a: usize, b: usize| match (loads(a), loads(b)) {
            (Some(x), Some(y)) => x.src == y.src && x.off == y.off && x.code == y.code,
            _ => false,
        };
        let narrowed: Vec<usize> = self.slice.steps.iter().filter(|s| s.kind == StepKind::Checked).map(|s| s.insn).collect();
        let mut loaded: Option<(u8, u8)> = None;
        for step in &self.path.steps {
            if step.insn != load.insn && same_source(step.insn, load.insn) {
                loaded = loads(step.insn).map(|i| (step.frame, i.dst));
            }
            let Some((frame, n)) = loaded else { continue };
            let jump = self.request.insns.get(step.insn).is_some_and(|i| i.is_jmp_class() && !i.is_call());
            let hit = step.changes.iter().any(|c| c.place == Place::Reg { frame, n });
            if jump && hit && !narrowed.contains(&step.insn) {
                return Some(step.insn);
            }
        }
        None
    }

    /// Some other pointer of the same kind was compared with null on this path.
    fn checked_sibling(&self, reg: &RegState) -> bool {
        self.path.steps.iter().any(|s| {
            let jump = self.request.insns.get(s.insn).is_some_and(|i| i.is_jmp_class() && !i.is_call());
            jump && s.changes.iter().any(|c| match (&c.before, &c.after) {
                (Some(b), Some(a)) => {
                    b.ty == reg.ty && b.id != reg.id && b.map() == reg.map() && !a.ty.may_be_null() && a.ty.base == b.ty.base
                }
                _ => false,
            })
        })
    }

    /// What the rule alone says.
    fn by_rule(&self, out: &mut Vec<Suggestion>) {
        const RULES: &[(&[&str], &str)] = &[
            (&["ref-leak"], RELEASE),
            (&["reg-uninit", "mem-stack-uninit", "reg-invalid"], INITIALISE),
            (&["call-unknown-helper", "call-helper-not-offered", "kfunc-not-allowed", "kfunc-trap", "kfunc-invalid-call"], OTHER_HELPER),
            (&["loop-infinite", "cfg-back-edge"], BOUND_LOOP),
            (&["limit-insns", "limit-jump-sequence"], SMALLER_PROGRAM),
            (&["stack-combined", "stack-subprog", "stack-frames", "mem-stack-range"], STACK),
            (&["return-range", "return-type"], RETURN_VALUE),
            (&["lock-unlock-missing", "lock-held", "rcu-unlock", "rcu-held", "preempt-enable", "preempt-held", "irq-held", "lock-call"], UNLOCK),
            (&["policy-gpl", "call-gpl", "kfunc-gpl", "policy-lsm-gpl", "policy-struct-ops-gpl"], LICENSE),
            (&["ptr-arith", "ptr-partial", "ptr-sign"], POINTER_ARITHMETIC),
            (&["mem-misaligned", "mem-packet-misaligned"], ALIGN),
            (&["mem-read-only", "mem-map-read-only", "mem-packet-read-only", "mem-btf-read-only", "call-map-read-only"], READ_ONLY),
            (&["mem-packet-outside", "mem-packet-range"], PACKET_CHECK),
            (&["mem-unbounded", "call-size-unbounded"], UPPER_BOUND),
            (&["mem-min-negative", "call-size-negative"], LOWER_BOUND),
            (&["call-arg-null", "kfunc-arg-null"], NULL_CHECK),
            (&["call-arg-type", "call-arg-struct", "kfunc-arg"], ARGUMENT_TYPE),
        ];
        if self.reg.is_some_and(|r| r.has(TypeFlags::RDONLY)) && self.code.starts_with("call-arg-type") {
            push(out, READ_ONLY, first_sentence(READ_ONLY), None);
        }
        for (prefixes, code) in RULES {
            if self.starts(prefixes) {
                let acquired = self.slice.steps.first().map(|s| s.insn).filter(|_| *code == RELEASE);
                push(out, code, first_sentence(code), acquired);
            }
        }
    }
}
