//! What a machine says of itself: release, BTF, configuration, symbols, settings, processors.
//!
//! Files are read below a root, so that tests have machines of their own. What cannot be read is a [`Missing`], with what
//! follows from it; nothing missing ends the survey.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;
use verifier_core::btf::{Btf, BtfKind};
use verifier_core::kernel::PointRelease;

/// Most bytes that are read of a file.
const MOST: u64 = 64 << 20;
/// Most modules whose BTF is read.
const MOST_MODULES: usize = 4096;

/// Something that could not be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// What follows for answers.
    pub follows: String,
}

impl Missing {
    /// A row of what is missing.
    pub fn new(what: &str, why: impl Into<String>, follows: &str) -> Missing {
        Missing { what: what.into(), why: why.into(), follows: follows.into() }
    }
}

/// The release that a kernel is made from, and how that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base {
    /// The release.
    pub release: PointRelease,
    /// What said so.
    pub because: &'static str,
}

/// What a machine says.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The kernel's own name: `uname -r`.
    pub name: String,
    /// The release that it is made from; `None`: nothing reads as a release.
    pub base: Option<Base>,
    /// The kernel's BTF as it stands in the file.
    pub vmlinux: Option<Vec<u8>>,
    /// BTF of modules, by name, in order.
    pub modules: Vec<(String, Vec<u8>)>,
    /// The lines of the build configuration that set something.
    pub config: Option<String>,
    /// Symbols: those that the BTF does not tell, as `program::kallsyms` has them.
    pub symbols: Option<String>,
    /// Possible processors.
    pub cpus: Option<u32>,
    /// What the lockdown module says: `none`, `integrity`, `confidentiality`.
    pub lockdown: Option<String>,
    /// Settings that bear on programs.
    pub sysctls: BTreeMap<&'static str, i64>,
    /// Mitigations of processor faults are switched off for everything.
    pub mitigations_off: bool,
    /// What could not be had.
    pub missing: Vec<Missing>,
}

/// Settings that are read, by name.
const SYSCTLS: &[&str] = &[
    "kernel.unprivileged_bpf_disabled",
    "net.core.bpf_jit_enable",
    "net.core.bpf_jit_harden",
    "net.core.bpf_jit_limit",
    "kernel.kptr_restrict",
    "kernel.perf_event_paranoid",
];

/// Where the files of a machine are.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Root {
    /// The machine that we run on.
    pub fn here() -> Root {
        Root("/".into())
    }

    /// A machine whose files lie below a folder.
    pub fn below(folder: &Path) -> Root {
        Root(folder.into())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file.trim_start_matches('/'))
    }

    fn bytes(&self, file: &str) -> Result<Vec<u8>, String> {
        let read = |mut f: File| {
            let mut out = Vec::new();
            f.by_ref().take(MOST + 1).read_to_end(&mut out).map(|_| out)
        };
        let bytes = File::open(self.path(file)).and_then(read).map_err(|e| format!("{file}: {e}"))?;
        if bytes.len() as u64 > MOST { Err(format!("{file}: larger than {} MiB", MOST >> 20)) } else { Ok(bytes) }
    }

    fn text(&self, file: &str) -> Result<String, String> {
        Ok(String::from_utf8_lossy(&self.bytes(file)?).trim_end().to_string())
    }
}

/// The release that a kernel of this name is made from. Distributions number their builds where a patch level would
/// stand; what they say elsewhere goes before.
pub fn base(name: &str, version: &str, signature: Option<&str>) -> Option<Base> {
    let release = |text: &str| PointRelease::parse(text);
    // Ubuntu: `Ubuntu 6.8.0-45.45-generic 6.8.12`.
    let mut words = signature.unwrap_or_default().split_whitespace();
    if words.next() == Some("Ubuntu")
        && let Some(found) = words.nth(1).and_then(release)
    {
        return Some(Base { release: found, because: "/proc/version_signature" });
    }
    // Debian: `... #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-11-01)`.
    let mut words = version.split_whitespace().skip_while(|w| *w != "Debian").skip(1);
    if let Some(found) = words.next().and_then(release)
        && release(name).is_some_and(|own| own.version == found.version)
    {
        return Some(Base { release: found, because: "Debian's text in /proc/version" });
    }
    Some(Base { release: release(name)?, because: "its name" })
}

