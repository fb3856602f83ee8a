//! The raw input format: one program per line, as JSON, with instructions and maps instead of an object file.
//!
//! Fields of a line (others are ignored):
//!
//! | field | meaning |
//! |---|---|
//! | `name` | name of the program |
//! | `prog_type` | number, or `{"number": N}` |
//! | `expected_attach_type`, `prog_flags` | numbers |
//! | `attach_function` | name of the attach target, or null |
//! | `license` | default `GPL` |
//! | `insns` | hexadecimal, 8 bytes per instruction, little endian |
//! | `map_refs` | `[{"insn", "map"}]`: which `ldimm64` names which entry of `maps` |
//! | `kfunc_refs` | `[{"insn", "kfunc"}]`: which call names which kernel function |
//! | `maps` | `type`, `key_size`, `value_size`, `max_entries`, `flags`, `inner_map` (an object like these), `btf` (hex) with `btf_key_type_id` and `btf_value_type_id`, `contents`, `frozen`, `name` (default: none, or `test_map` with BTF, as the kernel's own runner of such tests names them) |
//! | `prog_btf`, `func_info`, `line_info` | hexadecimal; records of 8 and 16 bytes (`func_info_rec_size`) |

use std::sync::Arc;

use serde_json::Value;
use verifier_core::analysis::System;
use verifier_core::btf::{Btf, BtfKind};
use verifier_core::isa::{Insn, decode_all};
use verifier_core::kernel::map_create::INSN_ARRAY_VALUE;
use verifier_core::kernel::prog_types::attach::may_have_btf_id;
use verifier_core::kernel::{AttachType, MapType, ProgType};
use verifier_core::program::request::{AttachTarget, LineInfo};
use verifier_core::program::{FuncInfo, LoadRequest, MapSpec};

use crate::hex;

/// First file descriptor number given to maps: a reference without an entry never names one by chance.
const FIRST_FD: i32 = 10;
/// First file descriptor number given to modules.
const FIRST_MODULE_FD: i32 = 100_000;

/// Why a line is not a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawError {
    /// Field.
    pub field: String,
    /// Reason.
    pub what: String,
}

impl std::fmt::Display for RawError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "field `{}`: {}", self.field, self.what)
    }
}

impl std::error::Error for RawError {}

fn bad(field: &str, what: impl Into<String>) -> RawError {
    RawError { field: field.into(), what: what.into() }
}

fn number(v: &Value, field: &str) -> Result<u64, RawError> {
    match v.get(field) {
        None | Some(Value::Null) => Ok(0),
        Some(n) => n.get("number").unwrap_or(n).as_u64().ok_or_else(|| bad(field, "not an unsigned number")),
    }
}

fn number32(v: &Value, field: &str) -> Result<u32, RawError> {
    u32::try_from(number(v, field)?).map_err(|_| bad(field, "does not fit 32 bits"))
}

fn text<'a>(v: &'a Value, field: &str) -> Option<&'a str> {
    v.get(field).and_then(Value::as_str)
}

fn hex(v: &Value, field: &str) -> Result<Vec<u8>, RawError> {
    let Some(s) = text(v, field) else { return Ok(Vec::new()) };
    if s.len() % 2 != 0 {
        return Err(bad(field, "odd number of hexadecimal digits"));
    }
    hex::decode(s.as_bytes()).ok_or_else(|| bad(field, "not hexadecimal"))
}

fn list<'a>(v: &'a Value, field: &str) -> Result<&'a [Value], RawError> {
    match v.get(field) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(a)) => Ok(a),
        Some(_) => Err(bad(field, "not a list")),
    }
}

