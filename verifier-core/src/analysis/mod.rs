//! The analysis: stages around the walk, the walk, and the verdict.
//!
//! [`verify`] asks what a kernel would say about one load request. Answers for `bpf_prog_load()` and `bpf_check()`: the
//! stages run in the kernel's order, because the first error wins and the log shows it. Acceptance exists only after
//! the last.
//!
//! In the kernel: `print_verification_stats()`.

mod access;
mod asks;
mod btf_access;
mod btf_write;
mod call;
mod ctx_type;
pub mod cx;
pub mod diagnosis;
mod dynptr;
pub mod explore;
mod helper_proto;
pub mod iter;
pub mod kfunc;
pub mod learned;
pub mod liveness;
mod object_slots;
mod objects;
pub mod out;
pub mod path;
pub mod precision;
pub mod preflight;
pub mod program;
pub mod prune;
pub mod refs;
mod regs;
mod step;
mod stored;
mod story;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trail;
mod transfer;
mod widen;

pub use cx::{Cx, Draft};
pub use learned::KernelMemory;

use std::sync::Arc;

use crate::btf::{Btf, BtfError};
use crate::cfg::JumpTables;
use crate::error::{Errno, Rejection, Res, Stop};
use crate::isa::Insn;
use crate::kernel::call::RegType;
use crate::kernel::features::LoopKind;
use crate::kernel::map_create::implied_flags;
use crate::kernel::{AttachType, Kernel, MapType, ProgType};
use crate::log::{Event, Off, Sink, Tee, TextLog};
use crate::program::request::{Privilege, TargetFunc, TargetProg};
use crate::program::{LoadRequest, MapSpec, create, record};
use crate::state::{BtfRef, MapIdx};

use self::learned::Learned;
use self::out::Out;
pub use self::out::Stats;
use self::path::Path;
use self::program::{AttachInfo, Caps, MapInfo, Program};

/// A kernel with the BTF of itself and of its modules.
#[derive(Clone, Debug)]
pub struct System {
    /// Release data.
    pub kernel: Kernel,
    /// BTF of the kernel.
    pub vmlinux: Arc<Btf>,
    /// Modules loaded, in load order: name and split BTF.
    pub modules: Vec<(String, Arc<Btf>)>,
}

impl System {
    /// A kernel with this BTF, without modules.
    pub fn new(kernel: Kernel, vmlinux: Arc<Btf>) -> System {
        System { kernel, vmlinux, modules: Vec::new() }
    }

    /// A kernel with the BTF that is stored of it.
    ///
    /// # Errors
    /// Where none is stored of this release.
    pub fn stored(kernel: Kernel) -> Result<System, BtfError> {
        let vmlinux = crate::program::vmlinux(&kernel)?;
        Ok(System::new(kernel, vmlinux))
    }
}

/// How to ask.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kernel's log level: 1 the failing path, 2 everything, 4 statistics; a bit mask.
    pub log_level: u32,
    /// Bytes of log to keep, at most; like the kernel, the last ones.
    pub log_size: usize,
    /// Who loads.
    pub privilege: Privilege,
    /// Never take a path as covered by another (for property tests; slow).
    pub no_prune: bool,
    /// Take a path as covered only when all its numbers are, needed or not (for [`crate::explain::invariants`]). The
    /// verdict stays the same unless the longer walk meets a limit; counters do not.
    pub exact: bool,
    /// Bytes that stored states may take, about: a budget of ours. The kernel's own bound is the machine's memory.
    pub memory: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            log_level: 0,
            log_size: 64 << 20,
            privilege: Privilege::ROOT,
            no_prune: false,
            exact: false,
            memory: 768 << 20,
        }
    }
}

/// A program that was accepted. Only [`verify`] makes one, after its last stage.
#[derive(Clone, Debug)]
pub struct Verified {
    request: LoadRequest,
    insns: Vec<Insn>,
    subprog_starts: Vec<u32>,
    funcs: Vec<TargetFunc>,
    map_fields: Vec<record::MapFields>,
    own_types: record::StructMetas,
    jump_tables: JumpTables,
    reach: Reach,
}

/// What an accepted program may come to, beyond its context and its maps: who runs it has to have that.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Reach {
    /// Bytes of the buffer that a writable raw tracepoint has.
    pub buffer: u32,
    /// Bytes of the context.
    pub context: u32,
    /// Offsets of pointers in a context that the arguments of a function make up, and what they lead to.
    pub context_pointers: Vec<(u32, RegType)>,
    /// Instructions that access memory of the kernel's own, in order.
    pub kernel_memory: Vec<(u32, KernelMemory)>,
}

