//! A client of one protocol, a provider of another: what arrives, what comes back, and what each
//! failure looks like.

use std::fmt::Write as _;

use claw_table::policy::Api;
use serde_json::{Value, json};

use crate::client::{Answer, attempts, exchange, post};
use crate::house::{House, Plan};

/// In which protocol a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    Chat,
    Messages,
}

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    Stream,
}

const CLIENTS: [Client; 2] = [Client::Chat, Client::Messages];

impl Client {
    /// Other protocols than this one's.
    fn foreign(self) -> [Api; 2] {
        match self {
            Self::Chat => [Api::Anthropic, Api::Gemini],
            Self::Messages => [Api::OpenAi, Api::Gemini],
        }
    }

    pub(crate) fn own(self) -> Api {
        match self {
            Self::Chat => Api::OpenAi,
            Self::Messages => Api::Anthropic,
        }
    }

    pub(crate) fn ask(self, way: Way, more: &Value) -> Vec<u8> {
        let streaming = way == Way::Stream;
        let mut body = json!({
            "model": "any", "stream": streaming,
            "messages": [{"role": "user", "content": "hi there"}],
        });
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
        let tools = match self {
            Self::Chat => {
                json!([{"type": "function", "function": {"name": "look", "parameters": schema}}])
            }
            Self::Messages => json!([{"name": "look", "input_schema": schema}]),
        };
        body["tools"] = tools;
        match self {
            Self::Chat if streaming => body["stream_options"] = json!({"include_usage": true}),
            Self::Chat => {}
            Self::Messages => body["max_tokens"] = json!(1000),
        }
        for (key, value) in more.as_object().expect("members") {
            body[key] = value.clone();
        }
        let path = match self {
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
        };
        post(path, &body.to_string(), "")
    }

    /// The final message of an answer, in one form for both protocols, streams or not.
    pub(crate) fn message(self, answer: &Answer) -> Value {
        let whole = answer.header("content-type") == Some("application/json");
        let events = if whole {
            vec![serde_json::from_str(&answer.text()).expect("JSON")]
        } else {
            events(answer)
        };
        let mut message = Message::default();
        for event in &events {
            match self {
                Self::Chat => message.chat(event),
                Self::Messages => message.messages(event),
            }
        }
        json!({
            "thinking": message.thinking, "text": message.text, "calls": message.calls,
            "stop": message.stop, "usage": message.usage,
        })
    }
}

pub(crate) fn events(answer: &Answer) -> Vec<Value> {
    // Where both speak the same, lines end as the provider ends them.
    let text = answer.text().replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim_start_matches('\u{feff}');
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let json = data.filter(|data| *data != "[DONE]");
    json.map(|data| serde_json::from_str(data).expect("JSON"))
        .collect()
}

/// What a client puts together.
#[derive(Default)]
struct Message {
    thinking: String,
    text: String,
    calls: Vec<(String, String)>,
    stop: String,
    usage: Vec<u64>,
}

