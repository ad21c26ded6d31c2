//! Proofs on money and targets: one bad policy for each construct that can cause a finding, and
//! good ones on which every proof is silent.

use std::fmt::Write as _;

use claw_lang::codes::{Code, Severity};
use claw_lang::oracle::{self, Request};
use claw_lang::report::Diagnostic;
use claw_lang::{compile, declared};
use claw_table::policy::Action;

use crate::{never, one};

/// Near and free, far and dear, one that reads pictures, one without a price, one for vectors.
pub(crate) const HOUSE: &str = "policy p
provider house { api openai; url \"http://127.0.0.1:1/v1\"; key none; tags near
  model small { price free; context 32k; max-output 4k; can tools } }
provider cloud { api openai; url \"https://a.example/v1\"; key env K
  model large { price in $5/M, out $25/M; context 200k; max-output 40k; can tools, images }
  model fast  { price in $1/M, out $5/M; context 200k; max-output 40k; can tools } }
provider far { api openai; url \"https://b.example/v1\"; key env F
  model odd  { context 100k; max-output 8k }
  model wide { price in $2/M, out $8/M; context 1M; max-output 8k; can tools, images }
  model vec  { price in $0.02/M; context 8k; can embeddings } }
client ann { from 10.0.0.0/8; tags agents }
client bob { from any }
retry never-again { on overloaded; attempts 1 }
unused never-again
";

