//! One rejection: what there is to decide about it, and the program as runs need it.

use std::collections::BTreeSet;

use super::budget::Budget;
use super::danger::Rules;
use super::facts::Facts;
use super::run::Program;
use super::search::Graph;
use verifier_core::analysis::{Options, System};
use verifier_core::code;
use verifier_core::error::{Category, Code, Msg, Rejection};
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::{LDX, ST, STX};
use verifier_core::kernel::ProgType;
use verifier_core::kernel::helpers::class;
use verifier_core::program::LoadRequest;

/// What there is to decide about a rejection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decides {
    /// Whether memory is accessed wrongly: a bug, or safe.
    Memory(Rules),
    /// Something else is wrong by the kernel's rules; memory may be as well.
    OnlyBugs(Rules),
    /// Nothing.
    Nothing,
}

/// What there is to decide about a rejection.
pub fn decides(rejection: &Rejection, insn: Option<&Insn>, perfmon: bool) -> Decides {
    let Some((code, category)) = rejection.cause.as_ref().map(Msg::row).and_then(|r| r.cause) else {
        return Decides::Nothing;
    };
    let rules = Rules {
        uninitialised_stack: code.is_stack_uninit() || (code == code!(Memory::StackRange) && !perfmon),
        cut_pointers: matches!(code, code!(Memory::SpillSize | Memory::FillSize | Memory::CorruptSpill)),
    };
    let calls = insn.is_some_and(|i| i.is_helper_call() || i.is_kfunc_call());
    let about = match category {
        Category::MemorySafety => {
            !matches!(code, code!(Memory::LeaksAddr | Memory::Misaligned | Memory::PacketMisaligned))
        }
        Category::RegisterTypeSafety => {
            matches!(code, Code::Memory(_) | code!(Register::NotInit) | code!(Register::PointerOrNull))
        }
        Category::CallTypeSafety => {
            calls && matches!(code, code!(Call::ArgType | Call::ArgMayBeNull | Memory::ArgType))
        }
        Category::ResourceLifetimeSafety
        | Category::ExecutionContextSafety
        | Category::ProgramStructure
        | Category::Policy
        | Category::VerifierLimit => false,
    };
    let wrong_argument = matches!(
        category,
        Category::MemorySafety
            | Category::RegisterTypeSafety
            | Category::CallTypeSafety
            | Category::ResourceLifetimeSafety
    );
    // What a kernel function takes is more than what its prototype says, and a helper that calls a function of the program
    // does whatever that does.
    let opaque = insn.is_some_and(|i| i.is_kfunc_call() || i.is_helper_call() && class::runs_callbacks(i.imm as u32));
    match (about, calls && wrong_argument) {
        (true, _) if !opaque => Decides::Memory(rules),
        (_, true) => Decides::OnlyBugs(rules),
        (true, false) => Decides::Memory(rules),
        (false, false) => Decides::Nothing,
    }
}

impl Decides {
    /// The rules that count.
    pub fn rules(self) -> Option<Rules> {
        match self {
            Decides::Memory(rules) | Decides::OnlyBugs(rules) => Some(rules),
            Decides::Nothing => None,
        }
    }
}

/// One rejection.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub system: &'a System,
    pub request: &'a LoadRequest,
    pub options: &'a Options,
    pub rules: Rules,
    pub budget: Budget<'a>,
    /// See [`Program::trusts_offsets`].
    pub trusts_offsets: bool,
}

impl<'a> Case<'a> {
    pub(super) fn program<'b>(&'b self, facts: &'b Facts) -> Program<'b> {
        Program {
            system: self.system,
            request: self.request,
            insns: &self.request.insns,
            facts,
            prog_type: ProgType::from_number(self.request.prog_type).unwrap_or(ProgType::Unspec),
            trusts_offsets: self.trusts_offsets,
        }
    }

    /// Control flow of the program.
    pub(super) fn graph(&self) -> Graph {
        Graph::of(&self.request.insns, &self.global_functions())
    }

    /// Begins of global functions, the program's own included where it is one.
    fn global_functions(&self) -> BTreeSet<usize> {
        /// BTF linkage of a global function.
        const GLOBAL: u16 = 1;
        let linkage = |id| self.request.btf.as_ref().and_then(|b| b.ty(id)).map(|t| t.func_linkage());
        let global = self.request.func_info.iter().filter(|f| linkage(f.type_id) == Some(GLOBAL));
        global.map(|f| f.insn_off as usize).collect()
    }

    /// Whether functions of the program are taken by contract at first: those that helpers call, and global ones.
    pub(super) fn has_contracts(&self) -> bool {
        let calls_back = |i: &Insn| i.is_helper_call() && class::calls_sync_callback(i.imm as u32);
        self.request.insns.iter().any(calls_back) || self.global_functions().iter().any(|f| *f > 0)
    }

    /// What accesses memory behind an instruction.
    pub(super) fn accesses_behind(&self, insn: usize) -> Vec<usize> {
        let graph = self.graph();
        let accesses = |i: &Insn| matches!(i.class(), LDX | ST | STX) || i.is_helper_call() || i.is_kfunc_call();
        let all = (0..self.request.insns.len()).filter(|at| accesses(&self.request.insns[*at]));
        all.filter(|at| graph.reaches(insn, *at)).collect()
    }
}
