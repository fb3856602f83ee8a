//! What the `bpfvet` command line and its service are made of: input formats, renderings, the service.

pub mod args;
pub mod ask;
pub mod backend;
pub mod baseline;
pub mod check;
pub mod classic;
pub mod clean;
pub mod client;
pub mod compare;
pub mod conformance;
pub mod cost;
pub mod explain;
mod explain_log;
pub mod has;
pub mod hex;
pub mod input;
pub mod kernels;
pub mod known;
pub mod minimum;
pub mod pcap;
pub mod pool;
pub mod probe;
mod progress;
pub mod raw;
pub mod render;
pub mod results;
pub mod row;
pub mod run;
pub mod save;
pub mod service;
pub mod solve;
pub mod solved;
pub mod target;
pub mod tools;
pub mod unpack;
#[cfg(feature = "solver")]
pub mod witness;
