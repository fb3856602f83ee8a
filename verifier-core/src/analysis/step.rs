//! The walk: one instruction after another, one path after another.
//!
//! Answers for `do_check()`, `do_check_common()`, `do_check_main()` and `do_check_subprogs()`. What each instruction
//! means stands in the modules beside this one; here stands only the order.
//!
//! In the kernel: `BPF_COMPLEXITY_LIMIT_INSNS`, `error_recoverable_with_nospec()`, `sanitize_mark_insn_seen()`,
//! `process_bpf_exit_full`, `check_ld_imm()`, `check_ld_abs()`.

use crate::domain::Scalar;
use crate::error::{Errno, Res, Stop, WalkMsg};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::kernel::call::{RegBase, RegType};
use crate::kernel::prog_types::policy::{has_gen_ld_abs, reads_socket_buffers};
use crate::log::Event;
use crate::state::{Payload, RegState, VerifierState};

use super::access;
use super::call;
use super::env::Env;
use super::explore::{self, Fork, fork_path, next_path};
use super::kfunc;
use super::liveness;
use super::prune;
use super::refs;
use super::regs::{Access, ArgUse, set_known_zero, set_uninit, set_unknown, use_register};
use super::transfer;

/// Most instructions processed in one load.
pub(crate) const MAX_INSNS: u32 = 1_000_000;
/// Instructions between two looks at whether the caller still wants the answer.
const CANCEL_INTERVAL: u32 = 256;
/// Helper that releases a lock, the only one allowed while it is held.
const FUNC_SPIN_UNLOCK: i32 = 94;

/// Where the walk goes after an instruction.
enum Next {
    /// On at the next instruction.
    Step,
    /// On at `env.insn_idx` as it stands.
    Goto,
    /// On in the caller; its state is printed in full.
    Returned,
    /// Nowhere: the path ends.
    PathEnd,
}

/// Verifies the main program.
pub(crate) fn walk_main(env: &mut Env<'_>) -> Res {
    env.insn_idx = 0;
    walk_function(env, 0)
}

/// Verifies global functions that verified code calls, until none is new.
pub(crate) fn walk_called(env: &mut Env<'_>) -> Res {
    if env.func_info.is_empty() {
        return Ok(());
    }
    let exception = env.exception_function as usize;
    if exception != 0
        && let Some(aux) = env.function_facts.get_mut(exception)
    {
        aux.called = true;
    }
    /// BTF linkage of a global function.
    const GLOBAL: u16 = 1;
    loop {
        let mut any = false;
        for n in 1..env.subprogs.len() {
            let Some(aux) = env.function_facts.get(n).copied() else { continue };
            if aux.linkage != GLOBAL || !aux.called || aux.verified {
                continue;
            }
            env.insn_idx = env.subprogs[n].start as usize;
            walk_function(env, n)?;
            if env.logging() {
                let name = env.function_name(n);
                env.say(WalkMsg::FuncSafe { n, name });
            }
            env.function_facts[n].verified = true;
            any = true;
        }
        if !any {
            return Ok(());
        }
    }
}

/// Walks one function from its entry.
fn walk_function(env: &mut Env<'_>, subprog: usize) -> Res {
    if env.interest.log_level != 0 || env.interest.structure {
        env.emit(Event::Begin { subprog });
    }
    env.pass_number += 1;
    env.cur = VerifierState::for_entry(env.subprogs[subprog].start, subprog as u32);
    env.cur.open_paths = 1;
    env.scratch_all();
    let result = call::setup_entry_regs(env, subprog).and_then(|()| walk(env));
    if result.is_ok() && !env.logs(2) {
        env.sink.rewind(0);
    }
    // What led to a rejection stays for those who explain it.
    if result.is_ok() {
        explore::forget_paths(env);
    }
    result
}

