//! Heads, framing, paths and keys.

use std::fmt::Write as _;

use super::{Case, GOOD, case, post, sized};

fn chunked(lines: &str, chunks: &str) -> String {
    post(&format!("transfer-encoding: chunked\r\n{lines}"), chunks)
}

/// The good body as one chunk, and what ends it.
fn whole() -> String {
    format!("{:x}\r\n{GOOD}\r\n0\r\n\r\n", GOOD.len())
}

/// A whole request with another first line and other header lines.
fn raw(first: &str, lines: &str) -> String {
    format!(
        "{first}\r\n{lines}content-type: application/json\r\ncontent-length: {}\r\n\r\n{GOOD}",
        GOOD.len()
    )
}

const FIRST: &str = "POST /v1/chat/completions HTTP/1.1";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = framing();
    cases.extend(chunks());
    cases.extend(hosts());
    cases.extend(headers());
    cases.extend(paths());
    cases.extend(keys());
    cases
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn framing() -> Vec<Case> {
    let second = "GET /v1/models HTTP/1.1\r\nhost: gateway\r\n\r\n";
    let long = format!("content-length: {}\r\n", GOOD.len() + 900);
    let mut cases = vec![
        case(
            "H1",
            "length, then coding",
            post(
                &format!("{long}transfer-encoding: chunked\r\n"),
                &(whole() + second),
            ),
            "200 close",
        ),
        case(
            "H1",
            "coding, then length",
            post(
                &format!("transfer-encoding: chunked\r\n{long}"),
                &(whole() + second),
            ),
            "200 close",
        ),
        case(
            "H2",
            "two lengths that differ",
            post(&format!("content-length: 5\r\n{long}"), GOOD),
            "400 bad_framing close",
        ),
        case(
            "H9",
            "an upgrade and a second request",
            raw(
                FIRST,
                "host: gateway\r\nconnection: upgrade, close\r\nupgrade: foo\r\n",
            ) + "GARBAGE",
            "200 close",
        ),
        case(
            "H10",
            "waits with a body that is too long",
            post(
                "expect: 100-continue\r\ncontent-length: 99999999999\r\n",
                "",
            ),
            "413 too_large close",
        ),
        case(
            "H10",
            "waits with another type",
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n",
            "415 unsupported_content_type close",
        ),
        case(
            "H11",
            "refused while the body is to come",
            "POST /v1/nowhere HTTP/1.1\r\nhost: gateway\r\ncontent-length: 1000000\r\n\r\n{",
            "404 not_found close",
        ),
        case(
            "H11",
            "refused, and a request where the body was due",
            format!(
                "POST /v1/nowhere HTTP/1.1\r\nhost: gateway\r\ncontent-length: 1000000\r\n\r\n{second}"
            ),
            "404 not_found close",
        ),
        case(
            "H16",
            "the preface of HTTP/2",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "nothing close",
        ),
        case(
            "H20",
            "gzip",
            post(
                "content-encoding: gzip\r\ncontent-length: 2\r\n",
                "\x1f\x0b",
            ),
            "415 unsupported_encoding",
        ),
        case(
            "H20",
            "two codings",
            post(
                "content-encoding: identity, br\r\ncontent-length: 2\r\n",
                "{}",
            ),
            "415 unsupported_encoding",
        ),
        case(
            "J16",
            "multipart",
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 5\r\n\r\n--b--",
            "415 unsupported_content_type",
        ),
        case(
            "J12",
            "no type",
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-length: 2\r\n\r\n{}",
            "415 unsupported_content_type",
        ),
        case(
            "J12",
            "another type",
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n{}",
            "415 unsupported_content_type",
        ),
        case(
            "J11",
            "declares 40 MB",
            post("content-length: 40000000\r\n", "{"),
            "413 too_large close",
        ),
    ];
    for length in ["+5", "0x5", "-1", "5 5", "", "18446744073709551616"] {
        cases.push(case(
            "H2",
            &format!("length `{length}`"),
            post(&format!("content-length: {length}\r\n"), GOOD),
            "400 bad_framing close",
        ));
    }
    for coding in [
        "xchunked",
        "identity",
        "chunked, gzip",
        "gzip",
        "\x0bchunked",
    ] {
        cases.push(case(
            "H3",
            &format!("coding `{}`", coding.escape_debug()),
            post(&format!("transfer-encoding: {coding}\r\n"), &whole()),
            "400 bad_framing close",
        ));
    }
    let twice = "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n";
    cases.push(case(
        "H3",
        "chunked twice",
        post(twice, &whole()),
        "400 bad_framing",
    ));
    let old = chunked("", &whole()).replace("HTTP/1.1", "HTTP/1.0");
    cases.push(case(
        "H4",
        "a coding in HTTP/1.0",
        old,
        "400 bad_framing close",
    ));
    cases.push(case(
        "H4",
        "HTTP/0.9",
        "GET /v1/models\r\n\r\n",
        "400 bad_framing close",
    ));
    cases
}

