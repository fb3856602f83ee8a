//! Running any instructions over memory that is given in full: counterexamples, conformance tests, fuzzing.
//!
//! A [`Scenario`] names every region that the program may touch, with its bytes and with the pointers in it; what
//! helpers return can be scripted. The run is checked: a violation is a [`Stop::Fault`] that names instruction,
//! address and region.

use std::io;

use super::cx::{Cx, FRAME, Halt, Stack, Stop};
use super::engine::{Engine, run};
use super::memory::{Region, RegionKind, Regions, Reservation};
use super::program::Code;
use super::script::{Passage, State};
use super::vm::Vm;

pub use super::script::{Look, Step};

/// A value whose number is known once regions are placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A number.
    Number(u64),
    /// An offset from the start of a region of the scenario.
    Pointer {
        /// Index in [`Scenario::regions`].
        region: usize,
        /// Bytes.
        off: i64,
    },
    /// The address of the map with this file descriptor, as programs hold it.
    Map(i32),
    /// An offset from the lowest byte of a frame's stack.
    Frame {
        /// 0 is the entry's.
        depth: u32,
        /// Bytes.
        off: i64,
    },
}

/// Memory that exists during the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// What it is for. Context and packets lie below 4 GiB.
    pub kind: RegionKind,
    /// Contents.
    pub bytes: Vec<u8>,
    /// Pointers to put in: offset, bytes (4 or 8), value.
    pub pointers: Vec<(usize, u8, Value)>,
    /// Whether the program may store to it.
    pub writable: bool,
}

/// What one passage of an instruction does, in place of the call or the load that it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scripted {
    /// Instruction: a call (also of a local function), a load (whose address is checked first), a load of a constant or
    /// of a byte of the packet, or `may_goto` (which jumps where the result is not 0). Several entries for one instruction
    /// are used in order; when they are used up, the instruction does what it does. Compiled code knows those of calls.
    pub insn: u32,
    /// Memory that a call is given, checked before anything else.
    pub looks: Vec<Look>,
    /// r0 afterwards, or what is loaded; `None`: the instruction does what it does.
    pub returns: Option<Value>,
    /// Bytes that it writes: where, and what.
    pub writes: Vec<(Value, Vec<u8>)>,
    /// Regions of the scenario that may not be accessed afterwards.
    pub ends: Vec<usize>,
}

/// A run, described.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// Memory.
    pub regions: Vec<Given>,
    /// r1 and on.
    pub args: Vec<Value>,
    /// What comes from outside.
    pub calls: Vec<Scripted>,
    /// What instructions load that name a map's value or something of the kernel, whenever they are passed.
    pub constants: Vec<(u32, Value)>,
    /// Slots of the path to keep, at most.
    pub path: usize,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// r0, or why the run ended early.
    pub result: Result<u64, Stop>,
    /// Regions of the scenario afterwards.
    pub regions: Vec<Vec<u8>>,
    /// Slots executed, in order, as many as asked for (interpreter only).
    pub path: Vec<u32>,
}

/// The scripted result of the instruction at a slot; `None`: it does what it does. `args` are r1 to r5 of a call.
pub(super) fn scripted(cx: &mut Cx<'_>, slot: u32, args: &[u64; 5]) -> Option<Result<u64, Halt>> {
    let passage = cx.replay.as_mut()?.next_call(slot)?;
    for look in &passage.looks {
        let address = args.get(usize::from(look.reg).wrapping_sub(1)).copied().unwrap_or(0);
        if let Err(halt) = cx.check(slot, address, look.len, look.write) {
            return Some(Err(halt));
        }
    }
    for (at, bytes) in passage.writes {
        if let Err(halt) = cx.write_bytes(at, &bytes) {
            return Some(Err(halt));
        }
    }
    passage.ends.into_iter().for_each(|start| cx.take_back(start));
    passage.returns.map(Ok)
}

/// The constant that a scenario has the instruction at a slot load.
pub(super) fn constant(cx: &Cx<'_>, slot: u32) -> Option<u64> {
    cx.replay.as_ref()?.constants.get(&slot).copied()
}

impl Scenario {
    /// Adds a region and gives its index.
    pub fn add(&mut self, kind: RegionKind, bytes: Vec<u8>, writable: bool) -> usize {
        self.regions.push(Given { kind, bytes, pointers: Vec::new(), writable });
        self.regions.len() - 1
    }

