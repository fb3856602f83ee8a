//! The environment of one analysis: the program, the kernel, what earlier stages found, and the current state.
//!
//! Answers for `struct bpf_verifier_env`. Everything that outlives one instruction stands here; what outlives one path
//! only stands in [`VerifierState`].
//!
//! In the kernel: `struct bpf_insn_aux_data`, `ptr_type`, `map_ptr_state`, `map_key_state`, `btf_var`, `alu_state`,
//! `alu_limit`, `seen`, `sanitize_stack_spill`, `nospec_result`, `nospec`, `jmp_point`, `prune_point`,
//! `force_checkpoint`, `calls_callback`, `jump_target`, `fastcall_pattern`, `fastcall_spills_num`, `is_iter_next`,
//! `kptr_struct_meta`, `loop_inline_state`, `live_regs_before`, `scc`, `struct bpf_map_ptr_state`, `BPF_MAP_KEY_*`,
//! `bpf_insn_aux_data`, `struct bpf_subprog_info`, `fastcall_stack_off`, `struct bpf_subprog_arg_info`, `struct
//! bpf_func_info_aux`, `map->record`, `used_maps`, `prog->sleepable`, `exception_callback_subprog`, `kfunc_tab`,
//! `kfunc_btf_tab`, `id_gen`, `max_ctx_offset`, `max_pkt_offset`, `max_tp_access`, `max_rdonly_access`,
//! `max_rdwr_access`, `pass_cnt`, `attach_btf`, `attach_func_proto`, `attach_func_name`, `attach_btf_trace`, `struct
//! bpf_ctx_arg_aux`, `refcounted`, `ref_obj_id`, `print_verifier_state()`, `print_insn_state()`,
//! `mark_verifier_state_clean()`, `mark_verifier_state_scratched()`, `env->log.level & BPF_LOG_LEVEL`, `verbose()`,
//! `mark_reg_scratched()`, `mark_stack_slot_scratched()`, `btf_find_struct_meta()`, `find_containing_subprog()`,
//! `resolve_prog_type()`, `subprog_name()`.

use std::sync::Arc;

use crate::btf::{Btf, TypeId};
use crate::error::{Errno, Msg, Rejection, Res, Stop};
use crate::isa::Insn;
use crate::kernel::call::{RegBase, RegType};
use crate::kernel::{AttachType, Kernel, ProgType};
use crate::log::{Context, Event, Interest, Sink};
use crate::program::record::{Record, StructMetas};
use crate::program::{LoadRequest, MapSpec};
use crate::state::{BtfRef, MapIdx, RegState, VerifierState};

use super::kfunc::table::KfuncTable;
use super::stored::Explorer;

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

/// A map as the analysis knows it: what was created, and the special fields of its value.
#[derive(Clone, Debug)]
pub struct MapInfo {
    /// As created.
    pub spec: Arc<MapSpec>,
    /// Special fields (locks, timers, kptrs, …) of the value; `None` without any.
    pub record: Option<Arc<Record>>,
    /// BTF of key and value, as an entry of `Env::btfs`.
    pub btf: Option<BtfRef>,
    /// Template of inner maps: an entry of `Env::maps` that no instruction names.
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

/// Counters that the last line of a log shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Instructions processed.
    pub insns: u32,
    /// States stored.
    pub total_states: u32,
    /// Most states alive at once.
    pub peak_states: u32,
    /// Most states stored at one instruction.
    pub max_states_per_insn: u32,
    /// Longest chain of read marks (`mark_read`).
    pub longest_read_walk: u32,
}

