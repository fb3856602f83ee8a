//! The same sources compiled for this machine, as its own compiler likes them: `-O2` and nothing turned off, so that
//! loops are unrolled and made of vectors where it finds that worth while (it does so with the last loop of the sieve,
//! and unrolls the copy). What it must not do is work beforehand, or leave work out that nobody looks at: the sources
//! hide values from it where it could.

use std::ffi::{CString, c_void};
use std::path::Path;
use std::process::Command;

/// A function of a program: context, return value.
pub type Entry = unsafe extern "C" fn(*mut c_void) -> i32;

/// A library made of one source.
pub struct Library(*mut c_void);

/// Compiles a source with optimisation.
///
/// # Errors
/// When there is no compiler, or it fails.
pub fn compile(source: &Path, folder: &Path) -> Result<Library, String> {
    let name = source.file_stem().and_then(|n| n.to_str()).unwrap_or("program");
    let out = folder.join(format!("{name}.so"));
    let mut last = "no C compiler".to_string();
    for cc in ["clang", "clang-19", "cc"] {
        let run = Command::new(cc).args(["-O2", "-fPIC", "-shared", "-w", "-o"]).arg(&out).arg(source).output();
        match run {
            Ok(o) if o.status.success() => {
                let path = CString::new(out.to_string_lossy().as_bytes()).map_err(|e| e.to_string())?;
                // SAFETY: a library that was just made of a source of ours, without constructors.
                let lib = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
                return if lib.is_null() { Err("dlopen".into()) } else { Ok(Library(lib)) };
            }
            Ok(o) => last = String::from_utf8_lossy(&o.stderr).lines().next().unwrap_or("failed").to_string(),
            Err(_) => {}
        }
    }
    Err(last)
}

impl Library {
    /// A function by name.
    pub fn entry(&self, name: &str) -> Option<Entry> {
        let name = CString::new(name).ok()?;
        // SAFETY: the library stays open; its functions have this type.
        unsafe {
            let p = libc::dlsym(self.0, name.as_ptr());
            (!p.is_null()).then(|| std::mem::transmute::<*mut c_void, Entry>(p))
        }
    }
}
