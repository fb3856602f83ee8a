//! What a machine's kernel was found to have, where it was asked: a release tells what its authors put in, not what a
//! distribution took along, left out, or forbids.
//!
//! Nothing here is guessed: what was not measured is `None` or not listed, and the release decides.

use super::map_types::MapType;
use super::prog_types::{AttachType, ProgType};

/// A set of numbers below 256, such as those of helpers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Numbers([u64; 4]);

impl Numbers {
    /// Adds a number; larger ones are no member of any set.
    pub fn insert(&mut self, n: u32) {
        if let Some(word) = self.0.get_mut(n as usize / 64) {
            *word |= 1 << (n % 64);
        }
    }

    /// Whether a number is in it.
    pub fn contains(&self, n: u32) -> bool {
        self.0.get(n as usize / 64).is_some_and(|word| word >> (n % 64) & 1 != 0)
    }

    /// Its members, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..256).filter(|n| self.contains(*n))
    }
}

impl FromIterator<u32> for Numbers {
    fn from_iter<T: IntoIterator<Item = u32>>(all: T) -> Numbers {
        let mut out = Numbers::default();
        all.into_iter().for_each(|n| out.insert(n));
        out
    }
}

/// What was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tables {
    /// Helpers by number; `None`: those of the release.
    pub helpers: Option<Numbers>,
    /// Map types that are there or not, whatever the release says.
    pub map_types: &'static [(MapType, bool)],
    /// Functions of the kernel that programs may call or not, whatever the release says.
    pub kfuncs: &'static [(&'static str, bool)],
    /// Program and attach types that the machine's owner refuses to everyone.
    pub refused: &'static [(ProgType, AttachType)],
}

impl Tables {
    /// Nothing was measured.
    pub const UNKNOWN: Tables = Tables { helpers: None, map_types: &[], kfuncs: &[], refused: &[] };

    /// What was found of a map type.
    pub fn map_type(&self, t: MapType) -> Option<bool> {
        self.map_types.iter().find(|(n, _)| *n == t).map(|(_, there)| *there)
    }

    /// What was found of a function of the kernel.
    pub fn kfunc(&self, name: &str) -> Option<bool> {
        self.kfuncs.iter().find(|(n, _)| *n == name).map(|(_, there)| *there)
    }

    /// Whether loading such programs is refused to everyone.
    pub fn refuses(&self, prog: ProgType, attach: AttachType) -> bool {
        self.refused.contains(&(prog, attach))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in() {
        let set: Numbers = [0, 63, 64, 211, 255, 256, u32::MAX].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 211, 255]);
        assert!(!set.contains(1) && !set.contains(256) && !set.contains(u32::MAX));
    }
}
