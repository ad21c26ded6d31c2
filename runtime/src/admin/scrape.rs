//! The page `/metrics`, in the `OpenMetrics` text format.

use std::fmt::Error;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::Admin;
use crate::observe::histogram::Histogram;
use crate::observe::metrics::{TOKEN_KINDS, TargetNumbers};

type Done = Result<(), Error>;

/// Everything that is counted, as of now.
pub(super) fn text(admin: &Admin) -> String {
    let mut registry = Registry::with_prefix("claw");
    registry.register_collector(Box::new(Page(admin.clone())));
    let mut page = String::new();
    // Writing to a string cannot fail; a page that ends early lacks its `# EOF` and is refused.
    match text::encode(&mut page, &registry) {
        Ok(()) => page,
        Err(Error) => String::new(),
    }
}

/// A number of each target: its name, what it means, where it stands.
type OfTarget = (&'static str, &'static str, fn(&TargetNumbers) -> u64);

const OF_EACH_TARGET: [OfTarget; 3] = [
    (
        "continued",
        "Attempts that went on with an answer another had begun",
        |numbers| numbers.continued,
    ),
    (
        "hints_dropped",
        "Hints left out of requests for which the target's protocol has no words",
        |numbers| numbers.hints_dropped,
    ),
    (
        "events_skipped",
        "Events left out of answers because nobody could read them",
        |numbers| numbers.events_skipped,
    ),
];

#[derive(Debug)]
struct Page(Admin);

impl Collector for Page {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Done {
        self.process(&mut to)?;
        self.policy(&mut to)?;
        self.requests(&mut to)?;
        self.targets(&mut to)
    }
}

impl Page {
    fn process(&self, to: &mut DescriptorEncoder<'_>) -> Done {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        info(to, ("build", "The gateway's version"), &version)?;
        gauge(
            to,
            ("inflight", "Requests that run now"),
            self.0.metrics.inflight(),
        )?;
        let ready = u64::from(!self.0.is_draining());
        gauge(
            to,
            ("ready", "1 while traffic may come, 0 while draining"),
            ready,
        )?;
        let lost = self.0.log.dropped();
        counter(
            to,
            ("log_dropped", "Log lines lost because nobody took them"),
            lost,
        )
    }

    fn policy(&self, to: &mut DescriptorEncoder<'_>) -> Done {
        let status = self.0.status.load();
        let snapshot = self.0.live.peek();
        let digest = snapshot.digest.to_str().unwrap_or_default();
        info(
            to,
            ("policy", "The policy in force, by its digest"),
            &[("digest", digest)],
        )?;
        let mut results = to.encode_descriptor(
            "policy_reloads",
            "Policies that were taken (the first included) or refused",
            None,
            MetricType::Counter,
        )?;
        for (result, count) in [("taken", status.taken), ("refused", status.refused)] {
            let labels = [("result", result)];
            results
                .encode_family(&labels)?
                .encode_counter::<[(&str, &str); 0], _, u64>(&count, None)?;
        }
        let sound = u64::from(status.refusal.is_none());
        gauge(
            to,
            (
                "policy_last_reload_successful",
                "1 unless the policy on disk was refused",
            ),
            sound,
        )?;
        gauge(
            to,
            (
                "policy_last_reload_success_timestamp_seconds",
                "When the policy on disk was last found sound",
            ),
            status.sound_ms / 1000,
        )?;
        let waits = u64::from(!status.needs_restart.is_empty());
        gauge(
            to,
            (
                "policy_needs_restart",
                "1 if a changed `gateway` setting waits for a restart",
            ),
            waits,
        )
    }

