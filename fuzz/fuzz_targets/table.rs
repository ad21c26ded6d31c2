#![no_main]

#[path = "../../tests/fuzz/table.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::table(bytes));
