//! The answers to `GET /v1/models` and `GET /v1/models/NAME`.

use bytes::Bytes;
use serde::Serialize;

/// Both shapes at once: `OpenAI`'s list of objects, and the Messages API's page of models.
#[derive(Serialize)]
struct Models<'m> {
    object: &'static str,
    data: Vec<Model<'m>>,
    has_more: bool,
    first_id: Option<&'m str>,
    last_id: Option<&'m str>,
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

impl<'m> Model<'m> {
    fn of(id: &'m str) -> Self {
        Self {
            id,
            object: "model",
            created: 0,
            owned_by: "claw",
            r#type: "model",
            display_name: id,
            created_at: "1970-01-01T00:00:00Z",
        }
    }
}

/// The list of the model names that clients may use.
pub(crate) fn models<'m>(offered: impl Iterator<Item = &'m str>) -> Bytes {
    let data: Vec<Model<'m>> = offered.map(Model::of).collect();
    let models = Models {
        object: "list",
        first_id: data.first().map(|first| first.id),
        last_id: data.last().map(|last| last.id),
        has_more: false,
        data,
    };
    // Only maps with keys that are not text cannot be written, and there is none.
    serde_json::to_vec(&models).unwrap_or_default().into()
}

/// One model by its name.
pub(crate) fn model(name: &str) -> Bytes {
    serde_json::to_vec(&Model::of(name))
        .unwrap_or_default()
        .into()
}

#[cfg(test)]
mod tests {
    use super::models;

    #[test]
    fn the_list_has_both_shapes() {
        let shown =
            |offered: &[&str]| String::from_utf8(models(offered.iter().copied()).to_vec()).unwrap();
        insta::assert_snapshot!(shown(&["gpt-5.5", "llama \"70b\""]));
        insta::assert_snapshot!(shown(&[]));
    }
}
