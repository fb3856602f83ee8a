//! Symbols that an object expects from the kernel: configuration values (`.kconfig`) and kernel symbols (`.ksyms`).
//!
//! Answers for libbpf's `bpf_object__collect_externs()` and `bpf_object__resolve_externs()`. Collecting also turns
//! externs into ordinary variables of the object's BTF, as the kernel's checks demand.

use std::collections::HashMap;

use object::elf;

use crate::btf::core_compat::compatible_types;
use crate::btf::{Btf, BtfEdit, BtfKind, Type, TypeId, flavourless_name};
use crate::kernel::{Kernel, helpers};

use super::elf::Elf;
use super::error::{EINVAL, ENOENT, ENOTSUP, ERANGE, ESRCH, NotLoadable};
use super::kallsyms::{self, SOME_ADDRESS, Symbol};
use super::modules::Modules;

/// What a configuration value is stored in. libbpf: `enum kcfg_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KcfgType {
    Bool,
    Tristate,
    Char { signed: bool },
    Int { signed: bool },
    CharArray,
}

/// Which kind of extern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ExternKind {
    /// A configuration value: type, size, alignment and offset in the `.kconfig` map.
    Kconfig { kind: KcfgType, size: u32, align: u32, offset: u32 },
    /// A kernel symbol: its type, 0 for one without.
    Ksym { type_id: TypeId },
}

/// An extern of the object.
#[derive(Clone, Debug)]
pub(super) struct Extern {
    pub name: String,
    pub symbol: usize,
    pub btf_id: TypeId,
    pub weak: bool,
    pub kind: ExternKind,
}

/// What an extern resolved to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Resolved {
    /// A weak one that is not there.
    Unset,
    /// A configuration value, in the map.
    Kconfig,
    /// Address of a symbol without type.
    Address(u64),
    /// BTF id, file descriptor of a module's BTF (0: vmlinux) and its index in the fd array (0: vmlinux).
    Btf { id: TypeId, fd: i32, fd_idx: i16 },
}

fn kconfig_type(btf: &Btf, id: TypeId) -> Option<KcfgType> {
    let t = btf.skip_modifiers(id)?;
    match t.kind {
        BtfKind::Int => {
            let enc = t.int_encoding()?;
            if enc.is_bool {
                return (t.size_or_type == 1).then_some(KcfgType::Bool);
            }
            match t.size_or_type {
                1 => Some(KcfgType::Char { signed: enc.signed }),
                2 | 4 | 8 => Some(KcfgType::Int { signed: enc.signed }),
                _ => None,
            }
        }
        BtfKind::Enum | BtfKind::Enum64 => {
            let size_ok = t.kind == BtfKind::Enum64 || t.size_or_type == 4;
            (size_ok && t.name() == "libbpf_tristate").then_some(KcfgType::Tristate)
        }
        BtfKind::Array => {
            let a = t.array().filter(|a| a.nelems > 0)?;
            let elem = btf.skip_modifiers(a.elem).filter(|t| t.kind == BtfKind::Int)?;
            matches!(kconfig_type(btf, elem.id), Some(KcfgType::Char { .. })).then_some(KcfgType::CharArray)
        }
        _ => None,
    }
}

fn first_32_bit_int(btf: &Btf) -> TypeId {
    btf.own_types().find(|t| t.int_encoding().is_some_and(|e| e.bits == 32)).map_or(0, |t| t.id)
}

/// Adds the variable that stands for functions in `.ksyms`, when there are any.
fn add_dummy_var(edit: &mut BtfEdit<'_>) -> Option<(TypeId, u32)> {
    let btf = edit.original();
    let ksyms = btf.ty(btf.find_by_name_kind(".ksyms", BtfKind::Datasec)?)?;
    ksyms.var_secinfos().find(|v| btf.ty(v.type_id).is_some_and(|t| t.kind == BtfKind::Func))?;
    let name = edit.string("dummy_ksym");
    let id = edit.push(name, (BtfKind::Var as u32) << 24, first_32_bit_int(btf), &[1]);
    Some((id, name))
}

