//! Where the gateway listens, and whom it believes.

use claw_table::policy::{Gateway, Prefix, Trust, Via};

use super::measure::{Measure, Rule};
use crate::explain::{from, state};
use crate::syntax::escape;

pub(super) fn rules(gateway: &Gateway) -> Vec<Rule> {
    let Gateway {
        listen,
        admin,
        trust,
        state,
        base,
    } = gateway;
    let address = |name: &str, address: &Option<String>| Rule {
        name: name.to_owned(),
        text: address.as_ref().map(|address| escape(address)),
        measure: reach(address.as_deref()),
    };
    let mut rules = vec![address("listen", listen), address("admin", admin)];
    rules.extend(Via::ALL.map(|via| believed(trust, via)));
    rules.extend([
        Rule {
            name: "state".to_owned(),
            text: state.as_ref().map(self::state),
            measure: Measure::Other,
        },
        Rule {
            name: "base".to_owned(),
            text: base.as_ref().map(|base| escape(base)),
            measure: Measure::Other,
        },
    ]);
    rules
}

/// The hops that are believed in one way.
fn believed(trust: &[Trust], via: Via) -> Rule {
    let own = trust.iter().filter(|hop| hop.via == via);
    let hops: Vec<Prefix> = own.map(|Trust { from, via: _ }| *from).collect();
    Rule {
        name: format!("trust via {}", via.word()),
        text: (!hops.is_empty()).then(|| from(&hops)),
        measure: Measure::addresses(&hops),
    }
}

/// Who can come to an address: where none is written, and on a loopback, only this machine.
fn reach(address: Option<&str>) -> Measure {
    let host = address.and_then(|address| address.rsplit_once(':'));
    let host = host.map(|(host, _)| host.trim_start_matches('[').trim_end_matches(']'));
    let is_loopback = host.is_none_or(|host| {
        let ip = host.parse::<std::net::IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    });
    if is_loopback {
        Measure::strict()
    } else {
        Measure::any()
    }
}
