//! The proof that makes the walk sound.
//!
//! What is proved, and what for:
//! - every id is in range: nothing that holds a `Table` can miss a lookup;
//! - every atom that a value can fall into is within its field, and every row and run within its
//!   node: a step always finds its edge;
//! - edges only go to later nodes of later fields, and no box asks a field twice: a walk has at most
//!   as many steps as fields;
//! - every arm that ends a walk leads to a class or a refusal.

use crate::policy::{
    Action, Charge, Leg, Model, Policy, Pool, Provider, Secret, WEEK_MINUTES, When,
};
use crate::{
    AddressParts, ArmId, AtomId, Can, Fact, FieldParts, JsonParts, KEYWORD_LISTS_MAX,
    KEYWORDS_BYTES_MAX, Kind, NumberParts, Parts, Section, Split, TextParts, Unsound,
};

/// Proves the parts sound and gives the length of the longest walk.
pub(crate) fn verify(parts: &Parts) -> Result<usize, Unsound> {
    policy(&parts.policy).map_err(in_section(Section::Policy))?;
    bounds::verify(&parts.policy, parts.diagram.guards.len())
        .map_err(in_section(Section::Policy))?;
    places(parts).map_err(in_section(Section::Places))?;
    fields(&parts.fields).map_err(in_section(Section::Fields))?;
    decision(parts).map_err(in_section(Section::Diagram))
}

/// Proves that every walk ends, and gives the length of the longest.
fn decision(parts: &Parts) -> Check<usize> {
    let depth = Diagram { parts }.verify()?;
    match &parts.boxes {
        None => Ok(depth),
        Some(boxes) => boxes::verify(parts, boxes),
    }
}

type Check<T = ()> = Result<T, &'static str>;

fn in_section(section: Section) -> impl Fn(&'static str) -> Unsound {
    move |what| Unsound::Malformed { section, what }
}

macro_rules! check {
    ($holds:expr, $what:literal $(,)?) => {
        if !$holds {
            return Err($what);
        }
    };
}

/// Proves that a walk may end in an arm.
fn end(parts: &Parts, arm: ArmId) -> Check {
    let arm = parts.policy.arms.get(arm.index());
    let arm = arm.ok_or("an arm that is not there")?;
    check!(
        arm.to != Action::Route,
        "a walk that ends before its route does",
    );
    Ok(())
}

mod bounds;
mod boxes;
mod diagram;

use diagram::Diagram;

fn policy(policy: &Policy) -> Check {
    policy.providers.iter().try_for_each(provider)?;
    let pooled = policy.pools.iter().flat_map(|pool| &pool.members);
    let pooled = pooled.filter_map(|member| match &member.leg {
        Leg::Target(target) => Some(target),
        Leg::Pool(_) | Leg::Requested(_) => None,
    });
    let listed = policy.classes.iter().flat_map(|class| &class.targets);
    for target in listed.chain(pooled) {
        let provider = policy.providers.get(target.provider.index());
        let model = provider.and_then(|provider| provider.models.get(target.model.index()));
        check!(model.is_some(), "a target that is not there");
    }
    for client in &policy.clients {
        let is_known = !client.keys.is_empty() || !client.from.is_empty();
        check!(is_known, "a client that nothing tells apart");
        let whole = client.from.iter().all(|prefix| prefix.is_whole());
        check!(whole, "a range of addresses with more bits than it has");
    }
    pools(&policy.pools)?;
    for class in &policy.classes {
        check!(
            class.legs.iter().all(|leg| is_there(policy, *leg)),
            "a pool that is not there",
        );
        check!(
            policy.reached(&class.legs) == class.targets,
            "other targets than the legs lead to",
        );
        check!(
            ordered(&class.retry.on.statuses, |a, b| a.1 < b.0),
            "statuses out of order",
        );
        check!(
            class
                .retry
                .on
                .statuses
                .iter()
                .all(|(low, high)| low <= high),
            "an empty range",
        );
    }
    for arm in &policy.arms {
        match arm.to {
            Action::Class(class) => {
                check!(
                    class.index() < policy.classes.len(),
                    "a class that is not there",
                );
            }
            Action::Deny(deny) => {
                check!(
                    deny.index() < policy.denies.len(),
                    "a refusal that is not there",
                );
            }
            Action::Route => {}
        }
    }
    let otherwise = policy.otherwise.ok_or("no arm for everything else")?;
    check!(
        otherwise.index() < policy.arms.len(),
        "an arm that is not there",
    );
    Ok(())
}

fn provider(provider: &Provider) -> Check {
    check!(!provider.urls.is_empty(), "a provider without an address");
    let weighs = provider.urls.iter().all(|replica| replica.weight > 0);
    check!(weighs, "an address without weight");
    check!(!provider.keys.is_empty(), "a provider without a key");
    let lone = provider.keys.len() == 1 || !provider.keys.contains(&Secret::None);
    check!(lone, "no key beside a key");
    let rates = &provider.capacity.rates;
    check!(
        ordered(rates, |a, b| (a.of, a.per_ms) < (b.of, b.per_ms)),
        "rates out of order",
    );
    provider.models.iter().try_for_each(prices)?;
    let bites = rates.iter().all(|rate| rate.amount > 0 && rate.per_ms > 0);
    check!(bites, "a rate of nothing");
    Ok(())
}

