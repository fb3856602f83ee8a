//! Where requests are answered: by the running kernel, or by a distribution's kernel in an emulated machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use verifier_core::analysis::System;
use verifier_core::btf::Btf;
use verifier_core::kernel::Kernel;

use crate::recordings;

use super::{Answer, answers};

/// A kernel that can be asked.
#[derive(Clone, Debug)]
pub enum Machine {
    /// The running one, as root.
    Running {
        /// The loader program.
        loader: PathBuf,
    },
    /// One booted for the purpose.
    Emulated {
        /// The loader program, linked statically: it is the machine's first and only process.
        loader: PathBuf,
        /// The point release.
        release: String,
        /// Folder of the kernel: `image`, its types as `btf`, what it calls itself as `name`.
        files: PathBuf,
    },
}

/// The release that only the running kernel answers for.
const RUNNING: &str = "6.18";

/// Bytes of memory that an emulated machine shares with its host, which it writes its answers to. The file behind it is
/// sparse.
const SHARED: u64 = 2 << 30;

/// How long one answer may take before the machine counts as broken.
const PATIENCE: Duration = Duration::from_secs(240);

impl Machine {
    /// The machine that answers for a release, by its name (`6.12`) or point release (`6.19.10`), from a folder that
    /// `tests/guest/prepare.sh` filled.
    ///
    /// # Errors
    /// When that kernel is not there, or the running kernel is not of that release.
    pub fn prepared(release: &str, folder: &Path) -> Result<Machine, String> {
        let loader = folder.join("loader");
        if release != RUNNING {
            let measured = Kernel::all().into_iter().find(|k| k.name == release);
            let release = measured.map_or(release, |k| k.release).to_string();
            let files = folder.join(&release);
            if !files.join("image").exists() {
                return Err(format!("{} is to be filled: sh tests/guest/prepare.sh", files.display()));
            }
            return Ok(Machine::Emulated { loader, release, files });
        }
        let running = fs::read_to_string("/proc/sys/kernel/osrelease").map_err(|e| e.to_string())?;
        if !running.starts_with(&format!("{release}.")) {
            return Err(format!("the running kernel is {}, not {release}", running.trim()));
        }
        Ok(Machine::Running { loader })
    }

    /// The kernel as programs must be prepared for it, with the types that it has itself.
    ///
    /// # Errors
    /// When its BTF cannot be read, or no kernel of its release can be computed.
    pub fn system(&self) -> Result<System, String> {
        let (kernel, types) = match self {
            Machine::Running { .. } => (recordings::recorded(RUNNING), PathBuf::from("/sys/kernel/btf/vmlinux")),
            Machine::Emulated { release, files, .. } => (recordings::emulated(release)?, files.join("btf")),
        };
        let vmlinux = Btf::parse(read(&types)?, None).map(Arc::new).map_err(|e| e.to_string())?;
        Ok(System { kernel, vmlinux, modules: Vec::new() })
    }

    /// The release of its kernel, as the kernel names it.
    ///
    /// # Errors
    /// When it does not say.
    pub fn name(&self) -> Result<String, String> {
        match self {
            Machine::Running { .. } => {
                let name = fs::read_to_string("/proc/sys/kernel/osrelease").map_err(|e| e.to_string())?;
                // What follows the numbers names the host.
                Ok(name.split('-').next().unwrap_or_default().trim().to_string())
            }
            Machine::Emulated { files, .. } => {
                let name = files.join("name");
                let text = fs::read_to_string(&name).map_err(|e| format!("{}: {e}", name.display()))?;
                Ok(text.trim().to_string())
            }
        }
    }

    /// Asks; `scratch` is a folder for what is passed in and out. Answers are in the order of the requests.
    ///
    /// # Errors
    /// When the machine does not start or does not finish.
    pub fn ask(&self, requests: &str, scratch: &Path) -> Result<Vec<Answer>, String> {
        match self.ask_until_it_breaks(requests, scratch)? {
            (answers, None) => Ok(answers),
            (answers, Some(said)) => Err(format!("the answers break off after {}; {said}", answers.len())),
        }
    }

