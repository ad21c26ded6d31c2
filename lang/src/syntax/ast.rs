//! The tree of one file: declarations, lines and conditions, each with its place.
//!
//! A field is a keyword and comma-separated groups of values; what a field may hold is the
//! checker's business, so that new fields need no new syntax.

use super::lexer::Kind;
use crate::span::Span;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// Its declarations, in text order.
    pub items: Vec<Item>,
}

/// One declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// `let NAME = …`
    Let(Let),
    /// `never NAME [when COND] CLAIM`
    Never(Never),
    /// `forbid NAME when COND [deny STATUS "text"]`
    Forbid(Forbid),
    /// `route [NAME] [exclusive] { … }`
    Route(Route),
    /// Every other form: `keyword [name] { fields }`.
    Plain(Statement),
    /// It could not be read, and a diagnostic says so.
    Broken(Broken),
}

/// What is left of lines that could not be read: the words in them, so that a name they may have
/// declared is not called unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The names it may have declared.
    pub words: Vec<String>,
    /// Where it is.
    pub span: Span,
}

/// `let NAME = …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Let {
    /// The lines of documentation above it.
    pub docs: Vec<String>,
    /// Its name.
    pub name: Value,
    /// What the name stands for.
    pub is: LetValue,
    /// The whole of it.
    pub span: Span,
}

/// The right side of a `let`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetValue {
    /// A list of constants.
    Set(Vec<Value>),
    /// A list of times, each of one to three words.
    Times(Vec<Vec<Value>>),
    /// A condition.
    Cond(Cond),
}

/// `never NAME [when COND] CLAIM`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Never {
    /// The lines of documentation above it.
    pub docs: Vec<String>,
    /// Its name.
    pub name: Value,
    /// Of which requests it speaks; of all, if nothing.
    pub when: Option<Cond>,
    /// What never happens to them.
    pub claim: Vec<Value>,
    /// The whole of it.
    pub span: Span,
}

/// `forbid NAME when COND [deny STATUS "text"]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbid {
    /// The lines of documentation above it.
    pub docs: Vec<String>,
    /// Its name.
    pub name: Value,
    /// Which requests it refuses.
    pub when: Cond,
    /// `deny` and what follows it; empty for the default refusal.
    pub deny: Vec<Value>,
    /// The whole of it.
    pub span: Span,
}

/// `route [NAME] { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The lines of documentation above it.
    pub docs: Vec<String>,
    /// Its name; the root route has none.
    pub name: Option<Value>,
    /// The word `exclusive`: no two of its arms may meet.
    pub exclusive: Option<Span>,
    /// Its arms, in text order.
    pub arms: Vec<ArmLine>,
    /// Its first line.
    pub span: Span,
}

/// One line of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArmLine {
    /// An arm.
    Arm(Arm),
    /// It could not be read, and a diagnostic says so.
    Broken(Broken),
}

/// `when COND -> GOAL` or `otherwise -> GOAL`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// The lines of documentation above it.
    pub docs: Vec<String>,
    /// When it is taken; nothing for `otherwise`.
    pub when: Option<Cond>,
    /// What stands after the arrow.
    pub goal: Vec<Value>,
    /// The whole of it.
    pub span: Span,
}

/// A keyword, what follows it, and the lines in its braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The lines of documentation above it.
    pub docs: Vec<String>,
    /// Its first word.
    pub keyword: Value,
    /// The values after it, cut at the commas.
    pub groups: Vec<Vec<Value>>,
    /// The lines in its braces.
    pub block: Option<Vec<Line>>,
    /// Its first line, without the braces.
    pub span: Span,
}

/// One line in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A field, possibly with a block of its own.
    Field(Statement),
    /// `when COND`
    When(When),
    /// It could not be read, and a diagnostic says so.
    Broken(Broken),
}

/// `when COND`, on a line of its own in a block: which requests the block is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// The lines of documentation above it.
    pub docs: Vec<String>,
    /// The condition.
    pub cond: Cond,
    /// The word `when`.
    pub keyword: Span,
    /// The whole of it.
    pub span: Span,
}

/// One word, text or literal, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// Its text; of a quoted text the content, escapes resolved.
    pub text: String,
    /// Where it is.
    pub span: Span,
}

impl Value {
    /// Whether it is this word.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cond {
    /// Two or more parts joined by `or`.
    Any(Vec<Cond>),
    /// Two or more parts joined by `and`.
    All(Vec<Cond>),
    /// `not` and what it turns round.
    Not(Box<Cond>, Span),
    /// One comparison, or a name that stands for a condition.
    Ask(Ask),
}

impl Cond {
    /// The whole of it.
    pub fn span(&self) -> Span {
        match self {
            Self::Any(parts) | Self::All(parts) => match (parts.first(), parts.last()) {
                (Some(first), Some(last)) => first.span().to(last.span()),
                _ => Span::default(),
            },
            Self::Not(part, span) => span.to(part.span()),
            Self::Ask(ask) => ask.span,
        }
    }
}

/// `SUBJECT [OPERATOR VALUES]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The fact, or the name of a condition.
    pub subject: Value,
    /// What follows it: the name of a header, the words after `has`.
    pub of: Vec<Value>,
    /// The comparison.
    pub test: Option<Test>,
    /// The whole of it.
    pub span: Span,
}

/// An operator and its right side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The operator.
    pub op: Op,
    /// Where it stands.
    pub op_span: Span,
    /// The list on its right; any of it counts.
    pub values: Vec<Value>,
    /// Parts of the list that are several words: `mon..fri 22:00..06:00 "UTC"`.
    pub windows: Vec<Vec<Value>>,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `like`
    Like,
    /// `mentions`
    Mentions,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    More,
    /// `>=`
    MoreEqual,
}

impl Op {
    /// Every operator.
    pub const ALL: [Self; 10] = [
        Self::Is,
        Self::IsNot,
        Self::In,
        Self::NotIn,
        Self::Like,
        Self::Mentions,
        Self::Less,
        Self::LessEqual,
        Self::More,
        Self::MoreEqual,
    ];

    /// How it is written.
    pub fn words(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is not",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Like => "like",
            Self::Mentions => "mentions",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::More => ">",
            Self::MoreEqual => ">=",
        }
    }
}
