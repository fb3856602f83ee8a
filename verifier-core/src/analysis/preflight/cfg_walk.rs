//! The kernel's walk over the control-flow graph: which instructions can be reached, and where states are compared.
//!
//! Answers for `check_cfg()`, `visit_insn()` and `push_insn()`. The order of the walk decides which message comes first
//! and which calls are known to move packet data when their caller is summed up, so it is the kernel's: depth first,
//! fall-through before branch, calls after what follows them.
//!
//! In the kernel: `is_kfunc_pkt_changing()`, `visit_func_call_insn()`, `merge_callee_effects()`.

use super::super::kfunc;
use super::super::{Env, helper_proto};
use crate::error::{Errno, Res, Stop, StructureMsg};
use crate::isa::insn::Insn;
use crate::isa::opcode::*;
use crate::kernel::helpers::class;
use crate::log::Event;

/// Kernel functions that move packet data.
const PKT_CHANGING_KFUNCS: &[&str] = &["bpf_xdp_pull_data"];

/// How far an instruction is walked. The order matters: an edge is labelled once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Unseen,
    Discovered,
    FellThrough,
    Branched,
    Explored,
}

/// What an edge is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    FallThrough,
    Branch,
}

/// Whether the walk goes on elsewhere before it is done with an instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Done,
    Keep,
}

struct Walk {
    marks: Vec<Mark>,
    stack: Vec<usize>,
}

fn mark_prune_point(env: &mut Env<'_>, idx: usize) {
    if let Some(a) = env.aux.get_mut(idx) {
        a.compare_point = true;
    }
}

fn mark_jmp_point(env: &mut Env<'_>, idx: usize) {
    if let Some(a) = env.aux.get_mut(idx) {
        a.history_point = true;
    }
}

fn mark_jump_target(env: &mut Env<'_>, idx: usize) {
    if let Some(a) = env.aux.get_mut(idx) {
        a.jump_target = true;
    }
}

fn source_line(env: &mut Env<'_>, idx: usize) {
    if env.interest.log_level != 0 {
        env.emit(Event::SourceLine { idx, numbered: true });
    }
}

impl Walk {
    /// Follows the edge from `t` to `w` unless it was.
    fn push(&mut self, env: &mut Env<'_>, t: usize, w: i64, edge: Edge) -> Res<Step> {
        let label = if edge == Edge::FallThrough { Mark::FellThrough } else { Mark::Branched };
        if self.marks[t] >= label {
            return Ok(Step::Done);
        }
        let Some(to) = usize::try_from(w).ok().filter(|w| *w < self.marks.len()) else {
            source_line(env, t);
            return Err(env.reject(StructureMsg::JumpOutOfRange { from: t, to: w }, Errno::EINVAL));
        };
        if edge == Edge::Branch {
            mark_prune_point(env, to);
            mark_jmp_point(env, to);
            mark_jump_target(env, to);
        }
        match self.marks[to] {
            Mark::Unseen => {
                self.marks[t] = label;
                self.marks[to] = Mark::Discovered;
                if self.stack.len() >= self.marks.len() {
                    return Err(Stop::silent(Errno::E2BIG));
                }
                self.stack.push(to);
                Ok(Step::Keep)
            }
            Mark::Explored => {
                self.marks[t] = label;
                Ok(Step::Done)
            }
            // The target is on the walk's own path.
            _ if env.caps.has_cap_bpf => Ok(Step::Done),
            _ => {
                source_line(env, t);
                source_line(env, to);
                Err(env.reject(StructureMsg::BackEdge { from: t, to }, Errno::EINVAL))
            }
        }
    }

    /// A call, or an instruction that takes a function's address.
    fn visit_call(&mut self, env: &mut Env<'_>, t: usize, insn: Insn, into: bool) -> Res<Step> {
        let next = t + if insn.is_ldimm64() { 2 } else { 1 };
        if self.push(env, t, next as i64, Edge::FallThrough)? == Step::Keep {
            return Ok(Step::Keep);
        }
        mark_prune_point(env, next);
        // What returns here did not come from the instruction before.
        mark_jmp_point(env, next);
        if !into {
            return Ok(Step::Done);
        }
        let w = t as i64 + 1 + i64::from(insn.imm);
        mark_prune_point(env, t);
        merge_callee(env, t, w);
        self.push(env, t, w, Edge::Branch)
    }

