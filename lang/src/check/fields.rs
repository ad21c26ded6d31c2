//! Reads the fields of one block: which may stand there, which are doubled, which are missing.

use std::collections::BTreeMap;

use super::names::Names;
use crate::codes::Code;
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Line, Statement, Value, When};
use crate::syntax::lexer::Kind;
use crate::syntax::{habits, lower};
use crate::vocab;

/// Fields that may stand more than once in a block.
const REPEATED: &[&str] = &[
    "fallback", "model", "header", "query", "price", "ceiling", "at", "set", "unset", "fault",
    "expect", "body", "spent",
];

/// Fields that have a block of their own.
const WITH_BRACES: &[&str] = &["model", "health", "request"];

/// The fields of a block that can be read further, in text order.
pub(super) fn read<'a>(
    statement: &'a Statement,
    known: vocab::Fields,
    names: &mut Names,
    report: &mut Report,
) -> Fields<'a> {
    let mut fields = Fields {
        known,
        at: statement.span,
        list: Vec::new(),
        when: None,
        tried: Vec::new(),
        strange: Vec::new(),
    };
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    if statement.block.is_none() {
        // Missing braces are a finding of their own; the fields are not missing beside them.
        fields
            .tried
            .extend(known.now.iter().map(|word| (*word).to_owned()));
    }
    for line in statement.block.iter().flatten() {
        let field = match line {
            Line::Field(field) => field,
            Line::When(when) => {
                fields.take_when(when, report);
                continue;
            }
            Line::Broken(broken) => {
                names.excuse(broken);
                fields.tried.extend(broken.words.iter().cloned());
                fields.strange.extend(broken.words.first().cloned());
                continue;
            }
        };
        let word = field.keyword.text.as_str();
        fields.tried.push(word.to_owned());
        if known.later.contains(&word) {
            report.add(lower::not_yet(word, field.keyword.span));
        } else if !known.now.contains(&word) {
            report.add(unknown(field, known));
            fields.tried.extend(near(word, known).map(str::to_owned));
            fields.strange.push(word.to_owned());
        } else if let Some(span) = first.get(word).filter(|_| !REPEATED.contains(&word)) {
            report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    field.keyword.span,
                    format!("`{word}` stands twice in this {}", known.block),
                )
                .and(*span, "first here")
                .help("keep one of them"),
            );
        } else {
            first.insert(word, field.keyword.span);
            if field.block.is_some() && !WITH_BRACES.contains(&word) {
                report.add(has_braces(field));
            }
            fields.list.push(field);
        }
    }
    fields
}

/// The readable fields of one block.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    known: vocab::Fields,
    at: Span,
    list: Vec<&'a Statement>,
    when: Option<&'a When>,
    tried: Vec<String>,
    strange: Vec<String>,
}

impl<'a> Fields<'a> {
    fn take_when(&mut self, when: &'a When, report: &mut Report) {
        let block = self.known.block;
        self.tried.push("when".to_owned());
        if !self.known.now.contains(&"when") {
            when_unfit(when, block, report);
        } else if let Some(first) = self.when {
            report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    when.keyword,
                    format!("`when` stands twice in this {block}"),
                )
                .and(first.keyword, "first here")
                .help("join the two with `and`"),
            );
        } else {
            self.when = Some(when);
        }
    }

    /// The condition of the block.
    pub(super) fn when(&self) -> Option<&'a When> {
        self.when
    }

    /// Whether a line that could not be read may have been this field.
    pub(super) fn may_lack(&self, word: &str) -> bool {
        let other = |first: &String| first != word && self.known.now.contains(&first.as_str());
        !self.strange.iter().all(other)
    }

    /// Whether a line was this field, or may have been.
    pub(super) fn tried(&self, word: &str) -> bool {
        self.tried.iter().any(|tried| tried == word)
    }

    /// The fields, in text order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Statement> + '_ {
        self.list.iter().copied()
    }

    /// Reports a field that must stand here and does not; one that was tried and failed is enough.
    pub(super) fn require(&self, word: &str, report: &mut Report) {
        if self.tried(word) {
            return;
        }
        let block = self.known.block;
        report.add(
            Diagnostic::new(
                Code::FieldMissing,
                self.at,
                format!("this {block} has no `{word}`"),
            )
            .help(format!("write `{}`", example(block, word))),
        );
    }
}

