//! How sets of registers and stack slots are listed in the log. Kernel: `fmt_reg_mask()`, `fmt_stack_mask()`.

fn list(bits: u64, mut one: impl FnMut(u32) -> String) -> String {
    let mut out = String::new();
    let mut rest = bits;
    while rest != 0 {
        let bit = rest.trailing_zeros();
        rest &= rest - 1;
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&one(bit));
    }
    out
}

/// `r0,r2` for 0b101.
pub fn regs_list(regs: u32) -> String {
    list(u64::from(regs), |r| format!("r{r}"))
}

/// `-8,-24` for 0b101.
pub fn slots_list(slots: u64) -> String {
    list(slots, |s| (-(i64::from(s) + 1) * 8).to_string())
}

/// `fp-8,fp-24` for 0b101.
pub fn frame_slots_list(slots: u64) -> String {
    list(slots, |s| format!("fp{}", -(i64::from(s) + 1) * 8))
}
