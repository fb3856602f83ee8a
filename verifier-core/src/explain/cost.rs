//! What a program costs the analysis: instructions processed and states kept, by instruction, source line and function.
//!
//! Nothing is estimated: every instruction that the walk processes is counted where it stands, so the sum over all lines is
//! the kernel's own counter, and the sum over kept states is `total_states`. Where a path was compared with a state and
//! had to go on, the first place that the state did not cover is counted too: that is what keeps paths apart.

use std::collections::{BTreeMap, HashMap};

use crate::analysis::preflight::stack_depth::taken;
use crate::analysis::{Options, Report, System, verify_with};
use crate::isa::Insn;
use crate::log::{Context, Event, Interest, Sink, Unlike};
use crate::program::LoadRequest;

use super::{Source, source_of};

/// What happened at each instruction.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cost {
    /// Instructions processed.
    pub insns: Vec<u64>,
    /// States kept there.
    pub states: Vec<u64>,
    /// Paths that ended there, covered by a state kept before.
    pub pruned: Vec<u64>,
    /// How often a path had to go on there, by the first place that a state did not cover.
    pub unlike: BTreeMap<(usize, Unlike), u64>,
    /// Chains of calls that were followed, as the instructions that call; the first one is the program itself.
    chains: Vec<Vec<usize>>,
    /// Instructions processed by chain (an index of `chains`) and instruction.
    by_chain: HashMap<(usize, usize), u64>,
    /// The chain of the instruction counted last.
    last_chain: usize,
}

/// A place that kept paths from ending at a line.
#[derive(Clone, PartialEq, Debug)]
pub struct Hindrance {
    /// Where paths went on, as in [`Share::place`].
    pub place: String,
    /// The source line there.
    pub source: Option<Source>,
    /// The first instruction of the line where states were compared.
    pub insn: usize,
    /// What no state covered.
    pub unlike: Unlike,
    /// How often.
    pub times: u64,
    /// The instruction nearest above that writes the register or slot, where there is one in the same function.
    pub written: Option<usize>,
}

/// The stack of a chain of calls.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Deepest {
    /// Functions from the outermost on, each with the bytes that it uses and those that its frame takes when compiled.
    pub chain: Vec<(String, u32, u32)>,
}

impl Deepest {
    /// Bytes that all frames take together, of 512.
    pub fn bytes(&self) -> u32 {
        self.chain.iter().map(|(_, _, taken)| taken).sum()
    }
}

/// What falls to one line or function.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Share {
    /// `flows.bpf.c:41`, `instruction 12` where there is no source, or a function's name.
    pub place: String,
    /// The source line; of a function, its first.
    pub source: Option<Source>,
    /// First instruction.
    pub insn: usize,
    /// Instructions processed.
    pub insns: u64,
    /// States kept.
    pub states: u64,
    /// Paths that ended here, covered by a state.
    pub pruned: u64,
}

/// Counts.
#[derive(Default)]
struct Counter {
    cost: Cost,
}

fn count(at: &mut [u64], idx: usize) {
    if let Some(n) = at.get_mut(idx) {
        *n += 1;
    }
}

impl Sink for Counter {
    fn interest(&self) -> Interest {
        Interest { log_level: 0, structure: true }
    }

    fn event(&mut self, _: &Context<'_>, event: &Event<'_>) {
        match *event {
            Event::At { idx, state, .. } => {
                count(&mut self.cost.insns, idx);
                let calls = state.frames.iter().skip(1).map(|f| usize::try_from(f.called_from).unwrap_or(0));
                self.cost.count_chain(calls, idx);
            }
            Event::Checkpoint { idx, .. } => count(&mut self.cost.states, idx),
            // Where a path is covered, the instruction is counted and then not followed.
            Event::Pruned { idx, .. } => {
                count(&mut self.cost.insns, idx);
                count(&mut self.cost.pruned, idx);
                self.cost.count_last_chain(idx);
            }
            Event::NotCovered { idx, unlike, .. } => *self.cost.unlike.entry((idx, unlike)).or_default() += 1,
            _ => {}
        }
    }

    fn mark(&self) -> u64 {
        0
    }

    fn rewind(&mut self, _: u64) {}
}

