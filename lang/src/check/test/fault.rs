//! `fault`: what fails in a test, and how.

use claw_table::ProviderId;
use claw_table::policy::{Cause, Provider};

use super::Reading;
use crate::check::names::Sort;
use crate::check::{fields, values};
use crate::codes::Code;
use crate::model::{Failing, How, Part};
use crate::report::Diagnostic;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;

/// Events of one answer, at most: more are in no test of a policy.
const EVENTS_MAX: u64 = 1_000_000;

impl Reading<'_> {
    /// `fault edge down`, `fault a/x timeout`, `fault a key 2 429, retry-after 5s`
    pub(super) fn fault(&mut self, field: &Statement) -> Option<Failing> {
        let (first, rest) = field.groups.split_first().unzip();
        let first: Vec<&Value> = first.into_iter().flatten().collect();
        let Some((who, how)) = first.split_first() else {
            return fields::shape(field, "test", None, self.report);
        };
        let (provider, target) = if who.kind == Kind::Path {
            let target = self.target(who)?;
            (target.provider, Some(target))
        } else {
            let at = self.names.resolve(who, Sort::Provider, self.report)?;
            (ProviderId(u16::try_from(at).ok()?), None)
        };
        let known = self.known.providers.get(provider.index())?;
        let (part, how) = self.part(how, &known.provider)?;
        let how = self.how(field, how)?;
        let retry_after_ms = self.retry_after(field, rest.unwrap_or_default(), how)?;
        Some(Failing {
            provider,
            target,
            part,
            how,
            retry_after_ms,
        })
    }

    /// `key 2` or `url 1`, and what follows it.
    fn part<'v, 'a>(
        &mut self,
        words: &'a [&'v Value],
        provider: &Provider,
    ) -> Option<(Part, &'a [&'v Value])> {
        let (what, most, part): (_, _, fn(usize) -> Part) = match words {
            [word, ..] if word.is_word("key") => {
                ("the number of a key", provider.keys.len(), Part::Key)
            }
            [word, ..] if word.is_word("url") => {
                ("the number of an address", provider.urls.len(), Part::Url)
            }
            _ => return Some((Part::Whole, words)),
        };
        let [_, number, rest @ ..] = words else {
            let after = words.first().map(|word| word.span.after());
            let found = Diagnostic::new(
                Code::WrongValue,
                after.unwrap_or_default(),
                format!("{what} is missing"),
            );
            self.report
                .add(found.help("write `key 2` for the second in the text"));
            return None;
        };
        let most_shown = u64::try_from(most).unwrap_or(u64::MAX).max(1);
        let at = values::plain(number, what, (1, most_shown), self.report)?;
        let at = usize::try_from(at).ok()?;
        Some((part(at.saturating_sub(1)), rest))
    }

    fn how(&mut self, field: &Statement, words: &[&Value]) -> Option<How> {
        match words {
            [slow, time] if slow.is_word("slow") => {
                values::duration(time, self.report).map(How::Slow)
            }
            [cut, after, count, events]
                if cut.is_word("cut")
                    && after.is_word("after")
                    && (events.is_word("events") || events.is_word("event")) =>
            {
                let what = "a number of events";
                let count = values::plain(count, what, (0, EVENTS_MAX), self.report)?;
                Some(How::CutAfter(count))
            }
            [status] if status.kind == Kind::Amount => {
                let status = values::plain(status, "a status that fails", (400, 599), self.report)?;
                u16::try_from(status).ok().map(How::Status)
            }
            [word] => {
                let causes = Cause::ALL.into_iter().map(|c| (c.word(), How::Cause(c)));
                let mut known: Vec<(&str, How)> = causes.chain([("down", How::Down)]).collect();
                if word.is_word("slow") {
                    return fields::shape(field, "test", None, self.report);
                }
                known.sort_unstable_by_key(|(word, _)| *word);
                fields::choice(word, "a way to fail", &known, self.report)
            }
            _ => fields::shape(field, "test", words.get(1).copied(), self.report),
        }
    }

    /// `, retry-after 5s`: who answers can say when to come back.
    #[expect(
        clippy::option_option,
        reason = "nothing at all where it cannot be read"
    )]
    fn retry_after(
        &mut self,
        field: &Statement,
        groups: &[Vec<Value>],
        how: How,
    ) -> Option<Option<u64>> {
        let words: Vec<&Value> = groups.iter().flatten().collect();
        let (at, time) = match words.as_slice() {
            [] => return Some(None),
            [word, time] if word.is_word("retry-after") => (word, time),
            [other, ..] => return fields::shape(field, "test", Some(other), self.report),
        };
        let says = match how {
            How::Status(_) => true,
            How::Cause(cause) => matches!(cause, Cause::Overloaded | Cause::Quota | Cause::BadKey),
            How::Down | How::Slow(_) | How::CutAfter(_) => false,
        };
        if !says {
            let found = Diagnostic::new(
                Code::WrongValue,
                at.span,
                "only an answer can say when to come back",
            );
            self.report
                .add(found.help("write it behind a status: `fault PROVIDER 429, retry-after 5s`"));
            return None;
        }
        values::duration(time, self.report).map(Some)
    }
}
