//! What a gateway must enforce, each thing once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use claw_table::Feature;

/// Each feature at its first place, with how many more places need it.
pub fn needed(features: &[Feature]) -> Vec<(&Feature, usize)> {
    let mut found: Vec<(&Feature, usize)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for feature in features {
        match places.entry(feature.name.as_str()) {
            Entry::Vacant(place) => {
                place.insert(found.len());
                found.push((feature, 0));
            }
            Entry::Occupied(place) => {
                if let Some((_, more)) = found.get_mut(*place.get()) {
                    *more += 1;
                }
            }
        }
    }
    found
}
