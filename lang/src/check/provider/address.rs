//! Where a provider is: its addresses, and what they must not say.

use claw_table::policy::{Replica, Secret, Url};

use super::Work;
use crate::check::{fields, url, values};
use crate::codes::Code;
use crate::model::Need;
use crate::report::Diagnostic;
use crate::syntax::ast::{Statement, Value};

/// Paths that the gateway adds itself, by what is asked for.
const OF_API: &[&str] = &[
    "/chat/completions",
    "/v1/messages",
    "/messages",
    "/responses",
    "/embeddings",
];

impl Work<'_> {
    pub(super) fn urls(&mut self, field: &Statement) {
        if field.groups.is_empty() {
            fields::shape::<()>(field, "provider", None, self.report);
        }
        for group in &field.groups {
            let (value, weight) = match group.as_slice() {
                [value] => (value, Some(1)),
                [value, word, weight] if word.is_word("weight") => {
                    let what = "the weight of an address";
                    let weight = values::plain(weight, what, (1, 1_000), self.report);
                    (value, weight.and_then(|weight| u32::try_from(weight).ok()))
                }
                [_, word] if word.is_word("weight") => {
                    fields::shape::<()>(field, "provider", Some(word), self.report);
                    continue;
                }
                _ => {
                    fields::shape::<()>(field, "provider", group.get(1), self.report);
                    continue;
                }
            };
            if let (Some(url), Some(weight)) = (self.url(value), weight) {
                self.out.urls.push(Replica { url, weight });
                self.url_spans.push(value.span);
            }
        }
        if let [_, second, ..] = self.url_spans[..] {
            self.needs.push(Need {
                feature: "provider-urls",
                span: second,
            });
        }
    }

    fn url(&mut self, value: &Value) -> Option<Url> {
        let text = fields::text(value, "an address", self.report)?;
        let url = url::parse(text)
            .map_err(|why| {
                let found = bad_url(value, why, "https://api.example.com/v1");
                self.report.add(found);
            })
            .ok()?;
        let known = self.out.urls.iter().position(|known| known.url == url);
        if let Some(first) = known.and_then(|at| self.url_spans.get(at)) {
            self.report.add(
                Diagnostic::new(Code::FieldTwice, value.span, "this address stands twice")
                    .and(*first, "first here")
                    .help("keep one of them; a larger share is a larger `weight`"),
            );
            return None;
        }
        Some(url)
    }

    pub(super) fn key_in_the_clear(&mut self) {
        if self.out.keys.iter().all(|key| *key == Secret::None) {
            return;
        }
        for (Replica { url, .. }, span) in self.out.urls.iter().zip(&self.url_spans) {
            if url.tls || url::is_near(&url.host) {
                continue;
            }
            self.report.add(
                Diagnostic::new(
                    Code::KeyInTheClear,
                    *span,
                    format!(
                        "the key of `{}` would cross the network unencrypted",
                        self.out.name
                    ),
                )
                .label(format!("plain http to `{}`", url.host))
                .help("write `https://`, or `key none` if this server needs no key"),
            );
        }
    }

    /// An address that was copied from a page which shows the whole path.
    pub(super) fn api_in_urls(&mut self) {
        for (replica, span) in self.out.urls.iter().zip(&self.url_spans) {
            let base = replica.url.base.as_str();
            let Some(path) = OF_API.iter().find(|path| base.ends_with(**path)) else {
                continue;
            };
            let text = self.report.text(*span).trim_matches('"');
            let rest = text.trim_end_matches('/').strip_suffix(path);
            let rest = format!("\"{}\"", rest.unwrap_or_default());
            self.report.add(
                Diagnostic::new(
                    Code::ApiInUrl,
                    *span,
                    format!("`{path}` is added to an address by the gateway"),
                )
                .label("it would stand there twice")
                .help(format!("write `{rest}`"))
                .fix(*span, rest),
            );
        }
    }
}

/// An address that cannot be used, with the reason.
pub(in crate::check) fn bad_url(value: &Value, why: &str, example: &str) -> Diagnostic {
    Diagnostic::new(
        Code::BadUrl,
        value.span,
        format!("`\"{}\"` cannot be used as an address", value.text),
    )
    .label(why.to_owned())
    .help(format!("write an address such as `\"{example}\"`"))
}
