//! Classes with pools, required tags, and fields taken from another class.

use std::fmt::Write as _;

use claw_lang::{check, compile};
use claw_table::policy::{Balance, Leg, Sticky, Target};
use claw_table::{ModelId, PoolId, ProviderId, Table};

use crate::one;

/// Two providers with three models, and a route to class `c`.
fn around(text: &str) -> String {
    format!(
        "policy p\n\
         provider a {{ api openai; url \"https://a.example/v1\"; key env A; tags us; model x; model y }}\n\
         provider b {{ api openai; url \"https://b.example/v1\"; key env B; tags us, eu; model x }}\n\
         route {{ otherwise -> c }}\n{text}\n"
    )
}

fn table(text: &str) -> Table {
    let compiled = compile(one(&around(text)));
    match compiled.table {
        Some(bytes) => Table::open(&bytes).unwrap(),
        None => panic!("{}", compiled.report.human()),
    }
}

fn target(provider: u16, model: u16) -> Target {
    Target {
        provider: ProviderId(provider),
        model: ModelId(model),
    }
}

#[test]
fn a_pool_reaches_the_table_with_its_shares_and_all_that_it_leads_to() {
    let table = table(
        "pool outer { inner 50%; b/x 49.5%; a/y 0.5% }\n\
         pool inner { balance weighted sticky client; a/x weight 3 }\n\
         class c { primary outer }",
    );
    let features: Vec<&str> = table.features().iter().map(|f| f.name.as_str()).collect();
    assert_eq!(features, ["pool", "pool"]);
    let policy = table.policy();
    let [outer, inner] = &policy.pools[..] else {
        panic!("two pools")
    };
    assert_eq!((outer.balance, outer.sticky), (Balance::RoundRobin, None));
    assert_eq!(
        (inner.balance, inner.sticky),
        (Balance::Weighted, Some(Sticky::Client))
    );
    let members: Vec<(Leg, u32)> = outer.members.iter().map(|m| (m.leg, m.share)).collect();
    assert_eq!(
        members,
        [
            (Leg::Pool(PoolId(1)), 5_000),
            (Leg::Target(target(1, 0)), 4_950),
            (Leg::Target(target(0, 1)), 50)
        ]
    );
    assert_eq!(inner.members[0].share, 3);
    let class = &policy.classes[0];
    assert_eq!(class.legs, [Leg::Pool(PoolId(0))]);
    assert_eq!(class.targets, [target(0, 0), target(1, 0), target(0, 1)]);
}

#[test]
fn a_class_takes_what_it_does_not_say_from_the_class_it_is_like() {
    let table = table(
        "class far like near { timeout total 9s }\n\
         class c like far { require eu; primary b/x }\n\
         class near { primary a/x; timeout total 5s, idle 2s; retry r }\n\
         retry r { on connect; attempts 7 }",
    );
    let class = |name: &str| {
        let mut classes = table.policy().classes.iter();
        classes.find(|class| class.name == name).unwrap().clone()
    };
    let (near, far, c) = (class("near"), class("far"), class("c"));
    assert_eq!(near.targets, [target(0, 0)]);
    assert_eq!(far.targets, [target(0, 0)]);
    assert_eq!(c.targets, [target(1, 0)]);
    // A field replaces the whole field: `far` says its timeout itself.
    assert_eq!(
        (near.total_ms, near.deadlines.idle_ms),
        (Some(5_000), Some(2_000))
    );
    assert_eq!((far.total_ms, far.deadlines.idle_ms), (Some(9_000), None));
    assert_eq!((c.total_ms, c.retry.attempts), (Some(9_000), 7));
}

/// What can be wrong, each with the code that tells it.
const ROWS: &[(&str, &str)] = &[
    (
        "pool m { a/x; b/x }\nclass c { primary m; require eu }",
        "C0502",
    ),
    ("class c { primary b/x; fallback a/x; require eu }", "C0502"),
    (
        "class d { require eu; primary b/x }\nclass c like d { primary a/x }",
        "C0502",
    ),
    (
        "pool m { n; b/x }\npool n { a/x }\nclass c { primary m; require eu }",
        "C0502",
    ),
    ("class c { primary b/x; require eo }", "C0201"),
    ("class c { primary b/x; require }", "C0308"),
    (
        "pool m { a/x 50%; b/x 49% }\nclass c { primary m }",
        "C0503",
    ),
    (
        "pool m { a/x 50%; b/x weight 3 }\nclass c { primary m }",
        "C0308",
    ),
    ("pool m { a/x 50%; b/x }\nclass c { primary m }", "C0308"),
    ("pool m { a/x 0% }\nclass c { primary m }", "C0307"),
    ("pool m { a/x 5 }\nclass c { primary m }", "C0308"),
    ("pool m { }\nclass c { primary m }", "C0302"),
    ("pool m { a/z }\nclass c { primary m }", "C0203"),
    ("pool m { a/x; a/x }\nclass c { primary m }", "C0501"),
    (
        "pool m { a/x }\nclass c { primary m; fallback a/x }",
        "C0501",
    ),
    (
        "pool m { a/x }\nclass c { primary a/x; fallback m }",
        "C0501",
    ),
    ("pool m { n }\npool n { m }\nclass c { primary m }", "C0207"),
    (
        "pool m { balance even; a/x }\nclass c { primary m }",
        "C0310",
    ),
    (
        "pool m { balance weighted sticky day; a/x }\nclass c { primary m }",
        "C0310",
    ),
    (
        "pool m { balance fastest; balance fastest; a/x }\nclass c { primary m }",
        "C0303",
    ),
    ("pool m { a/x }\nclass c { primary b/x }", "C0211"),
    ("pool m { a/x 5%, b/x }\nclass c { primary m }", "C0308"),
    ("class c like c { primary a/x }", "C0207"),
    (
        "class d like c { }\nclass c like d { primary a/x }",
        "C0207",
    ),
    ("class c like e { primary a/x }", "C0201"),
    ("class c like { primary a/x }", "C0308"),
    (
        "class d { fallback a/x }\nclass c like d { primary b/x }",
        "C0302",
    ),
    (
        "pool m { a/x; b/x }\nclass c { primary m }\nnever out reaches provider not tagged eu",
        "C0801",
    ),
    (
        "pool m { a/x; b/x }\nclass c { primary m }\nnever out reaches a/x",
        "C0801",
    ),
];

#[test]
fn what_is_wrong_with_a_class_or_a_pool_is_told_at_its_place() {
    let mut drawn = String::new();
    for (text, code) in ROWS {
        let report = check(one(&around(text))).report;
        let codes: Vec<&str> = report.diagnostics().iter().map(|d| d.code.id()).collect();
        let found = report.diagnostics().iter().find(|d| d.code.id() == *code);
        let Some(found) = found else {
            panic!("{text}: {codes:?}")
        };
        writeln!(drawn, "{text}").unwrap();
        let help = found.help.as_deref().unwrap_or_default();
        for label in found.labels() {
            let place = report.text(label.span).replace('\n', " ");
            writeln!(drawn, "  {place:?} {}", label.text).unwrap();
        }
        writeln!(drawn, "  {codes:?} {}\n  help: {help}", found.message).unwrap();
    }
    insta::assert_snapshot!("classes", drawn);
}
