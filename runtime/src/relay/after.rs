//! What a stream needs whose class lets another target go on where one breaks off.

use bytes::Bytes;

use crate::dialect::Dialect;
use crate::fault::Fault;
use crate::meter::usage::Usage;
use crate::relay::stream::Relay;
use crate::relay::waiting::Coming;
use crate::translate::Translator;
use crate::upstream::attempt::Stream;

/// Who goes on with an answer that breaks off.
pub(crate) trait Successor: Send {
    /// Whether another target may go on after this fault.
    fn follows(&self, fault: &Fault) -> bool;

    /// Asks one after another, and gives the answer back with its rest, or with its end.
    fn go_on(self: Box<Self>, relay: Box<Relay>) -> Coming;
}

/// What is kept of an answer as long as another target may go on with it.
pub(crate) struct After {
    /// Nobody, where it is not possible any more.
    pub(super) successor: Option<Box<dyn Successor>>,
    /// Reads along where client and target speak the same.
    pub(super) shadow: Option<Box<Translator>>,
    /// What the last attempt told that it used.
    pub(super) told: Option<Usage>,
    /// What the attempts before used.
    pub(super) spent: Option<Usage>,
    /// How much of the text they said.
    pub(super) said_bytes: usize,
    /// How many tokens the request is likely to have.
    pub(super) input_tokens: u64,
    /// What broke the answer off.
    pub(super) broken: Option<Fault>,
}

/// The rest of an answer.
pub(crate) struct Rest {
    /// Its events, in the protocol of the client or translated into it.
    pub(crate) stream: Stream,
    /// The protocol of its target.
    pub(crate) dialect: Dialect,
    /// Whose connection it is.
    pub(crate) pool_key: u64,
    /// How long the provider may be silent.
    pub(crate) idle: std::time::Duration,
    /// Who goes on if it breaks off too.
    pub(crate) successor: Box<dyn Successor>,
}

impl After {
    /// For an answer that `successor` may go on with. `shadow` reads along where the client gets
    /// the target's own events.
    pub(crate) fn new(
        successor: Box<dyn Successor>,
        shadow: Option<Box<Translator>>,
        input_tokens: u64,
    ) -> Box<Self> {
        Box::new(Self {
            successor: Some(successor),
            shadow,
            told: None,
            spent: None,
            said_bytes: 0,
            input_tokens,
            broken: None,
        })
    }

    /// Reads events that the client gets as they are.
    pub(super) fn hear(&mut self, events: &Bytes) {
        if let Some(shadow) = &mut self.shadow
            && shadow.push(events).is_err()
        {
            // What it cannot follow nobody can go on with.
            self.successor = None;
        }
    }

    /// What the last attempt used, and whether that is a guess, since it broke off before it said.
    pub(super) fn used(&self, told: Option<Usage>, said_bytes: usize) -> (Usage, bool) {
        let guess = || {
            let bytes = said_bytes.saturating_sub(self.said_bytes);
            Usage {
                input_total: self.input_tokens,
                input_uncached: self.input_tokens,
                output_total: (bytes as u64).div_ceil(4),
                ..Usage::default()
            }
        };
        (told.unwrap_or_else(guess), told.is_none())
    }
}

impl std::fmt::Debug for After {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("After")
            .field("spent", &self.spent)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}
