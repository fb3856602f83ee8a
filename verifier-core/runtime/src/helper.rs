//! What a helper is to programs and engines: a name, a number and something to call. Which there are is in
//! [`super::abi`]; nothing here knows what a run is.

/// A run, as helpers are given it: [`Cx`](super::cx::Cx), whose file this one must not know.
#[repr(C)]
#[derive(Debug)]
pub struct Run {
    _private: [u8; 0],
}

/// A helper as engines call it.
pub type HelperFn = unsafe extern "C" fn(*mut Run, u64, u64, u64, u64, u64) -> u64;

/// A helper or kernel function.
#[derive(Debug)]
pub struct Helper {
    /// Name in the kernel, as `bpf_map_lookup_elem`.
    pub name: &'static str,
    /// Number; 0 for kernel functions.
    pub id: u32,
    /// What to call.
    pub func: HelperFn,
    /// Calls functions of the program back: the run must know the frame.
    pub calls_back: bool,
}

/// The helpers and kernel functions that programs may call.
pub trait Table {
    /// The helper with this number.
    fn helper(&self, id: u32) -> Option<&'static Helper>;

    /// The kernel function with this name.
    fn kfunc(&self, name: &str) -> Option<&'static Helper>;
}
