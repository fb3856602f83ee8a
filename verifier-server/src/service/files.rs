//! Files that are read again when they change: tokens, certificates, keys.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, SystemTime};

use tracing::{info, warn};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What shows that a file changed.
type Stamp = Vec<Option<(SystemTime, u64, u64)>>;

/// What stands in some files, as they were when they were last good.
pub struct Watched<T> {
    files: Vec<PathBuf>,
    value: RwLock<Arc<T>>,
}

impl<T: Send + Sync + 'static> Watched<T> {
    /// Reads the files now, and again whenever one of them changes. When they cannot be read then, what they said before
    /// holds, and the log says so.
    ///
    /// # Errors
    /// Those of the first reading.
    pub fn new(
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<Arc<T>, String> + Send + 'static,
    ) -> Result<Arc<Watched<T>>, String> {
        let mut seen = stamp(&files);
        let watched = Arc::new(Watched { files, value: RwLock::new(read()?) });
        let weak: Weak<Watched<T>> = Arc::downgrade(&watched);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(watched) = weak.upgrade() else { return };
                let now = stamp(&watched.files);
                if now == seen {
                    continue;
                }
                seen = now;
                match read() {
                    Ok(value) => {
                        *watched.value.write().unwrap_or_else(PoisonError::into_inner) = value;
                        info!(file = ?watched.files.first(), "read again");
                    }
                    Err(e) => warn!("changed, and not read again: {e}"),
                }
            }
        });
        Ok(watched)
    }

    /// What they say now.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.value.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn stamp(files: &[PathBuf]) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let of = |f: &PathBuf| std::fs::metadata(f).ok().and_then(|m| Some((m.modified().ok()?, m.len(), m.ino())));
    files.iter().map(of).collect()
}
