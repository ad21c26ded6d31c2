//! The fuzz bodies on a stable toolchain: each runs its corpus and 20 000 mutations of it.
//!
//! `fuzz/` runs the same bodies under a coverage-guided fuzzer; what that finds becomes a file in
//! `tests/fuzz/corpus/`, and so a case here for good.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "fuzz/framer.rs"]
mod framer;
#[path = "fuzz/parse.rs"]
mod parse;
#[path = "fuzz/peek.rs"]
mod peek;
#[path = "fuzz/table.rs"]
mod table;

const GENERATED: usize = 20_000;
const INPUT_BYTES_MAX: usize = 8 * 1024;

#[test]
fn framer_holds_on_twenty_thousand_inputs() {
    let words: &[&[u8]] = &[
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\r",
        b"data: ",
        b"data",
        b":",
        b"\xEF\xBB\xBF",
    ];
    run("framer", &corpus("framer"), words, framer::framer);
}

#[test]
fn peek_holds_on_twenty_thousand_inputs() {
    let words: &[&[u8]] = &[
        b"\"model\"",
        b"\\u006d",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"1e9",
        b"null",
    ];
    run("peek", &corpus("peek"), words, peek::peek);
}

#[test]
fn parse_holds_on_twenty_thousand_inputs() {
    let mut seeds = corpus("parse");
    policies(&root().join("examples"), &mut seeds);
    let words: &[&[u8]] = &[
        b"{", b"}", b"->", b"when ", b" and ", b"(", b")", b"\"", b"\n", b"#", b"30s", b"$1/M",
    ];
    run("parse", &seeds, words, parse::parse);
}

#[test]
fn table_holds_on_twenty_thousand_inputs() {
    let mut seeds = corpus("table");
    let sources = claw_lang::read_folder(&root().join("examples/quickstart")).unwrap();
    let compiled = claw_lang::compile(sources);
    seeds.push(compiled.table.expect("the example compiles"));
    run(
        "table",
        &seeds,
        &[b"\0\0\0\0", b"\xFF\xFF\xFF\xFF", b"\x01"],
        table::table,
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let folder = root().join("tests/fuzz/corpus").join(target);
    for entry in fs::read_dir(folder).into_iter().flatten() {
        seeds.push(fs::read(entry.unwrap().path()).unwrap());
    }
    seeds
}

fn policies(folder: &Path, seeds: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            policies(&path, seeds);
        } else if path.extension().is_some_and(|e| e == "claw") {
            seeds.push(fs::read(path).unwrap());
        }
    }
}

fn run(target: &str, seeds: &[Vec<u8>], words: &[&[u8]], body: fn(&[u8])) {
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in seeds {
        body(seed);
    }
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for _ in 0..GENERATED {
        body(&mutated(seeds, words, &mut dice));
    }
}

/// A seed, or two spliced together, with a few small wounds.
fn mutated(seeds: &[Vec<u8>], words: &[&[u8]], dice: &mut Dice) -> Vec<u8> {
    let mut input = seeds[dice.below(seeds.len())].clone();
    if dice.below(4) == 0 {
        let other = &seeds[dice.below(seeds.len())];
        input.truncate(dice.below(input.len() + 1));
        input.extend_from_slice(&other[dice.below(other.len() + 1)..]);
    }
    if dice.below(2) == 0 {
        let start = dice.below(input.len() + 1);
        let length = dice.below(512);
        input = input.into_iter().skip(start).take(length).collect();
    }
    input.truncate(INPUT_BYTES_MAX);
    for _ in 0..=dice.below(6) {
        let at = dice.below(input.len() + 1);
        match dice.below(5) {
            0 if at < input.len() => input[at] ^= 1 << dice.below(8),
            1 if at < input.len() => input[at] = dice.below(256) as u8,
            2 if at < input.len() => {
                let end = (at + 1 + dice.below(16)).min(input.len());
                input.drain(at..end);
            }
            3 => input.insert(at, dice.below(256) as u8),
            _ => {
                let word = words[dice.below(words.len())];
                input.splice(at..at, word.iter().copied());
            }
        }
    }
    input
}

/// A seeded source of choices, so that a failure is found again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}
