//! Many faults in one file, each told once and at its place; one fault, few errors.

use claw_lang::codes::Severity;
use claw_lang::report::Lines;
use claw_lang::syntax::lexer::lex;
use claw_lang::{check, compile};

use crate::one;

const QUICKSTART: &str = include_str!("../../../examples/quickstart/quickstart.claw");

/// `line code` of every finding that is an error.
fn errors(text: &str) -> Vec<String> {
    let report = check(one(text)).report;
    let lines = Lines::new(text);
    report
        .diagnostics()
        .iter()
        .filter(|found| found.code.severity() == Severity::Error)
        .map(|found| {
            format!(
                "{} {}",
                lines.position(found.primary.span.start).line,
                found.code.id()
            )
        })
        .collect()
}

#[test]
fn twelve_faults_in_one_file_are_twelve_codes_at_their_lines() {
    let text = include_str!("twelve.claw");
    let seeded: Vec<String> = text
        .lines()
        .enumerate()
        .filter_map(|(at, line)| {
            let (_, codes) = line.split_once("# fault ")?;
            Some(
                codes
                    .split_whitespace()
                    .map(move |code| format!("{} {code}", at + 1)),
            )
        })
        .flatten()
        .collect();
    assert_eq!(seeded.len(), 12);
    assert_eq!(errors(text), seeded);
    insta::assert_snapshot!("twelve", check(one(text)).report.human());
}

#[test]
fn deleting_any_one_token_of_a_good_policy_gives_at_most_two_errors() {
    let tokens = lex(0, QUICKSTART);
    let mut worst = Vec::new();
    for token in tokens.iter().filter(|token| !token.kind.is_trivia()) {
        let mut text = QUICKSTART.to_owned();
        text.replace_range(token.span.start as usize..token.span.end as usize, "");
        let found = errors(&text);
        if found.len() > 2 {
            let line = Lines::new(QUICKSTART).position(token.span.start).line;
            worst.push(format!(
                "{line} without `{}`: {found:?}",
                token.span.of(QUICKSTART)
            ));
        }
    }
    assert!(worst.is_empty(), "{worst:#?}");
}

#[test]
fn doubling_any_one_token_of_a_good_policy_gives_at_most_two_errors() {
    let tokens = lex(0, QUICKSTART);
    let mut worst = Vec::new();
    for token in tokens.iter().filter(|token| !token.kind.is_trivia()) {
        let mut text = QUICKSTART.to_owned();
        text.insert_str(
            token.span.end as usize,
            &format!(" {} ", token.span.of(QUICKSTART)),
        );
        let found = errors(&text);
        if found.len() > 2 {
            let line = Lines::new(QUICKSTART).position(token.span.start).line;
            worst.push(format!(
                "{line} twice `{}`: {found:?}",
                token.span.of(QUICKSTART)
            ));
        }
    }
    assert!(worst.is_empty(), "{worst:#?}");
}

#[test]
fn every_construct_of_a_later_version_is_one_error_at_its_place() {
    let later = include_str!("later.claw");
    let seeded: Vec<String> = later
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("# later"))
        .map(|(at, _)| format!("{} C0117", at + 1))
        .collect();
    assert_eq!(errors(later), seeded);
}

#[test]
fn constructs_that_the_gateway_must_enforce_are_needs_of_the_table() {
    let text = "policy p\n\
        provider a { api anthropic; url \"https://a.example/v1\"; key env K; model x }\n\
        provider g { api gemini; url \"https://g.example/v1\"; key env G; model y }\n\
        class code { primary a/x; fallback g/y; commit whole; after-cut continue; fail open }\n\
        route { otherwise -> code }\n";
    let table = claw_table::Table::open(&compile(one(text)).table.unwrap()).unwrap();
    let needs: Vec<String> = table
        .features()
        .iter()
        .map(|feature| format!("{} {}", feature.name, feature.place))
        .collect();
    assert_eq!(
        needs,
        [
            "api-anthropic shop.claw:2:18",
            "api-gemini shop.claw:3:18",
            "commit-whole shop.claw:4:48",
            "after-cut-continue shop.claw:4:65",
            "fail-open shop.claw:4:80",
        ]
    );
}

#[test]
fn the_same_sources_give_the_same_bytes_in_any_order() {
    let half = |path: &str, text: &str| claw_lang::Source {
        path: path.into(),
        text: text.into(),
    };
    let a = half("a.claw", "policy p\nroute { otherwise -> code }\n");
    let b = half(
        "b/b.claw",
        "provider a { api openai; url \"http://[::1]/v1\"; key none; model x }\nclass code { primary a/x }\n",
    );
    let first = compile(vec![a.clone(), b.clone()]).table.unwrap();
    let second = compile(vec![b, a]).table.unwrap();
    assert_eq!(first, second);
}
