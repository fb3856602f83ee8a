//! Profiles written and read again, and profiles that somebody damaged.

use std::fs;
use std::path::{Path, PathBuf};

use verifier_core::kernel::MapType;

use super::*;
use crate::embedded::changes;

/// A folder of a test's own, which goes away with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let at = std::env::temp_dir().join(format!("bpfvet-profile-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&at);
        fs::create_dir(&at).expect("a folder");
        Folder(at)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// BTF with one type.
fn small_btf() -> Vec<u8> {
    let words = [0x0001_eb9f, 24, 0, 16, 16, 5, 1, 0x0100_0000, 4, 0x0100_0020u32];
    words.iter().flat_map(|w| w.to_le_bytes()).chain(*b"\0int\0").collect()
}

fn example() -> Profile {
    let mut kept = BTreeMap::new();
    for (i, change) in changes().enumerate() {
        let measured = i % 3 != 0;
        let why = if measured { String::new() } else { "it has no probe yet".to_string() };
        kept.insert(change.name, Kept { there: i % 2 == 0, measured, why });
    }
    Profile {
        written_by: "bpfvet 0.1.0".into(),
        name: "5.14.0-427.el9.x86_64".into(),
        release: PointRelease::parse("5.14").expect("a release"),
        because: "its name".into(),
        cpus: Some(4),
        locked_down: true,
        build: Build {
            nr_cpus: 8192,
            kprobe_override: true,
            error_injection: false,
            data_symbols: true,
            signatures: true,
        },
        settings: [("net.core.bpf_jit_enable".to_string(), "1".to_string())].into(),
        changes: kept,
        found: Found {
            helpers: Some((1..=181).collect()),
            map_types: vec![(MapType::Hash, true), (MapType::Arena, false)],
            prog_types: vec![(ProgType::Lsm, AttachType::LsmMac, Outcome::Refused)],
            kfuncs: vec![("bpf_rcu_read_lock", true), ("bpf_throw", false)],
            writes_user: None,
        },
        vmlinux: Some(small_btf()),
        modules: vec![("nf_nat".into(), small_btf())],
        config: Some("CONFIG_BPF=y\n".into()),
        symbols: Some("init_task\n".into()),
        missing: vec![Missing::new("a \"thing\"", "it\nfailed", "nothing")],
    }
}

fn stored(folder: &Folder) -> PathBuf {
    let path = folder.file("web1.toml");
    let data = store(&example(), &path).expect("stored");
    assert_eq!(data, folder.file("web1.btf.gz"));
    path
}

