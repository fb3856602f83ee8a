//! Time, random numbers, who runs, memory of others, locks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::cx::Cx;

use super::{Ret, err, errno};

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
    let size = size & 0xffff_ffff;
    let name = cx.vm.task.comm.as_bytes();
    let mut bytes = vec![0; size as usize];
    let n = name.len().min(15).min(bytes.len().saturating_sub(1));
    bytes[..n].copy_from_slice(&name[..n]);
    cx.write_bytes(buf, &bytes)?;
    Ok(0)
}

/// `bpf_probe_read*(dst, size, src)`: memory of programs and what the user gave; elsewhere a fault, and zeroes.
pub fn probe_read(cx: &mut Cx<'_>, [dst, size, src, ..]: [u64; 5]) -> Ret {
    let size = size & 0xffff_ffff;
    let bytes = cx.probe(src, size);
    let failed = bytes.is_none();
    cx.write_bytes(dst, &bytes.unwrap_or_else(|| vec![0; size as usize]))?;
    Ok(if failed { err(errno::EFAULT) } else { 0 })
}

/// `bpf_probe_read*_str(dst, size, src)`: length with the zero.
pub fn probe_read_str(cx: &mut Cx<'_>, [dst, size, src, ..]: [u64; 5]) -> Ret {
    let size = size & 0xffff_ffff;
    let mut out = Vec::new();
    while (out.len() as u64) < size {
        let Some(b) = cx.probe(src.wrapping_add(out.len() as u64), 1) else {
            cx.write_bytes(dst, &vec![0; size as usize])?;
            return Ok(err(errno::EFAULT));
        };
        out.push(b[0]);
        if b[0] == 0 {
            break;
        }
    }
    if let Some(last) = out.last_mut() {
        *last = 0;
    }
    cx.write_bytes(dst, &out)?;
    Ok(out.len() as u64)
}

/// `bpf_spin_lock(lock)`. A lock lies in a value, so threads of ours contend for it.
pub fn lock(cx: &mut Cx<'_>, [lock, ..]: [u64; 5]) -> Ret {
    cx.writable(lock, 4)?;
    // SAFETY: four bytes of a value, aligned, or checked.
    let word = unsafe { AtomicU32::from_ptr((lock & !3) as *mut u32) };
    while word.compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
        cx.fuel -= 1;
        if cx.fuel < 0 && !cx.refuel() {
            return Err(crate::cx::Halt);
        }
        std::thread::yield_now();
    }
    Ok(0)
}

/// `bpf_spin_unlock(lock)`
pub fn unlock(cx: &mut Cx<'_>, [lock, ..]: [u64; 5]) -> Ret {
    cx.writable(lock, 4)?;
    // SAFETY: as in `lock`.
    unsafe { AtomicU32::from_ptr((lock & !3) as *mut u32) }.store(0, Ordering::Release);
    Ok(0)
}

/// `bpf_kptr_xchg(dst, ptr)`
pub fn kptr_xchg(cx: &mut Cx<'_>, [dst, ptr, ..]: [u64; 5]) -> Ret {
    cx.writable(dst, 8)?;
    // SAFETY: a pointer field of a value, aligned, or checked.
    Ok(unsafe { AtomicU64::from_ptr((dst & !7) as *mut u64) }.swap(ptr, Ordering::AcqRel))
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

pub fn current_task_btf(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    cx.not_modelled("bpf_get_current_task_btf")
}

pub fn this_cpu_ptr(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    cx.not_modelled("bpf_this_cpu_ptr")
}

pub fn task_pt_regs(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    cx.not_modelled("bpf_task_pt_regs")
}

pub fn unmodelled(_: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(err(errno::EOPNOTSUPP))
}
