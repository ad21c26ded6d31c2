//! How the policy is spelled in bytes. The order of the lines below is the format.

use crate::policy::{
    Action, AfterCut, Allowance, Api, Arm, Auth, Balance, Cache, Calendar, Capacity, Causes,
    Ceiling, Charge, Class, Client, Commit, Counted, Deadlines, Deny, Edit, Eject, Fail, Gateway,
    Health, Heartbeat, Held, Hours, KeyHash, Keys, Leg, Limit, Member, MemberEdit, MemberPath,
    Model, Notify, Per, Policy, Pool, Prefix, Price, Probe, ProbeMethod, Provider, Rate, Rates,
    Replica, Requested, Retry, Scope, Secret, Sharing, State, Step, Sticky, Target, Then, Trust,
    Unit, Url, Via, When, Window,
};
use crate::wire::{Fault, Reader, Wire, choice, record, wrapped};
use crate::{
    ArmId, AtomId, CacheId, ClassId, ClientId, DenyId, Feature, GuardId, ModelId, Place, PoolId,
    ProviderId, RequestedId,
};

wrapped! {
    ArmId(u32),
    AtomId(u16),
    CacheId(u16),
    ClassId(u16),
    ClientId(u16),
    DenyId(u16),
    GuardId(u16),
    ModelId(u16),
    PoolId(u16),
    ProviderId(u16),
    RequestedId(u16),
}

record! {
    Place { file: String, line: u32, column: u32 }
    Feature { name: String, place: Place }
    Policy {
        name: String,
        gateway: Gateway,
        providers: Vec<Provider>,
        clients: Vec<Client>,
        pools: Vec<Pool>,
        classes: Vec<Class>,
        requested: Vec<Requested>,
        ceilings: Vec<Ceiling>,
        limits: Vec<Limit>,
        caches: Vec<Cache>,
        notifies: Vec<Notify>,
        denies: Vec<Deny>,
        arms: Vec<Arm>,
        otherwise: Option<ArmId>,
        offered: Vec<String>,
    }
    Gateway {
        listen: Option<String>,
        admin: Option<String>,
        trust: Vec<Trust>,
        state: Option<State>,
        base: Option<String>,
    }
    Trust { from: Prefix, via: Via }
    Notify { name: String, webhook: Url, key: Secret, on: u32 }
    Requested { providers: Vec<ProviderId> }
    Limit {
        name: String,
        scope: Scope,
        concurrent: Option<u32>,
        rates: Vec<Allowance>,
        per: Vec<Per>,
        fail: Fail,
    }
    Allowance { rate: Rate, burst: Option<u64> }
    Cache {
        name: String,
        scope: Scope,
        keep_ms: u64,
        size_bytes: u64,
        coalesce: bool,
        sharing: Sharing,
        fail: Fail,
    }
    MemberEdit { path: MemberPath, json: String }
    MemberPath { name: String, inner: Option<String> }
    Provider {
        name: String,
        api: Api,
        urls: Vec<Replica>,
        keys: Vec<Secret>,
        ca: Option<String>,
        headers: Vec<(String, String)>,
        edits: Vec<Edit>,
        tags: Vec<String>,
        deadlines: Deadlines,
        attempt_ms: Option<u64>,
        health: Health,
        capacity: Capacity,
        models: Vec<Model>,
    }
    Client {
        name: String,
        keys: Vec<KeyHash>,
        from: Vec<Prefix>,
        auth: Auth,
        tags: Vec<String>,
    }
    Prefix { first: u128, bits: u8 }
    Replica { url: Url, weight: u32 }
    Url { tls: bool, host: String, port: u16, base: String }
    Model {
        name: String,
        wire: String,
        prices: Vec<Price>,
        context_tokens: Option<u64>,
        output_tokens_max: Option<u64>,
        can: Option<u16>,
    }
    Price { when: When, rates: Rates }
    When {
        from_day: Option<u32>,
        tier: Option<String>,
        during: Option<Hours>,
        above_tokens: Option<u64>,
    }
    Hours { days: u8, from_minute: u16, to_minute: u16, zone: String }
    Health { probe: Option<Probe>, eject: Option<Eject>, slow_start_ms: Option<u64> }
    Probe { method: ProbeMethod, path: String, every_ms: u64 }
    Eject { failures: u32, within_ms: u64, for_ms: u64 }
    Capacity { concurrent: Option<u32>, rates: Vec<Rate> }
    Rate { of: Counted, per_ms: u64, amount: u64 }
    Deadlines { connect_ms: Option<u64>, first_token_ms: Option<u64>, idle_ms: Option<u64> }
    Class {
        name: String,
        legs: Vec<Leg>,
        targets: Vec<Target>,
        retry: Retry,
        deadlines: Deadlines,
        total_ms: Option<u64>,
        commit: Commit,
        after_cut: AfterCut,
        heartbeat: Heartbeat,
        fail: Fail,
        keys: Keys,
        cache: Option<CacheId>,
        output_tokens_min: Option<u64>,
        edits: Vec<Edit>,
    }
    Ceiling {
        name: String,
        scope: Scope,
        amount_pico: u128,
        window: Window,
        per: Vec<Per>,
        held: Held,
        steps: Vec<Step>,
        then: Then,
    }
    Calendar { unit: Unit, zone: String }
    Step { at: u32, then: Then }
    Pool { name: String, balance: Balance, sticky: Option<Sticky>, members: Vec<Member> }
    Member { leg: Leg, share: u32 }
    Target { provider: ProviderId, model: ModelId }
    Retry {
        on: Causes,
        attempts: u32,
        backoff_min_ms: u64,
        backoff_max_ms: u64,
        honor_retry_after_ms: u64,
    }
    Causes { named: u32, statuses: Vec<(u16, u16)> }
    Deny { status: u16, text: String }
    Arm { label: String, to: Action }
}

