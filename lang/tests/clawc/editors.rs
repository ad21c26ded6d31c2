//! The words that editors colour are the words of the language, all of them and no others.

use std::collections::BTreeSet;

use claw_lang::vocab;
use claw_table::Can;
use claw_table::policy::Cause;
use serde_json::Value;

use crate::root;

fn grammar() -> Value {
    let text = std::fs::read_to_string(root().join("editors/claw.tmLanguage.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The alternatives of a rule: its longest run of words with bars between them.
fn words(grammar: &Value, rule: &str) -> BTreeSet<String> {
    let pattern = grammar["repository"][rule]["match"].as_str().expect(rule);
    let is_of_list = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '|';
    let list = pattern
        .split(|c| !is_of_list(c))
        .max_by_key(|run| run.len())
        .unwrap();
    list.split('|').map(str::to_owned).collect()
}

fn same(rule: &str, lists: &[&[&str]], but: &[&str]) {
    let due = lists
        .iter()
        .copied()
        .flatten()
        .filter(|word| !but.contains(word));
    let mut due: Vec<&str> = due.copied().collect();
    due.sort_unstable();
    due.dedup();
    let given = words(&grammar(), rule);
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    assert_eq!(
        given,
        due,
        "`{rule}` in claw.tmLanguage.json must be: {}",
        due.join("|")
    );
}

#[test]
fn the_grammars_words_are_the_compilers() {
    same(
        "declarations",
        &[vocab::DECLARATIONS, vocab::DECLARATIONS_LATER],
        &[],
    );
    same("arms", &[vocab::ARMS], &[]);
    same("operators", &[vocab::OPERATORS], &[]);
    same("facts", &[vocab::FACTS, vocab::FACTS_LATER], &[]);
    let fields: Vec<&[&str]> = vocab::BLOCKS
        .iter()
        .flat_map(|block| [block.now, block.later])
        .collect();
    same("fields", &fields, &[]);
    let can = Can::ALL.map(Can::word);
    let causes = Cause::ALL.map(Cause::word);
    let other = [
        vocab::SLOT_WORDS,
        vocab::RESERVED,
        vocab::ENDPOINTS,
        vocab::METHODS,
        &can,
        &causes,
    ];
    // These begin arms and declarations, and have the colours of those.
    same("words", &other, &["when", "otherwise", "route"]);
}

#[test]
fn days_of_the_week_have_one_colour() {
    let grammar = grammar();
    let rule = grammar["repository"]["days"]["match"].as_str().unwrap();
    let days = vocab::WEEKDAYS.join("|");
    assert_eq!(rule.matches(&format!("(?:{days})")).count(), 2, "{rule}");
}

#[test]
fn the_grammar_is_whole() {
    let grammar = grammar();
    assert_eq!(grammar["scopeName"], "source.claw");
    assert_eq!(grammar["fileTypes"], serde_json::json!(["claw"]));
    let repository = grammar["repository"].as_object().unwrap();
    let included: BTreeSet<&str> = grammar["patterns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pattern| pattern["include"].as_str().unwrap().trim_start_matches('#'))
        .collect();
    let rules: BTreeSet<&str> = repository.keys().map(String::as_str).collect();
    assert_eq!(
        included, rules,
        "every rule is used, and every used rule is there"
    );
}
