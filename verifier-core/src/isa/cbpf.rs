//! Classic BPF: what `tcpdump -ddd` prints and what `SO_ATTACH_FILTER` takes.
//!
//! [`check`] answers for `bpf_check_classic()`, [`convert`] makes the same filter of today's instructions, for a socket
//! filter over `struct __sk_buff`. The accumulator is r0, the index register r7, the context r6, r8 holds the
//! accumulator where a load would overwrite it, and the scratch memory is the top of the stack.

use super::insn::Insn;
use super::opcode::*;

/// One classic instruction. UAPI: `struct sock_filter`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Classic {
    /// Class, operation, mode.
    pub code: u16,
    /// Instructions to skip when a jump is taken.
    pub jt: u8,
    /// Instructions to skip when it is not.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// Instructions of a filter, at most. Kernel: `BPF_MAXINSNS`.
pub const MAX_INSNS: usize = 4096;
/// Words of scratch memory. Kernel: `BPF_MEMWORDS`.
const MEM_WORDS: u32 = 16;
/// Loads from here on read properties of the packet. Kernel: `SKF_AD_OFF`.
const ANCILLARY: u32 = -0x1000i32 as u32;

/// Numbers of the helpers that stand in for properties (`isa` knows nothing of the kernel's data).
const GET_PRANDOM_U32: i32 = 7;
const GET_SMP_PROCESSOR_ID: i32 = 8;

/// Classic classes, sources and modes that today's set lacks or has under another name.
mod c {
    pub const ST: u16 = 0x02;
    pub const STX: u16 = 0x03;
    pub const ALU: u16 = 0x04;
    pub const JMP: u16 = 0x05;
    pub const RET: u16 = 0x06;
    pub const MISC: u16 = 0x07;
    pub const LD_IMM: u16 = 0x00;
    pub const LD_W_ABS: u16 = 0x20;
    pub const LD_H_ABS: u16 = 0x28;
    pub const LD_B_ABS: u16 = 0x30;
    pub const LD_W_IND: u16 = 0x40;
    pub const LD_H_IND: u16 = 0x48;
    pub const LD_B_IND: u16 = 0x50;
    pub const LD_MEM: u16 = 0x60;
    pub const LD_LEN: u16 = 0x80;
    pub const LDX_IMM: u16 = 0x01;
    pub const LDX_MEM: u16 = 0x61;
    pub const LDX_LEN: u16 = 0x81;
    pub const LDX_MSH: u16 = 0xb1;
    pub const RET_K: u16 = 0x06;
    pub const RET_A: u16 = 0x16;
    pub const TAX: u16 = 0x07;
    pub const TXA: u16 = 0x87;
    pub const X: u16 = 0x08;
}

/// Why a filter is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("instruction {insn}: {what}")]
pub struct ClassicError {
    /// Instruction.
    pub insn: usize,
    /// Reason.
    pub what: String,
}

fn fail<T>(insn: usize, what: &str) -> Result<T, ClassicError> {
    Err(ClassicError { insn, what: what.into() })
}

/// Reads a filter: the numbers of `tcpdump -ddd` (count first), the braces of `tcpdump -dd`, or the bytes of an array
/// of `struct sock_filter`, little endian.
///
/// # Errors
/// What is wrong.
pub fn parse(bytes: &[u8]) -> Result<Vec<Classic>, ClassicError> {
    let text =
        std::str::from_utf8(bytes).ok().filter(|t| t.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()));
    let Some(text) = text else { return parse_binary(bytes) };
    let number = |w: &str| match w.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => w.parse().ok(),
    };
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',')).filter(|w| !w.is_empty());
    let Some(numbers) = words.map(number).collect::<Option<Vec<u32>>>() else {
        return fail(0, "not a list of numbers");
    };
    let body = match (numbers.len() % 4, numbers.split_first()) {
        (1, Some((count, rest))) if *count as usize == rest.len() / 4 => rest,
        (1, _) => return fail(0, "the number of instructions is not the one in the first line"),
        (0, _) => numbers.as_slice(),
        _ => return fail(0, "not four numbers for each instruction"),
    };
    let insn = |(i, w): (usize, &[u32; 4])| match (u16::try_from(w[0]), u8::try_from(w[1]), u8::try_from(w[2])) {
        (Ok(code), Ok(jt), Ok(jf)) => Ok(Classic { code, jt, jf, k: w[3] }),
        _ => fail(i, "a number is too large"),
    };
    body.as_chunks::<4>().0.iter().enumerate().map(insn).collect()
}

