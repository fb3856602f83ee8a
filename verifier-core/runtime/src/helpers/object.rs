//! Objects that programs make, and the lists and trees that they put them into.
//!
//! Answers for `bpf_obj_new()`, `bpf_list_*()` and `bpf_rbtree_*()`; what they are is in [`crate::heap`]. Who holds the
//! lock of a list is the program's to know: the analysis made sure of it, and for other programs the heap has its own.

use crate::cx::{Cx, FaultKind, Halt, Held};

use super::memory::low;
use super::{Ret, err, errno};

/// Bytes of a list head and of a tree root. UAPI: `struct bpf_list_head`, `struct bpf_rb_root`.
const ROOT: u64 = 16;

/// Which end of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Front,
    Back,
}

/// `bpf_obj_new(type)`: an object of a type of the program's, or null.
pub fn new(cx: &mut Cx<'_>, [id, ..]: [u64; 5]) -> Ret {
    make(cx, id, None)
}

/// `bpf_percpu_obj_new(type)`: one for each CPU.
pub fn new_for_each_cpu(cx: &mut Cx<'_>, [id, ..]: [u64; 5]) -> Ret {
    make(cx, id, Some(cx.vm.cpus()))
}

fn make(cx: &mut Cx<'_>, id: u64, per_cpu: Option<u32>) -> Ret {
    let Some(ty) = cx.code().object_type(low(id) as u32, per_cpu) else { return Ok(0) };
    cx.touch(u64::from(ty.layout.size()) * u64::from(per_cpu.unwrap_or(1)))?;
    let vm = cx.vm;
    let charge = |bytes| vm.memory.charge(&vm.limits, bytes).is_ok();
    let Some(at) = vm.heap.make(&ty, &charge) else { return Ok(0) };
    cx.acquired(Held::Object(at));
    Ok(at)
}

/// The object that an argument lies in. Checked runs may name anything.
fn object(cx: &mut Cx<'_>, address: u64) -> Result<u64, Halt> {
    match cx.vm.heap.object(address) {
        Some((start, _)) => Ok(start),
        None => cx.halt(FaultKind::Argument("no object is there".into()), cx.insn, address),
    }
}

/// `bpf_obj_drop(object)`
pub fn drop(cx: &mut Cx<'_>, [at, ..]: [u64; 5]) -> Ret {
    let at = object(cx, at)?;
    cx.released(Held::Object(at));
    cx.vm.heap.release(at);
    Ok(0)
}

/// `bpf_refcount_acquire(object)`: the object, or null when nobody holds it any more.
pub fn acquire(cx: &mut Cx<'_>, [at, ..]: [u64; 5]) -> Ret {
    let start = object(cx, at)?;
    if !cx.vm.heap.acquire(start) {
        return Ok(0);
    }
    cx.acquired(Held::Object(start));
    Ok(at)
}

/// The field of a list or tree.
fn root(cx: &mut Cx<'_>, at: u64) -> Result<u64, Halt> {
    cx.field(at, ROOT)?;
    if at.is_multiple_of(8) {
        return Ok(at);
    }
    cx.halt(FaultKind::Argument("the field is not aligned".into()), cx.insn, at)
}

/// Puts a node at a position that is asked of the length: it goes where the kernel lets it go, else its object is
/// given up.
fn put(cx: &mut Cx<'_>, field: u64, node: u64, position: impl FnOnce(usize) -> usize) -> Ret {
    let start = object(cx, node)?;
    let vm = cx.vm;
    cx.released(Held::Object(start));
    // SAFETY: a field of a value or an object: `root` looked at it.
    if unsafe { vm.heap.put(&vm.all_maps(), field, node, position) } {
        return Ok(0);
    }
    vm.heap.release(start);
    Ok(err(errno::EINVAL))
}

/// `bpf_list_push_front(head, node)`
pub fn push_front(cx: &mut Cx<'_>, [head, node, ..]: [u64; 5]) -> Ret {
    let head = root(cx, head)?;
    put(cx, head, node, |_| 0)
}

/// `bpf_list_push_back(head, node)`
pub fn push_back(cx: &mut Cx<'_>, [head, node, ..]: [u64; 5]) -> Ret {
    let head = root(cx, head)?;
    put(cx, head, node, |len| len)
}

/// `bpf_list_pop_front(head)`: the node, or null.
pub fn pop_front(cx: &mut Cx<'_>, [head, ..]: [u64; 5]) -> Ret {
    pop(cx, head, End::Front)
}

/// `bpf_list_pop_back(head)`
pub fn pop_back(cx: &mut Cx<'_>, [head, ..]: [u64; 5]) -> Ret {
    pop(cx, head, End::Back)
}

/// Position of an end.
///
/// # Safety
/// `field` was given by [`root`].
unsafe fn end(cx: &Cx<'_>, field: u64, end: End) -> usize {
    match end {
        End::Front => 0,
        // SAFETY: as required.
        End::Back => unsafe { cx.vm.heap.count(field) }.wrapping_sub(1),
    }
}

fn pop(cx: &mut Cx<'_>, head: u64, which: End) -> Ret {
    let head = root(cx, head)?;
    // SAFETY: `root` gave it.
    let node = unsafe { cx.vm.heap.take(head, end(cx, head, which)) };
    hold(cx, node)
}

/// A node that the program took out of a list or tree.
fn hold(cx: &mut Cx<'_>, node: Option<u64>) -> Ret {
    let Some(node) = node else { return Ok(0) };
    if let Some((start, _)) = cx.vm.heap.object(node) {
        cx.acquired(Held::Object(start));
    }
    Ok(node)
}

