//! Names in requests: each at most [`LONGEST`] bytes, and only so many, so that nothing that is said of them, compared with
//! them or made of them grows with what a client sends.

use tonic::Status;

use super::proto::input::What;
use super::proto::{self, RawMap};
use super::status::invalid_field;

/// Most bytes of a name.
pub const LONGEST: usize = 256;
/// Most kernels, patterns, modules and maps.
const KERNELS: usize = 64;
const PATTERNS: usize = 64;
const MODULES: usize = 256;
const MAPS: usize = 4096;
/// Most CPUs of a machine.
const CPUS: u32 = 8192;
/// Most templates of maps within each other: the kernel has one.
const DEPTH: usize = 8;

fn name(field: &str, name: &str) -> Result<(), Status> {
    let n = name.len();
    if n <= LONGEST { Ok(()) } else { Err(invalid_field(field, format!("{n} bytes; a name has at most {LONGEST}"))) }
}

fn number(field: &str, n: usize, most: usize) -> Result<(), Status> {
    if n <= most { Ok(()) } else { Err(invalid_field(field, format!("{n} of them; there may be {most}"))) }
}

/// Names of what is to be verified.
///
/// # Errors
/// Which one is too long, or of what there are too many.
pub fn input(file: &str, what: &What) -> Result<(), Status> {
    name("input.name", file)?;
    let What::Raw(p) = what else { return Ok(()) };
    name("input.raw.name", &p.name)?;
    name("input.raw.kernel_name", &p.kernel_name)?;
    name("input.raw.attach_function", &p.attach_function)?;
    name("input.raw.license", &p.license)?;
    number("input.raw.maps", p.maps.len(), MAPS)?;
    for m in &p.maps {
        map(m)?;
    }
    p.kfunc_refs.iter().try_for_each(|k| name("input.raw.kfunc_refs.kfunc", &k.kfunc))
}

fn map(map: &RawMap) -> Result<(), Status> {
    let (mut map, mut depth) = (Some(map), 0);
    while let Some(m) = map {
        depth += 1;
        number("input.raw.maps.inner", depth, DEPTH)?;
        name("input.raw.maps.name", &m.name)?;
        map = m.inner.as_deref();
    }
    Ok(())
}

/// Names of kernels and modules.
///
/// # Errors
/// Which one is too long, or of what there are too many.
pub fn target(target: &proto::Target) -> Result<(), Status> {
    number("target.kernels", target.kernels.len(), KERNELS)?;
    number("target.modules", target.modules.len(), MODULES)?;
    if target.cpus > CPUS {
        return Err(invalid_field("target.cpus", format!("{}; Linux runs on up to {CPUS}", target.cpus)));
    }
    target.kernels.iter().try_for_each(|k| name("target.kernels", k))?;
    target.modules.iter().try_for_each(|m| name("target.modules.name", &m.name))
}

/// Names in options.
///
/// # Errors
/// Which one is too long, or of what there are too many.
pub fn options(options: &proto::Options) -> Result<(), Status> {
    number("options.programs", options.programs.len(), PATTERNS)?;
    name("options.prog_type", &options.prog_type)?;
    options.programs.iter().try_for_each(|p| name("options.programs", p))
}

/// The code of a page.
///
/// # Errors
/// It is too long.
pub fn code(code: &str) -> Result<(), Status> {
    name("code", code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_an_end() {
        let long = "x".repeat(LONGEST + 1);
        let refused = |r: Result<(), Status>| r.is_err_and(|e| e.code() == tonic::Code::InvalidArgument);
        assert!(input(&long[1..], &What::Object(Vec::new())).is_ok());
        assert!(refused(input(&long, &What::Object(Vec::new()))));
        assert!(refused(target(&proto::Target { kernels: vec![long.clone()], ..Default::default() })));
        assert!(refused(target(&proto::Target { kernels: vec![String::new(); 65], ..Default::default() })));
        assert!(refused(options(&proto::Options { programs: vec!["*".into(); 65], ..Default::default() })));
        let raw = |p: proto::RawProgram| input("x", &What::Raw(p));
        assert!(refused(raw(proto::RawProgram { license: long.clone(), ..Default::default() })));
        let deep = (0..9).fold(RawMap::default(), |m, _| RawMap { inner: Some(Box::new(m)), ..Default::default() });
        assert!(refused(raw(proto::RawProgram { maps: vec![deep], ..Default::default() })));
        assert!(refused(raw(proto::RawProgram {
            maps: vec![RawMap { name: long, ..Default::default() }],
            ..Default::default()
        })));
    }
}
