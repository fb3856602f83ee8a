//! Whether a parsed `bpfvet.toml` has the form of [`shape`](super::shape): every mistake with its place, in order.
//!
//! Behind this check a reader may take keys and kinds for granted. What a mistake's text was meant to be is looked for
//! among the names that are known there.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::shape::{Key, Shape, Words};
use crate::near::near;
use crate::target;

/// Deepest nesting of a value.
const DEPTH: usize = 16;

/// A mistake: where, what, and what helps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// Bytes of the file that it is about.
    pub span: Range<usize>,
    /// What is wrong, in one sentence.
    pub words: String,
    /// What was meant, or what there is.
    pub help: Option<String>,
}

impl Mistake {
    /// Without help.
    pub fn new(span: Range<usize>, words: impl Into<String>) -> Mistake {
        Mistake { span, words: words.into(), help: None }
    }

    /// With the name that was meant among those known, or with all of them.
    pub fn known(mut self, meant: &str, known: &[String]) -> Mistake {
        self.help = match near(meant, known) {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None if known.is_empty() => None,
            None => {
                let shown: Vec<String> = known.iter().take(12).map(|k| format!("`{k}`")).collect();
                let more = if known.len() > shown.len() { ", …" } else { "" };
                Some(format!("there are {}{more}", shown.join(", ")))
            }
        };
        self
    }
}

/// Holds a table against its keys.
pub fn table(t: &DeTable<'_>, keys: &[Key], out: &mut Vec<Mistake>) {
    let mut entries: Vec<_> = t.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    for (name, value) in entries {
        match keys.iter().find(|k| k.name == name.get_ref()) {
            Some(key) => shape(key.name, value, &key.shape, out),
            None => {
                let known: Vec<String> = keys.iter().map(|k| k.name.to_string()).collect();
                let words = format!("unknown key `{}`", name.get_ref());
                out.push(Mistake::new(name.span(), words).known(name.get_ref(), &known));
            }
        }
    }
}

fn shape(name: &str, value: &Spanned<DeValue<'_>>, of: &Shape, out: &mut Vec<Mistake>) {
    let span = value.span();
    let mut wrong = |wanted: &str| {
        out.push(Mistake::new(span.clone(), format!("`{name}` holds {wanted}, not {}", kind(value.get_ref()))));
    };
    match (of, value.get_ref()) {
        (Shape::Text(words), DeValue::String(text)) => out.extend(text_mistake(*words, text, span)),
        (Shape::Text(words), _) => wrong(&format!("text (a {})", words.what())),
        (Shape::Texts(words), DeValue::String(text)) => out.extend(text_mistake(*words, text, span)),
        (Shape::Texts(_) | Shape::Values, DeValue::Array(items)) if items.is_empty() => {
            out.push(Mistake::new(span, format!("`{name}` is an empty list")));
        }
        (Shape::Texts(words), DeValue::Array(items)) => {
            items.iter().for_each(|item| shape(name, item, &Shape::Text(*words), out));
        }
        (Shape::Texts(words), _) => wrong(&format!("text or a list of texts (a {} each)", words.what())),
        (Shape::Flag, DeValue::Boolean(_)) => {}
        (Shape::Flag, _) => wrong("`true` or `false`"),
        (Shape::Number(least, most), DeValue::Integer(_)) => {
            let n = integer(value.get_ref());
            if !n.is_some_and(|n| (i128::from(*least)..=i128::from(*most)).contains(&n)) {
                out.push(Mistake::new(span, format!("`{name}` holds a number from {least} to {most}")));
            }
        }
        (Shape::Number(..), _) => wrong("a whole number"),
        (Shape::Value, _) => value_mistakes(value, 0, out),
        (Shape::Values, DeValue::Array(items)) => items.iter().for_each(|i| value_mistakes(i, 0, out)),
        (Shape::Values, _) => wrong("a list of values"),
        (Shape::Config, DeValue::Boolean(_) | DeValue::String(_)) => {}
        (Shape::Config, DeValue::Integer(_)) if integer(value.get_ref()).is_some() => {}
        (Shape::Config, _) => wrong("`true`, `false`, a number, or text (`\"m\"` for a module)"),
        (Shape::Table(keys) | Shape::NameOr(keys), DeValue::Table(t)) => table(t, keys, out),
        (Shape::NameOr(_), DeValue::String(_)) => {}
        (Shape::NameOr(_), _) => wrong("a map's name or a table"),
        (Shape::Table(_), _) => wrong(&format!("a table: write `[{name}]` or `{name} = {{ … }}`")),
        (Shape::Named(of), DeValue::Table(t)) => {
            let mut entries: Vec<_> = t.iter().collect();
            entries.sort_by_key(|(name, _)| name.span().start);
            entries.into_iter().for_each(|(name, value)| shape(name.get_ref(), value, of, out));
        }
        (Shape::Named(_), _) => wrong("a table of names"),
        (Shape::Tables(keys), DeValue::Array(items)) => {
            for item in items {
                match item.get_ref() {
                    DeValue::Table(t) => table(t, keys, out),
                    other => out.push(Mistake::new(item.span(), format!("`{name}` holds tables, not {}", kind(other)))),
                }
            }
        }
        (Shape::Tables(_), DeValue::Table(_)) => {
            let mistake = Mistake::new(span, format!("`{name}` is a list of tables"));
            out.push(Mistake { help: Some(format!("write `[[{name}]]`, with two brackets")), ..mistake });
        }
        (Shape::Tables(_), _) => wrong(&format!("tables: write `[[{name}]]`")),
    }
}

