//! The fifteen rules of a good diagnostic, one test for each, over everything bad that the project
//! knows: the pages of the codes and what the proofs find.

#[path = "rules/whole.rs"]
mod whole;

use std::collections::BTreeSet;

use claw_lang::codes::{Code, Severity};
use claw_lang::day::Day;
use claw_lang::oracle;
use claw_lang::report::{Diagnostic, Report};
use claw_lang::{Source, check, compile, compile_on, declared};

use crate::frame::{blocks, complete};
use crate::{never, one, proofs};

/// One bad policy and what is told of it.
struct Bad {
    name: String,
    sources: Vec<Source>,
    report: Report,
}

/// Everything bad: what the page of each code avoids, and what each proof finds.
fn corpus() -> Vec<Bad> {
    let pages = Code::ALL.iter().map(|code| {
        let block = &blocks(code.page())[0];
        let day = block.info.split("today=").nth(1);
        let day = day.map(|day| Day::read(day.split(' ').next().unwrap()).unwrap());
        let sources = complete(block);
        let report = match day {
            Some(day) => compile_on(sources.clone(), day).report,
            None => compile(sources.clone()).report,
        };
        Bad {
            name: code.id().to_owned(),
            sources,
            report,
        }
    });
    let proofs = proofs::BAD.iter().map(|(code, what, rest)| {
        let sources = one(&format!("{}{rest}\n", proofs::HOUSE));
        Bad {
            name: format!("{code} {what}"),
            report: compile(sources.clone()).report,
            sources,
        }
    });
    pages.chain(proofs).collect()
}

fn told(text: &str) -> Report {
    compile(one(text)).report
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.diagnostics().iter().map(|it| it.code.id()).collect()
}

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }
class code { primary a/x }
class cheap { primary a/y }
unused cheap
";

/// A message without what it quotes of the policy.
fn own_words(message: &str) -> String {
    let mut out = String::new();
    let mut inside = None;
    for c in message.chars() {
        match inside {
            Some(mark) if c == mark => inside = None,
            Some(_) => {}
            None if c == '`' || c == '"' => inside = Some(c),
            None => out.push(c),
        }
    }
    out
}

/// Rule 1.
#[test]
fn the_first_line_says_what_is_wrong_in_the_operators_words() {
    for bad in corpus() {
        for found in bad.report.diagnostics() {
            let (name, message) = (&bad.name, &found.message);
            assert!(
                own_words(message).chars().count() <= 80,
                "{name}: {message}"
            );
            assert!(!message.contains('\n'), "{name}: {message}");
            for inner in ["Rule::", "Kind::", "Some(", "None", "token", "parse"] {
                assert!(!message.contains(inner), "{name}: {message}");
            }
        }
    }
}

/// Rule 2.
#[test]
fn the_first_place_is_small_and_the_cause_has_its_own() {
    // These say where something is missing, or what a whole block or file is.
    let wide = ["C0102", "C0107", "C0108", "C0210", "C0701"];
    for bad in corpus() {
        for found in bad.report.diagnostics() {
            let text = bad.report.text(found.primary.span);
            if !wide.contains(&found.code.id()) {
                assert!(text.lines().count() <= 1, "{}: {text}", bad.name);
            }
            let mut places: Vec<_> = found.labels().map(|label| label.span).collect();
            let count = places.len();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), count, "{}: a place twice", bad.name);
        }
    }
}

/// Rule 3.
#[test]
fn every_party_to_a_conflict_is_shown() {
    let conflicts = [
        Code::Duplicate,
        Code::OnlyOnce,
        Code::FieldTwice,
        Code::OtherwiseNotLast,
        Code::Shadowed,
        Code::ArmsMeet,
        Code::TargetTwice,
        Code::TagLacking,
        Code::NoneCapable,
        Code::OneProvider,
        Code::NoCapableFallback,
        Code::CallerKeySpread,
        Code::NeverBroken,
        Code::NeverUnknown,
        Code::CeilingUnpriced,
        Code::CeilingTooLow,
        Code::CeilingStays,
        Code::ArmForbidden,
        Code::ClientTwice,
        Code::NotUnused,
    ];
    let mut seen = BTreeSet::new();
    for bad in corpus() {
        for found in bad.report.diagnostics() {
            if conflicts.contains(&found.code) {
                seen.insert(found.code);
                assert!(found.labels().count() >= 2, "{}: {found:#?}", bad.name);
            }
        }
    }
    assert_eq!(seen.len(), conflicts.len());
}

