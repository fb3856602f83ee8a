//! Memory that programs give to helpers: sizes are checked, then the bytes are charged, then they are touched.
//!
//! What always holds: in a checked run nothing is accessed that does not lie in one region of the run, and no memory is
//! taken for what a program says is there before that was looked up. In other runs the analysis made sure of it.

use crate::cx::{Cx, Halt};
use crate::value;

/// Bytes that are worked on at a time.
const CHUNK: usize = 4096;

/// Low half of a register, for arguments that are 32 bits wide.
pub fn low(arg: u64) -> u64 {
    arg & 0xffff_ffff
}

/// Copies memory, which may overlap.
///
/// # Errors
/// It is not there, or time is up.
pub fn copy(cx: &mut Cx<'_>, from: u64, to: u64, len: u64) -> Result<(), Halt> {
    let source = cx.readable(from, len)?;
    let target = cx.writable(to, len)?;
    cx.touch(len)?;
    // SAFETY: accepted programs give valid memory, others were checked.
    unsafe { value::copy(source, target, len as usize) };
    Ok(())
}

/// Zeroes memory.
///
/// # Errors
/// As [`copy`].
pub fn zero(cx: &mut Cx<'_>, at: u64, len: u64) -> Result<(), Halt> {
    let target = cx.writable(at, len)?;
    cx.touch(len)?;
    // SAFETY: as in `copy`.
    unsafe { value::zero(target, len as usize) };
    Ok(())
}

/// Some bytes, as many as fit an array.
///
/// # Errors
/// As [`copy`].
pub fn load<const N: usize>(cx: &mut Cx<'_>, at: u64) -> Result<[u8; N], Halt> {
    let source = cx.readable(at, N as u64)?;
    let mut out = [0; N];
    // SAFETY: as in `copy`.
    unsafe { value::copy(source, out.as_mut_ptr(), N) };
    Ok(out)
}

/// Writes bytes of ours.
///
/// # Errors
/// As [`copy`].
pub fn store(cx: &mut Cx<'_>, at: u64, bytes: &[u8]) -> Result<(), Halt> {
    let target = cx.writable(at, bytes.len() as u64)?;
    cx.touch(bytes.len() as u64)?;
    // SAFETY: as in `copy`.
    unsafe { value::copy(bytes.as_ptr(), target, bytes.len()) };
    Ok(())
}

/// Looks at memory piece by piece, in order, as long as it is asked to; every piece but the last has 4096 bytes.
///
/// # Errors
/// As [`copy`].
pub fn each(cx: &mut Cx<'_>, at: u64, len: u64, mut look: impl FnMut(&[u8]) -> bool) -> Result<(), Halt> {
    let source = cx.readable(at, len)?;
    let mut piece = [0; CHUNK];
    let mut done = 0;
    while done < len {
        let n = (len - done).min(CHUNK as u64);
        cx.touch(n)?;
        // SAFETY: as in `copy`, within the bytes given.
        unsafe { value::copy(source.wrapping_add(done as usize), piece.as_mut_ptr(), n as usize) };
        if !look(&piece[..n as usize]) {
            return Ok(());
        }
        done += n;
    }
    Ok(())
}

/// A copy of memory, of no more than `most` bytes.
///
/// # Errors
/// As [`copy`].
pub fn bytes(cx: &mut Cx<'_>, at: u64, len: u64, most: usize) -> Result<Vec<u8>, Halt> {
    let source = cx.readable(at, len)?;
    let len = len.min(most as u64);
    cx.touch(len)?;
    let mut out = vec![0; len as usize];
    // SAFETY: as in `copy`.
    unsafe { value::copy(source, out.as_mut_ptr(), out.len()) };
    Ok(out)
}

/// Copies memory at any address as a kernel's fault-tolerant read does: false, and zeroes, where it is not all there.
///
/// # Errors
/// The place for it is not there, or time is up.
pub fn probe(cx: &mut Cx<'_>, from: u64, to: u64, len: u64) -> Result<bool, Halt> {
    let target = cx.writable(to, len)?;
    cx.touch(len)?;
    // SAFETY: as in `copy`; where the source is found, so many bytes of it are mapped.
    unsafe {
        match cx.find(from) {
            Some((source, room)) if room >= len => value::copy(source, target, len as usize),
            _ => {
                value::zero(target, len as usize);
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Text at any address up to its zero, or `most` bytes; the flag tells whether the zero was found. `None`: a fault.
///
/// # Errors
/// Time is up.
pub fn text(cx: &mut Cx<'_>, at: u64, most: u64) -> Result<Option<(Vec<u8>, bool)>, Halt> {
    let mut out = Vec::new();
    while (out.len() as u64) < most {
        let Some((source, room)) = cx.find(at.wrapping_add(out.len() as u64)) else { return Ok(None) };
        let n = room.min(most - out.len() as u64).min(CHUNK as u64) as usize;
        cx.touch(n as u64)?;
        let from = out.len();
        out.resize(from + n, 0);
        // SAFETY: so many bytes are mapped there.
        unsafe { value::copy(source, out[from..].as_mut_ptr(), n) };
        if let Some(end) = out[from..].iter().position(|b| *b == 0) {
            out.truncate(from + end);
            return Ok(Some((out, true)));
        }
    }
    Ok(Some((out, false)))
}
