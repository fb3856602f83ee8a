//! An object opened: programs found, maps declared, relocations sorted to the programs they belong to.
//!
//! Answers for libbpf's `bpf_object_open()`. Departs: where libbpf refuses a whole file because of one program (a bad
//! relocation, a symbol that is cut off), only that program is refused here, in the same words.

use std::collections::HashMap;
use std::sync::Arc;

use object::elf as e;

use crate::btf::core_relo::CoreRelo;
use crate::btf::{Btf, BtfEdit, BtfExt, BtfKind, Type};
use crate::isa::opcode::PSEUDO_CALL;
use crate::isa::{Insn, decode_all};
use crate::kernel::{AttachType, ProgType};

use super::elf::{Elf, Symbol};
use super::error::{EINVAL, ENOENT, ENOTSUP, FORMAT, NotLoadable, ObjectError, RELOC};
use super::externs::{self, Extern};
use super::initial::{self, Initial};
use super::jump_tables;
use super::loader::LoaderRules;
use super::maps::{self, Maps, Origin};
use super::request::{FuncInfo, LineInfo};
use super::sections::{self, SectionDef};
use super::struct_ops;

/// Where an instruction's value comes from. libbpf: `enum reloc_type`, in its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Target {
    /// Address of a map.
    Map(usize),
    /// Call of a function of `.text`: byte offset of the symbol.
    Call(u64),
    /// Address in a map of global data, byte offset of the symbol.
    Data(usize, u64),
    /// Address or value of an extern.
    ExternAddr(usize),
    /// Call of an extern function.
    ExternCall(usize),
    /// Address of a function of `.text`: byte offset of the symbol.
    FuncAddr(u64),
    /// Address of a jump table: byte offset and bytes of the symbol.
    JumpTable(u64, u64),
}

/// A relocation of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reloc {
    /// Instruction, counted from the start of the program.
    pub insn: usize,
    pub target: Target,
}

/// What a loader was told of a program, on top of its section.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// It is not loaded.
    pub left_out: bool,
    pub prog_type: Option<ProgType>,
    pub attach_type: Option<AttachType>,
    pub flags: u32,
    pub attach_to: Option<String>,
}

/// A program or subprogram as it stands in its section.
#[derive(Clone, Debug)]
pub(super) struct Prog {
    pub name: String,
    pub section: usize,
    /// Without the leading `?`.
    pub section_name: String,
    /// Loaded unless the section name begins with `?`.
    pub autoload: bool,
    /// First instruction in the section, and how many.
    pub start: usize,
    pub count: usize,
    pub global: bool,
    /// A global function of restricted visibility is verified as a static one.
    pub make_static: bool,
    pub relocs: Vec<Reloc>,
    /// CO-RE relocations: instruction in the program, number in its section, record.
    pub core: Vec<(usize, usize, CoreRelo)>,
    pub def: Option<&'static SectionDef>,
    /// What the loader was told of it.
    pub told: Told,
    /// Why it cannot be loaded, found while opening.
    pub broken: Option<NotLoadable>,
}

impl Prog {
    /// Its type: the one that the loader was told, or that of its section.
    pub fn prog_type(&self) -> Option<ProgType> {
        self.told.prog_type.or(self.def.map(|d| d.prog_type))
    }
}

/// Function and line information of one section.
#[derive(Clone, Debug)]
pub(super) struct SectionInfo<T> {
    pub section: usize,
    pub records: Vec<T>,
}

/// The opened object.
#[derive(Debug)]
pub(super) struct Opened {
    pub progs: Vec<Prog>,
    /// Section of subprograms, 0: none.
    pub text: usize,
    pub code: HashMap<usize, Arc<[Insn]>>,
    pub btf: Option<Arc<Btf>>,
    /// Whether `.BTF.ext` is there and sound.
    pub has_ext: bool,
    pub func_info: Vec<SectionInfo<FuncInfo>>,
    pub line_info: Vec<SectionInfo<LineInfo>>,
    pub externs: Vec<Extern>,
    pub maps: Maps,
    pub license: String,
    /// From a `version` section.
    pub kern_version: Option<u32>,
    /// What loaders put into maps.
    pub initial: Vec<Initial>,
    /// Contents of the section of jump tables.
    pub jump_tables: Option<Arc<[u8]>>,
    /// Why no program of the object can be loaded.
    pub broken: Option<NotLoadable>,
}