impl Survey {
    /// Reads everything.
    ///
    /// # Errors
    /// When the machine does not even tell its release.
    pub fn of(root: &Root) -> Result<Survey, String> {
        let name = root.text("/proc/sys/kernel/osrelease")?;
        let version = root.text("/proc/version").unwrap_or_default();
        let signature = root.text("/proc/version_signature").ok();
        let mut out = Survey { base: base(&name, &version, signature.as_deref()), name, ..Survey::default() };
        out.read_btf(root);
        out.read_config(root);
        out.read_symbols(root);
        out.read_settings(root);
        Ok(out)
    }

    fn lacks(&mut self, what: &str, why: String, follows: &str) {
        self.missing.push(Missing::new(what, why, follows));
    }

    fn read_btf(&mut self, root: &Root) {
        match root.bytes("/sys/kernel/btf/vmlinux") {
            Ok(raw) => self.vmlinux = Some(raw),
            Err(why) => {
                const FOLLOWS: &str = "types, kernel functions and attach targets are those of the nearest kernel that \
                                       bpfvet has, and objects that need the machine's own may be judged wrongly";
                return self.lacks("BTF of the kernel", why, FOLLOWS);
            }
        }
        let folder = root.path("/sys/kernel/btf");
        let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = names.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|n| n != "vmlinux");
        names.sort();
        let more = names.len().saturating_sub(MOST_MODULES);
        for name in names.into_iter().take(MOST_MODULES) {
            match root.bytes(&format!("/sys/kernel/btf/{name}")) {
                Ok(raw) => self.modules.push((name, raw)),
                Err(why) => self.lacks("BTF of a module", why, "its functions and types are not known"),
            }
        }
        if more > 0 {
            self.lacks(
                "BTF of modules",
                format!("{more} more than are read"),
                "their functions and types are not known",
            );
        }
    }

    fn read_config(&mut self, root: &Root) {
        let packed = root.bytes("/proc/config.gz").and_then(|packed| {
            let mut text = Vec::new();
            let unpacked = GzDecoder::new(packed.as_slice()).take(MOST).read_to_end(&mut text);
            unpacked.map(|_| text).map_err(|e| format!("/proc/config.gz: {e}"))
        });
        let plain = [format!("/boot/config-{}", self.name), format!("/lib/modules/{}/config", self.name)];
        let found = packed.or_else(|why| {
            let others = plain.iter().find_map(|file| root.bytes(file).ok());
            others.ok_or_else(|| format!("{why}; nor is there {} or {}", plain[0], plain[1]))
        });
        match found {
            Ok(text) => {
                let text = String::from_utf8_lossy(&text);
                let set = text.lines().filter(|l| l.starts_with("CONFIG_") && l.contains('='));
                self.config = Some(set.flat_map(|l| [l, "\n"]).collect());
            }
            Err(why) => {
                const FOLLOWS: &str = "values of .kconfig sections and what was built in are those of the nearest kernel \
                                       that bpfvet has";
                self.lacks("build configuration", why, FOLLOWS);
            }
        }
    }

    fn read_symbols(&mut self, root: &Root) {
        const FOLLOWS: &str =
            "symbols that programs ask for without a type are those of the nearest kernel that bpfvet has";
        let btf = self.vmlinux.clone().and_then(|raw| Btf::parse(raw, None).ok()).map(Arc::new);
        match (root.bytes("/proc/kallsyms"), btf) {
            (Ok(text), _) if text.is_empty() => {
                self.lacks("symbols", "/proc/kallsyms: it is empty".into(), FOLLOWS);
            }
            (Ok(text), Some(btf)) => self.symbols = Some(symbols(&String::from_utf8_lossy(&text), &btf)),
            (Ok(_), None) => self.lacks("symbols", "they are told beside the BTF, which is missing".into(), FOLLOWS),
            (Err(why), _) => self.lacks("symbols", why, FOLLOWS),
        }
    }

    fn read_settings(&mut self, root: &Root) {
        for name in SYSCTLS {
            let file = format!("/proc/sys/{}", name.replace('.', "/"));
            match root.text(&file).map(|t| t.parse::<i64>()) {
                Ok(Ok(value)) => {
                    self.sysctls.insert(name, value);
                }
                Ok(Err(_)) => self.lacks(name, format!("{file}: no number"), "only the profile's readers miss it"),
                Err(why) => self.lacks(name, why, "only the profile's readers miss it"),
            }
        }
        let list = root.text("/sys/devices/system/cpu/possible");
        match list.as_deref().map(possible) {
            Ok(Some(cpus)) => self.cpus = Some(cpus),
            Ok(None) => self.lacks("possible processors", "the list cannot be read".into(), ALL_CPUS),
            Err(why) => self.lacks("possible processors", why.to_string(), ALL_CPUS),
        }
        // `none [integrity] confidentiality`; where the module was left out there is no file.
        let words = root.text("/sys/kernel/security/lockdown").unwrap_or_default();
        let chosen = words.split_whitespace().find_map(|w| w.strip_prefix('[')?.strip_suffix(']'));
        self.lockdown = chosen.map(str::to_string);
        let cmdline = root.text("/proc/cmdline").unwrap_or_default();
        self.mitigations_off = cmdline.split_whitespace().any(|w| w == "mitigations=off");
    }
}

