//! As much of JSON Schema (draft 7) as the schema of SARIF uses. A keyword that is not known here
//! fails: a rule that is passed over would be a test that cannot fail.

use serde_json::Value;

const SCHEMA: &str = include_str!("sarif-2.1.0.schema.json");

/// Fails with every place where the log breaks the schema.
pub(crate) fn validate(log: &Value) {
    let faults = faults(log);
    assert!(faults.is_empty(), "{faults:#?}");
}

fn faults(log: &Value) -> Vec<String> {
    let root: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut faults = Vec::new();
    let check = Check {
        root: &root,
        at: "",
    };
    check.value(log, &root, &mut faults);
    faults
}

/// The whole schema, and where in the log the check stands.
struct Check<'a> {
    root: &'a Value,
    at: &'a str,
}

impl Check<'_> {
    fn value(&self, value: &Value, schema: &Value, faults: &mut Vec<String>) {
        let at = self.at;
        let mut fault = |why: String| faults.push(format!("{at}: {why}"));
        let rules = schema.as_object().unwrap();
        for (rule, due) in rules {
            let holds = match rule.as_str() {
                "type" => is_of(value, due.as_str().unwrap()),
                "enum" => due.as_array().unwrap().contains(value),
                "minimum" => value.as_i64().is_none_or(|n| n >= due.as_i64().unwrap()),
                "maximum" => value.as_i64().is_none_or(|n| n <= due.as_i64().unwrap()),
                "minItems" => length(value).is_none_or(|n| n >= due.as_u64().unwrap()),
                "uniqueItems" => due == false || value.as_array().is_none_or(|v| is_unique(v)),
                "required" => lacks(value, due).is_empty(),
                "format" => value.as_str().is_none_or(|text| is_formed(text, due)),
                "anyOf" => self.holding(value, due) > 0,
                "oneOf" => self.holding(value, due) == 1,
                "additionalProperties" if due == false => {
                    let known = &schema["properties"];
                    let mut names = value.as_object().into_iter().flat_map(|o| o.keys());
                    names.all(|name| known.get(name).is_some())
                }
                // Gone into below, or says nothing about a value.
                "properties"
                | "items"
                | "$ref"
                | "additionalProperties"
                | "$schema"
                | "$id"
                | "title"
                | "description"
                | "default"
                | "definitions" => true,
                "pattern" => panic!("{at}: patterns stand only on members that are not written"),
                other => panic!("{at}: the keyword `{other}` is not known here"),
            };
            if !holds {
                fault(format!("breaks {rule} {due}: {value}"));
            }
        }
        self.below(value, schema, faults);
    }

    fn below(&self, value: &Value, schema: &Value, faults: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let pointer = name.strip_prefix('#').unwrap();
            let target = self.root.pointer(pointer).expect(name);
            self.value(value, target, faults);
        }
        for (name, member) in value.as_object().into_iter().flatten() {
            let known = schema["properties"].get(name);
            let others = Some(&schema["additionalProperties"]).filter(|s| s.is_object());
            if let Some(schema) = known.or(others) {
                let at = format!("{}/{name}", self.at);
                Check { at: &at, ..*self }.value(member, schema, faults);
            }
        }
        if schema["items"].is_object() {
            for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                let at = format!("{}/{n}", self.at);
                Check { at: &at, ..*self }.value(item, &schema["items"], faults);
            }
        }
    }

    fn holding(&self, value: &Value, schemas: &Value) -> usize {
        let schemas = schemas.as_array().unwrap().iter();
        schemas
            .filter(|schema| {
                let mut faults = Vec::new();
                self.value(value, schema, &mut faults);
                faults.is_empty()
            })
            .count()
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("the type `{other}` is not known here"),
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_array().map(|items| items.len() as u64)
}

fn is_unique(items: &[Value]) -> bool {
    (0..items.len()).all(|at| !items[..at].contains(&items[at]))
}

fn lacks(value: &Value, due: &Value) -> Vec<String> {
    let due = due.as_array().unwrap().iter();
    due.map(|name| name.as_str().unwrap().to_owned())
        .filter(|name| value.is_object() && value.get(name).is_none())
        .collect()
}

/// RFC 3986: only these characters, and each percent begins two hex digits; a URI has a scheme.
fn is_formed(text: &str, format: &Value) -> bool {
    let bytes = text.as_bytes();
    let is_spelt = |at: usize| {
        bytes
            .get(at + 1..at + 3)
            .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    };
    let is_reference = bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => is_spelt(at),
        byte => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(byte),
    });
    match format.as_str().unwrap() {
        "uri-reference" => is_reference,
        "uri" => is_reference && text.contains("://"),
        other => panic!("the format `{other}` stands only on members that are not written"),
    }
}

#[test]
fn the_validator_finds_what_breaks_the_schema() {
    let log = |run: &str| {
        let text = format!(r#"{{"version": "2.1.0", "runs": [{run}]}}"#);
        faults(&serde_json::from_str(&text).unwrap()).len()
    };
    let tool = r#""tool": {"driver": {"name": "x"}}"#;
    assert_eq!(log(&format!("{{{tool}}}")), 0);
    for broken in [
        "{}".to_owned(),
        format!(r#"{{{tool}, "colour": 1}}"#),
        format!(r#"{{{tool}, "columnKind": "bytes"}}"#),
        format!(r#"{{{tool}, "results": [{{"message": {{}}}}]}}"#),
        format!(r#"{{{tool}, "results": [{{"message": {{"text": 1}}}}]}}"#),
        format!(r#"{{{tool}, "artifacts": [{{"length": -2}}]}}"#),
        format!(r#"{{{tool}, "artifacts": [{{"location": {{"uri": "a b"}}}}]}}"#),
        format!(r#"{{{tool}, "artifacts": [{{"length": 1}}, {{"length": 1}}]}}"#),
    ] {
        assert_ne!(log(&broken), 0, "{broken}");
    }
}
