//! From the text of a `bpfvet.toml` to what it says, or to every mistake in it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use verifier_core::kernel::{AttachType, MapType};
use verifier_core::program::Value;
use verifier_core::program::contract::{Change, InnerMap, MapChange, ProgramChange, glob};

use super::check::{self, Mistake, integer};
use super::shape::{BUDGET, FILE, MAP_FLAGS, PROG_FLAGS};
use crate::args::LoaderName;
use crate::row::{Kind, prog_type};
use crate::target;

/// Most variants of one object.
pub const MOST_VARIANTS: usize = 64;
/// Instructions after which every kernel stops.
const KERNEL_INSNS: u64 = 1_000_000;
/// Bytes of stack that a program may have.
const KERNEL_STACK: u64 = 512;

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Kernels to answer for; empty: the default.
    pub kernels: Vec<String>,
    /// Whose rules hold.
    pub loader: Option<LoaderName>,
    /// Limits for everything.
    pub budget: Limits,
    /// What is unsupported fails.
    pub fail_on_unsupported: bool,
    /// What holds for some objects.
    pub objects: Vec<ObjectPart>,
}

/// Limits for accepted programs.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Name and most.
    pub most: Vec<(String, u64)>,
    /// Parts of a hundred that must stay free.
    pub headroom: Option<u64>,
}

impl Limits {
    /// These limits, and of `wider` ones what is not named here.
    pub fn over(&self, wider: &Limits) -> Limits {
        let mut out = self.clone();
        out.most.extend(wider.most.iter().filter(|(n, _)| self.most.iter().all(|(own, _)| own != n)).cloned());
        out.headroom = self.headroom.or(wider.headroom);
        out
    }

    /// What may be reached, with the headroom taken off; of the kernel's own limits where no other is given.
    pub fn effective(&self) -> Vec<(String, u64)> {
        let mut most = self.most.clone();
        let Some(headroom) = self.headroom else { return most };
        for (name, limit) in [("insns", KERNEL_INSNS), ("stack", KERNEL_STACK)] {
            if most.iter().all(|(n, _)| n != name) {
                most.push((name.into(), limit));
            }
        }
        // Never 0, which would refuse everything.
        most.iter_mut().for_each(|(_, limit)| *limit = (limit.saturating_mul(100 - headroom) / 100).max(1));
        most
    }
}

/// A setting and where it stands.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// What is set.
    pub change: Change,
}

/// What is expected.
#[derive(Clone, Debug)]
pub struct Expect {
    /// Of which programs, as a pattern.
    pub programs: String,
    /// On which kernels, as words of `--kernel`; empty: all.
    pub kernels: Vec<String>,
    /// In which variants.
    pub variant: Option<String>,
    /// The verdict.
    pub kind: Kind,
    /// The code.
    pub code: Option<String>,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Settings together with what is expected under them.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// In the order in which they are applied.
    pub changes: Vec<Placed>,
    /// Budgets of programs.
    pub budgets: Vec<(String, Limits)>,
    /// What is expected.
    pub expects: Vec<Expect>,
}

/// What holds for some objects.
#[derive(Clone, Debug, Default)]
pub struct ObjectPart {
    /// Patterns of files.
    pub files: Vec<String>,
    /// Kernels, in the place of those of the file.
    pub kernels: Vec<String>,
    /// Whose rules hold.
    pub loader: Option<LoaderName>,
    /// Limits.
    pub budget: Limits,
    /// What is set.
    pub settings: Settings,
    /// Variables with the values to try.
    pub matrix: Vec<(String, Vec<Placed>)>,
    /// Variants by name.
    pub presets: Vec<(String, Settings)>,
}

/// Reads a file's text.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn read(text: &str) -> Result<Said, Vec<Mistake>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    // What is wrong with the grammar behind the first such mistake may come from it.
    if let Some(e) = errors.first() {
        let words = e.message().lines().collect::<Vec<_>>().join("; ");
        return Err(vec![Mistake::new(e.span().unwrap_or(0..0), words)]);
    }
    let mut mistakes = Vec::new();
    check::table(root.get_ref(), FILE, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let said = Reader { mistakes: &mut mistakes }.file(root.get_ref());
    if mistakes.is_empty() { Ok(said) } else { Err(mistakes) }
}

