//! What is changed in a request on its way out. Facts are always the client's.

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