/// A map of a raw program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RawMap {
    /// Name.
    pub name: String,
    /// `BPF_MAP_TYPE_*` number.
    pub map_type: u32,
    /// Bytes.
    pub key_size: u32,
    /// Bytes.
    pub value_size: u32,
    /// Entries.
    pub max_entries: u32,
    /// `BPF_F_*` creation flags.
    pub flags: u32,
    /// Type-specific.
    pub map_extra: u64,
    /// BTF as bytes; empty: none.
    pub btf: Vec<u8>,
    /// Type of the key, 0: none.
    pub btf_key_type_id: u32,
    /// Type of the value, 0: none.
    pub btf_value_type_id: u32,
    /// Kernel type of a struct_ops value, 0: none.
    pub btf_vmlinux_value_type_id: u32,
    /// Frozen.
    pub frozen: bool,
    /// Contents of a single-entry array, when known; the values of a jump table one behind the other.
    pub value: Option<Vec<u8>>,
    /// Template of inner maps.
    pub inner: Option<Box<RawMap>>,
    /// Type number of the programs in a program array.
    pub prog_array_owner: Option<u32>,
}

/// A program in the raw format: plain data, of which nothing is looked up yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RawProgram {
    /// Name for the answers.
    pub name: String,
    /// Name given to the kernel.
    pub kernel_name: String,
    /// `BPF_PROG_TYPE_*` number.
    pub prog_type: u32,
    /// Attach type number.
    pub expected_attach_type: u32,
    /// `BPF_F_*` load flags.
    pub prog_flags: u32,
    /// Name of the attach target.
    pub attach_function: Option<String>,
    /// Licence.
    pub license: String,
    /// Instructions, 8 bytes each.
    pub insns: Vec<u8>,
    /// Maps.
    pub maps: Vec<RawMap>,
    /// (instruction, index of the map that it names).
    pub map_refs: Vec<(usize, usize)>,
    /// (instruction, name of the kernel function that it calls).
    pub kfunc_refs: Vec<(usize, String)>,
    /// BTF as bytes; empty: none.
    pub btf: Vec<u8>,
    /// Function information: 8 bytes a record.
    pub func_info: Vec<u8>,
    /// Line information: 16 bytes a record.
    pub line_info: Vec<u8>,
}

fn btf(bytes: &[u8], field: &str) -> Result<Option<Arc<Btf>>, RawError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    Btf::parse(bytes.to_vec(), None).map(|b| Some(Arc::new(b))).map_err(|e| bad(field, e.to_string()))
}

fn has_type_tags(btf: &Btf) -> bool {
    btf.own_types().any(|t| t.kind == BtfKind::TypeTag)
}

impl RawMap {
    fn parse(v: &Value) -> Result<RawMap, RawError> {
        let map_type = number32(v, "type")?;
        let inner = match v.get("inner_map") {
            None | Some(Value::Null) => None,
            Some(m) => Some(Box::new(RawMap::parse(m)?)),
        };
        let contents = list(v, "contents")?;
        let value = match contents {
            [only] if map_type == MapType::Array as u32 => Some(hex(only, "value")?),
            all if map_type == MapType::InsnArray as u32 => {
                let values: Result<Vec<Vec<u8>>, RawError> = all.iter().map(|c| hex(c, "value")).collect();
                Some(values?.concat())
            }
            _ => None,
        };
        let mut owner = None;
        if map_type == MapType::ProgArray as u32 {
            for c in contents {
                let n = c.get("prog_type").or_else(|| c.get("prog").and_then(|p| p.get("prog_type")));
                let n = n.and_then(|n| n.get("number").unwrap_or(n).as_u64());
                owner = owner.or(n.and_then(|n| u32::try_from(n).ok()));
            }
        }
        let btf = hex(v, "btf")?;
        let unnamed = if btf.is_empty() { "" } else { "test_map" };
        Ok(RawMap {
            name: text(v, "name").unwrap_or(unnamed).to_string(),
            map_type,
            key_size: number32(v, "key_size")?,
            value_size: number32(v, "value_size")?,
            max_entries: number32(v, "max_entries")?,
            flags: number32(v, "flags")?,
            map_extra: number(v, "map_extra")?,
            btf,
            btf_key_type_id: number32(v, "btf_key_type_id")?,
            btf_value_type_id: number32(v, "btf_value_type_id")?,
            btf_vmlinux_value_type_id: number32(v, "btf_vmlinux_value_type_id")?,
            frozen: v.get("frozen").and_then(Value::as_bool).unwrap_or(false),
            value,
            inner,
            prog_array_owner: owner,
        })
    }