/// Finds the externs among the symbols, in libbpf's order, and turns them into variables of the BTF.
pub(super) fn collect(elf: &Elf<'_>, edit: Option<&mut BtfEdit<'_>>) -> Result<Vec<Extern>, NotLoadable> {
    let symbols: Vec<_> = elf
        .symbols
        .iter()
        .filter(|s| s.is_extern())
        .filter_map(|s| s.name.as_deref().filter(|n| !n.is_empty()).map(|n| (s, n)))
        .collect();
    let Some(edit) = edit else {
        return match symbols.first() {
            None => Ok(Vec::new()),
            Some((_, n)) => Err(NotLoadable::new(ESRCH, format!("failed to find BTF for extern '{n}': {ESRCH}"))),
        };
    };
    let dummy = add_dummy_var(edit);
    let btf = edit.original();
    let mut section_of: HashMap<TypeId, TypeId> = HashMap::new();
    if !symbols.is_empty() {
        for t in btf.own_types().filter(|t| t.kind == BtfKind::Datasec) {
            for v in t.var_secinfos() {
                section_of.entry(v.type_id).or_insert(t.id);
            }
        }
    }
    let mut externs = Vec::new();
    let mut kcfg_sec = None;
    let mut ksym_sec = None;
    for (sym, name) in symbols {
        let found = btf.own_by_name(name).find(|t| matches!(t.kind, BtfKind::Var | BtfKind::Func));
        let is_extern = |t: &Type<'_>| t.var_linkage().unwrap_or(u32::from(t.vlen)) == 2;
        let t = match found {
            Some(t) if is_extern(&t) => t,
            other => {
                let code = if other.is_some() { EINVAL } else { ENOENT };
                return Err(NotLoadable::new(code, format!("failed to find BTF for extern '{name}': {code}")));
            }
        };
        let Some(sec) = section_of.get(&t.id).and_then(|id| btf.ty(*id)) else {
            let words = format!("failed to find BTF for extern '{name}' [{}] section: {ENOENT}", t.id);
            return Err(NotLoadable::new(ENOENT, words));
        };
        let kind = match sec.name() {
            ".kconfig" if t.kind == BtfKind::Func => {
                let words = format!("extern function {name} is unsupported under .kconfig section");
                return Err(NotLoadable::new(ENOTSUP, words));
            }
            ".kconfig" => {
                kcfg_sec = Some(sec);
                let size = btf.resolve_size(t.size_or_type).filter(|s| *s > 0 && *s < 1 << 20).ok_or_else(|| {
                    NotLoadable::new(EINVAL, format!("failed to resolve size of extern (kcfg) '{name}': {EINVAL}"))
                })?;
                let align = btf.align_of(t.size_or_type);
                if align == 0 {
                    let words = format!("failed to determine alignment of extern (kcfg) '{name}': 0");
                    return Err(NotLoadable::new(EINVAL, words));
                }
                let kind = kconfig_type(btf, t.size_or_type)
                    .ok_or_else(|| NotLoadable::new(ENOTSUP, format!("extern (kcfg) '{name}': type is unsupported")))?;
                ExternKind::Kconfig { kind, size, align, offset: 0 }
            }
            ".ksyms" => {
                ksym_sec = Some(sec);
                ExternKind::Ksym { type_id: btf.skip_modifiers(t.size_or_type).map_or(0, |t| t.id) }
            }
            other => return Err(NotLoadable::new(ENOTSUP, format!("unrecognized extern section '{other}'"))),
        };
        let weak = sym.bind == elf::STB_WEAK;
        externs.push(Extern { name: name.to_owned(), symbol: sym.index, btf_id: t.id, weak, kind });
    }
    // Configuration values first: largest alignment first, then by size; everything else by name.
    externs.sort_by_cached_key(|e| match e.kind {
        ExternKind::Kconfig { size, align, .. } => (0, u32::MAX - align, size, e.name.clone()),
        ExternKind::Ksym { .. } => (1, 0, 0, e.name.clone()),
    });
    let mut end = 0u32;
    for e in &mut externs {
        if let ExternKind::Kconfig { size, align, offset, .. } = &mut e.kind {
            *offset = end.next_multiple_of(*align);
            end = offset
                .checked_add(*size)
                .filter(|e| *e < 1 << 28)
                .ok_or_else(|| NotLoadable::new(EINVAL, "the .kconfig externs take more than 256 MiB"))?;
        }
    }
    let by_name: HashMap<&str, &Extern> = externs.iter().rev().map(|e| (e.name.as_str(), e)).collect();
    if let Some(sec) = ksym_sec {
        let int = first_32_bit_int(btf);
        for (i, v) in sec.var_secinfos().enumerate() {
            let Some(t) = btf.ty(v.type_id) else { continue };
            if !by_name.contains_key(t.name()) {
                let words = format!("failed to find extern definition for BTF {} '{}'", t.kind.word(), t.name());
                return Err(NotLoadable::new(ESRCH, words));
            }
            if t.kind == BtfKind::Func {
                if let (Some((_, name)), Some(proto)) = (dummy, btf.ty(t.size_or_type)) {
                    for (j, p) in proto.params().enumerate() {
                        if p.type_id != 0 && p.name_off == 0 {
                            edit.set_word(proto.id, 2 * j, name);
                        }
                    }
                }
                edit.set_word(sec.id, 3 * i, dummy.map_or(0, |d| d.0));
                edit.set_vlen(&t, 1);
            } else {
                edit.set_word(t.id, 0, 1);
                edit.set_size_or_type(t.id, int);
            }
            edit.set_word(sec.id, 3 * i + 1, 4 * i as u32);
            edit.set_word(sec.id, 3 * i + 2, 4);
        }
        edit.set_size_or_type(sec.id, 4 * u32::from(sec.vlen));
    }
    if let Some(sec) = kcfg_sec {
        edit.set_size_or_type(sec.id, end);
        for (i, v) in sec.var_secinfos().enumerate() {
            let Some(t) = btf.ty(v.type_id) else { continue };
            let Some(ExternKind::Kconfig { offset, .. }) = by_name.get(t.name()).map(|e| e.kind) else {
                let words = format!("failed to find extern definition for BTF var '{}'", t.name());
                return Err(NotLoadable::new(ESRCH, words));
            };
            edit.set_word(t.id, 0, 1);
            edit.set_word(sec.id, 3 * i + 1, offset);
        }
    }
    Ok(externs)
}

