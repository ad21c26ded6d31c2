//! `deny STATUS "text"`: what a caller who is refused gets to read.

use std::collections::BTreeMap;

use claw_table::DenyId;
use claw_table::policy::Deny;

use super::{fields, values};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::Value;

/// Every refusal of a policy, each once.
#[derive(Debug, Default)]
pub(super) struct Denies {
    /// In the order of their ids.
    pub list: Vec<Deny>,
    known: BTreeMap<(u16, String), DenyId>,
}

const SENTENCE_BYTES_MAX: usize = 1000;
const SHAPE: &str = "deny 400 \"what the caller should do\"";

impl Denies {
    /// The refusal that the values after `deny` write; faults are reported.
    pub(super) fn read(
        &mut self,
        word: &Value,
        rest: &[Value],
        report: &mut Report,
    ) -> Option<DenyId> {
        let (status, text) = match rest {
            [status, text] => (status, text),
            [] => return unfit(word, None, report),
            [only] => {
                let found = Diagnostic::new(
                    Code::WrongValue,
                    only.span.after(),
                    "a refusal says its status and a sentence for the caller",
                );
                report.add(found.help(format!("write `{SHAPE}`")));
                return None;
            }
            [_, _, extra, ..] => return unfit(word, Some(extra), report),
        };
        let code = values::plain(status, "the status of a refusal", (400, 599), report);
        let sentence = fields::text(text, "the sentence for the caller", report)?;
        let code = u16::try_from(code?).ok()?;
        if sentence.trim().is_empty() || sentence.len() > SENTENCE_BYTES_MAX {
            report.add(
                Diagnostic::new(
                    Code::OutOfRange,
                    text.span,
                    "this sentence is empty or longer than 1000 bytes",
                )
                .help("say in one sentence what the caller should do"),
            );
            return None;
        }
        reads_as_bad_key(code, (status, text), report);
        self.of(code, sentence)
    }

    /// The refusal of a guard that writes none.
    pub(super) fn usual(&mut self) -> Option<DenyId> {
        self.of(400, "the policy refuses this request")
    }

    fn of(&mut self, status: u16, text: &str) -> Option<DenyId> {
        let next = DenyId(u16::try_from(self.list.len()).ok()?);
        let id = *self.known.entry((status, text.to_owned())).or_insert(next);
        if id == next {
            self.list.push(Deny {
                status,
                text: text.to_owned(),
            });
        }
        Some(id)
    }
}

/// Clients steer by status and wording: some of both makes them drop a key that is fine.
fn reads_as_bad_key(code: u16, (status, text): (&Value, &Value), report: &mut Report) {
    const WORDS: &[&str] = &["forbidden", "access denied", "unauthorized", "expired"];
    if matches!(code, 401 | 403) {
        report.add(
            Diagnostic::new(
                Code::DenyReadAsBadKey,
                status.span,
                format!("clients read a {code} as a bad key and stop using theirs"),
            )
            .help("write `deny 400`: it is shown to the user and costs no key"),
        );
        return;
    }
    let lower = text.text.to_ascii_lowercase();
    if let Some(word) = WORDS.iter().find(|word| lower.contains(**word)) {
        report.add(
            Diagnostic::new(
                Code::DenyReadAsBadKey,
                text.span,
                format!("clients read `{word}` in an error as a bad key and stop using theirs"),
            )
            .help("say what the caller should do instead, without that word"),
        );
    }
}

fn unfit<T>(word: &Value, at: Option<&Value>, report: &mut Report) -> Option<T> {
    let found = match at {
        Some(value) => Diagnostic::new(
            Code::WrongValue,
            value.span,
            format!("`{}` does not fit into a refusal", fields::shown(value)),
        ),
        None => Diagnostic::new(
            Code::WrongValue,
            word.span.after(),
            format!("`{}` says too little", word.text),
        ),
    };
    report.add(found.help(format!("write `{SHAPE}`")));
    None
}
