//! The name a writer probably meant.

/// The closest of the known words, if one is close enough to be worth a suggestion: the same but
/// for case, else at most a third of the word away.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let bound = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        if candidate.eq_ignore_ascii_case(word) && candidate != word {
            return Some(candidate);
        }
        let Some(distance) = distance_within(word, candidate, bound) else {
            continue;
        };
        if distance > 0 && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour.
fn distance_within(word: &str, known: &str, bound: usize) -> Option<usize> {
    let left: Vec<char> = word.chars().collect();
    let right: Vec<char> = known.chars().collect();
    // One letter is not like another just because both are single letters.
    if left.len().abs_diff(right.len()) > bound || left.len().min(right.len()) < 2 {
        return None;
    }
    let mut last_but_one: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let at = |row: &[usize], n: usize| row.get(n).copied().unwrap_or(usize::MAX / 2);
            let changed = at(&last, j) + usize::from(a != b);
            let mut fewest = changed.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped =
                i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a);
            if swapped {
                fewest = fewest.min(at(&last_but_one, j - 1) + 1);
            }
            row.push(fewest);
        }
        last_but_one = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(word: &str) -> Option<&'static str> {
        nearest(
            word,
            ["anthropic", "openai", "code", "cheap", "a"].into_iter(),
        )
    }

    #[test]
    fn only_what_is_close_is_suggested() {
        assert_eq!(near("antropic"), Some("anthropic"));
        assert_eq!(near("OpenAI"), Some("openai"));
        assert_eq!(near("cdoe"), Some("code"));
        assert_eq!(near("chaep"), Some("cheap"));
        assert_eq!(near("xyzzy"), None);
        assert_eq!(near("b"), None);
        assert_eq!(near("code"), None, "the word itself is no suggestion");
    }
}