fn is_there(policy: &Policy, leg: Leg) -> bool {
    match leg {
        // Every target of a class is looked at by itself.
        Leg::Target(_) => true,
        Leg::Pool(pool) => pool.index() < policy.pools.len(),
        Leg::Requested(list) => list.index() < policy.requested.len(),
    }
}

/// Proves that pools lead to pools that are there, and never back to themselves: one after the
/// other is taken away that leads to none that is left.
fn pools(pools: &[Pool]) -> Check {
    let inner = |pool: &Pool| {
        let legs = pool.members.iter().map(|member| member.leg);
        let found = legs.filter_map(|leg| match leg {
            Leg::Pool(pool) => Some(pool.index()),
            Leg::Target(_) | Leg::Requested(_) => None,
        });
        found.collect::<Vec<usize>>()
    };
    let mut outer: Vec<Vec<usize>> = vec![Vec::new(); pools.len()];
    let mut open: Vec<usize> = Vec::with_capacity(pools.len());
    for (at, pool) in pools.iter().enumerate() {
        let shares = pool.members.iter().all(|member| member.share > 0);
        let asks = pool
            .members
            .iter()
            .any(|it| matches!(it.leg, Leg::Requested(_)));
        check!(!asks, "a pool of what is asked for");
        check!(shares && !pool.members.is_empty(), "a pool of nothing");
        let inner = inner(pool);
        open.push(inner.len());
        for inside in inner {
            outer
                .get_mut(inside)
                .ok_or("a pool that is not there")?
                .push(at);
        }
    }
    let mut closed: Vec<usize> = (0..pools.len())
        .filter(|at| open.get(*at) == Some(&0))
        .collect();
    let mut done = 0;
    while let Some(at) = closed.pop() {
        done += 1;
        for outside in outer.get(at).into_iter().flatten() {
            if let Some(left) = open.get_mut(*outside) {
                *left -= 1;
                if *left == 0 {
                    closed.push(*outside);
                }
            }
        }
    }
    check!(done == pools.len(), "a pool that leads back to itself");
    Ok(())
}

fn prices(model: &Model) -> Check {
    let prices = &model.prices;
    check!(
        ordered(prices, |a, b| a.when < b.when),
        "prices out of order"
    );
    let Some(first) = prices.first() else {
        return Ok(());
    };
    check!(
        first.when == When::default(),
        "no price for what is ordinary"
    );
    check!(
        first.rates.pico(Charge::In).is_some(),
        "a price without input"
    );
    let hours = prices.iter().filter_map(|price| price.when.during.as_ref());
    for hours in hours {
        let known = (1..1 << 7).contains(&hours.days);
        let minutes = hours.from_minute.max(hours.to_minute) <= 24 * 60;
        check!(known && minutes, "times that no day has");
        check!(!hours.zone.is_empty(), "a time zone without a name");
    }
    Ok(())
}

fn places(parts: &Parts) -> Check {
    check!(
        parts.places.len() == parts.policy.arms.len(),
        "another count than the arms",
    );
    Ok(())
}

fn fields(fields: &[FieldParts]) -> Check {
    check!(u16::try_from(fields.len()).is_ok(), "too many fields");
    check!(
        ordered(fields, |a, b| a.fact.phase() <= b.fact.phase()),
        "an early fact is tested after a late one",
    );
    keywords(fields)?;
    let mut facts: Vec<&Fact> = fields.iter().map(|field| &field.fact).collect();
    for fact in &facts {
        if let Fact::Has(can) = fact {
            check!(Can::ASKED.contains(can), "a capability that no request has");
        }
        if let Fact::Contains((_, text)) = fact {
            check!(!text.is_empty(), "a text of no bytes to look for");
        }
    }
    facts.sort_unstable();
    check!(ordered(&facts, |a, b| a < b), "a fact with two fields");
    fields.iter().try_for_each(field)
}

/// The automaton over all keywords is made at load: its size is bounded by theirs.
fn keywords(fields: &[FieldParts]) -> Check {
    let lists = || fields.iter().filter_map(|field| field.fact.keywords());
    let words = || lists().flatten();
    check!(
        lists().count() <= KEYWORD_LISTS_MAX,
        "too many lists of keywords"
    );
    check!(
        words().map(String::len).sum::<usize>() <= KEYWORDS_BYTES_MAX,
        "too many keywords"
    );
    check!(!words().any(String::is_empty), "a keyword of no bytes");
    let upper = |word: &String| word.bytes().any(|byte| byte.is_ascii_uppercase());
    check!(!words().any(upper), "a keyword in capitals");
    check!(
        lists().all(|list| !list.is_empty() && ordered(list, |a, b| a < b)),
        "keywords out of order",
    );
    Ok(())
}

