//! What is learned of the program's instructions and functions, over all paths.
//!
//! Facts only grow, or fall back to "more than one": no path takes back what another found.
//!
//! In the kernel: `struct bpf_insn_aux_data`, `ptr_type`, `map_ptr_state`, `map_key_state`, `btf_var`, `alu_state`,
//! `alu_limit`, `seen`, `sanitize_stack_spill`, `nospec_result`, `nospec`, `jmp_point`, `prune_point`,
//! `force_checkpoint`, `calls_callback`, `jump_target`, `fastcall_pattern`, `fastcall_spills_num`, `is_iter_next`,
//! `kptr_struct_meta`, `loop_inline_state`, `live_regs_before`, `scc`, `struct bpf_map_ptr_state`, `BPF_MAP_KEY_*`,
//! `struct bpf_subprog_info`, `fastcall_stack_off`, `struct bpf_subprog_arg_info`, `struct bpf_func_info_aux`,
//! `max_ctx_offset`, `max_pkt_offset`, `max_tp_access`, `max_rdonly_access`, `max_rdwr_access`,
//! `find_containing_subprog()`.

use crate::btf::TypeId;
use crate::kernel::call::RegType;
use crate::state::{BtfRef, MapIdx};

use super::liveness::frames::FrameLiveness;
use super::program::BtfVar;

/// What the walk found out, over all paths.
pub struct Learned {
    /// Facts per instruction.
    pub aux: Vec<InsnAux>,
    /// Local functions, in order of their start.
    pub subprogs: Vec<SubprogInfo>,
    /// Some instruction has a field set that its operation does not use, which the walk finds where it comes by.
    pub misuses: bool,
    /// Facts per function information record.
    pub function_facts: Vec<FuncInfoAux>,
    /// An exception may be thrown.
    pub may_throw_somewhere: bool,
    /// The program writes through a context or packet pointer.
    pub writes_directly: bool,
    /// Deepest context offset plus size accessed.
    pub deepest_ctx: u32,
    /// Offsets of a context without a layout of its own that pointers were loaded from, and what they were.
    pub ctx_pointers: Vec<(u32, RegType)>,
    /// Deepest packet offset accessed.
    pub deepest_packet: u32,
    /// Deepest read-write buffer access (raw tracepoint writable, iterators).
    pub max_buf_access: [u32; 3],
    /// References acquired with the arguments in the context, in the order of [`super::program::AttachInfo::ctx_args`].
    pub ctx_references: Vec<u32>,
    /// Numbers must be equal to count as covered, not only within range: sums of pointers have masks with exact limits.
    pub limits_are_exact: bool,
    /// Stack slots that are alive, found before the walk (7.1).
    pub(crate) frames: FrameLiveness,
}

/// Memory that is the kernel's own, which Linux makes safe to access in ways of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KernelMemory {
    /// An object of the kernel, through a pointer to its type. Loads that fault read as zero.
    Object,
    /// The kernel's side of a map.
    Map,
    /// An arena: a load that faults reads as zero, a store is dropped.
    Arena,
}

/// Facts about one instruction that stages leave for later ones.
#[derive(Clone, Debug, Default)]
pub struct InsnAux {
    /// Pointer type that a load or store was seen with; a second, incompatible one is rejected.
    pub pointer_seen: Option<RegType>,
    /// Whether it was seen to calculate with pointers into the arena.
    pub arena_sum: Option<bool>,
    /// Memory of the kernel's own that it was ever seen to access.
    pub kernel_memory: Option<KernelMemory>,
    /// Map that a helper call was seen with.
    pub map_ptr: MapPtrState,
    /// Constant key of an array map lookup or tail call.
    pub map_key: MapKeyState,
    /// Map and offset of a direct value address, or the map of a map load (`ldimm64`).
    pub map: Option<(MapIdx, u32)>,
    /// Typed kernel symbol of an `ldimm64`.
    pub btf_var: Option<BtfVar>,
    /// Pointer arithmetic sanitation, see `transfer::sanitize`.
    pub sum_guard: u32,
    /// Limit that belongs to `alu_state`.
    pub guard_limit: u32,
    /// Visited in the pass with this number.
    pub seen: u32,
    /// Needs a speculation barrier behind a spill.
    pub barrier_behind: bool,
    /// Needs a speculation barrier before it (6.16).
    pub barrier_before: bool,
    /// Jump history is recorded here.
    pub history_point: bool,
    /// States are compared here.
    pub compare_point: bool,
    /// A state is always stored here.
    pub always_stored: bool,
    /// Calls a helper or kfunc that calls back.
    pub runs_callbacks: bool,
    /// Some jump or call goes here.
    pub jump_target: bool,
    /// Part of a spill/fill pair around a fastcall.
    pub in_fastcall_pair: bool,
    /// Number of such pairs, on the call.
    pub fastcall_pairs: u8,
    /// `bpf_iter_*_next()`.
    pub is_next_call: bool,
    /// Type that owns special fields (`bpf_obj_new`, `kptr`, graph), BTF and id.
    pub struct_meta: Option<(BtfRef, TypeId)>,
    /// `bpf_loop()` inlining, once the call was seen: whether it fits, and the callback.
    pub loop_inline: Option<(bool, u32)>,
    /// Registers live before this instruction (6.17).
    pub live_registers_before: u16,
    /// Strongly connected component, 0: none (6.16).
    pub scc: u32,
}

