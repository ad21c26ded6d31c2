//! A value of a file, with its place in it, and what is said of it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::note::{Note, Weight};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<'v> {
    pub(super) path: String,
    pub(super) value: &'v Value,
    seen: &'v Seen,
}

/// Which parts of a file were looked at, by where they are kept: what is left over is told, whatever
/// it is called.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Values that were read.
    read: RefCell<BTreeSet<usize>>,
    /// Objects and lists that were asked for.
    opened: RefCell<BTreeSet<usize>>,
    /// Parts of which something is said that holds for all that is in them.
    told: RefCell<BTreeSet<usize>>,
}

fn mark(set: &RefCell<BTreeSet<usize>>, value: &Value) {
    set.borrow_mut().insert(std::ptr::from_ref(value).addr());
}

fn is_marked(set: &RefCell<BTreeSet<usize>>, value: &Value) -> bool {
    set.borrow().contains(&std::ptr::from_ref(value).addr())
}

/// How much of a part was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// None of it.
    Whole,
    /// Something in it was; what was not is in the list.
    Part,
    /// There is nothing to say of it.
    Nothing,
}

/// What is said of the parts of a file.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<Note>);

impl Notes {
    pub(super) fn exact(&mut self, at: &At<'_>, text: impl Into<String>) {
        self.add(Weight::Exact, at, text.into());
    }

    pub(super) fn near(&mut self, at: &At<'_>, text: impl Into<String>) {
        self.add(Weight::Approximate, at, text.into());
    }

    pub(super) fn left(&mut self, at: &At<'_>, text: impl Into<String>) {
        at.told();
        self.add(Weight::Left, at, text.into());
    }

    /// Notes that a part is left out with all that is in it.
    pub(super) fn none(&mut self, at: &At<'_>) {
        let is_said = |note: &Note| note.weight == Weight::Left && note.path == at.path;
        if self.0.iter().any(is_said) {
            at.told();
        } else {
            self.left(at, "nothing of it is carried over");
        }
    }

    /// Says something of a part by its path.
    pub(super) fn say(&mut self, weight: Weight, path: &str, text: impl Into<String>) {
        let (path, text) = (path.to_owned(), text.into());
        self.0.push(Note { weight, path, text });
    }

    fn add(&mut self, weight: Weight, at: &At<'_>, text: String) {
        self.say(weight, &at.path, text);
    }
}

impl<'v> At<'v> {
    /// The whole of a file.
    pub(super) fn root(value: &'v Value, seen: &'v Seen) -> Self {
        mark(&seen.opened, value);
        Self {
            path: String::new(),
            value,
            seen,
        }
    }

    /// Nothing more is to be said of it, whatever is in it.
    pub(super) fn told(&self) {
        mark(&self.seen.told, self.value);
    }

