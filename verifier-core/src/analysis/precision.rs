//! Which scalars must be known exactly.
//!
//! Answers for `mark_chain_precision()` and `backtrack_insn()`. When a value decides an access or a branch, the path is
//! walked backwards, instruction by instruction and state by state, and every register and slot that the value came from
//! is marked in the stored states on the way. Scalars without the mark may differ when states are compared.
//!
//! ```text
//! 3: r2 = r1        r2 wanted, so r1 is wanted before
//! 4: r2 &= 7        r2 wanted
//! 5: r3 += r2       r2 must be exact here: the walk begins
//! ```

use std::rc::Rc;

use super::Env;
use super::prune::print_state;
use crate::error::{Errno, LimitMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::log::Event;
use crate::state::verifier::HistEntry;
use crate::state::{FuncState, StateId, VerifierState};

/// History flag: the source operand is a stack pointer. Kernel: `INSN_F_SRC_REG_STACK`.
pub(crate) const F_SRC_REG_STACK: u16 = 1 << 11;
/// History flag: the destination operand is a stack pointer. Kernel: `INSN_F_DST_REG_STACK`.
pub(crate) const F_DST_REG_STACK: u16 = 1 << 10;
/// History flag: the instruction accesses a stack slot. Kernel: `INSN_F_STACK_ACCESS`.
pub(crate) const F_STACK_ACCESS: u16 = 1 << 9;

/// History flags of an access to a stack slot. Kernel: `insn_stack_access_flags()`.
pub(crate) const fn insn_stack_access_flags(frameno: usize, spi: usize) -> u16 {
    F_STACK_ACCESS | ((spi as u16 & 63) << 3) | (frameno as u16 & 7)
}

/// A register or stack slot linked to an operand. Kernel: `struct linked_reg`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkedReg {
    /// Frame.
    pub frame: u8,
    /// Register number, or slot index.
    pub index: u8,
    /// Which of both.
    pub is_reg: bool,
}

/// Registers and slots linked by one id. Kernel: `struct linked_regs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkedRegs {
    entries: [LinkedReg; LinkedRegs::MAX],
    len: usize,
}

impl LinkedRegs {
    /// Most that are kept. Kernel: `LINKED_REGS_MAX`.
    pub const MAX: usize = 6;

