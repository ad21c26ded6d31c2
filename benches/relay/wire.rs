//! The bytes that travel: what a chat client sends and what a provider answers.

use std::fmt::Write;

/// The model the client names. The gateway must replace it by [`MODEL_SENT`].
pub(crate) const MODEL_ASKED: &str = "gpt-5.5";
/// The model the provider knows.
pub(crate) const MODEL_SENT: &str = "sim-large-2026";

/// The key that the client shows.
const KEY: &str = "sk-not-a-key";
/// Its SHA-256, by which the gateway knows it.
pub(crate) const KEY_SHA256: &str =
    "100ea034bb3d6c014c0cf28b9f270e99b98b0d842ff3a62ae12478aece213734";

/// Stands in a request whose events are to leave in bursts.
pub(crate) const BURSTS: &str = r#""user":"bursts""#;
/// Stands in a request whose events are to come slowly.
pub(crate) const SLOW: &str = r#""user":"slow""#;
/// Size of one event on the stream, its blank line included: the mean of the recorded providers.
const EVENT_BYTES: usize = 187;
/// Stands once in each event, before the 16 digits of the microsecond at which it left.
pub(crate) const MARK: u8 = b'~';
/// Digits after [`MARK`].
pub(crate) const STAMP_DIGITS: usize = 16;

/// A whole chat request as the Python client sends it: about 1 KiB of body, the model name last.
pub(crate) fn request(kind: Kind) -> Vec<u8> {
    let user = match kind {
        Kind::Bursts => BURSTS,
        Kind::Many => SLOW,
        Kind::Plain | Kind::Alone => r#""user":"u-7714""#,
    };
    let stream = match kind {
        Kind::Plain => "",
        Kind::Alone | Kind::Bursts | Kind::Many => {
            r#","stream":true,"stream_options":{"include_usage":true}"#
        }
    };
    let body = format!(
        r#"{{"messages":[{{"role":"system","content":"You answer questions about the railways of Europe. Name the operator, say \"unknown\" when you are not sure, and never invent a timetable.\nAnswer in the language of the question."}},{{"role":"user","content":"{}"}}],"model":"{MODEL_ASKED}","temperature":0.2,"max_tokens":512,{user}{stream}}}"#,
        "Which night train goes from Vienna to Venice, and where does it stop? ".repeat(11),
    );
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\n\
         Host: gateway.internal\r\n\
         Accept-Encoding: gzip, deflate\r\n\
         Connection: keep-alive\r\n\
         Accept: application/json\r\n\
         Content-Type: application/json\r\n\
         User-Agent: OpenAI/Python 2.8.1\r\n\
         X-Stainless-Lang: python\r\n\
         X-Stainless-Package-Version: 2.8.1\r\n\
         X-Stainless-OS: Linux\r\n\
         X-Stainless-Arch: x64\r\n\
         X-Stainless-Runtime: CPython\r\n\
         X-Stainless-Runtime-Version: 3.13.5\r\n\
         Authorization: Bearer {KEY}\r\n\
         X-Stainless-Async: false\r\n\
         x-stainless-retry-count: 0\r\n\
         x-stainless-read-timeout: 600\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole answer at once.
    Plain,
    /// A stream of events, one each 20 ms, each leaving alone.
    Alone,
    /// The same, those of one millisecond leaving together.
    Bursts,
    /// Thousands of streams, four events a second in each: what they hold is counted.
    Many,
}

impl Kind {
    /// Every kind, in the order they are measured.
    pub(crate) const ALL: [Kind; 4] = [Kind::Plain, Kind::Alone, Kind::Bursts, Kind::Many];

    /// Its word on a command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Plain => "plain",
            Kind::Alone => "alone",
            Kind::Bursts => "bursts",
            Kind::Many => "many",
        }
    }

    /// What is counted.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Kind::Plain => "request",
            Kind::Alone | Kind::Bursts | Kind::Many => "event",
        }
    }

    /// The kind of a word.
    pub(crate) fn named(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A whole plain answer of about 1 KiB that repeats the model it was asked for.
pub(crate) fn answer(model: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"id":"chatcmpl-C0ffee1234567890abcdefghij","object":"chat.completion","created":1795255200,"model":"{model}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":214,"completion_tokens":168,"total_tokens":382,"prompt_tokens_details":{{"cached_tokens":0,"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}},"service_tier":"default","system_fingerprint":null}}"#,
        "The night train leaves Vienna in the evening and stops in Villach. ".repeat(7),
    );
    let mut whole = head("application/json");
    let _ = write!(whole, "content-length: {}\r\n\r\n{body}", body.len());
    whole.into_bytes()
}

/// The head of a streamed answer and its first event, which has no content yet.
pub(crate) fn stream_start() -> Vec<u8> {
    let role = r#"data: {"id":"chatcmpl-C0ffee1234567890abcdefghij","object":"chat.completion.chunk","created":1795255200,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#;
    let mut start = head("text/event-stream; charset=utf-8");
    let _ = write!(
        start,
        "transfer-encoding: chunked\r\n\r\n{:x}\r\n{role}\n\n\r\n",
        role.len() + 2
    );
    start.into_bytes()
}

/// One event with content, as one chunk of a chunked body, stamped with the microsecond it leaves.
pub(crate) fn event(at_us: u64) -> String {
    let (before, after) = (
        r#"data: {"id":"chatcmpl-C0ffee","object":"chat.completion.chunk","created":1795255200,"model":"m","choices":[{"index":0,"delta":{"content":""#,
        r#""},"finish_reason":null}]}"#,
    );
    let fixed_bytes = before.len() + after.len() + 1 + STAMP_DIGITS + 2;
    let word = "x".repeat(EVENT_BYTES.saturating_sub(fixed_bytes));
    format!("{EVENT_BYTES:x}\r\n{before}{word}~{at_us:016}{after}\n\n\r\n")
}

fn head(content_type: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\n\
         date: Sat, 21 Nov 2026 10:00:00 GMT\r\n\
         content-type: {content_type}\r\n\
         x-request-id: req_7f3c2a9e5b8d4160a1b2c3d4e5f60718\r\n\
         openai-processing-ms: 412\r\n\
         openai-version: 2020-10-01\r\n\
         x-ratelimit-remaining-requests: 9999\r\n\
         x-ratelimit-remaining-tokens: 1999214\r\n\
         server: sim\r\n"
    )
}

/// A message whose head is complete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    /// Where its body begins.
    pub(crate) head_bytes: usize,
    /// Length of its body; nothing where it is not said, as for a chunked one.
    pub(crate) body_bytes: Option<usize>,
}

/// Reads as much of a head as load and provider need to know where a message ends.
pub(crate) fn message(received: &[u8]) -> Option<Message> {
    let head_bytes = memchr::memmem::find(received, b"\r\n\r\n")? + 4;
    let body_bytes = received[..head_bytes]
        .split(|byte| *byte == b'\n')
        .find_map(|line| {
            let (name, value) = line.split_at_checked("content-length:".len())?;
            let value = name
                .eq_ignore_ascii_case(b"content-length:")
                .then_some(value)?;
            std::str::from_utf8(value).ok()?.trim().parse().ok()
        });
    Some(Message {
        head_bytes,
        body_bytes,
    })
}
