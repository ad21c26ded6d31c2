//! Arms of routes that are entered from others.

use claw_lang::compile;

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }
class code { primary a/x }
class rest { primary a/y }
";

#[test]
fn an_arm_to_which_nobody_is_led_names_what_leads_there_or_takes_all() {
    let routes = [
        "route { when streaming -> route sub\n  otherwise -> rest }\nroute sub { when not streaming -> route more\n  otherwise -> code }\nroute more { otherwise -> rest }",
        "route { when model like \"g*\" -> route sub\n  otherwise -> rest }\nroute sub { when model like \"g-4*\" -> rest\n  when model like \"*-4-mini\" -> code\n  when model like \"g-5-mini\" and streaming -> code\n  otherwise -> code }",
        "route { when model like \"g*\" -> route sub\n  otherwise -> rest }\nroute sub { when model like \"g-4*\" -> rest\n  when model like \"*-4\" and model like \"g-4*\", \"h*\" -> code\n  otherwise -> code }",
        "route { when model like \"g*\" -> rest\n  when model like \"*4\" -> route sub\n  otherwise -> code }\nroute sub { when model is \"g4\", \"g14\" -> rest\n  otherwise -> code }",
    ];
    let told: Vec<String> = routes
        .map(|routes| compile(one(&format!("{HOUSE}{routes}"))).report.plain())
        .into();
    insta::assert_snapshot!(told.join("\n"));
}
