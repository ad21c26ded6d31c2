//! Tokens, in the one form every provider's report is brought to.

/// What a provider reported for one answer. Numbers are tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// The whole input: uncached, read from and written to the provider's cache.
    pub input_total: u64,
    /// Input that was neither read from nor written to the cache.
    pub input_uncached: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Input written to the cache.
    pub cache_write: u64,
    /// The part of it that is kept for an hour; the rest is kept for minutes.
    pub cache_write_1h: u64,
    /// The whole output, reasoning included.
    pub output_total: u64,
    /// The part of the output that was reasoning.
    pub reasoning: u64,
    /// What was used beside the answer, and is in none of the numbers above: a conversation that was
    /// made shorter first, another model that was asked for advice. It is charged like the rest.
    pub beside: Beside,
}

/// Tokens that an answer cost without being a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside {
    /// Input that was neither read from nor written to the cache.
    pub input_uncached: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Input written to the cache.
    pub cache_write: u64,
    /// The whole output.
    pub output_total: u64,
}

impl Usage {
    /// Both together: what one answer used that two attempts gave.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |of: fn(Self) -> u64| of(self).saturating_add(of(other));
        Self {
            input_total: sum(|usage| usage.input_total),
            input_uncached: sum(|usage| usage.input_uncached),
            cache_read: sum(|usage| usage.cache_read),
            cache_write: sum(|usage| usage.cache_write),
            cache_write_1h: sum(|usage| usage.cache_write_1h),
            output_total: sum(|usage| usage.output_total),
            reasoning: sum(|usage| usage.reasoning),
            beside: Beside {
                input_uncached: sum(|usage| usage.beside.input_uncached),
                cache_read: sum(|usage| usage.beside.cache_read),
                cache_write: sum(|usage| usage.beside.cache_write),
                output_total: sum(|usage| usage.beside.output_total),
            },
        }
    }
}
