//! Reads a pack's TOML and checks that it fits its instrument, collecting every mistake with its place.

use super::{FormPack, Norm, PackError, Words};
use crate::{
    all, find,
    instrument::{Answers, Instrument, Item},
    responses::Sex,
    unscorable::nearest,
};
use std::{collections::BTreeMap, ops::Range};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

type Key<'a> = Spanned<DeString<'a>>;
type Entry<'a> = Spanned<DeValue<'a>>;

struct Checker<'t> {
    text: &'t str,
    wrong: Vec<PackError>,
}

impl Checker<'_> {
    fn at(&mut self, span: Range<usize>, message: impl Into<String>, mend: impl Into<String>) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.wrong.push(PackError {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1,
            message: message.into(),
            mend: mend.into(),
        });
    }

    fn text(&mut self, name: &str, value: &Entry<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
            DeValue::String(_) => {
                self.at(value.span(), format!("{name} is empty"), "write the text, or drop the line");
                None
            }
            _ => {
                self.at(value.span(), format!("{name} is not a text"), "put it in quotation marks");
                None
            }
        }
    }

    fn table<'v, 'a>(&mut self, name: &str, value: &'v Entry<'a>) -> Option<&'v DeTable<'a>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        self.at(value.span(), format!("{name} is not a table"), format!("write [{name}] with a line for each"));
        None
    }

    fn whole(&mut self, name: &str, value: &Entry<'_>) -> Option<i64> {
        let read = if let DeValue::Integer(number) = value.get_ref() {
            i64::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| number.abs() <= 1_000_000)
        } else {
            None
        };
        if read.is_none() {
            self.at(value.span(), format!("{name} is not a whole number"), "write a whole number below a million");
        }
        read
    }

    fn wholes(&mut self, name: &str, value: &Entry<'_>) -> Option<Vec<(i64, Range<usize>)>> {
        let DeValue::Array(list) = value.get_ref() else {
            self.at(value.span(), format!("{name} is not a list"), "write [1, 2, 3]");
            return None;
        };
        let read: Vec<_> = list.iter().filter_map(|item| Some((self.whole(name, item)?, item.span()))).collect();
        (read.len() == list.len()).then_some(read)
    }
}

const TOP: [&str; 10] =
    ["instrument", "version", "language", "title", "instructions", "licence", "answers", "items", "keys", "norms"];

pub(super) fn parse(text: &str) -> Result<FormPack, Vec<PackError>> {
    let mut checker = Checker { text, wrong: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        checker.at(span, format!("this is not TOML: {}", error.message()), "mend the line");
    }
    let table = document.get_ref();
    // What a broken line hides would be reported as missing: syntax first.
    if !checker.wrong.is_empty() {
        return Err(checker.wrong);
    }
    for key in table.keys().filter(|key| !TOP.contains(&key.get_ref().as_ref())) {
        let name = key.get_ref().to_string();
        let mend = nearest(&name, TOP).map_or_else(|| "drop it".to_owned(), |near| format!("did you mean {near}?"));
        checker.at(key.span(), format!("a pack has no \"{name}\""), mend);
    }
    let Some(instrument) = instrument(&mut checker, table) else { return Err(checker.wrong) };
    let version = required(&mut checker, table, "version", "the version of the form, such as past_month");
    let language = language(&mut checker, table);
    let pack = FormPack {
        instrument: instrument.id,
        version: version.unwrap_or_default(),
        language: language.unwrap_or_default(),
        title: table.get("title").and_then(|value| checker.text("title", value)),
        instructions: table.get("instructions").and_then(|value| checker.text("instructions", value)),
        answers: form_answers(&mut checker, instrument, table),
        items: items(&mut checker, instrument, table),
        keys: keys(&mut checker, instrument, table),
        norms: norms(&mut checker, instrument, table),
    };
    complete_answers(&mut checker, instrument, &pack, table);
    checker.wrong.sort_by_key(|error| (error.line, error.column));
    if checker.wrong.is_empty() { Ok(pack) } else { Err(checker.wrong) }
}

fn required(checker: &mut Checker<'_>, table: &DeTable<'_>, name: &str, what: &str) -> Option<String> {
    match table.get(name) {
        Some(value) => checker.text(name, value),
        None => {
            checker.at(0..0, format!("\"{name}\" is missing"), format!("add {name} = \"…\": {what}"));
            None
        }
    }
}

fn instrument(checker: &mut Checker<'_>, table: &DeTable<'_>) -> Option<&'static Instrument> {
    let name = required(checker, table, "instrument", "the instrument's id")?;
    let found = find(&name);
    if found.is_none()
        && let Some(value) = table.get("instrument")
    {
        let ids: Vec<&str> = all().iter().map(|instrument| instrument.id).collect();
        let mend = nearest(&name, ids.iter().copied())
            .map_or_else(|| format!("one of {}", ids.join(", ")), |near| format!("did you mean {near}?"));
        checker.at(value.span(), format!("there is no instrument \"{name}\""), mend);
    }
    found
}

