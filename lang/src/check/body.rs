//! Conditions about members of the body, by JSON pointers (RFC 6901).

use claw_table::Fact;

use super::cond::{Presence, Reader, no_let, operator, turned, wrong};
use super::names::Sort;
use super::{fields, number, patterns, values};
use crate::codes::Code;
use crate::model::{Ask as Question, Cond, Pattern};
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Ask, Op, Test, Value};
use crate::syntax::escape;
use crate::syntax::lexer::Kind;

/// The most steps of a pointer. Bodies nest deeper than this only in what is said, not in what is
/// asked for.
const STEPS_MAX: usize = 32;

/// Members that have a fact of their own, which reads all their spellings.
const OWN: &[(&str, &str)] = &[
    ("/model", "model"),
    ("/stream", "streaming"),
    ("/max_tokens", "max-output"),
    ("/max_completion_tokens", "max-output"),
    ("/temperature", "temperature"),
];

/// The values of one comparison, by their types.
#[derive(Default)]
struct Listed {
    texts: Vec<Pattern>,
    numbers: Vec<u64>,
    words: Vec<Question>,
}

impl Reader<'_, '_> {
    /// `body "/metadata/tier" is "gold"`
    pub(super) fn body(&mut self, ask: &Ask) -> Option<Cond> {
        let [pointer] = ask.of.as_slice() else {
            let span = ask
                .of
                .get(1)
                .map_or(ask.subject.span.after(), |one| one.span);
            self.report.add(
                wrong(span, "`body` needs one JSON pointer".to_owned())
                    .help("write `body \"/metadata/tier\" is \"gold\"`"),
            );
            return None;
        };
        let fact = Fact::Body(self::pointer(pointer, self.report)?);
        let Some(test) = &ask.test else {
            let subject = format!("body {}", escape(&pointer.text));
            self.no_test(ask, &format!("{subject} is true` or `{subject} is present"));
            return None;
        };
        match self.presence(test, &fact) {
            Presence::Values => {}
            Presence::Asked(cond) => return Some(cond),
            Presence::Bad => return None,
        }
        if test.op == Op::Mentions {
            self.report.add(
                operator(test.op_span, "`mentions` reads the whole prompt".to_owned())
                    .help("write `prompt mentions \"…\"`, or compare with `is` or `like`"),
            );
            return None;
        }
        let mut listed = Listed::default();
        // Every value is read, so that each reports its own faults.
        let values = test.values.iter();
        let read: Vec<bool> = values
            .map(|value| self.listed(value, (test, &fact), &mut listed))
            .collect();
        let sound = read.into_iter().all(|one| one);
        if !sound {
            return None;
        }
        let mut any: Vec<Question> = listed.words;
        if !listed.texts.is_empty() {
            any.push(Question::Matches(listed.texts));
        }
        if !listed.numbers.is_empty() {
            let example = format!("body {} > 5", escape(&pointer.text));
            any.push(number::compared(
                test,
                listed.numbers,
                (&example, self.report),
            )?);
        }
        let tests = any
            .into_iter()
            .map(|question| Cond::Test(fact.clone(), question));
        let found = super::cond::one_or_any(tests.collect())?;
        Some(turned(found, matches!(test.op, Op::IsNot | Op::NotIn)))
    }

    /// Sorts one value into what it is compared as; whether it could be.
    fn listed(&mut self, value: &Value, (test, fact): (&Test, &Fact), out: &mut Listed) -> bool {
        let is_order = matches!(test.op, Op::Less | Op::LessEqual | Op::More | Op::MoreEqual);
        let word = match value.text.as_str() {
            "null" => Some(Question::Null),
            "true" => Some(Question::Is(true)),
            "false" => Some(Question::Is(false)),
            _ => None,
        };
        match (value.kind, word) {
            (Kind::Text, _) if !is_order => {
                let pattern = patterns::read(value, test.op, fact, self.report);
                let sound = pattern.is_some();
                out.texts.extend(pattern);
                sound
            }
            (Kind::Amount | Kind::Negative, _) if test.op != Op::Like => {
                let number = values::decimal(value, self.report);
                out.numbers.extend(number);
                number.is_some()
            }
            (Kind::Word, Some(word)) if !is_order && test.op != Op::Like => {
                out.words.push(word);
                true
            }
            (Kind::Word, None) if !is_order && self.names.sort(&value.text) == Some(Sort::Let) => {
                match self.set(value) {
                    Some(texts) => {
                        let read: Vec<bool> = texts
                            .iter()
                            .map(|one| self.listed(one, (test, fact), out))
                            .collect();
                        read.into_iter().all(|one| one)
                    }
                    None => false,
                }
            }
            _ => {
                self.misfit(value, test);
                false
            }
        }
    }

    fn misfit(&mut self, value: &Value, test: &Test) {
        let (shown, op) = (fields::shown(value), test.op.words());
        if value.kind == Kind::Word && self.names.is_excused(&value.text) {
            return;
        }
        let found = match test.op {
            Op::Less | Op::LessEqual | Op::More | Op::MoreEqual => wrong(
                value.span,
                format!("`{op}` compares numbers, and `{shown}` is none"),
            )
            .help("write a number such as `5` or `0.7`"),
            Op::Like => wrong(
                value.span,
                format!("`like` compares texts, and `{shown}` is none"),
            )
            .help("write a pattern between quotes: `\"gold*\"`"),
            Op::Is | Op::IsNot | Op::In | Op::NotIn | Op::Mentions if value.kind == Kind::Word => {
                let help = format!(
                    "a text stands between quotes: `\"{}\"`; the words of JSON are `true`, `false` and `null`",
                    value.text
                );
                no_let(value, self.names, &help)
            }
            Op::Is | Op::IsNot | Op::In | Op::NotIn | Op::Mentions => {
                wrong(value.span, format!("`{shown}` is no JSON value"))
                    .help("a member is compared with a text, a number, `true`, `false` or `null`")
            }
        };
        self.report.add(found);
    }
}

/// A pointer that may lead somewhere.
pub(super) fn pointer(value: &Value, report: &mut Report) -> Option<String> {
    let text = fields::text(value, "a JSON pointer", report)?;
    let bad = |message: String| Diagnostic::new(Code::BadPointer, value.span, message);
    let found = if let Some((_, fact)) = OWN.iter().find(|(own, _)| *own == text) {
        bad(format!("`body {}` is what `{fact}` asks for", escape(text)))
            .help(format!("ask for `{fact}`"))
    } else if !text.starts_with('/') {
        bad(format!("`{}` is no JSON pointer", escape(text)))
            .label("a pointer begins with `/`")
            .help(format!(
                "write `{}`",
                escape(&format!("/{}", text.replace('.', "/")))
            ))
            .fix(value.span, escape(&format!("/{}", text.replace('.', "/"))))
    } else if let Some((_, wild)) = text
        .split_once('~')
        .filter(|(_, rest)| !rest.starts_with(['0', '1']))
    {
        bad(format!(
            "`~{}` is no escape of a JSON pointer",
            wild.chars().next().map(String::from).unwrap_or_default()
        ))
        .help("`~0` stands for `~`, and `~1` for `/`")
    } else if text.split('/').count() > STEPS_MAX + 1 {
        bad("the pointer has more than 32 steps".to_owned()).help("ask for a member further up")
    } else {
        return Some(text.to_owned());
    };
    report.add(found);
    None
}
