//! `never`: what breaks it is found with a request that does, and what keeps it is passed over in
//! silence.

#[path = "never/bad.rs"]
mod bad;
#[path = "never/replayed.rs"]
mod replayed;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use claw_lang::codes::Code;
use claw_lang::compile;
use claw_lang::report::{Diagnostic, Report};
use claw_table::Table;

use crate::one;

pub(crate) use bad::BAD;
pub(crate) use replayed::read;

/// Three providers: one near and free, one dear, one that reads no images.
const HOUSE: &str = "policy p
provider house { api openai; url \"http://127.0.0.1:1/v1\"; key none; tags eu, near
  model small { price free; context 32k; max-output 4k; can tools } }
provider cloud { api openai; url \"https://a.example/v1\"; key env K; tags us
  timeout connect 1s, first-token 10s, attempt 1m
  model large { price in $5/M, out $25/M; context 200k; max-output 40k; can tools, images }
  model fast  { price in $1/M, out $5/M; context 200k; max-output 40k; can tools } }
provider far { api openai; url \"https://b.example/v1\"; key env F; tags us
  model odd { context 100k } }
retry once  { on timeout, overloaded, 500..599; attempts 1 }
retry again { on timeout, overloaded, 500..599; attempts 4; backoff 1s..2s; honor retry-after up to 1s }
";

fn policy(rest: &str) -> String {
    format!("{HOUSE}{rest}\n")
}

/// What else is found of policies that are made to break a claim.
const BESIDE: &[Code] = &[
    Code::Unused,
    Code::OneProvider,
    Code::TargetUnused,
    Code::NoneCapable,
    Code::NoCapableFallback,
];

/// The findings about claims; names that nothing uses do not count.
fn claims(text: &str) -> Vec<Diagnostic> {
    let report = compile(one(text)).report;
    let found = report.diagnostics().iter();
    found
        .filter(|found| !BESIDE.contains(&found.code))
        .cloned()
        .collect()
}

#[test]
fn each_construct_that_breaks_a_claim_is_found_and_told() {
    let mut drawn = String::new();
    for (what, rest) in BAD {
        let text = policy(rest);
        let found = claims(&text);
        assert!(!found.is_empty(), "{what}");
        let due = [Code::NeverBroken, Code::NeverUnknown];
        assert!(
            found.iter().all(|found| due.contains(&found.code)),
            "{what}: {found:#?}"
        );
        let report = Report::new(Arc::from(one(&text)));
        writeln!(drawn, "# {what}").unwrap();
        for found in found {
            writeln!(drawn, "{} {}", found.code.id(), found.message).unwrap();
            let labels = std::iter::once(&found.primary).chain(&found.others);
            for label in labels {
                let (place, text) = (report.place(label.span), report.text(label.span));
                let text = text.lines().next().unwrap_or_default();
                writeln!(drawn, "  {place}  {text}\n      {}", label.text).unwrap();
            }
            writeln!(drawn, "  help: {}\n", found.help.unwrap()).unwrap();
        }
    }
    insta::assert_snapshot!("claims_broken", drawn);
}

