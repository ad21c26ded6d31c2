//! Examples in documents are fragments; this completes one to a whole policy.

use claw_lang::Source;

/// One fenced block of a document.
pub(crate) struct Block {
    pub(crate) info: String,
    pub(crate) text: String,
}

/// Every fenced block of a document.
pub(crate) fn blocks(document: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut is_open = false;
    for line in document.lines() {
        if let Some(info) = line.strip_prefix("```") {
            if !is_open {
                found.push(Block {
                    info: info.into(),
                    text: String::new(),
                });
            }
            is_open = !is_open;
        } else if is_open {
            let block = found.last_mut().unwrap();
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    found
}

/// The whole policy that an example stands for.
///
/// `repeat=N` repeats each line that holds `{n}`, `whole` adds nothing, and `<U+202E>` is that
/// character. Otherwise a second file brings what the example does not declare itself.
pub(crate) fn complete(block: &Block) -> Vec<Source> {
    let mut text = String::new();
    let repeat = block
        .info
        .split("repeat=")
        .nth(1)
        .map_or(1, |n| n.trim().parse().unwrap());
    for line in block.text.lines() {
        let times = if line.contains("{n}") { repeat } else { 1 };
        for n in 0..times {
            text.push_str(&line.replace("{n}", &n.to_string()));
            text.push('\n');
        }
    }
    text = text.replace("<U+202E>", "\u{202E}");
    let example = Source {
        path: "example.claw".into(),
        text,
    };
    if block.info.contains("whole") {
        return vec![example];
    }
    let has = |start: &str| example.text.lines().any(|line| line.starts_with(start));
    let mut frame = String::new();
    for (start, addition) in [
        ("policy ", "policy example"),
        (
            "provider a ",
            "provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }",
        ),
        ("class code", "class code { primary a/x }"),
        ("class cheap", "class cheap { primary a/y }"),
        ("route {", "route { otherwise -> code }"),
    ] {
        let is_there = has(start) || start == "route {" && has("route exclusive {");
        // A second class only where something leads to it.
        let is_spare = start == "class cheap" && !example.text.contains("-> cheap");
        if !is_there && !is_spare {
            frame.push_str(addition);
            frame.push('\n');
        }
    }
    vec![
        example,
        Source {
            path: "frame.claw".into(),
            text: frame,
        },
    ]
}
