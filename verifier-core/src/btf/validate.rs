//! Whether the kernel accepts a program's BTF.
//!
//! Answers for what `BPF_BTF_LOAD` checks of a blob without base: `btf_check_all_metas()`, `btf_check_all_types()` and
//! `btf_check_type_tags()`. It matters because a loader goes on without BTF when the kernel refuses it, and then
//! the log has no source lines and global functions are not verified apart. The checks of special fields
//! (`btf_parse_struct_metas()`) come afterwards and stand with the analysis.

use super::{Btf, BtfKind, Type, TypeId};

/// Behaviours that differ by release.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ValidateRules {
    /// Tags may carry the kind flag (6.15: attributes of the compiler's own).
    pub flagged_tags: bool,
    /// Data sections may be empty (5.12).
    pub empty_sections: bool,
    /// Types may have tags (5.17).
    pub type_tags: bool,
}

/// Why the kernel refuses a BTF.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("BTF type [{type_id}]: {what}")]
pub struct BtfRefusal {
    /// Error number of the system call (positive).
    pub errno: i32,
    /// The type at fault; 0: none in particular.
    pub type_id: TypeId,
    /// The kernel's words.
    pub what: &'static str,
}

const E2BIG: i32 = 7;
const EEXIST: i32 = 17;
const EINVAL: i32 = 22;
const ELOOP: i32 = 40;
const ENOTSUPP: i32 = 524;

/// Largest blob. Kernel: `BTF_MAX_SIZE`.
const MAX_SIZE: usize = 16 << 20;
/// Largest id. Kernel: `BTF_MAX_TYPE`.
const MAX_TYPE: u32 = 0x000f_ffff;
/// Largest string offset. Kernel: `BTF_MAX_NAME_OFFSET`.
const MAX_NAME: u32 = 0x00ff_ffff;
/// Longest identifier. Kernel: `KSYM_NAME_LEN`.
const NAME_LEN: usize = 512;
/// Deepest nesting while resolving. Kernel: `MAX_RESOLVE_DEPTH`.
const MAX_DEPTH: usize = 32;

type Check = Result<(), &'static str>;

fn must(ok: bool, what: &'static str) -> Check {
    if ok { Ok(()) } else { Err(what) }
}

/// Checks a program's BTF as the kernel does when it is loaded.
///
/// # Errors
/// The first thing the kernel would refuse.
pub fn validate(btf: &Btf, rules: ValidateRules) -> Result<(), BtfRefusal> {
    let refuse = |errno, type_id, what| Err(BtfRefusal { errno, type_id, what });
    if btf.raw().len() > MAX_SIZE {
        return refuse(E2BIG, 0, "the blob is larger than 16 MiB");
    }
    if btf.nr_types() <= btf.start_id() {
        return refuse(EINVAL, 0, "No type found");
    }
    if btf.nr_types() > MAX_TYPE {
        return refuse(E2BIG, 0, "too many types");
    }
    for t in btf.own_types() {
        if let Err(what) = check_meta(btf, &t, rules) {
            let errno = if what == "Unsupported encoding" { ENOTSUPP } else { EINVAL };
            return refuse(errno, t.id, what);
        }
    }
    Resolver { btf, state: vec![State::New; btf.nr_types() as usize] }.run()?;
    check_type_tags(btf)
}

fn name_offset_ok(btf: &Btf, off: u32) -> bool {
    off <= MAX_NAME && off < btf.strings_end()
}

/// A letter, `_` or `.` first, digits afterwards. Kernel: `btf_name_valid_identifier()`.
fn identifier_ok(btf: &Btf, off: u32) -> bool {
    let Some(name) = btf.bytes_at(off).filter(|_| off <= MAX_NAME) else { return false };
    let ok =
        |b: &u8, first: bool| *b == b'_' || *b == b'.' || b.is_ascii_alphabetic() || (!first && b.is_ascii_digit());
    name.len() < NAME_LEN && !name.is_empty() && name.iter().enumerate().all(|(i, b)| ok(b, i == 0))
}

fn section_name_ok(btf: &Btf, off: u32) -> bool {
    btf.bytes_at(off).is_some_and(|n| !n.is_empty() && n.len() < NAME_LEN && n.iter().all(|b| (0x20..0x7f).contains(b)))
}

fn id_ok(id: TypeId) -> bool {
    id <= MAX_TYPE
}

