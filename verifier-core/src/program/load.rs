//! From an opened object to what each program hands to the kernel.
//!
//! Answers for libbpf's `bpf_object_load()`, done for each program alone, as veristat does it: nothing else of the
//! object is loaded, but all of its externs are resolved and its maps created.

use std::ops::Range;
use std::sync::Arc;

use crate::btf::{Btf, BtfKind, ValidateRules, validate};
use crate::isa::Insn;
use crate::kernel::Features;
use crate::kernel::{AttachType, Kernel, ProgType};

use super::contract::{self, Misfit, Settable, Setting};
use super::create;
use super::ctx_tags::CtxTags;
use super::error::{EINVAL, ENOENT, ESRCH, NotLoadable, ObjectError};
use super::externs::{self, Resolution};
use super::initial::Initial;
use super::inner_maps;
use super::jump_tables::Tables;
use super::link::{Candidates, Linker};
use super::loader::LoaderRules;
use super::maps::{self, CreateRules, Map, Origin};
use super::modules::Modules;
use super::object::{self, Opened, Prog};
use super::record::{KernelTypes, StructMetas};
use super::request::{AttachTarget, LoadRequest, MapSpec, TargetProg};
use super::sections;
use super::struct_ops::{self, KernelStructOps, Slot, StructOps};

/// `BPF_F_SLEEPABLE`.
const F_SLEEPABLE: u32 = 1 << 4;
/// `BPF_F_XDP_HAS_FRAGS`.
const F_XDP_HAS_FRAGS: u32 = 1 << 5;
/// Instructions that all programs of one object may have together after linking: a budget of ours, against files
/// whose symbols all cover the same code.
const BUDGET: usize = 16_000_000;

/// How to open an object.
#[derive(Clone, Debug)]
pub struct OpenOptions<'a> {
    /// The kernel that it would be loaded into.
    pub kernel: &'a Kernel,
    /// Name of the file: maps of global data are named after it.
    pub name: String,
    /// BTF of the kernel; `None`: the one that its profile carries (`program::vmlinux()`).
    pub vmlinux: Option<Arc<Btf>>,
    /// BTFs of loaded modules in load order, on top of the kernel's own.
    pub modules: Vec<(String, Arc<Btf>)>,
    /// Do as veristat: maps without entries get one, `freplace` programs are loaded as the type that their context
    /// suggests, and flags are taken from the `comment:test_prog_flags=` tags of the kernel's selftests.
    pub as_veristat: bool,
    /// Whose rules hold before the kernel's; veristat is libbpf.
    pub loader: LoaderRules,
    /// Possible CPUs: entries of a perf event array that names none.
    pub nr_cpus: u32,
    /// Load flags to add to every program.
    pub prog_flags: u32,
    /// The accepted program whose functions `freplace` programs replace.
    pub target: Option<Arc<TargetProg>>,
    /// What the object's own loader does before it loads it, in order.
    pub settings: &'a [Setting],
}

