//! Shared by the root package's tests and benches.
