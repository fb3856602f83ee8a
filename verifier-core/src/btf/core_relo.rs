//! CO-RE relocations: what value a relocated instruction gets on a given kernel.
//!
//! Answers for libbpf's `relo_core.c`. A relocation names a type of the program and a path into it. The path is
//! parsed against the program's own BTF, looked for in each kernel type of the same essential name, and what it means
//! there (an offset, a size, whether it exists at all) is the value. Several candidates must agree. A relocation that
//! cannot be satisfied poisons its instruction, so that the verifier complains only if the instruction is reachable.

use super::core_compat::{FUEL, compat, fields_are_compat, is_any_enum, kinds_compat, types_match};
use super::{Btf, BtfKind, Type, TypeId, flavourless_name};

/// Kinds of relocations. Kernel: `enum bpf_core_relo_kind`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum RelocKind {
    FieldByteOffset = 0,
    FieldByteSize = 1,
    FieldExists = 2,
    FieldSigned = 3,
    FieldLshiftU64 = 4,
    FieldRshiftU64 = 5,
    TypeIdLocal = 6,
    TypeIdTarget = 7,
    TypeExists = 8,
    TypeSize = 9,
    EnumvalExists = 10,
    EnumvalValue = 11,
    TypeMatches = 12,
}

impl RelocKind {
    /// The kind with this number.
    pub fn from_number(n: u32) -> Option<RelocKind> {
        use RelocKind::*;
        let all = [
            FieldByteOffset,
            FieldByteSize,
            FieldExists,
            FieldSigned,
            FieldLshiftU64,
            FieldRshiftU64,
            TypeIdLocal,
            TypeIdTarget,
            TypeExists,
            TypeSize,
            EnumvalExists,
            EnumvalValue,
            TypeMatches,
        ];
        all.get(n as usize).copied()
    }

    /// libbpf's word for the kind.
    pub fn word(self) -> &'static str {
        match self {
            RelocKind::FieldByteOffset => "byte_off",
            RelocKind::FieldByteSize => "byte_sz",
            RelocKind::FieldExists => "field_exists",
            RelocKind::FieldSigned => "signed",
            RelocKind::FieldLshiftU64 => "lshift_u64",
            RelocKind::FieldRshiftU64 => "rshift_u64",
            RelocKind::TypeIdLocal => "local_type_id",
            RelocKind::TypeIdTarget => "target_type_id",
            RelocKind::TypeExists => "type_exists",
            RelocKind::TypeSize => "type_size",
            RelocKind::EnumvalExists => "enumval_exists",
            RelocKind::EnumvalValue => "enumval_value",
            RelocKind::TypeMatches => "type_matches",
        }
    }

    fn is_field(self) -> bool {
        (self as u32) <= RelocKind::FieldRshiftU64 as u32
    }

    fn is_enumval(self) -> bool {
        matches!(self, RelocKind::EnumvalExists | RelocKind::EnumvalValue)
    }

    fn is_type(self) -> bool {
        !self.is_field() && !self.is_enumval()
    }
}

/// A relocation record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoreRelo {
    /// Byte offset of the instruction in its ELF section.
    pub insn_off: u32,
    /// Root type in the program's BTF.
    pub type_id: TypeId,
    /// Path into it, in the program BTF's strings.
    pub access_str_off: u32,
    /// `RelocKind` number.
    pub kind: u32,
}

/// What a relocation comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CoreValue {
    /// Value that the compiler must have put in.
    pub orig: u64,
    /// Value on this kernel.
    pub new: u64,
    /// The instruction must be made invalid.
    pub poison: bool,
    /// Whether the instruction must hold `orig`.
    pub validate: bool,
    /// A load or store would need another size, and that cannot be done safely.
    pub fail_memsz_adjust: bool,
    /// Bytes of the field in the program's view; 0: not known.
    pub orig_sz: u32,
    /// Bytes of the field in the kernel.
    pub new_sz: u32,
    orig_type: TypeId,
    new_type: TypeId,
}

/// A relocation that libbpf gives up on: negative errno and its words, without `prog 'x': relo #n: `.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoreError {
    /// Negative errno.
    pub code: i32,
    /// Words; empty when libbpf says nothing at this place.
    pub words: String,
}

impl CoreError {
    fn silent(code: i32) -> CoreError {
        CoreError { code, words: String::new() }
    }
}

