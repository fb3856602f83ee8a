//! The engines side by side: each runs a program a number of times and tells result and time.

use std::ffi::c_void;
use std::path::Path;
use std::time::{Duration, Instant};

use verifier_core::analysis::{Options, System, Verdict, Verified, verify};
use verifier_core::isa::Insn;
use verifier_core::kernel::Kernel;
use verifier_core::program::{LoadRequest, OpenOptions, open};
use verifier_runtime::cx::Stack;
use verifier_runtime::engine::run_linked;
use verifier_runtime::interp::Interp;
use verifier_runtime::jit::Jit;
use verifier_runtime::map::Map;
use verifier_runtime::memory::Reservation;
use verifier_runtime::{Cx, Engine, Linked, Vm};

use crate::{kernel, native};

/// Names of the engines, in the order of [`Bench::engines`].
pub const NAMES: [&str; 7] = ["jit", "native", "kernel", "rbpf-jit", "rbpf-clif", "interp", "rbpf-int"];

/// One engine: so many runs, the last result, the time of one run.
pub type Runner<'a> = Box<dyn FnMut(u32) -> Result<(u64, Duration), String> + 'a>;

/// A program with all it needs.
pub struct Bench {
    pub name: String,
    verified: Verified,
    vm: Vm,
    program: Linked,
    /// Context, and the packet from [`PACKET_AT`] on.
    memory: Reservation,
    native: Option<native::Entry>,
}

/// Where the packet lies in the memory of a program; before it lies the context. Other engines want one piece.
const PACKET_AT: usize = 64;

