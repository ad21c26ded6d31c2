//! Finds the members that edits name, and the bytes that each edit is about.

use std::borrow::Cow;

use bytes::Bytes;
use smallvec::SmallVec;

use super::patch::Patches;
use super::{Edit, Path, Unfit, member};
use crate::json::{Lexer, Token};

/// Adds the patches of every edit but [`Edit::Replace`], in one pass over the body.
pub(super) fn find(body: &Bytes, edits: &[Edit<'_>], patches: &mut Patches) -> Result<(), Unfit> {
    let wanted = Wanted::of(edits)?;
    let mut lexer = Lexer::new(body);
    if lexer.value_next()? != Token::Object {
        return Err(Unfit::NotAnObject(0));
    }
    wanted.edit(&mut lexer, patches)?;
    lexer.token()?;
    Ok(())
}

/// What is wanted of one object's members.
#[derive(Default)]
struct Wanted<'e> {
    /// Members that are known to be absent, as text.
    added: String,
    members: SmallVec<[(&'e str, Want<'e>); 4]>,
}

/// What is wanted of one member.
enum Want<'e> {
    Value(&'e str),
    /// A value in the place of none.
    Fallback(&'e str),
    Absence,
    Members(Box<Wanted<'e>>),
}

impl Want<'_> {
    /// What stands in the place of a value that was there; nothing where it stays or is edited.
    fn instead(&self, value: Token<'_>, at: usize) -> Result<Option<Cow<'_, str>>, Unfit> {
        match self {
            Self::Value(text) => Ok(Some(Cow::Borrowed(text))),
            Self::Fallback(text) if value == Token::Null => Ok(Some(Cow::Borrowed(text))),
            Self::Members(wanted) if value != Token::Object => match wanted.text() {
                Some(_) if value != Token::Null => Err(Unfit::NotAnObject(at)),
                text => Ok(text.map(Cow::Owned)),
            },
            Self::Members(_) | Self::Absence | Self::Fallback(_) => Ok(None),
        }
    }
}

impl<'e> Wanted<'e> {
    fn of(edits: &'e [Edit<'e>]) -> Result<Self, Unfit> {
        let mut wanted = Self::default();
        for edit in edits {
            let (path, want) = match edit {
                Edit::Replace(..) => continue,
                Edit::Insert(key, value) => {
                    member(&mut wanted.added, key, value);
                    continue;
                }
                Edit::Set(path, value) => (path, Want::Value(value)),
                Edit::Default(path, value) => (path, Want::Fallback(value)),
                Edit::Remove(path) => (path, Want::Absence),
            };
            match *path {
                Path::Member(key) => wanted.want(key, want)?,
                Path::Inner(outer, key) => wanted.inside(outer)?.want(key, want)?,
            }
        }
        Ok(wanted)
    }

    fn want(&mut self, key: &'e str, want: Want<'e>) -> Result<(), Unfit> {
        if self.members.iter().any(|(other, _)| *other == key) {
            return Err(Unfit::Overlap);
        }
        self.members.push((key, want));
        Ok(())
    }

    /// What is wanted of the members of one member.
    fn inside(&mut self, outer: &'e str) -> Result<&mut Self, Unfit> {
        let known = self.members.iter().position(|(key, _)| *key == outer);
        let place = known.unwrap_or(self.members.len());
        if known.is_none() {
            self.members.push((outer, Want::Members(Box::default())));
        }
        match self.members.get_mut(place) {
            Some((_, Want::Members(wanted))) => Ok(wanted),
            _ => Err(Unfit::Overlap),
        }
    }

    /// Edits the object whose brace was the last token.
    fn edit(&self, lexer: &mut Lexer<'_>, patches: &mut Patches) -> Result<(), Unfit> {
        let mut found: SmallVec<[bool; 4]> = SmallVec::from_elem(false, self.members.len());
        let mut object = Object::opened(lexer);
        while let Token::Key(key) = lexer.value_next()? {
            let start = key.at - 1;
            let value = lexer.value_next()?;
            let from = lexer.start_of(value);
            let named = |(wanted, _): &(&str, Want<'_>)| key.is(wanted.as_bytes());
            let place = self.members.iter().position(named);
            let want = place.and_then(|place| self.members.get(place));
            if let Some(found) = place.and_then(|place| found.get_mut(place)) {
                *found = true;
            }
            match want {
                Some((_, Want::Members(wanted))) if value == Token::Object => {
                    wanted.edit(lexer, patches)?;
                }
                _ => lexer.skip(value)?,
            }
            let end = lexer.at();
            match want {
                Some((_, Want::Absence)) => object.goes(start, end, patches),
                _ => object.stays(start, end, patches),
            }
            if let Some(text) = want.map_or(Ok(None), |(_, want)| want.instead(value, from))? {
                patches.put(from..end, &text);
            }
        }
        let missing = self.members.iter().zip(&found);
        let missing = missing.filter(|(_, found)| !**found);
        object.close(&self.with(missing.map(|(wanted, _)| wanted)), patches);
        Ok(())
    }

    /// The object, where there was none; nothing where nothing is wanted in it.
    fn text(&self) -> Option<String> {
        let members = self.with(self.members.iter());
        (!members.is_empty()).then(|| format!("{{{members}}}"))
    }

    /// What is added, with these members if they are not there.
    fn with<'w>(&'w self, missing: impl Iterator<Item = &'w (&'e str, Want<'e>)>) -> String {
        let mut text = self.added.clone();
        for (key, want) in missing {
            match want {
                Want::Value(value) | Want::Fallback(value) => member(&mut text, key, value),
                Want::Absence => {}
                Want::Members(wanted) => {
                    if let Some(value) = wanted.text() {
                        member(&mut text, key, &value);
                    }
                }
            }
        }
        text
    }
}

/// One object, as its members pass. One that goes takes the comma before it along, or the one
/// behind it where none before it stays.
struct Object {
    /// Behind its brace.
    front: usize,
    /// Where the last member ended.
    last_end: usize,
    /// Whether a member so far stays.
    kept: Kept,
    /// Where a run of members that go began, with none before it that stays.
    going: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    None,
    Some,
}

impl Object {
    fn opened(lexer: &Lexer<'_>) -> Self {
        Self {
            front: lexer.at(),
            last_end: lexer.at(),
            kept: Kept::None,
            going: None,
        }
    }

    fn goes(&mut self, start: usize, end: usize, patches: &mut Patches) {
        match self.kept {
            Kept::Some => patches.cut(self.last_end..end),
            Kept::None => {
                self.going.get_or_insert(start);
            }
        }
        self.last_end = end;
    }

    fn stays(&mut self, start: usize, end: usize, patches: &mut Patches) {
        if let Some(going) = self.going.take() {
            patches.cut(going..start);
        }
        self.kept = Kept::Some;
        self.last_end = end;
    }

    /// Puts what is added in front of what stays.
    fn close(self, added: &str, patches: &mut Patches) {
        if let Some(going) = self.going {
            patches.cut(going..self.last_end);
        }
        if !added.is_empty() {
            let comma = match self.kept {
                Kept::Some => ",",
                Kept::None => "",
            };
            patches.put(self.front..self.front, &format!("{added}{comma}"));
        }
    }
}