pub(super) type Res<T> = Result<T, CoreError>;

const EINVAL: i32 = -22;
const E2BIG: i32 = -7;
const EOPNOTSUPP: i32 = -95;
/// libbpf's `EUCLEAN`: the instruction must be poisoned.
const POISON: i32 = -117;
/// Longest path. libbpf: `BPF_CORE_SPEC_MAX_LEN`.
const MAX_SPEC: usize = 64;
/// One meaningful step of a path: a named member, or an array index.
#[derive(Clone, Copy, Debug)]
struct Accessor<'a> {
    type_id: TypeId,
    idx: u32,
    name: Option<&'a str>,
}

/// What nobody has words for.
pub(super) fn bad() -> CoreError {
    CoreError::silent(EINVAL)
}

/// A path resolved against one BTF.
#[derive(Clone, Debug)]
struct Spec<'a> {
    btf: &'a Btf,
    root: TypeId,
    steps: Vec<Accessor<'a>>,
    raw_len: usize,
    bit_offset: u32,
}

impl<'a> Spec<'a> {
    fn new(btf: &'a Btf, root: TypeId) -> Spec<'a> {
        Spec { btf, root, steps: Vec::new(), raw_len: 0, bit_offset: 0 }
    }
}

fn is_flex_array(btf: &Btf, before: Option<&Accessor<'_>>, nelems: u32) -> bool {
    let Some(acc) = before.filter(|a| a.name.is_some()) else { return false };
    nelems == 0 && btf.ty(acc.type_id).is_some_and(|t| acc.idx + 1 == u32::from(t.vlen))
}

/// Size for address arithmetic. libbpf: `btf__resolve_size()`.
fn size_of(btf: &Btf, id: TypeId) -> Res<u32> {
    btf.resolve_size(id).ok_or_else(bad)
}

/// Resolves the path against the program's own types. libbpf: `bpf_core_parse_spec()`.
fn parse_spec<'a>(btf: &'a Btf, relo: &CoreRelo, kind: RelocKind) -> Res<Spec<'a>> {
    let path = btf.name_at(relo.access_str_off);
    if path.is_empty() || path.starts_with(':') {
        return Err(bad());
    }
    let mut spec = Spec::new(btf, relo.type_id);
    if kind.is_type() {
        return if path == "0" { Ok(spec) } else { Err(bad()) };
    }
    let mut raw = Vec::new();
    for piece in path.split(':') {
        let idx: i32 = piece.parse().map_err(|_| bad())?;
        if raw.len() == MAX_SPEC {
            return Err(CoreError::silent(E2BIG));
        }
        raw.push(u32::try_from(idx).map_err(|_| bad())?);
    }
    spec.raw_len = raw.len();
    let root = btf.skip_modifiers(relo.type_id).ok_or_else(bad)?;
    let first = *raw.first().ok_or_else(bad)?;
    if kind.is_enumval() {
        let value = root.enum_values().nth(first as usize).filter(|_| raw.len() == 1).ok_or_else(bad)?;
        spec.steps.push(Accessor { type_id: root.id, idx: first, name: Some(value.name) });
        return Ok(spec);
    }
    spec.steps.push(Accessor { type_id: root.id, idx: first, name: None });
    spec.bit_offset = first.wrapping_mul(size_of(btf, root.id)?).wrapping_mul(8);
    let mut id = root.id;
    for idx in &raw[1..] {
        let t = btf.skip_modifiers(id).ok_or_else(bad)?;
        if t.is_composite() {
            let m = t.members().nth(*idx as usize).ok_or_else(bad)?;
            spec.bit_offset = spec.bit_offset.wrapping_add(m.bit_offset);
            if m.name_off != 0 {
                if m.name().is_empty() {
                    return Err(bad());
                }
                spec.steps.push(Accessor { type_id: t.id, idx: *idx, name: Some(m.name()) });
            }
            id = m.type_id;
        } else if let Some(a) = t.array() {
            if !is_flex_array(btf, spec.steps.last(), a.nelems) && *idx >= a.nelems {
                return Err(bad());
            }
            id = btf.skip_modifiers(a.elem).ok_or_else(bad)?.id;
            spec.steps.push(Accessor { type_id: id, idx: *idx, name: None });
            let off = idx.wrapping_mul(size_of(btf, id)?).wrapping_mul(8);
            spec.bit_offset = spec.bit_offset.wrapping_add(off);
        } else {
            return Err(bad());
        }
    }
    Ok(spec)
}

