//! A profile: what is known of one machine's kernel, as data that may be kept, committed, and used without root.
//!
//! It is a TOML file for people, and one compressed file beside it with the BTF of kernel and modules, the configuration
//! and the symbols. What was measured counts; what was computed is computed anew by whoever reads it, since they may know
//! more of the history than the one who wrote it.

mod read;
mod store;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use verifier_core::analysis::System;
use verifier_core::btf::Btf;
use verifier_core::kernel::history::Change;
use verifier_core::kernel::profiles::{UnknownRelease, intern};
use verifier_core::kernel::{AttachType, Basis, Build, Kernel, Machine, Numbers, PointRelease, ProgType, Tables};
use verifier_core::packing::pack_text;

pub use read::{ProfileError, read};
pub use store::{data_name, may_store, store};

use crate::decide::{By, Decision};
use crate::measure::{Found, Outcome};
use crate::survey::{Missing, Survey};

/// Version of the form of the files.
pub const FORM: u32 = 1;

/// A change as a profile keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The kernel has it.
    pub there: bool,
    /// Its probe told; else the release did, for this reason.
    pub measured: bool,
    /// Why nothing was measured.
    pub why: String,
}

/// What is known of a machine's kernel.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Who wrote it: `bpfvet 0.1.0`.
    pub written_by: String,
    /// The kernel's own name: `uname -r`.
    pub name: String,
    /// The release that it is made from.
    pub release: PointRelease,
    /// What said so.
    pub because: String,
    /// Possible processors.
    pub cpus: Option<u32>,
    /// Programs may not write to memory of user space.
    pub locked_down: bool,
    /// How it was built.
    pub build: Build,
    /// Settings of the machine, for readers.
    pub settings: BTreeMap<String, String>,
    /// Changes by name.
    pub changes: BTreeMap<&'static str, Kept>,
    /// What it has.
    pub found: Found,
    /// BTF of the kernel.
    pub vmlinux: Option<Vec<u8>>,
    /// BTF of modules.
    pub modules: Vec<(String, Vec<u8>)>,
    /// Configuration.
    pub config: Option<String>,
    /// Symbols.
    pub symbols: Option<String>,
    /// What could not be had.
    pub missing: Vec<Missing>,
}

/// Why a profile makes no kernel to ask.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// The history does not reach its release.
    #[error(transparent)]
    Release(#[from] UnknownRelease),
    /// Its BTF is none.
    #[error("BTF of {0}: {1}")]
    Btf(String, String),
}

/// How a kernel was built, by its configuration; where there is none, as the nearest.
pub fn build(config: Option<&str>, nearest: Build) -> Build {
    let Some(config) = config else { return nearest };
    let set = |name: &str| config.lines().any(|l| l.strip_prefix(name).is_some_and(|rest| rest == "=y"));
    let number = |name: &str| config.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
    Build {
        nr_cpus: number("CONFIG_NR_CPUS").unwrap_or(nearest.nr_cpus),
        kprobe_override: set("CONFIG_BPF_KPROBE_OVERRIDE"),
        error_injection: set("CONFIG_FUNCTION_ERROR_INJECTION"),
        data_symbols: set("CONFIG_KALLSYMS_ALL"),
        signatures: set("CONFIG_SYSTEM_DATA_VERIFICATION"),
    }
}

/// The kernel that a survey describes, before anything was asked of it: as its release is computed, with what is its own.
///
/// # Errors
/// When there is no such release, or its BTF is damaged.
pub fn computed(survey: &Survey) -> Result<System, Unusable> {
    let release = survey.base.as_ref().map(|b| b.release);
    let release = release.ok_or_else(|| UnknownRelease::NoRelease(survey.name.clone()))?;
    let nearest = Kernel::computed(release)?;
    let bare = Profile {
        written_by: String::new(),
        name: survey.name.clone(),
        release,
        because: survey.base.as_ref().map_or("", |b| b.because).into(),
        cpus: survey.cpus,
        locked_down: matches!(survey.lockdown.as_deref(), Some("integrity" | "confidentiality")),
        build: build(survey.config.as_deref(), nearest.build),
        settings: BTreeMap::new(),
        changes: BTreeMap::new(),
        found: Found::default(),
        vmlinux: survey.vmlinux.clone(),
        modules: survey.modules.clone(),
        config: survey.config.clone(),
        symbols: survey.symbols.clone(),
        missing: Vec::new(),
    };
    bare.system()
}