impl Reach {
    fn of(cx: &Cx<'_>) -> Reach {
        let at = |(i, aux): (usize, &learned::InsnAux)| Some((u32::try_from(i).ok()?, aux.kernel_memory?));
        Reach {
            buffer: cx.learned.max_buf_access[0],
            context: cx.learned.deepest_ctx,
            context_pointers: cx.learned.ctx_pointers.clone(),
            kernel_memory: cx.learned.aux.iter().enumerate().filter_map(at).collect(),
        }
    }
}

impl Verified {
    /// What the program may come to.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// What was loaded.
    pub fn request(&self) -> &LoadRequest {
        &self.request
    }

    /// Instructions as loaded (map references are file descriptors of the request).
    pub fn insns(&self) -> &[Insn] {
        &self.insns
    }

    /// First instructions of local functions, in order.
    pub fn subprog_starts(&self) -> &[u32] {
        &self.subprog_starts
    }

    /// Where its jumps through registers can go.
    pub fn jump_tables(&self) -> &JumpTables {
        &self.jump_tables
    }

    /// Special fields of the values of the request's maps, in its order. Who runs the program keeps numbers out of them.
    pub fn map_fields(&self) -> &[record::MapFields] {
        &self.map_fields
    }

    /// The special fields that types of its own BTF were checked with.
    pub fn own_types(&self) -> &record::StructMetas {
        &self.own_types
    }

    /// The program as a target that others (`freplace`, tracing) attach to.
    pub fn as_target(&self) -> TargetProg {
        TargetProg {
            request: self.request.clone(),
            subprog_starts: self.subprog_starts.clone(),
            funcs: self.funcs.clone(),
        }
    }
}

/// What programs that attach to this one need to know of its functions.
fn target_funcs(cx: &Cx<'_>) -> Vec<TargetFunc> {
    let exception_cb = cx.program.exception_function as usize;
    let func = |(i, s): (usize, &learned::SubprogInfo)| TargetFunc {
        unreliable: cx.learned.function_facts.get(i).is_some_and(|a| a.unreliable),
        moves_packet_data: s.moves_packet_data,
        can_sleep: s.can_sleep,
        exception_cb: i != 0 && i == exception_cb,
    };
    cx.learned.subprogs.iter().enumerate().map(func).collect()
}

/// Special fields of the first maps, with those of what stands in maps of maps.
fn map_fields(cx: &Cx<'_>, maps: usize) -> Vec<record::MapFields> {
    let fields = |m: &MapInfo| record::MapFields {
        own: m.record.clone(),
        inner: m.inner.and_then(|i| cx.program.maps.get(i.0 as usize)?.record.clone()),
    };
    cx.program.maps.iter().take(maps).map(fields).collect()
}

/// What the kernel would say.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The program loads.
    Accepted(Box<Verified>),
    /// The program does not load.
    Rejected(Box<Rejection>),
    /// We do not model something it uses.
    Unsupported(Box<str>),
    /// A budget of ours ended the analysis, or the caller cancelled it.
    Budget(Box<str>),
}

/// The answer for one program.
#[derive(Clone, Debug)]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// The kernel's log at the level asked.
    pub log: Vec<u8>,
    /// The log did not fit its size (the kernel's load would end with `ENOSPC`).
    pub log_overflowed: bool,
    /// Counters; `None` when the load was refused before the verifier began.
    pub stats: Option<Stats>,
    /// Bytes of stack of each function.
    pub stack_depth: Vec<u32>,
    /// Instruction where the analysis stood at the end.
    pub insn_idx: usize,
    /// Microseconds taken.
    pub time_us: u64,
}

/// Asks what a kernel says about a load.
pub fn verify(system: &System, req: &LoadRequest, options: &Options) -> Report {
    verify_with(system, req, options, &mut Off, &|| false)
}

/// Asks what a kernel says about a load, with a listener besides the log, and a question whether to go on.
pub fn verify_with(
    system: &System,
    req: &LoadRequest,
    options: &Options,
    listener: &mut dyn Sink,
    cancelled: &dyn Fn() -> bool,
) -> Report {
    verify_assuming(system, req, options, listener, cancelled, &[])
}

/// Verdict of [`verify_assuming`] when every path was walked: nothing was verified.
pub const ASSUMED: &str = "accesses were taken as safe";

