//! Entering a run and coming back from it, also when it faults.
//!
//! Accepted programs run without bounds checks. Where the analysis was wrong, or the runtime has less than was promised,
//! an access can reach a guard page; the signal that it raises is recognised, and the run comes back to [`enter`] as if
//! the function had returned. What is recognised:
//!
//! * any signal that compiled code raises, by the address of the instruction;
//! * faults of the threaded interpreter's own accesses: a session of the interpreter says whether it is in a helper;
//! * faults in helpers, where the address is one that programs have: in a reservation or its guards, or next to null.
//!
//! Between [`enter`] and a faulting access of a program stand frames that own nothing: leaving them by resetting the
//! stack pointer loses nothing. Helpers look at the memory they are given with [`readable`] first and end the run
//! themselves; a fault in a helper nevertheless leaves the machine in a state that nobody knows, which [`Raised`] says, so
//! that it is not used again. Helpers that call back enter anew, so that no frame of theirs is skipped otherwise.
//!
//! Signals of other code go to whoever handled them before.

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod machine;

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) use guarded::*;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(super) use unguarded::*;

/// A signal that ended a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Raised {
    pub(super) signal: i32,
    /// Where it was raised.
    pub(super) pc: usize,
    /// Address that could not be accessed; some machines do not tell.
    pub(super) address: usize,
    /// What the register of a first argument held.
    pub(super) first: usize,
    /// Frames of a helper were left behind, with whatever they held.
    pub(super) in_helper: bool,
}

