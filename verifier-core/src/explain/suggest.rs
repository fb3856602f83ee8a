//! What is wrong and what to do, from patterns of states: never from the words of a message.

use std::cell::Cell;

use crate::analysis::{Options, System};
use crate::code;
use crate::error::{Code, MemoryMsg, Msg};
use crate::isa::opcode::*;
use crate::kernel::ProgType;
use crate::program::LoadRequest;
use crate::state::{RegBase, RegState};

use super::edit::{Edit, Sources, negated};
use super::lines::Lines;
use super::names;
use super::path::{Path, Place};
use super::slice::{Note, RawStep, Slice, is_branch};
use super::step::StepKind;
use super::value;

pub use super::remedy::*;

/// A remedy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suggestion {
    /// Stable code: `fix-null-check`.
    pub code: &'static str,
    /// What to do, for this program.
    pub text: String,
    /// Instruction that it is about, where one is.
    pub insn: Option<usize>,
    /// The change of the source that the text tells, where it is one that can be made as it is printed.
    pub edits: Vec<Edit>,
    /// What came of making it.
    pub proof: Proof,
}

/// What came of making the change that a suggestion tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Proof {
    /// It was not made.
    #[default]
    NotTried,
    /// The source was changed and compiled, and the kernel asked accepts the program.
    Accepted,
    /// The source was changed and compiled, and the program gets past this rejection; it is rejected later, in these words.
    GetsPast(String),
    /// It was made, and does not help: in these words.
    DoesNotHelp(String),
}

/// What is wrong, in few words, and what helps.
#[derive(Clone, Debug, Default)]
pub(super) struct Diagnosis {
    /// The problem in one sentence; empty where the kernel's words must do.
    pub problem: String,
    /// What stands at the failing line.
    pub here: String,
    /// Remedies, the most likely first.
    pub suggestions: Vec<Suggestion>,
}

impl Diagnosis {
    /// Adds a remedy, unless there is one of its kind.
    pub fn push(&mut self, code: &'static str, text: String, insn: Option<usize>) {
        self.push_edits(code, text, insn, Vec::new());
    }

    /// Adds a remedy that is a change of the source, unless there is one of its kind.
    pub fn push_edits(&mut self, code: &'static str, text: String, insn: Option<usize>, edits: Vec<Edit>) {
        if !self.suggestions.iter().any(|s| s.code == code) {
            self.suggestions.push(Suggestion { code, text, insn, edits, proof: Proof::NotTried });
        }
    }

    /// Says what is wrong, unless that was said.
    pub fn say(&mut self, problem: String, here: String) {
        if self.problem.is_empty() {
            self.problem = problem;
            self.here = here;
        }
    }
}

/// What the path says about the failing operand.
pub(super) struct Facts<'a> {
    /// Source files at hand.
    pub sources: Sources,
    pub system: &'a System,
    pub code: Option<Code>,
    pub cause: Option<&'a Msg>,
    pub path: &'a Path,
    pub slice: &'a Slice,
    pub request: &'a LoadRequest,
    pub lines: Lines<'a>,
    pub reg: Option<RegState>,
    /// The failing instruction.
    pub end: usize,
    /// How the analysis ran; tries of remedies run alike.
    pub options: &'a Options,
    /// Whether to stop trying.
    pub stop: &'a dyn Fn() -> bool,
    /// What tries took so far, in instructions.
    pub spent: Cell<u64>,
}

/// What gives back what a call hands out.
pub(super) fn release_of(call: &str, name: &str) -> Option<String> {
    if let Some(iter) = call.strip_prefix("bpf_iter_").and_then(|c| c.strip_suffix("_new")) {
        return Some(format!("bpf_iter_{iter}_destroy({name})"));
    }
    let f = match call {
        "bpf_ringbuf_reserve" => return Some(format!("bpf_ringbuf_discard({name}, 0)")),
        "bpf_ringbuf_reserve_dynptr" => return Some(format!("bpf_ringbuf_discard_dynptr({name}, 0)")),
        "bpf_sk_lookup_tcp" | "bpf_sk_lookup_udp" | "bpf_skc_lookup_tcp" => "bpf_sk_release",
        "bpf_task_from_pid" | "bpf_task_acquire" | "bpf_task_from_vpid" => "bpf_task_release",
        "bpf_cgroup_from_id" | "bpf_cgroup_acquire" | "bpf_cgroup_ancestor" => "bpf_cgroup_release",
        "bpf_cpumask_create" | "bpf_cpumask_acquire" => "bpf_cpumask_release",
        "bpf_obj_new_impl" => "bpf_obj_drop",
        "bpf_skb_ct_lookup" | "bpf_xdp_ct_lookup" => "bpf_ct_release",
        "bpf_get_task_exe_file" => "bpf_put_file",
        _ => return None,
    };
    Some(format!("{f}({name})"))
}