fn parse_binary(bytes: &[u8]) -> Result<Vec<Classic>, ClassicError> {
    let (all, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return fail(all.len(), "not a multiple of 8 bytes");
    }
    let insn = |b: &[u8; 8]| Classic {
        code: u16::from_le_bytes([b[0], b[1]]),
        jt: b[2],
        jf: b[3],
        k: u32::from_le_bytes([b[4], b[5], b[6], b[7]]),
    };
    Ok(all.iter().map(insn).collect())
}

/// Properties of a packet that classic filters can read. UAPI: `SKF_AD_*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ancillary {
    /// A field of the context; `be16`: in network order there.
    Field {
        off: i16,
        be16: bool,
    },
    /// The result of a helper.
    Call(i32),
    XorX,
    /// Known to the kernel, without an equivalent for programs.
    Other,
}

fn ancillary(k: u32) -> Option<Ancillary> {
    let field = |off| Ancillary::Field { off, be16: false };
    Some(match k.checked_sub(ANCILLARY)? {
        0 => Ancillary::Field { off: 16, be16: true },
        4 => field(4),
        8 => field(40),
        12 | 16 | 28 | 52 => Ancillary::Other,
        20 => field(8),
        24 => field(12),
        32 => field(68),
        36 => Ancillary::Call(GET_SMP_PROCESSOR_ID),
        40 => Ancillary::XorX,
        44 => field(24),
        48 => field(20),
        56 => Ancillary::Call(GET_PRANDOM_U32),
        60 => Ancillary::Field { off: 28, be16: true },
        _ => return None,
    })
}

fn is_absolute(code: u16) -> bool {
    matches!(code, c::LD_W_ABS | c::LD_H_ABS | c::LD_B_ABS)
}

/// Whether the kernel knows the instruction. Kernel: `chk_code_allowed()`.
fn is_known(code: u16) -> bool {
    let op = (code & 0xf0) as u8;
    match code & 0x07 {
        c::ALU => code <= 0xff && (op <= MOD && op != NEG || op == XOR || code == c::ALU | u16::from(NEG)),
        c::JMP => match op {
            JA => code & c::X == 0,
            _ => code <= 0xff && matches!(op, JEQ | JGT | JGE | JSET),
        },
        c::RET => matches!(code, c::RET_K | c::RET_A),
        c::MISC => matches!(code, c::TAX | c::TXA),
        c::ST | c::STX => code <= 0x03,
        _ => {
            is_absolute(code)
                || matches!(code, c::LD_IMM | c::LD_W_IND | c::LD_H_IND | c::LD_B_IND | c::LD_MEM | c::LD_LEN)
                || matches!(code, c::LDX_IMM | c::LDX_MEM | c::LDX_LEN | c::LDX_MSH)
        }
    }
}

/// Whether the kernel takes the filter. Kernel: `bpf_check_classic()`.
///
/// # Errors
/// The first instruction that it refuses (it says `EINVAL` for all of them).
pub fn check(filter: &[Classic]) -> Result<(), ClassicError> {
    if filter.is_empty() || filter.len() > MAX_INSNS {
        return fail(0, "not between 1 and 4096 instructions");
    }
    for (i, f) in filter.iter().enumerate() {
        let left = (filter.len() - i - 1) as u32;
        if !is_known(f.code) {
            return fail(i, "unknown opcode");
        }
        let (class, op, by_x) = (f.code & 7, (f.code & 0xf0) as u8, f.code & c::X != 0);
        match class {
            c::ALU if matches!(op, DIV | MOD) && !by_x && f.k == 0 => return fail(i, "division by zero"),
            c::ALU if matches!(op, LSH | RSH) && !by_x && f.k >= 32 => return fail(i, "shift by 32 or more"),
            c::JMP if op == JA && f.k >= left => return fail(i, "jump out of the filter"),
            c::JMP if op != JA && u32::from(f.jt.max(f.jf)) >= left => return fail(i, "jump out of the filter"),
            _ => {}
        }
        if matches!(f.code, c::LD_MEM | c::LDX_MEM) || matches!(class, c::ST | c::STX) {
            if f.k >= MEM_WORDS {
                return fail(i, "no such word of memory");
            }
        } else if is_absolute(f.code) && f.k >= ANCILLARY && ancillary(f.k).is_none() {
            return fail(i, "no such property of a packet");
        }
    }
    if !matches!(filter.last().map(|f| f.code), Some(c::RET_K | c::RET_A)) {
        return fail(filter.len() - 1, "the last instruction does not return");
    }
    check_memory(filter)
}

