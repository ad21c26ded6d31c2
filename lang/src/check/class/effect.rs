//! Fields of a class that change nothing, by what else it says.

use claw_table::Can;
use claw_table::policy::{AfterCut, Commit, Heartbeat, Target};

use super::Work;
use crate::check::fields::Fields;
use crate::codes::Code;
use crate::report::Diagnostic;

impl Work<'_> {
    /// Tells fields of the class itself that change nothing; what it takes from another is not
    /// written for it.
    pub(super) fn idle(&mut self, own: &Fields<'_>) {
        for field in own.iter() {
            let (message, help) = match field.keyword.text.as_str() {
                "heartbeat" if self.is_lost_heartbeat() => (
                    "a `heartbeat` is sent only while a whole answer is waited for",
                    "write `commit whole`, or take the `heartbeat` out",
                ),
                "after-cut" if self.is_lost_in_the_end() => (
                    "no target of this class can go on inside an answer",
                    "write `can continue` in a model that can, or `after-cut error`",
                ),
                _ => continue,
            };
            let found = Diagnostic::new(Code::NoEffect, field.span, message);
            self.report.add(
                found
                    .label("this changes nothing")
                    .about(Some(self.places.class))
                    .help(help),
            );
        }
    }

    /// Whether a client should be told that it waits, and waits for nothing whole.
    fn is_lost_heartbeat(&self) -> bool {
        self.out.commit != Commit::Whole && self.out.heartbeat != Heartbeat::Usual
    }

    /// Whether another target should go on, and none can. What a model does not say it cannot do:
    /// nobody is asked to go on who does not say so.
    fn is_lost_in_the_end(&self) -> bool {
        let continues = |target: &Target| {
            let known = self.known.providers.get(target.provider.index());
            known.is_none_or(|known| {
                let model = known.provider.models.get(target.model.index());
                let can = model.and_then(|model| model.can).unwrap_or(0);
                known.is_unsure || can & Can::Continue.bit() != 0
            })
        };
        let targets = &self.out.targets;
        let is_asked = self.out.after_cut == AfterCut::Continue;
        is_asked && !targets.is_empty() && !targets.iter().any(continues)
    }
}
