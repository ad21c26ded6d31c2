//! The words of the language, each list in one place. Editors take their keywords from here.

/// Words that begin a declaration.
pub const DECLARATIONS: &[&str] = &[
    "policy", "gateway", "catalog", "provider", "pool", "client", "retry", "class", "let", "never",
    "forbid", "ceiling", "limit", "cache", "notify", "route", "unused", "accept", "test",
];

/// Declarations of the language that this version does not build yet.
pub const DECLARATIONS_LATER: &[&str] = &[];

/// Declarations that have no braces.
pub const DECLARATIONS_BARE: &[&str] = &["policy", "let", "never", "forbid", "unused", "accept"];

/// What one kind of block may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields {
    /// The word that opens the block.
    pub block: &'static str,
    /// Fields that are built.
    pub now: &'static [&'static str],
    /// Fields of the language that this version does not build yet.
    pub later: &'static [&'static str],
}

/// Fields of `gateway`.
pub const GATEWAY: Fields = Fields {
    block: "gateway",
    now: &["listen", "admin", "trust", "state", "base"],
    later: &[],
};

/// Fields of `provider`.
pub const PROVIDER: Fields = Fields {
    block: "provider",
    now: &[
        "api", "url", "key", "ca", "header", "tags", "timeout", "health", "limit", "models",
        "model", "set", "unset",
    ],
    later: &[],
};

/// Fields of `health`.
pub const HEALTH: Fields = Fields {
    block: "health",
    now: &["probe", "eject", "slow-start"],
    later: &[],
};

/// Fields of `model`.
pub const MODEL: Fields = Fields {
    block: "model",
    now: &["price", "context", "max-output", "can", "shutdown"],
    later: &[],
};

/// Fields of `catalog`.
pub const CATALOG: Fields = Fields {
    block: "catalog",
    now: &["snapshot", "model"],
    later: &[],
};

/// Fields of `pool`; every other line of it is a member.
pub const POOL: Fields = Fields {
    block: "pool",
    now: &["balance"],
    later: &[],
};

/// Fields of `client`.
pub const CLIENT: Fields = Fields {
    block: "client",
    now: &["key", "from", "auth", "tags", "ceiling"],
    later: &[],
};

/// Fields of `test`.
pub const TEST: Fields = Fields {
    block: "test",
    now: &["at", "request", "spent", "draw", "fault", "expect"],
    later: &[],
};

/// Fields of `request` in a test.
pub const REQUEST: Fields = Fields {
    block: "request",
    now: &[
        "client",
        "ip",
        "method",
        "path",
        "host",
        "header",
        "query",
        "endpoint",
        "model",
        "streaming",
        "has",
        "tokens",
        "max-output",
        "messages",
        "temperature",
        "session",
        "prompt",
        "body",
    ],
    later: &[],
};

/// Fields of `retry`.
pub const RETRY: Fields = Fields {
    block: "retry",
    now: &["on", "attempts", "backoff", "honor"],
    later: &[],
};

/// Fields of `class`.
pub const CLASS: Fields = Fields {
    block: "class",
    now: &[
        "primary",
        "fallback",
        "require",
        "retry",
        "timeout",
        "commit",
        "after-cut",
        "fail",
        "ceiling",
        "keys",
        "cache",
        "heartbeat",
        "min-output",
        "set",
        "unset",
    ],
    later: &[],
};

/// Fields of `ceiling`.
pub const CEILING: Fields = Fields {
    block: "ceiling",
    now: &["when", "allow", "per", "at", "then"],
    later: &[],
};

/// Fields of `limit`.
pub const LIMIT: Fields = Fields {
    block: "limit",
    now: &["when", "allow", "per", "fail"],
    later: &[],
};

/// Fields of `cache`.
pub const CACHE: Fields = Fields {
    block: "cache",
    now: &["when", "keep", "size", "coalesce", "shared", "fail"],
    later: &[],
};

/// Fields of `notify`.
pub const NOTIFY: Fields = Fields {
    block: "notify",
    now: &["webhook", "on"],
    later: &[],
};

