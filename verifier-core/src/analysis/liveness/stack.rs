//! Stack slots that may be read later, from what function instances read and must write (6.18).
//!
//! Answers for `kernel/bpf/liveness.c`. An instance is a function reached through one chain of calls. While walking, the
//! slots that each instruction may read (a union over paths) and must write (an intersection) are collected for it; a
//! data-flow pass then gives the slots alive before each instruction, and hands what the callee does to the call.
//!
//! In the kernel: `struct callchain`, `struct per_frame_masks`, `struct func_instance`, `cfg.insn_postorder`,
//! `mark_stack_read()`, `commit_stack_write_marks()`, `struct bpf_liveness`, `cur_instance`, `lookup_instance()`,
//! `bpf_reset_live_stack_callchain()`, `bpf_mark_stack_read()`, `bpf_mark_stack_write()`,
//! `bpf_reset_stack_write_marks()`, `bpf_commit_stack_write_marks()`, `bpf_insn_successors()`,
//! `propagate_to_outer_instance()`, `update_insn()`, `update_instance()`, `bpf_update_live_stack()`,
//! `bpf_live_stack_query_init()`, `bpf_stack_slot_alive()`, `clean_func_state()`.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::error::{LimitMsg, Res};
use crate::isa::insn::Insn;
use crate::isa::opcode::*;
use crate::state::{StateId, VerifierState};

use super::super::Env;
use super::DeadPlaces;

type Sites = SmallVec<[u32; 8]>;

/// The calls that lead to a function, and its entry as the last element.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Chain {
    sites: Sites,
}

impl Chain {
    fn text(&self) -> String {
        let parts: Vec<String> = self.sites.iter().map(|s| (*s as i32).to_string()).collect();
        format!("({})", parts.join(","))
    }
}

/// Sets of slots at one instruction.
#[derive(Clone, Copy, Debug, Default)]
struct Masks {
    may_read: u64,
    must_write: u64,
    must_write_acc: u64,
    live_before: u64,
}

/// What is known of one frame's stack in an instance.
#[derive(Debug)]
struct FrameMasks {
    masks: Vec<Masks>,
    /// Instructions whose equations may not hold, by their place in the postorder: the others need no look.
    stale: Vec<u64>,
}

/// A function reached through one chain of calls, and what is known of the stacks it sees.
#[derive(Debug)]
struct Instance {
    chain: Chain,
    /// Entries of the functions that own the frames.
    starts: Sites,
    /// Which function.
    subprog: usize,
    insn_cnt: usize,
    updated: bool,
    must_write_dropped: bool,
    frames: [Option<FrameMasks>; 8],
    must_write_set: Vec<bool>,
    /// Bytes that the sets take, about.
    bytes: usize,
}

/// The order in which a function's equations are solved: successors first, and who depends on whom.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Instructions in postorder.
    pub insns: Vec<u32>,
    /// Place in `insns` of each instruction of the function; [`Order::NOWHERE`] where it is not reached.
    place: Vec<u32>,
    /// Where the predecessors of a place begin in `preds`.
    first: Vec<u32>,
    /// Places of predecessors.
    preds: Vec<u32>,
}

impl Order {
    /// Place of an instruction that is not reached.
    const NOWHERE: u32 = u32::MAX;

    /// The order of a function that begins at `start`.
    pub fn new(insns: &[Insn], start: u32, postorder: Vec<u32>) -> Order {
        let rel = |i: u32| i.wrapping_sub(start) as usize;
        let inside = |i: &&u32| rel(**i) < insns.len();
        let len = postorder.iter().filter(inside).map(|i| rel(*i) + 1).max().unwrap_or(0);
        let mut place = vec![Order::NOWHERE; len];
        for (n, i) in (0u32..).zip(&postorder) {
            if let Some(p) = place.get_mut(rel(*i)) {
                *p = n;
            }
        }
        let mut edges: Vec<(u32, u32)> = Vec::new();
        for (n, i) in (0u32..).zip(&postorder) {
            let after = successors(insns, *i as usize);
            let places = after.iter().filter_map(|s| place.get(rel(*s as u32)));
            edges.extend(places.filter(|p| **p != Order::NOWHERE).map(|p| (*p, n)));
        }
        edges.sort_unstable();
        let before = |p: u32| edges.partition_point(|(s, _)| *s < p) as u32;
        let first = (0..=postorder.len() as u32).map(before).collect();
        let preds = edges.iter().map(|(_, n)| *n).collect();
        Order { insns: postorder, place, first, preds }
    }

