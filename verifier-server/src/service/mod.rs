//! `bpfvet serve`: the gRPC service.
//!
//! Every request passes one stack, outermost first:
//!
//! | step | decides |
//! |---|---|
//! | [`identify`] | which request it is, and who asks |
//! | [`count`] | how many there are, and how they end |
//! | [`span`] | what the log says about it |
//! | [`admit`] | whether the client is known, and has a place |
//! | [`limit`] | how much may arrive, how much memory it may take, how long it may last |
//! | [`rpc`] | what it is answered |
//!
//! In front of it, [`accept`] and [`peer`] hold connections to their number; behind it, [`gate`] gives cores to analyses,
//! which run on threads of their own ([`pool`]) and never on those that serve connections. [`memory`] accounts for all of
//! it.
//!
//! The rest of bpfvet never sees a protobuf type: [`wire`] turns them into questions and rows at the edge.

mod accept;
mod admit;
pub mod alloc;
pub mod args;
mod body;
mod compute;
pub mod config;
mod count;
mod entry;
mod files;
mod gate;
mod identify;
mod identity;
mod limit;
mod memory;
mod metrics;
mod names;
mod pages;
mod peer;
mod pool;
pub mod proto;
mod rpc;
mod serve;
mod slots;
pub mod solution;
mod solve;
mod span;
mod state;
mod status;
mod step;
mod stream;
mod text;
pub mod tls;
mod verify;
mod watch;
pub mod wire;

pub use serve::{deep, run, runtime, serve};
