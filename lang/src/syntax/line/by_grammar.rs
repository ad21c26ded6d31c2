//! The same forms from the published grammar: slow, and what the reader of tokens is compared with,
//! over every policy of the project and over lines made of their parts.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the grammar has more rules than any one place can meet"
)]

use std::path::Path;

use pest::Parser as _;
use pest::iterators::{Pair, Pairs};
use proptest::prelude::*;

use super::{ArmLine, ForbidLine, Head, LetLine, Line, NeverLine, Outcome, read};
use crate::report::Report;
use crate::source::read_folder;
use crate::span::Span;
use crate::syntax::ast::{Ask, Cond, LetValue, Op, Test, Value};
use crate::syntax::grammar::{Grammar, Rule};
use crate::syntax::layout;
use crate::syntax::lexer::{self, Kind, by_grammar::kind};
use crate::syntax::literal::unescape;

/// A line in the form of one kind.
#[derive(Debug, PartialEq)]
enum Form {
    Head(Head),
    Let(LetLine),
    Never(NeverLine),
    Forbid(ForbidLine),
    When(Cond),
    Arm(ArmLine),
}

/// What became of a line: its form, a text in it that is none, or nothing.
type Became = Result<Form, Option<Span>>;

const RULES: [Rule; 6] = [
    Rule::statement,
    Rule::let_line,
    Rule::never_line,
    Rule::forbid_line,
    Rule::when_line,
    Rule::arm,
];

/// By the grammar.
fn slow(rule: Rule, text: &str) -> Became {
    let mut line = Grammar::parse(rule, text).map_err(|_| None)?;
    let line = line.next().unwrap();
    let body = line.into_inner().next().unwrap();
    let found = match rule {
        Rule::statement => head(body).map(Form::Head),
        Rule::let_line => let_line(body).map(Form::Let),
        Rule::never_line => never_line(body).map(Form::Never),
        Rule::forbid_line => forbid_line(body).map(Form::Forbid),
        Rule::when_line => condition(child(body, Rule::condition).unwrap()).map(Form::When),
        _ => arm(body).map(Form::Arm),
    };
    found.map_err(Some)
}

/// By the reader of tokens, which is the one that is used.
fn fast(rule: Rule, text: &str) -> Became {
    let tokens = lexer::lex(0, text);
    let tokens: Vec<_> = tokens.into_iter().filter(|t| !t.kind.is_trivia()).collect();
    let outcome = match rule {
        Rule::statement => read(text, &tokens, |line: &mut Line<'_>| {
            line.head().map(Form::Head)
        }),
        Rule::let_line => read(text, &tokens, |line| line.let_line().map(Form::Let)),
        Rule::never_line => read(text, &tokens, |line| line.never_line().map(Form::Never)),
        Rule::forbid_line => read(text, &tokens, |line| line.forbid_line().map(Form::Forbid)),
        Rule::when_line => read(text, &tokens, |line| line.when_line().map(Form::When)),
        _ => read(text, &tokens, |line| line.arm().map(Form::Arm)),
    };
    match outcome {
        Outcome::Read(form) => Ok(form),
        Outcome::Faulty(found) => Err(Some(found.primary.span)),
        Outcome::Refused => Err(None),
    }
}

/// A part of the tree, or where the first text in it that is none has its fault.
type Found<T> = Result<T, Span>;

fn head(pair: Pair<'_, Rule>) -> Found<Head> {
    let mut parts = pair.into_inner();
    let keyword = value(&parts.next().unwrap())?;
    let groups = parts.flat_map(Pair::into_inner);
    let groups = groups.filter(|part| part.as_rule() == Rule::group);
    Ok(Head {
        keyword,
        groups: groups
            .map(|group| values(group.into_inner()))
            .collect::<Found<_>>()?,
    })
}

fn let_line(pair: Pair<'_, Rule>) -> Found<LetLine> {
    let mut parts = pair
        .into_inner()
        .filter(|p| !matches!(p.as_rule(), Rule::kw_let | Rule::equal));
    let name = value(&parts.next().unwrap())?;
    let right = parts.next().unwrap();
    let is = match right.as_rule() {
        Rule::set => LetValue::Set(values(right.into_inner())?),
        Rule::times => {
            let parts = right.into_inner().filter(|p| p.as_rule() != Rule::comma);
            LetValue::Times(parts.map(time).collect::<Found<_>>()?)
        }
        _ => LetValue::Cond(condition(right)?),
    };
    Ok(LetLine { name, is })
}

