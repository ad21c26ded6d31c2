//! Formatting: what it makes of bad manners, and what it never changes.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what stands between words is disturbed"
)]

use claw_lang::format::{Outcome, format};
use claw_lang::syntax::lexer::{Kind, lex};
use claw_lang::syntax::print;
use claw_lang::{Source, compile};
use claw_table::Table;
use proptest::prelude::*;

use crate::one;
use crate::print::{item, read, strip};

/// The formatted text, after everything that must hold of it was proved without the formatter's
/// own guards.
fn formatted(text: &str) -> String {
    let made = format(&one(text)).unwrap_or_else(|slip| panic!("{slip}:\n{text}"));
    let [outcome] = &made.files[..] else {
        panic!("one file, one outcome")
    };
    let after = match outcome {
        Outcome::Same => text.to_owned(),
        Outcome::Changed(after) => after.clone(),
        Outcome::Unread => panic!("cannot be read: {text}\n{}", made.report.human()),
    };
    assert_eq!(words(text), words(&after), "{text}");
    assert_eq!(comments(text), comments(&after), "{text}");
    let ((mut before_tree, _), (mut after_tree, _)) = (read(text), read(&after));
    strip(&mut before_tree);
    strip(&mut after_tree);
    assert_eq!(before_tree, after_tree, "{text}");
    let again = format(&one(&after)).unwrap();
    assert_eq!(again.files, [Outcome::Same], "{after}");
    for line in after.lines() {
        assert_eq!(
            line.trim_end_matches([' ', '\t']),
            line,
            "no blanks at the end"
        );
    }
    assert!(!after.contains('\r') && !after.ends_with("\n\n") && !after.starts_with('\n'));
    after
}

fn words(text: &str) -> Vec<&str> {
    let tokens = lex(0, text).into_iter();
    tokens
        .filter(|token| !token.kind.is_trivia() && token.kind != Kind::Semicolon)
        .map(|token| token.span.of(text))
        .collect()
}

fn comments(text: &str) -> Vec<&str> {
    let tokens = lex(0, text).into_iter();
    tokens
        .filter(|token| matches!(token.kind, Kind::Comment | Kind::Doc))
        .map(|token| token.span.of(text).trim_end_matches([' ', '\t']))
        .collect()
}

#[test]
fn fixtures() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/format");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 4);
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        insta::assert_snapshot!(name, formatted(&text));
    }
}

#[test]
fn line_ends_of_other_systems_and_a_byte_order_mark_are_gone() {
    let unix = "# c\npolicy p\nclass c {\n  primary a/x\n}\n";
    for end in ["\r\n", "\r"] {
        let text = format!("\u{FEFF}{}", unix.replace('\n', end));
        assert_eq!(formatted(&text), unix, "{end:?}");
    }
    // In a text they are escapes, and stay.
    let text = "policy p\r\nclass c { primary \"\\u{d}\\n\" }";
    assert_eq!(
        formatted(text),
        "policy p\nclass c { primary \"\\u{d}\\n\" }\n"
    );
}

#[test]
fn what_ends_only_by_a_semicolon_keeps_it() {
    for text in [
        "policy and; class x { a or; b not; deny c; d }",
        "class x {\n  a or;\n  b\n}\nclass y { c not # why\n}",
        "class x {\n  y { a };\n  deny b\n}\n",
        "class x {\n  a;\n  ## doc\n  deny b\n  c\n}\n",
        "class x {\n  a or\n  # c\n}\n",
        "; ## no documentation\npolicy p # c\n; ## nor this\nclass x { # d\n; ## nor this\n a }",
        "## of nothing\n;\n\npolicy p",
        "class x {\n  a or\n  ## of nothing\n;; # c\n;\n  b\n}",
        "class or # c\n # d\n { a }",
    ] {
        formatted(text);
    }
    assert_eq!(
        formatted("policy and\n;\n\nclass x {\n a or; deny c\n}"),
        "policy and;\n\n\nclass x {\n  a or; deny c\n}\n"
    );
}

#[test]
fn a_comment_that_moves_to_a_line_of_its_own_has_none_under_it() {
    assert_eq!(
        formatted("class c {} # behind\n;    # one\n     # two\n"),
        format!("{:41}# behind\n# one\n# two\n", "class c {}")
    );
}

#[test]
fn an_empty_file_stays_empty_and_blank_lines_at_its_ends_go() {
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n\n  \n"), "");
    assert_eq!(formatted("\n\n# c"), "# c\n");
    assert_eq!(formatted("policy p"), "policy p\n");
}

#[test]
fn a_file_that_cannot_be_read_is_left_alone_and_the_others_are_not() {
    let file = |path: &str, text: &str| Source {
        path: path.into(),
        text: text.into(),
    };
    let made = format(&[
        file("a.claw", "policy  p"),
        file("b.claw", "class c {\n  x: 1\n"),
    ]);
    let made = made.unwrap();
    assert_eq!(
        made.files,
        [Outcome::Changed("policy p\n".into()), Outcome::Unread]
    );
    let report = made.report.human();
    assert!(
        report.contains("b.claw:1:9") && !report.contains("a.claw"),
        "{report}"
    );
}

