//! What a table says about itself: who made it, from what, and what it needs.

/// Where a table comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The version of `clawc` that made it.
    pub compiler: String,
    /// Digest of the policy's source text.
    pub source: [u8; 32],
    /// Digest of what the table decides: equal digests, equal behaviour. Places do not count.
    pub behaviour: [u8; 32],
}

/// A construct that the gateway must enforce, or else refuse the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its stable name, such as `api-anthropic`.
    pub name: String,
    /// What in the policy asks for it.
    pub place: Place,
}

/// A place in the policy's text, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The file, as named inside the policy folder.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
