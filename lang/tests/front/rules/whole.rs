//! The rules about all findings of a policy together.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use claw_lang::codes::{Code, Severity};
use claw_lang::report::{Lines, Report};
use claw_lang::syntax::lexer::lex;
use claw_lang::{Source, check, compile, declared, read_folder};

use super::{HOUSE, codes, corpus, told};
use crate::one;

/// Rule 9.
#[test]
fn foreign_habits_are_recognised() {
    for (habit, code) in [
        ("class d { timeout: 30 }", "C0110"),
        ("class d { primary = a/x }", "C0114"),
        ("class d {\n  - primary a/x\n}", "C0112"),
        ("class d { primary a/x; priority 10 }", "C0113"),
        ("class d { primary a/x; timeout total 30 }", "C0304"),
        ("class d { primary a/x; timeout total 5M }", "C0306"),
        ("class d { primary a/x; min-output 2m }", "C0306"),
        ("class d { primary a/x; min-output 1,000 }", "C0115"),
        ("forbid f when model == \"m\"", "C0111"),
        ("forbid f when model is \"m\" && streaming", "C0111"),
        ("forbid f when model is \"m\" || streaming", "C0111"),
        ("forbid f when !streaming", "C0111"),
    ] {
        let report = told(&format!("{HOUSE}{habit}\nroute {{ otherwise -> code }}\n"));
        assert!(
            codes(&report).contains(&code),
            "{habit}\n{}",
            report.human()
        );
        let found = report.diagnostics().iter().find(|it| it.code.id() == code);
        assert!(found.unwrap().help.is_some(), "{habit}");
    }
}

/// The folders of good policies that ship.
fn folders() -> Vec<Vec<Source>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for place in ["examples", "policies"] {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(root.join(place))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        for folder in entries {
            if folder.is_dir() && !folder.ends_with("catalog") {
                found.push(read_folder(&folder).unwrap());
            }
        }
    }
    found.retain(|sources| !sources.is_empty());
    found
}

fn errors(report: &Report) -> usize {
    let all = report.diagnostics().iter();
    all.filter(|it| it.code.severity() == Severity::Error)
        .count()
}

/// Rule 10. What the tests of a policy expect is not asked here: one word may be the ground of many.
#[test]
fn one_mistake_is_one_error_or_two() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for sources in folders() {
        for at in 0..sources.len() {
            let text = sources[at].text.clone();
            let tokens = lex(0, &text);
            for token in tokens.iter().filter(|token| !token.kind.is_trivia()) {
                tried += 1;
                let mut broken = sources.clone();
                let range = token.span.start as usize..token.span.end as usize;
                broken[at].text.replace_range(range, "");
                let report = declared(broken).report;
                if errors(&report) > 2 {
                    let line = Lines::new(&text).position(token.span.start).line;
                    let path = &sources[at].path;
                    let word = token.span.of(&text);
                    wrong.push(format!("{path}:{line} `{word}`: {:?}", codes(&report)));
                }
            }
        }
    }
    assert!(tried > 2000, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}: {wrong:#?}", wrong.len());
}

/// Rule 11. Each class of a policy gets one of these or none, by a rule that looks random.
#[test]
fn many_mistakes_are_all_told_each_at_its_line() {
    let faults = [
        ("timeout total 30", "C0304"),
        ("timeot total 30s", "C0301"),
        ("timeout total 5M", "C0306"),
        ("retry nothing-like-it", "C0201"),
        ("fail maybe", "C0310"),
        ("min-output 1,000", "C0115"),
        ("heartbeat: 30s", "C0110"),
        ("fallback a/q", "C0203"),
        ("commit whole; commit whole", "C0303"),
    ];
    let mut dice: u64 = 1;
    for _ in 0..60 {
        let mut text = "policy p\nprovider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }\n".to_owned();
        let mut due = Vec::new();
        for class in 0..12 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (fault, code) = faults[(dice >> 33) as usize % faults.len()];
            let is_bad = (dice >> 60).is_multiple_of(2);
            write!(text, "class c{class} {{\n  primary a/x\n").unwrap();
            if is_bad {
                writeln!(text, "  {fault}").unwrap();
                due.push((u32::try_from(text.lines().count()).unwrap(), code));
            }
            writeln!(text, "}}\nunused c{class}").unwrap();
        }
        text.push_str("class last { primary a/x }\nroute { otherwise -> last }\n");
        let report = check(one(&text)).report;
        let lines = Lines::new(&text);
        let found = report.diagnostics().iter().map(|found| {
            let line = lines.position(found.primary.span.start).line;
            (line, found.code.id())
        });
        assert_eq!(found.collect::<Vec<_>>(), due, "{text}");
    }
}

