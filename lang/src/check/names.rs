//! One namespace for the whole folder: who declares a name, and whether it is the kind that is due.

use std::collections::{BTreeMap, BTreeSet};

use super::fields;
use crate::codes::Code;
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Broken, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// A list of models with what they cost.
    Catalog,
    /// A provider.
    Provider,
    /// Targets that share requests.
    Pool,
    /// A workload class.
    Class,
    /// A retry.
    Retry,
    /// A condition or a set.
    Let,
    /// A named route.
    Route,
    /// A claim.
    Never,
    /// A guard.
    Forbid,
    /// A client.
    Client,
    /// A bound on what is spent.
    Ceiling,
    /// A bound on what is let in.
    Limit,
    /// Answers that are kept.
    Cache,
    /// Who is told of what happens.
    Notify,
}

impl Sort {
    /// Every sort.
    const ALL: [Self; 14] = [
        Self::Catalog,
        Self::Provider,
        Self::Pool,
        Self::Class,
        Self::Retry,
        Self::Let,
        Self::Route,
        Self::Never,
        Self::Forbid,
        Self::Client,
        Self::Ceiling,
        Self::Limit,
        Self::Cache,
        Self::Notify,
    ];

    /// The word for it in the language.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Provider => "provider",
            Self::Pool => "pool",
            Self::Class => "class",
            Self::Retry => "retry",
            Self::Let => "let",
            Self::Route => "route",
            Self::Never => "never",
            Self::Forbid => "forbid",
            Self::Client => "client",
            Self::Ceiling => "ceiling",
            Self::Limit => "limit",
            Self::Cache => "cache",
            Self::Notify => "notify",
        }
    }
}

#[derive(Debug)]
struct Declared {
    sort: Sort,
    at: usize,
    span: Span,
    is_used: bool,
}

/// Every name of the folder.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: BTreeMap<String, Declared>,
    /// Names that lines which could not be read may have declared or used.
    excused: BTreeSet<String>,
    /// Names of which the author says that nothing uses them.
    spared: Vec<Value>,
    /// Sorts of which some declaration has no name, or one that was not taken in.
    unsure: BTreeSet<Sort>,
    /// Sorts whose uses were not all read.
    unread: Vec<Sort>,
}

impl Names {
    /// Takes in a declaration and its position among its sort. Faults of the name are reported.
    pub(super) fn declare(&mut self, name: &Value, (sort, at): (Sort, usize), report: &mut Report) {
        if !is_name(name, sort.word(), report) {
            self.unsure.insert(sort);
            return;
        }
        if let Some(first) = self.known.get(&name.text) {
            report.add(
                Diagnostic::new(
                    Code::Duplicate,
                    name.span,
                    format!("the name `{}` is taken", name.text),
                )
                .label("declared again here")
                .and(
                    first.span,
                    format!("a {} of this name stands here", first.sort.word()),
                )
                .help("every declaration of a folder has a name of its own"),
            );
            return;
        }
        let declared = Declared {
            sort,
            at,
            span: name.span,
            // Claims and guards hold for the whole policy, and a client calls; nothing has to name them.
            is_used: matches!(
                sort,
                Sort::Never
                    | Sort::Forbid
                    | Sort::Client
                    | Sort::Ceiling
                    | Sort::Limit
                    | Sort::Notify
            ),
        };
        self.known.insert(name.text.clone(), declared);
    }

    /// Notes that nothing uses a name, and that this is meant.
    pub(super) fn spare(&mut self, name: &Value, report: &mut Report) {
        if self.place(name, report).is_some() {
            self.spared.push(name.clone());
        }
    }

    /// Where a name of any sort is declared, which is no use of it. An unknown one is reported.
    pub(super) fn place(&self, name: &Value, report: &mut Report) -> Option<Span> {
        let known = self.known.get(&name.text).map(|declared| declared.span);
        if known.is_none() && !self.is_excused(&name.text) && self.unsure.is_empty() {
            let found = Diagnostic::new(
                Code::UnknownName,
                name.span,
                format!("nothing is named `{}`", fields::shown(name)),
            );
            let names = self.known.keys().map(String::as_str);
            report.add(match nearest(&name.text, names) {
                Some(near) => found.meant(name.span, near),
                None => found.help("name a declaration of this folder"),
            });
        }
        known
    }

    /// Notes a declaration without a name, so that whoever uses the name is not blamed.
    pub(super) fn nameless(&mut self, sort: Sort) {
        self.unsure.insert(sort);
    }

    /// Whether some declaration of a sort has no name that could be read.
    pub(super) fn is_unsure(&self, sort: Sort) -> bool {
        self.unsure.contains(&sort)
    }

    /// Notes that the route from which everything is led to is missing: nothing is unused for that.
    pub(super) fn rootless(&mut self) {
        self.unread = vec![Sort::Class, Sort::Route, Sort::Let];
    }

    /// Notes that some file was not read: it may declare and use any name.
    pub(super) fn unread(&mut self) {
        self.unsure.extend(Sort::ALL);
        self.unread = Sort::ALL.to_vec();
    }

    /// Notes the words of a line that could not be read.
    pub(super) fn excuse(&mut self, broken: &Broken) {
        if broken.words.first().is_some_and(|word| word == "let") {
            self.unsure.insert(Sort::Let);
        }
        for word in &broken.words {
            self.excuse_word(word);
        }
    }

