//! One entry of `models.providers`.

use super::super::at::{At, Notes};
use super::super::draft::{Key, Limits, Model};
use super::super::house::named;
use super::super::litellm::is_variable;
use super::super::stock::{Place, url};

/// A provider of the file.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: String,
    /// Where it is; nothing if it cannot be carried over.
    pub(super) place: Option<Place>,
    models: Vec<Model>,
}

/// Reads one provider. One that cannot be reached is kept by its name, so that what asks for it is
/// told why.
pub(super) fn read(name: &str, at: &At<'_>, notes: &mut Notes) -> Option<Known> {
    if !at.value.is_object() {
        notes.left(at, "a provider is an object");
        return None;
    }
    let mut models = Vec::new();
    for entry in at
        .get("models")
        .map(|at| at.entries(notes))
        .unwrap_or_default()
    {
        models.extend(model(&entry, notes));
    }
    let place = place(name, at, notes);
    if place.is_some() {
        notes.exact(
            at,
            "a provider of the policy, as far as something asks for it",
        );
    }
    Some(Known {
        name: name.to_owned(),
        place,
        models,
    })
}

fn place(name: &str, at: &At<'_>, notes: &mut Notes) -> Option<Place> {
    let house = named(name);
    let api = match at.get("api") {
        None => house.map_or("openai", |house| house.api),
        Some(api) => match api.text(notes)? {
            "openai-completions" | "openai-responses" | "openai-chatgpt-responses" => "openai",
            "anthropic-messages" => "anthropic",
            "google-generative-ai" => "gemini",
            "ollama" => {
                notes.near(&api, "spoken to in OpenAI's protocol, which it has too");
                "openai"
            }
            other => {
                notes.left(
                    &api,
                    format!("`{other}` is reached in a way of its own, which is not built"),
                );
                return None;
            }
        },
    };
    let Some(base) = at.get("baseUrl") else {
        let Some(url) = house.and_then(|house| house.url) else {
            notes.left(at, "there is no `baseUrl`");
            return None;
        };
        notes.near(at, format!("there is no `baseUrl`: it is taken for {url}"));
        return Some(Place {
            key: key(at, house.map_or("", |house| house.env), notes),
            ..Place::of(house?, url.to_owned())
        });
    };
    let mut url = url(&base, base.text(notes)?, notes)?;
    if at.get("api").is_some_and(|api| api.is("ollama")) && !url.ends_with("/v1") {
        url.push_str("/v1");
    }
    if api == "anthropic" {
        // There the path has the version.
        url.truncate(url.trim_end_matches("/v1").len());
    }
    let usual = house.map_or("", |house| house.env);
    let known = house.filter(|house| {
        house
            .url
            .is_some_and(|known| known.trim_end_matches("/v1") == url.trim_end_matches("/v1"))
    });
    Some(Place {
        limits: Limits::default(),
        name: name.to_owned(),
        api,
        url,
        key: key(at, usual, notes),
        catalog: known.and_then(|house| house.catalog),
        attempt_s: timeout(at, notes),
    })
}

fn timeout(at: &At<'_>, notes: &mut Notes) -> Option<u64> {
    let at = at.get("timeoutSeconds")?;
    let seconds = at.seconds(notes)?;
    notes.near(
        &at,
        "a bound on each attempt; a class may bound the whole request with `timeout total`",
    );
    Some(seconds)
}

/// Where the key comes from: `${NAME}`, a reference, or a text, which is never written down.
fn key(at: &At<'_>, usual: &str, notes: &mut Notes) -> Key {
    let usual = if usual.is_empty() {
        "IMPORTED_API_KEY"
    } else {
        usual
    };
    let Some(at) = at.get("apiKey") else {
        return if usual == "IMPORTED_API_KEY" {
            Key::None
        } else {
            Key::Env(usual.to_owned())
        };
    };
    if at.value.is_object() {
        at.told();
        let part = |key: &str| at.value.get(key).and_then(|value| value.as_str());
        return match (part("source"), part("id")) {
            (Some("env"), Some(name)) if is_variable(name) => Key::Env(name.to_owned()),
            (Some("file"), Some(path)) if path.starts_with('/') => {
                notes.near(
                    &at,
                    "the file is read whole: it has to hold the key and nothing else",
                );
                Key::File(path.to_owned())
            }
            _ => {
                notes.near(&at, format!("put the key into `{usual}`"));
                Key::Env(usual.to_owned())
            }
        };
    }
    let Some(text) = at.text(notes) else {
        return Key::Env(usual.to_owned());
    };
    let inner = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    if let Some(name) = inner.filter(|name| is_variable(name)) {
        return Key::Env(name.to_owned());
    }
    notes.near(&at, format!("a key stands in the file: put it into `{usual}`, and replace it where others may have read it"));
    Key::Env(usual.to_owned())
}

fn model(at: &At<'_>, notes: &mut Notes) -> Option<Model> {
    let Some(id) = at.get("id") else {
        notes.left(at, "a model needs an `id`");
        return None;
    };
    let mut model = Model {
        wire: id.text(notes)?.to_owned(),
        ..Model::default()
    };
    if let Some(cost) = at.get("cost") {
        for (key, word) in [
            ("input", "in"),
            ("output", "out"),
            ("cacheRead", "cached"),
            ("cacheWrite", "cache-write"),
        ] {
            let pico = cost.get(key).and_then(|at| at.price(6, notes));
            model.rates.extend(pico.map(|pico| (word, pico)));
        }
        if !model.rates.is_empty() && model.rates.iter().all(|(word, _)| *word != "in") {
            notes.near(&cost, "other rates say nothing without that of the input");
            model.rates.clear();
        }
        if model.rates.iter().all(|(_, pico)| *pico == 0) {
            // Nobody means that who leaves the template as it is.
            if !model.rates.is_empty() {
                notes.near(
                    &cost,
                    "all prices are zero, so none is written: unknown is not free",
                );
            }
            model.rates.clear();
        }
    }
    let count = |key: &str, notes: &mut Notes| {
        let count = at.get(key).and_then(|at| at.number(0, notes));
        count.filter(|count| (1..=1_000_000_000).contains(count))
    };
    model.max_output = count("maxTokens", notes);
    model.context = count("contextWindow", notes).or_else(|| count("contextTokens", notes));
    model.context = model
        .context
        .max(model.max_output.filter(|_| model.context.is_some()));
    // What it takes is said; that it calls tools is what an agent takes for granted.
    let input = at
        .get("input")
        .map(|at| at.entries(notes))
        .unwrap_or_default();
    if !input.is_empty() {
        model.can = vec!["tools", "json"];
        let takes = |word: &str| input.iter().any(|at| at.is(word));
        model.can.extend(
            ["image", "audio"]
                .into_iter()
                .zip(["images", "audio"])
                .filter(|(own, _)| takes(own))
                .map(|(_, word)| word),
        );
        if at.get("reasoning").is_some_and(|at| at.flag()) {
            model.can.push("thinking");
        }
    }
    Some(model)
}

impl Known {
    /// The model of this id; one that the file does not list has nothing but its name.
    pub(super) fn model(&mut self, id: &str) -> Model {
        let listed = self.models.iter().position(|model| model.wire == id);
        let listed = listed.map(|at| self.models.swap_remove(at));
        listed.unwrap_or_else(|| Model {
            wire: id.to_owned(),
            ..Model::default()
        })
    }
}
