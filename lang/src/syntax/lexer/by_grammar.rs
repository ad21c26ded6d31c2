//! The same tokens as the published grammar cuts them: slow, and what the fast way is compared with.

use pest::Parser as _;

use super::{Kind, Token, offset};
use crate::span::Span;
use crate::syntax::grammar::{Grammar, Rule};

/// Cuts a text into tokens by the rule `tokens`, which takes any text.
pub fn lex(file: u32, text: &str) -> Vec<Token> {
    let Ok(pairs) = Grammar::parse(Rule::tokens, text) else {
        return Vec::new();
    };
    let pairs = pairs.flat_map(pest::iterators::Pair::into_inner);
    let tokens = pairs.filter_map(|pair| {
        let span = pair.as_span();
        kind(pair.as_rule()).map(|kind| Token {
            kind,
            span: Span {
                file,
                start: offset(span.start()),
                end: offset(span.end()),
            },
        })
    });
    tokens.collect()
}

/// The kind of token that a rule of the grammar reads, if it reads one.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other rules are not tokens"
)]
pub(in crate::syntax) fn kind(rule: Rule) -> Option<Kind> {
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
        Rule::negative => Kind::Negative,
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
