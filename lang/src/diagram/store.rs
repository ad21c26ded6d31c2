//! The arena of nodes: equal nodes are made once, and results of operations are remembered.
#![expect(
    clippy::indexing_slicing,
    reason = "positions are made by this file, and bounded by the lists they point into"
)]

use std::collections::BTreeMap;

use claw_table::ArmId;

use super::budget::{Budget, TooLarge};

/// Where an edge leads: to a node, to an arm, to yes, or nowhere.
///
/// A condition is a diagram that ends in yes or nowhere; a route is one that ends in arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ref(u32);

impl Ref {
    const END: u32 = 1 << 31;
    /// No arm matches.
    pub(crate) const NOWHERE: Self = Self(u32::MAX);
    /// The condition holds.
    pub(crate) const YES: Self = Self(u32::MAX - 1);

    pub(crate) fn leaf(arm: ArmId) -> Self {
        Self(Self::END | arm.0)
    }

    pub(crate) fn arm(self) -> Option<ArmId> {
        let arm = ArmId(self.0 & !Self::END);
        (self.is_end() && self < Self::YES).then_some(arm)
    }

    pub(crate) fn node(self) -> Option<usize> {
        (!self.is_end()).then_some(self.0 as usize)
    }

    fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }
}

/// Neighbouring atoms with one way on. The runs of a node cover all atoms of its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) last: u16,
    pub(crate) to: Ref,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    field: u16,
    hash: u32,
    start: u32,
    end: u32,
}

/// What two diagrams are combined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    /// The left one where it leads somewhere, else the right one.
    Over,
    /// The right one where the left one leads somewhere.
    Gate,
    /// The left one where the right one leads nowhere.
    Except,
}

/// All nodes of one build.
#[derive(Debug)]
pub(crate) struct Store {
    nodes: Vec<Node>,
    runs: Vec<Run>,
    /// Open hash table over `nodes`; `FREE` where there is none.
    unique: Vec<u32>,
    memo: Vec<Memo>,
    /// Run lists that are not in use, kept to save allocations.
    spare: Vec<Vec<Run>>,
    steps: usize,
    effort: Effort,
}

/// How much may be made and done, within the budgets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    nodes_max: usize,
    steps_max: usize,
}

impl Effort {
    /// All that the budgets allow.
    pub(crate) const WHOLE: Self = Self {
        nodes_max: usize::MAX,
        steps_max: usize::MAX,
    };

    /// What a diagram of so many arms is tried with, before they are listed. One that fits takes about
    /// ten steps for each arm; one that grows with the product of its arms takes any number, and that
    /// should be known in milliseconds. A few arms may take more each.
    pub(crate) fn of(arms: usize) -> Self {
        // Conditions of a few arms may be wild, and a list has less room for that.
        let (nodes, steps) = if arms <= FEW_ARMS {
            (1 << 16, 1 << 18)
        } else {
            (1 << 14, 1 << 15)
        };
        Self {
            nodes_max: arms * 16 + nodes,
            steps_max: (arms * 16 + (1 << 13)).max(steps),
        }
    }
}

/// So many arms may take more each.
const FEW_ARMS: usize = 64;

/// One remembered result. The memo forgets: two questions may want one place.
#[derive(Debug, Clone, Copy)]
struct Memo {
    op: Op,
    left: Ref,
    right: Ref,
    result: Ref,
}

const FREE: u32 = u32::MAX;
const MEMO_MAX: usize = 1 << 20;

impl Store {
    /// The effort may be less than the budgets, for an attempt that may fail.
    pub(crate) fn new(effort: Effort) -> Self {
        let nothing = Memo {
            op: Op::Over,
            left: Ref::NOWHERE,
            right: Ref::NOWHERE,
            result: Ref::NOWHERE,
        };
        Self {
            nodes: Vec::new(),
            runs: Vec::new(),
            unique: vec![FREE; 1 << 10],
            memo: vec![nothing; 1 << 12],
            spare: Vec::new(),
            steps: 0,
            effort,
        }
    }

    /// Bounds what may be made and done from the beginning to the end.
    pub(crate) fn hold(&mut self, effort: Effort) {
        self.effort = effort;
    }

    /// Bounds what may be made and done from here on, and gives the bounds until now.
    pub(crate) fn allow(&mut self, steps: usize) -> Effort {
        let allowed = Effort {
            nodes_max: self.nodes.len().saturating_add(steps),
            steps_max: self.steps.saturating_add(steps),
        };
        std::mem::replace(&mut self.effort, allowed)
    }

