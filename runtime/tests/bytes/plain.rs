//! Answers that come whole: what is one, and what it used.

use claw_runtime::dialect::plain::{NoAnswer, plain};
use claw_runtime::dialect::reader::{Sniff, sniff};
use claw_runtime::meter::usage::Usage;

use crate::streams::ONE;

#[test]
fn a_whole_answer_is_told_from_an_error() {
    let answer = br#"{"id":"x","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":3}}}"#;
    let used = Usage {
        input_total: 5,
        input_uncached: 2,
        cache_read: 3,
        output_total: 2,
        ..Usage::default()
    };
    assert_eq!(plain(answer, ONE), Ok(Some(used)));
    let silent = br#"{"choices":[{"message":{"content":""},"finish_reason":"stop"}],"usage":null}"#;
    assert_eq!(plain(silent, ONE), Ok(None));
    assert_eq!(
        plain(br#"{"choices":[{"message":{"content":"x"}}]}"#, ONE),
        Ok(None)
    );
    assert_eq!(
        plain(br#"{"error":{"message":"no"}}"#, ONE),
        Err(NoAnswer::Error)
    );
    assert_eq!(
        plain(br#"{"object":"error","message":"no"}"#, ONE),
        Err(NoAnswer::Error)
    );
    for body in [
        &b""[..],
        b"<html>",
        b"{\"choices\":[",
        b"[]",
        b"{}",
        b"{\"choices\":[]}",
        b"{\"choices\":[{}]}",
    ] {
        assert_eq!(plain(body, ONE), Err(NoAnswer::Malformed));
    }
}

#[test]
fn odd_numbers_in_usage_are_unknown_never_zero() {
    let of = |usage: &str| {
        plain(
            format!("{{\"choices\":[{{\"text\":\"x\"}}],\"usage\":{usage}}}").as_bytes(),
            ONE,
        )
        .unwrap()
    };
    for usage in [
        r#"{"prompt_tokens":-1,"completion_tokens":2}"#,
        r#"{"prompt_tokens":"7","completion_tokens":2}"#,
        r#"{"prompt_tokens":null,"completion_tokens":2}"#,
        r#"{"prompt_tokens":1e300,"completion_tokens":2}"#,
        r#"{"prompt_tokens":99999999999999999999,"completion_tokens":2}"#,
        r#"{"prompt_tokens":9000000000000000,"completion_tokens":2}"#,
        r#"{"prompt_tokens":7}"#,
        "[]",
        "{}",
        "7",
    ] {
        assert_eq!(of(usage), None, "{usage}");
    }
    let zero = of(r#"{"prompt_tokens":0,"completion_tokens":0}"#);
    assert_eq!(zero, Some(Usage::default()), "zero is zero");
    let floats = of(r#"{"prompt_tokens":12.0,"completion_tokens":3.0}"#).unwrap();
    assert_eq!((floats.input_total, floats.output_total), (12, 3));
}

#[test]
fn the_first_bytes_tell_what_a_body_is() {
    for (front, kind) in [
        (&b"data: {}"[..], Sniff::Stream),
        (b"\xEF\xBB\xBF: hi\n", Sniff::Stream),
        (b"\n\nevent: x\n", Sniff::Stream),
        (b"retry: 5", Sniff::Stream),
        (b" {\"a\":1}", Sniff::Json),
        (b"[{", Sniff::Json),
        (b"<html>", Sniff::Other),
        (b"database", Sniff::Other),
        (b"dat", Sniff::Unknown),
        (b"  ", Sniff::Unknown),
    ] {
        assert_eq!(sniff(front), kind, "{}", front.escape_ascii());
    }
}
