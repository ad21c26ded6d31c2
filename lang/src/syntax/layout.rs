//! Which line ends count. Everything else that is not a token for the parser becomes a blank.
//!
//! The result has the length of the source, so an offset in it is an offset in the source.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a kind of token that a step does not name is nothing to it"
)]

use super::lexer::{Kind, Token};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::unseen::is_hidden;
use crate::vocab;

/// How deep brackets may nest. The parser recurses for each.
pub const DEPTH_MAX: usize = 64;

/// A text ready to be cut into lines.
#[derive(Debug)]
pub struct Laid {
    /// The source with comments and line ends that do not count turned into blanks.
    pub text: String,
    /// Its tokens without trivia, but with documentation and the line ends that count.
    pub tokens: Vec<Token>,
    /// Where something was already reported; a line that holds one of these is not parsed.
    pub spoiled: Vec<u32>,
    /// Brackets nest deeper than the parser goes.
    pub is_too_deep: bool,
}

/// Lays out one file.
pub fn lay(source: &str, tokens: &[Token], report: &mut Report) -> Laid {
    let mut work = Work {
        source,
        report,
        out: Vec::with_capacity(tokens.len()),
        blanks: Vec::new(),
        spoiled: Vec::new(),
        parens: Vec::new(),
        depth: 0,
        is_too_deep: false,
    };
    let mut gap = Gap::default();
    for token in tokens {
        if token.kind.is_trivia() {
            gap.take(*token);
        } else {
            work.step(*token, &gap);
            gap = Gap::default();
        }
    }
    work.finish(&gap);
    let blanked = blank(source, &work.blanks);
    Laid {
        text: blanked,
        tokens: work.out,
        spoiled: work.spoiled,
        is_too_deep: work.is_too_deep,
    }
}

/// The trivia between two tokens.
#[derive(Default)]
struct Gap {
    newline: Option<Token>,
    docs: Vec<Token>,
    trivia: Vec<Span>,
    has_blank_line: bool,
    is_line_empty: bool,
}

impl Gap {
    fn take(&mut self, token: Token) {
        match token.kind {
            Kind::Newline => {
                if self.newline.is_some() && self.is_line_empty {
                    self.has_blank_line = true;
                }
                self.is_line_empty = true;
                // The first line end stands for all of them.
                if self.newline.is_none() {
                    self.newline = Some(token);
                } else {
                    self.trivia.push(token.span);
                }
            }
            Kind::Doc => {
                self.is_line_empty = false;
                self.docs.push(token);
                self.trivia.push(token.span);
            }
            Kind::Comment => {
                self.is_line_empty = false;
                self.trivia.push(token.span);
            }
            _ => self.trivia.push(token.span),
        }
    }
}

struct Work<'a> {
    source: &'a str,
    report: &'a mut Report,
    out: Vec<Token>,
    blanks: Vec<Span>,
    spoiled: Vec<u32>,
    parens: Vec<Span>,
    depth: usize,
    is_too_deep: bool,
}

