//! The dialect of the bpf_conformance suite: mnemonics with operands, as in `jne32 %r0, %r1, label`.

use std::collections::HashMap;

use super::super::insn::Insn;
use super::super::opcode::*;
use super::AsmError;
use super::scan::{Cursor, tokens};

enum Operand {
    Reg(u8),
    Num(i64),
    Label(String),
    /// `[%r1+4]`
    Mem(u8, i16),
}

fn operand(c: &mut Cursor<'_, '_>) -> Option<Operand> {
    if c.sign("[") {
        let (reg, _) = c.reg()?;
        let off = if c.sign("]") { 0 } else { i16::try_from(c.number()?).ok().filter(|_| c.sign("]"))? };
        return Some(Operand::Mem(reg, off));
    }
    if let Some((reg, _)) = c.reg() {
        return Some(Operand::Reg(reg));
    }
    if let Some(n) = c.number() {
        return Some(Operand::Num(n));
    }
    c.any_word().map(|w| Operand::Label(w.to_string()))
}

/// A 32-bit immediate; values that only fit unsigned are taken as their bits.
fn imm32(n: i64) -> Option<i32> {
    i32::try_from(n).ok().or_else(|| u32::try_from(n).ok().map(|u| u as i32))
}

fn alu(name: &str) -> Option<(u8, i16)> {
    Some(match name {
        "add" => (ADD, 0),
        "sub" => (SUB, 0),
        "mul" => (MUL, 0),
        "div" => (DIV, 0),
        "sdiv" => (DIV, 1),
        "or" => (OR, 0),
        "and" => (AND, 0),
        "lsh" => (LSH, 0),
        "rsh" => (RSH, 0),
        "mod" => (MOD, 0),
        "smod" => (MOD, 1),
        "xor" => (XOR, 0),
        "mov" => (MOV, 0),
        "arsh" => (ARSH, 0),
        _ => return None,
    })
}

fn jump(name: &str) -> Option<u8> {
    Some(match name {
        "jeq" => JEQ,
        "jgt" => JGT,
        "jge" => JGE,
        "jset" => JSET,
        "jne" => JNE,
        "jsgt" => JSGT,
        "jsge" => JSGE,
        "jlt" => JLT,
        "jle" => JLE,
        "jslt" => JSLT,
        "jsle" => JSLE,
        _ => return None,
    })
}

fn size(letter: &str) -> Option<u8> {
    Some(match letter {
        "b" => B,
        "h" => H,
        "w" => W,
        "dw" => DW,
        _ => return None,
    })
}

/// `movsx832`: from 8 bits to 32.
fn movsx(name: &str) -> Option<(i16, u8)> {
    Some(match name.strip_prefix("movsx")? {
        "832" => (8, ALU),
        "1632" => (16, ALU),
        "864" => (8, ALU64),
        "1664" => (16, ALU64),
        "3264" => (32, ALU64),
        _ => return None,
    })
}