fn never_line(pair: Pair<'_, Rule>) -> Found<NeverLine> {
    let (mut name, mut when, mut claim) = (None, None, Vec::new());
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::kw_never | Rule::kw_when => {}
            Rule::condition => when = Some(condition(part)?),
            Rule::claim => claim = values(part.into_inner())?,
            _ => name = Some(value(&part)?),
        }
    }
    Ok(NeverLine {
        name: name.unwrap(),
        when,
        claim,
    })
}

fn forbid_line(pair: Pair<'_, Rule>) -> Found<ForbidLine> {
    let (mut name, mut when, mut deny) = (None, None, Vec::new());
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::kw_forbid | Rule::kw_when => {}
            Rule::condition => when = Some(condition(part)?),
            Rule::refusal => deny = values(part.into_inner())?,
            _ => name = Some(value(&part)?),
        }
    }
    Ok(ForbidLine {
        name: name.unwrap(),
        when: when.unwrap(),
        deny,
    })
}

fn arm(pair: Pair<'_, Rule>) -> Found<ArmLine> {
    let (mut when, mut goal) = (None, Vec::new());
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::condition => when = Some(condition(part)?),
            Rule::goal => goal = values(part.into_inner())?,
            _ => {}
        }
    }
    Ok(ArmLine { when, goal })
}

fn condition(pair: Pair<'_, Rule>) -> Found<Cond> {
    let mut any = Vec::new();
    for part in pair.into_inner().filter(|p| p.as_rule() == Rule::all) {
        let parts = part.into_inner().filter(|p| p.as_rule() == Rule::unary);
        let all: Vec<Cond> = parts.map(unary).collect::<Found<_>>()?;
        any.push(only_or(all, Cond::All));
    }
    Ok(only_or(any, Cond::Any))
}

fn only_or(mut parts: Vec<Cond>, join: fn(Vec<Cond>) -> Cond) -> Cond {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

fn unary(pair: Pair<'_, Rule>) -> Found<Cond> {
    let (mut nots, mut cond) = (Vec::new(), None);
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::negation => nots.push(place(&part)),
            Rule::comparison => cond = Some(comparison(part)?),
            _ => cond = Some(condition(child(part, Rule::condition).unwrap())?),
        }
    }
    let cond = cond.unwrap();
    Ok(match nots.len() % 2 {
        1 => Cond::Not(Box::new(cond), *nots.last().unwrap()),
        _ => cond,
    })
}

fn comparison(pair: Pair<'_, Rule>) -> Found<Cond> {
    let mut span = place(&pair);
    let mut parts = pair.into_inner();
    let mut subject_and = values(parts.next().unwrap().into_inner())?.into_iter();
    let subject = subject_and.next().unwrap();
    let of: Vec<Value> = subject_and.collect();
    let mut ends: Vec<u32> = of.iter().chain([&subject]).map(|v| v.span.end).collect();
    let mut test = None;
    if let (Some(op), Some(right)) = (parts.next(), parts.next()) {
        let (mut values, mut windows) = (Vec::new(), Vec::new());
        for part in right.into_inner() {
            match part.as_rule() {
                Rule::comma => {}
                Rule::window => windows.push(time(part)?),
                _ => values.push(value(&part)?),
            }
        }
        let words: Vec<&str> = op.as_str().split_whitespace().collect();
        let all = windows.iter().flatten().chain(&values);
        ends.extend(all.map(|v| v.span.end));
        test = Some(Test {
            op: Op::ALL
                .into_iter()
                .find(|op| op.words() == words.join(" "))
                .unwrap(),
            op_span: place(&op),
            values,
            windows,
        });
    }
    // A rule that may go on can take blanks with it; the last value tells where it really ends.
    span.end = ends.into_iter().max().unwrap();
    Ok(Cond::Ask(Ask {
        subject,
        of,
        test,
        span,
    }))
}

fn time(pair: Pair<'_, Rule>) -> Found<Vec<Value>> {
    match pair.as_rule() {
        Rule::window | Rule::hours => values(pair.into_inner()),
        _ => Ok(vec![value(&pair)?]),
    }
}

fn values<'p>(pairs: impl Iterator<Item = Pair<'p, Rule>>) -> Found<Vec<Value>> {
    pairs
        .filter(|pair| pair.as_rule() != Rule::comma)
        .map(|pair| value(&pair))
        .collect()
}

fn value(pair: &Pair<'_, Rule>) -> Found<Value> {
    // Where a value may stand, whatever is no literal and no path is a word.
    let kind = kind(pair.as_rule()).unwrap_or(Kind::Word);
    let span = place(pair);
    let text = match kind {
        Kind::Text => unescape(pair.as_str(), span).map_err(|found| found.primary.span)?,
        _ => pair.as_str().trim_end().to_owned(),
    };
    Ok(Value { kind, text, span })
}

