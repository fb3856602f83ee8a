//! The prototype that a helper has for the program being analysed.
//!
//! In the kernel: `get_helper_proto()`.

use super::Env;
use crate::kernel::ProgType;
use crate::kernel::call::FuncProto;
use crate::kernel::helpers::{self, HelperCaps, HelperQuery};

/// The prototype of helper `id`; `None` when the program may not call it.
pub(crate) fn get(env: &Env<'_>, id: u32) -> Option<&'static FuncProto> {
    if !helpers::exists(env.kernel.version, id) {
        return None;
    }
    let target = env.req.attach.prog.as_deref();
    let (mut resolved, mut attach_type) = (env.prog_type, env.attach_type);
    if env.prog_type == ProgType::Ext
        && let Some(t) = target
    {
        resolved = ProgType::from_number(t.request.prog_type).unwrap_or(resolved);
        attach_type = crate::kernel::AttachType::from_number(t.request.expected_attach_type).unwrap_or(attach_type);
    }
    let struct_ops = match (env.attach.struct_ops, env.attach.btf) {
        (Some((id, _)), Some(btf)) => env.btf(btf).type_name(id),
        _ => "",
    };
    let query = HelperQuery {
        kernel: env.kernel,
        prog_type: env.prog_type,
        resolved,
        attach_type,
        sleepable: env.sleepable,
        caps: HelperCaps {
            bpf: env.caps.has_cap_bpf,
            perfmon: env.caps.pointers_may_leak,
            sys_admin: env.caps.has_cap_bpf && env.caps.pointers_may_leak,
        },
        attach_name: &env.attach.func_name,
        attaches_to_prog: target.is_some(),
        struct_ops,
        member: &env.attach.member_name,
    };
    helpers::prototype(&query, id)
}
