//! How one request is treated: the answer that is due, and everything that goes wrong with it.

use std::time::Duration;

/// How one request is treated. The default is an answer without a fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// What stands in the answer.
    pub reply: Reply,
    /// What it does with the beginning of an answer.
    pub begun: Begun,
    /// What happens before the first byte.
    pub before_head: Before,
    /// What happens between the head and the first byte of the body.
    pub before_body: Before,
    /// What happens between the role chunk and the first event with content.
    pub before_content: Before,
    /// A pause before each event after the first.
    pub drip: Option<Duration>,
    /// Where the answer breaks off, and how.
    pub stop: Option<Stop>,
    /// What of the end is left out.
    pub tail: Tail,
    /// Something put among the events that does not belong there.
    pub odd: Option<(usize, Odd)>,
    /// What the answer says.
    pub says: Says,
    /// How usage is reported.
    pub usage: Usage,
    /// How events are written.
    pub lines: Lines,
    /// A comment before each event.
    pub comments: Comments,
    /// How the body is framed.
    pub framing: Framing,
    /// How bytes are grouped into writes.
    pub writes: Writes,
    /// Extra parts of the head.
    pub head: Head,
}

/// What the model does with the beginning of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Begun {
    /// It goes on.
    #[default]
    Continued,
    /// It refuses.
    Refused,
}

/// What stands in the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reply {
    /// What was asked for.
    #[default]
    Answer,
    /// An error in the provider's own form.
    Refusal(Refusal),
    /// A page of HTML with this status.
    Html(u16),
    /// `302` to another place.
    Redirect,
    /// A whole JSON answer, also where a stream was asked for.
    Plain,
    /// Status 200 and nothing that says anything.
    Empty,
    /// Status 200 and what is not JSON.
    NotJson,
}

/// A refusal, before a dialect words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The request is wrong.
    BadRequest,
    /// The key is wrong.
    BadKey,
    /// The balance is used up (402).
    NoCredit,
    /// The region or organisation may not.
    Forbidden,
    /// No such model.
    NoModel,
    /// The input is longer than the model takes.
    ContextTooLong,
    /// The content filter stopped the prompt.
    Filtered,
    /// The provider does not know `stream_options`.
    StreamOptions,
    /// The model does not go on with an answer that was begun.
    Begun,
    /// Too many requests or tokens in this minute.
    RateLimit,
    /// The account's quota is used up (429, `insufficient_quota`).
    Quota,
    /// No capacity, with this status.
    Overloaded(u16),
    /// An error inside the provider, with this status.
    Server(u16),
    /// Any other status.
    Status(u16),
}

/// What happens before something else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    #[default]
    Nothing,
    /// A pause.
    Wait(Duration),
    /// Silence until the client leaves.
    Hang,
    /// A comment again and again until the client leaves.
    Comments(Duration),
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
}

/// Where the answer breaks off, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Whole events sent before it.
    pub after: usize,
    /// How it breaks off.
    pub how: How,
}

/// How an answer breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The connection is closed.
    Cut,
    /// Half of the next event is sent, then the connection is closed.
    CutInside,
    /// The connection is reset.
    Reset,
    /// Silence until the client leaves.
    Stall,
    /// The body ends as if it were complete.
    CleanEnd,
    /// The stream says that it failed, then ends as if complete.
    Error,
}

/// What of the end is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    #[default]
    Whole,
    /// The finish chunk and all after it.
    NoFinish,
    /// The `[DONE]`.
    NoDone,
    /// The last chunk of the transfer coding, after `[DONE]`.
    NoLastChunk,
}

/// Something that does not belong into a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// An event whose data is not JSON.
    BadEvent,
    /// A chunk whose size is not a number; nothing can follow it.
    BadChunk,
    /// A content event with at least this many bytes.
    HugeEvent(usize),
}

/// What the answer says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Says {
    /// Exactly this many words instead of the usual sentence.
    pub words: Option<usize>,
    /// This many words of reasoning first.
    pub reasoning: usize,
    /// What is said in place of text.
    pub instead: Instead,
    /// The finish reason, where it is not the natural one.
    pub finish: Option<&'static str>,
}

/// What is said in place of text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Instead {
    /// Nothing: text it is.
    #[default]
    Text,
    /// Calls of the first tools that were sent, this many.
    ToolCalls(usize),
    /// A refusal in words.
    Refusal,
}

/// How usage is reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Where it stands.
    pub place: UsagePlace,
    /// Input tokens that came from the cache.
    pub cached: u64,
}

/// Where usage stands in a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UsagePlace {
    /// In a chunk of its own if the client asked, as `OpenAI` does.
    #[default]
    IfAsked,
    /// Nowhere, asked or not.
    Absent,
    /// Running values in every chunk, and the chunk of its own.
    EveryChunk,
    /// On the finish chunk, asked or not.
    OnFinish,
    /// On the finish chunk in a place of its own, asked or not; if asked, there again in the usual
    /// one, and once more in a chunk of its own. So does Groq.
    Twice,
    /// Nowhere: a request with options for its stream is refused.
    Refused,
}

/// How events are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lines {
    /// `\n`.
    #[default]
    Lf,
    /// `\r\n`.
    CrLf,
    /// `\r`.
    Cr,
    /// `\n`, with a byte order mark first.
    Bom,
}

/// Whether comments stand between the events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Comments {
    /// No.
    #[default]
    None,
    /// One before each event.
    Each,
}

/// How the body is framed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// Chunked for a stream, a length for the rest.
    #[default]
    Usual,
    /// A length that is smaller than the body.
    LengthShort,
    /// A length that is larger than the body.
    LengthLong,
    /// Neither: the end of the connection is the end of the body.
    UntilClose,
    /// Half of the bytes that the length promises.
    EarlyEnd,
    /// Chunked, always.
    Chunked,
    /// Compressed, whether the client can read it or not.
    Gzip,
}

/// How bytes are grouped into writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Writes {
    /// The head, then each event.
    #[default]
    Each,
    /// Each byte alone.
    Bytes,
    /// All at once.
    Once,
}

/// Extra parts of the head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// When to come again.
    pub retry_after: Option<RetryAfter>,
    /// Interim answers before the real one.
    pub interim: usize,
    /// A header with this many bytes.
    pub filler_bytes: usize,
    /// The connection is not kept, and the head says so.
    pub keep: Keep,
}

/// Whether the connection is kept after the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    /// As the client asks.
    #[default]
    AsAsked,
    /// No, and the head says so.
    Close,
}

/// When to come again, in one of the spellings providers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// `retry-after: 5`.
    Seconds(Duration),
    /// `retry-after: Sat, 21 Nov 2026 10:00:00 GMT`.
    Date(Duration),
    /// `retry-after-ms: 250`.
    Millis(Duration),
}
