//! Cuts a file into lines and blocks by its tokens alone, and finds its way back after a brace
//! that is missing or too many, so that one such fault stays one error.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "only brackets and line ends matter here"
)]

mod items;

use std::ops::Range;

use super::layout::{self, Laid};
use super::lexer::{Kind, Token};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::vocab;
use items::{Items, balanced, begins_item};

/// One line, and the lines in its braces.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Positions of its documentation tokens.
    pub docs: Range<usize>,
    /// Positions of its own tokens, without braces.
    pub head: Range<usize>,
    /// The lines in its braces.
    pub block: Option<Vec<Chunk>>,
    /// A fault of its braces was reported; what it says cannot be trusted.
    pub is_broken: bool,
}

/// Cuts a whole file.
pub(super) fn split(source: &str, laid: &Laid, report: &mut Report) -> Vec<Chunk> {
    let is_balanced = balanced(&laid.tokens);
    let items = if is_balanced {
        Items::default()
    } else {
        Items::of(source, &laid.tokens)
    };
    let mut work = Work {
        source,
        tokens: &laid.tokens,
        report,
        at: 0,
        items,
        judged: None,
        is_balanced,
        is_indented: true,
    };
    work.lines(None)
}

struct Work<'a> {
    source: &'a str,
    tokens: &'a [Token],
    report: &'a mut Report,
    at: usize,
    /// Where declarations begin, in a file whose braces do not add up.
    items: Items,
    /// The one that was judged last.
    judged: Option<usize>,
    /// The braces of this declaration add up, whatever those of others do.
    is_balanced: bool,
    /// Its lines are indented at all, so that it can be believed how far.
    is_indented: bool,
}

/// Tokens of a line that are looked at again for a brace at its end.
const LINE_TOKENS_MAX: usize = 256;

/// The block whose lines are being read.
#[derive(Clone, Copy)]
struct Block {
    open: Span,
    /// The first word of the line that opened it.
    word: Span,
    /// The same of the block around it.
    outer: Option<Span>,
    /// Indentation of the line that opened it.
    indent: usize,
    depth: usize,
}