/// Looks for a named member of the local type in a kernel type, through anonymous members.
///
/// Returns the type of the member found. libbpf: `bpf_core_match_member()`.
fn match_member<'a>(
    local: &Btf,
    local_member: &super::Member<'_>,
    targ: &'a Btf,
    targ_id: TypeId,
    spec: &mut Spec<'a>,
    fuel: &mut u32,
) -> Res<Option<TypeId>> {
    let t = targ.skip_modifiers(targ_id).ok_or_else(bad)?;
    if !t.is_composite() {
        return Ok(None);
    }
    for (i, m) in t.members().enumerate() {
        *fuel = fuel.checked_sub(1).ok_or_else(bad)?;
        if spec.raw_len == MAX_SPEC {
            return Err(CoreError::silent(E2BIG));
        }
        let before = spec.bit_offset;
        spec.bit_offset = before.wrapping_add(m.bit_offset);
        spec.raw_len += 1;
        if m.name().is_empty() {
            let found = match_member(local, local_member, targ, m.type_id, spec, fuel)?;
            if found.is_some() {
                return Ok(found);
            }
        } else if m.name() == local_member.name() {
            if !fields_are_compat(local, local_member.type_id, targ, m.type_id)? {
                return Ok(None);
            }
            spec.steps.push(Accessor { type_id: t.id, idx: i as u32, name: Some(m.name()) });
            return Ok(Some(m.type_id));
        }
        spec.bit_offset = before;
        spec.raw_len -= 1;
    }
    Ok(None)
}

/// Resolves the local path in a candidate; `None`: the candidate does not have it. libbpf: `bpf_core_spec_match()`.
fn match_spec<'a>(
    local: &Spec<'_>,
    kind: RelocKind,
    targ: &'a Btf,
    targ_id: TypeId,
    fuel: &mut u32,
) -> Res<Option<Spec<'a>>> {
    let mut spec = Spec::new(targ, targ_id);
    if kind.is_type() {
        let ok = if kind == RelocKind::TypeMatches {
            types_match(local.btf, local.root, targ, targ_id, false, 32, fuel)?
        } else {
            compat(local.btf, local.root, targ, targ_id, 32, fuel)?
        };
        return Ok(ok.then_some(spec));
    }
    if kind.is_enumval() {
        let t = targ.skip_modifiers(targ_id).ok_or_else(bad)?;
        let name = local.steps.first().and_then(|s| s.name).unwrap_or("");
        let found = t.enum_values().position(|v| flavourless_name(v.name) == flavourless_name(name));
        return Ok(found.map(|idx| {
            spec.steps.push(Accessor { type_id: t.id, idx: idx as u32, name: None });
            spec
        }));
    }
    let mut id = targ_id;
    for (i, step) in local.steps.iter().enumerate() {
        let t = targ.skip_modifiers(id).ok_or_else(bad)?;
        if step.name.is_some() {
            let lt = local.btf.ty(step.type_id).ok_or_else(bad)?;
            let member = lt.members().nth(step.idx as usize).ok_or_else(bad)?;
            match match_member(local.btf, &member, targ, t.id, &mut spec, fuel)? {
                Some(next) => id = next,
                None => return Ok(None),
            }
            continue;
        }
        id = t.id;
        if i > 0 {
            let Some(a) = t.array() else { return Ok(None) };
            if !is_flex_array(targ, spec.steps.last(), a.nelems) && step.idx >= a.nelems {
                return Ok(None);
            }
            id = targ.skip_modifiers(a.elem).ok_or_else(bad)?.id;
        }
        if spec.raw_len == MAX_SPEC {
            return Err(CoreError::silent(E2BIG));
        }
        spec.steps.push(Accessor { type_id: id, idx: step.idx, name: None });
        spec.raw_len += 1;
        let off = step.idx.wrapping_mul(size_of(targ, id)?).wrapping_mul(8);
        spec.bit_offset = spec.bit_offset.wrapping_add(off);
    }
    Ok(Some(spec))
}

/// Value of a field relocation in one BTF, its size and type.
#[derive(Clone, Copy, Default)]
struct Field {
    val: u64,
    size: u32,
    type_id: TypeId,
    validate: bool,
}

