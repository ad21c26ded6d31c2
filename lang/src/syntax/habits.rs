//! Why a line could not be parsed, in the operator's words: first the habits of other languages,
//! each with what to write instead, then the plain "this cannot stand here".

mod asked;
pub(crate) mod written;

use claw_table::Can;
use pest::Parser as _;
use pest::error::{Error, ErrorVariant, InputLocation};

use super::grammar::{Grammar, Rule};
use super::lexer::{Kind, Token};
use crate::codes::Code;
use crate::report::Diagnostic;
use crate::span::Span;
use crate::syntax::literal::escape;

/// A line that could not be read.
pub(super) struct Line<'a> {
    pub(super) source: &'a str,
    /// Its tokens, without documentation.
    pub(super) tokens: &'a [Token],
    /// The whole file, with what is nothing to a line turned into blanks.
    pub(super) laid: &'a str,
    pub(super) span: Span,
}

impl<'a> Line<'a> {
    /// Explains why the grammar refuses it.
    pub(super) fn explain(&self, rule: Rule) -> Diagnostic {
        let error = Grammar::parse(rule, self.span.of(self.laid)).err();
        self.yaml_item()
            .or_else(|| self.priority())
            .or_else(|| self.first_word())
            .or_else(|| self.asked().filter(|_| asks(rule)))
            .or_else(|| self.foreign())
            .unwrap_or_else(|| self.unexpected(error.as_ref()))
    }

