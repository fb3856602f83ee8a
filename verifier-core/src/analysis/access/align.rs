//! Alignment of loads and stores. Answers for `check_ptr_alignment()`.
//!
//! In the kernel: `NET_IP_ALIGN`.

use crate::analysis::Cx;
use crate::domain::Tnum;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::pointer::Aligned;

/// Bytes that drivers put before the Ethernet header, so that the IP header is aligned.
const IP_ALIGN: u32 = 2;

/// Whether `base` plus the constant `add` is a multiple of `size` (a power of two) whatever its unknown bits are.
fn is_aligned(base: Tnum, add: u64, size: u32) -> bool {
    let low = u64::from(size - 1);
    // Unknown bits below the size stay unknown or carry, so only their absence proves alignment; known low bits add.
    base.mask & low == 0 && base.value.wrapping_add(add) & low == 0
}

/// Checks that an access is aligned to its size, where that matters: always on the stack, elsewhere only when strict
/// alignment is asked for or `strict_once` is set.
///
/// `off` is the instruction's offset, without the register's.
pub(crate) fn access_is_aligned(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, strict_once: bool) -> Res {
    let reg = *cx.reg(regno);
    let strict = cx.program.strict_alignment || strict_once;
    let kind = reg.ty.base.row();
    let plain = reg.ty.flags.is_empty();
    let (strict, before) = match kind.aligned {
        _ if !plain => (strict, 0),
        Aligned::Asked => (strict, 0),
        Aligned::Always => (true, 0),
        Aligned::BehindHeader => (strict, IP_ALIGN),
        Aligned::Never => return Ok(()),
    };
    let add = i64::from((before as i32).wrapping_add(reg.off).wrapping_add(off)) as u64;
    if !strict || size == 1 || is_aligned(reg.var_off(), add, size) {
        return Ok(());
    }
    if before != 0 {
        let msg =
            MemoryMsg::PacketMisaligned { ip_align: IP_ALIGN, var_off: reg.var_off(), reg_off: reg.off, off, size };
        return Err(cx.reject(msg, Errno::EACCES));
    }
    let what = if plain { kind.aligned_word } else { "" };
    let msg = MemoryMsg::Misaligned { what, var_off: reg.var_off(), reg_off: reg.off, off, size };
    Err(cx.reject(msg, Errno::EACCES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_low_bits_are_never_aligned() {
        assert!(is_aligned(Tnum { value: 4, mask: 0xf8 }, 4, 8));
        assert!(!is_aligned(Tnum { value: 0, mask: 1 }, 0, 2));
        assert!(!is_aligned(Tnum { value: 0, mask: 8 }, 4, 8));
        assert!(is_aligned(Tnum::konst(u64::MAX - 7), 0, 8));
    }
}
