//! What is accepted by its shape and would do nothing, or not what it says: each told once, and not
//! where it does something.

use claw_lang::codes::Code;
use claw_lang::compile;
use claw_lang::report::Diagnostic;

use crate::one;

const HOUSE: &str = "policy p
provider a {
  api openai
  url \"https://a.example/v1\"
  key env A
  tags near
  model x { context 100k; can tools }
  model y { context 100k; can tools, continue }
}
provider b { api openai; url \"https://b.example/v1\"; key env B; model z { can tools } }
unused a
unused b
client all { from any; tags staff }
";

fn found(rest: &str) -> Vec<Diagnostic> {
    let mut text = format!("{HOUSE}{rest}\n");
    if !rest.contains("class code {") && !rest.contains("class code like") {
        text.push_str("class code { primary b/z }\n");
    }
    if !rest.contains("route {") {
        text.push_str("route { otherwise -> code }\n");
    }
    let report = compile(one(&text)).report;
    let quiet = [Code::Unused, Code::NotUnused, Code::OneProvider];
    let all = report.diagnostics().iter();
    all.filter(|it| !quiet.contains(&it.code))
        .cloned()
        .collect()
}

/// A code, what is bad, and what is like it and good.
const BAD: &[(&str, &str, &str)] = &[
    (
        "C0318",
        "class code { primary b/z; heartbeat 5s }",
        "class code { primary b/z; heartbeat 5s; commit whole }",
    ),
    (
        "C0318",
        "class code { primary b/z; heartbeat off; commit first-content }",
        "class code { primary b/z; commit whole; heartbeat off }",
    ),
    (
        "C0318",
        "class code { primary b/z; fallback a/x; after-cut continue }",
        "class code { primary b/z; fallback a/y; after-cut continue }",
    ),
    (
        "C0318",
        "pool both { a/x; b/z }\nclass code { primary both; after-cut continue }",
        "pool both { a/y; b/z }\nclass code { primary both; after-cut continue }",
    ),
    (
        "C0318",
        "class code { primary requested from b; after-cut continue }",
        "class code { primary requested from b, a; after-cut continue }",
    ),
    (
        "C0318",
        "class base { primary b/z }\nclass code like base { after-cut continue }",
        // What a class says for others may have its effect there.
        "class base { primary b/z; after-cut continue; heartbeat 5s }\nclass code like base { primary a/x; fallback a/y; commit whole }",
    ),
    (
        "C0318",
        "class code { primary b/z; timeout first-token 61s, total 60s }",
        "class code { primary b/z; timeout first-token 60s, total 60s }",
    ),
    (
        "C0318",
        "class code { primary b/z; timeout total 60s, idle 2m }",
        "class code { primary b/z; timeout idle 2m }",
    ),
    (
        "C0318",
        "provider c { api openai; url \"https://c.example/v1\"; key env C; timeout idle 20m, attempt 10m; model m }\nunused c",
        "provider c { api openai; url \"https://c.example/v1\"; key env C; timeout connect 20s, attempt 10s; model m }\nunused c",
    ),
    (
        "C0318",
        "provider c { api openai; url \"https://c.example/v1\"; key env C; model m { max-output 129k; context 128k } }\nunused c",
        "provider c { api openai; url \"https://c.example/v1\"; key env C; model m { max-output 128k; context 128k } }\nunused c",
    ),
    (
        "C0318",
        "catalog ours { snapshot 2026-11-21; model m { context 8k; max-output 16k } }\nunused ours",
        "catalog ours { snapshot 2026-11-21; model m { max-output 16k } }\nunused ours",
    ),
    (
        "C0319",
        "provider c { api openai; url \"https://c.example/v1\"; key env C; tags us, baa, us; model m }\nunused c",
        "provider c { api openai; url \"https://c.example/v1\"; key env C; tags us, baa, eu; model m }\nunused c",
    ),
    (
        "C0319",
        "client bot { from 10.0.0.0/8; tags staff, staff }\nunused bot",
        "client bot { from 10.0.0.0/8; tags staff }\nunused bot",
    ),
    (
        "C0319",
        "class code { primary a/x; require near, near }",
        "class code { primary a/x; require near }",
    ),
    (
        "C0319",
        "retry r { on 429, timeout, 500..599, timeout }\nclass code { primary b/z; retry r }",
        "retry r { on 429, timeout, 500..599, cut }\nclass code { primary b/z; retry r }",
    ),
    (
        "C0319",
        "class code { primary requested from a, b, a }",
        "class code { primary requested from a, b }",
    ),
    (
        "C0319",
        "provider c { api openai; url \"https://c.example/v1\"; key env C; model m { can tools, tools } }\nunused c",
        "provider c { api openai; url \"https://c.example/v1\"; key env C; model m { can tools } }\nunused c",
    ),
    (
        "C0319",
        "notify ops { webhook \"https://h.example/c\" key env H; on eject, eject }",
        "notify ops { webhook \"https://h.example/c\" key env H; on eject, failover }",
    ),
    (
        "C0320",
        "provider c { api openai; url \"https://c.example/v1/chat/completions\"; key env C; model m }\nunused c",
        "provider c { api openai; url \"https://c.example/v1/chat\"; key env C; model m }\nunused c",
    ),
    (
        "C0320",
        "provider c { url \"https://c.example/v1/messages/\"; api anthropic; key env C; model m }\nunused c",
        "provider c { url \"https://c.example/v1/\"; api anthropic; key env C; model m }\nunused c",
    ),
    (
        "C0320",
        "provider c { api openai; url \"https://c.example/v1\", \"https://d.example/responses\"; key env C; model m }\nunused c",
        "provider c { api openai; url \"https://c.example/v1\", \"https://responses.example\"; key env C; model m }\nunused c",
    ),
    (
        "C0320",
        "provider c { api openai; url \"https://c.example/v1/embeddings\"; key env C; model m }\nunused c",
        "provider c { api openai; url \"https://c.example/v1/embeddings/v2\"; key env C; model m }\nunused c",
    ),
    (
        "C0312",
        "gateway { listen \"0.0.0.0:8080\"; admin \"0.0.0.0:8080\" }",
        "gateway { listen \"0.0.0.0:8080\"; admin \"0.0.0.0:8081\" }",
    ),
    (
        "C0312",
        "gateway { listen \"localhost:9090\" }",
        "gateway { listen \"localhost:9090\"; admin \"[::1]:9090\" }",
    ),
    (
        "C0312",
        "gateway { listen \"0.0.0.0:80\"; admin \"127.0.0.1:80\" }",
        "gateway { listen \"127.0.0.1:0\"; admin \"127.0.0.1:0\" }",
    ),
    (
        "C0303",
        "test \"t\" { request { model \"a\"; model \"b\" }; expect class code }",
        "test \"t\" { request { model \"a\"; header \"x\" \"1\"; header \"x\" \"2\" }; expect class code }",
    ),
    (
        "C0303",
        "test \"t\" { request { body \"/a\" 1; body \"/a\" 2 }; expect class code }",
        "test \"t\" { request { body \"/a\" 1; body \"/b\" 2 }; expect class code }",
    ),
    (
        "C0303",
        "test \"t\" { at 2026-11-21 10:00 \"UTC\"; at 2026-11-22 10:00 \"UTC\"; request { }; expect class code }",
        "test \"t\" { at 2026-11-21 10:00 \"UTC\"; request { }; expect class code }",
    ),
];

#[test]
fn what_would_do_nothing_is_told_and_what_does_something_is_not() {
    let mut wrong = Vec::new();
    for (code, bad, good) in BAD {
        let codes: Vec<&str> = found(bad).iter().map(|it| it.code.id()).collect();
        if codes != [*code] {
            wrong.push(format!("{bad}: {codes:?}"));
        }
        let rest: Vec<String> = found(good).into_iter().map(|it| it.message).collect();
        if !rest.is_empty() {
            wrong.push(format!("{good}: {rest:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_fix_leaves_what_was_meant() {
    for (bad, good) in [
        ("tags us, baa,\n  us", "tags us, baa"),
        (
            "url \"https://a.example/v1/chat/completions/\"",
            "url \"https://a.example/v1\"",
        ),
        (
            "url \"http://10.0.0.1:8000/v1/messages\"",
            "url \"http://10.0.0.1:8000\"",
        ),
    ] {
        let rest = [
            "api openai",
            "url \"https://a.example\"",
            "key none",
            "model m",
        ];
        let word = bad.split(' ').next().unwrap();
        let rest = rest.iter().filter(|field| !field.starts_with(word));
        let rest: Vec<&str> = rest.copied().collect();
        let text = format!(
            "policy p\nprovider c {{ {}; {bad}\n}}\nclass code {{ primary c/m }}\nroute {{ otherwise -> code }}\n",
            rest.join("; ")
        );
        let report = compile(one(&text)).report;
        let [found] = report.diagnostics() else {
            panic!("{}", report.human())
        };
        let fix = found.fix.as_ref().unwrap();
        let mut fixed = text.clone();
        fixed.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
        assert_eq!(fixed, text.replace(bad, good));
        assert_eq!(compile(one(&fixed)).report.diagnostics(), []);
    }
}
