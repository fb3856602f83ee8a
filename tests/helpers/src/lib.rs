//! The running kernel for tests and measurements: maps, programs and test runs through bpf(2).

pub mod kernel;
