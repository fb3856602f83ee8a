//! A control-flow graph as a picture that needs no other program.
//!
//! Blocks stand below each other in the order of the program. Jumps forward run on the right, jumps back on the left,
//! each in the innermost lane that is free between its ends, so that no two lie on each other:
//!
//! ```text
//!         ┌─────────┐
//!      ┌─►│ 3: …    ├─┐
//!      │  └────┬────┘ │
//!      │  ┌────▼────┐ │
//!      └──┤ 7: …    │ │
//!         └─────────┘ │
//!         ┌─────────┐ │
//!         │ 9: exit │◄┘
//!         └─────────┘
//! ```

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use verifier_core::cfg::Edge;

use crate::clean;
use crate::tools::Graph;

/// Height of a line of text.
const LINE: usize = 16;
/// Width of a character.
const CHAR: usize = 8;
/// Space between blocks.
const GAP: usize = 28;
/// Space between lanes.
const LANE: usize = 12;
/// Space around all.
const MARGIN: usize = 16;
/// Lanes on a side; jumps for which none of them is free share the outermost one.
const LANES: usize = 96;

struct Placed {
    start: usize,
    top: usize,
    bottom: usize,
}

/// A jump beside the blocks.
struct Lane {
    from: usize,
    to: usize,
    back: bool,
    dashed: bool,
    lane: usize,
}