/// The packet: 1500 bytes of Ethernet, IPv4 and TCP with right checksums.
pub fn packet() -> Vec<u8> {
    let mut p: Vec<u8> = (0..1500u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    p[12..14].copy_from_slice(&[8, 0]);
    let total = (p.len() - 14) as u16;
    p[14..34].copy_from_slice(&[0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 172, 16, 5, 9, 10, 200, 1, 2]);
    p[16..18].copy_from_slice(&total.to_be_bytes());
    p[36..38].copy_from_slice(&[0x1f, 0x90]);
    let sum = |bytes: &[u8], start: u32| {
        let words = bytes.chunks(2).map(|c| u32::from(c[0]) << 8 | c.get(1).map_or(0, |b| u32::from(*b)));
        let mut s = words.fold(start, |a, w| a + w);
        while s >> 16 != 0 {
            s = (s & 0xffff) + (s >> 16);
        }
        !(s as u16)
    };
    let ip = sum(&p[14..34], 0);
    p[24..26].copy_from_slice(&ip.to_be_bytes());
    p[50..52].fill(0);
    let pseudo =
        p[26..34].chunks(2).fold(6 + u32::from(total) - 20, |a, c| a + (u32::from(c[0]) << 8) + u32::from(c[1]));
    let tcp = sum(&p[34..], pseudo);
    p[50..52].copy_from_slice(&tcp.to_be_bytes());
    p
}

/// What the maps of the lookup programs hold: keys 0 to 1023.
fn contents(map: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let keyed = |k: u32| match map {
        "lpm_trie" => [32u32.to_ne_bytes(), k.to_ne_bytes()].concat(),
        _ => k.to_ne_bytes().to_vec(),
    };
    match map {
        "array" | "hash" | "percpu_array" | "percpu_hash" | "lru_hash" | "lpm_trie" => {
            (0..1024).map(|k| (keyed(k), u64::from(k * 3 + 1).to_ne_bytes().to_vec())).collect()
        }
        _ => Vec::new(),
    }
}

/// Opens the programs of an object.
///
/// # Errors
/// What is wrong with it, with a map, or with the verdict.
pub fn load(object: &Path, scratch: &Path) -> Result<Vec<Bench>, String> {
    let system = System::stored(Kernel::v6_18()).map_err(|e| e.to_string())?;
    let bytes = std::fs::read(object).map_err(|e| format!("{}: {e}", object.display()))?;
    let name = object.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let opened = open(&bytes, &OpenOptions::new(&system.kernel, name)).map_err(|e| e.to_string())?;
    let source = object.with_extension("c");
    let library = native::compile(&source, scratch);
    let mut out = Vec::new();
    for p in &opened.programs {
        let request: LoadRequest = p.result.clone().map_err(|e| e.words.join(" "))?;
        let report = verify(&system, &request, &Options::default());
        let Verdict::Accepted(verified) = report.verdict else {
            return Err(format!("{} is not accepted", p.name));
        };
        let mut vm = Vm::new(1);
        vm.limits.time = None;
        vm.create_maps(&request.maps).map_err(|e| e.to_string())?;
        for map in vm.maps() {
            for (key, value) in contents(map.name()) {
                map.set(&key, &value, 0).map_err(|e| format!("map {}: error {e}", map.name()))?;
            }
        }
        let program = Linked::new(&verified, &vm).map_err(|e| e.to_string())?;
        let bytes = packet();
        let mut memory = Reservation::low(4096).map_err(|e| e.to_string())?;
        memory.write(PACKET_AT, &bytes);
        let start = memory.address() as u32 + PACKET_AT as u32;
        let end = start + bytes.len() as u32;
        // data, data_end, data_meta, ingress_ifindex (the kernel's test runs come from lo), rx queue, egress.
        let fields: Vec<u8> = [start, end, start, 1, 0, 0].iter().flat_map(|f| f.to_ne_bytes()).collect();
        memory.write(0, &fields);
        let native = library.as_ref().ok().and_then(|l| l.entry(&p.name));
        out.push(Bench { name: p.name.clone(), verified: *verified, vm, program, memory, native });
    }
    Ok(out)
}

/// Time that this thread has been running. The kernel's test runs do not count the time that others had the CPU either.
fn cpu_time() -> Duration {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid pointer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

fn timed(n: u32, mut f: impl FnMut() -> Result<u64, String>) -> Result<(u64, Duration), String> {
    let start = cpu_time();
    let mut last = 0;
    for _ in 0..n {
        last = f()?;
    }
    Ok((last & 0xffff_ffff, (cpu_time() - start) / n.max(1)))
}

impl Bench {
    fn ours<'a>(&'a self, engine: &'static dyn Engine) -> Runner<'a> {
        Box::new(move |n| {
            // What a run needs is set up once, as the kernel does for its test runs.
            let mut stack = Stack::new().map_err(|e| e.to_string())?;
            let mut cx = Cx::new(&self.vm, &mut stack, None);
            timed(n, || {
                let args = [self.memory.address(), 0, 0, 0, 0];
                // SAFETY: an XDP context over a packet below 4 GiB, as the programs were accepted for.
                unsafe { run_linked(engine, &mut cx, &self.program, args) }.map_err(|e| e.to_string())
            })
        })
    }

    /// The engines, in the order of [`NAMES`]; why not, where one cannot.
    pub fn engines(&self) -> Vec<Result<Runner<'_>, String>> {
        let native = self.native.ok_or("no native form".to_string()).map(|f| -> Runner<'_> {
            Box::new(move |n| {
                // SAFETY: compiled from the source of the program that was accepted, over the same context.
                timed(n, || Ok(unsafe { f(self.memory.address() as *mut c_void) } as u32 as u64))
            })
        });
        let kernel = kernel::load(self.verified.request(), contents).map(|loaded| -> Runner<'_> {
            let packet = packet();
            Box::new(move |n| loaded.run(&packet, n).map_err(|e| e.to_string()))
        });
        let jit = Jit::prepare(self.program.code(), false).map_err(|e| e.to_string());
        vec![
            jit.map(|()| self.ours(&Jit)),
            native,
            kernel,
            self.rbpf(Other::Jit),
            self.rbpf(Other::Cranelift),
            Ok(self.ours(&Interp)),
            self.rbpf(Other::Interpreter),
        ]
    }

    /// Instructions with addresses in place of map descriptors, as other engines want them.
    fn resolved(&self) -> Vec<u8> {
        let mut insns: Vec<Insn> = self.verified.insns().to_vec();
        for i in 0..insns.len() {
            if insns[i].is_ldimm64() && matches!(insns[i].src, 1 | 2) {
                let Some(map) = self.vm.map(insns[i].imm) else {
                    continue;
                };
                let address = match insns[i].src {
                    1 => map.address(),
                    _ => map.direct_value(insns[i + 1].imm as u32).unwrap_or(0),
                };
                insns[i].src = 0;
                insns[i].imm = address as u32 as i32;
                insns[i + 1].imm = (address >> 32) as u32 as i32;
            }
        }
        insns.iter().flat_map(|i| i.to_bytes()).collect()
    }

    fn rbpf(&self, which: Other) -> Result<Runner<'_>, String> {
        if matches!(which, Other::Cranelift) && self.vm.maps().next().is_some() {
            // It traps, and takes the process with it.
            return Err("does not allow accesses to maps".into());
        }
        if matches!(which, Other::Jit) && self.verified.insns().iter().any(|i| i.is_helper_call()) {
            return Err("calls helpers with a stack that is not aligned".into());
        }
        // The machine borrows its program for as long as it lives.
        let program: &'static [u8] = self.resolved().leak();
        let fail = |e: std::io::Error| e.to_string();
        let mut machine = rbpf::EbpfVmRaw::new(Some(program)).map_err(fail)?;
        for (id, helper) in HELPERS {
            machine.register_helper(*id, *helper).map_err(fail)?;
        }
        for region in self.vm.maps().flat_map(|m| m.regions()) {
            machine.register_allowed_memory(region.start..region.start + region.len);
        }
        match which {
            Other::Interpreter => {}
            Other::Jit => machine.jit_compile().map_err(fail)?,
            Other::Cranelift => machine.cranelift_compile().map_err(fail)?,
        }
        // SAFETY: the context is memory of ours that nothing else holds a reference to.
        let context = || unsafe { std::slice::from_raw_parts_mut(self.memory.at(0), PACKET_AT + 1500) };
        Ok(Box::new(move |n| {
            timed(n, || match which {
                Other::Interpreter => machine.execute_program(context()).map_err(fail),
                // SAFETY: the program was accepted.
                Other::Jit => unsafe { machine.execute_program_jit(context()) }.map_err(fail),
                Other::Cranelift => machine.execute_program_cranelift(context()).map_err(fail),
            })
        }))
    }

    /// From an accepted program to the end of its first interpreted run; the program's size in instructions.
    pub fn first_run(&self) -> Result<(usize, Duration), String> {
        let start = cpu_time();
        let program = Linked::new(&self.verified, &self.vm).map_err(|e| e.to_string())?;
        let mut stack = Stack::new().map_err(|e| e.to_string())?;
        let mut cx = Cx::new(&self.vm, &mut stack, None);
        let args = [self.memory.address(), 0, 0, 0, 0];
        // SAFETY: as above.
        unsafe { run_linked(&Interp, &mut cx, &program, args) }.map_err(|e| e.to_string())?;
        Ok((program.code().ops().len(), cpu_time() - start))
    }

    /// Time to compile.
    pub fn compile_time(&self) -> Result<Duration, String> {
        let program = Linked::new(&self.verified, &self.vm).map_err(|e| e.to_string())?;
        let start = cpu_time();
        Jit::prepare(program.code(), false).map_err(|e| e.to_string())?;
        Ok(cpu_time() - start)
    }
}

#[derive(Clone, Copy)]
enum Other {
    Interpreter,
    Jit,
    Cranelift,
}

/// Helpers for the other engine: maps are ours, so that both look up the same.
const HELPERS: &[(u32, rbpf::Helper)] = &[(1, lookup), (5, clock), (7, random), (8, cpu)];

fn lookup(map: u64, key: u64, _: u64, _: u64, _: u64) -> u64 {
    // SAFETY: the program was accepted, so that this is the address of a map and the key is as long as it says.
    unsafe {
        let map = &*(map as *const Map);
        let key = std::slice::from_raw_parts(key as *const u8, map.spec().key_size as usize);
        map.lookup(key, 0).unwrap_or(0)
    }
}

fn clock(_: u64, _: u64, _: u64, _: u64, _: u64) -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

fn random(_: u64, _: u64, _: u64, _: u64, _: u64) -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static STATE: AtomicU64 = AtomicU64::new(1);
    STATE.fetch_add(0x9e37_79b9, Ordering::Relaxed) >> 7 & 0xffff_ffff
}

fn cpu(_: u64, _: u64, _: u64, _: u64, _: u64) -> u64 {
    0
}
