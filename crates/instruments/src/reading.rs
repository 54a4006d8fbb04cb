//! Reads one given value as an item's answer, or says what is wrong with it.

use crate::{
    instrument::{Answers, Code, Item},
    unscorable::{Fault, Unscorable, nearest},
};
use jiff::civil::Date;
use std::fmt::Write as _;
use terms::{Decimal, MissingReason, Value};

/// A day, or what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Year.
    pub year: i16,
    /// Month 1–12, if known.
    pub month: Option<i8>,
    /// Day of the month, if known (then the month is too).
    pub day: Option<i8>,
    /// Hour and minute, if known (then the day is too).
    pub time: Option<(i8, i8)>,
}

/// An item's answer, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// No answer; the reason if one was given.
    Missing(Option<MissingReason>),
    /// A number, or the points of a graded option.
    Number(Decimal),
    /// Yes or no; for counts, yes without a number is one at least.
    YesNo(bool),
    /// The position of a code in its list.
    Code(usize),
    /// The positions of codes in their list, as bits.
    Codes(u64),
    /// Minutes after midnight.
    Minutes(i64),
    /// A day or part of one.
    Moment(Moment),
    /// Free text stands in the responses.
    Text,
    /// Rows, each with its fields in order.
    Rows(Vec<Vec<Cell>>),
}

