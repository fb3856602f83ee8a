//! What changed when: a release is what its changes make of it.
//!
//! A [`Change`] is a row: since which release, which stable releases got it early, what says so, and which case of the
//! corpus tells a kernel with it from one without. Nothing else knows releases: what the rest of the crate asks are
//! [`Features`] and [`Wording`], which are computed here. A test holds which changes have a case that tells them.

pub mod behaviours;
mod wording;

pub use behaviours::{BEHAVIOURS, Features, LivenessKind, LoopKind};
pub use wording::{Reworded, WORDINGS, Wording};

/// A release of Linux without its patch level, for `since`/`until` columns of rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KernelVersion {
    /// `6` of 6.12.
    pub major: u16,
    /// `12` of 6.12.
    pub minor: u16,
}

impl KernelVersion {
    /// `KernelVersion::new(6, 12)` reads as the release.
    pub const fn new(major: u16, minor: u16) -> KernelVersion {
        KernelVersion { major, minor }
    }
}

impl std::fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A point release: `6.12.117`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PointRelease {
    /// The release that it is a patch level of.
    pub version: KernelVersion,
    /// Patch level; that of `6.12` is 0.
    pub point: u16,
}

impl std::fmt::Display for PointRelease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.point {
            0 => self.version.fmt(f),
            point => write!(f, "{}.{point}", self.version),
        }
    }
}

impl PointRelease {
    /// Reads `6.12` and `6.12.117`; what follows the numbers (`-rc1`, `-cloud-amd64`, `+deb12`) names a build.
    pub fn parse(text: &str) -> Option<PointRelease> {
        let numbers = text.split(['-', '+', '~', '_', ' ']).next().unwrap_or_default();
        let mut parts = numbers.split('.').map(|n| n.parse::<u16>().ok());
        let version = KernelVersion::new(parts.next()??, parts.next()??);
        let point = parts.next().unwrap_or(Some(0))?;
        parts.next().is_none().then_some(PointRelease { version, point })
    }
}

/// One change of what the kernel does or says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Its name here.
    pub name: &'static str,
    /// Which cases it is about, in whole sentences.
    pub what: &'static str,
    /// The release that brought it; `None`: no release so far, only stable ones.
    pub since: Option<KernelVersion>,
    /// The release that it went away with.
    pub until: Option<KernelVersion>,
    /// Point releases from which on their stable branch has it. Where the first is not known, the first that was measured.
    pub stable: &'static [PointRelease],
    /// Title of the kernel's commit, or which kernels were measured.
    pub evidence: &'static str,
    /// Case of the corpus that differs with and without it; empty where there is none yet.
    pub probe: &'static str,
}

impl Change {
    const NONE: Change = Change { name: "", what: "", since: None, until: None, stable: &[], evidence: "", probe: "" };

    /// Whether a release has it.
    pub fn covers(&self, release: PointRelease) -> bool {
        let stable = self.stable.iter().any(|p| p.version == release.version && p.point <= release.point);
        // What has always been has no `since`, but an end.
        let begun = self.since.map_or(self.until.is_some(), |since| since <= release.version);
        stable || begun && self.until.is_none_or(|until| release.version < until)
    }
}

/// For `since` and `until` of rows.
const fn v(major: u16, minor: u16) -> Option<KernelVersion> {
    Some(KernelVersion::new(major, minor))
}

/// For `stable` of rows.
const fn p(major: u16, minor: u16, point: u16) -> PointRelease {
    PointRelease { version: KernelVersion::new(major, minor), point }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_as_people_write_them() {
        assert_eq!(PointRelease::parse("6.12"), Some(p(6, 12, 0)));
        assert_eq!(PointRelease::parse("6.12.117+deb12-cloud-amd64"), Some(p(6, 12, 117)));
        assert_eq!(PointRelease::parse("7.0-rc3"), Some(p(7, 0, 0)));
        for wrong in ["", "6", "6.x", "6.12.1.2", "6.99999"] {
            assert_eq!(PointRelease::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_change_holds_from_release_to_release_and_in_stable_ones() {
        const STABLE: &[PointRelease] = &[p(6, 12, 50)];
        let change = Change { since: v(6, 14), until: v(6, 17), stable: STABLE, ..Change::NONE };
        let covered = |text| change.covers(PointRelease::parse(text).expect("a release"));
        assert!(covered("6.14") && covered("6.16.9") && covered("6.12.50") && covered("6.12.117"));
        assert!(!covered("6.13.7") && !covered("6.17") && !covered("6.12.49") && !covered("6.6.99"));
        let old = Change { until: v(6, 14), ..Change::NONE };
        assert!(old.covers(p(5, 10, 0)) && !old.covers(p(6, 14, 0)));
        let stable_only = Change { stable: STABLE, ..Change::NONE };
        assert!(stable_only.covers(p(6, 12, 50)) && !stable_only.covers(p(6, 18, 0)));
    }

    #[test]
    fn every_row_says_why() {
        for change in BEHAVIOURS.iter().chain(WORDINGS) {
            assert!(!change.what.trim().is_empty() && !change.evidence.is_empty(), "{}", change.name);
            let dated = change.since.is_some() || change.until.is_some() || !change.stable.is_empty();
            assert!(dated, "{}", change.name);
        }
    }
}
