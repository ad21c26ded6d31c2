//! The body as it leaves for one target: the target's own name for the model, in a stream the wish
//! for usage, whether the client has it or not, and what the policy changes. Where the target speaks
//! another protocol than the client it is written anew.

use bytes::Bytes;

use crate::fault::{Fault, Kind};
use crate::gateway::errand::about;
use crate::plan::Step;
use crate::request::changes::{Change, Changes, Edits, hold};
use crate::request::continued::marked;
use crate::request::edit::{Edit, Path, Unfit, edited, quoted};
use crate::request::endpoint::Endpoint;
use crate::request::peek::{Model, Peek, Pointers, Reason, Refusal, peek, peek_for};
use crate::request::tokens::Known;
use crate::translate::{End, Pair, Target, Translated, request};
use crate::upstream::asking::Asking;
use crate::upstream::chain::Chain;
use crate::upstream::fallback::{Carried, Sent};

/// A request on its way to its targets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving<'a> {
    /// Its body, and what is known of it.
    pub(super) request: (&'a Bytes, &'a Peek),
    /// What is known of how long its input is.
    pub(super) known: Known,
    /// Where its conversation ends.
    pub(super) end: End,
    /// Its id.
    pub(super) request_id: &'a str,
    /// What becomes of it by the policy.
    pub(super) changed: Changed<'a>,
}

impl Leaving<'_> {
    /// What leaves for the target of `step`, which may speak another protocol.
    ///
    /// # Errors
    /// The target cannot be told the request, or the request cannot be changed as the policy says.
    pub(super) fn to(
        &self,
        step: &Step<'_>,
        pair: Option<Pair>,
        asking: Asking,
    ) -> Result<Sent, Fault> {
        let Some(pair) = pair else {
            let (sent, choices) = outgoing(self.request, self.changed, step, asking)?;
            return Ok(Sent {
                body: Chain::new([self.marked(sent, step)]),
                choices,
                carried: None,
            });
        };
        let there = (step, self.end);
        let (told, choices) = translated(self.request, (pair, self.changed), there, asking)?;
        Ok(Sent {
            body: Chain::new([self.marked(told.body, step)]),
            choices,
            carried: Some(Carried {
                dropped: told.dropped,
                names: told.names,
                about: about(self.request, self.known, self.request_id),
            }),
        })
    }

    /// The body as the target is told that the last message is not over, where it is not.
    fn marked(&self, body: Bytes, step: &Step<'_>) -> Bytes {
        if self.end == End::Asks || step.asked != Endpoint::Chat {
            return body;
        }
        let url = step.provider.first_url();
        marked(body, url.map_or("", |url| url.host.as_str()))
    }
}

/// What the policy changes in one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changed<'a> {
    /// What the policy changes at all.
    pub(super) changes: &'a Changes,
    /// What the request's class changes.
    pub(super) class: Option<&'a Change>,
    /// The members that must be one to every reader.
    pub(super) pointers: &'a Pointers,
    /// What the client asks for.
    pub(super) endpoint: Endpoint,
}

impl<'a> Changed<'a> {
    /// What is changed for the target of `step` by its provider.
    fn provider(self, step: &Step<'_>) -> Option<&'a Change> {
        let provider = self.changes.provider(step.target.provider);
        provider.filter(|change| change.has_members())
    }

    /// What is changed by the class.
    fn class(self) -> Option<&'a Change> {
        self.class.filter(|change| change.has_members())
    }
}