/// Analyses a program and counts. A rejected one is counted as far as it was followed.
pub fn cost(system: &System, request: &LoadRequest, options: &Options, stop: &dyn Fn() -> bool) -> (Report, Cost) {
    let n = request.insns.len();
    let options = Options { log_level: 0, ..options.clone() };
    let zeros = || vec![0; n];
    let mut counter = Counter { cost: Cost { insns: zeros(), states: zeros(), pruned: zeros(), ..Cost::default() } };
    let report = verify_with(system, request, &options, &mut counter, stop);
    // The instruction at which the walk gives up is counted before it begins.
    let counted: u64 = counter.cost.insns.iter().sum();
    if report.stats.as_ref().is_some_and(|s| u64::from(s.insns) == counted + 1) {
        count(&mut counter.cost.insns, report.insn_idx);
        counter.cost.count_last_chain(report.insn_idx);
    }
    (report, counter.cost)
}

/// The line of an instruction: what tells it from others, its words, and its source. Without source it is the instruction.
fn line_of(request: &LoadRequest, insn: usize) -> ((String, u32, usize), String, Option<Source>) {
    match source_of(request, insn) {
        Some(s) => {
            let file = s.file.rsplit('/').next().unwrap_or(&s.file).to_string();
            ((s.file.clone(), s.line, 0), format!("{file}:{}", s.line), Some(s))
        }
        None => ((String::new(), 0, insn), format!("instruction {insn}"), None),
    }
}

/// The last instruction before `insn`, from `first` on, that writes a register of the function or a slot of its stack.
fn last_write(request: &LoadRequest, first: usize, insn: usize, unlike: Unlike) -> Option<usize> {
    /// The register that points to the end of the stack.
    const FRAME_POINTER: u8 = 10;
    let writes = |i: &usize| {
        let op = request.insns[*i].decode();
        match unlike {
            Unlike::Register { up: 0, number } => op.effect().defs >> number & 1 != 0,
            Unlike::Slot { up: 0, slot } => op.touch().is_some_and(|t| {
                let slots = |byte: i32| (-1 - byte) / 8;
                let (from, to) = (i32::from(t.off), i32::from(t.off) + i32::from(t.size) - 1);
                t.writes && t.base == FRAME_POINTER && (slots(to)..=slots(from)).contains(&i32::from(slot))
            }),
            Unlike::Register { .. } | Unlike::Slot { .. } | Unlike::Whole => false,
        }
    };
    (first..insn.min(request.insns.len())).rev().find(writes)
}

/// First instructions of the program's functions, with their names.
fn functions(request: &LoadRequest) -> Vec<(usize, String)> {
    let named = |off: u32| {
        let f = request.func_info.iter().find(|f| f.insn_off == off)?;
        request.btf.as_ref().map(|b| b.type_name(f.type_id).to_string()).filter(|n| !n.is_empty())
    };
    let called = |(i, insn): (usize, &Insn)| {
        let local = insn.is_pseudo_call() || insn.is_pseudo_func();
        local.then(|| usize::try_from(i as i64 + 1 + i64::from(insn.imm)).ok()).flatten()
    };
    let mut starts: Vec<usize> = request.insns.iter().enumerate().filter_map(called).chain([0]).collect();
    starts.sort_unstable();
    starts.dedup();
    let name = |(n, start): (usize, usize)| {
        let off = u32::try_from(start).unwrap_or(u32::MAX);
        let main = || if n == 0 && !request.name.is_empty() { request.name.clone() } else { format!("func#{n}") };
        (start, named(off).unwrap_or_else(main))
    };
    starts.into_iter().enumerate().map(name).collect()
}