choice! {
    KeyHash { 0 => Sha256([u8; 32]), 1 => File(String) }
    Auth { 0 => Known, 1 => Ignore, 2 => Caller }
    Api { 0 => OpenAi, 1 => Anthropic, 2 => Gemini }
    ProbeMethod { 0 => Get, 1 => Head }
    Counted { 0 => Requests, 1 => Tokens }
    Secret { 0 => None, 1 => Env(String), 2 => File(String) }
    Leg { 0 => Target(Target), 1 => Pool(PoolId), 2 => Requested(RequestedId) }
    Via { 0 => ProxyProtocol, 1 => XForwardedFor, 2 => Forwarded }
    State { 0 => Embedded(String), 1 => Redis(Secret) }
    Fail { 0 => Closed, 1 => Open }
    Sharing { 0 => Client, 1 => Everybody }
    Commit { 0 => FirstContent, 1 => Whole }
    AfterCut { 0 => Error, 1 => Continue }
    Heartbeat { 0 => Usual, 1 => Off, 2 => Every(u64) }
    Keys { 0 => Provider, 1 => Caller }
    Edit {
        0 => SetHeader((String, String)),
        1 => DefaultHeader((String, String)),
        2 => UnsetHeader(String),
        3 => SetMember(MemberEdit),
        4 => DefaultMember(MemberEdit),
        5 => UnsetMember(MemberPath),
    }
    Balance { 0 => RoundRobin, 1 => Weighted, 2 => LeastBusy, 3 => Fastest, 4 => Cheapest }
    Sticky { 0 => Client, 1 => Session, 2 => Ip }
    Scope { 0 => All, 1 => When(GuardId), 2 => Client(ClientId), 3 => Class(ClassId) }
    Window { 0 => Request, 1 => Calendar(Calendar) }
    Unit { 0 => Hour, 1 => Day, 2 => Week, 3 => Month }
    Per { 0 => Client, 1 => Ip, 2 => Session, 3 => Model, 4 => Header(String) }
    Held { 0 => Most, 1 => Estimate }
    Then { 0 => Deny, 1 => Class(ClassId), 2 => Warn }
    Action { 0 => Class(ClassId), 1 => Deny(DenyId), 2 => Route }
}

impl Wire for Rates {
    const BYTES_MIN: usize = Charge::ALL.len() * <Option<u64> as Wire>::BYTES_MIN;

    fn put(&self, out: &mut Vec<u8>) {
        for charge in Charge::ALL {
            self.pico(charge).put(out);
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut rates = Self::default();
        for charge in Charge::ALL {
            rates.set(charge, Wire::take(from)?);
        }
        Ok(rates)
    }
}
