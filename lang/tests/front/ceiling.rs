//! Ceilings: what reaches the table, what is refused, and what is proved through `then`.

use std::fmt::Write as _;

use claw_lang::codes::Code;
use claw_lang::compile;
use claw_table::policy::{Calendar, Ceiling, Held, Per, Scope, Step, Then, Unit, Window};
use claw_table::{ClassId, ClientId, GuardId, Table};

use crate::one;

const HOUSE: &str = "policy p
provider near { api openai; url \"http://127.0.0.1:1/v1\"; key none; tags baa
  model small { price in $1/M, out $2/M; context 32k; max-output 4k } }
provider far { api openai; url \"https://a.example/v1\"; key env K; tags us
  model large { price in $5/M, out $25/M; context 200k; max-output 40k } }
client ann { from 10.0.0.0/8; tags agents }
client bob { from any }
";

fn table(rest: &str) -> Table {
    let compiled = compile(one(&format!("{HOUSE}{rest}\n")));
    match compiled.table {
        Some(bytes) => Table::open(&bytes).unwrap(),
        None => panic!("{}", compiled.report.human()),
    }
}

fn month(zone: &str) -> Window {
    Window::Calendar(Calendar {
        unit: Unit::Month,
        zone: zone.to_owned(),
    })
}

#[test]
fn a_ceiling_reaches_the_table_wherever_it_stands() {
    let table = table(
        "class code { primary far/large; ceiling $3 per request; ceiling $200 per day per client at 50% then warn then cheap }
class cheap { primary near/small }
client cy { from 10.1.0.0/16; ceiling $50 per month }
ceiling agents { when client in agents and model is \"big\"; allow $400 per month \"Europe/Berlin\" estimated; per header \"X-Team\", session; at 80.5% then cheap; at 50% then warn; then deny }
ceiling each { allow $9.5 per request; then cheap }
route { when model is \"big\" -> code
  otherwise -> cheap }",
    );
    let ceilings = &table.policy().ceilings;
    let names: Vec<&str> = ceilings.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["agents", "each", "cy/1", "code/1", "code/2"]);
    assert_eq!(
        ceilings[0],
        Ceiling {
            name: "agents".into(),
            scope: Scope::When(GuardId(0)),
            amount_pico: 400_000_000_000_000,
            window: month("Europe/Berlin"),
            per: vec![Per::Session, Per::Header("x-team".into())],
            held: Held::Estimate,
            steps: vec![
                Step {
                    at: 5_000,
                    then: Then::Warn
                },
                Step {
                    at: 8_050,
                    then: Then::Class(ClassId(1))
                },
            ],
            then: Then::Deny,
        }
    );
    assert_eq!(ceilings[1].scope, Scope::All);
    assert_eq!(ceilings[1].amount_pico, 9_500_000_000_000);
    assert_eq!(ceilings[1].then, Then::Class(ClassId(1)));
    assert_eq!(ceilings[2].scope, Scope::Client(ClientId(2)));
    assert_eq!(ceilings[2].window, month("UTC"));
    assert_eq!(ceilings[3].scope, Scope::Class(ClassId(0)));
    assert_eq!(ceilings[3].window, Window::Request);
    assert_eq!(ceilings[4].per, [Per::Client]);
    assert_eq!(ceilings[4].steps[0].then, Then::Warn);
    assert_eq!(ceilings[4].then, Then::Class(ClassId(1)));
    let needs = table.features().iter().filter(|it| it.name == "ceiling");
    assert_eq!(needs.count(), 5, "each is refused until it is enforced");
}

