//! What a policy's `set` and `unset` change in a request: read once when a table is loaded,
//! done to the copy that leaves.
//!
//! ```text
//! client's body ─class→ ─(translation)→ ─provider→ what leaves     each step is read again
//! ```
//!
//! A class speaks the client's protocol, so what it changes is translated like the rest; a provider
//! speaks its own, and has the last word.

use claw_table::ClassId;
use claw_table::ProviderId;
use claw_table::decimal;
use claw_table::policy::{Edit as Written, MemberPath, Policy};
use http::{HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;

use super::edit::{Edit, Path};
use super::endpoint::Endpoint;
use super::peek::{Cap, Found, Peek, Pointers};

/// Every change of a policy.
#[derive(Debug, Default)]
pub struct Changes {
    classes: Vec<Change>,
    providers: Vec<Change>,
}

/// What one class or one provider changes.
#[derive(Debug, Default)]
pub struct Change {
    members: Vec<Member>,
    headers: Vec<Header>,
}

#[derive(Debug)]
struct Member {
    path: MemberPath,
    does: Does,
}

#[derive(Debug)]
enum Does {
    Set(String),
    Default(String),
    Unset,
}

#[derive(Debug)]
enum Header {
    Set(HeaderName, HeaderValue),
    Default(HeaderName, HeaderValue),
    Unset(HeaderName),
}

/// The edits of one body.
pub type Edits<'e> = SmallVec<[Edit<'e>; 4]>;

/// A header that cannot stand in a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the header `{0}` that the policy changes has a name or value that HTTP does not allow")]
pub struct NoHeader(pub String);

impl Changes {
    /// What `policy` changes.
    ///
    /// # Errors
    /// A header has a name or a value that HTTP does not allow, which the compiler rules out.
    pub fn of(policy: &Policy) -> Result<Self, NoHeader> {
        let classes = policy.classes.iter().map(|class| &class.edits);
        let providers = policy.providers.iter().map(|provider| &provider.edits);
        Ok(Self {
            classes: each(classes)?,
            providers: each(providers)?,
        })
    }

    /// What a class changes, if it changes anything.
    pub fn class(&self, class: ClassId) -> Option<&Change> {
        some(self.classes.get(class.index()))
    }

    /// What a provider changes, if it changes anything.
    pub fn provider(&self, provider: ProviderId) -> Option<&Change> {
        some(self.providers.get(provider.index()))
    }
}

fn some(change: Option<&Change>) -> Option<&Change> {
    change.filter(|change| !change.members.is_empty() || !change.headers.is_empty())
}

/// The changes of each block; none at all where no block has any.
fn each<'p>(blocks: impl Iterator<Item = &'p Vec<Written>>) -> Result<Vec<Change>, NoHeader> {
    let changes: Vec<Change> = blocks
        .map(|edits| Change::of(edits))
        .collect::<Result<_, _>>()?;
    let changes = if changes.iter().all(|change| some(Some(change)).is_none()) {
        Vec::new()
    } else {
        changes
    };
    Ok(changes)
}

impl Change {
    fn of(edits: &[Written]) -> Result<Self, NoHeader> {
        let mut change = Self::default();
        for edit in edits {
            match edit {
                Written::SetMember(edit) => {
                    change.member(&edit.path, Does::Set(edit.json.clone()));
                }
                Written::DefaultMember(edit) => {
                    change.member(&edit.path, Does::Default(edit.json.clone()));
                }
                Written::UnsetMember(path) => change.member(path, Does::Unset),
                Written::SetHeader(pair) => {
                    let (name, value) = header(pair)?;
                    change.headers.push(Header::Set(name, value));
                }
                Written::DefaultHeader(pair) => {
                    let (name, value) = header(pair)?;
                    change.headers.push(Header::Default(name, value));
                }
                Written::UnsetHeader(name) => {
                    let (name, _) = header(&(name.clone(), String::new()))?;
                    change.headers.push(Header::Unset(name));
                }
            }
        }
        Ok(change)
    }

    fn member(&mut self, path: &MemberPath, does: Does) {
        self.members.push(Member {
            path: path.clone(),
            does,
        });
    }

