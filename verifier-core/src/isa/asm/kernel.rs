//! The kernel's syntax, as its log prints it and as inline assembly is written.
//!
//! ```text
//! r1 = 0x5 ll
//! loop:
//!   if w2 s< 7 goto end
//!   r0 += -1
//!   goto loop
//! end:
//!   exit
//! ```
//!
//! Two forms that no log prints: `r2 = func[NAME]` is the address of the local function at a label, and
//! `.insn CODE, DST, SRC, OFF, IMM` any instruction at all, for what has no text because it is malformed.

use std::collections::HashMap;

use super::super::insn::Insn;
use super::super::opcode::*;
use super::AsmError;
use super::scan::{Cursor, Token, tokens};

/// Something that only a loader can resolve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Referent {
    /// `rN = map[NAME]`.
    Map(String),
    /// `rN = map_value[NAME] + OFFSET`.
    MapValue(String),
    /// `call NAME`, where the name is not a label: a helper or a kernel function.
    Function(String),
}

/// Where it is referred to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// Instruction.
    pub insn: usize,
    /// What.
    pub to: Referent,
}

/// An assembled text.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Source {
    /// Instruction slots.
    pub insns: Vec<Insn>,
    /// What a loader resolves.
    pub references: Vec<Reference>,
    /// Line of each slot, from 1.
    pub lines: Vec<usize>,
    /// Labels and the slots they stand at.
    pub labels: HashMap<String, usize>,
}

enum Target {
    Relative(i64),
    Label(String),
}

struct Pending {
    insn: usize,
    line: usize,
    target: Target,
}

/// Assembles a text that refers to nothing.
pub fn assemble(text: &str) -> Result<Vec<Insn>, AsmError> {
    let source = assemble_source(text)?;
    match source.references.first() {
        None => Ok(source.insns),
        Some(r) => {
            let line = source.lines.get(r.insn).copied().unwrap_or(0);
            let text = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().to_string();
            Err(AsmError { line, what: format!("{:?} cannot be resolved here", r.to), text })
        }
    }
}

/// Assembles a text; comments begin with `;`, `#` or `//`, labels end with `:`.
pub fn assemble_source(text: &str) -> Result<Source, AsmError> {
    let mut a = Assembler::default();
    for (n, raw) in text.lines().enumerate() {
        a.line = n + 1;
        let fail = |what: &str| AsmError { line: n + 1, what: what.into(), text: raw.trim().into() };
        let mut line = raw;
        for mark in [";", "#", "//"] {
            // `call name#12` is no comment.
            let at = line
                .match_indices(mark)
                .map(|(i, _)| i)
                .find(|i| mark != "#" || !line[..*i].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
            line = at.map_or(line, |i| &line[..i]);
        }
        let mut line = line.trim();
        while let Some((label, rest)) = line.split_once(':') {
            if label.is_empty() || !label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$')) {
                break;
            }
            // `12: (b7) r0 = 1` is how the log numbers lines: a number is no label.
            if !label.bytes().all(|b| b.is_ascii_digit())
                && a.out.labels.insert(label.to_string(), a.out.insns.len()).is_some()
            {
                return Err(fail("label defined twice"));
            }
            line = rest.trim_start();
        }
        if line.is_empty() {
            continue;
        }
        let wide = line.starts_with("(18)");
        let line = match line.strip_prefix('(').and_then(|l| l.split_once(')')) {
            Some((code, rest)) if code.len() == 2 && u8::from_str_radix(code, 16).is_ok() => rest,
            _ => line,
        };
        let tokens = tokens(line).ok_or_else(|| fail("a number does not fit 64 bits"))?;
        let mut c = Cursor::new(&tokens);
        a.statement(&mut c, wide).filter(|()| c.done()).ok_or_else(|| fail("not an instruction"))?;
    }
    a.finish(text)
}

#[derive(Default)]
struct Assembler {
    out: Source,
    pending: Vec<Pending>,
    line: usize,
}

