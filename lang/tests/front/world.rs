//! What ties facts to one another: no finding about requests that there cannot be.

use claw_lang::compile;

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; tags near; model x; model y }
class code { primary a/x }
class rest { primary a/y }
";

fn told(rest: &str) -> Vec<&'static str> {
    let report = compile(one(&format!("{HOUSE}{rest}"))).report;
    let codes = report.diagnostics().iter().map(|found| found.code.id());
    codes.collect()
}

/// What only an endpoint, an address or a client that there cannot be would break, and the nearest
/// that can be.
const PAIRS: &[(&str, &str, &str, &str)] = &[
    (
        "a path and what it asks for",
        "route exclusive { when endpoint is chat -> code\n  when path like \"/v1/files*\" -> rest\n  otherwise -> deny 404 \"no\" }",
        "route exclusive { when endpoint is chat -> code\n  when path like \"/v1/chat*\" -> rest\n  otherwise -> deny 404 \"no\" }",
        "C0407",
    ),
    (
        "an endpoint below a base",
        "gateway { base \"/b\" }\nroute { when path is \"/b/messages\" and endpoint is messages -> code\n  otherwise -> rest }",
        "gateway { base \"/c\" }\nroute { when path is \"/b/messages\" and endpoint is messages -> code\n  otherwise -> rest }",
        "C0404",
    ),
    (
        "all endpoints but one, each by itself",
        "forbid most when endpoint is responses, messages, embeddings, count-tokens, other deny 400 \"no\"\nroute { otherwise -> code }\nunused rest\nnever beyond when endpoint is not chat reaches a",
        "forbid most when endpoint is responses, embeddings, count-tokens, other deny 400 \"no\"\nroute { otherwise -> code }\nunused rest\nnever beyond when endpoint is not chat reaches a",
        "C0801",
    ),
    (
        "a client and its addresses",
        "client lan { from 10.0.0.0/8 }\nclient all { from any }\nroute { when client is lan -> code\n  otherwise -> rest }\nnever beyond when not ip in 10.0.0.0/8 reaches a/x",
        "client lan { from 10.0.0.0/8 }\nclient all { from any }\nroute { when client is lan -> code\n  otherwise -> rest }\nnever beyond when not ip in 10.0.0.0/9 reaches a/x",
        "C0801",
    ),
    (
        "a client whose addresses lie around those of another",
        "client lan { from 10.0.0.0/8 }\nclient hall { from 10.1.0.0/16 }\nroute { when client is lan and ip in 10.2.0.0/16 -> code\n  otherwise -> rest }",
        "client lan { from 10.0.0.0/8 }\nclient hall { from 10.1.0.0/16 }\nroute { when client is lan and ip in 10.1.2.0/24 -> code\n  otherwise -> rest }",
        "C0404",
    ),
    (
        "a client with a key, and one without",
        "client key { key sha256 \"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\" }\nclient lan { from 10.0.0.0/8 }\nroute { when client is key and ip in 192.0.2.0/24 -> code\n  otherwise -> rest }",
        "client key { key sha256 \"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\"; from 10.0.0.0/8 }\nclient lan { from 10.0.0.0/8 }\nroute { when client is key and ip in 192.0.2.0/24 -> code\n  otherwise -> rest }",
        "C0404",
    ),
    (
        "what every request has",
        "client all { from any }\nroute { when ip in 0.0.0.0/0 -> code\n  otherwise -> rest }",
        "client all { from any }\nroute { when ip in 0.0.0.0/0, ::/0 -> code\n  otherwise -> rest }",
        "C0405",
    ),
    (
        "a path that begins as all do",
        "route { when path like \"/v1/*\" -> code\n  otherwise -> rest }",
        "route { when path like \"*\" -> code\n  otherwise -> rest }",
        "C0405",
    ),
    (
        "the only client",
        "client all { from any; tags staff }\nclient key { from 10.0.0.0/8 }\nroute { when client in staff -> code\n  otherwise -> rest }",
        "client all { from any; tags staff }\nroute { when client in staff -> code\n  otherwise -> rest }",
        "C0405",
    ),
    (
        "a guard that refuses everybody",
        "client all { from any }\nforbid some when ip in 10.0.0.0/8 deny 400 \"no\"\nroute { otherwise -> code }\nunused rest",
        "client all { from any }\nforbid some when ip in 0.0.0.0/0, ::/0 deny 400 \"no\"\nroute { otherwise -> code }\nunused rest",
        "C0405",
    ),
];

#[test]
fn nothing_is_told_of_requests_that_there_cannot_be() {
    for (what, sound, bad, code) in PAIRS {
        assert_eq!(told(sound), Vec::<&str>::new(), "{what}");
        assert_eq!(told(bad), [*code], "{what}");
    }
}
