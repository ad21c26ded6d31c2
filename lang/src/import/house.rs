//! Houses whose addresses, keys and catalogs are known.

/// A well-known provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct House {
    /// What other tools call it.
    pub(super) name: &'static str,
    /// The protocol that it is spoken to in.
    pub(super) api: &'static str,
    /// Where it is; nothing if the file has to say so.
    pub(super) url: Option<&'static str>,
    /// The variable that holds its key by custom.
    pub(super) env: &'static str,
    /// The built-in catalog of its models.
    pub(super) catalog: Option<&'static str>,
}

const fn house(
    name: &'static str,
    url: Option<&'static str>,
    env: &'static str,
    catalog: Option<&'static str>,
) -> House {
    House {
        name,
        api: "openai",
        url,
        env,
        catalog,
    }
}

/// Every house, by the word before the `/` of a model.
const HOUSES: &[House] = &[
    house(
        "openai",
        Some("https://api.openai.com/v1"),
        "OPENAI_API_KEY",
        Some("openai"),
    ),
    House {
        name: "anthropic",
        api: "anthropic",
        url: Some("https://api.anthropic.com"),
        env: "ANTHROPIC_API_KEY",
        catalog: Some("anthropic"),
    },
    House {
        name: "gemini",
        api: "gemini",
        url: Some("https://generativelanguage.googleapis.com"),
        env: "GEMINI_API_KEY",
        catalog: Some("google"),
    },
    House {
        name: "google",
        api: "gemini",
        url: Some("https://generativelanguage.googleapis.com"),
        env: "GEMINI_API_KEY",
        catalog: Some("google"),
    },
    house(
        "openrouter",
        Some("https://openrouter.ai/api/v1"),
        "OPENROUTER_API_KEY",
        Some("openrouter"),
    ),
    house(
        "groq",
        Some("https://api.groq.com/openai/v1"),
        "GROQ_API_KEY",
        Some("groq"),
    ),
    house(
        "mistral",
        Some("https://api.mistral.ai/v1"),
        "MISTRAL_API_KEY",
        Some("mistral"),
    ),
    house(
        "deepseek",
        Some("https://api.deepseek.com/v1"),
        "DEEPSEEK_API_KEY",
        Some("deepseek"),
    ),
    house(
        "xai",
        Some("https://api.x.ai/v1"),
        "XAI_API_KEY",
        Some("xai"),
    ),
    house(
        "together_ai",
        Some("https://api.together.xyz/v1"),
        "TOGETHERAI_API_KEY",
        None,
    ),
    house(
        "fireworks_ai",
        Some("https://api.fireworks.ai/inference/v1"),
        "FIREWORKS_API_KEY",
        None,
    ),
    house(
        "cerebras",
        Some("https://api.cerebras.ai/v1"),
        "CEREBRAS_API_KEY",
        None,
    ),
    house(
        "perplexity",
        Some("https://api.perplexity.ai"),
        "PERPLEXITYAI_API_KEY",
        None,
    ),
    house("ollama", Some("http://127.0.0.1:11434/v1"), "", None),
    house("ollama_chat", Some("http://127.0.0.1:11434/v1"), "", None),
    house("hosted_vllm", None, "HOSTED_VLLM_API_KEY", None),
    house("vllm", None, "HOSTED_VLLM_API_KEY", None),
    house("openai_like", None, "OPENAI_LIKE_API_KEY", None),
    house("custom_openai", None, "OPENAI_LIKE_API_KEY", None),
    house("lm_studio", None, "LM_STUDIO_API_KEY", None),
];

/// The house of this name.
pub(super) fn named(name: &str) -> Option<House> {
    HOUSES.iter().copied().find(|house| house.name == name)
}

/// The house of a model that is named without one.
pub(super) fn of_model(model: &str) -> Option<House> {
    let begins = |heads: &[&str]| heads.iter().any(|head| model.starts_with(head));
    if begins(&["gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-"]) {
        named("openai")
    } else if begins(&["claude-"]) {
        named("anthropic")
    } else {
        None
    }
}
