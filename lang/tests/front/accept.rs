//! `unused` and `accept`: they silence exactly what they name, and nothing for ever.

use claw_lang::codes::Code;
use claw_lang::compile;

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }
class code { primary a/x }
";
const ROUTE: &str = "route { otherwise -> code }\n";

fn codes(rest: &str) -> Vec<Code> {
    let report = compile(one(&format!("{HOUSE}{rest}"))).report;
    let found = report.diagnostics().iter().map(|found| found.code);
    found.collect()
}

#[test]
fn unused_keeps_quiet_about_one_name_until_it_is_used() {
    let spare = "class spare { primary a/y }\n";
    assert_eq!(codes(&format!("{spare}{ROUTE}")), [Code::Unused]);
    assert_eq!(codes(&format!("{spare}unused spare\n{ROUTE}")), []);
    assert_eq!(codes(&format!("unused code\n{ROUTE}")), [Code::NotUnused]);
    let two = "class other { primary a/y }\nclass spare { primary a/y }\nunused spare\n";
    assert_eq!(
        codes(&format!("{two}{ROUTE}")),
        [Code::Unused],
        "the other one is told"
    );
    assert_eq!(codes(&format!("unused cod\n{ROUTE}")), [Code::UnknownName]);
    for (line, due) in [
        ("unused", Code::WrongValue),
        ("unused spare spare", Code::WrongValue),
        ("unused spare, code", Code::WrongValue),
    ] {
        assert_eq!(codes(&format!("{line}\n{ROUTE}")), [due], "{line}");
    }
}

#[test]
fn accept_silences_its_warning_in_its_declaration_and_nowhere_else() {
    let routes = "route {
  when header \"a\" is \"1\" -> route ml
  when streaming -> deny 403 \"no\"
  otherwise -> code
}
route ml { otherwise -> deny 403 \"not for ml\" }
";
    let bad = Code::DenyReadAsBadKey;
    assert_eq!(codes(routes), [bad, bad]);
    let accept = |name: &str| codes(&format!("accept C0406 in {name} \"we know\"\n{routes}"));
    assert_eq!(accept("route"), [bad], "the one of the named route is left");
    assert_eq!(accept("ml"), [bad], "and the other way round");
    let both = "accept C0406 in ml \"we know\"\naccept c0406 in route \"we know\"\n";
    assert_eq!(codes(&format!("{both}{routes}")), []);
}

#[test]
fn accepting_in_vain_is_told_but_not_of_a_policy_that_was_not_looked_at_in_full() {
    let accept = "accept C0405 in route \"it is meant\"\n";
    assert_eq!(codes(&format!("{accept}{ROUTE}")), [Code::AcceptedInVain]);
    let always = "route { when streaming or not streaming -> code\n otherwise -> code }\n";
    assert_eq!(codes(&format!("{accept}{always}")), []);
    let broken = "route { when streaming -> coed\n otherwise -> code }\n";
    assert_eq!(codes(&format!("{accept}{broken}")), [Code::UnknownName]);
}

#[test]
fn only_a_warning_can_be_accepted_and_only_with_a_reason() {
    for (line, due) in [
        ("accept C0403 in route \"we know\"", Code::WrongValue),
        ("accept C0499 in route \"we know\"", Code::UnknownWord),
        ("accept C0405 in route \" \"", Code::OutOfRange),
        ("accept C0405 in route why", Code::WrongValue),
        ("accept C0405 in rout \"we know\"", Code::UnknownName),
        ("accept C0405 in gateway \"we know\"", Code::UnknownName),
        ("accept C0405", Code::WrongValue),
        ("accept C0405 of route \"we know\"", Code::WrongValue),
    ] {
        assert_eq!(codes(&format!("{line}\n{ROUTE}")), [due], "{line}");
    }
}
