//! From lines and blocks to rows: which line ends stay, which blocks stay on one line.
//!
//! Every choice here depends on the tokens and on where the author ended lines, never on columns, so
//! formatting a second time makes the same choices.

use super::tree::{Block, Entry, Line, Part, Place, Remark, What};
use crate::syntax::lexer::Kind;

/// What was written on one line stays on it up to this width, measured without columns.
const WIDTH_MAX: usize = 120;
const INDENT: usize = 2;
/// Blank lines that are kept between declarations.
const BLANKS_MAX: usize = 2;
/// Blank lines that are kept inside braces.
const BLANKS_INSIDE_MAX: usize = 1;

/// One line of the result.
#[derive(Debug)]
pub(super) struct Row {
    pub indent: usize,
    /// Blank lines above it.
    pub blanks: usize,
    pub shape: Shape,
    /// Its text, cut where columns may begin.
    pub cells: Vec<String>,
    /// What stands behind it.
    pub comment: Option<String>,
}

/// Which rows share columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Alone; it parts the rows around it.
    Plain,
    /// A comment; it parts nothing.
    Remark,
    /// A comment that goes on under the one behind the row above.
    Under,
    /// `when …` and `-> …`
    Arm,
    /// `let …` and `= …`
    Let,
    /// A keyword and its values.
    Field,
    /// A keyword, names, and a block in braces.
    Short,
    /// What a field has on further lines; it begins where the values do.
    Hang,
}

/// The rows of a file.
pub(super) fn rows(file: Block) -> Vec<Row> {
    let mut work = Work { rows: Vec::new() };
    work.block(file, 0);
    work.rows
}

impl Row {
    fn new(indent: usize, shape: Shape, cells: Vec<String>) -> Self {
        Self {
            indent,
            blanks: 0,
            shape,
            cells,
            comment: None,
        }
    }
}

struct Work {
    rows: Vec<Row>,
}

impl Work {
    fn block(&mut self, block: Block, depth: usize) {
        let begin = self.rows.len();
        let blanks_max = if depth == 0 {
            BLANKS_MAX
        } else {
            BLANKS_INSIDE_MAX
        };
        let mut entries = block.entries.into_iter().peekable();
        while let Some(entry) = entries.next() {
            let at = self.rows.len();
            match entry.what {
                What::Remark(remark) => self.remark(remark, (depth * INDENT, Shape::Remark)),
                What::Line(line) => {
                    let mut lines = vec![line];
                    while let Some(Entry {
                        what: What::Line(next),
                        ..
                    }) = entries.next_if(is_joined)
                    {
                        lines.push(next);
                    }
                    self.lines(lines, depth);
                }
            }
            if at > begin
                && let Some(row) = self.rows.get_mut(at)
            {
                row.blanks = entry.blanks.min(blanks_max);
            }
        }
    }

    /// What the author wrote on one line. Declarations and arms always stand on lines of their own.
    fn lines(&mut self, lines: Vec<Line>, depth: usize) {
        let indent = depth * INDENT;
        if depth > 0 && lines.len() > 1 && lines.iter().all(|line| is_flat(line) && !is_arm(line)) {
            let texts: Vec<String> = lines.iter().map(one_line).collect();
            let text = texts.join("; ");
            if indent + width(&text) <= WIDTH_MAX {
                self.rows.push(Row::new(indent, Shape::Plain, vec![text]));
                if let Some(last) = lines.into_iter().next_back() {
                    self.end(last.needs_end.then_some(";"), last.comment);
                }
                return;
            }
        }
        for mut line in lines {
            match line.block.take() {
                None => self.simple(&line.parts, depth),
                Some(block) => self.with_block(&line.parts, block, depth),
            }
            self.end(line.needs_end.then_some(";"), line.comment);
        }
    }

    /// What stands behind the last row.
    fn end(&mut self, mark: Option<&str>, comment: Option<String>) {
        if let Some(row) = self.rows.last_mut() {
            if let (Some(mark), Some(cell)) = (mark, row.cells.last_mut()) {
                cell.push_str(mark);
            }
            row.comment = comment;
        }
    }

    fn with_block(&mut self, head: &[Part], mut block: Block, depth: usize) {
        let indent = depth * INDENT;
        if !has_breaks(head) && stays_flat(head, &block, indent) {
            let mut cells = cells(head);
            if let Some(open) = cells.last_mut() {
                *open = braces(&block);
            }
            let text = cells.join(" ");
            // Only an empty block can be wider, and what is so wide shares no columns.
            self.rows.push(if indent + width(&text) <= WIDTH_MAX {
                Row::new(indent, Shape::Short, cells)
            } else {
                Row::new(indent, Shape::Plain, vec![text])
            });
            return;
        }
        self.broken(head, (indent, Shape::Plain));
        self.end(None, block.comment.take());
        if block.is_flat {
            // Once it is opened, each of its lines stands by itself.
            for entry in &mut block.entries {
                if let What::Line(line) = &mut entry.what {
                    line.is_joined = false;
                }
            }
        }
        self.block(block, depth + 1);
        self.rows
            .push(Row::new(indent, Shape::Plain, vec!["}".to_owned()]));
    }

