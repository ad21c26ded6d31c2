//! The front of the compiler: text in, trees and diagnostics out.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

use claw_lang::Source;

#[path = "front/accept.rs"]
mod accept;
#[path = "front/bounds.rs"]
mod bounds;
#[path = "front/ceiling.rs"]
mod ceiling;
#[path = "front/class.rs"]
mod class;
#[path = "front/client.rs"]
mod client;
#[path = "front/codes.rs"]
mod codes;
#[path = "front/constructs.rs"]
mod constructs;
#[path = "front/course.rs"]
mod course;
#[path = "front/entered.rs"]
mod entered;
#[path = "front/examples.rs"]
mod examples;
#[path = "front/exclusive.rs"]
mod exclusive;
#[path = "front/facts.rs"]
mod facts;
#[path = "front/faults.rs"]
mod faults;
#[path = "front/forbid.rs"]
mod forbid;
#[path = "front/format.rs"]
mod format;
#[path = "front/frame.rs"]
mod frame;
#[path = "front/habits.rs"]
mod habits;
#[path = "front/idle.rs"]
mod idle;
#[path = "front/never.rs"]
mod never;
#[path = "front/print.rs"]
mod print;
#[path = "front/printed.rs"]
mod printed;
#[path = "front/proofs.rs"]
mod proofs;
#[path = "front/rules.rs"]
mod rules;
#[path = "front/served.rs"]
mod served;
#[path = "front/sources.rs"]
mod sources;
#[path = "front/testing.rs"]
mod testing;
#[path = "front/time.rs"]
mod time;
#[path = "front/world.rs"]
mod world;
#[path = "front/worst.rs"]
mod worst;

/// One file as a folder.
fn one(text: &str) -> Vec<Source> {
    vec![Source {
        path: "shop.claw".into(),
        text: text.into(),
    }]
}
