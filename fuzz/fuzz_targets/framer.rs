#![no_main]

#[path = "../../tests/fuzz/framer.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::framer(bytes));
