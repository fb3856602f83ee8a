//! The `bpfvet` command line.

fn main() {}