/// Reports a condition in a block that has none.
pub(super) fn when_unfit(when: &When, block: &str, report: &mut Report) {
    report.add(
        Diagnostic::new(
            Code::UnknownField,
            when.keyword,
            format!("a {block} has no field `when`"),
        )
        .help("which requests go where is said by an arm of a route: `when … -> CLASS`"),
    );
}

/// The one value of a field; anything else is reported.
pub(super) fn one<'a>(field: &'a Statement, block: &str, report: &mut Report) -> Option<&'a Value> {
    match field.groups.as_slice() {
        [group] => match group.as_slice() {
            [value] => Some(value),
            _ => shape(field, block, group.get(1), report),
        },
        [] => shape(field, block, None, report),
        [_, second, ..] => shape(field, block, second.first(), report),
    }
}

/// Reports a field that is not of its shape, and shows the shape.
pub(super) fn shape<T>(
    field: &Statement,
    block: &str,
    at: Option<&Value>,
    report: &mut Report,
) -> Option<T> {
    let word = &field.keyword.text;
    let found = match at {
        Some(value) => {
            let shown = shown(value);
            Diagnostic::new(
                Code::WrongValue,
                value.span,
                format!("`{shown}` does not fit after `{word}`"),
            )
        }
        None => Diagnostic::new(
            Code::WrongValue,
            field.span.after(),
            format!("`{word}` needs a value"),
        ),
    };
    report.add(found.help(format!("write `{}`", example(block, word))));
    None
}

/// One of the words that a place knows; another is reported with the closest of them.
pub(super) fn choice<T: Clone>(
    value: &Value,
    what: &str,
    words: &[(&str, T)],
    report: &mut Report,
) -> Option<T> {
    if value.kind == Kind::Word
        && let Some((_, found)) = words.iter().find(|(word, _)| *word == value.text)
    {
        return Some(found.clone());
    }
    let shown = shown(value);
    let found = Diagnostic::new(
        Code::UnknownWord,
        value.span,
        format!("`{shown}` is not {what}"),
    );
    let near = nearest(&value.text, words.iter().map(|(word, _)| *word)).or_else(|| {
        words
            .iter()
            .map(|(word, _)| *word)
            .find(|word| *word == value.text)
    });
    let found = match near {
        Some(near) => found.meant(value.span, near),
        None => found,
    };
    let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
    report.add(found.help(format!("write one of {}", list.join(", "))));
    None
}

/// A text in quotes; another value is reported.
pub(super) fn text<'a>(value: &'a Value, what: &str, report: &mut Report) -> Option<&'a str> {
    if value.kind == Kind::Text {
        return Some(&value.text);
    }
    report.add(
        Diagnostic::new(
            Code::WrongValue,
            value.span,
            format!("{what} stands between quotes"),
        )
        .help(format!("write `\"{}\"`", value.text))
        .fix(value.span, crate::syntax::escape(&value.text)),
    );
    None
}

/// A value as the reader wrote it, shortened.
pub(super) fn shown(value: &Value) -> String {
    let text: String = value.text.chars().take(40).collect();
    if value.kind == Kind::Text {
        crate::syntax::escape(&text)
    } else {
        text
    }
}

fn near(word: &str, known: vocab::Fields) -> Option<&'static str> {
    nearest(word, known.now.iter().chain(known.later).copied())
}

