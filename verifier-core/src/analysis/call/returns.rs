//! What a program may return. Answers for `check_return_code()` and `retval_range_within()`.
//!
//! In the kernel: `MAX_ERRNO`, `verbose_invalid_scalar()`, `!attach_func_proto->type`.

use crate::analysis::Cx;
use crate::analysis::access::offset_fits;
use crate::analysis::btf_access::one_type;
use crate::analysis::regs::need_exactly;
use crate::analysis::regs::{ArgUse, use_register, would_leak};
use crate::btf::BtfKind;
use crate::domain::Tnum;
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::kernel::facts::lsm_hooks;
use crate::kernel::prog_types::returns::{ReturnFacts, returns_nothing};
use crate::kernel::prog_types::{ReturnRule, return_rule};
use crate::kernel::{AttachType, ProgType};
use crate::state::{BtfRef, RegState};

/// Most negative error number that a hook may return.
const MAX_ERRNO: i32 = 4095;

/// Whether a value lies in a range.
pub(super) fn in_range(cx: &Cx<'_>, (min, max): (i32, i32), reg: &RegState, low_half: bool) -> bool {
    if !cx.program.kernel.features.exit_value_precise {
        let (allowed, bits) = (range_bits((min, max)), reg.scalar.var_off);
        bits.mask & !allowed.mask == 0 && bits.value & !allowed.mask == allowed.value
    } else if low_half {
        min <= reg.scalar.s32_min && reg.scalar.s32_max <= max
    } else {
        i64::from(min) <= reg.scalar.smin && reg.scalar.smax <= i64::from(max)
    }
}

/// The known bits of what lies in a range.
fn range_bits((min, max): (i32, i32)) -> Tnum {
    Tnum::range(i64::from(min) as u64, i64::from(max) as u64)
}

/// Rejects a number outside of a range, naming both.
pub(super) fn out_of_range(ctx: &'static str, reg: &'static str, r: &RegState, (min, max): (i32, i32)) -> CallMsg {
    let (value, allowed) = (r.scalar.var_off, range_bits((min, max)));
    CallMsg::ReturnRange { ctx, reg, smin: r.scalar.smin, smax: r.scalar.smax, min, max, value, allowed }
}

/// Whether the function that the program attaches to returns nothing.
pub(super) fn attached_to_void(cx: &Cx<'_>) -> bool {
    let Some(btf) = cx.program.attach.btf else { return false };
    cx.program
        .btf(btf)
        .ty(cx.program.attach.func_proto)
        .is_some_and(|t| t.kind == BtfKind::FuncProto && t.size_or_type == 0)
}

/// Whether a local function is declared without a result.
pub(super) fn is_void_function(cx: &Cx<'_>, subprog: usize) -> bool {
    let btf = cx.program.btf(BtfRef::PROG);
    let func = cx.program.func_info.get(subprog).and_then(|f| btf.ty(f.type_id));
    func.and_then(|f| btf.ty(f.size_or_type)).is_some_and(|p| p.kind == BtfKind::FuncProto && p.size_or_type == 0)
}

/// Whether the function that is being walked is declared without a result.
fn function_is_void(cx: &Cx<'_>) -> bool {
    let Some(frame) = cx.path.cur.frames.first() else { return false };
    is_void_function(cx, frame.function_number as usize)
}

/// struct_ops (6.14): the type that the operation returns a pointer to, if it does.
fn returned_object(cx: &Cx<'_>) -> Option<u32> {
    let btf = cx.program.btf(cx.program.attach.btf?);
    let proto = btf.ty(cx.program.attach.func_proto)?;
    btf.pointee(proto.size_or_type).map(|t| t.id)
}

