//! Findings in SARIF 2.1.0, which code hosts and editors read.
//!
//! The rules are those that were broken, each with its page. Columns are characters, and say so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::places::{Place, Places};
use super::{Diagnostic, Fix, Label, Report};
use crate::codes::Code;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

impl Report {
    /// Every finding as one SARIF log.
    pub fn sarif(&self) -> String {
        let places = Places::new(self);
        let mut rules: Vec<Code> = self.diagnostics().iter().map(|found| found.code).collect();
        rules.sort_by_key(|code| code.id());
        rules.dedup();
        let mut seen = BTreeMap::new();
        let results: Vec<Value> = self
            .diagnostics()
            .iter()
            .map(|found| {
                let rule = rules.iter().position(|code| *code == found.code);
                let nth = seen.entry(identity(found, &places)).or_insert(0u32);
                *nth += 1;
                let mut result = result(found, &places);
                put(&mut result, "ruleIndex", rule.map(|at| json!(at)));
                let print = fingerprint(found, &places, *nth);
                put(&mut result, "partialFingerprints", Some(print));
                result
            })
            .collect();
        let log = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "clawc",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules.into_iter().map(rule).collect::<Vec<Value>>(),
                }},
                "invocations": [invocation(self.left_out())],
                "defaultEncoding": "utf-8",
                "columnKind": "unicodeCodePoints",
                "artifacts": self.sources().iter().map(|source| json!({
                    "location": { "uri": uri(&source.path) },
                    "length": source.text.len(),
                    "sourceLanguage": "claw",
                })).collect::<Vec<Value>>(),
                "results": results,
            }],
        });
        format!("{log:#}\n")
    }
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.title() },
        "help": { "text": code.page(), "markdown": code.page() },
        "defaultConfiguration": { "level": code.severity().word() },
    })
}

fn invocation(left_out: usize) -> Value {
    let mut value = json!({ "executionSuccessful": true });
    let note = (left_out > 0).then(|| {
        let text = format!("{left_out} more findings are counted, not listed");
        json!([{ "level": "warning", "message": { "text": text } }])
    });
    put(&mut value, "toolExecutionNotifications", note);
    value
}

fn result(found: &Diagnostic, places: &Places<'_>) -> Value {
    let text = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let others = found.others.iter().zip(1u32..);
    let related: Vec<Value> = others
        .map(|(label, id)| {
            let mut place = location(label, places);
            put(&mut place, "id", Some(json!(id)));
            place
        })
        .collect();
    let mut value = json!({
        "ruleId": found.code.id(),
        "level": found.code.severity().word(),
        "message": { "text": text },
        "locations": [location(&found.primary, places)],
    });
    let related = (!related.is_empty()).then_some(Value::Array(related));
    put(&mut value, "relatedLocations", related);
    let fix = found.fix.as_ref().map(|edit| fix(edit, found, places));
    put(&mut value, "fixes", fix);
    value
}

fn location(label: &Label, places: &Places<'_>) -> Value {
    let place = places.of(label.span);
    let mut value = json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(place.file) },
        "region": region(place),
    }});
    let said = (!label.text.is_empty()).then(|| json!({ "text": label.text }));
    put(&mut value, "message", said);
    value
}

fn fix(edit: &Fix, found: &Diagnostic, places: &Places<'_>) -> Value {
    let place = places.of(edit.span);
    let mut value = json!({ "artifactChanges": [{
        "artifactLocation": { "uri": uri(place.file) },
        "replacements": [{
            "deletedRegion": region(place),
            "insertedContent": { "text": edit.text },
        }],
    }]});
    let said = found.help.as_ref().map(|help| json!({ "text": help }));
    put(&mut value, "description", said);
    json!([value])
}

fn region(place: Place<'_>) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
        "byteOffset": place.start_byte,
        "byteLength": place.end_byte.saturating_sub(place.start_byte),
    })
}

/// What makes a finding the same one after lines above it came or went.
fn identity<'a>(found: &'a Diagnostic, places: &Places<'a>) -> (Code, &'a str, &'a str) {
    (
        found.code,
        places.of(found.primary.span).file,
        &found.message,
    )
}

fn fingerprint(found: &Diagnostic, places: &Places<'_>, nth: u32) -> Value {
    let (code, file, message) = identity(found, places);
    let mut hasher = blake3::Hasher::new();
    for part in [code.id(), file, message] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&nth.to_le_bytes());
    json!({ "clawFinding/v1": hasher.finalize().to_hex().as_str() })
}

fn put(value: &mut Value, name: &str, member: Option<Value>) {
    if let (Value::Object(members), Some(member)) = (value, member) {
        members.insert(name.to_owned(), member);
    }
}

/// A path as a URI reference (RFC 3986 section 2.3: what is not unreserved is spelt in percents).
/// A colon is spelt out as well, or a first part with one would read as a scheme.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
