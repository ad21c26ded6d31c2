//! What a simulator does with which request: rules from a file, or one line in a header.
//!
//! ```text
//! # the second and third request fail, the rest is fast
//! request 2..3           -> 429, retry-after 5s
//! model "gpt-5.4-mini"   -> cut after 5
//! always                 -> ok
//! ```
//! The first rule that fits decides. Without one the answer has no fault.

use std::fmt;

use super::behaviour::Behaviour;
use super::faults::{self, Fault, Part};

/// Rules, in the order in which they are tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    when: When,
    then: Behaviour,
    /// `then` as it was written.
    words: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum When {
    Always,
    /// Numbers of requests, from 1, both ends included.
    Request(usize, usize),
    Model(String),
}

/// A line that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub text: String,
}

/// Every line of a script that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Misreads(pub Vec<Misread>);

impl fmt::Display for Misreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, misread) in self.0.iter().enumerate() {
            let line_end = if at == 0 { "" } else { "\n" };
            write!(f, "{line_end}line {}: {}", misread.line, misread.text)?;
        }
        Ok(())
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Every line that cannot be followed, with what to write instead.
    pub fn read(text: &str) -> Result<Self, Misreads> {
        let mut rules = Vec::new();
        let mut misreads = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            match rule(line) {
                Ok(rule) => rules.push(rule),
                Err(text) => misreads.push(Misread {
                    line: number + 1,
                    text,
                }),
            }
        }
        if misreads.is_empty() {
            Ok(Self { rules })
        } else {
            Err(Misreads(misreads))
        }
    }

    /// What to do with this request, and the words that say so. Requests count from 1.
    pub fn behaviour(&self, request: usize, model: &str) -> (Behaviour, String) {
        let fits = |rule: &&Rule| match &rule.when {
            When::Always => true,
            When::Request(first, last) => (*first..=*last).contains(&request),
            When::Model(name) => name == model,
        };
        let rule = self.rules.iter().find(fits);
        rule.map(|rule| (rule.then.clone(), rule.words.clone()))
            .unwrap_or_default()
    }
}

/// Reads the `x-sim` header: `cut after 5`, or for one of several simulators
/// `primary: cut after 5; backup: 503`. Nothing if no part of it is for `name`.
///
/// # Errors
/// What is wrong, and what to write instead.
pub fn read_header(text: &str, name: &str) -> Result<Option<Behaviour>, String> {
    let mut found = None;
    for clause in text.split(';') {
        let (whom, faults) = match clause.split_once(':') {
            Some((whom, faults)) => (Some(whom.trim()), faults),
            None => (None, clause),
        };
        let behaviour = behaviour(faults)?;
        if found.is_none() && whom.is_none_or(|whom| whom == name) {
            found = Some(behaviour);
        }
    }
    Ok(found)
}

/// Reads faults with commas between them.
///
/// # Errors
/// What is wrong, and what to write instead.
pub fn behaviour(text: &str) -> Result<Behaviour, String> {
    let mut result = Behaviour::default();
    let mut seen: Vec<&Fault> = Vec::new();
    for item in text.split(',').map(str::trim) {
        let Some((fault, amounts)) = faults::read(item) else {
            return Err(unknown(item));
        };
        let clash = |other: &&&Fault| fault.part != Part::Nothing && other.part == fault.part;
        if let Some(other) = seen.iter().find(clash) {
            let (first, second) = (other.form, fault.form);
            return Err(format!(
                "`{first}` and `{second}` exclude each other; write one of them"
            ));
        }
        (fault.set)(&mut result, amounts);
        seen.push(fault);
    }
    Ok(result)
}

fn rule(line: &str) -> Result<Rule, String> {
    let Some((when, then)) = line.split_once("->") else {
        return Err(format!(
            "no `->` in `{}`; write `always -> {}`",
            shown(line),
            if faults::read(line).is_some() {
                line
            } else {
                "cut after 5"
            }
        ));
    };
    let words = then.trim().to_owned();
    Ok(Rule {
        when: read_when(when.trim())?,
        then: behaviour(then)?,
        words,
    })
}