    /// Adds one; `false` when full. Kernel: `linked_regs_push()`.
    pub fn push(&mut self, e: LinkedReg) -> bool {
        match self.entries.get_mut(self.len) {
            Some(place) => {
                *place = e;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// What was pushed, in order.
    pub fn entries(&self) -> &[LinkedReg] {
        &self.entries[..self.len]
    }

    /// Ten bits each and a count, as histories hold them. Kernel: `linked_regs_pack()`.
    pub fn pack(&self) -> u64 {
        let body = self.entries().iter().fold(0u64, |v, e| {
            (v << 10) | u64::from(e.frame & 7) | (u64::from(e.index & 63) << 3) | (u64::from(e.is_reg) << 9)
        });
        (body << 4) | self.len as u64
    }

    /// The reverse of [`LinkedRegs::pack`]; the order is reversed too. Kernel: `linked_regs_unpack()`.
    pub fn unpack(val: u64) -> LinkedRegs {
        let mut out = LinkedRegs::default();
        let mut body = val >> 4;
        for _ in 0..val & 15 {
            out.push(LinkedReg { frame: (body & 7) as u8, index: (body >> 3 & 63) as u8, is_reg: body >> 9 & 1 != 0 });
            body >>= 10;
        }
        out
    }
}

/// Registers and slots that a walk asks for, by frame. Kernel: `struct backtrack_state`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backtrack {
    frame: usize,
    regs: [u32; MAX_CALL_FRAMES],
    slots: [u64; MAX_CALL_FRAMES],
}

/// Registers R1 to R5.
const ARGS: u32 = 0b11_1110;

/// Why a step backwards cannot be made.
enum Stuck {
    /// The walk lost track: everything is taken as precise. Kernel: `-ENOTSUPP`.
    Unknown,
    /// What the kernel holds impossible.
    Bug(&'static str),
    /// What it holds impossible and yet meets: registers that a callback's caller would have to have set.
    Callback(u32),
    /// Likewise: a function's entry in the main program.
    LeftMain,
}

impl Backtrack {
    fn is_empty(&self) -> bool {
        (0..=self.frame).all(|f| self.regs[f] == 0 && self.slots[f] == 0)
    }

    fn enter(&mut self) -> Result<(), Stuck> {
        if self.frame + 1 >= MAX_CALL_FRAMES {
            return Err(Stuck::Bug("backtracking entered too many frames"));
        }
        self.frame += 1;
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Stuck> {
        match self.frame.checked_sub(1) {
            Some(f) => {
                self.frame = f;
                Ok(())
            }
            None => Err(Stuck::LeftMain),
        }
    }

    fn has(&self, r: u8) -> bool {
        self.regs[self.frame] >> r & 1 != 0
    }

    fn want(&mut self, r: u8) {
        self.regs[self.frame] |= 1 << r;
    }

    fn found(&mut self, r: u8) {
        self.regs[self.frame] &= !(1 << r);
    }

    fn here(&self) -> u32 {
        self.regs[self.frame]
    }

    /// When one of the linked places is wanted, all are. Kernel: `bt_sync_linked_regs()`.
    fn sync_linked(&mut self, hist: Option<&HistEntry>) {
        let Some(hist) = hist.filter(|h| h.linked_regs != 0) else { return };
        let linked = LinkedRegs::unpack(hist.linked_regs);
        let wanted = |bt: &Backtrack, e: &LinkedReg| {
            let f = usize::from(e.frame);
            if e.is_reg { bt.regs[f] >> e.index & 1 != 0 } else { bt.slots[f] >> e.index & 1 != 0 }
        };
        if linked.entries().iter().any(|e| wanted(self, e)) {
            for e in linked.entries() {
                let f = usize::from(e.frame);
                if e.is_reg {
                    self.regs[f] |= 1u32.wrapping_shl(u32::from(e.index));
                } else {
                    self.slots[f] |= 1 << e.index;
                }
            }
        }
    }
}

/// Frame and slot of a stack access noted in the history.
fn stack_access(hist: Option<&HistEntry>) -> Option<(usize, u32)> {
    let flags = hist?.flags;
    (flags & F_STACK_ACCESS != 0).then(|| (usize::from(flags & 7), u32::from(flags >> 3 & 63)))
}

/// A fetching atomic operation, or a load with acquire order: the register it loads.
fn atomic_load(insn: Insn) -> Option<u8> {
    if insn.class() != STX || insn.mode() != ATOMIC {
        return None;
    }
    match insn.imm {
        LOAD_ACQ => Some(insn.dst),
        CMPXCHG => Some(0),
        imm if imm & FETCH != 0 => Some(insn.src),
        _ => None,
    }
}

/// One instruction backwards. `next_idx` is the instruction that ran after it, -1 at the start of the walk.
/// Kernel: `backtrack_insn()`.
fn step_back(env: &mut Env<'_>, idx: usize, next_idx: i32, hist: Option<&HistEntry>) -> Result<(), Stuck> {
    let Some(&insn) = env.insns.get(idx) else { return Err(Stuck::Bug("backtracking left the program")) };
    if insn.code == 0 {
        return Ok(());
    }
    if env.logs(2) {
        let bt = &env.explorer.bt;
        let (frame, regs, slots) = (bt.frame as u32, bt.here(), bt.slots[bt.frame]);
        env.emit(Event::PreciseBefore { frame, regs, slots, idx });
    }
    if env.interest.structure {
        let bt = &env.explorer.bt;
        let (frame, regs, slots) = (bt.frame as u32, bt.here(), bt.slots[bt.frame]);
        env.emit(Event::Precise { frame, regs, slots, idx });
    }
    let mut bt = env.explorer.bt;
    // Registers may have gained their range here because others did.
    bt.sync_linked(hist);
    let result = step_insn(env, &mut bt, insn, idx, next_idx, hist);
    if matches!(result, Ok(true)) {
        bt.sync_linked(hist);
    }
    env.explorer.bt = bt;
    result.map(|_| ())
}

/// Changes what is wanted from after `insn` to before it; `Ok(true)` when linked places are to be looked at again.
fn step_insn(
    env: &Env<'_>,
    bt: &mut Backtrack,
    insn: Insn,
    idx: usize,
    next_idx: i32,
    hist: Option<&HistEntry>,
) -> Result<bool, Stuck> {
    match insn.class() {
        ALU | ALU64 => {
            if !bt.has(insn.dst) || matches!(insn.op(), END | NEG) {
                return Ok(false);
            }
            if insn.op() == MOV {
                bt.found(insn.dst);
            }
            if insn.is_reg_src() && insn.src != 10 {
                bt.want(insn.src);
            }
            Ok(true)
        }
        LDX => load(bt, insn.dst, hist),
        STX | ST => {
            if let Some(reg) = atomic_load(insn)
                && (env.kernel.features.atomic_fetch_backtracks || insn.imm == LOAD_ACQ)
            {
                return load(bt, reg, hist);
            }
            if bt.has(insn.dst) {
                // A scalar that addresses memory: pointers were subtracted.
                return Err(Stuck::Unknown);
            }
            let Some((frame, spi)) = stack_access(hist) else { return Ok(false) };
            if bt.slots[frame] >> spi & 1 == 0 {
                return Ok(false);
            }
            bt.slots[frame] &= !(1 << spi);
            if insn.class() == STX {
                bt.want(insn.src);
            }
            Ok(true)
        }
        JMP | JMP32 => step_jump(env, bt, insn, idx, next_idx, hist),
        // ldimm64, LD_ABS, LD_IND
        _ => {
            if insn.mode() == IMM {
                bt.found(insn.dst);
                return Ok(false);
            }
            if matches!(insn.mode(), IND | ABS) {
                if bt.has(insn.dst) {
                    return Err(Stuck::Unknown);
                }
                // Such a load may also leave the function.
                if env.kernel.features.ld_abs_backtracks && next_idx != idx as i32 + 1 {
                    bt.enter()?;
                }
                return Ok(false);
            }
            Ok(true)
        }
    }
}

/// A load: what was wanted in the register is wanted in the stack slot, when it came from there.
fn load(bt: &mut Backtrack, reg: u8, hist: Option<&HistEntry>) -> Result<bool, Stuck> {
    if !bt.has(reg) {
        return Ok(false);
    }
    bt.found(reg);
    let Some((frame, spi)) = stack_access(hist) else { return Ok(false) };
    bt.slots[frame] |= 1 << spi;
    Ok(true)
}

fn step_jump(
    env: &Env<'_>,
    bt: &mut Backtrack,
    insn: Insn,
    idx: usize,
    next_idx: i32,
    hist: Option<&HistEntry>,
) -> Result<bool, Stuck> {
    let calls_back = |at: i32| usize::try_from(at).ok().and_then(|i| env.aux.get(i)).is_some_and(|a| a.calls_callback);
    if insn.is_pseudo_call() {
        let entry = (idx as i64 + 1 + i64::from(insn.imm)) as u32;
        let Ok(sub) = env.subprogs.binary_search_by_key(&entry, |s| s.start) else {
            return Err(Stuck::Bug("no function at a call's target"));
        };
        if env.func_info_aux.get(sub).is_some_and(|a| a.linkage == 1) {
            // A global function was not walked: its arguments are checked by type, and it always sets R0.
            if bt.here() & ARGS != 0 {
                return Err(Stuck::Bug("arguments wanted after a global function"));
            }
            bt.found(0);
            return Ok(false);
        }
        if bt.here() & !ARGS != 0 || bt.slots[bt.frame] != 0 {
            return Err(Stuck::Bug("places wanted before a function's entry"));
        }
        let args = bt.here();
        if args != 0 && bt.frame == 0 {
            // The kernel writes outside of its own memory here.
            return Err(Stuck::Bug("arguments wanted of the main program's caller"));
        }
        bt.regs[bt.frame] = 0;
        bt.leave()?;
        bt.regs[bt.frame] |= args;
        return Ok(false);
    }
    if env.aux.get(idx).is_some_and(|a| a.calls_callback) && idx as i64 != i64::from(next_idx) - 1 {
        // Out of the callback: its arguments are not the caller's.
        if bt.here() & !ARGS != 0 {
            return Err(Stuck::Callback(bt.here()));
        }
        if bt.slots[bt.frame] != 0 {
            return Err(Stuck::Bug("slots wanted before a callback's entry"));
        }
        bt.regs[bt.frame] = 0;
        bt.leave()?;
        return Ok(false);
    }
    match insn.op() {
        CALL => {
            if insn.is_kfunc_call() && insn.imm == 0 {
                return Err(Stuck::Unknown);
            }
            bt.found(0);
            if bt.here() & ARGS != 0 {
                return Err(Stuck::Bug("arguments wanted after a call"));
            }
            // A tail call may also leave the function.
            if env.kernel.features.tail_call_exits_frame
                && insn.is_helper_call()
                && insn.imm == TAIL_CALL
                && i64::from(next_idx) - idx as i64 != 1
            {
                bt.enter()?;
            }
            Ok(true)
        }
        EXIT => {
            let from_call =
                usize::try_from(next_idx - 1).ok().and_then(|i| env.insns.get(i)).is_some_and(|i| i.is_pseudo_call());
            if env.kernel.features.callback_args_dropped_at_exit && calls_back(next_idx) {
                bt.regs[bt.frame] &= !ARGS;
            }
            let strict = from_call || env.kernel.features.callback_args_dropped_at_exit;
            if strict && bt.here() & ARGS != 0 {
                return Err(Stuck::Bug("arguments wanted after a return"));
            }
            let r0 = from_call && bt.has(0);
            bt.found(0);
            bt.enter()?;
            if r0 {
                bt.want(0);
            }
            Ok(false)
        }
        _ if insn.is_reg_src() => {
            if !bt.has(insn.dst) && !bt.has(insn.src) {
                return Ok(false);
            }
            let flags = hist.map_or(0, |h| h.flags);
            if flags & F_SRC_REG_STACK == 0 {
                bt.want(insn.src);
            }
            if flags & F_DST_REG_STACK == 0 {
                bt.want(insn.dst);
            }
            Ok(true)
        }
        _ => Ok(true),
    }
}

/// Number of `bpf_tail_call()`.
const TAIL_CALL: i32 = 12;

/// What a walk needs of a state.
struct At {
    first_idx: i32,
    history: Rc<Vec<HistEntry>>,
    parent: Option<StateId>,
}

impl At {
    fn of(st: &VerifierState) -> At {
        At { first_idx: st.first_insn_idx as i32, history: Rc::clone(&st.history), parent: st.parent }
    }

    /// The instruction before `idx`, `None` at the state's beginning. Kernel: `get_prev_insn_idx()`.
    fn before(&self, idx: i32, end: &mut usize) -> Option<i32> {
        let entry = end.checked_sub(1).and_then(|e| self.history.get(e));
        if idx == self.first_idx && (*end == 0 || (*end == 1 && entry.is_some_and(|e| e.idx as i32 == idx))) {
            return None;
        }
        match entry {
            Some(e) if e.idx as i32 == idx => {
                *end -= 1;
                Some(e.prev_idx as i32)
            }
            _ => Some(idx - 1),
        }
    }

    fn entry(&self, idx: i32, end: usize) -> Option<HistEntry> {
        end.checked_sub(1).and_then(|e| self.history.get(e)).filter(|e| e.idx as i32 == idx).copied()
    }
}

/// Marks every scalar of all ancestors precise. Kernel: `mark_all_scalars_precise()`.
pub(crate) fn mark_all_scalars_precise(env: &mut Env<'_>, mut parent: Option<StateId>, curframe: usize) {
    let logs = env.logs(2);
    if logs {
        env.say(LimitMsg::PreciseAll { frame: curframe });
    }
    while let Some(id) = parent {
        let frames = env.explorer.state(id).frames.len();
        for frame in 0..frames {
            for reg in 0..10 {
                let r = &env.explorer.state(id).frames[frame].regs[reg];
                if r.is_scalar() && !r.precise {
                    env.explorer.state_mut(id).frame_at_mut(frame).regs[reg].precise = true;
                    if logs {
                        env.say(LimitMsg::ForcePreciseReg { frame, reg });
                    }
                }
            }
            for spi in 0..env.explorer.state(id).frames[frame].stack.len() {
                let s = &env.explorer.state(id).frames[frame].stack[spi];
                if s.is_spilled_scalar() && !s.spilled.precise {
                    env.explorer.state_mut(id).frame_at_mut(frame).stack_mut()[spi].spilled.precise = true;
                    if logs {
                        env.say(LimitMsg::ForcePreciseSlot { frame, off: -(spi as i32 + 1) * 8 });
                    }
                }
            }
        }
        parent = env.explorer.state(id).parent;
    }
}

/// Walks backwards from the current state, or from one that was kept, until nothing is wanted any more. The answer is
/// whether any state was marked. Kernel: `__mark_chain_precision()`.
fn mark_chain(env: &mut Env<'_>, start: Option<&VerifierState>, regno: Option<u8>) -> Res<bool> {
    if !env.caps.bpf_capable {
        return Ok(false);
    }
    let (mut at, curframe, mut last_idx) = {
        let st = start.unwrap_or(&env.cur);
        let last = if start.is_some() { st.insn_idx as i32 } else { env.insn_idx as i32 };
        (At::of(st), st.curframe(), last)
    };
    env.explorer.bt.frame = curframe;
    if let Some(r) = regno {
        if !env.reg(r).is_scalar() {
            return Err(env.reject(LimitMsg::PrecisionMisuse, Errno::EFAULT));
        }
        env.explorer.bt.want(r);
    }
    if env.explorer.bt.is_empty() {
        return Ok(false);
    }
    let first_parent = at.parent;
    let (mut subseq_idx, mut skip_first, mut changed) = (-1i32, true, false);
    let mut this: Option<StateId> = None;
    loop {
        if env.logs(2) {
            let frame = env.explorer.bt.frame;
            env.say(LimitMsg::PreciseState { frame, last_idx, first_idx: at.first_idx, subseq_idx });
        }
        if last_idx < 0 {
            return finish_at_entry(env, this, changed);
        }
        let mut end = at.history.len();
        let mut i = last_idx;
        loop {
            if skip_first {
                skip_first = false;
            } else {
                let hist = at.entry(i, end);
                match step_back(env, i as usize, subseq_idx, hist.as_ref()) {
                    Ok(()) => {}
                    Err(Stuck::Unknown) => {
                        mark_all_scalars_precise(env, first_parent, curframe);
                        env.explorer.bt = Backtrack::default();
                        return Ok(changed);
                    }
                    Err(Stuck::Bug(what)) => return Err(env.bug(what)),
                    Err(Stuck::LeftMain) => return Err(env.reject(LimitMsg::LeftMain, Errno::EFAULT)),
                    Err(Stuck::Callback(regs)) => {
                        return Err(env.reject(LimitMsg::CallbackRegs { regs }, Errno::EFAULT));
                    }
                }
            }
            if env.explorer.bt.is_empty() {
                return Ok(changed);
            }
            subseq_idx = i;
            match at.before(i, &mut end) {
                None => break,
                Some(p) if p < 0 || p as usize >= env.insns.len() => {
                    return Err(env.bug("backtracking left the program"));
                }
                Some(p) => i = p,
            }
        }
        let Some(id) = at.parent else { break };
        changed |= mark_state(env, id)?;
        if env.explorer.bt.is_empty() {
            return Ok(changed);
        }
        subseq_idx = at.first_idx;
        let st = env.explorer.state(id);
        last_idx = st.last_insn_idx as i32;
        at = At::of(st);
        this = Some(id);
    }
    if !env.explorer.bt.is_empty() {
        mark_all_scalars_precise(env, first_parent, curframe);
        env.explorer.bt = Backtrack::default();
    }
    Ok(changed)
}

/// The walk came before the first instruction: that is right for the arguments of a global function only.
fn finish_at_entry(env: &mut Env<'_>, this: Option<StateId>, changed: bool) -> Res<bool> {
    let mut bt = env.explorer.bt;
    let st = match this {
        Some(id) => env.explorer.state_mut(id),
        None => &mut env.cur,
    };
    let entry = st.frames.len() == 1 && st.frames[0].subprogno > 0 && st.frames[0].callsite == FuncState::MAIN;
    if !entry || bt.slots[bt.frame] != 0 || bt.here() & !ARGS != 0 {
        return Err(env.bug("backtracking reached a function's entry"));
    }
    let mut marked = changed;
    for r in 1..6u8 {
        if bt.has(r) {
            bt.found(r);
            let reg = &mut st.frame_at_mut(0).regs[usize::from(r)];
            if reg.is_scalar() {
                marked = true;
                reg.precise = true;
            }
        }
    }
    env.explorer.bt = bt;
    Ok(marked)
}

/// Marks what is wanted in a stored state; what is marked there already, or no scalar, is wanted no more.
fn mark_state(env: &mut Env<'_>, id: StateId) -> Res<bool> {
    let mut changed = false;
    for frame in (0..=env.explorer.bt.frame).rev() {
        let mut bt = env.explorer.bt;
        let Some(f) = env.explorer.state(id).frames.get(frame).cloned() else {
            return Err(env.bug("backtracking reached a state with fewer frames"));
        };
        let (mut new_regs, mut new_slots) = (0u32, 0u64);
        for r in 0..11 {
            if bt.regs[frame] >> r & 1 != 0 {
                if f.regs[r].is_scalar() && !f.regs[r].precise {
                    new_regs |= 1 << r;
                } else {
                    bt.regs[frame] &= !(1 << r);
                }
            }
        }
        for spi in 0..64 {
            if bt.slots[frame] >> spi & 1 != 0 {
                let Some(s) = f.stack.get(spi) else {
                    return Err(env.bug("backtracking reached a slot beyond the stack"));
                };
                if s.is_spilled_scalar() && !s.spilled.precise {
                    new_slots |= 1 << spi;
                } else {
                    bt.slots[frame] &= !(1 << spi);
                }
            }
        }
        drop(f);
        env.explorer.bt = bt;
        if new_regs != 0 || new_slots != 0 {
            changed = true;
            let f = env.explorer.state_mut(id).frame_at_mut(frame);
            for (r, reg) in f.regs.iter_mut().enumerate() {
                reg.precise |= new_regs >> r & 1 != 0;
            }
            if new_slots != 0 {
                for (spi, s) in f.stack_mut().iter_mut().enumerate().take(64) {
                    s.spilled.precise |= new_slots >> spi & 1 != 0;
                }
            }
        }
        if env.logs(2) {
            env.say(LimitMsg::PreciseParent { frame, regs: bt.regs[frame], slots: bt.slots[frame] });
            let state = env.explorer.state(id).clone();
            print_state(env, &state, frame);
        }
    }
    Ok(changed)
}

/// The register's exact value matters. Kernel: `mark_chain_precision()`.
///
/// # Errors
/// Only when the kernel's own consistency checks fail.
pub(crate) fn mark_chain_precision(env: &mut Env<'_>, regno: u8) -> Res {
    mark_chain(env, None, Some(regno)).map(|_| ())
}

/// Propagates marks requested with [`request_precise_slot`]. Kernel: `mark_chain_precision_batch()`.
///
/// # Errors
/// Only when the kernel's own consistency checks fail.
pub(crate) fn mark_chain_precision_batch(env: &mut Env<'_>) -> Res {
    mark_chain(env, None, None).map(|_| ())
}

/// Kernel: `bt_set_frame_slot()` before a batch.
pub(crate) fn request_precise_slot(env: &mut Env<'_>, frame: usize, spi: usize) {
    if let Some(m) = env.explorer.bt.slots.get_mut(frame) {
        *m |= 1 << (spi & 63);
    }
}

/// What a state that covers `start` (the current state when `None`) needs exactly, `start` needs too. The answer is
/// whether any state was marked. Kernel: `propagate_precision()`.
///
/// # Errors
/// Only when the kernel's own consistency checks fail.
pub(crate) fn propagate_precision(env: &mut Env<'_>, old: StateId, start: Option<&VerifierState>) -> Res<bool> {
    use crate::kernel::features::LivenessKind;
    use crate::state::RegState;
    use crate::state::register::live;
    let marks = env.kernel.features.liveness == LivenessKind::ReadMarks;
    let needed = |r: &RegState| r.is_scalar() && r.precise && (!marks || r.live & live::READ != 0);
    for frame in (0..env.explorer.state(old).frames.len()).rev() {
        let f = &env.explorer.state(old).frames[frame];
        let (mut regs, mut slots) = (0u32, 0u64);
        for (i, r) in f.regs.iter().enumerate().take(10) {
            regs |= u32::from(needed(r)) << i;
        }
        for (spi, s) in f.stack.iter().enumerate().take(64) {
            slots |= u64::from(s.is_spilled_reg() && needed(&s.spilled)) << spi;
        }
        if regs == 0 && slots == 0 {
            continue;
        }
        if let (Some(r), Some(s)) = (env.explorer.bt.regs.get_mut(frame), env.explorer.bt.slots.get_mut(frame)) {
            *r |= regs;
            *s |= slots;
        }
        if env.logs(2) {
            env.say(LimitMsg::Propagating { frame, regs, slots });
        }
        env.say(LimitMsg::PropagatingEnd);
    }
    mark_chain(env, start, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linked_registers_survive_packing_in_reverse_order() {
        let mut linked = LinkedRegs::default();
        let all = [
            LinkedReg { frame: 7, index: 63, is_reg: false },
            LinkedReg { frame: 0, index: 10, is_reg: true },
            LinkedReg { frame: 3, index: 0, is_reg: false },
        ];
        assert!(all.iter().all(|e| linked.push(*e)));
        let mut back = LinkedRegs::unpack(linked.pack()).entries().to_vec();
        back.reverse();
        assert_eq!(back, all);
        assert_eq!(LinkedRegs::unpack(0).entries(), &[]);
    }

    #[test]
    fn no_more_than_six_are_kept() {
        let mut linked = LinkedRegs::default();
        let pushed = (0..9).filter(|i| linked.push(LinkedReg { frame: 0, index: *i, is_reg: true })).count();
        assert_eq!(pushed, LinkedRegs::MAX);
        assert_eq!(LinkedRegs::unpack(linked.pack()).entries().len(), LinkedRegs::MAX);
    }

    #[test]
    fn asking_for_one_linked_place_asks_for_all() {
        let mut linked = LinkedRegs::default();
        linked.push(LinkedReg { frame: 0, index: 2, is_reg: true });
        linked.push(LinkedReg { frame: 1, index: 4, is_reg: false });
        let hist = HistEntry { linked_regs: linked.pack(), ..HistEntry::default() };
        let mut bt = Backtrack { frame: 1, ..Backtrack::default() };
        bt.sync_linked(Some(&hist));
        assert!(bt.is_empty());
        bt.regs[0] = 1 << 2;
        bt.sync_linked(Some(&hist));
        assert_eq!((bt.regs[0], bt.slots[1]), (1 << 2, 1 << 4));
    }
}
