//! What is handed to calls that take something else, and what a place in the program does not allow: rules that need no
//! values of registers, with what is to be done in words.

use crate::btf::BtfKind;
use crate::code;
use crate::error::{Code, KfuncMsg, Msg, PolicyMsg};
use crate::kernel::ProgType;
use crate::state::RegBase;

use super::names;
use super::remedy::*;
use super::suggest::{Diagnosis, Facts};

impl Facts<'_> {
    /// The rule's words for this program.
    pub(super) fn handed(&self, code: Code, d: &mut Diagnosis) {
        match code {
            code!(Call::PacketArg) => self.packet_handed(d),
            code!(Memory::PtrVariable) => self.varying(d),
            code!(Memory::AtomicStore) => self.atomic(d),
            code!(Memory::ArgType) => self.other_argument(d),
            code!(Policy::NotSleepable) => self.attach_sleepable(d),
            code!(Structure::CallStackTooDeep) => self.too_deep(d),
            code!(Kfunc::NeedsRcu | Kfunc::IterNeedsRcu) => self.needs_section(d),
            _ => {}
        }
    }

    /// A pointer into the packet for a helper that takes none.
    fn packet_handed(&self, d: &mut Diagnosis) {
        let call = self.call(self.end).unwrap_or("the helper".into());
        let packet = |n: &u8| {
            self.held(*n).is_some_and(|r| matches!(r.ty.base, RegBase::PtrToPacket | RegBase::PtrToPacketMeta))
        };
        let arg = (1..=5u8).find(packet);
        let name = arg.and_then(|n| self.argument(n)).map_or("the pointer".into(), |a| format!("`{a}`"));
        let context = arg == Some(1) && call == "bpf_tail_call()";
        if context {
            d.say(
                format!("{call} takes the context as its first argument, and {name} is a pointer into the packet"),
                format!("{name} is not the context"),
            );
            d.push(
                ARGUMENT_TYPE,
                format!("pass the context that the program was given in place of {name}"),
                Some(self.end),
            );
            return;
        }
        d.say(
            format!("{call} cannot read the packet itself, and {name} is a pointer into it"),
            format!("{name} points into the packet"),
        );
        let xdp = self.request.prog_type == ProgType::Xdp as u32;
        let (load, ctx) = if xdp { ("bpf_xdp_load_bytes", "ctx") } else { ("bpf_skb_load_bytes", "skb") };
        d.push(
            PACKET_COPY,
            format!("copy the bytes into a buffer first, on the stack or in a map: `{load}({ctx}, offset, buffer, size)`, and pass the buffer to {call}"),
            Some(self.end),
        );
    }

    /// A pointer that must not be moved by a number that varies.
    fn varying(&self, d: &mut Diagnosis) {
        let what = self.expression().map_or("the access".into(), |e| format!("`{e}`"));
        let Some(reg) = self.reg.filter(|r| r.ty.base == RegBase::PtrToCtx) else { return };
        let range = crate::explain::value::range(i128::from(reg.scalar.umin), i128::from(reg.scalar.umax));
        d.say(
            format!("{what} is a field of the context at an offset that varies ({range}), and only constant offsets can be accessed"),
            format!("the offset is {range}, not a constant"),
        );
        d.push(
            CONTEXT_FIELD,
            "choose between constant fields with `switch` or `if`, or unroll the loop around it (`#pragma unroll`), so that each access has its own constant offset".into(),
            None,
        );
    }

    fn atomic(&self, d: &mut Diagnosis) {
        let what = match self.held(self.lines.insn(self.end).dst).map(|r| r.ty.base) {
            Some(RegBase::PtrToPacket | RegBase::PtrToPacketMeta) => "the packet",
            Some(RegBase::PtrToCtx) => "the context",
            Some(RegBase::PtrToSocket | RegBase::PtrToSockCommon | RegBase::PtrToTcpSock) => "a socket",
            _ => "this memory",
        };
        d.say(
            format!("an atomic operation changes {what}, and programs may do that only in map values, on the stack and in memory of their own"),
            format!("atomic on {what}"),
        );
        d.push(
            ARGUMENT_TYPE,
            format!("read, compute and write {what} with plain accesses, or keep the counter in a map value"),
            None,
        );
    }

    /// A register that the call needs as something else.
    fn other_argument(&self, d: &mut Diagnosis) {
        let context = self.reg.is_some_and(|r| r.ty.base == RegBase::PtrToCtx);
        if !context || !self.lines.insn(self.end).is_pseudo_call() {
            return;
        }
        let line = self.lines.line(self.end);
        let call = line.as_ref().map_or("the call".into(), |l| format!("`{}`", l.expression()));
        d.say(
            format!("{call} is given the context, and the function's parameter is a pointer to other memory"),
            "the context is passed here".into(),
        );
        d.push(
            ARGUMENT_TYPE,
            "declare the function's parameter as the context's own type (`struct __sk_buff *`, `struct xdp_md *`), or make the function `static`".into(),
            Some(self.end),
        );
    }

    fn attach_sleepable(&self, d: &mut Diagnosis) {
        let Some(Msg::Policy(PolicyMsg::NotSleepable { func })) = self.cause else { return };
        d.say(
            format!("the program is one that may sleep, and `{func}` is no place where a program may"),
            format!("`{func}` cannot sleep"),
        );
        d.push(
            OTHER_HELPER,
            "drop `.s` from the section's name and call only what does not sleep, or attach where sleeping is allowed: LSM hooks that may sleep, entries of system calls, functions that may be made to fail".into(),
            None,
        );
    }

    fn too_deep(&self, d: &mut Diagnosis) {
        let line = self.lines.line(self.end);
        let call = line.as_ref().map_or("a call".into(), |l| format!("`{}`", l.expression()));
        d.say(
            format!("functions call each other more than 8 deep ({call}), which is what a function that calls itself comes to"),
            "one call too many".into(),
        );
    }

    fn needs_section(&self, d: &mut Diagnosis) {
        let name = match self.cause {
            Some(Msg::Kfunc(KfuncMsg::NeedsRcu { name } | KfuncMsg::IterNeedsRcu { name })) => name.as_str(),
            _ => return,
        };
        d.say(
            format!("{name}() may only be called in an RCU section, and none is begun here"),
            "no RCU section here".into(),
        );
        let place = self.lines.place(self.end);
        d.push(
            TRUSTED,
            format!("call `bpf_rcu_read_lock();` before {place}, and `bpf_rcu_read_unlock();` when the last use is over, on every path"),
            Some(self.end),
        );
    }

    /// The first instruction of the path whose line sets a part of a variable that stands on the stack, as far as the line
    /// does not declare it.
    pub(super) fn first_written(&self, variable: &str) -> Option<usize> {
        let part = |t: &str| {
            let code = t.get(..names::code_end(t)).unwrap_or(t);
            code.starts_with(&format!("{variable}.")) || code.starts_with(&format!("{variable}["))
        };
        let steps = self.path.steps.iter().map(|s| s.insn);
        let lines = steps.filter_map(|i| Some((i, self.lines.line(i)?.source)));
        // The compiler orders stores as it likes: the first line, not the first instruction.
        let found = lines.filter(|(_, s)| part(&s.text)).min_by_key(|(_, s)| s.line)?;
        Some(found.0)
    }

    /// An argument of the function that the program is attached to which that function does not have.
    pub(super) fn missing_argument(&self, off: i32, d: &mut Diagnosis) -> bool {
        let tracing = [ProgType::Tracing, ProgType::Lsm].map(|t| t as u32).contains(&self.request.prog_type);
        if !tracing || off < 0 || off % 8 != 0 {
            return false;
        }
        let what = self.expression().map_or("the access".into(), |e| format!("`{e}`"));
        let target = &self.request.attach;
        if target.prog.is_some() {
            return false;
        }
        let types = target.btf.as_ref().unwrap_or(&self.system.vmlinux);
        let target = types.ty(target.btf_id);
        // A tracepoint is a type of pointers to functions, whose first argument programs are not given.
        let (behind, own) = match target.as_ref().map(|t| t.kind) {
            Some(BtfKind::Func) => (target.map(|t| t.size_or_type), 0),
            Some(BtfKind::Typedef) => {
                (target.and_then(|t| types.skip_modifiers(t.size_or_type)).map(|p| p.size_or_type), 1)
            }
            _ => return false,
        };
        let proto = behind.and_then(|id| types.ty(id)).filter(|p| p.kind == BtfKind::FuncProto);
        let (Some(target), Some(proto)) = (target, proto) else { return false };
        let n = u32::from(proto.vlen).saturating_sub(own);
        if u32::try_from(off / 8).is_ok_and(|at| at < n) {
            return false;
        }
        let arguments = if n == 1 { "1 argument".to_string() } else { format!("{n} arguments") };
        d.say(
            format!("{what} is argument {} (counted from 0), and `{}` has {arguments}", off / 8, target.name()),
            format!("`{}` has {arguments}", target.name()),
        );
        d.push(
            CONTEXT_FIELD,
            format!("read what `{}` is given on this kernel: {arguments}, counted from `ctx[0]`", target.name()),
            None,
        );
        true
    }
}