impl Opened {
    /// Whether a program is a subprogram, which is loaded only as part of others.
    pub fn is_subprog(&self, p: &Prog) -> bool {
        p.section == self.text
    }

    /// The program that contains an instruction of a section. libbpf: `find_prog_by_sec_insn()`.
    pub fn prog_at(&self, section: usize, insn: usize) -> Option<usize> {
        find_prog(&self.progs, section, insn)
    }
}

fn find_prog(progs: &[Prog], section: usize, insn: usize) -> Option<usize> {
    let n = progs.partition_point(|p| (p.section, p.start) <= (section, insn));
    let i = n.checked_sub(1)?;
    let p = &progs[i];
    (p.section == section && insn - p.start < p.count).then_some(i)
}

impl struct_ops::Programs for Vec<Prog> {
    fn at(&self, section: usize, insn: usize) -> Option<usize> {
        find_prog(self, section, insn)
    }

    fn prog_type(&self, prog: usize) -> Option<ProgType> {
        self.get(prog)?.prog_type()
    }

    fn name(&self, prog: usize) -> &str {
        self.get(prog).map_or("", |p| &p.name)
    }
}

/// Opens an object: `name` is that of the file, from which maps of global data take their names.
pub(super) fn open(bytes: &[u8], name: &str, loader: LoaderRules) -> Result<Opened, ObjectError> {
    let elf = Elf::parse(bytes)?;
    let (mut progs, code, text) = find_programs(&elf, loader)?;
    let mut broken = None;
    let raw_btf = parse_btf(&elf, &mut broken);
    let object_name: String = kernel_object_name(name);

    let mut edit = raw_btf.as_ref().map(BtfEdit::new);
    let externs = match externs::collect(&elf, edit.as_mut()) {
        Ok(x) => x,
        Err(e) => {
            broken.get_or_insert(e);
            Vec::new()
        }
    };
    let btf = match edit {
        None => None,
        Some(mut edit) => {
            if let Err(e) = fix_datasecs(&elf, &mut edit) {
                broken.get_or_insert(e);
            }
            make_static(&progs, text, &mut edit);
            edit.finish().ok().map(Arc::new)
        }
    };
    let (has_ext, func_info, line_info) = parse_ext(&elf, btf.as_deref(), &mut progs, &externs, &mut broken);

    let mut all = Maps::default();
    let made = declare_maps(&elf, &object_name, btf.as_deref(), &externs, loader, &mut all)?;
    if let Err(e) = made {
        broken.get_or_insert(e);
    }
    if let Err(e) = collect_relocations(&elf, text, &code, &externs, btf.as_deref(), &mut all, &mut progs)? {
        broken.get_or_insert(e);
    }
    let initial = initial::collect(&elf, btf.as_deref(), &all.all)?;
    let license = elf.section("license").map_or_else(String::new, |s| {
        let end = s.data.iter().position(|b| *b == 0).unwrap_or(s.data.len()).min(63);
        String::from_utf8_lossy(s.data.get(..end).unwrap_or(&[])).into_owned()
    });
    let kern_version = elf.section("version").map(|s| <[u8; 4]>::try_from(s.data).map(u32::from_le_bytes));
    if let Some(Err(_)) = kern_version {
        broken = Some(NotLoadable::new(FORMAT, format!("invalid kver section in {name}")));
    }
    let kern_version = kern_version.and_then(Result::ok);
    Ok(Opened {
        progs,
        text,
        code,
        btf,
        has_ext,
        func_info,
        line_info,
        externs,
        maps: all,
        license,
        kern_version,
        initial,
        jump_tables: elf.section(jump_tables::SECTION).map(|s| Arc::from(s.data)),
        broken,
    })
}

/// The name libbpf gives an object: that of the file up to the first dot, 15 bytes of it.
fn kernel_object_name(path: &str) -> String {
    let base = path.rsplit('/').next().unwrap_or(path);
    let cut = maps::kernel_name(base);
    cut.split('.').next().unwrap_or("").to_owned()
}

type Found = (Vec<Prog>, HashMap<usize, Arc<[Insn]>>, usize);

