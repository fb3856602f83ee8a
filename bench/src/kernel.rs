//! The running kernel as an engine: a program with its maps, and the time of its runs by the kernel's own clock.

use std::io;
use std::time::Duration;

use bpfvet_helpers::kernel::{self, Map, Prog};
use verifier_core::program::LoadRequest;

/// A loaded program with its maps.
pub struct Loaded {
    prog: Prog,
    _maps: Vec<(i32, Map)>,
}

/// Loads a program; `fill` gives keys and values of a map by its name. Per-CPU values are given once and written for
/// every CPU.
///
/// # Errors
/// What the kernel says, with its log.
pub fn load(req: &LoadRequest, fill: impl Fn(&str) -> Vec<(Vec<u8>, Vec<u8>)>) -> Result<Loaded, String> {
    let mut maps = Vec::new();
    for spec in &req.maps {
        let fail = |e: io::Error| format!("map {}: {e}", spec.name);
        let map = Map::create(spec, None).map_err(fail)?;
        for (key, value) in fill(&spec.name) {
            map.update(&key, &value, 0).map_err(fail)?;
        }
        maps.push((spec.fd, map));
    }
    let prog = kernel::load(&LoadRequest { func_info: Vec::new(), ..req.clone() }, &maps, None)?;
    Ok(Loaded { prog, _maps: maps })
}

impl Loaded {
    /// Runs it `repeat` times on a packet: the last return value, and the time of one run.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn run(&self, packet: &[u8], repeat: u32) -> io::Result<(u64, Duration)> {
        let ran = self.prog.repeat(packet, repeat)?;
        Ok((ran.retval.into(), ran.time))
    }
}