const ALL_CPUS: &str = "answers are for machines with as many as the kernel is built for";

/// How many processors a list such as `0-7` names: it ends with the last.
pub fn possible(list: &str) -> Option<u32> {
    let last: u32 = list.trim().rsplit(['-', ',']).next()?.parse().ok()?;
    last.checked_add(1)
}

/// Beginnings of names that are the kernel's own bookkeeping.
const BOOKKEEPING: &[&str] =
    &["__pfx_", "__ksymtab_", "__kstrtab_", "__kstrtabns_", "__crc_", "__initcall_", "__UNIQUE_ID", "__cfi_", "__p_"];

/// Symbols in the form of `program::kallsyms`: what the BTF does not tell of them.
fn symbols(kallsyms: &str, btf: &Btf) -> String {
    // Name to address and how many there are of it, the kernel's own alone.
    let mut seen: HashMap<&str, (u64, u32)> = HashMap::new();
    for line in kallsyms.lines() {
        let mut words = line.split_whitespace();
        let (Some(address), Some(_), Some(name), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let address = u64::from_str_radix(address, 16).unwrap_or(0);
        let entry = seen.entry(name).or_insert((address, 0));
        if entry.1 == 0 || entry.0 != address {
            entry.1 += 1;
        }
    }
    // Where addresses are hidden all are 0, and how many there are of a name is not known.
    let hidden = seen.values().all(|(address, _)| *address == 0);
    let typed: BTreeSet<&str> = btf
        .own_types()
        .filter(|t| matches!(t.kind, BtfKind::Func | BtfKind::Var))
        .map(|t| btf.type_name(t.id))
        .collect();
    let mut lines = BTreeSet::new();
    for (name, (address, times)) in &seen {
        if BOOKKEEPING.iter().any(|b| name.starts_with(b)) || !plain(name) {
            continue;
        }
        // Addresses below the kernel's half are offsets into memory per processor, the same at every boot.
        let fixed = !hidden && *address < 1 << 32;
        match (*times > 1, fixed) {
            (true, _) => lines.insert(format!("={name}")),
            (false, true) => lines.insert(format!("{name} {address:x}")),
            (false, false) if !typed.contains(name) => lines.insert((*name).to_string()),
            (false, false) => false,
        };
    }
    lines.extend(typed.iter().filter(|n| !seen.contains_key(**n) && plain(n)).map(|n| format!("-{n}")));
    lines.into_iter().flat_map(|l| [l, "\n".into()]).collect()
}

/// A name that can be kept: of the kernel's own symbols all are.
fn plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, version: &str, signature: Option<&str>) -> String {
        base(name, version, signature).map_or("none".into(), |b| format!("{} by {}", b.release, b.because))
    }

    #[test]
    fn names_of_distributions_are_read_as_they_are_meant() {
        let debian = "Linux version 6.1.0-55-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) \
                      12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-11-01)";
        assert_eq!(known("6.1.0-55-cloud-amd64", debian, None), "6.1.192 by Debian's text in /proc/version");
    }

    #[test]
    fn the_others_are_named_after_their_release() {
        let ubuntu = "Ubuntu 6.8.0-45.45-generic 6.8.12";
        assert_eq!(known("6.8.0-45-generic", "", Some(ubuntu)), "6.8.12 by /proc/version_signature");
        assert_eq!(known("6.8.0-45-generic", "", None), "6.8 by its name");
        assert_eq!(known("5.14.0-427.el9.x86_64", "", None), "5.14 by its name");
        assert_eq!(known("6.12.117+deb12-cloud-amd64", "", None), "6.12.117 by its name");
        assert_eq!(known("6.18.44-fc-v769", "Linux version 6.18.44-fc-v769 (a@b)", None), "6.18.44 by its name");
        assert_eq!(known("tea", "", None), "none");
    }

    #[test]
    fn processors_are_counted_to_the_last() {
        assert_eq!(possible("0-7\n"), Some(8));
        assert_eq!(possible("0"), Some(1));
        assert_eq!(possible("0,2-5"), Some(6));
        assert_eq!(possible(""), None);
    }

    /// A machine whose files a test writes.
    struct Machine(PathBuf);

    impl Machine {
        fn new(name: &str, files: &[(&str, &[u8])]) -> Machine {
            let at = std::env::temp_dir().join(format!("bpfvet-survey-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&at);
            for (file, bytes) in files {
                let path = at.join(file);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                std::fs::write(path, bytes).expect("a file");
            }
            Machine(at)
        }

        fn survey(&self) -> Survey {
            Survey::of(&Root::below(&self.0)).expect("it tells its release")
        }
    }

    impl Drop for Machine {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_machine_that_tells_nothing_but_its_release_is_surveyed() {
        let machine = Machine::new("bare", &[("proc/sys/kernel/osrelease", b"5.14.0-427.el9.x86_64\n")]);
        let survey = machine.survey();
        assert_eq!(survey.name, "5.14.0-427.el9.x86_64");
        assert_eq!(survey.base.map(|b| b.release.to_string()), Some("5.14".into()));
        let missing: Vec<&str> = survey.missing.iter().map(|m| m.what.as_str()).collect();
        for what in ["BTF of the kernel", "build configuration", "symbols", "possible processors"] {
            assert!(missing.contains(&what), "{missing:?}");
        }
        assert!(survey.missing.iter().all(|m| !m.why.is_empty() && !m.follows.is_empty()));
        let nothing = Machine::new("nothing", &[("proc/version", b"Linux")]);
        assert!(Survey::of(&Root::below(&nothing.0)).is_err_and(|e| e.contains("osrelease")));
    }

    #[test]
    fn what_a_machine_tells_is_read() {
        use std::io::Write;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"# a comment\nCONFIG_NR_CPUS=64\n# CONFIG_X is not set\nCONFIG_BPF=y\n").expect("memory");
        let packed = packed.finish().expect("memory");
        let btf = crate::measure::int_btf().expect("it is valid").raw().into_owned();
        let machine = Machine::new(
            "whole",
            &[
                ("proc/sys/kernel/osrelease", b"6.8.0-45-generic\n"),
                ("proc/version_signature", b"Ubuntu 6.8.0-45.45-generic 6.8.12\n"),
                ("proc/config.gz", &packed),
                ("proc/cmdline", b"quiet mitigations=off\n"),
                (
                    "proc/kallsyms",
                    b"ffffffff81000000 T a_function\n0000000000014000 D cpu_data\nffffffff81000010 t twice\n\
                    ffffffff81000020 t twice\nffffffff81000030 r __ksymtab_x\nffffffffc0000000 t of_a_module [m]\n",
                ),
                ("proc/sys/net/core/bpf_jit_harden", b"2\n"),
                ("sys/devices/system/cpu/possible", b"0-15\n"),
                ("sys/kernel/security/lockdown", b"none [integrity] confidentiality\n"),
                ("sys/kernel/btf/vmlinux", &btf),
                ("sys/kernel/btf/nf_nat", &btf),
            ],
        );
        let survey = machine.survey();
        assert_eq!(survey.base.map(|b| b.release.to_string()), Some("6.8.12".into()));
        assert_eq!(survey.config.as_deref(), Some("CONFIG_NR_CPUS=64\nCONFIG_BPF=y\n"));
        assert_eq!(survey.symbols.as_deref(), Some("=twice\na_function\ncpu_data 14000\n"));
        assert_eq!((survey.cpus, survey.lockdown.as_deref()), (Some(16), Some("integrity")));
        assert_eq!(survey.sysctls.get("net.core.bpf_jit_harden"), Some(&2));
        assert!(survey.mitigations_off && survey.vmlinux.is_some() && survey.modules.len() == 1);
    }
}
