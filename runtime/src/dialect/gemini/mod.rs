//! `generateContent` as Gemini and Vertex speak it.

mod content;
mod plain;
mod usage;

pub(super) use content::Content;
pub(super) use plain::plain;
