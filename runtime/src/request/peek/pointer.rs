//! Members at the JSON pointers (RFC 6901) that a policy asks for, found in the one pass.
//!
//! Pointers share their beginnings, so they are one tree of steps. The finder sees every token of
//! the pass and keeps a place in that tree for each open container on the way to something wanted;
//! all other containers cost it one comparison.

use std::ops::Range;

use claw_table::{Table, decimal};
use smallvec::SmallVec;

use super::key::folded;
use super::{Reason, Refusal};
use crate::json::{Escapes, Text, Token, Watch};

/// The pointers that a table asks for.
#[derive(Debug, Default)]
pub struct Pointers {
    /// The first node is the whole body. None if nothing is asked for.
    nodes: Vec<Node>,
    /// Sorted; the position of a pointer is its number.
    wanted: Vec<String>,
}

#[derive(Debug, Default)]
struct Node {
    children: Vec<Child>,
    wanted: Option<usize>,
}

#[derive(Debug)]
struct Child {
    key: String,
    /// For what only some parsers read as this key.
    folded: String,
    /// The key as a place in an array, if it is one.
    index: Option<u32>,
    node: usize,
}

/// What stands at a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number, by its rank.
    Number(u64),
    /// A string: its bytes between the quotes, and whether there are escapes among them.
    Text(Range<usize>, Escapes),
    /// An array or an object.
    Nested,
}

impl Pointers {
    /// The pointers that a table asks for, and those of what its policy changes: what is set or
    /// taken out must be one member to everybody who reads the body.
    pub fn of(table: &Table) -> Self {
        let facts = table.fields().iter().map(claw_table::Field::fact);
        let asked = facts.filter_map(|fact| fact.pointer().map(str::to_owned));
        Self::new(asked.chain(table.policy().changed()))
    }

    /// These pointers.
    pub fn new(pointers: impl IntoIterator<Item = String>) -> Self {
        let mut wanted: Vec<String> = pointers.into_iter().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut made = Self {
            nodes: Vec::new(),
            wanted,
        };
        for number in 0..made.wanted.len() {
            made.grow(number);
        }
        made
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The number of a pointer.
    pub fn number(&self, pointer: &str) -> Option<usize> {
        let found = self
            .wanted
            .binary_search_by(|own| own.as_str().cmp(pointer));
        found.ok()
    }

    fn grow(&mut self, number: usize) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let pointer = self.wanted.get(number).cloned().unwrap_or_default();
        let mut at = 0;
        for step in pointer.split('/').skip(1) {
            // The other order would make `/` of `~01`.
            let key = step.replace("~1", "/").replace("~0", "~");
            at = self.child(at, &key).unwrap_or_else(|| {
                let node = self.nodes.len();
                self.nodes.push(Node::default());
                if let Some(parent) = self.nodes.get_mut(at) {
                    parent.children.push(Child {
                        folded: folded(&key),
                        index: index(&key),
                        key,
                        node,
                    });
                }
                node
            });
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.wanted = Some(number);
        }
    }

    fn child(&self, node: usize, key: &str) -> Option<usize> {
        let children = &self.nodes.get(node)?.children;
        let child = children.iter().find(|child| child.key == key);
        child.map(|child| child.node)
    }

    fn element(&self, node: usize, index: u32) -> Option<usize> {
        let children = &self.nodes.get(node)?.children;
        let child = children.iter().find(|child| child.index == Some(index));
        child.map(|child| child.node)
    }

    /// A finder that looks on while a body is read.
    pub(super) fn finder(&self) -> Finder<'_> {
        Finder {
            pointers: self,
            found: vec![None; self.wanted.len()],
            open: SmallVec::new(),
            depth: 0,
            next: Some(0),
            ambiguous: None,
            twice: None,
        }
    }
}

