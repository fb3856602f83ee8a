//! The source text as the rules need it: each file's module, the modules it uses, and the names of its items.
//!
//! Files are read whole and parsed; what stands under `#[cfg(test)]` does not count. Every form of use counts: lists,
//! `self` and `super`, other names (`as`), re-exports (followed to where the item stands), and paths in expressions and
//! macros. A use of a re-exported item is a use of the file that holds the item.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

/// Crates that are looked at: name, folder below this crate's.
pub const CRATES: &[(&str, &str)] = &[
    ("core", "src"),
    ("probe", "probe/src"),
    ("runtime", "runtime/src"),
    ("solver", "solver/src"),
    ("server", "../verifier-server/src"),
];

/// One file.
pub struct Source {
    /// Which crate, by its name in [`CRATES`].
    pub krate: &'static str,
    /// Path for messages.
    pub file: String,
    /// Module path, `a::b`; empty for the root.
    pub module: String,
    /// Text, without its tests.
    pub code: String,
    /// Modules of the same crate that it uses, itself left out.
    pub uses: BTreeSet<String>,
    /// Names of functions, types and fields that it defines.
    pub items: Vec<String>,
}

/// A path as it stands in a file, with the name it is known by there.
struct Named {
    path: Vec<String>,
    name: String,
}

/// What one file says before names are resolved.
#[derive(Default)]
struct Parsed {
    /// Imports, and paths in code.
    used: Vec<Vec<String>>,
    /// Re-exports: name to path.
    exported: BTreeMap<String, Vec<String>>,
    items: Vec<String>,
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("source folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn module_of(rel: &Path) -> String {
    let parts: Vec<String> =
        rel.with_extension("").components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    let keep = parts.len() - usize::from(matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")));
    parts[..keep].join("::")
}

fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| a.path().is_ident("cfg") && a.to_token_stream().to_string().contains("test"))
}

fn attrs_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(i) => &i.attrs,
        syn::Item::Fn(i) => &i.attrs,
        syn::Item::Use(i) => &i.attrs,
        syn::Item::Impl(i) => &i.attrs,
        syn::Item::Struct(i) => &i.attrs,
        syn::Item::Enum(i) => &i.attrs,
        syn::Item::Const(i) => &i.attrs,
        syn::Item::Static(i) => &i.attrs,
        syn::Item::Trait(i) => &i.attrs,
        syn::Item::Macro(i) => &i.attrs,
        _ => &[],
    }
}

fn expand(tree: &syn::UseTree, prefix: &[String], out: &mut Vec<Named>) {
    let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
    match tree {
        syn::UseTree::Path(p) => expand(&p.tree, &with(&p.ident), out),
        syn::UseTree::Name(n) if n.ident == "self" => {
            out.push(Named { path: prefix.to_vec(), name: prefix.last().cloned().unwrap_or_default() });
        }
        syn::UseTree::Name(n) => out.push(Named { path: with(&n.ident), name: n.ident.to_string() }),
        syn::UseTree::Rename(r) => out.push(Named { path: with(&r.ident), name: r.rename.to_string() }),
        syn::UseTree::Glob(_) => out.push(Named { path: prefix.to_vec(), name: "*".into() }),
        syn::UseTree::Group(g) => g.items.iter().for_each(|t| expand(t, prefix, out)),
    }
}

