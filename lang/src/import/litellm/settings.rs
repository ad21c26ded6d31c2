//! What holds for all models: fallbacks, aliases, retries, times.

use super::super::at::{At, Notes};
use super::super::note::Weight;

/// The settings of a file, as far as they are carried over.
#[derive(Debug)]
pub(super) struct Settings<'v> {
    /// How a name's deployments share requests.
    pub(super) balance: &'static str,
    /// Requests on the wire for one of the client's.
    pub(super) attempts: Option<u64>,
    pub(super) first_token_s: Option<u64>,
    pub(super) total_s: Option<u64>,
    /// From which name to which others, each with its place.
    fallbacks: Vec<(String, Vec<At<'v>>)>,
    /// To what every name falls back.
    default: Vec<At<'v>>,
    /// Other names of names.
    aliases: Vec<Alias>,
    /// How much may be spent, in which time, and where that is said.
    pub(super) budget: Option<(String, &'static str, String)>,
}

/// Another name of a name.
#[derive(Debug)]
pub(super) struct Alias {
    pub(super) name: String,
    /// Whose it is.
    of: String,
    pub(super) is_hidden: bool,
    /// Where it is said.
    pub(super) path: String,
}

const ROUTER: &[&str] = &[
    "routing_strategy",
    "num_retries",
    "timeout",
    "stream_timeout",
    "fallbacks",
    "default_fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "model_group_alias",
];

const GENERAL: &[&str] = &[
    "num_retries",
    "request_timeout",
    "fallbacks",
    "default_fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "max_budget",
    "budget_duration",
];

impl<'v> Settings<'v> {
    /// Reads every part that holds for all models.
    pub(super) fn read(root: &At<'v>, notes: &mut Notes) -> Self {
        let mut found = Self {
            balance: "weighted",
            attempts: None,
            first_token_s: None,
            total_s: None,
            fallbacks: Vec::new(),
            default: Vec::new(),
            aliases: Vec::new(),
            budget: None,
        };
        for (part, known) in [("router_settings", ROUTER), ("litellm_settings", GENERAL)] {
            let Some(at) = root.get(part) else { continue };
            for (key, at) in at.members(notes) {
                if known.contains(&key) {
                    found.one(key, &at, notes);
                } else {
                    notes.left(&at, left(key));
                }
            }
        }
        if let Some(at) = root.get("litellm_settings") {
            found.budget = budget(&at, notes);
        }
        if let Some(at) = root.get("general_settings") {
            for (key, at) in at.members(notes) {
                notes.left(&at, left(key));
            }
        }
        found
    }

    fn one(&mut self, key: &str, at: &At<'v>, notes: &mut Notes) {
        match key {
            "routing_strategy" => self.strategy(at, notes),
            "max_budget" | "budget_duration" => {}
            "num_retries" if self.attempts.is_some() => notes.left(at, EARLIER),
            "num_retries" => {
                let retries = at.number(0, notes);
                self.attempts = retries.map(|retries| retries.saturating_add(1).min(100));
                if self.attempts.is_some() {
                    notes.near(at, "a bound on all requests for one of the client's, fallbacks too; before it was one for each model");
                }
            }
            "timeout" | "request_timeout" if self.total_s.is_some() => notes.left(at, EARLIER),
            "timeout" | "request_timeout" => {
                self.total_s = at.seconds(notes);
                if self.total_s.is_some() {
                    notes.near(at, "a bound on a request with all its attempts; before it was one for each");
                }
            }
            "stream_timeout" => {
                self.first_token_s = at.seconds(notes);
                if self.first_token_s.is_some() {
                    notes.near(at, "how long a stream may take to its first content");
                }
            }
            "fallbacks" => self.lists(at, notes),
            "default_fallbacks" => self.default.extend(at.entries(notes)),
            "model_group_alias" => {
                for (alias, at) in at.members(notes) {
                    self.alias(alias, &at, notes);
                }
            }
            _ => notes.left(at, "another model for an input that is too long, or refused: write an arm for it, such as `when tokens > 100k`"),
        }
    }

    /// `gpt-4: gpt-4o`, or `gpt-4: { model: gpt-4o, hidden: true }`
    fn alias(&mut self, name: &str, at: &At<'v>, notes: &mut Notes) {
        let is_object = at.value.is_object();
        let inner = if is_object {
            at.get("model")
        } else {
            Some(at.clone())
        };
        let Some(inner) = inner else {
            return notes.left(at, "there is no `model` in it");
        };
        let Some(of) = inner.text(notes) else { return };
        let hidden = at.get("hidden").filter(|_| is_object);
        self.aliases.push(Alias {
            name: name.to_owned(),
            of: of.to_owned(),
            is_hidden: hidden.is_some_and(|at| at.flag()),
            path: at.path.clone(),
        });
    }

    fn strategy(&mut self, at: &At<'_>, notes: &mut Notes) {
        let Some(strategy) = at.text(notes) else {
            return;
        };
        self.balance = match strategy {
            "simple-shuffle" | "least-busy" | "latency-based-routing" | "cost-based-routing" => {
                let balance = match strategy {
                    "least-busy" => "least-busy",
                    "latency-based-routing" => "fastest",
                    "cost-based-routing" => "cheapest",
                    _ => "weighted",
                };
                notes.exact(
                    at,
                    format!("deployments of one name are a pool, `balance {balance}`"),
                );
                balance
            }
            other => {
                notes.near(
                    at,
                    format!("there is no `{other}`: requests are shared by weight"),
                );
                "weighted"
            }
        };
    }

    /// `- name: [other, …]`
    fn lists(&mut self, at: &At<'v>, notes: &mut Notes) {
        for entry in at.entries(notes) {
            for (name, list) in entry.members(notes) {
                let others = list.entries(notes);
                self.fallbacks.push((name.to_owned(), others));
            }
        }
    }

    /// To what a name falls back, in order, each with its place.
    pub(super) fn fallbacks(&self, group: &str) -> Vec<(&'v str, At<'v>)> {
        let own: Vec<&At<'v>> = self
            .fallbacks
            .iter()
            .filter(|(name, _)| name == group)
            .flat_map(|(_, others)| others)
            .collect();
        let all = if own.is_empty() {
            self.default.iter().collect()
        } else {
            own
        };
        let named = all.into_iter().filter_map(|at| {
            let name = at.value.as_str()?;
            at.is(name).then(|| (name, at.clone()))
        });
        named.collect()
    }

    /// The other names of a name.
    pub(super) fn aliases(&self, group: &str) -> impl Iterator<Item = &Alias> {
        self.aliases.iter().filter(move |alias| alias.of == group)
    }

    /// Notes lists of names that are no models of the file.
    pub(super) fn strangers(&self, groups: &[String], notes: &mut Notes) {
        for (name, others) in &self.fallbacks {
            if let Some(first) = others.first().filter(|_| !groups.contains(name)) {
                notes.left(
                    first,
                    format!("`{name}`, which falls back to it, is no model of this file"),
                );
            }
        }
        for alias in &self.aliases {
            if !groups.contains(&alias.of) {
                let told = format!("`{}` is no model of this file", alias.of);
                notes.say(Weight::Left, &alias.path, told);
            }
        }
        let all = self.fallbacks.iter().flat_map(|(_, others)| others);
        for at in all.chain(&self.default).filter(|at| !at.value.is_string()) {
            notes.left(at, "a fallback is the name of a model here");
        }
    }
}

/// What is said of a setting that another one goes before.
const EARLIER: &str = "the one in `router_settings` goes before it";

/// `max_budget: 100` and `budget_duration: 30d`, whose times begin anew as the calendar's do.
fn budget(at: &At<'_>, notes: &mut Notes) -> Option<(String, &'static str, String)> {
    let (most, time) = (at.get("max_budget"), at.get("budget_duration"));
    let (Some(most), Some(time)) = (&most, &time) else {
        for lone in most.iter().chain(&time) {
            notes.left(lone, "a `ceiling` has an amount and a time");
        }
        return None;
    };
    let unit = match time.text(notes) {
        Some("1h" | "60m") => Some("hour"),
        Some("1d" | "24h") => Some("day"),
        Some("7d" | "1w") => Some("week"),
        Some("30d" | "1mo") => Some("month"),
        Some(_) | None => None,
    };
    let micro = most.number(6, notes)?;
    let Some(unit) = unit.filter(|_| (1..=1_000_000_000_000_000).contains(&micro)) else {
        notes.left(most, "write a `ceiling` per hour, day, week or month");
        return None;
    };
    let (whole, part) = (micro / 1_000_000, micro % 1_000_000);
    let amount = match part {
        0 => format!("${whole}"),
        part => format!("${whole}.{}", format!("{part:06}").trim_end_matches('0')),
    };
    Some((amount, unit, most.path.clone()))
}

/// What to do about a setting that has no like.
pub(super) fn left(key: &str) -> &'static str {
    match key {
        "master_key" => {
            "make a key for each client with `clawgate key new`, and name them in the policy"
        }
        "database_url" | "store_model_in_db" => {
            "there is no database: the policy is the one source of truth"
        }
        "cache" | "cache_params" => "say what may be cached with `cache`",
        "max_budget" | "budget_duration" => "write a `ceiling`",
        "rpm" | "tpm" | "max_parallel_requests" => "write a `limit`",
        "headers" | "extra_headers" => {
            "write `header \"NAME\" \"VALUE\"` in the provider, and no secret in it"
        }
        "max_tokens" | "frequency_penalty" | "presence_penalty" | "seed" | "stop" => {
            "write `set default …` in its class"
        }
        "redis_host" | "redis_port" | "redis_password" | "redis_url" => {
            "one gateway needs no store; see `state`"
        }
        "allowed_fails" | "cooldown_time" => {
            "write `health { eject after 5 failures in 30s for 30s }` in the provider"
        }
        "drop_params" | "modify_params" => "what is sent on is what the client sent",
        "set_verbose" | "json_logs" | "success_callback" | "failure_callback" | "callbacks" => {
            "every request is logged as a line of JSON"
        }
        _ => "this importer does not know it",
    }
}