    /// Adds the edits of a body that asks for `endpoint` and of which `found` is known.
    ///
    /// A cap on output is set under the name that it has there. A token count has no use for what is
    /// set, and its providers refuse it, so that there members are only taken out.
    pub fn edits<'c>(&'c self, endpoint: Endpoint, found: &Peek, edits: &mut Edits<'c>) {
        for member in &self.members {
            let value = match &member.does {
                Does::Unset => {
                    edits.push(Edit::Remove(path(&member.path)));
                    continue;
                }
                Does::Set(_) | Does::Default(_) if endpoint == Endpoint::CountTokens => continue,
                Does::Set(value) | Does::Default(value) => value.as_str(),
            };
            let is_cap = CAPS.contains(&member.path.name.as_str()) && member.path.inner.is_none();
            let names = if is_cap { caps(found.cap) } else { &[] };
            let paths: SmallVec<[Path<'c>; 2]> = if names.is_empty() {
                SmallVec::from_iter([path(&member.path)])
            } else {
                names.iter().map(|name| Path::Member(name)).collect()
            };
            edits.extend(paths.into_iter().map(|path| match member.does {
                Does::Default(_) => Edit::Default(path, value.into()),
                Does::Set(_) | Does::Unset => Edit::Set(path, value.into()),
            }));
        }
    }

    /// Whether it asks for several answers, or for one of another form than text.
    pub fn shapes_the_answer(&self) -> bool {
        self.members.iter().any(|member| {
            !matches!(member.does, Does::Unset) && SHAPES.contains(&member.path.name.as_str())
        })
    }

    /// Whether any member is changed.
    pub fn has_members(&self) -> bool {
        !self.members.is_empty()
    }

    /// Changes the head of a request. What is set by default gives way to what the client sent,
    /// which then goes along: the policy names it.
    pub fn head(&self, client: &HeaderMap, leaving: &mut HeaderMap) {
        for header in &self.headers {
            match header {
                Header::Set(name, value) => {
                    leaving.insert(name.clone(), value.clone());
                }
                Header::Unset(name) => {
                    leaving.remove(name);
                }
                Header::Default(name, _) if leaving.contains_key(name) => {}
                Header::Default(name, value) => {
                    let mut theirs = client.get_all(name).iter();
                    leaving.insert(name.clone(), theirs.next().unwrap_or(value).clone());
                    for more in theirs {
                        leaving.append(name.clone(), more.clone());
                    }
                }
            }
        }
    }
}

/// Whether a body in which `found` was read says what these edits meant.
pub fn hold(edits: &[Edit<'_>], (body, found): (&[u8], &Peek), pointers: &Pointers) -> bool {
    edits.iter().all(|edit| {
        let (path, value) = match edit {
            Edit::Replace(..) | Edit::Insert(..) => return true,
            Edit::Set(path, value) => (path, Some((value, false))),
            Edit::Default(path, value) => (path, Some((value, true))),
            Edit::Remove(path) => (path, None),
        };
        let pointer = match path {
            Path::Member(name) => format!("/{name}"),
            Path::Inner(outer, name) => format!("/{outer}/{name}"),
        };
        // What the gateway itself sets is no member that a policy may ask for or change.
        let Some(number) = pointers.number(&pointer) else {
            return true;
        };
        let there = found.found.get(number).and_then(Option::as_ref);
        match (there, value) {
            (None, None) => true,
            (Some(there), Some((value, is_default))) => {
                is_default && *there != Found::Null || says(there, value, body)
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    })
}

/// Whether what was found is this JSON value.
fn says(found: &Found, json: &str, body: &[u8]) -> bool {
    match found {
        Found::Null => json == "null",
        Found::Flag(flag) => json == if *flag { "true" } else { "false" },
        Found::Number(rank) => decimal::rank(json.as_bytes()) == Some(*rank),
        Found::Text(range, _) => {
            let inside = json
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'));
            inside.map(str::as_bytes) == body.get(range.clone())
        }
        Found::Nested => false,
    }
}

/// Members that say how many answers there are and what form they have, in any protocol.
const SHAPES: [&str; 5] = [
    "n",
    "response_format",
    "text",
    "output_config",
    "generationConfig",
];

const CAPS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// The names under which a body has a cap on output.
fn caps(cap: Option<Cap>) -> &'static [&'static str] {
    match cap {
        None => &[],
        Some(Cap::Tokens) => &["max_tokens"],
        Some(Cap::CompletionTokens) => &["max_completion_tokens"],
        Some(Cap::Both) => &CAPS,
    }
}

fn path(path: &MemberPath) -> Path<'_> {
    match &path.inner {
        None => Path::Member(&path.name),
        Some(inner) => Path::Inner(&path.name, inner),
    }
}

fn header((name, value): &(String, String)) -> Result<(HeaderName, HeaderValue), NoHeader> {
    let read = (HeaderName::try_from(name), HeaderValue::try_from(value));
    match read {
        (Ok(name), Ok(value)) => Ok((name, value)),
        // The value may be a secret that somebody wrote into a policy.
        _ => Err(NoHeader(name.clone())),
    }
}
