//! Function and line information against the program and its BTF.
//!
//! Answers for `check_btf_info_early()` and `check_btf_info()`: what the loader says of functions and lines must fit
//! the instructions, or the load ends here.
//!
//! In the kernel: `check_abnormal_return()`, `check_btf_func()`, `check_btf_line()`.

use crate::analysis::cx::Draft;
use crate::analysis::learned::FuncInfoAux;
use crate::btf::BtfKind;
use crate::error::{Errno, Res, Stop, WalkMsg};

/// Functions that may be left early need to be known by BTF.
fn packet_loads_need_scalar_result(cx: &mut Draft<'_>) -> Res {
    for i in 1..cx.learned.subprogs.len() {
        if cx.learned.subprogs[i].loads_packets {
            return Err(cx.reject(WalkMsg::LdAbsWithoutBtf, Errno::EINVAL));
        }
        if cx.learned.subprogs[i].makes_tail_calls {
            return Err(cx.reject(WalkMsg::TailCallWithoutBtf, Errno::EINVAL));
        }
    }
    Ok(())
}

/// Before the functions are known: the records alone.
pub(crate) fn check_before_functions(cx: &mut Draft<'_>) -> Res {
    let req = cx.program.req;
    if req.func_info.is_empty() && req.line_info.is_empty() {
        return packet_loads_need_scalar_result(cx);
    }
    let Some(btf) = &req.btf else { return Err(Stop::silent(Errno::EBADF)) };
    let mut prev = 0;
    for (i, rec) in req.func_info.iter().enumerate() {
        if i == 0 && rec.insn_off != 0 {
            return Err(cx.reject(WalkMsg::FuncInfoFirst { off: rec.insn_off }, Errno::EINVAL));
        }
        if i > 0 && rec.insn_off <= prev {
            return Err(cx.reject(WalkMsg::FuncInfoOrder { off: rec.insn_off, prev }, Errno::EINVAL));
        }
        let func = btf.ty(rec.type_id).filter(|t| t.kind == BtfKind::Func);
        let Some(func) = func else {
            return Err(cx.reject(WalkMsg::FuncInfoType { id: rec.type_id }, Errno::EINVAL));
        };
        if btf.ty(func.size_or_type).is_none_or(|t| t.kind != BtfKind::FuncProto) {
            return Err(Stop::silent(Errno::EINVAL));
        }
        prev = rec.insn_off;
    }
    cx.program.func_info = req.func_info.clone();
    Ok(())
}

/// With the functions known.
pub(crate) fn check(cx: &mut Draft<'_>) -> Res {
    if cx.program.req.func_info.is_empty() && cx.program.req.line_info.is_empty() {
        return packet_loads_need_scalar_result(cx);
    }
    check_funcs(cx)?;
    check_lines(cx)
}

/// Function information: one record for each function, in order, with types that fit.
fn check_funcs(cx: &mut Draft<'_>) -> Res {
    let req = cx.program.req;
    if req.func_info.is_empty() {
        return packet_loads_need_scalar_result(cx);
    }
    if req.func_info.len() != cx.learned.subprogs.len() {
        return Err(cx.reject(WalkMsg::FuncInfoCount, Errno::EINVAL));
    }
    let Some(btf) = &req.btf else { return Err(Stop::silent(Errno::EBADF)) };
    let mut aux = Vec::with_capacity(req.func_info.len());
    for (i, rec) in req.func_info.iter().enumerate() {
        if cx.learned.subprogs[i].start != rec.insn_off {
            return Err(cx.reject(WalkMsg::FuncInfoLayout, Errno::EINVAL));
        }
        let func = btf.ty(rec.type_id);
        let proto = func.and_then(|f| btf.ty(f.size_or_type));
        let ret = proto.and_then(|p| btf.skip_modifiers(p.size_or_type));
        let scalar = ret.is_some_and(|t| match t.kind {
            BtfKind::Int => t.size_or_type <= 8,
            BtfKind::Enum | BtfKind::Enum64 => true,
            _ => false,
        });
        if i > 0 && !scalar && cx.learned.subprogs[i].loads_packets {
            return Err(cx.reject(WalkMsg::LdAbsNotInt, Errno::EINVAL));
        }
        if i > 0 && !scalar && cx.learned.subprogs[i].makes_tail_calls {
            return Err(cx.reject(WalkMsg::TailCallNotInt, Errno::EINVAL));
        }
        aux.push(FuncInfoAux { linkage: func.map_or(0, |f| f.vlen), ..FuncInfoAux::default() });
    }
    cx.learned.function_facts = aux;
    Ok(())
}

/// Line information: in order, inside of the program, the first line of each function present.
fn check_lines(cx: &mut Draft<'_>) -> Res {
    let req = cx.program.req;
    let Some(btf) = &req.btf else { return Ok(()) };
    let len = cx.program.insns.len();
    let mut next_func = 0;
    let mut prev = 0;
    for (i, line) in req.line_info.iter().enumerate() {
        let off = line.insn_off;
        if (i > 0 && off <= prev) || off as usize >= len {
            return Err(cx.reject(WalkMsg::LineInfoOrder { i, off, prev, len }, Errno::EINVAL));
        }
        if cx.program.insns[off as usize].code == 0 {
            return Err(cx.reject(WalkMsg::LineInfoInsn { i }, Errno::EINVAL));
        }
        if !btf.has_string(line.line_off) || !btf.has_string(line.file_name_off) {
            return Err(cx.reject(WalkMsg::LineInfoName { i }, Errno::EINVAL));
        }
        if next_func < cx.learned.subprogs.len() {
            let start = cx.learned.subprogs[next_func].start;
            if off == start {
                cx.learned.subprogs[next_func].line_index = i as u32;
                next_func += 1;
            } else if start < off {
                return Err(cx.reject(WalkMsg::LineInfoFunc { n: next_func }, Errno::EINVAL));
            }
        }
        prev = off;
    }
    if !req.line_info.is_empty() && next_func != cx.learned.subprogs.len() {
        let missing = cx.learned.subprogs.len() - next_func;
        return Err(cx.reject(WalkMsg::LineInfoFuncs { missing, from: next_func }, Errno::EINVAL));
    }
    Ok(())
}
