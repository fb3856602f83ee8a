//! Shared pieces of the test runners: where the recordings are, how they are read, how logs are compared.

pub mod agreement;
pub mod normalise;
pub mod recordings;
