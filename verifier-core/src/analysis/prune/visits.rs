//! Visits of strongly connected components as data: who began each, and the paths that ended inside.

use std::collections::HashMap;

use crate::state::{StateId, VerifierState};

/// Where a component is visited: the calls that lead to it, and its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Chain {
    pub(super) callsites: [u32; 7],
    pub(super) scc: u32,
}

impl Chain {
    pub(super) fn text(&self) -> String {
        let mut s = String::from("(");
        for c in self.callsites.iter().take_while(|c| **c != 0) {
            s.push_str(&format!("{c},"));
        }
        s.push_str(&format!("{})", self.scc));
        s
    }
}

/// Which visit: a place in [`Sccs`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Visited(pub(super) usize);

/// One visit of a component: who began it, and the paths that ended inside.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) entry: Option<StateId>,
    pub(super) backedges: Vec<VerifierState>,
    /// Backedges that count as states.
    pub(super) counted: u32,
}

/// All visits.
#[derive(Debug, Default)]
pub(crate) struct Sccs {
    pub(super) visits: Vec<Visit>,
    pub(super) by_chain: HashMap<Chain, usize>,
    /// Backedges kept.
    pub num_backedges: u32,
}

impl Sccs {
    /// Forgets all visits.
    pub fn clear(&mut self) {
        self.visits.clear();
        self.by_chain.clear();
    }

    pub(super) fn find(&self, chain: &Chain) -> Option<usize> {
        self.by_chain.get(chain).copied()
    }
}