/// Which map a call was seen with, over all paths.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct MapPtrState {
    /// The map seen, if any.
    pub map: Option<MapIdx>,
    /// More than one map was seen.
    pub poison: bool,
    /// Seen while unprivileged.
    pub unpriv: bool,
}

/// Constant key tracking of array maps.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum MapKeyState {
    /// No call was seen.
    #[default]
    Unseen,
    /// Always this key.
    Key(u32),
    /// Different or unknown keys.
    Poison,
}

/// A local function.
#[derive(Clone, Debug, Default)]
pub struct SubprogInfo {
    /// Entry instruction.
    pub start: u32,
    /// Index of its line information.
    pub line_index: u32,
    /// Bytes of stack it uses.
    pub stack_depth: u32,
    /// Bytes that inlined `may_goto` and `bpf_loop` add.
    pub inlined_stack: u32,
    /// Stack above this offset belongs to fastcall spills.
    pub fastcall_below: i32,
    /// Calls `bpf_tail_call()`.
    pub makes_tail_calls: bool,
    /// A tail call can be reached from it.
    pub reaches_tail_call: bool,
    /// Uses `LD_ABS`/`LD_IND`.
    pub loads_packets: bool,
    /// Is a callback.
    pub used_as_callback: bool,
    /// Is an asynchronous callback.
    pub is_later_callback: bool,
    /// Is the exception callback.
    pub ends_exceptions: bool,
    /// `args` are valid.
    pub signature_known: bool,
    /// Fastcall spills cannot be removed.
    pub keeps_fastcall_stack: bool,
    /// May move packet data.
    pub moves_packet_data: bool,
    /// May sleep (6.15).
    pub can_sleep: bool,
    /// May throw.
    pub can_throw: bool,
    /// Number of arguments by BTF.
    pub arg_count: u8,
    /// Arguments by BTF, see `call::global`.
    pub args: [SubprogArg; 5],
}

/// Argument of a global function by BTF.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct SubprogArg {
    /// What it must be.
    pub arg: crate::kernel::call::ArgType,
    /// Bytes of memory.
    pub mem_size: u32,
    /// Type of a BTF pointer.
    pub btf_id: TypeId,
}

/// Facts about one global function.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct FuncInfoAux {
    /// BTF linkage: 0 static, 1 global, 2 extern.
    pub linkage: u16,
    /// BTF did not match how it is used.
    pub unreliable: bool,
    /// Some verified code calls it.
    pub called: bool,
    /// Already verified on its own.
    pub verified: bool,
}

impl Learned {
    /// Of a program of `insns` instructions, before anything is looked at.
    pub(crate) fn nothing(insns: usize) -> Learned {
        Learned {
            aux: vec![InsnAux::default(); insns],
            subprogs: Vec::new(),
            misuses: false,
            function_facts: Vec::new(),
            may_throw_somewhere: false,
            writes_directly: false,
            deepest_ctx: 0,
            ctx_pointers: Vec::new(),
            deepest_packet: 0,
            max_buf_access: [0; 3],
            ctx_references: Vec::new(),
            limits_are_exact: false,
            frames: FrameLiveness::default(),
        }
    }

    /// Function that contains an instruction.
    pub fn subprog_at(&self, insn: usize) -> usize {
        self.subprogs.partition_point(|s| s.start as usize <= insn).saturating_sub(1)
    }
}
