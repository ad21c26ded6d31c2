//! Facts: what a policy may ask about a request, and the trait that answers.

/// Something a policy can test about a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// The request method, upper case as sent.
    Method,
    /// The path in its one normal form, without the query.
    Path,
    /// The host the client named, lower case, without port.
    Host,
    /// The address the request comes from.
    Ip,
    /// Who calls, by the name of a client.
    Client,
    /// Whether the caller shows a key of its own for a provider.
    CallerKey,
    /// What the path asks for: `chat`, `responses`, `messages`, `embeddings`, `count-tokens`, `other`.
    Endpoint,
    /// Every value of the named header. The name is lower case.
    Header(String),
    /// Every value of the named query parameter, percent-decoded.
    Query(String),
    /// The model the client named.
    Model,
    /// Whether the client asked for a stream.
    Streaming,
    /// Whether the request uses a capability.
    Has(Can),
    /// The cap on output tokens that the client set.
    MaxOutput,
    /// How many messages, or input items, there are.
    Messages,
    /// The temperature the client set, as [`crate::decimal`] ranks it.
    Temperature,
    /// The member of the body at this JSON pointer.
    Body(String),
    /// What the client names its session by: the first of these headers that is there.
    Session,
    /// The minute of the week in this time zone when the request came; Monday begins at 0.
    Time(String),
    /// The estimate of input tokens.
    Tokens,
    /// Whether the prompt mentions one of these keywords, which are in lower case and sorted.
    Mentions(Vec<String>),
    /// Whether some value of a text fact has this text in it. No policy writes it: it stands in the
    /// place of `like "*x*"` where one fact is asked for too many of these to number what they can
    /// be together.
    Contains((Within, String)),
}

/// The text facts of which can be asked apart whether a text is in them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Within {
    /// [`Fact::Path`]
    Path,
    /// [`Fact::Host`]
    Host,
    /// [`Fact::Model`]
    Model,
    /// [`Fact::Session`]
    Session,
    /// [`Fact::Header`]
    Header(String),
    /// [`Fact::Query`]
    Query(String),
}

impl Within {
    /// The fact by itself, if it can be asked so.
    pub fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::Path => Some(Self::Path),
            Fact::Host => Some(Self::Host),
            Fact::Model => Some(Self::Model),
            Fact::Session => Some(Self::Session),
            Fact::Header(name) => Some(Self::Header(name.clone())),
            Fact::Query(name) => Some(Self::Query(name.clone())),
            Fact::Method
            | Fact::Ip
            | Fact::Client
            | Fact::CallerKey
            | Fact::Endpoint
            | Fact::Streaming
            | Fact::Has(_)
            | Fact::MaxOutput
            | Fact::Messages
            | Fact::Temperature
            | Fact::Body(_)
            | Fact::Tokens
            | Fact::Time(_)
            | Fact::Mentions(_)
            | Fact::Contains(..) => None,
        }
    }

    /// The fact whose values are looked through.
    pub fn fact(&self) -> Fact {
        match self {
            Self::Path => Fact::Path,
            Self::Host => Fact::Host,
            Self::Model => Fact::Model,
            Self::Session => Fact::Session,
            Self::Header(name) => Fact::Header(name.clone()),
            Self::Query(name) => Fact::Query(name.clone()),
        }
    }
}

/// The headers by which clients name a session, the first that is there counts.
pub const SESSION_HEADERS: [&str; 5] = [
    "x-claude-code-session-id",
    "session-id",
    "x-clawrouter-session-id",
    "x-session-affinity",
    "session_id",
];

/// What values a fact takes, and so how its atoms are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Zero, one or several byte strings.
    Text,
    /// Absent or a whole number.
    Number,
    /// Absent, or one JSON value.
    Json,
    /// Absent or an address: see [`crate::address`].
    Address,
    /// No or yes.
    Flag,
}

/// When a fact is known; cheap ones are tested first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// From the request head.
    Head,
    /// From the one pass over the body.
    Body,
    /// From a further pass over the body, made only when it is asked for.
    Count,
    /// From a pass over the whole text of the prompt, made last.
    Scan,
}

