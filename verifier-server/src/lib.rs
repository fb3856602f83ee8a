//! What the `bpfvet` command line and its service are made of: input formats, renderings, the service.

pub mod raw;