impl<'a> OpenOptions<'a> {
    /// A kernel without modules, one CPU, no flags.
    pub fn new(kernel: &'a Kernel, name: impl Into<String>) -> OpenOptions<'a> {
        OpenOptions {
            kernel,
            name: name.into(),
            vmlinux: None,
            modules: Vec::new(),
            as_veristat: false,
            loader: LoaderRules::default(),
            nr_cpus: 1,
            prog_flags: 0,
            target: None,
            settings: &[],
        }
    }
}

/// An object whose programs are ready to load.
#[derive(Clone, Debug)]
pub struct Object {
    /// Entry programs in order of section and offset. Subprograms are part of those that call them.
    pub programs: Vec<Program>,
    /// BTF as the kernel would get it.
    pub btf: Option<Arc<Btf>>,
    /// Every map, as it is created, whether programs refer to it or not.
    pub maps: Vec<MapSpec>,
    /// What a loader puts into maps of programs and of maps before programs run.
    pub initial: Vec<Initial>,
    /// Why the object as a whole does not load, whatever is true of its programs.
    pub broken: Option<NotLoadable>,
    /// Settings that fit nothing in it.
    pub misfits: Vec<Misfit>,
    /// What a loader can set in it, before any setting.
    pub settable: Settable,
}

/// One entry program.
#[derive(Clone, Debug)]
pub struct Program {
    /// Name of the function.
    pub name: String,
    /// Section, without the `?` that marks programs that are not loaded by default.
    pub section: String,
    /// Whether libbpf loads it unless told otherwise.
    pub autoload: bool,
    /// Declaration tags of its function, in order.
    pub annotations: Vec<String>,
    /// Type that the section name stands for; `None`: no type.
    pub prog_type: Option<ProgType>,
    /// The loader was told not to load it.
    pub left_out: bool,
    /// Instructions of its section, and which of them are its own, as they stand in the file.
    pub code: (Arc<[Insn]>, Range<usize>),
    /// What the kernel is asked to load, or why it never is.
    pub result: Result<LoadRequest, NotLoadable>,
}

/// Opens an object and prepares every program in it.
///
/// An error means that the file cannot be read; what is wrong with one program is that program's result.
pub fn open(bytes: &[u8], options: &OpenOptions<'_>) -> Result<Object, ObjectError> {
    let vmlinux = match &options.vmlinux {
        Some(btf) => Arc::clone(btf),
        None => super::vmlinux(options.kernel).map_err(|e| ObjectError::new(e.to_string()))?,
    };
    let modules = Modules::new(vmlinux, &options.modules);
    let mut opened = object::open(bytes, &options.name, options.loader)?;
    let settable = contract::settable(&opened);
    let misfits = contract::apply(options.settings, &mut opened);
    let no_btf = Btf::default();
    let local = opened.btf.clone();
    let mut ctx_tags = CtxTags::default();
    if !options.kernel.features.argument_tags
        && let Some(btf) = &opened.btf
    {
        let types = opened.progs.iter().filter_map(Prog::prog_type);
        let (btf, tags) = CtxTags::of(btf, types);
        opened.btf = Some(btf);
        ctx_tags = tags;
    }
    let resolution = externs::resolve(
        &opened.externs,
        local.as_deref().unwrap_or(&no_btf),
        options.kernel,
        &modules,
        &contract::kconfig(options.settings),
    );
    if let Ok(r) = &resolution {
        for m in opened.maps.all.iter_mut().filter(|m| m.origin == Origin::Kconfig) {
            m.contents = Some(Arc::from(r.kconfig.as_slice()));
        }
    }
    let rules = CreateRules { nr_cpus: options.nr_cpus, as_veristat: options.as_veristat };
    let types = KernelTypes { kernel: options.kernel, vmlinux: &modules.vmlinux, modules: &options.modules };
    let kernel_btf = kernel_btf(&opened, &types);
    let metas = kernel_btf.as_ref().ok().and_then(Option::as_ref).map(|btf| (btf, StructMetas::of(&types, btf)));
    // What is refused for its special fields is known of as the source of lines, but maps are created without.
    let (loaded_btf, metas) = match metas {
        Some((btf, Ok(metas))) => (Some(btf), metas),
        _ => (None, StructMetas::default()),
    };
    let mut specs: Vec<MapSpec> = opened.maps.all.iter().map(|m| maps::create(m, loaded_btf, rules)).collect();
    let refused_maps: Vec<Option<NotLoadable>> = opened
        .maps
        .all
        .iter()
        .zip(&mut specs)
        .map(|(m, spec)| if m.autocreate { create::create(&types, &metas, spec, &m.name).err() } else { None })
        .collect();
    let broken = whole(&opened, &options.name, resolution.as_ref().err(), kernel_btf.as_ref().err(), &refused_maps);
    let mut loader = Loader {
        options,
        object: &opened,
        modules: &modules,
        resolution: resolution.as_ref(),
        kernel_btf: kernel_btf.as_ref(),
        specs,
        refused_maps,
        candidates: Candidates::new(),
        ctx_tags,
        budget: BUDGET,
        next_fd: opened.maps.next_fd(),
    };
    let mut programs = Vec::new();
    for (i, p) in opened.progs.iter().enumerate().filter(|(_, p)| !opened.is_subprog(p)) {
        let annotations = annotations(opened.btf.as_deref(), &p.name);
        let result = loader.load(i, p, &annotations).map_err(|e| match e.code {
            // Said while the file is opened, before anything is loaded.
            _ if opened.broken.is_some() || p.broken.is_some() => e,
            _ => e.also(format!("failed to load object '{}'", options.name)),
        });
        programs.push(Program {
            name: p.name.clone(),
            section: p.section_name.clone(),
            autoload: p.autoload,
            annotations,
            prog_type: p.prog_type(),
            left_out: p.told.left_out,
            code: (opened.code.get(&p.section).cloned().unwrap_or_default(), p.start..p.start.saturating_add(p.count)),
            result,
        });
    }
    let maps = loader.specs;
    let btf = kernel_btf.ok().flatten();
    Ok(Object { programs, btf, maps, initial: opened.initial.clone(), broken, misfits, settable })
}

/// Why the object as a whole does not load: what is wrong with it, with its externs, or with any of its maps.
fn whole(
    opened: &Opened,
    name: &str,
    externs: Option<&NotLoadable>,
    btf: Option<&NotLoadable>,
    maps: &[Option<NotLoadable>],
) -> Option<NotLoadable> {
    // Said while the file is opened, before anything is loaded.
    if let Some(broken) = &opened.broken {
        return Some(broken.clone());
    }
    let found = externs.or(btf).or_else(|| maps.iter().flatten().next()).cloned();
    let found = found.or_else(|| inner_maps::misfit(&opened.maps.all, &opened.initial))?;
    Some(found.also(format!("failed to load object '{name}'")))
}

/// The BTF of an object as the kernel takes it. libbpf: `bpf_object__sanitize_and_load_btf()`.
///
/// The kernels that we know take every kind of type, so nothing is replaced. A refused BTF is left out, unless the
/// object has struct_ops maps. One whose special fields are refused is left out by the analysis.
fn kernel_btf(opened: &Opened, types: &KernelTypes<'_>) -> Result<Option<Arc<Btf>>, NotLoadable> {
    let Some(btf) = &opened.btf else { return Ok(None) };
    let features = &types.kernel.features;
    // For kernels that do not know tags of types, libbpf makes something else of them.
    let taken = validate(btf, ValidateRules { type_tags: true, ..btf_rules(features) }).map_err(|e| e.errno);
    let mandatory = opened.maps.all.iter().any(|m| m.origin == Origin::StructOps);
    let taken = match (taken, mandatory) {
        (Ok(()), true) => StructMetas::of(types, btf).map(|_| ()).map_err(|e| e as i32),
        (taken, _) => taken,
    };
    match taken {
        Ok(()) => Ok(Some(Arc::clone(btf))),
        Err(errno) if mandatory => {
            let code = -errno;
            let words = format!("Error loading .BTF into kernel: {code}. BTF is mandatory, can't proceed.");
            Err(NotLoadable::new(code, words))
        }
        Err(_) => Ok(None),
    }
}

/// Which BTF a release takes as it is.
pub fn btf_rules(features: &Features) -> ValidateRules {
    ValidateRules {
        flagged_tags: features.btf_flagged_tags,
        empty_sections: features.empty_sections,
        type_tags: features.type_tags,
    }
}

/// Declaration tags of the function of a name.
fn annotations(btf: Option<&Btf>, name: &str) -> Vec<String> {
    let Some(btf) = btf else { return Vec::new() };
    let Some(id) = btf.find_by_name_kind(name, BtfKind::Func) else { return Vec::new() };
    btf.decl_tags_of(id).filter(|t| t.decl_tag_component() == Some(-1)).map(|t| t.name().to_owned()).collect()
}

/// Flags that a selftest asks for in its tags.
fn flags_from_tags(annotations: &[String], mut flags: u32) -> u32 {
    for tag in annotations {
        // Newer ones number their tags: `comment:3:test_...`.
        let Some(text) = tag.strip_prefix("comment:") else { continue };
        let text = text.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(':');
        let Some(word) = text.strip_prefix("test_prog_flags=") else { continue };
        let (clear, word) = word.strip_prefix('!').map_or((false, word), |w| (true, w));
        let bits = match word {
            "BPF_F_STRICT_ALIGNMENT" => 1,
            "BPF_F_ANY_ALIGNMENT" => 2,
            "BPF_F_TEST_RND_HI32" => 4,
            "BPF_F_TEST_STATE_FREQ" => 8,
            "BPF_F_SLEEPABLE" => F_SLEEPABLE,
            "BPF_F_XDP_HAS_FRAGS" => F_XDP_HAS_FRAGS,
            "BPF_F_TEST_REG_INVARIANTS" => 128,
            other => other
                .strip_prefix("0x")
                .map_or_else(|| other.parse().unwrap_or(0), |h| u32::from_str_radix(h, 16).unwrap_or(0)),
        };
        flags = if clear { flags & !bits } else { flags | bits };
    }
    flags
}

/// Prefix and kind of the BTF type that an attach target is. libbpf: `btf_get_kernel_prefix_kind()`.
fn target_naming(attach: u32) -> (&'static str, BtfKind) {
    const RAW_TP: u32 = AttachType::TraceRawTp as u32;
    const LSM: u32 = AttachType::LsmMac as u32;
    const LSM_CGROUP: u32 = AttachType::LsmCgroup as u32;
    const ITER: u32 = AttachType::TraceIter as u32;
    match attach {
        RAW_TP => ("btf_trace_", BtfKind::Typedef),
        LSM | LSM_CGROUP => ("bpf_lsm_", BtfKind::Func),
        ITER => ("bpf_iter_", BtfKind::Func),
        _ => ("", BtfKind::Func),
    }
}

struct Loader<'a> {
    options: &'a OpenOptions<'a>,
    object: &'a Opened,
    modules: &'a Modules,
    resolution: Result<&'a Resolution, &'a NotLoadable>,
    /// BTF that the kernel took, `None`: without, or why that is not possible.
    kernel_btf: Result<&'a Option<Arc<Btf>>, &'a NotLoadable>,
    specs: Vec<MapSpec>,
    /// Why a map is not created.
    refused_maps: Vec<Option<NotLoadable>>,
    candidates: Candidates<'a>,
    ctx_tags: CtxTags,
    budget: usize,
    /// Number that instructions will refer to the next map by that is made for one program alone.
    next_fd: i32,
}

