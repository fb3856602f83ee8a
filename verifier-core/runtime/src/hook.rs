//! Hooks: what a program of each type is run with, and what its result means.
//!
//! Answers for `BPF_PROG_TEST_RUN` of the types that have a packet or a plain context, and for the actions of each
//! type. Contexts are laid out as in the UAPI and lie in plain memory; nothing is translated.

use std::io;

use verifier_core::kernel::ProgType;

use super::cx::{Cx, Stack, Stop};
use super::engine::{Engine, run};
use super::memory::{Region, RegionKind, Regions};
use super::net::Redirect;
use super::packet::{Buffers, ETH, Packet, PacketKind};
use super::program::Code;
use super::replay::{State, Step};
use super::vm::Vm;

/// Largest context.
const MAX_CONTEXT: usize = 0xffff;
/// Interface that packets come from: the loopback device, as for `BPF_PROG_TEST_RUN`.
const IFINDEX: u32 = 1;

/// What programs of a type are run with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hook {
    /// The packet that the context points to.
    pub packet: Option<PacketKind>,
    /// Bytes of the context, at least.
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
const LWT: &[(i64, &str)] = &[(0, "BPF_OK"), (2, "BPF_DROP"), (7, "BPF_REDIRECT"), (128, "BPF_LWT_REROUTE")];

/// Bytes of the contexts of the UAPI.
const XDP_MD: usize = 24;
const SK_BUFF: usize = 192;

impl Hook {
    /// The hook of a program type; `None` where the runtime does not model it.
    pub fn of(t: ProgType) -> Option<Hook> {
        let skb = |link_layer, actions| Hook { packet: Some(PacketKind::Skb), context: SK_BUFF, link_layer, actions };
        let plain = |context| Hook { packet: None, context, link_layer: false, actions: &[] };
        Some(match t {
            ProgType::Xdp => Hook { packet: Some(PacketKind::Xdp), context: XDP_MD, link_layer: true, actions: XDP },
            ProgType::SchedCls | ProgType::SchedAct => skb(true, TC),
            // As on a packet socket: from the link layer. `BPF_PROG_TEST_RUN` begins at the network header.
            ProgType::SocketFilter => skb(true, &[]),
            ProgType::CgroupSkb | ProgType::SkSkb => skb(false, VERDICT),
            ProgType::LwtIn | ProgType::LwtOut | ProgType::LwtXmit | ProgType::LwtSeg6local => skb(false, LWT),
            // `struct pt_regs` of x86-64; other machines' are larger, and what is not given is zero.
            ProgType::Kprobe => plain(336),
            ProgType::RawTracepoint | ProgType::RawTracepointWritable => plain(96),
            ProgType::Tracepoint | ProgType::PerfEvent | ProgType::Syscall => plain(4096),
            ProgType::CgroupSock | ProgType::CgroupSockAddr | ProgType::CgroupDevice | ProgType::CgroupSysctl => {
                Hook { packet: None, context: 256, link_layer: false, actions: VERDICT }
            }
            ProgType::SockOps => plain(512),
            _ => return None,
        })
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
    /// Packet, from the link layer.
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

/// Why a program cannot be run with an input.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HookError {
    /// The packet does not fit.
    #[error("packets have {min} to {max} bytes here, this one {len}", min = ETH, max = super::packet::MAX_PACKET)]
    Packet {
        /// Its bytes.
        len: usize,
    },
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
    buffers: Buffers,
}

impl Runner {
    /// Memory for runs.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn new() -> io::Result<Runner> {
        Ok(Runner { stack: Stack::new()?, buffers: Buffers::new(MAX_CONTEXT)? })
    }

    /// Runs a program `times` times over one input, as `BPF_PROG_TEST_RUN` repeats: what a run changes, the next one
    /// sees. The output is the last run's.
    ///
    /// # Errors
    /// An input that does not fit, or why a run ended early.
    pub fn run(
        &self,
        engine: &dyn Engine,
        vm: &Vm,
        code: &Code,
        hook: &Hook,
        input: &Input,
        times: u32,
        mode: Mode,
    ) -> Result<Output, HookError> {
        let context = self.buffers.context();
        let ctx_len = input.context.len().max(hook.context);
        if ctx_len > MAX_CONTEXT {
            return Err(HookError::Context(ctx_len));
        }
        let mut bytes = input.context.clone();
        bytes.resize(ctx_len, 0);
        context.write(0, &bytes);
        let mut packet = None;
        if let Some(kind) = hook.packet {
            let len = input.packet.len();
            let placed = Packet::place(kind, &self.buffers, ctx_len as u64, &input.packet);
            let mut p = placed.filter(|_| len >= ETH as usize).ok_or(HookError::Packet { len })?;
            fill(&mut p, &input.packet);
            if input.network_layer || !hook.link_layer {
                p.pull_link_layer();
            }
            packet = Some(p);
        }
        let checked = mode != Mode::Fast || !code.is_verified();
        let mut last = None;
        for _ in 0..times.max(1) {
            let regions = checked.then(|| regions(vm, context.address(), ctx_len as u64, packet.as_ref()));
            let mut cx = Cx::new(vm, &self.stack, regions);
            cx.ctx_len = ctx_len as u64;
            cx.packet = packet.take();
            if let Mode::Traced(n) = mode {
                cx.replay = Some(Box::new(State::steps(n)));
            }
            let r0 = run(engine, &mut cx, code, [context.address(), 0, 0, 0, 0])?;
            packet = cx.packet.take();
            let steps = cx.replay.take().map(|s| s.into_steps()).unwrap_or_default();
            last = Some((r0, cx.redirect.take(), std::mem::take(&mut cx.clones), cx.retval, steps));
        }
        let (r0, redirect, clones, retval, steps) = last.unwrap_or_default();
        let packet = packet.map(|mut p| {
            if p.network() == 0 {
                p.push_link_layer();
            }
            p.bytes()
        });
        Ok(Output { r0, packet, context: context.read(0, ctx_len), redirect, clones, retval, steps })
    }
}

fn regions(vm: &Vm, ctx: u64, len: u64, packet: Option<&Packet>) -> Regions {
    let mut all = Regions::default();
    all.add(Region { kind: RegionKind::Context, start: ctx, len, objects: None, writable: true });
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
        let hook = Hook::of(t).expect("hook");
        let out =
            Runner::new().expect("memory").run(&Interp, &vm, &code, &hook, &input, 1, Mode::Checked).expect("run");
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
        assert!(Hook::of(ProgType::Lsm).is_none());
    }
}