/// The environment.
pub struct Env<'a> {
    /// The kernel asked.
    pub kernel: &'a Kernel,
    /// The program as loaded.
    pub req: &'a LoadRequest,
    /// Instructions; stages write into them what the kernel writes.
    pub insns: Vec<Insn>,
    /// Facts per instruction.
    pub aux: Vec<InsnAux>,
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
    /// Local functions, in order of their start.
    pub subprogs: Vec<SubprogInfo>,
    /// Starts of `subprogs`, for listeners.
    pub subprog_starts: Vec<u32>,
    /// Function information, by subprogram (empty without BTF).
    pub func_info: Vec<crate::program::FuncInfo>,
    /// Facts per function information record.
    pub function_facts: Vec<FuncInfoAux>,
    /// Subprogram of the exception callback; 0: none.
    pub exception_function: u32,
    /// An exception may be thrown.
    pub may_throw_somewhere: bool,
    /// The program writes through a context or packet pointer.
    pub writes_directly: bool,
    /// Attach target's BTF, type and prototype, once known.
    pub attach: AttachInfo,
    /// Kernel functions that instructions name.
    pub kfuncs: KfuncTable,
    /// Arena map of the program.
    pub arena: Option<MapIdx>,
    /// Instruction being processed.
    pub insn_idx: usize,
    /// Instruction before it.
    pub prev_insn_idx: usize,
    /// Current state; frames empty between paths.
    pub cur: VerifierState,
    /// Stored states and pending paths.
    pub explorer: Explorer,
    /// Last id given out.
    pub last_id: u32,
    /// Registers touched since the last print, as bits.
    pub touched_regs: u32,
    /// Stack slots touched since the last print, as bits.
    pub touched_slots: u64,
    /// Counters.
    pub stats: Stats,
    /// Deepest context offset plus size accessed.
    pub deepest_ctx: u32,
    /// Deepest packet offset accessed.
    pub deepest_packet: u32,
    /// Deepest read-write buffer access (raw tracepoint writable, iterators).
    pub max_buf_access: [u32; 3],
    /// Number of the pass over the program; 1 is main.
    pub pass_number: u32,
    /// Test mode: never prune (property tests).
    pub no_prune: bool,
    /// Numbers are compared whether or not they were needed.
    pub exact: bool,
    /// Instructions whose checks are taken as met; empty for every verdict.
    pub(crate) assumed: Vec<usize>,
    /// What listeners want.
    pub interest: Interest,
    /// The listener.
    pub sink: &'a mut dyn Sink,
    /// Asked now and then; `true` ends the analysis.
    pub cancelled: &'a dyn Fn() -> bool,
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
    /// Id of that reference.
    pub ref_obj_id: u32,
}

impl<'a> Env<'a> {
    /// Hands the listener, its context and the current state to `f`.
    pub(crate) fn with_sink(&mut self, f: impl FnOnce(&mut dyn Sink, &Context<'_>, &VerifierState)) {
        let cx = Context {
            kernel: self.kernel,
            request: self.req,
            insns: &self.insns,
            btfs: &self.btfs,
            subprog_starts: &self.subprog_starts,
            maps: &self.map_specs,
            kfunc_btfs: &self.kfunc_btfs,
            pointers_may_leak: self.caps.pointers_may_leak,
        };
        f(self.sink, &cx, &self.cur);
    }

    /// Prints a frame of the current state on its own line: everything, or what was touched (which then counts as
    /// printed).
    pub fn print_state(&mut self, frame: usize, all: bool) {
        let (regs, slots) = (self.touched_regs, self.touched_slots);
        self.emit_cur(|state| Event::State { state, frame, all, regs, slots });
        if !all {
            self.clear_scratched();
        }
    }

    /// Prints a whole frame of some state.
    pub fn show_state(&mut self, state: &VerifierState, frame: usize) {
        if self.interest.log_level != 0 {
            let (regs, slots) = (self.touched_regs, self.touched_slots);
            self.emit(Event::State { state, frame, all: true, regs, slots });
        }
    }

    /// Prints what the instruction changed in the current frame.
    pub fn show_changes(&mut self) {
        let (idx, regs, slots) = (self.insn_idx, self.touched_regs, self.touched_slots);
        self.emit_cur(|state| Event::InsnState { idx, state, frame: state.top_frame(), regs, slots });
        self.clear_scratched();
    }

    /// Nothing was touched since the last print.
    pub fn clear_scratched(&mut self) {
        self.touched_regs = 0;
        self.touched_slots = 0;
    }

    /// Everything counts as touched.
    pub fn scratch_all(&mut self) {
        self.touched_regs = u32::MAX;
        self.touched_slots = u64::MAX;
    }

    /// Whether the kernel's log of this level is wanted.
    #[inline]
    pub fn logs(&self, level: u32) -> bool {
        self.interest.log_level & level != 0
    }

    /// Whether any log text of the walk is wanted.
    #[inline]
    pub fn logging(&self) -> bool {
        self.interest.log_level & 3 != 0
    }

    /// Sends an event.
    pub fn emit(&mut self, event: Event<'_>) {
        self.with_sink(|sink, cx, _| sink.event(cx, &event));
    }

    /// Sends an event made from the current state.
    pub fn emit_cur(&mut self, make: impl for<'s> FnOnce(&'s VerifierState) -> Event<'s>) {
        self.with_sink(|sink, cx, cur| sink.event(cx, &make(cur)));
    }

