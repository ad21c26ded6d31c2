//! The page of each code is its test: what to avoid gives that code and no other, what to write
//! instead gives none.

use std::collections::BTreeSet;

use claw_lang::codes::{Code, Severity};
use claw_lang::day::Day;
use claw_lang::report::Report;
use claw_lang::testing::{Told, coverage};
use claw_lang::{Source, compile, compile_on, ordered};

use crate::frame::{Block, blocks, complete};

/// What an example gives, on the day that it names.
fn told(block: &Block) -> Report {
    let day = block.info.split("today=").nth(1).map(|day| {
        let day = day.split(' ').next().unwrap();
        Day::read(day).unwrap()
    });
    let sources = complete(block);
    match day {
        Some(day) => compile_on(sources, day).report,
        None if block.info.contains("coverage") => covered(sources),
        None if block.info.contains("overlaps") => ordered(sources, Day(0)),
        None => compile(sources).report,
    }
}

/// What an example's tests leave out.
fn covered(sources: Vec<Source>) -> Report {
    let ran = claw_lang::test(sources);
    let (model, outcomes) = ran.tested.expect("an example that can be tested");
    let coverage = coverage(&model, &outcomes).unwrap();
    Told::new((&model, &outcomes), Some(&coverage), &ran.report)
        .findings()
        .clone()
}

/// The codes that an example gives. Names that only the example's frame would use do not count.
fn given(block: &Block, about: Code) -> BTreeSet<&'static str> {
    let report = told(block);
    let codes = report.diagnostics().iter().map(|found| found.code);
    codes
        .filter(|code| *code != Code::Unused || about == Code::Unused)
        .map(Code::id)
        .collect()
}

#[test]
fn every_page_shows_exactly_its_code() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let page = code.page();
        let sections: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
        let heading = format!("# {}: {}", code.id(), code.title());
        assert_eq!(
            sections,
            [heading.as_str(), "## Avoid", "## Prefer", "## Why"],
            "{}",
            code.id()
        );
        let [avoid, prefer] = &blocks(page)[..] else {
            panic!("{} has two examples", code.id())
        };
        let avoided = given(avoid, *code);
        if avoided != BTreeSet::from([code.id()]) {
            wrong.push(format!("{}: avoid gives {avoided:?}", code.id()));
        }
        let preferred = given(prefer, *code);
        if !preferred.is_empty() {
            wrong.push(format!("{}: prefer gives {preferred:?}", code.id()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_belongs_to_a_code() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/codes");
    let pages: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.id().to_owned()).collect();
    assert_eq!(pages, codes);
}

#[test]
fn every_finding_of_a_page_tells_what_to_write() {
    for code in Code::ALL {
        let avoid = &blocks(code.page())[0];
        for found in told(avoid).diagnostics() {
            assert!(found.help.is_some(), "{}: {}", code.id(), found.message);
            assert!(!found.message.ends_with('.'), "{}", found.message);
            let first = found.message.chars().next().unwrap();
            assert!(!first.is_uppercase(), "{}", found.message);
            assert!(!found.message.contains("Rule::") && !found.message.contains("Kind::"));
        }
    }
}

#[test]
fn every_fix_takes_its_finding_away_and_brings_nothing_new() {
    let mut tried = 0;
    for code in Code::ALL {
        let avoid = &blocks(code.page())[0];
        let sources = complete(avoid);
        let report = told(avoid);
        for found in report.diagnostics() {
            let Some(fix) = &found.fix else { continue };
            tried += 1;
            let mut fixed = sources.clone();
            let (start, end) = (fix.span.start as usize, fix.span.end as usize);
            fixed[fix.span.file as usize]
                .text
                .replace_range(start..end, &fix.text);
            let after = compile(fixed).report;
            let errors: Vec<&str> = after
                .diagnostics()
                .iter()
                .filter(|left| left.code.severity() == Severity::Error || left.code == found.code)
                .map(|left| left.message.as_str())
                .collect();
            // `timeout: 30` loses its colon and then has to say its unit.
            if found.code != Code::Colon {
                assert!(errors.is_empty(), "{}: {errors:?}", code.id());
            }
        }
    }
    assert!(tried >= 10, "only {tried} findings carry a fix");
}

#[test]
fn every_page_is_drawn_for_people() {
    for area in '1'..='9' {
        let mut drawn = String::new();
        for code in Code::ALL
            .iter()
            .filter(|code| code.id().starts_with(&format!("C0{area}")))
        {
            drawn.push_str(&told(&blocks(code.page())[0]).human());
            drawn.push('\n');
        }
        insta::assert_snapshot!(format!("area_{area}"), drawn);
    }
}

#[test]
fn a_finding_is_written_for_programs() {
    let text = "policy p\nroute {\n  otherwise -> coed\n}\nclass code { primary a/x }\n";
    insta::assert_snapshot!("json", claw_lang::check(crate::one(text)).report.json());
}