    /// Notes a word whose use could not be made out.
    pub(super) fn excuse_word(&mut self, word: &str) {
        if let Some((provider, _)) = word.split_once('/') {
            self.excused.insert(provider.to_owned());
        }
        self.excused.insert(word.to_owned());
    }

    /// Whether a line that could not be read holds this word.
    pub(super) fn is_excused(&self, word: &str) -> bool {
        self.excused.contains(word)
    }

    /// What a name stands for, if anything.
    pub(super) fn sort(&self, name: &str) -> Option<Sort> {
        self.known.get(name).map(|declared| declared.sort)
    }

    /// The names of one sort.
    pub(super) fn of_sort(&self, sort: Sort) -> impl Iterator<Item = &str> {
        self.known
            .iter()
            .filter(move |(_, d)| d.sort == sort)
            .map(|(name, _)| name.as_str())
    }

    /// The position of a name among its sort, which counts as a use of it. Faults are reported.
    pub(super) fn resolve(
        &mut self,
        name: &Value,
        sort: Sort,
        report: &mut Report,
    ) -> Option<usize> {
        if let Some(declared) = self.known.get_mut(&name.text) {
            if declared.sort == sort {
                declared.is_used = true;
                return Some(declared.at);
            }
            declared.is_used = true;
            report.add(wrong_kind(name, sort, declared));
            return None;
        }
        if self.is_excused(&name.text) || self.unsure.contains(&sort) {
            return None;
        }
        let what = sort.word();
        let found = Diagnostic::new(
            Code::UnknownName,
            name.span,
            format!("no {what} `{}`", name.text),
        );
        let near = nearest(&name.text, self.of_sort(sort)).map(str::to_owned);
        let found = match &near {
            Some(near) => found.meant(name.span, near),
            None => found.help(format!(
                "declare it with `{what} {}`, or name one that exists",
                name.text
            )),
        };
        // What was probably meant is not unused on top of it.
        if let Some(declared) = near.and_then(|near| self.known.get_mut(&near)) {
            declared.is_used = true;
        }
        report.add(found);
        None
    }

    /// Counts as a use what was probably meant: a name, or a target by its provider.
    pub(super) fn touch(&mut self, near: &str) {
        let name = near.split_once('/').map_or(near, |(provider, _)| provider);
        if let Some(declared) = self.known.get_mut(name) {
            declared.is_used = true;
        }
    }

    /// Warns of what nothing uses.
    pub(super) fn unused(&self, report: &mut Report) {
        for spared in &self.spared {
            let used = self.known.get(&spared.text).filter(|known| known.is_used);
            if let Some(declared) = used {
                let message = format!("something uses `{}`", spared.text);
                report.add(
                    Diagnostic::new(Code::NotUnused, spared.span, message)
                        .and(declared.span, "what is declared here")
                        .help("delete this line"),
                );
            }
        }
        for (name, declared) in &self.known {
            let is_spared = self.spared.iter().any(|spared| spared.text == *name);
            let is_unread = self.unread.contains(&declared.sort);
            if declared.is_used || is_spared || is_unread || self.is_excused(name) {
                continue;
            }
            let what = declared.sort.word();
            report.add(
                Diagnostic::new(
                    Code::Unused,
                    declared.span,
                    format!("nothing uses the {what} `{name}`"),
                )
                .help(format!(
                    "delete it, lead something to it, or say that it is meant: `unused {name}`"
                )),
            );
        }
    }
}

fn wrong_kind(name: &Value, sort: Sort, declared: &Declared) -> Diagnostic {
    let (due, is) = (sort.word(), declared.sort.word());
    let text = &name.text;
    let found = Diagnostic::new(
        Code::WrongKind,
        name.span,
        format!("`{text}` is a {is}, and a {due} is due here"),
    )
    .and(declared.span, format!("the {is} is declared here"));
    match (sort, declared.sort) {
        (Sort::Class, Sort::Route) => found
            .help(format!("write `-> route {text}`"))
            .fix(name.span, format!("route {text}")),
        (Sort::Class, Sort::Provider) => found.help(format!(
            "an arm leads to a class; a class names `{text}/MODEL` as its primary"
        )),
        _ => found.help(format!("name a {due}")),
    }
}

/// Whether a value can be the name of something; faults are reported.
pub(super) fn is_name(name: &Value, what: &str, report: &mut Report) -> bool {
    let text = &name.text;
    let found = if name.kind == Kind::Word && !vocab::is_reserved(text) {
        return true;
    } else if name.kind == Kind::Word {
        Diagnostic::new(
            Code::Reserved,
            name.span,
            format!("`{text}` is a word of the language and cannot be a name"),
        )
        .help(format!(
            "choose another name for this {what}, such as `my-{text}`"
        ))
    } else if name.kind == Kind::Text {
        Diagnostic::new(Code::WrongValue, name.span, "a name has no quotes")
            .help("a bare word is a name, a quoted one is data")
            .fix(name.span, text.clone())
    } else {
        Diagnostic::new(
            Code::WrongValue,
            name.span,
            format!("`{text}` is not a name"),
        )
        .help("a name begins with a letter and holds letters, digits, `_`, and single `-` or `.`")
    };
    report.add(found);
    false
}