fn read_when(text: &str) -> Result<When, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["always"] => Ok(When::Always),
        ["request" | "requests", numbers] => read_numbers(numbers),
        ["model", name] => Ok(When::Model(name.trim_matches('"').to_owned())),
        _ => Err(format!(
            "`{}` is no condition; write `always`, `request 2`, `request 2..4`, `request 2..` \
             or `model \"NAME\"` before the `->`",
            shown(text)
        )),
    }
}

fn read_numbers(text: &str) -> Result<When, String> {
    let wrong = || {
        let text = shown(text);
        format!("`{text}` is no request number; write `2`, `2..4` or `2..`, counted from 1")
    };
    let number = |text: &str| {
        text.parse::<usize>()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(wrong)
    };
    let (first, last) = match text.split_once("..") {
        None => (number(text)?, number(text)?),
        Some((first, "")) => (number(first)?, usize::MAX),
        Some((first, last)) => (number(first)?, number(last)?),
    };
    if first > last {
        return Err(format!(
            "`{first}..{last}` is empty; write `{last}..{first}`"
        ));
    }
    Ok(When::Request(first, last))
}

fn unknown(item: &str) -> String {
    let list = "`clawgate sim --list` shows every fault";
    if item.is_empty() {
        return format!("nothing stands where a fault is due; write `ok` or one more; {list}");
    }
    match faults::nearest(item) {
        Some(near) => format!(
            "`{}` is no fault; write `{}`; {list}",
            shown(item),
            near.example
        ),
        None => format!("`{}` is no fault; {list}", shown(item)),
    }
}

/// A piece of a script, short and free of control characters, to be shown.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::{Script, behaviour, read_header};
    use crate::sim::behaviour::{Before, Behaviour, How, Refusal, Reply, RetryAfter, Stop};
    use proptest::prelude::{any, proptest};
    use std::time::Duration;

    fn cut(after: usize) -> Behaviour {
        Behaviour {
            stop: Some(Stop {
                after,
                how: How::Cut,
            }),
            ..Behaviour::default()
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let script = Script::read(
            "# comment\nrequest 2..3 -> 429, retry-after 5s\n\nmodel \"m\" -> cut after 5 events\n",
        )
        .unwrap();
        let limited = script.behaviour(2, "m").0;
        assert_eq!(limited.reply, Reply::Refusal(Refusal::RateLimit));
        let five = Duration::from_secs(5);
        assert_eq!(limited.head.retry_after, Some(RetryAfter::Seconds(five)));
        assert_eq!(
            script.behaviour(4, "m"),
            (cut(5), "cut after 5 events".to_owned())
        );
        assert_eq!(script.behaviour(4, "other").0, Behaviour::default());
    }

    #[test]
    fn every_wrong_line_is_told_with_what_to_write() {
        let text = "cut after 5\nsometimes -> 503\nrequest 0 -> ok\nrequest 4..2 -> ok\n\
                    always -> cutt after 5\nalways -> 503, 529\nalways -> ok, \nalways -> slow 30\n";
        let misreads = Script::read(text).unwrap_err();
        insta::assert_snapshot!(misreads.to_string());
    }

    #[test]
    fn a_header_may_name_the_simulator_it_is_for() {
        let text = "primary: cut after 5; backup: down";
        assert_eq!(read_header(text, "primary"), Ok(Some(cut(5))));
        let down = read_header(text, "backup").unwrap().unwrap();
        assert_eq!(down.before_head, Before::Close);
        assert_eq!(read_header(text, "third"), Ok(None));
        assert_eq!(read_header("cut after 5", "third"), Ok(Some(cut(5))));
        assert!(read_header("primary: nonsense; backup: down", "backup").is_err());
    }

    #[test]
    fn faults_of_different_parts_go_together() {
        let all = behaviour("slow 1ms, crlf, split, comments, cut after 5, cached 3").unwrap();
        assert_eq!(all.before_head, Before::Wait(Duration::from_millis(1)));
        assert_eq!(all.stop, cut(5).stop);
        assert_eq!(all.usage.cached, 3);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = Script::read(&text);
            let _ = read_header(&text, "primary");
        }
    }
}