/// Walks every path.
fn walk(env: &mut Env<'_>) -> Res {
    let mut print_state = false;
    let mut prev: Option<usize> = None;
    loop {
        env.explorer.trail.begin_insn();
        env.prev_insn_idx = prev.unwrap_or(usize::MAX);
        if env.insn_idx >= env.insns.len() {
            let (idx, count) = (env.insn_idx, env.insns.len());
            return Err(env.reject(WalkMsg::InvalidInsnIdx { idx, count }, Errno::EFAULT));
        }
        let insn = env.insns[env.insn_idx];
        env.stats.insns += 1;
        if env.stats.insns > MAX_INSNS {
            let processed = env.stats.insns;
            return Err(env.reject(WalkMsg::TooLarge { processed }, Errno::E2BIG));
        }
        if env.stats.insns.is_multiple_of(CANCEL_INTERVAL) {
            env.check_cancelled()?;
        }
        env.cur.last_at = prev.map_or(u32::MAX, |p| p as u32);
        env.cur.insn_idx = env.insn_idx as u32;

        if env.aux[env.insn_idx].compare_point && prune::covered_by_stored(env, env.insn_idx)? {
            if env.logging() {
                say_safe(env, prev, print_state);
            }
            if !end_path(env, &mut prev)? {
                return Ok(());
            }
            print_state = true;
            continue;
        }
        if env.aux[env.insn_idx].history_point {
            prune::note_step(env, 0, None);
        }
        if env.logging() {
            print_state = say_insn(env, prev, print_state);
        }
        if env.interest.structure {
            let (idx, before) = (env.insn_idx, prev.map_or(-1, |p| p as i32));
            env.emit_cur(|state| Event::At { idx, prev: before, state });
        }
        mark_seen(env);
        let at = env.insn_idx;
        prev = Some(at);

        // What a mispredicting CPU would run ends where a barrier stands, or where the next one is put.
        let guessed = env.cur.speculative && env.kernel.features.barriers_against_guesses;
        let next = if guessed && env.aux[at].barrier_before {
            Next::PathEnd
        } else {
            liveness::begin_insn(env);
            let done = if env.assumed.contains(&at) { step_assumed(env, insn) } else { step(env, insn) };
            let done = match done {
                Err(Stop::Reject(r)) if guessed && a_barrier_helps(r.errno) => {
                    (env.aux[at].barrier_before, env.aux[at].sum_guard) = (true, 0);
                    Next::PathEnd
                }
                other => other?,
            };
            liveness::commit_insn(env);
            if guessed && env.aux[at].barrier_behind { Next::PathEnd } else { done }
        };
        match next {
            Next::Step => env.insn_idx = env.insn_idx.wrapping_add(1),
            Next::Goto => {}
            Next::Returned => print_state = true,
            Next::PathEnd => {
                if !end_path(env, &mut prev)? {
                    return Ok(());
                }
                print_state = true;
            }
        }
    }
}

/// Whether an error on a path that only a mispredicting CPU would take is no reason to reject: a barrier before the
/// instruction keeps every CPU from it.
fn a_barrier_helps(errno: Errno) -> bool {
    matches!(errno, Errno::EPERM | Errno::EACCES | Errno::EINVAL)
}

/// The instruction was reached in this pass.
fn mark_seen(env: &mut Env<'_>) {
    // What only a mispredicting CPU would run does not count as reached.
    if !env.cur.speculative {
        let (at, pass) = (env.insn_idx, env.pass_number);
        if let Some(aux) = env.aux.get_mut(at) {
            aux.seen = pass;
        }
    }
}

fn say_safe(env: &mut Env<'_>, prev: Option<usize>, from: bool) {
    let (to, speculative) = (env.insn_idx, env.cur.speculative);
    if from {
        let prev = prev.map_or(-1, |p| p as i32);
        env.emit(Event::From { prev, to, speculative, safe: true });
    } else {
        env.say(WalkMsg::Safe { idx: to });
    }
}

/// Prints what stands before an instruction in the log, and the instruction; `true` while a whole state is still owed.
fn say_insn(env: &mut Env<'_>, prev: Option<usize>, mut owed: bool) -> bool {
    if env.logs(2) && owed {
        let (to, speculative) = (env.insn_idx, env.cur.speculative);
        env.emit(Event::From { prev: prev.map_or(-1, |p| p as i32), to, speculative, safe: false });
        env.print_state(env.cur.top_frame(), true);
        owed = false;
    }
    if env.touched_regs != 0 || env.touched_slots != 0 {
        env.show_changes();
    }
    let idx = env.insn_idx;
    env.emit(Event::Insn { idx });
    owed
}

