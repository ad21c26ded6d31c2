//! Limits, caches, webhooks, the gateway's own settings, and how a class serves: what reaches the
//! table, and what is refused.

use std::fmt::Write as _;

use claw_lang::codes::Code;
use claw_lang::compile;
use claw_table::policy::{
    AfterCut, Allowance, Cache, Commit, Counted, Edit, Event, Fail, Heartbeat, Keys, Leg, Limit,
    MemberEdit, MemberPath, Per, Rate, Requested, Scope, Secret, Sharing, State, Via,
};
use claw_table::{CacheId, GuardId, ProviderId, RequestedId, Table};

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"https://a.example/v1\"; key env A; model x; model both }
provider b { api openai; url \"https://b.example/v1\"; key env B; model y; model both }
";

fn table(rest: &str) -> Table {
    let compiled = compile(one(&format!("{HOUSE}{rest}\n")));
    match compiled.table {
        Some(bytes) => Table::open(&bytes).unwrap(),
        None => panic!("{}", compiled.report.human()),
    }
}

fn features(table: &Table) -> Vec<&str> {
    let features = table.features().iter();
    features.map(|feature| feature.name.as_str()).collect()
}

#[test]
fn limits_and_caches_reach_the_table() {
    let table = table(
        "limit each { allow 600 requests per minute burst 100, 2M tokens per minute, 32 concurrent; per header \"X-Team\", client; fail open }
limit some { when streaming; allow 5 concurrent }
cache answers { when temperature is 0; keep 1h; size 256MB; coalesce }
cache all { keep 30s; size 64KiB; shared; fail open }
class c { primary a/x; cache all }
class d { primary a/x; cache answers }
route { when model is \"d\" -> d
  otherwise -> c }",
    );
    let policy = table.policy();
    let rate = |of, amount| Rate {
        of,
        per_ms: 60_000,
        amount,
    };
    assert_eq!(
        policy.limits,
        [
            Limit {
                name: "each".into(),
                scope: Scope::All,
                concurrent: Some(32),
                rates: vec![
                    Allowance {
                        rate: rate(Counted::Requests, 600),
                        burst: Some(100),
                    },
                    Allowance {
                        rate: rate(Counted::Tokens, 2_000_000),
                        burst: None,
                    },
                ],
                per: vec![Per::Client, Per::Header("x-team".into())],
                fail: Fail::Open,
            },
            Limit {
                name: "some".into(),
                scope: Scope::When(GuardId(0)),
                concurrent: Some(5),
                rates: Vec::new(),
                per: Vec::new(),
                fail: Fail::Closed,
            },
        ]
    );
    assert_caches(&policy.caches);
    let caches: Vec<_> = policy.classes.iter().map(|class| class.cache).collect();
    assert_eq!(caches, [Some(CacheId(1)), Some(CacheId(0))]);
    assert_eq!(features(&table), ["limit", "limit", "cache", "cache"]);
}

fn assert_caches(caches: &[Cache]) {
    assert_eq!(
        caches,
        [
            Cache {
                name: "answers".into(),
                scope: Scope::When(GuardId(1)),
                keep_ms: 3_600_000,
                size_bytes: 256_000_000,
                coalesce: true,
                sharing: Sharing::Client,
                fail: Fail::Closed,
            },
            Cache {
                name: "all".into(),
                scope: Scope::All,
                keep_ms: 30_000,
                size_bytes: 65_536,
                coalesce: false,
                sharing: Sharing::Everybody,
                fail: Fail::Open,
            },
        ]
    );
}

#[test]
fn the_gateways_settings_and_webhooks_reach_the_table() {
    let table = table(
        "gateway { listen \"0.0.0.0:80\"; trust 10.0.0.2 via proxy-protocol, fd00::/8 via x-forwarded-for; state redis env REDIS_URL; base \"/v1/openai\" }
notify ops { webhook \"https://hooks.example.com/claw\" key env HOOK; on failover, reload-failed }
class c { primary a/x }
route { otherwise -> c }",
    );
    let gateway = &table.policy().gateway;
    let hops: Vec<(u8, Via)> = gateway
        .trust
        .iter()
        .map(|it| (it.from.bits, it.via))
        .collect();
    assert_eq!(hops, [(128, Via::ProxyProtocol), (8, Via::XForwardedFor)]);
    assert_eq!(
        gateway.state,
        Some(State::Redis(Secret::Env("REDIS_URL".into())))
    );
    assert_eq!(gateway.base.as_deref(), Some("/v1/openai"));
    let [notify] = &table.policy().notifies[..] else {
        panic!("one webhook")
    };
    assert_eq!(
        (&*notify.webhook.host, &*notify.webhook.base),
        ("hooks.example.com", "/claw")
    );
    assert_eq!(notify.key, Secret::Env("HOOK".into()));
    assert_eq!(notify.on, Event::Failover.bit() | Event::ReloadFailed.bit());
    assert_eq!(features(&table), ["trust", "state", "base", "notify"]);
}

#[test]
fn how_a_class_serves_reaches_the_table() {
    let table = table(
        "class c {
  primary a/x
  commit whole
  after-cut continue
  heartbeat 20s
  fail open
  min-output 2k
  set header \"X-Title\" \"claw\", default temperature 0, reasoning.effort \"low\"
  set default header \"x-tier\" \"flex\", presence_penalty -0.90, logprobs false
  unset user, header \"X-Forwarded-For\", \"/metadata/task\"
}
class d { primary requested from a, b; keys caller; heartbeat off }
route { when model is \"x\" -> c
  otherwise -> d }",
    );
    let class = &table.policy().classes[0];
    assert_eq!(
        (class.commit, class.after_cut, class.heartbeat, class.fail),
        (
            Commit::Whole,
            AfterCut::Continue,
            Heartbeat::Every(20_000),
            Fail::Open
        )
    );
    assert_eq!(class.output_tokens_min, Some(2_000));
    let path = |name: &str, inner: Option<&str>| MemberPath {
        name: name.into(),
        inner: inner.map(str::to_owned),
    };
    let edit = |name, inner, json: &str| MemberEdit {
        path: path(name, inner),
        json: json.into(),
    };
    assert_eq!(
        class.edits,
        [
            Edit::SetHeader(("x-title".into(), "claw".into())),
            Edit::DefaultMember(edit("temperature", None, "0")),
            Edit::SetMember(edit("reasoning", Some("effort"), "\"low\"")),
            Edit::DefaultHeader(("x-tier".into(), "flex".into())),
            Edit::SetMember(edit("presence_penalty", None, "-0.90")),
            Edit::SetMember(edit("logprobs", None, "false")),
            Edit::UnsetMember(path("user", None)),
            Edit::UnsetHeader("x-forwarded-for".into()),
            Edit::UnsetMember(path("metadata", Some("task"))),
        ]
    );
    let asked = &table.policy().classes[1];
    assert_eq!(
        (asked.keys, asked.heartbeat),
        (Keys::Caller, Heartbeat::Off)
    );
    assert_eq!(
        features(&table),
        [
            "commit-whole",
            "after-cut-continue",
            "heartbeat",
            "fail-open",
            "min-output",
            "edits",
            "edits",
            "edits",
            "requested",
            "keys-caller",
            "heartbeat",
        ]
    );
}

#[test]
fn what_is_asked_for_leads_to_the_first_provider_that_offers_it() {
    let table = table(
        "class c { primary requested from a, b; fallback a/x }
class d { primary b/y; fallback requested from b, a }
route { when model is \"d\" -> d
  otherwise -> c }",
    );
    let policy = table.policy();
    let list = |providers: &[u16]| Requested {
        providers: providers.iter().copied().map(ProviderId).collect(),
    };
    assert_eq!(policy.requested, [list(&[0, 1]), list(&[1, 0])]);
    assert_eq!(policy.classes[0].legs[0], Leg::Requested(RequestedId(0)));
    assert_eq!(policy.classes[1].legs[1], Leg::Requested(RequestedId(1)));
    let offer = |list, name| {
        policy
            .offer(RequestedId(list), name)
            .map(|it| it.provider.0)
    };
    assert_eq!(offer(0, "both"), Some(0));
    assert_eq!(offer(1, "both"), Some(1));
    assert_eq!((offer(0, "y"), offer(0, "z")), (Some(1), None));
    // `both` of the second provider is never reached through the first list.
    assert_eq!(policy.classes[0].targets.len(), 3);
    assert_eq!(policy.offered, ["both", "d", "x", "y"]);
}

const FAULTS: &[&str] = &[
    "limit l { per client }",
    "limit l { allow 5 }",
    "limit l { allow 5 requests }",
    "limit l { allow 0 requests per minute }",
    "limit l { allow 5 requests per month }",
    "limit l { allow 5 requests per minute burst 0 }",
    "limit l { allow 5 requests per minute burst }",
    "limit l { allow 5 requests per minute, 6 requests per minute }",
    "limit l { allow 5 concurrent, 6 concurrent }",
    "limit l { allow 5 concurrent; fail maybe }",
    "limit l { allow 5 concurrent; per team }",
    "limit l { allow 5 concurrent; when streaming and not streaming }",
    "cache k { keep 1h }",
    "cache k { size 1MB }",
    "cache k { keep 1h; size 256 }",
    "cache k { keep 1h; size 256m }",
    "cache k { keep 1h; size 2000GiB }",
    "cache k { keep 1h; size 1MB; shared all }",
    "cache k { keep 1h; size 1MB }",
    "notify n { on failover }",
    "notify n { webhook \"https://h.example\" key env K }",
    "notify n { webhook \"h.example\" key env K; on failover }",
    "notify n { webhook \"http://h.example\" key env K; on failover }",
    "notify n { webhook \"https://h.example\"; on failover }",
    "notify n { webhook \"https://h.example\" key K; on failover }",
    "notify n { webhook \"https://h.example\" key env K; on failovers }",
    "gateway { trust 10.0.0.2 }",
    "gateway { trust lb via proxy-protocol }",
    "gateway { trust 10.0.0.2 via magic }",
    "gateway { trust 10.0.0.2 via forwarded, 10.0.0.2 via proxy-protocol }",
    "gateway { state sqlite }",
    "gateway { state embedded var }",
    "gateway { state redis \"redis://h\" }",
    "gateway { base \"v1\" }",
    "gateway { base \"/v1/\" }",
    "gateway { base \"/v1/../x\" }",
    "class k { primary a/x; cache nothing }",
    "class k { primary a/x; heartbeat 5 }",
    "class k { primary a/x; keys mine }",
    "class k { primary a/x; min-output 2s }",
    "class k { primary a/x; set temperature }",
    "class k { primary a/x; set model \"x\" }",
    "class k { primary a/x; set a.b.c 1 }",
    "class k { primary a/x; set temperature warm }",
    "class k { primary a/x; set header \"authorization\" \"x\" }",
    "class k { primary a/x; unset header \"host\" }",
    "class k { primary a/x; unset messages }",
    "class k { primary a/x; set Model \"x\" }",
    "class k { primary a/x; set \"/MESSAGES\" \"x\" }",
    "class k { primary a/x; set \"/\u{17F}tream\" true }",
    "class k { primary a/x; set stream_options.include_usage false }",
    "class k { primary a/x; set Temperature 0 }",
    "class k { primary a/x; set temperature \"0\" }",
    "class k { primary a/x; set temperature.x 1 }",
    "class k { primary a/x; set max_tokens 0 }",
    "class k { primary a/x; set default max_tokens 1.5 }",
    "class k { primary a/x; set max_tokens -5 }",
    "class k { primary a/x; set n \"2\" }",
    "class k { primary a/x; set tools \"none\" }",
    "class k { primary a/x; set response_format \"json_object\" }",
    "class k { primary a/x; set user \"a\", default user \"b\" }",
    "class k { primary a/x; set reasoning.effort \"low\"; unset reasoning }",
    "class k { primary a/x; set max_tokens 5, max_completion_tokens 5 }",
    "class k { primary a/x; set header \"x-a\" \"1\"; unset header \"X-A\" }",
    "class k { primary a/x; set header \"x-forwarded-for\" \"10.0.0.1\" }",
    "class k { primary a/x; set default header \"transfer-encoding\" \"chunked\" }",
    "class k { primary a/x; set header \"Content-Encoding\" \"gzip\" }",
    "class k { primary a/x; set header \"cookie\" \"a=b\" }",
    "class k { primary a/x; unset header \"x-api-key\" }",
    "class k { primary a/x; set header \"x-a\" \"a\\nb: c\" }",
    "class k { primary requested }",
    "class k { primary requested of a }",
    "class k { primary requested from c }",
    "class k { primary requested from a, b/y }",
    "class k { primary a/x; keys caller; fallback b/y }",
    "class k { primary requested from a; fallback requested from b; keys caller }",
    "class k { primary requested from a; fallback requested from b, a; keys caller }",
    "pool both { a/x; b/y }\nclass k { primary both; keys caller }",
    "class k { primary a/x; keys caller; ceiling $3 per day }",
    "cache kept { keep 1h; size 1MB }\nclass k { primary a/x; keys caller; cache kept }",
    "provider c { api openai; url \"https://c.example\"; key env C; model z; set model \"x\" }",
    "provider f { api openai; url \"http://10.0.0.9/v1\", \"http://f.example/v1\"; key none; model x }\nclass k { primary f/x; keys caller }",
    "provider f { api openai; url \"http://10.0.0.9/v1\"; key none; model x }\nclass k { primary f/x; keys caller }",
];

/// One line for each fault, with the codes that it gives.
#[test]
fn what_says_too_little_or_something_else_is_told() {
    let mut told = String::new();
    for line in FAULTS {
        let text =
            format!("{HOUSE}class c {{ primary a/x }}\nroute {{ otherwise -> c }}\n{line}\n");
        let report = compile(one(&text)).report;
        writeln!(told, "{line}").unwrap();
        for found in report.diagnostics() {
            if found.code == Code::Unused {
                continue;
            }
            assert!(found.help.is_some(), "{line}");
            writeln!(told, "  {} {}", found.code.id(), found.message).unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_callers_key_stays_with_one_provider() {
    for good in [
        "class k { primary requested from a, b; keys caller }",
        "class k { primary a/x; fallback a/both; keys caller }",
        "class k { primary a/x; fallback requested from a; keys caller }",
        "pool own { a/x; a/both }\nclass k { primary own; keys caller }",
    ] {
        let text = format!("{HOUSE}{good}\nroute {{ otherwise -> k }}\n");
        let report = compile(one(&text)).report;
        assert!(report.is_sound(), "{good}\n{}", report.human());
    }
}