/// One instruction, and the label its target is, if it has one.
fn insn(name: &str, ops: &[Operand], lock: bool) -> Option<(Vec<Insn>, Option<String>)> {
    use Operand::{Label, Mem, Num, Reg};
    let one = |i: Insn| Some((vec![i], None));
    let zero = Insn::default();
    if lock {
        let (Mem(dst, off), Reg(src)) = (ops.first()?, ops.get(1)?) else { return None };
        let (base, narrow) = name.strip_suffix("32").map_or((name, false), |b| (b, true));
        let (base, fetch) = base.strip_prefix("fetch_").map_or((base, 0), |b| (b, FETCH));
        let imm = match base {
            "add" => i32::from(ADD) | fetch,
            "or" => i32::from(OR) | fetch,
            "and" => i32::from(AND) | fetch,
            "xor" => i32::from(XOR) | fetch,
            "xchg" => XCHG,
            "cmpxchg" => CMPXCHG,
            _ => return None,
        };
        let code = STX | ATOMIC | if narrow { W } else { DW };
        return one(Insn { code, dst: *dst, src: *src, off: *off, imm });
    }
    match (name, ops) {
        ("exit", []) => return one(Insn { code: JMP | EXIT, ..zero }),
        ("lddw", [Reg(dst), Num(n)]) => {
            let low = Insn { code: LD | IMM | DW, dst: *dst, src: 0, off: 0, imm: *n as u32 as i32 };
            return Some((vec![low, Insn { imm: (*n as u64 >> 32) as u32 as i32, ..zero }], None));
        }
        ("ja", [Label(l)]) => return Some((vec![Insn { code: JMP | JA, ..zero }], Some(l.clone()))),
        ("ja32", [Label(l)]) => return Some((vec![Insn { code: JMP32 | JA, ..zero }], Some(l.clone()))),
        ("ja", [Num(n)]) => return one(Insn { code: JMP | JA, off: i16::try_from(*n).ok()?, ..zero }),
        ("ja32", [Num(n)]) => return one(Insn { code: JMP32 | JA, imm: imm32(*n)?, ..zero }),
        ("call", [Num(n)]) => return one(Insn { code: JMP | CALL, imm: imm32(*n)?, ..zero }),
        ("callx" | "call", [Reg(r)]) => return one(Insn { code: JMP | CALL | X, dst: *r, ..zero }),
        ("call", [Label(l)]) => {
            return Some((vec![Insn { code: JMP | CALL, src: PSEUDO_CALL, ..zero }], Some(l.clone())));
        }
        ("neg", [Reg(dst)]) => return one(Insn { code: ALU64 | NEG, dst: *dst, ..zero }),
        ("neg32", [Reg(dst)]) => return one(Insn { code: ALU | NEG, dst: *dst, ..zero }),
        (_, [Reg(dst)]) => {
            let width = |p: &str| name.strip_prefix(p).and_then(|n| n.parse::<i32>().ok());
            let forms =
                [("be", ALU | END | TO_BE), ("le", ALU | END | TO_LE), ("bswap", ALU64 | END), ("swap", ALU64 | END)];
            let (imm, code) = forms.iter().find_map(|(p, code)| Some((width(p)?, *code)))?;
            return one(Insn { code, dst: *dst, src: 0, off: 0, imm });
        }
        (_, [Reg(dst), Mem(src, off)]) => {
            let (mode, letter) = match name.strip_prefix("ldxs") {
                Some(l) => (MEMSX, l),
                None => (MEM, name.strip_prefix("ldx")?),
            };
            return one(Insn { code: LDX | mode | size(letter)?, dst: *dst, src: *src, off: *off, imm: 0 });
        }
        (_, [Mem(dst, off), Reg(src)]) => {
            let code = STX | MEM | size(name.strip_prefix("stx")?)?;
            return one(Insn { code, dst: *dst, src: *src, off: *off, imm: 0 });
        }
        (_, [Mem(dst, off), Num(n)]) => {
            let code = ST | MEM | size(name.strip_prefix("st")?)?;
            return one(Insn { code, dst: *dst, src: 0, off: *off, imm: imm32(*n)? });
        }
        _ => {}
    }
    if let Some((off, class)) = movsx(name) {
        let [Reg(dst), Reg(src)] = ops else { return None };
        return one(Insn { code: class | MOV | X, dst: *dst, src: *src, off, imm: 0 });
    }
    let (base, narrow) = name.strip_suffix("32").map_or((name, false), |b| (b, true));
    if let Some(op) = jump(base) {
        let class = if narrow { JMP32 } else { JMP };
        let [Reg(dst), second, target] = ops else { return None };
        let (mut i, label) = match second {
            Reg(src) => (Insn { code: class | op | X, dst: *dst, src: *src, ..zero }, target),
            Num(n) => (Insn { code: class | op | K, dst: *dst, imm: imm32(*n)?, ..zero }, target),
            _ => return None,
        };
        return match label {
            Label(l) => Some((vec![i], Some(l.clone()))),
            Num(n) => {
                i.off = i16::try_from(*n).ok()?;
                Some((vec![i], None))
            }
            _ => None,
        };
    }
    let (op, off) = alu(base)?;
    let class = if narrow { ALU } else { ALU64 };
    match ops {
        [Reg(dst), Reg(src)] => one(Insn { code: class | op | X, dst: *dst, src: *src, off, imm: 0 }),
        [Reg(dst), Num(n)] => one(Insn { code: class | op | K, dst: *dst, src: 0, off, imm: imm32(*n)? }),
        _ => None,
    }
}

/// Assembles a text; comments begin with `#`, labels end with `:`, and a line may hold both label and instruction.
///
/// The label `exit` stands for the last `exit` when it is not defined.
pub fn assemble(text: &str) -> Result<Vec<Insn>, AsmError> {
    let mut out: Vec<Insn> = Vec::new();
    let mut labels: HashMap<String, usize> = HashMap::new();
    let mut pending: Vec<(usize, usize, String)> = Vec::new();
    let mut last_exit = None;
    let fail = |n: usize, what: &str| AsmError {
        line: n + 1,
        what: what.into(),
        text: text.lines().nth(n).unwrap_or_default().trim().into(),
    };
    for (n, raw) in text.lines().enumerate() {
        let mut line = raw.split('#').next().unwrap_or_default().trim();
        while let Some((label, rest)) = line.split_once(':') {
            labels.insert(label.trim().to_string(), out.len());
            line = rest.trim();
        }
        if line.is_empty() {
            continue;
        }
        let tokens = tokens(line).ok_or_else(|| fail(n, "a number does not fit 64 bits"))?;
        let mut c = Cursor::new(&tokens);
        let parse = |c: &mut Cursor<'_, '_>| -> Option<(Vec<Insn>, Option<String>)> {
            let lock = c.word("lock");
            let fetch = lock && c.word("fetch");
            let name = c.any_word()?;
            // Both spellings are in use: `lock fetch add` and `lock fetch_add`.
            let joined = format!("fetch_{name}");
            let name = if fetch { joined.as_str() } else { name };
            let mut ops = Vec::new();
            if name == "call" && c.word("local") {
                let label = c.any_word()?.to_string();
                ops.push(Operand::Label(label));
            }
            while !c.done() {
                ops.push(operand(c)?);
                if !c.sign(",") && !c.done() {
                    return None;
                }
            }
            insn(name, &ops, lock)
        };
        let (insns, label) = parse(&mut c).ok_or_else(|| fail(n, "not an instruction"))?;
        if let Some(label) = label {
            pending.push((out.len(), n, label));
        }
        if insns.first().is_some_and(|i| i.is_exit()) {
            last_exit = Some(out.len());
        }
        out.extend(insns);
    }
    for (at, n, label) in pending {
        let target = labels.get(&label).copied().or(last_exit.filter(|_| label == "exit"));
        let target = target.ok_or_else(|| fail(n, "no such label"))?;
        let distance = target as i64 - at as i64 - 1;
        let i = &mut out[at];
        if i.is_call() || i.code == (JMP32 | JA) {
            i.imm = i32::try_from(distance).map_err(|_| fail(n, "jump too far"))?;
        } else {
            i.off = i16::try_from(distance).map_err(|_| fail(n, "jump too far"))?;
        }
    }
    Ok(out)
}
