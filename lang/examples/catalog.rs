//! Writes the built-in catalogs from a file of prices and capabilities.
//!
//! ```sh
//! cargo run -p claw-lang --example catalog -- models.json policies/catalog
//! ```
//!
//! Every number comes from the file. What it leaves open is settled here, always on the dear side:
//! a condition that it gives no separate numbers for (a tier in a long context, a coming price in a
//! tier) is the product of those it does give; a cache that it gives no price of writing for is
//! written to at the price of fresh input where the provider is known to ask no more, and else at a
//! quarter more, for an hour at twice the price.

#![expect(clippy::print_stderr, reason = "it is a command")]

#[path = "catalog/entry.rs"]
mod entry;
#[path = "catalog/priced.rs"]
mod priced;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use self::entry::{Entry, Shelf};
use claw_lang::Source;
use claw_lang::format::{Outcome, format};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [data, folder] = args.as_slice() else {
        return Err("write: catalog models.json FOLDER".into());
    };
    for (name, text) in catalogs(&std::fs::read_to_string(data)?)? {
        let path = Path::new(folder).join(format!("{name}.claw"));
        std::fs::write(&path, text)?;
        eprintln!("{}", path.display());
    }
    Ok(())
}

/// The text of each catalog by its name.
pub(crate) fn catalogs(data: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let shelf: Shelf = serde_json::from_str(data)?;
    let mut by_provider: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &shelf.models {
        by_provider.entry(&entry.provider).or_default().push(entry);
    }
    let mut texts = BTreeMap::new();
    for (provider, entries) in by_provider {
        let text = text(provider, &shelf.snapshot, &entries)?;
        let source = Source {
            path: format!("{provider}.claw"),
            text,
        };
        texts.insert(provider.to_owned(), formatted(source)?);
    }
    Ok(texts)
}

fn text(provider: &str, snapshot: &str, entries: &[&Entry]) -> Result<String, Box<dyn Error>> {
    let mut out = String::from(
        "# Written by `cargo run -p claw-lang --example catalog`; do not edit.\n\
         # What differs for you stands in a `model` of your provider.\n",
    );
    let left_out: Vec<&str> = entries
        .iter()
        .filter(|entry| !entry.chats())
        .map(|entry| entry.id.as_str())
        .collect();
    if !left_out.is_empty() {
        let list = left_out.join(", ");
        writeln!(out, "# Left out, since they answer no chats: {list}.")?;
    }
    writeln!(out, "catalog {provider} {{\nsnapshot {snapshot}\n")?;
    for entry in entries.iter().filter(|entry| entry.chats()) {
        out.push_str(&entry.written()?);
    }
    out.push_str("}\n");
    Ok(out)
}

/// What `clawc fmt` makes of it.
fn formatted(source: Source) -> Result<String, Box<dyn Error>> {
    let text = source.text.clone();
    let formatted = format(&[source])?;
    match formatted.files.into_iter().next() {
        Some(Outcome::Changed(changed)) => Ok(changed),
        Some(Outcome::Same) => Ok(text),
        Some(Outcome::Unread) | None => Err(formatted.report.human().into()),
    }
}
