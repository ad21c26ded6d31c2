//! What is proved of a policy before it may become a table, and what is found on the way.

use std::collections::BTreeSet;

use claw_table::{ArmId, GuardId};

use super::budget::TooLarge;
use super::exclusive::{Overlap, overlaps};
use super::from_model::{Built, Kept};
use super::listed;
use super::redundant::redundant;
use super::store::Ref;
use crate::model::{Arm, Cond, Goal, Model, RouteId};

/// A diagram in which every request reaches an arm. Only [`prove`] makes one.
#[derive(Debug)]
pub struct AuditedDiagram<'m> {
    pub(crate) built: Built<'m>,
}

impl<'m> AuditedDiagram<'m> {
    /// Whether it is kept as a list of arms, because the diagram would be too large.
    pub fn is_listed(&self) -> bool {
        self.built.listed.is_some()
    }

    /// How it is kept.
    pub fn kept(&self) -> Kept {
        if self.is_listed() {
            Kept::List
        } else {
            Kept::Diagram
        }
    }

    /// Whether there are values of a repeated header or parameter of which it does not know what they
    /// add up to, to stay small: requests that send such values together are refused.
    pub fn leaves_repeats(&self) -> bool {
        self.built.leaves_repeats()
    }

    /// The model it was built from.
    pub fn model(&self) -> &'m Model {
        self.built.model
    }
}

/// What came of a proof.
#[derive(Debug)]
pub struct Proof<'m> {
    /// The diagram, unless some request reaches no arm.
    pub diagram: Option<AuditedDiagram<'m>>,
    /// What is wrong with the policy, in the order of its arms.
    pub findings: Vec<Finding>,
}

/// Something wrong with the arms of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// No request at all meets the arm's condition.
    Impossible {
        /// Which arm.
        arm: ArmId,
    },
    /// Every request meets the condition of an arm that is not `otherwise`.
    Always {
        /// Which arm.
        arm: ArmId,
    },
    /// Every request that meets the arm's condition is taken by an earlier arm of its route.
    Shadowed {
        /// Which arm.
        arm: ArmId,
        /// Arms that together take every such request; none of them can be left out. In order.
        by: Vec<ArmId>,
    },
    /// The arm could match in its own route, but no request that is led to the route gets to it.
    OutOfReach {
        /// Which arm.
        arm: ArmId,
        /// The arms that lead to its route.
        leads: Vec<ArmId>,
        /// Arms above it in its route that together take those of them that meet it; none of them can
        /// be left out. None if there are no such requests, or arms of other routes have a part in it.
        by: Vec<ArmId>,
    },
    /// The condition of a guard is one that no request meets.
    Idle {
        /// The arm of the guard.
        arm: ArmId,
    },
    /// No request meets the condition of something that bounds traffic.
    Unmet {
        /// The guard.
        guard: GuardId,
    },
    /// Every request meets it.
    Met {
        /// The guard.
        guard: GuardId,
    },
    /// Some request is led to the arm, but guards refuse every one of these.
    Forbidden {
        /// Which arm.
        arm: ArmId,
        /// The arms of guards that together refuse them.
        by: Vec<ArmId>,
    },
    /// Every request that falls to the arm would go the same way without it.
    Redundant {
        /// Which arm.
        arm: ArmId,
        /// The arms below that would take them. In order.
        by: Vec<ArmId>,
    },
    /// A request meets two arms of a route that is exclusive.
    Meets(Box<Overlap>),
    /// Some request reaches no arm of the root route.
    Open,
}

/// The most shadowed arms that are told what shadows them; the rest are found all the same.
const BLAMED_MAX: usize = 64;
/// The steps that are taken in all to find out what shadows arms. Thousands of arms may have a part in
/// it, and a policy is not refused for that.
const BLAME_STEPS_MAX: usize = 1 << 18;
/// The most earlier arms that are looked at for one that alone shadows another.
const SINGLES_MAX: usize = 4096;

/// Builds the diagram of a policy and proves that every request reaches an arm, and every arm is
/// reached.
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub fn prove(model: &Model) -> Result<Proof<'_>, TooLarge> {
    prove_asking(model, &[])
}

/// The same of a diagram that can be asked these conditions too: [`Reached::of`] it. For a table it
/// knows more than one needs.
///
/// [`Reached::of`]: super::Reached::of
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub(crate) fn prove_asking<'m>(model: &'m Model, more: &[&'m Cond]) -> Result<Proof<'m>, TooLarge> {
    prove_built(Built::either(model, more)?)
}

/// The same for a policy that is to be listed, however small it is.
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub fn prove_listed(model: &Model) -> Result<Proof<'_>, TooLarge> {
    prove_built(Built::listed(model, &[])?)
}

/// The same with every text that is looked for in the middle of others told apart from these,
/// however few there are.
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub fn prove_apart(model: &Model, kept: Kept) -> Result<Proof<'_>, TooLarge> {
    prove_built(Built::apart(model, kept)?)
}

