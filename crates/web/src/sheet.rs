//! A form as it is filled in: its questions drawn, what was typed read back, and what it scores so far.
//!
//! An instrument's items that share their answers stand as a grid, lines down and answers across. Scoring is asked of
//! the core; nothing here knows an instrument's key.

use std::collections::BTreeMap;

use conduct::forms::{ReadForm, read_form};
use instruments::{Answers, Code, FormPack, Instrument, Item};
use protocol::model::{Field as StudyField, Form};
use terms::{FieldId, MissingReason, Value};

use crate::acts::reader::{self, Reader, Wrong};
use crate::answers;
use crate::parts::Markup;
use crate::parts::field::{Choice, Control, Field, Grid, GridLine, LineKind, Past};

/// What stands before a field's id in the form.
pub const PREFIX: &str = "values.";
/// The answer of a grid that says that there is none.
const NO_ANSWER: &str = "none";
const RELATED: [(&str, &str); 3] = [("definite", "definite"), ("probable", "probable"), ("unlikely", "unlikely")];

/// Licensed words in place of our neutral labels, where the store has them.
pub type Wording<'a> = Option<&'a FormPack>;

/// The words of one answer: the code stays in sight where it is a number.
fn answer_words(wording: Wording<'_>, item: &Item, code: &str, ours: &str) -> String {
    match wording.and_then(|pack| pack.answer(item.id, code)) {
        Some(words) if code.parse::<i64>().is_ok() => format!("{code} {words}"),
        Some(words) => words.to_owned(),
        None => ours.to_owned(),
    }
}

/// One question, in the order in which it is asked.
enum Question<'a> {
    Own(&'a StudyField),
    Item(&'static Item),
    /// Whether a symptom is related to the trauma, beside its severity.
    Related(&'static Item),
    /// The mark that work did not apply.
    WorkNotApplicable,
}

fn questions(form: &Form) -> Vec<Question<'_>> {
    let mut all = Vec::new();
    if let Some(instrument) = instrument_of(form) {
        all.extend(
            instrument.items.iter().filter(|item| !matches!(item.answers, Answers::Rows(_))).map(Question::Item),
        );
        if instrument.id == "caps5" {
            all.extend(
                instruments::scales::caps5::TRAUMA_RATED
                    .iter()
                    .filter_map(|id| instrument.item(id))
                    .map(Question::Related),
            );
        }
        if instrument.id == "sds" {
            all.push(Question::WorkNotApplicable);
        }
    }
    all.extend(form.fields.iter().map(Question::Own));
    all
}

/// The instrument that a form carries.
pub fn instrument_of(form: &Form) -> Option<&'static Instrument> {
    instruments::find(form.instrument.as_deref()?)
}

impl Question<'_> {
    fn id(&self) -> String {
        match self {
            Self::Own(field) => field.id.to_string(),
            Self::Item(item) => item.id.to_owned(),
            Self::Related(item) => format!("related_{}", item.id),
            Self::WorkNotApplicable => "work_not_applicable".to_owned(),
        }
    }

    fn name(&self) -> String {
        format!("{PREFIX}{}", self.id())
    }

    fn label(&self, wording: Wording<'_>) -> String {
        match self {
            Self::Own(field) => field.label.clone(),
            Self::Item(item) | Self::Related(item) => label_of(item, wording),
            Self::WorkNotApplicable => "Work or school did not apply this week".to_owned(),
        }
    }

    fn needed(&self) -> bool {
        match self {
            Self::Own(field) => field.required,
            Self::Item(item) => !item.optional,
            Self::Related(_) | Self::WorkNotApplicable => false,
        }
    }

    /// The number that people know an item by; nothing for one that has a name instead.
    fn shown_id(&self) -> String {
        let id = match self {
            Self::Item(item) | Self::Related(item) => item.id,
            Self::Own(_) | Self::WorkNotApplicable => "",
        };
        if id.len() <= 3 { id.to_owned() } else { String::new() }
    }

    /// The answers of a line, where it can stand in a grid.
    fn across(&self, wording: Wording<'_>) -> Option<Vec<Choice>> {
        let choice = |item: &Item, code: &str| Choice::new(code, answer_words(wording, item, code, code));
        match self {
            Self::Item(item) => match item.answers {
                Answers::Whole { min, max, step: 1 } if max - min <= 10 => {
                    Some((min..=max).map(|n| choice(item, &n.to_string())).collect())
                }
                Answers::YesNo => Some(vec![choice(item, "yes"), choice(item, "no")]),
                _ => None,
            },
            Self::Related(_) => Some(RELATED.iter().map(|(code, label)| Choice::new(*code, *label)).collect()),
            Self::Own(_) | Self::WorkNotApplicable => None,
        }
    }
}

