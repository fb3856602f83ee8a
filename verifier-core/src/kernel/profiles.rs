//! The kernels that bpfvet can answer for: a release, how it was built, and the machine that it runs on.
//!
//! What a release does is computed from the [`history`](super::history); what is here was read off kernels that were
//! booted: their BTF, configuration and symbols. A kernel between those is computed too, and says so.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::history::{Features, KernelVersion, PointRelease, Wording};
use super::tables::Tables;

/// What stands behind the answers for a kernel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Basis {
    /// This point release was booted and asked.
    Measured,
    /// The history of changes says what it does. BTF, configuration and symbols are those of the release named, which is
    /// the newest one booted that is not newer.
    Computed {
        /// The point release whose BTF it has.
        btf_of: &'static str,
    },
    /// A machine was asked about the changes of the history and what it has (`bpfvet probe`); what it could not be asked
    /// is computed.
    Probed,
}

impl Basis {
    /// All words, as answers carry them.
    pub const WORDS: [&'static str; 3] = ["measured", "computed", "probed"];

    /// One word, as answers carry it.
    pub const fn word(self) -> &'static str {
        match self {
            Basis::Measured => Basis::WORDS[0],
            Basis::Computed { .. } => Basis::WORDS[1],
            Basis::Probed => Basis::WORDS[2],
        }
    }
}

/// How a kernel was configured, as far as that decides what programs may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Build {
    /// CPUs that it is built for. Kernel: `CONFIG_NR_CPUS`.
    pub nr_cpus: u32,
    /// `bpf_override_return()` exists. Kernel: `CONFIG_BPF_KPROBE_OVERRIDE`.
    pub kprobe_override: bool,
    /// Functions on the error injection list exist for `fmod_ret` and sleepable tracing programs. Kernel:
    /// `CONFIG_FUNCTION_ERROR_INJECTION`.
    pub error_injection: bool,
    /// Addresses of variables are known, not only of functions. Kernel: `CONFIG_KALLSYMS_ALL`.
    pub data_symbols: bool,
    /// Programs may verify signatures. Kernel: `CONFIG_SYSTEM_DATA_VERIFICATION`.
    pub signatures: bool,
}

/// The machine that a kernel runs on, which its release does not tell. What is not known covers every machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine {
    /// Possible CPUs; `None`: as many as the kernel is built for, or fewer. Kernel: `nr_cpu_ids`.
    pub cpus: Option<u32>,
    /// Locked down for integrity (Secure Boot, or by its host): no `bpf_probe_write_user()`.
    pub locked_down: bool,
}

/// A kernel as programs meet it: release, behaviours, wording, configuration, machine.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What the user types: `6.12`.
    pub name: &'static str,
    /// Point release.
    pub release: &'static str,
    /// Release, for row selection.
    pub version: KernelVersion,
    /// Patch level.
    pub point: u16,
    /// What stands behind its answers.
    pub basis: Basis,
    /// Wording of the log.
    pub style: Wording,
    /// Named behaviours.
    pub features: Features,
    /// How it was configured.
    pub build: Build,
    /// What it runs on.
    pub machine: Machine,
    /// What it was found to have where its release does not tell.
    pub tables: Tables,
    /// `/sys/kernel/btf/vmlinux`, as [`crate::btf::pack`] stores it or as the kernel shows it. Opened once by
    /// `program::vmlinux()`.
    pub btf: &'static [u8],
    /// The build configuration (`/proc/config.gz`), packed by [`crate::packing::pack_text`] instead.
    pub config: &'static [u8],
    /// What `/proc/kallsyms` holds beyond the functions and variables of the BTF, packed likewise; its form stands in
    /// `program::kallsyms`.
    pub kallsyms: &'static [u8],
}

/// A kernel that was booted and asked.
struct Measured {
    name: &'static str,
    release: &'static str,
    build: Build,
    machine: Machine,
    btf: &'static [u8],
    config: &'static [u8],
    kallsyms: &'static [u8],
}

/// How Debian configures its kernels for clouds, the same since 5.10.
const DEBIAN: Build =
    Build { nr_cpus: 8192, kprobe_override: false, error_injection: false, data_symbols: true, signatures: true };

