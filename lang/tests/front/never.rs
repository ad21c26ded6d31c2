//! `never`: what breaks it is found with a request that does, and what keeps it is passed over in
//! silence.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use claw_lang::codes::Code;
use claw_lang::diagram::Kept;
use claw_lang::model::{Member, Model};
use claw_lang::moment::Moment;
use claw_lang::never::{Broken, broken, written};
use claw_lang::oracle::{self, Request};
use claw_lang::report::{Diagnostic, Report};
use claw_lang::syntax::ast::{Item, Line, Value};
use claw_lang::syntax::lexer::Kind;
use claw_lang::syntax::parse;
use claw_lang::{BuildInfo, compile, declared};
use claw_table::policy::{Action, Scope, Then};
use claw_table::{Can, ClassId, Table, decimal};

use crate::one;

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

/// One bad policy for each construct through which a claim can be broken.
pub(crate) const BAD: &[(&str, &str)] = &[
    (
        "vectors, by their reach: only what makes them is asked",
        "provider maker { api openai; url \"https://v.example/v1\"; key env V; tags us; model vec { price in $1/M; context 8k; can embeddings } }
class best { primary house/small; fallback maker/vec }
route { otherwise -> best }
never leaves reaches provider tagged us",
    ),
    (
        "vectors alone, by their cost",
        "provider maker { api openai; url \"https://v.example/v1\"; key env V; model vec { price in $100/M; context 8k; can embeddings } }
class best { primary maker/vec }
route { when endpoint is embeddings -> best
  otherwise -> deny 400 \"no\" }
never dear costs over $0.70",
    ),
    (
        "a count of tokens, by its reach",
        "provider claude { api anthropic; url \"https://c.example\"; key env C; tags us; model c { can tools } }
class best { primary house/small; fallback claude/c }
route { when endpoint is count-tokens -> best
  otherwise -> deny 400 \"no\" }
never leaves reaches provider tagged us",
    ),
    (
        "a pool in a pool, by its reach",
        "pool one { cloud/large }
pool both { house/small; one }
class best { primary both }
route { otherwise -> best }
never leaves reaches provider tagged us",
    ),
    (
        "a direct arm, by its cost",
        "class code { primary cloud/large; retry once }
route { when model is \"big\" -> code
  otherwise -> deny 400 \"no\" }
never runaway costs over $1.50",
    ),
    (
        "a ceiling of others, one that estimates and one that warns, which bound nothing",
        "class code { primary cloud/large }
class home { primary house/small }
ceiling big { when model is \"big\"; allow $1 per day }
ceiling near { allow $1 per request estimated }
ceiling told { allow $1 per request; then warn }
route { when streaming -> code
  otherwise -> home }
never runaway costs over $1",
    ),
    (
        "a model that is asked for",
        "class asked { primary requested from house, cloud }
route { otherwise -> asked }
never away when header \"x-data\" is \"phi\" reaches cloud/fast",
    ),
    (
        "a fallback of what is asked for",
        "class asked { primary requested from house; fallback cloud/fast }
route { when model like \"sm*\" -> asked
  otherwise -> deny 400 \"no\" }
never away reaches cloud",
    ),
    (
        "a ceiling of the class, by what it moves to",
        "class home { primary house/small; ceiling $9 per day then code }
class code { primary cloud/large }
route { otherwise -> home }
never away when header \"x-data\" is \"phi\" reaches cloud",
    ),
    (
        "two ceilings one after the other, one of them for some requests only",
        "class home { primary house/small }
class mid  { primary house/small; ceiling $9 per day then code }
class code { primary cloud/large }
ceiling busy { when model is \"big\"; allow $400 per month; at 80% then mid }
route { otherwise -> home }
never away when header \"x-data\" is \"phi\" reaches cloud",
    ),
    (
        "a ceiling of a client, by what its requests cost then",
        "client ann { from any; ceiling $9 per day at 50% then code }
class home { primary house/small }
class code { primary cloud/large; retry once }
route { otherwise -> home }
never runaway costs over $1",
    ),
    (
        "numbers of the body, by their cost",
        "class cheap { primary house/small }
class code { primary cloud/large; retry once }
route { when max-output > 3 and temperature > 0.7 and messages > 4 -> code
  otherwise -> cheap }
never runaway when messages < 6 costs over $1.50",
    ),
    (
        "members of the body, by their reach",
        "class cheap { primary house/small }
class code { primary cloud/large; retry once }
route { when body \"/metadata\" is absent -> deny 400 \"say more\"
  when body \"/metadata/tier\" is \"free\", 0, null, false -> cheap
  when session like \"bot-*\" and body \"/metadata/tier\" <= 2.5 -> code
  otherwise -> cheap }
never abroad when body \"/metadata/tier\" > 2 reaches provider tagged us",
    ),
    (
        "keywords of the prompt, by their reach",
        "class cheap { primary house/small }
class code { primary cloud/large; retry once }
route { when prompt mentions \"refund policy\", \"faq\" -> cheap
  when prompt mentions \"refund\", \"invoice\" and not prompt mentions \"voice\" -> code
  otherwise -> cheap }
never abroad when prompt mentions \"refund\" reaches provider tagged us",
    ),
    (
        "an address, by its reach",
        "let offices = 10.0.0.0/8, fe80::/10
class code { primary cloud/large; retry once }
route { when ip in 10.1.0.0/16 -> deny 400 \"no\"
  when ip in offices -> code
  otherwise -> deny 400 \"no\" }
never abroad when ip in offices reaches provider tagged us",
    ),
    (
        "a sub-route, by its cost",
        "class cheap { primary house/small }
class code { primary cloud/large; retry once }
route { when header \"x-team\" is \"ml\" -> route ml
  otherwise -> cheap }
route ml { when header \"x-stage\" is \"final\" -> code
  otherwise -> cheap }
never runaway when header \"x-team\" is \"ml\" costs over $1.50",
    ),
    (
        "a fallback, by its cost",
        "class code { primary house/small; fallback cloud/large; retry once }
route { otherwise -> code }
never runaway costs over $1.50",
    ),
    (
        "the rounds of a retry, by their cost",
        "class code { primary cloud/fast; retry again }
route { otherwise -> code }
never runaway costs over $1",
    ),
    (
        "the rounds of a retry, by their number",
        "class code { primary cloud/fast; retry again }
route { otherwise -> code }
never storms tries over 3",
    ),
    (
        "the default retry, by its number",
        "class code { primary cloud/fast }
route { otherwise -> code }
never storms tries over 2",
    ),
    (
        "a class without a total, by its time",
        "class code { primary house/small; retry once }
route { otherwise -> code }
never hangs takes over 5m",
    ),
    (
        "the attempts of a class, by their time",
        "class code { primary cloud/fast; retry again; timeout total 10m }
route { otherwise -> code }
never hangs when streaming takes over 1m30s",
    ),
    (
        "a plain answer, where a stream would be in time",
        "class code { primary cloud/fast; retry again; timeout total 10m }
route { when streaming -> code
  otherwise -> code2 }
class code2 { primary cloud/fast; retry again; timeout total 10m }
never hangs takes over 2m",
    ),
    (
        "a stream that is shown whole, by its time",
        "class code { primary cloud/fast; retry again; timeout total 10m; commit whole }
route { otherwise -> code }
never hangs when streaming takes over 2m",
    ),
    (
        "a fallback without the tag",
        "class private { primary house/small; fallback cloud/fast }
route { when header \"x-data\" is \"phi\" -> private
  otherwise -> deny 400 \"say what it is\" }
never phi-leaves when header \"x-data\" is \"phi\" reaches provider not tagged eu",
    ),
    (
        "a primary with the tag, through a sub-route",
        "class private { primary house/small }
class best { primary cloud/large }
route { when header \"x-data\" is \"phi\" -> route phi
  otherwise -> best }
route phi { when has images -> best
  otherwise -> private }
never phi-leaves when header \"x-data\" is \"phi\" reaches provider tagged us",
    ),
    (
        "a provider",
        "class best { primary house/small; fallback cloud/large }
route { otherwise -> best }
never leaves reaches cloud",
    ),
    (
        "one target, by the requests that the others cannot carry",
        "class best { primary house/small; fallback cloud/large }
route { when has images -> best
  otherwise -> deny 400 \"no\" }
never leaves reaches cloud/large",
    ),
    (
        "a cost that is not known",
        "class best { primary house/small; fallback far/odd }
route { when tokens > 9k -> best
  otherwise -> deny 400 \"no\" }
never runaway costs over $100",
    ),
    (
        "two classes, and one that keeps to it",
        "class one { primary cloud/large }
class two { primary house/small; fallback cloud/large }
class three { primary house/small }
route { when model is \"1\" -> one
  when model is \"2\", \"3\" -> two
  otherwise -> three }
never runaway costs over $1.50",
    ),
];

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

fn model(text: &str) -> Model {
    declared(one(text)).model.expect(text)
}

/// The request goes where the finding says, through the table that the gateway would serve by.
fn replays(model: &Model, table: &Table, broken: &Broken) {
    let Broken { witness, arm, .. } = broken;
    assert!(
        oracle::holds(&model.claims.nevers[broken.never].cond, witness),
        "{broken:?}"
    );
    assert_eq!(oracle::arm(model, witness), Some(*arm), "{broken:?}");
    assert_eq!(table.decide(witness).ok(), Some(*arm), "{broken:?}");
    let Action::Class(mut at) = table.policy().arms[arm.index()].to else {
        panic!("{broken:?}")
    };
    for one in &broken.chain {
        let ceiling = &table.policy().ceilings[one.ceiling];
        assert!(is_under(table, (ceiling.scope, at), witness), "{broken:?}");
        let steps = ceiling.steps.iter().map(|step| step.then);
        let mut thens = steps.chain([ceiling.then]);
        assert!(thens.any(|then| then == Then::Class(one.to)), "{broken:?}");
        at = one.to;
    }
    assert_eq!(at, broken.class);
}

/// Whether a request that a class serves is one of those that a ceiling is about.
fn is_under(table: &Table, (scope, class): (Scope, ClassId), request: &Request) -> bool {
    match scope {
        Scope::All => true,
        Scope::Class(own) => own == class,
        Scope::Client(client) => {
            request.client.as_ref() == Some(&table.policy().clients[client.index()].name)
        }
        Scope::When(guard) => {
            let mut met = false;
            table.guards(request, |one| met |= one == guard).unwrap();
            met
        }
    }
}

#[test]
fn an_arm_to_which_no_client_comes_does_not_hide_the_others_of_its_class() {
    // `ann` and `bob` are all there are, so the first arm is nobody's; the second is not.
    let text = policy(
        "client ann { from 10.0.0.1/32 }
client bob { from 10.0.0.2/32 }
class dear { primary cloud/large }
class free { primary house/small }
never abroad reaches provider tagged us
route {
  when client is not ann, bob -> dear
  when client is ann and method is POST -> dear
  otherwise -> free
}",
    );
    let model = model(&text);
    let found = broken(&model, Kept::Diagram).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].witness.client.as_deref(), Some("ann"));
}

#[test]
fn every_witness_replays_through_the_table_and_so_does_what_is_printed_of_it() {
    let mut tried = 0;
    for (what, rest) in BAD {
        let model = model(&policy(rest));
        // A claim keeps no table from being built by itself: the check does that.
        let bytes = claw_lang::build(&model, &BuildInfo::unplaced()).unwrap();
        let table = Table::open(&bytes).unwrap();
        for found in broken(&model, Kept::Diagram).unwrap() {
            replays(&model, &table, &found);
            let read = read(&written(&found.witness));
            assert_eq!(read, found.witness, "{what}");
            tried += 1;
        }
    }
    assert!(tried > BAD.len(), "only {tried} witnesses");
}

/// The moment of `at …; `, or the ordinary one of nothing.
fn moment(at: &str) -> Moment {
    match at.strip_prefix("at ").and_then(|at| at.strip_suffix("; ")) {
        Some(at) => Moment::read(&at.replace('"', "")).unwrap(),
        None => Moment::ordinary(),
    }
}

/// A request as it is printed, read by the language's own parser.
pub(crate) fn read(text: &str) -> Request {
    let (at, body) = text.split_once("request {").unwrap();
    let text = format!("class request {{{body}");
    let mut report = Report::new(Arc::from(one(&text)));
    let parsed = parse(0, &text, &mut report);
    assert!(report.is_sound(), "{}", report.human());
    let [Item::Plain(statement)] = &parsed.file.items[..] else {
        panic!("{text}")
    };
    let mut request = Request {
        method: Some("POST".to_owned()),
        path: Some("/v1/chat/completions".to_owned()),
        host: Some("localhost".to_owned()),
        endpoint: Some("chat".to_owned()),
        ip: Some("127.0.0.1".parse().unwrap()),
        messages: Some(1),
        tokens: Some(1000),
        at: Some(moment(at)),
        ..Request::default()
    };
    for line in statement.block.iter().flatten() {
        let Line::Field(field) = line else {
            panic!("{text}")
        };
        let values: Vec<_> = field.groups.iter().flatten().collect();
        let said = || {
            let value = values[0];
            (!value.is_word("absent")).then(|| value.text.clone())
        };
        match field.keyword.text.as_str() {
            "method" => request.method = said(),
            "path" => request.path = said(),
            "host" => request.host = said(),
            "prompt" => {
                request.prompt = values.iter().map(|value| value.text.clone()).collect();
            }
            "session" => request.session = said(),
            "messages" => request.messages = said().map(|text| text.parse().unwrap()),
            "max-output" => request.max_output = said().map(|text| text.parse().unwrap()),
            "temperature" => {
                request.temperature = said().and_then(|text| decimal::rank(text.as_bytes()));
            }
            "body" => request
                .body
                .push((values[0].text.clone(), member(values[1]))),
            "client" => request.client = Some(values[0].text.clone()),
            "ip" => request.ip = said().map(|ip| ip.parse().unwrap()),
            "endpoint" => request.endpoint = said(),
            "model" => request.model = said(),
            "streaming" => request.streaming = true,
            "tokens" => {
                request.tokens = said().map(|text| match text.strip_suffix('k') {
                    Some(thousands) => thousands.parse::<u64>().unwrap() * 1000,
                    None => text.parse().unwrap(),
                });
            }
            word @ ("header" | "query") => {
                let pair = (values[0].text.clone(), values[1].text.clone().into_bytes());
                if word == "header" {
                    request.headers.push(pair);
                } else {
                    request.query.push(pair);
                }
            }
            "has" => values.iter().for_each(|word| uses(&mut request, word)),
            other => panic!("{other}"),
        }
    }
    request
}

/// Notes one word behind `has`.
fn uses(request: &mut Request, word: &Value) {
    if word.text == "caller-key" {
        request.caller_key = true;
        return;
    }
    let can = Can::ALL.into_iter().find(|can| can.word() == word.text);
    request.has |= can.unwrap().bit();
}

fn member(value: &Value) -> Member {
    match (value.kind, value.text.as_str()) {
        (Kind::Text, text) => Member::Text(text.to_owned()),
        (_, "null") => Member::Null,
        (_, "true") => Member::Flag(true),
        (_, "false") => Member::Flag(false),
        (_, "present") => Member::Nested,
        (_, text) => Member::Number(decimal::rank(text.as_bytes()).unwrap()),
    }
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
