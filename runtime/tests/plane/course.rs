//! The tests of a policy promise what the gateway does: the same faults through `clawc test` and
//! through the data plane leave the same turns, and the client the same status.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use claw_lang::Source;
use claw_lang::testing::{Course, End};

use crate::client::{PLAIN, STREAM, exchange, post};
use crate::house::{House, Pipes, Plan, sims};
use crate::windows;

/// A fault in the words of a policy's test and in those of the simulator. What is not reached is
/// not in the simulator's words: its provider has no address.
const FAULTS: &[(&str, Option<&str>)] = &[
    ("down", None),
    ("timeout", Some("hang")),
    ("cut", Some("cut after 0")),
    ("malformed", Some("html")),
    ("overloaded", Some("529")),
    ("quota", Some("quota")),
    ("bad-key", Some("401")),
    ("context-too-long", Some("context")),
    ("content-filter", Some("filter")),
    ("400", Some("400")),
    ("402", Some("402")),
    ("403", Some("403")),
    ("404", Some("404")),
    ("408", Some("408")),
    ("409", Some("409")),
    ("429", Some("429")),
    ("500", Some("500")),
    ("503", Some("503")),
    ("504", Some("504")),
    ("429, retry-after 2s", Some("429, retry-after 2s")),
    ("503, retry-after 2s", Some("503, retry-after 2s")),
    ("503, retry-after 60s", Some("503, retry-after 60s")),
    ("slow 9s", Some("slow 9s")),
    ("slow 11s", Some("slow 11s")),
    ("cut after 1 event", Some("cut after 1")),
    ("cut after 2 events", Some("cut after 2")),
    ("cut after 3 events", Some("cut after 3")),
    ("cut after 4 events", Some("cut after 4")),
    ("cut after 5 events", Some("cut after 5")),
];

/// Their waits are of one length: the gateway throws dice within a range, a test takes its end.
const RETRIES: &[&str] = &[
    // As without one, but for that.
    "retry usual { on connect, timeout, cut, overloaded, quota, bad-key, malformed, 429, 500..599; attempts 3; backoff 200ms..200ms; honor retry-after up to 10s }",
    // What is the request's own fault moves on where it is named, and nowhere else.
    "retry own { on context-too-long, content-filter, 404; attempts 3; backoff 1s..1s; honor retry-after up to 1s }",
    "retry narrow { on connect, 429, 500..599; attempts 5; backoff 1s..1s; honor retry-after up to 1s }",
    "retry wide { on connect, timeout, cut, overloaded, quota, bad-key, malformed, 400..599; attempts 4; backoff 3s..3s; honor retry-after up to 30s }",
];

