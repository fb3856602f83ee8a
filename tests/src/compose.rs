//! Programs put together from others, from a seed: what most checks let pass, in shapes that nobody wrote.
//!
//! A program calls another of the same type as a function of its own: at its beginning or its end, in loops of every
//! kind, in callbacks, in sections that forbid this or that, between blocks that use helpers and kernel functions
//! ([`crate::idioms`]). Both were written by somebody, so the parts hold water; how they live in one program, what is
//! kept across the calls, how loops converge, is what is asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use verifier_core::btf::{Btf, BtfEdit, BtfKind, TypeId};
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::kernel::ProgType;
use verifier_core::program::{FuncInfo, LoadRequest, MapSpec};

use crate::idioms::{self, Kernel};
use crate::mutate::Rng;

/// An instruction.
pub const fn op(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm }
}

/// What an instruction refers to.
#[derive(Clone, Copy, Debug)]
enum Ref {
    /// A place in the same function.
    Label(usize),
    /// A function: its number.
    Func(usize),
}

/// Code of one function that is being written.
#[derive(Default, Debug)]
pub struct Code {
    insns: Vec<Insn>,
    refs: Vec<(usize, Ref)>,
    labels: Vec<usize>,
}

impl Code {
    /// Appends an instruction.
    pub fn push(&mut self, code: u8, dst: u8, src: u8, off: i16, imm: i32) {
        self.insns.push(op(code, dst, src, off, imm));
    }

    /// `dst = src`.
    pub fn copy(&mut self, dst: u8, src: u8) {
        self.push(ALU64 | MOV | X, dst, src, 0, 0);
    }

    /// `dst = imm`.
    pub fn set(&mut self, dst: u8, imm: i32) {
        self.push(ALU64 | MOV | K, dst, 0, 0, imm);
    }

    /// `dst = r10 + off`.
    pub fn stack(&mut self, dst: u8, off: i16) {
        self.copy(dst, 10);
        self.push(ALU64 | ADD | K, dst, 0, 0, off.into());
    }

    /// `*(u64 *)(r10 + off) = src`.
    pub fn spill(&mut self, off: i16, src: u8) {
        self.push(STX | MEM | DW, 10, src, off, 0);
    }

    /// `dst = *(u64 *)(r10 + off)`.
    pub fn fill(&mut self, dst: u8, off: i16) {
        self.push(LDX | MEM | DW, dst, 10, off, 0);
    }

    /// Calls a helper.
    pub fn helper(&mut self, id: i32) {
        self.push(JMP | CALL, 0, 0, 0, id);
    }

    /// Calls a kernel function; false when the kernel has none of this name.
    pub fn kfunc(&mut self, kernel: &Kernel<'_>, name: &str) -> bool {
        let id = kernel.vmlinux.find_by_name_kind(name, BtfKind::Func);
        self.push(JMP | CALL, 0, PSEUDO_KFUNC_CALL, 0, id.unwrap_or(0) as i32);
        id.is_some()
    }

    /// `dst = map`.
    pub fn map(&mut self, dst: u8, fd: i32) {
        self.push(LD | IMM | DW, dst, PSEUDO_MAP_FD, 0, fd);
        self.push(0, 0, 0, 0, 0);
    }

    /// A new label, not placed yet.
    pub fn label(&mut self) -> usize {
        self.labels.push(usize::MAX);
        self.labels.len() - 1
    }

    /// Places a label here.
    pub fn here(&mut self, label: usize) {
        self.labels[label] = self.insns.len();
    }

    /// A jump to a label.
    pub fn jump(&mut self, code: u8, dst: u8, src: u8, imm: i32, to: usize) {
        self.refs.push((self.insns.len(), Ref::Label(to)));
        self.push(code, dst, src, 0, imm);
    }

    fn call(&mut self, func: usize) {
        self.refs.push((self.insns.len(), Ref::Func(func)));
        self.push(JMP | CALL, 0, PSEUDO_CALL, 0, 0);
    }