/// Bytes that the `.kconfig` map needs; `None`: the object has no configuration values.
pub(super) fn kconfig_size(externs: &[Extern]) -> Option<u32> {
    externs
        .iter()
        .filter_map(|e| match e.kind {
            ExternKind::Kconfig { size, offset, .. } => Some(offset + size),
            ExternKind::Ksym { .. } => None,
        })
        .next_back()
}

/// Number that `LINUX_KERNEL_VERSION` has: the point release, each part in a byte.
pub(super) fn version_code(kernel: &Kernel) -> u32 {
    let patch = kernel.release.rsplit('.').next().and_then(|p| p.parse::<u32>().ok()).unwrap_or(0);
    (u32::from(kernel.version.major) << 16) + (u32::from(kernel.version.minor) << 8) + patch.min(255)
}

struct KconfigMap {
    data: Vec<u8>,
    set: Vec<bool>,
}

impl KconfigMap {
    fn put(&mut self, offset: u32, bytes: &[u8]) {
        let at = offset as usize;
        if let Some(slot) = self.data.get_mut(at..at + bytes.len()) {
            slot.copy_from_slice(bytes);
        }
    }

    /// libbpf: `set_kcfg_value_num()`.
    fn number(&mut self, e: &Extern, value: u64) -> Result<(), NotLoadable> {
        let ExternKind::Kconfig { kind, size, offset, .. } = e.kind else { return Ok(()) };
        let signed = match kind {
            KcfgType::Int { signed } | KcfgType::Char { signed } => signed,
            KcfgType::Bool => false,
            _ => {
                let words =
                    format!("extern (kcfg) '{}': value '{value}' implies integer, char, or boolean type", e.name);
                return Err(NotLoadable::new(EINVAL, words));
            }
        };
        if kind == KcfgType::Bool && value > 1 {
            let words = format!("extern (kcfg) '{}': value '{value}' isn't boolean compatible", e.name);
            return Err(NotLoadable::new(EINVAL, words));
        }
        let bits = size * 8;
        let fits =
            bits >= 64 || if signed { value.wrapping_add(1 << (bits - 1)) < 1 << bits } else { value >> bits == 0 };
        if !fits {
            let words = format!("extern (kcfg) '{}': value '{value}' doesn't fit in {size} bytes", e.name);
            return Err(NotLoadable::new(ERANGE, words));
        }
        let bytes = value.to_le_bytes();
        self.put(offset, bytes.get(..size as usize).unwrap_or(&bytes));
        Ok(())
    }

