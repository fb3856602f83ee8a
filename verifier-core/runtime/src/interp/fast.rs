//! The interpreter for accepted programs: operations flattened to records that begin with the code to run, no checks.
//!
//! Every operation of the instruction set with its width and the kind of its second operand is a function of its own
//! ([`ops`]), and so are pairs of common ones that follow each other: the second takes its operands from its own
//! record, so that a jump between the two finds it there, whole. A function ends by calling that of the next record.
//! Where the compiler makes a jump of this call (threads; [`threads`] looks whether it does) nothing else stands between
//! two operations; where it does not, functions return the next record to a loop. Fuel is charged where execution goes
//! back: a program that does not go back ends by itself.

use std::ptr;
use std::sync::OnceLock;

use crate::abi;
use crate::cx::{CALLER, Cx, FRAME, FaultKind, MAX_LOOPS, stop};
use crate::fault::{self, Raised};
use crate::helper::HelperFn;
use crate::map::Map;
use crate::program::{Code, Op, Reg};
use verifier_core::kernel::helpers::id;

use super::ops::{self, Bin, Const, If, MovSx, Nothing, Sets, Straight, Test, alu, cmp};

/// Runs an operation, and what follows it: the record to go on with, or null at the end of the run.
pub(super) type Handler = for<'v> unsafe extern "C" fn(*const Fast, *mut State, *mut Cx<'v>) -> *const Fast;

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fast {
    pub(super) run: Handler,
    /// Immediate, function of a helper, map, or more operands. In jumps the low half is the immediate, the high half
    /// the fuel that the jump takes.
    pub(super) imm: i64,
    /// Offset of a memory operand, bytes to the record of a target, or the slot of the operation.
    pub(super) off: i32,
    pub(super) dst: Reg,
    pub(super) src: Reg,
}

const _: () = assert!(size_of::<Caller>() <= CALLER);
pub(super) const RECORD: i64 = size_of::<Fast>() as i64;
const _: () = assert!(RECORD == 24);

/// What a run has besides [`Cx`].
#[repr(C)]
pub(super) struct State {
    regs: [u64; 11],
    loops: u32,
    /// Where the next caller is kept, and the first one of this run was.
    top: *mut Caller,
    base: *mut Caller,
    records_of: RecordsOf,
}

/// Gives the records of a program, made when they are first asked for.
pub(super) type RecordsOf = fn(&Code) -> &[Fast];

impl State {
    fn new(cx: &Cx<'_>, [a, b, c, d, e]: [u64; 5], records_of: RecordsOf) -> State {
        let regs = [0, a, b, c, d, e, 0, 0, 0, 0, cx.frame];
        // Each frame has a place of its own: runs within runs are in lower frames.
        let base = cx.callers_of_frame().cast();
        State { regs, loops: MAX_LOOPS, top: base, base, records_of }
    }
}

/// What a call keeps of its caller.
#[derive(Clone, Copy)]
struct Caller {
    pc: *const Fast,
    saved: [u64; 4],
    r10: u64,
    loops: u32,
    /// A tail call may have replaced the callee's program, never the caller's.
    code: *const Code,
}

/// Whether the form that threads is used, where [`threads`] finds that it does. Builds for debugging do not optimise
/// enough for all functions.
pub(super) const OPTIMISED: bool = !cfg!(debug_assertions);

/// Goes on with a record: by a call in last place, or by returning it.
///
/// # Safety
/// `pc` is a record of the program that runs, and the others are those that the function was given.
#[inline(always)]
unsafe fn go<const T: bool>(pc: *const Fast, st: *mut State, cx: *mut Cx<'_>) -> *const Fast {
    // SAFETY: as required.
    if T { unsafe { ((*pc).run)(pc, st, cx) } } else { pc }
}

/// Takes a jump.
///
/// # Safety
/// As [`go`]; the record is a jump's.
#[inline(always)]
unsafe fn jump_from<const T: bool>(pc: *const Fast, st: *mut State, cx: *mut Cx<'_>) -> *const Fast {
    // SAFETY: targets were checked to be slots of the program.
    unsafe {
        let to = pc.byte_offset((*pc).off as isize);
        (*cx).fuel -= ((*pc).imm as u64 >> 32) as i64;
        if (*cx).fuel < 0 { refuel(to, st, cx) } else { go::<T>(to, st, cx) }
    }
}

