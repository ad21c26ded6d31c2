//! How a provider is watched, and how much it is given at a time.

/// What tells that a provider is ill, and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// A question asked of every address beside the traffic.
    pub probe: Option<Probe>,
    /// When an address is left alone, and for how long.
    pub eject: Option<Eject>,
    /// How long an address that comes back gets less than its share, in milliseconds.
    pub slow_start_ms: Option<u64>,
}

/// `probe GET "/v1/models" every 15s`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What is asked.
    pub method: ProbeMethod,
    /// The whole path, not what follows that of the provider's address.
    pub path: String,
    /// From one question to the next, in milliseconds.
    pub every_ms: u64,
}

/// What a probe asks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeMethod {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
}

impl ProbeMethod {
    /// The word for it on the wire and in the language.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

/// `eject after 5 failures in 30s for 30s`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eject {
    /// So many failures …
    pub failures: u32,
    /// … within this time, in milliseconds …
    pub within_ms: u64,
    /// … leave it alone for this time, in milliseconds.
    pub for_ms: u64,
}

/// `limit 50 concurrent, 2M tokens per minute`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capacity {
    /// Attempts at one time.
    pub concurrent: Option<u32>,
    /// Amounts over time, at most one of each kind and time.
    pub rates: Vec<Rate>,
}

/// So much of something in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// What is counted.
    pub of: Counted,
    /// The time, in milliseconds.
    pub per_ms: u64,
    /// How much of it.
    pub amount: u64,
}

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Attempts.
    Requests,
    /// Tokens of input and output together.
    Tokens,
}

impl Counted {
    /// The word for it in the language.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
        }
    }
}
