//! For each code, the constructs that can cause it: one bad policy for each.
//!
//! The proofs on money, targets and claims have tables of their own, which count here; the codes of
//! single words and files are caused by their pages alone.

use std::collections::{BTreeMap, BTreeSet};

use claw_lang::codes::Code;
use claw_lang::compile;

use crate::{never, one, proofs};

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; tags near, baa; model x; model y }
provider b { api openai; url \"https://b.example/v1\"; key env B; tags far; model z }
class code { primary a/x }
class rest { primary a/y; fallback b/z }
client ann { from 10.0.0.0/8; tags staff }
";
const ROUTE: &str = "route { when has tools -> code\n  otherwise -> rest }\n";

/// A code, what causes it, and the policy; ROUTE is added where it has no route of its own.
const BAD: &[(&str, &str, &str)] = &[
    ("C0201", "an arm", "route { otherwise -> nobody }"),
    (
        "C0201",
        "an arm to a route",
        "route { otherwise -> route nobody }",
    ),
    (
        "C0201",
        "a retry",
        "class d { primary a/x; retry nobody }\nunused d",
    ),
    (
        "C0201",
        "a cache",
        "class d { primary a/x; cache nobody }\nunused d",
    ),
    (
        "C0201",
        "a provider",
        "class d { primary nobody/x }\nunused d",
    ),
    (
        "C0201",
        "what is asked for",
        "class d { primary requested from nobody }\nunused d",
    ),
    (
        "C0201",
        "a catalog",
        "provider d { api openai; url \"http://127.0.0.1:2/v1\"; key none; models catalog nobody }\nunused d",
    ),
    (
        "C0201",
        "a class that one is like",
        "class d like nobody { primary a/x }\nunused d",
    ),
    ("C0201", "a client", "forbid f when client is nobody"),
    (
        "C0201",
        "a tag of clients",
        "forbid f when client in nobody",
    ),
    (
        "C0201",
        "a then",
        "ceiling l { allow $5 per day estimated; then nobody }",
    ),
    ("C0201", "a list", "forbid f when model in nobody"),
    (
        "C0201",
        "a member of a pool",
        "pool q { nobody/x }\nunused q",
    ),
    (
        "C0201",
        "a test",
        "test \"t\" { request { client ann }; expect class nobody }",
    ),
    ("C0201", "an unused", "unused nobody"),
    (
        "C0202",
        "an arm",
        "route { when colour is \"red\" -> code\n  otherwise -> rest }",
    ),
    (
        "C0202",
        "a sub-route",
        "route { otherwise -> route sub }\nroute sub { when colour is \"red\" -> code\n  otherwise -> rest }",
    ),
    ("C0202", "a let", "let red = colour is \"red\"\nunused red"),
    ("C0202", "a forbid", "forbid f when colour is \"red\""),
    (
        "C0202",
        "a never",
        "never n when colour is \"red\" tries over 9",
    ),
    (
        "C0202",
        "a ceiling",
        "ceiling l { when colour is \"red\"; allow $5 per day }",
    ),
    (
        "C0202",
        "a limit",
        "limit l { when colour is \"red\"; allow 5 concurrent }",
    ),
    (
        "C0202",
        "a cache",
        "cache k { when colour is \"red\"; keep 1h; size 1MB }\nunused k",
    ),
    ("C0203", "a primary", "class d { primary a/q }\nunused d"),
    (
        "C0203",
        "a fallback",
        "class d { primary a/x; fallback a/q }\nunused d",
    ),
    ("C0203", "a pool", "pool q { a/q }\nunused q"),
    ("C0203", "a never", "never n reaches a/q"),
    (
        "C0203",
        "a test",
        "test \"t\" { request { client ann }; fault a/q down; expect class code }",
    ),
    ("C0204", "two classes", "class code { primary a/y }"),
    ("C0204", "a class and a pool", "pool code { a/y }"),
    ("C0204", "a client and a let", "let ann = streaming"),
    (
        "C0204",
        "two guards",
        "forbid f when streaming\nforbid f when has tools",
    ),
    (
        "C0204",
        "two models of a provider",
        "provider d { api openai; url \"http://127.0.0.1:2/v1\"; key none; model m; model m }\nunused d",
    ),
    ("C0206", "an arm", "route { otherwise -> ann }"),
    (
        "C0206",
        "a retry",
        "class d { primary a/x; retry code }\nunused d",
    ),
    ("C0206", "a condition", "forbid f when code"),
    (
        "C0207",
        "routes",
        "route { otherwise -> route sub }\nroute sub { when streaming -> route more\n  otherwise -> code }\nroute more { otherwise -> route sub }",
    ),
    ("C0207", "pools", "pool q { r }\npool r { q }\nunused q"),
    (
        "C0207",
        "classes that are like one another",
        "class d like e { primary a/x }\nclass e like d { primary a/y }\nunused d",
    ),
    (
        "C0207",
        "lets",
        "let q = r and streaming\nlet r = not q\nforbid f when q",
    ),
    (
        "C0207",
        "thens",
        "provider d { api openai; url \"http://127.0.0.1:2/v1\"; key none; model m { price free; context 8k } }\nclass e { primary d/m; ceiling $9 per day then f }\nclass f { primary d/m; ceiling $9 per day then e }\nroute { when has tools -> code\n  when streaming -> e\n  otherwise -> rest }",
    ),
    ("C0211", "a class", "class d { primary a/y }"),
    (
        "C0211",
        "a route",
        "route { when has tools -> code\n  otherwise -> rest }\nroute sub { otherwise -> code }",
    ),
    ("C0211", "a retry", "retry r { on cut }"),
    ("C0211", "a pool", "pool q { a/x }"),
    ("C0211", "a let", "let q = streaming"),
    ("C0211", "a cache", "cache k { keep 1h; size 1MB }"),
    (
        "C0211",
        "a provider",
        "provider d { api openai; url \"http://127.0.0.1:2/v1\"; key none; model m }",
    ),
    (
        "C0401",
        "the route",
        "route { when streaming -> code\n  when has tools -> rest }",
    ),
    (
        "C0401",
        "a sub-route",
        "route { when has tools -> rest\n  otherwise -> route sub }\nroute sub { when streaming -> code }",
    ),
    (
        "C0402",
        "the route",
        "route { otherwise -> code\n  when streaming -> rest }",
    ),
    (
        "C0402",
        "a sub-route",
        "route { when has tools -> rest\n  otherwise -> route sub }\nroute sub { otherwise -> code\n  when streaming -> rest }",
    ),
    (
        "C0403",
        "one arm above",
        "route { when model like \"g*\" -> code\n  when model is \"go\" -> rest\n  otherwise -> rest }",
    ),
    (
        "C0403",
        "two arms above",
        "route { when tokens < 5k -> code\n  when tokens >= 5k -> rest\n  when tokens is present -> code\n  otherwise -> rest }",
    ),
    (
        "C0403",
        "a sub-route",
        "route { otherwise -> route sub }\nroute sub { when streaming -> code\n  when streaming and has tools -> rest\n  otherwise -> rest }",
    ),
    (
        "C0403",
        "what leads to a sub-route",
        "route { when streaming -> route sub\n  otherwise -> rest }\nroute sub { when not streaming -> rest\n  otherwise -> code }",
    ),
    (
        "C0403",
        "an arm of a sub-route that leads on",
        "route { when streaming -> route sub\n  otherwise -> rest }\nroute sub { when not streaming -> route more\n  otherwise -> code }\nroute more { when has tools -> rest\n  otherwise -> code }",
    ),
    (
        "C0403",
        "one arm above takes what is led to a sub-route",
        "route { when model like \"g*\" -> route sub\n  otherwise -> rest }\nroute sub { when model like \"g-4*\" -> rest\n  when model like \"*-4-mini\" and model like \"g-4*\", \"h*\" -> rest\n  otherwise -> code }",
    ),
    (
        "C0403",
        "an arm that leads on",
        "route { when streaming -> code\n  when streaming and has tools -> route sub\n  otherwise -> rest }\nroute sub { otherwise -> code }",
    ),
    (
        "C0404",
        "an arm",
        "route { when model is \"a\" and model is \"b\" -> code\n  otherwise -> rest }",
    ),
    (
        "C0404",
        "a sub-route",
        "route { when has tools -> rest\n  otherwise -> route sub }\nroute sub { when tokens > 5k and tokens < 4k -> code\n  otherwise -> rest }",
    ),
    (
        "C0404",
        "a let",
        "let none-such = streaming and not streaming\nroute { when none-such and has tools -> code\n  otherwise -> rest }",
    ),
    (
        "C0404",
        "what the world allows",
        "route { when body \"/a\" is 5 and body \"/a/b\" is present -> code\n  otherwise -> rest }",
    ),
    (
        "C0404",
        "a key that nobody brings",
        "route { when has caller-key -> code\n  otherwise -> rest }",
    ),
    (
        "C0405",
        "an arm",
        "route { when streaming or not streaming -> code\n  otherwise -> rest }",
    ),
    (
        "C0405",
        "a forbid",
        "forbid f when streaming or not streaming",
    ),
    (
        "C0405",
        "a limit",
        "limit l { when streaming or not streaming; allow 5 concurrent }",
    ),
    (
        "C0406",
        "an arm",
        "route { when streaming -> deny 401 \"no\"\n  when has tools -> code\n  otherwise -> rest }",
    ),
    (
        "C0406",
        "a sub-route",
        "route { when has tools -> code\n  when streaming -> route sub\n  otherwise -> rest }\nroute sub { otherwise -> deny 403 \"no\" }",
    ),
    (
        "C0406",
        "a forbid",
        "forbid f when streaming deny 403 \"no\"",
    ),
    (
        "C0407",
        "the route",
        "route exclusive { when streaming -> code\n  when has tools -> rest\n  otherwise -> rest }",
    ),
    (
        "C0407",
        "a sub-route",
        "route { otherwise -> route sub }\nroute sub exclusive { when streaming -> code\n  when has tools -> rest\n  otherwise -> rest }",
    ),
    (
        "C0407",
        "an arm that leads on",
        "route exclusive { when streaming -> route sub\n  when has tools -> rest\n  otherwise -> rest }\nroute sub { otherwise -> code }",
    ),
    (
        "C0409",
        "an arm that leads where `otherwise` does",
        "route { when has tools -> code\n  when streaming -> rest\n  otherwise -> rest }",
    ),
    (
        "C0409",
        "two arms below",
        "route { when tokens > 5k -> code\n  when streaming -> code\n  when tokens > 5 -> code\n  otherwise -> rest }",
    ),
    (
        "C0409",
        "a refusal",
        "route { when has images -> code\n  when has files -> rest\n  when has tools -> deny 400 \"no\"\n  otherwise -> deny 400 \"no\" }",
    ),
    (
        "C0409",
        "an arm to a route",
        "route { when streaming -> route sub\n  otherwise -> route sub }\nroute sub { when has tools -> code\n  otherwise -> rest }",
    ),
    (
        "C0409",
        "a sub-route",
        "route { when streaming -> route sub\n  otherwise -> rest }\nroute sub { when has tools -> code\n  when header \"x\" is \"a\" -> rest\n  otherwise -> rest }",
    ),
    (
        "C0501",
        "two fallbacks",
        "class d { primary a/x; fallback b/z, a/x }\nunused d",
    ),
    ("C0501", "a pool", "pool q { a/x; b/z; a/x }\nunused q"),
    (
        "C0501",
        "a pool and a target",
        "pool q { a/x; b/z }\nclass d { primary a/x; fallback q }\nunused d",
    ),
    (
        "C0502",
        "a primary",
        "class d { primary b/z; require baa }\nunused d",
    ),
    (
        "C0502",
        "a fallback",
        "class d { primary a/x; fallback b/z; require baa }\nunused d",
    ),
    (
        "C0502",
        "a pool",
        "pool q { a/x; b/z }\nclass d { primary q; require baa }\nunused d",
    ),
    (
        "C0502",
        "what is asked for",
        "class d { primary requested from a, b; require baa }\nunused d",
    ),
    (
        "C0502",
        "a class that it is like",
        "class d { primary a/x; require near }\nclass e like d { primary b/z }\nunused d\nunused e",
    ),
    (
        "C0502",
        "a then",
        "provider c { api openai; url \"http://127.0.0.1:2/v1\"; key none; tags baa; model m { price free; context 8k } }\nprovider e { api openai; url \"http://127.0.0.1:3/v1\"; key none; model m { price free; context 8k } }\nclass safe { primary c/m; require baa; ceiling $9 per day then loose }\nclass loose { primary e/m }\nroute { when has tools -> code\n  when streaming -> safe\n  otherwise -> rest }",
    ),
    (
        "C0502",
        "an at",
        "provider c { api openai; url \"http://127.0.0.1:2/v1\"; key none; tags baa; model m { price free; context 8k } }\nprovider e { api openai; url \"http://127.0.0.1:3/v1\"; key none; model m { price free; context 8k } }\nclass safe { primary c/m; require baa; ceiling $9 per day at 80% then loose }\nclass loose { primary e/m }\nroute { when has tools -> code\n  when streaming -> safe\n  otherwise -> rest }",
    ),
    ("C0503", "a pool", "pool q { a/x 50%; b/z 40% }\nunused q"),
    (
        "C0503",
        "a pool in a pool",
        "pool r { a/x }\npool q { r 50%; b/z 60% }\nunused q",
    ),
    (
        "C0601",
        "a url",
        "provider d { api openai; url \"http://d.example/v1\"; key env D; model m }\nunused d",
    ),
    (
        "C0601",
        "a second url",
        "provider d { api openai; url \"https://d.example/v1\", \"http://e.example/v1\"; key env D; model m }\nunused d",
    ),
    (
        "C0602",
        "a key",
        "provider d { api openai; url \"https://d.example/v1\"; key \"sk-EXAMPLE0123456789abcdef\"; model m }\nunused d",
    ),
    (
        "C0602",
        "a header",
        "provider d { api openai; url \"https://d.example/v1\"; key env D; header \"x-key\" \"sk-EXAMPLE0123456789abcdef\"; model m }\nunused d",
    ),
    (
        "C0602",
        "a condition",
        "forbid f when header \"x-key\" is \"sk-EXAMPLE0123456789abcdef\"",
    ),
    (
        "C0602",
        "a set",
        "class d { primary a/x; set header \"x-key\" \"sk-EXAMPLE0123456789abcdef\" }\nunused d",
    ),
    (
        "C0901",
        "one guard",
        "forbid f when streaming\nroute { when streaming and has tools -> code\n  when has tools -> code\n  otherwise -> rest }",
    ),
    (
        "C0901",
        "two guards",
        "forbid f when streaming and has tools\nforbid g when streaming and not has tools\nroute { when streaming -> code\n  when has tools -> code\n  otherwise -> rest }",
    ),
    (
        "C0901",
        "a sub-route",
        "forbid f when streaming\nroute { when has tools -> code\n  otherwise -> route sub }\nroute sub { when streaming -> code\n  otherwise -> rest }",
    ),
    (
        "C0902",
        "a forbid",
        "forbid f when streaming and not streaming",
    ),
    (
        "C0902",
        "a ceiling",
        "ceiling l { when streaming and not streaming; allow $5 per day estimated }",
    ),
    ("C0903", "a class", "unused code"),
    ("C0903", "a client", "unused ann"),
    ("C0904", "a class", "accept C0506 in code \"why\""),
    ("C0904", "the route", "accept C0406 in route \"why\""),
    ("C0905", "one range", "client bob { from 10.0.0.0/8 }"),
    (
        "C0905",
        "one key",
        "client bob { key sha256 \"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\" }\nclient cy { key sha256 \"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\" }",
    ),
    (
        "C0906",
        "ignore",
        "client bob { key sha256 \"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\"; auth ignore }",
    ),
    (
        "C0906",
        "caller",
        "client bob { key sha256 \"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\"; auth caller }",
    ),
    (
        "C0907",
        "a class",
        "test \"t\" { request { client ann }; expect class code }",
    ),
    (
        "C0907",
        "a guard",
        "test \"t\" { request { client ann }; expect denied 400 }",
    ),
    (
        "C0907",
        "a target",
        "test \"t\" { request { client ann }; expect served by a/x }",
    ),
];

/// What can cause a finding and must have a policy, beside what the tables themselves name.
const DUE: &[(&str, &[&str])] = &[
    (
        "C0502",
        &[
            "primary",
            "fallback",
            "pool",
            "asked for",
            "like",
            "then",
            "at",
        ],
    ),
    (
        "C0504",
        &["window", "endpoint", "pool", "asked for", "sub-route"],
    ),
    ("C0505", &["pool", "window", "vectors", "retry"]),
    ("C0506", &["two models", "pool"]),
    ("C0507", &["fallback", "pool", "ceiling"]),
    ("C0604", &["fallback", "pool", "two lists"]),
    ("C0605", &["ceiling", "client"]),
    (
        "C0801",
        &["pool", "sub", "ceiling", "asked", "fallback", "retry"],
    ),
    (
        "C0811",
        &[
            "class",
            "fallback",
            "pool",
            "asked for",
            "moves",
            "sub-route",
        ],
    ),
    ("C0812", &["request", "client", "pool"]),
    ("C0909", &["forbid", "arm", "ceiling", "limit"]),
];

/// Codes that one word or one file causes: their page is all there is to show.
fn is_of_text(code: Code) -> bool {
    let id = code.id();
    id.starts_with("C01") || id.starts_with("C03")
}

/// These are about one place each, and their page shows it.
const SINGLE: &[&str] = &[
    "C0205", "C0208", "C0209", "C0210", "C0511", "C0521", "C0522", "C0603", "C0701", "C0802",
    "C0813", "C0814", "C0908", "C0408",
];

#[test]
fn every_construct_that_can_cause_a_code_causes_it() {
    let mut wrong = Vec::new();
    for (code, what, rest) in BAD {
        let route = if rest.starts_with("route") || rest.contains("\nroute") {
            ""
        } else {
            ROUTE
        };
        let text = format!("{HOUSE}{rest}\n{route}");
        let report = compile(one(&text)).report;
        let found: BTreeSet<&str> = report.diagnostics().iter().map(|it| it.code.id()).collect();
        if !found.contains(code) {
            wrong.push(format!("{code} {what}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_construct_that_can_cause_a_code_lacks_its_policy() {
    let mut known: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (code, what, _) in BAD.iter().chain(proofs::BAD) {
        known.entry(code).or_default().push(what);
    }
    for (what, _) in never::BAD {
        known.entry("C0801").or_default().push(what);
    }
    let mut lacking = Vec::new();
    for code in Code::ALL {
        let of_code = known.get(code.id()).map_or(0, Vec::len);
        let due = if is_of_text(*code) || SINGLE.contains(&code.id()) {
            0
        } else {
            2
        };
        if of_code < due {
            lacking.push(format!("{}: {of_code} policies", code.id()));
        }
    }
    for (code, parts) in DUE {
        for part in *parts {
            let of_code = known.get(code).into_iter().flatten();
            if !of_code.into_iter().any(|what| what.contains(part)) {
                lacking.push(format!("{code}: {part}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}
