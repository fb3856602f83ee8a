//! The walk: one instruction after another, one path after another.
//!
//! Answers for `do_check()`, `do_check_common()`, `do_check_main()` and `do_check_subprogs()`. What each instruction
//! means stands in the modules beside this one; here stands only the order.

use crate::error::{Errno, Res, Stop, WalkMsg};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::kernel::call::{RegBase, RegType};
use crate::kernel::prog_types::policy::{has_gen_ld_abs, may_access_skb};
use crate::log::Event;
use crate::state::{Payload, RegState, VerifierState};

use super::access;
use super::call;
use super::env::Env;
use super::explore::{self, Fork, pop_stack, push_stack, update_branch_counts};
use super::kfunc;
use super::liveness;
use super::prune;
use super::refs;
use super::regs::{Access, ArgUse, check_reg_arg, mark_reg_known_zero, mark_reg_not_init, mark_reg_unknown};
use super::transfer;

/// Most instructions processed in one load. Kernel: `BPF_COMPLEXITY_LIMIT_INSNS`.
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

/// Verifies the main program. Kernel: `do_check_main()`.
pub(crate) fn check_main(env: &mut Env<'_>) -> Res {
    env.insn_idx = 0;
    check_common(env, 0)
}

/// Verifies global functions that verified code calls, until none is new. Kernel: `do_check_subprogs()`.
pub(crate) fn check_subprogs(env: &mut Env<'_>) -> Res {
    if env.func_info.is_empty() {
        return Ok(());
    }
    let exception = env.exception_callback_subprog as usize;
    if exception != 0
        && let Some(aux) = env.func_info_aux.get_mut(exception)
    {
        aux.called = true;
    }
    /// BTF linkage of a global function.
    const GLOBAL: u16 = 1;
    loop {
        let mut any = false;
        for n in 1..env.subprogs.len() {
            let Some(aux) = env.func_info_aux.get(n).copied() else { continue };
            if aux.linkage != GLOBAL || !aux.called || aux.verified {
                continue;
            }
            env.insn_idx = env.subprogs[n].start as usize;
            check_common(env, n)?;
            if env.logging() {
                let name = env.subprog_name(n);
                env.say(WalkMsg::FuncSafe { n, name });
            }
            env.func_info_aux[n].verified = true;
            any = true;
        }
        if !any {
            return Ok(());
        }
    }
}

/// Walks one function from its entry. Kernel: `do_check_common()`.
fn check_common(env: &mut Env<'_>, subprog: usize) -> Res {
    if env.interest.log_level != 0 || env.interest.structure {
        env.emit(Event::Begin { subprog });
    }
    env.pass_cnt += 1;
    env.cur = VerifierState::for_entry(env.subprogs[subprog].start, subprog as u32);
    env.cur.branches = 1;
    env.scratch_all();
    let result = call::setup_entry_regs(env, subprog).and_then(|()| walk(env));
    if result.is_ok() && !env.logs(2) {
        env.sink.rewind(0);
    }
    // What led to a rejection stays for those who explain it.
    if result.is_ok() {
        explore::free_states(env);
    }
    result
}