fn size_of(word: &str) -> Option<(u8, bool)> {
    Some(match word {
        "u8" => (B, false),
        "u16" => (H, false),
        "u32" => (W, false),
        "u64" => (DW, false),
        "s8" => (B, true),
        "s16" => (H, true),
        "s32" => (W, true),
        _ => return None,
    })
}

fn alu_op(sign: &str) -> Option<(u8, i16)> {
    Some(match sign {
        "+=" => (ADD, 0),
        "-=" => (SUB, 0),
        "*=" => (MUL, 0),
        "/=" => (DIV, 0),
        "s/=" => (DIV, 1),
        "|=" => (OR, 0),
        "&=" => (AND, 0),
        "<<=" => (LSH, 0),
        ">>=" => (RSH, 0),
        "%=" => (MOD, 0),
        "s%=" => (MOD, 1),
        "^=" => (XOR, 0),
        "s>>=" => (ARSH, 0),
        _ => return None,
    })
}

fn cmp_op(sign: &str) -> Option<u8> {
    Some(match sign {
        "==" => JEQ,
        ">" => JGT,
        ">=" => JGE,
        "&" => JSET,
        "!=" => JNE,
        "s>" => JSGT,
        "s>=" => JSGE,
        "<" => JLT,
        "<=" => JLE,
        "s<" => JSLT,
        "s<=" => JSLE,
        _ => return None,
    })
}

/// A 32-bit immediate; values that only fit unsigned are taken as their bits.
fn imm32(n: i64) -> Option<i32> {
    i32::try_from(n).ok().or_else(|| u32::try_from(n).ok().map(|u| u as i32))
}

impl Assembler {
    fn push(&mut self, insn: Insn) -> Option<()> {
        self.out.insns.push(insn);
        self.out.lines.push(self.line);
        Some(())
    }

    fn refer(&mut self, to: Referent) {
        let insn = self.out.insns.len();
        self.out.references.push(Reference { insn, to });
    }

    fn push_wide(&mut self, dst: u8, src: u8, value: u64) -> Option<()> {
        self.push(Insn { code: LD | IMM | DW, dst, src, off: 0, imm: value as u32 as i32 })?;
        self.push(Insn { imm: (value >> 32) as u32 as i32, ..Insn::default() })
    }

    /// `pc+3`, `+3`, `label`.
    fn target(&mut self, c: &mut Cursor<'_, '_>) -> Option<()> {
        let named = if c.word("pc") { None } else { c.any_word() };
        let target = match named {
            Some(label) => Target::Label(label.to_string()),
            None => Target::Relative(c.number()?),
        };
        self.pending.push(Pending { insn: self.out.insns.len(), line: self.line, target });
        Some(())
    }

    fn statement(&mut self, c: &mut Cursor<'_, '_>, wide: bool) -> Option<()> {
        if c.word("exit") {
            return self.push(Insn { code: JMP | EXIT, ..Insn::default() });
        }
        for (word, code) in [("goto", JMP | JA), ("gotol", JMP32 | JA), ("may_goto", JMP | JCOND)] {
            if c.word(word) {
                self.target(c)?;
                return self.push(Insn { code, ..Insn::default() });
            }
        }
        if c.word("gotox") {
            let (dst, _) = c.reg()?;
            return self.push(Insn { code: JMP | JA | X, dst, ..Insn::default() });
        }
        if c.word("call") {
            return self.call(c);
        }
        if c.word("if") {
            return self.branch(c);
        }
        if c.word("lock") {
            return self.lock(c);
        }
        if c.word("store_release") {
            let (size, dst, off) = self.atomic_place(c)?;
            let (src, _) = c.sign(",").then(|| c.reg())??;
            c.sign(")").then_some(())?;
            return self.push(Insn { code: STX | ATOMIC | size, dst, src, off, imm: STORE_REL });
        }
        if c.word(".insn") {
            return self.verbatim(c);
        }
        if matches!(c.peek(), Some(Token::Sign("*"))) {
            return self.store(c);
        }
        let (dst, narrow) = c.reg()?;
        if c.sign("=") {
            return self.assign(c, dst, narrow, wide);
        }
        let Some(Token::Sign(sign)) = c.next() else { return None };
        let (op, off) = alu_op(sign)?;
        let class = if narrow { ALU } else { ALU64 };
        match c.reg() {
            Some((src, _)) => self.push(Insn { code: class | op | X, dst, src, off, imm: 0 }),
            None => {
                let imm = imm32(c.number()?)?;
                self.push(Insn { code: class | op | K, dst, src: 0, off, imm })
            }
        }
    }

