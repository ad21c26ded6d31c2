//! The page as Markdown, with the tables of code hosts.

use std::fmt::Write as _;

use super::{Block, Page, Run};
use crate::unseen::on_its_line;

impl Page {
    /// The page as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n", words(&self.title));
        for block in &self.blocks {
            out.push('\n');
            self::block(&mut out, block);
        }
        out
    }
}

fn block(out: &mut String, block: &Block) {
    // Writing to a text cannot fail.
    match block {
        Block::Heading { level, words } => {
            let marks = "#".repeat(usize::from(*level));
            let _ = writeln!(out, "{marks} {}", self::words(words));
        }
        Block::Paragraph(runs) => {
            let _ = writeln!(out, "{}", line(runs));
        }
        Block::List(items) => {
            for item in items {
                let _ = writeln!(out, "- {}", line(item));
            }
        }
        Block::Table { head, rows } => {
            let _ = writeln!(out, "| {} |", head.join(" | "));
            let _ = writeln!(out, "|{}", "---|".repeat(head.len()));
            for row in rows {
                let cells: Vec<String> = row.iter().map(|cell| inline(cell, Place::Cell)).collect();
                let _ = writeln!(out, "| {} |", cells.join(" | "));
            }
        }
    }
}

/// A paragraph or item. Its first sign must not begin a list, a heading or a rule.
fn line(runs: &[Run]) -> String {
    let text = inline(runs, Place::Line);
    let text = text.trim();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    match rest.chars().next() {
        Some('.' | ')') if digits > 0 => format!("{number}\\{rest}"),
        Some('-' | '+' | '=') if digits == 0 => format!("\\{rest}"),
        _ => text.to_owned(),
    }
}

/// Where a piece of text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Line,
    Cell,
}

/// Pieces in a row. Code beside code becomes one span, for the fences between them would be one.
fn inline(runs: &[Run], place: Place) -> String {
    let mut out = String::new();
    let mut codes = String::new();
    for run in runs {
        if let Run::Code(text) = run {
            codes.push_str(text);
            continue;
        }
        span(&mut out, &codes, place);
        codes.clear();
        match run {
            Run::Words(text) => out.push_str(&words(text)),
            Run::Link { words, to } => {
                let _ = write!(out, "[{}](#{})", self::words(words), slug(to));
            }
            Run::Code(_) => {}
        }
    }
    span(&mut out, &codes, place);
    out
}

/// A code span, if there is any code. A cell ends at a pipe, also within code; the pipes of words
/// are escaped everywhere.
fn span(out: &mut String, text: &str, place: Place) {
    if text.is_empty() {
        return;
    }
    out.push_str(&match place {
        Place::Line => code(text),
        Place::Cell => code(text).replace('|', "\\|"),
    });
}

/// Text in which no sign means anything.
fn words(text: &str) -> String {
    on_its_line(text).chars().fold(String::new(), |mut out, c| {
        if "\\`*_[]<>|&#~$!".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// A code span: its fence is longer than any run of backticks inside (`CommonMark` 6.1).
fn code(text: &str) -> String {
    let text = on_its_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let edge = |c: Option<char>| c.is_none_or(|c| c == '`' || c == ' ');
    // One blank at each end is taken away again, where there is one at both.
    if edge(text.chars().next()) || edge(text.chars().last()) {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// The id that code hosts give to a heading.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_holds_any_text() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a``"), "``` a`` ```");
    }

    #[test]
    fn a_paragraph_never_begins_a_list_or_a_rule() {
        let line = |text: &str| line(&[Run::Words(text.into())]);
        assert_eq!(line("- a"), "\\- a");
        assert_eq!(line("--- "), "\\---");
        assert_eq!(line("12. a"), "12\\. a");
        assert_eq!(line("# a"), "\\# a");
        assert_eq!(line("12 a"), "12 a");
    }
}
