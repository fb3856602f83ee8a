//! Classic BPF on the command line: a filter as a socket filter program.

use std::path::Path;

use verifier_core::isa::cbpf;
use verifier_core::kernel::ProgType;
use verifier_core::program::LoadRequest;

use crate::input;

/// The program that a file's filter is.
///
/// # Errors
/// Why it is none, in words for the user.
pub fn request(file: &Path) -> Result<LoadRequest, String> {
    let name = file.display().to_string();
    let insns = cbpf::parse(&input::read(file)?).and_then(|f| cbpf::convert(&f)).map_err(|e| format!("{name}: {e}"))?;
    Ok(LoadRequest {
        name: "filter".into(),
        prog_type: ProgType::SocketFilter as u32,
        insns,
        license: "GPL".into(),
        ..LoadRequest::default()
    })
}
