//! A policy as a page to read: what is decided, by whom it is answered, what becomes of a failure.
//!
//! The page is made once, of headings, paragraphs, lists and tables, and then written as Markdown
//! or as HTML. It names keys by where they come from, and shows no value of a header.

mod classes;
mod clients;
mod html;
mod markdown;
mod notes;
mod providers;
mod routes;

use claw_table::Table;
use claw_table::policy::Policy;

use crate::explain::{bounds, hex, needed, on_one_line};
use crate::model::Model;
use crate::report::Report;
use notes::Notes;

/// A page about one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name of the policy.
    pub title: String,
    /// What it says, in order.
    pub blocks: Vec<Block>,
}

/// One piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading; the first level is the page's own title.
    Heading {
        /// 2 for a part, 3 for a declaration.
        level: u8,
        /// The words; with dashes for blanks they are its id.
        words: String,
    },
    /// A paragraph.
    Paragraph(Vec<Run>),
    /// A list without an order.
    List(Vec<Vec<Run>>),
    /// A table.
    Table {
        /// One for each column.
        head: Vec<&'static str>,
        /// Rows of cells.
        rows: Vec<Vec<Vec<Run>>>,
    },
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// Words.
    Words(String),
    /// Something as it is written in a policy or on the wire.
    Code(String),
    /// Words that lead to a heading.
    Link {
        /// The words.
        words: String,
        /// The words of the heading.
        to: String,
    },
}

/// What a page is made from.
#[derive(Debug, Clone, Copy)]
pub struct Documented<'a> {
    /// The policy as it was checked.
    pub model: &'a Model,
    /// The policy as it was compiled.
    pub table: &'a Table,
    /// Its texts.
    pub report: &'a Report,
}

impl Page {
    /// The page of a checked policy.
    pub fn of(it: Documented<'_>) -> Self {
        let notes = Notes::read(it.report.sources());
        let mut page = Self {
            title: it.model.policy.name.clone(),
            blocks: notes.about("policy", &it.model.policy.name),
        };
        page.summary(it);
        page.part("Clients");
        page.clients(&it.model.policy, &notes);
        if !it.model.guards.is_empty() {
            page.part("Guards");
            page.guards(it, &notes);
        }
        page.part("Routes");
        page.routes(it, &notes);
        if !notes.lets.is_empty() {
            page.part("Names");
            page.names(&notes);
        }
        if !notes.claims.is_empty() {
            page.part("What is proved");
            page.claims(&notes);
        }
        page.part("Classes");
        page.classes(it.model, &notes);
        page.bounds(it);
        page.part("Providers");
        page.providers(&it.model.policy, &notes);
        if !it.model.policy.denies.is_empty() {
            page.part("Refusals");
            page.refusals(it.model);
        }
        page
    }

    /// What bounds traffic.
    fn bounds(&mut self, it: Documented<'_>) {
        let text = |span| on_one_line(it.report.text(span));
        let bounds = bounds(it.model, &text);
        if !bounds.is_empty() {
            self.part("Bounds");
            let head = vec!["rule", "is about", "says"];
            let rows = bounds.iter().map(|one| {
                let about = if one.about.starts_with("when ") {
                    code(&one.about)
                } else {
                    words(&one.about)
                };
                vec![vec![code(&one.rule)], vec![about], vec![code(&one.is)]]
            });
            self.blocks.push(Block::Table {
                head,
                rows: rows.collect(),
            });
        }
    }

    fn part(&mut self, words: &str) {
        self.heading(2, words);
    }

    fn heading(&mut self, level: u8, words: &str) {
        let words = words.to_owned();
        self.blocks.push(Block::Heading { level, words });
    }

    fn summary(&mut self, it: Documented<'_>) {
        let Policy {
            providers,
            classes,
            gateway,
            ..
        } = &it.model.policy;
        let models = providers.iter().map(|provider| provider.models.len()).sum();
        let arms = it.model.routes.iter().map(|route| route.arms.len()).sum();
        let (guards, start) = match it.model.guards.len() {
            0 => (String::new(), "Every request starts at"),
            n => (
                format!("{}, ", several(n, "guard")),
                "Every request that no guard refuses starts at",
            ),
        };
        let mut text = vec![
            words(&format!(
                "{}{} with {}, {}, {} with {}. {} ",
                guards,
                several(it.model.routes.len(), "route"),
                several(arms, "arm"),
                several(classes.len(), "class"),
                several(providers.len(), "provider"),
                several(models, "model"),
                start,
            )),
            link("route main"),
            words(" and goes where the first arm that fits leads."),
        ];
        for (what, address) in [
            ("Clients reach the gateway at ", &gateway.listen),
            ("The operator reaches it at ", &gateway.admin),
        ] {
            if let Some(address) = address {
                text.extend([words(&format!(" {what}")), code(address), words(".")]);
            }
        }
        self.blocks.push(Block::Paragraph(text));
        self.blocks.push(Block::Paragraph(vec![
            words("A gateway that serves by this policy says so in every answer: "),
            code(&format!(
                "x-claw-policy: {}",
                hex(&it.table.about().behaviour)
            )),
            words("."),
        ]));
        if !it.table.features().is_empty() {
            let needs = needed(it.table.features()).into_iter();
            let needs = needs.map(|(need, more)| {
                let more = match more {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let places = format!(" ({}{more})", need.place);
                vec![code(&need.name), words(&places)]
            });
            let text = "A gateway that does not enforce these refuses the policy:";
            self.blocks.push(Block::Paragraph(vec![words(text)]));
            self.blocks.push(Block::List(needs.collect()));
        }
    }
}

fn words(text: &str) -> Run {
    Run::Words(text.to_owned())
}

fn code(text: &str) -> Run {
    Run::Code(text.to_owned())
}

/// A link whose words are the heading's own.
fn link(to: &str) -> Run {
    Run::Link {
        words: to.to_owned(),
        to: to.to_owned(),
    }
}

/// Things in a row, each of the same kind.
fn joined(parts: Vec<Run>, between: &str) -> Vec<Run> {
    let mut out = Vec::new();
    for part in parts {
        if !out.is_empty() {
            out.push(words(between));
        }
        out.push(part);
    }
    out
}

fn several(count: usize, word: &str) -> String {
    match (count, word) {
        (1, word) => format!("1 {word}"),
        (n, word) if word.ends_with('s') => format!("{n} {word}es"),
        (n, word) => format!("{n} {word}s"),
    }
}
