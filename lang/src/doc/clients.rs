//! Who may call, and what shows that they are who they say. Of a key nothing is told but that there
//! is one.

use claw_table::policy::{Auth, Ceiling, Client, KeyHash, Policy, Scope};

use super::notes::Notes;
use super::{Block, Page, Run, code, joined, several, words};
use crate::explain::{ceiling, from};

impl Page {
    pub(super) fn clients(&mut self, policy: &Policy, notes: &Notes) {
        if policy.clients.is_empty() {
            let text =
                "No client is declared: only callers on the gateway's own machine are served.";
            self.blocks.push(Block::Paragraph(vec![words(text)]));
        }
        for (at, client) in policy.clients.iter().enumerate() {
            self.heading(3, &format!("client {}", client.name));
            self.blocks.extend(notes.about("client", &client.name));
            let own = policy.ceilings.iter();
            let own = own.filter(|it| matches!(it.scope, Scope::Client(id) if id.index() == at));
            let mut facts = facts(client);
            facts.extend(own.map(|it: &Ceiling| {
                let text = ceiling(policy, it);
                vec![words("It has the ceiling "), code(&text), words(".")]
            }));
            self.blocks.push(Block::List(facts));
        }
    }
}

fn facts(client: &Client) -> Vec<Vec<Run>> {
    let Client {
        name: _,
        keys,
        from: addresses,
        auth,
        tags,
    } = client;
    let mut facts = Vec::new();
    if !addresses.is_empty() {
        let from = match from(addresses) {
            any if any == "any" => words("any address"),
            some => code(&some),
        };
        facts.push(vec![words("It calls from "), from, words(".")]);
    }
    let files = keys.iter().filter_map(|key| match key {
        KeyHash::Sha256(_) => None,
        KeyHash::File(path) => Some(path),
    });
    let files: Vec<Run> = files.map(|path| code(path)).collect();
    facts.push(match (keys.len(), files.is_empty()) {
        (0, _) => vec![words("It is known by its address alone.")],
        (1, true) => vec![words("It shows a key.")],
        (many, true) => vec![words(&format!("It shows one of {}.", several(many, "key")))],
        (many, false) => {
            let count = match many {
                1 => "a key".to_owned(),
                many => format!("one of {}", several(many, "key")),
            };
            let mut text = vec![words(&format!(
                "It shows {count}; what tells it stands in "
            ))];
            text.extend(joined(files, ", "));
            text.push(words("."));
            text
        }
    });
    facts.extend(match auth {
        Auth::Known => None,
        Auth::Ignore => Some(vec![words("A key that nobody has is not looked at.")]),
        Auth::Caller => {
            let text = "A key that nobody has is taken for the caller's own at a provider.";
            Some(vec![words(text)])
        }
    });
    if !tags.is_empty() {
        let mut text = vec![words("Tagged ")];
        text.extend(joined(tags.iter().map(|tag| code(tag)).collect(), ", "));
        text.push(words("."));
        facts.push(text);
    }
    facts
}
