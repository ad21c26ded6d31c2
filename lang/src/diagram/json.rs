//! Atoms of a JSON value: by its type, then its number's interval or its text's patterns.
//!
//! ```text
//! absent │ null │ false │ true │ nested │ intervals of numbers … │ texts …
//! ```

use claw_table::decimal::plainest;

use super::atoms::{at_cut, id};
use super::budget::{Budget, TooLarge};
use super::text::TextValues;
use crate::model::{Ask, Member};

/// The first atom of a number.
const NUMBERS: usize = 5;
const NULL: u16 = 1;
const NO: u16 = 2;
const YES: u16 = 3;
const NESTED: u16 = 4;

/// The atoms of one member of the body. Atom 0 is absence.
#[derive(Debug, Clone)]
pub(crate) struct JsonValues {
    /// Ranks, sorted; the first interval begins at 0.
    pub(crate) cuts: Vec<u64>,
    pub(crate) text: TextValues,
}

impl JsonValues {
    pub(crate) fn new(cuts: Vec<u64>, text: TextValues) -> Result<Self, TooLarge> {
        let made = Self { cuts, text };
        Budget::Atoms.admits(made.count())?;
        Ok(made)
    }

    /// How many atoms there are.
    pub(crate) fn count(&self) -> usize {
        self.texts() + self.text.samples.len() - 1
    }

    /// The first atom of a text.
    fn texts(&self) -> usize {
        NUMBERS + self.cuts.len() + 1
    }

    /// A value of an atom; nothing of absence.
    pub(crate) fn sample(&self, atom: u16) -> Option<Member> {
        Some(match atom {
            0 => return None,
            NULL => Member::Null,
            NO => Member::Flag(false),
            YES => Member::Flag(true),
            NESTED => Member::Nested,
            _ => {
                let at = usize::from(atom) - NUMBERS;
                if let Some(text) = (at + NUMBERS).checked_sub(self.texts()) {
                    let samples = self.text.samples.get(text + 1)?;
                    Member::Text(samples.first().cloned().unwrap_or_default())
                } else {
                    let first = match at.checked_sub(1) {
                        Some(cut) => self.cuts.get(cut).copied()?,
                        None => 0,
                    };
                    let end = self.cuts.get(at).map_or(u64::MAX, |end| end - 1);
                    Member::Number(plainest(first, end))
                }
            }
        })
    }

    /// The atoms for which the answer is yes: sorted, not touching, inclusive ranges.
    pub(crate) fn yes(&self, ask: &Ask) -> Vec<(u16, u16)> {
        match ask {
            Ask::Present => vec![(1, id(self.count() - 1))],
            Ask::Null => vec![(NULL, NULL)],
            Ask::Is(false) => vec![(NO, NO)],
            Ask::Is(true) => vec![(YES, YES)],
            Ask::Nested => vec![(NESTED, NESTED)],
            Ask::AtLeast(_) | Ask::Below(_) | Ask::Equals(_) => {
                let shift = |at: usize| id(at + NUMBERS);
                let found = number_yes(&self.cuts, ask).into_iter();
                found
                    .map(|(first, last)| (shift(first), shift(last)))
                    .collect()
            }
            Ask::Matches(patterns) => {
                let shift = |atom: u16| id(usize::from(atom) - 1 + self.texts());
                let found = self.text.yes(patterns).into_iter();
                found
                    .map(|(first, last)| (shift(first), shift(last)))
                    .collect()
            }
            Ask::In(_) | Ask::During(_) | Ask::Yes => Vec::new(),
        }
    }
}

/// The intervals of numbers, counted from 0, for which the answer is yes.
pub(crate) fn number_yes(cuts: &[u64], ask: &Ask) -> Vec<(usize, usize)> {
    let last = cuts.len();
    // The interval that begins at this bound, which is a cut or 0.
    let from = |bound: u64| cuts.partition_point(|cut| *cut < bound) + at_cut(bound);
    match ask {
        Ask::AtLeast(bound) => vec![(from(*bound), last)],
        Ask::Below(bound) => from(*bound)
            .checked_sub(1)
            .map_or(Vec::new(), |end| vec![(0, end)]),
        Ask::Equals(numbers) => {
            let mut found: Vec<(usize, usize)> = Vec::new();
            for number in numbers {
                let at = from(*number);
                match found.last_mut() {
                    Some((_, end)) if *end + 1 == at => *end = at,
                    Some((_, end)) if *end == at => {}
                    _ => found.push((at, at)),
                }
            }
            found
        }
        Ask::Matches(_)
        | Ask::Present
        | Ask::In(_)
        | Ask::During(_)
        | Ask::Yes
        | Ask::Null
        | Ask::Is(_)
        | Ask::Nested => Vec::new(),
    }
}
