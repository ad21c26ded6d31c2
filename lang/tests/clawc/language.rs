//! The published reference says what is so: its examples compile, its lists are the compiler's.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use claw_lang::codes::{Code, Severity};
use claw_lang::{compile, request, vocab};

use crate::frame::{Block, blocks, complete};

const LANGUAGE: &str = include_str!("../../LANGUAGE.md");
const README: &str = include_str!("../../../README.md");

/// An example of some lines of a block or route, in the block that it leaves out.
fn wrapped(block: &Block) -> Block {
    let text = &block.text;
    let inner = block.info.split_whitespace().find_map(|word| {
        Some(match word {
            "gateway" => format!("gateway {{\n{text}\n}}\n"),
            "provider" => format!(
                "provider a {{\napi openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y\n{text}\n}}\n"
            ),
            "class" => format!("class code {{\n{text}\n}}\n"),
            "arms" => format!("route {{\n{text}\notherwise -> cheap\n}}\n"),
            _ => return None,
        })
    });
    Block {
        info: block.info.clone(),
        text: inner.unwrap_or_else(|| text.clone()),
    }
}

#[test]
fn the_policy_of_the_readme_is_sound() {
    let mut tried = 0;
    for block in blocks(README).iter().filter(|block| block.info == "claw") {
        let source = claw_lang::Source {
            path: "readme.claw".into(),
            text: block.text.clone(),
        };
        let report = compile(vec![source]).report;
        assert_eq!(report.diagnostics().len(), 0, "{}", report.human());
        tried += 1;
    }
    assert!(tried > 0, "the readme shows a policy");
}

#[test]
fn every_example_compiles_or_gives_the_code_it_names() {
    let examples: Vec<Block> = blocks(LANGUAGE)
        .into_iter()
        .filter(|block| block.info.starts_with("claw"))
        .collect();
    assert!(
        examples.len() >= 12,
        "only {} examples were found",
        examples.len()
    );
    for example in &examples {
        let due = example
            .info
            .split("error=")
            .nth(1)
            .map(|code| code.trim().to_owned());
        let report = compile(complete(&wrapped(example))).report;
        let given: BTreeSet<String> = report
            .diagnostics()
            .iter()
            // What a fragment declares, something outside of it may use.
            .filter(|found| found.code != Code::Unused || example.info.contains("whole"))
            .map(|found| found.code.id().to_owned())
            .collect();
        assert_eq!(
            given,
            due.into_iter().collect(),
            "{}\n{}",
            example.text,
            report.human()
        );
    }
}

#[test]
fn every_code_is_listed_with_its_title_and_weight() {
    let mut table = String::from("| code | finding |\n|---|---|\n");
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_key(|code| code.id());
    for code in codes {
        let weight = match code.severity() {
            Severity::Error => "",
            Severity::Warning => " (w)",
            Severity::Note => " (n)",
        };
        writeln!(
            table,
            "| [{0}](codes/{0}.md) | {1}{weight} |",
            code.id(),
            code.title()
        )
        .unwrap();
    }
    assert!(LANGUAGE.contains(&table), "LANGUAGE.md must hold:\n{table}");
}

#[test]
fn every_word_that_is_refused_as_not_yet_is_listed() {
    let mut table = String::from("| where | words |\n|---|---|\n");
    let mut row = |place: &str, words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        if !words.is_empty() {
            writeln!(table, "| {place} | {} |", words.join(" ")).unwrap();
        }
    };
    row("declarations", vocab::DECLARATIONS_LATER);
    for block in vocab::BLOCKS {
        row(&format!("in `{}`", block.block), block.later);
    }
    row("facts", vocab::FACTS_LATER);
    // Without a row there is no table.
    let is_due = table.lines().count() > 2;
    assert_eq!(
        LANGUAGE.contains(&table),
        is_due,
        "LANGUAGE.md must hold, if it has rows:\n{table}"
    );
}

#[test]
fn every_field_and_fact_and_cause_has_a_line() {
    let line = |word: &str| LANGUAGE.contains(&format!("\n| `{word}"));
    for block in vocab::BLOCKS {
        for field in block.now {
            assert!(line(field), "`{field}` of `{}` has no line", block.block);
        }
    }
    for fact in vocab::FACTS {
        assert!(line(fact), "the fact `{fact}` has no line");
    }
    for cause in claw_table::policy::Cause::ALL {
        assert!(
            line(cause.word()),
            "the cause `{}` has no line",
            cause.word()
        );
    }
    for word in vocab::RESERVED.iter().chain(vocab::ENDPOINTS) {
        assert!(
            LANGUAGE.contains(&format!("`{word}`")),
            "`{word}` is not mentioned"
        );
    }
}

#[test]
fn the_example_of_a_request_can_be_read_and_that_of_findings_is_what_check_writes() {
    let json: Vec<Block> = blocks(LANGUAGE)
        .into_iter()
        .filter(|b| b.info == "json")
        .collect();
    let [findings, asked] = &json[..] else {
        panic!("two examples in JSON, not {}", json.len())
    };
    let asked = request::read(&asked.text).unwrap();
    assert_eq!(asked.model.as_deref(), Some("gpt-5.5"));
    assert_eq!(
        asked
            .values(&claw_table::Fact::Header("x-trace".into()))
            .count(),
        2
    );

    let text = "route { otherwise -> coed }\nclass code { primary a/x }\n";
    let block = Block {
        info: String::new(),
        text: text.into(),
    };
    let written = compile(complete(&block)).report.json();
    let members = |text: &str| shape(&serde_json::from_str(text).unwrap());
    let mut due = members(&findings.text);
    let given = members(&written);
    due.retain(|member| !given.contains(member));
    assert_eq!(
        due,
        BTreeSet::new(),
        "LANGUAGE.md names members that check does not write:\n{written}"
    );
}

/// The paths of every member.
fn shape(value: &serde_json::Value) -> BTreeSet<String> {
    fn walk(value: &serde_json::Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(members) => {
                for (key, value) in members {
                    let path = format!("{path}/{key}");
                    walk(value, &path, found);
                    found.insert(path);
                }
            }
            serde_json::Value::Array(values) => {
                for value in values {
                    walk(value, path, found);
                }
            }
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(value, "", &mut found);
    found
}