/// What ends what a call begins on its first argument.
pub(super) fn unlock_of(call: &str) -> Option<&'static str> {
    Some(match call {
        "bpf_spin_lock" => "bpf_spin_unlock",
        "bpf_res_spin_lock" => "bpf_res_spin_unlock",
        "bpf_local_irq_save" => "bpf_local_irq_restore",
        _ => return None,
    })
}

/// The helper or kernel function that an instruction calls.
pub(super) fn called(system: &System, request: &LoadRequest, insn: usize) -> Option<String> {
    if let Some(name) = (Lines { request }).helper(insn) {
        return Some(name.to_string());
    }
    let i = request.insns.get(insn).copied().unwrap_or_default();
    if i.is_kfunc_call() && i.off == 0 {
        let id = u32::try_from(i.imm).ok()?;
        return system.vmlinux.ty(id).map(|t| t.name().to_string());
    }
    None
}

/// About how far an access or a number may go.
fn is_about_bounds(code: Code) -> bool {
    let access = matches!(
        code,
        code!(
            Memory::MapValueRange
                | Memory::MapKeyRange
                | Memory::MemRange
                | Memory::MinNegative
                | Memory::Unbounded
                | Memory::StackRange
                | Memory::StackUnbounded
        )
    );
    access || code.is_stack_variable() || code.is_size() || code.is_offset() || code.is_buffer_size()
}

/// Where a pointer is needed.
fn wants_pointer(code: Code) -> bool {
    let constant = matches!(code, code!(Kfunc::NotConstant | Kfunc::ArgSizeUnknown));
    matches!(code, code!(Memory::InvalidMem | Call::ArgType)) || code.is_kfunc_argument() && !constant
}

