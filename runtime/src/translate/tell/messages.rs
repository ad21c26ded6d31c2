//! A stream of Anthropic's Messages.

use super::{About, id, messages_usage, stop_reason};
use crate::json::Tree;
use crate::meter::usage::Usage;
use crate::translate::answer::{Act, Kind, Reason};

/// A stream as it is told.
#[derive(Debug)]
pub(in crate::translate) struct Stream {
    about: About,
    begun: bool,
    /// The number of the next block, or of the open one.
    index: u64,
    open: Option<Kind>,
    /// Bytes that were told, for an answer of which the provider does not say what it used.
    bytes: u64,
    stop: (Reason, Option<String>),
}

impl Stream {
    pub(in crate::translate) fn new(about: About) -> Self {
        Self {
            about,
            begun: false,
            index: 0,
            open: None,
            bytes: 0,
            stop: (Reason::End, None),
        }
    }

    /// Blocks are numbered as the provider numbers them.
    pub(in crate::translate) fn follow(&mut self, data: &Tree<'_>) {
        if let Some(index) = data.at("index").whole() {
            self.index = index;
        }
    }

    pub(in crate::translate) fn act(&mut self, act: Act, out: &mut String) {
        match act {
            Act::Start { id, model } => self.begin((&id, &model), out),
            Act::Open(kind) => {
                self.begin(("", ""), out);
                let block = [("content_block", opening(&kind))];
                self.event("content_block_start", block, out);
                self.open = Some(kind);
            }
            Act::More(text) => {
                self.bytes = self.bytes.saturating_add(text.len() as u64);
                let (kind, member) = match &self.open {
                    Some(Kind::Thinking) => ("thinking_delta", "thinking"),
                    Some(Kind::Call { .. }) => ("input_json_delta", "partial_json"),
                    Some(Kind::Text | Kind::Refusal | Kind::Redacted(_)) | None => {
                        ("text_delta", "text")
                    }
                };
                self.delta([("type", kind.into()), (member, text.into())], out);
            }
            Act::Signature(signature) => self.delta(
                [
                    ("type", "signature_delta".into()),
                    ("signature", signature.into()),
                ],
                out,
            ),
            Act::Close => {
                self.event("content_block_stop", [], out);
                self.index += 1;
                self.open = None;
            }
            Act::Stop(reason, sequence) => self.stop = (reason, sequence),
        }
    }

    pub(in crate::translate) fn end(&mut self, usage: Option<Usage>, out: &mut String) {
        self.begin(("", ""), out);
        let (reason, sequence) = std::mem::take(&mut self.stop);
        let delta = Tree::object([
            ("stop_reason", stop_reason(reason).into()),
            ("stop_sequence", sequence.map_or(Tree::Null, Tree::from)),
        ]);
        let usage = messages_usage(usage, &self.about, self.bytes);
        write(
            "message_delta",
            vec![("delta", delta), ("usage", usage)],
            out,
        );
        write("message_stop", Vec::new(), out);
    }

    /// The first event, once. What was used is not known yet, only guessed.
    fn begin(&mut self, (given, model): (&str, &str), out: &mut String) {
        if self.begun {
            return;
        }
        self.begun = true;
        let message = Tree::object([
            ("id", id("msg_", given, &self.about).into()),
            ("type", "message".into()),
            ("role", "assistant".into()),
            ("model", model.into()),
            ("content", Tree::List(Vec::new())),
            ("stop_reason", Tree::Null),
            ("stop_sequence", Tree::Null),
            ("usage", messages_usage(None, &self.about, 1)),
        ]);
        write("message_start", vec![("message", message)], out);
    }

    fn delta<const N: usize>(&self, delta: [(&'static str, Tree<'_>); N], out: &mut String) {
        let delta = [("delta", Tree::object(delta))];
        self.event("content_block_delta", delta, out);
    }

    /// An event about the open block.
    fn event<const N: usize>(
        &self,
        kind: &'static str,
        members: [(&'static str, Tree<'_>); N],
        out: &mut String,
    ) {
        let mut all = vec![("index", Tree::from(self.index))];
        all.extend(members);
        write(kind, all, out);
    }
}

/// A block before its first piece.
fn opening(kind: &Kind) -> Tree<'_> {
    match kind {
        Kind::Thinking => Tree::object([
            ("type", Tree::from("thinking")),
            ("thinking", "".into()),
            ("signature", "".into()),
        ]),
        Kind::Redacted(data) => Tree::object([
            ("type", Tree::from("redacted_thinking")),
            ("data", data.as_str().into()),
        ]),
        Kind::Text | Kind::Refusal => {
            Tree::object([("type", Tree::from("text")), ("text", "".into())])
        }
        Kind::Call { id, name, .. } => Tree::object([
            ("type", Tree::from("tool_use")),
            ("id", id.as_str().into()),
            ("name", name.as_str().into()),
            ("input", Tree::object::<&str>([])),
        ]),
    }
}

fn write(kind: &'static str, members: Vec<(&'static str, Tree<'_>)>, out: &mut String) {
    let all = std::iter::once(("type", Tree::from(kind))).chain(members);
    out.push_str("event: ");
    out.push_str(kind);
    out.push_str("\ndata: ");
    Tree::object(all).write(out);
    out.push_str("\n\n");
}
