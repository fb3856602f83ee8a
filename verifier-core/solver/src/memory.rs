//! Bytes of one region in a symbolic run.
//!
//! Accesses at known offsets go to cells, which remember the stored value whole, so that what is loaded back is the
//! same term or pointer. An access at an unknown offset moves all cells into an array term first. What nobody wrote is
//! read from the array that stands for the contents at the begin.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use z3::Sort;
use z3::ast::{Array, BV};

use super::term::{Num, Val};

/// One byte: part `index` of a stored value.
#[derive(Clone, Debug)]
struct Cell {
    source: Rc<Val>,
    index: u32,
}

/// Contents of a region.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Contents at the begin, an input of the run.
    pub initial: Array,
    array: Array,
    cells: BTreeMap<u64, Cell>,
    /// Offsets of `initial` that were looked at.
    pub looked_at: Vec<Num>,
    /// Written bytes, for memory that is not initialised at the begin; `None`: all are.
    written: Option<BTreeSet<u64>>,
    /// Something was written at an offset that is not known.
    blurred: bool,
}

/// How the address of a pointer reads as a number.
pub type AddressOf<'a> = &'a dyn Fn(&Val) -> Num;

impl Memory {
    /// Unknown contents, an input by this name.
    pub fn unknown(name: &str) -> Memory {
        let initial = Array::new_const(name, &Sort::bitvector(64), &Sort::bitvector(8));
        let array = initial.clone();
        Memory { initial, array, cells: BTreeMap::new(), looked_at: Vec::new(), written: None, blurred: false }
    }

    /// Contents that must be written before they are read.
    pub fn uninitialised(name: &str) -> Memory {
        Memory { written: Some(BTreeSet::new()), ..Memory::unknown(name) }
    }

    /// Whether `n` bytes from a known offset were all written (`None` where that is not known).
    pub fn is_written(&self, off: u64, n: u64) -> Option<bool> {
        let Some(written) = &self.written else {
            return Some(true);
        };
        let all = (off..off.saturating_add(n)).all(|o| written.contains(&o));
        if all { Some(true) } else { (!self.blurred).then_some(false) }
    }

    /// Marks bytes as written without changing them.
    pub fn mark_written(&mut self, off: u64, n: u64) {
        if let Some(w) = &mut self.written {
            w.extend(off..off.saturating_add(n));
        }
    }

    fn byte_of(cell: &Cell, address: AddressOf<'_>) -> BV {
        let whole = match &*cell.source {
            Val::Num(n) => n.clone(),
            other => address(other),
        };
        whole.term().extract(8 * cell.index + 7, 8 * cell.index)
    }

    /// Moves all cells into the array.
    fn flush(&mut self, address: AddressOf<'_>) {
        for (off, cell) in std::mem::take(&mut self.cells) {
            self.array = self.array.store(&BV::from_u64(off, 64), &Memory::byte_of(&cell, address));
        }
    }

    /// Whether an access of `n` bytes at a known offset touches a stored pointer without covering exactly all of it.
    pub fn cuts_pointer(&self, off: u64, n: u64) -> bool {
        (off..off.saturating_add(n)).any(|o| {
            self.cells.get(&o).is_some_and(|c| {
                let whole = n == 8 && o.checked_sub(u64::from(c.index)) == Some(off);
                matches!(*c.source, Val::Ptr(_)) && !whole
            })
        })
    }

    /// Whether bytes of an access were looked at or written before.
    pub fn knows(&self, off: &Num, n: u32) -> bool {
        let Some(at) = off.known() else { return !self.looked_at.is_empty() || !self.cells.is_empty() };
        let end = at.saturating_add(u64::from(n));
        self.cells.range(at..end).next().is_some()
            || self.looked_at.iter().any(|o| o.known().is_none_or(|o| (at..end).contains(&o)))
    }

    fn select(&mut self, off: &Num) -> BV {
        // Behind stores, the byte may still be the one from the begin.
        self.looked_at.push(off.clone());
        let byte = self.array.select(&off.term());
        byte.as_bv().unwrap_or_else(|| BV::from_u64(0, 8))
    }

    /// Loads `n` bytes (1, 2, 4, 8), zero-extended. A pointer that was stored whole comes back as one.
    pub fn load(&mut self, off: &Num, n: u32, address: AddressOf<'_>) -> Val {
        let Some(at) = off.known() else {
            self.flush(address);
            let mut term: Option<BV> = None;
            for i in 0..n {
                let byte = self.select(&off.plus(i64::from(i)));
                term = Some(term.map_or_else(|| byte.clone(), |low| byte.concat(&low)));
            }
            return Val::Num(widen(term, n));
        };
        if let Some(first) = self.cells.get(&at) {
            let same = (1..n).all(|i| {
                let next = self.cells.get(&at.wrapping_add(u64::from(i)));
                next.is_some_and(|c| Rc::ptr_eq(&c.source, &first.source) && c.index == first.index + i)
            });
            if same {
                match &*first.source {
                    Val::Num(v) => {
                        let shift = Num::Known(u64::from(8 * first.index));
                        let moved = if first.index == 0 {
                            v.clone()
                        } else {
                            super::term::alu(verifier_core::isa::semantics::AluOp::Rsh, true, v, &shift)
                        };
                        return Val::Num(moved.truncated(n));
                    }
                    whole if n == 8 && first.index == 0 => return whole.clone(),
                    _ => {}
                }
            }
        }
        let mut term: Option<BV> = None;
        for i in 0..n {
            let o = at.wrapping_add(u64::from(i));
            let byte = match self.cells.get(&o) {
                Some(cell) => Memory::byte_of(cell, address),
                None => self.select(&Num::Known(o)),
            };
            term = Some(term.map_or_else(|| byte.clone(), |low| byte.concat(&low)));
        }
        Val::Num(widen(term, n))
    }

    /// Stores the low `n` bytes of a value.
    pub fn store(&mut self, off: &Num, n: u32, value: &Val, address: AddressOf<'_>) {
        let source = Rc::new(value.clone());
        if let Some(at) = off.known() {
            for i in 0..n {
                self.cells.insert(at.wrapping_add(u64::from(i)), Cell { source: source.clone(), index: i });
            }
            self.mark_written(at, u64::from(n));
            return;
        }
        self.flush(address);
        self.blurred = true;
        for i in 0..n {
            let byte = Memory::byte_of(&Cell { source: source.clone(), index: i }, address);
            self.array = self.array.store(&off.plus(i64::from(i)).term(), &byte);
        }
    }

    /// Forgets everything, as if another had written anything anywhere; the new contents are an input by this name.
    pub fn forget(&mut self, name: &str) {
        let written = self.written.take();
        *self = Memory { written, blurred: true, ..Memory::unknown(name) };
    }
}

fn widen(term: Option<BV>, n: u32) -> Num {
    match term {
        Some(t) if n < 8 => Num::of(t.zero_ext(64 - 8 * n)),
        Some(t) => Num::of(t),
        None => Num::Known(0),
    }
}
