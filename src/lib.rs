//! Tests and benches of the whole system stand in this package; it has no code of its own.