/// Goes on with a record when there is more fuel.
#[cold]
unsafe extern "C" fn refuel(to: *const Fast, _: *mut State, cx: *mut Cx<'_>) -> *const Fast {
    // SAFETY: handlers pass the run that they were given.
    if unsafe { (*cx).refuel() } { to } else { ptr::null() }
}

/// Makes handlers: the names of record, state and run, and a body. They are called with a record of an accepted
/// program that runs, which does not run past its end: its last instruction exits or jumps.
macro_rules! handlers {
    ($(fn $name:ident[$($generics:tt)*]($pc:ident, $st:ident, $cx:ident) $body:block)*) => {
        $(pub(super) unsafe extern "C" fn $name<$($generics)*>($pc: *const Fast, $st: *mut State, $cx: *mut Cx<'_>) -> *const Fast {
            // SAFETY: as said above.
            unsafe { $body }
        })*
    };
}

handlers! {
    fn one[A: Straight, const T: bool](pc, st, cx) {
        A::run(&*pc, st.cast());
        go::<T>(pc.add(A::SLOTS), st, cx)
    }

    fn two[A: Straight, B: Straight, const T: bool](pc, st, cx) {
        A::run(&*pc, st.cast());
        B::run(&*pc.add(A::SLOTS), st.cast());
        go::<T>(pc.add(A::SLOTS + B::SLOTS), st, cx)
    }

    // Both set the same register, which needs not be written between them.
    fn chain[A: Sets, B: Sets, const T: bool](pc, st, cx) {
        let (a, b, regs) = (&*pc, &*pc.add(<A as Sets>::SLOTS), st.cast());
        let value = A::value(a, regs, ops::get(regs, a.dst));
        ops::set(regs, a.dst, B::value(b, regs, value));
        go::<T>(pc.add(<A as Sets>::SLOTS + <B as Sets>::SLOTS), st, cx)
    }

    fn branch[C: Test, const T: bool](pc, st, cx) {
        let (op, regs) = (&*pc, st.cast());
        if C::holds(op, regs, ops::get(regs, op.dst)) { jump_from::<T>(pc, st, cx) } else { go::<T>(pc.add(1), st, cx) }
    }

    fn two_branch[A: Straight, C: Test, const T: bool](pc, st, cx) {
        A::run(&*pc, st.cast());
        let (pc, regs) = (pc.add(A::SLOTS), st.cast());
        let op = &*pc;
        if C::holds(op, regs, ops::get(regs, op.dst)) { jump_from::<T>(pc, st, cx) } else { go::<T>(pc.add(1), st, cx) }
    }

    // What is compared is what was just set.
    fn chain_branch[A: Sets, C: Test, const T: bool](pc, st, cx) {
        let (a, regs) = (&*pc, st.cast());
        let value = A::value(a, regs, ops::get(regs, a.dst));
        ops::set(regs, a.dst, value);
        let pc = pc.add(<A as Sets>::SLOTS);
        if C::holds(&*pc, regs, value) { jump_from::<T>(pc, st, cx) } else { go::<T>(pc.add(1), st, cx) }
    }

    fn jump[const T: bool](pc, st, cx) { jump_from::<T>(pc, st, cx) }

    fn may_goto[const T: bool](pc, st, cx) {
        if (*st).loops == 0 {
            jump_from::<T>(pc, st, cx)
        } else {
            (*st).loops -= 1;
            go::<T>(pc.add(1), st, cx)
        }
    }

    fn call[const T: bool](pc, st, cx) {
        let [_, a, b, c, d, e, .., r10] = (*st).regs;
        (*cx).frame = r10;
        (*cx).insn = (*pc).off as u32;
        (*cx).in_helper = 1;
        // `flatten` put a helper's function there.
        let func = std::mem::transmute::<usize, HelperFn>((*pc).imm as usize);
        let r0 = func(cx.cast(), a, b, c, d, e);
        (*cx).in_helper = 0;
        if (*cx).stop != stop::NONE {
            return ptr::null();
        }
        (*st).regs[0] = r0;
        go::<T>(pc.add(1), st, cx)
    }

    // `bpf_map_lookup_elem` on a map that is known beforehand.
    fn look_up[const T: bool](pc, st, cx) {
        let map = &*((*pc).imm as usize as *const Map);
        let key = std::slice::from_raw_parts((*st).regs[2] as *const u8, map.spec().key_size as usize);
        (*cx).in_helper = 1;
        (*st).regs[0] = map.lookup(key, (*cx).cpu).unwrap_or(0);
        (*cx).in_helper = 0;
        go::<T>(pc.add(1), st, cx)
    }

    fn look_up_array[const T: bool](pc, st, cx) {
        let map = &*((*pc).imm as usize as *const Map);
        let index = ((*st).regs[2] as *const u32).read_unaligned();
        (*st).regs[0] = map.value_of_array(index, (*cx).cpu);
        go::<T>(pc.add(1), st, cx)
    }

    fn cpu[const T: bool](pc, st, cx) {
        (*st).regs[0] = (*cx).cpu.into();
        go::<T>(pc.add(1), st, cx)
    }

    fn call_local[const T: bool](pc, st, cx) {
        if enter(pc, st, cx) { go::<T>(pc.byte_offset((*pc).off as isize), st, cx) } else { ptr::null() }
    }

    fn exit[const T: bool](_pc, st, cx) {
        let pc = leave(st, cx);
        if pc.is_null() { pc } else { go::<T>(pc, st, cx) }
    }

    // What is rare: it looks at the operation itself, whose slot the record holds.
    fn slow[](pc, st, cx) {
        let (at, regs) = ((*pc).off as usize, &mut (*st).regs);
        match (*cx).code().ops()[at] {
            Op::TailCall => {
                let (ctx, map, index) = (regs[1], regs[2], regs[3]);
                (*cx).insn = at as u32;
                (*cx).in_helper = 1;
                let taken = abi::tail_call(cx, ctx, map, index) != 0;
                (*cx).in_helper = 0;
                if (*cx).stop != stop::NONE {
                    return ptr::null();
                }
                if taken && (*cx).code().throws() {
                    let r10 = regs[10];
                    let r0 = (*cx).run_entered(r10, ctx);
                    (*st).regs[0] = r0;
                    return if (*cx).stop == stop::NONE { leave(st, cx) } else { ptr::null() };
                }
                if taken {
                    regs[1] = ctx;
                    (*st).loops = MAX_LOOPS;
                    return ((*st).records_of)((*cx).code()).as_ptr();
                }
            }
            Op::LoadOrZero { size, signed, dst, base, off } => {
                let address = regs[usize::from(base)].wrapping_add_signed(off.into());
                regs[usize::from(dst)] = (*cx).load_or_zero(address, size.bytes(), signed);
            }
            Op::CallReg { reg } => {
                let value = regs[usize::from(reg)];
                let Some(n) = (*cx).code().func_at(value) else {
                    let _ = (*cx).halt::<()>(FaultKind::NotAFunction, at as u32, value);
                    return ptr::null();
                };
                if !enter(pc, st, cx) {
                    return ptr::null();
                }
                let start = (*cx).code().subprogs()[n as usize].start;
                return ((*st).records_of)((*cx).code()).as_ptr().add(start as usize);
            }
            Op::PacketLoad { size, index, off } => {
                let off = i64::from(off) + index.map_or(0, |r| i64::from(regs[usize::from(r)] as u32 as i32));
                let v = abi::packet_load(cx, regs[6], off, size.bytes());
                regs[0] = v.max(0) as u64;
                if v < 0 {
                    return leave(st, cx);
                }
            }
            Op::CallUnknown { id } => {
                let _ = (*cx).halt::<()>(FaultKind::UnknownHelper(id.into()), at as u32, id as u64);
                return ptr::null();
            }
            _ => {}
        }
        pc.add(1)
    }

    // For `threads`: where the stack is.
    fn probe[](_pc, st, _cx) {
        let here = 0u8;
        (*st).regs[0] = std::hint::black_box(&raw const here) as u64;
        ptr::null()
    }
}

