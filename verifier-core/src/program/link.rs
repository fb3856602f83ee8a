//! One program put together: its own instructions, CO-RE applied, the subprograms it calls appended, everything
//! relocated.
//!
//! Answers for libbpf's `bpf_object__relocate()`. Subprograms are appended when their first caller is met, and each is
//! finished before the caller goes on, so their order is that of a depth-first walk over the calls.

use std::collections::HashMap;

use crate::btf::core_relo::{self, CoreValue};
use crate::btf::{Btf, BtfKind, TypeId};
use crate::isa::Insn;
use crate::isa::opcode::{
    ALU, ALU64, B, CALL, DW, H, JMP, K, LD, LDX, PSEUDO_BTF_ID, PSEUDO_CALL, PSEUDO_FUNC, PSEUDO_KFUNC_CALL,
    PSEUDO_MAP_FD, PSEUDO_MAP_VALUE, ST, STX, W,
};

use super::error::{E2BIG, EINVAL, ENOENT, ERANGE, NotLoadable, RELOC};
use super::externs::{ExternKind, Resolution, Resolved};
use super::jump_tables::{Placed, Tables};
use super::maps::Origin;
use super::modules::Modules;
use super::object::{Opened, Prog, Reloc, SectionInfo, Target};
use super::request::{FuncInfo, LineInfo, MapSpec, Poison};

/// Immediate of an instruction whose CO-RE relocation failed.
const POISON_CORE: i32 = 0x0bad_2310;
/// Immediate of a reference to a map that is not created, plus its number.
const POISON_MAP: i32 = 2_001_000_000;
/// Immediate of a call of a weak kernel function that is not there, plus its number.
const POISON_KFUNC: i32 = 2_002_000_000;
/// Most instructions that the kernel takes; a program is not linked beyond that.
const MAX_INSNS: usize = 1_000_000;

/// Candidates of CO-RE relocations by local type, found once for an object.
pub(super) type Candidates<'a> = HashMap<TypeId, Vec<(&'a Btf, TypeId)>>;

/// A program ready but for its attributes.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub insns: Vec<Insn>,
    pub func_info: Vec<FuncInfo>,
    pub line_info: Vec<LineInfo>,
    /// Maps that instructions refer to, in order of first reference.
    pub maps: Vec<usize>,
    /// Maps of the jump tables that instructions refer to.
    pub jump_tables: Vec<MapSpec>,
    /// Instructions made invalid: where, and what could not be resolved.
    pub poisoned: Vec<(usize, Poison)>,
}

/// What linking needs besides the object.
pub(super) struct Linker<'a> {
    pub object: &'a Opened,
    pub externs: &'a Resolution,
    pub modules: &'a Modules,
    pub candidates: Candidates<'a>,
    /// Maps of jump tables that the program linked refers to.
    pub tables: Tables,
}

/// `func_info` and `line_info` records have an instruction offset.
trait Record: Copy {
    fn offset(&self) -> u32;
    fn with_offset(self, off: u32) -> Self;
}

impl Record for FuncInfo {
    fn offset(&self) -> u32 {
        self.insn_off
    }
    fn with_offset(self, insn_off: u32) -> Self {
        FuncInfo { insn_off, ..self }
    }
}

impl Record for LineInfo {
    fn offset(&self) -> u32 {
        self.insn_off
    }
    fn with_offset(self, insn_off: u32) -> Self {
        LineInfo { insn_off, ..self }
    }
}

/// Records of one program, shifted to where it was put; `None`: there are none. libbpf: `adjust_prog_btf_ext_info()`.
fn records_of<T: Record>(tables: &[SectionInfo<T>], p: &Prog, at: usize) -> Option<Vec<T>> {
    let table = tables.iter().find(|t| t.section == p.section)?;
    let range = p.start..p.start + p.count;
    let mut first = None;
    let mut last = 0;
    for (i, r) in table.records.iter().enumerate() {
        let insn = (r.offset() / 8) as usize;
        if insn < range.start {
            continue;
        }
        if insn >= range.end {
            break;
        }
        first.get_or_insert(i);
        last = i;
    }
    let shift = (at as u32).wrapping_sub(p.start as u32);
    let found = table.records.get(first?..=last)?;
    Some(found.iter().map(|r| r.with_offset((r.offset() / 8).wrapping_add(shift))).collect())
}

