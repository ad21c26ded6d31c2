//! Whether a change makes sense: its member is one to every parser, has a value that the gateway
//! itself would take from a client, and is changed once.

use claw_table::policy::{Edit, MemberEdit, MemberPath};

use crate::codes::Code;
use crate::report::Diagnostic;
use crate::span::Span;

/// What a member of a body must be, as far as the gateway reads it.
enum Takes {
    Whole,
    Number,
    /// An array or an object: of a policy's values only `null` stands for one.
    Nothing,
    /// An object, or nothing.
    Object,
    Anything,
}

/// The members of a body that the gateway reads, by their plain names.
const READ: &[(&str, Takes)] = &[
    ("model", Takes::Anything),
    ("messages", Takes::Anything),
    ("input", Takes::Anything),
    ("prompt", Takes::Anything),
    ("contents", Takes::Anything),
    ("stream", Takes::Anything),
    ("stream_options", Takes::Anything),
    ("system", Takes::Anything),
    ("max_tokens", Takes::Whole),
    ("max_completion_tokens", Takes::Whole),
    ("n", Takes::Whole),
    ("temperature", Takes::Number),
    ("top_k", Takes::Anything),
    ("tools", Takes::Nothing),
    ("functions", Takes::Nothing),
    ("response_format", Takes::Object),
    ("output_config", Takes::Object),
    ("text", Takes::Anything),
    ("reasoning_effort", Takes::Anything),
    ("reasoning", Takes::Anything),
    ("thinking", Takes::Anything),
    ("service_tier", Takes::Anything),
];

/// The two names of the cap on output; a request has one of them.
const CAPS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// The plain name of a member that is read, where this is another spelling of it.
pub(super) fn alike(name: &str) -> Option<&'static str> {
    let folded: String = name.chars().map(fold).collect();
    let read = READ.iter().map(|(plain, _)| *plain);
    read.filter(|plain| *plain != name)
        .find(|plain| *plain == folded)
}

/// The letters that some parsers take for another, as the gateway knows them.
fn fold(char: char) -> char {
    match char {
        '\u{17F}' => 's',
        '\u{212A}' => 'k',
        char => char.to_ascii_lowercase(),
    }
}

/// What to write instead of a value that the gateway would refuse from a client.
pub(super) fn misfit(edit: &MemberEdit) -> Option<&'static str> {
    let MemberPath { name, inner } = &edit.path;
    let (_, takes) = READ.iter().find(|(plain, _)| plain == name)?;
    let json = edit.json.as_str();
    if inner.is_some() {
        let has_members = matches!(takes, Takes::Object | Takes::Anything);
        return (!has_members).then_some("this member has no members of its own");
    }
    if json == "null" {
        return None;
    }
    let digits = json.strip_prefix('-').unwrap_or(json);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit());
    let is_whole = is_number && digits == json && !json.contains('.');
    match takes {
        Takes::Whole if is_whole && json != "0" => None,
        Takes::Whole => Some("write a whole number above 0, or `null`"),
        Takes::Number if is_number => None,
        Takes::Number => Some("write a number, or `null`"),
        Takes::Nothing => Some("take it out with `unset`, or write `null`"),
        Takes::Object => Some("set a member of it: `response_format.type \"json_object\"`"),
        Takes::Anything => None,
    }
}

/// What two changes of one block are both about.
pub(super) fn clash(one: &Edit, other: &Edit) -> Option<String> {
    if let (Some(one), Some(other)) = (header(one), header(other)) {
        return (one == other).then(|| format!("the header `{one}`"));
    }
    let (one, other) = (member(one)?, member(other)?);
    let caps = CAPS.contains(&one.name.as_str()) && CAPS.contains(&other.name.as_str());
    let same = one.name == other.name
        && (one.inner == other.inner || one.inner.is_none() || other.inner.is_none());
    (same || caps).then(|| format!("`{}`", one.name))
}

fn header(edit: &Edit) -> Option<&str> {
    match edit {
        Edit::SetHeader((name, _)) | Edit::DefaultHeader((name, _)) | Edit::UnsetHeader(name) => {
            Some(name)
        }
        Edit::SetMember(_) | Edit::DefaultMember(_) | Edit::UnsetMember(_) => None,
    }
}

fn member(edit: &Edit) -> Option<&MemberPath> {
    match edit {
        Edit::SetMember(edit) | Edit::DefaultMember(edit) => Some(&edit.path),
        Edit::UnsetMember(path) => Some(path),
        Edit::SetHeader(_) | Edit::DefaultHeader(_) | Edit::UnsetHeader(_) => None,
    }
}

/// Two changes of one thing: one of them would be ignored.
pub(super) fn twice(what: &str, at: Span) -> Diagnostic {
    let message = format!("{what} is changed twice in this block");
    Diagnostic::new(Code::FieldTwice, at, message).help("say once what becomes of it")
}
