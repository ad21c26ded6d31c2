//! The graph for Mermaid, which code hosts draw inside Markdown.

use std::fmt::Write as _;

use super::{Graph, Kind, Node};

impl Graph {
    /// The graph as a Mermaid flowchart.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for node in &self.nodes {
            line(&mut out, "  ", node);
        }
        // Writing to a text cannot fail.
        for group in &self.groups {
            let _ = writeln!(out, "  subgraph {}[{}]", group.id, quoted(&group.label));
            for node in &group.nodes {
                line(&mut out, "    ", node);
            }
            out.push_str("  end\n");
        }
        for edge in &self.edges {
            let arrow = if edge.is_fallback { "-.->" } else { "-->" };
            let label = quoted(&edge.label);
            let _ = writeln!(out, "  {} {arrow}|{label}| {}", edge.from, edge.to);
        }
        out
    }
}

fn line(out: &mut String, indent: &str, node: &Node) {
    let (open, close) = match node.kind {
        Kind::Guards => ("{", "}"),
        Kind::Route => ("{{", "}}"),
        Kind::Class => ("[", "]"),
        Kind::Deny => ("([", "])"),
        Kind::Choice => ("((", "))"),
        Kind::Target => ("(", ")"),
    };
    let (id, label) = (&node.id, quoted(&node.label));
    let _ = writeln!(out, "{indent}{id}{open}{label}{close}");
}

/// A quoted label. Mermaid reads Markdown, HTML, directives and entities in it, so everything that
/// is neither a letter, a digit nor harmless is written as an entity of its number.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c.is_alphanumeric() || " .,:/()=…'-_".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out.push('"');
    out
}
