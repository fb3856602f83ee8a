//! Maps of maps.
//!
//! Answers for `kernel/bpf/map_in_map.c`. What was replaced is kept as long as the outer map lives, because programs
//! may still hold its address.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use verifier_core::program::MapSpec;

use crate::value::Layout;

use super::Map;
use super::ops::{Key, MapOps, MapResult, Next, Site, errno, flag, index};

#[derive(Debug, Default)]
struct Inner {
    now: BTreeMap<Vec<u8>, Arc<Map>>,
    before: Vec<Arc<Map>>,
}

/// What the maps in a map are like: programs were checked with it.
#[derive(Debug)]
pub struct Template {
    /// Sizes.
    pub spec: MapSpec,
    /// Special fields of values.
    pub layout: Layout,
}

/// A map whose values are maps.
#[derive(Debug)]
pub struct Outer {
    inner: RwLock<Inner>,
    template: Option<Template>,
    max_entries: u32,
    is_indexed: bool,
}

/// `BPF_F_INNER_MAP`: an array that need not be as long as the template.
const ANY_LENGTH: u32 = 1 << 12;

/// Whether a map may stand where programs were checked with another: they look values up by its sizes, and arrays by
/// its length.
fn same_form(template: &Template, map: &Map) -> bool {
    let layouts = template.layout == *map.layout();
    let (template, map) = (&template.spec, map.spec());
    const ARRAY: u32 = verifier_core::kernel::MapType::Array as u32;
    let lengths =
        template.map_type != ARRAY || template.map_flags & ANY_LENGTH != 0 || template.max_entries == map.max_entries;
    let form = |m: &MapSpec| (m.map_type, m.key_size, m.value_size, m.map_flags);
    form(template) == form(map) && lengths && layouts
}

impl Outer {
    /// A map of so many maps like the template.
    pub fn new(max_entries: u32, template: Option<Template>, is_indexed: bool) -> Outer {
        Outer { inner: RwLock::default(), template, max_entries, is_indexed }
    }

    /// Puts a map under a key.
    ///
    /// # Errors
    /// The error number: `EINVAL` where it is not like the template.
    pub fn set(&self, key: &[u8], map: Arc<Map>, flags: u64) -> MapResult {
        if flags > flag::EXIST {
            return Err(errno::EINVAL);
        }
        if self.is_indexed && index(key) >= self.max_entries {
            return Err(errno::E2BIG);
        }
        if self.template.as_ref().is_some_and(|t| !same_form(t, &map)) {
            return Err(errno::EINVAL);
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let exists = inner.now.contains_key(key);
        match (exists || self.is_indexed, flags) {
            (true, flag::NOEXIST) => return Err(errno::EEXIST),
            (false, flag::EXIST) => return Err(errno::ENOENT),
            (false, _) if inner.now.len() as u64 >= u64::from(self.max_entries) => return Err(errno::E2BIG),
            _ => {}
        }
        let old = inner.now.insert(key.to_vec(), map);
        inner.before.extend(old);
        Ok(())
    }

    /// What the maps in it are like.
    pub fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }

    /// The map under a key.
    pub fn get(&self, key: &[u8]) -> Option<Arc<Map>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).now.get(key).cloned()
    }

    /// The map at an address that a program holds: one that stands here, or did.
    pub fn at(&self, address: u64) -> Option<Arc<Map>> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.now.values().chain(&inner.before).find(|m| m.address() == address).cloned()
    }

    /// The maps that stand here, or did.
    pub fn all(&self) -> Vec<Arc<Map>> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.now.values().chain(&inner.before).cloned().collect()
    }
}

impl MapOps for Outer {
    fn lookup(&self, key: &[u8], _: &Site<'_>) -> Option<u64> {
        self.get(key).map(|m| m.address())
    }

    fn delete(&self, key: &[u8]) -> MapResult {
        if self.is_indexed && index(key) >= self.max_entries {
            return Err(errno::E2BIG);
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let old = inner.now.remove(key).ok_or(errno::ENOENT)?;
        inner.before.push(old);
        Ok(())
    }

    fn next(&self, position: u64, _: &Site<'_>) -> Next {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        match usize::try_from(position).ok().and_then(|n| inner.now.keys().nth(n)) {
            Some(key) => Next::Entry { key: Key::Own(key.clone()), value: 0, next: position + 1 },
            None => Next::End,
        }
    }

    fn len(&self) -> u64 {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).now.len() as u64
    }
}