    /// A member of an object; nothing where it is not there or null.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let found = self.peek(key)?;
        mark(&self.seen.opened, found.value);
        Some(found)
    }

    /// The same, of which the rest is told as a whole.
    pub(super) fn peek(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(self.inner(key, value))
    }

    fn inner(&self, key: &str, value: &'v Value) -> Self {
        let path = match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        let seen = self.seen;
        Self { path, value, seen }
    }

    fn read(&self) {
        mark(&self.seen.read, self.value);
    }

    /// Whether it is this word.
    pub(super) fn is(&self, word: &str) -> bool {
        self.read();
        self.value == word
    }

    /// Whether it is `true`.
    pub(super) fn flag(&self) -> bool {
        self.read();
        self.value.as_bool() == Some(true)
    }

    /// The members of an object; anything else is noted and has none.
    pub(super) fn members(&self, notes: &mut Notes) -> Vec<(&'v str, Self)> {
        let Some(members) = self.object(notes) else {
            return Vec::new();
        };
        self.opened();
        let members = members.iter().filter(|(_, value)| !value.is_null());
        members
            .map(|(key, value)| (key.as_str(), self.inner(key, value)))
            .collect()
    }

    fn object(&self, notes: &mut Notes) -> Option<&'v Map<String, Value>> {
        let found = self.value.as_object();
        if found.is_none() {
            notes.left(
                self,
                format!("{} stands where an object is due", self.noun()),
            );
        }
        found
    }

    /// The entries of a list; anything else is noted and has none.
    pub(super) fn entries(&self, notes: &mut Notes) -> Vec<Self> {
        let Some(list) = self.value.as_array() else {
            notes.left(self, format!("{} stands where a list is due", self.noun()));
            return Vec::new();
        };
        self.opened();
        let entries = list.iter().enumerate();
        entries
            .map(|(at, value)| Self {
                path: format!("{}[{at}]", self.path),
                value,
                seen: self.seen,
            })
            .collect()
    }

    fn opened(&self) {
        mark(&self.seen.opened, self.value);
        self.read();
    }

    /// The entries of a list without a word about what is none.
    pub(super) fn peeks(&self) -> Vec<Self> {
        self.children()
    }

    fn children(&self) -> Vec<Self> {
        let seen = self.seen;
        match self.value {
            Value::Object(members) => {
                let members = members.iter();
                members.map(|(key, value)| self.inner(key, value)).collect()
            }
            Value::Array(list) => {
                let list = list.iter().enumerate();
                list.map(|(at, value)| Self {
                    path: format!("{}[{at}]", self.path),
                    value,
                    seen,
                })
                .collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }

    /// A text that is not empty; anything else is noted.
    pub(super) fn text(&self, notes: &mut Notes) -> Option<&'v str> {
        self.read();
        let found = self.value.as_str().filter(|text| !text.trim().is_empty());
        if found.is_none() {
            notes.left(self, format!("{} stands where a text is due", self.noun()));
        }
        found
    }

    /// A number that is not negative, times ten to this power, rounded down; anything else is noted.
    pub(super) fn number(&self, power: i32, notes: &mut Notes) -> Option<u64> {
        self.read();
        let text = match self.value {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
        };
        let found = scaled(&text, power);
        if found.is_none() {
            notes.left(
                self,
                format!("{} stands where a number is due", self.noun()),
            );
        }
        found
    }

    /// A price in pico-dollars for a token, which is this number times ten to this power; anything else
    /// is noted.
    pub(super) fn price(&self, power: i32, notes: &mut Notes) -> Option<u64> {
        let found = self.number(power, notes)?;
        if found > PICO_MAX {
            notes.left(self, "a price is at most `$1000000/M`");
        } else if (1..PICO_MIN).contains(&found) {
            notes.left(self, "a price is at least `$0.001/M`, or nothing");
        } else {
            return Some(found);
        }
        None
    }

    /// A time in whole seconds; anything else is noted.
    pub(super) fn seconds(&self, notes: &mut Notes) -> Option<u64> {
        let found = self.number(0, notes)?;
        if (1..=86_400).contains(&found) {
            return Some(found);
        }
        notes.left(self, "a time is from one second to a day");
        None
    }

    /// Notes every part that nothing has read, each as a whole.
    pub(super) fn rest(&self, advice: fn(&str) -> &'static str, notes: &mut Notes) {
        let mut rest = Vec::new();
        self.unread(&mut rest);
        for at in rest {
            let key = at.path.rsplit('.').next().unwrap_or_default();
            let key = key.split('[').next().unwrap_or_default();
            notes.left(&at, advice(key));
        }
    }

    fn unread(&self, rest: &mut Vec<Self>) -> Left {
        let is = |set| is_marked(set, self.value);
        if is(&self.seen.told) || self.value.is_null() {
            return Left::Nothing;
        }
        let children = self.children();
        if children.is_empty() {
            return if is(&self.seen.read) {
                Left::Part
            } else {
                Left::Whole
            };
        }
        let mut own = Vec::new();
        let mut is_read = is(&self.seen.opened);
        let mut inner = Vec::new();
        for child in children {
            match child.unread(&mut inner) {
                Left::Whole => own.push(child),
                Left::Part => is_read = true,
                Left::Nothing => {}
            }
        }
        if !is_read && own.is_empty() {
            return Left::Nothing;
        }
        if !is_read {
            return Left::Whole;
        }
        rest.append(&mut own);
        rest.append(&mut inner);
        Left::Part
    }

    fn noun(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(text) if text.trim().is_empty() => "an empty text",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// The largest price for a token that a policy can say.
const PICO_MAX: u64 = 1_000_000_000_000;
/// The smallest that is not nothing.
const PICO_MIN: u64 = 1_000;

/// A number as a policy writes it, if it can.
pub(super) fn plain(value: &Value) -> Option<String> {
    let text = value.as_number()?.to_string();
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(whole) && is_number(part) && whole.len() <= 9 && part.len() <= 6).then_some(text)
}

/// A decimal number such as `2.5e-06` times ten to a power, without floating point.
fn scaled(text: &str, power: i32) -> Option<u64> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || all.len() > 30 || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u128 = all.parse().ok()?;
    let shift = exponent
        .checked_add(power)?
        .checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let scale = 10_u128.checked_pow(shift.unsigned_abs());
    let found = match (number, scale) {
        (0, _) => 0,
        (number, Some(scale)) if shift >= 0 => number.checked_mul(scale)?,
        (number, Some(scale)) => number / scale,
        (_, None) if shift < 0 => 0,
        (_, None) => return None,
    };
    u64::try_from(found).ok()
}

#[cfg(test)]
mod tests {
    use super::scaled;

    #[test]
    fn a_price_for_one_token_is_pico_dollars_without_rounding_it_up() {
        assert_eq!(scaled("2.5e-06", 12), Some(2_500_000));
        assert_eq!(scaled("0.00000015", 12), Some(150_000));
        assert_eq!(scaled("3", 6), Some(3_000_000));
        assert_eq!(scaled("0", 12), Some(0));
        assert_eq!(scaled("1e-40", 12), Some(0));
        for bad in ["", "-1", "x", "1e99", "1.2.3", "nan", "1e", "+5"] {
            assert_eq!(scaled(bad, 12), None, "{bad}");
        }
    }
}