    fn place(&self, rel: usize) -> Option<usize> {
        self.place.get(rel).filter(|p| **p != Order::NOWHERE).map(|p| *p as usize)
    }

    fn preds(&self, place: usize) -> &[u32] {
        match (self.first.get(place), self.first.get(place + 1)) {
            (Some(a), Some(b)) => self.preds.get(*a as usize..*b as usize).unwrap_or(&[]),
            _ => &[],
        }
    }
}

fn set_stale(stale: &mut [u64], place: usize) {
    if let Some(word) = stale.get_mut(place / 64) {
        *word |= 1 << (place % 64);
    }
}

impl Instance {
    fn start(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    fn curframe(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn rel(&self, insn: u32) -> usize {
        insn.wrapping_sub(self.start()) as usize
    }

    fn masks(&self, frame: usize, insn: u32) -> Option<&Masks> {
        self.frames.get(frame)?.as_ref()?.masks.get(self.rel(insn))
    }

    /// The sets of a frame at an instruction, made when they are missing, and the equations that may not hold.
    fn entry(&mut self, frame: usize, insn: u32, order: &Order) -> Option<(&mut Masks, &mut [u64])> {
        let (at, cnt) = (self.rel(insn), self.insn_cnt);
        let slot = self.frames.get_mut(frame)?;
        if slot.is_none() {
            let words = order.insns.len().div_ceil(64);
            self.bytes += cnt * size_of::<Masks>() + words * 8;
            *slot = Some(FrameMasks { masks: vec![Masks::default(); cnt], stale: vec![u64::MAX; words] });
        }
        let f = slot.as_mut()?;
        Some((f.masks.get_mut(at)?, &mut f.stale))
    }

    /// Slots of a frame may be read by an instruction.
    fn read(&mut self, frame: usize, insn: u32, mask: u64, order: &Order) {
        let at = self.rel(insn);
        if mask == 0 {
            return;
        }
        let Some((m, stale)) = self.entry(frame, insn, order) else { return };
        let new = m.may_read | mask;
        if new == m.may_read {
            return;
        }
        m.may_read = new;
        let grows = new & !m.live_before != 0;
        if let Some(place) = order.place(at) {
            set_stale(stale, place);
        }
        self.updated |= grows;
    }

    /// Slots that an instruction wrote on this path; only what it writes on all counts.
    fn commit(&mut self, insn: u32, acc: &[u64; 8], order: &Order) {
        let at = self.rel(insn);
        let Some(seen) = self.must_write_set.get_mut(at) else { return };
        let seen = std::mem::replace(seen, true);
        for (frame, &written) in acc.iter().enumerate().take(self.curframe() + 1) {
            let has = self.frames[frame].as_ref().and_then(|f| f.masks.get(at)).is_some_and(|m| m.must_write != 0);
            // Nothing is written now, and nothing was.
            if !has && (written == 0 || seen) {
                continue;
            }
            let Some((m, stale)) = self.entry(frame, insn, order) else { continue };
            // The release keeps the old set in 32 bits here, so deeper slots drop out of a second commit.
            let old = m.must_write & u64::from(u32::MAX);
            let mask = if seen { written & old } else { written };
            if old == mask {
                continue;
            }
            let dropped = old & !mask != 0;
            m.must_write = mask;
            if let Some(place) = order.place(at) {
                set_stale(stale, place);
            }
            self.updated = true;
            self.must_write_dropped |= dropped;
        }
    }
}

/// All instances, and the writes of the instruction being processed.
#[derive(Debug, Default)]
pub(crate) struct StackLiveness {
    instances: Vec<Instance>,
    by_chain: HashMap<Chain, usize>,
    /// Instance of the current state.
    cur: Option<usize>,
    write_acc: [u64; 8],
    write_insn: u32,
    bytes: usize,
    /// How the equations of each function are solved.
    pub(crate) orders: Vec<Order>,
}

/// The order of a function that has none: nothing of it is reached.
static UNREACHED: Order = Order { insns: Vec::new(), place: Vec::new(), first: Vec::new(), preds: Vec::new() };

impl StackLiveness {
    /// Bytes that the sets take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn read(&mut self, at: usize, frame: usize, insn: u32, mask: u64) {
        let inst = &mut self.instances[at];
        let before = inst.bytes;
        inst.read(frame, insn, mask, self.orders.get(inst.subprog).unwrap_or(&UNREACHED));
        self.bytes += inst.bytes - before;
    }

    fn commit(&mut self, at: usize, insn: u32, acc: &[u64; 8]) {
        let inst = &mut self.instances[at];
        let before = inst.bytes;
        inst.commit(insn, acc, self.orders.get(inst.subprog).unwrap_or(&UNREACHED));
        self.bytes += inst.bytes - before;
    }
}

fn lookup(env: &mut Env<'_>, chain: Chain, starts: Sites) -> usize {
    if let Some(&at) = env.explorer.stack_live.by_chain.get(&chain) {
        return at;
    }
    let start = starts.last().copied().unwrap_or(0);
    let sub = env.subprog_at(start as usize);
    let end = env.subprogs.get(sub + 1).map_or(env.insns.len(), |s| s.start as usize);
    let insn_cnt = end.saturating_sub(start as usize);
    let live = &mut env.explorer.stack_live;
    live.bytes += size_of::<Instance>() + insn_cnt;
    let at = live.instances.len();
    live.by_chain.insert(chain.clone(), at);
    live.instances.push(Instance {
        chain,
        starts,
        subprog: sub,
        insn_cnt,
        updated: false,
        must_write_dropped: false,
        frames: [const { None }; 8],
        must_write_set: vec![false; insn_cnt],
        bytes: 0,
    });
    at
}

/// The instance of a frame of a state.
fn instance_of(env: &mut Env<'_>, st: &VerifierState, frame: usize) -> usize {
    let mut sites = Sites::new();
    let mut starts = Sites::new();
    for i in 0..=frame.min(st.frames.len().saturating_sub(1)) {
        let start = env.subprogs.get(st.frames[i].subprogno as usize).map_or(0, |s| s.start);
        starts.push(start);
        sites.push(match st.frames.get(i + 1) {
            Some(callee) if i < frame => callee.callsite as u32,
            _ => start,
        });
    }
    lookup(env, Chain { sites }, starts)
}

fn cur_instance(env: &mut Env<'_>) -> usize {
    if let Some(at) = env.explorer.stack_live.cur {
        return at;
    }
    let st = std::mem::replace(&mut env.cur, VerifierState::empty());
    let at = instance_of(env, &st, st.curframe());
    env.cur = st;
    env.explorer.stack_live.cur = Some(at);
    at
}

/// The current state went to another function.
pub(crate) fn reset_callchain(env: &mut Env<'_>) {
    env.explorer.stack_live.cur = None;
}

/// A slot is read by the current instruction.
pub(super) fn mark_read(env: &mut Env<'_>, frame: usize, spi: usize) {
    let at = cur_instance(env);
    let insn = env.insn_idx as u32;
    if spi < 64 {
        env.explorer.stack_live.read(at, frame, insn, 1 << spi);
    }
}

/// A slot is overwritten by the current instruction.
pub(super) fn mark_written(env: &mut Env<'_>, frame: usize, spi: usize) {
    if let Some(acc) = env.explorer.stack_live.write_acc.get_mut(frame)
        && spi < 64
    {
        *acc |= 1 << spi;
    }
}

fn static_liveness(env: &Env<'_>) -> bool {
    !super::read_marks(env)
}

/// Before an instruction is processed: nothing of it is written yet.
pub(crate) fn begin_insn(env: &mut Env<'_>) {
    if static_liveness(env) {
        cur_instance(env);
        env.explorer.stack_live.write_insn = env.insn_idx as u32;
        env.explorer.stack_live.write_acc = [0; 8];
    }
}

/// After an instruction was processed: what it wrote on this path.
pub(crate) fn commit_insn(env: &mut Env<'_>) {
    if static_liveness(env) {
        let live = &mut env.explorer.stack_live;
        if let Some(at) = live.cur {
            let (insn, acc) = (live.write_insn, live.write_acc);
            live.commit(at, insn, &acc);
        }
        live.write_insn = 0;
    }
}

/// Where an instruction goes within its function: fall through first.
pub(crate) fn successors(insns: &[Insn], idx: usize) -> SmallVec<[usize; 2]> {
    let mut out = SmallVec::new();
    let Some(i) = insns.get(idx) else { return out };
    // The kernel's table is by class and operation bits, whatever they mean in the class.
    let jumps = i.is_jmp_class() && !matches!(i.op(), CALL | EXIT) && i.op() <= JCOND;
    let ends = i.is_jmp_class() && matches!(i.op(), EXIT | JA);
    if !ends {
        out.push(idx + if i.is_ldimm64() { 2 } else { 1 });
    }
    if jumps && let Ok(to) = usize::try_from(idx as i64 + 1 + i64::from(i.jump_offset())) {
        out.push(to);
    }
    out
}

/// The callee's effects on the frames of its callers belong to the call.
fn propagate_to_outer(env: &mut Env<'_>, at: usize) {
    let inst = &env.explorer.stack_live.instances[at];
    let (curframe, start) = (inst.curframe(), inst.start());
    let mut sites = inst.chain.sites.clone();
    let mut starts = inst.starts.clone();
    sites.pop();
    starts.pop();
    let Some(callsite) = sites.pop() else { return };
    sites.push(starts.last().copied().unwrap_or(0));
    let outer = lookup(env, Chain { sites }, starts);
    let live = &mut env.explorer.stack_live;
    let mut acc = [0u64; 8];
    for (frame, written) in acc.iter_mut().enumerate().take(curframe) {
        let Some(m) = live.instances[at].masks(frame, start).copied() else { continue };
        *written |= m.must_write_acc;
        live.read(outer, frame, callsite, m.live_before);
    }
    live.commit(outer, callsite, &acc);
    live.write_acc = acc;
    live.write_insn = 0;
}

fn log_change(env: &mut Env<'_>, at: usize, what: &'static str, frame: usize, idx: u32, old: u64, new: u64) {
    if old != new {
        let chain = env.explorer.stack_live.instances[at].chain.text();
        env.say(LimitMsg::StackMask { chain, what, frame, idx: idx as usize, ones: new & !old, zeros: old & !new });
    }
}

/// Makes the equations of one instruction hold; whether something changed.
fn solve_at(env: &mut Env<'_>, at: usize, frame: usize, idx: u32, place: usize) -> bool {
    let succ = successors(&env.insns, idx as usize);
    if succ.is_empty() {
        return false;
    }
    let inst = &env.explorer.stack_live.instances[at];
    let Some(&m) = inst.masks(frame, idx) else { return false };
    let (mut after, mut acc) = (0, u64::MAX);
    for s in succ {
        let s = inst.masks(frame, s as u32).copied().unwrap_or_default();
        after |= s.live_before;
        acc &= s.must_write_acc;
    }
    acc |= m.must_write;
    let before = (after & !m.must_write) | m.may_read;
    let start = inst.start();
    if env.logs(2) && (m.may_read != 0 || m.must_write != 0 || idx == start || env.aux[idx as usize].prune_point) {
        log_change(env, at, "live", frame, idx, m.live_before, before);
        log_change(env, at, "written", frame, idx, m.must_write_acc, acc);
    }
    if before == m.live_before && acc == m.must_write_acc {
        return false;
    }
    let StackLiveness { instances, orders, .. } = &mut env.explorer.stack_live;
    let inst = &mut instances[at];
    let rel = inst.rel(idx);
    if let Some(f) = inst.frames[frame].as_mut() {
        if let Some(m) = f.masks.get_mut(rel) {
            m.live_before = before;
            m.must_write_acc = acc;
        }
        for pred in orders.get(inst.subprog).unwrap_or(&UNREACHED).preds(place) {
            set_stale(&mut f.stale, *pred as usize);
        }
    }
    true
}

/// Takes the next instruction of a frame at or behind `from` whose equations may not hold, in postorder.
fn next_stale(live: &mut StackLiveness, at: usize, frame: usize, from: usize) -> Option<(usize, u32)> {
    let inst = &mut live.instances[at];
    let order = live.orders.get(inst.subprog).unwrap_or(&UNREACHED);
    let stale = &mut inst.frames.get_mut(frame)?.as_mut()?.stale;
    let mut word = from / 64;
    let mut bits = stale.get(word)? & u64::MAX << (from % 64);
    while bits == 0 {
        word += 1;
        bits = *stale.get(word)?;
    }
    let place = word * 64 + bits.trailing_zeros() as usize;
    let insn = *order.insns.get(place)?;
    stale[word] &= !(1 << (place % 64));
    Some((place, insn))
}

/// Repeats the data-flow equations of an instance until they hold.
fn solve_instance(env: &mut Env<'_>, at: usize) -> Res {
    let inst = &mut env.explorer.stack_live.instances[at];
    if inst.must_write_dropped {
        // Sets that must be written can only have shrunk, so they are computed from below again.
        for f in inst.frames.iter_mut().flatten() {
            f.masks.iter_mut().for_each(|m| m.must_write_acc = 0);
            f.stale.fill(u64::MAX);
        }
    }
    let curframe = inst.curframe();
    let mut rounds = 0;
    loop {
        rounds += 1;
        let mut changed = false;
        for frame in 0..=curframe.min(7) {
            let mut from = 0;
            while let Some((place, idx)) = next_stale(&mut env.explorer.stack_live, at, frame, from) {
                changed |= solve_at(env, at, frame, idx, place);
                from = place + 1;
            }
        }
        if !changed {
            break;
        }
    }
    if env.logs(2) {
        let chain = env.explorer.stack_live.instances[at].chain.text();
        env.say(LimitMsg::StackUpdateDone { chain, rounds });
    }
    if curframe > 0 {
        propagate_to_outer(env, at);
    }
    Ok(())
}

/// Brings the sets of every function on the current chain of calls up to date. Called when a function or path ends.
///
/// # Errors
/// Never.
pub(crate) fn solve_live_stack(env: &mut Env<'_>) -> Res {
    if !static_liveness(env) {
        return Ok(());
    }
    reset_callchain(env);
    for frame in (0..env.cur.frames.len()).rev() {
        let st = std::mem::replace(&mut env.cur, VerifierState::empty());
        let at = instance_of(env, &st, frame);
        env.cur = st;
        if env.explorer.stack_live.instances[at].updated {
            solve_instance(env, at)?;
            let inst = &mut env.explorer.stack_live.instances[at];
            inst.updated = false;
            inst.must_write_dropped = false;
        }
    }
    Ok(())
}

/// Registers and slots that nothing reads after a stored state.
pub(super) fn dead_places(env: &mut Env<'_>, id: StateId) -> Vec<DeadPlaces> {
    let st = env.explorer.state(id).clone();
    let last = st.frames.len().saturating_sub(1);
    let instances: SmallVec<[usize; 8]> = (0..st.frames.len()).map(|f| instance_of(env, &st, f)).collect();
    let mut out = Vec::with_capacity(st.frames.len());
    for (frame, f) in st.frames.iter().enumerate() {
        let at = if frame == last { st.insn_idx as usize } else { st.frames[frame + 1].callsite as usize };
        let regs = !env.aux.get(at).map_or(u16::MAX, |a| a.live_regs_before);
        let mut alive = live_before(env, instances[last], st.insn_idx, frame);
        for (i, &instance) in instances.iter().enumerate().take(last).skip(frame) {
            let callsite = st.frames[i + 1].callsite as u32;
            let calls_back = env.aux.get(callsite as usize).is_some_and(|a| a.calls_callback);
            alive |= live_before(env, instance, if calls_back { callsite } else { callsite + 1 }, frame);
        }
        debug_assert!(f.frameno as usize == frame);
        out.push(DeadPlaces { regs, slots: !alive });
    }
    out
}

fn live_before(env: &Env<'_>, at: usize, insn: u32, frame: usize) -> u64 {
    env.explorer.stack_live.instances[at].masks(frame, insn).map_or(0, |m| m.live_before)
}
