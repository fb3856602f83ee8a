//! The walk: one instruction after another, one path after another.
//!
//! Answers for `do_check()`, `do_check_common()`, `do_check_main()` and `do_check_subprogs()`. What each instruction
//! means stands in the modules beside this one; here stands only the order.
//!
//! In the kernel: `BPF_COMPLEXITY_LIMIT_INSNS`, `error_recoverable_with_nospec()`, `sanitize_mark_insn_seen()`,
//! `process_bpf_exit_full`, `check_ld_imm()`, `check_ld_abs()`.

use crate::domain::Scalar;
use crate::error::{Errno, MemoryMsg, Res, Stop, WalkMsg};
use crate::isa::op::set_of;
use crate::isa::opcode::*;
use crate::isa::semantics::AluOp;
use crate::isa::{Insn, Op, Src};

use crate::kernel::Reworded;
use crate::kernel::call::{RegBase, RegType};
use crate::kernel::helpers::class::works_under_lock;
use crate::kernel::prog_types::policy::{has_gen_ld_abs, reads_socket_buffers};
use crate::log::Event;
use crate::program::record::FieldKind;
use crate::state::{Payload, RegState, VerifierState};

use super::access;
use super::asks::Fork;
use super::call;
use super::cx::Cx;
use super::explore::{self, fulfil, next_path};
use super::kfunc;
use super::liveness;
use super::prune;
use super::refs;
use super::regs::{Access, ArgUse, set_known_zero, set_uninit, set_unknown, use_register};
use super::stored::Search;
use super::transfer;

/// Most instructions processed in one load.
pub(crate) const MAX_INSNS: u32 = 1_000_000;
/// Instructions between two looks at whether the caller still wants the answer.
const CANCEL_INTERVAL: u32 = 256;

/// Where the walk goes after an instruction.
enum Next {
    /// On at the next instruction.
    Step,
    /// On at `cx.path.insn_idx` as it stands.
    Goto,
    /// On in the caller; its state is printed in full.
    Returned,
    /// Nowhere: the path ends.
    PathEnd,
}

/// Verifies the main program.
pub(crate) fn walk_main(cx: &mut Cx<'_>, search: &mut Search) -> Res {
    cx.path.insn_idx = 0;
    walk_function(cx, search, 0)
}

/// Verifies global functions that verified code calls, until none is new.
pub(crate) fn walk_called(cx: &mut Cx<'_>, search: &mut Search) -> Res {
    if cx.program.func_info.is_empty() {
        return Ok(());
    }
    let exception = cx.program.exception_function as usize;
    if exception != 0
        && let Some(aux) = cx.learned.function_facts.get_mut(exception)
    {
        aux.called = true;
    }
    /// BTF linkage of a global function.
    const GLOBAL: u16 = 1;
    loop {
        let mut any = false;
        for n in 1..cx.learned.subprogs.len() {
            let Some(aux) = cx.learned.function_facts.get(n).copied() else { continue };
            let due = aux.called || !cx.program.kernel.features.globals_when_called;
            if aux.linkage != GLOBAL || !due || aux.verified {
                continue;
            }
            cx.path.insn_idx = cx.learned.subprogs[n].start as usize;
            walk_function(cx, search, n)?;
            if cx.logging() {
                let name = cx.program.function_name(n);
                cx.say(WalkMsg::FuncSafe { n, name });
            }
            cx.learned.function_facts[n].verified = true;
            any = true;
        }
        if !any {
            return Ok(());
        }
    }
}

/// Walks one function from its entry.
fn walk_function(cx: &mut Cx<'_>, search: &mut Search, subprog: usize) -> Res {
    if cx.out.interest.log_level != 0 || cx.out.interest.structure {
        cx.emit(Event::Begin { subprog });
    }
    cx.path.pass_number += 1;
    cx.path.cur = VerifierState::for_entry(cx.learned.subprogs[subprog].start, subprog as u32);
    cx.path.cur.open_paths = 1;
    cx.path.scratch_all();
    let result = call::setup_entry_regs(cx, subprog).and_then(|()| fulfil(cx, search)).and_then(|()| walk(cx, search));
    if result.is_ok() && !cx.logs(2) {
        cx.out.sink.rewind(0);
    }
    // What led to a rejection stays for those who explain it.
    if result.is_ok() {
        explore::forget_paths(cx, search);
    }
    result
}

