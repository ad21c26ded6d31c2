//! What the clocks of several zones can show at once, and when they do.
//!
//! Each zone is a field of its own, but a moment is one: when it is ten in Berlin it is not ten in
//! New York. The changes of all zones cut the years into stretches in which each is ahead by a fixed
//! amount; in each, every combination of atoms begins where one of the clocks comes to a cut.

use std::collections::{BTreeMap, BTreeSet};

use super::atoms::{Values, id};
use super::budget::{Budget, TooLarge};
use super::from_model::Built;
use super::store::Ref;
use super::time::TimeValues;
use crate::moment::Moment;
use crate::zone::{Stretch, Zone, stretches};

use claw_table::policy::WEEK_MINUTES;

/// The clocks that a policy asks, in the order of its fields.
#[derive(Debug, Default)]
pub(crate) struct Clocks<'b> {
    fields: Vec<(u16, &'b TimeValues, &'b str)>,
    stretches: Vec<Stretch>,
}

impl<'b> Clocks<'b> {
    fn of(built: &'b Built<'_>, is_wanted: impl Fn(u16) -> bool) -> Self {
        let fields = built.fields.iter().enumerate();
        let fields = fields.filter_map(|(at, field)| match &field.values {
            Values::Time(values) if is_wanted(id(at)) => Some((id(at), values, field.fact.zone()?)),
            Values::Time(_)
            | Values::Text(_)
            | Values::Number { .. }
            | Values::Address(_)
            | Values::Json(_)
            | Values::Flag => None,
        });
        let fields: Vec<_> = fields.collect();
        // The checker lets no other names through.
        let zones: Option<Vec<Zone>> = fields.iter().map(|(.., name)| Zone::named(name)).collect();
        let stretches = match zones {
            Some(zones) if !zones.is_empty() => stretches(&zones),
            Some(_) | None => Vec::new(),
        };
        Self { fields, stretches }
    }

    fn atoms(&self, stretch: &Stretch, minute: i64) -> Vec<u16> {
        let all = self.fields.iter().enumerate();
        all.map(|(at, (_, values, _))| values.atom_of(stretch.week_minute(at, minute)))
            .collect()
    }

    /// The minutes of a stretch at which some atom begins, within a week of its first: after that
    /// all comes again.
    fn begins(&self, stretch: &Stretch) -> BTreeSet<i64> {
        let week = i64::from(WEEK_MINUTES);
        let end = stretch.end.min(stretch.from + week);
        let mut found = BTreeSet::from([stretch.from]);
        for (at, (_, values, _)) in self.fields.iter().enumerate() {
            let first = i64::from(stretch.week_minute(at, stretch.from));
            let cuts = values.cuts.iter().map(|cut| i64::from(*cut));
            let minutes = cuts
                .chain([0])
                .map(|cut| stretch.from + (cut - first).rem_euclid(week));
            found.extend(minutes.filter(|minute| *minute < end));
        }
        found
    }

    /// Every combination of atoms that some moment has.
    fn combinations(&self) -> BTreeSet<Vec<u16>> {
        let mut whole = BTreeSet::new();
        let mut found = BTreeSet::new();
        for stretch in &self.stretches {
            let is_whole = stretch.end - stretch.from >= i64::from(WEEK_MINUTES);
            if is_whole && !whole.insert(&stretch.ahead) {
                continue;
            }
            let begins = self.begins(stretch);
            found.extend(begins.into_iter().map(|minute| self.atoms(stretch, minute)));
        }
        found
    }
}

impl Built<'_> {
    /// The requests that come at some moment.
    pub(crate) fn clocks(&mut self) -> Result<Ref, TooLarge> {
        let clocks = Clocks::of(self, |_| true);
        if clocks.fields.is_empty() {
            return Ok(Ref::YES);
        }
        let fields: Vec<u16> = clocks.fields.iter().map(|(field, ..)| *field).collect();
        let all = clocks.combinations();
        Budget::Atoms.admits(all.len())?;
        // The last clock's atoms are joined where the others show the same.
        let mut ways: BTreeMap<Vec<u16>, Vec<u16>> = BTreeMap::new();
        for mut atoms in all {
            if let Some(last) = atoms.pop() {
                ways.entry(atoms).or_default().push(last);
            }
        }
        let mut parts = Vec::with_capacity(ways.len());
        for (atoms, lasts) in ways {
            let lists = atoms.into_iter().map(|atom| vec![atom]).chain([lasts]);
            let lists: Vec<Vec<u16>> = lists.collect();
            let mut way = Ref::YES;
            for (field, list) in fields.iter().zip(&lists).rev() {
                let some = self.among(*field, &super::atoms::ranges(list))?;
                way = self.store.gate(some, way)?;
            }
            parts.push(way);
        }
        self.store.first_of(&parts)
    }

    /// A moment in which the clocks show these atoms: the ordinary one if it does, else the next of
    /// those that do. None if no clock is asked, or none of the years has one.
    pub(crate) fn moment(&self, path: &[(u16, u16)]) -> Option<Moment> {
        let atom = |field: u16| path.iter().find(|(own, _)| *own == field);
        let clocks = Clocks::of(self, |field| atom(field).is_some());
        let wanted = clocks.fields.iter().filter_map(|(field, ..)| atom(*field));
        let wanted: Vec<u16> = wanted.map(|(_, atom)| *atom).collect();
        let zone = clocks.fields.first().map(|(.., zone)| *zone)?;
        let usual = Moment::ordinary().minute;
        let (before, after): (Vec<&Stretch>, Vec<&Stretch>) =
            clocks.stretches.iter().partition(|it| it.end <= usual);
        let minute = after.into_iter().chain(before).find_map(|stretch| {
            let from = stretch
                .from
                .max(if stretch.end > usual { usual } else { 0 });
            let rest = Stretch {
                from,
                ..stretch.clone()
            };
            let mut begins = clocks.begins(&rest).into_iter();
            begins.find(|minute| clocks.atoms(&rest, *minute) == wanted)
        })?;
        if minute == usual {
            return Some(Moment::ordinary());
        }
        Some(Moment {
            minute,
            zone: zone.to_owned(),
        })
    }
}
