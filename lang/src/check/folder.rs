//! The folder as a whole: what it declares, in which order it is read, what it lacks.

use std::collections::BTreeSet;

use claw_table::policy::{Action, Class, Client, Gateway, Leg, Policy, Retry, Target};
use claw_table::{ClientId, Fact};

use super::bounds::{Bounds, Declared};
use super::catalog::{self, Catalog};
use super::cond::Reader;
use super::lets::Lets;
use super::names::{Names, Sort, is_name};
use super::provider::{self, Checked};
use super::route::{self, Routes};
use super::{
    accept, caller, class, client, forbid, gateway, like, never, pool, retry, secrets, test,
};
use crate::codes::Code;
use crate::model::{Accept, Ask, Claims, Cond, Goal, Model, Need, Pattern, Route, RouteId, World};
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{
    ArmLine, File, Forbid, Item, Never, Route as RouteTree, Statement, Value,
};
use crate::syntax::lower::no_braces;

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

/// Adds what the gateway must know for what the conditions ask.
fn needed(model: &mut Model) {
    let caller = caller::asked(model);
    let clock = clock(model);
    model.features.extend(caller);
    model.features.extend(clock);
}

/// The first place that asks what time it is. The gateway has to know the zones.
fn clock(model: &Model) -> Option<Need> {
    let arms = model.arms().map(|arm| (&arm.cond, arm.span));
    let scopes = model.scopes.iter().map(|it| (&it.cond, it.span));
    let (_, span) = arms.chain(scopes).find(|(cond, _)| asks_time(cond))?;
    Some(Need {
        feature: "time",
        span,
    })
}

fn asks_time(cond: &Cond) -> bool {
    match cond {
        Cond::Always => false,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(asks_time),
        Cond::Not(part) => asks_time(part),
        Cond::Test(fact, _) => fact.zone().is_some(),
    }
}

/// What the routes lead to, who calls, and what bounds both.
struct Things {
    gateway: Gateway,
    providers: Vec<Checked>,
    clients: Vec<Client>,
    pools: Vec<pool::Read>,
    classes: Vec<Class>,
    claims: Claims,
    bounds: Bounds,
}

/// The providers, each with the models of the catalog that it names.
fn sources(
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

fn classes(
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
fn pools(
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

fn otherwise(routes: &[Route], root: usize) -> Option<claw_table::ArmId> {
    routes.get(root)?.arms.last().map(|arm| arm.id)
}

/// The models that some arm takes by name and does not refuse, and those that may be asked for.
fn offered(routes: &[Route], policy: &Policy) -> Vec<String> {
    let mut found = BTreeSet::new();
    for arm in routes.iter().flat_map(|route| &route.arms) {
        let class = match arm.to {
            Goal::End(Action::Deny(_)) => continue,
            Goal::End(Action::Class(id)) => policy.classes.get(id.index()),
            Goal::End(Action::Route) | Goal::Route(_) => None,
        };
        named(&arm.cond, &mut found);
        for leg in class.into_iter().flat_map(|class| &class.legs) {
            if let Leg::Requested(list) = leg {
                found.extend(
                    policy
                        .offered_by(*list)
                        .map(|target| model_of(policy, target)),
                );
            }
        }
    }
    found.into_iter().collect()
}

fn model_of(policy: &Policy, target: Target) -> String {
    let provider = policy.providers.get(target.provider.index());
    let model = provider.and_then(|provider| provider.models.get(target.model.index()));
    model.map_or_else(String::new, |model| model.name.clone())
}

fn named(cond: &Cond, found: &mut BTreeSet<String>) {
    match cond {
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| named(part, found)),
        Cond::Test(Fact::Model, Ask::Matches(patterns)) => {
            found.extend(patterns.iter().filter_map(|pattern| match pattern {
                Pattern::Exact(name) => Some(name.clone()),
                Pattern::Prefix(_)
                | Pattern::Suffix(_)
                | Pattern::Infix(_)
                | Pattern::Around(..) => None,
            }));
        }
        // What stands under `not` is not offered.
        Cond::Always | Cond::Not(_) | Cond::Test(..) => {}
    }
}

/// The one name after a keyword; anything else is reported.
fn only_name<'a>(it: &'a Statement, report: &mut Report) -> Option<&'a Value> {
    let word = &it.keyword.text;
    let mut values = it.groups.iter().flatten();
    let Some(name) = values.next() else {
        report.add(
            Diagnostic::new(
                Code::Nameless,
                it.keyword.span.after(),
                format!("this {word} has no name"),
            )
            .help(format!("write `{word} NAME`")),
        );
        return None;
    };
    let Some(extra) = values.next() else {
        return Some(name);
    };
    if it.keyword.is_word("class") && extra.is_word("like") {
        if like::other(it).is_some() && it.groups.iter().flatten().count() == 3 {
            return Some(name);
        }
        report.add(
            Diagnostic::new(
                Code::WrongValue,
                extra.span,
                "`like` names one class whose fields are taken",
            )
            .help(format!("write `class {} like OTHER {{ … }}`", name.text)),
        );
        return Some(name);
    }
    report.add(
        Diagnostic::new(
            Code::Unexpected,
            extra.span,
            format!("`{}` follows the name of this {word}", extra.text),
        )
        .help(format!(
            "write `{word} {}` and the rest inside its braces",
            name.text
        )),
    );
    // Which of the two is its name cannot be known.
    None
}

fn twice(what: &str, span: Span, first: Span, help: &str) -> Diagnostic {
    Diagnostic::new(
        Code::OnlyOnce,
        span,
        format!("{what} stands once in a folder"),
    )
    .and(first, "first here")
    .help(help)
}

fn too_many(sort: Sort, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::TooLarge,
        span,
        format!("more than 60000 of `{}`", sort.word()),
    )
    .help("split the policy")
}
