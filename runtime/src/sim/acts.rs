//! From a behaviour to what is done on the wire: a list of acts that a test can read.

use std::time::{Duration, SystemTime};

use super::answer::Ask;
use super::behaviour::{Before, Behaviour, Keep};
use super::body::body;
use super::framing::{framed, grouped};
use super::http;

/// One thing done on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Bytes in one write, and how many events end in them.
    Send(Vec<u8>, usize),
    /// A pause.
    Wait(Duration),
    /// The same bytes after each pause, until the client leaves.
    Repeat(Duration, Vec<u8>),
    /// Silence until the client leaves.
    Hang,
    /// The connection is closed without a word.
    Close,
    /// The connection is reset.
    Reset,
}

/// What is done for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acts {
    /// In this order.
    pub list: Vec<Act>,
    /// Whether the connection can carry another request after them.
    pub keep: Keep,
}

/// What an exchange is made from, beside the behaviour.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The simulator's name.
    pub name: &'a str,
    /// The number of the request, from 1.
    pub number: usize,
    /// What is asked.
    pub ask: &'a Ask,
    /// The key that came with it.
    pub key: &'a str,
    /// For `retry-after` as a date.
    pub now: SystemTime,
}

/// What is done for one request.
pub fn acts(scene: Scene<'_>, behaviour: &Behaviour) -> Acts {
    let mut list = Vec::new();
    if before(behaviour.before_head, &mut list, Vec::new) {
        return Acts {
            list,
            keep: Keep::Close,
        };
    }
    for _ in 0..behaviour.head.interim {
        let link = ("link", "</v1/models>; rel=preload".to_owned());
        list.push(Act::Send(http::head(103, &[link]), 0));
    }
    let body = body(scene, behaviour);
    let keep = framed(scene, behaviour, body, &mut list);
    Acts {
        list: grouped(list, behaviour.writes),
        keep,
    }
}

/// Adds what happens before something else; whether nothing can follow it.
pub(super) fn before(before: Before, list: &mut Vec<Act>, comment: impl Fn() -> Vec<u8>) -> bool {
    let act = match before {
        Before::Nothing => return false,
        Before::Wait(time) => {
            list.push(Act::Wait(time));
            return false;
        }
        Before::Hang => Act::Hang,
        Before::Comments(every) => Act::Repeat(every, comment()),
        Before::Close => Act::Close,
        Before::Reset => Act::Reset,
    };
    list.push(act);
    true
}