/// As [`verify_with`], as if the checks of some instructions were met: a load yields an unknown number, a store does
/// nothing, and anything else ends the path. This is no verdict of a kernel. It tells what states reach an instruction
/// when those accesses are safe.
pub fn verify_assuming(
    system: &System,
    req: &LoadRequest,
    options: &Options,
    listener: &mut dyn Sink,
    cancelled: &dyn Fn() -> bool,
    assumed: &[usize],
) -> Report {
    // A BTF whose special fields are unsound is refused when it is loaded, before any program; loaders go on without.
    if let Some(btf) = &req.btf {
        let types = record::KernelTypes { kernel: &system.kernel, vmlinux: &system.vmlinux, modules: &system.modules };
        if record::StructMetas::of(&types, btf).is_err() {
            return verify_assuming(system, &req.without_btf(), options, listener, cancelled, assumed);
        }
    }
    let begun = std::time::Instant::now();
    let mut report = Report {
        verdict: Verdict::Budget("".into()),
        log: Vec::new(),
        log_overflowed: false,
        stats: None,
        stack_depth: Vec::new(),
        insn_idx: 0,
        time_us: 0,
    };
    if let Err(stop) = preflight::attr::load_attributes(req, &system.kernel, options.privilege) {
        report.verdict = verdict_of(stop);
        return report;
    }
    let mut log = TextLog::new(options.log_level, options.log_size);
    let quiet = listener.interest() == crate::log::Interest::default();
    let mut tee;
    let sink: &mut dyn Sink = if quiet {
        &mut log
    } else {
        tee = Tee(&mut log, listener);
        &mut tee
    };
    let mut draft = match environment(system, req, options, sink, cancelled) {
        Ok(draft) => draft,
        Err(stop) => {
            report.verdict = verdict_of(stop);
            return report;
        }
    };
    draft.program.assumed = assumed.to_vec();
    // Asked once before the first instruction, too: the shortest programs end before it is asked again.
    let mut search = stored::Search::new(options.memory, options.no_prune, options.exact);
    let result = draft.out.check_cancelled().and_then(|()| before_walk(&mut draft));
    let Draft { program, learned, path, out } = draft;
    let out = Out { stats: out.stats, interest: out.interest, sink: out.sink, cancelled: out.cancelled };
    let mut cx = Cx { program: &*program, learned, path, out };
    let result = result.and_then(|()| walk(&mut cx, &mut search));
    if let Err(Stop::Reject(rejection)) = &result
        && cx.out.interest.structure
    {
        let idx = cx.path.insn_idx;
        cx.with_sink(|sink, cx, cur| {
            let state = (!cur.frames.is_empty()).then_some(cur);
            sink.event(cx, &Event::Rejected { rejection, idx, state });
        });
    }
    report.insn_idx = cx.path.insn_idx;
    report.stats = Some(cx.out.stats);
    report.stack_depth = cx.learned.subprogs.iter().map(|s| s.stack_depth).collect();
    if result.is_ok() && cx.learned.may_throw_somewhere && cx.program.exception_function == 0 {
        // Rewriting adds the function that ends a program whose exception nobody catches.
        report.stack_depth.push(0);
    }
    report.time_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    report.verdict = match result {
        Ok(()) if !assumed.is_empty() => Verdict::Budget(ASSUMED.into()),
        Ok(()) => Verdict::Accepted(Box::new(Verified {
            request: req.clone(),
            insns: req.insns.clone(),
            subprog_starts: cx.program.subprog_starts.clone(),
            funcs: target_funcs(&cx),
            map_fields: map_fields(&cx, req.maps.len()),
            own_types: cx.program.struct_metas[usize::from(BtfRef::PROG.0)].clone(),
            jump_tables: cx.program.jump_tables.clone(),
            reach: Reach::of(&cx),
        })),
        Err(stop) => verdict_of(stop),
    };
    drop(cx);
    if options.log_level != 0 && !matches!(report.verdict, Verdict::Unsupported(_) | Verdict::Budget(_)) {
        last_lines(&mut log, options.log_level, &report);
    }
    report.log = log.text();
    report.log_overflowed = log.overflowed();
    report
}

fn verdict_of(stop: Stop) -> Verdict {
    match stop {
        Stop::Reject(r) => Verdict::Rejected(r),
        Stop::Unsupported(what) => Verdict::Unsupported(what),
        Stop::Budget(what) => Verdict::Budget(what),
    }
}

