//! Reads one case written as JSON: `{"responses": {"1": 2, …}}` with what may stand beside the answers.
//!
//! Every key that means nothing is an error, so that a mistyped `trauma_related` can't silently change a diagnosis.

use crate::{
    Baseline, Fault, FormPack, Instrument, OwnRange, Recall, Responses, Settings, Sex, TraumaRelated, Truth,
    Unscorable,
    instrument::{Answers, Item, outputs},
    json::Json,
    reading::missing_reason,
    score_with,
    unscorable::nearest,
};
use std::collections::BTreeMap;
use terms::{Decimal, MissingReason, Value};

/// One case as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The caller's own name for it, given back with the answer.
    pub id: Option<String>,
    /// The answers.
    pub responses: Responses,
    /// The cut values it asks for.
    pub settings: Settings,
}

/// Why an input can't be scored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// `not_json`, `unreadable` or `unscorable`.
    pub code: &'static str,
    /// In a sentence.
    pub message: String,
    /// Line in the text, where the JSON breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in the line, where the JSON breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// All faults found.
    pub problems: Vec<Unscorable>,
    /// The caller's name for the case, where it could be read.
    #[serde(skip)]
    pub id: Option<String>,
}

impl InputError {
    pub(crate) fn of(code: &'static str, message: impl Into<String>, problems: Vec<Unscorable>) -> Self {
        Self { code, message: message.into(), line: None, column: None, problems, id: None }
    }

    pub(crate) fn unscorable(problems: Vec<Unscorable>) -> Self {
        let message = match problems.as_slice() {
            [one] => one.to_string(),
            more => format!("{} faults in the answers", more.len()),
        };
        Self::of("unscorable", message, problems)
    }
}

/// A report never lists more faults than this; a hostile input can hold a million.
const FAULTS_MAX: usize = 100;
/// Keys beside `responses`.
const KEYS: [&str; 14] = [
    "responses",
    "trauma_related",
    "work_not_applicable",
    "missing",
    "version",
    "recall",
    "sex",
    "age",
    "dosing_day",
    "ranges",
    "units",
    "baseline",
    "settings",
    "instrument",
];

/// Reads one case. A null answer is missing; `{"missing": "declined"}` says why.
///
/// Errors: JSON that breaks (with line and column), or all faults of structure at once.
pub fn read_case(instrument: &Instrument, text: &str, pack: Option<&FormPack>) -> Result<Case, InputError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json: Json = serde_json::from_str(text).map_err(|error| InputError {
        line: Some(error.line()),
        column: Some(error.column()),
        ..InputError::of("not_json", broken(text, &error), Vec::new())
    })?;
    from_json(instrument, json, pack)
}

fn broken(text: &str, error: &serde_json::Error) -> String {
    if text.trim().is_empty() {
        return "the input is empty; give {\"responses\": {\"1\": 2}}".to_owned();
    }
    let plain = error.to_string();
    let plain = plain.split(" at line ").next().unwrap_or(&plain).to_owned();
    let hint = if plain.contains("trailing characters") { "; for many cases, one a line, ask for lines" } else { "" };
    format!("this is not JSON: {plain} (line {}, column {}){hint}", error.line(), error.column())
}

