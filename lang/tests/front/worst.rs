//! The worst case of a class, held against every sequence of failures that a small class can meet.

#[path = "worst/simulated.rs"]
mod simulated;

use claw_lang::worst::{Asks, Gap, Load, Shape, Worst, silent, worst};
use claw_table::policy::{
    Api, Cause, Causes, Charge, Class, Deadlines, Hours, Leg, Model, Policy, Price, Provider,
    Rates, Replica, Retry, Secret, Target, Url, When,
};
use claw_table::{Can, ModelId, ProviderId};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use simulated::simulate;

/// What one target of a made-up class is like.
#[derive(Debug, Clone)]
struct Like {
    connect_ms: u64,
    first_ms: u64,
    attempt_ms: u64,
    prices: Vec<Price>,
    context: u64,
    output: Option<u64>,
}

fn provider(name: usize, like: &Like) -> Provider {
    Provider {
        name: format!("p{name}"),
        api: Api::OpenAi,
        urls: vec![Replica {
            url: Url {
                tls: false,
                host: "127.0.0.1".to_owned(),
                port: 1,
                base: String::new(),
            },
            weight: 1,
        }],
        keys: vec![Secret::None],
        deadlines: Deadlines {
            connect_ms: Some(like.connect_ms),
            first_token_ms: Some(like.first_ms),
            idle_ms: None,
        },
        attempt_ms: Some(like.attempt_ms),
        models: vec![Model {
            name: "m".to_owned(),
            wire: "m".to_owned(),
            prices: like.prices.clone(),
            context_tokens: Some(like.context),
            output_tokens_max: like.output,
            can: None,
        }],
        ..Provider::default()
    }
}

fn policy(likes: &[Like], retry: Retry, total_ms: u64) -> Policy {
    let target = |at| Target {
        provider: ProviderId(u16::try_from(at).unwrap()),
        model: ModelId(0),
    };
    Policy {
        providers: likes
            .iter()
            .enumerate()
            .map(|(at, l)| provider(at, l))
            .collect(),
        classes: vec![Class {
            name: "c".to_owned(),
            legs: (0..likes.len()).map(target).map(Leg::Target).collect(),
            targets: (0..likes.len()).map(target).collect(),
            retry,
            deadlines: Deadlines::default(),
            total_ms: Some(total_ms),
            ..Class::default()
        }],
        ..Policy::default()
    }
}

fn like() -> impl Strategy<Value = Like> {
    let times = (1..9u64, 1..30u64, 1..30u64);
    (times, prices(), 1..60u64, proptest::option::of(1..90u64)).prop_map(
        |((connect_ms, first_ms, attempt_ms), prices, context, output)| Like {
            connect_ms,
            first_ms,
            attempt_ms,
            prices,
            context,
            output,
        },
    )
}

const TIERS: [Option<&str>; 3] = [None, Some("batch"), Some("fast")];

fn hours() -> Hours {
    Hours {
        days: 1,
        from_minute: 0,
        to_minute: 60,
        zone: "UTC".to_owned(),
    }
}

/// What is ordinary, and up to four prices that hold sometimes.
fn prices() -> impl Strategy<Value = Vec<Price>> {
    let rates = (
        proptest::option::of(0..20u64),
        proptest::option::of(0..20u64),
        proptest::option::of((1..Charge::ALL.len() - 1, 0..30u64)),
    );
    let when = (
        proptest::option::of(0..60u64),
        select(TIERS.to_vec()),
        any::<bool>(),
        proptest::option::of(1..3u32),
    );
    let when = when.prop_map(|(above_tokens, tier, by_hours, from_day)| When {
        from_day,
        tier: tier.map(str::to_owned),
        during: by_hours.then(hours),
        above_tokens,
    });
    let base = (0..20u64, 0..20u64, proptest::option::of(0..20u64));
    let further = vec((when, rates), 0..5);
    (base, further).prop_map(|(base, further)| {
        let mut all = plain(base);
        for (when, (input, output, other)) in further {
            let mut rates = Rates::default();
            rates.set(Charge::In, input);
            rates.set(Charge::Out, output);
            if let Some((at, pico)) = other {
                rates.set(Charge::ALL[at], Some(pico));
            }
            if all.iter().all(|known| known.when != when) {
                all.push(Price { when, rates });
            }
        }
        all.sort_by(|a, b| a.when.cmp(&b.when));
        all
    })
}

