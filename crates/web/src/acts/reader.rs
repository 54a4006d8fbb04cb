//! Reads a form into a command's fields, and gathers what is wrong with it: all of it at once, each with its field.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use serde::de::DeserializeOwned;
use terms::Decimal;

use crate::http::pairs::Pairs;
use crate::parts::field::{Choice, Control, Field, id_of};

/// A form being read.
pub struct Reader<'a> {
    form: &'a Pairs,
    zone: TimeZone,
    wrong: Vec<Wrong>,
}

/// One thing wrong: the field and the sentence about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub field: String,
    pub words: String,
}

impl Wrong {
    pub fn new(field: &str, words: impl Into<String>) -> Self {
        Self { field: field.to_owned(), words: words.into() }
    }

    /// Where a link in the error summary leads.
    pub fn href(&self) -> String {
        if self.field.is_empty() { String::new() } else { format!("#{}", id_of(&self.field)) }
    }
}

impl<'a> Reader<'a> {
    pub fn new(form: &'a Pairs, zone: TimeZone) -> Self {
        Self { form, zone, wrong: Vec::new() }
    }

    pub const fn form(&self) -> &Pairs {
        self.form
    }

    /// What was wrong, in the order of the fields.
    pub fn finish(self) -> Vec<Wrong> {
        self.wrong
    }

    pub fn wrong(&mut self, field: &str, words: impl Into<String>) {
        self.wrong.push(Wrong::new(field, words));
    }

    /// A text that may be empty.
    pub fn text(&mut self, name: &str) -> String {
        self.form.text(name).to_owned()
    }

    /// A text that must be there.
    pub fn needed(&mut self, name: &str, missing: &str) -> String {
        let text = self.form.text(name);
        if text.is_empty() {
            self.wrong(name, missing);
        }
        text.to_owned()
    }

