//! Event streams by the event-stream rules: where events end, and what one says.

pub mod field;
pub mod framer;

/// The longest event that is held or judged.
///
/// Pictures travel as base64 inside one event and reach several MiB; text never comes near.
pub const EVENT_BYTES_MAX: usize = 8 << 20;
