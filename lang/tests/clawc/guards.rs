//! Guards, as each command tells of them.

use crate::run::{clawc, folder, without_digests};

const GUARDED: &str = r#"policy shop
provider a { api openai; url "http://127.0.0.1:1/v1"; key none; model x; model y }
class code { primary a/x; fallback a/y }

## Somebody once sent a whole book.
forbid books   when tokens > 200k and not header "x-team" is "library"
forbid streams when header "x-job" is "nightly" and streaming deny 400 "nightly jobs do not stream"

route {
  when header "x-team" is "ml" -> code
  otherwise                    -> deny 400 "say who you are"
}
"#;

fn told(args: &[&str], input: &str) -> String {
    let open = GUARDED.replace("forbid books ", "forbid other ");
    let open = open.replace(" and streaming", "");
    let home = folder(&[("p.claw", GUARDED), ("new/p.claw", &open)]);
    let ran = clawc(home.path(), args, input);
    assert_eq!((ran.code, &*ran.err), (0, ""), "{args:?}");
    // The digest is of the whole table, whose form these tests are not about.
    let is_hex = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words = ran.out.split_inclusive([' ', '`', '\n']);
    words
        .map(|word| match word.get(..64) {
            Some(digest) if is_hex(digest) => word.replacen(digest, "DIGEST", 1),
            _ => word.to_owned(),
        })
        .collect()
}

#[test]
fn explain_shows_the_guards_that_let_a_request_through_and_the_one_that_does_not() {
    let ask = |request: &str| told(&["explain", "request", "-", "p.claw"], request);
    let through = ask(r#"{"headers": {"x-team": "ml"}, "tokens": 300000, "model": "x"}"#);
    assert!(through.contains("deny 400"), "{through}");
    insta::assert_snapshot!("guard_refuses", without_digests(&through));
    let through =
        ask(r#"{"headers": {"x-team": ["ml", "library"]}, "tokens": 300000, "model": "x"}"#);
    insta::assert_snapshot!("guards_let_through", without_digests(&through));
}

#[test]
fn graph_and_page_begin_with_the_guards() {
    insta::assert_snapshot!("guards_graph", told(&["graph", "p.claw"], ""));
    let page = told(&["doc", "p.claw"], "");
    insta::assert_snapshot!("guards_page", without_digests(&page));
}

#[test]
fn a_wider_guard_is_stricter_and_its_name_is_no_change() {
    insta::assert_snapshot!("guards_diff", told(&["diff", "p.claw", "new"], ""));
}
