//! Which halves of stack slots are read later, by calls that lead to a function (7.1).
//!
//! The sets are found before the walk, see `preflight::frames`; the walk asks whether a half is alive.

use std::collections::HashMap;

use crate::state::VerifierState;

use super::super::learned::Learned;

/// Half slots of a frame, as bits; half 0 is the upper half of fp-8, four bytes below the frame pointer.
pub(crate) type Halves = u128;

/// Bytes of half a slot.
const HALF: i64 = 4;

/// Frames that can be nested.
pub(crate) const FRAMES: usize = 8;

/// Sets at one instruction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sets {
    pub(crate) read: Halves,
    pub(crate) written: Halves,
    pub(crate) alive: Halves,
}

/// A function as reached by a call, and what it does to the frames it can see.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) site: u32,
    pub(crate) depth: usize,
    pub(crate) subprog: usize,
    pub(crate) start: u32,
    pub(crate) len: usize,
    pub(crate) frames: [Option<Vec<Sets>>; FRAMES],
    pub(crate) done: bool,
}

impl Run {
    pub(crate) fn sets(&self, frame: usize, insn: u32) -> Option<&Sets> {
        self.frames.get(frame)?.as_ref()?.get(insn.wrapping_sub(self.start) as usize)
    }

    pub(crate) fn entry(&mut self, frame: usize, insn: u32) -> Option<&mut Sets> {
        let len = self.len;
        let at = insn.wrapping_sub(self.start) as usize;
        self.frames.get_mut(frame)?.get_or_insert_with(|| vec![Sets::default(); len]).get_mut(at)
    }

    pub(crate) fn read(&mut self, frame: usize, insn: u32, halves: Halves) {
        if let Some(s) = self.entry(frame, insn) {
            s.read |= halves;
        }
    }

    pub(crate) fn write(&mut self, frame: usize, insn: u32, halves: Halves) {
        if let Some(s) = self.entry(frame, insn) {
            s.written |= halves;
        }
    }

    pub(crate) fn read_frames(&mut self, mask: u16, insn: u32) {
        for frame in (0..=self.depth).filter(|f| mask >> f & 1 != 0) {
            self.read(frame, insn, Halves::MAX);
        }
    }

    /// `bytes` at one offset are touched.
    pub(crate) fn touch_at(&mut self, frame: usize, insn: u32, off: i64, bytes: Touch) {
        if off >= 0 {
            return;
        }
        let range = |low: i64, high: i64| (low.max(0)..=high.min(127)).fold(0, |set, n| set | 1 << n);
        let top = |n: i64| (-off - n).div_euclid(HALF).max(0);
        match bytes {
            Touch::Unknown => self.read(frame, insn, range(0, (-off - 1) / HALF)),
            Touch::Read(n) => self.read(frame, insn, range(((-off - n) / HALF).max(0), (-off - 1) / HALF)),
            Touch::Write(n) => {
                // Only halves that are covered whole.
                let (low, high) = (top(n - (HALF - 1)), -off / HALF - 1);
                if low <= high {
                    self.write(frame, insn, range(low, high));
                }
            }
            Touch::Nothing => {}
        }
    }
}

/// What a call or access does with memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Touch {
    Nothing,
    Unknown,
    Read(i64),
    Write(i64),
}

/// What is known of all frames, by call.
#[derive(Debug, Default)]
pub(crate) struct FrameLiveness {
    pub(crate) runs: Vec<Run>,
    pub(crate) by_site: HashMap<(u32, usize), usize>,
    pub(crate) count: u32,
}

impl FrameLiveness {
    /// The run that a frame of a state stands in.
    fn of_frame(&self, learned: &Learned, st: &VerifierState, frame: usize) -> Option<&Run> {
        let f = st.frames.get(frame)?;
        let start = learned.subprogs.get(f.function_number as usize)?.start;
        let site = if frame > 0 { f.called_from as u32 } else { start };
        (0..=frame).rev().find_map(|depth| {
            let key = if depth > 0 { site } else { start };
            self.by_site.get(&(key, depth)).map(|i| &self.runs[*i])
        })
    }
}

/// Half slots of a frame that may be read after the point where a state stands.
pub(crate) fn alive(all: &FrameLiveness, learned: &Learned, st: &VerifierState, insn: usize, frame: usize) -> Halves {
    let last = st.frames.len().saturating_sub(1);
    // A run may begin at a frame further in than the state's outermost.
    let of = |run: &Run, at: usize, insn: u32, own: usize| {
        let frame = run.depth as i64 - own as i64 + at as i64;
        match usize::try_from(frame) {
            Ok(f) if f <= run.depth => Some(run.sets(f, insn).map_or(0, |s| s.alive)),
            _ => None,
        }
    };
    let Some(run) = all.of_frame(learned, st, last) else { return Halves::MAX };
    let mut alive = of(run, frame, insn as u32, last).unwrap_or(0);
    for i in frame..last {
        let Some(run) = all.of_frame(learned, st, i) else { return Halves::MAX };
        let site = st.frames[i + 1].called_from as u32;
        let calls_back = learned.aux.get(site as usize).is_some_and(|a| a.runs_callbacks);
        match of(run, frame, if calls_back { site } else { site + 1 }, i) {
            Some(halves) => alive |= halves,
            None => return Halves::MAX,
        }
    }
    alive
}
