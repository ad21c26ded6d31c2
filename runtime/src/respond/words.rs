//! What is said: a sentence for each fault, which tells what to do instead.

use claw_table::Can;

use super::Circumstances;
use crate::dialect::Dialect;
use crate::dialect::failure::FailureKind;
use crate::fault::{Fault, Kind};

/// The sentence of a fault, with who was asked where anybody was.
pub(super) fn sentence(fault: &Fault, around: &Circumstances<'_>) -> String {
    if let Some(told) = particulars(fault.kind, around) {
        return told;
    }
    let what = words(fault.kind);
    match around.attempts {
        [] => what.to_owned(),
        [only] => format!("{what} ({})", only.target),
        [.., last] => format!(
            "{what} (tried {} times, the last at {})",
            around.attempts.len(),
            last.target
        ),
    }
}

/// Sentences that name what the request or the policy says.
fn particulars(kind: Kind, around: &Circumstances<'_>) -> Option<String> {
    if let Kind::Body(refusal) = kind {
        return Some(format!("{refusal} (at byte {})", refusal.at));
    }
    if let Kind::Denied(id) = kind {
        let deny = around.policy.denies.get(id.index());
        let text = deny.map_or(words(kind), |deny| &deny.text);
        let arm = around.arm.unwrap_or_default();
        return Some(format!("{text} (rule {arm})"));
    }
    if let Kind::NoCapableTarget(lacking) = kind {
        let named = Can::ALL.iter().filter(|can| can.bit() & lacking != 0);
        let named: Vec<&str> = named.map(|can| can.word()).collect();
        let class = around.class.unwrap_or_default();
        return Some(format!(
            "no target of class {class} can do what the request needs: {}",
            named.join(", ")
        ));
    }
    if let Kind::InputTooLong { tokens, window } = kind {
        return Some(input_too_long((tokens, window), around));
    }
    if let Kind::NoSpeakingTarget(endpoint) = kind {
        let class = around.class.unwrap_or_default();
        return Some(format!(
            "no target of class {class} speaks the protocol of {}: ask in the protocol of its \
            targets, or add a provider with `api {}` to it",
            endpoint.path("/v1"),
            endpoint.api().word()
        ));
    }
    if let Kind::Uncarried(uncarried) = kind {
        return Some(uncarried.to_string());
    }
    let max = around.limits.body_bytes_max;
    (kind == Kind::BodyTooLarge).then(|| format!("request exceeds the maximum size of {max} bytes"))
}

/// Clients read both numbers out of these words, those of each protocol out of their own, and make
/// the conversation shorter by them.
fn input_too_long((tokens, window): (u64, u64), around: &Circumstances<'_>) -> String {
    let class = around.class.unwrap_or_default();
    let numbers = match around.dialect {
        Dialect::Messages | Dialect::CountTokens => {
            format!("prompt is too long: {tokens} tokens > {window} maximum")
        }
        Dialect::Chat | Dialect::Responses | Dialect::Embeddings | Dialect::Gemini => {
            format!("maximum context length is {window} tokens, requested {tokens} tokens")
        }
    };
    format!(
        "{numbers}, by estimate; no target of class {class} that could serve it takes more, so \
        send less"
    )
}

/// Told wherever it is noticed: where hyper gives up, or behind it.
pub(crate) const HEAD_TOO_LARGE: &str =
    "the head of the request is too large: send at most 100 header lines, and 64 KiB of them";