/// The path is over: takes up another one. `false` when none is left.
fn end_path(env: &mut Env<'_>, prev: &mut Option<usize>) -> Res<bool> {
    if env.interest.structure {
        let idx = env.insn_idx;
        env.emit(Event::PathEnd { idx });
    }
    env.scratch_all();
    prune::end_branches(env)?;
    liveness::solve_live_stack(env)?;
    let Some((from, to)) = next_path(env) else { return Ok(false) };
    *prev = Some(from);
    env.insn_idx = to;
    Ok(true)
}

fn reserved(env: &mut Env<'_>, msg: WalkMsg) -> Stop {
    env.reject(msg, Errno::EINVAL)
}

/// One instruction whose check is taken as met. What it reads counts as read, so that states that differ there stay apart.
fn step_assumed(env: &mut Env<'_>, insn: Insn) -> Res<Next> {
    let read = match insn.class() {
        LDX => insn.src..=insn.src,
        ST => insn.dst..=insn.dst,
        STX => insn.dst.min(insn.src)..=insn.dst.max(insn.src),
        _ if insn.is_call() => 1..=5,
        _ => insn.dst..=insn.dst,
    };
    for regno in read {
        if env.reg(regno).ty.base != RegBase::NotInit {
            use_register(env, regno, ArgUse::Src)?;
        }
    }
    match insn.class() {
        LDX => {
            use_register(env, insn.dst, ArgUse::DstNoMark)?;
            set_unknown(env, insn.dst);
            Ok(Next::Step)
        }
        // A store to the stack would have to be followed.
        ST | STX if insn.mode() == MEM && env.reg(insn.dst).ty.base != RegBase::PtrToStack => Ok(Next::Step),
        ALU64 if matches!(insn.op(), ADD | SUB) && sum_assumed(env, insn) => Ok(Next::Step),
        _ => Ok(Next::PathEnd),
    }
}

/// A sum of a pointer and a number that is taken as met: the pointer is somewhere in its object. `false`: it is none, or one
/// whose place matters to more than accesses.
fn sum_assumed(env: &mut Env<'_>, insn: Insn) -> bool {
    let movable = |r: RegState| matches!(r.ty.base, RegBase::PtrToMapValue | RegBase::PtrToMem | RegBase::PtrToPacket);
    let (dst, src) = (*env.reg(insn.dst), if insn.is_reg_src() { *env.reg(insn.src) } else { RegState::konst(0) });
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
        sum.id = env.new_id();
    }
    env.reg_mut(insn.dst).set(sum);
    true
}

/// One instruction.
fn step(env: &mut Env<'_>, insn: Insn) -> Res<Next> {
    match insn.class() {
        ALU | ALU64 => transfer::do_arithmetic(env, insn)?,
        LDX => access::load_value(env, insn, false, insn.mode() == MEMSX, true)?,
        STX if insn.mode() == ATOMIC => {
            let at = env.insn_idx;
            access::atomic_operation(env, at, insn)?;
        }
        STX => {
            if insn.mode() != MEM || insn.imm != 0 {
                return Err(reserved(env, WalkMsg::StxReserved));
            }
            access::store_value(env, insn, false)?;
        }
        ST => store_imm(env, insn)?,
        JMP | JMP32 => return jump(env, insn),
        LD => match insn.mode() {
            ABS | IND => ld_abs(env, insn)?,
            IMM => {
                ld_imm(env, insn)?;
                env.insn_idx += 1;
                mark_seen(env);
            }
            _ => return Err(reserved(env, WalkMsg::InvalidLdMode)),
        },
        class => return Err(reserved(env, WalkMsg::UnknownClass { class })),
    }
    Ok(Next::Step)
}

fn store_imm(env: &mut Env<'_>, insn: Insn) -> Res {
    if insn.mode() != MEM || insn.src != 0 {
        return Err(reserved(env, WalkMsg::StReserved));
    }
    use_register(env, insn.dst, ArgUse::Src)?;
    let ty = env.reg(insn.dst).ty;
    let at = env.insn_idx;
    access::memory_access(env, at, insn.dst, i32::from(insn.off), insn.size_bits(), Access::Write, None, false, false)?;
    access::one_kind_of_pointer(env, ty, false)
}

