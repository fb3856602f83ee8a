//! `bpfvet.toml`: what objects and their loader agree on, and what is expected of them.
//!
//! Found upward from the object, read whole or refused with every mistake ([`read`]), and turned into one [`Plan`] for each
//! variant of an object. A plan's settings go the way that every object is opened; nothing else here touches an answer.

pub mod check;
pub mod init;
pub mod plan;
pub mod read;
pub mod shape;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use verifier_core::program::glob;

use crate::args::{CONFIG_NAME, ConfigArgs};
use crate::clean;
use check::Mistake;
use plan::Plan;
use read::Said;

/// Largest file that is read, in bytes.
const MOST: u64 = 1 << 20;
/// Most mistakes that are shown.
const SHOWN: usize = 20;
/// Deepest folder from which files are looked for upward.
const DEPTH: usize = 64;

/// A file and its text, for messages about places in it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file as it is shown.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
}

impl Source {
    /// `bpfvet.toml:3:1`, for a place in bytes.
    pub fn place(&self, span: &Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", clean::path(&self.file))
    }

    /// A mistake in one line.
    pub fn line(&self, mistake: &Mistake) -> String {
        let help = mistake.help.as_ref().map_or(String::new(), |h| format!("; {h}"));
        format!("{}: {}{help}", self.place(&mistake.span), mistake.words)
    }

    /// Mistakes with the lines that they stand on.
    pub fn show(&self, mistakes: &[Mistake]) -> String {
        let mut out = String::new();
        for m in mistakes.iter().take(SHOWN) {
            // What is shown is cut at lines, so that one file of one long line shows no more than it must.
            let (from, text) = self.window(&m.span);
            let at = |n: usize| {
                let n = n.saturating_sub(from).min(text.len());
                (0..=n).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0)
            };
            let span = at(m.span.start)..at(m.span.end).max(at(m.span.start));
            let line = self.text.get(..from).unwrap_or_default().matches('\n').count() + 1;
            let words = clean::line(&m.words);
            let mut group = Level::ERROR.primary_title(words).element(
                Snippet::source(text)
                    .line_start(line)
                    .path(clean::path(&self.file))
                    .annotation(AnnotationKind::Primary.span(span)),
            );
            if let Some(help) = &m.help {
                group = group.element(Level::HELP.message(clean::line(help)));
            }
            out.push_str(&Renderer::plain().render(&[group]));
            out.push('\n');
        }
        if mistakes.len() > SHOWN {
            out.push_str(&format!("and {} more mistakes\n", mistakes.len() - SHOWN));
        }
        clean::lines(&out)
    }

    /// The lines around a place, without their line ends' companions, and where they begin.
    fn window(&self, span: &Range<usize>) -> (usize, &str) {
        let start = (0..=span.start.min(self.text.len())).rev().find(|n| self.text.is_char_boundary(*n)).unwrap_or(0);
        let from = self.text[..start].rfind('\n').map_or(0, |n| n + 1);
        let to = self.text[start..].find('\n').map_or(self.text.len(), |n| start + n);
        const WIDE: usize = 400;
        let cut = |n: usize| (0..=n).rev().find(|n| self.text.is_char_boundary(*n)).unwrap_or(0);
        let from = if start - from > WIDE { cut(start - WIDE) } else { from };
        let to = if to - from > 2 * WIDE { cut(from + 2 * WIDE) } else { to };
        (from, &self.text[from..to.max(from)])
    }
}

/// A file that was read.
#[derive(Debug)]
pub struct Contract {
    /// Where it stands.
    pub source: Source,
    /// What it says.
    pub said: Said,
}

