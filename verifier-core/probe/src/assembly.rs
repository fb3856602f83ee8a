//! Cases in assembly: instructions, and directives for what a loader would add.
//!
//! | key | meaning |
//! |---|---|
//! | `type`, `attach` | program and attach type by the kernel's name in lower case, or a number |
//! | `target` | attach target by the name of its BTF type |
//! | `license` | `GPL` when absent |
//! | `name` | program name |
//! | `map` | `NAME TYPE key=N value=N max=N flags=N extra=N data=HEX frozen targets=N,N inner=NAME owner=TYPE key_type=T value_type=T vmlinux_type=T` |
//! | `btf` | object whose BTF the program and its maps have |
//! | `btf-attribute` | tags of this name become attributes: they get the flag |
//! | `btf-section` | the BTF has an empty data section of this name, too |
//! | `func` | `LABEL NAME`: a record of function information, by the BTF function's name; or two numbers |
//! | `fd-array` | descriptors by index; maps have 10, 11, ... in order |
//! | `line` | `INSN FILE LINE LINE_COL`: a record of line information, as numbers |
//!
//! Lines between `.rept N` and `.endr` are repeated. Maps that others name as templates (`inner=`) come first and are not created on their own.

use std::sync::Arc;

use verifier_core::analysis::System;
use verifier_core::btf::{Btf, BtfEdit, BtfKind, Type};
use verifier_core::isa::asm::{Referent, assemble_source};
use verifier_core::kernel::helpers::name_of;
use verifier_core::kernel::{AttachType, MapType, ProgType};
use verifier_core::program::request::{AttachTarget, LineInfo};
use verifier_core::program::{FuncInfo, LoadRequest, MapSpec, OpenOptions, open};

use crate::case::{Case, Files, number};

/// Keys of directives for assembly.
pub const KEYS: [&str; 12] = [
    "type",
    "attach",
    "target",
    "license",
    "name",
    "map",
    "btf",
    "btf-attribute",
    "btf-section",
    "func",
    "line",
    "fd-array",
];

/// First descriptor number of maps.
const FIRST_FD: i32 = 10;

fn prog_type(word: &str) -> Result<u32, String> {
    let named = (0..64).filter_map(ProgType::from_number).find(|t| t.name().eq_ignore_ascii_case(word));
    named.map(|t| t as u32).or_else(|| number(word)).ok_or_else(|| format!("no program type `{word}`"))
}

fn attach_type(word: &str) -> Result<u32, String> {
    let named = (0..96).filter_map(AttachType::from_number).find(|t| t.name().eq_ignore_ascii_case(word));
    named.map(|t| t as u32).or_else(|| number(word)).ok_or_else(|| format!("no attach type `{word}`"))
}

fn hex(word: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = word.as_bytes().as_chunks::<2>();
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    rest.is_empty().then(|| pairs.iter().map(|p| Some(digit(p[0])? << 4 | digit(p[1])?)).collect())?
}

fn type_id(btf: Option<&Arc<Btf>>, name: &str) -> Result<u32, String> {
    if let Some(n) = number(name) {
        return Ok(n);
    }
    let btf = btf.ok_or("a type without BTF")?;
    let kinds = [BtfKind::Struct, BtfKind::Int, BtfKind::Typedef, BtfKind::Union, BtfKind::Func];
    let found = kinds.iter().find_map(|k| btf.find_by_name_kind(name, *k));
    found.ok_or_else(|| format!("no type `{name}` in the BTF"))
}

fn map(line: &str, btf: Option<&Arc<Btf>>, system: &System, before: &[MapSpec]) -> Result<MapSpec, String> {
    let mut words = line.split_whitespace();
    let name = words.next().ok_or("a map without name")?;
    let kind = words.next().ok_or("a map without type")?;
    let named = (0..64).filter_map(MapType::from_number).find(|t| t.name().eq_ignore_ascii_case(kind));
    let map_type = named.map(|t| t as u32).or_else(|| number(kind)).ok_or_else(|| format!("no map type `{kind}`"))?;
    let mut m = MapSpec { name: name.into(), map_type, ..MapSpec::default() };
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let bad = || format!("map {name}: `{word}`");
        let n = || number::<u32>(value).ok_or_else(bad);
        match key {
            "key" => m.key_size = n()?,
            "value" => m.value_size = n()?,
            "max" => m.max_entries = n()?,
            "flags" => m.map_flags = n()?,
            "extra" => m.map_extra = number(value).ok_or_else(bad)?,
            "data" => m.value = Some(hex(value).ok_or_else(bad)?.into()),
            "frozen" => m.frozen = true,
            "targets" => {
                let places: Option<Vec<u32>> = value.split(',').map(number).collect();
                m.jump_targets = Some(places.ok_or_else(bad)?.into());
            }
            "owner" => m.prog_array_owner = Some(prog_type(value)?),
            "inner" => m.inner = Some(Box::new(before.iter().find(|b| b.name == value).ok_or_else(bad)?.clone())),
            "key_type" => m.btf_key_type_id = type_id(btf, value)?,
            "value_type" => m.btf_value_type_id = type_id(btf, value)?,
            "vmlinux_type" => {
                m.btf_vmlinux_value_type_id = type_id(Some(&system.vmlinux), value)?;
                // The map has the size of the type, which differs between kernels.
                m.value_size = system.vmlinux.resolve_size(m.btf_vmlinux_value_type_id).ok_or_else(bad)?;
            }
            _ => return Err(bad()),
        }
    }
    if m.btf_value_type_id != 0 || m.btf_vmlinux_value_type_id != 0 {
        m.btf = btf.cloned();
    }
    Ok(m)
}

