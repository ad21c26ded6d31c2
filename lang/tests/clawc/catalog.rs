//! The built-in catalogs: what the tool writes, and what a policy makes of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use claw_lang::day::Day;
use claw_lang::{Compiled, Source, compile, compile_on};
use claw_table::policy::{Charge, Model};
use claw_table::{Can, Table};

use crate::root;
use crate::tool::catalogs;

/// The checked-in catalogs by their names.
fn shelf() -> BTreeMap<String, String> {
    let files = fs::read_dir(root().join("policies/catalog")).unwrap();
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.map(|file| read(file.unwrap().path())).collect()
}

fn around(provider: &str, target: &str) -> Vec<Source> {
    vec![Source {
        path: "shop.claw".into(),
        text: format!(
            "policy p\nprovider a {{ api openai; url \"https://a.example/v1\"; key env A\n{provider}\n}}\n\
             class c {{ primary a/{target} }}\nroute {{ otherwise -> c }}\n"
        ),
    }]
}

fn models(compiled: &Compiled) -> Vec<Model> {
    let Some(bytes) = &compiled.table else {
        panic!("{}", compiled.report.human())
    };
    Table::open(bytes).unwrap().policy().providers[0]
        .models
        .clone()
}

#[test]
fn every_catalog_is_sound_and_every_model_of_it_reaches_the_table() {
    let shelf = shelf();
    assert_eq!(shelf.len(), 9);
    for (name, text) in &shelf {
        let lines = text.lines().map(str::trim);
        let named: Vec<&str> = lines
            .filter_map(|line| line.strip_prefix("model ")?.split(' ').next())
            .collect();
        let compiled = compile(around(&format!("models catalog {name}"), named[0]));
        let found = &compiled.report;
        assert_eq!(found.diagnostics().len(), 0, "{name}: {}", found.human());
        let models = models(&compiled);
        let known: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(known, named, "{name}");
        let priced = |model: &Model| {
            let base = model.prices.first().map(|price| price.rates);
            base.is_some_and(|base| base.pico(Charge::Out).is_some())
        };
        assert!(models.iter().all(priced), "{name}");
    }
}

#[test]
fn an_own_line_stands_in_place_of_what_the_catalog_says_there() {
    let provider =
        "models catalog openai\nmodel gpt-5.4-mini \"mini-eu\" { price in $9/M, out $18/M }";
    let models = models(&compile(around(provider, "gpt-5.4-mini")));
    let own = &models[0];
    assert_eq!(
        (own.name.as_str(), own.wire.as_str()),
        ("gpt-5.4-mini", "mini-eu")
    );
    assert_eq!(own.prices[0].rates.pico(Charge::In), Some(9_000_000));
    assert_eq!(own.context_tokens, Some(400_000));
    assert!(own.can.unwrap() & Can::Tools.bit() != 0);
    let others = models.iter().filter(|model| model.name == "gpt-5.4-mini");
    assert_eq!(others.count(), 1);
}

#[test]
fn a_catalog_of_the_folder_goes_before_a_built_in_one() {
    let mut sources = around("models catalog openai", "m");
    sources[0]
        .text
        .push_str("catalog openai { snapshot 2026-11-21; model m }\n");
    let models = models(&compile(sources));
    assert_eq!(models.len(), 1);
}

#[test]
fn the_table_is_the_same_on_every_day_and_the_findings_are_not() {
    let on = |day: &str| {
        let sources = around("models catalog openai", "gpt-5-mini");
        compile_on(sources, Day::read(day).unwrap())
    };
    let codes = |day: &str| -> Vec<(&str, String)> {
        let report = on(day).report;
        let found = report.diagnostics().iter();
        found
            .map(|one| (one.code.id(), one.message.clone()))
            .collect()
    };
    let ends = |text: &str| ("C0521", format!("`a/gpt-5-mini` {text}"));
    assert_eq!(codes("2026-09-01"), []);
    assert_eq!(
        codes("2026-11-21"),
        [ends("is shut down on 2026-12-11, in 20 days")]
    );
    assert_eq!(codes("2026-12-11"), [ends("is shut down today")]);
    assert_eq!(codes("2026-12-12"), [ends("was shut down on 2026-12-11")]);
    let old = ("C0522", "the catalog `openai` is 181 days old".to_owned());
    assert_eq!(
        codes("2027-05-21"),
        [old, ends("was shut down on 2026-12-11")]
    );
    assert_eq!(on("2026-09-01").table, on("2027-09-01").table);
}