/// What has been found of the pointers so far.
#[derive(Debug)]
pub(super) struct Finder<'p> {
    pointers: &'p Pointers,
    /// By the numbers of the pointers.
    pub(super) found: Vec<Option<Found>>,
    /// The open containers on the way to something wanted.
    open: SmallVec<[Open; 8]>,
    /// How many containers are open.
    depth: u32,
    /// The node that the next value belongs to, if to any.
    next: Option<usize>,
    /// A key that only some parsers read as one on the way. Told last, as for the other keys.
    pub(super) ambiguous: Option<Refusal>,
    /// A key on the way that stands twice.
    pub(super) twice: Option<Refusal>,
}

#[derive(Debug)]
struct Open {
    node: usize,
    /// How many containers are open inside it, itself counted.
    depth: u32,
    /// The index of the next element of an array.
    index: Option<u32>,
    /// The nodes whose keys were seen.
    seen: SmallVec<[usize; 4]>,
}

impl Watch for Finder<'_> {
    #[inline]
    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Key(key) => {
                if self
                    .open
                    .last()
                    .is_some_and(|open| open.depth == self.depth)
                {
                    self.next = self.key(key);
                }
            }
            Token::ObjectEnd | Token::ArrayEnd => {
                if self
                    .open
                    .last()
                    .is_some_and(|open| open.depth == self.depth)
                {
                    self.open.pop();
                }
                self.depth -= 1;
            }
            Token::Object
            | Token::Array
            | Token::Text(_)
            | Token::Number(_)
            | Token::Flag(_)
            | Token::Null => self.value(token),
        }
    }
}

impl Finder<'_> {
    fn value(&mut self, token: Token<'_>) {
        let node = match self.open.last_mut() {
            Some(open) if open.depth == self.depth => match &mut open.index {
                Some(index) => {
                    let at = *index;
                    *index = index.saturating_add(1);
                    self.pointers.element(open.node, at)
                }
                None => self.next.take(),
            },
            _ => self.next.take(),
        };
        let opens = matches!(token, Token::Object | Token::Array);
        self.depth += u32::from(opens);
        let Some(node) = node else { return };
        let Some(known) = self.pointers.nodes.get(node) else {
            return;
        };
        if let Some(slot) = known.wanted.and_then(|number| self.found.get_mut(number)) {
            *slot = found(token);
        }
        if opens && !known.children.is_empty() {
            self.open.push(Open {
                node,
                depth: self.depth,
                index: (token == Token::Array).then_some(0),
                seen: SmallVec::new(),
            });
        }
    }

    /// The node of a key on the way, if it is one.
    fn key(&mut self, key: Text<'_>) -> Option<usize> {
        let open = self.open.last_mut()?;
        let children = &self.pointers.nodes.get(open.node)?.children;
        let refusal = |reason| Refusal {
            reason,
            at: key.at - 1,
        };
        // A key that is no text is no key of ours in any parser.
        let decoded = key.decode().ok()?;
        if let Some(child) = children.iter().find(|child| child.key == decoded) {
            if open.seen.contains(&child.node) {
                self.twice.get_or_insert(refusal(Reason::DuplicateMember));
            }
            open.seen.push(child.node);
            if key.escapes == Escapes::Yes && key.raw != child.key.as_bytes() {
                self.ambiguous
                    .get_or_insert(refusal(Reason::AmbiguousMember));
            }
            return Some(child.node);
        }
        let folded = folded(&decoded);
        if children.iter().any(|child| child.folded == folded) {
            self.ambiguous
                .get_or_insert(refusal(Reason::AmbiguousMember));
        }
        None
    }
}

/// The place that a step means in an array: digits without a zero before them.
fn index(step: &str) -> Option<u32> {
    let index = step.parse::<u32>().ok()?;
    (index.to_string() == step).then_some(index)
}

fn found(token: Token<'_>) -> Option<Found> {
    match token {
        Token::Null => Some(Found::Null),
        Token::Flag(flag) => Some(Found::Flag(flag)),
        Token::Number(number) => decimal::rank(number).map(Found::Number),
        Token::Text(text) => Some(Found::Text(text.at..text.at + text.raw.len(), text.escapes)),
        Token::Object | Token::Array => Some(Found::Nested),
        Token::Key(_) | Token::ObjectEnd | Token::ArrayEnd => None,
    }
}
