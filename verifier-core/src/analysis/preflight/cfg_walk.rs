//! The kernel's walk over the control-flow graph: which instructions can be reached, and where states are compared.
//!
//! Answers for `check_cfg()`, `visit_insn()` and `push_insn()`. The order of the walk decides which message comes first
//! and which calls are known to move packet data when their caller is summed up, so it is the kernel's: depth first,
//! fall-through before branch, calls after what follows them.
//!
//! In the kernel: `is_kfunc_pkt_changing()`, `visit_func_call_insn()`, `merge_callee_effects()`.

use super::super::kfunc;
use super::super::{Draft, helper_proto};
use crate::cfg::flow::behind;
use crate::error::{Errno, Res, Stop, StructureMsg};
use crate::isa::{Callee, Flow, Insn, Op};
use crate::kernel::ProgType;
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

fn mark_prune_point(cx: &mut Draft<'_>, idx: usize) {
    if let Some(a) = cx.learned.aux.get_mut(idx) {
        a.compare_point = true;
    }
}

fn mark_jmp_point(cx: &mut Draft<'_>, idx: usize) {
    if let Some(a) = cx.learned.aux.get_mut(idx) {
        a.history_point = true;
    }
}

fn mark_jump_target(cx: &mut Draft<'_>, idx: usize) {
    if let Some(a) = cx.learned.aux.get_mut(idx) {
        a.jump_target = true;
    }
}

fn source_line(cx: &mut Draft<'_>, idx: usize) {
    if cx.out.interest.log_level != 0 {
        cx.emit(Event::SourceLine { idx, numbered: true });
    }
}

impl Walk {
    /// Follows the edge from `t` to `w` unless it was.
    ///
    /// `by_jump` tells whether it is a jump's, which may lead backwards in every release.
    fn push(&mut self, cx: &mut Draft<'_>, t: usize, w: i64, edge: Edge, by_jump: bool) -> Res<Step> {
        let label = if edge == Edge::FallThrough { Mark::FellThrough } else { Mark::Branched };
        if self.marks[t] >= label {
            return Ok(Step::Done);
        }
        let Some(to) = usize::try_from(w).ok().filter(|w| *w < self.marks.len()) else {
            source_line(cx, t);
            return Err(cx.reject(StructureMsg::JumpOutOfRange { from: t, to: w }, Errno::EINVAL));
        };
        if edge == Edge::Branch {
            mark_prune_point(cx, to);
            mark_jmp_point(cx, to);
            mark_jump_target(cx, to);
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
            _ if cx.program.caps.has_cap_bpf && (by_jump || cx.program.kernel.features.loops_by_any_edge) => {
                Ok(Step::Done)
            }
            _ => {
                source_line(cx, t);
                source_line(cx, to);
                Err(cx.reject(StructureMsg::BackEdge { from: t, to }, Errno::EINVAL))
            }
        }
    }

    /// A call, or an instruction that takes a function's address.
    fn visit_call(&mut self, cx: &mut Draft<'_>, t: usize, insn: Insn, into: bool) -> Res<Step> {
        let next = behind(&cx.program.insns, t);
        if self.push(cx, t, next as i64, Edge::FallThrough, false)? == Step::Keep {
            return Ok(Step::Keep);
        }
        mark_prune_point(cx, next);
        // What returns here did not come from the instruction before.
        mark_jmp_point(cx, next);
        if !into {
            return Ok(Step::Done);
        }
        let w = t as i64 + 1 + i64::from(insn.imm);
        mark_prune_point(cx, t);
        merge_callee(cx, t, w);
        // Taking a function's address is no call of it.
        self.push(cx, t, w, Edge::Branch, insn.is_pseudo_func())
    }

