//! Compares what our loader hands to the kernel with what a recorded kernel was given.
//!
//! ```text
//! loader_agreement --open FILE...
//! loader_agreement [--recordings DIR] [--kernel 6.12|6.18|6.1] [--list] [--show OBJECT[:PROGRAM]]
//! loader_agreement --records FILE --objects DIR [--btf FILE] [--kernel 6.12|6.18] ...
//! ```
//!
//! With `--records`, compares with any file of records (in the format of the recordings; function and line information,
//! the program's name and the contents of maps are compared too where a record has them). With `--open`, says what the loader makes of any objects, without recordings. Masked are only file descriptors (of maps: by the map's name; of module BTFs) and addresses of kernel symbols.
//! Exits with 1 when fewer instructions agree than `--min PERCENT` says.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use bpfvet_tests::loader::is_kernel_address;
use serde_json::Value;
use verifier_core::btf::{Btf, pack};
use verifier_core::isa::Insn;
use verifier_core::kernel::Kernel;
use verifier_core::packing::pack_text;
use verifier_core::program::{self, LoadRequest, MapSpec, NotLoadable, Object, OpenOptions};
use verifier_server::unpack::unpack_btf;

type Error = Box<dyn std::error::Error>;

struct Args {
    recordings: PathBuf,
    records: Option<PathBuf>,
    objects: Option<PathBuf>,
    btf: Option<PathBuf>,
    kernel: String,
    list: bool,
    show: Option<String>,
    min: f64,
    open: Vec<PathBuf>,
}

fn parse_args() -> Result<Args, Error> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/kernel-recordings");
    let mut args = Args {
        recordings: beside,
        records: None,
        objects: None,
        btf: None,
        kernel: "6.12".into(),
        list: false,
        show: None,
        min: 0.0,
        open: Vec::new(),
    };
    let mut it = std::env::args().skip(1);
    while let Some(a) = it.next() {
        let mut value = || it.next().ok_or_else(|| format!("{a} needs a value"));
        match a.as_str() {
            "--recordings" => args.recordings = value()?.into(),
            "--records" => args.records = Some(value()?.into()),
            "--btf" => args.btf = Some(value()?.into()),
            "--objects" => args.objects = Some(value()?.into()),
            "--kernel" => args.kernel = value()?,
            "--show" => args.show = Some(value()?),
            "--min" => args.min = value()?.parse()?,
            "--list" => args.list = true,
            "--open" => {}
            file if !file.starts_with('-') => args.open.push(file.into()),
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    Ok(args)
}

fn unzstd(path: &Path) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut d =
        zstd::stream::read::Decoder::new(std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?)?;
    d.window_log_max(27)?;
    std::io::copy(&mut d, &mut out)?;
    Ok(out)
}

/// Module BTFs, parsed once each.
struct ModuleCache {
    dir: PathBuf,
    vmlinux: Arc<Btf>,
    cache: HashMap<String, Arc<Btf>>,
}

impl ModuleCache {
    fn get(&mut self, name: &str) -> Result<Arc<Btf>, Error> {
        if let Some(b) = self.cache.get(name) {
            return Ok(Arc::clone(b));
        }
        let file = if name == "bpf_testmod" {
            self.dir.join("6.12.117-debian.bpf_testmod.btf.zst")
        } else {
            self.dir.join(format!("modules-6.12.117-debian/{name}.btf.zst"))
        };
        let btf = Arc::new(Btf::parse(unzstd(&file)?, Some(Arc::clone(&self.vmlinux)))?);
        self.cache.insert(name.to_owned(), Arc::clone(&btf));
        Ok(btf)
    }
}

fn text<'a>(v: &'a Value, key: &str) -> &'a str {
    v[key].as_str().unwrap_or("")
}

fn number(v: &Value) -> i64 {
    v.as_i64().unwrap_or(0)
}

fn decode_hex(s: &str) -> Vec<Insn> {
    let bytes: Vec<u8> = s
        .as_bytes()
        .chunks_exact(2)
        .filter_map(|p| u8::from_str_radix(std::str::from_utf8(p).ok()?, 16).ok())
        .collect();
    verifier_core::isa::decode_all(&bytes).unwrap_or_default()
}

