//! Providers and what they serve, as they stand in the table.

use std::fmt::Write as _;

use claw_lang::{check, compile};
use claw_table::policy::{
    Capacity, Charge, Counted, Eject, Health, Price, Probe, ProbeMethod, Rate, Secret, When,
};
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

/// The prices of the one model of a policy, as the table holds them.
fn priced(fields: &str) -> Vec<Price> {
    let text = around(&format!(
        "api openai; url \"https://a.example/v1\"; key env A; model x {{\n{fields}\n}}"
    ));
    table(&text).policy().providers[0].models[0].prices.clone()
}

#[test]
fn a_price_reaches_the_table_with_every_qualifier_and_rate() {
    let prices = priced(
        r#"
        price above 200k tier batch during mon..fri 01:00..04:00 "UTC" from 2026-12-01 in $3/M
        price in $2/M, out $8/M, cached $0.20/M, cache-write $2.50/M, cache-write-1h $4/M,
          audio-in $10/M, audio-out $20/M, call $0.002, web-search $0.01
        price tier batch in $1/M
        price during 22:00..06:00 "Europe/Berlin" free
        price during sun..mon 06:00..24:00 "UTC" out $5/M
        "#,
    );
    let days: Vec<Option<u8>> = prices
        .iter()
        .map(|price| price.when.during.as_ref().map(|hours| hours.days))
        .collect();
    // Ordered by day, tier, hours, size: what is ordinary stands first.
    assert_eq!(
        days,
        [
            None,
            Some(0b100_0001),
            Some(0b111_1111),
            None,
            Some(0b001_1111)
        ]
    );
    assert_eq!(prices[0].when, When::default());
    let base: Vec<u64> = Charge::ALL
        .iter()
        .filter_map(|charge| prices[0].rates.pico(*charge))
        .collect();
    let token = 1_000_000;
    assert_eq!(
        base,
        [
            2 * token,
            8 * token,
            200_000,
            2_500_000,
            4 * token,
            10 * token,
            20 * token,
            2_000_000_000,
            10_000_000_000
        ]
    );
    let last = &prices[4];
    assert_eq!(last.when.above_tokens, Some(200_000));
    assert_eq!(last.when.tier.as_deref(), Some("batch"));
    assert_eq!(last.when.from_day, Some(20_788));
    let hours = last.when.during.as_ref().unwrap();
    assert_eq!((hours.from_minute, hours.to_minute), (60, 240));
    assert_eq!(last.rates.pico(Charge::In), Some(3 * token));
    assert!(
        Charge::ALL
            .iter()
            .all(|charge| prices[2].rates.pico(*charge) == Some(0))
    );
}

#[test]
fn what_a_price_leaves_out_is_dear() {
    let plain = &priced("price in $4/M, out $8/M")[0];
    let of = |charge| plain.rates.pico(charge);
    assert_eq!(of(Charge::Cached), Some(4_000_000));
    assert_eq!(of(Charge::CacheWrite), None);
    let caching = "price in $0.001001/M, out $8/M\nprice tier fast in $8/M\ncan caching";
    let prices = priced(caching);
    assert_eq!(
        prices[0].rates.pico(Charge::CacheWrite),
        Some(1_252),
        "rounded up"
    );
    assert_eq!(prices[0].rates.pico(Charge::CacheWrite1h), Some(2_002));
    assert_eq!(prices[1].rates.pico(Charge::CacheWrite1h), Some(16_000_000));
    assert_eq!(prices[1].rates.pico(Charge::Out), None);
}

#[test]
fn what_is_wrong_with_a_price_is_told_at_its_place() {
    let rows = [
        ("price", "C0308"),
        ("price above 200k in $5/M", "C0302"),
        ("price out $5/M", "C0302"),
        ("price in $5/M; price in $6/M", "C0303"),
        ("price in $5/M, in $6/M", "C0303"),
        ("price in $5/M; price above 1k above 2k in $6/M", "C0303"),
        ("price in $5/M; price above 200m in $6/M", "C0306"),
        ("price in $5/M; price above in $6/M", "C0308"),
        ("price in $5/M; price tier \"batch\" in $6/M", "C0308"),
        ("price in $5/M; price from 2026-02-30 in $6/M", "C0307"),
        ("price in $5/M; price from tomorrow in $6/M", "C0308"),
        ("price in $5/M; price during mon..fri in $6/M", "C0308"),
        (
            "price in $5/M; price during mon..foo 01:00..04:00 \"UTC\" in $6/M",
            "C0310",
        ),
        (
            "price in $5/M; price during 01:00..25:00 \"UTC\" in $6/M",
            "C0307",
        ),
        (
            "price in $5/M; price during 01:00..04:00 \"Berlin\" in $6/M",
            "C0317",
        ),
        ("price in $5/M; price during 01:00..04:00 in $6/M", "C0308"),
        ("price in $5", "C0304"),
        ("price in $5/M, call $1/M", "C0305"),
        ("price in $5/M, call 1", "C0304"),
        ("price in $5/M, sound-in $1/M", "C0310"),
        ("price in $5/M; can caching", "C0511"),
    ];
    let mut drawn = String::new();
    for (fields, code) in rows {
        let text = around(&format!(
            "api openai; url \"https://a.example/v1\"; key env A; model x {{ {fields} }}"
        ));
        assert_eq!(codes(&text), [code], "{fields}");
        let report = check(one(&text)).report;
        let found = &report.diagnostics()[0];
        let help = found.help.as_deref().unwrap_or_default();
        let (place, said) = (report.text(found.primary.span), &found.message);
        writeln!(drawn, "{fields}\n  {place:?} {code} {said}\n  help: {help}").unwrap();
    }
    insta::assert_snapshot!("prices", drawn);
}
