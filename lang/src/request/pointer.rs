//! The members of a body that a policy asks for by JSON pointers, found as the gateway finds them.

use crate::model::Member;

use super::RequestError;
use super::json::Json;

/// The members at these pointers, each with its pointer; one that is not there is left out.
///
/// # Errors
/// A member on the way stands twice, or is spelled so that only some parsers take it for this one.
pub(super) fn find(body: &Json, pointers: &[&str]) -> Result<Vec<(String, Member)>, RequestError> {
    let wanted = pointers.iter().map(|pointer| Wanted {
        pointer,
        steps: steps(pointer),
    });
    let mut found = Vec::new();
    descend(body, wanted.collect(), &mut found)?;
    Ok(found)
}

/// A JSON value, as far as it is compared.
pub(super) fn member(value: &Json) -> Member {
    match value {
        Json::Null => Member::Null,
        Json::Flag(flag) => Member::Flag(*flag),
        Json::Whole(number) => Member::Number(
            claw_table::decimal::rank(number.to_string().as_bytes()).unwrap_or(u64::MAX),
        ),
        Json::Number(rank) => Member::Number(*rank),
        Json::Text(text) => Member::Text(text.clone()),
        Json::List(_) | Json::Object(_) => Member::Nested,
    }
}

/// What is left of the way to a member.
#[derive(Debug, Clone)]
struct Wanted<'p> {
    pointer: &'p str,
    /// The steps that are left, the next one last.
    steps: Vec<String>,
}

fn steps(pointer: &str) -> Vec<String> {
    // The other order would make `/` of `~01`.
    let plain = |step: &str| step.replace("~1", "/").replace("~0", "~");
    let steps = pointer.strip_prefix('/').unwrap_or(pointer).split('/');
    steps.map(plain).rev().collect()
}

fn descend(
    value: &Json,
    wanted: Vec<Wanted<'_>>,
    found: &mut Vec<(String, Member)>,
) -> Result<(), RequestError> {
    if let Some(here) = wanted.iter().find(|one| one.steps.is_empty()) {
        found.push((here.pointer.to_owned(), member(value)));
    }
    let on: Vec<Wanted<'_>> = wanted
        .into_iter()
        .filter(|one| !one.steps.is_empty())
        .collect();
    if on.is_empty() {
        return Ok(());
    }
    match value {
        Json::Object(members) => {
            for (at, (key, value)) in members.iter().enumerate() {
                let next = taken(&on, key);
                if next.is_empty() {
                    if let Some(like) = on.iter().find_map(|one| alike(one.steps.last()?, key)) {
                        return Err(RequestError::Ambiguous {
                            key: key.clone(),
                            like: like.to_owned(),
                        });
                    }
                } else if members.iter().take(at).any(|(other, _)| other == key) {
                    let key = format!("body…{key}");
                    return Err(RequestError::Twice { key });
                }
                descend(value, next, found)?;
            }
        }
        Json::List(values) => {
            for (at, value) in values.iter().enumerate() {
                descend(value, taken(&on, &at.to_string()), found)?;
            }
        }
        Json::Null | Json::Flag(_) | Json::Whole(_) | Json::Number(_) | Json::Text(_) => {}
    }
    Ok(())
}

/// The ways that go on with this step.
fn taken<'p>(on: &[Wanted<'p>], step: &str) -> Vec<Wanted<'p>> {
    let mut next: Vec<Wanted<'_>> = on
        .iter()
        .filter(|one| one.steps.last().is_some_and(|own| own == step))
        .cloned()
        .collect();
    for one in &mut next {
        one.steps.pop();
    }
    next
}

fn alike<'s>(step: &'s str, key: &str) -> Option<&'s str> {
    let folded = |text: &str| -> String { text.chars().map(fold).collect() };
    (folded(step) == folded(key)).then_some(step)
}

/// Simple case folding as far as it leads to ASCII, as parsers that fold do it.
fn fold(char: char) -> char {
    match char {
        '\u{17F}' => 's',
        '\u{212A}' => 'k',
        char => char.to_ascii_lowercase(),
    }
}
