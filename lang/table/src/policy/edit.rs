//! What is changed in a request on its way out. Facts are always the client's.

use super::Policy;

/// One change of the outgoing copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The header gets this value, whatever the client sent. Names are in lower case.
    SetHeader((String, String)),
    /// The header gets this value if the client sent none.
    DefaultHeader((String, String)),
    /// The header is not sent.
    UnsetHeader(String),
    /// The member of the body gets this value.
    SetMember(MemberEdit),
    /// The member of the body gets this value if the client sent none.
    DefaultMember(MemberEdit),
    /// The member of the body is not sent.
    UnsetMember(MemberPath),
}

/// A member of the body and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEdit {
    /// Which member.
    pub path: MemberPath,
    /// Its value, as JSON.
    pub json: String,
}

/// A member of the body, or a member of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPath {
    /// The member of the body.
    pub name: String,
    /// The member of that one.
    pub inner: Option<String>,
}

impl MemberPath {
    /// The member as a JSON pointer. Neither name holds `/` or `~`.
    pub fn pointer(&self) -> String {
        match &self.inner {
            None => format!("/{}", self.name),
            Some(inner) => format!("/{}/{inner}", self.name),
        }
    }
}

impl Edit {
    /// The member it is about, if it is about one.
    pub fn member(&self) -> Option<&MemberPath> {
        match self {
            Self::SetMember(edit) | Self::DefaultMember(edit) => Some(&edit.path),
            Self::UnsetMember(path) => Some(path),
            Self::SetHeader(_) | Self::DefaultHeader(_) | Self::UnsetHeader(_) => None,
        }
    }
}

impl Policy {
    /// Every member of a body that is changed on its way out, as JSON pointers; the cap on output
    /// under both of its names.
    pub fn changed(&self) -> impl Iterator<Item = String> {
        let classes = self.classes.iter().flat_map(|class| &class.edits);
        let providers = self.providers.iter().flat_map(|provider| &provider.edits);
        let members = classes.chain(providers).filter_map(Edit::member);
        members.flat_map(|path| match (path.name.as_str(), &path.inner) {
            ("max_tokens" | "max_completion_tokens", None) => vec![
                "/max_tokens".to_owned(),
                "/max_completion_tokens".to_owned(),
            ],
            _ => vec![path.pointer()],
        })
    }
}
