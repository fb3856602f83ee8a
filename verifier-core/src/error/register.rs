//! Messages about registers, arithmetic, comparisons and pointer arithmetic.

use crate::domain::{Scalar, Tnum};
use crate::kernel::Reworded;
use crate::kernel::call::{RegBase, RegType};

/// What every refusal of unprivileged pointer arithmetic ends with.
const NOT_FOR_ALL: &str = "pointer arithmetic with it prohibited for !root";

rows! {
    /// Messages about registers, arithmetic, comparisons and pointer arithmetic.
    pub enum RegisterMsg, Register {
        /// The register was never written on this path, or a call destroyed it (R1 to R5 do not survive calls).
        /// Initialise it on every path, or keep the value in R6 to R9 or on the stack.
        ["reg-uninit", RegisterTypeSafety]
        NotInit { regno: u8 } => "R{regno} !read_ok\n";
        /// The instruction names a register beyond R10. Compilers do not produce this; the bytecode is damaged or was
        /// written by hand.
        ["reg-invalid", ProgramStructure]
        Invalid { regno: u8 } => "R{regno} is invalid\n";
        /// R10 is the frame pointer and can only be read. Copy it to another register and change the copy.
        ["reg-frame-pointer-write", RegisterTypeSafety]
        FramePointerWrite {} => "frame pointer is read only\n";
        /// The kernel's own bookkeeping of this value contradicts itself: usually a branch that can never be taken was
        /// not recognised as such. The kernel goes on with less knowledge, unless the program was loaded with
        /// `BPF_F_TEST_REG_INVARIANTS`.
        ["reg-invariants", VerifierLimit]
        InvariantsViolated { ctx: &'static str, what: &'static str, scalar: Box<Scalar> } => fn |f, style| {
            let s = scalar;
            let bug = style.has(Reworded::VerifierBug);
            writeln!(
                f,
                "{}REG INVARIANTS VIOLATION ({ctx}): {what} u64=[{:#x}, {:#x}] s64=[{:#x}, {:#x}] u32=[{:#x}, {:#x}] \
                 s32=[{:#x}, {:#x}] var_off=({:#x}, {:#x})",
                if bug { "verifier bug: " } else { "" },
                s.umin, s.umax, s.smin, s.smax, s.u32_min, s.u32_max, s.s32_min, s.s32_max, s.var_off.value,
                s.var_off.mask,
            )
        };

        /// A field of the instruction that this operation does not use is not zero. Compilers do not produce this; the
        /// bytecode is damaged, written by hand, or made for a newer kernel.
        ["alu-reserved-fields", ProgramStructure]
        AluReservedFields { what: &'static str } => "{what} uses reserved fields\n";
        /// The operation bits of this arithmetic instruction stand for no operation.
        ["alu-invalid-opcode", ProgramStructure]
        AluInvalidOpcode { op: u8 } => "invalid BPF_ALU opcode {op:x}\n";
        /// The instruction divides by the constant zero. (Division by a register that happens to be zero is defined: it
        /// yields zero.)
        ["alu-div-by-zero", ProgramStructure]
        DivByZero {} => "div by zero\n";
        /// The constant shift amount is negative or not below the width of the operation (32 or 64).
        ["alu-invalid-shift", ProgramStructure]
        InvalidShift { amount: i32 } => "invalid shift {amount}\n";
        /// `addr_space_cast` only knows the directions arena to kernel (1 to 0) and back.
        ["arena-cast-spaces", ProgramStructure]
        AddrSpaceCastSpaces {} => "addr_space_cast insn can only convert between address space 1 and 0\n";
        /// The program casts arena pointers but uses no arena map. Reference the arena map in the program.
        ["arena-cast-without-arena", Policy]
        AddrSpaceCastNoArena {} => "addr_space_cast insn can only be used in a program that has an associated arena\n";

        /// Negating or byte-swapping a pointer would leak a kernel address to a program that must not see it. Work on a
        /// number, or load the program with CAP_PERFMON.
        ["ptr-arith-prohibited", RegisterTypeSafety]
        PointerArithmetic { regno: u8 } => "R{regno} pointer arithmetic prohibited\n";
        /// A sign-extending move of a pointer would leak a kernel address to a program that must not see it.
        ["ptr-sign-extend", RegisterTypeSafety]
        PointerSignExtension { regno: u8 } => "R{regno} sign-extension part of pointer\n";
        /// Copying the low half of a pointer would leak a kernel address to a program that must not see it.
        ["ptr-partial-copy", RegisterTypeSafety]
        PointerPartialCopy { regno: u8 } => "R{regno} partial copy of pointer\n";
        /// A jump goes where a register says (`gotox`), but the register holds no place of the program. Places come from jump
        /// tables: load 8 bytes from one, and jump there without calculating with them.
        ["gotox-type", RegisterTypeSafety]
        JumpToType { regno: u8, ty: RegType } => "R{regno} has type {ty}, expected PTR_TO_INSN\n";
        /// Comparing a pointer with this operand would tell an unprivileged program something about kernel addresses.
        /// Only comparisons with null and between packet pointers are allowed without CAP_PERFMON.
        ["ptr-comparison", RegisterTypeSafety]
        PointerComparison { regno: u8 } => "R{regno} pointer comparison prohibited\n";
        /// Both operands are pointers. Only the difference of two pointers means anything, and only programs that may
        /// see addresses can form it. Often a length or an index was overwritten by a pointer.
        ["ptr-arith-two-pointers", RegisterTypeSafety]
        PointerWithPointer { regno: u8, op: &'static str } => "R{regno} pointer {op} pointer prohibited\n";
        /// Pointers are 64 bits wide; a 32-bit operation would cut one. Use a 64-bit operation (in C: do not store the
        /// pointer in an `int`).
        ["ptr-arith-32bit", RegisterTypeSafety]
        PointerAlu32 { regno: u8 } => "R{regno} 32-bit pointer arithmetic prohibited\n";
        /// On one path the instruction calculates with a pointer into the arena, on another with something else. The kernel
        /// makes other code for the one than for the other. Let the paths have instructions of their own.
        ["ptr-arena-mixed", RegisterTypeSafety]
        ArenaAndNot {} => "same insn cannot be used with and without arena pointer\n";
        /// The pointer may be null, and null plus an offset would look valid. Compare it with null first, then add.
        ["ptr-arith-or-null", RegisterTypeSafety]
        PointerOrNull { regno: u8, ty: RegType } => fn |f, style| {
            // Of map values it was said first.
            let advice = style.has(Reworded::NullCheckAdvice) || ty.base == RegBase::PtrToMapValue;
            let advice = if advice { ", null-check it first" } else { "" };
            write!(f, "R{regno} pointer arithmetic on {ty} prohibited{advice}\n")
        };
        /// Pointers of this kind cannot be moved: nothing else lies next to what they point at.
        ["ptr-arith-type", RegisterTypeSafety]
        PointerKind { regno: u8, ty: RegType } => "R{regno} pointer arithmetic on {ty} prohibited\n";
        /// A pointer is subtracted from a number, which yields nothing usable. Usually the operands are swapped.
        ["ptr-arith-from-scalar", RegisterTypeSafety]
        ScalarMinusPointer { regno: u8 } => "R{regno} tried to subtract pointer from scalar\n";
        /// Nothing may be subtracted from a stack pointer; add a negative constant instead.
        ["ptr-arith-stack-sub", RegisterTypeSafety]
        StackMinus { regno: u8 } => "R{regno} subtraction from stack pointer prohibited\n";
        /// Bit operations on addresses are not tracked, so what results could point anywhere. Align or mask the offset
        /// before it is added to the pointer.
        ["ptr-arith-bitwise", RegisterTypeSafety]
        PointerBitwise { regno: u8, op: &'static str } => "R{regno} bitwise operator {op} on pointer prohibited\n";
        /// Only addition and subtraction keep a pointer a pointer. Compute the offset first and add it last.
        ["ptr-arith-operator", RegisterTypeSafety]
        PointerOperator { regno: u8, op: &'static str } => "R{regno} pointer arithmetic with {op} operator prohibited\n";

        /// The constant that is added to the pointer is so large (2^29 or more) that tracking the offset could wrap.
        ["ptr-offset-constant", MemorySafety]
        OffsetConstant { ty: RegType, val: i64 } => "math between {ty} pointer and {val} is not allowed\n";
        /// The fixed offset of the pointer has grown to 2^29 or more, so that tracking it could wrap.
        ["ptr-offset-fixed", MemorySafety]
        OffsetFixed { ty: RegType, off: i32 } => "{ty} pointer offset {off} is not allowed\n";
        /// The number added to the pointer may be any negative number, so the result may point anywhere. Check that the
        /// number is not negative, or make it unsigned, before it is added.
        ["ptr-offset-unbounded", MemorySafety]
        OffsetUnbounded { ty: RegType } =>
            "math between {ty} pointer and register with unbounded min value is not allowed\n";
        /// The smallest possible offset is already far outside (2^29 or more) of any object.
        ["ptr-offset-range", MemorySafety]
        OffsetRange { val: i64, ty: RegType } => "value {val} makes {ty} pointer be out of bounds\n";

        /// Without CAP_PERFMON, an offset must not be possibly negative and possibly positive, because the masking
        /// against speculative execution works in one direction only. Bound the index on the other side as well.
        ["spec-mixed-bounds", Policy]
        SpecMixedBounds { regno: u8 } => fn |f, _style| {
            writeln!(f, "R{regno} has unknown scalar with mixed signed bounds, {NOT_FOR_ALL}")
        };
        /// Without CAP_PERFMON, only pointers to the stack and to map values can be moved by a number that is not
        /// constant, because the others cannot be masked against speculative execution.
        ["spec-pointer-type", Policy]
        SpecPointerType { regno: u8 } => fn |f, _style| {
            writeln!(f, "R{regno} has pointer with unsupported alu operation, {NOT_FOR_ALL}")
        };
        /// Without CAP_PERFMON, one instruction must not do pointer arithmetic with different masks, depending on the path
        /// that led to it. Give every path an instruction of its own.
        ["spec-paths", Policy]
        SpecPaths { regno: u8, op: &'static str } => fn |f, _style| {
            writeln!(f, "R{regno} tried to {op} from different maps, paths or scalars, {NOT_FOR_ALL}")
        };
        /// Without CAP_PERFMON, a pointer must stay inside of its object at every step, also between instructions.
        ["spec-bounds", Policy]
        SpecBounds { regno: u8, op: &'static str } => fn |f, _style| {
            writeln!(f, "R{regno} tried to {op} beyond pointer bounds, {NOT_FOR_ALL}")
        };
        /// There are too many pending paths to also follow the one that a mispredicting CPU would take.
        ["spec-push", VerifierLimit]
        SpecPush { regno: u8 } => fn |f, _style| {
            writeln!(f, "R{regno} could not be pushed for speculative verification, {NOT_FOR_ALL}")
        };
        /// Without CAP_PERFMON, stack pointers must have constant offsets. Use a map for memory that is indexed.
        ["spec-stack-variable", Policy]
        SpecStackVariable { regno: u8, var_off: Tnum, off: i32 } =>
            "R{regno} variable stack access prohibited for !root, var_off={var_off} off={off}\n";
        /// Without CAP_PERFMON, a stack pointer must stay inside of the stack at every step, also between instructions.
        ["spec-stack-range", Policy]
        SpecStackRange { regno: u8, off: i32 } =>
            "R{regno} stack pointer arithmetic goes out of range, prohibited for !root; off={off}\n";
        /// Without CAP_PERFMON, a pointer into a map value must stay inside of the value at every step, also between
        /// instructions.
        ["spec-map-range", Policy]
        SpecMapRange { regno: u8 } =>
            "R{regno} pointer arithmetic of map value goes out of range, prohibited for !root\n";

        /// The operation bits of this jump stand for no comparison.
        ["jump-invalid-opcode", ProgramStructure]
        JumpInvalidOpcode { op: u8 } => "invalid BPF_JMP/JMP32 opcode {op:x}\n";
        /// A field of the jump that this operation does not use is not zero.
        ["jump-reserved-fields", ProgramStructure]
        JumpReservedFields {} => "BPF_JMP/JMP32 uses reserved fields\n";
        /// The instruction is no well-formed `may_goto`: it has an offset and nothing else.
        ["may-goto-invalid", ProgramStructure]
        MayGotoInvalid { off: i16, imm: i32 } => "invalid may_goto off {off} imm {imm}\n", MayGotoImmediate => "invalid may_goto imm {imm}\n";
    }
}