impl<'a> Loader<'a> {
    fn load(&mut self, index: usize, p: &Prog, annotations: &[String]) -> Result<LoadRequest, NotLoadable> {
        if let Some(broken) = self.object.broken.as_ref().or(p.broken.as_ref()) {
            return Err(broken.clone());
        }
        let resolution = self.resolution.map_err(Clone::clone)?;
        let (kernel_ops, slot) = self.struct_ops(index)?;

        let mut linker = Linker {
            object: self.object,
            externs: resolution,
            modules: self.modules,
            candidates: std::mem::take(&mut self.candidates),
            tables: Tables::new(self.options.kernel.features.jump_tables, self.next_fd),
        };
        let linked = linker.link(index);
        self.candidates = linker.candidates;
        self.next_fd = linker.tables.next_fd();
        let mut linked = linked?;
        let size = linked.insns.len() + linked.line_info.len();
        self.budget = self.budget.checked_sub(size).ok_or_else(|| {
            NotLoadable::new(super::error::E2BIG, "the programs of the object are too large together for bpfvet")
        })?;

        let btf = self.kernel_btf.map_err(Clone::clone)?;
        for (i, refused) in self.refused_maps.iter().enumerate() {
            if let Some(e) = refused.as_ref().filter(|_| self.options.as_veristat || linked.maps.contains(&i)) {
                return Err(e.clone());
            }
        }
        let failed = |e: NotLoadable| {
            let code = e.code;
            e.also(format!("prog '{}': failed to load: {code}", p.name))
        };
        let attributes = self.attributes(p, slot, annotations).map_err(failed)?;
        self.ctx_tags.apply(attributes.prog_type, &mut linked.func_info);
        let maps = linked
            .maps
            .iter()
            .filter_map(|i| {
                let mut spec = self.specs.get(*i)?.clone();
                if let Some(k) = kernel_ops.iter().find(|(m, _)| m == i).map(|(_, k)| k) {
                    spec.btf_vmlinux_value_type_id = k.value_type_id;
                    spec.value_size = k.value_size;
                    spec.map_flags |= k.extra_flags;
                }
                Some(spec)
            })
            .chain(linked.jump_tables)
            .collect();
        let has_btf = btf.is_some();
        let module_fds = resolution
            .fd_array
            .iter()
            .enumerate()
            .filter_map(|(i, fd)| {
                let m = self.modules.modules.iter().find(|m| m.fd == *fd)?;
                Some((u32::try_from(i).ok()?, m.name.clone()))
            })
            .collect();
        Ok(LoadRequest {
            name: maps::kernel_name(&p.name),
            prog_type: attributes.prog_type as u32,
            expected_attach_type: attributes.attach_type,
            insns: linked.insns,
            prog_flags: attributes.flags,
            license: self.object.license.clone(),
            kern_version: self.object.kern_version.unwrap_or_else(|| externs::version_code(self.options.kernel)),
            attach: attributes.target,
            btf: btf.clone(),
            func_info: if has_btf { linked.func_info } else { Vec::new() },
            line_info: if has_btf { linked.line_info } else { Vec::new() },
            maps,
            fd_array: resolution.fd_array.clone(),
            module_fds,
            btf_fds: self.modules.modules.iter().map(|m| (m.fd, m.name.clone())).collect(),
            prog_ifindex: 0,
            poisoned: linked.poisoned,
        })
    }

