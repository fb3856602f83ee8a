//! Helpers as programs see them, over a small packet, with every access checked.

use crate::hook::{Input, Mode, Output, Runner};
use crate::interp::Interp;
use crate::program::bare_request;
use crate::{Code, Vm};
use verifier_core::isa::asm::assemble;
use verifier_core::isa::opcode::PSEUDO_FUNC;
use verifier_core::kernel::ProgType;

/// Runs a program, whose first instruction may be made a reference to a function: what it leaves, and what it printed.
fn run(t: ProgType, text: &str, takes_function: bool) -> (Output, Vec<String>) {
    let vm = Vm::new(1);
    let mut insns = assemble(text).expect("text");
    if takes_function {
        insns[0].src = PSEUDO_FUNC;
    }
    let code = Code::unverified(&bare_request(t as u32, insns, vec![]), &vm).expect("code");
    let packet = (0..64)
        .map(|n| {
            if n == 12 {
                8
            } else if n == 13 {
                0
            } else {
                n
            }
        })
        .collect();
    let input = Input { packet, ..Input::default() };
    let mut runner = Runner::new().expect("memory");
    let out = runner.run(&Interp, &vm, &code, &input, 1, Mode::Checked).expect("run");
    (out, vm.take_printed().0)
}

fn check(text: &str, expected: i64) {
    assert_eq!(run(ProgType::Xdp, text, false).0.r0 as i64, expected, "{text}");
}

#[test]
fn text_is_printed_as_the_kernel_does() {
    // "%d %x\n"
    let text = "(18) r1 = 0xa7825206425\n*(u64 *)(r10 -8) = r1\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = -5\nr4 = 255\nr5 = 0\n\
                call 6\nexit";
    let (out, printed) = run(ProgType::Xdp, text, false);
    assert_eq!((out.r0, printed), (6, vec!["-5 ff".to_string()]));
    // "%y": no such directive.
    check("*(u64 *)(r10 -8) = 31013\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\nr4 = 0\nr5 = 0\ncall 6\nexit", -22);
}

#[test]
fn numbers_are_read_from_text() {
    // "-42"
    let begin = "*(u64 *)(r10 -8) = 3290157\nr1 = r10\nr1 += -8\nr2 = 4\nr3 = 10\nr4 = r10\nr4 += -16\n";
    check(&format!("{begin}call 105\nexit"), 3);
    check(&format!("{begin}call 105\nr0 = *(u64 *)(r10 -16)\nexit"), -42);
    check(&format!("{begin}call 106\nexit"), -22);
}

#[test]
fn sums() {
    check("*(u32 *)(r10 -4) = 65538\nr1 = 0\nr2 = 0\nr3 = r10\nr3 += -4\nr4 = 4\nr5 = 0\ncall 28\nexit", 3);
    check("r1 = 0\nr2 = 0\nr3 = r10\nr3 += -4\nr4 = 3\nr5 = 7\ncall 28\nexit", 7);
}

#[test]
fn callbacks_end_loops() {
    let text = "(18) r2 = 0x6\nr1 = 5\nr3 = 0\nr4 = 0\ncall 181\nexit\nr0 = 0\nif r1 < 0x3 goto +1\nr0 = 1\nexit";
    assert_eq!(run(ProgType::Xdp, text, true).0.r0, 4);
}

#[test]
fn memory_of_nobody_reads_as_a_fault() {
    let begin = "*(u64 *)(r10 -8) = -1\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 4096\ncall 113\n";
    // An address of user space, which reads for the kernel refuse.
    check(&format!("{begin}exit"), -34);
    check(&format!("{begin}r0 = *(u64 *)(r10 -8)\nexit"), 0);
}

#[test]
fn socket_buffers_are_read_and_written() {
    let load = |off: i32, len: i32| {
        let text = format!("r2 = {off}\nr3 = r10\nr3 += -8\nr4 = {len}\n*(u64 *)(r10 -8) = -1\ncall 26\n");
        let r0 = run(ProgType::SchedCls, &format!("{text}exit"), false).0.r0 as i64;
        (r0, run(ProgType::SchedCls, &format!("{text}r0 = *(u64 *)(r10 -8)\nexit"), false).0.r0)
    };
    assert_eq!(load(2, 8), (0, 0x0908_0706_0504_0302));
    assert_eq!(load(60, 8), (-14, 0));
    let store = "*(u64 *)(r10 -8) = 513\nr2 = 20\nr3 = r10\nr3 += -8\nr4 = 2\nr5 = 0\ncall 9\nexit";
    let packet = run(ProgType::SchedCls, store, false).0.packet.expect("packet");
    assert_eq!(packet[19..23], [19, 1, 2, 22]);
    // A tag beside the data, then a second one that pushes the first into it.
    let push = "r6 = r1\nr2 = 129\nr3 = 5\ncall 18\nr1 = r6\nr2 = 129\nr3 = 6\ncall 18\nexit";
    let out = run(ProgType::SchedCls, push, false).0;
    let packet = out.packet.expect("packet");
    assert_eq!((out.r0, packet.len(), &packet[12..18]), (0, 68, &[0x81, 0, 0, 5, 8, 0][..]));
    assert_eq!(out.context[24], 6);
}