/// A kernel of Debian's for clouds, which was booted in an emulated machine.
macro_rules! debian {
    ($name:literal, $release:literal) => {
        Measured {
            name: $name,
            release: $release,
            build: DEBIAN,
            machine: Machine { cpus: None, locked_down: false },
            btf: include_bytes!(concat!("../../data/btf/", $release, "-debian.btf.pack")),
            config: include_bytes!(concat!("../../data/config/", $release, "-debian.config.pack")),
            kallsyms: include_bytes!(concat!("../../data/kallsyms/", $release, "-debian.pack")),
        }
    };
}

/// Debian's 5.10.262.
static V5_10: Measured = debian!("5.10", "5.10.262");

/// Debian's 6.1.192.
static V6_1: Measured = debian!("6.1", "6.1.192");

/// Debian's 6.12.117, the main oracle.
static V6_12: Measured = debian!("6.12", "6.12.117");

/// Debian's 6.18.15.
static V6_18_15: Measured = debian!("6.18.15", "6.18.15");

/// 6.18.44 with a configuration of its own, on a host that locks it down.
static V6_18: Measured = Measured {
    name: "6.18",
    release: "6.18.44",
    build: Build {
        nr_cpus: 256,
        kprobe_override: false,
        error_injection: false,
        data_symbols: false,
        signatures: false,
    },
    machine: Machine { cpus: None, locked_down: true },
    btf: include_bytes!("../../data/btf/6.18.44.btf.pack"),
    config: include_bytes!("../../data/config/6.18.44.config.pack"),
    kallsyms: include_bytes!("../../data/kallsyms/6.18.44.pack"),
};

/// Debian's 7.3.4.
static V7_3: Measured = debian!("7.3", "7.3.4");

/// Oldest first.
static MEASURED: [&Measured; 6] = [&V5_10, &V6_1, &V6_12, &V6_18_15, &V6_18, &V7_3];

/// Patch levels above this are no releases.
const MAX_POINT: u16 = 999;

/// Why there is no kernel of a name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnknownRelease {
    /// It does not read as a release.
    #[error("`{0}` is no release of Linux")]
    NoRelease(String),
    /// It is before everything known.
    #[error("{0} is older than every kernel that bpfvet knows")]
    Older(String),
    /// It is behind everything known.
    #[error("{0} is newer than every kernel that bpfvet knows")]
    Newer(String),
}

impl Measured {
    /// A release with what was read off this kernel.
    fn as_release(&self, name: &'static str, text: &'static str, release: PointRelease, basis: Basis) -> Kernel {
        Kernel {
            name,
            release: text,
            version: release.version,
            point: release.point,
            basis,
            style: Wording::of(release),
            features: Features::of(release),
            build: self.build,
            machine: self.machine,
            tables: Tables::UNKNOWN,
            btf: self.btf,
            config: self.config,
            kallsyms: self.kallsyms,
        }
    }

    fn point(&self) -> PointRelease {
        PointRelease::parse(self.release).unwrap_or(PointRelease { version: KernelVersion::new(0, 0), point: 0 })
    }

    fn kernel(&self) -> Kernel {
        self.as_release(self.name, self.release, self.point(), Basis::Measured)
    }
}

impl Kernel {
    /// Every kernel measured, oldest first.
    pub fn all() -> Vec<Kernel> {
        MEASURED.iter().map(|m| m.kernel()).collect()
    }

    /// The kernel of a release: one that was booted by its name (`6.12`) or point release (`6.12.117`), any other
    /// between the oldest and the newest of them computed from the history of changes. `6.14` is 6.14 as it came
    /// out, without the changes that its patch levels brought.
    ///
    /// # Errors
    /// When it is no release, or one that the history does not reach.
    pub fn release(text: &str) -> Result<Kernel, UnknownRelease> {
        if let Some(measured) = MEASURED.iter().find(|m| m.name == text || m.release == text) {
            return Ok(measured.kernel());
        }
        let release = PointRelease::parse(text).filter(|r| r.point <= MAX_POINT);
        let release = release.ok_or_else(|| UnknownRelease::NoRelease(text.into()))?;
        if let Some(measured) = MEASURED.iter().find(|m| m.point() == release) {
            return Ok(measured.kernel());
        }
        if MEASURED.last().is_some_and(|newest| newest.point().version < release.version) {
            return Err(UnknownRelease::Newer(text.into()));
        }
        Kernel::computed(release)
    }

