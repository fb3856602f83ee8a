//! Infrared decoders: the context is one sample.

use super::access::{Field, Layout, Rule};

/// Kernel: `lirc_mode2_is_valid_access()`.
pub static LAYOUT: Layout = Layout::fields("lirc_mode2", 4, &[Field::read("sample", 0, 1, Rule::Exactly(4))]);
