//! From the trees of a folder to its model: names, values, fields, routes.
//!
//! Nothing here stops at the first fault. What is at fault is reported once and left out, and what
//! leans on it is not blamed.

mod accept;
mod address;
mod body;
mod bounds;
mod calendar;
mod caller;
mod catalog;
mod ceiling;
mod class;
mod client;
mod cond;
mod defaults;
mod deny;
mod edit;
mod fields;
mod folder;
mod forbid;
mod gateway;
mod header;
mod health;
mod lets;
mod like;
mod limit;
mod model;
mod names;
mod never;
mod number;
mod patterns;
mod pool;
mod price;
mod prompt;
mod provider;
mod retry;
mod route;
mod secrets;
mod target;
mod test;
mod time;
mod url;
mod values;

pub(crate) use catalog::is_listed;
pub(crate) use folder::model;
pub(crate) use url::{is_near, parse as address};
