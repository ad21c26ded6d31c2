//! Any bytes: what is taken is JSON that every parser reads alike, and an edit changes what it names.

use bytes::Bytes;
use claw_runtime::request::edit::{Edit, Path, edited, quoted};
use claw_runtime::request::peek::{Peek, Reason, Refusal};
use claw_runtime::request::tokens::{Size, estimate};
use serde_json::Value;

pub fn peek(bytes: &[u8]) {
    let found = match parse(bytes) {
        Ok(found) => found,
        Err(refusal) => {
            assert!(refusal.at <= bytes.len());
            let (line, column) = refusal.place(bytes);
            assert!(line > 0 && column > 0 && !refusal.to_string().is_empty());
            if let Reason::Json(wrong) = refusal.reason {
                // serde's own depth is twice ours; what it can hold as a tree, we would take.
                let deep = wrong == claw_runtime::json::Wrong::TooDeep;
                assert!(
                    deep || serde_json::from_slice::<Value>(bytes).is_err(),
                    "JSON was refused"
                );
            }
            return;
        }
    };
    let text = str::from_utf8(bytes).expect("what is taken is UTF-8");
    assert!(estimate(bytes) <= Size::of(bytes, &found).most());
    // serde refuses some numbers and lone surrogates that are grammatical.
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        let object = json.as_object().expect("what is taken is an object");
        assert_eq!(
            found.model.as_ref().map(|model| &*model.name),
            object.get("model").and_then(Value::as_str)
        );
        assert_eq!(
            found.stream,
            object.get("stream") == Some(&Value::Bool(true))
        );
    }
    let Some(model) = found.model.clone() else {
        return;
    };
    let body = Bytes::copy_from_slice(bytes);
    let name = "a/\u{e9}\"\\x";
    let replace = |name: &str| [Edit::Replace(model.range.clone(), quoted(name).into())];
    let whole = edited(&body, &replace(name)).expect("a place that was found is one");
    let by_name = [Edit::Set(Path::Member("model"), quoted(name).into())];
    assert_eq!(edited(&body, &by_name).as_ref(), Ok(&whole));
    assert!(
        whole.starts_with(&bytes[..model.range.start])
            && whole.ends_with(&bytes[model.range.end..])
    );
    let again = parse(&whole).expect("what was taken is taken again");
    assert_eq!(
        &*again.model.as_ref().expect("it is still named").name,
        name
    );
    assert_eq!(
        Peek {
            model: None,
            ..again
        },
        Peek {
            model: None,
            ..found
        }
    );
    assert_eq!(
        whole.len() - name_length(name),
        bytes.len() - model.range.len()
    );
    // And it comes back: the old value in the new one's place.
    let range = model.range.start..model.range.start + name_length(name);
    let old = str::from_utf8(&bytes[model.range.clone()]).expect("a token");
    assert_eq!(
        edited(&whole, &[Edit::Replace(range, old.into())]).as_deref(),
        Ok(bytes)
    );
}

fn name_length(name: &str) -> usize {
    quoted(name).len()
}

fn parse(bytes: &[u8]) -> Result<Peek, Refusal> {
    claw_runtime::request::peek::peek(bytes)
}