/// What gives each code, by the construct that causes it.
pub(crate) const BAD: &[(&str, &str, &str)] = &[
    (
        "C0504",
        "an endpoint that its protocol does not have",
        "provider claude { api anthropic; url \"https://c.example\"; key env C; model c { can tools } }\nclass c { primary claude/c }\nclass d { primary house/small }\nroute { when endpoint is responses -> c\n  otherwise -> d }",
    ),
    (
        "C0505",
        "a fallback whose protocol has no such endpoint",
        "provider claude { api anthropic; url \"https://c.example\"; key env C; model c { can tools } }\nclass c { primary house/small; fallback claude/c }\nroute { when endpoint is responses -> c\n  otherwise -> deny 400 \"no\" }",
    ),
    (
        "C0812",
        "vectors that cannot be paid",
        "class c { primary far/vec; ceiling $0.000001 per day }\nroute { when endpoint is embeddings -> c\n  otherwise -> deny 400 \"no\" }",
    ),
    (
        "C0813",
        "vectors that never cost so much",
        "class c { primary far/vec; ceiling $9 per request }\nroute { when endpoint is embeddings -> c\n  otherwise -> deny 400 \"no\" }",
    ),
    (
        "C0811",
        "a ceiling of the class",
        "class c { primary far/odd; ceiling $9 per day }\nroute { otherwise -> c }",
    ),
    (
        "C0811",
        "a declared ceiling, through a fallback",
        "class c { primary far/wide; fallback far/odd, house/small }\nceiling all { allow $9 per month }\nroute { otherwise -> c }",
    ),
    (
        "C0811",
        "a ceiling with a condition, through a pool",
        "pool both { far/odd; house/small }\nclass c { primary both }\nceiling some { when client in agents; allow $9 per month }\nroute { otherwise -> c }",
    ),
    (
        "C0811",
        "a ceiling of a client, through what is asked for",
        "client cy { from 10.1.0.0/16; ceiling $9 per hour }\nclass c { primary requested from far, house }\nroute { otherwise -> c }",
    ),
    (
        "C0811",
        "a ceiling of the class that another moves to",
        "class c { primary house/small; ceiling $9 per day then d }\nclass d { primary far/odd; ceiling $1 per day }\nroute { otherwise -> c }",
    ),
    (
        "C0811",
        "through a sub-route",
        "class c { primary house/small }\nclass d { primary far/odd; ceiling $1 per day }\nroute { when model is \"odd\" -> route sub\n  otherwise -> c }\nroute sub { otherwise -> d }",
    ),
    (
        "C0812",
        "a ceiling on each request",
        "class c { primary cloud/large; fallback far/wide; ceiling $0.0001 per request }\nroute { otherwise -> c }",
    ),
    (
        "C0812",
        "a ceiling of a client on a day, through a pool",
        "pool both { cloud/large; far/wide }\nclient cy { from 10.1.0.0/16; ceiling $0.0001 per day }\nclass c { primary both }\nroute { otherwise -> c }",
    ),
    (
        "C0813",
        "a ceiling of the class on each request",
        "class c { primary cloud/fast; ceiling $9 per request }\nroute { otherwise -> c }",
    ),
    (
        "C0813",
        "a declared ceiling on each request",
        "class c { primary cloud/fast }\nclass d { primary house/small }\nceiling one { allow $9 per request }\nroute { when streaming -> d\n  otherwise -> c }",
    ),
    (
        "C0814",
        "a declared ceiling",
        "class c { primary cloud/large; fallback far/wide }\nclass d { primary cloud/fast }\nceiling all { allow $9 per day; then d }\nroute { otherwise -> c }",
    ),
    (
        "C0814",
        "a ceiling of a client",
        "client cy { from 10.1.0.0/16; ceiling $9 per day then d }\nclass c { primary cloud/large; fallback far/wide }\nclass d { primary cloud/fast }\nroute { otherwise -> c }",
    ),
    (
        "C0504",
        "a capability",
        "class c { primary house/small }\nroute { when has images -> c\n  otherwise -> deny 400 \"no\" }",
    ),
    (
        "C0504",
        "a window",
        "class c { primary house/small }\nclass d { primary far/wide }\nroute { when tokens > 40k -> c\n  otherwise -> d }",
    ),
    (
        "C0504",
        "an endpoint",
        "class c { primary house/small }\nroute { when endpoint is embeddings -> c\n  otherwise -> c }",
    ),
    (
        "C0504",
        "a pool",
        "pool both { house/small; cloud/fast }\nclass c { primary both }\nroute { when has images and has tools -> c\n  otherwise -> c }",
    ),
    (
        "C0504",
        "what is asked for",
        "class c { primary requested from house, cloud }\nroute { when model is \"small\" and has images -> c\n  otherwise -> c }",
    ),
    (
        "C0504",
        "a sub-route",
        "class c { primary house/small }\nroute { when has audio -> route sub\n  otherwise -> deny 400 \"no\" }\nroute sub { otherwise -> c }",
    ),
    (
        "C0505",
        "a model for vectors",
        "class c { primary far/wide; fallback far/vec, house/small }\nroute { when endpoint is embeddings -> deny 400 \"no\"\n  otherwise -> c }",
    ),
    (
        "C0505",
        "a pool",
        "pool both { far/wide; house/small }\nclass c { primary both }\nroute { when has images and tokens > 1k -> c\n  otherwise -> deny 400 \"no\" }",
    ),
    (
        "C0505",
        "a window",
        "class c { primary far/wide; fallback house/small }\nroute { when tokens > 100k -> c\n  otherwise -> deny 400 \"no\" }",
    ),
    (
        "C0505",
        "a retry that leads no further",
        "provider plain { api openai; url \"https://p.example/v1\"; key env P; model m }\nclass c { primary plain/m; fallback house/small; retry never-again }\nroute { otherwise -> c }",
    ),
    (
        "C0505",
        "a fallback that carries no more",
        "class c { primary far/odd; fallback house/small; retry never-again }\nroute { otherwise -> c }",
    ),
    (
        "C0505",
        "attempts that are used up",
        "retry once-more { on overloaded; attempts 2 }\nclass c { primary far/wide; fallback cloud/large; fallback house/small; retry once-more }\nroute { otherwise -> c }",
    ),
    (
        "C0505",
        "a pool that no failure leads to",
        "pool both { house/small; cloud/large }\nclass c { primary far/wide; fallback both; retry never-again }\nroute { otherwise -> c }",
    ),
    (
        "C0506",
        "two models",
        "class c { primary cloud/fast; fallback cloud/large }\nroute { otherwise -> c }",
    ),
    (
        "C0506",
        "a pool",
        "pool both { cloud/fast; cloud/large }\nclass c { primary both }\nroute { otherwise -> c }",
    ),
    (
        "C0507",
        "a fallback that lacks what the first has",
        "class c { primary cloud/large; fallback house/small }\nroute { when has images -> c\n  otherwise -> c }",
    ),
    (
        "C0507",
        "a pool as fallback, for some requests",
        "pool both { house/small; cloud/fast }\nclass c { primary far/wide; fallback both }\nroute { when has images -> c\n  otherwise -> c }",
    ),
    (
        "C0507",
        "a window that is too small for an arm",
        "class c { primary far/wide; fallback house/small }\nroute { when tokens > 100k -> c\n  otherwise -> c }",
    ),
    (
        "C0507",
        "through a ceiling",
        "class d { primary house/small; ceiling $9 per day then c }\nclass c { primary far/wide; fallback house/small }\nroute { when has images and streaming -> deny 400 \"no\"\n  otherwise -> d }",
    ),
    (
        "C0909",
        "a forbid",
        "class c { primary house/small }\nforbid long when max-output > 8k\nroute { otherwise -> c }",
    ),
    (
        "C0909",
        "an arm that refuses, by a member of the body",
        "class c { primary house/small }\nroute { when body \"/user/age\" < 18 -> deny 400 \"no\"\n  otherwise -> c }",
    ),
    (
        "C0909",
        "a ceiling",
        "class c { primary cloud/fast }\nceiling hot { when temperature > 0.7; allow $9 per day }\nroute { otherwise -> c }",
    ),
    (
        "C0909",
        "a limit",
        "class c { primary house/small }\nlimit long { when max-output > 2k; allow 5 concurrent }\nroute { otherwise -> c }",
    ),
    (
        "C0604",
        "a fallback at another provider",
        "class c { primary requested from far; fallback cloud/fast; keys caller }\nroute { otherwise -> c }",
    ),
    (
        "C0604",
        "a pool",
        "pool both { far/wide; cloud/fast }\nclass c { primary both; keys caller }\nroute { otherwise -> c }",
    ),
    (
        "C0604",
        "two lists of what is asked for, through a sub-route",
        "provider twin { api openai; url \"https://c.example/v1\"; key env T; model wide }\nclass c { primary requested from far; fallback requested from twin; keys caller }\nclass d { primary house/small }\nroute { when streaming -> route sub\n  otherwise -> d }\nroute sub { when tokens > 5k -> c\n  otherwise -> d }",
    ),
    (
        "C0605",
        "a ceiling",
        "class c { primary house/small }\nceiling all { allow $9 per day; fail open }\nroute { otherwise -> c }",
    ),
    (
        "C0605",
        "a client",
        "class c { primary house/small }\nclient cy { from 10.1.0.0/16; fail open }\nroute { otherwise -> c }",
    ),
];

