//! Lines and blocks with everything that stands between them: comments, blank lines, line ends.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token is trivia, an end, a brace, or else a part of a line"
)]

use crate::syntax::layout::Laid;
use crate::syntax::lexer::{Kind, Token};

/// What stands in braces, or the whole file.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The comment behind the opening brace.
    pub comment: Option<String>,
    pub entries: Vec<Entry>,
    /// It was written on one line.
    pub is_flat: bool,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// Blank lines above it.
    pub blanks: usize,
    pub what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Remark(Remark),
    Line(Line),
}

/// A comment.
#[derive(Debug, Clone)]
pub(super) struct Remark {
    pub text: String,
    pub place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind something.
    Behind,
    /// On a line of its own.
    Own,
    /// On a line of its own, exactly under a comment behind something, which it goes on.
    Under,
}

/// One statement, arm or declaration.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Up to its opening brace, if it has one.
    pub parts: Vec<Part>,
    pub block: Option<Block>,
    /// The comment behind all of it.
    pub comment: Option<String>,
    /// It stands on one line with the one before it.
    pub is_joined: bool,
    /// Without a `;` behind it the next line would go on with it.
    pub needs_end: bool,
}

#[derive(Debug)]
pub(super) enum Part {
    Token(Kind, String),
    /// A line end that does not end the statement.
    Break,
    Remark(Remark),
}

impl Line {
    /// The first token and its text.
    pub(super) fn first(&self) -> Option<(Kind, &str)> {
        token(self.parts.first()?)
    }

    /// The last token before its block, and its text.
    pub(super) fn last(&self) -> Option<(Kind, &str)> {
        token(self.parts.last()?)
    }
}

fn token(part: &Part) -> Option<(Kind, &str)> {
    match part {
        Part::Token(kind, text) => Some((*kind, text)),
        Part::Break | Part::Remark(_) => None,
    }
}

/// Reads the tokens of a file that is known to be whole.
pub(super) fn tree(source: &str, tokens: &[Token], laid: &Laid) -> Block {
    let mut reader = Reader {
        source,
        tokens,
        at: 0,
        ends: ends(tokens, laid),
        newlines: 0,
        newlines_total: 0,
        line_start: 0,
        depth: 0,
        has_code: false,
        has_docs: false,
        above: None,
        beside: None,
    };
    reader.block()
}

/// Where the line ends are that end a statement.
fn ends(tokens: &[Token], laid: &Laid) -> Vec<u32> {
    let counted = laid.tokens.iter().filter(|t| t.kind == Kind::Newline);
    let mut ends: Vec<u32> = counted.map(|t| t.span.start).collect();
    // Nothing follows the last of them, so layout has no use for it, but the comments behind it do.
    let gap = tokens.iter().rposition(|t| !t.kind.is_trivia());
    let rest = tokens.get(gap.map_or(0, |at| at + 1)..).unwrap_or_default();
    ends.extend(
        rest.iter()
            .find(|t| t.kind == Kind::Newline)
            .map(|t| t.span.start),
    );
    ends
}

struct Reader<'a> {
    source: &'a str,
    tokens: &'a [Token],
    at: usize,
    ends: Vec<u32>,
    /// Line ends since the last thing that is kept.
    newlines: usize,
    newlines_total: usize,
    line_start: usize,
    /// Blocks that are open.
    depth: usize,
    /// Something other than a comment stands on this line.
    has_code: bool,
    /// Documentation stands above, and nothing yet to which it belongs.
    has_docs: bool,
    /// The columns of the comments behind something, on the line above and on this one.
    above: Option<usize>,
    beside: Option<usize>,
}

