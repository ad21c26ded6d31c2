//! Embeddings: what a request asks, and the answer, which always comes whole.

use serde_json::{Value, json};

use crate::sim::answer::{Ask, Only, input_tokens};

/// Reads a request.
///
/// # Errors
/// A sentence for the client.
pub fn ask(body: &[u8]) -> Result<Ask, String> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| "We could not parse the JSON body of your request.".to_owned())?;
    let Some(model) = body.get("model").and_then(Value::as_str) else {
        return Err("you must provide a model parameter".to_owned());
    };
    let inputs: Vec<&Value> = match body.get("input") {
        Some(Value::Array(inputs)) if !inputs.iter().all(Value::is_number) => {
            inputs.iter().collect()
        }
        Some(one) => vec![one],
        None => return Err("Missing required parameter: 'input'.".to_owned()),
    };
    // Tokens may come as they are.
    let tokens = |input: &&Value| match input.as_array() {
        Some(tokens) => tokens.len() as u64,
        None => input_tokens(input.as_str().unwrap_or_default()),
    };
    Ok(Ask {
        only: Some(Only::Embeddings(inputs.len())),
        model: model.to_owned(),
        input_tokens: inputs.iter().map(tokens).sum(),
        ..Ask::default()
    })
}

/// So many embeddings.
pub fn plain(ask: &Ask, count: usize) -> String {
    let one =
        |index| json!({"object": "embedding", "index": index, "embedding": [0.5, -0.25, 1.0]});
    json!({
        "object": "list",
        "data": (0..count).map(one).collect::<Vec<_>>(),
        "model": ask.model,
        "usage": {"prompt_tokens": ask.input_tokens, "total_tokens": ask.input_tokens},
    })
    .to_string()
}
