//! Whether a path may end because a stored state covers it.
//!
//! Answers for `is_state_visited()` and the heuristics in it: when a state is worth storing, when a stored one is worth
//! keeping, and what looks like an endless loop. Every counter of the log's last line depends on each step here.
//!
//! In the kernel: `BPF_COMPLEXITY_LIMIT_STATES`, `push_insn_history()`, `push_jmp_history()`, `clean_live_states()`,
//! `clean_verifier_state()`, `clean_func_state()`, `print_verifier_state()`, `print_all`.

pub(crate) mod compare;
mod ends;
pub(crate) mod loops;
pub(crate) mod scc;
pub(crate) mod visits;

pub(crate) use ends::end_branches;

use std::rc::Rc;

use crate::error::{Errno, LimitMsg, Res, Stop};
use crate::kernel::Reworded;
use crate::kernel::call::RegBase;
use crate::kernel::features::{LivenessKind, LoopKind};
use crate::log::{Event, Unlike};
use crate::state::register::{ADD_CONST, live};
use crate::state::verifier::History;
use crate::state::{FuncState, IterState, Link, Payload, RegState, Slot, SlotKind, StateId, VerifierState};

use super::Cx;
use super::explore::called_alike;
use super::stored::{Search, Seat};
use super::{liveness, precision};
use compare::{Comparison, Differs, Level};

/// Most states compared at one instruction without CAP_BPF.
const MAX_STATES_UNPRIVILEGED: u32 = 64;

/// Longest history before a state is stored for its sake.
const MAX_HISTORY: u32 = 40;

fn state_covers(cx: &mut Cx<'_>, search: &mut Search, id: StateId, level: Level) -> bool {
    let read_marks = cx.program.kernel.features.liveness == LivenessKind::ReadMarks;
    let refs_per_frame = !cx.program.kernel.features.locks_are_refs;
    let reads_unset_stack = cx.program.caps.reads_unset_stack;
    let unlinked_covers_distant = cx.program.kernel.features.unlinked_covers_distant;
    let exact = search.exact;
    let f = &cx.program.kernel.features;
    let (ids_compared, number_links) = (f.ids_compared, f.number_links_compared);
    let numbers_in_slots = f.every_number_spills;
    let strict_scalars = cx.learned.limits_are_exact;
    let (stored, ids) = search.for_compare(id);
    ids.reset(cx.path.last_id);
    let mut cmp = Comparison {
        ids,
        level,
        strict_scalars,
        unlinked_covers_distant,
        whole_offsets: f.offsets_are_values,
        exact_minds_frames: f.exact_minds_frames,
        rounds_widen_slots: f.rounds_widen_slots,
        exact,
        reads_unset_stack,
        read_marks,
        refs_per_frame,
        ids_compared,
        number_links,
        numbers_in_slots,
    };
    let aux = &cx.learned.aux;
    let listed = cx.program.kernel.features.registers_before_walk;
    let live_at = |at: usize| if listed { aux.get(at).map_or(u16::MAX, |a| a.live_registers_before) } else { u16::MAX };
    let covers = cmp.states(&stored.state, &cx.path.cur, live_at, &mut stored.differed);
    if let (Err(differs), true) = (covers, cx.out.interest.structure && level != Level::Exact) {
        let unlike = differs.map_or(Unlike::Whole, |d: Differs| d.unlike(cx.path.cur.frames.len()));
        cx.emit(Event::NotCovered { idx: cx.path.insn_idx, by: id, unlike });
    }
    covers.is_ok()
}