impl Work<'_> {
    fn step(&mut self, next: Token, gap: &Gap) {
        self.close_parens_before(next, gap);
        self.comma_before(Some(next), gap);
        let is_first = self.out.is_empty();
        if let Some(newline) = gap.newline {
            if self.counts(next) {
                self.out.push(newline);
            } else {
                self.blanks.push(newline.span);
            }
        }
        self.blanks.extend(&gap.trivia);
        // A `##` after something on the same line is an ordinary comment.
        self.out.extend(
            gap.docs.iter().filter(|doc| {
                is_first || gap.newline.is_some_and(|n| n.span.start < doc.span.start)
            }),
        );
        self.thousands(next);
        self.lexical(next);
        self.brackets(next);
        self.out.push(next);
    }

    fn finish(&mut self, gap: &Gap) {
        self.comma_before(None, gap);
        if let Some(open) = self.parens.first().copied() {
            self.unclosed_paren(open);
        }
        self.blanks.extend(&gap.trivia);
        self.blanks.extend(gap.newline.map(|n| n.span));
    }

    /// Whether a line end before this token ends a line.
    fn counts(&self, next: Token) -> bool {
        let Some(last) = self.out.last() else {
            return false;
        };
        if !self.parens.is_empty() {
            return false;
        }
        let goes_on = match last.kind {
            Kind::Comma | Kind::ParenOpen | Kind::Arrow | Kind::Equal | Kind::Open => true,
            Kind::Word => matches!(self.word(*last), "and" | "or" | "not"),
            _ => false,
        };
        let joins = match next.kind {
            Kind::Arrow | Kind::ParenClose => true,
            Kind::Word => matches!(self.word(next), "and" | "or" | "deny"),
            _ => false,
        };
        !(goes_on || joins)
    }

    fn word(&self, token: Token) -> &str {
        token.span.of(self.source)
    }

    /// A parenthesis never reaches over braces, nor over a line that can only be a new one.
    fn close_parens_before(&mut self, next: Token, gap: &Gap) {
        let Some(open) = self.parens.first().copied() else {
            return;
        };
        let is_new_line = gap.newline.is_some()
            && next.kind == Kind::Word
            && (vocab::ARMS.contains(&self.word(next))
                || at_margin(self.source, next) && vocab::is_declaration(self.word(next)));
        if is_new_line || matches!(next.kind, Kind::Open | Kind::Close) {
            self.unclosed_paren(open);
        }
    }

    fn unclosed_paren(&mut self, open: Span) {
        self.parens.clear();
        self.spoiled.push(open.start);
        self.report.add(
            Diagnostic::new(Code::UnclosedParen, open, "this parenthesis is not closed")
                .label("opened here")
                .help("write `)` where the condition in it ends"),
        );
    }

    /// A comma promises another value.
    fn comma_before(&mut self, next: Option<Token>, gap: &Gap) {
        let Some(last) = self.out.last().copied() else {
            return;
        };
        if last.kind != Kind::Comma {
            return;
        }
        let ends = next.is_none_or(|next| {
            matches!(
                next.kind,
                Kind::Close | Kind::Semicolon | Kind::Arrow | Kind::ParenClose | Kind::Open
            )
        });
        if !ends && !gap.has_blank_line {
            return;
        }
        self.out.pop();
        self.blanks.push(last.span);
        self.report.add(
            Diagnostic::new(Code::DanglingComma, last.span, "nothing follows this comma")
                .label("a list goes on after a comma")
                .help("delete the comma, or write the next value after it")
                .fix(last.span, ""),
        );
    }

    /// `1,000` would read as a list of two numbers.
    fn thousands(&mut self, next: Token) {
        let [.., first, comma] = self.out.as_slice() else {
            return;
        };
        let touch = first.span.end == comma.span.start && comma.span.end == next.span.start;
        let is_number = matches!(next.kind, Kind::Amount | Kind::Odd | Kind::Percent);
        if comma.kind != Kind::Comma || !is_number || !touch {
            return;
        }
        let (head, tail) = (self.word(*first), self.word(next));
        let lead = head.trim_start_matches('$');
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        let is_later_group = self.spoiled.last().is_some_and(|at| {
            self.source
                .get(*at as usize..first.span.start as usize)
                .is_some_and(|between| {
                    between
                        .bytes()
                        .all(|b| b.is_ascii_digit() || matches!(b, b',' | b'$'))
                })
        });
        let is_lead = !is_later_group
            && (1..=3).contains(&lead.len())
            && lead.bytes().all(|b| b.is_ascii_digit());
        // `250/M` behind a comma is no token of its own, and what a letter joins is no group.
        let part = |c: char| c.is_ascii_digit() || c == '.';
        let is_tail = next.kind != Kind::Odd || tail.trim_start_matches(part).starts_with('/');
        if !is_lead || digits != 3 || !is_tail {
            return;
        }
        let span = Span {
            end: self.groups_end(next.span.end),
            ..first.span
        };
        let whole = span.of(self.source).replace(',', "");
        self.spoiled.push(first.span.start);
        self.report.add(
            Diagnostic::new(
                Code::ThousandsComma,
                span,
                format!("`{}` has a comma inside the number", span.of(self.source)),
            )
            .label("a comma separates the values of a list")
            .help(format!(
                "write `{whole}`, or put a blank after the comma if these are two values"
            ))
            .fix(span, whole),
        );
    }

    /// Where the last group of three digits ends that follows a group ending here.
    fn groups_end(&self, at: u32) -> u32 {
        let mut end = at as usize;
        loop {
            let (before, rest) = self.source.split_at_checked(end).unwrap_or_default();
            let is_group = before.ends_with(|c: char| c.is_ascii_digit());
            let Some(group) = rest.strip_prefix(',').filter(|_| is_group) else {
                break;
            };
            let digits = group.bytes().take_while(u8::is_ascii_digit).count();
            if digits != 3 {
                break;
            }
            let unit = group.bytes().skip(digits);
            let unit = unit.take_while(|b| b.is_ascii_alphabetic() || *b == b'/');
            end += 1 + digits + unit.count();
        }
        u32::try_from(end).unwrap_or(at)
    }

    fn lexical(&mut self, token: Token) {
        let text = self.word(token);
        let found = match token.kind {
            Kind::OpenText => {
                Diagnostic::new(Code::OpenText, token.span, "this text is not closed")
                    .label("no closing quote before the end of the line")
                    .help("write `\"` where the text ends; a line end in a text is written `\\n`")
            }
            Kind::Bad if !text.chars().all(is_hidden) => Diagnostic::new(
                Code::BadCharacter,
                token.span,
                format!("`{text}` is not a character of the language"),
            )
            .help(bad_help(text)),
            Kind::Bad => {
                self.spoiled.push(token.span.start);
                return;
            }
            _ => return,
        };
        // One strange character is rarely alone; the first of a line says enough.
        let line_is_spoiled = self.spoiled.last().is_some_and(|at| {
            let between = self.source.get(*at as usize..token.span.start as usize);
            between.is_some_and(|text| !text.contains(['\n', '\r']))
        });
        if !line_is_spoiled {
            self.report.add(found);
        }
        self.spoiled.push(token.span.start);
    }

    fn brackets(&mut self, token: Token) {
        match token.kind {
            Kind::Open => self.depth += 1,
            Kind::Close => self.depth = self.depth.saturating_sub(1),
            Kind::ParenOpen => self.parens.push(token.span),
            Kind::ParenClose => {
                self.parens.pop();
            }
            _ => return,
        }
        if self.depth + self.parens.len() > DEPTH_MAX && !self.is_too_deep {
            self.is_too_deep = true;
            self.report.add(
                Diagnostic::new(
                    Code::TooDeep,
                    token.span,
                    "brackets nest deeper than 64 levels",
                )
                .help("give the inner conditions names with `let`"),
            );
        }
    }
}

