//! Policies that ask every kind of fact, as text, and a request that meets a given arm.

use std::fmt::Write as _;

use claw_table::{Can, Fact, Facts, Member, Said, decimal};

const HEAD: &str = "policy mixed
provider p { api openai; url \"http://127.0.0.1:9/v1\"; key none; model m { price free; context 400k; max-output 1k } }
provider q { api openai; url \"http://127.0.0.1:8/v1\"; key none; model m { price free; context 400k; max-output 1k } }
class a { primary p/m; fallback q/m }
class b { primary q/m; fallback p/m }
";

/// A condition of each kind, the fact that it asks, and a text or a number that meets it.
fn kind(at: usize) -> (String, Fact, String, u64) {
    let text = |cond: &str, fact, own: String| (cond.replace("OWN", &own), fact, own, 0);
    let number = |cond: &str, fact, number| (cond.to_owned(), fact, String::new(), number);
    match at % 18 {
        0 => text("client is OWN", Fact::Client, format!("u{}", at % 20)),
        1 => number("ip in 10.7.0.0/16", Fact::Ip, 0xffff_0a07_0001),
        2 => {
            let night = "time in mon..fri 22:00..06:00 \"Europe/Berlin\"";
            number(night, Fact::Time("Europe/Berlin".to_owned()), 23 * 60)
        }
        3 => text("path like \"OWN*\"", Fact::Path, format!("/p{at}/")),
        4 => text("host is \"OWN\"", Fact::Host, format!("h{at}.example")),
        5 => text(
            "query \"q\" is \"OWN\"",
            Fact::Query("q".to_owned()),
            format!("q{at}"),
        ),
        6 => text("endpoint is OWN", Fact::Endpoint, "embeddings".to_owned()),
        7 => text("method is OWN", Fact::Method, "GET".to_owned()),
        8 => text("model like \"OWN*\"", Fact::Model, format!("m{at}-")),
        9 => number("has tools", Fact::Has(Can::Tools), 0),
        10 => number("streaming", Fact::Streaming, 0),
        11 => number("tokens > 100k", Fact::Tokens, 200_000),
        12 => number("max-output < 100", Fact::MaxOutput, 10),
        13 => number("messages > 10", Fact::Messages, 11),
        14 => number(
            "temperature is 0",
            Fact::Temperature,
            decimal::rank(b"0").unwrap(),
        ),
        15 => text(
            "body \"/metadata/tier\" is \"OWN\"",
            Fact::Body("/metadata/tier".to_owned()),
            format!("g{at}"),
        ),
        16 => text("session like \"OWN*\"", Fact::Session, format!("s{at}")),
        _ => {
            let words = vec!["invoice".to_owned()];
            let said = "please find the invoice of last month".to_owned();
            let cond = "prompt mentions \"invoice\"".to_owned();
            (cond, Fact::Mentions(words), said, 0)
        }
    }
}

/// A policy of so many arms, each for one team and one more fact; all kinds in turn. The arm at `odd`
/// leads elsewhere.
pub fn by_team(arms: usize, odd: usize) -> String {
    policy((0..arms).map(|at| {
        let cond = format!("header \"x-team\" is \"t{at}\" and {}", kind(at).0);
        (cond, at + usize::from(at == odd))
    }))
}

/// The same without teams: facts that have nothing to do with one another, which no diagram keeps
/// small.
pub fn across(arms: usize, odd: usize) -> String {
    policy((0..arms).map(|at| {
        let cond = match at % 8 {
            0 => format!(
                "header \"x-team\" is \"t{at}\" and model is \"m{}\"",
                at % 40
            ),
            1 => format!("model like \"v{at}-*\" and tokens > {}", at + 100),
            2 => format!("path is \"/p{at}\" and ip in 10.0.0.0/8, 192.168.0.0/16"),
            3 => format!("host is \"h{at}.example\" and has tools"),
            4 => format!("client is u{} and header \"x-job\" is \"j{at}\"", at % 20),
            5 => format!("header \"x-team\" is \"s{at}\" and {}", kind(2).0),
            6 => format!("model is \"z{at}\" and prompt mentions \"secret\""),
            _ => format!("body \"/metadata/tier\" is \"g{at}\""),
        };
        (cond, at + usize::from(at == odd))
    }))
}

fn policy(arms: impl Iterator<Item = (String, usize)>) -> String {
    let mut text = HEAD.to_owned();
    for at in 0..20 {
        let _ = writeln!(text, "client u{at} {{ from 10.1.{at}.0/24 }}");
    }
    text.push_str("client other { from any }\nroute {\n");
    for (cond, to) in arms {
        let _ = writeln!(text, "  when {cond} -> {}", ["a", "b"][to % 2]);
    }
    text + "  otherwise -> a\n}\n"
}

/// A request that meets one arm of [`by_team`].
#[derive(Debug, Clone)]
pub struct Asked {
    team: String,
    fact: Fact,
    own: String,
    number: u64,
}

impl Asked {
    pub fn of(at: usize) -> Self {
        let (_, fact, own, number) = kind(at);
        Self {
            team: format!("t{at}"),
            fact,
            own,
            number,
        }
    }
}

impl Facts for Asked {
    fn texts(&self, fact: &Fact, mut each: impl FnMut(&[u8])) {
        match fact {
            Fact::Header(_) => each(self.team.as_bytes()),
            fact if *fact == self.fact => each(self.own.as_bytes()),
            _ => {}
        }
    }

    fn number(&self, fact: &Fact) -> Option<u64> {
        (*fact == self.fact).then_some(self.number)
    }

    fn address(&self, fact: &Fact) -> Option<u128> {
        (*fact == self.fact).then_some(u128::from(self.number))
    }

    fn member(&self, fact: &Fact, mut each: impl FnMut(Member<'_>)) {
        if *fact == self.fact {
            each(Member::Text(self.own.as_bytes()));
        }
    }

    fn prompt(&self, mut each: impl FnMut(Said<'_>)) {
        if matches!(self.fact, Fact::Mentions(_)) {
            each(Said::Bytes(self.own.as_bytes()));
            each(Said::End);
        }
    }

    fn flag(&self, fact: &Fact) -> bool {
        *fact == self.fact
    }
}
