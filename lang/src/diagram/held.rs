//! Texts that are looked for in the middle of others, each a field of its own.
//!
//! Of one fact that is asked for many such texts, what they can be together is not numbered: each
//! gets a field that says whether it is there, beside the field of all else that is asked of the
//! fact. Both look at the same values, so that not every pair of answers can be.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::Fact;

use super::atoms::{Field, Values};
use super::budget::TooLarge;
use super::from_model::Built;
use super::store::{Ref, Run};
use super::text::TextValues;
use crate::model::{Ask, Pattern};
use crate::oracle::Request;

/// The patterns that stay with their fact, and the texts that are looked for apart.
pub(super) fn parted(patterns: &[Pattern]) -> (Vec<Pattern>, Vec<&str>) {
    let (mut own, mut held) = (Vec::new(), Vec::new());
    for pattern in patterns {
        match pattern {
            Pattern::Infix(text) if !text.is_empty() => held.push(text.as_str()),
            Pattern::Exact(_)
            | Pattern::Prefix(_)
            | Pattern::Suffix(_)
            | Pattern::Infix(_)
            | Pattern::Around(..) => own.push(pattern.clone()),
        }
    }
    (own, held)
}

/// One fact whose texts are looked for apart.
#[derive(Debug)]
pub(super) struct Held {
    fact: Fact,
    /// The field of all else.
    main: u16,
    /// Each text, with its field.
    texts: Vec<(String, u16)>,
    /// For each atom of the main field what its single values can look like.
    ways: Vec<Vec<Way>>,
    /// A character that stands in nothing that is asked for.
    between: char,
}

/// How a value of one atom can look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    /// The texts that are in it by what it begins and ends with.
    has: BTreeSet<usize>,
    /// It is this one value; else anything may stand between its two ends.
    is_whole: bool,
    head: String,
    tail: String,
}

/// Every fact of these fields whose texts are looked for apart.
pub(super) fn all(fields: &[Field], at: impl Fn(&Fact) -> Option<u16>) -> Vec<Held> {
    let mut texts: BTreeMap<Fact, Vec<(String, u16)>> = BTreeMap::new();
    for field in fields {
        if let (Fact::Contains((within, text)), Some(own)) = (&field.fact, at(&field.fact)) {
            let of_fact = texts.entry(within.fact()).or_default();
            of_fact.push((text.clone(), own));
        }
    }
    let held = texts.into_iter().filter_map(|(fact, texts)| {
        let main = at(&fact)?;
        match &fields.get(usize::from(main))?.values {
            Values::Text(values) => Some(Held::new(fact, (main, values), texts)),
            Values::Number { .. }
            | Values::Address(_)
            | Values::Time(_)
            | Values::Json(_)
            | Values::Flag => None,
        }
    });
    held.collect()
}

impl Held {
    fn new(fact: Fact, (main, values): (u16, &TextValues), texts: Vec<(String, u16)>) -> Self {
        let has = |ends: [&str; 2]| -> BTreeSet<usize> {
            let all = texts.iter().enumerate();
            let inside = all.filter(|(_, (text, _))| ends.iter().any(|end| end.contains(&**text)));
            inside.map(|(at, _)| at).collect()
        };
        let mut ways: Vec<BTreeMap<(BTreeSet<usize>, bool), Way>> = Vec::new();
        let mut add = |atom: u16, way: Way| {
            let atom = usize::from(atom);
            if ways.len() <= atom {
                ways.resize_with(atom + 1, BTreeMap::new);
            }
            if let Some(known) = ways.get_mut(atom) {
                let key = (way.has.clone(), way.is_whole);
                known.entry(key).or_insert(way);
            }
        };
        for (literal, atom) in &values.literals {
            add(
                *atom,
                Way {
                    has: has([literal, ""]),
                    is_whole: true,
                    head: literal.clone(),
                    tail: String::new(),
                },
            );
        }
        let none = String::new();
        let heads = || std::iter::once(&none).chain(&values.prefixes);
        let tails = || std::iter::once(&none).chain(&values.suffixes);
        let ends = heads().flat_map(|head| tails().map(move |tail| (head, tail)));
        for ((head, tail), atom) in ends.zip(&values.grid) {
            add(
                *atom,
                Way {
                    has: has([head, tail]),
                    is_whole: false,
                    head: head.clone(),
                    tail: tail.clone(),
                },
            );
        }
        let taken = literals(values).chain(texts.iter().map(|(text, _)| text));
        let taken: BTreeSet<char> = taken.flat_map(|text| text.chars()).collect();
        let mut signs = ('a'..='z').rev().skip(2).chain('\u{a1}'..);
        Self {
            between: signs.find(|sign| !taken.contains(sign)).unwrap_or('x'),
            ways: ways
                .into_iter()
                .map(|ways| ways.into_values().collect())
                .collect(),
            fact,
            main,
            texts,
        }
    }