fn field(field: &FieldParts) -> Check {
    check!(
        (1..=1 << 16).contains(&field.atoms),
        "no atoms, or too many",
    );
    match (&field.split, field.fact.kind()) {
        (Split::Text(split), Kind::Text) => text(split, field),
        (Split::Number(split), Kind::Number) => number(split, field),
        (Split::Address(split), Kind::Address) => address(split, field),
        (Split::Json(split), Kind::Json) => json(split, field),
        (Split::Flag, Kind::Flag) if field.atoms == 2 => Ok(()),
        _ => Err("a split that does not fit its fact"),
    }
}

fn text(split: &TextParts, field: &FieldParts) -> Check {
    let literals = &split.literals;
    check!(ordered(literals, |a, b| a.0 < b.0), "literals out of order");
    check!(
        ordered(&split.prefixes, |a, b| a < b),
        "prefixes out of order",
    );
    let backwards = |a: &String, b: &String| a.bytes().rev().lt(b.bytes().rev());
    check!(ordered(&split.suffixes, backwards), "suffixes out of order");
    let empty = split
        .prefixes
        .iter()
        .chain(&split.suffixes)
        .any(String::is_empty);
    check!(!empty, "an affix of no bytes");
    infixes(split)?;
    let plane = (split.prefixes.len() + 1).checked_mul(split.suffixes.len() + 1);
    let cells = plane.and_then(|plane| plane.checked_mul(split.sets.len()));
    check!(
        Some(split.grid.len()) == cells,
        "a grid of another size than its affixes",
    );

    let unions = &split.unions;
    check!(
        ordered(unions, |a, b| a.tests < b.tests),
        "unions out of order",
    );
    check!(
        split.tests.is_empty() == unions.is_empty(),
        "unions without tests",
    );
    let count = split.tests.len();
    check!(
        count == 0 || count == field.atoms as usize,
        "tests of another count than the atoms",
    );
    check!(
        unions.is_empty() || field.fact.repeats(),
        "unions of a fact that has one value",
    );

    let atoms = literals.iter().map(|(_, atom)| atom).chain(&split.grid);
    in_range(atoms.chain(unions.iter().map(|union| &union.atom)), field)?;
    in_range([&split.absent], field)
}

/// A set that is not listed counts as the empty one, so that every value has an atom.
fn infixes(split: &TextParts) -> Check {
    let (infixes, sets) = (&split.infixes, &split.sets);
    check!(ordered(infixes, |a, b| a < b), "infixes out of order");
    check!(
        !infixes.iter().any(String::is_empty),
        "an infix of no bytes"
    );
    check!(infixes.len() <= 64, "too many infixes");
    let bytes: usize = infixes.iter().map(String::len).sum();
    check!(bytes <= INFIX_BYTES_MAX, "infixes too long to look for");
    check!(ordered(sets, |a, b| a < b), "sets of infixes out of order");
    check!(sets.first() == Some(&0), "no empty set of infixes");
    let known = sets.last().is_none_or(|last| {
        u32::try_from(infixes.len()).is_ok_and(|count| last.checked_shr(count).unwrap_or(0) == 0)
    });
    check!(known, "an infix that is not there");
    Ok(())
}

/// Bounds the automaton that is made of the infixes of one field.
const INFIX_BYTES_MAX: usize = 1 << 16;

fn number(split: &NumberParts, field: &FieldParts) -> Check {
    if let Some(zone) = field.fact.zone() {
        check!(!zone.is_empty(), "a time zone without a name");
        let week = u64::from(WEEK_MINUTES);
        check!(
            split.cuts.iter().all(|cut| *cut < week),
            "times that no week has",
        );
    }
    cuts(&split.cuts, split.atoms.len())?;
    in_range(split.atoms.iter().chain([&split.absent]), field)
}

fn address(split: &AddressParts, field: &FieldParts) -> Check {
    cuts(&split.cuts, split.atoms.len())?;
    in_range(split.atoms.iter().chain([&split.absent]), field)
}

fn json(split: &JsonParts, field: &FieldParts) -> Check {
    number(&split.number, field)?;
    text(&split.text, field)?;
    check!(
        split.number.absent == split.text.absent,
        "two kinds of absence"
    );
    in_range([&split.null, &split.no, &split.yes, &split.nested], field)
}

fn cuts<T: PartialOrd + From<u8>>(cuts: &[T], intervals: usize) -> Check {
    check!(ordered(cuts, |a, b| a < b), "cuts out of order");
    check!(
        cuts.first() != Some(&T::from(0)),
        "a cut with nothing below it",
    );
    check!(
        intervals == cuts.len() + 1,
        "another count of intervals than of cuts",
    );
    Ok(())
}

fn in_range<'a>(atoms: impl IntoIterator<Item = &'a AtomId>, field: &FieldParts) -> Check {
    let inside = atoms
        .into_iter()
        .all(|atom| u32::from(atom.0) < field.atoms);
    check!(inside, "an atom that is not there");
    Ok(())
}

fn ordered<T>(list: &[T], before: impl Fn(&T, &T) -> bool) -> bool {
    list.is_sorted_by(before)
}
