//! What single instructions, accesses and searches do, each in a program of a few instructions.

mod access;
mod jump_tables;
mod liveness;
mod objects;
mod precision;
mod properties;
mod search;
mod transfer;

/// Rows of programs and what a register holds at their end.
macro_rules! at_end {
    ($($name:ident: $text:expr, r $reg:literal => $is:expr;)*) => {
        $(
            #[test]
            fn $name() {
                assert_eq!($crate::analysis::testing::walk($text).end($reg), $is);
            }
        )*
    };
}

/// Rows of programs and what is said of them: `ok`, or the message that rejects them.
macro_rules! verdicts {
    ($($name:ident: $text:expr => $says:expr;)*) => {
        $(
            #[test]
            fn $name() {
                assert_eq!($crate::analysis::testing::walk($text).says(), $says);
            }
        )*
    };
}

use {at_end, verdicts};
