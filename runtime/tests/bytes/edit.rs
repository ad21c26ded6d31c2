//! Edits of a body, beside the same edits of a tree, and byte for byte.

use bytes::Bytes;
use claw_runtime::request::edit::{Edit, Path, Unfit, edited};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Map, Value, json};

fn text(body: &str, edits: &[Edit<'_>]) -> Result<String, Unfit> {
    let edited = edited(&Bytes::from(body.to_owned()), edits)?;
    Ok(String::from_utf8(edited.to_vec()).unwrap())
}

fn set<'e>(key: &'e str, value: &'e str) -> Edit<'e> {
    Edit::Set(Path::Member(key), value.into())
}

fn set_in<'e>(outer: &'e str, key: &'e str, value: &'e str) -> Edit<'e> {
    Edit::Set(Path::Inner(outer, key), value.into())
}

fn remove(key: &str) -> Edit<'_> {
    Edit::Remove(Path::Member(key))
}

fn remove_in<'e>(outer: &'e str, key: &'e str) -> Edit<'e> {
    Edit::Remove(Path::Inner(outer, key))
}

#[test]
fn every_byte_outside_an_edit_stays() {
    for (body, edits, wanted) in [
        (r#"{"a":1}"#, vec![set("a", "2")], r#"{"a":2}"#),
        (r#"{"a":1}"#, vec![set("b", "2")], r#"{"b":2,"a":1}"#),
        ("{}", vec![set("b", "2")], r#"{"b":2}"#),
        (
            " { \n } ",
            vec![set("b", "2"), set("c", "3")],
            " {\"b\":2,\"c\":3 \n } ",
        ),
        (
            r#"{"a":1}"#,
            vec![Edit::Insert("b", "2".into())],
            r#"{"b":2,"a":1}"#,
        ),
        ("{ }", vec![Edit::Insert("b", "2".into())], r#"{"b":2 }"#),
        (
            r#"{"a":1}"#,
            vec![Edit::Insert("b", "2".into()), set("c", "3"), remove("a")],
            r#"{"b":2,"c":3}"#,
        ),
        // Numbers, escapes and white space stay as they are written.
        (
            "{ \"\\u0061\" : 1 , \"n\":1e5,\t\"big\":12345678901234567890.10 }",
            vec![set("a", "[]")],
            "{ \"\\u0061\" : [] , \"n\":1e5,\t\"big\":12345678901234567890.10 }",
        ),
        (
            r#"{"a":1,"b":2,"c":3}"#,
            vec![remove("a")],
            r#"{"b":2,"c":3}"#,
        ),
        (
            r#"{"a":1,"b":2,"c":3}"#,
            vec![remove("b")],
            r#"{"a":1,"c":3}"#,
        ),
        (
            r#"{"a":1,"b":2,"c":3}"#,
            vec![remove("c")],
            r#"{"a":1,"b":2}"#,
        ),
        (
            r#"{"a":1,"b":2,"c":3}"#,
            vec![remove("c"), remove("b")],
            r#"{"a":1}"#,
        ),
        (
            r#"{"a":1,"b":2,"c":3}"#,
            vec![remove("a"), remove("b")],
            r#"{"c":3}"#,
        ),
        (
            r#"{"a":1,"b":2,"c":3}"#,
            vec![remove("a"), remove("c")],
            r#"{"b":2}"#,
        ),
        (
            "{ \"a\" : 1 , \"b\" : 2 }",
            vec![remove("a"), remove("b")],
            "{  }",
        ),
        (
            "{ \"a\" : 1 , \"b\" : 2 }",
            vec![remove("a"), set("c", "3")],
            "{\"c\":3, \"b\" : 2 }",
        ),
        (
            "{\"a\":1,\"b\":2}",
            vec![remove("a"), remove("b"), set("c", "3")],
            "{\"c\":3}",
        ),
        (
            r#"{"a":1}"#,
            vec![remove("z"), remove_in("w", "y"), remove_in("a", "y")],
            r#"{"a":1}"#,
        ),
        (
            r#"{"o":{}}"#,
            vec![set_in("o", "k", "true")],
            r#"{"o":{"k":true}}"#,
        ),
        (
            r#"{"o":{"x":[{}]}}"#,
            vec![set_in("o", "k", "true")],
            r#"{"o":{"k":true,"x":[{}]}}"#,
        ),
        (
            r#"{"o":null,"x":0}"#,
            vec![set_in("o", "k", "true")],
            r#"{"o":{"k":true},"x":0}"#,
        ),
        (
            r#"{"x":0}"#,
            vec![set_in("o", "k", "1"), set_in("o", "l", "2")],
            r#"{"o":{"k":1,"l":2},"x":0}"#,
        ),
        (
            r#"{"o":{"k":1,"k2":2}}"#,
            vec![remove_in("o", "k"), set("x", "0")],
            r#"{"x":0,"o":{"k2":2}}"#,
        ),
        (
            r#"{"k":1,"o":{"k":2},"p":{"o":{"k":3}}}"#,
            vec![set_in("o", "k", "9")],
            r#"{"k":1,"o":{"k":9},"p":{"o":{"k":3}}}"#,
        ),
        (
            r#"{"a":1}"#,
            vec![Edit::Replace(5..6, "\"x\"".into()), set("b", "2")],
            r#"{"b":2,"a":"x"}"#,
        ),
    ] {
        assert_eq!(
            text(body, &edits).as_deref(),
            Ok(wanted),
            "{body} {edits:?}"
        );
    }
}

#[test]
fn what_changes_nothing_copies_nothing() {
    let body = Bytes::from_static(br#"{"a":1,"o":{"k":true}}"#);
    for edits in [
        vec![],
        vec![set("a", "1"), set_in("o", "k", "true"), remove("z")],
        vec![Edit::Replace(5..6, "1".into())],
    ] {
        let edited = edited(&body, &edits).unwrap();
        assert_eq!((edited.as_ptr(), edited.len()), (body.as_ptr(), body.len()));
    }
}

#[test]
fn edits_that_contradict_the_body_or_each_other_are_refused() {
    for (body, edits) in [
        ("[]", vec![set("a", "1")]),
        ("[]", vec![Edit::Insert("a", "1".into())]),
        (r#"{"o":1}"#, vec![set_in("o", "k", "1")]),
        (r#"{"o":"{}"}"#, vec![set_in("o", "k", "1")]),
    ] {
        let refused = text(body, &edits);
        let at = body.find([':']).map_or(0, |colon| colon + 1);
        assert_eq!(refused, Err(Unfit::NotAnObject(at)), "{body}");
    }
    for edits in [
        vec![set("a", "1"), set("a", "2")],
        vec![set("a", "1"), remove("a")],
        vec![set("a", "1"), set_in("a", "b", "2")],
        vec![set_in("a", "b", "2"), remove("a")],
        vec![set_in("a", "b", "2"), remove_in("a", "b")],
        vec![Edit::Replace(5..8, "2".into()), set("a", "3")],
        vec![
            Edit::Replace(5..8, "2".into()),
            Edit::Replace(6..7, "3".into()),
        ],
        vec![Edit::Replace(5..99, "2".into())],
    ] {
        assert_eq!(
            text(r#"{"a":{ }}"#, &edits),
            Err(Unfit::Overlap),
            "{edits:?}"
        );
    }
    for body in [r#"{"a":1"#, r#"{"a":1}x"#, r#"{"a":1,}"#, ""] {
        let refused = text(body, &[set("b", "1")]);
        assert!(
            matches!(refused, Err(Unfit::Json(_))),
            "{body}: {refused:?}"
        );
    }
}

const KEYS: [&str; 4] = ["a", "b", "o", "p\"\u{e9}"];

/// A change of a tree, and the same as an edit.
#[derive(Debug, Clone)]
struct Change {
    outer: Option<usize>,
    key: usize,
    /// The new value; nothing removes.
    value: Option<Value>,
    /// Whether a value that is there stays.
    default: bool,
}

proptest! {
    #[test]
    fn an_edited_body_reads_as_the_edited_tree(
        object in object(),
        layout in any::<u64>(),
        changes in proptest::collection::vec(change(), 0..5),
    ) {
        let body = written(&Value::Object(object.clone()), &mut Layout(layout | 1));
        let values: Vec<Option<String>> =
            changes.iter().map(|change| change.value.as_ref().map(Value::to_string)).collect();
        let edits: Vec<Edit<'_>> = changes.iter().zip(&values).map(|(change, value)| {
            let path = match change.outer {
                None => Path::Member(KEYS[change.key]),
                Some(outer) => Path::Inner(KEYS[outer], KEYS[change.key]),
            };
            match value {
                Some(value) if change.default => Edit::Default(path, value.into()),
                Some(value) => Edit::Set(path, value.into()),
                None => Edit::Remove(path),
            }
        }).collect();
        let wanted = if contradict(&changes) {
            Err(Unfit::Overlap)
        } else {
            tree(object, &changes)
        };
        let found = text(&body, &edits);
        match wanted {
            // Where in the body, the tree does not know.
            Err(Unfit::NotAnObject(_)) => {
                assert!(matches!(found, Err(Unfit::NotAnObject(_))), "{body} {edits:?}");
            }
            Err(unfit) => assert_eq!(found, Err(unfit), "{body} {edits:?}"),
            Ok(wanted) => {
                let found = found.unwrap();
                let read: Value = serde_json::from_str(&found).unwrap();
                assert_eq!(read, Value::Object(wanted), "{body} became {found}");
                // Once more changes nothing, down to the byte.
                assert_eq!(text(&found, &edits), Ok(found));
            }
        }
    }
}

/// Whether two changes are about the same member, or one about a member of what another replaces.
fn contradict(changes: &[Change]) -> bool {
    let path = |change: &Change| (change.outer, change.key);
    changes.iter().enumerate().any(|(at, one)| {
        changes[..at].iter().any(|other| {
            path(one) == path(other)
                || one.outer == Some(other.key) && other.outer.is_none()
                || other.outer == Some(one.key) && one.outer.is_none()
        })
    })
}

fn tree(mut object: Map<String, Value>, changes: &[Change]) -> Result<Map<String, Value>, Unfit> {
    for change in changes {
        let within = match change.outer {
            None => &mut object,
            Some(outer) => {
                let key = KEYS[outer].to_owned();
                if change.value.is_none() {
                    match object.get_mut(&key) {
                        Some(Value::Object(inner)) => inner,
                        _ => continue,
                    }
                } else {
                    let inner = object.entry(key).or_insert(Value::Null);
                    if inner.is_null() {
                        *inner = json!({});
                    }
                    inner.as_object_mut().ok_or(Unfit::NotAnObject(0))?
                }
            }
        };
        match &change.value {
            Some(value) => {
                let there = within.entry(KEYS[change.key]).or_insert(Value::Null);
                if !change.default || there.is_null() {
                    *there = value.clone();
                }
            }
            None => {
                within.remove(KEYS[change.key]);
            }
        }
    }
    Ok(object)
}

fn change() -> impl Strategy<Value = Change> {
    let outer = proptest::option::of(2..KEYS.len());
    let value = proptest::option::of(value());
    (outer, 0..KEYS.len(), value, any::<bool>()).prop_map(|(outer, key, value, default)| Change {
        outer,
        key,
        value,
        default,
    })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    members(value())
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof![
        4 => proptest::sample::select(KEYS.to_vec()).prop_map(str::to_owned),
        1 => "[a-z{}\\[\\]:,\"\\\\]{0,4}",
    ];
    proptest::collection::btree_map(key, value, 0..5).prop_map(|map| map.into_iter().collect())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            members(inner).prop_map(Value::Object),
        ]
    })
}

/// Decides where white space stands and which letters are escaped.
struct Layout(u64);

impl Layout {
    fn roll(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn space(&mut self) -> &'static str {
        ["", "", "", " ", "\n\t", "\r\n  "][usize::try_from(self.roll(6)).unwrap()]
    }
}

fn written(value: &Value, layout: &mut Layout) -> String {
    let inner = match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| {
                    let key = string(key, layout);
                    let colon = format!("{}:", layout.space());
                    format!("{}{key}{colon}{}", layout.space(), written(value, layout))
                })
                .collect();
            format!("{{{}{}}}", members.join(","), layout.space())
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, layout)).collect();
            format!("[{}{}]", items.join(","), layout.space())
        }
        Value::String(text) => string(text, layout),
        other => other.to_string(),
    };
    format!("{}{inner}{}", layout.space(), layout.space())
}

fn string(text: &str, layout: &mut Layout) -> String {
    let mut json = Value::from(text).to_string();
    if text.starts_with('a') && layout.roll(3) == 0 {
        json.replace_range(1..2, "\\u0061");
    }
    json
}
