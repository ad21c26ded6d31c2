//! Facts, tests and values in the words of the language.

use claw_table::policy::{Cause, Causes, Provider, Url};
use claw_table::{Can, Fact, Facts as _, decimal};

use crate::model::{Ask, Member, Pattern};
use crate::moment::Moment;
use crate::oracle::{Answer, Failed, Request};
use crate::syntax::escape;

/// A fact as a policy asks for it.
pub(super) fn fact(fact: &Fact) -> String {
    match fact {
        Fact::Method => "method".to_owned(),
        Fact::Path => "path".to_owned(),
        Fact::Host => "host".to_owned(),
        Fact::Ip => "ip".to_owned(),
        Fact::Client => "client".to_owned(),
        Fact::CallerKey => "has caller-key".to_owned(),
        Fact::Endpoint => "endpoint".to_owned(),
        Fact::Header(name) => format!("header {}", escape(name)),
        Fact::Query(name) => format!("query {}", escape(name)),
        Fact::Model => "model".to_owned(),
        Fact::Streaming => "streaming".to_owned(),
        Fact::Has(can) => format!("has {}", can.word()),
        Fact::MaxOutput => "max-output".to_owned(),
        Fact::Messages => "messages".to_owned(),
        Fact::Temperature => "temperature".to_owned(),
        Fact::Body(pointer) => format!("body {}", escape(pointer)),
        Fact::Session => "session".to_owned(),
        Fact::Time(_) => "time".to_owned(),
        Fact::Mentions(keywords) => {
            let list: Vec<String> = keywords.iter().map(|one| escape(one)).collect();
            format!("prompt mentions {}", list.join(", "))
        }
        Fact::Tokens => "tokens".to_owned(),
        Fact::Contains((within, text)) => {
            format!(
                "{} like {}",
                self::fact(&within.fact()),
                escape(&format!("*{text}*"))
            )
        }
    }
}

/// What a request says about a fact.
pub(super) fn value(fact: &Fact, request: &Request) -> String {
    match fact {
        Fact::Tokens | Fact::MaxOutput | Fact::Messages => request
            .number(fact)
            .map_or("absent".to_owned(), |number| number.to_string()),
        Fact::Temperature => request
            .temperature
            .map_or("absent".to_owned(), decimal::written),
        Fact::Body(_) => request
            .known(fact)
            .map_or("absent".to_owned(), |found| clip(member(found).as_bytes())),
        Fact::Time(zone) => request.at.as_ref().map_or("absent".to_owned(), |at| {
            let at = at.by(zone);
            format!("{} {at}", at.weekday())
        }),
        Fact::Ip => request.ip.map_or("absent".to_owned(), |ip| ip.to_string()),
        Fact::CallerKey | Fact::Streaming | Fact::Mentions(_) | Fact::Contains(..) => {
            yes_or_no(request.flag(fact))
        }
        Fact::Has(can) => yes_or_no(request.uses(*can)),
        Fact::Method => bare(request.method.as_ref()),
        Fact::Client => bare(request.client.as_ref()),
        Fact::Endpoint => bare(request.endpoint.as_ref()),
        Fact::Path
        | Fact::Host
        | Fact::Header(_)
        | Fact::Query(_)
        | Fact::Session
        | Fact::Model => {
            let values = request.values(fact).map(|value| escape(&clip(value)));
            let values: Vec<String> = values.collect();
            if values.is_empty() {
                "absent".to_owned()
            } else {
                values.join(", ")
            }
        }
    }
}

