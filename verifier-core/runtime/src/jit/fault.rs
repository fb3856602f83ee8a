//! Entering compiled code and coming back from it, also when it faults.
//!
//! Compiled code has no bounds checks. Where the analysis was wrong, an access can reach a guard page; the signal it
//! raises is recognised by the address of the instruction, and the run comes back to [`enter`] as if the function had
//! returned. Between [`enter`] and the faulting instruction stand frames of compiled code only, which own nothing:
//! leaving them by resetting the stack pointer loses nothing. Helpers that call back enter anew, so that no frame of
//! theirs is ever skipped.
//!
//! Signals of other code go to whoever handled them before.

use std::cell::Cell;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cx::Cx;

/// One entry into compiled code, on the stack of the thread that entered.
#[repr(C)]
pub(super) struct Session {
    /// Stack pointer to come back to; first, for the assembly below.
    sp: usize,
    /// Signal that ended it, 0 for none.
    signal: i32,
    /// Where it was raised.
    pc: usize,
    /// Address that could not be accessed; some machines do not tell.
    address: usize,
}

/// A signal raised by compiled code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Raised {
    pub(super) signal: i32,
    pub(super) pc: usize,
    pub(super) address: usize,
}

thread_local! {
    static CURRENT: Cell<*mut Session> = const { Cell::new(ptr::null_mut()) };
    static HAS_STACK: Cell<bool> = const { Cell::new(false) };
}

/// Most modules of compiled code at one time.
const MODULES: usize = 4096;
static STARTS: [AtomicUsize; MODULES] = [const { AtomicUsize::new(0) }; MODULES];
static ENDS: [AtomicUsize; MODULES] = [const { AtomicUsize::new(0) }; MODULES];

/// Addresses of compiled code that the handler answers for, until dropped. A signal handler may not lock: the table is
/// of fixed size, and a range is valid while its end is not zero.
#[derive(Debug)]
pub(super) struct Range(usize);

