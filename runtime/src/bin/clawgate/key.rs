//! `clawgate key`: keys for clients.

use std::io::{self, Read as _, Write as _};

use claw_runtime::identity::key;

/// Make a key for a client, or the line for one that you have
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print a new key, which is stored nowhere, and the line that lets the policy know it
    New {
        /// The client's name in the policy
        #[arg(default_value = "NAME")]
        client: String,
    },
    /// Read a key from standard input and print the line that lets the policy know it
    Hash {
        /// The client's name in the policy
        #[arg(default_value = "NAME")]
        client: String,
    },
}

/// The longest key that is read.
const KEY_BYTES_MAX: u64 = 4096;

pub(crate) fn run(args: Args) -> Result<(), String> {
    let said = match args.what {
        What::New { client } => {
            let made = key::new().ok_or("the system gives no random numbers")?;
            format!(
                "{made}\n\nThis is the only time the key is shown: give it to the client. In the policy write\n\n{}\n",
                line(&client, made.as_bytes())
            )
        }
        What::Hash { client } => format!("{}\n", line(&client, &given()?)),
    };
    let written = io::stdout().write_all(said.as_bytes());
    written.map_err(|why| why.to_string())
}

fn line(client: &str, key: &[u8]) -> String {
    format!("client {client} {{ key sha256 \"{}\" }}", key::hashed(key))
}

fn given() -> Result<Vec<u8>, String> {
    let mut read = Vec::new();
    let input = io::stdin().take(KEY_BYTES_MAX + 1).read_to_end(&mut read);
    input.map_err(|why| why.to_string())?;
    let key = read.trim_ascii();
    if read.len() as u64 > KEY_BYTES_MAX {
        return Err(format!(
            "this is longer than {KEY_BYTES_MAX} bytes; a key is one line"
        ));
    }
    if key.is_empty() {
        return Err("nothing came; write `printf %s \"$KEY\" | clawgate key hash NAME`".to_owned());
    }
    if !key.iter().all(u8::is_ascii_graphic) {
        return Err(
            "a key is printable ASCII without blanks, or no header can carry it".to_owned(),
        );
    }
    Ok(key.to_owned())
}
