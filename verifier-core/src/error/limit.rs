//! Messages about limits of the analysis, loops, counters and return values at exit.

use crate::kernel::Reworded;

use super::masks::{regs_list, slots_list};

rows! {
    /// Messages about limits of the analysis, loops, counters and return values at exit.
    pub enum LimitMsg, Limit {

        /// Too many paths are waiting to be explored: each conditional jump whose outcome is not known adds one, and the
        /// kernel keeps at most 8192. Long chains of independent comparisons, or a loop that leaves a path behind in
        /// every round, are the usual cause. Use a lookup table or a map, or move the comparisons into a global
        /// function, which is checked on its own.
        ["limit-jump-sequence", VerifierLimit]
        JumpSequence { count: usize } => "The sequence of {count} jumps is too complex.\n";

        /// Too many paths are waiting to be explored when an asynchronous callback (a timer or workqueue) is to be added.
        /// Reduce the number of conditional jumps before the call that sets the callback.
        ["limit-jump-sequence-async", VerifierLimit]
        JumpSequenceAsync { count: usize } => "The sequence of {count} jumps is too complex for async cb.\n";

        /// The program came back to an instruction with exactly the state it had there before, so it would go on
        /// forever. Change something that the loop's condition depends on in every round, and let the condition bound
        /// it; or use `bpf_loop()`, an open-coded iterator or `can_loop`.
        ["loop-infinite", VerifierLimit]
        InfiniteLoop { idx: usize } => "infinite loop detected at insn {idx}\n";

        /// Heads the state in which an endless loop was found.
        [note]
        InfiniteLoopCur => "cur state:";
        /// Heads the earlier state that it equals.
        [note]
        InfiniteLoopOld => "old state:";

        /// The verifier wanted the exact value of something that is no number, such as a pointer given to `bpf_loop()` as
        /// the number of rounds. It takes that for a mistake of its own; give it a number.
        ["kernel-bug-precision", VerifierLimit]
        PrecisionMisuse => "", VerifierBug => "verifier bug: backtracking misuse\n";
        /// The verifier looked for what the result of a callback came from, and found no instruction that set it: a classic
        /// packet load that ends the callback sets it unseen. It takes that for a mistake of its own. Callbacks cannot use
        /// such loads; read the packet by `bpf_skb_load_bytes()`.
        ["kernel-bug-callback-regs", VerifierLimit]
        CallbackRegs { regs: u32 } => "BUG regs {regs:x}\n", VerifierBug => "verifier bug: callback unexpected regs {regs:x}\n";
        /// The verifier followed a value back through a classic packet load that ends its function, and lost count of the
        /// functions on the way: a mistake of this kernel. Use such loads in the main program alone, or read the packet by
        /// `bpf_skb_load_bytes()`.
        ["kernel-bug-left-main", VerifierLimit]
        LeftMain => "BUG subprog exit from frame 0\n", VerifierBug => "verifier bug: subprog exit from frame 0\n";
        /// An exception is thrown, or the program ends, inside of a loop that the verifier has not entered yet by its own
        /// accounts: a mistake of this kernel. Move the call that throws out of the loop.
        ["kernel-bug-scc", VerifierLimit]
        SccWithoutVisit { chain: String } => "verifier bug: scc exit: no visit info for call chain {chain}\n";

        /// A precision walk enters a state: where the walk stands, and how far the state reaches back.
        [note]
        PreciseState { frame: usize, last_idx: i32, first_idx: i32, subseq_idx: i32 } =>
            "last_idx {last_idx} first_idx {first_idx}\n",
            WalkedFrames => "mark_precise: frame{frame}: last_idx {last_idx} first_idx {first_idx} subseq_idx {subseq_idx} \n";
        /// The same before walks knew frames: whether the state gained marks, and the masks of what is asked of it.
        [note]
        PreciseMasks { new: bool, regs: u32, slots: u64 } => fn |f, style| {
            let end = if style.has(Reworded::StateBehind) { ":" } else { "\n" };
            let had = if *new { "didn't have" } else { "already had" };
            write!(f, "parent {had} regs={regs:x} stack={slots:x} marks{end}")
        };
        /// A number that the state pruned against needs exactly, before such were listed together.
        [note]
        PropagatingOne { frame: usize, place: String } => "frame {frame}: propagating {place}\n";
        /// What a precision walk still asks of a stored state; the state follows.
        [note]
        PreciseParent { frame: usize, regs: u32, slots: u64 } => fn |f, style| {
            write!(f, "mark_precise: frame{frame}: parent state regs={} stack={}: ", regs_list(*regs), slots_list(*slots))
        };
        /// A precision walk lost track, so every scalar of the path is taken as needed exactly.
        [note]
        PreciseAll { frame: usize } => "mark_precise: frame{frame}: falling back to forcing all scalars precise\n";
        /// One register made precise by that.
        [note]
        ForcePreciseReg { frame: usize, reg: usize } => "force_precise: frame{frame}: forcing r{reg} to be precise\n";
        /// One stack slot made precise by that.
        [note]
        ForcePreciseSlot { frame: usize, off: i32 } => "force_precise: frame{frame}: forcing fp{off} to be precise\n";
        /// Scalars that the state pruned against needs exactly.
        [note]
        Propagating { frame: usize, regs: u32, slots: u64 } => fn |f, style| {
            let both = [regs_list(*regs), super::masks::frame_slots_list(*slots)];
            let both: Vec<&str> = both.iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
            write!(f, "frame {frame}: propagating {}", both.join(","))
        };
        /// Ends such a list; printed at every log level.
        [note]
        PropagatingEnd => "\n";

        /// A strongly connected component is entered (6.16): call sites and its number.
        [note]
        SccEnter { chain: String } => "SCC enter {chain}\n";
        /// Every path through it is explored.
        [note]
        SccExit { chain: String } => "SCC exit {chain}\n";
        /// A path ends inside of it because of a state that is still being explored.
        [note]
        SccBackedge { chain: String } => "SCC backedge {chain}\n";
        /// Marks kept travelling around a component, so all of its scalars are taken as precise.
        [note]
        TooManyBackedgeIterations => "propagate_backedges: too many iterations\n";
        /// Heads the table of live registers (6.16).
        [note]
        LiveRegsHead => "Live regs before insn:\n";
        /// One line of it up to the instruction's text, which follows.
        [note]
        LiveRegs { scc: Option<u32>, idx: usize, live: u16 } => fn |f, style| {
            match *scc {
                None => {}
                Some(0) => write!(f, "    ")?,
                Some(n) => write!(f, "{n:3} ")?,
            }
            write!(f, "{idx:3}: ")?;
            for r in 0..10u8 {
                f.write_char(if live >> r & 1 == 0 { '.' } else { char::from(b'0' + r) })?;
            }
            f.write_char(' ')
        };
        /// Functions that get pointers into frames call each other in too many ways to look at each (7.1). Give them
        /// fewer such arguments.
        ["frames-too-many", VerifierLimit]
        FrameRuns { count: u32 } => "liveness analysis exceeded complexity limit ({count} calls)\n";
        /// Where pointers into frames go is about to be found for a function (7.1).
        [note]
        FramesOf { subprog: usize, depth: usize } => "subprog#{subprog}: analyzing (depth {depth})...\n";
        /// Two paths disagree on where a value points to.
        [note]
        FrameJoin { idx: usize, to: usize, text: String } => "arg JOIN insn {idx} -> {to} {text}\n";
        /// Heads the table of where values point to.
        [note]
        FrameTable { name: String } => "{name}:\n";
        /// Heads the table of what a function does to frames.
        [note]
        FrameUse { name: String, depth: usize, site: u32 } => "stack use/def {name} (d{depth},cs{site}):\n";
        /// Bits of a data-flow set of stack slots changed (6.18): `live` or `written`, which frame and instruction.
        [note]
        StackMask { chain: String, what: &'static str, frame: usize, idx: usize, ones: u64, zeros: u64 } => fn |f, style| {
            write!(f, "{chain} frame {frame} insn {idx} ")?;
            if *ones != 0 {
                write!(f, "+{what} {} ", slots_list(*ones))?;
            }
            if *zeros != 0 {
                write!(f, "-{what} {}", slots_list(*zeros))?;
            }
            writeln!(f)
        };
        /// The data-flow pass over one function instance settled.
        [note]
        StackUpdateDone { chain: String, rounds: u32 } => "{chain} live stack update done in {rounds} iterations\n";
    }
}