    /// Where the answers fit one another.
    pub(super) fn possible(&self, built: &mut Built<'_>) -> Result<Ref, TooLarge> {
        let values = built.fields.get(usize::from(self.main));
        let Some(Values::Text(values)) = values.map(|field| field.values.clone()) else {
            return Ok(Ref::YES);
        };
        let mut groups: BTreeMap<Vec<(BTreeSet<usize>, bool)>, Vec<u16>> = BTreeMap::new();
        for (atom, samples) in (0_u16..).zip(&values.samples) {
            let ways = self.seen(atom, (&values, samples));
            groups.entry(ways).or_default().push(atom);
        }
        let mut any = Vec::new();
        for (ways, atoms) in groups {
            let mut looks = Vec::new();
            for (has, is_whole) in &ways {
                looks.push(self.look(has, *is_whole, built)?);
            }
            let look = built.store.first_of(&looks)?;
            let atoms = built.among(self.main, &super::atoms::ranges(&atoms))?;
            any.push(built.store.gate(atoms, look)?);
        }
        let mut all = built.store.first_of(&any)?;
        for (outer, outer_at) in &self.texts {
            for (inner, inner_at) in &self.texts {
                // What has the longer one in it has the shorter one.
                if inner != outer && outer.contains(&**inner) {
                    let outer = built.among(*outer_at, &[(1, 1)])?;
                    let not_inner = built.among(*inner_at, &[(0, 0)])?;
                    let wrong = built.store.gate(outer, not_inner)?;
                    all = built.store.except(all, wrong)?;
                }
            }
        }
        Ok(all)
    }

    /// What is known of the texts in the values of an atom: each way, and whether it is all of them.
    fn seen(
        &self,
        atom: u16,
        (values, samples): (&TextValues, &[String]),
    ) -> Vec<(BTreeSet<usize>, bool)> {
        if atom == 0 {
            return vec![(BTreeSet::new(), true)];
        }
        let ways = |atom: u16| self.ways.get(usize::from(atom)).map(Vec::as_slice);
        if !self.fact.repeats() {
            let ways = ways(atom).unwrap_or_default().iter();
            return ways.map(|way| (way.has.clone(), way.is_whole)).collect();
        }
        // Beside the values that make the atom there may be others that add nothing to it.
        let mut due = BTreeSet::from([BTreeSet::new()]);
        for sample in samples {
            let ways = ways(values.atom_of(sample)).unwrap_or_default();
            due = with_one(&due, ways);
        }
        due.into_iter().map(|has| (has, false)).collect()
    }

    /// The answers of a value that has these texts in it, and no others if it is whole.
    #[expect(clippy::fn_params_excessive_bools, reason = "a way as it is grouped")]
    fn look(
        &self,
        has: &BTreeSet<usize>,
        is_whole: bool,
        built: &mut Built<'_>,
    ) -> Result<Ref, TooLarge> {
        let mut flags: Vec<(u16, bool)> = Vec::new();
        for (at, (_, field)) in self.texts.iter().enumerate() {
            let is_there = has.contains(&at);
            if is_there || is_whole {
                flags.push((*field, is_there));
            }
        }
        flags.sort_unstable();
        let mut look = Ref::YES;
        for (field, is_there) in flags.into_iter().rev() {
            let (no, yes) = if is_there {
                (Ref::NOWHERE, look)
            } else {
                (look, Ref::NOWHERE)
            };
            let runs = [Run { last: 0, to: no }, Run { last: 1, to: yes }];
            look = built.store.node(field, &runs)?;
        }
        Ok(look)
    }

    /// Puts values into a request that give these answers.
    pub(super) fn say(&self, path: &[(u16, u16)], built: &Built<'_>, request: &mut Request) {
        let told = |field: u16| path.iter().find(|(own, _)| *own == field);
        let texts = self.texts.iter();
        let wanted: Vec<Option<bool>> = texts
            .map(|(_, field)| told(*field).map(|(_, atom)| *atom != 0))
            .collect();
        if wanted.iter().all(Option::is_none) {
            return;
        }
        let atom = told(self.main).map(|(_, atom)| *atom);
        let field = built.fields.get(usize::from(self.main));
        let Some(Values::Text(values)) = field.map(|field| &field.values) else {
            return;
        };
        let values = if self.fact.repeats() {
            self.several((atom, values), &wanted)
        } else {
            let usual = request.values(&self.fact).next();
            let usual = usual.map(|value| String::from_utf8_lossy(value).into_owned());
            match (atom, usual) {
                (Some(0), _) => return,
                (_, Some(usual)) if self.fits(&usual, &wanted) => vec![usual],
                (Some(atom), _) => vec![self.one(atom, &wanted)],
                (None, _) => vec![self.made(("", ""), &BTreeSet::new(), &wanted)],
            }
        };
        put(request, &self.fact, values);
    }