fn label_of(item: &Item, wording: Wording<'_>) -> String {
    match wording.and_then(|pack| pack.label(item.id)) {
        // Licensed words stand as they are.
        Some(words) => words.to_owned(),
        None => sentence(item.label),
    }
}

fn sentence(text: &str) -> String {
    crate::findings::sentence(text)
}

/// What stands around the questions while they are drawn.
#[derive(Default)]
pub struct Around<'a> {
    pub wrong: &'a [Wrong],
    /// Older and newer values of each field, newest first.
    pub history: BTreeMap<String, Vec<Past>>,
    /// The last value of the same field at an earlier visit, in words.
    pub last: BTreeMap<String, String>,
    /// Licensed words.
    pub wording: Wording<'a>,
}

/// All questions, with what was typed.
pub fn draw(form: &Form, typed: &BTreeMap<String, String>, around: &Around<'_>) -> Markup {
    let mut out = String::new();
    let all = questions(form);
    if let Some(instructions) = around.wording.and_then(FormPack::instructions) {
        out.push_str(&format!("<p class=\"quiet\">{}</p>", crate::chart::svg::escape(instructions)));
    }
    let mut index = 0;
    while let Some(question) = all.get(index) {
        let across = question.across(around.wording);
        let run = all.get(index..).unwrap_or_default();
        let same = run
            .iter()
            .take_while(|q| across.is_some() && q.across(around.wording) == across && related(q) == related(question))
            .count();
        if same >= 2 {
            let lines = run.get(..same).unwrap_or_default();
            out.push_str(&grid(form, lines, across.unwrap_or_default(), typed, around).to_string());
            index += same;
        } else {
            out.push_str(&single(question, typed, around).to_string());
            index += 1;
        }
    }
    Markup(out)
}

const fn related(question: &Question<'_>) -> bool {
    matches!(question, Question::Related(_))
}

fn wrong_words(around: &Around<'_>, name: &str) -> String {
    around.wrong.iter().find(|w| w.field == name).map(|w| w.words.clone()).unwrap_or_default()
}

fn typed_text(typed: &BTreeMap<String, String>, name: &str) -> String {
    typed.get(name).cloned().unwrap_or_default()
}

