//! What `proto/` compiles to. Only the service and its client see these types; the rest of bpfvet never does.

#![allow(clippy::all, clippy::pedantic, missing_docs)]

tonic::include_proto!("bpfvet.v1");

/// Descriptors of all files, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bpfvet.bin"));
