//! Two policies over one set of atoms: which requests end in which pair of arms.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use claw_table::ArmId;
use claw_table::policy::Auth;

use super::beside;
use super::budget::{Budget, TooLarge};
use super::from_model::{Built, Kept};
use super::listed;
use super::store::{Effort, Ref, Run};
use crate::model::{Arm, Cond, Goal, Guard, Model, Route, RouteId};
use crate::oracle::Request;

/// Requests that one policy sends to one arm, and the other to another.
#[derive(Debug)]
pub(crate) struct Pair {
    /// The arm of the old policy.
    pub(crate) old: ArmId,
    /// The arm of the new policy.
    pub(crate) new: ArmId,
    /// One such request, as plain as they get.
    pub(crate) witness: Request,
}

/// Every pair of arms that some request ends in, in the order of the arms.
///
/// A digest cannot tell this: two policies may ask different facts, or ask them in another order,
/// and mean the same. So the atoms are made for both at once, and both diagrams are walked together.
///
/// Where the diagrams of the two would be too large, their arms are compared as lists, or always if
/// that is asked for. Where that has no room either, diagrams are made without what repeated values add
/// up to: they know nothing of requests that repeat a header, though each policy by itself may decide
/// them.
///
/// # Errors
/// The two together do not fit into a budget of the compiler.
pub(crate) fn pairs(old: &Model, new: &Model, kept: Kept) -> Result<Vec<Pair>, TooLarge> {
    let arms = u32::try_from(old.policy.arms.len()).unwrap_or(u32::MAX);
    let Joined {
        both,
        second,
        guards,
    } = joined(old, new, arms)?;
    let conds: Vec<&Cond> = guards.iter().map(|guard| &guard.arm.cond).collect();
    let second_of = (&*guards, second);
    let by_list = || beside::ends((&both, &conds), second_of, (new, arms));
    let small = || {
        let mut built = Built::asking(&both, &conds)?;
        built.store.hold(Effort::of(2 * both.arms().count()));
        whole(built, second_of)
    };
    let at_any_price = || whole(Built::at_any_price(&both, &conds)?, second_of);
    let (built, found) = match kept {
        Kept::List => by_list()?,
        Kept::Diagram => match small() {
            Err(why) if listed::helps(why) => by_list().or_else(|_| at_any_price())?,
            found => found?,
        },
    };
    Ok(found
        .into_iter()
        .map(|((old, new), path)| Pair {
            old,
            new: ArmId(new.0 - arms),
            witness: built.request(&path),
        })
        .collect())
}

/// The pairs by walking both diagrams.
fn whole<'b>(
    mut built: Built<'b>,
    (guards, second): (&[Guard], RouteId),
) -> Result<(Built<'b>, Ends), TooLarge> {
    let second = built.route(second, 0)?;
    let second = built.guarded(guards, second)?;
    let first = built.store.gate(built.possible, built.root)?;
    let roots = (first, built.store.gate(built.possible, second)?);
    let found = Walk::of(&built).ends(roots)?;
    Ok((built, found))
}

/// Two policies over one set of facts.
struct Joined {
    /// The old one, with the routes of the new one after its own.
    both: Model,
    /// The new one's root.
    second: RouteId,
    /// The new one's guards.
    guards: Vec<Guard>,
}

/// Puts two policies into one model. Only what a diagram is built from is carried over.
fn joined(old: &Model, new: &Model, arms: u32) -> Result<Joined, TooLarge> {
    let too_large = TooLarge {
        budget: Budget::RouteDepth,
    };
    let shift = u16::try_from(old.routes.len()).map_err(|_| too_large)?;
    u16::try_from(old.routes.len() + new.routes.len()).map_err(|_| too_large)?;
    let arm = |arm: &Arm| Arm {
        id: ArmId(arm.id.0 + arms),
        to: match arm.to {
            Goal::Route(route) => Goal::Route(RouteId(route.0 + shift)),
            end @ Goal::End(_) => end,
        },
        ..arm.clone()
    };
    let later = new.routes.iter().map(|route| Route {
        name: route.name.clone(),
        exclusive: route.exclusive,
        arms: route.arms.iter().map(arm).collect(),
    });
    let mut both = Model {
        routes: old.routes.iter().cloned().chain(later).collect(),
        ..old.clone()
    };
    if old.world.endpoints != new.world.endpoints {
        // A path then asks for one thing here and for another there.
        both.world.endpoints.told.clear();
    }
    both.world.client = match (&old.world.client, &new.world.client) {
        (Some(old), Some(new)) => Some(Cond::Any(vec![old.clone(), new.clone()])),
        _ => None,
    };
    // A client may call from where it could before, or from where it can now.
    both.world.known = match (&old.world.known, &new.world.known) {
        (Some(old), Some(new)) => Some(Cond::Any(vec![old.clone(), new.clone()])),
        _ => None,
    };
    // Whoever may bring a key in one of the two may do so here.
    for (client, caller) in new.policy.clients.iter().zip(&new.world.callers) {
        let mut known = both.policy.clients.iter_mut();
        match known.find(|own| own.name == client.name) {
            Some(own) if client.auth == Auth::Caller => own.auth = Auth::Caller,
            Some(_) => {}
            None => {
                both.policy.clients.push(client.clone());
                both.world.callers.push(caller.clone());
            }
        }
    }
    let guards = new.guards.iter().map(|guard| Guard {
        arm: arm(&guard.arm),
        ..guard.clone()
    });
    Ok(Joined {
        both,
        second: RouteId(new.root.0 + shift),
        guards: guards.collect(),
    })
}

