//! What may differ between two recordings of one program: kernel addresses in constant loads, and nothing else.

/// Masks the addresses of `N: (18) rX = 0x...` lines (9 to 16 hexadecimal digits) and the verification time.
pub fn log(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match masked(line) {
            Some((before, after)) => {
                out.push_str(before);
                out.push_str("ADDR");
                out.push_str(after);
            }
            None if line.starts_with("verification time ") => out.push_str("verification time N usec\n"),
            None => out.push_str(line),
        }
    }
    out
}

/// Masks ids of types and kernel functions (`call bpf_throw#32429`, `has btf_id 11882`), for recordings of a kernel with
/// another BTF than the profile's. Helpers have numbers below 1000, which are the same everywhere.
pub fn type_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mark = line.find(" btf_id ").map(|at| at + 8).or_else(|| line.find('#').map(|at| at + 1));
        let (before, after) = line.split_at(mark.unwrap_or(line.len()));
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(before);
        if digits > 3 {
            out.push_str("ID");
            out.push_str(&after[digits..]);
        } else {
            out.push_str(after);
        }
    }
    out
}

/// Splits a line around the address it loads.
fn masked(line: &str) -> Option<(&str, &str)> {
    let at = line.find("(18) r")?;
    let eq = at + line[at..].find(" = 0x")? + 3;
    let digits = line[eq + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
    (9..=16).contains(&digits).then(|| (&line[..eq], &line[eq + 2 + digits..]))
}

/// The first line that differs: its number, theirs, ours.
pub fn first_difference<'a>(theirs: &'a str, ours: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let (mut a, mut b) = (theirs.lines(), ours.lines());
    let mut n = 0;
    loop {
        n += 1;
        match (a.next(), b.next()) {
            (None, None) => return None,
            (x, y) if x == y => {}
            (x, y) => return Some((n, x.unwrap_or("<end>"), y.unwrap_or("<end>"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_addresses_are_masked() {
        let masked = super::log("3: (18) r1 = 0xffa00000014c0000       ; R1_w=map_ptr()\n5: (18) r2 = 0x12345678\n");
        assert_eq!(masked, "3: (18) r1 = ADDR       ; R1_w=map_ptr()\n5: (18) r2 = 0x12345678\n");
    }
}
