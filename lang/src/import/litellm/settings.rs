//! What holds for all models: fallbacks, aliases, retries, times.

use super::super::at::{At, Notes};

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
    aliases: Vec<(String, String)>,
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
            "num_retries" => {
                let retries = at.number(0, notes);
                self.attempts = retries.map(|retries| retries.saturating_add(1).min(100));
                if self.attempts.is_some() {
                    notes.near(at, "a bound on all requests for one of the client's, fallbacks too; before it was one for each model");
                }
            }
            "timeout" | "request_timeout" => self.total_s = at.seconds(notes).or(self.total_s),
            "stream_timeout" => self.first_token_s = at.seconds(notes).or(self.first_token_s),
            "fallbacks" => self.lists(at, notes),
            "default_fallbacks" => self.default.extend(at.entries(notes)),
            "model_group_alias" => {
                for (alias, at) in at.members(notes) {
                    if let Some(name) = at.text(notes) {
                        self.aliases.push((alias.to_owned(), name.to_owned()));
                    }
                }
            }
            _ => notes.left(at, "another model for an input that is too long, or refused: write an arm for it, such as `when tokens > 100k`"),
        }
    }

    fn strategy(&mut self, at: &At<'_>, notes: &mut Notes) {
        let Some(strategy) = at.text(notes) else {
            return;
        };
        self.balance = match strategy {
            "simple-shuffle" => "weighted",
            "least-busy" => "least-busy",
            "latency-based-routing" => "fastest",
            "cost-based-routing" => "cheapest",
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
        let named = all
            .into_iter()
            .filter_map(|at| Some((at.value.as_str()?, at.clone())));
        named.collect()
    }

    /// The other names of a name.
    pub(super) fn aliases(&self, group: &str) -> Vec<String> {
        let own = self.aliases.iter().filter(|(_, name)| name == group);
        own.map(|(alias, _)| alias.clone()).collect()
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
        let all = self.fallbacks.iter().flat_map(|(_, others)| others);
        for at in all.chain(&self.default).filter(|at| !at.value.is_string()) {
            notes.left(at, "a fallback is the name of a model here");
        }
    }
}

/// What to do about a setting that has no like.
fn left(key: &str) -> &'static str {
    match key {
        "master_key" => {
            "make a key for each client with `clawgate key new`, and name them in the policy"
        }
        "database_url" | "store_model_in_db" => {
            "there is no database: the policy is the one source of truth"
        }
        "cache" | "cache_params" => "say what may be cached with `cache`",
        "max_budget" | "budget_duration" => "write a `ceiling`",
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