impl Contract {
    /// Reads a file.
    ///
    /// # Errors
    /// That it cannot be read, or every mistake in it, with its place.
    pub fn read(file: &Path) -> Result<Contract, String> {
        use std::io::Read;
        let failed = |e: std::io::Error| format!("{}: {e}", clean::path(file));
        let mut bytes = Vec::new();
        std::fs::File::open(file).map_err(failed)?.take(MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MOST {
            return Err(format!("{}: larger than {} MiB", clean::path(file), MOST >> 20));
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            format!("{}:{line}: it is not UTF-8", clean::path(file))
        })?;
        Contract::parse(file, text)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Every mistake in it, with its place.
    pub fn parse(file: &Path, text: String) -> Result<Contract, String> {
        let source = Source { file: file.to_path_buf(), text };
        match read::read(&source.text) {
            Ok(said) => Ok(Contract { source, said }),
            Err(mistakes) => {
                let many =
                    if mistakes.len() == 1 { "a mistake".into() } else { format!("{} mistakes", mistakes.len()) };
                Err(format!("{many} in {}\n{}", clean::path(&source.file), source.show(&mistakes)))
            }
        }
    }

    /// The folder that patterns of files are relative to.
    fn folder(&self) -> PathBuf {
        let file = absolute(&self.source.file);
        file.parent().map(Path::to_path_buf).unwrap_or_default()
    }

    /// What holds for an object: the first part whose patterns match.
    pub fn part(&self, object: &Path) -> Option<&read::ObjectPart> {
        let path = absolute(object);
        let inside = path.strip_prefix(self.folder()).ok().map(|p| p.to_string_lossy().into_owned());
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let fits = |pattern: &String| {
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            let whole = inside.as_deref().is_some_and(|p| glob(pattern, p));
            whole || !pattern.contains('/') && glob(pattern, &name)
        };
        self.said.objects.iter().find(|o| o.files.iter().any(fits))
    }
}

/// A path from the root on, without `.` and `..`, links followed where it exists.
fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf())
}

/// The files that hold for objects, each read once.
#[derive(Debug, Default)]
pub struct Contracts {
    given: Option<PathBuf>,
    off: bool,
    read: HashMap<PathBuf, Arc<Contract>>,
    by_folder: HashMap<PathBuf, Option<PathBuf>>,
}

impl Contracts {
    /// As the command line says.
    pub fn new(args: &ConfigArgs) -> Contracts {
        Contracts { given: args.config.clone(), off: args.no_config, ..Contracts::default() }
    }

    /// The file that holds for an object.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn of(&mut self, object: &Path) -> Result<Option<Arc<Contract>>, String> {
        let file = match (&self.given, self.off) {
            (_, true) => return Ok(None),
            (Some(file), _) => file.clone(),
            (None, _) if object.as_os_str() == "-" => return Ok(None),
            (None, _) => match self.upward(object) {
                Some(file) => file,
                None => return Ok(None),
            },
        };
        if let Some(known) = self.read.get(&file) {
            return Ok(Some(Arc::clone(known)));
        }
        let contract = Arc::new(Contract::read(&file)?);
        self.read.insert(file, Arc::clone(&contract));
        Ok(Some(contract))
    }

    /// The nearest file of the name, from the object's folder up.
    fn upward(&mut self, object: &Path) -> Option<PathBuf> {
        let folder = absolute(object).parent()?.to_path_buf();
        let found = self
            .by_folder
            .entry(folder.clone())
            .or_insert_with(|| folder.ancestors().take(DEPTH).map(|f| f.join(CONFIG_NAME)).find(|f| f.is_file()));
        found.as_deref().map(relative)
    }

    /// The plans of an object, one for each variant; one that asks nothing where no file says anything of it.
    ///
    /// # Errors
    /// Every mistake in the file that holds for it.
    pub fn plans(&mut self, object: &Path) -> Result<Vec<Arc<Plan>>, String> {
        let plans = match self.of(object)? {
            Some(contract) => Plan::all(&contract, object),
            None => vec![Plan::default()],
        };
        Ok(plans.into_iter().map(Arc::new).collect())
    }

    /// The files that were read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.read.keys().map(PathBuf::as_path)
    }
}

/// A path as it is shown: below the working directory, from there.
fn relative(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok().map(|h| absolute(&h));
    here.and_then(|h| path.strip_prefix(h).ok().map(Path::to_path_buf)).unwrap_or_else(|| path.to_path_buf())
}
