//! The answer that is due, in no provider's protocol: the same request gets the same bytes.
//!
//! Usage is exact by this rule. Input: one token for each word (split at white space) of the text
//! of all messages, and one for each message. Output: one token for each piece, and each piece is
//! one event of a stream: a word of text, of reasoning or of a refusal, the opening of a tool call,
//! a part of its arguments.

use super::behaviour::{Instead, Says};
use super::speech::Speech;

/// What a request asks for, read by a dialect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// The protocol it is in.
    pub speech: Speech,
    /// What is asked in place of an answer in words, if so.
    pub only: Option<Only>,
    /// The model it names.
    pub model: String,
    /// Whether it wants a stream.
    pub stream: Delivery,
    /// Whether it has options for it.
    pub stream_options: bool,
    /// Tokens of input, by the rule above.
    pub input_tokens: u64,
    /// The first words of the last message that is to be answered.
    pub last_words: Vec<String>,
    /// What of the answer was said already, where the last message is the beginning of one.
    pub begun: Option<String>,
    /// The tools it offers, with arguments that fit their schema.
    pub tools: Vec<Tool>,
    /// The most tokens it wants.
    pub output_tokens_max: Option<usize>,
}

/// What comes whole and is no answer in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// How many tokens a message has.
    Tokens,
    /// So many embeddings.
    Embeddings(usize),
}

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Delivery {
    /// One JSON document.
    #[default]
    Plain,
    /// Events.
    Stream,
    /// Events, with usage at the end.
    StreamWithUsage,
}

/// A tool that can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// JSON that fits its schema.
    pub arguments: String,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The number of the request, from 1: ids are made of it.
    pub number: usize,
    /// The model that answers.
    pub model: String,
    /// What it says, piece by piece.
    pub parts: Vec<Part>,
    /// Why it ends, in `OpenAI`'s words.
    pub finish: &'static str,
    /// What it used.
    pub usage: Tally,
}

/// A block of content, and its pieces as they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its pieces, in order.
    pub pieces: Vec<String>,
}

/// What a block of content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockKind {
    /// Reasoning.
    Thinking,
    /// Text, or a refusal in words.
    Text,
    /// A call of a tool.
    Tool {
        /// Which call of the answer it is.
        place: usize,
        /// The tool's name.
        name: String,
    },
}

/// One piece of an answer: one event, one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A word of reasoning.
    Reasoning(String),
    /// A word of text.
    Text(String),
    /// A word of a refusal.
    Refusal(String),
    /// The opening of the tool call with this index.
    ToolCall(usize, String),
    /// A part of its arguments.
    ToolArguments(usize, String),
}

/// Tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// The whole input.
    pub input: u64,
    /// The part of it that was cached.
    pub cached: u64,
    /// The whole output.
    pub output: u64,
    /// The part of it that was reasoning.
    pub reasoning: u64,
}

/// Input tokens of one message's text, by the rule above.
pub fn input_tokens(text: &str) -> u64 {
    tokens(text.split_whitespace().count())
}

/// The words of the last message that an answer repeats, at most.
const ECHO_WORDS_MAX: usize = 12;

/// What is to be answered, in its first words, and what of the answer was said already: the last
/// of these texts, where `role` is who answers.
pub fn ends(texts: &[String], role: Option<&str>) -> (Vec<String>, Option<String>) {
    let (asked, begun) = match texts {
        [.., asked, begun] if is_answers(role) => (asked.as_str(), Some(begun.clone())),
        [begun] if is_answers(role) => ("", Some(begun.clone())),
        [.., asked] => (asked.as_str(), None),
        [] => ("", None),
    };
    let words = asked.split_whitespace().take(ECHO_WORDS_MAX);
    (words.map(str::to_owned).collect(), begun)
}

fn is_answers(role: Option<&str>) -> bool {
    matches!(role, Some("assistant" | "model"))
}

impl Answer {
    /// What the simulator `name` answers to `ask`.
    pub fn new(name: &str, number: usize, ask: &Ask, says: Says) -> Self {
        let mut parts = reasoning(says.reasoning);
        let mut finish = "stop";
        match says.instead {
            Instead::ToolCalls(count) if !ask.tools.is_empty() && count > 0 => {
                parts.extend(tool_calls(&ask.tools, count));
                finish = "tool_calls";
            }
            Instead::Refusal => parts.extend(words(REFUSAL).map(Part::Refusal)),
            Instead::ToolCalls(_) | Instead::Text => {
                let said = ask.begun.as_deref().unwrap_or_default();
                let rest = text(name, ask, says.words).into_iter();
                let rest = rest.skip(said.split_whitespace().count());
                parts.extend(rest.map(Part::Text));
            }
        }
        if let Some(most) = ask.output_tokens_max.filter(|most| *most < parts.len()) {
            parts.truncate(most);
            finish = "length";
        }
        let reasoned = parts
            .iter()
            .filter(|part| matches!(part, Part::Reasoning(_)))
            .count();
        let usage = Tally {
            input: ask.input_tokens,
            cached: 0,
            output: tokens(parts.len()),
            reasoning: tokens(reasoned),
        };
        let finish = says.finish.unwrap_or(finish);
        Self {
            number,
            model: ask.model.clone(),
            parts,
            finish,
            usage,
        }
    }

