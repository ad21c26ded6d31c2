//! `clawc build`: the same bytes for the same policy, whole or not at all.

use std::fs;

use crate::run::{SOUND, clawc, folder};

#[test]
fn the_same_policy_gives_the_same_table_wherever_it_lies() {
    let home = folder(&[("p/shop.claw", SOUND), ("deep/er/shop.claw", SOUND)]);
    let ran = clawc(home.path(), &["build", "p", "-o", "one.clawt"], "");
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert_eq!(
        clawc(home.path(), &["build", "deep/er", "-o", "two.clawt"], "").code,
        0
    );
    let one = fs::read(home.path().join("one.clawt")).unwrap();
    assert_eq!(one, fs::read(home.path().join("two.clawt")).unwrap());
    claw_table::Table::open(&one).unwrap();

    let built = clawc(
        home.path(),
        &["build", "p", "-o", "one.clawt", "--format", "json"],
        "",
    )
    .json();
    assert_eq!(built["bytes"], one.len());
    assert_eq!(built["arms"], 2);
    for part in [
        "2 arms",
        built["behaviour"].as_str().unwrap(),
        &format!("{} bytes", one.len()),
    ] {
        assert!(ran.out.contains(part), "`{part}` is missing in {}", ran.out);
    }
    // Nothing but the table is left behind.
    let mut left: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["deep", "one.clawt", "p", "two.clawt"]);
}

#[test]
fn a_policy_at_fault_leaves_the_table_that_is_there() {
    let home = folder(&[
        ("p/shop.claw", &SOUND[..SOUND.len() / 2]),
        ("t.clawt", "the old one"),
    ]);
    let ran = clawc(home.path(), &["build", "p", "-o", "t.clawt"], "");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("p/shop.claw"), "{}", ran.err);
    assert_eq!(
        fs::read_to_string(home.path().join("t.clawt")).unwrap(),
        "the old one"
    );
}

#[test]
fn a_construct_that_not_every_gateway_enforces_is_told_at_build() {
    let text = SOUND.replace("fallback a/y", "fallback a/y; commit whole");
    let home = folder(&[("p/shop.claw", &text)]);
    let ran = clawc(home.path(), &["build", "p", "-o", "t.clawt"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("`commit-whole` (shop.claw:3:48)"),
        "{}",
        ran.out
    );
}

#[test]
fn a_feature_that_many_places_need_is_told_once_with_the_first_and_how_many_more() {
    let clients: Vec<String> = (0..40)
        .map(|at| format!("client u{at} {{ from 10.0.{at}.0/24 }}\n"))
        .collect();
    let text = SOUND.replace("fallback a/y", "fallback a/y; commit whole");
    let home = folder(&[
        ("p/clients.claw", &clients.concat()),
        ("p/shop.claw", &text),
    ]);
    let ran = clawc(home.path(), &["build", "p", "-o", "t.clawt"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let needs: Vec<&str> = ran.out.lines().skip(1).collect();
    assert_eq!(
        needs,
        [
            "  needs a gateway that enforces `clients` (clients.claw:1:1 and 39 more)",
            "  needs a gateway that enforces `commit-whole` (shop.claw:3:48)",
        ]
    );
    // A machine is told every place.
    let built = clawc(
        home.path(),
        &["build", "p", "-o", "t.clawt", "--format", "json"],
        "",
    )
    .json();
    assert_eq!(built["features"].as_array().unwrap().len(), 41);
}
