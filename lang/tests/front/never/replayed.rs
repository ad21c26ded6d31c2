//! Witnesses of broken claims, sent through the table, and read back from what is printed of them.

use std::sync::Arc;

use claw_lang::diagram::Kept;
use claw_lang::model::{Member, Model};
use claw_lang::moment::Moment;
use claw_lang::never::{Broken, broken, written};
use claw_lang::oracle::{self, Request};
use claw_lang::report::Report;
use claw_lang::syntax::ast::{Item, Line, Value};
use claw_lang::syntax::lexer::Kind;
use claw_lang::syntax::parse;
use claw_lang::{BuildInfo, declared};
use claw_table::policy::{Action, Scope, Then};
use claw_table::{Can, ClassId, Table, decimal};

use super::{BAD, policy};
use crate::one;

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