fn language(checker: &mut Checker<'_>, table: &DeTable<'_>) -> Option<String> {
    let language = required(checker, table, "language", "such as en-GB")?;
    let mut parts = language.split('-');
    let first =
        parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()));
    let rest = parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if !(first && rest)
        && let Some(value) = table.get("language")
    {
        checker.at(value.span(), format!("\"{language}\" is not a language tag"), "write it as en, en-GB or de-AT");
    }
    Some(language)
}

/// The codes that an item's answers can be worded by; none where there is nothing to word.
fn codes(item: &Item) -> Vec<String> {
    match item.answers {
        Answers::Whole { min, max, step } => {
            (min..=max).step_by(usize::try_from(step).unwrap_or(1)).map(|n| n.to_string()).collect()
        }
        Answers::OneOf(values) => values.iter().map(i64::to_string).collect(),
        Answers::Graded(options) => options.iter().map(|(option, _)| (*option).to_owned()).collect(),
        Answers::Code(codes) | Answers::Codes(codes) => codes.iter().map(|code| code.code.to_owned()).collect(),
        Answers::YesNo | Answers::Count { .. } => vec!["yes".to_owned(), "no".to_owned()],
        Answers::Number { .. } | Answers::Time | Answers::Moment | Answers::Text | Answers::Rows(_) => Vec::new(),
    }
}

fn words(checker: &mut Checker<'_>, table: &DeTable<'_>, known: &[String], whose: &str) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    for (key, value) in table {
        let code = key.get_ref().to_string();
        if !known.contains(&code) {
            let mend =
                if known.is_empty() { "drop it".to_owned() } else { format!("its answers are {}", known.join(", ")) };
            checker.at(key.span(), format!("{whose} has no answer \"{code}\""), mend);
        } else if let Some(word) = checker.text(&format!("the word of answer \"{code}\""), value) {
            read.insert(code, word);
        }
    }
    read
}

fn form_answers(checker: &mut Checker<'_>, instrument: &Instrument, table: &DeTable<'_>) -> BTreeMap<String, String> {
    let Some(table) = table.get("answers").and_then(|value| checker.table("answers", value)) else {
        return BTreeMap::new();
    };
    let mut known: Vec<String> = instrument.items.iter().flat_map(codes).collect();
    known.sort();
    known.dedup();
    words(checker, table, &known, instrument.name)
}

fn items(checker: &mut Checker<'_>, instrument: &Instrument, table: &DeTable<'_>) -> BTreeMap<&'static str, Words> {
    let mut read: BTreeMap<&'static str, Words> = BTreeMap::new();
    let Some(value) = table.get("items") else {
        // A pack may bring a key or norms alone.
        if !table.contains_key("keys") && !table.contains_key("norms") {
            checker.at(0..0, "the pack has no [items], [keys] or [norms]", "add the part that the licence covers");
        }
        return read;
    };
    let Some(table) = checker.table("items", value) else { return read };
    // As written: of two lines for one item the later is the one too many.
    let mut lines: Vec<_> = table.iter().collect();
    lines.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in lines {
        let name = key.get_ref();
        let Some(item) = instrument.item(name) else {
            let ids = instrument.items.iter().map(|item| item.id);
            let mend = match nearest(name, ids) {
                Some(id) if !name.bytes().all(|byte| byte.is_ascii_digit()) => format!("did you mean {id}?"),
                _ => "check the number against the form".to_owned(),
            };
            checker.at(key.span(), format!("{} has no item \"{name}\"", instrument.name), mend);
            continue;
        };
        if read.contains_key(item.id) {
            checker.at(key.span(), format!("item {} stands here twice (\"{name}\")", item.id), "keep one");
            continue;
        }
        let words = item_words(checker, item, key, value);
        read.insert(item.id, words);
    }
    let missing: Vec<&str> = instrument
        .items
        .iter()
        .filter(|item| !item.optional && !read.contains_key(item.id))
        .map(|item| item.id)
        .collect();
    if !missing.is_empty() {
        checker.at(value.span(), format!("items without a text: {}", missing.join(", ")), "add a line for each");
    }
    read
}

