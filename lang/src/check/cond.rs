//! Conditions: each fact with the operators and values that fit it.

use claw_table::policy::Client;
use claw_table::{Can, Fact};

use super::lets::{Lets, Meaning};
use super::names::{Names, Sort};
use super::{fields, header, patterns};
use crate::codes::Code;
use crate::model::{Ask as Question, Cond};
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{self, Ask, Op, Test, Value};
use crate::syntax::lexer::Kind;
use crate::syntax::lower::not_yet;
use crate::vocab;

/// What conditions are read with.
#[derive(Debug)]
pub(super) struct Reader<'a, 'f> {
    /// The folder's names.
    pub names: &'a mut Names,
    /// The folder's clients.
    pub clients: &'a [Client],
    /// The folder's `let`s.
    pub lets: &'a mut Lets<'f>,
    /// Where faults go.
    pub report: &'a mut Report,
}

impl Reader<'_, '_> {
    /// Reads a condition; nothing if some part of it is at fault, which is then reported.
    pub(super) fn condition(&mut self, cond: &ast::Cond) -> Option<Cond> {
        match cond {
            ast::Cond::Any(parts) => self.parts(parts).map(Cond::Any),
            ast::Cond::All(parts) => self.parts(parts).map(Cond::All),
            ast::Cond::Not(part, _) => self.condition(part).map(|part| Cond::Not(Box::new(part))),
            ast::Cond::Ask(ask) => self.ask(ask),
        }
    }

    /// Every part is read, so that each reports its own faults.
    fn parts(&mut self, parts: &[ast::Cond]) -> Option<Vec<Cond>> {
        let read: Vec<Option<Cond>> = parts.iter().map(|part| self.condition(part)).collect();
        read.into_iter().collect()
    }

    fn ask(&mut self, ask: &Ask) -> Option<Cond> {
        let word = ask.subject.text.as_str();
        if ask.subject.kind != Kind::Word {
            wrong(
                ask.subject.span,
                format!("`{}` is not a fact", fields::shown(&ask.subject)),
            )
            .help("a condition begins with what it asks: `model is \"gpt-5.5\"`")
            .add(self.report);
            return None;
        }
        if word != "time" && self.has_windows(ask) {
            return None;
        }
        let fact = match word {
            "method" => Fact::Method,
            "path" => Fact::Path,
            "host" => Fact::Host,
            "endpoint" => Fact::Endpoint,
            "ip" => return self.ip(ask),
            "client" => return self.client(ask),
            "model" => Fact::Model,
            "header" | "query" => return self.named(ask),
            "streaming" => return self.flag(ask, Fact::Streaming),
            "has" => return self.has(ask),
            "session" => Fact::Session,
            "time" => return self.time(ask),
            "tokens" => return self.number(ask, &Fact::Tokens),
            "max-output" => return self.number(ask, &Fact::MaxOutput),
            "messages" => return self.number(ask, &Fact::Messages),
            "temperature" => return self.number(ask, &Fact::Temperature),
            "body" => return self.body(ask),
            "prompt" => return self.prompt(ask),
            _ => return self.reference(ask),
        };
        if let Some(extra) = ask.of.first() {
            self.unexpected(extra, word, "is \"…\"");
            return None;
        }
        self.text(ask, &fact)
    }

    /// `header "x-team" …`
    fn named(&mut self, ask: &Ask) -> Option<Cond> {
        let word = ask.subject.text.as_str();
        let [name] = ask.of.as_slice() else {
            let example = format!("write `{word} \"NAME\" is \"VALUE\"`");
            let span = ask
                .of
                .get(1)
                .map_or(ask.subject.span.after(), |extra| extra.span);
            wrong(span, format!("`{word}` needs one name"))
                .help(example)
                .add(self.report);
            return None;
        };
        let fact = if word == "header" {
            Fact::Header(header::header_name(name, self.report)?)
        } else {
            Fact::Query(
                fields::text(name, "the name of a query parameter", self.report)?.to_owned(),
            )
        };
        self.text(ask, &fact)
    }

    fn flag(&mut self, ask: &Ask, fact: Fact) -> Option<Cond> {
        if let Some(span) = ask
            .of
            .first()
            .map(|v| v.span)
            .or(ask.test.as_ref().map(|t| t.op_span))
        {
            let word = &ask.subject.text;
            operator(
                span,
                format!("`{word}` is yes or no and takes no comparison"),
            )
            .help(format!("write `{word}` or `not {word}`"))
            .add(self.report);
            return None;
        }
        Some(Cond::Test(fact, Question::Yes))
    }