/// Empties registers and slots of complete states that nothing read.
fn empty_what_is_not_read(cx: &mut Cx<'_>, search: &mut Search, insn_idx: usize, bucket: usize) -> Res {
    let scc = cx.program.kernel.features.loops == LoopKind::Scc;
    let mut at = search.bucket(bucket).len();
    while at > 0 {
        at -= 1;
        let Some(&Seat { id, insn_idx: own, cleaned }) = search.bucket(bucket).get(at) else { continue };
        if scc && (cleaned || own as usize != insn_idx) || search.state(id).open_paths != 0 {
            continue;
        }
        if !scc {
            // Also where the state is another instruction's: the search shortens chains as it goes.
            let entry = loops::outermost_entry(search, id);
            if entry.is_some_and(|e| search.state(e).open_paths != 0) {
                continue;
            }
        }
        let st = search.state(id);
        if st.cleaned || own as usize != insn_idx || !called_alike(st, &cx.path.cur) {
            continue;
        }
        if scc && scc::incomplete(search, id) {
            continue;
        }
        clean(cx, search, id)?;
        search.mark_cleaned(bucket, at);
    }
    Ok(())
}

/// Empties one state.
fn clean(cx: &mut Cx<'_>, search: &mut Search, id: StateId) -> Res {
    let read_marks = cx.program.kernel.features.liveness == LivenessKind::ReadMarks;
    let dead = if read_marks { Vec::new() } else { liveness::dead_places(cx, search, id) };
    let st = search.state_mut(id);
    st.cleaned = true;
    for (n, frame) in st.frames.iter_mut().enumerate() {
        let known = dead.get(n).copied().unwrap_or_default();
        if read_marks {
            let unread = |r: &RegState| r.live & live::READ == 0;
            clean_frame(Rc::make_mut(frame), |r, _| unread(r), |s, _| unread(&s.spilled), true);
        } else if needs_cleaning(frame, known) {
            clean_frame(
                Rc::make_mut(frame),
                |_, i| known.regs >> i & 1 != 0,
                |s, spi| known.slots >> (spi & 63) & 1 != 0 && s.kinds() != 0,
                false,
            );
        }
    }
    Ok(())
}

/// Empties what is not read any more in the current state, at the place where it stands (7.1). Objects on the stack stay,
/// because overwriting them has consequences.
fn empty_what_is_dead(cx: &mut Cx<'_>, insn_idx: usize) {
    let mut st = std::mem::replace(&mut cx.path.cur, VerifierState::empty());
    let last = st.frames.len().saturating_sub(1);
    for n in 0..st.frames.len() {
        let at = if n == last { insn_idx } else { st.frames[n + 1].called_from as usize };
        let regs = cx.learned.aux.get(at).map_or(u16::MAX, |a| a.live_registers_before);
        let alive = liveness::frames::alive(&cx.learned.frames, &cx.learned, &st, insn_idx, n);
        let frame = &st.frames[n];
        let dead_regs = (0..10).filter(|i| regs >> i & 1 == 0 && frame.regs[*i].ty.base != RegBase::NotInit);
        let dead_regs: u16 = dead_regs.fold(0, |set, i| set | 1 << i);
        let dying = |spi: usize, slot: &Slot| {
            let (upper, lower) = (alive >> (2 * spi) & 1 != 0, alive >> (2 * spi + 1) & 1 != 0);
            let unset = |half: &[SlotKind]| half.iter().all(|k| *k == SlotKind::Dead);
            !(upper || unset(&slot.kind[..4])) || !(lower || unset(&slot.kind[4..]))
        };
        let slots = frame.stack.iter().take(64).enumerate();
        let dead_slots: u64 = slots.filter(|(spi, s)| dying(*spi, s)).fold(0, |set, (spi, _)| set | 1 << spi);
        if dead_regs == 0 && dead_slots == 0 {
            continue;
        }
        let frame = Rc::make_mut(&mut st.frames[n]);
        for i in (0..10).filter(|i| dead_regs >> i & 1 != 0) {
            frame.regs[i].set(RegState::NOT_INIT);
        }
        for spi in (0..64).filter(|spi| dead_slots >> spi & 1 != 0) {
            let (upper, lower) = (alive >> (2 * spi) & 1 != 0, alive >> (2 * spi + 1) & 1 != 0);
            frame.stack.edit(1 << spi, |slot| bury(slot, upper, lower));
        }
    }
    cx.path.cur = st;
}