    /// The same, with so many of its input tokens cached; never more than there are.
    #[must_use]
    pub fn cached(mut self, tokens: u64) -> Self {
        self.usage.cached = tokens.min(self.usage.input);
        self
    }

    /// Its parts in the blocks of which the newer protocols make an answer.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for part in &self.parts {
            let (kind, piece) = match part {
                Part::Reasoning(text) => (BlockKind::Thinking, text.clone()),
                // Who declines here does so in words.
                Part::Text(text) | Part::Refusal(text) => (BlockKind::Text, text.clone()),
                Part::ToolCall(place, name) => (
                    BlockKind::Tool {
                        place: *place,
                        name: name.clone(),
                    },
                    String::new(),
                ),
                Part::ToolArguments(_, text) => {
                    if let Some(block) = blocks.last_mut() {
                        block.pieces.push(text.clone());
                    }
                    continue;
                }
            };
            match blocks.last_mut() {
                Some(block) if block.kind == kind => block.pieces.push(piece),
                _ => blocks.push(Block {
                    kind,
                    pieces: vec![piece],
                }),
            }
        }
        blocks
    }

    /// Its text in one piece.
    pub fn text(&self) -> String {
        self.parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(word) => Some(word.as_str()),
                Part::Reasoning(_)
                | Part::Refusal(_)
                | Part::ToolCall(..)
                | Part::ToolArguments(..) => None,
            })
            .collect()
    }
}

const REFUSAL: &str = "I can not help with that.";
const NUMBERS: [&str; 10] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];

fn tokens(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The words of a sentence, each but the first with the blank before it.
fn words(sentence: &str) -> impl Iterator<Item = String> {
    sentence.split_whitespace().enumerate().map(|(at, word)| {
        if at == 0 {
            word.to_owned()
        } else {
            format!(" {word}")
        }
    })
}

fn text(name: &str, ask: &Ask, count: Option<usize>) -> Vec<String> {
    if let Some(count) = count {
        let numbers = NUMBERS.iter().cycle().take(count);
        return words(&numbers.copied().collect::<Vec<_>>().join(" ")).collect();
    }
    let model = &ask.model;
    let echo = ask.last_words.join(" ");
    words(&format!(
        "This is {name}, a simulated provider, as {model}. You said: {echo}"
    ))
    .collect()
}

fn reasoning(count: usize) -> Vec<Part> {
    let thoughts = ["Let", "me", "think", "about", "it."]
        .iter()
        .cycle()
        .take(count);
    words(&thoughts.copied().collect::<Vec<_>>().join(" "))
        .map(Part::Reasoning)
        .collect()
}

fn tool_calls(tools: &[Tool], count: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    for (index, tool) in tools
        .iter()
        .cycle()
        .take(count.min(TOOL_CALLS_MAX))
        .enumerate()
    {
        parts.push(Part::ToolCall(index, tool.name.clone()));
        // In two pieces, as no client may take a piece for the whole.
        let letters: Vec<char> = tool.arguments.chars().collect();
        for half in letters.chunks(letters.len().div_ceil(2).max(1)) {
            parts.push(Part::ToolArguments(index, half.iter().collect()));
        }
    }
    parts
}

const TOOL_CALLS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::{Answer, Ask, Part, Tool};
    use crate::sim::behaviour::{Instead, Says};

    fn ask() -> Ask {
        Ask {
            model: "m".into(),
            input_tokens: 7,
            last_words: vec!["hello".into()],
            ..Ask::default()
        }
    }

    #[test]
    fn each_piece_is_one_token_and_the_text_names_who_serves() {
        let answer = Answer::new(
            "backup",
            1,
            &ask(),
            Says {
                reasoning: 3,
                ..Says::default()
            },
        );
        assert_eq!(
            answer.text(),
            "This is backup, a simulated provider, as m. You said: hello"
        );
        assert_eq!((answer.usage.input, answer.usage.output), (7, 3 + 11));
        assert_eq!((answer.usage.reasoning, answer.finish), (3, "stop"));
        assert_eq!(answer.cached(99).usage.cached, 7);
    }

    #[test]
    fn a_limit_on_the_output_is_obeyed_and_told() {
        let ask = Ask {
            output_tokens_max: Some(2),
            ..ask()
        };
        let answer = Answer::new("p", 1, &ask, Says::default());
        assert_eq!(
            (answer.text().as_str(), answer.finish),
            ("This is", "length")
        );
        assert_eq!(answer.usage.output, 2);
    }

    #[test]
    fn tools_are_called_only_where_there_are_any() {
        let says = Says {
            instead: Instead::ToolCalls(1),
            ..Says::default()
        };
        assert_eq!(Answer::new("p", 1, &ask(), says).finish, "stop");
        let tool = Tool {
            name: "look".into(),
            arguments: r#"{"at":"é"}"#.into(),
        };
        let answer = Answer::new(
            "p",
            1,
            &Ask {
                tools: vec![tool],
                ..ask()
            },
            says,
        );
        let arguments: String = answer
            .parts
            .iter()
            .filter_map(|p| {
                if let Part::ToolArguments(0, text) = p {
                    Some(&**text)
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(
            (arguments.as_str(), answer.finish),
            (r#"{"at":"é"}"#, "tool_calls")
        );
        assert_eq!(answer.usage.output, 3);
    }
}
