//! What the operations of the fast interpreter do, each a type of its own.
//!
//! A type stands for an operation with its width and the kind of its second operand, so that [`super::fast`] can make
//! machine code of each, of pairs of them, and of what they have in common.

use std::marker::PhantomData;

use crate::program::{AtomicOp, Size};
use verifier_core::isa::semantics::{AluOp, CmpOp, byte_order, sign_extend};

use super::access;
use super::fast::Fast;

/// The registers of a run.
pub(super) type Regs = *mut u64;

/// Reads a register.
///
/// # Safety
/// `r` is below 11 and `regs` points to as many.
#[inline(always)]
pub(super) unsafe fn get(regs: Regs, r: u8) -> u64 {
    // SAFETY: as required.
    unsafe { *regs.add(usize::from(r)) }
}

/// Writes a register.
///
/// # Safety
/// As [`get`].
#[inline(always)]
pub(super) unsafe fn set(regs: Regs, r: u8, value: u64) {
    // SAFETY: as required.
    unsafe { *regs.add(usize::from(r)) = value }
}

/// An operation behind which the next one follows.
pub(super) trait Straight {
    /// Slots that it takes.
    const SLOTS: usize;

    /// # Safety
    /// `regs` are those of a run of accepted code that has come to `op`.
    unsafe fn run(op: &Fast, regs: Regs);
}

/// A straight operation that sets `dst` and does nothing else.
pub(super) trait Sets {
    const SLOTS: usize = 1;

    /// The new value of `dst`, from the old.
    ///
    /// # Safety
    /// As [`Straight::run`].
    unsafe fn value(op: &Fast, regs: Regs, old: u64) -> u64;
}

impl<A: Sets> Straight for A {
    const SLOTS: usize = <A as Sets>::SLOTS;

    #[inline(always)]
    unsafe fn run(op: &Fast, regs: Regs) {
        // SAFETY: as required.
        unsafe { set(regs, op.dst, A::value(op, regs, get(regs, op.dst))) }
    }
}

/// A comparison of a conditional jump.
pub(super) trait Test {
    /// Whether the jump is taken, with the value of `dst`.
    ///
    /// # Safety
    /// As [`Straight::run`].
    unsafe fn holds(op: &Fast, regs: Regs, dst: u64) -> bool;
}

/// Names an operation of arithmetic.
pub(super) trait Alu {
    const OP: AluOp;
}

/// Names a comparison.
pub(super) trait Cmp {
    const OP: CmpOp;
}

/// Arithmetic.
pub(super) struct Bin<O, const WIDE: bool, const IMM: bool>(PhantomData<O>);

impl<O: Alu, const WIDE: bool, const IMM: bool> Sets for Bin<O, WIDE, IMM> {
    #[inline(always)]
    unsafe fn value(op: &Fast, regs: Regs, old: u64) -> u64 {
        // SAFETY: as required.
        let b = if IMM { op.imm as u64 } else { unsafe { get(regs, op.src) } };
        if WIDE { O::OP.apply(old, b) } else { O::OP.apply(old as u32, b as u32).into() }
    }
}

/// A conditional jump. Its immediate is in the low half of the field, below what the jump costs.
pub(super) struct If<O, const WIDE: bool, const IMM: bool>(PhantomData<O>);

impl<O: Cmp, const WIDE: bool, const IMM: bool> Test for If<O, WIDE, IMM> {
    #[inline(always)]
    unsafe fn holds(op: &Fast, regs: Regs, a: u64) -> bool {
        // SAFETY: as required.
        let b = if IMM { i64::from(op.imm as i32) as u64 } else { unsafe { get(regs, op.src) } };
        if WIDE { O::OP.holds(a, b) } else { O::OP.holds(a as u32, b as u32) }
    }
}

/// A constant of 64 bits.
pub(super) struct Const;

impl Sets for Const {
    const SLOTS: usize = 2;

    #[inline(always)]
    unsafe fn value(op: &Fast, _: Regs, _: u64) -> u64 {
        op.imm as u64
    }
}

/// A sign-extending move.
pub(super) struct MovSx<const WIDE: bool, const BITS: u32>;

impl<const WIDE: bool, const BITS: u32> Sets for MovSx<WIDE, BITS> {
    #[inline(always)]
    unsafe fn value(op: &Fast, regs: Regs, _: u64) -> u64 {
        // SAFETY: as required.
        let v = unsafe { get(regs, op.src) };
        if WIDE { sign_extend(v, BITS) } else { sign_extend(v as u32, BITS).into() }
    }
}

/// Reverses the low bytes, or with `SWAP` unset keeps only them.
pub(super) struct ByteOrder<const SWAP: bool, const BITS: u32>;

