//! The folder as a whole: what it declares, in which order it is read, what it lacks.

mod named;
mod needed;
mod offered;
mod things;

use claw_table::ClientId;
use claw_table::policy::{Client, Gateway, Policy, Retry};

use super::bounds::{Bounds, Declared};
use super::cond::Reader;
use super::lets::Lets;
use super::names::{Names, Sort, is_name};
use super::route::{self, Routes};
use super::{accept, class, client, forbid, gateway, never, retry, secrets, test};
use crate::codes::Code;
use crate::model::{Accept, Claims, Model, RouteId, World};
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{ArmLine, File, Forbid, Item, Never, Route as RouteTree, Statement};
use crate::syntax::lower::no_braces;
use named::{only_name, too_many, twice};
use needed::needed;
use offered::{offered, otherwise};
use things::{Things, classes, pools, sources};

/// The most declarations of one sort: their ids have 16 bits.
const SORT_MAX: usize = 60_000;

/// Reads the model of a folder. It is whole only if the report holds no error.
pub(crate) fn model(files: &[File], report: &mut Report) -> Model {
    let mut parts = Parts {
        places: accept::Places::of(files),
        ..Parts::default()
    };
    for file in files {
        secrets::check(file, report);
        file.items.iter().for_each(|item| parts.item(item, report));
    }
    parts.missing(report);
    parts.read(report)
}

/// The declarations of a folder, sorted by what they are.
#[derive(Debug, Default)]
struct Parts<'f> {
    names: Names,
    lets: Lets<'f>,
    policy: Option<(String, Span)>,
    gateway: Option<&'f Statement>,
    catalogs: Vec<&'f Statement>,
    providers: Vec<&'f Statement>,
    pools: Vec<&'f Statement>,
    retries: Vec<&'f Statement>,
    clients: Vec<&'f Statement>,
    tests: Vec<&'f Statement>,
    classes: Vec<&'f Statement>,
    routes: Vec<&'f RouteTree>,
    nevers: Vec<&'f Never>,
    forbids: Vec<&'f Forbid>,
    bounds: Declared<'f>,
    spared: Vec<&'f Statement>,
    accepts: Vec<&'f Statement>,
    places: accept::Places,
    root: Option<usize>,
}

impl<'f> Parts<'f> {
    fn item(&mut self, item: &'f Item, report: &mut Report) {
        match item {
            Item::Let(it) => {
                let at = self.lets.declare(it);
                self.names.declare(&it.name, (Sort::Let, at), report);
            }
            Item::Never(it) => self.never(it, report),
            Item::Forbid(it) => {
                let at = (Sort::Forbid, self.forbids.len());
                self.names.declare(&it.name, at, report);
                self.forbids.push(it);
            }
            Item::Route(it) => self.route(it, report),
            Item::Plain(it) => self.plain(it, report),
            Item::Broken(broken) => self.names.excuse(broken),
        }
    }

    fn never(&mut self, it: &'f Never, report: &mut Report) {
        if never::is_nameless(it) {
            report.add(never::nameless(it));
            return;
        }
        let at = self.nevers.len();
        if at == SORT_MAX {
            report.add(too_many(Sort::Never, it.span));
        }
        self.names.declare(&it.name, (Sort::Never, at), report);
        self.nevers.push(it);
    }

    fn route(&mut self, it: &'f RouteTree, report: &mut Report) {
        for line in &it.arms {
            if let ArmLine::Broken(broken) = line {
                self.names.excuse(broken);
            }
        }
        let at = self.routes.len();
        if let Some(name) = &it.name {
            self.names.declare(name, (Sort::Route, at), report);
        } else if let Some(first) = self.root.and_then(|root| self.routes.get(root)) {
            report.add(twice(
                "the nameless `route`",
                it.span,
                first.span,
                "give this one a name and lead to it with `-> route NAME`",
            ));
        } else {
            self.root = Some(at);
        }
        self.routes.push(it);
    }