const PROOFS: &[Code] = &[
    Code::CeilingUnpriced,
    Code::CeilingTooLow,
    Code::CeilingIdle,
    Code::CeilingStays,
    Code::NoneCapable,
    Code::TargetUnused,
    Code::OneProvider,
    Code::NoCapableFallback,
    Code::AbsentSlips,
    Code::AlwaysClosed,
    Code::CallerKeySpread,
];

fn found(text: &str) -> Vec<Diagnostic> {
    let report = compile(one(text)).report;
    let all = report.diagnostics().iter();
    all.filter(|found| PROOFS.contains(&found.code))
        .cloned()
        .collect()
}

/// The requests that a finding shows.
fn witnesses(found: &Diagnostic) -> Vec<Request> {
    let texts = found.labels().filter_map(|label| {
        let start = label.text.find("request {")?;
        let rest = label.text.get(start..)?;
        let end = rest.rfind(" }`")?;
        rest.get(..end + 2)
    });
    texts.map(never::read).collect()
}

#[test]
fn every_construct_that_can_cause_a_finding_causes_it_with_a_request_that_replays() {
    let mut told = String::new();
    for (code, what, rest) in BAD {
        let text = format!("{HOUSE}{rest}\n");
        let found = found(&text);
        let own: Vec<&Diagnostic> = found.iter().filter(|it| it.code.id() == *code).collect();
        let all = compile(one(&text)).report;
        assert_eq!(own.len(), 1, "{code} {what}\n{}", all.human());
        let [own] = own.as_slice() else { continue };
        assert!(own.help.is_some(), "{code} {what}");
        writeln!(told, "# {code} {what}\n{}", own.message).unwrap();
        for label in own.labels() {
            writeln!(told, "  {}  {}", all.place(label.span), label.text).unwrap();
        }
        let count = usize::from(*code != "C0605");
        let shown = witnesses(own);
        assert_eq!(shown.len(), count, "{code} {what} {own:#?}");
        for request in &shown {
            replays(&text, request);
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_price_that_lacks_is_one_finding_however_many_ceilings_must_count_it() {
    let text = format!(
        "{HOUSE}class c {{ primary far/odd; ceiling $9 per day; ceiling $1 per request }}\nclass d {{ primary far/odd }}\nceiling all {{ allow $90 per month }}\nroute {{ when streaming -> c\n  otherwise -> d }}\n"
    );
    let codes: Vec<Code> = found(&text).iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::CeilingUnpriced]);
}

#[test]
fn sound_is_charged_only_where_some_request_with_sound_can_come() {
    // What sound costs is not said, or is dear.
    let house = |price: &str, guard: &str, rest: &str| {
        format!(
            "{HOUSE}provider ears {{ api openai; url \"https://e.example/v1\"; key env E\n  model e {{ price in $1/M, out $2/M{price}; context 100k; max-output 10k; can tools, audio }} }}\n{guard}\n{rest}\n"
        )
    };
    let codes = |price: &str, guard: &str, rest: &str| -> Vec<&'static str> {
        let report = compile(one(&house(price, guard, rest))).report;
        let errors = report.diagnostics().iter();
        let errors = errors.filter(|found| found.code.severity() == Severity::Error);
        errors.map(|found| found.code.id()).collect()
    };
    let refused = "forbid sound when has audio deny 400 \"no sound\"";
    let streamed = "forbid sound when has audio and streaming deny 400 \"no sound\"";
    let route = "route { otherwise -> c }";
    let away = "class d { primary house/small }\nroute { when has audio -> d\n  otherwise -> c }";
    for (rest, unknown, dear) in [
        (
            "class c { primary ears/e; ceiling $2 per request }",
            "C0811",
            "",
        ),
        (
            "class c { primary ears/e }\nnever dear costs over $2",
            "C0802",
            "C0801",
        ),
    ] {
        for (price, code) in [("", unknown), (", audio-in $900/M", dear)] {
            let due: Vec<&str> = Some(code)
                .filter(|code| !code.is_empty())
                .into_iter()
                .collect();
            let of = |guard: &str, route: &str| codes(price, guard, &format!("{rest}\n{route}"));
            assert_eq!(of("", route), due, "{rest} {price}");
            assert_eq!(of(streamed, route), due, "{rest} {price}");
            assert_eq!(of(refused, route), [""; 0], "{rest} {price}");
            // An arm that leads it elsewhere does the same. The model there takes no sound.
            assert_eq!(of("", away), ["C0504"], "{rest} {price}");
        }
    }
}

