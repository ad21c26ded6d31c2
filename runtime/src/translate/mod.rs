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
}

impl Translator {
    /// For one answer.
    pub fn new(pair: Pair, names: Names, about: About) -> Self {
        Self {
            hearing: Hearing::new(pair.target),
            blocks: Blocks::new(names),
            telling: Telling::new(pair.client, about),
            finished: false,
        }
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
        let pieces = self.hearing.event(&data);
        if pieces.is_empty() {
            out.push_str(ALIVE);
            return Ok(());
        }
        let mut acts = Vec::new();
        for piece in pieces {
            self.blocks.push(piece, &mut acts)?;
        }
        for act in acts {
            self.telling.act(act, out);
        }
        Ok(())
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
