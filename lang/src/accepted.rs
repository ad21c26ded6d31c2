//! Warnings that the author has seen and lives with: they are taken out of the report, and what is
//! accepted in vain is a warning itself.

use crate::age::is_of_day;
use crate::codes::Code;
use crate::day::Day;
use crate::model::Accept;
use crate::report::{Diagnostic, Report};
use crate::span::Span;

/// Takes out what is accepted. Only a sound policy was looked at in full, so that only there it can
/// be said that nothing fires; and what depends on the day was looked at only on one.
pub(crate) fn settle((accepts, today): (&[Accept], Option<Day>), report: &mut Report) {
    let is_sound = report.is_sound();
    for accept in accepts {
        let left_out = report.drop_where(|found| {
            let place = found.subject.unwrap_or(found.primary.span);
            found.code == accept.code && is_in(place, accept.range)
        });
        let is_looked_at = today.is_some() || !is_of_day(accept.code);
        if left_out == 0 && is_sound && is_looked_at {
            let id = accept.code.id();
            report.add(
                Diagnostic::new(
                    Code::AcceptedInVain,
                    accept.span,
                    format!("there is no {id} to accept here"),
                )
                .help("delete this line"),
            );
        }
    }
}

fn is_in(place: Span, range: Span) -> bool {
    place.file == range.file && (range.start..range.end).contains(&place.start)
}
