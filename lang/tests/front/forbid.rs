//! `forbid`: which guard answers, what of a policy guards leave over, and what is said of it.

use claw_lang::codes::{Code, Severity};
use claw_lang::oracle::Request;
use claw_lang::{Source, compile};
use claw_table::Table;

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x }
class code { primary a/x }
";

fn codes(rest: &str) -> Vec<Code> {
    let report = compile(one(&format!("{HOUSE}{rest}"))).report;
    report
        .diagnostics()
        .iter()
        .map(|found| found.code)
        .collect()
}

fn table(sources: Vec<Source>) -> Table {
    let compiled = compile(sources);
    let bytes = compiled.table;
    Table::open(&bytes.unwrap_or_else(|| panic!("{}", compiled.report.human()))).unwrap()
}

/// The label of the arm in which a request ends.
fn ends(table: &Table, request: &Request) -> String {
    let arm = table.decide(request).unwrap();
    table.policy().arms[arm.index()].label.clone()
}

#[test]
fn phase_and_then_name_pick_the_guard_that_answers_and_files_do_not() {
    let files = [
        (
            "1.claw",
            "forbid z-head when header \"x\" is \"1\"\nforbid a-count when tokens > 1k\n",
        ),
        (
            "2.claw",
            "forbid m-body when streaming\nforbid b-head when header \"x\" is present\n",
        ),
        (
            "3.claw",
            "forbid c-both when header \"x\" is \"1\" or has tools\n",
        ),
        ("4.claw", "route { otherwise -> code }\n"),
    ];
    let folder = |order: &[usize]| {
        let mut sources = one(HOUSE);
        for (at, name) in order.iter().zip(["a.claw", "b.claw", "c.claw", "d.claw"]) {
            sources.push(Source {
                path: name.into(),
                text: files[*at].1.into(),
            });
        }
        table(sources)
    };
    let mut request = Request {
        headers: vec![("x".into(), b"1".to_vec())],
        streaming: true,
        tokens: Some(2_000),
        ..Request::default()
    };
    let tables = [
        folder(&[0, 1, 2, 3]),
        folder(&[3, 2, 1, 0]),
        folder(&[2, 0, 3, 1]),
    ];
    for (gone, due) in [
        ("nothing", "forbid b-head"),
        ("the value", "forbid b-head"),
        ("the header", "forbid a-count"),
        ("the count", "forbid m-body"),
        ("the stream", "main/1"),
    ] {
        match gone {
            "the value" => request.headers[0].1 = b"2".to_vec(),
            "the header" => request.headers.clear(),
            "the count" => request.tokens = Some(1),
            "the stream" => request.streaming = false,
            _ => {}
        }
        for table in &tables {
            assert_eq!(ends(table, &request), due, "without {gone}");
        }
    }
}

#[test]
fn a_guard_without_a_refusal_has_the_usual_one() {
    let table = table(one(&format!(
        "{HOUSE}forbid streams when streaming\nroute {{ otherwise -> code }}\n"
    )));
    let deny = &table.policy().denies[0];
    assert_eq!(
        (deny.status, &*deny.text),
        (400, "the policy refuses this request")
    );
}

#[test]
fn an_arm_for_which_guards_leave_nothing_is_told_which_guards() {
    let text = format!(
        "{HOUSE}forbid big when streaming deny 400 \"no streams\"
forbid rest when header \"x-team\" is \"ml\" and not streaming deny 400 \"not for ml\"
forbid other when has images deny 400 \"no\"
route {{
  when header \"x-team\" is \"ml\" -> route ml
  otherwise -> code
}}
route ml {{
  when has tools -> code
  otherwise -> deny 400 \"tools only\"
}}
"
    );
    let report = compile(one(&text)).report;
    let found: Vec<_> = report
        .diagnostics()
        .iter()
        .filter(|found| found.code == Code::ArmForbidden)
        .collect();
    assert_eq!(report.errors(), 0, "{}", report.human());
    let [tools] = &found[..] else {
        panic!("{}", report.human())
    };
    let names: Vec<&str> = tools
        .others
        .iter()
        .map(|label| report.text(label.span))
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("forbid big") && names[1].starts_with("forbid rest"));
}

#[test]
fn a_guard_is_never_an_error_for_what_it_refuses() {
    let route = "route { when model is \"m\" -> code\n otherwise -> code }\n";
    assert_eq!(
        codes(&format!(
            "forbid all when streaming or not streaming\n{route}"
        )),
        [Code::AlwaysTrue]
    );
    assert_eq!(
        codes(&format!("forbid m when model is \"m\"\n{route}")),
        [Code::ArmForbidden]
    );
    assert_eq!(
        codes(&format!(
            "forbid twice when streaming\nforbid again when streaming\n{route}"
        )),
        []
    );
    let idle = codes(&format!(
        "forbid nobody when streaming and not streaming\n{route}"
    ));
    assert_eq!(idle, [Code::GuardIdle]);
    assert_eq!(idle[0].severity(), Severity::Note);
}

#[test]
fn a_guard_is_read_like_an_arm_and_says_its_faults() {
    let route = "route { otherwise -> code }\n";
    for (guard, due) in [
        ("forbid big tokens > 1k", Code::Unexpected),
        ("forbid when tokens > 1k", Code::Unexpected),
        (
            "forbid big when tokens > 1k -> deny 400 \"no\"",
            Code::Unexpected,
        ),
        ("forbid big when tokens > 1k deny", Code::WrongValue),
        ("forbid big when tokens > 1k deny 400", Code::WrongValue),
        (
            "forbid big when tokens > 1k deny 200 \"no\"",
            Code::OutOfRange,
        ),
        (
            "forbid big when tokens > 1k deny 400 \"no\" \"more\"",
            Code::WrongValue,
        ),
        (
            "forbid big when tokens > 1k deny 403 \"no\"",
            Code::DenyReadAsBadKey,
        ),
        ("forbid big when tokes > 1k", Code::UnknownFact),
        ("forbid code when tokens > 1k", Code::Duplicate),
        ("forbid big when tokens > 1k { }", Code::Unexpected),
        ("forbid \"big\" when tokens > 1k", Code::WrongValue),
    ] {
        let found = codes(&format!("{guard}\n{route}"));
        assert_eq!(found, [due], "{guard}");
    }
}

#[test]
fn what_guards_refuse_breaks_no_claim() {
    let rest = "route { otherwise -> code }\nnever streams when streaming reaches a/x\n";
    assert_eq!(codes(rest), [Code::NeverBroken]);
    assert_eq!(
        codes(&format!("forbid streams-too when streaming\n{rest}")),
        []
    );
}