fn item_words(checker: &mut Checker<'_>, item: &'static Item, key: &Key<'_>, value: &Entry<'_>) -> Words {
    let whose = format!("item {}", item.id);
    let table = match value.get_ref() {
        DeValue::Table(table) => table,
        _ => return Words { label: checker.text(&whose, value).unwrap_or_default(), answers: BTreeMap::new() },
    };
    let mut read = Words::default();
    for (name, value) in table {
        match name.get_ref().as_ref() {
            "label" => read.label = checker.text(&whose, value).unwrap_or_default(),
            "answers" => {
                if let Some(table) = checker.table("answers", value) {
                    read.answers = words(checker, table, &codes(item), &whose);
                    complete(checker, &whose, &codes(item), &read.answers, value.span());
                }
            }
            other => checker.at(name.span(), format!("{whose} has no \"{other}\""), "an item has label and answers"),
        }
    }
    if !table.contains_key("label") {
        checker.at(key.span(), format!("{whose} has no label"), "add label = \"…\"");
    }
    read
}

/// Words for some answers of a short list but not for all would leave a form half in another language.
fn complete(
    checker: &mut Checker<'_>,
    whose: &str,
    codes: &[String],
    words: &BTreeMap<String, String>,
    span: Range<usize>,
) {
    let open: Vec<&str> = codes.iter().filter(|code| !words.contains_key(*code)).map(String::as_str).collect();
    if !words.is_empty() && codes.len() <= 11 && !open.is_empty() {
        checker.at(span, format!("{whose}: answers without a word: {}", open.join(", ")), "add a word for each");
    }
}

/// The form's common words must cover every item that takes any of them and has none of its own.
fn complete_answers(checker: &mut Checker<'_>, instrument: &Instrument, pack: &FormPack, table: &DeTable<'_>) {
    let Some(value) = table.get("answers") else { return };
    for item in instrument.items {
        let codes = codes(item);
        let own = pack.items.get(item.id).is_some_and(|words| !words.answers.is_empty());
        let named: BTreeMap<String, String> =
            pack.answers.iter().filter(|(code, _)| codes.contains(code)).map(|(c, w)| (c.clone(), w.clone())).collect();
        let before = checker.wrong.len();
        if !own {
            complete(checker, &format!("item {}", item.id), &codes, &named, value.span());
        }
        // One report is enough: the next items mostly lack the same words.
        if checker.wrong.len() > before {
            return;
        }
    }
}

fn keys(checker: &mut Checker<'_>, instrument: &Instrument, table: &DeTable<'_>) -> BTreeMap<&'static str, Vec<u16>> {
    let mut read = BTreeMap::new();
    let Some(table) = table.get("keys").and_then(|value| checker.table("keys", value)) else { return read };
    let names = instrument.pack_scales.iter().map(|scale| scale.name);
    for (key, value) in table {
        let name = key.get_ref();
        let Some(scale) = instrument.pack_scales.iter().find(|scale| scale.name == name.as_ref()) else {
            let all: Vec<&str> = names.clone().collect();
            let mend = match (nearest(name, names.clone()), all.is_empty()) {
                (_, true) => format!("the key of {} is built in; drop it", instrument.name),
                (Some(near), _) => format!("did you mean {near}?"),
                (None, _) => format!("one of {}", all.join(", ")),
            };
            checker.at(key.span(), format!("{} takes no key for a scale \"{name}\"", instrument.name), mend);
            continue;
        };
        let Some(numbers) = checker.wholes(name, value) else { continue };
        let mut key_numbers: Vec<u16> = Vec::with_capacity(numbers.len());
        for (number, span) in numbers {
            match u16::try_from(number).ok().filter(|n| (1..=instrument.items.len()).contains(&usize::from(*n))) {
                None => checker.at(
                    span,
                    format!("there is no item {number}"),
                    format!("items are 1 to {}", instrument.items.len()),
                ),
                Some(n) if key_numbers.contains(&n) => {
                    checker.at(span, format!("item {n} stands in {name} twice"), "keep one")
                }
                Some(n) => key_numbers.push(n),
            }
        }
        if let Some(of) = scale.n_items
            && key_numbers.len() != usize::from(of)
        {
            checker.at(
                value.span(),
                format!("{name} has {} items, it needs {of}", key_numbers.len()),
                "check it against the manual",
            );
        }
        read.insert(scale.name, key_numbers);
    }
    partition(checker, instrument, table, &read);
    read
}

/// Where the sizes are public the scales share out the items: all of them are given, and no item belongs to two.
fn partition(
    checker: &mut Checker<'_>,
    instrument: &Instrument,
    table: &DeTable<'_>,
    keys: &BTreeMap<&'static str, Vec<u16>>,
) {
    if instrument.pack_scales.iter().any(|scale| scale.n_items.is_none()) {
        return;
    }
    let mut seen: BTreeMap<u16, &str> = BTreeMap::new();
    for (scale, numbers) in keys {
        let span = table.get(*scale).map_or(0..0, Spanned::span);
        for number in numbers {
            if let Some(other) = seen.insert(*number, scale).filter(|other| other != scale) {
                checker.at(
                    span.clone(),
                    format!("item {number} stands in {other} and in {scale}"),
                    "an item belongs to one scale",
                );
            }
        }
    }
    let absent: Vec<&str> =
        instrument.pack_scales.iter().map(|s| s.name).filter(|name| !keys.contains_key(name)).collect();
    if !keys.is_empty() && !absent.is_empty() {
        checker.at(0..0, format!("[keys] lacks {}", absent.join(", ")), "give all scales or none");
    }
}

