//! Registers of the current frame: reading, writing, marking.

/// Whether memory is read or written. Kernel: `enum bpf_access_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// `BPF_READ`.
    Read,
    /// `BPF_WRITE`.
    Write,
}
