//! What a load hands to the kernel: the contract between the loader and the analysis.
//!
//! Answers for `union bpf_attr` of `BPF_PROG_LOAD` and `BPF_MAP_CREATE`. The loader makes one for each program of an
//! object; the raw input format makes one from each line. File descriptors are numbers of our own.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::btf::{Btf, TypeId};
use crate::cfg::{JumpTables, flow};
use crate::isa::{Insn, Op};
use crate::kernel::MapType;

/// A map that exists when the program is loaded. Kernel: `BPF_MAP_CREATE` attributes.
#[derive(Clone, Debug, Default)]
pub struct MapSpec {
    /// Number that instructions refer to it by.
    pub fd: i32,
    /// Name as the kernel keeps it: at most 15 bytes.
    pub name: String,
    /// `BPF_MAP_TYPE_*` number, known to us or not.
    pub map_type: u32,
    /// Bytes.
    pub key_size: u32,
    /// Bytes.
    pub value_size: u32,
    /// Entries.
    pub max_entries: u32,
    /// `BPF_F_*` creation flags.
    pub map_flags: u32,
    /// NUMA node of its memory, with `BPF_F_NUMA_NODE`.
    pub numa_node: u32,
    /// Type-specific, e.g. the address of an arena or the number of bloom hashes.
    pub map_extra: u64,
    /// BTF that the type ids below belong to; `None` when the map was created without BTF.
    pub btf: Option<Arc<Btf>>,
    /// Type of the key, 0: none.
    pub btf_key_type_id: TypeId,
    /// Type of the value, 0: none.
    pub btf_value_type_id: TypeId,
    /// For struct_ops maps: vmlinux (or module) type of the value; 0: none.
    pub btf_vmlinux_value_type_id: TypeId,
    /// The kernel refused its BTF, and the loader created it without.
    pub btf_refused: bool,
    /// Frozen by `BPF_MAP_FREEZE`.
    pub frozen: bool,
    /// Contents of a single-entry array when known and frozen (`.rodata`): reads of them are constants.
    pub value: Option<Arc<[u8]>>,
    /// Contents that the loader gives a single-entry array that programs may change (`.data`). No kernel sees them
    /// before the program runs, and so the analysis does not look.
    pub initial: Option<Arc<[u8]>>,
    /// Instructions that the entries of a jump table (`BPF_MAP_TYPE_INSN_ARRAY`) name, counted from the first one of the
    /// program as it is loaded; entries beyond them name the first. `None`: not known.
    pub jump_targets: Option<Arc<[u32]>>,
    /// Template of inner maps, for maps of maps.
    pub inner: Option<Box<MapSpec>>,
    /// Programs in a prog array (type number of the first one put in, and whether it was jited); decides tail call
    /// compatibility. `None`: empty.
    pub prog_array_owner: Option<u32>,
}

impl MapSpec {
    /// Where the entries `first..=last` of a jump table lead, in order, each place once. Entries that nothing was written
    /// to lead to the first instruction.
    pub fn jump_places(&self, first: usize, last: usize) -> Vec<usize> {
        let written = self.jump_targets.as_deref().unwrap_or_default();
        let end = last.saturating_add(1).min(written.len());
        let some = written.get(first..end).unwrap_or_default();
        let unwritten = (last >= written.len()).then_some(0);
        let mut places: Vec<usize> = some.iter().map(|t| *t as usize).chain(unwritten).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// All places of a jump table whose least one is among `function`: of maps of other types and of tables of other
    /// functions, none.
    pub fn jump_places_from(&self, function: Range<usize>) -> Vec<usize> {
        if self.map_type != MapType::InsnArray as u32 {
            return Vec::new();
        }
        let places = self.jump_places(0, self.last_entry());
        if places.first().is_some_and(|least| function.contains(least)) { places } else { Vec::new() }
    }

    /// The last entry of a jump table.
    pub fn last_entry(&self) -> usize {
        (self.max_entries as usize).saturating_sub(1)
    }
}

/// Why an instruction was made invalid by the loader: what it needs is not in this kernel. Kernels complain of it only
/// where it can be reached; libbpf then puts its own words in the place of theirs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Poison {
    /// A CO-RE relocation, as libbpf describes it: `<byte_off> [10] struct task_struct.state (0:0 @ offset 0)`.
    Relocation(String),
    /// A map that is not created.
    Map(String),
    /// A weak kernel function.
    Kfunc(String),
}

