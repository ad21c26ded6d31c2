//! `fault` and `draw`: the way from key to key, address to address, target to target, round to round.

use claw_lang::codes::Severity;
use claw_lang::compile;

use crate::one;

const HOUSE: &str = "policy p
provider two { api openai; url \"http://127.0.0.1:1/v1\", \"http://127.0.0.1:2/v1\"; key env A, env B; model x { price in $1/M, out $2/M; context 100k; max-output 1k } }
provider one { api openai; url \"http://127.0.0.1:3/v1\"; key none; timeout first-token 10s; model y { price in $1/M, out $10/M; context 100k; max-output 1k } }
provider last { api openai; url \"http://127.0.0.1:4/v1\"; key none; model z { context 100k } }
provider claude { api anthropic; url \"http://127.0.0.1:5\"; key none; model c }
pool canary { balance weighted; two/x 95%; one/y 5% }
pool thrifty { balance cheapest; one/y; two/x }
pool both { canary; last/z }
retry long { on connect, timeout, cut, overloaded, quota, bad-key, malformed, 429, 500..599; attempts 6; backoff 1s..4s; honor retry-after up to 10s }
retry named { on context-too-long, content-filter; attempts 2 }
retry brief { on connect; attempts 3 }
class code { primary two/x; fallback one/y, last/z; retry long }
class shy { primary two/x; fallback one/y; retry brief }
class own { primary two/x; fallback one/y; retry named }
class split { primary canary; fallback last/z; retry long }
class cheap { primary thrifty; retry long }
class nested { primary both; retry long }
class quick { primary one/y; fallback last/z; retry long; timeout total 12s }
class talk { primary claude/c; fallback one/y }
provider begun { api openai; url \"http://127.0.0.1:6/v1\"; key none; model g { can continue } }
provider rest { api openai; url \"http://127.0.0.1:7/v1\"; key none; model h { can continue } }
class on { primary begun/g; fallback one/y, rest/h; retry long; after-cut continue }
class kept { primary begun/g; fallback one/y; retry long; commit whole }
route {
  when header \"x\" is \"shy\"    -> shy
  when header \"x\" is \"own\"    -> own
  when header \"x\" is \"split\"  -> split
  when header \"x\" is \"cheap\"  -> cheap
  when header \"x\" is \"nested\" -> nested
  when header \"x\" is \"quick\"  -> quick
  when header \"x\" is \"talk\"   -> talk
  when header \"x\" is \"on\"     -> on
  when header \"x\" is \"kept\"   -> kept
  otherwise -> code
}
";

fn told(body: &str) -> Vec<String> {
    let text = format!("{HOUSE}test \"it\" {{\n{body}\n}}\n");
    let report = compile(one(&text)).report;
    let errors = report.diagnostics().iter();
    let errors = errors.filter(|found| found.code.severity() == Severity::Error);
    errors
        .map(|found| {
            format!(
                "{} ({})",
                found.message,
                found.help.as_deref().unwrap_or("")
            )
        })
        .collect()
}

fn holds(bodies: &[&str]) {
    for body in bodies {
        assert_eq!(told(body), [""; 0], "{body}");
    }
}

#[test]
fn a_key_that_fails_is_followed_by_the_next_and_anything_else_by_the_next_target() {
    holds(&[
        "request { }\nfault two key 1 429\nexpect tried two/x, two/x\nexpect served by two/x",
        "request { }\nfault two key 1 quota\nexpect tried two/x, two/x\nexpect served by two/x",
        "request { }\nfault two key 1 bad-key\nexpect attempts 2\nexpect served by two/x",
        "request { }\nfault two key 2 429\nexpect tried two/x",
        "request { }\nfault two 429\nexpect tried two/x, two/x, one/y\nexpect served by one/y",
        "request { }\nfault two key 1 503\nexpect tried two/x, one/y",
        // What the retry does not list is the end, whatever other keys there are.
        "request { header \"x\" \"shy\" }\nfault two key 1 429\nexpect tried two/x\nexpect failed 429",
    ]);
}

#[test]
fn what_is_the_requests_own_fault_moves_on_only_where_it_is_named() {
    holds(&[
        "request { }\nfault two content-filter\nexpect tried two/x\nexpect failed 400",
        "request { }\nfault two context-too-long\nexpect tried two/x\nexpect failed 400",
        "request { header \"x\" \"own\" }\nfault two content-filter\nexpect tried two/x, one/y\nexpect served by one/y",
        "request { header \"x\" \"own\" }\nfault two context-too-long\nexpect tried two/x, one/y\nexpect served by one/y",
        "request { header \"x\" \"own\" }\nfault two 400\nexpect tried two/x\nexpect failed 400",
        "request { header \"x\" \"own\" }\nfault two content-filter\nfault one content-filter\nexpect failed 400",
    ]);
}

#[test]
fn an_address_that_is_not_reached_is_passed_for_the_next_at_once() {
    holds(&[
        "request { }\nfault two url 1 down\nexpect tried two/x, two/x\nexpect attempts 1\nexpect served by two/x",
        "request { }\nfault two url 2 down\nexpect tried two/x\nexpect served by two/x",
        "request { }\nfault two url 1 503\nexpect tried two/x, one/y",
        // The addresses take turns: in the second round the second comes first.
        "request { }\nfault two url 1 503\nfault one 503\nfault last 503\nexpect tried two/x, one/y, last/z, two/x\nexpect served by two/x",
    ]);
}

#[test]
fn what_is_said_of_the_smallest_part_counts() {
    holds(&[
        "request { }\nfault two down\nfault two/x 503\nexpect attempts 2\nexpect served by one/y",
        "request { }\nfault two/x 503\nfault two key 1 429\nexpect tried two/x, one/y",
        "request { }\nfault two 503\nfault two key 1 429\nexpect tried two/x, two/x, one/y",
        "request { }\nfault two 429\nfault two 503\nexpect tried two/x, two/x, one/y",
    ]);
}

#[test]
fn a_pool_picks_by_the_draw_and_fails_over_to_its_other_members() {
    holds(&[
        "request { header \"x\" \"split\" }\nexpect served by two/x",
        "request { header \"x\" \"split\" }\ndraw 94.99%\nexpect served by two/x",
        "request { header \"x\" \"split\" }\ndraw 95%\nexpect served by one/y",
        "request { header \"x\" \"split\" }\ndraw 100%\nexpect served by one/y",
        "request { header \"x\" \"split\" }\nfault two 503\nexpect tried two/x, one/y",
        "request { header \"x\" \"split\" }\ndraw 97%\nfault one 503\nfault two 503\nexpect tried one/y, two/x, last/z",
        "request { header \"x\" \"nested\" }\ndraw 48%\nexpect served by one/y",
        "request { header \"x\" \"nested\" }\ndraw 50%\nfault last 503\nexpect tried last/z, two/x",
        "request { header \"x\" \"cheap\" }\nexpect served by two/x",
        "request { header \"x\" \"cheap\" }\ndraw 99%\nfault two 503\nexpect tried two/x, one/y",
    ]);
}

#[test]
fn a_target_whose_window_is_too_small_for_the_input_is_passed_over() {
    holds(&[
        "request { tokens 100k }\nexpect tried two/x\nexpect served by two/x",
        // Of those of the class `talk` one does not say how much it holds.
        "request { header \"x\" \"talk\"; tokens 100001 }\nexpect tried claude/c",
        "request { header \"x\" \"talk\"; tokens 100001 }\nfault claude 503\nexpect tried claude/c, claude/c, claude/c\nexpect failed 503",
        "request { tokens absent }\nexpect tried two/x",
        // Where nothing is left, no failure is needed and nothing is sent.
        "request { tokens 100001 }\nexpect class code\nexpect attempts 0\nexpect failed 400\nexpect cost at most $0",
        "request { header \"x\" \"split\"; tokens 100001 }\nexpect failed 400",
        // Of texts that are embedded each has the window for itself.
        "request { endpoint embeddings; tokens 100001 }\nexpect served by two/x",
        // Who goes on with a text that broke off has room for it.
        "request { header \"x\" \"on\"; tokens 100001; streaming }\nfault begun cut after 5 events\nexpect served by rest/h",
        "request { header \"x\" \"kept\"; tokens 100001 }\nfault begun 503\nexpect tried begun/g, begun/g, begun/g, begun/g, begun/g, begun/g",
    ]);
    let says = |body| told(body).concat();
    let said = says("request { header \"x\" \"kept\"; tokens 100001 }\nexpect served by one/y");
    assert!(
        said.contains("there one/y holds no more than 100k tokens, begun/g answers"),
        "{said}"
    );
    let said = says("request { tokens 200k }\nexpect served by one/y");
    assert!(
        said.contains("expected served by one/y, got failed 400 after 0 attempts"),
        "{said}"
    );
    assert!(
        said.contains("last/z holds no more than 100k tokens, no target can carry it"),
        "{said}"
    );
}

#[test]
fn a_wait_that_a_provider_asks_for_is_kept_or_the_provider_is_left_out() {
    let all_but_one = "fault one 503\nfault last 503";
    holds(&[
        // Two comes back after 5 s; until then there is nothing to wait for but the backoff.
        &format!(
            "request {{ }}\nfault two 429, retry-after 9s\n{all_but_one}\nexpect tried two/x, two/x, one/y, last/z, one/y, last/z"
        ),
        // It asks for more patience than the policy has.
        &format!(
            "request {{ }}\nfault two/x 503, retry-after 11s\n{all_but_one}\nexpect tried two/x, one/y, last/z, one/y, last/z, one/y\nexpect failed 503"
        ),
        "request { header \"x\" \"cheap\" }\nfault two 503, retry-after 11s\nfault one 503, retry-after 11s\nexpect tried two/x, one/y\nexpect failed 503",
        // One round later it is its turn again.
        "request { header \"x\" \"cheap\" }\nfault two 503, retry-after 2s\nfault one 500\nexpect tried two/x, one/y, two/x, one/y, two/x, one/y\nexpect failed 503",
    ]);
}

#[test]
fn what_is_slow_is_in_time_or_fails_and_the_total_ends_everything() {
    holds(&[
        "request { streaming }\nfault two slow 59s\nexpect tried two/x\nexpect served by two/x",
        "request { streaming }\nfault two slow 60s\nexpect tried two/x, one/y",
        // A whole answer may take as long as the request, where nothing says otherwise.
        "request { }\nfault two slow 60s\nexpect tried two/x",
        "request { streaming; header \"x\" \"quick\" }\nfault one slow 9s\nexpect served by one/y",
        "request { streaming; header \"x\" \"quick\" }\nfault one slow 10s\nexpect tried one/y, last/z\nexpect served by last/z",
        "request { streaming; header \"x\" \"quick\" }\nfault one slow 10s\nfault last slow 2s\nexpect tried one/y, last/z\nexpect failed 504",
        // No wait is begun that would end behind the total.
        "request { streaming; header \"x\" \"quick\" }\nfault one timeout\nfault last 503\nexpect tried one/y, last/z\nexpect failed 503",
    ]);
}

#[test]
fn an_answer_that_breaks_off_before_its_content_is_replaced_and_after_it_is_not() {
    holds(&[
        "request { streaming }\nfault two cut after 1 event\nexpect tried two/x, one/y\nexpect served by one/y",
        "request { streaming }\nfault two cut after 2 events\nexpect tried two/x\nexpect failed",
        "request { }\nfault two cut after 2 events\nexpect served by one/y",
        "request { streaming }\nfault two cut\nexpect served by one/y",
        "request { streaming; endpoint messages; header \"x\" \"talk\" }\nfault claude cut after 3 events\nexpect tried claude/c, one/y\nexpect served by one/y",
        "request { streaming; endpoint messages; header \"x\" \"talk\" }\nfault claude cut after 4 events\nexpect tried claude/c",
    ]);
}

#[test]
fn a_text_that_breaks_off_is_gone_on_with_by_those_who_can_where_the_class_says_so() {
    holds(&[
        "request { streaming; header \"x\" \"on\" }\nfault begun cut after 2 events\nexpect tried begun/g, rest/h\nexpect served by rest/h",
        // Before its content anybody may replace it.
        "request { streaming; header \"x\" \"on\" }\nfault begun cut after 1 event\nexpect tried begun/g, one/y\nexpect served by one/y",
        // Who refuses is passed for the next, and who began it may go on with it in the next round.
        "request { streaming; header \"x\" \"on\" }\nfault begun cut after 2 events\nfault rest 400\nexpect attempts 6\nexpect tried begun/g, rest/h, begun/g, rest/h, begun/g, rest/h\nexpect failed",
        // Responses have no words for it.
        "request { streaming; endpoint responses; header \"x\" \"on\" }\nfault begun cut after 5 events\nexpect tried begun/g\nexpect failed",
        "request { streaming; header \"x\" \"kept\" }\nfault begun cut after 9 events\nexpect tried begun/g, one/y\nexpect served by one/y",
    ]);
}

#[test]
fn a_target_that_cannot_be_asked_is_passed_over() {
    holds(&[
        // Chat and messages are said in the words of either house, the others in their own only.
        "request { header \"x\" \"talk\" }\nexpect tried claude/c",
        "request { endpoint messages; header \"x\" \"talk\" }\nfault claude down\nexpect tried claude/c, one/y",
        "request { endpoint messages; header \"x\" \"talk\" }\nfault claude 529\nfault one down\nexpect failed 529",
        "request { endpoint responses; header \"x\" \"talk\" }\nexpect tried one/y",
        "request { endpoint count-tokens; header \"x\" \"talk\" }\nexpect tried claude/c",
        "request { endpoint count-tokens }\nexpect attempts 0\nexpect failed 400",
    ]);
}

#[test]
fn the_cost_is_that_of_every_attempt_that_may_be_billed() {
    holds(&[
        // 1000 tokens in at $1, 1000 out at $2.
        "request { }\nexpect cost at most $0.003",
        "request { max-output 100 }\nexpect cost at most $0.0012",
        // A refusal is not billed, a timeout may be.
        "request { }\nfault two 503\nexpect cost at most $0.011",
        "request { }\nfault two timeout\nexpect cost at most $0.014",
        "request { }\nfault two 400\nexpect cost at most $0",
    ]);
    let got = told("request { }\nfault two timeout\nexpect cost at most $0.0139");
    assert!(
        got[0].starts_with("expected cost at most $0.0139, got up to $0.014"),
        "{got:?}"
    );
    let got = told("request { }\nfault two down\nfault one down\nexpect cost at most $5");
    assert!(
        got[0].starts_with(
            "expected cost at most $5, got a cost without a bound: last/z says no `price`"
        ),
        "{got:?}"
    );
}

#[test]
fn a_moment_that_is_set_is_that_of_the_prices() {
    let house = "policy p
provider one { api openai; url \"http://127.0.0.1:1/v1\"; key none; model y { price in $1/M, out $2/M; price during mon..fri 01:00..04:00 \"Europe/Berlin\" in $10/M, out $20/M; price from 2026-12-01 in $2/M, out $4/M; context 100k; max-output 1k } }
provider two { api openai; url \"http://127.0.0.1:2/v1\"; key none; timeout first-token 2m; model x { price in $0/M, out $0/M; context 100k; max-output 1k } }
retry long { on timeout; attempts 2 }
class code { primary one/y }
class late { primary two/x; fallback one/y; retry long }
route { when header \"x\" is \"late\" -> late
  otherwise -> code }
";
    for (request, least) in [
        // 1000 tokens in, 1000 out. Nobody says when: the dearest hour.
        ("request { }", 30),
        ("request { }\nat 2026-11-18 12:00 \"UTC\"", 3),
        // A Wednesday, 03:59 and 04:00 in Berlin.
        ("request { }\nat 2026-11-18 02:59 \"UTC\"", 30),
        ("request { }\nat 2026-11-18 03:00 \"UTC\"", 3),
        ("request { }\nat 2026-11-21 02:59 \"UTC\"", 3),
        ("request { }\nat 2026-12-01 12:00 \"UTC\"", 6),
        // The second attempt begins two minutes later, at 01:00.
        (
            "at 2026-11-17 23:58 \"UTC\"\nrequest { header \"x\" \"late\" }\nfault two timeout",
            30,
        ),
        (
            "at 2026-11-17 23:57 \"UTC\"\nrequest { header \"x\" \"late\" }\nfault two timeout",
            3,
        ),
    ] {
        let fails = |thousandths: u32| {
            let body = format!("{request}\nexpect cost at most $0.{thousandths:03}");
            let text = format!("{house}test \"it\" {{\n{body}\n}}\n");
            let report = compile(one(&text)).report;
            let errors = report.errors();
            assert!(errors < 2, "{}", report.human());
            let cost = report.human().contains("expected cost at most");
            assert_eq!(errors == 1, cost, "{}", report.human());
            errors == 1
        };
        assert!(!fails(least) && fails(least - 1), "{request} {least}");
    }
}

#[test]
fn a_failed_test_tells_the_way_from_turn_to_turn() {
    let got = told(
        "request { }\nfault two key 1 429\nfault two key 2 503\nfault one down\nexpect served by two/x",
    );
    assert_eq!(
        got,
        [
            "expected served by two/x, got served by last/z (it takes main/10; before it, main/9 asks \
          `header \"x\" is \"kept\"`, and it is absent; main/8 asks `header \"x\" is \"on\"`, and it is \
          absent; main/7 asks `header \"x\" is \"talk\"`, and it is absent; 6 more did not match; there \
          two/x gives 429, two/x key 2 gives overloaded, one/y gives connect, last/z answers)"
        ]
    );
}

#[test]
fn a_request_says_what_a_condition_asks() {
    let facts = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x }
class code { primary a/x }
client lan { from 10.0.0.0/8 }
client desk { from 10.1.0.0/16; tags near }
client rest { from any }
route {
  when prompt mentions \"secret\" -> deny 400 \"a\"
  when body \"/metadata/tier\" is \"gold\" -> deny 400 \"b\"
  when body \"/n\" > 2.5 -> deny 400 \"c\"
  when body \"/list\" is present -> deny 400 \"d\"
  when session is \"s1\" -> deny 400 \"e\"
  when messages > 50 -> deny 400 \"f\"
  when max-output > 4k -> deny 400 \"g\"
  when temperature is 0 -> deny 400 \"h\"
  when client in near -> deny 400 \"i\"
  when client is lan -> deny 400 \"j\"
  when model is absent -> deny 400 \"k\"
  otherwise -> code
}
";
    let cases = [
        ("prompt \"the Secret\"", 1),
        ("prompt \"a\", \"secrets\"", 1),
        ("body \"/metadata/tier\" \"gold\"", 2),
        ("body \"/n\" 3; body \"/x\" null", 3),
        ("body \"/list\" present", 4),
        ("session \"s1\"", 5),
        ("header \"session-id\" \"s1\"", 5),
        ("messages 51", 6),
        ("max-output 5k", 7),
        ("temperature 0", 8),
        ("ip 10.1.2.3", 9),
        ("ip 10.2.2.3", 10),
        ("client desk", 9),
        ("model absent", 11),
        ("ip 11.0.0.1; tokens absent", 12),
    ];
    let tests = cases.iter().map(|(says, arm)| {
        let title = says.replace('"', "'");
        format!("test \"{title}\" {{ request {{ {says} }}; expect arm \"main/{arm}\" }}\n")
    });
    let text = format!("{facts}{}", tests.collect::<String>());
    let report = compile(one(&text)).report;
    assert_eq!(report.errors(), 0, "{}", report.human());
}

const MONEY: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none
  model big { price in $10/M, out $50/M; context 200k; max-output 64k }
  model mid { price in $1/M, out $5/M; context 200k; max-output 64k }
  model own { price free; context 100k; max-output 8k }
}
client bot  { from 10.0.0.0/8; tags agents; ceiling $50 per month }
client rest { from any }
class code  { primary a/big; fallback a/mid; ceiling $0.10 per request; ceiling $20 per day then cheap }
class cheap { primary a/mid; fallback a/own }
class free  { primary a/own }
ceiling agents { when client in agents and not header \"x\" is \"vip\"; allow $400 per month; at 50% then warn; at 80% then cheap; at 95% then free; then deny }
ceiling all-of-us { allow $1000 per month; then warn }
route { when header \"x\" is \"cheap\" -> cheap; otherwise -> code }
";

fn spends(bodies: &[&str]) {
    for body in bodies {
        let text = format!("{MONEY}test \"it\" {{\n{body}\n}}\n");
        let report = compile(one(&text)).report;
        assert_eq!(report.errors(), 0, "{body}\n{}", report.human());
    }
}

#[test]
fn a_ceiling_moves_a_request_from_its_share_on_and_once() {
    spends(&[
        "request { client bot }\nexpect class code",
        "request { client bot }\nspent ceiling agents $319.99\nexpect class code",
        "request { client bot }\nspent ceiling agents $320\nexpect class cheap because ceiling agents\nexpect served by a/mid",
        // The steepest step counts, whatever the text says first.
        "request { client bot }\nspent ceiling agents $380\nexpect class free because ceiling agents",
        // Who is not under the ceiling is not moved.
        "request { client rest }\nspent ceiling agents $380\nexpect class code",
        "request { client bot; header \"x\" \"vip\" }\nspent ceiling agents $380\nexpect class code",
        // A ceiling that only warns holds nobody back.
        "request { client rest }\nspent ceiling all-of-us $1000\nexpect class code\nexpect served by a/big",
    ]);
}

#[test]
fn what_does_not_fit_is_passed_over_and_if_nothing_fits_the_ceiling_says_what_then() {
    spends(&[
        // 1k in and 1k out at $10 and $50 is 6 cents, 3k in is 8 cents, 6k in 11 cents.
        "request { tokens 3k }\nexpect tried a/big",
        "request { tokens 6k }\nexpect tried a/mid\nexpect class code",
        "request { tokens 1k; max-output 2k }\nexpect tried a/mid",
        // Nothing fits: by itself that is the request's fault, over a window the month's.
        "request { tokens 100k }\nexpect denied 400 by code/1",
        "request { }\nspent ceiling code/2 $20\nexpect class cheap because ceiling code/2",
        "request { }\nspent ceiling code/2 $19.95\nexpect tried a/mid\nexpect class code",
        "request { client bot }\nspent ceiling bot/1 $50\nexpect denied 429 by bot/1\nexpect because ceiling bot/1",
        // Moved to `free`, which costs nothing and so always fits.
        "request { client bot }\nspent ceiling agents $400\nexpect class free because ceiling agents\nexpect served by a/own",
        // Two that move it, one after the other: the last is told.
        "request { client bot }\nspent ceiling code/2 $20\nspent ceiling agents $320\nexpect class cheap\nexpect because ceiling agents",
        // The other ceiling still holds the class to which it is moved.
        "request { client bot; tokens 90k }\nspent ceiling agents $320\nspent ceiling bot/1 $49.99\nexpect class cheap\nexpect tried a/own",
    ]);
}

#[test]
fn what_a_ceiling_did_is_told_and_one_that_is_none_is_an_error() {
    let told = |body: &str| {
        let text = format!("{MONEY}test \"it\" {{\n{body}\n}}\n");
        let report = compile(one(&text)).report;
        let errors = report.diagnostics().iter();
        let errors = errors.filter(|found| found.code.severity() == Severity::Error);
        errors
            .map(|found| format!("{} {}", found.code.id(), found.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(
            "request { client bot }\nspent ceiling bot/1 $50\nexpect class code because ceiling agents"
        ),
        [
            "C0907 expected because ceiling agents, got because ceiling bot/1",
            "C0907 expected class `code`, got deny 429 \"it is used up\" (ceiling bot/1)",
        ]
    );
    assert_eq!(
        told("request { }\nexpect because ceiling agents"),
        ["C0907 expected because ceiling agents, got no ceiling's doing"]
    );
    for (body, due) in [
        (
            "request { }\nspent ceiling agnts $3\nexpect class code",
            "C0201",
        ),
        (
            "request { }\nspent ceiling code/3 $3\nexpect class code",
            "C0201",
        ),
        (
            "request { }\nspent ceiling cheap $3\nexpect class code",
            "C0206",
        ),
        (
            "request { }\nspent ceiling agents 3\nexpect class code",
            "C0304",
        ),
        ("request { }\nspent agents $3\nexpect class code", "C0308"),
        ("request { }\nexpect class code because agents", "C0308"),
    ] {
        let found = told(body);
        assert_eq!(found.len(), 1, "{body}: {found:?}");
        assert!(found[0].starts_with(due), "{body}: {found:?}");
    }
}