/// Where a pair stands, without the blanks that its rule took with it.
fn place(pair: &Pair<'_, Rule>) -> Span {
    let at = |n: usize| u32::try_from(n).unwrap();
    let start = pair.as_span().start();
    Span {
        file: 0,
        start: at(start),
        end: at(start + pair.as_str().trim_end().len()),
    }
}

fn child(pair: Pair<'_, Rule>, rule: Rule) -> Option<Pair<'_, Rule>> {
    let mut inside: Pairs<'_, Rule> = pair.into_inner();
    inside.find(|part| part.as_rule() == rule)
}

/// Every policy of the project, with what is nothing to a line blanked out.
fn policies() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = read_folder(&root.join("examples")).unwrap();
    sources.extend(read_folder(&root.join("policies")).unwrap());
    let laid = |text: &str| {
        let mut report = Report::new(std::sync::Arc::from(Vec::new()));
        layout::lay(text, &lexer::lex(0, text), &mut report).text
    };
    sources.iter().map(|source| laid(&source.text)).collect()
}

/// Pieces of those policies that hold no brace and no line end: most are lines.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split(['{', '}', ';', '\n', '\r']).map(str::trim);
    lines.filter(|line| !line.is_empty())
}

#[test]
fn lines_of_every_policy_are_read_as_the_grammar_reads_them() {
    let mut read = 0;
    for policy in policies() {
        for line in lines(&policy) {
            for rule in RULES {
                let became = slow(rule, line);
                read += usize::from(became.is_ok());
                assert_eq!(fast(rule, line), became, "{rule:?} {line}");
            }
        }
    }
    assert!(read > 500, "only {read} of them are lines");
}

/// One line of each form.
const SEEDS: &[&str] = &[
    "let offices = 10.0.0.0/8, 192.168.0.0/16, fe80::/10",
    "let night = mon..fri 22:00..06:00 \"Europe/Berlin\", sat, sunday \"UTC\", 01:00..02:00",
    "let phi = header \"x-data-class\" is \"phi\" or not (ip in offices and has tools, images)",
    "never phi-leaves when phi reaches provider not tagged baa",
    "never runaway when time in mon..fri, sat costs over $3.50/M",
    "forbid outside when path like \"/v1/*\" and not ip in offices deny 400 \"office \\u{e9}\"",
    "forbid secrets when prompt mentions \"KEY\\\"\", word and tokens >= 1.5M",
    "when not not client in agents and time not in fri 22:00..06:00 or a/b is x/y -> cheap",
    "when body \"/a\" is not 5, true and tokens < 100k -> deny 400 \"say \\q which\"",
    "otherwise -> route ml",
    "when x is absent",
    "price above 272k in $10/M, out $45/M during mon..fri 01:00..04:00 \"UTC\"",
    "fallback openai/gpt-5.5, edge/llama:70b@x 5%, mini",
    "set presence_penalty -0.5, default n 1, \"/a/b\" -4k",
    "forbid cold when body \"/x\" is -5, 1 and temperature > -0.5 or a < -1",
    "on 429, 500..599, 200ms..5s, 2026-11-21 10:00, :1:2, dead:beef::1, 30_s",
];

/// What stands between two tokens of a line.
const SPARE: &[&str] = &[
    "when",
    "not",
    "in",
    "is",
    "or",
    "and",
    "(",
    ")",
    ",",
    "->",
    "=",
    "<",
    "deny",
    "reaches",
    "mon",
    "monday",
    "mon..fri",
    "not..and",
    "22:00..06:00",
    "\"a\"",
    "\"\\q\"",
    "10.0.0.1",
    "fe80::1",
    "a/b",
    "in/x",
    "5",
    "5..9",
    "-5",
    "x",
    "let",
    "otherwise",
    "..",
    "-",
    ":",
];

fn line() -> impl Strategy<Value = String> {
    let edit = (
        0..4_usize,
        0..40_usize,
        prop::sample::select(SPARE),
        0..3_usize,
    );
    let edits = prop::collection::vec(edit, 0..4);
    (prop::sample::select(SEEDS), edits).prop_map(|(seed, edits)| {
        let tokens = lexer::lex(0, seed);
        let mut words: Vec<&str> = tokens.iter().map(|token| token.span.of(seed)).collect();
        for (what, at, spare, other) in edits {
            let at = at % words.len();
            match what {
                0 => words.insert(at, spare),
                1 => words[at] = spare,
                2 if words.len() > 1 => {
                    words.remove(at);
                }
                _ => {
                    let with = (at + other) % words.len();
                    words.swap(at, with);
                }
            }
        }
        words.concat().trim().to_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_line_is_read_as_the_grammar_reads_it(line in line()) {
        for rule in RULES {
            prop_assert_eq!(fast(rule, &line), slow(rule, &line), "{:?}", rule);
        }
    }
}
