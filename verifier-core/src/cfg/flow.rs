//! Where control goes from an instruction. Everything that follows a program asks here: preflight, liveness, loops, the
//! graph, the solver.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::isa::op::Flow;
use crate::isa::{Callee, Insn, Op};

/// Where jumps through registers can go: what the jump tables of their functions hold.
#[derive(Clone, Debug, Default)]
pub struct JumpTables {
    /// By instruction; places in order, each once. The jumps of a function share them.
    targets: BTreeMap<usize, Arc<[usize]>>,
    /// The same by the first instruction of a function.
    of_functions: BTreeMap<usize, Arc<[usize]>>,
    /// Places of all jumps together.
    ways: usize,
}

/// So many ways lead through jump tables, at most: every instruction of the largest program may go to a few.
const MOST_WAYS: usize = 1 << 23;

impl JumpTables {
    /// No instruction jumps through a register.
    pub const NONE: &JumpTables = &JumpTables { targets: BTreeMap::new(), of_functions: BTreeMap::new(), ways: 0 };

    /// The places that the jump at `idx` can go to, in order; empty where none is known.
    pub fn at(&self, idx: usize) -> &[usize] {
        self.targets.get(&idx).map_or(&[], |t| t)
    }

    /// Whether it is noted where the jumps of the function that begins at `start` can go.
    pub fn knows(&self, start: usize) -> bool {
        self.of_functions.contains_key(&start)
    }

    /// Notes where the jumps of the function that begins at `start` can go.
    pub fn learn(&mut self, start: usize, mut places: Vec<usize>) {
        places.sort_unstable();
        places.dedup();
        self.of_functions.insert(start, places.into());
    }

    /// Notes that the instruction at `idx` is such a jump; `false` where the ways are too many to be followed.
    #[must_use]
    pub fn add(&mut self, idx: usize, start: usize) -> bool {
        let targets = self.of_functions.get(&start).map_or_else(|| Arc::from([]), Arc::clone);
        self.ways = self.ways.saturating_add(targets.len());
        self.targets.insert(idx, targets);
        self.ways <= MOST_WAYS
    }

    /// Whether no instruction jumps through a register.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
}

/// Where an instruction goes: at most two places, or those of its jump tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct Successors<'t> {
    places: [usize; 2],
    len: usize,
    table: &'t [usize],
}

impl Successors<'_> {
    fn push(&mut self, place: usize) {
        if let Some(next) = self.places.get_mut(self.len) {
            *next = place;
            self.len += 1;
        }
    }
}

impl std::ops::Deref for Successors<'_> {
    type Target = [usize];

    #[inline]
    fn deref(&self) -> &[usize] {
        if self.table.is_empty() { &self.places[..self.len.min(2)] } else { self.table }
    }
}

/// The place at a distance from the slot behind `idx`; `None` before the program.
pub fn target(idx: usize, by: i32) -> Option<usize> {
    usize::try_from(idx as i64 + 1 + i64::from(by)).ok()
}

/// The slot behind an instruction.
pub fn behind(insns: &[Insn], idx: usize) -> usize {
    idx + insns.get(idx).map_or(1, |i| i.decode().slots())
}

/// Where an instruction jumps to, if it does.
pub fn jump_target(insn: Insn, idx: usize) -> Option<usize> {
    match insn.decode().flow() {
        Flow::Jump(by) | Flow::Branch(by) => target(idx, by),
        Flow::Next | Flow::Table | Flow::End => None,
    }
}

/// The function that an instruction calls, or takes the address of.
pub fn callee(insn: Insn, idx: usize) -> Option<usize> {
    match insn.decode() {
        Op::Call { callee: Callee::Local(by) } => target(idx, by),
        Op::Const { .. } if insn.is_pseudo_func() => target(idx, insn.imm),
        _ => None,
    }
}

/// Where an instruction goes within its function, the next one first. Places may lie outside of the program.
pub fn successors<'t>(insns: &[Insn], tables: &'t JumpTables, idx: usize) -> Successors<'t> {
    let mut out = Successors::default();
    let Some(op) = insns.get(idx).map(|i| i.decode()) else { return out };
    let flow = op.flow();
    if flow == Flow::Table {
        out.table = tables.at(idx);
    }
    if matches!(flow, Flow::Next | Flow::Branch(_)) {
        out.push(idx + op.slots());
    }
    if let Flow::Jump(by) | Flow::Branch(by) = flow
        && let Some(to) = target(idx, by)
    {
        out.push(to);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::opcode::*;

    fn to(code: u8, off: i16, imm: i32) -> Vec<usize> {
        let insns = [Insn::default(), Insn { code, off, imm, ..Insn::default() }];
        successors(&insns, JumpTables::NONE, 1).to_vec()
    }

    #[test]
    fn a_jump_through_a_register_goes_where_tables_say() {
        let insns = [Insn::default(), Insn { code: JMP | JA | X, dst: 3, ..Insn::default() }];
        let mut tables = JumpTables::default();
        assert!(successors(&insns, &tables, 1).is_empty());
        tables.learn(0, vec![9, 4, 9]);
        assert!(tables.add(1, 0));
        assert_eq!(*successors(&insns, &tables, 1), [4, 9]);
    }

    #[test]
    fn the_next_one_comes_first() {
        assert_eq!(to(JMP | JEQ, 3, 0), [2, 5]);
        assert_eq!(to(JMP | JCOND, -2, 0), [2, 0]);
    }

    #[test]
    fn jumps_go_nowhere_else() {
        assert_eq!(to(JMP | JA, 3, 0), [5]);
        assert_eq!(to(JMP32 | JA, 3, 7), [9]);
        assert_eq!(to(JMP | EXIT, 3, 0), [0; 0]);
    }

    #[test]
    fn constants_take_two_slots_and_calls_come_back() {
        assert_eq!(to(LD | IMM | DW, 0, 0), [3]);
        assert_eq!(to(JMP | CALL, 0, 5), [2]);
    }

    #[test]
    fn what_lies_before_the_program_is_no_place() {
        assert_eq!(to(JMP | JA, -3, 0), [0; 0]);
    }
}
