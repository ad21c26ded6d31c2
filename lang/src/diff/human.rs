//! A comparison for people.

use std::fmt::Write as _;

use super::{Change, Diff, Traffic, Verdict};

/// Arms that are shown of one change; the rest is counted.
const ARMS_MAX: usize = 6;

/// Renders a comparison as plain text.
pub fn human(diff: &Diff) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    if diff.is_empty() {
        out.push_str("no request is treated otherwise\n");
    }
    for change in &diff.changes {
        let _ = self::change(&mut out, change, diff.traffic);
        out.push('\n');
    }
    for one in &diff.settings {
        let (verdict, rule) = (one.verdict.word(), &one.rule);
        let (old, new) = (value(one.old.as_ref()), value(one.new.as_ref()));
        let _ = writeln!(out, "{verdict}: {rule}: {old}  ->  {new}");
    }
    if !diff.settings.is_empty() {
        out.push('\n');
    }
    for (what, models) in [
        ("no longer offered", &diff.models_removed),
        ("now offered", &diff.models_added),
    ] {
        if !models.is_empty() {
            let _ = writeln!(out, "models {what}: {}", models.join(", "));
        }
    }
    if let Some(Traffic { requests, others }) = diff.traffic {
        let _ = writeln!(
            out,
            "looked at {requests} logged requests of the old policy; {others} more were decided by others"
        );
    }
    if !diff.changes.is_empty() || !diff.settings.is_empty() {
        let _ = writeln!(out, "{}", summary(diff));
    }
    out
}

fn value(value: Option<&String>) -> &str {
    value.map_or("none", String::as_str)
}

fn change(out: &mut String, change: &Change, traffic: Option<Traffic>) -> std::fmt::Result {
    let Change {
        verdict, old, new, ..
    } = change;
    let both = if old == new {
        old.clone()
    } else {
        format!("{old}  ->  {new}")
    };
    writeln!(out, "{}: {both}", verdict.word())?;
    if let (Some(count), Some(traffic)) = (change.requests_max, traffic) {
        let share = share(count, traffic.requests);
        writeln!(
            out,
            "  touches at most {count} of {} logged requests{share}",
            traffic.requests
        )?;
    }
    // Where one side is refused, every rule of the other would be a difference.
    let is_served = |name: &str| name.starts_with("class ");
    if is_served(old) && is_served(new) {
        for one in &change.differs {
            let (old, new) = (value(one.old.as_ref()), value(one.new.as_ref()));
            writeln!(out, "  {}: {old}  ->  {new}", one.rule)?;
        }
    }
    for moved in change.arms.iter().take(ARMS_MAX) {
        writeln!(
            out,
            "  was  {} {}  {}",
            moved.old.arm, moved.old.place, moved.old.text
        )?;
        writeln!(
            out,
            "  is   {} {}  {}",
            moved.new.arm, moved.new.place, moved.new.text
        )?;
    }
    if let Some(more @ 1..) = change.arms.len().checked_sub(ARMS_MAX) {
        writeln!(out, "  and {more} more pairs of arms")?;
    }
    let facts = change.example.iter();
    let facts: Vec<String> = facts
        .map(|said| format!("{} {}", said.fact, said.value))
        .collect();
    writeln!(out, "  for example  {}", facts.join(", "))?;
    writeln!(out, "  as a request  {}", change.request)
}

fn share(count: u64, of: u64) -> String {
    match (count * 1000).checked_div(of) {
        Some(thousandths) => format!(" ({}.{}%)", thousandths / 10, thousandths % 10),
        None => String::new(),
    }
}

fn summary(diff: &Diff) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let changes = diff.changes.iter().map(|change| change.verdict);
    let settings = diff.settings.iter().map(|setting| setting.verdict);
    let mut verdicts: Vec<Verdict> = changes.chain(settings).collect();
    verdicts.sort_unstable();
    for verdict in &verdicts {
        let word = verdict.word();
        match counts.iter_mut().find(|(own, _)| *own == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let noun = if verdicts.len() == 1 {
        "change"
    } else {
        "changes"
    };
    format!("{} {noun}: {}", verdicts.len(), parts.join(", "))
}
