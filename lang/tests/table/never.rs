//! Claims about random policies: what is found is a request that breaks it, and a request that
//! breaks it is found.

use std::cell::Cell;

use claw_lang::diagram::Kept;
use claw_lang::model::{Claim, Claims, Cond, Model, Never, Reach};
use claw_lang::never::{Broken, broken};
use claw_lang::oracle::{self, Request};
use claw_lang::span::Span;
use claw_lang::worst::{Asks, Load, Shape, worst};
use claw_lang::{BuildInfo, build};
use claw_table::policy::{
    Action, Api, Causes, Charge, Class, Deadlines, Leg, Model as Serving, Price, Provider, Rates,
    Replica, Secret, Target, Url, When,
};
use claw_table::{Can, ClassId, ModelId, ProviderId, Table};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::{models, requests};

fn provider(name: &str, (can, attempt_ms, out): (Option<u16>, u64, u64)) -> Provider {
    let mut rates = Rates::default();
    rates.set(Charge::In, Some(1));
    rates.set(Charge::Out, Some(out));
    Provider {
        name: name.to_owned(),
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
            first_token_ms: Some(10),
            ..Deadlines::default()
        },
        attempt_ms: Some(attempt_ms),
        models: vec![Serving {
            name: "m".to_owned(),
            wire: "m".to_owned(),
            prices: vec![Price {
                when: When::default(),
                rates,
            }],
            context_tokens: Some(100),
            output_tokens_max: Some(50),
            can,
        }],
        ..Provider::default()
    }
}

/// Gives the two classes of a random policy something to serve by.
fn serving(model: &mut Model) {
    let able = Can::Tools.bit() | Can::Json.bit();
    model.policy.providers = vec![
        provider("any", (None, 50, 1)),
        provider("some", (Some(able), 100, 5)),
        provider("few", (Some(0), 1_000, 9)),
        Provider {
            api: Api::Anthropic,
            ..provider("other", (Some(able), 200, 2))
        },
        provider("vectors", (Some(Can::Embeddings.bit()), 500, 7)),
    ];
    for far in model.policy.providers.iter_mut().skip(1) {
        far.tags.push("far".to_owned());
    }
    let target = |provider| Target {
        provider: ProviderId(provider),
        model: ModelId(0),
    };
    let on = Causes {
        named: u32::MAX,
        statuses: vec![(500, 599)],
    };
    for (class, (targets, attempts)) in model
        .policy
        .classes
        .iter_mut()
        .zip([(vec![2, 1, 4], 2), (vec![0, 2, 3], 3)])
    {
        class.targets = targets.into_iter().map(target).collect();
        class.legs = class.targets.iter().copied().map(Leg::Target).collect();
        class.retry.on = on.clone();
        class.retry.attempts = attempts;
    }
}

fn claim() -> impl Strategy<Value = Claim> {
    select(vec![
        Claim::TriesOver(1),
        Claim::TriesOver(2),
        Claim::CostsOver(200),
        Claim::CostsOver(700),
        Claim::CostsOver(1_200),
        Claim::TakesOver(1_000),
        Claim::TakesOver(21_250),
        Claim::TakesOver(31_000),
        Claim::Reaches(Reach::Provider(ProviderId(0))),
        Claim::Reaches(Reach::Provider(ProviderId(1))),
        Claim::Reaches(Reach::Provider(ProviderId(3))),
        Claim::Reaches(Reach::Provider(ProviderId(4))),
        Claim::Reaches(Reach::Tagged("far".to_owned())),
        Claim::Reaches(Reach::Untagged("far".to_owned())),
    ])
}