    /// libbpf: `set_kcfg_value_tri()`.
    fn tristate(&mut self, e: &Extern, value: u8) -> Result<(), NotLoadable> {
        let ExternKind::Kconfig { kind, offset, size, .. } = e.kind else { return Ok(()) };
        let shown = char::from(value);
        match kind {
            KcfgType::Bool if value == b'm' => {
                let words = format!("extern (kcfg) '{}': value '{shown}' implies tristate or char type", e.name);
                Err(NotLoadable::new(EINVAL, words))
            }
            KcfgType::Bool => {
                self.put(offset, &[u8::from(value == b'y')]);
                Ok(())
            }
            KcfgType::Tristate => {
                let v: u64 = match value {
                    b'y' => 1,
                    b'm' => 2,
                    _ => 0,
                };
                let bytes = v.to_le_bytes();
                self.put(offset, bytes.get(..size.min(4) as usize).unwrap_or(&bytes));
                Ok(())
            }
            KcfgType::Char { .. } => {
                self.put(offset, &[value]);
                Ok(())
            }
            _ => {
                let words = format!("extern (kcfg) '{}': value '{shown}' implies bool, tristate, or char type", e.name);
                Err(NotLoadable::new(EINVAL, words))
            }
        }
    }

    /// libbpf: `set_kcfg_value_str()`.
    fn string(&mut self, e: &Extern, value: &str) -> Result<(), NotLoadable> {
        let ExternKind::Kconfig { kind, offset, size, .. } = e.kind else { return Ok(()) };
        if kind != KcfgType::CharArray {
            let words = format!("extern (kcfg) '{}': value '{value}' implies char array type", e.name);
            return Err(NotLoadable::new(EINVAL, words));
        }
        let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).ok_or_else(|| {
            NotLoadable::new(EINVAL, format!("extern (kcfg) '{}': invalid string config '{value}'", e.name))
        })?;
        let n = inner.len().min((size as usize).saturating_sub(1));
        self.put(offset, inner.as_bytes().get(..n).unwrap_or(&[]));
        Ok(())
    }

    /// One line of the configuration. libbpf: `bpf_object__process_kconfig_line()`.
    fn line(&mut self, e: &Extern, value: &str) -> Result<(), NotLoadable> {
        match value.as_bytes().first() {
            Some(v @ (b'y' | b'n' | b'm')) => self.tristate(e, *v),
            Some(b'"') => self.string(e, value),
            _ => {
                let ExternKind::Kconfig { kind, .. } = e.kind else { return Ok(()) };
                let number = parse_number(value).ok_or_else(|| {
                    let words = format!("extern (kcfg) '{}': value '{value}' isn't a valid integer", e.name);
                    NotLoadable::new(EINVAL, words)
                })?;
                if !matches!(kind, KcfgType::Int { .. } | KcfgType::Char { .. }) {
                    let words = format!("extern (kcfg) '{}': value '{value}' implies integer type", e.name);
                    return Err(NotLoadable::new(EINVAL, words));
                }
                self.number(e, number)
            }
        }
    }
}

