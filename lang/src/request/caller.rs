//! Who sends a request, where the policy knows callers by their addresses.

use std::net::IpAddr;

use claw_table::address;
use claw_table::policy::Client;

use super::RequestError;
use crate::near::nearest;
use crate::oracle::Request;

/// Who calls without a key: the client with the longest prefix that the address is in.
pub(crate) fn caller(clients: &[Client], ip: Option<IpAddr>) -> Option<String> {
    let address = address(ip?);
    let mut best: Option<(u8, &Client)> = None;
    for client in clients.iter().filter(|client| client.keys.is_empty()) {
        for prefix in &client.from {
            let shared = u32::from(128 - prefix.bits.min(128));
            let differs = address ^ prefix.first;
            let is_inside = differs.checked_shr(shared).is_none_or(|rest| rest == 0);
            if is_inside && best.is_none_or(|(bits, _)| prefix.bits > bits) {
                best = Some((prefix.bits, client));
            }
        }
    }
    best.map(|(_, client)| client.name.clone())
}

/// Names the caller where the request does not, and looks for the one that it names.
pub(super) fn settle(clients: &[Client], mut request: Request) -> Result<Request, RequestError> {
    let Some(name) = &request.client else {
        request.client = caller(clients, request.ip);
        return Ok(request);
    };
    let mut known = clients.iter().map(|client| client.name.as_str());
    if known.clone().any(|own| own == name) {
        return Ok(request);
    }
    let help = match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.next().is_none() => "it declares no client; leave `client` out".to_owned(),
        None => "leave `client` out, and it is the one that calls from its `ip`".to_owned(),
    };
    Err(RequestError::NoClient {
        name: name.clone(),
        help,
    })
}