    fn verbatim(&mut self, c: &mut Cursor<'_, '_>) -> Option<()> {
        let mut fields = [0i64; 5];
        for (i, field) in fields.iter_mut().enumerate() {
            (i == 0 || c.sign(",")).then_some(())?;
            *field = c.number()?;
        }
        let [code, dst, src, off, imm] = fields;
        let nibble = |n: i64| u8::try_from(n).ok().filter(|n| *n < 16);
        self.push(Insn {
            code: u8::try_from(code).ok()?,
            dst: nibble(dst)?,
            src: nibble(src)?,
            off: i16::try_from(off).ok()?,
            imm: imm32(imm)?,
        })
    }

    fn call(&mut self, c: &mut Cursor<'_, '_>) -> Option<()> {
        let mut insn = Insn { code: JMP | CALL, ..Insn::default() };
        if c.word("pc") {
            insn.src = PSEUDO_CALL;
            let target = Target::Relative(c.number()?);
            self.pending.push(Pending { insn: self.out.insns.len(), line: self.line, target });
            return self.push(insn);
        }
        if let Some(name) = c.any_word() {
            if c.sign("#") {
                insn.imm = imm32(c.number()?)?;
            } else {
                // Whether it is a label is known at the end.
                self.refer(Referent::Function(name.to_string()));
            }
            return self.push(insn);
        }
        insn.imm = imm32(c.number()?)?;
        self.push(insn)
    }

    fn branch(&mut self, c: &mut Cursor<'_, '_>) -> Option<()> {
        let (dst, narrow) = c.reg()?;
        let Some(Token::Sign(sign)) = c.next() else { return None };
        let op = cmp_op(sign)?;
        let class = if narrow { JMP32 } else { JMP };
        let insn = match c.reg() {
            Some((src, _)) => Insn { code: class | op | X, dst, src, off: 0, imm: 0 },
            None => Insn { code: class | op | K, dst, src: 0, off: 0, imm: imm32(c.number()?)? },
        };
        c.word("goto").then_some(())?;
        self.target(c)?;
        self.push(insn)
    }

    /// `(u32 *)(r1 +4)`: size, whether signed, register, offset.
    fn cast(&self, c: &mut Cursor<'_, '_>) -> Option<(u8, bool, u8, i16)> {
        c.sign("(").then_some(())?;
        let (size, signed) = size_of(c.any_word()?)?;
        (c.sign("*") && c.sign(")") && c.sign("(")).then_some(())?;
        let (reg, _) = c.reg()?;
        let off = if c.sign(")") { 0 } else { i16::try_from(c.number()?).ok().filter(|_| c.sign(")"))? };
        Some((size, signed, reg, off))
    }

    /// `*(u32 *)(r1 +4)`.
    fn place(&self, c: &mut Cursor<'_, '_>) -> Option<(u8, bool, u8, i16)> {
        c.sign("*").then(|| self.cast(c))?
    }

    fn store(&mut self, c: &mut Cursor<'_, '_>) -> Option<()> {
        let (size, signed, dst, off) = self.place(c)?;
        if signed || !c.sign("=") {
            return None;
        }
        match c.reg() {
            Some((src, _)) => self.push(Insn { code: STX | MEM | size, dst, src, off, imm: 0 }),
            None => {
                let imm = imm32(c.number()?)?;
                self.push(Insn { code: ST | MEM | size, dst, src: 0, off, imm })
            }
        }
    }

