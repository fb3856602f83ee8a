//! The BTF of the kernels that bpfvet knows, decompressed and indexed once for the whole process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::btf::{Btf, BtfError};
use crate::kernel::Kernel;

/// Most that a blob of ours may decompress to, in bytes.
const MAX_BLOB: usize = 64 << 20;

/// Decompresses a zstd blob (long windows allowed) up to [`MAX_BLOB`].
pub(super) fn decompress(zst: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut decoder = zstd::stream::read::Decoder::with_buffer(zst)?;
    decoder.window_log_max(27)?;
    let mut out = Vec::with_capacity(6 << 20);
    decoder.take(MAX_BLOB as u64).read_to_end(&mut out)?;
    Ok(out)
}

/// A text of a profile, decompressed once for the whole process.
pub(super) fn text(zst: &'static [u8]) -> Arc<str> {
    static CACHE: Mutex<Option<HashMap<usize, Arc<str>>>> = Mutex::new(None);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_with(HashMap::new);
    Arc::clone(cache.entry(zst.as_ptr().addr()).or_insert_with(|| {
        let bytes = decompress(zst).unwrap_or_default();
        Arc::from(String::from_utf8_lossy(&bytes).as_ref())
    }))
}

/// First bytes of a zstd frame.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A BTF blob as people keep it: as it is, or compressed with zstd.
///
/// # Errors
/// What the decompressor says of damaged data.
pub fn unpack_btf(bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
    if bytes.starts_with(&ZSTD_MAGIC) { decompress(&bytes) } else { Ok(bytes) }
}

/// The kernel's own BTF.
///
/// The first call for a release decompresses and indexes it (some 10 ms); later calls share that.
pub fn vmlinux(kernel: &Kernel) -> Result<Arc<Btf>, BtfError> {
    static CACHE: Mutex<Option<HashMap<&'static str, Arc<Btf>>>> = Mutex::new(None);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_with(HashMap::new);
    if let Some(btf) = cache.get(kernel.release) {
        return Ok(Arc::clone(btf));
    }
    let raw = decompress(kernel.btf_zst).map_err(|e| BtfError {
        offset: 0,
        what: format!("the stored BTF of {} does not decompress: {e}", kernel.name),
    })?;
    let btf = Arc::new(Btf::parse(raw, None)?);
    cache.insert(kernel.release, Arc::clone(&btf));
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
            assert!(task.members().any(|m| m.name == "pid"));
            assert!(btf.resolve_size(id).is_some_and(|s| s > 1000));
        }
    }
}