    pub fn maybe(&mut self, name: &str) -> Option<String> {
        let text = self.form.text(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// One of a closed list of the command; its code is the value's name in JSON.
    pub fn one_of<T: DeserializeOwned>(&mut self, name: &str, missing: &str) -> Option<T> {
        let code = self.form.text(name);
        if code.is_empty() {
            self.wrong(name, missing);
            return None;
        }
        let read = serde_json::from_value(serde_json::Value::String(code.to_owned())).ok();
        if read.is_none() {
            self.wrong(name, format!("“{code}” is not one of the choices. {missing}"));
        }
        read
    }

    /// The same, where leaving it open is an answer.
    pub fn maybe_one_of<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        if self.form.text(name).is_empty() { None } else { self.one_of(name, "Choose one.") }
    }

    pub fn yes_no(&mut self, name: &str, missing: &str) -> Option<bool> {
        match self.form.text(name) {
            "yes" => Some(true),
            "no" => Some(false),
            _ => {
                self.wrong(name, missing);
                None
            }
        }
    }

    pub fn whole<T: FromStr>(&mut self, name: &str, missing: &str) -> Option<T> {
        let text = self.form.text(name);
        if text.is_empty() {
            self.wrong(name, missing);
            return None;
        }
        let read = text.parse().ok();
        if read.is_none() {
            self.wrong(name, format!("“{text}” is not a whole number. {missing}"));
        }
        read
    }

    pub fn maybe_whole<T: FromStr>(&mut self, name: &str) -> Option<T> {
        if self.form.text(name).is_empty() { None } else { self.whole(name, "Digits only.") }
    }

    pub fn decimal(&mut self, name: &str, missing: &str) -> Option<Decimal> {
        let text = self.form.text(name);
        if text.is_empty() {
            self.wrong(name, missing);
            return None;
        }
        match decimal(text) {
            Ok(number) => Some(number),
            Err(words) => {
                self.wrong(name, words);
                None
            }
        }
    }

    pub fn date(&mut self, name: &str, missing: &str) -> Option<Date> {
        let text = self.form.text(name);
        if text.is_empty() {
            self.wrong(name, missing);
            return None;
        }
        match date(text) {
            Ok(day) => Some(day),
            Err(words) => {
                self.wrong(name, words);
                None
            }
        }
    }

    pub fn maybe_date(&mut self, name: &str) -> Option<Date> {
        if self.form.text(name).is_empty() { None } else { self.date(name, "") }
    }

    /// A date and time of day at the site.
    pub fn moment(&mut self, name: &str, missing: &str) -> Option<Timestamp> {
        let text = self.form.text(name);
        if text.is_empty() {
            self.wrong(name, missing);
            return None;
        }
        if let Some(both) = twice(text, &self.zone) {
            let said = self.form.text(&which_name(name));
            // What nobody changed is when the form was drawn; that instant is known.
            let drawn = self.form.text("drawn").parse::<Timestamp>().ok();
            let shown = |at: &Timestamp| moment_value(*at, &self.zone) == text.trim().replace(' ', "T");
            let meant = both.iter().find(|(offset, _)| offset.to_string() == said).map(|(_, at)| *at);
            if let Some(at) = meant.or_else(|| drawn.filter(shown).filter(|_| name == "at")) {
                return Some(at);
            }
        }
        match moment(text, &self.zone) {
            Ok(at) => Some(at),
            Err(words) => {
                self.wrong(name, words);
                None
            }
        }
    }

    pub fn maybe_moment(&mut self, name: &str) -> Option<Timestamp> {
        if self.form.text(name).is_empty() { None } else { self.moment(name, "") }
    }
}

/// A number as people type it: a comma is taken for a point.
pub fn decimal(text: &str) -> Result<Decimal, String> {
    text.replace(',', ".")
        .parse()
        .map_err(|_| format!("“{text}” is not a number. Digits, with a point before at most three decimals."))
}

/// A calendar day, as the browser's field gives it or as people type it where the field is plain.
pub fn date(text: &str) -> Result<Date, String> {
    let typed = text.trim();
    let turned = || {
        let parts: Vec<&str> = typed.split(['.', '/', ' ']).filter(|p| !p.is_empty()).collect();
        match parts.as_slice() {
            [day, month, year] => Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok(),
            _ => None,
        }
    };
    typed
        .parse()
        .ok()
        .or_else(turned)
        .ok_or_else(|| format!("“{text}” is not a day of the calendar. Year, month and day, as 2025-04-10."))
}

/// A time of day, `11:41`.
pub fn time(text: &str) -> Result<Time, String> {
    text.trim().parse().map_err(|_| format!("“{text}” is not a time of day. Hours and minutes, as 11:41."))
}

/// A date and time of day in a zone. One that the clocks show twice (they went back) or never (they went forward) is no
/// moment: the person is asked.
pub fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let civil = civil(text).ok_or_else(|| format!("“{text}” is not a date and time. As 2025-04-10 11:41."))?;
    let clock = civil.strftime("%H:%M");
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { .. } => {}
        AmbiguousOffset::Fold { .. } => {
            return Err(format!("The clocks went back: {clock} was there twice. Say which of the two it was."));
        }
        AmbiguousOffset::Gap { .. } => {
            return Err(format!("The clocks went forward: {clock} was never there on that day. Give the time anew."));
        }
    }
    civil.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).map_err(|error| error.to_string())
}

fn civil(text: &str) -> Option<DateTime> {
    text.trim().replace('T', " ").parse().ok()
}

/// The two moments of a time that the clocks showed twice, the earlier first.
fn twice(text: &str, zone: &TimeZone) -> Option<[(Offset, Timestamp); 2]> {
    let civil = civil(text)?;
    let AmbiguousOffset::Fold { before, after } = zone.to_ambiguous_timestamp(civil).offset() else { return None };
    Some([(before, before.to_timestamp(civil).ok()?), (after, after.to_timestamp(civil).ok()?)])
}

/// The name of the field in which somebody says which of two moments is meant.
fn which_name(name: &str) -> String {
    format!("{name}_which")
}

