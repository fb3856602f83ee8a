//! The form of `bpfvet.toml`: which keys there are, what each may hold, and a sentence about it.
//!
//! The one place of these facts: [`check`](super::check) holds files against it, and the published JSON Schema is made of it.

use serde_json::{Map, Value, json};
use verifier_core::kernel::map_types::flags;
use verifier_core::kernel::{AttachType, MapType, ProgType};

/// What a key may hold.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Text of one kind.
    Text(Words),
    /// Text, or a list of texts that is not empty.
    Texts(Words),
    /// `true` or `false`.
    Flag,
    /// A whole number between these.
    Number(u64, u64),
    /// What a variable may hold: truth value, number, text, list or table of these.
    Value,
    /// A list of values that is not empty.
    Values,
    /// A value of the kernel's configuration.
    Config,
    /// These keys.
    Table(&'static [Key]),
    /// Any names, each with one of these.
    Named(&'static Shape),
    /// A list of tables with these keys.
    Tables(&'static [Key]),
    /// The name of a map, or a table with these keys.
    NameOr(&'static [Key]),
}

/// Which texts are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Words {
    /// Any text.
    Any,
    /// Kernels as `--kernel` takes them.
    Kernels,
    /// A pattern of file names.
    Files,
    /// Who loads.
    Loader,
    /// A map type.
    MapType,
    /// A program type.
    ProgType,
    /// An attach type.
    AttachType,
    /// A load flag of programs.
    ProgFlag,
    /// A creation flag of maps.
    MapFlag,
    /// A verdict.
    Verdict,
    /// Code of a rejection.
    Code,
    /// A part of a hundred, as `10%`.
    Percent,
    /// What fails besides rejections.
    FailOn,
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// What it means, as a sentence.
    pub about: &'static str,
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about }
}

const U32: Shape = Shape::Number(0, u32::MAX as u64);

/// Limits for what is accepted.
pub const BUDGET: &[Key] = &[
    key("insns", Shape::Number(1, 1 << 40), "Most instructions processed; the kernel stops at 1000000."),
    key("states", Shape::Number(1, 1 << 40), "Most states stored."),
    key("peak_states", Shape::Number(1, 1 << 40), "Most states alive."),
    key("stack", Shape::Number(1, 1 << 20), "Most bytes of stack; the kernel allows 512."),
    key(
        "headroom",
        Shape::Text(Words::Percent),
        "How much of each limit must stay free, as `10%`; of the kernel's own limits where no other is given.",
    ),
];

const EXPECT: &[Key] = &[
    key("kernels", Shape::Texts(Words::Kernels), "On which kernels; all that are asked unless given."),
    key("variant", Shape::Text(Words::Any), "In which variants, as a pattern; all unless given."),
    key("verdict", Shape::Text(Words::Verdict), "What the answer has to be."),
    key("code", Shape::Text(Words::Code), "The code that a rejection has to have."),
];

const INNER: &[Key] = &[
    key("type", Shape::Text(Words::MapType), "Type of the maps in it."),
    key("key_size", U32, "Bytes of a key."),
    key("value_size", U32, "Bytes of a value."),
    key("max_entries", U32, "Entries."),
    key("flags", Shape::Texts(Words::MapFlag), "Creation flags."),
];

const MAP: &[Key] = &[
    key("type", Shape::Text(Words::MapType), "The type that the loader gives it."),
    key("key_size", U32, "Bytes of a key."),
    key("value_size", U32, "Bytes of a value."),
    key("max_entries", U32, "Entries."),
    key("flags", Shape::Texts(Words::MapFlag), "Creation flags."),
    key("map_extra", Shape::Number(0, i64::MAX as u64), "The number that is the type's own."),
    key("create", Shape::Flag, "Whether the loader creates it."),
    key("inner", Shape::NameOr(INNER), "Template of the maps in a map of maps: another map's name, or attributes."),
];

const PROGRAM: &[Key] = &[
    key("load", Shape::Flag, "Whether the loader loads it (autoload)."),
    key("type", Shape::Text(Words::ProgType), "The program type that the loader gives it."),
    key("attach_type", Shape::Text(Words::AttachType), "The attach type that the loader gives it."),
    key("attach_to", Shape::Text(Words::Any), "The function, hook or trace point of the kernel that it attaches to."),
    key("flags", Shape::Texts(Words::ProgFlag), "Load flags, besides those of its section."),
    key("budget", Shape::Table(BUDGET), "Limits for this program."),
    key("expect", Shape::Tables(EXPECT), "What is expected of it; the job fails when the answer is another."),
];

const GLOBALS: Shape = Shape::Named(&Shape::Value);
const MAPS: Shape = Shape::Named(&Shape::Table(MAP));

const PRESET: &[Key] = &[
    key("globals", GLOBALS, "Global variables of this variant."),
    key("kconfig", Shape::Named(&Shape::Config), "Configuration values of this variant."),
    key("maps", MAPS, "Maps of this variant."),
    key("programs", Shape::Named(&Shape::Table(PROGRAM)), "Programs of this variant."),
];

const OBJECT: &[Key] = &[
    key("files", Shape::Texts(Words::Files), "Which objects, as patterns relative to this file."),
    key("kernels", Shape::Texts(Words::Kernels), "Kernels to answer for, in the place of those above."),
    key("loader", Shape::Text(Words::Loader), "Whose rules hold before the kernel's."),
    key("budget", Shape::Table(BUDGET), "Limits for each of its programs."),
    key("globals", GLOBALS, "Global variables that the loader sets: `debug = true`, `\"cfg.ports[0]\" = 80`."),
    key("kconfig", Shape::Named(&Shape::Config), "Configuration values that the loader gives: `CONFIG_HZ = 250`."),
    key("maps", MAPS, "What the loader changes about maps before it creates them."),
    key("programs", Shape::Named(&Shape::Table(PROGRAM)), "Programs, by name or pattern."),
    key("expect", Shape::Tables(EXPECT), "What is expected of each of its programs."),
    key(
        "matrix",
        Shape::Named(&Shape::Values),
        "Global variables, each with the values to try: every combination is a variant.",
    ),
    key("presets", Shape::Named(&Shape::Table(PRESET)), "Variants by name, each with settings of its own."),
];

/// The whole file.
pub const FILE: &[Key] = &[
    key("kernels", Shape::Texts(Words::Kernels), "Kernels to answer for, as `--kernel` takes them; 6.12 unless given."),
    key("loader", Shape::Text(Words::Loader), "Whose rules hold before the kernel's; libbpf unless given."),
    key("budget", Shape::Table(BUDGET), "Limits for every accepted program."),
    key("fail_on", Shape::Texts(Words::FailOn), "What fails besides rejections."),
    key("object", Shape::Tables(OBJECT), "What holds for some objects; the first whose `files` match counts."),
];

/// Load flags of programs by name.
pub const PROG_FLAGS: &[(&str, u32)] = &[
    ("strict_alignment", 1),
    ("any_alignment", 2),
    ("test_rnd_hi32", 4),
    ("test_state_freq", 8),
    ("sleepable", 16),
    ("xdp_has_frags", 32),
    ("xdp_dev_bound_only", 64),
    ("test_reg_invariants", 128),
];

/// Creation flags of maps by name.
pub const MAP_FLAGS: &[(&str, u32)] = &[
    ("no_prealloc", flags::NO_PREALLOC),
    ("no_common_lru", flags::NO_COMMON_LRU),
    ("numa_node", flags::NUMA_NODE),
    ("rdonly", flags::RDONLY),
    ("wronly", flags::WRONLY),
    ("stack_build_id", flags::STACK_BUILD_ID),
    ("zero_seed", flags::ZERO_SEED),
    ("rdonly_prog", flags::RDONLY_PROG),
    ("wronly_prog", flags::WRONLY_PROG),
    ("clone", flags::CLONE),
    ("mmapable", flags::MMAPABLE),
    ("preserve_elems", flags::PRESERVE_ELEMS),
    ("inner_map", flags::INNER_MAP),
    ("link", flags::LINK),
    ("segv_on_fault", flags::SEGV_ON_FAULT),
    ("no_user_conv", flags::NO_USER_CONV),
    ("rb_overwrite", flags::RB_OVERWRITE),
];

impl Words {
    /// The texts that there are, where they can be listed.
    pub fn known(self) -> Option<Vec<String>> {
        let lower = |names: &mut dyn Iterator<Item = &'static str>| names.map(str::to_ascii_lowercase).collect();
        Some(match self {
            Words::Any | Words::Kernels | Words::Files | Words::Percent => return None,
            Words::Loader => vec!["libbpf".into(), "ebpf-go".into(), "aya".into()],
            Words::MapType => lower(&mut MapType::ALL.iter().map(|t| t.name())),
            Words::ProgType => lower(&mut ProgType::ALL.iter().skip(1).map(|t| t.name())),
            Words::AttachType => lower(&mut (0..128).filter_map(AttachType::from_number).map(AttachType::name)),
            Words::ProgFlag => lower(&mut PROG_FLAGS.iter().map(|f| f.0)),
            Words::MapFlag => lower(&mut MAP_FLAGS.iter().map(|f| f.0)),
            Words::Verdict => ["accepted", "rejected", "not_loadable", "unsupported"].map(String::from).into(),
            Words::Code => {
                let mut codes: Vec<String> = verifier_core::error::all_rows()
                    .iter()
                    .filter_map(|r| r.cause)
                    .map(|c| c.0.text().into())
                    .collect();
                codes.sort();
                codes.dedup();
                codes
            }
            Words::FailOn => vec!["unsupported".into()],
        })
    }

    /// What they are, in words.
    pub const fn what(self) -> &'static str {
        match self {
            Words::Any => "text",
            Words::Kernels => "kernel",
            Words::Files => "pattern of files",
            Words::Loader => "loader",
            Words::MapType => "map type",
            Words::ProgType => "program type",
            Words::AttachType => "attach type",
            Words::ProgFlag => "load flag",
            Words::MapFlag => "map flag",
            Words::Verdict => "verdict",
            Words::Code => "code",
            Words::Percent => "part of a hundred",
            Words::FailOn => "reason to fail",
        }
    }

    fn schema(self) -> Value {
        match self.known() {
            Some(known) => json!({"type": "string", "enum": known}),
            None if self == Words::Percent => json!({"type": "string", "pattern": "^[0-9]{1,2}%$"}),
            None => json!({"type": "string"}),
        }
    }
}

