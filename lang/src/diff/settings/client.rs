//! Who may call, and what shows that they are who they say.

use claw_table::policy::{Auth, Client, KeyHash, Policy};

use super::measure::{Measure, Rule, compared};
use super::{Pair, Setting, paired};
use crate::diff::Verdict;
use crate::explain::{from, hex};
use crate::syntax::escape;

pub(super) fn clients(old: &Policy, new: &Policy) -> Vec<Setting> {
    let mut found = Vec::new();
    for (name, pair) in paired((&old.clients, &new.clients), |client| &client.name) {
        let of = format!("client {name}");
        match pair {
            Pair::Both(before, after) => {
                found.extend(compared(&of, (rules(before), rules(after))));
            }
            Pair::Gone(client) => found.push(Setting::gone(Verdict::Stricter, of, whole(client))),
            Pair::Fresh(client) => found.push(Setting::fresh(Verdict::Looser, of, whole(client))),
        }
    }
    found
}

fn rules(client: &Client) -> Vec<Rule> {
    let Client {
        name: _,
        keys,
        from,
        auth,
        tags,
    } = client;
    let words = match auth {
        Auth::Known => None,
        Auth::Ignore => Some("ignore"),
        Auth::Caller => Some("caller"),
    };
    let set = keys.iter().map(key_whole).collect();
    vec![
        Rule {
            name: "key".to_owned(),
            text: listed(keys.iter().map(key)),
            // Who has no key to show is let in by the address alone.
            measure: Measure::Among((!keys.is_empty()).then_some(set)),
        },
        Rule {
            name: "from".to_owned(),
            text: (!from.is_empty()).then(|| self::from(from)),
            measure: match from.as_slice() {
                [] => Measure::addresses(&[ANYWHERE]),
                some => Measure::addresses(some),
            },
        },
        Rule {
            name: "auth".to_owned(),
            text: words.map(str::to_owned),
            measure: words.map_or_else(Measure::strict, Measure::one),
        },
        Rule {
            name: "tags".to_owned(),
            text: listed(tags.iter().cloned()),
            measure: Measure::Other,
        },
    ]
}

const ANYWHERE: claw_table::policy::Prefix = claw_table::policy::Prefix { first: 0, bits: 0 };

/// All that a client says, on one line.
fn whole(client: &Client) -> String {
    let rules = rules(client).into_iter();
    let said = rules.filter_map(|rule| Some(format!("{} {}", rule.name, rule.text?)));
    said.collect::<Vec<_>>().join("; ")
}

fn listed(words: impl Iterator<Item = String>) -> Option<String> {
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Enough of a hash to tell it from another.
fn key(key: &KeyHash) -> String {
    match key {
        KeyHash::Sha256([a, b, c, d, ..]) => format!("sha256 {}…", hex(&[*a, *b, *c, *d])),
        KeyHash::File(path) => format!("sha256 file {}", escape(path)),
    }
}

fn key_whole(key: &KeyHash) -> String {
    match key {
        KeyHash::Sha256(hash) => hex(hash),
        KeyHash::File(path) => format!("file {path}"),
    }
}
