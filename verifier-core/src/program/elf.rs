//! The ELF file of an object, checked once: sections, symbols, relocations.
//!
//! Answers for the reading half of libbpf's `bpf_object__elf_collect()`. Everything here borrows from the file, so
//! that no size written in a hostile file makes us allocate; sections that do not exist in the file (`.bss`) keep
//! their size and have no bytes. Names are copied: tables may name one string again and again, so all names together
//! may take [`NAMES`] times the size of the file.

use std::collections::HashMap;

use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader, Sym};

use super::error::ObjectError;

/// Most that all names may take, as a multiple of the size of the file. Linkers let names share their ends, no more.
const NAMES: usize = 4;
/// And so much whatever the size of the file.
const NAMES_AT_LEAST: usize = 1 << 20;
/// Most sections, and most functions: each has a hundred times its size in the file in later stages.
const MAX_SECTIONS: usize = 1 << 16;
const MAX_FUNCTIONS: usize = 1 << 16;
/// Most bytes of a function's name, far beyond what any kernel keeps of it.
const MAX_NAME: usize = 4096;

/// A section of the file.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    /// Index in the section table.
    pub index: usize,
    /// Name.
    pub name: String,
    /// `SHT_*`.
    pub kind: u32,
    /// `SHF_*`.
    pub flags: u64,
    /// Bytes in the file; empty for `SHT_NOBITS`.
    pub data: &'a [u8],
    /// Bytes in memory.
    pub size: u64,
    /// `sh_info`: for relocations, the section they apply to.
    pub info: u32,
    /// Size of an entry of a table.
    pub entsize: u64,
}

impl Section<'_> {
    /// Holds instructions.
    pub fn is_exec(&self) -> bool {
        self.kind == elf::SHT_PROGBITS && self.flags & u64::from(elf::SHF_EXECINSTR) != 0
    }
}

/// A symbol.
#[derive(Clone, Debug)]
pub(super) struct Symbol {
    /// Index in the symbol table.
    pub index: usize,
    /// Name; `None`: outside of the string table.
    pub name: Option<String>,
    /// Section it stands in, `SHN_*` for the special ones.
    pub shndx: u16,
    /// Offset in the section.
    pub value: u64,
    /// Bytes.
    pub size: u64,
    /// `STB_*`.
    pub bind: u8,
    /// `STT_*`.
    pub kind: u8,
    /// `STV_*`.
    pub visibility: u8,
}

impl Symbol {
    /// Undefined here, to be found elsewhere. libbpf: `sym_is_extern()`.
    pub fn is_extern(&self) -> bool {
        self.shndx == elf::SHN_UNDEF
            && matches!(self.bind, elf::STB_GLOBAL | elf::STB_WEAK)
            && self.kind == elf::STT_NOTYPE
    }

    /// Visible only within the object that it was linked into.
    pub fn is_hidden(&self) -> bool {
        matches!(self.visibility, elf::STV_HIDDEN | elf::STV_INTERNAL)
    }
}

/// A relocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rel {
    /// Byte offset in the section that it applies to.
    pub offset: u64,
    /// Index of the symbol.
    pub symbol: usize,
}

/// The file.
#[derive(Debug)]
pub(super) struct Elf<'a> {
    /// Sections in order; number 0 is the null section.
    pub sections: Vec<Section<'a>>,
    /// Symbols in order.
    pub symbols: Vec<Symbol>,
    /// Section index of the symbol table.
    pub symtab_index: usize,
    /// First section of each name.
    by_name: HashMap<String, usize>,
}