impl Poison {
    /// What stands in the log in the place of the instruction.
    pub const fn shown(&self) -> &'static str {
        match self {
            Poison::Relocation(_) => "<invalid CO-RE relocation>",
            Poison::Map(_) => "<invalid BPF map reference>",
            Poison::Kfunc(_) => "<invalid kfunc call>",
        }
    }

    /// What stands in the log in the place of the kernel's message.
    pub fn words(&self) -> String {
        match self {
            Poison::Relocation(spec) => format!("failed to resolve CO-RE relocation {spec}"),
            Poison::Map(name) => format!("BPF map '{name}' is referenced but wasn't created"),
            Poison::Kfunc(name) => format!("kfunc '{name}' is referenced but wasn't resolved"),
        }
    }

    /// A log with libbpf's words in the place of what the kernel says of an instruction that was made invalid.
    pub fn fix_log(&self, log: &[u8], insn: usize) -> Vec<u8> {
        let at_insn = format!("{insn}: (85) call unknown#");
        let mut out = Vec::with_capacity(log.len());
        let mut lines = log.split_inclusive(|b| *b == b'\n').peekable();
        while let Some(line) = lines.next() {
            let complaint = lines.peek().is_some_and(|next| next.starts_with(b"invalid func unknown#"));
            if complaint && line.starts_with(at_insn.as_bytes()) {
                lines.next();
                out.extend(format!("{insn}: {}\n{}\n", self.shown(), self.words()).into_bytes());
            } else {
                out.extend(line);
            }
        }
        out
    }
}

/// One record of function information.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FuncInfo {
    /// First instruction of the function.
    pub insn_off: u32,
    /// Its `BTF_KIND_FUNC` type.
    pub type_id: TypeId,
}

/// One record of line information.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineInfo {
    /// Instruction it applies from.
    pub insn_off: u32,
    /// File name, in the program BTF's strings.
    pub file_name_off: u32,
    /// Source text, in the program BTF's strings.
    pub line_off: u32,
    /// Line << 10 | column.
    pub line_col: u32,
}

/// Who loads: capabilities and settings of the loading process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Privilege {
    /// CAP_BPF.
    pub bpf: bool,
    /// CAP_PERFMON.
    pub perfmon: bool,
    /// CAP_NET_ADMIN.
    pub net_admin: bool,
    /// CAP_SYS_ADMIN.
    pub sys_admin: bool,
}

impl Privilege {
    /// All capabilities.
    pub const ROOT: Privilege = Privilege { bpf: true, perfmon: true, net_admin: true, sys_admin: true };
    /// None, with `kernel.unprivileged_bpf_disabled=0`.
    pub const NONE: Privilege = Privilege { bpf: false, perfmon: false, net_admin: false, sys_admin: false };
}

/// What the program attaches to, as the system call names it.
#[derive(Clone, Debug, Default)]
pub struct AttachTarget {
    /// BTF id of the target; 0: none.
    pub btf_id: TypeId,
    /// BTF that the id belongs to: `None` is vmlinux; a module's or a program's otherwise.
    pub btf: Option<Arc<Btf>>,
    /// Name of the module whose BTF that is; empty otherwise.
    pub module: String,
    /// For `freplace` and programs that attach to programs: the target program, as it was accepted.
    pub prog: Option<Arc<TargetProg>>,
}

/// A loaded program that another one attaches to.
#[derive(Clone, Debug)]
pub struct TargetProg {
    /// Its request.
    pub request: LoadRequest,
    /// Its subprograms: entry instruction, in order.
    pub subprog_starts: Vec<u32>,
    /// What the verifier found about each of them, in the same order.
    pub funcs: Vec<TargetFunc>,
}

/// What the verifier found about one function of an accepted program. Kernel: `bpf_func_info_aux`, `bpf_prog_aux`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TargetFunc {
    /// Its BTF did not match how it is used, or it is static: its prototype is not trusted.
    pub unreliable: bool,
    /// May move packet data.
    pub moves_packet_data: bool,
    /// May sleep.
    pub can_sleep: bool,
    /// Is the exception callback.
    pub exception_cb: bool,
}

