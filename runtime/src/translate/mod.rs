//! From one provider's protocol into another's, where a client and a target speak different ones.
//!
//! ```text
//! client's body ─read→ Request ─write→ the target's body        what cannot be said is refused,
//!                                                               or left out and named
//! target's events ─hear→ pieces ─blocks→ acts ─tell→ client's events
//!                                         └──── whole → one plain answer
//! ```
//!
//! Where both speak the same nothing of this is used: bytes pass. What decides whether an answer may
//! be shown, whether it is whole, what it used and what failed is read in the target's own protocol
//! (`dialect`), whatever the client speaks.

mod answer;
mod blocks;
mod hear;
mod joint;
mod names;
mod read;
mod refusal;
mod request;
mod tell;
mod uncarried;
mod write;

use bytes::Bytes;

pub use blocks::Lost;
pub use names::Names;
pub use refusal::refusal;
pub use request::End;
pub use tell::About;
pub use uncarried::{Dropped, Uncarried};
pub use write::Target;

use crate::dialect::Dialect;
use crate::json::Tree;
use crate::meter::usage::Usage;
use crate::sse::field::{self, Kind};
use crate::sse::framer::Framer;
use blocks::Blocks;
use hear::Hearing;
use joint::{Block, Joint, Said};
use tell::Telling;
use tell::whole::Whole;

/// A request in another protocol.
#[derive(Debug)]
pub struct Translated {
    /// The body.
    pub body: Bytes,
    /// What was left out.
    pub dropped: Dropped,
    /// Which tools have another name there.
    pub names: Names,
}

/// Two protocols: the one the client speaks, and the one the target does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The client's.
    pub client: Dialect,
    /// The target's.
    pub target: Dialect,
}

/// The client's body for a target that speaks another protocol.
///
/// # Errors
/// The request says something that the target's protocol cannot, and the answer would be another
/// one without it.
pub fn request(body: &[u8], pair: Pair, there: Target<'_>) -> Result<Translated, Uncarried> {
    let body = Tree::read(body).map_err(|_| {
        Uncarried::new(
            "messages",
            "the body has more values than can be translated",
        )
    })?;
    let request = match pair.client {
        Dialect::Messages | Dialect::CountTokens => read::messages(&body)?,
        Dialect::Chat | Dialect::Responses | Dialect::Embeddings | Dialect::Gemini => {
            read::chat(&body)?
        }
    };
    let written = match pair.target {
        Dialect::Messages | Dialect::CountTokens => write::messages(request, there)?,
        Dialect::Gemini => write::gemini(request, there)?,
        Dialect::Chat | Dialect::Responses | Dialect::Embeddings => write::chat(&request, there)?,
    };
    Ok(Translated {
        body: Bytes::from(written.body),
        dropped: written.dropped,
        names: written.names,
    })
}

/// A whole answer of the target's, as the client reads one.
///
/// # Errors
/// It cannot be told in the client's protocol.
pub fn plain(
    body: &[u8],
    pair: Pair,
    names: Names,
    (about, usage): (&About, Option<Usage>),
) -> Result<Bytes, Lost> {
    let body = Tree::read(body).map_err(|_| Lost)?;
    let mut blocks = Blocks::new(names);
    let mut acts = Vec::new();
    for piece in Hearing::new(pair.target).whole(&body) {
        blocks.push(piece, &mut acts)?;
    }
    blocks.finish(&mut acts);
    let mut whole = Whole::default();
    for act in acts {
        whole.act(act);
    }
    Ok(Bytes::from(match pair.client {
        Dialect::Messages | Dialect::CountTokens => whole.messages(about, usage),
        Dialect::Chat | Dialect::Responses | Dialect::Embeddings | Dialect::Gemini => {
            whole.chat(about, usage)
        }
    }))
}

/// A stream of the target's on its way to a client that speaks another protocol.
#[derive(Debug)]
pub struct Translator {
    hearing: Hearing,
    blocks: Blocks,
    telling: Telling,
    finished: bool,
    /// Kept where another target may go on with the answer.
    said: Option<Box<Said>>,
    /// Where another one did.
    joint: Option<Joint>,
    /// Whether the client gets the target's own events, and this reads along.
    shadows: bool,
}

impl Translator {
    /// For one answer.
    pub fn new(pair: Pair, names: Names, about: About) -> Self {
        Self {
            hearing: Hearing::new(pair.target),
            blocks: Blocks::new(names),
            telling: Telling::new(pair.client, about),
            finished: false,
            said: None,
            joint: None,
            shadows: false,
        }
    }

