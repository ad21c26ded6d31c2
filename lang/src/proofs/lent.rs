//! Keys of callers: each goes to one provider.

use std::collections::BTreeSet;

use claw_table::ClassId;
use claw_table::policy::Secret;

use super::served::Served;
use crate::check::is_near;
use crate::codes::Code;
use crate::diagram::TooLarge;
use crate::model::Model;
use crate::never::written;
use crate::report::{Diagnostic, Report};

/// Tells classes that could send a caller's key to a provider that is asked over plain http.
pub(super) fn check_way(model: &Model, report: &mut Report) {
    let policy = &model.policy;
    for (class, places) in policy.classes.iter().zip(&model.claims.classes) {
        let Some(keys) = places.keys else { continue };
        let asked: BTreeSet<usize> = class
            .targets
            .iter()
            .map(|target| target.provider.index())
            .collect();
        for provider in asked.iter().filter_map(|at| policy.providers.get(*at)) {
            // A key of the policy's own there is told already.
            if provider.keys.iter().any(|key| *key != Secret::None) {
                continue;
            }
            let mut open = provider.urls.iter().map(|replica| &replica.url);
            let Some(url) = open.find(|url| !url.tls && !is_near(&url.host)) else {
                continue;
            };
            report.add(
                Diagnostic::new(
                    Code::KeyInTheClear,
                    keys,
                    format!(
                        "keys of callers of class `{}` would cross the network unencrypted",
                        class.name
                    ),
                )
                .label(format!(
                    "`{}` is asked over plain http at `{}`",
                    provider.name, url.host
                ))
                .help("write `https://` in the `url` of this provider"),
            );
        }
    }
}

/// Tells classes that could send one caller's key to two providers.
pub(super) fn check(served: &mut Served<'_>, report: &mut Report) -> Result<(), TooLarge> {
    let model = served.model;
    let classes = model.policy.classes.iter().zip(&model.claims.classes);
    for (id, (class, places)) in (0..).map(ClassId).zip(classes) {
        let (Some((first, second)), Some(keys)) = (places.spread, places.keys) else {
            continue;
        };
        let label = match served.led(id)? {
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
    Ok(())
}
