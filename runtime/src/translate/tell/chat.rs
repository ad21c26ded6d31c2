//! A stream of chat completions.

use super::{About, chat_usage, finish_reason, id};
use crate::json::Tree;
use crate::meter::usage::Usage;
use crate::translate::answer::{Act, Kind, Reason};

/// A stream as it is told.
#[derive(Debug)]
pub(in crate::translate) struct Stream {
    about: About,
    id: String,
    model: String,
    begun: bool,
    /// Whether another's events named the answer.
    followed: bool,
    open: Option<Kind>,
    /// Calls so far: they are counted, not the blocks.
    calls: u64,
    /// The thinking of the open block, to be handed over with its signature.
    thought: String,
    /// Blocks of thinking that were handed over whole.
    thoughts: u64,
    reason: Reason,
}

impl Stream {
    pub(in crate::translate) fn new(about: About) -> Self {
        Self {
            id: id("chatcmpl-", "", &about),
            about,
            model: String::new(),
            begun: false,
            followed: false,
            open: None,
            calls: 0,
            thought: String::new(),
            thoughts: 0,
            reason: Reason::End,
        }
    }

    /// What the provider calls the answer, it is called to its end.
    pub(in crate::translate) fn follow(&mut self, data: &Tree<'_>) {
        if self.followed {
            return;
        }
        let said = |member: &str| data.at(member).text().filter(|text| !text.is_empty());
        let (Some(id), Some(model)) = (said("id"), said("model")) else {
            return;
        };
        id.clone_into(&mut self.id);
        model.clone_into(&mut self.model);
        self.about.created_s = data.at("created").whole().unwrap_or(self.about.created_s);
        self.followed = true;
    }

    pub(in crate::translate) fn act(&mut self, act: Act, out: &mut String) {
        match act {
            Act::Start { .. } if self.followed => self.begin(out),
            Act::Start { id: given, model } => {
                self.id = id("chatcmpl-", &given, &self.about);
                self.model = model;
                self.begin(out);
            }
            Act::Open(kind) => {
                self.begin(out);
                self.open(kind, out);
            }
            Act::More(text) => self.more(text, out),
            Act::Signature(signature) => {
                let thought = std::mem::take(&mut self.thought);
                let block = [
                    ("type", Tree::from("thinking")),
                    ("thinking", thought.into()),
                    ("signature", signature.into()),
                ];
                self.thought(block.into(), out);
            }
            Act::Close => {
                if matches!(self.open.take(), Some(Kind::Call { .. })) {
                    self.calls += 1;
                }
                self.thought.clear();
            }
            Act::Stop(reason, _) => self.reason = reason,
        }
    }

    pub(in crate::translate) fn end(&mut self, usage: Option<Usage>, out: &mut String) {
        self.begin(out);
        let choice = choice(Tree::object::<&str>([]), finish_reason(self.reason).into());
        self.chunk(vec![choice], Tree::Null, out);
        if let Some(usage) = usage.filter(|_| self.about.tells_usage) {
            self.chunk(Vec::new(), chat_usage(usage), out);
        }
        out.push_str("data: [DONE]\n\n");
    }

    /// The first chunk says whose turn it is, once.
    fn begin(&mut self, out: &mut String) {
        if !self.begun {
            self.begun = true;
            let role = [("role", Tree::from("assistant")), ("content", "".into())];
            self.delta(Tree::object(role), out);
        }
    }

    fn open(&mut self, kind: Kind, out: &mut String) {
        match &kind {
            Kind::Thinking | Kind::Text | Kind::Refusal => {}
            Kind::Redacted(data) => {
                let block = [
                    ("type", Tree::from("redacted_thinking")),
                    ("data", data.clone().into()),
                ];
                self.thought(block.into(), out);
            }
            Kind::Call {
                id,
                name,
                signature,
            } => {
                let function =
                    Tree::object([("name", Tree::from(name.clone())), ("arguments", "".into())]);
                let mut call = Tree::object([
                    ("index", self.calls.into()),
                    ("id", id.clone().into()),
                    ("type", "function".into()),
                    ("function", function),
                ]);
                if let Some(signature) = signature {
                    call.put("extra_content", google(signature.clone()));
                }
                self.delta(calls(call), out);
            }
        }
        self.open = Some(kind);
    }

    fn more(&mut self, text: String, out: &mut String) {
        let delta = match &self.open {
            Some(Kind::Thinking) => {
                self.thought.push_str(&text);
                Tree::object([("reasoning_content", Tree::from(text))])
            }
            Some(Kind::Refusal) => Tree::object([("refusal", Tree::from(text))]),
            Some(Kind::Call { .. }) => {
                let function = Tree::object([("arguments", Tree::from(text))]);
                calls(Tree::object([
                    ("index", self.calls.into()),
                    ("function", function),
                ]))
            }
            Some(Kind::Text | Kind::Redacted(_)) | None => {
                Tree::object([("content", Tree::from(text))])
            }
        };
        self.delta(delta, out);
    }

    /// Hands over a block of thinking as its provider wants it back.
    fn thought(&mut self, block: Vec<(&'static str, Tree<'static>)>, out: &mut String) {
        let place = [("index", Tree::from(self.thoughts))];
        self.thoughts += 1;
        let block = Tree::object(place.into_iter().chain(block));
        let blocks = Tree::List(vec![block]);
        self.delta(Tree::object([("thinking_blocks", blocks)]), out);
    }

    fn delta(&self, delta: Tree<'_>, out: &mut String) {
        self.chunk(vec![choice(delta, Tree::Null)], Tree::Null, out);
    }

    fn chunk(&self, choices: Vec<Tree<'_>>, usage: Tree<'_>, out: &mut String) {
        let mut chunk = Tree::object([
            ("id", Tree::from(self.id.as_str())),
            ("object", "chat.completion.chunk".into()),
            ("created", self.about.created_s.into()),
            ("model", self.model.as_str().into()),
            ("choices", Tree::List(choices)),
        ]);
        if self.about.tells_usage {
            chunk.put("usage", usage);
        }
        out.push_str("data: ");
        chunk.write(out);
        out.push_str("\n\n");
    }
}

fn calls(call: Tree<'_>) -> Tree<'_> {
    Tree::object([("tool_calls", Tree::List(vec![call]))])
}

/// What Google's clients send back with a call.
pub(super) fn google(signature: String) -> Tree<'static> {
    let google = Tree::object([("thought_signature", Tree::from(signature))]);
    Tree::object([("google", google)])
}

fn choice<'t>(delta: Tree<'t>, reason: Tree<'t>) -> Tree<'t> {
    Tree::object([
        ("index", Tree::from(0)),
        ("delta", delta),
        ("logprobs", Tree::Null),
        ("finish_reason", reason),
    ])
}