fn attach_target(case: &Case, name: &str, system: &System, files: &dyn Files) -> Result<AttachTarget, String> {
    if let Some(prog) = case.replaced(system, files)? {
        let btf = prog.request.btf.clone();
        let found = || btf.as_ref().and_then(|b| b.find_by_name_kind(name, BtfKind::Func));
        let btf_id = number(name).or_else(found).ok_or_else(|| format!("no function `{name}` in the target"))?;
        return Ok(AttachTarget { btf_id, btf, prog: Some(prog), ..AttachTarget::default() });
    }
    let kinds = [BtfKind::Func, BtfKind::Typedef, BtfKind::Struct];
    let found = kinds.iter().find_map(|k| system.vmlinux.find_by_name_kind(name, *k));
    let btf_id = number(name).or(found).ok_or_else(|| format!("no `{name}` in the kernel's BTF"))?;
    Ok(AttachTarget { btf_id, ..AttachTarget::default() })
}

/// Repeats what stands between `.rept N` and `.endr`.
fn repeated(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(".rept ") {
        let (count, after) = after.split_once('\n').ok_or(".rept without end")?;
        let (body, after) = after.split_once(".endr").ok_or(".rept without .endr")?;
        let count: usize = number(count.trim()).ok_or_else(|| format!(".rept {count}"))?;
        out.push_str(before);
        out.push_str(&body.repeat(count));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// What no compiler at hand makes of a source.
fn edited(btf: Arc<Btf>, case: &Case) -> Result<Arc<Btf>, String> {
    if case.one("btf-attribute").or(case.one("btf-section")).is_none() {
        return Ok(btf);
    }
    let mut edit = BtfEdit::new(&btf);
    let tag = |t: &Type<'_>| matches!(t.kind, BtfKind::DeclTag | BtfKind::TypeTag);
    for t in btf.own_types().filter(|t| tag(t) && case.one("btf-attribute") == Some(t.name())) {
        edit.set_vlen(&Type { kflag: true, ..t }, 0);
    }
    if let Some(name) = case.one("btf-section") {
        let name = edit.string(name);
        edit.push(name, (BtfKind::Datasec as u32) << 24, 4, &[]);
    }
    edit.finish().map(Arc::new).map_err(|e| e.to_string())
}

/// Puts a case together.
pub(crate) fn request(case: &Case, text: &str, system: &System, files: &dyn Files) -> Result<LoadRequest, String> {
    let btf = match case.one("btf") {
        None => None,
        Some(file) => {
            let bytes = case.file(file, files)?;
            open(&bytes, &OpenOptions::new(&system.kernel, file)).map_err(|e| e.to_string())?.btf
        }
    };
    let btf = btf.map(|btf| edited(btf, case)).transpose()?;
    let mut maps: Vec<MapSpec> = Vec::new();
    for line in case.all("map") {
        maps.push(map(line, btf.as_ref(), system, &maps)?);
    }
    let templates: Vec<String> = maps.iter().filter_map(|m| Some(m.inner.as_ref()?.name.clone())).collect();
    maps.retain(|m| !templates.contains(&m.name));
    for (m, fd) in maps.iter_mut().zip(FIRST_FD..) {
        m.fd = fd;
    }

    let source = assemble_source(&repeated(text)?).map_err(|e| e.to_string())?;
    let mut insns = source.insns;
    for r in &source.references {
        let insn = insns.get_mut(r.insn).ok_or("a reference without instruction")?;
        match &r.to {
            Referent::Map(name) | Referent::MapValue(name) => {
                let map = maps.iter().find(|m| m.name == *name).ok_or_else(|| format!("no map `{name}`"))?;
                insn.imm = map.fd;
            }
            Referent::Function(name) => {
                let helper = (1..1024).find(|id| name_of(*id) == Some(name));
                let kfunc = || system.vmlinux.find_by_name_kind(name, BtfKind::Func);
                if let Some(id) = helper {
                    insn.imm = id as i32;
                } else {
                    insn.src = verifier_core::isa::opcode::PSEUDO_KFUNC_CALL;
                    insn.imm = kfunc().ok_or_else(|| format!("no function `{name}`"))? as i32;
                }
            }
        }
    }

    let mut func_info = Vec::new();
    for line in case.all("func") {
        let (at, name) = line.split_once(' ').ok_or("func: LABEL NAME")?;
        let label = source.labels.get(at).and_then(|n| u32::try_from(*n).ok());
        let insn_off = label.or_else(|| number(at)).ok_or_else(|| format!("no label `{at}`"))?;
        func_info.push(FuncInfo { insn_off, type_id: type_id(btf.as_ref(), name.trim())? });
    }
    let mut line_info = Vec::new();
    for line in case.all("line") {
        let n: Vec<u32> = line.split_whitespace().filter_map(number).collect();
        let [insn_off, file_name_off, line_off, line_col] = n[..] else { return Err(format!("line: {line}")) };
        line_info.push(LineInfo { insn_off, file_name_off, line_off, line_col });
    }
    Ok(LoadRequest {
        name: case.one("name").unwrap_or("case").into(),
        prog_type: prog_type(case.one("type").unwrap_or("socket_filter"))?,
        expected_attach_type: case.one("attach").map_or(Ok(0), attach_type)?,
        insns,
        license: case.one("license").unwrap_or("GPL").into(),
        attach: case.one("target").map_or(Ok(AttachTarget::default()), |t| attach_target(case, t, system, files))?,
        btf: btf.filter(|_| !func_info.is_empty() || !line_info.is_empty()),
        func_info,
        line_info,
        maps,
        fd_array: case.one("fd-array").unwrap_or_default().split_whitespace().filter_map(number).collect(),
        ..LoadRequest::default()
    })
}
