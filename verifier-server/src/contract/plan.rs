//! What a contract comes to for one object in one variant.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use verifier_core::kernel::Kernel;
use verifier_core::program::contract::{Change, Setting};
use verifier_core::program::{LoaderRules, Object, glob};

use super::check::Mistake;
use super::read::{Expect, Limits, Placed, Settings};
use super::{Contract, Source};
use crate::row::{Expected, Kind, Row};

/// One variant of an object.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    source: Option<Arc<Source>>,
    /// Name of the variant; `None`: there is one only.
    pub variant: Option<String>,
    /// Kernels to answer for; empty: nothing was said.
    pub kernels: Vec<String>,
    /// Whose rules hold.
    pub loader: Option<LoaderRules>,
    /// What is unsupported fails.
    pub fail_on_unsupported: bool,
    /// What the loader sets, tagged by its place in `spans`.
    pub settings: Vec<Setting>,
    spans: Vec<Range<usize>>,
    limits: Limits,
    budgets: Vec<(String, Limits)>,
    expects: Vec<Expect>,
}

impl Plan {
    /// The plans of an object.
    pub fn all(contract: &Contract, object: &Path) -> Vec<Plan> {
        let said = &contract.said;
        let mut base = Plan {
            source: Some(Arc::new(contract.source.clone())),
            kernels: said.kernels.clone(),
            loader: said.loader.map(LoaderRules::from),
            fail_on_unsupported: said.fail_on_unsupported,
            limits: said.budget.clone(),
            ..Plan::default()
        };
        let Some(part) = contract.part(object) else { return vec![base] };
        if !part.kernels.is_empty() {
            base.kernels.clone_from(&part.kernels);
        }
        base.loader = part.loader.map(LoaderRules::from).or(base.loader);
        base.limits = part.budget.over(&said.budget);
        base.add(&part.settings);
        let mut out = vec![base];
        if !part.presets.is_empty() {
            let of = |(name, settings): &(String, Settings)| {
                let mut plan = out[0].clone();
                plan.named(name);
                plan.add(settings);
                plan
            };
            out = part.presets.iter().map(of).collect();
        }
        for (variable, values) in &part.matrix {
            let with = |plan: &Plan, value: &Placed| {
                let mut plan = plan.clone();
                plan.named(&format!("{variable}={}", shown(&value.change)));
                plan.set(value);
                plan
            };
            out = out.iter().flat_map(|plan| values.iter().map(|v| with(plan, v))).collect();
        }
        out
    }

    fn named(&mut self, part: &str) {
        self.variant = Some(self.variant.take().map_or_else(|| part.to_string(), |v| format!("{v},{part}")));
    }

    fn set(&mut self, placed: &Placed) {
        self.settings.push(Setting { tag: self.spans.len(), what: placed.change.clone() });
        self.spans.push(placed.span.clone());
    }

    fn add(&mut self, settings: &Settings) {
        settings.changes.iter().for_each(|c| self.set(c));
        self.budgets.extend(settings.budgets.iter().cloned());
        self.expects.extend(settings.expects.iter().cloned());
    }

    /// Whether it asks nothing that an answer depends on.
    pub fn is_plain(&self) -> bool {
        self.settings.is_empty() && self.expects.is_empty() && self.loader.is_none()
    }

    /// What of the plan fits nothing in the object, in a line each; empty: all fits.
    pub fn misfits(&self, object: &Object) -> Vec<String> {
        let Some(source) = &self.source else { return Vec::new() };
        let span = |tag: usize| self.spans.get(tag).cloned().unwrap_or(0..0);
        let meant = |tag: usize| match self.settings.get(tag).map(|s| &s.what) {
            Some(Change::Global(name, _)) => name.split(['.', '[']).next().unwrap_or(name).to_string(),
            Some(Change::Kconfig(name, _) | Change::Map(name, _) | Change::Program(name, _)) => name.clone(),
            None => String::new(),
        };
        let of_settings = object.misfits.iter().map(|m| {
            let mistake = Mistake::new(span(m.tag), m.words.clone());
            if m.known.is_empty() { mistake } else { mistake.known(&meant(m.tag), &m.known) }
        });
        let mut mistakes: Vec<Mistake> = of_settings.collect();
        let names: Vec<String> = object.programs.iter().map(|p| p.name.clone()).collect();
        for e in self.expects.iter().filter(|e| !names.iter().any(|n| glob(&e.programs, n)) && e.programs != "*") {
            let words = format!("the object has no program `{}`", e.programs);
            mistakes.push(Mistake::new(e.span.clone(), words).known(&e.programs, &names));
        }
        mistakes.sort_by_key(|m| m.span.start);
        mistakes.dedup_by(|a, b| a.words == b.words);
        mistakes.iter().map(|m| source.line(m)).collect()
    }

    /// Limits of a program.
    pub fn limits(&self, program: &str) -> Vec<(String, u64)> {
        let own = self.budgets.iter().filter(|(pattern, _)| glob(pattern, program));
        own.fold(self.limits.clone(), |wider, (_, limits)| limits.over(&wider)).effective()
    }

    /// What is expected of a row on a kernel, and whether it is so; the last that is said counts.
    pub fn expected(&self, row: &Row, kernel: &Kernel) -> Option<Expected> {
        let about = |e: &&Expect| e.is_about(&row.program, self.variant.as_deref(), kernel);
        let found = self.expects.iter().rev().find(about).filter(|_| !row.program.is_empty())?;
        let is = row.kind == found.kind && found.code.as_deref().is_none_or(|c| row.code == Some(c));
        let source = self.source.as_ref()?;
        // A limit that is exceeded is not what was expected of an accepted program.
        let met = is && (row.kind != Kind::Accepted || row.over_budget.is_empty());
        Some(Expected { words: found.words(), met, place: source.place(&found.span) })
    }
}

/// A value in the name of a variant.
fn shown(change: &Change) -> String {
    use verifier_core::program::Value;
    fn of(v: &Value) -> String {
        match v {
            Value::Bool(b) => b.to_string(),
            Value::Number(n) => n.to_string(),
            Value::Text(t) => t.clone(),
            Value::List(items) => format!("[{}]", items.iter().map(of).collect::<Vec<_>>().join(" ")),
            Value::Members(all) => {
                let one = |(n, v): &(String, Value)| format!("{n}:{}", of(v));
                format!("{{{}}}", all.iter().map(one).collect::<Vec<_>>().join(" "))
            }
        }
    }
    match change {
        Change::Global(_, v) => of(v),
        Change::Kconfig(..) | Change::Map(..) | Change::Program(..) => String::new(),
    }
}
