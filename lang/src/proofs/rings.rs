//! Classes whose ceilings move requests in a ring.

use claw_table::ClassId;
use claw_table::policy::Scope;

use crate::codes::Code;
use crate::model::Model;
use crate::moves::{self, Move};
use crate::report::{Diagnostic, Report};

/// Reports every ring once, at the class of it that has the smallest id.
pub(super) fn check(model: &Model, report: &mut Report) {
    let classes = (0..).map(ClassId).take(model.policy.classes.len());
    for class in classes {
        if let Some(ring) = ring(model, class) {
            report.add(tell(model, class, &ring));
        }
    }
}

/// The ceilings of the class itself move requests on.
fn own(model: &Model, class: ClassId) -> Vec<Move> {
    let ceilings = model.policy.ceilings.iter().enumerate();
    let own = ceilings.filter(|(_, ceiling)| ceiling.scope == Scope::Class(class));
    own.flat_map(|(at, _)| moves::of(model, at)).collect()
}

/// A shortest way from a class back to itself, through classes with larger ids alone.
fn ring(model: &Model, class: ClassId) -> Option<Vec<Move>> {
    let mut seen = vec![false; model.policy.classes.len()];
    let mut ways: Vec<Vec<Move>> = vec![Vec::new()];
    let mut next = 0;
    while let Some(way) = ways.get(next).cloned() {
        next += 1;
        for one in own(model, way.last().map_or(class, |last| last.to)) {
            let mut longer = way.clone();
            longer.push(one);
            if one.to == class {
                return Some(longer);
            }
            let is_new = seen
                .get_mut(one.to.index())
                .is_some_and(|seen| !std::mem::replace(seen, true));
            if one.to > class && is_new {
                ways.push(longer);
            }
        }
    }
    None
}

fn tell(model: &Model, class: ClassId, ring: &[Move]) -> Diagnostic {
    let name = |class: ClassId| {
        let class = model.policy.classes.get(class.index());
        class.map_or("", |class| class.name.as_str())
    };
    let place = ring.first().map(|one| one.place).unwrap_or_default();
    let found = Diagnostic::new(
        Code::Cycle,
        place,
        format!("the ceilings of class `{}` lead back to it", name(class)),
    )
    .label(match ring {
        [_] => "it moves on to itself".to_owned(),
        _ => "it moves on from here".to_owned(),
    });
    let rest = ring.iter().zip(ring.iter().skip(1));
    rest.fold(found, |found, (before, one)| {
        found.and(
            one.place,
            format!("class `{}` moves on from here", name(before.to)),
        )
    })
    .help("let one of these ceilings end in `then deny`")
}
