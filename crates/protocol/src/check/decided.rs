//! Expressions whose answer is settled before anybody is asked: met by no answers that the forms take, met by all of
//! them, or never to be answered.
//!
//! Such an expression is asked on a grid: for each of its names the ends of the range, every number written in it, and
//! the nearest on both sides of each. Between two neighbours of the grid no comparison changes, so the grid stands for
//! all. Sums and products break that: of those it is only told whether they have an answer at all.

use super::{Checker, expressions::field_of};
use crate::{
    expression::{Answer, Constant, Expression, Kind, Scope},
    model::{Field, FieldKind},
};
use std::collections::BTreeSet;
use terms::{Decimal, Value};

/// Names in one expression that are gone through together.
const NAMES_MAX: usize = 2;
/// What nothing is beyond where nothing else is known, in thousandths.
const FAR: i64 = 1_000_000_000;
/// Years that people live, in thousandths.
pub const AGE_MAX: i64 = 130_000;

/// What is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Never,
    Always,
    Unanswerable,
}

impl Settled {
    /// Reports it of a part that `what` names.
    pub fn report(self, checker: &Checker<'_>, what: &str, path: &str) {
        let (code, message, label, mend) = match self {
            Self::Never => (
                "study.expression-never",
                format!("{what} can be met by nobody"),
                "no answers make this true",
                "its parts contradict each other, or the range of a field: correct one of them",
            ),
            Self::Always => (
                "study.expression-always",
                format!("{what} is met by everybody"),
                "all answers make this true",
                "it decides nothing: correct it, or take it out",
            ),
            Self::Unanswerable => (
                "study.expression-unanswerable",
                format!("{what} has no answer, whatever is answered to it"),
                "never yes, never no",
                "is something divided by zero? correct the numbers",
            ),
        };
        checker.note(checker.mistake(code, path, message, label).mend(mend));
    }
}

/// What is settled of an expression, if anything; `own` are fields whose names stand alone.
pub fn settled(checker: &Checker<'_>, expression: &Expression, own: &[Field], scope: &Scope) -> Option<Settled> {
    let names = expression.names();
    if names.is_empty() || names.len() > NAMES_MAX {
        return None;
    }
    let (numbers, reckons) = written(expression.text())?;
    let values: Vec<Vec<Value>> =
        names.iter().map(|name| domain(checker, expression, name, own, scope, &numbers)).collect::<Option<_>>()?;
    let none = [Value::Bool(false)];
    let first = values.first()?;
    let second = values.get(1).map_or(&none[..], Vec::as_slice);
    let (mut yes, mut no, mut unknown) = (false, false, false);
    for one in first {
        for other in second {
            let look_up = |name: &str| match names.iter().position(|known| known == name)? {
                0 => Some(one.clone()),
                _ => Some(other.clone()),
            };
            match expression.evaluate(&look_up) {
                Answer::Yes => yes = true,
                Answer::No => no = true,
                Answer::Unknown(_) => unknown = true,
            }
            if yes && no {
                return None;
            }
        }
    }
    match (yes, no, unknown) {
        (false, false, true) => Some(Settled::Unanswerable),
        (false, true, false) if !reckons => Some(Settled::Never),
        (true, false, false) if !reckons => Some(Settled::Always),
        _ => None,
    }
}

/// The numbers written in a text, in thousandths, and whether it reckons; `None` for numbers finer than that.
fn written(text: &str) -> Option<(BTreeSet<i64>, bool)> {
    let (mut numbers, mut reckons) = (BTreeSet::new(), false);
    let mut quote = None;
    let mut word = String::new();
    let mut take = |word: &mut String| -> Option<()> {
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            numbers.insert(word.parse::<Decimal>().ok()?.as_thousandths());
        }
        word.clear();
        Some(())
    };
    for character in text.chars() {
        if let Some(open) = quote {
            quote = (character != open).then_some(open);
            continue;
        }
        if character.is_ascii_alphanumeric() || matches!(character, '_' | '.') {
            word.push(character);
            continue;
        }
        take(&mut word)?;
        match character {
            '"' | '\'' => quote = Some(character),
            '+' | '-' | '*' | '/' | '%' => reckons = true,
            _ => {}
        }
    }
    take(&mut word)?;
    Some((numbers, reckons))
}

/// Values that stand for all that a name may have; `None` where that isn't known.
fn domain(
    checker: &Checker<'_>,
    expression: &Expression,
    name: &str,
    own: &[Field],
    scope: &Scope,
    numbers: &BTreeSet<i64>,
) -> Option<Vec<Value>> {
    let texts = || {
        let compared = expression.compared().filter(|(known, ..)| *known == name);
        compared.filter_map(|(_, _, with, _)| match with {
            Constant::Text(text) => Some(text.to_owned()),
            Constant::Number(_) => None,
        })
    };
    let any_text = || texts().chain([String::from("\u{1}")]).map(Value::Text).collect();
    let whole = |min: i64, max: i64| grid((min, max), 1000, numbers, &|number| Value::Integer(number / 1000));
    let decimal =
        |min: i64, max: i64| grid((min, max), 1, numbers, &|number| Value::Decimal(Decimal::thousandths(number)));
    match field_of(checker, name, own).map(|field| &field.kind) {
        Some(FieldKind::Integer { min, max, .. }) => {
            return (min <= max).then(|| whole(min.saturating_mul(1000), max.saturating_mul(1000)));
        }
        Some(FieldKind::Decimal { min, max, .. }) => {
            return (min <= max).then(|| decimal(min.as_thousandths(), max.as_thousandths()));
        }
        Some(FieldKind::YesNo) => return Some(vec![Value::Bool(true), Value::Bool(false)]),
        Some(FieldKind::Choice { options }) => {
            return Some(options.iter().map(|option| Value::Text(option.code.clone())).collect());
        }
        Some(FieldKind::Text { .. }) => return Some(any_text()),
        Some(FieldKind::Date | FieldKind::Time) => return None,
        None => {}
    }
    match scope.get(name)? {
        Kind::Bool => Some(vec![Value::Bool(true), Value::Bool(false)]),
        Kind::Text => Some(any_text()),
        Kind::Day => None,
        Kind::Integer if name == "participant.age_at_consent" => Some(whole(0, AGE_MAX)),
        Kind::Integer if name.matches('.').count() == 1 && COUNTED.contains(&name) => Some(whole(0, FAR)),
        Kind::Integer => Some(whole(-FAR, FAR)),
        Kind::Decimal => Some(decimal(-FAR, FAR)),
    }
}

/// Facts that are counted from nought.
const COUNTED: [&str; 4] =
    ["participant.days_since_consent", "dosing.count", "dosing.days_since_last", "consent.quiz_score"];

fn grid((min, max): (i64, i64), step: i64, numbers: &BTreeSet<i64>, value: &dyn Fn(i64) -> Value) -> Vec<Value> {
    let near = numbers.iter().flat_map(|number| {
        let floor = number.div_euclid(step) * step;
        [floor - step, floor, floor + step]
    });
    let all: BTreeSet<i64> = near.filter(|number| (min..=max).contains(number)).chain([min, max]).collect();
    all.into_iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn numbers_of_a_text_are_told_from_names_and_quotes() {
        let (numbers, reckons) = written("phq9.total >= 10 && kind == '12-b' || weight < 4.5").unwrap();
        assert_eq!(numbers.into_iter().collect::<Vec<_>>(), [4_500, 10_000]);
        assert!(!reckons);
        assert!(written("a / 2 > 1").unwrap().1);
        assert!(written("a > 0.12345").is_none());
    }
}