fn grid(
    form: &Form,
    lines: &[Question<'_>],
    mut answers: Vec<Choice>,
    typed: &BTreeMap<String, String>,
    around: &Around<'_>,
) -> Grid {
    let is_related = lines.first().is_some_and(related);
    let first = lines.first().map(Question::shown_id).unwrap_or_default();
    let last = lines.last().map(Question::shown_id).unwrap_or_default();
    let legend = if is_related {
        "Is it related to the trauma?".to_owned()
    } else if first.is_empty() || last.is_empty() {
        let words = |question: Option<&Question<'_>>| question.map(|q| q.label(around.wording)).unwrap_or_default();
        format!("{} to {}", words(lines.first()), words(lines.last()).to_lowercase())
    } else {
        format!("Items {first} to {last}")
    };
    let hint = if is_related {
        "One answer a line.".to_owned()
    } else {
        let recall = form.recall.clone().or_else(|| instrument_of(form).map(|i| i.recall.word().to_owned()));
        match recall {
            Some(period) => format!("About: {}. One answer a line.", period.replace('_', " ")),
            None => "One answer a line.".to_owned(),
        }
    };
    answers.push(Choice::new(NO_ANSWER, "no answer"));
    let lines = lines
        .iter()
        .map(|question| {
            let name = question.name();
            GridLine {
                number: question.shown_id(),
                label: question.label(around.wording),
                value: typed_text(typed, &name),
                error: wrong_words(around, &name),
                history: around.history.get(&question.id()).cloned().unwrap_or_default(),
                name,
            }
        })
        .collect();
    Grid { legend, hint, answers, lines }
}

fn codes(item: &Item, list: &[Code], wording: Wording<'_>) -> Vec<Choice> {
    let words = |code: &Code| answer_words(wording, item, code.code, &sentence(code.label));
    list.iter().map(|code| Choice::new(code.code, words(code))).collect()
}

fn control(item: &Item, wording: Wording<'_>) -> Control {
    let choice = |code: &str| Choice::new(code, answer_words(wording, item, code, code));
    match item.answers {
        Answers::Whole { .. } | Answers::Count { .. } => Control::Number { unit: String::new(), decimal: false },
        Answers::OneOf(values) => Control::Choice { options: values.iter().map(|n| choice(&n.to_string())).collect() },
        Answers::Number { unit, .. } => Control::Number { unit: unit.to_owned(), decimal: true },
        Answers::YesNo => Control::Choice { options: answers::yes_no() },
        Answers::Graded(options) => {
            Control::Choice { options: options.iter().map(|(option, _)| choice(option)).collect() }
        }
        Answers::Code(list) if list.len() > 7 => Control::Select { options: codes(item, list, wording) },
        Answers::Code(list) => Control::Choice { options: codes(item, list, wording) },
        Answers::Codes(list) => Control::Ticks { options: codes(item, list, wording) },
        Answers::Time => Control::Time,
        Answers::Moment => Control::Line { kind: LineKind::Text },
        Answers::Text | Answers::Rows(_) => Control::Text { rows: 3 },
    }
}

fn single(question: &Question<'_>, typed: &BTreeMap<String, String>, around: &Around<'_>) -> Field {
    let name = question.name();
    let mut field = match question {
        Question::Own(field) => {
            let mut drawn = answers::field(PREFIX, field);
            if field.required {
                drawn.missing = Some(typed_text(typed, &format!("{name}.missing")));
            }
            drawn
        }
        Question::Item(item) => {
            let hint = match item.answers {
                Answers::Whole { .. } | Answers::Number { .. } | Answers::Count { .. } | Answers::Moment => {
                    format!("{}.", sentence(&item.answers.allowed()))
                }
                _ => String::new(),
            };
            let mut drawn = Field::new(
                &name,
                format!("{} {}", question.shown_id(), question.label(around.wording)).trim(),
                control(item, around.wording),
            )
            .hint(hint);
            drawn.optional = item.optional;
            drawn
        }
        Question::Related(_) => {
            let options = RELATED.iter().map(|(code, label)| Choice::new(*code, *label)).collect();
            Field::new(&name, &question.label(around.wording), Control::Choice { options })
        }
        Question::WorkNotApplicable => Field::new(&name, &question.label(around.wording), Control::Tick),
    };
    if let Some(last) = around.last.get(&question.id()) {
        field.hint = format!("{} Last {last}.", field.hint).trim().to_owned();
    }
    field.value = typed_text(typed, &name);
    field.error = wrong_words(around, &name);
    field.history = around.history.get(&question.id()).cloned().unwrap_or_default();
    field
}

/// How many questions a form asks.
pub fn count(form: &Form) -> usize {
    questions(form).len()
}

/// One question alone, for a participant: from 1. Its answers stand under each other.
pub fn draw_one(
    form: &Form,
    number: usize,
    typed: &BTreeMap<String, String>,
    wrong: &[Wrong],
    wording: Wording<'_>,
) -> Option<Field> {
    let all = questions(form);
    let question = all.get(number.checked_sub(1)?)?;
    let mut field = single(question, typed, &Around { wrong, wording, ..Around::default() });
    field.missing = None;
    if let (Question::Item(item), Some(mut across)) = (question, question.across(wording)) {
        across.push(Choice::new(NO_ANSWER, "I would rather not answer"));
        field.control = Control::Choice { options: across };
        field.label = label_of(item, wording);
        field.hint = String::new();
    }
    Some(field)
}

/// The questions that hold no answer and no reason, from 1: where somebody goes on.
pub fn unanswered(form: &Form, typed: &BTreeMap<String, String>) -> Vec<usize> {
    let open =
        |q: &Question<'_>| !typed.contains_key(&q.name()) && !typed.contains_key(&format!("{}.missing", q.name()));
    questions(form).iter().enumerate().filter(|(_, q)| open(q)).map(|(index, _)| index + 1).collect()
}

/// Label and answer of every question, answered or not, for a participant to check.
pub fn all_listed(
    form: &Form,
    values: &BTreeMap<FieldId, Value>,
    wording: Wording<'_>,
) -> Vec<(String, Option<String>)> {
    let shown: BTreeMap<String, String> =
        listed(form, values, wording).into_iter().map(|(id, _, value)| (id, value)).collect();
    questions(form).iter().map(|q| (q.label(wording), shown.get(&q.id()).cloned())).collect()
}

/// What was typed into the form's questions, by name, for drawing them again or keeping a draft.
pub fn typed(form: &Form, sent: &crate::http::pairs::Pairs) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for question in questions(form) {
        let name = question.name();
        let joined: Vec<&str> = sent.all(&name).collect();
        if !joined.is_empty() {
            out.insert(name.clone(), joined.join(","));
        }
        let missing = format!("{name}.missing");
        if !sent.text(&missing).is_empty() {
            out.insert(missing.clone(), sent.text(&missing).to_owned());
        }
    }
    out
}

