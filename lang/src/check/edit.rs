//! `set` and `unset`: what is changed in a request on its way out.

use claw_table::policy::{Edit, MemberEdit, MemberPath};

use super::{fields, provider, values};
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

/// Reads the groups of one `set` or `unset`; faults are reported.
pub(super) fn edits(field: &Statement, block: &str, report: &mut Report) -> Vec<Edit> {
    let is_set = field.keyword.is_word("set");
    if field.groups.is_empty() {
        fields::shape::<()>(field, block, None, report);
    }
    let mut found: Vec<Edit> = Vec::new();
    for group in &field.groups {
        let edit = if is_set {
            set(field, (block, group), report)
        } else {
            unset(field, (block, group), report)
        };
        found.extend(edit);
    }
    found
}

fn set(field: &Statement, (block, group): (&str, &[Value]), report: &mut Report) -> Option<Edit> {
    let (is_default, rest) = match group {
        [word, rest @ ..] if word.is_word("default") && !rest.is_empty() => (true, rest),
        rest => (false, rest),
    };
    match rest {
        [word, name, value] if word.is_word("header") => {
            let header = provider::header((name, value), report)?;
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
            let name_text = provider::header_name(name, report)?;
            provider::own_header(&name_text, name, report).then_some(Edit::UnsetHeader(name_text))
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