#[test]
fn a_width_is_measured_without_columns_and_decides_once() {
    let block = |name: &str| format!("class {name} {{ primary a/x; fallback b/y }}\n");
    // 36 columns stand around the name, and 120 are allowed.
    let (fits, breaks) = ("n".repeat(84), "n".repeat(85));
    assert_eq!(block("").len() - 1, 36);
    assert_eq!(formatted(&block(&fits)), block(&fits));
    assert_eq!(
        formatted(&block(&breaks)),
        format!("class {breaks} {{\n  primary  a/x\n  fallback b/y\n}}\n")
    );
}

#[test]
fn brackets_as_deep_as_the_parser_goes_are_formatted() {
    let text = format!("class {}{}", "x {\n".repeat(63), "}".repeat(63));
    assert!(formatted(&text).contains(&format!("\n{}x {{}}\n", " ".repeat(124))));
    let text = format!("let a = {}b{}", "( ".repeat(64), " )".repeat(64));
    assert_eq!(
        formatted(&text),
        format!("let a = {}b{}\n", "(".repeat(64), ")".repeat(64))
    );
}

#[test]
fn much_of_one_thing_is_formatted_in_one_pass() {
    let many = |part: &str| part.repeat(50_000 / part.len());
    for text in [
        format!("policy p\n{}{}", many("# c\n"), many(";")),
        format!("policy p\n{}{}", many("## d\n"), many(";\n")),
        format!("class {}{{}}\n{}", many("a "), many("class a {}\n")),
        format!("class x {{ {} }}", many("a 1;")),
        format!("class x {{\n{}}}", many("a b # c\n")),
        format!("class x {{ a b{} }}", many(",\n b")),
        format!("let a = {}", many("\"b\", # c\n")) + "\"c\"",
    ] {
        formatted(&text);
    }
}

/// Whether a comparison of two policies finds nothing.
fn same(old: &str, new: &str) -> bool {
    let checked = [claw_lang::check(one(old)), claw_lang::check(one(new))];
    let [old, new] = checked.each_ref().map(|side| claw_lang::diff::Side {
        model: side.model.as_ref().expect("a sound policy"),
        report: &side.report,
    });
    claw_lang::diff::diff(old, new)
        .expect("a small policy")
        .is_empty()
}

/// A text with other blanks, line ends and comments between its words. Each number chooses once.
fn disturbed(text: &str, choices: &[u8]) -> String {
    const BLANKS: &[&str] = &[" ", "  ", "\t", " ", "   \t "];
    const ENDS: &[&str] = &[
        "\n",
        "\r\n",
        "\n\n",
        "\n\n\n\n",
        "\r",
        "; ",
        ";\n",
        " ;; ; ",
        " # behind\n",
        "# behind, {close} \"text\r\n",
        "\n  # alone ;\n\n",
        "\n#\n\t## said\n",
        "   # one\n     # two\n",
        "; # after the end\n",
        "\n## said   \n# and not\n\n## again\n",
        " ",
    ];
    const BREAKS: &[&str] = &[" ", "", "\n", " # between\n ", "\r\n   # alone\n  "];
    let mut choices = choices.iter().copied().cycle();
    let mut pick = |from: &[&'static str]| -> &'static str {
        from.get(usize::from(choices.next().unwrap_or(0)) % from.len())
            .copied()
            .unwrap_or(" ")
    };
    let mut out = String::new();
    let mut last = Kind::Newline;
    for token in lex(0, text) {
        let word = token.span.of(text);
        match token.kind {
            Kind::Blank if matches!(last, Kind::Comma | Kind::Arrow | Kind::ParenOpen) => {
                out.push_str(pick(BREAKS));
            }
            Kind::Blank => out.push_str(pick(BLANKS)),
            // What is said in a comment goes on to the end of its line.
            Kind::Newline if matches!(last, Kind::Comment | Kind::Doc) => out.push('\n'),
            Kind::Newline => out.push_str(pick(ENDS)),
            _ => out.push_str(word),
        }
        if token.kind != Kind::Blank {
            last = token.kind;
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_with_any_trivia_is_formatted_once_and_for_all(
        items in prop::collection::vec(item(), 0..5),
        choices in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let text = disturbed(&print(&claw_lang::syntax::ast::File { items }), &choices);
        // A disturbance may join what belongs apart; then it is another file, or none.
        if read(&text).1 == "[]" {
            formatted(&text);
        }
    }
}

/// Digest of what a policy does.
fn digest(text: &str) -> [u8; 32] {
    let table = compile(one(text)).table.expect(text);
    Table::open(&table).unwrap().about().behaviour
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_policy_that_is_formatted_does_what_it_did(
        choices in prop::collection::vec(any::<u8>(), 1..200),
        which in 0..3_usize,
    ) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
        let path = [
            "examples/quickstart/quickstart.claw",
            "policies/workloads/workloads.claw",
            "policies/failover/failover.claw",
        ][which];
        let whole = std::fs::read_to_string(format!("{root}{path}")).unwrap();
        let text = disturbed(&whole, &choices);
        if read(&text).1 == "[]" && compile(one(&text)).table.is_some() {
            prop_assert_eq!(digest(&text), digest(&formatted(&text)));
            prop_assert!(same(&text, &formatted(&text)), "a formatted policy is another one");
        }
    }
}
