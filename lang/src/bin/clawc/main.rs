//! clawc
fn main() {}
