//! Profiles on disk: whole or not at all, and never through a link.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Profile;
use super::read::is_name;

/// The name of the data beside a profile of this name.
///
/// # Errors
/// When the profile's name is none that its readers would take.
pub fn data_name(profile: &Path) -> Result<String, String> {
    let stem = profile.file_stem().and_then(|s| s.to_str()).filter(|s| is_name(s));
    match stem {
        Some(stem) => Ok(format!("{stem}.btf.gz")),
        None => Err(format!("{}: a profile's name has letters, digits, and . _ + ~ - only", profile.display())),
    }
}

/// Whether a profile could be stored under a name, before anything is computed for it.
///
/// # Errors
/// Why not, naming the file.
pub fn may_store(profile: &Path) -> Result<(), String> {
    let beside = profile.with_file_name(data_name(profile)?);
    let folder = profile.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::metadata(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    may_replace(profile)?;
    may_replace(&beside)
}

/// Whether something may be written under a name: nothing is there, or a plain file, which is replaced.
fn may_replace(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(format!("{}: {e}", path.display())),
        Ok(meta) if meta.is_symlink() => Err(format!("{}: it is a link, which is not followed", path.display())),
        Ok(meta) if !meta.is_file() => Err(format!("{}: it is no plain file", path.display())),
        Ok(_) => Ok(()),
    }
}

/// A file under a name of its own until it is whole.
struct Unfinished {
    at: PathBuf,
    to: PathBuf,
}

impl Unfinished {
    fn write(to: &Path, bytes: &[u8]) -> Result<Unfinished, String> {
        may_replace(to)?;
        let name = to.file_name().ok_or_else(|| format!("{}: it names no file", to.display()))?.to_string_lossy();
        let at = to.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let failed = |e: std::io::Error| format!("{}: {e}", to.display());
        // A file of that name is nobody's but another's: it is not touched, and links are not followed.
        let mut file = OpenOptions::new().write(true).create_new(true).open(&at).map_err(failed)?;
        let unfinished = Unfinished { at: at.clone(), to: to.into() };
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(unfinished)
    }

    fn finish(self) -> Result<(), String> {
        fs::rename(&self.at, &self.to).map_err(|e| format!("{}: {e}", self.to.display()))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Finished ones are no longer there.
        let _ = fs::remove_file(&self.at);
    }
}

/// Writes a profile and the data beside it: both, or neither where one cannot be written. Returns where the data is.
///
/// # Errors
/// In words, naming the file.
pub fn store(profile: &Profile, path: &Path) -> Result<PathBuf, String> {
    let name = data_name(path)?;
    let beside = path.with_file_name(&name);
    if beside == path {
        return Err(format!("{}: the profile needs another name than the data beside it", path.display()));
    }
    let data = profile.data().map_err(|e| format!("{}: {e}", beside.display()))?;
    let text = profile.text(&name, &data);
    let (data, text) = (Unfinished::write(&beside, &data.packed)?, Unfinished::write(path, text.as_bytes())?);
    data.finish()?;
    text.finish()?;
    Ok(beside)
}
