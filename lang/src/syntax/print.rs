//! Writes a tree as text that reads back as the same tree.

use std::fmt::Write as _;

use super::ast::{
    Arm, ArmLine, Ask, Cond, File, Forbid, Item, Let, LetValue, Line, Never, Route, Statement,
    Value,
};
use super::escape;
use super::lexer::Kind;

/// The text of a tree. Lines that could not be read are left out.
pub fn print(file: &File) -> String {
    let mut out = Out {
        text: String::new(),
        depth: 0,
    };
    for (at, item) in file.items.iter().enumerate() {
        if at > 0 {
            out.text.push('\n');
        }
        match item {
            Item::Let(it) => out.let_line(it),
            Item::Never(it) => out.never_line(it),
            Item::Forbid(it) => out.forbid_line(it),
            Item::Route(it) => out.route(it),
            Item::Plain(it) => out.statement(it),
            Item::Broken(_) => {}
        }
    }
    out.text
}

struct Out {
    text: String,
    depth: usize,
}

impl Out {
    fn line(&mut self, content: &str) {
        let _ = writeln!(self.text, "{:1$}{content}", "", self.depth * 2);
    }

    /// A line that the next one does not go on with, whatever word it ends with.
    fn ended(&mut self, content: &str) {
        let last = content.rsplit(' ').next();
        if matches!(last, Some("and" | "or" | "not")) {
            self.line(&format!("{content};"));
        } else {
            self.line(content);
        }
    }

    /// Ends the line above where the next word would go on with it.
    fn end_before(&mut self, word: &str) {
        let above = self.text.trim_end_matches('\n').len();
        let is_ended = self
            .text
            .get(..above)
            .is_none_or(|text| text.ends_with(['{', ';']));
        if matches!(word, "and" | "or" | "deny") && !is_ended {
            self.text.insert(above, ';');
        }
    }

    fn docs(&mut self, docs: &[String]) {
        for doc in docs {
            self.line(format!("## {doc}").trim_end());
        }
    }

    fn let_line(&mut self, it: &Let) {
        self.docs(&it.docs);
        let right = match &it.is {
            LetValue::Set(values) => list(values),
            LetValue::Times(times) => {
                let times: Vec<String> = times.iter().map(|one| spaced(one)).collect();
                times.join(", ")
            }
            LetValue::Cond(cond) => condition(cond, Around::Nothing),
        };
        self.line(&format!("let {} = {right}", value(&it.name)));
    }

    fn never_line(&mut self, it: &Never) {
        self.docs(&it.docs);
        let mut line = format!("never {}", value(&it.name));
        if let Some(cond) = &it.when {
            let _ = write!(line, " when {}", condition(cond, Around::Nothing));
        }
        if !it.claim.is_empty() {
            let _ = write!(line, " {}", spaced(&it.claim));
        }
        self.line(&line);
    }

    fn forbid_line(&mut self, it: &Forbid) {
        self.docs(&it.docs);
        let when = condition(&it.when, Around::Nothing);
        let mut line = format!("forbid {} when {when}", value(&it.name));
        if !it.deny.is_empty() {
            let _ = write!(line, " {}", spaced(&it.deny));
        }
        self.ended(&line);
    }

    fn route(&mut self, it: &Route) {
        self.docs(&it.docs);
        let name = it.name.iter().map(value);
        let exclusive = it.exclusive.map(|_| "exclusive".to_owned());
        let head: Vec<String> = std::iter::once("route".to_owned())
            .chain(name)
            .chain(exclusive)
            .collect();
        self.line(&format!("{} {{", head.join(" ")));
        self.depth += 1;
        for line in &it.arms {
            if let ArmLine::Arm(arm) = line {
                self.arm(arm);
            }
        }
        self.depth -= 1;
        self.line("}");
    }

    fn arm(&mut self, it: &Arm) {
        self.docs(&it.docs);
        let goal = spaced(&it.goal);
        match &it.when {
            Some(cond) => {
                self.ended(&format!(
                    "when {} -> {goal}",
                    condition(cond, Around::Nothing)
                ));
            }
            None => self.ended(&format!("otherwise -> {goal}")),
        }
    }

    fn statement(&mut self, it: &Statement) {
        self.end_before(&it.keyword.text);
        self.docs(&it.docs);
        let mut head = value(&it.keyword);
        let groups: Vec<String> = it.groups.iter().map(|group| spaced(group)).collect();
        if !groups.is_empty() {
            let _ = write!(head, " {}", groups.join(", "));
        }
        let Some(lines) = &it.block else {
            self.ended(&head);
            return;
        };
        self.line(&format!("{head} {{"));
        self.depth += 1;
        for line in lines {
            match line {
                Line::Field(field) => self.statement(field),
                Line::When(it) => {
                    self.docs(&it.docs);
                    let when = condition(&it.cond, Around::Nothing);
                    self.ended(&format!("when {when}"));
                }
                Line::Broken(_) => {}
            }
        }
        self.depth -= 1;
        self.line("}");
    }
}

/// What a condition stands in, and so whether it needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Around {
    Nothing,
    Any,
    All,
    Not,
}

fn condition(cond: &Cond, around: Around) -> String {
    let (text, needs) = match cond {
        Cond::Any(parts) => (joined(parts, " or ", Around::Any), around >= Around::Any),
        Cond::All(parts) => (joined(parts, " and ", Around::All), around >= Around::All),
        Cond::Not(part, _) => (
            format!("not {}", condition(part, Around::Not)),
            around == Around::Not,
        ),
        Cond::Ask(it) => (ask(it), false),
    };
    if needs { format!("({text})") } else { text }
}

fn joined(parts: &[Cond], word: &str, around: Around) -> String {
    parts
        .iter()
        .map(|part| condition(part, around))
        .collect::<Vec<_>>()
        .join(word)
}

fn ask(it: &Ask) -> String {
    let mut out = value(&it.subject);
    if !it.of.is_empty() {
        let _ = write!(out, " {}", list(&it.of));
    }
    if let Some(test) = &it.test {
        let single = test.values.iter().map(std::slice::from_ref);
        let mut parts: Vec<&[Value]> = test.windows.iter().map(Vec::as_slice).collect();
        parts.extend(single);
        // Their order counts: a zone holds for the times before it.
        parts.sort_by_key(|part| part.first().map(|value| value.span));
        let parts: Vec<String> = parts.into_iter().map(spaced).collect();
        let _ = write!(out, " {} {}", test.op.words(), parts.join(", "));
    }
    out
}

fn list(values: &[Value]) -> String {
    values.iter().map(value).collect::<Vec<_>>().join(", ")
}

fn spaced(values: &[Value]) -> String {
    values.iter().map(value).collect::<Vec<_>>().join(" ")
}

fn value(it: &Value) -> String {
    if it.kind == Kind::Text {
        escape(&it.text)
    } else {
        it.text.clone()
    }
}
