//! `exclusive`: where the order of arms must mean nothing.

use claw_lang::codes::Code;
use claw_lang::compile;

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
  otherwise -> code
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
