//! What is said of one part of a file that was carried over.

use serde::Serialize;

/// How one part of a file was carried over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How well.
    #[serde(rename = "carried")]
    pub weight: Weight,
    /// Where it stands: `model_list[2].litellm_params.rpm`.
    pub path: String,
    /// What became of it.
    pub text: String,
}

/// How well something was carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// It means what it meant.
    Exact,
    /// It means nearly that, or something was assumed.
    Approximate,
    /// It is not in the policy.
    Left,
}

impl Weight {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Approximate => "approximate",
            Self::Left => "not carried over",
        }
    }
}