fn poison(imm: i32) -> Insn {
    Insn { code: JMP | CALL, dst: 0, src: 0, off: 0, imm }
}

impl<'a> Linker<'a> {
    /// The instructions of one program with CO-RE relocations applied.
    fn code_of(&mut self, p: &Prog, at: usize, poisoned: &mut Vec<(usize, Poison)>) -> Result<Vec<Insn>, NotLoadable> {
        let all = self.object.code.get(&p.section).map_or(&[][..], |v| v);
        let mut insns = all.get(p.start..p.start.saturating_add(p.count)).unwrap_or(&[]).to_vec();
        let failed = |e: NotLoadable| {
            let code = e.code;
            e.also(format!("failed to perform CO-RE relocations: {code}"))
        };
        for (insn, number, relo) in &p.core {
            // Relocations come with types.
            let Some(btf) = self.object.btf.as_deref() else { break };
            let value = self.core_value(btf, p, *number, relo).map_err(failed)?;
            if patch(&p.name, &mut insns, *insn, *number, &value).map_err(failed)? {
                poisoned.push((at + insn, Poison::Relocation(core_relo::describe(btf, relo))));
            }
        }
        for r in &p.relocs {
            if let (Target::FuncAddr(_), Some(insn)) = (r.target, insns.get_mut(r.insn)) {
                insn.src = PSEUDO_FUNC;
            }
        }
        Ok(insns)
    }

    /// libbpf: `bpf_core_resolve_relo()`.
    fn core_value(
        &mut self,
        btf: &Btf,
        p: &Prog,
        number: usize,
        relo: &core_relo::CoreRelo,
    ) -> Result<CoreValue, NotLoadable> {
        let name = &p.name;
        let also = |e: NotLoadable| {
            let code = e.code;
            e.also(format!("prog '{name}': relo #{number}: failed to relocate: {code}"))
        };
        let is_local = core_relo::RelocKind::from_number(relo.kind) == Some(core_relo::RelocKind::TypeIdLocal);
        let mut none = Vec::new();
        let list = if is_local {
            &mut none
        } else {
            if !self.candidates.contains_key(&relo.type_id) {
                let modules = self.modules.modules.iter().map(|m| m.btf.as_ref());
                let found = core_relo::find_candidates(btf, relo.type_id, &self.modules.vmlinux, modules);
                let found = found.ok_or_else(|| {
                    let t = btf.ty(relo.type_id);
                    let (kind, tname) = t.map_or(("void", ""), |t| (t.kind.word(), t.name()));
                    also(NotLoadable::new(
                        EINVAL,
                        format!(
                            "prog '{name}': relo #{number}: target candidate search failed for [{}] {kind} {tname}: {EINVAL}",
                            relo.type_id
                        ),
                    ))
                })?;
                self.candidates.insert(relo.type_id, found);
            }
            self.candidates.entry(relo.type_id).or_default()
        };
        core_relo::resolve(btf, relo, list).map_err(|e| {
            let words = e.words.replace("{prog}", name).replace("{relo}", &number.to_string());
            also(NotLoadable { code: e.code, words: if words.is_empty() { vec![] } else { vec![words] }, reason: None })
        })
    }

    /// Puts a program together.
    pub fn link(&mut self, main: usize) -> Result<Linked, NotLoadable> {
        let object = self.object;
        let Some(p) = object.progs.get(main) else { return Err(NotLoadable::new(EINVAL, "no such program")) };
        let failed = |e: NotLoadable| {
            let code = e.code;
            e.also(format!("prog '{}': failed to relocate calls: {code}", p.name))
        };
        let mut out = Build { func_ok: true, line_ok: true, ..Build::default() };
        self.append(main, &mut out, main)?;
        self.calls(main, main, &mut out).map_err(failed)?;
        if let Some(callback) = exception_callback(object, p)?
            && !out.at.contains_key(&callback)
        {
            self.append(callback, &mut out, main)?;
            self.calls(main, callback, &mut out)?;
        }
        self.data(&p.name, &mut out).map_err(|e| {
            let code = e.code;
            e.also(format!("prog '{}': failed to relocate data references: {code}", p.name))
        })?;
        out.linked.jump_tables = self.tables.take();
        Ok(out.linked)
    }

