//! A petgraph of basic blocks.
//!
//! The kernel's own walk decides messages and prune points and stands in the analysis; this graph serves tools. It is
//! built from any instructions, also malformed ones: edges to nowhere are left out.

use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::algo::{dominators, tarjan_scc};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::flow::{self, JumpTables};
use crate::isa::{Flow, Insn};

/// A run of instructions that is entered at its first and left after its last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// First slot.
    pub start: usize,
    /// Slot after the last.
    pub end: usize,
}

/// How control goes from one block to another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Edge {
    /// To the next instruction.
    FallThrough,
    /// A jump is taken.
    Taken,
    /// A local function is called, or its address taken for a callback.
    Call,
}

/// The graph of a whole program.
#[derive(Clone, Debug)]
pub struct Cfg {
    /// Blocks and edges.
    pub graph: DiGraph<Block, Edge>,
    by_start: Vec<(usize, NodeIndex)>,
}

/// A place of the program.
fn inside(insns: &[Insn], to: Option<usize>) -> Option<usize> {
    to.filter(|t| *t < insns.len())
}

impl Cfg {
    /// Cuts the instructions into blocks and connects them.
    pub fn build(insns: &[Insn], tables: &JumpTables) -> Cfg {
        let mut starts = BTreeSet::from([0]);
        let mut i = 0;
        while i < insns.len() {
            let next = flow::behind(insns, i);
            if insns[i].decode().flow() != Flow::Next {
                starts.extend(inside(insns, flow::jump_target(insns[i], i)));
                starts.extend(tables.at(i).iter().filter(|t| **t < insns.len()));
                starts.insert(next);
            }
            starts.extend(inside(insns, flow::callee(insns[i], i)));
            i = next;
        }
        let starts: Vec<usize> = starts.into_iter().filter(|s| *s < insns.len()).collect();
        let mut graph = DiGraph::new();
        let mut by_start = Vec::with_capacity(starts.len());
        for (n, &start) in starts.iter().enumerate() {
            let end = starts.get(n + 1).copied().unwrap_or(insns.len());
            by_start.push((start, graph.add_node(Block { start, end })));
        }
        let mut cfg = Cfg { graph, by_start };
        for n in cfg.graph.node_indices() {
            cfg.connect(insns, tables, n);
        }
        cfg
    }

    fn connect(&mut self, insns: &[Insn], tables: &JumpTables, n: NodeIndex) {
        let Block { start, end } = self.graph[n];
        let mut i = start;
        let mut last = start;
        while i < end {
            if let Some(to) = flow::callee(insns[i], i).and_then(|t| self.node_at(t)) {
                self.graph.add_edge(n, to, Edge::Call);
            }
            last = i;
            i = flow::behind(insns, i);
        }
        let Some(insn) = insns.get(last) else { return };
        if matches!(insn.decode().flow(), Flow::Next | Flow::Branch(_))
            && let Some(next) = self.node_at(i)
        {
            self.graph.add_edge(n, next, Edge::FallThrough);
        }
        if let Some(to) = flow::jump_target(*insn, last).and_then(|t| self.node_at(t)) {
            self.graph.add_edge(n, to, Edge::Taken);
        }
        for to in tables.at(last) {
            if let Some(to) = self.node_at(*to) {
                self.graph.add_edge(n, to, Edge::Taken);
            }
        }
    }

    fn node_at(&self, start: usize) -> Option<NodeIndex> {
        let at = self.by_start.binary_search_by_key(&start, |(s, _)| *s).ok()?;
        self.by_start.get(at).map(|(_, n)| *n)
    }

    /// The block that holds an instruction.
    pub fn block_of(&self, insn: usize) -> Option<NodeIndex> {
        let at = self.by_start.partition_point(|(s, _)| *s <= insn).checked_sub(1)?;
        self.by_start.get(at).map(|(_, n)| *n).filter(|n| insn < self.graph[*n].end)
    }

    /// Blocks that can come back to themselves without a call, one list per loop.
    pub fn loops(&self) -> Vec<Vec<NodeIndex>> {
        let inner = self.graph.filter_map(|_, b| Some(*b), |_, e| (*e != Edge::Call).then_some(*e));
        tarjan_scc(&inner).into_iter().filter(|c| c.len() > 1 || inner.contains_edge(c[0], c[0])).collect()
    }

    /// The block that every way from the program's entry to `n` passes last; `None` for the entry and dead code.
    pub fn immediate_dominator(&self, n: NodeIndex) -> Option<NodeIndex> {
        let root = self.node_at(0)?;
        dominators::simple_fast(&self.graph, root).immediate_dominator(n)
    }

    /// Blocks that control comes from, with how.
    pub fn predecessors(&self, n: NodeIndex) -> impl Iterator<Item = (NodeIndex, Edge)> + '_ {
        self.graph.edges_directed(n, Direction::Incoming).map(|e| (e.source(), *e.weight()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::opcode::*;

    fn insn(code: u8, off: i16) -> Insn {
        Insn { code, off, ..Insn::default() }
    }

    #[test]
    fn a_loop_is_found() {
        // 0: r0 = 0; 1: r0 += 1; 2: if r0 < 0 goto 1; 3: exit
        let p = [insn(ALU64 | MOV, 0), insn(ALU64 | ADD, 0), insn(JMP | JLT, -2), insn(JMP | EXIT, 0)];
        let cfg = Cfg::build(&p, JumpTables::NONE);
        assert_eq!(cfg.graph.node_count(), 3);
        let loops = cfg.loops();
        assert_eq!(loops.len(), 1);
        assert_eq!(cfg.graph[loops[0][0]], Block { start: 1, end: 3 });
        let last = cfg.block_of(3);
        assert_eq!(last.and_then(|n| cfg.immediate_dominator(n)), cfg.block_of(1));
    }

    #[test]
    fn edges_to_nowhere_are_left_out() {
        let cfg = Cfg::build(&[insn(JMP | JA, 100)], JumpTables::NONE);
        assert_eq!(cfg.graph.edge_count(), 0);
        assert_eq!(Cfg::build(&[], JumpTables::NONE).graph.node_count(), 0);
    }
}