    /// The same, of a kernel that may not survive a request: the answers before it, and what the machine said then.
    ///
    /// # Errors
    /// When the machine does not start or does not answer in lines.
    pub fn ask_until_it_breaks(&self, requests: &str, scratch: &Path) -> Result<(Vec<Answer>, Option<String>), String> {
        let (text, said) = self.text(requests, &[], scratch)?;
        let (answers, ended) = answers(&text)?;
        // A machine that dies early says why on its console.
        Ok((answers, (!ended).then(|| format!("the machine said:\n{}", last_lines(&said, 60)))))
    }

    /// Lets a built bpfvet probe an emulated machine, and then asks it: files that were handed over, by name, and the
    /// answers.
    ///
    /// # Errors
    /// When the machine does not start or does not finish, or bpfvet needs a library that is not here.
    pub fn probe(&self, bpfvet: &Path, requests: &str, scratch: &Path) -> Result<(Files, Vec<Answer>), String> {
        let mut more = vec![("bpfvet".to_string(), read(bpfvet)?)];
        for library in libraries(bpfvet)? {
            more.push((library.display().to_string().trim_start_matches('/').to_string(), read(&library)?));
        }
        let (text, said) = self.text(requests, &more, scratch)?;
        let (handed, answered): (Vec<&str>, Vec<&str>) =
            text.split_inclusive('\n').partition(|l| l.starts_with("{\"file\"") || l.starts_with("{\"waiting\""));
        let files = handed.into_iter().filter_map(handed_over).collect();
        match answers(&answered.concat())? {
            (answers, true) => Ok((files, answers)),
            (answers, false) => Err(format!(
                "the answers break off after {}; the machine said:\n{}",
                answers.len(),
                last_lines(&said, 60)
            )),
        }
    }

    /// What is written down in answer, and what was said on the console. An emulated machine has more files, by name.
    fn text(&self, requests: &str, more: &[(String, Vec<u8>)], scratch: &Path) -> Result<(String, String), String> {
        fs::create_dir_all(scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
        let (asked, answered) = (scratch.join("requests"), scratch.join("answers"));
        let write = |path: &Path, bytes: &[u8]| fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()));
        let said = match self {
            Machine::Running { loader } => {
                write(&asked, requests.as_bytes())?;
                run(Command::new(loader).arg(&asked).arg(&answered))?
            }
            Machine::Emulated { loader, files, .. } => {
                let mut archive = Archive::default();
                archive.file("init", &read(loader)?);
                archive.file("requests", requests.as_bytes());
                more.iter().for_each(|(name, bytes)| archive.file_in_folders(name, bytes));
                let initrd = scratch.join("initrd");
                write(&initrd, &archive.finish())?;
                let memory = fs::File::create(&answered).and_then(|f| f.set_len(SHARED));
                memory.map_err(|e| format!("{}: {e}", answered.display()))?;
                let said = boot(&files.join("image"), &initrd, &answered)?;
                let _ = fs::remove_file(initrd);
                said
            }
        };
        let text = until_end(&answered)?;
        let _ = fs::remove_file(answered);
        Ok((text, said))
    }
}

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A file that the loader program wrote down as a line.
fn handed_over(line: &str) -> Option<(String, Vec<u8>)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let digits = line.get("data")?.as_str()?.as_bytes();
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let bytes = digits.as_chunks::<2>().0.iter().map(|p| Some(digit(p[0])? << 4 | digit(p[1])?)).collect::<Option<_>>();
    Some((line.get("file")?.as_str()?.trim_start_matches('/').to_string(), bytes?))
}

/// The shared libraries that a program needs here, with the one that loads them.
fn libraries(program: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = Command::new("ldd").arg(program).output().map_err(|e| format!("ldd: {e}"))?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    Ok(listed.split_whitespace().filter(|w| w.starts_with('/')).map(PathBuf::from).collect())
}

