//! `pack`: brings the data of a kernel into the form that `verifier-core/data` keeps it in.
//!
//! `pack btf FROM TO` for `/sys/kernel/btf/vmlinux`, `pack text FROM TO` for the build configuration and the symbols.
//! What is compressed with zstd is unpacked first.

use std::process::ExitCode;

use bpfvet_tests::recordings::unpack;
use bpfvet_tests::run::Failure;
use verifier_core::btf::{self, Btf};
use verifier_core::packing::pack_text;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, from, to] = args.as_slice() else {
        eprintln!("pack btf|text FROM TO");
        return ExitCode::from(2);
    };
    match pack(what, from, to) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("pack: {e}");
            ExitCode::from(2)
        }
    }
}

fn pack(what: &str, from: &str, to: &str) -> Result<(), Failure> {
    const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let stored = std::fs::read(from).map_err(|e| format!("{from}: {e}"))?;
    let plain = if stored.starts_with(&ZSTD_MAGIC) { unpack(from.as_ref())? } else { stored };
    let packed = match what {
        "btf" => btf::pack(&Btf::parse(plain, None)?)?,
        "text" => pack_text(&plain),
        _ => return Err(format!("{what} is neither btf nor text").into()),
    };
    std::fs::write(to, packed).map_err(|e| format!("{to}: {e}").into())
}