/// Replaces what differs from load to load.
fn mask(insns: &[Insn], map_name: &dyn Fn(i32) -> Option<String>) -> Vec<(Insn, String)> {
    let mut out: Vec<(Insn, String)> = insns.iter().map(|i| (*i, String::new())).collect();
    let mut i = 0;
    while i + 1 < out.len() {
        if !out[i].0.is_ldimm64() {
            i += 1;
            continue;
        }
        let low = out[i].0;
        match low.src {
            1 | 2 => {
                if let Some(name) = map_name(low.imm) {
                    out[i] = (Insn { imm: 0, ..low }, name);
                }
            }
            3 => out[i + 1].0.imm = i32::from(out[i + 1].0.imm != 0),
            0 if is_kernel_address(&low, &out[i + 1].0) => {
                out[i] = (Insn { imm: 0, ..low }, "kernel address".into());
                out[i + 1].0.imm = 0;
            }
            _ => {}
        }
        i += 2;
    }
    out
}

#[derive(Default, Clone, Copy)]
struct Count {
    same: u32,
    all: u32,
}

impl Count {
    fn add(&mut self, same: bool) {
        self.all += 1;
        self.same += u32::from(same);
    }
    fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { 100.0 * f64::from(self.same) / f64::from(self.all) }
    }
}

fn map_differences(ours: &[MapSpec], theirs: &[Value]) -> Vec<String> {
    let mut out = Vec::new();
    let row = |name: &str, v: [i64; 9]| {
        format!(
            "{name} type={} key={} value={} max={} flags={} btf_key={} btf_value={} extra={} frozen={}",
            v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]
        )
    };
    let mut a: Vec<String> = ours
        .iter()
        .map(|m| {
            let v = [
                m.map_type,
                m.key_size,
                m.value_size,
                m.max_entries,
                m.map_flags,
                m.btf_key_type_id,
                m.btf_value_type_id,
            ]
            .map(i64::from);
            let frozen = i64::from(m.frozen);
            row(&m.name, [v[0], v[1], v[2], v[3], v[4], v[5], v[6], m.map_extra as i64, frozen])
        })
        .collect();
    let mut b: Vec<String> = theirs
        .iter()
        .map(|m| {
            let keys =
                ["type", "key_size", "value_size", "max_entries", "flags", "btf_key_type_id", "btf_value_type_id"];
            let v = keys.map(|k| number(&m[k]));
            let frozen = i64::from(m["frozen"].as_bool().unwrap_or(false));
            row(text(m, "name"), [v[0], v[1], v[2], v[3], v[4], v[5], v[6], number(&m["map_extra"]), frozen])
        })
        .collect();
    a.sort();
    a.dedup();
    b.sort();
    b.dedup();
    if a != b {
        out.extend(a.iter().filter(|x| !b.contains(x)).map(|x| format!("ours   {x}")));
        out.extend(b.iter().filter(|x| !a.contains(x)).map(|x| format!("kernel {x}")));
    }
    out
}

fn compare(req: &LoadRequest, rec: &Value, counts: &mut BTreeMap<&'static str, Count>) -> Vec<String> {
    let mut out = Vec::new();
    let mut field = |name: &'static str, ours: String, theirs: String| {
        let same = ours == theirs;
        counts.entry(name).or_default().add(same);
        if !same {
            out.push(format!("{name}: ours {ours}, kernel {theirs}"));
        }
    };
    field("program type", req.prog_type.to_string(), number(&rec["prog_type"]["number"]).to_string());
    let attach = number(&rec["expected_attach_type"]["number"]).to_string();
    field("attach type", req.expected_attach_type.to_string(), attach);
    field("attach target", req.attach.btf_id.to_string(), number(&rec["attach_btf_id"]).to_string());
    field("flags", req.prog_flags.to_string(), number(&rec["prog_flags"]).to_string());
    field("licence", req.license.clone(), text(rec, "license").to_owned());
    let none = Vec::new();
    let maps = rec["maps"].as_array().unwrap_or(&none);
    let differing = map_differences(&req.maps, maps);
    counts.entry("maps").or_default().add(differing.is_empty());
    out.extend(differing);
    out.extend(extras(req, rec, counts));
    let ours = mask(&req.insns, &|fd| req.maps.iter().find(|m| m.fd == fd).map(|m| m.name.clone()));
    let theirs = decode_hex(text(rec, "insns"));
    let theirs = mask(&theirs, &|fd| {
        maps.iter().find(|m| number(&m["fd"]) == i64::from(fd)).map(|m| text(m, "name").to_owned())
    });
    let same = ours == theirs;
    counts.entry("instructions").or_default().add(same);
    if !same {
        let at = ours.iter().zip(&theirs).position(|(a, b)| a != b).unwrap_or(ours.len().min(theirs.len()));
        out.push(format!(
            "instruction {at} of {}/{}: ours {:x?}, kernel {:x?}",
            ours.len(),
            theirs.len(),
            ours.get(at),
            theirs.get(at)
        ));
    }
    out
}

