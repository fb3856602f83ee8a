//! `--verify-fixes`: makes the changes that suggestions tell on a copy of the source, compiles it, and asks again.
//!
//! The compiler runs on this machine with what the user gave it, and the object says which files are read; so this is done
//! only where a user asks for it on the command line, never by a service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use verifier_core::analysis::System;
use verifier_core::explain::{Edit, Proof, Sources, applied, source_of};

use crate::ask::{Nobody, Question};
use crate::row::{Kind, Row};

/// Largest source file that is read.
const MAX_SOURCE: u64 = 4 << 20;
/// Longest that one run of the compiler may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The sources of one object, and how they are compiled.
pub struct Trying {
    /// Command and arguments.
    compiler: Vec<String>,
    /// Text by the name that the compiler was given, with the file it was read from.
    files: BTreeMap<String, (PathBuf, String)>,
    /// Where copies are compiled.
    scratch: PathBuf,
}

impl Drop for Trying {
    fn drop(&mut self) {
        // What is left behind is a folder of temporary files.
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

/// The file that an object names, from here or from beside the object.
fn read(named: &str, object: &Path) -> Option<(PathBuf, String)> {
    let beside = object.parent().map(|d| d.join(Path::new(named).file_name().unwrap_or_default()));
    let found = [Some(PathBuf::from(named)), beside].into_iter().flatten().find(|p| p.is_file())?;
    let small = found.metadata().is_ok_and(|m| m.len() <= MAX_SOURCE);
    let text = small.then(|| std::fs::read_to_string(&found).ok()).flatten()?;
    Some((found, text))
}

impl Trying {
    /// Reads the sources of an object.
    ///
    /// # Errors
    /// When the command is empty, the object cannot be read, or no folder for copies can be made.
    pub fn of(compiler: &str, object: &str, bytes: &[u8], system: &System) -> Result<Trying, String> {
        let compiler: Vec<String> = compiler.split_whitespace().map(str::to_string).collect();
        if compiler.is_empty() {
            return Err("--verify-fixes: name a compiler".into());
        }
        let opened = Question::default().open(object, bytes, system).map_err(|e| e.to_string())?;
        let mut files = BTreeMap::new();
        for request in opened.programs.iter().filter_map(|p| p.result.as_ref().ok()) {
            for l in &request.line_info {
                let Some(source) = source_of(request, l.insn_off as usize) else { continue };
                if !files.contains_key(&source.file)
                    && let Some(found) = read(&source.file, Path::new(object))
                {
                    files.insert(source.file, found);
                }
            }
        }
        let scratch = std::env::temp_dir().join(format!("bpfvet-fixes-{}", std::process::id()));
        std::fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
        Ok(Trying { compiler, files, scratch })
    }

    /// The sources, for explanations.
    pub fn sources(&self) -> Sources {
        let mut out = Sources::default();
        self.files.iter().for_each(|(name, (_, text))| out.add(name, text));
        out
    }

    /// Compiles a changed copy of a file: headers beside the original are found.
    fn compile(&self, original: &Path, text: &str) -> Result<Vec<u8>, String> {
        let name = original.file_name().ok_or("no name")?;
        let (copy, object) = (self.scratch.join(name), self.scratch.join("fixed.o"));
        std::fs::write(&copy, text).map_err(|e| e.to_string())?;
        let _ = std::fs::remove_file(&object);
        let beside = original.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let optimises = self.compiler.iter().any(|a| a.starts_with("-O"));
        let mut command = Command::new(&self.compiler[0]);
        command.args(&self.compiler[1..]).args(["--target=bpf", "-g", "-w"]).args((!optimises).then_some("-O2"));
        command.arg("-I").arg(beside).arg("-c").arg(&copy).arg("-o").arg(&object);
        let log = self.scratch.join("log");
        let words = std::fs::File::create(&log).map_err(|e| e.to_string())?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(words)
            .spawn()
            .map_err(|e| format!("{}: {e}", self.compiler[0]))?;
        let begun = Instant::now();
        let status = loop {
            match child.try_wait().map_err(|e| e.to_string())? {
                Some(status) => break status,
                None if begun.elapsed() > PATIENCE => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err("the compiler does not come to an end".into());
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        if !status.success() {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let line = said.lines().find(|l| l.contains("error")).unwrap_or("it fails");
            return Err(format!("the compiler: {line}"));
        }
        std::fs::read(&object).map_err(|e| e.to_string())
    }

    /// What comes of some changes, which must all be of one file.
    fn outcome(&self, row: &Row, edits: &[Edit], system: &System) -> Proof {
        let Some((original, text)) = edits.first().and_then(|e| self.files.get(&e.file)) else {
            return Proof::NotTried;
        };
        if edits.iter().any(|e| e.file != edits[0].file) {
            return Proof::NotTried;
        }
        let Some(changed) = applied(text, edits) else {
            return Proof::DoesNotHelp("the line is not there".into());
        };
        let object = match self.compile(original, &changed) {
            Ok(object) => object,
            Err(e) => return Proof::DoesNotHelp(e),
        };
        let question = Question { programs: vec![row.program.clone()], ..Question::default() };
        let systems = std::slice::from_ref(system);
        let rows = question.object(&row.object, &object, systems, &mut Nobody::default(), &|| false);
        let Some(after) = rows.ok().and_then(|r| r.into_iter().find(|r| r.program == row.program)) else {
            return Proof::DoesNotHelp("the program is gone then".into());
        };
        let words = after.message.lines().next().unwrap_or_default().to_string();
        let place = |r: &Row| r.source.as_ref().map(|s| s.text.clone());
        match after.kind {
            Kind::Accepted => Proof::Accepted,
            Kind::Rejected if after.code != row.code || place(&after) != place(row) => Proof::GetsPast(words),
            _ => Proof::DoesNotHelp(words),
        }
    }

    /// Tries every suggestion of a rejection, and puts first what helps.
    pub fn verify(&self, row: &mut Row, system: &System) {
        let Some(mut trace) = row.trace.take() else { return };
        for s in trace.suggestions.iter_mut().filter(|s| !s.edits.is_empty()) {
            s.proof = self.outcome(row, &s.edits, system);
        }
        trace.suggestions.sort_by_key(|s| match s.proof {
            Proof::Accepted => 0,
            Proof::GetsPast(_) => 1,
            Proof::NotTried => 2,
            Proof::DoesNotHelp(_) => 3,
        });
        row.trace = Some(trace);
    }
}