pub(super) fn escape(text: &str) -> String {
    clean::line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Spans of blocks that are taken in one lane: first block, last block. They do not overlap.
type Taken = BTreeMap<usize, usize>;

fn is_free(taken: &Taken, low: usize, high: usize) -> bool {
    taken.range(..=high).next_back().is_none_or(|(_, end)| *end < low)
}

/// Places of blocks by where they start.
fn places(blocks: &[Placed]) -> HashMap<usize, usize> {
    blocks.iter().enumerate().map(|(i, b)| (b.start, i)).collect()
}

/// Gives every jump the innermost lane that is free between its ends.
fn lanes(graph: &Graph, blocks: &[Placed]) -> Vec<Lane> {
    let at = places(blocks);
    let mut edges: Vec<(usize, usize, Edge)> = graph
        .edges
        .iter()
        .filter_map(|(a, b, e)| Some((*at.get(a)?, *at.get(b)?, *e)))
        .filter(|(a, b, e)| *e != Edge::FallThrough || a + 1 != *b)
        .collect();
    // Short jumps first, so that they lie inside.
    edges.sort_by_key(|(a, b, _)| (a.abs_diff(*b), *a, *b));
    let mut sides: [Vec<Taken>; 2] = [Vec::new(), Vec::new()];
    let mut out = Vec::new();
    for (from, to, edge) in edges {
        let back = to <= from;
        let (low, high) = (from.min(to), from.max(to));
        let side = &mut sides[usize::from(back)];
        let lane = side.iter().position(|taken| is_free(taken, low, high)).unwrap_or(side.len().min(LANES - 1));
        if lane == side.len() {
            side.push(Taken::new());
        }
        side[lane].insert(low, high);
        out.push(Lane { from, to, back, dashed: edge == Edge::Call, lane });
    }
    out
}

/// The picture: full lines jump, dashed ones call, and from a block to the next control falls through.
pub fn graph(graph: &Graph, name: &str) -> String {
    let mut y = MARGIN + LINE + GAP / 2;
    let mut widest = name.chars().count();
    let mut blocks = Vec::new();
    for n in &graph.nodes {
        let bottom = y + n.insns.len() * LINE + LINE / 2;
        blocks.push(Placed { start: n.start, top: y, bottom });
        let longest = n.insns.iter().map(|(i, t)| i.to_string().len() + 2 + t.chars().count()).max();
        widest = widest.max(longest.unwrap_or(0));
        y = bottom + GAP;
    }
    let lanes = lanes(graph, &blocks);
    let beside =
        |back: bool| lanes.iter().filter(|l| l.back == back).map(|l| l.lane + 1).max().unwrap_or(0) * LANE + LANE;
    let (left, width) = (MARGIN + beside(true), widest * CHAR + LINE);
    let total = left + width + beside(false) + MARGIN;

    let mut out = String::new();
    // Writing into a `String` cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"{y}\" viewBox=\"0 0 {total} {y}\">\n\
         <defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n\
         <style>text{{font:13px monospace;white-space:pre}}rect{{fill:#f6f6f6;stroke:#333}}\
         path.e{{fill:none;stroke:#333;marker-end:url(#a)}}path.c{{stroke-dasharray:5 3}}</style>\n\
         <text x=\"{left}\" y=\"{}\" font-weight=\"bold\">{}</text>\n",
        MARGIN + LINE / 2,
        escape(name)
    );
    for (n, b) in graph.nodes.iter().zip(&blocks) {
        let _ = writeln!(
            out,
            "<rect x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"{}\" rx=\"3\"/>",
            b.top,
            b.bottom - b.top
        );
        for (row, (i, text)) in n.insns.iter().enumerate() {
            let (x, y) = (left + LINE / 2, b.top + (row + 1) * LINE);
            let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\">{i}: {}</text>", escape(text));
        }
    }
    let at = places(&blocks);
    for (a, b, edge) in &graph.edges {
        if let (Some(&a), Some(&b), Edge::FallThrough) = (at.get(a), at.get(b), edge)
            && a + 1 == b
        {
            let x = left + width / 2;
            let _ = writeln!(out, "<path class=\"e\" d=\"M{x} {}V{}\"/>", blocks[a].bottom, blocks[b].top);
        }
    }
    for l in &lanes {
        let (from, to) = (blocks[l.from].bottom - LINE / 2, blocks[l.to].top + LINE / 2);
        let (side, out_at) = match l.back {
            true => (left, left - (l.lane + 1) * LANE),
            false => (left + width, left + width + (l.lane + 1) * LANE),
        };
        let class = if l.dashed { "e c" } else { "e" };
        let _ = writeln!(out, "<path class=\"{class}\" d=\"M{side} {from}H{out_at}V{to}H{side}\"/>");
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::Node;

    #[test]
    fn no_two_jumps_lie_on_each_other_and_many_are_drawn_in_time() {
        let insns = |start: usize| vec![(start, String::new())];
        let nodes = (0..60_000).map(|start| Node { start, end: start + 1, insns: insns(start) }).collect();
        let edges = (0..60_000 - 64).map(|a| (a, a + 2 + a % 60, Edge::Taken)).collect();
        let g = Graph { nodes, edges };
        let blocks: Vec<Placed> = (0..60_000).map(|start| Placed { start, top: 0, bottom: 0 }).collect();
        let mut lanes = lanes(&g, &blocks);
        lanes.sort_by_key(|l| (l.lane, l.from));
        assert!(lanes.iter().all(|l| l.lane < LANES));
        let apart = lanes.windows(2).filter(|w| w[0].lane == w[1].lane && w[0].lane + 1 < LANES);
        assert!(apart.clone().count() > 10_000 && apart.clone().all(|w| w[0].to < w[1].from));
    }

    #[test]
    fn jumps_that_overlap_have_lanes_of_their_own() {
        let node = |start| Node { start, end: start + 1, insns: vec![(start, format!("r0 < {start}"))] };
        let edges = vec![
            (0, 1, Edge::FallThrough),
            (0, 3, Edge::Taken),
            (1, 2, Edge::FallThrough),
            (1, 3, Edge::Taken),
            (2, 1, Edge::Taken),
        ];
        let g = Graph { nodes: (0..4).map(node).collect(), edges };
        let text = graph(&g, "a<b");
        assert!(text.contains("a&lt;b") && text.contains("r0 &lt; 3"));
        assert_eq!((text.matches("<rect").count(), text.matches("class=\"e").count()), (4, 5));
        let blocks: Vec<Placed> = (0..4).map(|start| Placed { start, top: 0, bottom: 0 }).collect();
        let lanes = lanes(&g, &blocks);
        let of = |from, to| lanes.iter().find(|l| (l.from, l.to) == (from, to)).map(|l| (l.back, l.lane));
        assert_eq!((of(1, 3), of(0, 3), of(2, 1)), (Some((false, 0)), Some((false, 1)), Some((true, 0))));
    }
}