    /// Pushes what follows an instruction.
    fn visit(&mut self, cx: &mut Draft<'_>, t: usize) -> Res<Step> {
        let insn = cx.program.insns[t];
        if insn.is_pseudo_func() {
            return self.visit_call(cx, t, insn, true);
        }
        let op = insn.decode();
        if let Op::Call { callee } = op {
            note_call(cx, t, insn);
            return self.visit_call(cx, t, insn, matches!(callee, Callee::Local(_)));
        }
        match op.flow() {
            Flow::End => Ok(Step::Done),
            Flow::Next => self.push(cx, t, (t + op.slots()) as i64, Edge::FallThrough, false),
            Flow::Jump(by) => {
                let w = t as i64 + i64::from(by) + 1;
                if self.push(cx, t, w, Edge::FallThrough, true)? == Step::Keep {
                    return Ok(Step::Keep);
                }
                if let Ok(w) = usize::try_from(w) {
                    mark_prune_point(cx, w);
                    mark_jmp_point(cx, w);
                    mark_jump_target(cx, w);
                }
                if cx.program.kernel.features.jumps_compare_behind {
                    mark_prune_point(cx, t + 1);
                }
                Ok(Step::Done)
            }
            Flow::Table => self.visit_table(cx, t),
            Flow::Branch(by) => {
                mark_prune_point(cx, t);
                if insn.is_may_goto() {
                    cx.learned.aux[t].always_stored = true;
                }
                if self.push(cx, t, t as i64 + 1, Edge::FallThrough, true)? == Step::Keep {
                    return Ok(Step::Keep);
                }
                self.push(cx, t, t as i64 + i64::from(by) + 1, Edge::Branch, true)
            }
        }
    }

    /// A jump to any place that the jump tables of its function hold.
    fn visit_table(&mut self, cx: &mut Draft<'_>, t: usize) -> Res<Step> {
        if cx.program.jump_tables.at(t).is_empty() {
            let start = learn_places(cx, t)?;
            if !cx.program.jump_tables.add(t, start) {
                return Err(Stop::Budget("ways through jump tables".into()));
            }
        }
        mark_prune_point(cx, t);
        let mut step = Step::Done;
        for at in 0..cx.program.jump_tables.at(t).len() {
            let to = cx.program.jump_tables.at(t)[at];
            mark_jmp_point(cx, to);
            mark_jump_target(cx, to);
            if self.marks[to] != Mark::Unseen {
                continue;
            }
            if self.stack.len() >= self.marks.len() {
                return Err(Stop::silent(Errno::E2BIG));
            }
            self.stack.push(to);
            self.marks[to] = Mark::Discovered;
            step = Step::Keep;
        }
        Ok(step)
    }

    fn run(&mut self, cx: &mut Draft<'_>, from: usize) -> Res {
        self.marks[from] = Mark::Discovered;
        self.stack.push(from);
        while let Some(&t) = self.stack.last() {
            if self.visit(cx, t)? == Step::Done {
                self.marks[t] = Mark::Explored;
                self.stack.pop();
            }
        }
        Ok(())
    }
}

/// Learns where jumps through registers may go in a jump's function, which begins where is returned: what all jump tables
/// hold whose least place is in it.
fn learn_places(cx: &mut Draft<'_>, t: usize) -> Res<usize> {
    let len = cx.program.insns.len();
    let sub = cx.subprog_at(t);
    let start = cx.learned.subprogs.get(sub).map_or(0, |s| s.start as usize);
    let end = cx.learned.subprogs.get(sub + 1).map_or(len, |s| s.start as usize);
    if cx.program.jump_tables.knows(start) {
        return Ok(start);
    }
    let used = cx.program.maps_used.iter().map(|map| &cx.program.map(*map).spec);
    let all: Vec<usize> = used.flat_map(|spec| spec.jump_places_from(start..end)).collect();
    if all.is_empty() {
        return Err(cx.reject(StructureMsg::NoJumpTable { idx: t, start }, Errno::EINVAL));
    }
    if all.iter().any(|to| !(start..end).contains(to)) {
        return Err(cx.reject(StructureMsg::JumpTableOutside { idx: t, start, end }, Errno::EINVAL));
    }
    cx.program.jump_tables.learn(start, all);
    Ok(start)
}

