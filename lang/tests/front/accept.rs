//! `unused` and `accept`: they silence exactly what they name, and nothing for ever.

use claw_lang::codes::{Code, Severity};
use claw_lang::day::Day;
use claw_lang::{compile, compile_on};

use crate::frame::{blocks, complete};
use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }
class code { primary a/x }
";
const ROUTE: &str = "route { otherwise -> code }\n";

fn codes(rest: &str) -> Vec<Code> {
    let report = compile(one(&format!("{HOUSE}{rest}"))).report;
    let found = report.diagnostics().iter().map(|found| found.code);
    found.collect()
}

#[test]
fn unused_keeps_quiet_about_one_name_until_it_is_used() {
    let spare = "class spare { primary a/y }\n";
    assert_eq!(codes(&format!("{spare}{ROUTE}")), [Code::Unused]);
    assert_eq!(codes(&format!("{spare}unused spare\n{ROUTE}")), []);
    assert_eq!(codes(&format!("unused code\n{ROUTE}")), [Code::NotUnused]);
    let two = "class other { primary a/y }\nclass spare { primary a/y }\nunused spare\n";
    assert_eq!(
        codes(&format!("{two}{ROUTE}")),
        [Code::Unused],
        "the other one is told"
    );
    assert_eq!(codes(&format!("unused cod\n{ROUTE}")), [Code::UnknownName]);
    for (line, due) in [
        ("unused", Code::WrongValue),
        ("unused spare spare", Code::WrongValue),
        ("unused spare, code", Code::WrongValue),
    ] {
        assert_eq!(codes(&format!("{line}\n{ROUTE}")), [due], "{line}");
    }
}

#[test]
fn accept_silences_its_warning_in_its_declaration_and_nowhere_else() {
    let routes = "route {
  when header \"a\" is \"1\" -> route ml
  when streaming -> deny 403 \"no\"
  otherwise -> code
}
route ml { otherwise -> deny 403 \"not for ml\" }
";
    let bad = Code::DenyReadAsBadKey;
    assert_eq!(codes(routes), [bad, bad]);
    let accept = |name: &str| codes(&format!("accept C0406 in {name} \"we know\"\n{routes}"));
    assert_eq!(accept("route"), [bad], "the one of the named route is left");
    assert_eq!(accept("ml"), [bad], "and the other way round");
    let both = "accept C0406 in ml \"we know\"\naccept c0406 in route \"we know\"\n";
    assert_eq!(codes(&format!("{both}{routes}")), []);
}

#[test]
fn accepting_in_vain_is_told_but_not_of_a_policy_that_was_not_looked_at_in_full() {
    let accept = "accept C0405 in route \"it is meant\"\n";
    assert_eq!(codes(&format!("{accept}{ROUTE}")), [Code::AcceptedInVain]);
    let always = "route { when streaming or not streaming -> code\n otherwise -> code }\n";
    assert_eq!(codes(&format!("{accept}{always}")), []);
    let broken = "route { when streaming -> coed\n otherwise -> code }\n";
    assert_eq!(codes(&format!("{accept}{broken}")), [Code::UnknownName]);
}

#[test]
fn only_a_warning_can_be_accepted_and_only_with_a_reason() {
    for (line, due) in [
        ("accept C0403 in route \"we know\"", Code::WrongValue),
        ("accept C0499 in route \"we know\"", Code::UnknownWord),
        ("accept C0904 in route \"we know\"", Code::WrongValue),
        ("accept C0408 in route \"we know\"", Code::WrongValue),
        ("accept C0405 in route \" \"", Code::OutOfRange),
        ("accept C0405 in route why", Code::WrongValue),
        ("accept C0405 in rout \"we know\"", Code::UnknownName),
        ("accept C0405 in gateway \"we know\"", Code::UnknownName),
        ("accept C0405", Code::WrongValue),
        ("accept C0405 of route \"we know\"", Code::WrongValue),
    ] {
        assert_eq!(codes(&format!("{line}\n{ROUTE}")), [due], "{line}");
    }
}

/// What can be accepted, and in which declaration of its page's example it stands.
const ACCEPTED: &[(Code, &str)] = &[
    (Code::StarInText, "route"),
    (Code::NoEffect, "code"),
    (Code::ListedTwice, "twice"),
    (Code::ApiInUrl, "a"),
    (Code::AlwaysTrue, "route"),
    (Code::DenyReadAsBadKey, "route"),
    (Code::ArmRedundant, "route"),
    (Code::Unused, "spare"),
    (Code::OneProvider, "code"),
    (Code::NoCapableFallback, "code"),
    (Code::PriceLacks, "maker"),
    (Code::ModelEnds, "code"),
    (Code::CatalogOld, "maker"),
    (Code::WebhookNoKey, "ops"),
    (Code::CeilingIdle, "code"),
    (Code::CeilingStays, "all"),
    (Code::ArmForbidden, "route"),
    (Code::GuardIdle, "twins"),
    (Code::AbsentSlips, "long"),
];

