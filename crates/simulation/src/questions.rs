//! A form's questions, its own and its instrument's, in one shape: what may be answered, and how points become answers.

use instruments::{Answers, Instrument};
use jiff::civil;
use protocol::model::{Field, FieldKind, Form};
use terms::{Decimal, FieldId, Value};

/// What may be answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Whole {
        min: i64,
        max: i64,
    },
    Number {
        min: Decimal,
        max: Decimal,
    },
    YesNo,
    /// One of these codes.
    Code(Vec<String>),
    /// Any of these codes, with commas between.
    Codes(Vec<String>),
    /// Codes with points.
    Graded(Vec<(String, i64)>),
    Date,
    Time,
    /// A day, as text.
    Moment,
    Text {
        max_length: u32,
    },
    /// Rows and the like, which are left out.
    Other,
}

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Question {
    pub id: FieldId,
    pub kind: Kind,
    /// May not be left out.
    pub required: bool,
    /// A question of the form itself, not of its instrument.
    pub own: bool,
}

/// Every question of a form: its instrument's items first.
pub(crate) fn questions_of(form: &Form) -> Vec<Question> {
    let instrument = form.instrument.as_deref().and_then(instruments::find);
    let items = instrument.into_iter().flat_map(|instrument| instrument.items).map(|item| Question {
        id: FieldId::from(item.id),
        kind: kind_of_item(&item.answers),
        required: !item.optional,
        own: false,
    });
    items.chain(form.fields.iter().map(question_of_field)).collect()
}

/// A field as a question.
pub(crate) fn question_of_field(field: &Field) -> Question {
    let kind = match &field.kind {
        FieldKind::Integer { min, max, .. } => Kind::Whole { min: *min, max: *max },
        FieldKind::Decimal { min, max, .. } => Kind::Number { min: *min, max: *max },
        FieldKind::YesNo => Kind::YesNo,
        FieldKind::Choice { options } => Kind::Code(options.iter().map(|option| option.code.clone()).collect()),
        FieldKind::Date => Kind::Date,
        FieldKind::Time => Kind::Time,
        FieldKind::Text { max_length } => Kind::Text { max_length: *max_length },
    };
    Question { id: field.id.clone(), kind, required: field.required, own: true }
}

fn kind_of_item(answers: &Answers) -> Kind {
    let codes = |codes: &[instruments::Code]| codes.iter().map(|code| code.code.to_owned()).collect();
    match answers {
        Answers::Whole { min, max, .. } => Kind::Whole { min: *min, max: *max },
        Answers::OneOf(values) => Kind::Graded(values.iter().map(|value| (value.to_string(), *value)).collect()),
        Answers::Number { min, max, .. } => Kind::Number { min: *min, max: *max },
        Answers::YesNo => Kind::YesNo,
        Answers::Count { max } => Kind::Whole { min: 0, max: *max },
        Answers::Graded(options) => {
            Kind::Graded(options.iter().map(|(code, points)| ((*code).to_owned(), *points)).collect())
        }
        Answers::Code(list) => Kind::Code(codes(list)),
        Answers::Codes(list) => Kind::Codes(codes(list)),
        Answers::Time => Kind::Time,
        Answers::Moment => Kind::Moment,
        Answers::Text => Kind::Text { max_length: 200 },
        Answers::Rows(_) => Kind::Other,
    }
}

impl Question {
    /// Lowest and highest points, for questions that carry some.
    pub(crate) fn points(&self) -> Option<(i64, i64)> {
        match &self.kind {
            Kind::Whole { min, max } => Some((*min, *max)),
            Kind::YesNo => Some((0, 1)),
            Kind::Graded(options) => {
                let points = || options.iter().map(|(_, points)| *points);
                points().min().zip(points().max())
            }
            Kind::Number { .. }
            | Kind::Code(_)
            | Kind::Codes(_)
            | Kind::Date
            | Kind::Time
            | Kind::Moment
            | Kind::Text { .. }
            | Kind::Other => None,
        }
    }

