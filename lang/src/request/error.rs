//! Why a written request cannot be read.

use crate::moment::NoMoment;

/// Why a written request cannot be read; its text says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is no JSON.
    #[error("the request is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, but no object.
    #[error("the request is {0}; write an object such as {{\"headers\": {{}}, \"body\": {{…}}}}")]
    NotAnObject(&'static str),
    /// A member that means nothing here.
    #[error("`{key}` is not a part of a request; {help}")]
    Unknown {
        /// Its name.
        key: String,
        /// What to write instead.
        help: String,
    },
    /// A member that stands twice.
    #[error(
        "`{key}` stands twice; readers differ on which one counts, so the gateway takes neither"
    )]
    Twice {
        /// Its name.
        key: String,
    },
    /// A member of the body that some parsers take for another.
    #[error(
        "`body.{key}` is read as `{like}` by some parsers, so the gateway refuses it; write `{like}`"
    )]
    Ambiguous {
        /// As it is written.
        key: String,
        /// What it is taken for.
        like: String,
    },
    /// A value of the wrong kind.
    #[error("`{key}` must be {wanted}")]
    WrongValue {
        /// Its name.
        key: String,
        /// What to write.
        wanted: &'static str,
    },
    /// A moment that there is not.
    #[error("`at` is `{0}`, and must be {1}")]
    NoMoment(String, NoMoment),
    /// A client that the policy does not declare.
    #[error("the policy has no client `{name}`; {help}")]
    NoClient {
        /// Its name.
        name: String,
        /// What to write instead.
        help: String,
    },
    /// The two names of the cap on output tokens say different things.
    #[error("`body.max_tokens` and `body.max_completion_tokens` differ; send one of them")]
    Conflict,
    /// Something that is said plainly and by the body.
    #[error("`{key}` is said by `body` already; take one of them out")]
    Said {
        /// Its name.
        key: &'static str,
    },
}