/// Also for who has the wrong base URL, the usual reason.
const NOT_FOUND: &str = "nothing is served at this path: POST to /v1/chat/completions, /v1/responses, \
    /v1/embeddings, /v1/messages or /v1/messages/count_tokens, and list models with GET /v1/models; the base URL of \
    OpenAI's clients ends in /v1, that of Anthropic's does not";

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::AmbiguousPath => {
            "the path can be read in more than one way: write it without empty, dot or needlessly \
            encoded segments"
        }
        Kind::BadHost => "send exactly one valid host header",
        Kind::BadFraming => "send the body with a content-length, or chunked and no more",
        Kind::HeadTooLarge => HEAD_TOO_LARGE,
        Kind::NotFound => NOT_FOUND,
        Kind::MethodNotAllowed => {
            "this path takes another method: GET /v1/models, and POST for all that is answered by a \
            model"
        }
        Kind::WebSocket => "there is no WebSocket here: send the request with POST",
        Kind::NotLocal => "this gateway serves clients on its own machine only",
        // Clients that look at the text look for these first words.
        Kind::UnknownKey => {
            "invalid api key: send a key of this gateway's as `authorization: Bearer`"
        }
        Kind::KeyElsewhere => "this key is not used from this address",
        Kind::TwoKeys => "the request shows two keys that differ: send one",
        Kind::UnclearOrigin => {
            "the header in which the proxy before this gateway says who asks holds something that is \
            no address"
        }
        Kind::KeyInQuery => {
            "a key does not belong into the query, which is logged on the way: send it as \
            `authorization: Bearer`"
        }
        Kind::ContentEncoding => "the body is compressed: send it without content-encoding",
        Kind::ContentType => "send the body as content-type: application/json",
        Kind::BodyTooLarge => "request exceeds the maximum size",
        Kind::BodySlow => "the body came too slowly",
        Kind::BodyCut => "the body ended before it was whole",
        Kind::Body(_) => "the body cannot be read",
        Kind::NoModel => "the body names no `model`",
        Kind::NoCallerKey => {
            "this is served with your own key of the provider: send it as `authorization: Bearer`"
        }
        Kind::NotOffered => "no provider here offers the `model` that is named",
        Kind::CallersKey(failure) => callers_words(failure),
        Kind::AmbiguousHeader => {
            "a header or query parameter that the policy decides on is repeated with different \
            values: send it once"
        }
        Kind::Denied(_) => "the policy refuses this request",
        Kind::NoCapableTarget(_) => "no target can do what the request needs",
        Kind::InputTooLong { .. } => "the input is too long for every target",
        Kind::NoSpeakingTarget(_) => "no target speaks the protocol of this request",
        Kind::Uncarried(_) => "the request cannot be told in the protocol of any target",
        Kind::Stopping => "the gateway is being stopped before this answer was whole; ask again",
        Kind::BodiesFull => "the gateway is overloaded: it holds as many bodies as it may",
        Kind::Internal => "the gateway failed",
        Kind::Connect => "the provider could not be reached",
        Kind::Tls => "the connection to the provider could not be secured",
        Kind::ConnectTimeout => "the provider did not take the connection in time",
        Kind::FirstTokenTimeout => "the provider did not begin to answer in time",
        Kind::IdleTimeout => "the provider stopped in the middle of its answer",
        Kind::AttemptTimeout => "the provider did not finish in time",
        Kind::TotalTimeout => "the request did not finish in the time its class allows",
        Kind::Cut => "the provider's answer was cut off",
        Kind::Malformed => "the provider's answer is not what its protocol says",
        Kind::AnswerTooLarge => {
            "the answer is longer than the gateway keeps of one that it does not show yet: ask for \
            less of it, or as a stream that is shown as it comes"
        }
        Kind::Redirect => "the provider answered with a redirect, which is not followed",
        Kind::Provider(failure) => provider_words(failure),
    }
}

fn callers_words(failure: FailureKind) -> &'static str {
    if failure == FailureKind::BadKey {
        "invalid api key: the provider refuses the key that the request shows"
    } else {
        "the account behind the key that the request shows has used up its quota at the provider"
    }
}

fn provider_words(failure: FailureKind) -> &'static str {
    match failure {
        FailureKind::RateLimit => "the provider's rate limit is reached",
        FailureKind::Quota | FailureKind::BadKey => {
            "the provider is not available to this gateway; its operator has been told why"
        }
        FailureKind::Overloaded => "the provider is overloaded",
        FailureKind::Timeout => "the provider ran out of time",
        FailureKind::Server => "the provider failed",
        FailureKind::BadSample | FailureKind::Malformed => {
            "the provider's answer is not what its protocol says"
        }
        FailureKind::BadRequest => "the provider finds the request itself wrong",
        FailureKind::ContextTooLong => {
            "the prompt is too long: the request is longer than the model's context"
        }
        FailureKind::ContentFilter => "the provider's content filter stopped the request",
        FailureKind::ModelNotFound => "model not found at the provider",
        FailureKind::TooLarge => "request exceeds the maximum size that the provider takes",
        FailureKind::UsageOption => {
            "the provider refuses to report usage in a stream, and no attempt was left to ask \
            without it: it will not be asked for it again, so send the request once more"
        }
    }
}