/// Walks every path. Kernel: `do_check()`.
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
        env.cur.last_insn_idx = prev.map_or(u32::MAX, |p| p as u32);
        env.cur.insn_idx = env.insn_idx as u32;

        if env.aux[env.insn_idx].prune_point && prune::is_state_visited(env, env.insn_idx)? {
            if env.logging() {
                say_safe(env, prev, print_state);
            }
            if !end_path(env, &mut prev)? {
                return Ok(());
            }
            print_state = true;
            continue;
        }
        if env.aux[env.insn_idx].jmp_point {
            prune::push_jmp_history(env, 0, None);
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
        let next = if guessed && env.aux[at].nospec {
            Next::PathEnd
        } else {
            liveness::begin_insn(env);
            let done = if env.assumed.contains(&at) { step_assumed(env, insn) } else { step(env, insn) };
            let done = match done {
                Err(Stop::Reject(r)) if guessed && a_barrier_helps(r.errno) => {
                    (env.aux[at].nospec, env.aux[at].alu_state) = (true, 0);
                    Next::PathEnd
                }
                other => other?,
            };
            liveness::commit_insn(env);
            if guessed && env.aux[at].sanitize_stack_spill { Next::PathEnd } else { done }
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
/// instruction keeps every CPU from it. Kernel: `error_recoverable_with_nospec()`.
fn a_barrier_helps(errno: Errno) -> bool {
    matches!(errno, Errno::EPERM | Errno::EACCES | Errno::EINVAL)
}

/// The instruction was reached in this pass. Kernel: `sanitize_mark_insn_seen()`.
fn mark_seen(env: &mut Env<'_>) {
    // What only a mispredicting CPU would run does not count as reached.
    if !env.cur.speculative {
        let (at, pass) = (env.insn_idx, env.pass_cnt);
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
        env.print_state(env.cur.curframe(), true);
        owed = false;
    }
    if env.scratched_regs != 0 || env.scratched_slots != 0 {
        env.print_insn_state();
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
    update_branch_counts(env)?;
    liveness::update_live_stack(env)?;
    let Some((from, to)) = pop_stack(env) else { return Ok(false) };
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
            check_reg_arg(env, regno, ArgUse::Src)?;
        }
    }
    match insn.class() {
        LDX => {
            check_reg_arg(env, insn.dst, ArgUse::DstNoMark)?;
            mark_reg_unknown(env, insn.dst);
            Ok(Next::Step)
        }
        // A store to the stack would have to be followed.
        ST | STX if insn.mode() == MEM && env.reg(insn.dst).ty.base != RegBase::PtrToStack => Ok(Next::Step),
        _ => Ok(Next::PathEnd),
    }
}

/// One instruction. Kernel: the body of `do_check()`.
fn step(env: &mut Env<'_>, insn: Insn) -> Res<Next> {
    match insn.class() {
        ALU | ALU64 => transfer::check_alu_op(env, insn)?,
        LDX => access::check_load_mem(env, insn, false, insn.mode() == MEMSX, true)?,
        STX if insn.mode() == ATOMIC => {
            let at = env.insn_idx;
            access::check_atomic(env, at, insn)?;
        }
        STX => {
            if insn.mode() != MEM || insn.imm != 0 {
                return Err(reserved(env, WalkMsg::StxReserved));
            }
            access::check_store_reg(env, insn, false)?;
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
    check_reg_arg(env, insn.dst, ArgUse::Src)?;
    let ty = env.reg(insn.dst).ty;
    let at = env.insn_idx;
    access::check_mem_access(
        env,
        at,
        insn.dst,
        i32::from(insn.off),
        insn.size_bits(),
        Access::Write,
        None,
        false,
        false,
    )?;
    access::save_aux_ptr_type(env, ty, false)
}

fn jump(env: &mut Env<'_>, insn: Insn) -> Res<Next> {
    env.explorer.jmps_processed += 1;
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
            transfer::check_cond_jmp_op(env, insn, &mut at)?;
            env.insn_idx = at;
            Ok(Next::Step)
        }
    }
}

fn check_call(env: &mut Env<'_>, insn: Insn) -> Res<Next> {
    if refs::lock_held(env) {
        let helper = insn.src == 0 && insn.imm != FUNC_SPIN_UNLOCK;
        let kernel = insn.src == PSEUDO_KFUNC_CALL && (insn.off != 0 || !kfunc::is_bpf_graph_api_kfunc(env, insn));
        if helper || kernel {
            return Err(env.reject(WalkMsg::CallWhileLocked, Errno::EINVAL));
        }
    }
    let mut at = env.insn_idx;
    match insn.src {
        PSEUDO_CALL => call::check_func_call(env, insn, &mut at)?,
        PSEUDO_KFUNC_CALL => {
            kfunc::check_kfunc_call(env, insn, &mut at)?;
            if kfunc::is_bpf_throw_kfunc(env, insn) {
                env.insn_idx = at;
                return exit(env, true);
            }
        }
        _ => call::check_helper_call(env, insn, &mut at)?,
    }
    env.insn_idx = at;
    env.scratch_reg(0);
    Ok(Next::Step)
}

/// A function or the program ends, or an exception is thrown. Kernel: `process_bpf_exit_full` in `do_check()`.
fn exit(env: &mut Env<'_>, exception: bool) -> Res<Next> {
    // What is held may be held across the exit of a nested function, but not across that of the program.
    let outermost = exception || env.cur.curframe() == 0;
    let what = if exception { "bpf_throw" } else { "BPF_EXIT instruction in main prog" };
    refs::check_resource_leak(env, exception, outermost, what)?;
    if exception {
        return Ok(Next::PathEnd);
    }
    if env.cur.curframe() > 0 {
        let mut at = env.insn_idx;
        call::prepare_func_exit(env, &mut at)?;
        env.insn_idx = at;
        return Ok(Next::Returned);
    }
    call::check_return_code(env, 0, "R0")?;
    Ok(Next::PathEnd)
}

/// A 64-bit constant load. Kernel: `check_ld_imm()`.
fn ld_imm(env: &mut Env<'_>, insn: Insn) -> Res {
    if insn.size_bits() != DW {
        return Err(reserved(env, WalkMsg::InvalidLdImm));
    }
    if insn.off != 0 {
        return Err(reserved(env, WalkMsg::LdImm64Reserved));
    }
    check_reg_arg(env, insn.dst, ArgUse::Dst)?;
    let at = env.insn_idx;
    if insn.src == 0 {
        let high = env.insns.get(at + 1).map_or(0, |h| h.imm as u32);
        let value = u64::from(high) << 32 | u64::from(insn.imm as u32);
        let mut reg = *env.reg(insn.dst);
        super::regs::mark_reg_known(&mut reg, value);
        reg.ty = RegType::of(RegBase::Scalar);
        *env.reg_mut(insn.dst) = reg;
        return Ok(());
    }
    mark_reg_known_zero(env, insn.dst);
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
        let unknown = RegState { precise: !env.caps.bpf_capable, ..RegState::unknown() };
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
    if env.func_info_aux.get(subprog).is_none_or(|a| a.linkage != STATIC) {
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

/// A classic packet load: reads through R6, destroys R1 to R5, may end the program. Kernel: `check_ld_abs()`.
fn ld_abs(env: &mut Env<'_>, insn: Insn) -> Res {
    const CTX: u8 = 6;
    let prog = env.resolved_prog_type();
    if !may_access_skb(prog) {
        return Err(env.reject(WalkMsg::LdAbsType, Errno::EINVAL));
    }
    if env.kernel.features.callback_checks && env.cur.frames.iter().skip(1).any(|f| f.in_callback_fn) {
        return Err(env.reject(WalkMsg::LdAbsCallback, Errno::EINVAL));
    }
    if !has_gen_ld_abs(prog) {
        return Err(env.bug("classic loads without code for them"));
    }
    let by_reg = insn.mode() == IND;
    if insn.dst != 0 || insn.off != 0 || insn.size_bits() == DW || (!by_reg && insn.src != 0) {
        return Err(env.reject(WalkMsg::LdAbsReserved, Errno::EINVAL));
    }
    check_reg_arg(env, CTX, ArgUse::Src)?;
    refs::check_resource_leak(env, false, true, "BPF_LD_[ABS|IND]")?;
    if !env.reg(CTX).ty.is(RegBase::PtrToCtx) {
        return Err(env.reject(WalkMsg::LdAbsR6, Errno::EINVAL));
    }
    if by_reg {
        check_reg_arg(env, insn.src, ArgUse::Src)?;
    }
    let ctx = *env.reg(CTX);
    access::check_ptr_off_reg(env, &ctx, CTX)?;
    for regno in 0..=5 {
        mark_reg_not_init(env, regno);
        check_reg_arg(env, regno, ArgUse::DstNoMark)?;
    }
    mark_reg_unknown(env, 0);
    // The load ends the function with 0 when it is out of the packet: a caller sees that too.
    if env.cur.curframe() > 0 {
        env.scratch_reg(0);
        let at = env.insn_idx;
        push_stack(env, at + 1, at, Fork::Jump)?;
        mark_reg_known_zero(env, 0);
        let mut back = at;
        call::prepare_func_exit(env, &mut back)?;
        env.insn_idx = back.wrapping_sub(1);
    }
    Ok(())
}