/// Enters a function below the frame of the caller, whose call is at `pc`. False: the run has stopped.
///
/// # Safety
/// As [`go`].
#[inline]
unsafe fn enter(pc: *const Fast, st: *mut State, cx: *mut Cx<'_>) -> bool {
    // SAFETY: as required; frames end before callers do.
    unsafe {
        let [.., a, b, c, d, r10] = (*st).regs;
        if !(*cx).has_room(r10 - FRAME) {
            return no_room(pc, r10 - FRAME, cx);
        }
        // There is a place for each frame, and there is room for this one. Field by field: a caller in a variable would
        // be on the stack, and keep the compiler from making a jump of the call that comes next.
        let caller = (*st).top;
        (*caller).pc = pc.add(1);
        (*caller).saved = [a, b, c, d];
        (*caller).r10 = r10;
        (*caller).loops = (*st).loops;
        (*caller).code = (*cx).code;
        (*st).top = caller.add(1);
        (*st).regs[10] = r10 - FRAME;
        (*st).loops = MAX_LOOPS;
        true
    }
}

/// Ends the run that has no room for a frame. Apart, so that nothing of it is on the stack of handlers.
#[cold]
#[inline(never)]
unsafe extern "C" fn no_room(pc: *const Fast, r10: u64, cx: *mut Cx<'_>) -> bool {
    // SAFETY: handlers pass what they were given.
    unsafe { (*cx).enter_frame(r10, (*pc).imm as u32).is_ok() }
}

