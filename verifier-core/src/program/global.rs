//! Global variables of an object by name, and values as the bytes that lie in them.
//!
//! Types come from the object's BTF and are not trusted: depths and sizes are bounded, and what does not fit is an error in
//! words. A value must be one that the type can hold; nothing is cut off.

use crate::btf::{Btf, BtfKind, Type, TypeId};

/// Deepest nesting of a value and of a type that is followed.
const DEPTH: usize = 16;
/// Largest variable that is written.
const MOST: u32 = 16 << 20;

/// A value as people write it.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(i128),
    /// Text, for an array of characters, or the name of a value of an enum.
    Text(String),
    /// Elements of an array, from the first on; those left out are zero.
    List(Vec<Value>),
    /// Members of a struct; those left out stay what they are.
    Members(Vec<(String, Value)>),
}

impl Value {
    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Members(_) => "a table",
        }
    }
}

/// Variables of a data section: the section's name, and each variable.
pub(super) fn variables<'a>(btf: &'a Btf, datasec: TypeId) -> impl Iterator<Item = (String, Type<'a>)> + use<'a> {
    let section = btf.ty(datasec).filter(|t| t.kind == BtfKind::Datasec);
    let name = section.map_or_else(String::new, |t| t.name().to_owned());
    let vars = section.into_iter().flat_map(|t| t.var_secinfos());
    let vars = vars.filter_map(|v| btf.ty(v.type_id).filter(|t| t.kind == BtfKind::Var && !t.name().is_empty()));
    vars.map(move |v| (name.clone(), v))
}

/// A variable of a data section: where it begins, and its type.
pub(super) fn variable(btf: &Btf, datasec: TypeId, name: &str) -> Option<(u64, TypeId)> {
    let section = btf.ty(datasec).filter(|t| t.kind == BtfKind::Datasec)?;
    let mut found = section.var_secinfos().filter_map(|v| btf.ty(v.type_id).map(|t| (v.offset, t)));
    let (at, var) = found.find(|(_, t)| t.kind == BtfKind::Var && t.name() == name)?;
    Some((u64::from(at), var.size_or_type))
}

/// What lies where once a variable, or the part of it that `path` names, has the value.
pub(super) fn bytes(
    btf: &Btf,
    (mut at, mut id): (u64, TypeId),
    path: &str,
    value: &Value,
) -> Result<Vec<(u64, Vec<u8>)>, String> {
    let start = path.find(['.', '[']).unwrap_or(path.len());
    let mut rest = &path[start..];
    let mut depth = 0;
    while !rest.is_empty() {
        depth += 1;
        if depth > DEPTH {
            return Err("the name goes too deep".into());
        }
        if let Some(inside) = rest.strip_prefix('[') {
            let (index, behind) = inside.split_once(']').ok_or("a `]` is missing in the name")?;
            let index: u32 = index.trim().parse().map_err(|_| format!("`{index}` is no index"))?;
            let array = btf.skip_modifiers(id).and_then(|t| t.array()).ok_or("what has an index there is no array")?;
            if index >= array.nelems {
                return Err(format!("index {index} is behind the end: there are {} elements", array.nelems));
            }
            let size = btf.resolve_size(array.elem).ok_or("the size of an element is not known")?;
            (at, id, rest) = (at.saturating_add(u64::from(size) * u64::from(index)), array.elem, behind);
        } else {
            let named = rest.strip_prefix('.').ok_or("a `.` is missing in the name")?;
            let end = named.find(['.', '[']).unwrap_or(named.len());
            let (member, behind) = named.split_at(end);
            let (offset, of) = find_member(btf, id, member, 0)?;
            (at, id, rest) = (at.saturating_add(offset), of, behind);
        }
    }
    let mut parts = Vec::new();
    write(btf, id, value, at, &mut parts, 0)?;
    Ok(parts)
}

/// A member by name, through anonymous ones: where it begins in the struct, and its type.
fn find_member(btf: &Btf, id: TypeId, name: &str, depth: usize) -> Result<(u64, TypeId), String> {
    let t = btf.skip_modifiers(id).filter(Type::is_composite).ok_or("what has a member there is no struct")?;
    let mut known = Vec::new();
    for m in t.members() {
        let offset = u64::from(m.bit_offset / 8);
        if m.name() == name {
            let old_bits = btf.skip_modifiers(m.type_id).and_then(|t| t.int_encoding()).is_some_and(|e| {
                e.offset != 0 || btf.resolve_size(m.type_id).is_some_and(|s| u32::from(e.bits) != s.saturating_mul(8))
            });
            if m.bitfield_size != 0 || m.bit_offset % 8 != 0 || old_bits {
                return Err(format!("`{name}` is a bit-field, which cannot be set alone"));
            }
            return Ok((offset, m.type_id));
        }
        if m.name().is_empty() && depth < DEPTH {
            if let Ok((inside, id)) = find_member(btf, m.type_id, name, depth + 1) {
                return Ok((offset + inside, id));
            }
        } else {
            known.push(m.name().to_owned());
        }
    }
    let known: Vec<String> = known.iter().take(12).map(|k| format!("`{k}`")).collect();
    Err(format!("there is no member `{name}`; there are {}", known.join(", ")))
}

/// Writes a value of a type as runs of bytes.
fn write(
    btf: &Btf,
    id: TypeId,
    value: &Value,
    at: u64,
    out: &mut Vec<(u64, Vec<u8>)>,
    depth: usize,
) -> Result<(), String> {
    let t = btf.skip_modifiers(id).ok_or("its type is not known")?;
    let size = btf.resolve_size(t.id).filter(|s| *s <= MOST).ok_or("the size of its type is not known")?;
    let cannot = || format!("it is {}, and cannot be {}", type_words(btf, id), value.kind());
    if depth > DEPTH {
        return Err("the value goes too deep".into());
    }
    let mut put = |bytes: Vec<u8>| out.push((at, bytes));
    match (t.kind, value) {
        (BtfKind::Int, Value::Bool(b)) => put(number(i128::from(*b), size, false)?),
        (BtfKind::Int, Value::Number(n)) => {
            let e = t.int_encoding().ok_or("its type is not known")?;
            if e.is_bool && !matches!(n, 0 | 1) {
                return Err(format!("{n} is no truth value"));
            }
            // Characters and what is signed may be written either way, as long as the bits fit.
            put(number(*n, size, e.signed || e.is_char)?);
        }
        (BtfKind::Enum | BtfKind::Enum64, Value::Number(n)) => put(number(*n, size, t.kflag || *n < 0)?),
        (BtfKind::Enum | BtfKind::Enum64, Value::Text(name)) => {
            let found = t.enum_values().find(|v| v.name == name).ok_or_else(|| {
                let known: Vec<String> = t.enum_values().take(12).map(|v| format!("`{}`", v.name)).collect();
                format!("`{name}` is no value of {}; there are {}", type_words(btf, id), known.join(", "))
            })?;
            let bytes = found.value.to_le_bytes();
            put(bytes.get(..size as usize).unwrap_or(&bytes).to_vec());
        }
        (BtfKind::Array, Value::Text(text)) => {
            let a = t.array().ok_or("its type is not known")?;
            let elem = btf.skip_modifiers(a.elem).filter(|e| e.kind == BtfKind::Int && e.size_or_type == 1);
            elem.ok_or_else(cannot)?;
            if text.len() > a.nelems as usize {
                return Err(format!("the text has {} bytes, and there is room for {}", text.len(), a.nelems));
            }
            let mut bytes = text.clone().into_bytes();
            bytes.resize(size as usize, 0);
            put(bytes);
        }
        (BtfKind::Array, Value::List(items)) => {
            let a = t.array().ok_or("its type is not known")?;
            let step = btf.resolve_size(a.elem).ok_or("the size of an element is not known")?;
            if items.len() > a.nelems as usize {
                return Err(format!("the list has {} elements, and there is room for {}", items.len(), a.nelems));
            }
            let mut all = vec![0; size as usize];
            for (i, item) in items.iter().enumerate() {
                let mut parts = Vec::new();
                write(btf, a.elem, item, 0, &mut parts, depth + 1).map_err(|e| format!("element {i}: {e}"))?;
                for (from, bytes) in parts {
                    let from =
                        usize::try_from(from).unwrap_or(usize::MAX).saturating_add(i.saturating_mul(step as usize));
                    let slot = from.checked_add(bytes.len()).and_then(|end| all.get_mut(from..end));
                    slot.ok_or("an element lies outside of its array")?.copy_from_slice(&bytes);
                }
            }
            put(all);
        }
        (BtfKind::Struct | BtfKind::Union, Value::Members(members)) => {
            for (name, value) in members {
                let (offset, of) = find_member(btf, t.id, name, 0)?;
                write(btf, of, value, at.saturating_add(offset), out, depth + 1)
                    .map_err(|e| format!("`{name}`: {e}"))?;
            }
        }
        _ => return Err(cannot()),
    }
    Ok(())
}

/// A number in so many bytes.
fn number(n: i128, size: u32, signed: bool) -> Result<Vec<u8>, String> {
    let bits = size.saturating_mul(8);
    let unsigned = bits >= 127 || (0..1i128 << bits).contains(&n);
    let negative = signed && bits > 0 && (bits >= 127 || (-(1i128 << (bits - 1))..0).contains(&n));
    if !unsigned && !negative {
        let (least, most) =
            if signed { (-(1i128 << (bits - 1)), (1i128 << bits) - 1) } else { (0, (1i128 << bits) - 1) };
        return Err(format!("{n} does not fit: it holds {least} to {most}"));
    }
    let bytes = n.to_le_bytes();
    let mut out = bytes.get(..(size as usize).min(16)).unwrap_or(&bytes).to_vec();
    out.resize(size as usize, 0);
    Ok(out)
}

/// A type in words, as C writes it, about.
pub(super) fn type_words(btf: &Btf, id: TypeId) -> String {
    let Some(t) = btf.skip_modifiers(id) else { return "of an unknown type".into() };
    match t.kind {
        BtfKind::Array => match t.array() {
            Some(a) => {
                let elem = btf.skip_modifiers(a.elem).map_or_else(String::new, |e| e.name().to_owned());
                format!("{elem}[{}]", a.nelems)
            }
            None => "an array".into(),
        },
        BtfKind::Ptr => "a pointer".into(),
        BtfKind::Struct => format!("struct {}", t.name()),
        BtfKind::Union => format!("union {}", t.name()),
        BtfKind::Enum | BtfKind::Enum64 => format!("enum {}", t.name()),
        _ => t.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_or_are_refused() {
        assert_eq!(number(-1, 2, true), Ok(vec![0xff, 0xff]));
        assert_eq!(number(255, 1, true), Ok(vec![0xff]));
        assert_eq!(number(u64::MAX.into(), 8, false), Ok(vec![0xff; 8]));
        assert!(number(-1, 4, false).is_err() && number(256, 1, true).is_err() && number(1 << 64, 8, true).is_err());
    }
}