/// Walks every path.
fn walk(cx: &mut Cx<'_>, search: &mut Search) -> Res {
    let mut print_state = false;
    let mut prev: Option<usize> = None;
    loop {
        cx.path.trail.begin_insn();
        cx.path.prev_insn_idx = prev.unwrap_or(usize::MAX);
        if cx.path.insn_idx >= cx.program.insns.len() {
            let (idx, count) = (cx.path.insn_idx, cx.program.insns.len());
            return Err(cx.reject(WalkMsg::InvalidInsnIdx { idx, count }, Errno::EFAULT));
        }
        let insn = cx.program.insns[cx.path.insn_idx];
        cx.out.stats.insns += 1;
        if cx.out.stats.insns > MAX_INSNS {
            let processed = cx.out.stats.insns;
            return Err(cx.reject(WalkMsg::TooLarge { processed }, Errno::E2BIG));
        }
        if cx.out.stats.insns.is_multiple_of(CANCEL_INTERVAL) {
            cx.out.check_cancelled()?;
        }
        cx.path.cur.last_at = prev.map_or(u32::MAX, |p| p as u32);
        cx.path.cur.insn_idx = cx.path.insn_idx as u32;

        let stored_before = cx.out.stats.total_states;
        let tells = cx.gives_accounts();
        if let (true, Some(prev), false) = (tells, prev, cx.path.cur.speculative) {
            cx.path.story.came_from(&cx.program.insns, prev, cx.path.insn_idx);
        }
        if cx.learned.aux[cx.path.insn_idx].compare_point && prune::covered_by_stored(cx, search, cx.path.insn_idx)? {
            if cx.logging() {
                say_safe(cx, prev, print_state);
            }
            if !end_path(cx, search, &mut prev)? {
                return Ok(());
            }
            print_state = true;
            continue;
        }
        let aux = &cx.learned.aux[cx.path.insn_idx];
        // Where always-taken jumps compare behind, a state that was just stored begins its history behind this instruction.
        let begins_behind = cx.program.kernel.features.jumps_compare_behind;
        let point = if cx.program.kernel.features.histories_of_jumps { aux.history_point } else { aux.compare_point };
        if point && !(begins_behind && cx.out.stats.total_states != stored_before) {
            cx.path.note_step(0, None);
        }
        if cx.logging() {
            print_state = say_insn(cx, prev, print_state);
        }
        if cx.out.interest.structure {
            let (idx, before) = (cx.path.insn_idx, prev.map_or(-1, |p| p as i32));
            cx.emit_cur(|state| Event::At { idx, prev: before, state });
        }
        mark_seen(cx);
        let at = cx.path.insn_idx;
        prev = Some(at);

        // What a mispredicting CPU would run ends where a barrier stands, or where the next one is put.
        let guessed = cx.path.cur.speculative && cx.program.kernel.features.barriers_against_guesses;
        let next = if guessed && cx.learned.aux[at].barrier_before {
            Next::PathEnd
        } else {
            liveness::begin_insn(cx, search);
            if tells {
                cx.path.story.begin(cx.path.cur.clone());
            }
            let done = step_and_fulfil(cx, search, insn);
            let done = match done {
                Err(Stop::Reject(r)) if guessed && a_barrier_helps(r.errno) => {
                    (cx.learned.aux[at].barrier_before, cx.learned.aux[at].sum_guard) = (true, 0);
                    Next::PathEnd
                }
                other => other?,
            };
            liveness::commit_insn(cx, search, at);
            cx.path.story.note(at, insn, &cx.path.cur);
            if guessed && cx.learned.aux[at].barrier_behind { Next::PathEnd } else { done }
        };
        match next {
            Next::Step => cx.path.insn_idx = cx.path.insn_idx.wrapping_add(1),
            Next::Goto => {}
            Next::Returned => print_state = true,
            Next::PathEnd => {
                if !end_path(cx, search, &mut prev)? {
                    return Ok(());
                }
                print_state = true;
            }
        }
    }
}

/// Follows the rules of one instruction, then does what they asked for; the first refusal counts.
fn step_and_fulfil(cx: &mut Cx<'_>, search: &mut Search, insn: Insn) -> Res<Next> {
    let at = cx.path.insn_idx;
    let next = if cx.program.assumed.contains(&at) {
        step_assumed(cx, insn)
    } else {
        search.jumps_done += u32::from(insn.is_jmp_class());
        step(cx, insn)
    };
    liveness::commit_reads(cx, search, at);
    if let Err(stop) = fulfil(cx, search) {
        cx.path.insn_idx = at;
        return Err(stop);
    }
    next
}

