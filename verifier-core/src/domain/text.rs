//! Known bits in words. Answers for `tnum_strn()`.

use std::fmt;

use super::Tnum;

impl fmt::Display for Tnum {
    /// Prints a constant in decimal while it is small, else in hexadecimal, and anything else as `(value; mask)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.mask, self.value) {
            (0, v) if v <= 0xffff => write!(f, "{v}"),
            (0, v) => write!(f, "{v:#x}"),
            (mask, value) => write!(f, "({value:#x}; {mask:#x})"),
        }
    }
}
