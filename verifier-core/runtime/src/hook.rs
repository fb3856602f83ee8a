//! Hooks: what a program of each type is run with, and what its result means.
//!
//! Answers for `BPF_PROG_TEST_RUN` of the types that have a packet or a plain context, and for the actions of each
//! type. Contexts are laid out as in the UAPI and lie in plain memory ([`super::context`]); nothing is translated.

use std::any::Any;
use std::io;
use std::sync::Arc;

use verifier_core::kernel::ProgType;

use super::context::{self, Contexts, MAX_CONTEXT, Shape};
use super::cx::{Cx, Stack, Stop};
use super::engine::{Engine, run, run_function, run_linked};
use super::interp::Interp;
use super::linked::Linked;
use super::map::Key;
use super::memory::{Regions, Reservation};
use super::net::Redirect;
use super::packet::{self, ETH, Packet, PacketKind};
use super::program::Code;
use super::script::{State, Step};
use super::timer::Fired;
use super::vm::Vm;

/// Bytes of a context that are given back, where the input had fewer.
const SHOWN: usize = 4096;
/// Interface that packets come from: the loopback device, as for `BPF_PROG_TEST_RUN`.
const IFINDEX: u32 = 1;

/// What programs of a type are run with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hook {
    /// The packet that the context points to.
    pub packet: Option<PacketKind>,
    /// Program type.
    pub prog_type: ProgType,
    /// Bytes of the context, at least: as far as the layout lets programs reach.
    pub context: usize,
    /// Whether packets begin with the link-layer header.
    pub link_layer: bool,
    actions: &'static [(i64, &'static str)],
}

const XDP: &[(i64, &str)] = &[(0, "XDP_ABORTED"), (1, "XDP_DROP"), (2, "XDP_PASS"), (3, "XDP_TX"), (4, "XDP_REDIRECT")];
const TC: &[(i64, &str)] = &[
    (-1, "TC_ACT_UNSPEC"),
    (0, "TC_ACT_OK"),
    (1, "TC_ACT_RECLASSIFY"),
    (2, "TC_ACT_SHOT"),
    (3, "TC_ACT_PIPE"),
    (4, "TC_ACT_STOLEN"),
    (5, "TC_ACT_QUEUED"),
    (6, "TC_ACT_REPEAT"),
    (7, "TC_ACT_REDIRECT"),
    (8, "TC_ACT_TRAP"),
];
const VERDICT: &[(i64, &str)] = &[(0, "drop"), (1, "pass")];
const SK: &[(i64, &str)] = &[(0, "SK_DROP"), (1, "SK_PASS")];
const DISSECTED: &[(i64, &str)] = &[(0, "BPF_OK"), (2, "BPF_DROP"), (129, "BPF_FLOW_DISSECTOR_CONTINUE")];
const NETFILTER: &[(i64, &str)] = &[(0, "NF_DROP"), (1, "NF_ACCEPT")];
const LWT: &[(i64, &str)] = &[(0, "BPF_OK"), (2, "BPF_DROP"), (7, "BPF_REDIRECT"), (128, "BPF_LWT_REROUTE")];

impl Hook {
    /// The hook of a program type; `None` where the runtime does not model it.
    pub fn of(t: ProgType) -> Option<Hook> {
        let hook = |packet, link_layer, actions| {
            Some(Hook { packet, prog_type: t, context: context::size(t), link_layer, actions })
        };
        let skb = |link_layer, actions| hook(Some(PacketKind::Skb), link_layer, actions);
        match t {
            ProgType::Xdp => hook(Some(PacketKind::Xdp), true, XDP),
            ProgType::SchedCls | ProgType::SchedAct => skb(true, TC),
            // As on a packet socket: from the link layer. `BPF_PROG_TEST_RUN` begins at the network header.
            ProgType::SocketFilter => skb(true, &[]),
            ProgType::CgroupSkb | ProgType::SkSkb => skb(false, VERDICT),
            ProgType::LwtIn | ProgType::LwtOut | ProgType::LwtXmit | ProgType::LwtSeg6local => skb(false, LWT),
            ProgType::CgroupSock | ProgType::CgroupSockAddr | ProgType::CgroupDevice | ProgType::CgroupSysctl => {
                hook(None, false, VERDICT)
            }
            ProgType::Kprobe
            | ProgType::RawTracepoint
            | ProgType::RawTracepointWritable
            | ProgType::Tracepoint
            | ProgType::PerfEvent
            | ProgType::Syscall
            | ProgType::SockOps
            | ProgType::CgroupSockopt => hook(None, false, &[]),
            ProgType::SkLookup | ProgType::SkMsg | ProgType::SkReuseport => hook(None, false, SK),
            ProgType::FlowDissector => skb(true, DISSECTED),
            ProgType::Tracing | ProgType::Lsm | ProgType::StructOps => hook(None, false, &[]),
            ProgType::Netfilter => hook(None, false, NETFILTER),
            ProgType::Unspec | ProgType::LircMode2 | ProgType::Ext => None,
        }
    }