    fn callback(&mut self, dst: u8, func: usize) {
        self.refs.push((self.insns.len(), Ref::Func(func)));
        self.push(LD | IMM | DW, dst, PSEUDO_FUNC, 0, 0);
        self.push(0, 0, 0, 0, 0);
    }
}

/// A function with what it calls by number.
#[derive(Clone, Debug)]
struct Func {
    insns: Vec<Insn>,
    calls: Vec<(usize, usize)>,
    type_id: TypeId,
}

impl Func {
    fn from_code(code: Code, type_id: TypeId) -> Option<Func> {
        let mut f = Func { insns: code.insns, calls: Vec::new(), type_id };
        for (at, to) in code.refs {
            match to {
                Ref::Label(l) => f.insns[at].off = i16::try_from(code.labels[l] as i64 - at as i64 - 1).ok()?,
                Ref::Func(n) => f.calls.push((at, n)),
            }
        }
        Some(f)
    }
}

fn refers(i: &Insn) -> bool {
    i.is_pseudo_call() || i.is_pseudo_func()
}

/// The functions of a program; `first` is the number that its first gets.
fn split(r: &LoadRequest, first: usize) -> Option<Vec<Func>> {
    let n = r.insns.len();
    let mut starts: BTreeSet<usize> = r.func_info.iter().map(|f| f.insn_off as usize).collect();
    starts.insert(0);
    let target = |i: usize| usize::try_from(i as i64 + 1 + i64::from(r.insns[i].imm)).ok();
    let calls: Vec<usize> = (0..n).filter(|i| refers(&r.insns[*i])).collect();
    for &i in &calls {
        starts.insert(target(i)?);
    }
    let starts: Vec<usize> = starts.into_iter().collect();
    if starts.iter().any(|s| *s >= n) {
        return None;
    }
    let mut out = Vec::new();
    for (k, &from) in starts.iter().enumerate() {
        let to = starts.get(k + 1).copied().unwrap_or(n);
        let type_id = r.func_info.iter().find(|f| f.insn_off as usize == from).map_or(0, |f| f.type_id);
        let calls = calls.iter().filter(|i| (from..to).contains(i));
        let calls = calls.map(|&i| Some((i - from, first + starts.binary_search(&target(i)?).ok()?)));
        out.push(Func { insns: r.insns[from..to].to_vec(), calls: calls.collect::<Option<_>>()?, type_id });
    }
    Some(out)
}

/// The lowest byte of its stack that a function names.
fn lowest(insns: &[Insn]) -> i16 {
    let named = insns.iter().filter_map(|i| match i.class() {
        LDX if i.src == 10 => Some(i.off),
        ST | STX if i.dst == 10 => Some(i.off),
        ALU64 if i.code == ALU64 | ADD | K && (-512..0).contains(&i.imm) => Some(i.imm as i16),
        _ => None,
    });
    named.min().unwrap_or(0).clamp(-512, 0) & !7
}

/// One program being put together.
struct Composer<'a, 'b> {
    rng: &'a mut Rng,
    kernel: &'a Kernel<'b>,
    /// Number of the called program's first function.
    callee: usize,
    /// Functions of ours; the first has the number `own`.
    made: Vec<Func>,
    own: usize,
    /// Function type of callbacks of ours.
    cb_type: TypeId,
    prog_type: u32,
    maps: Vec<MapSpec>,
    btf: Option<Arc<Btf>>,
}