/// A number as it is written.
pub fn integer(value: &DeValue<'_>) -> Option<i128> {
    let n = value.as_integer()?;
    i128::from_str_radix(n.as_str(), n.radix()).ok().filter(|n| n.unsigned_abs() <= u128::from(u64::MAX))
}

fn value_mistakes(value: &Spanned<DeValue<'_>>, depth: usize, out: &mut Vec<Mistake>) {
    let span = value.span();
    if depth > DEPTH {
        return out.push(Mistake::new(span, "the value goes too deep"));
    }
    match value.get_ref() {
        DeValue::Boolean(_) | DeValue::String(_) => {}
        v @ DeValue::Integer(_) if integer(v).is_some() => {}
        DeValue::Integer(_) => out.push(Mistake::new(span, "the number does not fit into 64 bits")),
        DeValue::Array(items) => items.iter().for_each(|i| value_mistakes(i, depth + 1, out)),
        DeValue::Table(t) => t.iter().for_each(|(_, v)| value_mistakes(v, depth + 1, out)),
        other @ (DeValue::Float(_) | DeValue::Datetime(_)) => {
            out.push(Mistake::new(span, format!("{} is nothing that a BPF program has", kind(other))));
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn text_mistake(words: Words, text: &str, span: Range<usize>) -> Option<Mistake> {
    if text.is_empty() {
        return Some(Mistake::new(span, format!("a {} is empty", words.what())));
    }
    match words {
        Words::Any => None,
        Words::Kernels => {
            let wrong = text.split(',').map(str::trim).find_map(|word| target::check_word(word).err())?;
            Some(Mistake::new(span, wrong))
        }
        Words::Files => text.starts_with('/').then(|| Mistake {
            help: Some("a file that is committed names no folders of one machine".into()),
            ..Mistake::new(span, "patterns of files are relative to the folder of this file")
        }),
        Words::Percent => {
            let n = text.strip_suffix('%').and_then(|n| n.trim().parse::<u32>().ok()).filter(|n| *n < 100);
            let mistake = Mistake {
                help: Some("as `10%`".into()),
                ..Mistake::new(span, format!("`{text}` is no part of a hundred below it"))
            };
            n.is_none().then_some(mistake)
        }
        _ => {
            let known = words.known().unwrap_or_default();
            let is = |k: &String| k == text || words == Words::MapType && k.eq_ignore_ascii_case(text);
            if known.iter().any(is) {
                return None;
            }
            Some(Mistake::new(span, format!("unknown {} `{text}`", words.what())).known(text, &known))
        }
    }
}
