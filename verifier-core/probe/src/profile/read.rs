//! Reads profiles: anybody's, so nothing in them is believed before it was looked at.
//!
//! What is wrong is said with file, line and key. Both files are bounded, before and after they are unpacked; the data is
//! a plain file beside the text, never a link, and its checksum is the one that the text names.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use flate2::Crc;
use flate2::read::GzDecoder;
use serde::Deserialize;
use toml::Spanned;
use verifier_core::kernel::{AttachType, Build, MapType, PointRelease, ProgType, kfuncs};

use super::{FORM, Kept, Profile, numbers};
use crate::embedded;
use crate::measure::{Found, Outcome};
use crate::survey::Missing;

/// Most bytes of the text.
const MOST_TEXT: u64 = 1 << 20;
/// Most bytes of the data as stored.
const MOST_PACKED: u64 = 64 << 20;
/// Most bytes of the data.
const MOST_DATA: u64 = 128 << 20;
/// Most processors that any kernel is built for.
const MOST_CPUS: u32 = 8192;

/// What is wrong with a profile.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct ProfileError {
    /// File, and line where there is one.
    pub place: String,
    /// What, with the key where there is one.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Text {
    form: Spanned<u32>,
    written_by: Spanned<String>,
    kernel: KernelPart,
    machine: MachinePart,
    build: BuildPart,
    data: DataPart,
    tables: TablesPart,
    changes: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    missing: Vec<MissingPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KernelPart {
    name: Spanned<String>,
    release: Spanned<String>,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MachinePart {
    cpus: Option<Spanned<u32>>,
    locked_down: bool,
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BuildPart {
    nr_cpus: Spanned<u32>,
    kprobe_override: bool,
    error_injection: bool,
    data_symbols: bool,
    signatures: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataPart {
    file: Spanned<String>,
    bytes: Spanned<u64>,
    crc32: Spanned<String>,
    vmlinux: Option<u64>,
    config: Option<u64>,
    symbols: Option<u64>,
    #[serde(default)]
    modules: Vec<ModulePart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModulePart {
    name: Spanned<String>,
    bytes: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TablesPart {
    helpers: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    map_types: Vec<Spanned<String>>,
    #[serde(default)]
    no_map_types: Vec<Spanned<String>>,
    #[serde(default)]
    kernel_functions: Vec<Spanned<String>>,
    #[serde(default)]
    no_kernel_functions: Vec<Spanned<String>>,
    #[serde(default)]
    program_types: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MissingPart {
    what: String,
    why: String,
    follows: String,
}

/// A text that is being read.
struct Reading<'a> {
    file: String,
    text: &'a str,
}

impl Reading<'_> {
    /// What is wrong at a place of the text.
    fn wrong(&self, at: Range<usize>, what: impl Into<String>) -> ProfileError {
        let before = self.text.get(..at.start.min(self.text.len())).unwrap_or_default();
        ProfileError { place: format!("{}:{}", self.file, before.matches('\n').count() + 1), what: what.into() }
    }

    /// The same of the value of a key.
    fn value<T>(&self, key: &str, value: &Spanned<T>, what: impl Into<String>) -> ProfileError {
        self.wrong(value.span(), format!("{key}: {}", what.into()))
    }
}

fn plain(place: &Path, what: impl Into<String>) -> ProfileError {
    ProfileError { place: place.display().to_string(), what: what.into() }
}

/// A file that is no link, as far as it may be large.
fn bounded(path: &Path, most: u64) -> Result<Vec<u8>, ProfileError> {
    let failed = |e: std::io::Error| plain(path, e.to_string());
    let meta = fs::metadata(path).map_err(failed)?;
    if !meta.is_file() {
        return Err(plain(path, "it is no plain file"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|f| f.take(most + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(plain(path, format!("it is larger than {} MiB", most >> 20)));
    }
    Ok(bytes)
}

/// Reads a profile and the data beside it.
///
/// # Errors
/// What is wrong, and where.
pub fn read(path: &Path) -> Result<Profile, ProfileError> {
    let bytes = bounded(path, MOST_TEXT)?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        ProfileError { place: format!("{}:{line}", path.display()), what: "it is not UTF-8".into() }
    })?;
    let reading = Reading { file: path.display().to_string(), text: &text };
    let parsed: Text = toml::from_str(&text).map_err(|e| {
        let at = e.span().unwrap_or(0..0);
        let line = text.get(..at.start).map_or("", |before| &text[before.rfind('\n').map_or(0, |n| n + 1)..]);
        let key = line.lines().next().and_then(|l| l.split_once('=')).map(|(k, _)| k.trim());
        let key =
            key.filter(|k| !k.is_empty() && !e.message().contains(*k)).map_or(String::new(), |k| format!("{k}: "));
        reading.wrong(at, format!("{key}{}", e.message().replace('\n', "; ")))
    })?;
    if *parsed.form.get_ref() != FORM {
        let what = format!("this bpfvet reads profiles of form {FORM}; probe the machine again, or use the other one");
        return Err(reading.value("form", &parsed.form, what));
    }
    let mut profile = reading.profile(&parsed)?;
    reading.fill(&mut profile, &parsed.data, path)?;
    Ok(profile)
}

/// A word that is short and has nothing in it that a terminal or a path could mean something by.
pub(super) fn is_name(text: &str) -> bool {
    let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'~' | b'-');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(ok) && !text.starts_with(['.', '-'])
}

impl Reading<'_> {
    fn profile(&self, t: &Text) -> Result<Profile, ProfileError> {
        let k = &t.kernel;
        if !is_name(k.name.get_ref()) {
            return Err(self.value("name", &k.name, "it is no name of a kernel"));
        }
        if t.written_by.get_ref().len() > 128 {
            return Err(self.value("written-by", &t.written_by, "it is too long"));
        }
        let release = PointRelease::parse(k.release.get_ref());
        let release = release.ok_or_else(|| self.value("release", &k.release, "it is no release of Linux"))?;
        let cpus = |key: &str, n: &Spanned<u32>| match *n.get_ref() {
            1..=MOST_CPUS => Ok(*n.get_ref()),
            _ => Err(self.value(key, n, format!("it is not within 1 to {MOST_CPUS}"))),
        };
        let b = &t.build;
        Ok(Profile {
            written_by: t.written_by.get_ref().clone(),
            name: k.name.get_ref().clone(),
            release,
            because: k.because.clone(),
            cpus: t.machine.cpus.as_ref().map(|n| cpus("cpus", n)).transpose()?,
            locked_down: t.machine.locked_down,
            build: Build {
                nr_cpus: cpus("nr-cpus", &b.nr_cpus)?,
                kprobe_override: b.kprobe_override,
                error_injection: b.error_injection,
                data_symbols: b.data_symbols,
                signatures: b.signatures,
            },
            settings: t.machine.settings.clone(),
            changes: self.changes(&t.changes)?,
            found: self.found(&t.tables)?,
            vmlinux: None,
            modules: Vec::new(),
            config: None,
            symbols: None,
            missing: t.missing.iter().map(|m| Missing::new(&m.what, m.why.clone(), &m.follows)).collect(),
        })
    }

    fn changes(
        &self,
        rows: &BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Result<BTreeMap<&'static str, Kept>, ProfileError> {
        let mut out = BTreeMap::new();
        for (name, value) in rows {
            let known = embedded::changes().find(|c| c.name == name.get_ref()).ok_or_else(|| {
                let what = "no change is called so in this bpfvet; probe the machine again, or take the row out";
                self.value(name.get_ref(), name, what)
            })?;
            let (there, by) = value.get_ref().split_once(", ").unwrap_or((value.get_ref(), ""));
            let there = match there {
                "there" => Some(true),
                "absent" => Some(false),
                _ => None,
            };
            let (word, why) = by.split_once(": ").unwrap_or((by, ""));
            let kept = match (there, word) {
                (Some(there), "measured") => Kept { there, measured: true, why: String::new() },
                (Some(there), "computed") => Kept { there, measured: false, why: why.into() },
                _ => {
                    let what = "it reads `there` or `absent`, a comma, and `measured` or `computed: WHY`";
                    return Err(self.value(name.get_ref(), value, what));
                }
            };
            out.insert(known.name, kept);
        }
        Ok(out)
    }

    fn found(&self, t: &TablesPart) -> Result<Found, ProfileError> {
        let helper = |name: &Spanned<String>| {
            numbers(&[name.get_ref()]).ok_or_else(|| self.value("helpers", name, "no helper is called so"))
        };
        let mut helpers = t.helpers.as_ref().map(|_| Default::default());
        for name in t.helpers.iter().flatten() {
            let number = helper(name)?;
            helpers = helpers.map(|all: verifier_core::kernel::Numbers| all.iter().chain(number.iter()).collect());
        }
        let mut map_types = Vec::new();
        for (key, names, there) in [("map-types", &t.map_types, true), ("no-map-types", &t.no_map_types, false)] {
            for name in names {
                let found = MapType::ALL.iter().find(|m| m.name().eq_ignore_ascii_case(name.get_ref()));
                map_types.push((*found.ok_or_else(|| self.value(key, name, "no map type is called so"))?, there));
            }
        }
        let mut functions = Vec::new();
        let lists =
            [("kernel-functions", &t.kernel_functions, true), ("no-kernel-functions", &t.no_kernel_functions, false)];
        for (key, names, there) in lists {
            for name in names {
                let rows = || kfuncs::GROUPS.iter().flat_map(|g| g.rows);
                let found = rows().find(|r| r.name == name.get_ref());
                let row = found.ok_or_else(|| self.value(key, name, "no function of the kernel is called so"))?;
                functions.push((row.name, there));
            }
        }
        let prog_types = self.prog_types(&t.program_types)?;
        Ok(Found { helpers, map_types, prog_types, kfuncs: functions, writes_user: None })
    }

    fn prog_types(
        &self,
        rows: &BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Result<Vec<(ProgType, AttachType, Outcome)>, ProfileError> {
        let mut out = Vec::new();
        for (name, value) in rows {
            let (prog, attach) = name.get_ref().split_once('/').unwrap_or((name.get_ref(), ""));
            let prog = ProgType::ALL.iter().find(|t| t.name().eq_ignore_ascii_case(prog));
            let attach = AttachType::ALL.iter().find(|t| t.name().eq_ignore_ascii_case(attach));
            let (Some(prog), Some(attach)) = (prog, attach) else {
                return Err(self.value(name.get_ref(), name, "it is no program type with an attach type"));
            };
            let outcome = match value.get_ref().as_str() {
                "there" => Outcome::There,
                "absent" => Outcome::Absent,
                "refused" => Outcome::Refused,
                _ => {
                    let what = "it reads `there`, `absent` or `refused`";
                    return Err(self.value(name.get_ref(), value, what));
                }
            };
            out.push((*prog, *attach, outcome));
        }
        out.sort();
        Ok(out)
    }

    /// Reads the data.
    fn fill(&self, profile: &mut Profile, d: &DataPart, path: &Path) -> Result<(), ProfileError> {
        if !is_name(d.file.get_ref()) {
            return Err(self.value(
                "file",
                &d.file,
                "the data is a file beside this one, so that this is its name alone",
            ));
        }
        if *d.bytes.get_ref() > MOST_DATA {
            return Err(self.value("bytes", &d.bytes, format!("more than {} MiB are not read", MOST_DATA >> 20)));
        }
        let texts = [d.vmlinux, d.config, d.symbols].into_iter().flatten();
        let parts = texts.chain(d.modules.iter().map(|m| m.bytes));
        if parts.fold(0, u64::saturating_add) != *d.bytes.get_ref() {
            return Err(self.value("bytes", &d.bytes, "its parts are not as long as the whole"));
        }
        let beside = path.with_file_name(d.file.get_ref());
        if fs::symlink_metadata(&beside).is_ok_and(|m| m.is_symlink()) {
            return Err(plain(&beside, "it is a link, which is not followed"));
        }
        let packed = bounded(&beside, MOST_PACKED)?;
        let mut data = Vec::new();
        let unpacked = GzDecoder::new(packed.as_slice()).take(*d.bytes.get_ref() + 1).read_to_end(&mut data);
        unpacked.map_err(|e| plain(&beside, format!("it does not unpack: {e}")))?;
        let mut crc = Crc::new();
        crc.update(&data);
        if data.len() as u64 != *d.bytes.get_ref() || format!("{:08x}", crc.sum()) != *d.crc32.get_ref() {
            return Err(plain(&beside, format!("it is not the data that {} was written with", self.file)));
        }
        let mut rest = data.as_slice();
        let mut part = |len: u64| {
            let (bytes, after) =
                rest.split_at_checked(usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or((rest, &[]));
            rest = after;
            bytes.to_vec()
        };
        profile.vmlinux = d.vmlinux.map(&mut part);
        for m in &d.modules {
            if !is_name(m.name.get_ref()) {
                return Err(self.value("name", &m.name, "it is no name of a module"));
            }
            profile.modules.push((m.name.get_ref().clone(), part(m.bytes)));
        }
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| plain(&beside, "its texts are not UTF-8"));
        profile.config = d.config.map(&mut part).map(text).transpose()?;
        profile.symbols = d.symbols.map(&mut part).map(text).transpose()?;
        Ok(())
    }
}
