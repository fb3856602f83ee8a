//! The text of a profile and the data beside it.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compression, Crc};
use verifier_core::kernel::helpers;

use super::{FORM, Profile};
use crate::measure::Outcome;

/// Columns of a list of names.
const WIDTH: usize = 110;

/// The data of a profile, compressed, and what its text says of it.
pub(super) struct Data {
    /// As it is stored.
    pub packed: Vec<u8>,
    /// Bytes before they were compressed.
    pub len: usize,
    /// Their checksum.
    pub crc: u32,
}

/// A string in TOML's basic form.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                // Writing into a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key, bare where it may be.
fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !text.is_empty() && text.chars().all(bare) { text.into() } else { quoted(text) }
}

/// A list of names over several lines.
fn list<'a>(out: &mut String, name: &str, items: impl Iterator<Item = &'a str>) {
    let _ = write!(out, "{name} = [");
    let mut column = WIDTH;
    for item in items {
        let item = quoted(item);
        if column + item.len() + 2 > WIDTH {
            out.push_str("\n  ");
            column = 2;
        } else {
            out.push(' ');
        }
        column += item.len() + 2;
        out.push_str(&item);
        out.push(',');
    }
    out.push_str(if column == WIDTH { "]\n" } else { "\n]\n" });
}

impl Profile {
    /// The parts of the data, in their order.
    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let modules = self.modules.iter().map(|(_, raw)| raw.as_slice());
        let texts = [&self.config, &self.symbols].into_iter().flatten().map(String::as_bytes);
        self.vmlinux.as_deref().into_iter().chain(modules).chain(texts)
    }

    /// The data beside the text.
    pub(super) fn data(&self) -> std::io::Result<Data> {
        let (mut crc, mut len) = (Crc::new(), 0);
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        for part in self.parts() {
            crc.update(part);
            len += part.len();
            packer.write_all(part)?;
        }
        Ok(Data { packed: packer.finish()?, len, crc: crc.sum() })
    }

    /// The text, which names the data beside it.
    pub(super) fn text(&self, file: &str, data: &Data) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.data_part(&mut out, file, data);
        self.tables_part(&mut out);
        self.changes_part(&mut out);
        for m in &self.missing {
            let _ = write!(
                out,
                "\n[[missing]]\nwhat = {}\nwhy = {}\nfollows = {}\n",
                quoted(&m.what),
                quoted(&m.why),
                quoted(&m.follows)
            );
        }
        out
    }

    fn head(&self, out: &mut String) {
        let b = &self.build;
        let _ = write!(
            out,
            "# What `bpfvet probe` found out about a machine's kernel.\n\
             # `bpfvet check --kernel THIS_FILE` answers for it, on any machine and without root.\n\
             form = {FORM}\n\
             written-by = {}\n\n\
             [kernel]\n\
             # Its own name (uname -r), the release that it is made from, and what said so.\n\
             name = {}\nrelease = \"{}\"\nbecause = {}\n\n\
             [machine]\n",
            quoted(&self.written_by),
            quoted(&self.name),
            self.release,
            quoted(&self.because),
        );
        if let Some(cpus) = self.cpus {
            let _ = writeln!(out, "# Possible processors.\ncpus = {cpus}");
        }
        let _ = writeln!(
            out,
            "# Programs may not write to memory of user space (lockdown, Secure Boot).\nlocked-down = {}\n",
            self.locked_down
        );
        out.push_str("# Settings when it was asked, for readers.\n[machine.settings]\n");
        for (name, value) in &self.settings {
            let _ = writeln!(out, "{} = {}", key(name), quoted(value));
        }
        let _ = write!(
            out,
            "\n[build]\nnr-cpus = {}\nkprobe-override = {}\nerror-injection = {}\ndata-symbols = {}\nsignatures = {}\n",
            b.nr_cpus, b.kprobe_override, b.error_injection, b.data_symbols, b.signatures
        );
    }

    fn data_part(&self, out: &mut String, file: &str, data: &Data) {
        let _ = write!(
            out,
            "\n# The file beside this one (gzip), and how many bytes of it are what, in this order: BTF of the kernel, BTF of\n\
             # modules, configuration, symbols.\n\
             [data]\nfile = {}\nbytes = {}\ncrc32 = \"{:08x}\"\n",
            quoted(file),
            data.len,
            data.crc
        );
        let lengths = [
            ("vmlinux", self.vmlinux.as_ref().map(Vec::len)),
            ("config", self.config.as_ref().map(String::len)),
            ("symbols", self.symbols.as_ref().map(String::len)),
        ];
        for (name, len) in lengths {
            if let Some(len) = len {
                let _ = writeln!(out, "{name} = {len}");
            }
        }
        for (name, raw) in &self.modules {
            let _ = write!(out, "[[data.modules]]\nname = {}\nbytes = {}\n", quoted(name), raw.len());
        }
    }

    fn tables_part(&self, out: &mut String) {
        out.push_str(
            "\n# What the kernel has; what is not listed was not asked about, and the release tells.\n[tables]\n",
        );
        if let Some(there) = &self.found.helpers {
            list(out, "helpers", there.iter().filter_map(helpers::name_of));
        }
        let lower = |t: &str| t.to_ascii_lowercase();
        for (name, wanted) in [("map-types", true), ("no-map-types", false)] {
            let of: Vec<String> = self
                .found
                .map_types
                .iter()
                .filter(|(_, there)| *there == wanted)
                .map(|(t, _)| lower(t.name()))
                .collect();
            list(out, name, of.iter().map(String::as_str));
        }
        for (name, wanted) in [("kernel-functions", true), ("no-kernel-functions", false)] {
            list(out, name, self.found.kfuncs.iter().filter(|(_, there)| *there == wanted).map(|(n, _)| *n));
        }
        out.push_str("\n# Program types, with the attach type that was tried.\n[tables.program-types]\n");
        for (prog, attach, outcome) in &self.found.prog_types {
            let word = match outcome {
                Outcome::There => "there",
                Outcome::Absent => "absent",
                Outcome::Refused => "refused",
            };
            let _ = writeln!(out, "{} = \"{word}\"", key(&format!("{}/{}", lower(prog.name()), lower(attach.name()))));
        }
    }

    fn changes_part(&self, out: &mut String) {
        let (measured, all) = self.measured();
        let _ = write!(
            out,
            "\n# Changes of the history that the kernel has or not. `measured`: its answer to the program that tells them is\n\
             # bpfvet's with the change, or without it, and not the other ({measured} of {all}). `computed`: as the release\n\
             # has it, for the reason given; whoever reads this computes it anew. `bpfvet has NAME` says what a change is.\n\
             [changes]\n"
        );
        let mut marks = self.changes.iter().collect::<Vec<_>>();
        marks.sort_by_key(|(_, kept)| !kept.measured);
        for (name, kept) in marks {
            let there = if kept.there { "there" } else { "absent" };
            let by = if kept.measured { "measured".to_string() } else { format!("computed: {}", kept.why) };
            let _ = writeln!(out, "{} = {}", key(name), quoted(&format!("{there}, {by}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_so_that_toml_reads_them() {
        assert_eq!(quoted("a \"b\" \\ \n\u{7f}é"), "\"a \\\"b\\\" \\\\ \\u000a\\u007fé\"");
        assert_eq!((key("scc_loops"), key("lsm/lsm_mac")), ("scc_loops".into(), "\"lsm/lsm_mac\"".into()));
    }
}
