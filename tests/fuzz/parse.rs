//! Any text at all: the tokens are the text, every finding lies inside it, and what is understood
//! survives being printed and formatted.

use std::sync::Arc;

use claw_lang::format::{Outcome, format};
use claw_lang::report::Report;
use claw_lang::source::Source;
use claw_lang::syntax::{lexer, parse as read, print};

pub fn parse(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut at = 0;
    for token in lexer::lex(0, &text) {
        assert_eq!(token.span.start, at, "tokens leave no gap");
        assert!(token.span.end > at, "no token is empty");
        at = token.span.end;
    }
    assert_eq!(at as usize, text.len(), "tokens reach the end");
    #[cfg(fuzzing)]
    assert_eq!(
        lexer::lex(0, &text),
        lexer::by_grammar::lex(0, &text),
        "the grammar cuts the same tokens"
    );

    let sources = vec![Source {
        path: "fuzz.claw".into(),
        text: text.clone(),
    }];
    let compiled = claw_lang::compile(sources.clone());
    assert_eq!(
        compiled.table.is_some(),
        compiled.report.is_sound(),
        "a table or an error"
    );
    for found in compiled.report.diagnostics() {
        for label in std::iter::once(&found.primary).chain(&found.others) {
            let (start, end) = (label.span.start as usize, label.span.end as usize);
            assert!(
                text.get(start..end).is_some(),
                "{} lies inside the text",
                found.message
            );
        }
    }
    // Drawing is part of what a bad policy meets.
    let drawn = compiled.report.human();
    assert!(!drawn.is_empty());

    let mut report = Report::new(Arc::from(sources));
    let parsed = read(0, &text, &mut report);
    if parsed.is_whole {
        let once = print(&parsed.file);
        let mut report = Report::new(Arc::from(Vec::<Source>::new()));
        let again = read(0, &once, &mut report);
        assert!(again.is_whole, "what is printed reads back: {once}");
        assert_eq!(print(&again.file), once, "printing twice changes nothing");
    }
    formatted(&text, compiled.table.as_deref());
}

/// Whatever can be read can be formatted, does what it did, and is not changed again.
fn formatted(text: &str, table: Option<&[u8]>) {
    let one = |text: &str| {
        vec![Source {
            path: "fuzz.claw".into(),
            text: text.into(),
        }]
    };
    let made = format(&one(text)).unwrap_or_else(|slip| panic!("{slip}\n{text}"));
    let Some(Outcome::Changed(after)) = made.files.first() else {
        return;
    };
    // The formatter compares what it could not compile by its findings; here only tables count.
    if let Some(table) = table {
        let behaviour = |table: &[u8]| {
            let table = claw_table::Table::open(table).expect("what is built opens");
            table.about().behaviour
        };
        let again = claw_lang::compile(one(after)).table;
        let again = again.expect("what was compiled still compiles");
        assert_eq!(
            behaviour(table),
            behaviour(&again),
            "the digest stays: {after}"
        );
    }
    let twice = format(&one(after)).expect("what was formatted can be formatted");
    assert_eq!(twice.files, [Outcome::Same], "{after}");
}
