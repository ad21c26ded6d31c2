//! Texts that look like a key. A policy is read by many and lives in version control.

use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{ArmLine, Cond, File, Item, LetValue, Line, Statement, Value};
use crate::syntax::lexer::Kind;

/// Reports every text of a file that looks like a key.
pub(super) fn check(file: &File, report: &mut Report) {
    for item in &file.items {
        match item {
            Item::Let(it) => match &it.is {
                LetValue::Set(values) => texts(values, report),
                LetValue::Times(times) => times.iter().for_each(|one| texts(one, report)),
                LetValue::Cond(cond) => condition(cond, report),
            },
            Item::Never(it) => {
                it.when.iter().for_each(|cond| condition(cond, report));
                texts(&it.claim, report);
            }
            Item::Forbid(it) => {
                condition(&it.when, report);
                texts(&it.deny, report);
            }
            Item::Route(it) => {
                for line in &it.arms {
                    let ArmLine::Arm(arm) = line else { continue };
                    texts(&arm.goal, report);
                    arm.when.iter().for_each(|cond| condition(cond, report));
                }
            }
            // What a test sends is made up.
            Item::Plain(it) if it.keyword.is_word("test") => {}
            Item::Plain(it) => statement(it, report),
            Item::Broken(_) => {}
        }
    }
}

fn statement(it: &Statement, report: &mut Report) {
    it.groups.iter().for_each(|group| texts(group, report));
    for line in it.block.iter().flatten() {
        match line {
            Line::Field(field) => statement(field, report),
            Line::When(it) => condition(&it.cond, report),
            Line::Broken(_) => {}
        }
    }
}

fn condition(cond: &Cond, report: &mut Report) {
    match cond {
        Cond::Any(parts) | Cond::All(parts) => parts.iter().for_each(|c| condition(c, report)),
        Cond::Not(part, _) => condition(part, report),
        Cond::Ask(it) => {
            texts(&it.of, report);
            if let Some(test) = &it.test {
                texts(&test.values, report);
                test.windows.iter().for_each(|one| texts(one, report));
            }
        }
    }
}

fn texts(values: &[Value], report: &mut Report) {
    // A key may be pasted where the name of its variable is due.
    let is_named = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| values.get(before));
        before.is_some_and(|before| before.is_word("env"))
    };
    let said = values.iter().enumerate().filter(|(at, value)| {
        let is_text = value.kind == Kind::Text || is_named(*at);
        is_text && looks_like_key(&value.text)
    });
    for (_, value) in said {
        report.add(
            Diagnostic::new(Code::LiteralKey, value.span, "this text looks like a key")
                .label("everyone who reads the policy can use it")
                .help("write `key env NAME` or `key file \"path\"`, and replace this key: it has been seen"),
        );
    }
}

/// Beginnings that providers give their keys, each with the fewest characters that follow.
const BEGINNINGS: &[(&str, usize)] = &[
    ("claw-", 40),
    ("sk-", 16),
    ("sk_live_", 12),
    ("AIza", 30),
    ("ghp_", 20),
    ("gho_", 20),
    ("github_pat_", 20),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("AKIA", 16),
    ("ASIA", 16),
    ("hf_", 20),
    ("gsk_", 20),
    ("xai-", 20),
    ("r8_", 20),
    ("pplx-", 20),
    ("eyJ", 40),
    ("glpat-", 16),
    ("dop_v1_", 20),
];

/// Whether a text looks like a key: a known beginning and a tail without blanks or stars.
pub(super) fn looks_like_key(text: &str) -> bool {
    let text = text.trim();
    let token = ["Bearer ", "bearer ", "Basic "]
        .iter()
        .find_map(|p| text.strip_prefix(p));
    let token = token.unwrap_or(text);
    // The line above a key is none: policies look for it in prompts.
    let pem = text.split_once("-----BEGIN");
    let pem = pem.and_then(|(_, rest)| rest.split_once("PRIVATE KEY-----"));
    if pem.is_some_and(|(_, key)| key.trim().len() >= 16) {
        return true;
    }
    BEGINNINGS.iter().any(|(beginning, least)| {
        token.strip_prefix(beginning).is_some_and(|tail| {
            tail.len() >= *least
                && tail
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
                && tail.bytes().any(|b| b.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_beginning_and_their_length() {
        // Put together here, so that no scanner takes this file for a leak.
        let tail = "0123456789abcdefghijABCDEFGHIJ0123456789abcdefghij";
        for beginning in ["sk-", "sk-ant-api03-", "AIza", "ghp_", "Bearer sk-", "eyJ"] {
            assert!(looks_like_key(&format!("{beginning}{tail}")), "{beginning}");
        }
        for innocent in [
            "sk-*",
            "sketch of a long sentence",
            "hf_model",
            "text-embedding-3-small",
            "task-runner-for-all-teams-1",
        ] {
            assert!(!looks_like_key(innocent), "{innocent}");
        }
    }
}