/// Reports characters that are invisible or reorder what a reader sees, wherever they stand.
pub fn hidden(file: u32, source: &str, report: &mut Report) {
    if source.is_ascii() {
        return;
    }
    for (at, c) in source.char_indices() {
        if !is_hidden(c) || (at == 0 && c == '\u{FEFF}') {
            continue;
        }
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        let width = u32::try_from(c.len_utf8()).unwrap_or(1);
        let span = Span {
            file,
            start,
            end: start.saturating_add(width),
        };
        report.add(
            Diagnostic::new(
                Code::HiddenCharacter,
                span,
                format!("the invisible character U+{:04X} stands here", u32::from(c)),
            )
            .label("a reader would not see what the compiler reads")
            .help(format!(
                "delete it; inside a text, write it as `\\u{{{:x}}}`",
                u32::from(c)
            ))
            .fix(span, ""),
        );
    }
}

fn bad_help(text: &str) -> &'static str {
    match text {
        "“" | "”" | "„" | "«" | "»" => "write a text between straight quotes: `\"text\"`",
        "‘" | "’" => "write a text between straight double quotes: `\"text\"`",
        "–" | "—" => "write a plain `-`",
        "→" | "⇒" => "write the arrow as `->`",
        "≤" => "write `<=`",
        "≥" => "write `>=`",
        "\u{A0}" => "write a plain blank",
        _ => "names are ASCII letters, digits, `_`, `-` and `.`; anything else goes between quotes",
    }
}

/// Whether a token is the first character of its line.
pub fn at_margin(source: &str, token: Token) -> bool {
    indent(source, token) == Some(0)
}

/// How far a token is indented, if it is the first of its line.
pub fn indent(source: &str, token: Token) -> Option<usize> {
    let before = source.get(..token.span.start as usize)?;
    let line = before.trim_end_matches([' ', '\t']);
    let is_first = line.is_empty() || line.ends_with(['\n', '\r', '\u{FEFF}']);
    is_first.then(|| before.len() - line.len())
}

fn blank(source: &str, blanks: &[Span]) -> String {
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    for span in blanks_in_order(blanks) {
        let (start, end) = (span.start as usize, span.end as usize);
        out.push_str(source.get(at..start).unwrap_or_default());
        out.extend(std::iter::repeat_n(' ', end.saturating_sub(start.max(at))));
        at = end.max(at);
    }
    out.push_str(source.get(at..).unwrap_or_default());
    out
}

fn blanks_in_order(blanks: &[Span]) -> Vec<Span> {
    let mut blanks = blanks.to_vec();
    blanks.sort_unstable();
    blanks
}
