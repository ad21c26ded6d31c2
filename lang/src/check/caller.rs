//! `client` and `has caller-key` in a condition: who calls, by name or by tag, and with whose key.

use claw_table::Fact;

use super::cond::Reader;
use super::fields;
use super::names::Sort;
use crate::codes::Code;
use crate::model::{Ask as Question, Cond, Model, Need, Pattern};
use crate::near::nearest;
use crate::report::Diagnostic;
use crate::syntax::ast::{Ask, Op, Value};
use crate::syntax::lexer::Kind;

impl Reader<'_, '_> {
    /// `client is NAME`, `client in TAG` and their opposites.
    pub(super) fn client(&mut self, ask: &Ask) -> Option<Cond> {
        const SHAPE: &str = "write `client is NAME` or `client in TAG`";
        if let Some(extra) = ask.of.first() {
            self.unexpected(extra, "client", "is NAME");
            return None;
        }
        let Some(test) = &ask.test else {
            self.no_test(ask, "client is NAME");
            return None;
        };
        let (by_tag, is_turned) = match test.op {
            Op::Is => (false, false),
            Op::IsNot => (false, true),
            Op::In => (true, false),
            Op::NotIn => (true, true),
            Op::Like | Op::Mentions | Op::Less | Op::LessEqual | Op::More | Op::MoreEqual => {
                let message = format!("`{}` does not fit a client", test.op.words());
                let found = Diagnostic::new(Code::WrongOperator, test.op_span, message);
                self.report.add(found.help(SHAPE));
                return None;
            }
        };
        let mut names = Vec::new();
        let mut is_whole = true;
        for value in &test.values {
            if value.kind != Kind::Word || matches!(value.text.as_str(), "absent" | "present") {
                let found = Diagnostic::new(
                    Code::WrongValue,
                    value.span,
                    format!("`{}` is not the name of a client", fields::shown(value)),
                );
                self.report.add(found.help(SHAPE));
                is_whole = false;
            } else if by_tag {
                let tagged = self.tagged(value);
                is_whole &= !tagged.is_empty();
                names.extend(tagged);
            } else {
                let known = self.names.resolve(value, Sort::Client, self.report);
                is_whole &= known.is_some();
                names.extend(known.map(|_| value.text.clone()));
            }
        }
        names.sort_unstable();
        names.dedup();
        let patterns = names.into_iter().map(Pattern::Exact).collect();
        let cond = Cond::Test(Fact::Client, Question::Matches(patterns));
        is_whole.then(|| {
            if is_turned {
                Cond::Not(Box::new(cond))
            } else {
                cond
            }
        })
    }

    /// The clients with a tag. One that nobody has is a slip.
    fn tagged(&mut self, tag: &Value) -> Vec<String> {
        let has = |tags: &[String]| tags.contains(&tag.text);
        let clients = self.clients.iter().filter(|client| has(&client.tags));
        let found: Vec<String> = clients.map(|client| client.name.clone()).collect();
        if found.is_empty() && !self.names.is_excused(&tag.text) {
            let missing = Diagnostic::new(
                Code::UnknownName,
                tag.span,
                format!("no client is tagged `{}`", tag.text),
            );
            let tags = self.clients.iter().flat_map(|client| &client.tags);
            let is_client = self.names.sort(&tag.text) == Some(Sort::Client);
            self.report
                .add(match nearest(&tag.text, tags.map(String::as_str)) {
                    Some(near) => missing.meant(tag.span, near),
                    None if is_client => missing.help(format!(
                        "a client is named with `is`: `client is {}`",
                        tag.text
                    )),
                    None => missing.help("name a tag that some client lists in its `tags`"),
                });
        }
        found
    }
}

/// What a gateway must know for each condition that asks for a caller's own key, by the place of
/// what asks.
pub(super) fn asked(model: &Model) -> Vec<Need> {
    let arms = model.arms().map(|arm| (&arm.cond, arm.span));
    let scopes = model
        .scopes
        .iter()
        .map(|scoped| (&scoped.cond, scoped.span));
    arms.chain(scopes)
        .filter(|(cond, _)| asks(cond))
        .map(|(_, span)| Need {
            feature: "has-caller-key",
            span,
        })
        .collect()
}

fn asks(cond: &Cond) -> bool {
    match cond {
        Cond::Always => false,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(asks),
        Cond::Not(part) => asks(part),
        Cond::Test(fact, _) => *fact == Fact::CallerKey,
    }
}
