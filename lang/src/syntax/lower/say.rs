//! What is said of lines that begin with what no declaration is.

use crate::codes::Code;
use crate::report::Diagnostic;
use crate::span::Span;
use crate::vocab;

/// Says that a construct of the language is not built yet.
pub(crate) fn not_yet(word: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NotYet,
        span,
        format!("`{word}` is not in this version of claw"),
    )
    .label("the gateway would not enforce it")
    .help("take it out; nothing is accepted that nothing enforces")
}

/// Says that a declaration needs braces.
pub(crate) fn no_braces(word: &str, line: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NoBlock,
        line.after(),
        format!("`{word}` has no braces"),
    )
    .label("`{` is due here")
    .help(format!("write `{word} … {{` and close it with `}}`"))
}

/// Every word that begins a declaration.
fn known() -> String {
    let words = vocab::DECLARATIONS.iter().map(|word| format!("`{word}`"));
    let words: Vec<String> = words.collect();
    match words.split_last() {
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

pub(super) fn unknown_declaration(word: &str, span: Span) -> Diagnostic {
    let found = Diagnostic::new(
        Code::UnknownKeyword,
        span,
        format!("`{word}` does not begin a declaration"),
    );
    match crate::near::nearest(word, vocab::DECLARATIONS.iter().copied()) {
        Some(near) => found.meant(span, near),
        None => found.help(format!("a declaration begins with {}", known())),
    }
}
