//! Which function of the interpreter for accepted programs runs an operation, and which runs two that follow each other.

use crate::helper::Helper;
use crate::program::{AtomicOp, Op, Size, Src};
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::kernel::helpers::id;

use super::fast::{
    Handler, branch, call, call_local, chain, chain_branch, cpu, exit, jump, may_goto, one, slow, two, two_branch,
};
use super::ops::{
    Atomic, Bin, ByteOrder, Const, If, Load, LoadAcquire, MovSx, Nothing, Store, StoreRelease, alu, cmp, rmw,
};

/// The handler of an operation by itself.
pub(super) fn single<const T: bool>(op: &Op) -> Handler {
    /// Picks by the width and the kind of the second operand.
    macro_rules! forms {
        ($handler:ident, $ty:ident, $of:ty, $wide:expr, $src:expr) => {
            match ($wide, $src) {
                (true, Src::Reg(_)) => $handler::<$ty<$of, true, false>, T>,
                (true, Src::Imm(_)) => $handler::<$ty<$of, true, true>, T>,
                (false, Src::Reg(_)) => $handler::<$ty<$of, false, false>, T>,
                (false, Src::Imm(_)) => $handler::<$ty<$of, false, true>, T>,
            }
        };
    }
    /// Picks by name.
    macro_rules! by_name {
        ($op:expr, $of:ident, $module:ident: $($name:ident)* => $handler:ident $ty:ident $wide:expr, $src:expr) => {
            match $op { $($of::$name => forms!($handler, $ty, $module::$name, $wide, $src),)* }
        };
    }
    macro_rules! by_size {
        ($size:expr, $($ty:tt)*) => {
            match $size {
                Size::B1 => by_size!(@ 1 $($ty)*),
                Size::B2 => by_size!(@ 2 $($ty)*),
                Size::B4 => by_size!(@ 4 $($ty)*),
                Size::B8 => by_size!(@ 8 $($ty)*),
            }
        };
        (@ $n:literal $ty:ident) => { one::<$ty<$n>, T> };
        (@ $n:literal $ty:ident, $flag:literal) => { one::<$ty<$n, $flag>, T> };
    }
    macro_rules! atomics {
        ($op:expr, $wide:expr, $($name:ident)*) => {
            match ($op, $wide) {
                $((AtomicOp::$name, true) => one::<Atomic<rmw::$name, true>, T>,
                  (AtomicOp::$name, false) => one::<Atomic<rmw::$name, false>, T>,)*
            }
        };
    }
    match *op {
        Op::Alu { op, wide, src, .. } => by_name!(
            op, AluOp, alu: Add Sub Mul Div SDiv Mod SMod Or And Xor Lsh Rsh Arsh Mov Neg => one Bin wide, src),
        Op::Branch { cmp, wide, src, .. } => by_name!(
            cmp, CmpOp, cmp: Eq Ne Gt Ge Lt Le SGt SGe SLt SLe Set NotSet => branch If wide, src),
        Op::MovSx { wide, bits, .. } => match (wide, bits) {
            (true, 8) => one::<MovSx<true, 8>, T>,
            (true, 16) => one::<MovSx<true, 16>, T>,
            (true, _) => one::<MovSx<true, 32>, T>,
            (false, 8) => one::<MovSx<false, 8>, T>,
            (false, _) => one::<MovSx<false, 16>, T>,
        },
        Op::ByteOrder { swap, bits, .. } => match (swap, bits) {
            (true, 16) => one::<ByteOrder<true, 16>, T>,
            (true, 32) => one::<ByteOrder<true, 32>, T>,
            (true, _) => one::<ByteOrder<true, 64>, T>,
            (false, 16) => one::<ByteOrder<false, 16>, T>,
            (false, 32) => one::<ByteOrder<false, 32>, T>,
            (false, _) => one::<ByteOrder<false, 64>, T>,
        },
        Op::Const { .. } => one::<Const, T>,
        Op::Load { size, signed: false, .. } => by_size!(size, Load, false),
        Op::Load { size, signed: true, .. } => by_size!(size, Load, true),
        Op::Store { size, src: Src::Reg(_), .. } => by_size!(size, Store, false),
        Op::Store { size, src: Src::Imm(_), .. } => by_size!(size, Store, true),
        Op::LoadAcquire { size, .. } => by_size!(size, LoadAcquire),
        Op::StoreRelease { size, .. } => by_size!(size, StoreRelease),
        Op::Atomic { op, wide, .. } => atomics!(op, wide, Add Or And Xor Xchg CmpXchg),
        Op::Jump { .. } => jump::<T>,
        Op::MayGoto { .. } => may_goto::<T>,
        Op::Call { helper: Helper { id: id::GET_SMP_PROCESSOR_ID, .. } } => cpu::<T>,
        Op::Call { .. } => call::<T>,
        Op::CallLocal { .. } => call_local::<T>,
        Op::Exit => exit::<T>,
        Op::Pad => one::<Nothing, T>,
        Op::TailCall | Op::LoadOrZero { .. } | Op::CallReg { .. } | Op::PacketLoad { .. } | Op::CallUnknown { .. } => {
            slow
        }
    }
}

