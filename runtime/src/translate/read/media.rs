//! Media that stand in a request.

use crate::translate::request::Media;
use crate::translate::uncarried::Uncarried;

/// What an address stands for: the data in it, or a place.
pub(super) fn of_url<'t>(url: &'t str, field: &'static str) -> Result<Media<'t>, Uncarried> {
    let Some(data) = url.strip_prefix("data:") else {
        return Ok(Media::Link(url));
    };
    // Parameters may stand before the mark of the coding.
    let (kind, base64) = data.split_once(',').ok_or(Uncarried::malformed(field))?;
    let kind = kind.strip_suffix(";base64").ok_or(Uncarried::new(
        field,
        "a `data:` URL must be in base64 there; write it so",
    ))?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    Ok(Media::Data { kind, base64 })
}

#[cfg(test)]
mod tests {
    use super::of_url;
    use crate::translate::request::Media;

    #[test]
    fn an_address_is_a_place_or_the_thing_itself() {
        let image = Media::Data {
            kind: "image/png",
            base64: "aGk=",
        };
        assert_eq!(of_url("data:image/png;base64,aGk=", "x"), Ok(image));
        assert_eq!(of_url("data:image/png;q=1;base64,aGk=", "x"), Ok(image));
        assert_eq!(of_url("https://a/b", "x"), Ok(Media::Link("https://a/b")));
        assert!(of_url("data:text/plain,hi", "x").is_err());
    }
}