    fn append(&mut self, prog: usize, out: &mut Build, main: usize) -> Result<(), NotLoadable> {
        let object = self.object;
        let Some(p) = object.progs.get(prog) else { return Ok(()) };
        if let Some(broken) = &p.broken {
            return Err(broken.clone());
        }
        let at = out.linked.insns.len();
        if at + p.count > MAX_INSNS {
            let name = object.progs.get(main).map_or("", |p| &p.name);
            let words = format!("prog '{name}': BPF program load failed: Argument list too long");
            return Err(NotLoadable::new(E2BIG, words));
        }
        let code = self.code_of(p, at, &mut out.linked.poisoned)?;
        out.linked.insns.extend_from_slice(&code);
        out.at.insert(prog, at);
        out.relocs.extend(p.relocs.iter().map(|r| Reloc { insn: r.insn + at, target: r.target }));
        Ok(())
    }

    /// Appends what is called from `from` on, and makes calls point there. libbpf: `bpf_object__reloc_code()`.
    fn calls(&mut self, main: usize, from: usize, out: &mut Build) -> Result<(), NotLoadable> {
        let object = self.object;
        self.infos(main, from, out)?;
        let mut stack = vec![(from, 0usize)];
        while let Some((prog, next)) = stack.pop() {
            let Some(p) = object.progs.get(prog) else { continue };
            let base = out.at.get(&prog).copied().unwrap_or(0);
            for i in next..p.count {
                let Some(insn) = out.linked.insns.get(base + i).copied() else { break };
                let is_call = insn.is_pseudo_call() && insn.dst == 0 && insn.off == 0;
                if !is_call && !insn.is_pseudo_func() {
                    continue;
                }
                let Some(sub_insn) = callee(p, i, insn)? else { continue };
                let sub = usize::try_from(sub_insn).ok().and_then(|s| object.prog_at(object.text, s));
                let Some(sub) = sub.filter(|_| object.text != 0) else {
                    let words = format!("prog '{}': no .text section found yet sub-program call exists", p.name);
                    return Err(NotLoadable::new(RELOC, words));
                };
                let new = !out.at.contains_key(&sub);
                if new {
                    self.append(sub, out, main)?;
                }
                let target = out.at.get(&sub).copied().unwrap_or(0);
                if let Some(insn) = out.linked.insns.get_mut(base + i) {
                    insn.imm = (target as i64 - (base + i) as i64 - 1) as i32;
                }
                if new {
                    stack.push((prog, i + 1));
                    self.infos(main, sub, out)?;
                    stack.push((sub, 0));
                    break;
                }
            }
        }
        Ok(())
    }

    /// Adds function and line information. libbpf: `reloc_prog_func_and_line_info()`.
    fn infos(&mut self, main: usize, prog: usize, out: &mut Build) -> Result<(), NotLoadable> {
        let object = self.object;
        let Some(p) = object.progs.get(prog).filter(|_| object.has_ext) else { return Ok(()) };
        let at = out.at.get(&prog).copied().unwrap_or(0);
        let missing =
            |what: &str| NotLoadable::new(ENOENT, format!("prog '{}': missing .BTF.ext {what} info.", p.name));
        if out.func_ok {
            match records_of(&object.func_info, p, at) {
                Some(r) => out.linked.func_info.extend(r),
                None if prog == main => out.func_ok = false,
                None => return Err(missing("function")),
            }
        }
        if out.line_ok {
            match records_of(&object.line_info, p, at) {
                Some(r) => out.linked.line_info.extend(r),
                None if prog == main => out.line_ok = false,
                None => return Err(missing("line")),
            }
        }
        Ok(())
    }

