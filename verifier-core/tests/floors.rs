//! The rules of the house, held against the source text: imports go down only and never in a circle, versions are
//! compared in one place, nothing bears the name of a kernel function, and every file says what it decides.

mod source;

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use source::{Source, sources};

/// Modules of this crate by floor. A module may use those of lower floors and itself; where listed, those of its own.
const FLOORS: &[(&str, u32)] = &[
    ("packing", 0),
    ("isa", 1),
    ("btf", 1),
    ("kernel", 1),
    ("domain", 2),
    ("error", 2),
    ("program", 3),
    ("state", 3),
    ("cfg", 3),
    ("log", 4),
    ("analysis", 5),
    ("explain", 6),
    ("question", 7),
];

/// Uses across or against the floors that are meant, with the reason.
const ALLOWED: &[(&str, &str)] = &[
    // Message rows name types and known bits as values; they are data like the rows themselves.
    ("error", "state"),
];

/// Floors inside of crates, as prefixes of module paths; the first that fits counts. A file uses files of its own floor
/// and of lower ones.
const INNER: &[(&str, &[(&str, u32)])] = &[(
    "core",
    &[
        // What is kept, as data: it knows no program and decides nothing.
        ("analysis::stored", 1),
        ("analysis::trail", 1),
        ("analysis::prune::visits", 1),
        ("analysis::prune::compare", 1),
        ("analysis::liveness::instances", 1),
        ("analysis::liveness::frames", 1),
        ("analysis::story", 1),
        ("analysis::diagnosis", 1),
        ("analysis::kfunc::table", 1),
        ("analysis::kfunc::special", 1),
        ("analysis::kfunc::meta", 1),
        ("analysis::call::meta", 1),
        // The program, what is learned of it, where the walk stands, and who listens.
        ("analysis::program", 1),
        ("analysis::learned", 1),
        ("analysis::asks", 1),
        ("analysis::path", 1),
        ("analysis::out", 1),
        ("analysis::cx", 2),
        // Questions about the program alone.
        ("analysis::ctx_type", 3),
        ("analysis::helper_proto", 3),
        ("analysis::preflight::attr", 3),
        ("analysis::preflight::func_model", 3),
        ("analysis::kfunc", 7),
        // Registers, what is read, what is held.
        ("analysis::liveness::registers", 8),
        ("analysis::liveness", 4),
        ("analysis::regs", 4),
        ("analysis::refs", 4),
        ("analysis::object_slots", 5),
        // Loads and stores.
        ("analysis::btf_access", 5),
        ("analysis::btf_write", 5),
        ("analysis::access", 5),
        // Objects on the stack.
        ("analysis::dynptr", 6),
        ("analysis::iter", 6),
        // Calls and single instructions.
        ("analysis::objects", 7),
        ("analysis::call", 7),
        ("analysis::transfer", 7),
        // The search: it knows no rules of instructions, and they do not know it.
        ("analysis::widen", 8),
        ("analysis::precision", 8),
        ("analysis::prune", 8),
        ("analysis::explore", 8),
        ("analysis::preflight", 8),
        // The order of it all.
        ("analysis::step", 9),
        ("analysis", 10),
    ],
)];

/// Files of a circle that nobody needs to be ashamed of: two or three that explain each other.
const SMALL: usize = 3;

fn floor(module: &str) -> Option<u32> {
    FLOORS.iter().find(|(m, _)| *m == module).map(|(_, f)| *f)
}