/// Functions of executable sections. libbpf: `bpf_object__add_programs()`.
fn find_programs(elf: &Elf<'_>, loader: LoaderRules) -> Result<Found, ObjectError> {
    let mut by_section: HashMap<usize, Vec<&Symbol>> = HashMap::new();
    for s in elf.symbols.iter().filter(|s| s.kind == e::STT_FUNC) {
        by_section.entry(usize::from(s.shndx)).or_default().push(s);
    }
    let mut progs = Vec::new();
    let mut code = HashMap::new();
    let mut text = 0;
    for s in elf.sections.iter().skip(1).filter(|s| s.is_exec() && s.size > 0) {
        if s.name == ".text" {
            text = s.index;
        }
        let (slots, rest) = s.data.as_chunks::<8>();
        let insns = decode_all(slots.as_flattened()).unwrap_or_default();
        let cut = !rest.is_empty();
        for sym in by_section.get(&s.index).into_iter().flatten() {
            let name = sym.name.clone().unwrap_or_default();
            let (start, size) = (sym.value, sym.size);
            let end = start.checked_add(size).filter(|end| *end <= s.size);
            let broken = if end.is_none() {
                let words = format!("sec '{}': program at offset {start} crosses section boundary", s.name);
                Some(NotLoadable::new(FORMAT, words))
            } else if s.index != text && sym.bind == e::STB_LOCAL && !loader.takes_static_programs() {
                let words = format!("sec '{}': program '{name}' is static and not supported", s.name);
                Some(NotLoadable::new(ENOTSUP, words).because(LoaderRules::STATIC))
            } else if size == 0 || size % 8 != 0 || start % 8 != 0 || (cut && end == Some(s.size)) {
                let words = format!("sec '{}': corrupted program '{name}', offset {start}, size {size}", s.name);
                Some(NotLoadable::new(EINVAL, words))
            } else {
                None
            };
            let (first, count) = if broken.is_some() { (0, 0) } else { (start / 8, size / 8) };
            let global = sym.bind != e::STB_LOCAL;
            let section_name = s.name.strip_prefix('?').unwrap_or(&s.name).to_owned();
            progs.push(Prog {
                name,
                section: s.index,
                def: sections::find(&section_name),
                section_name,
                autoload: !s.name.starts_with('?'),
                start: usize::try_from(first).unwrap_or(usize::MAX),
                count: usize::try_from(count).unwrap_or(0),
                global,
                make_static: global && sym.is_hidden(),
                relocs: Vec::new(),
                core: Vec::new(),
                broken,
                told: Told::default(),
            });
        }
        code.insert(s.index, insns.into());
    }
    progs.sort_by_key(|p| (p.section, p.start));
    Ok((progs, code, text))
}

/// libbpf: `libbpf_needs_btf()`.
fn needs_btf(elf: &Elf<'_>, has_externs: bool) -> bool {
    has_externs || elf.sections.iter().any(|s| s.name == ".maps" || struct_ops::is_struct_ops(s))
}

/// The object's own BTF; a broken one is a reason not to load only when something needs it.
fn parse_btf(elf: &Elf<'_>, broken: &mut Option<NotLoadable>) -> Option<Btf> {
    let result = match elf.section(".BTF") {
        Some(s) => Btf::parse(s.data.to_vec(), None).map_err(|e| {
            NotLoadable::new(EINVAL, format!("Error loading ELF section .BTF: {EINVAL}.")).also(e.to_string())
        }),
        None => Err(NotLoadable { code: ENOENT, words: Vec::new(), reason: None }),
    };
    match result {
        Ok(btf) => Some(btf),
        Err(e) => {
            if needs_btf(elf, false) {
                let e = e.also("BTF is required, but is missing or corrupted.");
                broken.get_or_insert(e.because("the object has no type information: compile it with `-g`"));
            }
            None
        }
    }
}

/// Sizes and offsets of data sections, which compilers leave to the loader. libbpf: `btf_fixup_datasec()`.
fn fix_datasecs(elf: &Elf<'_>, edit: &mut BtfEdit<'_>) -> Result<(), NotLoadable> {
    let btf = edit.original();
    let mut variables: HashMap<&str, &Symbol> = HashMap::new();
    for s in &elf.symbols {
        if s.kind == e::STT_OBJECT && matches!(s.bind, e::STB_GLOBAL | e::STB_WEAK) {
            variables.entry(s.name.as_deref().unwrap_or("")).or_insert(s);
        }
    }
    for t in btf.own_types().filter(|t| t.kind == BtfKind::Datasec) {
        let name = t.name();
        if name != ".kconfig" && name != ".ksyms" {
            fix_datasec(elf, edit, &t, &variables)?;
        }
        edit.sort_vars(t.id, t.vlen);
    }
    Ok(())
}

