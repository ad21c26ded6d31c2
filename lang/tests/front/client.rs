//! `client`: each way to be told apart, what a caller that would be two is told, and the conditions
//! that ask who calls.

use std::fmt::Write as _;

use claw_lang::codes::Code;
use claw_lang::diagram::Kept;
use claw_lang::oracle::Request;
use claw_lang::{compile, never};
use claw_table::Table;
use claw_table::policy::{Auth, KeyHash, Prefix};

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }
class code { primary a/x }
class cheap { primary a/y }
";
const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

fn table(rest: &str) -> Table {
    let compiled = compile(one(&format!("{HOUSE}{rest}")));
    let bytes = compiled.table;
    Table::open(&bytes.unwrap_or_else(|| panic!("{}", compiled.report.human()))).unwrap()
}

fn by(client: &str) -> Request {
    Request {
        client: Some(client.into()),
        ..Request::default()
    }
}

fn ends(table: &Table, request: &Request) -> String {
    let arm = table.decide(request).unwrap();
    table.policy().arms[arm.index()].label.clone()
}

#[test]
fn a_client_reaches_the_table_with_all_that_tells_it_apart() {
    let table = table(&format!(
        "client bot {{ key sha256 \"{HASH}\", sha256 file \"keys/bot\"; tags nightly, agents }}
client lan {{ from 10.0.0.0/16, fe80::/10; auth ignore }}
client all {{ from any; auth caller }}
client two {{ key sha256 \"{}\"; from 10.0.0.0/16 }}
route {{ when client in agents -> cheap
  otherwise -> code }}
",
        HASH.replace('5', "6")
    ));
    let [bot, lan, all, two] = &table.policy().clients[..] else {
        panic!("four clients")
    };
    let KeyHash::Sha256(hash) = &bot.keys[0] else {
        panic!("a hash")
    };
    let hex = hash.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    assert_eq!(hex, HASH);
    assert_eq!(bot.keys[1], KeyHash::File("keys/bot".into()));
    assert_eq!(bot.tags, ["agents", "nightly"]);
    let ten = Prefix {
        first: 0xffff_0a00_0000,
        bits: 112,
    };
    assert_eq!((lan.from[0], lan.auth), (ten, Auth::Ignore));
    assert_eq!(lan.from[1].bits, 10);
    assert_eq!((all.from.len(), all.auth), (2, Auth::Caller));
    assert_eq!((&two.from[..], two.auth), (&[ten][..], Auth::Known));
    let needs: Vec<&str> = table.features().iter().map(|need| &*need.name).collect();
    let mut needs = needs;
    needs.sort_unstable();
    assert_eq!(
        needs,
        ["caller-keys", "clients", "clients", "clients", "clients"]
    );
}

#[test]
fn a_condition_asks_for_a_client_by_name_or_by_tag() {
    let table = table(
        "client ann { from 10.0.0.1; tags staff, night }
client bob { from 10.0.0.2; tags staff }
client cy  { from 10.0.0.3; tags night }
client dan { from any }
forbid nobody-but-staff when client not in staff, night
route {
  when client is ann, bob and streaming -> code
  when client in night -> cheap
  when client is not bob -> deny 400 \"never\"
  otherwise -> code
}
",
    );
    let stream = |name: &str| Request {
        streaming: true,
        ..by(name)
    };
    for (request, due) in [
        (by("ann"), "main/2"),
        (stream("ann"), "main/1"),
        (by("bob"), "main/4"),
        (stream("bob"), "main/1"),
        (by("cy"), "main/2"),
        (stream("cy"), "main/2"),
        (by("dan"), "forbid nobody-but-staff"),
    ] {
        assert_eq!(ends(&table, &request), due, "{request:?}");
    }
}

#[test]
fn what_is_made_up_is_sent_by_a_client_that_there_is() {
    let text = format!(
        "{HOUSE}client ann {{ from 10.0.0.1 }}
client bob {{ from any }}
route {{ when client is ann -> code
  when streaming -> cheap
  otherwise -> code }}
never cheap-leaves reaches a/y
"
    );
    let report = compile(one(&text)).report;
    let model = claw_lang::declared(one(&text)).model.unwrap();
    let found = never::broken(&model, Kept::Diagram).unwrap();
    assert_eq!(found.len(), 1, "{}", report.human());
    assert_eq!(found[0].witness.client.as_deref(), Some("bob"));
    assert!(never::written(&found[0].witness).contains("client bob"));
}

#[test]
fn every_way_to_be_nobody_or_two_is_told() {
    let mut told = String::new();
    for clients in [
        "client ann { }",
        "client ann { tags staff }",
        "client ann { auth ignore }",
        "client ann { key env ANN }",
        "client ann { key \"secret\" }",
        "client ann { key sha256 \"12\" }",
        "client ann { key sha256 \"not a hash\" }",
        "client ann { key sha256 \"KEY\"; auth ignore }",
        "client ann { key sha256 \"KEY\", sha256 \"KEY\" }",
        "client ann { key sha256 \"KEY\" }\nclient bob { key sha256 \"KEY\" }",
        "client ann { from 10.0.0.1/8 }",
        "client ann { from 10.0.0.0/33 }",
        "client ann { from somewhere }",
        "client ann { from any }\nclient bob { from any }",
        "client ann { from any }\nclient bob { from 0.0.0.0/0 }",
        "client ann { from 10.0.0.0/8, 10.0.0.0/8 }",
        "client ann { from 10.0.0.0/8 }\nclient bob { from ::ffff:10.0.0.0/104 }",
        "client ann { from any; auth maybe }",
        "client ann { from any; ceiling $50 per months }",
    ] {
        let text = format!(
            "{HOUSE}{}\nroute {{ otherwise -> code }}\n",
            clients.replace("KEY", HASH)
        );
        let report = compile(one(&text)).report;
        let found = report
            .diagnostics()
            .iter()
            .filter(|found| found.code != Code::Unused);
        let mut is_told = false;
        for found in found {
            is_told = true;
            let help = found.help.as_deref().unwrap_or("nothing");
            let (id, place) = (found.code.id(), report.place(found.primary.span));
            writeln!(
                told,
                "{clients}\n  {id} {place} {}\n  help: {help}",
                found.message
            )
            .unwrap();
        }
        assert!(is_told, "{clients}");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_condition_that_does_not_fit_a_client_says_what_does() {
    let clients = "client ann { from any; tags staff }\n";
    for (cond, due) in [
        ("client is bob", Code::UnknownName),
        ("client is code", Code::WrongKind),
        ("client is \"ann\"", Code::WrongValue),
        ("client is absent", Code::WrongValue),
        ("client in staf", Code::UnknownName),
        ("client in ann", Code::UnknownName),
        ("client like \"a*\"", Code::WrongOperator),
        ("client", Code::WrongOperator),
        ("client \"ann\" is ann", Code::WrongValue),
    ] {
        let text =
            format!("{HOUSE}{clients}route {{ when {cond} -> cheap\n otherwise -> code }}\n");
        let report = compile(one(&text)).report;
        let codes: Vec<Code> = report
            .diagnostics()
            .iter()
            .map(|found| found.code)
            .collect();
        assert_eq!(codes, [due], "{cond}");
    }
}

const GUESTS: &str =
    "provider b { api openai; url \"https://api.example.com/v1\"; key none; model z }
client guest { from 10.9.0.0/16; auth caller }
client house { from 10.0.0.0/8 }
class own { primary requested from b; keys caller }
";

#[test]
fn a_callers_own_key_is_a_fact_and_the_gateway_must_know_it() {
    let text = format!(
        "{GUESTS}forbid house-keys when has caller-key, tools and client is house
route {{ when has caller-key and tokens > 10k -> cheap
  when has caller-key -> own
  otherwise -> code }}
test \"a guest\" {{ request {{ client guest; has caller-key; model \"z\" }}; expect class own }}
test \"a rich guest\" {{ request {{ client guest; has caller-key, tools; tokens 20k }}; expect class cheap }}
test \"no key\" {{ request {{ client guest }}; expect class code }}
"
    );
    let table = table(&text);
    let keyed = Request {
        caller_key: true,
        ..by("guest")
    };
    assert_eq!(ends(&table, &keyed), "main/2");
    assert_eq!(ends(&table, &by("guest")), "main/3");
    let needs: Vec<String> = table
        .features()
        .iter()
        .filter(|need| need.name.contains("key"))
        .map(|need| format!("{} {}", need.name, need.place.line))
        .collect();
    assert_eq!(
        needs,
        [
            "caller-keys 6",
            "keys-caller 8",
            "has-caller-key 9",
            "has-caller-key 10",
            "has-caller-key 11"
        ]
    );
}

#[test]
fn only_whom_the_policy_lets_bring_a_key_has_one() {
    let codes = |rest: &str| -> Vec<&'static str> {
        let report = compile(one(&format!("{HOUSE}{rest}"))).report;
        let codes = report.diagnostics().iter().map(|found| found.code.id());
        codes.collect()
    };
    let route = "route { when has caller-key -> own\n  otherwise -> code }\n";
    assert_eq!(codes(&format!("{GUESTS}{route}")), ["C0211"]);
    let nobody = GUESTS.replace("; auth caller", "");
    assert_eq!(codes(&format!("{nobody}{route}")), ["C0211", "C0404"]);
    let house = "route { when has caller-key and client is house -> own\n  otherwise -> code }\n";
    assert_eq!(codes(&format!("{GUESTS}{house}")), ["C0211", "C0404"]);
    let any = "unused cheap\nroute { when has caller-key and client is not guest -> code\n  when has caller-key -> own\n  otherwise -> code }\n";
    assert_eq!(codes(&format!("{GUESTS}{any}")), ["C0404"]);
}