/// Reads tables whose form was checked; what is wrong beyond form is noted.
struct Reader<'a> {
    mistakes: &'a mut Vec<Mistake>,
}

type Cell<'i> = Spanned<DeValue<'i>>;

fn texts(t: &DeTable<'_>, key: &str) -> Vec<(String, Range<usize>)> {
    let Some(value) = t.get(key) else { return Vec::new() };
    let one = |v: &Cell<'_>| v.get_ref().as_str().map(|s| (s.to_string(), v.span()));
    match value.get_ref() {
        DeValue::Array(items) => items.iter().filter_map(one).collect(),
        _ => one(value).into_iter().collect(),
    }
}

fn text(t: &DeTable<'_>, key: &str) -> Option<String> {
    t.get(key)?.get_ref().as_str().map(str::to_string)
}

fn number(t: &DeTable<'_>, key: &str) -> Option<u64> {
    integer(t.get(key)?.get_ref()).and_then(|n| u64::try_from(n).ok())
}

fn table<'a, 'i>(t: &'a DeTable<'i>, key: &str) -> Option<&'a DeTable<'i>> {
    t.get(key)?.get_ref().as_table()
}

/// The entries of a table in the order of the file.
fn entries<'a, 'i>(t: Option<&'a DeTable<'i>>) -> Vec<(&'a str, Range<usize>, &'a Cell<'i>)> {
    let mut all: Vec<_> = t.into_iter().flatten().map(|(k, v)| (k.get_ref().as_ref(), k.span(), v)).collect();
    all.sort_by_key(|(_, span, _)| span.start);
    all
}

fn kernels(t: &DeTable<'_>) -> Vec<String> {
    let words = texts(t, "kernels");
    words.iter().flat_map(|(w, _)| w.split(',')).map(|w| w.trim().to_string()).filter(|w| !w.is_empty()).collect()
}

fn loader(t: &DeTable<'_>) -> Option<LoaderName> {
    let name = text(t, "loader")?;
    <LoaderName as clap::ValueEnum>::from_str(&name, false).ok()
}

fn limits(t: Option<&DeTable<'_>>) -> Limits {
    let Some(t) = t else { return Limits::default() };
    let names = BUDGET.iter().map(|k| k.name).filter(|n| *n != "headroom");
    Limits {
        most: names.filter_map(|n| number(t, n).map(|limit| (n.to_string(), limit))).collect(),
        headroom: text(t, "headroom").and_then(|h| h.trim_end_matches('%').trim().parse().ok()),
    }
}

/// A value of a variable; its form was checked.
fn value(v: &DeValue<'_>) -> Value {
    match v {
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::String(s) => Value::Text(s.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|i| value(i.get_ref())).collect()),
        DeValue::Table(t) => {
            let all = entries(Some(t)).into_iter();
            Value::Members(all.map(|(name, _, v)| (name.to_string(), value(v.get_ref()))).collect())
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => Value::Number(integer(v).unwrap_or(0)),
    }
}

/// A value of the configuration as its line has it.
fn config(v: &DeValue<'_>) -> String {
    match v {
        DeValue::Boolean(yes) => if *yes { "y" } else { "n" }.into(),
        DeValue::String(s) if matches!(s.as_ref(), "y" | "n" | "m") => s.to_string(),
        DeValue::String(s) => format!("\"{s}\""),
        _ => integer(v).unwrap_or(0).to_string(),
    }
}

fn flags(t: &DeTable<'_>, known: &[(&str, u32)]) -> Option<u32> {
    t.get("flags")?;
    let named = texts(t, "flags").into_iter();
    Some(named.filter_map(|(n, _)| known.iter().find(|k| k.0 == n)).fold(0, |all, k| all | k.1))
}

fn map_type(t: &DeTable<'_>) -> Option<MapType> {
    let name = text(t, "type")?;
    MapType::ALL.iter().copied().find(|m| m.name().eq_ignore_ascii_case(&name))
}

fn u32_of(t: &DeTable<'_>, key: &str) -> Option<u32> {
    number(t, key).and_then(|n| u32::try_from(n).ok())
}