fn fix_datasec(
    elf: &Elf<'_>,
    edit: &mut BtfEdit<'_>,
    t: &Type<'_>,
    variables: &HashMap<&str, &Symbol>,
) -> Result<(), NotLoadable> {
    let name = t.name();
    let fix_offsets = t.size_or_type == 0;
    if fix_offsets {
        let size = elf.section(name).and_then(|s| u32::try_from(s.size).ok()).filter(|s| *s != 0);
        let size = size.ok_or_else(|| {
            NotLoadable::new(ENOENT, format!("sec '{name}': failed to determine size from ELF: size 0, err 0"))
        })?;
        edit.set_size_or_type(t.id, size);
    }
    for (i, v) in t.var_secinfos().enumerate() {
        let var = t.btf.ty(v.type_id).filter(|v| v.kind == BtfKind::Var);
        let var =
            var.ok_or_else(|| NotLoadable::new(EINVAL, format!("sec '{name}': unexpected non-VAR type found")))?;
        if matches!(var.var_linkage(), Some(0 | 2)) {
            continue;
        }
        let sym = variables.get(var.name()).ok_or_else(|| {
            let words = format!("sec '{name}': failed to find ELF symbol for VAR '{}'", var.name());
            NotLoadable::new(ENOENT, words)
        })?;
        if fix_offsets {
            edit.set_word(t.id, 3 * i + 1, sym.value as u32);
        }
        if sym.is_hidden() {
            edit.set_word(var.id, 0, 0);
        }
    }
    Ok(())
}

/// Hidden global subprograms become static in the BTF that the kernel gets.
fn make_static(progs: &[Prog], text: usize, edit: &mut BtfEdit<'_>) {
    let btf = edit.original();
    for p in progs.iter().filter(|p| p.make_static && p.section == text) {
        if let Some(t) = btf.own_by_name(&p.name).find(|t| t.kind == BtfKind::Func && t.vlen == 1) {
            edit.set_vlen(&t, 0);
        }
    }
}

type Infos = (bool, Vec<SectionInfo<FuncInfo>>, Vec<SectionInfo<LineInfo>>);

/// `.BTF.ext`: keeps function and line information by section and hands out CO-RE relocations to programs.
fn parse_ext(
    elf: &Elf<'_>,
    btf: Option<&Btf>,
    progs: &mut [Prog],
    externs: &[Extern],
    broken: &mut Option<NotLoadable>,
) -> Infos {
    let (Some(section), Some(btf)) = (elf.section(".BTF.ext"), btf) else { return (false, Vec::new(), Vec::new()) };
    let ext = match BtfExt::parse(section.data) {
        Ok(ext) => ext,
        Err(_) => {
            if needs_btf(elf, !externs.is_empty()) {
                let words = format!("Error loading ELF section .BTF.ext: {EINVAL}. Ignored and continue.");
                let e = NotLoadable::new(EINVAL, words).also("BTF is required, but is missing or corrupted.");
                broken.get_or_insert(e);
            }
            return (false, Vec::new(), Vec::new());
        }
    };
    let index: HashMap<&str, usize> = elf.sections.iter().skip(1).rev().map(|s| (s.name.as_str(), s.index)).collect();
    let find = |name_off: u32| index.get(btf.name_at(name_off)).copied().unwrap_or(0);
    let mut func_info = Vec::new();
    for s in &ext.func_info.sections {
        let records = ext.records::<2>(&ext.func_info, s);
        let records = records.into_iter().map(|[insn_off, type_id]| FuncInfo { insn_off, type_id }).collect();
        func_info.push(SectionInfo { section: find(s.name_off), records });
    }
    let mut line_info = Vec::new();
    for s in &ext.line_info.sections {
        let records = ext.records::<4>(&ext.line_info, s).into_iter();
        let records = records
            .map(|[insn_off, file_name_off, line_off, line_col]| LineInfo {
                insn_off,
                file_name_off,
                line_off,
                line_col,
            })
            .collect();
        line_info.push(SectionInfo { section: find(s.name_off), records });
    }
    for s in &ext.core_relo.sections {
        let section = find(s.name_off);
        for (number, rec) in ext.records::<4>(&ext.core_relo, s).into_iter().enumerate() {
            let [insn_off, type_id, access_str_off, kind] = rec;
            let insn = (insn_off / 8) as usize;
            let Some(p) = find_prog(progs, section, insn).and_then(|i| progs.get_mut(i)) else { continue };
            if insn_off % 8 != 0 {
                let words = format!("failed to perform CO-RE relocations: {EINVAL}");
                p.broken.get_or_insert(NotLoadable::new(EINVAL, words));
                continue;
            }
            p.core.push((insn - p.start, number, CoreRelo { insn_off, type_id, access_str_off, kind }));
        }
    }
    (true, func_info, line_info)
}

