//! Programs that a person wrote wrong, with what the person who repaired them did: `tests/rejections/*.c`.
//!
//! A file holds many programs; `//// name` begins one, and lines that begin with `//:` say what is expected of its
//! explanation: the rule that real kernels name (`code`), words of the line that is to be underlined (`line`), words that the
//! sentence must hold (`says`), and whether the first suggestion must be a change of the source that can be made as it is
//! printed (`first: edit`) or may be advice (`first: any`). Expectations are a person's; nothing here writes them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One program and what is expected of its explanation.
#[derive(Clone, Debug, Default)]
pub struct Rejection {
    /// File and name: `packet/xdp_check_inverted`.
    pub name: String,
    /// The program, without the lines of expectations.
    pub source: String,
    /// Verdicts that are right; `rejected` where nothing is said.
    pub verdicts: Vec<String>,
    /// Codes that are right; empty: any.
    pub codes: Vec<String>,
    /// Parts of the line that is right; empty: any.
    pub lines: Vec<String>,
    /// Words of which one must be in the sentence; empty: any.
    pub says: Vec<String>,
    /// What the author did, for readers.
    pub author: String,
    /// The first suggestion must be a change of the source.
    pub edit: bool,
    /// Loaded without capabilities.
    pub unprivileged: bool,
    /// The kernel that rejects it; empty: 6.18.
    pub kernel: String,
}

/// The folder of the programs.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rejections")
}

fn alternatives(text: &str) -> Vec<String> {
    text.split(" | ").map(str::trim).filter(|a| !a.is_empty()).map(str::to_string).collect()
}

fn parse(file: &str, text: &str) -> Result<Vec<Rejection>, String> {
    let mut out: Vec<Rejection> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("//// ") {
            out.push(Rejection {
                name: format!("{file}/{}", name.trim()),
                source: "#include \"bpf.h\"\n".into(),
                ..Rejection::default()
            });
            continue;
        }
        let Some(r) = out.last_mut() else { continue };
        let Some((key, value)) = line.strip_prefix("//: ").and_then(|l| l.split_once(':')) else {
            r.source.push_str(line);
            r.source.push('\n');
            continue;
        };
        let value = value.trim();
        match key {
            "verdict" => r.verdicts = alternatives(value),
            "code" => r.codes = alternatives(value),
            "line" => r.lines = alternatives(value),
            "says" => r.says = alternatives(value),
            "author" => r.author = value.into(),
            "first" => r.edit = value == "edit",
            "unprivileged" => r.unprivileged = true,
            "kernel" => r.kernel = value.into(),
            other => return Err(format!("{}: unknown key `{other}`", r.name)),
        }
    }
    out.iter_mut().filter(|r| r.verdicts.is_empty()).for_each(|r| r.verdicts.push("rejected".into()));
    Ok(out)
}

/// Every program, by file.
///
/// # Errors
/// When a file cannot be read or holds a key that there is not.
pub fn rejections() -> Result<Vec<Rejection>, String> {
    let folder = folder();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .filter_map(|e| Some(e.ok()?.path()).filter(|p| p.extension().is_some_and(|x| x == "c")))
        .collect();
    files.sort();
    let mut out = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let stem = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        out.extend(parse(&stem, &text)?);
    }
    Ok(out)
}

/// A compiler, and how it is called.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// Command.
    pub command: String,
    /// With debug information.
    pub debug: bool,
}

impl Compiler {
    /// The compiler, if it runs and knows BPF.
    pub fn found(command: &str) -> Option<Compiler> {
        let out = Command::new(command).arg("--print-targets").output().ok()?;
        let knows = String::from_utf8_lossy(&out.stdout).contains("bpf");
        knows.then(|| Compiler { command: command.into(), debug: true })
    }

    /// Compiles a source into an object beside it.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn compile(&self, source: &str, folder: &Path, stem: &str) -> Result<Vec<u8>, String> {
        let (c, o) = (folder.join(format!("{stem}.bpf.c")), folder.join(format!("{stem}.bpf.o")));
        std::fs::write(&c, source).map_err(|e| e.to_string())?;
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/include");
        let mut command = Command::new(&self.command);
        command.args(["--target=bpf", "-mcpu=v3", "-O2", "-w", "-I"]).arg(include).arg("-I").arg(self::folder());
        if self.debug {
            command.arg("-g");
        }
        let out = command.arg("-c").arg(&c).arg("-o").arg(&o).output().map_err(|e| e.to_string())?;
        if !out.status.success() {
            return Err(String::from_utf8_lossy(&out.stderr).into_owned());
        }
        std::fs::read(&o).map_err(|e| e.to_string())
    }
}
