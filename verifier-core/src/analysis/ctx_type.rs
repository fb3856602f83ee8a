//! Context types: the struct that programs of a type see, the kernel's own behind it, and who may pass for which.
//!
//! Answers for `bpf_ctx_convert` and the questions asked of it: `find_canonical_prog_ctx_type()`,
//! `find_kern_ctx_type_id()`, `btf_is_projection_of()`, `btf_is_prog_ctx_type()`.
//!
//! In the kernel: `struct bpf_ctx_convert`.

use super::program::Program;
use crate::btf::{Btf, BtfKind, Member, Type, TypeId};
use crate::kernel::ProgType;
use crate::state::BtfRef;

/// Longest chain of modifiers that is followed, against cycles in hostile blobs.
const MAX_CHAIN: usize = 64;

/// The two context types of a program type, as the kernel's BTF lists them: what programs see, and what the kernel has.
///
/// `None`: the kernel was built without the program type.
pub(crate) fn ctx_types(vmlinux: &Btf, t: ProgType) -> Option<(TypeId, TypeId)> {
    let table = vmlinux.keep(|_: &CtxTypes| true, || CtxTypes::of(vmlinux));
    let name = t.name();
    table.0.iter().find(|(n, ..)| **n == *name).map(|(_, prog, kern)| (*prog, *kern))
}

/// The context types of all program types of a kernel, by the program type's name.
struct CtxTypes(Vec<(Box<str>, TypeId, TypeId)>);

impl CtxTypes {
    fn of(vmlinux: &Btf) -> CtxTypes {
        let id = vmlinux.find_by_name_kind("bpf_ctx_convert", BtfKind::Struct);
        let Some(convert) = id.and_then(|id| vmlinux.ty(id)) else { return CtxTypes(Vec::new()) };
        fn side<'a>(m: Member<'a>, end: &str) -> Option<&'a str> {
            m.name().strip_prefix("BPF_PROG_TYPE_")?.strip_suffix(end)
        }
        let both = |m: Member<'_>| {
            let name = side(m, "_prog")?;
            let kern = convert.members().find(|k| side(*k, "_kern") == Some(name))?;
            Some((name.into(), m.type_id, kern.type_id))
        };
        CtxTypes(convert.members().filter_map(both).collect())
    }
}

/// The kernel's struct in the place of the one that programs see.
pub(crate) fn is_projection_of(ctx: &str, kern: &str) -> bool {
    matches!((ctx, kern), ("__sk_buff", "sk_buff") | ("xdp_md", "xdp_buff"))
}

/// Whether a pointer's target is the typedef `bpf_user_pt_regs_t`, before any typedef is looked through.
pub(crate) fn is_user_regs_typedef(btf: &Btf, ptr: &Type<'_>) -> bool {
    let mut id = ptr.size_or_type;
    for _ in 0..MAX_CHAIN {
        match btf.ty(id) {
            Some(t) if t.kind == BtfKind::Typedef => return t.name() == "bpf_user_pt_regs_t",
            Some(t) if t.kind.is_modifier() => id = t.size_or_type,
            _ => return false,
        }
    }
    false
}

/// Whether a pointer of `btf` points to the context of a program type: by name, or to the kernel's struct in its place.
pub(crate) fn is_prog_ctx_type(program: &Program<'_>, btf: &Btf, ptr: &Type<'_>, prog: ProgType) -> bool {
    if prog == ProgType::SkLookup && !program.kernel.features.lookup_context_known {
        return false;
    }
    if prog == ProgType::Kprobe && is_user_regs_typedef(btf, ptr) {
        return true;
    }
    let Some(target) = btf.skip_modifiers(ptr.size_or_type).filter(|t| t.is_composite()) else { return false };
    let name = target.name();
    let vmlinux = program.btf(BtfRef::VMLINUX);
    let Some((ctx, _)) = ctx_types(vmlinux, prog) else { return false };
    // A typedef counts under its own name and under that of the struct behind it. Types without a named context work
    // only with a tag on the argument.
    let own = vmlinux.type_name(ctx);
    let behind = vmlinux.skip_modifiers(ctx).map_or("", |t| t.name());
    let fits = |n: &str| !n.is_empty() && (n == name || is_projection_of(n, name));
    fits(own) || (!own.is_empty() && fits(behind))
}