impl Work<'_> {
    fn lines(&mut self, block: Option<Block>) -> Vec<Chunk> {
        let mut lines: Vec<Chunk> = Vec::new();
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Newline | Kind::Semicolon => self.at += 1,
                Kind::Close => match self.closes(token, block) {
                    Closes::This => {
                        self.at += 1;
                        return lines;
                    }
                    Closes::Outer => {
                        if let Some(block) = block {
                            self.unclosed(block.open, Some(token.span));
                        }
                        return lines;
                    }
                    Closes::Nothing => self.stray(token, &mut lines),
                },
                _ => {
                    if block.is_none() {
                        self.judge();
                    }
                    if token.kind == Kind::Open && !self.is_balanced {
                        self.doubled(token);
                        continue;
                    }
                    if let Some(block) = block
                        && (self.begins_item(token)
                            || self.begins_model(token, block)
                            || self.steps_back(token, block))
                    {
                        self.unclosed(block.open, Some(token.span));
                        return lines;
                    }
                    let chunk = self.chunk(token, block);
                    lines.push(chunk);
                }
            }
        }
        if let Some(block) = block {
            self.unclosed(block.open, None);
        }
        lines
    }

    fn chunk(&mut self, first: Token, outer: Option<Block>) -> Chunk {
        let docs = self.run(|kind| kind == Kind::Doc);
        let head = self.run(|kind| {
            !matches!(
                kind,
                Kind::Newline | Kind::Semicolon | Kind::Open | Kind::Close
            )
        });
        let depth = outer.map_or(0, |block| block.depth);
        let indent = self.line_indent(first);
        let keyword = self.tokens.get(head.start);
        let keyword = keyword.map_or(first.span, |token| token.span);
        let inner = |open: Span| Block {
            open,
            word: keyword,
            outer: outer.map(|block| block.word),
            indent,
            depth: depth + 1,
        };
        let mut chunk = Chunk {
            docs,
            head,
            block: None,
            is_broken: false,
        };
        if let Some(open) = self.peek().filter(|token| token.kind == Kind::Open) {
            if depth < layout::DEPTH_MAX {
                self.at += 1;
                chunk.block = Some(self.lines(Some(inner(open.span))));
                self.after_block();
            } else {
                // Layout refused the file for its depth; here it is only walked to its end.
                self.at += 1;
                chunk.is_broken = true;
            }
        } else if self.lacks_open(&chunk.head, indent, depth) {
            let word = keyword.of(self.source);
            let end = self
                .tokens
                .get(chunk.head.end.saturating_sub(1))
                .map_or(keyword, |t| t.span);
            self.report.add(
                Diagnostic::new(
                    Code::NoBlock,
                    end.after(),
                    format!("`{word}` has no braces"),
                )
                .label("`{` is due here")
                .help(format!("write `{word} … {{` and close it with `}}`")),
            );
            chunk.block = Some(self.lines(Some(inner(keyword))));
        }
        chunk
    }

    /// Something right after a closing brace is read as a line of its own, which it should be.
    fn after_block(&mut self) {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let before = before.filter(|token| token.kind == Kind::Close);
        let Some((before, next)) = before.copied().zip(self.peek()) else {
            return;
        };
        if !matches!(
            next.kind,
            Kind::Newline | Kind::Semicolon | Kind::Close | Kind::Doc
        ) {
            self.report.add(
                Diagnostic::new(
                    Code::Unexpected,
                    next.span,
                    format!(
                        "`{}` follows a closing brace on the same line",
                        next.span.of(self.source)
                    ),
                )
                .help("begin a new line after `}`, or write `;`")
                .fix(before.span.after(), ";"),
            );
        }
    }

    fn closes(&self, close: Token, block: Option<Block>) -> Closes {
        let Some(block) = block else {
            return Closes::Nothing;
        };
        if self.is_balanced {
            return Closes::This;
        }
        match layout::indent(self.source, close) {
            Some(_) if !self.is_indented => Closes::This,
            // A brace further left than the line that opened this block closes an outer one.
            Some(indent) if indent < block.indent => {
                if block.depth > 1 {
                    Closes::Outer
                } else {
                    Closes::This
                }
            }
            Some(_) => Closes::This,
            // At the end of a line it closes what this line opened, and nothing else.
            None if self.is_same_line(block.open, close.span) => Closes::This,
            // Unless that line opens nothing that could lack a brace.
            None if self.is_field(close) => Closes::This,
            None => Closes::Nothing,
        }
    }

    /// Whether the line of this brace began as a field of its block, or opened another block before.
    fn is_field(&self, close: Token) -> bool {
        let before = self.tokens.get(..self.at).unwrap_or_default();
        let (mut opens, mut first) = (false, close);
        for token in before.iter().rev().take(LINE_TOKENS_MAX) {
            if !self.is_same_line(token.span, first.span) {
                break;
            }
            opens |= token.kind == Kind::Open;
            first = *token;
        }
        let word = first.span.of(self.source);
        opens || !(vocab::is_declaration(word) || vocab::is_block(word))
    }

    /// How far the declaration that begins here can be believed.
    fn judge(&mut self) {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let docs = rest.iter().take_while(|token| token.kind == Kind::Doc);
        let first = self.at + docs.count();
        let Some((item, end)) = self.items.around(first, self.tokens.len()) else {
            return;
        };
        // What is left over of a declaration is judged with it.
        if self.judged.replace(item) == Some(item) {
            return;
        }
        let own = self.tokens.get(first..end).unwrap_or_default();
        self.is_balanced = balanced(own);
        let margin = self.items.margin;
        let mut lines = own.iter();
        self.is_indented =
            lines.any(|token| layout::indent(self.source, *token).is_some_and(|it| it > margin));
    }

    fn is_same_line(&self, first: Span, last: Span) -> bool {
        let between = self.source.get(first.start as usize..last.start as usize);
        between.is_none_or(|text| !text.contains(['\n', '\r']))
    }

    fn stray(&mut self, close: Token, lines: &mut Vec<Chunk>) {
        let mut from = self.at;
        self.at += 1;
        // What stands before it on its line belonged to the block that was never opened.
        while let Some(chunk) = lines.last() {
            let Some(first) = self.tokens.get(chunk.head.start) else {
                break;
            };
            if chunk.is_broken || !self.is_same_line(first.span, close.span) {
                break;
            }
            from = chunk.head.start;
            lines.pop();
        }
        self.report.add(
            Diagnostic::new(Code::StrayClose, close.span, "this brace closes nothing")
                .help("delete it, or write the `{` that it should close"),
        );
        lines.push(Chunk {
            docs: 0..0,
            head: from..self.at,
            block: None,
            is_broken: true,
        });
    }

    fn unclosed(&mut self, open: Span, noticed: Option<Span>) {
        // The outer blocks end at the same place for the same reason.
        if self.report.diagnostics().iter().rev().take(4).any(|d| {
            d.code == Code::Unclosed
                && d.others.first().map(|label| label.span) == noticed
                && d.primary.span.file == open.file
        }) {
            return;
        }
        let mut found = Diagnostic::new(Code::Unclosed, open, "this block is not closed")
            .label("opened here")
            .help("write `}` on a line of its own where the block ends");
        if let Some(noticed) = noticed {
            found = found.and(noticed, "the block should be closed before this");
        }
        self.report.add(found);
    }

    /// Whether a declaration begins here although a block is open: only asked when braces do not
    /// add up, and only believed at the margin, in the full shape of a declaration.
    fn begins_item(&self, token: Token) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        !self.is_balanced
            && layout::indent(self.source, token) == Some(self.items.margin)
            && begins_item(self.source, rest)
    }

    /// Whether a line begins no further right than the one that opened this block inside another: of
    /// what is indented like that, the block is over. Only asked when braces do not add up.
    /// Or it begins with a word that only the block around it knows.
    fn steps_back(&self, token: Token, block: Block) -> bool {
        let Some(indent) = layout::indent(self.source, token).filter(|_| !self.is_balanced) else {
            return false;
        };
        let knows = |block: Span| {
            let word = token.span.of(self.source);
            vocab::fields(block.of(self.source)).is_some_and(|known| known.now.contains(&word))
        };
        let is_outer = block.outer.is_some_and(knows) && !knows(block.word);
        block.depth > 1 && (is_outer || self.is_indented && indent <= block.indent)
    }

    /// Whether a model begins here although one is open: they never nest.
    fn begins_model(&self, token: Token, block: Block) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        !self.is_balanced
            && block.depth > 1
            && token.span.of(self.source) == "model"
            && rest
                .iter()
                .take_while(|t| t.kind != Kind::Newline)
                .any(|t| t.kind == Kind::Open)
    }

    /// An opening brace that follows another one.
    fn doubled(&mut self, open: Token) {
        self.at += 1;
        self.report.add(
            Diagnostic::new(Code::Unexpected, open.span, "this brace opens nothing")
                .help("delete it, or write before it what it opens"),
        );
    }

    fn lacks_open(&self, head: &Range<usize>, indent: usize, depth: usize) -> bool {
        if self.is_balanced {
            return false;
        }
        let Some(keyword) = self.tokens.get(head.start) else {
            return false;
        };
        let word = keyword.span.of(self.source);
        // In a block only what begins a line could have lost its brace at the end of it.
        let begins_line = layout::indent(self.source, *keyword).is_some();
        let opens = match depth {
            0 => vocab::DECLARATIONS.contains(&word) && !vocab::DECLARATIONS_BARE.contains(&word),
            _ => word == "model" && begins_line,
        };
        let next = self.tokens.get(head.end..).unwrap_or_default();
        let next = next.iter().find(|t| t.kind != Kind::Newline);
        opens
            && next.is_some_and(|next| {
                layout::indent(self.source, *next).is_some_and(|theirs| {
                    theirs > indent || !self.is_indented && self.is_inside(*next, word)
                })
            })
    }

    /// Whether a line can only stand in a block with this keyword.
    fn is_inside(&self, first: Token, keyword: &str) -> bool {
        let word = first.span.of(self.source);
        let known = vocab::fields(keyword).is_some_and(|known| known.now.contains(&word));
        known || keyword == "route" && vocab::ARMS.contains(&word)
    }

    fn line_indent(&self, token: Token) -> usize {
        layout::indent(self.source, token).unwrap_or(0)
    }

    fn run(&mut self, belongs: impl Fn(Kind) -> bool) -> Range<usize> {
        let start = self.at;
        let rest = self.tokens.get(start..).unwrap_or_default();
        self.at += rest.iter().take_while(|token| belongs(token.kind)).count();
        start..self.at
    }

    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }
}

enum Closes {
    /// The block that is being read.
    This,
    /// A block around it.
    Outer,
    /// No block at all.
    Nothing,
}
