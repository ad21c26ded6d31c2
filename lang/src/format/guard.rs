//! What formatting must not do, proved on each result: another tree, other tokens, a lost comment,
//! other behaviour, or a text that a second run would change again.

use std::sync::Arc;
use std::thread::Builder;

use claw_table::Table;

use super::arrange;
use crate::codes::Code;
use crate::compile::compile;
use crate::report::Report;
use crate::source::Source;
use crate::syntax::lexer::{Kind, Token};
use crate::syntax::{Read, print, read};

/// A fault of the formatter, found before anything was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "internal {}: formatting `{path}` would {guard}; nothing was written; report this file as a bug in clawc",
    guard.code()
)]
pub struct Slip {
    /// The file, or the first of the policy.
    pub path: String,
    /// What it would break.
    pub guard: Guard,
}

/// What is proved of every result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Guard {
    /// The words are the same, and so is the tree that they make.
    #[error("change what it says")]
    Tree,
    /// The comments are the same, in the same order.
    #[error("lose or move a comment")]
    Comments,
    /// Formatting the result changes nothing.
    #[error("change it again on a second run")]
    Again,
    /// The compiled table decides the same, or the same findings keep it from being compiled.
    #[error("change what the policy does")]
    Behaviour,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 4] = [Self::Tree, Self::Comments, Self::Again, Self::Behaviour];

    /// Its stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Tree => "F0001",
            Self::Comments => "F0002",
            Self::Again => "F0003",
            Self::Behaviour => "F0004",
        }
    }
}

/// Proves that a formatted text says what the file says.
pub(super) fn same_file(source: &Source, before: &Read, text: &str) -> Result<(), Slip> {
    let slip = |guard| Slip {
        path: source.path.clone(),
        guard,
    };
    let mut report = Report::new(Arc::from(Vec::new()));
    let after = read(0, text, &mut report);
    // Two trees are the same, places aside, exactly if they are printed the same.
    if !after.parsed.is_whole || print(&after.parsed.file) != print(&before.parsed.file) {
        return Err(slip(Guard::Tree));
    }
    let was = Said::by(&source.text, &before.tokens);
    let is = Said::by(text, &after.tokens);
    if was.words != is.words {
        return Err(slip(Guard::Tree));
    }
    if was.comments != is.comments {
        return Err(slip(Guard::Comments));
    }
    if arrange(text, &after) != text {
        return Err(slip(Guard::Again));
    }
    Ok(())
}

/// As much stack as the first thread of a program has.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Proves that a policy does what it did.
pub(super) fn same_behaviour(before: &[Source], after: &[Source]) -> Result<(), Slip> {
    // Compiling twice takes longer than all else, and the two need nothing of each other.
    let (was, is) = std::thread::scope(|scope| {
        let other = Builder::new().stack_size(STACK_BYTES);
        let was = other.spawn_scoped(scope, || behaviour(before));
        let is = behaviour(after);
        // Where no thread is to be had there is time to wait.
        let was = was.map_or_else(|_| Some(behaviour(before)), |was| was.join().ok());
        (was, is)
    });
    if was == Some(is) {
        return Ok(());
    }
    let path = before.first().map(|source| source.path.clone());
    Err(Slip {
        path: path.unwrap_or_default(),
        guard: Guard::Behaviour,
    })
}

/// What a text says, without how it looks.
#[derive(Debug)]
struct Said<'a> {
    words: Vec<(Kind, &'a str)>,
    comments: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn by(text: &'a str, tokens: &[Token]) -> Self {
        let mut said = Self {
            words: Vec::new(),
            comments: Vec::new(),
        };
        for token in tokens {
            let word = token.span.of(text);
            if matches!(token.kind, Kind::Comment | Kind::Doc) {
                said.comments.push(word.trim_end_matches([' ', '\t']));
            } else if !token.kind.is_trivia() && token.kind != Kind::Semicolon {
                // A line end may stand for a `;`. Which of them end a line is the tree's matter.
                said.words.push((token.kind, word));
            }
        }
        said
    }
}