impl<const SWAP: bool, const BITS: u32> Sets for ByteOrder<SWAP, BITS> {
    #[inline(always)]
    unsafe fn value(_: &Fast, _: Regs, old: u64) -> u64 {
        byte_order(old, BITS, SWAP)
    }
}

/// The size that a number of bytes is.
const fn size(bytes: u32) -> Size {
    match bytes {
        1 => Size::B1,
        2 => Size::B2,
        4 => Size::B4,
        _ => Size::B8,
    }
}

/// Where an access with base `r` goes.
///
/// # Safety
/// As [`Straight::run`].
#[inline(always)]
unsafe fn place(op: &Fast, regs: Regs, r: u8) -> u64 {
    // SAFETY: as required.
    unsafe { get(regs, r) }.wrapping_add_signed(op.off.into())
}

/// A load.
pub(super) struct Load<const BYTES: u32, const SIGNED: bool>;

impl<const BYTES: u32, const SIGNED: bool> Sets for Load<BYTES, SIGNED> {
    #[inline(always)]
    unsafe fn value(op: &Fast, regs: Regs, _: u64) -> u64 {
        // SAFETY: the analysis accepted the access.
        unsafe { access::load(size(BYTES), SIGNED, place(op, regs, op.src)) }
    }
}

/// A load that later accesses stay behind.
pub(super) struct LoadAcquire<const BYTES: u32>;

impl<const BYTES: u32> Sets for LoadAcquire<BYTES> {
    #[inline(always)]
    unsafe fn value(op: &Fast, regs: Regs, _: u64) -> u64 {
        // SAFETY: the analysis accepted the access.
        unsafe { access::load_acquire(size(BYTES), place(op, regs, op.src)) }
    }
}

/// A store; with `IMM` of the immediate.
pub(super) struct Store<const BYTES: u32, const IMM: bool>;

impl<const BYTES: u32, const IMM: bool> Straight for Store<BYTES, IMM> {
    const SLOTS: usize = 1;

    #[inline(always)]
    unsafe fn run(op: &Fast, regs: Regs) {
        // SAFETY: the analysis accepted the access.
        unsafe {
            let value = if IMM { op.imm as u64 } else { get(regs, op.src) };
            access::store(size(BYTES), place(op, regs, op.dst), value);
        }
    }
}

/// A store that earlier accesses stay before.
pub(super) struct StoreRelease<const BYTES: u32>;

impl<const BYTES: u32> Straight for StoreRelease<BYTES> {
    const SLOTS: usize = 1;

    #[inline(always)]
    unsafe fn run(op: &Fast, regs: Regs) {
        // SAFETY: the analysis accepted the access.
        unsafe { access::store_release(size(BYTES), place(op, regs, op.dst), get(regs, op.src)) };
    }
}

/// Names a read-modify-write operation.
pub(super) trait Rmw {
    const OP: AtomicOp;
}

/// A read-modify-write operation; with an immediate that is not zero, `src` gets the old value.
pub(super) struct Atomic<O, const WIDE: bool>(PhantomData<O>);

impl<O: Rmw, const WIDE: bool> Straight for Atomic<O, WIDE> {
    const SLOTS: usize = 1;

    #[inline(always)]
    unsafe fn run(op: &Fast, regs: Regs) {
        // SAFETY: the analysis accepted the access.
        unsafe {
            let at = place(op, regs, op.dst);
            let old = access::atomic(O::OP, WIDE, at, get(regs, op.src), get(regs, 0));
            if matches!(O::OP, AtomicOp::CmpXchg) {
                set(regs, 0, old);
            } else if op.imm != 0 {
                set(regs, op.src, old);
            }
        }
    }
}

/// Second slot of a constant: never reached.
pub(super) struct Nothing;

impl Straight for Nothing {
    const SLOTS: usize = 1;

    #[inline(always)]
    unsafe fn run(_: &Fast, _: Regs) {}
}

/// Makes names into types.
macro_rules! names {
    ($of:ident $trait:ident: $($name:ident)*) => {
        $(pub(crate) struct $name;
        impl $trait for $name {
            const OP: $of = $of::$name;
        })*
    };
}
pub(super) mod alu {
    use crate::interp::ops::{Alu, AluOp};
    names!(AluOp Alu: Add Sub Mul Div SDiv Mod SMod Or And Xor Lsh Rsh Arsh Mov Neg);
}
pub(super) mod cmp {
    use crate::interp::ops::{Cmp, CmpOp};
    names!(CmpOp Cmp: Eq Ne Gt Ge Lt Le SGt SGe SLt SLe Set NotSet);
}
pub(super) mod rmw {
    use crate::interp::ops::{AtomicOp, Rmw};
    names!(AtomicOp Rmw: Add Or And Xor Xchg CmpXchg);
}