/// An integer as C's `strtoull` reads it with base 0.
fn parse_number(s: &str) -> Option<u64> {
    let (neg, s) = s.strip_prefix('-').map_or((false, s), |s| (true, s));
    let v = if let Some(hex) = s.strip_prefix("0x").or_else(|| s.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16).ok()?
    } else if s.len() > 1 && s.starts_with('0') {
        u64::from_str_radix(s, 8).ok()?
    } else {
        s.parse().ok()?
    };
    Some(if neg { v.wrapping_neg() } else { v })
}

/// What every extern of an object resolved to, and the contents of the `.kconfig` map.
#[derive(Clone, Debug, Default)]
pub(super) struct Resolution {
    pub values: Vec<Resolved>,
    pub kconfig: Vec<u8>,
    /// File descriptors of modules by index; empty when no kernel function of a module is called.
    pub fd_array: Vec<i32>,
}

/// Finds every extern in the kernel; `told` are lines of configuration that a loader gives. libbpf: `bpf_object__resolve_externs()`.
pub(super) fn resolve(
    externs: &[Extern],
    local: &Btf,
    kernel: &Kernel,
    modules: &Modules,
    told: &[(&str, &str)],
) -> Result<Resolution, NotLoadable> {
    let mut out = Resolution { values: vec![Resolved::Unset; externs.len()], ..Resolution::default() };
    let size = kconfig_size(externs).unwrap_or(0) as usize;
    let mut map = KconfigMap { data: vec![0; size], set: vec![false; externs.len()] };
    let mut wanted: HashMap<&str, usize> = HashMap::new();
    for (i, e) in externs.iter().enumerate() {
        if !matches!(e.kind, ExternKind::Kconfig { .. }) {
            continue;
        }
        if e.name.starts_with("CONFIG_") {
            wanted.insert(&e.name, i);
            continue;
        }
        let value = match e.name.as_str() {
            "LINUX_KERNEL_VERSION" => u64::from(version_code(kernel)),
            "LINUX_HAS_BPF_COOKIE" => u64::from(helpers::exists(kernel, helpers::id::GET_ATTACH_COOKIE)),
            // libbpf tries to place a probe on the name that the wrapper has.
            "LINUX_HAS_SYSCALL_WRAPPER" => {
                let config = super::vmlinux::text(kernel.config);
                u64::from(config.lines().any(|l| l == "CONFIG_KPROBE_EVENTS=y"))
            }
            name if name.starts_with("LINUX_") && e.weak => 0,
            name => {
                let words = format!("extern (kcfg) '{name}': unrecognized virtual extern");
                return Err(NotLoadable::new(EINVAL, words));
            }
        };
        map.number(e, value)?;
        map.set[i] = true;
    }
    if !wanted.is_empty() {
        let config = super::vmlinux::text(kernel.config);
        let lines = config.lines().filter_map(|line| line.split_once('=')).map(|line| ("system", line));
        // What a loader gives comes first, and the first value counts.
        for (whose, (name, value)) in told.iter().map(|line| ("in-memory", *line)).chain(lines) {
            let Some(i) = wanted.get(name).copied().filter(|i| !map.set[*i]) else { continue };
            map.line(&externs[i], value).map_err(|e| {
                let words = format!("error parsing {whose} Kconfig line '{name}': {}", e.code);
                NotLoadable { code: EINVAL, ..e }.also(words)
            })?;
            map.set[i] = true;
        }
    }
    for (i, e) in externs.iter().enumerate() {
        out.values[i] = match e.kind {
            ExternKind::Kconfig { .. } if map.set[i] => Resolved::Kconfig,
            ExternKind::Kconfig { .. } => Resolved::Unset,
            ExternKind::Ksym { type_id: 0 } => untyped(e, kernel, modules)?,
            ExternKind::Ksym { type_id } => {
                let is_var = local.ty(e.btf_id).is_some_and(|t| t.kind == BtfKind::Var);
                if is_var {
                    variable(e, local, type_id, modules)?
                } else {
                    function(e, local, type_id, modules, &mut out.fd_array)?
                }
            }
        };
    }
    for (e, v) in externs.iter().zip(&out.values) {
        if *v == Resolved::Unset && !e.weak {
            return Err(NotLoadable::new(ESRCH, format!("extern '{}' (strong): not resolved", e.name)));
        }
    }
    // An extern that is weak and unset still lies in the map, as zero.
    for (e, v) in externs.iter().zip(&mut out.values) {
        if matches!(e.kind, ExternKind::Kconfig { .. }) {
            *v = Resolved::Kconfig;
        }
    }
    out.kconfig = map.data;
    Ok(out)
}

