//! `clawc explain`: codes and requests.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::root;
use crate::run::{SOUND, clawc, folder, without_digests};

#[test]
fn an_unknown_code_is_answered_with_the_nearest() {
    let explain = |code| clawc(Path::new("."), &["explain", code], "");
    for (code, near) in [
        ("C0210x", "C0210"),
        ("C201", "C0201"),
        ("201", "C0201"),
        ("e0304", "C0304"),
    ] {
        let ran = explain(code);
        assert_eq!(ran.code, 2, "{code}");
        assert!(
            ran.err.contains(&format!("did you mean `{near}`?")),
            "{}",
            ran.err
        );
    }
    assert_eq!(
        explain("colour").err,
        "clawc: no diagnostic has the code `colour`; `clawc explain` lists them all\n"
    );
}

#[test]
fn every_code_has_its_page() {
    let list = clawc(Path::new("."), &["explain", "--format", "json"], "").json();
    let codes: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["code"].as_str().unwrap())
        .collect();
    assert!(codes.len() > 40, "{}", codes.len());
    let lines = clawc(Path::new("."), &["explain"], "").out;
    assert_eq!(lines.lines().count(), codes.len());
    let ran = clawc(Path::new("."), &["explain", "c0201"], "");
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.starts_with("# C0201") && ran.out.contains("## Prefer"),
        "{}",
        ran.out
    );
    let page = clawc(
        Path::new("."),
        &["explain", "C0201", "--format", "json"],
        "",
    )
    .json();
    assert_eq!(
        (&page["code"], &page["severity"]),
        (&json!("C0201"), &json!("error"))
    );
}

