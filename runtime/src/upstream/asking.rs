//! Which targets are asked for usage in their streams: all but those that refused to be asked.

use std::sync::atomic::{AtomicBool, Ordering};

use claw_table::policy::{Policy, Target};

/// What the gateway adds to a request of its own accord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// That a stream ends with what was used.
    ForUsage,
    /// Nothing.
    Nothing,
}

/// Who refused to be asked, one flag for each model of each provider of a policy. It lives as long
/// as its snapshot: a reload asks everyone again.
#[derive(Debug)]
pub struct Reluctant {
    refused: Box<[Box<[AtomicBool]>]>,
}

impl Reluctant {
    /// Nobody of this policy has refused yet.
    pub fn nobody(policy: &Policy) -> Self {
        let models = |count| (0..count).map(|_| AtomicBool::new(false)).collect();
        let providers = policy.providers.iter();
        Self {
            refused: providers
                .map(|provider| models(provider.models.len()))
                .collect(),
        }
    }

    /// What this target is asked.
    pub(crate) fn asking(&self, target: Target) -> Asking {
        match self.flag(target) {
            Some(refused) if !refused.load(Ordering::Relaxed) => Asking::ForUsage,
            _ => Asking::Nothing,
        }
    }

    /// Notes what this target is to be asked from now on.
    pub(crate) fn note(&self, target: Target, asking: Asking) {
        if let Some(refused) = self.flag(target) {
            refused.store(asking == Asking::Nothing, Ordering::Relaxed);
        }
    }

    fn flag(&self, target: Target) -> Option<&AtomicBool> {
        let models = self.refused.get(target.provider.index())?;
        models.get(target.model.index())
    }
}

#[cfg(test)]
mod tests {
    use claw_table::policy::{Policy, Target};
    use claw_table::{ModelId, ProviderId};

    use super::{Asking, Reluctant};

    #[test]
    fn what_the_policy_does_not_know_is_not_asked() {
        let nobody = Reluctant::nobody(&Policy::default());
        let target = Target {
            provider: ProviderId(0),
            model: ModelId(0),
        };
        nobody.note(target, Asking::ForUsage);
        assert_eq!(nobody.asking(target), Asking::Nothing);
    }
}