/// Memory is stored to before it is read, on every path; jumps only go forward. Kernel: `check_load_and_stores()`.
fn check_memory(filter: &[Classic]) -> Result<(), ClassicError> {
    // Words that are stored on every path that was seen to reach an instruction.
    let mut stored = vec![u16::MAX; filter.len()];
    let mut now = 0u16;
    for (i, f) in filter.iter().enumerate() {
        now &= stored[i];
        let word = 1u16.checked_shl(f.k).unwrap_or(0);
        match f.code {
            c::ST | c::STX => now |= word,
            c::LD_MEM | c::LDX_MEM if now & word == 0 => return fail(i, "memory is read before it is stored to"),
            code if code & 7 == c::JMP => {
                let targets = if code & 0xf0 == u16::from(JA) { [f.k; 2] } else { [f.jt.into(), f.jf.into()] };
                for t in targets {
                    if let Some(s) = stored.get_mut(i + 1 + t as usize) {
                        *s &= now;
                    }
                }
                // What follows is only reached by jumps.
                now = u16::MAX;
            }
            c::RET_K | c::RET_A => now = u16::MAX,
            _ => {}
        }
    }
    Ok(())
}

const A: u8 = 0;
const CTX: u8 = 6;
const INDEX: u8 = 7;
const KEPT: u8 = 8;
const FRAME: u8 = 10;

fn slot(k: u32) -> i16 {
    -64 + 4 * k as i16
}

const fn mov(class: u8, dst: u8, src: u8) -> Insn {
    Insn { code: class | MOV | X, dst, src, off: 0, imm: 0 }
}

const fn set(class: u8, op: u8, dst: u8, imm: i32) -> Insn {
    Insn { code: class | op | K, dst, src: 0, off: 0, imm }
}

const fn load(dst: u8, base: u8, off: i16) -> Insn {
    Insn { code: LDX | MEM | W, dst, src: base, off, imm: 0 }
}

const EXIT_INSN: Insn = Insn { code: JMP | EXIT, dst: 0, src: 0, off: 0, imm: 0 };

/// The same filter as a socket filter program.
///
/// # Errors
/// What [`check`] refuses, and properties of packets that programs cannot read.
pub fn convert(filter: &[Classic]) -> Result<Vec<Insn>, ClassicError> {
    check(filter)?;
    let mut out = vec![mov(ALU64, CTX, 1), set(ALU, MOV, A, 0), set(ALU, MOV, INDEX, 0)];
    let mut at = Vec::with_capacity(filter.len());
    let mut jumps: Vec<(usize, usize)> = Vec::new();
    for (i, f) in filter.iter().enumerate() {
        at.push(out.len());
        one(f, i, &mut out, &mut jumps)?;
    }
    for (insn, target) in jumps {
        let distance = at[target] as i64 - insn as i64 - 1;
        out[insn].off = i16::try_from(distance).map_err(|_| ClassicError { insn, what: "jump too far".into() })?;
    }
    Ok(out)
}

