//! Which kernels to ask: releases, profiles of machines, BTF given by the user, the running kernel.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use verifier_core::analysis::System;
use verifier_core::btf::Btf;
use verifier_core::kernel::profiles::intern;
use verifier_core::kernel::{Basis, Kernel};
use verifier_core::program::vmlinux;
use verifier_probe::{profile, survey};

use crate::args::TargetArgs;
use crate::clean;
use crate::tell;
use crate::unpack::unpack_btf;

/// The kernels that the command line names, with their BTF.
///
/// # Errors
/// An unknown name, or a file that cannot be read, in words for the user.
pub fn systems(args: &TargetArgs) -> Result<Vec<System>, String> {
    let mut systems: Vec<System> = Vec::new();
    for name in args.kernels() {
        if is_profile(name) {
            let probed = of_profile(Path::new(name), args, &systems)?;
            systems.push(probed);
            continue;
        }
        let is_running = name == "running";
        let kernels = if is_running { vec![running()?] } else { named(name)? };
        for kernel in kernels {
            let cpus = args.cpus.or_else(|| is_running.then(possible_cpus).flatten());
            let kernel = cpus.map_or(kernel.clone(), |n| kernel.with_cpus(n));
            if !systems.iter().any(|s| s.kernel.name == kernel.name) {
                tell_basis(&kernel);
                systems.push(system(kernel, is_running, args)?);
            }
        }
    }
    if systems.is_empty() {
        return Err("no kernel named".into());
    }
    Ok(systems)
}

/// Whether a word names a profile: no release has such a name.
pub fn is_profile(word: &str) -> bool {
    word.contains('/') || word.ends_with(".toml")
}

/// The machine that a profile is of.
fn of_profile(file: &Path, args: &TargetArgs, others: &[System]) -> Result<System, String> {
    let profile = profile::read(file).map_err(|e| clean::line(&e.to_string()))?;
    let (measured, all) = profile.measured();
    let (release, own_btf) = (profile.release, profile.vmlinux.is_some());
    let mut system = profile.system().map_err(|e| format!("{}: {}", clean::path(file), clean::line(&e.to_string())))?;
    let taken = |name: &str| others.iter().any(|s| s.kernel.name == name);
    if taken(system.kernel.name) {
        let stem = file.file_stem().map(|s| clean::line(&s.to_string_lossy())).unwrap_or_default();
        system.kernel.name = intern(format!("{} ({stem})", system.kernel.name));
    }
    if let Some(cpus) = args.cpus {
        system.kernel = system.kernel.with_cpus(cpus);
    }
    if let Some(file) = &args.btf {
        system.vmlinux = read_btf(file, None)?;
        system.modules.clear();
    }
    let given = modules(&args.module_btf, &system.vmlinux)?;
    system.modules.retain(|(name, _)| given.iter().all(|(new, _)| new != name));
    system.modules.extend(given);
    let types = if own_btf { "" } else { ", with the BTF of the nearest kernel" };
    tell::note(&format!(
        "Linux {} is probed: {measured} of {all} changes were measured on the machine, the others are computed \
         from {release}{types}",
        system.kernel.name
    ));
    Ok(system)
}

/// The kernels of one word: `all`, a release, or a range of releases, of which the ends named and every measured kernel
/// between them are asked.
fn named(word: &str) -> Result<Vec<Kernel>, String> {
    if word == "all" {
        return Ok(Kernel::all());
    }
    let Some((from, to)) = range(word) else { return Ok(vec![known(word)?]) };
    let ends = [from, to].map(|end| (!end.is_empty()).then(|| known(end)).transpose());
    let [from, to] = ends;
    let (from, to) = (from?, to?);
    let key = |k: &Kernel| (k.version, k.point);
    if let (Some(a), Some(b)) = (&from, &to)
        && key(a) > key(b)
    {
        return Err(format!("`{word}` runs backwards: the older release comes first"));
    }
    let inside =
        |k: &Kernel| from.as_ref().is_none_or(|a| key(a) < key(k)) && to.as_ref().is_none_or(|b| key(k) < key(b));
    let mut kernels: Vec<Kernel> = Kernel::all().into_iter().filter(inside).collect();
    kernels.extend(from.into_iter().chain(to));
    kernels.sort_by_key(key);
    kernels.dedup_by_key(|k| key(k));
    if kernels.is_empty() {
        return Err(format!("no kernel that was measured lies in `{word}`"));
    }
    Ok(kernels)
}

/// The ends of `6.1-`, `-6.12` and `6.1-6.12`; `None`: it is no range, but may be a release with the name of a build.
fn range(word: &str) -> Option<(&str, &str)> {
    let (from, to) = word.split_once('-')?;
    let release =
        |text: &str| text.is_empty() || text.contains('.') && text.split('.').all(|n| n.parse::<u16>().is_ok());
    (release(from) && release(to) && word != "-").then_some((from, to))
}