#[test]
fn what_charges_for_searches_is_told_what_to_write_instead() {
    let due = "write a `price` without `web-search` in model `seek/s` if nothing that it is sent \
               can search, or lead these requests to a class without it";
    for bound in [
        "class c { primary seek/s; ceiling $9 per day }",
        "class c { primary seek/s }\nnever dear costs over $9",
    ] {
        let helps = |price: &str| -> Vec<Option<String>> {
            let text = format!(
                "{HOUSE}provider seek {{ api openai; url \"https://s.example/v1\"; key env S\n  model s {{ price in $1/M, out $2/M{price}; context 100k }} }}\n{bound}\nroute {{ otherwise -> c }}\n"
            );
            let report = compile(one(&text)).report;
            let errors = report.diagnostics().iter();
            let errors = errors.filter(|found| found.code.severity() == Severity::Error);
            errors.map(|found| found.help.clone()).collect()
        };
        assert_eq!(
            helps(", web-search $0.01"),
            [Some(due.to_owned())],
            "{bound}"
        );
        assert_eq!(helps(""), [], "{bound}");
    }
}

/// A request that a finding shows is one that the policy lets in.
fn replays(text: &str, request: &Request) {
    let model = declared(one(text)).model.expect(text);
    let arm = oracle::arm(&model, request).expect("routes end in otherwise");
    let to = model.policy.arms[arm.index()].to;
    assert!(matches!(to, Action::Class(_)), "{request:?} is refused");
}

