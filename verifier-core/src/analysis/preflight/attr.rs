//! What the system call checks before the verifier runs: flags, sizes, capabilities, attach types.
//!
//! Answers for `bpf_prog_load()`. Nothing is printed: each refusal is an error number alone. The system is taken to
//! allow unprivileged loads at all (`kernel.unprivileged_bpf_disabled=0`), since the user asks about one.
//!
//! In the kernel: `BPF_F_*`, `BPF_PROG_LOAD`, `BPF_MAXINSNS`, `BPF_COMPLEXITY_LIMIT_INSNS`, `BTF_MAX_TYPE`,
//! `BPF_OBJ_NAME_LEN`, `license_is_gpl_compatible()`, `bpf_prog_load_fixup_attach_type()`, `bpf_check()`,
//! `find_prog_type()`, `bpf_prog_load_check_attach()`.

use crate::analysis::ctx_type::ctx_types;
use crate::error::{Errno, Res, Stop};
use crate::kernel::Kernel;
use crate::kernel::prog_types::{AttachType, ProgType, attach, policy};
use crate::program::LoadRequest;
use crate::program::request::Privilege;

/// Load flags.
pub mod flags {
    /// Pointer accesses must be naturally aligned.
    pub const STRICT_ALIGNMENT: u32 = 1 << 0;
    /// They need not be, whatever the architecture.
    pub const ANY_ALIGNMENT: u32 = 1 << 1;
    /// Random upper halves, for tests of the rewriting stage.
    pub const TEST_RND_HI32: u32 = 1 << 2;
    /// A state is stored at every prune point.
    pub const TEST_STATE_FREQ: u32 = 1 << 3;
    /// The program may sleep.
    pub const SLEEPABLE: u32 = 1 << 4;
    /// XDP with packets in fragments.
    pub const XDP_HAS_FRAGS: u32 = 1 << 5;
    /// XDP bound to a device but run by the host.
    pub const XDP_DEV_BOUND_ONLY: u32 = 1 << 6;
    /// Inconsistent register bounds reject the program.
    pub const TEST_REG_INVARIANTS: u32 = 1 << 7;
    /// A token gives the capabilities.
    pub const TOKEN_FD: u32 = 1 << 16;
}

/// Most instructions of a program without CAP_BPF.
const MAX_INSNS: usize = 4096;
/// Most instructions with it.
const MAX_INSNS_PRIVILEGED: usize = 1_000_000;
/// Highest id of a BTF type.
const BTF_MAX_TYPE: u32 = 0x000f_ffff;
/// Bytes of a program name with its final zero.
const OBJ_NAME_LEN: usize = 16;

/// Whether a licence string lets the program use what is reserved to GPL-compatible ones.
///
/// The kernel looks at the first 127 bytes.
pub(crate) fn is_gpl_compatible(license: &str) -> bool {
    matches!(license, "GPL" | "GPL v2" | "GPL and additional rights" | "Dual BSD/GPL" | "Dual MIT/GPL" | "Dual MPL/GPL")
}

fn deny<T>(errno: Errno) -> Res<T> {
    Err(Stop::silent(errno))
}

/// The attach type number that the program is loaded with: as asked, or the default in the place of 0.
pub(crate) fn effective_attach_type(req: &LoadRequest) -> u32 {
    attach::fixup(req.prog_type, req.expected_attach_type)
}

/// Checks the attributes of a load.
pub(crate) fn load_attributes(req: &LoadRequest, kernel: &Kernel, privilege: Privilege) -> Res {
    if req.prog_flags & !policy::load_flags(kernel.version) != 0 {
        return deny(Errno::EINVAL);
    }
    if req.prog_flags & flags::TOKEN_FD != 0 {
        return Err(Stop::unsupported("loading with a BPF token"));
    }
    // What the kernel does not know of a load must be zero.
    if !req.fd_array.is_empty() && !kernel.features.fd_arrays {
        return deny(Errno::E2BIG);
    }
    // Each capability is contained in CAP_SYS_ADMIN.
    let cap = |own: bool| own || privilege.sys_admin;
    let bpf = cap(privilege.bpf);
    let limit = if bpf { MAX_INSNS_PRIVILEGED } else { MAX_INSNS };
    if req.insns.is_empty() || req.insns.len() > limit {
        return deny(Errno::E2BIG);
    }
    let ty = ProgType::from_number(req.prog_type);
    let attach = AttachType::from_number(effective_attach_type(req)).unwrap_or(AttachType::CgroupInetIngress);
    if ty.is_some_and(|t| kernel.tables.refuses(t, attach)) {
        return deny(Errno::EPERM);
    }
    if !ty.is_some_and(policy::is_unprivileged) && !bpf {
        return deny(Errno::EPERM);
    }
    if ty.is_some_and(policy::is_net_admin) && !cap(privilege.net_admin) {
        return deny(Errno::EPERM);
    }
    if ty.is_some_and(policy::is_perfmon) && !cap(privilege.perfmon) {
        return deny(Errno::EPERM);
    }
    check_attach(req, ty, kernel)?;
    if req.prog_ifindex != 0 {
        if !ty.is_some_and(policy::may_be_dev_bound) {
            return deny(Errno::EINVAL);
        }
        return Err(Stop::unsupported("programs bound to a device"));
    }
    if !ty.is_some_and(|t| exists(kernel, t)) {
        return deny(Errno::EINVAL);
    }
    let name_ok = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
    if req.name.len() >= OBJ_NAME_LEN || !req.name.bytes().all(name_ok) {
        return deny(Errno::EINVAL);
    }
    Ok(())
}