/// libbpf: `bpf_core_calc_field_relo()`.
fn field_value(kind: RelocKind, spec: Option<&Spec<'_>>, insn: u32) -> Res<Field> {
    if kind == RelocKind::FieldExists {
        return Ok(Field { val: u64::from(spec.is_some()), validate: true, ..Field::default() });
    }
    let spec = spec.ok_or_else(|| CoreError::silent(POISON))?;
    let acc = spec.steps.last().ok_or_else(bad)?;
    let complain = |code, words: &str| CoreError {
        code,
        words: format!("prog '{{prog}}': relo {} at insn #{insn} {words}", kind as u32),
    };
    if acc.name.is_none() {
        let size = size_of(spec.btf, acc.type_id)?;
        return match kind {
            RelocKind::FieldByteOffset => {
                Ok(Field { val: u64::from(spec.bit_offset / 8), size, type_id: acc.type_id, validate: true })
            }
            RelocKind::FieldByteSize => Ok(Field { val: u64::from(size), validate: true, ..Field::default() }),
            _ => Err(complain(EINVAL, "can't be applied to array access")),
        };
    }
    let t = spec.btf.ty(acc.type_id).ok_or_else(bad)?;
    let m = t.members().nth(acc.idx as usize).ok_or_else(bad)?;
    let mt = spec.btf.skip_modifiers(m.type_id).ok_or_else(bad)?;
    let bit_off = u64::from(spec.bit_offset);
    let bitfield = m.bitfield_size > 0;
    let (byte_sz, byte_off, bit_sz);
    if bitfield {
        let mut sz = u64::from(mt.size_or_type);
        if sz == 0 {
            return Err(bad());
        }
        let mut off = bit_off / 8 / sz * sz;
        while bit_off + u64::from(m.bitfield_size) - off * 8 > sz * 8 {
            if sz >= 8 {
                return Err(complain(E2BIG, "can't be satisfied for bitfield"));
            }
            sz *= 2;
            off = bit_off / 8 / sz * sz;
        }
        (byte_sz, byte_off, bit_sz) = (sz, off, u64::from(m.bitfield_size));
    } else {
        let sz = u64::from(size_of(spec.btf, mt.id)?);
        (byte_sz, byte_off, bit_sz) = (sz, bit_off / 8, sz * 8);
    }
    let plain = |val: u64| Field { val, validate: !bitfield, ..Field::default() };
    Ok(match kind {
        RelocKind::FieldByteOffset if !bitfield => {
            Field { val: byte_off, size: u32::try_from(byte_sz).map_err(|_| bad())?, type_id: mt.id, validate: true }
        }
        RelocKind::FieldByteOffset => plain(byte_off),
        RelocKind::FieldByteSize => plain(byte_sz),
        RelocKind::FieldSigned => {
            let signed = (is_any_enum(&mt) && mt.kflag) || mt.int_encoding().is_some_and(|e| e.signed);
            Field { val: u64::from(signed), validate: true, ..Field::default() }
        }
        RelocKind::FieldLshiftU64 => {
            let used = bit_off.wrapping_add(bit_sz).wrapping_sub(byte_off.wrapping_mul(8)) as u32;
            plain(u64::from(64u32.wrapping_sub(used)))
        }
        RelocKind::FieldRshiftU64 => {
            Field { val: u64::from(64u32.wrapping_sub(bit_sz as u32)), validate: true, ..Field::default() }
        }
        _ => return Err(CoreError::silent(EOPNOTSUPP)),
    })
}

/// libbpf: `bpf_core_calc_type_relo()`.
fn type_value(kind: RelocKind, spec: Option<&Spec<'_>>) -> Res<(u64, bool)> {
    let Some(spec) = spec else { return Ok((0, true)) };
    Ok(match kind {
        RelocKind::TypeIdTarget => (u64::from(spec.root), false),
        RelocKind::TypeExists | RelocKind::TypeMatches => (1, true),
        RelocKind::TypeSize => (u64::from(size_of(spec.btf, spec.root)?), true),
        _ => return Err(CoreError::silent(EOPNOTSUPP)),
    })
}