    /// Addresses of maps, data and externs. libbpf: `bpf_object__relocate_data()`.
    fn data(&mut self, name: &str, out: &mut Build) -> Result<(), NotLoadable> {
        let object = self.object;
        let insns = &mut out.linked.insns;
        let used = &mut out.linked.maps;
        let poisoned = &mut out.linked.poisoned;
        let mut refer = |map: usize| {
            if !used.contains(&map) {
                used.push(map);
            }
        };
        for (number, r) in out.relocs.iter().enumerate() {
            let bad = || NotLoadable::new(EINVAL, format!("prog '{name}': relo #{number}: bad insn"));
            let wide = |insns: &mut Vec<Insn>, first: &dyn Fn(Insn) -> Insn, second: &dyn Fn(Insn) -> i32| {
                let Some([a, b]) = insns.get_mut(r.insn..r.insn + 2) else { return Err(bad()) };
                b.imm = second(*a);
                *a = first(*a);
                Ok(())
            };
            match r.target {
                Target::Map(map) | Target::Data(map, _) => {
                    let m = object.maps.all.get(map).ok_or_else(bad)?;
                    if !m.autocreate {
                        let p = poison(POISON_MAP.saturating_add(i32::try_from(map).unwrap_or(i32::MAX)));
                        let Some(pair) = insns.get_mut(r.insn..r.insn + 2) else { return Err(bad()) };
                        pair.fill(p);
                        poisoned.push((r.insn, Poison::Map(m.name.clone())));
                        continue;
                    }
                    refer(map);
                    match r.target {
                        Target::Data(_, off) => {
                            wide(insns, &|a| Insn { src: PSEUDO_MAP_VALUE, imm: m.fd, ..a }, &|a| {
                                a.imm.wrapping_add(off as i32)
                            })?
                        }
                        _ => {
                            let insn = insns.get_mut(r.insn).ok_or_else(bad)?;
                            (insn.src, insn.imm) = (PSEUDO_MAP_FD, m.fd);
                        }
                    }
                }
                Target::ExternAddr(ext) => {
                    let e = object.externs.get(ext).ok_or_else(bad)?;
                    match (e.kind, self.externs.values.get(ext).copied().unwrap_or(Resolved::Unset)) {
                        (ExternKind::Kconfig { offset, .. }, _) => {
                            let map = object.maps.all.iter().position(|m| m.origin == Origin::Kconfig);
                            let map = map.ok_or_else(bad)?;
                            refer(map);
                            let fd = object.maps.all[map].fd;
                            wide(insns, &|a| Insn { src: PSEUDO_MAP_VALUE, imm: fd, ..a }, &|_| offset as i32)?;
                        }
                        (_, Resolved::Btf { id, fd, .. }) => {
                            wide(insns, &|a| Insn { src: PSEUDO_BTF_ID, imm: id as i32, ..a }, &|_| fd)?;
                        }
                        (_, Resolved::Address(addr)) => {
                            wide(insns, &|a| Insn { imm: addr as i32, ..a }, &|_| (addr >> 32) as i32)?;
                        }
                        _ => wide(insns, &|a| Insn { imm: 0, ..a }, &|_| 0)?,
                    }
                }
                Target::ExternCall(ext) => {
                    let insn = insns.get_mut(r.insn).ok_or_else(bad)?;
                    match self.externs.values.get(ext) {
                        Some(Resolved::Btf { id, fd_idx, .. }) => {
                            (insn.src, insn.imm, insn.off) = (PSEUDO_KFUNC_CALL, *id as i32, *fd_idx);
                        }
                        _ => {
                            *insn = poison(POISON_KFUNC.saturating_add(i32::try_from(ext).unwrap_or(i32::MAX)));
                            let name = object.externs.get(ext).map_or("", |e| &e.name);
                            poisoned.push((r.insn, Poison::Kfunc(name.to_string())));
                        }
                    }
                }
                Target::FuncAddr(_) => {
                    if insns.get(r.insn).is_none_or(|i| i.src != PSEUDO_FUNC) {
                        return Err(bad());
                    }
                }
                Target::JumpTable(offset, size) => {
                    let function = placed(&out.at, object, r.insn);
                    let fd = self.tables.map_for(object.jump_tables.as_deref(), (offset, size), function);
                    let fd = fd.map_err(|e| {
                        e.also(format!("prog '{name}': relo #{number}: can't create jump table: sym_off {offset}"))
                    })?;
                    let insn = insns.get_mut(r.insn).ok_or_else(bad)?;
                    (insn.src, insn.imm, insn.off) = (PSEUDO_MAP_VALUE, fd, 0);
                }
                Target::Call(_) => {}
            }
        }
        Ok(())
    }
}