/// Counters, and with level 4 the time and the stack.
fn last_lines(log: &mut TextLog, level: u32, report: &Report) {
    let Some(s) = report.stats else { return };
    if level & 4 != 0 {
        let depths: Vec<String> = report.stack_depth.iter().map(u32::to_string).collect();
        log.append(&format!("verification time {} usec\nstack depth {}\n", report.time_us, depths.join("+")));
    }
    log.append(&format!(
        "processed {} insns (limit {}) max_states_per_insn {} total_states {} peak_states {} mark_read {}\n",
        s.insns,
        step::MAX_INSNS,
        s.max_states_per_insn,
        s.total_states,
        s.peak_states,
        s.longest_read_walk
    ));
}

/// The stages before the walk, in the kernel's order.
fn before_walk(draft: &mut Draft<'_>) -> Res {
    preflight::btf_info::check_before_functions(draft)?;
    preflight::entry::functions_and_kfuncs(draft)?;
    preflight::subprogs::function_bounds(draft)?;
    preflight::btf_info::check(draft)?;
    let graph_first = draft.program.kernel.features.graph_before_target;
    if !graph_first {
        preflight::attach::resolve_target(draft)?;
    }
    preflight::maps::resolve_wide_loads(draft)?;
    preflight::cfg_walk::walk_graph(draft)?;
    if draft.program.kernel.features.registers_before_walk {
        preflight::components::order_functions(draft);
    }
    if graph_first {
        preflight::attach::resolve_target(draft)?;
    }
    if draft.program.kernel.features.loops == LoopKind::Scc {
        let before_walk = draft.program.kernel.features.stack_before_walk;
        let known = if before_walk { preflight::constants::fold(draft) } else { Default::default() };
        if known.1 {
            preflight::components::order_functions(draft);
        }
        let order = if before_walk { preflight::order::callees_first(draft)? } else { Vec::new() };
        preflight::components::number_loops(draft);
        if before_walk {
            preflight::frames::solve(draft, &known.0, &order)?;
        }
    }
    if draft.program.kernel.features.registers_before_walk {
        liveness::registers::live_registers(draft);
    }
    if draft.program.kernel.features.fastcall {
        preflight::fastcall::find_fastcall_patterns(draft)?;
    }
    Ok(())
}

/// The walk and the stages behind it, in the kernel's order.
fn walk(cx: &mut Cx<'_>, search: &mut stored::Search) -> Res {
    if cx.program.kernel.features.globals_when_called {
        step::walk_main(cx, search)?;
        step::walk_called(cx, search)?;
    } else {
        step::walk_called(cx, search)?;
        step::walk_main(cx, search)?;
    }
    preflight::rewrites::drop_fastcall_spills(cx);
    preflight::stack_depth::stack_depths(cx)?;
    preflight::rewrites::rewrite(cx)
}

