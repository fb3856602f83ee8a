//! The objects of a workspace: which there are, which were rebuilt, and what was answered about each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use verifier_core::analysis::System;

use crate::args::{ConfigArgs, LspArgs, TargetArgs};
use crate::ask::Question;
use crate::contract::Contracts;
use crate::pool::STACK;
use crate::study::{Studied, Wanted, study};
use crate::{clean, input, target};

/// Most objects that are watched.
const MOST: usize = 2000;
/// Most files that are looked through for the source of an object.
const MOST_FILES: usize = 20_000;

/// When a file was written, and how long it is.
type Stamp = (SystemTime, u64);

/// What was answered about an object.
pub(super) struct Checked {
    pub object: PathBuf,
    pub answers: Vec<Studied>,
    /// Why there are no answers.
    pub problem: Option<String>,
}

/// One object.
#[derive(Default)]
struct Watched {
    stamp: Option<Stamp>,
    answers: Vec<Studied>,
    busy: bool,
    /// What costs and values are, once they were asked for.
    close: Option<Arc<Vec<Studied>>>,
}

/// Kernels that were opened, by the words that name them: their types are read once.
type Systems = Arc<Mutex<BTreeMap<Vec<String>, Arc<Vec<System>>>>>;

/// All objects.
pub(super) struct Objects {
    roots: Vec<PathBuf>,
    target: TargetArgs,
    config: ConfigArgs,
    all: BTreeMap<PathBuf, Watched>,
    systems: Systems,
    results: Sender<Checked>,
    id: i32,
}

fn stamp(file: &Path) -> Option<Stamp> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.modified().ok()?, about.len()))
}

impl Objects {
    pub fn new(roots: Vec<PathBuf>, args: &LspArgs, results: Sender<Checked>) -> Objects {
        Objects {
            roots,
            target: args.target.clone(),
            config: args.config.clone(),
            all: BTreeMap::new(),
            systems: Systems::default(),
            results,
            id: 0,
        }
    }

    /// Looks for objects that were not there.
    pub fn search(&mut self) {
        for file in self.roots.iter().filter_map(|r| input::files(std::slice::from_ref(r)).ok()).flatten().take(MOST) {
            self.all.entry(file).or_default();
        }
    }

    /// Asks about objects that were written since they were looked at.
    pub fn look(&mut self) {
        let mut due = Vec::new();
        for (file, watched) in self.all.iter_mut().filter(|(_, w)| !w.busy) {
            let now = stamp(file);
            if now == watched.stamp {
                continue;
            }
            watched.stamp = now;
            watched.close = None;
            match now {
                Some(_) => {
                    watched.busy = true;
                    due.push(file.clone());
                }
                None => watched.answers.clear(),
            }
        }
        due.into_iter().for_each(|file| self.check(file));
    }

    /// Asks about an object on a thread of its own.
    fn check(&self, file: PathBuf) {
        let (target, config, systems) = (self.target.clone(), self.config.clone(), Arc::clone(&self.systems));
        let results = self.results.clone();
        let wanted = Wanted { cost: false, values: false };
        let work = move || {
            let answers = ask(&file, &target, &config, &systems, wanted);
            let (answers, problem) = match answers {
                Ok(answers) => (answers, None),
                // A file that is being written is no object yet; the next look finds it whole.
                Err(e) => (Vec::new(), Some(e)),
            };
            // Who went away does not wait for answers.
            let _ = results.send(Checked { object: file, answers, problem });
        };
        // Without a thread there is no answer this time.
        let _ = std::thread::Builder::new().stack_size(STACK).spawn(work);
    }

    pub fn take(&mut self, result: Checked) {
        let watched = self.all.entry(result.object).or_default();
        watched.busy = false;
        watched.answers = result.answers;
    }

    /// Every answer that there is.
    pub fn answers(&self) -> impl Iterator<Item = (&Path, &Studied)> {
        self.all.iter().flat_map(|(file, w)| w.answers.iter().map(move |a| (file.as_path(), a)))
    }

