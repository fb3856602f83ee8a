//! The BTF of the kernels that bpfvet knows, opened once for the whole process, and the texts that go with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::btf::{Btf, BtfError};
use crate::kernel::Kernel;
use crate::packing;

/// A text of a profile, unpacked once for the whole process.
pub(super) fn text(packed: &'static [u8]) -> Arc<str> {
    static CACHE: Mutex<Option<HashMap<usize, Arc<str>>>> = Mutex::new(None);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_with(HashMap::new);
    let unpack = || Arc::from(packing::text(packed).unwrap_or_default());
    Arc::clone(cache.entry(packed.as_ptr().addr()).or_insert_with(unpack))
}

/// The kernel's own BTF.
///
/// It is opened by the first call for a release and shared by all later ones; what is in it is unpacked when somebody
/// looks.
///
/// # Errors
/// When a profile made at run time has something else for BTF.
pub fn vmlinux(kernel: &Kernel) -> Result<Arc<Btf>, BtfError> {
    static CACHE: Mutex<Option<HashMap<usize, Arc<Btf>>>> = Mutex::new(None);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_with(HashMap::new);
    // Two machines may run one release with types of their own; what is stored has one place for as long as we run.
    let place = kernel.btf.as_ptr().addr();
    if let Some(btf) = cache.get(&place) {
        return Ok(Arc::clone(btf));
    }
    let packed = Btf::open_packed(kernel.btf);
    let btf = Arc::new(packed.or_else(|_| Btf::parse(kernel.btf.to_vec(), None))?);
    cache.insert(place, Arc::clone(&btf));
    Ok(btf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfKind;

    #[test]
    fn every_kernel_has_btf() {
        for kernel in [Kernel::v6_12(), Kernel::v6_18()] {
            let btf = vmlinux(&kernel).expect("stored BTF");
            let id = btf.find_by_name_kind("task_struct", BtfKind::Struct).expect("task_struct");
            let task = btf.ty(id).expect("type");
            assert!(task.members().any(|m| m.name() == "pid"));
            assert!(btf.resolve_size(id).is_some_and(|s| s > 1000));
        }
    }

    #[test]
    fn what_is_stored_is_complete() {
        for kernel in Kernel::all() {
            let packed = vmlinux(&kernel).expect("stored BTF");
            let whole = Btf::parse(packed.raw().into_owned(), None).expect("the blob it was made of");
            assert_eq!((packed.nr_types(), packed.strings_end()), (whole.nr_types(), whole.strings_end()));
            for (a, b) in packed.own_types().zip(whole.own_types()) {
                assert_eq!((a.id, a.kind, a.vlen, a.name()), (b.id, b.kind, b.vlen, b.name()));
                assert_eq!((a.kflag, a.size_or_type, a.data), (b.kflag, b.size_or_type, b.data));
            }
            for t in whole.own_types().step_by(97).filter(|t| t.name_off != 0) {
                let ids = |btf: &Btf| btf.own_by_name(t.name()).map(|t| t.id).collect::<Vec<_>>();
                assert!(ids(&whole).contains(&t.id));
                assert_eq!(ids(&packed), ids(&whole));
            }
            let tags = |btf: &Btf, id| btf.decl_tags_of(id).map(|t| t.id).collect::<Vec<_>>();
            for t in whole.own_types().filter(|t| t.kind == BtfKind::DeclTag) {
                assert!(tags(&whole, t.size_or_type).contains(&t.id));
                assert_eq!(tags(&packed, t.size_or_type), tags(&whole, t.size_or_type));
            }
            for stored in [kernel.config, kernel.kallsyms] {
                assert!(!text(stored).is_empty());
            }
        }
    }
}