    /// What the values of a jump table say first: an instruction.
    fn jump_targets(&self) -> Option<Arc<[u32]>> {
        let values = self.value.as_deref().filter(|_| self.map_type == MapType::InsnArray as u32)?;
        let places = words(values).into_iter().step_by(INSN_ARRAY_VALUE as usize / 4);
        Some(places.collect())
    }

    fn spec(&self, fd: i32) -> Result<MapSpec, RawError> {
        let jump_targets = self.jump_targets();
        Ok(MapSpec {
            fd,
            name: self.name.clone(),
            map_type: self.map_type,
            key_size: self.key_size,
            value_size: self.value_size,
            max_entries: self.max_entries,
            map_flags: self.flags,
            map_extra: self.map_extra,
            btf: btf(&self.btf, "btf")?,
            btf_key_type_id: self.btf_key_type_id,
            btf_value_type_id: self.btf_value_type_id,
            btf_vmlinux_value_type_id: self.btf_vmlinux_value_type_id,
            frozen: self.frozen,
            value: self.value.as_deref().filter(|_| jump_targets.is_none()).map(Arc::from),
            jump_targets,
            inner: self.inner.as_ref().map(|m| m.spec(0).map(Box::new)).transpose()?,
            prog_array_owner: self.prog_array_owner,
            ..MapSpec::default()
        })
    }
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|w| u32::from_le_bytes(*w)).collect()
}

/// One line as a load request.
///
/// # Errors
/// The field that cannot be understood, and why.
pub fn request(line: &Value, system: &System) -> Result<LoadRequest, RawError> {
    RawProgram::parse(line)?.request(system)
}

impl RawProgram {
    /// Reads a line.
    ///
    /// # Errors
    /// The field that cannot be understood, and why.
    pub fn parse(line: &Value) -> Result<RawProgram, RawError> {
        let index = |v: &Value, field: &str| -> Result<usize, RawError> {
            Ok(usize::try_from(number(v, field)?).unwrap_or(usize::MAX))
        };
        let kfunc = |r: &Value| -> Result<(usize, String), RawError> {
            let name = text(r, "kfunc").ok_or_else(|| bad("kfunc_refs", "no name"))?;
            Ok((index(r, "insn")?, name.to_string()))
        };
        Ok(RawProgram {
            name: text(line, "name").unwrap_or_default().to_string(),
            kernel_name: text(line, "prog_name").unwrap_or_default().to_string(),
            prog_type: number32(line, "prog_type")?,
            expected_attach_type: number32(line, "expected_attach_type")?,
            prog_flags: number32(line, "prog_flags")?,
            attach_function: text(line, "attach_function").map(str::to_string),
            license: text(line, "license").unwrap_or("GPL").to_string(),
            insns: hex(line, "insns")?,
            maps: list(line, "maps")?.iter().map(RawMap::parse).collect::<Result<_, _>>()?,
            map_refs: list(line, "map_refs")?
                .iter()
                .map(|r| Ok((index(r, "insn")?, index(r, "map")?)))
                .collect::<Result<_, _>>()?,
            kfunc_refs: list(line, "kfunc_refs")?.iter().map(kfunc).collect::<Result<_, _>>()?,
            btf: hex(line, "prog_btf")?,
            func_info: hex(line, "func_info")?,
            line_info: hex(line, "line_info")?,
        })
    }

