//! What a path asks for.

use claw_table::Fact;

use super::{Ask, Cond, Pattern};
use crate::vocab::ENDPOINTS;

/// An endpoint is not a fact of its own: it is told from the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// It is what the request asks for.
    pub is: Cond,
    /// The path is one of those that ask for it.
    pub paths: Cond,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Every request asks for one of them.
    pub one: Cond,
    /// Those of which the paths are known.
    pub told: Vec<Endpoint>,
}

impl Endpoints {
    /// Every endpoint that a path can ask for, where the gateway strips this base.
    pub fn of(base: Option<&str>) -> Self {
        let told = PATHS.iter().map(|(path, word)| Endpoint {
            is: is(Fact::Endpoint, vec![(*word).to_owned()]),
            paths: is(Fact::Path, paths(path, base)),
        });
        let words = ENDPOINTS.iter().map(|word| (*word).to_owned());
        Self {
            one: is(Fact::Endpoint, words.collect()),
            told: told.collect(),
        }
    }
}

fn is(fact: Fact, texts: Vec<String>) -> Cond {
    let patterns = texts.into_iter().map(Pattern::Exact);
    Cond::Test(fact, Ask::Matches(patterns.collect()))
}

/// The paths that ask for the same as this one does without a base.
fn paths(own: &str, base: Option<&str>) -> Vec<String> {
    let word = endpoint(own, None);
    let start = base.unwrap_or_default().trim_end_matches('/');
    let end = own.strip_prefix(VERSION).unwrap_or(own);
    let mut paths = vec![own.to_owned(), [start, own].concat(), [start, end].concat()];
    paths.retain(|path| endpoint(path, base) == word);
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// What a path asks for, where the gateway strips this base. Behind it the version may be left out;
/// a path that stands elsewhere is told as it is.
pub(crate) fn endpoint(path: &str, base: Option<&str>) -> &'static str {
    let base = base.unwrap_or_default().trim_end_matches('/');
    let below = path.strip_prefix(base).filter(|_| !base.is_empty());
    let known = PATHS.iter().find(|(own, _)| match below {
        Some(rest) if rest.starts_with('/') => {
            rest == *own || own.strip_prefix(VERSION) == Some(rest)
        }
        _ => path == *own,
    });
    known.map_or("other", |(_, endpoint)| endpoint)
}

/// The path that asks for an endpoint, if one does.
pub(crate) fn path_of(endpoint: &str) -> Option<&'static str> {
    let known = PATHS.iter().find(|(_, own)| *own == endpoint);
    known.map(|(path, _)| *path)
}

/// What a base stands in for.
const VERSION: &str = "/v1";

const PATHS: [(&str, &str); 5] = [
    ("/v1/chat/completions", "chat"),
    ("/v1/responses", "responses"),
    ("/v1/messages", "messages"),
    ("/v1/embeddings", "embeddings"),
    ("/v1/messages/count_tokens", "count-tokens"),
];

#[cfg(test)]
mod tests {
    use super::{PATHS, endpoint, paths};

    #[test]
    fn each_path_of_an_endpoint_asks_for_it_and_no_other_path_does() {
        let bases = [
            None,
            Some("/v1"),
            Some("/b"),
            Some("/v1/chat"),
            Some("/v1/openai/"),
            Some("/"),
        ];
        let starts = ["", "/b", "/v1", "/v1/chat", "/v1/openai", "/v1/v1", "/x"];
        let tried = starts.into_iter().flat_map(|start| {
            let ends = PATHS
                .iter()
                .flat_map(|(own, _)| [*own, own.trim_start_matches("/v1")]);
            ends.map(move |end| [start, end].concat())
        });
        let tried: Vec<String> = tried.collect();
        for (base, (own, word)) in bases
            .into_iter()
            .flat_map(|base| PATHS.map(|it| (base, it)))
        {
            let known = paths(own, base);
            for path in &tried {
                let is_asked = endpoint(path, base) == word;
                assert_eq!(is_asked, known.contains(path), "{path} {base:?}");
            }
        }
        assert_eq!(
            paths("/v1/embeddings", Some("/b")),
            ["/b/embeddings", "/b/v1/embeddings", "/v1/embeddings"]
        );
        assert_eq!(
            paths("/v1/chat/completions", Some("/v1/chat")),
            ["/v1/chat/chat/completions", "/v1/chat/v1/chat/completions"]
        );
    }
}
