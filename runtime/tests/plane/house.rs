//! A gateway with simulated providers, as small as a test needs it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use claw_runtime::clock::{Dice, Wall};
use claw_runtime::gateway::{Common, Gateway};
use claw_runtime::identity::roster::Roster;
use claw_runtime::keys::Vault;
use claw_runtime::limits::Limits;
use claw_runtime::observe::record::{Record, Sink};
use claw_runtime::policy::live::{Live, Snapshot};
use claw_runtime::request::changes::Changes;
use claw_runtime::request::peek::Pointers;
use claw_runtime::server::{Stop, serve_io};
use claw_runtime::sim::provider::{Setup, Sim};
use claw_runtime::upstream::asking::Reluctant;
use claw_runtime::upstream::connect::{Dial, Dialling};
use claw_runtime::upstream::socket::Wire;
use claw_runtime::upstream::{Credential, Paths, Upstream};
use claw_runtime::zones::Zones;
use claw_table::policy::{
    Action, Api, Causes, Class, Deny, Leg, Model, Policy, Provider, Replica, Retry, Secret, Target,
    Url,
};
use claw_table::{ClassId, ModelId, Parts, ProviderId, Table};
use http::HeaderValue;
use tokio::io::DuplexStream;
use tokio::sync::watch;

/// What a test may change before the gateway is made.
pub(crate) struct Plan {
    pub policy: Policy,
    pub action: Action,
    /// What is served by, if it is not one arm for everything.
    pub table: Option<Vec<u8>>,
    pub limits: Limits,
    /// When requests come.
    pub wall: Wall,
}

impl Plan {
    /// One class over these providers, in order, each with model `small` known as `wire-NAME`.
    pub(crate) fn over(names: &[&str]) -> Self {
        let providers = names.iter().map(|name| provider(name)).collect();
        let targets = (0..names.len()).map(|at| Target {
            provider: ProviderId(u16::try_from(at).unwrap()),
            model: ModelId(0),
        });
        let targets: Vec<Target> = targets.collect();
        let class = Class {
            name: "code".to_owned(),
            legs: targets.iter().copied().map(Leg::Target).collect(),
            targets,
            retry: transient(),
            ..Class::default()
        };
        Self {
            policy: Policy {
                name: "test".to_owned(),
                providers,
                classes: vec![class],
                offered: vec!["gpt-5.5".to_owned()],
                ..Policy::default()
            },
            action: Action::Class(ClassId(0)),
            table: None,
            limits: Limits::default(),
            wall: Wall::System,
        }
    }

    /// By a policy as it is written. Its providers are simulated, whatever their addresses.
    pub(crate) fn written(text: &str) -> Self {
        let source = claw_lang::Source {
            path: "policy.claw".into(),
            text: text.to_owned(),
        };
        let compiled = claw_lang::compile(vec![source]);
        let Some(bytes) = compiled.table else {
            panic!("{}", compiled.report.human());
        };
        let table = Table::open(&bytes).unwrap();
        Self {
            policy: table.policy().clone(),
            action: Action::Class(ClassId(0)),
            table: Some(bytes),
            limits: Limits::default(),
            wall: Wall::System,
        }
    }

    pub(crate) fn class(&mut self) -> &mut Class {
        &mut self.policy.classes[0]
    }

    pub(crate) fn deny(mut self, status: u16, text: &str) -> Self {
        self.policy.denies.push(Deny {
            status,
            text: text.to_owned(),
        });
        self.action = Action::Deny(claw_table::DenyId(0));
        self
    }
}

/// What the language means by a class without `retry`.
fn transient() -> Retry {
    Retry {
        on: Causes {
            named: claw_table::policy::Cause::ALL
                .into_iter()
                .filter(|cause| !cause.is_callers())
                .fold(0, |bits, cause| bits | cause.bit()),
            statuses: vec![(429, 429), (500, 599)],
        },
        attempts: 3,
        backoff_min_ms: 200,
        backoff_max_ms: 5_000,
        honor_retry_after_ms: 10_000,
    }
}

fn provider(name: &str) -> Provider {
    Provider {
        name: name.to_owned(),
        api: Api::OpenAi,
        urls: vec![Replica {
            url: Url {
                tls: false,
                host: "127.0.0.1".to_owned(),
                port: 1,
                base: "/v1".to_owned(),
            },
            weight: 1,
        }],
        keys: vec![Secret::None],
        models: vec![Model {
            name: "small".to_owned(),
            wire: format!("wire-{name}"),
            ..Model::default()
        }],
        ..Provider::default()
    }
}

fn credential(api: Api) -> Credential {
    let (name, value) = match api {
        Api::OpenAi => ("authorization", "Bearer sk-of-the-gateway-0123"),
        Api::Anthropic => ("x-api-key", "sk-of-the-gateway-0123"),
        Api::Gemini => ("x-goog-api-key", "sk-of-the-gateway-0123"),
    };
    Credential {
        name: http::HeaderName::from_static(name),
        value: HeaderValue::from_static(value),
    }
}

/// Every record, in the order in which requests ended.
#[derive(Default)]
pub(crate) struct Records {
    all: Mutex<Vec<Record>>,
    changed: tokio::sync::Notify,
}

impl Sink for Records {
    fn begin(&self) {}

    fn record(&self, record: &Record) {
        self.all.lock().unwrap().push(record.clone());
        self.changed.notify_one();
    }
}

