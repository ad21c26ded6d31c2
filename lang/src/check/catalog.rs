//! `catalog`: models with their prices and limits, for every provider that names it.
//!
//! Catalogs of the well-known providers are built in, in the language itself. They are parsed when
//! a provider first names one, so that a policy without them pays nothing.

use std::sync::Arc;

use claw_table::policy::Api;

use super::model::{self, Read};
use super::names::{Names, Sort};
use super::{calendar, fields, price};
use crate::codes::Code;
use crate::day::Day;
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax;
use crate::syntax::ast::{Item, Statement, Value};
use crate::vocab;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// The name and the text of each catalog that comes with the compiler.
        const BUILT_IN: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../policies/catalog/", $name, ".claw"))),)*
        ];
    };
}

built_in!(
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "groq",
    "mistral",
    "openai",
    "openrouter",
    "xai",
);

/// A catalog as far as it could be read.
#[derive(Debug, Clone)]
pub(super) struct Catalog {
    /// Its name.
    pub name: String,
    /// The day of which it tells.
    pub snapshot: Option<Day>,
    /// Its models, in text order.
    pub models: Vec<Read>,
    /// Its models could not all be read.
    pub is_unsure: bool,
}

/// Reads `catalog NAME { … }`.
pub(super) fn catalog(it: &Statement, names: &mut Names, report: &mut Report) -> Catalog {
    let name = it.groups.iter().flatten().next();
    let mut out = Catalog {
        name: name.map_or_else(String::new, |name| name.text.clone()),
        snapshot: None,
        models: Vec::new(),
        is_unsure: false,
    };
    let list = fields::read(it, vocab::CATALOG, names, report);
    for field in list.iter() {
        if field.keyword.is_word("snapshot") {
            out.snapshot = fields::one(field, "catalog", report)
                .and_then(|value| calendar::day(value, report));
            continue;
        }
        let Some((name, wire)) = model::named(field, report) else {
            out.is_unsure = true;
            continue;
        };
        if let Some(first) = out
            .models
            .iter()
            .find(|known| known.model.name == name.text)
        {
            let found = Diagnostic::new(
                Code::Duplicate,
                name.span,
                format!("`{}` already has a model `{}`", out.name, name.text),
            );
            report.add(found.and(first.price, "here").help("keep one of them"));
            continue;
        }
        let mut read = model::read(field, (name, wire), names, report);
        // Whether its input is written to a cache depends on who serves it, and is asked there.
        price::fill(&mut read.model, Api::OpenAi, (read.price, report));
        out.models.push(read);
    }
    list.require("snapshot", report);
    list.require("model", report);
    out.is_unsure |= it.block.is_none() || list.may_lack("model");
    out
}

/// The catalog that `models catalog NAME` means: one of the folder, or else one that is built in.
pub(super) fn named(
    name: &Value,
    declared: &[Catalog],
    names: &mut Names,
    report: &mut Report,
) -> Option<Catalog> {
    let is_own = names.sort(&name.text) == Some(Sort::Catalog);
    if !is_own && let Some(found) = built_in(&name.text) {
        return Some(found);
    }
    if is_own || names.is_excused(&name.text) {
        let at = names.resolve(name, Sort::Catalog, report)?;
        return declared.get(at).cloned();
    }
    let known = || BUILT_IN.iter().map(|(known, _)| *known);
    let found = Diagnostic::new(
        Code::UnknownName,
        name.span,
        format!("no catalog `{}`", fields::shown(name)),
    );
    let near = nearest(&name.text, known().chain(names.of_sort(Sort::Catalog)));
    let list: Vec<String> = known().map(|known| format!("`{known}`")).collect();
    let list = list.join(", ");
    let found = found.help(format!("declare it, or name one that is built in: {list}"));
    let found = match near {
        Some(near) => found.meant(name.span, near),
        None => found,
    };
    report.add(found);
    None
}

/// Whether a built-in catalog lists a model of this name.
pub(crate) fn is_listed(catalog: &str, model: &str) -> bool {
    let found = built_in(catalog);
    found.is_some_and(|found| found.models.iter().any(|read| read.model.name == model))
}

fn built_in(name: &str) -> Option<Catalog> {
    let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    // A test proves that there is nothing to report, and places in it are shown nowhere.
    let mut faults = Report::new(Arc::from(Vec::new()));
    let mut names = Names::default();
    let file = syntax::parse(0, text, &mut faults).file;
    let mut found = file.items.iter().find_map(|item| {
        let Item::Plain(it) = item else { return None };
        Some(catalog(it, &mut names, &mut faults))
    })?;
    for read in &mut found.models {
        read.price = Span::default();
    }
    Some(found)
}