/// Marks the halves of a slot that are not alive. The upper half is the one next to the frame pointer.
fn bury(slot: &mut Slot, upper: bool, lower: bool) {
    let kind = slot.kind[7];
    if matches!(kind, SlotKind::Dynptr | SlotKind::Iter | SlotKind::IrqFlag) {
        return;
    }
    if !lower {
        if upper && kind == SlotKind::Spill {
            // A saved pointer must go on refusing loads of a part, and a saved zero is certain in every state compared.
            if !slot.spilled.is_scalar() || slot.spilled.is_null() {
                return;
            }
            for k in slot.kind[..4].iter_mut().filter(|k| **k == SlotKind::Spill) {
                *k = SlotKind::Misc;
            }
        }
        slot.spilled.set(RegState::NOT_INIT);
        slot.kind[4..].fill(SlotKind::Dead);
    }
    if !upper {
        slot.kind[..4].fill(SlotKind::Dead);
    }
}

/// Whether anything that is dead still holds something; if not, a frame stays shared.
fn needs_cleaning(frame: &FuncState, dead: liveness::DeadPlaces) -> bool {
    let holds = |i: usize| frame.regs[i].ty.base != RegBase::NotInit;
    (0..10).any(|i| dead.regs >> i & 1 != 0 && holds(i))
        || frame.stack.iter().enumerate().any(|(spi, s)| dead.slots >> (spi & 63) & 1 != 0 && s.kinds() != 0)
}

/// Empties one frame.
fn clean_frame(
    frame: &mut FuncState,
    dead_reg: impl Fn(&RegState, usize) -> bool,
    dead_slot: impl Fn(&Slot, usize) -> bool,
    marks: bool,
) {
    for i in 0..10 {
        let gone = dead_reg(&frame.regs[i], i);
        frame.regs[i].live |= live::DONE;
        if gone {
            frame.regs[i].set(RegState::NOT_INIT);
        }
    }
    for spi in 0..frame.stack.len() {
        let gone = dead_slot(&frame.stack[spi], spi);
        let done = frame.stack[spi].spilled.live & live::DONE != 0;
        if (done || !marks) && !gone {
            continue;
        }
        frame.stack.edit(1 << (spi & 63), |slot| {
            slot.spilled.live |= live::DONE;
            if gone {
                slot.spilled.set(RegState::NOT_INIT);
                slot.kind = [SlotKind::Invalid; 8];
            }
        });
    }
}

/// Whether the iterator that R1 points at may yield more.
fn iter_is_active(cur: &VerifierState) -> bool {
    let r1 = cur.reg(1);
    let off = i64::from(r1.off).wrapping_add(r1.scalar.var_off.value as i64);
    // fp-8 is slot 0.
    // Rounded towards zero as the kernel does: it takes fp+0 for the iterator at fp-8.
    let Ok(spi) = usize::try_from((-off - 1) / 8) else { return false };
    let slot = cur.frames.get(r1.frame_number as usize).and_then(|f| f.stack.get(spi));
    slot.is_some_and(|s| matches!(s.spilled.payload, Payload::Iter { state: IterState::Active, .. }))
}

/// What the comparison with one stored state says.
enum Seen {
    /// The path may end; `looping` when the stored state's marks are not final.
    Hit { looping: bool },
    /// It may not.
    Miss,
}

