//! Which bytes of its context a program may load and store, and what a load yields.
//!
//! Answers for the `is_valid_access` callbacks of `struct bpf_verifier_ops`. A context is a table of fields: where an
//! access may begin, which sizes a load and a store may have there, and which pointer a load yields. Programs over
//! socket buffers share one table and change some of its fields. The kernel's callbacks say yes or no and nothing
//! else, so the order in which they ask does not show.

use super::{AttachType, ProgType};
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// A question about one access to the context. For `EXT` programs, type and attach type are the target's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AccessQuery {
    /// Program type.
    pub prog_type: ProgType,
    /// Expected attach type.
    pub attach_type: AttachType,
    /// Byte offset in the context.
    pub off: i32,
    /// Bytes: 1, 2, 4 or 8.
    pub size: u32,
    /// A store (or atomic operation), not a load.
    pub write: bool,
    /// A sign-extending load. Kernel: `is_ldsx`.
    pub ldsx: bool,
    /// CAP_BPF (a token counts).
    pub has_cap_bpf: bool,
    /// Bound to a device that runs the program itself. Kernel: `bpf_prog_is_offloaded()`.
    pub offloaded: bool,
}

/// What the context says to an access.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CtxAccess {
    /// The answer.
    pub verdict: Verdict,
    /// What a load leaves in the register; a plain scalar unless the field is a pointer. Kernel: `reg_type`.
    pub reg_type: RegType,
    /// Bytes of the field in which narrower loads are allowed; 0: none recorded. Kernel: `ctx_field_size`.
    pub ctx_field_size: u32,
    /// For `PtrToBtfId`: name of the struct in vmlinux BTF; empty otherwise.
    pub btf_struct: &'static str,
}

/// Answer to an [`AccessQuery`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// `invalid bpf_context access`.
    Denied,
    /// Allowed as described.
    Allowed,
    /// The context holds the arguments of a function: BTF decides (`btf_ctx_access()`).
    ByBtf,
}

impl CtxAccess {
    pub(super) const DENIED: CtxAccess = CtxAccess {
        verdict: Verdict::Denied,
        reg_type: RegType::of(RegBase::Scalar),
        ctx_field_size: 0,
        btf_struct: "",
    };
    pub(super) const ALLOWED: CtxAccess = CtxAccess { verdict: Verdict::Allowed, ..CtxAccess::DENIED };

    /// Whether the access is allowed without asking BTF.
    pub const fn allowed(&self) -> bool {
        matches!(self.verdict, Verdict::Allowed)
    }
}

