//! Keys of callers: each goes to one provider.

use claw_table::ClassId;

use super::served::Served;
use crate::codes::Code;
use crate::never::written;
use crate::report::{Diagnostic, Report};

/// Tells classes that could send one caller's key to two providers.
pub(super) fn check(served: &mut Served<'_>, report: &mut Report) {
    let model = served.model;
    let classes = model.policy.classes.iter().zip(&model.claims.classes);
    for (id, (class, places)) in (0..).map(ClassId).zip(classes) {
        let (Some((first, second)), Some(keys)) = (places.spread, places.keys) else {
            continue;
        };
        let label = match served.led(id) {
            Some(witness) => format!("the key of `{}` could be sent here", written(&witness)),
            None => "it could be sent here".to_owned(),
        };
        report.add(
            Diagnostic::new(
                Code::CallerKeySpread,
                second,
                format!(
                    "class `{}` could send a caller's key to a second provider",
                    class.name
                ),
            )
            .label(label)
            .and(first, "and here")
            .and(keys, "the key is the caller's")
            .help("name targets of one provider, or `primary requested from P, Q` alone"),
        );
    }
}