impl Fact {
    /// What values this fact takes.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Method
            | Self::Path
            | Self::Host
            | Self::Client
            | Self::Endpoint
            | Self::Header(_)
            | Self::Query(_)
            | Self::Session
            | Self::Model => Kind::Text,
            Self::MaxOutput | Self::Messages | Self::Temperature | Self::Tokens | Self::Time(_) => {
                Kind::Number
            }
            Self::Body(_) => Kind::Json,
            Self::Ip => Kind::Address,
            Self::CallerKey
            | Self::Streaming
            | Self::Has(_)
            | Self::Mentions(_)
            | Self::Contains(..) => Kind::Flag,
        }
    }

    /// Whether one request may carry several values of it. A test holds if any of them meets it.
    pub fn repeats(&self) -> bool {
        matches!(self, Self::Header(_) | Self::Query(_))
    }

    /// The JSON pointer of a member of the body.
    pub fn pointer(&self) -> Option<&str> {
        if let Self::Body(pointer) = self {
            Some(pointer)
        } else {
            None
        }
    }

    /// The time zone whose clock is asked.
    pub fn zone(&self) -> Option<&str> {
        if let Self::Time(zone) = self {
            Some(zone)
        } else {
            None
        }
    }

    /// The keywords that are looked for in the prompt.
    pub fn keywords(&self) -> Option<&[String]> {
        if let Self::Mentions(keywords) = self {
            Some(keywords)
        } else {
            None
        }
    }

    /// Whether every request has it.
    pub fn is_always(&self) -> bool {
        matches!(
            self,
            Self::Method | Self::Path | Self::Endpoint | Self::Ip | Self::Messages | Self::Time(_)
        )
    }

    /// When this fact is known.
    pub fn phase(&self) -> Phase {
        match self {
            Self::Method
            | Self::Path
            | Self::Host
            | Self::Ip
            | Self::Client
            | Self::CallerKey
            | Self::Session
            | Self::Time(_)
            | Self::Endpoint
            | Self::Header(_)
            | Self::Query(_) => Phase::Head,
            Self::Model
            | Self::Streaming
            | Self::Has(_)
            | Self::MaxOutput
            | Self::Messages
            | Self::Temperature
            | Self::Body(_) => Phase::Body,
            Self::Contains((within, _)) => within.fact().phase(),
            Self::Tokens => Phase::Count,
            Self::Mentions(_) => Phase::Scan,
        }
    }
}

/// A capability: what a request may need and a model may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Can {
    /// Tool calls.
    Tools,
    /// Pictures in the input.
    Images,
    /// Sound in the input.
    Audio,
    /// Files in the input.
    Files,
    /// An answer in JSON.
    Json,
    /// An answer that obeys a JSON schema.
    JsonSchema,
    /// Reasoning before the answer.
    Thinking,
    /// Vectors for texts. A model that has it makes vectors and nothing else.
    Embeddings,
    /// Going on inside an answer that another model began.
    Continue,
    /// Reading its input from a cache at a lower price.
    Caching,
    /// Taking a temperature and its like.
    Sampling,
}

impl Can {
    /// Every capability, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Tools,
        Self::Images,
        Self::Audio,
        Self::Files,
        Self::Json,
        Self::JsonSchema,
        Self::Thinking,
        Self::Embeddings,
        Self::Continue,
        Self::Caching,
        Self::Sampling,
    ];

    /// Those that a request is asked for by `has`. What a model is besides holds for no request:
    /// `embeddings` follows from the endpoint, the others are the gateway's own concern.
    pub const ASKED: [Self; 7] = [
        Self::Tools,
        Self::Images,
        Self::Audio,
        Self::Files,
        Self::Json,
        Self::JsonSchema,
        Self::Thinking,
    ];

    /// The word for it in the language.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Images => "images",
            Self::Audio => "audio",
            Self::Files => "files",
            Self::Json => "json",
            Self::JsonSchema => "json-schema",
            Self::Thinking => "thinking",
            Self::Embeddings => "embeddings",
            Self::Continue => "continue",
            Self::Caching => "caching",
            Self::Sampling => "sampling",
        }
    }

    /// The bit that stands for it in a set of capabilities.
    pub fn bit(self) -> u16 {
        1 << (self as u8)
    }
}

/// One value of a JSON text, as far as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number, as [`crate::decimal::rank`] ranks it.
    Number(u64),
    /// A string, its escapes resolved.
    Text(&'a [u8]),
    /// An array or an object.
    Nested,
}

/// What a prompt says, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    /// Some bytes of a part's text, escapes resolved; the part may go on.
    Bytes(&'a [u8]),
    /// The part is over.
    End,
}

/// Answers questions about one request. Each method is called only if the walk needs it.
pub trait Facts {
    /// Hands every value of a text fact to `each`; an absent fact hands over nothing.
    fn texts(&self, fact: &Fact, each: impl FnMut(&[u8]));
    /// The value of a number fact, or nothing where it is absent.
    fn number(&self, fact: &Fact) -> Option<u64>;
    /// The value of an address fact as [`crate::address`] writes it, or nothing where it is absent.
    fn address(&self, fact: &Fact) -> Option<u128>;
    /// Hands the value of a JSON fact to `each`, once; an absent fact hands over nothing.
    fn member(&self, fact: &Fact, each: impl FnMut(Member<'_>));
    /// Hands the text of the prompt to `each`, piece by piece, with an end after each part.
    fn prompt(&self, each: impl FnMut(Said<'_>));
    /// The value of a flag fact other than [`Fact::Mentions`], which is found in the prompt, and
    /// [`Fact::Contains`], which is found in texts.
    fn flag(&self, fact: &Fact) -> bool;
}