#[test]
fn what_is_written_is_read() {
    let folder = Folder::new("round");
    let (old, new) = (example(), read(&stored(&folder)).expect("it is valid"));
    assert_eq!((&old.name, old.release, &old.because), (&new.name, new.release, &new.because));
    assert_eq!((old.cpus, old.locked_down, old.build), (new.cpus, new.locked_down, new.build));
    assert_eq!((&old.settings, &old.changes), (&new.settings, &new.changes));
    assert_eq!((old.found.helpers, &old.found.map_types), (new.found.helpers, &new.found.map_types));
    assert_eq!((&old.found.kfuncs, &old.found.prog_types), (&new.found.kfuncs, &new.found.prog_types));
    assert_eq!((&old.vmlinux, &old.modules), (&new.vmlinux, &new.modules));
    assert_eq!((&old.config, &old.symbols, &old.missing), (&new.config, &new.symbols, &new.missing));
    let left: Vec<_> = fs::read_dir(&folder.0).expect("the folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn what_was_measured_counts_and_what_was_computed_is_computed_anew() {
    let profile = example();
    let release = profile.release;
    let kept = profile.changes.clone();
    let kernel = profile.system().expect("a kernel").kernel;
    assert_eq!((kernel.name, kernel.basis, kernel.release), ("5.14.0-427.el9.x86_64", Basis::Probed, "5.14"));
    for change in changes() {
        let kept = &kept[change.name];
        let there = if kept.measured { kept.there } else { change.covers(release) };
        let same = kernel.features == kernel.features.clone().with(change, there);
        assert!(same && kernel.style == kernel.style.with(change, there), "{}", change.name);
    }
    assert!(kernel.machine.locked_down && kernel.tables.refuses(ProgType::Lsm, AttachType::LsmMac));
}

fn error(path: &Path) -> String {
    read(path).err().map(|e| e.to_string()).unwrap_or_default()
}

#[test]
fn mistakes_are_told_with_line_and_key() {
    let folder = Folder::new("mistakes");
    let path = stored(&folder);
    let text = fs::read_to_string(&path).expect("text");
    let line = |what: &str| text.lines().position(|l| l.starts_with(what)).expect("a line") + 1;
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replacen(from, to, 1)).expect("written");
        error(&path).replace(&format!("{}:", path.display()), "")
    };
    let at = line("release = ");
    assert_eq!(changed("release = \"5.14\"", "release = \"tea\""), format!("{at}: release: it is no release of Linux"));
    let at = line("cpus = ");
    assert_eq!(changed("cpus = 4", "cpus = 0"), format!("{at}: cpus: it is not within 1 to 8192"));
    assert!(changed("cpus = 4", "cpu = 4").contains(&format!("{at}: unknown field `cpu`")));
    assert!(changed("cpus = 4", "cpus = \"4\"").starts_with(&format!("{at}: cpus: invalid type")));
    assert!(changed("form = 1", "form = 2").contains("this bpfvet reads profiles of form 1"));
    assert!(changed("\"bpf_map_lookup_elem\"", "\"bpf_tea\"").contains("helpers: no helper is called so"));
    let at = line("scc_loops = ");
    assert!(changed("scc_loops", "scc_lops").contains(&format!("{at}: scc_lops: no change is called so")));
    assert!(changed("web1.btf.gz", "../web1.btf.gz").contains("beside this one"));
    assert!(changed("web1.btf.gz", "other.btf.gz").contains("other.btf.gz: "));
    assert!(changed("crc32 = \"", "crc32 = \"0").contains("it is not the data that"));
    assert!(changed("bytes = ", "bytes = 9").contains("its parts are not as long as the whole"));
    assert!(changed("[kernel]", "[kernel").contains(&format!("{}:", line("[kernel]"))));
    fs::write(&path, b"form = 1\n\xff").expect("written");
    assert!(error(&path).ends_with("web1.toml:2: it is not UTF-8"));
    fs::write(&path, vec![b'#'; 2 << 20]).expect("written");
    assert!(error(&path).ends_with("it is larger than 1 MiB"));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let folder = Folder::new("links");
    let path = stored(&folder);
    let (data, other) = (folder.file("web1.btf.gz"), folder.file("other"));
    fs::rename(&data, &other).expect("moved");
    std::os::unix::fs::symlink(&other, &data).expect("a link");
    assert!(error(&path).ends_with("web1.btf.gz: it is a link, which is not followed"));
    let before = fs::read(&other).expect("data");
    let refused = store(&example(), &path).expect_err("a link stands there");
    assert!(refused.contains("it is a link"), "{refused}");
    assert_eq!(fs::read(&other).expect("data"), before);
    let refused = store(&example(), &folder.file("no/such/folder.toml"));
    assert!(refused.is_err_and(|e| e.contains("No such file")));
    assert!(may_store(&path).is_err() && may_store(&folder.file("no/such/folder.toml")).is_err());
    assert!(may_store(&folder.file("a b.toml")).is_err_and(|e| e.contains("letters, digits")));
    let left: Vec<_> = fs::read_dir(&folder.0).expect("the folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

/// Damages bytes in one of a few ways.
fn damage(bytes: &mut Vec<u8>, random: &mut impl FnMut(usize) -> usize) {
    for _ in 0..=random(3) {
        if bytes.is_empty() {
            return;
        }
        let at = random(bytes.len());
        match random(6) {
            0 => bytes[at] = random(256) as u8,
            1 => bytes[at] ^= 1 << random(8),
            2 => bytes.truncate(at),
            3 => {
                let to = (at + random(64)).min(bytes.len());
                let piece: Vec<u8> = bytes[at..to].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let to = (at + random(64)).min(bytes.len());
                bytes.drain(at..to);
            }
            _ => {
                let words: [&[u8]; 6] = [b"\"", b"[", b"\n", b"99999999999999999999", b"= {", b"'''"];
                bytes.splice(at..at, words[random(words.len())].to_vec());
            }
        }
    }
}

#[test]
fn damage_is_an_error_and_never_more() {
    let folder = Folder::new("damage");
    let path = stored(&folder);
    let data = folder.file("web1.btf.gz");
    let (whole, packed) = (fs::read(&path).expect("text"), fs::read(&data).expect("data"));
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    let mut refused = 0;
    for round in 0..10_000 {
        let (mut text, mut stored) = (whole.clone(), packed.clone());
        if round % 8 == 0 {
            damage(&mut stored, &mut random);
        } else {
            damage(&mut text, &mut random);
        }
        fs::write(&path, &text).expect("written");
        if round % 8 < 2 {
            fs::write(&data, &stored).expect("written");
        }
        match read(&path) {
            // What is read may still be no BTF, which is an error of its own.
            Ok(profile) => drop(profile.system()),
            Err(e) => {
                refused += 1;
                assert!(e.place.contains("bpfvet-profile-damage") && !e.what.is_empty(), "{e}");
                assert!(e.what.len() < 2000 && !e.what.contains('\n'), "{e}");
            }
        }
    }
    assert!(refused > 5000, "{refused} of 10,000 were refused");
}