fn from_json(instrument: &Instrument, json: Json, pack: Option<&FormPack>) -> Result<Case, InputError> {
    let Json::Object(members) = json else {
        let found = json.to_string();
        let message = format!("found {found}, needed an object: {{\"responses\": {{\"1\": 2}}}}");
        return Err(InputError::of("unreadable", message, Vec::new()));
    };
    let mut reader = Reader { instrument, wrong: Vec::new(), responses: Responses::default() };
    let mut case = Case { id: None, responses: Responses::default(), settings: Settings::default() };
    let mut answered = false;
    let mut baseline = None;
    let mut missing = None;
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in members {
        if seen.contains(&key) {
            reader.fault(&key, Fault::Twice, "two of them", "one", "keep the right one");
            continue;
        }
        match key.as_str() {
            "id" | "case" => case.id = Some(identity(&value)),
            "note" => {}
            "responses" => {
                answered = true;
                reader.answers(value);
            }
            "settings" => match settings(value) {
                Ok(settings) => case.settings = settings,
                Err(wrong) => reader.wrong.extend(wrong),
            },
            "baseline" => baseline = Some(value),
            "missing" => missing = Some(value),
            _ => reader.beside(&key, value),
        }
        if seen.len() < FAULTS_MAX {
            seen.push(key);
        }
        if reader.wrong.len() >= FAULTS_MAX {
            break;
        }
    }
    if !answered && reader.wrong.len() < FAULTS_MAX {
        reader.fault(
            "responses",
            Fault::UnknownKey,
            "nothing",
            "\"responses\" with the answers by item",
            "put the answers under \"responses\"",
        );
    }
    if let Some(missing) = missing {
        reader.reasons(missing);
    }
    if let Some(baseline) = baseline {
        reader.baseline(baseline, &case.settings, pack);
    }
    if reader.wrong.is_empty() {
        case.responses = reader.responses;
        return Ok(case);
    }
    // What could be read is looked through as well, so that one run tells everything.
    if let Err(more) = score_with(instrument, &reader.responses, &case.settings, pack) {
        let room = FAULTS_MAX.saturating_sub(reader.wrong.len());
        reader.wrong.extend(more.into_iter().take(room));
    }
    Err(InputError { id: case.id, ..InputError::unscorable(reader.wrong) })
}

fn identity(value: &Json) -> String {
    if let Json::Text(text) = value { text.clone() } else { value.to_string() }
}

fn settings(value: Json) -> Result<Settings, Vec<Unscorable>> {
    let fault = |item: &str, found: String, needed: &str, mend: String| {
        vec![Unscorable::new(item, Fault::UnknownKey, found, needed, mend)]
    };
    if let Json::Object(members) = &value {
        let known = serde_json::to_value(Settings::REFERENCE).unwrap_or_default();
        let names: Vec<&str> = known.as_object().into_iter().flat_map(|map| map.keys()).map(String::as_str).collect();
        if let Some((key, _)) = members.iter().find(|(key, _)| !names.contains(&key.as_str())) {
            let mend = nearest(key, names.iter().copied())
                .map_or_else(|| "drop it".to_owned(), |near| format!("did you mean {near}?"));
            let needed = format!("one of {}", names.join(", "));
            return Err(fault(&format!("settings.{key}"), format!("\"{key}\""), &needed, mend));
        }
    }
    let read: Result<Settings, _> = serde_json::from_value(to_serde(value));
    let settings = read.map_err(|error| {
        fault("settings", error.to_string(), "settings of the documented kinds", "mend the setting".to_owned())
    })?;
    let wrong = settings.faults();
    if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
}

fn to_serde(value: Json) -> serde_json::Value {
    match value {
        Json::Null => serde_json::Value::Null,
        Json::Bool(answer) => answer.into(),
        Json::Integer(number) => number.into(),
        Json::Float(number) => number.into(),
        Json::Text(text) => text.into(),
        Json::List(items) => items.into_iter().map(to_serde).collect(),
        Json::Object(members) => members.into_iter().map(|(key, value)| (key, to_serde(value))).collect(),
    }
}

struct Reader<'a> {
    instrument: &'a Instrument,
    wrong: Vec<Unscorable>,
    responses: Responses,
}

