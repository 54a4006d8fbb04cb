//! Three-valued evaluation: yes, no, or unknown with the names that are missing.
//!
//! INVARIANT: taking answers away never turns a result from unknown into yes or no, nor one into the other
//! (Kleene's strong logic for `&&`, `||`, `!`; everything else is strict). A property test holds it.

use super::{
    Answer,
    compile::{Arithmetic, Compare, Tree},
    number::Number,
};
use jiff::civil::{Date, date};
use std::{borrow::Cow, cmp::Ordering};
use terms::Value;

/// A value while evaluating. Days are counted from 1970-01-01.
enum Held<'a> {
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Day(i64),
    /// Missing: positions of names, in order, each once.
    Unknown(Vec<usize>),
}

pub fn evaluate(tree: &Tree, names: &[String], look_up: &dyn Fn(&str) -> Option<Value>) -> Answer {
    let evaluator = Evaluator { names, look_up };
    match evaluator.held(tree) {
        Held::Bool(true) => Answer::Yes,
        Held::Bool(false) => Answer::No,
        Held::Unknown(missing) => {
            Answer::Unknown(missing.iter().filter_map(|position| names.get(*position).cloned()).collect())
        }
        // The compiler lets nothing else through.
        Held::Number(_) | Held::Text(_) | Held::Day(_) => Answer::Unknown(names.to_vec()),
    }
}

struct Evaluator<'a> {
    names: &'a [String],
    look_up: &'a dyn Fn(&str) -> Option<Value>,
}

impl<'a> Evaluator<'a> {
    fn held(&self, tree: &'a Tree) -> Held<'a> {
        match tree {
            Tree::Bool(value) => Held::Bool(*value),
            Tree::Number(number, _) => Held::Number(*number),
            Tree::Text(text, _) => Held::Text(Cow::Borrowed(text)),
            Tree::Name(position) => self.name(*position),
            Tree::Not(inner) => match self.held(inner) {
                Held::Bool(value) => Held::Bool(!value),
                other => self.unknown(&[other], &[inner]),
            },
            Tree::Negated(inner) => match self.held(inner) {
                Held::Number(number) => number.negated().map_or_else(|| self.unknown(&[], &[inner]), Held::Number),
                other => self.unknown(&[other], &[inner]),
            },
            Tree::And(left, right) => self.junction(left, right, false),
            Tree::Or(left, right) => self.junction(left, right, true),
            Tree::Arithmetic(sign, left, right) => self.arithmetic(*sign, left, right),
            Tree::Compare(sign, left, right) => self.compare(*sign, left, right),
            Tree::Within(item, list) => self.within(item, list),
            Tree::If(condition, yes, no) => match self.held(condition) {
                Held::Bool(true) => self.held(yes),
                Held::Bool(false) => self.held(no),
                other => self.unknown(&[other], &[condition]),
            },
        }
    }

    fn name(&self, position: usize) -> Held<'a> {
        let value = self.names.get(position).and_then(|name| (self.look_up)(name));
        match value {
            Some(Value::Bool(answer)) => Held::Bool(answer),
            Some(Value::Integer(number)) => Held::Number(Number::whole(number)),
            Some(Value::Decimal(number)) => Held::Number(Number::decimal(number)),
            Some(Value::Text(text)) => Held::Text(Cow::Owned(text)),
            Some(Value::Date(day)) => Held::Day(day_number(day)),
            Some(Value::Time(_) | Value::Missing(_)) | None => Held::Unknown(vec![position]),
        }
    }