    /// `has tools, images` holds if the request uses any of them.
    fn has(&mut self, ask: &Ask) -> Option<Cond> {
        if let Some(test) = &ask.test {
            operator(test.op_span, "`has` takes no comparison".to_owned())
                .help("write `has tools` or `not has tools`")
                .add(self.report);
            return None;
        }
        if ask.of.is_empty() {
            wrong(
                ask.subject.span.after(),
                "`has` needs a capability".to_owned(),
            )
            .help("write `has tools`")
            .add(self.report);
        }
        let words = had();
        let mut any = Vec::new();
        for word in &ask.of {
            let fact = fields::choice(word, "something a request has", &words, self.report);
            any.extend(fact.map(|fact| Cond::Test(fact, Question::Yes)));
        }
        (any.len() == ask.of.len())
            .then(|| one_or_any(any))
            .flatten()
    }

    fn text(&mut self, ask: &Ask, fact: &Fact) -> Option<Cond> {
        let Some(test) = &ask.test else {
            let subject: Vec<String> = std::iter::once(&ask.subject)
                .chain(&ask.of)
                .map(written)
                .collect();
            let subject = subject.join(" ");
            self.no_test(
                ask,
                &format!("{subject} is \"…\"` or `{subject} is present"),
            );
            return None;
        };
        match self.presence(test, fact) {
            Presence::Values => {}
            Presence::Asked(cond) => return Some(cond),
            Presence::Bad => return None,
        }
        let is_turned = match test.op {
            Op::Is | Op::In | Op::Like => false,
            Op::IsNot | Op::NotIn => true,
            Op::Mentions => {
                operator(test.op_span, "`mentions` reads the whole prompt".to_owned())
                    .help("write `prompt mentions \"…\"`, or compare with `is` or `like`")
                    .add(self.report);
                return None;
            }
            Op::Less | Op::LessEqual | Op::More | Op::MoreEqual => {
                operator(
                    test.op_span,
                    format!(
                        "`{}` compares numbers, and `{}` is a text",
                        test.op.words(),
                        ask.subject.text
                    ),
                )
                .help("compare a text with `is`, `in` or `like`")
                .add(self.report);
                return None;
            }
        };
        let mut list = Vec::new();
        let mut is_whole = true;
        for value in &test.values {
            match self.operand(value, fact) {
                Some(texts) => {
                    for text in &texts {
                        let pattern = patterns::read(text, test.op, fact, self.report);
                        is_whole &= pattern.is_some();
                        list.extend(pattern);
                    }
                }
                None => is_whole = false,
            }
        }
        if !is_whole {
            return None;
        }
        let found = Cond::Test(fact.clone(), Question::Matches(list));
        Some(turned(found, is_turned))
    }

    /// The texts that one value on the right side stands for.
    fn operand(&mut self, value: &Value, fact: &Fact) -> Option<Vec<Value>> {
        if value.kind == Kind::Text {
            if *fact == Fact::Endpoint {
                let words: Vec<(&str, ())> = vocab::ENDPOINTS.iter().map(|w| (*w, ())).collect();
                fields::choice(value, "an endpoint", &words, self.report)?;
            }
            return Some(vec![value.clone()]);
        }
        if value.kind == Kind::Word && self.names.sort(&value.text) == Some(Sort::Let) {
            return self.set(value);
        }
        let (words, what) = match fact {
            Fact::Endpoint => (vocab::ENDPOINTS, "an endpoint"),
            Fact::Method if value.kind == Kind::Word => (vocab::METHODS, "a method"),
            Fact::Method
            | Fact::Path
            | Fact::Host
            | Fact::Ip
            | Fact::Client
            | Fact::CallerKey
            | Fact::Header(_)
            | Fact::Query(_)
            | Fact::Model
            | Fact::Session
            | Fact::Time(_)
            | Fact::MaxOutput
            | Fact::Messages
            | Fact::Temperature
            | Fact::Body(_)
            | Fact::Mentions(_)
            | Fact::Contains(..)
            | Fact::Streaming
            | Fact::Has(_)
            | Fact::Tokens => {
                if !self.names.is_excused(&value.text) {
                    self.report.add(bare(value, self.names));
                }
                return None;
            }
        };
        let words: Vec<(&str, ())> = words.iter().map(|word| (*word, ())).collect();
        fields::choice(value, what, &words, self.report)?;
        Some(vec![value.clone()])
    }

    pub(super) fn set(&mut self, name: &Value) -> Option<Vec<Value>> {
        match self.meaning(name)? {
            Meaning::Set(values) if values.iter().all(|value| value.kind == Kind::Text) => {
                Some(values)
            }
            Meaning::Set(_) => {
                wrong(
                    name.span,
                    format!(
                        "`{}` is a list of addresses, and a list of texts is due",
                        name.text
                    ),
                )
                .help(format!("ask the address for it: `ip in {}`", name.text))
                .add(self.report);
                None
            }
            Meaning::Times(_) => {
                wrong(
                    name.span,
                    format!(
                        "`{}` is a list of times, and a list of texts is due",
                        name.text
                    ),
                )
                .help(format!("ask the clock for it: `time in {}`", name.text))
                .add(self.report);
                None
            }
            Meaning::Cond(_) => {
                wrong(
                    name.span,
                    format!("`{}` is a condition, and a list of texts is due", name.text),
                )
                .help(format!("write it by itself: `when {}`", name.text))
                .add(self.report);
                None
            }
        }
    }