impl Facts<'_> {
    /// Whether the rejection's code is one of those that `family` is about.
    pub fn about(&self, family: impl Fn(Code) -> bool) -> bool {
        self.code.is_some_and(family)
    }

    /// Remedies and words for the rejection.
    pub fn diagnose(&self) -> Diagnosis {
        let mut d = Diagnosis::default();
        if let Some(why) = self.poison() {
            self.poisoned(why, &mut d);
            return d;
        }
        if let Some(Msg::Call(crate::error::CallMsg::MapNeedsBtf { map, what })) = self.cause {
            self.without_btf(map, what, &mut d);
            return d;
        }
        if self.code == Some(code!(Lifetime::UnreleasedReference)) {
            self.leak(&mut d);
        } else if self.slice.steps.iter().any(|s| s.note == Note::Locked) {
            self.locked(&mut d);
        } else {
            self.values(&mut d);
        }
        if matches!(self.code, Some(code!(Memory::MemRange | Memory::MapValueRange))) {
            self.whole_object(&mut d);
        }
        self.by_rule(&mut d);
        d
    }

    /// A call that accesses a whole object of a type, where fewer bytes are.
    fn whole_object(&self, d: &mut Diagnosis) {
        if !self.lines.insn(self.end).is_kfunc_call() {
            return;
        }
        let (room, size) = match self.cause {
            Some(Msg::Memory(MemoryMsg::MapValueRange { value_size, off, size })) => {
                (i64::from(*value_size) - i64::from(*off), *size)
            }
            Some(Msg::Memory(MemoryMsg::MemRange { mem_size, off, size })) => {
                (i64::from(*mem_size) - i64::from(*off), *size)
            }
            _ => return,
        };
        let call = self.call(self.end).unwrap_or("the function".into());
        let n = (1..=5u8).find(|n| {
            self.held(*n).is_some_and(|r| value::room(&r, self.request).is_some_and(|x| x < i128::from(size)))
        });
        let arg = n.and_then(|n| self.argument(n)).map_or("what it is given".into(), |a| format!("`{a}`"));
        d.say(
            format!("{call} accesses {size} bytes through {arg}, a whole object of the parameter's type, and there are only {room}"),
            format!("{arg} has {room} bytes, {size} are needed"),
        );
        d.push(
            SMALLER_BOUND,
            format!("pass an object of the type that {call} takes, at least {size} bytes, for {arg}"),
            Some(self.end),
        );
    }

    /// The expression that failed, as the source has it.
    pub fn expression(&self) -> Option<String> {
        let line = self.lines.line(self.end)?;
        let e = line.expression();
        (!e.is_empty() && e.len() <= 40).then(|| e.to_string())
    }

    /// A name that a step of the chain gave to the value and that the failing line uses.
    fn name_from_chain(&self, wanted: impl Fn(&RegState) -> bool) -> Option<String> {
        self.name_for(self.end, wanted)
    }

    /// A name that a step of the chain gave to the value and that the line of an instruction uses.
    fn name_for(&self, user: usize, wanted: impl Fn(&RegState) -> bool) -> Option<String> {
        let text = self.lines.line(user)?.source.text;
        self.slice.steps.iter().rev().filter(|s| s.kind != StepKind::Failing).find_map(|s| {
            s.after.filter(&wanted)?;
            let name = self.value_of(s)?;
            // What the line itself assigns has no value there yet.
            let made = names::declares(&text, &name);
            (names::mentions(&text, &name) && !made).then_some(name)
        })
    }

    /// What the source calls the value that a step of the chain makes.
    pub fn value_of(&self, s: &RawStep) -> Option<String> {
        let line = self.lines.line(s.insn)?;
        let name = line.value()?;
        let insn = self.lines.insn(s.insn);
        let assigned = line.assigned() == Some(name);
        match insn.class() {
            // Arithmetic gives neither what an expression loads nor its operand: only a variable that takes the result.
            ALU | ALU64 if !assigned && (insn.op() != MOV || !names::is_name(name)) => None,
            LDX if !assigned => {
                // Of `o->sk->family` a load from the context gives `o->sk`.
                let at = s.at?;
                let frame = self.path.steps.get(at)?.frame;
                let base = super::slice::value_before(self.path, at, Place::Reg { frame, n: insn.src });
                let context = base.map_or(insn.src == 1, |b| b.ty.base == RegBase::PtrToCtx);
                Some(if context { super::expr::first_member(name).to_string() } else { name.to_string() })
            }
            _ => Some(name.to_string()),
        }
    }

    /// What the source calls the failing pointer.
    pub fn pointer_name(&self) -> Option<String> {
        let insn = self.slice.insn?;
        if insn.is_call() {
            return self.argument(self.slice.regno?);
        }
        // What the failing expression goes through, where the line says so; else what an earlier line called it.
        let written = self.expression().and_then(|e| {
            let pointer = super::expr::dereferenced(&e).filter(|p| p.len() <= 40)?;
            // `*p->x` may fail at `p` or at `p->x`: the chain knows which was loaded. Arithmetic is on what `p->x` gives.
            let access = matches!(insn.class(), LDX | ST | STX) || e.ends_with(']');
            (access && (!e.starts_with('*') || names::is_name(pointer))).then(|| pointer.to_string())
        });
        let scalar = self.reg.is_some_and(|r| r.is_scalar());
        let chain =
            || self.name_from_chain(|r| !r.is_scalar()).or_else(|| self.name_from_chain(|_| true).filter(|_| scalar));
        // An access whose line does not dereference anything has the name of what it loads, not of where from.
        let memory = matches!(insn.class(), LDX | ST | STX);
        written.or_else(chain).or_else(|| {
            let e = self.expression()?;
            if !memory {
                return Some(e);
            }
            let through = super::expr::dereferenced(&e).is_some() || !memory;
            through.then(|| names::base(&e).map(str::to_string))?
        })
    }

    /// What the source calls the number that decides.
    pub fn index_name(&self) -> Option<String> {
        let insn = self.slice.insn?;
        if insn.is_call() {
            let own = self.slice.regno.and_then(|n| self.argument(n));
            return own
                .filter(|_| self.reg.is_some_and(|r| r.is_scalar()))
                .or_else(|| self.name_from_chain(RegState::is_scalar));
        }
        let indexed = self.expression().and_then(|e| names::index(&e).map(str::to_string));
        let whole = || {
            let line = self.lines.line(self.end)?;
            let code = line.source.text.get(..names::code_end(&line.source.text))?;
            names::index(code).map(str::to_string)
        };
        let added = || self.name_for(self.slice.index.as_ref()?.added?, RegState::is_scalar);
        // What an earlier line called the number, wherever that was added.
        let earlier = || {
            let named = self.slice.steps.iter().rev().filter(|s| s.after.is_some_and(|r| r.is_scalar()));
            named.filter_map(|s| self.value_of(s)).find(|n| names::is_name(n))
        };
        // Of `cell[row][col]` only the chain knows which is too large.
        let indexed = indexed.filter(|_| self.expression().is_none_or(|e| e.matches('[').count() < 2));
        indexed.or_else(|| self.name_from_chain(RegState::is_scalar)).or_else(added).or_else(whole).or_else(earlier)
    }

    /// `` `s` `` or `R0`.
    pub fn subject(&self) -> String {
        match (self.pointer_name(), self.slice.regno) {
            (Some(name), _) => format!("`{name}`"),
            (None, Some(n)) => format!("R{n}"),
            (None, None) => "the value".into(),
        }
    }

    /// What a step's call is called: `bpf_skb_pull_data()`.
    pub fn call(&self, insn: usize) -> Option<String> {
        called(self.system, self.request, insn).map(|n| format!("{n}()"))
    }

    pub fn established(&self) -> Option<&RawStep> {
        self.slice.steps.iter().find(|s| s.kind == StepKind::Established)
    }

    /// What the source passes as an argument of the failing call.
    pub fn argument(&self, n: u8) -> Option<String> {
        let call = self.call(self.end)?;
        self.lines.argument_of(self.end, call.trim_end_matches("()"), n)
    }

    /// What a register held before the failing instruction.
    pub fn held(&self, n: u8) -> Option<RegState> {
        let last = self.path.last.as_ref()?;
        let now = last.frame().regs.get(usize::from(n)).copied()?;
        if now.ty.base != RegBase::NotInit {
            return Some(now);
        }
        let frame = last.top_frame() as u8;
        super::slice::value_before(self.path, self.path.steps.len(), Place::Reg { frame, n })
    }

    fn leak(&self, d: &mut Diagnosis) {
        let Some(step) = self.slice.steps.iter().find(|s| s.note == Note::Acquired) else { return };
        let call = self.call(step.insn);
        let dynptr = call.as_deref().is_some_and(|c| c.contains("dynptr"));
        let iterator = call.as_deref().is_some_and(|c| c.starts_with("bpf_iter_"));
        let bare = call.as_deref().map_or("", |c| c.trim_end_matches("()"));
        let named = self.handed_out_as(step.insn, bare);
        let name = named.clone().unwrap_or(
            if iterator {
                "&it"
            } else if dynptr {
                "&ptr"
            } else {
                "it"
            }
            .into(),
        );
        let release = release_of(bare, &name).map_or("release it".into(), |r| format!("call `{r}`"));
        let what = call.as_deref().map_or("the reference".into(), |c| format!("what {c} handed out"));
        let at = self.lines.place(step.insn);
        d.say(
            format!("{what} at {at} is not given back on every path"),
            format!("the program ends here and still holds it ({at})"),
        );
        let branch = self.slice.steps.iter().find(|s| s.note == Note::LeavesWithout);
        let null = !iterator && !dynptr && branch.is_none_or(|b| self.way_out_is_last(b));
        let statement = release_of(bare, &name).filter(|_| named.is_some()).map(|r| match null {
            // Other paths come here, too, and on some of them there may be nothing to give back.
            true => format!("if ({name}) {r};"),
            false => format!("{r};"),
        });
        // What a loop hands out again and again has to be given back in each round.
        let again = |insn: usize| {
            insn != step.insn
                && self.lines.place(insn) == at
                && called(self.system, self.request, insn).as_deref() == Some(bare)
        };
        let times = self.path.steps.iter().filter(|s| s.insn == step.insn).count();
        // The compiler may have unrolled it.
        if times > 1 || self.path.steps.iter().any(|s| again(s.insn)) {
            let text =
                format!("{release} in every round, before the loop comes to {at} again, and after its last round");
            d.push(RELEASE, text, Some(step.insn));
            return;
        }
        let edits = statement.as_ref().map_or(Vec::new(), |s| self.on_the_way_out(s, branch));
        let release = match (&statement, null) {
            (Some(s), true) => format!("add `{s}`"),
            _ => release,
        };
        let text = match branch {
            Some(b) => format!("{release} on the path that begins at {}, before it returns", self.lines.place(b.insn)),
            None => format!("{release} before the program returns"),
        };
        let even = if dynptr { "; a dynptr must be given back even when reserving it failed" } else { "" };
        d.push_edits(RELEASE, format!("{text}{even}"), Some(step.insn), edits);
    }

    /// What the source calls what a call hands out: the variable that it is assigned to, or the argument that it fills.
    pub fn handed_out_as(&self, insn: usize, call: &str) -> Option<String> {
        if call.starts_with("bpf_iter_") {
            return self.lines.argument_of(insn, call, 1);
        }
        if call == "bpf_ringbuf_reserve_dynptr" {
            return self.lines.argument(insn, 4);
        }
        if call == "bpf_local_irq_save" {
            return self.lines.argument_of(insn, call, 1);
        }
        self.lines.line(insn).and_then(|l| l.assigned().map(str::to_string))
    }

    fn locked(&self, d: &mut Diagnosis) {
        let Some(step) = self.slice.steps.iter().find(|s| s.note == Note::Locked) else { return };
        let at = self.lines.place(step.insn);
        let takes = self.call(step.insn).unwrap_or_default();
        let lock = self.lines.argument_of(step.insn, takes.trim_end_matches("()"), 1).unwrap_or_default();
        let ends = unlock_of(takes.trim_end_matches("()")).map(|u| format!("{u}({lock})"));
        let (unlock, what) = match takes.as_str() {
            "bpf_rcu_read_lock()" => ("bpf_rcu_read_unlock()".into(), "the RCU section"),
            "bpf_preempt_disable()" => ("bpf_preempt_enable()".into(), "the section without preemption"),
            "bpf_local_irq_save()" => (ends.unwrap_or_default(), "the section without interrupts"),
            _ => (ends.unwrap_or("the matching unlock".into()), "the lock"),
        };
        let insn = self.slice.insn.unwrap_or_default();
        let call = self.call(self.end).unwrap_or("a function".into());
        if insn.is_call() && call == "bpf_spin_lock()" {
            d.say(
                format!("a second lock is taken while the one taken at {at} is held, and a program may hold only one"),
                "a second lock here".into(),
            );
            let text = format!(
                "give back the first one before {}: `{unlock};`, or let one lock guard both",
                self.lines.place(self.end)
            );
            d.push(UNLOCK, text, Some(step.insn));
            return;
        }
        if insn.is_call() {
            d.say(
                format!("{call} is called while {what} that begins at {at} is held")
                    .replace("the lock that begins", "the lock taken"),
                format!("{call} may not be called here")
                    .replace("here", if what == "the lock" { "under a lock" } else { "in such a section" }),
            );
            d.push(
                UNLOCK,
                format!("call {call} before {at} and keep its result, or after `{unlock}`"),
                Some(step.insn),
            );
            return;
        }
        d.say(
            format!(
                "{what} {} at {at} is still {} where the program ends",
                if what == "the lock" { "taken" } else { "begun" },
                if what == "the lock" { "held" } else { "open" }
            ),
            format!("the program ends here with {what} {}", if what == "the lock" { "held" } else { "open" }),
        );
        let branch = self.slice.steps.iter().find(|s| s.note == Note::LeavesWithout);
        let known = unlock.ends_with(')') && !unlock.ends_with("()") || unlock.starts_with("bpf_");
        let edits = if known { self.on_the_way_out(&format!("{unlock};"), branch) } else { Vec::new() };
        let text = match branch {
            Some(b) => {
                format!("call `{unlock}` on the path that begins at {}, before it returns", self.lines.place(b.insn))
            }
            None => format!("call `{unlock}` before the program returns"),
        };
        d.push_edits(UNLOCK, text, Some(step.insn), edits);
    }

    /// Patterns on the value of the failing operand.
    fn values(&self, d: &mut Diagnosis) {
        let Some(reg) = self.reg else { return };
        let pointer = matches!(
            reg.ty.base,
            RegBase::PtrToMapValue | RegBase::PtrToMapKey | RegBase::PtrToMem | RegBase::PtrToStack | RegBase::PtrToBuf
        );
        let about_bounds = self.about(is_about_bounds);
        let object = self.slice.object.map_or(reg, |(_, o)| o);
        if object.ty.base == RegBase::PtrToMem
            && matches!(self.code, Some(code!(Register::PointerOrNull | Memory::MemRange)))
        {
            self.global_argument(&object, d);
            if !d.suggestions.is_empty() && !reg.ty.may_be_null() {
                return;
            }
        }
        if reg.ty.may_be_null() && !reg.is_scalar() {
            self.null(&reg, d);
        } else if reg.ty.base == RegBase::NotInit {
            self.uninitialised(d);
        } else if matches!(reg.ty.base, RegBase::PtrToPacket | RegBase::PtrToPacketMeta)
            && matches!(self.code, Some(code!(Memory::PacketRange | Memory::PacketOutside)))
        {
            self.packet(&reg, d);
        } else if reg.is_scalar() && self.about(wants_pointer) {
            self.number_as_pointer(&reg, d);
        } else if (about_bounds && (pointer || reg.is_scalar()))
            || (reg.is_scalar() && self.code == Some(code!(Memory::PacketRange)))
        {
            self.bounds(d);
        }
    }

    /// A pointer that a global function takes: the kernel verifies the function alone, with as many bytes behind it as
    /// the type that is pointed to has.
    fn global_argument(&self, reg: &RegState, d: &mut Diagnosis) {
        let size = reg.mem_size();
        let argument =
            self.slice.steps.iter().all(|s| {
                matches!(s.kind, StepKind::Copied | StepKind::Computed | StepKind::Checked | StepKind::Failing)
            });
        let indexed = self.expression().is_some_and(|e| e.contains('[') || e.starts_with('*'));
        if !argument || !indexed || size > 8 {
            return;
        }
        let v = self.subject();
        let null = if reg.ty.may_be_null() { ", or null" } else { "" };
        d.say(
            format!("{v} is an argument of a global function, and to the verifier it points to {size} byte{}, the size of its type{null}", if size == 1 { "" } else { "s" }),
            format!("{v} has {size} byte{} here{null}", if size == 1 { "" } else { "s" }),
        );
        d.push(
            GLOBAL_ARGUMENT,
            "make the function `static`, so that it is verified with what its callers pass, or take a pointer to a struct or array that is as large as what is accessed (`struct text { char s[16]; } *`), and check it for null".into(),
            None,
        );
    }

    fn null(&self, reg: &RegState, d: &mut Diagnosis) {
        let (v, established) = (self.subject(), self.established());
        let name = self.pointer_name().unwrap_or("p".into());
        let origin = established.and_then(|s| {
            let call = self.call(s.insn)?;
            Some(format!(": {call} at {} returns null when it fails", self.lines.place(s.insn)))
        });
        let insn = self.slice.insn.unwrap_or_default();
        let used = if insn.is_call() { "passed on" } else { "used" };
        d.say(
            format!("{v} may be null where it is {used}{}", origin.unwrap_or_default()),
            format!("{v} may be null here"),
        );
        let at = self.lines.place(self.end);
        let from = established.map(|s| self.lines.place(s.insn));
        let after = match from {
            Some(f) if f == at => return self.null_on_one_line(&name, reg, established, d),
            Some(f) => format!(" after {f} and"),
            None => String::new(),
        };
        let insn = established.map(|s| s.insn);
        let mut check = format!("if ({}) {}", negated(&name), self.leaving());
        let stands = names::is_name(&name) && self.null_check_stands(&name, established.map(|s| s.insn));
        if stands {
            // The compiler knows the outcome of the check that stands there, and would drop a second one.
            check = format!("asm volatile(\"\" : \"+r\"({name})); {check}");
        }
        let (besides, edits) = match self.pointer_name() {
            Some(_) => self.before(self.end, &check),
            None => ("", Vec::new()),
        };
        if stands {
            let text = format!(
                "{v} was compared with null before, but what is used at {at} is another copy of it, for which the kernel does not know that: hide the value from the compiler and check the one that is used{besides}: `{check}`"
            );
            d.push_edits(NULL_CHECK_COPY, text, insn, edits);
            return;
        }
        if self.checked_sibling(reg) {
            let text = format!(
                "the check on this path is of another pointer: check {v} as well,{after} before {at}{besides}: `{check}`"
            );
            d.push_edits(NULL_CHECK_COPY, text, insn, edits.clone());
        }
        d.push_edits(NULL_CHECK, format!("check {v}{after} before {at}{besides}: `{check}`"), insn, edits);
    }

    /// The pointer is made and used on one line: it needs a name, and a line between.
    fn null_on_one_line(&self, name: &str, reg: &RegState, from: Option<&RawStep>, d: &mut Diagnosis) {
        let at = self.lines.place(self.end);
        let line = self.lines.line(self.end);
        let text = line.as_ref().map_or("", |l| l.source.text.as_str());
        // A statement of its own that assigns the variable, earlier on a line of several.
        if names::assigns(text, name) {
            let check = format!("if ({}) {}", negated(name), self.leaving());
            let text = format!("on {at}, between where `{name}` is assigned and where it is used: `{check}`");
            d.push(NULL_CHECK, text, from.map(|s| s.insn));
            return;
        }
        let ty = match reg.ty.base {
            RegBase::PtrToSocket | RegBase::PtrToSockCommon | RegBase::PtrToTcpSock => match reg.ty.base {
                RegBase::PtrToTcpSock => "struct bpf_tcp_sock *".to_string(),
                _ => "struct bpf_sock *".to_string(),
            },
            _ => "__auto_type ".to_string(),
        };
        let short = name.rsplit(['>', '.', '*', ' ']).next().filter(|n| names::is_name(n)).unwrap_or("p");
        let short = if short == name { format!("{short}_") } else { short.to_string() };
        let check = format!("{ty}{short} = {name}; if (!{short}) {}", self.leaving());
        let check = match self.needs_full_socket(reg) {
            true => format!("{check} {short} = bpf_sk_fullsock({short}); if (!{short}) {}", self.leaving()),
            false => check,
        };
        let (besides, edits) = self.copied_before(self.end, &check, name, &short);
        let text = format!(
            "read it once, check that, and use it: `{check}` before {at}{besides}, and `{short}` in place of `{name}` there"
        );
        d.push_edits(NULL_CHECK, text, from.map(|s| s.insn), edits);
    }

    /// Whether the access is to a member that only full sockets have.
    fn needs_full_socket(&self, reg: &RegState) -> bool {
        use crate::kernel::prog_types::{SockKind, sock_access};
        use crate::state::RegBase::PtrToSockCommon;
        let insn = self.slice.insn.unwrap_or_default();
        let allowed = |kind| sock_access(kind, i32::from(insn.off), insn.access_size()).allowed();
        reg.ty.base == PtrToSockCommon && insn.class() == LDX && !allowed(SockKind::Common) && allowed(SockKind::Full)
    }

    fn uninitialised(&self, d: &mut Diagnosis) {
        let insn = self.slice.insn.unwrap_or_default();
        if insn.is_exit() {
            d.say("the program ends without a return value".into(), "nothing was returned on this path".into());
            d.push(INITIALISE, "return a value on every path: `return 0;`".into(), None);
            return;
        }
        let v = self.subject();
        d.say(format!("{v} was never given a value on this path"), format!("{v} is read here and holds nothing"));
        d.push(INITIALISE, format!("give {v} a value where it is declared"), None);
    }

    /// A number where a pointer is needed: it never was one, or a call took its meaning away.
    fn number_as_pointer(&self, reg: &RegState, d: &mut Diagnosis) {
        let v = self.subject();
        let lost = self.slice.steps.iter().rev().find(|s| {
            s.kind == StepKind::Lost && s.before.is_some_and(|b| !b.is_scalar() && b.ty.base != RegBase::NotInit)
        });
        if let Some((step, before)) = lost.and_then(|s| Some((s, s.before?))) {
            let call = self.call(step.insn).unwrap_or("a call".into());
            let at = self.lines.place(step.insn);
            if matches!(before.ty.base, RegBase::PtrToPacket | RegBase::PtrToPacketEnd | RegBase::PtrToPacketMeta) {
                d.say(
                    format!("{v} points to where the packet was before {call} at {at}, which may move it"),
                    format!("{v} is no packet pointer any more"),
                );
                let again = self.pointer_name().unwrap_or("the pointer".into());
                let text = format!(
                    "after {at}, read data and data_end from the context again, compute `{again}` again, and compare it \
                     with data_end again"
                );
                d.push(PACKET_RECHECK, text, Some(step.insn));
                return;
            }
            d.say(format!("{v} is used after {call} at {at} gave it back"), format!("{v} is not valid any more"));
            d.push(
                USE_BEFORE_RELEASE,
                format!("read what you need from {v} before {at}, or call {call} later"),
                Some(step.insn),
            );
            return;
        }
        if reg.scalar.is_const() && reg.scalar.var_off.value == 0 {
            d.say(format!("{v} is null on this path"), format!("{v} is null here"));
            let place = self.lines.place(self.end);
            match self.pointer_name().filter(|n| names::is_name(n)) {
                Some(name) => {
                    let check = format!("if (!{name}) {}", self.leaving());
                    let (besides, edits) = self.before(self.end, &check);
                    d.push_edits(
                        NULL_CHECK,
                        format!("leave before {place}{besides} where {v} is null: `{check}`"),
                        None,
                        edits,
                    );
                }
                None => d.push(NULL_CHECK, format!("leave before {place} where {v} is null"), None),
            }
            return;
        }
        let origin = self.established();
        let from = origin.and_then(|s| self.call(s.insn)).map_or(String::new(), |c| format!(" ({c} returns one)"));
        d.say(
            format!("{v} is used as a pointer, but for the verifier it is a plain number{from}"),
            format!("{v} is {}, not a pointer that may be followed", value::scalar(reg)),
        );
        let user = self.request.prog_type == ProgType::Tracepoint as u32
            && origin.is_some_and(|s| self.lines.insn(s.insn).class() == LDX);
        let helper = if user { "bpf_probe_read_user" } else { "bpf_probe_read_kernel" };
        let what = self.expression().unwrap_or("p->field".into());
        let address = what.strip_prefix('*').map_or_else(|| format!("&{what}"), str::to_string);
        let other = match origin.and_then(|s| self.lines.helper(s.insn)) {
            Some("bpf_get_current_task") => ", or get a pointer that may be followed from `bpf_get_current_task_btf()`",
            _ if user => ", or `bpf_probe_read_kernel()` if it is an address of the kernel",
            _ => ", or `bpf_probe_read_user()` if it is an address of user space",
        };
        d.push(
            PROBE_READ,
            format!("copy what is behind it: `{helper}(&x, sizeof(x), {address})`{other}"),
            origin.map(|s| s.insn),
        );
    }

    /// Some other pointer of the same kind was compared with null on this path.
    fn checked_sibling(&self, reg: &RegState) -> bool {
        self.path.steps.iter().any(|s| {
            is_branch(self.lines.insn(s.insn))
                && s.changes.iter().any(|c| match (&c.before, &c.after) {
                    (Some(b), Some(a)) => {
                        b.ty == reg.ty
                            && b.id != reg.id
                            && !a.ty.may_be_null()
                            && a.ty.base == b.ty.base
                            && self.still_used(c.place)
                    }
                    _ => false,
                })
        })
    }

    /// The place is one that outlives calls: what was checked there was kept.
    fn still_used(&self, place: Place) -> bool {
        !matches!(place, Place::Reg { n: 0..=5, .. })
    }
}