/// The question which of two moments a time means, where the clocks showed it twice.
pub fn which(name: &str, form: &Pairs, zone: &TimeZone) -> Option<Field> {
    let text = form.text(name);
    let clock = civil(text)?.strftime("%H:%M").to_string();
    let [first, second] = twice(text, zone)?;
    let option = |(offset, _): (Offset, Timestamp), when: &str| {
        Choice::new(offset.to_string(), format!("{clock} {when} the clocks went back (UTC{offset})"))
    };
    let options = vec![option(first, "before"), option(second, "after")];
    let field = Field::new(&which_name(name), &format!("Which {clock}"), Control::Choice { options });
    Some(field.value(form.text(&which_name(name))))
}

/// A moment for a `datetime-local` field.
pub fn moment_value(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_as_people_type_them() {
        for (text, wanted) in [
            ("2025-04-10", Some("2025-04-10")),
            ("10.4.2025", Some("2025-04-10")),
            ("10/04/2025", Some("2025-04-10")),
            ("2025-02-30", None),
            ("31.2.2025", None),
            ("tomorrow", None),
            ("", None),
            ("99999-01-01", None),
        ] {
            assert_eq!(date(text).ok().map(|d| d.to_string()).as_deref(), wanted, "{text}");
        }
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(moment("2025-04-10T11:41", &berlin).unwrap().to_string(), "2025-04-10T09:41:00Z");
        assert!(moment("2025-04-10", &berlin).is_ok());
        assert!(moment("2025-04-10T25:00", &berlin).is_err());
    }

    /// The night in which clocks go back, in Europe and in America: half past is there twice, and the person says which.
    #[test]
    fn a_time_that_was_there_twice_is_asked_about() {
        for (zone, text, clock, offsets, instants) in [
            (
                "Europe/Berlin",
                "2025-10-26T02:30",
                "02:30",
                ["+02", "+01"],
                ["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"],
            ),
            (
                "America/New_York",
                "2025-11-02T01:30",
                "01:30",
                ["-04", "-05"],
                ["2025-11-02T05:30:00Z", "2025-11-02T06:30:00Z"],
            ),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            let asked = Pairs::from_iter([("at", text)]);
            let mut reader = Reader::new(&asked, zone.clone());
            assert_eq!(reader.moment("at", "When."), None, "{text} is guessed");
            let wrong = reader.finish();
            assert!(wrong[0].words.contains(&format!("{clock} was there twice")), "{}", wrong[0].words);
            let question = which("at", &asked, &zone).unwrap().to_string();
            assert!(question.contains("before the clocks went back") && question.contains("after"), "{question}");
            for (offset, instant) in offsets.iter().zip(instants) {
                let said = Pairs::from_iter([("at", text), ("at_which", *offset)]);
                let mut reader = Reader::new(&said, zone.clone());
                assert_eq!(reader.moment("at", "When.").map(|at| at.to_string()).as_deref(), Some(instant));
                // A form that was drawn in that very minute, and whose time nobody changed, is sure.
                let drawn = Pairs::from_iter([("at", text), ("drawn", instant)]);
                let mut reader = Reader::new(&drawn, zone.clone());
                assert_eq!(reader.moment("at", "When.").map(|at| at.to_string()).as_deref(), Some(instant));
            }
            assert!(which("at", &Pairs::from_iter([("at", "2025-10-25T02:30")]), &zone).is_none());
        }
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert!(moment("2025-03-30T02:30", &berlin).unwrap_err().contains("never there"));
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let form = Pairs::from_iter([("pieces", "two"), ("day", "2025-13-01"), ("weight", "7l.2")]);
        let mut reader = Reader::new(&form, TimeZone::UTC);
        assert_eq!(reader.whole::<u32>("pieces", "How many."), None);
        assert_eq!(reader.date("day", "Which day."), None);
        assert_eq!(reader.decimal("weight", "How heavy."), None);
        assert_eq!(reader.needed("text", "Say what happened."), "");
        let fields: Vec<String> = reader.finish().into_iter().map(|w| w.field).collect();
        assert_eq!(fields, ["pieces", "day", "weight", "text"]);
    }

    #[test]
    fn a_comma_is_a_point() {
        assert_eq!(decimal("37,5").unwrap().to_string(), "37.5");
        assert!(decimal("1.2345").is_err());
    }
}