/// The JSON Schema of the file.
pub fn schema() -> Value {
    let mut out = table(FILE);
    out["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    out["$id"] = json!("https://raw.githubusercontent.com/bpfvet/bpfvet/main/docs/bpfvet.schema.json");
    out["title"] = json!("bpfvet.toml: the contract between BPF objects and their loader");
    out
}

fn table(keys: &[Key]) -> Value {
    let mut properties = Map::new();
    for k in keys {
        let mut of = shape(&k.shape);
        of["description"] = json!(k.about);
        properties.insert(k.name.into(), of);
    }
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn shape(s: &Shape) -> Value {
    let value = || json!({"type": ["boolean", "integer", "string", "array", "object"]});
    match s {
        Shape::Text(words) => words.schema(),
        Shape::Texts(words) => {
            let one = words.schema();
            json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
        }
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Value => value(),
        Shape::Values => json!({"type": "array", "items": value(), "minItems": 1}),
        Shape::Config => json!({"type": ["boolean", "integer", "string"]}),
        Shape::Table(keys) => table(keys),
        Shape::Named(of) => json!({"type": "object", "additionalProperties": shape(of)}),
        Shape::Tables(keys) => json!({"type": "array", "items": table(keys)}),
        Shape::NameOr(keys) => json!({"anyOf": [{"type": "string"}, table(keys)]}),
    }
}
