//! `bpfvet init`: a first `bpfvet.toml` for the objects that there are, with what their loader has to say as comments.
//!
//! What an object cannot be loaded without (sizes of maps that have none, templates of inner maps) is written as a setting
//! to complete; what a loader may set is a comment with the variable's name and type.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use verifier_core::analysis::System;
use verifier_core::kernel::{Kernel, MapType};
use verifier_core::program::Object;

use super::Contract;
use crate::args::{CONFIG_NAME, InitArgs};
use crate::ask::Question;
use crate::{clean, input, tell};

/// Most variables of one object that are listed.
const MOST: usize = 60;

/// Writes a file, or prints it.
///
/// # Errors
/// In words for the user.
pub fn run(args: &InitArgs, out: &mut dyn Write) -> Result<(), String> {
    let named = if args.objects.is_empty() { vec![PathBuf::from(".")] } else { args.objects.clone() };
    let files = input::files(&named).map_err(|e| format!("{e}; name objects or folders: `bpfvet init build/`"))?;
    let target = if args.out.as_os_str() == "-" { None } else { Some(args.out.as_path()) };
    let folder = target.and_then(Path::parent).filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Some(file) = target.filter(|f| f.exists() && !args.force) {
        return Err(format!("{}: it is there already; `--force` writes over it", clean::path(file)));
    }
    let text = text(&files, folder)?;
    // What is written is what is read: a mistake here would be ours.
    Contract::parse(target.unwrap_or(Path::new(CONFIG_NAME)), text.clone())?;
    match target {
        None => out.write_all(text.as_bytes()).map_err(|e| e.to_string()),
        Some(file) => {
            std::fs::write(file, text).map_err(|e| format!("{}: {e}", clean::path(file)))?;
            let n = files.len();
            let s = if n == 1 { "" } else { "s" };
            tell::note(&format!(
                "{} written for {n} object{s}; `bpfvet check` takes it from now on",
                clean::path(file)
            ));
            Ok(())
        }
    }
}

/// The text for some objects.
fn text(files: &[PathBuf], folder: &Path) -> Result<String, String> {
    let kernel = Kernel::release("6.12").map_err(|e| e.to_string())?;
    let system = System::stored(kernel).map_err(|e| e.to_string())?;
    let mut out = String::from(
        "# The contract between BPF objects and their loader: what `bpfvet check` assumes and expects.\n\
         # Every key: `bpfvet schema config`, or docs/contract.md.\n\n\
         # Kernels to answer for: releases, point releases, ranges (\"6.1-\"), profiles that `bpfvet probe` wrote.\n\
         kernels = [\"6.1\", \"6.12\"]\n\n\
         # Whose rules hold before the kernel's: libbpf, ebpf-go or aya.\n\
         loader = \"libbpf\"\n\n\
         # How much of the kernel's limits (1000000 instructions, 512 bytes of stack) must stay free.\n\
         # budget = { headroom = \"10%\" }\n",
    );
    for file in files {
        let name = file.display().to_string();
        let bytes = input::read(file)?;
        match Question::default().open(&name, &bytes, &system) {
            Ok(object) => part(&shown(file, folder), &object, &mut out),
            Err(e) => {
                let _ = writeln!(out, "\n# {}: {}", clean::line(&name), clean::line(&e.to_string()));
            }
        }
    }
    Ok(out)
}

/// The path of an object from the folder of the file.
fn shown(file: &Path, folder: &Path) -> String {
    let inside = super::absolute(file).strip_prefix(super::absolute(folder)).map(Path::to_path_buf);
    let path = inside.unwrap_or_else(|_| file.file_name().map(PathBuf::from).unwrap_or_default());
    path.to_string_lossy().into_owned()
}

/// Text between quotes of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if clean::is_hidden(c) => {
                let _ = write!(out, "\\u{:04X}", u32::from(c).min(0xffff));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// A name as a key.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) { name.into() } else { quoted(name) }
}

/// Writing into a `String` cannot fail.
fn part(file: &str, object: &Object, out: &mut String) {
    let _ = writeln!(out, "\n[[object]]\nfiles = {}", quoted(file));
    let programs: Vec<String> = object.programs.iter().take(MOST).map(|p| clean::line(&p.name)).collect();
    let _ = writeln!(out, "# programs: {}", programs.join(", "));
    let globals: Vec<_> =
        object.settable.globals.iter().filter(|(section, ..)| section.starts_with(".rodata")).collect();
    if !globals.is_empty() {
        let _ = writeln!(out, "\n# Constants that the loader sets before it loads:\n# [object.globals]");
        for (_, name, of) in globals.iter().take(MOST) {
            let _ = writeln!(out, "# {} = …  # {}", key(name), clean::line(of));
        }
    }
    if !object.settable.kconfig.is_empty() {
        let _ = writeln!(out, "\n# Configuration values in the place of the kernel's own:\n# [object.kconfig]");
        for name in object.settable.kconfig.iter().take(MOST) {
            let _ = writeln!(out, "# {} = …", key(name));
        }
    }
    for map in &object.settable.maps {
        let of = MapType::from_number(map.map_type).map_or("unknown type", MapType::name).to_ascii_lowercase();
        let sized = map.max_entries != 0 || sizeless(map.map_type);
        if sized && !map.wants_inner {
            continue;
        }
        let _ = writeln!(out, "\n# {of}: the object leaves this to the loader.\n[object.maps.{}]", key(&map.name));
        if !sized {
            let entries = if of.contains("ringbuf") { 4096 } else { 1 };
            let _ = writeln!(out, "max_entries = {entries}");
        }
        if map.wants_inner {
            let _ = writeln!(out, "inner = {{ type = \"hash\", key_size = 4, value_size = 4, max_entries = 1 }}");
        }
    }
    for p in object.programs.iter().filter(|p| !p.autoload) {
        let _ = writeln!(
            out,
            "\n# Not loaded unless the loader says so.\n# [object.programs.{}]\n# load = true",
            key(&p.name)
        );
    }
}

/// Whether maps of a type have no size of their own, or one that the loader finds out.
fn sizeless(number: u32) -> bool {
    matches!(
        MapType::from_number(number),
        Some(
            MapType::SkStorage
                | MapType::InodeStorage
                | MapType::TaskStorage
                | MapType::CgrpStorage
                | MapType::CgroupStorageDeprecated
                | MapType::PercpuCgroupStorageDeprecated
                | MapType::StructOps
                | MapType::PerfEventArray
        )
    )
}