    /// How many were taken until now.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Lets the store grow to its budget: what was tried with less has succeeded.
    pub(crate) fn lift(&mut self) {
        self.effort = Effort::WHOLE;
    }

    /// The field that a node tests, and its runs.
    pub(crate) fn open(&self, node: usize) -> (u16, &[Run]) {
        let node = self.nodes[node];
        (
            node.field,
            &self.runs[node.start as usize..node.end as usize],
        )
    }

    pub(crate) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The one node with these runs, which cover the field. Neighbours with one target become one
    /// run; a node that makes no difference is its child.
    pub(crate) fn node(&mut self, field: u16, runs: &[Run]) -> Result<Ref, TooLarge> {
        let start = self.runs.len();
        for run in runs {
            match self.runs[start..].last_mut() {
                Some(before) if before.to == run.to => before.last = run.last,
                _ => self.runs.push(*run),
            }
        }
        let [only] = self.runs[start..] else {
            return self.unique(field, start);
        };
        self.runs.truncate(start);
        Ok(only.to)
    }

    /// Turns the runs at the end of the arena into a node, or finds the one that has them.
    fn unique(&mut self, field: u16, start: usize) -> Result<Ref, TooLarge> {
        let hash = hash_runs(field, &self.runs[start..]);
        let mask = self.unique.len() - 1;
        let mut place = hash as usize & mask;
        while self.unique[place] != FREE {
            let node = self.nodes[self.unique[place] as usize];
            if node.hash == hash
                && node.field == field
                && self.runs[node.start as usize..node.end as usize] == self.runs[start..]
            {
                self.runs.truncate(start);
                return Ok(Ref(self.unique[place]));
            }
            place = (place + 1) & mask;
        }
        Budget::Nodes.admits_of(self.nodes.len() + 1, self.effort.nodes_max)?;
        Budget::Edges.admits(self.runs.len())?;
        let made = id(self.nodes.len());
        self.nodes.push(Node {
            field,
            hash,
            start: id(start),
            end: id(self.runs.len()),
        });
        self.unique[place] = made;
        if self.nodes.len() * 2 > self.unique.len() {
            self.grow();
        }
        Ok(Ref(made))
    }

    fn grow(&mut self) {
        let mask = self.unique.len() * 2 - 1;
        self.unique = vec![FREE; mask + 1];
        for (index, node) in self.nodes.iter().enumerate() {
            let mut place = node.hash as usize & mask;
            while self.unique[place] != FREE {
                place = (place + 1) & mask;
            }
            self.unique[place] = id(index);
        }
        if self.memo.len() < MEMO_MAX {
            let old = std::mem::take(&mut self.memo);
            self.memo = vec![old[0]; old.len() * 2];
            for memo in old {
                let place = self.memo_place(memo.op, memo.left, memo.right);
                self.memo[place] = memo;
            }
        }
    }

    /// The first that leads somewhere. Halves are joined, not one after the other: a list of n arms
    /// takes n·log n edge merges instead of n².
    pub(crate) fn first_of(&mut self, parts: &[Ref]) -> Result<Ref, TooLarge> {
        match parts {
            [] => Ok(Ref::NOWHERE),
            [only] => Ok(*only),
            _ => {
                let (left, right) = parts.split_at(parts.len() / 2);
                let left = self.first_of(left)?;
                let right = self.first_of(right)?;
                self.apply(Op::Over, left, right)
            }
        }
    }

    /// `then` where the condition holds, nowhere elsewhere.
    pub(crate) fn gate(&mut self, condition: Ref, then: Ref) -> Result<Ref, TooLarge> {
        self.apply(Op::Gate, condition, then)
    }

    /// What is left of one diagram where the other leads nowhere.
    pub(crate) fn except(&mut self, from: Ref, what: Ref) -> Result<Ref, TooLarge> {
        self.apply(Op::Except, from, what)
    }

    /// Where a diagram ends in one place, as a condition.
    pub(crate) fn reaching(&mut self, from: Ref, end: Ref) -> Result<Ref, TooLarge> {
        self.reaching_below(from, end, &mut BTreeMap::new())
    }

