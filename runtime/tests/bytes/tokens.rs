//! The estimate of input tokens.

use claw_runtime::request::tokens::estimate;
use proptest::prelude::{any, proptest};
use serde_json::json;

/// The estimate of one user message, without its frame.
fn of(text: &str) -> u64 {
    let body = json!({"messages": [{"content": text}]}).to_string();
    estimate(body.as_bytes()) - 6
}

#[test]
fn runs_of_characters_cost_what_the_table_says() {
    for (text, tokens) in [
        ("", 0),
        ("word", 1),
        ("two words", 2),
        ("abcdefgh", 1),
        ("abcdefghi", 2),
        ("internationalization", 4),
        ("camelCaseName", 5), // 3 for its length, 1.4 for its humps
        ("1234567", 3),
        ("a  b", 3),
        ("a\n\nb", 3),
        ("{}", 2),   // 1.1
        ("....", 3), // 2.2
        ("你好", 4), // 6 bytes at 0.588
        ("😀", 3),   // 2.6
        ("a.b", 3),
    ] {
        assert_eq!(of(text), tokens, "{text:?}");
    }
}

#[test]
fn keys_and_base64_cost_by_the_byte() {
    let key = "aB3".repeat(40);
    assert_eq!(of(&key), (120 * 714_u64).div_ceil(1000));
    assert!(
        of(&"ab".repeat(40)) < 40,
        "a long word of one case is a word"
    );
}

#[test]
fn escapes_are_decoded_before_they_are_counted() {
    let plain = estimate("{\"messages\":[{\"content\":\"żółć 😀\\n\"}]}".as_bytes());
    let escaped =
        estimate(br#"{"messages":[{"content":"\u017c\u00f3\u0142\u0107 \ud83d\ude00\u000a"}]}"#);
    assert_eq!(plain, escaped);
}

#[test]
fn frames_tools_and_media_cost_a_flat_sum() {
    let of = |body: serde_json::Value| estimate(body.to_string().as_bytes());
    assert_eq!(of(json!({})), 3, "the answer's frame");
    assert_eq!(of(json!({"model": "a long name that is not counted"})), 3);
    assert_eq!(
        of(json!({"messages": [{"role": "user", "content": "hi"}]})),
        3 + 3 + 2
    );
    assert_eq!(
        of(json!({"messages": [{"content": [{"type": "text", "text": "hi"}]}]})),
        3 + 3 + 1
    );
    let url = json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}});
    assert_eq!(of(json!({"messages": [{"content": [url]}]})), 3 + 3 + 1500);
    let data = format!("data:image/png;base64,{}", "iVBOR".repeat(100_000));
    let inline = json!({"type": "image_url", "image_url": {"url": data}});
    assert_eq!(
        of(json!({"messages": [{"content": [inline]}]})),
        3 + 3 + 1500
    );
    assert_eq!(of(json!({"messages": [{"content": data}]})), 3 + 3 + 1500);
    let sound = json!({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}});
    assert_eq!(
        of(json!({"messages": [{"content": [sound]}]})),
        3 + 3 + 1500
    );
    let tool = json!({"type": "function", "function": {"name": "find"}});
    // type, function, function, name, find
    assert_eq!(of(json!({"tools": [tool]})), 3 + 8 + 5);
    assert_eq!(of(json!({"system": "be brief"})), 3 + 2);
}

#[test]
fn beyond_the_bound_the_rest_is_taken_to_be_like_the_front() {
    let quarter = "word ".repeat(50_000);
    let tokens = of(&quarter);
    let four = of(&quarter.repeat(4));
    assert!(
        four.abs_diff(tokens * 4) < 100,
        "{four} is four times {tokens}"
    );
}

#[test]
fn a_body_that_is_refused_counts_nothing() {
    assert_eq!(estimate(b"{\"messages\":[{\"content\":\"x\"}"), 0);
}

proptest! {
    #[test]
    fn more_text_is_never_fewer_tokens_by_more_than_a_run(text in ".{0,200}", more in "[a-z]{1,20}") {
        // Joining may merge the last run with the first one; a space keeps them apart.
        assert!(of(&format!("{text}\n{more}")) + 1 >= of(&text));
    }

    #[test]
    fn no_body_breaks_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        estimate(&bytes);
    }
}
