//! Packet data. Answers for `check_packet_access()`.

use crate::analysis::Env;
use crate::error::{Res, Stop};

/// Checks that an access stays in the range proven by comparisons. Kernel: `check_packet_access()`.
pub(crate) fn check_packet_access(_env: &mut Env<'_>, _regno: u8, _off: i32, _size: i32, _zero_size_allowed: bool) -> Res {
    Err(Stop::unsupported("check_packet_access"))
}
