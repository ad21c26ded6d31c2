//! clawgate
fn main() {}
