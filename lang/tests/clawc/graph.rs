//! `clawc graph`: what it writes is read back and compared with the policy.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::{Command, Stdio};

use claw_lang::graph::Graph;
use claw_lang::{Source, check, read_folder};

use crate::root;
use crate::run::{HOSTILE, SOUND, clawc, folder, misspelt};

fn graph(text: &str) -> Graph {
    let checked = check(vec![Source {
        path: "p.claw".into(),
        text: text.into(),
    }]);
    let model = checked.model.as_ref();
    let model = model.unwrap_or_else(|| panic!("{}", checked.report.human()));
    Graph::of(model, &checked.report)
}

fn shipped() -> Vec<Graph> {
    let folders = [
        "examples/quickstart",
        "policies/canary",
        "policies/failover",
        "policies/teams",
    ];
    let mut found: Vec<Graph> = folders
        .iter()
        .map(|folder| {
            let checked = check(read_folder(&root().join(folder)).unwrap());
            Graph::of(checked.model.as_ref().unwrap(), &checked.report)
        })
        .collect();
    found.push(graph(HOSTILE));
    found.push(graph(CHOICES));
    found
}

/// A graph read back: the label of each node and group, and every edge.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    labels: BTreeMap<String, String>,
    edges: Vec<(String, String, String, bool)>,
}

fn due(graph: &Graph) -> Read {
    let nodes = graph.nodes.iter();
    let nodes = nodes.chain(graph.groups.iter().flat_map(|group| &group.nodes));
    let nodes = nodes.map(|node| (node.id.clone(), node.label.clone()));
    let groups = graph.groups.iter();
    let groups = groups.map(|group| (group.id.clone(), group.label.clone()));
    let edges = graph.edges.iter().map(|edge| {
        let (from, to) = (edge.from.clone(), edge.to.clone());
        (from, to, edge.label.clone(), edge.is_fallback)
    });
    Read {
        labels: nodes.chain(groups).collect(),
        edges: edges.collect(),
    }
}

/// The tokens of DOT: quoted strings (opened up), ids, and signs.
fn tokens(dot: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = dot.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let mut text = String::from("\"");
                loop {
                    match chars.next().expect("a string is closed") {
                        '"' => break,
                        '\\' => text.push(chars.next().unwrap()),
                        c => text.push(c),
                    }
                }
                found.push(text);
            }
            c if c.is_whitespace() => {}
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let mut id = c.to_string();
                while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    id.push(c);
                }
                found.push(id);
            }
            '-' => {
                assert_eq!(chars.next(), Some('>'));
                found.push("->".into());
            }
            c => {
                assert!("{}[]=,".contains(c), "{c:?} stands outside a string");
                found.push(c.to_string());
            }
        }
    }
    found
}

/// Reads what DOT's grammar allows of what is written here, and nothing else.
fn read_dot(dot: &str) -> Read {
    let tokens = tokens(dot);
    let mut left = tokens.iter().map(String::as_str).peekable();
    let mut read = Read::default();
    assert_eq!(left.next(), Some("digraph"));
    assert!(left.next().unwrap().starts_with('"'));
    assert_eq!(left.next(), Some("{"));
    let mut open = vec![None];
    while let Some(group) = open.last().copied() {
        let first = left.next().expect("every brace is closed");
        if first == "}" {
            open.pop();
            continue;
        }
        if first == "subgraph" {
            let id = left.next().unwrap().strip_prefix("cluster_").unwrap();
            assert_eq!(left.next(), Some("{"));
            open.push(Some(id));
            continue;
        }
        if left.next_if_eq(&"=").is_some() {
            let value = left.next().unwrap();
            if let (Some(group), "label") = (group, first) {
                read.labels.insert(group.to_owned(), value[1..].to_owned());
            }
            continue;
        }
        let to = left.next_if_eq(&"->").map(|_| left.next().unwrap());
        let mut attributes = BTreeMap::new();
        assert_eq!(left.next(), Some("["), "after {first}");
        loop {
            let name = left.next().unwrap();
            assert_eq!(left.next(), Some("="));
            attributes.insert(name, left.next().unwrap());
            if left.next().unwrap() == "]" {
                break;
            }
        }
        let label = attributes.get("label").map(|text| text[1..].to_owned());
        let is_dashed = attributes.get("style") == Some(&"dashed");
        match to {
            Some(to) => {
                let edge = (first.to_owned(), to.to_owned(), label.unwrap(), is_dashed);
                read.edges.push(edge);
            }
            None if matches!(first, "node" | "edge") => {}
            None => assert_eq!(read.labels.insert(first.to_owned(), label.unwrap()), None),
        }
    }
    assert_eq!(left.next(), None);
    read
}

/// Reads a flowchart line by line; entities are opened up.
fn read_mermaid(text: &str) -> Read {
    let mut read = Read::default();
    let mut lines = text.lines().map(str::trim);
    assert_eq!(lines.next(), Some("flowchart LR"));
    for line in lines.filter(|line| *line != "end") {
        let (before, rest) = line.split_once('"').expect(line);
        let (label, after) = rest.split_once('"').expect(line);
        assert!(!label.contains(['<', '>', '`', '%', '|', '\\']), "{label}");
        let label = entities(label);
        let before = before.strip_prefix("subgraph ").unwrap_or(before);
        if let Some((from, arrow)) = before.split_once(' ') {
            let to = after.strip_prefix("| ").expect(line);
            let is_dashed = match arrow {
                "-->|" => false,
                "-.->|" => true,
                other => panic!("no arrow: {other}"),
            };
            read.edges.push((from.into(), to.into(), label, is_dashed));
        } else {
            let id = before.trim_end_matches(['(', '[', '{']);
            assert_eq!(before.len() - id.len(), after.len(), "{line}");
            assert_eq!(read.labels.insert(id.to_owned(), label), None);
        }
    }
    read
}

