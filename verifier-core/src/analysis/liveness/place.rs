//! Places of a frame, and which of two ways of finding those that are read a release has.

use crate::kernel::features::LivenessKind;

use super::super::Cx;

/// A register or stack slot of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Register number.
    Reg(u8),
    /// Slot index (`spi`), 0 is fp-8.
    Slot(usize),
}

/// Registers and slots of a frame that are not read later, as bits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DeadPlaces {
    /// Registers.
    pub regs: u16,
    /// Slots.
    pub slots: u64,
}

/// Whether reads travel back to ancestor states as they happen.
pub(crate) fn read_marks(cx: &Cx<'_>) -> bool {
    cx.program.kernel.features.liveness == LivenessKind::ReadMarks
}