    /// Whether results are actions, rather than lengths or values.
    pub fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// The name of a result.
    pub fn action(&self, r0: u64) -> String {
        let value = i64::from(r0 as i32);
        self.actions.iter().find(|(v, _)| *v == value).map_or_else(|| value.to_string(), |(_, n)| (*n).to_string())
    }
}

/// One packet or context for a program.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Packet, from the link layer; for types without packets, the bytes that their context names the ends of.
    pub packet: Vec<u8>,
    /// First bytes of the context; addresses and lengths of the packet are filled in over them.
    pub context: Vec<u8>,
    /// Packets begin at the network header, whatever the hook says.
    pub network_layer: bool,
}

/// What a program left.
#[derive(Clone, Debug)]
pub struct Output {
    /// r0; hooks look at its low 32 bits.
    pub r0: u64,
    /// The packet as it is now.
    pub packet: Option<Vec<u8>>,
    /// The context as it is now.
    pub context: Vec<u8>,
    /// Where the program wants the packet to go.
    pub redirect: Option<Redirect>,
    /// Copies that it sent.
    pub clones: Vec<(Redirect, Vec<u8>)>,
    /// What `bpf_set_retval()` set.
    pub retval: i64,
    /// The first steps of the last run, as many as [`Mode::Traced`] asked for.
    pub steps: Vec<Step>,
}

/// How a program is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// As fast as the program allows: accepted ones without checks.
    Fast,
    /// Every access is looked up.
    Checked,
    /// Checked, and so many steps are kept with their registers (interpreter only).
    Traced(usize),
}

/// What a [`Runner`] runs.
#[derive(Clone, Copy, Debug)]
pub enum Program<'a> {
    /// What was accepted, with all that it was accepted for.
    Linked(&'a Linked),
    /// Anything, in checked mode.
    Checked(&'a Code),
}

impl<'a> From<&'a Linked> for Program<'a> {
    fn from(program: &'a Linked) -> Program<'a> {
        Program::Linked(program)
    }
}

impl<'a> From<&'a Code> for Program<'a> {
    fn from(code: &'a Code) -> Program<'a> {
        Program::Checked(code)
    }
}

impl Program<'_> {
    fn code(&self) -> &Code {
        match self {
            Program::Linked(linked) => linked.code(),
            Program::Checked(code) => code,
        }
    }
}