/// A program while it is put together.
#[derive(Default)]
struct Build {
    linked: Linked,
    /// Where each program was put.
    at: HashMap<usize, usize>,
    relocs: Vec<Reloc>,
    func_ok: bool,
    line_ok: bool,
}

/// The function that an instruction of a linked program stands in.
fn placed(at: &HashMap<usize, usize>, object: &Opened, insn: usize) -> Placed {
    let before = at.iter().filter(|(_, at)| **at <= insn).max_by_key(|(_, at)| **at);
    let (prog, at) = before.map_or((usize::MAX, 0), |(prog, at)| (*prog, *at));
    Placed { start: object.progs.get(prog).map_or(0, |p| p.start), at }
}

/// Instruction of `.text` that a call or function address refers to; `None`: it is a kernel function.
fn callee(p: &Prog, i: usize, insn: Insn) -> Result<Option<i64>, NotLoadable> {
    let first = p.relocs.partition_point(|r| r.insn < i);
    let reloc = p.relocs.get(first).filter(|r| r.insn == i);
    let imm = i64::from(insn.imm);
    match reloc.map(|r| r.target) {
        Some(Target::ExternCall(_)) => Ok(None),
        Some(Target::Call(off)) => Ok(Some((off / 8) as i64 + imm + 1)),
        Some(Target::FuncAddr(off)) => Ok(Some((off as i64).wrapping_add(imm) / 8)),
        Some(_) => Err(NotLoadable::new(RELOC, format!("prog '{}': unexpected relo for insn #{i}", p.name))),
        None if insn.src != PSEUDO_CALL || !insn.is_call() => {
            Err(NotLoadable::new(RELOC, format!("prog '{}': missing subprog addr relo for insn #{i}", p.name)))
        }
        None => Ok(Some(p.start as i64 + i as i64 + imm + 1)),
    }
}

/// The function that a tag names as a program's exception callback. libbpf: `bpf_prog_assign_exc_cb()`.
fn exception_callback(object: &Opened, p: &Prog) -> Result<Option<usize>, NotLoadable> {
    const PREFIX: &str = "exception_callback:";
    let Some(btf) = object.btf.as_deref() else { return Ok(None) };
    let fail = |code, words: String| NotLoadable::new(code, format!("prog '{}': {words}", p.name));
    let mut found = None;
    for tag in btf.own_types().filter(|t| t.kind == BtfKind::DeclTag && t.decl_tag_component() == Some(-1)) {
        let Some(name) = tag.name().strip_prefix(PREFIX) else { continue };
        let func = btf.ty(tag.size_or_type).filter(|t| t.kind == BtfKind::Func && t.vlen == 1);
        let Some(func) = func else {
            let words = "exception_callback:<value> decl tag not applied to the main program";
            return Err(fail(EINVAL, words.to_owned()));
        };
        if func.name() != p.name {
            continue;
        }
        // The kernel complains of several; so none is appended.
        if found.is_some() {
            return Ok(None);
        }
        if name.is_empty() {
            let words = "exception_callback:<value> decl tag contains empty value";
            return Err(fail(EINVAL, words.to_owned()));
        }
        let sub = object.progs.iter().position(|s| object.is_subprog(s) && s.name == name);
        let sub = sub.ok_or_else(|| fail(ENOENT, format!("cannot find exception callback '{name}'")))?;
        let s = &object.progs[sub];
        if !s.global || s.make_static {
            let words = format!("exception callback {name} must be a global non-hidden function");
            return Err(fail(EINVAL, words));
        }
        found = Some(sub);
    }
    Ok(found)
}

