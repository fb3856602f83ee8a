//! Time, random numbers, who runs, memory of others, locks.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::cx::{Cx, FaultKind, Halt, Held};
use crate::value;

use super::memory::{self, low};
use super::{Ret, err, errno};

/// Bytes of text that are copied between two looks at the clock.
const PIECE: u64 = 4096;
/// What waiting for a lock once costs, in instructions.
const SPIN: u64 = 64;

/// Nanoseconds of a tick with `HZ` 250.
const JIFFY: u64 = 4_000_000;

pub fn ktime(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(cx.vm.now())
}

pub fn jiffies(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(cx.vm.now() / JIFFY)
}

pub fn random(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(cx.vm.random() & 0xffff_ffff)
}

pub fn cpu(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(cx.cpu.into())
}

pub fn zero(_: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(0)
}

pub fn one(_: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(1)
}

pub fn pid_tgid(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    let t = &cx.vm.task;
    Ok(u64::from(t.tgid) << 32 | u64::from(t.pid))
}

pub fn uid_gid(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    let t = &cx.vm.task;
    Ok(u64::from(t.gid) << 32 | u64::from(t.uid))
}

/// `bpf_get_current_comm(buf, size)`
pub fn comm(cx: &mut Cx<'_>, [buf, size, ..]: [u64; 5]) -> Ret {
    const LONGEST: usize = 15;
    let size = low(size);
    memory::zero(cx, buf, size)?;
    let name = cx.vm.task.comm.as_bytes();
    let n = name.len().min(LONGEST).min((size as usize).saturating_sub(1));
    memory::store(cx, buf, &name[..n])?;
    Ok(0)
}

/// What an address that nothing is behind comes to: reads for the kernel tell whose it would be.
fn fault(src: u64, of_kernel: bool) -> u64 {
    const KERNEL: u64 = u64::MAX << 47;
    err(if of_kernel && src < KERNEL { errno::ERANGE } else { errno::EFAULT })
}

/// Memory of programs and what the user gave; elsewhere a fault, and zeroes.
fn read(cx: &mut Cx<'_>, [dst, size, src, ..]: [u64; 5], of_kernel: bool) -> Ret {
    let size = low(size);
    let there = memory::probe(cx, src, dst, size)?;
    let why = fault(src, of_kernel);
    // Nothing is read where nothing is asked for, but reads for the kernel look at the address first.
    let fine = there || size == 0 && why == err(errno::EFAULT);
    Ok(if fine { 0 } else { why })
}

/// `bpf_probe_read_user(dst, size, src)`: an address of the kernel is none of user space, also where nothing is read.
pub fn probe_read_user(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    const USER_END: u64 = 1 << 47;
    let [_, size, src, ..] = args;
    if low(size) == 0 && src >= USER_END { Ok(err(errno::EFAULT)) } else { read(cx, args, false) }
}

/// `bpf_probe_read(dst, size, src)` and `bpf_copy_from_user()`.
pub fn probe_read(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    read(cx, args, false)
}

/// `bpf_probe_read_kernel(dst, size, src)`
pub fn probe_read_kernel(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    read(cx, args, true)
}

/// `bpf_probe_read_str(dst, size, src)` and that of user space.
pub fn probe_read_str(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    read_str(cx, args, false)
}

/// `bpf_probe_read_kernel_str(dst, size, src)`
pub fn probe_read_kernel_str(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    read_str(cx, args, true)
}

/// Text up to its zero: the length with the zero.
fn read_str(cx: &mut Cx<'_>, [dst, size, src, ..]: [u64; 5], of_kernel: bool) -> Ret {
    let size = low(size);
    let target = cx.writable(dst, size)?;
    let mut done = 0;
    while done < size {
        let Some((from, room)) = cx.find(src.wrapping_add(done)) else {
            memory::zero(cx, dst, size)?;
            return Ok(fault(src, of_kernel));
        };
        let n = room.min(size - done).min(PIECE);
        cx.touch(n)?;
        // SAFETY: so many bytes are mapped there; the target was looked up.
        let end = unsafe { value::copy_text(from, target.wrapping_add(done as usize), n as usize) };
        if let Some(end) = end {
            return Ok(done + end as u64 + 1);
        }
        done += n;
    }
    if size > 0 {
        memory::store(cx, dst + size - 1, &[0])?;
    }
    Ok(size)
}

