//! Three-valued answers: yes, no, and "can't be told from what was answered".
//!
//! A criterion with an unanswered item is yes when it is met without that item, no when it could not be met even
//! if that item counted, and indeterminate otherwise. A missing answer is never read as a no.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Yes, no, or indeterminate because something that decides was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds, whatever the missing answers may be.
    Yes,
    /// It does not hold, whatever the missing answers may be.
    No,
    /// It hangs on an answer that is missing.
    Indeterminate,
}

impl Truth {
    /// Both hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::Indeterminate, _) | (_, Self::Indeterminate) => Self::Indeterminate,
        }
    }

    /// At least one holds.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            (Self::Indeterminate, _) | (_, Self::Indeterminate) => Self::Indeterminate,
        }
    }

    /// The opposite; indeterminate stays so.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Indeterminate => Self::Indeterminate,
        }
    }

    /// At least `needed` of `parts` hold.
    pub fn at_least(needed: usize, parts: impl IntoIterator<Item = Self>) -> Self {
        let (mut yes, mut open) = (0, 0);
        for part in parts {
            match part {
                Self::Yes => yes += 1,
                Self::Indeterminate => open += 1,
                Self::No => {}
            }
        }
        if yes >= needed {
            Self::Yes
        } else if yes + open < needed {
            Self::No
        } else {
            Self::Indeterminate
        }
    }

    /// Whether it is a plain yes.
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }

    /// `yes`, `no` or `indeterminate`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Indeterminate => "indeterminate",
        }
    }

    /// Reads the three words, and `true` and `false`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "yes" | "y" | "true" => Some(Self::Yes),
            "no" | "n" | "false" => Some(Self::No),
            "indeterminate" | "unknown" => Some(Self::Indeterminate),
            _ => None,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl From<Option<bool>> for Truth {
    fn from(holds: Option<bool>) -> Self {
        holds.map_or(Self::Indeterminate, Self::from)
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, Indeterminate, No, Yes};

    #[test]
    fn counting_with_gaps() {
        let check =
            |needed, parts: &[Truth], expected| assert_eq!(Truth::at_least(needed, parts.iter().copied()), expected);
        check(0, &[], Yes);
        check(1, &[], No);
        check(1, &[No, Indeterminate], Indeterminate);
        check(1, &[Yes, Indeterminate], Yes);
        check(2, &[Yes, Indeterminate, No], Indeterminate);
        check(2, &[No, Indeterminate, No], No);
    }

    #[test]
    fn and_or_agree_with_counting() {
        for a in [Yes, No, Indeterminate] {
            for b in [Yes, No, Indeterminate] {
                assert_eq!(a.and(b), Truth::at_least(2, [a, b]));
                assert_eq!(a.or(b), Truth::at_least(1, [a, b]));
                assert_eq!(a.and(b), a.negated().or(b.negated()).negated());
            }
        }
    }
}