/// Every kind of block.
pub const BLOCKS: &[Fields] = &[
    GATEWAY, CATALOG, PROVIDER, HEALTH, MODEL, POOL, CLIENT, RETRY, CLASS, CEILING, LIMIT, CACHE,
    NOTIFY, TEST, REQUEST,
];

/// The fields of a block with this keyword.
pub fn fields(word: &str) -> Option<&'static Fields> {
    BLOCKS.iter().find(|known| known.block == word)
}

/// Whether a word opens a block, at whatever depth.
pub fn is_block(word: &str) -> bool {
    fields(word).is_some()
}

/// Words that join conditions or end them: nothing that is compared is called so.
pub const CONDITION_WORDS: &[&str] = &[
    "is",
    "in",
    "not",
    "and",
    "or",
    "like",
    "mentions",
    "when",
    "otherwise",
    "deny",
    "then",
    "reaches",
    "costs",
    "tries",
    "takes",
];

/// Words that begin an arm.
pub const ARMS: &[&str] = &["when", "otherwise"];

/// Facts that a condition may ask.
pub const FACTS: &[&str] = &[
    "method",
    "path",
    "host",
    "ip",
    "client",
    "endpoint",
    "header",
    "query",
    "model",
    "streaming",
    "has",
    "tokens",
    "max-output",
    "messages",
    "temperature",
    "body",
    "session",
    "time",
    "prompt",
];

/// Facts of the language that this version does not know yet.
pub const FACTS_LATER: &[&str] = &[];

/// The days of the week, in order.
pub const WEEKDAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What `endpoint` can be.
pub const ENDPOINTS: &[&str] = &[
    "chat",
    "responses",
    "messages",
    "embeddings",
    "count-tokens",
    "other",
];

/// What `method` can be.
pub const METHODS: &[&str] = &[
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE",
];

/// Words between the parts of a condition.
pub const OPERATORS: &[&str] = &["is", "in", "not", "and", "or", "like", "mentions"];

/// Words with a meaning of their own inside a line.
pub const SLOT_WORDS: &[&str] = &[
    "openai",
    "anthropic",
    "gemini",
    "env",
    "file",
    "none",
    "connect",
    "first-token",
    "idle",
    "attempt",
    "total",
    "free",
    "cached",
    "out",
    "closed",
    "open",
    "whole",
    "first-content",
    "continue",
    "error",
    "retry-after",
    "up",
    "to",
    "absent",
    "present",
    "deny",
    "requested",
    "over",
    "tagged",
    "weight",
    "every",
    "after",
    "failures",
    "for",
    "concurrent",
    "requests",
    "per",
    "second",
    "minute",
    "hour",
    "day",
    "above",
    "tier",
    "during",
    "from",
    "cache-write",
    "cache-write-1h",
    "audio-in",
    "audio-out",
    "call",
    "web-search",
    "round-robin",
    "weighted",
    "least-busy",
    "fastest",
    "cheapest",
    "sticky",
    "caller-key",
    "ip",
    "request",
    "week",
    "month",
    "estimated",
    "via",
    "proxy-protocol",
    "x-forwarded-for",
    "forwarded",
    "embedded",
    "redis",
    "burst",
    "default",
    "off",
    "failover",
    "reload-failed",
    "true",
    "false",
    "null",
];

/// Words that may not be names, beside facts and operators.
pub const RESERVED: &[&str] = &[
    "deny",
    "warn",
    "requested",
    "route",
    "otherwise",
    "when",
    "then",
    "any",
    "none",
    "caller",
    "absent",
    "present",
    "reaches",
    "costs",
    "tries",
    "takes",
    "exclusive",
];

/// Whether a word may not be a name.
pub fn is_reserved(word: &str) -> bool {
    [FACTS, FACTS_LATER, OPERATORS, RESERVED]
        .iter()
        .any(|list| list.contains(&word))
}

/// Whether a word begins a declaration of the language, built or not.
pub fn is_declaration(word: &str) -> bool {
    DECLARATIONS.contains(&word) || DECLARATIONS_LATER.contains(&word)
}
