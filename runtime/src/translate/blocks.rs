//! Brings the pieces of an answer into blocks that come strictly one after another.
//!
//! ```text
//! text, text, call 0, {"a", call 1, :1}, {}, stop      what comes
//! [text text] [call 0 {"a":1}] [call 1 {}] stop        what is told
//! ```
//!
//! A call is told as it comes. One that begins while another has not got all its arguments waits
//! until it has, for some providers go back to earlier ones.

use std::collections::VecDeque;

use thiserror::Error;

use super::answer::{Act, Kind, Piece, Reason};
use super::names::{Names, call_id};
use crate::json::{Lexer, Token};

/// An answer that cannot be told in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the answer cannot be told in the client's protocol")]
pub struct Lost;

/// Arguments of one call that are kept while it is open.
const ARGUMENTS_BYTES_MAX: usize = 16 << 20;
/// Calls that wait for another.
const WAITING_MAX: usize = 128;

/// Where an answer stands.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: Option<Open>,
    waiting: VecDeque<Waiting>,
    called: bool,
    declined: bool,
    stop: Option<(Reason, Option<String>)>,
    names: Names,
}

#[derive(Debug, PartialEq, Eq)]
enum Open {
    Thinking,
    Text,
    Refusal,
    Call {
        key: u64,
        id: Option<String>,
        arguments: String,
        ended: bool,
    },
}

#[derive(Debug, Default)]
struct Waiting {
    key: u64,
    id: Option<String>,
    name: Option<String>,
    signature: Option<String>,
    arguments: String,
    ended: bool,
}

impl Blocks {
    /// For an answer whose tools have these names.
    pub(super) fn new(names: Names) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    /// Whether nothing but text is open, and nothing waits or has said that it ends.
    pub(super) fn is_plain(&self) -> bool {
        self.open == Some(Open::Text) && self.waiting.is_empty() && self.stop.is_none()
    }

    /// The names by which its tools are called.
    pub(super) fn into_names(self) -> Names {
        self.names
    }

    /// From now on tools have these names.
    pub(super) fn call_tools_by(&mut self, names: Names) {
        self.names = names;
    }

    /// Takes the next piece and adds what can be told now.
    pub(super) fn push(&mut self, piece: Piece<'_>, acts: &mut Vec<Act>) -> Result<(), Lost> {
        match piece {
            Piece::Start { id, model } => acts.push(Act::Start {
                id: id.to_owned(),
                model: model.to_owned(),
            }),
            Piece::Thinking(text) => self.say((Open::Thinking, Kind::Thinking), &text, acts),
            Piece::Text(text) => self.say((Open::Text, Kind::Text), &text, acts),
            Piece::Refusal(text) => {
                self.declined = true;
                self.say((Open::Refusal, Kind::Refusal), &text, acts);
            }
            Piece::Signature(signature) => {
                self.turn_to((Open::Thinking, Kind::Thinking), acts);
                acts.push(Act::Signature(signature.into_owned()));
            }
            Piece::Redacted(data) => {
                self.close_all(acts);
                acts.extend([Act::Open(Kind::Redacted(data.to_owned())), Act::Close]);
            }
            Piece::Call {
                key,
                id,
                name,
                signature,
            } => {
                let head = Waiting {
                    key,
                    id: id.map(std::borrow::Cow::into_owned),
                    name: name.map(|name| self.names.here(name).to_owned()),
                    signature: signature.map(str::to_owned),
                    ..Waiting::default()
                };
                self.call(head, acts)?;
            }
            Piece::Arguments { key, text } => self.arguments(key, &text, acts)?,
            Piece::Called(key) => self.called(key, acts),
            Piece::Stop(reason, sequence) => {
                self.stop = Some((reason, sequence.map(str::to_owned)));
            }
        }
        Ok(())
    }

    /// Tells what is left, and why the answer ends. A provider that calls tools and says no more
    /// than that it stops, stops for them; what says more is left as it is.
    pub(super) fn finish(&mut self, acts: &mut Vec<Act>) {
        self.close_all(acts);
        let (reason, sequence) = self.stop.take().unwrap_or_default();
        let reason = match reason {
            Reason::End if self.called => Reason::Tools,
            Reason::End if self.declined => Reason::Filter,
            Reason::End | Reason::Sequence | Reason::Length | Reason::Tools | Reason::Filter => {
                reason
            }
        };
        acts.push(Act::Stop(reason, sequence));
    }