/// Every fact of a request that says something.
pub(crate) fn request(request: &Request) -> Vec<super::Said> {
    let mut facts = vec![
        Fact::Method,
        Fact::Path,
        Fact::Host,
        Fact::Ip,
        Fact::Endpoint,
    ];
    if request.client.is_some() {
        facts.push(Fact::Client);
    }
    if request.caller_key {
        facts.push(Fact::CallerKey);
    }
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in &request.headers {
        if !names.contains(&name) {
            names.push(name);
            facts.push(Fact::Header(name.clone()));
        }
    }
    names.clear();
    for (name, _) in &request.query {
        if !names.contains(&name) {
            names.push(name);
            facts.push(Fact::Query(name.clone()));
        }
    }
    facts.extend(request.session.iter().map(|_| Fact::Session));
    let at = request.at.iter().filter(|at| **at != Moment::ordinary());
    facts.extend(at.map(|at| Fact::Time(at.zone.clone())));
    facts.extend([Fact::Model, Fact::Streaming, Fact::Tokens, Fact::Messages]);
    facts.extend(request.max_output.map(|_| Fact::MaxOutput));
    facts.extend(request.temperature.map(|_| Fact::Temperature));
    facts.extend(
        request
            .body
            .iter()
            .map(|(pointer, _)| Fact::Body(pointer.clone())),
    );
    facts.extend(
        Can::ASKED
            .into_iter()
            .filter(|can| request.uses(*can))
            .map(Fact::Has),
    );
    facts
        .iter()
        .map(|asked| super::Said {
            fact: fact(asked),
            value: value(asked, request),
        })
        .collect()
}

/// The condition that kept an arm from matching.
pub(super) fn test(failed: &Failed<'_>) -> String {
    let (name, not) = (fact(failed.fact), failed.answer == Answer::Yes);
    match failed.ask {
        Ask::Yes if not => format!("not {name}"),
        Ask::Yes => name,
        Ask::Present => format!("{name} is {}", if not { "absent" } else { "present" }),
        Ask::AtLeast(bound) | Ask::Below(bound) => {
            // It may have been written with `>` or `<=`; the rounder number is the likelier.
            let least = matches!(failed.ask, Ask::AtLeast(_));
            let is_more = if ranked(failed.fact) {
                !bound.is_multiple_of(2)
            } else {
                is_one_more(*bound)
            };
            let (op, bound) = match (least != not, is_more) {
                (true, true) => (">", bound - 1),
                (true, false) => (">=", *bound),
                (false, true) => ("<=", bound - 1),
                (false, false) => ("<", *bound),
            };
            format!("{name} {op} {}", number(failed.fact, bound))
        }
        Ask::Equals(list) => {
            let list: Vec<String> = list.iter().map(|one| number(failed.fact, *one)).collect();
            format!("{name} is {}{}", not_word(not), list.join(", "))
        }
        Ask::Null => format!("{name} is {}null", not_word(not)),
        Ask::Is(flag) => format!("{name} is {}{flag}", not_word(not)),
        Ask::Nested => format!("{name} is {}an array or an object", not_word(not)),
        Ask::During(hours) => {
            let list: Vec<String> = hours.iter().map(super::priced::times).collect();
            format!("{name} {}in {}", not_word(not), list.join(", "))
        }
        Ask::In(nets) => {
            let list: Vec<String> = nets.iter().map(ToString::to_string).collect();
            let list = list.join(", ");
            let op = match (nets.iter().all(|net| net.is_single()), not) {
                (true, false) => "is",
                (true, true) => "is not",
                (false, false) => "in",
                (false, true) => "not in",
            };
            format!("{name} {op} {list}")
        }
        Ask::Matches(patterns) => {
            let is_exact = patterns.iter().all(|one| matches!(one, Pattern::Exact(_)));
            let texts = patterns.iter().map(|one| pattern(failed.fact, one));
            let texts: Vec<String> = texts.collect();
            let list = texts.join(", ");
            match (is_exact, not) {
                (true, false) => format!("{name} is {list}"),
                (true, true) => format!("{name} is not {list}"),
                (false, false) => format!("{name} like {list}"),
                (false, true) => format!("not {name} like {list}"),
            }
        }
    }
}

