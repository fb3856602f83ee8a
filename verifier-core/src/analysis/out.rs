//! Who listens to an analysis, and what is counted for the last line of the log.
//!
//! In the kernel: `env->log.level & BPF_LOG_LEVEL`, `verbose()`.

use crate::error::{Res, Stop};
use crate::log::{Interest, Sink};

/// Who listens, and what is counted.
pub struct Out<'a> {
    /// Counters.
    pub stats: Stats,
    /// What listeners want.
    pub interest: Interest,
    /// The listener.
    pub sink: &'a mut dyn Sink,
    /// Asked now and then; `true` ends the analysis.
    pub cancelled: &'a dyn Fn() -> bool,
}

/// Counters that the last line of a log shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Instructions processed.
    pub insns: u32,
    /// States stored.
    pub total_states: u32,
    /// Most states alive at once.
    pub peak_states: u32,
    /// Most states stored at one instruction.
    pub max_states_per_insn: u32,
    /// Longest chain of read marks (`mark_read`).
    pub longest_read_walk: u32,
}

impl Out<'_> {
    /// Whether the kernel's log of this level is wanted.
    #[inline]
    pub fn logs(&self, level: u32) -> bool {
        self.interest.log_level & level != 0
    }

    /// Whether any log text of the walk is wanted.
    #[inline]
    pub fn logging(&self) -> bool {
        self.interest.log_level & 3 != 0
    }

    /// Ends the analysis when asked to.
    pub fn check_cancelled(&self) -> Res {
        if (self.cancelled)() { Err(Stop::Budget("cancelled".into())) } else { Ok(()) }
    }
}
