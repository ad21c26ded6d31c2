//! The one record that each request leaves behind, whatever happened to it.

use crate::meter::usage::Usage;

/// How one request went. It becomes one JSON line.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The id the client sees in `x-request-id`.
    pub request_id: String,
    /// When the head arrived, in milliseconds since 1970, UTC.
    pub at_ms: u64,
    /// Behaviour digest of the table that decided.
    pub policy: String,
    /// Method and normal path.
    pub method: String,
    /// Normal path, without the query.
    pub path: String,
    /// The client of the policy, by name.
    pub client: Option<String>,
    /// The model the client named, cut to a safe length.
    pub model: Option<String>,
    /// Whether the client asked for a stream.
    pub streaming: bool,
    /// The arm that was taken, by its label.
    pub arm: Option<String>,
    /// The workload class, by name.
    pub class: Option<String>,
    /// The target that served, as `provider/model`.
    pub target: Option<String>,
    /// Every target that was turned to, in order.
    pub attempts: Vec<Attempt>,
    /// The status the client got.
    pub status: u16,
    /// The code of the error the client got, if it got one.
    pub code: Option<&'static str>,
    /// How the exchange ended: `complete`, `refused`, `failed`, `cut`, `client_gone`.
    pub outcome: &'static str,
    /// What the provider said was used; nothing where it did not say. Of an answer that several
    /// attempts gave, the sum.
    pub usage: Option<Usage>,
    /// Whether some of that was estimated: an attempt broke off before its provider said it.
    pub usage_estimated: bool,
    /// Whether it was not asked again because too much was lately.
    pub out_of_retries: bool,
    /// From the head's arrival to the first content received, in microseconds.
    pub first_content_us: Option<u64>,
    /// From the head's arrival to the end, in microseconds.
    pub duration_us: u64,
}

/// One turn to a target, and how it ended.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// `provider/model`.
    pub target: String,
    /// Whether the request was put on the wire; where no connection was had it was not.
    pub sent: bool,
    /// Why it failed, in the language's words or as a status; nothing if it served.
    pub cause: Option<String>,
    /// The status the provider answered with, if it answered.
    pub status: Option<u16>,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// Whether it went on with what an attempt before it had begun.
    pub continued: bool,
    /// How many hints were left out of what it was sent, since its protocol has no words for them.
    pub hints_dropped: u64,
    /// Whether an event of its answer was left out, since nobody could read it.
    pub skipped: bool,
    /// What it used of the record's usage, where another attempt went on with it.
    pub usage: Option<Usage>,
}

/// Takes the one record that each request leaves behind. It must not wait.
pub trait Sink: Send + Sync {
    /// A request began; exactly one record of it follows.
    fn begin(&self) {}

    /// Takes a record.
    fn record(&self, record: &Record);
}