impl Records {
    /// The one record, once it is there.
    pub(crate) async fn one(&self) -> Record {
        loop {
            {
                let mut all = self.all.lock().unwrap();
                assert!(all.len() <= 1, "a request left more than one record");
                if let Some(record) = all.pop() {
                    return record;
                }
            }
            self.changed.notified().await;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.all.lock().unwrap().len()
    }
}

/// Connects to simulators without sockets: address 127.0.0.1:N is simulator N.
#[derive(Debug)]
pub(crate) struct Pipes(pub Vec<Arc<Sim>>);

impl Dial for Pipes {
    fn dial(&self, address: SocketAddr) -> Dialling {
        let sim = self.0.get(usize::from(address.port())).cloned();
        Box::pin(async move {
            match sim {
                Some(sim) => Ok(Wire::Other(Box::new(sim.connect()))),
                // An address without a simulator swallows packets.
                None => std::future::pending().await,
            }
        })
    }
}

/// A gateway and its providers.
pub(crate) struct House {
    pub sims: Vec<Arc<Sim>>,
    pub gateway: Gateway,
    pub common: Arc<Common>,
    pub records: Arc<Records>,
    pub stop: watch::Sender<Stop>,
}

impl House {
    /// Over pipes: time may be paused.
    pub(crate) async fn piped(plan: Plan) -> Self {
        let sims = sims(&plan).await;
        let dial = Arc::new(Pipes(sims.clone()));
        let ports = (0..).take(sims.len());
        let addresses = ports.map(|port| vec![SocketAddr::from(([127, 0, 0, 1], port))]);
        Self::with(plan, sims, addresses.collect(), dial)
    }

    /// Over sockets: time must not be paused.
    pub(crate) async fn over_sockets(plan: Plan) -> Self {
        let sims = sims(&plan).await;
        let addresses = sims.iter().map(|sim| vec![sim.addr()]).collect();
        let dial = Arc::new(claw_runtime::upstream::connect::Tcp);
        Self::with(plan, sims, addresses, dial)
    }

    pub(crate) fn with(
        plan: Plan,
        sims: Vec<Arc<Sim>>,
        addresses: Vec<Vec<SocketAddr>>,
        dial: Arc<dyn Dial>,
    ) -> Self {
        let reluctant = Reluctant::nobody(&plan.policy);
        let upstreams = plan.policy.providers.iter().zip(addresses).enumerate();
        let upstreams = upstreams.map(|(at, (provider, addresses))| {
            Arc::new(Upstream {
                name: provider.name.clone(),
                pool_key: at as u64,
                authority: HeaderValue::from_static("provider.test"),
                paths: Paths::of(provider.api, &provider.urls[0].url.base),
                credential: Some(credential(provider.api)),
                headers: Vec::new(),
                tls: None,
                addresses: Arc::new(ArcSwap::from_pointee(addresses)),
            })
        });
        let bytes = plan.table.unwrap_or_else(|| {
            claw_table::encode(&Parts::always(plan.policy.clone(), plan.action))
        });
        let table = Table::open(&bytes).unwrap();
        let snapshot = Arc::new(Snapshot {
            upstreams: upstreams.collect(),
            roster: Roster::of(table.policy(), &Vault::new(".".into())).unwrap(),
            pointers: Pointers::of(&table),
            changes: Changes::of(table.policy()).unwrap(),
            zones: Zones::of(&table).unwrap(),
            reluctant,
            digest: HeaderValue::from_static("digest-1"),
            models: r#"{"object":"list","data":[]}"#.into(),
            table,
        });
        let live = Arc::new(Live::new(snapshot));
        let common = Common::dated(live, plan.limits, plan.wall);
        let records = Arc::new(Records::default());
        let sink: Arc<dyn Sink> = records.clone();
        let dice = Dice::seeded(7);
        Self {
            gateway: Gateway::dialling(Arc::clone(&common), sink, dice, dial),
            common,
            sims,
            records,
            stop: watch::Sender::new(Stop::Serving),
        }
    }

    /// Scripts every request to one provider.
    pub(crate) fn script(&self, provider: usize, words: &str) {
        self.sims[provider]
            .script(&format!("always -> {words}"))
            .unwrap();
    }

    /// A client's connection over a pipe.
    pub(crate) fn connect(&self) -> DuplexStream {
        self.connect_from("127.0.0.1:9".parse().unwrap())
    }

    /// A client's connection that holds few bytes which nobody has read.
    pub(crate) fn connect_narrow(&self, bytes: usize) -> DuplexStream {
        self.connect_with("127.0.0.1:9".parse().unwrap(), bytes)
    }

    pub(crate) fn connect_from(&self, peer: SocketAddr) -> DuplexStream {
        self.connect_with(peer, 64 << 10)
    }

    fn connect_with(&self, peer: SocketAddr, bytes: usize) -> DuplexStream {
        let (near, far) = tokio::io::duplex(bytes);
        let gateway = self.gateway.clone();
        let stop = self.stop.subscribe();
        tokio::spawn(async move { serve_io(&gateway, far, peer, stop).await });
        near
    }
}

pub(crate) async fn sims(plan: &Plan) -> Vec<Arc<Sim>> {
    let mut sims = Vec::new();
    for provider in &plan.policy.providers {
        let sim = Sim::start(Setup::named(&provider.name)).await.unwrap();
        sims.push(Arc::new(sim));
    }
    sims
}