impl Reader<'_> {
    fn mistake(&mut self, span: Range<usize>, words: impl Into<String>) {
        self.mistakes.push(Mistake::new(span, words));
    }

    fn file(&mut self, t: &DeTable<'_>) -> Said {
        let objects = t.get("object").and_then(|o| o.get_ref().as_array()).into_iter().flatten();
        let objects = objects.filter_map(|o| o.get_ref().as_table().map(|t| (t, o.span())));
        Said {
            kernels: kernels(t),
            loader: loader(t),
            budget: limits(table(t, "budget")),
            fail_on_unsupported: texts(t, "fail_on").iter().any(|(w, _)| w == "unsupported"),
            objects: objects.map(|(t, span)| self.object(t, span)).collect(),
        }
    }

    fn object(&mut self, t: &DeTable<'_>, span: Range<usize>) -> ObjectPart {
        let files: Vec<String> = texts(t, "files").into_iter().map(|f| f.0).collect();
        if files.is_empty() {
            let help = "add `files = \"*.bpf.o\"`, with patterns relative to this file";
            self.mistakes.push(Mistake {
                help: Some(help.into()),
                ..Mistake::new(span.clone(), "this `[[object]]` has no `files`")
            });
        }
        let mut matrix = Vec::new();
        for (name, _, values) in entries(table(t, "matrix")) {
            let items = values.get_ref().as_array().into_iter().flatten();
            let of = |v: &Cell<'_>| Placed { span: v.span(), change: Change::Global(name.into(), value(v.get_ref())) };
            matrix.push((name.to_string(), items.map(of).collect::<Vec<_>>()));
        }
        let settings = self.settings(t);
        let presets: Vec<(String, Settings)> = entries(table(t, "presets"))
            .into_iter()
            .filter_map(|(name, _, v)| v.get_ref().as_table().map(|t| (name.to_string(), self.settings(t))))
            .collect();
        let combinations = matrix.iter().map(|(_, v)| v.len()).fold(1usize, usize::saturating_mul);
        let variants = combinations.saturating_mul(presets.len().max(1));
        if variants > MOST_VARIANTS {
            let at = t.get("matrix").or_else(|| t.get("presets")).map_or(span, Spanned::span);
            self.mistake(
                at,
                format!("these are {variants} variants of an object, and at most {MOST_VARIANTS} are tried"),
            );
        }
        ObjectPart {
            files,
            kernels: kernels(t),
            loader: loader(t),
            budget: limits(table(t, "budget")),
            settings,
            matrix,
            presets,
        }
    }

    fn settings(&mut self, t: &DeTable<'_>) -> Settings {
        let mut out = Settings::default();
        for (name, span, v) in entries(table(t, "globals")) {
            out.changes.push(Placed { span, change: Change::Global(name.into(), value(v.get_ref())) });
        }
        for (name, span, v) in entries(table(t, "kconfig")) {
            if !name.starts_with("CONFIG_") {
                let words = format!("`{name}` is no name of a configuration value: they begin with `CONFIG_`");
                self.mistake(span.clone(), words);
            }
            out.changes.push(Placed { span, change: Change::Kconfig(name.into(), config(v.get_ref())) });
        }
        for (name, span, v) in entries(table(t, "maps")) {
            let Some(t) = v.get_ref().as_table() else { continue };
            for (change, key) in self.map(t) {
                let span = entries(Some(t)).into_iter().find(|e| e.0 == key).map_or_else(|| span.clone(), |e| e.1);
                out.changes.push(Placed { span, change: Change::Map(name.into(), change) });
            }
        }
        self.expects(t, "*", &mut out.expects);
        for (name, span, v) in entries(table(t, "programs")) {
            let Some(t) = v.get_ref().as_table() else { continue };
            let changes = program(t);
            // A name that the object does not have is a mistake whatever is said of it.
            for change in changes {
                out.changes.push(Placed { span: span.clone(), change: Change::Program(name.into(), change) });
            }
            if t.get("budget").is_some() {
                out.budgets.push((name.to_string(), limits(table(t, "budget"))));
            }
            self.expects(t, name, &mut out.expects);
        }
        out
    }

    fn map(&mut self, t: &DeTable<'_>) -> Vec<(MapChange, &'static str)> {
        let mut out = Vec::new();
        out.extend(map_type(t).map(|m| (MapChange::Type(m), "type")));
        out.extend(u32_of(t, "key_size").map(|n| (MapChange::KeySize(n), "key_size")));
        out.extend(u32_of(t, "value_size").map(|n| (MapChange::ValueSize(n), "value_size")));
        out.extend(u32_of(t, "max_entries").map(|n| (MapChange::MaxEntries(n), "max_entries")));
        out.extend(flags(t, MAP_FLAGS).map(|n| (MapChange::Flags(n), "flags")));
        out.extend(number(t, "map_extra").map(|n| (MapChange::Extra(n), "map_extra")));
        let create = t.get("create").and_then(|c| c.get_ref().as_bool());
        out.extend(create.map(|yes| (MapChange::Create(yes), "create")));
        match t.get("inner").map(|i| (i.get_ref(), i.span())) {
            Some((DeValue::String(name), _)) => out.push((MapChange::InnerLike(name.to_string()), "inner")),
            Some((DeValue::Table(inner), span)) => match map_type(inner) {
                Some(map_type) => {
                    let n = |key| u32_of(inner, key).unwrap_or(0);
                    out.push((
                        MapChange::Inner(InnerMap {
                            map_type,
                            key_size: n("key_size"),
                            value_size: n("value_size"),
                            max_entries: n("max_entries"),
                            flags: flags(inner, MAP_FLAGS).unwrap_or(0),
                        }),
                        "inner",
                    ));
                }
                None => self.mistake(span, "the template of inner maps has no `type`"),
            },
            _ => {}
        }
        out
    }

    fn expects(&mut self, t: &DeTable<'_>, programs: &str, out: &mut Vec<Expect>) {
        for item in t.get("expect").and_then(|e| e.get_ref().as_array()).into_iter().flatten() {
            let Some(e) = item.get_ref().as_table() else { continue };
            let code = text(e, "code");
            let kind = match text(e, "verdict").as_deref() {
                Some("accepted") => Kind::Accepted,
                Some("not_loadable") => Kind::NotLoadable,
                Some("unsupported") => Kind::Unsupported,
                Some(_) => Kind::Rejected,
                None if code.is_some() => Kind::Rejected,
                None => {
                    self.mistake(item.span(), "nothing is expected: `verdict` or `code` is missing");
                    continue;
                }
            };
            if code.is_some() && kind != Kind::Rejected {
                self.mistake(item.span(), "only what is rejected has a `code`");
            }
            let kernels = kernels(e);
            let programs = programs.to_string();
            out.push(Expect { programs, kernels, variant: text(e, "variant"), kind, code, span: item.span() });
        }
    }
}

