//! What a policy promises and the compiler proves: nothing of it reaches the table, and all of it
//! keeps a later change from doing harm.

use std::collections::BTreeMap;
use std::mem::discriminant;

use super::measure::{Measure, Rule, compared};
use super::scope::apart;
use super::{Pair, Setting, paired};
use crate::diff::{Difference, Side, Verdict};
use crate::explain::on_one_line;
use crate::model::{Claim, Never};

pub(super) fn promises(old: Side<'_>, new: Side<'_>) -> Vec<Setting> {
    let (before, after) = (&old.model.claims.nevers, &new.model.claims.nevers);
    let mut found = Vec::new();
    for (name, pair) in paired((before, after), |it| &it.name) {
        let of = format!("never {name}");
        match pair {
            Pair::Both(before, after) => found.extend(never(&of, (old, before), (new, after))),
            Pair::Gone(it) => found.push(Setting::gone(Verdict::Looser, of, claim(old, it))),
            Pair::Fresh(it) => found.push(Setting::fresh(Verdict::Stricter, of, claim(new, it))),
        }
    }
    let (ours, theirs) = (required(old), required(new));
    for (class, tags) in &theirs {
        let Some(known) = ours.get(class) else {
            continue;
        };
        found.extend(compared(
            &format!("class {class}"),
            (vec![known.clone()], vec![tags.clone()]),
        ));
    }
    found
}

/// The claim as it is written, its condition left out.
fn claim(side: Side<'_>, never: &Never) -> String {
    on_one_line(side.report.text(never.span))
}

fn never(
    of: &str,
    (old, before): (Side<'_>, &Never),
    (new, after): (Side<'_>, &Never),
) -> Vec<Setting> {
    let mut found = Vec::new();
    let (was, is) = (claim(old, before), claim(new, after));
    let (ours, theirs) = (measure(old, before), measure(new, after));
    let is_other = discriminant(&before.claim) != discriminant(&after.claim);
    if is_other || ours != theirs {
        let verdict = if is_other {
            Verdict::Different
        } else {
            ours.verdict(&theirs)
        };
        let differs = Difference {
            rule: of.to_owned(),
            old: Some(was),
            new: Some(is),
        };
        found.push(Setting::new(verdict, differs));
    }
    let apart = apart((old, &before.cond), (new, &after.cond));
    if let Some(verdict) = apart.verdict() {
        let differs = Difference {
            rule: format!("{of}: is about"),
            old: Some("other requests".to_owned()),
            new: Some(apart.told()),
        };
        found.push(Setting::new(verdict, differs));
    }
    found
}

/// A claim by what it still allows.
fn measure(side: Side<'_>, never: &Never) -> Measure {
    match &never.claim {
        Claim::CostsOver(pico) => Measure::AtMost(Some(*pico)),
        Claim::TakesOver(ms) => Measure::AtMost(Some((*ms).into())),
        Claim::TriesOver(attempts) => Measure::AtMost(Some((*attempts).into())),
        Claim::Reaches(_) => Measure::one(&claim(side, never)),
    }
}

/// The tags that each class requires of its providers.
fn required(side: Side<'_>) -> BTreeMap<&str, Rule> {
    let classes = side.model.policy.classes.iter();
    let pairs = classes.zip(&side.model.claims.classes);
    let rule = |tags: Vec<String>| Rule {
        name: "require".to_owned(),
        text: (!tags.is_empty()).then(|| tags.join(", ")),
        measure: Measure::Needs(tags.into_iter().collect()),
    };
    pairs
        .map(|(class, places)| {
            let tags = places.required.iter().map(|(tag, _)| tag.clone());
            (class.name.as_str(), rule(tags.collect()))
        })
        .collect()
}