fn entities(label: &str) -> String {
    let mut pieces = label.split('#');
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (number, rest) = piece.split_once(';').unwrap();
        out.push(char::from_u32(number.parse().unwrap()).unwrap());
        out.push_str(rest);
    }
    out
}

#[test]
fn both_languages_hold_every_node_and_edge_whatever_is_written_on_them() {
    for graph in shipped() {
        let due = due(&graph);
        assert_eq!(read_dot(&graph.dot()), due, "{}", graph.dot());
        assert_eq!(read_mermaid(&graph.mermaid()), due, "{}", graph.mermaid());
        for (from, to, ..) in &due.edges {
            assert!(due.labels.contains_key(from) && due.labels.contains_key(to));
        }
    }
}

/// Where Graphviz is at hand, it is asked as well.
#[test]
fn graphviz_reads_what_is_written_for_it() {
    let home = folder(&[("p.claw", HOSTILE)]);
    let dot = clawc(home.path(), &["graph", "p.claw"], "").out;
    std::fs::write(home.path().join("p.dot"), dot).unwrap();
    let drawn = Command::new("dot")
        .args(["-Tcanon", "p.dot"])
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output();
    if let Ok(drawn) = drawn {
        assert!(
            drawn.status.success() && drawn.stderr.is_empty(),
            "{drawn:?}"
        );
    }
}

#[test]
fn the_graph_of_the_quickstart() {
    let graph = |more: &[&str]| {
        let args = [&["graph", "examples/quickstart"], more].concat();
        let ran = clawc(&root(), &args, "");
        assert_eq!((ran.code, &*ran.err), (0, ""));
        ran.out
    };
    insta::assert_snapshot!("quickstart_dot", graph(&[]));
    insta::assert_snapshot!("quickstart_mermaid", graph(&["--format", "mermaid"]));
    assert_eq!(graph(&[]), graph(&["--format", "dot"]));
}

/// Pools in a pool, and a model that is named.
const CHOICES: &str = r#"policy choices
provider a { api openai; url "https://a.example/v1"; key env A; model x; model y }
provider b { api openai; url "https://b.example/v1"; key env B; model x; model z }
pool inner { a/x; a/y }
pool outer { balance weighted; inner 95%; b/x 5% }
class shared { primary outer; fallback b/z }
class asked { primary requested from a, b }
route {
  when model is "x" -> shared
  otherwise         -> asked
}
"#;

#[test]
fn what_is_one_of_several_targets_is_drawn_as_a_choice() {
    let graph = graph(CHOICES);
    let nodes = graph.nodes.iter().map(|node| (&*node.id, &*node.label));
    let choices: Vec<(&str, &str)> = nodes.filter(|(id, _)| id.starts_with(['s', 'q'])).collect();
    assert_eq!(
        choices,
        [
            ("s1", "one of pool outer"),
            ("q0", "the model that is named, at the first of a, b"),
            ("s0", "one of pool inner"),
        ]
    );
    let edges = graph
        .edges
        .iter()
        .filter(|edge| !edge.from.starts_with('r'));
    let edges = edges.map(|it| format!("{} {} {} {}", it.from, it.label, it.to, it.is_fallback));
    assert_eq!(
        edges.collect::<Vec<_>>(),
        [
            "s1 95% s0 false",
            "s1 5% t1x0 false",
            "q0 if named t0x0 false",
            "q0 if named t0x1 false",
            "q0 if named t1x1 false",
            "s0 evenly t0x0 false",
            "s0 evenly t0x1 false",
            "c0 primary s1 false",
            "c0 fallback t1x1 true",
            "c1 primary q0 false",
        ]
    );
}

#[test]
fn what_no_class_uses_is_left_out_and_a_long_condition_is_cut() {
    let long = format!("{}*", "é".repeat(200));
    let graph = graph(&HOSTILE.replace("end*", &long));
    assert_eq!(graph.groups.len(), 1);
    let models: Vec<&str> = graph.groups[0].nodes.iter().map(|n| &*n.label).collect();
    assert_eq!(models, ["x", "y"]);
    let labels = graph.edges.iter().map(|edge| edge.label.chars().count());
    assert_eq!(labels.max(), Some(80));
}

#[test]
fn of_a_policy_with_errors_there_is_no_graph_but_its_findings() {
    let home = folder(&[
        ("p/shop.claw", &misspelt()),
        ("empty/x.md", ""),
        ("none/x.claw", ""),
    ]);
    let ran = clawc(home.path(), &["graph", "p"], "");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("C0201"), "{}", ran.err);
    assert_eq!(clawc(home.path(), &["graph", "none"], "").code, 1);
    assert_eq!(clawc(home.path(), &["graph", "empty"], "").code, 2);
    let ran = clawc(home.path(), &["graph", "p", "--format", "svg"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("dot, mermaid"), "{}", ran.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_graph_that_cannot_be_written_is_trouble() {
    let home = folder(&[("shop.claw", SOUND)]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_clawc"))
        .args(["graph", "shop.claw"])
        .current_dir(home.path())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2));
    let err = String::from_utf8(ran.stderr).unwrap();
    assert!(err.starts_with("clawc: cannot write the result: "), "{err}");
}
