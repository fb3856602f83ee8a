//! Jumps stay within their function, and functions do not run into each other. Kernel: `check_subprogs()`.

use super::super::Draft;
use crate::error::{Errno, Res, StructureMsg};
use crate::isa::opcode::{CALL, EXIT, JA, JMP, JMP32};
use crate::isa::{Callee, Flow, Insn, Op};
use crate::kernel::features::Features;
use crate::kernel::helpers::id;

/// Notes tail calls and `LD_ABS` per function, and checks where jumps go.
///
/// # Errors
/// Rejects a jump out of a function and a function that ends otherwise than with `exit` or a jump.
pub(crate) fn function_bounds(cx: &mut Draft<'_>) -> Res {
    let len = cx.program.insns.len();
    for cur in 0..cx.learned.subprogs.len() {
        let start = cx.learned.subprogs[cur].start as usize;
        let end = cx.learned.subprogs.get(cur + 1).map_or(len, |s| s.start as usize).min(len);
        for i in start..end {
            let insn = cx.program.insns[i];
            let op = insn.decode();
            let flow = op.flow();
            if op == (Op::Call { callee: Callee::Helper(id::TAIL_CALL as i32) }) {
                cx.learned.subprogs[cur].makes_tail_calls = true;
                cx.learned.subprogs[cur].reaches_tail_call = true;
            }
            if matches!(op, Op::PacketLoad { .. }) {
                cx.learned.subprogs[cur].loads_packets = true;
            }
            if let Some(by) = distance(insn, flow, &cx.program.kernel.features) {
                // The kernel computes this in 32 bits.
                let to = (i as i32).wrapping_add(by).wrapping_add(1);
                if i64::from(to) < start as i64 || i64::from(to) >= end as i64 {
                    let row = StructureMsg::JumpOutOfRange { from: i, to: i64::from(to) };
                    return Err(cx.reject(row, Errno::EINVAL));
                }
            }
            if i + 1 == end && !ends(insn, flow, &cx.program.kernel.features) {
                return Err(cx.reject(StructureMsg::LastInsnNoExit, Errno::EINVAL));
            }
        }
    }
    Ok(())
}

/// How far an instruction may jump, if it is of a class that jumps. Whether there is such an instruction is asked later, so
/// a code that nothing means jumps as well.
fn distance(insn: Insn, flow: Flow, features: &Features) -> Option<i32> {
    let jumps = matches!(insn.class(), JMP | JMP32) && !matches!(insn.op(), CALL | EXIT);
    match flow {
        Flow::Table if features.table_jumps_end_functions => None,
        Flow::Jump(by) if insn.class() == JMP32 && features.long_jumps => Some(by),
        _ => jumps.then(|| i32::from(insn.off)),
    }
}

/// Whether control does not come to the next instruction, going by the code alone.
fn ends(insn: Insn, flow: Flow, features: &Features) -> bool {
    const END: u8 = JMP | EXIT;
    const NEAR: u8 = JMP | JA;
    const FAR: u8 = JMP32 | JA;
    match insn.code {
        END | NEAR => true,
        FAR => features.long_jumps,
        _ => flow == Flow::Table && features.table_jumps_end_functions,
    }
}