    /// The depth of this recursion is bounded by the number of fields.
    fn reaching_below(
        &mut self,
        from: Ref,
        end: Ref,
        known: &mut BTreeMap<Ref, Ref>,
    ) -> Result<Ref, TooLarge> {
        let Some(node) = from.node() else {
            return Ok(if from == end { Ref::YES } else { Ref::NOWHERE });
        };
        if let Some(made) = known.get(&from) {
            return Ok(*made);
        }
        let (field, runs) = self.open(node);
        let mut runs = runs.to_vec();
        for run in &mut runs {
            run.to = self.reaching_below(run.to, end, known)?;
        }
        self.steps += runs.len();
        Budget::Steps.admits_of(self.steps, self.effort.steps_max)?;
        let made = self.node(field, &runs)?;
        known.insert(from, made);
        Ok(made)
    }

    fn apply(&mut self, op: Op, left: Ref, right: Ref) -> Result<Ref, TooLarge> {
        if let Some(end) = settled(op, left, right) {
            return Ok(end);
        }
        let place = self.memo_place(op, left, right);
        let memo = self.memo[place];
        if memo.op == op && memo.left == left && memo.right == right {
            return Ok(memo.result);
        }
        self.steps += 1;
        Budget::Steps.admits_of(self.steps, self.effort.steps_max)?;
        let result = self.split(op, left, right)?;
        // The memo may have grown meanwhile.
        let place = self.memo_place(op, left, right);
        self.memo[place] = Memo {
            op,
            left,
            right,
            result,
        };
        Ok(result)
    }

    /// Splits both sides by the earlier of their fields and combines run by run. The depth of this
    /// recursion is bounded by the number of fields.
    fn split(&mut self, op: Op, left: Ref, right: Ref) -> Result<Ref, TooLarge> {
        let field = self.field_of(left).min(self.field_of(right));
        let (mut a, a_end) = self.range(left, field);
        let (mut b, b_end) = self.range(right, field);
        let mut made = self.spare.pop().unwrap_or_default();
        made.clear();
        while a < a_end || b < b_end {
            // A side that does not test this field is the same under every atom.
            let one = if a < a_end {
                self.runs[a]
            } else {
                Run {
                    last: u16::MAX,
                    to: left,
                }
            };
            let two = if b < b_end {
                self.runs[b]
            } else {
                Run {
                    last: u16::MAX,
                    to: right,
                }
            };
            let to = self.apply(op, one.to, two.to)?;
            let last = one.last.min(two.last);
            match made.last_mut() {
                Some(before) if before.to == to => before.last = last,
                _ => made.push(Run { last, to }),
            }
            a += usize::from(a < a_end && one.last == last);
            b += usize::from(b < b_end && two.last == last);
        }
        self.steps += made.len() / 8;
        let node = self.node(field, &made);
        self.spare.push(made);
        node
    }

    fn field_of(&self, at: Ref) -> u16 {
        at.node().map_or(u16::MAX, |node| self.nodes[node].field)
    }

    /// Where the runs of a node lie, if it tests the field.
    fn range(&self, at: Ref, field: u16) -> (usize, usize) {
        match at.node().map(|node| self.nodes[node]) {
            Some(node) if node.field == field => (node.start as usize, node.end as usize),
            _ => (0, 0),
        }
    }

    fn memo_place(&self, op: Op, left: Ref, right: Ref) -> usize {
        let mixed = mix(mix(op as u32, left.0), right.0);
        mixed as usize & (self.memo.len() - 1)
    }
}

/// The result where one side decides it.
fn settled(op: Op, left: Ref, right: Ref) -> Option<Ref> {
    match op {
        Op::Over if left == Ref::NOWHERE => Some(right),
        Op::Over if left.is_end() || right == Ref::NOWHERE || left == right => Some(left),
        Op::Gate | Op::Except if left == Ref::NOWHERE => Some(Ref::NOWHERE),
        Op::Gate if right == Ref::NOWHERE => Some(Ref::NOWHERE),
        Op::Gate if left.is_end() => Some(right),
        Op::Except if right == Ref::NOWHERE => Some(left),
        Op::Except if right.is_end() || left == right => Some(Ref::NOWHERE),
        Op::Over | Op::Gate | Op::Except => None,
    }
}

/// Positions stay below the budgets, which are far below what this type can say.
fn id(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(FREE)
}

fn hash_runs(field: u16, runs: &[Run]) -> u32 {
    runs.iter().fold(u32::from(field), |hash, run| {
        mix(mix(hash, run.last.into()), run.to.0)
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "both halves of the product are used"
)]
fn mix(hash: u32, value: u32) -> u32 {
    let product =
        u64::from(hash ^ 0x9e37_79b9).wrapping_mul(u64::from(value) ^ 0xa076_1d64_78bd_642f);
    (product ^ (product >> 32)) as u32
}
