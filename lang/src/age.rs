//! What a policy says that time makes untrue: old catalogs, models that are shut down.

use claw_table::policy::Target;

use crate::codes::Code;
use crate::day::Day;
use crate::explain::name;
use crate::model::{Ages, Model};
use crate::report::{Diagnostic, Label, Report};
use crate::span::Span;

/// A catalog older than this is told.
const CATALOG_DAYS_MAX: u32 = 180;
/// A shutdown nearer than this is told.
const NOTICE_DAYS: u32 = 90;

/// Places of one model that are shown beside the first.
const PLACES_MAX: usize = 3;

/// Whether a finding depends on the day.
pub(crate) fn is_of_day(code: Code) -> bool {
    matches!(code, Code::ModelEnds | Code::CatalogOld)
}

/// Reports what is too old on this day, or soon will be.
pub(crate) fn check(model: &Model, today: Day, report: &mut Report) {
    for ages in &model.ages {
        catalog(ages, today, report);
    }
    for (class, places) in model.policy.classes.iter().zip(&model.claims.classes) {
        for (target, span) in class.targets.iter().zip(&places.targets) {
            let found = shutdown(model, (*target, *span), today);
            if let Some(found) = found {
                report.add(found.about(Some(places.class)));
            }
        }
    }
}

fn catalog(ages: &Ages, today: Day, report: &mut Report) {
    let Some(catalog) = &ages.catalog else { return };
    let Some(days) = today.since(catalog.snapshot) else {
        return;
    };
    if days > CATALOG_DAYS_MAX {
        let (name, snapshot) = (&catalog.name, catalog.snapshot);
        report.add(
            Diagnostic::new(
                Code::CatalogOld,
                catalog.span,
                format!("the catalog `{name}` is {days} days old"),
            )
            .label(format!("its prices are those of {snapshot}"))
            .help("use a newer clawc, or say what changed in a `model` of the provider"),
        );
    }
}

fn shutdown(model: &Model, (target, span): (Target, Span), today: Day) -> Option<Diagnostic> {
    let ages = model.ages.get(target.provider.index())?;
    let last = ages.shutdowns.get(target.model.index()).copied()??;
    let name = name(&model.policy, target);
    let message = match last.since(today) {
        Some(0) => format!("`{name}` is shut down today"),
        Some(days) if days <= NOTICE_DAYS => {
            format!("`{name}` is shut down on {last}, in {}", in_days(days))
        }
        Some(_) => return None,
        None => format!("`{name}` was shut down on {last}"),
    };
    Some(Diagnostic::new(Code::ModelEnds, span, message).help(
        "name another model, or correct the day with `shutdown` in a `model` of the provider",
    ))
}

/// A model that ends is one finding, however many classes and lists of providers lead to it. The
/// findings are in the order of the text.
pub(crate) fn gather(report: &mut Report) {
    let is_end = |found: &Diagnostic| found.code == Code::ModelEnds;
    let all = report.diagnostics().iter().filter(|found| is_end(found));
    let mut models: Vec<(Diagnostic, usize)> = Vec::new();
    for found in all {
        let known = models.iter_mut();
        let mut known = known.filter(|(first, _)| first.message == found.message);
        if let Some((first, more)) = known.next() {
            let span = found.primary.span;
            if first.labels().any(|label| label.span == span) {
                continue;
            }
            *more += 1;
            if *more <= PLACES_MAX {
                first.others.push(Label {
                    span,
                    text: "here too".to_owned(),
                });
            }
        } else {
            models.push((found.clone(), 0));
        }
    }
    if models.is_empty() {
        return;
    }
    report.drop_where(is_end);
    for (first, more) in models {
        report.add(match more.saturating_sub(PLACES_MAX) {
            0 => first,
            1 => first.label("and in one more place than is shown"),
            left => first.label(format!("and in {left} more places than are shown")),
        });
    }
    report.sort();
}

fn in_days(days: u32) -> String {
    match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
