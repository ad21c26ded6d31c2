//! From conditions and routes to one diagram.

use std::cell::Cell;
use std::collections::BTreeMap;

use claw_table::{ArmId, Fact};

use super::atoms::{Field, Infixes, Unions, Values, fields, id};
use super::budget::{Budget, TooLarge};
use super::held::{self, Held, questions};
use super::listed::{self, Listed};
use super::order::order;
use super::possible::possible;
use super::search::Path;
use super::store::{Effort, Ref, Run, Store};
use crate::model::{Arm, Ask, Cond, Goal, Guard, Model, RouteId};

/// A policy as one diagram, with what it takes to ask more of it.
#[derive(Debug)]
pub(crate) struct Built<'m> {
    pub(crate) model: &'m Model,
    pub(crate) fields: Vec<Field>,
    pub(crate) store: Store,
    pub(crate) root: Ref,
    /// Where the world allows a request to be: everywhere, for most policies.
    pub(crate) possible: Ref,
    /// What stands in the place of `root`, where it would be too large.
    pub(crate) listed: Option<Listed>,
    /// Each arm that some request falls to, with the way of one, once that was looked for.
    pub(crate) reached: BTreeMap<ArmId, Path>,
    /// What each arm asks for.
    pub(super) conds: BTreeMap<ArmId, &'m Cond>,
    /// Where each guard of what bounds traffic holds, by its id.
    pub(crate) guards: Vec<Ref>,
    /// The facts whose infixes are fields of their own.
    pub(super) held: Vec<Held>,
    /// For each of them those requests that there can be: who meets it, and who does not.
    pub(crate) real_guards: Vec<(Ref, Ref)>,
    /// How many steps were taken to look for requests in a list.
    pub(super) looked: Cell<usize>,
    positions: BTreeMap<Fact, u16>,
    /// The finished diagram of each route that was needed.
    routes: BTreeMap<RouteId, Ref>,
}