/// Answers on record as they would be typed.
pub fn as_typed(values: &BTreeMap<FieldId, Value>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (id, value) in values {
        let name = format!("{PREFIX}{id}");
        if let Value::Missing(reason) = value {
            if *reason == MissingReason::Declined {
                out.insert(name.clone(), NO_ANSWER.to_owned());
            }
            let code =
                serde_json::to_value(reason).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
            out.insert(format!("{name}.missing"), code);
        } else {
            out.insert(name, value.to_string());
        }
    }
    out
}

/// Reads the answers. What can't be read is gathered in the reader, each with its field.
pub fn read(form: &Form, typed: &BTreeMap<String, String>, reader: &mut Reader<'_>) -> BTreeMap<FieldId, Value> {
    let mut values = BTreeMap::new();
    for question in questions(form) {
        let name = question.name();
        let text = typed.get(&name).map_or("", String::as_str);
        let missing = typed.get(&format!("{name}.missing")).map_or("", String::as_str);
        let found = match &question {
            Question::Own(field) => answers::value(&field.kind, text),
            Question::Item(_) | Question::Related(_) if text == NO_ANSWER => {
                Ok(Some(Value::Missing(MissingReason::Declined)))
            }
            Question::Item(item) => item_value(item, text),
            Question::Related(_) => Ok((!text.is_empty()).then(|| Value::Text(text.to_owned()))),
            Question::WorkNotApplicable => Ok((text == "yes").then_some(Value::Bool(true))),
        };
        match found {
            Ok(Some(value)) => {
                values.insert(FieldId::from(question.id()), value);
            }
            Ok(None) if !missing.is_empty() => match serde_json::from_value(serde_json::Value::from(missing)) {
                Ok(reason) => {
                    values.insert(FieldId::from(question.id()), Value::Missing(reason));
                }
                Err(_) => reader.wrong(&name, format!("“{missing}” is not a reason why there is no answer.")),
            },
            Ok(None) => {}
            Err(words) => reader.wrong(&name, format!("{} {words}", label_for_error(&question))),
        }
    }
    values
}

fn label_for_error(question: &Question<'_>) -> String {
    match question {
        Question::Item(item) | Question::Related(item) => format!("Item {}:", item.id),
        Question::Own(field) => format!("{}:", field.label),
        Question::WorkNotApplicable => String::new(),
    }
}