    /// Matches struct_ops maps with the kernel, and finds the member that a program fills.
    ///
    /// As veristat, all maps of the object that are created by default; otherwise those that the program is in.
    #[allow(clippy::type_complexity)]
    fn struct_ops(&self, prog: usize) -> Result<(Vec<(usize, KernelStructOps)>, Option<Slot>), NotLoadable> {
        let mut found = Vec::new();
        let mut slot: Option<Slot> = None;
        let Some(btf) = self.object.btf.as_deref() else { return Ok((found, slot)) };
        for (i, m) in self.object.maps.all.iter().enumerate() {
            let Some(ops) = &m.struct_ops else { continue };
            let uses = ops.progs.iter().any(|(_, p)| *p == prog);
            let wanted = if self.options.as_veristat { m.autocreate } else { uses };
            if !wanted {
                continue;
            }
            let k = struct_ops::init_kernel(m, ops, btf, self.modules)?;
            for (_, s) in k.slots.iter().filter(|(p, _)| *p == prog) {
                match &slot {
                    None => slot = Some(s.clone()),
                    Some(first) if first.btf_id != s.btf_id || first.member != s.member => {
                        return Err(self.reused(m, ops, prog, first, s));
                    }
                    Some(_) => {}
                }
            }
            found.push((i, k));
        }
        Ok((found, slot))
    }