    fn lock(&mut self, c: &mut Cursor<'_, '_>) -> Option<()> {
        let (size, _, dst, off) = self.place(c)?;
        let Some(Token::Sign(sign)) = c.next() else { return None };
        let (op, _) = alu_op(sign).filter(|(op, _)| [ADD, AND, OR, XOR].contains(op))?;
        let (src, _) = c.reg()?;
        self.push(Insn { code: STX | ATOMIC | size, dst, src, off, imm: i32::from(op) })
    }

    /// `((u64 *)(r1 +0)`: size, register, offset; the closing parenthesis of the call stays.
    fn atomic_place(&self, c: &mut Cursor<'_, '_>) -> Option<(u8, u8, i16)> {
        c.sign("(").then_some(())?;
        let (size, _, reg, off) = self.cast(c)?;
        Some((size, reg, off))
    }

    fn assign(&mut self, c: &mut Cursor<'_, '_>, dst: u8, narrow: bool, wide: bool) -> Option<()> {
        let class = if narrow { ALU } else { ALU64 };
        if let Some(Token::Word(word)) = c.peek() {
            let word = *word;
            if let Some((src, _)) = c.reg() {
                return self.push(Insn { code: class | MOV | X, dst, src, off: 0, imm: 0 });
            }
            return self.assign_word(c, dst, word);
        }
        match c.peek()? {
            Token::Sign("*") => {
                let mut ahead = Cursor::new(&[]);
                std::mem::swap(&mut ahead, c);
                let result = self.load(&mut ahead, dst);
                *c = ahead;
                result
            }
            Token::Sign("-") => {
                c.next();
                if c.reg().is_some() {
                    return self.push(Insn { code: class | NEG, dst, ..Insn::default() });
                }
                let n = c.number()?.wrapping_neg();
                self.constant(c, dst, class, n, wide)
            }
            Token::Sign("(") => {
                c.next();
                let off = match c.any_word()? {
                    "s8" => 8,
                    "s16" => 16,
                    "s32" => 32,
                    _ => return None,
                };
                c.sign(")").then_some(())?;
                let (src, _) = c.reg()?;
                self.push(Insn { code: class | MOV | X, dst, src, off, imm: 0 })
            }
            _ => {
                let n = c.number()?;
                self.constant(c, dst, class, n, wide)
            }
        }
    }

    fn constant(&mut self, c: &mut Cursor<'_, '_>, dst: u8, class: u8, n: i64, wide: bool) -> Option<()> {
        if c.word("ll") || wide {
            return self.push_wide(dst, 0, n as u64);
        }
        self.push(Insn { code: class | MOV | K, dst, src: 0, off: 0, imm: imm32(n)? })
    }

    fn load(&mut self, c: &mut Cursor<'_, '_>, dst: u8) -> Option<()> {
        c.sign("*").then_some(())?;
        c.sign("(").then_some(())?;
        let (size, signed) = size_of(c.any_word()?)?;
        (c.sign("*") && c.sign(")")).then_some(())?;
        if c.word("skb") {
            c.sign("[").then_some(())?;
            let insn = match c.reg() {
                Some((src, _)) => {
                    let imm = if c.sign("]") { 0 } else { imm32(c.number()?).filter(|_| c.sign("]"))? };
                    Insn { code: LD | IND | size, dst: 0, src, off: 0, imm }
                }
                None => {
                    Insn { code: LD | ABS | size, imm: imm32(c.number()?).filter(|_| c.sign("]"))?, ..Insn::default() }
                }
            };
            return self.push(insn);
        }
        c.sign("(").then_some(())?;
        let (src, _) = c.reg()?;
        let off = if c.sign(")") { 0 } else { i16::try_from(c.number()?).ok().filter(|_| c.sign(")"))? };
        let mode = if signed { MEMSX } else { MEM };
        self.push(Insn { code: LDX | mode | size, dst, src, off, imm: 0 })
    }