/// What can be said of one type without looking at others. Kernel: `btf_check_meta()`.
fn check_meta(btf: &Btf, t: &Type<'_>, rules: ValidateRules) -> Check {
    let info = btf.info_word(t.id).unwrap_or(0);
    must(info & !0x9f00_ffff == 0, "Invalid btf_info")?;
    must(name_offset_ok(btf, t.name_off), "Invalid name_offset")?;
    let named = t.name_off != 0;
    let good_name = named && identifier_ok(btf, t.name_off);
    let no_vlen = || must(t.vlen == 0, "vlen != 0");
    let no_flag = || must(!t.kflag, "Invalid btf_info kind_flag");
    match t.kind {
        BtfKind::Void => Ok(()),
        BtfKind::Int => {
            no_vlen()?;
            no_flag()?;
            let data = t.int_word().unwrap_or(0);
            must(data & !0x0fff_ffff == 0, "Invalid int_data")?;
            let bits = (data & 0xff) + ((data >> 16) & 0xff);
            must(bits <= 128, "nr_bits exceeds 128")?;
            must(bits.div_ceil(8) <= t.size_or_type, "nr_bits exceeds type_size")?;
            must(matches!((data >> 24) & 0xf, 0 | 1 | 2 | 4), "Unsupported encoding")
        }
        BtfKind::Ptr | BtfKind::Volatile | BtfKind::Const | BtfKind::Restrict | BtfKind::Typedef | BtfKind::TypeTag => {
            no_vlen()?;
            must(rules.type_tags || t.kind != BtfKind::TypeTag, "Invalid kind")?;
            if !(rules.flagged_tags && t.kind == BtfKind::TypeTag) {
                no_flag()?;
            }
            must(id_ok(t.size_or_type), "Invalid type_id")?;
            let name = match t.kind {
                BtfKind::Typedef => good_name,
                BtfKind::TypeTag => btf.bytes_at(t.name_off).is_some_and(|n| !n.is_empty()),
                _ => !named,
            };
            must(name, "Invalid name")
        }
        BtfKind::Fwd => {
            no_vlen()?;
            must(t.size_or_type == 0, "type != 0")?;
            must(good_name, "Invalid name")
        }
        BtfKind::Array => {
            must(!named, "Invalid name")?;
            no_vlen()?;
            no_flag()?;
            must(t.size_or_type == 0, "size != 0")?;
            let a = t.array().ok_or("Invalid elem")?;
            must(a.elem != 0 && id_ok(a.elem), "Invalid elem")?;
            must(a.index != 0 && id_ok(a.index), "Invalid index")
        }
        BtfKind::Struct | BtfKind::Union => {
            must(!named || good_name, "Invalid name")?;
            let mut last = 0;
            for m in t.members() {
                must(name_offset_ok(btf, m.name_off), "Invalid member name_offset")?;
                must(m.name_off == 0 || identifier_ok(btf, m.name_off), "Invalid name")?;
                must(m.type_id != 0 && id_ok(m.type_id), "Invalid type_id")?;
                let in_place = (t.kind == BtfKind::Struct || m.bit_offset == 0) && last <= m.bit_offset;
                must(in_place, "Invalid member bits_offset")?;
                let fits = m.bit_offset.div_ceil(8) <= t.size_or_type;
                must(fits, "Member bits_offset exceeds its struct size")?;
                last = m.bit_offset;
            }
            Ok(())
        }
        BtfKind::Enum | BtfKind::Enum64 => {
            let size = t.size_or_type;
            must(size <= 8 && size.is_power_of_two(), "Unexpected size")?;
            must(!named || good_name, "Invalid name")?;
            let step = if t.kind == BtfKind::Enum { 8 } else { 12 };
            for v in t.data.chunks_exact(step) {
                let off = u32::from_le_bytes([v[0], v[1], v[2], v[3]]);
                must(name_offset_ok(btf, off), "Invalid name_offset")?;
                must(off != 0 && identifier_ok(btf, off), "Invalid name")?;
            }
            Ok(())
        }
        BtfKind::FuncProto => {
            must(!named, "Invalid name")?;
            no_flag()
        }
        BtfKind::Func => {
            must(good_name, "Invalid name")?;
            must(t.vlen <= 1, "Invalid func linkage")?;
            no_flag()
        }
        BtfKind::Var => {
            no_vlen()?;
            no_flag()?;
            must(good_name, "Invalid name")?;
            must(t.size_or_type != 0 && id_ok(t.size_or_type), "Invalid type_id")?;
            must(matches!(t.var_linkage(), Some(0 | 1)), "Linkage not supported")
        }
        BtfKind::Datasec => {
            must(rules.empty_sections || t.vlen != 0, "vlen == 0")?;
            check_datasec_meta(btf, t)
        }
        BtfKind::Float => {
            no_vlen()?;
            no_flag()?;
            must(matches!(t.size_or_type, 2 | 4 | 8 | 12 | 16), "Invalid type_size")
        }
        BtfKind::DeclTag => {
            must(btf.bytes_at(t.name_off).is_some_and(|n| !n.is_empty()), "Invalid value")?;
            no_vlen()?;
            if !rules.flagged_tags {
                no_flag()?;
            }
            must(t.decl_tag_component().is_some_and(|c| c >= -1), "Invalid component_idx")
        }
    }
}