/// A JSON value as the language writes it.
pub(crate) fn member(member: &Member) -> String {
    match member {
        Member::Null => "null".to_owned(),
        Member::Flag(flag) => flag.to_string(),
        Member::Number(rank) => decimal::written(*rank),
        Member::Text(text) => escape(text),
        Member::Nested => "present".to_owned(),
    }
}

/// Whether its numbers are ranks of decimals.
fn ranked(fact: &Fact) -> bool {
    matches!(fact, Fact::Temperature | Fact::Body(_))
}

fn number(fact: &Fact, number: u64) -> String {
    if ranked(fact) {
        decimal::written(number)
    } else {
        count(number)
    }
}

#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the answer itself, not a switch"
)]
fn not_word(not: bool) -> &'static str {
    if not { "not " } else { "" }
}

fn is_one_more(bound: u64) -> bool {
    bound % 10 == 1
}

/// A test that failed, and what the request says there.
pub(crate) fn why_not(failed: Failed<'_>, request: &Request) -> String {
    let is = value(failed.fact, request);
    format!("`{}`, and it is {is}", test(&failed))
}

/// A number as the language writes it.
pub(crate) fn count(number: u64) -> String {
    match number {
        0 => "0".to_owned(),
        n if n.is_multiple_of(1_000_000) => format!("{}M", n / 1_000_000),
        n if n.is_multiple_of(1_000) => format!("{}k", n / 1_000),
        n => n.to_string(),
    }
}

fn pattern(asked: &Fact, pattern: &Pattern) -> String {
    let is_word = matches!(asked, Fact::Method | Fact::Endpoint);
    match pattern {
        Pattern::Exact(text) if is_word => text.clone(),
        Pattern::Exact(text) => escape(text),
        Pattern::Prefix(text) => escape(&format!("{text}*")),
        Pattern::Suffix(text) => escape(&format!("*{text}")),
        Pattern::Infix(text) => escape(&format!("*{text}*")),
        Pattern::Around(head, tail) => escape(&format!("{head}*{tail}")),
    }
}

fn bare(text: Option<&String>) -> String {
    text.map_or("absent".to_owned(), |text| clip(text.as_bytes()))
}