    fn plain(&mut self, it: &'f Statement, report: &mut Report) {
        let (list, sort) = match it.keyword.text.as_str() {
            "policy" => return self.policy(it, report),
            "gateway" => return self.gateway(it, report),
            "test" => return self.test(it, report),
            "unused" => return self.spared.push(it),
            "accept" => return self.accepts.push(it),
            "catalog" => (&mut self.catalogs, Sort::Catalog),
            "provider" => (&mut self.providers, Sort::Provider),
            "pool" => (&mut self.pools, Sort::Pool),
            "retry" => (&mut self.retries, Sort::Retry),
            "client" => (&mut self.clients, Sort::Client),
            "ceiling" => (&mut self.bounds.ceilings, Sort::Ceiling),
            "limit" => (&mut self.bounds.limits, Sort::Limit),
            "cache" => (&mut self.bounds.caches, Sort::Cache),
            "notify" => (&mut self.bounds.notifies, Sort::Notify),
            _ => (&mut self.classes, Sort::Class),
        };
        let at = list.len();
        list.push(it);
        if at == SORT_MAX {
            report.add(too_many(sort, it.span));
        }
        match only_name(it, report) {
            Some(name) => self.names.declare(name, (sort, at), report),
            None => self.names.nameless(sort),
        }
        if it.block.is_none() {
            report.add(no_braces(sort.word(), it.span));
        }
    }

    fn test(&mut self, it: &'f Statement, report: &mut Report) {
        if it.block.is_none() {
            report.add(no_braces("test", it.span));
        }
        self.tests.push(it);
    }

    fn policy(&mut self, it: &Statement, report: &mut Report) {
        if it.block.is_some() {
            report.add(
                Diagnostic::new(Code::Unexpected, it.span.after(), "`policy` has no braces").help(
                    "write `policy NAME` on a line of its own; everything else stands beside it",
                ),
            );
        }
        let name = only_name(it, report).filter(|name| is_name(name, "policy", report));
        let name = name.map_or_else(String::new, |name| name.text.clone());
        if let Some((_, first)) = &self.policy {
            report.add(twice(
                "`policy`",
                it.span,
                *first,
                "a folder is one policy; keep one of them",
            ));
            return;
        }
        self.policy = Some((name, it.span));
    }

    fn gateway(&mut self, it: &'f Statement, report: &mut Report) {
        if let Some(extra) = it.groups.iter().flatten().next() {
            report.add(
                Diagnostic::new(Code::Unexpected, extra.span, "a gateway has no name")
                    .help("write `gateway {`"),
            );
        }
        if it.block.is_none() {
            report.add(no_braces("gateway", it.span));
        }
        if let Some(first) = self.gateway {
            report.add(twice(
                "`gateway`",
                it.span,
                first.span,
                "put the fields of both into one",
            ));
            return;
        }
        self.gateway = Some(it);
    }

    /// Reports a folder without `policy` or without its root route.
    fn missing(&mut self, report: &mut Report) {
        // Of a file that is nested too deep nothing is read.
        let is_unread = |found: &Diagnostic| found.code == Code::TooDeep;
        if report.sources().is_empty() || report.diagnostics().iter().any(is_unread) {
            self.names.unread();
            return;
        }
        let at = Span::default();
        if self.policy.is_none() && !self.names.is_excused("policy") {
            report.add(
                Diagnostic::new(Code::Missing, at, "this folder has no `policy`")
                    .help("write `policy NAME` at the top of one file"),
            );
        }
        if self.root.is_none() && !self.names.is_excused("route") {
            self.names.rootless();
            let found =
                Diagnostic::new(Code::Missing, at, "this folder has no route without a name");
            report.add(
                found.help("write `route { otherwise -> CLASS }`: every request starts there"),
            );
        }
    }

    fn retries(&mut self, report: &mut Report) -> Vec<Retry> {
        let names = &mut self.names;
        let read = |it: &&Statement| retry::retry(it, names, report);
        self.retries.iter().map(read).collect()
    }

    fn clients(&mut self, bounds: &mut Bounds, report: &mut Report) -> Vec<Client> {
        let mut seen = client::Seen::default();
        let names = &mut self.names;
        let read = |(id, it): (u16, &&Statement)| {
            let outlets = (&mut seen, &mut bounds.needs, &mut bounds.ceilings);
            client::client((it, ClientId(id)), outlets, names, report)
        };
        (0..).zip(&self.clients).map(read).collect()
    }