    /// A name by itself: a condition that a `let` declares.
    fn reference(&mut self, ask: &Ask) -> Option<Cond> {
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

    pub(super) fn meaning(&mut self, name: &Value) -> Option<Meaning> {
        let at = self.names.resolve(name, Sort::Let, self.report)?;
        Lets::meaning(self, at, name.span)
    }

    /// `is absent` and `is present`, if the comparison is one of these.
    pub(super) fn presence(&mut self, test: &Test, fact: &Fact) -> Presence {
        let asked = |value: &&Value| value.is_word("absent") || value.is_word("present");
        let Some(word) = test.values.iter().find(asked) else {
            return Presence::Values;
        };
        let whole = test.op_span.to(word.span);
        if test.op == Op::IsNot && test.values.len() == 1 {
            let other = if word.is_word("absent") {
                "is present"
            } else {
                "is absent"
            };
            operator(whole, format!("`is not {}` is said shorter", word.text))
                .help(format!("write `{other}`"))
                .fix(whole, other)
                .add(self.report);
            return Presence::Bad;
        }
        if test.op != Op::Is || test.values.len() != 1 {
            operator(
                word.span,
                format!("`{}` stands only after `is`, by itself", word.text),
            )
            .help(format!(
                "write `is {}`, joined to the rest with `or`",
                word.text
            ))
            .add(self.report);
            return Presence::Bad;
        }
        if fact.is_always() {
            operator(whole, "this fact is never absent".to_owned())
                .help("compare it with `is`, or leave the test out")
                .add(self.report);
            return Presence::Bad;
        }
        let present = Cond::Test(fact.clone(), Question::Present);
        Presence::Asked(if word.is_word("absent") {
            Cond::Not(Box::new(present))
        } else {
            present
        })
    }

    pub(super) fn no_test(&mut self, ask: &Ask, example: &str) {
        let word = &ask.subject.text;
        operator(
            ask.span.after(),
            format!("`{word}` is compared with nothing"),
        )
        .help(format!("write `{example}`"))
        .add(self.report);
    }

    pub(super) fn unexpected(&mut self, extra: &Value, word: &str, example: &str) {
        wrong(
            extra.span,
            format!("`{}` does not fit after `{word}`", fields::shown(extra)),
        )
        .help(format!("write `{word} {example}`"))
        .add(self.report);
    }
}

/// The words after `has`, each with its fact.
pub(super) fn had() -> Vec<(&'static str, Fact)> {
    let asked = Can::ASKED
        .into_iter()
        .map(|can| (can.word(), Fact::Has(can)));
    asked.chain([("caller-key", Fact::CallerKey)]).collect()
}

pub(super) fn wrong(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, message)
}

pub(super) fn operator(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::WrongOperator, span, message)
}

/// The condition, or its opposite.
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the operator, already read"
)]
pub(super) fn turned(found: Cond, is_turned: bool) -> Cond {
    if is_turned {
        Cond::Not(Box::new(found))
    } else {
        found
    }
}

/// What a comparison asks of a fact's presence.
pub(super) enum Presence {
    /// Nothing: it compares values.
    Values,
    /// Whether there is a value at all.
    Asked(Cond),
    /// It is at fault, which is reported.
    Bad,
}

pub(super) fn one_or_any(mut any: Vec<Cond>) -> Option<Cond> {
    match any.len() {
        0 => None,
        1 => any.pop(),
        _ => Some(Cond::Any(any)),
    }
}

fn written(value: &Value) -> String {
    if value.kind == Kind::Text {
        crate::syntax::escape(&value.text)
    } else {
        value.text.clone()
    }
}

/// A bare word where a text is due.
fn bare(value: &Value, names: &Names) -> Diagnostic {
    let text = &value.text;
    if value.kind != Kind::Word {
        return Diagnostic::new(
            Code::WrongValue,
            value.span,
            format!("`{text}` is not a text"),
        )
        .help(format!("write `\"{text}\"`"))
        .fix(value.span, crate::syntax::escape(text));
    }
    no_let(
        value,
        names,
        &format!("a text stands between quotes: `\"{text}\"`"),
    )
}

/// A name that no `let` declares, where a list is due.
pub(super) fn no_let(value: &Value, names: &Names, help: &str) -> Diagnostic {
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

impl Diagnostic {
    fn add(self, report: &mut Report) {
        report.add(self);
    }
}