/// Puts the environment together.
fn environment<'a>(
    system: &'a System,
    req: &'a LoadRequest,
    options: &Options,
    sink: &'a mut dyn Sink,
    cancelled: &'a dyn Fn() -> bool,
) -> Res<Draft<'a>> {
    let prog_type = ProgType::from_number(req.prog_type).ok_or_else(|| Stop::silent(Errno::EINVAL))?;
    let attach_type = AttachType::of_release(preflight::attr::effective_attach_type(req), system.kernel.version)
        .unwrap_or(AttachType::CgroupInetIngress);
    let p = options.privilege;
    let perfmon = p.perfmon || p.sys_admin;
    let caps = Caps {
        has_cap_bpf: p.bpf || p.sys_admin,
        pointers_may_leak: perfmon,
        reads_unset_stack: perfmon && system.kernel.features.unset_stack_readable,
        without_v1_guards: perfmon,
        without_v4_guards: perfmon,
        may_reboot: p.sys_admin,
    };
    let mut btfs = vec![system.vmlinux.clone(), req.btf.clone().unwrap_or_default()];
    let mut btf_names = vec!["vmlinux".to_string(), String::new()];
    for (name, btf) in &system.modules {
        btfs.push(btf.clone());
        btf_names.push(name.clone());
    }
    let types = record::KernelTypes { kernel: &system.kernel, vmlinux: &system.vmlinux, modules: &system.modules };
    let mut struct_metas = vec![record::StructMetas::default(); btfs.len()];
    if let Some(btf) = &req.btf {
        struct_metas[usize::from(BtfRef::PROG.0)] = record::StructMetas::of(&types, btf).map_err(Stop::silent)?;
    }
    let maps = map_infos(req, &types, &mut btfs, &mut btf_names, &mut struct_metas)?;
    /// Load flags. UAPI: `BPF_F_*`.
    const STRICT_ALIGNMENT: u32 = 1 << 0;
    const ANY_ALIGNMENT: u32 = 1 << 1;
    const TEST_STATE_FREQ: u32 = 1 << 3;
    const SLEEPABLE: u32 = 1 << 4;
    const TEST_REG_INVARIANTS: u32 = 1 << 7;
    let flag = |f: u32| req.prog_flags & f != 0;
    let program = Box::new(Program {
        kernel: &system.kernel,
        req,
        insns: req.insns.clone(),
        prog_type,
        attach_type,
        btfs,
        btf_names,
        struct_metas,
        map_specs: maps.iter().map(|m| m.spec.clone()).collect(),
        maps,
        kfunc_btfs: Vec::new(),
        kfuncs: kfunc::table::KfuncTable::default(),
        maps_used: Vec::new(),
        caps,
        strict_alignment: flag(STRICT_ALIGNMENT) && !flag(ANY_ALIGNMENT),
        test_state_freq: caps.has_cap_bpf && flag(TEST_STATE_FREQ),
        test_reg_invariants: flag(TEST_REG_INVARIANTS),
        sleepable: flag(SLEEPABLE),
        subprog_starts: Vec::new(),
        func_info: Vec::new(),
        exception_function: 0,
        attach: AttachInfo::default(),
        orders: Vec::new(),
        jump_tables: JumpTables::default(),
        arena: None,
        assumed: Vec::new(),
    });
    Ok(Cx {
        program,
        learned: Learned::nothing(req.insns.len()),
        path: Path::nowhere(),
        out: Out { stats: Stats::default(), interest: sink.interest(), sink, cancelled },
    })
}

/// Maps as the analysis knows them, templates of inner maps behind the others.
fn map_infos(
    req: &LoadRequest,
    types: &record::KernelTypes<'_>,
    btfs: &mut Vec<Arc<Btf>>,
    names: &mut Vec<String>,
    metas: &mut Vec<record::StructMetas>,
) -> Res<Vec<MapInfo>> {
    let created = |m: &MapSpec| {
        let implied = MapType::from_number(m.map_type).map_or(0, implied_flags);
        Arc::new(MapSpec { map_flags: m.map_flags | implied, ..m.clone() })
    };
    let mut specs: Vec<_> = req.maps.iter().map(|m| (created(m), false)).collect();
    let mut inner = vec![None; specs.len()];
    for i in 0..specs.len() {
        let of_maps = MapType::from_number(specs[i].0.map_type).is_some_and(MapType::is_map_of_maps);
        if let Some(template) = specs[i].0.inner.clone().filter(|_| of_maps) {
            inner[i] = Some(MapIdx(specs.len() as u32));
            // The kernel keeps of the template what a lookup needs: no name, and nothing of its contents.
            let template = MapSpec { name: String::new(), frozen: false, value: None, ..*template };
            specs.push((Arc::new(template), true));
            inner.push(None);
        }
    }
    let mut infos = Vec::with_capacity(specs.len());
    for ((mut spec, is_inner_template), inner) in specs.into_iter().zip(inner) {
        let mut place = None;
        if let Some(btf) = &spec.btf {
            let known = btfs.iter().position(|b| Arc::ptr_eq(b, btf));
            if known.is_none() {
                metas.push(record::StructMetas::of(types, btf).map_err(Stop::silent)?);
                btfs.push(btf.clone());
                names.push(String::new());
            }
            place = Some(known.unwrap_or(btfs.len() - 1));
        }
        let none = record::StructMetas::default();
        let own = place.and_then(|i| metas.get(i)).unwrap_or(&none);
        let record = match create::check_btf(types, own, &spec) {
            Ok(record) => record,
            Err(_) => {
                // The kernel refuses the map with BTF, and loaders create it without.
                let bare = MapSpec { btf: None, btf_key_type_id: 0, btf_value_type_id: 0, ..(*spec).clone() };
                spec = Arc::new(bare);
                place = None;
                None
            }
        };
        let btf = place.map(|i| BtfRef(i as u16));
        infos.push(MapInfo { spec, record, btf, inner, is_inner_template });
    }
    Ok(infos)
}