    /// Prints a message row.
    pub fn say(&mut self, msg: impl Into<Msg>) {
        if self.interest.log_level != 0 {
            let msg = msg.into();
            self.emit(Event::Line(&msg));
        }
    }

    /// Prints the row and rejects with it as the cause.
    pub fn reject(&mut self, msg: impl Into<Msg>, errno: Errno) -> Stop {
        let msg = msg.into();
        if self.interest.log_level != 0 {
            self.emit(Event::Line(&msg));
        }
        Stop::Reject(Box::new(Rejection { cause: Some(msg), also: Vec::new(), errno }))
    }

    /// Prints one more row behind the cause (a caller of the failing check adds to it).
    pub fn also(&mut self, stop: Stop, msg: impl Into<Msg>) -> Stop {
        let msg = msg.into();
        match stop {
            Stop::Reject(mut r) => {
                if self.interest.log_level != 0 {
                    self.emit(Event::Line(&msg));
                }
                if r.cause.is_none() {
                    r.cause = Some(msg)
                } else {
                    r.also.push(msg)
                }
                Stop::Reject(r)
            }
            other => other,
        }
    }

    /// The kernel's own consistency checks failed (`verifier bug:`): we do not guess what follows.
    pub fn bug(&self, what: &str) -> Stop {
        Stop::Unsupported(format!("internal: {what} at insn {}", self.insn_idx).into())
    }

    /// Register of the current frame.
    #[inline]
    pub fn reg(&self, n: u8) -> &RegState {
        self.cur.reg(n)
    }

    /// Register of the current frame, for writing.
    #[inline]
    pub fn reg_mut(&mut self, n: u8) -> &mut RegState {
        self.cur.reg_mut(n)
    }

    /// A fresh id.
    pub fn new_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// The register is to be shown again.
    #[inline]
    pub fn scratch_reg(&mut self, n: u8) {
        self.touched_regs |= 1 << n;
    }

    /// The slot is to be shown again.
    #[inline]
    pub fn scratch_slot(&mut self, spi: usize) {
        self.touched_slots |= 1 << (spi & 63);
    }

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

    /// Subprogram that contains an instruction.
    pub fn subprog_at(&self, insn: usize) -> usize {
        self.subprogs.partition_point(|s| s.start as usize <= insn).saturating_sub(1)
    }

    /// Ends the analysis when asked to.
    pub fn check_cancelled(&self) -> Res {
        if (self.cancelled)() { Err(Stop::Budget("cancelled".into())) } else { Ok(()) }
    }

    /// Whether the program's register `n` holds an initialised value.
    pub fn is_init(&self, n: u8) -> bool {
        self.reg(n).ty.base != RegBase::NotInit
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
}