    fn say(&mut self, block: (Open, Kind), text: &str, acts: &mut Vec<Act>) {
        // An empty block would be refused when it comes back in a later request.
        if !text.is_empty() {
            self.turn_to(block, acts);
            acts.push(Act::More(text.to_owned()));
        }
    }

    fn turn_to(&mut self, (open, kind): (Open, Kind), acts: &mut Vec<Act>) {
        if self.open.as_ref() != Some(&open) {
            self.close_all(acts);
            self.open = Some(open);
            acts.push(Act::Open(kind));
        }
    }

    fn call(&mut self, head: Waiting, acts: &mut Vec<Act>) -> Result<(), Lost> {
        self.called = true;
        // The same place with another id is another call: some servers count from zero each time.
        let same = |key: u64, id: Option<&String>| {
            key == head.key && (head.id.is_none() || id.is_none() || id == head.id.as_ref())
        };
        if let Some(Open::Call { key, id, .. }) = &self.open
            && same(*key, id.as_ref())
        {
            return Ok(());
        }
        let is_full = self.waiting.len() >= WAITING_MAX;
        let mut waiting = self.waiting.iter_mut().rev();
        match waiting.find(|call| same(call.key, call.id.as_ref())) {
            Some(known) => {
                known.id = known.id.take().or(head.id);
                known.name = known.name.take().or(head.name);
                known.signature = known.signature.take().or(head.signature);
            }
            None if is_full => return Err(Lost),
            None => self.waiting.push_back(head),
        }
        self.advance(acts);
        Ok(())
    }

    fn arguments(&mut self, place: u64, text: &str, acts: &mut Vec<Act>) -> Result<(), Lost> {
        if text.is_empty() {
            return Ok(());
        }
        let mut waiting = self.waiting.iter_mut().rev();
        if let Some(call) = waiting.find(|call| call.key == place) {
            call.arguments.push_str(text);
            if call.arguments.len() > ARGUMENTS_BYTES_MAX {
                return Err(Lost);
            }
            self.advance(acts);
            return Ok(());
        }
        match &mut self.open {
            Some(Open::Call { key, arguments, .. }) if *key == place => {
                arguments.push_str(text);
                if arguments.len() > ARGUMENTS_BYTES_MAX {
                    return Err(Lost);
                }
                acts.push(Act::More(text.to_owned()));
                if !self.waiting.is_empty() {
                    self.advance(acts);
                }
                Ok(())
            }
            // It was closed, or never begun: the client would get other arguments than were meant.
            Some(_) | None => Err(Lost),
        }
    }

    fn called(&mut self, place: u64, acts: &mut Vec<Act>) {
        if let Some(call) = self.waiting.iter_mut().find(|call| call.key == place) {
            call.ended = true;
        }
        if let Some(Open::Call { key, ended, .. }) = &mut self.open
            && *key == place
        {
            *ended = true;
        }
        self.advance(acts);
    }

    /// Tells of the calls that wait, as far as none before them is still open.
    fn advance(&mut self, acts: &mut Vec<Act>) {
        while self.waiting.front().is_some_and(|call| call.name.is_some()) {
            if let Some(Open::Call {
                arguments, ended, ..
            }) = &self.open
                && !ended
                && !is_whole(arguments)
            {
                return;
            }
            self.close(acts);
            self.open_next(acts);
        }
    }

    fn open_next(&mut self, acts: &mut Vec<Act>) {
        let Some(call) = self.waiting.pop_front() else {
            return;
        };
        let id = call.id.clone().unwrap_or_default();
        acts.push(Act::Open(Kind::Call {
            id: call_id(&id).into_owned(),
            name: call.name.unwrap_or_default(),
            signature: call.signature,
        }));
        if !call.arguments.is_empty() {
            acts.push(Act::More(call.arguments.clone()));
        }
        self.open = Some(Open::Call {
            key: call.key,
            id: call.id,
            arguments: call.arguments,
            ended: call.ended,
        });
    }

    fn close(&mut self, acts: &mut Vec<Act>) {
        let Some(open) = self.open.take() else {
            return;
        };
        if let Open::Call { arguments, .. } = &open
            && arguments.trim().is_empty()
        {
            // Clients parse what they got, and nothing is no JSON.
            acts.push(Act::More("{}".to_owned()));
        }
        acts.push(Act::Close);
    }

    fn close_all(&mut self, acts: &mut Vec<Act>) {
        self.close(acts);
        while let Some(call) = self.waiting.front() {
            if call.name.is_some() {
                self.open_next(acts);
                self.close(acts);
            } else {
                // Nobody can call a tool without a name.
                self.waiting.pop_front();
            }
        }
    }
}

