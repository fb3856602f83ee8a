//! `bpfvet kernels`: the kernels known, and what changed between two releases.
//!
//! What changed is read off the rows that answers are computed from, so this page cannot say anything else than they do.

use std::io::{self, Write};

use verifier_core::kernel::helpers::{self, id};
use verifier_core::kernel::history::{BEHAVIOURS, Change, KernelVersion, PointRelease, WORDINGS};
use verifier_core::kernel::kfuncs;

use crate::args::KernelsArgs;
use crate::render::fold;
use crate::tools;

/// Lists the kernels, or what a release changed of an older one.
///
/// # Errors
/// In words for the user.
pub fn run(args: &KernelsArgs, out: &mut dyn Write) -> Result<(), String> {
    let (Some(from), Some(to)) = (&args.from, &args.to) else { return tools::kernels(out) };
    let release = |text: &str| PointRelease::parse(text).ok_or_else(|| format!("`{text}` is no release of Linux"));
    let (old, new) = (release(from)?, release(to)?);
    if (old.version, old.point) >= (new.version, new.point) {
        return Err(format!("{from} is not older than {to}"));
    }
    let mut page = Page { out, any: false };
    let rows = |all: &'static [Change]| all.iter().filter(move |c| c.covers(old) != c.covers(new));
    page.changes("What the verifier does", &rows(BEHAVIOURS).collect::<Vec<_>>(), new).map_err(words)?;
    page.changes("How the log is worded", &rows(WORDINGS).collect::<Vec<_>>(), new).map_err(words)?;
    let added = (1..).map_while(helpers::name_of).zip(1..).filter(|(_, n)| {
        let there = |v: KernelVersion| *n <= id::last(v);
        there(new.version) && !there(old.version)
    });
    page.names("New helpers", &added.map(|(name, _)| name).collect::<Vec<_>>()).map_err(words)?;
    let (mut came, mut went) = (Vec::new(), Vec::new());
    for row in kfuncs::GROUPS.iter().flat_map(|g| g.rows) {
        let (then, now) = (row.releases.contains(old.version), row.releases.contains(new.version));
        let list = if now { &mut came } else { &mut went };
        if then != now && !list.contains(&row.name) {
            list.push(row.name);
        }
    }
    page.names("New kernel functions", &came).map_err(words)?;
    page.names("Kernel functions that went", &went).map_err(words)?;
    if page.any {
        return Ok(());
    }
    writeln!(page.out, "Nothing that bpfvet knows of changed between {from} and {to}.").map_err(words)
}

fn words(e: io::Error) -> String {
    e.to_string()
}

struct Page<'a> {
    out: &'a mut dyn Write,
    any: bool,
}

impl Page<'_> {
    fn title(&mut self, title: &str) -> io::Result<()> {
        if std::mem::replace(&mut self.any, true) {
            writeln!(self.out)?;
        }
        writeln!(self.out, "{title}")
    }

    /// Rows of changes: `+` what came, `-` what went.
    fn changes(&mut self, title: &str, rows: &[&Change], new: PointRelease) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.title(title)?;
        for row in rows {
            let sign = if row.covers(new) { '+' } else { '-' };
            writeln!(self.out, "  {sign} {} ({})", row.name, when(row))?;
            for line in fold(row.what) {
                writeln!(self.out, "      {line}")?;
            }
        }
        Ok(())
    }

    fn names(&mut self, title: &str, names: &[&str]) -> io::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        self.title(title)?;
        fold(&names.join(" ")).iter().try_for_each(|line| writeln!(self.out, "  {line}"))
    }
}

/// Since when, until when, and in which stable releases a change is there.
pub fn when(change: &Change) -> String {
    let mut parts = Vec::new();
    match (change.since, change.until) {
        (Some(since), Some(until)) => parts.push(format!("since {since}, until {until}")),
        (Some(since), None) => parts.push(format!("since {since}")),
        (None, Some(until)) => parts.push(format!("until {until}")),
        (None, None) => {}
    }
    parts.extend(change.stable.iter().map(|p| p.to_string()));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(from: &str, to: &str) -> Result<String, String> {
        let mut out = Vec::new();
        run(&KernelsArgs { from: Some(from.into()), to: Some(to.into()) }, &mut out)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn what_changed_between_two_releases() {
        let page = page("6.12.117", "6.18.44").expect("two releases");
        assert!(page.contains("  + scc_loops (since 6.17)\n"), "{page}");
        assert!(page.contains("bpf_cgroup_read_xattr") && !page.contains("New helpers"), "{page}");
    }

    #[test]
    fn helpers_came_with_releases() {
        let page = page("5.16", "5.17").expect("two releases");
        assert!(page.contains("New helpers\n  bpf_loop") || page.contains(" bpf_loop "), "{page}");
    }

    #[test]
    fn mistakes_are_told() {
        assert!(page("6.18", "6.12").is_err_and(|e| e.contains("not older")));
        assert!(page("6.12", "tea").is_err_and(|e| e.contains("no release")));
        assert_eq!(
            page("5.10.1", "5.10.2").as_deref(),
            Ok("Nothing that bpfvet knows of changed between 5.10.1 and 5.10.2.\n")
        );
    }
}