impl<'m> Built<'m> {
    /// A diagram, fit for asking further conditions of it, if it is made with little effort. Facts that
    /// only these ask are tested by no node, but their values have atoms.
    pub(crate) fn asking(model: &'m Model, more: &[&'m Cond]) -> Result<Self, TooLarge> {
        let conds = asked(model, more);
        let effort = Effort::of(model.arms().count());
        Self::attempt((model, &conds), (Unions::Made, Infixes::AsNeeded), effort)
    }

    /// A diagram at any price that the budgets allow. What repeated headers add up to has no atoms, so
    /// that a request that repeats one with different known values will be refused.
    pub(super) fn at_any_price(model: &'m Model, more: &[&'m Cond]) -> Result<Self, TooLarge> {
        let conds = asked(model, more);
        let left = (Unions::Left, Infixes::AsNeeded);
        Self::attempt((model, &conds), left, Effort::WHOLE)
    }

    /// Whether there are values of a repeated fact of which it does not know what they add up to.
    pub(super) fn leaves_repeats(&self) -> bool {
        self.fields.iter().any(|field| match &field.values {
            Values::Text(values) => field.fact.repeats() && values.unions.is_empty(),
            Values::Number { .. }
            | Values::Address(_)
            | Values::Time(_)
            | Values::Json(_)
            | Values::Flag => false,
        })
    }

    /// The same as a list of arms, where the diagram of them all would be too large.
    pub(crate) fn listed(model: &'m Model, more: &[&'m Cond]) -> Result<Self, TooLarge> {
        let conds = asked(model, more);
        Self::in_list((model, &conds), Infixes::AsNeeded)
    }

    fn in_list(
        (model, conds): (&'m Model, &[&'m Cond]),
        infixes: Infixes,
    ) -> Result<Self, TooLarge> {
        let mut built = Self::open((model, conds), infixes)?;
        built.listed = Some(Listed::of(&mut built)?);
        Ok(built)
    }

    /// What is needed to ask conditions of a policy, without a diagram or a list of it.
    pub(crate) fn loose(model: &'m Model, more: &[&'m Cond]) -> Result<Self, TooLarge> {
        let conds = asked(model, more);
        Self::open((model, &conds), Infixes::AsNeeded)
    }

    fn open((model, conds): (&'m Model, &[&'m Cond]), infixes: Infixes) -> Result<Self, TooLarge> {
        // A list grows with its atoms and not with what they add up to.
        let mut built = Self::prepared((model, conds), (Unions::Made, infixes), Effort::WHOLE)?;
        built.finish()?;
        Ok(built)
    }

    /// With every infix as a field of its own, however few there are.
    pub(crate) fn apart(model: &'m Model, kept: Kept) -> Result<Self, TooLarge> {
        let conds = asked(model, &[]);
        match kept {
            Kept::Diagram => {
                let apart = (Unions::Made, Infixes::Apart);
                Self::attempt((model, &conds), apart, Effort::WHOLE)
            }
            Kept::List => Self::in_list((model, &conds), Infixes::Apart),
        }
    }

    /// As a diagram if it is small enough for one, else as a list; and where that has no room either,
    /// as a diagram again.
    pub(crate) fn either(model: &'m Model, more: &[&'m Cond]) -> Result<Self, TooLarge> {
        let small = match Self::asking(model, more) {
            Err(why) if listed::helps(why) => why,
            other => return other,
        };
        match Self::listed(model, more) {
            Err(_) => Self::at_any_price(model, more).map_err(|_| small),
            listed => listed,
        }
    }

    /// The same for a policy of which is known how it is kept: a diagram that was too large is no
    /// smaller with more to ask of it.
    pub(crate) fn like(kept: Kept, model: &'m Model, more: &[&'m Cond]) -> Result<Self, TooLarge> {
        match kept {
            Kept::Diagram => Self::either(model, more),
            Kept::List => Self::listed(model, more).or_else(|_| Self::either(model, more)),
        }
    }

    fn attempt(
        (model, conds): (&'m Model, &[&'m Cond]),
        how: (Unions, Infixes),
        effort: Effort,
    ) -> Result<Self, TooLarge> {
        let mut built = Self::prepared((model, conds), how, effort)?;
        let root = built.route(model.root, 0)?;
        built.root = built.guarded(&model.guards, root)?;
        built.finish()?;
        Ok(built)
    }

    /// The fields, and nothing that is made of them.
    fn prepared(
        (model, conds): (&'m Model, &[&'m Cond]),
        (unions, infixes): (Unions, Infixes),
        effort: Effort,
    ) -> Result<Self, TooLarge> {
        let fields = order(model, fields(conds, unions, infixes)?);
        let mut built = Self {
            model,
            store: Store::new(effort),
            root: Ref::NOWHERE,
            possible: Ref::YES,
            listed: None,
            reached: BTreeMap::new(),
            conds: model.arms().map(|arm| (arm.id, &arm.cond)).collect(),
            guards: Vec::new(),
            held: Vec::new(),
            real_guards: Vec::new(),
            looked: Cell::new(0),
            positions: BTreeMap::new(),
            routes: BTreeMap::new(),
            fields,
        };
        let fields = built.fields.iter().enumerate();
        built.positions = fields
            .map(|(at, field)| (field.fact.clone(), id(at)))
            .collect();
        built.held = held::all(&built.fields, |fact| built.position(fact));
        Ok(built)
    }

    /// What is made beside the decision itself.
    fn finish(&mut self) -> Result<(), TooLarge> {
        for scoped in &self.model.scopes {
            let holds = self.condition(&scoped.cond)?;
            self.guards.push(holds);
        }
        // The policy is small with these atoms. What is asked of it later may be larger.
        self.store.lift();
        for cond in possible(self.model, &self.fields) {
            self.possible = self.under(&cond, self.possible)?;
        }
        let held = std::mem::take(&mut self.held);
        for of_fact in &held {
            let fits = of_fact.possible(self)?;
            self.possible = self.store.gate(fits, self.possible)?;
        }
        self.held = held;
        let clocks = self.clocks()?;
        self.possible = self.store.gate(clocks, self.possible)?;
        for guard in self.guards.clone() {
            let met = self.store.gate(self.possible, guard)?;
            let unmet = self.store.except(self.possible, guard)?;
            self.real_guards.push((met, unmet));
        }
        Ok(())
    }

    /// The diagram of a route, with the routes it leads to in place of the arms that lead there.
    pub(crate) fn route(&mut self, route: RouteId, depth: usize) -> Result<Ref, TooLarge> {
        if let Some(made) = self.routes.get(&route) {
            return Ok(*made);
        }
        Budget::RouteDepth.admits(depth)?;
        let mut arms = Vec::new();
        for arm in self.arms(route) {
            let to = match arm.to {
                Goal::End(_) => Ref::leaf(arm.id),
                Goal::Route(next) => self.route(next, depth + 1)?,
            };
            arms.push(self.under(&arm.cond, to)?);
        }
        let made = self.store.first_of(&arms)?;
        self.routes.insert(route, made);
        Ok(made)
    }

    /// A diagram behind guards: who is refused never gets to it.
    pub(crate) fn guarded(&mut self, guards: &[Guard], route: Ref) -> Result<Ref, TooLarge> {
        let mut parts = Vec::with_capacity(guards.len() + 1);
        for guard in guards {
            parts.push(self.under(&guard.arm.cond, Ref::leaf(guard.arm.id))?);
        }
        parts.push(route);
        self.store.first_of(&parts)
    }

    /// A route by itself: every arm is an end, also one that leads to another route.
    pub(crate) fn alone(&mut self, route: RouteId) -> Result<Ref, TooLarge> {
        if let Some(made) = self.routes.get(&route)
            && self
                .arms(route)
                .iter()
                .all(|arm| matches!(arm.to, Goal::End(_)))
        {
            return Ok(*made);
        }
        let mut arms = Vec::new();
        for arm in self.arms(route) {
            arms.push(self.under(&arm.cond, Ref::leaf(arm.id))?);
        }
        self.store.first_of(&arms)
    }

    pub(crate) fn arms(&self, route: RouteId) -> &'m [Arm] {
        self.model
            .routes
            .get(usize::from(route.0))
            .map(|route| &*route.arms)
            .unwrap_or_default()
    }

    /// The requests of a condition that there can be.
    pub(crate) fn real(&mut self, cond: &Cond) -> Result<Ref, TooLarge> {
        let cond = self.condition(cond)?;
        self.store.gate(self.possible, cond)
    }

    pub(crate) fn condition(&mut self, cond: &Cond) -> Result<Ref, TooLarge> {
        self.under(cond, Ref::YES)
    }

    /// `to` where the condition holds, nowhere elsewhere.
    pub(super) fn under(&mut self, cond: &Cond, to: Ref) -> Result<Ref, TooLarge> {
        match cond {
            Cond::Always => Ok(to),
            Cond::Test(fact, ask) => {
                let test = self.test(fact, ask)?;
                self.store.gate(test, to)
            }
            Cond::Not(part) => {
                let part = self.condition(part)?;
                self.store.except(to, part)
            }
            Cond::Any(parts) => {
                let parts: Vec<Ref> = parts
                    .iter()
                    .map(|part| self.condition(part))
                    .collect::<Result<_, _>>()?;
                let any = self.store.first_of(&parts)?;
                self.store.gate(any, to)
            }
            Cond::All(parts) => {
                let mut parts: Vec<Ref> = parts
                    .iter()
                    .map(|part| self.condition(part))
                    .collect::<Result<_, _>>()?;
                // The latest field first, so that each part is set on top of a finished one.
                parts.sort_by_key(|part| part.node().map(|node| self.store.open(node).0));
                parts
                    .iter()
                    .rev()
                    .try_fold(to, |to, part| self.store.gate(*part, to))
            }
        }
    }

    /// The field of a fact.
    pub(super) fn position(&self, fact: &Fact) -> Option<u16> {
        self.positions.get(fact).copied()
    }

    fn test(&mut self, fact: &Fact, ask: &Ask) -> Result<Ref, TooLarge> {
        let mut any = Vec::new();
        for (at, yes) in questions(self, fact, ask) {
            any.push(self.among(at, &yes)?);
        }
        self.store.first_of(&any)
    }

    /// Where a field has one of these atoms.
    pub(crate) fn among(&mut self, at: u16, yes: &[(u16, u16)]) -> Result<Ref, TooLarge> {
        let mut runs = Vec::new();
        let mut next = 0;
        for (first, last) in yes.iter().copied() {
            if let Some(before) = first.checked_sub(1)
                && next < first
            {
                runs.push(Run {
                    last: before,
                    to: Ref::NOWHERE,
                });
            }
            runs.push(Run { last, to: Ref::YES });
            next = last.saturating_add(1);
        }
        let end = self.last_atom(at);
        if runs.last().is_none_or(|run| run.last < end) {
            runs.push(Run {
                last: end,
                to: Ref::NOWHERE,
            });
        }
        self.store.node(at, &runs)
    }
}

