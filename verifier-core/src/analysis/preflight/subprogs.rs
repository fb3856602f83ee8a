//! Jumps stay within their function, and functions do not run into each other. Kernel: `check_subprogs()`.

use super::super::Draft;
use crate::error::{Errno, Res, StructureMsg};
use crate::isa::{Callee, Flow, Op};
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
            let by = match flow {
                Flow::Jump(by) | Flow::Branch(by) => Some(by),
                Flow::Table if !cx.program.kernel.features.table_jumps_end_functions => Some(i32::from(insn.off)),
                Flow::Table | Flow::Next | Flow::End => None,
            };
            if let Some(by) = by {
                // The kernel computes this in 32 bits.
                let to = (i as i32).wrapping_add(by).wrapping_add(1);
                if i64::from(to) < start as i64 || i64::from(to) >= end as i64 {
                    let row = StructureMsg::JumpOutOfRange { from: i, to: i64::from(to) };
                    return Err(cx.reject(row, Errno::EINVAL));
                }
            }
            let ends = match flow {
                Flow::Jump(_) | Flow::End => true,
                Flow::Table => cx.program.kernel.features.table_jumps_end_functions,
                Flow::Next | Flow::Branch(_) => false,
            };
            if i + 1 == end && !ends {
                return Err(cx.reject(StructureMsg::LastInsnNoExit, Errno::EINVAL));
            }
        }
    }
    Ok(())
}
