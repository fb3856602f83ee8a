//! What an engine is, and a run from entry to result.

use std::sync::Arc;

use super::cx::{Cx, Stop, stop};
use super::interp::Interp;
use super::program::Code;

/// Runs programs.
pub trait Engine: Send + Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// Runs a function of [`Cx::code`] to its end, in the frame whose r10 is [`Cx::frame`], already entered. Sets
    /// [`Cx::invoke`]. When the run stops early the result means nothing and [`Cx::stop`] says why.
    ///
    /// Checks every access where the run is checked; the caller sees to it that other runs are of verified code.
    fn enter(&self, cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64;
}

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

/// Runs a program: r0 at its end.
///
/// # Errors
/// Why it ended early.
///
/// # Panics
/// When code that was not accepted is run without checks.
pub fn run(engine: &dyn Engine, cx: &mut Cx<'_>, code: &Code, args: [u64; 5]) -> Result<u64, Stop> {
    assert!(code.is_verified() || cx.is_checked(), "code that was not accepted runs checked");
    cx.code = code;
    cx.ctx = args[0];
    let top = cx.frame;
    let mut r0 = 0;
    if cx.enter_frame(top, 0).is_ok() {
        r0 = engine.enter(cx, 0, args);
    }
    if cx.stop == stop::NONE {
        return Ok(r0);
    }
    if let Some(cookie) = cx.catch() {
        // Frames of the thrower are gone; the handler runs in the entry's place.
        cx.frame = top;
        r0 = cookie;
        if let Some(handler) = cx.code().exception_cb() {
            r0 = engine.enter(cx, handler, [cookie, 0, 0, 0, 0]);
        }
    }
    match cx.stopped() {
        Some(stop) => Err(stop),
        None => Ok(r0),
    }
}