/// Whether an error on a path that only a mispredicting CPU would take is no reason to reject: a barrier before the
/// instruction keeps every CPU from it.
fn a_barrier_helps(errno: Errno) -> bool {
    matches!(errno, Errno::EPERM | Errno::EACCES | Errno::EINVAL)
}

/// The instruction was reached in this pass.
fn mark_seen(cx: &mut Cx<'_>) {
    // What only a mispredicting CPU would run does not count as reached.
    if !cx.path.cur.speculative {
        let (at, pass) = (cx.path.insn_idx, cx.path.pass_number);
        if let Some(aux) = cx.learned.aux.get_mut(at) {
            aux.seen = pass;
        }
    }
}

fn say_safe(cx: &mut Cx<'_>, prev: Option<usize>, from: bool) {
    let (to, speculative) = (cx.path.insn_idx, cx.path.cur.speculative);
    if from {
        let prev = prev.map_or(-1, |p| p as i32);
        cx.emit(Event::From { prev, to, speculative, safe: true });
    } else {
        cx.say(WalkMsg::Safe { idx: to });
    }
}

/// Prints what stands before an instruction in the log, and the instruction; `true` while a whole state is still owed.
fn say_insn(cx: &mut Cx<'_>, prev: Option<usize>, mut owed: bool) -> bool {
    if !cx.program.kernel.style.has(Reworded::StateBehind) {
        let (idx, speculative) = (cx.path.insn_idx, cx.path.cur.speculative);
        if cx.logs(2) {
            cx.say(WalkMsg::StateAt { idx });
        } else if owed {
            cx.emit(Event::From { prev: prev.map_or(-1, |p| p as i32), to: idx, speculative, safe: false });
        }
        if cx.logs(2) || owed {
            cx.print_state(cx.path.cur.top_frame(), true);
        }
        cx.emit(Event::Insn { idx });
        return false;
    }
    if cx.logs(2) && owed {
        let (to, speculative) = (cx.path.insn_idx, cx.path.cur.speculative);
        cx.emit(Event::From { prev: prev.map_or(-1, |p| p as i32), to, speculative, safe: false });
        cx.print_state(cx.path.cur.top_frame(), true);
        owed = false;
    }
    if cx.path.touched_regs != 0 || cx.path.touched_slots != 0 {
        cx.show_changes();
    }
    let idx = cx.path.insn_idx;
    cx.emit(Event::Insn { idx });
    owed
}

/// The path is over: takes up another one. `false` when none is left.
fn end_path(cx: &mut Cx<'_>, search: &mut Search, prev: &mut Option<usize>) -> Res<bool> {
    if cx.out.interest.structure {
        let idx = cx.path.insn_idx;
        cx.emit(Event::PathEnd { idx });
    }
    cx.path.scratch_all();
    prune::end_branches(cx, search)?;
    let calls = liveness::calls_of(&cx.path.cur);
    liveness::solve_live_stack(cx, search, &calls)?;
    let Some((from, to)) = next_path(cx, search) else { return Ok(false) };
    *prev = Some(from);
    cx.path.insn_idx = to;
    Ok(true)
}

fn reserved(cx: &mut Cx<'_>, msg: WalkMsg) -> Stop {
    cx.reject(msg, Errno::EINVAL)
}

/// One instruction whose check is taken as met. What it reads counts as read, so that states that differ there stay apart.
fn step_assumed(cx: &mut Cx<'_>, insn: Insn) -> Res<Next> {
    let op = insn.decode();
    for regno in (0..MAX_REG).filter(|r| op.effect().uses & set_of(*r) != 0) {
        if cx.reg(regno).ty.base != RegBase::NotInit {
            use_register(cx, regno, ArgUse::Src)?;
        }
    }
    match op {
        Op::Load { dst, .. } => {
            use_register(cx, dst, ArgUse::DstNoMark)?;
            set_unknown(cx, dst);
            Ok(Next::Step)
        }
        // A store to the stack would have to be followed.
        Op::Store { base, .. } if cx.reg(base).ty.base != RegBase::PtrToStack => Ok(Next::Step),
        Op::Alu { op: AluOp::Add | AluOp::Sub, wide: true, .. } if sum_assumed(cx, insn) => Ok(Next::Step),
        _ => Ok(Next::PathEnd),
    }
}