/// Checks the value that the program leaves in a register.
///
/// # Errors
/// Rejects values that the program type, the hook or the kind of callback does not allow.
pub(crate) fn result_in_range(cx: &mut Cx<'_>, regno: u8, reg_name: &'static str) -> Res {
    let prog = cx.program.resolved_prog_type();
    let attach = cx.program.resolved_attach_type();
    let thrown = reg_name == "R1" && cx.program.kernel.features.thrown_value_is_result;
    let (subprog, exception_cb, async_cb, async_range) = {
        let Some(f) = cx.path.cur.frames.first() else { return Err(cx.broken("return without a frame")) };
        (f.function_number != 0 && !thrown, f.ends_exception, f.runs_later, f.callback_result)
    };
    let void = attached_to_void(cx);
    let mut object = None;
    if !subprog || exception_cb {
        if returns_nothing(prog, attach, void) {
            return Ok(());
        }
        if prog == ProgType::StructOps && cx.program.kernel.features.struct_ops_refs && !exception_cb {
            object = returned_object(cx);
            let reg = *cx.reg(regno);
            if let (Some(want), Some((btf, id)), Some(attach_btf)) = (object, reg.btf(), cx.program.attach.btf)
                && reg.ref_obj_id != 0
                && one_type(cx, btf, id, attach_btf, want)
            {
                return offset_fits(cx, &reg, regno, false);
            }
        }
    }
    if subprog && !exception_cb && !async_cb && cx.program.kernel.features.global_void && function_is_void(cx) {
        return Ok(());
    }
    use_register(cx, regno, ArgUse::Src)?;
    if would_leak(cx, regno) {
        return Err(cx.reject(CallMsg::ReturnLeaksAddr { regno }, Errno::EACCES));
    }
    let reg = *cx.reg(regno);
    if async_cb {
        return enforce(cx, regno, reg_name, "At async callback return", async_range, false, false);
    }
    if subprog && !exception_cb {
        if !reg.is_scalar() {
            return Err(cx.reject(CallMsg::SubprogReturnType { regno, ty: reg.ty }, Errno::EINVAL));
        }
        return Ok(());
    }
    let facts = ReturnFacts {
        has_attach_btf_id: cx.program.attach.btf_id != 0,
        void_hook: void,
        returns_object: object.is_some(),
    };
    let ctx = "At program exit";
    // An extension takes the place of something else, whose result we do not know.
    let rule = if cx.program.prog_type == ProgType::Ext && cx.program.req.attach.prog.is_none() {
        ReturnRule::Anything
    } else {
        return_rule(prog, attach, facts)
    };
    match rule {
        ReturnRule::Anything => Ok(()),
        ReturnRule::NotSupported => Err(Stop::silent(Errno::ENOTSUPP)),
        ReturnRule::LsmHook => {
            if attach != AttachType::LsmMac || !cx.program.kernel.features.lsm_results_checked {
                return Ok(());
            }
            let range = if lsm_hooks::returns_bool(&cx.program.attach.func_name) { (0, 1) } else { (-MAX_ERRNO, 0) };
            enforce(cx, regno, reg_name, ctx, range, true, false)
        }
        ReturnRule::Range { min, max, enforce_attach: _ } => {
            let bind = matches!(attach, AttachType::CgroupInet4Bind | AttachType::CgroupInet6Bind);
            let max = if bind && !cx.program.kernel.features.bind_allows_privileged { 1 } else { max };
            let void_lsm = !subprog && prog == ProgType::Lsm && attach == AttachType::LsmCgroup && void;
            enforce(cx, regno, reg_name, ctx, (min, max), false, void_lsm)
        }
    }
}

fn enforce(
    cx: &mut Cx<'_>,
    regno: u8,
    reg_name: &'static str,
    ctx: &'static str,
    range: (i32, i32),
    low_half: bool,
    void_lsm: bool,
) -> Res {
    let reg = *cx.reg(regno);
    if !reg.is_scalar() {
        return Err(cx.reject(CallMsg::ReturnType { ctx, regno, ty: reg.ty }, Errno::EINVAL));
    }
    if cx.program.kernel.features.exit_value_precise {
        need_exactly(cx, regno)?;
    }
    if in_range(cx, range, &reg, low_half) {
        return Ok(());
    }
    let stop = cx.reject(out_of_range(ctx, reg_name, &reg, range), Errno::EINVAL);
    Err(if void_lsm { cx.also(stop, CallMsg::VoidHookNote) } else { stop })
}
