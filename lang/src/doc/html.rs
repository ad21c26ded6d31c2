//! The page as one HTML file: no script, nothing fetched, readable on paper and in the dark.

use std::fmt::Write as _;

use super::{Block, Page, Run};
use crate::unseen::on_its_line;

/// The page may style itself and do nothing else, whatever a policy has in its texts.
const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
"#;

const STYLE: &str = include_str!("page.css");

impl Page {
    /// The page as HTML.
    pub fn html(&self) -> String {
        let title = text(&self.title);
        let mut out = format!("{HEAD}<title>{title}: a claw policy</title>\n");
        // Writing to a text cannot fail.
        let _ = write!(out, "<style>\n{STYLE}</style>\n</head>\n<body>\n");
        self.contents(&mut out);
        let _ = writeln!(out, "<main>\n<h1>{title}</h1>");
        for block in &self.blocks {
            self::block(&mut out, block);
        }
        out.push_str("</main>\n</body>\n</html>\n");
        out
    }

    fn contents(&self, out: &mut String) {
        out.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
        for block in &self.blocks {
            if let Block::Heading { level, words } = block {
                let (id, words) = (id(words), text(words));
                let _ = writeln!(
                    out,
                    "<li class=\"l{level}\"><a href=\"#{id}\">{words}</a></li>"
                );
            }
        }
        out.push_str("</ul>\n</nav>\n");
    }
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Heading { level, words } => {
            let (id, words) = (id(words), text(words));
            let _ = writeln!(out, "<h{level} id=\"{id}\">{words}</h{level}>");
        }
        Block::Paragraph(runs) => {
            let _ = writeln!(out, "<p>{}</p>", line(runs));
        }
        Block::List(items) => {
            out.push_str("<ul>\n");
            for item in items {
                let _ = writeln!(out, "<li>{}</li>", line(item));
            }
            out.push_str("</ul>\n");
        }
        Block::Table { head, rows } => {
            out.push_str("<div class=\"wide\"><table>\n<thead><tr>");
            for cell in head {
                let _ = write!(out, "<th scope=\"col\">{}</th>", text(cell));
            }
            out.push_str("</tr></thead>\n<tbody>\n");
            for row in rows {
                let cells = row.iter().map(|cell| format!("<td>{}</td>", line(cell)));
                let _ = writeln!(out, "<tr>{}</tr>", cells.collect::<String>());
            }
            out.push_str("</tbody>\n</table></div>\n");
        }
    }
}

fn line(runs: &[Run]) -> String {
    runs.iter().map(run).collect()
}

fn run(run: &Run) -> String {
    match run {
        Run::Words(words) => text(words),
        Run::Code(code) => format!("<code>{}</code>", text(code)),
        Run::Link { words, to } => format!("<a href=\"#{}\">{}</a>", id(to), text(words)),
    }
}

/// The id of a heading: names have only letters, digits and `-_.`, and are unique in a policy.
fn id(heading: &str) -> String {
    text(&heading.replace(' ', "-"))
}

/// Text that is nothing but text, between tags and in an attribute.
fn text(text: &str) -> String {
    on_its_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
