//! The worst case of a class for people.

use std::fmt::Write as _;

use super::{ClassExplained, CostExplained, TimeExplained};
use crate::explain::human::{bounds, section, time};

/// Renders the worst case as plain text.
pub fn class_human(it: &ClassExplained) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "class {}: the worst that one request can meet\n",
        it.class
    );
    let bound = |most: u32| match most {
        1 => "1 request on the wire".to_owned(),
        most => format!("{most} requests on the wire"),
    };
    let rows = [[bound(it.attempts.most), it.attempts.because.clone()]];
    section(&mut out, "attempts", &rows);
    let asked = it.requested.iter().map(|one| {
        let models = match one.models {
            1 => "1 model".to_owned(),
            models => format!("1 of {models} models"),
        };
        [
            models,
            format!(
                "the one that the request names, at the first of {} that offers it",
                one.from.join(", ")
            ),
        ]
    });
    section(&mut out, "requested", &asked.collect::<Vec<_>>());
    seconds(&mut out, ("time of a stream", &it.stream));
    seconds(&mut out, ("time of a plain answer", &it.plain));
    dollars_section(&mut out, &it.cost);
    bounds(&mut out, &it.bounds);
    let assumes: Vec<[String; 1]> = it.assumes.iter().map(|text| [(*text).to_owned()]).collect();
    section(&mut out, "taken for granted", &assumes);
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

fn seconds(out: &mut String, (title, it): (&str, &TimeExplained)) {
    let mut rows: Vec<[String; 4]> = it
        .terms
        .iter()
        .map(|term| {
            [
                term.term.to_owned(),
                time(term.ms),
                term.is.clone(),
                term.because.clone(),
            ]
        })
        .collect();
    let row =
        |name: &str, ms: u64, why: &str| [name.to_owned(), time(ms), String::new(), why.to_owned()];
    rows.push(row("sum", it.sum_ms, "all of these"));
    rows.push(row("total", it.total_ms, "ends every request of the class"));
    let title = format!("{title}: {}", time(it.most_ms));
    section(out, &title, &rows);
}

pub(in crate::explain) fn dollars_section(out: &mut String, it: &CostExplained) {
    let attempts = match it.attempts {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    };
    let title = match (&it.most_usd, &it.dearest) {
        (Some(most), Some(dearest)) => {
            format!("cost: ${most}, for {attempts} to {dearest}")
        }
        _ => "cost: unknown".to_owned(),
    };
    let rows: Vec<[String; 3]> = it
        .targets
        .iter()
        .map(|target| {
            let usd = target.usd.as_ref();
            [
                target.target.clone(),
                usd.map_or_else(String::new, |usd| format!("${usd}")),
                target.is.clone(),
            ]
        })
        .collect();
    section(out, &title, &rows);
}