    /// Runs a program over it.
    ///
    /// # Errors
    /// When memory cannot be had. What the program does wrong is in the result.
    pub fn run(&self, engine: &dyn Engine, vm: &Vm, code: &Code) -> io::Result<Replayed> {
        let mut places = Vec::with_capacity(self.regions.len());
        for g in &self.regions {
            let low = matches!(g.kind, RegionKind::Context | RegionKind::Packet);
            places.push(if low { Reservation::low(g.bytes.len())? } else { Reservation::new(g.bytes.len())? });
        }
        let mut stack = Stack::new()?;
        let top = stack.top();
        let starts: Vec<u64> = places.iter().map(Reservation::address).collect();
        let number = |v: Value| match v {
            Value::Number(n) => n,
            Value::Pointer { region, off } => starts.get(region).map_or(0, |p| p.wrapping_add_signed(off)),
            Value::Map(fd) => vm.map(fd).map_or(0, |m| m.address()),
            Value::Frame { depth, off } => {
                top.wrapping_sub(FRAME.wrapping_mul(u64::from(depth) + 1)).wrapping_add_signed(off)
            }
        };
        let mut regions = Regions::default();
        for (g, p) in self.regions.iter().zip(&mut places) {
            p.write(0, &g.bytes);
            for (off, size, value) in &g.pointers {
                let bytes = number(*value).to_le_bytes();
                let size = usize::from(*size).min(8);
                if off.checked_add(size).is_some_and(|end| end <= g.bytes.len()) {
                    p.write(*off, &bytes[..size]);
                }
            }
            let (start, len) = (p.address(), g.bytes.len() as u64);
            regions.add(Region { kind: g.kind.clone(), start, len, objects: None, closed: None, writable: g.writable });
        }
        for map in vm.maps() {
            map.regions().into_iter().for_each(|r| regions.add(r));
        }
        let mut cx = Cx::new(vm, &mut stack, Some(regions));
        let mut state = State::path(self.path);
        for c in &self.calls {
            state.calls.entry(c.insn).or_default().push_back(Passage {
                looks: c.looks.clone(),
                returns: c.returns.map(number),
                writes: c.writes.iter().map(|(at, bytes)| (number(*at), bytes.clone())).collect(),
                ends: c.ends.iter().filter_map(|r| starts.get(*r)).copied().collect(),
            });
        }
        state.constants = self.constants.iter().map(|(slot, v)| (*slot, number(*v))).collect();
        cx.replay = Some(Box::new(state));
        let mut args = [0; 5];
        for (to, v) in args.iter_mut().zip(&self.args) {
            *to = number(*v);
        }
        let result = run(engine, &mut cx, code, args);
        let path = cx.replay.take().map(|s| s.path).unwrap_or_default();
        let after = self.regions.iter().zip(&places).map(|(g, p)| p.read(0, g.bytes.len())).collect();
        Ok(Replayed { result, regions: after, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::FaultKind;
    use crate::interp::Interp;
    use crate::program::bare_request;
    use verifier_core::isa::asm::assemble;

    fn play(text: &str, scenario: &Scenario) -> Replayed {
        let vm = Vm::new(1);
        let code = Code::unverified(&bare_request(1, assemble(text).expect("text"), vec![]), &vm).expect("code");
        scenario.run(&Interp, &vm, &code).expect("memory")
    }

    #[test]
    fn a_fault_names_instruction_and_region() {
        let mut s = Scenario::default();
        let packet = s.add(RegionKind::Packet, vec![1, 2, 3, 4], false);
        s.args.push(Value::Pointer { region: packet, off: 0 });
        s.path = 10;
        assert_eq!(play("r0 = *(u32 *)(r1 +0)\nexit", &s).result, Ok(0x0403_0201));
        let played = play("r0 = 0\nr0 = *(u32 *)(r1 +1)\nexit", &s);
        let Err(Stop::Fault(fault)) = played.result else { panic!("{played:?}") };
        assert_eq!((fault.insn, fault.kind.clone()), (1, FaultKind::Read(4)));
        assert_eq!(fault.region, Some((RegionKind::Packet, 1)));
        assert_eq!(played.path, [0, 1]);
        let played = play("*(u8 *)(r1 +0) = 1\nr0 = 0\nexit", &s);
        assert!(matches!(played.result, Err(Stop::Fault(f)) if f.kind == FaultKind::Write(1)));
    }

    #[test]
    fn calls_follow_the_script_and_then_the_helper() {
        let mut s = Scenario::default();
        let buf = s.add(RegionKind::User("buf".into()), vec![0; 8], true);
        let writes = vec![(Value::Pointer { region: buf, off: 4 }, vec![7])];
        let returns = Some(Value::Pointer { region: buf, off: 0 });
        s.calls.push(Scripted { insn: 0, returns, writes, ..Scripted::default() });
        let played = play("call 8\nr0 = *(u8 *)(r0 +4)\nexit", &s);
        assert_eq!((played.result, played.regions[0][4]), (Ok(7), 7));
    }

    #[test]
    fn loads_follow_the_script_and_calls_are_given_memory() {
        let mut s = Scenario::default();
        let ctx = s.add(RegionKind::Context, vec![0; 8], false);
        let packet = s.add(RegionKind::Packet, vec![5; 14], true);
        s.args.push(Value::Pointer { region: ctx, off: 0 });
        let returns = Some(Value::Pointer { region: packet, off: 0 });
        s.calls.push(Scripted { insn: 0, returns, ..Scripted::default() });
        assert_eq!(play("r2 = *(u32 *)(r1 +0)\nr0 = *(u8 *)(r2 +13)\nexit", &s).result, Ok(5));
        // The address of a scripted load is checked.
        assert!(matches!(play("r2 = *(u32 *)(r1 +8)\nr0 = 0\nexit", &s).result, Err(Stop::Fault(f)) if f.insn == 0));
        // A call ends the packet; before that it is given 15 bytes of it, of 14.
        let looks = |len| vec![Look { reg: 1, len, write: true }];
        let ending = Scripted { insn: 3, returns: Some(Value::Number(0)), ends: vec![packet], ..Scripted::default() };
        let text = "r6 = *(u32 *)(r1 +0)\nr1 = r6\nr2 = 0\ncall 44\nr0 = *(u8 *)(r6 +0)\nexit";
        s.calls.push(Scripted { looks: looks(14), ..ending.clone() });
        assert!(matches!(play(text, &s).result, Err(Stop::Fault(f)) if f.insn == 4));
        s.calls[1] = Scripted { looks: looks(15), ..ending };
        assert!(matches!(play(text, &s).result, Err(Stop::Fault(f)) if f.insn == 3));
    }
}
