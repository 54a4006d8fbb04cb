//! What is wrong with an answer that can't be scored: which item, what was given, what is allowed, how to mend it.
//!
//! A missing answer is never here. Out of range is answered, never clamped; on import the case goes to quarantine.

use serde::Serialize;
use std::fmt;

/// The kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The instrument has no such item.
    UnknownItem,
    /// The input has a key that means nothing here.
    UnknownKey,
    /// The value lies outside the allowed range or list.
    OutOfRange,
    /// A text where a number belongs, and the like.
    WrongType,
    /// One item answered twice.
    Twice,
    /// Two answers that can't both be right.
    Contradiction,
    /// Each answer could be right, together they can't: put aside for checking (quarantine).
    Implausible,
}

/// One fault, in words for the person who has to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Unscorable {
    /// The item's key (`5a`), or the part of the input (`trauma_related.9`): for the field on a form.
    pub item: String,
    /// The same in words: `item 5a (not asleep within 30 minutes)`.
    pub place: String,
    /// The kind of fault.
    pub fault: Fault,
    /// What was given.
    pub found: String,
    /// What is allowed.
    pub needed: String,
    /// How to mend it.
    pub mend: String,
}

impl Unscorable {
    /// A fault at a place in words; `item 5a (…)` and `items 1 and 3` name their (first) item.
    pub(crate) fn new(
        place: &str,
        fault: Fault,
        found: impl fmt::Display,
        needed: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let key = place.strip_prefix("items ").or_else(|| place.strip_prefix("item "));
        let item = key.map_or(place, |rest| rest.split(' ').next().unwrap_or(rest)).to_owned();
        let (found, place) = (shortened(found), shortened(place));
        Self { item: shortened(item), place, fault, found, needed: needed.into(), mend: mend.into() }
    }

    /// Two answers that can't both be right.
    pub(crate) fn contradiction(place: &str, found: impl fmt::Display, needed: &str, mend: &str) -> Self {
        Self::new(place, Fault::Contradiction, found, needed, mend)
    }
}

/// What was given, cut to what a person would read (hostile input may be megabytes long).
fn shortened(found: impl fmt::Display) -> String {
    const LONGEST: usize = 80;
    let text = found.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

impl fmt::Display for Unscorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, needed {}; {}", self.place, self.found, self.needed, self.mend)
    }
}

/// The nearest of `names` to a mistyped one, for "did you mean".
pub(crate) fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > 64 {
        return None;
    }
    let given = given.to_ascii_lowercase();
    let distance = |name: &&str| edits(&given, &name.to_ascii_lowercase());
    let best = names.into_iter().min_by_key(distance)?;
    (distance(&best) <= 1 + given.chars().count() / 4).then_some(best)
}

/// Number of single-letter changes between two short words (Levenshtein).
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        if let Some(head) = row.first_mut() {
            *head = previous;
        }
        for (r, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let cost = diagonal + usize::from(l != *r);
            diagonal = *cell;
            previous = cost.min(*cell + 1).min(previous + 1);
            *cell = previous;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn did_you_mean() {
        let names = ["total", "diagnosis", "trauma_related"];
        assert_eq!(nearest("trauma_realted", names), Some("trauma_related"));
        assert_eq!(nearest("tatal", names), Some("total"));
        assert_eq!(nearest("zzzzzz", names), None);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
    }

    #[test]
    fn the_key_of_a_place() {
        for (place, key) in [
            ("item 5a (not asleep within 30 minutes)", "5a"),
            ("item sbp", "sbp"),
            ("items 1 and 3", "1"),
            ("trauma_related.9", "trauma_related.9"),
            ("readings[2].value", "readings[2].value"),
        ] {
            assert_eq!(Unscorable::new(place, Fault::OutOfRange, 1, "2", "mend").item, key);
        }
    }

    #[test]
    fn long_input_is_cut() {
        let fault = Unscorable::new("1", Fault::WrongType, "é".repeat(10_000), "a number", "mend");
        assert_eq!(fault.found.chars().count(), 81);
    }
}
