//! What a policy says that time makes untrue: old catalogs, models that are shut down.

use claw_table::policy::Target;

use crate::codes::Code;
use crate::day::Day;
use crate::explain::name;
use crate::model::{Ages, Model};
use crate::report::{Diagnostic, Report};
use crate::span::Span;

/// A catalog older than this is told.
const CATALOG_DAYS_MAX: u32 = 180;
/// A shutdown nearer than this is told.
const NOTICE_DAYS: u32 = 90;

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

fn in_days(days: u32) -> String {
    match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