fn one(f: &Classic, i: usize, out: &mut Vec<Insn>, jumps: &mut Vec<(usize, usize)>) -> Result<(), ClassicError> {
    let (op, by_x, k) = ((f.code & 0xf0) as u8, f.code & c::X != 0, f.k as i32);
    let size = (f.code & 0x18) as u8;
    match f.code {
        c::LD_IMM => out.push(set(ALU, MOV, A, k)),
        c::LDX_IMM => out.push(set(ALU, MOV, INDEX, k)),
        c::LD_MEM => out.push(load(A, FRAME, slot(f.k))),
        c::LDX_MEM => out.push(load(INDEX, FRAME, slot(f.k))),
        c::LD_LEN => out.push(load(A, CTX, 0)),
        c::LDX_LEN => out.push(load(INDEX, CTX, 0)),
        c::LDX_MSH => out.extend([
            mov(ALU64, KEPT, A),
            Insn { code: LD | ABS | B, imm: k, ..Insn::default() },
            set(ALU, AND, A, 0xf),
            set(ALU, LSH, A, 2),
            mov(ALU64, INDEX, A),
            mov(ALU64, A, KEPT),
        ]),
        code if is_absolute(code) => match ancillary(f.k) {
            None => out.push(Insn { code: LD | ABS | size, imm: k, ..Insn::default() }),
            Some(Ancillary::Field { off, be16 }) => {
                out.push(load(A, CTX, off));
                if be16 {
                    out.push(Insn { code: ALU | END | TO_BE, dst: A, imm: 16, ..Insn::default() });
                }
            }
            Some(Ancillary::Call(id)) => out.push(Insn { code: JMP | CALL, imm: id, ..Insn::default() }),
            Some(Ancillary::XorX) => out.push(Insn { code: ALU | XOR | X, dst: A, src: INDEX, ..Insn::default() }),
            Some(Ancillary::Other) => return fail(i, "programs cannot read this property of a packet"),
        },
        c::LD_W_IND | c::LD_H_IND | c::LD_B_IND => {
            out.push(Insn { code: LD | IND | size, src: INDEX, imm: k, ..Insn::default() });
        }
        c::ST | c::STX => {
            let src = if f.code == c::ST { A } else { INDEX };
            out.push(Insn { code: STX | MEM | W, dst: FRAME, src, off: slot(f.k), imm: 0 });
        }
        c::TAX => out.push(mov(ALU64, INDEX, A)),
        c::TXA => out.push(mov(ALU64, A, INDEX)),
        c::RET_K => out.extend([set(ALU, MOV, A, k), EXIT_INSN]),
        c::RET_A => out.push(EXIT_INSN),
        code if code & 7 == c::JMP && op == JA => {
            jumps.push((out.len(), i + 1 + f.k as usize));
            out.push(Insn { code: JMP | JA, ..Insn::default() });
        }
        code if code & 7 == c::JMP => {
            let source =
                if by_x { Insn { code: X, src: INDEX, ..Insn::default() } } else { Insn { imm: k, ..Insn::default() } };
            jumps.push((out.len(), i + 1 + usize::from(f.jt)));
            out.push(Insn { code: JMP32 | op | source.code, dst: A, ..source });
            if f.jf != 0 {
                jumps.push((out.len(), i + 1 + usize::from(f.jf)));
                out.push(Insn { code: JMP | JA, ..Insn::default() });
            }
        }
        _ if op == NEG => out.push(set(ALU, NEG, A, 0)),
        _ if by_x => {
            if matches!(op, DIV | MOD) {
                // A classic division by zero ends the filter with 0.
                out.push(Insn { code: JMP32 | JNE | K, dst: INDEX, off: 2, ..Insn::default() });
                out.extend([set(ALU, MOV, A, 0), EXIT_INSN]);
            }
            out.push(Insn { code: ALU | op | X, dst: A, src: INDEX, ..Insn::default() });
        }
        _ => out.push(set(ALU, op, A, k)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tcpdump -ddd ip`, from its manual.
    const IP: &str = "4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n";

    #[test]
    fn three_ways_to_write_a_filter() {
        let filter = parse(IP.as_bytes()).expect("numbers");
        assert_eq!(filter[1], Classic { code: 21, jt: 0, jf: 1, k: 2048 });
        let braces =
            "{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x00000800 },\n{ 0x6, 0, 0, 0x00040000 },\n{ 0x6, 0, 0, 0 },";
        assert_eq!(parse(braces.as_bytes()), Ok(filter.clone()));
        let raw: Vec<u8> = filter
            .iter()
            .flat_map(|f| [&f.code.to_le_bytes()[..], &[f.jt, f.jf], &f.k.to_le_bytes()].concat())
            .collect();
        assert_eq!(parse(&raw), Ok(filter));
        assert!(parse(b"2\n6 0 0 0\n").is_err() && parse(b"6 0 0\n").is_err() && parse(&[1, 0, 200]).is_err());
    }

    #[test]
    fn what_the_kernel_refuses() {
        let check = |text: &str| check(&parse(text.as_bytes()).expect("numbers")).map_err(|e| e.insn);
        assert_eq!(check(IP), Ok(()));
        assert_eq!(check("5 0 0 1\n6 0 0 0"), Err(0));
        assert_eq!(check("21 1 0 0\n6 0 0 0"), Err(0));
        assert_eq!(check("52 0 0 0\n6 0 0 0"), Err(0));
        assert_eq!(check("100 0 0 32\n6 0 0 0"), Err(0));
        assert_eq!(check("96 0 0 1\n6 0 0 0"), Err(0));
        assert_eq!(check("2 0 0 1\n96 0 0 1\n22 0 0 0"), Ok(()));
        // Stored on one of two paths only.
        assert_eq!(check("21 1 0 0\n2 0 0 1\n96 0 0 1\n6 0 0 0"), Err(2));
        assert_eq!(check("4 0 0 0"), Err(0));
        assert_eq!(check("40 0 0 4294963300\n6 0 0 0"), Err(0));
        assert_eq!(check("132 0 0 0\n6 0 0 0\n"), Ok(()));
        assert_eq!(check("255 0 0 0\n6 0 0 0\n"), Err(0));
    }
}
