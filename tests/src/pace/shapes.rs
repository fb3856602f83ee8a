//! Programs that grow in one respect, to see how the time grows with it.

use verifier_core::isa::asm::assemble;
use verifier_core::kernel::ProgType;
use verifier_core::program::LoadRequest;

/// A shape: its name, and the program of a size in the assembly of the kernel's log.
type Shape = (&'static str, fn(usize) -> String);

/// Unknown numbers come from here: the packet's length.
const UNKNOWN: &str = "r6 = *(u32 *)(r1 +0)\nr0 = 0\n";

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

const SHAPES: [Shape; 3] = [
    ("instructions in a row", |n| format!("{UNKNOWN}{}exit", lines(n, |i| format!("r0 += {}\n", i + 1)))),
    ("branches that meet again", |n| {
        format!("{UNKNOWN}{}exit", lines(n, |i| format!("if r6 > {} goto +1\nr0 = 1\n", i + 1)))
    }),
    ("rounds of a loop", |n| format!("{UNKNOWN}r0 += 1\nif r0 < {n} goto -2\nexit")),
];

/// Each shape in a few sizes: name, size, program.
///
/// # Errors
/// When the assembler does not take a shape.
pub fn all() -> Result<Vec<(&'static str, usize, LoadRequest)>, String> {
    let mut out = Vec::new();
    for (name, text) in SHAPES {
        for size in [1000, 4000, 16_000] {
            let request = LoadRequest {
                name: "shape".into(),
                prog_type: ProgType::SocketFilter as u32,
                insns: assemble(&text(size)).map_err(|e| format!("{name}: {e}"))?,
                license: "GPL".into(),
                ..LoadRequest::default()
            };
            out.push((name, size, request));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_is_a_program() {
        assert_eq!(super::all().map(|all| all.len()), Ok(9));
    }
}
