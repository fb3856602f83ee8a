//! Words that several formats share: what is different since a baseline, and pages in lines.

use crate::clean;
use crate::row::{Kind, Row};

/// Width that explanations are folded to.
const WIDTH: usize = 100;

/// What changed since an earlier run, in one line; `None`: nothing, or there is none.
pub fn change(row: &Row) -> Option<String> {
    let before = row.before.as_ref().filter(|_| row.kind != Kind::Gone)?;
    let now = row.counters.map(|c| (u64::from(c.insns), u64::from(c.total_states)));
    let verdict = row.kind.veristat();
    let mut parts = Vec::new();
    if before.verdict != verdict {
        parts.push(format!("verdict {} -> {verdict}", clean::line(&before.verdict)));
    }
    for (name, then, now) in
        [("instructions", before.insns, now.map(|n| n.0)), ("states", before.states, now.map(|n| n.1))]
    {
        if let (Some(a), Some(b)) = (then, now)
            && a != b
        {
            parts.push(format!("{name} {a} -> {b}, {}", crate::baseline::difference(then, now)));
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What a contract expects of a program, in one line; `None`: nothing.
pub fn expectation(row: &Row) -> Option<String> {
    let e = row.expected.as_ref()?;
    let is = if e.met { "as expected" } else { "not as expected" };
    Some(format!("{is}: {} says {}", clean::line(&e.place), clean::line(&e.words)))
}

/// Words of a page in lines of [`WIDTH`].
pub fn fold(page: &str) -> Vec<String> {
    fold_to(page, WIDTH)
}

/// Words of a page in lines of a width.
pub fn fold_to(page: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in page.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + word.chars().count() + 1 > width {
            lines.push(word.to_string());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last].push_str(word);
        }
    }
    lines
}
