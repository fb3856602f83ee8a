//! Messages about encoding, control flow and subprogram layout.

rows! {
    /// Messages about encoding, control flow and subprogram layout.
    pub enum StructureMsg, Structure {
        /// Control never reaches this instruction. The kernel refuses dead code that was dead in the program as loaded;
        /// compilers remove it, hand-written assembly must too.
        ["cfg-unreachable", ProgramStructure]
        UnreachableInsn { idx: usize } => "unreachable insn {idx}\n";

        /// A jump, or running on past the last instruction, leads out of the program or out of the function it stands
        /// in. Functions may only be left by `exit` or a call; check offsets in hand-written assembly.
        ["cfg-jump-range", ProgramStructure]
        JumpOutOfRange { from: usize, to: i64 } => "jump out of range from insn {from} to {to}\n";

        /// A jump leads back to an instruction on the way to it, which makes a loop. Without CAP_BPF the kernel accepts no
        /// loops at all: unroll it (`#pragma unroll`), or load the program with CAP_BPF.
        ["cfg-back-edge", ProgramStructure]
        BackEdge { from: usize, to: usize } => "back-edge from insn {from} to {to}\n";

        /// A jump leads to the second half of a 16-byte load of a constant, which is no instruction. Check offsets in
        /// hand-written assembly: such a load counts as two instructions.
        ["cfg-jump-into-ldimm64", ProgramStructure]
        JumpIntoLdimm64 { idx: usize } => "jump into the middle of ldimm64 insn {idx}\n";

        /// A function does not end with `exit` or a jump, so it would run into the next one. Compilers leave such ends
        /// behind calls that never return and behind undefined behaviour (`__builtin_unreachable()`): return a value.
        ["cfg-no-exit", ProgramStructure]
        LastInsnNoExit => "last insn is not an exit or jmp\n";

        /// A jump goes where a register says (`gotox`), but the program uses no jump table with places in this function. The
        /// kernel must know every place that such a jump can go to: load the place from a jump table of the function.
        ["cfg-no-jump-table", ProgramStructure]
        NoJumpTable { idx: usize, start: usize } => "no jump tables found for subprog starting at {start}\n";

        /// The jump tables of a function name a place outside of it, and one of its jumps goes where a register says
        /// (`gotox`). Functions may only be left by `exit` or a call: keep the places of different functions in tables of
        /// their own.
        ["cfg-jump-table-range", ProgramStructure]
        JumpTableOutside { idx: usize, start: usize, end: usize } =>
            "jump table for insn {idx} points outside of the subprog [{start},{end}]\n";

        /// Functions call each other to a depth of more than eight frames. Flatten the chain: let the compiler inline
        /// small functions (`__always_inline`), or split the work with a tail call.
        ["stack-frames", VerifierLimit]
        CallStackTooDeep { frames: usize } => "the call stack of {frames} frames is too deep !\n";

        /// Functions call themselves, directly or through others. The kernel bounds the stack before it runs anything, so
        /// it takes no recursion. Write it as a loop with a bound.
        ["recursion", VerifierLimit]
        Recursion { from: String, to: String, idx: usize } => "recursive call from {from}() to {to}()\n";
        /// One line of the order of functions, callees first (7.1).
        [note]
        OrderOfCalls { place: usize, name: String } => "topo_order[{place}] = {name}\n";

        /// The functions of one chain of calls together use more than 512 bytes of stack. Each counts rounded up to 16
        /// bytes. Move large buffers into a per-CPU array map, or let less deep functions use them.
        ["stack-combined", VerifierLimit]
        CombinedStack { calls: usize, depth: i32 } =>
            "combined stack size of {calls} calls is {depth}. Too large\n";

        /// One function uses more than 512 bytes of stack. Move large buffers into a per-CPU array map.
        ["stack-subprog", VerifierLimit]
        SubprogStack { subprog: usize, depth: i32 } =>
            "stack size of subprog {subprog} is {depth}. Too large\n";

        /// A function that makes tail calls is called when 256 bytes of stack or more are in use. The frames of its
        /// callers stay while tail calls follow each other, so their stack is limited. Use less stack on the way, or make
        /// the tail call from the main function.
        ["stack-tail-call", VerifierLimit]
        TailCallStack { depth: i32 } =>
            "tail_calls are not allowed when call stack of previous frames is {depth} bytes. Too large\n";

        /// `LD_ABS` and `LD_IND` end the program when the packet is too short, which a callback cannot do. Load packet
        /// bytes with `bpf_skb_load_bytes()` instead.
        ["cb-ld-abs", ProgramStructure]
        LdAbsInCallback => "cannot use BPF_LD_[ABS|IND] within callback\n";

        /// `bpf_throw()` unwinds the program's own frames, but a callback was called by the kernel. Return a value from the
        /// callback that ends the iteration, and throw after it.
        ["cb-throw", ProgramStructure]
        ThrowFromCallback { idx: usize, subprog: usize } =>
            "bpf_throw kfunc (insn {idx}) cannot be called from callback subprog {subprog}\n";

        /// The exception callback makes tail calls, or calls something that does. It runs after the program's frames are
        /// gone, so it must return.
        ["exc-cb-tail-call", ProgramStructure]
        TailCallInExceptionCb => "cannot tail call within exception cb\n";

        /// The program calls its exception callback like a function. Only the kernel calls it, after `bpf_throw()`: put
        /// shared code into another function.
        ["exc-cb-call", ProgramStructure]
        ExceptionCbCall { idx: usize } => "insn {idx} cannot call exception cb directly\n",
            BareRefusals => "insn {idx} cannot call exception cb directly";

        /// An asynchronous callback (timer, workqueue) makes a tail call, which only the main program's chain of calls may.
        ["async-cb-tail-call", ProgramStructure]
        AsyncCbTailCall => "verifier bug. subprog has tail_call and async cb\n",
            VerifierBug => "verifier bug: subprog has tail_call and async cb\n";
    }
}