fn chunks() -> Vec<Case> {
    let body = |size: &str, end: &str| chunked("", &format!("{size}\r\n{GOOD}{end}"));
    let size = format!("{:x}", GOOD.len());
    let long = "x".repeat(20_000);
    vec![
        case(
            "H5",
            "more than 64 bits",
            body(&format!("1{size:0>16}"), "\r\n0\r\n\r\n"),
            "400 incomplete_body close",
        ),
        case(
            "H5",
            "0x",
            body(&format!("0x{size}"), "\r\n0\r\n\r\n"),
            "400 incomplete_body close",
        ),
        case(
            "H5",
            "a sign",
            body("-1", "\r\n0\r\n\r\n"),
            "400 incomplete_body close",
        ),
        case(
            "H5",
            "no size",
            body("", "\r\n0\r\n\r\n"),
            "400 incomplete_body close",
        ),
        case(
            "H5",
            "a bare line feed",
            chunked("", &format!("{size}\n{GOOD}\n0\n\n")),
            "400 incomplete_body close",
        ),
        case(
            "H5",
            "a long extension",
            body(&format!("{size};{long}"), "\r\n0\r\n\r\n"),
            "400 incomplete_body close",
        ),
        case(
            "H5",
            "a long trailer",
            body(&size, &format!("\r\n0\r\nx-a: {long}\r\n\r\n")),
            "400 incomplete_body close",
        ),
        case(
            "H5",
            "a key in a trailer",
            body(&size, "\r\n0\r\nauthorization: Bearer x\r\n\r\n"),
            "200",
        ),
    ]
}

fn hosts() -> Vec<Case> {
    let mut cases = vec![
        case("H6", "no host", raw(FIRST, ""), "400 bad_host"),
        case(
            "H6",
            "two hosts",
            raw(FIRST, "host: gateway\r\nhost: gateway\r\n"),
            "400 bad_host",
        ),
        case(
            "H7",
            "another host in the target",
            raw(
                "POST http://other/v1/chat/completions HTTP/1.1",
                "host: gateway\r\n",
            ),
            "400 bad_host",
        ),
        case(
            "H7",
            "the same host in the target",
            raw(
                "POST http://gateway/v1/chat/completions HTTP/1.1",
                "host: gateway\r\n",
            ),
            "200",
        ),
        case(
            "H7",
            "CONNECT",
            "CONNECT other:443 HTTP/1.1\r\nhost: other:443\r\n\r\n",
            "400 ambiguous_path",
        ),
        case(
            "H7",
            "TRACE",
            "TRACE /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\n\r\n",
            "405 method_not_allowed",
        ),
    ];
    for host in ["a/b", "a?b", "a#b", "user@a", "a b", ""] {
        cases.push(case(
            "H6",
            &format!("host `{host}`"),
            raw(FIRST, &format!("host: {host}\r\n")),
            "400 bad_host",
        ));
    }
    cases
}

