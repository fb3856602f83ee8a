//! Shared pieces of the test runners: where the recordings are, how they are read, how logs are compared.

pub mod agreement;
pub mod annotations;
pub mod compose;
pub mod corpus;
pub mod embedded;
pub mod everything;
pub mod features;
pub mod fuzz;
pub mod generate;
pub mod hooks;
pub mod hostile;
pub mod idioms;
pub mod loader;
pub mod mutate;
pub mod oracle;
pub mod pace;
pub mod probes;
pub mod ratchet;
pub mod recordings;
pub mod rejections;
pub mod run;
pub mod running;
#[cfg(feature = "solver")]
pub mod solver;
pub mod spent;