fn item_value(item: &Item, text: &str) -> Result<Option<Value>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || format!("“{text}” is not {}.", item.answers.allowed());
    let value = match item.answers {
        Answers::Whole { min, max, step } => {
            let number: i64 = text.parse().map_err(|_| wrong())?;
            if !(min..=max).contains(&number) || (number - min) % step != 0 {
                return Err(wrong());
            }
            Value::Integer(number)
        }
        Answers::OneOf(values) => {
            let number: i64 = text.parse().map_err(|_| wrong())?;
            if !values.contains(&number) {
                return Err(wrong());
            }
            Value::Integer(number)
        }
        Answers::Number { min, max, .. } => {
            let number = reader::decimal(text)?;
            if number < min || number > max {
                return Err(wrong());
            }
            Value::Decimal(number)
        }
        Answers::Count { max } => {
            let number: i64 = text.parse().map_err(|_| wrong())?;
            if !(0..=max).contains(&number) {
                return Err(wrong());
            }
            Value::Integer(number)
        }
        Answers::YesNo => match text {
            "yes" => Value::Bool(true),
            "no" => Value::Bool(false),
            _ => return Err(wrong()),
        },
        Answers::Time => Value::Time(reader::time(text)?),
        Answers::Graded(_)
        | Answers::Code(_)
        | Answers::Codes(_)
        | Answers::Moment
        | Answers::Text
        | Answers::Rows(_) => Value::Text(text.to_owned()),
    };
    Ok(Some(value))
}

/// How far the form is: answered and asked, of the questions that need an answer.
pub fn progress(form: &Form, values: &BTreeMap<FieldId, Value>) -> (usize, usize) {
    let all = questions(form);
    let needed: Vec<&Question<'_>> = all.iter().filter(|q| q.needed()).collect();
    let done = needed.iter().filter(|q| values.get(q.id().as_str()).is_some()).count();
    (done, needed.len())
}

/// Needed questions without an answer and without a reason, each with its field.
pub fn open_questions(form: &Form, values: &BTreeMap<FieldId, Value>) -> Vec<Wrong> {
    questions(form)
        .iter()
        .filter(|q| q.needed() && !values.contains_key(q.id().as_str()))
        .map(|q| match q {
            Question::Item(item) => Wrong::new(&q.name(), format!("Item {} is not answered", item.id)),
            _ => Wrong::new(&q.name(), format!("{} is not answered", q.label(None))),
        })
        .collect()
}

/// Reads and scores what there is, as the core would; what it can't read is said per field.
pub fn score(form: &Form, values: &BTreeMap<FieldId, Value>) -> Result<ReadForm, Vec<Wrong>> {
    read_form(form, values).map_err(|all| {
        all.into_iter()
            .map(|unreadable| {
                // An instrument names its item in words; the field is found by the number in them.
                let id = unreadable.field.strip_prefix("item ").unwrap_or(&unreadable.field);
                let id = id.split(" (").next().unwrap_or(id);
                Wrong::new(&format!("{PREFIX}{id}"), sentence(&format!("{}: {}", unreadable.what, unreadable.mend)))
            })
            .collect()
    })
}

/// The label and words of every answer, for reading a form through.
pub fn listed(form: &Form, values: &BTreeMap<FieldId, Value>, wording: Wording<'_>) -> Vec<(String, String, String)> {
    questions(form)
        .iter()
        .filter_map(|question| {
            let value = values.get(question.id().as_str())?;
            let label = match question {
                Question::Item(_) => format!("{} {}", question.shown_id(), question.label(wording)).trim().to_owned(),
                Question::Related(item) => format!("{} related to the trauma", item.id),
                Question::Own(_) | Question::WorkNotApplicable => question.label(wording),
            };
            Some((question.id(), label, in_words(question, value, wording)))
        })
        .collect()
}

