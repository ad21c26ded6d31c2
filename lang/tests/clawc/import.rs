//! `clawc import`: what comes out is sound and formatted, and nothing is lost in silence.

use std::fmt::Write as _;
use std::fs;

use claw_lang::import::{ImportError, Imported, Note, Weight, litellm, openclaw};
use claw_lang::testing::coverage;
use claw_lang::{Source, check, test};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;
use serde_json::{Value, json};

use crate::run::{clawc, folder};

type Read = fn(&str) -> Result<Imported, ImportError>;

const FIXTURES: &[(&str, &str, Read)] = &[
    ("litellm", "proxy.yaml", litellm),
    ("litellm", "ugly.yaml", litellm),
    ("litellm", "budget.yaml", litellm),
    ("litellm", "ceiling.yaml", litellm),
    ("openclaw", "home.json5", openclaw),
    ("openclaw", "ugly.json5", openclaw),
    ("openclaw", "jobs.json5", openclaw),
];

fn fixture(tool: &str, name: &str) -> String {
    let path = format!("{}/tests/import/{tool}/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).unwrap()
}

/// The policy and what became of each part.
fn told(imported: &Imported) -> String {
    let mut out = imported.policy.clone();
    for note in &imported.notes {
        writeln!(
            out,
            "{}: {:?}: {}",
            note.weight.words(),
            note.path,
            note.text
        )
        .unwrap();
    }
    out
}

#[test]
fn every_fixture_becomes_a_policy_and_a_list() {
    for (tool, name, read) in FIXTURES {
        let imported = read(&fixture(tool, name)).unwrap();
        insta::assert_snapshot!(format!("{tool}_{name}"), told(&imported));
    }
}

/// The value with one more member in its `at`-th object, and the path to that member.
fn with_stray(value: &Value, at: usize) -> Option<(Value, String)> {
    fn visit(value: &mut Value, path: &str, left: &mut usize) -> Option<String> {
        if let Value::Object(members) = value {
            if *left == 0 {
                members.insert("stray".into(), json!({ "inner": [1] }));
                return Some(format!("{path}.stray"));
            }
            *left -= 1;
        }
        match value {
            Value::Object(members) => members
                .iter_mut()
                .find_map(|(key, inner)| visit(inner, &format!("{path}.{key}"), left)),
            Value::Array(list) => (0..)
                .zip(list)
                .find_map(|(at, inner)| visit(inner, &format!("{path}[{at}]"), left)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    }
    let (mut value, mut left) = (value.clone(), at);
    let path = visit(&mut value, "", &mut left)?;
    Some((value, path.trim_start_matches('.').to_owned()))
}

/// Whatever a part is called and wherever it stands: it is carried over, or the list has it, or has
/// what it is in.
#[test]
fn nothing_of_a_file_is_passed_over_in_silence() {
    let mut tried = 0;
    for (tool, name, read) in FIXTURES {
        let text = fixture(tool, name);
        let value: Value = match *tool {
            "litellm" => serde_saphyr::from_str(&text).unwrap(),
            _ => json5::from_str(&text).unwrap(),
        };
        for at in 0.. {
            let Some((value, path)) = with_stray(&value, at) else {
                break;
            };
            let imported = read(&value.to_string()).unwrap_or_else(|why| panic!("{path}: {why}"));
            let is_told = |note: &Note| {
                note.weight != Weight::Exact
                    && (path == note.path
                        || path.starts_with(&format!("{}.", note.path))
                        || path.starts_with(&format!("{}[", note.path)))
            };
            assert!(
                imported.notes.iter().any(is_told),
                "{name}: {path}\n{}",
                told(&imported)
            );
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
}

#[test]
fn what_comes_out_passes_check_and_fmt_and_can_be_tested() {
    for (tool, name, _) in FIXTURES {
        let home = folder(&[(name, &fixture(tool, name))]);
        let ran = clawc(
            home.path(),
            &["import", tool, name, "-o", "policy.claw"],
            "",
        );
        assert_eq!((ran.code, &*ran.err), (0, ""), "{name}");
        assert!(ran.out.contains("not carried over: "), "{}", ran.out);
        assert_eq!(
            clawc(home.path(), &["check", "policy.claw"], "").code,
            0,
            "{name}"
        );
        let fmt = clawc(home.path(), &["fmt", "--check", "policy.claw"], "");
        assert_eq!((fmt.code, &*fmt.out), (0, ""), "{name}");
        // A second time it would be written over.
        let again = clawc(
            home.path(),
            &["import", tool, name, "-o", "policy.claw"],
            "",
        );
        assert_eq!(again.code, 2, "{name}");
        let text = fs::read_to_string(home.path().join("policy.claw")).unwrap();
        whole(&text);
    }
}

/// The tests that are suggested for it reach every arm, and pass.
fn whole(text: &str) {
    let sources = |text: &str| {
        vec![Source {
            path: "policy.claw".into(),
            text: text.to_owned(),
        }]
    };
    let (model, outcomes) = test(sources(text)).tested.unwrap();
    let found = coverage(&model, &outcomes).unwrap();
    let tests: Vec<&str> = found.uncovered.iter().map(|left| &*left.test).collect();
    let report = check(sources(&format!("{text}\n{}\n", tests.join("\n")))).report;
    assert!(report.is_sound(), "{}", report.human());
}

#[test]
fn the_policy_goes_to_standard_output_and_the_list_beside_it() {
    let home = folder(&[]);
    let config = fixture("litellm", "proxy.yaml");
    let ran = clawc(home.path(), &["import", "litellm", "-"], &config);
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("# Made by"), "{}", ran.out);
    assert!(ran.err.contains("not carried over: 5\n"), "{}", ran.err);
    let json = clawc(
        home.path(),
        &["import", "litellm", "-", "--format", "json"],
        &config,
    )
    .json();
    assert_eq!(json["policy"], ran.out);
    assert_eq!(json["notes"][0]["carried"], "exact");
    assert_eq!(json["notes"][0]["path"], "model_list[0]");
}

#[test]
fn what_is_no_config_is_told_so() {
    for (tool, text, due) in [
        ("litellm", "a: [", "it is not YAML: "),
        ("litellm", "hello", "there is no `model_list` in it"),
        (
            "litellm",
            "model_list: []",
            "no model in it can be carried over",
        ),
        (
            "litellm",
            "model_list: 5",
            "model_list: a number stands where a list is due",
        ),
        ("litellm", "", "there is no `model_list` in it"),
        ("openclaw", "{", "it is not JSON5: "),
        ("openclaw", "{}", "there is no `agents.defaults` in it"),
        (
            "openclaw",
            "{agents: {defaults: {model: 'x'}}}",
            "`x` names no provider",
        ),
    ] {
        let home = folder(&[]);
        let ran = clawc(home.path(), &["import", tool, "-"], text);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{text}");
        assert!(ran.err.contains(due), "{text}: {}", ran.err);
    }
}

#[test]
fn a_key_is_never_written_into_a_policy() {
    let (key, other) = ("a-real-key-in-the-file", "another-real-key");
    let proxy = litellm(&fixture("litellm", "ugly.yaml")).unwrap();
    assert!(!told(&proxy).contains(key));
    let config = json!({
        "models": { "providers": { "x": { "baseUrl": "https://x.example.com/v1", "apiKey": other } } },
        "agents": { "defaults": { "model": "x/y" } },
    });
    let home = openclaw(&config.to_string()).unwrap();
    assert!(!told(&home).contains(other));
}

#[test]
fn a_file_that_is_made_to_be_too_much_is_refused_and_breaks_nothing() {
    let deep = "[".repeat(200_000);
    assert!(matches!(litellm(&deep), Err(ImportError::NotYaml(_))));
    assert!(matches!(openclaw(&deep), Err(ImportError::NotJson5(_))));
    // Each line is ten of the one before: a few hundred bytes that would be a billion.
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for at in 1..12 {
        let many = vec![format!("*a{}", at - 1); 10].join(", ");
        writeln!(bomb, "a{at}: &a{at} [{many}]").unwrap();
    }
    assert!(matches!(litellm(&bomb), Err(ImportError::NotYaml(_))));
}

/// Something that may stand anywhere.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("openai/gpt-5.5"),
            Just("anthropic/claude-opus-5-5"),
            Just("x/y"),
            Just("http://h.example/v1"),
            Just("https://h.example"),
            Just("os.environ/A"),
            Just("${A}"),
            Just("when"),
        ]
        .prop_map(Value::from),
        vec("[a-z]{1,3}".prop_map(Value::from), 0..3).prop_map(Value::from),
        "[a-z]{1,3}".prop_map(|key| json!({ key: "x" })),
    ]
}

fn entry() -> impl Strategy<Value = Value> {
    let name = prop_oneof!["[a-c]".prop_map(Value::from), odd()];
    let model = prop_oneof![
        Just(json!("openai/gpt-5.5")),
        Just(json!("openai_like/m")),
        odd()
    ];
    (name, model, odd(), odd(), odd(), odd()).prop_map(|(name, model, base, key, weight, cost)| {
        json!({
            "model_name": name,
            "litellm_params": {
                "model": model, "api_base": base, "api_key": key, "weight": weight,
                "input_cost_per_token": cost, "timeout": weight,
            },
            "model_info": { "max_input_tokens": weight, "mode": base, "supports_vision": true },
        })
    })
}

#[test]
fn a_price_beyond_what_a_policy_can_say_is_left_out_and_told() {
    let agent = |cost: &Value| {
        json!({
            "models": { "providers": { "x": {
                "baseUrl": "http://127.0.0.1:9/v1", "api": "openai-completions",
                "models": [{ "id": "y", "cost": cost }],
            } } },
            "agents": { "defaults": { "model": { "primary": "x/y" } } },
        })
    };
    let proxy = json!({
        "model_list": [{ "model_name": "a", "litellm_params": {
            "model": "openai/y", "input_cost_per_token": 2, "output_cost_per_token": 1e-6,
        } }],
    });
    for imported in [
        openclaw(&agent(&json!({ "input": 2_000_000, "output": 1 })).to_string()),
        litellm(&proxy.to_string()),
    ] {
        let told = told(&imported.unwrap());
        assert!(!told.contains("price in"), "{told}");
        assert!(!told.contains("price out"), "{told}");
        assert!(told.contains("a price is at most `$1000000/M`"), "{told}");
    }
    let most = openclaw(&agent(&json!({ "input": 1_000_000 })).to_string());
    assert!(most.unwrap().policy.contains("price in $1000000/M"));
    let least = openclaw(&agent(&json!({ "input": 0.0005, "output": 1 })).to_string());
    let least = told(&least.unwrap());
    assert!(!least.contains("price in"), "{least}");
    assert!(least.contains("a price is at least `$0.001/M`"), "{least}");
}

proptest! {
    // Each is checked and formatted, which costs more than what it is made of.
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn whatever_a_proxy_is_told_the_policy_is_sound(
        list in vec(entry(), 0..5), strategy in odd(), retries in odd(), fallbacks in vec(odd(), 0..3), alias in odd()
    ) {
        let config = json!({
            "model_list": list,
            "router_settings": {
                "routing_strategy": strategy, "num_retries": retries, "timeout": retries,
                "fallbacks": [{ "a": ["b", "c", "a"] }, { "b": fallbacks }],
                "model_group_alias": { "z": "a", "b": "a", "y": alias },
            },
        });
        match litellm(&config.to_string()) {
            Ok(_) | Err(ImportError::NoConfig(_)) => {}
            Err(other) => panic!("{other}\n{config:#}"),
        }
    }

    #[test]
    fn whatever_an_agent_is_told_the_policy_is_sound(
        api in odd(), base in odd(), key in odd(), main in odd(), others in vec(odd(), 0..3), count in odd()
    ) {
        let config = json!({
            "models": { "providers": {
                "x": { "baseUrl": base, "api": api, "apiKey": key, "timeoutSeconds": count, "models": [
                    { "id": "y", "contextWindow": count, "maxTokens": count, "input": ["image"], "cost": { "input": count } },
                ] },
            } },
            "agents": { "defaults": {
                "model": { "primary": main, "fallbacks": others },
                "utilityModel": "x/y",
                "heartbeat": { "model": "openai/gpt-5.4-nano" },
            } },
        });
        match openclaw(&config.to_string()) {
            Ok(_) | Err(ImportError::NoConfig(_)) => {}
            Err(other) => panic!("{other}\n{config:#}"),
        }
    }
}