    /// What the author says of warnings, after all that uses names.
    fn accepts(&mut self, report: &mut Report) -> Vec<Accept> {
        for it in &self.spared {
            accept::unused(it, &mut self.names, report);
        }
        self.names.unused(report);
        let mut accepts = Vec::new();
        for it in &self.accepts {
            let around = (&mut self.names, &self.places);
            accepts.extend(accept::accept(it, around, report));
        }
        accepts
    }

    /// What the routes lead to, and who calls.
    fn things(&mut self, report: &mut Report) -> Things {
        let mut bounds = Bounds::default();
        let names = &mut self.names;
        let gateway = match self.gateway {
            Some(it) => gateway::gateway(it, &mut bounds.needs, names, report),
            None => Gateway::default(),
        };
        let needs = &mut bounds.needs;
        let providers = sources(&self.catalogs, &self.providers, needs, (names, report));
        let retries = self.retries(report);
        let clients = self.clients(&mut bounds, report);
        let names = &mut self.names;
        let mut claims = Claims::default();
        let known = class::Known {
            providers: &providers,
            retries: &retries,
            pools: &[],
            classes: &self.classes,
        };
        let pools = pools(&self.pools, &known, &mut bounds.needs, (names, report));
        let known = class::Known {
            pools: &pools,
            ..known
        };
        let classes = classes(&known, (&mut claims, &mut bounds), (names, report));
        Things {
            gateway,
            providers,
            clients,
            pools,
            classes,
            claims,
            bounds,
        }
    }

    fn read(mut self, report: &mut Report) -> Model {
        let Things {
            gateway,
            providers,
            clients,
            pools,
            classes,
            mut claims,
            mut bounds,
        } = self.things(report);
        let mut routes = Routes::default();
        let mut reader = Reader {
            names: &mut self.names,
            clients: &clients,
            lets: &mut self.lets,
            report,
        };
        for it in &self.routes {
            routes.add(it, &mut reader);
        }
        route::cycles(&routes.list, &mut reader);
        bounds.declared(&self.bounds, &mut reader);
        let outlets = (&mut routes.arms, &mut routes.denies);
        let guards = forbid::guards(&self.forbids, outlets, &mut reader);
        let read = |it: &&Never| never::never(it, &providers, &mut reader);
        claims.nevers = self.nevers.iter().filter_map(read).collect();
        Lets::rest(&mut reader);
        let (ceilings, ceiling_places) = bounds.ceilings();
        let around = test::Around::of(&gateway, &clients);
        let known = (&*providers, &*ceilings, around);
        let tests = test::tests(&self.tests, known, (reader.names, reader.report));
        let accepts = self.accepts(report);
        let root = self.root.unwrap_or(0);
        let ages = providers.iter().map(|known| known.ages.clone()).collect();
        let providers = providers.into_iter().map(|checked| checked.provider);
        let mut policy = Policy {
            name: self.policy.map(|(name, _)| name).unwrap_or_default(),
            gateway,
            providers: providers.collect(),
            clients,
            pools: pools.into_iter().map(|read| read.pool).collect(),
            classes,
            requested: std::mem::take(&mut bounds.requested),
            ceilings,
            limits: std::mem::take(&mut bounds.limits),
            caches: bounds.caches(),
            notifies: std::mem::take(&mut bounds.notifies),
            denies: routes.denies.list,
            arms: routes.arms,
            otherwise: otherwise(&routes.list, root),
            offered: Vec::new(),
        };
        policy.offered = offered(&routes.list, &policy);
        let mut model = Model {
            world: World::of(&policy),
            policy,
            guards,
            scopes: std::mem::take(&mut bounds.scopes),
            ceilings: ceiling_places,
            routes: routes.list,
            root: RouteId(u16::try_from(root).unwrap_or(0)),
            features: bounds.needs(),
            claims,
            tests,
            accepts,
            ages,
        };
        needed(&mut model);
        model
    }
}
