//! Every fault of the simulator, for every client and every provider, streamed and plain: one cell
//! each, and none is empty.
//!
//! What holds in each: one terminal outcome, one record, bytes of one attempt only, and no truncated
//! answer that looks whole.

use std::fmt::Write as _;

use claw_runtime::sim::faults::FAULTS;
use claw_table::policy::Api;
use serde_json::{Value, json};

use crate::client::{Answer, exchange, post};
use crate::house::House;
use crate::translate::{Client, Way, events, speaking};

/// Whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    Of(Client),
    Responses,
}

const ASKERS: [Asker; 3] = [
    Asker::Of(Client::Chat),
    Asker::Of(Client::Messages),
    Asker::Responses,
];
const APIS: [Api; 3] = [Api::OpenAi, Api::Anthropic, Api::Gemini];

/// The last words of the usual answer.
const LAST_WORDS: &str = "You said: hi there";

impl Asker {
    fn ask(self, way: Way) -> Vec<u8> {
        match self {
            Self::Of(client) => client.ask(way, &json!({})),
            Self::Responses => {
                let tool = json!({"type": "function", "name": "look", "parameters": {
                    "type": "object", "properties": {"n": {"type": "integer"}}}});
                let body = json!({"model": "any", "input": "hi there", "tools": [tool],
                    "stream": way == Way::Stream});
                post("/v1/responses", &body.to_string(), "")
            }
        }
    }

    /// The protocol of a fallback that needs no translation.
    fn own(self) -> Api {
        match self {
            Self::Of(client) => client.own(),
            Self::Responses => Api::OpenAi,
        }
    }

    /// The text of an answer, and how it says that it is whole; empty if it does not.
    fn told(self, answer: &Answer) -> (String, String) {
        let Self::Of(client) = self else {
            return response(answer);
        };
        let message = client.message(answer);
        let text = |key: &str| message[key].as_str().expect("text").to_owned();
        (text("text"), text("stop"))
    }
}

fn response(answer: &Answer) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if answer.header("content-type") == Some("application/json") {
        let whole: Value = serde_json::from_str(&answer.text()).expect("JSON");
        let items = whole["output"].as_array().into_iter().flatten();
        let parts = items
            .filter_map(|item| item["content"].as_array())
            .flatten();
        let said = parts.map(|part| text(&part["text"]) + &text(&part["refusal"]));
        return (said.collect(), text(&whole["status"]));
    }
    let (mut said, mut status) = (String::new(), String::new());
    for event in events(answer) {
        let kind = text(&event["type"]);
        if kind == "response.output_text.delta" || kind == "response.refusal.delta" {
            said += &text(&event["delta"]);
        }
        if kind == "response.completed" || kind == "response.incomplete" {
            status = text(&event["response"]["status"]);
        }
    }
    (said, status)
}

/// What became of one request.
async fn cell(asker: Asker, api: Api, way: Way, fault: &str) -> String {
    let at = format!("{fault}: {asker:?} {api:?} {way:?}");
    let mut plan = speaking(&[("primary", api), ("fallback", asker.own())]);
    plan.class().deadlines.first_token_ms = Some(10_000);
    plan.class().deadlines.idle_ms = Some(10_000);
    let house = House::piped(plan).await;
    house.script(0, fault);
    let answer = exchange(house.connect(), &asker.ask(way)).await;
    let record = house.records.one().await;
    if answer.status != 200 {
        assert!(answer.clean, "{at}");
        assert!(
            matches!(record.outcome, "refused" | "failed"),
            "{at}: {}",
            record.outcome
        );
        return format!("{}", answer.status);
    }
    let (text, stop) = asker.told(&answer);
    assert!(
        text.matches("This is ").count() <= 1,
        "{at}: two attempts: {text}"
    );
    if answer.clean {
        assert_eq!(record.outcome, "complete", "{at}: {}", answer.text());
        assert_ne!(
            stop,
            "",
            "{at}: it does not say that it is whole: {}",
            answer.text()
        );
        let usual = text.contains("This is ");
        assert!(
            !usual || text.ends_with(LAST_WORDS),
            "{at}: not whole: {text}"
        );
        let target = answer.header("x-claw-target").expect("who served");
        let (who, _) = target.split_once('/').expect("a provider");
        assert!(
            !usual || text.contains(&format!("This is {who}, ")),
            "{at}: {text}"
        );
        return if who == "primary" { "whole" } else { "other" }.to_owned();
    }
    assert_eq!(record.outcome, "cut", "{at}");
    let ends = [
        "[DONE]",
        "message_stop",
        "response.completed",
        "response.incomplete",
    ];
    let text = answer.text();
    assert!(
        !ends.iter().any(|end| text.contains(end)),
        "{at}: a cut answer says that it is whole: {text}"
    );
    // A provider that speaks the client's protocol may have said why it stops, and then broken off.
    assert!(stop.is_empty() || api == asker.own(), "{at}: {text}");
    let told = events(&answer)
        .iter()
        .any(|event| !event["error"].is_null() || event["type"] == "error");
    assert!(
        told,
        "{at}: a cut that nobody is told of: {}",
        answer.text()
    );
    "cut".to_owned()
}

#[tokio::test(start_paused = true)]
#[expect(
    clippy::print_stdout,
    reason = "the table is for whoever reads a test run too"
)]
async fn every_fault_ends_in_one_way_for_every_client_and_provider() {
    let mut shown = String::from(
        "whole: the primary's answer · other: the fallback's · cut: an error after the first words · \
         a status: refused · -: nobody has words for it\n",
    );
    let mut columns = Vec::new();
    for asker in ASKERS {
        for api in APIS {
            for way in [Way::Stream, Way::Plain] {
                let at = columns.len() + 1;
                writeln!(shown, "{at:>2}: {asker:?} by {api:?}, {way:?}").unwrap();
                columns.push((asker, api, way));
            }
        }
    }
    let mut cells = 0;
    let mut without = 0;
    for fault in FAULTS {
        write!(shown, "{:<24}", fault.example).unwrap();
        for (asker, api, way) in &columns {
            // Responses pass through to those who speak them, and to nobody else.
            let told = if *asker == Asker::Responses && *api != Api::OpenAi {
                without += 1;
                "-".to_owned()
            } else {
                cells += 1;
                cell(*asker, *api, *way, fault.example).await
            };
            assert!(!told.is_empty());
            write!(shown, " {told:<5}").unwrap();
        }
        shown.truncate(shown.trim_end().len());
        shown.push('\n');
    }
    assert_eq!(
        cells + without,
        FAULTS.len() * columns.len(),
        "no cell is empty"
    );
    writeln!(shown, "{cells} cells, and {without} that do not apply").unwrap();
    println!("{shown}");
    insta::assert_snapshot!(shown);
}