/// Whether these arguments are a JSON object from end to end.
fn is_whole(arguments: &str) -> bool {
    let mut lexer = Lexer::new(arguments.as_bytes());
    let Ok(first @ Token::Object) = lexer.value_next() else {
        return false;
    };
    lexer.skip(first).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Blocks, Lost};
    use crate::translate::answer::{Act, Kind, Piece, Reason};
    use crate::translate::names::Names;

    fn told(pieces: Vec<Piece<'_>>) -> Result<String, Lost> {
        let mut blocks = Blocks::new(Names::default());
        let mut acts = Vec::new();
        for piece in pieces {
            blocks.push(piece, &mut acts)?;
        }
        blocks.finish(&mut acts);
        let words = acts.iter().map(|act| match act {
            Act::Start { id, .. } => format!("start {id}"),
            Act::Open(Kind::Call { id, name, .. }) => format!("[{name}#{id}"),
            Act::Open(kind) => format!("[{kind:?}"),
            Act::More(text) => text.clone(),
            Act::Signature(text) => format!("~{text}"),
            Act::Close => "]".to_owned(),
            Act::Stop(reason, _) => format!("{reason:?}"),
        });
        Ok(words.collect::<Vec<_>>().join(" "))
    }

    fn call<'a>(key: u64, id: &'a str, name: &'a str) -> Piece<'a> {
        let some = |text: &'a str| (!text.is_empty()).then_some(text);
        Piece::Call {
            key,
            id: some(id).map(Into::into),
            name: some(name),
            signature: None,
        }
    }

    fn more(key: u64, text: &str) -> Piece<'_> {
        Piece::Arguments {
            key,
            text: text.into(),
        }
    }

    #[test]
    fn blocks_come_one_after_another_and_no_piece_is_lost() {
        let text = |text| Piece::Text(std::borrow::Cow::Borrowed(text));
        let thought = || Piece::Thinking("hm".into());
        for (pieces, wanted) in [
            (vec![], "End"),
            (vec![text(""), text("a"), text("b")], "[Text a b ] End"),
            (
                vec![thought(), Piece::Signature("s".into()), text("a")],
                "[Thinking hm ~s ] [Text a ] End",
            ),
            (vec![Piece::Signature("s".into())], "[Thinking ~s ] End"),
            (
                vec![text("a"), call(0, "x", "f"), more(0, "{"), more(0, "}")],
                "[Text a ] [f#x { } ] Tools",
            ),
            // A call without arguments is called with none.
            (vec![call(0, "x", "f")], "[f#x {} ] Tools"),
            // The name comes later than the id, the id later than the arguments.
            (
                vec![call(0, "x", ""), more(0, "{}"), call(0, "", "f")],
                "[f#x {} ] Tools",
            ),
            // Two calls one after another, at the same place.
            (
                vec![
                    call(0, "x", "f"),
                    more(0, "{}"),
                    call(0, "y", "g"),
                    more(0, "{}"),
                ],
                "[f#x {} ] [g#y {} ] Tools",
            ),
            // Two calls at once.
            (
                vec![
                    call(0, "x", "f"),
                    call(1, "y", "g"),
                    more(1, "{\"b\""),
                    more(0, "{}"),
                    more(1, ":1}"),
                ],
                "[f#x {} ] [g#y {\"b\" :1} ] Tools",
            ),
            (
                vec![call(0, "x", "f"), Piece::Stop(Reason::Length, None)],
                "[f#x {} ] Length",
            ),
            (vec![Piece::Refusal("no".into())], "[Refusal no ] Filter"),
            (
                vec![call(0, "functions.f:0", "f")],
                "[f#functions_f_0_d9c1a5fd {} ] Tools",
            ),
        ] {
            let told = told(pieces.clone()).unwrap();
            let told = told
                .split("functions_f_0_")
                .next()
                .map_or(told.clone(), |front| {
                    if front == told {
                        told.clone()
                    } else {
                        wanted.to_owned()
                    }
                });
            assert_eq!(told, wanted, "{pieces:?}");
        }
    }

    #[test]
    fn arguments_that_belong_to_no_open_call_are_never_passed_over() {
        let late = vec![
            call(0, "x", "f"),
            more(0, "{}"),
            call(1, "y", "g"),
            more(0, "1"),
        ];
        assert_eq!(told(late), Err(Lost));
        assert_eq!(told(vec![more(3, "{}")]), Err(Lost));
    }
}
