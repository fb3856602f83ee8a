//! Load requests as lines that the loader program (`tests/guest/loader.c`) follows.
//!
//! | line | meaning |
//! |---|---|
//! | `case name= caps=` | begins a request; `caps`: effective capabilities as a number, all when absent |
//! | `btf data=` | loads BTF; later lines number these from 0 |
//! | `inner ...` | the template of the map in the next line |
//! | `map fd= type= key= value= max= flags= extra= btf= key_type= value_type= vmlinux_type= name= data= owner= freeze= mmap=` | creates a map and gives it the descriptor number that instructions name |
//! | `target ...` | loads the program that the next one attaches to |
//! | `load type= attach_type= flags= license= name= insns= btf= func_info= line_info= fd_array= attach_btf_id= log_level= log_size=` | the load that is answered |
//!
//! Names and bytes are hexadecimal, numbers decimal; a field that is absent is zero.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use verifier_core::btf::Btf;
use verifier_core::kernel::{KernelVersion, MapType};
use verifier_core::program::request::Privilege;
use verifier_core::program::{LoadRequest, MapSpec};
use verifier_probe::load::capability_mask;

use super::plain_btf::plain;

/// How to load.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Who loads.
    pub privilege: Privilege,
    /// The log level of the load that is kept.
    pub log_level: u32,
    /// Bytes of its buffer; 0: large.
    pub log_size: u32,
    /// The release whose kinds of types the BTF may have; `None`: all that there are.
    pub types_of: Option<KernelVersion>,
}

impl Default for How {
    fn default() -> How {
        How { privilege: Privilege::ROOT, log_level: 2, log_size: 0, types_of: None }
    }
}

fn caps(p: Privilege) -> Option<u64> {
    let mask = capability_mask(p);
    (mask != !0).then_some(mask)
}

/// Writes `bytes` in hexadecimal; an empty value would read as the next field.
fn hex(out: &mut String, key: &str, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let _ = write!(out, " {key}=");
    for b in bytes {
        let _ = write!(out, "{b:02x}");
    }
}

fn number(out: &mut String, key: &str, n: impl Into<u64>) {
    let n: u64 = n.into();
    if n != 0 {
        let _ = write!(out, " {key}={n}");
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Slots by address: requests share what they were made from.
    btfs: HashMap<*const Btf, usize>,
    types_of: Option<KernelVersion>,
}

impl Writer {
    fn btf(&mut self, btf: Option<&Arc<Btf>>) -> Option<usize> {
        let btf = btf?;
        let next = self.btfs.len();
        let slot = *self.btfs.entry(Arc::as_ptr(btf)).or_insert(next);
        if slot == next {
            self.out.push_str("btf");
            match self.types_of {
                Some(release) => hex(&mut self.out, "data", &plain(btf, release)),
                None => hex(&mut self.out, "data", &btf.raw()),
            }
            self.out.push('\n');
        }
        Some(slot)
    }

    fn map(&mut self, m: &MapSpec, word: &str) {
        if let Some(inner) = m.inner.as_deref() {
            self.map(inner, "inner");
        }
        let btf = self.btf(m.btf.as_ref());
        let out = &mut self.out;
        let _ = write!(out, "{word} fd={} type={}", m.fd, m.map_type);
        number(out, "key", m.key_size);
        number(out, "value", m.value_size);
        number(out, "max", m.max_entries);
        number(out, "flags", m.map_flags);
        number(out, "extra", m.map_extra);
        if let Some(slot) = btf {
            let _ = write!(out, " btf={slot}");
        }
        number(out, "key_type", m.btf_key_type_id);
        number(out, "value_type", m.btf_value_type_id);
        number(out, "vmlinux_type", m.btf_vmlinux_value_type_id);
        hex(out, "name", m.name.as_bytes());
        if let Some(v) = &m.value {
            hex(out, "data", v);
        }
        if let Some(places) = &m.jump_targets {
            // A value begins with the place; what the kernel adds to it must be zero.
            let values: Vec<u8> = places.iter().flat_map(|p| [*p, 0, 0, 0]).flat_map(u32::to_le_bytes).collect();
            hex(out, "data", &values);
        }
        number(out, "owner", m.prog_array_owner.unwrap_or(0));
        number(out, "freeze", m.frozen);
        number(out, "mmap", m.map_type == MapType::Arena as u32);
        out.push('\n');
    }

    /// What a program attaches to, the last in the chain first.
    fn targets(&mut self, r: &LoadRequest) {
        let Some(target) = &r.attach.prog else { return };
        self.targets(&target.request);
        for m in &target.request.maps {
            self.map(m, "map");
        }
        self.prog(&target.request, "target", None);
    }

    fn prog(&mut self, r: &LoadRequest, word: &str, how: Option<How>) {
        let btf = self.btf(r.btf.as_ref());
        let out = &mut self.out;
        let _ = write!(out, "{word} type={}", r.prog_type);
        number(out, "attach_type", r.expected_attach_type);
        number(out, "flags", r.prog_flags);
        number(out, "kern_version", r.kern_version);
        number(out, "ifindex", r.prog_ifindex);
        number(out, "attach_btf_id", r.attach.btf_id);
        hex(out, "license", r.license.as_bytes());
        hex(out, "name", r.name.as_bytes());
        if let Some(slot) = btf {
            let _ = write!(out, " btf={slot}");
        }
        let insns: Vec<u8> = r.insns.iter().flat_map(|i| i.to_bytes()).collect();
        hex(out, "insns", &insns);
        let words: Vec<u8> =
            r.func_info.iter().flat_map(|f| [f.insn_off, f.type_id]).flat_map(u32::to_le_bytes).collect();
        hex(out, "func_info", &words);
        let words = r.line_info.iter().flat_map(|l| [l.insn_off, l.file_name_off, l.line_off, l.line_col]);
        let words: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        hex(out, "line_info", &words);
        let words: Vec<u8> = r.fd_array.iter().flat_map(|f| f.to_le_bytes()).collect();
        hex(out, "fd_array", &words);
        if let Some(how) = how {
            let _ = write!(out, " log_level={}", how.log_level);
            number(out, "log_size", how.log_size);
        }
        out.push('\n');
    }
}

/// The lines of one request.
///
/// # Errors
/// What cannot be said in them: modules are not part of the machines asked.
pub fn lines(name: &str, r: &LoadRequest, how: How) -> Result<String, String> {
    if !r.module_fds.is_empty() || !r.btf_fds.is_empty() || !r.attach.module.is_empty() {
        return Err("it needs the BTF of a module".into());
    }
    let mut w = Writer { types_of: how.types_of, ..Writer::default() };
    w.out.push_str("case");
    hex(&mut w.out, "name", name.as_bytes());
    if let Some(mask) = caps(how.privilege) {
        let _ = write!(w.out, " caps={mask}");
    }
    w.out.push('\n');
    w.targets(r);
    for m in &r.maps {
        w.map(m, "map");
    }
    w.prog(r, "load", Some(how));
    Ok(w.out)
}
