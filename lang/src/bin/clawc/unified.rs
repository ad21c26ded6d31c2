//! A unified diff of two texts that differ in nothing but blanks, line ends and `;`.
//!
//! Everything else stands in both, in the same order, so how much of it has gone by tells which
//! line belongs to which: one pass, and never a wrong guess.

use std::fmt::Write as _;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// The diff, as `patch -p0` reads it.
pub(crate) fn unified(path: &str, (old, new): (&str, &str)) -> String {
    let steps = steps(&lines(old), &lines(new));
    let mut out = format!("--- {path}\n+++ {path}\n");
    let mut begin = 0;
    while let Some(first) = next_change(&steps, begin) {
        let from = first.saturating_sub(CONTEXT).max(begin);
        let mut last = first;
        while let Some(next) = next_change(&steps, last + 1) {
            if next - last > 2 * CONTEXT + 1 {
                break;
            }
            last = next;
        }
        let to = (last + 1 + CONTEXT).min(steps.len());
        hunk(&mut out, &steps, from..to);
        begin = to;
    }
    out
}

fn next_change(steps: &[Step<'_>], from: usize) -> Option<usize> {
    let rest = steps.get(from..)?;
    let at = rest.iter().position(|step| step.sign != ' ')?;
    Some(from + at)
}

/// One line of the diff.
#[derive(Debug, Clone, Copy)]
struct Step<'a> {
    sign: char,
    text: &'a str,
}

/// One line of a text.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    /// With its line end.
    text: &'a str,
    /// How much has been written before it and after it, blanks and `;` not counted.
    before: usize,
    after: usize,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut ink = 0;
    let line = |text| {
        let before = ink;
        ink += count(text);
        Line {
            text,
            before,
            after: ink,
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

fn count(text: &str) -> usize {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ';' | '\u{FEFF}'))
        .count()
}

fn steps<'a>(old: &[Line<'a>], new: &[Line<'a>]) -> Vec<Step<'a>> {
    let mut steps = Vec::with_capacity(old.len() + new.len());
    // Added lines follow the removed ones that they replace.
    let mut added = Vec::new();
    let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let (mut gone, mut come) = (None, None);
        match (olds.peek().copied(), news.peek().copied()) {
            (None, None) => break,
            (Some(a), Some(b)) if a.before == b.before && a.text == b.text => {
                steps.append(&mut added);
                steps.push(Step {
                    sign: ' ',
                    text: a.text,
                });
                olds.next();
                news.next();
                continue;
            }
            (Some(a), Some(b)) => {
                if a.after <= b.after {
                    gone = olds.next();
                }
                if b.after <= a.after {
                    come = news.next();
                }
            }
            (Some(_), None) => gone = olds.next(),
            (None, Some(_)) => come = news.next(),
        }
        if let Some(line) = gone {
            steps.push(Step {
                sign: '-',
                text: line.text,
            });
        }
        added.extend(come.map(|line| Step {
            sign: '+',
            text: line.text,
        }));
    }
    steps.append(&mut added);
    steps
}

fn hunk(out: &mut String, steps: &[Step<'_>], range: std::ops::Range<usize>) {
    let side = |other: char, steps: &[Step<'_>]| steps.iter().filter(|s| s.sign != other).count();
    let before = steps.get(..range.start).unwrap_or_default();
    let inside = steps.get(range).unwrap_or_default();
    let place = |other: char| {
        let (first, many) = (side(other, before), side(other, inside));
        // Of an empty range, the line before it is named.
        format!("{},{many}", first + usize::from(many > 0))
    };
    // Writing to a text cannot fail.
    let _ = writeln!(out, "@@ -{} +{} @@", place('+'), place('-'));
    for step in inside {
        out.push(step.sign);
        out.push_str(step.text);
        if !step.text.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Applies a diff as `patch` does.
    fn patched(old: &str, diff: &str) -> String {
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let mut lines = diff.split_inclusive('\n').skip(2).peekable();
        let (mut out, mut at) = (String::new(), 0);
        while let Some(line) = lines.next() {
            if let Some(hunk) = line.strip_prefix("@@ -") {
                let (first, rest) = hunk.split_once(',').unwrap();
                let many: usize = rest.split_once(' ').unwrap().0.parse().unwrap();
                let first: usize = first.parse().unwrap();
                let start = if many == 0 { first } else { first - 1 };
                out.extend(old[at..start].iter().copied());
                at = start;
                continue;
            }
            let (sign, text) = line.split_at(1);
            let is_cut = lines.next_if(|next| next.starts_with('\\')).is_some();
            let text = if is_cut {
                text.trim_end_matches('\n')
            } else {
                text
            };
            if sign != "+" {
                assert_eq!(old[at], text);
                at += 1;
            }
            if sign != "-" {
                out.push_str(text);
            }
        }
        out.extend(old[at..].iter().copied());
        out
    }

    #[test]
    fn far_changes_are_hunks_of_their_own_and_near_ones_are_not() {
        let old: Vec<String> = (0..40).map(|n| format!("line  {n}\n")).collect();
        let old = old.concat();
        let change =
            |old: &str, n: usize| old.replace(&format!("line  {n}\n"), &format!("line {n}\n"));
        let new = [2, 9, 30]
            .into_iter()
            .fold(old.clone(), |text, n| change(&text, n));
        let diff = unified("p.claw", (&old, &new));
        let heads: Vec<&str> = diff.lines().filter(|line| line.starts_with("@@")).collect();
        assert_eq!(heads, ["@@ -1,13 +1,13 @@", "@@ -28,7 +28,7 @@"]);
        assert_eq!(patched(&old, &diff), new);
    }

    #[test]
    fn a_missing_last_line_end_is_told() {
        assert_eq!(
            unified("p.claw", ("a", "a\n")),
            "--- p.claw\n+++ p.claw\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n"
        );
        let diff = unified("p.claw", ("\n\n", ""));
        assert_eq!(patched("\n\n", &diff), "");
    }

    proptest! {
        #[test]
        fn a_diff_makes_the_new_text_of_the_old(
            words in prop::collection::vec(("[a-z]{1,2}", "[ \n;]{0,3}", "[ \n;]{0,3}"), 0..60),
        ) {
            let side = |new| -> String {
                let parts = words.iter().flat_map(|(word, a, b)| [word, if new { b } else { a }]);
                parts.map(String::as_str).collect()
            };
            let (old, new) = (side(false), side(true));
            prop_assert_eq!(patched(&old, &unified("p", (&old, &new))), new);
        }
    }
}