impl Range {
    /// `None` when the table is full.
    pub(super) fn register(start: usize, end: usize) -> Option<Range> {
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
static PREVIOUS: OnceLock<[libc::sigaction; 4]> = OnceLock::new();

/// Installs the handler, once for the process.
pub(super) fn install() {
    PREVIOUS.get_or_init(|| {
        SIGNALS.map(|signal| {
            // SAFETY: zero is a valid value of the plain C struct; the calls get valid pointers, and the handler keeps
            // to what handlers may do.
            unsafe {
                let mut old: libc::sigaction = std::mem::zeroed();
                let mut new: libc::sigaction = std::mem::zeroed();
                new.sa_sigaction = on_signal as *const () as usize;
                new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                libc::sigemptyset(&mut new.sa_mask);
                libc::sigaction(signal, &new, &mut old);
                old
            }
        })
    });
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

#[cfg(target_arch = "x86_64")]
fn resume(context: &mut libc::ucontext_t, to: Option<(usize, usize)>) -> usize {
    let regs = &mut context.uc_mcontext.gregs;
    let pc = regs[libc::REG_RIP as usize] as usize;
    if let Some((pc, sp)) = to {
        regs[libc::REG_RIP as usize] = pc as i64;
        regs[libc::REG_RSP as usize] = sp as i64;
    }
    pc
}

#[cfg(target_arch = "aarch64")]
fn resume(context: &mut libc::ucontext_t, to: Option<(usize, usize)>) -> usize {
    let regs = &mut context.uc_mcontext;
    let pc = regs.pc as usize;
    if let Some((pc, sp)) = to {
        regs.pc = pc as u64;
        regs.sp = sp as u64;
    }
    pc
}

unsafe extern "C" fn on_signal(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes valid pointers.
    let (info_ref, machine) = unsafe { (&*info, &mut *context.cast::<libc::ucontext_t>()) };
    let pc = resume(machine, None);
    let session = CURRENT.get();
    if !session.is_null() && is_compiled(pc) {
        // SAFETY: a session that is current lives on this thread's stack, below which the compiled code runs.
        let session = unsafe { &mut *session };
        session.signal = signal;
        session.pc = pc;
        // SAFETY: these signals carry an address.
        session.address = unsafe { info_ref.si_addr() } as usize;
        resume(machine, Some((landing as *const () as usize, session.sp)));
        return;
    }
    let previous = SIGNALS.iter().position(|s| *s == signal).and_then(|i| PREVIOUS.get().map(|p| p[i]));
    // SAFETY: calls what was installed before, as it was to be called; otherwise lets the signal do what it does.
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

/// Runs compiled code: r0, or the signal that it raised.
///
/// # Safety
/// `entry` is a finished function of the compiler's full signature, whose program may run over this run.
#[inline]
pub(super) unsafe fn enter(entry: usize, cx: *mut Cx<'_>, args: &[u64; 5]) -> Result<u64, Raised> {
    if !HAS_STACK.get() {
        ensure_stack();
    }
    let mut session = Session { sp: 0, signal: 0, pc: 0, address: 0 };
    let at = &raw mut session;
    // SAFETY: `cx` is valid, as required.
    let (outer, frame) = unsafe { (std::mem::replace(&mut (*cx).engine, at as *const ()), (*cx).frame) };
    let before = CURRENT.replace(at);
    // SAFETY: as required.
    let r0 = unsafe { trampoline(at, entry, cx.cast(), frame, args.as_ptr()) };
    CURRENT.set(before);
    // SAFETY: as above; read anew, because the handler writes it.
    unsafe {
        (*cx).engine = outer;
        let s = at.read_volatile();
        if s.signal == 0 { Ok(r0) } else { Err(Raised { signal: s.signal, pc: s.pc, address: s.address }) }
    }
}

/// Leaves compiled code for the [`enter`] that it was entered by; from compiled code only.
pub(super) fn leave_address() -> usize {
    leave as *const () as usize
}

#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn trampoline(_: *mut Session, _entry: usize, _: *mut (), _r10: u64, _: *const u64) -> u64 {
    // rdi session, rsi entry, rdx run, rcx r10, r8 arguments. Six pushes and one argument align the stack.
    std::arch::naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "push qword ptr [r8 + 32]",
        "mov rax, rsi",
        "mov rdi, rdx",
        "mov rsi, rcx",
        "mov rdx, [r8]",
        "mov rcx, [r8 + 8]",
        "mov r9, [r8 + 24]",
        "mov r8, [r8 + 16]",
        "call rax",
        // The function has kept the registers that were pushed; only who does not return from it needs them.
        "add rsp, 56",
        "ret",
    )
}

#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn landing() {
    std::arch::naked_asm!("xor eax, eax", "pop r15", "pop r14", "pop r13", "pop r12", "pop rbx", "pop rbp", "ret",)
}

#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn leave(_: *mut ()) {
    std::arch::naked_asm!(
        "mov rax, [rdi + {engine}]",
        "mov rsp, [rax]",
        "jmp {landing}",
        engine = const std::mem::offset_of!(Cx<'static>, engine),
        landing = sym landing,
    )
}

#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn trampoline(_: *mut Session, _entry: usize, _: *mut (), _r10: u64, _: *const u64) -> u64 {
    // x0 session, x1 entry, x2 run, x3 r10, x4 arguments.
    std::arch::naked_asm!(
        "stp x29, x30, [sp, #-160]!",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "stp d8, d9, [sp, #96]",
        "stp d10, d11, [sp, #112]",
        "stp d12, d13, [sp, #128]",
        "stp d14, d15, [sp, #144]",
        "mov x9, sp",
        "str x9, [x0]",
        "mov x10, x1",
        "mov x0, x2",
        "mov x1, x3",
        "mov x9, x4",
        "ldp x2, x3, [x9]",
        "ldp x4, x5, [x9, #16]",
        "ldr x6, [x9, #32]",
        "blr x10",
        "b {home}",
        home = sym home,
    )
}

/// Restores what the trampoline saved and returns to its caller.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn home() {
    std::arch::naked_asm!(
        "ldp d14, d15, [sp, #144]",
        "ldp d12, d13, [sp, #128]",
        "ldp d10, d11, [sp, #112]",
        "ldp d8, d9, [sp, #96]",
        "ldp x27, x28, [sp, #80]",
        "ldp x25, x26, [sp, #64]",
        "ldp x23, x24, [sp, #48]",
        "ldp x21, x22, [sp, #32]",
        "ldp x19, x20, [sp, #16]",
        "ldp x29, x30, [sp], #160",
        "ret",
    )
}

#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn landing() {
    std::arch::naked_asm!("mov x0, xzr", "b {home}", home = sym home)
}

#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn leave(_: *mut ()) {
    std::arch::naked_asm!(
        "ldr x9, [x0, #{engine}]",
        "ldr x9, [x9]",
        "mov sp, x9",
        "b {landing}",
        engine = const std::mem::offset_of!(Cx<'static>, engine),
        landing = sym landing,
    )
}
