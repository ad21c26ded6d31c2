//! `exclusive`: where the order of arms must mean nothing.

use claw_lang::codes::Code;
use claw_lang::day::Day;
use claw_lang::{compile, ordered};

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }
class code { primary a/x }
class cheap { primary a/y }
";

fn told(rest: &str) -> (Vec<&'static str>, String) {
    let report = compile(one(&format!("{HOUSE}{rest}"))).report;
    let codes = report.diagnostics().iter().map(|found| found.code.id());
    (codes.collect(), report.human())
}

#[test]
fn arms_that_meet_are_shown_with_a_request_that_meets_both() {
    let (codes, human) = told(
        "route {
  when streaming -> route ml
  otherwise -> cheap
}
route ml exclusive {
  when model like \"gpt-*\"  -> code
  when tokens > 100k and has tools -> cheap
  when header \"x\" is \"a\" and tokens < 5k -> cheap
  when header \"x\" is \"b\" -> deny 400 \"no\"
  otherwise -> code
}
",
    );
    assert_eq!(codes, ["C0407", "C0407", "C0407"]);
    insta::assert_snapshot!("exclusive", human);
}

#[test]
fn arms_that_cannot_meet_are_silent_and_otherwise_meets_none() {
    let rest = "route exclusive {
  when header \"x\" is \"a\" and not streaming -> code
  when header \"x\" is not \"a\" and model is \"m\" -> cheap
  when header \"x\" is \"a\" and streaming -> route more
  otherwise -> deny 400 \"no\"
}
route more exclusive { otherwise -> cheap }
";
    assert_eq!(told(rest).0, Vec::<&str>::new());
    // A header that is sent twice could be both; that alone is no overlap.
    let other = rest.replace("is not \"a\" and model is \"m\"", "is \"b\"");
    assert_eq!(told(&other).0, Vec::<&str>::new());
}

#[test]
fn the_same_arms_are_no_fault_where_their_order_counts() {
    let arms = "{
  when model like \"gpt-*\" -> code
  when streaming -> cheap
  otherwise -> code
}
";
    assert_eq!(told(&format!("route exclusive {arms}")).0, ["C0407"]);
    assert_eq!(told(&format!("route {arms}")).0, Vec::<&str>::new());
}

#[test]
fn what_a_guard_refuses_is_in_no_two_arms() {
    let rest = "forbid both when header \"x\" is \"a\" and streaming deny 400 \"no\"
route exclusive {
  when header \"x\" is \"a\" -> code
  when streaming -> cheap
  otherwise -> deny 400 \"no\"
}
";
    assert_eq!(told(rest).0, Vec::<&str>::new());
    let wider = rest.replace("\"a\" and streaming deny", "\"a\" and has tools deny");
    assert_eq!(told(&wider).0, ["C0407"]);
}

#[test]
fn exclusive_is_no_name() {
    for rest in [
        "route { otherwise -> route exclusive }\nroute exclusive { otherwise -> code }\n",
        "class exclusive { primary a/x }\nroute { otherwise -> exclusive }\n",
        "route exclusive ml { otherwise -> code }\n",
    ] {
        let (codes, human) = told(rest);
        assert!(!codes.is_empty(), "{human}");
    }
    assert!(claw_lang::vocab::is_reserved("exclusive"));
    assert_eq!(Code::ArmsMeet.id(), "C0407");
}

/// The places whose order counts, as `second line: first line`, and the requests that show it.
fn order(rest: &str) -> Vec<(usize, usize)> {
    let text = format!("{HOUSE}{rest}");
    let report = ordered(one(&text), Day(0));
    let line = |at: u32| {
        let before = text.get(..at as usize).unwrap();
        before.lines().count() - HOUSE.lines().count()
    };
    let found = report.diagnostics().iter();
    found
        .inspect(|found| assert_eq!(found.code, Code::OrderCounts, "{}", report.human()))
        .map(|found| {
            let second = line(found.primary.span.end);
            (second, line(found.others.first().unwrap().span.end))
        })
        .collect()
}

#[test]
fn on_demand_arms_are_shown_that_take_requests_from_one_another() {
    // The second leads where the first does; the third meets both, but only what is left by the
    // first falls to the second; the fourth meets nobody.
    let found = order(
        "route {
  when header \"x\" is \"a\" -> code
  when header \"x\" is \"a\" and streaming or tokens > 100k -> code
  when has tools -> cheap
  when header \"x\" is \"a\" and not has tools and tokens < 5k or model is \"m\" and header \"x\" is \"c\" and not has tools and tokens < 5k -> deny 400 \"no\"
  otherwise -> code
}
",
    );
    assert_eq!(found, [(4, 2), (5, 2)]);
}

#[test]
fn arms_that_cannot_meet_or_say_the_same_have_no_order() {
    let apart = "route {
  when header \"x\" is \"a\" -> code
  when header \"x\" is \"b\" -> cheap
  when streaming and header \"x\" is absent -> deny 400 \"no\"
  when has tools and header \"x\" is absent -> deny 400 \"no\"
  otherwise -> code
}
";
    assert_eq!(order(apart), []);
    let exclusive = apart.replace(
        "deny 400 \"no\"\n  when has",
        "deny 400 \"no\"\n  when not streaming and has",
    );
    assert_eq!(
        order(&exclusive.replace("route {", "route exclusive {")),
        []
    );
}

#[test]
fn a_request_that_shows_an_order_falls_to_the_upper_arm_and_meets_the_lower() {
    let text = format!(
        "{HOUSE}route {{
  when header \"x\" is \"a\" -> code
  when tokens > 10 -> cheap
  when has tools -> code
  when model like \"m*\" -> cheap
  otherwise -> code
}}
"
    );
    let model = claw_lang::check(one(&text)).model.unwrap();
    let found = claw_lang::diagram::order_counts(&model).unwrap();
    assert_eq!(found.len(), 3);
    for overlap in found {
        let cond = |id| &model.arms().find(|arm| arm.id == id).unwrap().cond;
        assert_eq!(
            claw_lang::oracle::arm(&model, &overlap.witness),
            Some(overlap.first)
        );
        assert!(claw_lang::oracle::holds(
            cond(overlap.second),
            &overlap.witness
        ));
    }
}