/// What a policy does: the behaviour digest of its table, or what keeps it from having one.
#[derive(Debug, PartialEq, Eq)]
enum Does {
    Decides([u8; 32]),
    Fails(Vec<Code>),
}

fn behaviour(sources: &[Source]) -> Does {
    let compiled = compile(sources.to_vec());
    let table = compiled.table.and_then(|bytes| Table::open(&bytes).ok());
    match table {
        Some(table) => Does::Decides(table.about().behaviour),
        None => Does::Fails(
            compiled
                .report
                .diagnostics()
                .iter()
                .map(|d| d.code)
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "policy p # why\n# more\nclass c {\n  primary a/x\n}\n";

    fn source(text: &str) -> Source {
        Source {
            path: "p.claw".into(),
            text: text.into(),
        }
    }

    /// The guard that stops a formatter that makes this of `TEXT`.
    fn stopped(made: &str) -> Option<Guard> {
        let mut report = Report::new(Arc::from(Vec::new()));
        let before = read(0, TEXT, &mut report);
        same_file(&source(TEXT), &before, made)
            .err()
            .map(|slip| slip.guard)
    }

    #[test]
    fn each_guard_stops_what_it_is_there_for() {
        let mut report = Report::new(Arc::from(Vec::new()));
        let good = arrange(TEXT, &read(0, TEXT, &mut report));
        assert_eq!(stopped(&good), None);

        let tree = Some(Guard::Tree);
        assert_eq!(stopped(&good.replace("a/x", "a/y")), tree, "another word");
        assert_eq!(
            stopped(&good.replace("primary a/x\n", "")),
            tree,
            "a lost line"
        );
        assert_eq!(stopped(&good.replace('}', "")), tree, "no policy at all");
        assert_eq!(
            stopped(&good.replace("primary a/x", "\"primary\" a/x")),
            tree,
            "a word that became a text"
        );
        let comments = Some(Guard::Comments);
        assert_eq!(stopped(&good.replace("# more\n", "")), comments, "lost");
        assert_eq!(
            stopped(&good.replace("# more", "# mare")),
            comments,
            "changed"
        );
        let swapped = good.replace("why", "WHY").replace("more", "why");
        assert_eq!(
            stopped(&swapped.replace("WHY", "more")),
            comments,
            "swapped"
        );
        assert_eq!(stopped(TEXT), Some(Guard::Again), "not formatted");
    }

    #[test]
    fn documentation_that_became_a_comment_is_another_tree() {
        let text = "## why\npolicy p\n";
        let mut report = Report::new(Arc::from(Vec::new()));
        let before = read(0, text, &mut report);
        let slip = same_file(&source(text), &before, "policy p # why\n").unwrap_err();
        assert_eq!(slip.guard, Guard::Tree);
        assert_eq!(
            slip.to_string(),
            "internal F0001: formatting `p.claw` would change what it says; nothing was written; \
             report this file as a bug in clawc"
        );
    }

    #[test]
    fn other_behaviour_is_stopped_and_so_are_other_findings() {
        const POLICY: &str = "policy p\nprovider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x }\nclass c { primary a/x }\nroute { otherwise -> c }\n";
        let sound = [source(POLICY)];
        let same = |other: &str| same_behaviour(&sound, &[source(other)]);
        assert_eq!(same(&POLICY.replace("; ", "\n")), Ok(()));
        let slip = same(&POLICY.replace("-> c", "-> deny 400 \"no\"")).unwrap_err();
        assert_eq!((slip.guard, &*slip.path), (Guard::Behaviour, "p.claw"));
        assert!(
            same(&POLICY.replace("-> c", "-> d")).is_err(),
            "no longer sound"
        );

        let broken = [source("policy p\n")];
        assert_eq!(same_behaviour(&broken, &[source("policy  p\n\n")]), Ok(()));
        assert!(same_behaviour(&broken, &[source("policy p\npolicy q\n")]).is_err());
    }

    #[test]
    fn each_guard_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> = Guard::ALL.map(Guard::code).into();
        assert_eq!(codes.len(), Guard::ALL.len());
    }
}
