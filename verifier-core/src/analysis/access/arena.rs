//! Arenas: memory shared with user space, of which every access is guarded at run time.

/// Every load and store is allowed; a load yields an unknown number. A fault reads as zero and drops the store.
pub(super) fn load_store() {}
