//! Fields and their atoms: the sets of values that no condition tells apart.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::policy::Hours;
use claw_table::{Fact, Kind, Within, decimal};

use super::address::AddressValues;
use super::budget::{Budget, TooLarge};
use super::held::parted;
use super::json::{JsonValues, number_yes};
use super::text::TextValues;
use super::time::TimeValues;
use crate::model::{Ask, Cond, Member, Net, Pattern};

/// One fact that is asked, with the atoms of its values.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) fact: Fact,
    pub(crate) values: Values,
}

/// How values fall into atoms. Atom 0 of text and number fields is absence.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    Text(Box<TextValues>),
    /// Atom i + 1 begins at the cut before it, the first at 0.
    Number {
        cuts: Vec<u64>,
    },
    Address(AddressValues),
    Time(TimeValues),
    Json(Box<JsonValues>),
    Flag,
}

/// A value of an atom, for witnesses and tests. Every atom has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sample {
    Absent,
    Texts(Vec<String>),
    Number(u64),
    Address(u128),
    Member(Member),
    Flag(bool),
}

impl Field {
    /// How many atoms there are.
    pub(crate) fn atoms(&self) -> usize {
        match &self.values {
            Values::Text(text) => text.samples.len(),
            Values::Number { cuts } => cuts.len() + 2,
            Values::Address(address) => address.count(),
            Values::Time(time) => time.count(),
            Values::Json(json) => json.count(),
            Values::Flag => 2,
        }
    }

    /// A value that falls into the atom.
    pub(crate) fn sample(&self, atom: u16) -> Sample {
        match &self.values {
            Values::Text(text) => {
                let texts = text
                    .samples
                    .get(usize::from(atom))
                    .cloned()
                    .unwrap_or_default();
                if texts.is_empty() {
                    Sample::Absent
                } else {
                    Sample::Texts(texts)
                }
            }
            Values::Number { cuts } => match usize::from(atom).checked_sub(1) {
                None => Sample::Absent,
                Some(interval) => {
                    let cut = interval.checked_sub(1).and_then(|before| cuts.get(before));
                    let first = cut.copied().unwrap_or(0);
                    // The lowest number is the most ordinary one, but for one with negatives.
                    Sample::Number(if self.fact == Fact::Temperature {
                        let end = cuts.get(interval).copied();
                        decimal::plainest(first, end.map_or(u64::MAX, |end| end - 1))
                    } else {
                        first
                    })
                }
            },
            Values::Address(address) => {
                address.sample(atom).map_or(Sample::Absent, Sample::Address)
            }
            // A moment is one for all clocks, and is looked for once all are known.
            Values::Time(_) => Sample::Absent,
            Values::Json(json) => json.sample(atom).map_or(Sample::Absent, Sample::Member),
            Values::Flag => Sample::Flag(atom != 0),
        }
    }

    /// The atoms for which the answer is yes: sorted, not touching, inclusive ranges.
    ///
    /// A question that does not fit the fact is never answered with yes; the checker lets none
    /// through.
    pub(crate) fn yes(&self, ask: &Ask) -> Vec<(u16, u16)> {
        let highest = id(self.atoms() - 1);
        match (&self.values, ask) {
            (
                Values::Text(_) | Values::Number { .. } | Values::Address(_) | Values::Time(_),
                Ask::Present,
            ) => vec![(1, highest)],
            (Values::Time(time), Ask::During(hours)) => ranges(time.yes(hours)),
            (Values::Text(text), Ask::Matches(patterns)) => text.yes(patterns),
            (Values::Number { cuts }, Ask::AtLeast(_) | Ask::Below(_) | Ask::Equals(_)) => {
                let found = number_yes(cuts, ask).into_iter();
                found
                    .map(|(first, last)| (id(first + 1), id(last + 1)))
                    .collect()
            }
            (Values::Json(json), _) => json.yes(ask),
            (Values::Address(address), Ask::In(nets)) => ranges(address.yes(nets)),
            (Values::Flag, Ask::Yes) => vec![(1, 1)],
            // A question that does not fit the fact is answered with no.
            (
                Values::Text(_)
                | Values::Number { .. }
                | Values::Address(_)
                | Values::Time(_)
                | Values::Flag,
                _,
            ) => Vec::new(),
        }
    }
}

/// Sorted atoms as ranges.
pub(crate) fn ranges(atoms: &[u16]) -> Vec<(u16, u16)> {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for atom in atoms {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *atom => *last = *atom,
            _ => ranges.push((*atom, *atom)),
        }
    }
    ranges
}

/// A bound of 0 makes no cut, since nothing lies below it; every other bound begins an interval.
pub(crate) fn at_cut(bound: u64) -> usize {
    usize::from(bound != 0)
}

/// Whether several values of one fact get atoms of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unions {
    Made,
    Left,
}

/// Whether texts that are looked for in the middle of others are told apart from these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Infixes {
    /// Only where there are too many of one fact to number what they can be together.
    AsNeeded,
    /// Always, for tests.
    Apart,
}