    fn several(
        &self,
        (atom, values): (Option<u16>, &TextValues),
        wanted: &[Option<bool>],
    ) -> Vec<String> {
        let samples = atom.and_then(|atom| values.samples.get(usize::from(atom)));
        let without: Vec<Option<bool>> = wanted
            .iter()
            .map(|wanted| wanted.filter(|is_there| !is_there))
            .collect();
        let mut said: Vec<String> = Vec::new();
        for sample in samples.into_iter().flatten() {
            if self.fits(sample, &without) {
                said.push(sample.clone());
            } else {
                said.push(self.one(values.atom_of(sample), &without));
            }
        }
        let missing: Vec<Option<bool>> = wanted
            .iter()
            .zip(&self.texts)
            .map(|(wanted, (text, _))| {
                wanted.filter(|is_there| *is_there && !said.iter().any(|one| one.contains(&**text)))
            })
            .collect();
        if missing.iter().any(Option::is_some) {
            said.push(self.made(("", ""), &BTreeSet::new(), &missing));
        }
        said
    }

    /// A value of an atom that has the wanted texts in it and none of the unwanted.
    fn one(&self, atom: u16, wanted: &[Option<bool>]) -> String {
        let ways = self.ways.get(usize::from(atom)).into_iter().flatten();
        for way in ways {
            let all = wanted.iter().enumerate();
            let mut asked = all.filter_map(|(at, wanted)| Some((at, (*wanted)?)));
            let fits = asked.all(|(at, is_there)| {
                if way.has.contains(&at) {
                    is_there
                } else {
                    !is_there || !way.is_whole
                }
            });
            if fits && way.is_whole {
                return way.head.clone();
            }
            if fits {
                return self.made((&way.head, &way.tail), &way.has, wanted);
            }
        }
        String::new()
    }

    /// The two ends, and between them what is wanted and not there yet, side by side.
    fn made(
        &self,
        (head, tail): (&str, &str),
        has: &BTreeSet<usize>,
        wanted: &[Option<bool>],
    ) -> String {
        let due = wanted.iter().zip(&self.texts).enumerate();
        let due = due.filter(|(at, (wanted, _))| **wanted == Some(true) && !has.contains(at));
        let due: Vec<&str> = due.map(|(_, (_, (text, _)))| text.as_str()).collect();
        let outer = |text: &&&str| {
            let mut others = due.iter().filter(|other| *other != *text);
            !others.any(|other| other.contains(**text))
        };
        let mut out = format!("{head}{}", self.between);
        for text in due.iter().filter(outer) {
            out.push_str(text);
            out.push(self.between);
        }
        out + tail
    }

    fn fits(&self, value: &str, wanted: &[Option<bool>]) -> bool {
        let mut asked = wanted.iter().zip(&self.texts);
        asked.all(|(wanted, (text, _))| {
            wanted.is_none_or(|is_there| value.contains(&**text) == is_there)
        })
    }
}

/// What several values have in them together, once there is one more that looks in one of these ways.
fn with_one(known: &BTreeSet<BTreeSet<usize>>, ways: &[Way]) -> BTreeSet<BTreeSet<usize>> {
    let all = known
        .iter()
        .flat_map(|known| ways.iter().map(move |way| known | &way.has));
    let all: BTreeSet<BTreeSet<usize>> = all.collect();
    if (1..=TOGETHER_MAX).contains(&all.len()) {
        return all;
    }
    // Too many to tell apart: what all of them have is still sure.
    let sure = ways.iter().map(|way| way.has.clone());
    let sure = sure.reduce(|sure, has| &sure & &has).unwrap_or_default();
    known.iter().map(|known| known | &sure).collect()
}

/// The most ways in which the values of one atom together are told apart.
const TOGETHER_MAX: usize = 64;

/// Every text that the main field knows.
fn literals(values: &TextValues) -> impl Iterator<Item = &String> {
    let literals = values.literals.iter().map(|(literal, _)| literal);
    literals.chain(&values.prefixes).chain(&values.suffixes)
}

/// Puts values in the place of those that a request has.
fn put(request: &mut Request, fact: &Fact, values: Vec<String>) {
    if let Fact::Header(name) = fact {
        request.headers.retain(|(own, _)| own != name);
    } else if let Fact::Query(name) = fact {
        request.query.retain(|(own, _)| own != name);
    }
    super::witness::set(request, fact, super::atoms::Sample::Texts(values));
}

/// What is asked of a fact, as what is asked of its fields: any of these.
pub(super) fn questions(built: &Built<'_>, fact: &Fact, ask: &Ask) -> Vec<(u16, Vec<(u16, u16)>)> {
    let whole = |ask: &Ask| {
        let at = built.position(fact)?;
        let field = built.fields.get(usize::from(at))?;
        Some((at, field.yes(ask)))
    };
    let Ask::Matches(patterns) = ask else {
        return whole(ask).into_iter().collect();
    };
    let held = built.held.iter().find(|held| held.fact == *fact);
    let Some(held) = held else {
        return whole(ask).into_iter().collect();
    };
    let (own, apart) = parted(patterns);
    let mut any = Vec::new();
    if !own.is_empty() {
        any.extend(whole(&Ask::Matches(own)));
    }
    for text in apart {
        let known = held.texts.iter().find(|(own, _)| own == text);
        any.extend(known.map(|(_, at)| (*at, vec![(1, 1)])));
    }
    any
}
