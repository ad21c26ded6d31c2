//! What a request says: its path, its body, and the edits the body gets.

pub mod changes;
pub mod continued;
pub mod edit;
pub mod endpoint;
pub mod facts;
pub mod path;
pub mod peek;
pub mod prompt;
pub mod room;
pub mod tokens;
