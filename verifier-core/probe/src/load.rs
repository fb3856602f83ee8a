//! A load request put to the running kernel: maps and BTF are created, instructions name them by their descriptors, the
//! program is loaded and let go. It is never attached or run.
//!
//! BTF that the kernel refuses is left out, and maps are tried again without it, as loaders do.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use verifier_core::btf::Btf;
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::{ABS, IND, LD, PSEUDO_MAP_FD, PSEUDO_MAP_VALUE};
use verifier_core::kernel::MapType;
use verifier_core::program::request::Privilege;
use verifier_core::program::{LoadRequest, MapSpec};

use crate::bpf::{self, MapCreate, Mapping, Program};
use crate::decide::{Answer, Asked};

/// Bytes of the buffer for logs: the most that every release takes.
const LOG: usize = (16 << 20) - 1;
/// What only this level prints. Kernel: `BPF_LOG_STATS`.
const STATISTICS: u32 = 4;
/// Bytes of a page of an arena.
const PAGE: usize = 4096;
/// Most pages of an arena that are mapped.
const MOST_PAGES: u32 = 1 << 20;

/// Capability numbers. Kernel: `include/uapi/linux/capability.h`.
const CAP_NET_ADMIN: u32 = 12;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_SYS_BOOT: u32 = 22;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// The capabilities of a loader; those that have nothing to do with programs are kept.
pub fn capability_mask(p: Privilege) -> u64 {
    let held = [(p.net_admin, CAP_NET_ADMIN), (p.sys_admin, CAP_SYS_ADMIN), (p.perfmon, CAP_PERFMON), (p.bpf, CAP_BPF)];
    // The analysis takes the right to end the kernel for a part of the right to administer it.
    let held = held.into_iter().chain([(p.sys_admin, CAP_SYS_BOOT)]);
    held.filter(|(has, _)| !has).fold(!0, |mask, (_, n)| mask & !(1 << n))
}

/// Why this process cannot ask the kernel anything that its answers for root could be compared with; `None`: it can.
pub fn cannot_ask() -> Option<String> {
    const NEEDED: u64 = 1 << CAP_SYS_ADMIN | 1 << CAP_NET_ADMIN;
    match bpf::capabilities() {
        Err(e) => return Some(format!("its capabilities cannot be told: {e}")),
        Ok((effective, _)) if effective & NEEDED != NEEDED => return Some("bpfvet does not run as root".into()),
        Ok(_) => {}
    }
    bpf::lift_memory_limit();
    let trivial = Program { prog_type: 1, insns: &TRIVIAL, license: "GPL", ..Program::default() };
    bpf::load_program(&trivial, 0, &mut []).err().map(|e| format!("bpf() refuses the smallest program: {e}"))
}

/// Whether a kernel could come to harm by loading a program: 6.18.44 writes outside of its own memory when its precision
/// walk goes through a classic packet load outside of the main program.
pub fn harmful(r: &LoadRequest) -> bool {
    let target = |i: usize| i as i64 + 1 + i64::from(r.insns[i].imm);
    let called =
        (0..r.insns.len()).filter(|i| r.insns[*i].is_pseudo_call() || r.insns[*i].is_pseudo_func()).map(target);
    let infos = r.func_info.iter().map(|f| i64::from(f.insn_off));
    let Some(main_ends) = called.chain(infos).filter(|at| *at > 0).min() else { return false };
    let rest = r.insns.iter().skip(usize::try_from(main_ends).unwrap_or(0));
    rest.filter(|i| i.class() == LD).any(|i| matches!(i.mode(), ABS | IND))
}

