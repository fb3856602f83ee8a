//! The program as it is known before the walk: what was loaded, for which kernel, by whom, and what earlier stages found.
//!
//! Nothing here changes while the program is walked. The stages before the walk fill it in, each once.
//!
//! In the kernel: `struct bpf_verifier_env`, `map->record`, `used_maps`, `prog->sleepable`,
//! `exception_callback_subprog`, `kfunc_tab`, `kfunc_btf_tab`, `attach_btf`, `attach_func_proto`, `attach_func_name`,
//! `attach_btf_trace`, `struct bpf_ctx_arg_aux`, `refcounted`, `btf_find_struct_meta()`, `resolve_prog_type()`,
//! `subprog_name()`.

use std::sync::Arc;

use crate::btf::{Btf, TypeId};
use crate::cfg::JumpTables;
use crate::domain::DomainRules;
use crate::isa::Insn;
use crate::kernel::call::RegType;
use crate::kernel::{AttachType, Kernel, ProgType};
use crate::program::record::{Record, StructMetas};
use crate::program::{LoadRequest, MapSpec};
use crate::state::{BtfRef, MapIdx, RegState};

use super::kfunc::table::KfuncTable;
use super::liveness::instances::Order;

/// What is known before the walk and does not change during it.
pub struct Program<'a> {
    /// The kernel asked.
    pub kernel: &'a Kernel,
    /// The program as loaded.
    pub req: &'a LoadRequest,
    /// Instructions; stages write into them what the kernel writes.
    pub insns: Vec<Insn>,
    /// Program type.
    pub prog_type: ProgType,
    /// Attach type as loaded.
    pub attach_type: AttachType,
    /// BTFs: vmlinux, the program's, then modules in order of first use.
    pub btfs: Vec<Arc<Btf>>,
    /// Names of `btfs`: `vmlinux`, empty for the program's, module names.
    pub btf_names: Vec<String>,
    /// Types with special fields, by BTF; those of kernels have none.
    pub struct_metas: Vec<StructMetas>,
    /// Maps: those of the request in its order, then templates of inner maps.
    pub maps: Vec<MapInfo>,
    /// The specifications of `maps`, for listeners.
    pub map_specs: Vec<Arc<MapSpec>>,
    /// BTF of kernel functions by the offset field of their calls; 0 is vmlinux.
    pub kfunc_btfs: Vec<(i16, BtfRef)>,
    /// Maps that instructions refer to, in order of first use.
    pub maps_used: Vec<MapIdx>,
    /// Capabilities.
    pub caps: Caps,
    /// Pointer accesses must be naturally aligned.
    pub strict_alignment: bool,
    /// Store a state at every prune point.
    pub test_state_freq: bool,
    /// Reject on inconsistent register bounds.
    pub test_reg_invariants: bool,
    /// The program was loaded as sleepable.
    pub sleepable: bool,
    /// Starts of `subprogs`, for listeners.
    pub subprog_starts: Vec<u32>,
    /// Function information, by subprogram (empty without BTF).
    pub func_info: Vec<crate::program::FuncInfo>,
    /// Subprogram of the exception callback; 0: none.
    pub exception_function: u32,
    /// Attach target's BTF, type and prototype, once known.
    pub attach: AttachInfo,
    /// Kernel functions that instructions name.
    pub kfuncs: KfuncTable,
    /// How each function's equations of liveness are solved (6.16).
    pub(crate) orders: Vec<Order>,
    /// Where jumps through registers can go.
    pub jump_tables: JumpTables,
    /// Arena map of the program.
    pub arena: Option<MapIdx>,
    /// Instructions whose checks are taken as met; empty for every verdict.
    pub(crate) assumed: Vec<usize>,
}

/// What a typed kernel symbol loads.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BtfVar {
    /// Type of the register.
    pub ty: RegType,
    /// BTF and id of a struct.
    pub btf: (BtfRef, TypeId),
    /// Bytes of any other variable.
    pub mem_size: u32,
}

/// A map as the analysis knows it: what was created, and the special fields of its value.
#[derive(Clone, Debug)]
pub struct MapInfo {
    /// As created.
    pub spec: Arc<MapSpec>,
    /// Special fields (locks, timers, kptrs, …) of the value; `None` without any.
    pub record: Option<Arc<Record>>,
    /// BTF of key and value, as an entry of `Program::btfs`.
    pub btf: Option<BtfRef>,
    /// Template of inner maps: an entry of `Program::maps` that no instruction names.
    pub inner: Option<MapIdx>,
    /// For the template: the map of maps it belongs to is in use (kernel: `inner_map_meta`).
    pub is_inner_template: bool,
}

