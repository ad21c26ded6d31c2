//! Targets and tags by their names: `provider/model`, and what providers are tagged.

use claw_table::policy::Target;
use claw_table::{ModelId, ProviderId};

use super::class::Known;
use super::fields;
use super::names::{Names, Sort};
use super::provider::Checked;
use crate::codes::Code;
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::Value;
use crate::syntax::lexer::Kind;

/// The target that `provider/model` names; faults are reported.
pub(super) fn target(
    value: &Value,
    known: &Known<'_>,
    (names, report): (&mut Names, &mut Report),
) -> Option<Target> {
    let (provider, model) = value.text.split_once('/')?;
    let width = u32::try_from(provider.len()).unwrap_or(0);
    let split = value.span.start.saturating_add(width);
    let part = |text: &str, span| Value {
        kind: Kind::Word,
        text: text.into(),
        span,
    };
    let provider = part(
        provider,
        Span {
            end: split,
            ..value.span
        },
    );
    let model = part(
        model,
        Span {
            start: split.saturating_add(1),
            ..value.span
        },
    );
    let at = names.resolve(&provider, Sort::Provider, report)?;
    let known = known.providers.get(at)?;
    let models = &known.provider.models;
    let Some(found) = models.iter().position(|known| known.name == model.text) else {
        if !known.is_unsure && !names.is_excused(&model.text) {
            let near = nearest(&model.text, models.iter().map(|m| m.name.as_str()));
            report.add(unknown_model(&provider, &model, near));
        }
        return None;
    };
    Some(Target {
        provider: ProviderId(u16::try_from(at).ok()?),
        model: ModelId(u16::try_from(found).ok()?),
    })
}

fn unknown_model(provider: &Value, model: &Value, near: Option<&str>) -> Diagnostic {
    let found = Diagnostic::new(
        Code::UnknownModel,
        model.span,
        format!("provider `{}` has no model `{}`", provider.text, model.text),
    );
    match near {
        Some(near) => found.meant(model.span, near),
        None => found.help(format!(
            "add `model {} {{ … }}` to provider `{}`",
            model.text, provider.text
        )),
    }
}

/// A tag that some provider has. One that nobody has is a slip.
pub(super) fn known_tag(
    tag: &Value,
    providers: &[Checked],
    (names, report): (&Names, &mut Report),
) -> Option<String> {
    let tags = || providers.iter().flat_map(|known| &known.provider.tags);
    if tags().any(|known| *known == tag.text) {
        return Some(tag.text.clone());
    }
    if !names.is_excused(&tag.text) {
        let found = Diagnostic::new(
            Code::UnknownName,
            tag.span,
            format!("no provider is tagged `{}`", fields::shown(tag)),
        );
        report.add(match nearest(&tag.text, tags().map(String::as_str)) {
            Some(near) => found.meant(tag.span, near),
            None => found.help("name a tag that some provider lists in its `tags`"),
        });
    }
    None
}