    fn simple(&mut self, parts: &[Part], depth: usize) {
        let indent = depth * INDENT;
        let cut = match first_word(parts) {
            "when" | "otherwise" => place(parts, Kind::Arrow).map(|at| (at, Shape::Arm)),
            "let" if depth == 0 => place(parts, Kind::Equal).map(|at| (at, Shape::Let)),
            _ => None,
        };
        match cut {
            Some((at, shape)) if !has_breaks(parts) => {
                let (left, right) = parts.split_at(at);
                self.rows
                    .push(Row::new(indent, shape, vec![flat(left), flat(right)]));
            }
            None if depth > 0 => self.broken(parts, (indent, Shape::Field)),
            Some(_) | None => self.broken(parts, (indent, Shape::Plain)),
        }
    }

    /// Tokens, with the line ends and comments that the author put between them.
    fn broken(&mut self, parts: &[Part], (indent, shape): (usize, Shape)) {
        let (inside, rest, remark_shape) = if shape == Shape::Field {
            (indent, Shape::Hang, Shape::Hang)
        } else {
            (indent + INDENT, Shape::Plain, Shape::Remark)
        };
        let mut is_first = true;
        for piece in parts.split(|part| matches!(part, Part::Break)) {
            let row = cells(piece);
            if is_first && shape == Shape::Field && row.len() > 1 {
                let mut row = row.into_iter();
                let keyword = row.next().unwrap_or_default();
                let values: Vec<String> = row.collect();
                let row = vec![keyword, values.join(" ")];
                self.rows.push(Row::new(indent, shape, row));
            } else if !row.is_empty() {
                let (indent, shape) = if is_first {
                    (indent, shape)
                } else {
                    (inside, rest)
                };
                self.rows.push(Row::new(indent, shape, vec![row.join(" ")]));
            }
            is_first = false;
            for part in piece {
                if let Part::Remark(remark) = part {
                    self.remark(remark.clone(), (inside, remark_shape));
                }
            }
        }
    }

    fn remark(&mut self, remark: Remark, (indent, shape): (usize, Shape)) {
        match remark.place {
            Place::Behind => self.end(None, Some(remark.text)),
            Place::Own => self.rows.push(Row::new(indent, shape, vec![remark.text])),
            Place::Under => {
                self.rows.push(Row::new(indent, Shape::Under, Vec::new()));
                self.end(None, Some(remark.text));
            }
        }
    }
}

fn is_joined(entry: &Entry) -> bool {
    matches!(&entry.what, What::Line(line) if line.is_joined)
}

fn is_flat(line: &Line) -> bool {
    !has_breaks(&line.parts) && line.block.as_ref().is_none_or(|block| block.is_flat)
}

fn has_breaks(parts: &[Part]) -> bool {
    parts.iter().any(|part| !matches!(part, Part::Token(..)))
}

fn is_arm(line: &Line) -> bool {
    place(&line.parts, Kind::Arrow).is_some()
}

fn place(parts: &[Part], wanted: Kind) -> Option<usize> {
    parts
        .iter()
        .position(|part| matches!(part, Part::Token(kind, _) if *kind == wanted))
}

fn first_word(parts: &[Part]) -> &str {
    match parts.first() {
        Some(Part::Token(Kind::Word, text)) => text,
        _ => "",
    }
}

fn stays_flat(head: &[Part], block: &Block, indent: usize) -> bool {
    let is_empty = block.entries.is_empty() && block.comment.is_none();
    // The opening brace is counted twice, and a closing one follows a blank.
    is_empty
        || block.is_flat && indent + width(&flat(head)) + width(&braces(block)) <= WIDTH_MAX + 1
}

/// A block on one line.
fn braces(block: &Block) -> String {
    let lines = block.entries.iter().filter_map(|entry| match &entry.what {
        What::Line(line) => Some(one_line(line)),
        What::Remark(_) => None,
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", lines.join("; "))
    }
}

/// A line that has no line ends in it.
fn one_line(line: &Line) -> String {
    let mut cells = cells(&line.parts);
    if let (Some(block), Some(open)) = (&line.block, cells.last_mut()) {
        *open = braces(block);
    }
    cells.join(" ")
}

fn flat(parts: &[Part]) -> String {
    cells(parts).join(" ")
}

/// Tokens with what belongs to them: no blank before a comma, none inside parentheses.
fn cells(parts: &[Part]) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    let mut is_glued = false;
    for part in parts {
        let Part::Token(kind, text) = part else {
            continue;
        };
        let touches = is_glued || matches!(kind, Kind::Comma | Kind::ParenClose);
        match cells.last_mut() {
            Some(last) if touches => last.push_str(text),
            _ => cells.push(text.clone()),
        }
        is_glued = *kind == Kind::ParenOpen;
    }
    cells
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}