    /// Pushes what follows an instruction.
    fn visit(&mut self, env: &mut Env<'_>, t: usize) -> Res<Step> {
        let insn = env.insns[t];
        if insn.is_pseudo_func() {
            return self.visit_call(env, t, insn, true);
        }
        if !insn.is_jmp_class() {
            let next = t + if insn.is_ldimm64() { 2 } else { 1 };
            return self.push(env, t, next as i64, Edge::FallThrough);
        }
        match insn.op() {
            EXIT => Ok(Step::Done),
            CALL => {
                note_call(env, t, insn);
                self.visit_call(env, t, insn, insn.src == PSEUDO_CALL)
            }
            JA => {
                if insn.is_reg_src() {
                    return Err(Stop::silent(Errno::EINVAL));
                }
                let off = if insn.class() == JMP { i64::from(insn.off) } else { i64::from(insn.imm) };
                let w = t as i64 + off + 1;
                if self.push(env, t, w, Edge::FallThrough)? == Step::Keep {
                    return Ok(Step::Keep);
                }
                if let Ok(w) = usize::try_from(w) {
                    mark_prune_point(env, w);
                    mark_jmp_point(env, w);
                    mark_jump_target(env, w);
                }
                Ok(Step::Done)
            }
            _ => {
                mark_prune_point(env, t);
                if insn.is_may_goto() {
                    env.aux[t].always_stored = true;
                }
                if self.push(env, t, t as i64 + 1, Edge::FallThrough)? == Step::Keep {
                    return Ok(Step::Keep);
                }
                self.push(env, t, t as i64 + i64::from(insn.off) + 1, Edge::Branch)
            }
        }
    }

    fn run(&mut self, env: &mut Env<'_>, from: usize) -> Res {
        self.marks[from] = Mark::Discovered;
        self.stack.push(from);
        while let Some(&t) = self.stack.last() {
            if self.visit(env, t)? == Step::Done {
                self.marks[t] = Mark::Explored;
                self.stack.pop();
            }
        }
        Ok(())
    }
}

/// What a callee does, its caller does. Callees are summed up before, because there is no recursion.
fn merge_callee(env: &mut Env<'_>, t: usize, w: i64) {
    let Ok(w) = usize::try_from(w) else { return };
    let (caller, callee) = (env.subprog_at(t), env.subprog_at(w));
    let Some((changes, sleeps)) = env.subprogs.get(callee).map(|c| (c.moves_packet_data, c.can_sleep)) else { return };
    if let Some(c) = env.subprogs.get_mut(caller) {
        c.moves_packet_data |= changes;
        c.can_sleep |= sleeps;
    }
}

/// Where states are stored around a call, and what the call means for its function.
fn note_call(env: &mut Env<'_>, t: usize, insn: Insn) {
    let helper = insn.is_helper_call().then_some(insn.imm as u32);
    let is_kfunc = insn.is_kfunc_call();
    if helper.is_some_and(class::calls_async_callback) || (is_kfunc && kfunc::calls_back_later(env, insn)) {
        // Compare before the call, or every visit pushes the callback again.
        mark_prune_point(env, t);
    }
    if helper.is_some_and(class::calls_sync_callback) || (is_kfunc && kfunc::calls_back_at_once(env, insn)) {
        // The callback runs any number of times; only an equal state before the call ends that.
        env.aux[t].runs_callbacks = true;
        env.aux[t].always_stored = true;
        mark_prune_point(env, t);
        mark_jmp_point(env, t);
    }
    let (mut changes, mut sleeps) = (false, false);
    if let Some(id) = helper {
        changes = class::moves_packet_data(id);
        sleeps = helper_proto::get(env, id).is_some_and(|p| p.can_sleep);
    } else if is_kfunc {
        if kfunc::yields_next(env, insn) {
            mark_prune_point(env, t);
            env.aux[t].always_stored = true;
        }
        sleeps = kfunc::kfunc_may_sleep(env, insn);
        changes = kfunc::kfunc_name(env, insn).is_some_and(|n| PKT_CHANGING_KFUNCS.contains(&n.as_str()));
    }
    let sub = env.subprog_at(t);
    if let Some(s) = env.subprogs.get_mut(sub) {
        s.moves_packet_data |= changes;
        s.can_sleep |= sleeps;
    }
}

/// Every instruction can be reached, no jump leads out or into the middle of one; marks where states are compared and
/// where histories are kept.
///
/// # Errors
/// Rejects programs whose graph is malformed.
pub(crate) fn walk_graph(env: &mut Env<'_>) -> Res {
    let len = env.insns.len();
    if len == 0 {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let mut walk = Walk { marks: vec![Mark::Unseen; len], stack: Vec::with_capacity(64) };
    walk.run(env, 0)?;
    if env.exception_function != 0
        && let Some(start) = env.subprogs.get(env.exception_function as usize).map(|s| s.start as usize)
        && start < len
    {
        // The exception callback is called by nobody, so it is walked by itself.
        walk.run(env, start)?;
    }
    let mut i = 0;
    while i < len {
        if walk.marks[i] != Mark::Explored {
            return Err(env.reject(StructureMsg::UnreachableInsn { idx: i }, Errno::EINVAL));
        }
        if env.insns[i].is_ldimm64() {
            if walk.marks.get(i + 1).is_some_and(|m| *m != Mark::Unseen) {
                return Err(env.reject(StructureMsg::JumpIntoLdimm64 { idx: i }, Errno::EINVAL));
            }
            i += 1;
        }
        i += 1;
    }
    Ok(())
}