fn program(t: &DeTable<'_>) -> Vec<ProgramChange> {
    let mut out = Vec::new();
    let load = t.get("load").and_then(|l| l.get_ref().as_bool());
    out.extend(load.map(ProgramChange::Load));
    out.extend(text(t, "type").and_then(|n| prog_type(&n).ok()).map(ProgramChange::Type));
    let attach = text(t, "attach_type")
        .and_then(|name| (0..128).filter_map(AttachType::from_number).find(|a| a.name().eq_ignore_ascii_case(&name)));
    out.extend(attach.map(ProgramChange::AttachType));
    out.extend(flags(t, PROG_FLAGS).map(ProgramChange::Flags));
    out.extend(text(t, "attach_to").map(ProgramChange::AttachTo));
    out
}

impl Expect {
    /// Whether it is about a program of a kernel in a variant.
    pub fn is_about(&self, program: &str, variant: Option<&str>, kernel: &verifier_core::kernel::Kernel) -> bool {
        glob(&self.programs, program)
            && self.variant.as_ref().is_none_or(|v| variant.is_some_and(|is| glob(v, is)))
            && (self.kernels.is_empty() || self.kernels.iter().any(|word| target::names(word, kernel)))
    }

    /// What is expected, in words.
    pub fn words(&self) -> String {
        match &self.code {
            Some(code) => format!("{} [{code}]", self.kind.word()),
            None => self.kind.word().to_string(),
        }
    }
}
