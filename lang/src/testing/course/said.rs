//! What came of a request, in words.

use claw_table::policy::{Policy, Target};

use super::{Course, End};
use crate::explain::count;
use crate::syntax::escape;
use crate::testing::{attempts, target};

impl Course {
    /// Of a request that says different things at once where only one can be meant.
    pub(in crate::testing) fn refused(status: u16, sentence: &str) -> Self {
        Self {
            denied: Some(status),
            sentence: sentence.to_owned(),
            ..Self::default()
        }
    }

    /// How many requests were put on the wire.
    pub fn attempts(&self) -> usize {
        self.tried.iter().filter(|turn| turn.is_sent()).count()
    }

    /// Where the policy sends the request.
    pub(in crate::testing) fn decided(&self, policy: &Policy) -> String {
        let class = self.class.and_then(|id| policy.classes.get(id.index()));
        match (class, self.denied) {
            (Some(class), _) => format!("class `{}`", class.name),
            (None, Some(status)) => {
                let by = match (&self.because, self.arm.as_str()) {
                    (Some(ceiling), _) => format!("ceiling {ceiling}"),
                    (None, "") => "the gateway".to_owned(),
                    (None, arm) => arm.to_owned(),
                };
                format!("deny {status} {} ({by})", escape(&self.sentence))
            }
            (None, None) => "no arm".to_owned(),
        }
    }

    /// What the client sees.
    pub(in crate::testing) fn told(&self, policy: &Policy) -> String {
        if let Some(by) = self.served {
            return format!("served by {}", target(policy, by));
        }
        let after = attempts(self.attempts());
        match (self.class, self.failed) {
            (Some(_), Some(status)) => format!("failed {status} after {after}"),
            (Some(_), None) => format!("an answer that breaks off, after {after}"),
            (None, _) => self.decided(policy),
        }
    }

    /// Every turn, with how it ended.
    pub(in crate::testing) fn way(&self, policy: &Policy) -> String {
        let passed = self.too_small.iter();
        let mut way: Vec<String> = passed.map(|one| too_small(policy, *one)).collect();
        if self.tried.is_empty() {
            way.push("no target can carry it".to_owned());
        }
        let turns = self.tried.iter().map(|turn| {
            let place = target(policy, turn.target);
            let one_of = |word: &str, at: usize| match at {
                0 => String::new(),
                at => format!(" {word} {}", at + 1),
            };
            let (key, url) = (one_of("key", turn.key), one_of("url", turn.url));
            match &turn.end {
                End::Served => format!("{place}{key}{url} answers"),
                End::Unsent(why) | End::Failed(why) => format!("{place}{key}{url} gives {why}"),
            }
        });
        way.extend(turns);
        way.join(", ")
    }
}

/// Why a target is passed over that could carry the request otherwise.
fn too_small(policy: &Policy, passed: Target) -> String {
    let provider = policy.providers.get(passed.provider.index());
    let model = provider.and_then(|provider| provider.models.get(passed.model.index()));
    let window = model.and_then(|model| model.context_tokens);
    let tokens = count(window.unwrap_or_default());
    format!(
        "{} holds no more than {tokens} tokens",
        target(policy, passed)
    )
}