fn first(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

#[test]
fn imports_go_down() {
    let mut wrong = Vec::new();
    for s in sources().iter().filter(|s| s.krate == "core") {
        let own_module = first(&s.module);
        let Some(own) = floor(own_module) else { continue };
        for used in s.uses.iter().map(|u| first(u)) {
            let Some(other) = floor(used) else { continue };
            let allowed = used == own_module
                || ALLOWED.contains(&(own_module, used))
                || other < own
                || (other == own && !matches!(own_module, "kernel" | "isa"));
            if !allowed {
                wrong.push(format!("{}: {own_module} uses {used}", s.file));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that do not go down:\n{}", wrong.join("\n"));
}

fn inner(rows: &[(&str, u32)], module: &str) -> Option<u32> {
    let fits = |prefix: &str| module == prefix || module.strip_prefix(prefix).is_some_and(|m| m.starts_with("::"));
    rows.iter().find(|(p, _)| fits(p)).map(|(_, f)| *f)
}

#[test]
fn imports_go_down_inside_too() {
    let mut wrong = BTreeSet::new();
    let all = sources();
    for (krate, rows) in INNER {
        for s in all.iter().filter(|s| s.krate == *krate) {
            let Some(own) = inner(rows, &s.module) else { continue };
            for used in &s.uses {
                let Some(other) = inner(rows, used) else { continue };
                if other > own {
                    wrong.insert(format!("{}: uses {used} of floor {other} from floor {own}", s.file));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that do not go down:\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Groups of files that all use each other, directly or through others.
fn circles(files: &[&Source]) -> Vec<BTreeSet<String>> {
    let names: BTreeSet<&str> = files.iter().map(|s| s.module.as_str()).collect();
    let edges: BTreeMap<&str, BTreeSet<&str>> = files
        .iter()
        .map(|s| (s.module.as_str(), s.uses.iter().map(String::as_str).filter(|u| names.contains(u)).collect()))
        .collect();
    // Files that can be reached from a file.
    let reached = |from: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.to_string()]);
        while let Some(at) = open.pop() {
            for next in edges.get(at.as_str()).into_iter().flatten() {
                if seen.insert((*next).to_string()) {
                    open.push((*next).to_string());
                }
            }
        }
        seen
    };
    let all: BTreeMap<String, BTreeSet<String>> = names.iter().map(|n| ((*n).to_string(), reached(n))).collect();
    let mut found: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for (name, there) in &all {
        if !there.contains(name) {
            continue;
        }
        let circle = there.iter().filter(|o| all.get(*o).is_some_and(|back| back.contains(name)));
        found.insert(circle.cloned().collect());
    }
    found.into_iter().collect()
}

#[test]
fn files_do_not_use_each_other_in_circles() {
    let all = sources();
    let mut wrong = Vec::new();
    for (krate, _) in source::CRATES {
        let files: Vec<&Source> = all.iter().filter(|s| s.krate == *krate).collect();
        for circle in circles(&files).into_iter().filter(|c| c.len() > SMALL) {
            wrong.push(format!("{krate}: {}", circle.into_iter().collect::<Vec<_>>().join(" ")));
        }
    }
    assert!(wrong.is_empty(), "circles of files:\n{}", wrong.join("\n"));
}

#[test]
fn versions_are_compared_in_one_place() {
    let mut wrong = Vec::new();
    let own = |s: &&Source| first(&s.module) == "kernel";
    for s in sources().iter().filter(|s| s.krate != "server" && !own(s)) {
        for (n, line) in s.code.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            if line.contains("KernelVersion::new") || line.contains(".version <") || line.contains(".version >") {
                wrong.push(format!("{}:{}", s.file, n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "versions are compared outside of kernel/:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_decides() {
    let silent: Vec<String> = sources().into_iter().filter(|s| !s.code.starts_with("//!")).map(|s| s.file).collect();
    assert!(silent.is_empty(), "files without a head comment:\n{}", silent.join("\n"));
}

/// Modules whose items must not bear names of kernel functions or members.
const OWN_NAMES: &[&str] = &["analysis", "state", "domain", "log", "error", "cfg"];

/// Names that users see, or that are the field's own word for the thing.
const FIELD_WORDS: &[&str] = &[];

/// Functions of the kernel's verifier that its BTF does not list, because compilers inline them, and members of its
/// structs that meant something only there.
const INLINED: &str = include_str!("kernel_names.txt");

#[test]
fn nothing_bears_the_name_of_a_kernel_function() {
    let kernel = verifier_core::kernel::Kernel::v6_18();
    let vmlinux = verifier_core::program::vmlinux(&kernel).expect("BTF is embedded");
    let functions = (1..).map_while(|id| vmlinux.ty(id)).filter(|t| t.kind == verifier_core::btf::BtfKind::Func);
    let mut taken: BTreeSet<String> = functions.map(|t| t.name().to_string()).filter(|n| n.contains('_')).collect();
    taken.extend(INLINED.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(String::from));
    let mut wrong = BTreeSet::new();
    for s in sources().iter().filter(|s| s.krate == "core" && OWN_NAMES.contains(&first(&s.module))) {
        for name in s.items.iter().filter(|n| taken.contains(*n) && !FIELD_WORDS.contains(&n.as_str())) {
            wrong.insert(format!("{}: {name}", s.file));
        }
    }
    assert!(wrong.is_empty(), "names of the kernel's:\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Names in a piece of source text.
fn names(tokens: proc_macro2::TokenStream, out: &mut BTreeSet<String>) {
    for tree in tokens {
        match tree {
            proc_macro2::TokenTree::Ident(i) => {
                out.insert(i.to_string());
            }
            proc_macro2::TokenTree::Group(g) => names(g.stream(), out),
            _ => {}
        }
    }
}

/// The types of the analysis with the names in their fields, and every argument of its functions with the names in its
/// type.
fn types_and_arguments(files: &[&Source]) -> (BTreeMap<String, BTreeSet<String>>, Vec<(String, BTreeSet<String>)>) {
    let (mut types, mut arguments) = (BTreeMap::new(), Vec::new());
    let argument = |file: &str, sig: &syn::Signature, out: &mut Vec<(String, BTreeSet<String>)>| {
        for typed in sig.inputs.iter().filter_map(|i| if let syn::FnArg::Typed(t) = i { Some(t) } else { None }) {
            let mut found = BTreeSet::new();
            names(typed.ty.to_token_stream(), &mut found);
            out.push((format!("{file}: {}", sig.ident), found));
        }
    };
    for s in files {
        for item in syn::parse_file(&s.code).expect("source parses").items {
            let mut found = BTreeSet::new();
            match item {
                syn::Item::Struct(i) => {
                    i.fields.iter().for_each(|f| names(f.ty.to_token_stream(), &mut found));
                    types.insert(i.ident.to_string(), found);
                }
                syn::Item::Enum(i) => {
                    i.variants.iter().for_each(|v| names(v.fields.to_token_stream(), &mut found));
                    types.insert(i.ident.to_string(), found);
                }
                syn::Item::Type(i) => {
                    names(i.ty.to_token_stream(), &mut found);
                    types.insert(i.ident.to_string(), found);
                }
                syn::Item::Fn(i) => argument(&s.file, &i.sig, &mut arguments),
                syn::Item::Impl(i) => {
                    for item in &i.items {
                        if let syn::ImplItem::Fn(f) = item {
                            argument(&s.file, &f.sig, &mut arguments);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    (types, arguments)
}

#[test]
fn nothing_holds_both_the_program_and_the_search() {
    let all = sources();
    let files: Vec<&Source> = all.iter().filter(|s| s.krate == "core" && first(&s.module) == "analysis").collect();
    let (types, arguments) = types_and_arguments(&files);
    // What a type holds, directly or through others.
    let holds = |named: &BTreeSet<String>| {
        let (mut seen, mut open) = (BTreeSet::new(), named.iter().cloned().collect::<Vec<_>>());
        while let Some(name) = open.pop() {
            open.extend(types.get(&name).into_iter().flatten().filter(|n| !seen.contains(*n)).cloned());
            seen.insert(name);
        }
        seen
    };
    let both = |named: &BTreeSet<String>| {
        let held = holds(named);
        held.contains("Program") && held.contains("Search")
    };
    assert!(types.contains_key("Program") && types.contains_key("Search") && types.contains_key("Cx"));
    let mut wrong: Vec<String> = types.iter().filter(|(_, t)| both(t)).map(|(n, _)| n.clone()).collect();
    wrong.extend(arguments.iter().filter(|(_, t)| both(t)).map(|(f, _)| f.clone()));
    assert!(wrong.is_empty(), "the program and the search are in one hand:\n{}", wrong.join("\n"));
}

/// Files that know of stored states: the walk, the search, and what is kept beside states.
const KNOW_THE_SEARCH: &[&str] = &["step", "explore", "precision", "prune", "liveness", "stored"];

#[test]
fn rules_of_instructions_know_no_search() {
    let mut wrong = Vec::new();
    for s in sources().iter().filter(|s| s.krate == "core") {
        let own = s.module.split("::").nth(1).unwrap_or_default();
        if s.uses.contains("analysis::stored") && s.module != "analysis" && !KNOW_THE_SEARCH.contains(&own) {
            wrong.push(s.file.clone());
        }
    }
    assert!(wrong.is_empty(), "these use stored states:\n{}", wrong.join("\n"));
}

/// What one thing of each sort is named by, and in how many files at most: where three hold, adding another of the sort
/// touches no more. These numbers only shrink.
const NAMED_IN: &[(&str, &str, usize)] = &[
    // Pointer kinds: the row, who hands them out, and the runtime's object behind them.
    ("pointer kind", "PtrToFlowKeys", 3),
    ("pointer kind", "PtrToTpBuffer", 3),
    ("pointer kind", "PtrToXdpSock", 4),
    ("pointer kind", "ConstPtrToDynptr", 5),
    ("pointer kind", "PtrToBuf", 7),
    ("pointer kind", "PtrToArena", 10),
    // Changes of kernels: the row, and the rule that asks.
    ("kernel change", "neg_bounds", 2),
    ("kernel change", "acquired_is_trusted", 2),
    ("kernel change", "may_goto_zero", 3),
    // Instructions: the decoder, and every match that the compiler asks about.
    ("instruction", "MoveAs", 13),
    ("instruction", "LoadAcquire", 19),
    // Map types: kinds and flags, creation, and the runtime's map.
    ("map type", "StackTrace", 5),
    ("map type", "LpmTrie", 6),
    // Program types.
    ("program type", "FlowDissector", 9),
    ("program type", "LircMode2", 7),
    // Helpers with a rule of their own.
    ("helper", "TIMER_INIT", 4),
    ("helper", "KPTR_XCHG", 8),
];

/// Whether a word stands in the code of a file, comments left out.
fn has_word(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.lines().map(str::trim_start).filter(|l| !l.starts_with("//")).any(|l| {
        l.match_indices(word).any(|(at, _)| !l[..at].ends_with(part) && !l[at + word.len()..].starts_with(part))
    })
}

#[test]
fn few_files_name_one_thing() {
    let all = sources();
    let mut wrong = Vec::new();
    for (sort, word, most) in NAMED_IN {
        let files: Vec<&str> = all.iter().filter(|s| has_word(&s.code, word)).map(|s| s.file.as_str()).collect();
        assert!(!files.is_empty(), "{word} is gone");
        if files.len() > *most {
            wrong.push(format!("{sort} {word}: {} files instead of {most}: {}", files.len(), files.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