/// All maps, in libbpf's order. The outer error is one of the file, the inner one of what it asks for.
fn declare_maps(
    elf: &Elf<'_>,
    object: &str,
    btf: Option<&Btf>,
    externs: &[Extern],
    loader: LoaderRules,
    all: &mut Maps,
) -> Result<Result<(), NotLoadable>, ObjectError> {
    if elf.sections.iter().any(|s| maps::is_legacy_section(&s.name)) {
        if !loader.takes_legacy_maps() {
            let words = "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+";
            return Ok(Err(NotLoadable::new(ENOTSUP, words).because(LoaderRules::LEGACY)));
        }
        maps::legacy(elf, all)?;
    }
    Ok((|| {
        maps::declared(elf, btf, all)?;
        maps::global_data(elf, object, btf, all)?;
        if let Some(size) = externs::kconfig_size(externs) {
            maps::kconfig(elf, object, size, btf, all);
        }
        struct_ops::declared(elf, btf, all)
    })())
}

/// Hands relocations to the programs they belong to. libbpf: `bpf_object__collect_relos()`.
fn collect_relocations(
    elf: &Elf<'_>,
    text: usize,
    code: &HashMap<usize, Arc<[Insn]>>,
    externs: &[Extern],
    btf: Option<&Btf>,
    maps: &mut Maps,
    progs: &mut Vec<Prog>,
) -> Result<Result<(), NotLoadable>, ObjectError> {
    let by_symbol: HashMap<usize, usize> = externs.iter().enumerate().map(|(i, x)| (x.symbol, i)).collect();
    let mut map_at: HashMap<(usize, u64), usize> = HashMap::new();
    let mut data_map: HashMap<usize, usize> = HashMap::new();
    for (i, m) in maps.all.iter().enumerate() {
        match m.origin {
            Origin::Declared => {
                map_at.entry((m.section, m.offset)).or_insert(i);
            }
            Origin::Data | Origin::Rodata | Origin::Percpu => {
                data_map.insert(m.section, i);
            }
            Origin::Kconfig | Origin::StructOps => {}
        }
    }
    let arena = maps.all.iter().position(|m| m.def.is(crate::kernel::MapType::Arena));
    let arena_section = elf.section(super::ARENA_SECTION).map(|s| s.index);
    let scope = Scope { elf, text, by_symbol, map_at, data_map, arena, arena_section };
    let mut outcome = Ok(());
    for s in elf.sections.iter().filter(|s| s.kind == e::SHT_REL) {
        let Some(target) = elf.sections.get(s.info as usize) else {
            return Err(ObjectError::at(&s.name, 0, "the relocations are for a section that does not exist"));
        };
        if struct_ops::is_struct_ops(target) {
            let rels = elf.relocations(s)?;
            if let Some(btf) = btf {
                let done = struct_ops::collect_relocations(elf, target.index, &rels, btf, maps, progs);
                outcome = outcome.and(done);
            }
            continue;
        }
        let Some(insns) = code.get(&target.index) else { continue };
        for (number, rel) in elf.relocations(s)?.into_iter().enumerate() {
            let insn = usize::try_from(rel.offset / 8).unwrap_or(usize::MAX);
            if rel.offset % 8 != 0 || insn >= insns.len() {
                return Err(ObjectError::at(&s.name, rel.offset, format!("relocation {number} is outside")));
            }
            let Some(p) = find_prog(progs, target.index, insn).and_then(|i| progs.get_mut(i)) else { continue };
            let local = insn - p.start;
            match scope.target(&p.name, insns[insn], local, rel.symbol) {
                Ok(t) => p.relocs.push(Reloc { insn: local, target: t }),
                Err(e) => {
                    p.broken.get_or_insert(e);
                }
            }
        }
    }
    for p in progs {
        p.relocs.sort_by_key(|r| (r.insn, r.target));
    }
    Ok(outcome)
}

