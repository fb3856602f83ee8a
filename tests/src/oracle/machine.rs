//! Where requests are answered: by the running kernel, or by a distribution's kernel in an emulated machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use verifier_core::analysis::System;
use verifier_core::btf::Btf;

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
        /// Kernel image.
        image: PathBuf,
        /// Folder of the modules that the disk needs (`NAME.ko`).
        modules: PathBuf,
    },
}

/// The release that is emulated, and Debian's name of its kernel.
const EMULATED: (&str, &str) = ("6.12", "6.12.117+deb12-cloud-amd64");

/// Bytes of the disk that answers are written to; the file is sparse.
const DISK: u64 = 8 << 30;

impl Machine {
    /// The machine that answers for a release, from a folder that `tests/guest/prepare.sh` filled.
    ///
    /// # Errors
    /// When the running kernel is not of that release.
    pub fn prepared(release: &str, folder: &Path) -> Result<Machine, String> {
        let loader = folder.join("loader");
        if release == EMULATED.0 {
            let files = folder.join(EMULATED.1);
            return Ok(Machine::Emulated { loader, image: files.join("image"), modules: files.join("modules") });
        }
        let running = fs::read_to_string("/proc/sys/kernel/osrelease").map_err(|e| e.to_string())?;
        if !running.starts_with(&format!("{release}.")) {
            return Err(format!("the running kernel is {}, not {release}", running.trim()));
        }
        Ok(Machine::Running { loader })
    }

    /// The kernel as programs must be prepared for it: a running one has types of its own.
    ///
    /// # Errors
    /// When its BTF cannot be read.
    pub fn system(&self, release: &str) -> Result<System, String> {
        let kernel = crate::recordings::recorded(release);
        let vmlinux = match self {
            Machine::Running { .. } => Btf::parse(read(Path::new("/sys/kernel/btf/vmlinux"))?, None).map(Arc::new),
            Machine::Emulated { .. } => verifier_core::program::vmlinux(&kernel),
        };
        Ok(System { kernel, vmlinux: vmlinux.map_err(|e| e.to_string())?, modules: Vec::new() })
    }

    /// The release of its kernel, as the kernel names it.
    ///
    /// # Errors
    /// When the running kernel does not say.
    pub fn name(&self) -> Result<String, String> {
        match self {
            Machine::Running { .. } => {
                let name = fs::read_to_string("/proc/sys/kernel/osrelease").map_err(|e| e.to_string())?;
                // What follows the numbers names the host.
                Ok(name.split('-').next().unwrap_or_default().trim().to_string())
            }
            Machine::Emulated { .. } => Ok(EMULATED.1.to_string()),
        }
    }

    /// Asks; `scratch` is a folder for what is passed in and out. Answers are in the order of the requests.
    ///
    /// # Errors
    /// When the machine does not start or does not finish.
    pub fn ask(&self, requests: &str, scratch: &Path) -> Result<Vec<Answer>, String> {
        fs::create_dir_all(scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
        let (asked, answered) = (scratch.join("requests"), scratch.join("answers"));
        let write = |path: &Path, bytes: &[u8]| fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()));
        let said = match self {
            Machine::Running { loader } => {
                write(&asked, requests.as_bytes())?;
                run(Command::new(loader).arg(&asked).arg(&answered))?
            }
            Machine::Emulated { loader, image, modules } => {
                let mut archive = Archive::default();
                archive.folder("modules");
                archive.file("init", &read(loader)?);
                for entry in fs::read_dir(modules).map_err(|e| e.to_string())?.flatten() {
                    archive.file(&format!("modules/{}", entry.file_name().to_string_lossy()), &read(&entry.path())?);
                }
                archive.file("requests", requests.as_bytes());
                let initrd = scratch.join("initrd");
                write(&initrd, &archive.finish())?;
                let disk = fs::File::create(&answered).and_then(|f| f.set_len(DISK));
                disk.map_err(|e| format!("{}: {e}", answered.display()))?;
                let said = run(Command::new("qemu-system-x86_64")
                    .args(["-nographic", "-no-reboot", "-m", "3072", "-smp", "1", "-accel", "tcg", "-cpu", "max"])
                    .arg("-kernel")
                    .arg(image)
                    .arg("-initrd")
                    .arg(&initrd)
                    .arg("-drive")
                    .arg(format!("file={},format=raw,if=virtio", answered.display()))
                    .args(["-append", "console=ttyS0 quiet panic=-1"]))?;
                let _ = fs::remove_file(initrd);
                said
            }
        };
        let text = until_end(&answered)?;
        let _ = fs::remove_file(answered);
        // A machine that dies early says why on its console.
        answers(&text).map_err(|e| format!("{e}; the machine said:\n{}", last_lines(&said, 60)))
    }
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

/// Reads a disk as far as anything was written to it: what was never written is zeros to the disk's end.
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

    fn folder(&mut self, name: &str) {
        self.entry(name, 0o040_755, &[]);
    }

    fn file(&mut self, name: &str, contents: &[u8]) {
        self.entry(name, 0o100_755, contents);
    }

    fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }
}