/// Paths of at least two segments in a stream of tokens.
fn paths(tokens: TokenStream, out: &mut Vec<Vec<String>>) {
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    let colon = |i: usize| matches!(all.get(i), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    let mut i = 0;
    while i < all.len() {
        match &all[i] {
            TokenTree::Group(g) => paths(g.stream(), out),
            TokenTree::Ident(first) => {
                let mut path = vec![first.to_string()];
                while colon(i + 1) && colon(i + 2) {
                    let Some(TokenTree::Ident(next)) = all.get(i + 3) else { break };
                    path.push(next.to_string());
                    i += 3;
                }
                if path.len() > 1 {
                    out.push(path);
                }
            }
            _ => {}
        }
        i += 1;
    }
}

fn fields(f: &syn::Fields, out: &mut Vec<String>) {
    out.extend(f.iter().filter_map(|f| f.ident.as_ref()).map(ToString::to_string));
}

fn names(item: &syn::Item, out: &mut Vec<String>) {
    match item {
        syn::Item::Fn(f) => out.push(f.sig.ident.to_string()),
        syn::Item::Struct(s) => {
            out.push(s.ident.to_string());
            fields(&s.fields, out);
        }
        syn::Item::Enum(e) => e.variants.iter().for_each(|v| fields(&v.fields, out)),
        syn::Item::Impl(i) => out.extend(i.items.iter().filter_map(|i| match i {
            syn::ImplItem::Fn(f) => Some(f.sig.ident.to_string()),
            _ => None,
        })),
        _ => {}
    }
}

fn parse(items: &[syn::Item], out: &mut Parsed) {
    for item in items.iter().filter(|i| !is_test(attrs_of(i))) {
        match item {
            syn::Item::Use(u) => {
                let mut found = Vec::new();
                expand(&u.tree, &[], &mut found);
                let exports = !matches!(u.vis, syn::Visibility::Inherited);
                for n in found {
                    if exports {
                        out.exported.insert(n.name, n.path);
                    } else {
                        out.used.push(n.path);
                    }
                }
            }
            syn::Item::Mod(m) => {
                if let Some((_, inner)) = &m.content {
                    parse(inner, out);
                }
            }
            other => {
                names(other, &mut out.items);
                let mut tokens = other.to_token_stream();
                // `pub(in a::b)` is no use of `a::b`.
                if let syn::Item::Fn(f) = other {
                    tokens = f.sig.to_token_stream();
                    tokens.extend(f.block.to_token_stream());
                }
                paths(tokens, &mut out.used);
            }
        }
    }
}

/// A path made absolute, if it begins in this crate.
fn absolute(path: &[String], module: &str, modules: &BTreeSet<String>) -> Option<Vec<String>> {
    let own: Vec<String> = module.split("::").filter(|s| !s.is_empty()).map(String::from).collect();
    let begin = path.first()?.as_str();
    match begin {
        "crate" => Some(path[1..].to_vec()),
        "self" | "super" => {
            let ups = path.iter().take_while(|s| *s == "super" || *s == "self").filter(|s| *s == "super").count();
            let rest = path.iter().skip_while(|s| *s == "super" || *s == "self").cloned();
            Some(own.iter().take(own.len().checked_sub(ups)?).cloned().chain(rest).collect())
        }
        child => {
            let there = [own, vec![child.to_string()]].concat();
            modules.contains(&there.join("::")).then(|| [there, path[1..].to_vec()].concat())
        }
    }
}

/// The file that an absolute path leads to; re-exports are followed.
fn resolve(
    path: &[String],
    parsed: &BTreeMap<String, Parsed>,
    modules: &BTreeSet<String>,
    depth: u32,
) -> Option<String> {
    let at = (0..=path.len()).rev().find(|n| modules.contains(&path[..*n].join("::")))?;
    let module = path[..at].join("::");
    let exported = path.get(at).and_then(|name| parsed.get(&module)?.exported.get(name));
    match exported {
        Some(to) if depth < 8 => {
            let to = absolute(to, &module, modules)?;
            resolve(&[to, path[at + 1..].to_vec()].concat(), parsed, modules, depth + 1)
        }
        _ => Some(module),
    }
}

/// All files of all crates.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for (krate, folder) in CRATES {
        let src = root.join(folder);
        let mut found = Vec::new();
        files(&src, &mut found);
        found.sort();
        let (mut parsed, mut texts) = (BTreeMap::new(), Vec::new());
        for path in found {
            let rel = path.strip_prefix(&src).expect("below its folder");
            let text = fs::read_to_string(&path).expect("source is text");
            let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let mut one = Parsed::default();
            parse(&file.items, &mut one);
            let module = module_of(rel);
            texts.push((module.clone(), format!("{folder}/{}", rel.display()), text));
            // A library and its program are one crate here; both roots are the empty module.
            let known: &mut Parsed = parsed.entry(module).or_default();
            known.used.extend(one.used);
            known.exported.extend(one.exported);
            known.items.extend(one.items);
        }
        let modules: BTreeSet<String> = parsed.keys().cloned().collect();
        for (module, file, text) in texts {
            let one = &parsed[&module];
            let absolute = one.used.iter().filter_map(|p| absolute(p, &module, &modules));
            let mut uses: BTreeSet<String> = absolute.filter_map(|p| resolve(&p, &parsed, &modules, 0)).collect();
            uses.remove(&module);
            uses.remove("");
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_string();
            all.push(Source { krate, file, uses, items: one.items.clone(), module, code });
        }
    }
    all
}