#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the answer itself, not a switch"
)]
fn yes_or_no(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

/// The beginning of a value: enough to know it by.
fn clip(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    if text.chars().count() <= 80 {
        return text.into_owned();
    }
    text.chars().take(79).chain(['…']).collect()
}

/// The failures that move on, as a `retry` lists them.
pub(crate) fn causes(on: &Causes) -> Vec<String> {
    let named = Cause::ALL.into_iter().filter(|cause| on.names(*cause));
    let named = named.map(|cause| cause.word().to_owned());
    let statuses = on.statuses.iter().map(|(low, high)| {
        if low == high {
            low.to_string()
        } else {
            format!("{low}..{high}")
        }
    });
    named.chain(statuses).collect()
}

/// Every address of a provider, as a policy writes them.
pub(crate) fn urls(provider: &Provider) -> String {
    let shown = provider.urls.iter().map(|replica| match replica.weight {
        1 => url(&replica.url),
        weight => format!("{} weight {weight}", url(&replica.url)),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// An address put together again.
pub(crate) fn url(url: &Url) -> String {
    let (scheme, own) = if url.tls {
        ("https", 443)
    } else {
        ("http", 80)
    };
    let host = if url.host.contains(':') {
        format!("[{}]", url.host)
    } else {
        url.host.clone()
    };
    let port = if url.port == own {
        String::new()
    } else {
        format!(":{}", url.port)
    };
    format!("{scheme}://{host}{port}{}", url.base)
}

/// What stands in an arm before its arrow, `when` left out: its condition, or `otherwise`.
pub(crate) fn condition(arm: &str) -> &str {
    let condition = before(arm, "->");
    condition.strip_prefix("when ").unwrap_or(condition)
}

/// What stands in a guard between `when` and its refusal.
pub(crate) fn guarded(guard: &str) -> &str {
    let whole = before(guard, " deny ");
    whole.split_once(" when ").map_or(whole, |(_, when)| when)
}

/// A line up to what is not quoted in it, or all of it.
fn before<'t>(line: &'t str, what: &str) -> &'t str {
    let (mut quoted, mut escaped) = (false, false);
    let mut end = line.len();
    for (at, c) in line.char_indices() {
        if !quoted && line.get(at..).is_some_and(|rest| rest.starts_with(what)) {
            end = at;
            break;
        }
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
    }
    line.get(..end).unwrap_or_default().trim()
}

/// A piece of a policy on one line: without comments, and with one blank for many.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut escaped = false;
        out.push(' ');
        for c in line.chars() {
            match c {
                '#' if !quoted => break,
                ' ' | '\t' if !quoted && out.ends_with(' ') => continue,
                '\t' if !quoted => out.push(' '),
                c => out.push(c),
            }
            quoted ^= c == '"' && !escaped;
            escaped = quoted && c == '\\' && !escaped;
        }
        out.truncate(out.trim_end().len());
    }
    out.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fact: &Fact, ask: &Ask, answer: Answer) -> String {
        test(&Failed { fact, ask, answer })
    }

    #[test]
    fn a_test_is_told_as_it_is_written() {
        use Answer::{No, Yes};
        let exact = Ask::Matches(vec![
            Pattern::Exact("ml".into()),
            Pattern::Exact("a\"b".into()),
        ]);
        let team = || Fact::Header("x-team".into());
        assert_eq!(
            shown(&team(), &exact, No),
            r#"header "x-team" is "ml", "a\"b""#
        );
        assert_eq!(
            shown(&team(), &exact, Yes),
            r#"header "x-team" is not "ml", "a\"b""#
        );
        let like = Ask::Matches(vec![
            Pattern::Prefix("gpt-".into()),
            Pattern::Exact("o3".into()),
        ]);
        assert_eq!(
            shown(&Fact::Model, &like, No),
            r#"model like "gpt-*", "o3""#
        );
        assert_eq!(
            shown(&Fact::Model, &like, Yes),
            r#"not model like "gpt-*", "o3""#
        );
        assert_eq!(
            shown(&Fact::Tokens, &Ask::AtLeast(100_001), No),
            "tokens > 100k"
        );
        assert_eq!(
            shown(&Fact::Tokens, &Ask::AtLeast(8_000), No),
            "tokens >= 8k"
        );
        assert_eq!(shown(&Fact::Tokens, &Ask::Below(2_001), Yes), "tokens > 2k");
        assert_eq!(
            shown(&Fact::Tokens, &Ask::Below(1_234), No),
            "tokens < 1234"
        );
        assert_eq!(shown(&Fact::Has(Can::Tools), &Ask::Yes, No), "has tools");
        assert_eq!(shown(&Fact::Streaming, &Ask::Yes, Yes), "not streaming");
        assert_eq!(
            shown(&Fact::Query("v".into()), &Ask::Present, Yes),
            r#"query "v" is absent"#
        );
    }

    #[test]
    fn the_condition_of_an_arm_ends_at_its_arrow_and_not_in_a_text() {
        let arm = r#"when path is "a -> \"b -> c" and streaming -> deny 400 "x -> y""#;
        assert_eq!(condition(arm), r#"path is "a -> \"b -> c" and streaming"#);
        assert_eq!(condition("otherwise->code"), "otherwise");
        assert_eq!(condition("when tokens > 1k->code"), "tokens > 1k");
    }

    #[test]
    fn an_arm_is_told_on_one_line_without_its_comments() {
        let arm =
            "when model is \"a#b\"  # why\r\n\t and  path is \"/ x  \\\" # y\" # z\n  -> code";
        let shown = r#"when model is "a#b" and path is "/ x  \" # y" -> code"#;
        assert_eq!(on_one_line(arm), shown);
        assert_eq!(on_one_line("# x\n\n a\n\n"), "a");
    }
}