/// The chain of calls that takes most stack, of an analysis that came to the depth of each function; `None` otherwise.
pub fn deepest(system: &System, request: &LoadRequest, report: &Report) -> Option<Deepest> {
    let functions = functions(request);
    if report.stack_depth.len() < functions.len() {
        return None;
    }
    let callees = |f: usize| {
        let end = functions.get(f + 1).map_or(request.insns.len(), |(start, _)| *start);
        let target = |i: usize| {
            let insn = request.insns.get(i)?;
            let local = insn.is_pseudo_call() || insn.is_pseudo_func();
            let to = local.then(|| usize::try_from(i as i64 + 1 + i64::from(insn.imm)).ok()).flatten()?;
            functions.binary_search_by_key(&to, |(start, _)| *start).ok()
        };
        (functions[f].0..end).filter_map(target).collect::<Vec<usize>>()
    };
    let frame = |f: usize| taken(&system.kernel.features, report.stack_depth[f]);
    // Bytes below each function and where they are; functions that are being looked at call themselves and count once.
    let mut below: Vec<Option<(u32, Option<usize>)>> = vec![None; functions.len()];
    let mut open: Vec<(usize, bool)> = vec![(0, false)];
    while let Some((f, looked)) = open.pop() {
        if looked {
            let known = callees(f).into_iter().filter_map(|c| Some((below[c]?.0.checked_add(frame(c))?, Some(c))));
            below[f] = Some(known.max_by_key(|(bytes, _)| *bytes).unwrap_or((0, None)));
        } else if below[f].is_none() {
            below[f] = Some((0, None));
            open.push((f, true));
            open.extend(callees(f).into_iter().filter(|c| below[*c].is_none()).map(|c| (c, false)));
        }
    }
    let mut chain = Vec::new();
    let mut at = Some(0);
    while let Some(f) = at.filter(|_| chain.len() < functions.len()) {
        chain.push((functions[f].1.clone(), report.stack_depth[f], frame(f)));
        at = below[f].and_then(|(_, next)| next);
    }
    Some(Deepest { chain })
}

impl Cost {
    /// Counts an instruction below a chain of calls.
    fn count_chain(&mut self, calls: impl ExactSizeIterator<Item = usize> + Clone, idx: usize) {
        // Most instructions stand below the same calls as the one before.
        let same = |c: &Vec<usize>| c.len() == calls.len() && c.iter().copied().eq(calls.clone());
        let at = match self.chains.last().is_some_and(same) {
            true => self.chains.len() - 1,
            false => self.chains.iter().position(same).unwrap_or_else(|| {
                self.chains.push(calls.clone().collect());
                self.chains.len() - 1
            }),
        };
        *self.by_chain.entry((at, idx)).or_default() += 1;
        self.last_chain = at;
    }

    /// Counts one below the calls of the instruction before.
    fn count_last_chain(&mut self, idx: usize) {
        if self.chains.is_empty() {
            self.chains.push(Vec::new());
        }
        *self.by_chain.entry((self.last_chain, idx)).or_default() += 1;
    }

    /// What kept paths from ending, by line and place, the most frequent first.
    pub fn hindrances(&self, request: &LoadRequest) -> Vec<Hindrance> {
        let functions = functions(request);
        let mut out: BTreeMap<(String, u32, usize, Unlike), Hindrance> = BTreeMap::new();
        for ((insn, unlike), times) in &self.unlike {
            let ((file, line, at), place, source) = line_of(request, *insn);
            let hindrance = out.entry((file, line, at, *unlike)).or_insert_with(|| {
                let f = functions.partition_point(|(start, _)| start <= insn).saturating_sub(1);
                let from = functions.get(f).map_or(0, |(start, _)| *start);
                let written = last_write(request, from, *insn, *unlike);
                Hindrance { place, source, insn: *insn, unlike: *unlike, times: 0, written }
            });
            hindrance.times += times;
        }
        let mut all: Vec<Hindrance> = out.into_values().collect();
        all.sort_by_key(|h| (std::cmp::Reverse(h.times), h.insn, h.unlike));
        all
    }

    /// Instructions processed by chain of calls: the functions from the outermost on, the line last.
    pub fn stacks(&self, request: &LoadRequest) -> BTreeMap<Vec<String>, u64> {
        let functions = functions(request);
        let name = |insn: usize| {
            let at = functions.partition_point(|(start, _)| *start <= insn).saturating_sub(1);
            functions.get(at).map_or_else(String::new, |(_, name)| name.clone())
        };
        let mut out = BTreeMap::new();
        for ((chain, insn), n) in &self.by_chain {
            let mut stack: Vec<String> = self.chains[*chain].iter().map(|call| name(*call)).collect();
            stack.push(name(*insn));
            stack.push(line_of(request, *insn).1);
            *out.entry(stack).or_default() += n;
        }
        out
    }

