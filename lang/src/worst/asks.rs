//! What a request asks for, as far as it decides who can be asked.

use claw_table::policy::{Api, Model, Policy};
use claw_table::{Can, Fact};

use crate::model::{Ask, Cond, Pattern};

/// Endpoints that the same providers serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asks {
    /// An answer in words: every protocol has it, and each is told in the others.
    Text,
    /// The same in a protocol that is told in no other.
    Responses,
    /// Vectors.
    Embeddings,
    /// How many tokens a request has. Nothing is charged for that.
    Count,
}

impl Asks {
    /// All of them, the most ordinary first.
    pub const ALL: [Self; 4] = [Self::Text, Self::Responses, Self::Embeddings, Self::Count];

    /// What an endpoint is, by the language's word; nothing if it is none that is served.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|asks| asks.words().contains(&word))
    }

    /// The language's words for these endpoints, the most ordinary first.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["chat", "messages"],
            Self::Responses => &["responses"],
            Self::Embeddings => &["embeddings"],
            Self::Count => &["count-tokens"],
        }
    }

    /// The condition that a request asks for one of these.
    pub(crate) fn cond(self) -> Cond {
        let words = self
            .words()
            .iter()
            .map(|word| Pattern::Exact((*word).to_owned()));
        Cond::Test(Fact::Endpoint, Ask::Matches(words.collect()))
    }

    /// Whether a model of a provider with this protocol can carry a request that uses this.
    pub fn carries(self, (api, model): (Api, &Model), has: u16) -> bool {
        self.is_spoken(api) && model.carries(self.needs(has))
    }

    /// Whether there are words for it in this protocol.
    pub(crate) fn is_spoken(self, api: Api) -> bool {
        match self {
            Self::Text => true,
            Self::Responses | Self::Embeddings => api == Api::OpenAi,
            Self::Count => api == Api::Anthropic,
        }
    }

    /// What a request that uses this needs of its model.
    pub(crate) fn needs(self, has: u16) -> u16 {
        match self {
            Self::Embeddings => has | Can::Embeddings.bit(),
            Self::Text | Self::Responses | Self::Count => has,
        }
    }

    /// Whether the window of a model is large enough for a request that asks for this. Of texts that
    /// become vectors each has the window for itself, and what is counted is read by nobody.
    pub fn fits(self, model: &Model, in_tokens: Option<u64>) -> bool {
        match self {
            Self::Text | Self::Responses => in_tokens.is_none_or(|tokens| model.holds(tokens)),
            Self::Embeddings | Self::Count => true,
        }
    }

    /// Those that not the same models of the policy carry, each with the condition that a request
    /// asks for it, or for what the same models carry.
    pub(crate) fn told_apart(policy: &Policy) -> Vec<(Self, Cond)> {
        let is_one = policy.providers.iter().all(|it| it.api == Api::OpenAi);
        let all = Self::ALL.into_iter();
        let apart = all.filter(|asks| !is_one || *asks != Self::Responses);
        let with = apart.map(|asks| {
            let own = asks.cond();
            if is_one && asks == Self::Text {
                (asks, Cond::Any(vec![own, Self::Responses.cond()]))
            } else {
                (asks, own)
            }
        });
        with.collect()
    }

    /// Whether some model of the policy carries a request that uses this.
    pub(crate) fn is_carried(self, policy: &Policy, has: u16) -> bool {
        policy.providers.iter().any(|provider| {
            let mut models = provider.models.iter();
            models.any(|model| self.carries((provider.api, model), has))
        })
    }

    /// Whether there is a stream of it.
    pub fn streams(self) -> bool {
        match self {
            Self::Text | Self::Responses => true,
            Self::Embeddings | Self::Count => false,
        }
    }
}