/// One entry into a run, on the stack of the thread that entered.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Session {
    /// Stack pointer to come back to; first, for the machine's functions.
    sp: usize,
    /// Not zero while a helper runs; null where every function of ours is one.
    helper: *const u32,
    raised: Option<Raised>,
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod guarded {
    use std::cell::Cell;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Raised, Session, machine};
    use crate::memory::{PAGE, is_reserved};

    thread_local! {
        static CURRENT: Cell<*mut Session> = const { Cell::new(ptr::null_mut()) };
        static HAS_STACK: Cell<bool> = const { Cell::new(false) };
    }

    /// Most modules of compiled code at one time.
    const MODULES: usize = 4096;
    static STARTS: [AtomicUsize; MODULES] = [const { AtomicUsize::new(0) }; MODULES];
    static ENDS: [AtomicUsize; MODULES] = [const { AtomicUsize::new(0) }; MODULES];
    /// Bytes from address 0 that belong to null.
    const NULL: usize = 1 << 16;

    /// Addresses of compiled code that the handler answers for, until dropped. A signal handler may not lock: the table
    /// is of fixed size, and a range is valid while its end is not zero.
    #[derive(Debug)]
    pub(crate) struct Range(usize);

    impl Range {
        /// `None` when the table is full.
        pub(crate) fn register(start: usize, end: usize) -> Option<Range> {
            let free = |s: &AtomicUsize| s.compare_exchange(0, start, Ordering::AcqRel, Ordering::Relaxed).is_ok();
            let slot = STARTS.iter().position(free)?;
            ENDS[slot].store(end, Ordering::Release);
            Some(Range(slot))
        }
    }

    impl Drop for Range {
        fn drop(&mut self) {
            ENDS[self.0].store(0, Ordering::Release);
            STARTS[self.0].store(0, Ordering::Release);
        }
    }

    fn is_compiled(pc: usize) -> bool {
        (0..MODULES).any(|i| {
            let end = ENDS[i].load(Ordering::Acquire);
            pc < end && STARTS[i].load(Ordering::Acquire) <= pc
        })
    }

    const SIGNALS: [i32; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];
    static PREVIOUS: OnceLock<Option<[libc::sigaction; 4]>> = OnceLock::new();

    /// Installs the handler, once for the process. False: it cannot be installed, and nothing may run without checks.
    pub(crate) fn install() -> bool {
        let made = PREVIOUS.get_or_init(|| {
            // SAFETY: zero is a valid value of the plain C struct.
            let mut old: [libc::sigaction; 4] = unsafe { std::mem::zeroed() };
            for (signal, old) in SIGNALS.iter().zip(&mut old) {
                // SAFETY: the calls get valid pointers, and the handler keeps to what handlers may do.
                let result = unsafe {
                    let mut new: libc::sigaction = std::mem::zeroed();
                    new.sa_sigaction = on_signal as *const () as usize;
                    new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                    libc::sigemptyset(&mut new.sa_mask);
                    libc::sigaction(*signal, &new, old)
                };
                if result != 0 {
                    return None;
                }
            }
            Some(old)
        });
        made.is_some()
    }

    /// Threads of the standard library have a stack for signals; others get one, which stays as long as the process.
    #[cold]
    #[inline(never)]
    fn ensure_stack() {
        HAS_STACK.set(true);
        const SIZE: usize = 64 << 10;
        // SAFETY: plain calls with valid pointers; the memory given away is never freed.
        unsafe {
            let mut old: libc::stack_t = std::mem::zeroed();
            if libc::sigaltstack(ptr::null(), &mut old) == 0 && old.ss_flags & libc::SS_DISABLE != 0 {
                let memory = Box::leak(vec![0u8; SIZE].into_boxed_slice());
                let new = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: SIZE };
                libc::sigaltstack(&new, ptr::null_mut());
            }
        }
    }

    /// Whether a signal ends a session, and whether it leaves a helper behind then.
    fn ends(session: &Session, signal: i32, pc: usize, address: usize) -> Option<bool> {
        if session.sp == 0 {
            // Not entered yet: there is nothing to come back to.
            return None;
        }
        if is_compiled(pc) {
            return Some(false);
        }
        // SAFETY: a session that is current points to a field of its run, which is there as long.
        let in_helper = session.helper.is_null() || unsafe { session.helper.read_volatile() } != 0;
        let is_access = matches!(signal, libc::SIGSEGV | libc::SIGBUS);
        let of_programs = !in_helper || address < NULL || is_reserved(address);
        (is_access && of_programs).then_some(in_helper)
    }

    unsafe extern "C" fn on_signal(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the kernel passes valid pointers.
        let (info_ref, context_ref) = unsafe { (&*info, &mut *context.cast::<libc::ucontext_t>()) };
        let pc = machine::pc(context_ref);
        if pc == machine::try_load as *const () as usize {
            machine::set_pc(context_ref, machine::load_failed as *const () as usize);
            return;
        }
        // SAFETY: these signals carry an address.
        let address = unsafe { info_ref.si_addr() } as usize;
        // SAFETY: a session that is current lives on this thread's stack, below which the run does.
        if let Some(session) = unsafe { CURRENT.get().as_mut() }
            && let Some(in_helper) = ends(session, signal, pc, address)
        {
            let first = machine::first_argument(context_ref);
            session.raised = Some(Raised { signal, pc, address, first, in_helper });
            machine::set_pc(context_ref, machine::landing as *const () as usize);
            machine::set_sp(context_ref, session.sp);
            return;
        }
        forward(signal, info, context);
    }

    /// Calls what was installed before, as it was to be called; otherwise lets the signal do what it does.
    fn forward(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        let previous = PREVIOUS.get().copied().flatten();
        let previous = SIGNALS.iter().position(|s| *s == signal).and_then(|i| previous.map(|p| p[i]));
        // SAFETY: as said above; the pointers are those that the kernel passed.
        unsafe {
            match previous {
                Some(old) if old.sa_sigaction != libc::SIG_DFL && old.sa_sigaction != libc::SIG_IGN => {
                    if old.sa_flags & libc::SA_SIGINFO != 0 {
                        let call: unsafe extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
                            std::mem::transmute(old.sa_sigaction);
                        call(signal, info, context);
                    } else {
                        let call: unsafe extern "C" fn(i32) = std::mem::transmute(old.sa_sigaction);
                        call(signal);
                    }
                }
                _ => {
                    let mut default: libc::sigaction = std::mem::zeroed();
                    default.sa_sigaction = libc::SIG_DFL;
                    libc::sigaction(signal, &default, ptr::null_mut());
                }
            }
        }
    }

    /// Calls a function with a run, a word and five arguments: what it returns, or the signal that ended it.
    ///
    /// # Safety
    /// `entry` is a function of that signature which may be called so, and `helper` is null or stays valid meanwhile.
    #[inline]
    pub(crate) unsafe fn enter(
        entry: usize,
        cx: *mut (),
        word: u64,
        args: &[u64; 5],
        helper: *const u32,
    ) -> Result<u64, Raised> {
        if !HAS_STACK.get() {
            ensure_stack();
        }
        let mut session = Session { sp: 0, helper, raised: None };
        let at = &raw mut session;
        let before = CURRENT.replace(at);
        // SAFETY: as required.
        let r0 = unsafe { machine::trampoline(at, entry, cx, word, args.as_ptr()) };
        CURRENT.set(before);
        // SAFETY: read anew, because the handler writes it.
        match unsafe { at.read_volatile() }.raised {
            None => Ok(r0),
            Some(raised) => Err(raised),
        }
    }

    /// Leaves the function that was entered last on this thread, as if it had returned 0; for compiled code only.
    pub(crate) unsafe extern "C" fn leave(_: *mut ()) {
        // SAFETY: compiled code runs in a session, and its frames own nothing.
        unsafe { machine::leave(CURRENT.get()) }
    }

    /// Whether the bytes at an address can be read, by reading one of each page.
    #[inline]
    pub(crate) fn readable(address: u64, len: u64) -> bool {
        let Some(last) = address.checked_add(len.saturating_sub(1)) else { return false };
        // SAFETY: a load that may fault; the handler is there whenever programs run without checks.
        let loads = |at: u64| unsafe { machine::try_load(at as usize) } == 0;
        loads(last) && (address..last).step_by(PAGE).all(loads)
    }
}

/// Where there is no way back from a fault, only programs in checked mode run.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod unguarded {
    use super::Raised;

    pub(crate) fn install() -> bool {
        false
    }

    pub(crate) unsafe fn enter(
        entry: usize,
        cx: *mut (),
        word: u64,
        args: &[u64; 5],
        _: *const u32,
    ) -> Result<u64, Raised> {
        type Entry = unsafe extern "C" fn(*mut (), u64, u64, u64, u64, u64, u64) -> u64;
        // SAFETY: as required.
        unsafe {
            let entry = std::mem::transmute::<usize, Entry>(entry);
            Ok(entry(cx, word, args[0], args[1], args[2], args[3], args[4]))
        }
    }

    pub(crate) fn readable(_: u64, _: u64) -> bool {
        true
    }
}