impl Composer<'_, '_> {
    /// A block: the context is in the slot `ctx` of the stack; below `free` is room. Registers 0 to 5 are lost.
    fn block(&mut self, c: &mut Code, ctx: i16, free: i16, depth: usize) {
        let shape = if depth == 0 { self.rng.below(3) } else { self.rng.below(14) };
        let slot = free - 8;
        match shape {
            0 | 1 => {
                c.fill(1, ctx);
                c.call(self.callee);
            }
            2 | 3 => {
                idioms::one(c, self.kernel, self.rng, &mut self.maps, self.btf.as_deref(), self.prog_type, ctx, free)
            }
            4 => {
                // Counted in the stack.
                let n = self.rng.pick(&[2, 3, 10, 100]);
                let top = c.label();
                c.push(ST | MEM | DW, 10, 0, slot, n);
                c.here(top);
                self.block(c, ctx, slot, depth - 1);
                c.fill(1, slot);
                c.push(ALU64 | ADD | K, 1, 0, 0, -1);
                c.spill(slot, 1);
                c.jump(JMP | self.rng.pick(&[JSGT, JNE, JSGE]) | K, 1, 0, 0, top);
            }
            5 | 6 => {
                let (top, out) = (c.label(), c.label());
                let far = self.rng.pick(&[1, 5, 1000, 1 << 20]);
                c.stack(1, slot);
                c.set(2, 0);
                c.set(3, far);
                c.kfunc(self.kernel, "bpf_iter_num_new");
                c.here(top);
                c.stack(1, slot);
                c.kfunc(self.kernel, "bpf_iter_num_next");
                c.jump(JMP | JEQ | K, 0, 0, 0, out);
                self.block(c, ctx, slot, depth - 1);
                if self.rng.below(4) == 0 {
                    c.jump(JMP | JEQ | K, 0, 0, 7, out);
                }
                c.jump(JMP | JA, 0, 0, 0, top);
                c.here(out);
                c.stack(1, slot);
                c.kfunc(self.kernel, "bpf_iter_num_destroy");
            }
            7 => {
                let (top, out) = (c.label(), c.label());
                c.here(top);
                c.jump(JMP | JCOND, 0, 0, 0, out);
                self.block(c, ctx, free, depth - 1);
                c.jump(JMP | JA, 0, 0, 0, top);
                c.here(out);
            }
            8..=10 => {
                // A callback, to which the context goes through the stack.
                let each = self.maps.iter().find(|m| matches!(m.map_type, 1 | 2 | 9)).map(|m| m.fd);
                let each = each.filter(|_| shape == 10);
                let mut cb = Code::default();
                cb.push(LDX | MEM | DW, 1, if each.is_some() { 4 } else { 2 }, 0, 0);
                cb.spill(-8, 1);
                self.block(&mut cb, -8, -8, depth - 1);
                let end = self.rng.below(5);
                if end == 0 {
                    cb.push(ALU64 | AND | K, 0, 0, 0, 1);
                } else {
                    cb.set(0, i32::from(end == 1));
                }
                cb.push(JMP | EXIT, 0, 0, 0, 0);
                let Some(cb) = Func::from_code(cb, self.cb_type) else { return };
                self.made.push(cb);
                let number = self.own + self.made.len() - 1;
                if let Some(fd) = each {
                    c.map(1, fd);
                } else {
                    let n = self.rng.pick(&[1, 3, 100, 1 << 16]);
                    c.set(1, n);
                }
                c.callback(2, number);
                c.stack(3, ctx);
                c.set(4, 0);
                c.helper(if each.is_some() { 164 } else { 181 });
            }
            11 => {
                let skip = c.label();
                c.helper(7);
                let mask = self.rng.pick(&[1, 3, 0xff]);
                c.push(ALU64 | AND | K, 0, 0, 0, mask);
                c.jump(JMP | self.rng.pick(&[JEQ, JGT, JSET]) | K, 0, 0, 1, skip);
                self.block(c, ctx, free, depth - 1);
                c.here(skip);
            }
            12 => {
                self.block(c, ctx, free, depth - 1);
                self.block(c, ctx, free, depth - 1);
            }
            _ => self.section(c, ctx, slot, depth),
        }
    }