/// Rule 12.
#[test]
fn every_code_is_stable_and_has_its_page() {
    let mut seen = BTreeSet::new();
    for code in Code::ALL {
        let id = code.id();
        let digits = id.strip_prefix('C').unwrap();
        assert!(digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(seen.insert(id), "{id} twice");
        assert_eq!(Code::named(&id.to_lowercase()), Some(*code));
        let page = code.page();
        assert!(page.starts_with(&format!("# {id}: {}\n", code.title())));
        let why = page.split("## Why").nth(1).unwrap().trim();
        assert!(why.len() > 40, "{id} says why");
    }
}

/// What is understood, and is likely to be a mistake all the same.
const UNDERSTOOD: &[Code] = &[
    Code::Unused,
    Code::StarInText,
    Code::NoEffect,
    Code::ListedTwice,
    Code::ApiInUrl,
];

/// Rule 13.
#[test]
fn severity_is_consequence() {
    for code in Code::ALL {
        let is_read = ["C01", "C02", "C03"]
            .iter()
            .any(|area| code.id().starts_with(area));
        let is_error = code.severity() == Severity::Error;
        if is_read && !UNDERSTOOD.contains(code) {
            assert!(
                is_error,
                "{}: what is not understood is never built",
                code.id()
            );
        }
    }
    for bad in corpus() {
        let table = compile(bad.sources.clone()).table;
        assert_eq!(table.is_some(), errors(&bad.report) == 0, "{}", bad.name);
    }
}

/// Rule 14. The formats are held against each other one by one elsewhere.
#[test]
fn every_format_says_the_same_findings() {
    for bad in corpus() {
        let report = &bad.report;
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        let listed = json["findings"].as_array().unwrap();
        assert_eq!(listed.len(), report.diagnostics().len(), "{}", bad.name);
        for (found, told) in report.diagnostics().iter().zip(listed) {
            assert_eq!(told["code"], found.code.id());
            assert_eq!(told["message"], found.message);
            assert_eq!(told["help"].as_str(), found.help.as_deref());
            assert_eq!(
                told["labels"].as_array().unwrap().len(),
                found.labels().count()
            );
        }
        let human = report.human();
        for found in report.diagnostics().iter().take(50) {
            assert!(human.contains(found.code.id()), "{}", bad.name);
        }
    }
}

/// Rule 15.
#[test]
fn every_warning_can_be_kept_if_it_is_meant() {
    let mut kept = BTreeSet::new();
    for bad in corpus() {
        let warnings = bad.report.diagnostics().iter();
        let warnings = warnings.filter(|it| it.code.severity() == Severity::Warning);
        for found in warnings.filter(|_| bad.report.is_sound()) {
            let code = found.code;
            // These are about such words themselves.
            if [Code::NotUnused, Code::AcceptedInVain].contains(&code) {
                continue;
            }
            let names = bad.sources.iter().flat_map(|source| source.text.lines());
            let names = names.filter_map(|line| {
                let mut words = line.split([' ', '{']);
                let (keyword, name) = (words.next()?, words.next()?);
                claw_lang::vocab::is_declaration(keyword).then(|| name.to_owned())
            });
            let all = names.chain([
                "route".to_owned(),
                "gateway".to_owned(),
                "policy".to_owned(),
            ]);
            let is_kept = all.filter(|name| !name.is_empty()).any(|name| {
                let mut sources = bad.sources.clone();
                let (line, unused) = (
                    format!("\naccept {} in {name} \"it is meant\"\n", code.id()),
                    format!("\nunused {name}\n"),
                );
                let line = if code == Code::Unused { unused } else { line };
                sources[0].text.push_str(&line);
                let after = compile(sources).report;
                let count = |report: &Report| {
                    report
                        .diagnostics()
                        .iter()
                        .filter(|it| it.code == code)
                        .count()
                };
                after.is_sound() && count(&after) < count(&bad.report)
            });
            // What depends on the day is looked at on that day only.
            let by_day = [Code::ModelEnds, Code::CatalogOld].contains(&code);
            assert!(is_kept || by_day, "{}: {}", bad.name, code.id());
            kept.insert(code);
        }
    }
    assert!(kept.len() >= 10, "{kept:?}");
}
