//! One parameter of a kernel function: its types, and what its name says of it.
//!
//! In the kernel: `btf_param_match_suffix()`, `is_kfunc_arg_mem_size()`, `is_kfunc_arg_const_mem_size()`.

use super::KfuncMeta;
use super::btf_arg::is_scalar;
use crate::analysis::Cx;
use crate::analysis::call::mem::memory_of_type;
use crate::btf::{Btf, BtfKind, Type, TypeId};
use crate::error::{Arg, Errno, KfuncMsg, Res};

/// Endings of parameter names that say how an argument is meant.
pub(super) fn has_suffix(name: &str, suffix: &str) -> bool {
    name.len() > suffix.len() && name.ends_with(suffix)
}

/// One parameter with its types resolved.
pub(super) struct Param<'b> {
    pub(super) index: usize,
    pub(super) name: &'b str,
    /// Its type behind modifiers.
    pub(super) ty: Type<'b>,
    /// What it points to, behind modifiers.
    pub(super) target: Option<Type<'b>>,
}

impl Param<'_> {
    /// Bytes of what it points to.
    pub(super) fn size(&self, btf: &Btf) -> Option<u32> {
        self.target.and_then(|t| btf.resolve_size(t.id))
    }
}

/// A parameter by its name and type; `None`: the type does not exist.
pub(super) fn param<'b>(btf: &'b Btf, name: &'b str, type_id: TypeId, index: usize) -> Option<Param<'b>> {
    let ty = btf.skip_modifiers(type_id)?;
    let target = if ty.kind == BtfKind::Ptr { btf.skip_modifiers(ty.size_or_type) } else { None };
    Some(Param { index, name, ty, target })
}

/// The next parameter is the size of the memory that this one points to: `__sz`, or `__szk` for a constant.
fn is_mem_size(cx: &Cx, btf: &Btf, name: &str, type_id: TypeId, regno: u8) -> bool {
    let scalar = btf.skip_modifiers(type_id).is_some_and(|t| is_scalar(t.kind));
    scalar && cx.reg(regno).is_scalar() && (has_suffix(name, "__sz") || has_suffix(name, "__szk"))
}

/// The parameter behind this one is the size of the memory that it points to.
pub(super) fn is_sized(cx: &Cx, meta: &KfuncMeta, btf: &Btf, p: &Param<'_>) -> bool {
    let next = meta.desc.params.get(p.index + 1);
    next.is_some_and(|n| is_mem_size(cx, btf, &n.name, n.type_id, p.index as u8 + 2))
}

/// The argument is memory for one of what it points to.
///
/// # Errors
/// Rejects types without a size, and memory that is too small.
pub(super) fn one_of_its_type(cx: &mut Cx, btf: &Btf, p: &Param<'_>) -> Res {
    if let Some(size) = p.size(btf) {
        return memory_of_type(cx, p.index as u8 + 1, size);
    }
    let (kind, tname) = p.target.map_or((BtfKind::Void, ""), |t| (t.kind, t.name()));
    let (arg, kind, tname) = (Arg::from(p.index as u32), kind.log_word(), tname.to_string());
    Err(cx.reject(KfuncMsg::ArgSizeUnknown { arg, kind, tname, errno: -22 }, Errno::EINVAL))
}