/// What only some records hold: name, function and line information, contents of maps.
fn extras(req: &LoadRequest, rec: &Value, counts: &mut BTreeMap<&'static str, Count>) -> Vec<String> {
    let mut out = Vec::new();
    let mut field = |name: &'static str, ours: String, theirs: Option<&str>| {
        let Some(theirs) = theirs else { return };
        counts.entry(name).or_default().add(ours == theirs);
        if ours != theirs {
            out.push(format!("{name}: ours   {ours}"));
            out.push(format!("{name}: kernel {theirs}"));
        }
    };
    let hex =
        |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).map(|b| format!("{b:02x}")).collect::<String>();
    let funcs: Vec<u32> = req.func_info.iter().flat_map(|f| [f.insn_off, f.type_id]).collect();
    let lines = req.line_info.iter().flat_map(|l| [l.insn_off, l.file_name_off, l.line_off, l.line_col]);
    field("name", req.name.clone(), rec["prog_name"].as_str());
    field("function information", hex(&funcs), rec["func_info"].as_str());
    field("line information", hex(&lines.collect::<Vec<_>>()), rec["line_info"].as_str());
    for theirs in rec["maps"].as_array().into_iter().flatten() {
        let Some(map) = req.maps.iter().find(|m| m.name == text(theirs, "name")) else { continue };
        let Some(value) = map.value.as_deref() else { continue };
        let value = value.iter().map(|b| format!("{b:02x}")).collect();
        field("contents of maps", value, theirs["contents"].as_str());
    }
    out
}

/// What became of a program. A file that libbpf cannot open has one record without a program: the program of ours that
/// says the same answers, or the first that is refused.
fn answer<'a>(object: &'a Object, program: &str, words: &str) -> Option<&'a Result<LoadRequest, NotLoadable>> {
    let named = |p: &&program::Program| p.name == program;
    let says = |p: &&program::Program| p.result.as_ref().is_err_and(|e| recorded_text(&e.words) == words.trim());
    let found = if program.is_empty() {
        let refused = object.programs.iter().find(|p| p.result.is_err());
        object.programs.iter().find(says).or(refused)
    } else {
        object.programs.iter().find(named)
    };
    found.map(|p| &p.result)
}

/// libbpf's lines as the recorder kept them.
fn recorded_text(words: &[String]) -> String {
    let joined: Vec<String> = words.iter().map(|w| format!("libbpf: {w}").replace(['"', '\\'], " ")).collect();
    joined.join(" ")
}

/// What the loader makes of objects that were never recorded.
fn show_objects(files: &[PathBuf], kernel: &Kernel) -> Result<(), Error> {
    for file in files {
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        match program::open(&std::fs::read(file)?, &OpenOptions::new(kernel, name.clone())) {
            Err(e) => println!("{name}: {e}"),
            Ok(o) => {
                for p in o.programs {
                    let verdict = match p.result {
                        Ok(r) => {
                            format!(
                                "type {} attach {}:{} insns {} lines {} maps {} flags {}",
                                r.prog_type,
                                r.expected_attach_type,
                                r.attach.btf_id,
                                r.insns.len(),
                                r.line_info.len(),
                                r.maps.len(),
                                r.prog_flags
                            )
                        }
                        Err(e) => format!("not loadable ({}): {}", e.code, e.words.join(" | ")),
                    };
                    println!("{name}:{} [{}] {verdict}", p.name, p.section);
                }
            }
        }
    }
    Ok(())
}