/// libbpf: `bpf_core_calc_enumval_relo()`.
fn enum_value(kind: RelocKind, spec: Option<&Spec<'_>>) -> Res<u64> {
    if kind == RelocKind::EnumvalExists {
        return Ok(u64::from(spec.is_some()));
    }
    let spec = spec.ok_or_else(|| CoreError::silent(POISON))?;
    let acc = spec.steps.first().ok_or_else(bad)?;
    let t = spec.btf.ty(acc.type_id).ok_or_else(bad)?;
    let v = t.enum_values().nth(acc.idx as usize).ok_or_else(bad)?.value;
    // A 32-bit value is taken as signed whatever the enum says.
    Ok(if t.kind == BtfKind::Enum { i64::from(v as i32) as u64 } else { v as u64 })
}

/// What a relocation means with one candidate, or without any. libbpf: `bpf_core_calc_relo()`.
fn calculate(kind: RelocKind, local: &Spec<'_>, targ: Option<&Spec<'_>>, insn: u32) -> Res<CoreValue> {
    let mut v = CoreValue { validate: true, ..CoreValue::default() };
    let result = (|| -> Res<()> {
        if kind.is_field() {
            let l = field_value(kind, Some(local), insn)?;
            (v.orig, v.orig_sz, v.orig_type, v.validate) = (l.val, l.size, l.type_id, l.validate);
            let t = field_value(kind, targ, insn)?;
            (v.new, v.new_sz, v.new_type) = (t.val, t.size, t.type_id);
            if v.orig_sz != v.new_sz {
                let targ_btf = targ.map_or(local.btf, |t| t.btf);
                let (o, n) = (local.btf.ty(v.orig_type).ok_or_else(bad)?, targ_btf.ty(v.new_type).ok_or_else(bad)?);
                let unsigned = |t: &Type<'_>| t.int_word().is_some_and(|w| (w >> 24) & 0xf != 1);
                let pointers = o.kind == BtfKind::Ptr && n.kind == BtfKind::Ptr;
                let integers = unsigned(&o) && unsigned(&n);
                v.fail_memsz_adjust = !pointers && !integers;
            }
        } else if kind.is_type() {
            (v.orig, v.validate) = type_value(kind, Some(local))?;
            v.new = type_value(kind, targ)?.0;
        } else {
            v.orig = enum_value(kind, Some(local))?;
            v.new = enum_value(kind, targ)?;
        }
        Ok(())
    })();
    match result {
        Err(e) if e.code == POISON => v.poison = true,
        Err(e) if e.code == EOPNOTSUPP => {
            let words = format!(
                "prog '{{prog}}': relo #{{relo}}: unrecognized CO-RE relocation {} ({}) at insn #{insn}",
                kind.word(),
                kind as u32
            );
            return Err(CoreError { code: EOPNOTSUPP, words });
        }
        Err(e) => return Err(e),
        Ok(()) => {}
    }
    Ok(v)
}

/// A relocation in words: kind, root type and path, `<byte_off> [12] struct task_struct.pid (0:77 @ offset 2464)`.
///
/// libbpf: `bpf_core_format_spec()`.
pub fn describe(local: &Btf, relo: &CoreRelo) -> String {
    let Some(kind) = RelocKind::from_number(relo.kind) else { return format!("<unknown> ({})", relo.kind) };
    let (word, name) = local.ty(relo.type_id).map_or(("void", ""), |t| (t.kind.word(), t.name()));
    let name = if name.is_empty() { "<anon>" } else { name };
    let mut out = format!("<{}> [{}] {word} {name}", kind.word(), relo.type_id);
    let Ok(spec) = parse_spec(local, relo, kind) else { return out };
    if kind.is_enumval() {
        let step = spec.steps.first();
        let value = step.and_then(|s| local.skip_modifiers(s.type_id)?.enum_values().nth(s.idx as usize));
        if let Some(v) = value {
            out.push_str(&format!("::{} = {}", v.name, v.value));
        }
    } else if kind.is_field() {
        for (i, s) in spec.steps.iter().enumerate() {
            match s.name {
                Some(name) => out.push_str(&format!(".{name}")),
                None if i > 0 || s.idx > 0 => out.push_str(&format!("[{}]", s.idx)),
                None => {}
            }
        }
        out.push_str(&format!(" ({} @ offset {}", local.name_at(relo.access_str_off), spec.bit_offset / 8));
        if spec.bit_offset % 8 != 0 {
            out.push_str(&format!(".{}", spec.bit_offset % 8));
        }
        out.push(')');
    }
    out
}