/// Puts the value of a CO-RE relocation into its instruction; true: it had to be made invalid instead.
///
/// libbpf: `bpf_core_patch_insn()`.
fn patch(prog: &str, insns: &mut [Insn], at: usize, number: usize, v: &CoreValue) -> Result<bool, NotLoadable> {
    let fail = |code, words: String| {
        NotLoadable::new(code, format!("prog '{prog}': relo #{number}: {words}"))
            .also(format!("prog '{prog}': relo #{number}: failed to patch insn #{at}: {code}"))
    };
    let Some(insn) = insns.get(at).copied() else { return Err(fail(EINVAL, format!("no insn #{at}"))) };
    let unexpected = |what: &str, got: String| {
        fail(EINVAL, format!("unexpected insn #{at} ({what}) value: got {got}, exp {} -> {}", v.orig, v.new))
    };
    let unrecognized = || {
        fail(
            EINVAL,
            format!(
                "trying to relocate unrecognized insn #{at}, code:0x{:x}, src:0x{:x}, dst:0x{:x}, off:0x{:x}, imm:0x{:x}",
                insn.code, insn.src, insn.dst, insn.off, insn.imm
            ),
        )
    };
    if insn.class() == LD {
        let Some([a, b]) = insns.get_mut(at..at + 2) else {
            return Err(fail(EINVAL, format!("insn #{at} (LDIMM64) is truncated")));
        };
        let plain = a.is_ldimm64() && a.src == 0 && a.off == 0 && *b == (Insn { imm: b.imm, ..Insn::default() });
        if !plain {
            return Err(fail(EINVAL, format!("insn #{at} (LDIMM64) has unexpected form")));
        }
        if v.poison {
            (*a, *b) = (poison(POISON_CORE), poison(POISON_CORE));
            return Ok(true);
        }
        let imm = u64::from(a.imm as u32) | ((b.imm as i64 as u64) << 32);
        if v.validate && imm != v.orig {
            return Err(unexpected("LDIMM64", imm.to_string()));
        }
        (a.imm, b.imm) = (v.new as i32, (v.new >> 32) as i32);
        return Ok(false);
    }
    let Some(slot) = insns.get_mut(at) else { return Ok(false) };
    match insn.class() {
        ALU | ALU64 => {
            if insn.source() != K {
                return Err(unrecognized());
            }
            if v.poison {
                *slot = poison(POISON_CORE);
                return Ok(true);
            }
            if v.validate && i64::from(insn.imm) as u64 != v.orig {
                return Err(unexpected("ALU/ALU64", (insn.imm as u32).to_string()));
            }
            slot.imm = v.new as i32;
        }
        LDX | ST | STX => {
            if v.poison {
                *slot = poison(POISON_CORE);
                return Ok(true);
            }
            if v.validate && i64::from(insn.off) as u64 != v.orig {
                return Err(unexpected("LDX/ST/STX", i32::from(insn.off).to_string()));
            }
            let Ok(off) = i16::try_from(v.new) else {
                return Err(fail(ERANGE, format!("insn #{at} (LDX/ST/STX) value too big: {}", v.new)));
            };
            if v.fail_memsz_adjust {
                *slot = poison(POISON_CORE);
                return Ok(true);
            }
            slot.off = off;
            if v.new_sz != v.orig_sz {
                if insn.access_size() != v.orig_sz {
                    let words = format!(
                        "insn #{at} (LDX/ST/STX) unexpected mem size: got {}, exp {}",
                        insn.access_size(),
                        v.orig_sz
                    );
                    return Err(fail(EINVAL, words));
                }
                let size = match v.new_sz {
                    8 => DW,
                    4 => W,
                    2 => H,
                    1 => B,
                    other => {
                        let words = format!("insn #{at} (LDX/ST/STX) invalid new mem size: {other}");
                        return Err(fail(EINVAL, words));
                    }
                };
                slot.code = insn.mode() | size | insn.class();
            }
        }
        _ => return Err(unrecognized()),
    }
    Ok(false)
}
