//! Layer 1: a lossless list of tokens. It cannot fail; what the language does not know is a token too.

#[cfg(any(test, fuzzing))]
pub mod by_grammar;
mod bytes;

use self::bytes::Bytes;
use crate::span::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Blanks and tabs.
    Blank,
    /// One line end, of any of the three kinds.
    Newline,
    /// `#` to the end of the line.
    Comment,
    /// `##` to the end of the line.
    Doc,
    /// A byte order mark.
    Mark,
    /// A text in quotes.
    Text,
    /// A text whose closing quote is missing.
    OpenText,
    /// `2026-11-21`
    Date,
    /// `22:00..06:00`
    ClockRange,
    /// `fe80::/10`
    Ip6,
    /// `10.0.0.0/8`
    Ip4,
    /// `22:00`
    Clock,
    /// `$1.25` and `$1.25/M`
    Money,
    /// `5%`
    Percent,
    /// `500..599`, `200ms..5s` and `mon..fri`
    Range,
    /// `30`, `30s`, `1h30m`, `128k`
    Amount,
    /// `-0.5`
    Negative,
    /// Begins like a number and is none.
    Odd,
    /// `provider/model`
    Path,
    /// A name or a keyword.
    Word,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `(`
    ParenOpen,
    /// `)`
    ParenClose,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `->`
    Arrow,
    /// `=`
    Equal,
    /// `<`, `<=`, `>`, `>=`
    Order,
    /// Punctuation of other languages.
    Foreign,
    /// A character that no language part uses.
    Bad,
}

impl Kind {
    /// Whether it says nothing to the parser.
    pub fn is_trivia(self) -> bool {
        matches!(
            self,
            Self::Blank | Self::Newline | Self::Comment | Self::Doc | Self::Mark
        )
    }
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub span: Span,
}

/// Cuts a text into tokens.
///
/// Written by hand, because half of a check was once spent here; the rule `tokens` of the grammar says
/// the same and is what this is compared with.
pub fn lex(file: u32, text: &str) -> Vec<Token> {
    let bytes = Bytes::of(text);
    let mut tokens = Vec::with_capacity(text.len() / 4);
    let mut at = 0;
    while at < text.len() {
        let (kind, end) = bytes.token(at);
        let span = Span {
            file,
            start: offset(at),
            end: offset(end),
        };
        tokens.push(Token { kind, span });
        at = end;
    }
    tokens
}

fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::source::read_folder;

    /// Tokens without blanks, as `kind:text`.
    fn shape(text: &str) -> String {
        lex(0, text)
            .iter()
            .filter(|t| t.kind != Kind::Blank)
            .map(|t| format!("{:?}:{}", t.kind, t.span.of(text)))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn literals_are_taken_longest_first() {
        let rows = [
            ("2026-11-21", "Date:2026-11-21"),
            ("22:00..06:00", "ClockRange:22:00..06:00"),
            (
                "fe80::/10 ::1 2001:db8::7",
                "Ip6:fe80::/10 Ip6:::1 Ip6:2001:db8::7",
            ),
            ("10.0.0.0/8 10.0.0.2", "Ip4:10.0.0.0/8 Ip4:10.0.0.2"),
            ("07:30", "Clock:07:30"),
            ("$0.50 $1.25/M", "Money:$0.50 Money:$1.25/M"),
            ("5% 99.5%", "Percent:5% Percent:99.5%"),
            ("500..599 200ms..5s", "Range:500..599 Range:200ms..5s"),
            (
                "-5 -0.5 -4k (-1) is-5 5-3 - 5 --5 -x -5x3 ->5",
                "Negative:-5 Negative:-0.5 Negative:-4k ParenOpen:( Negative:-1 ParenClose:) Word:is-5 Odd:5-3 Foreign:- Amount:5 Foreign:- Negative:-5 Foreign:- Word:x Foreign:- Odd:5x3 Arrow:-> Amount:5",
            ),
            (
                "30 30s 1h30m 128k 1.5M 64KiB",
                "Amount:30 Amount:30s Amount:1h30m Amount:128k Amount:1.5M Amount:64KiB",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(shape(text), expected);
        }
    }

    #[test]
    fn what_only_begins_like_a_number_is_one_token() {
        for text in [
            "30_s",
            "1.2.3",
            "4o-mini",
            "30/minute",
            "$x",
            "10.0.0.2:8080",
            "1h30",
        ] {
            assert_eq!(shape(text), format!("Odd:{text}"));
        }
    }

    #[test]
    fn names_split_where_a_joint_is_not_between_two_characters() {
        assert_eq!(shape("phi->x"), "Word:phi Arrow:-> Word:x");
        assert_eq!(shape("mon..fri"), "Range:mon..fri");
        assert_eq!(shape("more..less"), "Word:more Foreign:.. Word:less");
        assert_eq!(shape("a--b"), "Word:a Foreign:- Foreign:- Word:b");
        assert_eq!(shape("5..a"), "Amount:5 Foreign:.. Word:a");
        assert_eq!(
            shape("edge/llama:70b@x/y->z"),
            "Path:edge/llama:70b@x/y Arrow:-> Word:z"
        );
        assert_eq!(shape("openai/4o"), "Path:openai/4o");
        assert_eq!(shape("input in"), "Word:input Word:in");
    }

    #[test]
    fn docs_comments_and_banners_are_told_apart() {
        assert_eq!(
            shape("## doc\n# note\n#### banner"),
            "Doc:## doc Newline:\n Comment:# note Newline:\n Comment:#### banner"
        );
    }

    #[test]
    fn a_text_ends_at_its_quote_or_at_the_line() {
        assert_eq!(shape(r#""a \" b" c"#), r#"Text:"a \" b" Word:c"#);
        assert_eq!(shape("\"a\nb"), "OpenText:\"a Newline:\n Word:b");
    }

    #[test]
    fn every_line_end_is_one_token() {
        assert_eq!(
            shape("a\r\nb\rc\n"),
            "Word:a Newline:\r\n Word:b Newline:\r Word:c Newline:\n"
        );
    }

    fn snippet() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            "\"",
            "\\",
            "#",
            "##",
            "\n",
            "\r\n",
            "\r",
            "\u{FEFF}",
            "{",
            "}",
            "->",
            "..",
            "10.0.0.0/8",
            "::1",
            "22:00",
            "$1/M",
            "-0.5",
            "5%",
            "1h30m",
            "a/b",
            "name",
            "-",
            "é",
            "\u{202E}",
            "==",
            " ",
        ]);
        prop_oneof![4 => known.prop_map(str::to_string), 1 => "\\PC{0,6}"]
    }

    /// Every text of the project that is written in the language, the examples of its pages too.
    fn texts() -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut texts = Vec::new();
        for folder in [
            "../examples",
            "../policies",
            "../runtime/tests",
            "tests",
            "src",
        ] {
            let sources = read_folder(&root.join(folder)).unwrap();
            texts.extend(sources.into_iter().map(|source| source.text));
        }
        for page in fs::read_dir(root.join("codes")).unwrap() {
            texts.push(fs::read_to_string(page.unwrap().path()).unwrap());
        }
        texts.push(fs::read_to_string(root.join("LANGUAGE.md")).unwrap());
        texts
    }

    #[test]
    fn every_text_of_the_project_is_cut_as_the_grammar_cuts_it() {
        let texts = texts();
        assert!(texts.len() > 100);
        for text in texts {
            assert_eq!(lex(0, &text), by_grammar::lex(0, &text));
        }
    }

    /// Characters that mean something, in any order: most of what they make is strange.
    fn soup() -> impl Strategy<Value = String> {
        "[-.:@/$%_0-9a-fmonxzTZ\"\\\\#<>=!&|,; \t\r\n\u{FEFF}\u{E9}]{0,40}"
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn any_text_is_cut_as_the_grammar_cuts_it(
            soup in soup(),
            parts in prop::collection::vec(snippet(), 0..30),
            any in any::<String>(),
        ) {
            for text in [soup, parts.concat(), any] {
                prop_assert_eq!(lex(0, &text), by_grammar::lex(0, &text), "{:?}", text);
            }
        }

        #[test]
        fn tokens_put_end_to_end_are_the_text(parts in prop::collection::vec(snippet(), 0..60)) {
            let text = parts.concat();
            let mut at = 0;
            for token in lex(0, &text) {
                prop_assert_eq!(token.span.start, at);
                prop_assert!(token.span.end > at);
                prop_assert!(text.is_char_boundary(token.span.end as usize));
                at = token.span.end;
            }
            prop_assert_eq!(at as usize, text.len());
        }
    }
}