fn norms(checker: &mut Checker<'_>, instrument: &Instrument, table: &DeTable<'_>) -> Vec<Norm> {
    let Some(value) = table.get("norms") else { return Vec::new() };
    let DeValue::Array(list) = value.get_ref() else {
        checker.at(value.span(), "norms is not a list of tables", "write [[norms]] for each table");
        return Vec::new();
    };
    let mut read: Vec<Norm> = Vec::new();
    for entry in list.iter() {
        let DeValue::Table(table) = entry.get_ref() else {
            checker.at(entry.span(), "a norm is not a table", "write [[norms]] for each table");
            continue;
        };
        let Some(norm) = norm(checker, instrument, table, entry.span()) else { continue };
        let overlaps = |other: &&Norm| {
            other.scale == norm.scale
                && (other.sex.is_none() || norm.sex.is_none() || other.sex == norm.sex)
                && other.ages.0 <= norm.ages.1
                && norm.ages.0 <= other.ages.1
        };
        if read.iter().find(overlaps).is_some() {
            checker.at(
                entry.span(),
                format!("two norms of {} fit the same person", norm.scale),
                "part them by sex or age",
            );
        }
        read.push(norm);
    }
    read
}

fn norm(checker: &mut Checker<'_>, instrument: &Instrument, table: &DeTable<'_>, span: Range<usize>) -> Option<Norm> {
    const FIELDS: [&str; 6] = ["scale", "sex", "age_min", "age_max", "raw", "t"];
    for key in table.keys().filter(|key| !FIELDS.contains(&key.get_ref().as_ref())) {
        checker.at(key.span(), format!("a norm has no \"{}\"", key.get_ref()), format!("it has {}", FIELDS.join(", ")));
    }
    let Some(scale_entry) = table.get("scale") else {
        checker.at(span, "a norm without its scale", "add scale = \"…\"");
        return None;
    };
    let scale = checker.text("scale", scale_entry)?;
    if !instrument.pack_scales.iter().any(|known| known.name == scale) {
        let names = instrument.pack_scales.iter().map(|scale| scale.name);
        let mend = nearest(&scale, names.clone())
            .map_or_else(|| names.collect::<Vec<_>>().join(", "), |near| format!("did you mean {near}?"));
        checker.at(scale_entry.span(), format!("{} has no scale \"{scale}\" with norms", instrument.name), mend);
    }
    let sex = match table.get("sex") {
        None => None,
        Some(value) => {
            let sex = checker.text("sex", value).as_deref().and_then(Sex::parse);
            if sex.is_none() {
                checker.at(value.span(), "sex is neither female nor male", "write \"female\" or \"male\", or drop it");
            }
            sex
        }
    };
    let mut age = |name: &str, otherwise: u16| match table.get(name) {
        None => otherwise,
        Some(value) => checker.whole(name, value).and_then(|years| u16::try_from(years).ok()).unwrap_or(otherwise),
    };
    let ages = (age("age_min", 0), age("age_max", u16::MAX));
    if ages.0 > ages.1 {
        checker.at(span.clone(), format!("ages from {} to {}", ages.0, ages.1), "age_min comes first");
    }
    let (Some(raw), Some(t)) = (table.get("raw"), table.get("t")) else {
        checker.at(span, "a norm needs raw and t", "add raw = [...] and t = [...] of the same length");
        return None;
    };
    let (raw_numbers, t_numbers) = (checker.wholes("raw", raw)?, checker.wholes("t", t)?);
    if raw_numbers.len() != t_numbers.len() || raw_numbers.is_empty() {
        checker.at(
            t.span(),
            format!("{} raw scores and {} T scores", raw_numbers.len(), t_numbers.len()),
            "one T score for each raw score",
        );
        return None;
    }
    let first_raw = raw_numbers.first().map_or(0, |(number, _)| *number);
    for (expected, (number, span)) in (first_raw..).zip(raw_numbers) {
        if number != expected {
            checker.at(
                span,
                format!("raw score {number} where {expected} belongs"),
                "list every raw score once, rising by one",
            );
            break;
        }
    }
    Some(Norm { scale, sex, ages, first_raw, t: t_numbers.into_iter().map(|(number, _)| number).collect() })
}