/// What a callee does, its caller does. Callees are summed up before, because there is no recursion.
fn merge_callee(cx: &mut Draft<'_>, t: usize, w: i64) {
    let Ok(w) = usize::try_from(w) else { return };
    let (caller, callee) = (cx.subprog_at(t), cx.subprog_at(w));
    let facts = cx.learned.subprogs.get(callee).map(|c| (c.moves_packet_data, c.can_sleep, c.can_throw));
    let Some((changes, sleeps, throws)) = facts else { return };
    if let Some(c) = cx.learned.subprogs.get_mut(caller) {
        c.can_throw |= throws;
        c.moves_packet_data |= changes;
        c.can_sleep |= sleeps;
    }
}

/// Where states are stored around a call, and what the call means for its function.
fn note_call(cx: &mut Draft<'_>, t: usize, insn: Insn) {
    let helper = insn.is_helper_call().then_some(insn.imm as u32);
    let is_kfunc = insn.is_kfunc_call();
    if helper.is_some_and(class::calls_async_callback) || (is_kfunc && kfunc::calls_back_later(&cx.program, insn)) {
        // Compare before the call, or every visit pushes the callback again.
        mark_prune_point(cx, t);
    }
    let repeats = cx.program.kernel.features.callbacks_repeat;
    let at_once = repeats && helper.is_some_and(class::calls_sync_callback);
    if at_once || (is_kfunc && kfunc::calls_back_at_once(&cx.program, insn)) {
        // The callback runs any number of times; only an equal state before the call ends that.
        cx.learned.aux[t].runs_callbacks = true;
        cx.learned.aux[t].always_stored = true;
        mark_prune_point(cx, t);
        mark_jmp_point(cx, t);
    }
    let (mut changes, mut sleeps) = (false, false);
    let throws = is_kfunc && kfunc::throws(&cx.program, insn);
    if let Some(id) = helper {
        changes = class::moves_packet_data(id);
        // What an extension may call is known once its target is, which is looked for later.
        let known = cx.program.prog_type != ProgType::Ext;
        sleeps = known && helper_proto::get(&cx.program, id).is_some_and(|p| p.can_sleep);
    } else if is_kfunc {
        if kfunc::yields_next(&cx.program, insn) {
            mark_prune_point(cx, t);
            cx.learned.aux[t].always_stored = true;
        }
        sleeps = kfunc::kfunc_may_sleep(&cx.program, insn);
        changes = kfunc::kfunc_name(&cx.program, insn).is_some_and(|n| PKT_CHANGING_KFUNCS.contains(&n.as_str()));
    }
    let sub = cx.subprog_at(t);
    if let Some(s) = cx.learned.subprogs.get_mut(sub) {
        s.moves_packet_data |= changes;
        s.can_throw |= throws;
        s.can_sleep |= sleeps;
    }
}

/// Every instruction can be reached, no jump leads out or into the middle of one; marks where states are compared and
/// where histories are kept.
///
/// # Errors
/// Rejects programs whose graph is malformed.
pub(crate) fn walk_graph(cx: &mut Draft<'_>) -> Res {
    let len = cx.program.insns.len();
    if len == 0 {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let mut walk = Walk { marks: vec![Mark::Unseen; len], stack: Vec::with_capacity(64) };
    walk.run(cx, 0)?;
    if cx.program.exception_function != 0
        && let Some(start) = cx.learned.subprogs.get(cx.program.exception_function as usize).map(|s| s.start as usize)
        && start < len
    {
        // The exception callback is called by nobody, so it is walked by itself.
        walk.run(cx, start)?;
    }
    let mut i = 0;
    while i < len {
        if walk.marks[i] != Mark::Explored {
            return Err(cx.reject(StructureMsg::UnreachableInsn { idx: i }, Errno::EINVAL));
        }
        if cx.program.insns[i].is_ldimm64() {
            let entered = walk.marks.get(i + 1).is_some_and(|m| *m != Mark::Unseen);
            if entered && cx.program.kernel.features.wide_loads_whole {
                return Err(cx.reject(StructureMsg::JumpIntoLdimm64 { idx: i }, Errno::EINVAL));
            }
            i += 1;
        }
        i += 1;
    }
    Ok(())
}