    /// One that reads along where client and target speak the same, so as to go on where another
    /// target does; nothing where the protocol has no words for that.
    pub fn shadow(dialect: Dialect, about: About) -> Option<Self> {
        match dialect {
            Dialect::Chat | Dialect::Messages => {}
            Dialect::Responses | Dialect::Embeddings | Dialect::CountTokens | Dialect::Gemini => {
                return None;
            }
        }
        let pair = Pair {
            client: dialect,
            target: dialect,
        };
        let mut shadow = Self::new(pair, Names::default(), about);
        shadow.shadows = true;
        shadow.remember();
        Some(shadow)
    }

    /// Keeps what is said, so that another target can go on with it.
    pub fn remember(&mut self) {
        self.said = Some(Box::default());
    }

    /// The text so far, if the answer is in the middle of it and was nothing but text.
    pub fn said(&self) -> Option<&str> {
        let said = self.said.as_ref()?;
        said.text().filter(|_| self.blocks.is_plain())
    }

    /// How much text was said.
    pub fn said_bytes(&self) -> usize {
        self.said.as_ref().map_or(0, |said| said.bytes())
    }

    /// Another target goes on with the text, in this protocol; `next` is what would bring its
    /// answer to the client if it stood alone. The client notices nothing of it.
    pub fn go_on(&mut self, next: Option<Self>, dialect: Dialect) {
        self.joint = self.said().map(Joint::behind);
        self.shadows = false;
        let names;
        (self.hearing, names) = match next {
            Some(next) => (next.hearing, next.blocks.into_names()),
            None => (Hearing::new(dialect), Names::default()),
        };
        self.blocks.call_tools_by(names);
    }

    /// Takes whole events; gives what the client gets for them, which may be nothing.
    ///
    /// # Errors
    /// What they say cannot be told in the client's protocol.
    pub fn push(&mut self, events: &Bytes) -> Result<Bytes, Lost> {
        let mut out = String::new();
        let mut cutter = Framer::default();
        for frame in cutter.frames(events) {
            let frame = frame.map_err(|_| Lost)?;
            let event = events.get(frame.start..frame.end).unwrap_or_default();
            self.event(event, &mut out)?;
        }
        Ok(Bytes::from(out))
    }

    fn event(&mut self, event: &[u8], out: &mut String) -> Result<(), Lost> {
        let Some(data) = field::data(event) else {
            if Kind::of(event) == Kind::Comments {
                out.push_str(ALIVE);
            }
            return Ok(());
        };
        // Whether the stream is sound was judged by who read it first.
        let Ok(data) = Tree::read(data.trim_ascii()) else {
            return Ok(());
        };
        if self.shadows {
            self.follow(&data);
        }
        let mut pieces = self.hearing.event(&data);
        if let Some(joint) = &mut self.joint {
            joint.fit(&mut pieces);
        }
        if pieces.is_empty() {
            out.push_str(ALIVE);
            return Ok(());
        }
        let mut acts = Vec::new();
        for piece in pieces {
            self.blocks.push(piece, &mut acts)?;
        }
        for act in acts {
            if let Some(said) = &mut self.said {
                said.act(&act);
            }
            self.telling.act(act, out);
        }
        Ok(())
    }

    /// Takes over what the target itself calls the answer and its blocks.
    fn follow(&mut self, data: &Tree<'_>) {
        self.telling.follow(data);
        let block = match data.at("type").text() {
            Some("content_block_start") => Block::Opened,
            Some("content_block_stop") => Block::Closed,
            Some(_) | None => return,
        };
        if let Some(said) = &mut self.said {
            said.set_closed(block);
        }
    }

    /// What ends the answer, once it is known to be whole. A second time it gives nothing.
    pub fn finish(&mut self, usage: Option<Usage>) -> Bytes {
        if std::mem::replace(&mut self.finished, true) {
            return Bytes::new();
        }
        let mut out = String::new();
        let mut acts = Vec::new();
        self.blocks.finish(&mut acts);
        for act in acts {
            self.telling.act(act, &mut out);
        }
        self.telling.end(usage, &mut out);
        Bytes::from(out)
    }
}

/// What a client gets for an event that says nothing: every one of them passes over a comment.
const ALIVE: &str = ":\n\n";
