//! Any bytes as an object file, and what a kernel says of each program in it: a verdict, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::analysis::{Options, System, verify};
use verifier_core::kernel::Kernel;
use verifier_core::program::{OpenOptions, open, vmlinux};

fuzz_target!(|data: &[u8]| {
    let kernel = Kernel::v6_12();
    let Ok(vmlinux) = vmlinux(&kernel) else { return };
    let Ok(object) = open(data, &OpenOptions::new(&kernel, "fuzz.bpf.o")) else { return };
    let system = System::new(kernel, vmlinux);
    for request in object.programs.iter().filter_map(|p| p.result.as_ref().ok()).take(8) {
        let _ = verify(&system, request, &Options::default());
    }
});
