#![no_main]

#[path = "../../tests/fuzz/peek.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::peek(bytes));