    /// One program cannot stand in two different members.
    fn reused(&self, m: &Map, ops: &StructOps, prog: usize, first: &Slot, second: &Slot) -> NotLoadable {
        let members = self.object.btf.as_deref().and_then(|b| b.ty(ops.type_id));
        let index = ops.progs.iter().filter(|(_, p)| *p == prog).map(|(i, _)| *i).max().unwrap_or(0);
        let member = members.and_then(|t| t.members().nth(index)).map_or("", |m| m.name());
        let (name, section) = self.object.progs.get(prog).map_or(("", ""), |p| (&p.name, &p.section_name));
        let why = if first.btf_id == second.btf_id {
            format!("expected_attach_type {} != kern_member_idx {}", first.member, second.member)
        } else {
            format!("attach_btf_id {} != kern_type_id {}", first.btf_id, second.btf_id)
        };
        let words = format!(
            "struct_ops init_kern {} func ptr {member}: invalid reuse of prog {name} in sec {section} with type {}: {why}",
            m.name,
            ProgType::StructOps as u32
        );
        NotLoadable::new(EINVAL, words)
    }

    /// Type, attach type, flags and target. libbpf: `bpf_object_load_prog()` and `libbpf_prepare_prog_load()`.
    fn attributes(&self, p: &Prog, slot: Option<Slot>, annotations: &[String]) -> Result<Attributes, NotLoadable> {
        let fail = |code, words: String| NotLoadable::new(code, format!("prog '{}': {words}", p.name));
        let Some(prog_type) = p.prog_type() else {
            let words = format!("missing BPF prog type, check ELF section name '{}'", p.section_name);
            return Err(fail(EINVAL, words).because(sections::why_unknown(&p.section_name)));
        };
        // Of a program whose type was changed, the section says nothing any more but its attach type.
        let retyped = p.def.is_none_or(|d| d.prog_type != prog_type);
        let rules = p.def.filter(|_| !retyped).map(|d| d.flags).unwrap_or_default();
        let attach_type = p.told.attach_type.map_or_else(|| p.def.map_or(0, |d| d.attach_type), |a| a as u32);
        let mut flags = self.options.prog_flags | p.told.flags;
        if self.options.as_veristat {
            flags = flags_from_tags(annotations, flags);
            if let Some((prog_type, attach_type)) = self.guess_ext(p, prog_type) {
                return Ok(Attributes { prog_type, attach_type, flags, target: AttachTarget::default() });
            }
        }
        let mut out = Attributes { prog_type, attach_type, flags, target: AttachTarget::default() };
        if prog_type == ProgType::StructOps {
            let slot = slot.ok_or_else(|| {
                let words = "SEC(\"struct_ops\") program isn't referenced anywhere, did you forget to use it?";
                fail(EINVAL, words.to_owned())
            })?;
            out.attach_type = slot.member;
            let (module, btf) = slot.module.map_or((String::new(), None), |(name, btf)| (name, Some(btf)));
            out.target = AttachTarget { btf_id: slot.btf_id, btf, module, prog: None };
        }
        if rules.sleepable {
            out.flags |= F_SLEEPABLE;
        }
        if rules.xdp_frags {
            out.flags |= F_XDP_HAS_FRAGS;
        }
        if rules.usdt {
            out.attach_type = AttachType::TraceUprobeMulti as u32;
        }
        if let Some(target) = &p.told.attach_to {
            out.target = self.kernel_target(p, target, attach_type)?;
        } else if rules.attach_btf {
            out.target = self.attach_target(p, prog_type, attach_type).map_err(|e| {
                let code = e.code;
                e.also(format!("prog '{}': failed to prepare load attributes: {code}", p.name))
            })?;
        }
        Ok(out)
    }