/// Compares with a state that is still being explored: a loop is being walked.
///
/// A callback's rounds are taken as `looping` or not as the closed state compared before was: the kernel keeps the answer.
fn compare_open(
    cx: &mut Cx<'_>,
    search: &mut Search,
    id: StateId,
    insn_idx: usize,
    add_new: &mut bool,
    force_new: bool,
    looping: bool,
) -> Res<Seen> {
    let st = search.state(id);
    let (Some(frame), Some(cur_frame)) = (st.frames.last(), cx.path.cur.frames.last()) else { return Ok(Seen::Miss) };
    // Another entry into an asynchronous callback is no sign of a loop.
    let other_entry = frame.runs_later && frame.later_entries != cur_frame.later_entries;
    let aux = &cx.learned.aux[insn_idx];
    let (is_next_call, runs_callbacks) = (aux.is_next_call, aux.runs_callbacks);
    let exactly = cx.program.kernel.features.loops_compared_exactly;
    let endless = if exactly { Level::Exact } else { Level::NotExact };
    if !other_entry && !is_next_call {
        if cx.program.insns[insn_idx].is_may_goto()
            && search.state(id).may_goto_rounds != cx.path.cur.may_goto_rounds
            && state_covers(cx, search, id, Level::RangeWithin)
        {
            note_loop(cx, search, id);
            return Ok(Seen::Hit { looping: true });
        }
        if runs_callbacks {
            if state_covers(cx, search, id, Level::RangeWithin) {
                let looping = looping || cx.program.kernel.features.callbacks_are_loops;
                return Ok(Seen::Hit { looping });
            }
        } else if compare::maybe_looping(search.state(id), &cx.path.cur)
            && state_covers(cx, search, id, endless)
            && !compare::iter_depths_differ(search.state(id), &cx.path.cur)
            && search.state(id).may_goto_rounds == cx.path.cur.may_goto_rounds
            && search.state(id).callback_rounds == cx.path.cur.callback_rounds
        {
            return Err(infinite_loop(cx, search, id, insn_idx));
        }
    } else if !other_entry && state_covers(cx, search, id, Level::RangeWithin) && iter_is_active(&cx.path.cur) {
        note_loop(cx, search, id);
        return Ok(Seen::Hit { looping: true });
    }
    // Rounds of a loop rarely help each other, so few of them are stored; but a loop with a large bound must still
    // end soon.
    if (!force_new || !cx.program.kernel.features.long_paths_stored)
        && search.jumps_done.wrapping_sub(search.jumps_at_store) < 20
        && cx.out.stats.insns.wrapping_sub(search.insns_at_store) < 100
    {
        *add_new = false;
    }
    Ok(Seen::Miss)
}

fn note_loop(cx: &mut Cx<'_>, search: &mut Search, id: StateId) {
    if cx.program.kernel.features.loops == LoopKind::LoopEntry {
        loops::note_loop_entry(cx, search, None, id);
    }
}

fn infinite_loop(cx: &mut Cx<'_>, search: &mut Search, id: StateId, insn_idx: usize) -> Stop {
    if cx.out.interest.log_level != 0 {
        cx.emit(Event::SourceLine { idx: insn_idx, numbered: false });
    }
    let mut stop = cx.reject(LimitMsg::InfiniteLoop { idx: insn_idx }, Errno::EINVAL);
    if !cx.program.kernel.style.has(Reworded::LoopStates) {
        return stop;
    }
    let frame = cx.path.cur.top_frame();
    let states =
        [(LimitMsg::InfiniteLoopCur, cx.path.cur.clone()), (LimitMsg::InfiniteLoopOld, search.state(id).clone())];
    for (head, state) in states {
        stop = cx.also(stop, head);
        cx.show_state(&state, frame);
    }
    stop
}