/// The word of a lock or pointer that a program names; checked runs may name anything.
fn word(cx: &mut Cx<'_>, at: u64, len: u64) -> Result<(), Halt> {
    cx.field(at, len)?;
    if at.is_multiple_of(len) {
        return Ok(());
    }
    cx.halt(FaultKind::Argument("the field is not aligned".into()), cx.insn, at)
}

/// `bpf_spin_lock(lock)`. A lock lies in a value, so threads of ours contend for it.
pub fn lock(cx: &mut Cx<'_>, [lock, ..]: [u64; 5]) -> Ret {
    word(cx, lock, 4)?;
    // SAFETY: four bytes of a value, aligned.
    let word = unsafe { AtomicU32::from_ptr(lock as *mut u32) };
    while word.compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
        cx.tick(SPIN)?;
        // Others may have the processor for long.
        cx.in_time()?;
        std::thread::yield_now();
    }
    cx.acquired(Held::Lock(lock));
    Ok(0)
}

/// `bpf_spin_unlock(lock)`
pub fn unlock(cx: &mut Cx<'_>, [lock, ..]: [u64; 5]) -> Ret {
    word(cx, lock, 4)?;
    // SAFETY: as in `lock`.
    unsafe { AtomicU32::from_ptr(lock as *mut u32) }.store(0, Ordering::Release);
    cx.released(Held::Lock(lock));
    Ok(0)
}

/// `bpf_kptr_xchg(dst, ptr)`
pub fn kptr_xchg(cx: &mut Cx<'_>, [dst, ptr, ..]: [u64; 5]) -> Ret {
    word(cx, dst, 8)?;
    let vm = cx.vm;
    // SAFETY: a pointer field of a value or an object, aligned.
    let old = unsafe { vm.heap.exchange(|| vm.all_maps(), dst, ptr) };
    cx.released(Held::Object(ptr));
    if vm.heap.object(old).is_some() {
        cx.acquired(Held::Object(old));
    }
    Ok(old)
}

/// `bpf_res_spin_lock(lock)`: a lock that tells who would wait for itself.
pub fn lock_checked(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    if cx.holds(Held::Lock(args[0])) {
        return Ok(err(errno::EDEADLK));
    }
    lock(cx, args)
}

/// `bpf_local_irq_save(flags)`: nothing interrupts a run here.
pub fn irq_save(cx: &mut Cx<'_>, [flags, ..]: [u64; 5]) -> Ret {
    memory::store(cx, flags, &[0; 8])?;
    Ok(0)
}

/// `bpf_rdonly_cast(object, type)`: the same address; what is read through it may not be there.
pub fn first(_: &mut Cx<'_>, [object, ..]: [u64; 5]) -> Ret {
    Ok(object)
}

/// `bpf_task_from_pid(pid)`: the machine has one task.
pub fn task_from_pid(cx: &mut Cx<'_>, [pid, ..]: [u64; 5]) -> Ret {
    if low(pid) != cx.vm.task.pid.into() {
        return Ok(0);
    }
    let Some((at, len)) = cx.vm.task_memory() else { return Ok(0) };
    cx.give(at, len, "bpf_task_from_pid", false);
    Ok(at)
}

pub fn get_retval(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(cx.retval as u64)
}

pub fn set_retval(cx: &mut Cx<'_>, [value, ..]: [u64; 5]) -> Ret {
    cx.retval = i64::from(value as i32);
    Ok(0)
}

/// `bpf_throw(cookie)`
pub fn throw(cx: &mut Cx<'_>, [cookie, ..]: [u64; 5]) -> Ret {
    cx.throw(cookie)
}

/// `bpf_get_current_task()` and its typed form: the machine's one task, which never goes.
pub fn current_task(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    let Some((at, len)) = cx.vm.task_memory() else { return cx.not_modelled("bpf_get_current_task_btf") };
    cx.give(at, len, "bpf_get_current_task_btf", false);
    Ok(at)
}

/// `bpf_task_acquire(task)`: a task that never goes has no count.
pub fn task_acquire(_: &mut Cx<'_>, [task, ..]: [u64; 5]) -> Ret {
    Ok(task)
}

pub fn task_pt_regs(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    cx.not_modelled("bpf_task_pt_regs")
}

/// What a helper that is not modelled returns.
pub fn unmodelled() -> u64 {
    err(errno::EOPNOTSUPP)
}
