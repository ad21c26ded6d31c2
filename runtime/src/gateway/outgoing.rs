//! The body as it leaves for one target: the target's own name for the model, and in a stream the
//! wish for usage, whether the client has it or not. Where the target speaks another protocol than
//! the client it is written anew.

use bytes::Bytes;
use smallvec::SmallVec;

use crate::fault::{Fault, Kind};
use crate::plan::Step;
use crate::request::edit::{Edit, Path, edited, quoted};
use crate::request::peek::{Model, Peek, peek};
use crate::translate::{Pair, Target, Translated, request};
use crate::upstream::asking::Asking;

/// A request in another protocol, for the target of `step`.
///
/// # Errors
/// The target's protocol has no words for it.
pub(super) fn translated(
    (body, found): (&Bytes, &Peek),
    pair: Pair,
    step: &Step<'_>,
    asking: Asking,
) -> Result<Translated, Fault> {
    let url = step.provider.first_url();
    let there = Target {
        model: &step.model.wire,
        host: url.map_or("", |url| url.host.as_str()),
        can: step.model.can,
        output_tokens_max: step.model.output_tokens_max,
        streaming: found.stream,
        asks_usage: asking == Asking::ForUsage,
    };
    let told = request(body, pair, there);
    told.map_err(|uncarried| Fault::early(Kind::Uncarried(uncarried)))
}

/// The body for a target that knows the model as `name`.
///
/// # Errors
/// What came of the edits does not say what was meant: nothing of it is sent.
pub(super) fn outgoing(
    (body, found): (&Bytes, &Peek),
    name: &str,
    asking: Asking,
) -> Result<Bytes, Fault> {
    let model = found.model.as_ref().ok_or(Fault::early(Kind::NoModel))?;
    let mut edits: SmallVec<[Edit<'_>; 2]> = SmallVec::new();
    if *model.name != *name {
        edits.push(Edit::Replace(model.range.clone(), quoted(name).into()));
    }
    let asks = found.stream && !found.include_usage && asking == Asking::ForUsage;
    if asks {
        edits.push(if found.stream_options {
            let path = Path::Inner("stream_options", "include_usage");
            Edit::Set(path, "true".into())
        } else {
            Edit::Insert("stream_options", r#"{"include_usage":true}"#.into())
        });
    }
    if edits.is_empty() {
        return Ok(body.clone());
    }
    let internal = || Fault::early(Kind::Internal);
    let sent = edited(body, &edits).map_err(|_| internal())?;
    // What the table decided on is what is sent: the bytes that leave are read again, by the same
    // rules, and must say the same but for what was meant to change.
    let said = peek(&sent).map_err(|_| internal())?;
    let meant = Peek {
        model: Some(Model {
            range: said
                .model
                .as_ref()
                .map_or(0..0, |model| model.range.clone()),
            name: name.into(),
        }),
        stream_options: found.stream_options || asks,
        include_usage: found.include_usage || asks,
        // Nothing is asked for again.
        found: Vec::new(),
        ..*found
    };
    (said == meant).then_some(sent).ok_or_else(internal)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::outgoing;
    use crate::request::peek::peek;
    use crate::upstream::asking::Asking;

    fn sent(body: &str, asking: Asking) -> String {
        let bytes = Bytes::from(body.to_owned());
        let found = peek(&bytes).unwrap();
        let sent = outgoing((&bytes, &found), "large", asking).unwrap();
        String::from_utf8(sent.to_vec()).unwrap()
    }

    #[test]
    fn a_stream_asks_for_usage_and_nothing_else_changes() {
        for (body, wanted) in [
            (
                r#"{"model":"m","stream":true}"#,
                r#"{"stream_options":{"include_usage":true},"model":"large","stream":true}"#,
            ),
            (
                "\n { \"stream\" : true,\"x\":1e5, \"model\" :\t\"m\\u0041\" } ",
                "\n {\"stream_options\":{\"include_usage\":true}, \"stream\" : true,\"x\":1e5, \"model\" :\t\"large\" } ",
            ),
            (
                r#"{"stream_options":null,"model":"m","stream":true}"#,
                r#"{"stream_options":{"include_usage":true},"model":"large","stream":true}"#,
            ),
            (
                r#"{"model":"m","stream_options":{ },"stream":true}"#,
                r#"{"model":"large","stream_options":{"include_usage":true },"stream":true}"#,
            ),
            (
                r#"{"stream":true,"stream_options":{"include_usage":false,"x":[{}]},"model":"large"}"#,
                r#"{"stream":true,"stream_options":{"include_usage":true,"x":[{}]},"model":"large"}"#,
            ),
            (
                r#"{"stream":true,"stream_options":{"include_obfuscation" : false},"model":"large"}"#,
                r#"{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation" : false},"model":"large"}"#,
            ),
            (
                r#"{"stream":true,"stream_options":{"y":"\"}","include_usage" : null},"model":"large"}"#,
                r#"{"stream":true,"stream_options":{"y":"\"}","include_usage" : true},"model":"large"}"#,
            ),
        ] {
            assert_eq!(sent(body, Asking::ForUsage), wanted);
            let unasked = body
                .replace(r#""model":"m""#, r#""model":"large""#)
                .replace(r#""m\u0041""#, r#""large""#);
            assert_eq!(sent(body, Asking::Nothing), unasked);
        }
    }

    #[test]
    fn who_asks_himself_and_who_wants_no_stream_is_left_as_he_is() {
        for body in [
            r#"{"model":"large","stream":true,"stream_options":{"include_usage":true}}"#,
            r#"{"model":"large","stream":false,"stream_options":{"include_usage":false}}"#,
            r#"{"model":"large"}"#,
        ] {
            let bytes = Bytes::from(body.to_owned());
            let found = peek(&bytes).unwrap();
            let sent = outgoing((&bytes, &found), "large", Asking::ForUsage).unwrap();
            assert_eq!(sent.as_ptr(), bytes.as_ptr(), "no byte was copied");
        }
    }

    #[test]
    fn a_body_that_would_not_say_what_was_meant_is_not_sent() {
        let bytes = Bytes::from_static(br#"{"model":"m","stream":true}"#);
        let mut found = peek(&bytes).unwrap();
        // A place that is none, and a name that no reader takes.
        found.model.as_mut().unwrap().range = 2..4;
        assert!(outgoing((&bytes, &found), "large", Asking::ForUsage).is_err());
        let found = peek(&bytes).unwrap();
        assert!(outgoing((&bytes, &found), "", Asking::ForUsage).is_err());
        // A pass that overlooked the options: the client's and ours would both stand there.
        let bytes = Bytes::from_static(br#"{"model":"m","stream":true,"stream_options":{}}"#);
        let mut found = peek(&bytes).unwrap();
        found.stream_options = false;
        assert!(outgoing((&bytes, &found), "m", Asking::ForUsage).is_err());
    }
}