#[test]
fn a_request_is_explained_by_the_arms_it_passed() {
    let home = folder(&[("p/shop.claw", SOUND)]);
    let request = r#"{"headers": {"x-team": "ml"}, "body": {"model": "m", "messages": [
        {"role": "user", "content": "hello"}]}}"#;
    let ran = clawc(home.path(), &["explain", "request", "-", "p"], request);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    insta::assert_snapshot!("a_request_explained", without_digests(&ran.out));

    let ran = clawc(
        home.path(),
        &["explain", "request", "-", "p", "--format", "json"],
        request,
    );
    let told = ran.json();
    assert_eq!(told["decision"], json!({"is": "class", "class": "code"}));
    assert_eq!(told["earlier"][0]["failed"], "tokens > 2k");
    assert_eq!(told["earlier"][0]["value"], "8");
    assert_eq!(told["taken"][0]["place"], "shop.claw:7:3");
    let asked: Vec<&str> = told["asked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["fact"].as_str().unwrap())
        .collect();
    assert_eq!(asked, [r#"header "x-team""#, "tokens"]);

    // A fact that decides nothing is not asked.
    let ran = clawc(
        home.path(),
        &["explain", "request", "-", "p", "--format", "json"],
        "{}",
    );
    assert_eq!(ran.json()["asked"].as_array().unwrap().len(), 1);
}

#[test]
fn a_request_that_cannot_be_read_is_trouble_and_a_policy_at_fault_is_a_finding() {
    let home = folder(&[("p/shop.claw", SOUND), ("q/shop.claw", "policy q")]);
    let ran = clawc(
        home.path(),
        &["explain", "request", "-", "p"],
        r#"{"modle": "x"}"#,
    );
    assert_eq!(
        (ran.code, &*ran.err),
        (
            2,
            "clawc: <stdin>: `modle` is not a part of a request; did you mean `model`?\n"
        )
    );
    let ran = clawc(home.path(), &["explain", "request", "-", "q"], "{}");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("C0210"), "{}", ran.err);
}

/// Two clients, one of which is known by its address, and one by its key.
const CLIENTS: &str = r#"policy shop
provider a { api openai; url "http://127.0.0.1:1/v1"; key none; model x }
class code { primary a/x }
client ann { from 10.1.0.0/16 }
client bob { key sha256 "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8" }
route {
  when client is ann -> code
  otherwise -> deny 400 "not you"
}
"#;

#[test]
fn a_request_is_explained_whatever_the_proofs_and_tests_of_the_policy_say() {
    for (code, more) in [
        (
            "C0907",
            "test \"ann\" { request { ip 10.1.0.1 }; expect denied 400 }",
        ),
        ("C0801", "never twice tries over 1"),
        (
            "C0404",
            "forbid odd when streaming\nlet odd-one = header \"x\" is \"1\" and header \"x\" is absent\nclass c { primary a/x }\nroute far { when odd-one -> c\n otherwise -> code }",
        ),
    ] {
        let mut policy = format!("{CLIENTS}{more}\n");
        if code == "C0404" {
            policy = policy.replace(
                "when client is ann -> code",
                "when client is ann -> route far",
            );
        }
        let home = folder(&[("p/shop.claw", &policy)]);
        let checked = clawc(home.path(), &["check", "p", "--format", "plain"], "");
        assert!(checked.out.contains(code), "{code}: {}", checked.out);
        let args = ["explain", "request", "-", "p", "--format", "json"];
        let ran = clawc(home.path(), &args, r#"{"ip": "10.1.0.1"}"#);
        assert_eq!((ran.code, &*ran.err), (0, ""), "{code}");
        let told = ran.json();
        assert_eq!(told["decision"], json!({"is": "class", "class": "code"}));
    }
}

#[test]
fn the_caller_is_the_client_of_the_address_or_one_that_there_is() {
    let home = folder(&[("p/shop.claw", CLIENTS), ("q/shop.claw", SOUND)]);
    let explain = |policy: &str, request: &str| {
        let args = ["explain", "request", "-", policy, "--format", "json"];
        clawc(home.path(), &args, request)
    };
    let code = json!({"is": "class", "class": "code"});
    let denied = json!({"is": "deny", "status": 400, "text": "not you"});
    for (request, due) in [
        (r#"{"ip": "10.1.2.3"}"#, &code),
        (r#"{"client": "ann"}"#, &code),
        (r#"{"client": "bob", "ip": "10.1.2.3"}"#, &denied),
        (r#"{"ip": "10.2.0.1"}"#, &denied),
        ("{}", &denied),
    ] {
        let ran = explain("p", request);
        assert_eq!((ran.code, &*ran.err), (0, ""), "{request}");
        assert_eq!(&ran.json()["decision"], due, "{request}");
    }
    for (policy, name, help) in [
        ("p", "an", "did you mean `ann`?"),
        (
            "p",
            "zebra",
            "leave `client` out, and it is the one that calls from its `ip`",
        ),
        ("q", "ann", "it declares no client; leave `client` out"),
    ] {
        let ran = explain(policy, &format!(r#"{{"client": "{name}"}}"#));
        let due = format!("clawc: <stdin>: the policy has no client `{name}`; {help}\n");
        assert_eq!((ran.code, ran.err), (2, due));
    }
}

#[test]
fn the_commands_of_the_readme_work_as_they_are_written() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let table = home.path().join("quickstart.clawt");
    let mut tried = 0;
    for rest in readme.split("`cargo run --bin clawc -- ").skip(1) {
        let command = rest.split('`').next().unwrap();
        let command = command.replace("/tmp", home.path().to_str().unwrap());
        let args: Vec<&str> = command.split(' ').collect();
        let ran = clawc(&root(), &args, "{}");
        assert_eq!((ran.code, &*ran.err), (0, ""), "{command}");
        assert_eq!(
            ran.out.is_empty(),
            matches!(args[0], "check" | "fmt"),
            "{command}: {}",
            ran.out
        );
        tried += 1;
    }
    assert!(tried >= 4, "only {tried} commands were found");
    assert!(table.exists());
}

#[test]
fn every_request_that_ships_is_explained() {
    let requests = root().join("examples/requests");
    let mut tried = 0;
    for entry in fs::read_dir(requests).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "json") {
            let args = [
                "explain",
                "request",
                path.to_str().unwrap(),
                "examples/quickstart",
            ];
            let ran = clawc(&root(), &args, "");
            assert_eq!((ran.code, &*ran.err), (0, ""), "{}", path.display());
            tried += 1;
        }
    }
    assert!(tried >= 4);
}

#[test]
fn the_worst_case_of_a_class_is_told_term_by_term() {
    let quickstart = |args: &[&str]| {
        let mut all = vec!["explain", "class"];
        all.extend(args);
        all.push("examples/quickstart");
        clawc(&root(), &all, "")
    };
    let ran = quickstart(&["code"]);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    insta::assert_snapshot!("a_class_explained", ran.out);
    let language = fs::read_to_string(root().join("lang/LANGUAGE.md")).unwrap();
    assert!(
        language.contains(&format!("```text\n{}```\n", ran.out)),
        "LANGUAGE.md must show this:\n{}",
        ran.out
    );

    let told = quickstart(&["code", "--format", "json"]).json();
    insta::assert_snapshot!(
        "a_class_explained_json",
        serde_json::to_string_pretty(&told).unwrap()
    );
    // What is shown adds up.
    for shape in ["stream", "plain"] {
        let of = |name: &str| told[shape][name].as_u64().unwrap();
        let terms = told[shape]["terms"].as_array().unwrap();
        let sum: u64 = terms.iter().map(|term| term["ms"].as_u64().unwrap()).sum();
        assert_eq!(sum, of("sum_ms"));
        assert_eq!(of("most_ms"), sum.min(of("total_ms")));
    }

    let ran = quickstart(&["coed"]);
    assert_eq!(
        (ran.code, &*ran.err),
        (
            2,
            "clawc: no class `coed` in this policy; did you mean `code`?\n"
        )
    );
}

#[test]
fn a_class_is_explained_where_a_proof_fails_and_not_where_it_cannot_be_read() {
    let shadowed = SOUND.replace(
        "  otherwise",
        "  when streaming or not streaming -> code\n  otherwise",
    );
    let home = folder(&[("p/shop.claw", &shadowed), ("q/shop.claw", "policy q")]);
    let explain = |policy| clawc(home.path(), &["explain", "class", "code", policy], "");
    assert_eq!(
        clawc(home.path(), &["check", "p", "--deny", "warnings"], "").code,
        1
    );
    let ran = explain("p");
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert!(
        ran.out.contains("unknown: the model says no `price`"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("cost: unknown\n"), "{}", ran.out);
    let ran = explain("q");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("C0210"), "{}", ran.err);
}

#[test]
fn a_stream_that_is_shown_whole_fails_as_late_as_a_plain_answer() {
    let whole = SOUND.replace(
        "fallback a/y }",
        "fallback a/y; timeout first-token 1s; commit whole }",
    );
    let home = folder(&[("p/shop.claw", &whole)]);
    let ran = clawc(
        home.path(),
        &["explain", "class", "code", "p", "--format", "json"],
        "",
    );
    let told = ran.json();
    assert_eq!(told["stream"], told["plain"]);
    let home = folder(&[(
        "p/shop.claw",
        &whole.replace("commit whole", "commit first-content"),
    )]);
    let ran = clawc(
        home.path(),
        &["explain", "class", "code", "p", "--format", "json"],
        "",
    );
    let sum = |shape: &str| ran.json()[shape]["sum_ms"].as_u64().unwrap();
    assert!(sum("stream") < sum("plain"));
}

/// Two providers that share a model, slow ones among them.
const ASKED: &str = r#"policy shop
provider a {
  api     openai
  url     "https://a.example/v1"
  key     env A
  timeout connect 2s, attempt 10s
  model   x { price in $5/M, out $30/M; price above 50k in $10/M, out $60/M; context 100k; max-output 10k }
  model   y { price in $1/M, out $3/M; context 100k; max-output 10k }
}
provider b {
  api     openai
  url     "https://b.example/v1"
  key     env B
  timeout connect 3s, attempt 20s
  model   x
  model   z { context 100k; max-output 10k; can tools }
}
class wide { primary requested from a, b; fallback a/y }
class one { primary b/z; fallback a/y }
route {
  when model is "only" -> one
  otherwise            -> wide
}
"#;

#[test]
fn a_requested_model_is_one_target_and_the_worst_is_that_of_the_worst_model() {
    let home = folder(&[("p/shop.claw", ASKED)]);
    let class = |name| {
        let args = ["explain", "class", name, "p", "--format", "json"];
        clawc(home.path(), &args, "").json()
    };
    let (wide, one) = (class("wide"), class("one"));
    // Naming `z` is the slowest that a request can do, and then it is tried at no other but the fallback.
    for shape in ["stream", "plain"] {
        assert_eq!(wide[shape], one[shape], "{wide:#}");
    }
    assert_eq!(
        wide["requested"],
        json!([{"from": ["a", "b"], "models": 3}])
    );
    assert_eq!(one.get("requested"), None);
    let ran = clawc(home.path(), &["explain", "class", "wide", "p"], "");
    let told =
        "  1 of 3 models  the one that the request names, at the first of a, b that offers it\n";
    assert!(ran.out.contains(told), "{}", ran.out);
}

#[test]
fn a_window_that_is_too_small_passes_a_target_over() {
    let policy = r#"policy p
provider a {
  api openai; url "http://127.0.0.1:1/v1"; key none
  model x { price in $1/M, out $2/M; context 1k; max-output 100; can json }
  model y { price in $3/M, out $4/M; context 2k; max-output 100 }
  model e { context 1k; can embeddings }
}
class code { primary a/x; fallback a/y }
class embed { primary a/e }
route {
  when endpoint is embeddings -> embed
  otherwise                   -> code
}
"#;
    let home = folder(&[("p/shop.claw", policy)]);
    let explain = |request: &str, format: &str| {
        let args = ["explain", "request", "-", "p", "--format", format];
        clawc(home.path(), &args, request)
    };
    // Exactly the window is held, and one token more is not.
    for (tokens, small, costs) in [
        (1000, [None, None], 2),
        (1001, [Some(1000), None], 1),
        (2001, [Some(1000), Some(2000)], 0),
    ] {
        let plan = explain(&format!(r#"{{"tokens": {tokens}}}"#), "json").json()["plan"].clone();
        for (at, small) in small.into_iter().enumerate() {
            assert_eq!(plan["targets"][at]["too_small"], json!(small), "{plan:#}");
        }
        let costed = plan["cost"]["targets"].as_array().map_or(0, Vec::len);
        assert_eq!(costed, costs, "what is passed over costs nothing: {plan:#}");
    }
    let told = explain(r#"{"tokens": 1500, "has": ["tools"]}"#, "human").out;
    let due = "passed over: it has no tools, and holds no more than 1k tokens\n";
    assert!(told.contains(due), "{told}");
    let embedded = explain(r#"{"path": "/v1/embeddings", "tokens": 1001}"#, "json").json();
    assert_eq!(embedded["plan"]["targets"][0].get("too_small"), None);
}

#[test]
fn a_request_is_told_what_it_can_cost_by_its_own_size() {
    let home = folder(&[("p/shop.claw", ASKED)]);
    let explain = |request: &str, format: &str| {
        let args = ["explain", "request", "-", "p", "--format", format];
        clawc(home.path(), &args, request)
    };
    let cost = |request: &str| explain(request, "json").json()["plan"]["cost"].clone();
    let known = r#"{"model": "x", "tokens": 60000, "max-output": 100}"#;
    assert_eq!(
        cost(known),
        json!({
            "most_usd": "1.818", "attempts": 3, "dearest": "a/x",
            "targets": [
                {"target": "a/x", "usd": "0.606", "is": "60k in x $10/M + 100 out x $60/M, above 50k", "lacks": null},
                {"target": "a/y", "usd": "0.0603", "is": "60k in x $1/M + 100 out x $3/M", "lacks": null},
            ],
        })
    );
    // Without a cap of its own the model's counts, and what lies on a threshold belongs to both sides.
    assert_eq!(
        cost(r#"{"model": "x", "tokens": 50000}"#)["targets"][0]["usd"],
        "1.10"
    );
    assert_eq!(
        cost(r#"{"model": "x", "tokens": 49999}"#)["targets"][0]["usd"],
        "0.549995"
    );
    let unknown = cost(r#"{"model": "z", "tokens": 1}"#);
    assert_eq!(unknown["most_usd"], serde_json::Value::Null);
    assert_eq!(unknown["targets"][0]["lacks"], "price");
    // One that cannot carry it costs nothing.
    let passed = cost(r#"{"model": "only", "tokens": 1, "max-output": 1, "has": ["images"]}"#);
    assert_eq!(
        passed["targets"].as_array().map(Vec::len),
        Some(1),
        "{passed}"
    );

    let human = explain(known, "human").out;
    let told = "cost: $1.818, for 3 attempts to a/x\n  a/x  $0.606   60k in x $10/M + 100 out x $60/M, above 50k\n";
    assert!(human.contains(told), "{human}");
    let targets =
        "targets, in order\n  1  a/x  https://a.example/v1  connect 2s, attempt 10s\n  2  a/y";
    assert!(human.contains(targets), "{human}");
    assert!(
        human.contains("taken for granted\n  every attempt is billed"),
        "{human}"
    );
}
