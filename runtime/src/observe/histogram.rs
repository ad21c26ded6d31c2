//! A histogram of durations with fixed bounds.

/// Upper bounds of the buckets in microseconds: 10 ms doubled up to 327.68 s, so that a bound is
/// never further than a factor of two from the truth, from a cached answer to a long agent's turn.
pub const BOUNDS_US: [u64; 16] = [
    10_000,
    20_000,
    40_000,
    80_000,
    160_000,
    320_000,
    640_000,
    1_280_000,
    2_560_000,
    5_120_000,
    10_240_000,
    20_480_000,
    40_960_000,
    81_920_000,
    163_840_000,
    327_680_000,
];

/// How often durations fell into each bucket, and their sum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; BOUNDS_US.len()],
    above: u64,
    sum_us: u64,
}

impl Histogram {
    /// Adds one duration in microseconds.
    pub fn add(&mut self, duration_us: u64) {
        let bucket = BOUNDS_US.iter().position(|bound| duration_us <= *bound);
        match bucket.and_then(|at| self.counts.get_mut(at)) {
            Some(count) => *count += 1,
            None => self.above += 1,
        }
        self.sum_us = self.sum_us.saturating_add(duration_us);
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.counts.iter_mut().zip(other.counts) {
            *ours += theirs;
        }
        self.above += other.above;
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
    }

    /// How many durations were added.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.above
    }

    /// Their sum in seconds.
    pub fn sum_seconds(&self) -> f64 {
        seconds(self.sum_us)
    }

    /// Bound in seconds and count of each bucket, the open one last; not cumulative.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS_US.iter().map(|bound| seconds(*bound));
        let closed = bounds.zip(self.counts);
        closed.chain([(f64::INFINITY, self.above)]).collect()
    }
}

fn seconds(duration_us: u64) -> f64 {
    std::time::Duration::from_micros(duration_us).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::{BOUNDS_US, Histogram};

    #[test]
    fn a_duration_on_a_bound_belongs_to_the_bucket_below_it() {
        let mut histogram = Histogram::default();
        for duration_us in [0, 10_000, 10_001, 327_680_000, 327_680_001] {
            histogram.add(duration_us);
        }
        let filled: Vec<_> = histogram
            .buckets()
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .collect();
        assert_eq!(
            filled,
            [(0.01, 2), (0.02, 1), (327.68, 1), (f64::INFINITY, 1)]
        );
        assert!(BOUNDS_US.windows(2).all(|pair| pair[1] == 2 * pair[0]));
        assert_eq!(histogram.count(), 5);
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        assert_eq!(twice.count(), 10);
        assert!((twice.sum_seconds() - 1_310.760_004).abs() < 0.1);
    }
}
