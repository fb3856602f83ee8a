//! Instructions as text, in the words of the kernel's log. Kernel: `print_bpf_insn()`.
//!
//! The kernel's own disassembler is terse about nonsense (`BUG_..`), and so is this one: what it prints for an
//! instruction that no program may hold is part of the log too.

use std::fmt::{self, Write};

use super::insn::Insn;
use super::opcode::*;

/// Names that the instruction alone does not tell.
pub trait Names {
    /// Name of a helper by number.
    fn helper(&self, id: i32) -> Option<String>;
    /// Name of a kernel function by the immediate and offset of its call.
    fn kfunc(&self, insn: Insn) -> Option<String>;
    /// Whether kernel functions can be called (5.13); before, whatever was no call of a local function was shown as one of
    /// a helper.
    fn kernel_calls(&self) -> bool {
        true
    }
    /// Whether `load_acquire` and `store_release` are known (6.15).
    fn acquire_release(&self) -> bool {
        true
    }
    /// Whether signed divisions and moves are known (6.6); before, the field that makes them so was not shown.
    fn signed_forms(&self) -> bool {
        true
    }
}

/// Knows no name.
pub struct NoNames;

impl Names for NoNames {
    fn helper(&self, _: i32) -> Option<String> {
        None
    }
    fn kfunc(&self, _: Insn) -> Option<String> {
        None
    }
}

const ALU: [&str; 16] =
    ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "endian", "(null)", "(null)"];
const CMP: [&str; 16] =
    ["jmp", "==", ">", ">=", "&", "!=", "s>", "s>=", "call", "exit", "<", "<=", "s<", "s<=", "(null)", "(null)"];

fn unsigned_type(insn: Insn) -> &'static str {
    match insn.size_bits() {
        W => "u32",
        H => "u16",
        B => "u8",
        _ => "u64",
    }
}

fn signed_type(insn: Insn) -> &'static str {
    match insn.size_bits() {
        W => "s32",
        H => "s16",
        B => "s8",
        _ => "(null)",
    }
}

/// Writes one instruction, without line end.
///
/// `next` is the following slot (upper half of an `ldimm64`). `hide_pointers`: map and symbol addresses print as 0,
/// as for a load without CAP_PERFMON.
pub fn write_insn(
    f: &mut dyn Write,
    insn: Insn,
    next: Option<Insn>,
    names: &dyn Names,
    hide_pointers: bool,
) -> fmt::Result {
    let c = insn.code;
    match insn.class() {
        super::opcode::ALU | ALU64 => write_alu(f, if names.signed_forms() { insn } else { Insn { off: 0, ..insn } }),
        STX => write_stx(f, insn, names.acquire_release()),
        ST => match insn.mode() {
            MEM => write!(f, "({c:02x}) *({} *)(r{} {:+}) = {}", unsigned_type(insn), insn.dst, insn.off, insn.imm),
            0xc0 => write!(f, "({c:02x}) nospec"),
            _ => write!(f, "BUG_st_{c:02x}"),
        },
        LDX => {
            let ty = match insn.mode() {
                MEM => unsigned_type(insn),
                MEMSX => signed_type(insn),
                _ => return write!(f, "BUG_ldx_{c:02x}"),
            };
            write!(f, "({c:02x}) r{} = *({ty} *)(r{} {:+})", insn.dst, insn.src, insn.off)
        }
        LD => match insn.mode() {
            ABS => write!(f, "({c:02x}) r0 = *({} *)skb[{}]", unsigned_type(insn), insn.imm),
            IND => write!(f, "({c:02x}) r0 = *({} *)skb[r{} + {}]", unsigned_type(insn), insn.src, insn.imm),
            IMM if insn.is_ldimm64() => {
                let hidden = hide_pointers
                    && matches!(
                        insn.src,
                        PSEUDO_MAP_FD | PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX | PSEUDO_MAP_IDX_VALUE | PSEUDO_BTF_ID
                    );
                let high = next.map_or(0, |n| n.imm as u32);
                let imm = if hidden { 0 } else { u64::from(high) << 32 | u64::from(insn.imm as u32) };
                write!(f, "({c:02x}) r{} = 0x{imm:x}", insn.dst)
            }
            _ => write!(f, "BUG_ld_{c:02x}"),
        },
        _ => write_jump(f, insn, names),
    }
}

