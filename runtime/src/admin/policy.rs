//! The page `/policy`: what is in force, where each arm is written, and why the last try failed.

use claw_table::ArmId;
use claw_table::policy::{Action, Api, Policy, Provider, Secret, Target, Url};
use serde_json::{Value, json};

use crate::observe::stamp::rfc3339;
use crate::policy::live::Snapshot;
use crate::policy::load::hex;
use crate::policy::status::Status;

/// The page. Keys appear as the references that the policy writes, never by value.
pub(super) fn page(snapshot: &Snapshot, status: &Status) -> Value {
    let table = &snapshot.table;
    let policy = table.policy();
    let size = table.stats();
    json!({
        "name": policy.name,
        "policy": snapshot.digest.to_str().unwrap_or_default(),
        "source_digest": hex(&table.about().source),
        "behaviour_digest": hex(&table.about().behaviour),
        "compiler": table.about().compiler,
        "loaded_at": rfc3339(status.loaded_ms),
        "last_sound_at": rfc3339(status.sound_ms),
        "warnings": status.warnings,
        "needs_restart": status.needs_restart,
        "refused": status.refusal.as_ref().map(|refused| json!({
            "at": rfc3339(refused.at_ms),
            "code": refused.why.code(),
            "text": refused.why.to_string(),
            "diagnostics": refused.why.diagnostics(),
        })),
        "table": { "nodes": size.nodes, "edges": size.edges, "boxes": size.boxes, "bytes": size.bytes, "depth": size.depth },
        "models": policy.offered,
        "providers": policy.providers.iter().map(provider).collect::<Vec<_>>(),
        "classes": policy.classes.iter().map(|class| json!({
            "name": class.name,
            "targets": class.targets.iter().map(|to| target(policy, *to)).collect::<Vec<_>>(),
            "attempts": class.retry.attempts,
        })).collect::<Vec<_>>(),
        "arms": arms(snapshot),
    })
}

fn arms(snapshot: &Snapshot) -> Vec<Value> {
    let policy = snapshot.table.policy();
    let numbered = (0..).map(ArmId).zip(&policy.arms);
    numbered
        .map(|(id, arm)| {
            let to = match arm.to {
                Action::Class(class) => policy
                    .classes
                    .get(class.index())
                    .map(|class| format!("class {}", class.name)),
                Action::Deny(deny) => policy
                    .denies
                    .get(deny.index())
                    .map(|deny| format!("deny {}", deny.status)),
                Action::Route => Some("route".to_owned()),
            };
            let place = snapshot.table.place(id).map(ToString::to_string);
            json!({ "label": arm.label, "to": to, "place": place })
        })
        .collect()
}

fn provider(provider: &Provider) -> Value {
    let urls = provider.urls.iter().map(|replica| &replica.url);
    let urls: Vec<String> = urls.map(address).collect();
    let keys: Vec<String> = provider.keys.iter().map(source).collect();
    json!({
        "name": provider.name,
        "api": match provider.api {
            Api::OpenAi => "openai",
            Api::Anthropic => "anthropic",
            Api::Gemini => "gemini",
        },
        "url": urls.join(", "),
        "key": keys.join(", "),
    })
}

fn address(url: &Url) -> String {
    let scheme = if url.tls { "https" } else { "http" };
    format!("{scheme}://{}:{}{}", url.host, url.port, url.base)
}

fn source(key: &Secret) -> String {
    match key {
        Secret::None => "none".to_owned(),
        Secret::Env(name) => format!("env {name}"),
        Secret::File(file) => format!("file {file:?}"),
    }
}

fn target(policy: &Policy, target: Target) -> Option<String> {
    let provider = policy.providers.get(target.provider.index())?;
    let model = provider.models.get(target.model.index())?;
    Some(format!("{}/{}", provider.name, model.name))
}
