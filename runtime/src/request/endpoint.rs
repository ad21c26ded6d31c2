//! What a client asks for, by the path it posts to.

use claw_table::policy::Api;

use crate::dialect::Dialect;

/// One of the requests that a provider may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// OpenAI's chat completions.
    Chat,
    /// OpenAI's Responses.
    Responses,
    /// OpenAI's embeddings.
    Embeddings,
    /// Anthropic's Messages.
    Messages,
    /// How many tokens such a message has.
    CountTokens,
    /// Gemini's `generateContent`: asked of providers only, in place of what a client asks for.
    Generate,
}

impl Endpoint {
    /// What a path in its normal form asks for.
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/v1/chat/completions" => Some(Self::Chat),
            "/v1/responses" => Some(Self::Responses),
            "/v1/embeddings" => Some(Self::Embeddings),
            "/v1/messages" => Some(Self::Messages),
            "/v1/messages/count_tokens" => Some(Self::CountTokens),
            _ => None,
        }
    }

    /// The language's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Embeddings => "embeddings",
            Self::Messages => "messages",
            Self::CountTokens => "count-tokens",
            Self::Generate => "generate",
        }
    }

    /// The protocol of its answers.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Chat => Dialect::Chat,
            Self::Responses => Dialect::Responses,
            Self::Embeddings => Dialect::Embeddings,
            Self::Messages => Dialect::Messages,
            Self::CountTokens => Dialect::CountTokens,
            Self::Generate => Dialect::Gemini,
        }
    }

    /// Whether its answers can be streams.
    pub fn streams(self) -> bool {
        match self {
            Self::Chat | Self::Responses | Self::Messages | Self::Generate => true,
            Self::Embeddings | Self::CountTokens => false,
        }
    }

    /// What a provider must speak to answer it.
    pub fn api(self) -> Api {
        match self {
            Self::Chat | Self::Responses | Self::Embeddings => Api::OpenAi,
            Self::Messages | Self::CountTokens => Api::Anthropic,
            Self::Generate => Api::Gemini,
        }
    }

    /// What is asked of a provider that speaks `api` for it: the same, or the same in the other's
    /// words; nothing where there are none.
    pub fn at(self, api: Api) -> Option<Self> {
        match (self, api) {
            _ if self.api() == api => Some(self),
            (Self::Chat, Api::Anthropic) => Some(Self::Messages),
            (Self::Messages, Api::OpenAi) => Some(Self::Chat),
            (Self::Chat | Self::Messages, Api::Gemini) => Some(Self::Generate),
            _ => None,
        }
    }

    /// Its path at a provider whose address ends in `base`; for Gemini up to the model's name.
    pub fn path(self, base: &str) -> String {
        let (version, path) = match self {
            // The base of a compatible server says which version it is.
            Self::Chat => ("", "/chat/completions"),
            Self::Responses => ("", "/responses"),
            Self::Embeddings => ("", "/embeddings"),
            Self::Messages => ("/v1", "/messages"),
            Self::CountTokens => ("/v1", "/messages/count_tokens"),
            // Which version it is may be written, and it may be an older one.
            Self::Generate if base.rsplit('/').next().is_some_and(is_version) => ("", "/models"),
            Self::Generate => ("/v1beta", "/models"),
        };
        let version = if base.ends_with(version) { "" } else { version };
        format!("{base}{version}{path}")
    }
}

/// Whether a segment of a path is a version: `v1`, `v1beta`.
fn is_version(segment: &str) -> bool {
    let digit = segment
        .strip_prefix('v')
        .and_then(|rest| rest.bytes().next());
    digit.is_some_and(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn a_version_in_the_address_of_a_provider_is_not_repeated() {
        for (endpoint, base, path) in [
            (Endpoint::Chat, "", "/chat/completions"),
            (Endpoint::Chat, "/v1", "/v1/chat/completions"),
            (Endpoint::Messages, "", "/v1/messages"),
            (Endpoint::Messages, "/anthropic", "/anthropic/v1/messages"),
            (Endpoint::Messages, "/v1", "/v1/messages"),
            (Endpoint::CountTokens, "/v1", "/v1/messages/count_tokens"),
            (Endpoint::Generate, "", "/v1beta/models"),
            (Endpoint::Generate, "/v1beta", "/v1beta/models"),
            (Endpoint::Generate, "/proxy/v1", "/proxy/v1/models"),
        ] {
            assert_eq!(endpoint.path(base), path);
        }
    }
}