/// Policies that keep what they claim. Each would break it if one thing were different.
const GOOD: &[&str] = &[
    // Responses are told in no other protocol, and a count costs nothing.
    "provider claude { api anthropic; url \"https://c.example\"; key env C; tags abroad; model c { price in $5/M, out $25/M, cache-write $6.25/M, cache-write-1h $10/M; context 200k; can tools } }
class best { primary house/small; fallback claude/c }
route { otherwise -> best }
never leaves when endpoint is responses, embeddings reaches provider tagged abroad
never dear when endpoint is count-tokens costs over $0.01",
    "class code { primary cloud/large; retry once }
route { otherwise -> code }
never runaway costs over $1.80",
    "class code { primary cloud/fast; retry again }
route { otherwise -> code }
never runaway costs over $1.44
never storms tries over 4",
    "class code { primary cloud/fast; retry again; timeout total 2m }
route { otherwise -> code }
never hangs takes over 2m",
    // The stream is over in time, and nothing is said of plain answers.
    "class code { primary cloud/fast; retry again; timeout total 10m }
route { otherwise -> code }
never hangs when streaming takes over 1m41s",
    // The dear class is not for these requests.
    "class cheap { primary house/small }
class code { primary cloud/large }
route { when model is \"big\" -> code
  otherwise -> cheap }
never runaway when model is not \"big\" costs over $0.01",
    // A refusal costs nothing and reaches nobody.
    "class code { primary cloud/large }
route { when header \"x-data\" is \"phi\" -> deny 400 \"ask at home\"
  otherwise -> code }
never phi-leaves when header \"x-data\" is \"phi\" reaches cloud
never phi-costs when header \"x-data\" is \"phi\" costs over $0.000001",
    // The fallback cannot carry images, so no image gets there.
    "class code { primary cloud/large; fallback cloud/fast }
route { otherwise -> code }
never blind when has images reaches cloud/fast",
    // No target can carry it, so nothing is sent.
    "class code { primary cloud/fast; fallback house/small }
route { otherwise -> code }
never unseen when has images tries over 1",
    "class private { primary house/small }
class best { primary cloud/large; fallback house/small }
route { when header \"x-data\" is \"phi\" -> route phi
  otherwise -> best }
route phi { when tokens > 30k -> deny 400 \"split it\"
  otherwise -> private }
never phi-leaves when header \"x-data\" is \"phi\" reaches provider not tagged eu
never phi-far    when header \"x-data\" is \"phi\" reaches provider tagged us",
    // The sub-route is for others only.
    "class private { primary house/small }
class best { primary cloud/large }
route { when header \"x-data\" is \"phi\" -> private
  when model like \"gpt-*\" -> route rest
  otherwise -> private }
route rest { otherwise -> best }
never phi-leaves when header \"x-data\" is \"phi\" reaches cloud",
    // A cost that is not known is nobody's who does not get there.
    "class odd { primary far/odd }
class code { primary house/small }
route { when model is \"odd\" -> odd
  otherwise -> code }
never runaway when model is not \"odd\" costs over $1",
    // A ceiling does not let more be spent.
    "class code { primary cloud/large; ceiling $1 per request }
route { otherwise -> code }
never runaway costs over $1",
    "class code { primary cloud/large }
class home { primary house/small }
ceiling big { when model is \"big\"; allow $1 per day; then home }
route { when model is \"big\" -> code
  otherwise -> home }
never runaway costs over $1",
    // What a caller's key costs is the caller's.
    "class own { primary cloud/large; keys caller }
route { otherwise -> own }
never runaway costs over $1",
    // Only the other provider's models are asked for.
    "class asked { primary requested from house, cloud }
route { when model is \"small\", \"tiny\" -> asked
  otherwise -> deny 400 \"no\" }
never away reaches cloud
never dear costs over $0.01",
    // The ceiling is about others, and what it leads to is dear.
    "class home { primary house/small }
class code { primary cloud/large; ceiling $9 per day then home }
ceiling busy { when model is \"big\"; allow $400 per month; at 80% then code }
route { otherwise -> home }
never away when model is \"small\" reaches cloud",
    // Nothing meets the condition yet.
    "class code { primary cloud/large }
route { otherwise -> code }
never later when model is \"a\" and model is \"b\" reaches cloud",
];

#[test]
fn a_policy_that_keeps_its_claims_is_passed_over_in_silence() {
    for rest in GOOD {
        let found = claims(&policy(rest));
        assert!(found.is_empty(), "{rest}\n{found:#?}");
    }
}

#[test]
fn a_claim_is_proved_away_and_asks_nothing_of_a_gateway() {
    for rest in GOOD {
        let with = policy(rest);
        let without: Vec<&str> = with
            .lines()
            .filter(|line| !line.starts_with("never "))
            .collect();
        let built = |text: &str| {
            let bytes = compile(one(text)).table.unwrap();
            let table = Table::open(&bytes).unwrap();
            let features: BTreeSet<String> =
                table.features().iter().map(|f| f.name.clone()).collect();
            (table.about().behaviour, features)
        };
        assert_eq!(built(&with), built(&without.join("\n")), "{rest}");
    }
}

#[test]
fn a_claim_that_says_too_little_or_something_else_is_one_error() {
    let frame = "class code { primary cloud/large }\nroute { otherwise -> code }\n";
    for (claim, code) in [
        ("never", "C0101"),
        ("never costs over $3", "C0208"),
        ("never when streaming costs over $3", "C0208"),
        ("never x", "C0308"),
        ("never x costs", "C0308"),
        ("never x costs over", "C0308"),
        ("never x costs more $3", "C0308"),
        ("never x costs over 3", "C0304"),
        ("never x costs over $3/M", "C0305"),
        ("never x costs over 3s", "C0308"),
        ("never x costs over $0.0000001", "C0307"),
        ("never x costs over $3 $4", "C0308"),
        ("never x takes over 30", "C0304"),
        ("never x tries over 4s", "C0305"),
        ("never x tries over 0", "C0307"),
        ("never x reaches", "C0308"),
        ("never x reaches provider", "C0308"),
        ("never x reaches provider tagged usa", "C0201"),
        ("never x reaches clowd", "C0201"),
        ("never x reaches cloud/lrge", "C0203"),
        ("never x reaches code", "C0206"),
        ("never code costs over $3", "C0204"),
        ("never x happens", "C0308"),
        ("never x { costs over $3 }", "C0101"),
        ("never x when modle is \"a\" costs over $3", "C0202"),
        (
            "never x when model is \"sk-abcdef0123456789ABCDEFabcdef\" tries over 9",
            "C0602",
        ),
    ] {
        let found = claims(&policy(&format!("{frame}{claim}")));
        let codes: Vec<&str> = found.iter().map(|found| found.code.id()).collect();
        assert_eq!(codes, [code], "{claim}\n{found:#?}");
        assert!(found[0].help.is_some(), "{claim}");
    }
}