#[test]
fn every_warning_can_be_accepted_where_its_page_shows_it() {
    let mut left: Vec<Code> = Code::ALL.to_vec();
    left.retain(|code| code.severity() != Severity::Error);
    for (code, name) in ACCEPTED {
        left.retain(|other| other != code);
        let block = &blocks(code.page())[0];
        let mut sources = complete(block);
        let line = format!("accept {} in {name} \"we know\"\n", code.id());
        sources.last_mut().unwrap().text.push_str(&line);
        let day = block.info.split("today=").nth(1);
        let day = day.map_or(Day(0), |day| Day::read(day.trim()).unwrap());
        let found = compile_on(sources, day).report;
        let found = found.diagnostics().iter().map(|found| found.code);
        let found: Vec<Code> = found.filter(|code| *code != Code::Unused).collect();
        assert_eq!(found, [], "{}", code.id());
    }
    // These are told on demand, or of a line that is to be deleted.
    let others = [
        Code::NotUnused,
        Code::AcceptedInVain,
        Code::OrderCounts,
        Code::Uncovered,
    ];
    assert_eq!(left, others);
}

/// One provider away, with models that can and cannot.
const FAR: &str = "policy p
provider far {
  api openai
  url \"https://far.example/v1\"
  key env FAR_KEY
  model sees { price in $1/M, out $2/M; context 100k; can images; shutdown 2026-12-01 }
  model blind { price in $1/M, out $2/M; context 100k; can tools }
}
";

fn far(rest: &str) -> Vec<Code> {
    let day = Day::read("2026-11-21").unwrap();
    let report = compile_on(one(&format!("{FAR}{rest}")), day).report;
    let found = report.diagnostics().iter().map(|found| found.code);
    found.collect()
}

#[test]
fn a_warning_about_a_class_is_accepted_in_it_wherever_its_targets_stand() {
    let pooled = "pool all { far/sees }
pool rest { far/blind }
class code { primary all; fallback rest }
route {
  when has images and streaming -> deny 400 \"no streams\"
  otherwise -> code
}
";
    let alike = "class base { primary far/sees; fallback far/blind; ceiling $1000 per request }
class code like base { timeout total 2m }
accept C0521 in base \"we know\"
route {
  when has images and streaming -> deny 400 \"no streams\"
  otherwise -> code
}
";
    let (one, none) = (Code::OneProvider, Code::NoCapableFallback);
    let (ends, idle) = (Code::ModelEnds, Code::CeilingIdle);
    for (rest, given) in [
        (pooled, vec![one, none, ends]),
        (alike, vec![one, none, ends, idle]),
    ] {
        let mut told = far(rest);
        told.sort_unstable();
        let mut due = given.clone();
        due.sort_unstable();
        assert_eq!(told, due, "{rest}");
        for code in given {
            let line = format!("accept {} in code \"we know\"\n", code.id());
            let left = far(&format!("{rest}{line}"));
            assert_eq!(left.len(), told.len() - 1, "{line}{rest}");
            assert!(!left.contains(&code), "{line}{rest}");
        }
    }
}

#[test]
fn what_one_class_lives_with_is_told_of_the_one_that_is_like_it() {
    let both = "class base { primary far/blind; fallback far/sees }
class code like base { timeout total 2m }
accept C0506 in base \"we know\"
accept C0507 in base \"we know\"
accept C0521 in base \"we know\"
accept C0521 in code \"we know\"
route {
  when has tools and streaming -> deny 400 \"no streams\"
  when header \"x-a\" is \"1\" -> base
  otherwise -> code
}
";
    assert_eq!(far(both), [Code::NoCapableFallback, Code::OneProvider]);
}

#[test]
fn what_depends_on_the_day_is_not_accepted_in_vain_where_no_day_is_named() {
    let rest = "class code { primary far/sees }
accept C0521 in code \"it is moved in time\"
accept C0522 in far \"it is moved in time\"
route { otherwise -> code }
";
    let report = compile(one(&format!("{FAR}{rest}"))).report;
    assert_eq!(report.diagnostics(), []);
    assert_eq!(far(rest), [Code::AcceptedInVain], "no catalog is old here");
}
