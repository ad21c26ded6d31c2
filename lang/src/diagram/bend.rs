//! A way that is known, bent to meet one more condition. What no diagram asked on the way is free, so
//! that it leads to the same end.

use super::from_model::Built;
use super::search::Path;
use super::store::Ref;

/// The way with what the condition asks beside it, or nothing where this would take another way. That
/// there is none is not said by it.
pub(super) fn bent(built: &Built<'_>, way: &Path, cond: Ref) -> Option<Path> {
    let mut made = way.clone();
    let mut at = cond;
    // A field is met once: the diagram asks each at most once on any way.
    while let Some(node) = at.node() {
        let (field, runs) = built.store.open(node);
        let of = |atom: u16| runs.get(runs.partition_point(|run| run.last < atom));
        if let Some((_, atom)) = way.iter().find(|(known, _)| *known == field) {
            at = of(*atom)?.to;
            continue;
        }
        let end = runs.last()?.last;
        let mut atom = built.natural(field, 0, end);
        if of(atom)?.to == Ref::NOWHERE {
            let least = built.least(field);
            let open = |run: &super::store::Run| run.to != Ref::NOWHERE && run.last >= least;
            let place = runs.iter().position(open)?;
            let before = place.checked_sub(1).and_then(|before| runs.get(before));
            let first = before.map_or(0, |run| run.last.saturating_add(1));
            atom = built.natural(field, first, runs.get(place)?.last);
        }
        made.push((field, atom));
        at = of(atom)?.to;
    }
    made.sort_unstable();
    (at != Ref::NOWHERE).then_some(made)
}