/// The requests that a finding shows, as they are written.
fn shown(found: &Diagnostic) -> Vec<String> {
    let mut all = Vec::new();
    for text in found.labels().map(|label| &label.text).chain(&found.help) {
        let mut rest = text.as_str();
        while let Some(start) = rest.find("request {") {
            let from = rest.get(start..).unwrap();
            let Some(end) = from.find(" }`") else { break };
            all.push(from.get(..end + 2).unwrap().to_owned());
            rest = from.get(end..).unwrap();
        }
    }
    all
}

/// Rule 4.
#[test]
fn a_claim_about_traffic_shows_a_request_that_replays() {
    let claims = [
        Code::ArmsMeet,
        Code::NoneCapable,
        Code::TargetUnused,
        Code::OneProvider,
        Code::NoCapableFallback,
        Code::CallerKeySpread,
        Code::NeverBroken,
        Code::NeverUnknown,
        Code::CeilingUnpriced,
        Code::CeilingTooLow,
        Code::CeilingIdle,
        Code::CeilingStays,
        Code::AbsentSlips,
    ];
    let mut seen = BTreeSet::new();
    for bad in corpus() {
        for found in bad.report.diagnostics() {
            let requests = shown(found);
            if claims.contains(&found.code) {
                seen.insert(found.code);
                assert!(!requests.is_empty(), "{}: {found:#?}", bad.name);
            }
            for written in requests {
                let request = never::read(&written);
                // What is printed is a `request { … }` that a test can hold.
                let mut sources = bad.sources.clone();
                let test = format!("\ntest \"w\" {{ {written}; expect attempts 1 }}\n");
                sources[0].text.push_str(&test);
                let again = check(sources).report;
                let syntax = again.diagnostics().iter().map(|it| it.code.id());
                let mut syntax = syntax.filter(|id| id.starts_with("C01") || id.starts_with("C03"));
                assert_eq!(syntax.next(), None, "{}: {written}", bad.name);
                let model = declared(bad.sources.clone()).model;
                let model = model.unwrap_or_else(|| panic!("{} is well formed", bad.name));
                assert!(oracle::arm(&model, &request).is_some(), "{}", bad.name);
            }
        }
    }
    assert_eq!(seen.len(), claims.len());
}

/// Rule 5.
#[test]
fn blame_is_minimal_and_capped() {
    let arms = |names: &[&str]| {
        let arms = names
            .iter()
            .map(|name| format!("  when model is \"{name}\" -> code\n"));
        let list: Vec<String> = ["a", "b", "c", "d", "e", "f"]
            .map(|n| format!("\"{n}\""))
            .into();
        let all = list.join(", ");
        format!(
            "{HOUSE}route {{\n  when model is \"z\" -> code\n{}  when model is {all} -> code\n  otherwise -> code\n}}\n",
            arms.collect::<String>()
        )
    };
    let report = told(&arms(&["a", "b", "c", "d", "e", "f"]));
    assert_eq!(codes(&report), ["C0403"]);
    let found = &report.diagnostics()[0];
    assert_eq!(found.labels().count(), 5, "itself and four of six");
    assert!(
        found.help.as_ref().unwrap().contains("2 more"),
        "{:?}",
        found.help
    );
    let touched: Vec<&str> = found
        .labels()
        .map(|label| report.text(label.span))
        .collect();
    assert!(
        !touched.iter().any(|text| text.contains("\"z\"")),
        "{touched:?}"
    );
    // Without any one of them the arm is reached.
    assert_eq!(
        codes(&told(&arms(&["a", "b", "c", "d", "e"]))),
        Vec::<&str>::new()
    );
}