#[test]
fn what_is_wrong_with_a_catalog_is_told_at_its_place() {
    let told = |provider: &str, catalog: &str| -> Vec<(&'static str, String)> {
        let mut sources = around(provider, "m");
        sources[0].text.push_str(catalog);
        let report = compile(sources).report;
        let found = report.diagnostics().iter();
        found
            .map(|one| (one.code.id(), report.text(one.primary.span).to_owned()))
            .collect()
    };
    let good = "catalog c1 { snapshot 2026-11-21; model m }";
    let rows = [
        ("models catalog c1", good, None),
        ("models catalog opnai", "", Some(("C0201", "opnai"))),
        ("models catalog xyzzy", "", Some(("C0201", "xyzzy"))),
        ("models openai", "", Some(("C0308", "openai"))),
        ("models catalog", "", Some(("C0308", "catalog"))),
        ("models catalog c", "", Some(("C0201", "c"))),
        (
            "models catalog c1",
            "catalog c1 { model m }",
            Some(("C0302", "catalog c1")),
        ),
        (
            "models catalog c1",
            "catalog c1 { snapshot today; model m }",
            Some(("C0308", "today")),
        ),
        (
            "models catalog c1",
            "catalog c1 { snapshot 2026-11-21; model m; model m }",
            Some(("C0204", "m")),
        ),
        ("model m", good, Some(("C0211", "c1"))),
        ("model m { shutdown soon }", "", Some(("C0308", "soon"))),
    ];
    for (provider, catalog, due) in rows {
        let due: Vec<(&str, String)> = due
            .into_iter()
            .map(|(code, at)| (code, at.to_owned()))
            .collect();
        assert_eq!(told(provider, catalog), due, "{provider} {catalog}");
    }
}

#[test]
fn the_tool_settles_what_its_data_leave_open_on_the_dear_side() {
    let texts = catalogs(include_str!("catalog.json")).unwrap();
    let both: Vec<String> = texts.into_values().collect();
    insta::assert_snapshot!("catalogs", both.join("\n"));
}

#[test]
fn the_catalogs_are_what_the_tool_makes_of_the_data() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/models.json");
    // The data do not travel with the project.
    let Ok(data) = fs::read_to_string(path) else {
        return;
    };
    let made = catalogs(&data).unwrap();
    assert_eq!(made, shelf(), "write them anew with the example `catalog`");
}

#[test]
fn a_model_that_ends_is_told_once_wherever_it_is_asked_for() {
    let mut text = "policy p
provider a { api openai; url \"https://a.example/v1\"; key env A; model old { shutdown 2026-12-11 }; model odd { shutdown 2026-12-11 } }
"
    .to_owned();
    for n in 0..6 {
        writeln!(text, "class c{n} {{ primary requested from a }}").unwrap();
    }
    text.push_str("class like-it like c0 { timeout total 1m }\nroute {\n");
    for n in 1..6 {
        writeln!(text, "  when header \"x\" is \"{n}\" -> c{n}").unwrap();
    }
    text.push_str("  when header \"x\" is \"6\" -> like-it\n  otherwise -> c0\n}\n");
    let told = |text: &str| -> Vec<(String, String, usize)> {
        let sources = vec![Source {
            path: "shop.claw".into(),
            text: text.into(),
        }];
        let report = compile_on(sources, Day::read("2026-11-21").unwrap()).report;
        let found = report.diagnostics().iter();
        let found = found.map(|it| (it.message.clone(), it.primary.text.clone(), it.others.len()));
        found.collect()
    };
    let due = |more: &str| {
        let one = |model: &str| {
            let message = format!("`a/{model}` is shut down on 2026-12-11, in 20 days");
            (message, more.to_owned(), 3)
        };
        vec![one("odd"), one("old")]
    };
    assert_eq!(told(&text), due("and in 2 more places than are shown"));
    // Who lives with it says so for one class.
    text.push_str("accept C0521 in c3 \"it is moved in time\"\n");
    assert_eq!(told(&text), due("and in one more place than is shown"));
}
