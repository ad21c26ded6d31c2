//! The graph for Graphviz.

use std::fmt::Write as _;

use super::{Graph, Kind, Node};

impl Graph {
    /// The graph in the DOT language.
    pub fn dot(&self) -> String {
        let mut out = format!("digraph {} {{\n", quoted(&self.name));
        out.push_str("  rankdir=LR\n  node [fontname=\"sans-serif\"]\n");
        out.push_str("  edge [fontname=\"sans-serif\", fontsize=10]\n");
        for node in &self.nodes {
            line(&mut out, "  ", node);
        }
        // Writing to a text cannot fail.
        for group in &self.groups {
            let _ = writeln!(out, "  subgraph cluster_{} {{", group.id);
            let _ = writeln!(out, "    label={}", quoted(&group.label));
            for node in &group.nodes {
                line(&mut out, "    ", node);
            }
            out.push_str("  }\n");
        }
        for edge in &self.edges {
            let dashed = if edge.is_fallback {
                ", style=dashed"
            } else {
                ""
            };
            let label = quoted(&edge.label);
            let (from, to) = (&edge.from, &edge.to);
            let _ = writeln!(out, "  {from} -> {to} [label={label}{dashed}]");
        }
        out.push_str("}\n");
        out
    }
}

fn line(out: &mut String, indent: &str, node: &Node) {
    let look = match node.kind {
        Kind::Guards => "shape=diamond",
        Kind::Route => "shape=hexagon",
        Kind::Class => "shape=box, style=bold",
        Kind::Deny => "shape=octagon",
        Kind::Choice => "shape=ellipse",
        Kind::Target => "shape=box, style=rounded",
    };
    let (id, label) = (&node.id, quoted(&node.label));
    let _ = writeln!(out, "{indent}{id} [{look}, label={label}]");
}

/// A quoted string. A backslash would begin an escape of labels (`\l`, `\N`), so it is doubled.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