impl Reader<'_> {
    fn block(&mut self) -> Block {
        let mut block = Block::default();
        let mut line: Option<Line> = None;
        while let Some(token) = self.tokens.get(self.at).copied() {
            self.at += 1;
            match token.kind {
                Kind::Blank | Kind::Mark => {}
                Kind::Newline => {
                    self.newline(token);
                    if self.ends.binary_search(&token.span.start).is_ok() {
                        finish(&mut block, line.take());
                    } else if let Some(line) = &mut line {
                        line.parts.push(Part::Break);
                    }
                }
                Kind::Comment | Kind::Doc => self.remark(token, &mut block, line.as_mut()),
                Kind::Semicolon => {
                    finish(&mut block, line.take());
                    self.cut_off(token, &mut block);
                    self.has_code = true;
                }
                Kind::Close => {
                    finish(&mut block, line.take());
                    mark_ends(&mut block);
                    self.code();
                    return block;
                }
                kind => {
                    let text = token.span.of(self.source).to_owned();
                    let line = line.get_or_insert_with(|| self.line(&mut block));
                    line.parts.push(Part::Token(kind, text));
                    self.code();
                    if kind == Kind::Open {
                        let before = self.newlines_total;
                        self.depth += 1;
                        let mut inner = self.block();
                        self.depth -= 1;
                        inner.is_flat = self.newlines_total == before;
                        line.block = Some(inner);
                    }
                }
            }
            if line.as_ref().is_some_and(|line| line.block.is_some()) {
                finish(&mut block, line.take());
            }
        }
        finish(&mut block, line.take());
        mark_ends(&mut block);
        block
    }

    /// Begins a line: its place in the block is held by its blank lines.
    fn line(&self, block: &mut Block) -> Line {
        let follows = matches!(
            block.entries.last(),
            Some(Entry {
                what: What::Line(_),
                ..
            })
        );
        block.entries.push(Entry {
            blanks: self.newlines.saturating_sub(1),
            what: What::Line(Line::default()),
        });
        Line {
            is_joined: follows && self.newlines == 0,
            ..Line::default()
        }
    }

    /// A `;` under documentation keeps it from belonging to the next line, and so stays.
    fn cut_off(&mut self, end: Token, block: &mut Block) {
        if self.has_docs {
            let mut line = self.line(block);
            let text = end.span.of(self.source).to_owned();
            line.parts.push(Part::Token(end.kind, text));
            finish(block, Some(line));
            self.code();
        }
    }

    fn code(&mut self) {
        self.newlines = 0;
        self.has_code = true;
        self.has_docs = false;
    }

    fn newline(&mut self, token: Token) {
        self.newlines += 1;
        self.newlines_total += 1;
        self.line_start = token.span.end as usize;
        self.has_code = false;
        self.above = self.beside.take();
    }

    fn remark(&mut self, token: Token, block: &mut Block, line: Option<&mut Line>) {
        let before = self
            .source
            .get(self.line_start..token.span.start as usize)
            .unwrap_or_default();
        let column = before.chars().count();
        let place = if self.has_code {
            Place::Behind
        } else if self.above == Some(column) {
            Place::Under
        } else {
            Place::Own
        };
        self.has_docs |= token.kind == Kind::Doc && place != Place::Behind;
        if place != Place::Own {
            self.beside = Some(column);
        }
        let blanks = self.newlines.saturating_sub(1);
        self.newlines = 0;
        let text = token.span.of(self.source).trim_end_matches([' ', '\t']);
        let mut remark = Remark {
            text: text.to_owned(),
            place,
        };
        if let Some(line) = line {
            line.parts.push(Part::Remark(remark));
            return;
        }
        if place == Place::Behind {
            let slot = match block.entries.last_mut().map(|entry| &mut entry.what) {
                Some(What::Line(line)) => Some(&mut line.comment),
                None if self.depth > 0 => Some(&mut block.comment),
                Some(What::Remark(_)) | None => None,
            };
            if let Some(slot @ None) = slot {
                *slot = Some(remark.text);
                return;
            }
            // It stands behind a lone `;`, and without that it would be documentation.
            if token.kind == Kind::Doc {
                let mut line = self.line(block);
                line.parts
                    .push(Part::Token(Kind::Semicolon, ";".to_owned()));
                line.comment = Some(remark.text);
                finish(block, Some(line));
                return;
            }
            // Its column was that of a place it does not keep: nothing goes on under it.
            remark.place = Place::Own;
            self.beside = None;
        }
        block.entries.push(Entry {
            blanks,
            what: What::Remark(remark),
        });
    }
}

/// Puts a line into the place that its first token took. Comments behind its last token are not
/// inside it.
fn finish(block: &mut Block, line: Option<Line>) {
    let Some(mut line) = line else {
        return;
    };
    let end = line.parts.iter().rposition(|part| token(part).is_some());
    let tail = line.parts.split_off(end.map_or(0, |at| at + 1));
    let mut after = Vec::new();
    for part in tail {
        match part {
            Part::Remark(remark) if remark.place == Place::Behind => {
                line.comment = Some(remark.text);
            }
            Part::Remark(remark) => after.push(Entry {
                blanks: 0,
                what: What::Remark(remark),
            }),
            Part::Break | Part::Token(..) => {}
        }
    }
    if let Some(entry) = block.entries.last_mut() {
        entry.what = What::Line(line);
    }
    block.entries.extend(after);
}

/// Finds the lines that only a `;` ends, because layout reads a line end there as a blank.
fn mark_ends(block: &mut Block) {
    let mut next_goes_on = false;
    let mut is_last = true;
    for entry in block.entries.iter_mut().rev() {
        if let What::Line(line) = &mut entry.what {
            let is_open = line.block.is_none()
                && matches!(line.last(), Some((Kind::Word, "and" | "or" | "not")));
            // Comments behind an open line would be taken for comments inside it.
            line.needs_end = next_goes_on || is_open && !is_last;
            next_goes_on = matches!(line.first(), Some((Kind::Word, "and" | "or" | "deny")));
        }
        is_last = false;
    }
}
