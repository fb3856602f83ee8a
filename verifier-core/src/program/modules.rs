//! The BTFs of a running kernel: its own, and those of the modules loaded into it.
//!
//! Answers for libbpf's `load_module_btfs()` and the searches over them.

use std::sync::Arc;

use crate::btf::{Btf, BtfKind, TypeId};

/// File descriptor of the first module's BTF: far from those of maps.
const FIRST_FD: i32 = 1_000_000;

/// The BTF of a loaded module.
#[derive(Clone, Debug)]
pub(super) struct ModuleBtf {
    /// Name of the module.
    pub name: String,
    /// Its split BTF, on top of vmlinux.
    pub btf: Arc<Btf>,
    /// Number that instructions and `fd_array` refer to it by.
    pub fd: i32,
}

/// The kernel's BTF and its modules'.
#[derive(Clone, Debug)]
pub(super) struct Modules {
    pub vmlinux: Arc<Btf>,
    pub modules: Arc<[ModuleBtf]>,
}

/// A type found in one of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub btf: &'a Arc<Btf>,
    pub id: TypeId,
    /// 0: vmlinux.
    pub fd: i32,
    pub module: &'a str,
}

impl Modules {
    /// Gives the modules their file descriptors, in load order.
    pub fn new(vmlinux: Arc<Btf>, modules: &[(String, Arc<Btf>)]) -> Modules {
        let modules = modules
            .iter()
            .zip(FIRST_FD..)
            .map(|((name, btf), fd)| ModuleBtf { name: name.clone(), btf: Arc::clone(btf), fd })
            .collect();
        Modules { vmlinux, modules }
    }

    /// The kernel's own type of a name and kind, else the first module's. libbpf: `find_ksym_btf_id()`.
    pub fn find(&self, name: &str, kind: BtfKind) -> Option<Found<'_>> {
        if let Some(id) = self.vmlinux.find_by_name_kind(name, kind) {
            return Some(Found { btf: &self.vmlinux, id, fd: 0, module: "vmlinux" });
        }
        self.modules.iter().find_map(|m| {
            let id = m.btf.find_own_by_name_kind(name, kind)?;
            Some(Found { btf: &m.btf, id, fd: m.fd, module: &m.name })
        })
    }

    /// Where a program attaches: `name`, or `module:name`. libbpf: `find_kernel_btf_id()`.
    pub fn find_attach_target(&self, target: &str, prefix: &str, kind: BtfKind) -> Option<Found<'_>> {
        let (module, name) = match target.split_once(':') {
            Some((m, n)) => (Some(m), n),
            None => (None, target),
        };
        let full = format!("{prefix}{name}");
        // The kernel keeps names of types in 128 bytes.
        if full.len() >= 128 {
            return None;
        }
        if module.is_none_or(|m| "vmlinux".starts_with(m))
            && let Some(id) = self.vmlinux.find_by_name_kind(&full, kind)
        {
            return Some(Found { btf: &self.vmlinux, id, fd: 0, module: "vmlinux" });
        }
        self.modules.iter().filter(|m| module.is_none_or(|p| m.name.starts_with(p))).find_map(|m| {
            let id = m.btf.find_by_name_kind(&full, kind)?;
            Some(Found { btf: &m.btf, id, fd: m.fd, module: &m.name })
        })
    }
}
