//! The worst case of a class, held against every sequence of failures that a small class can meet.

use claw_lang::worst::{Gap, Load, Shape, Worst, silent, worst};
use claw_table::policy::{
    Api, Cause, Causes, Class, Deadlines, Model, Policy, Price, Provider, Replica, Retry, Secret,
    Target, Url,
};
use claw_table::{Can, ModelId, ProviderId};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

/// What one target of a made-up class is like.
#[derive(Debug, Clone)]
struct Like {
    connect_ms: u64,
    first_ms: u64,
    attempt_ms: u64,
    price: Price,
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
            price: Some(like.price),
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
            targets: (0..likes.len()).map(target).collect(),
            retry,
            deadlines: Deadlines::default(),
            total_ms: Some(total_ms),
        }],
        ..Policy::default()
    }
}

fn like() -> impl Strategy<Value = Like> {
    let rates = (0..20u64, 0..20u64, proptest::option::of(0..20u64));
    let times = (1..9u64, 1..30u64, 1..30u64);
    (times, rates, 1..60u64, proptest::option::of(1..90u64)).prop_map(
        |(
            (connect_ms, first_ms, attempt_ms),
            (in_pico, out_pico, cached_pico),
            context,
            output,
        )| {
            Like {
                connect_ms,
                first_ms,
                attempt_ms,
                price: Price {
                    in_pico,
                    out_pico: Some(out_pico),
                    cached_pico,
                },
                context,
                output,
            }
        },
    )
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

/// The most that any sequence came to, each figure for itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    attempts: u32,
    ms: u64,
    pico: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Free,
    From(u64),
    Out,
}

#[derive(Debug, Clone)]
struct At {
    round: u32,
    turn: usize,
    now: u64,
    sent: u32,
    pico: u128,
    turns: Vec<Turn>,
}

/// Tries everything that can happen, turn by turn, as the gateway goes from target to target.
struct Simulation<'a> {
    likes: Vec<&'a Like>,
    retry: &'a Retry,
    total: u64,
    shape: Shape,
    seen: Seen,
}

impl Simulation<'_> {
    fn step(&mut self, at: &At) {
        self.seen.attempts = self.seen.attempts.max(at.sent);
        self.seen.ms = self.seen.ms.max(at.now.min(self.total));
        self.seen.pico = self.seen.pico.max(at.pico);
        if at.now >= self.total {
            return;
        }
        let Some(like) = self.likes.get(at.turn).copied() else {
            return self.round(at);
        };
        let due = match at.turns[at.turn] {
            Turn::Free => true,
            Turn::From(then) => then <= at.now,
            Turn::Out => false,
        };
        let mut next = at.clone();
        next.turn += 1;
        if !due {
            return self.step(&next);
        }
        if at.sent >= self.retry.attempts {
            return;
        }
        // Nobody is reached, at once or after the longest wait.
        for ms in [0, like.connect_ms] {
            let mut next = next.clone();
            next.now += ms;
            next.turns[at.turn] = Turn::Free;
            if self.retry.on.names(Cause::Connect) || self.retry.on.names(Cause::Timeout) {
                self.step(&next);
            } else {
                self.end(&next);
            }
        }
        next.sent += 1;
        next.pico += dearest(like);
        // It serves, as slowly as it may.
        let mut served = next.clone();
        served.now += like.connect_ms + like.attempt_ms;
        self.end(&served);
        // It fails, at once or as late as it may, and says nothing, a wait, or a wait too long.
        let late = match self.shape {
            Shape::Stream => like.first_ms.min(like.attempt_ms),
            Shape::Plain => like.attempt_ms,
        };
        let lists = |on: &Causes| !on.statuses.is_empty() || on.named & !Cause::Connect.bit() != 0;
        for ms in [0, like.connect_ms + late] {
            let honor = self.retry.honor_retry_after_ms;
            for turn in [Turn::Free, Turn::From(at.now + ms + honor), Turn::Out] {
                let mut failed = next.clone();
                failed.now += ms;
                failed.turns[at.turn] = turn;
                if lists(&self.retry.on) {
                    self.step(&failed);
                } else {
                    self.end(&failed);
                }
            }
        }
    }

    fn end(&mut self, at: &At) {
        self.seen.attempts = self.seen.attempts.max(at.sent);
        self.seen.ms = self.seen.ms.max(at.now.min(self.total));
        self.seen.pico = self.seen.pico.max(at.pico);
    }

    fn round(&mut self, at: &At) {
        let rounds = self.retry.attempts;
        if at.round + 1 == rounds || at.sent >= rounds {
            return;
        }
        let low = self.retry.backoff_min_ms;
        let high = (low << (at.round + 1)).min(self.retry.backoff_max_ms);
        for backoff in [low, high] {
            let waits = at.turns.iter().filter_map(|turn| match turn {
                Turn::Free => Some(backoff),
                Turn::From(then) => Some(then.saturating_sub(at.now)),
                Turn::Out => None,
            });
            let Some(wait) = waits.min() else { return };
            // A wait that ends behind the deadline is not begun.
            if at.now + wait < self.total {
                let mut next = at.clone();
                next.round += 1;
                next.turn = 0;
                next.now += wait;
                self.step(&next);
            }
        }
    }
}

