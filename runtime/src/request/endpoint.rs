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
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Chat,
        Self::Responses,
        Self::Embeddings,
        Self::Messages,
        Self::CountTokens,
        Self::Generate,
    ];

    /// What a path of the API asks for, as [`api`] gives it.
    pub fn of(api: &str) -> Option<Self> {
        match api {
            "/chat/completions" => Some(Self::Chat),
            "/responses" => Some(Self::Responses),
            "/embeddings" => Some(Self::Embeddings),
            "/messages" => Some(Self::Messages),
            "/messages/count_tokens" => Some(Self::CountTokens),
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

    /// Whether its input has to lie in the model's window as a whole. Of texts that are embedded
    /// each has the window for itself, and what is counted is read by nobody.
    pub fn fills_window(self) -> bool {
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

    /// Whether its path names the model.
    pub fn names_model(self) -> bool {
        self == Self::Generate
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
        [base, version, path].concat()
    }
}

/// The part of a normal path that is the API's own: behind the gateway's base with or without the
/// version, elsewhere behind the version; empty where it is none.
///
/// ```text
/// base /v1/openai:  /v1/openai/chat/completions, /v1/openai/v1/chat/completions,
///                   /v1/chat/completions          → /chat/completions
/// ```
pub fn api<'p>(path: &'p str, base: Option<&str>) -> &'p str {
    let behind = |front: &str, path: &'p str| {
        let rest = path.strip_prefix(front)?;
        rest.starts_with('/').then_some(rest)
    };
    match base.and_then(|base| behind(base.trim_end_matches('/'), path)) {
        Some(rest) => behind("/v1", rest).unwrap_or(rest),
        None => behind("/v1", path).unwrap_or_default(),
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
    use super::{Endpoint, api};

    #[test]
    fn a_base_is_stripped_at_a_slash_and_the_version_may_follow_it() {
        let chat = "/chat/completions";
        for (path, base, rest) in [
            ("/v1/chat/completions", None, chat),
            ("/chat/completions", None, ""),
            ("/v1/openai/chat/completions", Some("/v1/openai"), chat),
            ("/v1/openai/v1/chat/completions", Some("/v1/openai"), chat),
            ("/v1/chat/completions", Some("/v1/openai"), chat),
            (
                "/v1/openaichat/completions",
                Some("/v1/openai"),
                "/openaichat/completions",
            ),
            ("/v1/openai", Some("/v1/openai"), "/openai"),
            ("/v1/chat/completions", Some("/v1"), chat),
            ("/v1/v1/chat/completions", Some("/v1"), chat),
            ("/llm/chat/completions", Some("/llm/"), chat),
            ("/V1/chat/completions", None, ""),
            ("/v1", None, ""),
        ] {
            assert_eq!(api(path, base), rest, "{path} {base:?}");
        }
    }

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