/// Whether one request breaks a claim, by nothing but the request itself.
fn breaks(model: &Model, claim: &Claim, request: &Request) -> Option<ClassId> {
    let arm = oracle::arm(model, request)?;
    let Action::Class(id) = model.policy.arms[arm.index()].to else {
        return None;
    };
    let class: &Class = &model.policy.classes[id.index()];
    let asks = Asks::of(request.endpoint.as_deref()?)?;
    let shape = if request.streaming && asks.streams() {
        Shape::Stream
    } else {
        Shape::Plain
    };
    let has = request.has;
    let load = Load {
        asks,
        has,
        // No model here takes sound.
        without: 0,
        shape,
    };
    let worst = worst(&model.policy, class, load)?;
    let broken = match claim {
        Claim::TriesOver(limit) => worst.attempts.most > *limit,
        Claim::CostsOver(limit) => {
            asks != Asks::Count && worst.cost.most_pico.is_none_or(|most| most > *limit)
        }
        Claim::TakesOver(limit) => worst.time.most_ms > *limit,
        Claim::Reaches(reach) => class.targets.iter().any(|target| {
            let provider = target.provider;
            let own = &model.policy.providers[provider.index()];
            let is_far = provider.index() > 0;
            asks.carries((own.api, &own.models[0]), has)
                && match reach {
                    Reach::Provider(known) => *known == provider,
                    Reach::Target(known) => known == target,
                    Reach::Tagged(_) => is_far,
                    Reach::Untagged(_) => !is_far,
                }
        }),
    };
    broken.then_some(id)
}

/// Which classes break which claims.
fn broke(found: &[Broken]) -> Vec<(usize, ClassId)> {
    let mut broke: Vec<_> = found.iter().map(|one| (one.never, one.class)).collect();
    broke.sort_unstable();
    broke
}

/// A finding is a request that breaks the claim, and the table takes it where it is said to go.
fn replays(model: &Model, table: &Table, one: &Broken) {
    let never = &model.claims.nevers[one.never];
    assert!(oracle::holds(&never.cond, &one.witness), "{one:?}");
    assert_eq!(table.decide(&one.witness).ok(), Some(one.arm), "{one:?}");
    assert_eq!(
        breaks(model, &never.claim, &one.witness),
        Some(one.class),
        "{one:?}"
    );
}

#[test]
fn what_is_found_breaks_the_claim_and_what_breaks_it_is_found() {
    let (found, missed, kept) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let refused = Cell::new(0);
    let nevers = vec((models::cond(), claim()), 1..4);
    let input = (
        models::model(),
        nevers,
        vec(requests::request(), 24),
        any::<bool>(),
    );
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&input, |(mut model, nevers, requests, for_all)| {
        serving(&mut model);
        let bare = build(&model, &BuildInfo::unplaced()).expect("a small model builds");
        let nevers = nevers.into_iter().map(|(cond, claim)| Never {
            name: "n".to_owned(),
            cond: [cond, Cond::Always][usize::from(for_all)].clone(),
            claim,
            span: Span::default(),
        });
        model.claims = Claims {
            nevers: nevers.collect(),
            ..Claims::default()
        };
        let bytes = build(&model, &BuildInfo::unplaced()).expect("a small model builds");
        assert_eq!(bare, bytes, "a claim leaves no trace");
        let table = Table::open(&bytes).expect("what was built opens");
        // One that has no room is refused, and says so; in six thousand there was none.
        let (Ok(all), Ok(listed)) = (broken(&model, Kept::Diagram), broken(&model, Kept::List))
        else {
            refused.set(refused.get() + 1);
            return Ok(());
        };
        assert_eq!(
            broke(&all),
            broke(&listed),
            "a list proves what a diagram does"
        );
        for one in all.iter().chain(&listed) {
            replays(&model, &table, one);
            found.set(found.get() + 1);
        }
        for (at, never) in model.claims.nevers.iter().enumerate() {
            for request in &requests {
                if !oracle::holds(&never.cond, request) || table.decide(request).is_err() {
                    continue;
                }
                match breaks(&model, &never.claim, request) {
                    Some(class) => {
                        let is_told = all.iter().any(|one| one.never == at && one.class == class);
                        assert!(is_told, "{never:?} {request:?}");
                        missed.set(missed.get() + 1);
                    }
                    None => kept.set(kept.get() + 1),
                }
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    let (found, told, kept) = (found.get(), missed.get(), kept.get());
    println!("{found} findings; {told} requests broke a claim, {kept} kept it");
    assert!(refused.get() < 2, "{} have no room", refused.get());
    assert!(
        found > 200 && told > 150 && kept > 500,
        "{found} {told} {kept}"
    );
}
