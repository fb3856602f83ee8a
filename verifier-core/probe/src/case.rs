//! One program that a kernel is asked about, as the corpus keeps it: a text with directives in its first comment lines.
//!
//! Where the files of cases come from is somebody else's: a folder, or what is packed into the binary. Which releases a
//! case is recorded with, and what is expected of it, is the tests' business.

use std::borrow::Cow;
use std::sync::Arc;

use verifier_core::analysis::{Options, System, Verdict, verify};
use verifier_core::btf::{Btf, validate};
use verifier_core::program::request::{Privilege, TargetProg};
use verifier_core::program::{LoadRequest, OpenOptions, btf_rules, open};

use crate::{assembly, form};

/// Keys of directives that tell what is loaded, whatever language the case is written in.
pub const KEYS: [&str; 5] = ["caps", "flags", "log", "prog", "replaces"];

/// Flags by name, from the lowest bit on.
const FLAGS: [&str; 8] = [
    "strict_alignment",
    "any_alignment",
    "test_rnd_hi32",
    "test_state_freq",
    "sleepable",
    "xdp_has_frags",
    "xdp_dev_bound_only",
    "test_reg_invariants",
];

/// Where the files of cases are.
pub trait Files {
    /// A file by its name below the folder of all cases: `btf/plain.o`.
    ///
    /// # Errors
    /// In words, naming the file.
    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, String>;
}

/// What language a case is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// Assembly, as the kernel's log prints it.
    Assembly,
    /// C, compiled into an object beside it.
    C,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// `TOPIC/NAME`.
    pub name: String,
    /// Folder that the files it names are in.
    topic: String,
    language: Language,
    directives: Vec<(String, String)>,
    text: String,
}

impl Case {
    /// A case from its text.
    pub fn new(name: &str, topic: &str, language: Language, text: &str) -> Case {
        let directives = form::directives(text);
        Case { name: name.into(), topic: topic.into(), language, directives, text: text.into() }
    }

    /// Whether it is an object that a loader takes to the kernel; what is in assembly goes as it stands.
    pub fn goes_through_loader(&self) -> bool {
        self.language == Language::C
    }

    /// Directives in order: key and value.
    pub fn directives(&self) -> &[(String, String)] {
        &self.directives
    }

    /// Values of a directive, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.directives.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The value of a directive that stands at most once.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.directives.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Who loads.
    ///
    /// # Errors
    /// A word that is no capability.
    pub fn privilege(&self) -> Result<Privilege, String> {
        let Some(list) = self.one("caps") else { return Ok(Privilege::ROOT) };
        let mut p = Privilege::NONE;
        for word in list.split([',', ' ']).filter(|w| !w.is_empty()) {
            match word {
                "none" => {}
                "bpf" => p.bpf = true,
                "perfmon" => p.perfmon = true,
                "net_admin" => p.net_admin = true,
                "sys_admin" => p.sys_admin = true,
                _ => return Err(format!("`{word}` is no capability")),
            }
        }
        Ok(p)
    }

    /// The log level that it is asked with.
    pub fn log_level(&self) -> u32 {
        self.one("log").and_then(|l| l.parse().ok()).unwrap_or(2)
    }

    fn flags(&self) -> Result<u32, String> {
        let mut flags = 0;
        for word in self.all("flags").flat_map(|l| l.split([',', ' '])).filter(|w| !w.is_empty()) {
            let bit = FLAGS.iter().position(|n| *n == word).map(|i| 1 << i);
            flags |= bit.or_else(|| number(word)).ok_or_else(|| format!("no flag is called `{word}`"))?;
        }
        Ok(flags)
    }

    /// The contents of a file that it names.
    pub(crate) fn file<'f>(&self, file: &str, files: &'f dyn Files) -> Result<Cow<'f, [u8]>, String> {
        files.read(&form::beside(&self.topic, file))
    }

    /// The load that a kernel is asked about.
    ///
    /// # Errors
    /// In words of the loader, when it would not come to a load.
    pub fn request(&self, system: &System, files: &dyn Files) -> Result<LoadRequest, String> {
        let flags = self.flags()?;
        match self.language {
            Language::Assembly => {
                let mut request = assembly::request(self, &self.text, system, files)?;
                request.prog_flags |= flags;
                Ok(request)
            }
            Language::C => {
                let target = self.replaced(system, files)?;
                let object = format!("{}.o", self.name.rsplit('/').next().unwrap_or_default());
                self.object_program(&object, self.one("prog"), flags, target, system, files)
            }
        }
    }

    /// The accepted program that it attaches to.
    pub(crate) fn replaced(&self, system: &System, files: &dyn Files) -> Result<Option<Arc<TargetProg>>, String> {
        let mut target = None;
        for file in self.one("replaces").unwrap_or_default().split_whitespace() {
            let request = if file.ends_with(".s") {
                let text = self.file(file, files)?;
                let plain = Case::new(file, &self.topic, Language::Assembly, &String::from_utf8_lossy(&text));
                plain.request(system, files)?
            } else {
                self.object_program(file, None, 0, target.take(), system, files)?
            };
            match verify(system, &request, &Options::default()).verdict {
                Verdict::Accepted(program) => target = Some(Arc::new(program.as_target())),
                _ => return Err(format!("{file} does not load")),
            }
        }
        Ok(target)
    }

    /// The request of one program of an object: the one named, or the first.
    fn object_program(
        &self,
        file: &str,
        name: Option<&str>,
        prog_flags: u32,
        target: Option<Arc<TargetProg>>,
        system: &System,
        files: &dyn Files,
    ) -> Result<LoadRequest, String> {
        let bytes = self.file(file, files)?;
        let options = OpenOptions {
            vmlinux: Some(system.vmlinux.clone()),
            modules: system.modules.clone(),
            prog_flags,
            target,
            ..OpenOptions::new(&system.kernel, file)
        };
        let object = open(&bytes, &options).map_err(|e| e.to_string())?;
        // Maps are created before any program is loaded.
        if let Some(broken) = &object.broken {
            return Err(broken.words.join("\n"));
        }
        let program = object.programs.iter().find(|p| name.is_none_or(|n| p.name == n)).ok_or("no such program")?;
        program.result.clone().map_err(|e| e.words.join("\n"))
    }
}

/// The load that comes of a request: a loader goes on without the BTF that the kernel refuses.
pub fn without_refused_btf(mut request: LoadRequest, system: &System) -> LoadRequest {
    let rules = btf_rules(&system.kernel.features);
    let refused = |btf: &Option<Arc<Btf>>| btf.as_ref().is_some_and(|btf| validate(btf, rules).is_err());
    if refused(&request.btf) {
        request.btf = None;
        request.func_info.clear();
        request.line_info.clear();
    }
    for map in request.maps.iter_mut().filter(|map| refused(&map.btf)) {
        map.btf = None;
        (map.btf_key_type_id, map.btf_value_type_id) = (0, 0);
    }
    request
}

/// Decimal or hexadecimal.
pub(crate) fn number<T: TryFrom<u64>>(word: &str) -> Option<T> {
    let n = match word.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => word.parse().ok()?,
    };
    T::try_from(n).ok()
}