    /// The answer that is worth so many points, or the nearest.
    pub(crate) fn worth(&self, points: i64) -> Option<Value> {
        match &self.kind {
            Kind::Whole { min, max } => Some(Value::Integer(points.clamp(*min, *max))),
            Kind::YesNo => Some(Value::Bool(points > 0)),
            Kind::Graded(options) => {
                let nearest = options.iter().min_by_key(|(_, worth)| (worth - points).abs())?;
                let whole = nearest.0.parse::<i64>().map(Value::Integer);
                Some(whole.unwrap_or_else(|_| Value::Text(nearest.0.clone())))
            }
            Kind::Number { .. }
            | Kind::Code(_)
            | Kind::Codes(_)
            | Kind::Date
            | Kind::Time
            | Kind::Moment
            | Kind::Text { .. }
            | Kind::Other => None,
        }
    }

    /// Answers worth trying when a rule should come out the other way: ends and middles, every code, days near and far,
    /// and the numbers beside those that the rule itself names.
    pub(crate) fn candidates(&self, today: civil::Date, named: &[f64]) -> Vec<Value> {
        let near = |low: f64, high: f64| -> Vec<f64> {
            let beside = named.iter().flat_map(|n| [n - 1.0, *n, n + 1.0, n * 2.0 + 1.0]);
            let mut all: Vec<f64> = beside.chain([low, high, (low + high) / 2.0]).collect();
            all.retain(|n| (low..=high).contains(n));
            all
        };
        match &self.kind {
            Kind::Whole { min, max } => {
                near(*min as f64, *max as f64).into_iter().map(|n| Value::Integer(n.round() as i64)).collect()
            }
            Kind::Number { min, max } => near(min.as_f64(), max.as_f64())
                .into_iter()
                .filter_map(|n| Decimal::nearest((n * 10.0).round() / 10.0))
                .map(Value::Decimal)
                .collect(),
            Kind::YesNo => vec![Value::Bool(false), Value::Bool(true)],
            Kind::Code(codes) => codes.iter().map(|code| Value::Text(code.clone())).collect(),
            Kind::Codes(codes) => codes.iter().map(|code| Value::Text(code.clone())).collect(),
            Kind::Graded(options) => options.iter().filter_map(|(_, points)| self.worth(*points)).collect(),
            Kind::Date => [0, 10, 40, 100, 200, 400, 1500]
                .into_iter()
                .map(|days| Value::Date(conduct::schedule::days_from(today, -days)))
                .collect(),
            Kind::Text { .. } => vec![Value::Text("See the source document.".to_owned())],
            Kind::Time | Kind::Moment | Kind::Other => Vec::new(),
        }
    }
}

/// The items that carry an instrument's total: those of its scale called `total`, else of its longest scale, else the
/// largest group of required items with the same points.
pub(crate) fn items_of_total(instrument: &Instrument, questions: &[Question]) -> Vec<usize> {
    let total = instrument.scales.iter().find(|scale| scale.name == "total");
    if let Some(scale) = total.or_else(|| instrument.scales.iter().max_by_key(|scale| scale.items.len())) {
        return scale.items.iter().map(|number| usize::from(*number).saturating_sub(1)).collect();
    }
    let required: Vec<(usize, (i64, i64))> = questions
        .iter()
        .enumerate()
        .filter(|(_, question)| question.required && !question.own)
        .filter_map(|(place, question)| Some((place, question.points()?)))
        .collect();
    let like = |range: (i64, i64)| required.iter().filter(|(_, r)| *r == range).count();
    let Some(range) = required.iter().map(|(_, range)| *range).max_by_key(|range| like(*range)) else {
        return Vec::new();
    };
    required.into_iter().filter(|(_, r)| *r == range).map(|(place, _)| place).collect()
}