fn unknown(field: &Statement, known: vocab::Fields) -> Diagnostic {
    let word = &field.keyword.text;
    let block = known.block;
    if word == "priority" {
        return habits::priority(field.span);
    }
    let closed = [
        "ceiling", "client", "provider", "gateway", "pool", "model", "retry",
    ];
    if word == "fail" && closed.contains(&block) {
        return Diagnostic::new(
            Code::AlwaysClosed,
            field.keyword.span,
            format!("what a {block} says is never skipped"),
        )
        .label("who cannot be judged by it is refused")
        .help("take this line out; `fail open` stands in a `limit`, a `cache` or a `class`");
    }
    let found = Diagnostic::new(
        Code::UnknownField,
        field.keyword.span,
        format!("a {block} has no field `{word}`"),
    );
    if let Some(near) = near(word, known) {
        return found.meant(field.keyword.span, near);
    }
    if let Some(other) = vocab::BLOCKS
        .iter()
        .find(|other| other.now.contains(&word.as_str()))
    {
        return found.help(format!("`{word}` belongs to a {}", other.block));
    }
    let list: Vec<String> = known.now.iter().map(|word| format!("`{word}`")).collect();
    found.help(format!("a {block} has {}", list.join(", ")))
}

fn has_braces(field: &Statement) -> Diagnostic {
    let word = &field.keyword.text;
    Diagnostic::new(
        Code::Unexpected,
        field.span.after(),
        format!("`{word}` has no braces"),
    )
    .help("write its values on the same line, with commas between them")
}

/// How a field is written.
fn example(block: &str, word: &str) -> &'static str {
    match (block, word) {
        ("test" | "request", word) => in_test(word),
        ("ceiling" | "limit" | "cache" | "notify" | "requested", _) => {
            example_of_bounds(block, word)
        }
        ("client", "key") => "key sha256 \"…64 digits…\"`, or `key sha256 file \"path\"",
        ("gateway", "listen") => "listen \"127.0.0.1:8080\"",
        ("gateway", "admin") => "admin \"127.0.0.1:9090\"",
        (_, "from") => "from 10.0.0.0/8, fe80::/10`, or `from any",
        (_, "auth") => "auth ignore",
        (_, "api") => "api openai",
        (_, "url") => {
            "url \"https://api.example.com/v1\"` or `url \"http://10.0.0.1/v1\" weight 3, \"http://10.0.0.2/v1\""
        }
        (_, "key") => "key env NAME`, `key file \"path\"` or `key none",
        (_, "health") => {
            "health { probe GET \"/v1/models\" every 15s; eject after 5 failures in 30s for 30s }"
        }
        (_, "probe") => "probe GET \"/v1/models\" every 15s",
        (_, "eject") => "eject after 5 failures in 30s for 30s",
        (_, "slow-start") => "slow-start 30s",
        ("provider", "limit") => "limit 50 concurrent, 2M tokens per minute",
        (_, "ca") => "ca \"roots.pem\"",
        (_, "header") => "header \"x-title\" \"claw\"",
        (_, "tags") => "tags us, baa",
        ("provider", "timeout") => "timeout connect 2s, first-token 20s, idle 30s, attempt 10m",
        (_, "timeout") => "timeout first-token 20s, total 5m",
        (_, "model") => "model NAME { price in $5/M, out $30/M; context 400k }",
        (_, "models") => "models catalog openai",
        (_, "snapshot") => "snapshot 2026-11-21",
        (_, "shutdown") => "shutdown 2026-12-11",
        (_, "price") => "price in $5/M, out $30/M` or `price above 200k in $10/M, out $45/M",
        (_, "context") => "context 400k",
        (_, "max-output") => "max-output 128k",
        (_, "can") => "can tools, images, json-schema",
        (_, "on") => "on connect, timeout, overloaded, 429, 500..599",
        (_, "attempts") => "attempts 3",
        (_, "backoff") => "backoff 200ms..5s",
        (_, "honor") => "honor retry-after up to 10s",
        (_, "primary") => "primary PROVIDER/MODEL",
        (_, "require") => "require TAG, TAG",
        (_, "balance") => "balance weighted` or `balance round-robin sticky client",
        (_, "fallback") => "fallback PROVIDER/MODEL, PROVIDER/MODEL",
        (_, "retry") => "retry NAME",
        (_, "commit") => "commit first-content",
        (_, "after-cut") => "after-cut error",
        (_, "fail") => "fail closed",
        _ => example_of_bounds(block, word),
    }
}

