//! Failures of providers, as they were seen or are documented.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use claw_runtime::dialect::classify::{Answer, classify, in_stream};
use claw_runtime::dialect::failure::Failure;
use http::{HeaderMap, HeaderName, HeaderValue};

#[test]
fn every_failure_has_its_kind_cause_and_delay() {
    let text = std::fs::read_to_string(crate::fixtures().join("failures/openai.txt")).unwrap();
    let mut shown = String::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (kind, rest) = line.split_once(' ').unwrap();
        let failure = failure(rest);
        assert_eq!(failure.kind.word(), kind, "{line}");
        let cause = failure.kind.cause().map_or("-", |cause| cause.word());
        let side = if failure.kind.is_callers() {
            "caller"
        } else {
            "provider"
        };
        write!(
            shown,
            "{line}\n  {side}, cause {cause}, status {}",
            failure.status
        )
        .unwrap();
        if let Some(delay) = failure.delay {
            write!(shown, ", delay {delay:?}").unwrap();
        }
        if let Some(again) = failure.should_retry {
            write!(shown, ", should retry {again}").unwrap();
        }
        shown.push('\n');
    }
    insta::assert_snapshot!("failures", shown);
}

/// `STATUS [name: value; …] BODY`, or `stream DATA`.
fn failure(text: &str) -> Failure {
    let (status, rest) = text.split_once(' ').unwrap();
    if status == "stream" {
        return in_stream(rest.as_bytes());
    }
    let mut headers = HeaderMap::new();
    let mut body = rest;
    if let Some((list, after)) = rest
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        for header in list.split("; ").filter(|_| list.contains(": ")) {
            let (name, value) = header.split_once(": ").unwrap();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
            body = after;
        }
    }
    let now = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let status = status.parse().unwrap();
    classify(
        Answer {
            status,
            headers: &headers,
            body: body.as_bytes(),
        },
        now,
    )
}

#[test]
fn a_body_of_any_size_and_shape_is_judged_by_its_status_at_least() {
    let headers = HeaderMap::new();
    let page = vec![b'<'; 10 << 20];
    let deep = b"[".repeat(1 << 20);
    for body in [&page[..], &deep, b"", b"\xFF\xFE", b"{\"error\":"] {
        let answer = Answer {
            status: 503,
            headers: &headers,
            body,
        };
        assert_eq!(classify(answer, UNIX_EPOCH).kind.word(), "overloaded");
    }
}
