//! Who may call, and how a caller is known.

/// One client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name in the policy.
    pub name: String,
    /// Any of these keys is its own; if it has any, nobody is this client without one.
    pub keys: Vec<KeyHash>,
    /// It calls from one of these; if there is none, from anywhere.
    pub from: Vec<Prefix>,
    /// What an unknown key from these addresses means.
    pub auth: Auth,
    /// What `client in TAG` asks for.
    pub tags: Vec<String>,
}

/// What is known of a key. The key itself is nowhere in a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyHash {
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// A file that holds its SHA-256 in hexadecimal digits.
    File(String),
}

/// Addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    /// The first of them, as [`crate::address`] writes it.
    pub first: u128,
    /// How many bits they share, of 128.
    pub bits: u8,
}

impl Prefix {
    /// Whether an address begins with these bits.
    pub fn holds(self, address: u128) -> bool {
        let host = u128::MAX.checked_shr(self.bits.into()).unwrap_or(0);
        address & !host == self.first
    }

    /// Whether nothing is set after the shared bits.
    pub fn is_whole(self) -> bool {
        let host = u128::MAX.checked_shr(self.bits.into()).unwrap_or(0);
        self.bits <= 128 && self.first & host == 0
    }
}

/// What a key means that is no client's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// It is refused.
    Known,
    /// It is a placeholder and is not looked at.
    Ignore,
    /// It is the caller's own key for a provider.
    Caller,
}
