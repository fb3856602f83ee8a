//! The loader on small objects made here, byte by byte: what becomes of programs, calls and broken parts.

use super::{LoaderRules, Object, ObjectError, OpenOptions, open};
use crate::isa::Insn;
use crate::isa::opcode::{CALL, EXIT, JMP, PSEUDO_CALL};
use crate::kernel::Kernel;

/// A section to write: name, `SHT_*`, flags, bytes, `sh_info`.
struct Part {
    name: &'static str,
    kind: u32,
    flags: u64,
    bytes: Vec<u8>,
    info: u32,
}

/// A symbol to write: name, section, offset, size, binding and type.
struct Sym(&'static str, u16, u64, u64, u8, u8);

const GLOBAL: u8 = 1;
const LOCAL: u8 = 0;
const FUNC: u8 = 2;
const SECTION: u8 = 3;
const EXEC: u64 = 4 | 2;

fn code(name: &'static str, insns: &[Insn]) -> Part {
    let bytes = insns.iter().flat_map(|i| i.to_bytes()).collect();
    Part { name, kind: 1, flags: EXEC, bytes, info: 0 }
}

fn rels(name: &'static str, of: u32, entries: &[(u64, u64)]) -> Part {
    let bytes = entries.iter().flat_map(|(off, sym)| [*off, (sym << 32) | 10]).flat_map(u64::to_le_bytes).collect();
    Part { name, kind: 9, flags: 0, bytes, info: of }
}

fn licence() -> Part {
    Part { name: "license", kind: 1, flags: 3, bytes: b"GPL\0".to_vec(), info: 0 }
}

/// Sections are numbered from 1 in the order given; symbols from 1 too.
fn object(parts: &[Part], symbols: &[Sym]) -> Vec<u8> {
    let mut names = vec![0u8];
    let mut add = |s: &str| {
        let at = names.len() as u32;
        names.extend_from_slice(s.as_bytes());
        names.push(0);
        at
    };
    let mut symtab = vec![0u8; 24];
    for Sym(name, section, value, size, bind, kind) in symbols {
        symtab.extend_from_slice(&add(name).to_le_bytes());
        symtab.extend_from_slice(&[(bind << 4) | kind, 0]);
        symtab.extend_from_slice(&section.to_le_bytes());
        symtab.extend_from_slice(&value.to_le_bytes());
        symtab.extend_from_slice(&size.to_le_bytes());
    }
    let mut headers: Vec<[u64; 8]> = vec![[0; 8]];
    let mut body = vec![0u8; 64];
    let strtab = parts.len() as u64 + 2;
    for p in parts {
        let entsize = if p.kind == 9 { 16 } else { 0 };
        let name = u64::from(add(p.name));
        let link = if p.kind == 9 { strtab - 1 } else { 0 };
        headers.push([
            name,
            p.kind.into(),
            p.flags,
            body.len() as u64,
            p.bytes.len() as u64,
            link,
            p.info.into(),
            entsize,
        ]);
        body.extend_from_slice(&p.bytes);
    }
    let (sym_name, str_name) = (u64::from(add(".symtab")), u64::from(add(".strtab")));
    headers.push([sym_name, 2, 0, body.len() as u64, symtab.len() as u64, strtab, 1, 24]);
    body.extend_from_slice(&symtab);
    headers.push([str_name, 3, 0, body.len() as u64, names.len() as u64, 0, 0, 0]);
    body.extend_from_slice(&names);
    while !body.len().is_multiple_of(8) {
        body.push(0);
    }
    let table = body.len() as u64;
    for [name, kind, flags, off, size, link, info, entsize] in &headers {
        body.extend_from_slice(&(*name as u32).to_le_bytes());
        body.extend_from_slice(&(*kind as u32).to_le_bytes());
        for w in [*flags, 0, *off, *size] {
            body.extend_from_slice(&w.to_le_bytes());
        }
        body.extend_from_slice(&(*link as u32).to_le_bytes());
        body.extend_from_slice(&(*info as u32).to_le_bytes());
        for w in [8, *entsize] {
            body.extend_from_slice(&w.to_le_bytes());
        }
    }
    let mut head = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    head.extend_from_slice(&1u16.to_le_bytes());
    head.extend_from_slice(&247u16.to_le_bytes());
    head.extend_from_slice(&1u32.to_le_bytes());
    for w in [0, 0, table] {
        head.extend_from_slice(&w.to_le_bytes());
    }
    head.extend_from_slice(&0u32.to_le_bytes());
    for w in [64, 0, 0, 64, headers.len() as u16, strtab as u16] {
        head.extend_from_slice(&w.to_le_bytes());
    }
    body[..64].copy_from_slice(&head);
    body
}

fn load(bytes: &[u8]) -> Result<Object, ObjectError> {
    open(bytes, &OpenOptions::new(&Kernel::v6_12(), "test.bpf.o"))
}

fn mov(imm: i32) -> Insn {
    Insn { code: 0xb7, imm, ..Insn::default() }
}

fn exit() -> Insn {
    Insn { code: JMP | EXIT, ..Insn::default() }
}

fn call(imm: i32) -> Insn {
    Insn { code: JMP | CALL, src: PSEUDO_CALL, imm, ..Insn::default() }
}

#[test]
fn every_section_answers_for_itself() {
    let parts = [code("xdp", &[mov(2), exit()]), code("nonsense", &[mov(0), exit()]), licence()];
    let symbols = [Sym("good", 1, 0, 16, GLOBAL, FUNC), Sym("odd", 2, 0, 16, GLOBAL, FUNC)];
    let o = load(&object(&parts, &symbols)).expect("an object");
    assert_eq!(o.programs.len(), 2);
    let good = o.programs[0].result.as_ref().expect("loads");
    assert_eq!((good.prog_type, good.expected_attach_type, good.insns.len()), (6, 37, 2));
    assert_eq!(good.license, "GPL");
    let odd = o.programs[1].result.as_ref().expect_err("no type");
    assert_eq!(odd.words[0], "prog 'odd': missing BPF prog type, check ELF section name 'nonsense'");
}

#[test]
fn a_broken_program_spoils_no_other() {
    let parts = [code("tc", &[mov(0), exit(), mov(1), exit()]), licence()];
    let symbols = [
        Sym("good", 1, 0, 16, GLOBAL, FUNC),
        Sym("hidden", 1, 16, 8, LOCAL, FUNC),
        Sym("long", 1, 24, 800, GLOBAL, FUNC),
    ];
    let o = load(&object(&parts, &symbols)).expect("an object");
    let words = |name: &str| {
        let p = o.programs.iter().find(|p| p.name == name).expect("a row");
        p.result.as_ref().err().map(|e| e.words[0].clone())
    };
    assert_eq!(words("good"), None);
    assert_eq!(words("hidden").as_deref(), Some("sec 'tc': program 'hidden' is static and not supported"));
    assert_eq!(words("long").as_deref(), Some("sec 'tc': program at offset 24 crosses section boundary"));
}

#[test]
fn subprograms_follow_in_order_of_first_call() {
    // main calls b, then a; b calls c. So they are appended as b, c, a.
    let text = code(".text", &[mov(10), exit(), call(-1), exit(), mov(12), exit()]);
    let parts = [
        text,
        code("socket", &[call(-1), call(-1), exit()]),
        rels(".relsocket", 2, &[(0, 2), (8, 1)]),
        rels(".rel.text", 1, &[(16, 3)]),
        licence(),
    ];
    let symbols = [
        Sym("a", 1, 0, 16, GLOBAL, FUNC),
        Sym("b", 1, 16, 16, GLOBAL, FUNC),
        Sym("c", 1, 32, 16, GLOBAL, FUNC),
        Sym("main", 2, 0, 24, GLOBAL, FUNC),
    ];
    let o = load(&object(&parts, &symbols)).expect("an object");
    assert_eq!(o.programs.len(), 1, "functions of .text are no programs");
    let r = o.programs[0].result.as_ref().expect("loads");
    let expected = [call(2), call(5), exit(), call(1), exit(), mov(12), exit(), mov(10), exit()];
    assert_eq!(r.insns, expected);
}

#[test]
fn calls_of_static_functions_go_through_the_section() {
    let parts = [
        code(".text", &[mov(1), exit(), mov(2), exit()]),
        code("socket", &[call(1), exit()]),
        rels(".relsocket", 2, &[(0, 1)]),
        licence(),
    ];
    let symbols = [
        Sym("", 1, 0, 0, LOCAL, SECTION),
        Sym("first", 1, 0, 16, LOCAL, FUNC),
        Sym("second", 1, 16, 16, LOCAL, FUNC),
        Sym("main", 2, 0, 16, GLOBAL, FUNC),
    ];
    let o = load(&object(&parts, &symbols)).expect("an object");
    let r = o.programs[0].result.as_ref().expect("loads");
    assert_eq!(r.insns, [call(1), exit(), mov(2), exit()]);
}

#[test]
fn functions_that_call_each_other_end() {
    let parts = [
        code(".text", &[call(-1), exit(), call(-1), exit()]),
        code("socket", &[call(-1), exit()]),
        rels(".relsocket", 2, &[(0, 1)]),
        rels(".rel.text", 1, &[(0, 2), (16, 1)]),
        licence(),
    ];
    let symbols =
        [Sym("a", 1, 0, 16, GLOBAL, FUNC), Sym("b", 1, 16, 16, GLOBAL, FUNC), Sym("main", 2, 0, 16, GLOBAL, FUNC)];
    let o = load(&object(&parts, &symbols)).expect("an object");
    assert_eq!(o.programs[0].result.as_ref().expect("loads").insns.len(), 6);
}

#[test]
fn what_is_no_object_says_so() {
    assert_eq!(load(b"").map(|_| ()).map_err(|e| e.to_string()), Err("not an ELF file".to_owned()));
    let mut cut = object(&[code("xdp", &[mov(0), exit()])], &[Sym("p", 1, 0, 16, GLOBAL, FUNC)]);
    cut.truncate(100);
    assert!(load(&cut).is_err());
}

#[test]
fn overlapping_programs_meet_the_budget() {
    let many = vec![mov(0); 60_000];
    let symbols: Vec<Sym> = (0..400).map(|_| Sym("p", 1, 0, 480_000, GLOBAL, FUNC)).collect();
    let o = load(&object(&[code("xdp", &many), licence()], &symbols)).expect("an object");
    assert!(o.programs.iter().any(|p| p.result.is_ok()));
    assert!(o.programs.iter().any(|p| p.result.is_err()));
}

#[test]
fn old_style_maps_are_read_unless_libbpf_is_asked() {
    let ldimm64 = [Insn { code: 0x18, dst: 1, ..Insn::default() }, Insn::default(), mov(0), exit()];
    let def: Vec<u8> = [2u32, 4, 8, 16, 0, 0, 0].iter().flat_map(|w| w.to_le_bytes()).collect();
    let maps = Part { name: "maps", kind: 1, flags: 3, bytes: def, info: 0 };
    let parts = [code("xdp", &ldimm64), rels(".relxdp", 1, &[(0, 1)]), maps, licence()];
    let symbols = [Sym("counts", 3, 0, 28, GLOBAL, 1), Sym("main", 1, 0, 32, GLOBAL, FUNC)];
    let bytes = object(&parts, &symbols);
    let kernel = Kernel::v6_12();
    let by = |loader| OpenOptions { loader, ..OpenOptions::new(&kernel, "test.bpf.o") };
    let o = open(&bytes, &by(LoaderRules::EbpfGo)).expect("an object");
    let r = o.programs[0].result.as_ref().expect("loads");
    let m = &r.maps[0];
    assert_eq!((m.name.as_str(), m.map_type, m.key_size, m.value_size, m.max_entries), ("counts", 2, 4, 8, 16));
    assert_eq!((r.insns[0].src, r.insns[0].imm), (1, m.fd));
    let o = open(&bytes, &by(LoaderRules::Libbpf)).expect("an object");
    let words = &o.programs[0].result.as_ref().expect_err("refused").words[0];
    assert!(words.contains("legacy map definitions in 'maps' section are not supported"));
}

#[test]
fn storage_is_refused_with_the_btf() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/map/storage_without_btf.o");
    let o = load(&std::fs::read(path).expect("the object")).expect("an object");
    let e = o.programs[0].result.as_ref().expect_err("refused");
    assert_eq!(e.code, -22);
    assert!(e.words.iter().any(|w| w.contains("map 'storage': failed to create")), "{:?}", e.words);
}
