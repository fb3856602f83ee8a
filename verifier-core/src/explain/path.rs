//! The path that leads to the rejection: for each instruction, what it changed.
//!
//! The analysis explores depth first: when a path ends, the one pushed last goes on from where it branched off. So the
//! path is a stack; ending a path cuts it back to the branch. Only changes are kept, and only the newest steps of a very
//! long path, so that memory stays bounded.

use std::rc::Rc;

use crate::log::{Context, Event, Interest, Sink};
use crate::state::{FuncState, RegState, Slot, VerifierState};

/// Steps kept of one path. Older ones are forgotten: a cause is nearly always among the last thousands.
const MAX_STEPS: usize = 1 << 16;

/// A register or stack slot of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// Register.
    Reg {
        /// Frame, 0 is the outermost.
        frame: u8,
        /// Number.
        n: u8,
    },
    /// 8-byte slot; 0 is fp-8.
    Slot {
        /// Frame, 0 is the outermost.
        frame: u8,
        /// Index.
        n: u8,
    },
}

impl Place {
    /// `R2`, `fp-16`, with the frame where it is not the outermost.
    pub fn words(self) -> String {
        let within = |frame: u8| if frame == 0 { String::new() } else { format!(" of frame {frame}") };
        match self {
            Place::Reg { frame, n } => format!("R{n}{}", within(frame)),
            Place::Slot { frame, n } => format!("fp-{}{}", (u32::from(n) + 1) * 8, within(frame)),
        }
    }
}

/// One place that an instruction changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which.
    pub place: Place,
    /// What it held; `None`: nothing.
    pub before: Option<RegState>,
    /// What it holds.
    pub after: Option<RegState>,
}

/// One instruction of the path.
#[derive(Clone, Debug)]
pub struct PathStep {
    /// The instruction.
    pub insn: usize,
    /// Frame it ran in.
    pub frame: u8,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// A path from the entry (or from where memory of it begins) to its end.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// Steps in order of execution.
    pub steps: Vec<PathStep>,
    /// State at the end, if exploration had begun.
    pub last: Option<VerifierState>,
    /// Instruction at the end.
    pub end: usize,
    /// Older steps were forgotten.
    pub cut: bool,
    /// Their instructions.
    pub older: Vec<u32>,
}

/// A path that was put off: where it goes on, and how much of the current path it shares.
struct Pending {
    steps: usize,
    state: Option<Seen>,
    /// The branch, which belongs to both paths.
    branch: Option<(usize, u8)>,
}

/// Frames as last seen: sharing them costs a reference count.
#[derive(Clone)]
struct Seen {
    frames: Vec<Rc<FuncState>>,
}

/// Listens and keeps the current path.
#[derive(Default)]
pub struct Recorder {
    steps: Vec<PathStep>,
    /// Instructions of steps forgotten at the front; positions count from the real beginning.
    forgotten: Vec<u32>,
    pending: Vec<Pending>,
    seen: Option<Seen>,
    last_insn: Option<(usize, u8)>,
    path: Path,
}

impl Recorder {
    /// Nothing recorded yet.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// The path that led to the rejection; empty when there was none.
    pub fn into_path(self) -> Path {
        self.path
    }

    fn len(&self) -> usize {
        self.forgotten.len() + self.steps.len()
    }

    /// The previous instruction is done: what did it change?
    fn finish_step(&mut self, state: &VerifierState) {
        if let Some((insn, frame)) = self.last_insn.take() {
            let changes = self.seen.as_ref().map(|s| changes(&s.frames, &state.frames)).unwrap_or_default();
            self.steps.push(PathStep { insn, frame, changes });
            if self.steps.len() > 2 * MAX_STEPS {
                let drop = self.steps.len() - MAX_STEPS;
                let insns = self.steps.drain(..drop).map(|s| u32::try_from(s.insn).unwrap_or(u32::MAX));
                self.forgotten.extend(insns);
                self.path.cut = true;
            }
        }
        self.seen = Some(Seen { frames: state.frames.iter().cloned().collect() });
    }
}

