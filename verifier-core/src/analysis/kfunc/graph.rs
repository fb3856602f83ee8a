//! Lists and trees of objects that programs allocate.

use crate::analysis::Env;
use crate::btf::TypeId;
use crate::state::BtfRef;

/// Whether the type counts its references. Kernel: `btf_record::refcount_off >= 0`.
pub(crate) fn is_refcounted(_env: &Env, _btf: BtfRef, _id: TypeId) -> bool {
    false
}