/// Why a program cannot be run with an input.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HookError {
    /// The packet does not fit.
    #[error("packets have {min} to {max} bytes here, this one {len}", min = ETH, max = super::packet::MAX_PACKET)]
    Packet {
        /// Its bytes.
        len: usize,
    },
    /// There is no hook for programs of this type.
    #[error("programs of type {0} are not run")]
    NoHook(&'static str),
    /// The context does not fit.
    #[error("contexts have {MAX_CONTEXT} bytes at most, this one {0}")]
    Context(usize),
    /// The run ended early.
    #[error(transparent)]
    Stop(#[from] Stop),
}

/// Memory for runs, one after the other.
#[derive(Debug)]
pub struct Runner {
    stack: Stack,
    contexts: Contexts,
    packet: Reservation,
}

impl Runner {
    /// Memory for runs.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn new() -> io::Result<Runner> {
        Ok(Runner { stack: Stack::new()?, contexts: Contexts::new()?, packet: packet::buffer()? })
    }

    /// Runs a program `times` times over one input, as `BPF_PROG_TEST_RUN` repeats: what a run changes, the next one
    /// sees. The output is the last run's.
    ///
    /// An accepted program that faults is run once more with checks: where that faults at the same instruction, near
    /// memory that the run has, the analysis was wrong; otherwise the runtime has less than the program was promised.
    ///
    /// # Errors
    /// An input that does not fit, or why a run ended early.
    pub fn run<'a>(
        &mut self,
        engine: &dyn Engine,
        vm: &Vm,
        program: impl Into<Program<'a>>,
        input: &Input,
        times: u32,
        mode: Mode,
    ) -> Result<Output, HookError> {
        let program = program.into();
        let Program::Linked(_) = program else {
            return self.play(engine, vm, program, input, times, mode);
        };
        let fault = match self.play(engine, vm, program, input, times, mode) {
            Err(HookError::Stop(Stop::Fault(fault))) if mode == Mode::Fast => fault,
            result => return result,
        };
        let repeats = !vm.is_broken()
            && matches!(
                self.play(&Interp, vm, program, input, times, Mode::Checked),
                Err(HookError::Stop(Stop::Fault(again)))
                    if (&again.program, again.insn) == (&fault.program, fault.insn) && again.region.is_some()
            );
        Err(HookError::Stop(if repeats { Stop::VerifierBug { fault } } else { Stop::NotProvided { fault } }))
    }

    /// The packet of an input, in its place, and the context.
    fn place(&mut self, hook: &Hook, shape: &Shape, input: &Input) -> Result<Option<Packet>, HookError> {
        let ctx_len = input.context.len().max(hook.context);
        if ctx_len > MAX_CONTEXT {
            return Err(HookError::Context(ctx_len));
        }
        let data = if hook.packet.is_none() { &input.packet[..] } else { &[] };
        self.contexts.place(shape, &input.context, ctx_len, data);
        let Some(kind) = hook.packet else { return Ok(None) };
        let len = input.packet.len();
        let ctx = (self.contexts.address(), ctx_len as u64);
        let placed = Packet::place(kind, &mut self.packet, ctx, &input.packet);
        let mut packet = placed.filter(|_| len >= ETH as usize).ok_or(HookError::Packet { len })?;
        fill(&mut packet, &input.packet);
        if input.network_layer || !hook.link_layer {
            packet.pull_link_layer();
        }
        Ok(Some(packet))
    }

    /// Has timers fire whose time has come.
    fn fire(&mut self, engine: &dyn Engine, vm: &Vm, checked: bool) -> Result<(), HookError> {
        for Fired { code, subprog, map, field } in vm.timers.due(vm.now()) {
            let code: Arc<dyn Any + Send + Sync> = code;
            let (Ok(code), Some((key, value))) = (code.downcast::<Code>(), map.ops().entry_at(field)) else { continue };
            let regions = checked.then(|| regions(vm, &self.contexts, &Shape::default(), None));
            let mut cx = Cx::new(vm, &mut self.stack, regions);
            let (own, len) = (if let Key::Index(n) = key { n } else { 0 }, map.spec().key_size);
            let key = if let Key::At(at) = key { at } else { std::ptr::from_ref(&own) as u64 };
            cx.give(key, len.into(), "bpf_timer_start", false);
            // SAFETY: the map, a key, and the value that the timer stands in are what its callback was accepted with.
            unsafe { run_function(engine, &mut cx, &code, subprog, [map.address(), key, value, 0, 0]) }?;
        }
        Ok(())
    }

    fn play(
        &mut self,
        engine: &dyn Engine,
        vm: &Vm,
        program: Program<'_>,
        input: &Input,
        times: u32,
        mode: Mode,
    ) -> Result<Output, HookError> {
        let prog_type = ProgType::from_number(program.code().prog_type()).unwrap_or(ProgType::Unspec);
        let hook = Hook::of(prog_type).ok_or(HookError::NoHook(prog_type.name()))?;
        let shape = program.code().context();
        let mut packet = self.place(&hook, shape, input)?;
        let ctx = self.contexts.address();
        let ctx_len = input.context.len().max(hook.context) as u64;
        let checked = mode != Mode::Fast || matches!(program, Program::Checked(_));
        let mut last = None;
        for n in 0..times.max(1) {
            // Runs that are too short to ever ask the clock themselves.
            if n % 64 == 63 && vm.limits.is_over() {
                return Err(Stop::Deadline.into());
            }
            let regions = checked.then(|| regions(vm, &self.contexts, shape, packet.as_ref()));
            let mut cx = Cx::new(vm, &mut self.stack, regions);
            cx.ctx_len = ctx_len;
            cx.packet = packet.take();
            if let Mode::Traced(n) = mode {
                cx.replay = Some(Box::new(State::steps(n)));
            }
            let args = [ctx, 0, 0, 0, 0];
            let r0 = match program {
                // SAFETY: the context is laid out as the hook's, with an object behind every pointer, or linking would
                // have said so.
                Program::Linked(linked) => unsafe { run_linked(engine, &mut cx, linked, args) }?,
                Program::Checked(code) => run(engine, &mut cx, code, args)?,
            };
            packet = cx.packet.take();
            let steps = cx.replay.take().map(|s| s.into_steps()).unwrap_or_default();
            last = Some((r0, cx.redirect.take(), std::mem::take(&mut cx.clones), cx.retval, steps));
            drop(cx);
            self.fire(engine, vm, checked)?;
        }
        let (r0, redirect, clones, retval, steps) = last.unwrap_or_default();
        let packet = packet.map(|mut p| {
            if p.network() == 0 {
                p.push_link_layer();
            }
            p.bytes()
        });
        let mut context = self.contexts.bytes(shape);
        context.truncate(input.context.len().max(SHOWN));
        Ok(Output { r0, packet, context, redirect, clones, retval, steps })
    }
}