/// Whether the current path may end at `insn_idx`, because a stored state covers it. When it may not, the state may be
/// stored, and the path goes on below it.
///
/// # Errors
/// Rejects an endless loop; propagating marks can fail.
pub(crate) fn covered_by_stored(cx: &mut Cx<'_>, search: &mut Search, insn_idx: usize) -> Res<bool> {
    let scc = cx.program.kernel.features.loops == LoopKind::Scc;
    let always_stored = cx.learned.aux[insn_idx].always_stored;
    let long = cx.program.kernel.features.long_paths_stored;
    let force_new = cx.program.test_state_freq || always_stored || long && cx.path.cur.history.len > MAX_HISTORY;
    // Programs have a place for states about every four instructions; storing at all of them costs more than it gives.
    let mut add_new = force_new
        || (search.jumps_done.wrapping_sub(search.jumps_at_store) >= 2
            && cx.out.stats.insns.wrapping_sub(search.insns_at_store) >= 8);
    let len = cx.program.insns.len();
    let called_from = cx.path.cur.frame().called_from;
    let bucket = search.bucket_of(insn_idx, called_from, len);
    if cx.program.kernel.features.liveness == LivenessKind::BeforeWalk {
        empty_what_is_dead(cx, insn_idx);
    } else {
        empty_what_is_not_read(cx, search, insn_idx, bucket)?;
    }

    let mut states_cnt = 0u32;
    let mut looping = false;
    let mut at = search.bucket(bucket).len();
    while at > 0 {
        at -= 1;
        let Some(&Seat { id, insn_idx: own, .. }) = search.bucket(bucket).get(at) else { continue };
        states_cnt += 1;
        if own as usize != insn_idx {
            continue;
        }
        let seen = if search.no_prune {
            Seen::Miss
        } else if search.state(id).open_paths != 0 {
            compare_open(cx, search, id, insn_idx, &mut add_new, force_new, looping)?
        } else {
            compare_closed(cx, search, id, &mut looping)
        };
        match seen {
            Seen::Hit { looping } => {
                hit(cx, search, id, insn_idx, looping)?;
                return Ok(true);
            }
            Seen::Miss => miss(cx, search, id, bucket, at, add_new, always_stored),
        }
    }
    cx.out.stats.max_states_per_insn = cx.out.stats.max_states_per_insn.max(states_cnt);
    if (!cx.program.caps.has_cap_bpf && states_cnt > MAX_STATES_UNPRIVILEGED) || !add_new {
        return Ok(false);
    }
    cx.out.stats.total_states += 1;
    if scc {
        search.in_lists += 1;
        scc::update_peak(cx, search);
    } else {
        cx.out.stats.peak_states += 1;
    }
    search.jumps_at_store = search.jumps_done;
    search.insns_at_store = cx.out.stats.insns;
    store(cx, search, insn_idx, bucket)?;
    Ok(false)
}

/// Compares with a state that was explored to all ends; `looping` becomes whether its marks are not final.
fn compare_closed(cx: &mut Cx<'_>, search: &mut Search, id: StateId, looping: &mut bool) -> Seen {
    if cx.program.kernel.features.loops == LoopKind::Scc {
        *looping = scc::incomplete(search, id);
        let level = if *looping { Level::RangeWithin } else { Level::NotExact };
        return if state_covers(cx, search, id, level) { Seen::Hit { looping: *looping } } else { Seen::Miss };
    }
    let entry = loops::outermost_entry(search, id).filter(|e| search.state(*e).open_paths > 0);
    let level = if entry.is_some() { Level::RangeWithin } else { Level::NotExact };
    if !state_covers(cx, search, id, level) {
        return Seen::Miss;
    }
    if let Some(entry) = entry {
        loops::note_loop_entry(cx, search, None, entry);
    }
    Seen::Hit { looping: false }
}

/// The path ends: what the stored state needed, this path's ancestors need too.
fn hit(cx: &mut Cx<'_>, search: &mut Search, id: StateId, insn_idx: usize, looping: bool) -> Res {
    let stored = search.stored_mut(id);
    stored.matched = stored.matched.saturating_add(1);
    if cx.out.interest.structure {
        cx.emit(Event::Pruned { idx: insn_idx, by: id });
    }
    if cx.program.kernel.features.liveness == LivenessKind::ReadMarks {
        liveness::pass_reads_on(cx, search, id)?;
    }
    if cx.learned.aux[cx.path.insn_idx].history_point || cx.program.kernel.features.jumps_compare_behind {
        cx.path.note_step(0, None);
    }
    precision::pass_needs_on(cx, search, id, None)?;
    if looping && cx.program.kernel.features.loops == LoopKind::Scc {
        scc::add_backedge(cx, search, id, insn_idx)?;
    }
    Ok(())
}

/// Counts a failed comparison and takes the state out of its list when it seems useless.
fn miss(
    cx: &mut Cx<'_>,
    search: &mut Search,
    id: StateId,
    bucket: usize,
    at: usize,
    add_new: bool,
    always_stored: bool,
) {
    let stored = search.stored_mut(id);
    if add_new {
        stored.missed = stored.missed.saturating_add(1);
    }
    let n = if always_stored && stored.state.open_paths > 0 { 64u64 } else { 3 };
    if u64::from(stored.missed) <= u64::from(stored.matched) * n + n {
        return;
    }
    // Marks of its descendants may still pass through a state that is not final, so only its place in the list goes.
    let done = stored.state.cleaned && !stored.state.begins_loop;
    search.evict(bucket, at);
    if cx.program.kernel.features.loops == LoopKind::Scc {
        search.evicted_waiting += 1;
        search.in_lists = search.in_lists.saturating_sub(1);
        scc::maybe_free(search, id);
    } else if done {
        search.drop_frames(id);
        cx.out.stats.peak_states = cx.out.stats.peak_states.saturating_sub(1);
    }
}