/// Names the type of an operation that is common, of the kinds listed: `None` for others.
macro_rules! common {
    ($op:expr, $ty:ident => $body:expr; $($kind:ident)*) => { common!(@ $op, $ty, $body, {} $($kind)*) };
    (@ $op:expr, $ty:ident, $body:expr, {$($arms:tt)*}) => { match *$op { $($arms)* _ => None } };
    (@ $op:expr, $ty:ident, $body:expr, {$($arms:tt)*} arith $($rest:ident)*) => {
        common!(@ $op, $ty, $body, {$($arms)*
            Op::Alu { op: AluOp::Add, wide: true, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Add, true, false>; $body }
            Op::Alu { op: AluOp::Add, wide: true, src: Src::Imm(_), .. } => { type $ty = Bin<alu::Add, true, true>; $body }
            Op::Alu { op: AluOp::Add, wide: false, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Add, false, false>; $body }
            Op::Alu { op: AluOp::Add, wide: false, src: Src::Imm(_), .. } => { type $ty = Bin<alu::Add, false, true>; $body }
            Op::Alu { op: AluOp::Sub, wide: false, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Sub, false, false>; $body }
            Op::Alu { op: AluOp::Mul, wide: true, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Mul, true, false>; $body }
            Op::Alu { op: AluOp::And, wide: true, src: Src::Imm(_), .. } => { type $ty = Bin<alu::And, true, true>; $body }
            Op::Alu { op: AluOp::And, wide: false, src: Src::Reg(_), .. } => { type $ty = Bin<alu::And, false, false>; $body }
            Op::Alu { op: AluOp::And, wide: false, src: Src::Imm(_), .. } => { type $ty = Bin<alu::And, false, true>; $body }
            Op::Alu { op: AluOp::Xor, wide: true, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Xor, true, false>; $body }
            Op::Alu { op: AluOp::Xor, wide: false, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Xor, false, false>; $body }
            Op::Alu { op: AluOp::Or, wide: false, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Or, false, false>; $body }
            Op::Alu { op: AluOp::Lsh, wide: true, src: Src::Imm(_), .. } => { type $ty = Bin<alu::Lsh, true, true>; $body }
            Op::Alu { op: AluOp::Lsh, wide: false, src: Src::Imm(_), .. } => { type $ty = Bin<alu::Lsh, false, true>; $body }
            Op::Alu { op: AluOp::Rsh, wide: true, src: Src::Imm(_), .. } => { type $ty = Bin<alu::Rsh, true, true>; $body }
            Op::Alu { op: AluOp::Rsh, wide: false, src: Src::Imm(_), .. } => { type $ty = Bin<alu::Rsh, false, true>; $body }
        } $($rest)*)
    };
    (@ $op:expr, $ty:ident, $body:expr, {$($arms:tt)*} fresh $($rest:ident)*) => {
        common!(@ $op, $ty, $body, {$($arms)*
            Op::Alu { op: AluOp::Mov, wide: true, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Mov, true, false>; $body }
            Op::Alu { op: AluOp::Mov, wide: true, src: Src::Imm(_), .. } => { type $ty = Bin<alu::Mov, true, true>; $body }
            Op::Alu { op: AluOp::Mov, wide: false, src: Src::Reg(_), .. } => { type $ty = Bin<alu::Mov, false, false>; $body }
            Op::Alu { op: AluOp::Mov, wide: false, src: Src::Imm(_), .. } => { type $ty = Bin<alu::Mov, false, true>; $body }
            Op::Const { .. } => { type $ty = Const; $body }
            Op::Load { size: Size::B1, signed: false, .. } => { type $ty = Load<1, false>; $body }
            Op::Load { size: Size::B2, signed: false, .. } => { type $ty = Load<2, false>; $body }
            Op::Load { size: Size::B4, signed: false, .. } => { type $ty = Load<4, false>; $body }
            Op::Load { size: Size::B8, .. } => { type $ty = Load<8, false>; $body }
        } $($rest)*)
    };
    (@ $op:expr, $ty:ident, $body:expr, {$($arms:tt)*} store $($rest:ident)*) => {
        common!(@ $op, $ty, $body, {$($arms)*
            Op::Store { size: Size::B1, src: Src::Reg(_), .. } => { type $ty = Store<1, false>; $body }
            Op::Store { size: Size::B4, src: Src::Reg(_), .. } => { type $ty = Store<4, false>; $body }
            Op::Store { size: Size::B8, src: Src::Reg(_), .. } => { type $ty = Store<8, false>; $body }
        } $($rest)*)
    };
    (@ $op:expr, $ty:ident, $body:expr, {$($arms:tt)*} test $($rest:ident)*) => {
        common!(@ $op, $ty, $body, {$($arms)*
            Op::Branch { cmp: CmpOp::Eq, wide: true, src: Src::Imm(_), .. } => { type $ty = If<cmp::Eq, true, true>; $body }
            Op::Branch { cmp: CmpOp::Eq, wide: false, src: Src::Imm(_), .. } => { type $ty = If<cmp::Eq, false, true>; $body }
            Op::Branch { cmp: CmpOp::Ne, wide: true, src: Src::Imm(_), .. } => { type $ty = If<cmp::Ne, true, true>; $body }
            Op::Branch { cmp: CmpOp::Ne, wide: false, src: Src::Imm(_), .. } => { type $ty = If<cmp::Ne, false, true>; $body }
            Op::Branch { cmp: CmpOp::Ne, wide: false, src: Src::Reg(_), .. } => { type $ty = If<cmp::Ne, false, false>; $body }
            Op::Branch { cmp: CmpOp::Gt, wide: true, src: Src::Reg(_), .. } => { type $ty = If<cmp::Gt, true, false>; $body }
            Op::Branch { cmp: CmpOp::Gt, wide: true, src: Src::Imm(_), .. } => { type $ty = If<cmp::Gt, true, true>; $body }
            Op::Branch { cmp: CmpOp::Gt, wide: false, src: Src::Reg(_), .. } => { type $ty = If<cmp::Gt, false, false>; $body }
            Op::Branch { cmp: CmpOp::Gt, wide: false, src: Src::Imm(_), .. } => { type $ty = If<cmp::Gt, false, true>; $body }
            Op::Branch { cmp: CmpOp::Lt, wide: true, src: Src::Imm(_), .. } => { type $ty = If<cmp::Lt, true, true>; $body }
            Op::Branch { cmp: CmpOp::Lt, wide: false, src: Src::Reg(_), .. } => { type $ty = If<cmp::Lt, false, false>; $body }
            Op::Branch { cmp: CmpOp::Lt, wide: false, src: Src::Imm(_), .. } => { type $ty = If<cmp::Lt, false, true>; $body }
        } $($rest)*)
    };
}