/// Whether a word names kernels at all.
///
/// # Errors
/// What is wrong with it, and what there is.
pub fn check_word(word: &str) -> Result<(), String> {
    if word == "running" || is_profile(word) { Ok(()) } else { named(word).map(|_| ()) }
}

/// Whether a word, as `--kernel` takes it, names a kernel; a range names all that lies in it.
pub fn names(word: &str, kernel: &Kernel) -> bool {
    let key = |k: &Kernel| (k.version, k.point);
    let end = |text: &str| if text.is_empty() { Some(None) } else { known(text).ok().map(|k| Some(key(&k))) };
    match (word, range(word)) {
        ("all" | "running", _) => true,
        (_, Some((from, to))) => {
            let (Some(from), Some(to)) = (end(from), end(to)) else { return false };
            from.is_none_or(|from| from <= key(kernel)) && to.is_none_or(|to| key(kernel) <= to)
        }
        (word, None) if is_profile(word) => matches!(kernel.basis, Basis::Probed),
        (word, None) => word == kernel.name || known(word).is_ok_and(|k| k.name == kernel.name),
    }
}

/// The kernel of a release.
fn known(release: &str) -> Result<Kernel, String> {
    let unknown = |e| {
        let names: Vec<&str> = Kernel::all().iter().map(|k| k.name).collect();
        let meant = crate::near::did_you_mean(release, &names);
        format!("{e}{meant}; known are {}, and what lies between measured ones is computed", names.join(", "))
    };
    Kernel::release(release).map_err(unknown)
}

/// Possible CPUs of this machine, where Linux tells.
fn possible_cpus() -> Option<u32> {
    survey::possible(&std::fs::read_to_string("/sys/devices/system/cpu/possible").ok()?)
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
    let modules = modules(&files, &vmlinux)?;
    Ok(System { kernel, vmlinux, modules })
}

/// BTF of modules, each by its file.
fn modules(files: &[PathBuf], vmlinux: &Arc<Btf>) -> Result<Vec<(String, Arc<Btf>)>, String> {
    files.iter().map(|file| Ok((module_name(file), read_btf(file, Some(vmlinux.clone()))?))).collect()
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
    let name = std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_err(|e| format!("the running kernel cannot be told: {e}"))?;
    let name = name.trim();
    let read = |file: &str| std::fs::read_to_string(file);
    let signature = read("/proc/version_signature").ok();
    let base = survey::base(name, &read("/proc/version").unwrap_or_default(), signature.as_deref());
    let release = base.map_or_else(|| name.to_string(), |b| b.release.to_string());
    let kernel = Kernel::release(&release).map_err(|e| format!("the running kernel {}: {e}", clean::line(name)))?;
    tell::note(&format!("running kernel {}: {} ({})", clean::line(name), kernel.release, kernel.basis.word()));
    Ok(kernel)
}

/// Tells where answers for a kernel come from that were not measured.
fn tell_basis(kernel: &Kernel) {
    match kernel.basis {
        // A profile tells of itself when it is read.
        Basis::Measured | Basis::Probed => {}
        Basis::Computed { btf_of } => tell::note(&format!(
            "Linux {} is computed from the history of changes, with BTF, configuration and symbols of {btf_of}",
            kernel.release
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_from_builds() {
        assert_eq!(range("6.1-"), Some(("6.1", "")));
        assert_eq!(range("-6.12"), Some(("", "6.12")));
        assert_eq!(range("6.1.5-6.12"), Some(("6.1.5", "6.12")));
        for release in ["6.12", "6.18.44-cloud-amd64", "6.1.0-55-cloud-amd64", "-", "all"] {
            assert_eq!(range(release), None, "{release}");
        }
    }

    #[test]
    fn profiles_are_told_from_releases() {
        for file in ["web1.toml", "./web1", "/tmp/a-b.toml"] {
            assert!(is_profile(file), "{file}");
        }
        for release in ["6.12", "6.12-", "all", "running", "6.1.0-55-cloud-amd64"] {
            assert!(!is_profile(release), "{release}");
        }
    }

    #[test]
    fn a_range_has_its_ends_and_what_was_measured_between_them() {
        let names = |word: &str| named(word).map(|all| all.iter().map(|k| k.release.to_string()).collect::<Vec<_>>());
        assert_eq!(names("6.14-6.18"), Ok(vec!["6.14".into(), "6.18.15".into(), "6.18.44".into()]));
        assert!(names("6.18-6.14").is_err());
        let open = names("6.12-").expect("6.12 and what is newer");
        assert!(open.first().is_some_and(|k| k == "6.12.117") && open.contains(&"6.18.44".to_string()), "{open:?}");
        assert_eq!(names("all").expect("all").len(), Kernel::all().len());
    }
}
