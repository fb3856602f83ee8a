//! From a program to compiled code in executable memory.
//!
//! One module per program and mode. Memory is written while it is not executable and made executable once, when all
//! of it is there (W^X); it is given back when the module goes, which is not before the program's [`Code`] goes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Instant;

use cranelift_codegen::ir::{AbiParam, Signature, types};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CodegenError, Context};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{ArenaMemoryProvider, JITBuilder, JITModule};
use cranelift_module::{FuncId, Module as _, ModuleError};

use crate::cx::{Cx, FaultKind};
use crate::fault::{self, Raised, Range};
use crate::program::{Code, FUNC_BASE, Op};

use super::flow::{ARGS, Flow, Mask};
use super::translate::{Callee, Source, Target, translate, translate_refuel};

/// Why a program cannot be compiled.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot compile: {0}")]
pub struct CompileError(pub(super) String);

/// Address space for each instruction: many times what the compiler ever made of one.
const BYTES_PER_INSN: usize = 256;

/// Instructions of the longest function that is compiled: what longer ones take nobody waits for.
const LONGEST: u32 = 1 << 15;

/// Compiled code of one program.
#[derive(Debug)]
pub(super) struct Module {
    /// Address of each function that can be entered from outside, 0 for others.
    entries: Box<[AtomicUsize]>,
    /// Instructions of code, by start address of each stretch; the table of all modules holds it weakly.
    _sites: Arc<Sites>,
    _range: Range,
    _memory: Memory,
}

/// Instruction of the code from this address on, in order of addresses.
type Sites = [(usize, u32)];

struct Memory(Mutex<Option<JITModule>>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(jit) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            // SAFETY: the module goes with its program, which no run holds any more.
            unsafe { jit.free_memory() };
        }
    }
}

/// What stands in [`Code::compiled`].
type Made = Result<Module, CompileError>;

/// The compiled form of a program for a mode, made when first asked for.
/// After the deadline there is none, as there is none of functions that are too long.
pub(super) fn of(code: &Code, checked: bool, deadline: Option<Instant>) -> Result<&Module, CompileError> {
    debug_assert!(checked || code.is_verified(), "code that was not accepted runs checked");
    let made = code.compiled(checked).get_or_init(|| Box::new(compile(code, checked, deadline)));
    match made.downcast_ref::<Made>() {
        Some(Ok(module)) => {
            code.entry(checked).store(module.entry(0).unwrap_or(0), Ordering::Release);
            Ok(module)
        }
        Some(Err(e)) => Err(e.clone()),
        None => Err(CompileError("another engine was here before".into())),
    }
}

/// Whether an accepted program has been compiled.
pub(super) fn is_ready(code: &Code) -> bool {
    code.compiled(false).get().is_some_and(|made| matches!(made.downcast_ref::<Made>(), Some(Ok(_))))
}

impl Module {
    /// Address to enter a function at.
    pub(super) fn entry(&self, subprog: u32) -> Option<usize> {
        self.entries.get(subprog as usize).map(|a| a.load(Ordering::Acquire)).filter(|a| *a != 0)
    }