struct Scope<'a, 'b> {
    elf: &'a Elf<'b>,
    text: usize,
    by_symbol: HashMap<usize, usize>,
    map_at: HashMap<(usize, u64), usize>,
    data_map: HashMap<usize, usize>,
    arena: Option<usize>,
    arena_section: Option<usize>,
}

impl Scope<'_, '_> {
    /// What a relocation of an instruction refers to. libbpf: `bpf_program__record_reloc()`.
    fn target(&self, prog: &str, insn: Insn, at: usize, symbol: usize) -> Result<Target, NotLoadable> {
        let fail = |words: String| NotLoadable::new(RELOC, format!("prog '{prog}': {words}"));
        let sym = self.elf.symbols.get(symbol).ok_or_else(|| fail(format!("symbol #{symbol} not found")))?;
        let shndx = usize::from(sym.shndx);
        let section = self.elf.sections.get(shndx);
        let section_name = section.map_or("", |s| s.name.as_str());
        let name = match sym.name.as_deref() {
            Some("") | None if sym.kind == e::STT_SECTION => section_name,
            Some(n) => n,
            None => "<?",
        };
        if !insn.is_call() && !insn.is_ldimm64() {
            return Err(fail(format!("invalid relo against '{name}' for insns[{at}].code 0x{:x}", insn.code)));
        }
        if sym.is_extern() {
            let found = self.by_symbol.get(&sym.index).copied();
            let ext =
                found.ok_or_else(|| fail(format!("extern relo failed to find extern for '{name}' ({})", sym.index)))?;
            return Ok(if insn.is_call() { Target::ExternCall(ext) } else { Target::ExternAddr(ext) });
        }
        if insn.is_call() {
            if insn.src != PSEUDO_CALL {
                return Err(fail("incorrect bpf_call opcode".to_owned()));
            }
            if shndx == 0 || shndx != self.text {
                return Err(fail(format!("bad call relo against '{name}' in section '{section_name}'")));
            }
            if sym.value % 8 != 0 {
                return Err(fail(format!("bad call relo against '{name}' at offset {}", sym.value)));
            }
            return Ok(Target::Call(sym.value));
        }
        if shndx == 0 || sym.shndx >= e::SHN_LORESERVE {
            return Err(fail(format!(
                "invalid relo against '{name}' in special section 0x{shndx:x}; forgot to initialize global var?.."
            )));
        }
        let is_func = (sym.bind == e::STB_LOCAL && sym.kind == e::STT_SECTION)
            || (matches!(sym.bind, e::STB_GLOBAL | e::STB_WEAK) && sym.kind == e::STT_FUNC);
        if shndx == self.text && is_func {
            if sym.value % 8 != 0 || insn.imm % 8 != 0 {
                let words = format!("bad subprog addr relo against '{name}' at offset {}+{}", sym.value, insn.imm);
                return Err(fail(words));
            }
            return Ok(Target::FuncAddr(sym.value));
        }
        if self.arena_section == Some(shndx) {
            let map = self
                .arena
                .ok_or_else(|| fail(format!("bad arena data relocation at insn {at}, no arena maps defined")))?;
            return Ok(Target::Data(map, sym.value));
        }
        if let Some(map) = self.data_map.get(&shndx) {
            return Ok(Target::Data(*map, sym.value));
        }
        if section_name == jump_tables::SECTION {
            return Ok(Target::JumpTable(sym.value, sym.size));
        }
        if section_name != ".maps" && !maps::is_legacy_section(section_name) {
            return Err(fail(format!("bad map relo against '{name}' in section '{section_name}'")));
        }
        self.map_at
            .get(&(shndx, sym.value))
            .copied()
            .map(Target::Map)
            .ok_or_else(|| fail(format!("map relo failed to find map for section '{section_name}', off {}", sym.value)))
    }
}
