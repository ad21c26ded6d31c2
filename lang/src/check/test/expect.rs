//! `expect`: what a test wants to come of its request.

use claw_table::ClassId;

use super::Reading;
use crate::check::names::Sort;
use crate::check::{fields, values};
use crate::model::{By, Expected};
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;

impl Reading<'_> {
    /// What one line expects: two things, if it says `because`.
    pub(super) fn expected(&mut self, field: &Statement) -> Vec<Expected> {
        let values = Self::flat(field);
        let because = values.iter().position(|value| value.is_word("because"));
        let (values, because) = values.split_at(because.unwrap_or(values.len()));
        let mut found = Vec::new();
        if !values.is_empty() || because.is_empty() {
            found.extend(self.first(field, values));
        }
        match because {
            [] => {}
            [_, word, name] if word.is_word("ceiling") => {
                found.extend(self.ceiling(name).map(Expected::Because));
            }
            other => {
                let at = other.get(1).or(other.first()).copied();
                fields::shape::<()>(field, "test", at, self.report);
            }
        }
        found
    }

    fn first(&mut self, field: &Statement, values: &[&Value]) -> Option<Expected> {
        let Some((first, rest)) = values.split_first() else {
            return fields::shape(field, "test", None, self.report);
        };
        match (first.text.as_str(), rest) {
            ("class", [name]) => {
                let at = self.names.resolve(name, Sort::Class, self.report)?;
                Some(Expected::Class(ClassId(u16::try_from(at).ok()?)))
            }
            ("served", [by, target]) if by.is_word("by") => {
                self.target(target).map(Expected::ServedBy)
            }
            ("tried", [_, ..]) => {
                let targets = rest.iter().map(|target| self.target(target));
                targets.collect::<Option<Vec<_>>>().map(Expected::Tried)
            }
            ("attempts", [count]) => {
                let count = values::plain(count, "a number of attempts", (0, 100), self.report)?;
                u32::try_from(count).ok().map(Expected::Attempts)
            }
            ("denied", [status]) => self.status(status).map(|code| Expected::Denied(code, None)),
            ("denied", [status, by, name]) if by.is_word("by") => {
                let code = self.status(status);
                let is_ceiling =
                    name.kind == Kind::Path || self.names.sort(&name.text) == Some(Sort::Ceiling);
                let by = if is_ceiling {
                    By::Ceiling(self.ceiling(name)?)
                } else {
                    self.names.resolve(name, Sort::Forbid, self.report)?;
                    By::Forbid(name.text.clone())
                };
                code.map(|code| Expected::Denied(code, Some(by)))
            }
            ("arm", [label]) => fields::text(label, "the name of an arm", self.report)
                .map(|label| Expected::Arm(label.to_owned())),
            ("failed", []) => Some(Expected::Failed(None)),
            ("failed", [status]) => self.status(status).map(|code| Expected::Failed(Some(code))),
            ("cost", [at, most, money]) if at.is_word("at") && most.is_word("most") => {
                values::money(money, self.report).map(Expected::CostAtMost)
            }
            _ => {
                let known = EXPECTS.contains(&first.text.as_str());
                let at = if known { rest.last() } else { Some(first) };
                fields::shape(field, "test", at.copied(), self.report)
            }
        }
    }

    fn status(&mut self, value: &Value) -> Option<u16> {
        let status = values::plain(value, "the status of a refusal", (400, 599), self.report)?;
        u16::try_from(status).ok()
    }
}

const EXPECTS: &[&str] = &[
    "class", "served", "tried", "attempts", "denied", "arm", "failed", "cost",
];