/// A sum of a pointer and a number that is taken as met: the pointer is somewhere in its object. `false`: it is none, or one
/// whose place matters to more than accesses.
fn sum_assumed(cx: &mut Cx<'_>, insn: Insn) -> bool {
    let movable = |r: RegState| matches!(r.ty.base, RegBase::PtrToMapValue | RegBase::PtrToMem | RegBase::PtrToPacket);
    let (dst, src) = (*cx.reg(insn.dst), if insn.is_reg_src() { *cx.reg(insn.src) } else { RegState::konst(0) });
    let pointer = match (dst.is_scalar(), src.is_scalar()) {
        (false, true) => dst,
        (true, false) if insn.op() == ADD => src,
        _ => return false,
    };
    if !movable(pointer) || pointer.ty.may_be_null() {
        return false;
    }
    let mut sum = pointer;
    sum.scalar = Scalar::UNKNOWN;
    if sum.ty.is(RegBase::PtrToPacket) {
        sum.payload = Payload::Range(0);
        sum.id = cx.new_id();
    }
    cx.reg_mut(insn.dst).set(sum);
    true
}

/// One instruction.
fn step(cx: &mut Cx<'_>, insn: Insn) -> Res<Next> {
    if cx.learned.misuses
        && let Some(msg) = super::preflight::form::misused(insn, &cx.program.kernel.features)
    {
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    match insn.decode() {
        Op::Alu { .. } | Op::MoveAs { .. } | Op::ByteOrder { .. } => transfer::do_arithmetic(cx, insn)?,
        Op::Load { signed, .. } => access::load_value(cx, insn, false, signed, true)?,
        Op::Atomic { .. } | Op::LoadAcquire { .. } | Op::StoreRelease { .. } => {
            let at = cx.path.insn_idx;
            access::atomic_operation(cx, at, insn)?;
        }
        Op::Store { src: Src::Reg(_), .. } => access::store_value(cx, insn, false)?,
        Op::Store { src: Src::Imm(_), .. } => store_imm(cx, insn)?,
        Op::PacketLoad { .. } => ld_abs(cx, insn)?,
        Op::Const { .. } => {
            ld_imm(cx, insn)?;
            cx.path.insn_idx += 1;
            mark_seen(cx);
        }
        Op::Jump { by } => return jump(cx, by),
        Op::JumpTo { reg } => {
            transfer::jump_by_table(cx, reg)?;
            return Ok(Next::Goto);
        }
        Op::Branch { cmp, .. } => transfer::conditional_jump(cx, insn, cmp)?,
        Op::MayGoto { .. } => transfer::may_goto(cx, insn)?,
        Op::Call { .. } => return check_call(cx, insn),
        Op::CallReg { .. } => return Err(reserved(cx, WalkMsg::CallReserved)),
        Op::Exit => return exit(cx, false),
        // What is no instruction was refused before; these are the words that would be left for it.
        Op::Rest => return Err(reserved(cx, WalkMsg::InvalidLdImm)),
        Op::Unknown if insn.class() == LD => return Err(reserved(cx, WalkMsg::InvalidLdMode)),
        Op::Unknown => return Err(reserved(cx, WalkMsg::UnknownClass { class: insn.class() })),
    }
    Ok(Next::Step)
}

fn store_imm(cx: &mut Cx<'_>, insn: Insn) -> Res {
    use_register(cx, insn.dst, ArgUse::Src)?;
    let ty = cx.reg(insn.dst).ty;
    if ty.is(RegBase::PtrToCtx) && !cx.program.kernel.features.ctx_constants_stored {
        return Err(cx.reject(MemoryMsg::CtxConstant { regno: insn.dst, ty }, Errno::EACCES));
    }
    let at = cx.path.insn_idx;
    access::memory_access(cx, at, insn.dst, i32::from(insn.off), insn.size_bits(), Access::Write, None, false, false)?;
    access::one_kind_of_pointer(cx, ty, false)
}

fn jump(cx: &mut Cx<'_>, by: i32) -> Res<Next> {
    // The control-flow stage made sure that the target is inside the program.
    cx.path.insn_idx = crate::cfg::flow::target(cx.path.insn_idx, by).unwrap_or(usize::MAX);
    Ok(Next::Goto)
}

fn check_call(cx: &mut Cx<'_>, insn: Insn) -> Res<Next> {
    if refs::lock_held(cx) {
        let features = &cx.program.kernel.features;
        let local = insn.src == PSEUDO_CALL && !features.calls_while_locked;
        let helper = insn.src == 0 && !works_under_lock(insn.imm.cast_unsigned(), features.kptrs_of_borrowed);
        let kernel = insn.src == PSEUDO_KFUNC_CALL && (insn.off != 0 || !kfunc::works_on_graphs(cx.program, insn));
        if helper || local || kernel {
            return Err(cx.reject(WalkMsg::CallWhileLocked, Errno::EINVAL));
        }
    }
    let mut at = cx.path.insn_idx;
    match insn.src {
        PSEUDO_CALL => {
            let throws = call::global_throws(cx, at, insn);
            call::local_call(cx, insn, &mut at)?;
            if throws {
                cx.path.fork(at + 1, at, Fork::Jump);
                cx.path.insn_idx = at;
                return exit(cx, true);
            }
        }
        PSEUDO_KFUNC_CALL => {
            let shown = (cx.path.touched_regs, cx.path.touched_slots);
            kfunc::kfunc_call(cx, insn, &mut at)?;
            if !cx.program.kernel.features.kfunc_results_shown {
                (cx.path.touched_regs, cx.path.touched_slots) = shown;
                cx.path.insn_idx = at;
                return Ok(Next::Step);
            }
            if kfunc::throws(cx.program, insn) {
                cx.path.insn_idx = at;
                return exit(cx, true);
            }
        }
        _ => call::helper_call(cx, insn, &mut at)?,
    }
    cx.path.insn_idx = at;
    cx.scratch_reg(0);
    Ok(Next::Step)
}

/// A function or the program ends, or an exception is thrown.
fn exit(cx: &mut Cx<'_>, exception: bool) -> Res<Next> {
    // What is held may be held across the exit of a nested function, but not across that of the program.
    let any_exit = !cx.program.kernel.features.calls_while_locked;
    let named = exception && cx.program.kernel.features.throw_is_no_exit;
    let outermost = named || cx.path.cur.top_frame() == 0 || any_exit;
    let what = if named { "bpf_throw" } else { "BPF_EXIT instruction in main prog" };
    refs::nothing_held_is_left(cx, exception, outermost, what)?;
    if exception {
        return Ok(Next::PathEnd);
    }
    if cx.path.cur.top_frame() > 0 {
        let mut at = cx.path.insn_idx;
        call::return_to_caller(cx, &mut at)?;
        cx.path.insn_idx = at;
        return Ok(Next::Returned);
    }
    call::result_in_range(cx, 0, "R0")?;
    Ok(Next::PathEnd)
}

/// A 64-bit constant load.
fn ld_imm(cx: &mut Cx<'_>, insn: Insn) -> Res {
    use_register(cx, insn.dst, ArgUse::Dst)?;
    let at = cx.path.insn_idx;
    if insn.src == 0 {
        let high = cx.program.insns.get(at + 1).map_or(0, |h| h.imm as u32);
        let value = u64::from(high) << 32 | u64::from(insn.imm as u32);
        let mut reg = *cx.reg(insn.dst);
        super::regs::set_known(&mut reg, value);
        reg.ty = RegType::of(RegBase::Scalar);
        *cx.reg_mut(insn.dst) = reg;
        return Ok(());
    }
    set_known_zero(cx, insn.dst);
    if insn.src == PSEUDO_BTF_ID {
        let Some(var) = cx.learned.aux[at].btf_var else { return Err(cx.broken("symbol load without a type")) };
        let reg = cx.reg_mut(insn.dst);
        reg.ty = var.ty;
        reg.payload = match var.ty.base {
            RegBase::PtrToMem => Payload::Mem { size: var.mem_size, dynptr_id: 0 },
            _ => Payload::Btf { btf: var.btf.0, id: var.btf.1 },
        };
        return Ok(());
    }
    if insn.src == PSEUDO_FUNC {
        return ld_func(cx, insn);
    }
    let Some((map, off)) = cx.learned.aux[at].map else { return Err(cx.broken("map load without a map")) };
    let arena = cx.program.arena == Some(map);
    let value = matches!(insn.src, PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX_VALUE);
    if value && arena {
        let unknown = RegState { precise: !cx.program.caps.has_cap_bpf, ..RegState::unknown() };
        cx.reg_mut(insn.dst).set(unknown);
        return Ok(());
    }
    let reg = cx.reg_mut(insn.dst);
    reg.payload = Payload::Map { map, uid: 0 };
    if value {
        reg.ty = RegType::of(RegBase::PtrToMapValue);
        reg.off = off as i32;
        let locks = cx.program.map(map).record.as_ref().is_some_and(|r| r.has(FieldKind::SPIN_LOCK));
        if locks && cx.program.kernel.features.direct_values_distinct {
            cx.reg_mut(insn.dst).id = cx.new_id();
        }
    } else {
        reg.ty = RegType::of(RegBase::ConstPtrToMap);
    }
    Ok(())
}

/// The address of a local function.
fn ld_func(cx: &mut Cx<'_>, insn: Insn) -> Res {
    let target = cx.path.insn_idx as i64 + i64::from(insn.imm) + 1;
    let start = u32::try_from(target).unwrap_or(u32::MAX);
    if cx.program.func_info.is_empty() {
        return Err(cx.reject(WalkMsg::MissingFuncInfo, Errno::EINVAL));
    }
    let Ok(subprog) = cx.learned.subprogs.binary_search_by_key(&start, |s| s.start) else {
        return Err(cx.broken("function load without a function"));
    };
    /// BTF linkage of a static function.
    const STATIC: u16 = 0;
    if cx.learned.function_facts.get(subprog).is_none_or(|a| a.linkage != STATIC) {
        return Err(cx.reject(WalkMsg::CallbackNotStatic, Errno::EINVAL));
    }
    if subprog == 0 && cx.program.kernel.features.main_is_no_callback {
        return Err(cx.reject(WalkMsg::CallbackIsMain, Errno::EINVAL));
    }
    let reg = cx.reg_mut(insn.dst);
    reg.ty = RegType::of(RegBase::PtrToFunc);
    reg.payload = Payload::Subprog(subprog as u32);
    Ok(())
}

/// A classic packet load: reads through R6, destroys R1 to R5, may end the program.
fn ld_abs(cx: &mut Cx<'_>, insn: Insn) -> Res {
    const CTX: u8 = 6;
    let prog = cx.program.resolved_prog_type();
    if !reads_socket_buffers(prog) {
        return Err(cx.reject(WalkMsg::LdAbsType, Errno::EINVAL));
    }
    if cx.program.kernel.features.callback_checks && cx.path.cur.frames.iter().skip(1).any(|f| f.is_callback) {
        return Err(cx.reject(WalkMsg::LdAbsCallback, Errno::EINVAL));
    }
    if !has_gen_ld_abs(prog) {
        return Err(cx.broken("classic loads without code for them"));
    }
    let by_reg = insn.mode() == IND;
    if super::preflight::form::packet_load_misused(insn) {
        return Err(cx.reject(WalkMsg::LdAbsReserved, Errno::EINVAL));
    }
    use_register(cx, CTX, ArgUse::Src)?;
    refs::nothing_held_is_left(cx, false, true, "BPF_LD_[ABS|IND]")?;
    if !cx.reg(CTX).ty.is(RegBase::PtrToCtx) {
        return Err(cx.reject(WalkMsg::LdAbsR6, Errno::EINVAL));
    }
    if by_reg {
        use_register(cx, insn.src, ArgUse::Src)?;
    }
    let ctx = *cx.reg(CTX);
    access::at_object_start(cx, &ctx, CTX)?;
    for regno in 0..=5 {
        set_uninit(cx, regno);
        use_register(cx, regno, ArgUse::DstNoMark)?;
    }
    set_unknown(cx, 0);
    // The load ends the function with 0 when it is out of the packet: a caller sees that too.
    if cx.path.cur.top_frame() > 0 && cx.program.kernel.features.ld_abs_exits_frame {
        cx.scratch_reg(0);
        let at = cx.path.insn_idx;
        cx.path.fork(at + 1, at, Fork::Jump);
        set_known_zero(cx, 0);
        let mut back = at;
        call::return_to_caller(cx, &mut back)?;
        cx.path.insn_idx = back.wrapping_sub(1);
    }
    Ok(())
}