/// A request whose head has so many bytes.
fn head_of(bytes: usize) -> String {
    let with = |long: usize| {
        let fields = format!(
            "x-long: {}\r\ncontent-length: {}\r\n",
            "x".repeat(long),
            GOOD.len()
        );
        post(&fields, GOOD)
    };
    let bare = with(0).len() - GOOD.len();
    with(bytes - bare)
}

fn headers() -> Vec<Case> {
    let many = (0..120).fold(String::new(), |mut lines, number| {
        write!(lines, "x-{number}: 1\r\n").unwrap();
        lines
    });
    let long = format!("x-long: {}\r\n", "x".repeat(100_000));
    let good = format!("content-length: {}\r\n", GOOD.len());
    vec![
        case(
            "H8",
            "a null",
            post(&format!("x-a: a\0b\r\n{good}"), GOOD),
            "400 bad_framing close",
        ),
        case(
            "H8",
            "a bare carriage return",
            post(&format!("x-a: a\rb\r\n{good}"), GOOD),
            "400 bad_framing close",
        ),
        case(
            "H8",
            "a folded line",
            post(&format!("x-a: a\r\n b\r\n{good}"), GOOD),
            "400 bad_framing close",
        ),
        case(
            "H8",
            "a blank before the colon",
            post(&format!("x-a : a\r\n{good}"), GOOD),
            "400 bad_framing close",
        ),
        case(
            "H8",
            "many headers",
            post(&format!("{many}{good}"), GOOD),
            "431 head_too_large close",
        ),
        case(
            "H8",
            "a long header",
            post(&format!("{long}{good}"), GOOD),
            "431 head_too_large close",
        ),
        case("H8", "64 KiB of head", head_of(64 * 1024), "200"),
        case(
            "H8",
            "a byte more",
            head_of(64 * 1024 + 1),
            "431 head_too_large close",
        ),
        case(
            "H8",
            "another letter in the name",
            post(&format!("x_api_key: a\r\nx-api-key: b\r\n{good}"), GOOD),
            "200",
        ),
    ]
}

fn paths() -> Vec<Case> {
    let mut cases = Vec::new();
    for (path, due) in [
        ("/v1/../admin", "400 ambiguous_path"),
        ("/v1/chat/%2e%2e/admin", "400 ambiguous_path"),
        ("//v1/chat/completions", "400 ambiguous_path"),
        ("/v1/chat%2fcompletions", "400 ambiguous_path"),
        ("/v1/chat/completions;x", "400 ambiguous_path"),
        ("/v1/chat/completions.", "404 not_found"),
        ("/V1/chat/completions", "404 not_found"),
        ("/v1/chat/completions/", "200"),
        ("/metrics", "404 not_found"),
        ("/policy", "404 not_found"),
        ("/v1/models/gpt:generateContent", "404 not_found"),
    ] {
        let id = if path.contains(':') { "J6" } else { "H19" };
        let first = format!("POST {path} HTTP/1.1");
        cases.push(case(id, path, raw(&first, "host: gateway\r\n"), due));
    }
    cases
}

fn keys() -> Vec<Case> {
    let with = |lines: &str| raw(FIRST, &format!("host: gateway\r\n{lines}"));
    let good = "authorization: Bearer good-key\r\n";
    let query = raw(
        "POST /v1/chat/completions?key=good-key HTTP/1.1",
        &format!("host: gateway\r\n{good}"),
    );
    vec![
        case(
            "K2",
            "two of a kind",
            with(&format!("{good}authorization: Bearer other\r\n")),
            "400 ambiguous_credentials",
        ),
        case(
            "K2",
            "two kinds",
            with(&format!("{good}x-api-key: other\r\n")),
            "400 ambiguous_credentials",
        ),
        case(
            "K2",
            "the same twice",
            with(&format!("{good}x-api-key: good-key\r\n")),
            "200",
        ),
        case("K3", "in the query", query, "400 key_in_query"),
        case(
            "H10",
            "waits without a place to go",
            sized(GOOD)
                .replace("content-length", "expect: 100-continue\r\ncontent-length")
                .replace("/v1/chat", "/v1/no"),
            "404 not_found",
        ),
    ]
}