impl Sink for Recorder {
    fn interest(&self) -> Interest {
        Interest { log_level: 0, structure: true }
    }

    fn event(&mut self, _: &Context<'_>, event: &Event<'_>) {
        match *event {
            Event::Begin { .. } => {
                self.steps.clear();
                self.forgotten.clear();
                self.pending.clear();
                self.seen = None;
                self.last_insn = None;
            }
            Event::At { idx, state, .. } => {
                self.finish_step(state);
                self.last_insn = Some((idx, state.top_frame() as u8));
            }
            Event::Pushed { .. } => {
                self.pending.push(Pending { steps: self.len(), state: self.seen.clone(), branch: self.last_insn });
            }
            Event::PathEnd { .. } => {
                self.last_insn = None;
                let Some(p) = self.pending.pop() else { return };
                let keep = p.steps.saturating_sub(self.forgotten.len());
                self.steps.truncate(keep);
                self.forgotten.truncate(p.steps);
                self.seen = p.state;
                self.last_insn = p.branch;
            }
            Event::Rejected { idx, state, .. } => {
                // Given up before the next instruction began: the one before is done.
                if let (Some(state), Some((last, _))) = (state, self.last_insn)
                    && last != idx
                {
                    self.finish_step(state);
                }
                if let Some(state) = state {
                    // The failing instruction may have changed registers before it failed.
                    self.path.last = Some(state.clone());
                }
                self.path.steps = std::mem::take(&mut self.steps);
                self.path.older = std::mem::take(&mut self.forgotten);
                self.path.end = idx;
            }
            _ => {}
        }
    }

    fn mark(&self) -> u64 {
        0
    }

    fn rewind(&mut self, _: u64) {}
}

fn reg_of(slot: &Slot) -> Option<RegState> {
    slot.holds_register().then_some(slot.spilled)
}

/// The same value, whatever the bookkeeping of marks says.
fn same(a: &RegState, b: &RegState) -> bool {
    a.ty == b.ty
        && a.off == b.off
        && a.payload == b.payload
        && a.scalar == b.scalar
        && a.id == b.id
        && a.ref_obj_id == b.ref_obj_id
}

fn held(r: &RegState) -> Option<RegState> {
    (r.ty.base != crate::state::RegBase::NotInit).then_some(*r)
}

/// What differs between the frames of two states: registers and spilled values.
pub fn changes(old: &[Rc<FuncState>], new: &[Rc<FuncState>]) -> Vec<Change> {
    let mut out = Vec::new();
    for (f, frame) in new.iter().enumerate() {
        let before = old.get(f);
        if before.is_some_and(|b| Rc::ptr_eq(b, frame)) {
            continue;
        }
        let number = f as u8;
        for (n, reg) in frame.regs.iter().enumerate().take(10) {
            let was = before.map(|b| &b.regs[n]);
            if was.is_some_and(|w| same(w, reg)) || (was.is_none() && held(reg).is_none()) {
                continue;
            }
            let place = Place::Reg { frame: number, n: n as u8 };
            out.push(Change { place, before: was.and_then(held), after: held(reg) });
        }
        if before.is_some_and(|b| b.stack.shares_all(&frame.stack)) {
            continue;
        }
        for (n, slot) in frame.stack.iter().enumerate() {
            let was = before.and_then(|b| b.stack.get(n));
            let unchanged = was.is_some_and(|w| w.kind == slot.kind && same(&w.spilled, &slot.spilled));
            if unchanged || (was.is_none() && slot.kind == Slot::EMPTY.kind) {
                continue;
            }
            let place = Place::Slot { frame: number, n: n as u8 };
            out.push(Change { place, before: was.and_then(reg_of), after: reg_of(slot) });
        }
    }
    out
}