    /// The program as it would be loaded into a kernel.
    ///
    /// # Errors
    /// The field that cannot be understood, and why.
    pub fn request(&self, system: &System) -> Result<LoadRequest, RawError> {
        let mut insns = decode_all(&self.insns).ok_or_else(|| bad("insns", "not a multiple of 8 bytes"))?;
        let maps: Vec<MapSpec> =
            self.maps.iter().enumerate().map(|(i, m)| m.spec(FIRST_FD + i as i32)).collect::<Result<_, _>>()?;
        for &(at, n) in &self.map_refs {
            let insn = insns.get_mut(at).ok_or_else(|| bad("map_refs", format!("no instruction {at}")))?;
            let map = maps.get(n).ok_or_else(|| bad("map_refs", format!("no map {n}")))?;
            // A map whose BTF the kernel does not take is not created, and the reference names nothing.
            let known = system.kernel.features.type_tags || !map.btf.as_deref().is_some_and(has_type_tags);
            insn.imm = if known { map.fd } else { -1 };
        }
        let (fd_array, module_fds) = kfuncs(&self.kfunc_refs, system, &mut insns)?;
        let func_info = words(&self.func_info);
        let line_info = words(&self.line_info);
        // Other types attach after the load: the target is no part of it.
        let by_btf = ProgType::from_number(self.prog_type).is_some_and(may_have_btf_id);
        let attach = match self.attach_function.as_deref().filter(|_| by_btf) {
            Some(name) => attach_target(name, system, self.expected_attach_type)?,
            None => AttachTarget::default(),
        };
        Ok(LoadRequest {
            name: self.kernel_name.clone(),
            prog_type: self.prog_type,
            expected_attach_type: self.expected_attach_type,
            insns,
            prog_flags: self.prog_flags,
            license: self.license.clone(),
            attach,
            btf: btf(&self.btf, "prog_btf")?,
            func_info: func_info
                .as_chunks::<2>()
                .0
                .iter()
                .map(|w| FuncInfo { insn_off: w[0], type_id: w[1] })
                .collect(),
            line_info: line_info
                .as_chunks::<4>()
                .0
                .iter()
                .map(|w| LineInfo { insn_off: w[0], file_name_off: w[1], line_off: w[2], line_col: w[3] })
                .collect(),
            maps,
            fd_array,
            module_fds,
            ..LoadRequest::default()
        })
    }
}

type ModuleFds = (Vec<i32>, Vec<(u32, String)>);

/// Resolves kernel functions by name, in the kernel first and then in its modules.
fn kfuncs(refs: &[(usize, String)], system: &System, insns: &mut [Insn]) -> Result<ModuleFds, RawError> {
    let mut fd_array = Vec::new();
    let mut module_fds: Vec<(u32, String)> = Vec::new();
    for (at, name) in refs {
        let at = *at;
        let insn = insns.get_mut(at).ok_or_else(|| bad("kfunc_refs", format!("no instruction {at}")))?;
        if let Some(id) = system.vmlinux.find_by_name_kind(name, BtfKind::Func) {
            insn.imm = id as i32;
            insn.off = 0;
            continue;
        }
        let module = system.modules.iter().find_map(|(m, b)| Some((m, b.find_own_by_name_kind(name, BtfKind::Func)?)));
        let Some((module, id)) = module else { continue };
        let slot = module_fds.iter().find(|(_, m)| m == module).map(|(i, _)| *i);
        let slot = slot.unwrap_or_else(|| {
            // Slot 0 would mean the kernel itself.
            if fd_array.is_empty() {
                fd_array.push(0);
            }
            let slot = fd_array.len() as u32;
            fd_array.push(FIRST_MODULE_FD + slot as i32);
            module_fds.push((slot, module.clone()));
            slot
        });
        insn.imm = id as i32;
        insn.off = slot as i16;
    }
    Ok((fd_array, module_fds))
}

/// Looks the attach target up, as loaders do: by a prefix that depends on the attach type.
fn attach_target(name: &str, system: &System, attach_type: u32) -> Result<AttachTarget, RawError> {
    let (prefix, kind) = match AttachType::from_number(attach_type) {
        Some(AttachType::TraceRawTp) => ("btf_trace_", BtfKind::Typedef),
        Some(AttachType::LsmMac | AttachType::LsmCgroup) => ("bpf_lsm_", BtfKind::Func),
        Some(AttachType::TraceIter) => ("bpf_iter_", BtfKind::Func),
        _ => ("", BtfKind::Func),
    };
    let full = format!("{prefix}{name}");
    if let Some(btf_id) = system.vmlinux.find_by_name_kind(&full, kind) {
        return Ok(AttachTarget { btf_id, ..AttachTarget::default() });
    }
    for (name, module) in &system.modules {
        if let Some(btf_id) = module.find_own_by_name_kind(&full, kind) {
            return Ok(AttachTarget { btf_id, btf: Some(module.clone()), module: name.clone(), prog: None });
        }
    }
    Err(bad("attach_function", format!("no `{full}` in the kernel's BTF")))
}
