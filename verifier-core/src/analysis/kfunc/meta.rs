//! What is known of one call of a kernel function, collected while its arguments are checked.

use std::rc::Rc;

use crate::analysis::call::meta::MapArg;
use crate::btf::TypeId;
use crate::kernel::kfuncs::KfuncFlags;
use crate::program::record::Field;
use crate::state::{BtfRef, DynptrKind, RegState};

use super::special::Special;
use super::table::KfuncDesc;

/// Where the iterator of a call stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct IterPlace {
    /// Frame.
    pub(crate) frame: usize,
    /// First slot.
    pub(crate) spi: usize,
}

/// What is known of one kfunc call.
#[derive(Clone, Debug)]
pub(crate) struct KfuncMeta {
    /// The function.
    pub(crate) desc: Rc<KfuncDesc>,
    /// Its flags.
    pub(crate) flags: KfuncFlags,
    /// Reference among the arguments; 0: none.
    pub(crate) ref_obj_id: u32,
    /// Register whose reference the call releases; 0: none.
    pub(crate) release_regno: u8,
    /// The returned memory may only be read.
    pub(crate) r0_rdonly: bool,
    /// Bytes of the returned memory; 0: unknown.
    pub(crate) r0_size: u64,
    /// Type that the result points to, where an argument decides it.
    pub(crate) ret_btf_id: TypeId,
    /// Callback argument.
    pub(crate) subprog: u32,
    /// Constant argument.
    pub(crate) constant: Option<u64>,
    /// Type of the object argument.
    pub(crate) arg_btf: Option<(BtfRef, TypeId)>,
    /// The object argument is owned.
    pub(crate) arg_owning_ref: bool,
    /// Root of the list argument: its BTF and field.
    pub(crate) list_head: Option<(BtfRef, Field)>,
    /// Root of the tree argument: its BTF and field.
    pub(crate) rbtree_root: Option<(BtfRef, Field)>,
    /// Dynptr argument: kind, id and reference.
    pub(crate) dynptr: Option<(DynptrKind, u32, u32)>,
    /// Dynptr that the call ends.
    pub(crate) dynptr_ended: Option<RegState>,
    /// Iterator argument.
    pub(crate) iter: IterPlace,
    /// Map argument.
    pub(crate) map: Option<MapArg>,
}

impl KfuncMeta {
    pub(super) fn new(desc: Rc<KfuncDesc>, flags: KfuncFlags) -> KfuncMeta {
        KfuncMeta {
            desc,
            flags,
            ref_obj_id: 0,
            release_regno: 0,
            r0_rdonly: false,
            r0_size: 0,
            ret_btf_id: 0,
            subprog: 0,
            constant: None,
            arg_btf: None,
            arg_owning_ref: false,
            list_head: None,
            rbtree_root: None,
            dynptr: None,
            dynptr_ended: None,
            iter: IterPlace::default(),
            map: None,
        }
    }

    /// Whether it is this function.
    pub(super) fn is(&self, special: Special) -> bool {
        self.desc.special == Some(special)
    }

    pub(super) fn name(&self) -> String {
        self.desc.name.to_string()
    }
}