/// A walk through two diagrams at once, the shortest ways first.
struct Walk<'b, 'm> {
    built: &'b Built<'m>,
    /// Every place that was come to: from which one, and by which atom of which field.
    trail: Vec<(usize, u16, u16)>,
    seen: BTreeSet<(Ref, Ref)>,
    open: VecDeque<(usize, Ref, Ref)>,
}

/// The atoms on the way to a pair of arms.
pub(super) type Ends = BTreeMap<(ArmId, ArmId), Vec<(u16, u16)>>;

impl<'b, 'm> Walk<'b, 'm> {
    fn of(built: &'b Built<'m>) -> Self {
        Self {
            built,
            trail: Vec::new(),
            seen: BTreeSet::new(),
            open: VecDeque::new(),
        }
    }

    fn ends(mut self, (old, new): (Ref, Ref)) -> Result<Ends, TooLarge> {
        let mut found = Ends::new();
        self.come((START, old, new), &mut found)?;
        while let Some((from, old, new)) = self.open.pop_front() {
            self.step((from, old, new), &mut found)?;
        }
        Ok(found)
    }

    /// Notes a place that was come to for the first time.
    fn come(
        &mut self,
        (from, old, new): (usize, Ref, Ref),
        found: &mut Ends,
    ) -> Result<(), TooLarge> {
        if let (Some(old), Some(new)) = (old.arm(), new.arm()) {
            found.entry((old, new)).or_insert_with(|| self.path(from));
            return Ok(());
        }
        // No request gets to what is nowhere.
        if old != Ref::NOWHERE && new != Ref::NOWHERE && self.seen.insert((old, new)) {
            Budget::Nodes.admits(self.seen.len())?;
            self.open.push_back((from, old, new));
        }
        Ok(())
    }

    /// Goes on under every run of atoms of the earlier of the two fields.
    fn step(
        &mut self,
        (from, old, new): (usize, Ref, Ref),
        found: &mut Ends,
    ) -> Result<(), TooLarge> {
        let field = self.field(old).min(self.field(new));
        let (ours, theirs) = (self.runs(old, field), self.runs(new, field));
        let mut first = self.built.least(field);
        let (mut a, mut b) = (ours.iter().peekable(), theirs.iter().peekable());
        loop {
            while a.next_if(|run| run.last < first).is_some() {}
            while b.next_if(|run| run.last < first).is_some() {}
            let (Some(one), Some(two)) = (a.peek(), b.peek()) else {
                return Ok(());
            };
            let last = one.last.min(two.last);
            let atom = self.built.natural(field, first, last);
            self.trail.push((from, field, atom));
            let places = self.open.len() + found.len();
            self.come((self.trail.len() - 1, one.to, two.to), found)?;
            // A step that led nowhere new is part of no way.
            if self.open.len() + found.len() == places {
                self.trail.pop();
            }
            let Some(next) = last.checked_add(1) else {
                return Ok(());
            };
            first = next;
        }
    }

    fn field(&self, at: Ref) -> u16 {
        at.node()
            .map_or(u16::MAX, |node| self.built.store.open(node).0)
    }

    /// How a diagram goes on by this field: if it does not ask it, the same under every atom.
    fn runs(&self, at: Ref, field: u16) -> Vec<Run> {
        let whole = || {
            let atoms = self.built.fields.get(usize::from(field));
            let last = atoms.map_or(0, |field| field.atoms().saturating_sub(1));
            let last = u16::try_from(last).unwrap_or(u16::MAX);
            vec![Run { last, to: at }]
        };
        match at.node().map(|node| self.built.store.open(node)) {
            Some((own, runs)) if own == field => runs.to_vec(),
            _ => whole(),
        }
    }

    fn path(&self, from: usize) -> Vec<(u16, u16)> {
        let mut path = Vec::new();
        let mut at = from;
        while let Some((before, field, atom)) = self.trail.get(at) {
            path.push((*field, *atom));
            at = *before;
        }
        path.reverse();
        path
    }
}

/// Where no trail leads.
const START: usize = usize::MAX;
