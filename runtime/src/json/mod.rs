//! JSON as bytes: a token at a time, without a tree, without recursion, without a copy. What is
//! written anew in another protocol is a tree in between.

mod lexer;
mod number;
mod scan;
mod text;
mod tree;
mod watch;

pub use lexer::{Fault, Lexer, Token, Wrong};
pub use number::whole;
pub use text::{Escapes, NotText, Piece, Text, text_close};
pub use tree::{NoTree, Tree, VALUES_MAX, write_text};
pub use watch::{Unwatched, Watch};

/// How deep arrays and objects may nest. Parsers behind us give up at anything from 100 to 1000.
pub const DEPTH_MAX: u32 = 64;