/// The price of a model that has one.
fn plain((input, output, cached): (u64, u64, Option<u64>)) -> Vec<Price> {
    let mut rates = Rates::default();
    rates.set(Charge::In, Some(input));
    rates.set(Charge::Out, Some(output));
    rates.set(Charge::Cached, cached);
    vec![Price {
        when: When::default(),
        rates,
    }]
}

/// A small class: at most two targets, or two rounds.
fn small() -> impl Strategy<Value = (Vec<Like>, Retry)> {
    let size = select(vec![(1, 1), (1, 3), (2, 2), (2, 3), (3, 2)]);
    let causes = select(vec![
        Causes {
            named: Cause::ALL.iter().map(|cause| cause.bit()).sum(),
            statuses: vec![(429, 429)],
        },
        Causes {
            named: 0,
            statuses: vec![(429, 429)],
        },
        Causes {
            named: Cause::Connect.bit(),
            statuses: Vec::new(),
        },
        Causes {
            named: Cause::Timeout.bit(),
            statuses: Vec::new(),
        },
        Causes::default(),
    ]);
    (size, causes, 1..6u64, 0..12u64, select(vec![0, 3, 17])).prop_flat_map(
        |((targets, attempts), on, low, more, honor)| {
            let retry = Retry {
                on,
                attempts,
                backoff_min_ms: low,
                backoff_max_ms: low + more,
                honor_retry_after_ms: honor,
            };
            (vec(like(), targets), Just(retry))
        },
    )
}

fn load(has: u16, shape: Shape) -> Load {
    let asks = Asks::Text;
    Load {
        asks,
        has,
        without: 0,
        shape,
    }
}

fn of(policy: &Policy, shape: Shape) -> Worst {
    worst(policy, &policy.classes[0], load(0, shape)).expect("a class has a target")
}

#[test]
fn no_sequence_of_failures_is_worse_and_some_sequence_is_as_bad() {
    let (mut tight, mut cut) = (0, 0);
    let mut runner = TestRunner::new(Config {
        cases: 160,
        failure_persistence: None,
        ..Config::default()
    });
    let counts = std::cell::RefCell::new((&mut tight, &mut cut));
    runner
        .run(
            &(small(), select(vec![Shape::Stream, Shape::Plain]), 1..80u64),
            |((likes, retry), shape, total)| {
                for total in [total, 100_000] {
                    let told = of(&policy(&likes, retry.clone(), total), shape);
                    let seen = simulate(&likes, &retry, (total, shape));
                    assert!(seen.ms <= told.time.most_ms, "{seen:?} {told:?}");
                    assert!(seen.attempts <= told.attempts.most);
                    assert!(seen.pico <= told.cost.most_pico.unwrap());
                    if total < 100_000 {
                        *counts.borrow_mut().1 += u32::from(seen.ms == total);
                        continue;
                    }
                    assert_eq!(seen.attempts, told.attempts.most, "{told:?}");
                    assert_eq!(Some(seen.pico), told.cost.most_pico, "{told:?}");
                    // Several targets cannot all be waited for and all be out of reach.
                    let exact = likes.len() == 1
                        || told.attempts.unsent_moves_on
                            && retry.honor_retry_after_ms <= retry.backoff_min_ms;
                    if exact {
                        assert_eq!(seen.ms, told.time.most_ms, "{told:?}");
                        *counts.borrow_mut().0 += 1;
                    }
                }
                Ok(())
            },
        )
        .unwrap_or_else(|fault| panic!("{fault}"));
    assert!(tight > 40, "only {tight} classes were compared exactly");
    assert!(cut > 40, "only {cut} classes met their total");
}

fn retry(attempts: u32) -> Retry {
    Retry {
        on: Causes {
            named: Cause::Connect.bit(),
            statuses: vec![(500, 599)],
        },
        attempts,
        backoff_min_ms: 200,
        backoff_max_ms: 5_000,
        honor_retry_after_ms: 0,
    }
}

