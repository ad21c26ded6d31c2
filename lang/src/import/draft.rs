//! A policy in the making, and how it is written down.

use std::fmt::Write as _;

use super::note::{Note, Weight};
use super::text::price;
use crate::syntax::escape;

/// A policy in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Its name.
    pub(super) name: String,
    /// What stands at its head, line by line.
    pub(super) head: Vec<String>,
    pub(super) providers: Vec<Provider>,
    pub(super) pools: Vec<Pool>,
    /// Requests on the wire for one of the client's, where the file says so.
    pub(super) attempts: Option<u64>,
    pub(super) classes: Vec<Class>,
    pub(super) ceiling: Option<Ceiling>,
    pub(super) arms: Vec<Arm>,
    pub(super) notes: Vec<Note>,
}

#[derive(Debug)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) api: &'static str,
    pub(super) url: String,
    pub(super) key: Key,
    pub(super) catalog: Option<&'static str>,
    pub(super) attempt_s: Option<u64>,
    pub(super) limits: Limits,
    /// Every model of its catalog can be asked for.
    pub(super) is_whole: bool,
    pub(super) models: Vec<Model>,
}

/// How much is sent to a provider at a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// In a minute.
    pub(super) requests: Option<u64>,
    /// In a minute.
    pub(super) tokens: Option<u64>,
    /// At once.
    pub(super) concurrent: Option<u64>,
}

impl Limits {
    /// Both together, as far as something is said.
    pub(super) fn add(&mut self, more: &Self) {
        let sum = |own: &mut Option<u64>, more: Option<u64>| {
            *own = match (*own, more) {
                (Some(own), Some(more)) => Some(own.saturating_add(more).min(1_000_000_000)),
                (own, more) => own.or(more),
            };
        };
        sum(&mut self.requests, more.requests);
        sum(&mut self.tokens, more.tokens);
        sum(&mut self.concurrent, more.concurrent);
        self.concurrent = self.concurrent.map(|most| most.min(1_000_000));
    }

    fn written(&self) -> Option<String> {
        let concurrent = self.concurrent.map(|most| format!("{most} concurrent"));
        let rate =
            |most: Option<u64>, what: &str| most.map(|most| format!("{most} {what} per minute"));
        let rates = [
            concurrent,
            rate(self.requests, "requests"),
            rate(self.tokens, "tokens"),
        ];
        let all: Vec<String> = rates.into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    None,
    Env(String),
    File(String),
}

#[derive(Debug, Default)]
pub(super) struct Model {
    /// How it is named in the policy.
    pub(super) name: String,
    /// How it is named on the wire.
    pub(super) wire: String,
    /// It stands in the provider's catalog.
    pub(super) is_listed: bool,
    /// What is charged, and how much in pico-dollars for a token.
    pub(super) rates: Vec<(&'static str, u64)>,
    pub(super) context: Option<u64>,
    pub(super) max_output: Option<u64>,
    pub(super) can: Vec<&'static str>,
}

/// How much all requests together may spend.
#[derive(Debug, Clone)]
pub(super) struct Ceiling {
    pub(super) name: String,
    /// As the policy writes it.
    pub(super) amount: String,
    pub(super) unit: &'static str,
    /// Where it stands in the file.
    pub(super) path: String,
}

#[derive(Debug)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) balance: &'static str,
    /// Targets and their weights.
    pub(super) members: Vec<(String, u64)>,
}

#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) docs: String,
    /// Targets and pools, the first one the primary.
    pub(super) legs: Vec<String>,
    pub(super) first_token_s: Option<u64>,
    pub(super) total_s: Option<u64>,
    /// What is set in its requests.
    pub(super) sets: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Arm {
    /// The names by which clients ask for it.
    pub(super) models: Vec<String>,
    pub(super) class: String,
}

impl Draft {
    /// The text of the policy, not formatted yet.
    pub(super) fn write(&self) -> String {
        let mut out = String::new();
        // Writing to a text cannot fail.
        for line in &self.head {
            let _ = writeln!(out, "# {line}");
        }
        self.write_left(&mut out);
        let _ = writeln!(out, "\npolicy {}\n", self.name);
        for provider in &self.providers {
            provider.write(&mut out);
        }
        for pool in &self.pools {
            pool.write(&mut out);
        }
        if let Some(attempts) = self.attempts {
            let _ = writeln!(
                out,
                "retry imported {{\n  on connect, timeout, cut, overloaded, quota, bad-key, malformed, 429, 500..599\n  attempts {attempts}\n}}\n"
            );
        }
        let retry = self.attempts.map(|_| "imported");
        for class in &self.classes {
            class.write(&mut out, retry);
        }
        if let Some(ceiling) = &self.ceiling {
            let Ceiling {
                name, amount, unit, ..
            } = ceiling;
            let _ = writeln!(out, "ceiling {name} {{ allow {amount} per {unit} }}\n");
        }
        out.push_str("route {\n");
        for arm in &self.arms {
            let (open, exact): (Vec<&String>, Vec<&String>) =
                arm.models.iter().partition(|name| name.contains('*'));
            let ways = [("is", exact), ("like", open)].into_iter();
            let ways = ways
                .filter(|(_, list)| !list.is_empty())
                .map(|(word, list)| {
                    let list: Vec<String> = list.into_iter().map(|name| escape(name)).collect();
                    format!("model {word} {}", list.join(", "))
                });
            let ways: Vec<String> = ways.collect();
            let _ = writeln!(out, "  when {} -> {}", ways.join(" or "), arm.class);
        }
        out.push_str("  otherwise -> deny 404 \"model not found\"\n}\n");
        out
    }

