//! The command line as its users meet it: exit codes, formats, broken input.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn bpfvet(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bpfvet starts");
    // bpfvet may refuse its arguments and be gone before it reads.
    let _ = child.stdin.take().map(|mut i| i.write_all(input));
    child.wait_with_output().expect("bpfvet ends")
}

fn rows(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|l| serde_json::from_str(l).expect("a JSON object per line")).collect()
}

/// `r0 = 0; exit`
const GOOD: &str = r#"{"name":"good","prog_type":1,"insns":"b7000000000000009500000000000000"}"#;
/// `exit` with nothing in r0
const BAD: &str = r#"{"name":"bad","prog_type":1,"insns":"9500000000000000"}"#;

fn raw(lines: &[&str], more: &[&str]) -> Output {
    bpfvet(&[&["check", "--raw", "-"], more].concat(), lines.join("\n").as_bytes())
}

#[test]
fn exit_codes() {
    let good = raw(&[GOOD], &[]);
    assert_eq!(good.status.code(), Some(0), "{}", String::from_utf8_lossy(&good.stdout));
    let code = |o: Output| o.status.code();
    assert_eq!(code(raw(&[GOOD, BAD], &[])), Some(1));
    assert_eq!(code(raw(&[BAD], &["--exit-zero"])), Some(0));
    assert_eq!(code(raw(&[GOOD], &["--budget", "insns=1"])), Some(1));
    assert_eq!(code(raw(&["not json"], &[])), Some(2));
    assert_eq!(code(raw(&["not json"], &["--exit-zero"])), Some(2));
    assert_eq!(code(bpfvet(&["check", "/does/not/exist.o"], b"")), Some(2));
    assert_eq!(code(bpfvet(&["check", "-", "--kernel", "1.0"], b"")), Some(2));
    assert_eq!(code(bpfvet(&["check", "-"], b"\x7fELF and then nothing")), Some(2));
}

#[test]
fn every_line_has_a_row_in_order() {
    let out = raw(&[BAD, "{", GOOD], &["--format", "jsonl"]);
    let rows = rows(&out);
    let verdicts: Vec<&str> = rows.iter().filter_map(|r| r["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["rejected", "error", "accepted"]);
    assert!(rows.iter().all(|r| r["schema"] == 1));
    assert_eq!(rows[0]["errno"], "EACCES");
    assert_eq!(rows[0]["message"], "R0 !read_ok");
    assert!(rows[0]["code"].is_string() && rows[0]["category"].is_string());
    assert_eq!(rows[2]["stats"]["insns"], 2);
    assert!(rows[2].get("log").is_none());
}

#[test]
fn the_kernel_format_is_the_log_alone() {
    let out = raw(&[BAD], &["--format", "kernel", "--log-level", "2"]);
    let text = String::from_utf8_lossy(&out.stdout);
    assert_eq!(
        text,
        "func#0 @0\n0: R1=ctx() R10=fp0\n0: (95) exit\nR0 !read_ok\nprocessed 1 insns (limit 1000000) \
         max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
    );
}

#[test]
fn tables_have_the_columns_of_veristat() {
    let out = raw(&[GOOD, BAD], &["--format", "csv"]);
    let text = String::from_utf8_lossy(&out.stdout);
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    assert!(
        header.starts_with("file_name,prog_name,verdict,duration,total_insns,total_states,peak_states"),
        "{header}"
    );
    assert!(lines.next().is_some_and(|l| l.contains(",good,success,")));
    assert!(lines.next().is_some_and(|l| l.contains(",bad,failure,")));
}

#[test]
fn kernels_and_codes_are_listed() {
    let out = bpfvet(&["kernels"], b"");
    assert!(String::from_utf8_lossy(&out.stdout).contains("Linux 6.12.117"));
    let out = bpfvet(&["explain", "list"], b"");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let code = text.split_whitespace().next().expect("at least one code");
    assert_eq!(bpfvet(&["explain", code], b"").status.code(), Some(0));
    assert_eq!(bpfvet(&["explain", "no-such-code"], b"").status.code(), Some(2));
}

/// What libbpf prints when Linux 6.12 rejects `traces/packet_cursor_moved`, shortened.
const LOG: &str = "libbpf: prog 'first_option': BPF program load failed: Permission denied
libbpf: prog 'first_option': -- BEGIN PROG LOAD LOG --
0: R1=ctx() R10=fp0
; u8 *cursor = (void *)(long)ctx->data; @ packet_cursor_moved.bpf.c:9
0: (b4) w0 = 2                        ; R0_w=2
1: (61) r2 = *(u32 *)(r1 +0)          ; R1=ctx() R2_w=pkt(r=0)
; return *cursor == 0x94 ? XDP_DROP : XDP_PASS; @ packet_cursor_moved.bpf.c:15
5: (71) r1 = *(u8 *)(r2 +0)
invalid access to packet, off=34 size=1, R2(id=0,off=34,r=34)
R2 offset is outside of the packet
processed 6 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
";

fn trace_object(name: &str) -> String {
    format!("{}/../tests/traces/{name}.bpf.o", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_log_is_explained_alone_and_beside_its_object() {
    let alone = bpfvet(&["explain", "--log", "-", "--format", "jsonl"], LOG.as_bytes());
    assert_eq!(alone.status.code(), Some(0), "{}", String::from_utf8_lossy(&alone.stderr));
    let row = &rows(&alone)[0];
    assert_eq!((row["code"].as_str(), row["program"].as_str()), (Some("mem-packet-range"), Some("first_option")));
    assert_eq!((row["category"].as_str(), row["errno"].as_str()), (Some("Memory Safety"), Some("EACCES")));
    assert_eq!(row["explanation"]["suggestions"][0]["code"], "fix-packet-check");
    // Its object explains it fully, another does not.
    let own =
        bpfvet(&["explain", "--log", "-", &trace_object("packet_cursor_moved"), "--format", "jsonl"], LOG.as_bytes());
    let row = &rows(&own)[0];
    assert_eq!((row["log_is_of_object"].as_bool(), own.status.code()), (Some(true), Some(0)), "{row}");
    assert!(
        row["explanation"]["suggestions"][0]["text"].as_str().is_some_and(|t| t.contains("cursor + 35 > end")),
        "{row}"
    );
    let other = bpfvet(
        &["explain", "--log", "-", &trace_object("packet_key"), "--format", "jsonl"],
        b"0: (07) r9 += 77\nR9 !read_ok\n",
    );
    assert_eq!((rows(&other)[0]["log_is_of_object"].as_bool(), other.status.code()), (Some(false), Some(1)));
    assert_eq!(bpfvet(&["explain", "--log", "-"], b"hello").status.code(), Some(2));
}

#[test]
fn cost_sums_to_the_counters() {
    let object = trace_object("packet_sum_in_loop.fixed");
    let checked = rows(&bpfvet(&["check", &object, "--format", "jsonl"], b""));
    for by in ["line", "function"] {
        let out = bpfvet(&["cost", &object, "--by", by, "--format", "jsonl"], b"");
        let row = &rows(&out)[0];
        let sum = |field: &str| {
            row["shares"].as_array().expect("shares").iter().filter_map(|s| s[field].as_u64()).sum::<u64>()
        };
        assert_eq!(Some(sum("insns")), checked[0]["stats"]["insns"].as_u64());
        assert_eq!(Some(sum("states")), checked[0]["stats"]["total_states"].as_u64());
    }
    let grown = bpfvet(&["cost", &object, "--compare", &trace_object("packet_sum_in_loop.fixed")], b"");
    assert!(String::from_utf8_lossy(&grown.stdout).contains("instructions processed"), "{grown:?}");
}