impl Message {
    fn chat(&mut self, event: &Value) {
        if let Some(usage) = event["usage"].as_object() {
            let number = |key: &str| usage[key].as_u64().expect("a number");
            let cached = usage["prompt_tokens_details"]["cached_tokens"].as_u64();
            let (input, output) = (number("prompt_tokens"), number("completion_tokens"));
            self.usage = vec![input, cached.unwrap_or(0), output];
        }
        let choice = &event["choices"][0];
        let said = if choice["delta"].is_object() {
            &choice["delta"]
        } else {
            &choice["message"]
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.text += &text(&said["content"]);
        self.text += &text(&said["refusal"]);
        self.thinking += &text(&said["reasoning_content"]);
        for call in said["tool_calls"].as_array().into_iter().flatten() {
            if call["id"].is_string() {
                self.calls
                    .push((text(&call["function"]["name"]), String::new()));
            }
            let last = self.calls.last_mut().expect("a call");
            last.1 += &text(&call["function"]["arguments"]);
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            reason.clone_into(&mut self.stop);
        }
    }

    fn messages(&mut self, event: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(usage) = event["usage"].as_object() {
            let number = |key: &str| usage[key].as_u64().expect("a number");
            let cached = number("cache_read_input_tokens");
            self.usage = vec![
                number("input_tokens") + cached,
                cached,
                number("output_tokens"),
            ];
        }
        let opened = [event["content_block"].clone()];
        let blocks = event["content"]
            .as_array()
            .cloned()
            .unwrap_or(opened.to_vec());
        for block in &blocks {
            if block["type"] == "tool_use" {
                let input = block["input"].to_string();
                self.calls
                    .push((text(&block["name"]), input.replace("{}", "")));
            }
            self.text += &text(&block["text"]);
            self.thinking += &text(&block["thinking"]);
        }
        let delta = &event["delta"];
        self.text += &text(&delta["text"]);
        self.thinking += &text(&delta["thinking"]);
        if let Some(more) = delta["partial_json"].as_str() {
            self.calls.last_mut().expect("a call").1 += more;
        }
        for reason in [&event["stop_reason"], &delta["stop_reason"]] {
            if let Some(reason) = reason.as_str() {
                reason.clone_into(&mut self.stop);
            }
        }
    }
}

/// Providers with these protocols, in order.
pub(crate) fn speaking(apis: &[(&str, Api)]) -> Plan {
    let names: Vec<&str> = apis.iter().map(|(name, _)| *name).collect();
    let mut plan = Plan::over(&names);
    for (provider, (_, api)) in plan.policy.providers.iter_mut().zip(apis) {
        provider.api = *api;
        if *api != Api::OpenAi {
            provider.urls[0].url.base = String::new();
        }
    }
    plan
}

/// Every client with each provider that speaks another protocol.
fn pairs() -> impl Iterator<Item = (Client, Api)> {
    let pairs = |client: Client| client.foreign().map(|api| (client, api));
    CLIENTS.into_iter().flat_map(pairs)
}

fn none() -> Value {
    json!({})
}

#[tokio::test(start_paused = true)]
async fn a_stream_and_a_plain_answer_say_the_same_in_every_pair() {
    let mut shown = String::new();
    for (client, api) in pairs() {
        for script in [
            "ok",
            "words 4, cached 2",
            "reasoning 3, words 5",
            "tool calls 2",
            "reasoning 2, tool calls 1",
            "refusal",
            "finish length",
            "finish content_filter",
            "crlf",
            "cr",
            "bom",
            "split",
            "coalesce",
            "comments",
        ] {
            let mut both = Vec::new();
            for way in [Way::Plain, Way::Stream] {
                let house = House::piped(speaking(&[("a", api)])).await;
                house.script(0, script);
                let answer = exchange(house.connect(), &client.ask(way, &none())).await;
                assert_eq!(
                    answer.status,
                    200,
                    "{client:?} {api:?} {script}: {}",
                    answer.text()
                );
                assert!(answer.clean, "{script}");
                let message = client.message(&answer);
                let record = house.records.one().await;
                let usage = record.usage.expect("usage, always");
                let used = [usage.input_total, usage.cache_read, usage.output_total];
                assert_eq!(message["usage"], json!(used), "{client:?} {api:?} {script}");
                assert_eq!(record.outcome, "complete", "{script}");
                both.push(message);
            }
            assert_eq!(
                both[0], both[1],
                "{client:?} {api:?} {script}: a stream says something else"
            );
            writeln!(shown, "{client:?} {api:?} {script}: {}", both[0]).unwrap();
        }
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test(start_paused = true)]
async fn the_provider_is_asked_in_its_own_words_and_with_its_own_key() {
    for (client, api) in pairs() {
        let house = House::piped(speaking(&[("a", api)])).await;
        let ask = client.ask(Way::Stream, &json!({"temperature": 0.5}));
        exchange(house.connect(), &ask).await;
        let seen = house.sims[0].requests().remove(0);
        let body: Value = serde_json::from_slice(&seen.request.body).unwrap();
        let header = |name: &str| seen.request.header(name).map(str::to_owned);
        let version = header("anthropic-version");
        assert_eq!(
            version.as_deref(),
            (api == Api::Anthropic).then_some("2023-06-01")
        );
        match api {
            Api::Anthropic => {
                assert_eq!(seen.request.path(), "/v1/messages");
                assert!(body["max_tokens"].is_u64() && body["stream_options"].is_null());
            }
            Api::OpenAi => {
                assert_eq!(seen.request.path(), "/v1/chat/completions");
                assert_eq!(body["stream_options"]["include_usage"], true);
            }
            Api::Gemini => {
                let target = "/v1beta/models/wire-a:streamGenerateContent?alt=sse";
                assert_eq!(seen.request.target, target);
                assert_eq!(body["generationConfig"]["temperature"], 0.5);
                let key = header("x-goog-api-key");
                assert_eq!(key.as_deref(), Some("sk-of-the-gateway-0123"));
                assert!(header("authorization").is_none() && header("x-api-key").is_none());
                continue;
            }
        }
        assert_eq!(body["model"], "wire-a");
        assert_eq!(body["temperature"], 0.5);
    }
}

/// What can go wrong before the first content of a stream, and with a whole answer.
const BEFORE_CONTENT: &[&str] = &[
    "down",
    "reset",
    "hang",
    "hang after head",
    "slow first 70s",
    "role then cut",
    "end after 1",
    "error first",
    "bad event after 0",
    "bad chunk after 1",
    "bad json",
    "html",
    "plain",
    "empty",
    "401",
    "429",
    "quota",
    "500",
    "503",
    "529",
    "redirect",
    "gzip",
];
const STREAM_ONLY: &[&str] = &[
    "slow first 70s",
    "bad event after 0",
    "bad chunk after 1",
    "plain",
];

#[tokio::test(start_paused = true)]
async fn each_failure_before_content_is_answered_by_a_fallback_of_the_other_protocol() {
    for (client, foreign) in pairs() {
        let own = client.own();
        for script in BEFORE_CONTENT {
            for order in [[own, foreign], [foreign, own]] {
                falls_back((client, Way::Stream), order, script).await;
            }
        }
        for script in BEFORE_CONTENT
            .iter()
            .filter(|script| !STREAM_ONLY.contains(script))
        {
            for order in [[own, foreign], [foreign, own]] {
                falls_back((client, Way::Plain), order, script).await;
            }
        }
    }
}

async fn falls_back((client, way): (Client, Way), order: [Api; 2], script: &str) {
    let told = format!("{client:?} {way:?} {order:?} {script}");
    let mut plan = speaking(&[("primary", order[0]), ("fallback", order[1])]);
    plan.class().deadlines.first_token_ms = Some(60_000);
    let house = House::piped(plan).await;
    house.script(0, script);
    let answer = exchange(house.connect(), &client.ask(way, &none())).await;
    assert_eq!(answer.status, 200, "{told}: {}", answer.text());
    let message = client.message(&answer);
    let text = message["text"].as_str().expect("text");
    assert!(text.starts_with("This is fallback"), "{told}: {text}");
    let stop = message["stop"].as_str().expect("a reason");
    assert!(matches!(stop, "stop" | "end_turn"), "{told}: {stop}");
    let record = house.records.one().await;
    assert_eq!(record.outcome, "complete", "{told}");
    assert_eq!(record.attempts.len(), 2, "{told}: {}", attempts(&record));
}

/// What can go wrong after content, and the code that a client is told.
const AFTER_CONTENT: &[(&str, &str)] = &[
    ("cut after 6", "upstream_cut"),
    ("cut inside 6", "upstream_cut"),
    ("reset after 6", "upstream_cut"),
    ("end after 6", "upstream_cut"),
    ("error after 6", "overloaded"),
    ("bad chunk after 6", "upstream_cut"),
    ("stall after 6", "upstream_timeout"),
];

#[tokio::test(start_paused = true)]
async fn a_truncated_answer_is_never_told_as_a_whole_one() {
    for (client, api) in pairs() {
        for (script, code) in AFTER_CONTENT {
            let apis = [("a", api), ("b", client.own())];
            let mut plan = speaking(&apis);
            plan.class().deadlines.idle_ms = Some(1_000);
            let house = House::piped(plan).await;
            house.script(0, script);
            let answer = exchange(house.connect(), &client.ask(Way::Stream, &none())).await;
            let told = format!("{client:?} {api:?} {script}: {}", answer.text());
            assert!(!answer.clean, "{told}");
            assert!(!answer.text().contains("[DONE]"), "{told}");
            assert!(!answer.text().contains("message_stop"), "{told}");
            let message = client.message(&answer);
            assert_eq!(message["stop"], "", "{told}");
            let last = events(&answer).pop().expect("an event");
            // What fails inside a stream is told apart by the provider's own word for it.
            let code = match (api, *script) {
                (Api::OpenAi, "error after 6") => "upstream_error",
                _ => code,
            };
            assert_eq!(last["error"]["code"], code, "{told}");
            assert_eq!(
                last["type"] == "error",
                client == Client::Messages,
                "{told}"
            );
            assert_eq!(
                house.sims[1].count(),
                0,
                "{told}: a second answer was begun"
            );
            assert_eq!(house.records.one().await.outcome, "cut", "{told}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_carried_is_refused_before_anything_is_sent() {
    let mut shown = String::new();
    for (client, more) in [
        (Client::Chat, json!({"n": 2})),
        (Client::Chat, json!({"logprobs": true})),
        (
            Client::Chat,
            json!({"response_format": {"type": "json_object"}}),
        ),
        (
            Client::Messages,
            json!({"stop_sequences": ["a", "b", "c", "d", "e"]}),
        ),
        (Client::Messages, json!({"mcp_servers": [{"name": "x"}]})),
    ] {
        let house = House::piped(speaking(&[("a", client.foreign()[0])])).await;
        let answer = exchange(house.connect(), &client.ask(Way::Plain, &more)).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert_eq!(house.sims[0].count(), 0);
        let record = house.records.one().await;
        assert_eq!(
            (record.outcome, record.code),
            ("refused", Some("not_translatable"))
        );
        writeln!(shown, "{}", answer.text()).unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_told_the_request_is_passed_over() {
    let plan = || speaking(&[("a", Api::Anthropic), ("b", Api::OpenAi)]);
    let house = House::piped(plan()).await;
    let ask = Client::Chat.ask(Way::Plain, &json!({"n": 2}));
    let answer = exchange(house.connect(), &ask).await;
    assert_eq!(answer.status, 200);
    let record = house.records.one().await;
    assert_eq!(attempts(&record), "a/small untranslatable, b/small served");
    assert_eq!(answer.header("x-claw-attempts"), Some("1"));
    // Where nobody served, what failed is told rather than who was passed over.
    let house = House::piped(plan()).await;
    house.script(1, "429, retry-after 20s");
    let answer = exchange(house.connect(), &ask).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("20"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_left_out_is_named() {
    for (client, more, named) in [
        (
            Client::Chat,
            json!({"seed": 7, "logit_bias": {"1": 2}, "temperature": 1.5, "user": "u", "n": 1}),
            Some("logit_bias,seed,temperature"),
        ),
        (
            Client::Chat,
            json!({"store": false, "parallel_tool_calls": true}),
            None,
        ),
        (
            Client::Messages,
            json!({"top_k": 3, "context_management": {}, "safeguards": 1}),
            Some("context_management,safeguards,top_k"),
        ),
        (
            Client::Messages,
            json!({"metadata": {"user_id": "u"}}),
            None,
        ),
    ] {
        let house = House::piped(speaking(&[("a", client.foreign()[0])])).await;
        let answer = exchange(house.connect(), &client.ask(Way::Stream, &more)).await;
        assert_eq!(answer.status, 200, "{more}: {}", answer.text());
        assert_eq!(answer.header("x-claw-dropped"), named, "{more}");
        let names = named.map_or(0, |named| named.split(',').count() as u64);
        let record = house.records.one().await;
        assert_eq!(record.attempts[0].hints_dropped, names, "{more}");
        // Who speaks the client's protocol gets all of it.
        let house = House::piped(speaking(&[("a", client.own())])).await;
        let answer = exchange(house.connect(), &client.ask(Way::Stream, &more)).await;
        assert_eq!(answer.header("x-claw-dropped"), None, "{more}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_finds_wrong_with_the_request_is_told_in_the_clients_shape() {
    let mut shown = String::new();
    for (client, api) in pairs() {
        for script in ["context", "filter", "400", "404", "401", "429", "529"] {
            let mut plan = speaking(&[("a", api)]);
            plan.class().retry.attempts = 1;
            let house = House::piped(plan).await;
            house.script(0, script);
            let answer = exchange(house.connect(), &client.ask(Way::Plain, &none())).await;
            // A blocked prompt is an answer, and answers are dated.
            let text = match answer.status {
                200 => client.message(&answer).to_string(),
                _ => answer.text(),
            };
            writeln!(
                shown,
                "{client:?} {api:?} {script}: {} {text}",
                answer.status
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_to_be_asked_for_usage_is_asked_once_more_without_it() {
    let house = House::piped(speaking(&[("a", Api::OpenAi)])).await;
    house.script(0, "refuses usage");
    let answer = exchange(house.connect(), &Client::Messages.ask(Way::Stream, &none())).await;
    let message = Client::Messages.message(&answer);
    assert_eq!(message["stop"], "end_turn");
    let record = house.records.one().await;
    assert_eq!(attempts(&record), "a/small usage-option, a/small served");
    assert_eq!(record.usage, None);
    // This protocol cannot do without numbers, so the client gets likely ones, and never zero.
    let [input, _, output] = [0, 1, 2].map(|at| message["usage"][at].as_u64().unwrap());
    assert!(input > 0 && output > 0, "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_did_not_ask_for_usage_is_not_told_it() {
    let house = House::piped(speaking(&[("a", Api::Anthropic)])).await;
    let ask = Client::Chat.ask(Way::Stream, &json!({"stream_options": null}));
    let answer = exchange(house.connect(), &ask).await;
    assert!(
        answer.is_done() && !answer.text().contains("usage"),
        "{}",
        answer.text()
    );
    assert!(house.records.one().await.usage.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_is_blocked_is_an_answer_with_nothing_in_it() {
    for client in CLIENTS {
        for way in [Way::Plain, Way::Stream] {
            let house = House::piped(speaking(&[("a", Api::Gemini), ("b", client.own())])).await;
            house.script(0, "filter");
            let answer = exchange(house.connect(), &client.ask(way, &none())).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let message = client.message(&answer);
            assert!(message["stop"] == "content_filter" || message["stop"] == "refusal");
            assert_eq!(message["text"], "");
            assert_eq!(
                house.sims[1].count(),
                0,
                "a filter is no reason to ask another"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_gemini_wants_back_with_its_calls_comes_back() {
    let house = House::piped(speaking(&[("a", Api::Gemini)])).await;
    house.script(0, "tool calls 1");
    let answer = exchange(house.connect(), &Client::Chat.ask(Way::Plain, &none())).await;
    let answer: Value = serde_json::from_str(&answer.text()).unwrap();
    let said = answer["choices"][0]["message"].clone();
    let call = &said["tool_calls"][0];
    let result = json!({"role": "tool", "tool_call_id": call["id"], "content": "rain"});
    let ask = json!({"role": "user", "content": "hi there"});
    let turns = json!({"messages": [ask, said, result]});
    house.script(0, "ok");
    exchange(house.connect(), &Client::Chat.ask(Way::Plain, &turns)).await;
    let seen = house.sims[0].requests().pop().unwrap();
    let body: Value = serde_json::from_slice(&seen.request.body).unwrap();
    let back = &body["contents"][1]["parts"][0];
    assert_eq!(back["thoughtSignature"], "c2ltdWxhdGVk");
    assert_eq!(
        back["functionCall"],
        json!({"name": "look", "args": {"n": 7}})
    );
    let result = &body["contents"][2]["parts"][0]["functionResponse"];
    assert_eq!(
        result,
        &json!({"name": "look", "response": {"result": "rain"}})
    );
}

#[tokio::test(start_paused = true)]
async fn one_malformed_event_is_left_out_of_a_translated_stream_too() {
    for (client, api) in pairs() {
        let house = House::piped(speaking(&[("a", api)])).await;
        house.script(0, "bad event after 6, words 9");
        let answer = exchange(house.connect(), &client.ask(Way::Stream, &none())).await;
        let message = client.message(&answer);
        let words = "one two three four five six seven eight nine";
        assert_eq!(message["text"], words, "{client:?} {api:?}");
        assert_ne!(message["stop"], "", "{client:?} {api:?}");
    }
}
