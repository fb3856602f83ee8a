//! Spills and fills around calls that keep registers. Kernel: `mark_fastcall_patterns()`.
//!
//! A compiler that does not know that a call keeps R1 to R5 saves them around it:
//!
//! ```text
//! *(u64 *)(r10 - 16) = r1
//! call fast
//! r1 = *(u64 *)(r10 - 16)
//! ```
//!
//! Such pairs are noted, because they go when the call is inlined and because their slots may serve nothing else.
//!
//! In the kernel: `get_call_summary()`, `mark_fastcall_pattern_for_call()`.

use super::super::program::Program;
use super::super::{Draft, helper_proto, kfunc};
use crate::error::Res;
use crate::isa::insn::Insn;
use crate::isa::opcode::*;
use crate::kernel::call::{ArgBase, RetBase};

/// R0 to R5.
const CALLER_SAVED: u32 = 0b11_1111;

/// Number of `bpf_get_smp_processor_id()`, which x86-64 inlines.
const GET_SMP_PROCESSOR_ID: i32 = 8;

/// Registers that the call changes if it follows the contract (bits R0 to R5), and whether it is inlined. `None` for
/// what is neither a helper nor a kernel function the program may call.
pub(crate) fn call_summary(program: &Program<'_>, insn: Insn) -> Option<(u32, bool)> {
    if insn.is_helper_call() {
        let proto = helper_proto::get(program, insn.imm as u32)?;
        let mut mask = u32::from(proto.ret.base != RetBase::Void);
        for (i, _) in proto.args.iter().enumerate().take_while(|(_, a)| a.base != ArgBase::DontCare) {
            mask |= 2 << i;
        }
        return Some((mask, proto.allow_fastcall && insn.imm == GET_SMP_PROCESSOR_ID));
    }
    if insn.is_kfunc_call() { kfunc::kfunc_fastcall(program, insn) } else { None }
}

/// How many arguments the call has; `None` for what the program may not call.
pub(crate) fn params_of_call(program: &Program<'_>, insn: Insn) -> Option<usize> {
    if insn.is_helper_call() {
        let proto = helper_proto::get(program, insn.imm as u32)?;
        return Some(proto.args.iter().take_while(|a| a.base != ArgBase::DontCare).count());
    }
    kfunc::described(program, insn).map(|d| d.params.len())
}

const SPILL: u8 = STX | MEM | DW;
const FILL: u8 = LDX | MEM | DW;

/// Looks for spills before and fills behind one call.
fn mark_call(cx: &mut Draft<'_>, sub: usize, call: usize, lowest_off: i16) {
    let Some((clobbered, inlined)) = call_summary(&cx.program, cx.program.insns[call]) else { return };
    let mut expected = !clobbered & CALLER_SAVED;
    let mut off = lowest_off;
    let mut pairs = 0usize;
    for i in 1..=6usize {
        let (Some(before), after) = (call.checked_sub(i), call + i) else { break };
        if after >= cx.program.insns.len() {
            break;
        }
        // A jump between spill and fill would see one without the other.
        if cx.learned.aux[before + 1].jump_target || cx.learned.aux[after].jump_target {
            break;
        }
        let (stx, ldx) = (cx.program.insns[before], cx.program.insns[after]);
        let pair = stx.code == SPILL && ldx.code == FILL && stx.dst == 10 && ldx.src == 10 && stx.src == ldx.dst;
        if !pair || expected >> stx.src & 1 == 0 || stx.off != off || ldx.off != off {
            break;
        }
        expected &= !(1 << stx.src);
        cx.learned.aux[before].in_fastcall_pair = true;
        cx.learned.aux[after].in_fastcall_pair = true;
        off = off.wrapping_add(8);
        pairs = i;
    }
    if pairs == 0 {
        return;
    }
    if inlined {
        cx.learned.aux[call].fastcall_pairs = pairs as u8;
    } else {
        cx.learned.subprogs[sub].keeps_fastcall_stack = true;
    }
    let s = &mut cx.learned.subprogs[sub];
    s.fastcall_below = s.fastcall_below.min(i32::from(off));
}

/// Notes all pairs. Only the deepest slots of a function can be part of one.
///
/// # Errors
/// Never.
pub(crate) fn find_fastcall_patterns(cx: &mut Draft<'_>) -> Res {
    let len = cx.program.insns.len();
    for sub in 0..cx.learned.subprogs.len() {
        let start = cx.learned.subprogs[sub].start as usize;
        let end = cx.learned.subprogs.get(sub + 1).map_or(len, |s| s.start as usize).min(len);
        let spills = cx.program.insns[start..end].iter().filter(|i| i.code == SPILL && i.dst == 10);
        let lowest = spills.map(|i| i.off).min().unwrap_or(0).min(0);
        for i in start..end {
            if cx.program.insns[i].is_call() {
                mark_call(cx, sub, i, lowest);
            }
        }
    }
    Ok(())
}