fn write_alu(f: &mut dyn Write, insn: Insn) -> fmt::Result {
    let c = insn.code;
    let (dst, src, wide) = (insn.dst, insn.src, insn.class() == ALU64);
    let r = if wide { 'r' } else { 'w' };
    let op = insn.op();
    if op == END {
        return if wide {
            write!(f, "({c:02x}) r{dst} = bswap{} r{dst}", insn.imm)
        } else {
            let order = if insn.source() == TO_BE { "be" } else { "le" };
            write!(f, "({c:02x}) r{dst} = {order}{} r{dst}", insn.imm)
        };
    }
    if op == NEG {
        return write!(f, "({c:02x}) {r}{dst} = -{r}{dst}");
    }
    if wide && op == MOV && insn.is_reg_src() && insn.off == 1 {
        let (to, from) = ((insn.imm as u32) >> 16, insn.imm as u16);
        return write!(f, "({c:02x}) r{dst} = addr_space_cast(r{src}, {to}, {from})");
    }
    if wide && op == MOV && insn.is_reg_src() && insn.off == -1 {
        return write!(f, "({c:02x}) r{dst} = &(void __percpu *)(r{src})");
    }
    let sign = match op {
        DIV if insn.off == 1 => "s/=",
        MOD if insn.off == 1 => "s%=",
        _ => ALU[(op >> 4) as usize],
    };
    if insn.is_reg_src() {
        let cast = match (op, insn.off) {
            (MOV, 8) => "(s8)",
            (MOV, 16) => "(s16)",
            (MOV, 32) => "(s32)",
            _ => "",
        };
        write!(f, "({c:02x}) {r}{dst} {sign} {cast}{r}{src}")
    } else {
        write!(f, "({c:02x}) {r}{dst} {sign} {}", insn.imm)
    }
}

fn write_stx(f: &mut dyn Write, insn: Insn, acquire_release: bool) -> fmt::Result {
    let c = insn.code;
    let (dst, src, off, ty) = (insn.dst, insn.src, insn.off, unsigned_type(insn));
    let wide = if insn.size_bits() == DW { "64" } else { "" };
    if insn.mode() == MEM {
        return write!(f, "({c:02x}) *({ty} *)(r{dst} {off:+}) = r{src}");
    }
    if insn.mode() != ATOMIC {
        return write!(f, "BUG_{c:02x}");
    }
    let plain = |imm: i32| [ADD, AND, OR, XOR].into_iter().find(|op| i32::from(*op) == imm);
    if let Some(op) = plain(insn.imm) {
        return write!(f, "({c:02x}) lock *({ty} *)(r{dst} {off:+}) {} r{src}", ALU[(op >> 4) as usize]);
    }
    if insn.imm & FETCH != 0
        && let Some(op) = plain(insn.imm & !FETCH)
    {
        let name = match op {
            ADD => "add",
            AND => "and",
            OR => "or",
            _ => "xor",
        };
        return write!(f, "({c:02x}) r{src} = atomic{wide}_fetch_{name}(({ty} *)(r{dst} {off:+}), r{src})");
    }
    match insn.imm {
        CMPXCHG => write!(f, "({c:02x}) r0 = atomic{wide}_cmpxchg(({ty} *)(r{dst} {off:+}), r0, r{src})"),
        XCHG => write!(f, "({c:02x}) r{src} = atomic{wide}_xchg(({ty} *)(r{dst} {off:+}), r{src})"),
        LOAD_ACQ if acquire_release => write!(f, "({c:02x}) r{dst} = load_acquire(({ty} *)(r{src} {off:+}))"),
        STORE_REL if acquire_release => write!(f, "({c:02x}) store_release(({ty} *)(r{dst} {off:+}), r{src})"),
        _ => write!(f, "BUG_{c:02x}"),
    }
}

fn write_jump(f: &mut dyn Write, insn: Insn, names: &dyn Names) -> fmt::Result {
    let c = insn.code;
    let r = if insn.class() == JMP32 { 'w' } else { 'r' };
    if insn.op() == CALL {
        let helper = (insn.src == 0 || !names.kernel_calls()).then(|| names.helper(insn.imm)).flatten();
        return match insn.src {
            PSEUDO_CALL => write!(f, "({c:02x}) call pc{:+}", insn.imm),
            PSEUDO_KFUNC_CALL if names.kernel_calls() => {
                let name = names.kfunc(insn).unwrap_or_else(|| "kernel-function".into());
                write!(f, "({c:02x}) call {name}#{}", insn.imm)
            }
            _ => write!(f, "({c:02x}) call {}#{}", helper.as_deref().unwrap_or("unknown"), insn.imm),
        };
    }
    if c == (JMP | JA) {
        return write!(f, "({c:02x}) goto pc{:+}", insn.off);
    }
    if c == (JMP | JA | X) {
        return write!(f, "({c:02x}) gotox r{}", insn.dst);
    }
    if insn.is_may_goto() {
        return write!(f, "({c:02x}) may_goto pc{:+}", insn.off);
    }
    if c == (JMP32 | JA) && names.signed_forms() {
        return write!(f, "({c:02x}) gotol pc{:+}", insn.imm);
    }
    if c == (JMP | EXIT) {
        return write!(f, "({c:02x}) exit");
    }
    let cmp = CMP[(insn.op() >> 4) as usize];
    if insn.is_reg_src() {
        write!(f, "({c:02x}) if {r}{} {cmp} {r}{} goto pc{:+}", insn.dst, insn.src, insn.off)
    } else {
        write!(f, "({c:02x}) if {r}{} {cmp} 0x{:x} goto pc{:+}", insn.dst, insn.imm, insn.off)
    }
}
