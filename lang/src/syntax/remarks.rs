//! Comments of other languages, `// …` and `/* … */`: told by name, and then read as comments, so that
//! what they say is not blamed word by word.

use super::lexer::{Kind, Token};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::span::Span;

/// Puts one comment in the place of the tokens of each.
pub(super) fn told(source: &str, tokens: Vec<Token>, report: &mut Report) -> Vec<Token> {
    if !source.contains("//") && !source.contains("/*") {
        return tokens;
    }
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut over = 0;
    for token in tokens {
        if token.span.start < over {
            continue;
        }
        let Some(span) = remark(source, out.last().copied(), token) else {
            out.push(token);
            continue;
        };
        over = span.end;
        report.add(foreign(source, span));
        out.push(Token {
            kind: Kind::Comment,
            span,
        });
    }
    out
}

/// From a slash to where the comment ends that it begins. What touches it on the left is part of an
/// address or a path that lacks its quotes.
fn remark(source: &str, before: Option<Token>, slash: Token) -> Option<Span> {
    let is_slash = slash.kind == Kind::Foreign && slash.span.of(source) == "/";
    let is_first = before.is_none_or(|before| {
        before.kind.is_trivia()
            || matches!(
                before.kind,
                Kind::Open | Kind::Close | Kind::Semicolon | Kind::Comma
            )
    });
    if !is_slash || !is_first {
        return None;
    }
    let rest = source.get(slash.span.start as usize..)?;
    let width = if rest.starts_with("//") {
        rest.find(['\n', '\r']).unwrap_or(rest.len())
    } else {
        let inner = rest.strip_prefix("/*")?;
        inner.find("*/")? + 4
    };
    let width = u32::try_from(width).ok()?;
    Some(Span {
        end: slash.span.start.saturating_add(width),
        ..slash.span
    })
}

fn foreign(source: &str, span: Span) -> Diagnostic {
    let text = span.of(source);
    let mark = Span {
        end: span.start.saturating_add(2),
        ..span
    };
    let found = Diagnostic::new(Code::ForeignOperator, mark, "a comment begins with `#`");
    if text.starts_with("//") {
        return found.help("write `#` in place of `//`").fix(mark, "#");
    }
    let inner = text
        .strip_prefix("/*")
        .and_then(|text| text.strip_suffix("*/"));
    let inner = inner.unwrap_or(text).trim();
    let rest = source.get(span.end as usize..).unwrap_or_default();
    let is_last = rest
        .trim_start_matches([' ', '\t'])
        .starts_with(['\n', '\r']);
    let found = found.help("write `#` at the beginning of each line of it");
    if is_last && !inner.contains(['\n', '\r']) {
        found.fix(span, format!("# {inner}"))
    } else {
        found
    }
}
