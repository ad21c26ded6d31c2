//! A whole answer: what the acts of its stream add up to.

use super::chat::google;
use super::{About, chat_usage, finish_reason, id, messages_usage, stop_reason};
use crate::json::Tree;
use crate::meter::usage::Usage;
use crate::translate::answer::{Act, Kind, Reason};

/// An answer that has been told.
#[derive(Debug, Default)]
pub(in crate::translate) struct Whole {
    id: String,
    model: String,
    blocks: Vec<Block>,
    stop: (Reason, Option<String>),
}

#[derive(Debug)]
struct Block {
    kind: Kind,
    text: String,
    signature: Option<String>,
}

impl Whole {
    /// Adds what one act says.
    pub(in crate::translate) fn act(&mut self, act: Act) {
        match act {
            Act::Start { id, model } => (self.id, self.model) = (id, model),
            Act::Open(kind) => self.blocks.push(Block {
                kind,
                text: String::new(),
                signature: None,
            }),
            Act::More(text) => {
                if let Some(block) = self.blocks.last_mut() {
                    block.text.push_str(&text);
                }
            }
            Act::Signature(signature) => {
                if let Some(block) = self.blocks.last_mut() {
                    block.signature = Some(signature);
                }
            }
            Act::Close => {}
            Act::Stop(reason, sequence) => self.stop = (reason, sequence),
        }
    }

    /// As a chat completion.
    pub(in crate::translate) fn chat(&self, about: &About, usage: Option<Usage>) -> String {
        let choice = Tree::object([
            ("index", Tree::from(0)),
            ("message", self.chat_message()),
            ("logprobs", Tree::Null),
            ("finish_reason", finish_reason(self.stop.0).into()),
        ]);
        let mut answer = Tree::object([
            ("id", Tree::from(id("chatcmpl-", &self.id, about))),
            ("object", "chat.completion".into()),
            ("created", about.created_s.into()),
            ("model", self.model.as_str().into()),
            ("choices", Tree::List(vec![choice])),
        ]);
        if let Some(usage) = usage {
            answer.put("usage", chat_usage(usage));
        }
        answer.json()
    }

    fn chat_message(&self) -> Tree<'_> {
        let calls = self.blocks.iter().filter_map(|block| {
            let Kind::Call {
                id,
                name,
                signature,
            } = &block.kind
            else {
                return None;
            };
            let function = Tree::object([
                ("name", Tree::from(name.as_str())),
                ("arguments", block.text.as_str().into()),
            ]);
            let mut call = Tree::object([
                ("id", Tree::from(id.as_str())),
                ("type", "function".into()),
                ("function", function),
            ]);
            if let Some(signature) = signature {
                call.put("extra_content", google(signature.clone()));
            }
            Some(call)
        });
        let calls: Vec<_> = calls.collect();
        let or_null = |text: String| {
            if text.is_empty() {
                Tree::Null
            } else {
                text.into()
            }
        };
        let mut message = Tree::object([
            ("role", Tree::from("assistant")),
            ("content", or_null(self.text(&Kind::Text))),
            ("refusal", or_null(self.text(&Kind::Refusal))),
        ]);
        let thought = self.text(&Kind::Thinking);
        if !thought.is_empty() {
            message.put("reasoning_content", thought.into());
        }
        let thoughts: Vec<_> = self.blocks.iter().filter_map(Block::thought).collect();
        if !thoughts.is_empty() {
            message.put("thinking_blocks", Tree::List(thoughts));
        }
        if !calls.is_empty() {
            message.put("tool_calls", Tree::List(calls));
        }
        message
    }

    fn text(&self, kind: &Kind) -> String {
        let blocks = self.blocks.iter().filter(|block| block.kind == *kind);
        blocks.map(|block| block.text.as_str()).collect()
    }

    /// As a message of Anthropic's.
    pub(in crate::translate) fn messages(&self, about: &About, usage: Option<Usage>) -> String {
        let content = self.blocks.iter().map(Block::message).collect();
        let bytes: usize = self.blocks.iter().map(|block| block.text.len()).sum();
        let (reason, sequence) = &self.stop;
        let sequence = sequence.as_deref().map_or(Tree::Null, Tree::from);
        Tree::object([
            ("id", Tree::from(id("msg_", &self.id, about))),
            ("type", "message".into()),
            ("role", "assistant".into()),
            ("model", self.model.as_str().into()),
            ("content", Tree::List(content)),
            ("stop_reason", stop_reason(*reason).into()),
            ("stop_sequence", sequence),
            ("usage", messages_usage(usage, about, bytes as u64)),
        ])
        .json()
    }
}

impl Block {
    /// A block of thinking that its provider wants back, if it is one.
    fn thought(&self) -> Option<Tree<'_>> {
        let is_thinking = self.kind == Kind::Thinking && self.signature.is_some();
        let is_redacted = matches!(self.kind, Kind::Redacted(_));
        (is_thinking || is_redacted).then(|| self.message())
    }

    fn message(&self) -> Tree<'_> {
        match &self.kind {
            Kind::Thinking => Tree::object([
                ("type", Tree::from("thinking")),
                ("thinking", self.text.as_str().into()),
                (
                    "signature",
                    self.signature.as_deref().unwrap_or_default().into(),
                ),
            ]),
            Kind::Redacted(data) => Tree::object([
                ("type", Tree::from("redacted_thinking")),
                ("data", data.as_str().into()),
            ]),
            Kind::Text | Kind::Refusal => Tree::object([
                ("type", Tree::from("text")),
                ("text", self.text.as_str().into()),
            ]),
            Kind::Call { id, name, .. } => {
                // Half of an object may be all that a model had room for.
                let input = Tree::read(self.text.as_bytes());
                let input = input.ok().filter(Tree::is_object);
                Tree::object([
                    ("type", Tree::from("tool_use")),
                    ("id", id.as_str().into()),
                    ("name", name.as_str().into()),
                    ("input", input.unwrap_or(Tree::object::<&str>([]))),
                ])
            }
        }
    }
}
