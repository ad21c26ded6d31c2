//! A scripted provider: it answers like the real ones, counts exactly, and fails on command.
//!
//! ```text
//! script text ─parse→ Behaviour ─acts→ [Act] ─play→ socket
//! request     ─ask──→ Answer ────┘
//! ```
//!
//! It speaks HTTP/1.1 over a raw socket, because half of what it must be able to do is what no
//! honest HTTP server does. Everything up to [`acts`] is pure: what a fault puts on the wire is a
//! list that a test can read. Each protocol is a module; [`speech`] says
//! which one an exchange is in.

pub mod acts;
pub mod answer;
pub mod anthropic;
pub mod behaviour;
mod body;
pub mod exchange;
pub mod faults;
mod framing;
pub mod gemini;
pub mod gzip;
pub mod http;
pub mod openai;
pub mod play;
pub mod provider;
pub mod responses;
pub mod script;
pub mod speech;
pub mod words;