/// `bpf_list_front(head)`, `bpf_rbtree_first(root)`: the node, which stays there.
pub fn front(cx: &mut Cx<'_>, [head, ..]: [u64; 5]) -> Ret {
    look(cx, head, End::Front)
}

/// `bpf_list_back(head)`
pub fn back(cx: &mut Cx<'_>, [head, ..]: [u64; 5]) -> Ret {
    look(cx, head, End::Back)
}

fn look(cx: &mut Cx<'_>, head: u64, which: End) -> Ret {
    let head = root(cx, head)?;
    // SAFETY: `root` gave it.
    Ok(unsafe { cx.vm.heap.node(head, end(cx, head, which)) }.unwrap_or(0))
}

/// `bpf_rbtree_add(root, node, less)`: behind all that are not greater.
pub fn tree_add(cx: &mut Cx<'_>, [field, node, less, ..]: [u64; 5]) -> Ret {
    let field = root(cx, field)?;
    object(cx, node)?;
    // SAFETY: `root` gave it, here and below.
    let (mut low, mut high) = (0, unsafe { cx.vm.heap.count(field) });
    while low < high {
        let middle = usize::midpoint(low, high);
        // SAFETY: as above.
        let Some(other) = (unsafe { cx.vm.heap.node(field, middle) }) else { break };
        cx.tick(1)?;
        if cx.call_back(less, [node, other, 0, 0, 0])? != 0 { high = middle } else { low = middle + 1 }
    }
    put(cx, field, node, |_| low)
}

/// The position of a node, which is looked for.
fn position(cx: &mut Cx<'_>, field: u64, node: u64) -> Result<Option<usize>, Halt> {
    // SAFETY: `root` gave it.
    unsafe {
        let all = cx.vm.heap.count(field);
        cx.tick(all as u64)?;
        Ok(cx.vm.heap.position(field, node))
    }
}

/// `bpf_rbtree_remove(root, node)`: the node, or null when it is not in this tree.
pub fn tree_remove(cx: &mut Cx<'_>, [field, node, ..]: [u64; 5]) -> Ret {
    let field = root(cx, field)?;
    let at = position(cx, field, node)?;
    // SAFETY: `root` gave it.
    let node = at.and_then(|at| unsafe { cx.vm.heap.take(field, at) });
    hold(cx, node)
}

/// Which nodes stand above which: the middle one above those before and behind it, and so on.
fn branches(len: usize, of: usize) -> (Option<usize>, Option<usize>) {
    let (mut low, mut high) = (0, len);
    let middle = |low: usize, high: usize| (low < high).then(|| usize::midpoint(low, high));
    while let Some(at) = middle(low, high) {
        match at.cmp(&of) {
            std::cmp::Ordering::Equal => return (middle(low, at), middle(at + 1, high)),
            std::cmp::Ordering::Less => low = at + 1,
            std::cmp::Ordering::Greater => high = at,
        }
    }
    (None, None)
}

/// `bpf_rbtree_root(root)`: the topmost node.
pub fn tree_root(cx: &mut Cx<'_>, [field, ..]: [u64; 5]) -> Ret {
    let field = root(cx, field)?;
    // SAFETY: `root` gave it.
    unsafe {
        let all = cx.vm.heap.count(field);
        Ok(cx.vm.heap.node(field, all / 2).unwrap_or(0))
    }
}

/// `bpf_rbtree_left(root, node)`
pub fn tree_left(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    branch(cx, args, |(left, _)| left)
}

/// `bpf_rbtree_right(root, node)`
pub fn tree_right(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    branch(cx, args, |(_, right)| right)
}

fn branch(
    cx: &mut Cx<'_>,
    [field, node, ..]: [u64; 5],
    which: impl Fn((Option<usize>, Option<usize>)) -> Option<usize>,
) -> Ret {
    let field = root(cx, field)?;
    let at = position(cx, field, node)?;
    // SAFETY: `root` gave it.
    unsafe {
        let all = cx.vm.heap.count(field);
        let next = at.and_then(|at| which(branches(all, at)));
        Ok(next.and_then(|n| cx.vm.heap.node(field, n)).unwrap_or(0))
    }
}

/// `bpf_this_cpu_ptr(object)`: this CPU's own of an object that each has one of.
pub fn this_cpu_ptr(cx: &mut Cx<'_>, [at, ..]: [u64; 5]) -> Ret {
    let cpu = u64::from(cx.cpu);
    match copy_of(cx, at, cpu) {
        Some(at) => Ok(at),
        // A variable of the kernel's.
        None => cx.not_modelled("bpf_this_cpu_ptr"),
    }
}

/// `bpf_per_cpu_ptr(object, cpu)`: null for a CPU that is not there.
pub fn per_cpu_ptr(cx: &mut Cx<'_>, [at, cpu, ..]: [u64; 5]) -> Ret {
    Ok(copy_of(cx, at, low(cpu)).unwrap_or(0))
}

fn copy_of(cx: &Cx<'_>, at: u64, cpu: u64) -> Option<u64> {
    let step = cx.vm.heap.per_cpu(at)?;
    (cpu < u64::from(cx.vm.cpus())).then(|| at + step * cpu)
}

#[cfg(test)]
mod tests {
    use super::branches;

    #[test]
    fn every_node_is_below_the_topmost() {
        for len in 0..40usize {
            let (mut below, mut seen) = (if len > 0 { vec![len / 2] } else { vec![] }, vec![]);
            while let Some(n) = below.pop() {
                seen.push(n);
                let (left, right) = branches(len, n);
                assert!(left.is_none_or(|l| l < n) && right.is_none_or(|r| r > n));
                below.extend(left.into_iter().chain(right));
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..len).collect::<Vec<_>>());
        }
    }
}
