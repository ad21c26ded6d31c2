//! Keys of clients: made here, known everywhere else by their hash alone.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// What begins every key that is made here, so that scanners for secrets find it.
pub const BEGINNING: &str = "claw-";

/// Neither case nor any sign that ends a word: a key is copied by a double click.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A key of 260 random bits; nothing where the system gives none.
pub fn new() -> Option<String> {
    let mut bytes = [0; 52];
    SystemRandom::new().fill(&mut bytes).ok()?;
    let letters = bytes.iter().map(|byte| usize::from(byte % 32));
    let letters = letters.filter_map(|letter| ALPHABET.get(letter));
    let letters = letters.map(|letter| char::from(*letter));
    Some(BEGINNING.chars().chain(letters).collect())
}

/// The SHA-256 of a key.
pub fn hash(key: &[u8]) -> [u8; 32] {
    digest(&SHA256, key).as_ref().try_into().unwrap_or_default()
}

/// The SHA-256 of a key, as a policy writes it.
pub fn hashed(key: &[u8]) -> String {
    hash(key).iter().fold(String::new(), |mut text, byte| {
        // A `String` takes whatever is written to it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{hashed, new};

    #[test]
    fn keys_differ_and_fit_into_a_header() {
        let (one, other) = (new().unwrap(), new().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 57);
        assert!(one.bytes().all(|byte| byte.is_ascii_graphic()));
    }

    #[test]
    fn a_hash_is_what_every_other_tool_makes_of_it() {
        assert_eq!(
            hashed(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