fn prove_built(mut built: Built<'_>) -> Result<Proof<'_>, TooLarge> {
    let model = built.model;
    built.reach()?;
    let whole = leaves(built.reached.keys());
    let (is_open, open) = if let Some(listed) = &built.listed {
        (listed.is_open, leaves(listed.open.iter()))
    } else {
        let is_open = ends(&built, built.root).contains(&Ref::NOWHERE);
        let routes = built.route(model.root, 0)?;
        let open = if routes == built.root {
            whole.clone()
        } else {
            leaves(built.led(routes)?.keys())
        };
        (is_open, open)
    };
    let mut audit = Audit {
        findings: Vec::new(),
        blamed: 0,
        steps: BLAME_STEPS_MAX,
        open,
        whole,
        is_shut: false,
    };
    audit.guards(&mut built)?;
    for (index, _) in model.routes.iter().enumerate() {
        let Ok(index) = u16::try_from(index) else {
            break;
        };
        let route = RouteId(index);
        audit.route(&mut built, route)?;
        if model
            .routes
            .get(usize::from(index))
            .is_some_and(|it| it.exclusive.is_some())
        {
            let overlaps = overlaps(&mut built, route)?;
            let overlaps = overlaps.into_iter().map(Box::new).map(Finding::Meets);
            audit.findings.extend(overlaps);
        }
    }
    let mut findings = audit.findings;
    if is_open {
        findings.push(Finding::Open);
        return Ok(Proof {
            diagram: None,
            findings,
        });
    }
    Ok(Proof {
        diagram: Some(AuditedDiagram { built }),
        findings,
    })
}

#[derive(Debug)]
struct Audit {
    findings: Vec<Finding>,
    blamed: usize,
    /// The steps that are left for blaming.
    steps: usize,
    /// Every end of the whole diagram.
    whole: BTreeSet<Ref>,
    /// Every end of the routes, were there no guards.
    open: BTreeSet<Ref>,
    /// Guards refuse everything, so that there is no use in saying it of each arm.
    is_shut: bool,
}

impl Audit {
    fn guards(&mut self, built: &mut Built<'_>) -> Result<(), TooLarge> {
        for guard in &built.model.guards {
            let arm = guard.arm.id;
            let cond = built.real(&guard.arm.cond)?;
            if cond == Ref::NOWHERE {
                self.findings.push(Finding::Idle { arm });
            } else if cond == built.possible {
                self.findings.push(Finding::Always { arm });
            }
        }
        for (guard, holds) in (0..).map(GuardId).zip(built.guards.clone()) {
            let holds = built.store.gate(built.possible, holds)?;
            if holds == Ref::NOWHERE {
                self.findings.push(Finding::Unmet { guard });
            } else if holds == built.possible {
                self.findings.push(Finding::Met { guard });
            }
        }
        self.is_shut = self.open.is_disjoint(&self.whole);
        Ok(())
    }

    fn route(&mut self, built: &mut Built<'_>, route: RouteId) -> Result<(), TooLarge> {
        let arms = built.arms(route);
        let mut ends_here = arms.iter().map(|arm| matches!(arm.to, Goal::End(_)));
        let reached = if route == built.model.root && ends_here.all(|is_end| is_end) {
            // By itself it is all that was made.
            self.open.clone()
        } else if built.listed.is_some() {
            leaves(listed::alone(built, route)?.iter())
        } else {
            let alone = built.alone(route)?;
            leaves(built.led(alone)?.keys())
        };
        let entered = self.entered(built, route, &reached)?;
        for (position, arm) in arms.iter().enumerate() {
            // `otherwise` that takes nothing is not an error: it is written for what comes later.
            if arm.cond == Cond::Always && position + 1 == arms.len() {
                continue;
            }
            if reached.contains(&Ref::leaf(arm.id)) {
                let leaf = Ref::leaf(arm.id);
                // A route nobody leads to is another finding, made by name.
                if !entered.contains(&leaf) && !entered.is_empty() {
                    let before = arms.get(..position).unwrap_or_default();
                    let finding = self.out_of_reach(built, route, (arm, before))?;
                    self.findings.push(finding);
                }
                if self.open.contains(&leaf) && !self.whole.contains(&leaf) && !self.is_shut {
                    let finding = self.forbidden(built, arm)?;
                    self.findings.push(finding);
                }
                // An arm that takes everything leaves nothing for the next one.
                let next = arms.get(position + 1).map(|next| Ref::leaf(next.id));
                if next.is_none_or(|next| !reached.contains(&next))
                    && built.real(&arm.cond)? == built.possible
                {
                    self.findings.push(Finding::Always { arm: arm.id });
                }
                continue;
            }
            let cond = built.real(&arm.cond)?;
            let finding = if cond == Ref::NOWHERE {
                Finding::Impossible { arm: arm.id }
            } else {
                let by = self.blame(built, cond, arms.get(..position).unwrap_or_default());
                Finding::Shadowed { arm: arm.id, by }
            };
            self.findings.push(finding);
        }
        self.findings.extend(redundant(built, route, &reached));
        Ok(())
    }

    /// An arm to which some request is led, with the guards that leave nothing for it.
    fn forbidden(&mut self, built: &mut Built<'_>, arm: &Arm) -> Result<Finding, TooLarge> {
        let led = if built.listed.is_some() {
            built.real(&arm.cond)?
        } else {
            let open = built.route(built.model.root, 0)?;
            let open = built.store.gate(built.possible, open)?;
            built.store.reaching(open, Ref::leaf(arm.id))?
        };
        let guards = built.model.guards.iter();
        let guards: Vec<Arm> = guards.map(|guard| guard.arm.clone()).collect();
        let by = self.blame(built, led, &guards);
        Ok(Finding::Forbidden { arm: arm.id, by })
    }

    /// The arms of a route to which requests are led. `reached` are those that could match by
    /// themselves.
    fn entered(
        &self,
        built: &mut Built<'_>,
        route: RouteId,
        reached: &BTreeSet<Ref>,
    ) -> Result<BTreeSet<Ref>, TooLarge> {
        let arms = built.arms(route);
        if route == built.model.root {
            return Ok(reached.clone());
        }
        if arms.iter().all(|arm| matches!(arm.to, Goal::End(_))) {
            let own = arms.iter().map(|arm| Ref::leaf(arm.id));
            return Ok(own.filter(|leaf| self.open.contains(leaf)).collect());
        }
        Ok(leaves(built.entered(route)?.iter()))
    }

    /// An arm of a route that nobody who is led there gets to.
    fn out_of_reach(
        &mut self,
        built: &mut Built<'_>,
        route: RouteId,
        (arm, before): (&Arm, &[Arm]),
    ) -> Result<Finding, TooLarge> {
        let (enters, leads) = built.entering(route)?;
        let cond = built.real(&arm.cond)?;
        let cond = built.store.gate(cond, enters)?;
        let mut left = cond;
        for earlier in before {
            let taker = built.condition(&earlier.cond)?;
            left = built.store.except(left, taker)?;
        }
        let is_taken = cond != Ref::NOWHERE && left == Ref::NOWHERE;
        let by = if is_taken {
            self.blame(built, cond, before)
        } else {
            Vec::new()
        };
        Ok(Finding::OutOfReach {
            arm: arm.id,
            leads,
            by,
        })
    }

    /// A small set of earlier arms that takes everything the condition lets through, as far as there
    /// are steps left to find out.
    fn blame(&mut self, built: &mut Built<'_>, cond: Ref, earlier: &[Arm]) -> Vec<ArmId> {
        self.blamed += 1;
        if self.blamed > BLAMED_MAX {
            return Vec::new();
        }
        let start = built.store.steps();
        let before = built.store.allow(self.steps);
        let by = takers(built, cond, earlier);
        built.store.hold(before);
        self.steps = self.steps.saturating_sub(built.store.steps() - start);
        by.unwrap_or_default()
    }
}

/// A smallest set of earlier arms that takes everything the condition lets through.
fn takers(built: &mut Built<'_>, cond: Ref, earlier: &[Arm]) -> Result<Vec<ArmId>, TooLarge> {
    let mut taking: Vec<(ArmId, Ref)> = Vec::new();
    let mut left = cond;
    for (seen, arm) in earlier.iter().enumerate() {
        let taker = built.condition(&arm.cond)?;
        if seen < SINGLES_MAX && built.store.except(cond, taker)? == Ref::NOWHERE {
            return Ok(vec![arm.id]);
        }
        let after = built.store.except(left, taker)?;
        if after != left {
            taking.push((arm.id, taker));
            left = after;
        }
    }
    // What the arms from each one on leave over, for asking whether an arm can be left out.
    let mut over = vec![cond];
    for (_, taker) in taking.iter().rev() {
        let before = over.last().copied().unwrap_or(cond);
        over.push(built.store.except(before, *taker)?);
    }
    over.pop();
    let mut by = Vec::new();
    let mut left = cond;
    for (arm, taker) in taking {
        let later = over.pop().unwrap_or(cond);
        if built.store.gate(later, left)? != Ref::NOWHERE {
            by.push(arm);
            left = built.store.except(left, taker)?;
        }
    }
    Ok(by)
}

fn leaves<'a>(arms: impl Iterator<Item = &'a ArmId>) -> BTreeSet<Ref> {
    arms.map(|arm| Ref::leaf(*arm)).collect()
}

/// Everything in which a diagram ends, for callers that there can be.
pub(super) fn ends(built: &Built<'_>, from: Ref) -> BTreeSet<Ref> {
    let mut found = BTreeSet::new();
    let mut seen = vec![false; built.store.node_count()];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        let Some(node) = at.node() else {
            found.insert(at);
            continue;
        };
        if let Some(seen) = seen.get_mut(node)
            && !std::mem::replace(seen, true)
        {
            let (field, runs) = built.store.open(node);
            let least = built.least(field);
            let real = runs.iter().filter(|run| run.last >= least);
            open.extend(real.map(|run| run.to));
        }
    }
    found
}
