//! Whether the maps that declarations put into maps of maps are like the templates of those: the kernel refuses others.

use crate::kernel::MapType;

use super::error::{EINVAL, NotLoadable};
use super::initial::{Initial, InitialValue};
use super::maps::Map;

/// `BPF_F_INNER_MAP`: arrays may differ in size.
const F_INNER_MAP: u32 = 1 << 12;

/// Why a declaration cannot put a map into a map of maps.
pub(super) fn misfit(maps: &[Map], initial: &[Initial]) -> Option<NotLoadable> {
    for outer in maps {
        let Some(template) = &outer.inner else { continue };
        for Initial { index: key, value, .. } in initial.iter().filter(|s| s.fd == outer.fd) {
            let InitialValue::Map(fd) = value else { continue };
            let Some(inner) = maps.iter().find(|m| m.fd == *fd) else { continue };
            let (a, b) = (template, &inner.def);
            let array = b.is(MapType::Array) || b.is(MapType::PercpuArray);
            let sized = array && b.flags & F_INNER_MAP == 0;
            let what = if a.map_type != b.map_type {
                "type"
            } else if a.key_size != b.key_size {
                "key size"
            } else if a.value_size != b.value_size {
                "value size"
            } else if a.flags != b.flags {
                "flags"
            } else if sized && a.max_entries != b.max_entries {
                "number of entries"
            } else {
                continue;
            };
            let words = format!(
                "map '{}': failed to initialize slot [{key}] to map '{}' fd={}: {EINVAL}",
                outer.name, inner.name, inner.fd
            );
            let reason =
                format!("`{}` is not like the template of the maps in `{}`: another {what}", inner.name, outer.name);
            let e = NotLoadable::new(EINVAL, words).because(reason);
            return Some(e.also(format!("map '{}': failed to create: Invalid argument({EINVAL})", outer.name)));
        }
    }
    None
}