impl Answers {
    /// What may be answered, in words.
    pub fn allowed(&self) -> String {
        let list = |codes: &[Code]| codes.iter().map(|code| code.code).collect::<Vec<_>>().join(", ");
        match self {
            Self::Whole { min, max, step: 1 } => format!("a whole number from {min} to {max}"),
            Self::Whole { min, max, step } => format!("a whole number from {min} to {max} in steps of {step}"),
            Self::OneOf(values) => {
                format!("one of {}", values.iter().map(i64::to_string).collect::<Vec<_>>().join(", "))
            }
            Self::Number { min, max, unit: "" } => format!("a number from {min} to {max}"),
            Self::Number { min, max, unit } => format!("a number from {min} to {max} {unit}"),
            Self::YesNo => "yes or no (true or false)".to_owned(),
            Self::Count { max } => format!("a count from 0 to {max}, or yes or no"),
            Self::Graded(options) => {
                format!("one of {}", options.iter().map(|(option, _)| *option).collect::<Vec<_>>().join(", "))
            }
            Self::Code(codes) => format!("one of {}", list(codes)),
            Self::Codes(codes) => format!("any of {}", list(codes)),
            Self::Time => "a time of day as HH:MM, 00:00 to 23:59".to_owned(),
            Self::Moment => "a date as 2026-03-14 (or what is known: 2026-03, 2026), perhaps with T09:30".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Rows(fields) => {
                format!("a list of rows with {}", fields.iter().map(|field| field.id).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Reads one value. Missing values are [`Cell::Missing`], not errors.
pub(crate) fn read(key: &str, item: &Item, value: &Value) -> Result<Cell, Box<Unscorable>> {
    if let Value::Missing(reason) = value {
        return Ok(Cell::Missing(Some(*reason)));
    }
    let read = match item.answers {
        Answers::Whole { min, max, step } => read_whole(value, |n| (min..=max).contains(&n) && (n - min) % step == 0),
        Answers::OneOf(values) => read_whole(value, |n| values.contains(&n)),
        Answers::Number { min, max, .. } => read_number(value, min, max),
        Answers::YesNo => read_yes_no(value),
        Answers::Count { max } => match value {
            Value::Integer(_) | Value::Decimal(_) => read_whole(value, |n| (0..=max).contains(&n)),
            Value::Bool(_) | Value::Text(_) | Value::Date(_) | Value::Time(_) | Value::Missing(_) => read_yes_no(value),
        },
        Answers::Graded(options) => read_graded(value, options),
        Answers::Code(codes) => read_code(value, codes).map(Cell::Code),
        Answers::Codes(codes) => read_codes(value, codes),
        Answers::Time => read_time(value),
        Answers::Moment => read_moment(value),
        Answers::Text => Ok(Cell::Text),
        Answers::Rows(_) => Err(Wrong::kind()),
    };
    match read {
        Ok(cell) => Ok(cell),
        Err(wrong) => match value.as_text().and_then(missing_reason) {
            Some(reason) => Ok(Cell::Missing(Some(reason))),
            None => Err(Box::new(refused(key, item, value, wrong))),
        },
    }
}

/// Why a value can't be read; the mend where it is not the general one.
struct Wrong {
    fault: Fault,
    mend: Option<String>,
}

impl Wrong {
    const fn range() -> Self {
        Self { fault: Fault::OutOfRange, mend: None }
    }

    const fn kind() -> Self {
        Self { fault: Fault::WrongType, mend: None }
    }

    fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

fn refused(key: &str, item: &Item, value: &Value, wrong: Wrong) -> Unscorable {
    let found = match value {
        Value::Text(text) => format!("the text \"{text}\""),
        Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Missing(_) => value.to_string(),
    };
    let name = if key == item.label { format!("item {key}") } else { format!("item {key} ({})", item.label) };
    let mend = wrong.mend.unwrap_or_else(|| match wrong.fault {
        Fault::OutOfRange => "check the form; if it was not answered, leave it null".to_owned(),
        Fault::UnknownItem
        | Fault::UnknownKey
        | Fault::WrongType
        | Fault::Twice
        | Fault::Contradiction
        | Fault::Implausible => "give the answer as stated, or null if it was not answered".to_owned(),
    });
    Unscorable::new(&name, wrong.fault, found, item.answers.allowed(), mend)
}

/// A reason for missing, in its written form.
pub(crate) fn missing_reason(text: &str) -> Option<MissingReason> {
    match text.trim().to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
        "not_asked" => Some(MissingReason::NotAsked),
        "declined" => Some(MissingReason::Declined),
        "unknown" => Some(MissingReason::Unknown),
        "not_applicable" | "n/a" | "na" => Some(MissingReason::NotApplicable),
        "lost" => Some(MissingReason::Lost),
        _ => None,
    }
}

fn read_whole(value: &Value, allowed: impl Fn(i64) -> bool) -> Result<Cell, Wrong> {
    let Some(number) = value.as_decimal() else {
        let quoted = value.as_text().is_some_and(|text| text.trim().parse::<i64>().is_ok());
        return Err(if quoted {
            Wrong::kind().mend("write the number without quotation marks")
        } else {
            Wrong::kind()
        });
    };
    if number.is_whole() && allowed(number.trunc()) { Ok(Cell::Number(number)) } else { Err(Wrong::range()) }
}

fn read_number(value: &Value, min: Decimal, max: Decimal) -> Result<Cell, Wrong> {
    let Some(number) = value.as_decimal() else {
        let quoted = value.as_text().is_some_and(|text| text.trim().parse::<Decimal>().is_ok());
        return Err(if quoted {
            Wrong::kind().mend("write the number without quotation marks")
        } else {
            Wrong::kind()
        });
    };
    if number >= min && number <= max { Ok(Cell::Number(number)) } else { Err(Wrong::range()) }
}

fn read_yes_no(value: &Value) -> Result<Cell, Wrong> {
    match value {
        Value::Bool(answer) => Ok(Cell::YesNo(*answer)),
        Value::Integer(0) => Ok(Cell::YesNo(false)),
        Value::Integer(1) => Ok(Cell::YesNo(true)),
        Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "yes" | "y" | "true" => Ok(Cell::YesNo(true)),
            "no" | "n" | "false" => Ok(Cell::YesNo(false)),
            _ => Err(Wrong::kind()),
        },
        Value::Integer(_) => Err(Wrong::range()),
        Value::Decimal(_) | Value::Date(_) | Value::Time(_) | Value::Missing(_) => Err(Wrong::kind()),
    }
}

/// Reads `2`, `"2b"`, `"1, 2b"`; of several the highest counts.
fn read_graded(value: &Value, options: &[(&'static str, i64)]) -> Result<Cell, Wrong> {
    let points = |text: &str| {
        let text = text.trim().to_ascii_lowercase();
        let option = options.iter().find(|(option, _)| *option == text);
        // A plain number is worth itself, also where the options carry letters.
        option
            .map(|(_, points)| *points)
            .or_else(|| text.parse::<i64>().ok().filter(|number| options.iter().any(|(_, points)| points == number)))
    };
    if let Some(number) = value.as_decimal() {
        let known = number.is_whole() && options.iter().any(|(_, points)| *points == number.trunc());
        return if known { Ok(Cell::Number(number)) } else { Err(Wrong::range()) };
    }
    let text = value.as_text().ok_or_else(Wrong::kind)?;
    let mut highest = None;
    for tick in text.split(',') {
        highest = highest.max(Some(points(tick).ok_or_else(Wrong::range)?));
    }
    highest.map(|points| Cell::Number(Decimal::whole(points))).ok_or_else(Wrong::range)
}

fn read_code(value: &Value, codes: &[Code]) -> Result<usize, Wrong> {
    let given = match value {
        Value::Text(text) => text.clone(),
        Value::Bool(answer) => if *answer { "yes" } else { "no" }.to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(_) | Value::Time(_) | Value::Missing(_) => return Err(Wrong::kind()),
    };
    let plain = |text: &str| text.trim().to_ascii_lowercase().replace([' ', '-', '\'', '\u{2019}'], "_");
    let given = plain(&given);
    let known = |code: &Code| code.code == given || code.also.iter().any(|other| plain(other) == given);
    codes.iter().position(known).ok_or_else(|| {
        let wrong = if value.as_text().is_some() { Wrong::range() } else { Wrong::kind() };
        match nearest(&given, codes.iter().map(|code| code.code)) {
            Some(name) => wrong.mend(format!("did you mean {name}?")),
            None => wrong,
        }
    })
}

fn read_codes(value: &Value, codes: &[Code]) -> Result<Cell, Wrong> {
    let text = value.as_text().ok_or_else(Wrong::kind)?;
    let mut bits = 0;
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        bits |= 1_u64 << read_code(&Value::Text(part.to_owned()), codes)?.min(63);
    }
    Ok(Cell::Codes(bits))
}

fn read_time(value: &Value) -> Result<Cell, Wrong> {
    if let Value::Time(time) = value {
        return Ok(Cell::Minutes(i64::from(time.hour()) * 60 + i64::from(time.minute())));
    }
    let text = value.as_text().ok_or_else(|| Wrong::kind().mend("write it as \"23:00\""))?;
    let (hour, minute) = hour_minute(text).ok_or_else(|| {
        if text.trim().starts_with("24:") {
            Wrong::range().mend("midnight is \"00:00\"")
        } else {
            Wrong::range().mend("write it as \"23:00\", by the 24-hour clock")
        }
    })?;
    Ok(Cell::Minutes(i64::from(hour) * 60 + i64::from(minute)))
}

/// Reads `H:MM`, `HH:MM`, `HH:MM:SS`.
fn hour_minute(text: &str) -> Option<(i8, i8)> {
    let mut parts = text.trim().split(':');
    let number = |part: Option<&str>, limit: i8, digits: &[usize]| {
        let part =
            part.filter(|part| digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        part.parse::<i8>().ok().filter(|number| *number < limit)
    };
    let hour = number(parts.next(), 24, &[1, 2])?;
    let minute = number(parts.next(), 60, &[2])?;
    let second = parts.next();
    let sound = second.is_none() || number(second, 60, &[2]).is_some();
    (sound && parts.next().is_none()).then_some((hour, minute))
}

fn read_moment(value: &Value) -> Result<Cell, Wrong> {
    match value {
        Value::Date(date) => {
            Ok(Cell::Moment(Moment { year: date.year(), month: Some(date.month()), day: Some(date.day()), time: None }))
        }
        Value::Text(text) => moment(text).map(Cell::Moment).ok_or_else(Wrong::range),
        Value::Integer(year) => moment(&year.to_string()).map(Cell::Moment).ok_or_else(Wrong::range),
        Value::Bool(_) | Value::Decimal(_) | Value::Time(_) | Value::Missing(_) => Err(Wrong::kind()),
    }
}

/// Reads `2026`, `2026-03`, `2026-03-14`, `2026-03-14T09:30`.
pub(crate) fn moment(text: &str) -> Option<Moment> {
    let (date, time) = match text.trim().split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(hour_minute(time)?)),
        None => (text.trim(), None),
    };
    let mut parts = date.split('-');
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<i16>().ok())?
    };
    let year = number(parts.next()?, 4).filter(|year| (1900..=2200).contains(year))?;
    let month = parts.next().map(|part| number(part, 2)).map_or(Some(None), |month| month.map(Some))?;
    let day = parts.next().map(|part| number(part, 2)).map_or(Some(None), |day| day.map(Some))?;
    if parts.next().is_some() || (time.is_some() && day.is_none()) {
        return None;
    }
    let (month, day) = (month.map(|month| month as i8), day.map(|day| day as i8));
    Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    Some(Moment { year, month, day, time })
}

/// Writes a list of codes back, for messages.
pub(crate) fn written(bits: u64, codes: &[Code]) -> String {
    let mut text = String::new();
    for (position, code) in codes.iter().enumerate() {
        if bits & (1 << position.min(63)) != 0 {
            let _ = write!(text, "{}{}", if text.is_empty() { "" } else { ", " }, code.code);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::{item, number, whole};

    fn check(answers: Answers, value: Value, expected: Result<Cell, Fault>) {
        let item = item("1", "test", answers);
        assert_eq!(
            read("1", &item, &value).map_err(|wrong| wrong.fault),
            expected,
            "{value:?} as {}",
            answers.allowed()
        );
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn numbers() {
        let n = |text: &str| Ok(Cell::Number(text.parse().unwrap()));
        let d = |text: &str| Value::Decimal(text.parse().unwrap());
        check(whole(0, 4), Value::Integer(4), n("4"));
        check(whole(0, 4), d("2.0"), n("2"));
        check(whole(0, 4), d("2.5"), Err(Fault::OutOfRange));
        check(whole(0, 4), Value::Integer(5), Err(Fault::OutOfRange));
        check(whole(0, 4), Value::Integer(-1), Err(Fault::OutOfRange));
        check(whole(0, 4), text("2"), Err(Fault::WrongType));
        check(whole(0, 4), Value::Bool(true), Err(Fault::WrongType));
        check(whole(0, 4), text("declined"), Ok(Cell::Missing(Some(MissingReason::Declined))));
        check(Answers::Whole { min: 0, max: 100, step: 10 }, Value::Integer(15), Err(Fault::OutOfRange));
        check(Answers::OneOf(&[0, 2, 4]), Value::Integer(3), Err(Fault::OutOfRange));
        check(number(0, 10, "h"), d("5.5"), n("5.5"));
        check(number(0, 10, "h"), d("10.001"), Err(Fault::OutOfRange));
    }

    #[test]
    fn words() {
        check(Answers::YesNo, text("Yes"), Ok(Cell::YesNo(true)));
        check(Answers::YesNo, Value::Integer(0), Ok(Cell::YesNo(false)));
        check(Answers::YesNo, Value::Integer(2), Err(Fault::OutOfRange));
        check(Answers::YesNo, text("perhaps"), Err(Fault::WrongType));
        check(Answers::Time, text("23:00"), Ok(Cell::Minutes(1380)));
        check(Answers::Time, text("7:05"), Ok(Cell::Minutes(425)));
        for wrong in ["24:00", "7", "7:5", "07:60", "11:00 pm", "-1:00", "1:00:00:00"] {
            check(Answers::Time, text(wrong), Err(Fault::OutOfRange));
        }
        let graded = Answers::Graded(&[("0", 0), ("1a", 1), ("1b", 1), ("2a", 2), ("2b", 2)]);
        check(graded, text("2b"), Ok(Cell::Number(Decimal::whole(2))));
        check(graded, text("1a,2b"), Ok(Cell::Number(Decimal::whole(2))));
        check(graded, Value::Integer(1), Ok(Cell::Number(Decimal::whole(1))));
        check(graded, text("2c"), Err(Fault::OutOfRange));
        check(graded, Value::Integer(3), Err(Fault::OutOfRange));
    }

    #[test]
    fn moments() {
        for good in ["2026", "2026-03", "2026-02-28", "2028-02-29", "2026-03-14T09:30", "2026-03-14 9:30"] {
            assert!(moment(good).is_some(), "{good}");
        }
        for wrong in
            ["", "26", "2026-13", "2026-02-29", "2026-3-1", "2026-03T09:30", "2026-03-14-1", "2026-03-14T25:00"]
        {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }
}
