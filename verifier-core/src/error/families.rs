//! Codes that are about the same: what explanations, remedies and the solver ask of a rejection.
//!
//! Lists name rows, so a row that goes or is renamed is missed by the compiler, not by readers.

use super::Code;

impl Code {
    /// Refused whatever the arguments of the call are.
    pub const fn needs_no_operand(self) -> bool {
        matches!(
            self,
            code!(
                Kfunc::NotAllowed
                    | Kfunc::InvalidCall
                    | Kfunc::NotGpl
                    | Kfunc::Trap
                    | Kfunc::NotSleepable
                    | Kfunc::SleepableInRcu
                    | Kfunc::SleepableInPreempt
                    | Kfunc::SleepableInIrq
                    | Call::InvalidFunc
                    | Call::CannotUse
                    | Call::GplOnly
                    | Call::NotAllowedInProbe
                    | Call::MightSleep
                    | Call::SleepableInRcu
                    | Call::SleepableInPreempt
                    | Call::SleepableInIrq
                    | Walk::CallsNeedCap
                    | Policy::LsmGpl
                    | Policy::StructOpsGpl
            )
        )
    }

    /// About a lock or section that is held.
    pub const fn is_about_held(self) -> bool {
        matches!(
            self,
            code!(
                Lifetime::InsideSpinLock
                    | Lifetime::InsideRcuLock
                    | Lifetime::InsidePreemptDisable
                    | Lifetime::InsideIrqSave
                    | Lifetime::SpinUnlockMissing
                    | Lifetime::RcuUnlockMissing
                    | Lifetime::PreemptEnableMissing
                    | Call::SecondLock
                    | Call::LockAgain
                    | Walk::CallWhileLocked
            )
        )
    }

    /// About going round without an end.
    pub const fn is_endless(self) -> bool {
        matches!(self, code!(Limit::JumpSequence | Limit::JumpSequenceAsync | Limit::InfiniteLoop | Walk::TooLarge))
    }

    /// More to follow than the kernel is willing to.
    pub const fn is_too_long(self) -> bool {
        matches!(self, code!(Limit::JumpSequence | Limit::JumpSequenceAsync | Walk::TooLarge))
    }

    /// An access that leaves its object or reads what was never written.
    pub const fn is_range_of_object(self) -> bool {
        matches!(
            self,
            code!(
                Memory::MapValueRange
                    | Memory::MapKeyRange
                    | Memory::PacketRange
                    | Memory::MemRange
                    | Memory::StackRange
                    | Memory::StackRead
                    | Memory::StackArg
                    | Memory::StackArgVariable
            )
        )
    }

    /// A number that must not be added to a pointer.
    pub const fn is_offset(self) -> bool {
        matches!(
            self,
            code!(Register::OffsetConstant | Register::OffsetFixed | Register::OffsetUnbounded | Register::OffsetRange)
        )
    }

    /// An iterator out of order.
    pub const fn is_iterator(self) -> bool {
        matches!(
            self,
            code!(
                Kfunc::IterNotOnStack
                    | Kfunc::IterInvalidArg
                    | Kfunc::IterNotUninit
                    | Kfunc::IterNotInit
                    | Kfunc::IterNeedsRcu
            )
        )
    }

    /// A dynptr out of order.
    pub const fn is_dynptr(self) -> bool {
        matches!(
            self,
            code!(
                Kfunc::DynptrOverwrite
                    | Kfunc::DynptrNotOnStack
                    | Kfunc::DynptrNotUninit
                    | Kfunc::DynptrConstMutated
                    | Kfunc::DynptrNotInit
                    | Kfunc::DynptrKind
            )
        )
    }

    /// A helper that may sleep where nothing may.
    pub const fn is_sleeping(self) -> bool {
        matches!(self, code!(Call::MightSleep | Call::SleepableInRcu | Call::SleepableInPreempt | Call::SleepableInIrq))
    }

    /// Only for programs under the GPL.
    pub const fn is_licence(self) -> bool {
        matches!(self, code!(Kfunc::NotGpl | Call::GplOnly))
    }

    /// Memory that may only be read.
    pub const fn is_read_only(self) -> bool {
        matches!(self, code!(Memory::CannotWrite | Memory::MapWriteForbidden | Memory::OnlyRead))
    }

    /// Arithmetic that no pointer takes.
    pub const fn is_pointer_arithmetic(self) -> bool {
        matches!(
            self,
            code!(
                Register::PointerArithmetic
                    | Register::PointerPartialCopy
                    | Register::PointerWithPointer
                    | Register::PointerAlu32
                    | Register::PointerOrNull
                    | Register::PointerKind
                    | Register::ScalarMinusPointer
                    | Register::StackMinus
                    | Register::PointerBitwise
                    | Register::PointerOperator
            )
        )
    }

    /// Bytes of the stack that were never written.
    pub const fn is_stack_uninit(self) -> bool {
        matches!(self, code!(Memory::StackRead | Memory::StackArg | Memory::StackArgVariable))
    }

    /// A size that a call does not take.
    pub const fn is_size(self) -> bool {
        matches!(self, code!(Call::SizeNegative | Call::SizeZero | Call::SizeUnbounded))
    }

    /// A size of a buffer that a kernel function does not take.
    pub const fn is_buffer_size(self) -> bool {
        matches!(self, code!(Kfunc::BufSizeNotConst | Kfunc::BufSizeTwice | Kfunc::BufSizeRange))
    }

    /// An access of the stack at an offset that varies.
    pub const fn is_stack_variable(self) -> bool {
        matches!(
            self,
            code!(
                Memory::StackVariableRange
                    | Memory::StackVariableUnpriv
                    | Memory::VariableWriteSpill
                    | Memory::VariableWriteUninit
                    | Memory::StackVariableArg
            )
        )
    }

    /// An argument that a kernel function does not take.
    pub const fn is_kfunc_argument(self) -> bool {
        matches!(
            self,
            code!(
                Kfunc::NotScalar
                    | Kfunc::NotConstant
                    | Kfunc::ArgKind
                    | Kfunc::MaybeNull
                    | Kfunc::NotTrusted
                    | Kfunc::NotRcu
                    | Kfunc::NotMap
                    | Kfunc::NotCtx
                    | Kfunc::ForObjDrop
                    | Kfunc::ForPercpuObjDrop
                    | Kfunc::NotAllocated
                    | Kfunc::NotReferenced
                    | Kfunc::RootNotFound
                    | Kfunc::ArgIs
                    | Kfunc::ArgType
                    | Kfunc::ArgPointerKind
                    | Kfunc::ArgMemType
                    | Kfunc::ArgSizeUnknown
                    | Kfunc::NotFunc
                    | Kfunc::NotOwnedOrBorrowed
                    | Kfunc::NoRefcount
                    | Kfunc::NoRecord
                    | Kfunc::NotConstStr
                    | Kfunc::NotMapValue
                    | Kfunc::NotMapOrAllocated
                    | Kfunc::IrqNotOnStack
            )
        )
    }

    /// Something is given back that was not acquired.
    pub const fn is_release(self) -> bool {
        matches!(
            self,
            code!(
                Kfunc::ReleaseUnreferenced
                    | Kfunc::NotAcquired
                    | Call::NotAcquired
                    | Call::ReleaseOffset
                    | Call::DynptrUnacquired
                    | Call::DynptrConst
                    | Call::MustBeReferenced
            )
        )
    }

    /// A field of the context that is none.
    pub const fn is_context(self) -> bool {
        matches!(self, code!(Memory::CtxAccess | Memory::CtxReleased))
    }
}