fn plain_like() -> Like {
    Like {
        connect_ms: 1,
        first_ms: 2,
        attempt_ms: 3,
        prices: plain((5_000_000, 30_000_000, None)),
        context: 100,
        output: Some(10),
    }
}

#[test]
fn where_the_policy_says_nothing_the_runtime_s_own_deadlines_count() {
    let mut policy = policy(&[plain_like()], retry(2), 1);
    policy.providers[0].deadlines = Deadlines::default();
    policy.providers[0].attempt_ms = None;
    policy.classes[0].total_ms = None;
    let time = of(&policy, Shape::Stream).time;
    assert_eq!(time.total_ms, silent::TOTAL_MS);
    assert_eq!(time.connects_ms, silent::CONNECT_MS);
    assert_eq!(time.fail.ms, silent::FIRST_TOKEN_MS);
    assert_eq!(time.last.ms, silent::TOTAL_MS);
    assert_eq!(time.waits_ms, [400]);
    // The class's own total ends an attempt that nothing else does.
    policy.classes[0].total_ms = Some(1_200_000);
    assert_eq!(of(&policy, Shape::Plain).time.fail.ms, 1_200_000);
}

#[test]
fn what_is_unknown_is_never_zero() {
    let mut policy = policy(&[plain_like(), plain_like()], retry(3), 1);
    let gap = |policy: &Policy| {
        let cost = of(policy, Shape::Stream).cost;
        assert_eq!((cost.most_pico, cost.dearest), (None, None));
        cost.targets[1].1.unwrap_err()
    };
    let whole = policy.providers[1].models[0].clone();
    policy.providers[1].models[0].prices = Vec::new();
    assert_eq!(gap(&policy), Gap::Price);
    let without = |charge, pico| {
        let mut prices = whole.prices.clone();
        prices[0].rates.set(charge, pico);
        prices
    };
    policy.providers[1].models[0].prices = without(Charge::Out, None);
    assert_eq!(gap(&policy), Gap::OutPrice);
    policy.providers[1].models[0].prices = without(Charge::WebSearch, Some(1));
    assert_eq!(gap(&policy), Gap::Searches);
    policy.providers[1].models[0] = Model {
        can: Some(Can::Audio.bit()),
        ..whole.clone()
    };
    assert_eq!(gap(&policy), Gap::AudioPrice);
    policy.providers[1].models[0] = Model {
        context_tokens: None,
        ..whole
    };
    assert_eq!(gap(&policy), Gap::Context);
    // What is free has no need of a bound.
    policy.providers[1].models[0].prices = plain((0, 0, None));
    let cost = of(&policy, Shape::Stream).cost;
    assert_eq!(cost.most_pico, Some(3 * (90 * 5_000_000 + 10 * 30_000_000)));
}

#[test]
fn a_target_that_cannot_carry_the_request_counts_for_nothing() {
    let dear = Like {
        context: 1_000,
        ..plain_like()
    };
    let mut policy = policy(&[dear, plain_like()], retry(3), 1_000_000);
    policy.providers[0].models[0].can = Some(Can::Tools.bit());
    let class = &policy.classes[0];
    let of = |has| worst(&policy, class, load(has, Shape::Stream));
    let dearest = |has| of(has).unwrap().cost.dearest.unwrap().provider;
    assert_eq!(dearest(Can::Tools.bit()), ProviderId(0));
    assert_eq!(dearest(Can::Images.bit()), ProviderId(1));
    policy.providers[1].models[0].can = Some(0);
    let load = load(Can::Images.bit(), Shape::Stream);
    assert_eq!(worst(&policy, &policy.classes[0], load), None);
}

#[test]
fn figures_that_cannot_be_written_are_too_large_and_never_too_small() {
    let huge = Like {
        connect_ms: u64::MAX,
        first_ms: u64::MAX,
        attempt_ms: u64::MAX,
        prices: plain((u64::MAX, u64::MAX, None)),
        context: u64::MAX,
        output: None,
    };
    let told = of(
        &policy(&[huge.clone(), huge], retry(100), u64::MAX),
        Shape::Stream,
    );
    assert_eq!(told.time.most_ms, u64::MAX);
    let one = u128::from(u64::MAX) * u128::from(u64::MAX);
    assert_eq!(told.cost.most_pico, Some(one.saturating_mul(100)));
}
