//! What is wrong and what to do, from patterns of states: never from the words of a message.

use crate::analysis::System;
use crate::error::{CallMsg, Msg};
use crate::isa::opcode::*;
use crate::kernel::AttachType;
use crate::kernel::ProgType;
use crate::kernel::helpers::{self, HelperCaps, HelperQuery};
use crate::program::LoadRequest;
use crate::state::{RegBase, RegState, TypeFlags};

use super::StepKind;
use super::lines::Lines;
use super::names;
use super::path::{Path, Place};
use super::slice::{Note, RawStep, Slice, is_branch};
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
        if !self.suggestions.iter().any(|s| s.code == code) {
            self.suggestions.push(Suggestion { code, text, insn });
        }
    }

    fn say(&mut self, problem: String, here: String) {
        if self.problem.is_empty() {
            self.problem = problem;
            self.here = here;
        }
    }
}

/// What the path says about the failing operand.
pub(super) struct Facts<'a> {
    pub system: &'a System,
    pub code: &'a str,
    pub cause: Option<&'a Msg>,
    pub path: &'a Path,
    pub slice: &'a Slice,
    pub request: &'a LoadRequest,
    pub lines: Lines<'a>,
    pub reg: Option<RegState>,
    /// The failing instruction.
    pub end: usize,
}

