//! Compiles `proto/` with protox, so that no protoc is needed.

use std::path::PathBuf;
use std::{env, fs};

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Where it runs, not where it was compiled: build folders are moved and copied.
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("no CARGO_MANIFEST_DIR")?).join("../proto");
    let files = root.join("bpfvet/v1");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut protos = Vec::new();
    for entry in fs::read_dir(&files)? {
        let path = entry?.path();
        println!("cargo::rerun-if-changed={}", path.display());
        if path.extension().is_some_and(|x| x == "proto") {
            protos.push(path);
        }
    }
    protos.sort();
    let set = protox::Compiler::new([&root])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(&protos)?
        .file_descriptor_set();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    // For the reflection service.
    fs::write(out.join("bpfvet.bin"), set.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(set)?;
    Ok(())
}