    /// Answers about objects that have a source file, with costs and values; made when they are asked for.
    pub fn closely(&mut self, source: &Path) -> Vec<Arc<Vec<Studied>>> {
        let of = |this: &Objects, object: &Path, w: &Watched| {
            w.answers
                .iter()
                .filter_map(|a| a.begins.as_ref())
                .any(|(f, _)| this.source(object, f).as_deref() == Some(source))
                || w.answers
                    .iter()
                    .any(|a| a.lines.keys().any(|(f, _)| this.source(object, f).as_deref() == Some(source)))
        };
        let objects: Vec<PathBuf> =
            self.all.iter().filter(|(o, w)| of(self, o, w)).map(|(o, _)| o.clone()).take(4).collect();
        let wanted = Wanted { cost: true, values: true };
        let mut out = Vec::new();
        for object in objects {
            let known = self.all.get(&object).and_then(|w| w.close.clone());
            let close = match known {
                Some(close) => close,
                None => match ask(&object, &self.target, &self.config, &self.systems, wanted) {
                    Ok(answers) => Arc::new(answers),
                    Err(_) => continue,
                },
            };
            if let Some(w) = self.all.get_mut(&object) {
                w.close = Some(Arc::clone(&close));
            }
            out.push(close);
        }
        out
    }

    /// The file that a compiler was given under a name, as far as it can be found.
    pub fn source(&self, object: &Path, name: &str) -> Option<PathBuf> {
        let path = Path::new(name);
        let there = |p: PathBuf| p.canonicalize().ok().filter(|p| p.is_file());
        if path.is_absolute() {
            return there(path.to_path_buf());
        }
        let near = object.parent()?.ancestors().take(8).map(|f| f.join(path)).find_map(there);
        near.or_else(|| self.roots.iter().find_map(|r| there(r.join(path)))).or_else(|| {
            let mut left = MOST_FILES;
            self.roots.iter().find_map(|r| find(r, path.file_name()?, &mut left, 12))
        })
    }

    /// Whether lenses are shown again after answers came.
    pub fn refreshes(&self) -> bool {
        !self.all.is_empty()
    }

    pub fn next_id(&mut self) -> i32 {
        self.id += 1;
        self.id
    }
}

/// A file of a name below a folder.
fn find(dir: &Path, name: &std::ffi::OsStr, left: &mut usize, depth: usize) -> Option<PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(dir).ok()?.flatten().collect();
    *left = left.checked_sub(entries.len())?;
    let file = entries.iter().find(|e| e.file_name() == name && e.file_type().is_ok_and(|t| t.is_file()));
    if let Some(file) = file {
        return file.path().canonicalize().ok();
    }
    let folder = |e: &&std::fs::DirEntry| {
        e.file_type().is_ok_and(|t| t.is_dir()) && !e.file_name().as_encoded_bytes().starts_with(b".")
    };
    let deeper = depth.checked_sub(1)?;
    entries.iter().filter(folder).find_map(|e| find(&e.path(), name, left, deeper))
}

/// Asks about every program and variant of an object.
fn ask(
    file: &Path,
    target: &TargetArgs,
    config: &ConfigArgs,
    systems: &Systems,
    wanted: Wanted,
) -> Result<Vec<Studied>, String> {
    let bytes = input::read(file)?;
    if !matches!(input::what(&bytes), input::What::Object) {
        return Ok(Vec::new());
    }
    let name = file.display().to_string();
    let mut out = Vec::new();
    for plan in Contracts::new(config).plans(file)? {
        let target = target.or(&plan.kernels);
        let words: Vec<String> = target.kernels().iter().map(|k| (*k).to_string()).collect();
        let mut known = systems.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match known.get(&words) {
            Some(opened) => Arc::clone(opened),
            None => {
                let opened = Arc::new(target::systems(&target)?);
                known.insert(words, Arc::clone(&opened));
                opened
            }
        };
        drop(known);
        let time = Some(std::time::Duration::from_secs(60));
        let question = Question { explain: true, time, plan, ..Question::default() };
        let answers = study(&question, &name, &bytes, &opened, wanted, &|| false);
        out.extend(answers.map_err(|e| format!("{}: {}", clean::path(file), clean::lines(&e.to_string())))?);
    }
    Ok(out)
}
