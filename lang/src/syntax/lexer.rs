//! Layer 1: a lossless list of tokens. It cannot fail; what the language does not know is a token too.

use pest::Parser as _;

use super::grammar::{Grammar, Rule};
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

/// How much text one run of the grammar reads. A run keeps its whole queue in memory, so a large
/// file is read in pieces; a piece ends after a line end, where no token goes on.
const PIECE_BYTES: usize = 32 * 1024;

/// Cuts a text into tokens.
pub fn lex(file: u32, text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 4);
    let mut base = 0;
    while base < text.len() {
        let rest = text.get(base..).unwrap_or_default();
        let piece = rest.get(..piece_end(rest)).unwrap_or(rest);
        lex_piece(file, base, piece, &mut tokens);
        base += piece.len();
    }
    tokens
}

fn piece_end(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let from = PIECE_BYTES.min(bytes.len());
    let tail = bytes.get(from..).unwrap_or_default();
    tail.iter()
        .position(|b| *b == b'\n')
        .map_or(bytes.len(), |at| from + at + 1)
}

fn lex_piece(file: u32, base: usize, piece: &str, tokens: &mut Vec<Token>) {
    let token = |kind, start: usize, end: usize| Token {
        kind,
        span: Span {
            file,
            start: offset(base + start),
            end: offset(base + end),
        },
    };
    match Grammar::parse(Rule::tokens, piece) {
        Ok(pairs) => {
            for pair in pairs.flat_map(pest::iterators::Pair::into_inner) {
                let span = pair.as_span();
                if let Some(kind) = kind(pair.as_rule()) {
                    tokens.push(token(kind, span.start(), span.end()));
                }
            }
        }
        // The grammar ends in a rule that takes any character, so this arm is never reached; if a
        // change of the grammar ever breaks that, the text is refused and nothing is lost.
        Err(_) => tokens.push(token(Kind::Bad, 0, piece.len())),
    }
}

fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The kind of token that a rule of the grammar reads, if it reads one.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other rules are not tokens"
)]
pub(super) fn kind(rule: Rule) -> Option<Kind> {
    Some(match rule {
        Rule::blank => Kind::Blank,
        Rule::newline => Kind::Newline,
        Rule::doc => Kind::Doc,
        Rule::comment => Kind::Comment,
        Rule::bom => Kind::Mark,
        Rule::text => Kind::Text,
        Rule::open_text => Kind::OpenText,
        Rule::date => Kind::Date,
        Rule::clock_range => Kind::ClockRange,
        Rule::ip6 => Kind::Ip6,
        Rule::ip4 => Kind::Ip4,
        Rule::clock => Kind::Clock,
        Rule::money => Kind::Money,
        Rule::percent => Kind::Percent,
        Rule::range | Rule::days => Kind::Range,
        Rule::amount => Kind::Amount,
        Rule::odd => Kind::Odd,
        Rule::path => Kind::Path,
        Rule::word => Kind::Word,
        Rule::open => Kind::Open,
        Rule::close => Kind::Close,
        Rule::paren_open => Kind::ParenOpen,
        Rule::paren_close => Kind::ParenClose,
        Rule::comma => Kind::Comma,
        Rule::semicolon => Kind::Semicolon,
        Rule::arrow => Kind::Arrow,
        Rule::equal => Kind::Equal,
        Rule::less | Rule::less_equal | Rule::more | Rule::more_equal => Kind::Order,
        Rule::foreign | Rule::foreign_equal => Kind::Foreign,
        Rule::bad => Kind::Bad,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn a_piece_never_cuts_a_token() {
        let line = format!("{}\r\n", "name-1 \"text\" 30s ".repeat(37));
        let text = line.repeat(PIECE_BYTES * 3 / line.len());
        let whole = lex(0, &text);
        let one = lex(0, &line).len();
        assert_eq!(whole.len(), one * (text.len() / line.len()));
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

    proptest! {
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
