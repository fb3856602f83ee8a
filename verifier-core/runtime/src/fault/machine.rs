//! The few functions that have to be written for each machine: entering a run so that a signal can end it, and a load
//! that may fault.

use super::Session;

#[cfg(target_arch = "x86_64")]
pub(super) fn pc(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize
}

#[cfg(target_arch = "x86_64")]
pub(super) fn set_pc(context: &mut libc::ucontext_t, pc: usize) {
    context.uc_mcontext.gregs[libc::REG_RIP as usize] = pc as i64;
}

#[cfg(target_arch = "x86_64")]
pub(super) fn set_sp(context: &mut libc::ucontext_t, sp: usize) {
    context.uc_mcontext.gregs[libc::REG_RSP as usize] = sp as i64;
}

/// The register that a first argument is passed in.
#[cfg(target_arch = "x86_64")]
pub(super) fn first_argument(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.gregs[libc::REG_RDI as usize] as usize
}

/// The register that a first argument is passed in.
#[cfg(target_arch = "aarch64")]
pub(super) fn first_argument(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.regs[0] as usize
}

#[cfg(target_arch = "aarch64")]
pub(super) fn pc(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.pc as usize
}

#[cfg(target_arch = "aarch64")]
pub(super) fn set_pc(context: &mut libc::ucontext_t, pc: usize) {
    context.uc_mcontext.pc = pc as u64;
}

#[cfg(target_arch = "aarch64")]
pub(super) fn set_sp(context: &mut libc::ucontext_t, sp: usize) {
    context.uc_mcontext.sp = sp as u64;
}

/// Keeps what a return has to restore, notes the stack pointer in the session, and calls the entry.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn trampoline(
    _: *mut Session,
    _entry: usize,
    _: *mut (),
    _r10: u64,
    _: *const u64,
) -> u64 {
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

/// Returns 0 from the trampoline, with the stack pointer of its session.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn landing() {
    std::arch::naked_asm!("xor eax, eax", "pop r15", "pop r14", "pop r13", "pop r12", "pop rbx", "pop rbp", "ret",)
}

/// Comes back to a session as [`landing`] does.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn leave(_: *const Session) -> ! {
    std::arch::naked_asm!("mov rsp, [rdi]", "jmp {landing}", landing = sym landing)
}

#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn trampoline(
    _: *mut Session,
    _entry: usize,
    _: *mut (),
    _r10: u64,
    _: *const u64,
) -> u64 {
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
pub(super) unsafe extern "C" fn landing() {
    std::arch::naked_asm!("mov x0, xzr", "b {home}", home = sym home)
}

/// Comes back to a session as [`landing`] does.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn leave(_: *const Session) -> ! {
    std::arch::naked_asm!("ldr x9, [x0]", "mov sp, x9", "b {landing}", landing = sym landing)
}

/// Loads a byte: 0, or 1 where it faults. The load is the first instruction.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn try_load(_: usize) -> u32 {
    std::arch::naked_asm!("movzx eax, byte ptr [rdi]", "xor eax, eax", "ret")
}

/// Where [`try_load`] goes on when its load faults.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn load_failed() -> u32 {
    std::arch::naked_asm!("mov eax, 1", "ret")
}

/// Loads a byte: 0, or 1 where it faults. The load is the first instruction.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn try_load(_: usize) -> u32 {
    std::arch::naked_asm!("ldrb w0, [x0]", "mov w0, wzr", "ret")
}

/// Where [`try_load`] goes on when its load faults.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn load_failed() -> u32 {
    std::arch::naked_asm!("mov w0, #1", "ret")
}
