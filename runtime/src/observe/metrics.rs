//! Numbers about traffic, kept per worker and added up when they are asked for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::histogram::Histogram;
use super::record::{Attempt, Record};
use crate::meter::usage::Usage;

/// Distinct names in one label. Names come from policies, never from clients; the bound holds for
/// a gateway that lives through thousands of them. What comes later counts as `other`.
const NAMES_MAX: usize = 1024;

/// Every shard, to be added up.
#[derive(Debug, Default)]
pub struct Metrics {
    shards: Mutex<Vec<Arc<Shard>>>,
}

/// The numbers of one worker. Its lock is that worker's own but for the moment of a scrape.
#[derive(Debug, Default)]
pub struct Shard {
    begun: AtomicU64,
    ended: AtomicU64,
    numbers: Mutex<Numbers>,
}

/// What was counted since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// By class; `none` where a request reached no class.
    pub classes: BTreeMap<String, ClassNumbers>,
    /// By `provider/model`.
    pub targets: BTreeMap<String, TargetNumbers>,
    /// Moves from one target to the next, by both.
    pub failovers: BTreeMap<String, BTreeMap<String, u64>>,
}

/// What was counted for one class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassNumbers {
    /// Requests by how they ended.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// From the head's arrival to the first content.
    pub first_content: Histogram,
    /// From the head's arrival to the end.
    pub duration: Histogram,
    /// Requests that were not asked again because too much was lately.
    pub out_of_retries: u64,
}

/// What was counted for one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetNumbers {
    /// Attempts by the cause of their failure; `served` for those that did not fail.
    pub causes: BTreeMap<String, u64>,
    /// Tokens the provider reported: input not cached, cache read, cache written, output.
    pub tokens: [u64; 4],
    /// Attempts that went on with what another had begun.
    pub continued: u64,
    /// Hints that were left out of requests, since the target's protocol has no words for them.
    pub hints_dropped: u64,
    /// Events of its answers that were left out, since nobody could read them.
    pub events_skipped: u64,
}

/// The kinds of [`TargetNumbers::tokens`], in its order.
pub const TOKEN_KINDS: [&str; 4] = ["input", "cache_read", "cache_write", "output"];

impl Metrics {
    /// A shard for one more worker.
    pub fn shard(&self) -> Arc<Shard> {
        let shard = Arc::new(Shard::default());
        lock(&self.shards).push(Arc::clone(&shard));
        shard
    }

    /// Requests that run now, in every worker.
    pub fn inflight(&self) -> u64 {
        lock(&self.shards)
            .iter()
            .map(|shard| shard.inflight())
            .sum()
    }

    /// The sum of all shards.
    pub fn sum(&self) -> Numbers {
        let mut sum = Numbers::default();
        for shard in lock(&self.shards).iter() {
            // Copied out first: the worker waits for a copy at most, never for the whole sum.
            let numbers = lock(&shard.numbers).clone();
            sum.merge(&numbers);
        }
        sum
    }
}

impl Shard {
    /// Counts a request as running until its record comes.
    pub fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that ended.
    pub fn end(&self, record: &Record) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        lock(&self.numbers).count(record);
    }

    fn inflight(&self) -> u64 {
        // Read in this order a request that ends in between counts as running, never as less than none.
        let ended = self.ended.load(Ordering::Relaxed);
        self.begun.load(Ordering::Relaxed).saturating_sub(ended)
    }
}

impl Numbers {
    fn count(&mut self, record: &Record) {
        at(
            &mut self.classes,
            record.class.as_deref().unwrap_or("none"),
            |class| {
                *class.outcomes.entry(record.outcome).or_default() += 1;
                class.duration.add(record.duration_us);
                class.out_of_retries += u64::from(record.out_of_retries);
                if let Some(first_content_us) = record.first_content_us {
                    class.first_content.add(first_content_us);
                }
            },
        );
        self.count_attempts(&record.attempts);
        let (Some(target), Some(usage)) = (&record.target, &record.usage) else {
            return;
        };
        let mut rest = used(usage);
        for attempt in &record.attempts {
            let Some(usage) = &attempt.usage else {
                continue;
            };
            let theirs = used(usage);
            for (rest, theirs) in rest.iter_mut().zip(theirs) {
                *rest = rest.saturating_sub(theirs);
            }
            at(&mut self.targets, &attempt.target, |target| {
                target.add_tokens(theirs);
            });
        }
        at(&mut self.targets, target, |target| target.add_tokens(rest));
    }

