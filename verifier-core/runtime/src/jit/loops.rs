//! The loops of a function: where fuel is asked for, what is worth unrolling, which jumps leave.
//!
//! Found from the jumps that go back in a walk of the graph, not in the order of instructions: compilers put the
//! parts of a loop anywhere. Every way round and round passes the head of a loop.

use std::collections::{BTreeMap, BTreeSet};

/// A loop.
#[derive(Debug)]
pub(super) struct Loop {
    /// First instruction of the block that every way round passes.
    pub(super) head: u32,
    /// Its blocks, by first instruction.
    pub(super) body: BTreeSet<u32>,
    /// Instructions of the body.
    pub(super) insns: u32,
    /// It is entered at its head only.
    natural: bool,
    /// It holds no other loop.
    innermost: bool,
}

/// The loops of a function.
#[derive(Default, Debug)]
pub(super) struct Loops {
    list: Vec<Loop>,
    /// By the block that is their head.
    heads: BTreeMap<u32, usize>,
    /// The smallest loop that a block belongs to.
    of: BTreeMap<u32, usize>,
}

/// A block: instructions, and where control goes from it.
pub(super) type Block = (u32, [Option<u32>; 2]);

impl Loops {
    /// Finds the loops of the blocks that are reached from `start`.
    pub(super) fn find(start: u32, blocks: &BTreeMap<u32, Block>) -> Loops {
        let mut before: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (at, (_, next)) in blocks {
            next.iter().flatten().for_each(|n| before.entry(*n).or_default().push(*at));
        }
        let mut bodies: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        // Loops within loops within loops are walked again and again: where that takes too long they stay unknown but
        // for their ends.
        let mut steps = 64 * blocks.len() + 4096;
        for (from, head) in backward(start, blocks) {
            let body = bodies.entry(head).or_insert_with(|| BTreeSet::from([head]));
            let mut work = vec![from];
            while let Some(at) = work.pop() {
                if body.insert(at) && steps > 0 {
                    steps -= 1;
                    work.extend(before.get(&at).into_iter().flatten());
                }
            }
        }
        let whole = steps > 0;
        let heads: BTreeSet<u32> = bodies.keys().copied().collect();
        let mut list: Vec<Loop> = bodies
            .into_iter()
            .map(|(head, body)| Loop {
                head,
                insns: body.iter().filter_map(|b| Some(blocks.get(b)?.0)).fold(0, u32::saturating_add).max(1),
                natural: whole && (head == start || !body.contains(&start)),
                innermost: body.iter().filter(|b| heads.contains(b)).count() == 1,
                body,
            })
            .collect();
        list.sort_by_key(|l| std::cmp::Reverse(l.body.len()));
        let of = list.iter().enumerate().flat_map(|(n, l)| l.body.iter().map(move |b| (*b, n))).collect();
        let heads = list.iter().enumerate().map(|(n, l)| (l.head, n)).collect();
        Loops { list, heads, of }
    }

    /// Whether there are none: the function ends by itself.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The loop whose head a block is.
    pub(super) fn headed_by(&self, block: u32) -> Option<&Loop> {
        self.heads.get(&block).map(|n| &self.list[*n])
    }

    /// The loop that a block belongs to, if it holds no other, is entered at its head only, and has at most so many
    /// instructions.
    pub(super) fn short(&self, block: u32, most: u32) -> Option<&Loop> {
        self.of.get(&block).map(|n| &self.list[*n]).filter(|l| l.natural && l.innermost && l.insns <= most)
    }

    /// Whether a jump between two blocks leaves the smallest loop that the first belongs to.
    pub(super) fn leaves(&self, from: u32, to: u32) -> bool {
        self.of.get(&from).is_some_and(|n| self.list[*n].natural && !self.list[*n].body.contains(&to))
    }
}

/// Jumps to a block that is on the way to the one that jumps, in a walk into the depth.
fn backward(start: u32, blocks: &BTreeMap<u32, Block>) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    // Blocks that were entered, and whether they are still on the way.
    let mut seen = BTreeMap::from([(start, true)]);
    let mut way = vec![(start, 0)];
    while let Some((at, n)) = way.last_mut() {
        let next = blocks.get(at).map_or(&[][..], |b| &b.1);
        let Some(to) = next.get(*n) else {
            seen.insert(*at, false);
            way.pop();
            continue;
        };
        *n += 1;
        let Some(to) = *to else { continue };
        match seen.get(&to) {
            Some(true) => out.push((*at, to)),
            Some(false) => {}
            None => {
                seen.insert(to, true);
                way.push((to, 0));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(u32, &[u32])]) -> BTreeMap<u32, Block> {
        let two = |to: &[u32]| [to.first().copied(), to.get(1).copied()];
        edges.iter().map(|(at, to)| (*at, (10, two(to)))).collect()
    }

    #[test]
    fn loops_are_where_control_goes_round() {
        // A jump back to what ends is no loop.
        let none = graph(&[(0, &[2, 5]), (2, &[]), (5, &[2])]);
        assert!(Loops::find(0, &none).is_empty());
        // 3 goes round by itself, and 1 to 4 around it; 4 is reached before 1 in order of addresses only.
        let two = graph(&[(0, &[2]), (1, &[3]), (2, &[1, 9]), (3, &[3, 4]), (4, &[2]), (9, &[])]);
        let loops = Loops::find(0, &two);
        let outer = loops.headed_by(2).expect("a loop");
        assert_eq!((outer.insns, outer.body.iter().copied().collect::<Vec<_>>()), (40, vec![1, 2, 3, 4]));
        assert_eq!(loops.short(3, 10).map(|l| l.head), Some(3));
        assert!(loops.short(2, 100).is_none() && loops.short(3, 9).is_none() && loops.short(9, 100).is_none());
        assert!(loops.leaves(3, 4) && loops.leaves(2, 9) && !loops.leaves(1, 3) && !loops.leaves(9, 1));
        // Two ways in: every way round still passes a head, but nothing is unrolled.
        let knot = graph(&[(0, &[1, 2]), (1, &[2]), (2, &[1, 3]), (3, &[])]);
        let loops = Loops::find(0, &knot);
        assert!(!loops.is_empty() && loops.short(1, 100).is_none() && loops.short(2, 100).is_none());
    }
}