/// How a policy is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// As one diagram.
    Diagram,
    /// As a list of its arms.
    List,
}

/// Every condition that has a say in the atoms.
fn asked<'m>(model: &'m Model, more: &[&'m Cond]) -> Vec<&'m Cond> {
    let mut conds: Vec<&Cond> = model.conditions().chain(more.iter().copied()).collect();
    // Each client is a value of its own, so that no request is made up that nobody can send.
    if facts(&conds).any(|fact| *fact == Fact::Client) {
        conds.extend(&model.world.callers);
        conds.extend(&model.world.client);
    }
    let asks = |wanted: Fact| facts(&conds).any(|fact| *fact == wanted);
    // Where they call from.
    let known = model.world.known.as_ref();
    let known = known.filter(|_| asks(Fact::Client) && asks(Fact::Ip));
    // And each path that asks for an endpoint, where both are asked for.
    let paths = asks(Fact::Path);
    if asks(Fact::Endpoint) {
        conds.push(&model.world.endpoints.one);
        let told = model.world.endpoints.told.iter().filter(|_| paths);
        conds.extend(told.flat_map(|endpoint| [&endpoint.is, &endpoint.paths]));
    }
    conds.extend(known);
    conds
}

fn facts<'m>(conds: &[&'m Cond]) -> impl Iterator<Item = &'m Fact> {
    let mut found = Vec::new();
    let mut open: Vec<&Cond> = conds.to_vec();
    while let Some(cond) = open.pop() {
        match cond {
            Cond::Always => {}
            Cond::All(parts) | Cond::Any(parts) => open.extend(parts),
            Cond::Not(part) => open.push(part),
            Cond::Test(fact, _) => found.push(fact),
        }
    }
    found.into_iter()
}