/// Returns to the caller: the record to go on with, null from the function that was entered first.
///
/// # Safety
/// As [`go`].
#[inline]
unsafe fn leave(st: *mut State, cx: *mut Cx<'_>) -> *const Fast {
    // SAFETY: as required; as many callers as the depth says were written.
    unsafe {
        if (*st).top == (*st).base {
            return ptr::null();
        }
        let caller = (*st).top.sub(1);
        (*st).top = caller;
        let [a, b, c, d] = (*caller).saved;
        ((*st).regs[6], (*st).regs[7], (*st).regs[8], (*st).regs[9]) = (a, b, c, d);
        (*st).regs[10] = (*caller).r10;
        (*st).loops = (*caller).loops;
        (*cx).code = (*caller).code;
        (*caller).pc
    }
}

/// Runs a function of verified code to its end, or to a fault.
pub(super) fn run(cx: &mut Cx<'_>, subprog: u32, args: [u64; 5], records_of: RecordsOf) -> u64 {
    let Some(start) = cx.code().subprogs().get(subprog as usize).map(|s| s.start as usize) else { return 0 };
    let mut st = State::new(cx, args, records_of);
    cx.in_helper = 0;
    let (first, cx) = (ptr::from_ref(&records_of(cx.code())[start]), ptr::from_mut(cx));
    let words = [(&raw mut st) as u64, 0, 0, 0, 0];
    let entry = from as unsafe extern "C" fn(*mut Cx<'static>, *const Fast, *mut State) -> u64;
    // SAFETY: `from` is called with the three arguments that it takes; the run and its state are there meanwhile.
    match unsafe { fault::enter(entry as usize, cx.cast(), first as u64, &words, &raw const (*cx).in_helper) } {
        Ok(r0) => r0,
        Err(raised) => {
            // SAFETY: as above; who used them has ended.
            let (cx, regs) = unsafe { (&mut *cx, (&raw const st.regs).read_volatile()) };
            let (insn, kind) = place_of(cx, records_of(cx.code()), &regs, &raised);
            cx.raised(raised, kind, insn);
            0
        }
    }
}

/// Runs from a record to the end of its function.
///
/// # Safety
/// `pc` is a record of the program that runs, `st` a fresh state of it.
unsafe extern "C" fn from(cx: *mut Cx<'_>, mut pc: *const Fast, st: *mut State) -> u64 {
    // SAFETY: handlers are called as they are to be.
    unsafe {
        while !pc.is_null() {
            pc = ((*pc).run)(pc, st, cx);
        }
        (*st).regs[0]
    }
}

/// The instruction that faulted, and what it did. Handlers have their record in the register of a first argument, or have
/// just come from there; an access near it that comes to the address is the one.
fn place_of(cx: &Cx<'_>, records: &[Fast], regs: &[u64; 11], raised: &Raised) -> (u32, FaultKind) {
    let ops = cx.code().ops();
    let off = raised.first.wrapping_sub(records.as_ptr() as usize);
    let slot = if off < size_of_val(records) { off / size_of::<Fast>() } else { cx.insn as usize };
    let at = |slot: usize| {
        let (base, off, bytes, write) = ops.get(slot)?.access()?;
        Some((slot as u32, regs[usize::from(base)].wrapping_add_signed(off.into()), bytes, write))
    };
    let near = || [0, 1, 2, -1, -2].iter().filter_map(|d| at(slot.checked_add_signed(*d)?));
    let hit = near().find(|(_, a, bytes, _)| (raised.address as u64).wrapping_sub(*a) < u64::from(*bytes));
    match hit.or_else(|| near().next()) {
        Some((insn, _, bytes, true)) => (insn, FaultKind::Write(bytes)),
        Some((insn, _, bytes, false)) => (insn, FaultKind::Read(bytes)),
        None => (slot as u32, FaultKind::Signal(raised.signal)),
    }
}

/// Whether the compiler made jumps of the calls that handlers end with: the stack does not grow from one to the next.
/// What is so for these is so for the others, which have no more than these do; a test runs all of them.
pub(super) fn threads() -> bool {
    static HOLDS: OnceLock<bool> = OnceLock::new();
    *HOLDS.get_or_init(|| {
        let depth = |chain: &[(Handler, i64, i64)]| {
            let record = |(run, off, imm): (Handler, i64, i64)| Fast { run, imm, off: off as i32, dst: 0, src: 0 };
            let end = (probe as Handler, 0, 0);
            let records: Vec<Fast> = chain.iter().copied().chain([end]).map(record).collect();
            let vm = crate::vm::Vm::new(1);
            let Ok(mut stack) = crate::cx::Stack::new() else { return 0 };
            let mut cx = Cx::new(&vm, &mut stack, None);
            let mut st = State { loops: 1, ..State::new(&cx, [0; 5], |_| &[]) };
            // SAFETY: these handlers touch registers and the places of callers only, and the helper only the clock.
            unsafe { ((*records.as_ptr()).run)(records.as_ptr(), &raw mut st, &raw mut cx) };
            st.regs[0]
        };
        type AddR = Bin<alu::Add, true, false>;
        let clock = abi::helper(id::KTIME_GET_NS).map_or(0, |h| h.func as usize as i64);
        let plain = |run: Handler| (run, RECORD, 0);
        let mut chain = [
            one::<AddR, true> as Handler,
            one::<Bin<alu::Div, false, true>, true>,
            jump::<true>,
            branch::<If<cmp::Eq, true, true>, true>,
            may_goto::<true>,
            may_goto::<true>,
            cpu::<true>,
            branch::<If<cmp::Ne, false, false>, true>,
            one::<MovSx<true, 8>, true>,
            two::<AddR, AddR, true>,
            one::<AddR, true>,
            one::<Const, true>,
            one::<Nothing, true>,
        ]
        .map(plain)
        .to_vec();
        // A call of the function two records on, which returns to a jump over it; and one of a helper.
        chain.extend([
            (call_local::<true> as Handler, 2 * RECORD, 0),
            (jump::<true>, 2 * RECORD, 0),
            plain(exit::<true>),
        ]);
        chain.push((call::<true>, RECORD, clock));
        depth(&[]) == depth(&chain)
    })
}

#[cfg(test)]
mod tests {
    use super::super::records::{records, records_of};
    use super::*;
    use crate::cx::{Stack, Stop};
    use crate::engine::{believe, run};
    use crate::interp::Interp;
    use crate::memory::{Region, RegionKind, Regions};
    use crate::program::bare_request;
    use crate::vm::Vm;
    use verifier_core::isa::asm::assemble;

    /// Every operation between every two of some that are common, round and round.
    const BODY: &[&str] = &[
        "r2 += r3",
        "r2 -= 77",
        "w2 *= w4",
        "r2 /= r5",
        "w3 /= 3",
        "r3 s/= -5",
        "w3 s%= w4",
        "r4 %= 1000",
        "r4 |= r2",
        "w4 &= 255",
        "r4 ^= r3",
        "r3 <<= 5",
        "w3 >>= 3",
        "r2 s>>= 2",
        "w2 s>>= w4",
        "r5 = r2",
        "w5 = w3",
        "r5 = -r5",
        "r5 = -3",
        "w4 = 9",
        "r4 = 0x1122334455667788 ll",
        "r3 = (s8)r2",
        "w3 = (s16)w2",
        "r3 = (s32)r5",
        "r2 = be16 r2",
        "r3 = le32 r3",
        "r5 = bswap64 r5",
        "*(u8 *)(r10 -1) = r2",
        "*(u16 *)(r10 -4) = 5",
        "*(u32 *)(r10 -8) = r3",
        "*(u64 *)(r10 -16) = r4",
        "r2 = *(u8 *)(r10 -1)",
        "r3 = *(s16 *)(r10 -4)",
        "r4 = *(u32 *)(r10 -8)",
        "r5 = *(u64 *)(r10 -16)",
        "lock *(u64 *)(r10 -16) += r2",
        "lock *(u32 *)(r10 -8) |= r3",
        "r3 = atomic64_fetch_add((u64 *)(r10 -16), r3)",
        "r4 = atomic_xchg((u32 *)(r10 -8), r4)",
        "r0 = atomic64_cmpxchg((u64 *)(r10 -16), r0, r5)",
        "r4 = load_acquire((u32 *)(r10 -8))",
        "store_release((u16 *)(r10 -4), r5)",
        "if r2 == 5 goto +0",
        "if w3 != w2 goto +0",
        "if r3 > 100 goto +1\nr2 += 1",
        "if r4 s< r2 goto +1\nr3 += r4",
        "if w5 & 12 goto +1\nr5 += 3",
        "if w2 < 77 goto +1\nw2 ^= w3",
        "goto +0",
        "call pc+0",
        "r4 <<= 32\nr4 s>>= 32",
        "r2 = r3\nr2 += r4",
        "may_goto +0",
    ];

    fn results(text: &str, args: [u64; 5]) -> [Result<u64, Stop>; 3] {
        let vm = Vm::new(1);
        let code = Code::believed(&bare_request(1, assemble(text).expect(text), vec![]), &vm).expect(text);
        let mut stack = Stack::new().expect("stack");
        let mut regions = Regions::default();
        let kind = RegionKind::User("none".into());
        regions.add(Region { kind, start: 1, len: 1, objects: None, closed: None, writable: false });
        let checked = run(&Interp, &mut Cx::new(&vm, &mut stack, Some(regions)), &code, args);
        let fast = believe(&Interp, &mut Cx::new(&vm, &mut stack, None), &code, args);
        // The form that returns to the loop.
        let records = records::<false>(&code, |_, _| None);
        let mut cx = Cx::new(&vm, &mut stack, None);
        cx.code = &raw const code;
        let mut st = State::new(&cx, args, records_of);
        // SAFETY: the first record of the program, and a fresh state.
        let r0 = unsafe { from(&raw mut cx, &raw const records[0], &raw mut st) };
        [checked, fast, cx.stopped().map_or(Ok(r0), Err)]
    }

    #[test]
    fn what_is_fused_does_what_its_parts_do() {
        let begin = "r0 = 1\nr6 = 3\nr2 = r1\nr3 = 7\nr4 = 99\nr5 = r1\nr5 *= 0x1234567\n*(u64 *)(r10 -8) = r3\n*(u64 *)(r10 -16) = r5";
        let end = "r0 ^= r2\nr0 += r3\nr0 ^= r4\nr0 += r5\nr6 += -1";
        for (n, middle) in BODY.iter().enumerate() {
            if middle.starts_with("call") {
                continue;
            }
            for other in BODY.iter().filter(|o| !o.starts_with("call")) {
                let third = BODY[(n * 7 + 3) % 16];
                let body = format!("{begin}\n{middle}\n{other}\n{third}\n{end}");
                let slots = assemble(&format!("{middle}\n{other}\n{third}\n{end}")).expect("text").len();
                let text = format!("{body}\nif r6 != 0 goto -{}\nexit", slots + 1);
                let [checked, fast, looped] = results(&text, [0x8000_0000_1234_5678, 0, 0, 0, 0]);
                assert!(checked.is_ok(), "{text}: {checked:?}");
                assert_eq!(checked, fast, "{text}");
                assert_eq!(checked, looped, "{text}");
            }
        }
    }

    #[test]
    fn the_stack_does_not_grow_from_one_operation_to_the_next() {
        assert!(threads() || !OPTIMISED);
        let body: Vec<&str> = BODY.iter().copied().filter(|o| !o.starts_with("call")).collect();
        let body = format!("{}\ncall pc+3", body.join("\n"));
        let slots = assemble(&body).expect("text").len();
        let text = format!(
            "r0 = 0\nr2 = 1\nr3 = 2\nr4 = 3\nr5 = 4\nr7 = 1000000\n{body}\nr7 += -1\nif r7 != 0 goto -{}\nexit\nr2 = 1\nr3 = 2\nr4 = 3\nr5 = 4\nexit",
            slots + 2
        );
        let vm = Vm::new(1);
        let code = Code::believed(&bare_request(1, assemble(&text).expect(&text), vec![]), &vm).expect("code");
        let mut stack = Stack::new().expect("stack");
        assert!(believe(&Interp, &mut Cx::new(&vm, &mut stack, None), &code, [0; 5]).is_ok());
    }
}