    /// `&&` (decided by a no) and `||` (decided by a yes): a missing side doesn't matter when the other decides.
    fn junction(&self, left: &'a Tree, right: &'a Tree, decides: bool) -> Held<'a> {
        let first = self.held(left);
        if matches!(first, Held::Bool(value) if value == decides) {
            return first;
        }
        let second = self.held(right);
        match (&first, &second) {
            (_, Held::Bool(value)) if *value == decides => second,
            (Held::Bool(_), Held::Bool(_)) => Held::Bool(!decides),
            _ => self.unknown(&[first, second], &[left, right]),
        }
    }

    fn arithmetic(&self, sign: Arithmetic, left: &'a Tree, right: &'a Tree) -> Held<'a> {
        let (first, second) = (self.held(left), self.held(right));
        let result = match (sign, &first, &second) {
            (Arithmetic::Plus, Held::Number(a), Held::Number(b)) => a.plus(*b).map(Held::Number),
            (Arithmetic::Minus, Held::Number(a), Held::Number(b)) => a.minus(*b).map(Held::Number),
            (Arithmetic::Times, Held::Number(a), Held::Number(b)) => a.times(*b).map(Held::Number),
            (Arithmetic::Over, Held::Number(a), Held::Number(b)) => a.over(*b).map(Held::Number),
            (Arithmetic::Remainder, Held::Number(a), Held::Number(b)) => a.remainder(*b).map(Held::Number),
            (Arithmetic::Minus, Held::Day(a), Held::Day(b)) => Some(Held::Number(Number::whole(a - b))),
            (Arithmetic::Plus, Held::Day(day), Held::Number(days))
            | (Arithmetic::Plus, Held::Number(days), Held::Day(day)) => {
                days.as_days().and_then(|days| day.checked_add(days)).map(Held::Day)
            }
            (Arithmetic::Minus, Held::Day(day), Held::Number(days)) => {
                days.as_days().and_then(|days| day.checked_sub(days)).map(Held::Day)
            }
            _ => None,
        };
        result.unwrap_or_else(|| self.unknown(&[first, second], &[left, right]))
    }

    fn compare(&self, sign: Compare, left: &'a Tree, right: &'a Tree) -> Held<'a> {
        let (first, second) = (self.held(left), self.held(right));
        match order(&first, &second) {
            Some(order) => Held::Bool(match sign {
                Compare::Equal => order == Ordering::Equal,
                Compare::Unequal => order != Ordering::Equal,
                Compare::Less => order == Ordering::Less,
                Compare::AtMost => order != Ordering::Greater,
                Compare::More => order == Ordering::Greater,
                Compare::AtLeast => order != Ordering::Less,
            }),
            None => self.unknown(&[first, second], &[left, right]),
        }
    }

    fn within(&self, item: &'a Tree, list: &'a [Tree]) -> Held<'a> {
        let sought = self.held(item);
        if matches!(sought, Held::Unknown(_)) {
            return sought;
        }
        let mut unknown: Vec<Held<'a>> = Vec::new();
        for element in list {
            let held = self.held(element);
            match order(&sought, &held) {
                Some(Ordering::Equal) => return Held::Bool(true),
                Some(_) => {}
                None => unknown.push(held),
            }
        }
        if unknown.is_empty() { Held::Bool(false) } else { self.unknown(&unknown, &[item]) }
    }

    /// Unknown, with the missing names of the parts; where none of them is missing (a division by zero, a value of
    /// another kind than declared), with all names of their trees.
    fn unknown(&self, parts: &[Held<'a>], trees: &[&Tree]) -> Held<'a> {
        let mut missing = Vec::new();
        let mut add = |position: usize| {
            if !missing.contains(&position) {
                missing.push(position);
            }
        };
        for part in parts {
            if let Held::Unknown(positions) = part {
                positions.iter().for_each(|position| add(*position));
            }
        }
        if missing.is_empty() {
            let mut add = |position: usize| {
                if !missing.contains(&position) {
                    missing.push(position);
                }
            };
            trees.iter().for_each(|tree| tree.names(&mut add));
        }
        Held::Unknown(missing)
    }
}

/// How two values of one kind stand to each other; `None` for unknown or different kinds.
fn order(first: &Held<'_>, second: &Held<'_>) -> Option<Ordering> {
    match (first, second) {
        (Held::Bool(a), Held::Bool(b)) => Some(a.cmp(b)),
        (Held::Number(a), Held::Number(b)) => Some(a.cmp(b)),
        (Held::Text(a), Held::Text(b)) => Some(a.cmp(b)),
        (Held::Day(a), Held::Day(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

const EPOCH: Date = date(1970, 1, 1);

fn day_number(day: Date) -> i64 {
    day.duration_since(EPOCH).as_hours() / 24
}
