//! Provider keys: found by the reference that the policy carries, shown to nobody.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use claw_table::policy::Secret;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// The longest secret file read.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// A provider's key. It is wiped when dropped, and neither `Debug` nor any error shows its text.
#[derive(Debug, Clone)]
pub struct Key(SecretString);

/// Why a key cannot be had. Names the reference, never the value.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// The variable is not there.
    #[error("the environment variable `{0}` is not set; set it where the gateway is started")]
    EnvUnset(String),
    /// The variable is there and holds nothing.
    #[error("the environment variable `{0}` is empty; put the key in it")]
    EnvEmpty(String),
    /// The file cannot be read.
    #[error("the key file `{path}` cannot be read ({why}); check the path and its permissions")]
    FileUnreadable {
        /// As the policy writes it.
        path: String,
        /// What the operating system said.
        why: io::Error,
    },
    /// The file holds nothing.
    #[error("the key file `{0}` is empty; put the key in it")]
    FileEmpty(String),
    /// The value cannot be put into a header.
    #[error("the value of {0} holds a line end or another control character; keep only the key")]
    NotAKey(String),
    /// The file holds no hash.
    #[error(
        "the file `{0}` holds no SHA-256; write the 64 digits that `printf %s \"$KEY\" | sha256sum` \
        prints"
    )]
    NotAHash(String),
}

/// Where references lead: the environment and the policy's folder.
#[derive(Clone)]
pub struct Vault {
    folder: PathBuf,
    env: fn(&str) -> Option<String>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Secrets of this process's environment; files stand relative to `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, env }
    }

    /// As [`Vault::new`], with another environment.
    pub fn with_env(folder: PathBuf, env: fn(&str) -> Option<String>) -> Self {
        Self { folder, env }
    }

    /// Where a file that the policy names really is.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// The key behind a reference; nothing where the policy says `none`.
    pub fn key(&self, secret: &Secret) -> Result<Option<Key>, NoKey> {
        let (text, name) = match secret {
            Secret::None => return Ok(None),
            Secret::Env(name) => {
                let text = (self.env)(name).ok_or_else(|| NoKey::EnvUnset(name.clone()))?;
                if text.is_empty() {
                    return Err(NoKey::EnvEmpty(name.clone()));
                }
                (text, format!("the environment variable `{name}`"))
            }
            Secret::File(file) => {
                let text = self.file(file)?;
                if text.is_empty() {
                    return Err(NoKey::FileEmpty(file.clone()));
                }
                (text, format!("the key file `{file}`"))
            }
        };
        let key = Key(text.into());
        if HeaderValue::from_str(key.0.expose_secret()).is_err() {
            return Err(NoKey::NotAKey(name));
        }
        Ok(Some(key))
    }

    /// The SHA-256 that a file holds in hexadecimal digits, as `sha256sum` writes it.
    pub fn hash(&self, file: &str) -> Result<[u8; 32], NoKey> {
        let text = self.file(file)?;
        let digits = text.split_ascii_whitespace().next();
        let digits = digits.ok_or_else(|| NoKey::FileEmpty(file.to_owned()))?;
        let hash = blake3::Hash::from_hex(digits);
        // What 32 bytes in hexadecimal digits are is the same for every hash.
        let hash = hash.map_err(|_| NoKey::NotAHash(file.to_owned()))?;
        Ok(*hash.as_bytes())
    }

    fn file(&self, file: &str) -> Result<String, NoKey> {
        let read = regular_file(&self.path(file), SECRET_BYTES_MAX).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text"))
        });
        let mut text = read.map_err(|why| NoKey::FileUnreadable {
            path: file.to_owned(),
            why,
        })?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }
}

impl Key {
    /// `authorization: Bearer …`, marked so that hyper and `Debug` keep it to themselves.
    pub fn bearer(&self) -> Option<HeaderValue> {
        sensitive(&format!("Bearer {}", self.0.expose_secret()))
    }

    /// The key alone, marked in the same way.
    pub fn plain(&self) -> Option<HeaderValue> {
        sensitive(self.0.expose_secret())
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The bytes of a regular file of at most `bytes_max`. Anything that could hang or never end (a
/// pipe, a device) is refused before it is opened.
pub fn regular_file(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > bytes_max {
        return Err(io::Error::other(format!(
            "it is longer than {bytes_max} bytes"
        )));
    }
    Ok(bytes)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads secrets from the environment"
)]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use claw_table::policy::Secret;

    use super::{NoKey, Vault};

    fn env(name: &str) -> Option<String> {
        match name {
            "GOOD" => Some("sk-canary".to_owned()),
            "EMPTY" => Some(String::new()),
            "TWO_LINES" => Some("sk-canary\nx".to_owned()),
            _ => None,
        }
    }

    fn bearer(vault: &Vault, secret: &Secret) -> Result<String, NoKey> {
        let value = vault.key(secret)?.unwrap().bearer().unwrap();
        assert!(value.is_sensitive());
        Ok(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_key_is_read_from_environment_or_file_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::with_env(folder.path().to_owned(), env);
        assert_eq!(
            bearer(&vault, &Secret::Env("GOOD".to_owned())).unwrap(),
            "Bearer sk-canary"
        );
        for (file, text) in [
            ("a", "sk-canary"),
            ("b", "sk-canary\n"),
            ("c", "sk-canary\r\n"),
        ] {
            fs::write(folder.path().join(file), text).unwrap();
            let secret = Secret::File(file.to_owned());
            assert_eq!(bearer(&vault, &secret).unwrap(), "Bearer sk-canary");
        }
        assert!(vault.key(&Secret::None).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_its_name_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty"), "\n").unwrap();
        fs::write(folder.path().join("lines"), "sk-canary\nsk-canary\n").unwrap();
        fs::write(folder.path().join("long"), "x".repeat(70_000)).unwrap();
        let vault = Vault::with_env(folder.path().to_owned(), env);
        let said: Vec<String> = [
            Secret::Env("UNSET".to_owned()),
            Secret::Env("EMPTY".to_owned()),
            Secret::Env("TWO_LINES".to_owned()),
            Secret::File("missing".to_owned()),
            Secret::File("empty".to_owned()),
            Secret::File("lines".to_owned()),
            Secret::File("long".to_owned()),
            Secret::File(".".to_owned()),
        ]
        .iter()
        .map(|secret| vault.key(secret).unwrap_err().to_string())
        .collect();
        let said = said.join("\n");
        assert!(!said.contains("sk-canary"));
        insta::assert_snapshot!(said, @r"
        the environment variable `UNSET` is not set; set it where the gateway is started
        the environment variable `EMPTY` is empty; put the key in it
        the value of the environment variable `TWO_LINES` holds a line end or another control character; keep only the key
        the key file `missing` cannot be read (No such file or directory (os error 2)); check the path and its permissions
        the key file `empty` is empty; put the key in it
        the value of the key file `lines` holds a line end or another control character; keep only the key
        the key file `long` cannot be read (it is longer than 65536 bytes); check the path and its permissions
        the key file `.` cannot be read (it is not a regular file); check the path and its permissions
        ");
    }

    #[test]
    fn debug_shows_no_key() {
        let vault = Vault::with_env(".".into(), env);
        let key = vault.key(&Secret::Env("GOOD".to_owned())).unwrap().unwrap();
        let shown = format!("{key:?} {:?} {vault:?}", key.bearer());
        assert!(!shown.contains("canary"), "{shown}");
    }
}