    fn shares<K: Ord>(&self, key: impl Fn(usize) -> (K, String, Option<Source>)) -> Vec<Share> {
        let mut out: BTreeMap<K, Share> = BTreeMap::new();
        for (insn, n) in self.insns.iter().enumerate() {
            let (states, pruned) = (self.states[insn], self.pruned[insn]);
            if *n == 0 && states == 0 {
                continue;
            }
            let (k, place, source) = key(insn);
            let share = out.entry(k).or_insert_with(|| Share { place, source, insn, ..Share::default() });
            share.insns += n;
            share.states += states;
            share.pruned += pruned;
        }
        let mut shares: Vec<Share> = out.into_values().collect();
        shares.sort_by(|a, b| (b.insns, b.states, a.insn).cmp(&(a.insns, a.states, b.insn)));
        shares
    }

    /// By source line, the dearest first; by instruction where there is no source.
    pub fn by_line(&self, request: &LoadRequest) -> Vec<Share> {
        self.shares(|insn| line_of(request, insn))
    }

    /// By function of the program, the dearest first. What the compiler put into another function counts there.
    pub fn by_function(&self, request: &LoadRequest) -> Vec<Share> {
        let functions = functions(request);
        self.shares(|insn| {
            let at = functions.partition_point(|(start, _)| *start <= insn).saturating_sub(1);
            let (start, name) = functions.get(at).cloned().unwrap_or_default();
            (start, name, source_of(request, start))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::asm::assemble;
    use crate::kernel::{Kernel, ProgType};

    #[test]
    fn sums_are_the_kernels_counters() {
        let text = "r6 = *(u32 *)(r1 +0)\nr7 = 0\nagain:\nr7 += 1\nif r7 < 20 goto again\nif r6 > 5 goto out\nr7 = 3\nout:\nr0 = 0\nexit";
        for kernel in Kernel::all() {
            let system = System::stored(kernel).expect("stored BTF");
            let request = LoadRequest {
                prog_type: ProgType::SocketFilter as u32,
                insns: assemble(text).expect("assembles"),
                license: "GPL".into(),
                ..LoadRequest::default()
            };
            let (report, cost) = cost(&system, &request, &Options::default(), &|| false);
            let stats = report.stats.expect("walked");
            assert_eq!(cost.insns.iter().sum::<u64>(), u64::from(stats.insns));
            assert_eq!(cost.states.iter().sum::<u64>(), u64::from(stats.total_states));
            let lines = cost.by_line(&request);
            assert_eq!(lines.iter().map(|s| s.insns).sum::<u64>(), u64::from(stats.insns));
            assert_eq!(lines[0].insn, 2, "{lines:?}");
            assert_eq!(cost.by_function(&request).len(), 1);
            assert_eq!(cost.stacks(&request).values().sum::<u64>(), u64::from(stats.insns));
        }
    }

    #[test]
    fn what_keeps_paths_apart_is_named_with_where_it_was_made() {
        let text = "r6 = *(u32 *)(r1 +0)\nr7 = 1\nif r6 > 5 goto on\nr7 = 2\non:\nr0 = 0\ncall half\nr0 = 0\nr1 = r10\nr1 += r7\n\
                    *(u8 *)(r1 -8) = 1\nexit\nhalf:\n*(u64 *)(r10 -40) = 0\nr0 = 0\nexit";
        let system = System::stored(Kernel::v6_18()).expect("stored BTF");
        let request = LoadRequest {
            prog_type: ProgType::SocketFilter as u32,
            prog_flags: 1 << 3,
            insns: assemble(text).expect("assembles"),
            license: "GPL".into(),
            ..LoadRequest::default()
        };
        let (report, cost) = cost(&system, &request, &Options::default(), &|| false);
        assert!(matches!(report.verdict, crate::analysis::Verdict::Accepted(_)), "{:?}", report.verdict);
        let found = cost.hindrances(&request);
        let r7 = found.iter().find(|h| h.unlike == Unlike::Register { up: 0, number: 7 });
        assert!(r7.is_some_and(|h| h.written == Some(3)), "{found:?}");
        let caller = |h: &Hindrance| matches!(h.unlike, Unlike::Register { up: 1, number: 7 }) && h.written.is_none();
        assert!(found.iter().any(caller), "inside of the function called: {found:?}");
        let stack = deepest(&system, &request, &report).expect("depths are known");
        assert_eq!(stack.chain.iter().map(|(_, own, _)| *own).collect::<Vec<_>>(), [8, 40]);
        assert_eq!(stack.bytes(), 16 + 48);
    }
}
