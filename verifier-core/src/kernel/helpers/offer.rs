//! Which program may call which helper: the form of the tables, and how they are read.
//!
//! A program type has a list of tiers, read in order. A tier of rows that knows the helper decides: the first row of
//! this release whose condition holds gives the prototype, and if none holds the program may not call the helper at
//! all, even if a later tier offers it. An open tier passes on instead.
//!
//! ```text
//! XDP: rows of XDP → rows of socket casts → rows for all → needs CAP_BPF → more rows → needs CAP_PERFMON → more rows
//! ```

use super::query::HelperQuery;
use crate::kernel::call::FuncProto;
use crate::kernel::facts::lsm_hooks;
use crate::kernel::history::KernelVersion;
use crate::kernel::{AttachType, ProgType};

/// A capability of the load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cap {
    Bpf,
    Perfmon,
    SysAdmin,
}

/// A condition on the program beyond its type.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Always,
    /// Refused in the releases of the row.
    Never,
    /// With this capability.
    Has(Cap),
    /// The program may sleep.
    Sleepable,
    /// Attached with one of these.
    Attach(&'static [AttachType]),
    /// Attached with none of these.
    NotAttach(&'static [AttachType]),
    /// kprobe.multi and kprobe.session. Kernel: `is_kprobe_multi()`.
    KprobeMulti,
    /// uprobe.multi and uprobe.session. Kernel: `is_uprobe_multi()`.
    UprobeMulti,
    /// Attached through a trampoline: fentry, fexit, fmod_ret, LSM. Kernel: `bpf_prog_has_trampoline()`.
    Trampoline,
    /// Attached to a raw tracepoint by BTF, loaded as such.
    TypedRawTracepoint,
    /// The kernel guards the program against running inside itself. Kernel: `bpf_prog_check_recur()`.
    MayRecur,
    /// An iterator over one of these.
    Iterator(&'static [&'static str]),
    /// LSM program of a cgroup, on a hook that runs with the socket locked.
    LockedSocketHook,
    /// LSM program of a cgroup, on a hook of a socket that needs no lock yet.
    UnlockedSocketHook,
    /// struct_ops member with another name.
    NotMember(&'static str),
    /// The kernel was built to override returns of functions (CONFIG_BPF_KPROBE_OVERRIDE).
    KprobeOverride,
    /// The kernel is not locked down, and the load has CAP_SYS_ADMIN.
    WriteUser,
}

impl When {
    fn holds(self, q: &HelperQuery<'_>) -> bool {
        match self {
            When::Always => true,
            When::Never => false,
            When::Has(cap) => has(q, cap),
            When::Sleepable => q.sleepable,
            When::Attach(types) => types.contains(&q.attach_type),
            When::NotAttach(types) => !types.contains(&q.attach_type),
            When::KprobeMulti => {
                matches!(q.attach_type, AttachType::TraceKprobeMulti | AttachType::TraceKprobeSession)
            }
            When::UprobeMulti => {
                matches!(q.attach_type, AttachType::TraceUprobeMulti | AttachType::TraceUprobeSession)
            }
            When::Trampoline => match q.prog_type {
                ProgType::Tracing => q.attach_type.has_trampoline(),
                ProgType::Lsm => q.attach_type == AttachType::LsmMac,
                _ => false,
            },
            When::TypedRawTracepoint => q.prog_type == ProgType::Tracing && q.attach_type == AttachType::TraceRawTp,
            When::MayRecur => match q.resolved {
                ProgType::Tracing => q.attach_type != AttachType::TraceIter,
                ProgType::StructOps | ProgType::Lsm => false,
                _ => true,
            },
            When::Iterator(names) => q.attach_type == AttachType::TraceIter && names.contains(&q.attach_name),
            When::LockedSocketHook => {
                q.attach_type == AttachType::LsmCgroup && lsm_hooks::is_locked_sockopt(q.attach_name)
            }
            When::UnlockedSocketHook => {
                q.attach_type == AttachType::LsmCgroup && lsm_hooks::is_unlocked_sockopt(q.attach_name)
            }
            When::NotMember(name) => q.member != name,
            When::KprobeOverride => q.kernel.build.kprobe_override,
            When::WriteUser => !q.kernel.machine.locked_down && has(q, Cap::SysAdmin),
        }
    }
}

fn has(q: &HelperQuery<'_>, cap: Cap) -> bool {
    match cap {
        Cap::Bpf => q.caps.bpf,
        Cap::Perfmon => q.caps.perfmon,
        Cap::SysAdmin => q.caps.sys_admin,
    }
}

/// A helper offered to programs: with which prototype, under which condition, in which releases.
pub(super) struct Offer {
    id: u32,
    proto: &'static FuncProto,
    when: When,
    since: KernelVersion,
    until: KernelVersion,
}

/// An unconditional row of all releases.
pub(super) const fn on(id: u32, proto: &'static FuncProto) -> Offer {
    Offer { id, proto, when: When::Always, since: KernelVersion::new(0, 0), until: KernelVersion::new(u16::MAX, 0) }
}

impl Offer {
    /// Under this condition.
    pub(super) const fn when(mut self, when: When) -> Offer {
        self.when = when;
        self
    }

    /// From this release on.
    pub(super) const fn since(mut self, major: u16, minor: u16) -> Offer {
        self.since = KernelVersion::new(major, minor);
        self
    }

    /// No longer in this release.
    pub(super) const fn until(mut self, major: u16, minor: u16) -> Offer {
        self.until = KernelVersion::new(major, minor);
        self
    }
}

/// A step of a program type's list.
pub(super) enum Tier {
    /// Rows that decide about the helpers they name.
    Rows(&'static [Offer]),
    /// Rows that pass on where no condition holds.
    Open(&'static [Offer]),
    /// Nothing further without this capability.
    Needs(Cap),
    /// These tiers first, where the condition holds; they pass on what they do not offer.
    If(When, &'static [Tier]),
    /// Continue with the list of another type.
    Then(&'static [Tier]),
}

/// What a list of tiers says about a helper.
pub(super) fn offered(tiers: &[Tier], q: &HelperQuery<'_>, id: u32) -> Option<&'static FuncProto> {
    for tier in tiers {
        match tier {
            Tier::Rows(rows) => {
                let mut known = false;
                for row in rows.iter().filter(|r| r.id == id && in_release(r, q)) {
                    if row.when.holds(q) {
                        return Some(row.proto);
                    }
                    known = true;
                }
                if known {
                    return None;
                }
            }
            Tier::Open(rows) => {
                if let Some(row) = rows.iter().find(|r| r.id == id && in_release(r, q) && r.when.holds(q)) {
                    return Some(row.proto);
                }
            }
            Tier::Needs(cap) if !has(q, *cap) => return None,
            Tier::Needs(_) => {}
            Tier::If(when, first) => {
                if when.holds(q)
                    && let Some(proto) = offered(first, q, id)
                {
                    return Some(proto);
                }
            }
            Tier::Then(next) => return offered(next, q, id),
        }
    }
    None
}

fn in_release(row: &Offer, q: &HelperQuery<'_>) -> bool {
    let release = super::there::release_of(q.kernel, row.id);
    row.since <= release && release < row.until
}