/// A symbol without type. libbpf: `bpf_object__read_kallsyms_file()`.
fn untyped(e: &Extern, kernel: &Kernel, modules: &Modules) -> Result<Resolved, NotLoadable> {
    match kallsyms::find(kernel, modules, &e.name) {
        Symbol::Absent => Ok(Resolved::Unset),
        Symbol::At(address) => Ok(Resolved::Address(address)),
        Symbol::Several => {
            let words = format!("extern (ksym) '{}': resolution is ambiguous: 0x{SOME_ADDRESS:x} or another", e.name);
            Err(NotLoadable::new(EINVAL, words))
        }
    }
}

/// libbpf: `bpf_object__resolve_ksym_var_btf_id()`.
fn variable(e: &Extern, local: &Btf, type_id: TypeId, modules: &Modules) -> Result<Resolved, NotLoadable> {
    let Some(found) = modules.find(&e.name, BtfKind::Var) else {
        if e.weak {
            return Ok(Resolved::Unset);
        }
        return Err(NotLoadable::new(EINVAL, format!("extern (var ksym) '{}': not found in kernel BTF", e.name)));
    };
    let targ = found.btf.ty(found.id).and_then(|v| found.btf.skip_modifiers(v.size_or_type));
    let targ_id = targ.map_or(0, |t| t.id);
    if !compatible_types(local, type_id, found.btf, targ_id).unwrap_or(false) {
        let describe =
            |t: Option<Type<'_>>| t.map_or_else(String::new, |t| format!("[{}] {} {}", t.id, t.kind.word(), t.name()));
        return Err(NotLoadable::new(
            EINVAL,
            format!(
                "extern (var ksym) '{}': incompatible types, expected {}, but kernel has {}",
                e.name,
                describe(local.ty(type_id)),
                describe(targ)
            ),
        ));
    }
    Ok(Resolved::Btf { id: found.id, fd: found.fd, fd_idx: 0 })
}

/// libbpf: `bpf_object__resolve_ksym_func_btf_id()`.
fn function(
    e: &Extern,
    local: &Btf,
    type_id: TypeId,
    modules: &Modules,
    fd_array: &mut Vec<i32>,
) -> Result<Resolved, NotLoadable> {
    let Some(found) = modules.find(flavourless_name(&e.name), BtfKind::Func) else {
        if e.weak {
            return Ok(Resolved::Unset);
        }
        let words = format!("extern (func ksym) '{}': not found in kernel or module BTFs", e.name);
        return Err(NotLoadable::new(EINVAL, words));
    };
    let proto = found.btf.ty(found.id).map_or(0, |t| t.size_or_type);
    if !compatible_types(local, type_id, found.btf, proto).unwrap_or(false) {
        if e.weak {
            return Ok(Resolved::Unset);
        }
        let words = format!(
            "extern (func ksym) '{}': func_proto [{type_id}] incompatible with {} [{proto}]",
            e.name, found.module
        );
        return Err(NotLoadable::new(EINVAL, words));
    }
    let mut fd_idx = 0;
    if found.fd != 0 {
        // Index 0 means vmlinux.
        if fd_array.is_empty() {
            fd_array.push(0);
        }
        let at = fd_array.iter().position(|fd| *fd == found.fd).unwrap_or_else(|| {
            fd_array.push(found.fd);
            fd_array.len() - 1
        });
        fd_idx = i16::try_from(at).unwrap_or(i16::MAX);
    }
    Ok(Resolved::Btf { id: found.id, fd: found.fd, fd_idx })
}
