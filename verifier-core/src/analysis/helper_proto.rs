//! The prototype that a helper has for the program being analysed.
//!
//! In the kernel: `get_helper_proto()`.

use super::program::Program;
use crate::kernel::ProgType;
use crate::kernel::call::FuncProto;
use crate::kernel::helpers::{self, HelperCaps, HelperQuery};

/// The prototype of helper `id`; `None` when the program may not call it.
pub(crate) fn get(program: &Program<'_>, id: u32) -> Option<&'static FuncProto> {
    if !helpers::exists(program.kernel, id) {
        return None;
    }
    let target = program.req.attach.prog.as_deref();
    let (mut resolved, mut attach_type) = (program.prog_type, program.attach_type);
    if program.prog_type == ProgType::Ext
        && let Some(t) = target
    {
        resolved = ProgType::from_number(t.request.prog_type).unwrap_or(resolved);
        attach_type = crate::kernel::AttachType::from_number(t.request.expected_attach_type).unwrap_or(attach_type);
    }
    let struct_ops = match (program.attach.struct_ops, program.attach.btf) {
        (Some((id, _)), Some(btf)) => program.btf(btf).type_name(id),
        _ => "",
    };
    let query = HelperQuery {
        kernel: program.kernel,
        prog_type: program.prog_type,
        resolved,
        attach_type,
        sleepable: program.sleepable,
        caps: HelperCaps {
            bpf: program.caps.has_cap_bpf,
            perfmon: program.caps.pointers_may_leak,
            sys_admin: program.caps.has_cap_bpf && program.caps.pointers_may_leak,
        },
        attach_name: &program.attach.func_name,
        attaches_to_prog: target.is_some(),
        struct_ops,
        member: &program.attach.member_name,
    };
    helpers::prototype(&query, id)
}