    /// Runs a function in the frame of the run.
    pub(super) fn enter(&self, cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64 {
        let Some(entry) = self.entry(subprog) else {
            let _ = cx.halt::<()>(FaultKind::NotAFunction, cx.insn, FUNC_BASE + u64::from(subprog));
            return 0;
        };
        // SAFETY: `of` made this module of the run's program, for the mode of the run.
        unsafe { enter_at(entry, cx, args) }
    }
}

/// Runs compiled code from an address.
///
/// # Safety
/// It is that of a function of the run's program, compiled for the mode of the run, that can be entered from outside.
#[inline]
pub(super) unsafe fn enter_at(entry: usize, cx: &mut Cx<'_>, args: [u64; 5]) -> u64 {
    let frame = cx.frame;
    // SAFETY: as required; every function of ours that compiled code calls counts as a helper.
    match unsafe { fault::enter(entry, std::ptr::from_mut(cx).cast(), frame, &args, std::ptr::null()) } {
        Ok(r0) => r0,
        Err(raised) => {
            report(cx, raised);
            0
        }
    }
}

/// Where code of any module came from, for reports.
static SITES: Mutex<Vec<(std::ops::Range<usize>, Weak<Sites>)>> = Mutex::new(Vec::new());

/// Turns a signal into the run's fault.
#[cold]
fn report(cx: &mut Cx<'_>, raised: Raised) {
    let sites = SITES.lock().unwrap_or_else(PoisonError::into_inner);
    let found = sites.iter().find(|(range, _)| range.contains(&raised.pc)).and_then(|(_, s)| s.upgrade());
    drop(sites);
    let insn = found.map_or(cx.insn, |sites| {
        let at = sites.partition_point(|(start, _)| *start <= raised.pc);
        at.checked_sub(1).map_or(cx.insn, |i| sites[i].1)
    });
    let ops = cx.code().ops();
    // The compiler may fold a load into the instruction that uses it.
    let near = (0..=insn).rev().take(64).find_map(|i| Some((i, ops.get(i as usize)?.access()?)));
    let is_access = matches!(raised.signal, libc::SIGSEGV | libc::SIGBUS) && !raised.in_helper;
    let (insn, kind) = match near.filter(|_| is_access) {
        Some((at, (_, _, bytes, true))) => (at, FaultKind::Write(bytes)),
        Some((at, (_, _, bytes, false))) => (at, FaultKind::Read(bytes)),
        None => (insn, FaultKind::Signal(raised.signal)),
    };
    cx.raised(raised, kind, insn);
}

fn target() -> Result<OwnedTargetIsa, CompileError> {
    static ISA: OnceLock<Result<OwnedTargetIsa, CompileError>> = OnceLock::new();
    let make = || {
        let fail = |e: &dyn std::fmt::Display| CompileError(e.to_string());
        let mut flags = settings::builder();
        for (name, value) in [
            ("opt_level", "speed"),
            ("is_pic", "false"),
            ("use_colocated_libcalls", "false"),
            ("unwind_info", "false"),
            ("enable_probestack", "false"),
            // What a loop costs should not depend on what stands before its function.
            ("log2_min_function_alignment", "6"),
            ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
        ] {
            flags.set(name, value).map_err(|e| fail(&e))?;
        }
        let isa = cranelift_native::builder().map_err(|e| fail(&e))?;
        isa.finish(settings::Flags::new(flags)).map_err(|e| fail(&e))
    };
    ISA.get_or_init(make).clone()
}

/// A function to compile.
struct Function {
    flow: Flow,
    /// Arguments that it takes.
    args: Mask,
    /// It can be entered from outside, with all arguments.
    open: bool,
}

/// The functions of a program. Open are the entry, the handler of exceptions, and those whose address is taken.
fn functions(code: &Code, checked: bool) -> Vec<Function> {
    let count = code.subprogs().len();
    let mut open = vec![code.ops().iter().any(|op| matches!(op, Op::CallReg { .. })); count];
    open[0] = true;
    let taken = code.ops().iter().filter_map(|op| match op {
        Op::Const { value, .. } => code.func_at(*value),
        _ => None,
    });
    for n in taken.chain(code.exception_cb()) {
        open[n as usize] = true;
    }
    let mut flows: Vec<Option<Flow>> = (0..count).map(|_| None).collect();
    for n in 0..count {
        visit(code, n, checked, &open, &mut flows);
    }
    let functions = flows.into_iter().flatten().zip(open);
    functions
        .map(|(flow, open)| Function { args: if checked || open { ARGS } else { flow.args }, flow, open })
        .collect()
}

/// Looks at a function after those it calls. Accepted programs call at most eight deep, and others are not looked at
/// in this order.
fn visit(code: &Code, n: usize, checked: bool, open: &[bool], flows: &mut [Option<Flow>]) {
    if flows[n].is_some() {
        return;
    }
    let at = code.subprogs()[n];
    if !checked {
        for op in &code.ops()[at.start as usize..at.end as usize] {
            if let Op::CallLocal { subprog, .. } = op
                && !open[*subprog as usize]
            {
                visit(code, *subprog as usize, checked, open, flows);
            }
        }
    }
    let args = |m: u32| match &flows[m as usize] {
        Some(flow) if !checked && !open[m as usize] => flow.args,
        _ => ARGS,
    };
    flows[n] = Some(Flow::of(code, at.start, args));
}

/// Compiles a program.
fn compile(code: &Code, checked: bool, deadline: Option<Instant>) -> Result<Module, CompileError> {
    if code.subprogs().iter().any(|f| f.end - f.start > LONGEST) {
        return Err(CompileError(format!("a function has more than {LONGEST} instructions")));
    }
    let late = || deadline.is_some_and(|d| Instant::now() >= d);
    let fail = |e: ModuleError| match e {
        ModuleError::Compilation(CodegenError::Verifier(e)) => CompileError(e.to_string()),
        e => CompileError(e.to_string()),
    };
    let isa = target()?;
    let conv = CallConv::triple_default(isa.triple());
    let config = isa.frontend_config();
    let mut builder = JITBuilder::with_isa(isa, cranelift_module::default_libcall_names());
    let size = code.ops().len() * BYTES_PER_INSN + (1 << 20);
    let memory = ArenaMemoryProvider::new_with_size(size).map_err(|e| CompileError(e.to_string()))?;
    builder.memory_provider(Box::new(memory));
    let mut jit = JITModule::new(builder);

    let functions = functions(code, checked);
    let mut ids: Vec<(FuncId, Signature)> = Vec::new();
    for function in &functions {
        let mut sig = Signature::new(conv);
        sig.params.extend((0..2 + function.args.count_ones()).map(|_| AbiParam::new(types::I64)));
        sig.returns.push(AbiParam::new(types::I64));
        let id = jit.declare_anonymous_function(&sig).map_err(fail)?;
        ids.push((id, sig));
    }
    // Written once the addresses are known; compiled code reads it for `callx`.
    let entries: Box<[AtomicUsize]> = functions.iter().map(|_| AtomicUsize::new(0)).collect();
    let (mut context, mut scratch) = (Context::new(), FunctionBuilderContext::new());
    let mut sig = Signature::new(CallConv::PreserveAll);
    sig.params.push(AbiParam::new(types::I64));
    let refuel = jit.declare_anonymous_function(&sig).map_err(fail)?;
    context.func.signature = sig;
    translate_refuel(&mut context.func, &mut scratch, config);
    jit.define_function(refuel, &mut context).map_err(fail)?;
    let mut stretches: Vec<(FuncId, Vec<(u32, u32)>, usize)> = Vec::new();
    for (n, function) in functions.iter().enumerate() {
        if late() {
            return Err(CompileError("time is over".into()));
        }
        context.clear();
        context.func.signature = ids[n].1.clone();
        let source = Source { code, flow: &function.flow, args: function.args, checked, entries: &entries, config };
        translate(source, &mut context.func, &mut scratch, |func, target| match target {
            Target::Subprog(m) => {
                Callee { func: jit.declare_func_in_func(ids[m as usize].0, func), args: functions[m as usize].args }
            }
            Target::Refuel => Callee { func: jit.declare_func_in_func(refuel, func), args: 0 },
        });
        jit.define_function(ids[n].0, &mut context).map_err(fail)?;
        let compiled = context.compiled_code().ok_or_else(|| CompileError("no code".into()))?;
        let sites = compiled.buffer.get_srclocs_sorted().iter();
        let sites = sites.filter(|s| !s.loc.is_default()).map(|s| (s.start, s.loc.bits())).collect();
        stretches.push((ids[n].0, sites, compiled.code_buffer().len()));
    }
    jit.finalize_definitions().map_err(fail)?;

    let (mut low, mut high, mut sites) = (usize::MAX, 0, Vec::new());
    for (n, (id, stretch, len)) in stretches.iter().enumerate() {
        let start = jit.get_finalized_function(*id) as usize;
        (low, high) = (low.min(start), high.max(start + len));
        sites.extend(stretch.iter().map(|(off, insn)| (start + *off as usize, *insn)));
        if functions[n].open {
            entries[n].store(start, Ordering::Release);
        }
    }
    sites.sort_unstable();
    let sites: Arc<Sites> = sites.into();
    let memory = Memory(Mutex::new(Some(jit)));
    let range = Range::register(low, high).ok_or_else(|| CompileError("too many compiled programs".into()))?;
    let mut all = SITES.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|(_, s)| s.strong_count() > 0);
    all.push((low..high, Arc::downgrade(&sites)));
    Ok(Module { entries, _sites: sites, _range: range, _memory: memory })
}
