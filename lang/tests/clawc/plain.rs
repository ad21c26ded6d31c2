//! `--format plain` of the commands whose results are no findings.

use crate::run::{SOUND, clawc, folder, misspelt};

#[test]
fn every_command_that_takes_a_form_writes_findings_plainly() {
    let home = folder(&[
        ("p/shop.claw", &misspelt()),
        ("q.json", "{}"),
        ("broken/b.claw", "policy {\n"),
    ]);
    for (args, code) in [
        (&["build", "p"][..], "C0201"),
        (&["diff", "p", "p"], "C0201"),
        (&["explain", "class", "code", "p"], "C0201"),
        (&["explain", "request", "q.json", "p"], "C0201"),
        (&["fmt", "broken"], "C0102"),
    ] {
        let ran = clawc(home.path(), &[args, &["--format", "plain"]].concat(), "");
        assert_eq!((ran.code, &*ran.out), (1, ""), "{args:?}");
        let first = ran.err.lines().next().unwrap();
        assert!(
            first.contains(".claw:") && first.contains(code),
            "{args:?}: {}",
            ran.err
        );
        assert!(ran.err.is_ascii(), "{args:?} draws: {}", ran.err);
    }
    // What is found is as for people.
    let home = folder(&[("p/shop.claw", SOUND)]);
    for args in [&["diff", "p", "p"][..], &["explain", "class", "code", "p"]] {
        let plain = clawc(home.path(), &[args, &["--format", "plain"]].concat(), "");
        let human = clawc(home.path(), args, "");
        assert_eq!((plain.code, plain.out), (0, human.out));
    }
}
