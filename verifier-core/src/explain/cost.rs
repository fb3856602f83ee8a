//! What a program costs the analysis: instructions processed and states kept, by instruction, source line and function.
//!
//! Nothing is estimated: every instruction that the walk processes is counted where it stands, so the sum over all lines is
//! the kernel's own counter, and the sum over kept states is `total_states`.

use std::collections::BTreeMap;

use crate::analysis::{Options, Report, System, verify_with};
use crate::isa::Insn;
use crate::log::{Context, Event, Interest, Sink};
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
            Event::At { idx, .. } => count(&mut self.cost.insns, idx),
            Event::Checkpoint { idx, .. } => count(&mut self.cost.states, idx),
            // Where a path is covered, the instruction is counted and then not followed.
            Event::Pruned { idx, .. } => {
                count(&mut self.cost.insns, idx);
                count(&mut self.cost.pruned, idx);
            }
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
    let mut counter = Counter { cost: Cost { insns: vec![0; n], states: vec![0; n], pruned: vec![0; n] } };
    let report = verify_with(system, request, &options, &mut counter, stop);
    // The instruction at which the walk gives up is counted before it begins.
    let counted: u64 = counter.cost.insns.iter().sum();
    if report.stats.as_ref().is_some_and(|s| u64::from(s.insns) == counted + 1) {
        count(&mut counter.cost.insns, report.insn_idx);
    }
    (report, counter.cost)
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

impl Cost {
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
        self.shares(|insn| match source_of(request, insn) {
            Some(s) => {
                let file = s.file.rsplit('/').next().unwrap_or(&s.file).to_string();
                ((s.file.clone(), s.line, 0), format!("{file}:{}", s.line), Some(s))
            }
            None => ((String::new(), 0, insn), format!("instruction {insn}"), None),
        })
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
        }
    }
}
