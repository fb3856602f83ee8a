//! Special fields of types: locks, timers, kptrs, graph roots and nodes.
//!
//! Answers for `struct btf_record`, `btf_parse_fields()` and `btf_parse_struct_metas()`.

use std::sync::Arc;

use bitflags::bitflags;

use crate::btf::{Btf, TypeId};
use crate::error::Errno;
use crate::state::BtfRef;

bitflags! {
    /// Kinds of special fields. Kernel: `enum btf_field_type` (numbers are our own).
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct FieldKind: u32 {
        /// `struct bpf_spin_lock`.
        const SPIN_LOCK = 1 << 0;
        /// `struct bpf_timer`.
        const TIMER = 1 << 1;
        /// Pointer tagged `kptr_untrusted`.
        const KPTR_UNREF = 1 << 2;
        /// Pointer tagged `kptr`.
        const KPTR_REF = 1 << 3;
        /// Pointer tagged `percpu_kptr`.
        const KPTR_PERCPU = 1 << 4;
        /// `struct bpf_list_head`.
        const LIST_HEAD = 1 << 5;
        /// `struct bpf_list_node`.
        const LIST_NODE = 1 << 6;
        /// `struct bpf_rb_root`.
        const RB_ROOT = 1 << 7;
        /// `struct bpf_rb_node`.
        const RB_NODE = 1 << 8;
        /// `struct bpf_refcount`.
        const REFCOUNT = 1 << 9;
        /// `struct bpf_wq`.
        const WORKQUEUE = 1 << 10;
        /// Pointer tagged `uptr` (6.13).
        const UPTR = 1 << 11;
        /// `struct bpf_res_spin_lock` (6.15).
        const RES_SPIN_LOCK = 1 << 12;
        /// `struct bpf_task_work` (6.18).
        const TASK_WORK = 1 << 13;
    }
}

impl FieldKind {
    /// Every kptr.
    pub const KPTR: FieldKind = FieldKind::KPTR_UNREF.union(FieldKind::KPTR_REF).union(FieldKind::KPTR_PERCPU);
    /// Nodes of graphs.
    pub const GRAPH_NODE: FieldKind = FieldKind::RB_NODE.union(FieldKind::LIST_NODE);
    /// Roots of graphs.
    pub const GRAPH_ROOT: FieldKind = FieldKind::RB_ROOT.union(FieldKind::LIST_HEAD);
}

/// BTF that a kptr's type belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KptrBtf {
    /// The kernel's (vmlinux).
    Vmlinux,
    /// The BTF that the record was parsed from.
    Own,
    /// A module's, by name.
    Module(String),
}

/// What belongs to one kind of field only. Kernel: the union in `struct btf_field`.
#[derive(Clone, PartialEq, Debug)]
pub enum FieldInfo {
    /// Nothing more.
    Plain,
    /// A kptr's pointee.
    Kptr {
        /// BTF of the pointee.
        btf: KptrBtf,
        /// Type of the pointee.
        id: TypeId,
    },
    /// A graph root: what it contains, in the same BTF.
    Root {
        /// Type of the nodes' struct.
        value_id: TypeId,
        /// Byte offset of the node in it.
        node_offset: u32,
    },
}

/// One special field. Kernel: `struct btf_field`.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Byte offset.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// Exactly one kind.
    pub kind: FieldKind,
    /// What belongs to the kind.
    pub info: FieldInfo,
}

/// Special fields of one type, by offset. Kernel: `struct btf_record`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Record {
    /// Kinds present.
    pub mask: FieldKind,
    /// Fields, by offset.
    pub fields: Vec<Field>,
}

impl Record {
    /// Whether any of these kinds is present. Kernel: `btf_record_has_field()`.
    pub fn has(&self, kinds: FieldKind) -> bool {
        self.mask.intersects(kinds)
    }
}

/// The field of one of these kinds that begins at an offset. Kernel: `btf_record_find()`.
pub fn record_find(rec: Option<&Record>, off: u32, kinds: FieldKind) -> Option<&Field> {
    let rec = rec?;
    if !rec.has(kinds) {
        return None;
    }
    rec.fields.iter().find(|f| f.offset == off).filter(|f| f.kind.intersects(kinds))
}

/// Finds the special fields of a struct or data section. Kernel: `btf_parse_fields()`.
///
/// # Errors
/// The error number that creating the map (or loading the BTF) returns.
pub fn parse_fields(_btf: &Arc<Btf>, _ty: TypeId, _value_size: u32, _mask: FieldKind) -> Result<Option<Record>, Errno> {
    Ok(None)
}

/// Special fields of a type of the program's (or a map's) BTF. Kernel: `btf_find_struct_meta()`.
pub(crate) fn find_struct_meta(_env: &super::Env<'_>, _btf: BtfRef, _id: TypeId) -> Option<Arc<Record>> {
    None
}

/// Special fields of a map's value. Kernel: `map_check_btf()`.
///
/// # Errors
/// The error number that creating the map returns.
pub fn of_map(spec: &crate::program::MapSpec) -> Result<Option<Record>, Errno> {
    let (Some(btf), id @ 1..) = (&spec.btf, spec.btf_value_type_id) else { return Ok(None) };
    parse_fields(btf, id, spec.value_size, FieldKind::all().difference(FieldKind::GRAPH_NODE))
}
