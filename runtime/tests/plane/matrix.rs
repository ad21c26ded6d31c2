//! Every fault of the simulator, before and behind the first content, for every client and every
//! provider, streamed and plain, in every way to commit: one cell each, and none is empty.
//!
//! What holds in each: one terminal outcome, one record, bytes of one attempt only (or of two that
//! make one exact answer), and no truncated answer that looks whole.

use std::fmt::Write as _;

use claw_runtime::observe::record::Record;
use claw_runtime::sim::faults::FAULTS;
use claw_table::Can;
use claw_table::policy::{AfterCut, Api, Commit};
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

/// When an answer is shown, and what becomes of one that breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Error,
    Continue,
    Whole,
}

const MODES: [Mode; 3] = [Mode::Error, Mode::Continue, Mode::Whole];

/// Why a cell has nothing to say, if so.
fn inapplicable(asker: Asker, api: Api, way: Way, mode: Mode) -> Option<&'static str> {
    if asker == Asker::Responses && api != Api::OpenAi {
        return Some("-");
    }
    // A plain answer is whole or none in every mode: there is one row of cells for it.
    (way == Way::Plain && mode != Mode::Error).then_some("=")
}

/// A fault where the scripted one stands, and the same before there is any content.
fn places(example: &'static str) -> Vec<String> {
    let mut places = vec![example.to_owned()];
    if let Some((front, _)) = example.rsplit_once(" after ")
        && example.ends_with(|last: char| last.is_ascii_digit())
    {
        places.insert(0, format!("{front} after 0"));
    }
    if let Some((front, _)) = example.split_once(" inside ") {
        places.insert(0, format!("{front} inside 0"));
    }
    places
}

/// What became of one request.
async fn cell(asker: Asker, (api, way, mode): (Api, Way, Mode), fault: &str) -> String {
    let at = format!("{fault}: {asker:?} {api:?} {way:?} {mode:?}");
    let mut plan = speaking(&[("primary", api), ("fallback", asker.own())]);
    match mode {
        Mode::Error => {}
        Mode::Continue => plan.class().after_cut = AfterCut::Continue,
        Mode::Whole => plan.class().commit = Commit::Whole,
    }
    for provider in &mut plan.policy.providers {
        let all = Can::ALL.iter().fold(0, |bits, can| bits | can.bit());
        provider.models[0].can = Some(all & !Can::Embeddings.bit());
    }
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
        return whole(&record, &answer, (&text, &stop), &at);
    }
    assert_ne!(mode, Mode::Whole, "{at}: half an answer: {}", answer.text());
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

/// Who gave an answer that says that it is whole.
fn whole(record: &Record, answer: &Answer, (text, stop): (&str, &str), at: &str) -> String {
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
    let joined = record.attempts.iter().any(|attempt| attempt.continued);
    let last = record.target.as_deref();
    let target = answer.header("x-claw-target").or(last);
    let (who, _) = target
        .expect("who served")
        .split_once('/')
        .expect("a provider");
    // What two gave is one answer of either, word for word.
    let names = ["primary", "fallback"];
    let said = |name: &&str| text.contains(&format!("This is {name}, a simulated provider, as "));
    assert!(
        !joined || names.iter().any(said) && text.split(' ').count() == 12,
        "{at}: {text}"
    );
    assert!(
        !usual || joined || text.contains(&format!("This is {who}, ")),
        "{at}: {text}"
    );
    match who {
        "primary" if joined => "both",
        "primary" => "whole",
        _ => "other",
    }
    .to_owned()
}

#[tokio::test(start_paused = true)]
#[expect(
    clippy::print_stdout,
    reason = "the table is for whoever reads a test run too"
)]
async fn every_fault_ends_in_one_way_for_every_client_and_provider() {
    let mut shown = String::from(
        "whole: the primary's answer · other: the fallback's · both: one that the primary began and \
         the fallback ended\n\
         cut: an error after the first words · a status: refused\n\
         -: nobody has words for it · =: a plain answer is whole or none, in every mode\n",
    );
    let columns = MODES.into_iter().flat_map(|mode| {
        let askers = ASKERS.into_iter();
        let pairs = askers.flat_map(|asker| APIS.map(|api| (asker, api)));
        let ways = [Way::Stream, Way::Plain];
        pairs.flat_map(move |(asker, api)| ways.map(|way| (asker, api, way, mode)))
    });
    // A column in which nothing applies has one line for all its cells.
    let (told, silent): (Vec<_>, Vec<_>) = columns.partition(|column| {
        let (asker, api, way, mode) = *column;
        inapplicable(asker, api, way, mode).is_none()
    });
    for (at, (asker, api, way, mode)) in (1..).zip(&told) {
        writeln!(shown, "{at:>2}: {asker:?} by {api:?}, {way:?}, {mode:?}").unwrap();
    }
    for (asker, api, way, mode) in &silent {
        let why = inapplicable(*asker, *api, *way, *mode).unwrap();
        writeln!(shown, " {why}: {asker:?} by {api:?}, {way:?}, {mode:?}").unwrap();
    }
    let rows: Vec<String> = FAULTS
        .iter()
        .flat_map(|fault| places(fault.example))
        .collect();
    let mut cells = 0;
    for fault in &rows {
        write!(shown, "{fault:<24}").unwrap();
        for (asker, api, way, mode) in &told {
            let told = cell(*asker, (*api, *way, *mode), fault).await;
            cells += 1;
            assert!(!told.is_empty());
            write!(shown, " {told:<5}").unwrap();
        }
        shown.truncate(shown.trim_end().len());
        shown.push('\n');
    }
    let without = rows.len() * silent.len();
    assert_eq!(cells, rows.len() * told.len(), "no cell is empty");
    writeln!(shown, "{cells} cells, and {without} that do not apply").unwrap();
    println!("{shown}");
    insta::assert_snapshot!(shown);
}