    fn count_attempts(&mut self, attempts: &[Attempt]) {
        let mut last: Option<&Attempt> = None;
        for attempt in attempts {
            let cause = attempt.cause.as_deref().unwrap_or("served");
            at(&mut self.targets, &attempt.target, |target| {
                at(&mut target.causes, cause, |count| *count += 1);
                target.continued += u64::from(attempt.continued);
                target.hints_dropped += attempt.hints_dropped;
                target.events_skipped += u64::from(attempt.skipped);
            });
            if let Some(last) = last.filter(|last| last.target != attempt.target) {
                at(&mut self.failovers, &last.target, |to| {
                    at(to, &attempt.target, |count| *count += 1);
                });
            }
            last = Some(attempt);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (name, theirs) in &other.classes {
            at(&mut self.classes, name, |ours| {
                add(&mut ours.outcomes, &theirs.outcomes);
                ours.first_content.merge(&theirs.first_content);
                ours.duration.merge(&theirs.duration);
                ours.out_of_retries += theirs.out_of_retries;
            });
        }
        for (name, theirs) in &other.targets {
            at(&mut self.targets, name, |ours| {
                add(&mut ours.causes, &theirs.causes);
                ours.add_tokens(theirs.tokens);
                ours.continued += theirs.continued;
                ours.hints_dropped += theirs.hints_dropped;
                ours.events_skipped += theirs.events_skipped;
            });
        }
        for (from, theirs) in &other.failovers {
            at(&mut self.failovers, from, |ours| add(ours, theirs));
        }
    }
}

/// In the order of [`TOKEN_KINDS`].
fn used(usage: &Usage) -> [u64; TOKEN_KINDS.len()] {
    let beside = usage.beside;
    [
        usage.input_uncached.saturating_add(beside.input_uncached),
        usage.cache_read.saturating_add(beside.cache_read),
        usage.cache_write.saturating_add(beside.cache_write),
        usage.output_total.saturating_add(beside.output_total),
    ]
}

impl TargetNumbers {
    fn add_tokens(&mut self, used: [u64; TOKEN_KINDS.len()]) {
        for (sum, used) in self.tokens.iter_mut().zip(used) {
            *sum = sum.saturating_add(used);
        }
    }
}

/// Changes the value under a name, made if need be; under `other` once there are too many names.
/// A name that is known costs no allocation.
fn at<V: Default>(map: &mut BTreeMap<String, V>, name: &str, change: impl FnOnce(&mut V)) {
    if let Some(value) = map.get_mut(name) {
        return change(value);
    }
    let name = if map.len() < NAMES_MAX { name } else { "other" };
    change(map.entry(name.to_owned()).or_default());
}

fn add<K: Ord + Clone>(ours: &mut BTreeMap<K, u64>, theirs: &BTreeMap<K, u64>) {
    for (name, count) in theirs {
        *ours.entry(name.clone()).or_default() += count;
    }
}

/// A panic elsewhere leaves at worst one request half counted; the numbers stay readable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Metrics, NAMES_MAX};
    use crate::meter::usage::Usage;
    use crate::observe::record::{Attempt, Record};

    #[test]
    fn shards_add_up_and_a_failover_is_counted_once() {
        let metrics = Metrics::default();
        let attempt = |target: &str, cause: Option<&str>| Attempt {
            target: target.to_owned(),
            sent: true,
            cause: cause.map(str::to_owned),
            duration_us: 5,
            ..Attempt::default()
        };
        let record = Record {
            class: Some("code".to_owned()),
            outcome: "complete",
            attempts: vec![
                attempt("a/x", Some("connect")),
                attempt("a/x", Some("500")),
                attempt("b/y", None),
            ],
            ..Record::default()
        };
        for shard in [metrics.shard(), metrics.shard()] {
            shard.end(&record);
        }
        let sum = metrics.sum();
        assert_eq!(sum.classes["code"].outcomes["complete"], 2);
        assert_eq!(sum.classes["code"].duration.count(), 2);
        assert_eq!(sum.classes["code"].first_content.count(), 0);
        assert_eq!(sum.targets["a/x"].causes["connect"], 2);
        assert_eq!(sum.targets["b/y"].causes["served"], 2);
        assert_eq!(sum.failovers["a/x"]["b/y"], 2);
        assert_eq!(sum.failovers.len(), 1);
    }

    #[test]
    fn the_tokens_of_an_answer_that_two_gave_count_where_each_was_asked() {
        let metrics = Metrics::default();
        let usage = |output_total| {
            Some(Usage {
                output_total,
                ..Usage::default()
            })
        };
        let attempt = |target: &str, usage, continued| Attempt {
            target: target.to_owned(),
            usage,
            continued,
            ..Attempt::default()
        };
        metrics.shard().end(&Record {
            target: Some("b/y".to_owned()),
            usage: usage(7),
            out_of_retries: true,
            attempts: vec![attempt("a/x", usage(3), false), attempt("b/y", None, true)],
            ..Record::default()
        });
        let sum = metrics.sum();
        assert_eq!(sum.targets["a/x"].tokens, [0, 0, 0, 3]);
        assert_eq!(sum.targets["b/y"].tokens, [0, 0, 0, 4]);
        let continued = |target: &str| sum.targets[target].continued;
        assert_eq!((continued("a/x"), continued("b/y")), (0, 1));
        assert_eq!(sum.classes["none"].out_of_retries, 1);
    }

    #[test]
    fn a_request_is_in_flight_until_its_record_comes() {
        let metrics = Metrics::default();
        let (one, two) = (metrics.shard(), metrics.shard());
        one.begin();
        one.begin();
        two.begin();
        assert_eq!(metrics.inflight(), 3);
        one.end(&Record::default());
        two.end(&Record::default());
        assert_eq!(metrics.inflight(), 1);
    }

    #[test]
    fn names_beyond_the_bound_count_as_other() {
        let metrics = Metrics::default();
        let shard = metrics.shard();
        for n in 0..NAMES_MAX + 5 {
            shard.end(&Record {
                class: Some(format!("c{n}")),
                outcome: "complete",
                ..Record::default()
            });
        }
        let sum = metrics.sum();
        assert_eq!(sum.classes["other"].outcomes["complete"], 5);
        assert_eq!(sum.classes.len(), NAMES_MAX + 1);
    }
}
