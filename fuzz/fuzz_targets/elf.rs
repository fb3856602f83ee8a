//! Any bytes as an object file: opening ends in a result.
#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::kernel::Kernel;
use verifier_core::program::{OpenOptions, open};

fuzz_target!(|data: &[u8]| {
    let kernel = Kernel::v6_12();
    let _ = open(data, &OpenOptions::new(&kernel, "fuzz.bpf.o"));
});
