//! Names in conditions: those that a `let` declares, and those that nothing does.

use super::{Reader, had, operator, wrong};
use crate::check::lets::{Lets, Meaning};
use crate::check::names::{Names, Sort};
use crate::codes::Code;
use crate::model::Cond;
use crate::near::nearest;
use crate::report::Diagnostic;
use crate::syntax::ast::{Ask, Value};
use crate::syntax::lexer::Kind;
use crate::syntax::lower::not_yet;
use crate::vocab;

impl Reader<'_, '_> {
    /// A name by itself: a condition that a `let` declares.
    pub(super) fn reference(&mut self, ask: &Ask) -> Option<Cond> {
        let name = &ask.subject;
        if vocab::FACTS_LATER.contains(&name.text.as_str()) {
            self.report.add(not_yet(&name.text, name.span));
            return None;
        }
        match self.names.sort(&name.text) {
            Some(Sort::Let) => {}
            Some(_) => {
                self.names.resolve(name, Sort::Let, self.report);
                return None;
            }
            None => {
                if !self.names.is_excused(&name.text) && !self.names.is_unsure(Sort::Let) {
                    self.report.add(unknown_fact(ask, self.names));
                }
                return None;
            }
        }
        let at = ask
            .of
            .first()
            .map(|v| v.span)
            .or(ask.test.as_ref().map(|t| t.op_span));
        match (self.meaning(name)?, at) {
            (Meaning::Cond(cond), None) => Some(cond),
            (Meaning::Cond(_), Some(at)) => {
                operator(
                    at,
                    format!("`{}` is a condition and takes no comparison", name.text),
                )
                .help(format!("write `{0}` or `not {0}`", name.text))
                .add(self.report);
                None
            }
            (set @ (Meaning::Set(_) | Meaning::Times(_)), _) => {
                let is_texts = |values: &[Value]| values.iter().all(|it| it.kind == Kind::Text);
                let (what, fact) = match &set {
                    Meaning::Times(_) => ("times", "time"),
                    Meaning::Set(values) if !is_texts(values) => ("addresses", "ip"),
                    Meaning::Set(_) | Meaning::Cond(_) => ("texts", "header \"x-team\""),
                };
                wrong(
                    name.span,
                    format!(
                        "`{}` is a list of {what}, and a condition is due",
                        name.text
                    ),
                )
                .help(format!("ask a fact for it: `{fact} in {}`", name.text))
                .add(self.report);
                None
            }
        }
    }

    pub(in crate::check) fn meaning(&mut self, name: &Value) -> Option<Meaning> {
        let at = self.names.resolve(name, Sort::Let, self.report)?;
        Lets::meaning(self, at, name.span)
    }
}

/// A name that no `let` declares, where a list is due.
pub(in crate::check) fn no_let(value: &Value, names: &Names, help: &str) -> Diagnostic {
    let text = &value.text;
    let found = Diagnostic::new(
        Code::UnknownName,
        value.span,
        format!("no `let` named `{text}`"),
    );
    match nearest(text, names.of_sort(Sort::Let)) {
        Some(near) => found.meant(value.span, near),
        None => found.help(help),
    }
}

/// Words of other places for what a fact says, and the fact.
const FACTS_ELSEWHERE: &[(&str, &str)] = &[
    ("max_tokens", "max-output"),
    ("max_completion_tokens", "max-output"),
    ("max_output_tokens", "max-output"),
    ("max-tokens", "max-output"),
    ("stream", "streaming"),
    ("input-tokens", "tokens"),
    ("input_tokens", "tokens"),
    ("prompt-tokens", "tokens"),
    ("prompt_tokens", "tokens"),
    ("url", "path"),
    ("uri", "path"),
];

fn unknown_fact(ask: &Ask, names: &Names) -> Diagnostic {
    let name = &ask.subject;
    let text = name.text.as_str();
    let found = Diagnostic::new(Code::UnknownFact, name.span, format!("no fact `{text}`"));
    if let Some((_, fact)) = FACTS_ELSEWHERE.iter().find(|(word, _)| *word == text) {
        // `stream is true` needs more than another word.
        let is_word = *fact != "streaming" || ask.test.is_none();
        let found = found.label(format!("did you mean `{fact}`?"));
        let found = found.help(format!("write `{fact}`"));
        return if is_word {
            found.fix(name.span, *fact)
        } else {
            found
        };
    }
    if ["cost", "price", "spend", "spent", "budget"].contains(&text) {
        return found
            .label("what a request costs is not known before it is answered")
            .help("bound it with a `ceiling`, or claim it: `never NAME when … costs over $3`");
    }
    if had().iter().any(|(word, _)| *word == text) {
        return found
            .help(format!("write `has {text}`"))
            .fix(name.span, format!("has {text}"));
    }
    let known = vocab::FACTS.iter().copied().chain(names.of_sort(Sort::Let));
    if let Some(near) = nearest(text, known) {
        return found.meant(name.span, near);
    }
    let list: Vec<String> = vocab::FACTS
        .iter()
        .map(|fact| format!("`{fact}`"))
        .collect();
    let list = list.join(", ");
    found.help(format!(
        "the facts are {list}; a condition of your own is declared with `let`"
    ))
}
