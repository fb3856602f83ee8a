//! Which kernels to ask: profiles, BTF given by the user, the running kernel.

use std::path::Path;
use std::sync::Arc;

use verifier_core::analysis::System;
use verifier_core::btf::Btf;
use verifier_core::kernel::{Basis, Kernel};
use verifier_core::program::vmlinux;

use crate::args::TargetArgs;
use crate::clean;
use crate::unpack::unpack_btf;

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
                let names: Vec<&str> = Kernel::known().iter().map(|k| k.name).collect();
                let unknown =
                    |e| format!("{e}; known are {}, and what lies between measured ones is computed", names.join(", "));
                kernels.push((Kernel::release(name).map_err(unknown)?, false));
            }
        }
    }
    let mut systems: Vec<System> = Vec::new();
    for (kernel, is_running) in kernels {
        let cpus = args.cpus.or_else(|| is_running.then(possible_cpus).flatten());
        let kernel = cpus.map_or(kernel.clone(), |n| kernel.with_cpus(n));
        if !systems.iter().any(|s| s.kernel.name == kernel.name) {
            tell_basis(&kernel);
            systems.push(system(kernel, is_running, args)?);
        }
    }
    if systems.is_empty() {
        return Err("no kernel named".into());
    }
    Ok(systems)
}

/// Possible CPUs of this machine, where Linux tells: the list ends with the last one, as in `0-7`.
fn possible_cpus() -> Option<u32> {
    let list = std::fs::read_to_string("/sys/devices/system/cpu/possible").ok()?;
    let last: u32 = list.trim().rsplit(['-', ',']).next()?.parse().ok()?;
    last.checked_add(1)
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
    let failed = |e: std::io::Error| format!("{}: {e}", clean::path(file));
    let raw = unpack_btf(std::fs::read(file).map_err(failed)?).map_err(failed)?;
    Btf::parse(raw, base).map(Arc::new).map_err(|e| format!("{}: {e}", clean::path(file)))
}

/// The running kernel, as far as it is known; what stands behind it is told on standard error.
///
/// # Errors
/// When the history does not reach it, or the release cannot be told; in words for the user.
pub fn running() -> Result<Kernel, String> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_err(|e| format!("the running kernel cannot be told: {e}"))?;
    let kernel = Kernel::release(release.trim()).map_err(|e| format!("the running kernel: {e}"))?;
    eprintln!("bpfvet: running kernel {}: {} ({})", release.trim(), kernel.release, kernel.basis.word());
    Ok(kernel)
}

/// Tells where answers for a kernel come from that were not measured, or not all.
fn tell_basis(kernel: &Kernel) {
    match kernel.basis {
        Basis::Measured => {}
        Basis::Provisional => eprintln!(
            "bpfvet: answers for Linux {} are provisional: `bpfvet kernels` shows how far they agree with it",
            kernel.release
        ),
        Basis::Computed { btf_of } => eprintln!(
            "bpfvet: Linux {} is computed from the history of changes, with BTF, configuration and symbols of {btf_of}",
            kernel.release
        ),
    }
}