impl Profile {
    /// Of what was read and asked.
    ///
    /// # Errors
    /// When there is no such release.
    pub fn new(
        written_by: &str,
        survey: Survey,
        found: Found,
        decisions: &[Decision],
        missing: Vec<Missing>,
    ) -> Result<Profile, Unusable> {
        let base = survey.base.ok_or_else(|| UnknownRelease::NoRelease(survey.name.clone()))?;
        let nearest = Kernel::computed(base.release)?;
        let mut settings: BTreeMap<String, String> =
            survey.sysctls.iter().map(|(name, value)| ((*name).to_string(), value.to_string())).collect();
        settings.extend(survey.lockdown.clone().map(|l| ("lockdown".to_string(), l)));
        if survey.mitigations_off {
            settings.insert("mitigations".into(), "off".into());
        }
        // What programs are offered tells more than the module does, which some kernels lack.
        let told = matches!(survey.lockdown.as_deref(), Some("integrity" | "confidentiality"));
        let kept = |d: &Decision| {
            let (measured, why) = match &d.by {
                By::Measured => (true, String::new()),
                By::Computed(why) => (false, why.clone()),
            };
            (d.change.name, Kept { there: d.there, measured, why })
        };
        Ok(Profile {
            written_by: written_by.into(),
            name: survey.name,
            release: base.release,
            because: base.because.into(),
            cpus: survey.cpus,
            locked_down: found.writes_user.map_or(told, |writes| !writes),
            build: build(survey.config.as_deref(), nearest.build),
            settings,
            changes: decisions.iter().map(kept).collect(),
            found,
            vmlinux: survey.vmlinux,
            modules: survey.modules,
            config: survey.config,
            symbols: survey.symbols,
            missing: survey.missing.into_iter().chain(missing).collect(),
        })
    }

    /// How many changes its probes told, and how many there are.
    pub fn measured(&self) -> (usize, usize) {
        (self.changes.values().filter(|k| k.measured).count(), self.changes.len())
    }

    /// Changes that were measured otherwise than the release has them, and whether they are there.
    pub fn otherwise(&self) -> Vec<(&'static Change, bool)> {
        let known = crate::embedded::changes();
        let told = known.filter_map(|c| Some((c, self.changes.get(c.name).filter(|k| k.measured)?.there)));
        told.filter(|(c, there)| c.covers(self.release) != *there).collect()
    }

    fn tables(&self) -> Tables {
        let refused: Vec<(ProgType, AttachType)> = self
            .found
            .prog_types
            .iter()
            .filter(|(_, _, outcome)| *outcome == Outcome::Refused)
            .map(|(t, a, _)| (*t, *a))
            .collect();
        Tables {
            helpers: self.found.helpers,
            map_types: self.found.map_types.clone().leak(),
            kfuncs: self.found.kfuncs.clone().leak(),
            refused: refused.leak(),
        }
    }

    /// The kernel to ask. What a kernel refers to lives as long as the process, so each profile is made into one once.
    ///
    /// # Errors
    /// When there is no such release, or its BTF is damaged.
    pub fn system(self) -> Result<System, Unusable> {
        let nearest = Kernel::computed(self.release)?;
        let (mut features, mut style) = (nearest.features.clone(), nearest.style);
        for change in crate::embedded::changes() {
            if let Some(kept) = self.changes.get(change.name).filter(|k| k.measured) {
                features = features.with(change, kept.there);
                style = style.with(change, kept.there);
            }
        }
        let tables = self.tables();
        let kernel = Kernel {
            name: intern(self.name.clone()),
            basis: Basis::Probed,
            features,
            style,
            build: self.build,
            machine: Machine { cpus: self.cpus, locked_down: self.locked_down },
            tables,
            btf: self.vmlinux.map_or(nearest.btf, |raw| raw.leak()),
            config: self.config.map_or(nearest.config, |text| pack_text(text.as_bytes()).leak()),
            kallsyms: self.symbols.map_or(nearest.kallsyms, |text| pack_text(text.as_bytes()).leak()),
            ..nearest
        };
        let damaged = |what: &str, e: &dyn std::fmt::Display| Unusable::Btf(what.to_string(), e.to_string());
        let vmlinux = verifier_core::program::vmlinux(&kernel).map_err(|e| damaged("the kernel", &e))?;
        let mut modules = Vec::new();
        for (name, raw) in self.modules {
            let btf = Btf::parse(raw, Some(vmlinux.clone())).map_err(|e| damaged(&name, &e))?;
            modules.push((name, Arc::new(btf)));
        }
        Ok(System { kernel, vmlinux, modules })
    }
}

/// The set of all helpers of some names.
fn numbers(names: &[&str]) -> Option<Numbers> {
    let of = |name: &&str| {
        (1..).map_while(|n| Some((n, verifier_core::kernel::helpers::name_of(n)?))).find(|(_, known)| known == name)
    };
    names.iter().map(|name| of(name).map(|(n, _)| n)).collect()
}

#[cfg(test)]
mod tests;
