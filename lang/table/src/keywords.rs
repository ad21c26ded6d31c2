//! Keywords in the prompt: every list that a table asks for, found in one pass over the text.
//!
//! The automaton is built once, at load, from verified parts whose bytes are bounded. A scan takes
//! one step for each byte of the prompt, however many keywords there are, and allocates nothing.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous;
use aho_corasick::{Anchored, dfa};

use crate::{Fact, Facts, Said};

/// The most bytes that all keywords of a table may have together.
pub const KEYWORDS_BYTES_MAX: usize = 128 * 1024;
/// The most lists of keywords that a table may ask for.
pub const KEYWORD_LISTS_MAX: usize = 512;

/// Up to this many bytes of keywords the automaton is a full table, which is faster and larger.
const FULL_BYTES_MAX: usize = 4 * 1024;

const WORDS: usize = KEYWORD_LISTS_MAX / 64;

/// The lists of which some keyword was found, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mentioned([u64; WORDS]);

impl Mentioned {
    /// Whether a keyword of the list was found.
    pub(crate) fn has(self, list: usize) -> bool {
        self.0
            .get(list / 64)
            .is_some_and(|word| word >> (list % 64) & 1 == 1)
    }

    fn add(&mut self, list: usize) {
        if let Some(word) = self.0.get_mut(list / 64) {
            *word |= 1 << (list % 64);
        }
    }
}

/// All lists of keywords of a table, ready to be looked for.
#[derive(Debug)]
pub(crate) struct Keywords {
    searcher: Searcher,
    /// For each keyword, its list.
    lists: Box<[u16]>,
}

#[derive(Debug)]
enum Searcher {
    None,
    Full(Box<dfa::DFA>),
    Small(Box<contiguous::NFA>),
}

impl Keywords {
    /// The keywords of these facts; the position of a list among those of keywords is its number.
    /// Nothing if no automaton can be made of them, which is so for no verified table.
    pub(crate) fn new<'f>(facts: impl Iterator<Item = &'f Fact>) -> Option<Self> {
        let (mut words, mut lists) = (Vec::new(), Vec::new());
        for (list, keywords) in facts.filter_map(Fact::keywords).enumerate() {
            for keyword in keywords {
                words.push(keyword);
                lists.push(u16::try_from(list).ok()?);
            }
        }
        let bytes: usize = words.iter().map(|word| word.len()).sum();
        let searcher = if words.is_empty() {
            Searcher::None
        } else if bytes <= FULL_BYTES_MAX {
            let made = dfa::DFA::builder()
                .ascii_case_insensitive(true)
                .build(words);
            Searcher::Full(Box::new(made.ok()?))
        } else {
            let made = contiguous::NFA::builder()
                .ascii_case_insensitive(true)
                .build(words);
            Searcher::Small(Box::new(made.ok()?))
        };
        Some(Self {
            searcher,
            lists: lists.into(),
        })
    }

    /// The lists of which the prompt mentions a keyword.
    pub(crate) fn scan(&self, facts: &impl Facts) -> Mentioned {
        match &self.searcher {
            Searcher::None => Mentioned::default(),
            Searcher::Full(automaton) => self.scan_by(&**automaton, facts),
            Searcher::Small(automaton) => self.scan_by(&**automaton, facts),
        }
    }

    fn scan_by(&self, automaton: &impl Automaton, facts: &impl Facts) -> Mentioned {
        let mut found = Mentioned::default();
        let Ok(start) = automaton.start_state(Anchored::No) else {
            return found;
        };
        let mut at = start;
        facts.prompt(|said| match said {
            // A keyword that is cut in two by the end of a part is no keyword.
            Said::End => at = start,
            Said::Bytes(bytes) => {
                for byte in bytes {
                    at = automaton.next_state(Anchored::No, at, *byte);
                    if automaton.is_match(at) {
                        self.note(automaton, at, &mut found);
                    }
                }
            }
        });
        found
    }

    #[cold]
    fn note(&self, automaton: &impl Automaton, at: StateID, found: &mut Mentioned) {
        for place in 0..automaton.match_len(at) {
            let keyword = automaton.match_pattern(at, place);
            if let Some(list) = self.lists.get(keyword.as_usize()) {
                found.add(usize::from(*list));
            }
        }
    }
}