/// Policies on which every proof is silent. Each would not be if one thing were different.
const GOOD: &[&str] = &[
    // Who is warned is served, and an estimate may be lower than what is weighed.
    "class c { primary cloud/fast }\nceiling tiny { allow $0.00001 per day; then warn }\nroute { otherwise -> c }",
    "class c { primary cloud/fast; ceiling $0.00001 per day estimated }\nroute { otherwise -> c }",
    // A count that nobody makes is estimated.
    "class c { primary house/small }\nroute { when endpoint is count-tokens -> c\n  otherwise -> deny 400 \"no\" }",
    "class c { primary house/small }\nroute { otherwise -> c }",
    "class c { primary far/odd }\nroute { otherwise -> c }",
    "class c { primary house/small; ceiling $1 per day }\nroute { otherwise -> c }",
    "class c { primary cloud/fast; ceiling $1 per request }\nroute { otherwise -> c }",
    "class c { primary cloud/fast; ceiling $0.001 per request }\nroute { otherwise -> c }",
    "class c { primary cloud/fast; fallback house/small; ceiling $9 per month \"Europe/Berlin\" }\nroute { otherwise -> c }",
    "class c { primary far/vec; ceiling $1 per day }\nroute { when endpoint is embeddings -> c\n  otherwise -> deny 400 \"no\" }",
    // The unpriced model is not for those under the ceiling.
    "class c { primary far/odd }\nclass d { primary cloud/fast }\nceiling agents { when client in agents; allow $9 per day }\nroute { when client in agents -> d\n  otherwise -> c }",
    "client cy { from 10.1.0.0/16; ceiling $9 per day }\nclass c { primary far/odd }\nclass d { primary cloud/fast }\nroute { when client is cy -> d\n  otherwise -> c }",
    // What is asked for has a price, and what has none is not asked for.
    "class c { primary requested from far; ceiling $9 per day }\nroute { when model is \"wide\" -> c\n  otherwise -> deny 400 \"no\" }",
    // A caller's key is charged to no ceiling.
    "class c { primary requested from far; keys caller }\nceiling all { allow $9 per day }\nroute { otherwise -> c }",
    // What is free fits under what is used up.
    "class c { primary cloud/fast }\nclass d { primary house/small }\nceiling all { allow $9 per day; then d }\nroute { otherwise -> c }",
    "class c { primary cloud/large; fallback far/wide }\nclass d { primary cloud/fast }\nceiling all { allow $9 per day; at 80% then d; then deny }\nroute { otherwise -> c }",
    "class c { primary far/wide; ceiling $9 per day then d }\nclass d { primary cloud/fast }\nroute { otherwise -> c }",
    "class c { primary far/wide }\nclass d { primary cloud/fast }\nceiling one { allow $2 per request; then d }\nroute { otherwise -> c }",
    // Some request of the arm finds a target.
    "class c { primary house/small }\nroute { when has tools -> c\n  otherwise -> c }",
    "class c { primary house/small }\nroute { when not has images -> c\n  otherwise -> deny 400 \"no\" }",
    "class c { primary house/small }\nroute { when tokens > 30k -> c\n  otherwise -> c }",
    "class c { primary cloud/large; fallback far/wide }\nroute { when has images -> c\n  otherwise -> c }",
    "class c { primary far/vec }\nclass d { primary house/small }\nroute { when endpoint is embeddings -> c\n  otherwise -> d }",
    "class c { primary requested from far, house }\nroute { when endpoint is chat, embeddings -> c\n  otherwise -> deny 400 \"no\" }",
    // Pictures are for others, so that nobody misses them in the fallback.
    "class c { primary cloud/large; fallback house/small }\nclass d { primary far/wide }\nroute { when has images -> d\n  otherwise -> c }",
    "pool both { cloud/large; far/wide }\nclass c { primary both; fallback house/small }\nclass d { primary far/wide }\nroute { when has images -> d\n  otherwise -> c }",
    "class c { primary house/small; fallback far/wide }\nroute { otherwise -> c }",
    // The author says nothing of pictures.
    "class c { primary cloud/large; fallback house/small }\nroute { otherwise -> c }",
    // What is too long for the first goes to the second, also where no failure does; so does what
    // would cost too much, and what has pictures.
    "class c { primary house/small; fallback far/odd; retry never-again }\nroute { otherwise -> c }",
    "class c { primary far/wide; fallback house/small; retry never-again }\nceiling all { allow $1 per day; then deny }\nroute { otherwise -> c }",
    "class c { primary cloud/fast; fallback far/wide; retry never-again }\nroute { otherwise -> c }",
    // Each of many texts that become vectors has the window for itself.
    "class c { primary house/small }\nclass v { primary far/vec }\nroute { when endpoint is embeddings and tokens > 10k -> v\n  when endpoint is embeddings -> deny 400 \"no\"\n  otherwise -> c }",
    // Some of what comes from there fits.
    "class c { primary far/wide; fallback house/small }\nroute { when tokens > 20k -> c\n  otherwise -> c }",
    // Any of a pool is asked first.
    "pool both { far/wide; house/small }\nclass c { primary both; retry never-again }\nroute { otherwise -> c }",
    "class c { primary cloud/fast; fallback far/wide }\nroute { otherwise -> c }",
    // Two addresses are two servers.
    "provider twin { api openai; url \"https://a.twin.example/v1\", \"https://b.twin.example/v1\"; key env T; model m; model n }\nclass c { primary twin/m; fallback twin/n }\nroute { otherwise -> c }",
    // What is absent is thought of.
    "class c { primary house/small }\nforbid long when max-output is absent or max-output > 8k\nroute { otherwise -> c }",
    "class c { primary house/small }\nforbid long when not max-output <= 8k\nroute { otherwise -> c }",
    "class c { primary house/small }\nforbid long when tokens > 8k\nroute { when messages > 5 -> deny 400 \"no\"\n  otherwise -> c }",
    "class c { primary house/small }\nroute { when max-output > 8k -> deny 400 \"no\"\n  when max-output is absent -> deny 400 \"say it\"\n  otherwise -> c }",
    "class c { primary house/small }\ncache k { when temperature < 0.1; keep 1h; size 1MB }\nunused k\nroute { otherwise -> c }",
    "class c { primary house/small; fail open }\nlimit l { allow 5 concurrent; fail open }\nroute { otherwise -> c }",
];