fn jump(env: &mut Env<'_>, insn: Insn) -> Res<Next> {
    env.explorer.jumps_done += 1;
    match insn.op() {
        CALL => {
            let known = matches!(insn.src, 0 | PSEUDO_CALL | PSEUDO_KFUNC_CALL);
            let bad_off = insn.src != PSEUDO_KFUNC_CALL && insn.off != 0;
            if insn.is_reg_src() || bad_off || !known || insn.dst != 0 || insn.class() == JMP32 {
                return Err(reserved(env, WalkMsg::CallReserved));
            }
            check_call(env, insn)
        }
        JA => {
            let wide = insn.class() == JMP32;
            let unused = if wide { i32::from(insn.off) } else { insn.imm };
            if insn.is_reg_src() || insn.src != 0 || insn.dst != 0 || unused != 0 {
                return Err(reserved(env, WalkMsg::JaReserved));
            }
            let to = env.insn_idx as i64 + i64::from(insn.jump_offset()) + 1;
            // The control-flow stage made sure that the target is inside the program.
            env.insn_idx = usize::try_from(to).unwrap_or(usize::MAX);
            Ok(Next::Goto)
        }
        EXIT => {
            if insn.is_reg_src() || insn.imm != 0 || insn.src != 0 || insn.dst != 0 || insn.class() == JMP32 {
                return Err(reserved(env, WalkMsg::ExitReserved));
            }
            exit(env, false)
        }
        _ => {
            let mut at = env.insn_idx;
            transfer::conditional_jump(env, insn, &mut at)?;
            env.insn_idx = at;
            Ok(Next::Step)
        }
    }
}

fn check_call(env: &mut Env<'_>, insn: Insn) -> Res<Next> {
    if refs::lock_held(env) {
        let helper = insn.src == 0 && insn.imm != FUNC_SPIN_UNLOCK;
        let kernel = insn.src == PSEUDO_KFUNC_CALL && (insn.off != 0 || !kfunc::works_on_graphs(env, insn));
        if helper || kernel {
            return Err(env.reject(WalkMsg::CallWhileLocked, Errno::EINVAL));
        }
    }
    let mut at = env.insn_idx;
    match insn.src {
        PSEUDO_CALL => call::local_call(env, insn, &mut at)?,
        PSEUDO_KFUNC_CALL => {
            kfunc::kfunc_call(env, insn, &mut at)?;
            if kfunc::throws(env, insn) {
                env.insn_idx = at;
                return exit(env, true);
            }
        }
        _ => call::helper_call(env, insn, &mut at)?,
    }
    env.insn_idx = at;
    env.scratch_reg(0);
    Ok(Next::Step)
}

/// A function or the program ends, or an exception is thrown.
fn exit(env: &mut Env<'_>, exception: bool) -> Res<Next> {
    // What is held may be held across the exit of a nested function, but not across that of the program.
    let outermost = exception || env.cur.top_frame() == 0;
    let what = if exception { "bpf_throw" } else { "BPF_EXIT instruction in main prog" };
    refs::nothing_held_is_left(env, exception, outermost, what)?;
    if exception {
        return Ok(Next::PathEnd);
    }
    if env.cur.top_frame() > 0 {
        let mut at = env.insn_idx;
        call::return_to_caller(env, &mut at)?;
        env.insn_idx = at;
        return Ok(Next::Returned);
    }
    call::result_in_range(env, 0, "R0")?;
    Ok(Next::PathEnd)
}

/// A 64-bit constant load.
fn ld_imm(env: &mut Env<'_>, insn: Insn) -> Res {
    if insn.size_bits() != DW {
        return Err(reserved(env, WalkMsg::InvalidLdImm));
    }
    if insn.off != 0 {
        return Err(reserved(env, WalkMsg::LdImm64Reserved));
    }
    use_register(env, insn.dst, ArgUse::Dst)?;
    let at = env.insn_idx;
    if insn.src == 0 {
        let high = env.insns.get(at + 1).map_or(0, |h| h.imm as u32);
        let value = u64::from(high) << 32 | u64::from(insn.imm as u32);
        let mut reg = *env.reg(insn.dst);
        super::regs::set_known(&mut reg, value);
        reg.ty = RegType::of(RegBase::Scalar);
        *env.reg_mut(insn.dst) = reg;
        return Ok(());
    }
    set_known_zero(env, insn.dst);
    if insn.src == PSEUDO_BTF_ID {
        let Some(var) = env.aux[at].btf_var else { return Err(env.bug("symbol load without a type")) };
        let reg = env.reg_mut(insn.dst);
        reg.ty = var.ty;
        reg.payload = match var.ty.base {
            RegBase::PtrToMem => Payload::Mem { size: var.mem_size, dynptr_id: 0 },
            _ => Payload::Btf { btf: var.btf.0, id: var.btf.1 },
        };
        return Ok(());
    }
    if insn.src == PSEUDO_FUNC {
        return ld_func(env, insn);
    }
    let Some((map, off)) = env.aux[at].map else { return Err(env.bug("map load without a map")) };
    let arena = env.arena == Some(map);
    let value = matches!(insn.src, PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX_VALUE);
    if value && arena {
        let unknown = RegState { precise: !env.caps.has_cap_bpf, ..RegState::unknown() };
        env.reg_mut(insn.dst).set(unknown);
        return Ok(());
    }
    let reg = env.reg_mut(insn.dst);
    reg.payload = Payload::Map { map, uid: 0 };
    if value {
        reg.ty = RegType::of(RegBase::PtrToMapValue);
        reg.off = off as i32;
    } else {
        reg.ty = RegType::of(RegBase::ConstPtrToMap);
    }
    Ok(())
}