    /// What is missing, where its reader cannot overlook it.
    fn write_left(&self, out: &mut String) {
        let left = |note: &&Note| note.weight == Weight::Left;
        let left: Vec<&Note> = self.notes.iter().filter(left).collect();
        if left.is_empty() {
            return;
        }
        out.push_str("#\n# Not carried over:\n");
        for note in left {
            let line = format!("{}: {}", note.path, note.text);
            // A comment ends with its line, whatever a key of the file looks like.
            let line: String = line
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            let _ = writeln!(out, "#   {}", crate::unseen::on_its_line(&line));
        }
    }
}

impl Provider {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "provider {} {{\n  api {}", self.name, self.api);
        let _ = writeln!(out, "  url {}", escape(&self.url));
        let _ = match &self.key {
            Key::None => writeln!(out, "  key none"),
            Key::Env(name) => writeln!(out, "  key env {name}"),
            Key::File(path) => writeln!(out, "  key file {}", escape(path)),
        };
        if let Some(seconds) = self.attempt_s {
            let _ = writeln!(out, "  timeout attempt {seconds}s");
        }
        if let Some(limits) = self.limits.written() {
            let _ = writeln!(out, "  limit {limits}");
        }
        let is_listed = self.is_whole || self.models.iter().any(|model| model.is_listed);
        if let Some(catalog) = self.catalog.filter(|_| is_listed) {
            let _ = writeln!(out, "  models catalog {catalog}");
        }
        for model in self.models.iter().filter(|model| !model.is_listed) {
            model.write(out);
        }
        out.push_str("}\n\n");
    }
}

impl Model {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "  model {}", self.name);
        if self.wire != self.name {
            let _ = write!(out, " {}", escape(&self.wire));
        }
        let mut parts = Vec::new();
        if !self.rates.is_empty() {
            let rates = self.rates.iter();
            let rates = rates.map(|(word, pico)| format!("{word} {}", price(*pico)));
            parts.push(format!("price {}", rates.collect::<Vec<_>>().join(", ")));
        }
        parts.extend(self.context.map(|tokens| format!("context {tokens}")));
        parts.extend(self.max_output.map(|tokens| format!("max-output {tokens}")));
        if !self.can.is_empty() {
            parts.push(format!("can {}", self.can.join(", ")));
        }
        let _ = writeln!(out, " {{ {} }}", parts.join("; "));
    }
}

impl Pool {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "pool {} {{\n  balance {}", self.name, self.balance);
        let (_, first) = self.members.first().cloned().unwrap_or_default();
        let differ = self.members.iter().any(|(_, weight)| *weight != first);
        for (target, weight) in &self.members {
            let _ = if differ {
                writeln!(out, "  {target} weight {weight}")
            } else {
                writeln!(out, "  {target}")
            };
        }
        out.push_str("}\n\n");
    }
}

impl Class {
    fn write(&self, out: &mut String, retry: Option<&str>) {
        if !self.docs.is_empty() {
            let _ = writeln!(out, "## {}", self.docs);
        }
        let Some((primary, fallbacks)) = self.legs.split_first() else {
            return;
        };
        let _ = writeln!(out, "class {} {{\n  primary {primary}", self.name);
        // What is asked for has a list of its own behind it.
        let (asked, named): (Vec<&String>, Vec<&String>) = fallbacks
            .iter()
            .partition(|leg| leg.starts_with("requested"));
        if !named.is_empty() {
            let named: Vec<&str> = named.into_iter().map(String::as_str).collect();
            let _ = writeln!(out, "  fallback {}", named.join(", "));
        }
        for leg in asked {
            let _ = writeln!(out, "  fallback {leg}");
        }
        if let Some(retry) = retry {
            let _ = writeln!(out, "  retry {retry}");
        }
        let first = self.first_token_s.map(|s| format!("first-token {s}s"));
        let total = self.total_s.map(|s| format!("total {s}s"));
        let times: Vec<String> = first.into_iter().chain(total).collect();
        if !times.is_empty() {
            let _ = writeln!(out, "  timeout {}", times.join(", "));
        }
        if !self.sets.is_empty() {
            let _ = writeln!(out, "  set {}", self.sets.join(", "));
        }
        out.push_str("}\n\n");
    }
}