fn regions(vm: &Vm, contexts: &Contexts, shape: &Shape, packet: Option<&Packet>) -> Regions {
    let mut all = Regions::default();
    contexts.regions(shape).into_iter().for_each(|r| all.add(r));
    packet.into_iter().for_each(|p| all.add(p.region()));
    vm.all_maps().iter().flat_map(|m| m.regions()).for_each(|r| all.add(r));
    all
}

/// Fields that the kernel derives from a packet. Kernel: `eth_type_trans()` and `convert___skb_to_skb()`.
fn fill(p: &mut Packet, bytes: &[u8]) {
    let unset = |p: &Packet, off| p.field(off) == 0;
    match p.kind() {
        PacketKind::Xdp if unset(p, 12) => p.set_field(12, IFINDEX),
        PacketKind::Xdp => {}
        PacketKind::Skb => {
            let protocol = u16::from_ne_bytes([bytes[12], bytes[13]]);
            p.set_field(16, protocol.into());
            let kind = match bytes {
                [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ..] => 1,
                [0, 0, 0, 0, 0, 0, ..] => 0,
                [first, ..] if first & 1 == 1 => 2,
                _ => 3,
            };
            p.set_field(4, kind);
            if unset(p, 40) {
                p.set_field(40, IFINDEX);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::Interp;
    use crate::program::bare_request;
    use verifier_core::isa::asm::assemble;

    /// Runs a program of a type, checked, over a packet: r0, and the packet.
    fn check(t: ProgType, text: &str, packet: &[u8]) -> (u64, Vec<u8>) {
        let vm = Vm::new(1);
        let insns = assemble(text).expect("text");
        let code = Code::unverified(&bare_request(t as u32, insns, vec![]), &vm).expect("code");
        let input = Input { packet: packet.to_vec(), ..Input::default() };
        let out = Runner::new().expect("memory").run(&Interp, &vm, &code, &input, 1, Mode::Checked).expect("run");
        (out.r0, out.packet.unwrap_or_default())
    }

    #[test]
    fn contexts_point_to_packets() {
        let packet = [0u8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 8, 0, 0x45, 99];
        let text = "r2 = *(u32 *)(r1 +0)\nr0 = *(u8 *)(r2 +15)\n*(u8 *)(r2 +15) = 7\nexit";
        let (r0, out) = check(ProgType::Xdp, text, &packet);
        assert_eq!((r0, out[15]), (99, 7));
        assert_eq!(check(ProgType::SchedCls, "r0 = *(u32 *)(r1 +16)\nexit", &packet).0, 0x0008);
        assert_eq!(check(ProgType::SocketFilter, "r6 = r1\nr0 = *(u16 *)skb[12]\nexit", &packet).0, 0x0800);
        assert_eq!(check(ProgType::CgroupSkb, "r6 = r1\nr0 = *(u8 *)skb[0]\nexit", &packet).0, 0x45);
        assert_eq!(check(ProgType::SocketFilter, "r6 = r1\nr0 = *(u32 *)skb[14]\nr0 = 1\nexit", &packet).0, 0);
    }

    #[test]
    fn packets_grow_and_shrink() {
        let packet: Vec<u8> = (0..60).collect();
        let (r0, out) = check(ProgType::Xdp, "r2 = -8\ncall 44\nexit", &packet);
        assert_eq!((r0, out.len(), &out[8..], &out[..8]), (0, 68, &packet[..], &[0; 8][..]));
        let (r0, out) = check(ProgType::Xdp, "r2 = -20\ncall 65\nexit", &packet);
        assert_eq!((r0, &out[..]), (0, &packet[..40]));
        assert_eq!(check(ProgType::Xdp, "r2 = -300\ncall 44\nexit", &packet).0 as i64, -22);
        assert_eq!(check(ProgType::Xdp, "r2 = -50\ncall 65\nexit", &packet).0 as i64, -22);
    }

    #[test]
    fn results_have_names() {
        let name = |t, r0| Hook::of(t).expect("hook").action(r0);
        assert_eq!((name(ProgType::Xdp, 2), name(ProgType::Xdp, 9)), ("XDP_PASS".into(), "9".into()));
        assert_eq!(name(ProgType::SchedCls, 0xffff_ffff), "TC_ACT_UNSPEC");
        assert!(Hook::of(ProgType::Ext).is_none());
    }
}