fn run() -> Result<bool, Error> {
    let args = parse_args()?;
    if !args.open.is_empty() {
        let kernel = bpfvet_tests::recordings::recorded(&args.kernel);
        show_objects(&args.open, &kernel)?;
        return Ok(true);
    }
    if args.records.is_none() && !args.recordings.is_dir() {
        println!("no recordings at {}: nothing compared", args.recordings.display());
        return Ok(true);
    }
    let (kernel, file) = match args.kernel.as_str() {
        "6.12" => (bpfvet_tests::recordings::recorded("6.12"), "6.12.117-debian"),
        "6.18" => (bpfvet_tests::recordings::recorded("6.18"), "6.18.44"),
        // Not a profile of ours: its BTF and configuration are those of the recordings, the rest is guessed from 6.12.
        "6.1" => {
            let file = |name: &str| unzstd(&args.recordings.join(name));
            let kernel = Kernel {
                name: "6.1",
                release: "6.1.192",
                version: verifier_core::kernel::KernelVersion::new(6, 1),
                btf: pack(&Btf::parse(file("btf/6.1-debian.btf.zst")?, None)?)?.leak(),
                config: pack_text(&file("config/6.1-debian.config.zst")?).leak(),
                ..bpfvet_tests::recordings::recorded("6.12")
            };
            (kernel, "6.1.192-debian")
        }
        other => return Err(format!("no recordings of kernel {other}").into()),
    };
    let records = match &args.records {
        Some(file) => unzstd(file)?,
        None => unzstd(&args.recordings.join(format!("records/{file}.jsonl.zst")))?,
    };
    let folder = args.objects.clone().unwrap_or_else(|| args.recordings.join("objects"));
    let mut modules = ModuleCache {
        dir: args.recordings.join("btf"),
        vmlinux: match &args.btf {
            Some(file) => Arc::new(Btf::parse(unpack_btf(std::fs::read(file)?)?, None)?),
            None => program::vmlinux(&kernel)?,
        },
        cache: HashMap::new(),
    };
    let mut objects: HashMap<(String, String), Result<Object, String>> = HashMap::new();
    let mut counts: BTreeMap<&'static str, Count> = BTreeMap::new();
    let mut shown = 0;
    for line in BufReader::new(records.as_slice()).lines() {
        let rec: Value = serde_json::from_str(&line?)?;
        let (object, prog) = (text(&rec, "object").to_owned(), text(&rec, "program").to_owned());
        if let Some(show) = &args.show {
            let (o, p) = show.split_once(':').map_or((show.as_str(), None), |(o, p)| (o, Some(p)));
            if !object.starts_with(o) || p.is_some_and(|p| p != prog) {
                continue;
            }
        }
        let mut names: Vec<String> = rec["other_modules"]
            .as_array()
            .map(|a| a.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
            .unwrap_or_default();
        if rec["testmod"].as_bool() == Some(true) {
            names.push("bpf_testmod".into());
        }
        let key = (object.clone(), names.join(","));
        if !objects.contains_key(&key) {
            let mut list = Vec::new();
            for n in &names {
                list.push((n.clone(), modules.get(n)?));
            }
            let bytes = std::fs::read(folder.join(&object))?;
            let options = OpenOptions {
                vmlinux: Some(Arc::clone(&modules.vmlinux)),
                modules: list,
                as_veristat: true,
                ..OpenOptions::new(&kernel, object.clone())
            };
            objects.insert(key.clone(), program::open(&bytes, &options).map_err(|e| e.to_string()));
        }
        let opened = &objects[&key];
        let mut differences = Vec::new();
        let refused = text(&rec, "verdict") == "not_loadable";
        match opened {
            Err(e) => {
                counts.entry("verdict of the loader").or_default().add(false);
                differences.push(format!("object: {e}"));
            }
            Ok(o) => match answer(o, &prog, text(&rec["libbpf_error"], "text")) {
                None => {
                    counts.entry("verdict of the loader").or_default().add(false);
                    differences.push("no such program".into());
                }
                Some(Ok(req)) => {
                    counts.entry("verdict of the loader").or_default().add(!refused);
                    if refused {
                        differences.push(format!("kernel not loadable: {}", rec["libbpf_error"]));
                    } else {
                        differences = compare(req, &rec, &mut counts);
                    }
                }
                Some(Err(e)) => {
                    counts.entry("verdict of the loader").or_default().add(refused);
                    let theirs = &rec["libbpf_error"];
                    if refused {
                        let ours = recorded_text(&e.words);
                        let same = text(theirs, "text").trim() == ours && number(&theirs["code"]) == i64::from(e.code);
                        counts.entry("words of libbpf").or_default().add(same);
                        if !same {
                            differences.push(format!("words: ours {} {ours}", e.code));
                            differences.push(format!("words: kernel {} {}", theirs["code"], text(theirs, "text")));
                        }
                    } else {
                        differences.push(format!("ours not loadable: {e}"));
                    }
                }
            },
        }
        if !differences.is_empty() && (args.list || args.show.is_some()) {
            shown += 1;
            println!("{object}:{prog}");
            for d in differences {
                println!("    {d}");
            }
        } else if args.show.is_some() {
            println!("{object}:{prog}: same");
        }
    }
    if shown > 0 {
        println!();
    }
    println!("{:<24} {:>6} {:>6} {:>8}", "loader, kernel ".to_owned() + &args.kernel, "same", "all", "%");
    for (name, c) in &counts {
        println!("{name:<24} {:>6} {:>6} {:>8.2}", c.same, c.all, c.percent());
    }
    Ok(counts.get("instructions").copied().unwrap_or_default().percent() >= args.min)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("loader_agreement: {e}");
            ExitCode::from(2)
        }
    }
}
