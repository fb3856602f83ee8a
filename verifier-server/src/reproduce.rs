//! The command that asks for one answer alone: what people paste into a terminal when a job failed.

use crate::args::CheckArgs;
use crate::clean;
use crate::row::{Kind, Row};

/// What of the command line an answer depends on.
pub struct Command {
    options: Vec<String>,
    /// The question is about objects, not about lines of raw programs. A service's answers are this process's.
    a_file: bool,
}

impl Command {
    /// Of the arguments of a check.
    pub fn new(args: &CheckArgs) -> Command {
        let mut options = Vec::new();
        let mut with = |name: &str, value: &str| options.extend([name.to_string(), quoted(value)]);
        if let Some(file) = &args.config.config {
            with("--config", &file.to_string_lossy());
        }
        if let Some(file) = &args.target.btf {
            with("--btf", &file.to_string_lossy());
        }
        args.target.module_btf.iter().for_each(|file| with("--module-btf", &file.to_string_lossy()));
        if let Some(n) = args.target.cpus {
            with("--cpus", &n.to_string());
        }
        if let Some(t) = &args.prog_type {
            with("--type", t);
        }
        if let Some(list) = &args.caps {
            with("--caps", list);
        }
        if let Some(loader) = args.loader.and_then(|l| clap::ValueEnum::to_possible_value(&l)) {
            with("--loader", loader.get_name());
        }
        if let Some(limits) = &args.budget {
            with("--budget", limits);
        }
        let flags = [
            (args.config.no_config, "--no-config"),
            (args.as_veristat, "--as-veristat"),
            (args.unprivileged, "--unprivileged"),
        ];
        options.extend(flags.iter().filter(|(given, _)| *given).map(|(_, name)| (*name).to_string()));
        Command { options, a_file: args.raw.is_none() }
    }

    /// The command that gives a row again, where the row is a failure of an object that is a file.
    pub fn reproduces(&self, row: &Row) -> Option<String> {
        let a_file = self.a_file && row.object != "-" && !matches!(row.kind, Kind::Gone | Kind::Error);
        if !row.fails() || !a_file {
            return None;
        }
        let mut out = format!("bpfvet check {}", quoted(&row.object));
        if !row.program.is_empty() {
            out.push_str(&format!(" --prog {}", quoted(&row.program)));
        }
        // A kernel that was probed is known by its file, which the row does not name.
        if row.basis != Some("probed") && !row.kernel.is_empty() {
            out.push_str(&format!(" --kernel {}", row.kernel));
        }
        self.options.iter().for_each(|o| out.push_str(&format!(" {o}")));
        Some(out)
    }
}

/// A word as a shell takes it for itself.
pub fn quoted(word: &str) -> String {
    let word = clean::line(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('-') {
        return word;
    }
    let dashed = if word.starts_with('-') { "./" } else { "" };
    format!("'{dashed}{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("a/b-c.o"), "a/b-c.o");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
        assert_eq!(quoted("-x.o"), "'./-x.o'");
    }
}
