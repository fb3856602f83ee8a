//! The prototype that a helper has for the program being analysed.
//!
//! In the kernel: `get_helper_proto()`.

use super::Cx;
use crate::kernel::ProgType;
use crate::kernel::call::FuncProto;
use crate::kernel::helpers::{self, HelperCaps, HelperQuery};

/// The prototype of helper `id`; `None` when the program may not call it.
pub(crate) fn get(cx: &Cx<'_>, id: u32) -> Option<&'static FuncProto> {
    if !helpers::exists(cx.program.kernel.version, id) {
        return None;
    }
    let target = cx.program.req.attach.prog.as_deref();
    let (mut resolved, mut attach_type) = (cx.program.prog_type, cx.program.attach_type);
    if cx.program.prog_type == ProgType::Ext
        && let Some(t) = target
    {
        resolved = ProgType::from_number(t.request.prog_type).unwrap_or(resolved);
        attach_type = crate::kernel::AttachType::from_number(t.request.expected_attach_type).unwrap_or(attach_type);
    }
    let struct_ops = match (cx.program.attach.struct_ops, cx.program.attach.btf) {
        (Some((id, _)), Some(btf)) => cx.program.btf(btf).type_name(id),
        _ => "",
    };
    let query = HelperQuery {
        kernel: cx.program.kernel,
        prog_type: cx.program.prog_type,
        resolved,
        attach_type,
        sleepable: cx.program.sleepable,
        caps: HelperCaps {
            bpf: cx.program.caps.has_cap_bpf,
            perfmon: cx.program.caps.pointers_may_leak,
            sys_admin: cx.program.caps.has_cap_bpf && cx.program.caps.pointers_may_leak,
        },
        attach_name: &cx.program.attach.func_name,
        attaches_to_prog: target.is_some(),
        struct_ops,
        member: &cx.program.attach.member_name,
    };
    helpers::prototype(&query, id)
}