/// Kernel types that the root type of a relocation may stand for: the kernel's own first, modules only when it has
/// none. libbpf: `bpf_core_find_cands()`.
pub fn find_candidates<'a>(
    local: &Btf,
    id: TypeId,
    vmlinux: &'a Btf,
    modules: impl Iterator<Item = &'a Btf>,
) -> Option<Vec<(&'a Btf, TypeId)>> {
    let t = local.ty(id)?;
    let name = t.name();
    if name.is_empty() {
        return None;
    }
    let essential = flavourless_name(name);
    let of = |btf: &'a Btf| -> Vec<(&'a Btf, TypeId)> {
        btf.own_by_essential_name_vec(essential)
            .into_iter()
            .filter(|id| btf.ty(*id).is_some_and(|c| kinds_compat(&c, &t)))
            .map(|id| (btf, id))
            .collect()
    };
    let found = of(vmlinux);
    if !found.is_empty() {
        return Some(found);
    }
    Some(modules.flat_map(of).collect())
}

/// What a relocation comes to. `candidates` shrinks to those that matched, as libbpf's shared list does.
///
/// In the words of an error, `{prog}` and `{relo}` stand for the program's name and the relocation's number.
/// libbpf: `bpf_core_calc_relo_insn()`.
pub fn resolve(local: &Btf, relo: &CoreRelo, candidates: &mut Vec<(&Btf, TypeId)>) -> Res<CoreValue> {
    let insn = relo.insn_off / 8;
    let t = local.ty(relo.type_id).ok_or_else(bad)?;
    let name = t.name();
    let kind = RelocKind::from_number(relo.kind);
    let spec = match kind {
        Some(kind) => parse_spec(local, relo, kind),
        None => Err(bad()),
    };
    let (Some(kind), Ok(local_spec)) = (kind, spec.as_ref()) else {
        let code = spec.err().map_or(EINVAL, |e| e.code);
        return Err(CoreError {
            code: EINVAL,
            words: format!(
                "prog '{{prog}}': relo #{{relo}}: parsing [{}] {} {} + {} failed: {code}",
                relo.type_id,
                t.kind.word(),
                if name.is_empty() { "<anon>" } else { name },
                local.name_at(relo.access_str_off),
            ),
        });
    };
    if kind == RelocKind::TypeIdLocal {
        let id = u64::from(relo.type_id);
        return Ok(CoreValue { orig: id, new: id, ..CoreValue::default() });
    }
    if name.is_empty() {
        return Err(CoreError {
            code: EOPNOTSUPP,
            words: format!(
                "prog '{{prog}}': relo #{{relo}}: <{}> ({}) relocation doesn't support anonymous types",
                kind.word(),
                kind as u32
            ),
        });
    }
    let mut fuel = FUEL;
    let mut best: Option<(CoreValue, u32)> = None;
    let mut kept = Vec::new();
    for (i, (btf, id)) in candidates.iter().enumerate() {
        let matched = match_spec(local_spec, kind, btf, *id, &mut fuel).map_err(|e| CoreError {
            code: e.code,
            words: format!("prog '{{prog}}': relo #{{relo}}: error matching candidate #{i}: {}", e.code),
        })?;
        let Some(spec) = matched else { continue };
        let v = calculate(kind, local_spec, Some(&spec), insn)?;
        match &best {
            None => best = Some((v, spec.bit_offset)),
            Some((_, off)) if *off != spec.bit_offset => {
                return Err(CoreError {
                    code: EINVAL,
                    words: format!(
                        "prog '{{prog}}': relo #{{relo}}: field offset ambiguity: {} != {off}",
                        spec.bit_offset
                    ),
                });
            }
            Some((b, _)) if b.poison != v.poison || b.new != v.new => {
                let outcome = |poison| if poison { "failure" } else { "success" };
                return Err(CoreError {
                    code: EINVAL,
                    words: format!(
                        "prog '{{prog}}': relo #{{relo}}: relocation decision ambiguity: {} {} != {} {}",
                        outcome(v.poison),
                        v.new,
                        outcome(b.poison),
                        b.new
                    ),
                });
            }
            Some(_) => {}
        }
        kept.push((*btf, *id));
    }
    match best {
        Some((v, _)) => {
            *candidates = kept;
            Ok(v)
        }
        None => calculate(kind, local_spec, None, insn),
    }
}
