//! One entry of `model_list`.

use super::super::at::{At, Notes, plain};
use super::super::draft::{Key, Limits, Model};
use super::super::house::{House, named, of_model};
use super::super::stock::{Place, Stock, url};
use super::super::text::Taken;

/// One deployment: a target under a public name.
#[derive(Debug)]
pub(super) struct Deployment {
    /// The public name.
    pub(super) group: String,
    /// `provider/model` of the policy.
    pub(super) target: String,
    /// Its share among those of its name.
    pub(super) weight: u64,
    /// Where that is said.
    pub(super) weighed: Option<String>,
    /// Lower ones are tried first.
    pub(super) order: u64,
    /// What is set in its requests where the client sets none.
    pub(super) presets: Vec<Preset>,
}

/// A member of a request, its value, and where that is said.
#[derive(Debug)]
pub(super) struct Preset {
    pub(super) member: &'static str,
    pub(super) value: String,
    pub(super) path: String,
}

/// Members of a request that are set where the client sets none.
const PRESETS: &[&str] = &["temperature", "top_p"];

/// Reads one entry; nothing, with a note, if it cannot be carried over.
pub(super) fn read(
    at: &At<'_>,
    (stock, taken, notes): (&mut Stock, &mut Taken, &mut Notes),
) -> Option<Deployment> {
    let Some((name, params)) = at.get("model_name").zip(at.get("litellm_params")) else {
        notes.left(at, "an entry needs `model_name` and `litellm_params`");
        return None;
    };
    let group = name.text(notes)?.to_owned();
    let Some(model) = params.get("model") else {
        notes.left(&params, "there is no `model` in it");
        return None;
    };
    let said = model.text(notes)?;
    let place = place(&params, (said, &model), notes)?;
    let (mut place, wire) = (place.0, place.1);
    place.limits = limits(&params, notes);
    let is_star = group.contains('*');
    if is_star && !is_open((&group, &wire), &place, (&name, notes)) {
        return None;
    }
    let info = at.get("model_info");
    let model = self::model(wire, &params, info.as_ref(), notes);
    let address = place.url.clone();
    let number = |key: &str, least: u64, notes: &mut Notes| {
        let number = params.get(key).and_then(|at| at.number(0, notes));
        number.unwrap_or(1).clamp(least, 1_000)
    };
    let (weight, order) = (number("weight", 1, notes), number("order", 0, notes));
    let weighed = params.get("weight").filter(|at| at.value.is_number());
    let weighed = weighed.map(|at| at.path);
    let presets = presets(&params, notes);
    if is_star {
        let provider = stock.whole(place, (&params, taken, notes));
        notes.exact(
            at,
            format!("`{group}` is served by the model of that name at {address}"),
        );
        return Some(Deployment {
            group,
            target: format!("requested from {provider}"),
            weight,
            weighed,
            order,
            presets,
        });
    }
    let of_model = model.wire.clone();
    let target = stock.target(place, model, (&params, taken, notes));
    notes.exact(
        at,
        format!("`{group}` is served by {of_model} at {address}"),
    );
    Some(Deployment {
        group,
        target,
        weight,
        weighed,
        order,
        presets,
    })
}

fn presets(params: &At<'_>, notes: &mut Notes) -> Vec<Preset> {
    let mut found = Vec::new();
    for member in PRESETS.iter().copied() {
        let Some(at) = params.get(member) else {
            continue;
        };
        match plain(at.value) {
            Some(value) => {
                at.is("");
                found.push(Preset {
                    member,
                    value,
                    path: at.path,
                });
            }
            None => notes.left(&at, "no number that a policy can write"),
        }
    }
    found
}