/// One program, ready to load. Kernel: `BPF_PROG_LOAD` attributes.
#[derive(Clone, Debug, Default)]
pub struct LoadRequest {
    /// Name as given to the kernel: at most 15 bytes.
    pub name: String,
    /// `BPF_PROG_TYPE_*` number, known to us or not.
    pub prog_type: u32,
    /// `BPF_*` attach type number.
    pub expected_attach_type: u32,
    /// Instructions after relocation; map references are file descriptors (or indices into `fd_array`).
    pub insns: Vec<Insn>,
    /// `BPF_F_*` load flags.
    pub prog_flags: u32,
    /// Licence string, without the final zero.
    pub license: String,
    /// `kern_version` attribute.
    pub kern_version: u32,
    /// Attach target.
    pub attach: AttachTarget,
    /// BTF of the program; `None` when loaded without.
    pub btf: Option<Arc<Btf>>,
    /// Function information.
    pub func_info: Vec<FuncInfo>,
    /// Line information.
    pub line_info: Vec<LineInfo>,
    /// Maps that exist (those referred to, and any other the loader created for it).
    pub maps: Vec<MapSpec>,
    /// `fd_array`: map fds by index, for `PSEUDO_MAP_IDX` and module BTFs of kfunc calls.
    pub fd_array: Vec<i32>,
    /// BTFs of modules that `fd_array` entries stand for: (index in `fd_array`, module name).
    pub module_fds: Vec<(u32, String)>,
    /// BTFs of modules by file descriptor: (fd, module name). Those in `fd_array`, and those that the second half of
    /// an `ldimm64` of a typed kernel symbol names.
    pub btf_fds: Vec<(i32, String)>,
    /// Network device index, for offloaded programs.
    pub prog_ifindex: u32,
    /// Instructions that the loader made invalid, and why.
    pub poisoned: Vec<(usize, Poison)>,
}

impl LoadRequest {
    /// Why an instruction was made invalid.
    pub fn poison_at(&self, insn: usize) -> Option<&Poison> {
        self.poisoned.iter().find(|(at, _)| *at == insn).map(|(_, why)| why)
    }

    /// Where jumps through registers can go: what all jump tables hold whose least place is in the function of the jump.
    /// `None` where the ways are too many to be followed.
    pub fn jump_tables(&self) -> Option<JumpTables> {
        let mut tables = JumpTables::default();
        let jumps = |i: &Insn| matches!(i.decode(), Op::JumpTo { .. });
        if !self.insns.iter().any(jumps) {
            return Some(tables);
        }
        let callees = self.insns.iter().enumerate().filter_map(|(i, insn)| flow::callee(*insn, i));
        let starts: BTreeSet<usize> = callees.chain([0]).collect();
        for (idx, _) in self.insns.iter().enumerate().filter(|(_, i)| jumps(i)) {
            let start = starts.range(..=idx).next_back().copied().unwrap_or(0);
            let end = starts.range(idx + 1..).next().copied().unwrap_or(self.insns.len());
            if !tables.knows(start) {
                tables.learn(start, self.maps.iter().flat_map(|m| m.jump_places_from(start..end)).collect());
            }
            if !tables.add(idx, start) {
                return None;
            }
        }
        Some(tables)
    }

    /// The same load when the kernel has refused the program's BTF: neither program nor maps have any.
    pub fn without_btf(&self) -> LoadRequest {
        let mut bare = LoadRequest { btf: None, func_info: Vec::new(), line_info: Vec::new(), ..self.clone() };
        for m in &mut bare.maps {
            (m.btf, m.btf_key_type_id, m.btf_value_type_id) = (None, 0, 0);
            if let Some(inner) = m.inner.as_deref_mut() {
                (inner.btf, inner.btf_key_type_id, inner.btf_value_type_id) = (None, 0, 0);
            }
        }
        bare
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_were_not_written_lead_to_the_beginning() {
        let spec =
            |targets: &[u32]| MapSpec { max_entries: 4, jump_targets: Some(targets.into()), ..MapSpec::default() };
        assert_eq!(spec(&[7, 5, 7, 9]).jump_places(0, 2), [5, 7]);
        assert_eq!(spec(&[7, 5]).jump_places(0, 3), [0, 5, 7]);
        assert_eq!(spec(&[7, 5]).jump_places(3, 3), [0]);
        assert_eq!(spec(&[7, 5]).last_entry(), 3);
    }

    #[test]
    fn logs_are_mended_where_the_loader_made_an_instruction_invalid() {
        let log =
            b"0: (b7) r0 = 0\n1: (85) call unknown#195896080\ninvalid func unknown#195896080\nprocessed 2 insns\n";
        let why = Poison::Relocation("<byte_off> [10] struct a.b (0:0 @ offset 0)".into());
        let mended = String::from_utf8(why.fix_log(log, 1)).expect("text");
        assert_eq!(
            mended,
            "0: (b7) r0 = 0\n1: <invalid CO-RE relocation>\nfailed to resolve CO-RE relocation <byte_off> [10] struct a.b \
             (0:0 @ offset 0)\nprocessed 2 insns\n"
        );
        assert_eq!(why.fix_log(log, 2), log);
    }
}