#[test]
fn a_table_knows_which_ceilings_a_request_is_under() {
    let table = table(
        "class code { primary far/large }
ceiling a { when client in agents and model is \"big\"; allow $4 per day }
ceiling b { when not client in agents or prompt mentions \"refund\"; allow $4 per day }
route { otherwise -> code }",
    );
    let met = |client: &str, model: &str, prompt: &str| {
        let request = claw_lang::oracle::Request {
            client: Some(client.into()),
            model: Some(model.into()),
            prompt: vec![prompt.into()],
            ..claw_lang::oracle::Request::default()
        };
        let mut met = Vec::new();
        table.guards(&request, |guard| met.push(guard.0)).unwrap();
        met
    };
    assert_eq!(met("ann", "big", "hello"), [0]);
    assert_eq!(met("ann", "big", "a Refund"), [0, 1]);
    assert!(met("ann", "small", "hello").is_empty());
    assert_eq!(met("bob", "big", "hello"), [1]);
}

#[test]
fn a_class_that_is_like_another_adds_its_ceilings() {
    let table = table(
        "class code { primary far/large; ceiling $3 per request }
class slow like code { ceiling $9 per day }
route { when model is \"big\" -> code
  otherwise -> slow }",
    );
    let ceilings = table.policy().ceilings.iter();
    let ceilings: Vec<(&str, Scope)> = ceilings.map(|it| (it.name.as_str(), it.scope)).collect();
    let of = |class| Scope::Class(ClassId(class));
    assert_eq!(
        ceilings,
        [("code/1", of(0)), ("slow/1", of(1)), ("slow/2", of(1))]
    );
}

/// One line for each fault, with the codes that it gives.
#[test]
fn every_ceiling_that_says_too_little_or_something_else_is_told() {
    let mut told = String::new();
    for ceiling in [
        "ceiling x { when streaming }",
        "ceiling x { allow $3 }",
        "ceiling x { allow 3 per day }",
        "ceiling x { allow $0 per day }",
        "ceiling x { allow $3/M per day }",
        "ceiling x { allow $3 per year }",
        "ceiling x { allow $3 per day \"Berlin\" }",
        "ceiling x { allow $3 per request \"UTC\" }",
        "ceiling x { allow $3 per day per client }",
        "ceiling x { allow $3 per day, $4 per month }",
        "ceiling x { allow $3 per day; allow $4 per day }",
        "ceiling x { allow $3 per day; per clients }",
        "ceiling x { allow $3 per day; per }",
        "ceiling x { allow $3 per day; per header }",
        "ceiling x { allow $3 per day; per client, client }",
        "ceiling x { allow $3 per request; per client }",
        "ceiling x { allow $3 per request; at 50% then warn }",
        "ceiling x { allow $3 per day; at 100% then cheap }",
        "ceiling x { allow $3 per day; at 80 then cheap }",
        "ceiling x { allow $3 per day; at 80% then deny }",
        "ceiling x { allow $3 per day; at 80% then cheap; at 80% then warn }",
        "ceiling x { allow $3 per day; at 80% }",
        "ceiling x { allow $3 per day; then chaep }",
        "ceiling x { allow $3 per day; then near }",
        "ceiling x { allow $3 per day; then deny; then warn }",
        "ceiling x { allow $3 per day; then }",
        "ceiling x { allow $3 per day; when modle is \"a\" }",
        "ceiling x { allow $3 per day; when streaming; when streaming }",
        "ceiling x { allow $3 per day; when streaming and not streaming }",
        "ceiling x { allow $3 per day; limit $4 }",
        "ceiling { allow $3 per day }",
        "ceiling x",
        "ceiling cheap { allow $3 per day }",
        "ceiling x $3 per day",
        "client cy { from 10.1.0.0/16; ceiling 50 per month }",
        "client cy { from 10.1.0.0/16; ceiling $50 per month then nobody }",
        "client cy { from 10.1.0.0/16; when streaming }",
        "pool all { near/small; when streaming }",
    ] {
        let text = format!(
            "{HOUSE}class cheap {{ primary near/small }}\nroute {{ otherwise -> cheap }}\n{ceiling}\n"
        );
        let report = compile(one(&text)).report;
        writeln!(told, "{ceiling}").unwrap();
        for found in report.diagnostics() {
            if found.code == Code::Unused {
                continue;
            }
            assert!(found.help.is_some(), "{ceiling}");
            writeln!(told, "  {} {}", found.code.id(), found.message).unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn ceilings_that_move_requests_in_a_ring_are_told_once() {
    let report = compile(one(&format!(
        "{HOUSE}class code {{ primary far/large; ceiling $9 per day then cheap }}
class cheap {{ primary near/small; ceiling $3 per day at 50% then last }}
class last {{ primary near/small; ceiling $1 per day then code }}
class own {{ primary near/small; ceiling $1 per day then own }}
route {{ when model is \"big\" -> code
  when model is \"own\" -> own
  otherwise -> cheap }}
"
    )))
    .report;
    insta::assert_snapshot!(report.human());
}

#[test]
fn what_a_class_requires_is_proved_where_its_ceilings_lead() {
    // Each through another kind of ceiling; the last through two of them.
    let bad = [
        "class safe { primary near/small; require baa; ceiling $9 per day then open }
class open { primary far/large }",
        "class safe { primary near/small; require baa }
class open { primary far/large }
ceiling all { allow $9 per day; at 80% then open }",
        "class safe { primary near/small; require baa }
class open { primary far/large }
ceiling some { when model is \"big\"; allow $9 per day; at 80% then open }",
        "class safe { primary near/small; require baa }
class open { primary far/large }
client cy { from 10.1.0.0/16; ceiling $9 per day at 80% then open }",
        "class safe { primary near/small; require baa; ceiling $9 per day then half }
class half { primary near/small; ceiling $1 per day then open }
class open { primary far/large }",
        "pool both { near/small; far/large }
class safe { primary near/small; require baa; ceiling $9 per day then open }
class open { primary both }",
    ];
    let routes =
        "route { when header \"x-data\" is \"phi\" -> safe\n  otherwise -> deny 400 \"no\" }";
    let mut told = String::new();
    for bad in bad {
        let report = compile(one(&format!("{HOUSE}{bad}\n{routes}\n"))).report;
        let lacking = report.diagnostics().iter();
        let lacking = lacking.filter(|found| found.code == Code::TagLacking);
        assert_eq!(lacking.count(), 1, "{bad}\n{}", report.human());
        told.push_str(&report.plain());
        told.push('\n');
    }
    insta::assert_snapshot!(told);
    // Who is not under the ceiling is not moved by it.
    for good in [
        "class safe { primary near/small; require baa; ceiling $9 per day then deny }",
        "class safe { primary near/small; require baa; ceiling $9 per day then warn }",
        "class safe { primary near/small; require baa; ceiling $9 per day then also }
class also { primary near/small }",
        "class safe { primary near/small; require baa }
class open { primary far/large }
unused open
ceiling some { when header \"x-data\" is not \"phi\"; allow $9 per day; at 80% then open }",
    ] {
        let report = compile(one(&format!("{HOUSE}{good}\n{routes}\n"))).report;
        let found: Vec<Code> = report.diagnostics().iter().map(|it| it.code).collect();
        assert!(
            !found.contains(&Code::TagLacking),
            "{good}\n{}",
            report.human()
        );
    }
}