/// What gives back what a call hands out.
fn release_of(call: &str, name: &str) -> Option<String> {
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

impl Facts<'_> {
    pub fn starts(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|p| self.code.starts_with(p))
    }

    /// Remedies and words for the rejection.
    pub fn diagnose(&self) -> Diagnosis {
        let mut d = Diagnosis::default();
        if self.starts(&["ref-leak"]) {
            self.leak(&mut d);
        } else if self.slice.steps.iter().any(|s| s.note == Note::Locked) {
            self.locked(&mut d);
        } else {
            self.values(&mut d);
        }
        self.by_rule(&mut d);
        d
    }

    /// The expression that failed, as the source has it.
    fn expression(&self) -> Option<String> {
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
            let line = self.lines.line(s.insn)?;
            let name = line.assigned()?;
            names::mentions(&text, name).then(|| name.to_string())
        })
    }

    /// What the source calls the failing pointer.
    pub fn pointer_name(&self) -> Option<String> {
        let insn = self.slice.insn?;
        if insn.is_call() {
            return self.lines.argument(self.end, self.slice.regno?);
        }
        let scalar = self.reg.is_some_and(|r| r.is_scalar());
        let chain =
            self.name_from_chain(|r| !r.is_scalar()).or_else(|| self.name_from_chain(|_| true).filter(|_| scalar));
        chain.or_else(|| {
            let e = self.expression()?;
            names::base(&e).map(str::to_string)
        })
    }

    /// What the source calls the number that decides.
    pub fn index_name(&self) -> Option<String> {
        let insn = self.slice.insn?;
        if insn.is_call() {
            let own = self.slice.regno.and_then(|n| self.lines.argument(self.end, n));
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
        indexed.or_else(|| self.name_from_chain(RegState::is_scalar)).or_else(added).or_else(whole)
    }

    /// `` `s` `` or `R0`.
    fn subject(&self) -> String {
        match (self.pointer_name(), self.slice.regno) {
            (Some(name), _) => format!("`{name}`"),
            (None, Some(n)) => format!("R{n}"),
            (None, None) => "the value".into(),
        }
    }

    /// What a step's call is called: `bpf_skb_pull_data()`.
    pub fn call(&self, insn: usize) -> Option<String> {
        if let Some(name) = self.lines.helper(insn) {
            return Some(format!("{name}()"));
        }
        let i = self.lines.insn(insn);
        if i.is_kfunc_call() && i.off == 0 {
            let id = u32::try_from(i.imm).ok()?;
            return self.system.vmlinux.ty(id).map(|t| format!("{}()", t.name()));
        }
        None
    }

    fn established(&self) -> Option<&RawStep> {
        self.slice.steps.iter().find(|s| s.kind == StepKind::Established)
    }

    fn leak(&self, d: &mut Diagnosis) {
        let Some(step) = self.slice.steps.iter().find(|s| s.note == Note::Acquired) else { return };
        let call = self.call(step.insn);
        let line = self.lines.line(step.insn);
        let dynptr = call.as_deref().is_some_and(|c| c.contains("dynptr"));
        let name = if dynptr {
            self.lines.argument(step.insn, 4).unwrap_or("&ptr".into())
        } else {
            line.and_then(|l| l.assigned().map(str::to_string)).unwrap_or("it".into())
        };
        let bare = call.as_deref().map_or("", |c| c.trim_end_matches("()"));
        let release = release_of(bare, &name).map_or("release it".into(), |r| format!("call `{r}`"));
        let what = call.map_or("the reference".into(), |c| format!("what {c} handed out"));
        let at = self.lines.place(step.insn);
        d.say(
            format!("{what} at {at} is not given back on every path"),
            format!("the program ends here and still holds it ({at})"),
        );
        let branch = self.slice.steps.iter().find(|s| s.note == Note::LeavesWithout);
        let text = match branch {
            Some(b) => format!("{release} on the path that begins at {}, before it returns", self.lines.place(b.insn)),
            None => format!("{release} before the program returns"),
        };
        let even = if dynptr { "; a dynptr must be given back even when reserving it failed" } else { "" };
        d.push(RELEASE, format!("{text}{even}"), Some(step.insn));
    }

    fn locked(&self, d: &mut Diagnosis) {
        let Some(step) = self.slice.steps.iter().find(|s| s.note == Note::Locked) else { return };
        let at = self.lines.place(step.insn);
        let lock = self.lines.argument(step.insn, 1);
        let unlock = match (self.call(step.insn).as_deref(), lock) {
            (Some("bpf_spin_lock()"), Some(lock)) => format!("bpf_spin_unlock({lock})"),
            (Some("bpf_spin_lock()"), None) => "bpf_spin_unlock()".into(),
            _ => "the matching unlock".into(),
        };
        let insn = self.slice.insn.unwrap_or_default();
        if insn.is_call() {
            let call = self.call(self.end).unwrap_or("a function".into());
            d.say(
                format!("{call} is called while the lock taken at {at} is held"),
                format!("{call} may not be called under a lock"),
            );
            d.push(
                UNLOCK,
                format!("call {call} before {at} and keep its result, or after `{unlock}`"),
                Some(step.insn),
            );
            return;
        }
        d.say(
            format!("the lock taken at {at} is still held where the program ends"),
            "the program ends here with the lock held".into(),
        );
        let branch = self.slice.steps.iter().find(|s| s.note == Note::LeavesWithout);
        let text = match branch {
            Some(b) => {
                format!("call `{unlock}` on the path that begins at {}, before it returns", self.lines.place(b.insn))
            }
            None => format!("call `{unlock}` before the program returns"),
        };
        d.push(UNLOCK, text, Some(step.insn));
    }

    /// Patterns on the value of the failing operand.
    fn values(&self, d: &mut Diagnosis) {
        let Some(reg) = self.reg else { return };
        let pointer = matches!(
            reg.ty.base,
            RegBase::PtrToMapValue | RegBase::PtrToMapKey | RegBase::PtrToMem | RegBase::PtrToStack | RegBase::PtrToBuf
        );
        let about_bounds = self.starts(&[
            "mem-map-value-range",
            "mem-map-key-range",
            "mem-region-range",
            "mem-min-negative",
            "mem-unbounded",
            "mem-stack-range",
            "mem-stack-variable",
            "mem-stack-unbounded",
            "call-size",
            "ptr-offset",
            "kfunc-buf",
        ]);
        if reg.ty.may_be_null() && !reg.is_scalar() {
            self.null(&reg, d);
        } else if reg.ty.base == RegBase::NotInit {
            self.uninitialised(d);
        } else if matches!(reg.ty.base, RegBase::PtrToPacket | RegBase::PtrToPacketMeta)
            && self.starts(&["mem-packet-range", "mem-packet-outside"])
        {
            self.packet(&reg, d);
        } else if reg.is_scalar() && self.starts(&["mem-invalid-access", "call-arg-type", "kfunc-arg"]) {
            self.number_as_pointer(&reg, d);
        } else if about_bounds && (pointer || reg.is_scalar()) {
            self.bounds(d);
        } else if reg.is_scalar() && self.starts(&["mem-packet-range"]) {
            self.bounds(d);
        }
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
        let after = established.map_or(String::new(), |s| format!(" after {} and", self.lines.place(s.insn)));
        let insn = established.map(|s| s.insn);
        if self.checked_sibling(reg) {
            let text = format!(
                "the check on this path is of another pointer: check {v} as well,{after} before {at}: `if (!{name}) return …;`"
            );
            d.push(NULL_CHECK_COPY, text, insn);
        }
        d.push(NULL_CHECK, format!("check {v}{after} before {at}: `if (!{name}) return …;`"), insn);
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
            d.push(NULL_CHECK, format!("leave before {} where {v} is null", self.lines.place(self.end)), None);
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

    /// The packet was never compared with its end, or not far enough.
    fn packet(&self, reg: &RegState, d: &mut Diagnosis) {
        if let Some(index) = &self.slice.index
            && !index.value.scalar.is_const()
        {
            self.bounds(d);
            if !d.suggestions.is_empty() {
                return;
            }
        }
        let insn = self.slice.insn.unwrap_or_default();
        let memory = matches!(insn.class(), LDX | ST | STX);
        let (off, size) = if memory { (i32::from(insn.off), insn.access_size() as i32) } else { (0, 0) };
        let fixed = reg.off + off;
        let checked = reg.range().max(0);
        let (v, what) = (self.subject(), self.expression().map_or("the access".into(), |e| format!("`{e}`")));
        let name = self.pointer_name();
        let bytes = |n: i32| if n == 1 { "1 byte".to_string() } else { format!("{n} bytes") };
        let known = match checked {
            0 => "no byte was compared with data_end".to_string(),
            n => format!("only {} were compared with data_end", bytes(n)),
        };
        let needs = if memory {
            format!("{what} needs {} from there on", bytes(fixed + size))
        } else {
            format!("{what} needs more")
        };
        if reg.scalar.is_const() {
            d.say(
                format!("{what} reaches beyond what is known of the packet: it ends at byte {}, {known}", fixed + size),
                format!("{needs}; {known}"),
            );
        } else {
            d.say(
                format!("{v} was moved by a number, and not compared with data_end after that"),
                format!("{what} is behind the moved {v}; {known} since"),
            );
        }
        let check = match name {
            // One element of what a pointer to a struct points at covers its members; of bytes it would be one byte.
            Some(n) if !insn.is_call() && what.contains("->") => {
                format!("`if ((void *)({n} + 1) > data_end) return …;`")
            }
            Some(n) if !insn.is_call() => format!("`if ((void *){n} + {} > data_end) return …;`", (off + size).max(1)),
            _ => format!("`if (data + {} > data_end) return …;`", (fixed + size).max(1)),
        };
        let text = match (checked, self.last_packet_check()) {
            (n, Some(at)) if n > 0 && reg.scalar.is_const() => format!(
                "make the check at {} cover {} from the start of the packet: {check}",
                self.lines.place(at),
                bytes(fixed + size)
            ),
            _ => format!("compare before {}: {check}", self.lines.place(self.end)),
        };
        d.push(PACKET_CHECK, text, None);
    }

    fn last_packet_check(&self) -> Option<usize> {
        let checked = self
            .slice
            .steps
            .iter()
            .rev()
            .find(|s| s.kind == StepKind::Checked && s.after.is_some_and(|a| a.range() > 0));
        checked.map(|s| s.insn)
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

    /// The helpers of another program type, and which this one offers instead.
    fn other_helper(&self, d: &mut Diagnosis) {
        let Some(call) = self.lines.helper(self.end) else { return };
        let Some(ty) = ProgType::from_number(self.request.prog_type) else { return };
        let query = |ty: ProgType| HelperQuery {
            kernel: &self.system.kernel,
            prog_type: ty,
            resolved: ty,
            attach_type: AttachType::from_number(self.request.expected_attach_type)
                .unwrap_or(AttachType::CgroupInetIngress),
            sleepable: false,
            caps: HelperCaps { bpf: true, perfmon: true, sys_admin: true },
            attach_name: "",
            attaches_to_prog: false,
            struct_ops: "",
            member: "",
        };
        let name = ty.name().to_ascii_lowercase();
        d.say(format!("{call}() is not offered to programs of type {name}"), format!("{call}() cannot be called here"));
        // `bpf_skb_load_bytes` and `bpf_xdp_load_bytes` do the same for different contexts.
        let verb = |n: &str| n.splitn(3, '_').nth(2).map(str::to_string);
        let twin = (1..512u32).find_map(|id| {
            let n = helpers::name_of(id)?;
            (n != call && verb(n).is_some() && verb(n) == verb(call) && helpers::prototype(&query(ty), id).is_some())
                .then_some(n)
        });
        let id = u32::try_from(self.lines.insn(self.end).imm).unwrap_or(0);
        let types: Vec<String> = ProgType::ALL
            .iter()
            .filter(|t| helpers::prototype(&query(**t), id).is_some())
            .map(|t| t.name().to_ascii_lowercase())
            .collect();
        let who = match types.len() {
            0 => String::new(),
            1..=5 => format!("; only programs of type {} have it", types.join(", ")),
            _ => format!("; among others, programs of type {} have it", types[..4].join(", ")),
        };
        let text = match twin {
            Some(t) => format!("call {t}() instead, which programs of type {name} have"),
            None => format!("use another helper{who}"),
        };
        d.push(OTHER_HELPER, text, Some(self.end));
    }

    /// What the rule alone says.
    fn by_rule(&self, d: &mut Diagnosis) {
        if self.starts(&["call-helper-not-offered"]) {
            self.other_helper(d);
        }
        if self.starts(&["call-may-sleep"]) {
            let call = self.call(self.end).unwrap_or("the helper".into());
            d.say(
                format!("{call} may sleep, and this program runs where sleeping is impossible"),
                format!("{call} may sleep"),
            );
            let twin = if call.starts_with("bpf_copy_from_user") {
                "call `bpf_probe_read_user()` instead, which does not sleep"
            } else {
                "use a helper that does not sleep"
            };
            d.push(
                OTHER_HELPER,
                format!("{twin}, or make the program sleepable where its type allows that (section name with `.s`)"),
                Some(self.end),
            );
        }
        if let Some(Msg::Call(CallMsg::ReturnRange { smin, smax, min, max, .. })) = self.cause {
            let is = if smin == smax {
                format!("{}", *smin as i32)
            } else {
                value::range(i128::from(*smin), i128::from(*smax))
            };
            let is = if *smin == i64::MIN && *smax == i64::MAX { "any number".into() } else { is };
            d.say(
                format!("the program may return {is}, and only {min}..={max} means something here"),
                format!("the return value is {is}; allowed: {min}..={max}"),
            );
            let at = self.established().map(|s| s.insn);
            let place = at.map_or(String::new(), |i| format!(" at {}", self.lines.place(i)));
            d.push(RETURN_VALUE, format!("return a number from {min}..={max}{place} and on every other path"), at);
        }
        if self.starts(&["loop-infinite"]) {
            d.say(
                "nothing changes from round to round of this loop, so it may never end".into(),
                "the same state again: a loop without progress".into(),
            );
            d.push(
                BOUND_LOOP,
                "count the rounds and leave after a constant number: `for (int i = 0; i < 1000 && …; i++)`".into(),
                None,
            );
        }
        let rounds = self.slice.steps.iter().find(|s| s.note == Note::Round);
        if self.starts(&["limit-insns", "limit-jump-sequence"])
            && let Some(r) = rounds
        {
            d.say(
                "the kernel gave up: it follows loops round by round, and this one has no end that it can see".into(),
                "given up here, in the middle of a loop".into(),
            );
            let at = self.lines.place(r.insn);
            d.push(
                BOUND_LOOP,
                format!("give the loop at {at} a constant bound besides: `i < n && i < 256`, or use `bpf_loop()`"),
                Some(r.insn),
            );
        }
        if self.starts(&["call-map-type"]) {
            let call = self.call(self.end).unwrap_or("the helper".into());
            let map =
                self.reg.map(|r| value::words(&r, self.request, &self.system.vmlinux)).unwrap_or("the map".into());
            let kind = self.reg.and_then(|r| r.map()).and_then(|m| self.request.maps.get(m.0 as usize));
            let kind = kind
                .and_then(|m| crate::kernel::MapType::from_number(m.map_type))
                .map_or(String::new(), |t| t.name().to_ascii_lowercase());
            d.say(format!("{call} does not work on {map}, which is a {kind} map"), format!("{map} is a {kind} map"));
            let twin = match kind.as_str() {
                "ringbuf" => ": `bpf_ringbuf_output()` or `bpf_ringbuf_reserve()` for a ring buffer",
                "perf_event_array" => ": `bpf_perf_event_output()` for this one",
                "prog_array" => ": `bpf_tail_call()` for this one",
                _ => "",
            };
            d.push(MAP_TYPE, format!("use a helper for {kind} maps{twin}, or another type of map"), None);
        }
        if self.starts(&["call-gpl", "kfunc-gpl", "policy-gpl"]) {
            let call = self.call(self.end).unwrap_or("the function".into());
            d.say(
                format!("{call} is for programs under the GPL, and this one says `{}`", self.request.license),
                format!("{call} needs a GPL-compatible licence"),
            );
        }
        if self.starts(&["mem-ctx"]) {
            let insn = self.slice.insn.unwrap_or_default();
            let what = self.expression().filter(|e| e.contains("->")).map_or("the field".into(), |e| format!("`{e}`"));
            let verb = if insn.class() == LDX { "read" } else { "write" };
            let ty =
                ProgType::from_number(self.request.prog_type).map_or(String::new(), |t| t.name().to_ascii_lowercase());
            d.say(
                format!("programs of type {ty} cannot {verb} {what} of the context"),
                format!(
                    "byte {} of the context cannot be {} here",
                    insn.off,
                    if verb == "read" { "read" } else { "written" }
                ),
            );
            let packet = matches!(ty.as_str(), "socket_filter") && insn.class() == LDX;
            let text = if packet {
                "read the packet with `bpf_skb_load_bytes(skb, offset, &x, sizeof(x))`, or make it a tc program"
                    .to_string()
            } else {
                format!("use a field that {ty} programs may {verb}, or a helper")
            };
            d.push(CONTEXT_FIELD, text, None);
        }
        if self.starts(&["mem-map-read-only", "mem-btf-read-only", "mem-read-only"])
            && let Some(r) = self.reg
        {
            let kernel = r.ty.base == RegBase::PtrToBtfId;
            let what = if r.map().is_some() {
                value::object(&r, self.request)
            } else {
                value::words(&r, self.request, &self.system.vmlinux)
            };
            let name = self.expression().map_or("it".into(), |e| format!("`{e}`"));
            let place = if kernel { "memory of the kernel".to_string() } else { format!("in {what}") };
            d.say(format!("{name} is {place}, which programs can only read"), "written here".into());
            let text = if what.contains(".rodata") {
                "drop `const` from the variable, so that it is no longer in .rodata".into()
            } else if kernel {
                "kernel memory cannot be changed through a pointer: copy it and change the copy, or look for a helper or kernel function that does it".into()
            } else {
                page_text(READ_ONLY)
            };
            d.push(READ_ONLY, text, None);
        }
        if self.starts(&["ptr-arith", "ptr-partial", "ptr-sign"]) {
            let op = self.slice.insn.map_or("", |i| operator(i.op()));
            let v = self.subject();
            d.say(format!("{v} is a pointer, and `{op}` would make a number of it"), format!("`{op}` on a pointer"));
            d.push(POINTER_ARITHMETIC, format!("do `{op}` on the offset, before it is added to the pointer"), None);
        }
        if self.reg.is_some_and(|r| r.has(TypeFlags::RDONLY)) && self.starts(&["call-arg-type"]) {
            d.push(READ_ONLY, page_text(READ_ONLY), None);
        }
        if self.starts(&["mem-stack-uninit"]) {
            let arg = self.slice.regno.and_then(|n| self.pointer_name().map(|p| (n, p)));
            let who = arg.map_or("the stack memory".into(), |(_, p)| format!("`{}`", p.trim_start_matches('&')));
            d.say(
                format!("some bytes of {who} were never written; padding between fields counts"),
                format!("{who} is read here, and not all of it was written"),
            );
            let var = who.trim_matches('`').to_string();
            let text = if var.contains(' ') {
                page_text(INITIALISE)
            } else {
                format!("clear it before its fields are set: `__builtin_memset(&{var}, 0, sizeof({var}));`")
            };
            d.push(INITIALISE, text, None);
        }
        if self.starts(&["stack-combined"]) {
            d.say(
                "the functions of one chain of calls use more than 512 bytes of stack together".into(),
                String::new(),
            );
            d.push(STACK, "move the largest buffer into a BPF_MAP_TYPE_PERCPU_ARRAY with one entry, and look it up where it is used".into(), None);
        }
        const RULES: &[(&[&str], &str)] = &[
            (&["reg-uninit", "reg-invalid"], INITIALISE),
            (&["call-unknown-helper", "kfunc-not-allowed", "kfunc-trap", "kfunc-invalid-call"], OTHER_HELPER),
            (&["loop-infinite", "cfg-back-edge"], BOUND_LOOP),
            (&["limit-insns", "limit-jump-sequence"], SMALLER_PROGRAM),
            (&["stack-combined", "stack-subprog", "stack-frames", "mem-stack-range"], STACK),
            (&["return-range", "return-type"], RETURN_VALUE),
            (
                &[
                    "lock-unlock-missing",
                    "lock-held",
                    "rcu-unlock",
                    "rcu-held",
                    "preempt-enable",
                    "preempt-held",
                    "irq-held",
                    "lock-call",
                ],
                UNLOCK,
            ),
            (&["policy-gpl", "call-gpl", "kfunc-gpl", "policy-lsm-gpl", "policy-struct-ops-gpl"], LICENSE),
            (&["mem-misaligned", "mem-packet-misaligned"], ALIGN),
            (&["mem-packet-read-only", "call-map-read-only"], READ_ONLY),
            (&["mem-packet-outside", "mem-packet-range"], PACKET_CHECK),
            (&["mem-unbounded", "call-size-unbounded", "ptr-offset-unbounded"], UPPER_BOUND),
            (&["mem-min-negative", "call-size-negative"], LOWER_BOUND),
            (&["call-arg-null", "kfunc-arg-null"], NULL_CHECK),
            (&["call-arg-type", "call-arg-struct", "kfunc-arg"], ARGUMENT_TYPE),
        ];
        for (prefixes, code) in RULES {
            // A remedy for this program beats one for the rule.
            if d.suggestions.is_empty() && self.starts(prefixes) {
                d.push(code, page_text(code), None);
            }
        }
    }
}

/// The text of a page, in one line.
fn page_text(code: &str) -> String {
    let page = REMEDIES.iter().find(|r| r.code == code).map_or("", |r| r.page);
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn operator(op: u8) -> &'static str {
    match op {
        AND => "&",
        OR => "|",
        XOR => "^",
        MUL => "*",
        DIV => "/",
        MOD => "%",
        LSH => "<<",
        RSH | ARSH => ">>",
        NEG => "-",
        SUB => "-",
        ADD => "+",
        _ => "this operation",
    }
}