/// How a field is written that bounds traffic or changes it.
fn example_of_bounds(block: &str, word: &str) -> &'static str {
    match (block, word) {
        ("gateway", "trust") => "trust 10.0.0.2 via proxy-protocol",
        ("gateway", "state") => "state embedded \"var/claw\"` or `state redis env REDIS_URL",
        ("gateway", "base") => "base \"/v1/openai\"",
        ("notify", "webhook") => "webhook \"https://hooks.example.com/claw\" key env HOOK_SECRET",
        ("notify", "on") => "on failover, ceiling, eject, reload-failed",
        ("limit", "allow") => "allow 600 requests per minute burst 100, 32 concurrent",
        ("limit", "per") => "per client, header \"x-team\"",
        ("limit" | "cache", "fail") => "fail closed",
        ("cache", "keep") => "keep 1h",
        ("cache", "size") => "size 256MB",
        ("cache", "coalesce") => "coalesce",
        ("cache", "shared") => "shared",
        ("class", "cache") => "cache NAME",
        (_, "set") => "set header \"x-title\" \"claw\", default temperature 0, top_p 0.9",
        (_, "unset") => "unset header \"x-title\", temperature",
        ("class", "keys") => "keys caller",
        ("class", "heartbeat") => "heartbeat 15s` or `heartbeat off",
        ("class", "min-output") => "min-output 2k",
        ("requested", "primary") => "primary requested from PROVIDER, PROVIDER",
        ("requested", _) => "fallback requested from PROVIDER, PROVIDER",
        ("ceiling", "allow") => "allow $400 per month \"Europe/Berlin\"",
        ("ceiling", "at") => "at 80% then CLASS",
        ("ceiling", "then") => "then deny`, `then warn` or `then CLASS",
        ("ceiling", "per") => "per client` or `per header \"x-team\"",
        ("class" | "client", "ceiling") => {
            "ceiling $3 per request` or `ceiling $200 per day per client at 80% then CLASS"
        }
        _ => "FIELD VALUE",
    }
}

/// How a line of a test is written.
fn in_test(word: &str) -> &'static str {
    match word {
        "request" => "request { header \"x-team\" \"ml\"; model \"gpt-5.5\"; tokens 2k }",
        "fault" => {
            "fault PROVIDER down`, `fault PROVIDER/MODEL 503`, `fault PROVIDER key 2 429, retry-after 5s`, `fault PROVIDER slow 30s` or `fault PROVIDER cut after 5 events"
        }
        "expect" => {
            "expect class NAME`, `class NAME because ceiling NAME`, `served by P/M`, `tried P/M, P/M`, `attempts 2`, `denied 400 by NAME`, `failed 502`, `cost at most $0.50` or `arm \"main/1\""
        }
        "header" | "query" => "header \"x-team\" \"ml\"",
        "has" => "has tools, images",
        "streaming" => "streaming",
        "draw" => "draw 97%",
        "spent" => "spent ceiling NAME $321",
        "tokens" => "tokens 2k",
        "messages" => "messages 50",
        "max-output" => "max-output 4k",
        "temperature" => "temperature 0.7",
        "session" => "session \"abc\"",
        "prompt" => "prompt \"what stands in it\"",
        "body" => "body \"/metadata/tier\" \"gold\"",
        "ip" => "ip 10.0.0.5",
        "client" => "client NAME",
        "endpoint" => "endpoint embeddings",
        "method" => "method GET",
        "path" => "path \"/v1/models\"",
        "host" => "host \"gate.example.com\"",
        "model" => "model \"gpt-5.5\"",
        _ => "FIELD VALUE",
    }
}