    /// A part during which something is forbidden.
    fn section(&mut self, c: &mut Code, ctx: i16, slot: i16, depth: usize) {
        let (open, close) = self.rng.pick(&[
            ("bpf_rcu_read_lock", "bpf_rcu_read_unlock"),
            ("bpf_preempt_disable", "bpf_preempt_enable"),
            ("bpf_local_irq_save", "bpf_local_irq_restore"),
        ]);
        let flags = open.contains("irq");
        if flags {
            c.stack(1, slot);
        }
        c.kfunc(self.kernel, open);
        self.block(c, ctx, slot, depth - 1);
        if flags {
            c.stack(1, slot);
        }
        if self.rng.below(30) != 0 {
            c.kfunc(self.kernel, close);
        }
    }
}

/// Whether a program can be a part: alone, with maps by descriptor.
pub fn fits(r: &LoadRequest) -> bool {
    let by_index = |i: &Insn| i.is_ldimm64() && matches!(i.src, PSEUDO_MAP_IDX | PSEUDO_MAP_IDX_VALUE);
    r.attach.prog.is_none() && r.attach.module.is_empty() && r.fd_array.is_empty() && !r.insns.iter().any(by_index)
}

/// Whether one can call the other with its own context.
pub fn same_context(a: &LoadRequest, b: &LoadRequest) -> bool {
    let traces = |r: &LoadRequest| {
        [ProgType::Tracing, ProgType::Lsm, ProgType::StructOps].iter().any(|t| *t as u32 == r.prog_type)
    };
    a.prog_type == b.prog_type
        && (!traces(a) || (a.attach.btf_id == b.attach.btf_id && a.expected_attach_type == b.expected_attach_type))
}

/// Program types that have the same context.
const FAMILIES: &[&[u32]] = &[&[1, 3, 4, 8, 10, 11, 12, 14, 19], &[2, 5, 7, 17, 24], &[9, 15]];

/// `a` calling `b`.
pub fn compose(a: &LoadRequest, b: &LoadRequest, kernel: &Kernel<'_>, rng: &mut Rng) -> Option<LoadRequest> {
    let mut r = LoadRequest { line_info: Vec::new(), ..a.clone() };
    let mut b = b.clone();
    adopt_maps(&mut r, &mut b);
    let typed = r.btf.is_some() && !r.func_info.is_empty() && !b.func_info.is_empty() && same_btf(&r, &b);
    if !typed {
        (r.btf, r.func_info, b.func_info) = (None, Vec::new(), Vec::new());
    }
    let mut funcs = split(&r, 0)?;
    let callee = funcs.len();
    let called = split(&b, callee)?;
    let own = callee + called.len();
    let mut cb_type = 0;
    if typed {
        let btf = Arc::clone(r.btf.as_ref()?);
        let mut edit = BtfEdit::new(&btf);
        if rng.below(3) != 0 {
            edit.set_vlen(&btf.ty(called[0].type_id)?, 0);
        }
        let name = edit.string("int");
        let int = edit.push(name, (BtfKind::Int as u32) << 24, 4, &[(1 << 24) | 32]);
        let proto = edit.push(0, (BtfKind::FuncProto as u32) << 24, int, &[]);
        let name = edit.string("callback");
        cb_type = edit.push(name, (BtfKind::Func as u32) << 24, proto, &[]);
        r.btf = Some(Arc::new(edit.finish().ok()?));
    }
    let ctx = lowest(&funcs[0].insns) - 8;
    if ctx < -440 {
        return None;
    }
    let mut composer = Composer {
        rng,
        kernel,
        callee,
        made: Vec::new(),
        own,
        cb_type,
        prog_type: r.prog_type,
        maps: std::mem::take(&mut r.maps),
        btf: r.btf.clone(),
    };
    let main = enclose(&mut composer, &funcs[0], ctx)?;
    let (made, maps) = (composer.made, composer.maps);
    r.maps = maps;
    funcs[0] = main;
    funcs.extend(called);
    funcs.extend(made);
    lay_out(&mut r, &funcs, typed);
    if rng.below(10) == 0
        && let Some(family) = FAMILIES.iter().find(|f| f.contains(&r.prog_type))
    {
        r.prog_type = rng.pick(family);
    }
    if rng.below(6) == 0 {
        r.prog_flags |= rng.pick(&[TEST_STATE_FREQ, TEST_STATE_FREQ, STRICT_ALIGNMENT, TEST_REG_INVARIANTS]);
    }
    Some(r)
}

