//! The front of the compiler: text in, trees and diagnostics out.

use claw_lang::Source;

#[path = "front/examples.rs"]
mod examples;
#[path = "front/print.rs"]
mod print;

/// One file as a folder.
pub fn one(text: &str) -> Vec<Source> {
    vec![Source { path: "shop.claw".into(), text: text.into() }]
}