    /// What the history makes of a release, however new it is: where a kernel begins that a machine is asked about. BTF,
    /// configuration and symbols are those of the newest kernel booted that is not newer.
    ///
    /// # Errors
    /// When the history does not reach back to it.
    pub fn computed(release: PointRelease) -> Result<Kernel, UnknownRelease> {
        let older = MEASURED.into_iter().rfind(|m| m.point().version <= release.version);
        let older = older.ok_or_else(|| UnknownRelease::Older(release.to_string()))?;
        let name = intern(release.to_string());
        Ok(older.as_release(name, name, release, Basis::Computed { btf_of: older.release }))
    }

    /// The same kernel on a machine with so many possible CPUs.
    #[must_use]
    pub fn with_cpus(self, cpus: u32) -> Kernel {
        Kernel { machine: Machine { cpus: Some(cpus), ..self.machine }, ..self }
    }

    /// Most CPUs that there can be: those of the machine where it is known, of those that the kernel is built for.
    pub fn most_cpus(&self) -> u32 {
        self.machine.cpus.unwrap_or(self.build.nr_cpus).clamp(1, self.build.nr_cpus.max(1))
    }

    /// The release with its patch level.
    pub fn point_release(&self) -> PointRelease {
        PointRelease { version: self.version, point: self.point }
    }

    /// Debian's 6.12.117, the main oracle.
    pub fn v6_12() -> Kernel {
        V6_12.kernel()
    }

    /// 6.18.44.
    pub fn v6_18() -> Kernel {
        V6_18.kernel()
    }
}

/// Names of releases live as long as the process, each once: there are few, since the numbers of a release are bounded,
/// and profiles are named one by one.
pub fn intern(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_kernels_go_by_either_name() {
        for text in ["6.18", "6.18.44", "6.18.44-cloud-amd64"] {
            let kernel = Kernel::release(text).expect("measured");
            assert_eq!((kernel.release, kernel.basis), ("6.18.44", Basis::Measured), "{text}");
        }
    }

    #[test]
    fn what_lies_between_is_computed_and_says_so() {
        let kernel = Kernel::release("6.14.3").expect("between 6.12 and 6.18");
        assert_eq!((kernel.name, kernel.basis), ("6.14.3", Basis::Computed { btf_of: "6.12.117" }));
        assert!(kernel.features.may_goto_zero && !kernel.features.narrow_atomics && kernel.features.uptr);
        assert!(std::ptr::eq(kernel.name, Kernel::release("6.14.3").expect("again").name));
        for (release, btf_of) in [("5.15", "5.10.262"), ("6.6", "6.1.192"), ("6.8", "6.1.192"), ("7.2.1", "6.18.44")] {
            let basis = Kernel::release(release).map(|k| k.basis);
            assert_eq!(basis, Ok(Basis::Computed { btf_of }), "{release}");
        }
        let (old, new) = (Kernel::release("5.15").expect("computed"), Kernel::release("6.8").expect("computed"));
        assert!(old.features.timers && !old.features.kptrs && !old.features.v4_instructions);
        assert!(new.features.v4_instructions && new.features.argument_tags && !new.features.may_goto_exists);
    }

    #[test]
    fn where_a_machine_begins_has_no_upper_end() {
        let newer = PointRelease { version: KernelVersion::new(9, 0), point: 1 };
        let kernel = Kernel::computed(newer).expect("computed");
        assert_eq!((kernel.release, kernel.basis), ("9.0.1", Basis::Computed { btf_of: "7.3.4" }));
        let older = PointRelease { version: KernelVersion::new(4, 18), point: 0 };
        assert_eq!(Kernel::computed(older).err(), Some(UnknownRelease::Older("4.18".into())));
    }

    #[test]
    fn nothing_is_answered_by_a_neighbour_in_silence() {
        assert_eq!(Kernel::release("5.4").err(), Some(UnknownRelease::Older("5.4".into())));
        assert_eq!(Kernel::release("7.4").err(), Some(UnknownRelease::Newer("7.4".into())));
        assert_eq!(Kernel::release("tea").err(), Some(UnknownRelease::NoRelease("tea".into())));
    }
}