fn in_words(question: &Question<'_>, value: &Value, wording: Wording<'_>) -> String {
    let coded = |options: &[Choice], code: &str| options.iter().find(|o| o.code == code).map(|o| o.label.clone());
    match (question, value) {
        (Question::Own(field), Value::Text(text)) => match answers::control(&field.kind) {
            Control::Choice { options } | Control::Select { options } => {
                coded(&options, text).unwrap_or_else(|| text.clone())
            }
            _ => text.clone(),
        },
        (Question::Own(field), value) => match answers::control(&field.kind) {
            Control::Number { unit, .. } if !unit.is_empty() && !value.is_missing() => format!("{value} {unit}"),
            _ => value.to_string(),
        },
        (Question::Item(item), Value::Text(text)) => match item.answers {
            Answers::Code(list) => coded(&codes(item, list, wording), text).unwrap_or_else(|| text.clone()),
            _ => text.clone(),
        },
        (Question::Item(item), value) => match item.answers {
            Answers::Number { unit, .. } if !unit.is_empty() && !value.is_missing() => format!("{value} {unit}"),
            _ => value.to_string(),
        },
        (_, value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pairs::Pairs;
    use jiff::tz::TimeZone;

    fn form(instrument: &str) -> Form {
        Form {
            id: instrument.into(),
            title: instrument.to_owned(),
            instrument: Some(instrument.to_owned()),
            recall: None,
            repeats: false,
            fields: Vec::new(),
            checks: Vec::new(),
            completed_by: Vec::new(),
            hidden_from: Vec::new(),
            valid_days: None,
            source: terms::Source::new(terms::SourceTag::Design, "test"),
        }
    }

    fn fill(form: &Form, pairs: &[(&str, &str)]) -> (BTreeMap<FieldId, Value>, Vec<Wrong>) {
        let sent = Pairs::from_iter(pairs.iter().copied());
        let typed = typed(form, &sent);
        let mut reader = Reader::new(&sent, TimeZone::UTC);
        let values = read(form, &typed, &mut reader);
        (values, reader.finish())
    }

    #[test]
    fn items_with_the_same_answers_stand_in_a_grid() {
        let form = form("caps5");
        let drawn = draw(&form, &BTreeMap::new(), &Around::default()).0;
        assert!(drawn.contains("Items 1 to 20"), "{drawn}");
        assert_eq!(drawn.matches("name=\"values.1\"").count(), 6, "five answers and none");
        assert!(drawn.contains("Is it related to the trauma?") && drawn.contains("name=\"values.related_9\""));
    }

    #[test]
    fn what_is_typed_comes_back_as_values_and_again_as_typed() {
        let form = form("caps5");
        let (values, wrong) = fill(
            &form,
            &[("values.1", "3"), ("values.2", "none"), ("values.21", "2,5"), ("values.related_9", "probable")],
        );
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(values.get("1"), Some(&Value::Integer(3)));
        assert_eq!(values.get("2"), Some(&Value::Missing(MissingReason::Declined)));
        let back = as_typed(&values);
        assert_eq!(back.get("values.1").map(String::as_str), Some("3"));
        assert_eq!(back.get("values.2").map(String::as_str), Some("none"));
        assert_eq!(back.get("values.21").map(String::as_str), Some("2.5"));
    }

    #[test]
    fn wrong_answers_are_said_with_their_item() {
        let form = form("caps5");
        let (_, wrong) = fill(&form, &[("values.1", "7"), ("values.21", "soon")]);
        let fields: Vec<&str> = wrong.iter().map(|w| w.field.as_str()).collect();
        assert_eq!(fields, ["values.1", "values.21"]);
        assert_eq!(wrong[0].words, "Item 1: “7” is not a whole number from 0 to 4.");
    }

    #[test]
    fn the_score_is_the_cores_own() {
        let form = form("caps5");
        let all: Vec<(String, String)> = (1..=20).map(|n| (format!("values.{n}"), "2".to_owned())).collect();
        let pairs: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let (values, _) = fill(&form, &pairs);
        let read = score(&form, &values).unwrap();
        assert_eq!(read.scores["total"].value.as_ref().map(ToString::to_string).as_deref(), Some("40"));
        let (done, asked) = progress(&form, &values);
        assert!(done == 20 && asked > 20, "{done} of {asked}");
    }
}
