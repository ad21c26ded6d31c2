//! Everything that can be scripted, by name.

use super::behaviour::Behaviour;
use super::words::{self, Amounts};

mod table;

/// Every fault, in the order in which an exchange meets them.
pub use table::FAULTS;

/// Something that can be scripted.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// How it is written, with `<n>`, `<time>`, `<size>` or `<status>` for what may vary.
    pub form: &'static str,
    /// The form, filled.
    pub example: &'static str,
    /// What it does, in one line.
    pub does: &'static str,
    /// The part of the behaviour it sets; two faults with one part exclude each other.
    pub part: Part,
    /// Writes it into a behaviour.
    pub set: fn(&mut Behaviour, Amounts),
}

/// The part of a behaviour that a fault sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Nothing.
    Nothing,
    /// What stands in the answer.
    Reply,
    /// What becomes of the beginning of an answer.
    Begun,
    /// What happens before the head.
    BeforeHead,
    /// What happens between head and body.
    BeforeBody,
    /// What happens before the content.
    BeforeContent,
    /// Pauses between events.
    Drip,
    /// Where the answer breaks off.
    Stop,
    /// What of the end is left out.
    Tail,
    /// What does not belong there.
    Odd,
    /// The length of the answer.
    Length,
    /// Reasoning.
    Reasoning,
    /// Text, tools or a refusal.
    Kind,
    /// The finish reason.
    Finish,
    /// Where usage stands.
    Usage,
    /// Cached tokens.
    Cached,
    /// Line ends.
    Lines,
    /// Comments.
    Comments,
    /// How the body is framed.
    Framing,
    /// How bytes are grouped.
    Writes,
    /// When to come again.
    RetryAfter,
    /// Interim answers.
    Interim,
    /// A large head.
    Filler,
    /// Whether the connection is kept.
    Keep,
}

/// Reads one fault; nothing if no form fits.
pub fn read(text: &str) -> Option<(&'static Fault, Amounts)> {
    FAULTS
        .iter()
        .find_map(|fault| Some((fault, words::read(fault.form, text)?)))
}

/// The fault whose example is closest to what was written, if any is close.
pub fn nearest(text: &str) -> Option<&'static Fault> {
    FAULTS
        .iter()
        .map(|fault| (distance(text, fault.example), fault))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, fault)| *distance * 2 <= fault.example.len())
        .map(|(_, fault)| fault)
}

/// Letters to change, add or drop to make one text of the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, have) in from.chars().take(64).enumerate() {
        let mut left = line + 1;
        let mut diagonal = line;
        for (cell, want) in row.iter_mut().skip(1).zip(&to) {
            let here = (*cell + 1)
                .min(left + 1)
                .min(diagonal + usize::from(have != *want));
            diagonal = *cell;
            *cell = here;
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::{FAULTS, nearest, read};

    #[test]
    fn every_example_is_read_as_its_own_fault() {
        for fault in FAULTS {
            let (found, _) = read(fault.example).unwrap_or_else(|| panic!("{}", fault.example));
            assert_eq!(
                found.form, fault.form,
                "{} is taken for another",
                fault.example
            );
        }
    }

    #[test]
    fn a_near_miss_names_the_fault_that_was_meant() {
        assert_eq!(
            nearest("cutt after 5").map(|f| f.example),
            Some("cut after 5")
        );
        assert_eq!(
            nearest("retry after 5s").map(|f| f.example),
            Some("retry-after 5s")
        );
        assert_eq!(nearest("xyzzyplugh").map(|f| f.example), None);
    }
}