/// What the load is allowed to do.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Caps {
    /// CAP_BPF.
    pub has_cap_bpf: bool,
    /// CAP_PERFMON: pointers may leak.
    pub pointers_may_leak: bool,
    /// CAP_PERFMON: uninitialised stack may be read.
    pub reads_unset_stack: bool,
    /// CAP_PERFMON (or mitigations off): no Spectre v1 sanitation.
    pub without_v1_guards: bool,
    /// CAP_PERFMON (or mitigations off): no Spectre v4 sanitation.
    pub without_v4_guards: bool,
    /// CAP_SYS_BOOT, which comes with CAP_SYS_ADMIN here: kernel functions that can bring the machine down.
    pub may_reboot: bool,
}

/// What the program attaches to.
#[derive(Clone, Debug, Default)]
pub struct AttachInfo {
    /// BTF of the target.
    pub btf: Option<BtfRef>,
    /// Type of the target (function, typedef of a tracepoint, struct of struct_ops).
    pub btf_id: TypeId,
    /// Prototype whose arguments the context holds; 0: none.
    pub func_proto: TypeId,
    /// Name of the target function.
    pub func_name: String,
    /// struct_ops member name.
    pub member_name: String,
    /// struct_ops struct and member index.
    pub struct_ops: Option<(TypeId, u32)>,
    /// Attached to a raw tracepoint by BTF.
    pub btf_trace: bool,
    /// Arguments that the context holds, if a table of ours or the target program says so (struct_ops stubs, iterators).
    pub ctx_args: Vec<CtxArg>,
}

/// An argument in the context whose type BTF alone does not tell.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CtxArg {
    /// Byte offset in the context.
    pub offset: u32,
    /// Register type on load.
    pub ty: RegType,
    /// BTF and type.
    pub btf: (BtfRef, TypeId),
    /// A reference is acquired with it (6.14).
    pub refcounted: bool,
}

impl Program<'_> {
    /// BTF by reference.
    pub fn btf(&self, r: BtfRef) -> &Arc<Btf> {
        &self.btfs[usize::from(r.0)]
    }

    /// Special fields of a type of the program's (or a map's) BTF.
    pub fn struct_meta(&self, btf: BtfRef, id: TypeId) -> Option<Arc<Record>> {
        self.struct_metas.get(usize::from(btf.0))?.get(id).cloned()
    }

    /// Whether a BTF is the kernel's or one of its modules'.
    pub(crate) fn is_kernels(&self, btf: BtfRef) -> bool {
        self.btf_names.get(usize::from(btf.0)).is_some_and(|name| !name.is_empty())
    }

    /// Map by index.
    pub fn map(&self, m: MapIdx) -> &MapInfo {
        &self.maps[m.0 as usize]
    }

    /// Program type that rules apply to: an extension follows its target.
    pub fn resolved_prog_type(&self) -> ProgType {
        match (&self.req.attach.prog, self.prog_type) {
            (Some(target), ProgType::Ext) => ProgType::from_number(target.request.prog_type).unwrap_or(self.prog_type),
            _ => self.prog_type,
        }
    }

    /// Attach type that rules apply to: an extension follows its target.
    pub(crate) fn resolved_attach_type(&self) -> AttachType {
        match (&self.req.attach.prog, self.prog_type) {
            (Some(target), ProgType::Ext) => {
                AttachType::from_number(target.request.expected_attach_type).unwrap_or(self.attach_type)
            }
            _ => self.attach_type,
        }
    }

    /// Name of a local function by BTF; empty without.
    pub fn function_name(&self, n: usize) -> String {
        let id = self.func_info.get(n).map(|f| f.type_id);
        let name = id.and_then(|id| self.req.btf.as_ref().and_then(|b| b.ty(id)).map(|t| t.name().to_string()));
        name.unwrap_or_default()
    }

    /// How the asked release computes with abstract values.
    pub(crate) fn rules(&self) -> DomainRules {
        let f = &self.kernel.features;
        DomainRules {
            mul_by_union: f.tnum_mul_by_union,
            step_through_tnum: f.bounds_from_tnum_step,
            mixed_from_s32: f.mixed_bounds_from_s32,
            wrapping_add_sub: f.wrapping_add_sub_bounds,
            signed_mul: f.signed_mul_bounds,
            joint: f.joint_bounds,
            low_bits_from_whole: f.low_bits_from_whole,
            equality_by_range: f.equality_by_range,
            unknown_operands: f.unknown_operands_bounded,
            bitwise_signs: f.bitwise_keep_signs,
            half_shift_signs: f.half_shift_keeps_signs,
            circular: f.circular_ranges,
            low_half_cut: f.low_half_cut_at_zero,
            whole_cut: f.whole_cut_at_zero,
        }
    }

    /// What an unknown scalar is here: loads without CAP_BPF treat every scalar as precise.
    pub(crate) fn unknown_scalar(&self) -> RegState {
        RegState { precise: !self.caps.has_cap_bpf, ..RegState::unknown() }
    }
}