    fn attach_target(&self, p: &Prog, prog_type: ProgType, attach: u32) -> Result<AttachTarget, NotLoadable> {
        let fail = |code, words: String| NotLoadable::new(code, format!("prog '{}': {words}", p.name));
        let Some((_, target)) = p.section_name.split_once('/') else {
            let words = "no BTF-based attach target is specified, use bpf_program__set_attach_target()";
            let reason = format!("the section names no target: write `SEC(\"{}/TARGET\")`", p.section_name);
            return Err(fail(EINVAL, words.to_owned()).because(reason));
        };
        if prog_type == ProgType::Ext {
            let Some(prog) = &self.options.target else {
                let reason = format!(
                    "it replaces the function `{target}` of another program, which must be loaded before; without that \
                     program nothing can be said of this one"
                );
                return Err(fail(EINVAL, "attach program FD is not set".to_owned()).because(reason));
            };
            let Some(btf) = &prog.request.btf else {
                return Err(NotLoadable::new(EINVAL, "The target program doesn't have BTF"));
            };
            let id = btf.find_by_name_kind(target, BtfKind::Func).ok_or_else(|| {
                NotLoadable::new(ENOENT, format!("{target} is not found in prog's BTF"))
                    .also(format!("prog '{}': failed to find BPF program BTF ID for '{target}': {ENOENT}", p.name))
            })?;
            let btf = Some(Arc::clone(btf));
            return Ok(AttachTarget { btf_id: id, btf, prog: Some(Arc::clone(prog)), ..AttachTarget::default() });
        }
        self.kernel_target(p, target, attach)
    }

    /// What the kernel or a module has of a name to attach to.
    fn kernel_target(&self, p: &Prog, target: &str, attach: u32) -> Result<AttachTarget, NotLoadable> {
        let fail = |code, words: String| NotLoadable::new(code, format!("prog '{}': {words}", p.name));
        let (prefix, kind) = target_naming(attach);
        let found = self.modules.find_attach_target(target, prefix, kind).ok_or_else(|| {
            let reason = format!(
                "Linux {} as it is described here has no `{prefix}{target}` to attach to: it has another name there, \
                     is static and inlined, or belongs to a module (`--module-btf`)",
                self.options.kernel.name
            );
            fail(ESRCH, format!("failed to find kernel BTF type ID of '{target}': {ESRCH}")).because(reason)
        })?;
        let btf = (found.fd != 0).then(|| Arc::clone(found.btf));
        let module = if btf.is_some() { found.module.to_owned() } else { String::new() };
        Ok(AttachTarget { btf_id: found.id, btf, module, prog: None })
    }

    /// Type that veristat guesses for a `freplace` program: that of the struct its only argument points to.
    fn guess_ext(&self, p: &Prog, prog_type: ProgType) -> Option<(ProgType, u32)> {
        if prog_type != ProgType::Ext {
            return None;
        }
        let btf = self.object.btf.as_deref()?;
        let func = btf.ty(btf.find_by_name_kind(&p.name, BtfKind::Func)?)?;
        let proto = btf.ty(func.size_or_type).filter(|t| t.kind == BtfKind::FuncProto && t.vlen == 1)?;
        // Typedefs count here: `bpf_user_pt_regs_t` is one.
        let skip = |mut id| {
            for _ in 0..32 {
                let t = btf.ty(id)?;
                if !matches!(t.kind, BtfKind::Const | BtfKind::Volatile | BtfKind::Restrict | BtfKind::TypeTag) {
                    return Some(t);
                }
                id = t.size_or_type;
            }
            None
        };
        let ptr = skip(proto.params().next()?.type_id).filter(|t| t.kind == BtfKind::Ptr)?;
        sections::guess_from_context(skip(ptr.size_or_type)?.name())
    }
}

struct Attributes {
    prog_type: ProgType,
    attach_type: u32,
    flags: u32,
    target: AttachTarget,
}