/// Whether a name with a star can be carried over: what the client asks for is what is sent, and
/// what the house has is known.
fn is_open((group, wire): (&str, &str), place: &Place, (at, notes): (&At<'_>, &mut Notes)) -> bool {
    if group.matches('*').count() > 1 {
        notes.left(
            at,
            "a name with several stars: list the models that you use",
        );
        return false;
    }
    if group != wire {
        notes.left(
            at,
            "a name with a star that is another on the way on: list the models that you use",
        );
        return false;
    }
    if place.catalog.is_none() {
        notes.left(
            at,
            "a name with a star, at a house of which no catalog is built in: list its models",
        );
        return false;
    }
    true
}

/// How much is sent there at a time: requests and tokens in a minute, and requests at once.
fn limits(params: &At<'_>, notes: &mut Notes) -> Limits {
    let mut number = |key: &str| {
        let at = params.get(key)?;
        let number = at.number(0, notes)?;
        if number == 0 || number > 1_000_000_000 {
            notes.left(&at, "no limit that can be kept");
            return None;
        }
        notes.near(&at, "it counts for all models of the provider together");
        Some(number)
    };
    Limits {
        requests: number("rpm"),
        tokens: number("tpm"),
        concurrent: number("max_parallel_requests").filter(|most| *most <= 1_000_000),
    }
}

/// Where it is served and by which name.
fn place(
    params: &At<'_>,
    (said, at): (&str, &At<'_>),
    notes: &mut Notes,
) -> Option<(Place, String)> {
    let own = params.get("custom_llm_provider");
    let own = own.and_then(|at| at.text(notes)).and_then(named);
    let split = said.split_once('/');
    let base = ["api_base", "base_url"]
        .into_iter()
        .find_map(|key| params.get(key));
    let (house, wire) = match (own, split) {
        (Some(house), _) => {
            let rest = said
                .strip_prefix(house.name)
                .and_then(|rest| rest.strip_prefix('/'));
            (Some(house), rest.unwrap_or(said))
        }
        (None, Some((head, rest))) if named(head).is_some() => (named(head), rest),
        (None, Some((head, _))) if ELSEWHERE.contains(&head) => {
            notes.left(
                at,
                format!("`{head}` is reached in a way of its own, which is not built"),
            );
            return None;
        }
        _ => (
            of_model(said).or_else(|| base.as_ref().and_then(|_| named("openai_like"))),
            said,
        ),
    };
    let Some(house) = house else {
        notes.left(
            at,
            "nothing says who serves it: write `PROVIDER/MODEL`, or an `api_base`",
        );
        return None;
    };
    let mut place = Place::of(house, String::new());
    place.url = address(params, base.as_ref(), (house, at), notes)?;
    if house.name.starts_with("ollama") {
        // Its own protocol has no version in the path.
        if !place.url.ends_with("/v1") {
            place.url.push_str("/v1");
        }
        notes.near(at, "spoken to in OpenAI's protocol, which it has too");
    }
    if base.is_some() && house.url.is_some_and(|known| !same_host(known, &place.url)) {
        // Somebody else who speaks the same protocol.
        place.catalog = None;
    }
    if let Some(key) = params.get("api_key") {
        place.key = key_of(&key, &place.key, notes);
    } else if house.url.is_none() {
        place.key = Key::None;
        notes.near(params, "there is no `api_key`, so none is sent");
    }
    if let Some(timeout) = params.get("timeout") {
        place.attempt_s = timeout.seconds(notes);
    }
    Some((place, wire.to_owned()))
}

/// Providers that are not spoken to in one of the three protocols at a fixed path.
const ELSEWHERE: &[&str] = &[
    "azure",
    "azure_ai",
    "bedrock",
    "vertex_ai",
    "vertex_ai_beta",
    "sagemaker",
    "watsonx",
    "replicate",
    "huggingface",
    "cohere",
    "cohere_chat",
    "databricks",
    "github_copilot",
];

fn address(
    params: &At<'_>,
    base: Option<&At<'_>>,
    (house, at): (House, &At<'_>),
    notes: &mut Notes,
) -> Option<String> {
    let Some(base) = base else {
        if house.url.is_none() {
            notes.left(
                params,
                format!("`{}` has no address: there is no `api_base`", house.name),
            );
        }
        return house.url.map(str::to_owned);
    };
    let text = base.text(notes)?;
    if let Some(name) = text.strip_prefix("os.environ/") {
        // An address of the environment would let whoever sets it read every prompt.
        notes.left(
            base,
            format!("an address stands in the policy: write what `{name}` holds"),
        );
        return house.url.map(str::to_owned).or_else(|| {
            notes.left(at, "without its address it cannot be served");
            None
        });
    }
    url(base, text, notes)
}

fn same_host(known: &str, url: &str) -> bool {
    let host = |text: &str| text.split('/').nth(2).map(str::to_owned);
    host(known) == host(url)
}

/// Where the key comes from. A key itself is never written into a policy.
fn key_of(at: &At<'_>, usual: &Key, notes: &mut Notes) -> Key {
    let Some(text) = at.text(notes) else {
        return usual.clone();
    };
    if let Some(name) = text.strip_prefix("os.environ/") {
        if is_variable(name) {
            return Key::Env(name.to_owned());
        }
        notes.near(at, "no variable is called so; the usual one is named");
        return usual.clone();
    }
    if ["none", "empty", "dummy", "fake", "fake-key", "not-needed"]
        .contains(&text.to_ascii_lowercase().as_str())
    {
        return Key::None;
    }
    let name = match usual {
        Key::Env(name) => name.clone(),
        Key::None | Key::File(_) => "IMPORTED_API_KEY".to_owned(),
    };
    notes.near(at, format!("a key stands in the file: put it into `{name}`, and replace it where others may have read it"));
    Key::Env(name)
}

/// Whether the language takes it for the name of a variable.
pub(in crate::import) fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= 100
}

fn model(wire: String, params: &At<'_>, info: Option<&At<'_>>, notes: &mut Notes) -> Model {
    let both = |key: &str| {
        params
            .get(key)
            .or_else(|| info.and_then(|info| info.get(key)))
    };
    let mut model = Model {
        wire,
        ..Model::default()
    };
    for (key, word) in [
        ("input_cost_per_token", "in"),
        ("output_cost_per_token", "out"),
        ("cache_read_input_token_cost", "cached"),
        ("cache_creation_input_token_cost", "cache-write"),
    ] {
        let pico = both(key).and_then(|at| at.price(12, notes));
        model.rates.extend(pico.map(|pico| (word, pico)));
    }
    if !model.rates.iter().any(|(word, _)| *word == "in") {
        // Other rates say nothing without it.
        model.rates.clear();
    }
    let Some(info) = info else { return model };
    let count = |key: &str, notes: &mut Notes| {
        let count = info.get(key).and_then(|at| at.number(0, notes));
        count.filter(|count| (1..=1_000_000_000).contains(count))
    };
    model.max_output = count("max_output_tokens", notes);
    let tokens = count("max_tokens", notes);
    let input = count("max_input_tokens", notes).or(tokens);
    model.context = input.max(model.max_output.filter(|_| input.is_some()));
    let is = |key: &str| info.get(key).is_some_and(|at| at.flag());
    for (key, words) in [
        ("supports_function_calling", &["tools"][..]),
        ("supports_vision", &["images"]),
        ("supports_audio_input", &["audio"]),
        ("supports_pdf_input", &["files"]),
        ("supports_response_schema", &["json", "json-schema"]),
        ("supports_reasoning", &["thinking"]),
    ] {
        if is(key) {
            model.can.extend(words);
        }
    }
    if let Some(mode) = info.get("mode") {
        match mode.text(notes) {
            Some("embedding") => model.can = vec!["embeddings"],
            Some("chat" | "completion" | "responses") | None => {}
            Some(other) => notes.left(&mode, format!("`{other}` is not served")),
        }
    }
    model
}
