//! What every request needs: the kernels known, the limits, and those who give out cores, memory and places.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use verifier_core::analysis::System;
use verifier_core::kernel::Kernel;

use super::config::Limits;
use super::gate::Gate;
use super::memory::Memory;
use super::slots::Slots;

/// What every request needs.
#[derive(Clone)]
pub struct Service {
    /// Kernels known, oldest first, without modules.
    pub systems: Arc<[System]>,
    /// Limits.
    pub limits: Limits,
    /// Who computes.
    pub gate: Arc<Gate>,
    /// The account of the process.
    pub memory: Arc<Memory>,
    /// Places for requests.
    pub requests: Arc<Slots>,
    /// Who may solve: it takes a core for long, and is not interrupted in turns.
    pub solvers: Arc<Semaphore>,
    /// True once the service was told to end.
    pub drain: watch::Receiver<bool>,
}

/// Every kernel known, with its BTF, oldest first.
///
/// # Errors
/// In words for the user.
pub fn systems() -> Result<Arc<[System]>, String> {
    Kernel::all().into_iter().map(|kernel| System::stored(kernel).map_err(|e| e.to_string())).collect()
}
