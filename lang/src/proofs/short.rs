//! In what a target falls short of a request.

use claw_table::Can;
use claw_table::policy::Target;

use crate::explain::count;
use crate::model::Model;
use crate::oracle::Request;
use crate::worst::Asks;

/// Why a target cannot carry a request, as far as the policy says it.
pub(super) fn short(model: &Model, target: Target, request: &Request) -> Option<String> {
    let provider = model.policy.providers.get(target.provider.index())?;
    let known = provider.models.get(target.model.index())?;
    let endpoint = request.endpoint.as_deref()?;
    let asks = Asks::of(endpoint)?;
    if !asks.is_spoken(provider.api) {
        let api = provider.api.word();
        return Some(format!("`api {api}` has no `{endpoint}`"));
    }
    let needs = asks.needs(request.has);
    let lacking = known.lacks(needs);
    if lacking != 0 {
        return Some(format!("it has no {}", words(lacking)));
    }
    if !known.carries(needs) {
        return Some("it makes embeddings and nothing else".to_owned());
    }
    let context = known
        .context_tokens
        .filter(|all| request.tokens > Some(*all));
    context.map(|all| format!("its `context` is {}", count(all)))
}

/// Capabilities as a policy writes them.
pub(super) fn words(set: u16) -> String {
    let words = Can::ALL.into_iter().filter(|can| set & can.bit() != 0);
    let words: Vec<String> = words.map(|can| format!("`{}`", can.word())).collect();
    words.join(", ")
}
