//! One whole gateway, as `clawgate run` starts it, over real sockets and real files: what it takes,
//! what it refuses, what it shows, and how it ends.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests: a failure here is a failed test"
)]

mod ask;
mod house;
mod provider;

mod clients;
mod command;
mod guards;
mod refusals;
mod reloads;
mod saves;
mod tls;
mod window;
