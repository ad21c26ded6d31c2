//! Providers and what they serve, as they stand in the table.

use std::fmt::Write as _;

use claw_lang::{check, compile};
use claw_table::policy::{Capacity, Counted, Eject, Health, Probe, ProbeMethod, Rate, Secret};
use claw_table::{Can, Table};

use crate::one;

/// A policy around the fields of one provider.
fn around(fields: &str) -> String {
    format!(
        "policy p\nprovider a {{\n{fields}\n}}\nclass c {{ primary a/x }}\nroute {{ otherwise -> c }}\n"
    )
}

const PLAIN: &str = "api openai; url \"https://a.example/v1\"; key env A; model x";

fn codes(text: &str) -> Vec<&'static str> {
    let report = check(one(text)).report;
    report.diagnostics().iter().map(|d| d.code.id()).collect()
}

/// The table of a sound policy.
fn table(text: &str) -> Table {
    let compiled = compile(one(text));
    match compiled.table {
        Some(bytes) => Table::open(&bytes).unwrap(),
        None => panic!("{}", compiled.report.human()),
    }
}

#[test]
fn a_provider_reaches_the_table_whole() {
    let text = around(
        r#"
        api     openai
        url     "http://10.4.0.17:8000/v1" weight 3, "http://10.4.0.18:8000"
        key     env A, file "b.key"
        tags    eu, baa
        timeout connect 2s, attempt 10m
        health  { probe HEAD "/health?deep=1" every 15s; eject after 5 failures in 30s for 1m; slow-start 20s }
        limit   50 concurrent, 2M tokens per minute, 600 requests per minute, 10 requests per second
        model   x
        "#,
    );
    let table = table(&text);
    let features: Vec<&str> = table.features().iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        features,
        [
            "provider-urls",
            "provider-keys",
            "provider-health",
            "provider-limit"
        ]
    );
    let provider = &table.policy().providers[0];
    let urls: Vec<(&str, u32)> = provider
        .urls
        .iter()
        .map(|r| (r.url.host.as_str(), r.weight))
        .collect();
    assert_eq!(urls, [("10.4.0.17", 3), ("10.4.0.18", 1)]);
    assert_eq!(
        provider.keys,
        [
            Secret::Env("A".to_owned()),
            Secret::File("b.key".to_owned())
        ]
    );
    assert_eq!(provider.tags, ["eu", "baa"]);
    let health = Health {
        probe: Some(Probe {
            method: ProbeMethod::Head,
            path: "/health?deep=1".to_owned(),
            every_ms: 15_000,
        }),
        eject: Some(Eject {
            failures: 5,
            within_ms: 30_000,
            for_ms: 60_000,
        }),
        slow_start_ms: Some(20_000),
    };
    assert_eq!(provider.health, health);
    let rate = |of, per_ms, amount| Rate { of, per_ms, amount };
    let capacity = Capacity {
        concurrent: Some(50),
        rates: vec![
            rate(Counted::Requests, 1_000, 10),
            rate(Counted::Requests, 60_000, 600),
            rate(Counted::Tokens, 60_000, 2_000_000),
        ],
    };
    assert_eq!(provider.capacity, capacity);
}

#[test]
fn a_model_can_what_a_request_has_and_more() {
    let table = table(&around(
        "api openai; url \"https://a.example/v1\"; key env A\n\
         model x { can embeddings, caching }\nmodel y { can continue, sampling, tools }",
    ));
    let models = &table.policy().providers[0].models;
    let can: Vec<u16> = models.iter().filter_map(|model| model.can).collect();
    let of = |list: &[Can]| list.iter().fold(0, |all, can| all | can.bit());
    let due = [
        of(&[Can::Embeddings, Can::Caching]),
        of(&[Can::Continue, Can::Sampling, Can::Tools]),
    ];
    assert_eq!(can, due);
    let (chat, embeddings) = (0, Can::Embeddings.bit());
    let carried = |needs| models.iter().map(move |model| model.carries(needs));
    assert!(carried(chat).eq([false, true]));
    assert!(carried(embeddings).eq([true, false]));
}

#[test]
fn one_key_and_one_address_need_nothing_of_the_gateway() {
    let table = table(&around(PLAIN));
    assert!(table.features().is_empty());
}

/// Every way in which a provider's fields can be wrong, drawn for people.
#[test]
fn what_is_wrong_with_a_provider_is_told_at_its_place() {
    let rows = [
        ("url \"https://a.example\", \"https://a.example/\"", "C0303"),
        ("url \"https://a.example\" weight 0", "C0307"),
        ("url \"https://a.example\" weight", "C0308"),
        ("url \"https://a.example\" heavy 3", "C0308"),
        ("url \"https://a.example\", \"http://b.example\"", "C0601"),
        ("key env A, none", "C0308"),
        ("key env A, env A", "C0303"),
        ("key env A, \"plain\"", "C0308"),
        ("health 5s", "C0308"),
        ("health", "C0308"),
        ("health { probe GET \"v1\" every 5s }", "C0308"),
        ("health { probe POST \"/v1\" every 5s }", "C0310"),
        ("health { probe GET \"/v1\" every 5 }", "C0304"),
        ("health { probe GET \"/v1\" each 5s }", "C0308"),
        ("health { probe GET \"/v1\" }", "C0308"),
        ("health { eject after 5 failures in 30s }", "C0308"),
        ("health { eject after 0 failures in 30s for 30s }", "C0307"),
        (
            "health { eject after 5 failures within 30s for 30s }",
            "C0308",
        ),
        ("health { slow-start 30 }", "C0304"),
        ("health { slowstart 30s }", "C0301"),
        (
            "health { probe GET \"/a\" every 5s; probe GET \"/b\" every 5s }",
            "C0303",
        ),
        ("limit", "C0308"),
        ("limit 50", "C0308"),
        ("limit 50 concurrent, 60 concurrent", "C0303"),
        ("limit 2m tokens per minute", "C0306"),
        ("limit 0 tokens per minute", "C0307"),
        ("limit 5 tokens per fortnight", "C0310"),
        ("limit 5 apples per hour", "C0310"),
        ("limit 5 tokens per hour, 6 tokens per hour", "C0303"),
    ];
    let mut drawn = String::new();
    for (field, code) in rows {
        let word = field.split(' ').next().unwrap();
        let rest = PLAIN.split("; ").filter(|own| !own.starts_with(word));
        let rest: Vec<&str> = rest.collect();
        let text = around(&format!("{}; {field}", rest.join("; ")));
        assert_eq!(codes(&text), [code], "{field}");
        let report = check(one(&text)).report;
        let found = &report.diagnostics()[0];
        let help = found.help.as_deref().unwrap_or_default();
        let (place, said) = (report.text(found.primary.span), &found.message);
        writeln!(drawn, "{field}\n  {place:?} {code} {said}\n  help: {help}").unwrap();
    }
    insta::assert_snapshot!("providers", drawn);
}