/// Every fact that some condition asks about, with its atoms.
pub(crate) fn fields(
    conds: &[&Cond],
    unions: Unions,
    infixes: Infixes,
) -> Result<Vec<Field>, TooLarge> {
    let mut questions = BTreeMap::new();
    for cond in conds {
        gather(cond, &mut questions);
    }
    Budget::Facts.admits(questions.len())?;
    let mut fields = Vec::new();
    for (fact, asked) in questions {
        let values = match fact.kind() {
            Kind::Text => {
                fields.extend(texts(fact, &asked.patterns, (many(fact, unions), infixes))?);
                continue;
            }
            Kind::Number if fact.zone().is_some() => Values::Time(TimeValues::new(&asked.hours)?),
            Kind::Number => {
                let cuts = sorted(asked.bounds);
                Budget::Atoms.admits(cuts.len() + 2)?;
                Values::Number { cuts }
            }
            Kind::Json => {
                let text = TextValues::new(&asked.patterns, Unions::Left)?;
                Values::Json(Box::new(JsonValues::new(sorted(asked.bounds), text)?))
            }
            Kind::Address => Values::Address(AddressValues::new(&asked.nets)?),
            Kind::Flag => Values::Flag,
        };
        fields.push(Field {
            fact: fact.clone(),
            values,
        });
    }
    Budget::Facts.admits(fields.len())?;
    Ok(fields)
}

/// The atoms of a text fact; and of each text that is looked for in it, where that is told apart.
fn texts(
    fact: &Fact,
    patterns: &[&[Pattern]],
    (unions, infixes): (Unions, Infixes),
) -> Result<Vec<Field>, TooLarge> {
    let field = |values| Field {
        fact: fact.clone(),
        values: Values::Text(Box::new(values)),
    };
    let within =
        Within::of(fact).filter(|_| patterns.iter().any(|list| !parted(list).1.is_empty()));
    if infixes == Infixes::AsNeeded || within.is_none() {
        match TextValues::new(patterns, unions) {
            Err(why) if why.budget == Budget::Atoms && within.is_some() => {}
            whole => return Ok(vec![field(whole?)]),
        }
    }
    let Some(within) = within else {
        return Ok(Vec::new());
    };
    let lists: Vec<Vec<Pattern>> = patterns.iter().map(|list| parted(list).0).collect();
    let lists = lists.iter().map(Vec::as_slice);
    let lists: Vec<&[Pattern]> = lists.filter(|list| !list.is_empty()).collect();
    let held: BTreeSet<&str> = patterns.iter().flat_map(|list| parted(list).1).collect();
    let held = held.into_iter().map(|text| Field {
        fact: Fact::Contains((within.clone(), text.to_owned())),
        values: Values::Flag,
    });
    let own = field(TextValues::new(&lists, unions)?);
    Ok(std::iter::once(own).chain(held).collect())
}

fn sorted(mut cuts: Vec<u64>) -> Vec<u64> {
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

fn many(fact: &Fact, unions: Unions) -> Unions {
    if fact.repeats() { unions } else { Unions::Left }
}

/// What is asked of one fact anywhere in the policy.
#[derive(Debug, Default)]
struct Asked<'m> {
    patterns: Vec<&'m [Pattern]>,
    bounds: Vec<u64>,
    nets: Vec<&'m [Net]>,
    hours: Vec<&'m [Hours]>,
}

fn gather<'m>(cond: &'m Cond, questions: &mut BTreeMap<&'m Fact, Asked<'m>>) {
    match cond {
        Cond::Always => {}
        Cond::All(parts) | Cond::Any(parts) => {
            for part in parts {
                gather(part, questions);
            }
        }
        Cond::Not(part) => gather(part, questions),
        Cond::Test(fact, ask) => {
            let asked = questions.entry(fact).or_default();
            match ask {
                Ask::Matches(patterns) => asked.patterns.push(patterns),
                Ask::In(nets) => asked.nets.push(nets),
                Ask::During(hours) => asked.hours.push(hours),
                Ask::Equals(numbers) => {
                    let ends = numbers
                        .iter()
                        .flat_map(|one| [Some(*one), one.checked_add(1)]);
                    asked
                        .bounds
                        .extend(ends.flatten().filter(|bound| *bound != 0));
                }
                Ask::AtLeast(0)
                | Ask::Below(0)
                | Ask::Present
                | Ask::Yes
                | Ask::Null
                | Ask::Is(_)
                | Ask::Nested => {}
                Ask::AtLeast(bound) | Ask::Below(bound) => asked.bounds.push(*bound),
            }
        }
    }
}

/// Atoms are counted against a budget before they are numbered.
pub(crate) fn id(atom: usize) -> u16 {
    u16::try_from(atom).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Field, Sample, Values};
    use crate::model::Ask;
    use claw_table::Fact;

    #[test]
    fn a_bound_splits_numbers_at_itself() {
        let field = Field {
            fact: Fact::Tokens,
            values: Values::Number {
                cuts: vec![10, u64::MAX],
            },
        };
        assert_eq!(field.atoms(), 4);
        assert_eq!(field.yes(&Ask::AtLeast(10)), [(2, 3)]);
        assert_eq!(field.yes(&Ask::Below(10)), [(1, 1)]);
        assert_eq!(field.yes(&Ask::AtLeast(0)), [(1, 3)]);
        assert_eq!(field.yes(&Ask::Below(0)), []);
        assert_eq!(field.yes(&Ask::AtLeast(u64::MAX)), [(3, 3)]);
        assert_eq!(field.yes(&Ask::Present), [(1, 3)]);
        let samples: Vec<Sample> = (0..4).map(|atom| field.sample(atom)).collect();
        assert_eq!(
            samples,
            [
                Sample::Absent,
                Sample::Number(0),
                Sample::Number(10),
                Sample::Number(u64::MAX)
            ]
        );
    }
}
