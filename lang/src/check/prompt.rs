//! Conditions about the text of the prompt.

use claw_table::{Fact, KEYWORDS_BYTES_MAX};

use super::cond::{Reader, operator, wrong};
use super::fields;
use super::names::Sort;
use crate::codes::Code;
use crate::model::{Ask as Question, Cond};
use crate::report::Diagnostic;
use crate::syntax::ast::{Ask, Op, Value};
use crate::syntax::lexer::Kind;

/// The longest keyword, in bytes.
const KEYWORD_BYTES_MAX: usize = 1024;

impl Reader<'_, '_> {
    /// `prompt mentions "invoice", "refund"`
    pub(super) fn prompt(&mut self, ask: &Ask) -> Option<Cond> {
        const EXAMPLE: &str = "prompt mentions \"invoice\"";
        if let Some(extra) = ask.of.first() {
            self.unexpected(extra, "prompt", "mentions \"invoice\"");
            return None;
        }
        let Some(test) = &ask.test else {
            self.no_test(ask, EXAMPLE);
            return None;
        };
        if test.op != Op::Mentions {
            let message = format!("`{}` does not fit the prompt", test.op.words());
            self.report
                .add(operator(test.op_span, message).help(format!("write `{EXAMPLE}`")));
            return None;
        }
        let read: Vec<Option<Vec<String>>> = test
            .values
            .iter()
            .map(|value| self.keywords(value))
            .collect();
        let mut keywords: Vec<String> = read.into_iter().collect::<Option<Vec<_>>>()?.concat();
        keywords.sort_unstable();
        keywords.dedup();
        if keywords.iter().map(String::len).sum::<usize>() > KEYWORDS_BYTES_MAX {
            self.report.add(
                Diagnostic::new(
                    Code::TooLarge,
                    test.op_span,
                    "the keywords are more than 128 KiB",
                )
                .help("look for fewer or shorter ones"),
            );
            return None;
        }
        Some(Cond::Test(Fact::Mentions(keywords), Question::Yes))
    }

    /// The keywords that one value stands for, in lower case.
    fn keywords(&mut self, value: &Value) -> Option<Vec<String>> {
        if value.kind == Kind::Word && self.names.sort(&value.text) == Some(Sort::Let) {
            let texts = self.set(value)?;
            let read: Vec<Option<String>> = texts.iter().map(|text| self.keyword(text)).collect();
            return read.into_iter().collect();
        }
        if value.kind == Kind::Word && !self.names.is_excused(&value.text) {
            let help = format!("a keyword stands between quotes: `\"{}\"`", value.text);
            self.report
                .add(super::cond::no_let(value, self.names, &help));
            return None;
        }
        fields::text(value, "a keyword", self.report)?;
        self.keyword(value).map(|keyword| vec![keyword])
    }

    fn keyword(&mut self, value: &Value) -> Option<String> {
        let text = value.text.as_str();
        let found = if text.trim().is_empty() {
            wrong(
                value.span,
                "a keyword of blanks is in every prompt".to_owned(),
            )
            .help("write what to look for: `\"invoice\"`")
        } else if text.len() > KEYWORD_BYTES_MAX {
            let message = "a keyword has at most 1024 bytes";
            Diagnostic::new(Code::OutOfRange, value.span, message).help("look for a part of it")
        } else {
            if text.contains('*') {
                let message = format!("`{}` is looked for star and all", fields::shown(value));
                self.report.add(
                    Diagnostic::new(Code::StarInText, value.span, message)
                        .help("leave the star out: a keyword is found wherever it stands"),
                );
            }
            return Some(text.to_ascii_lowercase());
        };
        self.report.add(found);
        None
    }
}
