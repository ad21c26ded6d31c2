//! The one table of everything that can be scripted. `--list`, the reader and the tests use it.

use super::{Fault, Part};
use crate::sim::behaviour::{
    Before, Begun, Behaviour, Comments, Framing, How, Instead, Keep, Lines, Odd, Refusal, Reply,
    RetryAfter, Stop, Tail, UsagePlace, Writes,
};
use crate::sim::words::Amounts;

const fn fault(
    form: &'static str,
    example: &'static str,
    does: &'static str,
    (part, set): (Part, fn(&mut Behaviour, Amounts)),
) -> Fault {
    Fault {
        form,
        example,
        does,
        part,
        set,
    }
}

fn refuse(behaviour: &mut Behaviour, refusal: Refusal) {
    behaviour.reply = Reply::Refusal(refusal);
}

fn stop(behaviour: &mut Behaviour, after: usize, how: How) {
    behaviour.stop = Some(Stop { after, how });
}

/// Every fault, in the order in which an exchange meets them.
pub static FAULTS: &[Fault] = &[
    fault(
        "ok",
        "ok",
        "answers without a fault",
        (Part::Nothing, |_, _| {}),
    ),
    // Before the head.
    fault(
        "slow <time>",
        "slow 30s",
        "waits before the head",
        (Part::BeforeHead, |b, a| {
            b.before_head = Before::Wait(a.time);
        }),
    ),
    fault(
        "hang",
        "hang",
        "reads the request and never answers",
        (Part::BeforeHead, |b, _| {
            b.before_head = Before::Hang;
        }),
    ),
    fault(
        "down",
        "down",
        "closes the connection without a byte of an answer",
        (Part::BeforeHead, |b, _| b.before_head = Before::Close),
    ),
    fault(
        "reset",
        "reset",
        "resets the connection without a byte of an answer",
        (Part::BeforeHead, |b, _| b.before_head = Before::Reset),
    ),
    fault(
        "interim <n>",
        "interim 5",
        "sends 103 heads before the real one",
        (Part::Interim, |b, a| b.head.interim = a.count),
    ),
    // Between the head and the content.
    fault(
        "hang after head",
        "hang after head",
        "sends the head and nothing more",
        (Part::BeforeBody, |b, _| b.before_body = Before::Hang),
    ),
    fault(
        "slow body <time>",
        "slow body 2s",
        "sends the head, then waits before the body",
        (Part::BeforeBody, |b, a| {
            b.before_body = Before::Wait(a.time);
        }),
    ),
    fault(
        "only comments <time>",
        "only comments 15s",
        "sends the head, then a comment each time, never an event",
        (Part::BeforeBody, |b, a| {
            b.before_body = Before::Comments(a.time);
        }),
    ),
    fault(
        "slow first <time>",
        "slow first 2s",
        "sends the role chunk, then waits before the first content",
        (Part::BeforeContent, |b, a| {
            b.before_content = Before::Wait(a.time);
        }),
    ),
    fault(
        "drip <time>",
        "drip 50ms",
        "waits before each event",
        (Part::Drip, |b, a| {
            b.drip = Some(a.time);
        }),
    ),
    // Breaking off.
    fault(
        "role then cut",
        "role then cut",
        "sends the role chunk and closes the connection",
        (Part::Stop, |b, _| stop(b, 1, How::Cut)),
    ),
    fault(
        "cut after <n>",
        "cut after 5",
        "closes the connection after that many events",
        (Part::Stop, |b, a| stop(b, a.count, How::Cut)),
    ),
    fault(
        "cut inside <n>",
        "cut inside 5",
        "closes the connection in the middle of that event",
        (Part::Stop, |b, a| {
            stop(b, a.count.saturating_sub(1), How::CutInside);
        }),
    ),
    fault(
        "reset after <n>",
        "reset after 5",
        "resets the connection after that many events",
        (Part::Stop, |b, a| stop(b, a.count, How::Reset)),
    ),
    fault(
        "stall after <n>",
        "stall after 5",
        "falls silent after that many events, connection open",
        (Part::Stop, |b, a| stop(b, a.count, How::Stall)),
    ),
    fault(
        "end after <n>",
        "end after 5",
        "ends the body cleanly after that many events: no finish, no [DONE]",
        (Part::Stop, |b, a| stop(b, a.count, How::CleanEnd)),
    ),
    fault(
        "error first",
        "error first",
        "status 200, and the first event is an error",
        (Part::Stop, |b, _| stop(b, 0, How::Error)),
    ),
    fault(
        "error after <n>",
        "error after 5",
        "an error event after that many events, then a clean end",
        (Part::Stop, |b, a| stop(b, a.count, How::Error)),
    ),
    fault(
        "no finish",
        "no finish",
        "all the content, then a clean end: no finish chunk, no [DONE]",
        (Part::Tail, |b, _| b.tail = Tail::NoFinish),
    ),
    fault(
        "no done",
        "no done",
        "everything but the [DONE]",
        (Part::Tail, |b, _| {
            b.tail = Tail::NoDone;
        }),
    ),
    fault(
        "no last chunk",
        "no last chunk",
        "everything, then the connection closes without the last chunk of the coding",
        (Part::Tail, |b, _| b.tail = Tail::NoLastChunk),
    ),
    // Wrong bytes.
    fault(
        "bad event after <n>",
        "bad event after 3",
        "an event that is not JSON after that many, then goes on",
        (Part::Odd, |b, a| b.odd = Some((a.count, Odd::BadEvent))),
    ),
    fault(
        "bad chunk after <n>",
        "bad chunk after 3",
        "a chunk whose size is not a number after that many events, then closes",
        (Part::Odd, |b, a| b.odd = Some((a.count, Odd::BadChunk))),
    ),
    fault(
        "huge event <size>",
        "huge event 64KiB",
        "one content event that is at least so large",
        (Part::Odd, |b, a| b.odd = Some((1, Odd::HugeEvent(a.bytes)))),
    ),
    fault(
        "bad json",
        "bad json",
        "status 200 and what is not JSON",
        (Part::Reply, |b, _| {
            b.reply = Reply::NotJson;
        }),
    ),
    fault(
        "html",
        "html",
        "status 200 and a page of HTML",
        (Part::Reply, |b, _| {
            b.reply = Reply::Html(200);
        }),
    ),
    fault(
        "plain",
        "plain",
        "a whole JSON answer, also where a stream was asked for",
        (Part::Reply, |b, _| b.reply = Reply::Plain),
    ),
    fault(
        "empty",
        "empty",
        "status 200 and nothing in it: no choices, no events but [DONE]",
        (Part::Reply, |b, _| b.reply = Reply::Empty),
    ),
    // Refusals.
    fault(
        "400",
        "400",
        "the request is invalid",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::BadRequest);
        }),
    ),
    fault(
        "context",
        "context",
        "400, context_length_exceeded",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::ContextTooLong);
        }),
    ),
    fault(
        "filter",
        "filter",
        "400, content_policy_violation",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::Filtered);
        }),
    ),
    fault(
        "401",
        "401",
        "invalid_api_key, echoing part of the key",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::BadKey);
        }),
    ),
    fault(
        "402",
        "402",
        "insufficient balance",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::NoCredit);
        }),
    ),
    fault(
        "403",
        "403",
        "region or organisation not permitted",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::Forbidden);
        }),
    ),
    fault(
        "404",
        "404",
        "model_not_found",
        (Part::Reply, |b, _| refuse(b, Refusal::NoModel)),
    ),
    fault(
        "429",
        "429",
        "rate_limit_exceeded, without a hint",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::RateLimit);
        }),
    ),
    fault(
        "quota",
        "quota",
        "429, insufficient_quota",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::Quota);
        }),
    ),
    fault(
        "500",
        "500",
        "an internal error",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::Server(500));
        }),
    ),
    fault(
        "502",
        "502",
        "a page of HTML from a proxy in front",
        (Part::Reply, |b, _| {
            b.reply = Reply::Html(502);
        }),
    ),
    fault(
        "503",
        "503",
        "no capacity",
        (Part::Reply, |b, _| refuse(b, Refusal::Overloaded(503))),
    ),
    fault(
        "504",
        "504",
        "the provider's own deadline",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::Server(504));
        }),
    ),
    fault(
        "529",
        "529",
        "no capacity, in Anthropic's number",
        (Part::Reply, |b, _| {
            refuse(b, Refusal::Overloaded(529));
        }),
    ),
    fault(
        "<status>",
        "418",
        "any other status from 400 to 599",
        (Part::Reply, |b, a| {
            refuse(b, Refusal::Status(a.status));
        }),
    ),
    fault(
        "redirect",
        "redirect",
        "302 to another place; its body is an answer that must not be used",
        (Part::Reply, |b, _| b.reply = Reply::Redirect),
    ),
    fault(
        "retry-after <time>",
        "retry-after 5s",
        "adds retry-after in seconds",
        (Part::RetryAfter, |b, a| {
            b.head.retry_after = Some(RetryAfter::Seconds(a.time));
        }),
    ),
    fault(
        "retry-after-date <time>",
        "retry-after-date 5s",
        "adds retry-after as a date that lies so far ahead",
        (Part::RetryAfter, |b, a| {
            b.head.retry_after = Some(RetryAfter::Date(a.time));
        }),
    ),
    fault(
        "retry-after-ms <time>",
        "retry-after-ms 250ms",
        "adds retry-after-ms",
        (Part::RetryAfter, |b, a| {
            b.head.retry_after = Some(RetryAfter::Millis(a.time));
        }),
    ),
    // What the answer says.
    fault(
        "words <n>",
        "words 40",
        "answers with that many words",
        (Part::Length, |b, a| {
            b.says.words = Some(a.count);
        }),
    ),
    fault(
        "reasoning <n>",
        "reasoning 4",
        "that many words of reasoning before the answer",
        (Part::Reasoning, |b, a| b.says.reasoning = a.count),
    ),
    fault(
        "tool calls <n>",
        "tool calls 1",
        "calls so many of the tools that were sent",
        (Part::Kind, |b, a| {
            b.says.instead = Instead::ToolCalls(a.count);
        }),
    ),
    fault(
        "refusal",
        "refusal",
        "refuses in words, status 200",
        (Part::Kind, |b, _| {
            b.says.instead = Instead::Refusal;
        }),
    ),
    fault(
        "finish length",
        "finish length",
        "finish_reason is length",
        (Part::Finish, |b, _| b.says.finish = Some("length")),
    ),
    fault(
        "finish content_filter",
        "finish content_filter",
        "finish_reason is content_filter",
        (Part::Finish, |b, _| b.says.finish = Some("content_filter")),
    ),
    fault(
        "no usage",
        "no usage",
        "never reports usage",
        (Part::Usage, |b, _| {
            b.usage.place = UsagePlace::Absent;
        }),
    ),
    fault(
        "usage in every chunk",
        "usage in every chunk",
        "running usage in every chunk, the last one counts",
        (Part::Usage, |b, _| b.usage.place = UsagePlace::EveryChunk),
    ),
    fault(
        "usage on finish",
        "usage on finish",
        "usage on the finish chunk, asked or not",
        (Part::Usage, |b, _| b.usage.place = UsagePlace::OnFinish),
    ),
    fault(
        "usage twice",
        "usage twice",
        "usage on the finish chunk under x_groq; if asked, there again and in its own chunk",
        (Part::Usage, |b, _| b.usage.place = UsagePlace::Twice),
    ),
    fault(
        "refuses usage",
        "refuses usage",
        "400, unknown parameter: stream_options; without them a stream that reports no usage",
        (Part::Usage, |b, _| b.usage.place = UsagePlace::Refused),
    ),
    fault(
        "refuses to continue",
        "refuses to continue",
        "400 where the last message is the assistant's",
        (Part::Begun, |b, _| b.begun = Begun::Refused),
    ),
    fault(
        "cached <n>",
        "cached 3",
        "so many input tokens were cached",
        (Part::Cached, |b, a| {
            b.usage.cached = u64::try_from(a.count).unwrap_or(u64::MAX);
        }),
    ),
    // How it is written.
    fault(
        "crlf",
        "crlf",
        "lines end in CR LF",
        (Part::Lines, |b, _| b.lines = Lines::CrLf),
    ),
    fault(
        "cr",
        "cr",
        "lines end in CR",
        (Part::Lines, |b, _| b.lines = Lines::Cr),
    ),
    fault(
        "bom",
        "bom",
        "a byte order mark before the first line",
        (Part::Lines, |b, _| {
            b.lines = Lines::Bom;
        }),
    ),
    fault(
        "comments",
        "comments",
        "a comment before each event",
        (Part::Comments, |b, _| {
            b.comments = Comments::Each;
        }),
    ),
    fault(
        "split",
        "split",
        "writes each byte alone",
        (Part::Writes, |b, _| {
            b.writes = Writes::Bytes;
        }),
    ),
    fault(
        "coalesce",
        "coalesce",
        "writes head and body at once",
        (Part::Writes, |b, _| {
            b.writes = Writes::Once;
        }),
    ),
    fault(
        "length short",
        "length short",
        "content-length is smaller than the body",
        (Part::Framing, |b, _| b.framing = Framing::LengthShort),
    ),
    fault(
        "length long",
        "length long",
        "content-length is larger than the body, then closes",
        (Part::Framing, |b, _| b.framing = Framing::LengthLong),
    ),
    fault(
        "early end",
        "early end",
        "half of the bytes that content-length promises, then closes",
        (Part::Framing, |b, _| b.framing = Framing::EarlyEnd),
    ),
    fault(
        "until close",
        "until close",
        "no length, no chunks: the end of the connection ends the body",
        (Part::Framing, |b, _| b.framing = Framing::UntilClose),
    ),
    fault(
        "chunked",
        "chunked",
        "chunked, also where a length is usual",
        (Part::Framing, |b, _| {
            b.framing = Framing::Chunked;
        }),
    ),
    fault(
        "gzip",
        "gzip",
        "a compressed body, whatever the client accepts",
        (Part::Framing, |b, _| b.framing = Framing::Gzip),
    ),
    fault(
        "big head <size>",
        "big head 16KiB",
        "a header of that size",
        (Part::Filler, |b, a| {
            b.head.filler_bytes = a.bytes;
        }),
    ),
    fault(
        "close",
        "close",
        "does not keep the connection, and says so",
        (Part::Keep, |b, _| {
            b.head.keep = Keep::Close;
        }),
    ),
];
