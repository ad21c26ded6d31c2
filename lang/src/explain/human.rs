//! An explanation for people: what becomes of the request, why not earlier, what is tried.

use std::fmt::Write as _;

use super::class::dollars_section;
use super::shown::count;
use super::{Bound, Earlier, Explained, Outcome, Plan, TargetPlan};

/// Renders an explanation as plain text.
pub fn human(it: &Explained) -> String {
    let mut out = String::new();
    let facts: Vec<[String; 2]> = it
        .request
        .iter()
        .map(|said| [said.fact.clone(), said.value.clone()])
        .collect();
    section(&mut out, "request", &facts);
    decision(&mut out, it);
    let earlier: Vec<[String; 4]> = it.earlier.iter().map(row).collect();
    section(&mut out, "earlier arms, and what failed", &earlier);
    let asked: Vec<[String; 3]> = it
        .asked
        .iter()
        .map(|asked| {
            let atom = format!("atom {} of {}", asked.atom, asked.atoms);
            [asked.fact.clone(), asked.value.clone(), atom]
        })
        .collect();
    section(&mut out, "facts that the table asked, in order", &asked);
    if let Some(plan) = &it.plan {
        self::plan(&mut out, plan);
    }
    let _ = writeln!(out, "policy {}", it.policy);
    out
}

fn decision(out: &mut String, it: &Explained) {
    let what = match &it.decision {
        Outcome::Class { class } => format!("class {class}"),
        Outcome::Deny { status, text } => {
            format!("deny {status} {}", crate::syntax::escape(text))
        }
        Outcome::Ambiguous { status, fact } => format!(
            "the gateway refuses it with {status} `ambiguous_header`: {fact} has several values \
             that no arm means together"
        ),
    };
    let _ = writeln!(out, "decision: {what}");
    let taken: Vec<[String; 3]> = it
        .taken
        .iter()
        .map(|arm| [arm.arm.clone(), arm.place.clone(), arm.text.clone()])
        .collect();
    table(out, &taken);
    out.push('\n');
}

fn row(arm: &Earlier) -> [String; 4] {
    let failed = arm.failed.clone().unwrap_or_default();
    let value = arm
        .value
        .as_ref()
        .map_or(String::new(), |value| format!("it is {value}"));
    [arm.arm.clone(), arm.place.clone(), failed, value]
}

fn plan(out: &mut String, plan: &Plan) {
    let targets: Vec<[String; 4]> = plan
        .targets
        .iter()
        .enumerate()
        .map(|(at, target)| {
            let number = (at + 1).to_string();
            [
                number,
                target.target.clone(),
                address(target),
                deadlines(target),
            ]
        })
        .collect();
    section(out, "targets, in order", &targets);
    let attempts = match plan.attempts {
        1 => "1 request on the wire".to_owned(),
        n => format!("{n} requests on the wire at most"),
    };
    let (low, high) = plan.backoff_ms;
    let mut rows = vec![
        ("attempts", attempts),
        ("moves on", plan.moves_on.join(", ")),
        ("new round", format!("after {}..{}", time(low), time(high))),
        (
            "retry-after",
            format!("waited for up to {}", time(plan.honor_retry_after_ms)),
        ),
    ];
    if let Some(total) = plan.total_ms {
        rows.push(("total", format!("{} for everything", time(total))));
    }
    let rows: Vec<[String; 2]> = rows
        .into_iter()
        .map(|(name, text)| [name.to_owned(), text])
        .collect();
    section(out, "rules", &rows);
    bounds(out, &plan.bounds);
    if let Some(cost) = &plan.cost {
        dollars_section(out, cost);
        let assumes = plan.assumes.iter().map(|text| [(*text).to_owned()]);
        section(out, "taken for granted", &assumes.collect::<Vec<_>>());
    }
}

/// The rules that bound a request.
pub(super) fn bounds(out: &mut String, all: &[Bound]) {
    let row = |one: &Bound| [one.rule.clone(), one.is.clone(), one.about.clone()];
    let rows: Vec<[String; 3]> = all.iter().map(row).collect();
    section(out, "bounded by", &rows);
}

fn address(target: &TargetPlan) -> String {
    match target.target.split_once('/') {
        Some((_, model)) if model == target.wire => target.url.clone(),
        _ => format!("{} as {}", target.url, crate::syntax::escape(&target.wire)),
    }
}

fn deadlines(target: &TargetPlan) -> String {
    let lacks = (!target.lacks.is_empty()).then(|| format!("has no {}", target.lacks.join(", ")));
    let too_small = target
        .too_small
        .map(|tokens| format!("holds no more than {} tokens", count(tokens)));
    let why: Vec<String> = lacks.into_iter().chain(too_small).collect();
    if !why.is_empty() {
        return format!("passed over: it {}", why.join(", and "));
    }
    let all = [
        ("connect", target.connect_ms),
        ("first-token", target.first_token_ms),
        ("idle", target.idle_ms),
        ("attempt", target.attempt_ms),
    ];
    let said = all
        .iter()
        .filter_map(|(name, ms)| Some(format!("{name} {}", time((*ms)?))));
    said.collect::<Vec<_>>().join(", ")
}

/// Milliseconds as the language writes them.
pub(crate) fn time(ms: u64) -> String {
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let mut rest = ms;
    let mut out = String::new();
    for (size, unit) in units {
        if rest >= size {
            let _ = write!(out, "{}{unit}", rest / size);
            rest %= size;
        }
    }
    if out.is_empty() {
        "0ms".to_owned()
    } else {
        out
    }
}

pub(super) fn section<const N: usize>(out: &mut String, title: &str, rows: &[[String; N]]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}");
    table(out, rows);
    out.push('\n');
}

/// Rows in columns, each as wide as its widest cell.
fn table<const N: usize>(out: &mut String, rows: &[[String; N]]) {
    for row in rows {
        let mut line = String::from(" ");
        for (at, cell) in row.iter().enumerate() {
            let wide = rows
                .iter()
                .filter_map(|row| row.get(at))
                .map(|cell| cell.chars().count());
            let _ = write!(line, " {cell:<width$} ", width = wide.max().unwrap_or(0));
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_written_as_in_a_policy() {
        assert_eq!(time(5_400_000), "1h30m");
        assert_eq!(time(1_500), "1s500ms");
        assert_eq!(time(0), "0ms");
    }
}
