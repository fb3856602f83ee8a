//! The engines that there are, by name.

use std::sync::Arc;

use super::engine::Engine;
use super::interp::Interp;
use super::program::Code;

/// The engines by name.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum EngineKind {
    /// The interpreter.
    #[default]
    Interp,
    /// Compiled code.
    Jit,
}

impl EngineKind {
    /// The engine.
    ///
    /// # Errors
    /// When this build, or this machine, has none.
    pub fn engine(self) -> Result<Box<dyn Engine>, String> {
        match self {
            EngineKind::Interp => Ok(Box::new(Interp)),
            #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
            EngineKind::Jit => Ok(Box::new(super::jit::Jit)),
            #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
            EngineKind::Jit => Err("there is no compiler for this machine".into()),
        }
    }
}

/// The engine for programs that may run often: they are interpreted at once, and compiled in the background when they
/// are hot, where this machine has a compiler.
pub fn tiered(programs: impl IntoIterator<Item = Arc<Code>>) -> Box<dyn Engine> {
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    let engine = super::jit::Tiered::new(programs);
    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let engine = {
        drop(programs);
        Interp
    };
    Box::new(engine)
}