/// A request in another protocol, for the target of `step`, and how many answers it asks for.
///
/// # Errors
/// The target's protocol has no words for it.
fn translated(
    (body, found): (&Bytes, &Peek),
    (pair, changed): (Pair, Changed<'_>),
    (step, end): (&Step<'_>, End),
    asking: Asking,
) -> Result<(Translated, u32), Fault> {
    let url = step.provider.first_url();
    let there = Target {
        model: &step.model.wire,
        host: url.map_or("", |url| url.host.as_str()),
        can: step.model.can,
        output_tokens_max: step.model.output_tokens_max,
        streaming: found.stream,
        asks_usage: asking == Asking::ForUsage,
        end,
    };
    let of_class = match changed.class() {
        None => None,
        Some(change) => Some(pass(
            (body, found),
            Edits::new(),
            (change, changed.endpoint),
            changed.pointers,
        )?),
    };
    let (body, found) = of_class
        .as_ref()
        .map_or((body, found), |(body, found)| (body, found));
    let told = request(body, pair, there);
    let mut told = told.map_err(|uncarried| Fault::early(Kind::Uncarried(uncarried)))?;
    if let Some(change) = changed.provider(step) {
        let written = peek(&told.body).map_err(|_| Fault::early(Kind::Internal))?;
        let of_provider = (change, step.asked);
        (told.body, _) = pass(
            (&told.body, &written),
            Edits::new(),
            of_provider,
            changed.pointers,
        )?;
    }
    Ok((told, found.choices))
}

/// The body for the target of `step`, which speaks the client's protocol, and how many answers it
/// asks for.
///
/// # Errors
/// What came of the edits does not say what was meant: nothing of it is sent.
fn outgoing(
    (body, found): (&Bytes, &Peek),
    changed: Changed<'_>,
    step: &Step<'_>,
    asking: Asking,
) -> Result<(Bytes, u32), Fault> {
    let own = named(found, &step.model.wire, asking)?;
    let (first, second) = match (changed.class(), changed.provider(step)) {
        (None, None) => {
            let sent = plainly((body, found), &step.model.wire, &own)?;
            return Ok((sent, found.choices));
        }
        (Some(first), second) => (first, second),
        (None, Some(first)) => (first, None),
    };
    let (endpoint, pointers) = (changed.endpoint, changed.pointers);
    let mut sent = pass((body, found), own, (first, endpoint), pointers)?;
    if let Some(second) = second {
        sent = pass(
            (&sent.0, &sent.1),
            Edits::new(),
            (second, endpoint),
            pointers,
        )?;
    }
    let (sent, said) = sent;
    let is_named = said
        .model
        .is_some_and(|model| *model.name == *step.model.wire);
    if !is_named {
        return Err(Fault::early(Kind::Internal));
    }
    Ok((sent, said.choices))
}

/// The edits of the gateway itself: the model's name, and the wish for usage.
fn named<'e>(found: &Peek, name: &str, asking: Asking) -> Result<Edits<'e>, Fault> {
    let model = found.model.as_ref().ok_or(Fault::early(Kind::NoModel))?;
    let mut edits = Edits::new();
    if *model.name != *name {
        edits.push(Edit::Replace(model.range.clone(), quoted(name).into()));
    }
    if asks(found, asking) {
        edits.push(if found.stream_options {
            let path = Path::Inner("stream_options", "include_usage");
            Edit::Set(path, "true".into())
        } else {
            Edit::Insert("stream_options", r#"{"include_usage":true}"#.into())
        });
    }
    Ok(edits)
}

fn asks(found: &Peek, asking: Asking) -> bool {
    found.stream && !found.include_usage && asking == Asking::ForUsage
}

/// The body with these edits of the gateway's and no others.
fn plainly((body, found): (&Bytes, &Peek), name: &str, edits: &[Edit<'_>]) -> Result<Bytes, Fault> {
    if edits.is_empty() {
        return Ok(body.clone());
    }
    let internal = || Fault::early(Kind::Internal);
    let sent = edited(body, edits).map_err(|_| internal())?;
    // What the table decided on is what is sent: the bytes that leave are read again, by the same
    // rules, and must say the same but for what was meant to change.
    let said = peek(&sent).map_err(|_| internal())?;
    let asks = edits.iter().any(|edit| !matches!(edit, Edit::Replace(..)));
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

/// The body with what the gateway and one block of the policy change, read again like any other.
fn pass<'e>(
    (body, found): (&Bytes, &Peek),
    mut edits: Edits<'e>,
    (change, endpoint): (&'e Change, Endpoint),
    pointers: &Pointers,
) -> Result<(Bytes, Peek), Fault> {
    let internal = || Fault::early(Kind::Internal);
    let asks = edits.iter().any(|edit| !matches!(edit, Edit::Replace(..)));
    change.edits(endpoint, found, &mut edits);
    let sent = edited(body, &edits).map_err(|unfit| match unfit {
        // The client wrote something else where the policy writes into an object.
        Unfit::NotAnObject(at) => Fault::early(Kind::Body(Refusal {
            reason: Reason::NoMembers,
            at,
        })),
        Unfit::Json(_) | Unfit::Overlap => internal(),
    })?;
    let said = peek_for(&sent, pointers).map_err(|_| internal())?;
    let kept = said.stream == found.stream
        && said.messages == found.messages
        && said.stream_options == (found.stream_options || asks)
        && said.include_usage == (found.include_usage || asks);
    let meant = kept && hold(&edits, (&sent, &said), pointers);
    meant.then_some((sent, said)).ok_or_else(internal)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{named, plainly};
    use crate::fault::Fault;
    use crate::request::peek::{Peek, peek};
    use crate::upstream::asking::Asking;

    fn outgoing(request: (&Bytes, &Peek), name: &str, asking: Asking) -> Result<Bytes, Fault> {
        plainly(request, name, &named(request.1, name, asking)?)
    }

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
