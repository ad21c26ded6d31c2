//! What the routes lead to, who calls, and what bounds both.

use claw_table::policy::{Class, Client, Gateway};

use crate::check::bounds::Bounds;
use crate::check::catalog::{self, Catalog};
use crate::check::names::Names;
use crate::check::provider::{self, Checked};
use crate::check::{class, pool};
use crate::model::{Claims, Need};
use crate::report::Report;
use crate::syntax::ast::Statement;

/// What the routes lead to, who calls, and what bounds both.
pub(super) struct Things {
    pub(super) gateway: Gateway,
    pub(super) providers: Vec<Checked>,
    pub(super) clients: Vec<Client>,
    pub(super) pools: Vec<pool::Read>,
    pub(super) classes: Vec<Class>,
    pub(super) claims: Claims,
    pub(super) bounds: Bounds,
}

/// The providers, each with the models of the catalog that it names.
pub(super) fn sources(
    catalogs: &[&Statement],
    providers: &[&Statement],
    needs: &mut Vec<Need>,
    (names, report): (&mut Names, &mut Report),
) -> Vec<Checked> {
    let catalogs: Vec<Catalog> = catalogs
        .iter()
        .map(|it| catalog::catalog(it, names, report))
        .collect();
    providers
        .iter()
        .map(|it| provider::provider((it, &catalogs), needs, names, report))
        .collect()
}

pub(super) fn classes(
    known: &class::Known<'_>,
    (claims, bounds): (&mut Claims, &mut Bounds),
    (names, report): (&mut Names, &mut Report),
) -> Vec<Class> {
    let mut classes = Vec::new();
    for it in known.classes {
        let read = class::class(it, known, names, report);
        let mut class = read.class;
        bounds.requested(&mut class, read.requests);
        classes.push(class);
        claims.classes.push(read.places);
        bounds.needs.extend(read.needs);
        bounds.ceilings.extend(read.ceilings);
    }
    classes
}

/// The pools. The gateway has to share requests among their members.
pub(super) fn pools(
    pools: &[&Statement],
    known: &class::Known<'_>,
    needs: &mut Vec<Need>,
    (names, report): (&mut Names, &mut Report),
) -> Vec<pool::Read> {
    let mut read = Vec::new();
    for it in pools {
        needs.push(Need {
            feature: "pool",
            span: it.keyword.span,
        });
        read.push(pool::pool(it, known, names, report));
    }
    pool::cycles(&read, report);
    read
}
