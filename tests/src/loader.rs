//! Objects through our loader, and its requests against those that were recorded.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;
use verifier_core::analysis::System;
use verifier_core::isa::{Insn, decode_all};
use verifier_core::program::{LoadRequest, Object, OpenOptions, open};

/// An object as loaded, or why the file could not be read.
pub type Loaded = Result<Object, String>;

/// Opens an object as the recorder did.
pub fn load(path: &Path, system: &System) -> Loaded {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let options = OpenOptions {
        vmlinux: Some(system.vmlinux.clone()),
        modules: system.modules.clone(),
        as_veristat: true,
        ..OpenOptions::new(&system.kernel, name)
    };
    match catch_unwind(AssertUnwindSafe(|| open(&bytes, &options))) {
        Ok(object) => object.map_err(|e| e.to_string()),
        Err(_) => Err("the loader panicked".into()),
    }
}

/// The request of one program.
///
/// # Errors
/// Why there is none, in one line.
pub fn request(loaded: &Loaded, program: &str) -> Result<LoadRequest, String> {
    let object = loaded.as_ref().map_err(Clone::clone)?;
    let program = object.programs.iter().find(|p| p.name == program).ok_or("no such program")?;
    program.result.clone().map_err(|e| e.words.join(" "))
}

fn recorded(record: &Value) -> Option<Vec<Insn>> {
    let hex = record.get("insns")?.as_str()?;
    let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
    let bytes: Vec<u8> = hex.as_bytes().as_chunks::<2>().0.iter().map(|p| digit(p[0]) << 4 | digit(p[1])).collect();
    decode_all(&bytes)
}

/// Names of maps by the numbers that recorded instructions use.
fn recorded_maps(record: &Value) -> HashMap<i32, &str> {
    let maps = record.get("maps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    maps.iter().filter_map(|m| Some((i32::try_from(m.get("fd")?.as_i64()?).ok()?, m.get("name")?.as_str()?))).collect()
}

fn names_map(insn: &Insn) -> bool {
    insn.is_ldimm64() && matches!(insn.src, 1 | 2)
}

/// Whether a wide immediate is an address of the kernel's image or of its data, with four or five levels of page tables.
pub fn is_kernel_address(low: &Insn, high: &Insn) -> bool {
    let (low, high) = (low.imm as u32, high.imm as u32);
    if high == u32::MAX { (0x8000_0000..0xff00_0000).contains(&low) } else { high >= 0xff00_0000 }
}

/// Whether both have a kernel address here, which differs from boot to boot.
fn both_name_an_address(ours: &[Insn], theirs: &[Insn], i: usize) -> bool {
    let address = |insns: &[Insn]| match insns.get(i..i + 2) {
        Some([a, b]) => a.is_ldimm64() && a.src == 0 && is_kernel_address(a, b),
        _ => false,
    };
    address(ours) && address(theirs)
}

/// Whether the loader made the recorded instructions, file descriptors and kernel addresses apart.
pub fn same_insns(request: &LoadRequest, record: &Value) -> Option<bool> {
    Some(first_difference(request, record)?.is_none())
}

/// The first instruction that differs: index, recorded, ours.
pub fn first_difference(request: &LoadRequest, record: &Value) -> Option<Option<(usize, String, String)>> {
    let theirs = recorded(record)?;
    let fds = recorded_maps(record);
    let ours = &request.insns;
    let map_of = |fd: i32| request.maps.iter().find(|m| m.fd == fd).map(|m| m.name.as_str());
    let mut second = false;
    let mut address = false;
    for i in 0..theirs.len().max(ours.len()) {
        let (Some(a), Some(b)) = (theirs.get(i), ours.get(i)) else {
            return Some(Some((i, format!("{} instructions", theirs.len()), format!("{} instructions", ours.len()))));
        };
        let (mut x, mut y) = (*a, *b);
        if names_map(a) && names_map(b) && fds.get(&a.imm).copied() == map_of(b.imm) {
            (x.imm, y.imm) = (0, 0);
        }
        let first = both_name_an_address(ours, &theirs, i);
        if std::mem::replace(&mut address, first) || first {
            (x.imm, y.imm) = (0, 0);
        }
        // The second half of a typed symbol holds the descriptor of its module.
        if std::mem::replace(&mut second, a.is_ldimm64() && a.src == 3) && a.imm != 0 && b.imm != 0 {
            (x.imm, y.imm) = (0, 0);
        }
        if x != y {
            return Some(Some((i, format!("{a:?}"), format!("{b:?}"))));
        }
    }
    Some(None)
}

/// The request with the recorded instructions in place of ours; map references are turned into our numbers by name.
pub fn with_recorded_insns(mut request: LoadRequest, record: &Value) -> LoadRequest {
    let Some(mut insns) = recorded(record) else { return request };
    let fds = recorded_maps(record);
    for insn in insns.iter_mut().filter(|i| names_map(i)) {
        let name = fds.get(&insn.imm).copied();
        if let Some(map) = request.maps.iter().find(|m| Some(m.name.as_str()) == name) {
            insn.imm = map.fd;
        }
    }
    request.insns = insns;
    request
}
