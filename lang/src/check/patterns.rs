//! Texts on the right side of a comparison, and whether the fact can ever have them.

use claw_table::Fact;

use crate::codes::Code;
use crate::model::Pattern;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Op, Value};
use crate::syntax::escape;
use crate::vocab;

/// Reads one text as a pattern; faults are reported.
pub(super) fn read(value: &Value, op: Op, fact: &Fact, report: &mut Report) -> Option<Pattern> {
    let text = value.text.as_str();
    let pattern = if op == Op::Like {
        like(value, report)?
    } else {
        exact(value, report)
    };
    if let Some((why, fix)) = impossible(&pattern, fact) {
        let mut found = Diagnostic::new(
            Code::NeverEqual,
            value.span,
            format!("`{}` never equals `{}`", fact_word(fact), escape(text)),
        )
        .label(why);
        found = match fix {
            Some(fix) => found.help(format!("write `{fix}`")).fix(value.span, fix),
            None => found.help("write the value as the request has it"),
        };
        report.add(found);
        return None;
    }
    Some(pattern)
}

fn exact(value: &Value, report: &mut Report) -> Pattern {
    let text = &value.text;
    if text.contains('*') {
        report.add(
            Diagnostic::new(
                Code::StarInText,
                value.span,
                format!("`{}` is compared star and all", escape(text)),
            )
            .help(format!("for a pattern, write `like {}`", escape(text))),
        );
    }
    Pattern::Exact(text.clone())
}

fn like(value: &Value, report: &mut Report) -> Option<Pattern> {
    let text = value.text.as_str();
    let parts: Vec<&str> = text.split('*').collect();
    match *parts {
        [whole] => return Some(Pattern::Exact(whole.to_owned())),
        [head, ""] => return Some(Pattern::Prefix(head.to_owned())),
        ["", tail] => return Some(Pattern::Suffix(tail.to_owned())),
        [head, tail] => return Some(Pattern::Around(head.to_owned(), tail.to_owned())),
        ["", inside, ""] if !inside.is_empty() => return Some(Pattern::Infix(inside.to_owned())),
        _ => {}
    }
    let mut found = Diagnostic::new(
        Code::WildPattern,
        value.span,
        format!("`{}` has too many stars", escape(text)),
    )
    .label("one star, or one at each end");
    let inside: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let star = |here| if here { "*" } else { "" };
    let (first, last) = (star(text.starts_with('*')), star(text.ends_with('*')));
    found = match *inside {
        [] => found.help("write `is present` where any value will do"),
        [only] => {
            let fix = escape(&format!("{first}{only}{last}"));
            let told = found.help(format!("one star stands for any text: write `{fix}`"));
            told.fix(value.span, fix)
        }
        [head, .., tail] => found.help(format!(
            "write several patterns joined by `and`, such as `like {}` and `like {}`",
            escape(&format!("{first}{head}*")),
            escape(&format!("*{tail}{last}"))
        )),
    };
    report.add(found);
    None
}

/// Why a fact never has this value, and what was probably meant.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each form, one line for each fact"
)]
fn impossible(pattern: &Pattern, fact: &Fact) -> Option<(&'static str, Option<String>)> {
    let (text, is_whole, has_head) = match pattern {
        Pattern::Exact(text) => (text, true, true),
        Pattern::Prefix(text) => (text, false, true),
        Pattern::Suffix(text) | Pattern::Infix(text) => (text, false, false),
        Pattern::Around(head, tail) => {
            let parts = [Pattern::Prefix(head.clone()), Pattern::Suffix(tail.clone())];
            let why = parts.iter().find_map(|part| impossible(part, fact));
            return why.map(|(why, _)| (why, None));
        }
    };
    let quoted = |text: &str| match pattern {
        Pattern::Exact(_) => escape(text),
        Pattern::Prefix(_) => escape(&format!("{text}*")),
        Pattern::Suffix(_) => escape(&format!("*{text}")),
        Pattern::Infix(_) | Pattern::Around(..) => escape(&format!("*{text}*")),
    };
    match fact {
        Fact::Method if is_whole => {
            let upper = text.to_ascii_uppercase();
            if upper == *text {
                return None;
            }
            let known = vocab::METHODS.contains(&upper.as_str());
            Some(("a method is upper case", known.then(|| quoted(&upper))))
        }
        Fact::Path if has_head && !text.is_empty() && !text.starts_with('/') => {
            let fix = (!text.contains("://")).then(|| quoted(&format!("/{text}")));
            Some(("a path begins with `/`", fix))
        }
        Fact::Path if text.contains(['?', '#']) => Some(("a path has no query", None)),
        Fact::Path if is_whole && text.len() > 1 && text.ends_with('/') => Some((
            "a path has no slash at its end",
            Some(quoted(text.trim_end_matches('/'))),
        )),
        Fact::Host if text.contains("://") || text.contains('/') => {
            Some(("a host is a name alone", None))
        }
        Fact::Host if text.chars().any(|c| c.is_ascii_uppercase()) => {
            let lower = text.to_ascii_lowercase();
            let name = lower
                .split(':')
                .next()
                .filter(|_| is_whole)
                .unwrap_or(&lower);
            Some(("a host is compared in lower case", Some(quoted(name))))
        }
        Fact::Host if is_whole && !text.starts_with('[') && text.contains(':') => {
            let name = text.split(':').next().unwrap_or_default();
            Some(("a host is compared without its port", Some(quoted(name))))
        }
        Fact::Model if is_whole && text.is_empty() => {
            Some(("a request cannot name an empty model", None))
        }
        Fact::Endpoint if is_whole && !vocab::ENDPOINTS.contains(&text.as_str()) => {
            Some(("there is no such endpoint", None))
        }
        Fact::Method
        | Fact::Path
        | Fact::Host
        | Fact::Ip
        | Fact::Client
        | Fact::CallerKey
        | Fact::Session
        | Fact::Time(_)
        | Fact::MaxOutput
        | Fact::Messages
        | Fact::Temperature
        | Fact::Body(_)
        | Fact::Mentions(_)
        | Fact::Contains(..)
        | Fact::Endpoint
        | Fact::Header(_)
        | Fact::Query(_)
        | Fact::Model
        | Fact::Streaming
        | Fact::Has(_)
        | Fact::Tokens => None,
    }
}

/// The word that begins a condition about a fact.
pub(super) fn fact_word(fact: &Fact) -> &'static str {
    match fact {
        Fact::Method => "method",
        Fact::Path => "path",
        Fact::Host => "host",
        Fact::Ip => "ip",
        Fact::Client => "client",
        Fact::Session => "session",
        Fact::Time(_) => "time",
        Fact::MaxOutput => "max-output",
        Fact::Messages => "messages",
        Fact::Temperature => "temperature",
        Fact::Body(_) => "body",
        Fact::Mentions(_) => "prompt",
        Fact::Contains((within, _)) => fact_word(&within.fact()),
        Fact::Endpoint => "endpoint",
        Fact::Header(_) => "header",
        Fact::Query(_) => "query",
        Fact::Model => "model",
        Fact::Streaming => "streaming",
        Fact::CallerKey | Fact::Has(_) => "has",
        Fact::Tokens => "tokens",
    }
}