    fn assign_word(&mut self, c: &mut Cursor<'_, '_>, dst: u8, word: &str) -> Option<()> {
        c.next();
        let swap = |prefix: &str| word.strip_prefix(prefix).and_then(|n| n.parse::<i32>().ok());
        let forms = [("bswap", ALU64 | END), ("be", ALU | END | TO_BE), ("le", ALU | END | TO_LE)];
        if let Some((width, code)) = forms.iter().find_map(|(p, code)| Some((swap(p)?, *code))) {
            let (same, _) = c.reg()?;
            return (same == dst).then(|| self.push(Insn { code, dst, src: 0, off: 0, imm: width }))?;
        }
        if word == "map" || word == "map_value" {
            c.sign("[").then_some(())?;
            let name = c.any_word()?.to_string();
            c.sign("]").then_some(())?;
            if word == "map" {
                self.refer(Referent::Map(name));
                return self.push_wide(dst, PSEUDO_MAP_FD, 0);
            }
            let off = if c.done() { 0 } else { u32::try_from(c.number()?).ok()? };
            self.refer(Referent::MapValue(name));
            return self.push_wide(dst, PSEUDO_MAP_VALUE, u64::from(off) << 32);
        }
        if word == "func" {
            c.sign("[").then_some(())?;
            let label = c.any_word()?.to_string();
            c.sign("]").then_some(())?;
            self.pending.push(Pending { insn: self.out.insns.len(), line: self.line, target: Target::Label(label) });
            return self.push_wide(dst, PSEUDO_FUNC, 0);
        }
        if word == "addr_space_cast" {
            c.sign("(").then_some(())?;
            let (src, _) = c.reg()?;
            let to = c.sign(",").then(|| c.number())??;
            let from = c.sign(",").then(|| c.number())??;
            c.sign(")").then_some(())?;
            let imm = (u32::try_from(to).ok()? << 16 | u32::try_from(from).ok()?) as i32;
            return self.push(Insn { code: ALU64 | MOV | X, dst, src, off: 1, imm });
        }
        if word == "load_acquire" {
            let (size, src, off) = self.atomic_place(c)?;
            c.sign(")").then_some(())?;
            return self.push(Insn { code: STX | ATOMIC | size, dst, src, off, imm: LOAD_ACQ });
        }
        let action = word.strip_prefix("atomic64_").or_else(|| word.strip_prefix("atomic_"))?;
        let (size, place, off) = self.atomic_place(c)?;
        let mut args = Vec::new();
        while c.sign(",") {
            args.push(c.reg()?.0);
        }
        c.sign(")").then_some(())?;
        let (imm, src) = match (action, args.as_slice()) {
            ("fetch_add", [src]) => (i32::from(ADD) | FETCH, *src),
            ("fetch_and", [src]) => (i32::from(AND) | FETCH, *src),
            ("fetch_or", [src]) => (i32::from(OR) | FETCH, *src),
            ("fetch_xor", [src]) => (i32::from(XOR) | FETCH, *src),
            ("xchg", [src]) => (XCHG, *src),
            ("cmpxchg", [0, src]) if dst == 0 => {
                return self.push(Insn { code: STX | ATOMIC | size, dst: place, src: *src, off, imm: CMPXCHG });
            }
            _ => return None,
        };
        (src == dst).then(|| self.push(Insn { code: STX | ATOMIC | size, dst: place, src, off, imm }))?
    }