/// Which accesses may begin in a field, in one direction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Rule {
    /// None.
    No,
    /// Of any size.
    Any,
    /// Of this many bytes.
    Exactly(u32),
    /// A plain load of this many bytes, which yields a pointer.
    Pointer(u32, RegType),
    /// A load of 8 bytes that yields a trusted pointer to this kernel struct.
    Struct(&'static str),
    /// Up to this many bytes, a power of two. Kernel: `bpf_ctx_narrow_access_ok()`.
    Narrow(u32),
    /// As `Narrow`, but not below a number of bytes: (field, least).
    NarrowFrom(u32, u32),
    /// As `Narrow`, and also one wider size: (field, wider, field size that the wider access records).
    NarrowOr(u32, u32, u32),
    /// The first size, and also 8 bytes inside the field. Kernel: `bpf_ctx_wide_access_ok()`.
    Wide(&'static Rule),
    /// Any size that ends inside the field.
    Inside,
    /// As the shared table says.
    Base,
    /// As the inner rule, for these attach types; nothing for others.
    On(&'static [AttachType], &'static Rule),
    /// As the inner rule, with CAP_BPF; nothing without.
    Capable(&'static Rule),
    /// As the inner rule, for programs that a device runs; nothing for others.
    Offloaded(&'static Rule),
}

/// A field (or run of like fields) of a context.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Field {
    /// Name in the interface.
    pub name: &'static str,
    /// First offset at which an access of this field begins.
    pub from: u32,
    /// Offset behind the last one.
    pub to: u32,
    /// Loads.
    pub read: Rule,
    /// Stores.
    pub write: Rule,
}

impl Field {
    /// A field with its rules.
    pub const fn new(name: &'static str, from: u32, to: u32, read: Rule, write: Rule) -> Field {
        Field { name, from, to, read, write }
    }

    /// A field that may not be touched.
    pub const fn denied(name: &'static str, from: u32, to: u32) -> Field {
        Field::new(name, from, to, Rule::No, Rule::No)
    }

    /// A field that may only be read.
    pub const fn read(name: &'static str, from: u32, to: u32, read: Rule) -> Field {
        Field::new(name, from, to, read, Rule::No)
    }
}

/// A context. Accesses are naturally aligned (relative to its start) in every context.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Layout {
    /// Name of the struct in the interface.
    pub name: &'static str,
    /// Accesses begin at or behind this offset.
    pub first: u32,
    /// Accesses begin before this offset.
    pub size: u32,
    /// Accesses also end at or before `size`.
    pub whole: bool,
    /// Fields; the first that holds an offset decides.
    pub fields: &'static [Field],
    /// Loads elsewhere.
    pub read: Rule,
    /// Stores elsewhere.
    pub write: Rule,
    /// Table that [`Rule::Base`] asks.
    pub base: Option<&'static Layout>,
}

impl Layout {
    /// A context of named fields only.
    pub const fn fields(name: &'static str, size: u32, fields: &'static [Field]) -> Layout {
        Layout { name, first: 0, size, whole: false, fields, read: Rule::No, write: Rule::No, base: None }
    }

    /// What the table says to an access.
    pub fn access(&self, q: &AccessQuery) -> CtxAccess {
        let Ok(off) = u32::try_from(q.off) else { return CtxAccess::DENIED };
        if q.size == 0 || off < self.first || off >= self.size || !off.is_multiple_of(q.size) {
            return CtxAccess::DENIED;
        }
        let end = off.saturating_add(q.size);
        if self.whole && end > self.size {
            return CtxAccess::DENIED;
        }
        let field = self.fields.iter().find(|f| f.from <= off && off < f.to);
        let (rule, from, to) = match field {
            Some(f) => (if q.write { f.write } else { f.read }, f.from, f.to),
            None => (if q.write { self.write } else { self.read }, 0, self.size),
        };
        match self.apply(rule, from, to, off, q) {
            Some(a) => a,
            None => CtxAccess::DENIED,
        }
    }

    /// Fields that hold pointers: offset, bytes, and what a load yields. Those of the shared table are among them, also
    /// where this context does not let programs load them.
    pub fn pointers(&self) -> Vec<(u32, u32, RegType)> {
        fn pointer(rule: Rule) -> Option<(u32, RegType)> {
            match rule {
                Rule::Pointer(n, ty) => Some((n, ty)),
                Rule::Struct(_) => Some((8, RegType::with(RegBase::PtrToBtfId, TypeFlags::TRUSTED))),
                Rule::Wide(inner) | Rule::On(_, inner) | Rule::Capable(inner) | Rule::Offloaded(inner) => {
                    pointer(*inner)
                }
                _ => None,
            }
        }
        let own = self.fields.iter().filter_map(|f| pointer(f.read).map(|(n, ty)| (f.from, n, ty)));
        let mut out: Vec<(u32, u32, RegType)> = own.collect();
        for of_base in self.base.map(Layout::pointers).unwrap_or_default() {
            if !out.iter().any(|(at, ..)| *at == of_base.0) {
                out.push(of_base);
            }
        }
        out
    }

    fn apply(&self, rule: Rule, from: u32, to: u32, off: u32, q: &AccessQuery) -> Option<CtxAccess> {
        let ok = |yes: bool| yes.then_some(CtxAccess::ALLOWED);
        let sized = |yes: bool, field: u32| yes.then_some(CtxAccess { ctx_field_size: field, ..CtxAccess::ALLOWED });
        let end = off.saturating_add(q.size);
        match rule {
            Rule::No => None,
            Rule::Any => ok(true),
            Rule::Exactly(n) => ok(q.size == n),
            Rule::Pointer(n, ty) => {
                (q.size == n && !q.ldsx).then_some(CtxAccess { reg_type: ty, ..CtxAccess::ALLOWED })
            }
            Rule::Struct(name) => (q.size == 8).then_some(CtxAccess {
                reg_type: RegType::with(RegBase::PtrToBtfId, TypeFlags::TRUSTED),
                btf_struct: name,
                ..CtxAccess::ALLOWED
            }),
            Rule::Narrow(n) => sized(q.size <= n && q.size.is_power_of_two(), n),
            Rule::NarrowFrom(n, least) => sized(q.size <= n && q.size >= least && q.size.is_power_of_two(), n),
            Rule::NarrowOr(_, wider, records) if q.size == wider => sized(true, records),
            Rule::NarrowOr(n, ..) => sized(q.size <= n && q.size.is_power_of_two(), n),
            Rule::Wide(inner) => {
                if q.size == 8 && off >= from && end <= to && off.is_multiple_of(8) {
                    let field = if let Rule::Narrow(n) = *inner { n } else { 0 };
                    return sized(true, field);
                }
                self.apply(*inner, from, to, off, q)
            }
            Rule::Inside => ok(end <= to),
            Rule::Base => self.base.map(|b| b.access(q)).filter(CtxAccess::allowed),
            Rule::On(types, inner) if types.contains(&q.attach_type) => self.apply(*inner, from, to, off, q),
            Rule::On(..) => None,
            Rule::Capable(inner) if q.has_cap_bpf => self.apply(*inner, from, to, off, q),
            Rule::Capable(_) => None,
            Rule::Offloaded(inner) if q.offloaded => self.apply(*inner, from, to, off, q),
            Rule::Offloaded(_) => None,
        }
    }
}