    fn requests(&self, to: &mut DescriptorEncoder<'_>) -> Done {
        let classes = self.0.metrics.sum().classes;
        let mut requests = to.encode_descriptor(
            "requests",
            "Requests that ended, by class and outcome",
            None,
            MetricType::Counter,
        )?;
        for (class, numbers) in &classes {
            for (outcome, count) in &numbers.outcomes {
                let labels = [("class", class.as_str()), ("outcome", outcome)];
                requests
                    .encode_family(&labels)?
                    .encode_counter::<[(&str, &str); 0], _, u64>(count, None)?;
            }
        }
        let refused = classes
            .iter()
            .map(|(class, numbers)| ([("class", class.as_str())], numbers.out_of_retries));
        counters(
            to,
            (
                "retries_refused",
                "Requests that were not asked again because too much was lately",
            ),
            refused,
        )?;
        let durations = classes
            .iter()
            .map(|(class, numbers)| (class, &numbers.duration));
        histogram(
            to,
            (
                "request_duration_seconds",
                "From a request's arrival to its end",
            ),
            durations,
        )?;
        let firsts = classes
            .iter()
            .map(|(class, numbers)| (class, &numbers.first_content));
        histogram(
            to,
            (
                "first_content_seconds",
                "From a request's arrival to its first content",
            ),
            firsts,
        )
    }

    fn targets(&self, to: &mut DescriptorEncoder<'_>) -> Done {
        let numbers = self.0.metrics.sum();
        let attempts = numbers.targets.iter().flat_map(|(target, numbers)| {
            numbers.causes.iter().map(move |(cause, count)| {
                ([("target", target.as_str()), ("cause", cause)], *count)
            })
        });
        counters(
            to,
            (
                "attempts",
                "Requests put on the wire, by target and cause of failure",
            ),
            attempts,
        )?;
        for (name, help, count) in OF_EACH_TARGET {
            let targets = numbers.targets.iter();
            let values =
                targets.map(|(target, numbers)| ([("target", target.as_str())], count(numbers)));
            counters(to, (name, help), values)?;
        }
        let failovers = numbers.failovers.iter().flat_map(|(from, moves)| {
            moves
                .iter()
                .map(move |(next, count)| ([("from", from.as_str()), ("to", next)], *count))
        });
        counters(
            to,
            ("failovers", "Moves from one target to the next"),
            failovers,
        )?;
        let tokens = numbers.targets.iter().flat_map(|(target, numbers)| {
            let kinds = TOKEN_KINDS.into_iter().zip(numbers.tokens);
            kinds.map(move |(kind, count)| ([("target", target.as_str()), ("type", kind)], count))
        });
        counters(
            to,
            ("tokens", "Tokens that providers reported, by target"),
            tokens,
        )
    }
}

fn gauge(to: &mut DescriptorEncoder<'_>, (name, help): (&str, &str), value: u64) -> Done {
    to.encode_descriptor(name, help, None, MetricType::Gauge)?
        .encode_gauge(&value)
}

fn counter(to: &mut DescriptorEncoder<'_>, (name, help): (&str, &str), value: u64) -> Done {
    let mut metric = to.encode_descriptor(name, help, None, MetricType::Counter)?;
    metric.encode_counter::<[(&str, &str); 0], _, u64>(&value, None)
}

fn info(
    to: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    labels: &[(&str, &str)],
) -> Done {
    to.encode_descriptor(name, help, None, MetricType::Info)?
        .encode_info(&labels)
}

fn counters<'l, const N: usize>(
    to: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl Iterator<Item = ([(&'l str, &'l str); N], u64)>,
) -> Done {
    let mut metric = to.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in values {
        metric
            .encode_family(&labels)?
            .encode_counter::<[(&str, &str); 0], _, u64>(&value, None)?;
    }
    Ok(())
}

fn histogram<'l>(
    to: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl Iterator<Item = (&'l String, &'l Histogram)>,
) -> Done {
    let mut metric = to.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for (class, value) in values {
        let labels = [("class", class.as_str())];
        let (sum, count, buckets) = (value.sum_seconds(), value.count(), value.buckets());
        metric
            .encode_family(&labels)?
            .encode_histogram::<[(&str, &str); 0]>(sum, count, &buckets, None)?;
    }
    Ok(())
}
