//! Where a provider answers what.

use claw_table::policy::Api;
use http::Uri;

use crate::request::endpoint::Endpoint;

/// The paths of one provider, made once: they are the same for every request but where they name
/// the model.
#[derive(Debug)]
pub struct Paths {
    base: String,
    fixed: Vec<(Endpoint, Uri)>,
}

impl Paths {
    /// The paths behind `base` of a provider that speaks `api`.
    pub fn of(api: Api, base: &str) -> Self {
        let fixed = Endpoint::ALL.iter().filter_map(|asked| {
            let fixed = asked.api() == api && !asked.names_model();
            let path = Uri::try_from(asked.path(base)).ok();
            path.filter(|_| fixed).map(|path| (*asked, path))
        });
        Self {
            base: base.to_owned(),
            fixed: fixed.collect(),
        }
    }

    /// The path before the API's own, without a trailing slash.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Where `asked` is answered, if that is the same for every model.
    pub(super) fn fixed(&self, asked: Endpoint) -> Option<&Uri> {
        let found = self.fixed.iter().find(|(endpoint, _)| *endpoint == asked);
        found.map(|(_, path)| path)
    }
}
