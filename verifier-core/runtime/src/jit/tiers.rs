//! Interpreted at once, compiled in the background when hot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::cx::Cx;
use crate::engine::Engine;
use crate::interp::Interp;
use crate::program::Code;

use super::{Jit, module};

/// Runs after which a program is compiled.
const HOT: u32 = 200;

/// An engine for given programs: each is interpreted until its compiled form is there. Programs that it was not given,
/// and runs in checked mode, are interpreted.
#[derive(Debug)]
pub struct Tiered {
    programs: Vec<(Arc<Code>, AtomicU32)>,
}

impl Tiered {
    /// An engine for these programs: the one that is run, and those that it may reach by tail calls.
    pub fn new(programs: impl IntoIterator<Item = Arc<Code>>) -> Tiered {
        Tiered { programs: programs.into_iter().map(|p| (p, AtomicU32::new(0))).collect() }
    }

    /// Counts a run, and begins to compile where it was the last that it took. A thread that cannot be had is no
    /// error: the program stays interpreted.
    fn count(&self, code: &Code) {
        let Some((code, runs)) = self.programs.iter().find(|(p, _)| std::ptr::eq(Arc::as_ptr(p), code)) else {
            return;
        };
        if runs.fetch_add(1, Ordering::Relaxed) == HOT && code.is_verified() {
            let code = code.clone();
            let _ = thread::Builder::new().name("compile".into()).spawn(move || {
                let _ = module::of(&code, false, None);
            });
        }
    }
}

impl Engine for Tiered {
    fn name(&self) -> &'static str {
        "tiered"
    }

    unsafe fn enter(&self, cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64 {
        let code = cx.code();
        if !cx.is_checked() && module::is_ready(code) {
            // SAFETY: as required of this engine.
            return unsafe { Jit.enter(cx, subprog, args) };
        }
        self.count(code);
        // SAFETY: as required of this engine.
        unsafe { Interp.enter(cx, subprog, args) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::cx::Stack;
    use crate::engine::believe;
    use crate::program::bare_request;
    use crate::vm::Vm;
    use verifier_core::isa::asm::assemble;

    #[test]
    fn a_hot_program_is_compiled_in_the_background() {
        let vm = Vm::new(1);
        let text = "r0 = r1\nr0 *= 3\nexit";
        let code = Code::believed(&bare_request(1, assemble(text).expect("text"), vec![]), &vm).expect("code");
        let code = Arc::new(code);
        let engine = Tiered::new([code.clone()]);
        let mut stack = Stack::new().expect("stack");
        let mut play = |n: u64| believe(&engine, &mut Cx::new(&vm, &mut stack, None), &code, [n, 0, 0, 0, 0]);
        assert_eq!(play(5), Ok(15));
        assert!(!module::is_ready(&code));
        let start = Instant::now();
        let mut n = 0;
        while !module::is_ready(&code) && start.elapsed() < Duration::from_secs(30) {
            n += 1;
            assert_eq!(play(n), Ok(3 * n));
        }
        assert!(module::is_ready(&code) && n >= u64::from(HOT));
        assert_eq!(play(7), Ok(21));
    }
}