#[test]
fn every_proof_is_silent_on_good_policies() {
    assert!(GOOD.len() >= 30);
    for rest in GOOD {
        let text = format!("{HOUSE}{rest}\n");
        let report = compile(one(&text)).report;
        assert!(found(&text).is_empty(), "{rest}\n{}", report.human());
        assert!(report.is_sound(), "{rest}\n{}", report.human());
    }
}

/// One policy of everything: every declaration, with its proofs and its own tests.
#[test]
fn the_policy_of_everything_passes_its_own_proofs() {
    let shop = include_str!("shop.claw");
    let report = compile(one(shop)).report;
    assert!(report.diagnostics().is_empty(), "{}", report.human());
    // Each of these corrections is one that its proofs asked for.
    for (good, bad, code) in [
        (" and not phi; allow", "; allow", "C0502"),
        (" and not phi; allow", "; allow", "C0801"),
        ("ceiling one-call { allow $3 per request }", "", "C0801"),
        ("eu, baa", "eu", "C0502"),
    ] {
        assert!(shop.contains(good), "{good}");
        let text = shop.replacen(good, bad, 1);
        let report = compile(one(&text)).report;
        let codes: Vec<&str> = report.diagnostics().iter().map(|it| it.code.id()).collect();
        assert!(codes.contains(&code), "{good} {codes:?}");
    }
}