fn policy(api: &str, retry: &str, total: &str) -> String {
    let named = retry
        .split(' ')
        .nth(1)
        .map(|name| format!("; retry {name}"));
    let named = named.unwrap_or_default();
    format!(
        "policy p
provider a {{ api {api}; url \"http://127.0.0.1:1\"; key none; model m }}
provider b {{ api {api}; url \"http://127.0.0.1:2\"; key none; model m }}
{retry}
class code {{ primary a/m; fallback b/m; timeout first-token 10s, total {total}{named} }}
route {{ otherwise -> code }}
"
    )
}

/// One request with these faults of the two providers.
#[derive(Debug, Clone, Copy)]
struct Case {
    endpoint: &'static str,
    streaming: bool,
    /// Of its input; of a few words where nothing says otherwise.
    tokens: Option<u64>,
    faults: [Option<usize>; 2],
}

impl Case {
    fn promised(self, policy: &str) -> Course {
        let streaming = if self.streaming { "; streaming" } else { "" };
        let tokens = self.tokens.map(|tokens| format!("; tokens {tokens}"));
        let mut test = format!(
            "{policy}test \"it\" {{\n  request {{ endpoint {}{streaming}{} }}\n",
            self.endpoint,
            tokens.unwrap_or_default()
        );
        for (provider, fault) in ["a", "b"].iter().zip(self.faults) {
            if let Some(fault) = fault {
                writeln!(test, "  fault {provider} {}", FAULTS[fault].0).unwrap();
            }
        }
        test.push_str("  expect class code\n}\n");
        let source = Source {
            path: "policy.claw".into(),
            text: test,
        };
        let ran = claw_lang::test(vec![source]);
        let Some((_, outcomes)) = ran.tested else {
            panic!("{}", ran.report.human())
        };
        outcomes[0].course.clone()
    }

    /// The turns as the log has them, and what the client got.
    async fn done(self, policy: &str) -> (String, u16) {
        let plan = Plan::written(policy);
        let sims = sims(&plan).await;
        let mut addresses = Vec::new();
        for ((port, sim), fault) in (0_u16..).zip(&sims).zip(self.faults) {
            let fault = fault.map(|fault| FAULTS[fault].1);
            addresses.push(if fault == Some(None) {
                Vec::new()
            } else {
                vec![SocketAddr::from(([127, 0, 0, 1], port))]
            });
            let words = fault.flatten().unwrap_or("ok");
            sim.script(&format!("always -> {words}")).unwrap();
        }
        let dial = Arc::new(Pipes(sims.clone()));
        let house = House::with(plan, sims, addresses, dial);
        let (path, mut body) = match (self.endpoint, self.streaming) {
            ("messages", streaming) => (
                "/v1/messages",
                format!(
                    r#"{{"model":"m","max_tokens":100,"stream":{streaming},"messages":[{{"role":"user","content":"hi"}}]}}"#
                ),
            ),
            ("responses", streaming) => (
                "/v1/responses",
                format!(r#"{{"model":"m","stream":{streaming},"input":"hi there"}}"#),
            ),
            ("embeddings", _) => ("/v1/embeddings", r#"{"model":"m","input":"hi"}"#.to_owned()),
            (_, true) => ("/v1/chat/completions", STREAM.to_owned()),
            (_, false) => ("/v1/chat/completions", PLAIN.to_owned()),
        };
        if let Some(tokens) = self.tokens {
            let more = serde_json::json!({"stream": self.streaming});
            body = windows::body(path, tokens, &more);
        }
        let answer = exchange(house.connect(), &post(path, &body, "")).await;
        let record = house.records.one().await;
        let turns = record.attempts.iter().map(|turn| {
            let sent = if turn.sent { "" } else { "unsent " };
            let cause = turn.cause.as_deref().unwrap_or("served");
            format!("{} {sent}{cause}", turn.target)
        });
        (turns.collect::<Vec<_>>().join(", "), answer.status)
    }
}

/// The promised turns in the words of the log.
fn told(course: &Course) -> String {
    let turns = course.tried.iter().map(|turn| {
        let name = ["a/m", "b/m"][usize::from(turn.target.provider.0)];
        match &turn.end {
            End::Served => format!("{name} served"),
            End::Unsent(why) => format!("{name} unsent {why}"),
            End::Failed(why) => format!("{name} {why}"),
        }
    });
    turns.collect::<Vec<_>>().join(", ")
}

async fn compare(case: Case, policy: &str, differ: &mut String) {
    let course = case.promised(policy);
    // The client of an answer that breaks off has seen its head.
    let status = course.failed.unwrap_or(200);
    let promised = (told(&course), status);
    let done = case.done(policy).await;
    if promised != done {
        let faults = case
            .faults
            .map(|fault| fault.map_or("", |fault| FAULTS[fault].0));
        writeln!(
            differ,
            "{case:?} {faults:?}\n  test    {promised:?}\n  gateway {done:?}"
        )
        .unwrap();
    }
}

/// The same faults of a whole answer and of a stream.
async fn both(
    endpoint: &'static str,
    faults: [Option<usize>; 2],
    (policy, differ): (&str, &mut String),
) {
    for streaming in [false, true] {
        let case = Case {
            endpoint,
            streaming,
            tokens: None,
            faults,
        };
        compare(case, policy, differ).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_faults_leave_the_same_turns_in_a_test_and_in_the_gateway() {
    let mut differ = String::new();
    for (number, retry) in RETRIES.iter().enumerate() {
        let policy = policy("openai", retry, "5m");
        for first in 0..FAULTS.len() {
            // Every fault alone, before a sound target, and before a few others.
            let behind = [
                None,
                Some(first),
                Some((first * 7 + number + 3) % FAULTS.len()),
            ];
            for (at, second) in behind.into_iter().enumerate() {
                // Another protocol now and then.
                let endpoint = ["responses", "chat", "chat", "chat"][(first + at) % 4];
                both(endpoint, [Some(first), second], (&policy, &mut differ)).await;
            }
        }
    }
    assert!(differ.is_empty(), "{differ}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_messages_has_its_content_where_a_test_says() {
    let mut differ = String::new();
    let policy = policy("anthropic", RETRIES[0], "5m");
    for first in 0..FAULTS.len() {
        // Said as it was asked, and translated.
        both("messages", [Some(first), None], (&policy, &mut differ)).await;
        both("chat", [Some(first), None], (&policy, &mut differ)).await;
    }
    assert!(differ.is_empty(), "{differ}");
}

#[tokio::test(start_paused = true)]
async fn the_total_of_a_class_ends_a_test_where_it_ends_a_request() {
    let mut differ = String::new();
    for total in ["8s", "11s", "19s"] {
        let policy = policy("openai", RETRIES[3], total);
        for first in ["timeout", "slow 9s", "slow 11s", "503, retry-after 2s"] {
            let first = FAULTS.iter().position(|(words, _)| *words == first);
            let second = FAULTS.iter().position(|(words, _)| *words == "timeout");
            for second in [None, second] {
                let case = Case {
                    endpoint: "chat",
                    streaming: true,
                    tokens: None,
                    faults: [first, second],
                };
                compare(case, &policy, &mut differ).await;
            }
        }
    }
    assert!(differ.is_empty(), "{differ}");
}

/// When an answer is shown, and what becomes of one that breaks off. A client that waits would get
/// a head before the status is known; a test speaks of statuses.
const WAYS: &[(&str, &str)] = &[
    ("commit whole; heartbeat off", "model m"),
    ("after-cut continue", "model m { can continue }"),
    ("after-cut continue", "model m"),
];

#[tokio::test(start_paused = true)]
async fn a_test_says_what_is_shown_whole_and_what_is_gone_on_with() {
    let mut differ = String::new();
    let retries = || RETRIES.iter().enumerate();
    let ways = WAYS
        .iter()
        .flat_map(|way| retries().map(move |retry| (way, retry)));
    for ((way, model), (number, retry)) in ways {
        let policy = policy("openai", retry, "5m")
            .replace("model m", model)
            .replace("fallback b/m;", &format!("fallback b/m; {way};"));
        for first in 0..FAULTS.len() {
            let behind = [None, Some((first * 5 + number) % FAULTS.len())];
            for (at, second) in behind.into_iter().enumerate() {
                let endpoint = ["chat", "responses", "chat", "chat"][(first + at) % 4];
                both(endpoint, [Some(first), second], (&policy, &mut differ)).await;
            }
        }
    }
    assert!(differ.is_empty(), "{differ}");
}

#[tokio::test(start_paused = true)]
async fn a_test_says_it_of_one_target_that_goes_on_and_one_that_does_not() {
    let mut differ = String::new();
    let asked = [
        ("openai", "chat"),
        ("anthropic", "messages"),
        ("anthropic", "chat"),
    ];
    let asked = asked
        .into_iter()
        .flat_map(|asked| ["a", "b"].map(|only| (asked, only)));
    for ((api, endpoint), only) in asked {
        let provider = format!("provider {only} {{ api {api}; url \"http://127.0.0.1:");
        let policy = policy(api, RETRIES[0], "5m")
            .replace("fallback b/m;", "fallback b/m; after-cut continue;");
        let (front, rest) = policy.split_once(&provider).unwrap();
        let rest = rest.replacen("model m", "model m { can continue }", 1);
        let policy = format!("{front}{provider}{rest}");
        for first in 0..FAULTS.len() {
            for second in [None, Some(first), Some((first + 3) % FAULTS.len())] {
                let case = Case {
                    endpoint,
                    streaming: true,
                    tokens: None,
                    faults: [Some(first), second],
                };
                compare(case, &policy, &mut differ).await;
            }
        }
    }
    assert!(differ.is_empty(), "{differ}");
}

/// The same fault of the first target and of the second, for input of so many tokens.
async fn sized((tokens, fault): (u64, Option<&str>), (policy, differ): (&str, &mut String)) {
    let fault = fault.and_then(|fault| FAULTS.iter().position(|(words, _)| *words == fault));
    for (endpoint, streaming) in [
        ("chat", true),
        ("chat", false),
        ("responses", true),
        ("messages", true),
        ("embeddings", false),
    ] {
        for faults in [[fault, None], [None, fault]] {
            let case = Case {
                endpoint,
                streaming,
                tokens: Some(tokens),
                faults,
            };
            compare(case, policy, differ).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_passes_over_the_windows_that_the_gateway_does() {
    let mut differ = String::new();
    let faults = [
        None,
        Some("503"),
        Some("context-too-long"),
        Some("cut after 5 events"),
    ];
    for [first, second] in [["1k", "2k"], ["2k", "1k"], ["1k", "1k"]] {
        let model = |window: &str| format!("model m {{ can continue; context {window} }}");
        let policy = policy("openai", RETRIES[1], "5m")
            .replacen("model m", &model(first), 1)
            .replacen("model m }", &format!("{} }}", model(second)), 1)
            .replace("fallback b/m;", "fallback b/m; after-cut continue;");
        let all = [1000, 1001, 2000, 2001].map(|tokens| faults.map(|fault| (tokens, fault)));
        for of in all.concat() {
            sized(of, (&policy, &mut differ)).await;
        }
    }
    assert!(differ.is_empty(), "{differ}");
}