/// What handlers cost in comparison.
pub(super) const STEP: u32 = 10;

/// A handler for two operations that follow each other, and what it costs. One form of these is compiled.
pub(super) fn fused<const T: bool>(a: &Op, b: &Op) -> Option<(Handler, u32)> {
    let sets = match *a {
        Op::Alu { dst, .. } | Op::Const { dst, .. } | Op::Load { dst, .. } => Some(dst),
        _ => None,
    };
    let chained = match *b {
        Op::Alu { dst, src, .. } | Op::Branch { dst, src, .. } => sets == Some(dst) && src != Src::Reg(dst),
        _ => false,
    };
    if chained {
        let both = common!(a, A => common!(b, B => Some(chain::<A, B, T> as Handler); arith); arith fresh);
        let jumps = || common!(a, A => common!(b, C => Some(chain_branch::<A, C, T> as Handler); test); arith fresh);
        if let Some(h) = both.or_else(jumps) {
            return Some((h, STEP));
        }
    }
    let both = common!(a, A => common!(b, B => Some(two::<A, B, T> as Handler); arith fresh store); arith fresh store);
    let jumps = || common!(a, A => common!(b, C => Some(two_branch::<A, C, T> as Handler); test); arith fresh store);
    both.or_else(jumps).map(|h| (h, STEP + 3))
}
