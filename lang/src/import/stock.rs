//! The providers of a draft: one for each house, address and key, with the models that are used.

use super::at::{At, Notes};
use super::draft::{Key, Limits, Model, Provider};
use super::house::House;
use super::text::{Taken, slug};
use crate::check::{address, is_listed, is_near};

/// The providers so far.
#[derive(Debug, Default)]
pub(super) struct Stock {
    pub(super) providers: Vec<Provider>,
}

/// Who serves, as a file says it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// What the provider shall be called.
    pub(super) name: String,
    pub(super) api: &'static str,
    pub(super) url: String,
    pub(super) key: Key,
    pub(super) catalog: Option<&'static str>,
    pub(super) attempt_s: Option<u64>,
    pub(super) limits: Limits,
}

impl Place {
    /// A house at its own address, with its usual key.
    pub(super) fn of(house: House, url: String) -> Self {
        Self {
            name: house.name.replace('_', "-"),
            api: house.api,
            url,
            key: match house.env {
                "" => Key::None,
                env => Key::Env(env.to_owned()),
            },
            catalog: house.catalog,
            attempt_s: None,
            limits: Limits::default(),
        }
    }
}

/// An address that the language takes; nothing, with a note, if it is none.
pub(super) fn url(at: &At<'_>, text: &str, notes: &mut Notes) -> Option<String> {
    let text = text.trim().trim_end_matches('/');
    match address(text) {
        Ok(_) => Some(text.to_owned()),
        Err(why) => {
            notes.left(at, format!("the address cannot be used: {why}"));
            None
        }
    }
}

impl Stock {
    /// The provider of a place with every model of its catalog, by its name.
    pub(super) fn whole(
        &mut self,
        place: Place,
        (at, taken, notes): (&At<'_>, &mut Taken, &mut Notes),
    ) -> String {
        let slot = self.slot(place, (at, taken, notes));
        let Some(provider) = self.providers.get_mut(slot) else {
            return String::new();
        };
        provider.is_whole = true;
        provider.name.clone()
    }

    /// Where the provider of a place stands; it is made if it is not there.
    fn slot(
        &mut self,
        mut place: Place,
        (at, taken, notes): (&At<'_>, &mut Taken, &mut Notes),
    ) -> usize {
        safe(&mut place, at, notes);
        let slot = self.providers.iter().position(|known| {
            known.api == place.api && known.url == place.url && known.key == place.key
        });
        let slot = slot.unwrap_or_else(|| {
            self.providers.push(Provider {
                name: taken.fresh(&place.name, "provider"),
                api: place.api,
                url: place.url.clone(),
                key: place.key.clone(),
                catalog: place.catalog,
                attempt_s: place.attempt_s,
                limits: Limits::default(),
                is_whole: false,
                models: Vec::new(),
            });
            self.providers.len() - 1
        });
        if let Some(provider) = self.providers.get_mut(slot) {
            provider.attempt_s = provider.attempt_s.max(place.attempt_s);
            provider.limits.add(&place.limits);
        }
        slot
    }

    /// The model of a place, as a target; both are made if they are not there.
    pub(super) fn target(
        &mut self,
        place: Place,
        mut model: Model,
        (at, taken, notes): (&At<'_>, &mut Taken, &mut Notes),
    ) -> String {
        let slot = self.slot(place, (at, taken, notes));
        let Some(provider) = self.providers.get_mut(slot) else {
            return String::new();
        };
        if let Some(known) = provider
            .models
            .iter()
            .find(|known| known.wire == model.wire)
        {
            return format!("{}/{}", provider.name, known.name);
        }
        model.is_listed = provider
            .catalog
            .is_some_and(|catalog| is_listed(catalog, &model.wire));
        if model.is_listed {
            model.name.clone_from(&model.wire);
            if !model.rates.is_empty() {
                notes.near(at, "prices and limits are those of the built-in catalog");
            }
        } else {
            model.name = own_name(&provider.models, &model.wire);
        }
        let target = format!("{}/{}", provider.name, model.name);
        provider.models.push(model);
        target
    }
}

/// A key is sent in the clear to nobody but neighbours.
fn safe(place: &mut Place, at: &At<'_>, notes: &mut Notes) {
    let Ok(parsed) = address(&place.url) else {
        return;
    };
    if !parsed.tls && !is_near(&parsed.host) && place.key != Key::None {
        let rest = place.url.strip_prefix("http://").unwrap_or(&place.url);
        place.url = format!("https://{rest}");
        notes.near(
            at,
            "a key never travels over plain http: the address says `https` now",
        );
    }
}

/// A name that no other model of the provider has.
fn own_name(models: &[Model], wire: &str) -> String {
    let name = match slug(wire) {
        name if name.is_empty() => "model".to_owned(),
        name => name,
    };
    let is_free = |name: &str| models.iter().all(|known| known.name != name);
    let mut found = name.clone();
    let mut next = 2;
    while !is_free(&found) {
        found = format!("{name}-{next}");
        next += 1;
    }
    found
}