impl Reader<'_> {
    fn fault(
        &mut self,
        item: &str,
        fault: Fault,
        found: impl std::fmt::Display,
        needed: &str,
        mend: impl Into<String>,
    ) {
        if self.wrong.len() < FAULTS_MAX {
            self.wrong.push(Unscorable::new(item, fault, found, needed, mend));
        }
    }

    fn members(&mut self, key: &str, value: Json) -> Vec<(String, Json)> {
        match value {
            Json::Object(members) => members,
            Json::Null => Vec::new(),
            other => {
                self.fault(key, Fault::WrongType, other, "an object by item", "write {\"1\": …}");
                Vec::new()
            }
        }
    }

    fn answers(&mut self, value: Json) {
        let mut members = match value {
            Json::Object(members) => members,
            other => {
                self.fault("responses", Fault::WrongType, other, "an object by item", "write {\"1\": 2, \"2\": null}");
                return;
            }
        };
        let total = members.len();
        members.truncate(10_000);
        if total > members.len() {
            self.fault("responses", Fault::UnknownItem, total, "one answer an item", "drop what is not on the form");
        }
        for (key, value) in members {
            let Some(item) = self.instrument.item(&key) else {
                let fault = crate::sheet::unknown_item(self.instrument, &key);
                if self.wrong.len() < FAULTS_MAX {
                    self.wrong.push(fault);
                }
                continue;
            };
            if self.responses.answers.contains_key(item.id) || self.responses.rows.contains_key(item.id) {
                self.fault(
                    &format!("item {}", item.id),
                    Fault::Twice,
                    "two answers",
                    "one answer",
                    "keep the right one",
                );
                continue;
            }
            self.answer(&key, item, value);
        }
    }

    fn answer(&mut self, key: &str, item: &'static Item, value: Json) {
        if let (Answers::Rows(_), Json::List(rows)) = (item.answers, &value) {
            let rows = rows.iter().enumerate().map(|(n, row)| self.row(key, n, row)).collect();
            self.responses.rows.insert(item.id.to_owned(), rows);
            return;
        }
        let value = match value {
            Json::List(items) => match item.answers {
                Answers::Graded(_) | Answers::Codes(_) => self.joined(key, &items),
                _ => {
                    self.fault(
                        &format!("item {key}"),
                        Fault::WrongType,
                        Json::List(items),
                        &item.answers.allowed(),
                        "give one answer",
                    );
                    return;
                }
            },
            Json::Object(members) => self.tagged(key, item, members),
            plain => self.value(key, &plain),
        };
        if let Some(value) = value {
            self.responses.answers.insert(item.id.to_owned(), value);
        }
    }

    /// A plain JSON value as an answer.
    fn value(&mut self, key: &str, value: &Json) -> Option<Value> {
        match value {
            Json::Null => Some(Value::Missing(MissingReason::NotAsked)),
            Json::Bool(answer) => Some(Value::Bool(*answer)),
            Json::Integer(number) if number.unsigned_abs() < 1_000_000_000_000 => Some(Value::Integer(*number)),
            Json::Text(text) => Some(Value::Text(text.clone())),
            Json::Float(number) => {
                let near = Decimal::nearest(*number);
                // 2.0001 must not become a whole 2.
                let hidden = near.is_some_and(|near| near.is_whole() && number.fract() != 0.0);
                let small = near.filter(|near| near.as_thousandths().unsigned_abs() < 1_000_000_000_000_000 && !hidden);
                if small.is_none() {
                    self.fault(
                        &format!("item {key}"),
                        Fault::OutOfRange,
                        number,
                        "a number with at most three decimals",
                        "check the number",
                    );
                }
                small.map(Value::Decimal)
            }
            other @ (Json::Integer(_) | Json::List(_) | Json::Object(_)) => {
                self.fault(&format!("item {key}"), Fault::WrongType, other, "one answer", "check the answer");
                None
            }
        }
    }

    /// Several codes or ticks, with commas between.
    fn joined(&mut self, key: &str, items: &[Json]) -> Option<Value> {
        let mut parts = Vec::new();
        for item in items.iter().take(FAULTS_MAX) {
            match item {
                Json::Text(text) => parts.push(text.clone()),
                Json::Integer(number) => parts.push(number.to_string()),
                other => {
                    self.fault(
                        &format!("item {key}"),
                        Fault::WrongType,
                        other,
                        "a list of codes",
                        "write each code as a text",
                    );
                    return None;
                }
            }
        }
        Some(Value::Text(parts.join(",")))
    }

    /// `{"missing": …}`, `{"decimal": …}`, `{"date": …}`, `{"time": …}`, or a quantity with its unit and range.
    fn tagged(&mut self, key: &str, item: &'static Item, members: Vec<(String, Json)>) -> Option<Value> {
        let mut answer = None;
        let (mut low, mut high) = (None, None);
        for (tag, value) in &members {
            match (tag.as_str(), value) {
                ("missing", Json::Text(reason)) => match missing_reason(reason) {
                    Some(reason) => answer = Some(Value::Missing(reason)),
                    None => self.fault(&format!("item {key}"), Fault::OutOfRange, value, REASONS, "name the reason"),
                },
                ("value", value) => answer = self.value(key, value),
                ("decimal" | "date" | "time", Json::Text(text)) => {
                    answer = Some(text.parse().map_or_else(|_| Value::Text(text.clone()), Value::Decimal));
                }
                ("unit", Json::Text(unit)) => {
                    self.responses.units.insert(item.id.to_owned(), unit.clone());
                }
                ("low", value) => low = self.value(key, value).and_then(|value| value.as_decimal()),
                ("high", value) => high = self.value(key, value).and_then(|value| value.as_decimal()),
                (_, value) => {
                    let needed = "an answer, {\"missing\": reason}, or {\"value\", \"unit\", \"low\", \"high\"}";
                    let found = format!("\"{tag}\": {value}");
                    self.fault(&format!("item {key}"), Fault::UnknownKey, found, needed, "give the answer itself");
                }
            }
        }
        match (low, high) {
            (Some(low), Some(high)) => {
                self.responses.ranges.insert(item.id.to_owned(), OwnRange { low, high });
            }
            (None, None) => {}
            _ => self.fault(
                &format!("item {key}"),
                Fault::UnknownKey,
                "one end of a range",
                "both low and high",
                "give both",
            ),
        }
        answer
    }

    fn row(&mut self, key: &str, n: usize, row: &Json) -> BTreeMap<String, Value> {
        let Json::Object(fields) = row else {
            self.fault(
                &format!("{key}[{}]", n + 1),
                Fault::WrongType,
                row,
                "an object by field",
                "write {\"type\": …}",
            );
            return BTreeMap::new();
        };
        let read = fields
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), self.value(&format!("{key}[{}].{name}", n + 1), value)?)));
        read.collect()
    }

    fn reasons(&mut self, value: Json) {
        for (key, reason) in self.members("missing", value).into_iter().take(1_000) {
            let read = if let Json::Text(text) = &reason { missing_reason(text) } else { None };
            match (self.instrument.item(&key), read) {
                (None, _) => {
                    let fault = crate::sheet::unknown_item(self.instrument, &key);
                    self.wrong.push(fault);
                }
                (_, None) => {
                    self.fault(&format!("missing.{key}"), Fault::OutOfRange, reason, REASONS, "name the reason")
                }
                (Some(item), Some(reason)) => match self.responses.answers.get(item.id) {
                    Some(value) if !value.is_missing() => {
                        self.fault(
                            &format!("missing.{key}"),
                            Fault::Contradiction,
                            "a reason beside an answer",
                            "one of them",
                            "drop the other",
                        );
                    }
                    _ => {
                        self.responses.answers.insert(item.id.to_owned(), Value::Missing(reason));
                    }
                },
            }
        }
    }

    /// The keys beside `responses` that hold no answers.
    fn beside(&mut self, key: &str, value: Json) {
        match (key, &value) {
            (_, Json::Null) if KEYS.contains(&key) => {}
            ("trauma_related", _) if self.instrument.id == "caps5" => self.trauma_related(value),
            ("work_not_applicable", _) if self.instrument.id == "sds" => match yes_no(&value) {
                Some(answer) => self.responses.work_not_applicable = answer,
                None => self.fault(key, Fault::WrongType, value, "true or false", "say whether work applies"),
            },
            ("work_not_applicable" | "trauma_related", _) => {
                let needed = if key == "trauma_related" { "only for CAPS-5" } else { "only for SDS" };
                self.fault(key, Fault::UnknownKey, value, needed, "drop it");
            }
            ("version", Json::Text(text)) => {
                let variant = text.trim().to_ascii_lowercase().replace(' ', "_");
                // "Past week" is a version of some forms and a period of all.
                match Recall::parse(text).filter(|_| !self.instrument.variants.contains(&variant.as_str())) {
                    Some(recall) => self.responses.recall = Some(recall),
                    None => self.responses.variant = Some(variant),
                }
            }
            ("recall", Json::Text(text)) => match Recall::parse(text) {
                Some(recall) => self.responses.recall = Some(recall),
                None => {
                    let words: Vec<&str> = Recall::ALL.iter().map(|(_, word)| *word).collect();
                    self.fault(
                        key,
                        Fault::OutOfRange,
                        value,
                        &format!("one of {}", words.join(", ")),
                        "name the period",
                    );
                }
            },
            ("sex", Json::Text(text)) if Sex::parse(text).is_some() => self.responses.sex = Sex::parse(text),
            ("sex", _) => {
                self.fault(key, Fault::OutOfRange, value, "female or male, or null", "give it, or leave it out")
            }
            ("age", Json::Integer(age)) if (0..=130).contains(age) => {
                self.responses.age_years = u16::try_from(*age).ok()
            }
            ("age", _) => self.fault(key, Fault::OutOfRange, value, "years from 0 to 130", "correct it"),
            ("dosing_day", Json::Bool(answer)) => self.responses.dosing_day = *answer,
            ("units", _) => {
                for (item, unit) in self.members(key, value) {
                    let id = self.instrument.item(&item).map_or(item, |item| item.id.to_owned());
                    match unit {
                        Json::Text(unit) => drop(self.responses.units.insert(id, unit)),
                        other => {
                            self.fault(&format!("units.{id}"), Fault::WrongType, other, "a unit", "write it as a text")
                        }
                    }
                }
            }
            ("ranges", _) => self.ranges(value),
            ("instrument", Json::Text(name)) => {
                if crate::find(name).is_none_or(|found| found.id != self.instrument.id) {
                    self.fault(key, Fault::Contradiction, value, self.instrument.id, "score it by its own instrument");
                }
            }
            _ if KEYS.contains(&key) => {
                self.fault(key, Fault::WrongType, value, "what the documentation of the input says", "correct it");
            }
            _ => {
                let mend =
                    nearest(key, KEYS).map_or_else(|| "drop it".to_owned(), |near| format!("did you mean \"{near}\"?"));
                self.fault(key, Fault::UnknownKey, format!("\"{key}\""), &format!("one of {}", KEYS.join(", ")), mend);
            }
        }
    }

    fn trauma_related(&mut self, value: Json) {
        for (key, rating) in self.members("trauma_related", value) {
            let id = self.instrument.item(&key).map_or(key, |item| item.id.to_owned());
            let read = if let Json::Text(text) = &rating { TraumaRelated::parse(text) } else { None };
            match (read, rating) {
                (Some(read), _) => {
                    if self.responses.trauma_related.insert(id.clone(), read).is_some() {
                        self.fault(
                            &format!("trauma_related.{id}"),
                            Fault::Twice,
                            "two ratings",
                            "one",
                            "keep the right one",
                        );
                    }
                }
                // Not rated.
                (None, Json::Null) => {}
                (None, other) => {
                    self.fault(
                        &format!("trauma_related.{id}"),
                        Fault::OutOfRange,
                        other,
                        "definite, probable, unlikely or null",
                        "correct it",
                    );
                }
            }
        }
    }

    fn ranges(&mut self, value: Json) {
        for (item, range) in self.members("ranges", value) {
            let id = self.instrument.item(&item).map_or(item, |item| item.id.to_owned());
            let ends = match &range {
                Json::List(ends) => ends.iter().filter_map(|end| self.value(&id, end)?.as_decimal()).collect(),
                _ => Vec::new(),
            };
            match ends.as_slice() {
                [low, high] => drop(self.responses.ranges.insert(id, OwnRange { low: *low, high: *high })),
                _ => self.fault(&format!("ranges.{id}"), Fault::WrongType, range, "[low, high]", "give both ends"),
            }
        }
    }

    /// An earlier administration: its scores and decisions by name, or its own responses to be scored.
    fn baseline(&mut self, value: Json, settings: &Settings, pack: Option<&FormPack>) {
        if let Json::Object(members) = &value
            && members.iter().any(|(key, _)| key == "responses")
        {
            let scored = from_json(self.instrument, value, pack).and_then(|case| {
                score_with(self.instrument, &case.responses, settings, pack).map_err(InputError::unscorable)
            });
            match scored {
                Ok(scored) => self.responses.baseline = Some(Baseline::from(&scored)),
                Err(error) => self.wrong.extend(error.problems.into_iter().map(|mut fault| {
                    fault.place = format!("baseline: {}", fault.place);
                    fault
                })),
            }
            return;
        }
        let mut baseline = Baseline::default();
        let outputs = outputs(self.instrument);
        for (name, value) in self.members("baseline", value) {
            let Some(output) = outputs.iter().find(|output| output.name == name) else {
                let names = outputs.iter().map(|output| output.name);
                let mend = nearest(&name, names.clone())
                    .map_or_else(|| "drop it".to_owned(), |near| format!("did you mean {near}?"));
                let needed = names.collect::<Vec<_>>().join(", ");
                self.fault(&format!("baseline.{name}"), Fault::UnknownKey, format!("\"{name}\""), &needed, mend);
                continue;
            };
            self.baseline_value(&mut baseline, output, &name, &value);
        }
        self.responses.baseline = Some(baseline);
    }

    fn baseline_value(&mut self, baseline: &mut Baseline, output: &crate::Output, name: &str, value: &Json) {
        use crate::OutputKind;
        let truth = match value {
            Json::Bool(answer) => Some(Truth::from(*answer)),
            Json::Text(text) => Truth::parse(text),
            Json::Null | Json::Integer(_) | Json::Float(_) | Json::List(_) | Json::Object(_) => None,
        };
        match (output.kind, value, truth) {
            (_, Json::Null, _) | (OutputKind::Text, _, _) => {}
            (OutputKind::Number, Json::Integer(_) | Json::Float(_), _) => {
                if let Some(number) = self.value(name, value).and_then(|value| value.as_decimal()) {
                    baseline.scores.insert(name.to_owned(), number);
                }
            }
            (OutputKind::Decision, _, Some(truth)) => {
                baseline.decisions.insert(name.to_owned(), truth);
            }
            (kind, value, _) => {
                let needed = if kind == OutputKind::Number { "a number" } else { "yes, no or indeterminate" };
                self.fault(&format!("baseline.{name}"), Fault::WrongType, value, needed, "correct it");
            }
        }
    }
}

/// A flag in the words that answers take too.
fn yes_no(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(answer) => Some(*answer),
        Json::Integer(0) => Some(false),
        Json::Integer(1) => Some(true),
        Json::Text(text) => match Truth::parse(text)? {
            Truth::Yes => Some(true),
            Truth::No => Some(false),
            Truth::Indeterminate => None,
        },
        Json::Null | Json::Integer(_) | Json::Float(_) | Json::List(_) | Json::Object(_) => None,
    }
}

const REASONS: &str = "one of not_asked, declined, unknown, not_applicable, lost";
