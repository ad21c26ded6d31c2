//! From text to a tree that still knows every place in the text.

pub mod ast;
mod grammar;
pub(crate) mod habits;
pub mod layout;
pub mod lexer;
mod line;
mod literal;
pub(crate) mod lower;
mod parse;
mod print;
mod remarks;
mod split;

pub use literal::{escape, unescape};
pub use parse::{Parsed, parse};
pub(crate) use parse::{Read, read};
pub use print::print;