/// Variables in order, apart and inside. Kernel: `btf_datasec_check_meta()`.
fn check_datasec_meta(btf: &Btf, t: &Type<'_>) -> Check {
    let size = t.size_or_type;
    must(size != 0, "size == 0")?;
    must(!t.kflag, "Invalid btf_info kind_flag")?;
    must(t.name_off != 0 && section_name_ok(btf, t.name_off), "Invalid name")?;
    let mut end = 0u64;
    for v in t.var_secinfos() {
        must(v.type_id != 0 && id_ok(v.type_id), "Invalid type_id")?;
        must(u64::from(v.offset) >= end && v.offset < size, "Invalid offset")?;
        must(v.size != 0 && v.size <= size, "Invalid size")?;
        end = u64::from(v.offset) + u64::from(v.size);
        must(end <= u64::from(size), "Invalid offset+size")?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// Which references are followed now: all, those of pointer chains, or those that make up a value.
///
/// A structure may point to itself, but not hold itself; so from a value pointers are not followed, and from a pointer
/// structures are not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Any,
    Pointers,
    Values,
}

impl Mode {
    fn follows(self, t: &Type<'_>) -> bool {
        let modifier = t.kind.is_modifier();
        match self {
            Mode::Any => needs_resolve(t.kind),
            Mode::Pointers => modifier || t.kind == BtfKind::Ptr,
            Mode::Values => modifier || t.kind == BtfKind::Array || t.is_composite(),
        }
    }
}

fn needs_resolve(k: BtfKind) -> bool {
    k.is_modifier()
        || matches!(
            k,
            BtfKind::Ptr
                | BtfKind::Struct
                | BtfKind::Union
                | BtfKind::Array
                | BtfKind::Var
                | BtfKind::Func
                | BtfKind::DeclTag
                | BtfKind::Datasec
        )
}

/// Kinds that only refer to others and that nothing may refer to.
fn source_only(t: &Type<'_>) -> bool {
    matches!(t.kind, BtfKind::Var | BtfKind::DeclTag | BtfKind::Datasec)
}

fn sizeless(t: &Type<'_>) -> bool {
    matches!(t.kind, BtfKind::Void | BtfKind::Fwd | BtfKind::Func | BtfKind::FuncProto | BtfKind::DeclTag)
}

/// Depth-first walk over the references between types.
struct Resolver<'a> {
    btf: &'a Btf,
    state: Vec<State>,
}

impl<'a> Resolver<'a> {
    fn run(&mut self) -> Result<(), BtfRefusal> {
        for t in self.btf.own_types() {
            if needs_resolve(t.kind) && self.state_of(t.id) != State::Done {
                self.resolve(&t)?;
            }
            if t.kind == BtfKind::FuncProto {
                self.check_proto(&t)?;
            }
        }
        Ok(())
    }

    fn state_of(&self, id: TypeId) -> State {
        self.state.get(id as usize).copied().unwrap_or(State::Done)
    }

    fn set(&mut self, id: TypeId, s: State) {
        if let Some(slot) = self.state.get_mut(id as usize) {
            *slot = s;
        }
    }