impl<'a> Elf<'a> {
    /// Reads the tables of a 64-bit little-endian relocatable file for the BPF machine.
    pub fn parse(data: &'a [u8]) -> Result<Elf<'a>, ObjectError> {
        let bad = |what: &str| ObjectError::new(what);
        if data.get(..4) != Some(&elf::ELFMAG) {
            return Err(bad("not an ELF file"));
        }
        if data.get(4) != Some(&elf::ELFCLASS64) {
            return Err(bad("not a 64-bit ELF object"));
        }
        if data.get(5) != Some(&elf::ELFDATA2LSB) {
            return Err(bad("elf: endianness mismatch: only little-endian objects can be loaded"));
        }
        let header = elf::FileHeader64::<LE>::parse(data).map_err(|e| bad(&format!("ELF header: {e}")))?;
        let machine = header.e_machine(LE);
        if header.e_type(LE) != elf::ET_REL || (machine != elf::EM_NONE && machine != elf::EM_BPF) {
            return Err(bad("not an eBPF object file (a relocatable ELF file for the BPF machine)"));
        }
        let table = header.sections(LE, data).map_err(|e| bad(&format!("ELF section table: {e}")))?;
        if table.len() > MAX_SECTIONS {
            return Err(bad(&format!("{} sections; an object may have {MAX_SECTIONS}", table.len())));
        }
        let mut names = data.len().saturating_mul(NAMES).saturating_add(NAMES_AT_LEAST);
        let mut sections = Vec::with_capacity(table.len());
        for (index, sh) in table.iter().enumerate() {
            let name = table
                .section_name(LE, sh)
                .map_err(|_| ObjectError::new(format!("the name of section {index} is outside of its table")))?;
            let room = names.checked_sub(name.len());
            names = room.ok_or_else(|| bad("ELF section table: sections share names longer than the file"))?;
            let name = String::from_utf8_lossy(name).into_owned();
            let kind = sh.sh_type(LE);
            let bytes = if index == 0 || kind == elf::SHT_NOBITS {
                &[][..]
            } else {
                sh.data(LE, data).map_err(|_| {
                    ObjectError::at(&name, sh.sh_offset(LE), "the section reaches past the end of the file")
                })?
            };
            sections.push(Section {
                index,
                name,
                kind,
                flags: sh.sh_flags(LE),
                data: bytes,
                size: sh.sh_size(LE),
                info: sh.sh_info(LE),
                entsize: sh.sh_entsize(LE),
            });
        }
        let mut tables = sections.iter().filter(|s| s.kind == elf::SHT_SYMTAB);
        let Some(symtab) = tables.next() else {
            return Err(bad("no symbol table: the object is stripped"));
        };
        if tables.next().is_some() {
            return Err(bad("more than one symbol table"));
        }
        let symtab_index = symtab.index;
        let strings = table
            .strings(
                LE,
                data,
                table
                    .section(object::SectionIndex(symtab_index))
                    .map(|sh| object::SectionIndex(sh.sh_link(LE) as usize))
                    .map_err(|_| bad("symbol strings section missing"))?,
            )
            .map_err(|_| bad("symbol strings section missing or invalid"))?;
        if symtab.entsize != size_of::<elf::Sym64<LE>>() as u64 {
            return Err(ObjectError::at(&symtab.name, 0, "symbols of unexpected size"));
        }
        let count = symtab.data.len() / size_of::<elf::Sym64<LE>>();
        let (syms, _) = object::slice_from_bytes::<elf::Sym64<LE>>(symtab.data, count)
            .map_err(|()| ObjectError::at(&symtab.name, 0, "the symbol table is cut off"))?;
        // A function's name is kept together with that of its section.
        let kept = |s: &elf::Sym64<LE>| {
            let section = sections.get(usize::from(s.st_shndx(LE))).filter(|_| s.st_type() == elf::STT_FUNC);
            let name = s.name(LE, strings).map_or(0, <[u8]>::len);
            name.saturating_add(section.map_or(0, |s| s.name.len()))
        };
        let mut functions = 0usize;
        for s in syms {
            if s.st_type() == elf::STT_FUNC {
                functions += 1;
                let n = s.name(LE, strings).map_or(0, <[u8]>::len);
                if n > MAX_NAME {
                    let words = format!("the name of a function has {n} bytes; it may have {MAX_NAME}");
                    return Err(ObjectError::at(&symtab.name, 0, words));
                }
            }
            let room = names.checked_sub(kept(s));
            names = room.ok_or_else(|| ObjectError::at(&symtab.name, 0, "symbols share names longer than the file"))?;
        }
        if functions > MAX_FUNCTIONS {
            let words = format!("{functions} functions; an object may have {MAX_FUNCTIONS}");
            return Err(ObjectError::at(&symtab.name, 0, words));
        }
        let symbols = syms
            .iter()
            .enumerate()
            .map(|(index, s)| Symbol {
                index,
                name: s.name(LE, strings).ok().map(|n| String::from_utf8_lossy(n).into_owned()),
                shndx: s.st_shndx(LE),
                value: s.st_value(LE),
                size: s.st_size(LE),
                bind: s.st_bind(),
                kind: s.st_type(),
                visibility: s.st_visibility(),
            })
            .collect();
        let mut by_name = HashMap::new();
        for (at, s) in sections.iter().enumerate().skip(1) {
            by_name.entry(s.name.clone()).or_insert(at);
        }
        Ok(Elf { sections, symbols, symtab_index, by_name })
    }

    /// The first section of a name.
    pub fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.get(*self.by_name.get(name)?)
    }

    /// Relocations of a `SHT_REL` section.
    pub fn relocations(&self, section: &Section<'a>) -> Result<Vec<Rel>, ObjectError> {
        if section.entsize != size_of::<elf::Rel64<LE>>() as u64 {
            return Err(ObjectError::at(&section.name, 0, "relocations of unexpected size"));
        }
        Ok(section
            .data
            .chunks_exact(16)
            .map(|c| {
                let word = |at: usize| c.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
                Rel { offset: word(0), symbol: (word(8) >> 32) as usize }
            })
            .collect())
    }
}
