//! From one file's text to its tree.

use super::ast::File;
use super::layout::Laid;
use super::lexer::Token;
use super::{layout, lexer, lower, remarks, split};
use crate::report::Report;

/// What reading one file gave.
#[derive(Debug)]
pub struct Parsed {
    /// The tree; lines that could not be read stand in it as broken.
    pub file: File,
    /// Something in it could not be read.
    pub is_whole: bool,
}

/// Reads one file; every fault goes to the report with its place in the file.
pub fn parse(number: u32, text: &str, report: &mut Report) -> Parsed {
    read(number, text, report).parsed
}

/// What reading one file gave, with the stages on the way to it.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) tokens: Vec<Token>,
    pub(crate) laid: Laid,
    pub(crate) parsed: Parsed,
}

/// Reads one file and keeps its tokens.
pub(crate) fn read(number: u32, text: &str, report: &mut Report) -> Read {
    let faults = report.errors();
    layout::hidden(number, text, report);
    let tokens = remarks::told(text, lexer::lex(number, text), report);
    let laid = layout::lay(text, &tokens, report);
    let file = if laid.is_too_deep {
        File::default()
    } else {
        let chunks = split::split(text, &laid, report);
        lower::file(text, &laid, &chunks, report)
    };
    let parsed = Parsed {
        file,
        is_whole: report.errors() == faults,
    };
    Read {
        tokens,
        laid,
        parsed,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use pest::Parser as _;
    use pest::iterators::Pairs;

    use super::*;
    use crate::source::read_folder;
    use crate::syntax::grammar::{Grammar, Rule};
    use crate::syntax::split::Chunk;

    /// Every leaf of a parse with its place, brackets left out: these stand between lines.
    fn leaves(pairs: Pairs<'_, Rule>, base: usize) -> Vec<(usize, String)> {
        pairs
            .flatten()
            .filter(|pair| pair.clone().into_inner().next().is_none())
            .filter(|pair| {
                !matches!(
                    pair.as_rule(),
                    Rule::EOI | Rule::open | Rule::close | Rule::newline | Rule::semicolon
                )
            })
            .map(|pair| {
                (
                    base + pair.as_span().start(),
                    pair.as_str().trim_end().to_owned(),
                )
            })
            .collect()
    }

    /// The same line by line.
    fn line_by_line(laid: &Laid, chunks: &[Chunk], rule: Option<Rule>) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for chunk in chunks {
            let tokens = &laid.tokens[chunk.head.clone()];
            let span = tokens[0].span.to(tokens[tokens.len() - 1].span);
            let text = span.of(&laid.text);
            let (own, below) = match text.split(' ').next().unwrap() {
                "let" => (Rule::let_line, Rule::statement),
                "never" => (Rule::never_line, Rule::statement),
                "forbid" => (Rule::forbid_line, Rule::statement),
                "route" => (Rule::statement, Rule::arm),
                _ => (Rule::statement, Rule::statement),
            };
            let own = match rule {
                // An arm begins so too, but stands in a route.
                Some(Rule::statement) if text.starts_with("when ") => Rule::when_line,
                Some(rule) => rule,
                None => own,
            };
            found.extend(leaves(
                Grammar::parse(own, text).unwrap(),
                span.start as usize,
            ));
            let below = Some(rule.unwrap_or(below));
            found.extend(line_by_line(
                laid,
                chunk.block.as_deref().unwrap_or_default(),
                below,
            ));
        }
        found
    }

    #[test]
    fn the_published_grammar_reads_a_whole_file_as_it_reads_its_lines() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = read_folder(&root.join("examples")).unwrap();
        files.extend(read_folder(&root.join("policies")).unwrap());
        assert!(files.len() >= 2);
        for source in files {
            let mut report = Report::new(Arc::from(vec![source.clone()]));
            let tokens = lexer::lex(0, &source.text);
            let laid = layout::lay(&source.text, &tokens, &mut report);
            let chunks = split::split(&source.text, &laid, &mut report);
            let whole = Grammar::parse(Rule::file, &laid.text);
            let whole = whole.unwrap_or_else(|e| panic!("{}: {e}", source.path));
            assert_eq!(
                leaves(whole, 0),
                line_by_line(&laid, &chunks, None),
                "{}",
                source.path
            );
        }
    }
}
