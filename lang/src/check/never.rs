//! `never`: what a policy claims of its requests.

use claw_table::ProviderId;

use super::cond::Reader;
use super::names::Sort;
use super::provider::Checked;
use super::{class, fields, target, values};
use crate::codes::Code;
use crate::model::{Claim, Cond, Never, Reach};
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{self, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

/// Reads one `never`; nothing if some part of it is at fault, which is then reported.
pub(super) fn never(
    it: &ast::Never,
    providers: &[Checked],
    reader: &mut Reader<'_, '_>,
) -> Option<Never> {
    let cond = match &it.when {
        Some(cond) => reader.condition(cond),
        None => Some(Cond::Always),
    };
    let claim = claim(it, providers, reader);
    Some(Never {
        name: it.name.text.clone(),
        cond: cond?,
        claim: claim?,
        span: place(it),
    })
}

/// Whether a `never` lacks its name, so that a word of the claim stands in its place.
pub(super) fn is_nameless(it: &ast::Never) -> bool {
    it.name.kind == Kind::Word && vocab::RESERVED.contains(&it.name.text.as_str())
}

/// Says that a `never` needs a name.
pub(super) fn nameless(it: &ast::Never) -> Diagnostic {
    Diagnostic::new(Code::Nameless, it.name.span, "this never has no name")
        .help("write `never NAME costs over $3`: findings name it")
}

fn place(it: &ast::Never) -> Span {
    match (it.claim.first(), it.claim.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => it.span,
    }
}

fn claim(it: &ast::Never, providers: &[Checked], reader: &mut Reader<'_, '_>) -> Option<Claim> {
    let Some((first, rest)) = it.claim.split_first() else {
        return unfit(it, None, reader.report);
    };
    let over = |report: &mut Report| match rest {
        [over, limit] if over.is_word("over") => Some(limit),
        [over, _, extra, ..] if over.is_word("over") => unfit(it, Some(extra), report),
        [over] if over.is_word("over") => unfit(it, None, report),
        [other, ..] => unfit(it, Some(other), report),
        [] => unfit(it, None, report),
    };
    match first.text.as_str() {
        "costs" => {
            let limit = over(reader.report)?;
            values::money(limit, reader.report).map(Claim::CostsOver)
        }
        "takes" => {
            let limit = over(reader.report)?;
            values::duration(limit, reader.report).map(Claim::TakesOver)
        }
        "tries" => {
            let limit = over(reader.report)?;
            let tries = values::plain(limit, "the number of attempts", (1, 100), reader.report)?;
            u32::try_from(tries).ok().map(Claim::TriesOver)
        }
        "reaches" => reach(it, (rest, providers), reader).map(Claim::Reaches),
        _ => unfit(it, Some(first), reader.report),
    }
}

fn reach(
    it: &ast::Never,
    (what, providers): (&[Value], &[Checked]),
    reader: &mut Reader<'_, '_>,
) -> Option<Reach> {
    match what {
        [word, tagged, tag] if word.is_word("provider") && tagged.is_word("tagged") => {
            target::known_tag(tag, providers, (reader.names, reader.report)).map(Reach::Tagged)
        }
        [word, not, tagged, tag]
            if word.is_word("provider") && not.is_word("not") && tagged.is_word("tagged") =>
        {
            target::known_tag(tag, providers, (reader.names, reader.report)).map(Reach::Untagged)
        }
        [target] if target.kind == Kind::Path => {
            let known = class::Known {
                providers,
                retries: &[],
                pools: &[],
                classes: &[],
            };
            target::target(target, &known, (reader.names, reader.report)).map(Reach::Target)
        }
        [provider] if provider.kind == Kind::Word && !provider.is_word("provider") => {
            let at = reader
                .names
                .resolve(provider, Sort::Provider, reader.report)?;
            u16::try_from(at)
                .ok()
                .map(|at| Reach::Provider(ProviderId(at)))
        }
        [first, ..] => unfit(it, Some(first), reader.report),
        [] => unfit(it, None, reader.report),
    }
}

fn unfit<T>(it: &ast::Never, at: Option<&Value>, report: &mut Report) -> Option<T> {
    let (span, message) = match at {
        Some(value) => (
            value.span,
            format!("`{}` does not fit into a claim", fields::shown(value)),
        ),
        None => (it.span.after(), "this never says too little".to_owned()),
    };
    report.add(Diagnostic::new(Code::WrongValue, span, message).help(
        "write `costs over $3`, `takes over 5m`, `tries over 4`, `reaches PROVIDER/MODEL`, \
         `reaches PROVIDER` or `reaches provider not tagged TAG`",
    ));
    None
}
