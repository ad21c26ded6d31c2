//! The models that a caller may name: what `GET /v1/models` tells.
//!
//! Told is a name that makes a difference: with it some request of this caller comes to a class where
//! the same request with a name that no policy knows would go elsewhere; or it comes to a class that
//! takes the model that is asked for. Who is refused with it, or gets the same with every name, is not
//! told of it.

use std::collections::BTreeSet;

use bytes::Bytes;
use claw_table::policy::{Action, Class, Leg, Policy};
use claw_table::{ArmId, Fact, Table, Within};

use crate::fault::{Fault, Kind};
use crate::policy::live::Snapshot;
use crate::policy::load::models;
use crate::request::facts::Asked;
use crate::request::peek::{Model, Peek};

/// No policy names it.
const NOBODYS: &str = "\u{1}";

/// The names that the policy of `asked` offers to its caller; nothing where that is all of them, or
/// would take too many steps to find out.
pub(super) fn offered<'p>(
    table: &'p Table,
    caller: Asked<'_>,
    mut steps: u32,
) -> Option<Vec<&'p str>> {
    let policy = table.policy();
    let nobodys = naming(NOBODYS);
    let nobodys = Asked {
        peek: &nobodys,
        ..caller
    };
    let mut offered = Vec::new();
    for name in &policy.offered {
        let peek = naming(name);
        let asked = Asked {
            peek: &peek,
            ..caller
        };
        let classes = |arms: BTreeSet<ArmId>| -> Vec<&Class> {
            let classes = arms.into_iter().filter_map(|arm| class(policy, arm));
            classes.collect()
        };
        let own = table.ends_apart((&asked, &nobodys), is_known, &mut steps)?;
        let all = table.ends(&asked, is_known, &mut steps)?;
        let takes = |class: &&Class| takes(policy, class, name);
        if !classes(own).is_empty() || classes(all).iter().any(takes) {
            offered.push(name.as_str());
        }
    }
    (offered.len() < policy.offered.len()).then_some(offered)
}

/// The answer with the models that are offered to a caller, or with the one that it asks for.
pub(super) fn told(
    snapshot: &Snapshot,
    offered: Option<Vec<&str>>,
    name: Option<&str>,
) -> Result<Bytes, Fault> {
    let Some(name) = name else {
        let models = offered.map(|offered| models::models(offered.into_iter()));
        return Ok(models.unwrap_or_else(|| snapshot.models.clone()));
    };
    let known = match offered {
        Some(offered) => offered.contains(&name),
        None => snapshot.table.policy().offered.iter().any(|it| it == name),
    };
    if known {
        Ok(models::model(name))
    } else {
        Err(Fault::early(Kind::NotOffered))
    }
}

fn naming(name: &str) -> Peek {
    Peek {
        model: Some(Model {
            range: 0..0,
            name: name.into(),
        }),
        ..Peek::default()
    }
}

/// What stays the same whatever the caller asks: who it is, and the name in question.
fn is_known(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Client
            | Fact::Ip
            | Fact::CallerKey
            | Fact::Model
            | Fact::Contains((Within::Model, _))
    )
}

fn class(policy: &Policy, arm: ArmId) -> Option<&Class> {
    match policy.arms.get(arm.index())?.to {
        Action::Class(class) => policy.classes.get(class.index()),
        Action::Deny(_) | Action::Route => None,
    }
}

/// Whether a class takes the model that is asked for, and this is one.
fn takes(policy: &Policy, class: &Class, name: &str) -> bool {
    class.legs.iter().any(|leg| match leg {
        Leg::Requested(list) => policy.offer(*list, name).is_some(),
        Leg::Target(_) | Leg::Pool(_) => false,
    })
}
