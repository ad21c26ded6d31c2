//! The estimate of input tokens.

use claw_runtime::request::peek::peek;
use claw_runtime::request::tokens::{Size, estimate};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
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
    let calls = |name: &str| {
        let call =
            json!({"type": "tool_use", name: {"file": "a", "x": [{"source": "b"}]}, "file": "c"});
        of(json!({"messages": [{"content": [call, {"file": "d"}]}]}))
    };
    // file, a, x, source, b; behind it pictures are pictures again.
    assert_eq!(calls("input"), 3 + 3 + 5 + 2 * 1500);
    assert_eq!(calls("arguments"), 3 + 3 + 5 + 2 * 1500);
    assert_eq!(calls("output"), 3 + 3 + 4 * 1500);
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

/// What an estimate can come to at most, of a body that is none to refuse.
fn most(body: &str) -> u64 {
    Size::of(body.as_bytes(), &peek(body.as_bytes()).unwrap()).most()
}

#[test]
fn an_ordinary_body_is_known_to_be_short_by_its_bytes() {
    let said = json!({"role": "user", "content": "the keys are \"file\": and \"source\" : ;"});
    let tool = json!({"type": "function", "function": {"name": "find"}});
    let body = json!({"model": "m", "messages": [said, said], "tools": [tool]}).to_string();
    assert_eq!(most(&body), body.len() as u64 + 2 * 3 + 8 + 3);
    let picture = json!({"model": "m", "messages": [{"content": [{"image_url": {"url": "x"}}]}]});
    let picture = picture.to_string();
    assert_eq!(most(&picture), picture.len() as u64 + 3 + 1500 + 3);
    let spaced = picture.replace("\"image_url\":", "\"image_url\" \n\t: ");
    assert_eq!(most(&spaced), spaced.len() as u64 + 3 + 1500 + 3);
}

#[test]
fn the_shortest_parts_cost_no_more_than_they_are_taken_for() {
    for part in [
        "1",
        "\"\"",
        "{}",
        "\"a\"",
        r#"{"file":""}"#,
        r#"{"source":{}}"#,
        r#""data:;base64,""#,
    ] {
        for member in ["messages", "input", "tools", "functions"] {
            let parts = vec![part; 400].join(",");
            let body = format!(r#"{{"{member}":[{parts}]}}"#);
            assert!(most(&body) >= estimate(body.as_bytes()), "{member} {part}");
        }
    }
}

/// A value as clients write none: short parts that cost much, and characters of every price.
fn value() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[ -!#-\\[\\]-~]{0,80}".prop_map(|text| format!("{text:?}")),
        r"([aB3/+ .\t]|\\[nt]|\\u00e9|\\ud83d|é|好|😀){0,60}"
            .prop_map(|text| format!("\"{}\"", text.replace('\t', " "))),
        select(
            &[
                r#""data:;base64,""#,
                r#""data:x/y;base64,QUJD""#,
                r#""data:""#
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        6 => text,
        2 => select(&["1", "null", "true", "-0.5e3"][..]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = select(
            &[
                "content",
                "text",
                "image_url",
                "input_audio",
                "file",
                "file_data",
                "source",
                "type",
                "id",
                "signature",
                "arguments",
                "input",
                "output",
                "x",
                "fi\\u006ce",
            ][..],
        );
        let colon = select(&[":", " :", ": ", "\n\t :  "][..]);
        let member = (key, colon, inner.clone());
        let member = member.prop_map(|(key, colon, value)| format!("\"{key}\"{colon}{value}"));
        prop_oneof![
            vec(inner, 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn no_estimate_is_above_what_it_can_come_to(
        values in vec((0..9_usize, vec(value(), 0..6)), 0..5),
        window in 0..4000_u64,
    ) {
        let names = ["messages", "input", "tools", "functions", "response_format", "system", "prompt", "instructions", "x"];
        let members = values.iter().map(|(name, values)| format!("\"{}\":[{}]", names[*name], values.join(",")));
        let body = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        let Ok(peek) = peek(body.as_bytes()) else { return Ok(()) };
        let tokens = estimate(body.as_bytes());
        let size = Size::of(body.as_bytes(), &peek);
        prop_assert!(size.most() >= tokens, "{} < {tokens}: {body}", size.most());
        prop_assert_eq!(size.is_above(window), tokens > window);
        prop_assert!(!size.is_above(tokens) && (tokens == 0 || size.is_above(tokens - 1)));
        prop_assert_eq!(size.tokens(), tokens);
        let again = Size::again((body.as_bytes(), &peek), size.known());
        prop_assert_eq!(again.tokens(), tokens);
    }

    #[test]
    fn more_text_is_never_fewer_tokens_by_more_than_a_run(text in ".{0,200}", more in "[a-z]{1,20}") {
        // Joining may merge the last run with the first one; a space keeps them apart.
        assert!(of(&format!("{text}\n{more}")) + 1 >= of(&text));
    }

    #[test]
    fn no_body_breaks_it(bytes in vec(any::<u8>(), 0..200)) {
        estimate(&bytes);
    }
}