/// Stores the current state and goes on below it.
fn store(cx: &mut Cx<'_>, search: &mut Search, insn_idx: usize, bucket: usize) -> Res {
    if cx.program.caps.has_cap_bpf {
        forget_precision(&mut cx.path.cur);
    }
    if cx.program.kernel.features.lone_ids_go {
        forget_lone_ids(&mut cx.path.cur);
    }
    let mut new = cx.path.cur.clone();
    new.insn_idx = insn_idx as u32;
    new.cleaned = false;
    let depth = new.path_depth;
    let id = search.add(bucket, new, cx.path.trail.bytes())?;
    if cx.program.kernel.features.loops == LoopKind::Scc {
        scc::maybe_enter(cx, search, id);
    }
    let cur = &mut cx.path.cur;
    cur.parent = Some(id);
    cur.first_at = insn_idx as u32;
    cur.history = History::default();
    cur.path_depth = depth + 1;
    if cx.program.kernel.features.liveness == LivenessKind::ReadMarks {
        connect(cur, id);
    }
    cx.path.trail.begin_insn();
    if cx.out.interest.structure {
        let state = search.state(id).clone();
        cx.emit(Event::Checkpoint { id, idx: insn_idx, state: &state });
    }
    Ok(())
}

/// A number that shares its id with no other is linked to nothing.
fn forget_lone_ids(cur: &mut VerifierState) {
    use super::regs::{at_mut, drop_link, places};
    let linked = |r: &RegState| r.is_scalar() && r.id != 0;
    let base = |id: u32| id & !ADD_CONST;
    let found = places(cur, linked);
    let ids: Vec<u32> = found.iter().map(|at| base(super::regs::at(cur, *at).id)).collect();
    for (place, id) in found.iter().zip(&ids) {
        if ids.iter().filter(|other| *other == id).count() == 1 {
            drop_link(at_mut(cur, *place));
        }
    }
}

/// Every register and slot now comes from the stored state, and nothing was written since. Callers' R0 to R5 keep
/// their links: they were given up at the call.
fn connect(cur: &mut VerifierState, id: StateId) {
    let last = cur.frames.len().saturating_sub(1);
    for (n, frame) in cur.frames.iter_mut().enumerate() {
        let frame = Rc::make_mut(frame);
        let first = if n < last { 6 } else { 0 };
        for (i, r) in frame.regs.iter_mut().enumerate().take(10) {
            if i >= first {
                r.parent = Some(Link { state: id, frame: n as u8, place: i as u8 });
            }
            r.live = live::NONE;
        }
        for spi in 0..frame.stack.len() {
            frame.stack.edit(1 << (spi & 63), |slot| {
                slot.spilled.live = live::NONE;
                slot.spilled.parent = Some(Link { state: id, frame: n as u8, place: Link::STACK + spi as u8 });
            });
        }
    }
}

/// What earlier states needed exactly, this one need not: its own descendants will say. Kernel:
/// `mark_all_scalars_imprecise()`.
fn forget_precision(cur: &mut VerifierState) {
    for frame in &mut cur.frames {
        let precise = |r: &RegState| r.precise && r.is_scalar();
        if frame.regs[..10].iter().any(precise) {
            for r in &mut Rc::make_mut(frame).regs[..10] {
                if r.is_scalar() {
                    r.precise = false;
                }
            }
        }
        let slots = frame.stack.which(|s| s.holds_register() && precise(&s.spilled));
        if slots != 0 {
            Rc::make_mut(frame).stack.edit(slots, |s| s.spilled.precise = false);
        }
    }
}