/// Program types that a kernel was built without are refused; its BTF lists the others (`struct bpf_ctx_convert`).
fn exists(kernel: &Kernel, ty: ProgType) -> bool {
    crate::program::vmlinux(kernel).is_ok_and(|btf| ctx_types(&btf, ty).is_some())
}

/// Whether program type, attach type and target descriptors go together, with what the system call makes of the descriptors in front of it.
fn check_attach(req: &LoadRequest, ty: Option<ProgType>, kernel: &Kernel) -> Res {
    let target = &req.attach;
    let has_prog = target.prog.is_some();
    // Without a descriptor, an id names a type of vmlinux.
    let has_btf = !has_prog && (target.btf.is_some() || target.btf_id != 0);
    if target.btf_id > BTF_MAX_TYPE || (target.btf_id != 0 && !ty.is_some_and(attach::may_have_btf_id)) {
        return deny(Errno::EINVAL);
    }
    if has_btf && target.btf_id == 0 {
        return deny(Errno::EINVAL);
    }
    if has_prog && !ty.is_some_and(attach::may_have_target_prog) {
        return deny(Errno::EINVAL);
    }
    // Only what traces is loaded for many functions.
    let asked = AttachType::of_release(effective_attach_type(req), kernel.version);
    if asked.is_some_and(AttachType::attaches_to_many) && ty.is_some_and(|t| t != ProgType::Tracing) {
        return deny(Errno::EINVAL);
    }
    let Some(allowed) = ty.and_then(|t| attach::allowed_in(t, kernel.version)) else { return Ok(()) };
    match asked {
        Some(a) if allowed.contains(&a) => Ok(()),
        _ => deny(Errno::EINVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Insn;

    fn load(prog_type: ProgType, attach_type: u32, p: Privilege) -> Option<Errno> {
        let exit = Insn { code: 0x95, ..Insn::default() };
        let req = LoadRequest {
            name: "x".into(),
            prog_type: prog_type as u32,
            expected_attach_type: attach_type,
            insns: vec![exit],
            license: "GPL".into(),
            ..LoadRequest::default()
        };
        match load_attributes(&req, &Kernel::v6_12(), p) {
            Ok(()) => None,
            Err(Stop::Reject(r)) => Some(r.errno),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn capabilities_by_type() {
        let bpf = Privilege { bpf: true, ..Privilege::NONE };
        assert_eq!(load(ProgType::SocketFilter, 0, Privilege::NONE), None);
        assert_eq!(load(ProgType::Xdp, 0, Privilege::NONE), Some(Errno::EPERM));
        assert_eq!(load(ProgType::Xdp, 0, bpf), Some(Errno::EPERM));
        assert_eq!(load(ProgType::Xdp, 0, Privilege { net_admin: true, ..bpf }), None);
        assert_eq!(load(ProgType::Kprobe, 0, Privilege { sys_admin: true, ..Privilege::NONE }), None);
    }

    #[test]
    fn attach_types_by_type() {
        assert_eq!(load(ProgType::CgroupSock, 0, Privilege::ROOT), None);
        assert_eq!(load(ProgType::CgroupSkb, 2, Privilege::ROOT), Some(Errno::EINVAL));
        assert_eq!(load(ProgType::LircMode2, 0, Privilege::ROOT), Some(Errno::EINVAL));
        assert_eq!(load(ProgType::Syscall, 1, Privilege::ROOT), Some(Errno::EINVAL));
    }
}
