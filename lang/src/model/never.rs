//! What a policy claims can never happen, and the places that a broken claim is blamed on.

use claw_table::ProviderId;
use claw_table::policy::Target;

use super::Cond;
use crate::span::Span;

/// The claims of a policy. They are proved away: nothing of them reaches the table.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// Every `never`, in the order of the text.
    pub nevers: Vec<Never>,
    /// Where the parts of each class are written, by its id.
    pub classes: Vec<ClassPlaces>,
}

/// `never NAME [when COND] CLAIM`
#[derive(Debug, Clone)]
pub struct Never {
    /// Its name.
    pub name: String,
    /// Of which requests it speaks.
    pub cond: Cond,
    /// What never happens to them.
    pub claim: Claim,
    /// Where the claim is written, its condition left out.
    pub span: Span,
}

/// What a request never does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It never costs more pico-dollars than this.
    CostsOver(u128),
    /// It never takes more milliseconds than this.
    TakesOver(u64),
    /// It never makes more attempts than this.
    TriesOver(u32),
    /// It never reaches such a target.
    Reaches(Reach),
}

/// A set of targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every model of a provider.
    Provider(ProviderId),
    /// One target.
    Target(Target),
    /// Every target whose provider has the tag.
    Tagged(String),
    /// Every target whose provider has it not.
    Untagged(String),
}

/// Where the parts of a class are written.
#[derive(Debug, Clone, Default)]
pub struct ClassPlaces {
    /// Its first line.
    pub class: Span,
    /// Its targets, in the order in which they are tried.
    pub targets: Vec<Span>,
    /// The tags that it requires.
    pub required: Vec<(String, Span)>,
    /// Its `keys caller`, and its `cache`.
    pub keys: Option<Span>,
    /// As above.
    pub cache: Option<Span>,
    /// Two targets at different providers to which it could send one caller's key.
    pub spread: Option<(Span, Span)>,
    /// Its `retry`, if it names one.
    pub retry: Option<Span>,
    /// Its `timeout`, if it has one.
    pub timeout: Option<Span>,
    /// Whether a failure can be replaced after the first content: `commit whole`,
    /// `after-cut continue`.
    pub fails_late: bool,
}