/// Boots a kernel with a file as shared memory, until it ends or no longer answers: what it said on its console.
fn boot(image: &Path, initrd: &Path, answered: &Path) -> Result<String, String> {
    let console = answered.with_extension("console");
    let mut machine = Command::new("qemu-system-x86_64")
        .args(["-display", "none", "-monitor", "none", "-no-reboot", "-m", "3072", "-smp", "1"])
        .args(["-accel", "tcg", "-cpu", "max", "-net", "none"])
        .arg("-serial")
        .arg(format!("file:{}", console.display()))
        .arg("-kernel")
        .arg(image)
        .arg("-initrd")
        .arg(initrd)
        .arg("-object")
        .arg(format!("memory-backend-file,id=answers,share=on,size={SHARED},mem-path={}", answered.display()))
        .args(["-device", "ivshmem-plain,memdev=answers"])
        // On a busy host the emulated timer is late, which old kernels take for a broken one.
        .args(["-append", "console=ttyS0 quiet panic=-1 no_timer_check"])
        .stdin(Stdio::null())
        .spawn()
        .map_err(|e| format!("qemu-system-x86_64: {e}"))?;
    let file = fs::File::open(answered).map_err(|e| e.to_string())?;
    let (mut at, mut since) = (0, Instant::now());
    let status = loop {
        if let Some(status) = machine.try_wait().map_err(|e| e.to_string())? {
            break Some(status);
        }
        let written = written_from(&file, at);
        if written > at {
            (at, since) = (written, Instant::now());
        }
        if since.elapsed() > PATIENCE {
            machine.kill().and_then(|()| machine.wait()).map_err(|e| e.to_string())?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let said = String::from_utf8_lossy(&fs::read(&console).unwrap_or_default()).into_owned();
    let _ = fs::remove_file(console);
    match status {
        Some(status) if !status.success() => Err(format!("qemu-system-x86_64: {status}\n{said}")),
        _ => Ok(said),
    }
}

/// How far something was written, at least, known that it was so far.
fn written_from(file: &fs::File, mut at: u64) -> u64 {
    use std::os::unix::fs::FileExt;
    let mut chunk = vec![0; 1 << 20];
    while let Ok(n) = file.read_at(&mut chunk, at) {
        let written = chunk[..n].iter().position(|b| *b == 0).unwrap_or(n);
        at += written as u64;
        if written < chunk.len() {
            break;
        }
    }
    at
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn last_lines(text: &str, n: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(n)..].join("\n")
}

/// Runs to the end: what it printed.
fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).stdout(Stdio::piped()).output().map_err(|e| format!("{name}: {e}"))?;
    let said = String::from_utf8_lossy(&done.stdout);
    if done.status.success() {
        return Ok(said.into_owned());
    }
    Err(format!("{name}: {}\n{said}{}", done.status, String::from_utf8_lossy(&done.stderr)))
}

/// Reads shared memory as far as anything was written to it: what was never written is zeros to the end.
fn until_end(path: &Path) -> Result<String, String> {
    use std::io::{BufRead, BufReader};
    let mut reader = BufReader::with_capacity(1 << 20, fs::File::open(path).map_err(|e| e.to_string())?);
    let mut text = Vec::new();
    loop {
        let chunk = reader.fill_buf().map_err(|e| e.to_string())?;
        let written = chunk.iter().position(|b| *b == 0).unwrap_or(chunk.len());
        text.extend_from_slice(&chunk[..written]);
        let (whole, n) = (written == chunk.len(), chunk.len());
        if n == 0 || !whole {
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
        reader.consume(n);
    }
}

/// A file system image for the kernel to start from. Format: "newc" cpio, as `Documentation/driver-api/early-userspace`
/// of the kernel describes it.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    fn entry(&mut self, name: &str, mode: u32, contents: &[u8]) {
        self.entries += 1;
        let fields = [
            self.entries,
            mode,
            0,
            0,
            1,
            0,
            u32::try_from(contents.len()).unwrap_or(u32::MAX),
            0,
            0,
            0,
            0,
            name.len() as u32 + 1,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for f in fields {
            self.bytes.extend_from_slice(format!("{f:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend_from_slice(contents);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn file(&mut self, name: &str, contents: &[u8]) {
        self.entry(name, 0o100_755, contents);
    }

    /// A file whose folders are made before it; one that is there already stays.
    fn file_in_folders(&mut self, name: &str, contents: &[u8]) {
        for (at, _) in name.match_indices('/') {
            self.entry(&name[..at], 0o040_755, &[]);
        }
        self.file(name, contents);
    }

    fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }
}
