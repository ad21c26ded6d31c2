//! A JSON text as a tree that keeps the order of members and the digits of numbers, for the few
//! texts that are written anew rather than edited.

use std::borrow::Cow;

use thiserror::Error;

use super::number::whole;
use super::{Fault, Lexer, Token};

/// A value. Members stand in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number, as it is written.
    Number(Cow<'a, str>),
    /// A string, its escapes resolved.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Tree<'a>>),
    /// An object.
    Object(Vec<(Cow<'a, str>, Tree<'a>)>),
    /// A JSON text that is written as it stands; reading never gives one.
    Raw(Cow<'a, str>),
}

/// The bytes make no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoTree {
    /// They are no JSON.
    #[error("{0}")]
    Json(Fault),
    /// They have more values than a tree may have.
    #[error("too many values")]
    TooMany,
}

impl From<Fault> for NoTree {
    fn from(fault: Fault) -> Self {
        Self::Json(fault)
    }
}

/// A value takes 32 bytes and more, and its text may have been two bytes long.
pub const VALUES_MAX: usize = 1 << 18;

const NULL: &Tree<'static> = &Tree::Null;

impl<'a> Tree<'a> {
    /// Reads one JSON text.
    ///
    /// # Errors
    /// It is none, or has too many values.
    pub fn read(bytes: &'a [u8]) -> Result<Self, NoTree> {
        let mut lexer = Lexer::new(bytes);
        let first = lexer.value_next()?;
        let mut left = VALUES_MAX;
        let tree = Self::value(&mut lexer, first, &mut left)?;
        // Whatever follows makes it no JSON text.
        lexer.token()?;
        Ok(tree)
    }

    /// The value that `token` began. The lexer bounds how deep it nests.
    fn value(lexer: &mut Lexer<'a>, token: Token<'a>, left: &mut usize) -> Result<Self, NoTree> {
        *left = left.checked_sub(1).ok_or(NoTree::TooMany)?;
        Ok(match token {
            Token::Object => {
                let mut members = Vec::new();
                lexer.members(|lexer, key, token| {
                    let value = Self::value(lexer, token, left)?;
                    members.push((text(key.lossy()), value));
                    Ok::<_, NoTree>(())
                })?;
                Self::Object(members)
            }
            Token::Array => {
                let mut list = Vec::new();
                lexer.elements(|lexer, token| {
                    list.push(Self::value(lexer, token, left)?);
                    Ok::<_, NoTree>(())
                })?;
                Self::List(list)
            }
            Token::Text(said) => Self::Text(text(said.lossy())),
            Token::Number(number) => Self::Number(String::from_utf8_lossy(number)),
            Token::Flag(flag) => Self::Flag(flag),
            Token::Null | Token::Key(_) | Token::ObjectEnd | Token::ArrayEnd => Self::Null,
        })
    }

    /// An object of these members.
    pub fn object<K: Into<Cow<'a, str>>>(members: impl IntoIterator<Item = (K, Self)>) -> Self {
        let members = members.into_iter().map(|(key, value)| (key.into(), value));
        Self::Object(members.collect())
    }

    /// The member with this name, where it is there and not null. Of several the last counts, as
    /// for nearly every parser.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let found = self.members().iter().rev().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    /// The member with this name, or null.
    pub fn at(&self, key: &str) -> &Self {
        self.get(key).unwrap_or(NULL)
    }

    /// What it says, if it is a string.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// Its elements; none if it is no array.
    pub fn list(&self) -> &[Self] {
        if let Self::List(list) = self {
            list
        } else {
            &[]
        }
    }

    /// Its members; none if it is no object.
    pub fn members(&self) -> &[(Cow<'a, str>, Self)] {
        if let Self::Object(members) = self {
            members
        } else {
            &[]
        }
    }

    /// Its value, if it is a number without sign and fraction.
    pub fn whole(&self) -> Option<u64> {
        if let Self::Number(number) = self {
            whole(number.strip_suffix(".0").unwrap_or(number).as_bytes())
        } else {
            None
        }
    }

    /// Its value, if it is `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        if let Self::Flag(flag) = self {
            Some(*flag)
        } else {
            None
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Adds a member to an object; to anything else nothing.
    pub fn put(&mut self, key: &'static str, value: Self) {
        if let Self::Object(members) = self {
            members.push((Cow::Borrowed(key), value));
        }
    }

    /// The value as a JSON text without white space.
    pub fn json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }

    /// Adds it to a text.
    pub fn write(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Flag(flag) => json.push_str(if *flag { "true" } else { "false" }),
            Self::Number(raw) | Self::Raw(raw) => json.push_str(raw),
            Self::Text(text) => write_text(json, text),
            Self::List(list) => {
                json.push('[');
                for (at, value) in list.iter().enumerate() {
                    if at > 0 {
                        json.push(',');
                    }
                    value.write(json);
                }
                json.push(']');
            }
            Self::Object(members) => {
                json.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    if at > 0 {
                        json.push(',');
                    }
                    write_text(json, key);
                    json.push(':');
                    value.write(json);
                }
                json.push('}');
            }
        }
    }
}

impl<'a> From<&'a str> for Tree<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Tree<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Tree<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Tree<'_> {
    fn from(number: u64) -> Self {
        Self::Number(Cow::Owned(number.to_string()))
    }
}

impl From<bool> for Tree<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// Bytes that were read as JSON text; halves of surrogate pairs are marked by then.
fn text(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// Adds a text as a JSON string.
pub fn write_text(json: &mut String, text: &str) {
    use std::fmt::Write as _;
    json.reserve(text.len() + 2);
    json.push('"');
    let mut rest = text;
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    while let Some(at) = rest.bytes().position(special) {
        let (plain, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        json.push_str(plain);
        let mut chars = after.chars();
        match chars.next() {
            Some('"') => json.push_str("\\\""),
            Some('\\') => json.push_str("\\\\"),
            Some('\n') => json.push_str("\\n"),
            Some(char) => {
                // Writing to a string cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(char));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    json.push_str(rest);
    json.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

    use super::{NoTree, Tree, VALUES_MAX};

    #[test]
    fn order_digits_and_texts_survive() {
        let text = r#"{"b":1e5,"a":[1.0,-0,true,null,{}],"z\"\n":"é\u0001","b":[]}"#;
        let tree = Tree::read(text.as_bytes()).unwrap();
        assert_eq!(tree.json(), text);
        assert_eq!(tree.at("b"), &Tree::List(Vec::new()), "the last one counts");
    }

    #[test]
    fn a_text_with_too_many_values_is_none() {
        let many = format!("[{}0]", "0,".repeat(VALUES_MAX));
        assert_eq!(Tree::read(many.as_bytes()), Err(NoTree::TooMany));
    }

    fn any_tree() -> impl Strategy<Value = Tree<'static>> {
        let leaf = prop_oneof![
            Just(Tree::Null),
            any::<bool>().prop_map(Tree::Flag),
            any::<u64>().prop_map(Tree::from),
            any::<String>().prop_map(Tree::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            let lists = proptest::collection::vec(inner.clone(), 0..6).prop_map(Tree::List);
            let objects = proptest::collection::vec((any::<String>(), inner), 0..6);
            prop_oneof![lists, objects.prop_map(Tree::object)]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(tree in any_tree()) {
            let json = tree.json();
            let read = Tree::read(json.as_bytes()).unwrap();
            proptest::prop_assert_eq!(&read, &tree);
            let serde: Result<serde_json::Value, _> = serde_json::from_str(&json);
            proptest::prop_assert!(serde.is_ok());
        }
    }
}