    /// Resolves targets, now that all labels are known.
    fn finish(mut self, text: &str) -> Result<Source, AsmError> {
        let fail = |line: usize, what: String| AsmError {
            line,
            what,
            text: text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().into(),
        };
        let labels = std::mem::take(&mut self.out.labels);
        self.out.references.retain(|r| {
            let Referent::Function(name) = &r.to else { return true };
            let Some(at) = labels.get(name) else { return true };
            let line = self.out.lines[r.insn];
            self.out.insns[r.insn].src = PSEUDO_CALL;
            let target = Target::Relative(*at as i64 - r.insn as i64 - 1);
            self.pending.push(Pending { insn: r.insn, line, target });
            false
        });
        for p in &self.pending {
            let distance = match &p.target {
                Target::Relative(n) => *n,
                Target::Label(name) => {
                    let at = labels.get(name).ok_or_else(|| fail(p.line, format!("no label `{name}`")))?;
                    *at as i64 - p.insn as i64 - 1
                }
            };
            let insn = &mut self.out.insns[p.insn];
            let far = || fail(p.line, "jump too far".into());
            if insn.is_call() || insn.is_ldimm64() || insn.code == (JMP32 | JA) {
                insn.imm = i32::try_from(distance).map_err(|_| far())?;
            } else {
                insn.off = i16::try_from(distance).map_err(|_| far())?;
            }
        }
        self.out.labels = labels;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::disasm::{NoNames, write_insn};

    #[test]
    fn what_is_printed_assembles_to_the_same() {
        let text = "r1 = 5\nw2 = -7\nr3 = r1\nw3 = (s8)w2\nr4 += r3\nr4 s>>= 3\nw4 s/= 2\nr5 = -r5\nr5 = be16 r5\nr5 = bswap32 r5\n\
            r1 = *(u8 *)(r10 -1)\nr1 = *(s32 *)(r10 -8)\n*(u64 *)(r10 -8) = r1\n*(u16 *)(r10 -2) = 7\nlock *(u64 *)(r10 -8) += r1\n\
            r1 = atomic64_fetch_or((u64 *)(r10 -8), r1)\nr0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r1)\nr2 = atomic64_xchg((u64 *)(r10 -8), r2)\n\
            r0 = *(u8 *)skb[12]\nr0 = *(u16 *)skb[r2 + 1]\nif r1 == 0x5 goto pc+1\nif w1 s<= w2 goto pc-3\ngoto pc+0\ngotol pc+2\nmay_goto pc+1\n\
            call pc+1\ncall unknown#5\nr1 = addr_space_cast(r2, 0, 1)\nr2 = load_acquire((u64 *)(r1 +0))\nstore_release((u32 *)(r1 +4), r2)\nexit";
        let insns = assemble(text).expect("assembles");
        let mut printed = String::new();
        for insn in &insns {
            let mut s = String::new();
            write_insn(&mut s, *insn, None, &NoNames, false).expect("strings take everything");
            printed.push_str(&s[5..]);
            printed.push('\n');
        }
        assert_eq!(printed.trim_end(), text.replace("            ", ""));
        let numbered: String = printed.lines().enumerate().map(|(n, l)| format!("{n}: {l}\n")).collect();
        assert_eq!(assemble(&numbered).expect("assembles"), insns);
    }

    #[test]
    fn labels_and_references() {
        let s =
            assemble_source("r1 = map[counts]\ncall bpf_x\nl: if r0 != 0 goto l\ncall f\nexit\nf:\nr0 = 1 ll\nexit")
                .expect("assembles");
        assert_eq!(s.references.len(), 2);
        assert_eq!(s.insns[3].off, -1);
        assert_eq!((s.insns[4].src, s.insns[4].imm), (PSEUDO_CALL, 1));
        let insns = assemble("r2 = func[f]\nexit\nf:\n.insn 0x95, 1, 15, -2, 7").expect("assembles");
        assert_eq!((insns[0].src, insns[0].imm), (PSEUDO_FUNC, 2));
        assert_eq!(insns[3], Insn { code: 0x95, dst: 1, src: 15, off: -2, imm: 7 });
        assert_eq!(assemble("goto nowhere").map_err(|e| e.line), Err(1));
    }
}
