//! Which kernels to ask: profiles, BTF given by the user, the running kernel.

use std::path::Path;
use std::sync::Arc;

use verifier_core::analysis::System;
use verifier_core::btf::Btf;
use verifier_core::kernel::{Kernel, KernelVersion};
use verifier_core::program::{unpack_btf, vmlinux};

use crate::args::TargetArgs;

/// The kernels that the command line names, with their BTF.
///
/// # Errors
/// An unknown name, or a file that cannot be read, in words for the user.
pub fn systems(args: &TargetArgs) -> Result<Vec<System>, String> {
    let mut kernels: Vec<(Kernel, bool)> = Vec::new();
    let profiles = |kernels: Vec<Kernel>| kernels.into_iter().map(|k| (k, false));
    for name in args.kernel.split(',').map(str::trim).filter(|n| !n.is_empty()) {
        match name {
            "all" => kernels.extend(profiles(Kernel::all())),
            "running" => kernels.push((running()?, true)),
            _ => {
                let found = Kernel::all().into_iter().find(|k| k.name == name || k.release == name);
                let names: Vec<&str> = Kernel::all().iter().map(|k| k.name).collect();
                let unknown = || format!("unknown kernel `{name}`; known are {}, all, running", names.join(", "));
                kernels.push((found.ok_or_else(unknown)?, false));
            }
        }
    }
    let mut systems: Vec<System> = Vec::new();
    for (kernel, is_running) in kernels {
        if !systems.iter().any(|s| s.kernel.name == kernel.name) {
            systems.push(system(kernel, is_running, args)?);
        }
    }
    if systems.is_empty() {
        return Err("no kernel named".into());
    }
    Ok(systems)
}

/// Where a kernel shows its own BTF and that of each loaded module.
const KERNEL_BTF: &str = "/sys/kernel/btf";

/// A profile with its BTF, or the one given. The running kernel is asked with its own and with its modules, where it
/// shows them.
fn system(kernel: Kernel, is_running: bool, args: &TargetArgs) -> Result<System, String> {
    let own = Path::new(KERNEL_BTF).join("vmlinux");
    let own = (is_running && args.btf.is_none() && own.exists()).then_some(own);
    let vmlinux = match args.btf.as_ref().or(own.as_ref()) {
        Some(file) => read_btf(file, None)?,
        None => vmlinux(&kernel).map_err(|e| e.to_string())?,
    };
    let mut files = args.module_btf.clone();
    if own.is_some() && files.is_empty() {
        let entries = std::fs::read_dir(KERNEL_BTF).map_err(|e| format!("{KERNEL_BTF}: {e}"))?;
        files.extend(entries.flatten().map(|e| e.path()).filter(|p| p.file_name().is_some_and(|n| n != "vmlinux")));
        files.sort();
    }
    let mut modules = Vec::new();
    for file in &files {
        modules.push((module_name(file), read_btf(file, Some(vmlinux.clone()))?));
    }
    Ok(System { kernel, vmlinux, modules })
}

/// The module that a BTF file is of, by the file's name.
pub fn module_name(file: &Path) -> String {
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.strip_suffix(".zst").unwrap_or(&name);
    let name = name.strip_suffix(".btf").unwrap_or(name);
    // The recordings name files as `6.12.117-debian.bpf_testmod.btf`.
    name.rsplit('.').next().unwrap_or(name).to_string()
}

fn read_btf(file: &Path, base: Option<Arc<Btf>>) -> Result<Arc<Btf>, String> {
    let failed = |e: std::io::Error| format!("{}: {e}", file.display());
    let raw = unpack_btf(std::fs::read(file).map_err(failed)?).map_err(failed)?;
    Btf::parse(raw, base).map(Arc::new).map_err(|e| format!("{}: {e}", file.display()))
}

/// The newest known kernel that is not newer than the running one; what was picked is told on standard error.
///
/// # Errors
/// When there is none, or the release cannot be told; in words for the user.
pub fn running() -> Result<Kernel, String> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_err(|e| format!("the running kernel cannot be told: {e}"))?;
    let release = release.trim();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u16>().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return Err(format!("the running kernel's release `{release}` is not understood"));
    };
    let version = KernelVersion::new(major, minor);
    let kernel = Kernel::nearest(version)
        .ok_or_else(|| format!("the running kernel {release} is older than every kernel that bpfvet knows"))?;
    eprintln!("bpfvet: running kernel {release}: asking {}", kernel.release);
    Ok(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_takes_the_nearest_older() {
        assert_eq!(Kernel::nearest(KernelVersion::new(6, 14)).map(|k| k.name), Some("6.12"));
        assert_eq!(Kernel::nearest(KernelVersion::new(7, 2)).map(|k| k.name), Some("6.18"));
        assert!(Kernel::nearest(KernelVersion::new(5, 4)).is_none());
    }
}
