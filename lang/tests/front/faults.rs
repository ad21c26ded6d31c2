//! Many faults in one file, each told once and at its place; one fault, few errors.

use std::path::Path;

use claw_lang::codes::{Code, Severity};
use claw_lang::report::{Lines, Report};
use claw_lang::syntax::lexer::lex;
use claw_lang::syntax::parse;
use claw_lang::{check, compile, read_folder};

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

/// How far lines are indented is the author's: not at all, further, or by other blanks.
const STYLES: &[fn(&str) -> String] = &[
    |line| line.to_owned(),
    |line| line.trim_start().to_owned(),
    |line| format!("    {line}"),
    |line| line.replace("  ", "\t"),
];

/// Every good policy as one text.
fn good() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shelves = ["examples", "policies"].map(|shelf| root.join(shelf));
    let folders = shelves.iter().flat_map(|shelf| {
        let entries = std::fs::read_dir(shelf).unwrap();
        entries.map(|entry| entry.unwrap().path())
    });
    let mut texts = vec![include_str!("shop.claw").to_owned()];
    for folder in folders.filter(|path| path.is_dir() && !path.ends_with("catalog")) {
        let sources = read_folder(&folder).unwrap();
        let whole: Vec<&str> = sources.iter().map(|source| &*source.text).collect();
        texts.push(whole.join("\n"));
    }
    texts.retain(|text| !text.is_empty());
    texts.sort();
    texts
}

/// Where the declaration begins that a place lies in, and where the next one does, in a text whose
/// braces add up.
fn around(text: &str, at: u32) -> (u32, u32) {
    let (mut depth, mut begin, mut was_inside) = (0, 0, false);
    for token in lex(0, text) {
        let what = token.span.of(text);
        if depth == 0 && !token.kind.is_trivia() && what != "{" && was_inside {
            (begin, was_inside) = (token.span.start, false);
            if begin > at {
                return (begin, begin);
            }
        }
        depth += i32::from(what == "{") - i32::from(what == "}");
        was_inside |= depth == 0 && what == "}";
        if was_inside && token.span.start >= at {
            return (begin, token.span.end);
        }
    }
    (begin, u32::MAX)
}

#[test]
fn a_missing_brace_is_one_error_in_its_declaration_however_lines_are_indented() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for text in good() {
        for (style, of) in STYLES.iter().enumerate() {
            let lines: Vec<String> = text.lines().map(of).collect();
            let text = format!("{}\n", lines.join("\n"));
            let braces = lex(0, &text).into_iter();
            for brace in braces.filter(|token| token.span.of(&text) == "}") {
                let (begin, end) = around(&text, brace.span.start);
                let mut without = text.clone();
                without.replace_range(brace.span.start as usize..brace.span.end as usize, "");
                let mut report = Report::new(one(&without).into());
                parse(0, &without, &mut report);
                let codes: Vec<Code> = report.diagnostics().iter().map(|it| it.code).collect();
                let places = report.diagnostics().iter().map(|it| it.primary.span.start);
                let is_near = places.clone().all(|at| (begin..=end).contains(&at));
                if codes != [Code::Unclosed] || !is_near {
                    let line = Lines::new(&text).position(brace.span.start).line;
                    let found: Vec<u32> = places.collect();
                    wrong.push(format!(
                        "{style} {line} {begin}..{end}: {codes:?} {found:?}"
                    ));
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "only {tried} braces");
    assert!(wrong.is_empty(), "{} of {tried}: {wrong:#?}", wrong.len());
}

#[test]
fn a_brace_that_opens_and_is_missing_blames_no_other_declaration() {
    let mut wrong = Vec::new();
    for text in good() {
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        let flat = format!("{}\n", lines.join("\n"));
        let braces = lex(0, &flat).into_iter();
        for brace in braces.filter(|token| token.span.of(&flat) == "{") {
            let (begin, end) = around(&flat, brace.span.start);
            let mut without = flat.clone();
            without.replace_range(brace.span.start as usize..brace.span.end as usize, "");
            let mut report = Report::new(one(&without).into());
            parse(0, &without, &mut report);
            let places = report.diagnostics().iter().map(|it| it.primary.span.start);
            if !places.clone().all(|at| (begin..=end).contains(&at)) {
                wrong.push(format!("{begin}..{end}: {:?}", places.collect::<Vec<_>>()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_follows_a_closing_brace_is_read_as_a_line_of_its_own() {
    let head = "policy p\nprovider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x }\nclass code { primary a/x }\n";
    for (rest, found) in [
        (
            "route { otherwise -> code }\ntest \"x\" { request { model \"m\" } expect class code }\n",
            &["5 C0101"][..],
        ),
        (
            "route { otherwise -> code } class rest { primary a/x }\n",
            &["4 C0101"],
        ),
        // Another mistake there is told too.
        (
            "route { otherwise -> code } class rest { primary a/y }\n",
            &["4 C0101", "4 C0203"],
        ),
    ] {
        let text = format!("{head}{rest}");
        assert_eq!(errors(&text), found, "{rest}");
        let report = check(one(&text)).report;
        let fix = report.diagnostics()[0].fix.clone().unwrap();
        let mut fixed = text.clone();
        fixed.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
        assert_eq!(errors(&fixed), found[1..], "{fixed}");
    }
}
