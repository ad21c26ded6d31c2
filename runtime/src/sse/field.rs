//! What an event says: its kind, its fields, its data.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// What an event is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It has a `data` field: the only kind that says something.
    Data,
    /// It has known fields, but no data.
    Fields,
    /// It has comments, and no known fields.
    Comments,
    /// It has unknown fields only.
    Unknown,
    /// It is an empty line with nothing before it.
    Blank,
}

impl Kind {
    /// The kind of one whole event.
    #[inline]
    pub fn of(event: &[u8]) -> Self {
        if event.starts_with(b"data:") {
            return Self::Data;
        }
        Self::of_any(event)
    }

    fn of_any(event: &[u8]) -> Self {
        let mut kind = Self::Blank;
        for line in lines(event) {
            let of_line = match Field::read(line) {
                Field { name: b"data", .. } => return Self::Data,
                Field {
                    name: b"event" | b"id" | b"retry",
                    ..
                } => Self::Fields,
                Field { name: b"", .. } => Self::Comments,
                Field { .. } => Self::Unknown,
            };
            kind = match (kind, of_line) {
                (Self::Fields, _) | (_, Self::Fields) => Self::Fields,
                (Self::Comments, _) | (_, Self::Comments) => Self::Comments,
                _ => of_line,
            };
        }
        kind
    }
}

/// One line of an event, taken apart. A comment has an empty name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Everything before the first colon.
    pub name: &'a [u8],
    /// Everything after it, less one leading space.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    /// Takes one line without its end apart.
    #[inline]
    pub fn read(line: &'a [u8]) -> Self {
        let Some((name, value)) = memchr(b':', line).and_then(|colon| {
            let (name, rest) = line.split_at_checked(colon)?;
            Some((name, rest.split_first()?.1))
        }) else {
            return Self {
                name: line,
                value: b"",
            };
        };
        Self {
            name,
            value: value.strip_prefix(b" ").unwrap_or(value),
        }
    }
}

/// The fields of one whole event in order, comments left out.
pub fn fields(event: &[u8]) -> impl Iterator<Item = Field<'_>> {
    lines(event)
        .map(Field::read)
        .filter(|field| !field.name.is_empty())
}

/// The data of one event: its `data` values joined by LF; nothing if it has none.
///
/// It is a slice of the event where there is one `data` line, a copy where there are several.
pub fn data(event: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut values = fields(event).filter(|field| field.name == b"data");
    let first = values.next()?.value;
    let Some(second) = values.next() else {
        return Some(Cow::Borrowed(first));
    };
    let mut joined = first.to_vec();
    for value in std::iter::once(second).chain(values) {
        joined.push(b'\n');
        joined.extend_from_slice(value.value);
    }
    Some(Cow::Owned(joined))
}

/// The non-empty lines of one event, without their ends.
fn lines(event: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = event;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            // A CR LF reads as a line and an empty line here, and empty lines are left out anyway.
            let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            let (line, after) = rest.split_at_checked(end)?;
            rest = after.get(1..).unwrap_or_default();
            if !line.is_empty() {
                return Some(line);
            }
        }
    })
}
