//! Every bound of the data plane, with its default. Hitting one is a typed outcome with a test.

use std::time::Duration;

/// The bounds of one gateway. All are read at start; tests shorten them.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Client connections over all workers; the next one waits in the kernel's queue.
    pub connections_max: usize,
    /// From the first byte of a head to its last.
    pub head: Duration,
    /// A kept-alive client connection without a request is closed after this.
    pub client_idle: Duration,
    /// Bytes that hyper may buffer per connection and direction. It looks at the bound between two
    /// reads only, so a head can be longer.
    pub buffer_bytes_max: usize,
    /// The lines of one head.
    pub head_bytes_max: usize,
    /// Headers of one head.
    pub headers_max: usize,
    /// One request body.
    pub body_bytes_max: usize,
    /// All request bodies held by the process, as they came, and all streams that are kept until they
    /// are whole. While a body is sent, its edited copy is held beside it, and a stream that is kept
    /// may be translated at its end, so memory stays below twice this.
    pub bodies_bytes_max: usize,
    /// A body may arrive as slowly as it likes for this long.
    pub body_grace: Duration,
    /// After the grace a body must have come at least this fast on the whole, per second.
    pub body_bytes_per_s_min: usize,
    /// Longest wait for the next bytes of a request body.
    pub body_idle: Duration,
    /// A client that takes no byte for this long, while there is something to write, is let go.
    pub client_stall: Duration,
    /// How long an ending may wait for its error event to be flushed.
    pub last_words: Duration,
    /// How long a finished stream waits for the end of the upstream's body, to reuse the connection.
    pub tail: Duration,
    /// Bytes of a stream held back before its first content.
    pub held_bytes_max: usize,
    /// One event of a stream.
    pub event_bytes_max: usize,
    /// Steps through the table to find the models that one caller may name; where they do not
    /// suffice, every name is told.
    pub offer_steps_max: u32,
    /// One answer that is shown only when it is whole.
    pub answer_bytes_max: usize,
    /// How often a client that waits for a whole stream is told that it is still being worked on,
    /// where the policy says nothing.
    pub heartbeat: Duration,
    /// How much of a refusal by a provider is read.
    pub error_bytes_max: usize,
    /// How much of a provider's refusal of the caller's own fault is handed on.
    pub error_pass_bytes_max: usize,
    /// Connecting, where the policy says nothing.
    pub connect: Duration,
    /// From the first byte written to the first content, where the policy says nothing.
    pub first_token: Duration,
    /// Between two reads of an upstream body, where the policy says nothing.
    pub idle: Duration,
    /// One request in all, where the policy says nothing.
    pub total: Duration,
    /// Idle upstream connections kept per upstream and worker.
    pub idle_connections_max: usize,
    /// An idle upstream connection is closed after this.
    pub idle_connection: Duration,
    /// How often a connection that was found dead is replaced within one attempt.
    pub redials_max: u32,
    /// How many repeats a hundred requests pay for.
    pub retries_per_100_requests: u64,
    /// How many repeats each second pays for, however few requests there are, in each worker.
    pub retries_per_s_min: u64,
    /// How many repeats may be saved up, in each worker.
    pub retries_max: u64,
    /// Letters of a client's own request id that are taken over.
    pub request_id_bytes_max: usize,
    /// Letters of a client's model name that reach the log.
    pub model_bytes_max: usize,
    /// The largest `retry-after` that is handed to a client.
    pub retry_after_s_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            head: Duration::from_secs(10),
            client_idle: Duration::from_secs(75),
            buffer_bytes_max: 64 * 1024,
            head_bytes_max: 64 * 1024,
            headers_max: 100,
            body_bytes_max: 32 * 1024 * 1024,
            bodies_bytes_max: 512 * 1024 * 1024,
            body_grace: Duration::from_secs(10),
            body_bytes_per_s_min: 1024,
            body_idle: Duration::from_secs(10),
            client_stall: Duration::from_secs(30),
            last_words: Duration::from_secs(1),
            tail: Duration::from_millis(100),
            held_bytes_max: 256 * 1024,
            event_bytes_max: 1024 * 1024,
            offer_steps_max: 100_000,
            answer_bytes_max: 64 * 1024 * 1024,
            heartbeat: Duration::from_secs(15),
            error_bytes_max: 64 * 1024,
            error_pass_bytes_max: 8 * 1024,
            connect: Duration::from_secs(5),
            first_token: Duration::from_mins(1),
            idle: Duration::from_mins(1),
            total: Duration::from_mins(10),
            idle_connections_max: 256,
            idle_connection: Duration::from_secs(30),
            redials_max: 2,
            retries_per_100_requests: 10,
            retries_per_s_min: 1,
            retries_max: 100,
            request_id_bytes_max: 128,
            model_bytes_max: 128,
            retry_after_s_max: 60,
        }
    }
}