    /// The type of a value and its size, as far as it has one. Kernel: `btf_type_id_size()`.
    fn sized(&self, id: TypeId) -> Option<(Type<'a>, u32)> {
        let mut t = self.btf.ty(id)?;
        for _ in 0..64 {
            if sizeless(&t) {
                return None;
            }
            let size = match t.kind {
                BtfKind::Ptr => Some(8),
                BtfKind::Array => Some(self.btf.resolve_size(t.id).unwrap_or(0)),
                _ => t.own_size(),
            };
            if let Some(size) = size {
                return Some((t, size));
            }
            t = self.btf.ty(t.size_or_type)?;
        }
        None
    }

    /// Resolves one type and what it needs. Kernel: `btf_resolve()`.
    fn resolve(&mut self, root: &Type<'a>) -> Result<(), BtfRefusal> {
        let refuse = |errno, type_id, what| BtfRefusal { errno, type_id, what };
        let mut mode = Mode::Any;
        let mut stack: Vec<(Type<'a>, usize)> = Vec::new();
        let mut next = Some(*root);
        loop {
            if let Some(t) = next.take() {
                if stack.len() == MAX_DEPTH {
                    return Err(refuse(E2BIG, root.id, "Exceeded max resolving depth:32"));
                }
                if self.state_of(t.id) != State::New {
                    return Err(refuse(EEXIST, root.id, "Loop detected"));
                }
                self.set(t.id, State::Open);
                if mode == Mode::Any {
                    mode = match t.kind {
                        BtfKind::Ptr => Mode::Pointers,
                        BtfKind::Struct | BtfKind::Union | BtfKind::Array => Mode::Values,
                        _ => Mode::Any,
                    };
                }
                stack.push((t, 0));
            }
            let Some((t, at)) = stack.last_mut() else { return Ok(()) };
            let t = *t;
            if t.kind == BtfKind::Datasec {
                mode = Mode::Any;
            }
            match self.step(&t, at, mode).map_err(|what| refuse(EINVAL, t.id, what))? {
                Some(wanted) => next = Some(wanted),
                None => {
                    self.set(t.id, State::Done);
                    stack.pop();
                }
            }
        }
    }

    /// What still has to be resolved before a type; `None`: nothing, and it is sound. `at` counts references done.
    fn step(&self, t: &Type<'a>, at: &mut usize, mode: Mode) -> Result<Option<Type<'a>>, &'static str> {
        let wanted = |r: &Type<'a>| mode.follows(r) && self.state_of(r.id) != State::Done;
        let target = || self.btf.ty(t.size_or_type);
        match t.kind {
            BtfKind::Func => {
                let proto = target().filter(|p| p.kind == BtfKind::FuncProto).ok_or("Invalid type_id")?;
                must(proto.params().all(|p| p.name_off != 0 || p.type_id == 0), "Invalid arg")?;
                Ok(None)
            }
            BtfKind::Array => {
                let a = t.array().ok_or("Invalid elem")?;
                let index = self.btf.ty(a.index).filter(|i| !sizeless(i) && !source_only(i)).ok_or("Invalid index")?;
                if wanted(&index) {
                    return Ok(Some(index));
                }
                let (index, _) = self.sized(a.index).ok_or("Invalid index")?;
                must(regular_int(&index), "Invalid index")?;
                let elem = self.btf.ty(a.elem).filter(|e| !sizeless(e) && !source_only(e)).ok_or("Invalid elem")?;
                if wanted(&elem) {
                    return Ok(Some(elem));
                }
                let (elem, size) = self.sized(a.elem).ok_or("Invalid elem")?;
                must(elem.kind != BtfKind::Int || regular_int(&elem), "Invalid array of int")?;
                must(size.checked_mul(a.nelems).is_some(), "Array size overflows U32_MAX")?;
                Ok(None)
            }
            BtfKind::Struct | BtfKind::Union => {
                for m in t.members().skip(*at) {
                    let mt = self.btf.ty(m.type_id).filter(|m| !sizeless(m) && !source_only(m));
                    let mt = mt.ok_or("Invalid member")?;
                    if wanted(&mt) {
                        return Ok(Some(mt));
                    }
                    self.member_fits(t, &m)?;
                    *at += 1;
                }
                Ok(None)
            }
            BtfKind::Datasec => {
                for v in t.var_secinfos().skip(*at) {
                    let var = self.btf.ty(v.type_id).filter(|v| v.kind == BtfKind::Var);
                    let var = var.ok_or("Not a VAR kind member")?;
                    if wanted(&var) {
                        return Ok(Some(var));
                    }
                    let (_, size) = self.sized(var.size_or_type).ok_or("Invalid type")?;
                    must(v.size >= size, "Invalid size")?;
                    *at += 1;
                }
                Ok(None)
            }
            BtfKind::DeclTag => {
                let on = target()
                    .filter(|o| o.is_composite() || matches!(o.kind, BtfKind::Func | BtfKind::Var | BtfKind::Typedef));
                let on = on.ok_or("Invalid type_id")?;
                if wanted(&on) {
                    return Ok(Some(on));
                }
                if let Some(c) = t.decl_tag_component().and_then(|c| u32::try_from(c).ok()) {
                    let parts = match on.kind {
                        BtfKind::Func => self.btf.ty(on.size_or_type).map_or(0, |p| p.vlen),
                        _ if on.is_composite() => on.vlen,
                        _ => 0,
                    };
                    must(c < u32::from(parts), "Invalid component_idx")?;
                }
                Ok(None)
            }
            _ => {
                let to = target().filter(|n| !source_only(n)).ok_or("Invalid type_id")?;
                if wanted(&to) {
                    return Ok(Some(to));
                }
                if !t.kind.is_modifier() && to.kind.is_modifier() {
                    // A modifier resolved as part of a value stops at a pointer, which may lead back here.
                    let end = self.btf.skip_modifiers(to.id).ok_or("Invalid type_id")?;
                    if end.kind == BtfKind::Ptr && wanted(&end) {
                        return Ok(Some(end));
                    }
                }
                if self.sized(to.id).is_some() {
                    return Ok(None);
                }
                let end = self.btf.skip_modifiers(to.id).ok_or("Invalid type_id")?;
                let incomplete = matches!(end.kind, BtfKind::Void | BtfKind::Fwd | BtfKind::FuncProto);
                must(t.kind != BtfKind::Var && incomplete, "Invalid type_id")?;
                Ok(None)
            }
        }
    }

    /// A member lies within its structure and is aligned. Kernel: the `member_fits()` callbacks.
    fn member_fits(&self, t: &Type<'_>, m: &super::Member<'_>) -> Check {
        let (mt, size) = self.sized(m.type_id).ok_or("Invalid member")?;
        let (bits, room) = (u64::from(m.bit_offset), u64::from(t.size_or_type));
        if t.kflag && !matches!(mt.kind, BtfKind::Int | BtfKind::Enum | BtfKind::Enum64) {
            must(m.bitfield_size == 0, "Invalid member bitfield_size")?;
        }
        match mt.kind {
            BtfKind::Int => {
                let word = mt.int_word().unwrap_or(0);
                let (mut start, mut nr) = (bits, u64::from(word & 0xff));
                if t.kflag {
                    must(regular_int(&mt), "Invalid member base type")?;
                    let field = u64::from(m.bitfield_size);
                    must(field != 0 || bits % 8 == 0, "Invalid member offset")?;
                    must(field <= nr, "Invalid member bitfield_size")?;
                    nr = if field == 0 { nr } else { field };
                } else {
                    start += u64::from((word >> 16) & 0xff);
                }
                let copied = nr + start % 8;
                must(copied <= 128, "nr_copy_bits exceeds 128")?;
                must(start / 8 + copied.div_ceil(8) <= room, "Member exceeds struct_size")
            }
            BtfKind::Enum | BtfKind::Enum64 if t.kflag => {
                let field = u64::from(m.bitfield_size);
                must(field != 0 || bits % 8 == 0, "Member is not byte aligned")?;
                must(field <= 32, "Invalid member bitfield_size")?;
                let nr = if field == 0 { 32 } else { field };
                must((bits + nr).div_ceil(8) <= room, "Member exceeds struct_size")
            }
            BtfKind::Float => {
                let align = u64::from(size.min(8)) * 8;
                must(align != 0 && bits % align == 0, "Member is not properly aligned")?;
                must(bits / 8 + u64::from(size) <= room, "Member exceeds struct_size")
            }
            _ => {
                must(bits % 8 == 0, "Member is not byte aligned")?;
                must(bits / 8 + u64::from(size) <= room, "Member exceeds struct_size")
            }
        }
    }

    /// Return and argument types have sizes. Kernel: `btf_func_proto_check()`.
    fn check_proto(&mut self, t: &Type<'a>) -> Result<(), BtfRefusal> {
        let refuse = |what| BtfRefusal { errno: EINVAL, type_id: t.id, what };
        if t.size_or_type != 0 {
            self.check_signature_type(t.size_or_type, refuse("Invalid return type"))?;
        }
        let mut n = usize::from(t.vlen);
        if let Some(last) = t.params().last()
            && last.type_id == 0
        {
            if last.name_off != 0 {
                return Err(refuse("Invalid arg"));
            }
            n -= 1;
        }
        for p in t.params().take(n) {
            if p.name_off != 0 && !(name_offset_ok(self.btf, p.name_off) && identifier_ok(self.btf, p.name_off)) {
                return Err(refuse("Invalid arg"));
            }
            self.check_signature_type(p.type_id, refuse("Invalid arg"))?;
        }
        Ok(())
    }

    fn check_signature_type(&mut self, id: TypeId, otherwise: BtfRefusal) -> Result<(), BtfRefusal> {
        let Some(t) = self.btf.ty(id).filter(|t| !source_only(t)) else { return Err(otherwise) };
        if needs_resolve(t.kind) && self.state_of(id) != State::Done {
            self.resolve(&t)?;
        }
        if self.sized(id).is_some() { Ok(()) } else { Err(otherwise) }
    }
}

/// An integer of whole bytes without offset. Kernel: `btf_type_int_is_regular()`.
fn regular_int(t: &Type<'_>) -> bool {
    let Some(word) = t.int_word() else { return false };
    matches!(word & 0xff, 8 | 16 | 32 | 64 | 128) && (word >> 16) & 0xff == 0
}

/// In a chain of modifiers, type tags come first. Kernel: `btf_check_type_tags()`.
fn check_type_tags(btf: &Btf) -> Result<(), BtfRefusal> {
    for t in btf.own_types().filter(|t| t.kind.is_modifier()) {
        let refuse = |errno, what| Err(BtfRefusal { errno, type_id: t.id, what });
        let mut in_tags = t.kind == BtfKind::TypeTag;
        let mut cur = t;
        let mut left = 32;
        while cur.kind.is_modifier() {
            if left == 0 {
                return refuse(ELOOP, "Max chain length or cycle detected");
            }
            left -= 1;
            if cur.kind == BtfKind::TypeTag {
                if !in_tags {
                    return refuse(EINVAL, "Type tags don't precede modifiers");
                }
            } else {
                in_tags = false;
            }
            // What an earlier type was checked through is good from here on.
            if cur.id < t.id {
                break;
            }
            match btf.ty(cur.size_or_type) {
                Some(next) => cur = next,
                None => return refuse(EINVAL, "Invalid type_id"),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(types: &[u32], strings: &[u8]) -> Btf {
        let len = types.len() as u32 * 4;
        let mut raw = vec![0x9f, 0xeb, 1, 0];
        for w in [24, 0, len, len, strings.len() as u32].iter().chain(types) {
            raw.extend_from_slice(&w.to_le_bytes());
        }
        raw.extend_from_slice(strings);
        Btf::parse(raw, None).expect("a blob")
    }

    fn refusal(types: &[u32], strings: &[u8]) -> Option<&'static str> {
        validate(&blob(types, strings), ValidateRules { type_tags: true, ..ValidateRules::default() })
            .err()
            .map(|r| r.what)
    }

    #[test]
    fn a_struct_may_point_to_itself_but_not_hold_itself() {
        let strings = b"\0s\0m\0";
        let ptr = [0, 2 << 24, 2];
        let holds = |member| [1, (4 << 24) | 1, 8, 3, member, 0];
        assert_eq!(refusal(&[&ptr[..], &holds(1)].concat(), strings), None);
        assert_eq!(refusal(&[&ptr[..], &holds(2)].concat(), strings), Some("Loop detected"));
    }

    #[test]
    fn pointers_may_not_go_round() {
        assert_eq!(refusal(&[0, 2 << 24, 2, 0, 2 << 24, 1], b"\0"), Some("Loop detected"));
    }

    #[test]
    fn names_are_identifiers() {
        assert_eq!(refusal(&[1, (4 << 24), 0], b"\0a b\0"), Some("Invalid name"));
        assert_eq!(refusal(&[1, (4 << 24), 0], b"\0a.b_1\0"), None);
    }
}