    fn place(&self, error: &Error<Rule>) -> u32 {
        let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
        self.span
            .start
            .saturating_add(u32::try_from(at).unwrap_or(0))
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens
            .get(at)
            .map_or("", |token| token.span.of(self.source))
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn yaml_item(&self) -> Option<Diagnostic> {
        let dash = self.tokens.first().filter(|_| self.text(0) == "-")?;
        let found = Diagnostic::new(
            Code::YamlItem,
            dash.span,
            "a list is not written with dashes",
        );
        Some(
            found.help(
                "write the values on one line, with commas between them: `fallback a/b, c/d`",
            ),
        )
    }

    fn priority(&self) -> Option<Diagnostic> {
        let at = (0..self.tokens.len()).find(|at| {
            matches!(self.text(*at), "priority" | "weight" | "order")
                && matches!(self.kind(at + 1), Some(Kind::Amount | Kind::Foreign))
        })?;
        let word = self.tokens.get(at)?;
        let span = word.span.to(self.tokens.last()?.span);
        Some(priority(span))
    }

    fn first_word(&self) -> Option<Diagnostic> {
        let first = self.tokens.first()?;
        let better = match self.text(0) {
            "if" | "elif" | "case" | "match" | "rule" | "arm" => "when",
            "else" | "default" | "_" => "otherwise",
            _ => return None,
        };
        let word = self.text(0);
        let found = Diagnostic::new(
            Code::Unexpected,
            first.span,
            format!("`{word}` does not begin an arm"),
        );
        Some(
            found
                .help(format!("write `{better}`"))
                .fix(first.span, better),
        )
    }

    fn foreign(&self) -> Option<Diagnostic> {
        let at = self
            .tokens
            .iter()
            .position(|token| token.kind == Kind::Foreign)?;
        let token = self.tokens.get(at)?;
        let word = token.span.of(self.source);
        let operator = |better: &str| {
            Diagnostic::new(
                Code::ForeignOperator,
                token.span,
                format!("`{word}` is not an operator"),
            )
            .help(format!("write `{better}`"))
            .fix(token.span, better)
        };
        Some(match word {
            ":" => self.colon(at),
            "==" => operator("is"),
            "!=" => operator("is not"),
            "&&" | "&" => self.joined(at, "and").unwrap_or_else(|| operator("and")),
            "||" | "|" => self.joined(at, "or").unwrap_or_else(|| operator("or")),
            "!" => operator("not"),
            "=>" => operator("->"),
            "[" | "]" => {
                Diagnostic::new(Code::ForeignOperator, token.span, "a list has no brackets")
                    .help("write the values with commas between them: `\"a\", \"b\"`")
            }
            "'" | "`" => Diagnostic::new(
                Code::ForeignOperator,
                token.span,
                format!("a text does not stand between `{word}`"),
            )
            .help("write a text between double quotes: `\"text\"`"),
            "*" => Diagnostic::new(Code::ForeignOperator, token.span, "a star outside a text")
                .help("write a pattern between quotes: `like \"gpt-5*\"`"),
            "/" => Diagnostic::new(Code::ForeignOperator, token.span, "a slash outside a text")
                .help("write a path between quotes: `\"/v1/chat/completions\"`"),
            _ => return None,
        })
    }

    /// `has tools|images` and `is "a" || "b"`: what stands behind the operator is no condition.
    fn joined(&self, at: usize, word: &str) -> Option<Diagnostic> {
        let (token, next) = (self.tokens.get(at)?, self.tokens.get(at + 1)?);
        let before = self.tokens.get(at.checked_sub(1)?)?;
        let is_of_has = self.is_of_has(at) && is_had(self.text(at + 1));
        if !is_of_has && next.kind != Kind::Text {
            return None;
        }
        let found = Diagnostic::new(
            Code::ForeignOperator,
            token.span,
            format!("`{}` is not an operator", self.text(at)),
        );
        let between = Span {
            start: before.span.end,
            end: next.span.start,
            ..token.span
        };
        let (left, right) = (self.text(at - 1), self.text(at + 1));
        Some(match word {
            "or" => found
                .help(format!("write `{left}, {right}`: any of a list counts"))
                .fix(between, ", "),
            _ if is_of_has => found
                .help(format!("write `has {left} and has {right}`"))
                .fix(between, " and has "),
            _ => found.help(format!("write the fact again: `and … is {right}`")),
        })
    }

    /// Whether the words right before a place are what follows `has`.
    fn is_of_has(&self, at: usize) -> bool {
        let before = self.tokens.get(..at).unwrap_or_default().iter().rev();
        let mut words = before.map(|token| token.span.of(self.source));
        let other = words.find(|word| !is_had(word) && !matches!(*word, "," | "|" | "||"));
        other == Some("has")
    }

    /// `timeout: 30` and its kind.
    fn colon(&self, at: usize) -> Diagnostic {
        let span = self.tokens.get(at).map(|t| t.span).unwrap_or_default();
        if self.text(at + 1) == "/" && self.text(at + 2) == "/" {
            let whole = self.touching(at).unwrap_or(span);
            let better = escape(whole.of(self.source));
            return Diagnostic::new(
                Code::ForeignOperator,
                whole,
                "an address stands between quotes",
            )
            .help(format!("write `{better}`"))
            .fix(whole, better);
        }
        let found = Diagnostic::new(
            Code::Colon,
            span,
            "a field and its value have no colon between them",
        )
        .fix(span, "");
        let (before, after) = (self.text(at.saturating_sub(1)), self.text(at + 1));
        let is_bare =
            self.kind(at + 1) == Some(Kind::Amount) && after.bytes().all(|b| b.is_ascii_digit());
        if is_bare && before.contains("timeout") {
            return found.help(format!(
                "write `{before} first-token {after}s`: no colon, and a time has its unit"
            ));
        }
        found.help(format!("write `{before} {after}`"))
    }

    fn unexpected(&self, error: Option<&Error<Rule>>) -> Diagnostic {
        let due = error.map(due).unwrap_or_default();
        let at = error.map_or(self.span.start, |error| self.place(error));
        let found = self.tokens.iter().find(|token| token.span.end > at);
        let diagnostic = match found {
            Some(token) if token.kind == Kind::Equal => {
                return Diagnostic::new(
                    Code::EqualsSign,
                    token.span,
                    "an equals sign stands only in `let`",
                )
                .help(
                    "write the value after the field with a blank between them; compare with `is`",
                );
            }
            Some(token) => Diagnostic::new(
                Code::Unexpected,
                token.span,
                format!("`{}` cannot stand here", clip(token.span.of(self.source))),
            ),
            None => {
                let end = self
                    .tokens
                    .last()
                    .map(|t| t.span.after())
                    .unwrap_or_default();
                Diagnostic::new(Code::Unexpected, end, "this line stops too early")
            }
        };
        if due.is_empty() {
            diagnostic
        } else {
            diagnostic.help(format!("write {due} here"))
        }
    }
}

/// Says that arms have no numbers.
pub(crate) fn priority(span: Span) -> Diagnostic {
    Diagnostic::new(Code::Priority, span, "there are no priority numbers")
        .help("arms are tried from top to bottom: move the arm to where it belongs")
}

/// Whether `has` asks for it.
fn is_had(word: &str) -> bool {
    Can::ASKED.into_iter().any(|can| can.word() == word)
}

/// Whether a condition stands in a line of this kind.
fn asks(rule: Rule) -> bool {
    let rules = [
        Rule::arm,
        Rule::when_line,
        Rule::forbid_line,
        Rule::never_line,
        Rule::let_line,
    ];
    rules.contains(&rule)
}

fn clip(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}

/// What the grammar would have taken, as a phrase.
fn due(error: &Error<Rule>) -> String {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        return String::new();
    };
    let mut words: Vec<&str> = Vec::new();
    for rule in positives {
        if let Some(phrase) = phrase(*rule)
            && !words.contains(&phrase)
        {
            words.push(phrase);
        }
    }
    words.sort_by_key(|word| RANK.iter().position(|known| known == word));
    words.truncate(4);
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

const FACT: &str = "a fact";
const VALUE: &str = "a value";
const WORD: &str = "a word";
const TEXT: &str = "a text in quotes";

const RANK: &[&str] = &[
    "`when`",
    "`otherwise`",
    "`->`",
    "a class after `->`",
    FACT,
    "a comparison such as `is`",
    WORD,
    VALUE,
    TEXT,
    "`and`",
    "`or`",
    "`=`",
    "`)`",
    "`,`",
    "the end of the line",
];

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other rules are parts of these"
)]
fn phrase(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::kw_when => "`when`",
        Rule::kw_otherwise | Rule::otherwise => "`otherwise`",
        Rule::arrow => "`->`",
        Rule::goal => "a class after `->`",
        Rule::condition
        | Rule::all
        | Rule::unary
        | Rule::comparison
        | Rule::subject
        | Rule::negation
        | Rule::paren_open
        | Rule::inner => FACT,
        Rule::operator => "a comparison such as `is`",
        Rule::plain_word | Rule::operands | Rule::group | Rule::groups => VALUE,
        Rule::word | Rule::head => WORD,
        Rule::set | Rule::text => TEXT,
        Rule::kw_and => "`and`",
        Rule::kw_or => "`or`",
        Rule::equal => "`=`",
        Rule::paren_close => "`)`",
        Rule::comma => "`,`",
        Rule::EOI => "the end of the line",
        _ => return None,
    })
}
