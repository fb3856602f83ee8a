//! Any bytes as an object file, and what a kernel says of each program in it: a verdict, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::analysis::{Options, System, verify};
use verifier_core::kernel::Kernel;
use verifier_core::program::{OpenOptions, open};

fuzz_target!(|data: &[u8]| {
    let Ok(system) = System::stored(Kernel::v6_12()) else { return };
    let Ok(object) = open(data, &OpenOptions::new(&system.kernel, "fuzz.bpf.o")) else { return };
    for request in object.programs.iter().filter_map(|p| p.result.as_ref().ok()).take(8) {
        let _ = verify(&system, request, &Options::default());
    }
});