/// The address of a local function.
fn ld_func(env: &mut Env<'_>, insn: Insn) -> Res {
    let target = env.insn_idx as i64 + i64::from(insn.imm) + 1;
    let start = u32::try_from(target).unwrap_or(u32::MAX);
    if env.func_info.is_empty() {
        return Err(env.reject(WalkMsg::MissingFuncInfo, Errno::EINVAL));
    }
    let Ok(subprog) = env.subprogs.binary_search_by_key(&start, |s| s.start) else {
        return Err(env.bug("function load without a function"));
    };
    /// BTF linkage of a static function.
    const STATIC: u16 = 0;
    if env.function_facts.get(subprog).is_none_or(|a| a.linkage != STATIC) {
        return Err(env.reject(WalkMsg::CallbackNotStatic, Errno::EINVAL));
    }
    if subprog == 0 && env.kernel.features.callback_checks {
        return Err(env.reject(WalkMsg::CallbackIsMain, Errno::EINVAL));
    }
    let reg = env.reg_mut(insn.dst);
    reg.ty = RegType::of(RegBase::PtrToFunc);
    reg.payload = Payload::Subprog(subprog as u32);
    Ok(())
}

/// A classic packet load: reads through R6, destroys R1 to R5, may end the program.
fn ld_abs(env: &mut Env<'_>, insn: Insn) -> Res {
    const CTX: u8 = 6;
    let prog = env.resolved_prog_type();
    if !reads_socket_buffers(prog) {
        return Err(env.reject(WalkMsg::LdAbsType, Errno::EINVAL));
    }
    if env.kernel.features.callback_checks && env.cur.frames.iter().skip(1).any(|f| f.is_callback) {
        return Err(env.reject(WalkMsg::LdAbsCallback, Errno::EINVAL));
    }
    if !has_gen_ld_abs(prog) {
        return Err(env.bug("classic loads without code for them"));
    }
    let by_reg = insn.mode() == IND;
    if insn.dst != 0 || insn.off != 0 || insn.size_bits() == DW || (!by_reg && insn.src != 0) {
        return Err(env.reject(WalkMsg::LdAbsReserved, Errno::EINVAL));
    }
    use_register(env, CTX, ArgUse::Src)?;
    refs::nothing_held_is_left(env, false, true, "BPF_LD_[ABS|IND]")?;
    if !env.reg(CTX).ty.is(RegBase::PtrToCtx) {
        return Err(env.reject(WalkMsg::LdAbsR6, Errno::EINVAL));
    }
    if by_reg {
        use_register(env, insn.src, ArgUse::Src)?;
    }
    let ctx = *env.reg(CTX);
    access::at_object_start(env, &ctx, CTX)?;
    for regno in 0..=5 {
        set_uninit(env, regno);
        use_register(env, regno, ArgUse::DstNoMark)?;
    }
    set_unknown(env, 0);
    // The load ends the function with 0 when it is out of the packet: a caller sees that too.
    if env.cur.top_frame() > 0 {
        env.scratch_reg(0);
        let at = env.insn_idx;
        fork_path(env, at + 1, at, Fork::Jump)?;
        set_known_zero(env, 0);
        let mut back = at;
        call::return_to_caller(env, &mut back)?;
        env.insn_idx = back.wrapping_sub(1);
    }
    Ok(())
}
