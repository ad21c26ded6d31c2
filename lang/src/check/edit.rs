//! `set` and `unset`: what is changed in a request on its way out.

mod sense;

use claw_table::policy::{Edit, MemberEdit, MemberPath};

use super::{fields, header, values};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;

/// Members that the gateway reads or sets itself, and those that are the request.
const OWN: &[&str] = &[
    "model",
    "messages",
    "input",
    "prompt",
    "contents",
    "stream",
    "stream_options",
];

/// Adds the groups of one `set` or `unset` to what its block changes so far; faults are reported.
pub(super) fn edits(
    (field, block): (&Statement, &str),
    found: &mut Vec<Edit>,
    report: &mut Report,
) {
    let is_set = field.keyword.is_word("set");
    if field.groups.is_empty() {
        fields::shape::<()>(field, block, None, report);
    }
    for group in &field.groups {
        let edit = if is_set {
            set(field, (block, group), report)
        } else {
            unset(field, (block, group), report)
        };
        let Some(edit) = edit else { continue };
        let place = group.last().map_or(field.keyword.span, |value| value.span);
        match found.iter().find_map(|known| sense::clash(known, &edit)) {
            Some(what) => report.add(sense::twice(&what, place)),
            None => found.push(edit),
        }
    }
}

fn set(field: &Statement, (block, group): (&str, &[Value]), report: &mut Report) -> Option<Edit> {
    let (is_default, rest) = match group {
        [word, rest @ ..] if word.is_word("default") && !rest.is_empty() => (true, rest),
        rest => (false, rest),
    };
    match rest {
        [word, name, value] if word.is_word("header") => {
            let header = header::header((name, value), report)?;
            Some(if is_default {
                Edit::DefaultHeader(header)
            } else {
                Edit::SetHeader(header)
            })
        }
        [name, value] => {
            let path = path(name, report);
            let json = values::json(value, report);
            let edit = MemberEdit {
                path: path?,
                json: json?,
            };
            if let Some(wanted) = sense::misfit(&edit) {
                let message = format!("`{}` cannot be `{}`", edit.path.name, edit.json);
                let found = Diagnostic::new(Code::WrongValue, value.span, message);
                report.add(found.help(wanted));
                return None;
            }
            Some(if is_default {
                Edit::DefaultMember(edit)
            } else {
                Edit::SetMember(edit)
            })
        }
        other => fields::shape(field, block, other.last(), report),
    }
}

fn unset(field: &Statement, (block, group): (&str, &[Value]), report: &mut Report) -> Option<Edit> {
    match group {
        [word, name] if word.is_word("header") => {
            let name_text = header::header_name(name, report)?;
            let is_free = header::own_header(&name_text, name, report)
                && header::no_key(&name_text, name, report);
            is_free.then_some(Edit::UnsetHeader(name_text))
        }
        [name] => path(name, report).map(Edit::UnsetMember),
        other => fields::shape(field, block, other.get(1), report),
    }
}

/// `temperature`, `reasoning.effort`, or the same as a JSON pointer between quotes.
fn path(value: &Value, report: &mut Report) -> Option<MemberPath> {
    let is_pointer = value.kind == Kind::Text && value.text.starts_with('/');
    let parts: Vec<&str> = if value.kind == Kind::Word {
        value.text.split('.').collect()
    } else if is_pointer {
        value.text.split('/').skip(1).collect()
    } else {
        Vec::new()
    };
    let (name, inner) = match parts.as_slice() {
        [name] => (*name, None),
        [name, inner] => (*name, Some((*inner).to_owned())),
        _ => {
            return wrong(
                value,
                "is not a member of the body",
                "write its name, or two with a dot: `temperature`, `reasoning.effort`",
                report,
            );
        }
    };
    let is_odd = |part: &str| part.is_empty() || part.contains('~');
    if is_odd(name) || inner.as_deref().is_some_and(is_odd) {
        return wrong(
            value,
            "is not a member of the body",
            "write its name: `temperature`",
            report,
        );
    }
    if let Some(plain) = sense::alike(name) {
        return wrong(
            value,
            &format!(
                "is `{plain}` to parsers that do not heed case, and another member to the rest"
            ),
            &format!("write `{plain}`"),
            report,
        );
    }
    if OWN.contains(&name) {
        return wrong(
            value,
            "is what the request is about, or the gateway's to set",
            "name another member; where a request goes is said by a route",
            report,
        );
    }
    Some(MemberPath {
        name: name.to_owned(),
        inner,
    })
}

fn wrong<T>(value: &Value, why: &str, help: &str, report: &mut Report) -> Option<T> {
    let message = format!("`{}` {why}", fields::shown(value));
    report.add(Diagnostic::new(Code::WrongValue, value.span, message).help(help));
    None
}