/// States are stored wherever they can be.
const TEST_STATE_FREQ: u32 = 8;
/// Accesses are aligned on every machine.
const STRICT_ALIGNMENT: u32 = 1;
/// Bounds that contradict each other are an error.
const TEST_REG_INVARIANTS: u32 = 128;

/// Whether both are of one object.
pub fn same_btf(a: &LoadRequest, b: &LoadRequest) -> bool {
    matches!((&a.btf, &b.btf), (Some(a), Some(b)) if Arc::ptr_eq(a, b))
}

/// Gives `a` the maps of `b`, which get other numbers where they are others.
fn adopt_maps(a: &mut LoadRequest, b: &mut LoadRequest) {
    let mut next =
        a.maps.iter().map(|m| m.fd).max().unwrap_or(9).max(b.maps.iter().map(|m| m.fd).max().unwrap_or(9)) + 1;
    for m in std::mem::take(&mut b.maps) {
        let same = same_btf(a, b) && a.maps.iter().any(|o| o.fd == m.fd && o.name == m.name);
        if same {
            continue;
        }
        let named =
            |i: &&mut Insn| i.is_ldimm64() && matches!(i.src, PSEUDO_MAP_FD | PSEUDO_MAP_VALUE) && i.imm == m.fd;
        b.insns.iter_mut().filter(named).for_each(|i| i.imm = next + 100);
        a.maps.push(MapSpec { fd: next + 100, ..m });
        next += 1;
    }
}

/// The first function with blocks before and behind it.
fn enclose(composer: &mut Composer<'_, '_>, f: &Func, ctx: i16) -> Option<Func> {
    let mut c = Code::default();
    let shape = composer.rng.below(4);
    c.spill(ctx, 1);
    if shape != 0 {
        composer.block(&mut c, ctx, ctx, 3);
        c.fill(1, ctx);
    }
    let tail = c.label();
    let start = c.insns.len();
    for (i, insn) in f.insns.iter().enumerate() {
        if insn.is_exit() && shape != 1 {
            c.jump(JMP | JA, 0, 0, 0, tail);
        } else {
            if let Some((_, to)) = f.calls.iter().find(|(at, _)| *at == i) {
                c.refs.push((c.insns.len(), Ref::Func(*to)));
            }
            c.insns.push(*insn);
        }
    }
    debug_assert_eq!(c.insns.len(), start + f.insns.len());
    c.here(tail);
    if shape != 1 {
        let result = ctx - 8;
        c.spill(result, 0);
        composer.block(&mut c, ctx, result, 3);
        c.fill(0, result);
        c.push(JMP | EXIT, 0, 0, 0, 0);
    }
    Func::from_code(c, f.type_id)
}

/// Puts the functions one behind the other.
fn lay_out(r: &mut LoadRequest, funcs: &[Func], typed: bool) {
    let starts: Vec<usize> = funcs.iter().scan(0, |at, f| Some(std::mem::replace(at, *at + f.insns.len()))).collect();
    r.insns.clear();
    r.func_info.clear();
    for f in funcs {
        let start = r.insns.len();
        if typed {
            r.func_info.push(FuncInfo { insn_off: start as u32, type_id: f.type_id });
        }
        r.insns.extend(&f.insns);
        for (at, to) in &f.calls {
            r.insns[start + at].imm = (starts[*to] as i64 - (start + at) as i64 - 1) as i32;
        }
    }
}
