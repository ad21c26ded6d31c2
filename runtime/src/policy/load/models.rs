//! The answer to `GET /v1/models`, made once per table.

use bytes::Bytes;
use serde::Serialize;

/// Both shapes at once: `OpenAI`'s list of objects, and the Messages API's page of models.
#[derive(Serialize)]
struct Models<'m> {
    object: &'static str,
    data: Vec<Model<'m>>,
    has_more: bool,
    first_id: Option<&'m String>,
    last_id: Option<&'m String>,
}

#[derive(Serialize)]
struct Model<'m> {
    id: &'m str,
    object: &'static str,
    // A policy's model has no birthday; clients only need the fields to be there.
    created: u64,
    owned_by: &'static str,
    r#type: &'static str,
    display_name: &'m str,
    created_at: &'static str,
}

/// The list of the model names that clients may use.
pub(super) fn models(offered: &[String]) -> Bytes {
    let data = offered.iter().map(|id| Model {
        id,
        object: "model",
        created: 0,
        owned_by: "claw",
        r#type: "model",
        display_name: id,
        created_at: "1970-01-01T00:00:00Z",
    });
    let models = Models {
        object: "list",
        data: data.collect(),
        has_more: false,
        first_id: offered.first(),
        last_id: offered.last(),
    };
    // Only maps with keys that are not text cannot be written, and there is none.
    serde_json::to_vec(&models).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::models;

    #[test]
    fn the_list_has_both_shapes() {
        let shown = |offered: &[&str]| {
            let offered: Vec<String> = offered.iter().map(|id| (*id).to_owned()).collect();
            String::from_utf8(models(&offered).to_vec()).unwrap()
        };
        insta::assert_snapshot!(shown(&["gpt-5.5", "llama \"70b\""]));
        insta::assert_snapshot!(shown(&[]));
    }
}