/// `r0 = 0; exit`
const TRIVIAL: [[u8; 8]; 2] = [[0xb7, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];

/// What was refused before the program came to it.
struct Refused(&'static str, io::Error);

/// What one request has opened.
#[derive(Default)]
struct Opened {
    /// BTF by address: requests share what they were made from. `None`: the kernel refused it.
    btfs: HashMap<*const Btf, Option<OwnedFd>>,
    /// Maps by the number that instructions know them by.
    maps: HashMap<i32, OwnedFd>,
    /// Templates, owners of prog arrays, targets: kept until the end.
    others: Vec<OwnedFd>,
    arena: Option<Mapping>,
}

/// Puts a request to the running kernel.
pub fn ask(request: &LoadRequest, privilege: Privilege, log_level: u32) -> Asked {
    if !request.module_fds.is_empty() || !request.btf_fds.is_empty() || !request.attach.module.is_empty() {
        return Asked::Not("it needs the BTF of a module".into());
    }
    if harmful(request) {
        return Asked::Not("some kernels come to harm by loading it".into());
    }
    // Rights belong to threads: this one ends with what it was given.
    std::thread::scope(|scope| {
        let loader = scope.spawn(|| with_rights(request, capability_mask(privilege), log_level));
        loader.join().unwrap_or_else(|_| Asked::Not("loading it failed inside of bpfvet".into()))
    })
}

fn with_rights(request: &LoadRequest, mask: u64, log_level: u32) -> Asked {
    if mask != !0
        && let Err(e) = bpf::use_capabilities(mask)
    {
        return Asked::Not(format!("capabilities cannot be given up: {e}"));
    }
    let mut opened = Opened::default();
    match opened.prepare(request, mask) {
        Err(Refused(what, e)) => Asked::Answer(Answer::not_loadable(what, e.raw_os_error().unwrap_or(0))),
        Ok(target) => {
            let mut log = vec![0; LOG];
            let said = opened.load(request, target, log_level, &mut log);
            let full = said.as_ref().err().and_then(io::Error::raw_os_error) == Some(libc::ENOSPC);
            let errno = said.as_ref().err().map_or(0, |e| e.raw_os_error().unwrap_or(-1));
            let text = until_zero(&log);
            log[0] = 0;
            let again = opened.load(request, target, STATISTICS, &mut log);
            let counted = until_zero(&log);
            let statistics = counted.find("verification time").map_or("", |at| &counted[at..]).to_string();
            if full {
                // Old releases refuse a program whose log does not fit: the verdict is that of the short log.
                let errno = again.err().map_or(0, |e| e.raw_os_error().unwrap_or(-1));
                return Asked::Answer(Answer { log_cut: true, ..Answer::of_load(errno, text, statistics) });
            }
            Asked::Answer(Answer::of_load(errno, text, statistics))
        }
    }
}

fn until_zero(log: &[u8]) -> String {
    let end = log.iter().position(|b| *b == 0).unwrap_or(log.len());
    String::from_utf8_lossy(&log[..end]).into_owned()
}

impl Opened {
    /// Creates what a request names; the target that it attaches to.
    fn prepare(&mut self, r: &LoadRequest, mask: u64) -> Result<Option<RawFd>, Refused> {
        let mut target = None;
        if let Some(prog) = &r.attach.prog {
            let below = self.prepare(&prog.request, mask)?;
            let loaded = self.load(&prog.request, below, 0, &mut []).map_err(|e| Refused("target program", e))?;
            target = Some(loaded.as_raw_fd());
            self.others.push(loaded);
        }
        for m in &r.maps {
            if !self.maps.contains_key(&m.fd) {
                let fd = self.map(m, mask)?;
                self.maps.insert(m.fd, fd);
            }
        }
        self.btf(r.btf.as_ref());
        Ok(target)
    }

    /// The descriptor of BTF; `None` where there is none or the kernel refused it.
    fn btf(&mut self, btf: Option<&Arc<Btf>>) -> Option<RawFd> {
        let btf = btf?;
        let loaded = self.btfs.entry(Arc::as_ptr(btf)).or_insert_with(|| bpf::load_btf(&btf.raw()).ok());
        loaded.as_ref().map(AsRawFd::as_raw_fd)
    }

    fn map(&mut self, m: &MapSpec, mask: u64) -> Result<OwnedFd, Refused> {
        let inner = m.inner.as_deref().map(|inner| self.map(inner, mask)).transpose()?;
        let btf = self.btf(m.btf.as_ref());
        let mut attr = MapCreate {
            map_type: m.map_type,
            key_size: m.key_size,
            value_size: m.value_size,
            max_entries: m.max_entries,
            flags: m.map_flags,
            numa_node: m.numa_node,
            inner: inner.as_ref().map_or(0, AsRawFd::as_raw_fd),
            name: bpf::name(&m.name),
            vmlinux_value_type: m.btf_vmlinux_value_type_id,
            extra: m.map_extra,
            ..MapCreate::default()
        };
        if let Some(btf) = btf {
            (attr.btf, attr.key_type, attr.value_type) = (btf, m.btf_key_type_id, m.btf_value_type_id);
        }
        let mut made = bpf::create_map(&attr);
        if made.as_ref().is_err_and(|e| e.raw_os_error() == Some(libc::EPERM)) && mask != !0 {
            // What the privileged create for others to use.
            let _ = bpf::use_capabilities(!0);
            made = bpf::create_map(&attr);
            let _ = bpf::use_capabilities(mask);
        }
        if made.is_err() && attr.btf != 0 {
            (attr.btf, attr.key_type, attr.value_type) = (0, 0, 0);
            made = bpf::create_map(&attr);
        }
        let map = made.map_err(|e| Refused("map", e))?;
        self.others.extend(inner);
        self.fill(m, &map)?;
        Ok(map)
    }

    /// Gives a map the contents and the state that it is loaded with.
    fn fill(&mut self, m: &MapSpec, map: &OwnedFd) -> Result<(), Refused> {
        if let Some(value) = &m.value {
            let mut whole = value.to_vec();
            whole.resize((m.value_size as usize).next_multiple_of(8).max(whole.len()), 0);
            bpf::update(map, 0, &whole, m.value_size as usize).map_err(|e| Refused("map contents", e))?;
        }
        for (key, place) in (0..).zip(m.jump_targets.iter().flat_map(|places| places.iter())) {
            // A value begins with the place; what the kernel adds to it must be zero.
            let mut value = place.to_le_bytes().to_vec();
            value.resize((m.value_size as usize).max(value.len()), 0);
            bpf::update(map, key, &value, m.value_size as usize).map_err(|e| Refused("map contents", e))?;
        }
        if let Some(owner) = m.prog_array_owner {
            let trivial = Program { prog_type: owner, insns: &TRIVIAL, license: "GPL", ..Program::default() };
            let prog = bpf::load_program(&trivial, 0, &mut []);
            let prog = prog.map_err(|e| Refused("prog array contents", e))?;
            let value = prog.as_raw_fd().to_ne_bytes();
            bpf::update(map, 0, &value, value.len()).map_err(|e| Refused("prog array contents", e))?;
        }
        if m.frozen {
            bpf::freeze(map).map_err(|e| Refused("freeze", e))?;
        }
        if m.map_type == MapType::Arena as u32 && self.arena.is_none() {
            let len = m.max_entries.min(MOST_PAGES) as usize * PAGE;
            let wanted = (m.map_extra != 0).then_some(m.map_extra);
            self.arena = Some(Mapping::new(map, wanted, len).map_err(|e| Refused("mmap of the arena", e))?);
        }
        Ok(())
    }

    /// The descriptor that the kernel knows a number of ours by.
    fn descriptor(&self, number: i32) -> i32 {
        self.maps.get(&number).map_or(number, AsRawFd::as_raw_fd)
    }

    fn insn(&self, insn: &Insn) -> [u8; 8] {
        let mut insn = *insn;
        if insn.is_ldimm64() && matches!(insn.src, PSEUDO_MAP_FD | PSEUDO_MAP_VALUE) {
            insn.imm = self.descriptor(insn.imm);
        }
        insn.to_bytes()
    }

    fn load(&self, r: &LoadRequest, target: Option<RawFd>, log_level: u32, log: &mut [u8]) -> io::Result<OwnedFd> {
        let insns: Vec<[u8; 8]> = r.insns.iter().map(|i| self.insn(i)).collect();
        let func_info: Vec<[u32; 2]> = r.func_info.iter().map(|f| [f.insn_off, f.type_id]).collect();
        let line_info = r.line_info.iter().map(|l| [l.insn_off, l.file_name_off, l.line_off, l.line_col]);
        let line_info: Vec<[u32; 4]> = line_info.collect();
        let fd_array: Vec<i32> = r.fd_array.iter().map(|fd| self.descriptor(*fd)).collect();
        let btf = r.btf.as_ref().and_then(|b| self.btfs.get(&Arc::as_ptr(b))?.as_ref().map(AsRawFd::as_raw_fd));
        let program = Program {
            prog_type: r.prog_type,
            attach_type: r.expected_attach_type,
            insns: &insns,
            license: &r.license,
            name: &r.name,
            flags: r.prog_flags,
            kern_version: r.kern_version,
            ifindex: r.prog_ifindex,
            btf,
            func_info: &func_info,
            line_info: &line_info,
            attach_btf_id: r.attach.btf_id,
            attach_to: target,
            fd_array: &fd_array,
        };
        bpf::load_program(&program, log_level, log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_that_have_nothing_to_do_with_programs_are_kept() {
        assert_eq!(capability_mask(Privilege::ROOT), !0);
        let none = capability_mask(Privilege::NONE);
        assert_eq!(none & 1 << CAP_BPF, 0);
        assert_eq!(none & 1, 1);
    }
}