/// Every way to fill the window.
fn dearest(like: &Like) -> u128 {
    let price = like.price;
    let out_max = like.output.unwrap_or(like.context).min(like.context);
    let of = |out: u64| {
        let inputs = [price.in_pico, price.cached_pico.unwrap_or(price.in_pico)];
        let cost = inputs.map(|rate| (like.context - out) * rate + out * price.out_pico.unwrap());
        u128::from(cost.into_iter().max().unwrap())
    };
    (0..=out_max).map(of).max().unwrap()
}

/// Any of the targets may be out of the question for a request.
fn simulate(likes: &[Like], retry: &Retry, (total, shape): (u64, Shape)) -> Seen {
    let mut seen = Seen::default();
    for kept in 1..1_u32 << likes.len() {
        let likes: Vec<&Like> = likes
            .iter()
            .enumerate()
            .filter(|(at, _)| kept & (1 << at) != 0)
            .map(|(_, like)| like)
            .collect();
        let turns = vec![Turn::Free; likes.len()];
        let mut simulation = Simulation {
            likes,
            retry,
            total,
            shape,
            seen,
        };
        simulation.step(&At {
            round: 0,
            turn: 0,
            now: 0,
            sent: 0,
            pico: 0,
            turns,
        });
        seen = simulation.seen;
    }
    seen
}

fn of(policy: &Policy, shape: Shape) -> Worst {
    worst(policy, &policy.classes[0], Load { has: 0, shape }).expect("a class has a target")
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
        price: Price {
            in_pico: 5_000_000,
            out_pico: Some(30_000_000),
            cached_pico: None,
        },
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
    policy.providers[1].models[0].price = None;
    assert_eq!(gap(&policy), Gap::Price);
    policy.providers[1].models[0].price = Some(Price {
        out_pico: None,
        ..whole.price.unwrap()
    });
    assert_eq!(gap(&policy), Gap::OutPrice);
    policy.providers[1].models[0] = Model {
        context_tokens: None,
        ..whole
    };
    assert_eq!(gap(&policy), Gap::Context);
    // What is free has no need of a bound.
    policy.providers[1].models[0].price = Some(Price {
        in_pico: 0,
        out_pico: Some(0),
        cached_pico: None,
    });
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
    let of = |has| {
        let load = Load {
            has,
            shape: Shape::Stream,
        };
        worst(&policy, class, load)
    };
    let dearest = |has| of(has).unwrap().cost.dearest.unwrap().provider;
    assert_eq!(dearest(Can::Tools.bit()), ProviderId(0));
    assert_eq!(dearest(Can::Images.bit()), ProviderId(1));
    policy.providers[1].models[0].can = Some(0);
    let load = Load {
        has: Can::Images.bit(),
        shape: Shape::Stream,
    };
    assert_eq!(worst(&policy, &policy.classes[0], load), None);
}

#[test]
fn figures_that_cannot_be_written_are_too_large_and_never_too_small() {
    let huge = Like {
        connect_ms: u64::MAX,
        first_ms: u64::MAX,
        attempt_ms: u64::MAX,
        price: Price {
            in_pico: u64::MAX,
            out_pico: Some(u64::MAX),
            cached_pico: None,
        },
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
