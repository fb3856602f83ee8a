//! The probes of the history, packed into the binary: the case that each row names, and the objects that these need.
//!
//! The blob, once unpacked, is a list of files: length of the name and the name, length of the contents and the contents;
//! lengths are little-endian words of 32 bits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use flate2::read::GzDecoder;
use verifier_core::kernel::history::{BEHAVIOURS, Change, WORDINGS};

use crate::case::{Case, Files, Language};

/// As the build script packed it.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/probes.gz"));

/// All rows of the history.
pub fn changes() -> impl Iterator<Item = &'static Change> {
    BEHAVIOURS.iter().chain(WORDINGS)
}

/// The files of the blob, unpacked once.
fn unpacked() -> &'static BTreeMap<String, Vec<u8>> {
    static FILES: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut blob = Vec::new();
        // The blob is ours: what does not unpack cannot be met, and no case would be found.
        let _ = GzDecoder::new(PACKED).read_to_end(&mut blob);
        let mut rest = blob.as_slice();
        let mut part = || {
            let (len, after) = rest.split_first_chunk::<4>()?;
            let (bytes, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            rest = after;
            Some(bytes.to_vec())
        };
        let mut files = BTreeMap::new();
        while let (Some(name), Some(bytes)) = (part(), part()) {
            files.insert(String::from_utf8_lossy(&name).into_owned(), bytes);
        }
        files
    })
}

/// The files in the binary.
#[derive(Clone, Copy, Debug)]
pub struct Embedded;

impl Files for Embedded {
    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, String> {
        let found = unpacked().get(name);
        found.map(|bytes| Cow::Borrowed(bytes.as_slice())).ok_or_else(|| format!("{name} is not in the binary"))
    }
}

/// The probe of a change; `None` where its row has none.
pub fn probe(change: &Change) -> Option<Case> {
    let topic = change.probe.split_once('/')?.0;
    [(Language::Assembly, "s"), (Language::C, "c")].into_iter().find_map(|(language, ending)| {
        let text = unpacked().get(&format!("{}.{ending}", change.probe))?;
        Some(Case::new(change.probe, topic, language, &String::from_utf8_lossy(text)))
    })
}

/// Bytes that the probes take in the binary.
pub const fn size() -> usize {
    PACKED.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_with_a_probe_has_it_in_the_binary() {
        let named: Vec<&Change> = changes().filter(|c| !c.probe.is_empty()).collect();
        assert!(named.len() > 30);
        let missing: Vec<&str> = named.iter().filter(|c| probe(c).is_none()).map(|c| c.probe).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_probes_are_small() {
        assert!(size() < 1 << 20, "{} bytes", size());
    }
}
