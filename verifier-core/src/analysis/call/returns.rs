//! What a program may return. Answers for `check_return_code()` and `retval_range_within()`.
//!
//! In the kernel: `MAX_ERRNO`, `verbose_invalid_scalar()`, `!attach_func_proto->type`.

use crate::analysis::Env;
use crate::analysis::access::offset_fits;
use crate::analysis::btf_access::one_type;
use crate::analysis::precision::need_exactly;
use crate::analysis::regs::{ArgUse, use_register, would_leak};
use crate::btf::BtfKind;
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::kernel::facts::lsm_hooks;
use crate::kernel::prog_types::returns::{ReturnFacts, returns_nothing};
use crate::kernel::prog_types::{ReturnRule, return_rule};
use crate::kernel::{AttachType, ProgType};
use crate::state::RegState;

/// Most negative error number that a hook may return.
const MAX_ERRNO: i32 = 4095;

/// Whether a value lies in a range.
pub(super) fn in_range((min, max): (i32, i32), reg: &RegState, low_half: bool) -> bool {
    if low_half {
        min <= reg.scalar.s32_min && reg.scalar.s32_max <= max
    } else {
        i64::from(min) <= reg.scalar.smin && reg.scalar.smax <= i64::from(max)
    }
}

/// Rejects a number outside of a range, naming both.
pub(super) fn out_of_range(ctx: &'static str, reg: &'static str, r: &RegState, (min, max): (i32, i32)) -> CallMsg {
    CallMsg::ReturnRange { ctx, reg, smin: r.scalar.smin, smax: r.scalar.smax, min, max }
}

/// Whether the function that the program attaches to returns nothing.
pub(super) fn attached_to_void(env: &Env<'_>) -> bool {
    let Some(btf) = env.attach.btf else { return false };
    env.btf(btf).ty(env.attach.func_proto).is_some_and(|t| t.kind == BtfKind::FuncProto && t.size_or_type == 0)
}

/// struct_ops (6.14): the type that the operation returns a pointer to, if it does.
fn returned_object(env: &Env<'_>) -> Option<u32> {
    let btf = env.btf(env.attach.btf?);
    let proto = btf.ty(env.attach.func_proto)?;
    btf.pointee(proto.size_or_type).map(|t| t.id)
}

/// Checks the value that the program leaves in a register.
///
/// # Errors
/// Rejects values that the program type, the hook or the kind of callback does not allow.
pub(crate) fn result_in_range(env: &mut Env<'_>, regno: u8, reg_name: &'static str) -> Res {
    let prog = env.resolved_prog_type();
    let attach = env.resolved_attach_type();
    let (subprog, exception_cb, async_cb, async_range) = {
        let Some(f) = env.cur.frames.first() else { return Err(env.bug("return without a frame")) };
        (f.function_number != 0, f.ends_exception, f.runs_later, f.callback_result)
    };
    let void = attached_to_void(env);
    let mut object = None;
    if !subprog || exception_cb {
        if returns_nothing(prog, attach, void) {
            return Ok(());
        }
        if prog == ProgType::StructOps && env.kernel.features.struct_ops_refs && !exception_cb {
            object = returned_object(env);
            let reg = *env.reg(regno);
            if let (Some(want), Some((btf, id)), Some(attach_btf)) = (object, reg.btf(), env.attach.btf)
                && reg.ref_obj_id != 0
                && one_type(env, btf, id, attach_btf, want)
            {
                return offset_fits(env, &reg, regno, false);
            }
        }
    }
    use_register(env, regno, ArgUse::Src)?;
    if would_leak(env, regno) {
        return Err(env.reject(CallMsg::ReturnLeaksAddr { regno }, Errno::EACCES));
    }
    let reg = *env.reg(regno);
    if async_cb {
        return enforce(env, regno, reg_name, "At async callback return", async_range, false, false);
    }
    if subprog && !exception_cb {
        if !reg.is_scalar() {
            return Err(env.reject(CallMsg::SubprogReturnType { regno, ty: reg.ty }, Errno::EINVAL));
        }
        return Ok(());
    }
    let facts =
        ReturnFacts { has_attach_btf_id: env.attach.btf_id != 0, void_hook: void, returns_object: object.is_some() };
    let ctx = "At program exit";
    // An extension takes the place of something else, whose result we do not know.
    let rule = if env.prog_type == ProgType::Ext && env.req.attach.prog.is_none() {
        ReturnRule::Anything
    } else {
        return_rule(prog, attach, facts)
    };
    match rule {
        ReturnRule::Anything => Ok(()),
        ReturnRule::NotSupported => Err(Stop::silent(Errno::ENOTSUPP)),
        ReturnRule::LsmHook => {
            if attach != AttachType::LsmMac {
                return Ok(());
            }
            let range = if lsm_hooks::returns_bool(&env.attach.func_name) { (0, 1) } else { (-MAX_ERRNO, 0) };
            enforce(env, regno, reg_name, ctx, range, true, false)
        }
        ReturnRule::Range { min, max, enforce_attach: _ } => {
            let void_lsm = !subprog && prog == ProgType::Lsm && attach == AttachType::LsmCgroup && void;
            enforce(env, regno, reg_name, ctx, (min, max), false, void_lsm)
        }
    }
}

fn enforce(
    env: &mut Env<'_>,
    regno: u8,
    reg_name: &'static str,
    ctx: &'static str,
    range: (i32, i32),
    low_half: bool,
    void_lsm: bool,
) -> Res {
    let reg = *env.reg(regno);
    if !reg.is_scalar() {
        return Err(env.reject(CallMsg::ReturnType { ctx, regno, ty: reg.ty }, Errno::EINVAL));
    }
    need_exactly(env, regno)?;
    if in_range(range, &reg, low_half) {
        return Ok(());
    }
    let stop = env.reject(out_of_range(ctx, reg_name, &reg, range), Errno::EINVAL);
    Err(if void_lsm { env.also(stop, CallMsg::VoidHookNote) } else { stop })
}