/// Rule 6.
#[test]
fn a_name_is_suggested_only_when_it_is_close() {
    let places = [
        ("route { otherwise -> WORD }", "code"),
        (
            "class d { primary a/x; retry WORD }\nretry slowly { on cut }\nroute { otherwise -> d }",
            "slowly",
        ),
        (
            "class d { primary WORD/x }\nprovider azure { api openai; url \"http://127.0.0.1:2/v1\"; key none; model x }\nroute { otherwise -> d }",
            "azure",
        ),
        ("class d { WORD a/x }\nroute { otherwise -> d }", "primary"),
        (
            "route { when WORD is \"a\" -> code\n  otherwise -> code }",
            "model",
        ),
        (
            "route { when has WORD -> code\n  otherwise -> code }",
            "images",
        ),
        (
            "WORD d { primary a/x }\nroute { otherwise -> code }",
            "class",
        ),
        (
            "retry r { on WORD }\nunused r\nroute { otherwise -> code }",
            "overloaded",
        ),
    ];
    for (place, near) in places {
        let said = |word: &str| {
            let report = told(&format!("{HOUSE}{}\n", place.replace("WORD", word)));
            report.human().contains("did you mean")
        };
        let mut slip: Vec<char> = near.chars().collect();
        slip.swap(1, 2);
        let slip: String = slip.into_iter().collect();
        assert!(said(&slip), "{place}: {slip}");
        assert!(said(&near.to_uppercase()), "{place}: {near} in capitals");
        assert!(!said("xyzzy"), "{place}");
    }
}

/// Rule 7.
#[test]
fn values_and_arithmetic_are_shown() {
    let due = [
        ("C0801", &["$"][..]),
        ("C0812", &["$", "80 tokens in"]),
        ("C0813", &["$"]),
        ("C0503", &["%"]),
        ("C0304", &["30"]),
    ];
    for bad in corpus() {
        for found in bad.report.diagnostics() {
            let Some((_, parts)) = due.iter().find(|(id, _)| *id == found.code.id()) else {
                continue;
            };
            let labels = found.labels().map(|label| label.text.as_str());
            let all: Vec<&str> = labels
                .chain([found.message.as_str()])
                .chain(found.help.as_deref())
                .collect();
            for part in *parts {
                assert!(
                    all.iter().any(|text| text.contains(part)) || bad.name.contains("0801"),
                    "{}: {part} in {all:?}",
                    bad.name
                );
            }
        }
    }
    let worst = told(
        "policy p\nprovider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x { price in $2/M, out $8/M; context 200k; max-output 32k } }\nclass code { primary a/x; timeout total 5m }\nroute { otherwise -> code }\nnever dear costs over $1\n",
    );
    let human = worst.human();
    for part in ["$2/M", "$8/M", "32k", "3 attempts", "$1"] {
        assert!(human.contains(part), "{part}\n{human}");
    }
}

/// Rule 8.
#[test]
fn a_fix_is_an_edit_that_takes_its_finding_away_and_brings_nothing_new() {
    let mut tried = 0;
    for bad in corpus() {
        let before: Vec<&str> = codes(&bad.report);
        for found in bad.report.diagnostics() {
            let Some(fix) = &found.fix else { continue };
            tried += 1;
            let mut fixed = bad.sources.clone();
            fixed[fix.span.file as usize]
                .text
                .replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
            let after = compile(fixed).report;
            let left = |code: &str| codes(&after).iter().filter(|id| **id == code).count();
            let had = |code: &str| before.iter().filter(|id| **id == code).count();
            assert!(left(found.code.id()) < had(found.code.id()), "{}", bad.name);
            // `timeout: 30` loses its colon and then has to say its unit.
            if found.code == Code::Colon {
                continue;
            }
            for new in codes(&after) {
                // What could not be looked at before may be looked at now, but no new error comes.
                let is_error = Code::named(new).unwrap().severity() == Severity::Error;
                assert!(!is_error || before.contains(&new), "{}: {new}", bad.name);
            }
        }
    }
    assert!(tried >= 10, "only {tried}");
}
